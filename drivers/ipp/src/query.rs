//! Queries about the printer and its jobs.

use std::sync::PoisonError;

use cetak_driver_api::{AttemptId, AttemptRef};
use ipp::attribute::IppAttributeGroup;
use ipp::model::{DelimiterTag, Operation};
use ipp::value::IppValue;

use crate::attributes::group;
use crate::job::{Job, REQUESTED_JOB_ATTRIBUTES};
use crate::printer::IppPrinter;
use crate::printer_attributes::{PrinterAttributes, REQUESTED_PRINTER_ATTRIBUTES};
use crate::status;
use crate::transport::CallError;
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

    pub(crate) async fn request_printer_attributes(&self, names: &[&str]) -> Result<IppAttributeGroup, CallError> {
        let operation = Operation::GetPrinterAttributes;
        let request = Request::new(operation).with("requested-attributes", wire::keywords(names));
        let answer = self.transport.call(request).await?;
        let without_printer = || CallError::NoAnswer {
            operation: "Get-Printer-Attributes",
            reason: "the response has no printer attributes".to_owned(),
        };
        group(&answer, DelimiterTag::PrinterAttributes).cloned().ok_or_else(without_printer)
    }

    /// Requests the job with that id. `None` if the printer has none.
    pub(crate) async fn job(&self, id: i32) -> Result<Option<Job>, CallError> {
        let request = Request::for_job(Operation::GetJobAttributes, id)
            .with("requested-attributes", wire::keywords(&REQUESTED_JOB_ATTRIBUTES));
        match self.transport.call(request).await {
            Ok(answer) => Ok(group(&answer, DelimiterTag::JobAttributes).and_then(Job::read)),
            // client-error-not-found, client-error-gone.
            Err(error) if matches!(error.status(), Some(0x0406 | 0x0407)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Requests all jobs of the attempt. If the saved job id is one of them, it is the only one, because an attempt is
    /// created once.
    pub(crate) async fn jobs(&self, attempt: &AttemptRef) -> Result<Vec<Job>, CallError> {
        if let Some(id) = attempt.printer_job.as_deref().and_then(|id| id.parse().ok()) {
            // The name is compared, because printers reuse ids after a restart.
            if let Some(job) = self.job(id).await?.filter(|job| job.is_of(&attempt.id)) {
                return Ok(vec![job]);
            }
        }
        let mut jobs: Vec<Job> = Vec::new();
        // In this order, so that a job that ends between the two requests is in the second list.
        for which_jobs in ["not-completed", "completed"] {
            for job in self.listed_jobs(&attempt.id, which_jobs).await? {
                jobs.retain(|known| known.id != job.id);
                jobs.push(job);
            }
        }
        Ok(jobs)
    }

    async fn listed_jobs(&self, attempt: &AttemptId, which_jobs: &str) -> Result<Vec<Job>, CallError> {
        let request = Request::new(Operation::GetJobs)
            .with("which-jobs", wire::keyword(which_jobs))
            .with("limit", IppValue::Integer(JOBS_MAX))
            .with("requested-attributes", wire::keywords(&REQUESTED_JOB_ATTRIBUTES));
        let answer = self.transport.call(request).await?;
        let groups = answer.attributes().groups_of(DelimiterTag::JobAttributes);
        Ok(groups.filter_map(Job::read).filter(|job| job.is_of(attempt)).collect())
    }

    /// Whether the job is known to be held and not started.
    pub(crate) async fn is_still_held(&self, attempt: &AttemptId, id: i32) -> bool {
        let job = self.job(id).await;
        matches!(job, Ok(Some(job)) if job.is_of(attempt) && job.waits_for_release(false))
    }
}
