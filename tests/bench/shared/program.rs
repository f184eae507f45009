//! Helper: runs the real program for a benchmark, and compares its database with the cards that printers made.

use std::{
    collections::{BTreeMap, HashSet},
    fs::{self, File},
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, ensure};
use cetak::{app::demo::people::write_waiting_list, store::JobScope};

use super::{database::Database, office, table::output_of, usage::Usage};

/// Settings of the program, as variables.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings(Vec<(String, String)>);

impl Settings {
    /// Adds a setting of the form `KEY=VALUE`.
    pub(crate) fn add(&mut self, setting: &str) -> anyhow::Result<()> {
        let (key, value) = setting.split_once('=').context("a setting is written KEY=VALUE")?;
        self.0.push((format!("CETAK_{}", key.to_uppercase()), value.to_owned()));
        Ok(())
    }

    /// The program on the data of the benchmark.
    pub(crate) fn program(&self, database: &Database) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cetak"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CETAK_")) {
            command.env_remove(name);
        }
        let key = office::KEY.map(|byte| format!("{byte:02x}")).concat();
        command.arg("--data").arg(database.folder()).env("CETAK_KEY", key).envs(self.0.iter().cloned());
        command.envs(database.url().map(|url| ("CETAK_DATABASE", url))).stdin(Stdio::null());
        command
    }
}

/// Fills an office with a list longer than `cards`, as many blanks as `cards`, and printers with their URIs. Returns the
/// number of records.
pub(crate) async fn fill(
    database: &Database,
    settings: &Settings,
    seed: u64,
    cards: u32,
    printers: impl Iterator<Item = (String, String)>,
) -> anyhow::Result<i64> {
    let list = write_waiting_list(&database.folder().join("list"), seed, cards + cards / 5 + 100)?;
    ensure!(list.count_good() >= cards, "too few good requests");
    let mut import = settings.program(database);
    let imported = output_of(import.args(["--json", "import"]).arg(&list.path), "the program is not there")?;
    let imported: serde_json::Value = serde_json::from_slice(&imported)?;
    let count = |fate: &str| imported[fate].as_i64().with_context(|| format!("an import counts `{fate}`"));
    let records = count("accepted")? + count("quarantined")?;
    let office = office::open(database).await?;
    office::receive(&office, i64::from(cards)).await?;
    for (name, uri) in printers {
        office::add_printer(&office, &name, &uri).await?;
    }
    office.store.close().await;
    Ok(records)
}

/// A running scheduler. Dropped, it is killed.
pub(crate) struct Scheduler {
    child: Child,
    log: std::path::PathBuf,
}

impl Scheduler {
    pub(crate) fn start(database: &Database, settings: &Settings) -> anyhow::Result<Self> {
        Self::with(database, settings, &["run", "--until-idle"])
    }

    /// Starts a scheduler that runs until it is killed.
    pub(crate) fn start_forever(database: &Database, settings: &Settings) -> anyhow::Result<Self> {
        Self::with(database, settings, &["run"])
    }

    /// Starts a scheduler with an HTTP server on a free port, which run until they are stopped.
    pub(crate) fn serve(database: &Database, settings: &Settings) -> anyhow::Result<Self> {
        Self::with(database, settings, &["serve", "--listen", "127.0.0.1:0"])
    }

    fn with(database: &Database, settings: &Settings, arguments: &[&str]) -> anyhow::Result<Self> {
        let log = database.folder().join("log");
        let mut program = settings.program(database);
        program.args(arguments).stdout(Stdio::null()).stderr(File::create(&log)?);
        Ok(Self { child: program.spawn().context("the program could not be started")?, log })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Processor time and peak memory so far.
    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        Usage::read(&Path::new("/proc").join(self.id().to_string()))
    }

    /// What it has written on standard error.
    pub(crate) fn log(&self) -> anyhow::Result<String> {
        Ok(fs::read_to_string(&self.log)?)
    }

    /// Tells it to end, and waits until it has ended.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        output_of(Command::new("kill").arg(self.id().to_string()), "`kill` is not there")?;
        let status = self.child.wait()?;
        ensure!(status.success(), "the scheduler failed: {}", self.log()?);
        Ok(())
    }

    /// Kills it with `kill -9`, and waits for its end.
    pub(crate) fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Whether it has ended; an error if it failed.
    pub(crate) fn has_ended(&mut self) -> anyhow::Result<bool> {
        let Some(status) = self.child.try_wait()? else { return Ok(false) };
        ensure!(status.success(), "the scheduler failed: {}", fs::read_to_string(&self.log)?);
        Ok(true)
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        // Normally it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Checks the ledger, and that the printers made exactly one card of each printed record. `hopper` has their cards by job
/// name, which is the name of the attempt.
pub(crate) async fn compare(
    database: &Database,
    records: i64,
    cards: u32,
    hopper: &BTreeMap<String, u32>,
) -> anyhow::Result<()> {
    let office = office::open(database).await?;
    let jobs = office.store.read().await?.job_list(JobScope::All, None, 0, i64::MAX).await?;
    office::check(&office, records, i64::from(cards), i64::from(cards)).await?;
    let mut printed = BTreeMap::new();
    let mut requests = HashSet::new();
    for (job, attempt) in jobs.iter().flat_map(|job| job.attempts.iter().map(move |attempt| (job, attempt))) {
        let outcome = attempt.outcome.as_deref();
        if outcome == Some("printed") {
            printed.insert(attempt.id.clone(), 1);
            ensure!(requests.insert(&job.request_id), "request {} has two cards", job.request_id);
        } else {
            ensure!(!hopper.contains_key(&attempt.id), "attempt {} is {outcome:?}, with a card", attempt.id);
        }
    }
    ensure!(printed.len() == usize::try_from(cards)?, "{cards} cards were due, and {} are printed", printed.len());
    ensure!(printed == *hopper, "the printers made other cards than the database says");
    office.store.close().await;
    Ok(())
}
