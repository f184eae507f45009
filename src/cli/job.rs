//! `cetak job`.

use super::{
    Message,
    access::Access,
    args::JobCommand,
    output::{Output, table},
    pages, words,
};
use crate::{
    domain::{
        id::{BatchId, JobId},
        job::JobState,
    },
    engine::{
        client::Client,
        query::{AttemptLine, JobLine, JobsOf, ListJobs, ShowJob},
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
        JobCommand::Show { job } => {
            let mut found = access.query(ShowJob { job: JobId(job) }).await?;
            word_reasons(std::slice::from_mut(&mut found), out);
            out.data(&found, |job| jobs_text(std::slice::from_ref(job)))?;
        }
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
