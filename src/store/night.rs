//! What became of blanks between two instants, by the ledger. At most [`LOOKED_MAX`] movements are read.

use super::{StoreError, Tx, doing, on};
use crate::domain::time::Timestamp;

const READING: &str = "reading the ledger";
/// How many movements are read at most: the newest.
const LOOKED_MAX: i64 = 200_000;

/// The first movement with this number or a higher one.
pub(super) const FIRST: &str = "SELECT id, at_us FROM movement WHERE id >= $1 ORDER BY id LIMIT 1";
pub(super) const NEWEST: &str = "SELECT COALESCE(MAX(id), 0) FROM movement";
pub(super) const SUMS: &str = "
    SELECT from_account, to_account, CAST(SUM(quantity) AS BIGINT) FROM movement
    WHERE id >= $1 AND id < $2 AND at_us >= $3 AND at_us < $4
    GROUP BY from_account, to_account";

/// The blanks that moved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MovedBetween {
    /// The accounts that they left and went to, with how many there were.
    pub sums: Vec<(String, String, i64)>,
    /// Whether all movements between the instants were read.
    pub is_whole: bool,
}

impl Tx {
    /// The blanks that moved from one instant until before another.
    pub async fn moved_between(&mut self, since: Timestamp, until: Timestamp) -> Result<MovedBetween, StoreError> {
        let newest: i64 = on!(self, c => sqlx::query_scalar(NEWEST).fetch_one(c)).map_err(doing(READING))?;
        let (first, end) = (self.first_movement(newest, since).await?, self.first_movement(newest, until).await?);
        let least = end - LOOKED_MAX;
        let sums = on!(self, c => sqlx::query_as(SUMS)
                .bind(first.max(least)).bind(end).bind(since.0).bind(until.0).fetch_all(c))
        .map_err(doing(READING))?;
        Ok(MovedBetween { sums, is_whole: first >= least })
    }

    /// The number of the first movement at an instant or after it. Numbers of movements grow with time, so it is found by halving.
    async fn first_movement(&mut self, newest: i64, at: Timestamp) -> Result<i64, StoreError> {
        let (mut before, mut first) = (0, newest + 1);
        while before + 1 < first {
            let middle = before.midpoint(first);
            let found: Option<(i64, i64)> =
                on!(self, c => sqlx::query_as(FIRST).bind(middle).fetch_optional(c)).map_err(doing(READING))?;
            match found {
                Some((_, instant)) if instant < at.0 => before = middle,
                Some(_) | None => first = middle,
            }
        }
        Ok(first)
    }
}
