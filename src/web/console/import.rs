//! The import of a waiting list, in two steps: what becomes of each row is shown, and then the same file is imported.
//!
//! Between the steps the server keeps nothing of the list. The page has its digest, and the file is sent again.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{StatusCode, request::Parts},
    response::Response,
    routing::get,
};
use tokio::sync::OwnedSemaphorePermit;

use super::{
    form_value::Sent,
    import_outcome::{Rows, is_change, tables},
    page::{Page, respond},
    rights,
    upload::{self, Upload},
    view::{Table, Verdict},
};
use crate::{
    domain::{
        import::{Mapping, RejectReason},
        permission::Operation,
        refusal::{FileRefusal, Refusal},
        value::InvalidValue,
    },
    engine::import::{Accept, Encoding, Format, Import, Report},
    web::{
        context::Web,
        intake::ENCODINGS,
        list::{self, ANSWERED_WITHIN, Received, SKIPPED_LINES_MAX},
        problem::{Fault, Problem},
        route::Sort,
    },
    words::{
        ValueRule,
        pages::{Text, texts},
    },
};

/// The source without another choice.
const SOURCE: &str = "default";

pub(super) fn router() -> Router<Arc<Web>> {
    // The limits of a list apply while it is read.
    Router::new().route("/import", get(show).post(submit)).layer(DefaultBodyLimit::disable())
}

/// What was asked for, beside the file.
#[derive(Clone, Default)]
struct Asked {
    source: String,
    profile: String,
    skip_lines: String,
    /// The sheet of a spreadsheet; empty if none is named.
    sheet: String,
    /// The mapping of this list, TOML; empty for that of the profile.
    mapping: String,
    /// The name of the encoding; empty if none is named.
    encoding: String,
    is_update: bool,
    /// The digest of the file whose rows were shown; empty to show them.
    digest: String,
    /// The name of the format, as the file was read when its rows were shown.
    format: String,
    /// What a supervisor accepts.
    accept: Vec<Accept>,
}

impl Asked {
    fn read(sent: &Sent) -> Self {
        let text = |name| sent.value(name).trim().to_owned();
        let accept = sent.values("accept").filter_map(|value| ACCEPT.iter().find(|(_, code)| *code == value));
        Self {
            source: text("source"),
            profile: text("profile"),
            skip_lines: text("skip_lines"),
            sheet: text("sheet"),
            mapping: text("mapping"),
            encoding: text("encoding"),
            is_update: sent.value("update") == "true",
            digest: text("digest"),
            format: text("format"),
            accept: accept.map(|(accept, _)| *accept).collect(),
        }
    }

    fn skipped_lines(&self) -> Result<u64, Problem> {
        let out_of_range = InvalidValue::OutOfRange { least: 0, most: 1_000 };
        let wrong = || Problem::invalid("/skip_lines", ValueRule::Value(out_of_range));
        if self.skip_lines.is_empty() {
            return Ok(0);
        }
        self.skip_lines.parse().ok().filter(|lines| *lines <= SKIPPED_LINES_MAX).ok_or_else(wrong)
    }

    fn encoding(&self) -> Result<Option<Encoding>, Problem> {
        if self.encoding.is_empty() {
            return Ok(None);
        }
        Encoding::of(&self.encoding).map(Some).ok_or_else(|| Problem::invalid("/encoding", ENCODINGS))
    }

    /// The encodings that may be named, each with whether it is chosen.
    fn encodings(&self) -> impl Iterator<Item = (&'static str, bool)> {
        Encoding::ALL.into_iter().map(|(_, name)| (name, name == self.encoding))
    }

    /// The import; a dry run unless its rows were shown.
    fn import(&self, web: &Web, file_name: String) -> Result<Import, Problem> {
        let format = Format::of_code(&self.format).unwrap_or_else(|| Format::of_name(&file_name));
        Ok(Import {
            source: self.source.clone(),
            profile: self.profile.clone(),
            file_name,
            format,
            encoding: self.encoding()?,
            sheet: Some(self.sheet.clone()).filter(|sheet| !sheet.is_empty()),
            skip_lines: self.skipped_lines()?,
            photos: web.settings.photos.clone(),
            update: self.is_update,
            dry_run: self.digest.is_empty(),
            accept: self.accept.clone(),
            mapping: self.mapping(web)?,
        })
    }

    fn mapping(&self, web: &Web) -> Result<Option<Mapping>, Problem> {
        if self.mapping.is_empty() {
            return Ok(None);
        }
        let wrong = |detail| web.problem(&Refusal::File(FileRefusal::Mapping { detail }).into());
        toml::from_str(&self.mapping).map(Some).map_err(|error| wrong(error.message().to_owned()))
    }

    fn accepted(&self) -> impl Iterator<Item = &'static str> {
        ACCEPT.iter().filter(|(accept, _)| self.accept.contains(accept)).map(|(_, code)| *code)
    }
}

const ACCEPT: [(Accept, &str); 2] = [(Accept::Withdrawals, "withdrawals"), (Accept::Rounded, "rounded")];

/// The form for the next step.
struct Form {
    asked: Asked,
    /// Whether it asks for the same file again, with nothing else to choose.
    is_fixed: bool,
    lead: &'static str,
    button: &'static str,
}

#[derive(Template)]
#[template(path = "import.html", config = "src/web/console/askama.toml")]
struct ImportPage {
    page: Page,
    error: Option<String>,
    /// What follows the error.
    advice: Vec<String>,
    verdict: Option<Verdict>,
    hint: Option<&'static str>,
    tables: Vec<Table>,
    form: Form,
    /// The card profiles, each with whether it is chosen.
    profiles: Vec<(String, bool)>,
}

impl ImportPage {
    fn new(web: &Web, mut page: Page, asked: Asked) -> Self {
        page.t(texts::IMPORT).clone_into(&mut page.title);
        let names = web.engine.profiles.values().map(|profile| profile.name.clone());
        let profiles = names.map(|name| (name.clone(), name == asked.profile)).collect();
        let (lead, button) = (page.t(texts::IMPORT_LEAD), page.t(texts::IMPORT_TRY));
        let asked = Asked { digest: String::new(), format: String::new(), accept: Vec::new(), ..asked };
        let form = Form { asked, is_fixed: false, lead, button };
        Self { page, error: None, advice: vec![], verdict: None, hint: None, tables: vec![], form, profiles }
    }

    /// Asks for the same file again.
    fn again(&mut self, asked: Asked, lead: Text, button: Text) {
        let (lead, button) = (self.page.t(lead), self.page.t(button));
        self.form = Form { asked, is_fixed: true, lead, button };
    }

    fn refused(mut self, status: StatusCode, error: String) -> Response {
        self.page.title = self.page.with(texts::ERROR_TITLE, &[&self.page.title]);
        self.error = Some(error);
        respond(status, &self)
    }

    /// A list that was not imported. What a person may accept is offered, or it is said who may.
    fn failed(mut self, asked: Asked, problem: &Problem) -> Response {
        if let Some(accept) = problem.acceptable() {
            let means = match accept {
                Accept::Withdrawals => texts::ACCEPT_WITHDRAWALS,
                Accept::Rounded => texts::ACCEPT_ROUNDED,
            };
            self.advice.push(self.page.t(means).to_owned());
            if self.page.may(Operation::ImportAccept, Sort::Act) {
                let accept = asked.accept.iter().copied().chain([accept]).collect();
                let asked = Asked { digest: String::new(), format: String::new(), accept, ..asked };
                self.again(asked, texts::IMPORT_ACCEPT_LEAD, texts::IMPORT_ACCEPT);
            } else {
                self.advice.push(no_right(&self.page));
            }
        }
        let text = self.page.told(problem);
        self.refused(problem.status(), text)
    }
}

/// Who may accept a list that was stopped.
fn no_right(page: &Page) -> String {
    let roles = rights::roles_with(Operation::ImportAccept, Sort::Act).into_iter().map(|role| page.role(role));
    let what = page.language.operation(Operation::ImportAccept);
    page.with(texts::NO_RIGHT, &[what, &roles.collect::<Vec<_>>().join(", ")])
}

async fn show(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    if !page.may(Operation::Import, Sort::Act) {
        let what = page.language.operation(Operation::Import);
        return Err(page.forbidden(what, Operation::Import, Sort::Act));
    }
    let asked = Asked { source: SOURCE.to_owned(), ..Asked::default() };
    Ok(respond(StatusCode::OK, &ImportPage::new(&web, page, asked)))
}

async fn submit(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (mut parts, body) = request.into_parts();
    let Upload { page, sent, list, permit } = upload::receive(&web, &mut parts, body).await?;
    let asked = Asked::read(&sent);
    let shown = ImportPage::new(&web, page, asked.clone());
    let read = list.and_then(|(file_name, list)| Ok((asked.import(&web, file_name)?, list)));
    let (what, list) = match read {
        Ok(read) => read,
        Err(problem) => return Ok(shown.failed(asked, &problem)),
    };
    let digest = list.digest.clone();
    if !asked.digest.is_empty() && asked.digest != digest {
        let text = shown.page.t(texts::IMPORT_OTHER_FILE).to_owned();
        return Ok(shown.refused(StatusCode::CONFLICT, text));
    }
    let format = what.format.code();
    match carried_out(&web, parts, (list, what), permit).await {
        Ok((report, rows)) => {
            let asked = Asked { format: format.to_owned(), digest, ..asked };
            Ok(respond(StatusCode::OK, &with_outcome(shown, asked, &report, &rows)))
        }
        Err(problem) => Ok(shown.failed(asked, &problem)),
    }
}

/// Imports a list in a task of its own: it is not left half done because its client hangs up.
async fn carried_out(
    web: &Arc<Web>,
    parts: Parts,
    (list, what): (Received, Import),
    permit: OwnedSemaphorePermit,
) -> Result<(Report, Rows), Problem> {
    let own = web.clone();
    let task = tokio::spawn(async move {
        let mut rows = Rows::default();
        let done = list::imported(&own, &parts, (list.file, what), permit, &mut rows).await;
        own.projector.outdate();
        done.map(|report| (report, rows))
    });
    tokio::select! {
        ended = task => ended.unwrap_or_else(|panic| Err(Problem::internal(&panic, &web.incident()))),
        () = web.engine.clock.sleep(ANSWERED_WITHIN) => Err(Fault::TimedOut.into()),
    }
}

/// The page with what becomes, or became, of the rows.
fn with_outcome(mut shown: ImportPage, asked: Asked, report: &Report, rows: &Rows) -> ImportPage {
    shown.tables = tables(&shown.page, report, rows);
    let is_conflict = report.refused_by_reason.contains_key(&RejectReason::Conflict);
    shown.hint = (is_conflict && !asked.is_update).then(|| shown.page.t(texts::IMPORT_UPDATE_HINT));
    let (tone, words) = match (report.dry_run, is_change(report)) {
        (true, true) => ("good", texts::IMPORT_TRIED),
        (true, false) => ("bad", texts::IMPORT_NOTHING),
        (false, _) => ("good", texts::IMPORT_DONE),
    };
    shown.verdict = Some(Verdict { tone, words: shown.page.t(words).to_owned() });
    if report.dry_run && is_change(report) {
        shown.again(asked, texts::IMPORT_APPLY_LEAD, texts::IMPORT_APPLY);
    } else {
        shown.form.button = shown.page.t(texts::IMPORT_OTHER_LIST);
    }
    shown
}
