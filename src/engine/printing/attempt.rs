//! The card in hand: from the first byte to its outcome, and what a restart makes of it.

use std::{
    sync::{PoisonError, atomic::Ordering},
    time::Duration,
};

use cetak_driver_api::{AttemptId, AttemptRef, Cancelled, Condition, Document, Fault};
use tracing::{info, warn};

use super::{
    verdict::{self, Verdict},
    worker::{Pending, Progress, Worker},
};
use crate::{
    domain::{
        attempt::{Blame, Outcome, OutcomeKind},
        breaker::{Health, Limits, after_outcome},
        dispatch::{Blocked, Readiness},
        id::{AttemptKey, BatchId, RecordId},
        job::PrintedCard,
        polling::{POLL_MAX, Seen},
        printer_reason,
    },
    engine::group_commit::{BreakerChange, Request, Settle},
    store::{Acknowledgement, Begin, OpenAttempt, QueuedJob, StoreError},
};

/// How often a printer is asked what the card in hand waits for.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// An attempt in hand.
pub(in crate::engine) struct ActiveAttempt {
    pub(in crate::engine) key: AttemptKey,
    pub(in crate::engine) record: RecordId,
    job: QueuedJob,
    batch: BatchId,
    /// The whole document was held: that its id is saved proves as much as an answer to the release.
    held: bool,
    /// The printer let it go by itself: there is nothing left to release.
    loose: bool,
    reference: AttemptRef,
}

impl ActiveAttempt {
    /// `None` if its name is none that a printer takes.
    pub(in crate::engine) fn new(key: AttemptKey, begin: &Begin, job: QueuedJob, batch: BatchId) -> Option<Self> {
        let id = AttemptId::new(&*begin.name).ok()?;
        let releasing = begin.releasing;
        let impressions = begin.impressions;
        let reference = AttemptRef { id, printer_job: None, boot: None, releasing, impressions, acknowledged: false };
        Some(Self { key, record: job.record, job, batch, held: false, loose: false, reference })
    }

    /// The commit before a card may exist is done.
    pub(in crate::engine) fn is_releasing(&self) -> bool {
        self.reference.releasing
    }

    /// That commit was done just now.
    pub(in crate::engine) fn set_releasing(&mut self) {
        self.reference.releasing = true;
    }

    /// What is known of it, if it has become a card.
    pub(in crate::engine) fn good_card(&self, printer: &str) -> PrintedCard {
        PrintedCard {
            attempt: self.key,
            name: self.reference.id.as_str().to_owned(),
            printer: printer.to_owned(),
            job: self.job.id,
            record: self.job.record,
            batch: self.batch,
            lot: self.job.lot,
            place: self.job.place.clone(),
        }
    }

    /// What the printer answered so far.
    pub(in crate::engine) fn acknowledgement(&self) -> Acknowledgement {
        Acknowledgement {
            key: self.key,
            printer_job: self.reference.printer_job.clone(),
            boot: self.reference.boot.clone(),
            acknowledged: self.reference.acknowledged,
        }
    }
}

/// An open attempt as its driver is asked about it.
pub(in crate::engine) fn reference(open: &OpenAttempt, id: AttemptId) -> AttemptRef {
    AttemptRef {
        id,
        printer_job: open.printer_job.clone(),
        boot: open.boot.clone(),
        releasing: open.releasing,
        impressions: open.impressions,
        acknowledged: open.acknowledged,
    }
}

/// What came of an upload.
pub(in crate::engine) enum Uploaded {
    /// It may be let go.
    Ready(ActiveAttempt),
    /// No blank was used.
    Failed(ActiveAttempt, Outcome),
    /// Nothing can start, but something of it may be left in the printer: its attempt stays open until that is taken back.
    Left,
    /// The printer did not keep its promise to hold: a card may exist.
    Loose(ActiveAttempt),
}

/// Has an attempt ended with a fault?
pub(in crate::engine) enum Ended {
    /// No: only the printer can tell.
    Not,
    /// Yes.
    With(Outcome),
    /// As soon as the printer has confirmed that nothing of it is left.
    WhenTakenBack,
}

/// How far a card came.
pub(in crate::engine) enum Printed {
    /// It is over; and when, if it was watched without a break.
    Ended(Outcome, Option<Seen>),
    /// The printer does not tell; the attempt stays open, and is looked at again.
    Open,
}

impl Worker {
    /// Brings one card to the printer so that it cannot start.
    pub(in crate::engine) async fn upload(
        &self,
        mut hand: ActiveAttempt,
        document: Document,
    ) -> Result<Uploaded, StoreError> {
        match self.driver.prepare(&hand.reference.id, document).await {
            Ok(prepared) => {
                hand.reference.printer_job = prepared.printer_job;
                hand.reference.boot = prepared.boot;
                hand.held = prepared.held;
                Ok(Uploaded::Ready(hand))
            }
            Err(fault) => {
                match self.outcome_of(&hand, &fault).await {
                    Ended::Not => {}
                    Ended::With(outcome) => return Ok(Uploaded::Failed(hand, outcome)),
                    Ended::WhenTakenBack => return Ok(Uploaded::Left),
                }
                if !hand.is_releasing() {
                    let name = hand.reference.id.as_str().to_owned();
                    self.writer.save(Request::Started { attempt: hand.key, name }).await?;
                }
                hand.set_releasing();
                hand.loose = true;
                Ok(Uploaded::Loose(hand))
            }
        }
    }

    /// The one call after which a card may exist. Gives the outcome where it is proved that none can.
    pub(in crate::engine) async fn let_go(&self, hand: &mut ActiveAttempt) -> Ended {
        if hand.loose {
            return Ended::Not;
        }
        match self.driver.commit(&hand.reference.id).await {
            Ok(committed) => {
                hand.reference.acknowledged = true;
                hand.reference.printer_job = committed.printer_job.or(hand.reference.printer_job.take());
                hand.reference.boot = committed.boot.or(hand.reference.boot.take());
                Ended::Not
            }
            Err(fault) => self.outcome_of(hand, &fault).await,
        }
    }

    /// `prepare` or `commit` failed: the fault proves that no blank was used, or only the printer can tell. It has ended
    /// only when nothing of it is left in the printer: whoever lets a held job go there would make a second card.
    async fn outcome_of(&self, hand: &ActiveAttempt, fault: &Fault) -> Ended {
        let Some(outcome) = verdict::after_fault(fault) else {
            warn!(printer.id = self.state.printer.name, attempt.id = hand.reference.id.as_str(), "{fault}");
            return Ended::Not;
        };
        match self.driver.cancel(&hand.reference).await {
            Ok(Cancelled::NothingPrinted) => Ended::With(outcome),
            Ok(Cancelled::OutcomeUnknown) | Err(_) => Ended::WhenTakenBack,
        }
    }

    /// A pause, a window, a withdrawal or a failure came between upload and release: the card must not start.
    pub(in crate::engine) async fn take_back(&self, hand: ActiveAttempt) -> Result<(), StoreError> {
        match self.driver.cancel(&hand.reference).await {
            Ok(Cancelled::NothingPrinted) => {
                let settle = Settle { attempt: hand.key, outcome: verdict::stopped(), breaker: None, good: None };
                self.writer.save(Request::Step { settle: Some(settle), begin: None, release: None }).await?;
            }
            // It stays open, and is looked at again.
            Ok(Cancelled::OutcomeUnknown) | Err(_) => {}
        }
        Ok(())
    }

    /// Asks until the card has ended. A printer that does not answer, or waits for a person, keeps its attempt open.
    pub(in crate::engine) async fn watch_to_the_end(&self, hand: &ActiveAttempt) -> Result<Printed, StoreError> {
        let began = self.engine.clock.now();
        let mut after = Duration::ZERO;
        // Without a hold, only the answer tells a whole document from half a one, and it is saved before anything else.
        let mut saved = !hand.held && self.prepare_is_sent();
        if saved {
            self.writer.save(Request::Acknowledge(hand.acknowledgement())).await?;
        }
        loop {
            let asked = self.engine.clock.now().since(began);
            let verdict = self.driver.find(&hand.reference).await.map(verdict::after_releasing);
            if let Ok(Verdict::Ended(outcome)) = verdict {
                if !self.cancel_leftover(&hand.reference, &outcome).await {
                    return Ok(Printed::Open);
                }
                let until = self.engine.clock.now().since(began);
                return Ok(Printed::Ended(outcome, Some(Seen { after, until }).filter(|_| !hand.loose)));
            }
            after = asked;
            if !saved {
                self.writer.save(Request::Acknowledge(hand.acknowledgement())).await?;
                saved = true;
            }
            let reasons = match verdict {
                Ok(Verdict::Wait(reasons)) if reasons.is_empty() && self.state.pace.is_late(asked) => {
                    self.what_it_waits_for().await
                }
                Ok(Verdict::Wait(reasons)) => reasons,
                Ok(Verdict::Cancel | Verdict::Ended(_)) | Err(_) => return Ok(Printed::Open),
            };
            if reasons.is_empty() && self.state.pace.is_far_too_late(asked) {
                return Ok(Printed::Open);
            }
            if !reasons.is_empty() {
                Box::pin(self.waits_inside(reasons)).await?;
                return Ok(Printed::Open);
            }
            let elapsed = self.engine.clock.now().since(began);
            self.engine.clock.sleep(self.state.pace.wait(elapsed)).await;
        }
    }

    /// Of a card whose outcome nobody knows, nothing may be left in the printer that could still print. False if the
    /// printer did not answer: then it is not over yet.
    async fn cancel_leftover(&self, reference: &AttemptRef, outcome: &Outcome) -> bool {
        // What it proves is of no use any more.
        !matches!(outcome, Outcome::Uncertain { .. }) || self.driver.cancel(reference).await.is_ok()
    }

    /// Asks the printer, at most once a second, what keeps it from going on.
    async fn what_it_waits_for(&self) -> Vec<String> {
        let now = self.engine.clock.now();
        let (asked, answer) = self.state.waits_for.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if now.since(asked) < ASK_EVERY {
            return answer;
        }
        let answer = match self.driver.status().await {
            Ok(status) if !printer_reason::stopping(&status.reasons, &self.state.printer.vouched).is_empty() => {
                status.reasons
            }
            Ok(status) if status.condition == Condition::Stopped => vec![printer_reason::STOPPED.to_owned()],
            Ok(_) | Err(_) => Vec::new(),
        };
        *self.state.waits_for.lock().unwrap_or_else(PoisonError::into_inner) = (now, answer.clone());
        answer
    }

    /// What the card in hand waits for inside the printer (an empty hopper, say): people see it in `status`.
    async fn waits_inside(&self, reasons: Vec<String>) -> Result<(), StoreError> {
        let waited = self.state.waited.load(Ordering::Relaxed);
        if reasons.is_empty() && !waited {
            return Ok(());
        }
        self.state.waited.store(true, Ordering::Relaxed);
        let mut tx = self.engine.store.read().await?;
        let known = tx.printer_get(&self.state.printer.name).await?;
        drop(tx);
        if let Some(known) = known.filter(|printer| printer.state != "processing" || printer.reasons != reasons) {
            info!(printer.id = known.name, reasons = reasons.join(","), "what the card in hand waits for changed");
            let seen = Request::Seen { printer: known.name, state: "processing", reasons, whole: false };
            self.writer.save(seen).await?;
        }
        Ok(())
    }

    /// What the end of an attempt means for the printer.
    pub(in crate::engine) fn settlement(
        &mut self,
        attempt: AttemptKey,
        record: Option<RecordId>,
        outcome: Outcome,
    ) -> Settle {
        if self.state.waited.swap(false, Ordering::Relaxed) {
            self.state.readiness = Readiness::Unknown;
        }
        let printer = &mut self.state.printer;
        let from = printer.breaker;
        let before = Health {
            breaker: from,
            failures: printer.failures,
            last_failed: self.state.last_failed,
            starts_nothing_since: self.state.starts_nothing_since,
        };
        let settings = &self.engine.settings;
        let limits = Limits { failures: settings.breaker_failures, starts_nothing: settings.release_after };
        let after = after_outcome(before, outcome.kind(), record, limits, self.engine.clock.now());
        self.state.starts_nothing_since = after.starts_nothing_since;
        if outcome.kind() == OutcomeKind::NotStarted(Blame::Neither) {
            return Settle { attempt, outcome, breaker: None, good: None };
        }
        let (to, failures) = (after.breaker, after.failures);
        let changed = (from, printer.failures) != (to, failures);
        if let Some(reason) = outcome.reason() {
            self.state.last_failed = record;
            self.state.readiness = Readiness::Unknown;
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
        Settle { attempt, outcome, breaker, good: None }
    }

    /// An attempt that was open when the worker looked: after a crash, or with a printer that does not answer.
    pub(in crate::engine) async fn resume(
        &mut self,
        open: OpenAttempt,
        seen: &Pending,
    ) -> Result<Progress, StoreError> {
        let Ok(id) = AttemptId::new(&*open.name) else {
            return Ok(Progress::Blocked(Blocked::AttemptNameInvalid));
        };
        let reference = reference(&open, id);
        let verdict =
            if open.releasing { self.watch_once(&reference).await } else { self.withdraw_once(&reference).await };
        match verdict {
            Ok(Verdict::Ended(outcome)) => {
                info!(
                    printer.id = self.state.printer.name,
                    attempt.id = open.name,
                    outcome = outcome.state().as_str(),
                    "an open attempt is settled"
                );
                if !self.cancel_leftover(&reference, &outcome).await {
                    return self.down(seen).await;
                }
                let settle = Some(self.settlement(open.key, None, outcome));
                self.writer.save(Request::Step { settle, begin: None, release: None }).await?;
                self.state.down_since = None;
                self.board.new_work();
                Ok(Progress::On)
            }
            Ok(Verdict::Wait(reasons)) => {
                let mut reasons = if reasons.is_empty() { self.what_it_waits_for().await } else { reasons };
                if reasons.is_empty() && self.hangs(open.key) {
                    reasons.push(printer_reason::TAKES_TOO_LONG.to_owned());
                }
                let waits = !reasons.is_empty();
                Box::pin(self.waits_inside(reasons)).await?;
                if !waits {
                    self.state.down_since = None;
                    return Ok(Progress::Wait(POLL_MAX));
                }
                Ok(match self.down(seen).await? {
                    Progress::Blocked(_) => Progress::Blocked(Blocked::CardWaitsInside),
                    Progress::On | Progress::Wait(_) | Progress::Gone => Progress::Wait(POLL_MAX),
                })
            }
            Ok(Verdict::Cancel) => self.down(seen).await,
            Err(fault) => {
                self.unanswered(&fault).await?;
                Ok(match self.down(seen).await? {
                    Progress::Blocked(_) => Progress::Blocked(Blocked::AttemptUnanswered),
                    other @ (Progress::On | Progress::Wait(_) | Progress::Gone) => other,
                })
            }
        }
    }

    /// Has a card been under way for so long, without a word why, that its other cards had better leave?
    fn hangs(&mut self, attempt: AttemptKey) -> bool {
        let now = self.engine.clock.now();
        let (watched, since) = *self.state.watched.get_or_insert((attempt, now));
        if watched != attempt {
            self.state.watched = Some((attempt, now));
            return false;
        }
        let hangs = now.since(since) > self.engine.settings.release_after;
        if hangs {
            self.state.down_since.get_or_insert(since);
        }
        hangs
    }

    /// Takes held cards back that stand behind one that waits: they would wait for hours, and others can print them.
    pub(in crate::engine) async fn cancel_held_behind(
        &mut self,
        held: impl Iterator<Item = OpenAttempt>,
    ) -> Result<(), StoreError> {
        for open in held.filter(|open| !open.releasing) {
            let Ok(id) = AttemptId::new(&*open.name) else { continue };
            if let Ok(Verdict::Ended(outcome)) = self.withdraw_once(&reference(&open, id)).await {
                let settle = Some(self.settlement(open.key, None, outcome));
                self.writer.save(Request::Step { settle, begin: None, release: None }).await?;
            }
        }
        Ok(())
    }

    async fn watch_once(&self, reference: &AttemptRef) -> Result<Verdict, Fault> {
        match verdict::after_releasing(self.driver.find(reference).await?) {
            Verdict::Cancel => Ok(match self.driver.cancel(reference).await? {
                Cancelled::NothingPrinted => Verdict::Ended(verdict::not_started("the release never arrived")),
                Cancelled::OutcomeUnknown => Verdict::Cancel,
            }),
            verdict @ (Verdict::Wait(_) | Verdict::Ended(_)) => Ok(verdict),
        }
    }

    async fn withdraw_once(&self, reference: &AttemptRef) -> Result<Verdict, Fault> {
        match self.driver.cancel(reference).await? {
            Cancelled::NothingPrinted => Ok(Verdict::Ended(verdict::stopped())),
            Cancelled::OutcomeUnknown => Ok(verdict::before_releasing(self.driver.find(reference).await?)),
        }
    }
}
