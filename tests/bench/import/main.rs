//! Measures import through the real program: `cargo bench --bench import`.
//!
//! A list of a million rows is imported with everything that the program does for a row: checks, sealing, keys and indexes,
//! the waiting list. The reference, in the same run on the same disk, is the same file copied into a bare table of text with
//! the databases' own tools: `sqlite3 .import` and `psql \copy`, without key, index or check. No time is asserted; each row
//! must be there. Beside it, a list of 27,000 rows is imported as XLSX and as CSV, in turns.
//!
//! `-- --quick` takes seconds (27,000 rows, one run); `--runs N`; `photos` imports 27,000 distinct photos instead, which
//! needs 4 GB of disk, beside a plain copy of them; `sqlite`, `postgresql` measure only these.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark reads the real clock and prints its table"
)]

mod photos;
#[path = "../shared/mod.rs"]
#[expect(dead_code, reason = "each benchmark uses a part of it")]
mod shared;
#[path = "../../sheets/mod.rs"]
#[expect(dead_code, reason = "this benchmark writes XLSX only")]
mod sheets;
mod spreadsheet;

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use cetak::app::demo::people::{WaitingList, write_waiting_list};
use shared::{
    database::{self, Database, Kind, Lazy},
    postgres::psql,
    program::Settings,
    table::{Line, number, output_of, per_second, show},
    usage::Usage,
};

const NO_SQLITE: &str = "the program `sqlite3` is needed for the reference; install it with `apt-get install sqlite3`";

/// The interval of reading the program's memory.
const SAMPLE: Duration = Duration::from_millis(5);

/// The extent of the benchmark.
struct Plan {
    runs: usize,
    rows: u32,
    photos: bool,
    kinds: Vec<Kind>,
}

/// Figures of each run.
#[derive(Default)]
struct Figures {
    rows: Vec<f64>,
    memory_mb: Vec<f64>,
}

fn main() -> anyhow::Result<()> {
    let plan = Plan::from_arguments(std::env::args().skip(1))?;
    // On the disk of the build, because the folder of temporary files may be in memory.
    let scratch = tempfile::Builder::new().prefix("bench-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("cetak {}, {cores} cores, {} runs, medians", env!("CARGO_PKG_VERSION"), plan.runs);
    eprintln!("preparing: a list of {} rows", plan.rows);
    let list = write_waiting_list(&scratch.path().join("list"), 7, plan.rows)?;
    let server = Lazy::default();
    let lines = if plan.photos {
        photos::measure(scratch.path(), &list, &server, &plan)?
    } else {
        let mut lines = shared_photos(scratch.path(), &list, &server, &plan)?;
        lines.extend(spreadsheet::measure(scratch.path(), &server, &plan)?);
        lines
    };
    show(&lines);
    Ok(())
}

impl Plan {
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut plan = Self { runs: 3, rows: 0, photos: false, kinds: Vec::new() };
        let mut quick = false;
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--bench" => {} // cargo says so
                "--quick" => (plan.runs, quick) = (1, true),
                "--runs" => plan.runs = arguments.next().context("`--runs` needs a number")?.parse()?,
                "photos" => plan.photos = true,
                named => plan.kinds.push(Kind::named(named)?),
            }
        }
        Kind::or_all(&mut plan.kinds);
        plan.rows = match (plan.photos, quick) {
            (true, true) => 2_700,
            (true, false) | (false, true) => 27_000,
            (false, false) => 1_000_000,
        };
        Ok(plan)
    }
}

/// A list whose people share a few hundred photos.
fn shared_photos(folder: &Path, list: &WaitingList, server: &Lazy, plan: &Plan) -> anyhow::Result<Vec<Line>> {
    settle(std::slice::from_ref(&list.path))?;
    let mut own: Vec<Figures> = plan.kinds.iter().map(|_| Figures::default()).collect();
    let (mut by_shell, mut by_copy) = (Vec::new(), Vec::new());
    for run in 0..plan.runs {
        eprintln!("measuring: run {} of {}", run + 1, plan.runs);
        for (kind, figures) in plan.kinds.iter().zip(&mut own) {
            let database = Database::make(*kind, folder, "own", server)?;
            import(&database, list, figures)?;
            database.remove()?;
        }
        by_shell.push(import_by_shell(&folder.join("shell.db"), list)?);
        by_copy.push(import_by_copy(server, list)?);
    }
    let lines = plan.kinds.iter().zip(&own).flat_map(|(kind, figures)| {
        let rows = Line::new(format!("{kind}: import of {} rows", number(plan.rows.into())), "rows/s", &figures.rows)
            .beside("`sqlite3 .import` into a bare table, rows", &by_shell)
            .beside("`psql \\copy` into a bare table, rows", &by_copy);
        [rows, Line::new("its memory at most", "MB", &figures.memory_mb)]
    });
    Ok(lines.collect())
}

/// Syncs files before a run that must not include their cost.
fn settle(paths: &[PathBuf]) -> anyhow::Result<()> {
    paths.iter().try_for_each(|path| File::open(path)?.sync_all()).context("a file of the benchmark is gone")
}

/// Measures from the start of the program to its end.
fn import(database: &Database, list: &WaitingList, figures: &mut Figures) -> anyhow::Result<()> {
    let mut command = Settings::default().program(database);
    command.args(["--json", "import"]).arg(&list.path).stdout(Stdio::piped());
    let began = Instant::now();
    let mut child = command.spawn().context("the program could not be started")?;
    let process = Path::new("/proc").join(child.id().to_string());
    let mut memory = f64::NAN;
    while child.try_wait()?.is_none() {
        memory = Usage::read(&process).map_or(memory, |usage| usage.memory_mb); // it may end in between
        std::thread::sleep(SAMPLE);
    }
    let rate = per_second(f64::from(list.rows), began);
    let report: serde_json::Value = serde_json::from_slice(&child.wait_with_output()?.stdout)?;
    ensure!(report["rows"] == list.rows && report["accepted"] == list.count_good(), "a wrong import: {report}");
    figures.rows.push(rate);
    figures.memory_mb.push(memory);
    Ok(())
}

fn import_by_shell(database: &Path, list: &WaitingList) -> anyhow::Result<f64> {
    let mut command = Command::new("sqlite3");
    command.arg(database).arg(format!(".import --csv '{}' t", list.path.display()));
    let began = Instant::now();
    output_of(&mut command, NO_SQLITE)?;
    let rate = per_second(f64::from(list.rows), began);
    let count = output_of(Command::new("sqlite3").arg(database).arg("SELECT COUNT(*) FROM t"), NO_SQLITE)?;
    let count: u32 = String::from_utf8(count)?.trim().parse()?;
    ensure!(count == list.rows, "the reference imported {count} rows of {}", list.rows);
    std::fs::remove_file(database)?;
    Ok(rate)
}

fn import_by_copy(server: &Lazy, list: &WaitingList) -> anyhow::Result<f64> {
    let server = server.get();
    let url = database::create(&server, "copied");
    let header = csv::Reader::from_path(&list.path)?.headers()?.clone();
    let columns: Vec<String> = header.iter().map(|name| format!("\"{name}\" TEXT")).collect();
    psql(&url, &format!("CREATE TABLE t ({})", columns.join(", ")));
    let began = Instant::now();
    psql(&url, &format!("\\copy t FROM '{}' WITH (FORMAT csv, HEADER)", list.path.display()));
    let rate = per_second(f64::from(list.rows), began);
    let count = psql(&url, "SELECT COUNT(*) FROM t");
    ensure!(count == list.rows.to_string(), "the reference imported {count} rows of {}", list.rows);
    database::remove(&server, &url);
    Ok(rate)
}
