//! What is odd about an imported row, and no reason to refuse it.

use serde::{Deserialize, Serialize};

/// A warning. The wording is the surface's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Warning {
    /// The profile does not know the region code of the identifier.
    UnknownRegion,
    /// The identifier has another date of birth than the record.
    OtherBirthDate,
    /// The identifier has another sex than the record.
    OtherSex,
    /// The instant of verification is before that of the request.
    VerifiedBeforeRequest,
    /// The photo has another background than the profile asks for, by year of birth.
    OtherBackground,
    /// Line breaks or tabs in a value became blanks.
    LinesJoined,
    /// A spreadsheet's apostrophe in front of a value was taken off.
    MarkTakenOff,
    /// A value that is no number begins with an apostrophe, which is kept: a letter of a name, or the mark of a spreadsheet.
    ApostropheInFront,
    /// A value has fewer digits than the profile says: a spreadsheet takes zeros in front off.
    FewerDigits,
    /// A value is left out: the mapping has a table for its column, which does not have it.
    ValueLeftOut,
}
