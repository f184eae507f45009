//! Errors of the machine readable zone.

/// Why the zone cannot be written. A message contains no personal data except the code point of one character. `field` is
/// the name of a field of [`Td1`](super::Td1).
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MrzError {
    /// A mandatory field is empty.
    #[error("field `{field}` of the machine readable zone is empty")]
    Missing {
        /// The field.
        field: &'static str,
    },
    /// A character has no transliteration, or is not allowed in this field.
    #[error("field `{field}` has the character U+{code_point:04X}, which the machine readable zone cannot show there")]
    Character {
        /// The field.
        field: &'static str,
        /// The first such character.
        code_point: u32,
    },
    /// A field that must not be truncated is too long.
    #[error("field `{field}` has more than the {length_max} characters that the machine readable zone has for it")]
    TooLong {
        /// The field.
        field: &'static str,
        /// The limit in characters; for the first optional field, what a long document number leaves free.
        length_max: usize,
    },
    /// The field is not a calendar date in the expected form.
    #[error("field `{field}` is not a date that the machine readable zone can show")]
    Date {
        /// The field.
        field: &'static str,
    },
    /// The document code is not allowed on a TD1 card (part 5, 4.2.2.3, note k).
    #[error("field `document_code` is not `A`, `C` or `I` with at most one more letter, or it ends in `V` or is `AI`")]
    DocumentCode,
}

pub(super) fn character(field: &'static str, c: char) -> MrzError {
    MrzError::Character { field, code_point: u32::from(c) }
}
