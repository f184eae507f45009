//! The same list as CSV and as XLSX.

use std::{fs, path::Path};

use cetak::app::demo::people::{WaitingList, write_waiting_list};

use super::{
    Figures, Plan, import, settle,
    shared::{
        database::{Database, Kind, Lazy},
        table::{Line, number},
    },
    sheets::{Cell, Table, xlsx},
};

/// An office's list, of which a spreadsheet of any program is opened in seconds.
const ROWS: u32 = 27_000;

/// Imports the list in turns as either, on SQLite.
pub(super) fn measure(folder: &Path, server: &Lazy, plan: &Plan) -> anyhow::Result<Vec<Line>> {
    let of_csv = write_waiting_list(&folder.join("spreadsheet"), 7, ROWS)?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(&of_csv.path)?;
    let mut rows = Vec::new();
    for record in reader.records() {
        rows.push(record?.iter().map(|value| Cell::Text(value.to_owned())).collect());
    }
    let path = of_csv.path.with_extension("xlsx");
    fs::write(&path, xlsx(&[Table::new("List", rows)]))?;
    let of_xlsx = WaitingList { path, ..of_csv.clone() };
    settle(&[of_csv.path.clone(), of_xlsx.path.clone()])?;
    let [mut csv, mut sheet] = [Figures::default(), Figures::default()];
    for _ in 0..plan.runs.max(3) {
        for (list, figures) in [(&of_csv, &mut csv), (&of_xlsx, &mut sheet)] {
            let database = Database::make(Kind::Sqlite, folder, "own", server)?;
            import(&database, list, figures)?;
            database.remove()?;
        }
    }
    let rows = Line::new(format!("import of {} rows of XLSX", number(ROWS.into())), "rows/s", &sheet.rows);
    Ok(vec![
        rows.beside("the same list as CSV, rows", &csv.rows),
        Line::new("its memory at most", "MB", &sheet.memory_mb),
    ])
}
