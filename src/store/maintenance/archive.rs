//! The archive: jobs that are over, with their attempts, out of the way of those to come. Histories read both places.
//!
//! Movements and audit rows never move. A card can be checked, rejected, handed over, surrendered and printed again long
//! after its job was archived: such an act finds it in either place, and changes it where it lies.

use crate::{
    domain::{attempt::AttemptState, id::JobId, job::JobState, time::Timestamp, transition::JobChange},
    store::{StoreError, Tx, doing, execute, on, parse, set},
};

/// How much was moved, or would be.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, serde::Serialize)]
pub struct Moved {
    /// Jobs.
    pub jobs: u64,
    /// Their attempts.
    pub attempts: u64,
}

impl Tx {
    /// Jobs after `after` that may be archived, by number, at most `limit`: a job of a batch that was closed before
    /// `before`, and with no card that somebody has to look for.
    ///
    /// The newest job and the job of the newest attempt are never among them: SQLite gives the next row the number after
    /// the highest that is there, and a number that was given once stands in the ledger.
    pub async fn jobs_finished(
        &mut self,
        before: Timestamp,
        after: JobId,
        limit: i64,
    ) -> Result<Vec<JobId>, StoreError> {
        const FINISHED: &str = "
            SELECT j.id FROM job AS j CROSS JOIN batch AS b
            WHERE b.id = j.batch_id AND j.id > $1 AND j.state IN ('printed', 'quarantined', 'returned', 'withdrawn')
              AND b.state = 'closed' AND b.closed_at_us < $2
              AND j.id < (SELECT MAX(id) FROM job)
              AND j.id <> COALESCE((SELECT job_id FROM attempt ORDER BY id DESC LIMIT 1), 0)
            ORDER BY j.id LIMIT $3";
        let ids: Vec<i64> =
            on!(self, c => sqlx::query_scalar(FINISHED).bind(after.0).bind(before.0).bind(limit).fetch_all(c))
                .map_err(doing("looking for finished jobs"))?;
        Ok(ids.into_iter().map(JobId).collect())
    }

    /// How many attempts these jobs have.
    pub async fn attempts_count(&mut self, jobs: &[JobId]) -> Result<u64, StoreError> {
        const COUNT: &str = "
            SELECT COUNT(*) FROM attempt WHERE job_id IN (SELECT CAST(v.value ->> 0 AS BIGINT) FROM json_each($1) AS v)";
        let jobs = ids(jobs);
        let count: i64 =
            on!(self, c => sqlx::query_scalar(COUNT).bind(&jobs).fetch_one(c)).map_err(doing("counting attempts"))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Moves finished jobs with their attempts into the archive. One that is not finished, or not there, is
    /// [`StoreError::Conflict`] for all.
    pub async fn jobs_archive(&mut self, jobs: &[JobId]) -> Result<Moved, StoreError> {
        const JOBS: &str = "
            INSERT INTO job_archive (id, batch_id, record_id, copy, lot_id, state, position, due_at_us, not_started)
            SELECT id, batch_id, record_id, copy, lot_id, state, position, due_at_us, not_started FROM job
            WHERE id IN (SELECT CAST(v.value ->> 0 AS BIGINT) FROM json_each($1) AS v)
              AND state IN ('printed', 'quarantined', 'returned', 'withdrawn')";
        const ATTEMPTS: &str = "
            INSERT INTO attempt_archive (id, name, job_id, printer, record_version, state, printer_job, acknowledged, reason,
                                         inspected, began_at_us, ended_at_us, boot, impressions)
            SELECT id, name, job_id, printer, record_version, state, printer_job, acknowledged, reason, inspected,
                   began_at_us, ended_at_us, boot, impressions
            FROM attempt
            WHERE job_id IN (SELECT CAST(v.value ->> 0 AS BIGINT) FROM json_each($1) AS v)";
        const FORGET_ATTEMPTS: &str = "
            DELETE FROM attempt WHERE job_id IN (SELECT CAST(v.value ->> 0 AS BIGINT) FROM json_each($1) AS v)";
        const FORGET_JOBS: &str =
            "DELETE FROM job WHERE id IN (SELECT CAST(v.value ->> 0 AS BIGINT) FROM json_each($1) AS v)";
        if jobs.is_empty() {
            return Ok(Moved::default());
        }
        let all = jobs.len() as u64;
        let moved =
            Moved { jobs: self.archive_step(JOBS, jobs).await?, attempts: self.archive_step(ATTEMPTS, jobs).await? };
        let forgotten = Moved {
            attempts: self.archive_step(FORGET_ATTEMPTS, jobs).await?,
            jobs: self.archive_step(FORGET_JOBS, jobs).await?,
        };
        if moved.jobs == all && forgotten == moved { Ok(moved) } else { Err(StoreError::Conflict("the job")) }
    }

    async fn archive_step(&mut self, sql: &'static str, jobs: &[JobId]) -> Result<u64, StoreError> {
        execute!(self, sqlx::query(sql).bind(ids(jobs))).map_err(doing("archiving jobs"))
    }

    /// Changes jobs whose card is printed, where they are archived, and returns which those were.
    pub(in crate::store) async fn jobs_archived_change(
        &mut self,
        changes: &[&JobChange],
    ) -> Result<Vec<i64>, StoreError> {
        const CHANGE: &str = "
            UPDATE job_archive SET state = v.value ->> 2 FROM json_each($1) AS v
            WHERE job_archive.id = CAST(v.value ->> 0 AS BIGINT) AND job_archive.state = v.value ->> 1
            RETURNING job_archive.id";
        let rows: Vec<_> = changes.iter().map(|c| (c.id.0, c.from.as_str(), c.to.as_str())).collect();
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        on!(self, c => sqlx::query_scalar(CHANGE).bind(set(&rows)).fetch_all(c)).map_err(doing("saving a transition"))
    }

    /// The state of an archived attempt, by its name.
    pub async fn attempt_archived(&mut self, name: &str) -> Result<Option<AttemptState>, StoreError> {
        let sql = "SELECT state FROM attempt_archive WHERE name = $1";
        let state: Option<String> = on!(self, c => sqlx::query_scalar(sql).bind(name).fetch_optional(c))
            .map_err(doing("finding an attempt"))?;
        state.map(|state| parse("attempt_archive", name, &state)).transpose()
    }
}

fn ids(jobs: &[JobId]) -> String {
    set(&jobs.iter().map(|job| (job.0,)).collect::<Vec<_>>())
}

/// Can a job in this state, from which it changes, be archived?
pub(in crate::store) fn may_be_archived(from: JobState) -> bool {
    match from {
        JobState::Printed | JobState::Quarantined | JobState::Returned | JobState::Withdrawn => true,
        JobState::Queued | JobState::Printing | JobState::Uncertain => false,
    }
}
