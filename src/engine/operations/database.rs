//! Care of the database: backups, the archive, and the move to another database.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{
    act::Act,
    printer::{database_with_user, plain_database},
};
use crate::{
    domain::{
        audit::Event,
        id::JobId,
        permission::{Operation, Permit},
        refusal::Refusal,
        time::Timestamp,
    },
    engine::{Engine, EngineError, files::NewFile, instance},
    store::{Location, Moved, Recounted, Store, Transferred},
};

/// The number of jobs in one archiving transaction: 14 ms on a busy machine, so that printing hardly waits.
const JOBS_EACH: i64 = 200;

/// The result of archiving, or of a dry run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Archived {
    /// The numbers of jobs and attempts.
    #[serde(flatten)]
    pub moved: Moved,
    /// The number of transactions.
    pub transactions: u64,
}

fn limit(now: Timestamp, older_than_days: u32) -> Timestamp {
    now.minus(Duration::from_hours(24 * u64::from(older_than_days)))
}

/// The result that [`ArchiveJobs`] would have now.
pub async fn archivable(engine: &Engine, older_than_days: u32) -> Result<Archived, EngineError> {
    let before = limit(engine.clock.now(), older_than_days);
    let mut archived = Archived { moved: Moved::default(), transactions: 0 };
    let mut tx = engine.store.read().await?;
    let mut last = JobId(0);
    loop {
        let jobs = tx.jobs_finished(before, last, JOBS_EACH).await?;
        let Some(newest) = jobs.last() else { return Ok(archived) };
        last = *newest;
        archived.moved.jobs += jobs.len() as u64;
        archived.moved.attempts += tx.attempts_count(&jobs).await?;
        archived.transactions += 1;
    }
}

/// Moves finished jobs with their attempts from the live tables to the archive, if their batch was closed long enough
/// ago.
///
/// Each transaction moves a few hundred jobs and is recorded in the audit. An interrupted run keeps what it has moved,
/// and the next run continues.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ArchiveJobs {
    /// The minimum age of the batch, in days since it was closed.
    pub older_than_days: u32,
}

impl Act for ArchiveJobs {
    type Answer = Archived;
    const OPERATION: Operation = Operation::DatabaseCare;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<Archived, EngineError> {
        archive(engine, permit.covers(Self::OPERATION)?, self.older_than_days).await
    }
}

async fn archive(engine: &Engine, permit: &Permit, older_than_days: u32) -> Result<Archived, EngineError> {
    let before = limit(engine.clock.now(), older_than_days);
    let mut archived = Archived { moved: Moved::default(), transactions: 0 };
    let mut last = JobId(0);
    loop {
        // Selected without the write lock. A finished job stays finished, and the write checks it again.
        let jobs = engine.store.read().await?.jobs_finished(before, last, JOBS_EACH).await?;
        let (Some(first), Some(newest)) = (jobs.first(), jobs.last()) else { return Ok(archived) };
        let mut tx = engine.write(permit).await?;
        let moved = tx.jobs_archive(&jobs).await?;
        let event = Event::new("jobs.archived", format!("jobs {first} to {newest}"));
        tx.audit(event.with("closed_before", before).with("jobs", moved.jobs).with("attempts", moved.attempts));
        tx.commit_part().await?;
        last = *newest;
        archived.moved.jobs += moved.jobs;
        archived.moved.attempts += moved.attempts;
        archived.transactions += 1;
    }
}

/// Counts the records and the outcomes of attempts again, in one transaction: a scheduler of a version without counters has
/// printed meanwhile, and `db check` finds them wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecountCounters {}

impl Act for RecountCounters {
    type Answer = Recounted;
    const OPERATION: Operation = Operation::DatabaseCare;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<Recounted, EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        let recounted = tx.counters_recount().await?;
        let event = Event::new("counters.recounted", "database").with("records", recounted.records);
        tx.audit(event.with("outcomes", recounted.outcomes));
        tx.commit_with(&recounted).await?;
        Ok(recounted)
    }
}

/// A backup that was made and checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Backup {
    /// The size of the file in bytes.
    pub bytes: u64,
    /// The number of rules of `db check` that were checked.
    pub rules: usize,
}

/// Copies one state of the database into a new file with owner-only permissions, while others write. The file gets its
/// name when it is complete, checked and on disk. An existing file is not overwritten.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BackUpDatabase {
    /// The new file.
    pub file: PathBuf,
}

impl Act for BackUpDatabase {
    type Answer = Backup;
    const OPERATION: Operation = Operation::DatabaseCare;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<Backup, EngineError> {
        permit.covers(Self::OPERATION)?;
        let file = std::path::absolute(&self.file).map_err(|source| cannot_write(&self.file, source))?;
        let done = write_and_check(engine, &file).await?;
        let mut tx = engine.write(permit).await?;
        tx.audit(Event::new("database.backed-up", "database").with("file", file.display()).with("bytes", done.bytes));
        tx.commit_with(&done).await?;
        Ok(done)
    }
}

async fn write_and_check(engine: &Engine, file: &Path) -> Result<Backup, EngineError> {
    // Created here, so that the file is readable by its owner only before it has content.
    let new = NewFile::create(file, 0o600)?;
    let Some(text) = new.part().to_str() else {
        return Err(Refusal::BackupName { file: file.display().to_string() }.into());
    };
    if !engine.store.backup_write(text).await? {
        return Err(Refusal::BackupOfServer.into());
    }
    let copy = Store::backup_open(new.part(), engine.store.keys().clone()).await?;
    let checks = copy.read().await?.check(&[]).await;
    copy.close().await;
    let checks = checks?;
    if let Some((rule, fault)) = checks.iter().find_map(|check| Some((check.rule, check.faults.first()?))) {
        let (thing, fault) = (fault.thing.clone(), fault.what.clone());
        return Err(Refusal::BackupUnsound { rule: rule.to_owned(), thing, fault }.into());
    }
    let bytes = fs::metadata(new.part()).map_err(|source| cannot_write(file, source))?.len();
    new.finish()?;
    Ok(Backup { bytes, rules: checks.len() })
}

fn cannot_write(file: &Path, source: io::Error) -> EngineError {
    EngineError::Write { what: file.display().to_string(), source }
}

/// The result of a move.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DatabaseMove {
    /// The moved tables and their numbers of rows.
    pub transferred: Transferred,
    /// The new database, without user and password.
    pub shown: String,
    /// The same with its user, for the settings.
    pub address: String,
    /// The number of rules of `db check` that were checked there.
    pub rules: usize,
}

/// Moves all data to an empty PostgreSQL database, and closes this file for ever. The caller must hold the scheduler's
/// lock of the data folder. A database that violates a rule is not moved, nor one that may be a copy: the new one would print.
pub async fn database_move(
    engine: &Engine,
    permit: &Permit,
    to: &str,
    progress: impl FnMut(&'static str, i64),
) -> Result<DatabaseMove, EngineError> {
    permit.covers(Operation::DatabaseMove)?;
    if engine.store.is_shared() {
        return Err(Refusal::AlreadyOnServer.into());
    }
    if !(to.starts_with("postgres://") || to.starts_with("postgresql://")) {
        return Err(Refusal::ServerAddress.into());
    }
    instance::refuse_in_doubt(engine, &mut engine.store.read().await?).await?;
    refuse_unsound(&engine.store, false).await?;
    let (target, shown) = (Location::Server(to.to_owned()), plain_database(to));
    let transferred =
        engine.store.move_to(&target, &shown, &engine.writer_for(permit), engine.clock.now(), progress).await?;
    let store = Store::open(&target, engine.store.keys().clone()).await?;
    let rules = refuse_unsound(&store, true).await?;
    store.close().await;
    Ok(DatabaseMove { transferred, shown, address: database_with_user(to), rules })
}

/// The number of rules; refused if one is violated.
async fn refuse_unsound(store: &Store, moved: bool) -> Result<usize, EngineError> {
    let checks = store.read().await?.check(&[]).await?;
    match checks.iter().find(|check| !check.faults.is_empty()) {
        None => Ok(checks.len()),
        Some(check) => Err(Refusal::MoveUnsound { rule: check.rule.to_owned(), moved }.into()),
    }
}
