//! An office in a folder, as the program would open it, and what the same disk gives to a single writer.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Write,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::ensure;
use cetak::{
    app::{
        self,
        system::{SystemClock, SystemEntropy},
    },
    domain::{audit::Actor, profile::CardProfile},
    engine::{Office, Settings, operator},
    store::{Location, Store, Writer, keys::Keys},
};

pub(crate) const PROFILE: &str = "ktp-el";

/// The master key of every office here.
pub(crate) const KEY: [u8; 32] = [7; 32];

pub(crate) async fn open(folder: &Path) -> anyhow::Result<Office> {
    let profile: CardProfile = toml::from_str(include_str!("../../src/profiles/ktp-el.toml"))?;
    let nobody = Actor { name: "bench".into(), os_user: "bench".into(), host: "bench".into() };
    Ok(Office {
        store: Store::open(&Location::File(folder.join("cetak.db")), Keys::derive(&KEY)).await?,
        clock: Arc::new(SystemClock::default()),
        entropy: Arc::new(SystemEntropy::new()),
        profiles: Arc::new(BTreeMap::from([(PROFILE.to_owned(), Arc::new(profile))])),
        settings: Arc::new(Settings::default()),
        writer: Writer { chain: "scheduler".into(), actor: Arc::new(nobody), fence: None },
        drivers: app::drivers(app::PrinterOptions::new(), SystemClock::default()),
        lease: None,
    })
}

pub(crate) async fn add_printer(office: &Office, name: &str, uri: &str) -> anyhow::Result<()> {
    // What is objected to CUPS in general is settled in the queue of a benchmark.
    let insist = Some("a benchmark");
    let new = operator::NewPrinter { name, uri, profile: PROFILE, insist, ..operator::NewPrinter::default() };
    operator::printer_add(office, &new).await?.map_err(|fault| anyhow::anyhow!(fault))?;
    Ok(())
}

pub(crate) async fn receive(office: &Office, quantity: i64) -> anyhow::Result<()> {
    let delivery = operator::Delivery {
        blank_type: PROFILE.into(),
        quantity,
        document: "BENCH-1".into(),
        lot: None,
        serials: None,
    };
    Ok(operator::receive(office, &delivery).await?)
}

/// What the disk gives to one who waits for each write: appends of 8 kB, each synced, a second.
pub(crate) fn synced_writes(folder: &Path, patience: Duration) -> anyhow::Result<f64> {
    let path = folder.join("synced-writes");
    let mut file = File::create(&path)?;
    let began = Instant::now();
    let mut count = 0.0;
    while began.elapsed() < patience {
        file.write_all(&[7; 8_192])?;
        file.sync_data()?;
        count += 1.0;
    }
    let rate = crate::table::per_second(count, began);
    std::fs::remove_file(path)?;
    Ok(rate)
}

/// Durable transactions of one row, one after the other, through the store, a second.
pub(crate) async fn single_commits(office: &Office, patience: Duration) -> anyhow::Result<f64> {
    let began = Instant::now();
    let mut count = 0_u32;
    while began.elapsed() < patience {
        let mut tx = office.store.write(&office.writer, office.clock.now()).await?;
        tx.meta_set("bench", &count.to_string()).await?;
        tx.commit().await?;
        count += 1;
    }
    Ok(crate::table::per_second(f64::from(count), began))
}

/// Every blank is somewhere, no record is lost, and the audit is whole.
pub(crate) async fn check(office: &Office, records: i64, received: i64, printed: i64) -> anyhow::Result<()> {
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
    ensure!(faults.is_empty(), "the audit is not whole: {faults:?}");
    Ok(())
}
