//! Measures pages of each list with filters, the counter's questions, and acts on 100 records: `cargo bench --bench lists`.
//!
//! A third of the records are printed, in batches of 100, and every tenth of their cards is checked. Beside each time is the most memory
//! that the act or read had in use. The reference is the shorter list in the same run. The aim is 20 ms for a page, however many
//! records there are and however few match; no time is asserted, and each answer must be the right one.
//!
//! `-- --quick` takes seconds, otherwise the longest list needs several and 2 GB of disk; `sqlite`, `postgresql` measure only
//! these.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark reads the real clock and prints its table"
)]

mod memory;
#[path = "../shared/mod.rs"]
#[expect(dead_code, reason = "each benchmark uses a part of it")]
mod shared;

use std::{path::Path, time::Instant};

use anyhow::{Context, ensure};
use cetak::{
    domain::{
        id::{JobId, LotId},
        job::PrintedCard,
        personal::TypedText,
        record::RecordState,
        stock::{Account, Cause, Movement},
        time::Timestamp,
    },
    engine::{
        Engine,
        client::{Client, Direct},
        operations::{
            Act, AnyAct, CheckCards, HoldRecords, PutBack, PutFirst, RecordName, RecordNames, RecordOutcome,
            ReleaseRecords,
        },
        query::{
            AnyQuery, Cursor, FindName, FindPerson, FindRecord, JobsOf, Limit, ListBatches, ListJobs, ListMovements,
            ListRecords, Page, PageRequest, Query, ShowPlace,
        },
    },
};
use memory::InUse;
use shared::{
    database::{Database, Kind, Lazy},
    lengths::{self, MILLISECONDS, Plan},
    office, printed,
    table::Line,
};

/// One of so many records is printed; one of so many cards is checked.
const PRINTED_EVERY: i64 = 3;
const CHECKED_EVERY: usize = 10;
/// The movements of an office for each record, beside those of its cards.
const MOVEMENTS: i64 = 2;
/// Movements in one transaction.
const CHUNK: i64 = 20_000;
const PRINTERS: i64 = 10;

/// The cards of a list.
struct Cards {
    printed: Vec<PrintedCard>,
    newest_job: JobId,
    /// Those of them that are not checked. The last ones are checked in the rounds.
    unchecked: Vec<RecordName>,
}

type List = lengths::List<Cards>;

fn main() -> anyhow::Result<()> {
    let plan = Plan::from_arguments((30, &[27_000, 1_000_000]), (5, &[6_000, 20_000]))?;
    plan.run(&async |kind: Kind, folder: &Path, server: &Lazy| measure(&plan, kind, folder, server).await)
}

async fn measure(plan: &Plan, kind: Kind, folder: &Path, server: &Lazy) -> anyhow::Result<Vec<Line>> {
    let mut lists = plan.fill(kind, folder, server, fill).await?;
    memory::forget_peak()?;
    plan.rounds(&mut lists, round).await?;
    let peak = memory::peak()?;
    let mut lines = lengths::lines(kind, &lists)?;
    lines.push(Line::new(format!("{kind}: the process while it was measured, at most"), "MB", &[peak]));
    for list in &lists {
        let cards = i64::try_from(list.more.printed.len())?;
        office::check(&list.office, list.length, list.length, cards).await?;
    }
    lengths::remove(lists).await?;
    Ok(lines)
}

async fn fill(database: &Database, length: i64) -> anyhow::Result<(Engine, Cards)> {
    let office = office::with_records(database, length, PRINTERS, office::mixed).await?;
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
    let number = (1..=length).filter(|id| office::waits(*id) == (true, true)).count();
    ensure!(number <= usize::try_from(length / PRINTED_EVERY)?, "{number} of {length} records are of the first class");
    let (printed, newest_job) = printed::print(&office, number).await?;
    let (mut unchecked, mut checked) = (Vec::new(), Vec::new());
    for (at, card) in printed.iter().enumerate() {
        let names = if at % CHECKED_EVERY == 0 { &mut checked } else { &mut unchecked };
        names.push(name(card.record.0));
    }
    for checked in checked.chunks(100) {
        let records = names(checked.iter().cloned())?;
        all_done(&Direct::new(&office).act(CheckCards { records }).await?)?;
    }
    database.analyze()?;
    Ok((office, Cards { printed, newest_job, unchecked }))
}

async fn query<Q: Query + Into<AnyQuery>>(list: &mut List, what: &str, query: Q) -> anyhow::Result<Q::Answer> {
    let in_use = InUse::begin();
    let began = Instant::now();
    let answer = Direct::new(&list.office).query(query).await;
    note(list, what, began, in_use);
    Ok(answer?)
}

async fn act<A: Act + Into<AnyAct>>(list: &mut List, what: &str, act: A) -> anyhow::Result<A::Answer> {
    let in_use = InUse::begin();
    let began = Instant::now();
    let answer = Direct::new(&list.office).act(act).await;
    note(list, what, began, in_use);
    Ok(answer?)
}

fn note(list: &mut List, what: &str, began: Instant, in_use: InUse) {
    list.note_time(what, MILLISECONDS, began);
    list.note(&format!("{what}: memory"), "kB", in_use.end());
}

/// Asks for the first page of a list, and for the last one, which begins after `before_last`. Both have rows.
async fn ends<T, Q: Query<Answer = Page<T>> + Into<AnyQuery>>(
    list: &mut List,
    what: &str,
    before_last: i64,
    of_page: impl Fn(PageRequest) -> Q,
) -> anyhow::Result<()> {
    let page = query(list, &format!("{what}, first page"), of_page(PageRequest::default())).await?;
    ensure!(page.items.len() == 50 && page.next.is_some(), "{what}: {} rows on the first page", page.items.len());
    let request = PageRequest { after: Some(Cursor(before_last)), limit: Limit::default() };
    let page = query(list, &format!("{what}, last page"), of_page(request)).await?;
    ensure!(!page.items.is_empty() && page.next.is_none(), "{what}: {} rows on the last page", page.items.len());
    Ok(())
}

async fn round(list: &mut List) -> anyhow::Result<()> {
    records(list).await?;
    cards(list).await?;
    let page = query(list, "ledger", ListMovements::default()).await?;
    ensure!(page.items.len() == 50, "{} movements", page.items.len());
    let none = ListMovements { document: Some("NONE".into()), ..ListMovements::default() };
    ensure!(query(list, "ledger: none matches", none).await?.items.is_empty(), "a document NONE");
    counter(list).await?;
    many(list).await
}

async fn records(list: &mut List) -> anyhow::Result<()> {
    let all = ListRecords::default;
    ends(list, "records", list.length - 50, |page| ListRecords { page, ..all() }).await?;
    let quarantined = ListRecords { state: Some(RecordState::Quarantined), ..all() };
    let page = query(list, "records: quarantined", quarantined).await?;
    ensure!(!page.items.is_empty(), "none is quarantined");
    let district = ListRecords { district: Some("DISTRICT 7".into()), class: Some(4), ..all() };
    let page = query(list, "records: a district and a class", district).await?;
    ensure!(!page.items.is_empty(), "no record of a district and a class");
    let none = ListRecords { reason: Some("living-card".into()), ..all() };
    let page = query(list, "records: none matches", none).await?;
    ensure!(page.items.is_empty(), "{:?}", page.items);
    Ok(())
}

/// The lists of printed cards.
async fn cards(list: &mut List) -> anyhow::Result<()> {
    let printed = &list.more.printed;
    let batch = printed.get(printed.len() / 2).context("cards are printed")?.batch;
    // The key of the fiftieth row from the end.
    let before_last = |key: fn(&PrintedCard) -> i64| {
        let mut keys: Vec<i64> = printed.iter().map(key).collect();
        keys.sort_unstable();
        keys.into_iter().nth_back(49).context("fifty cards are printed")
    };
    let attempt = before_last(|card| card.attempt.0)?;
    let record = before_last(|card| card.record.0)?;
    let mut jobs: Vec<i64> = printed.iter().filter(|card| card.batch == batch).map(|card| card.job.0).collect();
    jobs.sort_unstable();
    let half = *jobs.get(49).context("a batch has a hundred jobs")?;
    let all = ListRecords::default;
    let since = |page| ListRecords { printed_since: Some(Timestamp(1)), page, ..all() };
    ends(list, "records: printed since", attempt, since).await?;
    let none = ListRecords { printed_since: Some(Timestamp(1)), reason: Some("living-card".into()), ..all() };
    ensure!(
        query(list, "records: printed since, none matches", none).await?.items.is_empty(),
        "a printed card has a reason"
    );
    let state = |page| ListRecords { state: Some(RecordState::Printed), page, ..all() };
    ends(list, "records: printed", record, state).await?;
    for (what, checked) in [("records: printed and checked", true), ("records: printed and not checked", false)] {
        let filter = ListRecords { state: Some(RecordState::Printed), checked: Some(checked), ..all() };
        let page = query(list, what, filter).await?;
        ensure!(page.items.len() == 50, "{what}: {} records", page.items.len());
    }
    ends(list, "records of a batch", half, |page| ListRecords { batch: Some(batch), page, ..all() }).await?;
    let of_batch = |page| ListJobs { of: JobsOf::Batch(batch), page, ..ListJobs::default() };
    ends(list, "jobs of a batch", half, of_batch).await?;
    let job = list.more.newest_job.0 - 50;
    ends(list, "jobs", job, |page| ListJobs { page, ..ListJobs::default() }).await?;
    // A list of few cards has one page of batches.
    let page = query(list, "batches, closed too", ListBatches { closed_too: true, ..ListBatches::default() }).await?;
    ensure!(!page.items.is_empty(), "no batches");
    let page = PageRequest { after: Some(Cursor(2)), limit: Limit::default() };
    let page = query(list, "batches, closed too, last page", ListBatches { closed_too: true, page }).await?;
    ensure!(page.next.is_none() && !page.items.is_empty(), "{} batches", page.items.len());
    Ok(())
}

async fn counter(list: &mut List) -> anyhow::Result<()> {
    let waiting =
        (list.length / 2..=list.length).find(|id| office::waits(*id) == (true, false)).context("there is one")?;
    let record = name(waiting);
    let found = query(list, "find a record", FindRecord { record: record.clone() }).await?;
    ensure!(found.record.request_id == record.request_id, "{found:?}");
    let card = list.more.printed.first().context("a card is printed")?.record;
    let found = query(list, "find a record with a card", FindRecord { record: name(card.0) }).await?;
    ensure!(found.record.state == RecordState::Printed.as_str(), "{found:?}");
    let identifier = TypedText::new("3372011501800001".into());
    let person = query(list, "find a person, of whom there is no record", FindPerson { profile: None, identifier });
    ensure!(person.await.is_err(), "there is such a person");
    let id = list.length / 2;
    let own = format!("number{id} siti");
    let some = format!("siti rahayu{}", id % 40);
    for (what, name, number) in
        [("a rare word", &*own, 1), ("a word of all", "siti", 20), ("two words of many", &some, 20)]
    {
        let name = TypedText::new(name.into());
        let asked = FindName { profile: None, name, after: None };
        let found = query(list, &format!("find a name by {what}"), asked).await?;
        ensure!(found.records.len() == number && found.complete, "{what}: {} records", found.records.len());
    }
    let place = query(list, "why a record has its place", ShowPlace { record: record.clone() }).await?;
    ensure!(place.before.is_some_and(|before| before.records > 0), "it is first");
    let note = "waits".parse()?;
    act(list, "put first", PutFirst { record: record.clone(), note }).await?;
    act(list, "put back", PutBack { record, note: "gone".parse()? }).await
}

async fn many(list: &mut List) -> anyhow::Result<()> {
    let waiting = (list.length / 3..).filter(|id| office::waits(*id) == (true, false)).take(100);
    let records = names(waiting.map(name))?;
    let hold = HoldRecords { records: records.clone(), note: "asked".parse()? };
    all_done(&act(list, "hold 100 records", hold).await?)?;
    all_done(&act(list, "release 100 records", ReleaseRecords { records, note: "done".parse()? }).await?)?;
    let unchecked = &mut list.more.unchecked;
    let next = unchecked.split_off(unchecked.len().saturating_sub(100));
    all_done(&act(list, "check 100 cards", CheckCards { records: names(next)? }).await?)
}

fn name(id: i64) -> RecordName {
    RecordName { source: "bench".into(), request_id: office::waiting(id).request_id }
}

fn names(names: impl IntoIterator<Item = RecordName>) -> anyhow::Result<RecordNames> {
    RecordNames::try_from(names.into_iter().collect::<Vec<_>>()).map_err(anyhow::Error::msg)
}

fn all_done(outcomes: &[RecordOutcome]) -> anyhow::Result<()> {
    ensure!(outcomes.iter().all(|outcome| outcome.refusal.is_none()), "{outcomes:?}");
    Ok(())
}
