//! Records of one profile with as many reserved blanks, for one printer.

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
    /// Where it is.
    pub state: BatchState,
}

/// Why a batch ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BatchEnd {
    /// All its cards are done.
    Done,
    /// It was ending, and the last attempt has ended.
    LastAttemptEnded,
    /// It was ending, and nothing of it was printing.
    NothingPrinting,
    /// Its window closed.
    WindowClosed,
    /// Its printer's breaker is locked.
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

/// A record that was claimed from the waiting list, with what its place in the pile depends on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claimed {
    /// The record.
    pub record: RecordId,
    /// First key of the pile.
    pub district: String,
    /// Second key of the pile.
    pub village: String,
    /// Its version, for the print.
    pub version: i64,
    /// Its copy number, from 1.
    pub copy: i64,
}

/// How many records the next batch may have: as many as fit the setting, the free blanks and the hopper.
pub fn size(batch_size: i64, blanks: i64, hopper_capacity: Option<i64>) -> i64 {
    batch_size.min(blanks).min(hopper_capacity.unwrap_or(i64::MAX)).max(0)
}

/// Sorts claimed records into the pile that is carried out: by district, then village; inside, as they were claimed.
pub fn sort_pile(claimed: &mut [Claimed]) {
    claimed.sort_by(|a, b| (&a.district, &a.village).cmp(&(&b.district, &b.village)));
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
