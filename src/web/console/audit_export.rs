//! What an auditor takes away from the audit: the heads of its chains as a seal, and all events as lines of JSON or as a table (CSV).
//!
//! The seal and the lines are those of the command line, byte for byte.

use std::{io, sync::Arc};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::stream;

use super::{form_value::Sent, page::Page};
use crate::{
    domain::permission::Operation,
    engine::{
        client::Client,
        query::{AuditEntry, ChainHead, Cursor, Limit, ListAudit, ListAuditHeads, PageRequest, Query},
    },
    web::{
        context::Web,
        problem::Problem,
        route::{Sort, USUAL},
        streams::Place,
    },
    words::pages::texts,
};

pub(super) fn router() -> Router<Arc<Web>> {
    Router::new().route("/audit/seal", get(seal)).route("/audit/export", get(export))
}

/// The form of an export.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    /// One event a line, as it is stored.
    Lines,
    /// One event a row, with its columns and the event itself.
    Csv,
}

impl Form {
    /// That of a query string.
    fn of(code: &str) -> Self {
        if code == "csv" { Self::Csv } else { Self::Lines }
    }

    fn media(self) -> &'static str {
        match self {
            Self::Lines => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Lines => "jsonl",
            Self::Csv => "csv",
        }
    }

    /// What stands before the first event.
    fn begin(self) -> &'static str {
        match self {
            Self::Lines => "",
            Self::Csv => "chain,seq,at,actor,act,subject,entry\n",
        }
    }

    /// An event as it is written.
    fn of_entry(self, chain: &str, entry: &AuditEntry) -> String {
        match self {
            Self::Lines => format!("{}\n", entry.entry),
            Self::Csv => row(chain, entry),
        }
    }
}

/// An event as a row. One of a form that is not known has its number and itself.
fn row(chain: &str, entry: &AuditEntry) -> String {
    let event: serde_json::Value = serde_json::from_str(&entry.entry).unwrap_or_default();
    let of = |name: &str| event[name].as_str().unwrap_or_default();
    let number = entry.seq.to_string();
    let fields = [chain, &number, of("at"), of("actor"), of("act"), of("subject"), &entry.entry];
    fields.map(quoted).join(",") + "\n"
}

/// A field of a CSV, with what a spreadsheet would take for a formula as a text.
fn quoted(field: &str) -> String {
    let guard = if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", field.replace('"', "\"\""))
}

/// A page of who may seal the audit.
async fn permitted(web: &Web, parts: &Parts) -> Result<Page, Response> {
    let page = Page::of(web, parts).await?;
    if page.may(ListAudit::OPERATION, Sort::Query) {
        return Ok(page);
    }
    Page::write_down_refusal(web, parts, Operation::AuditSeal).await;
    let title = page.t(texts::AUDIT);
    Err(page.forbidden(title, Operation::AuditSeal, Sort::Query))
}

/// The name of a file, with the day in the office's zone.
fn attachment(web: &Web, what: &str, ending: &str) -> Option<HeaderValue> {
    let now = web.engine.clock.now().to_string();
    let day = now.split('T').next().unwrap_or_default();
    HeaderValue::try_from(format!("attachment; filename=\"cetak-{what}-{day}.{ending}\"")).ok()
}

fn sent(web: &Web, (what, ending, media): (&str, &str, &'static str), body: Body) -> Response {
    let mut response = ([(header::CONTENT_TYPE, HeaderValue::from_static(media))], body).into_response();
    let name = attachment(web, what, ending).map(|name| (header::CONTENT_DISPOSITION, name));
    response.headers_mut().extend(name);
    response
}

async fn seal(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = permitted(&web, &parts).await?;
    let (page, heads) = page.read(&web, ListAuditHeads {}).await?;
    match serde_json::to_string_pretty(&heads) {
        Ok(text) => Ok(sent(&web, ("seal", "json", "application/json"), Body::from(text + "\n"))),
        Err(error) => Err(page.failed(&Problem::internal(&error, &web.incident()))),
    }
}

async fn export(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = permitted(&web, &parts).await?;
    let form = Form::of(Sent::of_query(&parts).unwrap_or_default().value("format"));
    let name = page.who.as_ref().map(|who| who.name.clone()).unwrap_or_default();
    let (page, heads) = page.read(&web, ListAuditHeads {}).await?;
    let place = match Place::of(&web.streams, name) {
        Ok(place) => place,
        Err(problem) => return Err(page.failed(&problem)),
    };
    let export = Export { web: web.clone(), parts, form, heads, after: 0, is_begun: false, _place: place };
    let body = Body::from_stream(stream::unfold(Some(export), |export| async {
        let mut export = export?;
        match export.next().await {
            Ok(Some(bytes)) => Some((Ok(bytes), Some(export))),
            Ok(None) => None,
            // The file breaks off, which the browser says.
            Err(error) => Some((Err(error), None)),
        }
    }));
    Ok(sent(&web, ("audit", form.ending(), form.media()), body))
}

/// An export on its way to one client.
struct Export {
    web: Arc<Web>,
    parts: Parts,
    form: Form,
    /// The chains that are left, up to the events that they had at the beginning, so that the export ends.
    heads: Vec<ChainHead>,
    /// The last event of the first of them that was sent.
    after: i64,
    is_begun: bool,
    _place: Place,
}

impl Export {
    /// The next events; `None` after the last one. The account and its right are proved again each time.
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        if !self.is_begun {
            self.is_begun = true;
            if !self.form.begin().is_empty() {
                return Ok(Some(Bytes::from_static(self.form.begin().as_bytes())));
            }
        }
        while let Some(head) = self.heads.first().cloned() {
            if *self.web.streams.stopping.borrow() {
                return Err(io::Error::other("the server stops"));
            }
            let entries = self.read(&head).await.map_err(|_| io::Error::other("the export cannot go on"))?;
            let own = || entries.iter().filter(|entry| entry.seq <= head.seq);
            let text: String = own().map(|entry| self.form.of_entry(&head.chain, entry)).collect();
            self.after = own().map(|entry| entry.seq).max().unwrap_or(head.seq);
            if self.after >= head.seq {
                self.heads.remove(0);
                self.after = 0;
            }
            if !text.is_empty() {
                return Ok(Some(text.into()));
            }
        }
        Ok(None)
    }

    async fn read(&self, head: &ChainHead) -> Result<Vec<AuditEntry>, Problem> {
        let reading = async {
            let caller = self.web.caller_again(&self.parts).await?;
            let page = PageRequest { after: Some(Cursor(self.after)), limit: Limit::MAX };
            let asked = ListAudit { chain: head.chain.clone(), page };
            caller.client.query(asked).await.map_err(|error| self.web.problem(&error))
        };
        Ok(self.web.within(USUAL, reading).await?.items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_a_line_as_it_is_stored_and_a_row_without_a_formula() {
        let stored =
            r#"{"seq":7,"at":"2026-08-01T00:00:00Z","actor":"=1+1","act":"record.held","subject":"record a/\"b\""}"#;
        let entry = AuditEntry { seq: 7, entry: stored.to_owned() };
        assert_eq!(Form::of("").of_entry("web", &entry), format!("{stored}\n"));
        let row = Form::of("csv").of_entry("web", &entry);
        let begin = r#""web","7","2026-08-01T00:00:00Z","'=1+1","record.held","record a/""b""",""#;
        assert!(row.starts_with(begin), "{row}");
        let mut rows = csv::Reader::from_reader(row.as_bytes());
        assert_eq!(rows.headers().unwrap().iter().next_back().unwrap(), stored);
    }
}
