//! The rows of a sheet as rows of a waiting list.

use std::io;

use super::{
    columns::{Columns, Place, places},
    fault::fault_of,
    spreadsheet::{Area, Content, ROW_BYTES_MAX, SheetRow, SheetRows},
};
use crate::domain::{
    import::{Layout, RejectReason, Rejection, Row, RowPlace, column_letters},
    reason::Reason,
    refusal::{FileRefusal, Refusal},
};

/// A row and where it stands.
type PlacedRow = (RowPlace, Result<Row, Rejection>);

/// The rows of a sheet below its heading.
pub(super) struct SheetSource {
    rows: SheetRows,
    row: SheetRow,
    places: Vec<Place>,
    /// The number of the row with the heading.
    heading: u64,
}

fn unreadable(error: &io::Error) -> Refusal {
    fault_of(error).into()
}

impl SheetSource {
    /// Reads the heading: the first row with a value below those that are skipped.
    pub(super) fn new(mut rows: SheetRows, layout: &mut Layout, skipped_rows: u64) -> Result<(Self, Columns), Refusal> {
        let mut row = SheetRow::default();
        let mut headings = Vec::new();
        while headings.is_empty() && rows.next(&mut row, &|_| true).map_err(|error| unreadable(&error))? {
            if row.number <= skipped_rows {
                continue;
            }
            if row.is_too_long {
                return Err(Refusal::HeaderTooLong { most: ROW_BYTES_MAX });
            }
            headings = texts(&row);
        }
        let places = places(&headings, layout)?;
        let columns = Columns::of(&headings, &places, layout)?;
        Ok((Self { rows, heading: row.number, row, places }, columns))
    }

    /// Whether there is a row with a value.
    pub(super) fn has_heading(&self) -> bool {
        !self.places.is_empty()
    }

    /// The next row that is not empty; `None` at the end.
    pub(super) fn next(
        &mut self,
        layout: &Layout,
        is_read: &[bool],
        columns: &mut Columns,
    ) -> Result<Option<PlacedRow>, Refusal> {
        loop {
            let places = &self.places;
            let reads = |column: usize| match places.get(column) {
                Some(Place::Known(at)) => is_read[*at],
                Some(Place::Unknown) => false,
                Some(Place::Nameless) | None => true,
            };
            if !self.rows.next(&mut self.row, &reads).map_err(|error| unreadable(&error))? {
                return self.refuse_merged().map(|()| None);
            }
            let number = self.row.number;
            if !self.row.cells.is_empty() || self.row.is_too_long {
                columns.hidden_rows += u64::from(self.row.is_hidden);
                let row = self.row(layout, is_read, columns);
                return Ok(Some((RowPlace { row: number, line: number }, row)));
            }
        }
    }

    fn row(&mut self, layout: &Layout, is_read: &[bool], columns: &mut Columns) -> Result<Row, Rejection> {
        if self.row.is_too_long {
            let detail = Reason::RowTooLong { most: ROW_BYTES_MAX };
            return Err(Rejection::new(RejectReason::Malformed, "(row)", detail));
        }
        let mut row = layout.empty_row();
        for (column, content) in &self.row.cells {
            let column = usize::from(*column);
            if column >= self.places.len() {
                self.places.resize(column + 1, Place::Nameless);
            }
            match (self.places[column], content) {
                (Place::Known(at), _) if !is_read[at] => {}
                (Place::Known(at), Content::Text(from, to)) => match std::str::from_utf8(self.row.text(*from, *to)) {
                    Ok(text) => layout.set(&mut row, at, text),
                    Err(_) => layout.spoil(&mut row, at, Reason::NotUtf8),
                },
                (Place::Known(at), Content::Fault(fault)) => layout.spoil(&mut row, at, Reason::Cell { fault: *fault }),
                (Place::Unknown, _) => {}
                (Place::Nameless, _) => {
                    columns.unknown.push(column_letters(column));
                    self.places[column] = Place::Unknown; // it is told once
                }
            }
        }
        Ok(row)
    }

    /// Refuses a list with merged cells: a value that several rows show stands in the first of them only.
    fn refuse_merged(&self) -> Result<(), Refusal> {
        let is_known = |column: usize| matches!(self.places.get(column), Some(Place::Known(_)));
        let mut areas = self.rows.merged().within(self.heading, is_known);
        let Some(first) = areas.next() else { return Ok(()) };
        let (area, number) = (name(first), 1 + areas.count() as u64);
        Err(Refusal::File(FileRefusal::Merged { area, number }))
    }
}

/// The name of an area, such as `C5:C9`.
fn name(area: &Area) -> String {
    let cell = |column: usize, row: u64| format!("{}{row}", column_letters(column));
    format!("{}:{}", cell(area.columns.0, area.rows.0), cell(area.columns.1, area.rows.1))
}

/// The texts of a row by column; a cell without one is empty.
fn texts(row: &SheetRow) -> Vec<String> {
    let mut texts = Vec::new();
    for (column, content) in &row.cells {
        let column = usize::from(*column);
        texts.resize(column + 1, String::new());
        if let Content::Text(from, to) = content {
            String::from_utf8_lossy(row.text(*from, *to)).trim().clone_into(&mut texts[column]);
        }
    }
    texts
}
