//! A row of a sheet: its cells in the order of their columns.

use std::io;

use crate::domain::{import::SheetFault, reason::CellFault};

/// The most bytes of a row, as in a list of text.
pub(in crate::engine::import) const ROW_BYTES_MAX: usize = 64 * 1024;
/// The most columns and rows of a sheet, those of XLSX.
pub(super) const COLUMNS_MAX: usize = 16_384;
pub(super) const ROWS_MAX: u64 = 1_048_576;
/// The most areas of merged cells that are kept.
const AREAS_MAX: usize = 10_000;

/// What a cell has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::engine::import) enum Content {
    /// A text, which stands in the row's texts between these places.
    Text(u32, u32),
    /// No value that can be taken.
    Fault(CellFault),
}

/// A row of a sheet.
#[derive(Clone, Default)]
pub(in crate::engine::import) struct SheetRow {
    /// Its number in the spreadsheet, from 1.
    pub(in crate::engine::import) number: u64,
    pub(in crate::engine::import) is_hidden: bool,
    /// Whether it is longer than its limit; then the rest of its cells is left out.
    pub(in crate::engine::import) is_too_long: bool,
    /// The columns, from 0, and what they have. Cells without a value are left out.
    pub(in crate::engine::import) cells: Vec<(u16, Content)>,
    texts: Vec<u8>,
}

impl SheetRow {
    pub(super) fn begin(&mut self, number: u64, is_hidden: bool) {
        (self.number, self.is_hidden, self.is_too_long) = (number, is_hidden, false);
        self.cells.clear();
        self.texts.clear();
    }

    /// The text between two places.
    pub(in crate::engine::import) fn text(&self, from: u32, to: u32) -> &[u8] {
        &self.texts[from as usize..to as usize]
    }

    /// The bytes that it takes.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() + self.texts.len() + self.cells.len() * size_of::<(u16, Content)>()
    }

    pub(super) fn add(&mut self, column: usize, value: Result<&[u8], CellFault>) {
        // Both are far below these limits.
        let column = u16::try_from(column).unwrap_or(u16::MAX);
        let place = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        match value {
            Ok(text) if text.trim_ascii().is_empty() => {}
            Ok(text) if self.is_too_long || self.texts.len() + text.len() > ROW_BYTES_MAX => self.is_too_long = true,
            Ok(text) => {
                let from = self.texts.len();
                self.texts.extend_from_slice(text);
                self.cells.push((column, Content::Text(place(from), place(self.texts.len()))));
            }
            Err(fault) => self.cells.push((column, Content::Fault(fault))),
        }
    }
}

/// Cells that are merged: their first and last row, from 1, and column, from 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::engine::import) struct Area {
    pub(in crate::engine::import) rows: (u64, u64),
    pub(in crate::engine::import) columns: (usize, usize),
}

/// The areas of merged cells that were read.
#[derive(Default)]
pub(in crate::engine::import) struct Areas(Vec<Area>);

impl Areas {
    pub(super) fn add(&mut self, area: Area) -> io::Result<()> {
        if self.0.len() == AREAS_MAX {
            return Err(SheetFault::TooMany.into());
        }
        self.0.push(area);
        Ok(())
    }

    /// Those below the heading that cover a column which is read.
    pub(in crate::engine::import) fn within<'a>(
        &'a self,
        heading: u64,
        is_read: impl Fn(usize) -> bool + 'a,
    ) -> impl Iterator<Item = &'a Area> {
        self.0.iter().filter(move |area| {
            area.rows.1 > heading && area.rows.1.max(heading) >= area.rows.0 && {
                (area.columns.0..=area.columns.1.min(COLUMNS_MAX)).any(&is_read)
            }
        })
    }
}

/// The column of a name such as `AB12`, from 0, and the row, from 1 if it is there.
pub(super) fn place(name: &[u8]) -> Option<(usize, u64)> {
    let (mut column, mut row) = (0_usize, 0_u64);
    for (at, byte) in name.iter().enumerate() {
        match byte {
            b'A'..=b'Z' if row == 0 && at < 3 => column = column * 26 + usize::from(byte - b'A') + 1,
            b'0'..=b'9' if at > 0 => row = row * 10 + u64::from(byte - b'0'),
            _ => return None,
        }
        if row > ROWS_MAX {
            return None;
        }
    }
    column.checked_sub(1).filter(|column| *column < COLUMNS_MAX).map(|column| (column, row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_has_the_place_that_its_name_says() {
        for (name, expected) in [
            ("A1", Some((0, 1))),
            ("XFD1048576", Some((16_383, 1_048_576))),
            ("AB12", Some((27, 12))),
            ("XFE1", None),
            ("A1048577", None),
            ("1A", None),
            ("a1", None),
            ("", None),
        ] {
            assert_eq!(place(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn a_row_keeps_its_cells_until_it_is_too_long() {
        let mut row = SheetRow::default();
        row.begin(7, false);
        row.add(0, Ok(b"a"));
        row.add(1, Ok(b" "));
        row.add(2, Err(CellFault::Boolean));
        assert_eq!(row.cells, [(0, Content::Text(0, 1)), (2, Content::Fault(CellFault::Boolean))]);
        row.add(3, Ok(&vec![b'x'; ROW_BYTES_MAX]));
        assert!(row.is_too_long && row.cells.len() == 2);
        row.begin(8, false);
        assert!(!row.is_too_long && row.cells.is_empty());
    }

    #[test]
    fn merged_cells_matter_below_the_heading_in_a_column_that_is_read() {
        let mut areas = Areas::default();
        areas.add(Area { rows: (1, 1), columns: (0, 5) }).unwrap();
        areas.add(Area { rows: (4, 6), columns: (2, 2) }).unwrap();
        assert_eq!(areas.within(2, |column| column == 2).count(), 1);
        assert_eq!(areas.within(2, |column| column == 3).count(), 0);
        assert_eq!(areas.within(0, |_| true).count(), 2);
    }
}
