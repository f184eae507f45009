//! What a report of a night reads. Each read is bounded.

use std::time::Duration;

use super::{StoreError, Tx, doing, on, set};
use crate::domain::{audit_row::entries, time::Timestamp};

/// The rows of a chain that are looked at, the newest, and the events that are read of them.
const LOOKED_MAX: i64 = 50_000;
const EVENTS_MAX: usize = 500;
/// Clocks are set back by less than this without stopping the scheduler.
const CLOCK_SET_BACK: Duration = Duration::from_mins(2);

/// Rows with what happened to printers and pauses. The acts are those of [`HAPPENED`].
pub(super) const EVENTS: &str = "
    SELECT seq, entry FROM audit WHERE chain = $1 AND seq > $2 AND seq <= $3
        AND (entry LIKE '%\"printer.seen\"%' OR entry LIKE '%\"printer.breaker\"%' OR entry LIKE '%\"printer.cleared\"%'
            OR entry LIKE '%\"queue.paused\"%' OR entry LIKE '%\"queue.resumed\"%' OR entry LIKE '%\"batch.approved\"%'
            OR entry LIKE '%\"batch.cancelled\"%' OR entry LIKE '%\"printer.rests\"%' OR entry LIKE '%\"printer.rested\"%'
            OR entry LIKE '%\"printer.supplies\"%' OR entry LIKE '%\"printer.feeding-stopped\"%'
            OR entry LIKE '%\"printer.feeding-resumed\"%')
    ORDER BY seq DESC LIMIT $4";

/// The acts that a report of a night tells.
const HAPPENED: [&str; 12] = [
    "printer.seen",
    "printer.breaker",
    "printer.cleared",
    "queue.paused",
    "queue.resumed",
    "batch.approved",
    "batch.cancelled",
    "printer.rests",
    "printer.rested",
    "printer.supplies",
    "printer.feeding-stopped",
    "printer.feeding-resumed",
];

/// Good cards of batches by district.
pub(super) const DISTRICTS: &str = "
    SELECT j.batch_id, r.district, COUNT(*)
    FROM json_each($1) AS v CROSS JOIN job AS j CROSS JOIN record AS r
    WHERE j.batch_id = CAST(v.value AS BIGINT) AND j.state = 'printed' AND r.id = j.record_id
    GROUP BY j.batch_id, r.district ORDER BY j.batch_id, r.district";

/// Records in batches by profile and class.
pub(super) const BATCHED: &str = "
    SELECT r.profile, r.class, COUNT(*)
    FROM json_each($1) AS v CROSS JOIN job AS j CROSS JOIN record AS r
    WHERE j.batch_id = CAST(v.value AS BIGINT) AND j.state IN ('queued', 'printing') AND r.id = j.record_id AND r.state = 'batched'
    GROUP BY r.profile, r.class ORDER BY r.profile, r.class";

/// An event of a printer, a batch or the queue.
#[derive(Clone, PartialEq, Debug, serde::Deserialize)]
pub struct PrinterEvent {
    /// When, RFC 3339.
    pub at: String,
    /// The name of the person or program.
    pub actor: String,
    /// Noun and verb.
    pub act: String,
    /// What it is about: `printer p1`.
    pub subject: String,
    /// Its number in its chain.
    pub seq: i64,
    /// The reason and the numbers.
    pub details: serde_json::Map<String, serde_json::Value>,
}

impl Tx {
    /// What happened to printers and pauses from one instant on, and until before another if one is given, in no particular order, by the
    /// newest rows of each chain. Also whether there may have been more.
    pub async fn events_of_printers(
        &mut self,
        since: Timestamp,
        until: Option<Timestamp>,
    ) -> Result<(Vec<PrinterEvent>, bool), StoreError> {
        let (mut found, mut is_cut) = (Vec::new(), false);
        for head in self.audit_heads().await? {
            let newest = match until {
                Some(until) => self.audit_before(&head.chain, head.seq, until.plus(CLOCK_SET_BACK)).await?,
                None => head.seq,
            };
            let most = i64::try_from(EVENTS_MAX).unwrap_or(i64::MAX);
            let rows: Vec<(i64, String)> = on!(self, c => sqlx::query_as(EVENTS)
                    .bind(&*head.chain).bind(newest - LOOKED_MAX).bind(newest).bind(most).fetch_all(c))
            .map_err(doing("reading the audit"))?;
            let is_in_time = |event: &PrinterEvent| {
                let at = Timestamp::parse(&event.at);
                at.is_some_and(|at| at >= since && until.is_none_or(|until| at < until))
            };
            let mut read = 0;
            for (_, text) in &rows {
                let events = entries(text).filter_map(|entry| serde_json::from_str(&entry).ok());
                let is_told = |event: &PrinterEvent| HAPPENED.contains(&&*event.act) && is_in_time(event);
                let before = found.len();
                found.extend(events.filter(is_told));
                read += usize::from(found.len() > before);
            }
            is_cut |= rows.len() == EVENTS_MAX && read == rows.len();
        }
        Ok((found, is_cut))
    }

    /// The records that are in some batches and not printed yet, by profile and class. It reads the cards of these batches.
    pub async fn batched_by_class(&mut self, batches: &[i64]) -> Result<Vec<(String, i64, i64)>, StoreError> {
        on!(self, c => sqlx::query_as(BATCHED).bind(set(batches)).fetch_all(c)).map_err(doing("reading batches"))
    }

    /// The good cards of batches, by batch and district.
    pub async fn piles_by_district(&mut self, batches: &[i64]) -> Result<Vec<(i64, String, i64)>, StoreError> {
        on!(self, c => sqlx::query_as(DISTRICTS).bind(set(batches)).fetch_all(c)).map_err(doing("listing piles"))
    }
}
