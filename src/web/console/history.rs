//! What became of a record: its attempts, and what people and lists did with it.

use super::{
    address,
    page::Page,
    view::{Cell, Table, button},
};
use crate::{
    domain::audit_row::RecordedEvent,
    engine::query::{AttemptLine, JobLine},
    words::pages::{self, texts},
};

/// The attempts at a record's cards, each with its reason.
pub(super) fn attempts(page: &Page, jobs: &[JobLine]) -> Table {
    let headings =
        [texts::ATTEMPT, texts::PRINTER, texts::BATCH, texts::OUTCOME, texts::REASON, texts::WHEN, texts::OPERATION]
            .map(|text| page.t(text));
    let row = |job: &JobLine, attempt: &AttemptLine| {
        let reason = attempt.reason.as_deref().map(|reason| pages::stored_reason(reason, page.language));
        let why: Vec<String> = reason.into_iter().chain(attempt.note.clone()).collect();
        vec![
            Cell::text(&attempt.id),
            Cell::link(&attempt.printer, address::printer(&attempt.printer)),
            Cell::link(job.batch.to_string(), address::batch(job.batch)),
            Cell::text(outcome(page, attempt.outcome.as_deref())),
            Cell::text(why.join(": ")),
            Cell::text(page.day_and_time(attempt.ended_at.as_deref().unwrap_or(&attempt.began_at))),
            giving_up(page, attempt),
        ]
    };
    let rows = jobs.iter().flat_map(|job| job.attempts.iter().map(move |attempt| row(job, attempt)));
    Table { title: page.t(texts::ATTEMPTS).into(), headings: headings.to_vec(), rows: rows.collect(), next: None }
}

/// The act that gives up an attempt whose printer does not answer any more; empty for one that has ended.
pub(super) fn giving_up(page: &Page, attempt: &AttemptLine) -> Cell {
    let button = button(page, "DeclareUncertain", &[("/attempt", &attempt.id)]);
    let open = button.filter(|_| attempt.outcome.is_none());
    open.map_or_else(Cell::default, |button| Cell::link(button.label, button.address))
}

/// How an attempt ended; a dash while it is open.
fn outcome(page: &Page, outcome: Option<&str>) -> &'static str {
    let state = outcome.and_then(|outcome| outcome.parse().ok());
    state.map_or("–", |state| page.language.attempt_state(state))
}

/// What people and lists did with a record, the newest first.
pub(super) fn events(page: &Page, events: &[RecordedEvent]) -> Table {
    let headings = [texts::WHEN, texts::BY, texts::EVENT, texts::REASON].map(|text| page.t(text)).to_vec();
    let row = |event: &RecordedEvent| {
        vec![
            Cell::text(page.day_and_time(&event.at)),
            Cell::text(pages::actor(&event.actor, page.language)),
            Cell::text(pages::event(&event.act, page.language)),
            Cell::text(pages::event_reason(event, page.language)),
        ]
    };
    Table { title: page.t(texts::HISTORY).into(), headings, rows: events.iter().rev().map(row).collect(), next: None }
}
