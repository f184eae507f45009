//! Sends a card in one of two ways: create a held job, upload and release; or create a job and send the document.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use cetak_driver_api::{AttemptId, Document, DriverError};
use ipp::model::{DelimiterTag, Operation};
use ipp::value::IppValue;
use tracing::warn;

use crate::attempt_table::{PrinterJob, Stage};
use crate::attributes::group;
use crate::job::{Job, JobState};
use crate::printer::IppPrinter;
use crate::printer_attributes::{HoldBy, PrinterAttributes};
use crate::shortcomings;
use crate::transport::CallError;
use crate::verdict::{query_fault, unstarted_fault};
use crate::wire::{self, Request};

/// Requests that a job is held.
const HOLD_ATTRIBUTE: &str = "job-hold-until";

impl IppPrinter {
    /// Whether the printer is asked to hold jobs. False once it has not held one as it promised.
    pub(crate) fn trusts_hold(&self) -> bool {
        !self.hold_is_broken.load(Ordering::Relaxed)
    }

    /// Creates a job without a document, which cannot print, and checks that it was created as requested. With `hold_by`
    /// it is held.
    pub(crate) async fn create_job(
        &self,
        attempt: &AttemptId,
        document: &Document,
        hold_by: Option<HoldBy>,
        attributes: &PrinterAttributes,
    ) -> Result<PrinterJob, DriverError> {
        let unstarted = |error: CallError| unstarted_fault(&error);
        let by_attribute = hold_by == Some(HoldBy::Attribute);
        let created = self.request_job(attempt, document, by_attribute, attributes).await.map_err(unstarted)?;
        if created.ignored.contains(&HOLD_ATTRIBUTE) {
            return Err(self.distrust_hold(attempt, created.id).await);
        }
        if !created.ignored.is_empty() {
            return Err(self.reject_job(attempt, created.id, &created.ignored).await);
        }
        if hold_by == Some(HoldBy::Operation) {
            let hold =
                Request::for_job(Operation::HoldJob, created.id).with(HOLD_ATTRIBUTE, wire::keyword("indefinite"));
            if let Err(error) = self.transport.call(hold).await {
                self.cancel_created(attempt, created.id).await;
                return Err(unstarted(error));
            }
        }
        let job = match self.job(created.id).await {
            Ok(Some(job)) if job.is_of(attempt) && !job.state.has_ended() => job,
            // The id was given to this attempt just now, so the job is this one under another name.
            Ok(Some(job)) if !job.is_of(attempt) && !job.state.has_ended() => {
                return Err(self.reject_job(attempt, created.id, &["job-name"]).await);
            }
            Ok(_) => return Err(job_lost("new")),
            Err(error) => {
                self.cancel_created(attempt, created.id).await;
                return Err(unstarted(error));
            }
        };
        // Before the upload, because a printer that ignores the hold would print the document at once.
        if hold_by.is_some() && !job.is_held_as_requested() {
            return Err(self.distrust_hold(attempt, created.id).await);
        }
        self.shortcomings.clear();
        let run = self.current_run(&job, None).await.map_err(unstarted)?;
        Ok(PrinterJob { id: created.id, run })
    }

    /// Sends the whole document of a held job. After an error, `cancel` tells whether a card may exist.
    pub(crate) async fn upload_held(
        &self,
        attempt: &AttemptId,
        held: PrinterJob,
        document: &Document,
    ) -> Result<PrinterJob, DriverError> {
        let unstarted = |error: CallError| unstarted_fault(&error);
        let request = document_request(held.id, document);
        let answer = self.transport.upload(&request, &document.bytes).await.map_err(unstarted)?;
        match self.job(held.id).await.map_err(unstarted)? {
            Some(job) if job.is_of(attempt) && job.waits_for_release(false) => {
                let ignored = request.ignored_by(&answer);
                if !ignored.is_empty() {
                    return Err(self.reject_job(attempt, held.id, &ignored).await);
                }
                let run = self.current_run(&job, held.run.as_deref()).await.map_err(unstarted)?;
                Ok(PrinterJob { id: held.id, run })
            }
            Some(job) if job.is_of(attempt) && job.ended_unstarted() => Err(job_lost("held")),
            Some(job) if job.is_of(attempt) => {
                self.attempts.set(attempt, Stage::Released);
                self.distrust_hold(attempt, held.id).await;
                Err(DriverError::OutcomeUnknown("the printer started a held job without a release".to_owned()))
            }
            // A job does not disappear by itself: the printer may have printed the document and forgotten its job.
            Some(_) | None => {
                if self.restart_is_proved(held.run.as_deref(), true).await.map_err(unstarted)? {
                    self.attempts.set(attempt, Stage::Cancelled);
                    return Err(job_lost("held"));
                }
                self.attempts.set(attempt, Stage::Released);
                self.hold_is_broken.store(true, Ordering::Relaxed);
                Err(DriverError::OutcomeUnknown(
                    "the held job is missing after its document was sent, and the printer has not restarted".to_owned(),
                ))
            }
        }
    }

    /// Uses the printer as one that cannot hold, until this process ends.
    async fn distrust_hold(&self, attempt: &AttemptId, id: i32) -> DriverError {
        self.hold_is_broken.store(true, Ordering::Relaxed);
        warn!(
            attempt.id = %attempt,
            "the printer reports that it can hold jobs, but did not hold one; it is used as a printer that cannot"
        );
        self.cancel_created(attempt, id).await;
        DriverError::NotSent("the printer did not hold the job, so the document was not sent".to_owned())
    }

    /// Cancels a job that was not created as requested, and remembers what the printer did not do.
    async fn reject_job(&self, attempt: &AttemptId, id: i32, ignored: &[&str]) -> DriverError {
        let reasons: Vec<&'static str> = ignored.iter().map(|attribute| shortcomings::reason_of(attribute)).collect();
        warn!(attempt.id = %attempt, reasons = reasons.join(","), "the printer did not create the job as requested");
        self.shortcomings.add(&reasons);
        self.cancel_created(attempt, id).await;
        DriverError::Unavailable { reasons: self.shortcomings.reasons() }
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
            Ok(_) => {
                if !self.restart_is_proved(held.run.as_deref(), true).await.map_err(|error| query_fault(&error))? {
                    return Err(DriverError::OutcomeUnknown(
                        "the held job is missing, and the printer has not restarted".to_owned(),
                    ));
                }
                self.attempts.set(attempt, Stage::Cancelled);
                return Err(job_lost("held"));
            }
            Err(error) => return Err(query_fault(&error)),
        };
        let run = self.current_run(&job, held.run.as_deref()).await.map_err(|error| query_fault(&error))?;
        let permit = self.release_delay.acquire().await;
        let released = self.transport.call(Request::for_job(Operation::ReleaseJob, held.id)).await;
        drop(permit);
        let Err(error) = released else { return Ok(run) };
        let is_unreleased = match error {
            CallError::NotConnected(_) | CallError::NotTrusted(_) | CallError::NoTls(_) => true,
            // A refusal alone proves nothing: the printer also refuses to release a job that is printing.
            CallError::Refused { .. } | CallError::HttpRefused { .. } => self.is_still_held(attempt, held.id).await,
            CallError::NoAnswer { .. } | CallError::HttpFailed { .. } | CallError::Unusable { .. } => false,
        };
        Err(if is_unreleased { unstarted_fault(&error) } else { DriverError::OutcomeUnknown(error.to_string()) })
    }

    /// Sends the document of a job that is not held, once. No card can start after an error, except
    /// [`DriverError::OutcomeUnknown`].
    pub(crate) async fn send_unheld(
        &self,
        attempt: &AttemptId,
        id: i32,
        document: Document,
    ) -> Result<(), DriverError> {
        let permit = self.release_delay.acquire().await;
        let sent = self.send_and_wait(attempt, id, document).await;
        drop(permit);
        let error = match sent {
            Ok(ignored) if ignored.is_empty() => return Ok(()),
            Ok(ignored) => {
                let reasons: Vec<&'static str> = ignored.iter().map(|name| shortcomings::reason_of(name)).collect();
                self.shortcomings.add(&reasons);
                return Err(DriverError::OutcomeUnknown(format!(
                    "the printer took the document without {}",
                    ignored.join(", ")
                )));
            }
            Err(error) => error,
        };
        let is_unstarted = match error {
            CallError::NotConnected(_) | CallError::NotTrusted(_) | CallError::NoTls(_) => {
                self.attempts.set(attempt, Stage::Unsent);
                true
            }
            CallError::Refused { .. } | CallError::HttpRefused { .. } | CallError::HttpFailed { .. } => {
                match self.job(id).await {
                    Ok(Some(job)) if job.is_of(attempt) => {
                        let is_unstarted = self.cancel_job(attempt, &job, false, true).await.unwrap_or_default();
                        if is_unstarted {
                            self.attempts.set(attempt, Stage::Cancelled);
                        }
                        is_unstarted
                    }
                    Ok(_) | Err(_) => false,
                }
            }
            CallError::NoAnswer { .. } | CallError::Unusable { .. } => false,
        };
        Err(if is_unstarted { unstarted_fault(&error) } else { DriverError::OutcomeUnknown(error.to_string()) })
    }

    /// Sends the document and waits for the answer. A printer may answer when the card is done: as long as it reports that
    /// it makes the card, the request goes on in the background, and `find` waits for its answer. Returns what the
    /// printer ignored. If this call is dropped, the connection closes.
    async fn send_and_wait(
        &self,
        attempt: &AttemptId,
        id: i32,
        document: Document,
    ) -> Result<Vec<&'static str>, CallError> {
        let transport = Arc::clone(&self.transport);
        let request = document_request(id, &document);
        let mut upload = Box::pin(async move {
            let answer = transport.upload_slowly(&request, &document.bytes).await?;
            Ok(request.ignored_by(&answer))
        });
        let no_answer = |reason: &str| CallError::NoAnswer { operation: "Send-Document", reason: reason.to_owned() };
        if let Ok(sent) = tokio::time::timeout(self.transport.upload_timeout(), &mut upload).await {
            return sent;
        }
        let is_made = match self.job(id).await {
            Ok(Some(job)) => {
                let is_begun = matches!(job.state, JobState::Processing | JobState::Stopped) || job.state.has_ended();
                job.is_of(attempt) && is_begun
            }
            Ok(None) | Err(_) => false,
        };
        if !is_made {
            return Err(no_answer("timeout"));
        }
        let accepted = tokio::spawn(async move { matches!(upload.await, Ok(ignored) if ignored.is_empty()) });
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner).insert(attempt.clone(), accepted);
        Err(no_answer("the printer makes the card meanwhile"))
    }

    /// Sends Create-Job. Nothing is printed before the document is sent.
    async fn request_job(
        &self,
        attempt: &AttemptId,
        document: &Document,
        hold: bool,
        attributes: &PrinterAttributes,
    ) -> Result<Created, CallError> {
        let mut request = Request::new(Operation::CreateJob).with("job-name", wire::name(attempt.as_str()));
        if hold {
            request = request.with_job(HOLD_ATTRIBUTE, wire::keyword("indefinite"));
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
        let ignored_by = request.clone();
        let answer = self.transport.call(request).await?;
        let job = group(&answer, DelimiterTag::JobAttributes).and_then(Job::read);
        let without_id =
            || CallError::NoAnswer { operation: "Create-Job", reason: "the response has no `job-id`".to_owned() };
        let id = job.map(|job| job.id).ok_or_else(without_id)?;
        Ok(Created { id, ignored: ignored_by.ignored_by(&answer) })
    }
}

/// A job that the printer created.
struct Created {
    /// `job-id`.
    id: i32,
    /// The requested attributes that the printer ignored or replaced.
    ignored: Vec<&'static str>,
}

fn document_request(id: i32, document: &Document) -> Request {
    Request::for_job(Operation::SendDocument, id)
        .with("document-format", wire::media_type(document.format))
        .with("last-document", IppValue::Boolean(true))
}

fn job_lost(kind: &str) -> DriverError {
    DriverError::NotSent(format!("the printer has lost the {kind} job"))
}
