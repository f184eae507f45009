//! Measures cards a second through the scheduler and the database: `cargo bench --bench throughput`.
//!
//! For each card the database gets its place in a batch with a reserved blank, the intent, the outcome, and the rows of
//! ledger and audit, each step durable. Printers take no time, so that only this is measured. The references, in the same
//! run on the same disk, are single durable writes and transactions, graphile-worker with as many empty jobs, of which it keeps
//! nothing, and two that keep the same books: graphile-worker on PostgreSQL, and a plain loop on SQLite with a durable transaction
//! for each step of a card. Cards are not drawn, except where a line says so: all printers get one picture that was drawn before
//! (`cards` measures drawing). Read each figure as a ratio, because absolute figures vary with the machine. Runs are
//! interleaved, and medians are shown. No time is asserted; the ledger and the audit are checked after each run.
//!
//! `-- --quick` takes seconds; `--runs N`; `--printers N`, `sqlite`, `postgresql` measure only these; `--alone` leaves out the
//! references and the cards that are drawn.
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

use anyhow::{Context, ensure};
use cetak::{
    app::demo::people::{WaitingList, write_waiting_list},
    domain::card::profile::CardProfile,
    engine::{
        RendererFactory, Settings,
        scheduling::{self, Until},
    },
    render::{Background, Card, CardRenderer, Format, Output, RenderError, Renderer},
};
use shared::{
    database::{Database, Kind, Lazy},
    graphile_worker::{self, Jobs, Peer},
    office, program,
    table::{Line, number, show},
};
use tokio::{runtime::Runtime, sync::watch};

/// The program's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The interval of reading the program's memory.
const SAMPLE: Duration = Duration::from_millis(5);

/// The most records in a batch, as by default.
const BATCH_MAX: i64 = 100;

/// The extent of the benchmark.
struct Plan {
    runs: usize,
    cases: Vec<Case>,
    /// Jobs of the reference: the maximum of those cards.
    jobs: u32,
    /// Single transactions.
    commits: u32,
    kinds: Vec<Kind>,
    quick: bool,
    /// Whether no references are measured.
    alone: bool,
}

/// Printers, and the number of cards that they print together.
#[derive(Clone, Copy)]
struct Case {
    printers: i64,
    cards: i64,
    /// Whether each card is rendered.
    draws: bool,
}

/// Returns one picture, rendered beforehand, for every card.
struct DrawnBefore(Vec<u8>);

impl CardRenderer for DrawnBefore {
    fn shows_photo(&self) -> bool {
        false
    }

    fn check(&self, _: &Card<'_>) -> Result<(), RenderError> {
        Ok(())
    }

    fn check_photo(&self, _: &[u8]) -> Result<Background, RenderError> {
        Ok(Background::Other)
    }

    fn draw(&self, _: &Card<'_>, _: &Output) -> Result<Vec<u8>, RenderError> {
        Ok(self.0.clone())
    }
}

fn drawn_before() -> RendererFactory {
    Arc::new(|profile: &CardProfile| {
        let output = Output::preview(Format::Pwg, 100, None);
        Ok(Arc::new(DrawnBefore(Renderer::new(profile)?.test_card(&output)?)) as Arc<dyn CardRenderer>)
    })
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
    plain_loop: Vec<f64>,
    peer_cards: Vec<f64>,
    peer_whole: Vec<f64>,
    peer_work: Vec<f64>,
    peer_memory: Vec<f64>,
}

fn main() -> anyhow::Result<()> {
    let plan = Plan::from_arguments(std::env::args().skip(1))?;
    // On the disk of the build, because the folder of temporary files may be in memory.
    let scratch = tempfile::Builder::new().prefix("bench-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("cetak {}, {cores} cores, {} runs, medians", env!("CARGO_PKG_VERSION"), plan.runs);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let server = Lazy::default();
    let mut peer = if plan.alone { None } else { Peer::install()? };
    if let Some(peer) = peer.as_mut().filter(|_| !plan.quick) {
        peer.tune(&server, plan.jobs)?;
    }
    // Some rows are refused, and each card needs a good one.
    let list = write_waiting_list(&scratch.path().join("list"), 7, plan.jobs + plan.jobs / 40 + 50)?;
    ensure!(list.count_good() >= plan.jobs, "too few good requests");

    let mut references = References::default();
    let mut memory = vec![Vec::new(); plan.kinds.len()];
    let mut rates: Vec<Vec<Rates>> =
        plan.kinds.iter().map(|_| plan.cases.iter().map(|_| Rates::default()).collect()).collect();
    for run in 0..plan.runs {
        if !plan.alone {
            eprintln!("measuring: run {} of {}, references", run + 1, plan.runs);
            references.measure(scratch.path(), &server, peer.as_ref(), &plan)?;
        }
        for ((kind, rates), memory) in plan.kinds.iter().zip(&mut rates).zip(&mut memory) {
            for (case, rates) in plan.cases.iter().zip(rates) {
                eprintln!("measuring: run {} of {}, {} printers, {kind}", run + 1, plan.runs, case.printers);
                let database = Database::make(*kind, scratch.path(), "lives", &server)?;
                runtime.block_on(measure(&database, &list, *case, rates))?;
                database.remove()?;
            }
            if run == 0 {
                let database = Database::make(*kind, scratch.path(), "memory", &server)?;
                memory.push(measure_memory(&runtime, &database, plan.largest())?);
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
            cases: cases([(1, 3_000), (8, 10_000), (64, 27_000), (1_000, 27_000)]),
            jobs: 27_000,
            commits: 2_000,
            kinds: Vec::new(),
            quick: false,
            alone: false,
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--bench" => {} // cargo says so
                "--quick" => {
                    (plan.runs, plan.quick, plan.jobs, plan.commits) = (1, true, 5_000, 500);
                    plan.cases = cases([(1, 300), (8, 1_000), (64, 5_000), (1_000, 5_000)]);
                }
                "--alone" => {
                    plan.alone = true;
                    plan.cases.retain(|case| !case.draws);
                }
                "--runs" => plan.runs = arguments.next().context("`--runs` needs a number")?.parse()?,
                "--printers" => {
                    let only: i64 = arguments.next().context("`--printers` needs a number")?.parse()?;
                    plan.cases.retain(|case| case.printers == only);
                    ensure!(!plan.cases.is_empty(), "{only} printers are not measured");
                }
                named => plan.kinds.push(Kind::named(named)?),
            }
        }
        Kind::or_all(&mut plan.kinds);
        Ok(plan)
    }

    /// The case with the most printers.
    fn largest(&self) -> Case {
        let none = Case { printers: 0, cards: 0, draws: true };
        self.cases.iter().copied().max_by_key(|case| case.printers).unwrap_or(none)
    }
}

/// The cases; one of them is repeated with rendering.
fn cases(cases: [(i64, i64); 4]) -> Vec<Case> {
    let drawn = Some(cases[2]).map(|(printers, cards)| Case { printers, cards, draws: true });
    cases.map(|(printers, cards)| Case { printers, cards, draws: false }).into_iter().chain(drawn).collect()
}

/// The batch size with which all printers get an equal share at once.
fn batch_size(case: Case) -> i64 {
    (case.cards / case.printers).clamp(1, BATCH_MAX)
}

/// Imports the list into an empty database and prints as many cards as there are blanks.
async fn measure(database: &Database, list: &WaitingList, case: Case, rates: &mut Rates) -> anyhow::Result<()> {
    let Case { printers, cards, draws } = case;
    let mut office = office::open(database).await?;
    office.settings = Arc::new(Settings { batch_size: batch_size(case), ..Settings::default() });
    if !draws {
        (office.renderers, office.render_threads) = (drawn_before(), None);
    }
    let began = Instant::now();
    let records = office::fill(&office, list).await?;
    let import = began.elapsed();
    office::receive(&office, cards).await?;
    for number in 1..=printers {
        office::add_printer(&office, &format!("p{number}"), &format!("mock://p{number}?dpi=100")).await?;
    }
    database.settle()?;
    let (_stop, stopped) = watch::channel(false);
    let began = Instant::now();
    scheduling::run(&office, Until::Idle, stopped).await?;
    let print = began.elapsed();
    office::check(&office, records, cards, cards).await?;
    office.store.close().await;
    let count = f64::from(i32::try_from(cards)?);
    rates.lives.push(count / print.as_secs_f64());
    // Scaled as if only the printed records had been imported.
    let imported = f64::from(i32::try_from(records)?);
    rates.with_import.push(1.0 / (import.as_secs_f64() / imported + print.as_secs_f64() / count));
    Ok(())
}

/// The peak memory of the real program while it prints, MiB.
fn measure_memory(runtime: &Runtime, database: &Database, case: Case) -> anyhow::Result<f64> {
    let (printers, cards) = (case.printers, u32::try_from(case.cards)?);
    let mut settings = program::Settings::default();
    settings.add(&format!("batch_size={}", batch_size(case)))?;
    let named = (1..=printers).map(|number| (format!("p{number}"), format!("mock://p{number}?dpi=100")));
    let records = runtime.block_on(program::fill(database, &settings, 7, cards, named))?;
    let mut scheduler = program::Scheduler::start(database, &settings)?;
    let mut memory = f64::NAN;
    while !scheduler.has_ended()? {
        memory = scheduler.usage().map_or(memory, |usage| usage.memory_mb); // it may end in between
        std::thread::sleep(SAMPLE);
    }
    runtime.block_on(async {
        let office = office::open(database).await?;
        office::check(&office, records, case.cards, case.cards).await?;
        office.store.close().await;
        anyhow::Ok(memory)
    })
}

impl References {
    fn measure(&mut self, folder: &Path, server: &Lazy, peer: Option<&Peer>, plan: &Plan) -> anyhow::Result<()> {
        self.syncs.push(raw::synced_writes(folder, Duration::from_millis(500))?);
        self.sqlite.push(raw::sqlite_commits(folder, plan.commits)?);
        self.postgres.push(raw::postgres_commits(folder, &server.get(), plan.commits)?);
        self.plain_loop.push(raw::plain_loop(folder, plan.commits)?);
        if let Some(peer) = peer {
            let cards = plan.jobs / 4;
            self.peer_cards.push(f64::from(cards) / peer.work(server, Jobs::Cards, cards)?.working.as_secs_f64());
            let done = peer.work(server, Jobs::Empty, plan.jobs)?;
            let jobs = f64::from(plan.jobs);
            self.peer_whole.push(jobs / (done.adding + done.working).as_secs_f64());
            self.peer_work.push(jobs / done.working.as_secs_f64());
            self.peer_memory.push(done.memory_mb);
        }
        Ok(())
    }

    fn lines(&self, kind: Kind, plan: &Plan, rates: &[Rates], memory: &[f64]) -> Vec<Line> {
        let mut lines = Vec::new();
        for (Case { printers, cards, draws }, rates) in plan.cases.iter().zip(rates) {
            let cards = number(f64::from(i32::try_from(*cards).unwrap_or(i32::MAX)));
            let drawn = if *draws { "each drawn" } else { "drawn beforehand" };
            let what = format!("{kind}, {printers} printers of zero time, {cards} cards, {drawn}: lives");
            let line = Line::new(what, "a second", &rates.lives)
                .beside("synced writes of 8 kB", &self.syncs)
                .beside("durable transactions of one row, `sqlite3`", &self.sqlite)
                .beside("the same, PostgreSQL, `pgbench`", &self.postgres);
            let line = line.beside("the same books: a plain loop on SQLite", &self.plain_loop);
            let line = line.beside(format!("the same books: {}", graphile_worker::NAME), &self.peer_cards);
            lines.push(line.beside(format!("{}: empty jobs, work alone", graphile_worker::NAME), &self.peer_work));
            let line = Line::new("the same with their import", "a second", &rates.with_import);
            lines.push(
                line.beside(format!("{}: empty jobs, enqueue and work", graphile_worker::NAME), &self.peer_whole),
            );
        }
        let printers = plan.largest().printers;
        let what = format!("{kind}, {printers} printers: memory of the program at most");
        let line = Line::new(what, "MB", memory);
        lines.push(line.beside(format!("{}, all processes", graphile_worker::NAME), &self.peer_memory));
        lines
    }
}
