//! The printer attributes that decide how the driver sends a card. Pure.

use ipp::attribute::IppAttributeGroup;
use ipp::model::Operation;

use crate::attributes::{has_text, integers, texts};

/// The `requested-attributes` of Get-Printer-Attributes: all that `capabilities`, `status`, `suitability` and
/// [`PrinterAttributes`] read.
pub(crate) const REQUESTED_PRINTER_ATTRIBUTES: [&str; 27] = [
    "copies-supported",
    "cups-version",
    "device-uri",
    "color-supported",
    "document-format-supported",
    "job-cancel-after-default",
    "job-hold-until-supported",
    "marker-levels",
    "marker-names",
    "marker-types",
    "media-supported",
    "operations-supported",
    "print-scaling-supported",
    "printer-error-policy",
    "printer-impressions-completed",
    "printer-is-accepting-jobs",
    "printer-make-and-model",
    "printer-resolution-supported",
    "printer-state",
    "printer-state-reasons",
    "printer-up-time",
    "printer-uuid",
    "pwg-raster-document-resolution-supported",
    "pwg-raster-document-sheet-back",
    "pwg-raster-document-type-supported",
    "sides-supported",
    "urf-supported",
];

/// How a printer is asked to hold a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HoldBy {
    /// `job-hold-until` in Create-Job.
    Attribute,
    /// Hold-Job after Create-Job.
    Operation,
}

/// The attributes that the driver needs for a job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PrinterAttributes {
    /// `document-format-supported`.
    pub(crate) document_formats: Vec<String>,
    /// `copies-supported` is present, so the printer's default may be more than one copy.
    pub(crate) supports_copies: bool,
    /// `sides-supported`.
    pub(crate) sides: Vec<String>,
    /// `media-supported`.
    pub(crate) media: Vec<String>,
    /// `print-scaling-supported` has `none`.
    pub(crate) can_skip_scaling: bool,
    /// How the printer holds a job, if it can.
    pub(crate) hold_by: Option<HoldBy>,
    /// The printer is a CUPS queue.
    pub(crate) is_cups: bool,
}

impl PrinterAttributes {
    pub(crate) fn read(printer: &IppAttributeGroup) -> Self {
        Self {
            document_formats: texts(printer, "document-format-supported"),
            supports_copies: printer.get("copies-supported").is_some(),
            sides: texts(printer, "sides-supported"),
            media: texts(printer, "media-supported"),
            can_skip_scaling: has_text(printer, "print-scaling-supported", "none"),
            hold_by: hold_by(printer),
            is_cups: is_cups(printer),
        }
    }

    /// How the printer holds a document of that format, if it can. PAPPL prints rasters while it receives them, held or
    /// not, and answers Send-Document when the card is done. CUPS spools every format.
    pub(crate) fn hold_by(&self, format: &str) -> Option<HoldBy> {
        self.hold_by.filter(|_| self.is_cups || !matches!(format, "image/pwg-raster" | "image/urf"))
    }
}

/// How the printer holds a job. `None` if it cannot hold one, or cannot release it again.
pub(crate) fn hold_by(printer: &IppAttributeGroup) -> Option<HoldBy> {
    let supports = |operation| integers(printer, "operations-supported").contains(&i32::from(operation as u16));
    if !supports(Operation::ReleaseJob) {
        None
    } else if has_text(printer, "job-hold-until-supported", "indefinite") {
        Some(HoldBy::Attribute)
    } else if supports(Operation::HoldJob) {
        Some(HoldBy::Operation)
    } else {
        None
    }
}

/// Whether a CUPS queue stands between the driver and the printer.
pub(crate) fn is_cups(printer: &IppAttributeGroup) -> bool {
    printer.get("cups-version").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::samples::{operations, printer};
    use crate::wire::{keyword, keywords};

    #[test]
    fn a_printer_that_cannot_release_cannot_hold() {
        let indefinite = || ("job-hold-until-supported", keywords(&["no-hold", "indefinite"]));
        let night = || ("job-hold-until-supported", keywords(&["no-hold", "night"]));
        for (expected, attributes) in [
            (Some(HoldBy::Attribute), vec![indefinite(), ("operations-supported", operations(&[5, 6, 0x0c, 0x0d]))]),
            (Some(HoldBy::Attribute), vec![indefinite(), ("operations-supported", operations(&[0x0d]))]),
            (Some(HoldBy::Operation), vec![night(), ("operations-supported", operations(&[0x0c, 0x0d]))]),
            (Some(HoldBy::Operation), vec![("operations-supported", operations(&[0x0c, 0x0d]))]),
            (None, vec![indefinite(), ("operations-supported", operations(&[5, 6, 0x0c]))]),
            (None, vec![night(), ("operations-supported", operations(&[0x0d]))]),
            (None, vec![indefinite()]),
        ] {
            assert_eq!(hold_by(&printer(&attributes)), expected, "{attributes:?}");
        }
    }

    #[test]
    fn only_cups_holds_rasters() {
        let holds = [("operations-supported", operations(&[0x0c, 0x0d]))];
        let cups = [&holds[..], &[("cups-version", keyword("2.4.2"))]].concat();

        let (pappl, cups) = (PrinterAttributes::read(&printer(&holds)), PrinterAttributes::read(&printer(&cups)));

        for format in ["image/pwg-raster", "image/urf"] {
            assert_eq!((pappl.hold_by(format), cups.hold_by(format)), (None, Some(HoldBy::Operation)), "{format}");
        }
        assert_eq!(pappl.hold_by("application/pdf"), Some(HoldBy::Operation));
    }
}
