//! The driver contract's types as the evidence that the domain judges.

use cetak_driver_api::{AttemptStatus, Blank, Card, DriverError};

pub use crate::domain::verdict::{Verdict, not_started, stopped, uncertain};
use crate::{
    domain::{
        attempt::Outcome,
        verdict::{self, BlankProof, CardProof, Ending, Evidence, SendFailure},
    },
    engine::scheduling::lease::LEASE_ENDED,
};

/// The verdict on an attempt for which `releasing` was saved.
pub fn after_releasing(found: AttemptStatus) -> Verdict {
    verdict::after_releasing(evidence(found))
}

/// The verdict on an attempt that was never released, after it was cancelled at the printer.
pub fn before_releasing(found: AttemptStatus) -> Verdict {
    verdict::before_releasing(evidence(found))
}

/// What a failed `prepare` or `commit` means; `None` where only the printer can tell.
pub fn after_fault(fault: &DriverError) -> Option<Outcome> {
    verdict::after_failure(match fault {
        DriverError::NotSent(why) if why == LEASE_ENDED => SendFailure::LeaseExpired,
        DriverError::NotSent(_) | DriverError::NeedsOperator(_) => SendFailure::Printer { reason: fault.to_string() },
        DriverError::Unavailable { reasons } => SendFailure::Printer { reason: reasons.join(", ") },
        DriverError::Rejected(_) => SendFailure::Card { reason: fault.to_string() },
        DriverError::OutcomeUnknown(_) => SendFailure::OutcomeUnknown,
    })
}

fn evidence(found: AttemptStatus) -> Evidence {
    match found {
        AttemptStatus::NeverSeen { certain } => Evidence::NeverSeen { certain },
        AttemptStatus::Held => Evidence::Held,
        AttemptStatus::Queued => Evidence::Queued,
        AttemptStatus::Printing { reasons } => Evidence::Printing { reasons },
        AttemptStatus::Forgotten => Evidence::Forgotten,
        AttemptStatus::Ended(ending) => Evidence::Ended(Ending {
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

    #[test]
    fn an_expired_lease_differs_from_a_printer_that_cannot_be_reached() {
        assert_eq!(after_fault(&DriverError::NotSent(LEASE_ENDED.to_owned())), Some(stopped()));
        assert_ne!(after_fault(&DriverError::NotSent("connection refused".to_owned())), Some(stopped()));
    }
}
