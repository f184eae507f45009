//! The desks at which cards are scanned: quality check and hand-over.
//!
//! One form does it all, so that a scanner alone is enough: a code shows its card, and the empty field, or the code `CETAK:OK`, does the
//! act to the card that is shown. A card is never accepted by its own scan. With the script, a scan is one request, and only what it
//! says of the card is put into the page; the field stays as it is.

use std::{sync::Arc, time::Duration};

use askama::Template;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde_json::{Value, json};

use super::{
    desk_card::{Card, Takes, card},
    districts, form,
    form_value::Sent,
    link, notice,
    page::{Page, respond},
    view::Button,
};
use crate::{
    domain::{id::BatchId, permission::Operation, time::Timestamp, value::SpoilageCause},
    engine::query::{PileCounts, ScanForCheck, ShowPile},
    web::{carry::done_by_name, context::Web, route::Sort},
    words::{
        Language,
        pages::{self, Text, texts},
    },
};

/// The shortest time in which a person sees a card and accepts it with the empty field.
const SEEN_AFTER: Duration = Duration::from_millis(400);
/// The largest form, in bytes.
const FORM_BYTES_MAX: usize = 16 << 10;
/// The header of a request that wants the part of the page that changes.
const PART: &str = "hx-request";
/// What a laminated code says, so that no hand leaves the scanner.
pub(super) const ACCEPT: &str = "CETAK:OK";
/// The beginning of the code that rejects; a cause follows.
pub(super) const REJECT: &str = "CETAK:REJECT:";
/// The causes with which cards are rejected at a desk.
pub(super) const CAUSES: [&str; 4] = ["print-failed", "encode-failed", "damaged", "data-changed"];

pub(super) fn router() -> Router<Arc<Web>> {
    let check = get(|web, request| show(web, request, &CHECK)).post(|web, request| scanned(web, request, &CHECK));
    let hand_over =
        get(|web, request| show(web, request, &HAND_OVER)).post(|web, request| scanned(web, request, &HAND_OVER));
    Router::new().route("/check", check).route("/handover", hand_over).layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

/// A desk.
struct Desk {
    address: &'static str,
    title: Text,
    help: Text,
    operation: Operation,
    /// The act that is done to the card that is shown.
    act: &'static str,
}

const CHECK: Desk = Desk {
    address: "/check",
    title: texts::QUALITY_CHECK,
    help: texts::SCAN_HELP,
    operation: Operation::CardCheck,
    act: "CheckCard",
};
const HAND_OVER: Desk = Desk {
    address: "/handover",
    title: texts::HAND_OVER,
    help: texts::SCAN_HELP_HAND_OVER,
    operation: Operation::CardHandOver,
    act: "HandOverCard",
};

/// How many cards of a pile were checked.
struct Pile {
    batch: i64,
    words: String,
    checked: i64,
    expected: i64,
}

/// The part of a desk that a scan changes.
#[derive(Template)]
#[template(path = "shown.html", config = "src/web/console/askama.toml")]
struct Shown {
    language: Language,
    /// What the act of the desk is called.
    act: &'static str,
    card: Option<Card>,
    notice: Option<String>,
    error: Option<String>,
    pile: Option<Pile>,
    /// The address of the page that rejects the card, with a cause and a reason of one's own.
    rejecting: Option<String>,
    key: String,
    /// When it was made, in microseconds.
    made_at: i64,
}

impl Shown {
    fn t(&self, text: Text) -> &'static str {
        text.in_language(self.language)
    }

    /// The tone of a scan: `good`, `bad`, or none.
    fn tone(&self) -> &'static str {
        match (&self.error, &self.card, &self.notice) {
            (Some(_), ..) => "bad",
            (None, Some(card), _) => card.tone,
            (None, None, Some(_)) => "good",
            (None, None, None) => "",
        }
    }
}

/// The page of a desk.
#[derive(Template)]
#[template(path = "desk.html", config = "src/web/console/askama.toml")]
struct DeskPage {
    page: Page,
    address: String,
    help: &'static str,
    codes: Option<&'static str>,
    /// The lists and piles that belong to it.
    links: Vec<Button>,
    shown: Shown,
}

/// A request at a desk.
struct AtDesk<'a> {
    web: &'a Arc<Web>,
    desk: &'static Desk,
    page: Page,
    /// The batch whose pile is checked, if the page is of one.
    batch: Option<i64>,
    is_part: bool,
}

impl<'a> AtDesk<'a> {
    async fn new(web: &'a Arc<Web>, parts: &Parts, desk: &'static Desk) -> Result<Self, Response> {
        let mut page = Page::of(web, parts).await?;
        page.t(desk.title).clone_into(&mut page.title);
        if !page.may(desk.operation, Sort::Act) {
            let title = page.title.clone();
            return Err(page.forbidden(&title, desk.operation, Sort::Act));
        }
        let batch = Sent::of_query(parts).unwrap_or_default().value("batch").parse().ok();
        let batch = batch.filter(|_| desk.act == CHECK.act);
        Ok(Self { web, desk, page, batch, is_part: parts.headers.contains_key(PART) })
    }

    fn takes(&self) -> Takes {
        if self.desk.act == CHECK.act { Takes::Unchecked(self.batch) } else { Takes::Checked }
    }

    /// The address of the desk, with the pile that it is for.
    fn address(&self) -> String {
        self.batch.map_or_else(|| self.desk.address.to_owned(), |batch| format!("{}?batch={batch}", self.desk.address))
    }

    fn shown(&self) -> Shown {
        let act = pages::act(self.desk.act).map_or("", |act| self.page.t(act.title));
        Shown {
            language: self.page.language,
            act,
            card: None,
            notice: None,
            error: None,
            pile: None,
            rejecting: None,
            key: form::new_key(self.web),
            made_at: self.web.engine.clock.now().0,
        }
    }

    fn pile(&self, batch: i64, counts: PileCounts) -> Pile {
        let numbers = [counts.checked, counts.expected, counts.missing].map(|number| self.page.number(number));
        let words = self.page.with(texts::PILE_PROGRESS, &[&batch.to_string(), &numbers[0], &numbers[1], &numbers[2]]);
        Pile { batch, words, checked: counts.checked, expected: counts.expected.max(1) }
    }

    /// Reads how far a pile is. Cards are checked without these numbers while blanks are counted.
    async fn count(self, batch: Option<i64>) -> Result<(Self, Option<Pile>), Response> {
        let Some(batch) = batch.filter(|_| self.desk.act == CHECK.act) else { return Ok((self, None)) };
        match self.page.ask(self.web, ShowPile { batch: BatchId(batch) }).await {
            Ok(pile) => {
                let pile = self.pile(batch, pile.counts);
                Ok((self, Some(pile)))
            }
            Err(problem) if problem.is_hidden_by_count() => Ok((self, None)),
            Err(problem) => Err(self.page.refused::<ShowPile>(&problem)),
        }
    }

    fn respond(self, status: StatusCode, shown: Shown) -> Response {
        if self.is_part {
            return respond(status, &shown);
        }
        let (address, help) = (self.address(), self.page.t(self.desk.help));
        let codes = (self.desk.act == CHECK.act).then(|| self.page.t(texts::CODES));
        let links = if self.desk.act == HAND_OVER.act { districts::links(&self.page) } else { vec![] };
        respond(status, &DeskPage { page: self.page, address, help, codes, links, shown })
    }
}

async fn show(State(web): State<Arc<Web>>, request: Request, desk: &'static Desk) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let at = AtDesk::new(&web, &parts, desk).await?;
    let batch = at.batch;
    let (at, pile) = at.count(batch).await?;
    let shown = Shown { pile, ..at.shown() };
    Ok(at.respond(StatusCode::OK, shown))
}

async fn scanned(State(web): State<Arc<Web>>, request: Request, desk: &'static Desk) -> Result<Response, Response> {
    let (mut parts, body) = request.into_parts();
    let sent = Sent::read(&web, &parts, body).await;
    let sent = sent.map_err(|problem| Page::open(&web, &parts).failed(&problem))?;
    sent.put_into_headers(&mut parts);
    let at = AtDesk::new(&web, &parts, desk).await;
    if at.is_err() {
        Page::write_down_refusal(&web, &parts, desk.operation).await;
    }
    let at = at?;
    let code = sent.value("code").trim();
    if code.is_empty() || code == ACCEPT {
        let arguments = record(&sent, "source", "request_id").map(|record| json!({ "record": record }));
        return commanded(at, &parts, &sent, desk.act, arguments).await;
    }
    if let Some(cause) = code.strip_prefix(REJECT) {
        let record = record(&sent, "reject_source", "reject_request_id");
        if cause.parse::<SpoilageCause>().is_err() {
            let error = Some(at.page.with(texts::CAUSE_UNKNOWN, &[&CAUSES.join(", ")]));
            let shown = Shown { error, ..at.shown() };
            return Ok(at.respond(StatusCode::UNPROCESSABLE_ENTITY, shown));
        }
        let note = pages::choice(cause).map_or(cause, |text| at.page.t(text));
        let arguments = record.map(|record| json!({ "record": record, "cause": cause, "note": note }));
        return commanded(at, &parts, &sent, "RejectCard", arguments).await;
    }
    // The key was for the card that is shown; a scan changes nothing.
    let AtDesk { web, desk, page, batch, is_part } = at;
    let (page, scanned) = page.read(web, ScanForCheck { code: code.to_owned() }).await?;
    let at = AtDesk { web, desk, page, batch, is_part };
    let card = card(&at.page, at.takes(), &scanned);
    let pile = card.batch.zip(scanned.pile).filter(|_| desk.act == CHECK.act);
    let pile = pile.filter(|(batch, _)| at.batch.is_none_or(|pile| pile == *batch));
    let pile = pile.map(|(batch, counts)| at.pile(batch, counts));
    let (at, pile) = match (pile, at.batch) {
        (None, Some(batch)) => at.count(Some(batch)).await?,
        (pile, _) => (at, pile),
    };
    let address = at.address();
    let known = [
        ("/record/source", &*card.reject_source),
        ("/record/request_id", &*card.reject_request_id),
        ("back", &*address),
    ];
    let rejecting = link::to_act(&at.page.roles(), "RejectCard", &known).filter(|_| !card.reject_request_id.is_empty());
    let shown = Shown { card: Some(card), pile, rejecting, ..at.shown() };
    Ok(at.respond(StatusCode::OK, shown))
}

/// The record of the card that was shown; `None` if nothing can be done to it.
fn record(sent: &Sent, source: &str, request_id: &str) -> Option<Value> {
    let (source, request_id) = (sent.value(source), sent.value(request_id));
    (!request_id.is_empty()).then(|| json!({ "source": source, "request_id": request_id }))
}

/// Does an act to the card that was shown.
async fn commanded(
    at: AtDesk<'_>,
    parts: &Parts,
    sent: &Sent,
    act: &str,
    arguments: Option<Value>,
) -> Result<Response, Response> {
    let pile = at.batch.or_else(|| sent.value("pile").parse().ok());
    let refused = |at: AtDesk<'_>, status: StatusCode, error: String, pile| {
        let shown = Shown { error: Some(error), pile, ..at.shown() };
        at.respond(status, shown)
    };
    let Some(arguments) = arguments else {
        let (at, pile) = at.count(pile).await?;
        let error = at.page.t(texts::NO_CARD_SHOWN).to_owned();
        return Ok(refused(at, StatusCode::OK, error, pile));
    };
    if sent.value("code").is_empty() && is_too_quick(at.web, sent) {
        let (at, pile) = at.count(pile).await?;
        let error = at.page.t(texts::TOO_QUICK).to_owned();
        return Ok(refused(at, StatusCode::CONFLICT, error, pile));
    }
    let done = done_by_name(at.web, parts, (Sort::Act, act), &arguments).await;
    let address = at.address();
    match done {
        Ok(_) if !at.is_part => {
            let about = arguments["record"]["request_id"].as_str().map(|request_id| format!("record {request_id}"));
            Ok(Redirect::to(&notice::address(&address, false, act, about.as_deref())).into_response())
        }
        Ok(_) => {
            let (at, pile) = at.count(pile).await?;
            let title = pages::act(act).map_or("", |act| at.page.t(act.title));
            let request_id = arguments["record"]["request_id"].as_str().unwrap_or_default();
            let notice = Some(format!("{}, {request_id}", at.page.with(texts::DONE, &[title])));
            let shown = Shown { notice, pile, ..at.shown() };
            Ok(at.respond(StatusCode::OK, shown))
        }
        Err(problem) => {
            let (at, pile) = at.count(pile).await?;
            let error = at.page.told(&problem);
            Ok(refused(at, problem.status(), error, pile))
        }
    }
}

/// Whether a page was answered before a person can have seen it, as by the last key of a scanner that sends two.
fn is_too_quick(web: &Web, sent: &Sent) -> bool {
    let made_at = sent.value("made_at").parse().map_or_else(|_| web.engine.clock.now(), Timestamp);
    web.engine.clock.now().since(made_at) < SEEN_AFTER
}
