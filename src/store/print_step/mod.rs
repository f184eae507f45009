//! The hot path of printing: saves good cards and begins the next attempts together.
//!
//! Each database has a text of its own for it, because a round trip costs more than most statements. A test compares each with
//! `save` and `attempts_begin`, over random groups.

mod change;
mod postgres;
mod sqlite;

use self::change::{SAVING, Step};
use super::{
    Begin, Begun, Inner, StoreError, Tx,
    attempt::{Counted, UNKNOWN_OWNER},
    doing, stock,
};
use crate::domain::{attempt::AttemptState, job::PrintedCard, record::RecordState};

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
        let movements: Vec<_> = good.iter().map(PrintedCard::movement).collect();
        let balances = stock::deltas(&movements);
        // On PostgreSQL the guards see these cards as open, on SQLite as ended.
        let ended = match self.inner {
            Inner::Sqlite(_) => good,
            Inner::Postgres(_) => &[],
        };
        let uncounted = |begin: &Begin| {
            let ended = ended.iter().filter(|card| card.printer == begin.printer).count();
            self.deltas.fed_by(&begin.printer) + i64::try_from(ended).unwrap_or(i64::MAX)
        };
        let begins: Vec<Counted> = begins.iter().map(|begin| Counted { begin, uncounted: uncounted(begin) }).collect();
        let step = Step {
            good,
            balances: &balances,
            begins: &begins,
            now_us: self.now.0,
            node: self.writer.node(),
            owner: self.writer.owner.unwrap_or(UNKNOWN_OWNER),
            actor: self.writer.actor.columns(),
        };
        let changed = match &mut self.inner {
            Inner::Sqlite(transaction) => sqlite::run(transaction, &step).await?,
            Inner::Postgres(transaction) => {
                Box::pin(transaction.run(async |c| postgres::run(c, &step).await)).await.map_err(doing(SAVING))?
            }
        };
        let records = changed.records.iter().map(|(_, _, _, number)| number.unsigned_abs()).sum();
        let cards = [
            (changed.attempts, "the attempt"),
            (changed.jobs, "the job"),
            (records, "the record"),
            (changed.movements, "the ledger"),
        ];
        if let Some((_, what)) = cards.into_iter().find(|(number, _)| *number != good.len() as u64) {
            return Err(StoreError::Conflict(what));
        }
        if changed.printing != changed.begun.len() as u64 {
            return Err(StoreError::Conflict("the job"));
        }
        if changed.balances != balances.len() as u64 {
            self.balances_open(&balances).await?;
        }
        for (profile, district, stopped, number) in changed.records {
            let (from, to) = ((RecordState::Batched, stopped), (RecordState::Printed, stopped));
            self.deltas.records_changed((profile, district), from, to, number);
        }
        for (card, movement) in good.iter().zip(&movements) {
            self.changes.record_state(card.record, RecordState::Batched, RecordState::Printed);
            self.changes.movement(movement, Some(card.batch.0));
            let (from, to) = (AttemptState::Releasing, AttemptState::Printed);
            self.deltas.attempt_ended(&card.printer, self.now.0, from, to);
        }
        self.events.extend(good.iter().map(PrintedCard::event));
        Ok(changed.begun)
    }
}
