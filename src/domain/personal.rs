//! Personal data that cannot be logged by accident.

use std::{collections::BTreeMap, fmt};

use zeroize::Zeroize;

/// A person's fields by name, as the card profile lists them. It has no `Display`, its `Debug` says nothing, and it is
/// wiped from memory when dropped. The only way to a value is [`Person::reveal`], a word that can be searched for.
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
