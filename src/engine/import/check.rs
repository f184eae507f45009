//! What a file looks like to an import: which of its columns are recognised, and what stands in them. It changes nothing, and tells no value.

use std::collections::BTreeMap;

use super::{
    columns::Heading,
    list::{HowToRead, List},
    list_file::{Input, ListFile},
    report::Import,
};
use crate::{
    domain::{
        card::profile::CardProfile,
        import::{Checked, Layout, Rejection, Row, Shape},
        permission::{Operation, Permit},
        refusal::Refusal,
        time::Timestamp,
    },
    engine::{Engine, EngineError},
};

/// The shapes that are kept of a column, and those that are told.
const SHAPES_MAX: usize = 20;
const SHAPES_TOLD: usize = 3;

/// What a file looks like.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct FileCheck {
    /// The name of its format.
    pub format: &'static str,
    /// The encoding of its text; none of a spreadsheet.
    pub encoding: Option<&'static str>,
    /// The sheet of a spreadsheet that was read.
    pub sheet: Option<String>,
    /// The other sheets.
    pub other_sheets: Vec<String>,
    /// The rows that are not empty.
    pub rows: u64,
    /// Those that would be refused, as far as a row tells by itself.
    pub refused: u64,
    /// Rows that the spreadsheet does not show.
    pub hidden_rows: u64,
    /// The columns of the profile.
    pub columns: Vec<ColumnCheck>,
    /// Columns of the file that the profile does not read.
    pub unknown: Vec<Heading>,
}

/// What is known of a column of the profile.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct ColumnCheck {
    /// Its name in the profile.
    pub column: String,
    /// Whether every list must have it.
    pub is_required: bool,
    /// Its heading in the file; none if the file does not have it.
    pub heading: Option<Heading>,
    /// The rows with a value.
    pub filled: u64,
    /// The rows that would be refused for it.
    pub wrong: u64,
    /// The most frequent shapes of its values, as they are imported.
    pub shapes: Vec<(Shape, u64)>,
}

#[derive(Default)]
struct Counted {
    filled: u64,
    wrong: u64,
    shapes: BTreeMap<Shape, u64>,
}

/// Reads a file as an import would.
pub async fn check(
    engine: &Engine,
    permit: &Permit,
    input: Box<dyn Input>,
    what: Import,
) -> Result<FileCheck, EngineError> {
    permit.covers(Operation::Import)?;
    let profile = engine.profile(&what.profile)?;
    let (now, zone) = (engine.clock.now(), engine.settings.zone.clone());
    let read = move || -> Result<FileCheck, Refusal> {
        let layout = what.layout(&profile, &zone)?;
        let list = List::open(ListFile::new(input), HowToRead::of(&what), layout.clone(), profile.clone())?;
        let mut rows = list.rows_without_judgement()?;
        let mut counted: Vec<Counted> = layout.columns.iter().map(|_| Counted::default()).collect();
        let (mut number, mut refused) = (0, 0);
        while let Some(row) = rows.next()? {
            number += 1;
            let rejection = match row {
                Err((_, rejection)) => Some(rejection),
                Ok(row) => {
                    count_values(&mut counted, &row.values);
                    faults(&layout, &profile, row, now)
                }
            };
            refused += u64::from(rejection.is_some());
            if let Some(rejection) = rejection {
                count_faults(&mut counted, &layout, &rejection);
            }
        }
        let (sheet, other_sheets) = list.sheets();
        let required: Vec<&str> = layout.required(profile.photo).collect();
        let columns = layout.columns.iter().enumerate().zip(counted).map(|((at, column), counted)| ColumnCheck {
            column: column.clone(),
            is_required: required.contains(&column.as_str()),
            heading: rows
                .columns
                .headings
                .iter()
                .find(|(known, _)| *known == Some(at))
                .map(|(_, heading)| heading.clone()),
            filled: counted.filled,
            wrong: counted.wrong,
            shapes: most_frequent(counted.shapes),
        });
        let columns = columns.collect();
        let unknown =
            rows.columns.headings.iter().filter(|(known, _)| known.is_none()).map(|(_, heading)| heading.clone());
        Ok(FileCheck {
            format: what.format.code(),
            encoding: list.encoding(),
            sheet,
            other_sheets,
            rows: number,
            refused,
            hidden_rows: rows.columns.hidden_rows,
            columns,
            unknown: unknown.collect(),
        })
    };
    match tokio::task::spawn_blocking(read).await {
        Ok(checked) => Ok(checked?),
        Err(_) => Err(Refusal::ReadingFailed.into()),
    }
}

fn count_values(counted: &mut [Counted], values: &[String]) {
    for (column, value) in counted.iter_mut().zip(values).filter(|(_, value)| !value.is_empty()) {
        column.filled += 1;
        let shape = Shape::of(value);
        if column.shapes.len() < SHAPES_MAX || column.shapes.contains_key(&shape) {
            *column.shapes.entry(shape).or_default() += 1;
        }
    }
}

fn faults(layout: &Layout, profile: &CardProfile, row: Row, now: Timestamp) -> Option<Rejection> {
    match layout.check(profile, row, now) {
        Checked::Refused { rejection, .. } => Some(rejection),
        Checked::Ready(_) | Checked::NotReady { .. } => None,
    }
}

fn count_faults(counted: &mut [Counted], layout: &Layout, rejection: &Rejection) {
    let fields = std::iter::once(&rejection.field).chain(rejection.further.iter().map(|fault| &fault.field));
    for at in fields.filter_map(|field| layout.position(field)) {
        counted[at].wrong += 1;
    }
}

fn most_frequent(shapes: BTreeMap<Shape, u64>) -> Vec<(Shape, u64)> {
    let mut shapes: Vec<(Shape, u64)> = shapes.into_iter().collect();
    shapes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    shapes.truncate(SHAPES_TOLD);
    shapes
}
