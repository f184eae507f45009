//! One job as the printer describes it. Pure.

use cetak_driver_api::AttemptId;
use ipp::attribute::IppAttributeGroup;
use ipp::value::IppValue;

use crate::attributes::{has_text, integer, reasons, text, values};

/// The `requested-attributes` of Get-Job-Attributes and Get-Jobs: all that [`Job::read`] reads, and `job-uuid`. CUPS
/// leaves out `job-name` of finished jobs unless an attribute that it has to load is requested too.
pub(crate) const REQUESTED_JOB_ATTRIBUTES: [&str; 11] = [
    "job-hold-until",
    "job-id",
    "job-impressions-completed",
    "job-media-sheets-completed",
    "job-name",
    "job-printer-up-time",
    "job-state",
    "job-state-reasons",
    "job-uuid",
    "time-at-creation",
    "time-at-processing",
];

/// The `job-state-reasons` of a job for which a blank may have been fed (RFC 8011, section 5.3.8). With
/// [`REASON_STOPPING`], if the printer does not report that the job never started.
const REASONS_OF_A_CARD: [&str; 6] = [
    "job-completed-successfully",
    "job-completed-with-errors",
    "job-completed-with-warnings",
    "job-printing",
    "job-stopped",
    "queued-in-device",
];

/// The `job-state-reasons` of a job that is being cancelled. CUPS leaves it on a job that was cancelled before it started.
pub(crate) const REASON_STOPPING: &str = "processing-to-stop-point";

/// `job-state` (RFC 8011, section 5.3.7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum JobState {
    Pending,
    Held,
    Processing,
    Stopped,
    Canceled,
    Aborted,
    Completed,
    /// Missing, or a value that RFC 8011 does not define.
    Unknown,
}

impl JobState {
    /// Whether the state is `canceled`, `aborted` or `completed`.
    pub(crate) fn has_ended(self) -> bool {
        match self {
            Self::Canceled | Self::Aborted | Self::Completed => true,
            Self::Pending | Self::Held | Self::Processing | Self::Stopped | Self::Unknown => false,
        }
    }
}

/// One job as the printer describes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Job {
    pub(crate) id: i32,
    /// `job-name`. Never logged, because jobs of other programs may be named after people.
    pub(crate) name: Option<String>,
    pub(crate) state: JobState,
    /// `job-state-reasons`.
    pub(crate) reasons: Vec<String>,
    /// `job-impressions-completed`.
    pub(crate) impressions: Option<i32>,
    /// `job-media-sheets-completed`. A card is one sheet.
    pub(crate) sheets: Option<i32>,
    /// `job-hold-until` is `indefinite`.
    pub(crate) hold_requested: bool,
    /// Whether the job has started, from `time-at-processing`: a time means yes, `no-value` no, anything else unknown.
    pub(crate) started: Option<bool>,
    /// `job-printer-up-time`, seconds.
    pub(crate) printer_up_time: Option<i32>,
    /// `time-at-creation`, seconds of the printer's up-time.
    pub(crate) created_at: Option<i32>,
}

impl Job {
    /// `None` for a group without `job-id`.
    pub(crate) fn read(job: &IppAttributeGroup) -> Option<Self> {
        let state = match integer(job, "job-state") {
            Some(3) => JobState::Pending,
            Some(4) => JobState::Held,
            Some(5) => JobState::Processing,
            Some(6) => JobState::Stopped,
            Some(7) => JobState::Canceled,
            Some(8) => JobState::Aborted,
            Some(9) => JobState::Completed,
            _ => JobState::Unknown,
        };
        let started = values(job, "time-at-processing").next().and_then(|time| {
            if *time == IppValue::NoValue {
                Some(false)
            } else {
                time.as_integer().filter(|at| **at != 0).map(|_| true)
            }
        });
        Some(Self {
            id: integer(job, "job-id")?,
            name: text(job, "job-name"),
            state,
            // Unlike printer-state-reasons they have no severity suffix: `document-format-error` is a whole keyword.
            reasons: reasons(job, "job-state-reasons", |reason| reason),
            impressions: integer(job, "job-impressions-completed"),
            sheets: integer(job, "job-media-sheets-completed"),
            hold_requested: has_text(job, "job-hold-until", "indefinite"),
            started,
            printer_up_time: integer(job, "job-printer-up-time"),
            created_at: integer(job, "time-at-creation"),
        })
    }

    /// Whether the job belongs to the attempt: its name is the attempt id.
    pub(crate) fn is_of(&self, attempt: &AttemptId) -> bool {
        self.name.as_deref() == Some(attempt.as_str())
    }

    /// Whether `time-at-creation` counts from the same moment as the up-time: that of a job that was created just now
    /// is the up-time, or one second less. True if one of the two is not reported.
    pub(crate) fn counts_from_the_start(&self) -> bool {
        self.created_at
            .zip(self.printer_up_time)
            .is_none_or(|(created, now)| (0..=2).contains(&now.saturating_sub(created)))
    }

    /// Whether the job was created before the printer's present run, by a negative `time-at-creation` (RFC 8011, section
    /// 5.3.14).
    pub(crate) fn is_of_an_earlier_run(&self) -> bool {
        self.created_at.is_some_and(|created| created < 0)
    }

    /// Whether the job was created at a later up-time than the present one. The times of one answer may differ by a
    /// second, because they are whole seconds.
    pub(crate) fn is_of_the_future(&self) -> bool {
        self.created_at.zip(self.printer_up_time).is_some_and(|(created, now)| created.saturating_sub(1) > now)
    }

    /// Whether the printer works on the job, or did and has not finished it.
    pub(crate) fn is_under_way(&self) -> bool {
        matches!(self.state, JobState::Processing | JobState::Stopped)
            || self.started == Some(true) && !self.state.has_ended()
    }

    /// Whether the job has ended or is held.
    pub(crate) fn has_ended_or_is_held(&self) -> bool {
        self.state.has_ended() || self.state == JobState::Held
    }

    /// Whether the printer holds the job as requested, so that its document can be sent.
    pub(crate) fn is_held_as_requested(&self) -> bool {
        self.state == JobState::Held && self.started != Some(true) && self.has_hold_reason()
    }

    /// Whether the job has not started, and cannot before it is released or gets its document. A job that
    /// `was_released` is believed only if the printer reports that it has not started: CUPS holds a job again after its
    /// card came out and its backend failed.
    ///
    /// False with `job-incoming` alone, because half a document is printed when its sender is cut off.
    pub(crate) fn waits_for_release(&self, was_released: bool) -> bool {
        let unstarted = if was_released { self.started == Some(false) } else { self.started != Some(true) };
        self.state == JobState::Held
            && unstarted
            && !self.may_have_a_card()
            && (self.has_hold_reason() || self.has_reason("job-data-insufficient"))
    }

    /// Whether the job is `canceled` or `aborted`, and the printer reports that it had not started.
    pub(crate) fn ended_unstarted(&self) -> bool {
        let has_ended = matches!(self.state, JobState::Canceled | JobState::Aborted);
        has_ended && self.started == Some(false) && !self.may_have_a_card()
    }

    /// Whether a job that was cancelled while it waited is `canceled`, and not known to have started.
    pub(crate) fn is_canceled_unstarted(&self) -> bool {
        self.state == JobState::Canceled && self.started != Some(true) && !self.may_have_a_card()
    }

    /// Whether a count of impressions or sheets, or a reason, says that a blank may have been fed, whatever the state is.
    fn may_have_a_card(&self) -> bool {
        let has_output = [self.impressions, self.sheets].into_iter().flatten().any(|count| count > 0);
        let is_stopping = self.started != Some(false) && self.has_reason(REASON_STOPPING);
        has_output || is_stopping || REASONS_OF_A_CARD.iter().any(|reason| self.has_reason(reason))
    }

    /// PAPPL reports no reasons for a held job, but returns `job-hold-until`.
    fn has_hold_reason(&self) -> bool {
        self.has_reason("job-hold-until-specified") || (self.reasons.is_empty() && self.hold_requested)
    }

    pub(crate) fn has_reason(&self, reason: &str) -> bool {
        self.reasons.iter().any(|known| known == reason)
    }
}

/// Jobs for the tests of the modules that use them.
#[cfg(test)]
pub(crate) mod samples {
    use super::{Job, JobState};

    /// Job 7, named `a-1`, with one impression if it is completed, and nothing else.
    pub(crate) fn job(state: JobState, reasons: &[&str]) -> Job {
        Job {
            id: 7,
            name: Some("a-1".to_owned()),
            state,
            reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
            impressions: Some(i32::from(state == JobState::Completed)),
            sheets: None,
            hold_requested: false,
            started: None,
            printer_up_time: None,
            created_at: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::samples::job;
    use super::*;
    use crate::attributes::samples::group;
    use crate::wire::{keyword, name};
    use ipp::model::DelimiterTag;

    #[test]
    fn a_job_is_read_with_any_attributes_but_not_without_an_id() {
        let read = |attributes: &[(&str, IppValue)]| Job::read(&group(DelimiterTag::JobAttributes, attributes));
        let id = || ("job-id", IppValue::Integer(7));

        assert_eq!(read(&[("job-name", name("a-1"))]), None);
        let bare = Job { name: None, impressions: None, ..job(JobState::Unknown, &[]) };
        assert_eq!(read(&[id()]), Some(bare.clone()));
        assert_eq!(read(&[id(), ("job-state", IppValue::Enum(77)), ("job-name", IppValue::NoValue)]), Some(bare));
        let held = read(&[
            id(),
            ("job-name", name("a-1")),
            ("job-state", IppValue::Enum(4)),
            ("job-state-reasons", keyword("job-hold-until-specified")),
            ("job-impressions-completed", IppValue::Integer(0)),
            ("time-at-processing", IppValue::NoValue),
        ]);
        let expected =
            Job { impressions: Some(0), started: Some(false), ..job(JobState::Held, &["job-hold-until-specified"]) };
        assert_eq!(held, Some(expected));
        assert_eq!(read(&[id(), ("time-at-processing", IppValue::Integer(3))]).unwrap().started, Some(true));
    }

    #[test]
    fn a_held_job_without_reasons_is_held_if_it_returns_the_requested_hold() {
        let pappl = Job { hold_requested: true, started: Some(false), ..job(JobState::Held, &[]) };
        assert!(pappl.is_held_as_requested() && pappl.waits_for_release(true));

        let incoming = Job { hold_requested: true, started: Some(false), ..job(JobState::Held, &["job-incoming"]) };
        assert!(!incoming.is_held_as_requested() && !incoming.waits_for_release(false));
    }

    #[test]
    fn a_job_older_than_the_printers_run_is_of_an_earlier_run() {
        let created = |at, up| Job { created_at: Some(at), printer_up_time: Some(up), ..job(JobState::Held, &[]) };
        assert!(created(-3, 5).is_of_an_earlier_run());
        assert!(created(500, 5).is_of_the_future() && !created(500, 5).is_of_an_earlier_run());
        for unsuspicious in [created(0, 5), created(5, 5), created(6, 5), job(JobState::Held, &[])] {
            assert!(!unsuspicious.is_of_an_earlier_run() && !unsuspicious.is_of_the_future(), "{unsuspicious:?}");
        }
    }

    #[test]
    fn the_times_of_a_new_job_show_whether_they_count_from_the_start_of_the_printer() {
        let created = |at, up| Job { created_at: Some(at), printer_up_time: Some(up), ..job(JobState::Pending, &[]) };
        assert!(created(5, 5).counts_from_the_start() && created(5, 6).counts_from_the_start());
        assert!(job(JobState::Pending, &[]).counts_from_the_start());
        for other in [created(1_795_521_600, 5), created(51, 5), created(5, 60), created(-3, 5)] {
            assert!(!other.counts_from_the_start(), "{other:?}");
        }
    }

    #[test]
    fn a_count_of_impressions_or_sheets_contradicts_every_state_without_a_card() {
        for (impressions, sheets) in [(Some(1), None), (None, Some(1)), (Some(0), Some(2))] {
            let canceled = Job { started: Some(false), impressions, sheets, ..job(JobState::Canceled, &[]) };
            assert!(!canceled.ended_unstarted() && !canceled.is_canceled_unstarted(), "{canceled:?}");
            let reasons = &["job-hold-until-specified"];
            let held = Job { started: Some(false), impressions, sheets, ..job(JobState::Held, reasons) };
            assert!(!held.waits_for_release(false), "{held:?}");
        }
    }

    #[test]
    fn a_reason_that_speaks_of_a_card_contradicts_every_state_without_a_card() {
        for reason in REASONS_OF_A_CARD {
            let canceled = Job { started: Some(false), ..job(JobState::Canceled, &["job-canceled-by-user", reason]) };
            assert!(!canceled.ended_unstarted() && !canceled.is_canceled_unstarted(), "{reason}");
            let held = Job { started: Some(false), ..job(JobState::Held, &["job-hold-until-specified", reason]) };
            assert!(!held.waits_for_release(false) && !held.waits_for_release(true), "{reason}");
        }
        let canceled = |started, reasons: &[&str]| Job { started, ..job(JobState::Canceled, reasons) };
        let of_cups = canceled(Some(false), &["job-canceled-by-user", REASON_STOPPING]);
        assert!(of_cups.ended_unstarted() && of_cups.is_canceled_unstarted());
        assert!(!canceled(None, &[REASON_STOPPING]).is_canceled_unstarted());
    }
}
