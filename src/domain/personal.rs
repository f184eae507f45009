//! Personal data, in a type that cannot be logged by accident.

use std::{collections::BTreeMap, fmt};

use zeroize::Zeroize;

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
        let text = format!("{person:?}");
        assert_eq!(text, "[personal]");
    }
}
