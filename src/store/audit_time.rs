//! The rows of the audit in the order of time, over all chains.

use super::{StoreError, Tx, doing, on};
use crate::domain::{audit_row::row_instant, time::Timestamp};

/// The first row of a chain after a number, with the number of its last event.
const NEXT_ROW: &str = "SELECT seq, entry FROM audit WHERE chain = $1 AND seq > $2 ORDER BY seq LIMIT 1";
/// The same, with the beginning of the row only, which has its instant.
const NEXT_INSTANT: &str =
    "SELECT seq, substr(entry, 1, 400) FROM audit WHERE chain = $1 AND seq > $2 ORDER BY seq LIMIT 1";

impl Tx {
    /// The next row of a chain after event number `after`: the number of its last event, and its text.
    pub async fn audit_next_row(&mut self, chain: &str, after: i64) -> Result<Option<(i64, String)>, StoreError> {
        on!(self, c => sqlx::query_as(NEXT_ROW).bind(chain).bind(after).fetch_optional(c))
            .map_err(doing("reading the audit"))
    }

    /// The number of an event of a chain, up to `newest`, before which all rows are older than an instant. Rows of a chain are in the order
    /// of time, but for clocks that were set back by less than a minute.
    pub async fn audit_before(&mut self, chain: &str, newest: i64, at: Timestamp) -> Result<i64, StoreError> {
        let (mut before, mut after) = (0, newest);
        while before < after {
            let middle = before + (after - before) / 2;
            let row: Option<(i64, String)> =
                on!(self, c => sqlx::query_as(NEXT_INSTANT).bind(chain).bind(middle).fetch_optional(c))
                    .map_err(doing("reading the audit"))?;
            match row {
                Some((seq, text)) if row_instant(&text).is_some_and(|instant| instant < at) => before = seq,
                Some(_) | None => after = middle,
            }
        }
        Ok(before)
    }
}
