//! Measures simulated runs of the office that the program is built from: `cargo bench --bench simulate`.
//!
//! 27,000 records, 5,000 blanks and a delivery of the rest, three printers with hoppers of 100, people by day: one run to the end of the list,
//! and 1,000 runs on all processors. The reference is the same office without a blank, in which nothing is printed. No time is asserted; each run
//! must account for every record and every blank. `-- --quick` makes 50 runs.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads the real clock and prints its table"
)]

use std::{
    num::NonZero,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use cetak::simulation::{Figures, Run, Scenario, many, run};

/// The program's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RECORDS: u32 = 27_000;
const DELIVERED: u32 = 23_000;
const SINGLE_RUNS: u64 = 20;

fn main() -> anyhow::Result<()> {
    let runs = if std::env::args().any(|argument| argument == "--quick") { 50 } else { 1_000 };
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
    let night = night()?;
    let begun = Instant::now();
    for _ in 0..5 {
        let runs = many(&night, NonZero::new(120).context("there are runs")?, 1);
        ensure!(runs.iter().all(|run| run.printed > 0), "each night prints");
    }
    let plan = begun.elapsed();
    println!(
        "| a night of three printers, 120 runs five times, as for a plan (aim: 1 s) | {:.2} s | |",
        plan.as_secs_f64()
    );
    println!("| {runs} runs on all processors (aim for 1,000: 30 s) | {:.1} s | |", all.as_secs_f64());
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

/// The night of the Solo case with hoppers of 2,000.
fn night() -> anyhow::Result<Scenario> {
    let mut night = scenario(0, 0)?;
    (night.start, night.staff, night.deliveries) = ("2015-08-31T20:00".parse()?, None, Vec::new());
    night.until = Some("2015-09-01T05:00".parse()?);
    for printer in &mut night.printers {
        (printer.hopper, printer.loaded) = (Some(2_000), 1_600);
    }
    night.check()?;
    Ok(night)
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
