//! The inspection of cards with an unknown outcome: one card a page, two questions, and then the next one.
//!
//! A scan of the card that is looked for answers the first question. The form is the only one of the page, so that a scanner finds it.

use std::{sync::Arc, time::Duration};

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
    notice,
    page::{Page, respond},
    view::{Button, Cell, ShownTable, Table},
};
use crate::{
    domain::{
        attempt::{CardAnswer, InspectionResult, NoResult},
        id::JobId,
        permission::Operation,
    },
    engine::{
        client::{Client, Direct},
        operations::RecordName,
        query::{
            Cursor, JobLine, JobPlace, JobsOf, Limit, ListJobs, ListPendingActs, ListUncertain, PageRequest,
            ProbePrinter, Query, ScanCard, ShowJob, UncertainLine,
        },
    },
    web::{carry::done_by_name, context::Web, problem::Problem, route::Sort},
    words::pages::{self, Text, texts},
};

/// The largest form, in bytes.
const FORM_BYTES_MAX: usize = 16 << 10;
/// The longest time for a printer to say its counter, in which the person waits for the page.
const ASKED_WITHIN: Duration = Duration::from_secs(20);
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
    /// The address of the preview of the card, once it was asked for.
    preview: Option<String>,
    /// What can be asked for besides: the preview, and the printer's own counter.
    more: Vec<Button>,
    /// The request, or the attempt of a test card, for what the next page says.
    subject: String,
    /// The others.
    rest: Table,
}

/// What a person asked to see beside the question.
#[derive(Clone, Copy, Default)]
struct Wanted {
    /// The preview of the card, which is written down.
    preview: bool,
    /// The counter of the printer, which is asked.
    counter: bool,
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
    async fn ask(self, web: &Web, sent: &Sent, named: &str, wanted: Wanted) -> Result<Inspection, Response> {
        let shown = self.current(named);
        let rest = self.rest(shown.unwrap_or(usize::MAX));
        let line = shown.and_then(|at| self.lines.get(at).cloned());
        let asked_by = line.as_ref().and_then(|line| self.asked_by(&line.attempt)).map(str::to_owned);
        let mut page = self.page;
        page.t(texts::INSPECTION).clone_into(&mut page.title);
        let (page, mut facts) = match &line {
            Some(line) => facts(web, page, line).await?,
            None => (page, Vec::new()),
        };
        if let Some(line) = line.as_ref().filter(|_| wanted.counter && page.may(ProbePrinter::OPERATION, Sort::Query)) {
            facts.push((page.t(texts::PRINTER_COUNTER), Cell::text(counter(web, &page, &line.printer).await)));
        }
        let preview = line.as_ref().and_then(record_of).filter(|_| page.may(Operation::CardPreview, Sort::Act));
        let more = line.as_ref().map(|line| more(&page, line, preview.is_some(), wanted)).unwrap_or_default();
        let preview = preview.filter(|_| wanted.preview).map(|record| {
            let [source, request_id] = [&record.source, &record.request_id].map(|part| address::encoded(part));
            format!("/api/v1/cards/{source}/{request_id}/preview")
        });
        let subject = line.as_ref().map(|line| match &line.request_id {
            Some(request_id) => format!("record {request_id}"),
            None => format!("attempt {}", line.attempt),
        });
        Ok(Inspection {
            preview,
            more,
            subject: subject.unwrap_or_default(),
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

/// What can be asked for besides, and was not yet.
fn more(page: &Page, line: &UncertainLine, has_preview: bool, wanted: Wanted) -> Vec<Button> {
    let address = |preview: bool, counter: bool| {
        let yes = |wanted: bool| if wanted { "true" } else { "" };
        let values = [("attempt", &*line.attempt), ("preview", yes(preview)), ("counter", yes(counter))];
        address::with_query("/inspect", &values)
    };
    let preview = (has_preview && !wanted.preview)
        .then(|| Button { address: address(true, wanted.counter), label: page.t(texts::SHOW_PREVIEW) });
    let counter = (page.may(ProbePrinter::OPERATION, Sort::Query) && !wanted.counter)
        .then(|| Button { address: address(wanted.preview, true), label: page.t(texts::ASK_COUNTER) });
    preview.into_iter().chain(counter).collect()
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
    if let Some(record) = record_of(line) {
        let of = ListJobs { of: JobsOf::Record(record), state: None, page: PageRequest::default() };
        let (again, jobs) = page.read(web, of).await?;
        page = again;
        let is_it = |job: &&JobLine| job.attempts.iter().any(|one| one.id == line.attempt);
        if let Some(job) = jobs.items.iter().find(is_it).map(|job| JobId(job.id)) {
            let (again, job) = page.read(web, ShowJob { job }).await?;
            page = again;
            facts.extend(job.place.iter().flat_map(|place| place_facts(&page, place)));
        }
    }
    facts.push((page.t(texts::ATTEMPT), Cell::text(&line.attempt)));
    Ok((page, facts))
}

/// The record whose card is looked for; `None` for a test card.
fn record_of(line: &UncertainLine) -> Option<RecordName> {
    let (source, request_id) = line.source.clone().zip(line.request_id.clone())?;
    Some(RecordName { source, request_id })
}

/// The place of a card in its batch, and the cards that lie beside it.
fn place_facts(page: &Page, place: &JobPlace) -> Vec<(&'static str, Cell)> {
    let position = page.with(texts::POSITION_OF, &[&page.number(place.position), &page.number(place.cards)]);
    let beside = [(texts::CARD_BEFORE, &place.before), (texts::CARD_AFTER, &place.after)];
    let beside = beside.into_iter().filter_map(|(label, record)| {
        let record = record.as_ref()?;
        let address = address::record(&record.source, &record.request_id);
        Some((page.t(label), Cell::link(&record.request_id, address)))
    });
    std::iter::once((page.t(texts::POSITION), Cell::text(position))).chain(beside).collect()
}

/// How many pages a printer has counted, as it says now, or why it does not say.
async fn counter(web: &Web, page: &Page, printer: &str) -> String {
    let Some(who) = page.who.clone() else { return page.t(texts::NOT_KNOWN).to_owned() };
    let client = Direct::for_actor(&web.engine, who.actor);
    let asked = async {
        let asked = client.query(ProbePrinter { printer: printer.to_owned() }).await;
        asked.map_err(|error| web.problem(&error))
    };
    match web.within(ASKED_WITHIN, asked).await {
        Ok(report) => match report.capabilities.impressions_completed.and_then(|count| i64::try_from(count).ok()) {
            Some(count) => page.number(count),
            None => page.t(texts::COUNTS_NOTHING).to_owned(),
        },
        Err(problem) => page.told(&problem),
    }
}

async fn show(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let sent = Sent::of_query(&parts).unwrap_or_default();
    let wanted = Wanted { preview: sent.value("preview") == "true", counter: sent.value("counter") == "true" };
    let open = Open::read(&web, page, &sent).await?;
    let asked = open.ask(&web, &Sent::default(), sent.value("attempt"), wanted).await?;
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
            let about = Some(sent.value("subject")).filter(|about| !about.is_empty());
            Ok(Redirect::to(&notice::address("/inspect", sort == Sort::Request, name, about)).into_response())
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
    let mut asked = open.ask(web, sent, sent.value("attempt"), Wanted::default()).await?;
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
    let mut asked = open.ask(web, sent, sent.value("attempt"), Wanted::default()).await?;
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
