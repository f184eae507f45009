//! Pauses, batches and printers.

use cetak_driver_api::{Capabilities, Fault, PrinterStatus};

use super::{EngineError, Office, begin};
use crate::{
    domain::{
        audit::Event,
        batch::{Batch, BatchState},
        breaker::Breaker,
        id::BatchId,
        profile::is_name,
    },
    engine::batcher,
    store::{PauseScope, Printer, Tx},
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
        PauseScope::Printer(name) => tx.printer_get(name).await?.map(|_| ()).ok_or_else(|| no_printer(name)),
        PauseScope::Batch(id) => open_batch(tx, BatchId(*id)).await.map(|_| ()),
    }
}

/// Pauses. When this returns, at most the card in hand follows on each printer.
///
/// Returns `false` if it was paused already: the first reason stands.
pub async fn pause(office: &Office, scope: &PauseScope, reason: &str) -> Result<bool, EngineError> {
    let mut tx = begin(office).await?;
    exists(&mut tx, scope).await?;
    let new = tx.pause_add(scope, reason).await?;
    tx.audit(Event::new("queue.paused", subject(scope)).with("reason", reason).with("new", new));
    tx.commit().await?;
    Ok(new)
}

/// Ends a pause.
///
/// Returns `false` if there was none.
pub async fn resume(office: &Office, scope: &PauseScope, reason: &str) -> Result<bool, EngineError> {
    let mut tx = begin(office).await?;
    let was = tx.pause_end(scope).await?;
    if was {
        tx.audit(Event::new("queue.resumed", subject(scope)).with("reason", reason));
        tx.commit().await?;
    }
    Ok(was)
}

async fn open_batch(tx: &mut Tx, id: BatchId) -> Result<Batch, EngineError> {
    let message = match tx.batch_get(id).await? {
        Some(batch) if batch.state != BatchState::Closed => return Ok(batch),
        Some(_) => format!("batch {id} is closed"),
        None => format!("there is no batch {id}"),
    };
    Err(EngineError::refused(message, "see the open ones with `cetak batch list`"))
}

/// Ends a batch now: queued records go back to the waiting list, their blanks to where they came from. The card in hand
/// is finished.
///
/// Returns `true` if the batch is closed, `false` if a card is still in hand.
pub async fn batch_cancel(office: &Office, id: BatchId, reason: &str) -> Result<bool, EngineError> {
    let mut tx = begin(office).await?;
    let batch = open_batch(&mut tx, id).await?;
    let state = batcher::end(&mut tx, &batch, reason).await?;
    tx.audit(Event::new("batch.cancelled", batcher::subject(id)).with("reason", reason));
    tx.commit().await?;
    Ok(state == BatchState::Closed)
}

/// Lets a planned batch be printed.
pub async fn batch_approve(office: &Office, id: BatchId) -> Result<(), EngineError> {
    let mut tx = begin(office).await?;
    let batch = open_batch(&mut tx, id).await?;
    if batch.state != BatchState::Planned {
        return Err(EngineError::refused(
            format!("batch {id} is `{}`", batch.state.as_str()),
            "only a `planned` batch waits for approval",
        ));
    }
    tx.batch_change(id, BatchState::Planned, BatchState::Running).await?;
    tx.audit(Event::new("batch.approved", batcher::subject(id)));
    Ok(tx.commit().await?)
}

pub(super) fn no_printer(name: &str) -> EngineError {
    EngineError::refused(format!("there is no printer `{name}`"), "see the printers with `cetak printer list`")
}

/// Adds a printer. The URI is checked by its driver; the printer is not contacted.
pub async fn printer_add(
    office: &Office,
    name: &str,
    uri: &str,
    profile: &str,
    hopper: Option<i64>,
) -> Result<(), EngineError> {
    if !is_name(name) {
        return Err(EngineError::refused(
            format!("`{name}` is no name for a printer"),
            "use letters, digits, `-`, `_` and `.`, at most 40",
        ));
    }
    office.profile(profile)?;
    (office.drivers)(name, uri).map_err(|message| EngineError::Refused { message, hint: None })?;
    if hopper.is_some_and(|n| !(1..=100_000).contains(&n)) {
        return Err(EngineError::refused(
            "a hopper takes 1 to 100,000 blanks",
            "leave --hopper out where hoppers are not counted",
        ));
    }
    let mut tx = begin(office).await?;
    if !tx.printer_add(name, uri, profile, hopper).await? {
        return Err(EngineError::refused(
            format!("there is a printer `{name}` already"),
            "remove it first, or choose another name",
        ));
    }
    let mut event =
        Event::new("printer.added", format!("printer {name}")).with("uri", plain_uri(uri)).with("profile", profile);
    if let Some(hopper) = hopper {
        event = event.with("hopper", hopper);
    }
    tx.audit(event);
    Ok(tx.commit().await?)
}

/// A URI without user and password.
pub fn plain_uri(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once("://") else { return uri.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{tail}")
}

/// Takes a printer out of use: only when it has no batch, no open attempt and an empty hopper.
pub async fn printer_remove(office: &Office, name: &str) -> Result<(), EngineError> {
    let mut tx = begin(office).await?;
    let Some(printer) = tx.printer_get(name).await? else { return Err(no_printer(name)) };
    if let Some(batch) = tx.batch_open(name).await? {
        return Err(EngineError::refused(
            format!("printer `{name}` has batch {}", batch.id),
            format!("cancel it with `cetak batch cancel {}`", batch.id),
        ));
    }
    if !tx.attempts_open(name).await?.is_empty() {
        return Err(EngineError::refused(
            format!("printer `{name}` has a card in hand"),
            "wait for it, or declare it with `cetak inspect declare`",
        ));
    }
    if tx.uncertain_list().await?.iter().any(|line| line.printer == name) {
        return Err(EngineError::refused(
            format!("printer `{name}` has cards whose outcome nobody knows"),
            "resolve them first: `cetak inspect list`",
        ));
    }
    let blank_type = &office.profile(&printer.profile)?.blank_type;
    let place = crate::domain::stock::Place::Printer(name.to_owned());
    let left: i64 = tx.account_lots(blank_type, &place.free()).await?.iter().map(|lot| lot.quantity).sum();
    if left > 0 {
        return Err(EngineError::refused(
            format!("{left} blanks are in the hopper of `{name}`"),
            format!("take them out with `cetak blangko unload --printer {name} --quantity {left}`"),
        ));
    }
    tx.printer_remove(name).await?;
    tx.pause_end(&PauseScope::Printer(name.to_owned())).await?;
    tx.audit(Event::new("printer.removed", format!("printer {name}")));
    Ok(tx.commit().await?)
}

/// An operator says that the printer is well: its breaker is closed.
pub async fn printer_clear(office: &Office, name: &str, reason: &str) -> Result<(), EngineError> {
    let mut tx = begin(office).await?;
    let Some(printer) = tx.printer_get(name).await? else { return Err(no_printer(name)) };
    tx.printer_breaker(name, printer.breaker, Breaker::Closed, 0).await?;
    tx.audit(
        Event::new("printer.cleared", format!("printer {name}"))
            .with("was", printer.breaker.as_str())
            .with("reason", reason),
    );
    Ok(tx.commit().await?)
}

/// What a printer says of itself. Sends nothing that could print.
pub async fn printer_probe(
    office: &Office,
    name: &str,
) -> Result<(Printer, Result<(Capabilities, PrinterStatus), Fault>), EngineError> {
    let found = office.store.read().await?.printer_get(name).await?;
    let Some(printer) = found else { return Err(no_printer(name)) };
    let driver =
        (office.drivers)(name, &printer.uri).map_err(|message| EngineError::Refused { message, hint: None })?;
    let answer = async { Ok((driver.probe().await?, driver.status().await?)) }.await;
    Ok((printer, answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_is_shown_without_user_and_password() {
        assert_eq!(plain_uri("ipps://u:p@host:631/ipp/print"), "ipps://host:631/ipp/print");
        assert_eq!(plain_uri("mock://p1?truth=a@b"), "mock://p1?truth=a@b");
        assert_eq!(plain_uri("nonsense"), "nonsense");
    }
}
