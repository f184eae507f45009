//! One attempt, from its begin to its outcome.

use std::time::Duration;

use cetak_driver_api::{AttemptId, AttemptRef, Cancelled, Document, DriverError, PrinterDriver};
use tracing::warn;

use super::{
    card_name::CardName,
    services::Services,
    session::PrinterSession,
    verdict::{self, Verdict},
    waiting::Waiting,
};
use crate::{
    domain::{
        attempt::Outcome,
        id::{AttemptKey, BatchId, RecordId},
        job::PrintedCard,
        polling::Observation,
        reason::Reason,
    },
    engine::{group_commit::Settle, scheduling::lease::SendError},
    store::{Acknowledgement, Begin, OpenAttempt, QueuedJob, StoreError},
};

/// An attempt that was begun and has not ended.
pub(in crate::engine) struct ActiveAttempt {
    pub(in crate::engine) key: AttemptKey,
    pub(in crate::engine) record: RecordId,
    /// What the log calls it.
    pub(in crate::engine) name: CardName,
    job: QueuedJob,
    batch: BatchId,
    /// The whole document was held: that its id is saved proves as much as an answer to the release.
    is_held: bool,
    /// The printer started it by itself: there is nothing left to release.
    is_started: bool,
    reference: AttemptRef,
    /// What the card waits for inside the printer.
    pub(in crate::engine) waiting: Waiting,
}

/// An open attempt as its driver is asked about it.
pub(in crate::engine) fn reference(open: &OpenAttempt, id: AttemptId) -> AttemptRef {
    AttemptRef {
        id,
        printer_job: open.printer_job.clone(),
        printer_run: open.printer_run.clone(),
        releasing: open.releasing,
        impressions: open.impressions,
        acknowledged: open.acknowledged,
    }
}

/// An attempt of which only the name is known: it may be a card.
pub(in crate::engine) fn unknown_reference(id: AttemptId) -> AttemptRef {
    AttemptRef { id, printer_job: None, printer_run: None, releasing: true, impressions: 1, acknowledged: false }
}

/// What came of an upload.
pub(in crate::engine) enum Uploaded {
    /// It may be released.
    Ready(ActiveAttempt),
    /// No blank was used.
    Failed(ActiveAttempt, Outcome),
    /// Nothing can start, but something of it may be left in the printer: its attempt stays open until that is cancelled.
    Left,
    /// The printer did not keep its promise to hold: a card may exist.
    Started(ActiveAttempt),
}

/// What a failed call to the printer means for its attempt.
pub(in crate::engine) enum AfterFault {
    /// Only the printer can tell.
    Unknown,
    /// It has ended.
    Ended(Outcome),
    /// It ends as soon as the printer has confirmed that nothing of it is left.
    MustCancel,
}

/// How far a card came.
pub(in crate::engine) enum Watched {
    /// It has ended; and when, if it was watched without a break.
    Ended(Outcome, Option<Observation>),
    /// The printer does not tell; the attempt stays open and is asked about again.
    Open,
}

impl ActiveAttempt {
    /// `None` if the attempt's name is not valid at a printer.
    pub(in crate::engine) fn new(
        key: AttemptKey,
        begin: &Begin,
        name: CardName,
        job: QueuedJob,
        batch: BatchId,
    ) -> Option<Self> {
        let id = AttemptId::new(&*begin.name).ok()?;
        let (releasing, impressions) = (begin.releasing, begin.impressions);
        let reference =
            AttemptRef { id, printer_job: None, printer_run: None, releasing, impressions, acknowledged: false };
        let (record, waiting) = (job.record, Waiting::default());
        Some(Self { key, record, name, job, batch, is_held: false, is_started: false, reference, waiting })
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
    pub(in crate::engine) fn printed_card(&self, printer: &str) -> PrintedCard {
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
            printer_run: self.reference.printer_run.clone(),
            acknowledged: self.reference.acknowledged,
        }
    }

    /// Brings the card to the printer so that it cannot start. That its document is on the way is saved before, by the
    /// run of the printer: if the printer forgets a document that it got, a card may exist.
    pub(in crate::engine) async fn upload(
        mut self,
        services: &Services,
        session: &PrinterSession,
        document: Document,
    ) -> Result<Uploaded, StoreError> {
        self.name.log_step(session.name(), "a card is begun");
        let mut sent = session.feeder().prepare(&self.reference.id, document).await;
        if let Ok(prepared) = &sent
            && prepared.awaits_upload
        {
            self.reference.printer_run.clone_from(&prepared.printer_run);
            services.commits.acknowledge(self.acknowledgement()).await?;
            sent = session.feeder().upload(&self.reference.id).await;
        }
        match sent {
            Ok(prepared) => {
                self.reference.printer_job = prepared.printer_job;
                self.reference.printer_run = prepared.printer_run;
                self.is_held = prepared.held;
                Ok(Uploaded::Ready(self))
            }
            Err(error) => {
                match self.after_error(session, &error).await {
                    AfterFault::Unknown => {}
                    AfterFault::Ended(outcome) => return Ok(Uploaded::Failed(self, outcome)),
                    AfterFault::MustCancel => return Ok(Uploaded::Left),
                }
                if !self.is_releasing() {
                    services.commits.started(self.key, self.reference.id.as_str()).await?;
                }
                self.set_releasing();
                self.is_started = true;
                Ok(Uploaded::Started(self))
            }
        }
    }

    /// Releases the card: the one call after which a card may exist.
    pub(in crate::engine) async fn release(&mut self, session: &PrinterSession) -> AfterFault {
        if self.is_started {
            return AfterFault::Unknown;
        }
        match session.feeder().commit(&self.reference.id).await {
            Ok(committed) => {
                self.name.log_step(session.name(), "the card is released");
                self.reference.acknowledged = true;
                self.reference.printer_job = committed.printer_job.or(self.reference.printer_job.take());
                self.reference.printer_run = committed.printer_run.or(self.reference.printer_run.take());
                AfterFault::Unknown
            }
            Err(error) => self.after_error(session, &error).await,
        }
    }

    /// `prepare` or `commit` failed. The attempt has ended only when nothing of it is left in the printer: a held job that
    /// is released there by a person would make a second card.
    async fn after_error(&self, session: &PrinterSession, error: &SendError) -> AfterFault {
        let Some(outcome) = verdict::after_error(error) else {
            let CardName { attempt, request } = &self.name;
            warn!(printer.id = session.name(), attempt.id = attempt, request.id = request, "{error}");
            return AfterFault::Unknown;
        };
        match session.driver().cancel(&self.reference).await {
            Ok(Cancelled::NothingPrinted) => AfterFault::Ended(outcome),
            Ok(Cancelled::OutcomeUnknown) | Err(_) => AfterFault::MustCancel,
        }
    }

    /// A pause, a window, a withdrawal or a failure came between upload and release: the card must not start.
    pub(in crate::engine) async fn cancel(
        self,
        services: &Services,
        session: &PrinterSession,
    ) -> Result<(), StoreError> {
        match session.driver().cancel(&self.reference).await {
            Ok(Cancelled::NothingPrinted) => {
                let settle = Settle { attempt: self.key, outcome: verdict::stopped(), breaker: None, good: None };
                services.commits.settle(settle).await.map(|_| ())
            }
            // It stays open, and is asked about again.
            Ok(Cancelled::OutcomeUnknown) | Err(_) => Ok(()),
        }
    }

    /// Asks until the card has ended. A printer that does not answer, or waits for a person, keeps its attempt open.
    pub(in crate::engine) async fn watch(
        &mut self,
        services: &Services,
        session: &PrinterSession,
    ) -> Result<Watched, StoreError> {
        let clock = &*services.engine.clock;
        let began = clock.now();
        let mut after = Duration::ZERO;
        // Without a hold, only the answer tells a whole document from half a one, and it is saved before anything else.
        let mut is_saved = !self.is_held && session.prepare_is_sent();
        if is_saved {
            services.commits.acknowledge(self.acknowledgement()).await?;
        }
        loop {
            let asked = clock.now().since(began);
            let verdict = session.driver().find(&self.reference).await.map(verdict::after_releasing);
            if let Ok(Verdict::Ended(outcome)) = verdict {
                if !cancel_leftover(session.driver(), &self.reference, &outcome).await {
                    return Ok(Watched::Open);
                }
                let until = clock.now().since(began);
                return Ok(Watched::Ended(outcome, Some(Observation { after, until }).filter(|_| !self.is_started)));
            }
            after = asked;
            if !is_saved {
                services.commits.acknowledge(self.acknowledgement()).await?;
                is_saved = true;
            }
            let reasons = match verdict {
                Ok(Verdict::Wait(reasons)) if reasons.is_empty() && session.pace.is_late(asked) => {
                    self.waiting.ask(session.driver(), &session.printer().acknowledged_reasons, clock).await
                }
                Ok(Verdict::Wait(reasons)) => reasons,
                Ok(Verdict::Cancel | Verdict::Ended(_)) | Err(_) => return Ok(Watched::Open),
            };
            if reasons.is_empty() && session.pace.is_far_too_late(asked) {
                return Ok(Watched::Open);
            }
            if !reasons.is_empty() {
                Box::pin(self.waiting.show(services, session.name(), reasons)).await?;
                return Ok(Watched::Open);
            }
            let elapsed = clock.now().since(began);
            clock.sleep(session.pace.wait(elapsed)).await;
        }
    }
}

/// After an uncertain outcome nothing may be left in the printer that could still print. False if the printer did not
/// answer: then the attempt has not ended.
pub(in crate::engine) async fn cancel_leftover(
    driver: &dyn PrinterDriver,
    reference: &AttemptRef,
    outcome: &Outcome,
) -> bool {
    // What the cancellation proves comes too late.
    !matches!(outcome, Outcome::Uncertain { .. }) || driver.cancel(reference).await.is_ok()
}

/// The verdict on an attempt that was open when its worker looked: after a crash, or with a printer that does not answer.
pub(in crate::engine) async fn judge(
    driver: &dyn PrinterDriver,
    reference: &AttemptRef,
) -> Result<Verdict, DriverError> {
    if !reference.releasing {
        return match driver.cancel(reference).await? {
            Cancelled::NothingPrinted => Ok(Verdict::Ended(verdict::stopped())),
            Cancelled::OutcomeUnknown => Ok(verdict::before_releasing(driver.find(reference).await?)),
        };
    }
    match verdict::after_releasing(driver.find(reference).await?) {
        Verdict::Cancel => Ok(match driver.cancel(reference).await? {
            Cancelled::NothingPrinted => Verdict::Ended(verdict::not_started(Reason::ReleaseNotArrived)),
            Cancelled::OutcomeUnknown => Verdict::Cancel,
        }),
        verdict @ (Verdict::Wait(_) | Verdict::Ended(_)) => Ok(verdict),
    }
}
