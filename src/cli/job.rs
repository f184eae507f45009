//! `cetak job`.

use super::{
    Message,
    access::Access,
    args::{JobCommand, PageArgs},
    output::{Output, message, table},
    pages, words,
};
use crate::{
    domain::{
        id::{BatchId, JobId},
        job::JobState,
    },
    engine::{
        client::Client,
        query::{
            AttemptLine, Cursor, EndedAttemptLine, JobLine, JobsOf, ListAttempts, ListJobs, Page, PageRequest, ShowJob,
        },
    },
};

pub(super) async fn command(access: &Access, out: Output, command: JobCommand) -> anyhow::Result<()> {
    match command {
        JobCommand::List { batch, state } => {
            let unknown = |state: &str| {
                Message::new(
                    format!("`{state}` is not a job state"),
                    format!("the states are `{}`", JobState::names().join("`, `")),
                )
            };
            let parse = |state: String| state.parse::<JobState>().map_err(|_| unknown(&state));
            let state = state.map(parse).transpose()?;
            let of = batch.map_or(JobsOf::All, |batch| JobsOf::Batch(BatchId(batch)));
            let mut jobs = pages::all(access, |page| ListJobs { of: of.clone(), state, page }).await?;
            word_reasons(&mut jobs, out);
            out.data(&jobs, |jobs| jobs_text(jobs))?;
        }
        JobCommand::Attempts { outcome, printer, since, until, page } => {
            let asked = ListAttempts { outcome, printer, since, until, page: PageRequest::default() };
            attempts(access, out, asked, page).await?;
        }
        JobCommand::Show { job } => {
            let mut found = access.query(ShowJob { job: JobId(job) }).await?;
            word_reasons(std::slice::from_mut(&mut found.job), out);
            out.data(&found, |found| jobs_text(std::slice::from_ref(&found.job)))?;
        }
    }
    Ok(())
}

/// A page of attempts that have ended.
async fn attempts(access: &Access, out: Output, asked: ListAttempts, page: PageArgs) -> anyhow::Result<()> {
    let most = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let list = |page| ListAttempts { page, ..asked.clone() };
    let Page { mut items, next, .. } = pages::some(access, most, page.after.map(Cursor), list).await?;
    for line in &mut items {
        words::word_reason(&mut line.reason, out.json);
    }
    let value = serde_json::json!({ "attempts": items, "next": next });
    let row = |line: &EndedAttemptLine| {
        vec![
            words::local(&line.ended_at, access.zone()),
            line.printer.clone(),
            line.outcome.as_str().to_owned(),
            line.batch.to_string(),
            line.source.clone(),
            line.request_id.clone(),
            line.copy.to_string(),
            words::with_note(line.reason.as_deref(), line.note.as_deref()).unwrap_or_default(),
        ]
    };
    let header = ["ended", "printer", "outcome", "batch", "source", "request id", "copy", "reason"];
    out.data(&value, |_| table(&header, &items.iter().map(row).collect::<Vec<_>>()))?;
    if let (Some(Cursor(next)), false) = (next, out.json) {
        message(&format!("hint: there may be more; go on with `--after {next}`"));
    }
    Ok(())
}

/// Replaces the stored reasons of attempts by their text.
pub(super) fn word_reasons(jobs: &mut [JobLine], out: Output) {
    let attempts = jobs.iter_mut().flat_map(|job| &mut job.attempts);
    attempts.for_each(|attempt| words::word_reason(&mut attempt.reason, out.json));
}

pub(super) fn jobs_text(jobs: &[JobLine]) -> String {
    let row = |job: &JobLine| {
        let outcome = |a: &AttemptLine| {
            let Some(outcome) = a.outcome.as_deref() else { return format!("open: {}", a.id) };
            let reason = words::with_note(a.reason.as_deref(), a.note.as_deref());
            reason.map_or(outcome.to_owned(), |reason| format!("{outcome} ({reason})"))
        };
        let attempts = job.attempts.iter().map(outcome).collect::<Vec<_>>().join(", ");
        vec![
            job.id.to_string(),
            job.batch.to_string(),
            job.request_id.clone(),
            job.copy.to_string(),
            job.state.clone(),
            attempts,
        ]
    };
    table(&["job", "batch", "request id", "copy", "state", "attempts"], &jobs.iter().map(row).collect::<Vec<_>>())
}
