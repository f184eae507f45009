//! Batches and the jobs in them.

use super::{StoreError, Tx, doing, execute, on, parse, set, set_of_names};
use crate::domain::{
    batch::{Batch, BatchState},
    id::{BatchId, JobId, LotId, RecordId},
    job::JobState,
    job::OpenJob,
    stock::Place,
    time::Timestamp,
};

/// A queued job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QueuedJob {
    /// The job.
    pub id: JobId,
    /// Its record.
    pub record: RecordId,
    /// The instant before which the job must not start, in microseconds since 1970.
    pub due_at_us: i64,
    /// The lot of its blank.
    pub lot: LotId,
    /// Where that blank is reserved.
    pub place: Place,
}

pub(super) type Row = (i64, String, String, String);

/// The columns of a [`Row`].
macro_rules! batch_columns {
    () => {
        "batch.id, batch.profile, batch.printer, batch.state"
    };
}
/// The batches of the printers `$1` that are not closed.
macro_rules! open {
    () => {
        "FROM json_each($1) AS v CROSS JOIN batch WHERE batch.printer = v.value ->> 0 AND batch.state <> 'closed'"
    };
}
pub(super) use {batch_columns, open};

impl Tx {
    /// Makes queued jobs due at once that are due after an instant. Returns their number.
    pub async fn jobs_due_now(&mut self, after: Timestamp) -> Result<u64, StoreError> {
        const DUE: &str = "UPDATE job SET due_at_us = $1 WHERE state = 'queued' AND due_at_us > $2";
        execute!(self, sqlx::query(DUE).bind(self.now.0).bind(after.0)).map_err(doing("making jobs due"))
    }

    /// The batches of these printers that are not closed, oldest first.
    pub async fn batches_open<S: AsRef<str>>(&mut self, printers: &[S]) -> Result<Vec<Batch>, StoreError> {
        const OPEN: &str = concat!("SELECT ", batch_columns!(), " ", open!(), " ORDER BY batch.id");
        let rows: Vec<Row> = on!(self, c => sqlx::query_as(OPEN).bind(set_of_names(printers)).fetch_all(c))
            .map_err(doing("reading batches"))?;
        rows.into_iter().map(of_row).collect()
    }

    /// The batch of this printer that is not closed.
    pub async fn batch_open(&mut self, printer: &str) -> Result<Option<Batch>, StoreError> {
        Ok(self.batches_open(&[printer]).await?.into_iter().next())
    }

    /// These batches, in no particular order.
    pub async fn batches_get(&mut self, batches: &[BatchId]) -> Result<Vec<Batch>, StoreError> {
        const GET: &str = concat!(
            "SELECT ",
            batch_columns!(),
            " FROM json_each($1) AS v CROSS JOIN batch WHERE batch.id = CAST(v.value AS BIGINT)"
        );
        let rows: Vec<Row> =
            on!(self, c => sqlx::query_as(GET).bind(set(batches)).fetch_all(c)).map_err(doing("reading batches"))?;
        rows.into_iter().map(of_row).collect()
    }

    /// A batch by number.
    pub async fn batch_get(&mut self, batch: BatchId) -> Result<Option<Batch>, StoreError> {
        Ok(self.batches_get(&[batch]).await?.pop())
    }

    /// Changes a batch's state. [`StoreError::Conflict`] if it is not in state `from`.
    pub async fn batch_change(&mut self, batch: BatchId, from: BatchState, to: BatchState) -> Result<(), StoreError> {
        self.batches_change(&[(batch, from, to)]).await
    }

    /// Changes the states of batches, given as batch, old state, new state. [`StoreError::Conflict`] if one is not in its old
    /// state.
    pub async fn batches_change(&mut self, changes: &[(BatchId, BatchState, BatchState)]) -> Result<(), StoreError> {
        const CHANGE: &str = "
            UPDATE batch SET state = v.value ->> 2, closed_at_us = CASE WHEN v.value ->> 2 = 'closed' THEN $2 END
            FROM json_each($1) AS v
            WHERE batch.id = CAST(v.value ->> 0 AS BIGINT) AND batch.state = v.value ->> 1";
        if changes.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = changes.iter().map(|(id, from, to)| (id.0, from.as_str(), to.as_str())).collect();
        let done =
            execute!(self, sqlx::query(CHANGE).bind(set(&rows)).bind(self.now.0)).map_err(doing("changing a batch"))?;
        if done == changes.len() as u64 { Ok(()) } else { Err(StoreError::Conflict("the batch")) }
    }

    /// The queued jobs of a batch, in printing order.
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

    /// The jobs of these batches that are queued or printing, with their records and blanks.
    pub async fn jobs_open(&mut self, batches: &[BatchId]) -> Result<Vec<(RecordId, OpenJob)>, StoreError> {
        const OPEN: &str = "
            SELECT job.record_id, job.id, job.state, job.lot_id, batch.place, batch.id
            FROM json_each($1) AS v CROSS JOIN batch CROSS JOIN job
            WHERE batch.id = CAST(v.value AS BIGINT) AND job.batch_id = batch.id AND job.state IN ('queued', 'printing')
            ORDER BY batch.id, job.position";
        let rows: Vec<(i64, i64, String, i64, String, i64)> =
            on!(self, c => sqlx::query_as(OPEN).bind(set(batches)).fetch_all(c)).map_err(doing("reading open jobs"))?;
        let job = |(record, id, state, lot, place, batch): (i64, i64, String, i64, String, i64)| {
            let (state, place): (JobState, _) = (parse("job", id, &state)?, Place::from_stored(&place));
            Ok((RecordId(record), OpenJob { id: JobId(id), state, batch: BatchId(batch), lot: LotId(lot), place }))
        };
        rows.into_iter().map(job).collect()
    }

    /// A queued or printing job of a batch, with its record and blank.
    pub async fn job_open(&mut self, batch: BatchId, job: JobId) -> Result<Option<(RecordId, OpenJob)>, StoreError> {
        Ok(self.jobs_open(&[batch]).await?.into_iter().find(|(_, open)| open.id == job))
    }

    /// The number of jobs in each state, for each of these batches.
    pub async fn batches_counts(&mut self, batches: &[BatchId]) -> Result<Vec<(BatchId, String, i64)>, StoreError> {
        const COUNTS: &str = "
            SELECT job.batch_id, job.state, COUNT(*)
            FROM json_each($1) AS v CROSS JOIN job WHERE job.batch_id = CAST(v.value AS BIGINT)
            GROUP BY job.batch_id, job.state ORDER BY job.batch_id, job.state";
        let rows: Vec<(i64, String, i64)> = on!(self, c => sqlx::query_as(COUNTS).bind(set(batches)).fetch_all(c))
            .map_err(doing("counting batches"))?;
        Ok(rows.into_iter().map(|(batch, state, count)| (BatchId(batch), state, count)).collect())
    }
}

pub(super) fn of_row((id, profile, printer, state): Row) -> Result<Batch, StoreError> {
    Ok(Batch { id: BatchId(id), state: parse("batch", id, &state)?, profile, printer })
}
