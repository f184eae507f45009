//! The history of a record: where its events are in the audit.

use super::{StoreError, Tx, doing, execute, on, set};
use crate::domain::{
    audit_row::{RecordedEvent, event_of},
    id::RecordId,
};

pub(super) const EVENTS: &str = "
    SELECT e.seq, (SELECT a.entry FROM audit AS a WHERE a.chain = e.chain AND a.seq >= e.seq ORDER BY a.seq LIMIT 1)
    FROM record_event AS e WHERE e.record_id = $1
    ORDER BY e.at_us DESC, e.chain DESC, e.seq DESC LIMIT $2";

impl Tx {
    /// Saves where the events of records are in the audit row that was appended last, which has `events` events.
    pub(super) async fn record_events_save(&mut self, events: usize) -> Result<(), StoreError> {
        const SAVE: &str = "
            INSERT INTO record_event (record_id, chain, seq, at_us)
            SELECT CAST(v.value ->> 0 AS BIGINT), $2, CAST(v.value ->> 1 AS BIGINT), $3 FROM json_each($1) AS v";
        let last = self.new_head.as_ref().map_or(0, |(seq, _)| *seq);
        let before = last - i64::try_from(events).unwrap_or(i64::MAX);
        let number = |at: usize| before + 1 + i64::try_from(at).unwrap_or(i64::MAX);
        let rows: Vec<_> = self.record_events.drain(..).map(|(at, record)| (record.0, number(at))).collect();
        let (chain, now) = (self.writer.chain.clone(), self.now.0);
        execute!(self, sqlx::query(SAVE).bind(set(&rows)).bind(&*chain).bind(now))
            .map_err(doing("saving the history of records"))?;
        Ok(())
    }

    /// The newest events of a record, at most `limit`, oldest first. Events from before schema 19 are not among them.
    pub async fn record_events(&mut self, record: RecordId, limit: i64) -> Result<Vec<RecordedEvent>, StoreError> {
        let rows: Vec<(i64, Option<String>)> =
            on!(self, c => sqlx::query_as(EVENTS).bind(record.0).bind(limit).fetch_all(c))
                .map_err(doing("reading the history of a record"))?;
        Ok(rows.iter().rev().filter_map(|(seq, row)| event_of(row.as_deref()?, *seq)).collect())
    }
}
