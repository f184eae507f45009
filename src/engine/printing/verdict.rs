//! The driver contract's types as the evidence that the domain judges.

use cetak_driver_api::{AttemptStatus, Blank, Card, DriverError};

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
pub fn after_releasing(found: AttemptStatus) -> Verdict {
    verdict::after_releasing(evidence(found))
}

/// The verdict on an attempt that was never released, after it was cancelled at the printer.
pub fn before_releasing(found: AttemptStatus) -> Verdict {
    verdict::before_releasing(evidence(found))
}

/// What it means that a card was not sent; `None` where only the printer can tell.
pub(in crate::engine) fn after_error(error: &SendError) -> Option<Outcome> {
    match error {
        SendError::LeaseExpired => verdict::after_failure(SendFailure::LeaseExpired),
        SendError::Driver(error) => after_fault(error),
    }
}

/// What a failed `prepare` or `commit` means; `None` where only the printer can tell.
pub fn after_fault(fault: &DriverError) -> Option<Outcome> {
    let reason = || reason_of(fault);
    verdict::after_failure(match fault {
        DriverError::NotSent(_) | DriverError::NeedsOperator(_) | DriverError::Unavailable { .. } => {
            SendFailure::Printer { reason: reason() }
        }
        DriverError::Rejected(_) => SendFailure::Card { reason: reason() },
        DriverError::OutcomeUnknown(_) => SendFailure::OutcomeUnknown,
    })
}

/// The reason for an error of a driver.
pub fn reason_of(error: &DriverError) -> Reason {
    let driver = |fault, detail: &str| Reason::Driver { fault, detail: detail.into() };
    match error {
        DriverError::NotSent(detail) => driver(DriverFault::NotSent, detail),
        DriverError::Rejected(detail) => driver(DriverFault::Rejected, detail),
        DriverError::NeedsOperator(detail) => driver(DriverFault::NeedsOperator, detail),
        DriverError::OutcomeUnknown(detail) => driver(DriverFault::OutcomeUnknown, detail),
        DriverError::Unavailable { reasons } => Reason::Printer { reasons: reasons.clone() },
    }
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
    use crate::domain::attempt::NotStartedCause;

    #[test]
    fn an_expired_lease_differs_from_a_printer_that_cannot_be_reached() {
        let outcome = |error| match after_error(&error) {
            Some(Outcome::NotStarted { cause, reason }) => (cause, reason),
            other => panic!("{other:?}"),
        };
        let refused = "connection refused";
        let not_sent = Reason::Driver { fault: DriverFault::NotSent, detail: refused.into() };

        assert_eq!(outcome(SendError::LeaseExpired), (NotStartedCause::Interruption, Reason::LeaseExpired));
        let error = SendError::Driver(DriverError::NotSent(refused.to_owned()));
        assert_eq!(outcome(error), (NotStartedCause::Printer, not_sent));
    }
}
