//! A text of a page.

use crate::words::Language;

/// A text in both languages. `{}` stands for a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Text {
    en: &'static str,
    id: &'static str,
}

impl Text {
    /// A text in both languages.
    pub(crate) const fn new(en: &'static str, id: &'static str) -> Self {
        Self { en, id }
    }

    /// The text in a language.
    pub(crate) const fn in_language(self, language: Language) -> &'static str {
        match language {
            Language::English => self.en,
            Language::Indonesian => self.id,
        }
    }

    /// The text in a language, with values for its placeholders, in order.
    pub(crate) fn with(self, language: Language, values: &[&str]) -> String {
        let mut parts = self.in_language(language).split("{}");
        let mut shown = parts.next().unwrap_or_default().to_owned();
        let mut values = values.iter();
        for part in parts {
            shown += values.next().copied().unwrap_or_default();
            shown += part;
        }
        shown
    }

    /// How many values each language has a place for.
    #[cfg(test)]
    pub(crate) fn placeholders(self) -> [usize; 2] {
        [self.en, self.id].map(|text| text.matches("{}").count())
    }
}

/// Declares texts, and a list of them all for the tests.
macro_rules! texts {
    ($($name:ident $en:literal $id:literal;)+) => {
        $(pub(crate) const $name: $crate::words::pages::Text = $crate::words::pages::Text::new($en, $id);)+

        #[cfg(test)]
        mod tests {
            #[test]
            fn both_languages_have_a_place_for_the_same_values() {
                for text in [$(super::$name),+] {
                    let [en, id] = text.placeholders();
                    assert_eq!(en, id, "{text:?}");
                    $crate::words::pages::text::assert_indonesian(text.in_language($crate::words::Language::Indonesian));
                }
            }
        }
    };
}

pub(super) use texts;

/// Fails if a text has an English word.
#[cfg(test)]
pub(crate) fn assert_indonesian(text: &str) {
    const ENGLISH: [&str; 24] = [
        "the",
        "is",
        "are",
        "not",
        "with",
        "and",
        "of",
        "to",
        "for",
        "from",
        "by",
        "this",
        "that",
        "no",
        "has",
        "have",
        "be",
        "on",
        "card",
        "cards",
        "printer's",
        "its",
        "or",
        "waits",
    ];
    for word in text.split(|c: char| !c.is_alphanumeric() && c != '\'') {
        assert!(!ENGLISH.contains(&&*word.to_lowercase()), "`{word}` in: {text}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_in_the_places_of_their_text() {
        let text = Text::new("{} of {}", "{} dari {}");
        assert_eq!(text.with(Language::English, &["2", "5"]), "2 of 5");
        assert_eq!(text.with(Language::Indonesian, &["2", "5"]), "2 dari 5");
    }
}
