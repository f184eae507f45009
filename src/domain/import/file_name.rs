//! The name of a list's file, as a person or a program gave it.

/// The most characters of a name.
const CHARACTERS_MAX: usize = 200;

/// A name that can be shown: without folders, and without characters that a terminal or a page would not show as they are.
pub fn shown_file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    // Controls, and what changes the direction of the text.
    let is_shown = |c: &char| {
        !c.is_control() && !matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    last.trim().chars().filter(is_shown).take(CHARACTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_no_folders_and_nothing_that_moves_the_cursor() {
        for (given, shown) in [
            ("list.csv", "list.csv"),
            ("/srv/lists/August 2015.csv", "August 2015.csv"),
            (r"C:\fakepath\daftar.csv", "daftar.csv"),
            ("a\u{1b}[31m\n.csv", "a[31m.csv"),
            ("a\u{202e}vsc.csv", "avsc.csv"),
            ("..", ".."),
            ("", ""),
        ] {
            assert_eq!(shown_file_name(given), shown, "{given:?}");
        }
        assert_eq!(shown_file_name(&"x".repeat(500)).len(), 200);
    }
}
