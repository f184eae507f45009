//! Queries about the printer and its jobs.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use cetak_driver_api::{AttemptId, AttemptRef, Condition};
use ipp::attribute::IppAttributeGroup;
use ipp::model::{DelimiterTag, Operation};
use ipp::value::IppValue;
use tracing::warn;

use crate::attributes::{group, integer, text};
use crate::job::{Job, REQUESTED_JOB_ATTRIBUTES};
use crate::printer::IppPrinter;
use crate::printer_attributes::{PrinterAttributes, REQUESTED_PRINTER_ATTRIBUTES};
use crate::restart::Restart;
use crate::shortcomings::REASON_NAME_NOT_KEPT;
use crate::status;
use crate::transport::CallError;
use crate::up_time::Trust;
use crate::wire::{self, Request};

/// The `limit` of each Get-Jobs. Printers list the newest ended jobs first.
const JOBS_MAX: i32 = 1000;

impl IppPrinter {
    /// Requests all printer attributes, and keeps those that the driver needs for a job.
    pub(crate) async fn request_printer(&self) -> Result<IppAttributeGroup, CallError> {
        let printer = self.request_printer_attributes(&REQUESTED_PRINTER_ATTRIBUTES).await?;
        *self.attributes.lock().unwrap_or_else(PoisonError::into_inner) = Some(PrinterAttributes::read(&printer));
        Ok(printer)
    }

    /// Remembers which printer was probed. What was found out about another one does not apply to it.
    pub(crate) fn set_identity(&self, present: Option<&str>) {
        let mut known = self.identity.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(present) = present.filter(|present| known.as_deref() != Some(present)) else { return };
        if known.is_some() {
            self.hold_is_broken.store(false, Ordering::Relaxed);
        }
        *known = Some(present.to_owned());
    }

    /// Whether another printer answers at this address than the one that was probed. It is told until the next probe.
    pub(crate) async fn is_another_printer(&self) -> Result<bool, CallError> {
        let known = self.identity.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(known) = known else { return Ok(false) };
        let printer = self.request_printer_attributes(&["printer-up-time", "printer-uuid"]).await?;
        Ok(text(&printer, "printer-uuid").is_some_and(|present| present != known))
    }

    /// The attributes that the driver needs for a job. Requested once, and again with each probe and status.
    pub(crate) async fn printer_attributes(&self) -> Result<PrinterAttributes, CallError> {
        let known = self.attributes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some(attributes) => Ok(attributes),
            None => Ok(PrinterAttributes::read(&self.request_printer().await?)),
        }
    }

    /// Requests the printer's reasons, as keywords without suffixes.
    pub(crate) async fn printer_reasons(&self) -> Result<Vec<String>, CallError> {
        let printer = self.request_printer_attributes(&["printer-state", "printer-state-reasons"]).await?;
        Ok(status::reason_keywords(&printer))
    }

    /// Whether the printer reports that it works on no job.
    pub(crate) async fn is_idle(&self) -> Result<bool, CallError> {
        let printer = self.request_printer_attributes(&["printer-state"]).await?;
        Ok(status::status(&printer).is_some_and(|status| status.condition == Condition::Idle))
    }

    /// Requests `printer-up-time`. `None` if the printer does not report it.
    pub(crate) async fn request_up_time(&self) -> Result<Option<i32>, CallError> {
        Ok(integer(&self.request_printer_attributes(&["printer-up-time"]).await?, "printer-up-time"))
    }

    /// What is known of the printer's up-time.
    pub(crate) fn up_time_trust(&self) -> Trust {
        self.up_times.lock().unwrap_or_else(PoisonError::into_inner).trust()
    }

    pub(crate) async fn request_printer_attributes(&self, names: &[&str]) -> Result<IppAttributeGroup, CallError> {
        let operation = Operation::GetPrinterAttributes;
        let request = Request::new(operation).with("requested-attributes", wire::keywords(names));
        let asked_ms = self.clock.now_ms();
        let answer = self.transport.call(request).await?;
        let without_printer = || CallError::Unusable {
            operation: "Get-Printer-Attributes",
            reason: "the response has no printer attributes".to_owned(),
        };
        let printer = group(&answer, DelimiterTag::PrinterAttributes).cloned().ok_or_else(without_printer)?;
        self.observe_up_time(asked_ms, integer(&printer, "printer-up-time"));
        Ok(printer)
    }

    fn observe_up_time(&self, asked_ms: i64, up_s: Option<i32>) {
        let Some(up_s) = up_s else { return };
        let now_ms = self.clock.now_ms();
        let mut up_times = self.up_times.lock().unwrap_or_else(PoisonError::into_inner);
        let was_told = up_times.trust() != Trust::Untold;
        up_times.observe(now_ms, now_ms.saturating_sub(asked_ms), i64::from(up_s));
        if was_told && up_times.trust() == Trust::Untold {
            warn!("the printer's up-time does not count seconds, so it does not tell whether the printer restarted");
        }
    }

    /// Requests the job with that id. `None` if the printer has none. A printer that refuses the question about one job is
    /// asked for all.
    pub(crate) async fn job(&self, id: i32) -> Result<Option<Job>, CallError> {
        let request = Request::for_job(Operation::GetJobAttributes, id)
            .with("requested-attributes", wire::keywords(&REQUESTED_JOB_ATTRIBUTES));
        let asked_ms = self.clock.now_ms();
        let refusal = match self.transport.call(request).await {
            Ok(answer) => {
                let job = group(&answer, DelimiterTag::JobAttributes).and_then(Job::read).filter(|job| job.id == id);
                if let Some(job) = job {
                    self.observe_up_time(asked_ms, job.printer_up_time);
                    return Ok(Some(job));
                }
                None
            }
            // client-error-not-found, client-error-gone.
            Err(error) if matches!(error.status(), Some(0x0406 | 0x0407)) => return Ok(None),
            Err(error) if error.is_refusal() => Some(error),
            Err(error) => return Err(error),
        };
        let listed = self.listed_jobs(|job| job.id == id).await;
        Ok(listed.map_err(|error| refusal.unwrap_or(error))?.into_iter().next())
    }

    /// Requests all jobs of the attempt. If the saved job id is one of them, it is the only one, because an attempt is
    /// created once.
    pub(crate) async fn jobs(&self, attempt: &AttemptRef) -> Result<Vec<Job>, CallError> {
        if !self.transport.knows_version() {
            // So that a list that is empty because of the version is not taken for one without the job.
            let _ = self.request_printer().await;
        }
        let mut renamed = None;
        if let Some(id) = attempt.printer_job.as_deref().and_then(|id| id.parse().ok())
            && let Some(job) = self.job(id).await?
        {
            // The name is compared, because printers reuse ids after a restart.
            if job.is_of(&attempt.id) {
                return Ok(vec![job]);
            }
            renamed = Some(job);
        }
        let jobs = self.listed_jobs(|job| job.is_of(&attempt.id)).await?;
        if let Some(job) = renamed.filter(|_| jobs.is_empty())
            && self.is_of_this_process(attempt)
            && self.restart_since(attempt, &job, self.clock.now_ms()).await? == Restart::None
        {
            self.shortcomings.add(&[REASON_NAME_NOT_KEPT]);
        }
        Ok(jobs)
    }

    /// Requests all jobs whose names begin with `prefix`.
    pub(crate) async fn jobs_beginning_with(&self, prefix: &str) -> Result<Vec<Job>, CallError> {
        self.listed_jobs(|job| job.name.as_ref().is_some_and(|name| name.starts_with(prefix))).await
    }

    /// Requests the jobs that are not completed and those that are, and returns the wanted ones. A printer that refuses the
    /// second list for good has no history. Fails if a wanted job may be under way and the printer does not tell.
    async fn listed_jobs(&self, is_wanted: impl Fn(&Job) -> bool) -> Result<Vec<Job>, CallError> {
        // In this order, so that a job that ends between the two requests is in the second list.
        let (mut jobs, refusal) = match self.request_jobs("not-completed").await {
            Ok(jobs) => (jobs, None),
            Err(error) if error.is_refusal() => (Vec::new(), Some(error)),
            Err(error) => return Err(error),
        };
        jobs.retain(&is_wanted);
        match self.request_jobs("completed").await {
            Ok(ended) => {
                for job in ended.into_iter().filter(&is_wanted) {
                    jobs.retain(|known| known.id != job.id);
                    jobs.push(job);
                }
            }
            Err(error) if error.is_permanent_refusal() => {}
            Err(error) => return Err(error),
        }
        match refusal {
            Some(error) if jobs.is_empty() => Err(error),
            Some(_) | None => Ok(jobs),
        }
    }

    async fn request_jobs(&self, which_jobs: &str) -> Result<Vec<Job>, CallError> {
        let request = Request::new(Operation::GetJobs)
            .with("which-jobs", wire::keyword(which_jobs))
            .with("limit", IppValue::Integer(JOBS_MAX))
            .with("requested-attributes", wire::keywords(&REQUESTED_JOB_ATTRIBUTES));
        let answer = self.transport.call(request).await?;
        Ok(answer.attributes().groups_of(DelimiterTag::JobAttributes).filter_map(Job::read).collect())
    }

    /// Whether the job is known to be held and not started.
    pub(crate) async fn is_still_held(&self, attempt: &AttemptId, id: i32) -> bool {
        let job = self.job(id).await;
        matches!(job, Ok(Some(job)) if job.is_of(attempt) && job.waits_for_release(false))
    }
}
