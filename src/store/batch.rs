//! Batches and the jobs in them.

use std::collections::HashMap;

use super::{StoreError, Tx, doing, execute, on, parse, set, set_of_names};
use crate::domain::{
    batch::{Batch, BatchState, Claimed},
    id::{BatchId, JobId, LotId, RecordId},
    job::JobState,
    job::OpenJob,
    record::RecordState,
    stock::Place,
};

/// A batch to be created.
#[derive(Clone, Debug)]
pub struct NewBatch {
    /// The card profile of its records.
    pub profile: String,
    /// The printer that prints it.
    pub printer: String,
    /// Where its blanks are reserved.
    pub place: Place,
    /// `planned` or `running`.
    pub state: BatchState,
}

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

impl Tx {
    /// Creates batches, each for a different printer, and moves their records from the waiting list into jobs. Each record
    /// comes with the lot of its reserved blank. Returns the batches and their jobs in the given order.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if a record is no longer on the waiting list.
    pub async fn batches_make(
        &mut self,
        batches: Vec<(NewBatch, Vec<(Claimed, LotId)>)>,
    ) -> Result<Vec<(Batch, Vec<QueuedJob>)>, StoreError> {
        const MAKE: &str = "
            INSERT INTO batch (profile, printer, place, state, created_at_us)
            SELECT v.value ->> 0, v.value ->> 1, v.value ->> 2, v.value ->> 3, $2 FROM json_each($1) AS v ORDER BY v.key
            RETURNING printer, id";
        const ADD: &str = "
            INSERT INTO job (batch_id, record_id, copy, lot_id, state, position, due_at_us)
            SELECT CAST(v.value ->> 0 AS BIGINT), CAST(v.value ->> 1 AS BIGINT), CAST(v.value ->> 2 AS BIGINT),
                   CAST(v.value ->> 3 AS BIGINT), 'queued', CAST(v.value ->> 4 AS BIGINT), $2
            FROM json_each($1) AS v ORDER BY v.key
            RETURNING record_id, id";
        const TAKE: &str = "UPDATE record SET state = 'batched' WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) AND state = 'waiting'";
        if batches.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.now.0;
        let row = |(new, _): &(NewBatch, _)| {
            (new.profile.clone(), new.printer.clone(), new.place.as_str().to_owned(), new.state.as_str())
        };
        let rows: Vec<_> = batches.iter().map(row).collect();
        let ids: Vec<(String, i64)> = on!(self, c => sqlx::query_as(MAKE).bind(set(&rows)).bind(now).fetch_all(c))
            .map_err(doing("creating a batch"))?;
        let ids: HashMap<String, i64> = ids.into_iter().collect();
        let id_of = |new: &NewBatch| ids.get(&new.printer).copied().ok_or(StoreError::Conflict("the batch"));
        let (mut rows, mut records) = (Vec::new(), Vec::new());
        for (new, claimed) in &batches {
            let id = id_of(new)?;
            rows.extend((0_i64..).zip(claimed).map(|(at, (c, lot))| (id, c.record.0, c.copy, lot.0, at)));
            records.extend(claimed.iter().map(|(c, _)| c.record.0));
        }
        let jobs: Vec<(i64, i64)> = on!(self, c => sqlx::query_as(ADD).bind(set(&rows)).bind(now).fetch_all(c))
            .map_err(doing("creating jobs"))?;
        let jobs: HashMap<i64, i64> = jobs.into_iter().collect();
        let taken =
            execute!(self, sqlx::query(TAKE).bind(set(&records))).map_err(doing("taking records into a batch"))?;
        if taken != records.len() as u64 || jobs.len() != records.len() {
            return Err(StoreError::Conflict("the waiting list"));
        }
        // The transaction has read the records, so that district and recall are still the same.
        for (new, claimed) in &batches {
            for (c, _) in claimed {
                let (from, to) = ((RecordState::Waiting, c.recalled), (RecordState::Batched, c.recalled));
                self.deltas.record_changed((new.profile.clone(), c.district.clone()), from, to);
            }
        }
        self.waiting_remove(&records).await?;
        let made = |(new, claimed): (NewBatch, Vec<(Claimed, LotId)>)| {
            let batch = BatchId(id_of(&new)?);
            let job = |(c, lot): (Claimed, LotId)| {
                let id = jobs.get(&c.record.0).map(|id| JobId(*id));
                id.map(|id| QueuedJob { id, record: c.record, due_at_us: now, lot, place: new.place.clone() })
            };
            let jobs = claimed.into_iter().filter_map(job).collect();
            Ok((Batch { id: batch, profile: new.profile, printer: new.printer, state: new.state }, jobs))
        };
        batches.into_iter().map(made).collect()
    }

    /// The batches of these printers that are not closed, oldest first.
    pub async fn batches_open<S: AsRef<str>>(&mut self, printers: &[S]) -> Result<Vec<Batch>, StoreError> {
        const OPEN: &str = "
            SELECT batch.id, batch.profile, batch.printer, batch.state
            FROM json_each($1) AS v CROSS JOIN batch
            WHERE batch.printer = v.value ->> 0 AND batch.state <> 'closed' ORDER BY batch.id";
        let rows: Vec<(i64, String, String, String)> =
            on!(self, c => sqlx::query_as(OPEN).bind(set_of_names(printers)).fetch_all(c))
                .map_err(doing("reading batches"))?;
        rows.into_iter().map(to_batch).collect()
    }

    /// The batch of this printer that is not closed.
    pub async fn batch_open(&mut self, printer: &str) -> Result<Option<Batch>, StoreError> {
        Ok(self.batches_open(&[printer]).await?.into_iter().next())
    }

    /// These batches, in no particular order.
    pub async fn batches_get(&mut self, batches: &[BatchId]) -> Result<Vec<Batch>, StoreError> {
        const GET: &str = "
            SELECT batch.id, batch.profile, batch.printer, batch.state
            FROM json_each($1) AS v CROSS JOIN batch WHERE batch.id = CAST(v.value AS BIGINT)";
        let rows: Vec<(i64, String, String, String)> =
            on!(self, c => sqlx::query_as(GET).bind(set(batches)).fetch_all(c)).map_err(doing("reading batches"))?;
        rows.into_iter().map(to_batch).collect()
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

fn to_batch((id, profile, printer, state): (i64, String, String, String)) -> Result<Batch, StoreError> {
    Ok(Batch { id: BatchId(id), state: parse("batch", id, &state)?, profile, printer })
}
