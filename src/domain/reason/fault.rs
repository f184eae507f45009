//! The arguments of reasons that are codes themselves.

use serde::{Deserialize, Serialize};

use super::detail::Detail;

/// What is wrong with an identifier.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IdentifierFault {
    /// Its length is outside the profile's range, in characters.
    Length { least: usize, most: usize },
    /// It has other characters than letters, digits and hyphens.
    Characters,
    /// It is not 16 digits.
    Digits,
    /// Nothing of it is left that the profile compares.
    Ignored,
    /// Its day is outside 01 to 31 and 41 to 71.
    Day,
    /// Its date of birth does not exist.
    Date,
    /// Its serial is 0000.
    Serial,
    /// It is a number in scientific notation, as a spreadsheet shows long numbers.
    Scientific,
}

/// What is wrong with a cell of a spreadsheet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CellFault {
    /// It is a number with more digits than a spreadsheet keeps.
    Rounded,
    /// It is TRUE or FALSE.
    Boolean,
    /// It is a time of day, or a duration.
    TimeOfDay,
    /// It is shown as a date, and its number is that of no day.
    NotADay,
    /// It is a formula whose result is not in the file.
    NotCalculated,
    /// `#N/A`: a formula found nothing.
    NotAvailable,
    /// `#DIV/0!`
    DividedByZero,
    /// `#NAME?`
    UnknownName,
    /// `#NULL!`
    NoIntersection,
    /// `#NUM!`
    NotANumber,
    /// `#REF!`: a cell of a formula does not exist any more.
    NoReference,
    /// `#VALUE!`
    WrongType,
    /// Another error of a formula, or a value that its format does not have.
    OtherError,
}

impl CellFault {
    /// The errors of formulas that have one name in every spreadsheet.
    pub const ERRORS: [(Self, &str); 7] = [
        (Self::NotAvailable, "#N/A"),
        (Self::DividedByZero, "#DIV/0!"),
        (Self::UnknownName, "#NAME?"),
        (Self::NoIntersection, "#NULL!"),
        (Self::NotANumber, "#NUM!"),
        (Self::NoReference, "#REF!"),
        (Self::WrongType, "#VALUE!"),
    ];

    /// The name that a spreadsheet shows.
    pub fn error_name(self) -> Option<&'static str> {
        Self::ERRORS.iter().find(|(fault, _)| *fault == self).map(|(_, name)| *name)
    }
}

/// What is wrong with a photo.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PhotoFault {
    /// Its path leads out of the photo folder.
    OutsideFolder,
    /// The photo folder does not exist.
    NoFolder,
    /// The file does not exist.
    NoFile,
    /// The file does not exist, but one does whose path differs in case, in `\` for `/`, or in folders at its beginning.
    SimilarFile,
    /// The path is not that of a file.
    NotAFile,
    /// The file cannot be read.
    Unreadable,
    /// The file is empty.
    Empty,
    /// The file is larger than 20 MiB.
    FileTooLarge,
    /// It is neither a JPEG nor a PNG.
    Kind,
    /// It has too many pixels or bytes.
    TooLarge,
    /// It has too few pixels.
    TooSmall,
    /// The file ends early.
    CutOff,
    /// It is a kind of JPEG or PNG that cannot be decoded.
    Unsupported,
    /// Its content is damaged.
    Corrupt,
    /// The stored name of the photo is damaged.
    Name,
    /// The stored photo was deleted after hand-over.
    Purged,
    /// The stored photo cannot be decrypted.
    Sealed,
}

/// Why a card cannot be rendered. `field` is a field of the record, or several separated by commas.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "fault", rename_all = "kebab-case")]
pub enum RenderFault {
    /// The font lacks a character of the field.
    Character { field: String, code_point: u32 },
    /// The field does not fit its place at the least size and the most lines.
    TooLong { field: String },
    /// A machine-readable code has no text.
    CodeEmpty { field: String },
    /// The text of a machine-readable code is too long.
    CodeTooLong { field: String, bytes: usize, bytes_max: usize },
    /// A machine-readable code cannot carry a character of its text.
    CodeCharacter { field: String, code_point: u32 },
    /// A machine-readable code does not fit its place; lengths in dots.
    CodePlace { field: String, width: u32, height: u32, width_min: u64, height_min: u64 },
    /// The encoder of machine-readable codes failed.
    CodeEncoder { field: String },
    /// A mandatory field of the machine-readable zone is empty.
    MrzMissing { field: String },
    /// The machine-readable zone cannot show a character of the field.
    MrzCharacter { field: String, code_point: u32 },
    /// The field has more characters than the machine-readable zone has for it.
    MrzTooLong { field: String, length_max: usize },
    /// The field is not a date that the machine-readable zone can show.
    MrzDate { field: String },
    /// The document code is not allowed on a TD1 card (ICAO 9303, part 5).
    MrzDocumentCode,
    /// The sex is not `M`, `F`, `X` or empty.
    MrzSex,
    /// The photo cannot be used.
    Photo { photo: PhotoFault },
    /// The renderer panicked.
    Panicked,
    /// The profile or the program is to blame; `detail` is the renderer's text.
    Profile { detail: Detail },
}

/// Why the stored data of a record cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SealedFault {
    /// They are not in the database.
    Missing,
    /// They were sealed with another key.
    OtherKey,
    /// They were changed after they were sealed.
    Changed,
    /// They are not the fields of a record.
    NotARecord,
}

/// Which call of a driver failed, by what it means for the card.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DriverFault {
    /// Nothing was sent.
    NotSent,
    /// The printer refused this card.
    Rejected,
    /// A person must act on the printer first.
    NeedsOperator,
    /// A card may exist.
    OutcomeUnknown,
}
