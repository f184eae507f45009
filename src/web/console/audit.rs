//! The audit: its chains, their newest entries, and whether they are whole.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, Request, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use serde_json::json;

use super::{
    address,
    form_value::Sent,
    page::{Page, respond},
    view::{Button, Cell, Table, Verdict, View},
};
use crate::{
    domain::{audit_row::RecordedEvent, permission::Operation},
    engine::query::{
        AuditEntry, AuditVerification, ChainHead, Cursor, Limit, ListAudit, ListAuditHeads, PageRequest, Query,
    },
    web::{carry::done_by_name, context::Web, problem::Problem, route::Sort},
    words::pages::{self, texts},
};

/// The largest form, in bytes.
const FORM_BYTES_MAX: usize = 256 << 10;

pub(super) fn router() -> Router<Arc<Web>> {
    Router::new()
        .route("/audit", get(show))
        .route("/audit/verification", post(verify))
        .route("/audit/chains/{chain}", get(chain))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

async fn show(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    if page.may(Operation::DatabaseCare, Sort::Act) && !page.may(ListAuditHeads::OPERATION, Sort::Query) {
        // An administrator keeps the database, and does not read the audit.
        let title = page.t(texts::AUDIT);
        let mut view = View::new(page, title);
        offer_care(&mut view);
        return Ok(respond(StatusCode::OK, &view));
    }
    let (page, heads) = page.read(&web, ListAuditHeads {}).await?;
    let title = page.t(texts::AUDIT);
    Ok(respond(StatusCode::OK, &overview(View::new(page, title), &heads, None)))
}

/// The chains with their heads, and what may be done with them.
fn overview(mut view: View, heads: &[ChainHead], error: Option<String>) -> AuditPage {
    let page = &view.page;
    let headings = [texts::CHAIN, texts::ROWS, texts::HEAD].map(|text| page.t(text)).to_vec();
    let link = |chain: &str| format!("/audit/chains/{}", address::encoded(chain));
    let rows = heads
        .iter()
        .map(|head| {
            vec![
                Cell::link(pages::chain(&head.chain, page.language), link(&head.chain)),
                Cell::number(page, head.seq),
                Cell::text(head.hash.chars().take(HASH_SHOWN).collect::<String>()),
            ]
        })
        .collect();
    view.tables.push(Table { title: page.t(texts::CHAINS).into(), headings, rows, next: None });
    offer_care(&mut view);
    AuditPage { view, error }
}

/// How much of a hash is shown: enough to compare it with a seal by eye.
const HASH_SHOWN: usize = 16;

/// The audit, with what is taken away from it and how it is verified.
#[derive(Template)]
#[template(path = "audit.html", config = "src/web/console/askama.toml")]
struct AuditPage {
    view: View,
    /// Why it was not verified.
    error: Option<String>,
}

impl std::ops::Deref for AuditPage {
    type Target = View;

    fn deref(&self) -> &View {
        &self.view
    }
}

/// The acts that keep the database.
fn offer_care(view: &mut View) {
    for name in [
        "AcceptClock",
        "AdoptDatabase",
        "BackUpDatabase",
        "ArchiveJobs",
        "RecountCounters",
        "RekeyPersons",
        "IndexNames",
    ] {
        view.offer(name, &[]);
    }
}

/// The newest entries of a chain, or those before a number.
async fn chain(State(web): State<Arc<Web>>, Path(name): Path<String>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let before: Option<i64> = Sent::of_query(&parts).unwrap_or_default().value("before").parse().ok();
    let (page, heads) = page.read(&web, ListAuditHeads {}).await?;
    let newest = heads.iter().find(|head| head.chain == name).map_or(0, |head| head.seq);
    let limit = Limit::default();
    let end = before.unwrap_or(i64::MAX).clamp(1, newest.saturating_add(1));
    let after = (end - 1 - i64::from(u32::from(limit))).max(0);
    let page_of = PageRequest { after: Some(Cursor(after)), limit };
    let (page, entries) = page.read(&web, ListAudit { chain: name.clone(), page: page_of }).await?;
    let title = page.with(texts::CHAIN_OF, &[&pages::chain(&name, page.language)]);
    let mut view = View::new(page, title);
    let page = &view.page;
    let headings = [texts::NUMBER_OF_ACT, texts::WHEN, texts::BY, texts::EVENT, texts::SUBJECT, texts::REASON]
        .map(|text| page.t(text))
        .to_vec();
    let rows = entries.items.iter().filter(|entry| entry.seq < end).rev().map(|entry| row(page, entry)).collect();
    let why_empty = page.why_empty(&entries);
    let next = (after > 0 && why_empty.is_empty())
        .then(|| format!("/audit/chains/{}?before={}", address::encoded(&name), after + 1));
    view.why_empty = why_empty;
    view.tables.push(Table { headings, rows, next, ..Table::default() });
    view.buttons.push(Button { address: "/audit".into(), label: view.page.t(texts::BACK) });
    Ok(respond(StatusCode::OK, &view))
}

/// An entry in words. One of a form that is not known stands as it is.
fn row(page: &Page, entry: &AuditEntry) -> Vec<Cell> {
    let number = Cell::text(entry.seq.to_string());
    let Ok(event) = serde_json::from_str::<RecordedEvent>(&entry.entry) else {
        return vec![number, Cell::default(), Cell::default(), Cell::text(&entry.entry)];
    };
    let all: serde_json::Value = serde_json::from_str(&entry.entry).unwrap_or_default();
    vec![
        number,
        Cell::text(page.day_and_time(&event.at)),
        Cell::text(pages::actor(&event.actor, page.language)),
        Cell::text(pages::event(&event.act, page.language)),
        Cell::text(pages::subject(all["subject"].as_str().unwrap_or_default(), page.language)),
        Cell::text(pages::event_reason(&event, page.language)),
    ]
}

/// Reads the whole audit and the whole ledger, and says what is wrong with them.
async fn verify(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (mut parts, body) = request.into_parts();
    let sent = Sent::read(&web, &parts, body).await;
    let sent = sent.map_err(|problem| Page::open(&web, &parts).failed(&problem))?;
    sent.put_into_headers(&mut parts);
    let page = Page::of(&web, &parts).await?;
    let title = page.t(texts::AUDIT);
    if !page.may(Operation::AuditSeal, Sort::Query) {
        return Err(page.forbidden(title, Operation::AuditSeal, Sort::Query));
    }
    let text = sent.value("seal").trim();
    let seal: Vec<ChainHead> = match text {
        "" => Vec::new(),
        _ => match serde_json::from_str(text) {
            Ok(seal) => seal,
            Err(_) => return Err(no_seal(&web, page).await),
        },
    };
    let verification = match verified(&web, &parts, &seal).await {
        Ok(verification) => verification,
        Err(problem) => return Err(page.failed(&problem)),
    };
    let mut view = View::new(page, title);
    let page = &view.page;
    let faults = verification.chains.len() + verification.accounts.len();
    let events = page.number(verification.events);
    view.verdict = Some(if faults == 0 {
        Verdict { tone: "good", words: page.with(texts::VERIFIED_WHOLE, &[&events]) }
    } else {
        let faults = page.number(i64::try_from(faults).unwrap_or(i64::MAX));
        Verdict { tone: "bad", words: page.with(texts::VERIFIED_FAULTS, &[&events, &faults]) }
    });
    view.facts = vec![
        (page.t(texts::WHEN), Cell::text(page.day_and_time(&web.engine.clock.now().to_string()))),
        (page.t(texts::COMPARED_WITH), Cell::text(compared(page, &seal))),
    ];
    view.tables = fault_tables(page, &verification);
    view.buttons.push(Button { address: "/audit".into(), label: view.page.t(texts::BACK) });
    Ok(respond(StatusCode::OK, &view))
}

/// With which seal the audit was compared: the number of the last event of each of its chains.
fn compared(page: &Page, seal: &[ChainHead]) -> String {
    if seal.is_empty() {
        return page.t(texts::NO_SEAL).to_owned();
    }
    let head = |head: &ChainHead| format!("{} {}", pages::chain(&head.chain, page.language), page.number(head.seq));
    seal.iter().map(head).collect::<Vec<_>>().join(", ")
}

/// The page again, with what was sent as a seal and is none.
async fn no_seal(web: &Web, page: Page) -> Response {
    let (page, heads) = match page.read(web, ListAuditHeads {}).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let error = page.t(texts::NOT_A_SEAL).to_owned();
    let title = page.with(texts::ERROR_TITLE, &[page.t(texts::AUDIT)]);
    respond(StatusCode::UNPROCESSABLE_ENTITY, &overview(View::new(page, title), &heads, Some(error)))
}

async fn verified(
    web: &Arc<Web>,
    parts: &axum::http::request::Parts,
    seal: &[ChainHead],
) -> Result<AuditVerification, Problem> {
    let answer = done_by_name(web, parts, (Sort::Query, "VerifyAudit"), &json!({ "seal": seal })).await?;
    serde_json::from_value(answer).map_err(|error| Problem::internal(&error, &web.incident()))
}

fn fault_tables(page: &Page, verification: &AuditVerification) -> Vec<Table> {
    let chain = |fault: &crate::engine::query::SealFault| {
        vec![
            Cell::text(pages::chain(&fault.chain, page.language)),
            Cell::text(fault.seq.to_string()),
            Cell::text(pages::chain_fault(&fault.what, page.language)),
        ]
    };
    let headings = [texts::CHAIN, texts::NUMBER_OF_ACT, texts::FAULT].map(|text| page.t(text)).to_vec();
    let rows: Vec<Vec<Cell>> = verification.chains.iter().map(chain).collect();
    let chains = Table { title: page.t(texts::CHAINS).into(), headings, rows, next: None };
    let account = |fault: &crate::engine::query::AccountFault| {
        vec![
            Cell::text(pages::ledger_account(&fault.account, page.language)),
            Cell::number(page, fault.booked),
            Cell::number(page, fault.moved),
        ]
    };
    let headings = [texts::PLACE_OF_BLANKS, texts::BOOKED, texts::MOVED].map(|text| page.t(text)).to_vec();
    let rows: Vec<Vec<Cell>> = verification.accounts.iter().map(account).collect();
    let accounts = Table { title: page.t(texts::BALANCES).into(), headings, rows, next: None };
    [chains, accounts].into_iter().filter(|table| !table.rows.is_empty()).collect()
}
