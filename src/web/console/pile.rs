//! The pile of a batch: which of its cards were checked, and which are missing.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Request, State},
    http::StatusCode,
    response::Response,
    routing::get,
};

use super::{
    address,
    page::{Page, respond},
    view::{Button, Cell, Table, Verdict, View},
};
use crate::{
    domain::{id::BatchId, permission::Operation, states::RecordState},
    engine::query::{Limit, ListRecords, PageRequest, RecordLine, ShowBatch},
    web::{context::Web, route::Sort},
    words::pages::texts,
};

/// The most pages of a batch that are read at once.
const PAGES_MAX: usize = 10;

pub(super) fn router() -> Router<Arc<Web>> {
    Router::new().route("/batches/{batch}/pile", get(show))
}

async fn show(State(web): State<Arc<Web>>, Path(number): Path<i64>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let (mut page, batch) = page.read(&web, ShowBatch { batch: BatchId(number) }).await?;
    let mut unchecked: Vec<RecordLine> = Vec::new();
    let (mut after, mut pages) = (None, 0);
    loop {
        let query = ListRecords {
            state: Some(RecordState::Printed),
            checked: Some(false),
            batch: Some(BatchId(number)),
            page: PageRequest { after, limit: Limit::MAX },
            ..ListRecords::default()
        };
        let (again, read) = page.read(&web, query).await?;
        page = again;
        unchecked.extend(read.items);
        (after, pages) = (read.next, pages + 1);
        if after.is_none() || pages == PAGES_MAX {
            break;
        }
    }
    let title = page.with(texts::PILE_OF, &[&number.to_string()]);
    let mut view = View::new(page, title);
    tell(&mut view, batch.printed, &unchecked);
    if view.page.may(Operation::CardCheck, Sort::Act) {
        view.buttons.push(Button { address: "/check".into(), label: view.page.t(texts::QUALITY_CHECK) });
    }
    view.buttons.push(Button { address: address::batch(number), label: view.page.t(texts::BACK) });
    Ok(respond(StatusCode::OK, &view))
}

/// How many cards are expected, checked and missing, and which are missing.
fn tell(view: &mut View, printed: i64, unchecked: &[RecordLine]) {
    let page = &view.page;
    let missing = i64::try_from(unchecked.len()).unwrap_or(i64::MAX);
    let checked = (printed - missing).max(0);
    let (tone, text) = if missing == 0 { ("good", texts::PILE_WHOLE) } else { ("bad", texts::PILE_MISSING) };
    view.verdict = (printed > 0).then(|| Verdict { tone, words: page.with(text, &[&page.number(missing)]) });
    view.facts = vec![
        (page.t(texts::PILE_EXPECTED), Cell::number(page, printed)),
        (page.t(texts::PILE_CHECKED), Cell::gauge(page.number(checked), Some(checked), Some(printed.max(1)))),
        (page.t(texts::PILE_LEFT), Cell::number(page, missing)),
    ];
    let headings = [texts::REQUEST, texts::SOURCE, texts::DISTRICT, texts::VILLAGE].map(|text| page.t(text)).to_vec();
    let row = |record: &RecordLine| {
        vec![
            Cell::link(&record.request_id, address::record(&record.source, &record.request_id)),
            Cell::text(&record.source),
            Cell::text(&record.district),
            Cell::text(&record.village),
        ]
    };
    let rows = unchecked.iter().map(row).collect();
    let title = page.t(texts::PILE_LEFT).to_owned();
    view.tables.extend((missing > 0).then_some(Table { title, headings, rows, next: None }));
}
