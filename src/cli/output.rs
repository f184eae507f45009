//! Output: data on standard output, messages on standard error.

use std::{
    borrow::Cow,
    io::{self, Write},
    sync::atomic::{AtomicBool, Ordering},
};

use serde::Serialize;

use crate::domain::{hidden::is_hidden, natural::natural_order};
pub use crate::words::thousands;

/// The format of data: text for people, or JSON for programs.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// Whether data is JSON.
    pub json: bool,
}

impl Output {
    /// Prints data as one JSON value or as text.
    pub fn data<T: Serialize>(self, value: &T, text: impl FnOnce(&T) -> String) -> io::Result<()> {
        if self.json {
            let json = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
            self.text(&format!("{json}\n"))
        } else {
            self.text(&text(value))
        }
    }

    /// Prints text. What cannot be seen is escaped: a text of a printer or a list must not act on the terminal.
    pub fn text(self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(visible(text).as_bytes())?;
        out.flush()
    }

    /// Prints what was done: a sentence for people; with `--json`, an object with what was acted on and how it is now.
    pub fn done(self, fields: &serde_json::Value, message: &str) -> io::Result<()> {
        self.data(fields, |_| format!("{message}\n"))
    }
}

/// The target of messages in the log.
pub const MESSAGES: &str = "cetak::message";

/// Whether messages are lines of the log.
static IN_LOG: AtomicBool = AtomicBool::new(false);

/// Writes messages as lines of the log from now on, so that all that is on standard error has one format.
pub fn log_messages() {
    IN_LOG.store(true, Ordering::Relaxed);
}

/// Prints a message on standard error.
pub fn message(text: &str) {
    if IN_LOG.load(Ordering::Relaxed) {
        tracing::info!(target: MESSAGES, "{}", visible(text));
        return;
    }
    // An error is ignored: with standard error closed, there is no place to report it.
    let _ = writeln!(io::stderr().lock(), "{}", visible(text));
}

/// The text with each character that cannot be seen, except line breaks, as `\u202e`: JSON stays the same value.
fn visible(text: &str) -> Cow<'_, str> {
    let is_hidden = |c: char| c != '\n' && is_hidden(c);
    if !text.contains(is_hidden) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            let mut units = [0; 2];
            escaped.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            escaped.push(c);
        }
    }
    escaped.into()
}

/// A table whose columns are as wide as their widest cell; the last column is not padded. Numbers are aligned right.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let columns = header.len();
    let cell = |row: &[String], at: usize| row.get(at).cloned().unwrap_or_default();
    let width =
        |at: usize| rows.iter().map(|row| cell(row, at).chars().count()).chain([header[at].len()]).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let is_number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | ','));
    let numeric: Vec<bool> =
        (0..columns).map(|at| !rows.is_empty() && rows.iter().all(|row| is_number(&cell(row, at)))).collect();
    let line = |cells: &[String]| {
        let padded = (0..columns).map(|at| {
            let text = cell(cells, at);
            match (numeric[at], at + 1 == columns) {
                (true, _) => format!("{text:>width$}", width = widths[at]),
                (false, true) => text,
                (false, false) => format!("{text:<width$}", width = widths[at]),
            }
        });
        let joined = padded.collect::<Vec<_>>().join("  ");
        format!("{}\n", joined.trim_end())
    };
    let header: Vec<String> = header.iter().map(|h| (*h).to_owned()).collect();
    std::iter::once(line(&header)).chain(rows.iter().map(|row| line(row))).collect()
}

/// Rows in the natural order of their first cells: `p-2` before `p-10`.
pub fn in_order(mut rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    rows.sort_by(|a, b| natural_order(a.first().map_or("", String::as_str), b.first().map_or("", String::as_str)));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_right_and_words_left() {
        let rows = vec![vec!["vault".into(), "5,000".into()], vec!["x".into(), "12".into()]];
        assert_eq!(table(&["account", "n"], &rows), "account      n\nvault    5,000\nx           12\n");
    }

    #[test]
    fn what_cannot_be_seen_is_escaped_and_json_stays_the_same_value() {
        assert_eq!(visible("a\n\u{1b}[31m\u{202e}b\u{e0041}"), "a\n\\u001b[31m\\u202eb\\udb40\\udc41");
        let value = serde_json::json!({ "name": "a\u{9b}\u{202e}\u{e0041}" });
        let shown = visible(&value.to_string()).into_owned();
        assert!(shown.is_ascii());
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }
}
