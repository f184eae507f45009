//! `cetak job`.

use super::{
    Message,
    args::JobCommand,
    output::{Output, table},
    words,
};
use crate::{
    domain::{id::JobId, job::JobState, refusal::Refusal},
    engine::{Engine, EngineError},
    store::{JobFilter, JobLine},
};

pub(super) async fn command(engine: &Engine, out: Output, command: JobCommand) -> anyhow::Result<()> {
    let mut tx = engine.store.read().await?;
    match command {
        JobCommand::List { batch, state } => {
            if let Some(state) = &state {
                let unknown = || {
                    Message::new(
                        format!("`{state}` is not a job state"),
                        format!("the states are `{}`", JobState::names().join("`, `")),
                    )
                };
                state.parse::<JobState>().map_err(|_| unknown())?;
            }
            let mut jobs = tx.job_list(&JobFilter { batch, state, ..JobFilter::default() }).await?;
            word_reasons(&mut jobs, out);
            out.data(&jobs, |jobs| jobs_text(jobs))?;
        }
        JobCommand::Show { job } => {
            let mut found = tx.job_list(&JobFilter { job: Some(job), ..JobFilter::default() }).await?;
            word_reasons(&mut found, out);
            let Some(found) = found.pop() else {
                anyhow::bail!(EngineError::from(Refusal::NoJob { job: JobId(job) }));
            };
            out.data(&found, |job| jobs_text(std::slice::from_ref(job)))?;
        }
    }
    Ok(())
}

/// Puts the attempts' stored reasons in words.
pub(super) fn word_reasons(jobs: &mut [JobLine], out: Output) {
    let attempts = jobs.iter_mut().flat_map(|job| &mut job.attempts);
    attempts.for_each(|attempt| words::word_reason(&mut attempt.reason, out));
}

pub(super) fn jobs_text(jobs: &[JobLine]) -> String {
    let row = |job: &JobLine| {
        let outcome = |a: &crate::store::AttemptLine| {
            let Some(outcome) = a.outcome.as_deref() else { return format!("in hand: {}", a.id) };
            a.reason.as_ref().map_or(outcome.to_owned(), |reason| format!("{outcome} ({reason})"))
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
