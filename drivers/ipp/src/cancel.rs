//! Cancels jobs at the printer.

use cetak_driver_api::{AttemptId, AttemptRef};
use ipp::model::Operation;
use tracing::debug;

use crate::job::Job;
use crate::printer::IppPrinter;
use crate::transport::CallError;
use crate::wire::Request;

impl IppPrinter {
    /// Cancels the job, unless it has ended. True if that proves that no card started: the job waited for its release
    /// or its document and is now `canceled`, or it was `never_released` and the printer reports that it ended without
    /// starting.
    pub(crate) async fn cancel_job(
        &self,
        attempt: &AttemptId,
        job: &Job,
        was_released: bool,
        never_released: bool,
    ) -> Result<bool, CallError> {
        let is_waiting = job.waits_for_release(was_released);
        if job.state.has_ended() {
            return Ok(never_released && job.ended_unstarted());
        }
        self.attempts.set_cancelled(attempt);
        match self.transport.call(Request::for_job(Operation::CancelJob, job.id)).await {
            Ok(_) | Err(CallError::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
        if !is_waiting {
            self.release_delay.start_after_cancel();
        }
        let after = self.job(job.id).await?;
        let Some(after) = after.filter(|job| job.is_of(attempt)) else { return Ok(false) };
        Ok(is_waiting && after.is_canceled_unstarted() || never_released && after.ended_unstarted())
    }

    /// Cancels a job that was created for the attempt just now, whatever its name is, as far as the printer answers. It
    /// has no document, so it cannot print.
    pub(crate) async fn cancel_created(&self, attempt: &AttemptId, id: i32) {
        self.attempts.set_cancelled(attempt);
        if let Err(error) = self.transport.call(Request::for_job(Operation::CancelJob, id)).await {
            debug!(attempt.id = %attempt, job = id, %error, "cannot cancel a job without a document");
        }
    }

    /// Cancels all jobs of the attempt after a failure, as far as the printer answers. Proves nothing.
    pub(crate) async fn cancel_leftovers(&self, attempt: &AttemptId) {
        let id = attempt.clone();
        let leftover = AttemptRef {
            id,
            printer_job: None,
            printer_run: None,
            releasing: true,
            impressions: 1,
            acknowledged: false,
        };
        let jobs = match self.jobs(&leftover).await {
            Ok(jobs) => jobs,
            Err(error) => return debug!(attempt.id = %attempt, %error, "cannot list leftover jobs"),
        };
        for job in jobs {
            if let Err(error) = self.cancel_job(attempt, &job, false, false).await {
                debug!(attempt.id = %attempt, job = job.id, %error, "cannot cancel a leftover job");
            }
        }
    }
}
