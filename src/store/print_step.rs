//! The hot path of printing: saves good cards and begins the next attempts together.

use futures_util::TryStreamExt;
use sqlx::{Either, Row};

use super::{
    Begin, Begun, Inner, StoreError, Tx,
    attempt::{UNKNOWN_OWNER, begin, begin_row},
    doing, set,
    stock::{self, add, append},
};
use crate::domain::{
    attempt::AttemptState,
    id::{AttemptKey, JobId},
    job::PrintedCard,
    record::RecordState,
};

/// Saves good cards and begins attempts, with the statements of `attempts_begin` and `movements_append`.
///
/// For SQLite, one text with all statements, because sending a statement costs more than running it. The arguments: $1
/// now, $2 the attempts that ended, $3 their jobs with the known facts, $4 their records, $5 the attempts to begin, $6
/// the jobs of these, $7 movements, $8 their changes of the balances, $9 the actor's name, $10 the node, $11 the
/// actor's account, $12 the actor's means, $13 the owner of the attempts to begin.
const STEP: &str = concat!(
    "
    UPDATE attempt SET state = 'printed', reason = NULL, note = NULL, inspected = 0, ended_at_us = $1
    WHERE id IN (SELECT value FROM json_each($2)) AND state = 'releasing';
    UPDATE job SET state = 'printed'
    FROM json_each($3) AS v
    WHERE job.id = v.value ->> 0 AND job.state = 'printing' AND job.record_id = v.value ->> 1
      AND job.batch_id = v.value ->> 2 AND job.lot_id = v.value ->> 3;
    UPDATE record SET state = 'printed', reason = NULL, note = NULL
    WHERE id IN (SELECT value FROM json_each($4)) AND state = 'batched'
    RETURNING profile, district, stop IS NOT NULL;",
    append!("$7", "$1", "$9, $11, $12"),
    ";",
    add!("$8"),
    ";",
    begin!("$5", "$1", "$10", "$13"),
    ";
    UPDATE job SET state = 'printing'
    WHERE id IN (SELECT value FROM json_each($6)) AND state = 'queued'
      AND EXISTS (SELECT 1 FROM attempt WHERE attempt.job_id = job.id AND attempt.ended_at_us IS NULL)"
);

/// The subjects of the first statements of [`STEP`], in their order. Each changes a row per card.
const CHANGED: [&str; 4] = ["the attempt", "the job", "the record", "the ledger"];
/// The index of the statement that changes the records and returns the values for their counters.
const RECORDS: usize = 2;
/// The index of the statement that updates the balances.
const BALANCES: usize = 4;

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
        let jobs: Vec<_> = good.iter().map(|c| (c.job.0, c.record.0, c.batch.0, c.lot.0)).collect();
        let records: Vec<i64> = good.iter().map(|card| card.record.0).collect();
        let Inner::Sqlite(transaction) = &mut self.inner else {
            self.save(good.iter().map(PrintedCard::transition).collect()).await?;
            return self.attempts_begin(begins).await;
        };
        let rows: Vec<_> = begins.iter().map(begin_row).collect();
        let begun_jobs: Vec<i64> = begins.iter().map(|begin| begin.job.0).collect();
        let movements: Vec<_> = good.iter().map(PrintedCard::movement).collect();
        let deltas = stock::deltas(&movements);
        let query = sqlx::query(STEP).bind(self.now.0).bind(set(&attempts)).bind(set(&jobs)).bind(set(&records));
        let query = query.bind(set(&rows)).bind(set(&begun_jobs)).bind(stock::rows(&movements)).bind(set(&deltas));
        let (actor, account, means) = self.writer.actor.columns();
        let query = query.bind(actor).bind(self.writer.node()).bind(account).bind(means);
        let query = query.bind(self.writer.owner.unwrap_or(UNKNOWN_OWNER));
        #[expect(deprecated, reason = "other databases take one statement at a time, and this text is SQLite's")]
        let mut answers = query.fetch_many(&mut **transaction);
        let (mut changed, mut begun) = (Vec::new(), Vec::new());
        while let Some(answer) = answers.try_next().await.map_err(doing("saving cards"))? {
            match answer {
                Either::Left(done) => changed.push(done.rows_affected()),
                Either::Right(row) if changed.len() == RECORDS => {
                    let text = |at: usize| row.try_get::<String, _>(at).map_err(doing("saving cards"));
                    let stopped = row.try_get::<bool, _>(2).map_err(doing("saving cards"))?;
                    let (from, to) = ((RecordState::Batched, stopped), (RecordState::Printed, stopped));
                    self.deltas.record_changed((text(0)?, text(1)?), from, to);
                }
                Either::Right(row) => {
                    let number = |at: usize| row.try_get::<i64, _>(at).map_err(doing("beginning attempts"));
                    begun.push(Begun { job: JobId(number(0)?), key: AttemptKey(number(1)?) });
                }
            }
        }
        drop(answers);
        let wanted = good.len() as u64;
        if let Some((what, _)) = CHANGED.iter().zip(&changed).find(|(_, changed)| **changed != wanted) {
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
