//! The shape of a value: what can be told of a column without telling a value.

use serde::{Deserialize, Serialize};

/// The longest value whose pattern is told, and the most letters of a code.
const PATTERN_MAX: usize = 32;
const LETTERS_MAX: usize = 3;

/// The shape of a value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// This many digits.
    Digits(usize),
    /// Digits, each told as 9, between marks: `99/99/9999`.
    Pattern(String),
    /// A code of this many letters.
    Letters(usize),
    /// Any other text.
    Text,
}

impl Shape {
    /// The shape of a value that is not empty.
    pub fn of(value: &str) -> Self {
        let count = value.chars().count();
        if value.bytes().all(|b| b.is_ascii_digit()) {
            return Self::Digits(count);
        }
        if count <= LETTERS_MAX && value.chars().all(char::is_alphabetic) {
            return Self::Letters(count);
        }
        let is_mark = |c: char| c.is_ascii_digit() || matches!(c, '/' | '-' | '.' | ':' | '+' | ' ' | ',' | 'T' | 'Z');
        let has_digit = value.bytes().any(|b| b.is_ascii_digit());
        if has_digit && count <= PATTERN_MAX && value.chars().all(is_mark) {
            return Self::Pattern(value.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect());
        }
        Self::Text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_tells_no_value() {
        let pattern = |text: &str| Shape::Pattern(text.into());
        for (value, shape) in [
            ("3372042007670001", Shape::Digits(16)),
            ("20/07/1967", pattern("99/99/9999")),
            ("2015-05-30T13:43:00+07:00", pattern("9999-99-99T99:99:99+99:99")),
            ("33.72.04.1007", pattern("99.99.99.9999")),
            ("L", Shape::Letters(1)),
            ("SITI AMINAH", Shape::Text),
            ("JL. MAWAR 3", Shape::Text),
        ] {
            assert_eq!(Shape::of(value), shape);
        }
    }
}
