//! The database as a thing to look after: the archive.

use std::time::Duration;

use super::{EngineError, Office, begin};
use crate::{
    domain::{audit::Event, id::JobId, time::Timestamp},
    store::Moved,
};

/// Jobs that are archived in one transaction: a few milliseconds, so that no printer waits for it.
const JOBS_EACH: i64 = 500;

/// What was archived, or would be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Archived {
    /// Jobs and attempts.
    #[serde(flatten)]
    pub moved: Moved,
    /// In how many transactions.
    pub transactions: u64,
}

fn limit(now: Timestamp, older_than_days: u32) -> Timestamp {
    now.minus(Duration::from_hours(24 * u64::from(older_than_days)))
}

/// What [`archive`] would do now.
pub async fn archivable(office: &Office, older_than_days: u32) -> Result<Archived, EngineError> {
    let before = limit(office.clock.now(), older_than_days);
    let mut archived = Archived { moved: Moved::default(), transactions: 0 };
    let mut tx = office.store.read().await?;
    let mut last = JobId(0);
    loop {
        let jobs = tx.jobs_finished(before, last, JOBS_EACH).await?;
        let Some(newest) = jobs.last() else { return Ok(archived) };
        last = *newest;
        archived.moved.jobs += jobs.len() as u64;
        archived.moved.attempts += tx.attempts_count(&jobs).await?;
        archived.transactions += 1;
    }
}

/// Moves finished jobs, and their attempts, out of the tables that the scheduler works with, if their batch was closed
/// more than so many days ago.
///
/// Each transaction moves a few hundred, and is written down. Whoever is stopped in the middle has moved what was
/// written down, and goes on when it is called again.
pub async fn archive(office: &Office, older_than_days: u32) -> Result<Archived, EngineError> {
    let before = limit(office.clock.now(), older_than_days);
    let mut archived = Archived { moved: Moved::default(), transactions: 0 };
    let mut last = JobId(0);
    loop {
        // Chosen without keeping anybody from writing. What is finished stays so; the write looks once more all the same.
        let jobs = office.store.read().await?.jobs_finished(before, last, JOBS_EACH).await?;
        let (Some(first), Some(newest)) = (jobs.first(), jobs.last()) else { return Ok(archived) };
        let mut tx = begin(office).await?;
        let moved = tx.jobs_archive(&jobs).await?;
        let event = Event::new("jobs.archived", format!("jobs {first} to {newest}"));
        tx.audit(event.with("closed_before", before).with("jobs", moved.jobs).with("attempts", moved.attempts));
        tx.commit().await?;
        last = *newest;
        archived.moved.jobs += moved.jobs;
        archived.moved.attempts += moved.attempts;
        archived.transactions += 1;
    }
}
