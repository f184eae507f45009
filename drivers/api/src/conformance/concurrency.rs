//! Checks with several attempts or calls at the same time.
#![expect(clippy::missing_panics_doc, reason = "a check fails by a panic")]

use super::fixture::{ADVANCES_MAX, Fixture};
use super::helpers::{
    acknowledged, assert_at_most_one, assert_count, assert_good, assert_true, both, commit, ended, expect_ok, prepare,
    prepare_and_upload, probe, uncommitted, wait_until_quiet,
};
use crate::{AttemptRef, AttemptStatus, Cancelled, DriverError};

/// How often cancel and commit race.
const RACES: usize = 5;

/// Of three prepared attempts one is committed and one cancelled; then the remaining one is committed. Skipped on a
/// printer that refuses a second job in prepare already.
pub async fn attempts_prepared_together_are_kept_apart(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    if fixture.attempts_at_once() < 2 && probe(&*driver).await.prepare_is_sent {
        return;
    }
    let [first, second, third] = [fixture.attempt(), fixture.attempt(), fixture.attempt()];
    prepare(&*driver, fixture, &first).await;
    let second_job = prepare(&*driver, fixture, &second).await.printer_job;
    prepare(&*driver, fixture, &third).await;

    let third_attempt = acknowledged(&third, commit(&*driver, &third).await);
    assert_good(&third, &ended(fixture, &*driver, &third_attempt).await);
    let cancelled = expect_ok("cancel", driver.cancel(&uncommitted(&second, second_job)).await);
    assert_eq!(cancelled, Cancelled::NothingPrinted, "{second} was not committed, only {third} was");
    assert_count(fixture, &first, 0).await;
    let first_attempt = acknowledged(&first, commit(&*driver, &first).await);
    assert_good(&first, &ended(fixture, &*driver, &first_attempt).await);

    wait_until_quiet(fixture).await;
    for (id, count) in [(&first, 1), (&second, 0), (&third, 1)] {
        assert_count(fixture, id, count).await;
    }
}

/// Skipped on a printer that accepts one attempt at a time.
pub async fn attempts_committed_together_are_kept_apart(fixture: &dyn Fixture) {
    if fixture.attempts_at_once() < 2 {
        return;
    }
    let driver = fixture.driver().await;
    let [first, second] = [fixture.attempt(), fixture.attempt()];
    both(prepare(&*driver, fixture, &first), prepare(&*driver, fixture, &second)).await;

    let (one, two) = both(commit(&*driver, &first), commit(&*driver, &second)).await;

    let (one, two) = (acknowledged(&first, one), acknowledged(&second, two));
    assert_good(&first, &ended(fixture, &*driver, &one).await);
    assert_good(&second, &ended(fixture, &*driver, &two).await);
    wait_until_quiet(fixture).await;
    assert_count(fixture, &first, 1).await;
    assert_count(fixture, &second, 1).await;
}

/// The printer queues the second card or refuses it. The first is made in any case.
pub async fn commit_to_a_busy_printer_reports_whether_the_card_was_accepted(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let [first, second] = [fixture.attempt(), fixture.attempt()];
    prepare(&*driver, fixture, &first).await;
    let first_attempt = acknowledged(&first, commit(&*driver, &first).await);

    let prepared = prepare_and_upload(&*driver, &second, fixture.document()).await;
    let committed = if prepared.is_ok() { Some(driver.commit(&second).await) } else { None };

    assert_good(&first, &ended(fixture, &*driver, &first_attempt).await);
    match committed {
        Some(Ok(committed)) => {
            let attempt = acknowledged(&second, committed);
            assert_good(&second, &ended(fixture, &*driver, &attempt).await);
            assert_count(fixture, &second, 1).await;
        }
        Some(Err(DriverError::OutcomeUnknown(_))) => {
            wait_until_quiet(fixture).await;
            let found = expect_ok("find", driver.find(&uncommitted(&second, None)).await);
            assert_true(fixture, &second, &found).await;
        }
        Some(Err(_)) | None => {
            expect_ok("cancel", driver.cancel(&uncommitted(&second, None)).await);
            wait_until_quiet(fixture).await;
            assert_count(fixture, &second, 0).await;
        }
    }
    assert_count(fixture, &first, 1).await;
}

/// Either call may come first. Both answers must be true.
pub async fn cancel_and_commit_at_the_same_time_never_deny_a_card(fixture: &dyn Fixture) {
    for _ in 0..RACES {
        let driver = fixture.driver().await;
        let id = fixture.attempt();
        let attempt = uncommitted(&id, prepare(&*driver, fixture, &id).await.printer_job);

        let (committed, cancelled) = both(driver.commit(&id), driver.cancel(&attempt)).await;

        for _ in 0..ADVANCES_MAX {
            let found = expect_ok("find", driver.find(&attempt).await);
            if !matches!(found, AttemptStatus::Queued | AttemptStatus::Printing { .. }) {
                break;
            }
            fixture.advance().await;
        }
        wait_until_quiet(fixture).await;
        let is_proved_unsent = matches!(&committed, Err(fault) if !matches!(fault, DriverError::OutcomeUnknown(_)));
        if is_proved_unsent || cancelled == Ok(Cancelled::NothingPrinted) {
            assert_count(fixture, &id, 0).await;
        }
        assert_at_most_one(fixture, &id).await;
        // The cancel may have met the commit half way, and left a job.
        expect_ok("cancel", driver.cancel(&AttemptRef { releasing: true, ..attempt }).await);
    }
}
