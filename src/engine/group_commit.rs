//! The scheduler's one writer: it takes all that has come, applies it as a few set statements, commits once, and answers
//! all (group commit).

use std::{collections::HashMap, time::Duration};

use tokio::sync::{mpsc, oneshot};

use super::{Engine, clock::jitter, planning};
use crate::{
    domain::{
        attempt::{AttemptView, Outcome},
        audit::Event,
        batch::{Batch, BatchState},
        breaker::Breaker,
        card::profile::CardProfile,
        id::{AttemptKey, BatchId, JobId, LotId},
        job::{JobState, PrintedCard, refuse_undrawable, settle},
        permission::{Permit, SystemAct},
        printer::Printer,
        printer_reason,
        transition::Transition,
        window,
    },
    store::{Acknowledgement, Begin, StoreError, Tx},
};

/// What a worker wants saved.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    /// The end of one attempt, and the beginning of the next or the leave to let a held one go, in one commit.
    Step { settle: Option<Settle>, begin: Option<Begin>, release: Option<Acknowledgement> },
    /// A held card that its printer let go by itself.
    Started { attempt: AttemptKey, name: String },
    /// What the printer answered.
    Acknowledge(Acknowledgement),
    /// The next batch of a printer.
    Plan(Printer),
    /// The end of a batch.
    End { batch: Batch, why: &'static str },
    /// A job whose card cannot be drawn.
    Undrawable { batch: BatchId, job: JobId, subject: String, reason: String },
    /// How a printer was seen. `whole`: these are all its reasons, and one that an operator declared to be over and that
    /// is not among them is over indeed.
    Seen { printer: String, state: &'static str, reasons: Vec<String>, whole: bool },
    /// What a printer said of itself.
    Probed { printer: String, capabilities: String },
    /// A printer's breaker.
    Breaker(BreakerChange),
}

/// The end of an attempt.
#[derive(Clone, Debug)]
pub(crate) struct Settle {
    pub(crate) attempt: AttemptKey,
    pub(crate) outcome: Outcome,
    pub(crate) breaker: Option<BreakerChange>,
    /// The card, if it is a good one and its worker began it: then nothing has to be read to save it.
    pub(crate) good: Option<PrintedCard>,
}

/// A new state of a printer's breaker.
#[derive(Clone, Debug)]
pub(crate) struct BreakerChange {
    pub(crate) printer: String,
    pub(crate) from: Breaker,
    pub(crate) to: Breaker,
    pub(crate) failures: u32,
}

/// What came of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Reply {
    /// Of a step: the state of the settled job, the attempt that was begun, and whether the held one may go; none where
    /// a guard forbade it.
    Step { settled: Option<JobState>, begun: Option<AttemptKey>, released: bool },
    /// Of a plan.
    Planned(planning::Plan),
    /// Of the end of a batch.
    Ended(planning::Ended),
    /// Done.
    Done,
}

type Envelope = (Request, oneshot::Sender<Result<Reply, StoreError>>);

/// The way to the writer.
#[derive(Clone)]
pub(crate) struct WriterHandle(mpsc::Sender<Envelope>);

impl WriterHandle {
    /// Has a request saved. It is durable when this returns.
    pub(crate) async fn save(&self, request: Request) -> Result<Reply, StoreError> {
        let (reply, answer) = oneshot::channel();
        let stopped = || StoreError::Conflict("the scheduler, which is stopping");
        self.0.send((request, reply)).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

/// Requests in one commit.
const GROUP_MAX: usize = 512;
/// How long the writer may hold the database without a gap, and how long a gap it then leaves for other processes.
const BUSY_MAX: Duration = Duration::from_millis(200);
const GAP: Duration = Duration::from_millis(3);

/// Starts the writer; it ends when all handles are gone.
pub(crate) fn start(engine: Engine) -> WriterHandle {
    let (sender, receiver) = mpsc::channel(GROUP_MAX);
    tokio::spawn(run(engine, receiver));
    WriterHandle(sender)
}

async fn run(engine: Engine, mut receiver: mpsc::Receiver<Envelope>) {
    let mut envelopes = Vec::with_capacity(GROUP_MAX);
    let mut gap_at = engine.clock.now();
    loop {
        let waited = receiver.is_empty();
        if receiver.recv_many(&mut envelopes, GROUP_MAX).await == 0 {
            return;
        }
        // Those who were answered just now have their next requests ready in a moment.
        tokio::task::yield_now().await;
        while envelopes.len() < GROUP_MAX
            && let Ok(more) = receiver.try_recv()
        {
            envelopes.push(more);
        }
        let now = engine.clock.now();
        if waited {
            gap_at = now;
        } else if now.since(gap_at) > BUSY_MAX {
            engine.clock.sleep(GAP).await;
            gap_at = engine.clock.now();
        }
        let (requests, replies): (Vec<_>, Vec<_>) = envelopes.drain(..).unzip();
        let answers = match group(&engine, &requests, Trust::Workers).await {
            Ok(answers) => answers.into_iter().map(Ok).collect(),
            Err(error) if requests.len() == 1 && (is_for_all(&error) || !is_trusted(&requests[0])) => vec![Err(error)],
            Err(error) if is_for_all(&error) => requests.iter().map(|_| Err(same(&error))).collect(),
            Err(_) => each(&engine, &requests).await,
        };
        for (reply, answer) in replies.into_iter().zip(answers) {
            // A worker that is gone needs no answer.
            let _ = reply.send(answer);
        }
    }
}

/// Is a worker's word taken for what its card is?
fn is_trusted(request: &Request) -> bool {
    matches!(request, Request::Step { settle: Some(settle), .. } if settle.good.is_some())
}

/// Would each of a group fail in the same way?
fn is_for_all(error: &StoreError) -> bool {
    error.is_away() || matches!(error, StoreError::Fenced)
}

fn same(error: &StoreError) -> StoreError {
    if matches!(error, StoreError::Fenced) { StoreError::Fenced } else { StoreError::Unreachable }
}

/// One of a group is in conflict: each is tried alone.
async fn each(engine: &Engine, requests: &[Request]) -> Vec<Result<Reply, StoreError>> {
    let mut answers: Vec<Result<Reply, StoreError>> = Vec::with_capacity(requests.len());
    for request in requests {
        let alone = match answers.last() {
            Some(Err(error)) if is_for_all(error) => Err(same(error)),
            _ => group(engine, std::slice::from_ref(request), Trust::Nobody).await,
        };
        answers.push(alone.map(|mut answer| answer.pop().unwrap_or(Reply::Done)));
    }
    answers
}

/// Whose word is taken for what a card is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// The workers': the writes themselves say again that it is so.
    Workers,
    /// All is read.
    Nobody,
}

async fn group(engine: &Engine, requests: &[Request], trust: Trust) -> Result<Vec<Reply>, StoreError> {
    let mut tx = engine.write(&Permit::system(SystemAct::Print)).await?;
    let (good, others): (Vec<&Settle>, Vec<&Settle>) =
        settles(requests).partition(|settle| trust == Trust::Workers && settle.good.is_some());
    let mut ended = settle_all(engine, &mut tx, &others).await?;
    for change in good.iter().filter_map(|settle| settle.breaker.as_ref()) {
        set_breaker(&mut tx, change).await?;
    }
    ended.extend(good.iter().map(|settle| (settle.attempt, JobState::Printed)));
    let good: Vec<PrintedCard> = good.into_iter().filter_map(|settle| settle.good.clone()).collect();
    let mut acknowledgements = Vec::new();
    let mut releases = Vec::new();
    let mut replies = Vec::with_capacity(requests.len());
    for request in requests {
        replies.push(match request {
            Request::Step { release, .. } => {
                releases.extend(release.iter().map(|acknowledgement| acknowledgement.key));
                acknowledgements.extend(release.clone());
                Reply::Done
            }
            Request::Acknowledge(acknowledgement) => {
                acknowledgements.push(acknowledgement.clone());
                Reply::Done
            }
            Request::Started { .. }
            | Request::Plan(_)
            | Request::End { .. }
            | Request::Undrawable { .. }
            | Request::Seen { .. }
            | Request::Probed { .. }
            | Request::Breaker(_) => alone(&mut tx, request).await?,
        });
    }
    look_all(&mut tx, requests).await?;
    end_all(&mut tx, requests, &mut replies).await?;
    plan_all(engine, &mut tx, requests, &mut replies).await?;
    tx.attempts_acknowledge(&acknowledgements).await?;
    let open = |printer: &str| engine.may_feed() && window::is_open(&engine.settings.windows, printer, tx.now());
    let begins: Vec<Begin> = begins(requests).filter(|begin| open(&begin.printer)).cloned().collect();
    let begun: HashMap<JobId, AttemptKey> =
        tx.cards_step(&good, &begins).await?.into_iter().map(|b| (b.job, b.key)).collect();
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
    let let_go = release(engine, &mut tx, &releases).await?;
    tx.commit().await?;
    for (reply, request) in replies.iter_mut().zip(requests) {
        if let Request::Step { settle, begin, release } = request {
            *reply = Reply::Step {
                settled: settle.as_ref().and_then(|s| ended.get(&s.attempt)).copied(),
                begun: begin.as_ref().and_then(|b| begun.get(&b.job)).copied(),
                released: release.as_ref().is_some_and(|r| let_go.contains(&r.key)),
            };
        }
    }
    Ok(replies)
}

fn begins(requests: &[Request]) -> impl Iterator<Item = &Begin> {
    requests.iter().filter_map(|request| if let Request::Step { begin, .. } = request { begin.as_ref() } else { None })
}

/// The window is a guard too: it is looked at again in the commit before a held card is let go.
async fn release(engine: &Engine, tx: &mut Tx, attempts: &[AttemptKey]) -> Result<Vec<AttemptKey>, StoreError> {
    if attempts.is_empty() {
        return Ok(Vec::new());
    }
    let views = tx.attempts_view(attempts, &|profile| engine.attempts_limit(profile)).await?;
    let open =
        |view: &&AttemptView| engine.may_feed() && window::is_open(&engine.settings.windows, &view.printer, tx.now());
    let within: Vec<AttemptKey> = views.iter().filter(open).map(|view| view.key).collect();
    let released = tx.attempts_release(&within).await?;
    for view in views.iter().filter(|view| released.contains(&view.key)) {
        tx.audit(Event::new("attempt.releasing", &*view.name).with("job", view.job).with("printer", &view.printer));
    }
    Ok(released)
}

fn settles(requests: &[Request]) -> impl Iterator<Item = &Settle> {
    requests
        .iter()
        .filter_map(|request| if let Request::Step { settle, .. } = request { settle.as_ref() } else { None })
}

async fn settle_all(
    engine: &Engine,
    tx: &mut Tx,
    settles: &[&Settle],
) -> Result<HashMap<AttemptKey, JobState>, StoreError> {
    if settles.is_empty() {
        return Ok(HashMap::new());
    }
    let keys: Vec<AttemptKey> = settles.iter().map(|s| s.attempt).collect();
    let views = tx.attempts_view(&keys, &|profile| engine.attempts_limit(profile)).await?;
    let mut views: HashMap<AttemptKey, AttemptView> = views.into_iter().map(|view| (view.key, view)).collect();
    let mut blanks = Blanks::default();
    let mut states = HashMap::new();
    let mut transitions: Vec<Transition> = Vec::with_capacity(settles.len());
    let mut closing: Vec<BatchId> = Vec::new();
    for one in settles {
        let view = views.remove(&one.attempt).ok_or(StoreError::Conflict("the attempt"))?;
        if !view.state.is_open() {
            // A person declared it meanwhile; that stands, and the printer's late answer is kept for whoever asks.
            let event = Event::new("attempt.late-answer", &*view.name).with("outcome", one.outcome.state().as_str());
            tx.audit(event.with("stands", view.state.as_str()));
            continue;
        }

        let another =
            if matches!(one.outcome, Outcome::Spoiled { .. }) { blanks.take(engine, tx, &view).await? } else { None };
        let random = if matches!(one.outcome, Outcome::NotStarted { .. }) { jitter(&*engine.entropy) } else { 0.0 };
        let transition = settle(&view, &one.outcome, engine.settings.backoff, tx.now(), random, another);
        states.extend(transition.job.as_ref().map(|job| (view.key, job.to)));
        transitions.push(transition);
        if view.batch_is_closing {
            closing.push(view.batch);
        }
        if let Some(change) = &one.breaker {
            set_breaker(tx, change).await?;
        }
    }
    tx.save(transitions).await?;
    for batch in closing {
        if let Some(batch) = tx.batch_get(batch).await? {
            planning::end(tx, &batch, "the last card in hand ended").await?;
        }
    }
    Ok(states)
}

/// Free blanks for second tries, counted down within one commit.
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

async fn set_breaker(tx: &mut Tx, change: &BreakerChange) -> Result<(), StoreError> {
    match tx.printer_breaker(&change.printer, change.from, change.to, change.failures).await {
        // An operator cleared it meanwhile: that stands.
        Err(StoreError::Conflict(_)) => return Ok(()),
        other => other?,
    }
    if change.from != change.to {
        let event = Event::new("printer.breaker", format!("printer {}", change.printer));
        tx.audit(
            event.with("was", change.from.as_str()).with("is", change.to.as_str()).with("failures", change.failures),
        );
    }
    Ok(())
}

/// Requests that come seldom, each with statements of its own.
async fn alone(tx: &mut Tx, request: &Request) -> Result<Reply, StoreError> {
    match request {
        Request::Started { attempt, name } => {
            tx.attempt_started(*attempt).await?;
            tx.audit(Event::new("attempt.started-by-itself", &**name));
            Ok(Reply::Done)
        }
        Request::Undrawable { batch, job, subject, reason } => {
            let open = tx.job_open(*batch, *job).await?.filter(|(_, job)| job.state == JobState::Queued);
            if let Some((record, open)) = open {
                tx.save(vec![refuse_undrawable(record, subject, &open, reason)]).await?;
            }
            Ok(Reply::Done)
        }
        Request::Breaker(change) => {
            set_breaker(tx, change).await?;
            Ok(Reply::Done)
        }
        Request::Step { .. }
        | Request::Acknowledge(_)
        | Request::Plan(_)
        | Request::End { .. }
        | Request::Seen { .. }
        | Request::Probed { .. } => Ok(Reply::Done),
    }
}

/// What was seen of printers, and what they said of themselves; of each the last.
async fn look_all(tx: &mut Tx, requests: &[Request]) -> Result<(), StoreError> {
    let (mut probed, mut seen, mut vouching) = (HashMap::new(), HashMap::new(), HashMap::new());
    for request in requests {
        if let Request::Probed { printer, capabilities } = request {
            probed.insert(printer.as_str(), capabilities.as_str());
        } else if let Request::Seen { printer, state, reasons, whole } = request {
            seen.insert(printer.as_str(), (*state, reasons.as_slice()));
            if *whole {
                vouching.insert(printer.as_str(), reasons);
            }
            let event = Event::new("printer.seen", format!("printer {printer}")).with("state", state);
            tx.audit(event.with("reasons", reasons.join(",")));
        }
    }
    tx.printers_probed(&probed.into_iter().collect::<Vec<_>>()).await?;
    tx.printers_seen(&seen.into_iter().map(|(name, (state, reasons))| (name, state, reasons)).collect::<Vec<_>>())
        .await?;
    if vouching.is_empty() {
        return Ok(());
    }
    let known = tx.printers_named(&vouching.keys().collect::<Vec<_>>()).await?;
    for printer in known.iter().filter(|printer| !printer.acknowledged_reasons.is_empty()) {
        if let Some(reasons) = vouching.get(printer.name.as_str()) {
            tx.printer_acknowledge(
                &printer.name,
                &printer_reason::still_acknowledged(reasons, &printer.acknowledged_reasons),
            )
            .await?;
        }
    }
    Ok(())
}

async fn end_all(tx: &mut Tx, requests: &[Request], replies: &mut [Reply]) -> Result<(), StoreError> {
    let mut ends: HashMap<BatchId, &'static str> = HashMap::new();
    for request in requests {
        if let Request::End { batch, why } = request {
            ends.entry(batch.id).or_insert(why);
        }
    }
    if ends.is_empty() {
        return Ok(());
    }
    // Read again: somebody may have ended it since the worker looked.
    let mut batches = tx.batches_get(&ends.keys().copied().collect::<Vec<_>>()).await?;
    batches.retain(|batch| batch.state != BatchState::Closed);
    batches.sort_unstable_by_key(|batch| batch.id);
    let with_why: Vec<_> = batches.iter().map(|batch| (batch, ends.get(&batch.id).copied().unwrap_or(""))).collect();
    let ended = planning::end_all(tx, &with_why).await?;
    let ended: HashMap<BatchId, planning::Ended> = batches.iter().map(|batch| batch.id).zip(ended).collect();
    for (request, reply) in requests.iter().zip(replies) {
        if let Request::End { batch, .. } = request {
            let closed = planning::Ended { state: BatchState::Closed, frees: false };
            *reply = Reply::Ended(ended.get(&batch.id).copied().unwrap_or(closed));
        }
    }
    Ok(())
}

async fn plan_all(engine: &Engine, tx: &mut Tx, requests: &[Request], replies: &mut [Reply]) -> Result<(), StoreError> {
    let wishes: Vec<&Printer> =
        requests.iter().filter_map(|r| if let Request::Plan(printer) = r { Some(printer) } else { None }).collect();
    if wishes.is_empty() {
        return Ok(());
    }
    // Read again: the printer may have been removed or changed since the worker looked.
    let names: Vec<&str> = wishes.iter().map(|wish| wish.name.as_str()).collect();
    let printers = tx.printers_named(&names).await?;
    let printers: HashMap<&str, &Printer> = printers.iter().map(|p| (p.name.as_str(), p)).collect();
    let mut plans: HashMap<String, planning::Plan> = HashMap::new();
    for batch in tx.batches_open(&names).await? {
        if !plans.contains_key(&batch.printer) {
            let jobs = tx.jobs_queued(batch.id).await?;
            plans.insert(batch.printer.clone(), planning::Plan::Batch(batch, jobs));
        }
    }
    let mut new: Vec<(&Printer, &CardProfile)> = Vec::with_capacity(wishes.len());
    for wish in &wishes {
        let same = |p: &&Printer| p.uri == wish.uri && p.profile == wish.profile;
        let printer = printers.get(wish.name.as_str()).copied().filter(same);
        if let (Some(printer), Some(profile)) = (printer, engine.profiles.get(&wish.profile)) {
            if !plans.contains_key(&printer.name) && !new.iter().any(|(other, _)| other.name == printer.name) {
                new.push((printer, profile));
            }
        } else {
            plans.insert(wish.name.clone(), planning::Plan::NobodyWaits);
        }
    }
    let made = planning::plan_all(tx, &new, &engine.settings).await?;
    plans.extend(new.iter().map(|(printer, _)| printer.name.clone()).zip(made));
    for (request, reply) in requests.iter().zip(replies) {
        if let Request::Plan(printer) = request {
            *reply = Reply::Planned(plans.remove(&printer.name).unwrap_or(planning::Plan::NobodyWaits));
        }
    }
    Ok(())
}
