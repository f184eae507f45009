//! The text and the hint of a filter with a value that nothing has.

use super::message::{Message, list};

/// Nothing has this value.
pub(super) fn unknown_filter(filter: &str, value: &str, known: &[String]) -> Message {
    let hint = if known.is_empty() { "there is none yet".to_owned() } else { format!("known are {}", list(known)) };
    Message::new(format!("no {} is named `{value}`", filter.replace('-', " ")), hint)
}
