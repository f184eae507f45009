//! The suite that every driver must pass: what [`PrinterDriver`] promises, tried on a printer whose true cards a test
//! can count.
//!
//! A driver's test writes a [`Fixture`] and calls [`exercise`]. Each check is also there by itself; each panics with
//! what was promised and what came instead, uses attempts of its own, and leaves nothing prepared behind. Checks are to
//! run one after the other on one printer: some printers take one job at a time.
//!
//! Deliberately absent: times, retries, and anything about speed.
#![expect(clippy::missing_panics_doc, reason = "panicking is how a check fails")]

mod fixture;
mod steps;
pub mod trouble;

pub use fixture::{ADVANCES_MAX, ADVANCES_QUIET, Fixture, ID_LEN_MAX, Trouble};
use steps::{
    acknowledged, answered, assert_count, assert_good, assert_not_sent, assert_true, commit, ended, prepare, probe,
    quiet, uncommitted,
};

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use crate::{AttemptId, AttemptRef, Cancelled, Fault, Found, PrinterDriver, reason_keyword};

/// The size of [`a_large_document_makes_one_card`].
const LARGE_BYTES: usize = 3 << 20;

/// How often two callers race.
const RACES: usize = 5;

/// All checks, one after the other.
pub async fn exercise(fixture: &dyn Fixture) {
    probe_and_status_answer_in_words_of_the_contract(fixture).await;
    an_attempt_never_seen_is_never_seen_or_forgotten(fixture).await;
    prepare_alone_never_makes_a_card(fixture).await;
    commit_makes_exactly_one_good_card(fixture).await;
    an_ended_attempt_is_found_again_with_the_same_answer(fixture).await;
    a_fresh_driver_finds_an_attempt_by_its_name(fixture).await;
    commit_without_prepare_sends_nothing(fixture).await;
    a_fresh_driver_does_not_commit_what_an_earlier_one_prepared(fixture).await;
    a_second_commit_never_makes_a_second_card(fixture).await;
    cancel_after_prepare_proves_that_nothing_is_printed(fixture).await;
    cancel_may_be_repeated(fixture).await;
    commit_after_cancel_sends_nothing(fixture).await;
    a_fresh_driver_cancels_what_an_earlier_one_prepared(fixture).await;
    cancel_while_the_card_is_under_way_proves_nothing_false(fixture).await;
    cancel_after_the_end_never_denies_the_card(fixture).await;
    ids_of_127_bytes_that_differ_in_the_last_are_two_attempts(fixture).await;
    attempts_prepared_together_do_not_mix(fixture).await;
    attempts_committed_together_do_not_mix(fixture).await;
    commit_to_a_busy_printer_tells_whether_it_took_the_card(fixture).await;
    a_large_document_makes_one_card(fixture).await;
    cancel_and_commit_at_once_never_deny_a_card(fixture).await;
    trouble::a_lost_answer_is_an_unknown_outcome_and_find_says_nothing_false(fixture).await;
    trouble::an_unavailable_printer_uses_no_blank(fixture).await;
    trouble::a_refused_card_uses_no_blank(fixture).await;
    trouble::a_hold_that_the_printer_breaks_is_told(fixture).await;
    trouble::a_printer_that_waits_for_a_person_says_so_and_then_makes_the_card(fixture).await;
    trouble::a_card_in_hand_when_the_printer_restarted_is_never_denied_and_never_made_up(fixture).await;
    trouble::a_prepared_card_costs_nothing_when_the_printer_restarted(fixture).await;
}

/// Reasons are keywords without severity, and `none` is no reason.
pub async fn probe_and_status_answer_in_words_of_the_contract(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;

    let capabilities = probe(&*driver).await;
    let status = answered("status", driver.status().await);

    let format = fixture.document().format;
    let formats = &capabilities.document_formats;
    assert!(formats.iter().any(|known| known == format), "probe must name `{format}`, which it takes: {formats:?}");
    for reason in &status.reasons {
        let keyword = reason_keyword(reason);
        assert!(!keyword.is_empty() && keyword != "none", "status must give reasons, and `{reason}` is none");
    }
    for supply in &status.supplies {
        assert!(supply.level_percent.is_none_or(|level| level <= 100), "a supply's level is a percentage: {supply:?}");
    }
}

/// Whatever the scheduler believes of it; and cancelling it makes no card.
pub async fn an_attempt_never_seen_is_never_seen_or_forgotten(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();

    for acknowledged in [false, true] {
        let attempt = AttemptRef {
            id: id.clone(),
            printer_job: None,
            boot: None,
            releasing: acknowledged,
            impressions: 1,
            acknowledged,
        };
        let found = answered("find", driver.find(&attempt).await);
        assert!(matches!(found, Found::NeverSeen { .. } | Found::Forgotten), "{id} was never sent, but is {found:?}");
    }

    answered("cancel", driver.cancel(&uncommitted(&id, None)).await);
    assert_count(fixture, &id, 0).await;
}

/// Time passes, and the document stays where it is. A printer that holds it says so.
pub async fn prepare_alone_never_makes_a_card(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();

    let prepared = prepare(&*driver, fixture, &id).await;

    let can_hold = probe(&*driver).await.can_hold;
    assert!(can_hold || !prepared.held, "{id} is held by a printer that cannot hold");
    let attempt = uncommitted(&id, prepared.printer_job);
    for _ in 0..=ADVANCES_QUIET {
        let found = answered("find", driver.find(&attempt).await);
        let right = if prepared.held {
            found == Found::Held
        } else {
            matches!(found, Found::NeverSeen { .. } | Found::Held | Found::Forgotten)
        };
        assert!(right, "{id} is prepared (held: {}), but is {found:?}", prepared.held);
        assert_count(fixture, &id, 0).await;
        fixture.advance().await;
    }
    answered("cancel", driver.cancel(&attempt).await);
}

/// The card is there, and the driver can prove it.
pub async fn commit_makes_exactly_one_good_card(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    prepare(&*driver, fixture, &id).await;

    let committed = commit(&*driver, &id).await;

    let ending = ended(fixture, &*driver, &acknowledged(&id, committed)).await;
    assert_good(&id, &ending);
    assert_count(fixture, &id, 1).await;
    quiet(fixture).await;
    assert_count(fixture, &id, 1).await;
}

/// Asking changes nothing, and time does not either.
pub async fn an_ended_attempt_is_found_again_with_the_same_answer(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    prepare(&*driver, fixture, &id).await;
    let attempt = acknowledged(&id, commit(&*driver, &id).await);
    let first = ended(fixture, &*driver, &attempt).await;

    for _ in 0..ADVANCES_QUIET {
        let again = answered("find", driver.find(&attempt).await);
        assert_eq!(again, Found::Ended(first.clone()), "find of {id} must repeat its answer");
        fixture.advance().await;
    }

    assert_count(fixture, &id, 1).await;
}

/// With the printer's job id and without, as a crash may come before it is saved.
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
    let found = answered("find", fresh.find(&by_name).await);
    assert_eq!(found, Found::Ended(ending), "{id} must be found by its name alone");
    let in_doubt = AttemptRef { acknowledged: false, ..by_name };
    let found = answered("find", fresh.find(&in_doubt).await);
    assert_true(fixture, &id, &found).await;
    assert_count(fixture, &id, 1).await;
}

/// Nobody gave a document.
pub async fn commit_without_prepare_sends_nothing(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();

    let answer = driver.commit(&id).await;

    assert_not_sent(&id, &answer);
    quiet(fixture).await;
    assert_count(fixture, &id, 0).await;
}

/// What was prepared before a crash is prepared again: the scheduler cannot know how far it got.
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
    quiet(fixture).await;
    assert_count(fixture, &id, 0).await;
    answered("cancel", fresh.cancel(&uncommitted(&id, prepared.printer_job)).await);
}

/// The scheduler never does it; if it did, any verdict will do, but no card.
pub async fn a_second_commit_never_makes_a_second_card(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    prepare(&*driver, fixture, &id).await;
    let attempt = acknowledged(&id, commit(&*driver, &id).await);

    let while_under_way = driver.commit(&id).await;
    ended(fixture, &*driver, &attempt).await;
    let after_the_end = driver.commit(&id).await;

    assert!(while_under_way.is_err() && after_the_end.is_err(), "a second commit of {id} must not pass for one");
    quiet(fixture).await;
    assert_count(fixture, &id, 1).await;
}

/// This is how a pause stops a card at the last moment.
pub async fn cancel_after_prepare_proves_that_nothing_is_printed(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    let attempt = uncommitted(&id, prepare(&*driver, fixture, &id).await.printer_job);

    let cancelled = answered("cancel", driver.cancel(&attempt).await);

    assert_eq!(cancelled, Cancelled::NothingPrinted, "cancel of {id}, prepared and not committed, must prove it");
    quiet(fixture).await;
    assert_count(fixture, &id, 0).await;
    let found = answered("find", driver.find(&attempt).await);
    assert_true(fixture, &id, &found).await;
    assert!(found != Found::Held, "{id} was cancelled, but is held");
}

/// The second answer may prove less, as the driver has forgotten the attempt.
pub async fn cancel_may_be_repeated(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    let attempt = uncommitted(&id, prepare(&*driver, fixture, &id).await.printer_job);

    for _ in 0..3 {
        answered("cancel", driver.cancel(&attempt).await);
    }

    quiet(fixture).await;
    assert_count(fixture, &id, 0).await;
}

/// Cancel takes the attempt from the driver's memory too.
pub async fn commit_after_cancel_sends_nothing(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    let attempt = uncommitted(&id, prepare(&*driver, fixture, &id).await.printer_job);
    answered("cancel", driver.cancel(&attempt).await);

    let answer = driver.commit(&id).await;

    assert_not_sent(&id, &answer);
    quiet(fixture).await;
    assert_count(fixture, &id, 0).await;
}

/// With the printer's job id and, where the crash came before it was saved, without.
pub async fn a_fresh_driver_cancels_what_an_earlier_one_prepared(fixture: &dyn Fixture) {
    if !fixture.restarts() {
        return;
    }
    for job_saved in [true, false] {
        let driver = fixture.driver().await;
        let id = fixture.attempt();
        let job = prepare(&*driver, fixture, &id).await.printer_job;
        let attempt = uncommitted(&id, job.filter(|_| job_saved));
        drop(driver);

        let fresh = fixture.driver().await;
        answered("cancel", fresh.cancel(&attempt).await);

        quiet(fixture).await;
        assert_count(fixture, &id, 0).await;
        let found = answered("find", fresh.find(&attempt).await);
        assert_true(fixture, &id, &found).await;
        assert!(found != Found::Held, "{id} was cancelled, but is held");
    }
}

/// The card may come or not; "nothing printed" must be true.
pub async fn cancel_while_the_card_is_under_way_proves_nothing_false(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    prepare(&*driver, fixture, &id).await;
    let attempt = acknowledged(&id, commit(&*driver, &id).await);

    let cancelled = answered("cancel", driver.cancel(&attempt).await);

    quiet(fixture).await;
    if cancelled == Cancelled::NothingPrinted {
        assert_count(fixture, &id, 0).await;
    }
    let found = answered("find", driver.find(&attempt).await);
    assert_true(fixture, &id, &found).await;
}

/// The card is on the table.
pub async fn cancel_after_the_end_never_denies_the_card(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    prepare(&*driver, fixture, &id).await;
    let attempt = acknowledged(&id, commit(&*driver, &id).await);
    ended(fixture, &*driver, &attempt).await;

    for _ in 0..2 {
        let cancelled = answered("cancel", driver.cancel(&attempt).await);
        assert_eq!(cancelled, Cancelled::OutcomeUnknown, "{id} is a card, and cancel must not deny it");
    }

    let found = answered("find", driver.find(&attempt).await);
    assert_true(fixture, &id, &found).await;
    assert_count(fixture, &id, 1).await;
}

/// Some printers cut long job names; such a driver must not take one attempt for the other.
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
    for stranger in [&other, &stem] {
        let found = answered("find", driver.find(&uncommitted(stranger, None)).await);
        let right = matches!(found, Found::NeverSeen { .. } | Found::Forgotten);
        assert!(right, "{stranger} was never sent, but is {found:?}, as {printed} is");
        assert_count(fixture, stranger, 0).await;
    }
}

/// One is committed, one cancelled: the right one comes out. Then the third. Left out on printers that take one attempt
/// at a time already in prepare.
pub async fn attempts_prepared_together_do_not_mix(fixture: &dyn Fixture) {
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
    let cancelled = answered("cancel", driver.cancel(&uncommitted(&second, second_job)).await);
    assert_eq!(cancelled, Cancelled::NothingPrinted, "{second} was not committed, though {third} was");
    assert_count(fixture, &first, 0).await;
    let first_attempt = acknowledged(&first, commit(&*driver, &first).await);
    assert_good(&first, &ended(fixture, &*driver, &first_attempt).await);

    quiet(fixture).await;
    for (id, count) in [(&first, 1), (&second, 0), (&third, 1)] {
        assert_count(fixture, id, count).await;
    }
}

/// Left out on printers that take one attempt at a time.
pub async fn attempts_committed_together_do_not_mix(fixture: &dyn Fixture) {
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
    quiet(fixture).await;
    assert_count(fixture, &first, 1).await;
    assert_count(fixture, &second, 1).await;
}

/// It queues the second card or refuses it; the first is made in any case.
pub async fn commit_to_a_busy_printer_tells_whether_it_took_the_card(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let [first, second] = [fixture.attempt(), fixture.attempt()];
    prepare(&*driver, fixture, &first).await;
    let first_attempt = acknowledged(&first, commit(&*driver, &first).await);

    let prepared = driver.prepare(&second, fixture.document()).await;
    let committed = if prepared.is_ok() { Some(driver.commit(&second).await) } else { None };

    assert_good(&first, &ended(fixture, &*driver, &first_attempt).await);
    match committed {
        Some(Ok(committed)) => {
            let attempt = acknowledged(&second, committed);
            assert_good(&second, &ended(fixture, &*driver, &attempt).await);
            assert_count(fixture, &second, 1).await;
        }
        Some(Err(Fault::OutcomeUnknown(_))) => {
            quiet(fixture).await;
            let found = answered("find", driver.find(&uncommitted(&second, None)).await);
            assert_true(fixture, &second, &found).await;
        }
        Some(Err(_)) | None => {
            answered("cancel", driver.cancel(&uncommitted(&second, None)).await);
            quiet(fixture).await;
            assert_count(fixture, &second, 0).await;
        }
    }
    assert_count(fixture, &first, 1).await;
}

/// Larger than any buffer on the way; what follows the document's beginning is of no meaning.
pub async fn a_large_document_makes_one_card(fixture: &dyn Fixture) {
    let driver = fixture.driver().await;
    let id = fixture.attempt();
    let mut document = fixture.document();
    document.bytes.resize(LARGE_BYTES, 0);
    answered("prepare", driver.prepare(&id, document).await);

    let attempt = acknowledged(&id, commit(&*driver, &id).await);

    assert_good(&id, &ended(fixture, &*driver, &attempt).await);
    assert_count(fixture, &id, 1).await;
}

/// One of the two comes first; what both say must be true.
pub async fn cancel_and_commit_at_once_never_deny_a_card(fixture: &dyn Fixture) {
    for _ in 0..RACES {
        let driver = fixture.driver().await;
        let id = fixture.attempt();
        let attempt = uncommitted(&id, prepare(&*driver, fixture, &id).await.printer_job);

        let (committed, cancelled) = both(driver.commit(&id), driver.cancel(&attempt)).await;

        for _ in 0..ADVANCES_MAX {
            let found = answered("find", driver.find(&attempt).await);
            if !matches!(found, Found::Queued | Found::Printing { .. }) {
                break;
            }
            fixture.advance().await;
        }
        quiet(fixture).await;
        let sent_nothing = matches!(&committed, Err(fault) if !matches!(fault, Fault::OutcomeUnknown(_)));
        if sent_nothing || cancelled == Ok(Cancelled::NothingPrinted) {
            assert_count(fixture, &id, 0).await;
        }
        let count = fixture.count_cards(&id).await;
        assert!(count.is_none_or(|count| count <= 1), "{id} made {count:?} cards");
        // It may have met the commit half way.
        answered("cancel", driver.cancel(&AttemptRef { releasing: true, ..attempt }).await);
    }
}

/// `stem`, filled up with `x` to 126 bytes, and `last`.
fn lengthened(stem: &AttemptId, last: char) -> AttemptId {
    assert!(stem.as_str().len() <= ID_LEN_MAX, "a fixture's ids must have at most {ID_LEN_MAX} bytes: {stem}");
    let id = format!("{stem:x<126}{last}", stem = stem.as_str());
    AttemptId::new(id).unwrap_or_else(|error| panic!("{error}"))
}

/// Polls both to their ends, so that each runs while the other waits.
async fn both<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
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
