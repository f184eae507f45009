//! Waiting list and blanks into batches, late: a printer gets its next batch when it has none.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use crate::{
    domain::{
        audit::Event,
        batch::{Batch, BatchState, Claimed, size, sort_pile},
        card::profile::CardProfile,
        id::{BatchId, LotId, RecordId},
        job::{JobState, OpenJob, return_job},
        printer::Printer,
        ranges::ranges,
        stock::{Account, Cause, LotQuantity, Movement, Place, draw},
    },
    engine::Settings,
    store::{NewBatch, QueuedJob, StoreError, Tx},
};

/// What planning came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Plan {
    /// A batch, and its queued jobs in the order of the pile.
    Batch(Batch, Vec<QueuedJob>),
    /// No free blank for this printer.
    NoBlanks,
    /// Nobody waits.
    NobodyWaits,
}

/// What the end of a batch came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ended {
    /// Its new state.
    pub state: BatchState,
    /// Records and blanks went back, and others can have them.
    pub frees: bool,
}

/// Where the blanks of a printer's batches come from.
pub fn place(printer: &Printer) -> Place {
    if printer.hopper.is_some() { Place::Printer(printer.name.clone()) } else { Place::Vault }
}

/// Printers that are planned for at once: what is read for them lies in memory.
const PLANS_AT_ONCE: usize = 64;

/// Makes the next batch for a printer: the first of the waiting list, as many as there are free blanks for, with a blank
/// reserved for each.
pub async fn plan(
    tx: &mut Tx,
    printer: &Printer,
    profile: &CardProfile,
    settings: &Settings,
) -> Result<Plan, StoreError> {
    let plans = plan_all(tx, &[(printer, profile)], settings).await?;
    Ok(plans.into_iter().next().unwrap_or(Plan::NobodyWaits))
}

/// [`plan`] for several printers, none of them twice, as if for one after the other.
pub async fn plan_all(
    tx: &mut Tx,
    wishes: &[(&Printer, &CardProfile)],
    settings: &Settings,
) -> Result<Vec<Plan>, StoreError> {
    let mut plans = Vec::with_capacity(wishes.len());
    for wishes in wishes.chunks(PLANS_AT_ONCE) {
        plans.extend(plan_some(tx, wishes, settings).await?);
    }
    Ok(plans)
}

async fn plan_some(
    tx: &mut Tx,
    wishes: &[(&Printer, &CardProfile)],
    settings: &Settings,
) -> Result<Vec<Plan>, StoreError> {
    let mut shelves = shelves(tx, wishes).await?;
    let mut waiting = HashMap::new();
    for (profile, most) in most_wanted(wishes, &shelves, settings) {
        waiting.insert(profile, VecDeque::from(tx.waiting_first(profile, most).await?));
    }
    let state = if settings.approve_batches { BatchState::Planned } else { BatchState::Running };
    let mut plans = Vec::with_capacity(wishes.len());
    let mut made = Vec::new();
    let mut drawn_of = Vec::new();
    for (printer, profile) in wishes {
        let place = place(printer);
        let lots = shelves.entry((&profile.blank_type, place.free())).or_default();
        let wanted = size(settings.batch_size, lots.iter().map(|lot| lot.quantity).sum(), printer.hopper);
        if wanted == 0 {
            plans.push(Some(Plan::NoBlanks));
            continue;
        }
        let list = waiting.entry(&profile.name).or_default();
        let mut claimed: Vec<Claimed> = list.drain(..list.len().min(usize::try_from(wanted).unwrap_or(0))).collect();
        if claimed.is_empty() {
            plans.push(Some(Plan::NobodyWaits));
            continue;
        }
        sort_pile(&mut claimed);
        let drawn = draw(lots, i64::try_from(claimed.len()).unwrap_or(0)).map_err(|_| StoreError::InsufficientStock)?;
        take(lots, &drawn);
        let new = NewBatch { profile: profile.name.clone(), printer: printer.name.clone(), place, state };
        let with_lots: Vec<_> = claimed.into_iter().zip(each_lot(&drawn)).collect();
        made.push((new, with_lots));
        drawn_of.push(drawn);
        plans.push(None);
    }
    let places: Vec<Place> = made.iter().map(|(new, _)| new.place.clone()).collect();
    let made = tx.batches_make(made).await?;
    let mut movements = Vec::new();
    for (((batch, jobs), place), drawn) in made.iter().zip(&places).zip(&drawn_of) {
        let reserve = |lot: &LotQuantity| {
            Movement::new(lot.lot, place.free(), place.reserved(), lot.quantity, Cause::Reserved).of_batch(batch.id)
        };
        movements.extend(drawn.iter().map(reserve));
        let mut records: Vec<i64> = jobs.iter().map(|job| job.record.0).collect();
        records.sort_unstable();
        let event = Event::new("batch.made", subject(batch.id)).with("printer", &batch.printer);
        let event = event.with("profile", &batch.profile).with("state", state.as_str());
        tx.audit(event.with("jobs", jobs.len()).with("records", ranges(&records)));
    }
    tx.movements_append(&movements).await?;
    let mut made = made.into_iter().map(|(batch, jobs)| Plan::Batch(batch, jobs));
    Ok(plans.into_iter().map(|plan| plan.or_else(|| made.next()).unwrap_or(Plan::NobodyWaits)).collect())
}

/// Free blanks by blank type and account, by lot.
type Shelves<'a> = HashMap<(&'a str, Account), Vec<LotQuantity>>;

async fn shelves<'a>(tx: &mut Tx, wishes: &[(&'a Printer, &'a CardProfile)]) -> Result<Shelves<'a>, StoreError> {
    let keys: HashSet<(&str, Account)> =
        wishes.iter().map(|(printer, profile)| (profile.blank_type.as_str(), place(printer).free())).collect();
    let keys: Vec<(&str, Account)> = keys.into_iter().collect();
    let lots = tx.accounts_lots(&keys.iter().map(|(kind, account)| (*kind, account)).collect::<Vec<_>>()).await?;
    Ok(keys.into_iter().zip(lots).collect())
}

/// For each profile the most records that batches of these printers can take: as if all blanks were for it.
fn most_wanted<'a>(
    wishes: &[(&'a Printer, &'a CardProfile)],
    shelves: &Shelves,
    settings: &Settings,
) -> BTreeMap<&'a str, i64> {
    let mut wanted: BTreeMap<&str, HashMap<Account, i64>> = BTreeMap::new();
    for (printer, profile) in wishes {
        let account = place(printer).free();
        let lots = shelves.get(&(&profile.blank_type, account.clone()));
        let free = lots.map_or(0, |lots| lots.iter().map(|lot| lot.quantity).sum());
        let of_account = wanted.entry(&profile.name).or_default().entry(account).or_default();
        *of_account = free.min(*of_account + size(settings.batch_size, free, printer.hopper));
    }
    wanted.into_iter().map(|(profile, accounts)| (profile, accounts.values().sum())).filter(|(_, n)| *n > 0).collect()
}

fn take(lots: &mut [LotQuantity], drawn: &[LotQuantity]) {
    for lot in lots {
        lot.quantity -= drawn.iter().filter(|d| d.lot == lot.lot).map(|d| d.quantity).sum::<i64>();
    }
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
    let ended = end_all(tx, &[(batch, why)]).await?;
    Ok(ended.first().map_or(batch.state, |ended| ended.state))
}

/// [`end`] for several batches, none of them twice, each with its reason.
pub async fn end_all(tx: &mut Tx, batches: &[(&Batch, &str)]) -> Result<Vec<Ended>, StoreError> {
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
        let open = open.remove(&batch.id).unwrap_or_default();
        let (queued, printing): (Vec<_>, Vec<_>) = open.into_iter().partition(|(_, job)| job.state == JobState::Queued);
        let to = if printing.is_empty() { BatchState::Closed } else { BatchState::Closing };
        if to == batch.state {
            ended.push(Ended { state: to, frees: false });
            continue;
        }
        ended.push(Ended { state: to, frees: !queued.is_empty() });
        changes.push((batch.id, batch.state, to));
        let mut returned: Vec<i64> = queued.iter().map(|(record, _)| record.0).collect();
        returned.sort_unstable();
        returns.extend(queued.iter().map(|(record, job)| return_job(*record, job)));
        let act = if to == BatchState::Closed { "batch.closed" } else { "batch.closing" };
        events.push((batch.id, Event::new(act, subject(batch.id)).with("why", why), returned));
    }
    tx.save(returns).await?;
    tx.batches_change(&changes).await?;
    let counts = tx.batches_counts(&changes.iter().map(|(id, _, _)| *id).collect::<Vec<_>>()).await?;
    for (id, mut event, returned) in events {
        for (_, state, count) in counts.iter().filter(|(batch, _, _)| *batch == id) {
            event.details.push((state_key(state), count.to_string()));
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
