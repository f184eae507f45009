//! The desks at which cards are scanned: quality check and hand-over. And the inspection of cards with an unknown outcome.
//!
//! One form does it all, so that a scanner alone is enough: a code shows its card, and the empty field, or the code `CETAK:OK`, does the
//! act to the card that is shown. A card is never accepted by its own scan.

use std::{sync::Arc, time::Duration};

use askama::Template;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde_json::json;

use super::{
    address, form,
    form_value::Sent,
    link,
    page::{Page, respond},
    records::{after, state, whereabouts},
    view::{Button, Cell, Table, View, button},
};
use crate::{
    domain::{permission::Operation, time::Timestamp},
    engine::query::{CardVerdict, ListUncertain, ScanCard, ScannedCard, UncertainLine},
    web::{
        carry::done_with,
        context::Web,
        problem::Problem,
        route::{Route, Sort},
        routes::ROUTES,
    },
    words::pages::{self, Text, texts},
};

/// The shortest time in which a person sees a card and accepts it with the empty field.
const SEEN_AFTER: Duration = Duration::from_millis(400);
/// The largest form, in bytes.
const FORM_BYTES_MAX: usize = 16 << 10;
/// What a laminated code says, so that no hand leaves the scanner.
pub(super) const ACCEPT: &str = "CETAK:OK";
/// The beginning of the code that rejects; a cause follows.
pub(super) const REJECT: &str = "CETAK:REJECT:";

pub(super) fn router() -> Router<Arc<Web>> {
    let check = get(|web, request| show(web, request, &CHECK)).post(|web, request| scanned(web, request, &CHECK));
    let hand_over =
        get(|web, request| show(web, request, &HAND_OVER)).post(|web, request| scanned(web, request, &HAND_OVER));
    Router::new()
        .route("/check", check)
        .route("/handover", hand_over)
        .route("/inspect", get(inspect))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

/// A desk.
struct Desk {
    address: &'static str,
    title: Text,
    operation: Operation,
    /// The act that is done to the card that is shown.
    act: &'static str,
}

const CHECK: Desk =
    Desk { address: "/check", title: texts::QUALITY_CHECK, operation: Operation::CardCheck, act: "CheckCard" };
const HAND_OVER: Desk =
    Desk { address: "/handover", title: texts::HAND_OVER, operation: Operation::CardHandOver, act: "HandOverCard" };

/// The card that is shown.
struct Card {
    /// The record to whose card the act of the desk can be done; empty if it cannot.
    source: String,
    request_id: String,
    /// The record whose card can be rejected; empty if this card is not its card.
    reject_source: String,
    reject_request_id: String,
    verdict: String,
    /// `good` if the act of the desk can be done to it, else `bad`.
    tone: &'static str,
    facts: Vec<(&'static str, String)>,
    photo: Option<String>,
    others: Vec<Button>,
}

/// The page of a desk.
#[derive(Template)]
#[template(path = "desk.html", config = "src/web/console/askama.toml")]
struct DeskPage {
    page: Page,
    address: &'static str,
    act: &'static str,
    card: Option<Card>,
    error: Option<String>,
    key: String,
    /// When the page was made, in microseconds.
    made_at: i64,
}

impl DeskPage {
    fn new(web: &Web, page: Page, desk: &Desk) -> Self {
        let act = pages::act(desk.act).map_or("", |act| page.t(act.title));
        let key = form::new_key(web);
        Self { page, address: desk.address, act, card: None, error: None, key, made_at: web.engine.clock.now().0 }
    }
}

async fn at_desk(web: &Web, parts: &Parts, desk: &Desk) -> Result<Page, Response> {
    let mut page = Page::of(web, parts).await?;
    page.t(desk.title).clone_into(&mut page.title);
    if page.may(desk.operation, Sort::Act) {
        return Ok(page);
    }
    let title = page.title.clone();
    Err(page.forbidden(&title, desk.operation, Sort::Act))
}

async fn show(State(web): State<Arc<Web>>, request: Request, desk: &Desk) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = at_desk(&web, &parts, desk).await?;
    Ok(respond(StatusCode::OK, &DeskPage::new(&web, page, desk)))
}

async fn scanned(State(web): State<Arc<Web>>, request: Request, desk: &Desk) -> Result<Response, Response> {
    let (mut parts, body) = request.into_parts();
    let sent = Sent::read(&web, &parts, body).await;
    let sent = sent.map_err(|problem| Page::open(&web, &parts).failed(&problem))?;
    sent.put_into_headers(&mut parts);
    let page = at_desk(&web, &parts, desk).await;
    if page.is_err() {
        Page::write_down_refusal(&web, &parts, desk.operation).await;
    }
    let page = page?;
    let code = sent.value("code").trim();
    let shown = (sent.value("source"), sent.value("request_id"));
    let rejectable = (sent.value("reject_source"), sent.value("reject_request_id"));
    if let Some(cause) = code.strip_prefix(REJECT)
        && !rejectable.1.is_empty()
    {
        let record = [("/record/source", rejectable.0), ("/record/request_id", rejectable.1)];
        let known = [record[0], record[1], ("/cause", cause), ("back", desk.address)];
        let rejecting = link::to_act(&page.roles(), "RejectCard", &known);
        return Ok(Redirect::to(&rejecting.unwrap_or_else(|| desk.address.to_owned())).into_response());
    }
    if code.is_empty() || code == ACCEPT {
        if shown.1.is_empty() {
            return Ok(respond(StatusCode::OK, &DeskPage::new(&web, page, desk)));
        }
        if code.is_empty() && is_too_quick(&web, &sent) {
            let mut unseen = DeskPage::new(&web, page, desk);
            unseen.error = Some(unseen.page.t(texts::TOO_QUICK).to_owned());
            return Ok(respond(StatusCode::CONFLICT, &unseen));
        }
        let arguments = json!({ "record": { "source": shown.0, "request_id": shown.1 } });
        return match done(&web, &parts, desk, &arguments).await {
            Ok(()) => Ok(Redirect::to(&format!("{}?done={}", desk.address, desk.act)).into_response()),
            Err(problem) => {
                let mut failed = DeskPage::new(&web, page, desk);
                failed.error = Some(problem.text(failed.page.language));
                Ok(respond(problem.status(), &failed))
            }
        };
    }
    // The key was for the card that is shown; a scan changes nothing.
    let (page, scanned) = page.read(&web, ScanCard { code: code.to_owned() }).await?;
    let card = card(&page, desk, &scanned);
    let mut shown = DeskPage::new(&web, page, desk);
    shown.card = Some(card);
    Ok(respond(StatusCode::OK, &shown))
}

/// Whether a page was answered before a person can have seen it, as by the last key of a scanner that sends two.
fn is_too_quick(web: &Web, sent: &Sent) -> bool {
    let made_at = sent.value("made_at").parse().map_or_else(|_| web.engine.clock.now(), Timestamp);
    web.engine.clock.now().since(made_at) < SEEN_AFTER
}

async fn done(web: &Arc<Web>, parts: &Parts, desk: &Desk, arguments: &serde_json::Value) -> Result<(), Problem> {
    let is_it = |route: &&Route| route.name == desk.act && route.sort == Sort::Act;
    let Some(route) = ROUTES.iter().find(is_it) else { return Ok(()) };
    let done = Box::pin(done_with(web, route, parts, arguments)).await;
    web.projector.outdate();
    done.map(|_| ())
}

/// What a code says of the card that it stands on.
fn card(page: &Page, desk: &Desk, scanned: &ScannedCard) -> Card {
    let text = match scanned.verdict {
        CardVerdict::OtherForm => texts::VERDICT_OTHER_FORM,
        CardVerdict::WrongHash => texts::VERDICT_WRONG_HASH,
        CardVerdict::UnknownAttempt => texts::VERDICT_UNKNOWN,
        CardVerdict::Current => texts::VERDICT_CURRENT,
        CardVerdict::Recalled => texts::VERDICT_RECALLED,
        CardVerdict::Surrendered => texts::VERDICT_SURRENDERED,
        CardVerdict::NotCurrent => texts::VERDICT_NOT_CURRENT,
    };
    let Some(found) = &scanned.found else {
        let (source, request_id, verdict) = (String::new(), String::new(), page.with(text, &[]));
        let (reject_source, reject_request_id) = (String::new(), String::new());
        let (facts, others) = (vec![], vec![]);
        return Card {
            source,
            request_id,
            reject_source,
            reject_request_id,
            verdict,
            tone: "bad",
            facts,
            photo: None,
            others,
        };
    };
    let record = &found.record;
    let known =
        [("/record/source", &*record.source), ("/record/request_id", &*record.request_id), ("back", desk.address)];
    let is_checked = record.checked;
    let is_gone = record.state == "handed_over";
    let fits = scanned.verdict == CardVerdict::Current && !is_gone && (is_checked == (desk.act == "HandOverCard"));
    let mut facts = vec![
        (page.t(texts::REQUEST), record.request_id.clone()),
        (page.t(texts::STATE), state(page, record)),
        (page.t(texts::PROFILE), record.profile.clone()),
        (page.t(texts::DISTRICT), record.district.clone()),
    ];
    if is_gone {
        facts.push((page.t(texts::CARD), page.t(texts::ALREADY_HANDED_OVER).to_owned()));
    } else if is_checked && desk.act == "CheckCard" {
        facts.push((page.t(texts::CARD), page.t(texts::ALREADY_CHECKED).to_owned()));
    } else if !fits {
        facts.push((page.t(texts::CARD), whereabouts(page, found)));
    }
    // An old card says nothing of the one that the record has now.
    let is_its_card = matches!(scanned.verdict, CardVerdict::Current | CardVerdict::Recalled);
    let is_rejectable = is_its_card && record.state == "printed";
    let rejecting = link::to_act(&page.roles(), "RejectCard", &known).filter(|_| is_rejectable);
    let of = |is_it: bool, text: &str| if is_it { text.to_owned() } else { String::new() };
    let label = pages::act("RejectCard").map_or("", |act| page.t(act.title));
    let api =
        format!("/api/v1/records/{}/{}/photo", address::encoded(&record.source), address::encoded(&record.request_id));
    Card {
        source: of(fits, &record.source),
        request_id: of(fits, &record.request_id),
        reject_source: of(is_rejectable, &record.source),
        reject_request_id: of(is_rejectable, &record.request_id),
        verdict: page.with(text, &[&record.request_id]),
        tone: if fits { "good" } else { "bad" },
        facts,
        photo: (fits && page.may(Operation::CardPreview, Sort::Act)).then_some(api),
        others: rejecting.map(|address| Button { address, label }).into_iter().collect(),
    }
}

async fn inspect(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let asked = after(&Sent::of_query(&parts).unwrap_or_default());
    let (page, uncertain) = page.read(&web, ListUncertain { page: asked }).await?;
    let title = page.t(texts::INSPECTION);
    let mut view = View::new(page, title);
    if !uncertain.items.is_empty() {
        view.lead = view.page.t(texts::INSPECT_LEAD).to_owned();
    }
    let page = &view.page;
    let headings = [
        texts::REQUEST,
        texts::PRINTER,
        texts::BATCH,
        texts::SINCE,
        texts::ATTEMPT,
        texts::FOUND_GOOD,
        texts::FOUND_SPOILED,
        texts::FOUND_NOTHING,
    ]
    .map(|text| page.t(text));
    let row = |line: &UncertainLine| {
        let answer = |text: Text, act: &str, found: &str| {
            let found = ("/found", found);
            Cell::maybe(
                page.t(text),
                button(page, act, &[("/attempt", &line.attempt), found]).map(|button| button.address),
            )
        };
        let record = match (&line.source, &line.request_id) {
            (Some(source), Some(request_id)) => Cell::link(request_id, address::record(source, request_id)),
            (None, _) | (_, None) => Cell::text(page.t(texts::TEST_CARD)),
        };
        vec![
            record,
            Cell::link(&line.printer, address::printer(&line.printer)),
            line.batch.map_or_else(Cell::default, |batch| Cell::link(batch.to_string(), address::batch(batch))),
            Cell::text(line.since.as_deref().map_or_else(String::new, |since| page.day_and_time(since))),
            Cell::text(&line.attempt),
            answer(texts::FOUND_GOOD, "ResolveFound", "good"),
            answer(texts::FOUND_SPOILED, "ResolveFound", "spoiled"),
            answer(texts::FOUND_NOTHING, "ResolveNothing", ""),
        ]
    };
    let rows = uncertain.items.iter().map(row).collect();
    let next = uncertain.next.map(|next| format!("/inspect?after={}", next.0));
    view.tables.push(Table { headings: headings.to_vec(), rows, next, ..Table::default() });
    Ok(respond(StatusCode::OK, &view))
}
