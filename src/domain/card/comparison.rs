//! How the identifiers of a profile are compared: which differences in writing do not make another person.

use std::{borrow::Cow, collections::BTreeSet};

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

use crate::domain::hidden::is_unseen;

/// A difference in writing that does not make another identifier.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ignored {
    /// Between capital and small letters.
    Case,
    /// Zeros at the beginning. The last digit stays.
    LeadingZeros,
    /// Hyphens, full stops, slashes and other punctuation.
    Punctuation,
    /// White space.
    Spaces,
}

impl Ignored {
    const ALL: [Self; 4] = [Self::Case, Self::LeadingZeros, Self::Punctuation, Self::Spaces];

    fn as_str(self) -> &'static str {
        match self {
            Self::Case => "case",
            Self::LeadingZeros => "leading-zeros",
            Self::Punctuation => "punctuation",
            Self::Spaces => "spaces",
        }
    }
}

/// What is ignored when two identifiers are compared. If nothing is, they are compared byte by byte; otherwise their compatibility
/// forms (Unicode's NFKC) are compared, without characters that cannot be seen.
#[derive(Clone, PartialEq, Eq, Default, Debug, Deserialize)]
pub struct Comparison(BTreeSet<Ignored>);

impl Comparison {
    /// A comparison that ignores these differences.
    pub fn new(ignored: impl IntoIterator<Item = Ignored>) -> Self {
        Self(ignored.into_iter().collect())
    }

    /// Whether it ignores this difference.
    pub fn ignores(&self, difference: Ignored) -> bool {
        self.0.contains(&difference)
    }

    /// The same, but for this difference.
    #[must_use]
    pub fn without(&self, difference: Ignored) -> Self {
        Self::new(self.0.iter().copied().filter(|ignored| *ignored != difference))
    }

    /// The form of an identifier that is compared. Applied to a form, it gives the same form. `None` if nothing is left.
    pub fn form(&self, identifier: &str) -> Option<String> {
        let mut form = identifier.to_owned();
        if !self.0.is_empty() {
            // What is left after one round may be composed, or have another case, in the next. No text is known to need four.
            for _ in 0..16 {
                let next = self.round(&form);
                if next == form {
                    break;
                }
                form = next;
            }
        }
        Some(form).filter(|form| !form.is_empty())
    }

    fn round(&self, text: &str) -> String {
        let is_ignored = |c: &char| {
            is_unseen(*c)
                || (c.is_whitespace() && self.ignores(Ignored::Spaces))
                || (is_punctuation(*c) && self.ignores(Ignored::Punctuation))
        };
        let mut form: String = compatible(text).chars().filter(|c| !is_ignored(c)).collect();
        if self.ignores(Ignored::Case) {
            form = form.to_lowercase();
        }
        if self.ignores(Ignored::LeadingZeros) {
            let digits = form.trim_start_matches('0');
            let begins_with_digit = digits.starts_with(|c: char| c.is_ascii_digit());
            let zeros = form.len() - digits.len();
            form.drain(..if begins_with_digit { zeros } else { zeros.saturating_sub(1) });
        }
        compatible(&form).into_owned()
    }

    /// As the database stores it: the words in alphabetical order, separated by commas; empty if nothing is ignored.
    pub fn to_stored(&self) -> String {
        self.0.iter().map(|ignored| ignored.as_str()).collect::<Vec<_>>().join(",")
    }

    /// Reads what [`to_stored`](Self::to_stored) wrote; `None` for anything else.
    pub fn from_stored(text: &str) -> Option<Self> {
        let ignored = |word: &str| Ignored::ALL.into_iter().find(|known| known.as_str() == word);
        text.split(',').filter(|word| !word.is_empty()).map(ignored).collect::<Option<_>>().map(Self)
    }
}

/// Unicode's compatibility form of a text. Most identifiers are of ASCII, which is its own.
fn compatible(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { text.into() } else { text.nfkc().collect::<String>().into() }
}

fn is_punctuation(c: char) -> bool {
    // Of Unicode's, the dashes, dots and quotes that are typed or pasted for those of ASCII.
    c.is_ascii_punctuation() || matches!(c, '\u{b7}' | '\u{2010}'..='\u{2027}' | '\u{2212}' | '\u{30fb}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STUDENT: [Ignored; 3] = [Ignored::Case, Ignored::Punctuation, Ignored::Spaces];

    fn form(ignored: &[Ignored], identifier: &str) -> Option<String> {
        Comparison::new(ignored.iter().copied()).form(identifier)
    }

    #[test]
    fn identifiers_that_differ_only_in_what_is_ignored_have_one_form() {
        let same = [
            "ST000001",
            "st000001",
            "ST-000001",
            "St 000 001",
            "ＳＴ０００００１",
            "ST\u{2013}000001",
            "ST\u{ad}000001",
        ];
        for written in same {
            assert_eq!(form(&STUDENT, written).as_deref(), Some("st000001"), "{written}");
        }
        for other in ["ST000010", "ST00001", "TS000001"] {
            assert_ne!(form(&STUDENT, other).as_deref(), Some("st000001"), "{other}");
        }
        assert_eq!(form(&[Ignored::Case], "ST-1").as_deref(), Some("st-1"));
        assert_eq!(form(&[Ignored::Punctuation], "ST-1").as_deref(), Some("ST1"));
        assert_eq!(form(&[], "ＳＴ-1 ").as_deref(), Some("ＳＴ-1 "), "as it is");
    }

    #[test]
    fn zeros_in_front_are_ignored_and_the_last_digit_stays() {
        let cases = [("007", "7"), ("000", "0"), ("0", "0"), ("70", "70"), ("0x7", "0x7"), ("00x7", "0x7")];
        for (written, expected) in cases {
            assert_eq!(form(&[Ignored::LeadingZeros], written).as_deref(), Some(expected), "{written}");
        }
        assert_eq!(form(&[Ignored::LeadingZeros, Ignored::Punctuation], "0-07").as_deref(), Some("7"));
    }

    #[test]
    fn an_identifier_of_nothing_but_what_is_ignored_has_no_form() {
        assert_eq!(form(&STUDENT, "---"), None);
        assert_eq!(form(&[], ""), None);
    }

    #[test]
    fn a_comparison_is_read_back_as_it_is_stored() {
        let stored = Comparison::new(STUDENT).to_stored();
        assert_eq!(stored, "case,punctuation,spaces");
        assert_eq!(Comparison::from_stored(&stored), Some(Comparison::new(STUDENT)));
        assert_eq!(Comparison::from_stored(""), Some(Comparison::default()));
        assert_eq!(Comparison::from_stored("case,accents"), None);
    }

    proptest! {
        #[test]
        fn the_form_of_a_form_is_that_form(
            text in prop_oneof!["\\PC{0,20}", "[A-Za-z0-9 ._/-]{0,20}", any::<String>()],
            ignored in proptest::sample::subsequence(Ignored::ALL.to_vec(), 0..=4),
        ) {
            if let Some(once) = form(&ignored, &text) {
                prop_assert_eq!(form(&ignored, &once), Some(once));
            }
        }

        #[test]
        fn an_identifier_of_letters_digits_and_hyphens_keeps_its_letters_and_digits(text in "[A-Za-z0-9-]{1,20}") {
            let kept: String = text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
            prop_assert_eq!(form(&STUDENT, &text), Some(kept).filter(|kept| !kept.is_empty()));
        }
    }
}
