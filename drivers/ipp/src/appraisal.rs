//! What a printer cannot guarantee, and why one must not be used unless a person insists: in words for the people who use
//! it. Pure.

use ipp::attribute::IppAttributeGroup;
use ipp::model::Operation;

use crate::translate::{holding, integers, texts};

/// The operations without which a card cannot be followed.
const NEEDED: [(Operation, &str); 6] = [
    (Operation::CreateJob, "Create-Job"),
    (Operation::SendDocument, "Send-Document"),
    (Operation::CancelJob, "Cancel-Job"),
    (Operation::GetJobAttributes, "Get-Job-Attributes"),
    (Operation::GetJobs, "Get-Jobs"),
    (Operation::GetPrinterAttributes, "Get-Printer-Attributes"),
];

/// Create-Printer-Subscriptions and Get-Notifications (RFC 3995, RFC 3996).
const TELL_STARTS: [i32; 2] = [0x0016, 0x001c];

/// Is it a CUPS queue, between us and the printer?
pub(crate) fn is_cups(printer: &IppAttributeGroup) -> bool {
    printer.get("cups-version").is_some()
}

/// What cannot be guaranteed, in sentences.
pub(crate) fn cautions(printer: &IppAttributeGroup) -> Vec<String> {
    let mut cautions = Vec::new();
    if holding(printer).is_none() {
        cautions.push(
            "It cannot hold a job: if this program or the line breaks while a card is sent, a person has to look what \
             became of it, and a blank may be spoiled."
                .to_owned(),
        );
    }
    if printer.get("printer-up-time").is_none() {
        cautions.push("It does not tell how long it has been running: a restart may go unnoticed.".to_owned());
    }
    if texts(printer, "media-supported").is_empty() {
        cautions.push("It names no media: nobody can check from here that it prints on cards.".to_owned());
    }
    if is_cups(printer) {
        cautions.push(
            "It counts a card only if its backend reports pages; a card that it does not count is uncertain."
                .to_owned(),
        );
    } else {
        cautions.push(
            "It may forget a finished card, after a minute or when it starts again: what ended while nobody asked is \
             then uncertain."
                .to_owned(),
        );
    }
    cautions
}

/// Why it must not be used unless a person insists, in sentences, each with its cure.
pub(crate) fn objections(printer: &IppAttributeGroup) -> Vec<String> {
    let mut objections = Vec::new();
    let can = integers(printer, "operations-supported");
    if !can.is_empty() {
        let lacks = NEEDED.iter().filter(|(operation, _)| !can.contains(&i32::from(*operation as u16)));
        let lacks: Vec<&str> = lacks.map(|(_, name)| *name).collect();
        if !lacks.is_empty() {
            objections.push(format!("It has no {}, so that a card cannot be followed.", lacks.join(", ")));
        }
    }
    if is_cups(printer) {
        objections.extend(objections_to_cups(printer));
    }
    objections
}

fn objections_to_cups(printer: &IppAttributeGroup) -> Vec<String> {
    let mut objections = vec![
        "It is a CUPS queue: after a crash CUPS forgets cards or prints them twice, unless it is set up with \
         `DirtyCleanInterval 0`, `PreserveJobFiles No`, `PreserveJobHistory Yes`, `MaxJobs 20000` and `MaxJobTime 0`, and \
         its spooled documents are removed before each start; nobody can check that from here."
            .to_owned(),
    ];
    let can = integers(printer, "operations-supported");
    if !can.is_empty() && !TELL_STARTS.iter().all(|operation| can.contains(operation)) {
        objections.push("It has no subscriptions, so that nobody can see that it started again.".to_owned());
    }
    let policy = texts(printer, "printer-error-policy");
    if let Some(policy) = policy.first().filter(|policy| *policy != "abort-job") {
        objections.push(format!(
            "Its error policy is `{policy}`, which prints a card again after a failure: \
             `lpadmin -p QUEUE -o printer-error-policy=abort-job`."
        ));
    }
    let device = texts(printer, "device-uri").into_iter().next().unwrap_or_default();
    if ["ipp:", "ipps:", "http:", "https:", "dnssd:", "ipp14:"].iter().any(|scheme| device.starts_with(scheme)) {
        objections.push(
            "It passes jobs on to another IPP printer, and reports cards that were never made: add that printer itself."
                .to_owned(),
        );
    }
    if let Some(seconds) = integers(printer, "job-cancel-after-default").first().filter(|seconds| **seconds > 0) {
        objections.push(format!("It cancels a card that waits for {seconds} s, for blanks say: `MaxJobTime 0`."));
    }
    objections
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{keyword, name};
    use ipp::attribute::IppAttribute;
    use ipp::model::DelimiterTag;
    use ipp::value::IppValue;

    fn printer(list: &[(&str, IppValue)]) -> IppAttributeGroup {
        let mut group = IppAttributeGroup::new(DelimiterTag::PrinterAttributes);
        for (name, value) in list {
            group.attributes_mut().push(IppAttribute::with_name(name, value.clone()).unwrap());
        }
        group
    }

    fn uri(text: &str) -> IppValue {
        IppValue::new_uri(text).unwrap()
    }

    #[test]
    fn a_printer_that_can_be_followed_has_no_objection_and_says_what_it_cannot() {
        let operations = NEEDED.map(|(operation, _)| IppValue::Enum(i32::from(operation as u16))).to_vec();
        let sound = printer(&[("operations-supported", IppValue::Array(operations))]);

        assert_eq!(objections(&sound), Vec::<String>::new());
        let told = cautions(&sound).join(" ");
        assert!(["hold", "running", "media", "forget"].iter().all(|word| told.contains(word)), "{told}");
    }

    #[test]
    fn a_printer_without_jobs_is_objected_by_the_operations_that_it_lacks() {
        let simple = printer(&[("operations-supported", IppValue::Array(vec![IppValue::Enum(2), IppValue::Enum(11)]))]);
        let told = objections(&simple).join(" ");
        assert!(told.contains("Create-Job") && !told.contains("Get-Printer-Attributes"), "{told}");
    }

    #[test]
    fn cups_is_objected_always_and_more_so_where_its_settings_are_seen_to_be_unsafe() {
        let cups = ("cups-version", IppValue::TextWithoutLanguage("2.4.2".try_into().unwrap()));
        let queue = |policy: &str, device: &str| {
            let policy = ("printer-error-policy", name(policy));
            objections(&printer(&[cups.clone(), policy, ("device-uri", uri(device))]))
        };

        assert_eq!(queue("abort-job", "usb://Vendor/Card").len(), 1);
        assert!(queue("retry-current-job", "usb://Vendor/Card")[1].contains("abort-job"));
        assert!(queue("abort-job", "ipps://10.0.0.7/ipp/print")[1].contains("another IPP printer"));
        let patient = printer(&[cups.clone(), ("job-cancel-after-default", IppValue::Integer(10_800))]);
        assert!(objections(&patient)[1].contains("MaxJobTime"));
        assert_eq!(objections(&printer(&[("media-supported", keyword("x"))])), Vec::<String>::new());
    }
}
