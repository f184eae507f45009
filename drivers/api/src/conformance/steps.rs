//! Calls and assertions that the checks share.

use super::fixture::{ADVANCES_MAX, ADVANCES_QUIET, Fixture};
use crate::{
    AttemptId, AttemptRef, Blank, Capabilities, Card, Committed, Ending, Fault, Found, Prepared, PrinterDriver,
};

pub(super) async fn probe(driver: &dyn PrinterDriver) -> Capabilities {
    answered("probe", driver.probe().await)
}

pub(super) async fn prepare(driver: &dyn PrinterDriver, fixture: &dyn Fixture, id: &AttemptId) -> Prepared {
    answered("prepare", driver.prepare(id, fixture.document()).await)
}

pub(super) async fn commit(driver: &dyn PrinterDriver, id: &AttemptId) -> Committed {
    answered("commit", driver.commit(id).await)
}

/// Lets the printer work until the attempt has ended. What find says on the way must be possible.
pub(super) async fn ended(fixture: &dyn Fixture, driver: &dyn PrinterDriver, attempt: &AttemptRef) -> Ending {
    let id = &attempt.id;
    let mut last = None;
    for _ in 0..ADVANCES_MAX {
        match answered("find", driver.find(attempt).await) {
            Found::Ended(ending) => {
                assert_keywords("find", &ending.reasons);
                return ending;
            }
            Found::Queued => last = Some(Found::Queued),
            Found::Printing { reasons } => {
                assert_keywords("find", &reasons);
                last = Some(Found::Printing { reasons });
            }
            wrong @ (Found::NeverSeen { .. } | Found::Held | Found::Forgotten) => {
                panic!("{id} was committed, but is {wrong:?}")
            }
        }
        fixture.advance().await;
    }
    panic!("{id} has not ended after {ADVANCES_MAX} advances: {last:?}")
}

pub(super) async fn quiet(fixture: &dyn Fixture) {
    for _ in 0..ADVANCES_QUIET {
        fixture.advance().await;
    }
}

pub(super) async fn assert_count(fixture: &dyn Fixture, id: &AttemptId, count: usize) {
    let truth = fixture.count_cards(id).await;
    assert!(truth.is_none_or(|truth| truth == count), "{id} must have made {count} good cards, not {truth:?}");
}

/// What find claims agrees with the cards on the table.
pub(super) async fn assert_true(fixture: &dyn Fixture, id: &AttemptId, found: &Found) {
    match found {
        Found::NeverSeen { certain: true } | Found::Held => assert_count(fixture, id, 0).await,
        Found::NeverSeen { certain: false } | Found::Queued | Found::Printing { .. } | Found::Forgotten => {}
        Found::Ended(ending) => match (ending.blank, ending.card) {
            (Blank::NotFed, _) | (_, Card::Bad | Card::None) => assert_count(fixture, id, 0).await,
            (Blank::Fed | Blank::Unknown, Card::Good) => assert_count(fixture, id, 1).await,
            (Blank::Fed | Blank::Unknown, Card::Unknown) => {}
        },
    }
}

pub(super) fn assert_good(id: &AttemptId, ending: &Ending) {
    let good = ending.blank == Blank::Fed && ending.card == Card::Good;
    assert!(good, "{id} on a printer without faults must end as a good card, not as {ending:?}");
}

pub(super) fn assert_not_sent(id: &AttemptId, answer: &Result<Committed, Fault>) {
    assert!(matches!(answer, Err(Fault::NotSent(_))), "{id} is not prepared, but commit says {answer:?}");
}

pub(super) fn assert_keywords(call: &str, reasons: &[String]) {
    for reason in reasons {
        assert!(!reason.is_empty() && reason != "none", "{call} must give keywords, and `{reason}` is none");
    }
}

pub(super) fn answered<T>(call: &str, answer: Result<T, Fault>) -> T {
    answer.unwrap_or_else(|fault| panic!("{call} must succeed on a printer without faults: {fault}"))
}

pub(super) fn uncommitted(id: &AttemptId, printer_job: Option<String>) -> AttemptRef {
    AttemptRef { id: id.clone(), printer_job, boot: None, releasing: false, impressions: 1, acknowledged: false }
}

pub(super) fn acknowledged(id: &AttemptId, committed: Committed) -> AttemptRef {
    AttemptRef {
        id: id.clone(),
        printer_job: committed.printer_job,
        boot: committed.boot,
        releasing: true,
        impressions: 1,
        acknowledged: true,
    }
}
