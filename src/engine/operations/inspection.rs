//! Attempts whose outcome is unknown: declared uncertain, inspected.

use cetak_driver_api::{AttemptId, Found};

use super::{Engine, EngineError, begin};
use crate::{
    domain::{
        attempt::{AttemptState, InspectionResult},
        audit::Event,
        job::{inspect, settle},
    },
    engine::{
        planning,
        printing::{attempt as hand, verdict::uncertain},
    },
    store::Tx,
};

pub use crate::domain::attempt::InspectionResult as FoundByPerson;

async fn attempt_key(tx: &mut Tx, name: &str) -> Result<crate::domain::id::AttemptKey, EngineError> {
    if let Some(found) = tx.attempt_find(name).await? {
        return Ok(found);
    }
    let message = match tx.attempt_archived(name).await? {
        Some(state) => format!("attempt `{name}` is `{state}`, and archived"),
        None => format!("there is no attempt `{name}`"),
    };
    Err(EngineError::refused(message, "see the open ones with `cetak inspect list`"))
}

/// A person's answer to an uncertain attempt. Once only.
pub async fn inspect_resolve(
    engine: &Engine,
    attempt: &str,
    found: InspectionResult,
    reason: &str,
) -> Result<(), EngineError> {
    let mut tx = begin(engine).await?;
    let key = attempt_key(&mut tx, attempt).await?;
    let view = tx.attempts_view(&[key], &|profile| engine.attempts_limit(profile)).await?.pop();
    let Some(view) = view else {
        return Err(EngineError::refused(
            format!("there is no attempt `{attempt}`"),
            "see them with `cetak inspect list`",
        ));
    };
    if view.state != AttemptState::Uncertain {
        let hint = if view.state.is_open() {
            "it is not ended; declare it first with `cetak inspect declare`"
        } else {
            "see the open ones with `cetak inspect list`"
        };
        return Err(EngineError::refused(
            format!("attempt `{attempt}` is `{}`, and only an `uncertain` one can be resolved", view.state.as_str()),
            hint,
        ));
    }
    tx.save(vec![inspect(&view, found, reason)?]).await?;
    Ok(tx.commit().await?)
}

/// An operator says that nobody will learn what became of an open attempt: its printer does not answer. It becomes
/// uncertain, and is then inspected.
pub async fn declare_uncertain(engine: &Engine, attempt: &str, reason: &str) -> Result<(), EngineError> {
    refuse_if_answering(engine, attempt).await?;
    let mut tx = begin(engine).await?;
    let key = attempt_key(&mut tx, attempt).await?;
    let view = tx.attempts_view(&[key], &|profile| engine.attempts_limit(profile)).await?.pop();
    let Some(view) = view.filter(|view| view.state.is_open()) else {
        return Err(EngineError::refused(
            format!("attempt `{attempt}` has no card in hand"),
            "only an attempt that is open can be declared uncertain",
        ));
    };
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
        Ok(Found::Held | Found::Queued | Found::Printing { .. } | Found::Ended(_)) => Err(EngineError::refused(
            format!("printer `{}` still answers for attempt `{attempt}`", printer.name),
            "let `cetak run` settle it, or cancel it at the printer first",
        )),
    }
}
