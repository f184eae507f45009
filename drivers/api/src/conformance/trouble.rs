//! Checks of failures. A check is skipped if the fixture cannot cause its failure.
#![expect(clippy::missing_panics_doc, reason = "a check fails by a panic")]

use super::fixture::{ADVANCES_MAX, Fixture, Trouble};
use super::helpers::{
    acknowledged, assert_at_most_one, assert_count, assert_good, assert_true, commit, ended, expect_ok, prepare,
    prepare_and_upload, uncommitted, wait_until_quiet,
};
use crate::{AttemptId, AttemptRef, AttemptStatus, Cancelled, DriverError, PrinterDriver};

/// Neither the driver that lost the answer nor a new one makes a false claim, and at most one card comes out.
pub async fn a_lost_answer_is_an_unknown_outcome_and_find_claims_nothing_false(fixture: &dyn Fixture) {
    let Some(driver) = fixture.driver_in_trouble(Trouble::LostAnswer).await else { return };
    let id = fixture.attempt();
    prepare(&*driver, fixture, &id).await;

    let answer = driver.commit(&id).await;

    assert!(
        matches!(answer, Err(DriverError::OutcomeUnknown(_))),
        "the answer for {id} was lost, but commit returned {answer:?}"
    );
    wait_until_quiet(fixture).await;
    let mut drivers = vec![driver];
    if fixture.restarts() {
        drivers.push(fixture.driver().await);
    }
    let attempt = uncommitted(&id, None);
    for driver in &drivers {
        // Find may fail for the same reason. An error says nothing about the attempt.
        if let Ok(found) = driver.find(&attempt).await {
            assert_true(fixture, &id, &found).await;
        }
        if driver.cancel(&attempt).await == Ok(Cancelled::NothingPrinted) {
            assert_count(fixture, &id, 0).await;
        }
    }
    assert_at_most_one(fixture, &id).await;
}

/// The error says that the printer is unavailable, so the card is not counted as failed.
pub async fn an_unavailable_printer_uses_no_blank(fixture: &dyn Fixture) {
    let Some(driver) = fixture.driver_in_trouble(Trouble::Unavailable).await else { return };
    let id = fixture.attempt();

    let fault = first_fault(&*driver, fixture, &id).await;

    let is_right =
        matches!(fault, DriverError::NotSent(_) | DriverError::Unavailable { .. } | DriverError::NeedsOperator(_));
    assert!(is_right, "the printer was unavailable for {id}, but the fault is {fault:?}");
    for fault in [driver.probe().await.err(), driver.status().await.err()].into_iter().flatten() {
        let is_right = !matches!(fault, DriverError::OutcomeUnknown(_) | DriverError::Rejected(_));
        assert!(is_right, "probe and status must not fail with {fault:?}");
    }
    wait_until_quiet(fixture).await;
    assert_count(fixture, &id, 0).await;
    if let Err(fault @ (DriverError::OutcomeUnknown(_) | DriverError::Rejected(_))) =
        driver.cancel(&uncommitted(&id, None)).await
    {
        panic!("cancel at an unavailable printer must not fail with {fault:?}");
    }
}

/// The error differs from that of an unavailable printer, so that other cards go on.
pub async fn a_refused_card_uses_no_blank(fixture: &dyn Fixture) {
    let Some(driver) = fixture.driver_in_trouble(Trouble::Refusal).await else { return };
    let id = fixture.attempt();

    let fault = first_fault(&*driver, fixture, &id).await;

    assert!(matches!(fault, DriverError::Rejected(_)), "{id} was refused permanently, but the fault is {fault:?}");
    wait_until_quiet(fixture).await;
    assert_count(fixture, &id, 0).await;
    expect_ok("cancel", driver.cancel(&uncommitted(&id, None)).await);
}

/// Prepare or commit reports that a card may exist, or the driver noticed in time and none exists.
pub async fn a_broken_hold_is_reported(fixture: &dyn Fixture) {
    let Some(driver) = fixture.driver_in_trouble(Trouble::BrokenHold).await else { return };
    let id = fixture.attempt();

    let answer = match prepare_and_upload(&*driver, &id, fixture.document()).await {
        Ok(_) => driver.commit(&id).await.map(|_| ()),
        Err(fault) => Err(fault),
    };

    wait_until_quiet(fixture).await;
    let is_unknown = matches!(answer, Err(DriverError::OutcomeUnknown(_)));
    if !is_unknown {
        assert_count(fixture, &id, usize::from(answer.is_ok())).await;
    }
    let attempt = AttemptRef { releasing: is_unknown, ..uncommitted(&id, None) };
    let cancelled = expect_ok("cancel", driver.cancel(&attempt).await);
    if cancelled == Cancelled::NothingPrinted {
        assert_count(fixture, &id, 0).await;
    }
}

/// Status has the reason, find does not end the attempt, and nothing has to be sent again.
pub async fn a_printer_that_waits_for_a_person_reports_it_and_then_makes_the_card(fixture: &dyn Fixture) {
    if !fixture.hinder().await {
        return;
    }
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    prepare(&*driver, fixture, &id).await;
    let attempt = acknowledged(&id, commit(&*driver, &id).await);

    let mut reasons = Vec::new();
    for _ in 0..ADVANCES_MAX {
        fixture.advance().await;
        reasons = expect_ok("status", driver.status().await).reasons;
        if !reasons.is_empty() {
            break;
        }
    }

    assert!(!reasons.is_empty(), "the printer waits for a person, but status has no reason");
    let found = expect_ok("find", driver.find(&attempt).await);
    let is_right = matches!(found, AttemptStatus::Printing { .. } | AttemptStatus::Queued);
    assert!(is_right, "{id} waits in the printer, but find returned {found:?}");
    assert_count(fixture, &id, 0).await;
    fixture.help().await;
    assert_good(&id, &ended(fixture, &*driver, &attempt).await);
    assert_count(fixture, &id, 1).await;
}

/// The driver claims neither that the card exists nor that it does not: with and without the printer's job id, and with
/// a new driver.
pub async fn a_restart_of_the_printer_with_a_card_under_way_proves_nothing_false(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    prepare(&*driver, fixture, &id).await;
    let attempt = acknowledged(&id, commit(&*driver, &id).await);
    if !fixture.restart_printer().await {
        ended(fixture, &*driver, &attempt).await;
        return;
    }

    wait_until_quiet(fixture).await;
    let mut drivers = vec![driver];
    if fixture.restarts() {
        drivers.push(fixture.driver().await);
    }
    for driver in &drivers {
        for attempt in [attempt.clone(), AttemptRef { printer_job: None, acknowledged: false, ..attempt.clone() }] {
            let found = expect_ok("find", driver.find(&attempt).await);
            assert_true(fixture, &id, &found).await;
            if expect_ok("cancel", driver.cancel(&attempt).await) == Cancelled::NothingPrinted {
                assert_count(fixture, &id, 0).await;
            }
        }
    }
    assert_at_most_one(fixture, &id).await;
}

/// The attempt was not committed, so no card may come out, whatever the printer has kept.
pub async fn a_restart_of_the_printer_with_a_prepared_card_uses_no_blank(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    let attempt = uncommitted(&id, prepare(&*driver, fixture, &id).await.printer_job);
    if !fixture.restart_printer().await {
        expect_ok("cancel", driver.cancel(&attempt).await);
        return;
    }

    let fresh = if fixture.restarts() { fixture.driver().await } else { driver };
    if expect_ok("cancel", fresh.cancel(&attempt).await) == Cancelled::OutcomeUnknown {
        let found = expect_ok("find", fresh.find(&attempt).await);
        let is_unknown = matches!(found, AttemptStatus::NeverSeen { .. } | AttemptStatus::Forgotten);
        assert!(is_unknown, "{id} was not committed; find returned {found:?}, and cancel proved nothing");
    }
    wait_until_quiet(fixture).await;
    assert_count(fixture, &id, 0).await;
}

/// Prepares and commits until the driver fails.
async fn first_fault(driver: &dyn PrinterDriver, fixture: &dyn Fixture, id: &AttemptId) -> DriverError {
    if let Err(fault) = prepare_and_upload(driver, id, fixture.document()).await {
        return fault;
    }
    match driver.commit(id).await {
        Err(fault) => fault,
        Ok(committed) => panic!("{id} was to meet trouble, but was committed: {committed:?}"),
    }
}
