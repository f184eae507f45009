//! Queries which run of the printer is the present one, and whether it restarted.
//!
//! CUPS reports no up-time. Its runs are distinguished by the `server-started` events of a subscription (RFC 3995, RFC
//! 3996), which is created once and outlives both CUPS and this process.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use cetak_driver_api::AttemptRef;
use ipp::attribute::IppAttributeGroup;
use ipp::model::DelimiterTag;
use ipp::value::IppValue;

use crate::attempt_table::PrinterJob;
use crate::attributes::{group, integer, octets};
use crate::job::Job;
use crate::printer::IppPrinter;
use crate::restart::PrinterRun;
use crate::transport::CallError;
use crate::wire::{self, CREATE_PRINTER_SUBSCRIPTIONS, GET_NOTIFICATIONS, GET_SUBSCRIPTIONS, Request};

/// How long a known start of CUPS counts as the present one for a new attempt, microseconds.
const STARTS_FRESH_US: i64 = 20_000_000;

/// `notify-user-data` of this program's subscription.
const SUBSCRIPTION_DATA: &[u8] = b"cetak";

impl IppPrinter {
    /// Whether the printer is known to have restarted since it took the attempt. `job` is the answer to a query sent at
    /// `asked_us`.
    pub(crate) async fn has_restarted(
        &self,
        attempt: &AttemptRef,
        job: &Job,
        asked_us: i64,
    ) -> Result<bool, CallError> {
        if job.is_of_an_earlier_run() {
            return Ok(true);
        }
        let Some(saved) = parsed(attempt.printer_run.as_deref()) else { return Ok(false) };
        let present = match saved {
            PrinterRun::UpTime { .. } => up_time_of(job, asked_us),
            // One more request, so only when the answer matters or the printer was unreachable.
            PrinterRun::ServerStarts { .. }
                if !job.has_ended_or_is_held() && !self.server_starts_are_stale.load(Ordering::Relaxed) =>
            {
                None
            }
            PrinterRun::ServerStarts { .. } => {
                let starts = self.server_starts().await?;
                self.server_starts_are_stale.store(false, Ordering::Relaxed);
                starts
            }
        };
        Ok(present.is_some_and(|present| saved.ended_before(present)))
    }

    /// The present run, in the form that is saved with an attempt. `None` if the printer does not report it.
    pub(crate) async fn current_run(&self, job: &Job) -> Result<Option<String>, CallError> {
        let now_us = (self.now)();
        let run = if self.printer_attributes().await?.is_cups {
            let known = *self.server_starts.lock().unwrap_or_else(PoisonError::into_inner);
            match known {
                Some((starts, asked_us)) if now_us.saturating_sub(asked_us) < STARTS_FRESH_US => Some(starts),
                Some(_) | None => self.server_starts().await?,
            }
        } else {
            up_time_of(job, now_us)
        };
        Ok(run.map(|run| run.to_string()))
    }

    /// Whether the printer is known to have restarted since it created a job that it does not have any more.
    pub(crate) async fn restarted_since_creation(&self, job: &PrinterJob) -> Result<bool, CallError> {
        let Some(saved) = parsed(job.run.as_deref()) else { return Ok(false) };
        let asked_us = (self.now)();
        let present = match saved {
            PrinterRun::UpTime { .. } => {
                let printer = self.request_printer_attributes(&["printer-up-time"]).await?;
                integer(&printer, "printer-up-time").map(|up_s| up_time(up_s, asked_us))
            }
            PrinterRun::ServerStarts { .. } => self.server_starts().await?,
        };
        Ok(present.is_some_and(|present| saved.ended_before(present)))
    }

    /// Requests the last start of CUPS. `None` if CUPS refuses subscriptions.
    async fn server_starts(&self) -> Result<Option<PrinterRun>, CallError> {
        let known = *self.server_starts.lock().unwrap_or_else(PoisonError::into_inner);
        let asked_us = (self.now)();
        let subscription = match known {
            Some((PrinterRun::ServerStarts { subscription, .. }, _)) => Some(subscription),
            Some((PrinterRun::UpTime { .. }, _)) | None => self.subscription().await?,
        };
        let Some(subscription) = subscription else { return Ok(None) };
        let request =
            Request::with_code(GET_NOTIFICATIONS).with("notify-subscription-ids", IppValue::Integer(subscription));
        let last_event = match self.transport.call(request).await {
            Ok(answer) => {
                let events = answer.attributes().groups_of(DelimiterTag::EventNotificationAttributes);
                events.filter_map(|event| integer(event, "notify-sequence-number")).max()
            }
            // The subscription is gone. The next call creates another, which counts as another run.
            Err(error) if matches!(error.status(), Some(0x0406 | 0x0407)) => {
                *self.server_starts.lock().unwrap_or_else(PoisonError::into_inner) = None;
                return Ok(Some(PrinterRun::ServerStarts { subscription: -1, last_event: 0 }));
            }
            Err(error) => return Err(error),
        };
        let starts = PrinterRun::ServerStarts { subscription, last_event: last_event.unwrap_or(0) };
        *self.server_starts.lock().unwrap_or_else(PoisonError::into_inner) = Some((starts, asked_us));
        Ok(Some(starts))
    }

    /// The id of this program's subscription, created if there is none. `None` if CUPS refuses subscriptions.
    async fn subscription(&self) -> Result<Option<i32>, CallError> {
        let attributes = ["notify-subscription-id", "notify-user-data"];
        let list = Request::with_code(GET_SUBSCRIPTIONS).with("requested-attributes", wire::keywords(&attributes));
        match self.transport.call(list).await {
            Ok(answer) => {
                let groups = answer.attributes().groups_of(DelimiterTag::SubscriptionAttributes);
                let own = groups.filter(|group| octets(group, "notify-user-data") == Some(SUBSCRIPTION_DATA));
                if let Some(id) = own.filter_map(subscription_id).min() {
                    return Ok(Some(id));
                }
            }
            // client-error-not-found: there is no subscription yet.
            Err(CallError::Refused { status: 0x0406, .. }) => {}
            Err(CallError::Refused { .. }) => return Ok(None),
            Err(error) => return Err(error),
        }
        let create = Request::with_code(CREATE_PRINTER_SUBSCRIPTIONS)
            .with_subscription("notify-pull-method", wire::keyword("ippget"))
            .with_subscription("notify-events", wire::keywords(&["server-started", "server-restarted"]))
            .with_subscription("notify-lease-duration", IppValue::Integer(0))
            .with_subscription("notify-user-data", IppValue::OctetString(SUBSCRIPTION_DATA.into()));
        match self.transport.call(create).await {
            Ok(answer) => Ok(group(&answer, DelimiterTag::SubscriptionAttributes).and_then(subscription_id)),
            Err(CallError::Refused { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn parsed(run: Option<&str>) -> Option<PrinterRun> {
    run.and_then(|run| run.parse().ok())
}

fn subscription_id(group: &IppAttributeGroup) -> Option<i32> {
    integer(group, "notify-subscription-id")
}

fn up_time_of(job: &Job, at_us: i64) -> Option<PrinterRun> {
    job.printer_up_time.map(|up_s| up_time(up_s, at_us))
}

fn up_time(up_s: i32, at_us: i64) -> PrinterRun {
    PrinterRun::UpTime { up_s: i64::from(up_s), at_ms: at_us / 1_000 }
}
