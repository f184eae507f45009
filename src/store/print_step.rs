//! The hot path of printing: saves good cards and begins the next attempts together.

use futures_util::TryStreamExt;
use sqlx::{Either, Row, Sqlite, SqliteConnection, query::Query, sqlite::SqliteArguments};

use super::{
    Begin, Begun, Inner, StoreError, Tx,
    attempt::{UNKNOWN_OWNER, begin},
    backend::sqlite::Tries,
    doing, set,
    stock::{self, add},
};
use crate::domain::{
    attempt::AttemptState,
    id::{AttemptKey, JobId},
    job::PrintedCard,
    record::RecordState,
};

/// Saves good cards and begins attempts, with the effect of `save` and `attempts_begin`; a test compares both.
///
/// For SQLite, one text with all statements, because sending a statement costs more than running it. The arguments: $1
/// now, $2 the attempts that ended, $3 their cards, see [`card_row`], $4 their records, $5 the attempts to begin, see
/// [`begin_row`], $6 the jobs of these, $7 the changes of the balances, $8 the node, $9 the owner of the attempts to begin, $10 the
/// actor's name, $11 the actor's account, $12 the actor's means.
macro_rules! step {
    () => {
        concat!(
            "
    UPDATE attempt SET state = 'printed', reason = NULL, note = NULL, inspected = 0, ended_at_us = $1
    WHERE id IN (SELECT value FROM json_each($2)) AND state = 'releasing';
    UPDATE job SET state = 'printed'
    FROM json_each($3) AS v
    WHERE job.id = CAST(substr(v.value, 1, 19) AS INTEGER) AND job.state = 'printing'
      AND job.record_id = CAST(substr(v.value, 20, 19) AS INTEGER)
      AND job.batch_id = CAST(substr(v.value, 39, 19) AS INTEGER)
      AND job.lot_id = CAST(substr(v.value, 58, 19) AS INTEGER);
    UPDATE record SET state = 'printed', reason = NULL, note = NULL
    WHERE id IN (SELECT value FROM json_each($4)) AND state = 'batched'
    RETURNING profile, district, stop IS NOT NULL;
    INSERT INTO movement (at_us, lot_id, from_account, from_place, to_account, to_place, quantity, cause, batch_id, attempt_id,
                          actor, account, means)
    SELECT $1, CAST(substr(v.value, 58, 19) AS INTEGER), 'reserved', substr(v.value, 96), 'printed', '', 1, 'printed',
           CAST(substr(v.value, 39, 19) AS INTEGER), CAST(substr(v.value, 77, 19) AS INTEGER), $10, $11, $12
    FROM json_each($3) AS v;",
            add!("$7"),
            ";",
            begin!(
                "$5",
                "$1",
                "$8",
                "$9",
                "CAST(substr(e.value, 1, 19) AS INTEGER) AS job, CAST(substr(e.value, 20, 19) AS INTEGER) AS version,
                 CAST(substr(e.value, 39, 10) AS INTEGER) AS impressions, trim(substr(e.value, 49, 9)) AS state,
                 substr(e.value, 58, instr(e.value, char(10)) - 58) AS printer,
                 substr(e.value, instr(e.value, char(10)) + 1) AS name"
            ),
            ";
    UPDATE job SET state = 'printing'
    WHERE id IN (SELECT value FROM json_each($6)) AND state = 'queued'
      AND EXISTS (SELECT 1 FROM attempt WHERE attempt.job_id = job.id AND attempt.ended_at_us IS NULL)"
        )
    };
}
const STEP: &str = step!();
const BEGIN_AND_STEP: &str = concat!("BEGIN IMMEDIATE;", step!());

/// A card in `step!`: columns of fixed width, because a JSON array inside another costs more to read than all else.
fn card_row(card: &PrintedCard) -> String {
    let PrintedCard { job, record, batch, lot, attempt, place, .. } = card;
    format!("{:019}{:019}{:019}{:019}{:019}{}", job.0, record.0, batch.0, lot.0, attempt.0, place.as_str())
}

/// An attempt to begin in `step!`: columns of fixed width, then the printer's name, a line feed, and the attempt's name.
fn begin_row(begin: &Begin) -> String {
    let Begin { job, record_version, impressions, printer, name, .. } = begin;
    format!("{:019}{record_version:019}{impressions:010}{:9}{printer}\n{name}", job.0, begin.state())
}

/// The subjects of the first statements of `step!`, in their order. Each changes a row per card.
const CHANGED: [&str; 4] = ["the attempt", "the job", "the record", "the ledger"];
/// The number of statements of `step!`.
const STATEMENTS: usize = 7;
/// The index of the statement that updates the balances.
const BALANCES: usize = 4;

const SAVING: &str = "saving cards";

impl Tx {
    /// Saves good cards, each with its movement and its event, and begins attempts that no guard refuses. Returns the
    /// attempts that began.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] for all, if a card differs from the worker's data.
    pub async fn cards_step(&mut self, good: &[PrintedCard], begins: &[Begin]) -> Result<Vec<Begun>, StoreError> {
        if good.is_empty() && begins.is_empty() {
            return Ok(Vec::new());
        }
        let attempts: Vec<i64> = good.iter().map(|card| card.attempt.0).collect();
        let cards: Vec<String> = good.iter().map(card_row).collect();
        let records: Vec<i64> = good.iter().map(|card| card.record.0).collect();
        let Inner::Sqlite(transaction) = &mut self.inner else {
            self.save(good.iter().map(PrintedCard::transition).collect()).await?;
            return self.attempts_begin(begins).await;
        };
        let rows: Vec<String> = begins.iter().map(begin_row).collect();
        let jobs: Vec<i64> = begins.iter().map(|begin| begin.job.0).collect();
        let movements: Vec<_> = good.iter().map(PrintedCard::movement).collect();
        let deltas = stock::deltas(&movements);
        let (attempts, cards, records, rows) = (set(&attempts), set(&cards), set(&records), set(&rows));
        let (jobs, changes) = (set(&jobs), set(&deltas));
        let (actor, account, means) = self.writer.actor.columns();
        let (node, owner) = (self.writer.node(), self.writer.owner.unwrap_or(UNKNOWN_OWNER));
        let query = |sql: &'static str| {
            let query = sqlx::query(sql).bind(self.now.0).bind(&*attempts).bind(&*cards).bind(&*records).bind(&*rows);
            query.bind(&*jobs).bind(&*changes).bind(node).bind(owner).bind(actor).bind(account).bind(means)
        };
        let mut tries = Tries::new();
        let answered = loop {
            if transaction.is_waiting() {
                let connection = transaction.begin().map_err(doing(SAVING))?;
                let answered = answers(query(BEGIN_AND_STEP), connection).await;
                if !transaction.is_locked(&answered, &mut tries).await? {
                    break answered;
                }
            } else {
                let answered = answers(query(STEP), transaction.open().map_err(doing(SAVING))?).await;
                transaction.note(&answered);
                break answered;
            }
        };
        let Answers { changed, counted, begun } = answered.map_err(doing(SAVING))?;
        for (profile, district, stopped) in counted {
            let (from, to) = ((RecordState::Batched, stopped), (RecordState::Printed, stopped));
            self.deltas.record_changed((profile, district), from, to);
        }
        let changed = changed.get(changed.len().saturating_sub(STATEMENTS)..).unwrap_or_default();
        let wanted = good.len() as u64;
        if let Some((what, _)) = CHANGED.iter().zip(changed).find(|(_, changed)| **changed != wanted) {
            return Err(StoreError::Conflict(what));
        }
        if changed.last() != Some(&(begun.len() as u64)) {
            return Err(StoreError::Conflict("the job"));
        }
        if changed.get(BALANCES) != Some(&(deltas.len() as u64)) {
            self.balances_open(&deltas).await?;
        }
        for card in good {
            let (from, to) = (AttemptState::Releasing, AttemptState::Printed);
            self.deltas.attempt_ended(card.printer.clone(), self.now.0, from, to);
        }
        self.events.extend(good.iter().map(PrintedCard::event));
        Ok(begun)
    }
}

/// What `step!` answers.
#[derive(Default)]
struct Answers {
    /// The number of rows that each statement changed.
    changed: Vec<u64>,
    /// The profile and district of each record, and whether its card is recalled.
    counted: Vec<(String, String, bool)>,
    begun: Vec<Begun>,
}

async fn answers(
    query: Query<'_, Sqlite, SqliteArguments>,
    connection: &mut SqliteConnection,
) -> Result<Answers, sqlx::Error> {
    #[expect(deprecated, reason = "other databases take one statement at a time, and this text is SQLite's")]
    let mut stream = query.fetch_many(connection);
    let mut answers = Answers::default();
    while let Some(answer) = stream.try_next().await? {
        match answer {
            Either::Left(done) => answers.changed.push(done.rows_affected()),
            Either::Right(row) if row.len() == 3 => {
                answers.counted.push((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
            }
            Either::Right(row) => {
                answers.begun.push(Begun { job: JobId(row.try_get(0)?), key: AttemptKey(row.try_get(1)?) });
            }
        }
    }
    Ok(answers)
}
