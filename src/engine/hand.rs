//! The card in hand: from the first byte to its outcome, and what a restart makes of it.

use std::sync::atomic::Ordering;

use cetak_driver_api::{AttemptId, AttemptRef, Cancelled, Document, Fault};
use tracing::{info, warn};

use super::{
    reconcile::{self, Verdict},
    worker::{POLL_MAX, POLL_MIN, Turn, Worker},
    writer::{BreakerChange, Reply, Request, Settle},
};
use crate::{
    domain::{
        attempt::Outcome,
        batch::Batch,
        breaker::{Breaker, Failure},
        id::{AttemptKey, RecordId},
    },
    store::{Acknowledgement, Begin, OpenAttempt, StoreError},
};

/// An attempt in hand.
pub(super) struct InHand {
    key: AttemptKey,
    reference: AttemptRef,
}

/// How far a card came.
pub(super) enum Printed {
    Ended(Outcome),
    /// The printer does not tell; the attempt stays open, and is looked at again.
    Open,
}

impl Worker {
    /// Brings one card to the printer and finds out what became of it.
    pub(super) async fn print(
        &self,
        key: AttemptKey,
        begin: &Begin,
        document: Document,
    ) -> Result<Printed, StoreError> {
        let Ok(id) = AttemptId::new(&*begin.name) else {
            return Ok(Printed::Ended(reconcile::not_started("the site's name does not fit into a job name")));
        };
        let mut reference = AttemptRef { id: id.clone(), printer_job: None, acknowledged: false };
        match self.driver.prepare(&id, document).await {
            Ok(prepared) => reference.printer_job = prepared.printer_job,
            Err(fault) => {
                if reconcile::after_fault(&fault).is_none() && !begin.releasing {
                    self.writer.save(Request::Started { attempt: key, name: begin.name.clone() }).await?;
                }
                return self.after_fault(key, reference, &fault).await;
            }
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

    /// Asks until the card has ended. A printer that does not answer, or waits for a person, keeps its attempt open.
    async fn watch_to_the_end(&self, hand: &InHand) -> Result<Printed, StoreError> {
        let mut wait = POLL_MIN;
        let mut saved = false;
        loop {
            let verdict = self.driver.find(&hand.reference).await.map(reconcile::after_releasing);
            if let Ok(Verdict::Ended(outcome)) = verdict {
                return Ok(Printed::Ended(outcome));
            }
            if !saved {
                let printer_job = hand.reference.printer_job.clone();
                let acknowledged = hand.reference.acknowledged;
                self.writer
                    .save(Request::Acknowledge(Acknowledgement { key: hand.key, printer_job, acknowledged }))
                    .await?;
                saved = true;
            }
            match verdict {
                Ok(Verdict::Wait(reasons)) if reasons.is_empty() => {}
                Ok(Verdict::Wait(reasons)) => {
                    self.waits_inside(reasons).await?;
                    return Ok(Printed::Open);
                }
                Ok(Verdict::Cancel | Verdict::Ended(_)) | Err(_) => return Ok(Printed::Open),
            }
            self.office.clock.sleep(wait).await;
            wait = (wait * 2).min(POLL_MAX);
        }
    }

    /// What the card in hand waits for inside the printer (an empty hopper, say): people see it in `status`.
    async fn waits_inside(&self, reasons: Vec<String>) -> Result<(), StoreError> {
        let waited = self.state.waited.load(Ordering::Relaxed);
        if reasons.is_empty() && !waited {
            return Ok(());
        }
        self.state.waited.store(true, Ordering::Relaxed);
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
    pub(super) fn settlement(&mut self, attempt: AttemptKey, record: Option<RecordId>, outcome: Outcome) -> Settle {
        if self.state.waited.swap(false, Ordering::Relaxed) {
            self.state.ready = false;
        }
        let printer = &mut self.state.printer;
        let from = printer.breaker;
        let failure = match &outcome {
            Outcome::Printed => None,
            Outcome::NotStarted { reason, .. } if reason == reconcile::STOPPED => {
                return Settle { attempt, outcome, breaker: None };
            }
            Outcome::NotStarted { card_refused: false, .. } => Some(Failure::Free),
            Outcome::NotStarted { card_refused: true, .. } | Outcome::Spoiled { .. } | Outcome::Uncertain { .. } => {
                Some(Failure::Costly)
            }
        };
        let mut starts_nothing = false;
        if failure == Some(Failure::Free) {
            let now = self.office.clock.now();
            let since = *self.state.starts_nothing_since.get_or_insert(now);
            starts_nothing = now.since(since) > self.office.settings.release_after;
        } else {
            self.state.starts_nothing_since = None;
        }
        let (to, failures) = match failure {
            // It says that it is well and takes no card: others can print them.
            Some(_) if starts_nothing => (Breaker::Locked, printer.failures + 1),
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
    pub(super) async fn resume(&mut self, open: OpenAttempt, batch: Option<Batch>) -> Result<Turn, StoreError> {
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
            Ok(Verdict::Wait(reasons)) if reasons.is_empty() => {
                self.state.down_since = None;
                self.waits_inside(reasons).await?;
                Ok(Turn::Wait(POLL_MAX))
            }
            Ok(Verdict::Wait(reasons)) => {
                self.waits_inside(reasons).await?;
                Ok(match self.down(batch).await? {
                    Turn::Stuck(_) => Turn::Stuck("its card in hand waits inside the printer for a person"),
                    Turn::On | Turn::Wait(_) | Turn::Gone => Turn::Wait(POLL_MAX),
                })
            }
            Ok(Verdict::Cancel) => self.down(batch).await,
            Err(fault) => {
                self.unanswered(&fault).await?;
                Ok(match self.down(batch).await? {
                    Turn::Stuck(_) => Turn::Stuck("the printer does not answer for its card in hand"),
                    other @ (Turn::On | Turn::Wait(_) | Turn::Gone) => other,
                })
            }
        }
    }

    async fn watch_once(&self, hand: &InHand) -> Result<Verdict, Fault> {
        match reconcile::after_releasing(self.driver.find(&hand.reference).await?) {
            Verdict::Cancel => Ok(match self.driver.cancel(&hand.reference).await? {
                Cancelled::NothingPrinted => Verdict::Ended(reconcile::not_started("the release never arrived")),
                Cancelled::OutcomeUnknown => Verdict::Cancel,
            }),
            verdict @ (Verdict::Wait(_) | Verdict::Ended(_)) => Ok(verdict),
        }
    }

    async fn withdraw_once(&self, hand: &InHand) -> Result<Verdict, Fault> {
        match self.driver.cancel(&hand.reference).await? {
            Cancelled::NothingPrinted => Ok(Verdict::Ended(reconcile::not_started(reconcile::STOPPED))),
            Cancelled::OutcomeUnknown => Ok(reconcile::before_releasing(self.driver.find(&hand.reference).await?)),
        }
    }
}
