//! From what a printer says of an attempt to what it means. Without a proof the outcome is uncertain.

use super::{
    attempt::{NotStartedCause, Outcome},
    printer_reason,
    reason::Reason,
};

/// What a printer knows of an attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Evidence {
    /// It has no such job.
    NeverSeen {
        /// It keeps every job, restarts included, so the attempt cannot have fed a blank.
        certain: bool,
    },
    /// Uploaded and held; nothing can start.
    Held,
    /// Taken, waiting for its turn.
    Queued,
    /// Under way, with the reasons of job and printer as IPP keywords.
    Printing {
        /// What the printer says of it.
        reasons: Vec<String>,
    },
    /// Over.
    Ended(Ending),
    /// It had the attempt once and knows nothing more.
    Forgotten,
}

/// How an attempt ended, as far as the printer can prove it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ending {
    /// Whether it took a blank.
    pub blank: BlankProof,
    /// Whether a card came out.
    pub card: CardProof,
    /// Reasons of job and printer as IPP keywords, most telling first.
    pub reasons: Vec<String>,
}

/// Whether an attempt took a blank from the hopper.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BlankProof {
    /// Proved: it did not.
    NotFed,
    /// Proved: it did.
    Fed,
    /// Not known.
    Unknown,
}

/// Whether a card came out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CardProof {
    /// A good card.
    Good,
    /// A card that must be destroyed.
    Bad,
    /// No card.
    None,
    /// Not known.
    Unknown,
}

/// Why bringing a card to its printer, or releasing it there, failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SendFailure {
    /// The node's lease expired, so nothing was sent.
    LeaseExpired,
    /// No blank can have been used, and the printer is to blame.
    Printer {
        /// What it said.
        reason: Reason,
    },
    /// The printer refuses this card for good.
    Card {
        /// What it said.
        reason: Reason,
    },
    /// A card may exist.
    OutcomeUnknown,
}

/// What to do about an open attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Ask again later; reasons as IPP keywords say what the printer waits for.
    Wait(Vec<String>),
    /// The printer holds it and nothing started: cancel it, and see what that proves.
    Cancel,
    /// It has ended.
    Ended(Outcome),
}

/// The verdict on an attempt for which `releasing` was saved: a card may exist.
pub fn after_releasing(evidence: Evidence) -> Verdict {
    match evidence {
        Evidence::NeverSeen { certain: false } => Verdict::Ended(uncertain(Reason::UnknownToPrinter)),
        Evidence::Forgotten => Verdict::Ended(uncertain(Reason::ForgottenByPrinter)),
        // Also an attempt that certainly never arrived: the process that was about to send it may be frozen, and send it
        // later. Only what is cancelled stays away.
        Evidence::Held | Evidence::NeverSeen { certain: true } => Verdict::Cancel,
        Evidence::Queued => Verdict::Wait(Vec::new()),
        Evidence::Printing { reasons } => waits(reasons),
        Evidence::Ended(ending) => Verdict::Ended(ended(ending)),
    }
}

/// The verdict on an attempt for which `releasing` was never saved, after a cancellation that did not prove that nothing
/// was printed: its document was sent. A printer that does not have it any more may have printed it.
pub fn before_releasing(evidence: Evidence) -> Verdict {
    match evidence {
        Evidence::NeverSeen { certain: false } => Verdict::Ended(uncertain(Reason::UnknownToPrinter)),
        Evidence::Forgotten => Verdict::Ended(uncertain(Reason::ForgottenByPrinter)),
        Evidence::NeverSeen { certain: true }
        | Evidence::Ended(Ending { blank: BlankProof::NotFed, card: CardProof::None, .. }) => Verdict::Ended(stopped()),
        Evidence::Held | Evidence::Queued => Verdict::Cancel,
        Evidence::Printing { reasons } => waits(reasons),
        // The printer did not keep its promise to hold.
        Evidence::Ended(ending) => Verdict::Ended(ended(ending)),
    }
}

/// A card under way waits for a person where a known reason says so.
fn waits(mut reasons: Vec<String>) -> Verdict {
    reasons.retain(|reason| printer_reason::waits_for_a_person(reason));
    Verdict::Wait(reasons)
}

fn ended(ending: Ending) -> Outcome {
    let reason = || Reason::Printer { reasons: ending.reasons };
    match (ending.blank, ending.card) {
        (BlankProof::Fed, CardProof::Good) => Outcome::Printed,
        (BlankProof::NotFed, CardProof::None) => {
            Outcome::NotStarted { cause: NotStartedCause::Printer, reason: reason() }
        }
        (BlankProof::Fed, CardProof::Bad | CardProof::None) => Outcome::Spoiled { reason: reason() },
        (BlankProof::NotFed | BlankProof::Unknown, _) | (BlankProof::Fed, CardProof::Unknown) => {
            Outcome::Uncertain { reason: reason() }
        }
    }
}

/// What a failed upload or release means; `None` where only the printer can tell.
pub fn after_failure(failure: SendFailure) -> Option<Outcome> {
    match failure {
        SendFailure::LeaseExpired => Some(interrupted(Reason::LeaseExpired)),
        SendFailure::Printer { reason } => Some(Outcome::NotStarted { cause: NotStartedCause::Printer, reason }),
        SendFailure::Card { reason } => Some(Outcome::NotStarted { cause: NotStartedCause::Card, reason }),
        SendFailure::OutcomeUnknown => None,
    }
}

/// No blank was used, and the printer is to blame.
pub fn not_started(reason: Reason) -> Outcome {
    Outcome::NotStarted { cause: NotStartedCause::Printer, reason }
}

/// It was stopped before a card could exist; neither card nor printer is to blame.
pub fn stopped() -> Outcome {
    interrupted(Reason::Stopped)
}

fn interrupted(reason: Reason) -> Outcome {
    Outcome::NotStarted { cause: NotStartedCause::Interruption, reason }
}

/// Unknown until a person inspects it.
pub fn uncertain(reason: Reason) -> Outcome {
    Outcome::Uncertain { reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::reason::DriverFault;

    const BLANKS: [BlankProof; 3] = [BlankProof::NotFed, BlankProof::Fed, BlankProof::Unknown];
    const CARDS: [CardProof; 4] = [CardProof::Good, CardProof::Bad, CardProof::None, CardProof::Unknown];

    #[test]
    fn a_node_without_its_lease_counts_no_failure_of_a_printer() {
        let expired = Outcome::NotStarted { cause: NotStartedCause::Interruption, reason: Reason::LeaseExpired };
        assert_eq!(after_failure(SendFailure::LeaseExpired), Some(expired));
        let reason = Reason::Driver { fault: DriverFault::NotSent, detail: "connection refused".into() };
        let refused = after_failure(SendFailure::Printer { reason });
        assert!(matches!(refused, Some(Outcome::NotStarted { cause: NotStartedCause::Printer, .. })), "{refused:?}");
    }

    #[test]
    fn only_a_proof_makes_an_outcome_certain() {
        for (blank, card) in BLANKS.into_iter().flat_map(|b| CARDS.map(|c| (b, c))) {
            let outcome = ended(Ending { blank, card, reasons: Vec::new() });
            let expected = match (blank, card) {
                (BlankProof::Fed, CardProof::Good) => "printed",
                (BlankProof::NotFed, CardProof::None) => "not-started",
                (BlankProof::Fed, CardProof::Bad | CardProof::None) => "spoiled",
                _ => "uncertain",
            };
            assert_eq!(outcome.state().as_str(), expected, "{blank:?} {card:?}");
        }
    }

    #[test]
    fn after_releasing_a_printer_that_does_not_know_the_attempt_proves_nothing() {
        let outcome = |evidence| match after_releasing(evidence) {
            Verdict::Ended(outcome) => outcome.state().as_str(),
            Verdict::Wait(_) => "wait",
            Verdict::Cancel => "cancel",
        };
        assert_eq!(outcome(Evidence::NeverSeen { certain: false }), "uncertain");
        assert_eq!(outcome(Evidence::NeverSeen { certain: true }), "cancel");
        assert_eq!(outcome(Evidence::Forgotten), "uncertain");
        assert_eq!(outcome(Evidence::Held), "cancel");
        assert_eq!(outcome(Evidence::Queued), "wait");
    }

    #[test]
    fn before_releasing_a_document_that_its_printer_lost_is_uncertain() {
        for (evidence, expected) in [
            (Evidence::NeverSeen { certain: false }, "uncertain"),
            (Evidence::Forgotten, "uncertain"),
            (Evidence::NeverSeen { certain: true }, "not-started"),
        ] {
            let Verdict::Ended(outcome) = before_releasing(evidence) else { panic!("not over") };
            assert_eq!(outcome.state().as_str(), expected);
        }
        let shown = Ending { blank: BlankProof::Unknown, card: CardProof::Unknown, reasons: Vec::new() };
        assert_eq!(
            before_releasing(Evidence::Ended(shown)),
            Verdict::Ended(uncertain(Reason::Printer { reasons: Vec::new() }))
        );
    }
}
