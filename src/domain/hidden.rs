//! Characters that a person cannot see in a text.

/// Whether a character leaves no mark: those of [`is_hidden`], and the joiners, fillers and variants that belong to writing but not to a
/// name of a request.
pub fn is_unseen(c: char) -> bool {
    is_hidden(c)
        || matches!(c, '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{200c}'..='\u{200f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}')
}

/// Whether a character is a control character, is invisible, or changes the direction of the text around it (Unicode's categories
/// Cc and Cf, except the marks that writing in Arabic or Indic scripts needs).
pub fn is_hidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
