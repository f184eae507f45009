//! The search of requests by an identifier, by the words of a name, or by the number of the request.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, request::Parts},
    response::Response,
    routing::get,
};
use serde_json::{Value, json};

use super::{
    address,
    form_value::Sent,
    page::{Page, respond},
    records::{state, whereabouts},
    view::{Cell, Table},
};
use crate::{
    domain::permission::Operation,
    engine::query::{FindRequest, FoundName, FoundNames},
    web::{carry::done_by_name, context::Web, problem::Problem, route::Sort},
    words::pages::texts,
};

pub(super) fn router() -> Router<Arc<Web>> {
    Router::new().route("/records/search", get(search).post(found))
}

/// The page that finds a person's requests. What is typed stands in no address.
async fn search(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = searching(Page::of(&web, &parts).await?)?;
    Ok(respond(StatusCode::OK, &Search::empty(page)))
}

/// The page, if the person may search.
#[expect(clippy::result_large_err, reason = "the response is sent, and goes no further")]
fn searching(mut page: Page) -> Result<Page, Response> {
    page.t(texts::SEARCH).clone_into(&mut page.title);
    if page.may(Operation::RecordSearch, Sort::Act) {
        return Ok(page);
    }
    let title = page.title.clone();
    Err(page.forbidden(&title, Operation::RecordSearch, Sort::Act))
}

/// The search with what it found.
#[derive(askama::Template)]
#[template(path = "search.html", config = "src/web/console/askama.toml")]
struct Search {
    page: Page,
    error: Option<String>,
    /// That nothing was found.
    nothing: Option<String>,
    /// The words of a name that were searched. They stand in the page, which is not stored, and in no address.
    name: String,
    /// Where the next page of them begins.
    next: Option<i64>,
    tables: Vec<Table>,
}

impl Search {
    /// The form, before anything was searched.
    fn empty(page: Page) -> Self {
        Self { page, error: None, nothing: None, name: String::new(), next: None, tables: vec![] }
    }
}

/// The records that were found. The search has the limits of the API.
async fn searched(web: &Arc<Web>, parts: &Parts, (name, arguments): (&str, Value)) -> Result<FoundNames, Problem> {
    let nothing = FoundNames { records: Vec::new(), next: None, complete: true };
    let answer = done_by_name(web, parts, (Sort::Query, name), &arguments).await?;
    // Cannot fail: it is what the queries answer.
    Ok(match serde_json::from_value::<FoundNames>(answer.clone()) {
        Ok(found) => found,
        Err(_) => FoundNames { records: serde_json::from_value(answer).unwrap_or_default(), ..nothing },
    })
}

/// What was found: of persons with the same name, the end of the identifier and the place tell which one stands at the counter.
fn found_table(page: &Page, records: &[FoundName]) -> Table {
    let headings = [
        texts::REQUEST,
        texts::IDENTIFIER_END,
        texts::DISTRICT,
        texts::VILLAGE,
        texts::SOURCE,
        texts::STATE,
        texts::QUEUED_AT,
    ];
    let row = |found: &FoundName| {
        let record = &found.found.record;
        vec![
            Cell::link(&record.request_id, address::record(&record.source, &record.request_id)),
            Cell::text(found.identifier.as_deref().unwrap_or_default()),
            Cell::text(&record.district),
            Cell::text(&record.village),
            Cell::text(&record.source),
            Cell::text(state(page, record)),
            Cell::text(whereabouts(page, &found.found)),
        ]
    };
    let headings = headings.map(|text| page.t(text)).to_vec();
    Table { title: page.t(texts::FOUND).into(), headings, rows: records.iter().map(row).collect(), next: None }
}

async fn found(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (mut parts, body) = request.into_parts();
    let sent = Sent::read(&web, &parts, body).await;
    let sent = sent.map_err(|problem| Page::open(&web, &parts).failed(&problem))?;
    sent.put_into_headers(&mut parts);
    let mut page = Page::of(&web, &parts).await?;
    page.t(texts::SEARCH).clone_into(&mut page.title);
    let (identifier, name) = (sent.value("identifier").trim(), sent.value("name").trim());
    let after: Option<i64> = sent.value("after").parse().ok();
    let name_shown = if identifier.is_empty() { name.to_owned() } else { String::new() };
    if identifier.is_empty() && name.is_empty() {
        let nothing = Some(page.t(texts::SEARCH_EMPTY).to_owned());
        return Ok(respond(StatusCode::OK, &Search { nothing, ..Search::empty(page) }));
    }
    let asked = if identifier.is_empty() {
        ("FindName", json!({ "name": name, "after": after }))
    } else {
        ("FindPerson", json!({ "identifier": identifier }))
    };
    match searched(&web, &parts, asked).await {
        Ok(FoundNames { records, next, complete }) => {
            page.notice = (!complete).then(|| page.t(texts::NAMES_NOT_INDEXED).to_owned());
            let table = found_table(&page, &records);
            let next = next.map(|next| next.0);
            let found = Search { name: name_shown, next, tables: vec![table], ..Search::empty(page) };
            Ok(respond(StatusCode::OK, &found))
        }
        // To have found nothing is an answer. What is no identifier of a person may be the number of a request.
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => {
            if let Some(records) = of_number(&web, &page, identifier).await {
                let tables = vec![found_table(&page, &records)];
                return Ok(respond(StatusCode::OK, &Search { tables, ..Search::empty(page) }));
            }
            let nothing = Some(page.told(&problem));
            Ok(respond(StatusCode::OK, &Search { nothing, name: name_shown, ..Search::empty(page) }))
        }
        Err(problem) => {
            let (status, error) = (problem.status(), Some(page.told(&problem)));
            Ok(respond(status, &Search { error, name: name_shown, ..Search::empty(page) }))
        }
    }
}

/// The requests with this number, of all sources; `None` if there is none.
async fn of_number(web: &Web, page: &Page, number: &str) -> Option<Vec<FoundName>> {
    let request_id = (!number.is_empty()).then(|| number.to_owned())?;
    let found = page.ask(web, FindRequest { request_id }).await.ok()?;
    let records: Vec<_> = found.into_iter().map(|found| FoundName { found, identifier: None }).collect();
    (!records.is_empty()).then_some(records)
}
