//! Refusals of files of waiting lists, and of mappings of their columns.

use serde::{Deserialize, Serialize};

use super::kind::{RefusalKind, refusals};
use crate::domain::import::SheetFault;

refusals! {
    /// Why the file of a list is refused.
    FileRefusal also {}
    /// The file cannot be read.
    Invalid "sheet-unreadable" Unreadable { fault: SheetFault };
    /// The spreadsheet has no sheet of this name.
    Invalid "no-sheet" NoSheet { sheet: String, known: Vec<String> };
    /// A sheet was named, and the file is no spreadsheet.
    Invalid "sheet-of-text" OfText;
    /// Cells of the list are merged, so that rows have no values of their own. `area` is the first of them, such as `C5:C9`.
    Invalid "merged-cells" Merged { area: String, number: u64 };
    /// The archive has this number of lists in place of one.
    Invalid "archive-lists" ArchiveLists { number: u64 };
    /// The mapping is wrong; `detail` says which key of it.
    Invalid "mapping-wrong" Mapping { detail: String };
    /// The file has a column, in these letters, for which the mapping has a constant value.
    Invalid "constant-column" ConstantColumn { column: String, letters: String };
}
