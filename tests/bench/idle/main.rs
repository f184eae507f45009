//! How long real printers wait between two cards, one command: `cargo bench --bench idle`.
//!
//! The idle share is the sum of the gaps from the end of each card to the beginning of the next, of the whole time from the
//! first card to the last; the printers' engine notes both. `ippeveprinter` (which cannot hold a job), a PAPPL printer
//! application and `cupsd` are driven by the real program, one after the other. The reference of the same run is what CUPS
//! itself makes of it: the same cards sent all at once with `lp`. What is asserted is only that each record has one card.
//!
//! `-- --quick` takes a minute. `--runs N` repeats it; `ippeveprinter`, `PAPPL`, `cupsd` run only these; `--set KEY=VALUE`
//! changes a setting of the program.
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
#[path = "../office.rs"]
#[expect(dead_code, reason = "another benchmark has more references")]
mod office;
#[path = "../../../drivers/ipp/tests/printer/pappl.rs"]
mod pappl;
#[path = "../../../drivers/ipp/tests/printer/peer.rs"]
#[expect(dead_code, reason = "tests use more of it")]
mod peer;
#[path = "../program.rs"]
#[expect(dead_code, reason = "another benchmark looks closer at the program")]
mod program;
mod proxy;
#[path = "../table.rs"]
mod table;

use std::{
    fs,
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, bail, ensure};
use hopper::{Hopper, milliseconds, note_times};
use peer::{Kind, Peer};
use program::{Scheduler, Settings};
use proxy::Proxy;
use table::{Line, median, output_of, range, show};
use tokio::runtime::Runtime;

/// How much longer than its cards a run may take.
const PATIENCE: Duration = Duration::from_mins(2);

#[derive(Clone, Debug)]
struct Plan {
    runs: usize,
    /// Milliseconds that a card takes, and how many.
    paces: Vec<(u32, u32)>,
    kinds: Vec<Kind>,
    settings: Settings,
}

/// What one way of printing came to, over all runs.
#[derive(Clone, Debug, Default)]
struct Figures {
    /// Of each run, per cent.
    shares: Vec<f64>,
    /// Of all runs together.
    gaps_ms: Vec<f64>,
    /// Requests a second, of each run.
    requests: Vec<f64>,
}

fn main() -> anyhow::Result<()> {
    let plan = Plan::from_arguments(std::env::args().skip(1))?;
    // On the disk of the build, not in a folder that may be memory.
    let scratch = tempfile::Builder::new().prefix("bench-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("cetak {}, {cores} cores, {} runs, medians", env!("CARGO_PKG_VERSION"), plan.runs);
    let mut lines = Vec::new();
    for (pace_ms, cards) in &plan.paces {
        let mut figures = vec![Figures::default(); plan.kinds.len()];
        let mut reference = Figures::default();
        for run in 0..plan.runs {
            for (kind, figures) in plan.kinds.iter().zip(&mut figures) {
                eprintln!("measuring: {} with {cards} cards of {pace_ms} ms", name(*kind));
                let folder = scratch.path().join(format!("{pace_ms}-{}-{run}", name(*kind)));
                fs::create_dir(&folder)?;
                drive(&runtime, &folder, &plan.settings, kind.start().as_ref(), (*pace_ms, *cards), figures)?;
            }
            eprintln!("measuring: lp with {cards} cards of {pace_ms} ms");
            send_with_lp(scratch.path(), (*pace_ms, *cards), &mut reference)?;
        }
        let of_pace = format!("{cards} cards of {pace_ms} ms");
        for (kind, figures) in plan.kinds.iter().zip(&figures) {
            lines.extend(figures.lines(&format!("{}, {of_pace}", name(*kind)), Some(&reference)));
        }
        lines.extend(reference.lines(&format!("`lp` to cupsd, {of_pace}"), None));
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
        let mut plan =
            Self { runs: 1, paces: vec![(3_000, 20), (300, 60)], kinds: Vec::new(), settings: Settings::default() };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().with_context(|| format!("`{argument}` needs a value"));
            match argument.as_str() {
                "--bench" => {} // cargo says so
                "--quick" => plan.paces = vec![(3_000, 4), (300, 10)],
                "--runs" => plan.runs = value()?.parse()?,
                "--set" => plan.settings.add(&value()?)?,
                named => match Kind::ALL.into_iter().find(|kind| name(*kind) == named) {
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

/// Prints cards with the program, and compares its books with the output hopper.
fn drive(
    runtime: &Runtime,
    folder: &Path,
    settings: &Settings,
    printer: &dyn Peer,
    (pace_ms, cards): (u32, u32),
    figures: &mut Figures,
) -> anyhow::Result<()> {
    note_times(printer.engine(), pace_ms)?;
    let proxy = Proxy::start(printer.port())?;
    let uri = format!("ipp://localhost:{}{}", proxy.port(), printer.path());
    let printers = std::iter::once(("p1".to_owned(), uri));
    let records = runtime.block_on(program::fill(folder, settings, 7, cards, printers))?;
    let mut scheduler = Scheduler::start(folder, settings)?;
    wait_until(pace_ms, cards, || scheduler.has_ended())?;
    let hopper = Hopper::read(printer.engine())?;
    runtime.block_on(program::compare(folder, records, cards, &hopper.by_name()))?;
    figures.add(&hopper)?;
    let (first, last) = hopper.span()?;
    let within = proxy.requests().iter().filter(|at| (first..last).contains(at)).count();
    figures.requests.push(f64::from(u32::try_from(within)?) * 1_000.0 / milliseconds(last - first));
    Ok(())
}

/// The same with the tools of CUPS: its queue has all the cards before the first is made.
fn send_with_lp(folder: &Path, (pace_ms, cards): (u32, u32), figures: &mut Figures) -> anyhow::Result<()> {
    let printer = Kind::Cupsd.start();
    note_times(printer.engine(), pace_ms)?;
    let document = folder.join("card");
    fs::write(&document, [7; 10_000])?;
    for number in 1..=cards {
        let mut lp = Command::new("lp");
        lp.args(["-h", &format!("localhost:{}", printer.port()), "-d", "card", "-o", "raw"]);
        lp.args(["-t", &format!("lp-{number}")]).arg(&document);
        output_of(&mut lp, "the program `lp` is needed for the reference: `apt-get install cups-client`")?;
    }
    let all = usize::try_from(cards)?;
    wait_until(pace_ms, cards, || Ok(Hopper::read(printer.engine())?.count() >= all))?;
    figures.add(&Hopper::read(printer.engine())?)
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
            let figure = median(of(self));
            let beside = reference.map(|reference| median(of(reference)));
            let beside = beside.filter(|beside| beside.is_finite()).map(|beside| ("`lp`", beside, figure / beside));
            Line { what, figure, unit, range: range(of(self)), references: beside.into_iter().collect() }
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

fn wait_until(pace_ms: u32, cards: u32, mut holds: impl FnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let began = Instant::now();
    let enough = Duration::from_millis(u64::from(pace_ms) * u64::from(cards)) + PATIENCE;
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
