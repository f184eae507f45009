//! The lane of a printer: the walk-in that waits joins the front of its batch.

use super::{Engine, planning::subject};
use crate::{
    domain::{
        audit::Event,
        breaker::Breaker,
        id::BatchId,
        walk_in::{self, Lane},
        window,
    },
    store::{QueuedJob, StoreError, Tx},
};

/// Lets the first walk-in of the waiting list join a batch of this printer, if one waits and may. Returns its job.
pub(super) async fn join(
    engine: &Engine,
    tx: &mut Tx,
    printer: &str,
    batch: BatchId,
) -> Result<Option<QueuedJob>, StoreError> {
    let Some(printer) = tx.printer_get(printer).await? else { return Ok(None) };
    let Some(of) = tx.lane_batch(batch).await? else { return Ok(None) };
    let first = tx.waiting_first(&of.profile, 1).await?.pop();
    let Some(claimed) = first.filter(|claimed| claimed.is_walk_in) else { return Ok(None) };
    let Some(profile) = engine.profiles.get(&of.profile) else { return Ok(None) };
    let lots = tx.account_lots(&profile.blank_type, &of.place.free()).await?;
    let (pauses, doubt) = tx.feeding_stops().await?;
    let is_paused = doubt.is_some() || pauses.iter().any(|pause| pause.scope.applies(&printer.name, Some(batch)));
    let is_open = window::is_open(&engine.settings.windows, &printer.name, tx.now());
    let is_well = matches!(printer.breaker, Breaker::Closed | Breaker::HalfOpen);
    let lane = Lane {
        is_kept: printer.supplies.limits.walk_in_lane,
        batch: of.state,
        may_begin: !is_paused && is_open && is_well && engine.has_lease() && printer.node.as_deref() == engine.node(),
        first: of.first,
        blanks: lots.iter().map(|lot| lot.quantity.max(0)).sum(),
        room: printer.supplies.room(of.open),
    };
    let lot = lots.iter().find(|lot| lot.quantity > 0);
    let Some(lot) = lot.filter(|_| walk_in::joins(&lane)) else { return Ok(None) };
    let joined = tx.batch_join(batch, &claimed, (&of.profile, &of.place), lot.lot).await?;
    if joined.is_some() {
        let event = Event::new("batch.joined", subject(batch)).with("printer", &printer.name);
        tx.audit_of(claimed.record, event.with("records", claimed.record));
    }
    Ok(joined)
}
