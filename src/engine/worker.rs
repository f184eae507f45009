//! One printer's worker: it gives the printer one card after the other, and finds out what became of each.
//!
//! The worker keeps nothing that another process may change unless a guard of the commit checks it. What it keeps of a
//! batch (its jobs and their sealed bodies) may grow stale; then the begin of an attempt is refused, and it reads again.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use cetak_driver_api::{AttemptId, AttemptRef, Cancelled, Capabilities, Condition, Document, Fault, PrinterDriver};
use tokio::sync::watch;
use tracing::{debug, error, info, warn};

use super::{
    Office,
    batcher::Plan,
    board::{Board, Doing},
    clock::attempt_name,
    intake::open_person,
    reconcile::{self, Verdict},
    writer::{BreakerChange, Reply, Request, Settle, WriterHandle},
};
use crate::{
    domain::{
        attempt::Outcome,
        batch::{Batch, BatchState},
        breaker::{Breaker, Failure},
        id::{AttemptKey, RecordId},
        job::JobState,
        time::Timestamp,
        window,
    },
    render::Renderer,
    store::{Acknowledgement, Begin, OpenAttempt, PauseScope, Printer, QueuedJob, StoreError, StoredBody},
};

/// Bodies read at once.
const BODIES_AHEAD: usize = 50;
/// The first and the longest wait between two questions about a card.
const POLL_MIN: Duration = Duration::from_millis(2);
const POLL_MAX: Duration = Duration::from_millis(250);
/// The longest wait between two looks at a printer that does not print.
const LOOK_MAX: Duration = Duration::from_secs(5);
/// How long a worker without work sleeps if nobody wakes it.
const IDLE: Duration = Duration::from_millis(250);
/// The reason keyword of RFC 8011 for a printer that cannot be reached.
const UNREACHABLE: &str = "connecting-to-device";

pub(crate) struct Worker {
    pub(crate) office: Office,
    pub(crate) writer: WriterHandle,
    pub(crate) board: Arc<Board>,
    pub(crate) driver: Arc<dyn PrinterDriver>,
    pub(crate) renderer: Arc<Renderer>,
    pub(crate) stop: watch::Receiver<bool>,
    pub(crate) state: State,
}

/// What a worker remembers of its printer.
pub(crate) struct State {
    pub(crate) printer: Printer,
    capabilities: Option<Capabilities>,
    /// The printer was seen well since its last failure.
    ready: bool,
    /// Since when the printer cannot print.
    down_since: Option<Timestamp>,
    /// The wait before the next look at it.
    look: Duration,
    /// The record of the last failure: the breaker counts different ones.
    last_failed: Option<RecordId>,
}

impl State {
    pub(crate) fn new(printer: Printer) -> Self {
        Self { printer, capabilities: None, ready: false, down_since: None, look: POLL_MAX, last_failed: None }
    }
}

/// What one turn came to.
enum Turn {
    /// Go on at once.
    On,
    /// Wait for something that passes by itself.
    Wait(Duration),
    /// Only a person, a delivery or a window helps.
    Stuck(&'static str),
    /// The printer was removed.
    Gone,
}

/// A card that is drawn and may begin.
struct Drawn {
    job: QueuedJob,
    version: i64,
    document: Document,
}

/// A batch in work.
struct Pile {
    batch: Batch,
    jobs: VecDeque<QueuedJob>,
    bodies: VecDeque<StoredBody>,
}

/// An attempt in hand.
struct InHand {
    key: AttemptKey,
    reference: AttemptRef,
}

impl Worker {
    pub(crate) async fn run(mut self) {
        let name = self.state.printer.name.clone();
        let mut wake = self.board.waker();
        loop {
            if *self.stop.borrow() {
                break;
            }
            let seen = self.board.seen();
            let turn = match self.turn().await {
                Ok(turn) => turn,
                Err(StoreError::Conflict(what)) => {
                    debug!(printer.id = name, what, "somebody else was faster");
                    Turn::Wait(POLL_MIN)
                }
                Err(error) => {
                    error!(
                        printer.id = name,
                        error = &error as &dyn std::error::Error,
                        "the printer waits for the database"
                    );
                    Turn::Wait(LOOK_MAX)
                }
            };
            let wait = match turn {
                Turn::On => continue,
                Turn::Gone => break,
                Turn::Wait(wait) => {
                    self.board.set(&name, Doing::Busy, seen);
                    wait
                }
                Turn::Stuck(why) => {
                    self.board.set(&name, Doing::Stuck(why), seen);
                    IDLE
                }
            };
            tokio::select! {
                () = self.office.clock.sleep(wait) => {}
                _ = wake.changed() => {}
                _ = self.stop.changed() => {}
            }
        }
        self.board.leave(&name);
    }

    /// One look at how things stand, and what follows from it.
    async fn turn(&mut self) -> Result<Turn, StoreError> {
        let name = self.state.printer.name.clone();
        let mut tx = self.office.store.read().await?;
        let Some(printer) = tx.printer_get(&name).await? else { return Ok(Turn::Gone) };
        let open = tx.attempts_open(&name).await?;
        let batch = tx.batch_open(&name).await?;
        let pauses = tx.pause_list().await?;
        drop(tx);
        self.state.printer = printer;
        if let Some(attempt) = open.into_iter().next() {
            return self.resume(attempt, batch).await;
        }
        let batch_name = batch.as_ref().map(|b| b.id.0);
        let applies = |scope: &PauseScope| match scope {
            PauseScope::Queue => true,
            PauseScope::Printer(printer) => *printer == name,
            PauseScope::Batch(id) => Some(*id) == batch_name,
        };
        if pauses.iter().any(|pause| applies(&pause.scope)) {
            return Ok(Turn::Stuck("paused"));
        }
        if !window::is_open(&self.office.settings.windows, &name, self.office.clock.now()) {
            // A batch that was never approved holds its blanks for the person who decides.
            self.end_batch(batch.filter(|b| b.state != BatchState::Planned), "its window closed").await?;
            return Ok(Turn::Stuck("outside its window"));
        }
        if !self.is_ready().await? {
            return self.down(batch).await;
        }
        let batch = match batch {
            Some(batch) => batch,
            None => match self.writer.save(Request::Plan(self.state.printer.clone())).await? {
                Reply::Planned(Plan::Batch(batch)) => batch,
                Reply::Planned(Plan::NoBlanks) => return Ok(Turn::Stuck("no blanks")),
                _ => return Ok(Turn::Stuck("nobody waits")),
            },
        };
        match batch.state {
            BatchState::Planned => Ok(Turn::Stuck("its batch waits for approval")),
            BatchState::Running => self.print_batch(batch).await,
            BatchState::Closing | BatchState::Closed => {
                self.end_batch(Some(batch), "nothing of it is printing").await?;
                Ok(Turn::On)
            }
        }
    }

    /// The printer cannot print. After a while its cards go to others.
    async fn down(&mut self, batch: Option<Batch>) -> Result<Turn, StoreError> {
        if self.state.printer.breaker == Breaker::Locked {
            self.end_batch(batch, "its printer is locked").await?;
            return Ok(Turn::Stuck("the printer failed again; an operator has to clear it"));
        }
        let now = self.office.clock.now();
        let since = *self.state.down_since.get_or_insert(now);
        if now.since(since) > self.office.settings.release_after {
            self.end_batch(batch, "its printer cannot print").await?;
            self.state.look = LOOK_MAX;
            return Ok(Turn::Stuck("the printer cannot print"));
        }
        let wait = self.state.look;
        self.state.look = (wait * 2).min(LOOK_MAX);
        Ok(Turn::Wait(wait))
    }

    async fn end_batch(&self, batch: Option<Batch>, why: &'static str) -> Result<(), StoreError> {
        if let Some(batch) = batch {
            self.writer.save(Request::End { batch, why }).await?;
            self.board.new_work();
        }
        Ok(())
    }

    /// Is the printer well? Asks it after a failure and at start; a printer that prints is not asked.
    async fn is_ready(&mut self) -> Result<bool, StoreError> {
        if self.state.printer.breaker == Breaker::Locked {
            return Ok(false);
        }
        if self.state.ready && self.state.printer.breaker.lets_a_card_start() {
            return Ok(true);
        }
        if self.state.capabilities.is_none() {
            match self.driver.probe().await {
                Ok(found) if found.document_formats.iter().any(|format| format == "image/png") => {
                    self.state.capabilities = Some(found)
                }
                Ok(_) => {
                    self.seen("stopped", vec!["document-format-not-supported".into()]).await?;
                    return Ok(false);
                }
                Err(fault) => return self.unanswered(&fault).await.map(|()| false),
            }
        }
        let status = match self.driver.status().await {
            Ok(status) => status,
            Err(fault) => return self.unanswered(&fault).await.map(|()| false),
        };
        let (state, well) = match status.condition {
            Condition::Idle => ("idle", true),
            Condition::Processing => ("processing", true),
            Condition::Stopped => ("stopped", false),
        };
        self.seen(state, status.reasons).await?;
        if !well || !status.accepting_jobs {
            return Ok(false);
        }
        let (from, to) = (self.state.printer.breaker, self.state.printer.breaker.after_probe());
        if from != to {
            let change = BreakerChange {
                printer: self.state.printer.name.clone(),
                from,
                to,
                failures: self.state.printer.failures,
            };
            self.writer.save(Request::Breaker(change)).await?;
            self.state.printer.breaker = to;
        }
        self.state.ready = true;
        self.state.down_since = None;
        self.state.look = POLL_MAX;
        Ok(true)
    }

    async fn unanswered(&mut self, fault: &Fault) -> Result<(), StoreError> {
        match fault {
            Fault::Unavailable { reasons } if !reasons.iter().any(|r| r == UNREACHABLE) => {
                self.seen("stopped", reasons.clone()).await
            }
            Fault::NeedsOperator(what) => {
                warn!(printer.id = self.state.printer.name, "{what}");
                self.seen("stopped", vec!["needs-operator".into()]).await
            }
            Fault::Unavailable { .. } | Fault::NotSent(_) | Fault::Rejected(_) | Fault::OutcomeUnknown(_) => {
                self.seen("unreachable", vec![UNREACHABLE.into()]).await
            }
        }
    }

    async fn seen(&mut self, state: &'static str, reasons: Vec<String>) -> Result<(), StoreError> {
        let printer = &mut self.state.printer;
        if printer.state == state && printer.reasons == reasons {
            return Ok(());
        }
        info!(printer.id = printer.name, state, reasons = reasons.join(","), "the printer changed");
        printer.state = state.into();
        printer.reasons.clone_from(&reasons);
        self.writer.save(Request::Seen { printer: printer.name.clone(), state, reasons }).await?;
        Ok(())
    }

    /// Prints cards of a batch until it is empty, a card fails, or something forbids the next.
    async fn print_batch(&mut self, batch: Batch) -> Result<Turn, StoreError> {
        self.board.set(&self.state.printer.name, Doing::Busy, self.board.seen());
        let mut tx = self.office.store.read().await?;
        let jobs = tx.jobs_queued(batch.id).await?.into();
        drop(tx);
        let mut pile = Pile { batch, jobs, bodies: VecDeque::new() };
        if pile.jobs.is_empty() {
            self.end_batch(Some(pile.batch), "all its cards are done").await?;
            return Ok(Turn::On);
        }
        let mut settle: Option<Settle> = None;
        let mut next = self.draw(&mut pile).await?;
        if next.is_none() {
            return Ok(Turn::Wait(self.until_due(&pile)));
        }
        loop {
            let stop = *self.stop.borrow();
            let begin = next.take().filter(|_| !stop).map(|drawn| (self.begin(&drawn), drawn));
            let failed = settle.as_ref().is_some_and(|s| s.outcome != Outcome::Printed);
            let begin = begin.filter(|_| !failed);
            let request =
                Request::Step { settle: settle.take(), begin: begin.as_ref().map(|(begin, _)| begin.clone()) };
            let Reply::Step { settled, begun } = self.writer.save(request).await? else { return Ok(Turn::On) };
            if matches!(settled, Some(JobState::Returned)) {
                self.board.new_work();
            }
            let (Some((begin, drawn)), Some(key)) = (begin, begun) else { return Ok(Turn::On) };
            let record = Some(drawn.job.record);
            let outcome = self.print(key, &begin, drawn.document);
            // While this card is in hand, the next is drawn.
            let (outcome, drawn) = tokio::join!(outcome, self.draw(&mut pile));
            next = drawn?;
            match outcome? {
                Printed::Ended(outcome) => settle = Some(self.settlement(key, record, outcome)),
                Printed::Open => return Ok(Turn::Wait(POLL_MAX)),
            }
        }
    }

    fn until_due(&self, pile: &Pile) -> Duration {
        let now = self.office.clock.now();
        let due = pile.jobs.iter().map(|job| Timestamp(job.due_at_us)).min().unwrap_or(now);
        due.since(now).clamp(POLL_MIN, LOOK_MAX)
    }

    fn begin(&self, drawn: &Drawn) -> Begin {
        let now = self.office.clock.now();
        Begin {
            name: attempt_name(&self.office.settings.site, now, &*self.office.entropy),
            job: drawn.job.id,
            record_version: drawn.version,
            printer: self.state.printer.name.clone(),
            releasing: !self.state.capabilities.as_ref().is_some_and(|c| c.can_hold),
        }
    }

    /// Draws the next card of the pile that is due; one that cannot be drawn is quarantined, and the pile goes on.
    async fn draw(&self, pile: &mut Pile) -> Result<Option<Drawn>, StoreError> {
        let now = self.office.clock.now().0;
        while let Some(at) = pile.jobs.iter().position(|job| job.due_at_us <= now) {
            let Some(job) = pile.jobs.remove(at) else { break };
            let body = match pile.bodies.iter().position(|body| body.id == job.record) {
                Some(at) => pile.bodies.remove(at),
                None => self.read_bodies(pile, &job).await?,
            };
            let Some(body) = body else { continue };
            let drawn = open_person(self.office.store.keys(), &body).and_then(|person| {
                self.renderer.front(&person, &body.district, &body.village).map_err(|e| e.to_string())
            });
            match drawn {
                Ok(bytes) => {
                    let document = Document { format: "image/png", bytes };
                    return Ok(Some(Drawn { job, version: body.version, document }));
                }
                Err(reason) => {
                    let subject = format!("record {}/{}", body.source, body.request_id);
                    warn!(
                        printer.id = self.state.printer.name,
                        job.id = job.id.0,
                        "{subject} is quarantined: {reason}"
                    );
                    let (batch, job) = (pile.batch.id, job.id);
                    self.writer.save(Request::Undrawable { batch, job, subject, reason }).await?;
                }
            }
        }
        Ok(None)
    }

    async fn read_bodies(&self, pile: &mut Pile, job: &QueuedJob) -> Result<Option<StoredBody>, StoreError> {
        let ahead = pile.jobs.iter().take(BODIES_AHEAD).map(|j| j.record);
        let records: Vec<RecordId> = std::iter::once(job.record).chain(ahead).collect();
        let mut tx = self.office.store.read().await?;
        pile.bodies = tx.bodies_get(&records).await?.into();
        let at = pile.bodies.iter().position(|body| body.id == job.record);
        Ok(at.and_then(|at| pile.bodies.remove(at)))
    }

    /// Brings one card to the printer and finds out what became of it.
    async fn print(&self, key: AttemptKey, begin: &Begin, document: Document) -> Result<Printed, StoreError> {
        let Ok(id) = AttemptId::new(&*begin.name) else {
            return Ok(Printed::Ended(reconcile::not_started("the site's name does not fit into a job name")));
        };
        let mut reference = AttemptRef { id: id.clone(), printer_job: None, acknowledged: false };
        match self.driver.prepare(&id, document).await {
            Ok(prepared) => reference.printer_job = prepared.printer_job,
            Err(fault) => return self.after_fault(key, reference, &fault).await,
        }
        if !begin.releasing {
            let acknowledgement =
                Acknowledgement { key, printer_job: reference.printer_job.clone(), acknowledged: false };
            if self.writer.save(Request::Release(acknowledgement)).await? != Reply::Released(true) {
                return self.take_back(&reference).await;
            }
        }
        match self.driver.commit(&id).await {
            Ok(committed) => {
                reference.acknowledged = true;
                reference.printer_job = committed.printer_job.or(reference.printer_job);
            }
            Err(fault) => return self.after_fault(key, reference, &fault).await,
        }
        self.watch_to_the_end(&InHand { key, reference }).await
    }

    /// `prepare` or `commit` failed: the fault proves that no blank was used, or only the printer can tell.
    async fn after_fault(&self, key: AttemptKey, reference: AttemptRef, fault: &Fault) -> Result<Printed, StoreError> {
        if let Some(outcome) = reconcile::after_fault(fault) {
            let _ = self.driver.cancel(&reference).await; // nothing can start; this only tidies up
            return Ok(Printed::Ended(outcome));
        }
        warn!(printer.id = self.state.printer.name, attempt.id = reference.id.as_str(), "{fault}");
        self.watch_to_the_end(&InHand { key, reference }).await
    }

    /// A pause, a window or a withdrawal came between upload and release: the card must not start.
    async fn take_back(&self, reference: &AttemptRef) -> Result<Printed, StoreError> {
        match self.driver.cancel(reference).await {
            Ok(Cancelled::NothingPrinted) => Ok(Printed::Ended(reconcile::not_started(reconcile::STOPPED))),
            Ok(Cancelled::OutcomeUnknown) | Err(_) => Ok(Printed::Open),
        }
    }

    /// Asks until the card has ended. A printer that does not answer keeps its attempt open.
    async fn watch_to_the_end(&self, hand: &InHand) -> Result<Printed, StoreError> {
        let mut wait = POLL_MIN;
        let mut saved = false;
        loop {
            match self.driver.find(&hand.reference).await.map(reconcile::after_releasing) {
                Ok(Verdict::Ended(outcome)) => return Ok(Printed::Ended(outcome)),
                Ok(Verdict::Cancel) => {
                    if let Ok(Cancelled::NothingPrinted) = self.driver.cancel(&hand.reference).await {
                        return Ok(Printed::Ended(reconcile::not_started("the release never arrived")));
                    }
                    return Ok(Printed::Open);
                }
                Ok(Verdict::Wait(reasons)) if !reasons.is_empty() => self.waits_inside(reasons).await?,
                Ok(Verdict::Wait(_)) => {}
                Err(_) => return Ok(Printed::Open),
            }
            if !saved {
                let printer_job = hand.reference.printer_job.clone();
                let acknowledgement =
                    Acknowledgement { key: hand.key, printer_job, acknowledged: hand.reference.acknowledged };
                self.writer.save(Request::Acknowledge(acknowledgement)).await?;
                saved = true;
            }
            self.office.clock.sleep(wait).await;
            wait = (wait * 2).min(POLL_MAX);
        }
    }

    /// The card in hand waits for a person inside the printer (an empty hopper, say): people see it in `status`.
    async fn waits_inside(&self, reasons: Vec<String>) -> Result<(), StoreError> {
        let mut tx = self.office.store.read().await?;
        let known = tx.printer_get(&self.state.printer.name).await?;
        drop(tx);
        if known.is_some_and(|printer| printer.state != "processing" || printer.reasons != reasons) {
            let printer = self.state.printer.name.clone();
            self.writer.save(Request::Seen { printer, state: "processing", reasons }).await?;
        }
        Ok(())
    }

    /// What the end of an attempt means for the printer.
    fn settlement(&mut self, attempt: AttemptKey, record: Option<RecordId>, outcome: Outcome) -> Settle {
        let printer = &mut self.state.printer;
        let from = printer.breaker;
        let failure = match &outcome {
            Outcome::Printed => None,
            Outcome::NotStarted { reason, .. } if reason == reconcile::STOPPED => {
                return Settle { attempt, outcome, breaker: None };
            }
            Outcome::NotStarted { .. } => Some(Failure::NotStarted),
            Outcome::Spoiled { .. } | Outcome::Uncertain { .. } => Some(Failure::BlankUsed),
        };
        let (to, failures) = match failure {
            None => (Breaker::Closed, 0),
            Some(failure) => {
                let another = record.is_none() || record != self.state.last_failed;
                let failures = printer.failures + u32::from(another);
                (from.after_failure(failure, failures, self.office.settings.breaker_failures), failures)
            }
        };
        let changed = (from, printer.failures) != (to, failures);
        if let Some(reason) = outcome.reason() {
            self.state.last_failed = record;
            self.state.ready = false;
            warn!(
                printer.id = printer.name,
                reason,
                outcome = outcome.state().as_str(),
                breaker = to.as_str(),
                "a card failed"
            );
        }
        printer.breaker = to;
        printer.failures = failures;
        let breaker = changed.then(|| BreakerChange { printer: printer.name.clone(), from, to, failures });
        Settle { attempt, outcome, breaker }
    }

    /// An attempt that was open when the worker looked: after a crash, or with a printer that does not answer.
    async fn resume(&mut self, open: OpenAttempt, batch: Option<Batch>) -> Result<Turn, StoreError> {
        let Ok(id) = AttemptId::new(&*open.name) else {
            return Ok(Turn::Stuck("an attempt has no name that a printer takes"));
        };
        let reference = AttemptRef { id, printer_job: open.printer_job, acknowledged: open.acknowledged };
        let hand = InHand { key: open.key, reference };
        let printed = if open.releasing { self.watch_once(&hand).await } else { self.withdraw_once(&hand).await };
        match printed {
            Ok(Verdict::Ended(outcome)) => {
                info!(
                    printer.id = self.state.printer.name,
                    attempt.id = open.name,
                    outcome = outcome.state().as_str(),
                    "an open attempt is settled"
                );
                let settle = Some(self.settlement(hand.key, None, outcome));
                self.writer.save(Request::Step { settle, begin: None }).await?;
                self.state.down_since = None;
                self.board.new_work();
                Ok(Turn::On)
            }
            Ok(Verdict::Wait(reasons)) => {
                self.state.down_since = None;
                if !reasons.is_empty() {
                    self.waits_inside(reasons).await?;
                }
                Ok(Turn::Wait(POLL_MAX))
            }
            Ok(Verdict::Cancel) => Ok(Turn::Wait(POLL_MAX)),
            Err(fault) => {
                self.unanswered(&fault).await?;
                match self.down(batch).await? {
                    Turn::Stuck(_) => Ok(Turn::Stuck("the printer does not answer for its card in hand")),
                    other => Ok(other),
                }
            }
        }
    }

    async fn watch_once(&self, hand: &InHand) -> Result<Verdict, Fault> {
        match reconcile::after_releasing(self.driver.find(&hand.reference).await?) {
            Verdict::Cancel => Ok(match self.driver.cancel(&hand.reference).await? {
                Cancelled::NothingPrinted => Verdict::Ended(reconcile::not_started("the release never arrived")),
                Cancelled::OutcomeUnknown => Verdict::Cancel,
            }),
            verdict => Ok(verdict),
        }
    }

    async fn withdraw_once(&self, hand: &InHand) -> Result<Verdict, Fault> {
        match self.driver.cancel(&hand.reference).await? {
            Cancelled::NothingPrinted => Ok(Verdict::Ended(reconcile::not_started(reconcile::STOPPED))),
            Cancelled::OutcomeUnknown => Ok(reconcile::before_releasing(self.driver.find(&hand.reference).await?)),
        }
    }
}

enum Printed {
    Ended(Outcome),
    /// The printer does not tell; the attempt stays open, and is looked at again.
    Open,
}
