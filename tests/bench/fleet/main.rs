//! Measures a thousand printers at once: `cargo bench --bench fleet`.
//!
//! The real program, with its database on the disk, drives IPP printers in another process: each has a queue, can hold a
//! job, and makes one card at a time. At the end the printers' count of cards by job name is compared with the database:
//! each record must have exactly one card. No time is asserted.
//!
//! `-- --quick` takes seconds. `--printers N`, `--cards N` (of each printer), `--card-ms N`, `--jitter N` (per cent) and
//! `--seed N` change the size, and `--set KEY=VALUE` a setting of the program.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark reads the real clock and prints its table"
)]

mod answer;
mod engine;
mod server;
#[path = "../shared/mod.rs"]
#[expect(dead_code, reason = "each benchmark uses a part of it")]
mod shared;

use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use server::{Counts, Printers};
use shared::{
    database::Database,
    program::{self, Scheduler, Settings},
    table::{number, percentile},
    usage::Usage,
};

/// The program's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The processor time of a process is lost when it ends, so it is sampled.
const SAMPLE: Duration = Duration::from_millis(50);

/// The extent of the benchmark.
#[derive(Clone, Debug)]
struct Plan {
    printers: u32,
    /// For each printer.
    cards: u32,
    card_ms: u32,
    /// The variation of card times, per cent.
    jitter: u32,
    seed: u64,
    settings: Settings,
}

/// The results of a run.
struct Run {
    scheduler: Usage,
    printers: Usage,
    seconds: f64,
    counts: Counts,
}

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if(|first| first == server::ARGUMENT).is_some() {
        return server::be(arguments);
    }
    let plan = Plan::from_arguments(arguments)?;
    // On the disk of the build, because the folder of temporary files may be in memory.
    let scratch = tempfile::Builder::new().prefix("bench-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let database = Database::in_folder(scratch.path());
    let card_us = u64::from(plan.card_ms) * 1_000;
    let jitter_us = card_us * u64::from(plan.jitter) / 100;
    let printers = Printers::start(usize::try_from(plan.printers)?, card_us, jitter_us, plan.seed)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    eprintln!("preparing: a waiting list, blanks, {} printers", plan.printers);
    let named = (0..usize::try_from(plan.printers)?).map(|number| (format!("p{number}"), printers.uri(number)));
    let records = runtime.block_on(program::fill(&database, &plan.settings, plan.seed, plan.count_cards(), named))?;
    eprintln!("printing");
    let run = print(&database, &plan, &printers)?;
    eprintln!("comparing what the printers made with the database");
    runtime.block_on(program::compare(&database, records, plan.count_cards(), &run.counts.cards))?;
    show(&plan, &run);
    Ok(())
}

impl Plan {
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut plan =
            Self { printers: 1_000, cards: 10, card_ms: 3_000, jitter: 2, seed: 7, settings: Settings::default() };
        let mut settings = Vec::new();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().with_context(|| format!("`{argument}` needs a value"));
            match argument.as_str() {
                "--bench" => {} // cargo says so
                "--quick" => (plan.printers, plan.cards, plan.card_ms) = (100, 3, 500),
                "--printers" => plan.printers = value()?.parse()?,
                "--cards" => plan.cards = value()?.parse()?,
                "--card-ms" => plan.card_ms = value()?.parse()?,
                "--jitter" => plan.jitter = value()?.parse()?,
                "--seed" => plan.seed = value()?.parse()?,
                "--set" => settings.push(value()?),
                other => bail!("`{other}` is not known; the file's head says what there is"),
            }
        }
        ensure!(plan.printers > 0 && plan.cards > 0, "there must be a card to print");
        ensure!(plan.jitter <= 50, "a jitter is at most 50 per cent");
        // Each printer gets exactly one batch, so that all have the same work.
        settings.insert(0, format!("batch_size={}", plan.cards));
        settings.iter().try_for_each(|setting| plan.settings.add(setting))?;
        Ok(plan)
    }

    fn count_cards(&self) -> u32 {
        self.printers * self.cards
    }
}

fn print(database: &Database, plan: &Plan, printers: &Printers) -> anyhow::Result<Run> {
    let began = Instant::now();
    let mut scheduler = Scheduler::start(database, &plan.settings)?;
    let mut used = Usage::default();
    while !scheduler.has_ended()? {
        used = scheduler.usage().unwrap_or(used); // it may end in between
        std::thread::sleep(SAMPLE);
    }
    let seconds = began.elapsed().as_secs_f64();
    Ok(Run { scheduler: used, printers: Usage::read(&printers.stat())?, seconds, counts: printers.counts()? })
}

fn show(plan: &Plan, run: &Run) {
    let cores =
        std::thread::available_parallelism().map_or(1.0, |cores| f64::from(u16::try_from(cores.get()).unwrap_or(1)));
    let counts = &run.counts;
    let (cards, printers) = (f64::from(plan.count_cards()), f64::from(plan.printers));
    let printing = seconds(counts.last_us - counts.first_us);
    let possible = printers * 1_000.0 / f64::from(plan.card_ms.max(1));
    let requests: u64 = counts.requests.values().sum();
    let idle: u64 = counts.gaps_us.iter().sum();
    let gaps: Vec<f64> = counts.gaps_us.iter().map(|gap| seconds(*gap) * 1_000.0).collect();
    let gap = |share: f64| percentile(&gaps, share);
    println!(
        "cetak {}, {cores} cores, {} printers, {} cards each of {} s ± {} %",
        env!("CARGO_PKG_VERSION"),
        plan.printers,
        plan.cards,
        f64::from(plan.card_ms) / 1_000.0,
        plan.jitter
    );
    println!("| measured | figure | |\n| --- | ---: | --- |");
    let row = |what: &str, figure: String, note: String| println!("| {what} | {figure} | {note} |");
    let rate = cards / printing;
    row(
        "cards a second, first card to last",
        number(rate),
        format!("{:.2} of {}, which printers could make", rate / possible, number(possible)),
    );
    row(
        "printers idle between cards",
        format!("{:.2} %", 100.0 * seconds(idle) / seconds(counts.whole_us)),
        format!(
            "gaps: median {} ms, 99th percentile {} ms, worst {} ms",
            number(gap(0.5)),
            number(gap(0.99)),
            number(gap(1.0))
        ),
    );
    row(
        "the whole run",
        format!("{} s", number(run.seconds)),
        format!("{} s from the first card to the last", number(printing)),
    );
    let share = |cpu: f64| {
        format!(
            "{:.1} % of {cores} cores, {} ms a card",
            100.0 * cpu / run.seconds / cores,
            number(1_000.0 * cpu / cards)
        )
    };
    row("processor time of the scheduler", format!("{} s", number(run.scheduler.cpu_s)), share(run.scheduler.cpu_s));
    row("of the printers, beside it", format!("{} s", number(run.printers.cpu_s)), share(run.printers.cpu_s));
    row("memory of the scheduler, at most", format!("{} MB", number(run.scheduler.memory_mb)), String::new());
    row("connections", number(whole(counts.connections)), String::new());
    let rates = |count: u64| {
        format!("{:.2} a card, {:.3} a printer and second", whole(count) / cards, whole(count) / printers / printing)
    };
    row("requests", number(whole(requests)), rates(requests));
    for (operation, count) in counts.requests.iter().filter(|(_, count)| **count > 0) {
        row(operation, number(whole(*count)), rates(*count));
    }
    println!("each of {} records that were printed has exactly one card, by the printers' own count", number(cards));
}

fn seconds(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64()
}

/// A count as a figure; counts here are small.
fn whole(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
