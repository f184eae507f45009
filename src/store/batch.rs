//! Batches and the jobs in them.

use super::{StoreError, Tx, doing, execute, on, parse, set};
use crate::domain::{
    batch::{Batch, BatchState, Claimed},
    id::{BatchId, JobId, LotId, RecordId},
    job::JobState,
    job::OpenJob,
    stock::Place,
};

/// A batch to be made.
#[derive(Clone, Debug)]
pub struct NewBatch {
    /// Its profile.
    pub profile: String,
    /// Its printer.
    pub printer: String,
    /// Where its blanks lie.
    pub place: Place,
    /// `planned` or `running`.
    pub state: BatchState,
}

/// A job that waits for its printer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QueuedJob {
    /// The job.
    pub id: JobId,
    /// Its record.
    pub record: RecordId,
    /// Not before this instant, in microseconds.
    pub due_at_us: i64,
    /// The lot of its blank.
    pub lot: LotId,
    /// Where that blank came from.
    pub place: Place,
}

impl Tx {
    /// Makes a batch; its jobs come with [`jobs_add`](Self::jobs_add).
    pub async fn batch_make(&mut self, batch: &NewBatch) -> Result<BatchId, StoreError> {
        const MAKE: &str = "INSERT INTO batch (profile, printer, place, state, created_at_us) VALUES ($1, $2, $3, $4, $5) RETURNING id";
        on!(self, c => sqlx::query_scalar(MAKE).bind(&batch.profile).bind(&batch.printer).bind(batch.place.as_str()).bind(batch.state.as_str()).bind(self.now.0).fetch_one(c)).map(BatchId).map_err(doing("making a batch"))
    }

    /// Takes records from the waiting list into a batch, each with a blank of the lot beside it, in the order given.
    pub async fn jobs_add(&mut self, batch: BatchId, claimed: &[(Claimed, LotId)]) -> Result<(), StoreError> {
        const ADD: &str = "
            INSERT INTO job (batch_id, record_id, copy, lot_id, state, position, due_at_us)
            SELECT $2, CAST(v.value ->> 0 AS BIGINT), CAST(v.value ->> 1 AS BIGINT), CAST(v.value ->> 2 AS BIGINT), 'queued', v.key, $3
            FROM json_each($1) AS v";
        const TAKE: &str = "UPDATE record SET state = 'batched' WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) AND state = 'waiting'";
        let rows: Vec<_> = claimed.iter().map(|(c, lot)| (c.record.0, c.copy, lot.0)).collect();
        let ids: Vec<i64> = claimed.iter().map(|(c, _)| c.record.0).collect();
        execute!(self, sqlx::query(ADD).bind(set(&rows)).bind(batch.0).bind(self.now.0))
            .map_err(doing("making jobs"))?;
        let taken = execute!(self, sqlx::query(TAKE).bind(set(&ids))).map_err(doing("taking records into a batch"))?;
        if taken != ids.len() as u64 {
            return Err(StoreError::Conflict("the waiting list"));
        }
        self.waiting_remove(&ids).await
    }

    /// The printer's batch that is not closed.
    pub async fn batch_open(&mut self, printer: &str) -> Result<Option<Batch>, StoreError> {
        const OPEN: &str = "SELECT id, profile, printer, state FROM batch WHERE printer = $1 AND state <> 'closed' ORDER BY id LIMIT 1";
        let row: Option<(i64, String, String, String)> =
            on!(self, c => sqlx::query_as(OPEN).bind(printer).fetch_optional(c)).map_err(doing("reading a batch"))?;
        row.map(to_batch).transpose()
    }

    /// A batch by number.
    pub async fn batch_get(&mut self, batch: BatchId) -> Result<Option<Batch>, StoreError> {
        const GET: &str = "SELECT id, profile, printer, state FROM batch WHERE id = $1";
        let row: Option<(i64, String, String, String)> =
            on!(self, c => sqlx::query_as(GET).bind(batch.0).fetch_optional(c)).map_err(doing("reading a batch"))?;
        row.map(to_batch).transpose()
    }

    /// Moves a batch on; the guard is the state that it must be in.
    pub async fn batch_change(&mut self, batch: BatchId, from: BatchState, to: BatchState) -> Result<(), StoreError> {
        const CHANGE: &str = "
            UPDATE batch SET state = $3, closed_at_us = CASE WHEN $3 = 'closed' THEN $4 END WHERE id = $1 AND state = $2";
        let done =
            execute!(self, sqlx::query(CHANGE).bind(batch.0).bind(from.as_str()).bind(to.as_str()).bind(self.now.0))
                .map_err(doing("changing a batch"))?;
        if done == 1 { Ok(()) } else { Err(StoreError::Conflict("the batch")) }
    }

    /// The batch's jobs that wait for the printer, in the order of the pile.
    pub async fn jobs_queued(&mut self, batch: BatchId) -> Result<Vec<QueuedJob>, StoreError> {
        const QUEUED: &str = "
            SELECT job.id, job.record_id, job.due_at_us, job.lot_id, batch.place
            FROM job JOIN batch ON batch.id = job.batch_id
            WHERE job.batch_id = $1 AND job.state = 'queued' ORDER BY job.position, job.id";
        let rows: Vec<(i64, i64, i64, i64, String)> =
            on!(self, c => sqlx::query_as(QUEUED).bind(batch.0).fetch_all(c)).map_err(doing("reading queued jobs"))?;
        let job = |(id, record, due_at_us, lot, place): (i64, i64, i64, i64, String)| QueuedJob {
            id: JobId(id),
            record: RecordId(record),
            due_at_us,
            lot: LotId(lot),
            place: Place::from_stored(&place),
        };
        Ok(rows.into_iter().map(job).collect())
    }

    /// The batch's jobs that are queued or printing, with their records and blanks.
    pub async fn jobs_open(&mut self, batch: BatchId) -> Result<Vec<(RecordId, OpenJob)>, StoreError> {
        const OPEN: &str = "
            SELECT job.record_id, job.id, job.state, job.lot_id, batch.place
            FROM job JOIN batch ON batch.id = job.batch_id
            WHERE job.batch_id = $1 AND job.state IN ('queued', 'printing') ORDER BY job.position";
        let rows: Vec<(i64, i64, String, i64, String)> =
            on!(self, c => sqlx::query_as(OPEN).bind(batch.0).fetch_all(c)).map_err(doing("reading open jobs"))?;
        let job = |(record, id, state, lot, place): (i64, i64, String, i64, String)| {
            let state: JobState = parse("job", id, &state)?;
            let job = OpenJob { id: JobId(id), state, batch, lot: LotId(lot), place: Place::from_stored(&place) };
            Ok((RecordId(record), job))
        };
        rows.into_iter().map(job).collect()
    }

    /// A job that is queued, with its record and blank.
    pub async fn job_open(&mut self, batch: BatchId, job: JobId) -> Result<Option<(RecordId, OpenJob)>, StoreError> {
        Ok(self.jobs_open(batch).await?.into_iter().find(|(_, open)| open.id == job))
    }

    /// How many cards of a batch ended in which job state.
    pub async fn batch_counts(&mut self, batch: BatchId) -> Result<Vec<(String, i64)>, StoreError> {
        const COUNTS: &str = "SELECT state, COUNT(*) FROM job WHERE batch_id = $1 GROUP BY state ORDER BY state";
        on!(self, c => sqlx::query_as(COUNTS).bind(batch.0).fetch_all(c)).map_err(doing("counting a batch"))
    }
}

fn to_batch((id, profile, printer, state): (i64, String, String, String)) -> Result<Batch, StoreError> {
    Ok(Batch { id: BatchId(id), state: parse("batch", id, &state)?, profile, printer })
}
