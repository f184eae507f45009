//! The history of a record: where its events are in the audit.

use super::{StoreError, Tx, doing, execute, on, set};
use crate::domain::{
    audit_row::{RecordedEvent, event_of},
    id::RecordId,
};

pub(super) const EVENTS: &str = "
    SELECT chain, seq FROM record_event WHERE record_id = $1 ORDER BY at_us DESC, chain DESC, seq DESC LIMIT $2";
/// The row with an event. The row of an import may have millions of bytes, so one is read at a time.
pub(super) const ROW: &str = "SELECT entry FROM audit WHERE chain = $1 AND seq >= $2 ORDER BY seq LIMIT 1";

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
        const READING: &str = "reading the history of a record";
        let places: Vec<(String, i64)> =
            on!(self, c => sqlx::query_as(EVENTS).bind(record.0).bind(limit).fetch_all(c)).map_err(doing(READING))?;
        let mut events = Vec::new();
        for (chain, seq) in places.iter().rev() {
            let row: Option<String> = on!(self, c => sqlx::query_scalar(ROW).bind(chain).bind(seq).fetch_optional(c))
                .map_err(doing(READING))?;
            events.extend(row.and_then(|row| event_of(&row, *seq)));
        }
        Ok(events)
    }
}
