//! Measures the time from a record that becomes ready to its card being fed: `cargo bench --bench wake_latency`.
//!
//! The real program runs with one printer and an empty waiting list. This process adds one record to the list. The time is
//! measured from the return of that commit until the printer has taken the card, which is after the batch and the attempt
//! were saved. The reference is graphile-worker in the same run: one job is added to an idle queue, measured from the start
//! of adding it, and so the program's time is shown from there too. No time is asserted; each record must become one card.
//!
//! `-- --quick` takes seconds; `--times N`; `sqlite`, `postgresql` measure only these.
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
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use cetak::{
    app::demo::people::write_waiting_list,
    engine::{
        Engine,
        client::{Client, Direct},
        operations::{HoldRecord, RecordName, ReleaseRecord},
    },
};
use shared::{
    database::{Database, Kind, Lazy},
    graphile_worker::{self, Peer},
    office,
    program::{Scheduler, Settings},
    table::{Line, percentile, show},
};

/// The program's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Records that are not counted, because they fill the caches.
const WARM_UP: usize = 20;
/// The minimum pause between two records; the maximum is twice as long. It is random, so that records meet all phases
/// of the polls.
const PAUSE: Duration = Duration::from_millis(20);
const LOOK: Duration = Duration::from_micros(50);
const PATIENCE: Duration = Duration::from_secs(30);

/// Milliseconds for each record.
#[derive(Default)]
struct Times {
    from_commit: Vec<f64>,
    from_begin: Vec<f64>,
}

fn main() -> anyhow::Result<()> {
    let (times, kinds) = arguments(std::env::args().skip(1))?;
    // On the disk of the build, because the folder of temporary files may be in memory.
    let scratch = tempfile::Builder::new().prefix("bench-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("cetak {}, {cores} cores, {times} records", env!("CARGO_PKG_VERSION"));
    let server = Lazy::default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut measured = Vec::new();
    for kind in &kinds {
        eprintln!("measuring: {kind}");
        let database = Database::make(*kind, scratch.path(), "wake", &server)?;
        measured.push(runtime.block_on(wake(&database, times))?);
        database.remove()?;
    }
    eprintln!("measuring: {}", graphile_worker::NAME);
    let peer = match Peer::install()? {
        Some(peer) => peer.wake(&server, u32::try_from(times)?)?,
        None => Vec::new(),
    };
    let lines = kinds.iter().zip(&measured).flat_map(|(kind, times)| {
        [(0.5, "median"), (0.99, "99th percentile")].into_iter().flat_map(move |(share, name)| {
            let from_commit = percentile(&times.from_commit, share);
            let from_begin = percentile(&times.from_begin, share);
            [(from_commit, "from the commit"), (from_begin, "from the beginning of the act")]
                .map(|(figure, from)| (format!("{kind}, one record becomes ready, {from}: {name}"), figure, share))
        })
    });
    let lines: Vec<Line> = lines
        .map(|(what, figure, share)| {
            let beside = percentile(&peer, share);
            let line = Line::new(what, "ms", &[figure]);
            if beside.is_nan() { line } else { line.beside(format!("{}, ms", graphile_worker::NAME), &[beside]) }
        })
        .collect();
    show(&lines);
    Ok(())
}

fn arguments(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<(usize, Vec<Kind>)> {
    let (mut times, mut kinds) = (500, Vec::new());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bench" => {} // cargo says so
            "--quick" => times = 50,
            "--times" => times = arguments.next().context("`--times` needs a number")?.parse()?,
            named => kinds.push(Kind::named(named)?),
        }
    }
    Kind::or_all(&mut kinds);
    Ok((times, kinds))
}

async fn wake(database: &Database, times: usize) -> anyhow::Result<Times> {
    let truth = database.folder().join("truth");
    let office = office::open(database).await?;
    // The actor of a command beside a scheduler.
    let office = office.acting("cli", office.writer.actor.as_ref().clone());
    let names = prepare(&office, database.folder(), times + WARM_UP, &truth).await?;
    let cards = i64::try_from(names.len())?;
    let scheduler = Scheduler::start_forever(database, &Settings::default())?;
    let mut figures = Times::default();
    for (at, name) in names.iter().enumerate() {
        tokio::time::sleep(PAUSE + PAUSE * u32::try_from(at * 7 % 20)? / 20).await;
        let before = size(&truth);
        let began = Instant::now();
        Direct::new(&office).act(ReleaseRecord { record: name.clone(), note: "bench".parse()? }).await?;
        let committed = Instant::now();
        while size(&truth) == before {
            ensure!(committed.elapsed() < PATIENCE, "{} was released, and no card is fed", name.request_id);
            std::thread::sleep(LOOK);
        }
        let fed = Instant::now();
        if at >= WARM_UP {
            figures.from_commit.push(fed.duration_since(committed).as_secs_f64() * 1_000.0);
            figures.from_begin.push(fed.duration_since(began).as_secs_f64() * 1_000.0);
        }
    }
    wait_until_printed(&office, cards).await?;
    scheduler.kill()?;
    let mut tx = office.store.read().await?;
    let records = tx.record_counts().await?.iter().map(|line| line.count).sum();
    drop(tx);
    office::check(&office, records, cards, cards).await?;
    office.store.close().await;
    Ok(figures)
}

/// Imports that number of held records, and receives a blank for each. Nothing else can be printed.
async fn prepare(office: &Engine, folder: &Path, count: usize, truth: &Path) -> anyhow::Result<Vec<RecordName>> {
    let list = write_waiting_list(&folder.join("list"), 7, u32::try_from(count + count / 20 + 20)?)?;
    office::fill(office, &list).await?;
    let mut tx = office.store.read().await?;
    let waiting = tx.waiting_all().await?;
    drop(tx);
    ensure!(waiting.len() >= count, "too few good requests");
    let mut names = Vec::new();
    for (_, source, request_id) in waiting {
        let name = RecordName { source, request_id };
        Direct::new(office).act(HoldRecord { record: name.clone(), note: "bench".parse()? }).await?;
        names.push(name);
    }
    names.truncate(count);
    office::receive(office, i64::try_from(count)?).await?;
    office::add_printer(office, "p1", &format!("mock://p1?dpi=100&truth={}", truth.display())).await?;
    Ok(names)
}

async fn wait_until_printed(office: &Engine, cards: i64) -> anyhow::Result<()> {
    let began = Instant::now();
    loop {
        let counts = office.store.read().await?.record_counts().await?;
        if counts.iter().filter(|line| line.state == "printed").map(|line| line.count).sum::<i64>() == cards {
            return Ok(());
        }
        ensure!(began.elapsed() < PATIENCE, "not all records that were released are printed: {counts:?}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// The size of a file; 0 if it does not exist yet.
fn size(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |metadata| metadata.len())
}
