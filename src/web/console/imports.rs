//! Imports: the list, and one import with what it did and what undoing it would do.

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
    form_value::Sent,
    page::{Page, respond},
    records::after,
    view::{Button, Cell, Filter, Table, View},
};
use crate::{
    domain::{
        id::ImportId,
        permission::Operation,
        undo::{ImportDeed, UndoFate},
    },
    engine::query::{
        FateCount, ImportCounts, ImportLine, ImportRecordLine, ImportShown, ImportState, ListImportRecords,
        ListImports, ShowImport,
    },
    web::{context::Web, route::Sort},
    words::pages::{Text, texts},
};

pub(super) fn router() -> Router<Arc<Web>> {
    Router::new().route("/imports", get(list)).route("/imports/{import}", get(show))
}

async fn list(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let sent = Sent::of_query(&parts).unwrap_or_default();
    let (page, imports) = page.read(&web, ListImports { page: after(&sent) }).await?;
    let title = page.t(texts::IMPORTS);
    let mut view = View::new(page, title);
    let page = &view.page;
    let headings = [
        texts::IMPORT_NUMBER,
        texts::IMPORT_FILE,
        texts::SOURCE,
        texts::PROFILE,
        texts::IMPORT_ROWS,
        texts::STATE,
        texts::BY,
        texts::WHEN,
    ];
    let row = |line: &ImportLine| {
        vec![
            Cell::link(line.id.to_string(), address::import(line.id.0)),
            Cell::text(&line.file_name),
            Cell::text(&line.source),
            Cell::text(&line.profile),
            count(page, line.counts.rows),
            Cell::text(page.t(state(line.state))),
            Cell::text(&line.by),
            Cell::text(page.day_and_time(&line.at)),
        ]
    };
    let rows = imports.items.iter().map(row).collect();
    let next = imports.next.map(|next| format!("/imports?after={}", next.0));
    let headings = headings.map(|text| page.t(text)).to_vec();
    view.tables = vec![Table { title: String::new(), headings, rows, next }];
    if view.page.may(Operation::Import, Sort::Act) {
        let label = view.page.t(texts::IMPORT);
        view.buttons.push(Button { address: "/import".into(), label });
    }
    Ok(respond(StatusCode::OK, &view))
}

fn state(state: ImportState) -> Text {
    match state {
        ImportState::Running => texts::IMPORT_NOT_ENDED,
        ImportState::Ended => texts::IMPORT_ENDED,
        ImportState::Undone => texts::IMPORT_UNDONE,
    }
}

fn count(page: &Page, number: u64) -> Cell {
    Cell::number(page, i64::try_from(number).unwrap_or(i64::MAX))
}

async fn show(State(web): State<Arc<Web>>, Path(import): Path<i64>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let sent = Sent::of_query(&parts).unwrap_or_default();
    let (page, shown) = page.read(&web, ShowImport { import: ImportId(import) }).await?;
    let fate: Option<UndoFate> = sent.value("fate").parse().ok();
    let asked = ListImportRecords { import: ImportId(import), fate, page: after(&sent) };
    let (page, records) = page.read(&web, asked).await?;
    let number = import.to_string();
    let title = page.with(texts::IMPORT_OF, &[&number]);
    let mut view = View::new(page, title);
    let page = &view.page;
    if shown.is_more {
        view.lead = page.t(texts::IMPORT_TOO_LARGE).to_owned();
    }
    let next = records.next.map(|next| {
        let fate = fate.map_or("", UndoFate::as_str);
        address::with_query(&address::import(import), &[("fate", fate), ("after", &next.0.to_string())])
    });
    let facts = facts(page, &shown.import);
    let mut tables = vec![outcome(page, &shown.import.counts)];
    tables.extend((!shown.would.is_empty()).then(|| would(page, &shown)));
    tables.push(list_of(page, &records.items, next));
    let filters = vec![filter(page, fate)];
    (view.facts, view.tables, view.filters) = (facts, tables, filters);
    let can_be_undone = shown.would.iter().any(|of| !matches!(of.fate, UndoFate::HandedOver | UndoFate::Kept));
    if can_be_undone && !shown.is_more {
        view.offer("UndoImport", &[("/import", &*number)]);
    }
    Ok(respond(StatusCode::OK, &view))
}

fn facts(page: &Page, line: &ImportLine) -> Vec<(&'static str, Cell)> {
    vec![
        (page.t(texts::STATE), Cell::text(page.t(state(line.state)))),
        (page.t(texts::IMPORT_FILE), Cell::text(&line.file_name)),
        (page.t(texts::SOURCE), Cell::text(&line.source)),
        (page.t(texts::PROFILE), Cell::text(&line.profile)),
        (page.t(texts::BY), Cell::text(page.with(texts::BY_AT, &[&line.by, &page.day_and_time(&line.at)]))),
    ]
}

fn outcome(page: &Page, counts: &ImportCounts) -> Table {
    let numbers = [
        (texts::ROWS_ACCEPTED, counts.accepted),
        (texts::ROWS_UPDATED, counts.updated),
        (texts::ROWS_KNOWN, counts.known),
        (texts::ROWS_QUARANTINED, counts.quarantined),
        (texts::ROWS_WITHDRAWN, counts.withdrawn),
        (texts::ROWS_RESTORED, counts.restored),
        (texts::ROWS_REFUSED, counts.refused),
    ];
    let told = numbers.into_iter().filter(|(_, number)| *number > 0);
    let rows = told.map(|(text, number)| vec![Cell::text(page.t(text)), count(page, number)]).collect();
    let headings = [texts::IMPORT_BECOMES, texts::NUMBER].map(|text| page.t(text)).to_vec();
    Table { title: page.t(texts::IMPORT_ROWS).into(), headings, rows, next: None }
}

/// What undoing it would do.
fn would(page: &Page, shown: &ImportShown) -> Table {
    let row = |of: &FateCount| {
        let listed = address::with_query(&address::import(shown.import.id.0), &[("fate", of.fate.as_str())]);
        vec![Cell::link(page.t(fate_text(of.fate)), listed), Cell::number(page, of.records)]
    };
    let headings = [texts::IF_UNDONE, texts::NUMBER].map(|text| page.t(text)).to_vec();
    Table { title: page.t(texts::IF_UNDONE).into(), headings, rows: shown.would.iter().map(row).collect(), next: None }
}

fn fate_text(fate: UndoFate) -> Text {
    match fate {
        UndoFate::Withdrawn => texts::FATE_WITHDRAWN,
        UndoFate::Reverted => texts::FATE_REVERTED,
        UndoFate::Stopped => texts::FATE_STOPPED,
        UndoFate::HandedOver => texts::FATE_HANDED_OVER,
        UndoFate::Kept => texts::FATE_KEPT,
    }
}

fn deed(deed: ImportDeed) -> Text {
    match deed {
        ImportDeed::Added => texts::DEED_ADDED,
        ImportDeed::Updated => texts::ROWS_UPDATED,
        ImportDeed::Withdrawn => texts::ROWS_WITHDRAWN,
        ImportDeed::Restored => texts::ROWS_RESTORED,
    }
}

fn list_of(page: &Page, records: &[ImportRecordLine], next: Option<String>) -> Table {
    let row = |line: &ImportRecordLine| {
        vec![
            Cell::link(&line.request_id, address::record(&line.source, &line.request_id)),
            Cell::text(page.t(deed(line.deed))),
            Cell::text(page.language.record_state(line.state)),
            Cell::text(page.t(fate_text(line.fate))),
        ]
    };
    let headings = [texts::REQUEST, texts::BY_THE_IMPORT, texts::STATE, texts::IF_UNDONE];
    let headings = headings.map(|text| page.t(text)).to_vec();
    Table { title: page.t(texts::RECORDS).into(), headings, rows: records.iter().map(row).collect(), next }
}

/// The choice of a fate, by which the records are listed.
fn filter(page: &Page, chosen: Option<UndoFate>) -> Filter {
    let choice = |fate: UndoFate| (fate.as_str().to_owned(), page.t(fate_text(fate)).to_owned());
    let choices = std::iter::once((String::new(), page.t(texts::ALL_RECORDS).to_owned()));
    Filter {
        name: "fate",
        label: page.t(texts::IF_UNDONE),
        value: chosen.map_or("", UndoFate::as_str).to_owned(),
        choices: choices.chain(UndoFate::ALL.into_iter().map(choice)).collect(),
    }
}
