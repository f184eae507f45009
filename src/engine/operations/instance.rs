//! The adoption of a database that was copied or restored.

use serde::{Deserialize, Serialize};

use super::{act::Act, approval::Approval};
use crate::{
    domain::{
        audit::Event,
        batch::BatchEnd,
        id::AttemptKey,
        job::declare,
        pending::Target,
        permission::{Operation, Permit},
        ranges::ranges,
        record,
        refusal::Refusal,
        value::Note,
    },
    engine::{Engine, EngineError, instance::Comparison, instance_memory::InstanceMemory, planning},
    store::Tx,
};

/// What is known of the cards that the original database printed after this one was copied from it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrintedSince {
    /// There is none: it was stopped before and is not started again.
    None,
    /// It may have printed any record that waits here.
    Unknown,
}

impl PrintedSince {
    fn code(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Unknown => "unknown",
        }
    }
}

/// States what became of the database that this one was copied from, or of the state after the restored one. This one
/// is the living one from then on, with a new generation.
///
/// If the original may have printed since, its cards are not printed again: open batches are cancelled, records that wait are held
/// until a person releases them, and open attempts wait for their inspection.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AdoptDatabase {
    /// What the original printed since.
    pub printed_since: PrintedSince,
    /// Why.
    pub note: Note,
}

/// The result of [`AdoptDatabase`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Adopted {
    /// The new generation.
    pub generation: i64,
    /// The number of records that are held since.
    pub held: usize,
    /// The number of attempts that were open, and whose outcome is uncertain since.
    pub uncertain: usize,
}

impl Act for AdoptDatabase {
    type Answer = Adopted;
    const OPERATION: Operation = Operation::DatabaseAdopt;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<Adopted, EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        let adopted = self.apply(engine, &mut tx, Approval::Alone).await?;
        tx.commit().await?;
        Ok(adopted)
    }
}

impl AdoptDatabase {
    /// The database, which must be in doubt. The version is what it says of itself and what it is: the audit rows that the folder
    /// remembers are no part of it, because the request itself adds a row.
    pub(super) async fn target(engine: &Engine, tx: &mut Tx) -> Result<Target, EngineError> {
        let (_, seen) = in_doubt(engine, tx).await?;
        Ok(Target { name: "database".to_owned(), version: seen.version(), record: None })
    }

    pub(super) async fn apply(
        &self,
        engine: &Engine,
        tx: &mut Tx,
        approval: Approval<'_>,
    ) -> Result<Adopted, EngineError> {
        let (memory, seen) = in_doubt(engine, tx).await?;
        let adopted = seen.adopted();
        let (records, uncertain) = match self.printed_since {
            PrintedSince::None => (Vec::new(), 0),
            PrintedSince::Unknown => hold_back(engine, tx, self.note.as_str()).await?,
        };
        tx.instance_set(&adopted).await?;
        tx.doubt_end().await?;
        let event = Event::new("database.adopted", "database").with("note", &self.note);
        let event = seen.mark(event).with("generation", adopted.generation);
        let event = event.with("printed_since", self.printed_since.code()).with("uncertain", uncertain);
        tx.audit(approval.mark(event.with("held", records.len()).with("records", ranges(&records))));
        tx.announce();
        // Before the commit: a folder that remembers the later generation alone asks once more.
        memory.write(seen.memory(adopted.generation)).await?;
        Ok(Adopted { generation: adopted.generation, held: records.len(), uncertain })
    }
}

/// The memory of this data folder, and the comparison with it. Refused if it gives no reason to adopt the database.
async fn in_doubt<'a>(engine: &'a Engine, tx: &mut Tx) -> Result<(&'a dyn InstanceMemory, Comparison), EngineError> {
    let Some(memory) = engine.memory.as_deref() else { return Err(Refusal::NothingToAdopt.into()) };
    let seen = Comparison::read(tx, memory).await?;
    if seen.is_in_doubt() { Ok((memory, seen)) } else { Err(Refusal::NothingToAdopt.into()) }
}

/// Keeps back every card that another database may have printed: the outcome of an open attempt is uncertain, all batches end,
/// and what waits is held. Returns the records that are held, and the number of open attempts.
async fn hold_back(engine: &Engine, tx: &mut Tx, note: &str) -> Result<(Vec<i64>, usize), EngineError> {
    tx.without_timeout();
    let printers: Vec<String> = tx.printer_list().await?.into_iter().map(|printer| printer.name).collect();
    let open: Vec<AttemptKey> = tx.attempts_open(&printers).await?.into_iter().map(|(_, open)| open.key).collect();
    let views = tx.attempts_view(&open, &|profile| engine.attempts_limit(profile)).await?;
    tx.save(views.iter().map(|view| declare(view, note)).collect()).await?;
    let test_cards = tx.test_cards_open().await?;
    for stored in &test_cards {
        tx.test_card_change(stored.card.declared(note)).await?;
    }
    let batches = tx.batches_open(&printers).await?;
    planning::end_all(tx, &batches.iter().map(|batch| (batch, BatchEnd::Cancelled)).collect::<Vec<_>>()).await?;
    let records = tx.waiting_all().await?;
    tx.save(records.iter().map(|record| record::hold_at_adoption(*record)).collect()).await?;
    let mut held: Vec<i64> = records.iter().map(|record| record.0).collect();
    held.sort_unstable();
    Ok((held, open.len() + test_cards.len()))
}
