//! Why a spreadsheet or an archive cannot be read.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a spreadsheet or an archive cannot be read to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SheetFault {
    /// It is cut off, or its content is not as its format says.
    Damaged,
    /// A part of it unpacks to far more than its size.
    Expands,
    /// It has more files, sheets, styles, rows or columns than any list.
    TooMany,
    /// Its texts are larger than 256 MiB.
    TextsTooLarge,
    /// A cell is larger than 1 MiB.
    CellTooLarge,
    /// It describes its document type, as no spreadsheet does.
    DocumentType,
    /// A part of it is packed in another way than by deflate.
    Packing,
}

impl fmt::Display for SheetFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for SheetFault {}
