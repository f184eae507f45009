//! Calls and assertions that the checks share.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use super::fixture::{ADVANCES_MAX, ADVANCES_QUIET, Fixture};
use crate::{
    AttemptId, AttemptRef, AttemptStatus, Blank, Capabilities, Card, Committed, Document, DriverError, Ending,
    Prepared, PrinterDriver,
};

pub(super) async fn probe(driver: &dyn PrinterDriver) -> Capabilities {
    expect_ok("probe", driver.probe().await)
}

pub(super) async fn prepare(driver: &dyn PrinterDriver, fixture: &dyn Fixture, id: &AttemptId) -> Prepared {
    expect_ok("prepare", prepare_and_upload(driver, id, fixture.document()).await)
}

/// Brings the document to the printer, in one step or two.
pub(super) async fn prepare_and_upload(
    driver: &dyn PrinterDriver,
    id: &AttemptId,
    document: Document,
) -> Result<Prepared, DriverError> {
    let prepared = driver.prepare(id, document).await?;
    if !prepared.awaits_upload {
        return Ok(prepared);
    }
    let is_marked = prepared.printer_run.is_some() && prepared.printer_job.is_none() && !prepared.held;
    assert!(is_marked, "{id} awaits its upload, but prepare returned {prepared:?}");
    driver.upload(id).await
}

pub(super) async fn commit(driver: &dyn PrinterDriver, id: &AttemptId) -> Committed {
    expect_ok("commit", driver.commit(id).await)
}

/// Lets the printer work until the committed attempt has ended. Every status before that must be possible.
pub(super) async fn ended(fixture: &dyn Fixture, driver: &dyn PrinterDriver, attempt: &AttemptRef) -> Ending {
    let id = &attempt.id;
    let mut last = None;
    for _ in 0..ADVANCES_MAX {
        match expect_ok("find", driver.find(attempt).await) {
            AttemptStatus::Ended(ending) => {
                assert_keywords("find", &ending.reasons);
                return ending;
            }
            AttemptStatus::Queued => last = Some(AttemptStatus::Queued),
            AttemptStatus::Printing { reasons } => {
                assert_keywords("find", &reasons);
                last = Some(AttemptStatus::Printing { reasons });
            }
            wrong @ (AttemptStatus::NeverSeen { .. } | AttemptStatus::Held | AttemptStatus::Forgotten) => {
                panic!("{id} was committed, but find returned {wrong:?}")
            }
        }
        fixture.advance().await;
    }
    panic!("{id} has not ended after {ADVANCES_MAX} advances: {last:?}")
}

/// Lets the printer work until no card can come out any more.
pub(super) async fn wait_until_quiet(fixture: &dyn Fixture) {
    for _ in 0..ADVANCES_QUIET {
        fixture.advance().await;
    }
}

pub(super) async fn assert_count(fixture: &dyn Fixture, id: &AttemptId, expected: usize) {
    let counted = fixture.count_cards(id).await;
    assert!(counted.is_none_or(|counted| counted == expected), "{id} must make {expected} good cards, not {counted:?}");
}

pub(super) async fn assert_at_most_one(fixture: &dyn Fixture, id: &AttemptId) {
    let counted = fixture.count_cards(id).await;
    assert!(counted.is_none_or(|counted| counted <= 1), "{id} must make one good card at most, not {counted:?}");
}

/// Asserts that a status agrees with the counted cards.
pub(super) async fn assert_true(fixture: &dyn Fixture, id: &AttemptId, found: &AttemptStatus) {
    match found {
        AttemptStatus::NeverSeen { certain: true } | AttemptStatus::Held => assert_count(fixture, id, 0).await,
        AttemptStatus::NeverSeen { certain: false }
        | AttemptStatus::Queued
        | AttemptStatus::Printing { .. }
        | AttemptStatus::Forgotten => {}
        AttemptStatus::Ended(ending) => match (ending.blank, ending.card) {
            (Blank::NotFed, _) | (_, Card::Bad | Card::None) => assert_count(fixture, id, 0).await,
            (Blank::Fed | Blank::Unknown, Card::Good) => assert_count(fixture, id, 1).await,
            (Blank::Fed | Blank::Unknown, Card::Unknown) => {}
        },
    }
}

pub(super) fn assert_good(id: &AttemptId, ending: &Ending) {
    let is_good = ending.blank == Blank::Fed && ending.card == Card::Good;
    assert!(is_good, "{id} on a printer without faults must end as a good card, not as {ending:?}");
}

pub(super) fn assert_not_sent(id: &AttemptId, answer: &Result<Committed, DriverError>) {
    assert!(matches!(answer, Err(DriverError::NotSent(_))), "{id} is not prepared, but commit returned {answer:?}");
}

/// Asserts that each reason is a keyword, and that none is `none`.
pub(super) fn assert_keywords(call: &str, reasons: &[String]) {
    for reason in reasons {
        assert!(!reason.is_empty() && reason != "none", "{call} must return keywords, but `{reason}` is not a reason");
    }
}

pub(super) fn expect_ok<T>(call: &str, answer: Result<T, DriverError>) -> T {
    answer.unwrap_or_else(|fault| panic!("{call} must succeed on a printer without faults: {fault}"))
}

/// The attempt as the scheduler knows it before commit.
pub(super) fn uncommitted(id: &AttemptId, printer_job: Option<String>) -> AttemptRef {
    AttemptRef { id: id.clone(), printer_job, printer_run: None, releasing: false, impressions: 1, acknowledged: false }
}

/// The attempt as the scheduler knows it after a commit whose result was saved.
pub(super) fn acknowledged(id: &AttemptId, committed: Committed) -> AttemptRef {
    AttemptRef {
        id: id.clone(),
        printer_job: committed.printer_job,
        printer_run: committed.printer_run,
        releasing: true,
        impressions: 1,
        acknowledged: true,
    }
}

/// Runs both futures concurrently to their ends.
pub(super) async fn both<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut a_done, mut b_done) = (None, None);
    poll_fn(|context| {
        if a_done.is_none()
            && let Poll::Ready(done) = a.as_mut().poll(context)
        {
            a_done = Some(done);
        }
        if b_done.is_none()
            && let Poll::Ready(done) = b.as_mut().poll(context)
        {
            b_done = Some(done);
        }
        match (a_done.take(), b_done.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (a_done, b_done) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}
