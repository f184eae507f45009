//! Helper: an office as the program opens it, and the check that its ledger and audit are right.

use std::{
    fs::File,
    sync::{Arc, LazyLock},
};

use anyhow::{Context, ensure};
use async_trait::async_trait;
use cetak::{
    app::{
        self, Parts, PrinterOptions,
        demo::people::WaitingList,
        system::{SystemClock, SystemEntropy},
    },
    domain::{audit::Actor, id::RecordId, permission::Operation, reason::Reason, record::RecordState},
    engine::{
        Engine, Settings,
        client::{Client, Direct},
        fault::NoFaults,
        import::{DecidedRow, Format, Import, Watch, import},
        operations::{AddObjectedPrinter, AddPrinter, Probe, ReceiveBlanks},
    },
    store::{NewRecord, Writer, keys::Keys, word_keys},
};

use super::database::Database;

pub(crate) const PROFILE: &str = "ktp-el";

/// The master key of all benchmark offices.
pub(crate) const KEY: [u8; 32] = [7; 32];
static KEYS: LazyLock<Keys> = LazyLock::new(|| Keys::derive(&KEY));

/// Records in one transaction of [`with_records`].
const CHUNK: i64 = 10_000;

/// The engine of a database, with the default settings and the profiles of the program.
pub(crate) async fn open(database: &Database) -> anyhow::Result<Engine> {
    let actor = Actor::local_administrator("bench".into(), "bench".into(), "bench".into());
    let parts = Parts {
        store: database.store().await?,
        profiles: app::profiles::built_in()?,
        settings: Settings::default(),
        printers: PrinterOptions::new(),
        writer: Writer { chain: "scheduler".into(), actor: Arc::new(actor), fence: None, owner: None },
        faults: Arc::new(NoFaults),
    };
    Ok(app::assemble(parts, SystemClock::default(), Arc::new(SystemEntropy::new())))
}

pub(crate) async fn add_printer(office: &Engine, name: &str, uri: &str) -> anyhow::Result<()> {
    // The general objections to CUPS do not apply to the queue of a benchmark.
    let printer = AddPrinter { name: name.parse()?, uri: uri.into(), profile: PROFILE.into(), hopper: None };
    let add = AddObjectedPrinter { printer, note: "a benchmark".parse()? };
    match Direct::new(office).act(add).await? {
        Probe::Answered(_) => {}
        Probe::Silent(why) => anyhow::bail!(why.to_stored()),
    }
    Ok(())
}

pub(crate) async fn receive(office: &Engine, quantity: i64) -> anyhow::Result<()> {
    let delivery = ReceiveBlanks {
        blank_type: PROFILE.into(),
        quantity: quantity.try_into()?,
        document: "BENCH-1".parse()?,
        lot: None,
        serials: None,
        override_reason: None,
    };
    Ok(Direct::new(office).act(delivery).await?)
}

/// An office with `length` records that were not imported but made by `record` from their numbers, as many blanks, and
/// mock printers that print nothing yet.
pub(crate) async fn with_records(
    database: &Database,
    length: i64,
    printers: i64,
    mut record: impl FnMut(i64) -> NewRecord,
) -> anyhow::Result<Engine> {
    let office = open(database).await?;
    let mut next = 1;
    while next <= length {
        let end = (next + CHUNK).min(length + 1);
        let mut tx = office.store.write(&office.writer, office.clock.now()).await?;
        tx.records_add("bench", PROFILE, (next..end).map(&mut record).collect()).await?;
        tx.commit().await?;
        next = end;
    }
    receive(&office, length).await?;
    for printer in 1..=printers {
        add_printer(&office, &format!("p{printer}"), &format!("mock://p{printer}")).await?;
    }
    database.analyze()?;
    Ok(office)
}

/// A record that waits, as [`with_records`] makes it.
pub(crate) fn waiting(id: i64) -> NewRecord {
    // The keys are in order, so that filling ten million rows takes minutes; no benchmark that uses this reads them.
    let mut person_key = [0; 16];
    person_key[..8].copy_from_slice(&id.to_be_bytes());
    NewRecord {
        id: RecordId(id),
        request_id: format!("3372-2015-{id:08}"),
        state: RecordState::Waiting,
        reason: None,
        kind: "first".into(),
        class: 1,
        person_key,
        digest: person_key,
        photo: None,
        district: "DISTRICT".into(),
        village: "VILLAGE".into(),
        requested_at_us: id,
        verified_at_us: id,
        sealed: vec![7; 40],
        words: Vec::new(),
    }
}

/// The name of a record of a [`mixed`] list: a word of all, one of some, and one of its own.
pub(crate) fn name_of(id: i64) -> String {
    format!("SITI RAHAYU{} NUMBER{id}", id % DISTRICTS)
}

/// Districts, of which an office has a few and a province hundreds.
const DISTRICTS: i64 = 40;
/// The intervals of records of the first class, and of quarantined ones.
const FIRST_EVERY: i64 = 3;
const QUARANTINED_EVERY: i64 = 50;

/// A record of a list as an office has it: a third waits in the first class, and a few are quarantined.
pub(crate) fn mixed(id: i64) -> NewRecord {
    let is_quarantined = id % QUARANTINED_EVERY == 0;
    NewRecord {
        state: if is_quarantined { RecordState::Quarantined } else { RecordState::Waiting },
        reason: is_quarantined.then(|| Reason::OtherRequestOpen.to_stored()),
        class: if id % FIRST_EVERY == 0 { 1 } else { 2 + id % 3 },
        district: format!("DISTRICT {}", id % DISTRICTS),
        words: word_keys(&KEYS, PROFILE, &name_of(id)),
        ..waiting(id)
    }
}

/// Whether a record of a [`mixed`] list waits, and is of the first class.
pub(crate) fn waits(id: i64) -> (bool, bool) {
    (id % QUARANTINED_EVERY != 0, id % FIRST_EVERY == 0)
}

/// Imports a list, and returns the number of records that it made.
pub(crate) async fn fill(office: &Engine, list: &WaitingList) -> anyhow::Result<i64> {
    struct Ignore;
    #[async_trait]
    impl Watch for Ignore {
        async fn saved(&mut self, _: Vec<DecidedRow>, _: u64, _: u64) -> std::io::Result<()> {
            Ok(())
        }
    }
    let what = Import {
        source: "default".into(),
        profile: PROFILE.into(),
        file_name: String::new(),
        format: Format::Csv,
        encoding: None,
        sheet: None,
        mapping: None,
        skip_lines: 0,
        photos: list.path.parent().context("a list lies in a folder")?.to_owned(),
        update: false,
        dry_run: false,
        accept: Vec::new(),
    };
    let permit = Direct::new(office).permit(Operation::Import).await?;
    let report = import(office, &permit, Box::new(File::open(&list.path)?), what, &mut Ignore).await?;
    Ok(i64::try_from(report.accepted + report.quarantined)?)
}

/// Checks that every blank and every record is accounted for, and that the audit is intact.
pub(crate) async fn check(office: &Engine, records: i64, received: i64, printed: i64) -> anyhow::Result<()> {
    let mut tx = office.store.read().await?;
    let (mut all, mut good) = (0, 0);
    for line in tx.record_counts().await? {
        all += line.count;
        good += if line.state == "printed" { line.count } else { 0 };
    }
    ensure!(all == records, "{records} records were imported, and there are {all}");
    ensure!(good == printed, "{printed} cards should be printed, and {good} are");
    let balances = tx.balance_list().await?;
    let held = |account: &str| balances.iter().filter(|b| b.account == account).map(|b| b.quantity).sum::<i64>();
    let left = held("vault") + held("reserved");
    ensure!(held("printed") == printed, "{printed} records are printed, and {} blanks", held("printed"));
    ensure!(held("printed") + left == received, "{received} received, {} printed, {left} left", held("printed"));
    ensure!(balances.iter().map(|b| b.quantity).sum::<i64>() == 0, "the accounts do not sum to zero");
    let faults = tx.balance_faults().await?;
    ensure!(faults.is_empty(), "balances differ from their movements: {faults:?}");
    let (_, faults) = tx.audit_verify(&[]).await?;
    ensure!(faults.is_empty(), "the audit is damaged: {faults:?}");
    Ok(())
}
