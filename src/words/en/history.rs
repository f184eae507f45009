//! The history of a record in lines: what lists, people and printers did, and when.

use jiff::tz::TimeZone;

use super::{
    place::class,
    reason::{quote, reason, with_note},
    time::local,
};
use crate::{
    domain::{
        audit_row::RecordedEvent,
        reason::{Reason, StoredReason},
        time::Timestamp,
    },
    engine::query::{AttemptLine, JobLine},
};

/// Rows for a table, oldest first: instant in the office's time zone, who, what. The reasons of the attempts are in words already.
pub fn history_rows(events: &[RecordedEvent], jobs: &[JobLine], zone: &TimeZone) -> Vec<Vec<String>> {
    let attempts = jobs.iter().flat_map(|job| job.attempts.iter().map(move |attempt| (job, attempt)));
    let mut rows: Vec<_> = attempts.map(|(job, attempt)| attempt_row(job, attempt)).collect();
    rows.extend(events.iter().map(event_row));
    rows.sort_by_key(|row| row.first().and_then(|at| Timestamp::parse(at)));
    for at in rows.iter_mut().filter_map(|row| row.first_mut()) {
        *at = local(at, zone);
    }
    rows
}

fn attempt_row(job: &JobLine, attempt: &AttemptLine) -> Vec<String> {
    let at = attempt.ended_at.as_ref().unwrap_or(&attempt.began_at).clone();
    let outcome = attempt.outcome.as_deref().unwrap_or("not ended");
    let why = with_note(attempt.reason.as_deref(), attempt.note.as_deref());
    let why = why.map_or_else(String::new, |why| format!(" ({why})"));
    let what = format!("copy {}, batch {}, attempt {}: {outcome}{why}", job.copy, job.batch, attempt.id);
    vec![at, format!("printer {}", attempt.printer), what]
}

fn event_row(event: &RecordedEvent) -> Vec<String> {
    let act = event.act.replace(['.', '-'], " ");
    let details: Vec<String> = event.details.iter().map(|(key, value)| detail(key, value)).collect();
    let what = if details.is_empty() { act } else { format!("{act}: {}", details.join(", ")) };
    vec![event.at.clone(), event.actor.clone(), what]
}

fn detail(key: &str, value: &serde_json::Value) -> String {
    match (value.as_str(), key) {
        (Some(text), "note") => quote(text),
        (Some(text), "class" | "from_class") => {
            format!("{} {}", key.replace('_', " "), text.parse().map_or_else(|_| text.to_owned(), class))
        }
        (Some(text), _) => format!("{key} {text}"),
        (None, _) => match Reason::from_stored(&value.to_string()) {
            StoredReason::Coded(coded) => reason(&coded),
            StoredReason::Quoted(text) => format!("{key} {text}"),
        },
    }
}
