//! Measures open boards beside printing: `cargo bench --bench console`.
//!
//! The real program prints on 64 mock printers, and draws each card, in an office with a million records. First as fast as it can; then,
//! paced at half of that rate, without a board, with one, and with fifty. A board is a stream and the page that is read again with each
//! change, at most once a second. The reference is the same printing without a board. The aims: a 99th percentile of a page of 50 ms, a
//! loss of cards of 5 %, 150 MB, and as many reads of the database with fifty boards as with one. No time is asserted, and the ledger
//! must be right at the end.
//!
//! `-- --quick` has 10,000 records; `sqlite`, `postgresql` measure only these.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark reads the real clock and prints its table"
)]

mod boards;
#[path = "../shared/mod.rs"]
#[expect(dead_code, reason = "each benchmark uses a part of it")]
mod shared;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use boards::{OF_ACCOUNT, Seen};
use cetak::{
    app::demo::people::write_waiting_list,
    domain::{
        account::Password,
        actor::{Actor, Role},
    },
    engine::{
        Engine,
        accounts::{actor_of_password, choose_password},
        client::{Client, Direct},
        operations::{AddAccount, GiveRole, TwoPersonAct},
    },
    store::NewRecord,
};
use shared::{
    database::{Database, Kind, Lazy},
    office,
    program::{Scheduler, Settings},
    table::{Line, output_of, percentile, show},
};

const PRINTERS: u32 = 64;
const BOARDS: usize = 50;
const SEED: u64 = 7;
const PASSWORD: &str = "a password of the benchmark";

/// The extent of the benchmark.
struct Plan {
    /// For each number of boards, seconds.
    seconds: f64,
    /// Rows of the list from which cards are printed.
    rows: u32,
    /// Records that wait behind them.
    records: i64,
}

/// What one run found.
#[derive(Debug)]
struct Found {
    cards_a_second: f64,
    reads_a_second: f64,
    memory_mb: f64,
    seen: Seen,
}

fn main() -> anyhow::Result<()> {
    let (mut quick, mut kinds) = (false, Vec::new());
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--bench" => {} // cargo says so
            "--quick" => quick = true,
            named => kinds.push(Kind::named(named)?),
        }
    }
    Kind::or_all(&mut kinds);
    let plan = Plan {
        seconds: if quick { 4.0 } else { 60.0 },
        rows: if quick { 3_000 } else { 60_000 },
        records: if quick { 10_000 } else { 1_000_000 },
    };
    // On the disk of the build, because the folder of temporary files may be in memory.
    let scratch = tempfile::Builder::new().prefix("bench-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let server = Lazy::default();
    let mut lines = Vec::new();
    for kind in kinds {
        lines.extend(runtime.block_on(measure(kind, &plan, (scratch.path(), &server)))?);
    }
    show(&lines);
    Ok(())
}

async fn measure(kind: Kind, plan: &Plan, place: (&Path, &Lazy)) -> anyhow::Result<Vec<Line>> {
    eprintln!("{kind}: printing as fast as it can");
    let fastest = print(kind, plan, place, ("fastest", 0, 0)).await?.cards_a_second;
    let card_ms = f64::from(PRINTERS) * 1_000.0 / (fastest / 2.0);
    // Cannot fail: a card of 64 printers takes less than a minute.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive number of milliseconds")]
    let card_ms = card_ms.round() as u32;
    eprintln!("{kind}: {fastest:.0} cards a second; {card_ms} ms a card, without a board");
    let alone = print(kind, plan, place, ("alone", card_ms, 0)).await?;
    eprintln!("{kind}: one board");
    let one = print(kind, plan, place, ("one", card_ms, 1)).await?;
    eprintln!("{kind}: {BOARDS} boards");
    let all = print(kind, plan, place, ("all", card_ms, BOARDS)).await?;

    let what = |text: &str| format!("{kind}, {PRINTERS} printers, {} records: {text}", plan.records);
    let line = |text: &str, unit: &'static str, figure: f64| Line::new(what(text), unit, &[figure]);
    let pages = &all.seen.pages_ms;
    Ok(vec![
        line("cards a second, as fast as it can", "", fastest),
        line(&format!("cards a second, paced, with {BOARDS} boards"), "", all.cards_a_second)
            .beside("without a board", &[alone.cards_a_second]),
        line(&format!("reads of the database a second, with {BOARDS} boards"), "", all.reads_a_second)
            .beside("with one board", &[one.reads_a_second])
            .beside("without a board", &[alone.reads_a_second]),
        line(&format!("a page of {BOARDS} boards, median of {}", pages.len()), "ms", percentile(pages, 0.5))
            .beside("with one board", &[percentile(&one.seen.pages_ms, 0.5)]),
        line(&format!("a page of {BOARDS} boards, 99th percentile"), "ms", percentile(pages, 0.99))
            .beside("with one board", &[percentile(&one.seen.pages_ms, 0.99)]),
        line(&format!("memory, with {BOARDS} boards"), "MB", all.memory_mb)
            .beside("without a board", &[alone.memory_mb]),
    ])
}

/// A record that waits behind all that can be printed.
fn behind(id: i64) -> NewRecord {
    NewRecord { class: 1_000, ..office::mixed(id) }
}

/// Prints for the time of the plan while boards are open.
async fn print(
    kind: Kind,
    plan: &Plan,
    (place, server): (&Path, &Lazy),
    (name, card_ms, boards): (&str, u32, usize),
) -> anyhow::Result<Found> {
    let database = Database::make(kind, place, name, server)?;
    let settings = settings()?;
    let records = plan.records + fill(&database, &settings, plan, card_ms).await?;
    let accounts = accounts(&database, boards).await?;
    database.analyze()?;
    let scheduler = Scheduler::serve(&database, &settings)?;
    let address = listening(&scheduler).await?;
    let mut sessions = Vec::new();
    for (number, account) in accounts.iter().enumerate() {
        for _ in 0..OF_ACCOUNT.min(boards - number * OF_ACCOUNT) {
            sessions.push(boards::sign_in(&address, account, PASSWORD).await?);
        }
    }
    let printed = async || boards::metric(&address, "cetak_records{state=\"printed\"}").await;
    // Batches are made, and each printer has had its first card.
    while printed().await? < f64::from(PRINTERS) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let reads = async || boards::metric(&address, "cetak_database_reads_total").await;
    let (cards_before, reads_before, began) = (printed().await?, reads().await?, Instant::now());
    let time = Duration::from_secs_f64(plan.seconds);
    let seen = if sessions.is_empty() {
        tokio::time::sleep(time).await;
        Seen::default()
    } else {
        boards::follow(&address, sessions, time).await?
    };
    ensure!(boards == 0 || !seen.pages_ms.is_empty(), "no board was read");
    let (reads_after, cards_after, seconds) = (reads().await?, printed().await?, began.elapsed().as_secs_f64());
    let usage = scheduler.usage()?;
    scheduler.stop()?;
    let office = office::open(&database).await?;
    let counts = office.store.read().await?.record_counts().await?;
    let printed: i64 = counts.iter().filter(|line| line.state == "printed").map(|line| line.count).sum();
    ensure!(printed < i64::from(plan.rows) * 4 / 5, "the list nearly ended before the time: it must be longer");
    office::check(&office, records, plan.records, printed).await?;
    office.store.close().await;
    database.remove()?;
    Ok(Found {
        cards_a_second: (cards_after - cards_before) / seconds,
        reads_a_second: (reads_after - reads_before) / seconds,
        memory_mb: usage.memory_mb,
        seen,
    })
}

/// Fills an office with records, with a list before them from which cards can be drawn, and with printers. Returns the number of records
/// of the list.
async fn fill(database: &Database, settings: &Settings, plan: &Plan, card_ms: u32) -> anyhow::Result<i64> {
    office::with_records(database, plan.records, 0, behind).await?.store.close().await;
    let list = write_waiting_list(&database.folder().join("list"), SEED, plan.rows)?;
    let mut import = settings.program(database);
    let imported = output_of(import.args(["--json", "import"]).arg(&list.path), "the program is not there")?;
    let imported: serde_json::Value = serde_json::from_slice(&imported)?;
    let count = |fate: &str| imported[fate].as_i64().with_context(|| format!("an import counts `{fate}`"));
    let office = office::open(database).await?;
    for number in 1..=PRINTERS {
        let name = format!("p{number}");
        office::add_printer(&office, &name, &format!("mock://{name}?card_ms={card_ms}")).await?;
    }
    office.store.close().await;
    Ok(count("accepted")? + count("quarantined")?)
}

/// Makes accounts for so many boards, each an operator, and returns their names. Two other accounts give them their role.
async fn accounts(database: &Database, boards: usize) -> anyhow::Result<Vec<String>> {
    let names: Vec<String> = (0..boards.div_ceil(OF_ACCOUNT)).map(|number| format!("board{number}")).collect();
    if names.is_empty() {
        return Ok(names);
    }
    let office = office::open(database).await?;
    let give = |account: &str, role| -> anyhow::Result<GiveRole> {
        Ok(GiveRole { account: account.to_owned(), role, note: "a benchmark".parse()? })
    };
    // The first account is an administrator.
    add(&office, "administrator").await?;
    add(&office, "supervisor").await?;
    Direct::new(&office).act(give("supervisor", Role::Supervisor)?).await?;
    let [administrator, supervisor] = [proved(&office, "administrator").await?, proved(&office, "supervisor").await?];
    for name in &names {
        add(&office, name).await?;
        let asked = TwoPersonAct::from(give(name, Role::Operator)?);
        let asked = Direct::for_actor(&office, administrator.clone()).request(asked).await?;
        Direct::for_actor(&office, supervisor.clone()).confirm(asked).await?;
    }
    office.store.close().await;
    Ok(names)
}

/// Makes an account with [`PASSWORD`].
async fn add(office: &Engine, name: &str) -> anyhow::Result<()> {
    let added = Direct::new(office).act(AddAccount { name: name.parse()? }).await?;
    let password = Password::typed(PASSWORD.to_owned());
    choose_password(office, name, &added.one_time.password.to_password(), &password, "benchmark").await?;
    Ok(())
}

async fn proved(office: &Engine, name: &str) -> anyhow::Result<Actor> {
    Ok(actor_of_password(office, name, &Password::typed(PASSWORD.to_owned()), "benchmark").await?)
}

/// Waits until the server listens, and returns its address.
async fn listening(scheduler: &Scheduler) -> anyhow::Result<String> {
    for _ in 0..600 {
        let log = scheduler.log()?;
        if let Some(address) = log.lines().find_map(|line| line.strip_prefix("listening on http://")) {
            return Ok(address.to_owned());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("the server does not listen: {}", scheduler.log()?)
}

fn settings() -> anyhow::Result<Settings> {
    let mut settings = Settings::default();
    settings.add("log=warn")?;
    Ok(settings)
}
