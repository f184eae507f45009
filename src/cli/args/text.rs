//! Texts that a person types.

/// The longest reason, name or document number that is accepted, in bytes.
const LINE_BYTES_MAX: usize = 500;

/// Parses a text that a person typed and that lists and the audit show: one line without control characters, 1 to
/// [`LINE_BYTES_MAX`] bytes after trimming.
pub(super) fn plain(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text {
        "" => Err("it must not be empty".into()),
        _ if text.len() > LINE_BYTES_MAX => Err(format!("it must not be longer than {LINE_BYTES_MAX} bytes")),
        _ if text.contains(char::is_control) => Err("it must be one line without control characters".into()),
        _ => Ok(text.to_owned()),
    }
}
