//! Plans and ends batches: reads, lets the domain decide, saves. A printer gets its next batch when it has none.

use std::collections::{HashMap, HashSet};

use crate::{
    domain::{
        audit::Event,
        batch::{Batch, BatchEnd, BatchState},
        card::profile::CardProfile,
        id::{BatchId, RecordId},
        job::{JobState, OpenJob, return_job},
        planning::{self, BatchPlan, BatchRequest, Ending, FreeBlanks, Planned, Policy, Waiting},
        printer::Printer,
        ranges::ranges,
        stock::{Account, Cause, LotQuantity, Movement, Place},
    },
    engine::Settings,
    store::{NewBatch, QueuedJob, StoreError, Tx},
};

/// The result of planning.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Plan {
    /// A batch and its queued jobs, in printing order.
    Batch(Batch, Vec<QueuedJob>),
    /// No free blank for this printer.
    NoBlanks,
    /// The waiting list of its profile is empty.
    NothingWaits,
}

/// The result of ending a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BatchEnded {
    /// Its new state.
    pub state: BatchState,
    /// Whether records and blanks were returned, so that other printers can use them.
    pub frees: bool,
}

/// The place of the blanks for a printer's batches.
pub fn place(printer: &Printer) -> Place {
    planning::place(&printer.name, printer.hopper)
}

/// The maximum of printers in one planning step: their waiting records are in memory.
const PLANS_AT_ONCE: usize = 64;

/// Plans the next batch of a printer, with a reserved blank for each of its records.
pub async fn plan(
    tx: &mut Tx,
    printer: &Printer,
    profile: &CardProfile,
    settings: &Settings,
) -> Result<Plan, StoreError> {
    let plans = plan_all(tx, &[(printer, profile)], settings).await?;
    Ok(plans.into_iter().next().unwrap_or(Plan::NothingWaits))
}

/// [`plan`] for several printers, each at most once, in the given order.
pub async fn plan_all(
    tx: &mut Tx,
    printers: &[(&Printer, &CardProfile)],
    settings: &Settings,
) -> Result<Vec<Plan>, StoreError> {
    let mut plans = Vec::with_capacity(printers.len());
    for printers in printers.chunks(PLANS_AT_ONCE) {
        let requests: Vec<BatchRequest> = printers
            .iter()
            .map(|(printer, profile)| BatchRequest {
                printer: &printer.name,
                hopper: printer.hopper,
                profile: &profile.name,
                blank_type: &profile.blank_type,
            })
            .collect();
        plans.extend(plan_some(tx, &requests, settings).await?);
    }
    Ok(plans)
}

async fn plan_some(tx: &mut Tx, requests: &[BatchRequest<'_>], settings: &Settings) -> Result<Vec<Plan>, StoreError> {
    let mut free = free_blanks(tx, requests).await?;
    let mut waiting = Waiting::new();
    for (profile, most) in planning::most_wanted(requests, &free, settings.batch_size) {
        waiting.insert(profile, tx.waiting_first(profile, most).await?.into());
    }
    let policy = Policy { batch_size: settings.batch_size, needs_approval: settings.approve_batches };
    let mut plans = Vec::with_capacity(requests.len());
    let (mut new, mut places) = (Vec::new(), Vec::new());
    for (request, planned) in requests.iter().zip(planning::plan(requests, &mut waiting, &mut free, policy)) {
        plans.push(match planned {
            Planned::NoBlanks => Some(Plan::NoBlanks),
            Planned::NothingWaits => Some(Plan::NothingWaits),
            Planned::Batch(BatchPlan { place, state, lots, cards }) => {
                let each = lots
                    .iter()
                    .flat_map(|lot| std::iter::repeat_n(lot.lot, usize::try_from(lot.quantity).unwrap_or(0)));
                let with_lots = cards.into_iter().zip(each).collect();
                let (profile, printer) = (request.profile.to_owned(), request.printer.to_owned());
                new.push((NewBatch { profile, printer, place: place.clone(), state }, with_lots));
                places.push((place, lots));
                None
            }
        });
    }
    let made = tx.batches_make(new).await?;
    let mut movements = Vec::new();
    for ((batch, jobs), (place, lots)) in made.iter().zip(&places) {
        let reserve = |lot: &LotQuantity| {
            Movement::new(lot.lot, place.free(), place.reserved(), lot.quantity, Cause::Reserved).of_batch(batch.id)
        };
        movements.extend(lots.iter().map(reserve));
        let mut records: Vec<i64> = jobs.iter().map(|job| job.record.0).collect();
        records.sort_unstable();
        let event = Event::new("batch.made", subject(batch.id)).with("printer", &batch.printer);
        let event = event.with("profile", &batch.profile).with("state", batch.state.as_str());
        tx.audit(event.with("jobs", jobs.len()).with("records", ranges(&records)));
    }
    tx.movements_append(&movements).await?;
    let mut made = made.into_iter().map(|(batch, jobs)| Plan::Batch(batch, jobs));
    Ok(plans.into_iter().map(|plan| plan.or_else(|| made.next()).unwrap_or(Plan::NothingWaits)).collect())
}

async fn free_blanks<'a>(tx: &mut Tx, requests: &[BatchRequest<'a>]) -> Result<FreeBlanks<'a>, StoreError> {
    let keys: HashSet<(&str, Account)> = requests.iter().map(|r| (r.blank_type, r.place().free())).collect();
    let keys: Vec<(&str, Account)> = keys.into_iter().collect();
    let lots = tx.accounts_lots(&keys.iter().map(|(kind, account)| (*kind, account)).collect::<Vec<_>>()).await?;
    Ok(keys.into_iter().zip(lots).collect())
}

/// The name of a batch in messages and in the audit.
pub fn subject(batch: BatchId) -> String {
    format!("batch {batch}")
}

/// Ends a batch: queued records return to their former place on the waiting list, and their blanks to their place. If
/// an attempt is open, the batch ends when it has ended. Returns the new state.
pub async fn end(tx: &mut Tx, batch: &Batch, why: BatchEnd) -> Result<BatchState, StoreError> {
    let ended = end_all(tx, &[(batch, why)]).await?;
    Ok(ended.first().map_or(batch.state, |ended| ended.state))
}

/// [`end`] for several batches, each at most once, with the reason of each.
pub async fn end_all(tx: &mut Tx, batches: &[(&Batch, BatchEnd)]) -> Result<Vec<BatchEnded>, StoreError> {
    if batches.is_empty() {
        return Ok(Vec::new());
    }
    let mut open: HashMap<BatchId, Vec<(RecordId, OpenJob)>> = HashMap::new();
    for (record, job) in tx.jobs_open(&batches.iter().map(|(batch, _)| batch.id).collect::<Vec<_>>()).await? {
        open.entry(job.batch).or_default().push((record, job));
    }
    let mut ended = Vec::with_capacity(batches.len());
    let (mut changes, mut returns, mut events) = (Vec::new(), Vec::new(), Vec::new());
    for (batch, why) in batches {
        let Some(Ending { state: to, returned }) =
            planning::end(batch.state, open.remove(&batch.id).unwrap_or_default())
        else {
            ended.push(BatchEnded { state: batch.state, frees: false });
            continue;
        };
        ended.push(BatchEnded { state: to, frees: !returned.is_empty() });
        changes.push((batch.id, batch.state, to));
        returns.extend(returned.iter().map(|(record, job)| return_job(*record, job)));
        let mut records: Vec<i64> = returned.iter().map(|(record, _)| record.0).collect();
        records.sort_unstable();
        let act = if to == BatchState::Closed { "batch.closed" } else { "batch.closing" };
        events.push((batch.id, Event::new(act, subject(batch.id)).with("why", why.code()), records));
    }
    tx.save(returns).await?;
    tx.batches_change(&changes).await?;
    let counts = tx.batches_counts(&changes.iter().map(|(id, _, _)| *id).collect::<Vec<_>>()).await?;
    for (id, mut event, returned) in events {
        for (_, state, count) in counts.iter().filter(|(batch, _, _)| *batch == id) {
            event = event.with(state_key(state), count);
        }
        if !returned.is_empty() {
            event = event.with("returned_records", ranges(&returned));
        }
        tx.audit(event);
    }
    Ok(ended)
}

fn state_key(state: &str) -> &'static str {
    state.parse::<JobState>().map_or("other", JobState::as_str)
}
