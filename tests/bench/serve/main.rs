//! Measures the HTTP server beside printing: `cargo bench --bench serve`.
//!
//! The real program prints on 64 mock printers, and draws each card. First as fast as it can; then, paced at half of that rate,
//! without requests and with 200 requests a second, a mix of what a console reads. A request is due at its time, however long those
//! before it take, and its latency is measured from then. The reference of the rate is the same printing without requests. Then
//! printing and reading as fast as both can, which has no aim; a list through `POST /imports` beside `cetak import`; the memory of a
//! server with a million records; and a failed sign-in beside one with an unknown name. The aims are a 99th percentile of 20 ms, a loss of 5 % and 150 MB; no time is asserted, and each
//! answer must be the right one.
//!
//! `-- --quick` takes seconds; `sqlite`, `postgresql` measure only these, and `sign-ins` only sign-ins.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark reads the real clock and prints its table"
)]

mod clients;
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
    app::{demo::people::write_waiting_list, system::SystemClock},
    domain::{account::Password, time::Timestamp},
    engine::{Engine, accounts::sign_in, clock::Clock},
};
use clients::{Address, Rate, Reads};
use shared::{
    database::{Database, Kind, Lazy},
    office,
    program::{self, Scheduler, Settings},
    table::{Line, output_of, percentile, show},
};

const PRINTERS: u32 = 64;
const REQUESTS_A_SECOND: f64 = 200.0;
const SEED: u64 = 7;

/// The extent of the benchmark.
struct Plan {
    /// For each rate of printing, seconds.
    seconds: f64,
    /// Cards that can be printed in each office.
    cards: u32,
    /// Rows of the list that is imported.
    rows: u32,
    /// Records of the office whose memory is measured.
    records: i64,
    /// Sign-ins of each kind.
    sign_ins: u32,
    kinds: Vec<Kind>,
}

fn main() -> anyhow::Result<()> {
    let (mut quick, mut only_sign_ins, mut kinds) = (false, false, Vec::new());
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--bench" => {} // cargo says so
            "--quick" => quick = true,
            "sign-ins" => only_sign_ins = true,
            named => kinds.push(Kind::named(named)?),
        }
    }
    Kind::or_all(&mut kinds);
    let plan = Plan {
        seconds: if quick { 3.0 } else { 30.0 },
        cards: if quick { 3_000 } else { 30_000 },
        rows: if quick { 3_000 } else { 27_000 },
        records: if quick { 10_000 } else { 1_000_000 },
        sign_ins: 50,
        kinds,
    };
    // On the disk of the build, because the folder of temporary files may be in memory.
    let scratch = tempfile::Builder::new().prefix("bench-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let server = Lazy::default();
    let mut lines = Vec::new();
    for kind in &plan.kinds {
        if only_sign_ins {
            lines.push(runtime.block_on(sign_ins(*kind, &plan, (scratch.path(), &server)))?);
            continue;
        }
        lines.extend(runtime.block_on(measure(*kind, &plan, scratch.path(), &server))?);
    }
    show(&lines);
    Ok(())
}

async fn measure(kind: Kind, plan: &Plan, place: &Path, server: &Lazy) -> anyhow::Result<Vec<Line>> {
    let mut lines = Vec::new();
    let printed =
        |name: &'static str, card_ms: u32, rate: Rate| print(kind, plan, (place, server), name, card_ms, rate);
    eprintln!("{kind}: printing as fast as it can");
    let (fastest, _) = printed("fastest", 0, Rate::None).await?;
    let card_ms = f64::from(PRINTERS) * 1_000.0 / (fastest / 2.0);
    // Cannot fail: a card of 64 printers takes less than a minute.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive number of milliseconds")]
    let card_ms = card_ms.round() as u32;
    eprintln!("{kind}: {fastest:.0} cards a second; {card_ms} ms a card, without requests");
    let (alone, _) = printed("alone", card_ms, Rate::None).await?;
    eprintln!("{kind}: with requests");
    let (beside, reads) = printed("beside", card_ms, Rate::Each(REQUESTS_A_SECOND)).await?;
    eprintln!("{kind}: as fast as both can");
    let (full, full_reads) = printed("full", 0, Rate::Most).await?;

    let what = |text: &str| format!("{kind}, {PRINTERS} printers: {text}");
    lines.push(Line::new(what("cards a second, as fast as it can"), "", &[fastest]));
    let paced = format!("cards a second, paced, beside {REQUESTS_A_SECOND} requests a second");
    lines.push(Line::new(what(&paced), "", &[beside]).beside("without requests", &[alone]));
    let of = |name: &str, reads: &Reads, lines: &mut Vec<Line>| {
        let requests = reads.latencies_ms.len();
        lines.push(Line::new(
            what(&format!("{name}, median of {requests}")),
            "ms",
            &[percentile(&reads.latencies_ms, 0.5)],
        ));
        lines.push(Line::new(
            what(&format!("{name}, 99th percentile")),
            "ms",
            &[percentile(&reads.latencies_ms, 0.99)],
        ));
    };
    of("a read", &reads, &mut lines);
    lines.push(Line::new(what("cards a second, reads as fast as they can"), "", &[full]).beside("without", &[fastest]));
    let rate = f64::from(u32::try_from(full_reads.latencies_ms.len())?) / full_reads.seconds;
    lines.push(Line::new(what("requests a second, both as fast as they can"), "", &[rate]));
    of("a read, both as fast as they can", &full_reads, &mut lines);
    lines.push(intake(kind, plan, (place, server)).await?);
    lines.push(memory(kind, plan, (place, server)).await?);
    lines.push(sign_ins(kind, plan, (place, server)).await?);
    Ok(lines)
}

/// Prints for the time of the plan, and returns the cards a second, and the reads beside.
async fn print(
    kind: Kind,
    plan: &Plan,
    (place, server): (&Path, &Lazy),
    name: &str,
    card_ms: u32,
    rate: Rate,
) -> anyhow::Result<(f64, Reads)> {
    let database = Database::make(kind, place, name, server)?;
    let settings = settings()?;
    let printers = (1..=PRINTERS).map(|n| (format!("p{n}"), format!("mock://p{n}?card_ms={card_ms}")));
    let records = program::fill(&database, &settings, SEED, plan.cards, printers).await?;
    let token = account(&database, &settings)?;
    database.analyze()?;
    let scheduler = Scheduler::serve(&database, &settings)?;
    let address = Address::new(&scheduler, token).await?;
    // Batches are made, and each printer has had its first card.
    while address.printed().await? < u64::from(PRINTERS) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (before, began) = (address.printed().await?, Instant::now());
    let reads = address.read(rate, Duration::from_secs_f64(plan.seconds)).await?;
    let (after, seconds) = (address.printed().await?, began.elapsed().as_secs_f64());
    let cards = f64::from(u32::try_from(after - before)?);
    ensure!(after < u64::from(plan.cards), "the list ended before the time: it must be longer");
    scheduler.stop()?;
    let office = office::open(&database).await?;
    let counts = office.store.read().await?.record_counts().await?;
    let printed = counts.iter().filter(|line| line.state == "printed").map(|line| line.count).sum();
    office::check(&office, records, i64::from(plan.cards), printed).await?;
    office.store.close().await;
    database.remove()?;
    Ok((cards / seconds, reads))
}

/// Rows a second of a list through the network, beside the same list from a file.
async fn intake(kind: Kind, plan: &Plan, (place, server): (&Path, &Lazy)) -> anyhow::Result<Line> {
    eprintln!("{kind}: importing");
    let settings = settings()?;
    let list = write_waiting_list(&place.join("intake-list"), SEED, plan.rows)?;
    let of_file = Database::make(kind, place, "of-file", server)?;
    let began = Instant::now();
    output_of(settings.program(&of_file).args(["--json", "import"]).arg(&list.path), "the program is not there")?;
    let from_file = f64::from(plan.rows) / began.elapsed().as_secs_f64();

    let received = Database::make(kind, place, "received", server)?;
    output_of(settings.program(&received).arg("init"), "the program is not there")?;
    let token = account(&received, &settings)?;
    let folder = list.path.parent().context("a list lies in a folder")?;
    // The photos of a received list lie in the folder `photos` of the data folder.
    std::os::unix::fs::symlink(folder, received.folder().join("photos"))?;
    let scheduler = Scheduler::serve(&received, &settings)?;
    let address = Address::new(&scheduler, token).await?;
    let text = std::fs::read_to_string(&list.path)?;
    let began = Instant::now();
    let answer = address.import(&text).await?;
    let over_network = f64::from(plan.rows) / began.elapsed().as_secs_f64();
    let report: serde_json::Value = serde_json::from_str(answer.lines().last().context("an import has a report")?)?;
    ensure!(report["import"]["rows"] == plan.rows, "{report}");
    scheduler.stop()?;
    of_file.remove()?;
    received.remove()?;
    let what = format!("{kind}: rows a second of a list of {} over HTTP, each answered", plan.rows);
    Ok(Line::new(what, "", &[over_network]).beside("`cetak import`", &[from_file]))
}

/// The memory of a server that reads a long list.
async fn memory(kind: Kind, plan: &Plan, (place, server): (&Path, &Lazy)) -> anyhow::Result<Line> {
    eprintln!("{kind}: making {} records", plan.records);
    let database = Database::make(kind, place, "long", server)?;
    office::with_records(&database, plan.records, 0, office::mixed).await?.store.close().await;
    let settings = settings()?;
    let token = account(&database, &settings)?;
    let scheduler = Scheduler::serve(&database, &settings)?;
    let address = Address::new(&scheduler, token).await?;
    let reads = address.read(Rate::Each(REQUESTS_A_SECOND), Duration::from_secs_f64(plan.seconds / 3.0)).await?;
    let usage = scheduler.usage()?;
    eprintln!(
        "{kind}: a read at {} records, 99th percentile {:.2} ms",
        plan.records,
        percentile(&reads.latencies_ms, 0.99)
    );
    scheduler.stop()?;
    database.remove()?;
    Ok(Line::new(format!("{kind}: memory of a server with {} records", plan.records), "MB", &[usage.memory_mb]))
}

/// The clock without the delays after failed sign-ins.
struct Hasty(SystemClock);

#[async_trait::async_trait]
impl Clock for Hasty {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn sync_to(&self, _: Timestamp, _: Timestamp) {}

    async fn sleep(&self, _: Duration) {}
}

/// The time of a sign-in with a wrong password, beside that with an unknown name.
async fn sign_ins(kind: Kind, plan: &Plan, (place, server): (&Path, &Lazy)) -> anyhow::Result<Line> {
    eprintln!("{kind}: signing in");
    let database = Database::make(kind, place, "sign-ins", server)?;
    let settings = settings()?;
    output_of(settings.program(&database).arg("init"), "the program is not there")?;
    account(&database, &settings)?;
    let office = office::open(&database).await?;
    let office = Engine { clock: Arc::new(Hasty(SystemClock::default())), ..office };
    let password = Password::typed("none of anybody".to_owned());
    // In turns, so that both have the same conditions.
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..plan.sign_ins {
        for (name, times) in ["bench", "nobody"].into_iter().zip(&mut times) {
            let began = Instant::now();
            ensure!(sign_in(&office, name, &password, "10.0.0.7").await.is_err(), "a wrong password is refused");
            times.push(began.elapsed().as_secs_f64() * 1_000.0);
        }
    }
    office.store.close().await;
    database.remove()?;
    let [known, unknown] = times;
    let what = format!("{kind}: a sign-in with a wrong password, median of {}", plan.sign_ins);
    Ok(Line::new(what, "ms", &[percentile(&known, 0.5)]).beside("an unknown name", &[percentile(&unknown, 0.5)]))
}

fn settings() -> anyhow::Result<Settings> {
    let mut settings = Settings::default();
    settings.add("log=warn")?;
    Ok(settings)
}

/// Makes an account that may read and import, and a token of it.
fn account(database: &Database, settings: &Settings) -> anyhow::Result<String> {
    let run = |arguments: &[&str]| output_of(settings.program(database).args(arguments), "the program is not there");
    run(&["account", "add", "bench"])?;
    run(&["account", "roles", "bench", "--give", "supervisor", "--reason", "a benchmark"])?;
    let token = ["--json", "token", "add", "bench", "--owner", "bench", "--days", "1"];
    let made = run(&[&token[..], &["--scope", "board-read", "--scope", "report-read", "--scope", "import"]].concat())?;
    let made: serde_json::Value = serde_json::from_slice(&made)?;
    Ok(made["secret"].as_str().context("a new token has a secret")?.to_owned())
}
