//! Whole lives of cards, one command: `cargo bench --bench lives`.
//!
//! A life is all that is saved for one card: its place in a batch with a blank reserved, the intent, the outcome, what
//! the ledger and the audit say of it, every step durable. Printers take no time, so that only this is measured. Beside
//! it, in the same run on the same disk: single durable writes and transactions, and graphile-worker with as many jobs
//! that do nothing, and of which nothing is kept. Every figure is read as a ratio: absolute ones move with the machine
//! and its neighbours. Runs are interleaved, and medians are shown. Nothing here asserts a time. What is asserted is
//! that the books add up after each run.
//!
//! `-- --quick` takes seconds; `--runs N`; `sqlite`, `postgresql` measure only these.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark reads the real clock and prints its table"
)]

mod raw;
#[path = "../shared/mod.rs"]
#[expect(dead_code, reason = "each benchmark uses a part of it")]
mod shared;

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use cetak::{
    app::demo::people::{WaitingList, write_waiting_list},
    engine::{
        Settings,
        scheduler::{self, Until},
    },
};
use shared::{
    database::{Database, Kind, Lazy},
    office,
    peer::{self, Peer},
    program,
    table::{Line, number, show},
};
use tokio::{runtime::Runtime, sync::watch};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How often it is looked how much memory the program has.
const SAMPLE: Duration = Duration::from_millis(5);

/// The most records in a batch, as by default.
const BATCH_MAX: i64 = 100;

/// How much is measured.
struct Plan {
    runs: usize,
    /// Printers, and cards that they print together.
    cards: Vec<(i64, i64)>,
    /// Jobs of the peer: the most of those cards.
    jobs: u32,
    /// Single transactions.
    commits: u32,
    kinds: Vec<Kind>,
    quick: bool,
}

/// Figures of each run.
#[derive(Default)]
struct Rates {
    lives: Vec<f64>,
    with_import: Vec<f64>,
}

#[derive(Default)]
struct References {
    syncs: Vec<f64>,
    sqlite: Vec<f64>,
    postgres: Vec<f64>,
    peer_whole: Vec<f64>,
    peer_work: Vec<f64>,
    peer_memory: Vec<f64>,
}

fn main() -> anyhow::Result<()> {
    let plan = Plan::from_arguments(std::env::args().skip(1))?;
    // On the disk of the build, not in a folder that may be memory.
    let scratch = tempfile::Builder::new().prefix("bench-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("cetak {}, {cores} cores, {} runs, medians", env!("CARGO_PKG_VERSION"), plan.runs);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let server = Lazy::default();
    let mut peer = Peer::install()?;
    if let Some(peer) = peer.as_mut().filter(|_| !plan.quick) {
        peer.tune(&server, plan.jobs)?;
    }
    // Some rows are refused, and there shall be a good one for each card.
    let list = write_waiting_list(&scratch.path().join("list"), 7, plan.jobs + plan.jobs / 40 + 50)?;
    ensure!(list.count_good() >= plan.jobs, "too few good requests");

    let mut references = References::default();
    let mut memory = vec![Vec::new(); plan.kinds.len()];
    let mut rates: Vec<Vec<Rates>> =
        plan.kinds.iter().map(|_| plan.cards.iter().map(|_| Rates::default()).collect()).collect();
    for run in 0..plan.runs {
        eprintln!("measuring: run {} of {}, references", run + 1, plan.runs);
        references.measure(scratch.path(), &server, peer.as_ref(), &plan)?;
        for ((kind, rates), memory) in plan.kinds.iter().zip(&mut rates).zip(&mut memory) {
            for (at, rates) in plan.cards.iter().zip(rates) {
                eprintln!("measuring: run {} of {}, {} printers, {kind}", run + 1, plan.runs, at.0);
                let database = Database::make(*kind, scratch.path(), "lives", &server)?;
                runtime.block_on(measure(&database, &list, *at, rates))?;
                database.remove()?;
            }
            if run == 0 {
                let database = Database::make(*kind, scratch.path(), "memory", &server)?;
                memory.push(measure_memory(&runtime, &database, *plan.cards.last().context("there are printers")?)?);
                database.remove()?;
            }
        }
    }
    let lines = plan.kinds.iter().zip(&rates).zip(&memory);
    let lines = lines.flat_map(|((kind, rates), memory)| references.lines(*kind, &plan, rates, memory));
    show(&lines.collect::<Vec<_>>());
    Ok(())
}

impl Plan {
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut plan = Self {
            runs: 5,
            cards: vec![(1, 3_000), (8, 10_000), (64, 27_000), (1_000, 27_000)],
            jobs: 27_000,
            commits: 2_000,
            kinds: Vec::new(),
            quick: false,
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--bench" => {} // cargo says so
                "--quick" => {
                    (plan.runs, plan.quick, plan.jobs, plan.commits) = (1, true, 5_000, 500);
                    plan.cards = vec![(1, 300), (8, 1_000), (64, 5_000), (1_000, 5_000)];
                }
                "--runs" => plan.runs = arguments.next().context("`--runs` needs a number")?.parse()?,
                named => match Kind::named(named) {
                    Some(kind) => plan.kinds.push(kind),
                    None => bail!("`{named}` is not known; the file's head says what there is"),
                },
            }
        }
        if plan.kinds.is_empty() {
            plan.kinds.extend(Kind::ALL);
        }
        Ok(plan)
    }
}

/// A printer gets a batch at once, and all of them get as much.
fn batch_size((printers, cards): (i64, i64)) -> i64 {
    (cards / printers).clamp(1, BATCH_MAX)
}

/// Imports the list into an empty database and prints as many cards as there are blanks.
async fn measure(database: &Database, list: &WaitingList, at: (i64, i64), rates: &mut Rates) -> anyhow::Result<()> {
    let (printers, cards) = at;
    let mut office = office::open(database).await?;
    office.settings = Arc::new(Settings { batch_size: batch_size(at), ..Settings::default() });
    let began = Instant::now();
    let records = office::fill(&office, list).await?;
    let import = began.elapsed();
    office::receive(&office, cards).await?;
    for number in 1..=printers {
        office::add_printer(&office, &format!("p{number}"), &format!("mock://p{number}")).await?;
    }
    database.settle()?;
    let (_stop, stopped) = watch::channel(false);
    let began = Instant::now();
    scheduler::run(&office, Until::Idle, stopped).await?;
    let print = began.elapsed();
    office::check(&office, records, cards, cards).await?;
    office.store.close().await;
    let count = f64::from(i32::try_from(cards)?);
    rates.lives.push(count / print.as_secs_f64());
    // As if only what was printed had been imported.
    let imported = f64::from(i32::try_from(records)?);
    rates.with_import.push(1.0 / (import.as_secs_f64() / imported + print.as_secs_f64() / count));
    Ok(())
}

/// The most memory that the real program has while it prints, MiB.
fn measure_memory(runtime: &Runtime, database: &Database, at: (i64, i64)) -> anyhow::Result<f64> {
    let (printers, cards) = (at.0, u32::try_from(at.1)?);
    let mut settings = program::Settings::default();
    settings.add(&format!("batch_size={}", batch_size(at)))?;
    let named = (1..=printers).map(|number| (format!("p{number}"), format!("mock://p{number}")));
    let records = runtime.block_on(program::fill(database, &settings, 7, cards, named))?;
    let mut scheduler = program::Scheduler::start(database, &settings)?;
    let mut memory = f64::NAN;
    while !scheduler.has_ended()? {
        memory = scheduler.usage().map_or(memory, |usage| usage.memory_mb); // it may end in between
        std::thread::sleep(SAMPLE);
    }
    runtime.block_on(async {
        let office = office::open(database).await?;
        office::check(&office, records, at.1, at.1).await?;
        office.store.close().await;
        anyhow::Ok(memory)
    })
}

impl References {
    fn measure(&mut self, folder: &Path, server: &Lazy, peer: Option<&Peer>, plan: &Plan) -> anyhow::Result<()> {
        self.syncs.push(raw::synced_writes(folder, Duration::from_millis(500))?);
        self.sqlite.push(raw::sqlite_commits(folder, plan.commits)?);
        self.postgres.push(raw::postgres_commits(folder, &server.get(), plan.commits)?);
        if let Some(peer) = peer {
            let done = peer.work(server, plan.jobs)?;
            let jobs = f64::from(plan.jobs);
            self.peer_whole.push(jobs / (done.adding + done.working).as_secs_f64());
            self.peer_work.push(jobs / done.working.as_secs_f64());
            self.peer_memory.push(done.memory_mb);
        }
        Ok(())
    }

    fn lines(&self, kind: Kind, plan: &Plan, rates: &[Rates], memory: &[f64]) -> Vec<Line> {
        let mut lines = Vec::new();
        for ((printers, cards), rates) in plan.cards.iter().zip(rates) {
            let cards = number(f64::from(i32::try_from(*cards).unwrap_or(i32::MAX)));
            let what = format!("{kind}, {printers} printers of zero time, {cards} cards: lives");
            let line = Line::new(what, "a second", &rates.lives)
                .beside("synced writes of 8 kB", &self.syncs)
                .beside("durable transactions of one row, `sqlite3`", &self.sqlite)
                .beside("the same, PostgreSQL, `pgbench`", &self.postgres);
            lines.push(line.beside(format!("{}: work alone, jobs", peer::NAME), &self.peer_work));
            let line = Line::new("the same with their import", "a second", &rates.with_import);
            lines.push(line.beside(format!("{}: enqueue and work, jobs", peer::NAME), &self.peer_whole));
        }
        let printers = plan.cards.last().map_or(0, |(printers, _)| *printers);
        let what = format!("{kind}, {printers} printers: memory of the program at most");
        let line = Line::new(what, "MB", memory);
        lines.push(line.beside(format!("{}, all processes", peer::NAME), &self.peer_memory));
        lines
    }
}
