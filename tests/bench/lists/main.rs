//! Measures the first page of each list with filters, the counter's questions, and acts on 100 records: `cargo bench --bench lists`.
//!
//! The reference is the shorter list in the same run. The aim is 20 ms for a page, however many records there are and however few
//! match; no time is asserted, and each answer must be the right one.
//!
//! `-- --quick` takes seconds, otherwise the longest list needs a minute and 1 GB of disk; `sqlite`, `postgresql` measure only
//! these.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark reads the real clock and prints its table"
)]

#[path = "../shared/mod.rs"]
#[expect(dead_code, reason = "each benchmark uses a part of it")]
mod shared;

use std::{collections::BTreeMap, path::Path, time::Instant};

use anyhow::{Context, ensure};
use cetak::{
    domain::{
        id::LotId,
        personal::AskedIdentifier,
        reason::Reason,
        record::RecordState,
        stock::{Account, Cause, Movement},
        time::Timestamp,
    },
    engine::{
        Engine,
        client::{Client, Direct},
        operations::{Act, HoldRecords, PutBack, PutFirst, RecordName, RecordNames, RecordOutcome, ReleaseRecords},
        query::{FindPerson, FindRecord, ListMovements, ListRecords, Query},
    },
    store::NewRecord,
};
use shared::{
    database::{Database, Kind, Lazy},
    office,
    table::{Line, number, show},
};

/// The program's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Uncounted rounds, which fill the caches.
const WARM_UP: usize = 3;
/// Districts, of which an office has a few and a province hundreds.
const DISTRICTS: i64 = 40;
/// The interval of quarantined records.
const QUARANTINED_EVERY: i64 = 50;
/// The movements of an office for each record.
const MOVEMENTS: i64 = 2;
/// Movements in one transaction.
const CHUNK: i64 = 20_000;

/// The extent of the benchmark.
struct Plan {
    rounds: usize,
    /// The lengths of the lists, the shortest first.
    lengths: Vec<i64>,
    kinds: Vec<Kind>,
}

/// An office with a list, and the durations in milliseconds by what was read or done.
struct List {
    length: i64,
    database: Database,
    office: Engine,
    took: BTreeMap<&'static str, Vec<f64>>,
}

fn main() -> anyhow::Result<()> {
    let plan = Plan::from_arguments(std::env::args().skip(1))?;
    // On the disk of the build, because the folder of temporary files may be in memory.
    let scratch = tempfile::Builder::new().prefix("bench-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("cetak {}, {cores} cores, {} rounds, medians", env!("CARGO_PKG_VERSION"), plan.rounds);
    let server = Lazy::default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut lines = Vec::new();
    for kind in &plan.kinds {
        lines.extend(runtime.block_on(measure(*kind, scratch.path(), &server, &plan))?);
    }
    show(&lines);
    Ok(())
}

impl Plan {
    fn from_arguments(arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut plan = Self { rounds: 30, lengths: vec![27_000, 1_000_000], kinds: Vec::new() };
        for argument in arguments {
            match argument.as_str() {
                "--bench" => {} // cargo says so
                "--quick" => (plan.rounds, plan.lengths) = (5, vec![2_000, 20_000]),
                named => plan.kinds.push(Kind::named(named)?),
            }
        }
        Kind::or_all(&mut plan.kinds);
        Ok(plan)
    }
}

/// Each list is read in turn, so that load from other processes affects all.
async fn measure(kind: Kind, folder: &Path, server: &Lazy, plan: &Plan) -> anyhow::Result<Vec<Line>> {
    let mut lists = Vec::new();
    for length in &plan.lengths {
        eprintln!("filling: {length} records, {kind}");
        lists.push(List::fill(Database::make(kind, folder, &length.to_string(), server)?, *length).await?);
    }
    eprintln!("measuring: {kind}");
    for round in 0..WARM_UP + plan.rounds {
        for list in &mut lists {
            list.round(round >= WARM_UP).await?;
        }
    }
    let shortest = lists.first().context("there is a list")?;
    let mut lines = Vec::new();
    for list in &lists {
        let length = i32::try_from(list.length).map_or_else(|_| list.length.to_string(), |n| number(n.into()));
        for (what, took) in &list.took {
            let line = Line::new(format!("{kind}, {length} records: {what}"), "ms", took);
            let is_other = list.length != shortest.length;
            lines.push(if is_other {
                line.beside("the same with the shortest list, ms", &shortest.took[what])
            } else {
                line
            });
        }
    }
    for list in lists {
        let faults = list.office.store.read().await?.balance_faults().await?;
        ensure!(faults.is_empty(), "balances differ from their movements: {faults:?}");
        list.office.store.close().await;
        list.database.remove()?;
    }
    Ok(lines)
}

impl List {
    async fn fill(database: Database, length: i64) -> anyhow::Result<Self> {
        let office = office::with_records(&database, length, 1, record).await?;
        let movements: Vec<_> = (0..CHUNK)
            .map(|n| {
                let (from, to) =
                    if n % 2 == 0 { (Account::Vault, Account::Missing) } else { (Account::Missing, Account::Vault) };
                Movement::new(LotId(1), from, to, 1, Cause::Counted)
            })
            .collect();
        for _ in 0..(MOVEMENTS * length).div_euclid(CHUNK).max(1) {
            let mut tx = office.store.write(&office.writer, office.clock.now()).await?;
            tx.movements_append(&movements).await?;
            tx.commit().await?;
        }
        Ok(Self { length, database, office, took: BTreeMap::new() })
    }

    async fn query<Q: Query>(&mut self, counts: bool, what: &'static str, query: Q) -> anyhow::Result<Q::Answer> {
        let client = Direct::new(&self.office);
        let began = Instant::now();
        let answer = client.query(query).await?;
        self.note(counts, what, began);
        Ok(answer)
    }

    async fn act<A: Act>(&mut self, counts: bool, what: &'static str, act: A) -> anyhow::Result<A::Answer> {
        let client = Direct::new(&self.office);
        let began = Instant::now();
        let answer = client.act(act).await?;
        self.note(counts, what, began);
        Ok(answer)
    }

    fn note(&mut self, counts: bool, what: &'static str, began: Instant) {
        if counts {
            self.took.entry(what).or_default().push(began.elapsed().as_secs_f64() * 1e3);
        }
    }

    async fn round(&mut self, counts: bool) -> anyhow::Result<()> {
        let all = ListRecords::default;
        let page = self.query(counts, "records", all()).await?;
        ensure!(page.items.len() == 50, "{} records", page.items.len());
        let quarantined = ListRecords { state: Some(RecordState::Quarantined), ..all() };
        let page = self.query(counts, "records: quarantined", quarantined).await?;
        ensure!(!page.items.is_empty(), "none is quarantined");
        let district = ListRecords { district: Some("DISTRICT 7".into()), class: Some(4), ..all() };
        let page = self.query(counts, "records: a district and a class", district).await?;
        ensure!(page.items.len() == 50 || page.next.is_none(), "{} records", page.items.len());
        let none = ListRecords { source: Some("elsewhere".into()), reason: Some("living-card".into()), ..all() };
        let page = self.query(counts, "records: none matches", none).await?;
        ensure!(page.items.is_empty(), "{:?}", page.items);
        let printed = ListRecords { printed_since: Some(Timestamp(1)), ..all() };
        ensure!(self.query(counts, "records: printed since", printed).await?.items.is_empty(), "none is printed");
        let page = self.query(counts, "ledger", ListMovements::default()).await?;
        ensure!(page.items.len() == 50, "{} movements", page.items.len());
        let none = ListMovements { document: Some("NONE".into()), ..ListMovements::default() };
        ensure!(self.query(counts, "ledger: none matches", none).await?.items.is_empty(), "a document NONE");
        self.counter(counts).await?;
        self.many(counts).await
    }

    async fn counter(&mut self, counts: bool) -> anyhow::Result<()> {
        let record = name(self.length / 2 + 1);
        let found = self.query(counts, "find a record", FindRecord { record: record.clone() }).await?;
        ensure!(found.record.request_id == record.request_id, "{found:?}");
        let identifier = AskedIdentifier::new("3372011501800001".into());
        let began = Instant::now();
        let person = Direct::new(&self.office).query(FindPerson { profile: None, identifier }).await;
        self.note(counts, "find a person, of whom there is no record", began);
        ensure!(person.is_err(), "{person:?}");
        let note = "waits".parse()?;
        self.act(counts, "put first", PutFirst { record: record.clone(), note }).await?;
        self.act(counts, "put back", PutBack { record, note: "gone".parse()? }).await
    }

    async fn many(&mut self, counts: bool) -> anyhow::Result<()> {
        let numbers = (1..).filter(|n| n % QUARANTINED_EVERY != 0).map(|n| self.length / 3 + n);
        let waiting = numbers.filter(|id| id % QUARANTINED_EVERY != 0).take(100).map(name);
        let records = RecordNames::try_from(waiting.collect::<Vec<_>>()).map_err(anyhow::Error::msg)?;
        let act = HoldRecords { records: records.clone(), note: "asked".parse()? };
        let held = self.act(counts, "hold 100 records", act).await?;
        let act = ReleaseRecords { records, note: "done".parse()? };
        let released = self.act(counts, "release 100 records", act).await?;
        let is_done = |outcome: &RecordOutcome| outcome.refusal.is_none();
        ensure!(held.iter().all(is_done) && released.iter().all(is_done), "{held:?}, {released:?}");
        Ok(())
    }
}

fn name(id: i64) -> RecordName {
    RecordName { source: "bench".into(), request_id: office::waiting(id).request_id }
}

fn record(id: i64) -> NewRecord {
    let is_quarantined = id % QUARANTINED_EVERY == 0;
    NewRecord {
        state: if is_quarantined { RecordState::Quarantined } else { RecordState::Waiting },
        reason: is_quarantined.then(|| Reason::OtherRequestOpen.to_stored()),
        class: 1 + id % 4,
        district: format!("DISTRICT {}", id % DISTRICTS),
        ..office::waiting(id)
    }
}
