//! The driver contract for an IPP printer.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use cetak_driver_api::{
    AttemptId, AttemptRef, AttemptStatus, Cancelled, Capabilities, Card, Committed, Document, DriverError, Prepared,
    PrinterDriver, PrinterStatus,
};

use crate::attempt_status::attempt_status;
use crate::attempt_table::{PrinterJob, Stage};
use crate::capabilities::capabilities;
use crate::job::{Job, JobState, REASON_STOPPING};
use crate::printer::IppPrinter;
use crate::restart::Restart;
use crate::run_query::run_or_unknown;
use crate::shortcomings;
use crate::status::status;
use crate::verdict::{REASON_OTHER_PRINTER, query_fault, unavailable};

/// The `job-state-reasons` that a Cancel-Job causes.
const REASONS_OF_A_CANCEL: [&str; 3] = ["job-canceled-by-user", "job-canceled-by-operator", REASON_STOPPING];

/// An attempt has one job. If a printer lists more than this, its list is wrong and proves nothing.
const JOBS_PER_ATTEMPT_MAX: usize = 8;

#[async_trait]
impl PrinterDriver for IppPrinter {
    async fn probe(&self) -> Result<Capabilities, DriverError> {
        let printer = self.request_printer().await.map_err(|error| query_fault(&error))?;
        let mut capabilities = capabilities(&printer, self.up_time_trust());
        self.set_identity(capabilities.identity.as_deref());
        capabilities.can_hold &= self.trusts_hold();
        capabilities.holds_rasters &= capabilities.can_hold;
        Ok(capabilities)
    }

    async fn status(&self) -> Result<PrinterStatus, DriverError> {
        let printer = self.request_printer().await.map_err(|error| query_fault(&error))?;
        let without_state = || DriverError::NeedsOperator("the printer does not report `printer-state`".to_owned());
        let mut status = status(&printer).ok_or_else(without_state)?;
        status.reasons.extend(self.shortcomings.reasons());
        Ok(status)
    }

    async fn prepare(&self, attempt: &AttemptId, document: Document) -> Result<Prepared, DriverError> {
        match self.attempts.stage(attempt) {
            Some(Stage::Created { job, is_held, .. }) => return Ok(created(job, is_held)),
            Some(Stage::Held { job }) => return Ok(held(job)),
            // Two jobs of one name would prove nothing.
            Some(Stage::Unsent | Stage::Unreleased { .. } | Stage::Committing | Stage::Released | Stage::Cancelled) => {
                return Err(DriverError::NotSent(
                    "the attempt was already prepared, and can be prepared only once".to_owned(),
                ));
            }
            None => {}
        }
        self.attempts.set(attempt, Stage::Unsent);
        if self.is_another_printer().await.map_err(|error| query_fault(&error))? {
            return Err(unavailable(REASON_OTHER_PRINTER));
        }
        let attributes = self.printer_attributes().await.map_err(|error| query_fault(&error))?;
        let formats = &attributes.document_formats;
        if !formats.is_empty() && !formats.iter().any(|format| format == document.format) {
            // Not a rejection of this card, because the printer takes no card of this format.
            let format = format!("the printer does not support the format of the document, `{}`", document.format);
            return Err(DriverError::NeedsOperator(format));
        }
        let hold_by = attributes.hold_by(document.format).filter(|_| self.trusts_hold());
        let job = self.create_job(attempt, &document, hold_by, &attributes).await?;
        let is_held = hold_by.is_some();
        if self.attempts.finish_prepare(attempt, Stage::Created { job: job.clone(), document, is_held }) {
            Ok(created(job, is_held))
        } else {
            self.cancel_created(attempt, job.id).await;
            Err(cancelled_meanwhile())
        }
    }

    async fn upload(&self, attempt: &AttemptId) -> Result<Prepared, DriverError> {
        let Some((job, document)) = self.attempts.begin_upload(attempt) else {
            return match self.attempts.stage(attempt) {
                Some(Stage::Held { job }) => Ok(held(job)),
                _ => Err(DriverError::NotSent("no document of the attempt waits to be uploaded".to_owned())),
            };
        };
        let job = self.upload_held(attempt, job, &document).await?;
        if self.attempts.finish_prepare(attempt, Stage::Held { job: job.clone() }) {
            Ok(held(job))
        } else {
            Err(cancelled_meanwhile())
        }
    }

    async fn commit(&self, attempt: &AttemptId) -> Result<Committed, DriverError> {
        let mut held_run = None;
        let done = match self.attempts.begin_commit(attempt) {
            Ok(Stage::Held { job }) => {
                held_run.clone_from(&job.run);
                self.release(attempt, &job).await.map(|run| (job.id, run.or(job.run)))
            }
            Ok(Stage::Created { job, document, .. }) => {
                self.send_unheld(attempt, job.id, document).await.map(|()| (job.id, job.run))
            }
            Err(Some(Stage::Committing | Stage::Released)) => {
                return Err(DriverError::OutcomeUnknown("the attempt was already committed".to_owned()));
            }
            Ok(Stage::Unsent | Stage::Unreleased { .. } | Stage::Committing | Stage::Released | Stage::Cancelled)
            | Err(_) => {
                return Err(DriverError::NotSent("the attempt is not prepared".to_owned()));
            }
        };
        // `send_unheld` and `release` set these two stages where they have proved that no card can start.
        if !matches!(self.attempts.stage(attempt), Some(Stage::Unsent | Stage::Cancelled)) {
            let is_unstarted = matches!(
                done,
                Err(DriverError::NotSent(_)
                    | DriverError::Rejected(_)
                    | DriverError::Unavailable { .. }
                    | DriverError::NeedsOperator(_))
            );
            let stage = if is_unstarted { Stage::Unreleased { run: held_run } } else { Stage::Released };
            self.attempts.set(attempt, stage);
        }
        done.map(|(id, run)| Committed { printer_job: Some(id.to_string()), printer_run: run })
    }

    async fn attempts_beginning_with(&self, prefix: &str) -> Result<Vec<AttemptId>, DriverError> {
        let jobs = match self.jobs_beginning_with(prefix).await {
            Ok(jobs) => jobs,
            Err(error) if error.is_permanent_refusal() => Vec::new(),
            Err(error) => return Err(query_fault(&error)),
        };
        Ok(jobs.into_iter().filter_map(|job| AttemptId::new(job.name?).ok()).collect())
    }

    async fn find(&self, attempt: &AttemptRef) -> Result<AttemptStatus, DriverError> {
        let asked_ms = self.clock.now_ms();
        let mut jobs = self.jobs(attempt).await.map_err(|error| {
            self.server_starts_are_stale.store(true, Ordering::Relaxed);
            query_fault(&error)
        })?;
        if self.is_known_as_cups() {
            for job in &mut jobs {
                // CUPS counts each page as a sheet, also of a card with two sides.
                job.sheets = None;
                // CUPS leaves this reason on jobs that it completed.
                if job.state == JobState::Completed {
                    job.reasons.retain(|reason| reason != REASON_STOPPING);
                }
            }
        }
        let mut restart = Restart::None;
        for job in jobs.iter().take(JOBS_PER_ATTEMPT_MAX) {
            let of_job = self.restart_since(attempt, job, asked_ms).await.map_err(|error| query_fault(&error))?;
            restart = if restart == Restart::None { of_job } else { restart };
        }
        // PAPPL keeps the job that it made when it was killed as `processing` for ever.
        if restart == Restart::Apparent
            && jobs.iter().any(Job::is_under_way)
            && self.is_idle().await.map_err(|error| query_fault(&error))?
        {
            restart = Restart::Known;
        }
        // What stopped a card is often reported by the printer only, not by the job.
        let has_failed =
            jobs.iter().any(|job| matches!(job.state, JobState::Canceled | JobState::Aborted | JobState::Stopped));
        let reasons =
            if has_failed { self.printer_reasons().await.map_err(|error| query_fault(&error))? } else { Vec::new() };
        let has_ended = jobs.iter().any(|job| job.state.has_ended());
        if !self.is_known_as_cups() && has_ended {
            self.release_delay.start_after_end();
        }
        let acknowledged = attempt.acknowledged || self.is_accepted(&attempt.id, has_ended || jobs.is_empty()).await;
        let attempt = AttemptRef { acknowledged, ..self.with_counted_impressions(attempt) };
        let mut found = attempt_status(&attempt, &jobs, &reasons, restart);
        self.learn_counting(&attempt, &jobs, &found);
        if attempt.impressions == 2 && jobs.iter().any(|job| job.sheets.is_some_and(|sheets| sheets > 1)) {
            // Each side is on a sheet of its own, as it would be with the next card.
            self.shortcomings.add(&[shortcomings::reason_of("sides")]);
        }
        if let AttemptStatus::Ended(ending) = &mut found
            && self.attempts.was_cancelled(&attempt.id)
        {
            // What this program caused is not the printer's reason.
            ending.reasons.retain(|reason| !REASONS_OF_A_CANCEL.contains(&reason.as_str()));
        }
        Ok(found)
    }

    async fn cancel(&self, attempt: &AttemptRef) -> Result<Cancelled, DriverError> {
        // Before any request, so that no commit can follow even if the printer does not answer.
        let stage = self.attempts.begin_cancel(&attempt.id);
        let (never_released, held_run) = match &stage {
            Some(Stage::Cancelled) => return Ok(Cancelled::NothingPrinted),
            Some(Stage::Created { job, .. }) => {
                // Without a document the job cannot print, whether the printer answers or not.
                self.cancel_created(&attempt.id, job.id).await;
                self.attempts.set(&attempt.id, Stage::Cancelled);
                return Ok(Cancelled::NothingPrinted);
            }
            Some(Stage::Unsent) => {
                self.cancel_leftovers(&attempt.id).await;
                self.attempts.set(&attempt.id, Stage::Cancelled);
                return Ok(Cancelled::NothingPrinted);
            }
            Some(Stage::Held { job }) => (true, job.run.as_deref()),
            Some(Stage::Unreleased { run }) => (true, run.as_deref()),
            Some(Stage::Committing | Stage::Released) => (false, None),
            None => (!attempt.releasing, attempt.printer_run.as_deref()),
        };
        self.close_upload(&attempt.id).await;
        let asked_ms = self.clock.now_ms();
        let jobs = self.jobs(attempt).await.map_err(|error| query_fault(&error))?;
        let mut is_proved = if jobs.is_empty() {
            let was_sent = stage.is_some() || attempt.printer_run.is_some() || attempt.printer_job.is_some();
            // A job that is gone may have been printed, unless a restart explains that.
            never_released
                && (!was_sent
                    || self.restart_is_proved(held_run, stage.is_some()).await.map_err(|error| query_fault(&error))?)
        } else {
            stage != Some(Stage::Committing)
        };
        is_proved &= jobs.len() <= JOBS_PER_ATTEMPT_MAX;
        // The document is in the job that was saved. What another job of that name says proves nothing about it.
        let saved =
            if let Some(Stage::Held { job }) = &stage { Some(job.id.to_string()) } else { attempt.printer_job.clone() };
        is_proved &= jobs.iter().all(|job| saved.as_ref().is_none_or(|saved| *saved == job.id.to_string()));
        for job in jobs.iter().take(JOBS_PER_ATTEMPT_MAX) {
            let restart = if attempt.releasing && !never_released {
                self.restart_since(attempt, job, asked_ms).await.map_err(|error| query_fault(&error))?
            } else {
                Restart::None
            };
            let was_released = stage.is_none() && attempt.releasing || stage == Some(Stage::Released);
            let is_unstarted = self.cancel_job(&attempt.id, job, was_released, never_released).await;
            is_proved &= is_unstarted.map_err(|error| query_fault(&error))?;
            is_proved &= restart == Restart::None;
        }
        if !is_proved {
            return Ok(Cancelled::OutcomeUnknown);
        }
        self.attempts.set(&attempt.id, Stage::Cancelled);
        Ok(Cancelled::NothingPrinted)
    }
}

impl IppPrinter {
    fn is_known_as_cups(&self) -> bool {
        let attributes = self.attributes.lock().unwrap_or_else(PoisonError::into_inner);
        attributes.as_ref().is_some_and(|attributes| attributes.is_cups)
    }

    /// Whether the printer accepted the whole document with an answer that came after the card was begun. With `wait`, an
    /// answer that is under way is waited for: the job has ended.
    async fn is_accepted(&self, attempt: &AttemptId, wait: bool) -> bool {
        let upload = {
            let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
            let is_due = uploads.get(attempt).is_some_and(|upload| wait || upload.is_finished());
            if is_due { uploads.remove(attempt) } else { None }
        };
        if let Some(mut upload) = upload {
            let answered = tokio::time::timeout(self.transport.answer_timeout(), &mut upload).await;
            upload.abort();
            if matches!(answered, Ok(Ok(true))) {
                self.attempts.set_accepted(attempt);
            }
        }
        self.attempts.was_accepted(attempt)
    }

    /// Closes the connection of a document whose answer is still awaited. On return nothing more is sent on it.
    async fn close_upload(&self, attempt: &AttemptId) {
        let upload = self.uploads.lock().unwrap_or_else(PoisonError::into_inner).remove(attempt);
        if let Some(upload) = upload {
            upload.abort();
            let _ = upload.await; // that it was aborted, or its answer, which does not matter any more
        }
    }

    /// The attempt with the impressions of one good card as this printer counts them.
    fn with_counted_impressions(&self, attempt: &AttemptRef) -> AttemptRef {
        let counts_cards = self.counts_cards.load(Ordering::Relaxed);
        AttemptRef { impressions: if counts_cards { 1 } else { attempt.impressions }, ..attempt.clone() }
    }

    /// Remembers that the printer counts cards, if it counted a good card with two sides as one impression.
    fn learn_counting(&self, attempt: &AttemptRef, jobs: &[Job], found: &AttemptStatus) {
        let is_one_of_two =
            attempt.impressions == 2 && jobs.iter().any(|job| job.state.has_ended() && job.impressions == Some(1));
        if is_one_of_two && matches!(found, AttemptStatus::Ended(ending) if ending.card == Card::Good) {
            self.counts_cards.store(true, Ordering::Relaxed);
        }
    }
}

fn held(job: PrinterJob) -> Prepared {
    Prepared { printer_job: Some(job.id.to_string()), printer_run: job.run, held: true, awaits_upload: false }
}

/// Without the job id, because a saved job id proves that the whole document is in the printer. For a job to be held,
/// with a run in any case, because a saved run shows that the document may have been sent.
fn created(job: PrinterJob, awaits_upload: bool) -> Prepared {
    let printer_run = if awaits_upload { Some(run_or_unknown(job.run)) } else { job.run };
    Prepared { printer_job: None, printer_run, held: false, awaits_upload }
}

fn cancelled_meanwhile() -> DriverError {
    DriverError::NotSent("the attempt was cancelled during prepare".to_owned())
}
