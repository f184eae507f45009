//! What a printer cannot guarantee, and why it must not be used without an override. Pure.

use cetak_driver_api::{Caution, Objection};
use ipp::attribute::IppAttributeGroup;
use ipp::model::Operation;

use crate::attributes::{integer, integers, text, texts};
use crate::printer_attributes::{hold_by, is_cups};
use crate::up_time::Trust;

/// The operations that the driver cannot do without.
const REQUIRED_OPERATIONS: [(Operation, &str); 6] = [
    (Operation::CreateJob, "Create-Job"),
    (Operation::SendDocument, "Send-Document"),
    (Operation::CancelJob, "Cancel-Job"),
    (Operation::GetJobAttributes, "Get-Job-Attributes"),
    (Operation::GetJobs, "Get-Jobs"),
    (Operation::GetPrinterAttributes, "Get-Printer-Attributes"),
];

/// Create-Printer-Subscriptions and Get-Notifications (RFC 3995, RFC 3996), which report restarts of CUPS.
const RESTART_OPERATIONS: [i32; 2] = [0x0016, 0x001c];

/// Schemes of a `device-uri` that CUPS forwards to another print server.
const FORWARDING_SCHEMES: [&str; 6] = ["ipp:", "ipps:", "http:", "https:", "dnssd:", "ipp14:"];

/// What cannot be guaranteed with the printer.
pub(crate) fn cautions(printer: &IppAttributeGroup, up_time: Trust) -> Vec<Caution> {
    let cautions = [
        hold_by(printer).is_none().then_some(Caution::CannotHold),
        printer.get("printer-up-time").is_none().then_some(Caution::NoUpTime),
        (up_time == Trust::Untold && !is_cups(printer)).then_some(Caution::UpTimeNoClock),
        texts(printer, "media-supported").is_empty().then_some(Caution::NoMedia),
        Some(if is_cups(printer) { Caution::CountsBackendPages } else { Caution::ForgetsJobs }),
    ];
    cautions.into_iter().flatten().collect()
}

/// Why the printer must not be used without an override.
pub(crate) fn objections(printer: &IppAttributeGroup) -> Vec<Objection> {
    let mut objections = Vec::new();
    let supported = integers(printer, "operations-supported");
    if !supported.is_empty() {
        let missing = REQUIRED_OPERATIONS.iter().filter(|(code, _)| !supported.contains(&i32::from(*code as u16)));
        let operations: Vec<String> = missing.map(|(_, name)| (*name).to_owned()).collect();
        if !operations.is_empty() {
            objections.push(Objection::MissingOperations { operations });
        }
    }
    if is_cups(printer) {
        objections.extend(objections_to_cups(printer));
    }
    objections
}

fn objections_to_cups(printer: &IppAttributeGroup) -> Vec<Objection> {
    let mut objections = vec![Objection::CupsQueue];
    let supported = integers(printer, "operations-supported");
    if !supported.is_empty() && !RESTART_OPERATIONS.iter().all(|operation| supported.contains(operation)) {
        objections.push(Objection::NoRestartEvents);
    }
    if let Some(policy) = text(printer, "printer-error-policy").filter(|policy| policy != "abort-job") {
        objections.push(Objection::ErrorPolicy { policy });
    }
    let device = text(printer, "device-uri").unwrap_or_default();
    if FORWARDING_SCHEMES.iter().any(|scheme| device.starts_with(scheme)) {
        objections.push(Objection::ForwardsJobs);
    }
    if let Some(after_s) = integer(printer, "job-cancel-after-default").filter(|seconds| *seconds > 0) {
        objections.push(Objection::CancelsLateJobs { after_s });
    }
    objections
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::samples::{operations, printer};
    use crate::wire::{keyword, name};
    use ipp::value::IppValue;

    #[test]
    fn a_printer_with_every_required_operation_has_cautions_and_no_objection() {
        let required = REQUIRED_OPERATIONS.map(|(operation, _)| i32::from(operation as u16));
        let suitable = printer(&[("operations-supported", operations(&required))]);

        assert_eq!(objections(&suitable), []);
        let expected = [Caution::CannotHold, Caution::NoUpTime, Caution::NoMedia, Caution::ForgetsJobs];
        assert_eq!(cautions(&suitable, Trust::Unknown), expected);
        let untold = printer(&[("printer-up-time", IppValue::Integer(7))]);
        assert!(cautions(&untold, Trust::Untold).contains(&Caution::UpTimeNoClock));
    }

    #[test]
    fn an_objection_names_the_operations_that_a_printer_lacks() {
        let without_jobs = printer(&[("operations-supported", operations(&[2, 11]))]);

        let operations = ["Create-Job", "Send-Document", "Cancel-Job", "Get-Job-Attributes", "Get-Jobs"];
        let operations = operations.map(str::to_owned).to_vec();
        assert_eq!(objections(&without_jobs), [Objection::MissingOperations { operations }]);
    }

    #[test]
    fn a_cups_queue_has_an_objection_and_one_more_for_each_unsafe_setting_that_it_reports() {
        let cups = || ("cups-version", IppValue::TextWithoutLanguage("2.4.2".try_into().unwrap()));
        let queue = |policy: &str, device: &str| {
            let device = IppValue::new_uri(device).unwrap();
            objections(&printer(&[cups(), ("printer-error-policy", name(policy)), ("device-uri", device)]))
        };

        assert_eq!(queue("abort-job", "usb://Vendor/Card"), [Objection::CupsQueue]);
        let retries = Objection::ErrorPolicy { policy: "retry-current-job".to_owned() };
        assert_eq!(queue("retry-current-job", "usb://Vendor/Card"), [Objection::CupsQueue, retries]);
        assert_eq!(queue("abort-job", "ipps://10.0.0.7/ipp/print"), [Objection::CupsQueue, Objection::ForwardsJobs]);
        let cancels = printer(&[cups(), ("job-cancel-after-default", IppValue::Integer(10_800))]);
        assert_eq!(objections(&cancels), [Objection::CupsQueue, Objection::CancelsLateJobs { after_s: 10_800 }]);
        assert_eq!(objections(&printer(&[("media-supported", keyword("x"))])), []);
    }
}
