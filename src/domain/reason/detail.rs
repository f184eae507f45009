//! The text of a driver or of the renderer inside a reason.

use serde::{Deserialize, Serialize};

use crate::domain::hidden::is_hidden;

/// A text that the program did not word itself, such as the message of a printer: one line of at most 1,000 bytes without
/// control characters, whatever it is made from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(from = "String")]
pub struct Detail(String);

/// The longest text, bytes.
const BYTES_MAX: usize = 1_000;

impl Detail {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Detail {
    /// Each run of white space and characters that cannot be seen becomes one space; what is longer is cut off.
    fn from(text: &str) -> Self {
        let mut line = String::with_capacity(text.len().min(BYTES_MAX));
        for word in text.split(|c: char| c.is_whitespace() || is_hidden(c)).filter(|word| !word.is_empty()) {
            let space = usize::from(!line.is_empty());
            let left = BYTES_MAX.saturating_sub(line.len() + space);
            if left == 0 {
                break;
            }
            if space == 1 {
                line.push(' ');
            }
            line.push_str(&word[..word.floor_char_boundary(left)]);
        }
        Self(line)
    }
}

impl From<String> for Detail {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_is_one_line_of_limited_length_whatever_a_printer_says() {
        assert_eq!(Detail::from(" jam\r\n in\ttray\u{1b}[31m\u{202e} 2 ").as_str(), "jam in tray [31m 2");
        assert_eq!(Detail::from("").as_str(), "");
        let long = "\u{e9}".repeat(600);
        assert_eq!(Detail::from(long.as_str()).as_str().len(), 1_000);
        assert_eq!(Detail::from("x ".repeat(2_000)).as_str().len(), 999);
        let stored: Detail = serde_json::from_str("\"two\\nlines\"").unwrap();
        assert_eq!(stored.as_str(), "two lines");
    }
}
