//! Refusals of lists in spreadsheets.

use serde::{Deserialize, Serialize};

use super::kind::{RefusalKind, refusals};
use crate::domain::import::SheetFault;

refusals! {
    /// Why a list in a spreadsheet is refused.
    SheetRefusal also {}
    /// The file cannot be read.
    Invalid "sheet-unreadable" Unreadable { fault: SheetFault };
    /// The spreadsheet has no sheet of this name.
    Invalid "no-sheet" NoSheet { sheet: String, known: Vec<String> };
    /// A sheet was named, and the file is no spreadsheet.
    Invalid "sheet-of-text" OfText;
    /// Cells of the list are merged, so that rows have no values of their own. `area` is the first of them, such as `C5:C9`.
    Invalid "merged-cells" Merged { area: String, number: u64 };
}

impl From<SheetFault> for super::Refusal {
    fn from(fault: SheetFault) -> Self {
        Self::Sheet(SheetRefusal::Unreadable { fault })
    }
}
