//! The suite that every driver must pass. It tests what [`PrinterDriver`](crate::PrinterDriver) promises, on a printer
//! whose cards the test can count.
//!
//! The test of a driver implements [`Fixture`] for its printer and calls [`exercise`]. Each check is also a function of
//! its own. It panics with what was promised and what happened instead, uses attempts of its own, and leaves nothing
//! prepared behind. Checks of one printer must run one after the other, because some printers accept one job at a time.
//!
//! Deliberately absent: times, retries, and anything about speed.

mod cancellation;
mod concurrency;
mod fixture;
mod helpers;
mod identity;
mod submission;
mod trouble;

pub use cancellation::*;
pub use concurrency::*;
pub use fixture::{ADVANCES_MAX, ADVANCES_QUIET, Fixture, ID_LEN_MAX, Trouble};
pub use identity::*;
pub use submission::*;
pub use trouble::*;

/// Runs all checks, one after the other.
pub async fn exercise(fixture: &dyn Fixture) {
    probe_and_status_use_the_words_of_the_contract(fixture).await;
    prepare_alone_never_makes_a_card(fixture).await;
    commit_makes_exactly_one_good_card(fixture).await;
    commit_without_prepare_sends_nothing(fixture).await;
    a_fresh_driver_does_not_commit_what_an_earlier_one_prepared(fixture).await;
    a_second_commit_never_makes_a_second_card(fixture).await;
    a_large_document_makes_one_card(fixture).await;
    an_attempt_that_was_never_sent_is_never_seen_or_forgotten(fixture).await;
    find_repeats_its_answer_about_an_ended_attempt(fixture).await;
    a_fresh_driver_finds_an_attempt_by_its_name(fixture).await;
    an_attempt_is_listed_by_the_beginning_of_its_id(fixture).await;
    ids_of_127_bytes_that_differ_in_the_last_are_two_attempts(fixture).await;
    cancel_after_prepare_proves_that_nothing_is_printed(fixture).await;
    cancel_may_be_repeated(fixture).await;
    commit_after_cancel_sends_nothing(fixture).await;
    a_fresh_driver_cancels_what_an_earlier_one_prepared(fixture).await;
    cancel_of_a_card_under_way_never_denies_it(fixture).await;
    cancel_after_the_end_never_denies_the_card(fixture).await;
    attempts_prepared_together_are_kept_apart(fixture).await;
    attempts_committed_together_are_kept_apart(fixture).await;
    commit_to_a_busy_printer_reports_whether_the_card_was_accepted(fixture).await;
    cancel_and_commit_at_the_same_time_never_deny_a_card(fixture).await;
    a_lost_answer_is_an_unknown_outcome_and_find_claims_nothing_false(fixture).await;
    an_unavailable_printer_uses_no_blank(fixture).await;
    a_refused_card_uses_no_blank(fixture).await;
    a_broken_hold_is_reported(fixture).await;
    a_printer_that_waits_for_a_person_reports_it_and_then_makes_the_card(fixture).await;
    a_restart_of_the_printer_with_a_card_under_way_proves_nothing_false(fixture).await;
    a_restart_of_the_printer_with_a_prepared_card_uses_no_blank(fixture).await;
}
