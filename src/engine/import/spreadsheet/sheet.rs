//! A sheet of a spreadsheet.

/// A sheet, and where its rows are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::engine::import) struct Sheet {
    pub(in crate::engine::import) name: String,
    pub(in crate::engine::import) is_hidden: bool,
    /// The part of an archive, or the number of sheets before it.
    pub(super) part: String,
}
