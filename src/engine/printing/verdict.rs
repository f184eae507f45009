//! The driver contract's types as the evidence that the domain judges.

use cetak_driver_api::{Blank, Card, Fault, Found};

pub use crate::domain::verdict::{Verdict, not_started, stopped, uncertain};
use crate::{
    domain::{
        attempt::Outcome,
        reason::{DriverFault, Reason},
        verdict::{self, BlankProof, CardProof, Ending, Evidence, SendFailure},
    },
    engine::scheduling::lease::SendError,
};

/// The verdict on an attempt for which `releasing` was saved.
pub fn after_releasing(found: Found) -> Verdict {
    verdict::after_releasing(evidence(found))
}

/// The verdict on an attempt that was never released, after it was cancelled at the printer.
pub fn before_releasing(found: Found) -> Verdict {
    verdict::before_releasing(evidence(found))
}

/// What it means that a card was not sent; `None` where only the printer can tell.
pub(in crate::engine) fn after_error(error: &SendError) -> Option<Outcome> {
    match error {
        SendError::LeaseExpired => verdict::after_failure(SendFailure::LeaseExpired),
        SendError::Fault(fault) => after_fault(fault),
    }
}

/// What a failed `prepare` or `commit` means; `None` where only the printer can tell.
pub fn after_fault(fault: &Fault) -> Option<Outcome> {
    let reason = || reason_of(fault);
    verdict::after_failure(match fault {
        Fault::NotSent(_) | Fault::NeedsOperator(_) | Fault::Unavailable { .. } => {
            SendFailure::Printer { reason: reason() }
        }
        Fault::Rejected(_) => SendFailure::Card { reason: reason() },
        Fault::OutcomeUnknown(_) => SendFailure::OutcomeUnknown,
    })
}

/// A driver's fault as a reason.
pub fn reason_of(fault: &Fault) -> Reason {
    let driver = |fault, detail: &str| Reason::Driver { fault, detail: detail.into() };
    match fault {
        Fault::NotSent(detail) => driver(DriverFault::NotSent, detail),
        Fault::Rejected(detail) => driver(DriverFault::Rejected, detail),
        Fault::NeedsOperator(detail) => driver(DriverFault::NeedsOperator, detail),
        Fault::OutcomeUnknown(detail) => driver(DriverFault::OutcomeUnknown, detail),
        Fault::Unavailable { reasons } => Reason::Printer { reasons: reasons.clone() },
    }
}

fn evidence(found: Found) -> Evidence {
    match found {
        Found::NeverSeen { certain } => Evidence::NeverSeen { certain },
        Found::Held => Evidence::Held,
        Found::Queued => Evidence::Queued,
        Found::Printing { reasons } => Evidence::Printing { reasons },
        Found::Forgotten => Evidence::Forgotten,
        Found::Ended(ending) => Evidence::Ended(Ending {
            blank: match ending.blank {
                Blank::NotFed => BlankProof::NotFed,
                Blank::Fed => BlankProof::Fed,
                Blank::Unknown => BlankProof::Unknown,
            },
            card: match ending.card {
                Card::Good => CardProof::Good,
                Card::Bad => CardProof::Bad,
                Card::None => CardProof::None,
                Card::Unknown => CardProof::Unknown,
            },
            reasons: ending.reasons,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attempt::Blame;

    #[test]
    fn an_expired_lease_is_told_from_a_printer_that_was_not_reached() {
        let blame = |error| match after_error(&error) {
            Some(Outcome::NotStarted { blame, reason }) => (blame, reason),
            other => panic!("{other:?}"),
        };
        let refused = "connection refused";
        let not_sent = Reason::Driver { fault: DriverFault::NotSent, detail: refused.into() };

        assert_eq!(blame(SendError::LeaseExpired), (Blame::Neither, Reason::LeaseExpired));
        assert_eq!(blame(SendError::Fault(Fault::NotSent(refused.to_owned()))), (Blame::Printer, not_sent));
    }
}
