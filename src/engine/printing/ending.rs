//! The end of an attempt, and what it means for its printer.

use super::card_name::CardName;
use crate::{
    domain::{attempt::Outcome, breaker::Health, printer_reason, reason::Reason, time::Timestamp},
    engine::group_commit::Settle,
};

/// The end of an attempt, not yet saved, and what it means for the printer once it is.
pub(in crate::engine) struct Ending {
    pub(in crate::engine) settle: Settle,
    pub(in crate::engine) effect: Effect,
}

/// What the end of an attempt means for its printer.
#[derive(Clone)]
pub(in crate::engine) struct Effect {
    pub(super) health: Health,
    pub(in crate::engine) is_failure: bool,
    /// The outcome and the reason of a failure, for the log.
    pub(super) failed: Option<(CardName, &'static str, String)>,
    /// The rest of a printer that starts no card.
    pub(super) rest: Option<Rest>,
}

/// The time for which a printer that starts no card is not tried again.
#[derive(Clone, Debug)]
pub(super) struct Rest {
    pub(super) until: Timestamp,
    /// Why it started none, for people.
    pub(super) reasons: Vec<String>,
}

/// Why a printer started no card, as keywords.
pub(super) fn refusal(outcome: &Outcome) -> Vec<String> {
    match outcome.reason() {
        Some(Reason::Printer { reasons }) if !reasons.is_empty() => reasons.clone(),
        _ => vec![printer_reason::REFUSES_CARDS.to_owned()],
    }
}
