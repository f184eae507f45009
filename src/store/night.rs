//! What became of blanks since an instant, by the ledger. At most [`LOOKED_MAX`] movements are read.

use super::{StoreError, Tx, doing, on};
use crate::domain::time::Timestamp;

/// How many movements are read at most: the newest.
const LOOKED_MAX: i64 = 200_000;

/// The first movement with this number or a higher one.
pub(super) const FIRST: &str = "SELECT id, at_us FROM movement WHERE id >= $1 ORDER BY id LIMIT 1";
pub(super) const NEWEST: &str = "SELECT COALESCE(MAX(id), 0) FROM movement";
pub(super) const SUMS: &str = "
    SELECT from_account, to_account, CAST(SUM(quantity) AS BIGINT) FROM movement WHERE id >= $1 AND at_us >= $2
    GROUP BY from_account, to_account";

/// The blanks that moved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MovedSince {
    /// The accounts that they left and went to, with how many there were.
    pub sums: Vec<(String, String, i64)>,
    /// Whether all movements since the instant were read.
    pub is_whole: bool,
}

impl Tx {
    /// The blanks that moved since an instant. Numbers of movements grow with time, so the first is found by halving.
    pub async fn moved_since(&mut self, since: Timestamp) -> Result<MovedSince, StoreError> {
        const READING: &str = "reading the ledger";
        let newest: i64 = on!(self, c => sqlx::query_scalar(NEWEST).fetch_one(c)).map_err(doing(READING))?;
        let (mut before, mut first) = (0, newest + 1);
        while before + 1 < first {
            let middle = before.midpoint(first);
            let found: Option<(i64, i64)> =
                on!(self, c => sqlx::query_as(FIRST).bind(middle).fetch_optional(c)).map_err(doing(READING))?;
            match found {
                Some((_, at)) if at < since.0 => before = middle,
                Some(_) | None => first = middle,
            }
        }
        let least = newest - LOOKED_MAX + 1;
        let sums = on!(self, c => sqlx::query_as(SUMS).bind(first.max(least)).bind(since.0).fetch_all(c))
            .map_err(doing(READING))?;
        Ok(MovedSince { sums, is_whole: first >= least })
    }
}
