//! Saves transitions: each completely, and either all or none.

use std::collections::{HashMap, HashSet};

use super::{StoreError, Tx, doing, execute, maintenance::archive::may_be_archived, on, set};
use crate::domain::{
    changes::Marks,
    reason::Reason,
    record::{Recall, RecordState},
    transition::{AttemptChange, CardChange, JobChange, RecallChange, RecordChange, Transition},
};

impl Tx {
    /// Saves transitions. The number of statements depends on the kinds of change, not on the number of transitions.
    ///
    /// No two of them may concern the same row.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] for all, if a row is in another state than its change starts from. The caller then
    /// tries each alone.
    pub async fn save(&mut self, transitions: Vec<Transition>) -> Result<(), StoreError> {
        let (mut attempts, mut jobs, mut records, mut movements) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for transition in transitions {
            attempts.extend(transition.attempt);
            jobs.extend(transition.job);
            movements.extend(transition.movements);
            match (transition.event, &transition.record) {
                (Some(event), Some(change)) if event.is_of_record() => self.audit_of(change.id, event),
                (event, _) => self.events.extend(event),
            }
            records.extend(transition.record);
        }
        self.attempts_change(&attempts).await?;
        self.jobs_change(&jobs).await?;
        self.records_change(&records).await?;
        self.movements_append(&movements).await
    }

    async fn attempts_change(&mut self, changes: &[AttemptChange]) -> Result<(), StoreError> {
        const CHANGE: &str = "
            UPDATE attempt
            SET state = v.value ->> 2, reason = v.value ->> 3, note = v.value ->> 5, inspected = CAST(v.value ->> 4 AS BIGINT) <> 0,
                ended_at_us = COALESCE(ended_at_us, $2)
            FROM json_each($1) AS v
            WHERE attempt.id = CAST(v.value ->> 0 AS BIGINT) AND attempt.state = v.value ->> 1
            RETURNING attempt.id, attempt.printer, attempt.ended_at_us";
        let row = |c: &AttemptChange| {
            let (reason, note) = (c.reason.as_ref().map(Reason::to_stored), c.note.clone());
            (c.key.0, c.from.as_str(), c.to.as_str(), reason, i64::from(c.inspected), note)
        };
        let rows: Vec<_> = changes.iter().map(row).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let rows: Vec<(i64, String, i64)> =
            on!(self, c => sqlx::query_as(CHANGE).bind(set(&rows)).bind(self.now.0).fetch_all(c))
                .map_err(doing("saving a transition"))?;
        if rows.len() != changes.len() {
            return Err(StoreError::Conflict("the attempt"));
        }
        let states: HashMap<i64, _> = changes.iter().map(|c| (c.key.0, (c.from, c.to))).collect();
        for (id, printer, ended_at_us) in rows {
            if let Some((from, to)) = states.get(&id) {
                self.deltas.attempt_ended(&printer, ended_at_us, *from, *to);
            }
        }
        Ok(())
    }

    async fn jobs_change(&mut self, changes: &[JobChange]) -> Result<(), StoreError> {
        const CHANGE: &str = "
            UPDATE job
            SET state = v.value ->> 2,
                due_at_us = COALESCE(CAST(v.value ->> 3 AS BIGINT), due_at_us),
                lot_id = COALESCE(CAST(v.value ->> 4 AS BIGINT), lot_id),
                not_started = not_started + CAST(v.value ->> 5 AS BIGINT),
                position = CASE WHEN (v.value ->> 3) IS NULL THEN position
                    ELSE (SELECT MAX(b.position) + 1 FROM job AS b WHERE b.batch_id = job.batch_id) END
            FROM json_each($1) AS v
            WHERE job.id = CAST(v.value ->> 0 AS BIGINT) AND job.state = v.value ->> 1";
        let row = |c: &JobChange| {
            (c.id.0, c.from.as_str(), c.to.as_str(), c.due.map(|d| d.0), c.lot.map(|l| l.0), i64::from(c.not_started))
        };
        let finished: Vec<_> = changes.iter().filter(|c| may_be_archived(c.from)).collect();
        let archived = self.jobs_archived_change(&finished).await?;
        let rows: Vec<_> = changes.iter().filter(|c| !archived.contains(&c.id.0)).map(row).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let done = execute!(self, sqlx::query(CHANGE).bind(set(&rows))).map_err(doing("saving a transition"))?;
        if done == rows.len() as u64 { Ok(()) } else { Err(StoreError::Conflict("the job")) }
    }

    async fn records_change(&mut self, changes: &[RecordChange]) -> Result<(), StoreError> {
        // Most changes do not affect the person's slot, and then its unique index is not touched.
        let (moves, stays): (Vec<_>, Vec<_>) =
            changes.iter().partition(|c| c.from.occupies_slot() != c.to.occupies_slot());
        // The statement returns the rows after the change, so the recalls before it are read separately.
        let stopped = self.records_stopped(changes).await?;
        let marks = self.records_marks(changes).await?;
        self.records_change_by(CHANGE_RECORD, &stays, &stopped).await?;
        self.records_change_by(CHANGE_RECORD_AND_PLACE, &moves, &stopped).await?;
        for change in changes {
            self.changes.record(change, marks.get(&change.id.0).copied().unwrap_or_default());
        }
        let ids =
            |which: fn(&&RecordChange) -> bool| -> Vec<i64> { changes.iter().filter(which).map(|c| c.id.0).collect() };
        self.waiting_remove(&ids(|c| c.from == RecordState::Waiting && c.to != RecordState::Waiting)).await?;
        self.waiting_add(&ids(|c| c.from != RecordState::Waiting && c.to == RecordState::Waiting)).await?;
        self.jumps_save(changes).await?;
        self.cards_out_change(changes).await?;
        let gone = ids(|c| c.from != c.to && matches!(c.to, RecordState::HandedOver | RecordState::Withdrawn));
        self.earlier_bodies_remove(&gone).await?;
        self.photos_release(&gone).await
    }

    /// The records of which a card is recalled, among those whose change may set or clear the recall.
    async fn records_stopped(&mut self, changes: &[RecordChange]) -> Result<HashSet<i64>, StoreError> {
        const STOPPED: &str = "
            SELECT r.id FROM json_each($1) AS v CROSS JOIN record AS r
            WHERE r.id = CAST(v.value AS BIGINT) AND r.stop IS NOT NULL";
        let ids: Vec<i64> = changes.iter().filter(|c| c.stop != RecallChange::Keep).map(|c| c.id.0).collect();
        if ids.is_empty() {
            return Ok(HashSet::new());
        }
        let stopped: Vec<i64> = on!(self, c => sqlx::query_scalar(STOPPED).bind(set(&ids)).fetch_all(c))
            .map_err(doing("saving a transition"))?;
        Ok(stopped.into_iter().collect())
    }

    /// The marks of those records whose change may clear one, as far as they have any.
    async fn records_marks(&mut self, changes: &[RecordChange]) -> Result<HashMap<i64, Marks>, StoreError> {
        const MARKED: &str = "
            SELECT r.id, r.checked, r.surrendered, r.sent FROM json_each($1) AS v CROSS JOIN record AS r
            WHERE r.id = CAST(v.value AS BIGINT) AND (r.checked OR r.surrendered OR r.sent)";
        let ids: Vec<i64> = changes.iter().filter(|c| Marks::may_be_cleared_by(c)).map(|c| c.id.0).collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let marked: Vec<(i64, bool, bool, bool)> = on!(self, c => sqlx::query_as(MARKED).bind(set(&ids)).fetch_all(c))
            .map_err(doing("saving a transition"))?;
        let marks = |(id, checked, surrendered, sent)| (id, Marks { checked, surrendered, sent });
        Ok(marked.into_iter().map(marks).collect())
    }

    async fn records_change_by(
        &mut self,
        sql: &'static str,
        changes: &[&RecordChange],
        stopped_before: &HashSet<i64>,
    ) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = changes.iter().map(|change| record_row(change)).collect();
        let rows: Vec<(i64, String, String, bool)> =
            on!(self, c => sqlx::query_as(sql).bind(set(&rows)).fetch_all(c)).map_err(doing("saving a transition"))?;
        if rows.len() != changes.len() {
            return Err(StoreError::Conflict("the record"));
        }
        let by_id: HashMap<i64, _> = changes.iter().map(|c| (c.id.0, *c)).collect();
        for (id, profile, district, stopped) in rows {
            let Some(change) = by_id.get(&id) else { continue };
            let was_stopped = if change.stop == RecallChange::Keep { stopped } else { stopped_before.contains(&id) };
            self.deltas.record_changed((profile, district), (change.from, was_stopped), (change.to, stopped));
        }
        Ok(())
    }
}

macro_rules! change_record {
    ($place:literal) => {
        concat!(
            "UPDATE record
            SET state = v.value ->> 2,",
            $place,
            "
                stop = CASE v.value ->> 4 WHEN 'keep' THEN stop WHEN 'clear' THEN NULL ELSE v.value ->> 4 END,
                charged = CASE WHEN CAST(v.value ->> 6 AS BIGINT) <> 0 THEN 0 WHEN v.value ->> 5 IS NULL THEN charged ELSE charged + 1 END,
                failed_on = CASE WHEN CAST(v.value ->> 6 AS BIGINT) <> 0 THEN NULL ELSE COALESCE(v.value ->> 5, failed_on) END,
                reason = v.value ->> 7,
                note = v.value ->> 9,
                checked = CASE WHEN v.value ->> 8 = 'checked' THEN true WHEN v.value ->> 2 = 'waiting' OR v.value ->> 8 = 'unchecked' THEN false
                    ELSE checked END,
                sent = CASE WHEN v.value ->> 2 <> 'printed' THEN false WHEN v.value ->> 10 IS NULL THEN sent
                    ELSE CAST(v.value ->> 10 AS BIGINT) <> 0 END,
                surrendered = CASE v.value ->> 8 WHEN 'surrendered' THEN true WHEN 'next-copy' THEN false ELSE surrendered END,
                copy = CASE v.value ->> 8 WHEN 'next-copy' THEN copy + 1 ELSE copy END
            FROM json_each($1) AS v
            WHERE record.id = CAST(v.value ->> 0 AS BIGINT) AND record.state = v.value ->> 1 RETURNING record.id, record.profile, record.district, record.stop IS NOT NULL"
        )
    };
}
const CHANGE_RECORD: &str = change_record!("");
const CHANGE_RECORD_AND_PLACE: &str =
    change_record!(" slot = CASE WHEN CAST(v.value ->> 3 AS BIGINT) <> 0 THEN 0 ELSE record.id END,");

type RecordRow<'a> = (
    i64,
    &'static str,
    &'static str,
    i64,
    &'static str,
    Option<&'a str>,
    i64,
    Option<&'a str>,
    &'static str,
    Option<&'a str>,
    Option<i64>,
);

fn record_row(c: &RecordChange) -> RecordRow<'_> {
    let stop = match c.stop {
        RecallChange::Keep => "keep",
        RecallChange::Clear => "clear",
        RecallChange::Set(Recall::Withdrawn) => Recall::Withdrawn.as_str(),
        RecallChange::Set(Recall::Updated) => Recall::Updated.as_str(),
    };
    let card = match c.card {
        CardChange::Keep => "keep",
        CardChange::Checked => "checked",
        CardChange::Unchecked => "unchecked",
        CardChange::Surrendered => "surrendered",
        CardChange::NextCopy => "next-copy",
    };
    let (from, to, place) = (c.from.as_str(), c.to.as_str(), i64::from(c.to.occupies_slot()));
    let (charged_on, reason, note) = (c.charged_on.as_deref(), c.reason.as_deref(), c.note.as_deref());
    let is_sent = c.out.is_sent().map(i64::from);
    (c.id.0, from, to, place, stop, charged_on, i64::from(c.reset_failures), reason, card, note, is_sent)
}
