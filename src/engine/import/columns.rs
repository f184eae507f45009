//! The columns of a file, compared with the layout of the profile.

use std::collections::HashSet;

use crate::domain::{
    import::{Layout, column_letters},
    refusal::{FileRefusal, Refusal},
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
    /// The headings of a table, each with the column of the layout that it is.
    pub headings: Vec<(Option<usize>, Heading)>,
}

/// A heading of a table.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Heading {
    /// The letters of its column: `A` is the first one.
    pub letters: String,
    /// Its text.
    pub text: String,
}

impl Columns {
    /// The columns of a table, whose letters the layout gets to know.
    pub(super) fn of(headings: &[String], places: &[Place], layout: &mut Layout) -> Result<Self, Refusal> {
        let mut known = Vec::new();
        for (at, (text, place)) in headings.iter().zip(places).enumerate().filter(|(_, (_, p))| **p != Place::Nameless)
        {
            let column = if let Place::Known(column) = place { Some(*column) } else { None };
            let letters = column_letters(at);
            if let Some(column) = column {
                if layout.constant(column).is_some() {
                    let column = layout.columns[column].clone();
                    return Err(Refusal::File(FileRefusal::ConstantColumn { column, letters }));
                }
                layout.found(column, letters.clone());
            }
            known.push((column, Heading { letters, text: text.clone() }));
        }
        let unknown = (0..places.len()).filter(|at| places[*at] == Place::Unknown).map(column_letters).collect();
        let has = |at: usize| places.contains(&Place::Known(at));
        let is_absent = |at: &usize| !has(*at) && !layout.fills(*at);
        let absent = (0..layout.columns.len()).filter(is_absent).map(|at| layout.columns[at].clone()).collect();
        Ok(Self { unknown, absent, headings: known, ..Self::default() })
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
