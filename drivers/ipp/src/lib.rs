//! Card printers that speak IPP (RFC 8010, RFC 8011), with or without the power to hold a job.
//!
//! IPP has no idempotency key, and printers print half an upload. So the attempt id is the job name, nothing is sent
//! twice, and where the printer can hold:
//!
//! 1. `prepare` makes a held job, uploads the document, and asks whether it is really held; before the printer has proved
//!    that once, it asks before the upload too;
//! 2. `commit` asks once more and sends Release-Job, once.
//!
//! Where it cannot, `prepare` makes a job without a document, and `commit` sends the document, once: a failure from its
//! first byte on leaves the outcome unknown.
//!
//! `completed` is believed only of an upload that is known to be whole, of one impression, and of a printer that has not
//! started again since; `canceled` and `aborted` of nothing. A job counts only if it bears the attempt's name.
//!
//! Between two cards there is a pause, as printers have made one twice that was let go at the end of another.
//!
//! Deliberately absent: retries.
#![warn(missing_docs)]

mod address;
mod appraisal;
mod ask;
mod boot;
mod files;
#[cfg(test)]
mod fuzz_tests;
mod memory;
mod options;
mod pause;
mod tls;
mod translate;
mod transport;
mod verdict;
mod way;
mod wire;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use cetak_driver_api::{
    AttemptId, AttemptRef, Cancelled, Capabilities, Card, Committed, Document, Fault, Found, Prepared, PrinterDriver,
    PrinterStatus,
};
use ipp::model::Operation;
use ipp::value::IppValue;

use crate::address::Address;
use crate::boot::Boot;
use crate::memory::{Made, Memory, Stage};
use crate::pause::Pause;
use crate::translate::{Facts, JobState};
use crate::transport::Transport;
use crate::verdict::on_question;
use crate::wire::Request;

pub use crate::address::UriError;
pub use crate::options::{Fingerprint, InvalidFingerprint, Options, SetupError};
pub use crate::verdict::{REASON_BUSY, REASON_NOT_ACCEPTING};

/// An attempt has one job. A printer that names more than so many lies, and proves nothing.
const JOBS_OF_AN_ATTEMPT_MAX: usize = 8;

/// UTC microseconds. The driver has no clock of its own.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// One IPP printer.
///
/// Unless its [`Options`] say otherwise, each request takes at most 10 s, an upload 30 s, and connecting 3 s before. The
/// longest call is a `prepare` with Hold-Job and an upload, eight requests.
pub struct IppPrinter {
    transport: Transport,
    memory: Memory,
    pause: Pause,
    now: Now,
    /// Known since the printer was asked last.
    facts: Mutex<Option<Facts>>,
    /// The starts of CUPS, as far as they are known, and when they were asked for.
    events: Mutex<Option<(Boot, i64)>>,
    /// It was out of reach since its starts were looked at, or they never were.
    starts_unseen: AtomicBool,
    /// It has held a whole document once: the question before the next is left out.
    hold_is_proved: AtomicBool,
    /// It said that it can hold, and did not.
    hold_is_a_lie: AtomicBool,
    /// A card of two sides was one impression to it: two of them are two cards.
    counts_cards: AtomicBool,
}

impl IppPrinter {
    /// What a good card is, as this printer counts: one that counted a card of two sides as one counts cards.
    fn as_it_counts(&self, attempt: &AttemptRef) -> AttemptRef {
        let counts_cards = self.counts_cards.load(Ordering::Relaxed);
        AttemptRef { impressions: if counts_cards { 1 } else { attempt.impressions }, ..attempt.clone() }
    }

    /// A driver for the printer at `uri`: `ipp://host[:port]/path`, or `ipps://…` with TLS; the port is 631 unless given.
    /// Reads the files that the options name, and sends nothing.
    pub fn new(uri: &str, options: &Options, now: Now) -> Result<Self, SetupError> {
        let transport = Transport::new(Address::parse(uri)?, options, &now)?;
        Ok(Self {
            transport,
            memory: Memory::default(),
            pause: Pause::new(now.clone()),
            now,
            facts: Mutex::default(),
            events: Mutex::default(),
            starts_unseen: AtomicBool::new(true),
            hold_is_proved: AtomicBool::new(false),
            hold_is_a_lie: AtomicBool::new(false),
            counts_cards: AtomicBool::new(false),
        })
    }

    /// The printer's URI as requests name it.
    pub fn uri(&self) -> &str {
        self.transport.printer_uri()
    }
}

impl fmt::Debug for IppPrinter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut printer = f.debug_struct("IppPrinter");
        printer.field("transport", &self.transport).field("memory", &self.memory).finish_non_exhaustive()
    }
}

#[async_trait]
impl PrinterDriver for IppPrinter {
    async fn probe(&self) -> Result<Capabilities, Fault> {
        let printer = self.printer().await.map_err(|error| on_question(&error))?;
        let mut capabilities = translate::capabilities(&printer);
        capabilities.can_hold &= self.trusts_hold();
        capabilities.holds_rasters &= capabilities.can_hold;
        Ok(capabilities)
    }

    async fn status(&self) -> Result<PrinterStatus, Fault> {
        let printer = self.printer().await.map_err(|error| on_question(&error))?;
        let stateless = || Fault::NeedsOperator("the printer does not tell its `printer-state`".to_owned());
        translate::status(&printer).ok_or_else(stateless)
    }

    async fn prepare(&self, attempt: &AttemptId, document: Document) -> Result<Prepared, Fault> {
        match self.memory.stage(attempt) {
            Some(Stage::Created { job, .. }) => return Ok(created(job)),
            Some(Stage::Held { job }) => return Ok(held(job)),
            // A second job of that name would make the first one unprovable.
            Some(Stage::Unsent | Stage::Harmless | Stage::Committing | Stage::Released | Stage::Cancelled) => {
                return Err(Fault::NotSent("the attempt was prepared before; an attempt is prepared once".to_owned()));
            }
            None => {}
        }
        self.memory.set(attempt, Stage::Unsent);
        let facts = self.facts().await.map_err(|error| on_question(&error))?;
        let formats = &facts.document_formats;
        if !formats.is_empty() && !formats.iter().any(|format| format == document.format) {
            // No card would do, so that it is not this card's fault.
            let formats = format!("the printer takes no `{}`, which this card is", document.format);
            return Err(Fault::NeedsOperator(formats));
        }
        let (prepared, stage) = if let Some(hold_by) = facts.hold_by(document.format).filter(|_| self.trusts_hold()) {
            let job = self.upload_held(attempt, &document, hold_by, &facts).await?;
            (held(job.clone()), Stage::Held { job })
        } else {
            let job = self.announce(attempt, &document, &facts).await?;
            (created(job.clone()), Stage::Created { job, document })
        };
        if self.memory.prepared(attempt, stage) {
            Ok(prepared)
        } else {
            Err(Fault::NotSent("the attempt was cancelled while it was prepared".to_owned()))
        }
    }

    async fn commit(&self, attempt: &AttemptId) -> Result<Committed, Fault> {
        let done = match self.memory.take_for_commit(attempt) {
            Ok(Stage::Held { job }) => self.release(attempt, &job).await.map(|boot| (job.id, boot.or(job.boot))),
            Ok(Stage::Created { job, document }) => {
                self.send(attempt, job.id, &document).await.map(|()| (job.id, job.boot))
            }
            Err(Some(Stage::Committing | Stage::Released)) => {
                return Err(Fault::OutcomeUnknown("the attempt was committed before".to_owned()));
            }
            Ok(Stage::Unsent | Stage::Harmless | Stage::Committing | Stage::Released | Stage::Cancelled) | Err(_) => {
                return Err(Fault::NotSent("the attempt is not prepared".to_owned()));
            }
        };
        if matches!(self.memory.stage(attempt), Some(Stage::Unsent | Stage::Cancelled)) {
            // `send` has proved it already.
            return done.map(|(id, boot)| Committed { printer_job: Some(id.to_string()), boot });
        }
        let proved = matches!(
            done,
            Err(Fault::NotSent(_) | Fault::Rejected(_) | Fault::Unavailable { .. } | Fault::NeedsOperator(_))
        );
        self.memory.set(attempt, if proved { Stage::Harmless } else { Stage::Released });
        done.map(|(id, boot)| Committed { printer_job: Some(id.to_string()), boot })
    }

    async fn find(&self, attempt: &AttemptRef) -> Result<Found, Fault> {
        let asked = (self.now)();
        let jobs = self.jobs(attempt).await.map_err(|error| {
            self.starts_unseen.store(true, Ordering::Relaxed);
            on_question(&error)
        })?;
        let mut restarted = false;
        for job in jobs.iter().take(JOBS_OF_AN_ATTEMPT_MAX) {
            restarted |= self.has_restarted(attempt, job, asked).await.map_err(|error| on_question(&error))?;
        }
        // What stopped a card is often said of the printer only.
        let failed =
            jobs.iter().any(|job| matches!(job.state, JobState::Canceled | JobState::Aborted | JobState::Stopped));
        let reasons = if failed { self.reasons().await.map_err(|error| on_question(&error))? } else { Vec::new() };
        let is_cups =
            self.facts.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(|facts| facts.is_cups);
        if !is_cups && jobs.iter().any(|job| job.state.is_over()) {
            self.pause.ended();
        }
        let found = translate::found(&self.as_it_counts(attempt), &jobs, &reasons, restarted);
        let is_one_of_two =
            jobs.iter().any(|job| job.state.is_over() && job.impressions == Some(1)) && attempt.impressions == 2;
        if is_one_of_two && matches!(&found, Found::Ended(ending) if ending.card == Card::Good) {
            self.counts_cards.store(true, Ordering::Relaxed);
        }
        Ok(found)
    }

    async fn cancel(&self, attempt: &AttemptRef) -> Result<Cancelled, Fault> {
        // First, so that no commit can follow, even if the printer does not answer now.
        let stage = self.memory.withdraw(&attempt.id);
        let never_released = match stage {
            Some(Stage::Cancelled) => return Ok(Cancelled::NothingPrinted),
            Some(Stage::Created { .. } | Stage::Unsent) => {
                // Without a document it cannot print, be the printer there or not.
                self.cancel_leftovers(&attempt.id).await;
                self.memory.set(&attempt.id, Stage::Cancelled);
                return Ok(Cancelled::NothingPrinted);
            }
            Some(Stage::Held { .. } | Stage::Harmless) => true,
            Some(Stage::Committing | Stage::Released) => false,
            None => !attempt.releasing,
        };
        let asked = (self.now)();
        let jobs = self.jobs(attempt).await.map_err(|error| on_question(&error))?;
        let mut nothing = if jobs.is_empty() { never_released } else { stage != Some(Stage::Committing) };
        nothing &= jobs.len() <= JOBS_OF_AN_ATTEMPT_MAX;
        for job in jobs.iter().take(JOBS_OF_AN_ATTEMPT_MAX) {
            let question = |error| on_question(&error);
            let restarted = attempt.releasing
                && !never_released
                && self.has_restarted(attempt, job, asked).await.map_err(question)?;
            let released = stage.is_none() && attempt.releasing || stage == Some(Stage::Released);
            nothing &= self.cancel_job(&attempt.id, job, released, never_released).await.map_err(question)?;
            nothing &= !restarted;
        }
        if !nothing {
            return Ok(Cancelled::OutcomeUnknown);
        }
        self.memory.set(&attempt.id, Stage::Cancelled);
        Ok(Cancelled::NothingPrinted)
    }
}

fn held(job: Made) -> Prepared {
    Prepared { printer_job: Some(job.id.to_string()), boot: job.boot, held: true }
}

/// Without its id: a saved one means that the document is whole in the printer.
fn created(job: Made) -> Prepared {
    Prepared { printer_job: None, boot: job.boot, held: false }
}

fn job_request(operation: Operation, id: i32) -> Request {
    Request::new(operation).with("job-id", IppValue::Integer(id))
}
