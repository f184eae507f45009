//! Personal data that cannot be logged by accident.

use std::{collections::BTreeMap, fmt};

use zeroize::Zeroize;

/// A value of a person. It has no `Display`, its `Debug` says nothing, and it is wiped from memory when dropped.
///
/// The only way to the value is [`Personal::reveal`], a word that can be searched for.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Personal<T: Zeroize>(T);

impl<T: Zeroize> Personal<T> {
    /// Wraps a value.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, to be encrypted, drawn on a card or compared; never for a message.
    pub fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal]")
    }
}

impl<T: Zeroize> Drop for Personal<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// A person's fields by name, as the card profile lists them. Not in `Debug`, wiped when dropped.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Person(BTreeMap<String, String>);

impl Person {
    /// Sets a field.
    pub fn set(&mut self, field: &str, value: String) {
        self.0.insert(field.to_owned(), value);
    }

    /// A field's value; empty if there is none.
    pub fn reveal(&self, field: &str) -> &str {
        self.0.get(field).map_or("", String::as_str)
    }

    /// All fields, to be encrypted.
    pub fn reveal_all(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// The names of the fields that differ between two persons; names only.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let names: std::collections::BTreeSet<_> = self.0.keys().chain(other.0.keys()).collect();
        names.into_iter().filter(|name| self.reveal(name) != other.reveal(name)).cloned().collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_says_nothing_of_the_person() {
        let mut person = Person::default();
        person.set("name", "SITI".into());
        let text = format!("{person:?} {:?}", Personal::new(String::from("SITI")));
        assert_eq!(text, "[personal] [personal]");
    }
}
