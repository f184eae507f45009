//! Plans and ends batches: reads, lets the domain decide, saves. A printer gets its next batch when it has none.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::{
    domain::{
        audit::Event,
        batch::{Batch, BatchEnd, BatchState},
        card::profile::CardProfile,
        id::{BatchId, LotId, RecordId},
        job::{JobState, OpenJob, return_job},
        pause::PauseScope,
        planning::{self, BatchPlan, BatchRequest, Ending, FreeBlanks, Planned, Policy, Sharers, Sharing, Waiting},
        printer::{PRINTERS_MAX, Printer},
        ranges::ranges,
        stock::{Account, Cause, LotQuantity, Movement, Place},
        window,
    },
    engine::{Settings, context::Profiles},
    store::{NewBatch, PlanView, QueuedJob, StoreError, Tx},
};

/// The result of planning.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Plan {
    /// A batch and its queued jobs, in printing order.
    Batch(Batch, Vec<QueuedJob>),
    /// No free blank for this printer.
    NoBlanks,
    /// Its limits allow no card.
    NoRoom,
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

/// A mean time is saved again when it has changed by more than this part of it.
const PACE_PARTS: u64 = 50;

/// The next batch of each of these printers, in the given order: one that is open, or a new one. A printer that was removed or
/// got another address or profile since it was read has none. A printer must occur once.
pub async fn plan_next(
    tx: &mut Tx,
    printers: &[(&Printer, &CardProfile)],
    profiles: &Profiles,
    settings: &Settings,
) -> Result<Vec<Plan>, StoreError> {
    let mut plans = Vec::with_capacity(printers.len());
    for printers in printers.chunks(PLANS_AT_ONCE) {
        let names: Vec<&str> = printers.iter().map(|(printer, _)| printer.name.as_str()).collect();
        let requests: Vec<BatchRequest> = printers.iter().map(|(printer, profile)| request(printer, profile)).collect();
        let accounts = accounts(&requests);
        let PlanView { printers: stored, batches, lots } = tx.plan_view(&names, &borrowed(&accounts)).await?;
        let mut free: FreeBlanks = accounts.into_iter().zip(lots).collect();
        let mut open: HashMap<&str, &Batch> = HashMap::new();
        for batch in &batches {
            open.entry(&batch.printer).or_insert(batch); // the oldest
        }
        save_paces(tx, printers, &stored).await?;
        let mut found = Vec::with_capacity(printers.len());
        let mut new = Vec::with_capacity(printers.len());
        for (printer, profile) in printers {
            let is_same = |stored: &&Printer| {
                (&stored.name, &stored.uri, &stored.profile) == (&printer.name, &printer.uri, &printer.profile)
            };
            found.push(match (stored.iter().find(is_same), open.get(printer.name.as_str())) {
                (None, _) => Some(Plan::NothingWaits),
                (Some(_), Some(batch)) => Some(Plan::Batch((*batch).clone(), tx.jobs_queued(batch.id).await?)),
                (Some(stored), None) => {
                    new.push(request(stored, profile));
                    None
                }
            });
        }
        if new.iter().any(|request| !free.contains_key(&(request.blank_type, request.place().free()))) {
            free = free_blanks(tx, &new).await?; // a hopper is counted from now on, or no longer
        }
        let mut made = plan_some(tx, &new, free, (profiles, settings)).await?.into_iter();
        plans.extend(found.into_iter().map(|plan| plan.or_else(|| made.next()).unwrap_or(Plan::NothingWaits)));
    }
    Ok(plans)
}

/// Saves the mean time of the cards of those printers whose worker has learned another one.
async fn save_paces(tx: &mut Tx, printers: &[(&Printer, &CardProfile)], stored: &[Printer]) -> Result<(), StoreError> {
    let learned = printers.iter().filter_map(|(printer, _)| {
        let (ms, stored) = (printer.card_ms?, stored.iter().find(|stored| stored.name == printer.name)?);
        let is_other = stored.card_ms.is_none_or(|stored| stored.abs_diff(ms) > ms.unsigned_abs() / PACE_PARTS);
        is_other.then_some((printer.name.as_str(), ms))
    });
    tx.printers_paced(&learned.collect::<Vec<_>>()).await
}

fn request<'a>(printer: &'a Printer, profile: &'a CardProfile) -> BatchRequest<'a> {
    BatchRequest {
        printer: &printer.name,
        hopper: printer.hopper,
        room: printer.supplies.room(0),
        profile: &profile.name,
        blank_type: &profile.blank_type,
    }
}

async fn plan_some<'a>(
    tx: &mut Tx,
    requests: &[BatchRequest<'a>],
    mut free: FreeBlanks<'a>,
    (profiles, settings): (&Profiles, &Settings),
) -> Result<Vec<Plan>, StoreError> {
    let sharers = sharers(tx, requests, &free, (profiles, settings)).await?;
    let mut waiting = Waiting::new();
    let mut in_order = HashMap::new();
    for (profile, most) in planning::most_wanted(requests, &free, settings.batch_size) {
        let first = tx.waiting_first(profile, most).await?;
        in_order.insert(profile, first.iter().map(|claimed| claimed.record).collect::<Vec<_>>());
        waiting.insert(profile, first.into());
    }
    let policy = Policy { batch_size: settings.batch_size, needs_approval: settings.approve_batches };
    let mut plans = Vec::with_capacity(requests.len());
    let mut new = Vec::new();
    for (request, planned) in requests.iter().zip(planning::plan(requests, &mut waiting, &mut free, &sharers, policy)) {
        plans.push(match planned {
            Planned::NoBlanks => Some(Plan::NoBlanks),
            Planned::NoRoom => Some(Plan::NoRoom),
            Planned::NothingWaits => Some(Plan::NothingWaits),
            Planned::Batch(plan) => {
                new.push(new_batch(request, plan));
                None
            }
        });
    }
    let made = tx.batches_make(new).await?;
    // Each profile's records are claimed in their order.
    let claimed = |(profile, records): (&&str, &Vec<RecordId>)| {
        let left = waiting.get(profile).map_or(0, VecDeque::len);
        records.len().checked_sub(left + 1).map(|last| records[last])
    };
    tx.claim_bound_raise(&in_order.iter().filter_map(claimed).collect::<Vec<_>>()).await?;
    for (batch, jobs) in &made {
        let mut records: Vec<i64> = jobs.iter().map(|job| job.record.0).collect();
        records.sort_unstable();
        let event = Event::new("batch.made", subject(batch.id)).with("printer", &batch.printer);
        let event = event.with("profile", &batch.profile).with("state", batch.state.as_str());
        tx.audit(event.with("jobs", jobs.len()).with("records", ranges(&records)));
    }
    let mut made = made.into_iter().map(|(batch, jobs)| Plan::Batch(batch, jobs));
    Ok(plans.into_iter().map(|plan| plan.or_else(|| made.next()).unwrap_or(Plan::NothingWaits)).collect())
}

/// Who shares the blanks of the vault with these printers: others that print on the same blanks, whatever their profile, and can print,
/// unless there are enough for all.
async fn sharers<'a>(
    tx: &mut Tx,
    requests: &[BatchRequest<'a>],
    free: &FreeBlanks<'a>,
    (profiles, settings): (&Profiles, &Settings),
) -> Result<Sharers<'a>, StoreError> {
    let (mut sharers, now) = (Sharers::new(), tx.now());
    let most = settings.batch_size.saturating_mul(i64::try_from(PRINTERS_MAX).unwrap_or(i64::MAX));
    for request in requests {
        let key = (request.blank_type, Account::Vault);
        let is_enough = || free.get(&key).is_none_or(|lots| lots.iter().map(|lot| lot.quantity).sum::<i64>() >= most);
        if request.hopper.is_some() || sharers.contains_key(&key) || is_enough() {
            continue;
        }
        let of_type = profiles.values().filter(|profile| profile.blank_type == request.blank_type);
        let of_type: Vec<&str> = of_type.map(|profile| profile.name.as_str()).collect();
        let mut others = tx.printers_sharing(&of_type).await?;
        others.retain(|name| !requests.iter().any(|request| request.printer == *name));
        // Each card that is left in a batch has its blank reserved. Those of counted hoppers are reserved there.
        let reserved = tx.account_lots(request.blank_type, &Place::Vault.reserved()).await?;
        let mut sharing = Sharing { printers: 0, cards: reserved.iter().map(|lot| lot.quantity).sum() };
        if !others.is_empty() {
            let pauses = tx.pause_list().await?;
            let is_paused = |name: &str| pauses.iter().any(|pause| pause.scope == PauseScope::Printer(name.to_owned()));
            others.retain(|name| window::is_open(&settings.windows, name, now) && !is_paused(name));
            sharing.printers = i64::try_from(others.len()).unwrap_or(0);
        }
        sharers.insert(key, sharing);
    }
    Ok(sharers)
}

fn new_batch(request: &BatchRequest, plan: BatchPlan) -> NewBatch {
    let lots: Vec<LotId> = plan.lot_of_each().collect();
    let BatchPlan { place, state, lots: reserved, cards } = plan;
    let reserve =
        |lot: &LotQuantity| Movement::new(lot.lot, place.free(), place.reserved(), lot.quantity, Cause::Reserved);
    NewBatch {
        profile: request.profile.to_owned(),
        printer: request.printer.to_owned(),
        state,
        reserved: reserved.iter().map(reserve).collect(),
        cards: cards.into_iter().zip(lots).collect(),
        place,
    }
}

/// The accounts of free blanks for these printers, each with the blank type, and each once.
fn accounts<'a>(requests: &[BatchRequest<'a>]) -> Vec<(&'a str, Account)> {
    let keys: HashSet<(&str, Account)> = requests.iter().map(|r| (r.blank_type, r.place().free())).collect();
    keys.into_iter().collect()
}

fn borrowed<'a>(accounts: &'a [(&'a str, Account)]) -> Vec<(&'a str, &'a Account)> {
    accounts.iter().map(|(kind, account)| (*kind, account)).collect()
}

async fn free_blanks<'a>(tx: &mut Tx, requests: &[BatchRequest<'a>]) -> Result<FreeBlanks<'a>, StoreError> {
    let accounts = accounts(requests);
    let lots = tx.accounts_lots(&borrowed(&accounts)).await?;
    Ok(accounts.into_iter().zip(lots).collect())
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
