//! One printer's worker: it gives the printer one card after the other, and finds out what became of each.
//!
//! The worker keeps nothing that another process may change unless a guard of the commit checks it. What it keeps of a
//! batch (its jobs and their sealed bodies) may grow stale; then the begin of an attempt is refused, and it reads again.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use cetak_driver_api::{Capabilities, Condition, Document, Fault, PrinterDriver};
use tokio::sync::watch;
use tracing::{debug, error, info, warn};

use super::{
    CLOCK_TOLERANCE, Office,
    batcher::Plan,
    board::{Board, Doing},
    clock::attempt_name,
    hand::Printed,
    intake::open_person,
    writer::{BreakerChange, Reply, Request, Settle, WriterHandle},
};
use crate::{
    domain::{
        batch::{Batch, BatchState},
        breaker::Breaker,
        id::RecordId,
        job::JobState,
        time::Timestamp,
        window,
    },
    render::Renderer,
    store::{Begin, PauseScope, Printer, QueuedJob, StoreError, StoredBody},
};

/// Bodies read at once.
const BODIES_AHEAD: usize = 50;
/// The first and the longest wait between two questions about a card.
pub(super) const POLL_MIN: Duration = Duration::from_millis(2);
pub(super) const POLL_MAX: Duration = Duration::from_millis(250);
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
    pub(super) ready: bool,
    /// Since when the printer cannot print.
    pub(super) down_since: Option<Timestamp>,
    /// Since when no card has started though the printer says that it is well.
    pub(super) starts_nothing_since: Option<Timestamp>,
    /// The wait before the next look at it.
    look: Duration,
    /// The card in hand waited for a person inside the printer: what people see of it is looked at again afterwards.
    pub(super) waited: AtomicBool,
    /// The record of the last failure: the breaker counts different ones.
    pub(super) last_failed: Option<RecordId>,
}

impl State {
    pub(crate) fn new(printer: Printer) -> Self {
        Self {
            printer,
            capabilities: None,
            ready: false,
            down_since: None,
            starts_nothing_since: None,
            look: POLL_MAX,
            waited: AtomicBool::new(false),
            last_failed: None,
        }
    }
}

/// What one turn came to.
pub(super) enum Turn {
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
        let newest = tx.newest_instant().await?;
        drop(tx);
        if (&printer.uri, &printer.profile) != (&self.state.printer.uri, &self.state.printer.profile) {
            return Ok(Turn::Gone); // another printer by that name: another worker takes it
        }
        self.state.printer = printer;
        if let Some(attempt) = open.into_iter().next() {
            return self.resume(attempt, batch).await;
        }
        if self.office.clock.now().plus(CLOCK_TOLERANCE) < newest {
            return Ok(Turn::Stuck("the clock is behind what was written before; set it"));
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
                Reply::Planned(Plan::NobodyWaits)
                | Reply::Step { .. }
                | Reply::Released(_)
                | Reply::Ended(_)
                | Reply::Done => {
                    return Ok(Turn::Stuck("nobody waits"));
                }
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
    pub(super) async fn down(&mut self, batch: Option<Batch>) -> Result<Turn, StoreError> {
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
            let was = batch.state;
            if self.writer.save(Request::End { batch, why }).await? != Reply::Ended(was) {
                self.board.new_work();
            }
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
                    self.state.capabilities = Some(found);
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

    pub(super) async fn unanswered(&mut self, fault: &Fault) -> Result<(), StoreError> {
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
            let begin = begin.filter(|_| settle.is_none() || self.state.ready);
            let request =
                Request::Step { settle: settle.take(), begin: begin.as_ref().map(|(begin, _)| begin.clone()) };
            // While the commit is awaited, the next card is drawn.
            let (saved, ahead) = tokio::join!(self.writer.save(request), self.draw(&mut pile));
            let Reply::Step { settled, begun } = saved? else { return Ok(Turn::On) };
            if matches!(settled, Some(JobState::Returned)) {
                self.board.new_work();
            }
            let (Some((begin, drawn)), Some(key)) = (begin, begun) else { return Ok(Turn::On) };
            let record = Some(drawn.job.record);
            // A failed read must not keep the card that was begun from its printer.
            next = ahead.unwrap_or_else(|error| {
                warn!(
                    printer.id = self.state.printer.name,
                    error = &error as &dyn std::error::Error,
                    "drawing ahead failed"
                );
                None
            });
            match self.print(key, &begin, drawn.document).await? {
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
}
