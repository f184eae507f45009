//! Checks of probe, status, prepare and commit.
#![expect(clippy::missing_panics_doc, reason = "a check fails by a panic")]

use super::fixture::{ADVANCES_QUIET, Fixture};
use super::helpers::{
    acknowledged, assert_count, assert_good, assert_not_sent, commit, ended, expect_ok, prepare, prepare_and_upload,
    probe, uncommitted, wait_until_quiet,
};
use crate::{AttemptStatus, reason_keyword};

/// The size of the document in [`a_large_document_makes_one_card`].
const LARGE_BYTES: usize = 3 << 20;

/// Reasons are keywords and never `none`, levels are percentages, and the format of the documents is supported.
pub async fn probe_and_status_use_the_words_of_the_contract(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;

    let capabilities = probe(&*driver).await;
    let status = expect_ok("status", driver.status().await);

    let format = fixture.document().format;
    let formats = &capabilities.document_formats;
    assert!(formats.iter().any(|known| known == format), "probe must list `{format}`, which is accepted: {formats:?}");
    for reason in &status.reasons {
        let keyword = reason_keyword(reason);
        assert!(!keyword.is_empty() && keyword != "none", "status must list reasons, but `{reason}` is not a reason");
    }
    for supply in &status.supplies {
        assert!(supply.level_percent.is_none_or(|level| level <= 100), "a supply's level is a percentage: {supply:?}");
    }
}

/// However long the printer works, no card comes out. A printer that holds the document reports that it does.
pub async fn prepare_alone_never_makes_a_card(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();

    let prepared = prepare(&*driver, fixture, &id).await;

    let can_hold = probe(&*driver).await.can_hold;
    assert!(can_hold || !prepared.held, "{id} is held by a printer that cannot hold");
    let attempt = uncommitted(&id, prepared.printer_job);
    for _ in 0..=ADVANCES_QUIET {
        let found = expect_ok("find", driver.find(&attempt).await);
        let is_right = if prepared.held {
            found == AttemptStatus::Held
        } else {
            matches!(found, AttemptStatus::NeverSeen { .. } | AttemptStatus::Held | AttemptStatus::Forgotten)
        };
        assert!(is_right, "{id} is prepared (held: {}), but find returned {found:?}", prepared.held);
        assert_count(fixture, &id, 0).await;
        fixture.advance().await;
    }
    expect_ok("cancel", driver.cancel(&attempt).await);
}

/// The driver proves the card.
pub async fn commit_makes_exactly_one_good_card(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    prepare(&*driver, fixture, &id).await;

    let committed = commit(&*driver, &id).await;

    let ending = ended(fixture, &*driver, &acknowledged(&id, committed)).await;
    assert_good(&id, &ending);
    assert_count(fixture, &id, 1).await;
    wait_until_quiet(fixture).await;
    assert_count(fixture, &id, 1).await;
}

/// Without prepare there is no document to send.
pub async fn commit_without_prepare_sends_nothing(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();

    let answer = driver.commit(&id).await;

    assert_not_sent(&id, &answer);
    wait_until_quiet(fixture).await;
    assert_count(fixture, &id, 0).await;
}

/// A card that was prepared before a crash is prepared again, because the scheduler does not know how far it got.
pub async fn a_fresh_driver_does_not_commit_what_an_earlier_one_prepared(fixture: &dyn Fixture) {
    if !fixture.restarts() {
        return;
    }
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    let prepared = prepare(&*driver, fixture, &id).await;
    drop(driver);

    let fresh = fixture.driver().await;
    let answer = fresh.commit(&id).await;

    assert_not_sent(&id, &answer);
    wait_until_quiet(fixture).await;
    assert_count(fixture, &id, 0).await;
    expect_ok("cancel", fresh.cancel(&uncommitted(&id, prepared.printer_job)).await);
}

/// The scheduler never commits twice. If it did, any error would be correct.
pub async fn a_second_commit_never_makes_a_second_card(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    prepare(&*driver, fixture, &id).await;
    let attempt = acknowledged(&id, commit(&*driver, &id).await);

    let while_under_way = driver.commit(&id).await;
    ended(fixture, &*driver, &attempt).await;
    let after_the_end = driver.commit(&id).await;

    assert!(while_under_way.is_err() && after_the_end.is_err(), "a second commit of {id} must fail");
    wait_until_quiet(fixture).await;
    assert_count(fixture, &id, 1).await;
}

/// The document is larger than any buffer on the way. The bytes after its beginning have no meaning.
pub async fn a_large_document_makes_one_card(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    let mut document = fixture.document();
    document.bytes.resize(LARGE_BYTES, 0);
    expect_ok("prepare", prepare_and_upload(&*driver, &id, document).await);

    let attempt = acknowledged(&id, commit(&*driver, &id).await);

    assert_good(&id, &ended(fixture, &*driver, &attempt).await);
    assert_count(fixture, &id, 1).await;
}
