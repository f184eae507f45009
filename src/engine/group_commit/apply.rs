//! One commit: applies the writes of a group as set statements in one transaction.

use std::collections::HashMap;

use super::write::{
    Answers, Asked, BreakerChange, BreakerSaved, Confirmation, Group, Join, NotRenderable, PlanRequest, Release,
    Released, Settle, Settled, StatusReport, Step, Stepped, SupplyCount, UnknownJobs,
};
use crate::{
    domain::{
        attempt::{AttemptView, OutcomeKind},
        audit::Event,
        batch::{BatchEnd, BatchState},
        card::profile::CardProfile,
        id::{AttemptKey, BatchId, JobId, LotId},
        job::{JobState, PrintedCard, refuse_unrenderable, settle},
        permission::{Permit, SystemAct},
        printer::Printer,
        printer_reason, retry,
        transition::Transition,
        window,
    },
    engine::{Engine, lane, planning},
    store::{Acknowledgement, Begin, QueuedJob, StoreError, Tx},
};

/// The key in `meta` of the instant of the last [`Probe`](super::write::Probe).
const PROBED_AT: &str = "write_probed_at";

/// Whether a good card is saved from the worker's data, or read again first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// The worker's data is used. The guards of the writes check it.
    Workers,
    /// All data is read again.
    Stored,
}

/// Applies all writes of a group and commits.
pub(super) async fn apply(engine: &Engine, group: &Group, trust: Trust) -> Result<Answers, StoreError> {
    let permit = Permit::system(SystemAct::Print);
    let is_begun_later = trust == Trust::Workers && group.is_of_good_cards() || group.plans.len() == group.len();
    let mut tx = if is_begun_later { engine.write_later(&permit).await? } else { engine.write(&permit).await? };
    let (good, others): (Vec<&Settle>, Vec<&Settle>) =
        group.settles().partition(|settle| trust == Trust::Workers && settle.good.is_some());
    let mut settled = settle_all(engine, &mut tx, &others).await?;
    for one in &good {
        let breaker = set_breaker(&mut tx, one.breaker.as_ref()).await?;
        settled.insert(one.attempt, Settled::Saved { job: JobState::Printed, breaker });
    }
    let good: Vec<PrintedCard> = good.into_iter().filter_map(|settle| settle.good.clone()).collect();
    for asked in &group.started {
        tx.attempt_started(asked.write.attempt).await?;
        tx.audit(Event::new("attempt.started-by-itself", &*asked.write.name));
    }
    for asked in &group.confirmations {
        let Confirmation(attempts) = &asked.write;
        tx.attempts_confirm(&attempts.iter().map(|(key, _)| *key).collect::<Vec<_>>()).await?;
        for (_, name) in attempts {
            tx.audit(Event::new("attempt.confirmed", &**name));
        }
    }
    for asked in &group.unknown_jobs {
        let UnknownJobs { printer, names } = &asked.write;
        tx.unknown_jobs_add(printer, names).await?;
        let event = Event::new("printer.unknown-jobs", format!("printer {printer}")).with("number", names.len());
        tx.audit(event.with("first", names.first().map_or("", String::as_str)));
    }
    for asked in &group.not_renderable {
        quarantine(&mut tx, &asked.write).await?;
    }
    let mut breakers = Vec::with_capacity(group.breakers.len());
    for asked in &group.breakers {
        breakers.push(set_breaker(&mut tx, Some(&asked.write)).await?);
    }
    save_seen(&mut tx, group).await?;
    if !group.probes.is_empty() {
        tx.meta_set(PROBED_AT, &tx.now().to_string()).await?;
    }
    let supplies = count_supplies(&mut tx, group).await?;
    let ends = end_all(&mut tx, group).await?;
    let plans = plan_all(engine, &mut tx, group).await?;
    let joins = join_all(engine, &mut tx, group).await?;
    let acknowledgements = group.acknowledgements.iter().map(|asked| &asked.write);
    let held = group.releases.iter().map(|asked| &asked.write.held);
    let acknowledgements: Vec<Acknowledgement> = acknowledgements.chain(held).cloned().collect();
    tx.attempts_acknowledge(&acknowledgements).await?;
    let begun = begin_all(engine, &mut tx, group, &good).await?;
    let released = release_all(engine, &mut tx, group).await?;
    tx.commit().await?;
    let settled_of = |settle: &Option<Settle>| settle.as_ref().and_then(|settle| settled.get(&settle.attempt)).copied();
    let stepped = |step: &Step| Stepped {
        settled: settled_of(&step.settle),
        begun: step.begin.as_ref().and_then(|begin| begun.get(&begin.job)).copied(),
    };
    let release = |release: &Release| Released {
        settled: settled_of(&release.settle),
        is_released: released.contains(&release.held.key),
    };
    Ok(Answers {
        steps: group.steps.iter().map(|asked| stepped(&asked.write)).collect(),
        releases: group.releases.iter().map(|asked| release(&asked.write)).collect(),
        breakers,
        ends,
        plans,
        joins,
        supplies,
    })
}

/// Saves good cards and begins attempts. The window and the lease are guards too, beside those of the store.
async fn begin_all(
    engine: &Engine,
    tx: &mut Tx,
    group: &Group,
    good: &[PrintedCard],
) -> Result<HashMap<JobId, AttemptKey>, StoreError> {
    let now = tx.now();
    let may_start =
        |begin: &&Begin| engine.has_lease() && window::is_open(&engine.settings.windows, &begin.printer, now);
    let begins = group.steps.iter().filter_map(|asked| asked.write.begin.as_ref());
    let begins: Vec<Begin> = begins.filter(may_start).cloned().collect();
    let begun: HashMap<JobId, AttemptKey> =
        tx.cards_step(good, &begins).await?.into_iter().map(|begun| (begun.job, begun.key)).collect();
    for begin in &begins {
        if let Some(key) = begun.get(&begin.job) {
            let act = if begin.releasing { "attempt.releasing" } else { "attempt.intent" };
            tx.audit(
                Event::new(act, &*begin.name)
                    .with("job", begin.job)
                    .with("printer", &begin.printer)
                    .with("attempt", key),
            );
        }
    }
    Ok(begun)
}

/// Saves that held attempts are released. The window and the lease are checked again here.
async fn release_all(engine: &Engine, tx: &mut Tx, group: &Group) -> Result<Vec<AttemptKey>, StoreError> {
    let held: Vec<AttemptKey> = group.releases.iter().map(|asked| asked.write.held.key).collect();
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let views = tx.attempts_view(&held, &|profile| engine.attempts_limit(profile)).await?;
    let now = tx.now();
    let may_start =
        |view: &&AttemptView| engine.has_lease() && window::is_open(&engine.settings.windows, &view.printer, now);
    let within: Vec<AttemptKey> = views.iter().filter(may_start).map(|view| view.key).collect();
    let released = tx.attempts_release(&within).await?;
    for view in views.iter().filter(|view| released.contains(&view.key)) {
        tx.audit(Event::new("attempt.releasing", &*view.name).with("job", view.job).with("printer", &view.printer));
    }
    Ok(released)
}

async fn settle_all(
    engine: &Engine,
    tx: &mut Tx,
    settles: &[&Settle],
) -> Result<HashMap<AttemptKey, Settled>, StoreError> {
    if settles.is_empty() {
        return Ok(HashMap::new());
    }
    let keys: Vec<AttemptKey> = settles.iter().map(|s| s.attempt).collect();
    let views = tx.attempts_view(&keys, &|profile| engine.attempts_limit(profile)).await?;
    let mut views: HashMap<AttemptKey, AttemptView> = views.into_iter().map(|view| (view.key, view)).collect();
    let mut blanks = Blanks::default();
    let seed = retry::seed(&engine.settings.site);
    let mut settled = HashMap::with_capacity(settles.len());
    let mut transitions: Vec<Transition> = Vec::with_capacity(settles.len());
    let mut closing: Vec<BatchId> = Vec::new();
    let mut uncertain: Vec<AttemptKey> = Vec::new();
    for one in settles {
        let view = views.remove(&one.attempt).ok_or(StoreError::Conflict("the attempt"))?;
        if !view.state.is_open() {
            // A person declared the attempt uncertain meanwhile. That stands, and the printer's late answer is recorded
            // in the audit.
            let event = Event::new("attempt.late-answer", &*view.name).with("outcome", one.outcome.state().as_str());
            tx.audit(event.with("stands", view.state.as_str()));
            settled.insert(one.attempt, Settled::AlreadyEnded);
            uncertain.push(one.attempt);
            continue;
        }
        if one.outcome.kind() == OutcomeKind::Uncertain {
            uncertain.push(one.attempt);
        }
        let is_spoiled = one.outcome.kind() == OutcomeKind::Spoiled;
        let another = if is_spoiled { blanks.take(engine, tx, &view).await? } else { None };
        let jitter = retry::jitter(seed, view.job, view.not_started);
        let transition = settle(&view, &one.outcome, engine.settings.backoff, tx.now(), jitter, another);
        let job = transition.job.as_ref().map_or(view.job_state, |job| job.to);
        transitions.push(transition);
        if view.batch_is_closing {
            closing.push(view.batch);
        }
        let breaker = set_breaker(tx, one.breaker.as_ref()).await?;
        settled.insert(one.attempt, Settled::Saved { job, breaker });
    }
    tx.save(transitions).await?;
    // A worker settles what it is not sending. Attempts that another process began are not confirmed by it.
    tx.attempts_confirm(&uncertain).await?;
    for batch in closing {
        if let Some(batch) = tx.batch_get(batch).await? {
            planning::end(tx, &batch, BatchEnd::LastAttemptEnded).await?;
        }
    }
    Ok(settled)
}

/// Free blanks for the next attempts after spoiled cards, counted down within one commit.
#[derive(Default)]
struct Blanks(HashMap<(String, String), Vec<(LotId, i64)>>);

impl Blanks {
    async fn take(&mut self, engine: &Engine, tx: &mut Tx, view: &AttemptView) -> Result<Option<LotId>, StoreError> {
        let Some(batch) = tx.batch_get(view.batch).await? else { return Ok(None) };
        let Some(profile) = engine.profiles.get(&batch.profile) else { return Ok(None) };
        let key = (profile.blank_type.clone(), view.place.as_str().to_owned());
        if !self.0.contains_key(&key) {
            let lots = tx.account_lots(&profile.blank_type, &view.place.free()).await?;
            self.0.insert(key.clone(), lots.into_iter().map(|lot| (lot.lot, lot.quantity)).collect());
        }
        let free = self.0.get_mut(&key).and_then(|lots| lots.iter_mut().find(|(_, quantity)| *quantity > 0));
        Ok(free.map(|(lot, quantity)| {
            *quantity -= 1;
            *lot
        }))
    }
}

async fn set_breaker(tx: &mut Tx, change: Option<&BreakerChange>) -> Result<BreakerSaved, StoreError> {
    let Some(change) = change else { return Ok(BreakerSaved::Saved) };
    match tx.printer_breaker(&change.printer, change.from, change.to, change.failures).await {
        Err(StoreError::Conflict(_)) => return Ok(BreakerSaved::Superseded),
        other => other?,
    }
    if change.from != change.to {
        let event = Event::new("printer.breaker", format!("printer {}", change.printer));
        tx.audit(
            event.with("was", change.from.as_str()).with("is", change.to.as_str()).with("failures", change.failures),
        );
    }
    Ok(BreakerSaved::Saved)
}

/// Closes a job whose card cannot be rendered, if it is still queued.
async fn quarantine(tx: &mut Tx, card: &NotRenderable) -> Result<(), StoreError> {
    let open = tx.job_open(card.batch, card.job).await?.filter(|(_, job)| job.state == JobState::Queued);
    if let Some((record, open)) = open {
        tx.save(vec![refuse_unrenderable(record, &card.subject, &open, &card.reason)]).await?;
    }
    Ok(())
}

/// Saves the status and capabilities of printers, the newest of each.
async fn save_seen(tx: &mut Tx, group: &Group) -> Result<(), StoreError> {
    let (mut probed, mut seen, mut acknowledging) = (HashMap::new(), HashMap::new(), HashMap::new());
    for asked in &group.probed {
        probed.insert(asked.write.printer.as_str(), asked.write.capabilities.as_str());
    }
    for asked in &group.seen {
        let StatusReport { printer, state, reasons, whole } = &asked.write;
        seen.insert(printer.as_str(), (*state, reasons.as_slice()));
        if *whole {
            acknowledging.insert(printer.as_str(), reasons);
        }
        let event = Event::new("printer.seen", format!("printer {printer}")).with("state", state);
        tx.audit(event.with("reasons", reasons.join(",")));
    }
    tx.printers_probed(&probed.into_iter().collect::<Vec<_>>()).await?;
    tx.printers_seen(&seen.into_iter().map(|(name, (state, reasons))| (name, state, reasons)).collect::<Vec<_>>())
        .await?;
    if acknowledging.is_empty() {
        return Ok(());
    }
    let known = tx.printers_named(&acknowledging.keys().collect::<Vec<_>>()).await?;
    for printer in known.iter().filter(|printer| !printer.acknowledged_reasons.is_empty()) {
        if let Some(reasons) = acknowledging.get(printer.name.as_str()) {
            tx.printer_acknowledge(
                &printer.name,
                &printer_reason::still_acknowledged(reasons, &printer.acknowledged_reasons),
            )
            .await?;
        }
    }
    Ok(())
}

/// Saves the counts of supplies, and tells whether each is saved. A printer that asked twice is answered twice.
async fn count_supplies(tx: &mut Tx, group: &Group) -> Result<Vec<bool>, StoreError> {
    let mut saved = Vec::with_capacity(group.supplies.len());
    for asked in &group.supplies {
        let SupplyCount { printer, before, after } = &asked.write;
        let is_saved = !tx.supplies_count(&[(printer.as_str(), before, after)]).await?.is_empty();
        if is_saved && before.counts.rests_since != after.counts.rests_since {
            let act = if after.counts.rests_since.is_some() { "printer.rests" } else { "printer.rested" };
            tx.audit(Event::new(act, format!("printer {printer}")));
        }
        if is_saved && before.counts.halt != after.counts.halt {
            let subject = format!("printer {printer}");
            if let Some(halt) = before.counts.halt {
                tx.audit(Event::new("printer.feeding-resumed", &*subject).with("reason", halt.as_str()));
            }
            if let Some(halt) = after.counts.halt {
                tx.audit(Event::new("printer.feeding-stopped", &*subject).with("reason", halt.as_str()));
            }
        }
        saved.push(is_saved);
    }
    Ok(saved)
}

async fn end_all(tx: &mut Tx, group: &Group) -> Result<Vec<planning::BatchEnded>, StoreError> {
    if group.ends.is_empty() {
        return Ok(Vec::new());
    }
    let mut ends: HashMap<BatchId, BatchEnd> = HashMap::new();
    for asked in &group.ends {
        ends.entry(asked.write.batch.id).or_insert(asked.write.why);
    }
    // Read again, because a person may have ended the batch since the worker read it.
    let mut batches = tx.batches_get(&ends.keys().copied().collect::<Vec<_>>()).await?;
    batches.retain(|batch| batch.state != BatchState::Closed);
    batches.sort_unstable_by_key(|batch| batch.id);
    let with_why: Vec<_> = batches.iter().filter_map(|batch| Some((batch, *ends.get(&batch.id)?))).collect();
    let ended = planning::end_all(tx, &with_why).await?;
    let ended: HashMap<BatchId, planning::BatchEnded> = batches.iter().map(|batch| batch.id).zip(ended).collect();
    let closed = planning::BatchEnded { state: BatchState::Closed, frees: false };
    Ok(group.ends.iter().map(|asked| ended.get(&asked.write.batch.id).copied().unwrap_or(closed)).collect())
}

/// Lets walk-ins join batches, one printer after the other: none joins two.
async fn join_all(engine: &Engine, tx: &mut Tx, group: &Group) -> Result<Vec<Option<QueuedJob>>, StoreError> {
    let mut joined = Vec::with_capacity(group.joins.len());
    for Asked { printer, write: Join(batch), .. } in &group.joins {
        joined.push(lane::join(engine, tx, printer, *batch).await?);
    }
    Ok(joined)
}

async fn plan_all(engine: &Engine, tx: &mut Tx, group: &Group) -> Result<Vec<planning::Plan>, StoreError> {
    let mut asked: Vec<(&Printer, &CardProfile)> = Vec::with_capacity(group.plans.len());
    // A group is in the order of printer names, so these are too, and a printer that asked twice follows itself.
    for Asked { write: PlanRequest(printer), .. } in &group.plans {
        if let Some(profile) = engine.profiles.get(&printer.profile)
            && asked.last().is_none_or(|(other, _)| other.name != printer.name)
        {
            asked.push((printer, profile));
        }
    }
    let made = planning::plan_next(tx, &asked, &engine.profiles, &engine.settings).await?;
    let mut plans: HashMap<&str, planning::Plan> =
        asked.iter().map(|(printer, _)| printer.name.as_str()).zip(made).collect();
    let plan_of = |asked: &Asked<PlanRequest>| plans.remove(asked.write.0.name.as_str());
    Ok(group.plans.iter().map(plan_of).map(|plan| plan.unwrap_or(planning::Plan::NothingWaits)).collect())
}
