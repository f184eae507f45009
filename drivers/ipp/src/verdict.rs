//! Maps a failed request to the contract's [`DriverError`], which says what the caller may do next.

use cetak_driver_api::DriverError;

use crate::transport::CallError;

/// The reason if the printer cannot be reached. An IPP keyword.
pub(crate) const REASON_UNREACHABLE: &str = "connecting-to-device";

/// The reason for `server-error-busy`: the printer works on another job. Not an IPP keyword; coined by the driver.
pub const REASON_BUSY: &str = "printer-busy";

/// The reason for `server-error-not-accepting-jobs`: a person closed the queue. Not an IPP keyword; coined by the
/// driver.
pub const REASON_NOT_ACCEPTING: &str = "not-accepting-jobs";

/// The reason for a printer that answers no question about its jobs. Not an IPP keyword; coined by the driver.
pub const REASON_QUERIES_REFUSED: &str = "job-queries-refused";

/// The reason for a printer with another `printer-uuid` than the one that was at this address. Not an IPP keyword; coined
/// by the driver.
pub const REASON_OTHER_PRINTER: &str = "other-printer";

/// The reason for a problem that the printer does not name. An IPP keyword.
const REASON_OTHER: &str = "other";

/// The error of a query. It is not about any card, so it is never [`DriverError::OutcomeUnknown`] or [`DriverError::Rejected`].
pub(crate) fn query_fault(error: &CallError) -> DriverError {
    match error {
        CallError::NotConnected(_) | CallError::NoAnswer { .. } | CallError::HttpFailed { .. } => {
            unavailable(REASON_UNREACHABLE)
        }
        CallError::NotTrusted(_) | CallError::NoTls(_) | CallError::HttpRefused { .. } | CallError::Unusable { .. } => {
            needs_operator(error)
        }
        CallError::Refused { operation, status } => match status {
            0x0500 | 0x0502 | 0x0504 | 0x0505 => unavailable(REASON_OTHER),
            0x0506 => unavailable(REASON_NOT_ACCEPTING),
            0x0507 => unavailable(REASON_BUSY),
            // Not the permission of this machine, which the settings of the driver may mend.
            0x0401..=0x0403 => needs_operator(error),
            _ if matches!(*operation, "Get-Job-Attributes" | "Get-Jobs") => unavailable(REASON_QUERIES_REFUSED),
            _ => needs_operator(error),
        },
    }
}

/// The error of a request of an attempt whose card cannot start: its document was not sent, or its job is held.
pub(crate) fn unstarted_fault(error: &CallError) -> DriverError {
    match error {
        // 0x0404, 0x0405 and 0x0508: the job was removed during the request.
        CallError::Refused { status: 0x0404 | 0x0405 | 0x0508, .. }
        | CallError::NoAnswer { .. }
        | CallError::HttpFailed { .. } => {
            DriverError::NotSent(format!("{error}; a job that cannot print may remain in the printer"))
        }
        // The document's size, format, attributes, compression or data. The same status of another operation is not
        // about the card.
        CallError::Refused { operation: "Send-Document", status: 0x0408..=0x040b | 0x040e..=0x0412 } => {
            DriverError::Rejected(error.to_string())
        }
        CallError::NotConnected(_)
        | CallError::NotTrusted(_)
        | CallError::NoTls(_)
        | CallError::HttpRefused { .. }
        | CallError::Unusable { .. }
        | CallError::Refused { .. } => query_fault(error),
    }
}

pub(crate) fn unavailable(reason: &str) -> DriverError {
    DriverError::Unavailable { reasons: vec![reason.to_owned()] }
}

fn needs_operator(error: &CallError) -> DriverError {
    let hint = match error {
        CallError::HttpRefused { status: 401 | 403, .. } | CallError::Refused { status: 0x0401..=0x0403, .. } => {
            "; hint: allow this machine in the printer's settings, or check `user` and `password_file` in the \
             printer's options"
        }
        CallError::HttpRefused { status: 404, .. } | CallError::Refused { status: 0x0406, .. } => {
            "; hint: check the path in the printer's URI"
        }
        CallError::HttpRefused { status: 413, .. } => {
            "; hint: raise the size of a request in the printer's settings, or let it take another document format"
        }
        CallError::HttpRefused { status: 426, .. } => "; hint: change the printer's URI to `ipps://`",
        CallError::HttpRefused { .. }
        | CallError::HttpFailed { .. }
        | CallError::Unusable { .. }
        | CallError::Refused { .. }
        | CallError::NotConnected(_)
        | CallError::NotTrusted(_)
        | CallError::NoTls(_)
        | CallError::NoAnswer { .. } => "",
    };
    DriverError::NeedsOperator(format!("{error}{hint}"))
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
    fn the_fault_of_a_query_is_never_about_a_card() {
        let refusals = (0x0100..=0x0fff_u16).map(refused).chain((300..500).map(http));
        for error in refusals.chain([no_answer(), CallError::NotConnected("x".into())]) {
            let fault = query_fault(&error);
            assert!(
                matches!(fault, DriverError::Unavailable { .. } | DriverError::NeedsOperator(_)),
                "{error} is {fault}"
            );
        }
    }

    #[test]
    fn the_fault_of_an_unstarted_card_never_leaves_the_outcome_unknown() {
        for error in (0x0100..=0x0fff_u16).map(refused).chain([no_answer(), CallError::NotTrusted("x".into())]) {
            assert!(!matches!(unstarted_fault(&error), DriverError::OutcomeUnknown(_)), "{error}");
        }
    }

    #[test]
    fn only_a_refused_document_counts_as_a_failure_of_the_card() {
        let is_rejected = |fault| matches!(fault, DriverError::Rejected(_));
        let needs_operator = |fault| matches!(fault, DriverError::NeedsOperator(_));
        assert_eq!(unstarted_fault(&refused(0x0507)), unavailable(REASON_BUSY));
        assert_eq!(unstarted_fault(&refused(0x0506)), unavailable(REASON_NOT_ACCEPTING));
        assert_eq!(unstarted_fault(&CallError::NotConnected("x".into())), unavailable(REASON_UNREACHABLE));
        assert!(matches!(unstarted_fault(&no_answer()), DriverError::NotSent(_)));
        for status in [0x0408, 0x040a, 0x040b, 0x0411] {
            let about_the_card = CallError::Refused { operation: "Send-Document", status };
            assert!(is_rejected(unstarted_fault(&about_the_card)), "{status:#x}");
            assert!(needs_operator(unstarted_fault(&refused(status))), "{status:#x}");
        }
        for status in [0x0400, 0x0401, 0x0403, 0x0406, 0x0501, 0x0503, 0x0fff] {
            assert!(needs_operator(unstarted_fault(&refused(status))), "{status:#x}");
        }
        for status in [302, 401, 403, 404, 426] {
            assert!(needs_operator(unstarted_fault(&http(status))), "{status}");
        }
        assert!(needs_operator(unstarted_fault(&CallError::NotTrusted("unknown issuer".into()))));
    }
}
