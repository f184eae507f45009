//! Failures of requests to the verdicts of the contract: what the caller may do next.

use cetak_driver_api::Fault;

use crate::transport::CallError;

/// The reason when the printer cannot be reached, from IPP's own list.
pub(crate) const REASON_UNREACHABLE: &str = "connecting-to-device";

/// The reason of `server-error-busy`: another job has the printer. IPP has no keyword for it.
pub const REASON_BUSY: &str = "printer-busy";

/// The reason of `server-error-not-accepting-jobs`: somebody closed the queue. IPP has no keyword for it.
pub const REASON_NOT_ACCEPTING: &str = "not-accepting-jobs";

/// IPP's keyword for trouble that the printer does not name.
const REASON_OTHER: &str = "other";

/// The verdict on a question. It says nothing about any card.
pub(crate) fn on_question(error: &CallError) -> Fault {
    match error {
        CallError::NotConnected(_) | CallError::NoAnswer { .. } => unavailable(REASON_UNREACHABLE),
        CallError::NotTrusted(_) | CallError::NoTls(_) | CallError::HttpRefused { .. } => needs_operator(error),
        CallError::Refused { status, .. } => match status {
            0x0500 | 0x0502 | 0x0504 | 0x0505 => unavailable(REASON_OTHER),
            0x0506 => unavailable(REASON_NOT_ACCEPTING),
            0x0507 => unavailable(REASON_BUSY),
            _ => needs_operator(error),
        },
    }
}

/// The verdict on a request for a card where it is sure that none can start: no document was sent, or it is held.
pub(crate) fn on_cardless_request(error: &CallError) -> Fault {
    match error {
        // Also 0x0404, 0x0405 and 0x0508: the job went away under the request.
        CallError::Refused { status: 0x0404 | 0x0405 | 0x0508, .. } | CallError::NoAnswer { .. } => {
            Fault::NotSent(format!("{error}; a job without a card may be left in the printer"))
        }
        // What the card is: too long, format, attributes, conflicting attributes, compression, document. Other requests say
        // nothing of a card.
        CallError::Refused { operation: "Send-Document", status: 0x0408..=0x040b | 0x040e..=0x0412 } => {
            Fault::Rejected(error.to_string())
        }
        CallError::NotConnected(_)
        | CallError::NotTrusted(_)
        | CallError::NoTls(_)
        | CallError::HttpRefused { .. }
        | CallError::Refused { .. } => on_question(error),
    }
}

pub(crate) fn unavailable(reason: &str) -> Fault {
    Fault::Unavailable { reasons: vec![reason.to_owned()] }
}

fn needs_operator(error: &CallError) -> Fault {
    let hint = match error {
        CallError::HttpRefused { status: 401 | 403, .. } | CallError::Refused { status: 0x0401..=0x0403, .. } => {
            "; hint: let the printer admit this machine, or check `user` and `password_file` in the printer's options"
        }
        CallError::HttpRefused { status: 404, .. } | CallError::Refused { status: 0x0406, .. } => {
            "; hint: check the path in the printer's URI"
        }
        CallError::HttpRefused { status: 426, .. } => "; hint: write the printer's URI with `ipps://`",
        CallError::HttpRefused { .. }
        | CallError::Refused { .. }
        | CallError::NotConnected(_)
        | CallError::NotTrusted(_)
        | CallError::NoTls(_)
        | CallError::NoAnswer { .. } => "",
    };
    Fault::NeedsOperator(format!("{error}{hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16) -> CallError {
        CallError::Refused { operation: "Create-Job", status }
    }

    fn http(status: u16) -> CallError {
        CallError::HttpRefused { operation: "Create-Job", status }
    }

    fn no_answer() -> CallError {
        CallError::NoAnswer { operation: "Create-Job", reason: "it took too long".into() }
    }

    #[test]
    fn a_question_never_ends_in_a_verdict_on_a_card() {
        let refusals = (0x0100..=0x0fff_u16).map(refused).chain((300..500).map(http));
        for error in refusals.chain([no_answer(), CallError::NotConnected("x".into())]) {
            let fault = on_question(&error);
            assert!(matches!(fault, Fault::Unavailable { .. } | Fault::NeedsOperator(_)), "{error} is {fault}");
        }
    }

    #[test]
    fn a_request_that_cannot_make_a_card_never_leaves_the_outcome_unknown() {
        for error in (0x0100..=0x0fff_u16).map(refused).chain([no_answer(), CallError::NotTrusted("x".into())]) {
            assert!(!matches!(on_cardless_request(&error), Fault::OutcomeUnknown(_)), "{error}");
        }
    }

    #[test]
    fn verdicts_say_what_to_do_next() {
        let is_rejected = |fault| matches!(fault, Fault::Rejected(_));
        let is_for_a_person = |fault| matches!(fault, Fault::NeedsOperator(_));
        assert_eq!(on_cardless_request(&refused(0x0507)), unavailable(REASON_BUSY));
        assert_eq!(on_cardless_request(&refused(0x0506)), unavailable(REASON_NOT_ACCEPTING));
        assert_eq!(on_cardless_request(&CallError::NotConnected("x".into())), unavailable(REASON_UNREACHABLE));
        assert!(matches!(on_cardless_request(&no_answer()), Fault::NotSent(_)));
        for status in [0x0408, 0x040a, 0x040b, 0x0411] {
            let of_the_card = CallError::Refused { operation: "Send-Document", status };
            assert!(is_rejected(on_cardless_request(&of_the_card)), "{status:#x}");
            assert!(is_for_a_person(on_cardless_request(&refused(status))), "{status:#x}");
        }
        for status in [0x0400, 0x0401, 0x0403, 0x0406, 0x0501, 0x0503, 0x0fff] {
            assert!(is_for_a_person(on_cardless_request(&refused(status))), "{status:#x}");
        }
        for status in [302, 401, 403, 404, 426] {
            assert!(is_for_a_person(on_cardless_request(&http(status))), "{status}");
        }
        assert!(is_for_a_person(on_cardless_request(&CallError::NotTrusted("unknown issuer".into()))));
    }
}
