//! Digits in groups.

/// A whole number with a separator between each three digits.
pub(super) fn grouped(n: i128, separator: char) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    if n < 0 { format!("-{text}") } else { text }
}
