//! A printer's present status, from its attributes. Pure.

use cetak_driver_api::{Condition, PrinterStatus, Supply, reason_keyword};
use ipp::attribute::IppAttributeGroup;

use crate::attributes::{REASONS_MAX, boolean, integer, integers, is_reason, reasons, texts};

/// `None` if the printer does not report `printer-state`, or a value of RFC 8011, section 5.4.11.
pub(crate) fn status(printer: &IppAttributeGroup) -> Option<PrinterStatus> {
    let condition = match integer(printer, "printer-state") {
        Some(3) => Condition::Idle,
        Some(4) => Condition::Processing,
        Some(5) => Condition::Stopped,
        _ => return None,
    };
    let reasons = texts(printer, "printer-state-reasons").into_iter().filter(|reason| is_reason(reason));
    Some(PrinterStatus {
        condition,
        reasons: reasons.take(REASONS_MAX).collect(),
        // If a silent printer does not accept jobs, Create-Job fails.
        accepting_jobs: boolean(printer, "printer-is-accepting-jobs").unwrap_or(true),
        supplies: supplies(printer),
    })
}

/// `printer-state-reasons` without severity suffixes.
pub(crate) fn reason_keywords(printer: &IppAttributeGroup) -> Vec<String> {
    reasons(printer, "printer-state-reasons", reason_keyword)
}

fn supplies(printer: &IppAttributeGroup) -> Vec<Supply> {
    let levels = integers(printer, "marker-levels");
    // Negative levels: -1 unavailable, -2 unknown, -3 some left.
    let percent = |level: i32| u8::try_from(level).ok().filter(|percent| *percent <= 100);
    let kinds = texts(printer, "marker-types");
    let supply = |(position, name)| Supply {
        name,
        kind: kinds.get(position).cloned(),
        level_percent: levels.get(position).copied().and_then(percent),
    };
    texts(printer, "marker-names").into_iter().enumerate().map(supply).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::samples::printer;
    use crate::wire::{keywords, name};
    use ipp::value::IppValue;

    #[test]
    fn a_status_has_the_printers_reasons_with_their_suffixes_and_without_none() {
        let read = status(&printer(&[
            ("printer-state", IppValue::Enum(4)),
            ("printer-state-reasons", keywords(&["media-empty-warning", "none", "media-empty-error", "other"])),
            ("printer-is-accepting-jobs", IppValue::Boolean(false)),
            ("marker-names", IppValue::Array(vec![name("YMCKO"), name("overlay"), name("cleaner"), name("x")])),
            ("marker-types", keywords(&["ink-ribbon", "other", "cleaner-unit"])),
            ("marker-levels", IppValue::Array(vec![80, -2, 101].into_iter().map(IppValue::Integer).collect())),
        ]));

        let supply = |name: &str, kind: Option<&str>, level_percent| Supply {
            name: name.into(),
            kind: kind.map(str::to_owned),
            level_percent,
        };
        let expected = PrinterStatus {
            condition: Condition::Processing,
            reasons: vec!["media-empty-warning".into(), "media-empty-error".into(), "other".into()],
            accepting_jobs: false,
            supplies: vec![
                supply("YMCKO", Some("ink-ribbon"), Some(80)),
                supply("overlay", Some("other"), None),
                supply("cleaner", Some("cleaner-unit"), None),
                supply("x", None, None),
            ],
        };
        assert_eq!(read, Some(expected));
    }

    #[test]
    fn a_printer_without_a_known_state_has_no_status() {
        assert_eq!(status(&printer(&[("printer-state", IppValue::Enum(9))])), None);
        assert_eq!(status(&printer(&[])), None);
    }
}
