//! The inspection of cards with an unknown outcome: one card a page, two questions, and then the next one.
//!
//! A scan of the card that is looked for answers the first question. The form is the only one of the page, so that a scanner finds it.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde_json::{Value, json};

use super::{
    address, form,
    form_value::Sent,
    page::{Page, respond},
    view::{Cell, ShownTable, Table},
};
use crate::{
    domain::{
        attempt::{CardAnswer, InspectionResult, NoResult},
        permission::Operation,
    },
    engine::{
        operations::RecordName,
        query::{
            Cursor, JobsOf, Limit, ListJobs, ListPendingActs, ListUncertain, PageRequest, ScanCard, UncertainLine,
        },
    },
    web::{carry::done_by_name, context::Web, problem::Problem, route::Sort},
    words::pages::{self, Text, texts},
};

/// The largest form, in bytes.
const FORM_BYTES_MAX: usize = 16 << 10;
/// What a person may have seen, in a few words.
const CHIPS: [Text; 5] =
    [texts::SEEN_IN_OUTPUT, texts::SEEN_IN_PRINTER, texts::SEEN_JAMMED, texts::SEEN_RIBBON, texts::SEEN_EMPTY];

pub(super) fn router() -> Router<Arc<Web>> {
    Router::new().route("/inspect", get(show).post(answered)).layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

/// The question about one card.
#[derive(Template)]
#[template(path = "inspect.html", config = "src/web/console/askama.toml")]
struct Inspection {
    page: Page,
    attempt: String,
    facts: Vec<(&'static str, Cell)>,
    /// What was answered: `good`, `spoiled`, `nothing` or empty.
    found: String,
    /// Whether the blank is gone, too: `true`, `false` or empty.
    blank_gone: String,
    note: String,
    chip: String,
    chips: [&'static str; 5],
    error: Option<String>,
    scanned: Option<String>,
    /// Who asked for an act about this card that waits for a second person.
    asked_by: Option<String>,
    may_find: bool,
    may_miss: bool,
    key: String,
    /// The others.
    rest: Table,
}

impl Inspection {
    fn rest(&self) -> ShownTable<'_> {
        self.rest.shown()
    }
}

/// What is to be inspected.
struct Open {
    page: Page,
    lines: Vec<UncertainLine>,
    next: Option<Cursor>,
    /// Each attempt that waits for a second person, with who asked.
    asked: Vec<(String, String)>,
}

impl Open {
    async fn read(web: &Web, page: Page, sent: &Sent) -> Result<Self, Response> {
        let asked = PageRequest { limit: Limit::MAX, ..super::records::after(sent) };
        let (page, uncertain) = page.read(web, ListUncertain { page: asked }).await?;
        let acts = ListPendingActs { decided_too: false, page: PageRequest { after: None, limit: Limit::MAX } };
        let (page, acts) = page.read(web, acts).await?;
        let about = |act: crate::engine::query::PendingActItem| {
            Some((act.line.target.strip_prefix("attempt ")?.to_owned(), act.line.requested_by))
        };
        let asked = acts.items.into_iter().filter_map(about).collect();
        Ok(Self { page, lines: uncertain.items, next: uncertain.next, asked })
    }

    fn asked_by(&self, attempt: &str) -> Option<&str> {
        self.asked.iter().find(|(about, _)| about == attempt).map(|(_, by)| &**by)
    }

    /// The one that is named, else the first that waits for no second person, else the first.
    fn current(&self, named: &str) -> Option<usize> {
        let is_named = |line: &UncertainLine| line.attempt == named;
        let is_free = |line: &UncertainLine| self.asked_by(&line.attempt).is_none();
        let first = (!self.lines.is_empty()).then_some(0);
        self.lines.iter().position(is_named).or_else(|| self.lines.iter().position(is_free)).or(first)
    }

    /// The lines without the one that is shown.
    fn rest(&self, shown: usize) -> Table {
        let page = &self.page;
        let headings = [texts::REQUEST, texts::PRINTER, texts::BATCH, texts::SINCE, texts::ASKED_BY];
        let row = |line: &UncertainLine| {
            let name = line.request_id.as_deref().unwrap_or(page.t(texts::TEST_CARD));
            vec![
                Cell::link(name, address::with_query("/inspect", &[("attempt", &line.attempt)])),
                Cell::link(&line.printer, address::printer(&line.printer)),
                line.batch.map_or_else(Cell::default, |batch| Cell::link(batch.to_string(), address::batch(batch))),
                Cell::text(line.since.as_deref().map_or_else(String::new, |since| page.day_and_time(since))),
                Cell::text(self.asked_by(&line.attempt).unwrap_or_default()),
            ]
        };
        let others = self.lines.iter().enumerate().filter(|(at, _)| *at != shown);
        Table {
            title: page.t(texts::INSPECT_OTHERS).into(),
            headings: headings.map(|text| page.t(text)).to_vec(),
            rows: others.map(|(_, line)| row(line)).collect(),
            next: self.next.map(|next| format!("/inspect?after={}", next.0)),
        }
    }

    /// The page that asks about one of them.
    async fn ask(self, web: &Web, sent: &Sent, named: &str) -> Result<Inspection, Response> {
        let shown = self.current(named);
        let rest = self.rest(shown.unwrap_or(usize::MAX));
        let line = shown.and_then(|at| self.lines.get(at).cloned());
        let asked_by = line.as_ref().and_then(|line| self.asked_by(&line.attempt)).map(str::to_owned);
        let mut page = self.page;
        page.t(texts::INSPECTION).clone_into(&mut page.title);
        let (page, facts) = match &line {
            Some(line) => facts(web, page, line).await?,
            None => (page, Vec::new()),
        };
        Ok(Inspection {
            attempt: line.map(|line| line.attempt).unwrap_or_default(),
            facts,
            found: sent.value("found").to_owned(),
            blank_gone: sent.value("blank_gone").to_owned(),
            note: sent.value("note").to_owned(),
            chip: sent.value("chip").to_owned(),
            chips: CHIPS.map(|chip| page.t(chip)),
            error: None,
            scanned: None,
            asked_by,
            may_find: page.may(Operation::InspectionFound, Sort::Act),
            may_miss: missed_as(&page).is_some(),
            key: form::new_key(web),
            rest,
            page,
        })
    }
}

/// Whether the person says alone that there is no card, or asks for it; `None` for neither.
fn missed_as(page: &Page) -> Option<Sort> {
    [Sort::Act, Sort::Request].into_iter().find(|sort| page.may(Operation::InspectionNothing, *sort))
}

/// Where the card was printed, what was seen of it, and which cards lie beside it.
async fn facts(web: &Web, mut page: Page, line: &UncertainLine) -> Result<(Page, Vec<(&'static str, Cell)>), Response> {
    let request = match (&line.source, &line.request_id) {
        (Some(source), Some(request_id)) => Cell::link(request_id, address::record(source, request_id)),
        (None, _) | (_, None) => Cell::text(page.t(texts::TEST_CARD)),
    };
    let mut facts = vec![
        (page.t(texts::REQUEST), request),
        (page.t(texts::PRINTER), Cell::link(&line.printer, address::printer(&line.printer))),
    ];
    if let Some(batch) = line.batch {
        facts.push((page.t(texts::BATCH), Cell::link(batch.to_string(), address::batch(batch))));
    }
    let seen = line.reason.as_deref().map(|reason| pages::stored_reason(reason, page.language));
    let seen: Vec<String> = seen.into_iter().chain(line.note.clone()).collect();
    facts.push((page.t(texts::WHAT_WAS_SEEN), Cell::text(page.times_of(&seen.join(": ")))));
    if let Some(since) = &line.since {
        facts.push((page.t(texts::SINCE), Cell::text(page.day_and_time(since))));
    }
    if let (Some(batch), Some(source), Some(request_id)) = (line.batch, &line.source, &line.request_id) {
        let name = RecordName { source: source.clone(), request_id: request_id.clone() };
        let of = ListJobs { of: JobsOf::Record(name), state: None, page: PageRequest::default() };
        let (again, jobs) = page.read(web, of).await?;
        page = again;
        let is_it = |job: &&crate::engine::query::JobLine| job.attempts.iter().any(|one| one.id == line.attempt);
        if let Some(job) = jobs.items.iter().find(is_it) {
            let beside = PageRequest { after: Some(Cursor(job.id - 2)), limit: Limit::new(3).unwrap_or_default() };
            let of = JobsOf::Batch(crate::domain::id::BatchId(batch));
            let (again, jobs) = page.read(web, ListJobs { of, state: None, page: beside }).await?;
            page = again;
            let mut neighbour = |label: Text, id: i64| {
                if let Some(job) = jobs.items.iter().find(|other| other.id == id) {
                    let address = address::record(&job.source, &job.request_id);
                    facts.push((page.t(label), Cell::link(&job.request_id, address)));
                }
            };
            neighbour(texts::CARD_BEFORE, job.id - 1);
            neighbour(texts::CARD_AFTER, job.id + 1);
        }
    }
    facts.push((page.t(texts::ATTEMPT), Cell::text(&line.attempt)));
    Ok((page, facts))
}

async fn show(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let sent = Sent::of_query(&parts).unwrap_or_default();
    let asked = Open::read(&web, page, &sent).await?.ask(&web, &Sent::default(), sent.value("attempt")).await?;
    Ok(respond(StatusCode::OK, &asked))
}

/// What the form asks for: an act with its arguments.
fn asked_act(page: &Page, sent: &Sent) -> Result<(&'static str, Sort, Value), Text> {
    let attempt = sent.value("attempt");
    let said = [sent.value("chip"), sent.value("note").trim()].into_iter().filter(|part| !part.is_empty());
    let note = said.collect::<Vec<_>>().join("; ");
    if note.is_empty() {
        return Err(texts::SAY_WHAT_YOU_SAW);
    }
    let card = match sent.value("found") {
        "good" => CardAnswer::Good,
        "spoiled" => CardAnswer::Spoiled,
        "nothing" => CardAnswer::NotFound,
        _ => return Err(texts::ANSWER_FIRST),
    };
    let result = InspectionResult::of_answers(card, sent.value("blank_gone").parse().ok());
    let found = |found: &str| ("ResolveFound", Sort::Act, json!({ "attempt": attempt, "found": found, "note": note }));
    let nothing = |gone: bool| {
        let sort = missed_as(page).unwrap_or(Sort::Act);
        ("ResolveNothing", sort, json!({ "attempt": attempt, "blank_gone": gone, "note": note }))
    };
    match result {
        Ok(InspectionResult::Good) => Ok(found("good")),
        Ok(InspectionResult::Spoiled) => Ok(found("spoiled")),
        Ok(InspectionResult::Nothing) => Ok(nothing(false)),
        Ok(InspectionResult::BlankGone) => Ok(nothing(true)),
        Err(NoResult::BlankUnknown) => Err(texts::ANSWER_SECOND),
        Err(NoResult::Contradiction) => Err(texts::ANSWERS_DIFFER),
    }
}

async fn answered(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (mut parts, body) = request.into_parts();
    let failed = |problem: Problem| Page::open(&web, &parts).failed(&problem);
    let sent = Sent::read(&web, &parts, body).await.map_err(failed)?;
    sent.put_into_headers(&mut parts);
    let page = Page::of(&web, &parts).await?;
    let code = sent.value("code").trim();
    if !code.is_empty() {
        return scanned(&web, page, &sent, code).await;
    }
    let (name, sort, arguments) = match asked_act(&page, &sent) {
        Ok(asked) => asked,
        Err(text) => {
            return refused(&web, page, &sent, StatusCode::UNPROCESSABLE_ENTITY, |page| page.t(text).into()).await;
        }
    };
    match done_by_name(&web, &parts, (sort, name), &arguments).await {
        Ok(_) => {
            let how = if sort == Sort::Request { "asked" } else { "done" };
            Ok(Redirect::to(&format!("/inspect?{how}={name}")).into_response())
        }
        Err(problem) => refused(&web, page, &sent, problem.status(), |page| page.told(&problem)).await,
    }
}

/// The page again, with what was wrong and what was typed.
async fn refused(
    web: &Web,
    page: Page,
    sent: &Sent,
    status: StatusCode,
    error: impl Fn(&Page) -> String,
) -> Result<Response, Response> {
    let open = Open::read(web, page, &Sent::default()).await?;
    let mut asked = open.ask(web, sent, sent.value("attempt")).await?;
    asked.error = Some(error(&asked.page));
    if asked.found != "nothing" {
        // The second question is asked for a card that was not found; an answer to it would not be seen.
        asked.blank_gone.clear();
    }
    asked.page.title = asked.page.with(texts::ERROR_TITLE, &[&asked.page.title]);
    Ok(respond(status, &asked))
}

/// A card was scanned: the one that is looked for is preselected as a good one, and any other is named.
async fn scanned(web: &Web, page: Page, sent: &Sent, code: &str) -> Result<Response, Response> {
    let (page, scanned) = page.read(web, ScanCard { code: code.to_owned() }).await?;
    let open = Open::read(web, page, &Sent::default()).await?;
    let mut asked = open.ask(web, sent, sent.value("attempt")).await?;
    let found = scanned.attempt.map(|attempt| attempt.id);
    if found.as_ref().is_some_and(|found| *found == asked.attempt) {
        "good".clone_into(&mut asked.found);
        asked.blank_gone.clear();
        asked.scanned = Some(asked.page.t(texts::SCAN_IS_IT).to_owned());
        return Ok(respond(StatusCode::OK, &asked));
    }
    let of = scanned.found.map(|found| found.record.request_id);
    asked.error = Some(match of {
        Some(request_id) => asked.page.with(texts::SCAN_IS_OTHER, &[&request_id]),
        None => asked.page.t(texts::SCAN_IS_NONE).to_owned(),
    });
    Ok(respond(StatusCode::OK, &asked))
}
