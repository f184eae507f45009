//! Checks of cancel.
#![expect(clippy::missing_panics_doc, reason = "a check fails by a panic")]

use super::fixture::Fixture;
use super::helpers::{
    acknowledged, assert_count, assert_not_sent, assert_true, commit, ended, expect_ok, prepare, uncommitted,
    wait_until_quiet,
};
use crate::{AttemptStatus, Cancelled};

/// A pause stops a card in this way at the last moment.
pub async fn cancel_after_prepare_proves_that_nothing_is_printed(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    let attempt = uncommitted(&id, prepare(&*driver, fixture, &id).await.printer_job);

    let cancelled = expect_ok("cancel", driver.cancel(&attempt).await);

    assert_eq!(cancelled, Cancelled::NothingPrinted, "cancel of {id}, prepared and not committed, must prove it");
    wait_until_quiet(fixture).await;
    assert_count(fixture, &id, 0).await;
    let found = expect_ok("find", driver.find(&attempt).await);
    assert_true(fixture, &id, &found).await;
    assert!(found != AttemptStatus::Held, "{id} was cancelled, but is held");
}

/// A later call may prove less, because the driver may have forgotten the attempt.
pub async fn cancel_may_be_repeated(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    let attempt = uncommitted(&id, prepare(&*driver, fixture, &id).await.printer_job);

    for _ in 0..3 {
        expect_ok("cancel", driver.cancel(&attempt).await);
    }

    wait_until_quiet(fixture).await;
    assert_count(fixture, &id, 0).await;
}

/// Cancel removes the attempt from the driver's memory too.
pub async fn commit_after_cancel_sends_nothing(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    let attempt = uncommitted(&id, prepare(&*driver, fixture, &id).await.printer_job);
    expect_ok("cancel", driver.cancel(&attempt).await);

    let answer = driver.commit(&id).await;

    assert_not_sent(&id, &answer);
    wait_until_quiet(fixture).await;
    assert_count(fixture, &id, 0).await;
}

/// Tested with the printer's job id and without, because a crash may come before it is saved.
pub async fn a_fresh_driver_cancels_what_an_earlier_one_prepared(fixture: &dyn Fixture) {
    if !fixture.restarts() {
        return;
    }
    for is_job_saved in [true, false] {
        let driver = fixture.driver().await;
        let id = fixture.attempt();
        let job = prepare(&*driver, fixture, &id).await.printer_job;
        let attempt = uncommitted(&id, job.filter(|_| is_job_saved));
        drop(driver);

        let fresh = fixture.driver().await;
        expect_ok("cancel", fresh.cancel(&attempt).await);

        wait_until_quiet(fixture).await;
        assert_count(fixture, &id, 0).await;
        let found = expect_ok("find", fresh.find(&attempt).await);
        assert_true(fixture, &id, &found).await;
        assert!(found != AttemptStatus::Held, "{id} was cancelled, but is held");
    }
}

/// The card may come out or not, but `NothingPrinted` must be true.
pub async fn cancel_of_a_card_under_way_never_denies_it(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    prepare(&*driver, fixture, &id).await;
    let attempt = acknowledged(&id, commit(&*driver, &id).await);

    let cancelled = expect_ok("cancel", driver.cancel(&attempt).await);

    wait_until_quiet(fixture).await;
    if cancelled == Cancelled::NothingPrinted {
        assert_count(fixture, &id, 0).await;
    }
    let found = expect_ok("find", driver.find(&attempt).await);
    assert_true(fixture, &id, &found).await;
}

/// The card has come out, so cancel must not prove that nothing was printed.
pub async fn cancel_after_the_end_never_denies_the_card(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    prepare(&*driver, fixture, &id).await;
    let attempt = acknowledged(&id, commit(&*driver, &id).await);
    ended(fixture, &*driver, &attempt).await;

    for _ in 0..2 {
        let cancelled = expect_ok("cancel", driver.cancel(&attempt).await);
        assert_eq!(cancelled, Cancelled::OutcomeUnknown, "{id} made a card, and cancel must not deny it");
    }

    let found = expect_ok("find", driver.find(&attempt).await);
    assert_true(fixture, &id, &found).await;
    assert_count(fixture, &id, 1).await;
}
