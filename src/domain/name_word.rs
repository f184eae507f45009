//! The words of a person's name in the form in which they are searched: whole words, without their order.

use std::collections::BTreeSet;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::import::value::APOSTROPHES;

/// The most words of a name that are compared. Names have fewer; a text without end does not fill the index.
pub const WORDS_MAX: usize = 32;

/// The words of a name, each once: compatible characters are one (NFKC), case does not matter, apostrophes are left out, as they are
/// written in many ways, and other punctuation separates words.
pub fn words(name: &str) -> BTreeSet<String> {
    let folded: String = name
        .nfkc()
        .filter(|c| !APOSTROPHES.contains(c) && !is_joiner(*c))
        .flat_map(char::to_lowercase)
        // By way of upper case, `ß` becomes `ss`.
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfkc()
        .collect();
    let words = folded.split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c)).filter(|word| !word.is_empty());
    words.take(WORDS_MAX).map(str::to_owned).collect()
}

/// Joins or separates letters within a word, and cannot be seen.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(name: &str) -> Vec<String> {
        words(name).into_iter().collect()
    }

    #[test]
    fn a_name_has_the_same_words_in_any_order_case_and_notation() {
        for name in ["SRI RAHAYU NINGSIH", "ningsih  Rahayu\tsri", "Sri-Rahayu, Ningsih", "Ｓｒｉ rahayu ningsih sri"]
        {
            assert_eq!(of(name), ["ningsih", "rahayu", "sri"], "{name}");
        }
        for name in ["Ma'ruf", "Ma’ruf", "Maʼruf", "MA`RUF", "Maruf", "'Maruf"] {
            assert_eq!(of(name), ["maruf"], "{name}");
        }
    }

    #[test]
    fn letters_with_accents_are_one_in_each_of_their_notations_and_differ_from_those_without() {
        for name in ["Nguye\u{302}\u{303}n", "NGUY\u{1ec4}N", "nguy\u{ea}\u{303}n"] {
            assert_eq!(of(name), ["nguy\u{1ec5}n"], "{name}");
        }
        assert_ne!(of("Nguyễn"), of("Nguyen"));
        assert_eq!(of("STRASSE"), of("straße"));
        assert_eq!(of("می\u{200c}خواهم"), of("میخواهم"));
    }

    #[test]
    fn titles_and_initials_are_words_and_a_text_without_letters_has_none() {
        assert_eq!(of("Drs. H. Ahmad, M.Pd."), ["ahmad", "drs", "h", "m", "pd"]);
        assert_eq!(of(" - ' . "), [""; 0]);
        let long = (0..1_000).map(|n| format!("w{n}")).collect::<Vec<_>>().join(" ");
        assert_eq!(words(&long).len(), WORDS_MAX);
    }

    proptest! {
        #[test]
        fn a_word_of_a_name_has_itself_as_its_one_word(name in "\\PC{0,24}") {
            for word in words(&name) {
                prop_assert_eq!(of(&word), [word]);
            }
        }
    }
}
