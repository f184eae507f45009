//! Checks with a printer in trouble. A fixture that cannot make a trouble leaves its check out.

use super::{
    fixture::{ADVANCES_MAX, Fixture, Trouble},
    steps::{
        acknowledged, answered, assert_count, assert_good, assert_true, commit, ended, prepare, quiet, uncommitted,
    },
};
use crate::{AttemptId, AttemptRef, Cancelled, Fault, Found, PrinterDriver};

/// Whatever find says of it, now and after a restart, at most one card came.
pub async fn a_lost_answer_is_an_unknown_outcome_and_find_says_nothing_false(fixture: &dyn Fixture) {
    let Some(driver) = fixture.driver_in_trouble(Trouble::LostAnswer).await else { return };
    let id = fixture.attempt();
    prepare(&*driver, fixture, &id).await;

    let answer = driver.commit(&id).await;

    assert!(
        matches!(answer, Err(Fault::OutcomeUnknown(_))),
        "the answer for {id} was lost, but commit says {answer:?}"
    );
    quiet(fixture).await;
    let mut asked = vec![driver];
    if fixture.restarts() {
        asked.push(fixture.driver().await);
    }
    let attempt = uncommitted(&id, None);
    for driver in &asked {
        // A fault says nothing about the attempt: the trouble may meet find too.
        if let Ok(found) = driver.find(&attempt).await {
            assert_true(fixture, &id, &found).await;
        }
        if driver.cancel(&attempt).await == Ok(Cancelled::NothingPrinted) {
            assert_count(fixture, &id, 0).await;
        }
    }
    let count = fixture.count_cards(&id).await;
    assert!(count.is_none_or(|count| count <= 1), "{id} was committed once and made {count:?} cards");
}

/// Neither is the card to blame.
pub async fn an_unavailable_printer_uses_no_blank(fixture: &dyn Fixture) {
    let Some(driver) = fixture.driver_in_trouble(Trouble::Unavailable).await else { return };
    let id = fixture.attempt();

    let fault = first_fault(&*driver, fixture, &id).await;

    let right = matches!(fault, Fault::NotSent(_) | Fault::Unavailable { .. } | Fault::NeedsOperator(_));
    assert!(right, "no printer was there for {id}, but the verdict is {fault:?}");
    for answer in [driver.probe().await.err(), driver.status().await.err()].into_iter().flatten() {
        let right = !matches!(answer, Fault::OutcomeUnknown(_) | Fault::Rejected(_));
        assert!(right, "probe and status never say {answer:?}");
    }
    quiet(fixture).await;
    assert_count(fixture, &id, 0).await;
    answered_or_unavailable(driver.cancel(&uncommitted(&id, None)).await);
}

/// The verdict tells it from a printer in trouble, so that others go on.
pub async fn a_refused_card_uses_no_blank(fixture: &dyn Fixture) {
    let Some(driver) = fixture.driver_in_trouble(Trouble::Refusal).await else { return };
    let id = fixture.attempt();

    let fault = first_fault(&*driver, fixture, &id).await;

    assert!(matches!(fault, Fault::Rejected(_)), "{id} was refused for good, but the verdict is {fault:?}");
    quiet(fixture).await;
    assert_count(fixture, &id, 0).await;
    answered("cancel", driver.cancel(&uncommitted(&id, None)).await);
}

/// A card may exist, and prepare or commit says so; or the driver found out in time, and none does.
pub async fn a_hold_that_the_printer_breaks_is_told(fixture: &dyn Fixture) {
    let Some(driver) = fixture.driver_in_trouble(Trouble::BrokenHold).await else { return };
    let id = fixture.attempt();

    let answer = match driver.prepare(&id, fixture.document()).await {
        Ok(_) => driver.commit(&id).await.map(|_| ()),
        Err(fault) => Err(fault),
    };

    quiet(fixture).await;
    let told = matches!(answer, Err(Fault::OutcomeUnknown(_)));
    let count = fixture.count_cards(&id).await;
    assert!(told || count.is_none_or(|count| count == usize::from(answer.is_ok())), "{id} made {count:?}: {answer:?}");
    let attempt = AttemptRef { releasing: told, ..uncommitted(&id, None) };
    let cancelled = answered("cancel", driver.cancel(&attempt).await);
    if cancelled == Cancelled::NothingPrinted {
        assert_count(fixture, &id, 0).await;
    }
}

/// `status` has the reason, `find` does not end the attempt, and nothing has to be sent again.
pub async fn a_printer_that_waits_for_a_person_says_so_and_then_makes_the_card(fixture: &dyn Fixture) {
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
        reasons = answered("status", driver.status().await).reasons;
        if !reasons.is_empty() {
            break;
        }
    }

    assert!(!reasons.is_empty(), "the printer waits for a person, and status gives no reason");
    let found = answered("find", driver.find(&attempt).await);
    assert!(matches!(found, Found::Printing { .. } | Found::Queued), "{id} waits in the printer, but is {found:?}");
    assert_count(fixture, &id, 0).await;
    fixture.help().await;
    assert_good(&id, &ended(fixture, &*driver, &attempt).await);
    assert_count(fixture, &id, 1).await;
}

/// With the printer's job id and without. A driver that had no memory of the attempt must say the same.
pub async fn a_card_in_hand_when_the_printer_restarted_is_never_denied_and_never_made_up(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    prepare(&*driver, fixture, &id).await;
    let attempt = acknowledged(&id, commit(&*driver, &id).await);
    if !fixture.restart_printer().await {
        ended(fixture, &*driver, &attempt).await;
        return;
    }

    quiet(fixture).await;
    let mut drivers = vec![driver];
    if fixture.restarts() {
        drivers.push(fixture.driver().await);
    }
    for driver in &drivers {
        for attempt in [attempt.clone(), AttemptRef { printer_job: None, acknowledged: false, ..attempt.clone() }] {
            let found = answered("find", driver.find(&attempt).await);
            assert_true(fixture, &id, &found).await;
            if answered("cancel", driver.cancel(&attempt).await) == Cancelled::NothingPrinted {
                assert_count(fixture, &id, 0).await;
            }
        }
    }
    let count = fixture.count_cards(&id).await;
    assert!(count.is_none_or(|count| count <= 1), "{id} was committed once and made {count:?} cards");
}

/// Nothing was let go, so that nothing may come out, whatever the printer remembers.
pub async fn a_prepared_card_costs_nothing_when_the_printer_restarted(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    let attempt = uncommitted(&id, prepare(&*driver, fixture, &id).await.printer_job);
    if !fixture.restart_printer().await {
        answered("cancel", driver.cancel(&attempt).await);
        return;
    }

    let fresh = if fixture.restarts() { fixture.driver().await } else { driver };
    if answered("cancel", fresh.cancel(&attempt).await) == Cancelled::OutcomeUnknown {
        let found = answered("find", fresh.find(&attempt).await);
        let unknown = matches!(found, Found::NeverSeen { .. } | Found::Forgotten);
        assert!(unknown, "{id} was never let go; it is {found:?}, and cancel proved nothing");
    }
    quiet(fixture).await;
    assert_count(fixture, &id, 0).await;
}

/// Prepares and commits until the driver refuses.
async fn first_fault(driver: &dyn PrinterDriver, fixture: &dyn Fixture, id: &AttemptId) -> Fault {
    if let Err(fault) = driver.prepare(id, fixture.document()).await {
        return fault;
    }
    match driver.commit(id).await {
        Err(fault) => fault,
        Ok(committed) => panic!("{id} was to meet trouble, but was committed: {committed:?}"),
    }
}

fn answered_or_unavailable(answer: Result<Cancelled, Fault>) {
    if let Err(fault @ (Fault::OutcomeUnknown(_) | Fault::Rejected(_))) = answer {
        panic!("cancel on a printer that is not there must not say {fault:?}");
    }
}
