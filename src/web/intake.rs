//! Waiting lists that come over the network: rows are streamed in, and their outcomes are streamed out.

use std::{fs::File, io, sync::Arc};

use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Query, Request, State},
    http::{HeaderMap, HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
    routing::post,
};
use futures_util::{StreamExt, stream};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::{
    body::refuse_encoded,
    context::Web,
    language,
    list::{self, ANSWERED_WITHIN, LIST_WITHIN, SKIPPED_LINES_MAX},
    problem::{Fault, Problem, cleaned},
    route::{BASE, USUAL},
};
use crate::{
    domain::{
        import::{Rejection, RowOutcome, RowPlace},
        value::InvalidValue,
    },
    engine::import::{Accept, DecidedRow, Encoding, Format, Import, Report, Watch},
    words::{Language, ValueRule},
};

/// The rule of the name of an encoding.
pub(super) const ENCODINGS: ValueRule = ValueRule::NotOneOf(&["utf-16", "windows-1252"]);
/// The rule of the number of lines above the list.
const SKIPPED_LINES_OUT_OF_RANGE: ValueRule = ValueRule::Value(InvalidValue::OutOfRange { least: 0, most: 1_000 });
/// The bytes that are collected before they are sent.
const BLOCK: usize = 256 << 10;
/// The blocks of outcomes that wait for the client. When it reads slowly, the import waits.
const BLOCKS_WAITING: usize = 4;

/// The address of imports.
pub(super) fn router() -> Router<Arc<Web>> {
    Router::new().route(&format!("{BASE}/imports"), post(intake))
}

async fn intake(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let client = web.within(USUAL, web.caller(&parts)).await?.client;
    let (what, language) = (asked(&web, &parts)?, language::asked(&parts.headers));
    // Refused before the list is received; its right is asked for again when it is there.
    list::permit(&web, &client, &what.accept).await?;
    let permit = web.lists.clone().try_acquire_owned().map_err(|_| Fault::Busy)?;
    let pieces = body.into_data_stream().map(|piece| piece.map_err(|_| Fault::BodyCut.into()));
    let list = web.within(LIST_WITHIN, list::received(&web, pieces)).await?.file;
    let (sender, mut outcomes) = mpsc::channel(BLOCKS_WAITING);
    tokio::spawn(imported(web.clone(), parts, (list, what), permit, sender));
    // What refuses the list as a whole is a problem; after the first rows the answer has begun.
    let first = tokio::select! {
        first = outcomes.recv() => first,
        () = web.engine.clock.sleep(ANSWERED_WITHIN) => return Err(Fault::TimedOut.into()),
    };
    let first = match first {
        Some(Told::Lines(lines)) => lines,
        Some(Told::Failed(problem)) => return Err(problem),
        None => return Err(Problem::internal(&io::Error::other("an import panicked"), &web.incident())),
    };
    let later = stream::unfold(outcomes, move |mut outcomes| async move {
        let lines = match outcomes.recv().await? {
            Told::Lines(lines) => lines,
            Told::Failed(problem) => line(&json!({ "problem": problem.sent(language) })).into(),
        };
        Some((Ok::<_, io::Error>(lines), outcomes))
    });
    let all = stream::once(async move { Ok(first) }).chain(later);
    let media = HeaderValue::from_static("application/x-ndjson");
    let mut response = ([(header::CONTENT_TYPE, media)], Body::from_stream(all)).into_response();
    language::mark(response.headers_mut(), language);
    Ok(response)
}

/// What is to be imported, by the query string and the media type.
fn asked(web: &Web, parts: &Parts) -> Result<Import, Problem> {
    let Query(query) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map_err(|_| Fault::UrlUnreadable)?;
    let (mut source, mut profile) = (None, None);
    let (mut update, mut dry_run, mut skip_lines, mut accept) = (false, false, 0, Vec::new());
    let (mut encoding, mut sheet) = (None, None);
    for (name, value) in query {
        let wrong = |rule| Problem::invalid(&name, rule);
        let flag = || value.parse().map_err(|_| wrong(ValueRule::NotFlag));
        match name.as_str() {
            "source" => source = Some(value),
            "profile" => profile = Some(value),
            "update" => update = flag()?,
            "dry_run" => dry_run = flag()?,
            "skip_lines" => {
                let known = value.parse().ok().filter(|lines| *lines <= SKIPPED_LINES_MAX);
                skip_lines = known.ok_or_else(|| wrong(SKIPPED_LINES_OUT_OF_RANGE))?;
            }
            "sheet" => sheet = Some(value).filter(|sheet| !sheet.is_empty()),
            "encoding" => encoding = Some(Encoding::of(&value).ok_or_else(|| wrong(ENCODINGS))?),
            "accept" => accept.push(match value.as_str() {
                "withdrawals" => Accept::Withdrawals,
                "rounded" => Accept::Rounded,
                _ => return Err(wrong(ValueRule::NotOneOf(&["withdrawals", "rounded"]))),
            }),
            _ => return Err(wrong(ValueRule::Unknown)),
        }
    }
    let missing = |name| Problem::invalid(name, ValueRule::Missing);
    Ok(Import {
        source: source.ok_or_else(|| missing("source"))?,
        profile: profile.ok_or_else(|| missing("profile"))?,
        file_name: file_name(&parts.headers),
        format: format(&parts.headers)?,
        encoding,
        sheet,
        skip_lines,
        photos: web.settings.photos.clone(),
        update,
        dry_run,
        accept,
        mapping: None,
    })
}

/// The name of the file by RFC 6266, of the forms that programs send: `filename*=UTF-8''list%20a.csv`, and `filename="list.csv"`. Empty
/// if there is none.
fn file_name(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_DISPOSITION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let parameter = |name: &str| {
        let mut parts = value.split(';').filter_map(|part| part.trim().split_once('='));
        parts.find(|(known, _)| known.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    };
    let encoded = parameter("filename*").and_then(|value| Some(value.split_once("''")?.1.to_owned()));
    match encoded {
        Some(encoded) => percent_decode_str(&encoded).decode_utf8_lossy().into_owned(),
        None => parameter("filename").unwrap_or_default().trim_matches('"').to_owned(),
    }
}

fn format(headers: &HeaderMap) -> Result<Format, Problem> {
    refuse_encoded(headers)?;
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    Format::of_media(&media).ok_or_else(|| Fault::NotAList.into())
}

/// What is told of an import.
enum Told {
    /// Lines of JSON: rows and their outcomes, or the report.
    Lines(Bytes),
    /// The import ended early.
    Failed(Problem),
}

/// Imports a list, in a task of its own: it goes on when its client hangs up.
async fn imported(
    web: Arc<Web>,
    parts: Parts,
    (list, what): (File, Import),
    permit: OwnedSemaphorePermit,
    outcomes: mpsc::Sender<Told>,
) {
    let mut watch = Outcomes { lines: outcomes.clone(), language: language::asked(&parts.headers) };
    let told = match list::imported(&web, &parts, (list, what), permit, &mut watch).await {
        Ok(report) => Told::Lines(line(&json!({ "import": shown(&report) })).into()),
        Err(problem) => Told::Failed(problem),
    };
    // Fails if the client hung up.
    let _ = outcomes.send(told).await;
}

/// The report. Request ids come from the list.
fn shown(report: &Report) -> Value {
    // Cannot fail: texts and numbers.
    serde_json::to_value(report).unwrap_or_default()
}

/// Sends the outcome of every row, with faults in a language.
struct Outcomes {
    lines: mpsc::Sender<Told>,
    language: Language,
}

#[async_trait]
impl Watch for Outcomes {
    fn wants(&self, _: &RowOutcome) -> bool {
        !self.lines.is_closed()
    }

    async fn saved(&mut self, rows: Vec<DecidedRow>, _: u64, _: u64) -> io::Result<()> {
        let mut lines = Vec::new();
        for row in rows {
            lines.extend(line(&Line::of(&row, self.language)));
            if lines.len() >= BLOCK {
                // Fails if the client hung up: the import goes on.
                let _ = self.lines.send(Told::Lines(std::mem::take(&mut lines).into())).await;
            }
        }
        if !lines.is_empty() {
            let _ = self.lines.send(Told::Lines(lines.into())).await;
        }
        Ok(())
    }
}

/// A row and its outcome.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    place: RowPlace,
    request_id: String,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<LineFault<'a>>,
    /// Why the record is quarantined.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A fault of a refused row.
#[derive(Serialize)]
struct LineFault<'a> {
    field: &'a str,
    reason: &'static str,
    detail: String,
}

impl<'a> Line<'a> {
    fn of(row: &'a DecidedRow, language: Language) -> Self {
        let (faults, reason) = match &row.outcome {
            RowOutcome::Refused(rejection) => (faults(rejection, language), None),
            RowOutcome::Quarantined(reason) => {
                (Vec::new(), reason.as_ref().map(|reason| cleaned(&language.reason(reason))))
            }
            RowOutcome::Accepted
            | RowOutcome::Updated
            | RowOutcome::Known
            | RowOutcome::Withdrawn
            | RowOutcome::Restored => (Vec::new(), None),
        };
        Self { place: row.place, request_id: cleaned(&row.request_id), outcome: row.outcome.as_str(), faults, reason }
    }
}

fn faults(rejection: &Rejection, language: Language) -> Vec<LineFault<'_>> {
    let first = (&rejection.field, rejection.reason, &rejection.detail);
    let further = rejection.further.iter().map(|fault| (&fault.field, fault.reason, &fault.detail));
    std::iter::once(first)
        .chain(further)
        .map(|(field, reason, detail)| LineFault {
            field,
            reason: reason.as_str(),
            detail: cleaned(&language.reason(detail)),
        })
        .collect()
}

/// One line of JSON.
fn line(value: &impl Serialize) -> Vec<u8> {
    // Cannot fail: texts and numbers.
    let mut line = serde_json::to_vec(value).unwrap_or_default();
    line.push(b'\n');
    line
}
