//! Waiting lists in spreadsheets, XLSX and ODS, whose rows are read one at a time.
//!
//! A sheet is never in memory as a whole; the texts that the cells of XLSX share are, up to a limit.

mod archive;
mod cells;
mod ods;
mod sheet;
#[cfg(test)]
#[path = "../../../../tests/sheets/mod.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod sheets;
#[cfg(test)]
mod tests;
mod xlsx;
mod xml;

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    vec,
};

pub(super) use self::{
    archive::{Archive, ZIP},
    cells::{Area, Areas, Content, ROW_BYTES_MAX, SheetRow},
    sheet::Sheet,
};

/// A spreadsheet.
pub(super) struct Spreadsheet {
    archive: Archive,
    /// The workbook of XLSX; without one it is ODS.
    workbook: Option<Arc<xlsx::Workbook>>,
    pub(super) sheets: Vec<Sheet>,
}

impl Spreadsheet {
    /// Reads what is not rows.
    pub(super) fn open(archive: Archive, is_xlsx: bool) -> io::Result<Self> {
        if is_xlsx {
            let workbook = Arc::new(xlsx::Workbook::open(&archive)?);
            let sheets = workbook.sheets.clone();
            return Ok(Self { archive, workbook: Some(workbook), sheets });
        }
        let sheets = ods::sheets(&archive)?;
        Ok(Self { archive, workbook: None, sheets })
    }

    /// The rows of a sheet.
    pub(super) fn rows(&self, sheet: &Sheet) -> io::Result<SheetRows> {
        Ok(match &self.workbook {
            Some(workbook) => SheetRows::Xlsx(xlsx::Rows::new(workbook.clone(), &self.archive, &sheet.part)?),
            None => SheetRows::Ods(ods::Rows::new(&self.archive, &sheet.part)?),
        })
    }
}

/// The rows of a short sheet that were read once, so that they are not unpacked and parsed again.
pub(super) type KeptRows = Arc<Mutex<Option<Vec<SheetRow>>>>;

/// The most bytes of rows that are kept.
const KEPT_MAX: usize = 32 << 20;

/// The rows of a sheet while they are read.
pub(super) enum SheetRows {
    Xlsx(xlsx::Rows),
    Ods(ods::Rows),
    /// Rows that are kept at the end, unless they are too many.
    Keeping {
        rows: Box<SheetRows>,
        read: Option<Vec<SheetRow>>,
        bytes: usize,
        kept: KeptRows,
    },
    /// Rows that were kept.
    Kept(vec::IntoIter<SheetRow>, Areas),
}

impl SheetRows {
    /// The same rows, which are kept when they were read to their end.
    pub(super) fn keeping(self, kept: KeptRows) -> Self {
        Self::Keeping { rows: Box::new(self), read: Some(Vec::new()), bytes: 0, kept }
    }

    /// Rows that were kept, of a sheet without merged cells that matter.
    pub(super) fn of_kept(rows: Vec<SheetRow>) -> Self {
        Self::Kept(rows.into_iter(), Areas::default())
    }

    /// Reads the next row; `false` at the end. `is_read`: whether the cells of a column are read; the others have no value.
    pub(super) fn next(&mut self, row: &mut SheetRow, is_read: &dyn Fn(usize) -> bool) -> io::Result<bool> {
        match self {
            Self::Keeping { rows, read, bytes, kept } => {
                // Another reading may need the other columns.
                let more = rows.next(row, &|_| true)?;
                *bytes += row.size();
                if *bytes > KEPT_MAX {
                    *read = None;
                } else if let Some(read) = read.as_mut().filter(|_| more) {
                    read.push(row.clone());
                } else {
                    *kept.lock().unwrap_or_else(PoisonError::into_inner) = read.take();
                }
                Ok(more)
            }
            Self::Kept(rows, _) => match rows.next() {
                Some(kept) => {
                    *row = kept;
                    Ok(true)
                }
                None => Ok(false),
            },
            Self::Xlsx(rows) => rows.next(row, is_read),
            Self::Ods(rows) => rows.next(row, is_read),
        }
    }

    /// The merged cells: in XLSX they are known at the end.
    pub(super) fn merged(&self) -> &Areas {
        match self {
            Self::Keeping { rows, .. } => rows.merged(),
            Self::Kept(_, none) => none,
            Self::Xlsx(rows) => &rows.merged,
            Self::Ods(rows) => &rows.merged,
        }
    }
}
