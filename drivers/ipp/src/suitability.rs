//! What a printer cannot guarantee, and why it must not be used without an override. Pure. The sentences are shown to the
//! people who use the printer.

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

/// What cannot be guaranteed with the printer, one sentence each.
pub(crate) fn cautions(printer: &IppAttributeGroup, up_time: Trust) -> Vec<String> {
    let mut cautions = Vec::new();
    if hold_by(printer).is_none() {
        cautions.push(
            "It cannot hold a job: if this program or the connection fails while a card is sent, a blank may be \
             spoiled, and a person has to check what became of the card."
                .to_owned(),
        );
    }
    if printer.get("printer-up-time").is_none() {
        cautions.push("It does not report its up-time: a restart may go unnoticed.".to_owned());
    }
    if up_time == Trust::Untold && !is_cups(printer) {
        cautions.push(
            "Its up-time does not count seconds, so it does not tell restarts: a restart may go unnoticed.".to_owned(),
        );
    }
    if texts(printer, "media-supported").is_empty() {
        cautions.push("It reports no media: this program cannot check that it prints on cards.".to_owned());
    }
    cautions.push(if is_cups(printer) {
        "It counts a card only if its backend reports pages: a card that it does not count is uncertain.".to_owned()
    } else {
        "It may forget a finished card after a minute or when it restarts: a card whose end was not seen in time is \
         uncertain."
            .to_owned()
    });
    cautions
}

/// Why the printer must not be used without an override, one sentence each, with the remedy if there is one.
pub(crate) fn objections(printer: &IppAttributeGroup) -> Vec<String> {
    let mut objections = Vec::new();
    let supported = integers(printer, "operations-supported");
    if !supported.is_empty() {
        let missing = REQUIRED_OPERATIONS.iter().filter(|(code, _)| !supported.contains(&i32::from(*code as u16)));
        let missing: Vec<&str> = missing.map(|(_, name)| *name).collect();
        if !missing.is_empty() {
            objections.push(format!("It does not support {}: its cards cannot be followed.", missing.join(", ")));
        }
    }
    if is_cups(printer) {
        objections.extend(objections_to_cups(printer));
    }
    objections
}

fn objections_to_cups(printer: &IppAttributeGroup) -> Vec<String> {
    let mut objections = vec![
        "It is a CUPS queue: after a crash CUPS forgets cards or prints them twice, unless it is configured with \
         `DirtyCleanInterval 0`, `PreserveJobFiles No`, `PreserveJobHistory Yes`, `MaxJobs 20000` and `MaxJobTime 0`, \
         and its spooled documents are removed before each start; this program cannot check these settings."
            .to_owned(),
    ];
    let supported = integers(printer, "operations-supported");
    if !supported.is_empty() && !RESTART_OPERATIONS.iter().all(|operation| supported.contains(operation)) {
        objections.push("It does not support subscriptions: its restarts cannot be detected.".to_owned());
    }
    if let Some(policy) = text(printer, "printer-error-policy").filter(|policy| policy != "abort-job") {
        objections.push(format!(
            "Its error policy is `{policy}`, which prints a card again after a failure: set it with \
             `lpadmin -p QUEUE -o printer-error-policy=abort-job`."
        ));
    }
    let device = text(printer, "device-uri").unwrap_or_default();
    if FORWARDING_SCHEMES.iter().any(|scheme| device.starts_with(scheme)) {
        objections.push(
            "It forwards jobs to another IPP printer and reports cards that were never made: add that printer itself."
                .to_owned(),
        );
    }
    if let Some(seconds) = integer(printer, "job-cancel-after-default").filter(|seconds| *seconds > 0) {
        objections.push(format!(
            "It cancels a job that is not finished after {seconds} s, for example one that waits for blanks: set \
             `MaxJobTime 0`."
        ));
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

        assert_eq!(objections(&suitable), Vec::<String>::new());
        let cautions = cautions(&suitable, Trust::Unknown).join(" ");
        assert!(["hold", "up-time", "media", "forget"].iter().all(|word| cautions.contains(word)), "{cautions}");
    }

    #[test]
    fn an_objection_names_the_operations_that_a_printer_lacks() {
        let without_jobs = printer(&[("operations-supported", operations(&[2, 11]))]);

        let objections = objections(&without_jobs).join(" ");

        assert!(objections.contains("Create-Job") && !objections.contains("Get-Printer-Attributes"), "{objections}");
    }

    #[test]
    fn a_cups_queue_has_an_objection_and_one_more_for_each_unsafe_setting_that_it_reports() {
        let cups = || ("cups-version", IppValue::TextWithoutLanguage("2.4.2".try_into().unwrap()));
        let queue = |policy: &str, device: &str| {
            let device = IppValue::new_uri(device).unwrap();
            objections(&printer(&[cups(), ("printer-error-policy", name(policy)), ("device-uri", device)]))
        };

        assert_eq!(queue("abort-job", "usb://Vendor/Card").len(), 1);
        assert!(queue("retry-current-job", "usb://Vendor/Card")[1].contains("abort-job"));
        assert!(queue("abort-job", "ipps://10.0.0.7/ipp/print")[1].contains("another IPP printer"));
        let cancels = printer(&[cups(), ("job-cancel-after-default", IppValue::Integer(10_800))]);
        assert!(objections(&cancels)[1].contains("MaxJobTime"));
        assert_eq!(objections(&printer(&[("media-supported", keyword("x"))])), Vec::<String>::new());
    }
}
