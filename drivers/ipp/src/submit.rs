//! Sends a card in one of two ways: create a held job, upload and release; or create a job and send the document.

use std::sync::atomic::Ordering;

use cetak_driver_api::{AttemptId, Document, DriverError};
use ipp::model::{DelimiterTag, Operation};
use ipp::value::IppValue;
use tracing::warn;

use crate::attempt_table::{PrinterJob, Stage};
use crate::attributes::group;
use crate::job::Job;
use crate::printer::IppPrinter;
use crate::printer_attributes::{HoldBy, PrinterAttributes};
use crate::transport::CallError;
use crate::verdict::{query_fault, unstarted_fault};
use crate::wire::{self, Request};

impl IppPrinter {
    /// Whether the printer is asked to hold jobs. False once it has not held one as it promised.
    pub(crate) fn trusts_hold(&self) -> bool {
        !self.hold_is_broken.load(Ordering::Relaxed)
    }

    /// Creates a held job and sends the whole document. No card can start after an error, except
    /// [`DriverError::OutcomeUnknown`].
    pub(crate) async fn upload_held(
        &self,
        attempt: &AttemptId,
        document: &Document,
        hold_by: HoldBy,
        attributes: &PrinterAttributes,
    ) -> Result<PrinterJob, DriverError> {
        let unstarted = |error: CallError| unstarted_fault(&error);
        let by_attribute = hold_by == HoldBy::Attribute;
        let id = self.request_job(attempt, document, by_attribute, attributes).await.map_err(unstarted)?;
        if !by_attribute {
            let hold = Request::for_job(Operation::HoldJob, id).with("job-hold-until", wire::keyword("indefinite"));
            self.transport.call(hold).await.map_err(unstarted)?;
        }
        if !self.hold_is_verified.load(Ordering::Relaxed) {
            // Before the upload, because a printer that ignores the hold would print the document at once.
            match self.job(id).await.map_err(unstarted)? {
                Some(job) if job.is_of(attempt) && job.is_held_as_requested() => {}
                Some(job) if job.is_of(attempt) && !job.state.has_ended() => {
                    self.distrust_hold(attempt).await;
                    return Err(DriverError::NotSent(
                        "the printer did not hold the job, so the document was not sent".to_owned(),
                    ));
                }
                Some(_) | None => return Err(job_lost("held")),
            }
        }
        if !self.attempts.begin_upload(attempt) {
            self.cancel_leftovers(attempt).await;
            return Err(DriverError::NotSent("the attempt was cancelled during prepare".to_owned()));
        }
        self.send_document(id, document).await.map_err(unstarted)?;
        match self.job(id).await.map_err(unstarted)? {
            Some(job) if job.is_of(attempt) && job.waits_for_release(false) => {
                self.hold_is_verified.store(true, Ordering::Relaxed);
                Ok(PrinterJob { id, run: self.current_run(&job).await.map_err(unstarted)? })
            }
            Some(job) if job.is_of(attempt) && !job.ended_unstarted() => {
                self.attempts.set(attempt, Stage::Released);
                self.distrust_hold(attempt).await;
                Err(DriverError::OutcomeUnknown("the printer started a held job without a release".to_owned()))
            }
            Some(_) | None => Err(job_lost("held")),
        }
    }

    /// Uses the printer as one that cannot hold, until this process ends.
    async fn distrust_hold(&self, attempt: &AttemptId) {
        self.hold_is_broken.store(true, Ordering::Relaxed);
        self.hold_is_verified.store(false, Ordering::Relaxed);
        warn!(
            attempt.id = %attempt,
            "the printer reports that it can hold jobs, but did not hold one; it is used as a printer that cannot"
        );
        self.cancel_leftovers(attempt).await;
    }

    /// Creates a job without a document, which cannot print.
    pub(crate) async fn create_job(
        &self,
        attempt: &AttemptId,
        document: &Document,
        attributes: &PrinterAttributes,
    ) -> Result<PrinterJob, DriverError> {
        let unstarted = |error: CallError| unstarted_fault(&error);
        let id = self.request_job(attempt, document, false, attributes).await.map_err(unstarted)?;
        match self.job(id).await.map_err(unstarted)? {
            Some(job) if job.is_of(attempt) && !job.state.has_ended() => {
                Ok(PrinterJob { id, run: self.current_run(&job).await.map_err(unstarted)? })
            }
            Some(_) | None => Err(job_lost("new")),
        }
    }

    /// Checks that the job is held, and sends Release-Job once. Returns the printer's run. No card can start after an
    /// error, except [`DriverError::OutcomeUnknown`].
    pub(crate) async fn release(&self, attempt: &AttemptId, held: &PrinterJob) -> Result<Option<String>, DriverError> {
        let job = match self.job(held.id).await {
            Ok(Some(job)) if job.is_of(attempt) && job.waits_for_release(false) => job,
            Ok(Some(job)) if job.is_of(attempt) && !job.ended_unstarted() => {
                return Err(DriverError::OutcomeUnknown("the held job was released at the printer".to_owned()));
            }
            Ok(Some(job)) if job.is_of(attempt) => return Err(job_lost("held")),
            // A job does not disappear by itself: it may have been released at the printer, printed and forgotten.
            Ok(_) if !self.restarted_since_creation(held).await.map_err(|error| query_fault(&error))? => {
                return Err(DriverError::OutcomeUnknown(
                    "the held job is missing, and the printer has not restarted".to_owned(),
                ));
            }
            Ok(_) => return Err(job_lost("held")),
            Err(error) => return Err(query_fault(&error)),
        };
        let run = self.current_run(&job).await.map_err(|error| query_fault(&error))?;
        let permit = self.release_delay.acquire().await;
        let released = self.transport.call(Request::for_job(Operation::ReleaseJob, held.id)).await;
        drop(permit);
        let Err(error) = released else { return Ok(run) };
        let is_unreleased = match error {
            CallError::NotConnected(_) | CallError::NotTrusted(_) | CallError::NoTls(_) => true,
            // A refusal alone proves nothing: the printer also refuses to release a job that is printing.
            CallError::Refused { .. } | CallError::HttpRefused { .. } => self.is_still_held(attempt, held.id).await,
            CallError::NoAnswer { .. } => false,
        };
        Err(if is_unreleased { unstarted_fault(&error) } else { DriverError::OutcomeUnknown(error.to_string()) })
    }

    /// Sends the document of a job that is not held, once. No card can start after an error, except
    /// [`DriverError::OutcomeUnknown`].
    pub(crate) async fn send_unheld(
        &self,
        attempt: &AttemptId,
        id: i32,
        document: &Document,
    ) -> Result<(), DriverError> {
        let permit = self.release_delay.acquire().await;
        let sent = self.send_document(id, document).await;
        drop(permit);
        let Err(error) = sent else { return Ok(()) };
        let is_unstarted = match error {
            CallError::NotConnected(_) | CallError::NotTrusted(_) | CallError::NoTls(_) => {
                self.attempts.set(attempt, Stage::Unsent);
                true
            }
            CallError::Refused { .. } | CallError::HttpRefused { .. } => match self.job(id).await {
                Ok(Some(job)) if job.is_of(attempt) => {
                    let is_unstarted = self.cancel_job(attempt, &job, false, true).await.unwrap_or_default();
                    if is_unstarted {
                        self.attempts.set(attempt, Stage::Cancelled);
                    }
                    is_unstarted
                }
                Ok(_) | Err(_) => false,
            },
            CallError::NoAnswer { .. } => false,
        };
        Err(if is_unstarted { unstarted_fault(&error) } else { DriverError::OutcomeUnknown(error.to_string()) })
    }

    /// Sends Create-Job and returns the job id. Nothing is printed before the document is sent.
    async fn request_job(
        &self,
        attempt: &AttemptId,
        document: &Document,
        hold: bool,
        attributes: &PrinterAttributes,
    ) -> Result<i32, CallError> {
        let mut request = Request::new(Operation::CreateJob).with("job-name", wire::name(attempt.as_str()));
        if hold {
            request = request.with_job("job-hold-until", wire::keyword("indefinite"));
        }
        if attributes.supports_copies {
            // The printer's default may be two.
            request = request.with_job("copies", IppValue::Integer(1));
        }
        // The printer's defaults may be other sides and another medium. Only values that it reports are requested,
        // because a strict printer refuses others.
        if attributes.sides.iter().any(|sides| sides == document.sides) {
            request = request.with_job("sides", wire::keyword(document.sides));
        }
        if attributes.can_skip_scaling {
            request = request.with_job("print-scaling", wire::keyword("none"));
        }
        if let Some(media) = document.media.as_ref().filter(|media| attributes.media.contains(media)) {
            request = request.with_job("media", wire::keyword(media));
        }
        let answer = self.transport.call(request).await?;
        let job = group(&answer, DelimiterTag::JobAttributes).and_then(Job::read);
        let without_id =
            || CallError::NoAnswer { operation: "Create-Job", reason: "the response has no `job-id`".to_owned() };
        job.map(|job| job.id).ok_or_else(without_id)
    }

    async fn send_document(&self, id: i32, document: &Document) -> Result<(), CallError> {
        let request = Request::for_job(Operation::SendDocument, id)
            .with("document-format", wire::media_type(document.format))
            .with("last-document", IppValue::Boolean(true));
        self.transport.upload(request, &document.bytes).await.map(|_| ())
    }
}

fn job_lost(kind: &str) -> DriverError {
    DriverError::NotSent(format!("the printer has lost the {kind} job"))
}
