//! The columns of a file, compared with the layout of the profile.

use std::collections::HashSet;

use crate::domain::{
    import::{Layout, column_letters},
    refusal::Refusal,
};

/// The most columns with a heading.
const COLUMNS_MAX: usize = 1_000;

/// The columns of a file compared with the layout, and what else is told of its rows at the end.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Columns {
    /// Columns of a table that the profile does not read, as letters. Their headings are not repeated, because they may be
    /// the cells of a row.
    pub unknown: Vec<String>,
    /// Columns of the profile that the file does not have; their values are empty.
    pub absent: Vec<String>,
    /// Rows of JSON Lines with keys that the profile does not read.
    pub rows_with_unknown_keys: u64,
    /// Rows that the spreadsheet does not show.
    pub hidden_rows: u64,
}

impl Columns {
    /// The columns of a table.
    pub(super) fn of(places: &[Place], layout: &Layout) -> Self {
        let unknown = (0..places.len()).filter(|at| places[*at] == Place::Unknown).map(column_letters).collect();
        let has = |at: usize| places.contains(&Place::Known(at));
        let absent = (0..layout.columns.len()).filter(|at| !has(*at)).map(|at| layout.columns[at].clone()).collect();
        Self { unknown, absent, ..Self::default() }
    }
}

/// What a column of a table is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The column of the layout with this index.
    Known(usize),
    /// A column that the profile does not read.
    Unknown,
    /// A column without a heading. Spreadsheets leave empty ones; one with values is reported.
    Nameless,
}

/// What each column of the header is, by its trimmed heading.
pub(super) fn places(headings: &[String], layout: &Layout) -> Result<Vec<Place>, Refusal> {
    if headings.iter().filter(|heading| !heading.is_empty()).count() > COLUMNS_MAX {
        return Err(Refusal::TooManyColumns { most: COLUMNS_MAX });
    }
    let mut seen = HashSet::new();
    let mut places = Vec::with_capacity(headings.len());
    for (at, heading) in headings.iter().enumerate() {
        let place = match layout.recognise(heading) {
            _ if heading.is_empty() => Place::Nameless,
            Some(column) => Place::Known(column),
            None => Place::Unknown,
        };
        let column = if let Place::Known(column) = place { &layout.columns[column] } else { heading };
        if place != Place::Nameless && !seen.insert(column.clone()) {
            let known = if let Place::Known(column) = place { Some(layout.columns[column].clone()) } else { None };
            return Err(Refusal::ColumnTwice { column: known, letters: column_letters(at) });
        }
        places.push(place);
    }
    Ok(places)
}
