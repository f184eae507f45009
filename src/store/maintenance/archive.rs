//! The archive: tables for ended jobs and their attempts, so that the tables that the scheduler uses stay small. Histories
//! read both.
//!
//! Movements and audit rows are not archived. A card can be checked, rejected, handed over, surrendered and reprinted after
//! its job was archived: such an operation changes the job in whichever table has it.

use crate::{
    domain::{attempt::AttemptState, id::JobId, job::JobState, time::Timestamp, transition::JobChange},
    store::{StoreError, Tx, doing, execute, on, parse, set},
};

/// The number of archived rows, or of rows that would be archived.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Moved {
    /// The number of jobs.
    pub jobs: u64,
    /// The number of their attempts.
    pub attempts: u64,
}

impl Tx {
    /// Jobs that may be archived, in ascending order from after `after`, at most `limit`: jobs that are not queued, printing
    /// or uncertain, of batches that were closed before `before`.
    ///
    /// The newest job and the job of the newest attempt are excluded. SQLite numbers a new row one above the highest existing
    /// row, and a number that the ledger and the audit name must not be used twice.
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

    /// The number of attempts of these jobs.
    pub async fn attempts_count(&mut self, jobs: &[JobId]) -> Result<u64, StoreError> {
        const COUNT: &str = "
            SELECT COUNT(*) FROM attempt WHERE job_id IN (SELECT CAST(v.value ->> 0 AS BIGINT) FROM json_each($1) AS v)";
        let jobs = ids(jobs);
        let count: i64 =
            on!(self, c => sqlx::query_scalar(COUNT).bind(&jobs).fetch_one(c)).map_err(doing("counting attempts"))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Moves ended jobs with their attempts into the archive. [`StoreError::Conflict`] if one of the jobs has not ended or does
    /// not exist; then nothing is moved.
    pub async fn jobs_archive(&mut self, jobs: &[JobId]) -> Result<Moved, StoreError> {
        const JOBS: &str = "
            INSERT INTO job_archive (id, batch_id, record_id, copy, lot_id, state, position, due_at_us, not_started)
            SELECT id, batch_id, record_id, copy, lot_id, state, position, due_at_us, not_started FROM job
            WHERE id IN (SELECT CAST(v.value ->> 0 AS BIGINT) FROM json_each($1) AS v)
              AND state IN ('printed', 'quarantined', 'returned', 'withdrawn')";
        const ATTEMPTS: &str = "
            INSERT INTO attempt_archive (id, name, job_id, printer, record_version, state, printer_job, acknowledged, reason,
                                         note, inspected, began_at_us, ended_at_us, printer_run, impressions)
            SELECT id, name, job_id, printer, record_version, state, printer_job, acknowledged, reason, note, inspected,
                   began_at_us, ended_at_us, printer_run, impressions
            FROM attempt
            WHERE job_id IN (SELECT CAST(v.value ->> 0 AS BIGINT) FROM json_each($1) AS v)";
        const DELETE_ATTEMPTS: &str = "
            DELETE FROM attempt WHERE job_id IN (SELECT CAST(v.value ->> 0 AS BIGINT) FROM json_each($1) AS v)";
        const DELETE_JOBS: &str =
            "DELETE FROM job WHERE id IN (SELECT CAST(v.value ->> 0 AS BIGINT) FROM json_each($1) AS v)";
        if jobs.is_empty() {
            return Ok(Moved::default());
        }
        let all = jobs.len() as u64;
        let moved =
            Moved { jobs: self.archive_step(JOBS, jobs).await?, attempts: self.archive_step(ATTEMPTS, jobs).await? };
        let deleted = Moved {
            attempts: self.archive_step(DELETE_ATTEMPTS, jobs).await?,
            jobs: self.archive_step(DELETE_JOBS, jobs).await?,
        };
        if moved.jobs == all && deleted == moved { Ok(moved) } else { Err(StoreError::Conflict("the job")) }
    }

    async fn archive_step(&mut self, sql: &'static str, jobs: &[JobId]) -> Result<u64, StoreError> {
        execute!(self, sqlx::query(sql).bind(ids(jobs))).map_err(doing("archiving jobs"))
    }

    /// Applies changes to archived jobs. Returns the jobs that were found there.
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

/// Whether a job in this state may be in the archive.
pub(in crate::store) fn may_be_archived(from: JobState) -> bool {
    match from {
        JobState::Printed | JobState::Quarantined | JobState::Returned | JobState::Withdrawn => true,
        JobState::Queued | JobState::Printing | JobState::Uncertain => false,
    }
}
