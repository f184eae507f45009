//! Pauses and batches.

use serde::{Deserialize, Serialize};

use super::{act::Act, counted_place::refuse_counted_hopper, printer::no_printer};
use crate::{
    domain::{
        audit::Event,
        batch::{Batch, BatchEnd, BatchState},
        id::BatchId,
        pause::PauseScope,
        permission::{Operation, Permit},
        refusal::{BatchRule, Refusal},
        value::Note,
    },
    engine::{Engine, EngineError, planning},
    store::Tx,
};

/// Pauses the queue, a printer or a batch. When it is done, at most the card being printed follows on each printer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Pause {
    /// What is paused.
    pub scope: PauseScope,
    /// Why.
    pub note: Note,
}

impl Act for Pause {
    /// `false` if it was paused before: the first reason stays.
    type Answer = bool;
    const OPERATION: Operation = Operation::Pause;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<bool, EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        match &self.scope {
            PauseScope::Queue => {}
            PauseScope::Printer(name) => drop(tx.printer_get(name).await?.ok_or_else(|| no_printer(name))?),
            PauseScope::Batch(id) => drop(open_batch(&mut tx, BatchId(*id)).await?),
        }
        let new = tx.pause_add(&self.scope, self.note.as_str()).await?;
        tx.audit(Event::new("queue.paused", subject(&self.scope)).with("note", self.note).with("new", new));
        tx.commit_with(&new).await?;
        Ok(new)
    }
}

/// Ends the pause of the queue.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ResumeQueue {
    /// Why.
    pub note: Note,
}

impl Act for ResumeQueue {
    /// `false` if it was not paused.
    type Answer = bool;
    const OPERATION: Operation = Operation::ResumeQueue;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<bool, EngineError> {
        end_pause(engine, permit.covers(Self::OPERATION)?, &PauseScope::Queue, &self.note).await
    }
}

/// Ends the pause of a printer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ResumePrinter {
    /// The printer.
    pub printer: String,
    /// Why.
    pub note: Note,
}

impl Act for ResumePrinter {
    /// `false` if it was not paused.
    type Answer = bool;
    const OPERATION: Operation = Operation::Resume;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<bool, EngineError> {
        let scope = PauseScope::Printer(self.printer);
        end_pause(engine, permit.covers(Self::OPERATION)?, &scope, &self.note).await
    }
}

/// Ends the pause of a batch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ResumeBatch {
    /// The batch.
    pub batch: BatchId,
    /// Why.
    pub note: Note,
}

impl Act for ResumeBatch {
    /// `false` if it was not paused.
    type Answer = bool;
    const OPERATION: Operation = Operation::Resume;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<bool, EngineError> {
        let scope = PauseScope::Batch(self.batch.0);
        end_pause(engine, permit.covers(Self::OPERATION)?, &scope, &self.note).await
    }
}

/// Ends a batch now: queued records go back to the waiting list, their blanks to where they came from. The card being
/// printed is finished.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CancelBatch {
    /// The batch.
    pub batch: BatchId,
    /// Why.
    pub note: Note,
}

impl Act for CancelBatch {
    /// `true` if the batch is closed, `false` if a card is still being printed.
    type Answer = bool;
    const OPERATION: Operation = Operation::Batch;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<bool, EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        let batch = open_batch(&mut tx, self.batch).await?;
        let state = planning::end(&mut tx, &batch, BatchEnd::Cancelled).await?;
        tx.audit(Event::new("batch.cancelled", planning::subject(self.batch)).with("note", self.note));
        let is_closed = state == BatchState::Closed;
        tx.commit_with(&is_closed).await?;
        Ok(is_closed)
    }
}

/// Lets a planned batch be printed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ApproveBatch {
    /// The batch.
    pub batch: BatchId,
}

impl Act for ApproveBatch {
    type Answer = ();
    const OPERATION: Operation = Operation::Batch;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        let batch = open_batch(&mut tx, self.batch).await?;
        if batch.state != BatchState::Planned {
            let (batch, found) = (self.batch, batch.state);
            return Err(Refusal::BatchState { batch, found, needs: BatchRule::Planned }.into());
        }
        tx.batch_change(self.batch, BatchState::Planned, BatchState::Running).await?;
        tx.audit(Event::new("batch.approved", planning::subject(self.batch)));
        Ok(tx.commit().await?)
    }
}

async fn end_pause(engine: &Engine, permit: &Permit, scope: &PauseScope, note: &Note) -> Result<bool, EngineError> {
    let mut tx = engine.write(permit).await?;
    if let PauseScope::Printer(printer) = scope {
        refuse_counted_hopper(&mut tx, printer).await?;
    }
    let was = tx.pause_end(scope).await?;
    if was {
        tx.audit(Event::new("queue.resumed", subject(scope)).with("note", note));
        tx.commit_with(&was).await?;
    }
    Ok(was)
}

fn subject(scope: &PauseScope) -> String {
    match scope {
        PauseScope::Queue => "queue".into(),
        PauseScope::Printer(name) => format!("printer {name}"),
        PauseScope::Batch(id) => format!("batch {id}"),
    }
}

async fn open_batch(tx: &mut Tx, id: BatchId) -> Result<Batch, EngineError> {
    match tx.batch_get(id).await? {
        Some(batch) if batch.state != BatchState::Closed => Ok(batch),
        Some(batch) => Err(Refusal::BatchState { batch: id, found: batch.state, needs: BatchRule::Open }.into()),
        None => Err(Refusal::NoBatch { batch: id }.into()),
    }
}
