//! Measures how long real printers are idle between two cards: `cargo bench --bench idle`.
//!
//! The idle share is the sum of the gaps from the end of each card to the beginning of the next, divided by the time from
//! the first card to the last; the printers' engine records both. `ippeveprinter` (which cannot hold a job), a PAPPL printer
//! application and `cupsd` are driven by the real program, one after the other. The reference in the same run is CUPS
//! itself: the same cards sent all at once with `lp`. No time is asserted; each record must have one card.
//!
//! `-- --quick` takes a minute. `--runs N` repeats it; `--jitter N` lets cards take N per cent more or less, 2 unless
//! given; `ippeveprinter`, `PAPPL`, `cupsd` run only these; `--set KEY=VALUE` changes a setting of the program.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a benchmark reads the real clock and prints its table, and a printer that does not start says why"
)]

#[path = "../../../drivers/ipp/tests/printer/cupsd.rs"]
#[expect(dead_code, reason = "tests use more of it")]
mod cupsd;
#[path = "../../../drivers/ipp/tests/printer/engine.rs"]
#[expect(dead_code, reason = "tests use more of it")]
mod engine;
#[path = "../../../drivers/ipp/tests/printer/eve.rs"]
#[expect(dead_code, unused_imports, reason = "tests use more of it")]
mod eve;
mod hopper;
#[path = "../../../drivers/ipp/tests/printer/pappl.rs"]
#[expect(dead_code, reason = "tests use more of it")]
mod pappl;
#[path = "../../../drivers/ipp/tests/printer/peer.rs"]
#[expect(dead_code, reason = "tests use more of it")]
mod peer;
mod proxy;
#[path = "../shared/mod.rs"]
#[expect(dead_code, reason = "each benchmark uses a part of it")]
mod shared;

use std::{
    fmt, fs,
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, bail, ensure};
use hopper::{Hopper, milliseconds, note_times};
use peer::{Kind, Peer};
use proxy::Proxy;
use shared::{
    database::Database,
    program::{self, Scheduler, Settings},
    table::{Line, output_of, show},
};
use tokio::runtime::Runtime;

/// The maximum duration of a run beyond that of its cards.
const PATIENCE: Duration = Duration::from_mins(2);

#[derive(Clone, Debug)]
struct Plan {
    runs: usize,
    cards: Vec<Cards>,
    kinds: Vec<Kind>,
    settings: Settings,
}

/// Cards that take the same time, within the jitter.
#[derive(Clone, Copy, Debug)]
struct Cards {
    count: u32,
    pace_ms: u32,
    jitter_ms: u32,
}

/// The results of one way of printing, over all runs.
#[derive(Clone, Debug, Default)]
struct Figures {
    /// For each run, per cent.
    shares: Vec<f64>,
    /// For all runs together.
    gaps_ms: Vec<f64>,
    /// Requests per second, for each run.
    requests: Vec<f64>,
}

fn main() -> anyhow::Result<()> {
    let plan = Plan::from_arguments(std::env::args().skip(1))?;
    // On the disk of the build, because the folder of temporary files may be in memory.
    let scratch = tempfile::Builder::new().prefix("bench-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("cetak {}, {cores} cores, {} runs, medians", env!("CARGO_PKG_VERSION"), plan.runs);
    let mut lines = Vec::new();
    for cards in &plan.cards {
        let mut figures = vec![Figures::default(); plan.kinds.len()];
        let mut reference = Figures::default();
        for run in 0..plan.runs {
            for (kind, figures) in plan.kinds.iter().zip(&mut figures) {
                eprintln!("measuring: {} with {cards}", name(*kind));
                let folder = scratch.path().join(format!("{}-{}-{run}", cards.pace_ms, name(*kind)));
                fs::create_dir(&folder)?;
                drive(&runtime, &folder, &plan.settings, kind.start().as_ref(), *cards, figures)?;
            }
            eprintln!("measuring: lp with {cards}");
            send_with_lp(scratch.path(), *cards, &mut reference)?;
        }
        for (kind, figures) in plan.kinds.iter().zip(&figures) {
            lines.extend(figures.lines(&format!("{}, {cards}", name(*kind)), Some(&reference)));
        }
        lines.extend(reference.lines(&format!("`lp` to cupsd, {cards}"), None));
    }
    show(&lines);
    Ok(())
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Eve => "ippeveprinter",
        Kind::Pappl => "PAPPL",
        Kind::Cupsd => "cupsd",
    }
}

impl Plan {
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut plan = Self { runs: 1, cards: Vec::new(), kinds: Vec::new(), settings: Settings::default() };
        let (mut counts, mut jitter) = ([20, 60], 2);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().with_context(|| format!("`{argument}` needs a value"));
            match argument.as_str() {
                "--bench" => {} // cargo says so
                "--quick" => counts = [4, 10],
                "--jitter" => jitter = value()?.parse()?,
                "--runs" => plan.runs = value()?.parse()?,
                "--set" => plan.settings.add(&value()?)?,
                named => match Kind::ALL.into_iter().find(|kind| name(*kind) == named) {
                    Some(kind) => plan.kinds.push(kind),
                    None => bail!("`{named}` is not known; the file's head says what there is"),
                },
            }
        }
        ensure!(jitter <= 50, "a jitter is at most 50 per cent");
        let of_pace = |(count, pace_ms)| Cards { count, pace_ms, jitter_ms: pace_ms * jitter / 100 };
        plan.cards = counts.into_iter().zip([3_000, 300]).map(of_pace).collect();
        if plan.kinds.is_empty() {
            plan.kinds.extend(Kind::ALL);
        }
        Ok(plan)
    }
}

/// Prints cards with the program, and compares its database with the output hopper.
fn drive(
    runtime: &Runtime,
    folder: &Path,
    settings: &Settings,
    printer: &dyn Peer,
    cards: Cards,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    note_times(printer.engine(), cards.pace_ms, cards.jitter_ms)?;
    let proxy = Proxy::start(printer.port())?;
    let uri = format!("ipp://localhost:{}{}", proxy.port(), printer.path());
    let printers = std::iter::once(("p1".to_owned(), uri));
    let database = Database::in_folder(folder);
    let records = runtime.block_on(program::fill(&database, settings, 7, cards.count, printers))?;
    let mut scheduler = Scheduler::start(&database, settings)?;
    wait_until(cards, || scheduler.has_ended())?;
    let hopper = Hopper::read(printer.engine())?;
    runtime.block_on(program::compare(&database, records, cards.count, &hopper.by_name()))?;
    figures.add(&hopper)?;
    let (first, last) = hopper.span()?;
    let within = proxy.requests().iter().filter(|at| (first..last).contains(at)).count();
    figures.requests.push(f64::from(u32::try_from(within)?) * 1_000.0 / milliseconds(last - first));
    Ok(())
}

/// Prints the same cards with the tools of CUPS, whose queue has all cards before the first is made.
fn send_with_lp(folder: &Path, cards: Cards, figures: &mut Figures) -> anyhow::Result<()> {
    let printer = Kind::Cupsd.start();
    note_times(printer.engine(), cards.pace_ms, cards.jitter_ms)?;
    let document = folder.join("card");
    fs::write(&document, [7; 10_000])?;
    for number in 1..=cards.count {
        let mut lp = Command::new("lp");
        lp.args(["-h", &format!("localhost:{}", printer.port()), "-d", "card", "-o", "raw"]);
        lp.args(["-t", &format!("lp-{number}")]).arg(&document);
        output_of(&mut lp, "the program `lp` is needed for the reference: `apt-get install cups-client`")?;
    }
    let all = usize::try_from(cards.count)?;
    wait_until(cards, || Ok(Hopper::read(printer.engine())?.count() >= all))?;
    figures.add(&Hopper::read(printer.engine())?)
}

impl fmt::Display for Cards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cards of {} ± {} ms", self.count, self.pace_ms, self.jitter_ms)
    }
}

impl Figures {
    fn add(&mut self, hopper: &Hopper) -> anyhow::Result<()> {
        let gaps = hopper.gaps_ms();
        let (first, last) = hopper.span()?;
        self.shares.push(100.0 * gaps.iter().sum::<f64>() / milliseconds(last - first));
        self.gaps_ms.extend(gaps);
        Ok(())
    }

    fn lines(&self, what: &str, reference: Option<&Self>) -> Vec<Line> {
        let line = |what: String, unit, of: fn(&Self) -> &Vec<f64>| {
            let line = Line::new(what, unit, of(self));
            reference.into_iter().fold(line, |line, reference| line.beside("`lp`", of(reference)))
        };
        let mut lines = vec![
            line(format!("{what}: idle"), "%", |figures| &figures.shares),
            line(format!("{what}: gap"), "ms", |figures| &figures.gaps_ms),
        ];
        if !self.requests.is_empty() {
            lines.push(line(format!("{what}: requests"), "a second", |figures| &figures.requests));
        }
        lines
    }
}

fn wait_until(cards: Cards, mut holds: impl FnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let began = Instant::now();
    let enough = Duration::from_millis(u64::from(cards.pace_ms) * u64::from(cards.count)) + PATIENCE;
    while !holds()? {
        ensure!(began.elapsed() < enough, "the cards take too long");
        wait(20);
    }
    Ok(())
}

fn now_ns() -> u64 {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX)
}

/// The clock of a driver.
fn clock() -> cetak_driver_ipp::Now {
    Arc::new(|| i64::try_from(now_ns() / 1_000).unwrap_or(i64::MAX))
}

fn wait(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}
