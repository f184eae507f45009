//! Cards that wait for their hand-over, are in districts, or were handed over; and the piles that are sent, received back, or were handed
//! over in a district.
//!
//! A pile is scanned into one field, one code in each line, and booked by its button: a scan alone does nothing.

use std::{collections::BTreeSet, sync::Arc};

use askama::Template;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, Request, State},
    http::{StatusCode, request::Parts},
    response::Response,
    routing::get,
};
use serde_json::{Value, json};

use super::{
    address, form,
    form_value::Sent,
    link,
    page::{Page, respond},
    records::{after, table},
    view::{Button, Cell, Table, Verdict, View},
};
use crate::{
    domain::{card_out::ReturnCause, permission::Operation},
    engine::{
        EngineError,
        operations::{RECORDS_MAX, RecordName, RecordOutcome},
        query::{
            CardOutLine, CardVerdict, ListDistricts, ListHandedOverCards, ListReadyCards, ListSentCards, RecordLine,
            ScanCard, ShowProxy,
        },
    },
    web::{
        carry::done_by_name,
        context::Web,
        input,
        problem::{Fault, Problem},
        route::Sort,
    },
    words::pages::{self, Text, choice, texts},
};

/// The largest form, in bytes.
const FORM_BYTES_MAX: usize = 64 << 10;

pub(super) fn router() -> Router<Arc<Web>> {
    let pile = |pile: &'static Pile| {
        get(move |web, request| show_pile(web, request, pile)).post(move |web, request| booked(web, request, pile))
    };
    Router::new()
        .route("/handover/{list}", get(show_list))
        .route("/handover/send", pile(&SEND))
        .route("/handover/receive", pile(&RECEIVE))
        .route("/handover/district-list", pile(&HAND_OVER))
        .route("/records/{source}/{request_id}/proxy", get(show_proxy))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

/// The lists and piles of the hand-over, for the page of its desk.
pub(super) fn links(page: &Page) -> Vec<Button> {
    let button = |address: &str, text: Text| Button { address: address.to_owned(), label: page.t(text) };
    let lists = LISTS.iter().filter(|_| page.may(Operation::BoardRead, Sort::Query));
    let piles = [&SEND, &RECEIVE, &HAND_OVER].into_iter().filter(|pile| page.may(pile.operation, Sort::Act));
    let piles = piles.map(|pile| button(pile.address, pile.title));
    lists.map(|(name, title)| button(&format!("/handover/{name}"), *title)).chain(piles).collect()
}

/// What else can be done with a card that is shown at a desk: a proxy receives it, or it is received back from its district.
pub(super) fn offers(page: &Page, back: &str, record: &RecordLine, is_ready: bool) -> Vec<Button> {
    let one = format!("{} {}", record.source, record.request_id);
    let offer = |act: &str, known: &[(&str, &str)]| {
        let address = link::to_act(&page.roles(), act, known)?;
        Some(Button { address, label: page.t(pages::act(act)?.title) })
    };
    let by_proxy = || {
        let known = [("/record/source", &*record.source), ("/record/request_id", &*record.request_id), ("back", back)];
        offer("HandOverByProxy", &known)
    };
    let received = || offer("ReceiveCards", &[("/records", &one), ("back", back)]);
    let proxy = is_ready.then(by_proxy).flatten();
    proxy.into_iter().chain(record.sent.then(received).flatten()).collect()
}

/// The lists, by the last part of their address.
const LISTS: &[(&str, Text)] = &[
    ("ready", texts::READY_CARDS),
    ("sent", texts::SENT_CARDS),
    ("uncollected", texts::UNCOLLECTED_CARDS),
    ("collected", texts::COLLECTED_CARDS),
];

async fn show_list(
    State(web): State<Arc<Web>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let Some((name, title)) = LISTS.iter().find(|(known, _)| *known == name) else {
        return Err(page.failed(&Fault::NoSuchAddress.into()));
    };
    let sent = Sent::of_query(&parts).unwrap_or_default();
    let district = sent.value("district").trim();
    let asked = after(&sent);
    let (page, lists, next) = match *name {
        "ready" => {
            let (page, found) = page.read(&web, ListReadyCards { page: asked }).await?;
            let table = table(&page, found.items.iter());
            (page, vec![table], found.next)
        }
        "collected" => {
            let (page, found) = page.read(&web, ListHandedOverCards { page: asked }).await?;
            let table = outside(&page, &found.items);
            (page, vec![table], found.next)
        }
        overdue => {
            let overdue = overdue == "uncollected";
            let mut fields = json!({ "overdue": overdue });
            if !overdue && !district.is_empty() {
                fields["district"] = district.into();
            }
            let mut query: ListSentCards = match input::read(&fields) {
                Ok(query) => query,
                Err(problem) => return Err(page.failed(&problem)),
            };
            query.page = asked;
            let (page, found) = page.read(&web, query).await?;
            let (page, counts) = if overdue { (page, None) } else { districts(&web, page).await? };
            let table = outside(&page, &found.items);
            (page, [table].into_iter().chain(counts).collect(), found.next)
        }
    };
    let title = page.t(*title);
    let mut view = View::new(page, title);
    view.buttons = links(&view.page);
    view.tables = lists;
    if let (Some(next), Some(first)) = (next, view.tables.first_mut()) {
        let path = format!("/handover/{name}");
        first.next = Some(address::with_query(&path, &[("district", district), ("after", &next.0.to_string())]));
    }
    Ok(respond(StatusCode::OK, &view))
}

/// The districts with their cards.
async fn districts(web: &Web, page: Page) -> Result<(Page, Option<Table>), Response> {
    let (page, lines) = page.read(web, ListDistricts {}).await?;
    let row = |line: &crate::engine::query::DistrictLine| {
        vec![
            Cell::link(&line.district, address::with_query("/handover/sent", &[("district", &line.district)])),
            Cell::number(&page, line.cards),
            Cell::text(page.day_and_time(&line.since)),
        ]
    };
    let rows: Vec<_> = lines.iter().map(row).collect();
    let headings = [texts::DISTRICT, texts::CARDS, texts::SINCE].map(|text| page.t(text)).to_vec();
    let title = page.t(texts::DISTRICTS).to_owned();
    let table = (!rows.is_empty()).then_some(Table { title, headings, rows, next: None });
    Ok((page, table))
}

/// Cards that are not at the counter.
fn outside(page: &Page, lines: &[CardOutLine]) -> Table {
    let headings = [
        texts::REQUEST,
        texts::SOURCE,
        texts::DISTRICT,
        texts::DISPATCH_NOTE,
        texts::SINCE,
        texts::BY,
        texts::COLLECTED_CARDS,
        texts::TO_PROXY,
        texts::RESULT,
    ]
    .map(|text| page.t(text));
    let row = |line: &CardOutLine| {
        let sent = line.sent.as_ref();
        let of = |text: Option<&str>| Cell::text(text.unwrap_or_default());
        let proxy = line.proxy.and_then(|proxy| choice(proxy.as_str()));
        let note = match (line.recalled, line.overdue) {
            (true, _) => page.t(texts::RECALLED_CARD),
            (false, true) => page.t(texts::UNCOLLECTED_CARDS),
            (false, false) => "",
        };
        vec![
            Cell::link(&line.request_id, address::record(&line.source, &line.request_id)),
            Cell::text(&line.source),
            of(sent.map(|sent| &*sent.district)),
            of(sent.map(|sent| &*sent.document)),
            Cell::text(sent.map(|sent| page.day_and_time(&sent.at)).unwrap_or_default()),
            of(sent.map(|sent| &*sent.by)),
            Cell::text(line.handed_over_at.as_deref().map(|at| page.day_and_time(at)).unwrap_or_default()),
            Cell::text(proxy.map_or("", |text| page.t(text))),
            Cell::text(note),
        ]
    };
    Table { headings: headings.to_vec(), rows: lines.iter().map(row).collect(), ..Table::default() }
}

/// What is done with a pile of cards.
struct Pile {
    address: &'static str,
    title: Text,
    operation: Operation,
    act: &'static str,
    has_district: bool,
    has_document: bool,
    has_cause: bool,
}

const SEND: Pile = Pile {
    address: "/handover/send",
    title: texts::SEND_PILE,
    operation: Operation::CardSend,
    act: "SendCards",
    has_district: true,
    has_document: true,
    has_cause: false,
};
const RECEIVE: Pile = Pile {
    address: "/handover/receive",
    title: texts::RECEIVE_PILE,
    operation: Operation::CardSend,
    act: "ReceiveCards",
    has_district: false,
    has_document: false,
    has_cause: true,
};
const HAND_OVER: Pile = Pile {
    address: "/handover/district-list",
    title: texts::DISTRICT_LIST,
    operation: Operation::CardHandOver,
    act: "HandOverCards",
    has_district: true,
    has_document: false,
    has_cause: false,
};

/// The page of a pile.
#[derive(Template)]
#[template(path = "pile.html", config = "src/web/console/askama.toml")]
struct PilePage {
    page: Page,
    address: &'static str,
    consequence: &'static str,
    help: String,
    has_district: bool,
    has_document: bool,
    district: String,
    document: String,
    note: String,
    cards: String,
    districts: BTreeSet<String>,
    /// Whether a district may be named that is not known.
    may_be_new: bool,
    /// The new one.
    new_district: String,
    causes: Vec<(&'static str, &'static str, bool)>,
    error: Option<String>,
    verdict: Option<Verdict>,
    /// Each card with what became of it.
    results: Vec<(String, String)>,
    key: String,
}

impl PilePage {
    async fn new(web: &Web, page: Page, pile: &Pile, sent: &Sent) -> Result<Self, Response> {
        let (page, mut districts) = if pile.has_district {
            let (page, lines) = page.read(web, ListDistricts {}).await?;
            (page, lines.into_iter().map(|line| line.district).collect::<BTreeSet<_>>())
        } else {
            (page, BTreeSet::new())
        };
        // Cards are sent to districts that lists name, and handed over in those to which cards were sent.
        let of_lists = page.shown.iter().filter(|_| pile.has_document).flat_map(|shown| shown.board.districts.keys());
        districts.extend(of_lists.filter(|district| !district.is_empty()).cloned());
        let cause = |cause: ReturnCause| {
            let code = cause.as_str();
            (code, choice(code).map_or(code, |text| page.t(text)), sent.value("cause") == code)
        };
        let causes = if pile.has_cause { ReturnCause::ALL.map(cause).to_vec() } else { Vec::new() };
        let of = |name| sent.value(name).to_owned();
        Ok(Self {
            address: pile.address,
            consequence: pages::act(pile.act).map_or("", |act| page.t(act.consequence)),
            help: page.with(texts::CARDS_TO_BOOK_HELP, &[&RECORDS_MAX.to_string()]),
            has_district: pile.has_district,
            has_document: pile.has_document,
            district: of("district"),
            document: of("document"),
            note: of("note"),
            cards: of("cards"),
            districts,
            may_be_new: pile.has_document,
            new_district: of("new_district"),
            causes,
            error: None,
            verdict: None,
            results: Vec::new(),
            key: form::new_key(web),
            page,
        })
    }
}

async fn at_pile(web: &Web, parts: &Parts, pile: &Pile) -> Result<Page, Response> {
    let mut page = Page::of(web, parts).await?;
    page.t(pile.title).clone_into(&mut page.title);
    if page.may(pile.operation, Sort::Act) {
        return Ok(page);
    }
    let title = page.title.clone();
    Err(page.forbidden(&title, pile.operation, Sort::Act))
}

async fn show_pile(State(web): State<Arc<Web>>, request: Request, pile: &Pile) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = at_pile(&web, &parts, pile).await?;
    let shown = PilePage::new(&web, page, pile, &Sent::default()).await?;
    Ok(respond(StatusCode::OK, &shown))
}

async fn booked(State(web): State<Arc<Web>>, request: Request, pile: &Pile) -> Result<Response, Response> {
    let (mut parts, body) = request.into_parts();
    let sent = Sent::read(&web, &parts, body).await;
    let sent = sent.map_err(|problem| Page::open(&web, &parts).failed(&problem))?;
    sent.put_into_headers(&mut parts);
    let page = at_pile(&web, &parts, pile).await;
    if page.is_err() {
        Page::write_down_refusal(&web, &parts, pile.operation).await;
    }
    let mut page = page?;
    let lines: Vec<&str> = sent.value("cards").lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if !(1..=RECORDS_MAX).contains(&lines.len()) {
        let error = page.with(texts::PILE_TOO_LONG, &[&RECORDS_MAX.to_string()]);
        return failed(&web, page, pile, &sent, (StatusCode::UNPROCESSABLE_ENTITY, error)).await;
    }
    let (mut names, mut refused) = (Vec::new(), Vec::new());
    for line in lines {
        let (again, record) = name(&web, page, line).await?;
        page = again;
        match record {
            Ok(name) if names.contains(&name) => {}
            Ok(name) => names.push(name),
            Err(text) => refused.push((line.split(' ').next().unwrap_or_default().to_owned(), text)),
        }
    }
    if !sent.value("district").trim().is_empty() && !sent.value("new_district").trim().is_empty() {
        let error = page.t(texts::TWO_DISTRICTS).to_owned();
        return failed(&web, page, pile, &sent, (StatusCode::UNPROCESSABLE_ENTITY, error)).await;
    }
    let outcomes = match done(&web, &parts, pile, &arguments(pile, &sent, &names)).await {
        Ok(outcomes) => outcomes,
        Err(problem) => {
            let error = page.told(&problem);
            return failed(&web, page, pile, &sent, (problem.status(), error)).await;
        }
    };
    let shown = told(&web, PilePage::new(&web, page, pile, &sent).await?, outcomes, refused);
    Ok(respond(StatusCode::OK, &shown))
}

async fn failed(
    web: &Web,
    page: Page,
    pile: &Pile,
    sent: &Sent,
    (status, error): (StatusCode, String),
) -> Result<Response, Response> {
    let mut shown = PilePage::new(web, page, pile, sent).await?;
    shown.page.title = shown.page.with(texts::ERROR_TITLE, &[&shown.page.title]);
    shown.error = Some(error);
    Ok(respond(status, &shown))
}

/// The record of a line: the code of a card, a request id, or a source and a request id. A code that is none of a living card is refused
/// with what it proves.
async fn name(web: &Web, page: Page, line: &str) -> Result<(Page, Result<RecordName, String>), Response> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let of = |source: &str, request_id: &str| RecordName { source: source.into(), request_id: request_id.into() };
    match words.as_slice() {
        [request_id] => Ok((page, Ok(of("default", request_id)))),
        [source, request_id] => Ok((page, Ok(of(source, request_id)))),
        _ => {
            let (page, scanned) = page.read(web, ScanCard { code: line.to_owned() }).await?;
            let is_card = matches!(scanned.verdict, CardVerdict::Current | CardVerdict::Recalled);
            let record = scanned.found.map(|found| of(&found.record.source, &found.record.request_id));
            let said = record.as_ref().map_or("", |record| &*record.request_id);
            let text = page.with(pages::card_verdict(scanned.verdict), &[said]);
            Ok((page, record.filter(|_| is_card).ok_or(text)))
        }
    }
}

fn arguments(pile: &Pile, sent: &Sent, names: &[RecordName]) -> Value {
    let mut arguments = json!({ "records": names });
    let mut put = |has: bool, name: &str| {
        if has {
            arguments[name] = sent.value(name).trim().into();
        }
    };
    put(pile.has_district, "district");
    put(pile.has_document, "document");
    put(pile.has_cause, "cause");
    put(pile.has_cause, "note");
    let new_district = sent.value("new_district").trim();
    if pile.has_document && !new_district.is_empty() {
        arguments["district"] = new_district.into();
        arguments["new_district"] = true.into();
    }
    arguments
}

async fn done(web: &Arc<Web>, parts: &Parts, pile: &Pile, arguments: &Value) -> Result<Vec<RecordOutcome>, Problem> {
    if arguments["records"].as_array().is_none_or(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let answer = done_by_name(web, parts, (Sort::Act, pile.act), arguments).await?;
    // Cannot fail: it is what the act answers.
    Ok(serde_json::from_value(answer).unwrap_or_default())
}

/// The page with what became of each card. Those that were refused stay in the field.
fn told(web: &Web, mut shown: PilePage, outcomes: Vec<RecordOutcome>, refused: Vec<(String, String)>) -> PilePage {
    let page = &shown.page;
    let mut results = refused;
    let (mut booked, mut left) = (0_i64, Vec::new());
    for RecordOutcome { record, refusal } in outcomes {
        let text = match refusal {
            None => {
                booked += 1;
                page.t(texts::BOOKED_CARD).to_owned()
            }
            Some(refusal) => {
                left.push(format!("{} {}", record.source, record.request_id));
                page.told(&web.problem(&EngineError::Refused(refusal)))
            }
        };
        results.push((record.request_id, text));
    }
    let others = i64::try_from(results.len()).unwrap_or(i64::MAX) - booked;
    let words = page.with(texts::PILE_BOOKED, &[&page.number(booked), &page.number(others)]);
    shown.verdict = Some(Verdict { tone: if others == 0 { "good" } else { "bad" }, words });
    shown.results = results;
    shown.cards = left.join("\n");
    if booked > 0 && !shown.new_district.is_empty() {
        // The next pile is for the same district, which is known now, or for another one that is chosen.
        shown.district = std::mem::take(&mut shown.new_district);
        shown.districts.insert(shown.district.clone());
    }
    shown
}

/// Who received a card for its citizen.
async fn show_proxy(
    State(web): State<Arc<Web>>,
    Path((source, request_id)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let back = address::record(&source, &request_id);
    let (page, proxy) = page.read(&web, ShowProxy { record: RecordName { source, request_id } }).await?;
    let title = page.t(texts::SHOW_PROXY);
    let mut view = View::new(page, title);
    let page = &view.page;
    match proxy {
        None => view.lead = page.t(texts::NO_PROXY).to_owned(),
        Some(proxy) => {
            let document = choice(proxy.proxy.as_str()).map_or("", |text| page.t(text));
            view.facts = vec![
                (page.t(texts::TO_PROXY), Cell::text(document)),
                (page.t(texts::SHOW_PROXY), Cell::text(proxy.identity.reveal())),
            ];
        }
    }
    view.buttons.push(Button { address: back, label: view.page.t(texts::BACK) });
    Ok(respond(StatusCode::OK, &view))
}
