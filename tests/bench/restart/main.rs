//! Measures the time from a crash to the next card fed: `cargo bench --bench restart`.
//!
//! The real program is killed while 2,000 attempts are open: each of 1,000 printers, the most that an office can have, makes
//! a card and holds the next one. The printers finish their cards while the program is dead. Then the program is started
//! again, and the time to the first card fed and to each printer's first card is measured. The reference is the first start
//! of the same run, when no attempt was open. At the end the ledger is checked, and each record must have exactly one card;
//! no time is asserted.
//!
//! `-- --quick` takes half a minute (100 printers, cards of 3 s); `--printers N`; `--card-ms N`, which must be longer than
//! feeding all printers takes; `--runs N`; `sqlite`, `postgresql` measure only these.
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
    collections::BTreeMap,
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use cetak_driver_mock::truth_read;
use shared::{
    database::{Database, Kind, Lazy},
    office,
    program::{self, Scheduler, Settings},
    table::{Line, show},
};
use tokio::runtime::Runtime;

/// The program's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The number of printers in one truth file, so that few files must be read.
const PRINTERS_PER_FILE: usize = 100;
/// The interval of checking whether a card was fed.
const CHECK_INTERVAL: Duration = Duration::from_millis(2);
/// The maximum duration of a step beyond that of its cards.
const PATIENCE: Duration = Duration::from_mins(5);

struct Plan {
    runs: usize,
    printers: usize,
    card_ms: u32,
    kinds: Vec<Kind>,
}

/// Seconds since a start of the program, for each run.
#[derive(Default)]
struct Figures {
    first: Vec<f64>,
    all: Vec<f64>,
}

/// The truth files of the printers.
struct Truth(Vec<PathBuf>);

fn main() -> anyhow::Result<()> {
    let plan = Plan::from_arguments(std::env::args().skip(1))?;
    // On the disk of the build, because the folder of temporary files may be in memory.
    let scratch = tempfile::Builder::new().prefix("bench-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("cetak {}, {cores} cores, {} runs, medians", env!("CARGO_PKG_VERSION"), plan.runs);
    let server = Lazy::default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut figures: Vec<[Figures; 2]> = plan.kinds.iter().map(|_| Default::default()).collect();
    for run in 0..plan.runs {
        for (kind, figures) in plan.kinds.iter().zip(&mut figures) {
            eprintln!("measuring: run {} of {}, {kind}", run + 1, plan.runs);
            let database = Database::make(*kind, scratch.path(), "restart", &server)?;
            crash(&runtime, &database, &plan, figures)?;
            database.remove()?;
        }
    }
    let open = 2 * plan.printers;
    let lines = plan.kinds.iter().zip(&figures).flat_map(|(kind, [start, restart])| {
        let beside = "the same at a start without open attempts, s";
        let what = format!("{kind}, kill -9 with {open} open attempts: until the first card is fed");
        let first = Line::new(what, "s", &restart.first).beside(beside, &start.first);
        let what = format!("until each of {} printers is fed", plan.printers);
        [first, Line::new(what, "s", &restart.all).beside(beside, &start.all)]
    });
    show(&lines.collect::<Vec<_>>());
    Ok(())
}

impl Plan {
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut plan = Self { runs: 1, printers: 1_000, card_ms: 60_000, kinds: Vec::new() };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().with_context(|| format!("`{argument}` needs a value"));
            match argument.as_str() {
                "--bench" => {} // cargo says so
                "--quick" => (plan.printers, plan.card_ms) = (100, 3_000),
                "--runs" => plan.runs = value()?.parse()?,
                "--printers" => plan.printers = value()?.parse()?,
                "--card-ms" => plan.card_ms = value()?.parse()?,
                named => plan.kinds.push(Kind::named(named)?),
            }
        }
        Kind::or_all(&mut plan.kinds);
        Ok(plan)
    }
}

fn crash(runtime: &Runtime, database: &Database, plan: &Plan, figures: &mut [Figures; 2]) -> anyhow::Result<()> {
    let files = plan.printers.div_ceil(PRINTERS_PER_FILE);
    let truth = Truth((0..files).map(|file| database.folder().join(format!("truth-{file}"))).collect());
    let named = (0..plan.printers).map(|number| {
        let file = truth.0[number / PRINTERS_PER_FILE].display();
        (format!("p{number}"), format!("mock://p{number}?hold=yes&dpi=100&card_ms={}&truth={file}", plan.card_ms))
    });
    let mut settings = Settings::default();
    // One card that is being made, and one held.
    settings.add("batch_size=2")?;
    let cards = u32::try_from(2 * plan.printers)?;
    let records = runtime.block_on(program::fill(database, &settings, 7, cards, named))?;

    let began = Instant::now();
    let scheduler = Scheduler::start(database, &settings)?;
    figures[0].first.push(truth.wait_for(began, plan, 1)?);
    figures[0].all.push(truth.wait_for(began, plan, plan.printers)?);
    runtime.block_on(wait_for_attempts(database, plan, began))?;
    scheduler.kill()?;
    ensure!(truth.count()? == plan.printers, "cards ended too early; hint: give a longer --card-ms");
    std::thread::sleep(Duration::from_millis(plan.card_ms.into()));

    let began = Instant::now();
    let mut scheduler = Scheduler::start(database, &settings)?;
    figures[1].first.push(truth.wait_for(began, plan, plan.printers + 1)?);
    figures[1].all.push(truth.wait_for(began, plan, 2 * plan.printers)?);
    while !scheduler.has_ended()? {
        ensure!(began.elapsed() < plan.enough(), "the printing does not end");
        std::thread::sleep(CHECK_INTERVAL);
    }
    runtime.block_on(program::compare(database, records, cards, &truth.by_name()?))
}

impl Plan {
    fn enough(&self) -> Duration {
        PATIENCE + Duration::from_millis(self.card_ms.into())
    }
}

/// Waits until each printer makes one card and holds the next.
async fn wait_for_attempts(database: &Database, plan: &Plan, began: Instant) -> anyhow::Result<()> {
    let office = office::open(database).await?;
    loop {
        let mut open = 0;
        let mut tx = office.store.read().await?;
        for number in 0..plan.printers {
            open += tx.attempts_open(&[format!("p{number}")]).await?.len();
        }
        drop(tx);
        if open == 2 * plan.printers {
            office.store.close().await;
            return Ok(());
        }
        ensure!(began.elapsed() < plan.enough(), "{open} attempts are open, and it should be two of each printer");
        tokio::time::sleep(100 * CHECK_INTERVAL).await;
    }
}

impl Truth {
    /// Waits until that number of cards has been fed in all; returns the seconds since `began`.
    fn wait_for(&self, began: Instant, plan: &Plan, cards: usize) -> anyhow::Result<f64> {
        while self.count()? < cards {
            ensure!(began.elapsed() < plan.enough(), "{cards} cards should have been fed, and {} are", self.count()?);
            std::thread::sleep(CHECK_INTERVAL);
        }
        Ok(began.elapsed().as_secs_f64())
    }

    /// The number of cards. Read without a lock, which would block the printers.
    fn count(&self) -> anyhow::Result<usize> {
        let lines = |path: &PathBuf| match fs::read(path) {
            Ok(bytes) => Ok(bytes.split(|byte| *byte == b'\n').count() - 1),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(anyhow::Error::from(error)),
        };
        self.0.iter().map(lines).sum()
    }

    fn by_name(&self) -> anyhow::Result<BTreeMap<String, u32>> {
        let mut cards = BTreeMap::new();
        for line in self.0.iter().map(truth_read) {
            for line in line? {
                *cards.entry(line.attempt.to_string()).or_default() += 1;
            }
        }
        Ok(cards)
    }
}
