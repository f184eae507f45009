//! One printer's worker: it gives the printer one card after the other, and finds out what became of each.
//!
//! The worker keeps nothing that another process may change unless a guard of the commit checks it. What it keeps of a
//! batch (its jobs and their sealed bodies) may grow stale; then the begin of an attempt is refused, and it reads again.

use std::{
    sync::{Arc, Mutex, atomic::AtomicBool},
    time::Duration,
};

use cetak_driver_api::{Capabilities, Condition, Fault, PrinterDriver};
use tokio::sync::watch;
use tracing::{debug, error, info, warn};

use super::document;
use crate::{
    domain::{
        batch::{Batch, BatchEnd, BatchState},
        dispatch::{self, Action, Blocked, PrinterSnapshot, Readiness, Rules},
        id::{AttemptKey, RecordId},
        pause::Pause,
        polling::{POLL_MAX, POLL_MIN, Pace},
        printer::Printer,
        printer_reason,
        time::Timestamp,
    },
    engine::{
        Engine,
        batched_reads::{Bodies, ReaderHandle, Seen, SnapshotQuery},
        group_commit::{BreakerChange, Reply, Request, WriterHandle},
        operations::objections,
        planning::Plan,
        scheduling::activity::{Activity, ActivityBoard},
    },
    render::{CardRenderer, Output},
    store::StoreError,
};

/// The longest wait between two looks at a printer that does not print.
pub(in crate::engine) const LOOK_MAX: Duration = Duration::from_secs(5);
/// How long a worker without work sleeps at first if nobody wakes it; each time twice as long, up to [`LOOK_MAX`].
const IDLE: Duration = Duration::from_millis(250);
/// How long a worker waits for a database that is away, which the scheduler tells people.
const AWAY: Duration = Duration::from_secs(1);
/// The reason of a printer that refuses this machine.
const NEEDS_OPERATOR: &str = "needs-operator";
/// The reason keyword of RFC 8011 for a printer that cannot be reached.
const UNREACHABLE: &str = "connecting-to-device";

pub(crate) struct Worker {
    pub(crate) engine: Engine,
    pub(crate) writer: WriterHandle,
    pub(crate) looks: ReaderHandle<SnapshotQuery>,
    pub(crate) bodies: ReaderHandle<Bodies>,
    pub(crate) board: Arc<ActivityBoard>,
    pub(crate) driver: Arc<dyn PrinterDriver>,
    pub(crate) renderer: Arc<dyn CardRenderer>,
    /// What the printer is sent, once it was asked.
    pub(crate) output: Option<Output>,
    pub(crate) stop: watch::Receiver<bool>,
    pub(crate) state: State,
}

/// What a worker remembers of its printer.
pub(crate) struct State {
    pub(crate) printer: Printer,
    capabilities: Option<Capabilities>,
    /// Whether the printer can print.
    pub(in crate::engine) readiness: Readiness,
    /// Since when the printer cannot print.
    pub(in crate::engine) down_since: Option<Timestamp>,
    /// Since when no card has started though the printer says that it is well.
    pub(in crate::engine) starts_nothing_since: Option<Timestamp>,
    /// The wait before the next look at it.
    look: Duration,
    /// How long it needs for a card.
    pub(in crate::engine) pace: Pace,
    /// An open attempt that is looked at from time to time, and since when.
    pub(in crate::engine) watched: Option<(AttemptKey, Timestamp)>,
    /// What the card in hand waits for, and when the printer was asked.
    pub(in crate::engine) waits_for: Mutex<(Timestamp, Vec<String>)>,
    /// The card in hand waited for a person inside the printer: what people see of it is looked at again afterwards.
    pub(in crate::engine) waited: AtomicBool,
    /// The record of the last failure: the breaker counts different ones.
    pub(in crate::engine) last_failed: Option<RecordId>,
}

impl State {
    pub(crate) fn new(printer: Printer) -> Self {
        Self {
            printer,
            capabilities: None,
            readiness: Readiness::Unknown,
            down_since: None,
            starts_nothing_since: None,
            look: POLL_MAX,
            pace: Pace::default(),
            watched: None,
            waits_for: Mutex::new((Timestamp(0), Vec::new())),
            waited: AtomicBool::new(false),
            last_failed: None,
        }
    }
}

/// What was read for a printer, apart from the printer itself.
pub(in crate::engine) struct Pending {
    is_gone: bool,
    has_open_attempt: bool,
    batch: Option<Batch>,
    pauses: Arc<[Pause]>,
    newest: Timestamp,
}

/// What one turn came to.
pub(in crate::engine) enum Progress {
    /// Go on at once.
    On,
    /// Wait for something that passes by itself.
    Wait(Duration),
    /// Only a person, a delivery or a window helps.
    Blocked(Blocked),
    /// The printer was removed.
    Gone,
}

impl Worker {
    pub(crate) async fn run(mut self) {
        let name = self.state.printer.name.clone();
        let mut wake = self.board.waker();
        let mut idle = IDLE;
        loop {
            if *self.stop.borrow() {
                break;
            }
            let seen = self.board.seen();
            let turn = match self.turn().await {
                Ok(turn) => turn,
                Err(StoreError::Conflict(what)) => {
                    debug!(printer.id = name, what, "somebody else was faster");
                    Progress::Wait(POLL_MIN)
                }
                Err(StoreError::Fenced) => break,
                Err(error) if error.is_away() => {
                    debug!(printer.id = name, "waits for the database");
                    Progress::Wait(AWAY)
                }
                Err(error) => {
                    error!(
                        printer.id = name,
                        error = &error as &dyn std::error::Error,
                        "the printer waits for the database"
                    );
                    Progress::Wait(LOOK_MAX)
                }
            };
            let wait = match turn {
                Progress::On => {
                    idle = IDLE;
                    continue;
                }
                Progress::Gone => break,
                Progress::Wait(wait) => {
                    self.board.set(&name, Activity::Busy, seen);
                    idle = IDLE;
                    wait
                }
                Progress::Blocked(why) => {
                    self.board.set(&name, Activity::Blocked(why), seen);
                    let longer = (idle * 2).min(LOOK_MAX);
                    std::mem::replace(&mut idle, longer)
                }
            };
            tokio::select! {
                () = self.engine.clock.sleep(wait) => {}
                _ = wake.changed() => {}
                _ = self.stop.changed() => {}
            }
        }
        self.board.leave(&name);
    }

    /// Reads how things stand, decides, and acts.
    async fn turn(&mut self) -> Result<Progress, StoreError> {
        let name = self.state.printer.name.clone();
        let Some(seen) = self.looks.ask(SnapshotQuery(name)).await? else { return Ok(Progress::Gone) };
        let Seen { printer, mut open, batch, pauses, newest } = *seen;
        // Another printer by that name gets another worker.
        let is_gone = (&printer.uri, &printer.profile) != (&self.state.printer.uri, &self.state.printer.profile);
        if !is_gone {
            self.state.printer = printer;
        }
        if self.state.readiness == Readiness::NotReady {
            self.state.readiness = Readiness::Unknown; // asked again after each wait
        }
        let seen = Pending { is_gone, has_open_attempt: !open.is_empty(), batch, pauses, newest };
        let mut action = self.decide(&seen);
        if action != Action::Resume {
            self.state.watched = None;
        }
        if action == Action::Ask {
            self.state.readiness = self.ask().await?;
            if self.state.readiness == Readiness::NotReady {
                self.state.down_since.get_or_insert(self.engine.clock.now());
            }
            action = self.decide(&seen);
        }
        match action {
            Action::Leave => Ok(Progress::Gone),
            Action::WaitForLease => Ok(Progress::Wait(POLL_MAX)),
            Action::Resume => {
                let first = open.remove(0);
                let progress = self.resume(first, &seen).await?;
                if !matches!(progress, Progress::On) {
                    self.cancel_held_behind(open.into_iter()).await?;
                }
                Ok(progress)
            }
            Action::Plan => match self.writer.save(Request::Plan(self.state.printer.clone())).await? {
                Reply::Planned(Plan::Batch(batch, jobs)) if batch.state == BatchState::Running => {
                    self.print_batch(batch, Some(jobs)).await
                }
                Reply::Planned(Plan::Batch(..)) => Ok(Progress::On),
                Reply::Planned(Plan::NoBlanks) => Ok(Progress::Blocked(Blocked::NoBlanks)),
                Reply::Planned(Plan::NothingWaits) | Reply::Step { .. } | Reply::Ended(_) | Reply::Done => {
                    Ok(Progress::Blocked(Blocked::NothingWaits))
                }
            },
            Action::Print => match seen.batch {
                Some(batch) => self.print_batch(batch, None).await,
                None => Ok(Progress::On),
            },
            Action::EndBatch(why) => {
                self.end_batch(seen.batch, why).await?;
                Ok(Progress::On)
            }
            Action::Ask | Action::WaitForPrinter | Action::Block { .. } => self.rest(action, seen.batch).await,
        }
    }

    /// Decides on what was read and what is remembered of the printer.
    fn decide(&self, seen: &Pending) -> Action {
        dispatch::next_action(&self.snapshot(seen), &self.rules(), self.engine.clock.now())
    }

    fn snapshot<'a>(&'a self, seen: &'a Pending) -> PrinterSnapshot<'a> {
        let printer = &self.state.printer;
        PrinterSnapshot {
            name: &printer.name,
            is_gone: seen.is_gone,
            node: printer.node.as_deref(),
            own_node: self.engine.node(),
            has_lease: self.engine.may_feed(),
            has_open_attempt: seen.has_open_attempt,
            breaker: printer.breaker,
            readiness: self.state.readiness,
            down_since: self.state.down_since,
            batch: seen.batch.as_ref().map(|batch| (batch.id, batch.state)),
            pauses: &seen.pauses,
            newest: seen.newest,
        }
    }

    fn rules(&self) -> Rules<'_> {
        Rules { windows: &self.engine.settings.windows, release_after: self.engine.settings.release_after }
    }

    /// The printer cannot print. After `release_after` its cards go to others.
    pub(in crate::engine) async fn down(&mut self, seen: &Pending) -> Result<Progress, StoreError> {
        let now = self.engine.clock.now();
        self.state.down_since.get_or_insert(now);
        let action = dispatch::down(&self.snapshot(seen), &self.rules(), now);
        self.rest(action, seen.batch.clone()).await
    }

    /// Waits as decided, and ends the batch first where that was decided.
    async fn rest(&mut self, action: Action, batch: Option<Batch>) -> Result<Progress, StoreError> {
        if let Action::Block { reason, end_batch } = action {
            if let Some(why) = end_batch {
                self.end_batch(batch, why).await?;
            }
            if reason == Blocked::CannotPrint {
                self.state.look = LOOK_MAX;
            }
            return Ok(Progress::Blocked(reason));
        }
        let wait = self.state.look;
        self.state.look = (wait * 2).min(LOOK_MAX);
        Ok(Progress::Wait(wait))
    }

    pub(in crate::engine) async fn end_batch(&self, batch: Option<Batch>, why: BatchEnd) -> Result<(), StoreError> {
        if let Some(batch) = batch
            && let Reply::Ended(ended) = self.writer.save(Request::End { batch, why }).await?
            && ended.frees
        {
            self.board.new_work();
        }
        Ok(())
    }

    /// Asks the printer whether it can print: after a failure and at the start.
    async fn ask(&mut self) -> Result<Readiness, StoreError> {
        if self.state.capabilities.is_none() {
            let found = match self.driver.probe().await {
                Ok(found) => found,
                Err(fault) => return self.unanswered(&fault).await.map(|()| Readiness::NotReady),
            };
            self.remember(&found).await?;
            let profile = self.engine.profile(&self.state.printer.profile).ok();
            self.output = profile.as_ref().and_then(|profile| document::choose(&found, profile));
            let objection = if self.output.is_none() {
                Some("document-format-not-supported")
            } else if self.state.printer.insisted.is_none()
                && !objections(&self.engine, &self.state.printer.profile, &found).is_empty()
            {
                Some("not-vouched-for")
            } else {
                None
            };
            if let Some(reason) = objection {
                self.seen("stopped", vec![reason.into()]).await?;
                return Ok(Readiness::NotReady);
            }
            self.state.capabilities = Some(found);
        }
        let status = match self.driver.status().await {
            Ok(status) => status,
            Err(fault) => return self.unanswered(&fault).await.map(|()| Readiness::NotReady),
        };
        let (state, well) = match status.condition {
            Condition::Idle => ("idle", true),
            Condition::Processing => ("processing", true),
            Condition::Stopped => ("stopped", false),
        };
        let stopping = printer_reason::stopping(&status.reasons, &self.state.printer.vouched);
        self.seen(state, status.reasons).await?;
        if !well || !status.accepting_jobs || !stopping.is_empty() {
            return Ok(Readiness::NotReady);
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
        self.state.down_since = None;
        self.state.look = POLL_MAX;
        Ok(Readiness::Ready)
    }

    /// The printer can keep a whole job without printing it.
    pub(in crate::engine) fn can_hold(&self) -> bool {
        let known = self.state.capabilities.as_ref().zip(self.output.as_ref());
        known.is_some_and(|(found, output)| document::can_hold(found, output.format))
    }

    /// Between upload and release there is something to save.
    pub(in crate::engine) fn prepare_is_sent(&self) -> bool {
        self.state.capabilities.as_ref().is_none_or(|capabilities| capabilities.prepare_is_sent)
    }

    /// Saves what the printer is, for people; what counts up by itself is left out.
    async fn remember(&mut self, found: &Capabilities) -> Result<(), StoreError> {
        let lasting = Capabilities { up_time_s: None, impressions_completed: None, ..found.clone() };
        let Ok(capabilities) = serde_json::to_string(&lasting) else { return Ok(()) };
        if self.state.printer.capabilities.as_ref() != Some(&capabilities) {
            let printer = self.state.printer.name.clone();
            self.writer.save(Request::Probed { printer, capabilities: capabilities.clone() }).await?;
            self.state.printer.capabilities = Some(capabilities);
        }
        Ok(())
    }

    pub(in crate::engine) async fn unanswered(&mut self, fault: &Fault) -> Result<(), StoreError> {
        // It may come back as another.
        self.state.capabilities = None;
        match fault {
            Fault::Unavailable { reasons } if !reasons.iter().any(|r| r == UNREACHABLE) => {
                self.seen("stopped", reasons.clone()).await
            }
            Fault::NeedsOperator(what) => {
                if !self.state.printer.reasons.iter().any(|reason| reason == NEEDS_OPERATOR) {
                    warn!(printer.id = self.state.printer.name, "{what}");
                }
                self.seen("stopped", vec![NEEDS_OPERATOR.into()]).await
            }
            Fault::Unavailable { .. } | Fault::NotSent(_) | Fault::Rejected(_) | Fault::OutcomeUnknown(_) => {
                self.seen("unreachable", vec![UNREACHABLE.into()]).await
            }
        }
    }

    async fn seen(&mut self, state: &'static str, reasons: Vec<String>) -> Result<(), StoreError> {
        let printer = &mut self.state.printer;
        let vouched = printer_reason::still_vouched(&reasons, &printer.vouched);
        if printer.state == state && printer.reasons == reasons && printer.vouched == vouched {
            return Ok(());
        }
        info!(printer.id = printer.name, state, reasons = reasons.join(","), "the printer changed");
        printer.state = state.into();
        printer.reasons.clone_from(&reasons);
        printer.vouched = vouched;
        self.writer.save(Request::Seen { printer: printer.name.clone(), state, reasons, whole: true }).await?;
        Ok(())
    }
}
