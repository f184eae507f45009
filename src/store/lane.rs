//! Walk-ins that join the front of a batch.

use super::{QueuedJob, StoreError, Tx, attempt::may_print, doing, execute, on, parse, printer::fed};
use crate::domain::{
    batch::{BatchState, Claimed},
    card::profile::WALK_IN_CLASS,
    id::{BatchId, JobId, LotId},
    record::RecordState,
    stock::{Cause, Movement, Place},
};

/// A batch into which a walk-in may come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LaneBatch {
    /// Its profile.
    pub profile: String,
    /// Where its blanks are reserved.
    pub place: Place,
    /// Its state.
    pub state: BatchState,
    /// Whether its first queued card is of a walk-in; none if no card is queued.
    pub first: Option<bool>,
    /// Its cards that are queued or in the printer.
    pub open: i64,
}

/// Whether a walk-in of a profile waits.
pub(super) const WAITS: &str = "SELECT EXISTS (SELECT 1 FROM waiting WHERE profile = $1 AND class = $2)";

/// Whether a record of a profile waits.
pub(super) const ANY_WAITS: &str = "SELECT EXISTS (SELECT 1 FROM waiting WHERE profile = $1)";

/// The batch `$1`; `$2` is the class of walk-ins.
pub(super) const BATCH: &str = "
    SELECT b.profile, b.place, b.state,
           (SELECT CAST(CASE WHEN r.class = $2 THEN 1 ELSE 0 END AS BIGINT) FROM job AS j CROSS JOIN record AS r
            WHERE j.batch_id = b.id AND j.state = 'queued' AND r.id = j.record_id ORDER BY j.position, j.id LIMIT 1),
           (SELECT COUNT(*) FROM job AS j WHERE j.batch_id = b.id AND j.state IN ('queued', 'printing'))
    FROM batch AS b WHERE b.id = $1";

/// Adds the job of the record `$2` before the queued ones of the batch `$1`, with a blank of the lot `$3`, at the instant `$4`, if
/// `domain::walk_in::joins` allows it. `$5` is the node, and `$6` the class of walk-ins. That a blank is free is the guard of its balance.
pub(super) const JOIN: &str = concat!(
    "
    INSERT INTO job (batch_id, record_id, copy, lot_id, state, position, due_at_us)
    SELECT batch.id, record.id, record.copy, $3, 'queued',
           (SELECT MIN(j.position) - 1 FROM job AS j WHERE j.batch_id = batch.id AND j.state = 'queued'), $4
    FROM batch CROSS JOIN printer CROSS JOIN record
    WHERE batch.id = $1 AND printer.name = batch.printer AND record.id = $2
      AND batch.state = 'running' AND record.state = 'waiting' AND record.class = $6 AND record.profile = batch.profile
      AND EXISTS (SELECT 1 FROM printer_limit AS l
                  WHERE l.printer = printer.name AND l.limits LIKE '%\"walk_in_lane\":true%')
      AND (SELECT r.class FROM job AS j CROSS JOIN record AS r
           WHERE j.batch_id = batch.id AND j.state = 'queued' AND r.id = j.record_id ORDER BY j.position, j.id LIMIT 1) <> $6
      AND ",
    may_print!("$5"),
    " AND (printer.feed_until IS NULL OR printer.feed_until > ",
    fed!(),
    " + (SELECT COUNT(*) FROM job AS j WHERE j.batch_id = batch.id AND j.state IN ('queued', 'printing')))
    RETURNING id"
);

impl Tx {
    /// Whether a walk-in of a profile waits, by one look into the index of the waiting list.
    pub async fn walk_in_waits(&mut self, profile: &str) -> Result<bool, StoreError> {
        on!(self, c => sqlx::query_scalar(WAITS).bind(profile).bind(WALK_IN_CLASS).fetch_one(c))
            .map_err(doing("looking for walk-ins"))
    }

    /// Whether a record of a profile waits, by one look into the same index.
    pub async fn record_waits(&mut self, profile: &str) -> Result<bool, StoreError> {
        on!(self, c => sqlx::query_scalar(ANY_WAITS).bind(profile).fetch_one(c))
            .map_err(doing("reading the waiting list"))
    }

    /// A batch into which a walk-in may come.
    pub async fn lane_batch(&mut self, batch: BatchId) -> Result<Option<LaneBatch>, StoreError> {
        type Row = (String, String, String, Option<i64>, i64);
        let row: Option<Row> =
            on!(self, c => sqlx::query_as(BATCH).bind(batch.0).bind(WALK_IN_CLASS).fetch_optional(c))
                .map_err(doing("reading a batch"))?;
        let of = |(profile, place, state, first, open): Row| {
            let (place, state) = (Place::from_stored(&place), parse("batch", batch, &state)?);
            Ok(LaneBatch { profile, place, state, first: first.map(|first| first != 0), open })
        };
        row.map(of).transpose()
    }

    /// Lets a walk-in join the front of a batch, with a blank of this lot. `None`: a guard refuses it, and nothing is changed.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if the record is no longer on the waiting list, or no blank is free.
    pub async fn batch_join(
        &mut self,
        batch: BatchId,
        claimed: &Claimed,
        (profile, place): (&str, &Place),
        lot: LotId,
    ) -> Result<Option<QueuedJob>, StoreError> {
        const TAKE: &str = "UPDATE record SET state = 'batched' WHERE id = $1 AND state = 'waiting'";
        let what = || doing("joining a batch");
        let (record, now_us) = (claimed.record, self.now.0);
        let node = self.writer.node().map(str::to_owned);
        let job: Option<i64> = on!(self, c => sqlx::query_scalar(JOIN)
            .bind(batch.0)
            .bind(record.0)
            .bind(lot.0)
            .bind(now_us)
            .bind(node.as_deref())
            .bind(WALK_IN_CLASS)
            .fetch_optional(c))
        .map_err(what())?;
        let Some(job) = job else { return Ok(None) };
        // By its key, which has values of the record.
        self.waiting_remove(&[record.0]).await?;
        if execute!(self, sqlx::query(TAKE).bind(record.0)).map_err(what())? != 1 {
            return Err(StoreError::Conflict("the record"));
        }
        let reserved = Movement::new(lot, place.free(), place.reserved(), 1, Cause::Reserved).of_batch(batch);
        self.movements_append(&[reserved]).await?;
        self.changes.record_state(record, RecordState::Waiting, RecordState::Batched);
        let (from, to) = ((RecordState::Waiting, claimed.recalled), (RecordState::Batched, claimed.recalled));
        self.deltas.record_changed((profile.to_owned(), claimed.district.clone()), from, to);
        Ok(Some(QueuedJob { id: JobId(job), record, due_at_us: now_us, lot, place: place.clone() }))
    }
}
