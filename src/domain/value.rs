//! Values of acts. Each is checked once, when it is parsed from text or JSON, and is valid from then on.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{
    actor::same_name, card::profile::is_name, hidden::is_hidden, permission::Operation, personal::TypedText,
    stock::Cause,
};

/// The error for a value that an act does not accept. It names the rule and not the value, which may be personal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InvalidValue {
    /// There is no text.
    #[error("it must not be empty")]
    Empty,
    /// The text is too long.
    #[error("it must not be longer than {TEXT_MAX} characters")]
    TooLong,
    /// The name of an account is too long.
    #[error("it must not be longer than {ACCOUNT_NAME_MAX} characters")]
    AccountNameTooLong,
    /// The text has several lines, control characters, or characters that cannot be seen.
    #[error("it must be one line without control characters and others that cannot be seen")]
    NotOneLine,
    /// The text is not allowed as a name.
    #[error("it must be letters, digits, `-`, `_` and `.`, at most 40")]
    NotAName,
    /// The number is out of range; both ends are allowed.
    #[error("it is out of range, {least} to {most}")]
    OutOfRange {
        /// The smallest number.
        least: i64,
        /// The largest number.
        most: i64,
    },
    /// The text is not a number.
    #[error("it is not a number")]
    NotANumber,
    /// Both witnesses are the same person.
    #[error("it must be two different people")]
    SamePerson,
    /// The text is not a cause of spoilage.
    #[error("causes of spoilage are `encode-failed`, `print-failed`, `damaged` and `data-changed`")]
    NotSpoilage,
    /// The operation is no scope of an API token.
    #[error("`{}` is done by people only, and not by a token", .0.as_str())]
    OfPeople(Operation),
}

impl InvalidValue {
    /// The stable name.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong | Self::AccountNameTooLong => "too-long",
            Self::NotOneLine => "not-one-line",
            Self::NotAName => "not-a-name",
            Self::OutOfRange { .. } => "out-of-range",
            Self::NotANumber => "not-a-number",
            Self::SamePerson => "same-person",
            Self::NotSpoilage => "not-spoilage",
            Self::OfPeople(_) => "of-people",
        }
    }

    /// The value whose text an error of a deserializer has, which keeps nothing else of it.
    pub fn from_text(text: &str) -> Option<Self> {
        let plain = [
            Self::Empty,
            Self::TooLong,
            Self::AccountNameTooLong,
            Self::NotOneLine,
            Self::NotAName,
            Self::NotANumber,
            Self::SamePerson,
            Self::NotSpoilage,
        ];
        plain.into_iter().find(|value| value.to_string() == text).or_else(|| {
            if let Some((least, most)) =
                text.strip_prefix("it is out of range, ").and_then(|range| range.split_once(" to "))
            {
                return Some(Self::OutOfRange { least: least.parse().ok()?, most: most.parse().ok()? });
            }
            text.split('`').nth(1)?.parse().ok().map(Self::OfPeople).filter(|value| value.to_string() == text)
        })
    }
}

/// One line, as a pattern for schemas: what [`is_hidden`] finds is in it at the ends only, as white space that is trimmed.
const ONE_LINE: &str = concat!(
    r"^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*",
    r"[^\u0000-\u0020\u007f-\u00a0\u00ad\u1680\u180e\u2000-\u200b\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff9-\ufffb]",
    r"([^\u0000-\u001f\u007f-\u009f\u00ad\u180e\u200b\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]*",
    r"[^\u0000-\u0020\u007f-\u00a0\u00ad\u1680\u180e\u2000-\u200b\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff9-\ufffb])?",
    r"[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$",
);

/// A name, as a pattern for schemas, and its maximum length.
const NAME: &str = r"^[A-Za-z0-9._-]+$";
const NAME_MAX: usize = 40;

/// The maximum length of a text, in characters (Unicode scalar values), as schemas count. One takes at most four bytes.
pub const TEXT_MAX: usize = 500;

/// A text for lists and for the audit: trimmed, one line, not empty. Its length is that of what was given, as in the schema.
fn one_line(text: &str) -> Result<String, InvalidValue> {
    let is_too_long = text.chars().count() > TEXT_MAX;
    let text = text.trim();
    match text {
        "" => Err(InvalidValue::Empty),
        _ if is_too_long => Err(InvalidValue::TooLong),
        _ if text.contains(is_hidden) => Err(InvalidValue::NotOneLine),
        _ => Ok(text.to_owned()),
    }
}

fn name(text: &str) -> Result<String, InvalidValue> {
    if is_name(text) { Ok(text.to_owned()) } else { Err(InvalidValue::NotAName) }
}

/// The maximum length of an account's name, in characters.
pub const ACCOUNT_NAME_MAX: usize = 100;

fn account_name(text: &str) -> Result<String, InvalidValue> {
    let name = one_line(text)?;
    if text.chars().count() > ACCOUNT_NAME_MAX { Err(InvalidValue::AccountNameTooLong) } else { Ok(name) }
}

fn in_range(number: i64, least: i64, most: i64) -> Result<i64, InvalidValue> {
    if (least..=most).contains(&number) { Ok(number) } else { Err(InvalidValue::OutOfRange { least, most }) }
}

macro_rules! text_value {
    ($(#[$doc:meta])* $name:ident, $check:ident, $pattern:ident, $max:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(extend("pattern" = $pattern, "maxLength" = $max))]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidValue;

            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                $check(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidValue;

            fn try_from(text: String) -> Result<Self, InvalidValue> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

macro_rules! number_value {
    ($(#[$doc:meta])* $name:ident, $least:literal ..= $most:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(try_from = "i64", into = "i64")]
        #[schemars(extend("minimum" = $least, "maximum" = $most))]
        pub struct $name(i64);

        impl $name {
            /// The number.
            pub fn get(self) -> i64 {
                self.0
            }
        }

        impl TryFrom<i64> for $name {
            type Error = InvalidValue;

            fn try_from(number: i64) -> Result<Self, InvalidValue> {
                in_range(number, $least, $most).map(Self)
            }
        }

        impl From<$name> for i64 {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidValue;

            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                text.parse::<i64>().map_err(|_| InvalidValue::NotANumber)?.try_into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

text_value!(
    /// A reason in the words of a person: one line of 1 to 500 characters, none of them a control character.
    Note, one_line, ONE_LINE, TEXT_MAX
);
text_value!(
    /// The number or name of a paper document, such as a delivery note or a record of destruction. One line of 1 to 500
    /// characters.
    Document, one_line, ONE_LINE, TEXT_MAX
);
text_value!(
    /// The name of a district to which cards are sent. One line of 1 to 100 characters.
    DistrictName, account_name, ONE_LINE, ACCOUNT_NAME_MAX
);
text_value!(
    /// The name of a person. One line of 1 to 500 characters.
    PersonName, one_line, ONE_LINE, TEXT_MAX
);
text_value!(
    /// The name of an account. One line of 1 to 100 characters.
    AccountName, account_name, ONE_LINE, ACCOUNT_NAME_MAX
);
text_value!(
    /// The name of an API token. Letters, digits, `-`, `_` and `.`, at most 40.
    TokenName, name, NAME, NAME_MAX
);
text_value!(
    /// The name of a lot of blanks. One line of 1 to 500 characters.
    LotName, one_line, ONE_LINE, TEXT_MAX
);
text_value!(
    /// The name of another office.
    OfficeName, name, NAME, NAME_MAX
);
text_value!(
    /// The name of a printer.
    PrinterName, name, NAME, NAME_MAX
);
number_value!(
    /// A number of blanks.
    Quantity, 1..=1_000_000_000
);
number_value!(
    /// A counted number; zero is allowed.
    Counted, 0..=1_000_000_000
);
number_value!(
    /// The days until an API token expires.
    TokenDays, 1..=365
);
number_value!(
    /// The capacity of a hopper, in blanks.
    HopperCapacity, 1..=100_000
);
number_value!(
    /// A limit of a printer, in cards, minutes or seconds; 0 for none.
    Limit, 0..=1_000_000
);
number_value!(
    /// The percentage of its rated cards that a ribbon gives; 0 if it is not known.
    RibbonYield, 0..=100
);

/// Who a proxy is: a name, the number of a document. One line of 1 to 500 characters, which is personal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "TypedText", into = "TypedText")]
#[schemars(extend("pattern" = ONE_LINE, "maxLength" = TEXT_MAX))]
pub struct ProxyNote(TypedText);

impl ProxyNote {
    /// The text.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

impl TryFrom<TypedText> for ProxyNote {
    type Error = InvalidValue;

    fn try_from(typed: TypedText) -> Result<Self, InvalidValue> {
        one_line(typed.reveal()).map(|text| Self(TypedText::new(text)))
    }
}

impl From<ProxyNote> for TypedText {
    fn from(note: ProxyNote) -> Self {
        note.0
    }
}

impl Counted {
    /// None.
    pub const ZERO: Self = Self(0);
}

/// Two different witnesses of an act.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "[PersonName; 2]", into = "[PersonName; 2]")]
#[schemars(extend("uniqueItems" = true))]
pub struct Witnesses([PersonName; 2]);

impl Witnesses {
    /// Their names.
    pub fn names(&self) -> [&str; 2] {
        [self.0[0].as_str(), self.0[1].as_str()]
    }
}

impl TryFrom<[PersonName; 2]> for Witnesses {
    type Error = InvalidValue;

    fn try_from(names: [PersonName; 2]) -> Result<Self, InvalidValue> {
        if same_name(names[0].as_str(), names[1].as_str()) { Err(InvalidValue::SamePerson) } else { Ok(Self(names)) }
    }
}

impl From<Witnesses> for [PersonName; 2] {
    fn from(witnesses: Witnesses) -> Self {
        witnesses.0
    }
}

impl fmt::Display for Witnesses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.0[0], self.0[1])
    }
}

/// The causes of [`SpoilageCause`], for schemas.
const SPOILAGE: [Cause; 4] = [Cause::EncodeFailed, Cause::PrintFailed, Cause::Damaged, Cause::DataChanged];

/// A cause of spoilage.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "Cause", into = "Cause")]
#[schemars(extend("enum" = SPOILAGE))]
pub struct SpoilageCause(Cause);

impl SpoilageCause {
    /// The cause.
    pub fn get(self) -> Cause {
        self.0
    }
}

impl TryFrom<Cause> for SpoilageCause {
    type Error = InvalidValue;

    fn try_from(cause: Cause) -> Result<Self, InvalidValue> {
        if cause.is_spoilage() { Ok(Self(cause)) } else { Err(InvalidValue::NotSpoilage) }
    }
}

impl From<SpoilageCause> for Cause {
    fn from(cause: SpoilageCause) -> Self {
        cause.0
    }
}

impl FromStr for SpoilageCause {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        Cause::from_name(text).ok_or(InvalidValue::NotSpoilage)?.try_into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_one_trimmed_line_of_at_most_500_characters() {
        assert_eq!("  worn out \n".parse::<Note>().unwrap().as_str(), "worn out");
        let text = |text: &str| text.parse::<Note>().err();
        assert_eq!(text(" \t "), Some(InvalidValue::Empty));
        assert_eq!(text("a\nb"), Some(InvalidValue::NotOneLine));
        assert_eq!(text("a\u{7}b"), Some(InvalidValue::NotOneLine));
        assert_eq!(text("a\u{202e}b"), Some(InvalidValue::NotOneLine));
        assert_eq!(text(&"é".repeat(500)), None);
        assert_eq!(text(&"é".repeat(501)), Some(InvalidValue::TooLong));
        assert_eq!(text(&format!("a{}", " ".repeat(500))), Some(InvalidValue::TooLong));
    }

    #[test]
    fn numbers_have_both_ends_of_their_range() {
        let quantity = |n: i64| Quantity::try_from(n).map(Quantity::get);
        assert_eq!([quantity(1), quantity(1_000_000_000)], [Ok(1), Ok(1_000_000_000)]);
        let wrong = InvalidValue::OutOfRange { least: 1, most: 1_000_000_000 };
        assert_eq!([quantity(0), quantity(1_000_000_001), quantity(-1)], [Err(wrong); 3]);
        assert_eq!(Counted::try_from(0).map(Counted::get), Ok(0));
        assert_eq!("many".parse::<Quantity>(), Err(InvalidValue::NotANumber));
    }

    #[test]
    fn an_invalid_value_is_known_by_its_text() {
        for value in [
            InvalidValue::Empty,
            InvalidValue::TooLong,
            InvalidValue::AccountNameTooLong,
            InvalidValue::NotOneLine,
            InvalidValue::NotAName,
            InvalidValue::OutOfRange { least: -1, most: 200 },
            InvalidValue::NotANumber,
            InvalidValue::SamePerson,
            InvalidValue::NotSpoilage,
            InvalidValue::OfPeople(Operation::RoleGive),
        ] {
            assert_eq!(InvalidValue::from_text(&value.to_string()), Some(value));
        }
        for text in [
            "",
            "it is out of range, 1 to many",
            "`pause` is odd",
            "`nothing` is done by people only, and not by a token",
        ] {
            assert_eq!(InvalidValue::from_text(text), None, "{text}");
        }
    }

    #[test]
    fn two_witnesses_are_two_people() {
        let two = |a: &str, b: &str| Witnesses::try_from([a.parse().unwrap(), b.parse().unwrap()]);
        assert_eq!(two("Siti", " SITI "), Err(InvalidValue::SamePerson));
        assert_eq!(two("Siti", "Budi").unwrap().names(), ["Siti", "Budi"]);
    }

    #[test]
    fn what_arrives_as_json_is_checked_too() {
        assert!(serde_json::from_str::<Note>("\"\"").is_err());
        assert!(serde_json::from_str::<Quantity>("0").is_err());
        assert!(serde_json::from_str::<PrinterName>("\"p 1\"").is_err());
        assert!(serde_json::from_str::<OfficeName>("\"kudus/2\"").is_err());
        assert!(serde_json::from_str::<Witnesses>("[\"a\", \"A\"]").is_err());
        assert!(serde_json::from_str::<SpoilageCause>("\"lent\"").is_err());
        let note: Note = serde_json::from_str("\" it's \\\"here\\\" \"").unwrap();
        assert_eq!(serde_json::to_string(&note).unwrap(), "\"it's \\\"here\\\"\"");
        assert_eq!(serde_json::to_string(&"damaged".parse::<SpoilageCause>().unwrap()).unwrap(), "\"damaged\"");
    }
}
