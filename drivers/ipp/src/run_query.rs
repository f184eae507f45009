//! Queries which run of the printer is the present one, and whether it restarted.
//!
//! CUPS reports no up-time. Its runs are distinguished by the `server-started` events of a subscription (RFC 3995, RFC
//! 3996), which is created once and outlives both CUPS and this process.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cetak_driver_api::AttemptRef;
use ipp::attribute::IppAttributeGroup;
use ipp::model::DelimiterTag;
use ipp::value::IppValue;

use crate::attributes::{group, integer, octets};
use crate::job::Job;
use crate::printer::IppPrinter;
use crate::restart::{Between, PrinterRun, Restart};
use crate::transport::CallError;
use crate::up_time::Trust;
use crate::wire::{self, CREATE_PRINTER_SUBSCRIPTIONS, GET_NOTIFICATIONS, GET_SUBSCRIPTIONS, Request};

/// How long a known start of CUPS counts as the present one for a new attempt, microseconds.
const STARTS_FRESH_US: i64 = 20_000_000;

/// `notify-user-data` of this program's subscription.
const SUBSCRIPTION_DATA: &[u8] = b"cetak";

/// The saved form of a run that the printer does not report. It shows that the document may have been sent.
const UNKNOWN_RUN: &str = "unknown";

/// The readings, and the delay between them, after which an up-time that does not count seconds is known.
const READINGS_MAX: u32 = 6;
const READING_DELAY: Duration = Duration::from_millis(600);

impl IppPrinter {
    /// Whether the printer is known to have restarted since it took the attempt. `job` is the answer to a query sent at
    /// `asked_ms` of the steady clock.
    pub(crate) async fn restart_since(
        &self,
        attempt: &AttemptRef,
        job: &Job,
        asked_ms: i64,
    ) -> Result<Restart, CallError> {
        let saved = parsed(attempt.printer_run.as_deref());
        let has_job_times = !matches!(saved, Some(PrinterRun::UpTime { has_job_times: false, .. }));
        if has_job_times && job.is_of_an_earlier_run() {
            return Ok(Restart::Apparent);
        }
        if has_job_times && job.is_of_the_future() && self.up_time_ticks().await? {
            return Ok(Restart::Apparent);
        }
        match saved {
            None => Ok(Restart::None),
            Some(saved @ PrinterRun::UpTime { .. }) => {
                let Some(present) = up_time_of(job, asked_ms, true) else { return Ok(Restart::None) };
                let is_shown = match saved.until(present, self.is_of_this_process(attempt)) {
                    Between::NoRestart => false,
                    Between::Unclear => true,
                    Between::Restart => self.up_time_ticks().await?,
                };
                Ok(if is_shown { Restart::Apparent } else { Restart::None })
            }
            // One more request, so only when the answer matters or the printer was unreachable.
            Some(PrinterRun::ServerStarts { .. })
                if !job.has_ended_or_is_held() && !self.server_starts_are_stale.load(Ordering::Relaxed) =>
            {
                Ok(Restart::None)
            }
            Some(saved @ PrinterRun::ServerStarts { .. }) => {
                let starts = self.server_starts().await?;
                self.server_starts_are_stale.store(false, Ordering::Relaxed);
                let is_another = starts.is_some_and(|present| saved.until(present, true) == Between::Restart);
                Ok(if is_another { Restart::Known } else { Restart::None })
            }
        }
    }

    /// The present run, in the form that is saved with an attempt. `None` if the printer does not report it. `created` is
    /// the run in which `job` was created; `None` if it was created just now.
    pub(crate) async fn current_run(&self, job: &Job, created: Option<&str>) -> Result<Option<String>, CallError> {
        let run = if self.printer_attributes().await?.is_cups {
            let now_us = (self.now)();
            let known = *self.server_starts.lock().unwrap_or_else(PoisonError::into_inner);
            match known {
                Some((starts, asked_us)) if now_us.saturating_sub(asked_us) < STARTS_FRESH_US => Some(starts),
                Some(_) | None => self.server_starts().await?,
            }
        } else {
            let has_job_times = match parsed(created) {
                Some(PrinterRun::UpTime { has_job_times, .. }) => has_job_times,
                Some(PrinterRun::ServerStarts { .. }) | None => job.counts_from_the_start(),
            };
            up_time_of(job, self.clock.now_ms(), has_job_times)
        };
        Ok(run.map(|run| run.to_string()))
    }

    /// Whether a restart of the printer since `run` is proved to be the reason for which it does not have a job any more.
    /// CUPS keeps its jobs over a restart, so a restart of CUPS proves nothing.
    pub(crate) async fn restart_is_proved(&self, run: Option<&str>, by_one_clock: bool) -> Result<bool, CallError> {
        let Some(saved @ PrinterRun::UpTime { .. }) = parsed(run) else { return Ok(false) };
        let asked_ms = self.clock.now_ms();
        let Some(up_s) = self.request_up_time().await? else { return Ok(false) };
        Ok(saved.is_before_a_restart(up_time(up_s, asked_ms, true), by_one_clock) && self.up_time_ticks().await?)
    }

    /// Whether the attempt was prepared by this process, so that all its times are of one clock.
    pub(crate) fn is_of_this_process(&self, attempt: &AttemptRef) -> bool {
        self.attempts.stage(&attempt.id).is_some()
    }

    /// Whether the printer's up-time was seen to count seconds. If that is not known yet, the up-time is read for some
    /// seconds.
    async fn up_time_ticks(&self) -> Result<bool, CallError> {
        for _ in 0..READINGS_MAX {
            match self.up_time_trust() {
                Trust::Ticks => return Ok(true),
                Trust::Untold => return Ok(false),
                Trust::Unknown => {}
            }
            #[expect(clippy::disallowed_methods, reason = "the injected clock can be read, but not slept on")]
            tokio::time::sleep(READING_DELAY).await;
            self.request_up_time().await?;
        }
        Ok(self.up_time_trust() == Trust::Ticks)
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

/// The run as it is saved before the document is sent.
pub(crate) fn run_or_unknown(run: Option<String>) -> String {
    run.unwrap_or_else(|| UNKNOWN_RUN.to_owned())
}

fn up_time_of(job: &Job, at_ms: i64, has_job_times: bool) -> Option<PrinterRun> {
    job.printer_up_time.map(|up_s| up_time(up_s, at_ms, has_job_times))
}

fn up_time(up_s: i32, at_ms: i64, has_job_times: bool) -> PrinterRun {
    PrinterRun::UpTime { up_s: i64::from(up_s), at_ms, has_job_times }
}
