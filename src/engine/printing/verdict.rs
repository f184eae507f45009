//! From what a printer says of an attempt to what it means. Pure: decides from evidence, and without it says uncertain.

use cetak_driver_api::{Blank, Card, Ending, Fault, Found};

use crate::{
    domain::{
        attempt::{Blame, Outcome},
        printer_reason,
    },
    engine::scheduling::lease::LEASE_ENDED,
};

/// The reason of an attempt that a pause, a window, a withdrawal or a restart stopped before a card could exist.
const STOPPED: &str = "stopped before it was released";

/// What to do about an open attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Ask again later; reasons in IPP keywords say what the printer waits for.
    Wait(Vec<String>),
    /// The printer holds it and nothing started: cancel it, and see what that proves.
    Cancel,
    /// It is over.
    Ended(Outcome),
}

/// The verdict on an attempt for which `releasing` was saved: a card may exist.
pub fn after_releasing(found: Found) -> Verdict {
    match found {
        Found::NeverSeen { certain: false } => Verdict::Ended(uncertain("the printer does not know it")),
        Found::Forgotten => Verdict::Ended(uncertain("the printer forgot it")),
        // Also of one that it has certainly never got: whoever was about to send it may be frozen, and go on later. Only
        // what is cancelled stays away.
        Found::Held | Found::NeverSeen { certain: true } => Verdict::Cancel,
        Found::Queued => Verdict::Wait(Vec::new()),
        Found::Printing { reasons } => waits(reasons),
        Found::Ended(ending) => Verdict::Ended(ended(&ending)),
    }
}

/// The verdict on an attempt for which `releasing` was never saved, after it was cancelled at the printer: no card can
/// exist unless the printer shows one.
pub fn before_releasing(found: Found) -> Verdict {
    match found {
        Found::NeverSeen { .. }
        | Found::Forgotten
        | Found::Ended(Ending { blank: Blank::NotFed, card: Card::None, .. }) => Verdict::Ended(stopped()),
        Found::Held | Found::Queued => Verdict::Cancel,
        Found::Printing { reasons } => waits(reasons),
        // The printer did not keep its promise to hold.
        Found::Ended(ending) => Verdict::Ended(ended(&ending)),
    }
}

/// What a card under way waits for: a person, in a word that is known.
fn waits(mut reasons: Vec<String>) -> Verdict {
    reasons.retain(|reason| printer_reason::waits_for_a_person(reason));
    Verdict::Wait(reasons)
}

fn ended(ending: &Ending) -> Outcome {
    let reason = if ending.reasons.is_empty() { "no reason given".to_owned() } else { ending.reasons.join(", ") };
    match (ending.blank, ending.card) {
        (Blank::Fed, Card::Good) => Outcome::Printed,
        (Blank::NotFed, Card::None) => Outcome::NotStarted { blame: Blame::Printer, reason },
        (Blank::Fed, Card::Bad | Card::None) => Outcome::Spoiled { reason },
        (Blank::NotFed | Blank::Unknown, _) | (Blank::Fed, Card::Unknown) => Outcome::Uncertain { reason },
    }
}

/// What a failed `prepare` or `commit` means; `None` where only the printer can tell.
pub fn after_fault(fault: &Fault) -> Option<Outcome> {
    let not_started = |blame, reason| Some(Outcome::NotStarted { blame, reason });
    match fault {
        Fault::NotSent(why) if why == LEASE_ENDED => Some(stopped()),
        Fault::NotSent(_) | Fault::NeedsOperator(_) => not_started(Blame::Printer, fault.to_string()),
        Fault::Unavailable { reasons } => not_started(Blame::Printer, reasons.join(", ")),
        Fault::Rejected(_) => not_started(Blame::Card, fault.to_string()),
        Fault::OutcomeUnknown(_) => None,
    }
}

/// A blank was not used, and the printer is to blame.
pub fn not_started(reason: &str) -> Outcome {
    Outcome::NotStarted { blame: Blame::Printer, reason: reason.into() }
}

/// It was stopped before a card could exist, by nobody's fault.
pub fn stopped() -> Outcome {
    Outcome::NotStarted { blame: Blame::Nobody, reason: STOPPED.into() }
}

/// Nobody can know.
pub fn uncertain(reason: &str) -> Outcome {
    Outcome::Uncertain { reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLANKS: [Blank; 3] = [Blank::NotFed, Blank::Fed, Blank::Unknown];
    const CARDS: [Card; 4] = [Card::Good, Card::Bad, Card::None, Card::Unknown];

    #[test]
    fn a_node_without_its_lease_blames_no_printer() {
        assert_eq!(after_fault(&Fault::NotSent(LEASE_ENDED.to_owned())), Some(stopped()));
        let refused = after_fault(&Fault::NotSent("connection refused".to_owned()));
        assert!(matches!(refused, Some(Outcome::NotStarted { blame: Blame::Printer, .. })), "{refused:?}");
    }

    #[test]
    fn only_a_proof_makes_an_outcome_certain() {
        for (blank, card) in BLANKS.into_iter().flat_map(|b| CARDS.map(|c| (b, c))) {
            let outcome = ended(&Ending { blank, card, reasons: Vec::new() });
            let expected = match (blank, card) {
                (Blank::Fed, Card::Good) => "printed",
                (Blank::NotFed, Card::None) => "not-started",
                (Blank::Fed, Card::Bad | Card::None) => "spoiled",
                _ => "uncertain",
            };
            assert_eq!(outcome.state().as_str(), expected, "{blank:?} {card:?}");
        }
    }

    #[test]
    fn after_releasing_a_printer_that_does_not_know_the_attempt_proves_nothing() {
        let outcome = |found| match after_releasing(found) {
            Verdict::Ended(outcome) => outcome.state().as_str(),
            Verdict::Wait(_) => "wait",
            Verdict::Cancel => "cancel",
        };
        assert_eq!(outcome(Found::NeverSeen { certain: false }), "uncertain");
        assert_eq!(outcome(Found::NeverSeen { certain: true }), "cancel");
        assert_eq!(outcome(Found::Forgotten), "uncertain");
        assert_eq!(outcome(Found::Held), "cancel");
        assert_eq!(outcome(Found::Queued), "wait");
    }

    #[test]
    fn before_releasing_no_answer_of_a_printer_that_holds_costs_a_blank() {
        for found in [Found::NeverSeen { certain: false }, Found::Forgotten] {
            let Verdict::Ended(outcome) = before_releasing(found) else { panic!("not over") };
            assert_eq!(outcome.state().as_str(), "not-started");
        }
        let shown = Ending { blank: Blank::Unknown, card: Card::Unknown, reasons: Vec::new() };
        assert_eq!(before_releasing(Found::Ended(shown)), Verdict::Ended(uncertain("no reason given")));
    }
}
