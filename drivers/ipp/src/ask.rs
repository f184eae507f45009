//! Questions to the printer, and taking jobs back.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use cetak_driver_api::{AttemptId, AttemptRef};
use ipp::attribute::IppAttributeGroup;
use ipp::model::{DelimiterTag, Operation};
use ipp::value::IppValue;
use tracing::debug;

use crate::boot::Boot;
use crate::memory::Made;
use crate::translate::{self, Facts, Job};
use crate::transport::CallError;
use crate::wire::{self, Request};
use crate::{IppPrinter, job_request};

/// How many jobs of each list are looked through for a name, newest finished ones first.
const JOBS_MAX: i32 = 1000;

/// RFC 3995, section 11.1.1.
const CREATE_PRINTER_SUBSCRIPTIONS: u16 = 0x0016;
/// RFC 3995, section 11.2.5.
const GET_SUBSCRIPTIONS: u16 = 0x0019;
/// RFC 3996, section 5.
const GET_NOTIFICATIONS: u16 = 0x001c;

/// So long the starts of CUPS that are known count as those of now: what is older was learned before a pause.
const EVENTS_FRESH_US: i64 = 20_000_000;

/// How our subscription is told from others.
const OUR_SUBSCRIPTION: &[u8] = b"cetak";

impl IppPrinter {
    /// What it is and how it is; what the driver itself needs of that is kept.
    pub(crate) async fn printer(&self) -> Result<IppAttributeGroup, CallError> {
        let printer = self.printer_attributes(&translate::PRINTER_ATTRIBUTES).await?;
        *self.facts.lock().unwrap_or_else(PoisonError::into_inner) = Some(Facts::read(&printer));
        Ok(printer)
    }

    pub(crate) async fn facts(&self) -> Result<Facts, CallError> {
        let known = self.facts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some(facts) => Ok(facts),
            None => Ok(Facts::read(&self.printer().await?)),
        }
    }

    pub(crate) async fn reasons(&self) -> Result<Vec<String>, CallError> {
        let printer = self.printer_attributes(&["printer-state", "printer-state-reasons"]).await?;
        Ok(translate::printer_keywords(&printer))
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
    pub(crate) async fn job(&self, id: i32) -> Result<Option<Job>, CallError> {
        let request = job_request(Operation::GetJobAttributes, id)
            .with("requested-attributes", wire::keywords(&translate::JOB_ATTRIBUTES));
        match self.transport.call(request).await {
            Ok(answer) => Ok(translate::group(&answer, DelimiterTag::JobAttributes).and_then(Job::read)),
            // Not found, gone.
            Err(error) if matches!(error.status(), Some(0x0406 | 0x0407)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All jobs that bear the attempt's name; one that is found by its id is the only one, as no attempt is created twice.
    pub(crate) async fn jobs(&self, attempt: &AttemptRef) -> Result<Vec<Job>, CallError> {
        if let Some(id) = attempt.printer_job.as_deref().and_then(|id| id.parse().ok()) {
            // Ids are given out again after a restart: a stranger's job may bear this one.
            if let Some(job) = self.job(id).await?.filter(|job| job.is_of(&attempt.id)) {
                return Ok(vec![job]);
            }
        }
        let mut jobs: Vec<Job> = Vec::new();
        // In this order, as a job that ends in between is in the second list.
        for which in ["not-completed", "completed"] {
            for job in self.listed(&attempt.id, which).await? {
                jobs.retain(|known| known.id != job.id);
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

    pub(crate) async fn still_waits(&self, attempt: &AttemptId, id: i32) -> bool {
        let job = self.job(id).await;
        matches!(job, Ok(Some(job)) if job.is_of(attempt) && job.waits_for_us(false))
    }

    /// Cancels the job if it is not over. True if it proves that no card started: the job was waiting for us and is now
    /// canceled, or this process never let it go and it ended without starting.
    pub(crate) async fn cancel_job(
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
        if !unstarted {
            self.pause.cancelled();
        }
        let after = self.job(job.id).await?;
        let canceled = after.is_some_and(|job| job.is_of(attempt) && job.is_canceled_cardless());
        Ok(unstarted && canceled)
    }

    /// After trouble: takes back what may be left of the attempt, if the printer is willing. Proves nothing.
    pub(crate) async fn cancel_leftovers(&self, attempt: &AttemptId) {
        let id = attempt.clone();
        let left =
            AttemptRef { id, printer_job: None, boot: None, releasing: true, impressions: 1, acknowledged: false };
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

/// Restarts.
impl IppPrinter {
    /// Did the printer start again since it took the attempt, as far as can be told? `job` is its answer to a question
    /// that was asked at `asked_us`.
    pub(crate) async fn has_restarted(
        &self,
        attempt: &AttemptRef,
        job: &Job,
        asked_us: i64,
    ) -> Result<bool, CallError> {
        if job.is_of_an_earlier_run() {
            return Ok(true);
        }
        let Some(then) = attempt.boot.as_deref().and_then(|boot| boot.parse::<Boot>().ok()) else { return Ok(false) };
        let now = match then {
            Boot::UpTime { .. } => up_time_of(job, asked_us),
            // A question more: asked when the answer matters, or when the printer was out of reach.
            Boot::Events { .. } if !job.is_over_or_held() && !self.starts_unseen.load(Ordering::Relaxed) => None,
            Boot::Events { .. } => {
                let events = self.events().await?;
                self.starts_unseen.store(false, Ordering::Relaxed);
                events
            }
        };
        Ok(now.is_some_and(|now| then.restarted_by(now)))
    }

    /// The present run, as a later one is compared with it. `None` where the printer does not tell.
    pub(crate) async fn boot(&self, job: &Job) -> Result<Option<String>, CallError> {
        let now = (self.now)();
        let boot = if self.facts().await?.is_cups {
            let known = *self.events.lock().unwrap_or_else(PoisonError::into_inner);
            match known {
                Some((events, asked_us)) if now.saturating_sub(asked_us) < EVENTS_FRESH_US => Some(events),
                Some(_) | None => self.events().await?,
            }
        } else {
            up_time_of(job, now)
        };
        Ok(boot.map(|boot| boot.to_string()))
    }

    /// Did the printer start again since it took that job, of which it knows nothing?
    pub(crate) async fn restarted_since(&self, made: &Made) -> Result<bool, CallError> {
        let Some(then) = made.boot.as_deref().and_then(|boot| boot.parse::<Boot>().ok()) else { return Ok(false) };
        let asked_us = (self.now)();
        let now = match then {
            Boot::UpTime { .. } => {
                let printer = self.printer_attributes(&["printer-up-time"]).await?;
                let up_s = translate::integers(&printer, "printer-up-time").first().copied();
                up_s.map(|up_s| Boot::UpTime { up_s: i64::from(up_s), at_ms: asked_us / 1_000 })
            }
            Boot::Events { .. } => self.events().await?,
        };
        Ok(now.is_some_and(|now| then.restarted_by(now)))
    }

    /// The last start that CUPS tells of. Its subscription is made once, and found again by its user data: it outlives
    /// both CUPS and this process.
    async fn events(&self) -> Result<Option<Boot>, CallError> {
        let known = *self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let asked_us = (self.now)();
        let subscription = match known {
            Some((Boot::Events { subscription, .. }, _)) => Some(subscription),
            Some((Boot::UpTime { .. }, _)) | None => self.subscription().await?,
        };
        let Some(subscription) = subscription else { return Ok(None) };
        let request =
            Request::unlisted(GET_NOTIFICATIONS).with("notify-subscription-ids", IppValue::Integer(subscription));
        let last = match self.transport.call(request).await {
            Ok(answer) => {
                let events = answer.attributes().groups_of(DelimiterTag::EventNotificationAttributes);
                events.filter_map(|event| translate::integers(event, "notify-sequence-number").first().copied()).max()
            }
            // It is gone: another one is made next time, and is another run.
            Err(error) if matches!(error.status(), Some(0x0406 | 0x0407)) => {
                *self.events.lock().unwrap_or_else(PoisonError::into_inner) = None;
                return Ok(Some(Boot::Events { subscription: -1, last: 0 }));
            }
            Err(error) => return Err(error),
        };
        let events = Boot::Events { subscription, last: last.unwrap_or(0) };
        *self.events.lock().unwrap_or_else(PoisonError::into_inner) = Some((events, asked_us));
        Ok(Some(events))
    }

    async fn subscription(&self) -> Result<Option<i32>, CallError> {
        let attributes = ["notify-subscription-id", "notify-user-data"];
        let list = Request::unlisted(GET_SUBSCRIPTIONS).with("requested-attributes", wire::keywords(&attributes));
        match self.transport.call(list).await {
            Ok(answer) => {
                let groups = answer.attributes().groups_of(DelimiterTag::SubscriptionAttributes);
                let ours =
                    groups.filter(|group| translate::octets(group, "notify-user-data") == Some(OUR_SUBSCRIPTION));
                let ids =
                    ours.filter_map(|group| translate::integers(group, "notify-subscription-id").first().copied());
                if let Some(id) = ids.min() {
                    return Ok(Some(id));
                }
            }
            // There is none yet.
            Err(CallError::Refused { status: 0x0406, .. }) => {}
            Err(CallError::Refused { .. }) => return Ok(None),
            Err(error) => return Err(error),
        }
        let make = Request::unlisted(CREATE_PRINTER_SUBSCRIPTIONS)
            .with_subscription("notify-pull-method", wire::keyword("ippget"))
            .with_subscription("notify-events", wire::keywords(&["server-started", "server-restarted"]))
            .with_subscription("notify-lease-duration", IppValue::Integer(0))
            .with_subscription("notify-user-data", IppValue::OctetString(OUR_SUBSCRIPTION.into()));
        match self.transport.call(make).await {
            Ok(answer) => {
                let group = translate::group(&answer, DelimiterTag::SubscriptionAttributes);
                Ok(group.and_then(|group| translate::integers(group, "notify-subscription-id").first().copied()))
            }
            Err(CallError::Refused { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The printer says that it can hold, and did.
    pub(crate) fn trusts_hold(&self) -> bool {
        !self.hold_is_a_lie.load(Ordering::Relaxed)
    }
}

fn up_time_of(job: &Job, at_us: i64) -> Option<Boot> {
    job.printer_up_time.map(|up_s| Boot::UpTime { up_s: i64::from(up_s), at_ms: at_us / 1_000 })
}
