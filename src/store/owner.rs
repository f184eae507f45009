//! The processes that begin attempts, and whether each may still send.

use super::{OpenAttempt, StoreError, Tx, doing, execute, on, set};
use crate::domain::{
    id::AttemptKey,
    owner::{Owner, Process},
};

pub(super) type Row = (String, i64, String);

/// The columns of a [`Row`].
macro_rules! owner_columns {
    () => {
        "printer, id, name"
    };
}
/// The uncertain attempts of an owner.
macro_rules! unconfirmed {
    ($owner:literal) => {
        concat!("FROM attempt WHERE state = 'uncertain' AND owner = ", $owner)
    };
}
pub(super) use {owner_columns, unconfirmed};

/// An attempt, with its printer and its name.
pub(super) fn of_row((printer, key, name): Row) -> (String, AttemptKey, String) {
    (printer, AttemptKey(key), name)
}

impl Tx {
    /// Saves a process before its first attempt, and returns its number. A scheduler has the lock that it names, so that every
    /// earlier process with that lock has ended.
    pub async fn owner_add(&mut self, process: &Process) -> Result<i64, StoreError> {
        const END: &str = "UPDATE owner SET ended_at_us = $2 WHERE lock = $1 AND ended_at_us IS NULL";
        const ADD: &str = "
            INSERT INTO owner (lock, host, process, started, boot, pid_namespace, began_at_us)
            VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id";
        let Process { lock, host, id, started, boot, pid_namespace } = process;
        let (failed, now) = (|| doing("saving the process"), self.now.0);
        if !lock.is_empty() {
            execute!(self, sqlx::query(END).bind(lock).bind(now)).map_err(failed())?;
        }
        on!(self, c => {
            let query = sqlx::query_scalar(ADD).bind(lock).bind(host).bind(id).bind(started);
            query.bind(boot).bind(pid_namespace).bind(now).fetch_one(c)
        })
        .map_err(failed())
    }

    /// Saves that this writer's process will send nothing that it has begun so far.
    pub async fn owner_end(&mut self) -> Result<(), StoreError> {
        const END: &str = "UPDATE owner SET ended_at_us = $2 WHERE id = $1 AND ended_at_us IS NULL";
        let (owner, now) = (self.writer.owner, self.now.0);
        execute!(self, sqlx::query(END).bind(owner).bind(now)).map_err(doing("saving the end of the process"))?;
        Ok(())
    }

    /// The owner of an attempt; `None` if the card certainly will not be sent any more.
    pub async fn attempt_owner(&mut self, attempt: AttemptKey) -> Result<Option<Owner>, StoreError> {
        const OWNER: &str = "SELECT owner FROM attempt WHERE id = $1";
        let owner: Option<Option<i64>> = on!(self, c => sqlx::query_scalar(OWNER).bind(attempt.0).fetch_optional(c))
            .map_err(doing("reading the process of an attempt"))?;
        match owner.flatten() {
            Some(owner) => Ok(Some(self.owner_get(owner).await?)),
            None => Ok(None),
        }
    }

    /// An owner by its number.
    ///
    /// A scheduler of a version that saved no process held the lock of the file, so it has ended if a later one had that lock.
    pub(super) async fn owner_get(&mut self, owner: i64) -> Result<Owner, StoreError> {
        const OWNER: &str = "
            SELECT lock, host, process, started, boot, pid_namespace, ended_at_us IS NOT NULL FROM owner WHERE id = $1";
        const LATER: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM owner WHERE lock = 'file' LIMIT 1) AS first";
        let failed = || doing("reading the process of an attempt");
        let row: Option<(String, String, i64, i64, String, String, bool)> =
            on!(self, c => sqlx::query_as(OWNER).bind(owner).fetch_optional(c)).map_err(failed())?;
        let Some((lock, host, id, started, boot, pid_namespace, has_ended)) = row else {
            let later: i64 = on!(self, c => sqlx::query_scalar(LATER).fetch_one(c)).map_err(failed())?;
            return Ok(Owner { process: None, has_ended: later > 0 });
        };
        Ok(Owner { process: Some(Process { lock, host, id, started, boot, pid_namespace }), has_ended })
    }

    /// Uncertain attempts of a process that it has not confirmed, each with its printer and its name.
    pub async fn attempts_unconfirmed(
        &mut self,
        owner: Option<i64>,
    ) -> Result<Vec<(String, AttemptKey, String)>, StoreError> {
        const UNCONFIRMED: &str = concat!("SELECT ", owner_columns!(), " ", unconfirmed!("$1"));
        let Some(owner) = owner else { return Ok(Vec::new()) };
        let rows: Vec<Row> = on!(self, c => sqlx::query_as(UNCONFIRMED).bind(owner).fetch_all(c))
            .map_err(doing("reading uncertain attempts"))?;
        Ok(rows.into_iter().map(of_row).collect())
    }

    /// Saves that uncertain attempts of this writer's process will not be sent any more.
    pub async fn attempts_confirm(&mut self, attempts: &[AttemptKey]) -> Result<(), StoreError> {
        const CONFIRM: &str = "
            UPDATE attempt SET owner = NULL
            WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) AND state = 'uncertain' AND owner = $2";
        if attempts.is_empty() {
            return Ok(());
        }
        let (keys, owner) = (attempts.iter().map(|attempt| attempt.0).collect::<Vec<_>>(), self.writer.owner);
        execute!(self, sqlx::query(CONFIRM).bind(set(&keys)).bind(owner))
            .map_err(doing("saving that an attempt is not sent any more"))?;
        Ok(())
    }

    /// An uncertain attempt, as its printer is asked about it, with the printer's name.
    pub async fn attempt_uncertain(&mut self, name: &str) -> Result<Option<(String, OpenAttempt)>, StoreError> {
        const UNCERTAIN: &str = "
            SELECT printer, id, printer_job, printer_run, acknowledged, impressions FROM attempt
            WHERE name = $1 AND state = 'uncertain'";
        type Row = (String, i64, Option<String>, Option<String>, bool, i64);
        let row: Option<Row> = on!(self, c => sqlx::query_as(UNCERTAIN).bind(name).fetch_optional(c))
            .map_err(doing("finding an attempt"))?;
        Ok(row.map(|(printer, key, printer_job, printer_run, acknowledged, impressions)| {
            let (key, name, impressions) = (AttemptKey(key), name.to_owned(), u32::try_from(impressions).unwrap_or(1));
            let releasing = true; // a card may exist
            (printer, OpenAttempt { key, name, releasing, printer_job, printer_run, acknowledged, impressions })
        }))
    }

    /// Saves that a printer has cancelled an uncertain attempt, so that its owner cannot send it any more.
    pub async fn attempt_cancelled(&mut self, attempt: AttemptKey) -> Result<(), StoreError> {
        const CANCELLED: &str = "UPDATE attempt SET owner = NULL WHERE id = $1 AND state = 'uncertain'";
        execute!(self, sqlx::query(CANCELLED).bind(attempt.0)).map_err(doing("saving a cancelled attempt"))?;
        Ok(())
    }
}
