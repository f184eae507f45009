//! What an import warns of, in words.

use crate::domain::import::Warning;

/// A warning.
pub fn warning(warning: Warning) -> &'static str {
    match warning {
        Warning::UnknownRegion => "the region code of the identifier is unknown",
        Warning::OtherBirthDate => "the identifier has another date of birth",
        Warning::OtherSex => "the identifier has another sex",
        Warning::LinesJoined => "line breaks or tabs in a value became blanks",
        Warning::MarkTakenOff => "an apostrophe of a spreadsheet in front of a value was taken off",
        Warning::FewerDigits => "a number is shorter than the profile says; a spreadsheet takes zeros in front off",
        Warning::OtherBackground => "the photo has another background than the year of birth asks for",
    }
}
