//! Reads a Rust source: its code without comments and strings, and its strings.

/// The code of a text, with empty strings and without comments; and its strings.
pub(crate) fn split(text: &str) -> (String, Vec<String>) {
    let (mut code, mut strings) = (String::with_capacity(text.len()), Vec::new());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (length, kept) = if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), "")
        } else if rest.starts_with("/*") {
            (rest.find("*/").map_or(rest.len(), |at| at + 2), " ")
        } else if let Some((start, content, end)) = string(rest) {
            strings.push(rest[start..start + content].to_owned());
            (end, "\"\"")
        } else if let Some(length) = character(rest) {
            (length, "' '")
        } else {
            (c.len_utf8(), &rest[..c.len_utf8()])
        };
        code.push_str(kept);
        rest = &rest[length..];
    }
    (code, strings)
}

/// A string literal at the beginning of a text: where its content starts, how long it is, where the literal ends.
fn string(text: &str) -> Option<(usize, usize, usize)> {
    let raw = text.strip_prefix('r').map(|t| t.len() - t.trim_start_matches('#').len());
    if let Some(hashes) = raw.filter(|hashes| text[1 + hashes..].starts_with('"')) {
        let start = hashes + 2;
        let end = format!("\"{}", "#".repeat(hashes));
        let length = text[start..].find(&end)?;
        return Some((start, length, start + length + end.len()));
    }
    let inner = text.strip_prefix('"')?;
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        if c == '"' && !escaped {
            return Some((1, at, at + 2));
        }
        escaped = c == '\\' && !escaped;
    }
    None
}

/// The length of a character literal at the beginning of a text; a lifetime is none.
fn character(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    let mut chars = inner.char_indices();
    let (_, first) = chars.next()?;
    if first == '\\' {
        return inner[2..].find('\'').map(|at| at + 4);
    }
    chars.next().filter(|(_, c)| *c == '\'').map(|(at, _)| at + 2)
}
