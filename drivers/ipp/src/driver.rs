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
use crate::job::{Job, JobState};
use crate::printer::IppPrinter;
use crate::status::status;
use crate::verdict::query_fault;

/// An attempt has one job. If a printer lists more than this, its list is wrong and proves nothing.
const JOBS_PER_ATTEMPT_MAX: usize = 8;

#[async_trait]
impl PrinterDriver for IppPrinter {
    async fn probe(&self) -> Result<Capabilities, DriverError> {
        let printer = self.request_printer().await.map_err(|error| query_fault(&error))?;
        let mut capabilities = capabilities(&printer);
        capabilities.can_hold &= self.trusts_hold();
        capabilities.holds_rasters &= capabilities.can_hold;
        Ok(capabilities)
    }

    async fn status(&self) -> Result<PrinterStatus, DriverError> {
        let printer = self.request_printer().await.map_err(|error| query_fault(&error))?;
        let without_state = || DriverError::NeedsOperator("the printer does not report `printer-state`".to_owned());
        status(&printer).ok_or_else(without_state)
    }

    async fn prepare(&self, attempt: &AttemptId, document: Document) -> Result<Prepared, DriverError> {
        match self.attempts.stage(attempt) {
            Some(Stage::Created { job, .. }) => return Ok(created(job)),
            Some(Stage::Held { job }) => return Ok(held(job)),
            // Two jobs of one name would prove nothing.
            Some(Stage::Unsent | Stage::Unreleased | Stage::Committing | Stage::Released | Stage::Cancelled) => {
                return Err(DriverError::NotSent(
                    "the attempt was already prepared, and can be prepared only once".to_owned(),
                ));
            }
            None => {}
        }
        self.attempts.set(attempt, Stage::Unsent);
        let attributes = self.printer_attributes().await.map_err(|error| query_fault(&error))?;
        let formats = &attributes.document_formats;
        if !formats.is_empty() && !formats.iter().any(|format| format == document.format) {
            // Not a rejection of this card, because the printer takes no card of this format.
            let format = format!("the printer does not support the format of the document, `{}`", document.format);
            return Err(DriverError::NeedsOperator(format));
        }
        let hold_by = attributes.hold_by(document.format).filter(|_| self.trusts_hold());
        let (prepared, stage) = if let Some(hold_by) = hold_by {
            let job = self.upload_held(attempt, &document, hold_by, &attributes).await?;
            (held(job.clone()), Stage::Held { job })
        } else {
            let job = self.create_job(attempt, &document, &attributes).await?;
            (created(job.clone()), Stage::Created { job, document })
        };
        if self.attempts.finish_prepare(attempt, stage) {
            Ok(prepared)
        } else {
            Err(DriverError::NotSent("the attempt was cancelled during prepare".to_owned()))
        }
    }

    async fn commit(&self, attempt: &AttemptId) -> Result<Committed, DriverError> {
        let done = match self.attempts.begin_commit(attempt) {
            Ok(Stage::Held { job }) => self.release(attempt, &job).await.map(|run| (job.id, run.or(job.run))),
            Ok(Stage::Created { job, document }) => {
                self.send_unheld(attempt, job.id, &document).await.map(|()| (job.id, job.run))
            }
            Err(Some(Stage::Committing | Stage::Released)) => {
                return Err(DriverError::OutcomeUnknown("the attempt was already committed".to_owned()));
            }
            Ok(Stage::Unsent | Stage::Unreleased | Stage::Committing | Stage::Released | Stage::Cancelled) | Err(_) => {
                return Err(DriverError::NotSent("the attempt is not prepared".to_owned()));
            }
        };
        // `send_unheld` sets these two stages where it has proved that no card can start.
        if !matches!(self.attempts.stage(attempt), Some(Stage::Unsent | Stage::Cancelled)) {
            let is_unstarted = matches!(
                done,
                Err(DriverError::NotSent(_)
                    | DriverError::Rejected(_)
                    | DriverError::Unavailable { .. }
                    | DriverError::NeedsOperator(_))
            );
            self.attempts.set(attempt, if is_unstarted { Stage::Unreleased } else { Stage::Released });
        }
        done.map(|(id, run)| Committed { printer_job: Some(id.to_string()), printer_run: run })
    }

    async fn find(&self, attempt: &AttemptRef) -> Result<AttemptStatus, DriverError> {
        let asked_us = (self.now)();
        let jobs = self.jobs(attempt).await.map_err(|error| {
            self.server_starts_are_stale.store(true, Ordering::Relaxed);
            query_fault(&error)
        })?;
        let mut restarted = false;
        for job in jobs.iter().take(JOBS_PER_ATTEMPT_MAX) {
            restarted |= self.has_restarted(attempt, job, asked_us).await.map_err(|error| query_fault(&error))?;
        }
        // What stopped a card is often reported by the printer only, not by the job.
        let has_failed =
            jobs.iter().any(|job| matches!(job.state, JobState::Canceled | JobState::Aborted | JobState::Stopped));
        let reasons =
            if has_failed { self.printer_reasons().await.map_err(|error| query_fault(&error))? } else { Vec::new() };
        if !self.is_known_as_cups() && jobs.iter().any(|job| job.state.has_ended()) {
            self.release_delay.start_after_end();
        }
        let found = attempt_status(&self.with_counted_impressions(attempt), &jobs, &reasons, restarted);
        self.learn_counting(attempt, &jobs, &found);
        Ok(found)
    }

    async fn cancel(&self, attempt: &AttemptRef) -> Result<Cancelled, DriverError> {
        // Before any request, so that no commit can follow even if the printer does not answer.
        let stage = self.attempts.begin_cancel(&attempt.id);
        let never_released = match stage {
            Some(Stage::Cancelled) => return Ok(Cancelled::NothingPrinted),
            Some(Stage::Created { .. } | Stage::Unsent) => {
                // Without a document the job cannot print, whether the printer answers or not.
                self.cancel_leftovers(&attempt.id).await;
                self.attempts.set(&attempt.id, Stage::Cancelled);
                return Ok(Cancelled::NothingPrinted);
            }
            Some(Stage::Held { .. } | Stage::Unreleased) => true,
            Some(Stage::Committing | Stage::Released) => false,
            None => !attempt.releasing,
        };
        let asked_us = (self.now)();
        let jobs = self.jobs(attempt).await.map_err(|error| query_fault(&error))?;
        let mut is_proved = if jobs.is_empty() { never_released } else { stage != Some(Stage::Committing) };
        is_proved &= jobs.len() <= JOBS_PER_ATTEMPT_MAX;
        for job in jobs.iter().take(JOBS_PER_ATTEMPT_MAX) {
            let restarted = attempt.releasing
                && !never_released
                && self.has_restarted(attempt, job, asked_us).await.map_err(|error| query_fault(&error))?;
            let was_released = stage.is_none() && attempt.releasing || stage == Some(Stage::Released);
            let is_unstarted = self.cancel_job(&attempt.id, job, was_released, never_released).await;
            is_proved &= is_unstarted.map_err(|error| query_fault(&error))?;
            is_proved &= !restarted;
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
    Prepared { printer_job: Some(job.id.to_string()), printer_run: job.run, held: true }
}

/// Without the job id, because a saved job id proves that the whole document is in the printer.
fn created(job: PrinterJob) -> Prepared {
    Prepared { printer_job: None, printer_run: job.run, held: false }
}
