//! The attempts that ended last, from which the times and faults of printers are learned.

use super::{StoreError, Tx, doing, on};
use crate::domain::{
    learned::{PastAttempt, stops_printer},
    reason::{Reason, StoredReason},
    time::Timestamp,
};

/// The codes are those of `Reason::Stopped` and `Reason::LeaseExpired`: such an attempt says nothing of its printer.
pub(super) const LATEST: &str = "
    SELECT printer, state, ended_at_us, reason FROM attempt
    WHERE ended_at_us IS NOT NULL AND ended_at_us >= $1 AND ended_at_us <= $2
        AND (state <> 'not-started' OR reason IS NULL OR
            (reason NOT LIKE '{\"code\":\"stopped\"%' AND reason NOT LIKE '{\"code\":\"lease-expired\"%'))
    ORDER BY ended_at_us DESC, id DESC LIMIT $3";

impl Tx {
    /// The attempts that ended in a time, newest first, at most `limit`, each with its printer.
    pub async fn attempts_latest(
        &mut self,
        since: Timestamp,
        until: Timestamp,
        limit: i64,
    ) -> Result<Vec<(String, PastAttempt)>, StoreError> {
        let rows: Vec<(String, String, i64, Option<String>)> =
            on!(self, c => sqlx::query_as(LATEST).bind(since.0).bind(until.0).bind(limit).fetch_all(c))
                .map_err(doing("reading the latest attempts"))?;
        let past = |(printer, state, ended, reason): (String, String, i64, Option<String>)| {
            let stopped = match reason.as_deref().map(Reason::from_stored) {
                Some(StoredReason::Coded(reason)) => stops_printer(&reason),
                Some(StoredReason::Quoted(_)) | None => false,
            };
            Some((printer, PastAttempt { ended_at: Timestamp(ended), state: state.parse().ok()?, stopped }))
        };
        Ok(rows.into_iter().filter_map(past).collect())
    }
}
