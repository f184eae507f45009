//! Sources: all that are pulled, and one with what of its lists waits.

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
    view::{Cell, Table, View},
};
use crate::{
    domain::{
        refusal::Refusal,
        source::{ListFault, RefusedList},
    },
    engine::query::{ListSources, SourceLine, SourceStanding},
    web::{context::Web, problem::Problem},
    words::pages::{self, texts},
};

pub(super) fn router() -> Router<Arc<Web>> {
    Router::new().route("/sources", get(list)).route("/sources/{source_name}", get(show))
}

async fn list(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let (page, sources) = page.read(&web, ListSources {}).await?;
    let title = page.t(texts::SOURCES);
    let mut view = View::new(page, title);
    let page = &view.page;
    if sources.is_empty() {
        view.lead = page.t(texts::SOURCES_NONE).to_owned();
        return Ok(respond(StatusCode::OK, &view));
    }
    let row = |source: &SourceLine| {
        vec![
            Cell::link(source.name.clone(), address::source(&source.name)),
            Cell::text(&source.profile),
            Cell::text(standing(page, source)),
            last(page, source),
            Cell::number(page, source.waiting),
            Cell::number(page, source.refused),
        ]
    };
    let rows = sources.iter().map(row).collect();
    let headings =
        [texts::SOURCE, texts::PROFILE, texts::STATE, texts::SOURCE_LAST, texts::LISTS_WAITING, texts::FILES_REFUSED];
    let headings = headings.map(|text| page.t(text)).to_vec();
    view.tables = vec![Table { title: String::new(), headings, rows, next: None }];
    Ok(respond(StatusCode::OK, &view))
}

async fn show(State(web): State<Arc<Web>>, Path(name): Path<String>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let (page, sources) = page.read(&web, ListSources {}).await?;
    let known = || sources.iter().map(|source| source.name.clone()).collect();
    let Some(source) = sources.iter().find(|source| source.name == name) else {
        return Err(page.failed(&Problem::refused(&Refusal::NoSource { source: name, known: known() })));
    };
    let title = page.with(texts::SOURCE_OF, &[&source.name]);
    let mut view = View::new(page, title);
    let page = &view.page;
    if source.refused > 0 {
        view.lead = page.t(texts::REFUSED_REMEDY).to_owned();
    }
    let mut facts = vec![
        (page.t(texts::STATE), Cell::text(standing(page, source))),
        (page.t(texts::SOURCE_LAST), last(page, source)),
        (page.t(texts::LISTS_WAITING), Cell::number(page, source.waiting)),
        (page.t(texts::FILES_REFUSED), Cell::number(page, source.refused)),
    ];
    let refused = source.last_refused.as_ref().map(|list| Cell::text(refused_list(page, list)));
    facts.extend(refused.map(|list| (page.t(texts::LAST_REFUSED), list)));
    let every = Cell::number(page, i64::try_from(source.every_s).unwrap_or(i64::MAX));
    facts.extend([
        (page.t(texts::PROFILE), Cell::text(&source.profile)),
        (page.t(texts::SOURCE_FOLDER), Cell::text(&source.folder)),
        (page.t(texts::SOURCE_EVERY), every),
    ]);
    facts.extend(source.node.as_ref().map(|node| (page.t(texts::SOURCE_NODE), Cell::text(node))));
    view.facts = facts;
    let act = if source.pause.is_some() { "ResumeSource" } else { "PauseSource" };
    view.offer(act, &[("/source", &*source.name)]);
    Ok(respond(StatusCode::OK, &view))
}

fn last(page: &Page, source: &SourceLine) -> Cell {
    Cell::text(source.succeeded_at.as_deref().map_or_else(String::new, |at| page.day_and_time(at)))
}

fn standing(page: &Page, source: &SourceLine) -> String {
    let fault = source.fault.map_or("", |fault| page.t(pages::source_fault(fault)));
    let since = || source.failing_since.as_deref().map_or_else(String::new, |at| page.day_and_time(at));
    match (source.standing, &source.pause) {
        (SourceStanding::Paused, Some(pause)) => {
            page.with(texts::STANDING_PAUSED, &[&pause.by, &page.day_and_time(&pause.since), &pause.note])
        }
        (SourceStanding::Away, _) => page.with(texts::STANDING_AWAY, &[&since(), fault]),
        (SourceStanding::Failing, _) => page.with(texts::STANDING_FAILING, &[fault]),
        (SourceStanding::Present, _) => page.t(texts::STANDING_PRESENT).to_owned(),
        (SourceStanding::NotPulled | SourceStanding::Paused, _) => page.t(texts::STANDING_NOT_PULLED).to_owned(),
    }
}

fn refused_list(page: &Page, list: &RefusedList) -> String {
    let why = match &list.why {
        ListFault::List { refusal } => page.language.refusal(refusal),
        ListFault::Rows { refused, rows } => {
            let number = |number: u64| page.number(i64::try_from(number).unwrap_or(i64::MAX));
            page.with(texts::LIST_ROWS_REFUSED, &[&number(*refused), &number(*rows)])
        }
    };
    format!("{}: {why}", list.file_name)
}
