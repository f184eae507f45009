//! The open transaction of an import. It takes chunks until it is long, or until another transaction waits to write.

use std::time::Duration;

use super::{
    chunk_writer::ChunkWriter,
    report::{DecidedRow, Report},
};

/// A transaction ends after this time, so that schedulers hear of its records.
const TRANSACTION_LONG: Duration = Duration::from_secs(1);
/// The rows of the first transaction, which is small because printers may have no work, and of each after one for whose end
/// another transaction waited.
const ROWS_FIRST: usize = 500;
const ROWS_MOST: usize = 100_000;
/// The target for a commit, which writes all changed pages. It is the wait of a command that comes while nothing else waits.
const COMMIT_LONG: Duration = Duration::from_millis(120);
const COMMIT_SHORT: Duration = Duration::from_millis(60);

/// An open transaction, and the part of the report that is saved with it.
pub(super) struct Open {
    pub(super) writer: ChunkWriter,
    /// The report when it began.
    pub(super) before: Report,
    /// The records whose body it wrote.
    pub(super) written: Vec<i64>,
    /// Its rows that are to be reported.
    pub(super) decided: Vec<DecidedRow>,
    /// Whether another transaction waited for its end.
    pub(super) waited_for: bool,
    began: Duration,
    rows: usize,
    bytes: u64,
}

impl Open {
    /// `began` is the clock's reading when the lock was acquired.
    pub(super) fn new(writer: ChunkWriter, before: Report, began: Duration) -> Self {
        Self { writer, before, written: Vec::new(), decided: Vec::new(), waited_for: false, began, rows: 0, bytes: 0 }
    }

    /// Counts a chunk.
    pub(super) fn add_chunk(&mut self, rows: usize, bytes: u64) {
        self.rows += rows;
        self.bytes += bytes;
    }

    /// The size of its chunks.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The rows of its chunks.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Whether it is as long as a transaction may be.
    pub(super) fn is_full(&self, limit: &RowLimit, now: Duration) -> bool {
        self.rows >= limit.0 || now.saturating_sub(self.began) >= TRANSACTION_LONG
    }
}

/// The maximum of rows in a transaction. It grows while nothing else waits to write.
pub(super) struct RowLimit(usize);

impl RowLimit {
    pub(super) fn new() -> Self {
        Self(ROWS_FIRST)
    }

    /// Adapts the limit after a transaction.
    pub(super) fn ended(&mut self, rows: usize, commit: Duration, waited_for: bool) {
        if waited_for {
            self.0 = ROWS_FIRST;
        } else if commit > COMMIT_LONG {
            self.0 = (rows / 2).clamp(ROWS_FIRST, ROWS_MOST);
        } else if commit < COMMIT_SHORT && rows >= self.0 {
            self.0 = (self.0 * 2).min(ROWS_MOST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transactions_grow_while_nothing_waits_and_are_short_as_soon_as_something_does() {
        let mut limit = RowLimit::new();
        let mut rows = Vec::new();
        for (commit, waited_for) in
            [(1, false), (1, false), (121, false), (100, false), (1, false), (1, true), (1, true), (1, false)]
        {
            rows.push(limit.0);
            limit.ended(limit.0, Duration::from_millis(commit), waited_for);
        }
        assert_eq!(rows, [500, 1_000, 2_000, 1_000, 1_000, 2_000, 500, 500]);
        for _ in 0..20 {
            limit.ended(limit.0, Duration::ZERO, false);
        }
        assert_eq!(limit.0, ROWS_MOST);
    }

    #[test]
    fn a_transaction_that_ended_early_does_not_raise_the_limit() {
        let mut limit = RowLimit::new();
        limit.ended(ROWS_FIRST - 1, Duration::ZERO, false);
        assert_eq!(limit.0, ROWS_FIRST);
    }
}
