//! Batches: records of one profile with the same number of reserved blanks, for one printer.

use serde::{Deserialize, Serialize};

use super::id::{BatchId, RecordId};
pub use super::states::BatchState;

/// A batch as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Batch {
    /// Its number.
    pub id: BatchId,
    /// Its profile.
    pub profile: String,
    /// Its printer.
    pub printer: String,
    /// Its state.
    pub state: BatchState,
}

/// The reason for which a batch ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BatchEnd {
    /// All its cards are done.
    Done,
    /// It was closing, and its last attempt has ended.
    LastAttemptEnded,
    /// It was closing, and none of its jobs was printing.
    NothingPrinting,
    /// The window closed.
    WindowClosed,
    /// The breaker of its printer is locked.
    PrinterLocked,
    /// Its printer could not print for `release_after`.
    PrinterCannotPrint,
    /// A person cancelled it.
    Cancelled,
}

impl BatchEnd {
    /// The code in the audit.
    pub fn code(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::LastAttemptEnded => "last-attempt-ended",
            Self::NothingPrinting => "nothing-printing",
            Self::WindowClosed => "window-closed",
            Self::PrinterLocked => "printer-locked",
            Self::PrinterCannotPrint => "printer-cannot-print",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A record that was claimed from the waiting list, with the keys of its position in the batch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claimed {
    /// The record.
    pub record: RecordId,
    /// The first sort key.
    pub district: String,
    /// The second sort key.
    pub village: String,
    /// The version to be rendered.
    pub version: i64,
    /// Its copy number, from 1.
    pub copy: i64,
    /// Whether its card is recalled.
    pub recalled: bool,
    /// Whether a person has put it first.
    pub is_walk_in: bool,
}

/// The size of the next batch: the minimum of the setting, the free blanks and the hopper's capacity.
pub fn size(batch_size: i64, blanks: i64, hopper_capacity: Option<i64>) -> i64 {
    batch_size.min(blanks).min(hopper_capacity.unwrap_or(i64::MAX)).max(0)
}

/// Sorts claimed records in printing order: walk-ins, then by district, then by village, then in the order of the claims.
pub fn sort_pile(claimed: &mut [Claimed]) {
    claimed.sort_by(|a, b| (!a.is_walk_in, &a.district, &a.village).cmp(&(!b.is_walk_in, &b.district, &b.village)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_never_asks_for_more_blanks_than_there_are_nor_more_than_the_hopper_holds() {
        assert_eq!(size(100, 5000, None), 100);
        assert_eq!(size(100, 37, None), 37);
        assert_eq!(size(500, 5000, Some(150)), 150);
        assert_eq!(size(100, 0, Some(150)), 0);
    }
}
