//! What the printer turned out not to do, though it reported that it does or cannot report it. Kept until a job shows
//! otherwise, and part of the status, so that no further card is begun.

use std::sync::{Mutex, PoisonError};

/// The reason of a printer that does not keep `job-name`, so that its jobs cannot be found. Not an IPP keyword; coined
/// by the driver, like all of this file.
pub const REASON_NAME_NOT_KEPT: &str = "job-name-not-kept";

/// The reasons of a printer that created a job without the attribute that was requested.
const IGNORED: [(&str, &str); 5] = [
    ("sides", "sides-ignored"),
    ("media", "media-ignored"),
    ("copies", "copies-ignored"),
    ("print-scaling", "print-scaling-ignored"),
    ("job-name", REASON_NAME_NOT_KEPT),
];

/// The reason if it is none of these, or if the printer does not say which.
pub(crate) const REASON_IGNORED: &str = "job-attributes-ignored";

/// The reason for an attribute that the printer ignored or replaced.
pub(crate) fn reason_of(attribute: &str) -> &'static str {
    IGNORED.iter().find(|(name, _)| *name == attribute).map_or(REASON_IGNORED, |(_, reason)| reason)
}

/// The reasons, in the order in which they were noticed.
#[derive(Debug, Default)]
pub(crate) struct Shortcomings(Mutex<Vec<&'static str>>);

impl Shortcomings {
    pub(crate) fn add(&self, reasons: &[&'static str]) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for reason in reasons {
            if !known.contains(reason) {
                known.push(reason);
            }
        }
    }

    /// A job was created as it was requested.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(crate) fn reasons(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|reason| (*reason).to_owned()).collect()
    }
}
