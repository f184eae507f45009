//! Measures the reading of the board and of needs-a-person: `cargo bench --bench board`.
//!
//! The reference is the shortest list in the same run: the board should cost the same however many records there are. No
//! time is asserted; each board must have all records.
//!
//! `-- --quick` takes seconds, otherwise the longest list needs a minute and 1 GB of disk; `sqlite`, `postgresql` measure only
//! these.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark reads the real clock and prints its table"
)]

#[path = "../shared/mod.rs"]
#[expect(dead_code, reason = "each benchmark uses a part of it")]
mod shared;

use std::{path::Path, time::Instant};

use anyhow::{Context, ensure};
use cetak::{
    domain::record::RecordState,
    engine::{
        Engine,
        query::{ListNeeds, Query, ShowBoard},
    },
    store::NewRecord,
};
use shared::{
    database::{Database, Kind, Lazy},
    office,
    table::{Line, number, show},
};

/// The program's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Uncounted reads of each list, which fill the caches.
const WARM_UP: usize = 10;
/// Districts, of which an office has a few and a province hundreds.
const DISTRICTS: i64 = 40;
/// The interval of quarantined records.
const QUARANTINED_EVERY: i64 = 50;

/// The extent of the benchmark.
struct Plan {
    /// Reads of each list.
    reads: usize,
    /// The lengths of the lists, the shortest first.
    lengths: Vec<i64>,
    kinds: Vec<Kind>,
}

/// An office with a list, and the durations of its reads in microseconds.
struct List {
    length: i64,
    database: Database,
    office: Engine,
    board: Vec<f64>,
    needs: Vec<f64>,
}

fn main() -> anyhow::Result<()> {
    let plan = Plan::from_arguments(std::env::args().skip(1))?;
    // On the disk of the build, because the folder of temporary files may be in memory.
    let scratch = tempfile::Builder::new().prefix("bench-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("cetak {}, {cores} cores, {} reads, medians", env!("CARGO_PKG_VERSION"), plan.reads);
    let server = Lazy::default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut lines = Vec::new();
    for kind in &plan.kinds {
        lines.extend(runtime.block_on(measure(*kind, scratch.path(), &server, &plan))?);
    }
    show(&lines);
    Ok(())
}

impl Plan {
    fn from_arguments(arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut plan = Self { reads: 200, lengths: vec![27_000, 1_000_000], kinds: Vec::new() };
        for argument in arguments {
            match argument.as_str() {
                "--bench" => {} // cargo says so
                "--quick" => (plan.reads, plan.lengths) = (50, vec![2_000, 20_000]),
                named => plan.kinds.push(Kind::named(named)?),
            }
        }
        Kind::or_all(&mut plan.kinds);
        Ok(plan)
    }
}

/// Each list is read in turn, so that load from other processes affects all.
async fn measure(kind: Kind, folder: &Path, server: &Lazy, plan: &Plan) -> anyhow::Result<Vec<Line>> {
    let mut lists = Vec::new();
    for length in &plan.lengths {
        eprintln!("filling: {length} records, {kind}");
        lists.push(List::fill(Database::make(kind, folder, &length.to_string(), server)?, *length).await?);
    }
    eprintln!("measuring: {kind}");
    for read in 0..WARM_UP + plan.reads {
        for list in &mut lists {
            list.read(read >= WARM_UP).await?;
        }
    }
    let shortest = lists.first().context("there is a list")?;
    let line = |list: &List, what: &str, of: fn(&List) -> &Vec<f64>| {
        let length = i32::try_from(list.length).map_or_else(|_| list.length.to_string(), |n| number(n.into()));
        let line = Line::new(format!("{kind}, {length} records: {what}"), "µs", of(list));
        let is_other = list.length != shortest.length;
        if is_other { line.beside("the same with the shortest list, µs", of(shortest)) } else { line }
    };
    let of = |list| [line(list, "the board", |list| &list.board), line(list, "needs-a-person", |list| &list.needs)];
    let lines = lists.iter().flat_map(of).collect();
    for list in lists {
        list.office.store.close().await;
        list.database.remove()?;
    }
    Ok(lines)
}

impl List {
    async fn fill(database: Database, length: i64) -> anyhow::Result<Self> {
        let office = office::with_records(&database, length, 10, record).await?;
        Ok(Self { length, database, office, board: Vec::new(), needs: Vec::new() })
    }

    async fn read(&mut self, counts: bool) -> anyhow::Result<()> {
        let began = Instant::now();
        let board = ShowBoard {}.read(&self.office).await?;
        let took = began.elapsed().as_secs_f64() * 1e6;
        ensure!(board.records.values().sum::<i64>() == self.length, "the board counts {:?}", board.records);
        let began = Instant::now();
        let needs = ListNeeds {}.read(&self.office).await?;
        let took_needs = began.elapsed().as_secs_f64() * 1e6;
        ensure!(needs == board.needs_person && !needs.is_empty(), "needs are {needs:?}");
        if counts {
            self.board.push(took);
            self.needs.push(took_needs);
        }
        Ok(())
    }
}

fn record(id: i64) -> NewRecord {
    let is_quarantined = id % QUARANTINED_EVERY == 0;
    NewRecord {
        state: if is_quarantined { RecordState::Quarantined } else { RecordState::Waiting },
        class: 1 + id % 4,
        district: format!("DISTRICT {}", id % DISTRICTS),
        ..office::waiting(id)
    }
}
