//! Measures simulated runs of the office that the program is built from: `cargo bench --bench simulate`.
//!
//! 27,000 records, 5,000 blanks and a delivery of the rest, three printers with hoppers of 100, people by day: one run to the end of the list,
//! and 1,000 runs on all processors. The reference is the same office without a blank, in which nothing is printed. Then the plan of a night of
//! nine hours in an office of 27,000 waiting records, on each database: with its bands, and what loading each of three hoppers of 2,000 gains. The
//! reference is the same office as a scenario, which is read and not simulated. No time is asserted; each run must account for every record and every
//! blank. `-- --quick` makes 50 runs and 3 plans.
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
    num::NonZero,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use cetak::{
    engine::{
        Engine,
        client::{Client, Direct},
        operations::{AddObjectedPrinter, AddPrinter, LoadHopper, Probe},
        query::{Query, ShowPlan, ShowScenario},
    },
    simulation::{Figures, Run, Scenario, run},
};
use shared::{
    database::{Database, Kind, Lazy},
    office,
    table::{Line, show},
};

/// The program's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RECORDS: u32 = 27_000;
const DELIVERED: u32 = 23_000;
const SINGLE_RUNS: u64 = 20;
const PRINTERS: [&str; 3] = ["p1", "p2", "p3"];
/// The capacity of a hopper, and what it holds.
const HOPPER: (u32, u32) = (2_000, 1_000);

fn main() -> anyhow::Result<()> {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let (runs, plans) = if is_quick { (50, 3) } else { (1_000, 20) };
    let (office, idle) = (scenario(5_000, DELIVERED)?, scenario(0, 0)?);
    let (one, reference) = (fastest(&office)?, fastest(&idle)?);
    let begun = Instant::now();
    let figures = Figures::of(&office, NonZero::new(runs).context("there are runs")?, 1);
    let all = begun.elapsed();
    ensure!(figures.done == runs, "the list is done in each run, not in {} of {runs}", figures.done);
    println!("| what | time | of the reference |\n| --- | ---: | ---: |");
    println!("| the office without a blank (reference) | {:.1} ms | 1.0 |", milliseconds(reference));
    let ratio = one.as_secs_f64() / reference.as_secs_f64();
    println!("| one run, 27,000 cards (aim: 50 ms) | {:.1} ms | {ratio:.1} |", milliseconds(one));
    println!("| {runs} runs on all processors (aim for 1,000: 30 s) | {:.1} s | |", all.as_secs_f64());
    println!();
    let scratch = tempfile::Builder::new().prefix("bench-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let (runtime, server) = (tokio::runtime::Builder::new_multi_thread().enable_all().build()?, Lazy::default());
    let mut lines = Vec::new();
    for kind in Kind::ALL {
        let database = Database::make(kind, scratch.path(), "plan", &server)?;
        lines.push(runtime.block_on(planned(kind, &database, plans))?);
    }
    show(&lines);
    Ok(())
}

/// Plans a night of an office, again and again.
async fn planned(kind: Kind, database: &Database, plans: usize) -> anyhow::Result<Line> {
    let engine = office::with_records(database, RECORDS.into(), 0, office::waiting).await?;
    for name in PRINTERS {
        add_printer(&engine, name).await?;
    }
    let (mut times, mut reads) = (Vec::new(), Vec::new());
    for _ in 0..plans {
        let from = engine.clock.now().plus(Duration::from_hours(1));
        let night = ShowPlan { from: Some(from), to: Some(from.plus(Duration::from_hours(9))), night: None };
        let begun = Instant::now();
        let plan = night.read(&engine).await?;
        times.push(milliseconds(begun.elapsed()));
        // Some are printed before it begins.
        let waiting = i64::from(RECORDS - 1_000)..=i64::from(RECORDS);
        ensure!(waiting.contains(&plan.waiting) && plan.loads.len() == PRINTERS.len(), "the plan is {plan:?}");
        ensure!(0 < plan.printed.p10 && plan.printed.p10 <= plan.printed.p90, "the plan is {plan:?}");
        let begun = Instant::now();
        ShowScenario {}.read(&engine).await?;
        reads.push(milliseconds(begun.elapsed()));
    }
    drop(engine);
    Ok(Line::new(format!("{kind}: the plan of a night (aim: 1,000 ms)"), "ms", &times)
        .beside("the office, read", &reads))
}

async fn add_printer(engine: &Engine, name: &str) -> anyhow::Result<()> {
    let (hopper, loaded) = HOPPER;
    let printer = AddPrinter {
        name: name.parse()?,
        uri: format!("mock://{name}"),
        profile: office::PROFILE.into(),
        hopper: Some(i64::from(hopper).try_into()?),
    };
    let client = Direct::new(engine);
    match client.act(AddObjectedPrinter { printer, note: "a benchmark".parse()? }).await? {
        Probe::Answered(_) => {}
        Probe::Silent(why) => anyhow::bail!(why.to_stored()),
    }
    client.act(LoadHopper { printer: name.parse()?, quantity: i64::from(loaded).try_into()? }).await?;
    Ok(())
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// The fastest of some runs with different luck.
fn fastest(scenario: &Scenario) -> anyhow::Result<Duration> {
    let mut fastest = Duration::MAX;
    for seed in 0..SINGLE_RUNS {
        let begun = Instant::now();
        let Run { printed, spoiled, uncertain, quarantined, waiting, blanks, .. } = run(scenario, seed);
        fastest = fastest.min(begun.elapsed());
        let stock: u32 = scenario.stock.iter().map(|stock| stock.blanks).sum();
        let delivered: u32 = scenario.deliveries.iter().map(|delivery| delivery.blanks).sum();
        let used = i64::try_from(printed + spoiled + uncertain)?;
        ensure!(printed + uncertain + quarantined + waiting == u64::from(RECORDS), "seed {seed}: a record is lost");
        ensure!(used + blanks == i64::from(stock + delivered), "seed {seed}: a blank is lost");
    }
    Ok(fastest)
}

fn scenario(blanks: u32, delivered: u32) -> anyhow::Result<Scenario> {
    let printer = |name: &str| {
        serde_json::json!({
            "name": name, "seconds_per_card": [40, 60], "hopper": 100, "spoiled": 0.0174, "not_started": 0.002, "jams": 0.3,
        })
    };
    let scenario: Scenario = serde_json::from_value(serde_json::json!({
        "title": "Solo", "start": "2015-08-31T08:00", "zone": "Asia/Jakarta", "days": 365,
        "list": [{ "records": RECORDS, "districts": ["Banjarsari", "Jebres", "Laweyan", "Pasar Kliwon", "Serengan"] }],
        "stock": [{ "blanks": blanks }],
        "delivery": [{ "at": "2015-09-14T09:00", "blanks": delivered }],
        "printer": [printer("p1"), printer("p2"), printer("p3")],
        "staff": { "round_minutes": 60, "hours": [{ "from": "07:00", "to": "21:00", "zone": "Asia/Jakarta" }] },
    }))?;
    scenario.check()?;
    Ok(scenario)
}
