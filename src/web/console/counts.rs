//! Counts of blanks: the list, and one count with what its reader may do next.

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
    view::{Cell, Table, View},
};
use crate::{
    domain::{count::WhichCount, id::CountId, states::CountState},
    engine::query::{ListCounts, MadeCountLine, ShowCount, StockCountLine},
    web::context::Web,
    words::pages::{Text, texts},
};

pub(super) fn router() -> Router<Arc<Web>> {
    Router::new().route("/stock/counts", get(list)).route("/stock/counts/{count}", get(show))
}

async fn list(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let sent = Sent::of_query(&parts).unwrap_or_default();
    let (page, counts) = page.read(&web, ListCounts { closed_too: true, page: after(&sent) }).await?;
    let title = page.t(texts::COUNTS);
    let mut view = View::new(page, title);
    let page = &view.page;
    let headings = [
        texts::COUNTS,
        texts::PLACE_OF_BLANKS,
        texts::TYPE,
        texts::STATE,
        texts::COUNTER,
        texts::OPENED_BY,
        texts::WHEN,
    ];
    let row = |line: &StockCountLine| {
        vec![
            Cell::link(line.id.to_string(), address::count(line.id)),
            Cell::text(place(page, line)),
            Cell::text(&line.blank_type),
            Cell::text(page.language.count_state(line.state)),
            Cell::text(line.counter.as_deref().unwrap_or_default()),
            Cell::text(&line.opened_by),
            Cell::text(page.day_and_time(&line.opened_at)),
        ]
    };
    let rows = counts.items.iter().map(row).collect();
    let next = counts.next.map(|next| format!("/stock/counts?after={}", next.0));
    let headings = headings.map(|text| page.t(text)).to_vec();
    view.tables = vec![Table { title: String::new(), headings, rows, next }];
    view.offer("OpenCount", &[]);
    Ok(respond(StatusCode::OK, &view))
}

fn place(page: &Page, line: &StockCountLine) -> String {
    match &line.printer {
        Some(printer) => page.with(texts::HOPPER_OF, &[printer]),
        None => page.t(texts::VAULT).to_owned(),
    }
}

async fn show(State(web): State<Arc<Web>>, Path(count): Path<i64>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let (page, line) = page.read(&web, ShowCount { count: CountId(count) }).await?;
    let number = line.id.to_string();
    let title = page.with(texts::COUNT_OF, &[&number]);
    let mut view = View::new(page, title);
    let page = &view.page;
    view.lead = match line.state {
        CountState::First => page.t(texts::COUNT_BLIND).to_owned(),
        CountState::Second => format!("{} {}", page.t(texts::COUNT_SECOND), page.t(texts::COUNT_BLIND)),
        CountState::Differs => page.t(texts::COUNT_DECIDE).to_owned(),
        CountState::Equal | CountState::Booked | CountState::Cancelled => String::new(),
    };
    let (facts, made) = (facts(page, &line), counted(page, &line));
    view.facts = facts;
    view.tables = made.into_iter().collect();
    let known = [("/count", &*number)];
    match line.state {
        // The second count is made by another person.
        CountState::Second if page.is_of(line.first.as_ref().map_or("", |first| &first.by)) => {}
        CountState::First | CountState::Second => view.offer("EnterCount", &known),
        CountState::Differs => view.offer("BookCount", &known),
        CountState::Equal | CountState::Booked | CountState::Cancelled => {}
    }
    if line.state.is_open() {
        view.offer("CancelCount", &known);
    }
    Ok(respond(StatusCode::OK, &view))
}

fn facts(page: &Page, line: &StockCountLine) -> Vec<(&'static str, Cell)> {
    let by = |name: &str, at: &str| Cell::text(page.with(texts::BY_AT, &[name, &page.day_and_time(at)]));
    let counter = line.counter.as_deref().unwrap_or_else(|| page.t(texts::ANY_COUNTER));
    let mut facts = vec![
        (page.t(texts::STATE), Cell::text(page.language.count_state(line.state))),
        (page.t(texts::PLACE_OF_BLANKS), Cell::text(place(page, line))),
        (page.t(texts::TYPE), Cell::text(&line.blank_type)),
        (page.t(texts::COUNTER), Cell::text(counter)),
        (page.t(texts::OPENED_BY), by(&line.opened_by, &line.opened_at)),
        (page.t(texts::REASON), Cell::text(&line.note)),
    ];
    if let Some(which) = line.which {
        facts.push((page.t(texts::BOOKED_COUNT), Cell::text(page.t(title_of(which)))));
    }
    if let (Some(name), Some(at)) = (&line.closed_by, &line.closed_at) {
        facts.push((page.t(texts::CLOSED_BY), by(name, at)));
    }
    facts.extend(line.closed_note.as_ref().map(|note| (page.t(texts::REASON), Cell::text(note))));
    facts
}

fn title_of(which: WhichCount) -> Text {
    match which {
        WhichCount::First => texts::FIRST_COUNT,
        WhichCount::Second => texts::SECOND_COUNT,
    }
}

/// Both counts beside the book; none before the first is made.
fn counted(page: &Page, line: &StockCountLine) -> Option<Table> {
    let made = [(WhichCount::First, &line.first), (WhichCount::Second, &line.second)];
    let row = |(which, made): (WhichCount, &Option<MadeCountLine>)| {
        let made = made.as_ref()?;
        let by = line.hidden_by.map_or(line.id, |count| count.0);
        let hidden = page.with(texts::HIDDEN_BY_COUNT, &[&by.to_string()]);
        let shown =
            |number: Option<i64>| number.map_or_else(|| Cell::text(&hidden), |number| Cell::number(page, number));
        Some(vec![
            Cell::text(page.t(title_of(which))),
            Cell::text(&made.by),
            Cell::text(page.day_and_time(&made.at)),
            shown(made.counted),
            shown(made.booked),
            shown(made.counted.zip(made.booked).map(|(counted, booked)| counted - booked)),
        ])
    };
    let rows: Vec<Vec<Cell>> = made.into_iter().filter_map(row).collect();
    let headings = [texts::COUNTS, texts::BY, texts::WHEN, texts::COUNTED, texts::BOOK, texts::DIFFERENCE]
        .map(|text| page.t(text));
    (!rows.is_empty()).then(|| Table { headings: headings.to_vec(), rows, ..Table::default() })
}
