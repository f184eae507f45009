//! Waiting list and blanks into batches, late: a printer gets its next batch when it has none.

use crate::{
    domain::{
        audit::Event,
        batch::{Batch, BatchState, size, sort_pile},
        id::{BatchId, LotId},
        job::return_job,
        profile::CardProfile,
        stock::{Cause, LotQuantity, Movement, Place, draw},
    },
    engine::{Settings, intake::ranges},
    store::{NewBatch, Printer, StoreError, Tx},
};

/// What planning came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Plan {
    /// A batch.
    Batch(Batch),
    /// No free blank for this printer.
    NoBlanks,
    /// Nobody waits.
    NobodyWaits,
}

/// Where the blanks of a printer's batches come from.
pub fn place(printer: &Printer) -> Place {
    if printer.hopper.is_some() { Place::Printer(printer.name.clone()) } else { Place::Vault }
}

/// Makes the next batch for a printer: the first of the waiting list, as many as there are free blanks for, with a blank
/// reserved for each.
pub async fn plan(
    tx: &mut Tx,
    printer: &Printer,
    profile: &CardProfile,
    settings: &Settings,
) -> Result<Plan, StoreError> {
    let place = place(printer);
    let lots = tx.account_lots(&profile.blank_type, &place.free()).await?;
    let blanks = lots.iter().map(|lot| lot.quantity).sum();
    let wanted = size(settings.batch_size, blanks, printer.hopper);
    if wanted == 0 {
        return Ok(Plan::NoBlanks);
    }
    let mut claimed = tx.waiting_first(&profile.name, wanted).await?;
    if claimed.is_empty() {
        return Ok(Plan::NobodyWaits);
    }
    sort_pile(&mut claimed);
    let count = i64::try_from(claimed.len()).unwrap_or(0);
    let drawn = draw(&lots, count).map_err(|_| StoreError::Short)?;
    let state = if settings.approve_batches { BatchState::Planned } else { BatchState::Running };
    let new = NewBatch { profile: profile.name.clone(), printer: printer.name.clone(), place: place.clone(), state };
    let id = tx.batch_make(&new).await?;
    let mut records: Vec<i64> = claimed.iter().map(|c| c.record.0).collect();
    records.sort_unstable();
    let with_lots: Vec<_> = claimed.into_iter().zip(each_lot(&drawn)).collect();
    tx.jobs_add(id, &with_lots).await?;
    let reserve = |lot: &LotQuantity| {
        Movement::new(lot.lot, place.free(), place.reserved(), lot.quantity, Cause::Reserved).of_batch(id)
    };
    tx.movements_append(&drawn.iter().map(reserve).collect::<Vec<_>>()).await?;
    let event = Event::new("batch.made", subject(id)).with("printer", &printer.name).with("profile", &profile.name);
    tx.audit(event.with("state", state.as_str()).with("jobs", count).with("records", ranges(&records)));
    Ok(Plan::Batch(Batch { id, profile: new.profile, printer: new.printer, state }))
}

fn each_lot(drawn: &[LotQuantity]) -> impl Iterator<Item = LotId> {
    drawn.iter().flat_map(|lot| std::iter::repeat_n(lot.lot, usize::try_from(lot.quantity).unwrap_or(0)))
}

/// How messages and audit name a batch.
pub fn subject(batch: BatchId) -> String {
    format!("batch {batch}")
}

/// Ends a batch: what is queued goes back to its old place in the waiting list, its blanks to where they came from. The
/// card in hand, if there is one, ends the batch later.
///
/// Returns its new state.
pub async fn end(tx: &mut Tx, batch: &Batch, why: &str) -> Result<BatchState, StoreError> {
    let open = tx.jobs_open(batch.id).await?;
    let (queued, printing): (Vec<_>, Vec<_>) =
        open.into_iter().partition(|(_, job)| job.state == crate::domain::job::JobState::Queued);
    let to = if printing.is_empty() { BatchState::Closed } else { BatchState::Closing };
    if to == batch.state {
        return Ok(to);
    }
    let mut returned: Vec<i64> = queued.iter().map(|(record, _)| record.0).collect();
    returned.sort_unstable();
    tx.save(queued.iter().map(|(record, job)| return_job(*record, job)).collect()).await?;
    tx.batch_change(batch.id, batch.state, to).await?;
    let mut event =
        Event::new(if to == BatchState::Closed { "batch.closed" } else { "batch.closing" }, subject(batch.id))
            .with("why", why);
    for (state, count) in tx.batch_counts(batch.id).await? {
        event.details.push((state_key(&state), count.to_string()));
    }
    if !returned.is_empty() {
        event = event.with("returned_records", ranges(&returned));
    }
    tx.audit(event);
    Ok(to)
}

fn state_key(state: &str) -> &'static str {
    state.parse::<crate::domain::job::JobState>().map_or("other", crate::domain::job::JobState::as_str)
}
