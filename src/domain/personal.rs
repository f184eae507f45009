//! Personal data, in a type that cannot be logged by accident.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

/// A person's fields by the names in the card profile. The type has no `Display`, its `Debug` shows no value, and it is
/// wiped from memory when dropped. Values are read with [`Person::reveal`] only, so that every use can be found.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Person(BTreeMap<String, String>);

impl Person {
    /// Sets a field.
    pub fn set(&mut self, field: &str, value: String) {
        self.0.insert(field.to_owned(), value);
    }

    /// The value of a field; empty if the person has no such field.
    pub fn reveal(&self, field: &str) -> &str {
        self.0.get(field).map_or("", String::as_str)
    }

    /// All fields as one JSON object, to be sealed.
    pub fn to_json(&self) -> Zeroizing<String> {
        Zeroizing::new(serde_json::to_string(&self.0).unwrap_or_default()) // texts only
    }
}

impl From<BTreeMap<String, String>> for Person {
    fn from(fields: BTreeMap<String, String>) -> Self {
        Self(fields)
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal]")
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        self.0.values_mut().for_each(Zeroize::zeroize);
    }
}

/// A text that was typed and may be personal or secret: an identifier, a name or a password. As [`Person`], it is not shown by `Debug`,
/// and it is wiped when dropped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct TypedText(String);

impl TypedText {
    /// The text as it was typed.
    pub fn new(typed: String) -> Self {
        Self(typed)
    }

    /// The text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TypedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal]")
    }
}

impl Drop for TypedText {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// How many characters of an identifier are shown at most.
const SHOWN: usize = 4;

/// An identifier with dots in place of all but its last characters: four, or half of a short one.
pub fn masked(identifier: &str) -> String {
    let length = identifier.chars().count();
    let hidden = length - SHOWN.min(length / 2);
    identifier.chars().enumerate().map(|(at, c)| if at < hidden { '•' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_identifier_the_last_four_characters_are_shown_and_never_more_than_half() {
        for (identifier, shown) in
            [("3372011501800001", "••••••••••••0001"), ("A-7é", "••7é"), ("123", "••3"), ("1", "•"), ("", "")]
        {
            assert_eq!(masked(identifier), shown);
        }
    }

    #[test]
    fn debug_output_says_nothing_of_the_person() {
        let mut person = Person::default();
        person.set("name", "SITI".into());
        let text = format!("{person:?}");
        assert_eq!(text, "[personal]");
        assert_eq!(format!("{:?}", TypedText::new("3372011501800001".into())), "[personal]");
    }
}
