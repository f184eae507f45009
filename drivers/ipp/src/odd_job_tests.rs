//! All combinations of the values that a printer may report of a job: no verdict contradicts one of them. What each value says is
//! a table of `ODD_PRINTERS.md` and of this file.

use cetak_driver_api::{AttemptId, AttemptRef, AttemptStatus, Blank, Card, Ending};

use crate::attempt_status::attempt_status;
use crate::job::{Job, JobState, REASON_STOPPING};
use crate::restart::Restart;

/// What a value of a field says of the card.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Says {
    /// One good card cannot be the whole truth.
    no_good_card: bool,
    /// A blank may have been used.
    perhaps_a_card: bool,
}

const NOTHING: Says = Says { no_good_card: false, perhaps_a_card: false };
/// No card was made, or a bad one.
const NO_GOOD_CARD: Says = Says { no_good_card: true, perhaps_a_card: false };
/// A card was made.
const A_CARD: Says = Says { no_good_card: false, perhaps_a_card: true };
/// A card may be under way, spoiled, or one of several.
const BOTH: Says = Says { no_good_card: true, perhaps_a_card: true };

/// `job-state`. That a job is `canceled` or `aborted` does not say that no card came out; that it had not started does.
const STATES: [(JobState, Says); 8] = [
    (JobState::Pending, NO_GOOD_CARD),
    (JobState::Held, NO_GOOD_CARD),
    (JobState::Processing, BOTH),
    (JobState::Stopped, BOTH),
    (JobState::Canceled, NO_GOOD_CARD),
    (JobState::Aborted, NO_GOOD_CARD),
    (JobState::Completed, A_CARD),
    (JobState::Unknown, BOTH),
];

/// `job-state-reasons`.
const REASONS: [(&str, Says); 22] = [
    ("job-completed-successfully", A_CARD),
    ("job-completed-with-warnings", A_CARD),
    ("job-completed-with-errors", BOTH),
    ("errors-detected", NO_GOOD_CARD),
    ("warnings-detected", NOTHING),
    ("job-restartable", NOTHING),
    ("job-saved-successfully", NOTHING),
    ("job-printing", BOTH),
    ("job-stopped", BOTH),
    (REASON_STOPPING, NO_GOOD_CARD),
    ("queued-in-device", BOTH),
    ("job-queued-for-marker", NO_GOOD_CARD),
    ("job-hold-until-specified", NO_GOOD_CARD),
    ("job-data-insufficient", NO_GOOD_CARD),
    ("job-incoming", NO_GOOD_CARD),
    ("job-canceled-by-user", NO_GOOD_CARD),
    ("job-canceled-at-device", NO_GOOD_CARD),
    ("aborted-by-system", NO_GOOD_CARD),
    ("submission-interrupted", NO_GOOD_CARD),
    ("document-format-error", NO_GOOD_CARD),
    ("printer-stopped", NO_GOOD_CARD),
    ("vendor-card-rejected", NO_GOOD_CARD),
];

/// `job-impressions-completed` for a card with one side and with two. A card may be counted as one impression.
const IMPRESSIONS: [(Option<i32>, Says, Says); 6] = [
    (None, NOTHING, NOTHING),
    (Some(-1), NOTHING, NOTHING),
    (Some(0), NO_GOOD_CARD, NO_GOOD_CARD),
    (Some(1), A_CARD, A_CARD),
    (Some(2), BOTH, A_CARD),
    (Some(3), BOTH, BOTH),
];

/// `job-media-sheets-completed`.
const SHEETS: [(Option<i32>, Says); 5] =
    [(None, NOTHING), (Some(-1), NOTHING), (Some(0), NO_GOOD_CARD), (Some(1), A_CARD), (Some(2), BOTH)];

/// `time-at-processing`: a time, `no-value`, or not reported.
const STARTED: [(Option<bool>, Says); 3] = [(Some(true), A_CARD), (Some(false), NO_GOOD_CARD), (None, NOTHING)];

/// A restart since the printer took the attempt.
const RESTARTS: [(Restart, Says); 3] = [(Restart::None, NOTHING), (Restart::Apparent, BOTH), (Restart::Known, BOTH)];

/// Each combination of two reasons at most.
fn reasons() -> impl Iterator<Item = (Vec<String>, Says)> {
    let none = [(Vec::new(), NOTHING)];
    let one = REASONS.iter().map(|(reason, says)| (vec![(*reason).to_owned()], *says));
    let held = "job-hold-until-specified";
    let two = REASONS.iter().filter(move |(reason, _)| *reason != held);
    let two = two.flat_map(move |(reason, says)| {
        ["job-completed-successfully", held].map(|other| {
            let (_, more) = REASONS.iter().find(|(reason, _)| *reason == other).unwrap();
            (vec![other.to_owned(), (*reason).to_owned()], says.and(*more))
        })
    });
    none.into_iter().chain(one).chain(two)
}

impl Says {
    fn and(self, other: Self) -> Self {
        Self {
            no_good_card: self.no_good_card || other.no_good_card,
            perhaps_a_card: self.perhaps_a_card || other.perhaps_a_card,
        }
    }
}

/// Each job that a printer may report under the name of an attempt with one side or two, and what it says.
fn each_job(sides: u8, mut check: impl FnMut(&Job, Says)) {
    for (reasons, of_reasons) in reasons() {
        for (state, of_state) in STATES {
            for (impressions, of_one, of_two) in IMPRESSIONS {
                for (sheets, of_sheets) in SHEETS {
                    for (started, of_start) in STARTED {
                        let of_impressions = if sides == 1 { of_one } else { of_two };
                        let is_stopping =
                            started != Some(false) && reasons.iter().any(|reason| reason == REASON_STOPPING);
                        let of_stop = if is_stopping { BOTH } else { NOTHING };
                        let fields = [of_reasons, of_stop, of_state, of_impressions, of_sheets, of_start];
                        let says = fields.into_iter().fold(NOTHING, Says::and);
                        let job = Job {
                            id: 7,
                            name: Some("a-1".to_owned()),
                            state,
                            reasons: reasons.clone(),
                            impressions,
                            sheets,
                            hold_requested: state == JobState::Held,
                            started,
                            printer_up_time: None,
                            created_at: None,
                        };
                        check(&job, says);
                    }
                }
            }
        }
    }
}

/// An attempt of that many sides, with the saved job id and whether the whole document was acknowledged.
fn attempt(sides: u8, printer_job: Option<&str>, acknowledged: bool) -> AttemptRef {
    AttemptRef {
        id: AttemptId::new("a-1").unwrap(),
        printer_job: printer_job.map(str::to_owned),
        printer_run: None,
        releasing: true,
        impressions: sides.into(),
        acknowledged,
    }
}

/// Saved job id and acknowledgement, and whether the printer is known to have the whole document in job 7.
const DOCUMENTS: [(Option<&str>, bool, bool); 6] = [
    (Some("7"), true, true),
    (None, true, true),
    (Some("7"), false, true),
    (Some("8"), true, false),
    (None, false, false),
    (Some("x"), true, false),
];

fn is_good(found: &AttemptStatus) -> bool {
    matches!(found, AttemptStatus::Ended(Ending { blank: Blank::Fed, card: Card::Good, .. }))
}

/// Whether the status alone proves that no blank was used.
fn is_no_card(found: &AttemptStatus) -> bool {
    matches!(
        found,
        AttemptStatus::NeverSeen { certain: true }
            | AttemptStatus::Ended(Ending { blank: Blank::NotFed, .. } | Ending { card: Card::None, .. })
    )
}

#[test]
fn no_job_is_a_good_card_against_any_of_its_fields_and_without_contradiction_it_is() {
    let mut wrong = Vec::new();
    let mut good = 0;
    for sides in [1, 2] {
        each_job(sides, |job, says| {
            for (printer_job, acknowledged, is_whole) in DOCUMENTS {
                for (restart, of_restart) in RESTARTS {
                    let attempt = attempt(sides, printer_job, acknowledged);
                    let found = attempt_status(&attempt, std::slice::from_ref(job), &[], restart);
                    let is_contradicted = says.and(of_restart).no_good_card || !is_whole;
                    let is_completed = job.state == JobState::Completed;
                    good += u32::from(is_good(&found));
                    if is_good(&found) != (is_completed && !is_contradicted) || is_no_card(&found) {
                        wrong.push(format!("{job:?} of {attempt:?} after {restart:?}: {found:?}"));
                    }
                }
            }
        });
    }
    assert!(wrong.is_empty(), "{} wrong, the first ones:\n{}", wrong.len(), wrong[..wrong.len().min(5)].join("\n"));
    assert!(good > 100, "{good} good cards: the combinations are too few to show anything");
}

#[test]
fn no_job_that_waits_or_ended_unstarted_has_a_field_that_says_that_it_may_be_a_card() {
    let mut wrong = Vec::new();
    let mut proofs = 0;
    each_job(1, |job, says| {
        for (claim, is_claimed) in [
            ("waits before its release", job.waits_for_release(false)),
            ("waits after its release", job.waits_for_release(true)),
            ("ended unstarted", job.ended_unstarted()),
            ("is canceled unstarted", job.is_canceled_unstarted()),
        ] {
            proofs += u32::from(is_claimed);
            if is_claimed && says.perhaps_a_card {
                wrong.push(format!("{claim}: {job:?}"));
            }
        }
    });
    assert!(wrong.is_empty(), "{} wrong, the first ones:\n{}", wrong.len(), wrong[..wrong.len().min(5)].join("\n"));
    assert!(proofs > 100, "{proofs} proofs: the combinations are too few to show anything");
}

#[test]
fn two_jobs_of_one_name_are_neither_one_good_card_nor_none() {
    let mut jobs = Vec::new();
    each_job(1, |job, _| {
        if job.reasons.len() < 2 && job.sheets.is_none_or(|sheets| sheets == 1) {
            jobs.push(job.clone());
        }
    });
    // One job of each state with other fields, against all.
    let firsts: Vec<Job> = STATES
        .iter()
        .flat_map(|(state, _)| jobs.iter().filter(move |job| job.state == *state).step_by(499))
        .cloned()
        .collect();
    for (first, second) in firsts.iter().flat_map(|first| jobs.iter().map(move |second| (first, second))) {
        for (restart, _) in RESTARTS {
            let pair = [first.clone(), Job { id: 8, ..second.clone() }];
            let found = attempt_status(&attempt(1, Some("7"), true), &pair, &[], restart);
            assert!(!is_good(&found) && !is_no_card(&found) && found != AttemptStatus::Held, "{pair:?}: {found:?}");
        }
    }
}

#[test]
fn an_attempt_without_a_job_is_neither_a_good_card_nor_none() {
    for (printer_job, acknowledged, _) in DOCUMENTS {
        for (restart, _) in RESTARTS {
            let found = attempt_status(&attempt(1, printer_job, acknowledged), &[], &[], restart);
            assert_eq!(found, AttemptStatus::NeverSeen { certain: false }, "{printer_job:?} {restart:?}");
        }
    }
}
