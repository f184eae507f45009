//! Why a printer must not be used for the cards of a profile, unless a person overrides it with a note.

use serde::{Deserialize, Serialize};

use super::reason::Detail;

/// An objection to a printer. The wording is the surface's.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "code", content = "args", rename_all = "kebab-case")]
pub enum Objection {
    /// The printer lacks operations that its driver needs, named as in its protocol.
    MissingOperations { operations: Vec<String> },
    /// It is a CUPS queue, which after a crash forgets cards or prints them twice unless it is configured for cards.
    CupsQueue,
    /// Its restarts cannot be detected.
    NoRestartEvents,
    /// It is a queue whose `printer-error-policy` prints a card again after a failure.
    ErrorPolicy { policy: Detail },
    /// It forwards jobs to another IPP printer, and reports cards that were never made.
    ForwardsJobs,
    /// It cancels a job that is not finished after that time, `job-cancel-after-default` in seconds.
    CancelsLateJobs { after_s: i32 },
    /// The printer accepts none of the formats in which cards are rendered.
    NoFormat { formats: Vec<String> },
    /// The printer accepts these raster formats, but reports no resolution with the same dots per inch in both directions, in
    /// the range that is rendered. `offered`: the resolutions that it reports, in cross-feed and feed direction.
    NoResolution { formats: Vec<String>, offered: Vec<[u32; 2]> },
    /// The cards have two sides, and the printer reports no two-sided `sides`.
    OneSided { profile: String },
    /// The cards have two sides, and the printer accepts no format that holds two.
    OneSidedFormats { profile: String },
    /// The printer reports no medium of the size of the cards. Lengths in hundredths of a millimetre, as in `media-size`
    /// (PWG 5100.3).
    NoMedium { profile: String, width: u32, height: u32 },
    /// It has the `printer-uuid` of a printer that is there under another address.
    SameDevice { printer: String },
}
