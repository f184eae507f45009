//! Test cards that no process watches any more: their printers are asked how they ended.

use std::time::Duration;

use cetak_driver_api::AttemptId;
use tracing::info;

use super::{
    Engine, EngineError,
    printing::{
        attempt::{cancel_leftover, judge, reference},
        verdict::{self, Verdict},
    },
};
use crate::{
    domain::{attempt::Outcome, owner::Presence, permission::Permit, reason::Reason},
    store::{StoreError, StoredTestCard},
};

/// The longest time for which a test card may be open while its printer does not tell how it ended. Then it is uncertain,
/// whatever became of the process that watches it; that is longer than it is watched.
pub(super) const OPEN_MAX: Duration = Duration::from_mins(10);

/// Settles the open test cards that need it. One that its printer still makes stays open until it is late, and so does one
/// that its process watches.
pub(super) async fn settle_left_over(
    engine: &Engine,
    permit: &Permit,
    open: Vec<StoredTestCard>,
) -> Result<(), EngineError> {
    for stored in open {
        let is_late = engine.clock.now().since(stored.began_at) > OPEN_MAX;
        let is_watched = stored
            .owner
            .as_ref()
            .is_some_and(|owner| !owner.has_ended && engine.owners.presence(owner.process.as_ref()) != Presence::Gone);
        if is_watched && !is_late {
            continue;
        }
        let outcome = match ask(engine, &stored, is_late).await? {
            Some(Verdict::Ended(outcome)) => outcome,
            Some(Verdict::Wait(_) | Verdict::Cancel) | None if is_late => verdict::uncertain(Reason::NotEnded),
            Some(Verdict::Wait(_) | Verdict::Cancel) | None => continue,
        };
        save(engine, permit, &stored, &outcome).await?;
    }
    Ok(())
}

/// What the printer says; `None` if it does not answer, or was removed. A late card that it still makes is cancelled.
async fn ask(engine: &Engine, stored: &StoredTestCard, is_late: bool) -> Result<Option<Verdict>, EngineError> {
    let Some(printer) = engine.store.read().await?.printer_get(&stored.card.printer).await? else { return Ok(None) };
    let Ok(driver) = (engine.drivers)(&printer.name, &printer.uri) else { return Ok(None) };
    let Ok(id) = AttemptId::new(&*stored.card.name) else { return Ok(None) };
    let reference = reference(&stored.open, id);
    let Ok(verdict) = judge(&*driver, &reference).await else { return Ok(None) };
    match &verdict {
        Verdict::Ended(outcome) if !cancel_leftover(&*driver, &reference, outcome).await => return Ok(None),
        Verdict::Wait(_) if is_late => {
            let _ = driver.cancel(&reference).await; // it is uncertain in any case
        }
        Verdict::Ended(_) | Verdict::Wait(_) | Verdict::Cancel => {}
    }
    Ok(Some(verdict))
}

async fn save(engine: &Engine, permit: &Permit, stored: &StoredTestCard, outcome: &Outcome) -> Result<(), EngineError> {
    let mut tx = engine.write(permit).await?;
    match tx.test_card_change(stored.card.ended(outcome)).await {
        Err(StoreError::Conflict(_)) => return Ok(()), // its own process or a person was faster
        changed => changed?,
    }
    tx.commit_part().await?;
    let (name, state) = (&*stored.card.name, outcome.state().as_str());
    info!(attempt.id = name, outcome = state, "a test card that was left open is settled");
    Ok(())
}
