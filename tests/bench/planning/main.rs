//! Measures the planning of the next batch of 100 cards: `cargo bench --bench planning`.
//!
//! The reference is the shortest list in the same run. On PostgreSQL each list is measured again with an old snapshot open
//! and 200,000 dead rows in the list, which cannot be removed while that snapshot may read them. No time is asserted; each
//! plan must make a batch of 100.
//!
//! `-- --quick` takes seconds; otherwise the longest list needs minutes and 8 GB of disk; `sqlite`, `postgresql` measure only
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

use std::{
    io::Write,
    path::Path,
    process::{Child, Command, Stdio},
    time::Instant,
};

use anyhow::{Context, bail, ensure};
use cetak::{
    domain::printer::Printer,
    engine::{
        Engine,
        planning::{self, Plan as Planned},
    },
    store::NewRecord,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use shared::{
    database::{Database, Kind, Lazy},
    office,
    postgres::{program, psql},
    table::{Line, number, show},
};

/// The program's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Uncounted batches of each list, which fill the caches.
const WARM_UP: usize = 10;
/// Removed rows of the list that an old snapshot still sees.
const DEAD: i64 = 200_000;
const DAY_US: i64 = 86_400_000_000;
/// 1 January 2015.
const BEGIN_US: i64 = 1_420_070_400_000_000;

/// The extent of the benchmark.
struct Plan {
    /// Batches chosen from each list.
    batches: usize,
    /// The lengths of the lists from which batches are chosen, the shortest first.
    lengths: Vec<i64>,
    kinds: Vec<Kind>,
}

/// A waiting list, and the durations of planning from it.
struct List {
    length: i64,
    database: Database,
    office: Engine,
    printer: Printer,
    micros: Vec<f64>,
}

fn main() -> anyhow::Result<()> {
    let plan = Plan::from_arguments(std::env::args().skip(1))?;
    // On the disk of the build, because the folder of temporary files may be in memory.
    let scratch = tempfile::Builder::new().prefix("bench-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("cetak {}, {cores} cores, {} batches, medians", env!("CARGO_PKG_VERSION"), plan.batches);
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
        let mut plan = Self { batches: 120, lengths: vec![27_000, 1_000_000, 10_000_000], kinds: Vec::new() };
        for argument in arguments {
            match argument.as_str() {
                "--bench" => {} // cargo says so
                "--quick" => (plan.batches, plan.lengths) = (50, vec![27_000, 100_000]),
                named => plan.kinds.push(Kind::named(named)?),
            }
        }
        Kind::or_all(&mut plan.kinds);
        Ok(plan)
    }
}

/// Each list in turn gives a batch, so that load from other processes affects all.
async fn measure(kind: Kind, folder: &Path, server: &Lazy, plan: &Plan) -> anyhow::Result<Vec<Line>> {
    let mut lists = Vec::new();
    for length in &plan.lengths {
        eprintln!("filling: {length} waiting, {kind}");
        lists.push(List::fill(Database::make(kind, folder, &length.to_string(), server)?, *length).await?);
    }
    eprintln!("measuring: {kind}");
    choose(&mut lists, plan.batches).await?;
    let shortest = lists.first().context("there is a list")?.micros.clone();
    let line = |list: &List, more: &str| {
        let line =
            Line::new(format!("{kind}, {} waiting{more}: a batch of 100", grouped(list.length)), "µs", &list.micros);
        let is_other = list.micros != shortest;
        if is_other { line.beside("the same from the shortest list, µs", &shortest) } else { line }
    };
    let mut lines: Vec<Line> = lists.iter().map(|list| line(list, "")).collect();
    if kind == Kind::Postgres {
        eprintln!("measuring: {kind}, with an old snapshot");
        let mut snapshots = Vec::new();
        for list in &mut lists {
            let url = list.database.url().context("it is on a server")?;
            snapshots.push(Snapshot::open(url)?);
            die(url);
            list.micros.clear();
        }
        choose(&mut lists, plan.batches).await?;
        lines.extend(lists.iter().map(|list| line(list, ", an old snapshot, 200,000 dead rows")));
    }
    for list in lists {
        list.office.store.close().await;
        list.database.remove()?;
    }
    Ok(lines)
}

fn grouped(count: i64) -> String {
    i32::try_from(count).map_or_else(|_| count.to_string(), |count| number(count.into()))
}

async fn choose(lists: &mut [List], batches: usize) -> anyhow::Result<()> {
    for batch in 0..WARM_UP + batches {
        for list in &mut *lists {
            let micros = list.choose().await?;
            if batch >= WARM_UP {
                list.micros.push(micros);
            }
        }
    }
    Ok(())
}

impl List {
    /// A list in random order: neighbours in the list are not neighbours in the table.
    async fn fill(database: Database, length: i64) -> anyhow::Result<Self> {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let office = office::with_records(&database, length, 1, |id| record(id, &mut random)).await?;
        let printer = office.store.read().await?.printer_get("p1").await?.context("the printer was just added")?;
        Ok(Self { length, database, office, printer, micros: Vec::new() })
    }

    /// Plans one batch in one durable transaction; returns microseconds.
    async fn choose(&self) -> anyhow::Result<f64> {
        let office = &self.office;
        let profile = office.profile(office::PROFILE)?;
        let began = Instant::now();
        let mut tx = office.store.write(&office.writer, office.clock.now()).await?;
        let planned = planning::plan_next(&mut tx, &[(&self.printer, &profile)], &office.settings).await?.remove(0);
        tx.commit().await?;
        let micros = began.elapsed().as_secs_f64() * 1e6;
        let Planned::Batch(batch, _) = planned else { bail!("no batch was made: {planned:?}") };
        let made = office.store.read().await?.jobs_queued(batch.id).await?.len();
        ensure!(made == 100, "a batch of {made}");
        Ok(micros)
    }
}

/// Another connection with an open transaction that has read.
struct Snapshot(Child);

impl Snapshot {
    fn open(url: &str) -> anyhow::Result<Self> {
        let mut psql = Command::new(program("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-d", url]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut snapshot = Self(psql.spawn()?);
        let stdin = snapshot.0.stdin.as_mut().context("it has an input")?;
        stdin.write_all(b"BEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT COUNT(*) FROM meta;\n")?;
        let mut line = String::new();
        let stdout = snapshot.0.stdout.as_mut().context("it has an output")?;
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line)?;
        ensure!(!line.trim().is_empty(), "the snapshot was not taken");
        Ok(snapshot)
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Adds rows at the head of the list and removes them again.
fn die(url: &str) {
    let sql = format!(
        "INSERT INTO waiting (profile, class, verified_at_us, requested_at_us, source, request_id, record_id)
            SELECT '{}', 0, n, n, 'dead', 'dead-' || n, -n FROM generate_series(1, {DEAD}) AS n;
         DELETE FROM waiting WHERE source = 'dead'",
        office::PROFILE
    );
    psql(url, &sql);
}

fn record(id: i64, random: &mut ChaCha8Rng) -> NewRecord {
    let requested_at_us = BEGIN_US + random.random_range(0..200 * 24 * 60) * 60_000_000;
    let is_first = random.random_range(0..100) < 62;
    NewRecord {
        kind: if is_first { "first" } else { "change" }.into(),
        class: if is_first { 1 } else { 4 },
        district: format!("DISTRICT {}", random.random_range(1..=5)),
        village: format!("VILLAGE {}", random.random_range(1..=51)),
        requested_at_us,
        verified_at_us: requested_at_us + random.random_range(1..=14) * DAY_US,
        ..office::waiting(id)
    }
}
