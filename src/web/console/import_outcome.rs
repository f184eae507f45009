//! What becomes of each row of a list, as its page shows it: the numbers, and the first of those rows that a person looks at.

use std::io;

use async_trait::async_trait;

use super::{
    page::Page,
    view::{Cell, Table},
};
use crate::{
    domain::import::{Rejection, RowOutcome},
    engine::import::{DecidedRow, Report, Watch},
    web::problem::cleaned,
    words::pages::{Text, texts},
};

/// The rows of each table.
const ROWS_MAX: usize = 100;
/// The faults that are told of a row.
const FAULTS_MAX: usize = 5;

/// The first rows that a person looks at.
#[derive(Default)]
pub(super) struct Rows {
    refused: Vec<DecidedRow>,
    quarantined: Vec<DecidedRow>,
    changed: Vec<DecidedRow>,
}

#[async_trait]
impl Watch for Rows {
    fn wants(&self, outcome: &RowOutcome) -> bool {
        match outcome {
            RowOutcome::Accepted | RowOutcome::Known => false,
            RowOutcome::Refused(_) => self.refused.len() < ROWS_MAX,
            RowOutcome::Quarantined(_) => self.quarantined.len() < ROWS_MAX,
            RowOutcome::Updated | RowOutcome::Withdrawn | RowOutcome::Restored => self.changed.len() < ROWS_MAX,
        }
    }

    async fn saved(&mut self, rows: Vec<DecidedRow>, _: u64, _: u64) -> io::Result<()> {
        for row in rows {
            let list = match row.outcome {
                RowOutcome::Accepted | RowOutcome::Known => continue,
                RowOutcome::Refused(_) => &mut self.refused,
                RowOutcome::Quarantined(_) => &mut self.quarantined,
                RowOutcome::Updated | RowOutcome::Withdrawn | RowOutcome::Restored => &mut self.changed,
            };
            if list.len() < ROWS_MAX {
                list.push(row);
            }
        }
        Ok(())
    }
}

/// Whether an import changes anything.
pub(super) fn is_change(report: &Report) -> bool {
    report.accepted + report.updated + report.quarantined + report.withdrawn + report.restored > 0
}

/// The tables: how many rows have each outcome, the rows that a person looks at, and the warnings.
pub(super) fn tables(page: &Page, report: &Report, rows: &Rows) -> Vec<Table> {
    let changed = report.updated + report.withdrawn + report.restored;
    let lists = [
        (texts::ROWS_REFUSED, report.refused, &rows.refused),
        (texts::ROWS_QUARANTINED, report.quarantined, &rows.quarantined),
        (texts::ROWS_CHANGES, changed, &rows.changed),
    ];
    let lists = lists.into_iter().filter(|(.., rows)| !rows.is_empty());
    let lists = lists.map(|(title, count, rows)| row_table(page, title, count, rows));
    std::iter::once(numbers(page, report)).chain(lists).chain(warnings(page, report)).collect()
}

fn number(page: &Page, rows: u64) -> Cell {
    Cell::number(page, i64::try_from(rows).unwrap_or(i64::MAX))
}

fn numbers(page: &Page, report: &Report) -> Table {
    let lines = [
        (texts::ROWS_ACCEPTED, report.accepted),
        (texts::ROWS_UPDATED, report.updated),
        (texts::ROWS_KNOWN, report.known),
        (texts::ROWS_QUARANTINED, report.quarantined),
        (texts::ROWS_WITHDRAWN, report.withdrawn),
        (texts::ROWS_RESTORED, report.restored),
        (texts::ROWS_REFUSED, report.refused),
    ];
    let row = |(what, rows): (Text, u64)| vec![Cell::text(page.t(what)), number(page, rows)];
    let lines = lines.into_iter().filter(|(_, rows)| *rows > 0).chain([(texts::IMPORT_ROWS, report.rows)]);
    let headings = vec![page.t(texts::IMPORT_BECOMES), page.t(texts::NUMBER)];
    Table { headings, rows: lines.map(row).collect(), ..Table::default() }
}

fn row_table(page: &Page, title: Text, count: u64, rows: &[DecidedRow]) -> Table {
    let title = page.t(title);
    let title = if rows.len() as u64 == count {
        title.to_owned()
    } else {
        let [all, shown] = [count, rows.len() as u64].map(|rows| number(page, rows).text);
        page.with(texts::ROWS_FIRST, &[title, &all, &shown])
    };
    let headings = [texts::ROW_LINE, texts::REQUEST, texts::IMPORT_BECOMES, texts::ROW_FAULTS];
    let row = |row: &DecidedRow| {
        let (becomes, why) = told(page, &row.outcome);
        vec![number(page, row.place.line), Cell::text(cleaned(&row.request_id)), Cell::text(becomes), Cell::text(why)]
    };
    let headings = headings.map(|text| page.t(text)).to_vec();
    Table { title, headings, rows: rows.iter().map(row).collect(), next: None }
}

/// What becomes of a row where its table does not say it, and why.
fn told(page: &Page, outcome: &RowOutcome) -> (&'static str, String) {
    match outcome {
        RowOutcome::Refused(rejection) => ("", faults(page, rejection)),
        RowOutcome::Quarantined(reason) => {
            ("", reason.as_ref().map(|reason| cleaned(&page.language.reason(reason))).unwrap_or_default())
        }
        RowOutcome::Updated => (page.t(texts::ROWS_UPDATED), String::new()),
        RowOutcome::Withdrawn => (page.t(texts::ROWS_WITHDRAWN), String::new()),
        RowOutcome::Restored => (page.t(texts::ROWS_RESTORED), String::new()),
        RowOutcome::Accepted | RowOutcome::Known => ("", String::new()),
    }
}

fn faults(page: &Page, rejection: &Rejection) -> String {
    let further = rejection.further.iter().map(|fault| (&fault.field, &fault.detail));
    let all = std::iter::once((&rejection.field, &rejection.detail)).chain(further);
    let fault = |(field, detail): (&String, _)| match &**field {
        "" | "(row)" => page.language.reason(detail),
        field => format!("{field}: {}", page.language.reason(detail)),
    };
    let mut told: Vec<String> = all.take(FAULTS_MAX).map(|found| cleaned(&fault(found))).collect();
    let more = (1 + rejection.further.len()).saturating_sub(FAULTS_MAX);
    if more > 0 {
        told.push(page.with(texts::MORE_FAULTS, &[&more.to_string()]));
    }
    told.join("; ")
}

fn warnings(page: &Page, report: &Report) -> Option<Table> {
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for (text, columns) in
        [(texts::COLUMNS_UNKNOWN, &report.unknown_columns), (texts::COLUMNS_ABSENT, &report.absent_columns)]
    {
        if !columns.is_empty() {
            rows.push(vec![Cell::text(page.with(text, &[&columns.join(", ")])), Cell::default()]);
        }
    }
    if report.rows_with_unknown_keys > 0 {
        rows.push(vec![Cell::text(page.t(texts::KEYS_UNKNOWN)), number(page, report.rows_with_unknown_keys)]);
    }
    if let Some(sheet) = report.sheet.as_ref().filter(|_| !report.other_sheets.is_empty()) {
        let told = page.with(texts::SHEETS_NOT_READ, &[sheet, &report.other_sheets.join(", ")]);
        rows.push(vec![Cell::text(cleaned(&told)), Cell::default()]);
    }
    if report.hidden_rows > 0 {
        rows.push(vec![Cell::text(page.t(texts::ROWS_HIDDEN)), number(page, report.hidden_rows)]);
    }
    let warned = report.warnings.iter();
    rows.extend(warned.map(|(warning, rows)| vec![Cell::text(page.language.warning(*warning)), number(page, *rows)]));
    let headings = vec![page.t(texts::WARNINGS), page.t(texts::IMPORT_ROWS)];
    (!rows.is_empty()).then(|| Table { title: page.t(texts::WARNINGS).to_owned(), headings, rows, next: None })
}
