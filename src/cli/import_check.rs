//! `cetak import --check`.

use super::{
    output::{Output, message, table, thousands},
    words,
};
use crate::{
    domain::permission::Operation,
    engine::{
        Engine,
        client::Direct,
        import::{FileCheck, Import, Input, check},
    },
};

/// The characters of a heading that are shown.
const HEADING_MAX: usize = 40;
/// The digits of a number that may be a person's.
const DIGITS_MIN: usize = 6;

/// Shows what of a file is recognised.
pub(super) async fn command(engine: &Engine, out: Output, input: Box<dyn Input>, what: Import) -> anyhow::Result<()> {
    let permit = Direct::new(engine).permit(Operation::Import).await?;
    let mut checked = check(engine, &permit, input, what).await?;
    // The headings of a file without those of a list may be the cells of a row.
    let is_list = checked.columns.iter().any(|column| column.is_required && column.heading.is_some());
    for heading in &mut checked.unknown {
        heading.text = if is_list { shown(&heading.text) } else { String::new() };
    }
    out.data(&checked, text)?;
    let missing = missing(&checked);
    if !missing.is_empty() {
        message(&format!("warning: required columns that are missing: `{}`", missing.join("`, `")));
    }
    if !checked.other_sheets.is_empty() {
        message(&format!("note: sheets that were not read: `{}`", checked.other_sheets.join("`, `")));
    }
    Ok(())
}

fn missing(checked: &FileCheck) -> Vec<&str> {
    let missing = |column: &&crate::engine::import::ColumnCheck| {
        column.is_required && column.heading.is_none() && column.filled == 0
    };
    checked.columns.iter().filter(missing).map(|column| column.column.as_str()).collect()
}

/// A heading without numbers that may be a person's.
fn shown(heading: &str) -> String {
    let has_number = heading.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() >= DIGITS_MIN);
    if has_number { String::new() } else { words::quote(&heading.chars().take(HEADING_MAX).collect::<String>()) }
}

fn text(checked: &FileCheck) -> String {
    let number = |n: u64| thousands(i64::try_from(n).unwrap_or(i64::MAX));
    let mut first = vec![format!("format {}", checked.format)];
    first.extend(checked.encoding.map(|encoding| format!("encoding {encoding}")));
    first.extend(checked.sheet.as_ref().map(|sheet| format!("sheet `{sheet}`")));
    first.push(format!("{} rows", number(checked.rows)));
    first.push(format!("{} of them would be refused by themselves", number(checked.refused)));
    let mut rows: Vec<Vec<String>> = Vec::new();
    for column in &checked.columns {
        let (letters, heading) = match &column.heading {
            Some(heading) => (heading.letters.clone(), heading.text.clone()),
            None => ("-".to_owned(), String::new()),
        };
        let shape = |(shape, count): &(crate::domain::import::Shape, u64)| match column.shapes.len() {
            1 => words::shape(shape),
            _ => format!("{} ({})", words::shape(shape), number(*count)),
        };
        let shapes = column.shapes.iter().map(shape).collect::<Vec<_>>().join("; ");
        rows.push(vec![letters, heading, column.column.clone(), number(column.filled), number(column.wrong), shapes]);
    }
    for heading in &checked.unknown {
        let dash = || "-".to_owned();
        rows.push(vec![heading.letters.clone(), heading.text.clone(), dash(), dash(), dash(), "not read".to_owned()]);
    }
    let columns = ["column", "heading", "field", "filled", "wrong", "values"];
    format!("{}\n{}", first.join(", "), table(&columns, &rows))
}
