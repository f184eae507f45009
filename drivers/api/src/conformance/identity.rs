//! Checks that find reports on the right attempt, and the same each time.
#![expect(clippy::missing_panics_doc, reason = "a check fails by a panic")]

use super::fixture::{ADVANCES_QUIET, Fixture, ID_LEN_MAX};
use super::helpers::{
    acknowledged, assert_count, assert_good, assert_true, commit, ended, expect_ok, prepare, uncommitted,
};
use crate::{AttemptId, AttemptRef, AttemptStatus};

/// This holds whatever the scheduler has saved of it. Cancelling it makes no card either.
pub async fn an_attempt_that_was_never_sent_is_never_seen_or_forgotten(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();

    for acknowledged in [false, true] {
        let attempt = AttemptRef { releasing: acknowledged, acknowledged, ..uncommitted(&id, None) };
        let found = expect_ok("find", driver.find(&attempt).await);
        let is_right = matches!(found, AttemptStatus::NeverSeen { .. } | AttemptStatus::Forgotten);
        assert!(is_right, "{id} was never sent, but find returned {found:?}");
    }

    expect_ok("cancel", driver.cancel(&uncommitted(&id, None)).await);
    assert_count(fixture, &id, 0).await;
}

/// The answer stays the same however often find is called and however much time passes.
pub async fn find_repeats_its_answer_about_an_ended_attempt(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    prepare(&*driver, fixture, &id).await;
    let attempt = acknowledged(&id, commit(&*driver, &id).await);
    let first = ended(fixture, &*driver, &attempt).await;

    for _ in 0..ADVANCES_QUIET {
        let again = expect_ok("find", driver.find(&attempt).await);
        assert_eq!(again, AttemptStatus::Ended(first.clone()), "find of {id} must repeat its answer");
        fixture.advance().await;
    }

    assert_count(fixture, &id, 1).await;
}

/// With the printer's job id, and without, because a crash may come before it is saved.
pub async fn a_fresh_driver_finds_an_attempt_by_its_name(fixture: &dyn Fixture) {
    if !fixture.restarts() {
        return;
    }
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    prepare(&*driver, fixture, &id).await;
    let attempt = acknowledged(&id, commit(&*driver, &id).await);
    drop(driver);

    let fresh = fixture.driver().await;

    let ending = ended(fixture, &*fresh, &attempt).await;
    assert_good(&id, &ending);
    let by_name = AttemptRef { printer_job: None, ..attempt };
    let found = expect_ok("find", fresh.find(&by_name).await);
    assert_eq!(found, AttemptStatus::Ended(ending), "{id} must be found by its name alone");
    let unacknowledged = AttemptRef { acknowledged: false, ..by_name };
    let found = expect_ok("find", fresh.find(&unacknowledged).await);
    assert_true(fixture, &id, &found).await;
    assert_count(fixture, &id, 1).await;
}

/// Some printers truncate long job names. A driver for such a printer must not confuse the two.
pub async fn ids_of_127_bytes_that_differ_in_the_last_are_two_attempts(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let stem = fixture.attempt();
    let printed = lengthened(&stem, 'a');
    let other = lengthened(&stem, 'b');
    prepare(&*driver, fixture, &printed).await;
    let attempt = acknowledged(&printed, commit(&*driver, &printed).await);

    let ending = ended(fixture, &*driver, &attempt).await;

    assert_good(&printed, &ending);
    assert_count(fixture, &printed, 1).await;
    for unsent in [&other, &stem] {
        let found = expect_ok("find", driver.find(&uncommitted(unsent, None)).await);
        let is_right = matches!(found, AttemptStatus::NeverSeen { .. } | AttemptStatus::Forgotten);
        assert!(is_right, "{unsent} was never sent, but find returned {found:?}, as for {printed}");
        assert_count(fixture, unsent, 0).await;
    }
}

/// `stem`, padded with `x` to 126 bytes, and `last`.
fn lengthened(stem: &AttemptId, last: char) -> AttemptId {
    assert!(stem.as_str().len() <= ID_LEN_MAX, "a fixture's ids must have at most {ID_LEN_MAX} bytes: {stem}");
    let id = format!("{stem:x<126}{last}", stem = stem.as_str());
    AttemptId::new(id).unwrap_or_else(|error| panic!("{error}"))
}

/// A scheduler finds the cards of another database by it. Nothing of another attempt is named.
pub async fn an_attempt_is_listed_by_the_beginning_of_its_id(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    prepare(&*driver, fixture, &id).await;
    let attempt = acknowledged(&id, commit(&*driver, &id).await);
    ended(fixture, &*driver, &attempt).await;

    let beginning = &id.as_str()[..id.as_str().len() - 1];
    let listed = expect_ok("attempts_beginning_with", driver.attempts_beginning_with(beginning).await);
    assert_eq!(listed, [id], "the attempt must be listed");
    let others = expect_ok("attempts_beginning_with", driver.attempts_beginning_with("another-beginning").await);
    assert_eq!(others, [], "no attempt has that beginning");
}
