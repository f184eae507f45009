//! Why something is as it is, where the program decided it: codes with arguments, stored in rows and events and written
//! into files of refused rows. The wording is the surface's. Nothing personal is ever an argument.

use serde::{Deserialize, Serialize};

/// A reason that the program gives. In JSON `{"code": "status", "args": {"status": "BIO_CAPTURED"}}`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "code", content = "args", rename_all = "kebab-case")]
pub enum Reason {
    // The form of a row.
    /// Lines of the row, from 1, look like rows: a quote before them is not closed.
    OpenQuote { rows: usize, first_line: u64, last_line: u64 },
    /// The row has another number of fields than the header.
    FieldCount { found: usize, expected: usize },
    /// The row is longer than this, bytes.
    RowTooLong { most: usize },
    /// The value is not UTF-8 text.
    NotUtf8,
    /// The line is not a JSON object.
    NotAnObject,
    /// The value is neither a text nor a number.
    NotAValue,

    // The values of a row.
    /// The value is missing.
    Missing,
    /// The value is longer than this, bytes.
    TooLong { most: usize },
    /// The profile has no request kind of this name.
    UnknownKind,
    /// The source says with this status that the record is not to be printed.
    Status { status: String },
    /// The identifier is not valid.
    Identifier { fault: IdentifierFault },
    /// The value is not a date.
    NotADate,
    /// The value is not an instant.
    NotAnInstant,
    /// The instant is in the future.
    InTheFuture,
    /// The photo cannot be used.
    Photo { fault: PhotoFault },
    /// The card cannot be rendered; `detail` is the renderer's text.
    NotRendered { detail: String },

    // A row beside what is known.
    /// The request is known for another card profile.
    OtherProfile,
    /// The request is known with other values.
    OtherBody,
    /// The card of the request is handed over.
    HandedOver,
    /// Another request of the same person is open.
    OtherRequestOpen,
    /// The person holds a card, which this kind of request does not replace.
    LivingCard,
    /// The record was updated while its card was being printed.
    UpdatedInHand,
    /// The record was updated after its card was rendered.
    UpdatedAfterRendering,
}

/// What is wrong with an identifier.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentifierFault {
    /// Its length is outside the profile's range.
    Length,
    /// It has other characters than letters, digits and hyphens.
    Characters,
    /// It is not 16 digits.
    Digits,
    /// Its day is outside 01 to 31 and 41 to 71.
    Day,
    /// Its date of birth does not exist.
    Date,
    /// Its serial is 0000.
    Serial,
}

/// What is wrong with a photo.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhotoFault {
    /// Its path leads out of the photo folder.
    OutsideFolder,
    /// The photo folder does not exist.
    NoFolder,
    /// The file does not exist.
    NoFile,
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
}

/// What a stored reason is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StoredReason {
    /// A reason that the program gave.
    Coded(Reason),
    /// A person's text, or one of an earlier version of the program.
    Quoted(String),
}

impl Reason {
    /// The text that is stored: compact JSON.
    pub fn to_stored(&self) -> String {
        // Cannot fail: all arguments are texts and numbers.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// From the stored text. Any text that is not the JSON of a reason is a quotation.
    pub fn from_stored(text: &str) -> StoredReason {
        match serde_json::from_str(text) {
            Ok(reason) => StoredReason::Coded(reason),
            Err(_) => StoredReason::Quoted(text.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_stored_as_code_and_arguments_and_reads_back() {
        for (reason, stored) in [
            (Reason::LivingCard, r#"{"code":"living-card"}"#),
            (Reason::Status { status: "BIO_CAPTURED".into() }, r#"{"code":"status","args":{"status":"BIO_CAPTURED"}}"#),
            (Reason::Photo { fault: PhotoFault::CutOff }, r#"{"code":"photo","args":{"fault":"cut-off"}}"#),
        ] {
            assert_eq!(reason.to_stored(), stored);
            assert_eq!(Reason::from_stored(stored), StoredReason::Coded(reason));
        }
    }

    #[test]
    fn any_other_text_is_a_quotation() {
        for text in ["", "looks odd", "{}", r#"{"code":"of a later version"}"#, "\"missing\"", "7"] {
            assert_eq!(Reason::from_stored(text), StoredReason::Quoted(text.into()), "{text}");
        }
    }
}
