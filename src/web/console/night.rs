//! The last night in numbers.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::Response,
};

use super::{
    address,
    form_value::Sent,
    night_report,
    page::{Page, respond},
    plan,
    records::after,
    tiles::{reasons, tone},
    view::{Cell, Table, View},
};
use crate::{
    domain::{standing::Standing, states::AttemptState, time::Timestamp},
    engine::query::{Board, EndedAttemptLine, ListAttempts, Night, NightLine, ReportNight},
    web::context::Web,
    words::pages::{self, texts},
};

pub(super) async fn show(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let sent = Sent::of_query(&parts).unwrap_or_default();
    let asked = plan::night(&sent);
    let (page, report) = page.read(&web, ReportNight { night: asked }).await?;
    let page = super::needs::with_asked(&web, page, &report.needs).await?;
    let night = &report.night;
    let is_last = night.next.is_none();
    let since = Timestamp::parse(&night.since);
    let until = Timestamp::parse(&night.until);
    let uncertain =
        ListAttempts { outcome: Some(AttemptState::Uncertain), printer: None, since, until, page: after(&sent) };
    let (page, uncertain) = page.read(&web, uncertain).await?;
    let title = match asked {
        Some(evening) => page.with(texts::NIGHT_OF, &[&evening.to_string()]),
        None => page.t(texts::LAST_NIGHT).to_owned(),
    };
    let mut view = View::new(page, title);
    let page = &view.page;
    let mut lead = page.with(texts::NIGHT_SINCE, &[&page.day_and_time(&night.since), &page.day_and_time(&night.until)]);
    if !night.is_whole {
        lead = format!("{lead} {}", page.t(texts::NIGHT_SO_FAR));
    }
    let facts = facts(page, night);
    let mut tables = vec![printers(page, night)];
    if let Some(shown) = page.shown.as_ref().filter(|_| is_last) {
        tables.insert(0, stopped(page, &shown.board));
    }
    tables.extend(night_report::tables(page, &report));
    let next = uncertain.next.map(|next| format!("/night?night={}&after={}", night.evening, next.0));
    tables.push(ended(page, &uncertain.items, next));
    let buttons = plan::nights(page, "/night", Some(night.previous), night.next);
    (view.lead, view.buttons, view.facts, view.tables) = (lead, buttons, facts, tables);
    Ok(respond(StatusCode::OK, &view))
}

fn facts(page: &Page, night: &Night) -> Vec<(&'static str, Cell)> {
    let sum = |of: fn(&NightLine) -> i64| night.printers.iter().map(of).sum::<i64>();
    let uncertain = sum(|line| line.uncertain);
    vec![
        (page.t(texts::PRINTED), Cell::number(page, sum(|line| line.printed))),
        (page.t(texts::SPOILED), Cell::number(page, sum(|line| line.spoiled))),
        (page.t(texts::UNKNOWN_OUTCOME), Cell { address: Some("/inspect".into()), ..Cell::number(page, uncertain) }),
        (page.t(texts::REJECTED), Cell::number(page, night.rejected)),
        (page.t(texts::BLANKS_USED), Cell::number(page, night.used)),
    ]
}

/// The printers that print nothing, and why.
fn stopped(page: &Page, board: &Board) -> Table {
    let headings = [texts::PRINTER, texts::STANDING, texts::REASONS].map(|text| page.t(text)).to_vec();
    let is_paused = |standing: &Standing| matches!(standing, Standing::Paused { .. });
    let stopped = board.printers.iter().filter(|one| tone(one) == "bad" || is_paused(&one.standing));
    let rows = stopped.map(|printer| {
        vec![
            Cell::link(&printer.name, address::printer(&printer.name)),
            Cell::text(pages::standing(&printer.standing, page.language, &page.zone)),
            Cell::text(reasons(page, printer).join("; ")),
        ]
    });
    Table { title: page.t(texts::WHAT_STOPPED).into(), headings, rows: rows.collect(), next: None }
}

fn printers(page: &Page, night: &Night) -> Table {
    let headings = [texts::PRINTER, texts::PRINTED, texts::SPOILED, texts::UNKNOWN_OUTCOME, texts::NOT_STARTED];
    let row = |line: &NightLine| {
        let numbers = [line.printed, line.spoiled, line.uncertain, line.not_started];
        let name = Cell::link(&line.printer, address::printer(&line.printer));
        std::iter::once(name).chain(numbers.map(|number| Cell::number(page, number))).collect()
    };
    let rows = night.printers.iter().map(row).collect();
    Table {
        title: page.t(texts::PRINTERS).into(),
        headings: headings.map(|text| page.t(text)).to_vec(),
        rows,
        next: None,
    }
}

/// The cards whose outcome is, or was, unknown, with what their printers said.
fn ended(page: &Page, attempts: &[EndedAttemptLine], next: Option<String>) -> Table {
    let headings = [texts::WHEN, texts::PRINTER, texts::REQUEST, texts::REASON].map(|text| page.t(text)).to_vec();
    let row = |line: &EndedAttemptLine| {
        let reason = line.reason.as_deref().map(|reason| pages::stored_reason(reason, page.language));
        vec![
            Cell::text(page.day_and_time(&line.ended_at)),
            Cell::link(&line.printer, address::printer(&line.printer)),
            Cell::link(&line.request_id, address::record(&line.source, &line.request_id)),
            Cell::text(page.times_of(&reason.unwrap_or_default())),
        ]
    };
    Table { title: page.t(texts::SINCE_THEN).into(), headings, rows: attempts.iter().map(row).collect(), next }
}
