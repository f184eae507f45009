//! Attempts whose outcome is unknown: declared uncertain, inspected.

use cetak_driver_api::{AttemptId, Found};

use super::{Engine, EngineError, begin};
use crate::{
    domain::{
        attempt::{AttemptState, AttemptView, InspectionResult},
        audit::Event,
        id::AttemptKey,
        job::{inspect, settle},
        refusal::{AttemptRule, Refusal},
    },
    engine::{
        planning,
        printing::{attempt as hand, verdict::uncertain},
    },
    store::Tx,
};

pub use crate::domain::attempt::InspectionResult as FoundByPerson;

async fn attempt_key(tx: &mut Tx, name: &str, needs: AttemptRule) -> Result<AttemptKey, EngineError> {
    if let Some(found) = tx.attempt_find(name).await? {
        return Ok(found);
    }
    let attempt = name.to_owned();
    Err(match tx.attempt_archived(name).await? {
        Some(found) => Refusal::AttemptState { attempt, found, needs, archived: true }.into(),
        None => Refusal::NoAttempt { attempt }.into(),
    })
}

/// The attempt with this name, in a state that the act needs.
async fn attempt_view(
    engine: &Engine,
    tx: &mut Tx,
    name: &str,
    needs: AttemptRule,
) -> Result<AttemptView, EngineError> {
    let key = attempt_key(tx, name, needs).await?;
    let view = tx.attempts_view(&[key], &|profile| engine.attempts_limit(profile)).await?.pop();
    let view = view.ok_or_else(|| Refusal::NoAttempt { attempt: name.to_owned() })?;
    let fits = match needs {
        AttemptRule::Uncertain => view.state == AttemptState::Uncertain,
        AttemptRule::Open => view.state.is_open(),
    };
    if fits {
        return Ok(view);
    }
    Err(Refusal::AttemptState { attempt: view.name, found: view.state, needs, archived: false }.into())
}

/// A person's answer to an uncertain attempt. Once only.
pub async fn inspect_resolve(
    engine: &Engine,
    attempt: &str,
    found: InspectionResult,
    reason: &str,
) -> Result<(), EngineError> {
    let mut tx = begin(engine).await?;
    let view = attempt_view(engine, &mut tx, attempt, AttemptRule::Uncertain).await?;
    tx.save(vec![inspect(&view, found, reason)?]).await?;
    Ok(tx.commit().await?)
}

/// An operator says that nobody will learn what became of an open attempt: its printer does not answer. It becomes
/// uncertain, and is then inspected.
pub async fn declare_uncertain(engine: &Engine, attempt: &str, reason: &str) -> Result<(), EngineError> {
    refuse_if_answering(engine, attempt).await?;
    let mut tx = begin(engine).await?;
    let view = attempt_view(engine, &mut tx, attempt, AttemptRule::Open).await?;
    let outcome = uncertain(&format!("declared by a person: {reason}"));
    let transition = settle(&view, &outcome, engine.settings.backoff, tx.now(), 0.0, None);
    tx.save(vec![transition]).await?;
    if view.batch_is_closing
        && let Some(batch) = tx.batch_get(view.batch).await?
    {
        planning::end(&mut tx, &batch, "the last card in hand was declared uncertain").await?;
    }
    tx.audit(Event::new("attempt.declared", attempt).with("reason", reason));
    Ok(tx.commit().await?)
}

/// A printer that still answers for its card settles it by itself; declaring it would let the record be printed again.
async fn refuse_if_answering(engine: &Engine, attempt: &str) -> Result<(), EngineError> {
    let open = engine.store.read().await?.attempt_open(attempt).await?;
    let Some((printer, open)) = open else { return Ok(()) };
    let Some(printer) = engine.store.read().await?.printer_get(&printer).await? else { return Ok(()) };
    let Ok(driver) = (engine.drivers)(&printer.name, &printer.uri) else { return Ok(()) };
    let Ok(id) = AttemptId::new(attempt) else { return Ok(()) };
    let reference = hand::reference(&open, id);
    match driver.find(&reference).await {
        Err(_) | Ok(Found::NeverSeen { .. } | Found::Forgotten) => Ok(()),
        Ok(Found::Held | Found::Queued | Found::Printing { .. } | Found::Ended(_)) => {
            Err(Refusal::PrinterStillAnswers { printer: printer.name, attempt: attempt.to_owned() }.into())
        }
    }
}
