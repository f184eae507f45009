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
    lengths::{self, MICROSECONDS, Plan},
    office,
    postgres::{program, psql},
    table::Line,
};

/// The program's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Removed rows of the list that an old snapshot still sees.
const DEAD: i64 = 200_000;
const DAY_US: i64 = 86_400_000_000;
/// 1 January 2015.
const BEGIN_US: i64 = 1_420_070_400_000_000;

const BATCH: &str = "a batch of 100";
const BATCH_BESIDE: &str = "a batch of 100, an old snapshot, 200,000 dead rows";

type List = lengths::List<Printer>;

fn main() -> anyhow::Result<()> {
    let plan = Plan::from_arguments((120, &[27_000, 1_000_000, 10_000_000]), (50, &[27_000, 100_000]))?;
    plan.run(&async |kind: Kind, folder: &Path, server: &Lazy| measure(&plan, kind, folder, server).await)
}

async fn measure(plan: &Plan, kind: Kind, folder: &Path, server: &Lazy) -> anyhow::Result<Vec<Line>> {
    let mut lists = plan.fill(kind, folder, server, fill).await?;
    plan.rounds(&mut lists, async |list| choose(list, BATCH).await).await?;
    let mut lines = lengths::lines(kind, &lists)?;
    if kind == Kind::Postgres {
        let mut snapshots = Vec::new();
        for list in &lists {
            let url = list.database.url().context("it is on a server")?;
            snapshots.push(Snapshot::open(url)?);
            die(url);
        }
        plan.rounds(&mut lists, async |list| choose(list, BATCH_BESIDE).await).await?;
        let shortest = lists.first().context("there is a list")?.figures(BATCH, MICROSECONDS.0);
        lines.extend(lists.iter().map(|list| {
            let figures = list.figures(BATCH_BESIDE, MICROSECONDS.0);
            let line = Line::new(format!("{kind}, {}: {BATCH_BESIDE}", list.records()), MICROSECONDS.0, figures);
            line.beside("without, from the shortest list, µs", shortest)
        }));
    }
    lengths::remove(lists).await?;
    Ok(lines)
}

/// A list in random order: neighbours in the list are not neighbours in the table.
async fn fill(database: &Database, length: i64) -> anyhow::Result<(Engine, Printer)> {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let office = office::with_records(database, length, 1, |id| record(id, &mut random)).await?;
    let printer = office.store.read().await?.printer_get("p1").await?.context("the printer was just added")?;
    Ok((office, printer))
}

/// Plans one batch in one durable transaction.
async fn choose(list: &mut List, what: &str) -> anyhow::Result<()> {
    let office = &list.office;
    let profile = office.profile(office::PROFILE)?;
    let began = Instant::now();
    let mut tx = office.store.write(&office.writer, office.clock.now()).await?;
    let planned =
        planning::plan_next(&mut tx, &[(&list.more, &profile)], &office.profiles, &office.settings).await?.remove(0);
    tx.commit().await?;
    list.note_time(what, MICROSECONDS, began);
    let Planned::Batch(batch, _) = planned else { bail!("no batch was made: {planned:?}") };
    let made = list.office.store.read().await?.jobs_queued(batch.id).await?.len();
    ensure!(made == 100, "a batch of {made}");
    Ok(())
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
