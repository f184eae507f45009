//! One printer's worker: it gives the printer one card after the other, and finds out how each ended.
//!
//! The worker keeps nothing that another process may change unless a guard of the commit checks it. It owns the
//! [`PrinterSession`]; a run over a batch borrows that, and owns the queue of the batch and the attempts.

use std::{collections::HashMap, time::Duration};

use cetak_driver_api::AttemptId;
use tokio::sync::watch;
use tracing::info;

use super::{
    attempt::{cancel_leftover, judge, reference, unknown_reference},
    card_name::CardName,
    ending::Ending,
    limits::Blanks,
    prefetch::print_batch,
    services::{Progress, Services},
    session::{Pending, PrinterSession},
    troubles::Troubles,
    verdict::Verdict,
};
use crate::{
    domain::{
        batch::{Batch, BatchEnd, BatchState},
        dispatch::{self, Action, Blocked, Rules},
        id::AttemptKey,
        polling::{ASK_MAX, POLL_MAX, POLL_MIN, Waits},
        printer_reason,
    },
    engine::{
        batched_reads::{ReaderHandle, Snapshot, SnapshotQuery},
        planning::Plan,
        scheduling::activity::Activity,
    },
    store::{OpenAttempt, QueuedJob, StoreError},
};

/// How long a printer may take to cancel a held job, before people are told.
const CANCEL_MAX: Duration = Duration::from_secs(30);

/// How long data of a closed connection may still reach a printer that does not answer: longer than the IPP driver's limit of
/// unacknowledged data.
const CLOSED_MAX: Duration = Duration::from_mins(2);

pub(crate) struct Worker {
    pub(crate) services: Services,
    pub(crate) snapshots: ReaderHandle<SnapshotQuery>,
    pub(crate) session: PrinterSession,
    pub(crate) stop: watch::Receiver<bool>,
    /// When attempts that are to be confirmed were first cancelled at a printer that does not answer, as
    /// [`Clock::elapsed`](crate::engine::clock::Clock::elapsed) counts.
    pub(crate) cancelled: HashMap<AttemptKey, Duration>,
}

impl Worker {
    pub(crate) async fn run(mut self) {
        let name = self.session.name().to_owned();
        let mut wake = self.services.board.waker();
        // How long a blocked worker sleeps if nothing wakes it.
        let mut idle = Waits::default();
        let mut troubles = Troubles::new(&self.services, &name);
        loop {
            if *self.stop.borrow() {
                break;
            }
            let seen = self.services.board.seen();
            let turn = self.turn().await;
            let is_error = turn.is_err();
            let progress = match turn {
                Ok(progress) => {
                    troubles.end();
                    progress
                }
                Err(StoreError::Fenced) => break,
                Err(error) => Progress::Wait(troubles.failed(&error)),
            };
            if is_error {
                self.session.forget_readiness();
            }
            let wait = match progress {
                Progress::Continue => {
                    idle = Waits::default();
                    continue;
                }
                Progress::Gone => break,
                Progress::Wait(_) | Progress::Ask => {
                    self.services.board.set(&name, Activity::Busy, seen);
                    idle = Waits::default();
                    if let Progress::Wait(wait) = progress { wait } else { self.session.wait() }
                }
                Progress::Blocked(why) => {
                    self.services.board.set(&name, Activity::Blocked(why), seen);
                    idle.wait()
                }
            };
            tokio::select! {
                () = self.services.engine.clock.sleep(wait) => match progress {
                    Progress::Ask => self.session.lengthen_wait(),
                    Progress::Blocked(_) => idle.lengthen(),
                    Progress::Continue | Progress::Wait(_) | Progress::Gone => {}
                },
                // However often it was woken: the same wait begins again.
                _ = wake.changed() => {}
                _ = self.stop.changed() => {}
            }
        }
        troubles.end();
        self.services.board.leave(&name);
    }

    /// Reads how things stand, decides, and acts.
    async fn turn(&mut self) -> Result<Progress, StoreError> {
        let query = SnapshotQuery(self.session.name().to_owned());
        let Some(seen) = self.snapshots.ask(query).await? else { return Ok(Progress::Gone) };
        let Snapshot { printer, mut open, unconfirmed, batch, in_doubt, pauses, newest } = *seen;
        self.confirm(unconfirmed).await?;
        let is_gone = !self.session.sync(printer, self.services.now());
        let read = Pending { is_gone, has_open_attempt: !open.is_empty(), batch, in_doubt, pauses, newest };
        let mut action = self.decide(&read);
        if action != Action::Resume {
            self.session.forget_watched();
        }
        if action == Action::Ask {
            self.session.ask(&self.services).await?;
            action = self.decide(&read);
        }
        let blanks = if action == Action::Print { Blanks::Enough } else { Blanks::AsBefore };
        if counts_rests(action) && !self.session.count(&self.services, blanks).await? {
            return Ok(Progress::Continue); // a person has changed them
        }
        match action {
            Action::Leave => Ok(Progress::Gone),
            Action::WaitForLease => Ok(Progress::Wait(POLL_MAX)),
            Action::Resume => {
                let first = open.remove(0);
                let progress = self.resume(&first, &read).await?;
                if !matches!(progress, Progress::Continue) {
                    self.cancel_held_behind(&open).await?;
                }
                Ok(progress)
            }
            Action::Plan => self.plan().await,
            Action::Print => match read.batch {
                Some(batch) => self.print(batch, None).await,
                None => Ok(Progress::Continue),
            },
            Action::EndBatch(why) => {
                self.services.end_batch(read.batch, why).await?;
                Ok(Progress::Continue)
            }
            // Asked just now, and still to be asked: what was read is no longer so.
            Action::Ask => Ok(Progress::Wait(POLL_MIN)),
            Action::WaitForPrinter | Action::Block { .. } => self.rest(action, read.batch).await,
        }
    }

    /// Plans the next batch and prints it, or puts on record that there are no blanks for the records that wait.
    async fn plan(&mut self) -> Result<Progress, StoreError> {
        let plan = self.services.commits.plan(self.session.printer().clone()).await?;
        let blanks = match plan {
            Plan::NoBlanks if self.record_waits().await? => Blanks::Lacking,
            Plan::Batch(..) | Plan::NoBlanks | Plan::NothingWaits => Blanks::Enough,
            Plan::NoRoom => Blanks::AsBefore,
        };
        if !self.session.count(&self.services, blanks).await? {
            return Ok(Progress::Continue); // a person has changed them
        }
        match plan {
            Plan::Batch(batch, jobs) if batch.state == BatchState::Running => {
                if self.session.is_comparison_due(&self.services) {
                    self.session.ask(&self.services).await?;
                    if !self.session.is_ready() {
                        return Ok(Progress::Continue);
                    }
                }
                self.print(batch, Some(jobs)).await
            }
            Plan::Batch(..) => Ok(Progress::Continue),
            Plan::NoBlanks => Ok(Progress::Blocked(Blocked::NoBlanks)),
            Plan::NoRoom => Ok(Progress::Wait(POLL_MAX)), // said or set since it was read
            Plan::NothingWaits => Ok(Progress::Blocked(Blocked::NothingWaits)),
        }
    }

    async fn record_waits(&self) -> Result<bool, StoreError> {
        self.services.engine.store.read_once().await?.record_waits(&self.session.printer().profile).await
    }

    /// Confirms that attempts that another process settled will not be sent any more. Between two runs over a batch the
    /// worker sends nothing, but the rest of a document may be on its way: the driver closes its connection, and the
    /// printer cancels what it has. With a printer that does not answer, the data of the connection are waited out.
    async fn confirm(&mut self, unconfirmed: Vec<(AttemptKey, String)>) -> Result<(), StoreError> {
        let mut over = Vec::new();
        for (key, name) in unconfirmed {
            let Ok(id) = AttemptId::new(&*name) else { continue };
            let now = self.services.engine.clock.elapsed();
            let first = *self.cancelled.entry(key).or_insert(now);
            let is_answered = self.session.driver().cancel(&unknown_reference(id)).await.is_ok();
            if is_answered || now.saturating_sub(first) >= CLOSED_MAX {
                over.push((key, name));
            }
        }
        if over.is_empty() {
            return Ok(());
        }
        self.cancelled.retain(|key, _| !over.iter().any(|(over, _)| over == key));
        self.services.commits.confirm(over).await
    }

    fn rules(&self) -> Rules<'_> {
        let settings = &self.services.engine.settings;
        Rules { windows: &settings.windows, release_after: settings.release_after }
    }

    fn decide(&self, read: &Pending) -> Action {
        let snapshot = self.session.snapshot(&self.services, read);
        dispatch::next_action(&snapshot, &self.rules(), self.services.now())
    }

    /// Waits as decided, and ends the batch first where that was decided.
    async fn rest(&mut self, action: Action, batch: Option<Batch>) -> Result<Progress, StoreError> {
        let Action::Block { reason, end_batch } = action else {
            return Ok(Progress::Ask);
        };
        if reason == Blocked::BreakerLocked {
            self.session.show_refusal(&self.services).await?;
        }
        if let Some(why) = end_batch {
            self.services.end_batch(batch, why).await?;
        } else if reason.is_limit() {
            return self.rest_at_limit(reason, batch).await;
        }
        Ok(Progress::Blocked(reason))
    }

    /// Waits as long as a limit stops the feeding. A batch that is kept, and a short rest, are waited for.
    async fn rest_at_limit(&mut self, reason: Blocked, batch: Option<Batch>) -> Result<Progress, StoreError> {
        if reason == Blocked::RibbonUsedUp && self.session.ask_ribbon(&self.services).await? {
            return Ok(Progress::Continue);
        }
        let now = self.services.now();
        let rest = self.session.rests_until(now).map(|until| until.since(now));
        let is_short = rest.is_some_and(|rest| rest <= self.services.engine.settings.release_after);
        let is_done = match &batch {
            Some(batch) => self.read_jobs(batch).await?.is_empty(),
            None => false,
        };
        if is_done {
            self.services.end_batch(batch, BatchEnd::Done).await?;
            return Ok(Progress::Continue);
        }
        if batch.is_none() && !is_short {
            return Ok(Progress::Blocked(reason));
        }
        Ok(Progress::Wait(rest.unwrap_or(ASK_MAX).clamp(POLL_MIN, ASK_MAX)))
    }

    /// The printer cannot print. After `release_after` its cards go to other printers.
    async fn down(&mut self, read: &Pending) -> Result<Progress, StoreError> {
        let now = self.services.now();
        self.session.set_down(now);
        let action = dispatch::down(&self.session.snapshot(&self.services, read), &self.rules(), now);
        self.rest(action, read.batch.clone()).await
    }

    /// Prints a batch, whose queued jobs may be known.
    async fn print(&mut self, batch: Batch, jobs: Option<Vec<QueuedJob>>) -> Result<Progress, StoreError> {
        let board = &self.services.board;
        board.set(self.session.name(), Activity::Busy, board.seen());
        let jobs = match jobs {
            Some(jobs) => jobs,
            // Seldom, and large.
            None => Box::pin(self.read_jobs(&batch)).await?,
        };
        print_batch(&self.services, &mut self.session, &self.stop, batch, jobs).await
    }

    async fn read_jobs(&self, batch: &Batch) -> Result<Vec<QueuedJob>, StoreError> {
        let mut tx = self.services.engine.store.read().await?;
        tx.jobs_queued(batch.id).await
    }

    /// What the log calls the card of an open attempt.
    async fn card_name(&self, open: &OpenAttempt) -> Result<CardName, StoreError> {
        let request = self.services.engine.store.read().await?.attempt_request(open.key).await?;
        let (source, request_id) = request.unwrap_or_default();
        Ok(CardName::new(&open.name, &source, &request_id))
    }

    /// Finds out how an attempt ended that was open when the worker looked: after a crash, or with a printer that does not
    /// answer.
    async fn resume(&mut self, open: &OpenAttempt, read: &Pending) -> Result<Progress, StoreError> {
        let Ok(id) = AttemptId::new(&*open.name) else {
            return Ok(Progress::Blocked(Blocked::AttemptNameInvalid));
        };
        let reference = reference(open, id);
        match judge(self.session.driver(), &reference).await {
            Ok(Verdict::Ended(outcome)) => {
                if !cancel_leftover(self.session.driver(), &reference, &outcome).await {
                    return self.down(read).await;
                }
                let state = outcome.state().as_str();
                let card = self.card_name(open).await?;
                let request = card.request.clone();
                let Ending { settle, effect } = self.session.ending(&self.services, open.key, card, None, outcome);
                let settled = self.services.commits.settle(settle).await?;
                info!(
                    printer.id = self.session.name(),
                    attempt.id = open.name,
                    request.id = request,
                    outcome = state,
                    "an open attempt is settled"
                );
                self.session.settled(effect, settled);
                self.session.set_up();
                self.services.board.new_work();
                Ok(Progress::Continue)
            }
            Ok(Verdict::Wait(reasons)) => self.wait_for_card(open, reasons, read).await,
            Ok(Verdict::Cancel) => {
                let is_late = self.session.hangs(open.key, self.services.now(), CANCEL_MAX);
                let reasons = is_late.then(|| printer_reason::CANCEL_REFUSED.to_owned());
                Box::pin(self.session.show_waiting(&self.services, reasons.into_iter().collect())).await?;
                self.down(read).await
            }
            Err(fault) => {
                self.session.unanswered(&self.services, &fault).await?;
                Ok(match self.down(read).await? {
                    Progress::Blocked(_) => Progress::Blocked(Blocked::AttemptUnanswered),
                    other @ (Progress::Continue | Progress::Wait(_) | Progress::Ask | Progress::Gone) => other,
                })
            }
        }
    }

    /// The card of an open attempt is under way, or waits inside the printer.
    async fn wait_for_card(
        &mut self,
        open: &OpenAttempt,
        mut reasons: Vec<String>,
        read: &Pending,
    ) -> Result<Progress, StoreError> {
        if reasons.is_empty() {
            reasons = self.session.ask_waiting(&*self.services.engine.clock).await;
        }
        let release_after = self.services.engine.settings.release_after;
        if reasons.is_empty() && self.session.hangs(open.key, self.services.now(), release_after) {
            reasons.push(printer_reason::TAKES_TOO_LONG.to_owned());
        }
        let waits = !reasons.is_empty();
        Box::pin(self.session.show_waiting(&self.services, reasons)).await?;
        if !waits {
            self.session.set_up();
            return Ok(Progress::Wait(POLL_MAX));
        }
        Ok(match self.down(read).await? {
            Progress::Blocked(_) => Progress::Blocked(Blocked::CardWaitsInside),
            Progress::Continue | Progress::Wait(_) | Progress::Ask | Progress::Gone => Progress::Wait(POLL_MAX),
        })
    }

    /// Cancels held cards behind an open attempt that waits: they would wait for hours, and other printers can print them.
    async fn cancel_held_behind(&mut self, held: &[OpenAttempt]) -> Result<(), StoreError> {
        for open in held.iter().filter(|open| !open.releasing) {
            let Ok(id) = AttemptId::new(&*open.name) else { continue };
            if let Ok(Verdict::Ended(outcome)) = judge(self.session.driver(), &reference(open, id)).await {
                let card = self.card_name(open).await?;
                let Ending { settle, effect } = self.session.ending(&self.services, open.key, card, None, outcome);
                let settled = self.services.commits.settle(settle).await?;
                self.session.settled(effect, settled);
            }
        }
        Ok(())
    }
}

/// Whether rests begin and end before the action: a printer that waits for anything else may have rested meanwhile.
fn counts_rests(action: Action) -> bool {
    match action {
        Action::Plan | Action::Print => true,
        Action::Block { reason, .. } => !matches!(reason, Blocked::ClockBehind | Blocked::InstanceInDoubt),
        Action::Leave
        | Action::WaitForLease
        | Action::Resume
        | Action::Ask
        | Action::WaitForPrinter
        | Action::EndBatch(_) => false,
    }
}
