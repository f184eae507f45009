//! The cleaning of one value: what a spreadsheet or a line break adds, and what no value may contain.

use crate::domain::{hidden::is_hidden, reason::Reason};

/// Whether a spreadsheet's apostrophe in front is taken off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Apostrophe {
    /// It marks the value as text: identifiers, dates and codes.
    Mark,
    /// It may be a letter of a name, such as `'t Hart`. It is a mark before digits only.
    Letter,
}

/// A cleaned value, and what the cleaning changed beside white space around it.
///
/// No `Debug`: the value may be personal.
#[derive(Clone, PartialEq, Eq)]
pub struct Cleaned {
    /// The value.
    pub text: String,
    /// Whether line breaks or tabs became blanks, because a card has single lines.
    pub joined: bool,
    /// Whether a spreadsheet's apostrophe was taken off.
    pub unmarked: bool,
    /// Whether it begins with an apostrophe that may be a spreadsheet's or a letter.
    pub may_be_marked: bool,
}

/// Characters that stand for an apostrophe.
pub const APOSTROPHES: [char; 12] = ['\'', '`', '´', '‘', '’', '‛', '′', 'ʹ', 'ʻ', 'ʼ', 'ʾ', '＇'];

/// Trims white space and a spreadsheet's apostrophe, and joins lines. A value with another control character, or with one that
/// is invisible or changes the direction of text, is refused: what a person reads would not be what is stored.
pub fn clean(value: &str, apostrophe: Apostrophe) -> Result<Cleaned, Reason> {
    let (mut value, mut unmarked) = (value.trim(), false);
    if let Some(rest) = value.strip_prefix('\'').map(str::trim_start) {
        let is_number = !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit());
        if apostrophe == Apostrophe::Mark || is_number {
            (value, unmarked) = (rest, true);
        }
    }
    let may_be_marked = value.starts_with(APOSTROPHES);
    if value.is_ascii() && !value.bytes().any(|b| b.is_ascii_control()) {
        return Ok(Cleaned { text: value.to_owned(), joined: false, unmarked, may_be_marked });
    }
    let joins = |c: char| matches!(c, '\n' | '\r' | '\t' | '\u{85}' | '\u{2028}' | '\u{2029}');
    if let Some(hidden) = value.chars().find(|c| is_hidden(*c) && !joins(*c)) {
        return Err(Reason::HiddenCharacter { code_point: hidden.into() });
    }
    let joined = value.contains(joins);
    let text = if joined { value.replace("\r\n", " ").replace(joins, " ") } else { value.to_owned() };
    Ok(Cleaned { text, joined, unmarked, may_be_marked })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(value: &str, apostrophe: Apostrophe) -> String {
        clean(value, apostrophe).map(|cleaned| cleaned.text).unwrap_or_default()
    }

    #[test]
    fn an_apostrophe_is_a_spreadsheets_mark_before_identifiers_dates_and_digits_and_a_letter_of_a_name() {
        assert_eq!(cleaned(" ' 3372042007670001 ", Apostrophe::Mark), "3372042007670001");
        assert_eq!(cleaned("'006", Apostrophe::Letter), "006");
        for name in ["'t Hart", "'Aisyah", "MA'RUF", "'"] {
            assert_eq!(cleaned(name, Apostrophe::Letter), name);
        }
        assert!(clean("'1", Apostrophe::Letter).is_ok_and(|cleaned| cleaned.unmarked));
        assert!(clean("'t Hart", Apostrophe::Letter).is_ok_and(|cleaned| !cleaned.unmarked));
    }

    #[test]
    fn an_apostrophe_of_any_form_in_front_of_a_name_is_told() {
        for (value, may_be) in [("'Budi", true), ("`Budi", true), ("’Aisyah", true), ("'006", false), ("Ma'ruf", false)]
        {
            let found = clean(value, Apostrophe::Letter).map(|cleaned| cleaned.may_be_marked);
            assert_eq!(found.ok(), Some(may_be), "{value}");
        }
    }

    #[test]
    fn lines_are_joined_and_that_is_told() {
        let two_lines = clean("JL. \"A\", NO. 1\r\nGANG 2", Apostrophe::Letter);
        let (unmarked, may_be_marked) = (false, false);
        assert!(
            two_lines == Ok(Cleaned { text: "JL. \"A\", NO. 1 GANG 2".into(), joined: true, unmarked, may_be_marked })
        );
        assert!(clean("JL. A", Apostrophe::Letter).is_ok_and(|cleaned| !cleaned.joined));
    }

    #[test]
    fn a_value_with_a_character_that_cannot_be_seen_is_refused() {
        for hidden in ['\u{1b}', '\0', '\u{9b}', '\u{200b}', '\u{202e}', '\u{2066}', '\u{feff}', '\u{e0041}'] {
            let found = clean(&format!("SI{hidden}TI"), Apostrophe::Letter).err();
            assert_eq!(found, Some(Reason::HiddenCharacter { code_point: hidden.into() }));
        }
        // The joiner of a Persian compound, and letters with accents.
        for name in ["می\u{200c}خواهم", "Łódź", "Nguyễn"] {
            assert_eq!(cleaned(name, Apostrophe::Letter), name);
        }
    }
}
