//! What the printer's jobs prove about an attempt. Pure. The table of verdicts is in this crate's `README.md`.

use cetak_driver_api::{AttemptRef, AttemptStatus, Blank, Card, Ending};

use crate::job::{Job, JobState};
use crate::restart::Restart;

/// The reason of an attempt whose printer restarted meanwhile. Not an IPP keyword; coined by the driver.
const REASON_RESTARTED: &str = "printer-restarted";

/// The reason of a job with more impressions than a card has sides. Not an IPP keyword; coined by the driver.
const REASON_SEVERAL_IMPRESSIONS: &str = "several-impressions";

/// The reason of a job with more sheets than one. Not an IPP keyword; coined by the driver.
const REASON_SEVERAL_SHEETS: &str = "several-sheets";

/// The `job-state-reasons` that a good card may have. Every other one says that something was not done, was refused, or
/// is still to be done.
const REASONS_OF_A_GOOD_CARD: [&str; 5] = [
    "job-completed-successfully",
    "job-completed-with-warnings",
    "job-restartable",
    "job-saved-successfully",
    "warnings-detected",
];

/// The status of an attempt, from all jobs that bear its name. `restart`: since the printer took the attempt.
pub(crate) fn attempt_status(
    attempt: &AttemptRef,
    jobs: &[Job],
    printer_reasons: &[String],
    restart: Restart,
) -> AttemptStatus {
    let job = match jobs {
        // Not a proof: printers forget jobs when they restart, after 60 s, or after some hundred jobs.
        [] => return AttemptStatus::NeverSeen { certain: false },
        [job] => job,
        // An attempt has one job. Two of that name may have made any number of cards.
        [_, _, ..] => return status_of_several(jobs, printer_reasons),
    };
    let all_reasons = || merged(printer_reasons, &job.reasons);
    let waits_for_its_end = restart == Restart::Apparent && job.is_under_way();
    if restart != Restart::None && attempt.releasing && !waits_for_its_end {
        // The job may be one that was released and printed before the printer saved that. CUPS may be making a second
        // card of a job under way. The others print a job that they still have, and no card is fed before its end.
        return unknown_ending(merged(&[REASON_RESTARTED.to_owned()], &job.reasons));
    }
    match job.state {
        JobState::Held if job.waits_for_release(attempt.releasing) => AttemptStatus::Held,
        JobState::Held if job.started == Some(true) => AttemptStatus::Printing { reasons: all_reasons() },
        JobState::Pending | JobState::Held => AttemptStatus::Queued,
        JobState::Processing | JobState::Stopped | JobState::Unknown => {
            AttemptStatus::Printing { reasons: all_reasons() }
        }
        // Printers report both states although the card came out.
        JobState::Canceled | JobState::Aborted => unknown_ending(all_reasons()),
        JobState::Completed => AttemptStatus::Ended(completed(attempt, job)),
    }
}

fn unknown_ending(reasons: Vec<String>) -> AttemptStatus {
    AttemptStatus::Ended(Ending { blank: Blank::Unknown, card: Card::Unknown, reasons })
}

fn status_of_several(jobs: &[Job], printer_reasons: &[String]) -> AttemptStatus {
    let reasons = jobs.iter().fold(printer_reasons.to_vec(), |reasons, job| merged(&reasons, &job.reasons));
    if jobs.iter().all(|job| job.state.has_ended()) {
        unknown_ending(reasons)
    } else {
        AttemptStatus::Printing { reasons }
    }
}

/// The ending of a completed job. It is a good card only if the printer got the whole document, and nothing that it reports
/// of the job contradicts one card: impressions, sheets, reasons, the time of its start.
fn completed(attempt: &AttemptRef, job: &Job) -> Ending {
    let is_saved_job = attempt.printer_job.as_ref().map(|saved| *saved == job.id.to_string());
    // Without the acknowledgement of commit, the saved job id proves the same: `prepare` returns one only for a
    // document that is whole and held.
    let is_whole = if attempt.acknowledged { is_saved_job != Some(false) } else { is_saved_job == Some(true) };
    // Fewer impressions than sides are allowed: some printers count cards.
    let has_several = job.impressions.is_some_and(|made| i64::from(made) > i64::from(attempt.impressions));
    let has_sheets = job.sheets.is_some_and(|sheets| sheets > 1);
    let is_contradicted = job.impressions == Some(0)
        || job.sheets == Some(0)
        || job.started == Some(false)
        || job.reasons.iter().any(|reason| !REASONS_OF_A_GOOD_CARD.contains(&reason.as_str()));
    let (blank, card) = match job.impressions {
        _ if has_several || has_sheets => (Blank::Fed, Card::Unknown),
        _ if is_contradicted => (Blank::Unknown, Card::Unknown),
        _ if is_whole => (Blank::Fed, Card::Good),
        Some(1..) => (Blank::Fed, Card::Unknown),
        Some(i32::MIN..=0) | None => (Blank::Unknown, Card::Unknown),
    };
    let several = [(has_several, REASON_SEVERAL_IMPRESSIONS), (has_sheets, REASON_SEVERAL_SHEETS)];
    let several: Vec<String> = several.iter().filter(|(is, _)| *is).map(|(_, reason)| (*reason).to_owned()).collect();
    // Without the printer's reasons: those of an earlier job stay while the printer is idle.
    Ending { blank, card, reasons: merged(&several, &job.reasons) }
}

/// Both lists without duplicates, `first` first.
fn merged(first: &[String], second: &[String]) -> Vec<String> {
    let mut all = first.to_vec();
    all.extend(second.iter().filter(|reason| !first.contains(reason)).cloned());
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::samples::job;
    use cetak_driver_api::AttemptId;

    const HOLD: &str = "job-hold-until-specified";

    fn attempt(printer_job: Option<&str>, acknowledged: bool) -> AttemptRef {
        AttemptRef {
            id: AttemptId::new("a-1").unwrap(),
            printer_job: printer_job.map(str::to_owned),
            printer_run: None,
            releasing: true,
            impressions: 1,
            acknowledged,
        }
    }

    /// The status with the saved job id and acknowledgement, of a printer that did not restart.
    fn status(job: &Job, printer_reasons: &[&str]) -> AttemptStatus {
        let reasons: Vec<String> = printer_reasons.iter().map(|reason| (*reason).to_owned()).collect();
        attempt_status(&attempt(Some("7"), true), std::slice::from_ref(job), &reasons, Restart::None)
    }

    fn ended(blank: Blank, card: Card) -> AttemptStatus {
        AttemptStatus::Ended(Ending { blank, card, reasons: Vec::new() })
    }

    #[test]
    fn a_completed_job_is_a_good_card_only_with_a_whole_document_and_an_impression() {
        let done = job(JobState::Completed, &[]);
        let no_impression = Job { impressions: Some(0), ..done.clone() };
        let silent = Job { impressions: None, ..done.clone() };
        let good = || ended(Blank::Fed, Card::Good);
        let fed = || ended(Blank::Fed, Card::Unknown);
        let unknown = || ended(Blank::Unknown, Card::Unknown);
        for (name, attempt, job, expected) in [
            ("acknowledged", attempt(Some("7"), true), &done, good()),
            ("acknowledged, job id not saved", attempt(None, true), &done, good()),
            ("acknowledged, impressions not reported", attempt(Some("7"), true), &silent, good()),
            ("acknowledged, no impression", attempt(Some("7"), true), &no_impression, unknown()),
            ("acknowledged, another job id", attempt(Some("8"), true), &done, fed()),
            ("held upload, answer to release lost", attempt(Some("7"), false), &done, good()),
            ("held upload, no impression", attempt(Some("7"), false), &no_impression, unknown()),
            ("perhaps half a document", attempt(None, false), &done, fed()),
            ("perhaps half a document, impressions not reported", attempt(None, false), &silent, unknown()),
        ] {
            let jobs = std::slice::from_ref(job);
            assert_eq!(attempt_status(&attempt, jobs, &["media-jam".into()], Restart::None), expected, "{name}");
        }
    }

    #[test]
    fn a_completed_job_with_a_reason_against_a_good_card_proves_nothing() {
        for reason in [
            "job-completed-with-errors",
            "errors-detected",
            "aborted-by-system",
            "job-canceled-at-device",
            "queued-in-device",
            "job-incoming",
            "submission-interrupted",
            "vendor-card-rejected",
        ] {
            let job = job(JobState::Completed, &["job-completed-successfully", reason]);

            let AttemptStatus::Ended(ending) = status(&job, &[]) else { panic!("it has ended") };

            assert_eq!((ending.blank, ending.card), (Blank::Unknown, Card::Unknown), "{reason}");
            assert!(ending.reasons.iter().any(|known| known == reason), "{reason}");
        }
        let good = job(JobState::Completed, &["job-completed-successfully", "warnings-detected"]);
        let AttemptStatus::Ended(ending) = status(&good, &[]) else { panic!("it has ended") };
        assert_eq!((ending.blank, ending.card), (Blank::Fed, Card::Good));
    }

    #[test]
    fn one_card_is_one_sheet_and_a_completed_job_was_started() {
        let done = |sheets, impressions, started| Job { impressions, sheets, started, ..job(JobState::Completed, &[]) };
        for (job, blank, card) in [
            (done(Some(1), Some(1), Some(true)), Blank::Fed, Card::Good),
            (done(Some(1), None, None), Blank::Fed, Card::Good),
            (done(Some(2), Some(1), Some(true)), Blank::Fed, Card::Unknown),
            (done(Some(2), None, None), Blank::Fed, Card::Unknown),
            (done(Some(0), Some(1), Some(true)), Blank::Unknown, Card::Unknown),
            (done(Some(0), None, None), Blank::Unknown, Card::Unknown),
            (done(Some(1), Some(0), Some(true)), Blank::Unknown, Card::Unknown),
            (done(None, Some(1), Some(false)), Blank::Unknown, Card::Unknown),
        ] {
            let AttemptStatus::Ended(ending) = status(&job, &[]) else { panic!("it has ended") };
            assert_eq!((ending.blank, ending.card), (blank, card), "{job:?}");
        }
    }

    #[test]
    fn two_sides_on_two_sheets_are_two_cards() {
        let attempt = AttemptRef { impressions: 2, ..attempt(Some("7"), true) };
        let done = Job { sheets: Some(2), impressions: Some(2), ..job(JobState::Completed, &[]) };

        let found = attempt_status(&attempt, &[done], &[], Restart::None);

        let AttemptStatus::Ended(ending) = found else { panic!("it has ended") };
        assert_eq!((ending.blank, ending.card), (Blank::Fed, Card::Unknown));
        assert_eq!(ending.reasons, ["several-sheets"]);
    }

    #[test]
    fn a_canceled_or_aborted_job_proves_nothing_and_names_the_printers_reasons_first() {
        for state in [JobState::Canceled, JobState::Aborted] {
            let job = job(state, &["aborted-by-system", "media-jam"]);

            let AttemptStatus::Ended(ending) = status(&job, &["media-jam"]) else { panic!("it has ended") };

            assert_eq!((ending.blank, ending.card), (Blank::Unknown, Card::Unknown));
            assert_eq!(ending.reasons, ["media-jam", "aborted-by-system"]);
        }
    }

    #[test]
    fn only_a_job_that_waits_for_release_and_has_not_started_is_held() {
        let held = |reasons: &[&str], started| Job { started, ..job(JobState::Held, reasons) };
        let printing = || AttemptStatus::Printing { reasons: vec![HOLD.to_owned()] };
        for (job, releasing, expected) in [
            (held(&[HOLD], None), false, AttemptStatus::Held),
            (held(&[HOLD], Some(false)), false, AttemptStatus::Held),
            (held(&[HOLD], Some(false)), true, AttemptStatus::Held),
            (held(&["job-data-insufficient"], None), false, AttemptStatus::Held),
            (held(&[HOLD, "job-incoming"], None), false, AttemptStatus::Held),
            (held(&["job-incoming"], None), false, AttemptStatus::Queued),
            (held(&[], None), false, AttemptStatus::Queued),
            (held(&[HOLD], None), true, AttemptStatus::Queued),
            (held(&[HOLD], Some(true)), false, printing()),
            (held(&[HOLD], Some(true)), true, printing()),
        ] {
            let attempt = AttemptRef { releasing, ..attempt(Some("7"), false) };
            let jobs = std::slice::from_ref(&job);
            assert_eq!(attempt_status(&attempt, jobs, &[], Restart::None), expected, "{job:?}");
        }
    }

    #[test]
    fn every_other_state_is_queued_or_printing() {
        let reasons = || vec!["media-empty".to_owned(), "job-printing".to_owned()];
        for (state, expected) in [
            (JobState::Pending, AttemptStatus::Queued),
            (JobState::Processing, AttemptStatus::Printing { reasons: reasons() }),
            (JobState::Stopped, AttemptStatus::Printing { reasons: reasons() }),
            (JobState::Unknown, AttemptStatus::Printing { reasons: reasons() }),
        ] {
            assert_eq!(status(&job(state, &["job-printing"]), &["media-empty"]), expected);
        }
    }

    #[test]
    fn no_job_and_several_jobs_of_one_name_prove_nothing() {
        let done = job(JobState::Completed, &[]);
        let canceled = job(JobState::Canceled, &[]);
        let pending = job(JobState::Pending, &[]);
        let status = |jobs: &[Job]| attempt_status(&attempt(Some("7"), true), jobs, &[], Restart::None);

        assert_eq!(status(&[]), AttemptStatus::NeverSeen { certain: false });
        assert_eq!(status(&[done.clone(), canceled]), ended(Blank::Unknown, Card::Unknown));
        assert_eq!(status(&[done, pending]), AttemptStatus::Printing { reasons: Vec::new() });
    }

    #[test]
    fn after_a_restart_no_state_of_a_released_job_proves_anything() {
        for (state, restart) in [
            (JobState::Held, Restart::Apparent),
            (JobState::Pending, Restart::Apparent),
            (JobState::Completed, Restart::Apparent),
            (JobState::Aborted, Restart::Apparent),
            (JobState::Processing, Restart::Known),
            (JobState::Completed, Restart::Known),
        ] {
            let jobs = [job(state, &[HOLD])];

            let found = attempt_status(&attempt(Some("7"), true), &jobs, &[], restart);

            let AttemptStatus::Ended(ending) = found else { panic!("{state:?}: {found:?}") };
            assert_eq!((ending.blank, ending.card), (Blank::Unknown, Card::Unknown), "{state:?}");
            assert_eq!(ending.reasons.first().map(String::as_str), Some("printer-restarted"), "{state:?}");
        }
    }

    #[test]
    fn a_job_that_is_processing_has_not_ended_even_if_the_up_time_shows_a_restart() {
        for state in [JobState::Processing, JobState::Stopped] {
            let found = attempt_status(&attempt(Some("7"), true), &[job(state, &[])], &[], Restart::Apparent);

            assert_eq!(found, AttemptStatus::Printing { reasons: Vec::new() }, "{state:?}");
        }
    }

    #[test]
    fn after_a_restart_a_held_job_that_was_not_released_is_still_held() {
        let unreleased = AttemptRef { releasing: false, ..attempt(Some("7"), false) };
        let held = [job(JobState::Held, &[HOLD])];

        assert_eq!(attempt_status(&unreleased, &held, &[], Restart::Apparent), AttemptStatus::Held);
    }

    #[test]
    fn more_impressions_than_a_card_has_sides_are_no_proof_of_one_card() {
        let twice = Job { impressions: Some(2), ..job(JobState::Completed, &[]) };

        let AttemptStatus::Ended(ending) = status(&twice, &[]) else { panic!("it has ended") };

        assert_eq!((ending.blank, ending.card), (Blank::Fed, Card::Unknown));
        assert_eq!(ending.reasons, ["several-impressions"]);
    }
}
