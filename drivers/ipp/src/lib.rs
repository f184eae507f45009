//! Card printers that speak IPP (RFC 8010, RFC 8011), with or without the power to hold a job.
//!
//! IPP has no idempotency key, and printers print half an upload. So the attempt id is the job name, nothing is sent
//! twice, and where the printer can hold:
//!
//! 1. `prepare` makes a held job, asks whether it is really held, uploads the document, and asks again;
//! 2. `commit` asks once more and sends Release-Job, once.
//!
//! Where it cannot, `prepare` keeps the document here and `commit` sends Create-Job and Send-Document, once: a failure
//! from the first byte of the document on leaves the outcome unknown.
//!
//! `completed` is believed only of an upload that is known to be whole, and `canceled` and `aborted` of nothing. After a
//! restart of the printer its job ids begin anew, so that a job counts only if it bears the attempt's name.
//!
//! Deliberately absent: retries, CUPS in between (it prints again after a crash, and reports cards that were
//! never made), and job attributes that choose media or sides: the document says what it is.
#![warn(missing_docs)]

mod address;
mod files;
mod memory;
mod options;
mod tls;
mod translate;
mod transport;
mod verdict;
mod wire;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use cetak_driver_api::{
    AttemptId, AttemptRef, Cancelled, Capabilities, Committed, Document, Fault, Found, Prepared, PrinterDriver,
    PrinterStatus,
};
use ipp::attribute::IppAttributeGroup;
use ipp::model::{DelimiterTag, Operation};
use ipp::value::IppValue;
use tracing::{debug, warn};

use crate::address::Address;
use crate::memory::{Memory, Stage};
use crate::translate::{HoldBy, Job};
use crate::transport::{CallError, Transport};
use crate::verdict::{on_cardless_request, on_question};
use crate::wire::Request;

pub use crate::address::UriError;
pub use crate::options::{Fingerprint, InvalidFingerprint, Options, SetupError};
pub use crate::verdict::{REASON_BUSY, REASON_NOT_ACCEPTING};

/// How many jobs of each list are looked through for a name, newest finished ones first.
const JOBS_MAX: i32 = 1000;

/// UTC microseconds. The driver has no clock of its own.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// One IPP printer.
///
/// Unless its [`Options`] say otherwise, each request takes at most 10 s, an upload 30 s, and connecting 3 s before. The
/// longest call is a `prepare` with Hold-Job and an upload, eight requests.
pub struct IppPrinter {
    transport: Transport,
    memory: Memory,
    #[expect(dead_code, reason = "nothing here depends on the time yet")]
    now: Now,
    /// It said that it can hold, and did not.
    hold_is_a_lie: AtomicBool,
}

impl IppPrinter {
    /// A driver for the printer at `uri`: `ipp://host[:port]/path`, or `ipps://…` with TLS; the port is 631 unless given.
    /// Reads the files that the options name, and sends nothing.
    pub fn new(uri: &str, options: &Options, now: Now) -> Result<Self, SetupError> {
        let transport = Transport::new(Address::parse(uri)?, options, &now)?;
        Ok(Self { transport, memory: Memory::default(), now, hold_is_a_lie: AtomicBool::new(false) })
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
        capabilities.can_hold &= !self.hold_is_a_lie.load(Ordering::Relaxed);
        Ok(capabilities)
    }

    async fn status(&self) -> Result<PrinterStatus, Fault> {
        let printer = self.printer().await.map_err(|error| on_question(&error))?;
        let stateless = || Fault::NeedsOperator("the printer does not tell its `printer-state`".to_owned());
        translate::status(&printer).ok_or_else(stateless)
    }

    async fn prepare(&self, attempt: &AttemptId, document: Document) -> Result<Prepared, Fault> {
        match self.memory.stage(attempt) {
            Some(Stage::Stashed { .. }) => return Ok(Prepared { printer_job: None, held: false }),
            Some(Stage::Held { job }) => return Ok(Prepared { printer_job: Some(job.to_string()), held: true }),
            // A second job of that name would make the first one unprovable.
            Some(Stage::Harmless | Stage::Committing | Stage::Released | Stage::Cancelled) => {
                return Err(Fault::NotSent("the attempt was prepared before; an attempt is prepared once".to_owned()));
            }
            None => {}
        }
        let printer = self.printer().await.map_err(|error| on_question(&error))?;
        let formats = translate::capabilities(&printer).document_formats;
        if !formats.is_empty() && !formats.iter().any(|format| format == document.format) {
            // No card would do, so that it is not this card's fault.
            let formats = format!("the printer takes no `{}`, which all cards here are", document.format);
            return Err(Fault::NeedsOperator(formats));
        }
        let counts_copies = translate::counts_copies(&printer);
        let hold_by = translate::holding(&printer).filter(|_| !self.hold_is_a_lie.load(Ordering::Relaxed));
        let Some(hold_by) = hold_by else {
            self.memory.set(attempt, Stage::Stashed { document, counts_copies });
            return Ok(Prepared { printer_job: None, held: false });
        };
        self.memory.set(attempt, Stage::Harmless);
        let job = self.upload_held(attempt, &document, hold_by, counts_copies).await?;
        if self.memory.hold(attempt, job) {
            Ok(Prepared { printer_job: Some(job.to_string()), held: true })
        } else {
            Err(Fault::NotSent("the attempt was cancelled while it was prepared".to_owned()))
        }
    }

    async fn commit(&self, attempt: &AttemptId) -> Result<Committed, Fault> {
        let done = match self.memory.take_for_commit(attempt) {
            Ok(Stage::Held { job }) => self.release(attempt, job).await,
            Ok(Stage::Stashed { document, counts_copies }) => self.print(attempt, &document, counts_copies).await,
            Err(Some(Stage::Committing | Stage::Released)) => {
                return Err(Fault::OutcomeUnknown("the attempt was committed before".to_owned()));
            }
            Ok(Stage::Harmless | Stage::Committing | Stage::Released | Stage::Cancelled) | Err(_) => {
                return Err(Fault::NotSent("the attempt is not prepared".to_owned()));
            }
        };
        let proved = matches!(
            done,
            Err(Fault::NotSent(_) | Fault::Rejected(_) | Fault::Unavailable { .. } | Fault::NeedsOperator(_))
        );
        self.memory.set(attempt, if proved { Stage::Harmless } else { Stage::Released });
        done.map(|job| Committed { printer_job: Some(job.to_string()) })
    }

    async fn find(&self, attempt: &AttemptRef) -> Result<Found, Fault> {
        let jobs = self.jobs(attempt).await.map_err(|error| on_question(&error))?;
        let reasons = if jobs.is_empty() { Vec::new() } else { self.reasons().await.map_err(|e| on_question(&e))? };
        Ok(translate::found(attempt, &jobs, &reasons))
    }

    async fn cancel(&self, attempt: &AttemptRef) -> Result<Cancelled, Fault> {
        // First, so that no commit can follow, even if the printer does not answer now.
        let stage = self.memory.withdraw(&attempt.id);
        let never_released = match stage {
            Some(Stage::Stashed { .. } | Stage::Cancelled) => return Ok(Cancelled::NothingPrinted),
            Some(Stage::Held { .. } | Stage::Harmless) => true,
            Some(Stage::Committing | Stage::Released) | None => false,
        };
        let jobs = self.jobs(attempt).await.map_err(|error| on_question(&error))?;
        let mut nothing = if jobs.is_empty() { never_released } else { stage != Some(Stage::Committing) };
        for job in &jobs {
            let released = attempt.acknowledged || stage == Some(Stage::Released);
            nothing &=
                self.cancel_job(&attempt.id, job, released, never_released).await.map_err(|e| on_question(&e))?;
        }
        if !nothing {
            return Ok(Cancelled::OutcomeUnknown);
        }
        self.memory.set(&attempt.id, Stage::Cancelled);
        Ok(Cancelled::NothingPrinted)
    }
}

/// The two ways of a card.
impl IppPrinter {
    /// A held job with its whole document. After an error nothing can start, but where the error says otherwise.
    async fn upload_held(
        &self,
        attempt: &AttemptId,
        document: &Document,
        hold_by: HoldBy,
        counts_copies: bool,
    ) -> Result<i32, Fault> {
        let cardless = |error: CallError| on_cardless_request(&error);
        let by_attribute = hold_by == HoldBy::Attribute;
        let id = self.create(attempt, by_attribute, counts_copies).await.map_err(cardless)?;
        if !by_attribute {
            let hold = job_request(Operation::HoldJob, id).with("job-hold-until", wire::keyword("indefinite"));
            self.transport.call(hold).await.map_err(cardless)?;
        }
        // Before the document, as a printer that ignores the hold would print it at once.
        match self.job(id).await.map_err(cardless)? {
            Some(job) if job.is_of(attempt) && job.keeps_hold() => {}
            Some(job) if job.is_of(attempt) && !job.state.is_over() => {
                self.distrust_hold(attempt).await;
                return Err(Fault::NotSent("the printer did not hold the job, and got no document".to_owned()));
            }
            Some(_) | None => return Err(Fault::NotSent("the printer has lost the held job".to_owned())),
        }
        self.send_document(id, document).await.map_err(cardless)?;
        match self.job(id).await.map_err(cardless)? {
            Some(job) if job.is_of(attempt) && job.waits_for_us(false) => Ok(id),
            Some(job) if job.is_of(attempt) && !job.ended_unstarted() => {
                self.memory.set(attempt, Stage::Released);
                self.distrust_hold(attempt).await;
                Err(Fault::OutcomeUnknown("the printer let a held job go by itself".to_owned()))
            }
            Some(_) | None => Err(Fault::NotSent("the printer has lost the held job".to_owned())),
        }
    }

    /// From now on, as long as this process runs, the printer is one that cannot hold.
    async fn distrust_hold(&self, attempt: &AttemptId) {
        self.hold_is_a_lie.store(true, Ordering::Relaxed);
        warn!(attempt.id = %attempt, "a printer that says it can hold jobs did not; it is used as one that cannot");
        self.cancel_leftovers(attempt).await;
    }

    /// Release-Job, once, for a job that is seen to be held.
    async fn release(&self, attempt: &AttemptId, id: i32) -> Result<i32, Fault> {
        match self.job(id).await {
            Ok(Some(job)) if job.is_of(attempt) && job.waits_for_us(false) => {}
            Ok(Some(job)) if job.is_of(attempt) && !job.ended_unstarted() => {
                return Err(Fault::OutcomeUnknown("the held job was let go by somebody else".to_owned()));
            }
            Ok(_) => return Err(Fault::NotSent("the held job is gone from the printer".to_owned())),
            Err(error) => return Err(on_question(&error)),
        }
        let Err(error) = self.transport.call(job_request(Operation::ReleaseJob, id)).await else { return Ok(id) };
        let refused = match error {
            CallError::NotConnected(_) | CallError::NotTrusted(_) | CallError::NoTls(_) => true,
            // A refusal proves nothing by itself: the job may not be held because it is printing.
            CallError::Refused { .. } | CallError::HttpRefused { .. } => self.still_waits(attempt, id).await,
            CallError::NoAnswer { .. } => false,
        };
        Err(if refused { on_cardless_request(&error) } else { Fault::OutcomeUnknown(error.to_string()) })
    }

    /// Create-Job and Send-Document, each once.
    async fn print(&self, attempt: &AttemptId, document: &Document, counts_copies: bool) -> Result<i32, Fault> {
        let id = match self.create(attempt, false, counts_copies).await {
            Ok(id) => id,
            Err(error) => {
                if matches!(error, CallError::NoAnswer { .. }) {
                    // A job without a document blocks some printers for ever.
                    self.cancel_leftovers(attempt).await;
                }
                return Err(on_cardless_request(&error));
            }
        };
        let Err(error) = self.send_document(id, document).await else { return Ok(id) };
        let unsent = match error {
            CallError::NotConnected(_) | CallError::NotTrusted(_) | CallError::NoTls(_) => {
                self.cancel_leftovers(attempt).await;
                true
            }
            CallError::Refused { .. } | CallError::HttpRefused { .. } => match self.job(id).await {
                Ok(Some(job)) if job.is_of(attempt) => {
                    self.cancel_job(attempt, &job, false, true).await.unwrap_or_default()
                }
                Ok(_) | Err(_) => false,
            },
            CallError::NoAnswer { .. } => false,
        };
        Err(if unsent { on_cardless_request(&error) } else { Fault::OutcomeUnknown(error.to_string()) })
    }

    /// Create-Job. Nothing can be printed before a document comes.
    async fn create(&self, attempt: &AttemptId, hold: bool, counts_copies: bool) -> Result<i32, CallError> {
        let mut request = Request::new(Operation::CreateJob).with("job-name", wire::name(attempt.as_str()));
        if hold {
            request = request.with_job("job-hold-until", wire::keyword("indefinite"));
        }
        if counts_copies {
            // A printer's default may be two.
            request = request.with_job("copies", IppValue::Integer(1));
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

/// Questions, and taking jobs back.
impl IppPrinter {
    async fn printer(&self) -> Result<IppAttributeGroup, CallError> {
        self.printer_attributes(&translate::PRINTER_ATTRIBUTES).await
    }

    async fn reasons(&self) -> Result<Vec<String>, CallError> {
        let printer = self.printer_attributes(&["printer-state", "printer-state-reasons"]).await?;
        Ok(translate::printer_reasons(&printer))
    }

    async fn printer_attributes(&self, names: &[&str]) -> Result<IppAttributeGroup, CallError> {
        let operation = Operation::GetPrinterAttributes;
        let request = Request::new(operation).with("requested-attributes", wire::keywords(names));
        let answer = self.transport.call(request).await?;
        let reason = || CallError::NoAnswer {
            operation: "Get-Printer-Attributes",
            reason: "it describes no printer".to_owned(),
        };
        translate::group(&answer, DelimiterTag::PrinterAttributes).cloned().ok_or_else(reason)
    }

    /// The job with that id, if the printer knows one.
    async fn job(&self, id: i32) -> Result<Option<Job>, CallError> {
        let request = job_request(Operation::GetJobAttributes, id)
            .with("requested-attributes", wire::keywords(&translate::JOB_ATTRIBUTES));
        match self.transport.call(request).await {
            Ok(answer) => Ok(translate::group(&answer, DelimiterTag::JobAttributes).and_then(Job::read)),
            // Not found, gone.
            Err(error) if matches!(error.status(), Some(0x0406 | 0x0407)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All jobs that bear the attempt's name.
    async fn jobs(&self, attempt: &AttemptRef) -> Result<Vec<Job>, CallError> {
        let mut jobs = Vec::new();
        if let Some(id) = attempt.printer_job.as_deref().and_then(|id| id.parse().ok()) {
            // Ids are given out again after a restart: a stranger's job may bear this one.
            jobs.extend(self.job(id).await?.filter(|job| job.is_of(&attempt.id)));
            if jobs.iter().any(|job| !job.state.is_over()) {
                return Ok(jobs);
            }
        }
        // In this order, as a job that ends in between is in the second list.
        for which in ["not-completed", "completed"] {
            for job in self.listed(&attempt.id, which).await? {
                jobs.retain(|known: &Job| known.id != job.id);
                jobs.push(job);
            }
        }
        Ok(jobs)
    }

    async fn listed(&self, attempt: &AttemptId, which_jobs: &str) -> Result<Vec<Job>, CallError> {
        let request = Request::new(Operation::GetJobs)
            .with("which-jobs", wire::keyword(which_jobs))
            .with("limit", IppValue::Integer(JOBS_MAX))
            .with("requested-attributes", wire::keywords(&translate::JOB_ATTRIBUTES));
        let answer = self.transport.call(request).await?;
        let groups = answer.attributes().groups_of(DelimiterTag::JobAttributes);
        Ok(groups.filter_map(Job::read).filter(|job| job.is_of(attempt)).collect())
    }

    async fn still_waits(&self, attempt: &AttemptId, id: i32) -> bool {
        let job = self.job(id).await;
        matches!(job, Ok(Some(job)) if job.is_of(attempt) && job.waits_for_us(false))
    }

    /// Cancels the job if it is not over. True if it proves that no card started: the job was waiting for us and is now
    /// canceled, or this process never let it go and it ended without starting.
    async fn cancel_job(
        &self,
        attempt: &AttemptId,
        job: &Job,
        released: bool,
        never_released: bool,
    ) -> Result<bool, CallError> {
        let unstarted = job.waits_for_us(released);
        if job.state.is_over() {
            return Ok(never_released && job.ended_unstarted());
        }
        match self.transport.call(job_request(Operation::CancelJob, job.id)).await {
            Ok(_) | Err(CallError::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
        let after = self.job(job.id).await?;
        let canceled = after.is_some_and(|job| job.is_of(attempt) && job.is_canceled_cardless());
        Ok(unstarted && canceled)
    }

    /// After trouble: takes back what may be left of the attempt, if the printer is willing. Proves nothing.
    async fn cancel_leftovers(&self, attempt: &AttemptId) {
        let left = AttemptRef { id: attempt.clone(), printer_job: None, acknowledged: false };
        let jobs = match self.jobs(&left).await {
            Ok(jobs) => jobs,
            Err(error) => return debug!(attempt.id = %attempt, %error, "no leftovers looked for"),
        };
        for job in jobs {
            if let Err(error) = self.cancel_job(attempt, &job, false, false).await {
                debug!(attempt.id = %attempt, job = job.id, %error, "a leftover job stays in the printer");
            }
        }
    }
}

fn job_request(operation: Operation, id: i32) -> Request {
    Request::new(operation).with("job-id", IppValue::Integer(id))
}
