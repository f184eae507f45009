//! The two ways of a card: held, uploaded and released, or created and sent.

use std::sync::atomic::Ordering;

use cetak_driver_api::{AttemptId, Document, Fault};
use ipp::model::{DelimiterTag, Operation};
use ipp::value::IppValue;
use tracing::warn;

use crate::memory::{Made, Stage};
use crate::translate::{self, Facts, HoldBy, Job};
use crate::transport::CallError;
use crate::verdict::{on_cardless_request, on_question};
use crate::wire::{self, Request};
use crate::{IppPrinter, job_request};

impl IppPrinter {
    /// A held job with its whole document. After an error nothing can start, but where the error says otherwise.
    pub(crate) async fn upload_held(
        &self,
        attempt: &AttemptId,
        document: &Document,
        hold_by: HoldBy,
        facts: &Facts,
    ) -> Result<Made, Fault> {
        let cardless = |error: CallError| on_cardless_request(&error);
        let by_attribute = hold_by == HoldBy::Attribute;
        let id = self.create(attempt, document, by_attribute, facts).await.map_err(cardless)?;
        if !by_attribute {
            let hold = job_request(Operation::HoldJob, id).with("job-hold-until", wire::keyword("indefinite"));
            self.transport.call(hold).await.map_err(cardless)?;
        }
        if !self.hold_is_proved.load(Ordering::Relaxed) {
            // Before the document, as a printer that ignores the hold would print it at once.
            match self.job(id).await.map_err(cardless)? {
                Some(job) if job.is_of(attempt) && job.keeps_hold() => {}
                Some(job) if job.is_of(attempt) && !job.state.is_over() => {
                    self.distrust_hold(attempt).await;
                    return Err(Fault::NotSent("the printer did not hold the job, and got no document".to_owned()));
                }
                Some(_) | None => return Err(lost("the held job")),
            }
        }
        if !self.memory.sending(attempt) {
            self.cancel_leftovers(attempt).await;
            return Err(Fault::NotSent("the attempt was cancelled while it was prepared".to_owned()));
        }
        self.send_document(id, document).await.map_err(cardless)?;
        match self.job(id).await.map_err(cardless)? {
            Some(job) if job.is_of(attempt) && job.waits_for_us(false) => {
                self.hold_is_proved.store(true, Ordering::Relaxed);
                Ok(Made { id, boot: self.boot(&job).await.map_err(cardless)? })
            }
            Some(job) if job.is_of(attempt) && !job.ended_unstarted() => {
                self.memory.set(attempt, Stage::Released);
                self.distrust_hold(attempt).await;
                Err(Fault::OutcomeUnknown("the printer let a held job go by itself".to_owned()))
            }
            Some(_) | None => Err(lost("the held job")),
        }
    }

    /// From now on, as long as this process runs, the printer is one that cannot hold.
    async fn distrust_hold(&self, attempt: &AttemptId) {
        self.hold_is_a_lie.store(true, Ordering::Relaxed);
        self.hold_is_proved.store(false, Ordering::Relaxed);
        warn!(attempt.id = %attempt, "a printer that says it can hold jobs did not; it is used as one that cannot");
        self.cancel_leftovers(attempt).await;
    }

    /// A job without a document, which cannot print.
    pub(crate) async fn announce(
        &self,
        attempt: &AttemptId,
        document: &Document,
        facts: &Facts,
    ) -> Result<Made, Fault> {
        let cardless = |error: CallError| on_cardless_request(&error);
        let id = self.create(attempt, document, false, facts).await.map_err(cardless)?;
        match self.job(id).await.map_err(cardless)? {
            Some(job) if job.is_of(attempt) && !job.state.is_over() => {
                Ok(Made { id, boot: self.boot(&job).await.map_err(cardless)? })
            }
            Some(_) | None => Err(lost("the new job")),
        }
    }

    /// Release-Job, once, for a job that is seen to be held. Gives the printer's run.
    pub(crate) async fn release(&self, attempt: &AttemptId, made: &Made) -> Result<Option<String>, Fault> {
        let id = made.id;
        let job = match self.job(id).await {
            Ok(Some(job)) if job.is_of(attempt) && job.waits_for_us(false) => job,
            Ok(Some(job)) if job.is_of(attempt) && !job.ended_unstarted() => {
                return Err(Fault::OutcomeUnknown("the held job was let go by somebody else".to_owned()));
            }
            Ok(Some(job)) if job.is_of(attempt) => return Err(lost("the held job")),
            // Jobs do not vanish by themselves: somebody may have let it go, and its card is printed and forgotten.
            Ok(_) if !self.restarted_since(made).await.map_err(|error| on_question(&error))? => {
                return Err(Fault::OutcomeUnknown(
                    "the held job is gone from a printer that was not restarted".to_owned(),
                ));
            }
            Ok(_) => return Err(lost("the held job")),
            Err(error) => return Err(on_question(&error)),
        };
        let boot = self.boot(&job).await.map_err(|error| on_question(&error))?;
        let turn = self.pause.turn().await;
        let released = self.transport.call(job_request(Operation::ReleaseJob, id)).await;
        drop(turn);
        let Err(error) = released else { return Ok(boot) };
        let refused = match error {
            CallError::NotConnected(_) | CallError::NotTrusted(_) | CallError::NoTls(_) => true,
            // A refusal proves nothing by itself: the job may not be held because it is printing.
            CallError::Refused { .. } | CallError::HttpRefused { .. } => self.still_waits(attempt, id).await,
            CallError::NoAnswer { .. } => false,
        };
        Err(if refused { on_cardless_request(&error) } else { Fault::OutcomeUnknown(error.to_string()) })
    }

    /// Send-Document, once, to a job that is not held.
    pub(crate) async fn send(&self, attempt: &AttemptId, id: i32, document: &Document) -> Result<(), Fault> {
        let turn = self.pause.turn().await;
        let sent = self.send_document(id, document).await;
        drop(turn);
        let Err(error) = sent else { return Ok(()) };
        let unsent = match error {
            CallError::NotConnected(_) | CallError::NotTrusted(_) | CallError::NoTls(_) => {
                self.memory.set(attempt, Stage::Unsent);
                true
            }
            CallError::Refused { .. } | CallError::HttpRefused { .. } => match self.job(id).await {
                Ok(Some(job)) if job.is_of(attempt) => {
                    let cardless = self.cancel_job(attempt, &job, false, true).await.unwrap_or_default();
                    if cardless {
                        self.memory.set(attempt, Stage::Cancelled);
                    }
                    cardless
                }
                Ok(_) | Err(_) => false,
            },
            CallError::NoAnswer { .. } => false,
        };
        Err(if unsent { on_cardless_request(&error) } else { Fault::OutcomeUnknown(error.to_string()) })
    }

    /// Create-Job. Nothing can be printed before a document comes.
    async fn create(
        &self,
        attempt: &AttemptId,
        document: &Document,
        hold: bool,
        facts: &Facts,
    ) -> Result<i32, CallError> {
        let mut request = Request::new(Operation::CreateJob).with("job-name", wire::name(attempt.as_str()));
        if hold {
            request = request.with_job("job-hold-until", wire::keyword("indefinite"));
        }
        if facts.counts_copies {
            // A printer's default may be two.
            request = request.with_job("copies", IppValue::Integer(1));
        }
        // The printer's own defaults may be both sides, and another medium. Only what it knows: a strict one refuses the rest.
        if facts.sides.iter().any(|sides| sides == document.sides) {
            request = request.with_job("sides", wire::keyword(document.sides));
        }
        if facts.can_leave_the_size {
            request = request.with_job("print-scaling", wire::keyword("none"));
        }
        if let Some(media) = document.media.as_ref().filter(|media| facts.media.contains(media)) {
            request = request.with_job("media", wire::keyword(media));
        }
        let answer = self.transport.call(request).await?;
        let job = translate::group(&answer, DelimiterTag::JobAttributes).and_then(Job::read);
        let missing = || CallError::NoAnswer { operation: "Create-Job", reason: "it names no `job-id`".to_owned() };
        job.map(|job| job.id).ok_or_else(missing)
    }

    async fn send_document(&self, id: i32, document: &Document) -> Result<(), CallError> {
        let request = job_request(Operation::SendDocument, id)
            .with("document-format", wire::media_type(document.format))
            .with("last-document", IppValue::Boolean(true));
        self.transport.upload(request, &document.bytes).await.map(|_| ())
    }
}

fn lost(what: &str) -> Fault {
    Fault::NotSent(format!("the printer has lost {what}"))
}
