//! Why a card cannot be rendered.

use cetak_picture::photo::PhotoError;

use super::code::CodeError;
use crate::domain::card::mrz::MrzError;

/// Why a card cannot be rendered. No message contains personal data, except the code point of one character.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The profile is invalid: none of its cards can be rendered.
    #[error(transparent)]
    Profile(#[from] ProfileFault),
    /// A value of the record has a character that the font lacks.
    #[error("field `{field}` has the character U+{code_point:04X}, which the card's font cannot show")]
    Character {
        /// The field, or fields separated by commas.
        field: String,
        /// The first such character.
        code_point: u32,
    },
    /// A value of the record does not fit its place at the least size and the most lines.
    #[error("field `{field}` is too long for its place on the card, even in its least size")]
    TooLong {
        /// The field, or fields separated by commas.
        field: String,
    },
    /// A value of the record cannot be encoded as a machine-readable code.
    #[error("field `{field}`: {error}")]
    Code {
        /// The field, or fields separated by commas.
        field: String,
        /// The cause.
        error: CodeError,
    },
    /// The record's values make no valid machine-readable zone.
    #[error("the machine-readable zone cannot be made: {0}")]
    Mrz(MrzError),
    /// The record's sex has no place in the machine-readable zone.
    #[error("the machine-readable zone cannot be made: sex must be M, F, X or empty")]
    MrzSex,
    /// The record's photo cannot be used.
    #[error(transparent)]
    Photo(#[from] PhotoError),
    /// The page has no dots, or more than fit in memory.
    #[error("the card's picture cannot be made in this size and resolution")]
    Size,
    /// PNG encoding failed.
    #[error("the card's picture cannot be encoded")]
    Encode(#[source] png::EncodingError),
    /// PDF encoding failed.
    #[error("the card cannot be made a PDF: {0}")]
    Pdf(String),
}

/// A fault in a profile's drawing or signature.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{file}`, line {line}: {message}")]
pub struct ProfileFault {
    /// The file in the profile's folder.
    pub file: String,
    /// The line in the file, from 1.
    pub line: u32,
    /// The fault.
    pub message: String,
    /// How to correct it.
    pub hint: String,
}

impl RenderError {
    /// The field or fields of the record that caused the error; empty if none did.
    pub fn field(&self) -> &str {
        match self {
            Self::Character { field, .. } | Self::TooLong { field } | Self::Code { field, .. } => field,
            Self::Photo(_) => "photo",
            Self::Mrz(_) | Self::MrzSex => "(machine-readable zone)",
            Self::Profile(_) | Self::Size | Self::Encode(_) | Self::Pdf(_) => "",
        }
    }

    /// Whether the record caused the error, so that other records of the profile can be rendered.
    pub fn is_of_record(&self) -> bool {
        match self {
            Self::Character { .. }
            | Self::TooLong { .. }
            | Self::Code { .. }
            | Self::Mrz(_)
            | Self::MrzSex
            | Self::Photo(_) => true,
            Self::Profile(_) | Self::Size | Self::Encode(_) | Self::Pdf(_) => false,
        }
    }
}
