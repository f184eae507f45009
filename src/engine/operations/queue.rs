//! Pauses and batches.

use super::{Engine, EngineError, begin, printer::no_printer};
use crate::{
    domain::{
        audit::Event,
        batch::{Batch, BatchState},
        id::BatchId,
        pause::PauseScope,
        refusal::{BatchRule, Refusal},
    },
    engine::planning,
    store::Tx,
};

fn subject(scope: &PauseScope) -> String {
    match scope {
        PauseScope::Queue => "queue".into(),
        PauseScope::Printer(name) => format!("printer {name}"),
        PauseScope::Batch(id) => format!("batch {id}"),
    }
}

async fn exists(tx: &mut Tx, scope: &PauseScope) -> Result<(), EngineError> {
    match scope {
        PauseScope::Queue => Ok(()),
        PauseScope::Printer(name) => tx.printer_get(name).await?.map(|_| ()).ok_or_else(|| no_printer(name).into()),
        PauseScope::Batch(id) => open_batch(tx, BatchId(*id)).await.map(|_| ()),
    }
}

/// Pauses. When this returns, at most the card in hand follows on each printer.
///
/// Returns `false` if it was paused already: the first reason stands.
pub async fn pause(engine: &Engine, scope: &PauseScope, reason: &str) -> Result<bool, EngineError> {
    let mut tx = begin(engine).await?;
    exists(&mut tx, scope).await?;
    let new = tx.pause_add(scope, reason).await?;
    tx.audit(Event::new("queue.paused", subject(scope)).with("reason", reason).with("new", new));
    tx.commit().await?;
    Ok(new)
}

/// Ends a pause.
///
/// Returns `false` if there was none.
pub async fn resume(engine: &Engine, scope: &PauseScope, reason: &str) -> Result<bool, EngineError> {
    let mut tx = begin(engine).await?;
    let was = tx.pause_end(scope).await?;
    if was {
        tx.audit(Event::new("queue.resumed", subject(scope)).with("reason", reason));
        tx.commit().await?;
    }
    Ok(was)
}

async fn open_batch(tx: &mut Tx, id: BatchId) -> Result<Batch, EngineError> {
    match tx.batch_get(id).await? {
        Some(batch) if batch.state != BatchState::Closed => Ok(batch),
        Some(batch) => Err(Refusal::BatchState { batch: id, found: batch.state, needs: BatchRule::Open }.into()),
        None => Err(Refusal::NoBatch { batch: id }.into()),
    }
}

/// Ends a batch now: queued records go back to the waiting list, their blanks to where they came from. The card in hand
/// is finished.
///
/// Returns `true` if the batch is closed, `false` if a card is still in hand.
pub async fn batch_cancel(engine: &Engine, id: BatchId, reason: &str) -> Result<bool, EngineError> {
    let mut tx = begin(engine).await?;
    let batch = open_batch(&mut tx, id).await?;
    let state = planning::end(&mut tx, &batch, reason).await?;
    tx.audit(Event::new("batch.cancelled", planning::subject(id)).with("reason", reason));
    tx.commit().await?;
    Ok(state == BatchState::Closed)
}

/// Lets a planned batch be printed.
pub async fn batch_approve(engine: &Engine, id: BatchId) -> Result<(), EngineError> {
    let mut tx = begin(engine).await?;
    let batch = open_batch(&mut tx, id).await?;
    if batch.state != BatchState::Planned {
        return Err(Refusal::BatchState { batch: id, found: batch.state, needs: BatchRule::Planned }.into());
    }
    tx.batch_change(id, BatchState::Planned, BatchState::Running).await?;
    tx.audit(Event::new("batch.approved", planning::subject(id)));
    Ok(tx.commit().await?)
}
