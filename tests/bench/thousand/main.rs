//! A thousand printers at once, one command: `cargo bench --bench thousand`.
//!
//! The real program, with its database on the disk, drives IPP printers that are a process of their own: each has a queue,
//! can hold a job, and makes one card after the other. At the end the printers' own count of cards by job name is compared
//! with the database: each record has exactly one card. That is asserted; the times are only reported.
//!
//! `-- --quick` takes seconds. `--printers N`, `--cards N` (of each printer), `--card-ms N` and `--seed N` change the size,
//! and `--set KEY=VALUE` a setting of the program.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark reads the real clock and prints its table"
)]

mod answer;
mod engine;
#[path = "../office.rs"]
#[expect(dead_code, reason = "the other benchmark has references that this one does without")]
mod office;
mod server;
#[path = "../table.rs"]
#[expect(dead_code, reason = "the other benchmark has references that this one does without")]
mod table;
mod usage;

use std::{
    collections::{BTreeMap, HashSet},
    fs::{self, File},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use cetak::{app::demo::people::write_waiting_list, store::JobFilter};
use server::{Counts, Printers};
use table::{number, output_of, per_second};
use usage::Usage;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The processor time of a process that has ended is gone, so it is read again and again.
const SAMPLE: Duration = Duration::from_millis(50);

/// How much is measured.
#[derive(Clone, Debug)]
struct Plan {
    printers: u32,
    /// Of each printer.
    cards: u32,
    card_ms: u32,
    seed: u64,
    /// Settings of the program, as variables.
    settings: Vec<(String, String)>,
}

/// What a run came to.
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
    // On the disk of the build, not in a folder that may be memory.
    let scratch = tempfile::Builder::new().prefix("bench-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let printers = Printers::start(usize::try_from(plan.printers)?, u64::from(plan.card_ms) * 1_000, plan.seed)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    eprintln!("preparing: a waiting list, blanks, {} printers", plan.printers);
    let records = runtime.block_on(fill(scratch.path(), &plan, &printers))?;
    eprintln!("printing");
    let run = print(scratch.path(), &plan, &printers)?;
    eprintln!("comparing what the printers made with the database");
    runtime.block_on(compare(scratch.path(), &plan, records, &run.counts))?;
    show(&plan, &run);
    Ok(())
}

impl Plan {
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut plan = Self { printers: 1_000, cards: 10, card_ms: 3_000, seed: 7, settings: Vec::new() };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().with_context(|| format!("`{argument}` needs a value"));
            match argument.as_str() {
                "--bench" => {} // cargo says so
                "--quick" => (plan.printers, plan.cards, plan.card_ms) = (100, 3, 500),
                "--printers" => plan.printers = value()?.parse()?,
                "--cards" => plan.cards = value()?.parse()?,
                "--card-ms" => plan.card_ms = value()?.parse()?,
                "--seed" => plan.seed = value()?.parse()?,
                "--set" => {
                    let setting = value()?;
                    let (key, value) = setting.split_once('=').context("a setting is KEY=VALUE")?;
                    plan.settings.push((format!("CETAK_{}", key.to_uppercase()), value.to_owned()));
                }
                other => bail!("`{other}` is not known; the file's head says what there is"),
            }
        }
        ensure!(plan.printers > 0 && plan.cards > 0, "there must be a card to print");
        // A printer takes one batch and no more, so that all have the same to do.
        plan.settings.insert(0, ("CETAK_BATCH_SIZE".to_owned(), plan.cards.to_string()));
        Ok(plan)
    }

    fn count_cards(&self) -> u32 {
        self.printers * self.cards
    }

    /// The real program on the data of the benchmark.
    fn program(&self, folder: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cetak"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CETAK_")) {
            command.env_remove(name);
        }
        let key = office::KEY.map(|byte| format!("{byte:02x}")).concat();
        command.arg("--data").arg(folder).env("CETAK_KEY", key).envs(self.settings.iter().cloned());
        command.stdin(Stdio::null());
        command
    }
}

/// An office with more requests than blanks, a blank for each card, and the printers; returns how many records it has.
async fn fill(folder: &Path, plan: &Plan, printers: &Printers) -> anyhow::Result<i64> {
    let list = write_waiting_list(&folder.join("list"), plan.seed, plan.count_cards() + plan.count_cards() / 5 + 100)?;
    ensure!(list.count_good() >= plan.count_cards(), "too few good requests");
    let imported =
        output_of(plan.program(folder).args(["--json", "import"]).arg(&list.path), "the program is not there")?;
    let imported: serde_json::Value = serde_json::from_slice(&imported)?;
    let count = |fate: &str| imported[fate].as_i64().with_context(|| format!("an import counts `{fate}`"));
    let records = count("accepted")? + count("quarantined")?;
    let office = office::open(folder).await?;
    office::receive(&office, i64::from(plan.count_cards())).await?;
    for number in 0..usize::try_from(plan.printers)? {
        office::add_printer(&office, &format!("p{number}"), &printers.uri(number)).await?;
    }
    office.store.close().await;
    Ok(records)
}

fn print(folder: &Path, plan: &Plan, printers: &Printers) -> anyhow::Result<Run> {
    let log = folder.join("log");
    let began = Instant::now();
    let mut child = plan
        .program(folder)
        .args(["run", "--until-idle"])
        .stdout(Stdio::null())
        .stderr(File::create(&log)?)
        .spawn()
        .context("the program could not be started")?;
    let ended = watch(&mut child);
    if ended.is_err() {
        let _ = child.kill(); // nobody else would end it
        let _ = child.wait();
    }
    let (status, scheduler) = ended?;
    let seconds = began.elapsed().as_secs_f64();
    ensure!(status.success(), "the scheduler failed: {}", fs::read_to_string(&log)?);
    Ok(Run { scheduler, printers: Usage::read(&printers.stat())?, seconds, counts: printers.counts()? })
}

/// How the scheduler ended, and what it had used a moment before.
fn watch(child: &mut Child) -> anyhow::Result<(ExitStatus, Usage)> {
    let process = Path::new("/proc").join(child.id().to_string());
    let mut last = Usage::default();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status, last));
        }
        last = Usage::read(&process).unwrap_or(last); // it may end in between
        std::thread::sleep(SAMPLE);
    }
}

/// The books add up, and the printers made one card of each printed record, by the name of the attempt that says so.
async fn compare(folder: &Path, plan: &Plan, records: i64, counts: &Counts) -> anyhow::Result<()> {
    let office = office::open(folder).await?;
    let cards = i64::from(plan.count_cards());
    let mut tx = office.store.read().await?;
    let jobs = tx.job_list(&JobFilter::default()).await?;
    drop(tx);
    office::check(&office, records, cards, cards).await?;
    let mut printed = BTreeMap::new();
    let mut requests = HashSet::new();
    for (job, attempt) in jobs.iter().flat_map(|job| job.attempts.iter().map(move |attempt| (job, attempt))) {
        let outcome = attempt.outcome.as_deref();
        if outcome == Some("printed") {
            printed.insert(attempt.id.clone(), 1);
            ensure!(requests.insert(&job.request_id), "request {} has two cards", job.request_id);
        } else {
            ensure!(!counts.cards.contains_key(&attempt.id), "attempt {} is {outcome:?}, with a card", attempt.id);
        }
    }
    ensure!(printed.len() == usize::try_from(cards)?, "{cards} cards were due, and {} are printed", printed.len());
    ensure!(printed == counts.cards, "the printers made other cards than the database says");
    office.store.close().await;
    Ok(())
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
    let mut gaps: Vec<f64> = counts.gaps_us.iter().map(|gap| seconds(*gap) * 1_000.0).collect();
    gaps.sort_by(f64::total_cmp);
    let gap = |share: f64| percentile(&gaps, share);
    println!(
        "cetak {}, {cores} cores, {} printers, {} cards each of {} s",
        env!("CARGO_PKG_VERSION"),
        plan.printers,
        plan.cards,
        f64::from(plan.card_ms) / 1_000.0
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
    row(
        "memory of the scheduler, at most",
        format!("{} MB", number(megabytes(run.scheduler.memory_max))),
        String::new(),
    );
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

/// Of sorted figures.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let places = u32::try_from(sorted.len()).map_or(0.0, f64::from);
    let mut at = 0;
    while at + 1 < sorted.len() && f64::from(u32::try_from(at + 1).unwrap_or(u32::MAX)) < share * places {
        at += 1;
    }
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

fn seconds(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64()
}

fn megabytes(bytes: u64) -> f64 {
    whole(bytes / 1_024) / 1_024.0
}

/// A count as a figure; counts here are small.
fn whole(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
