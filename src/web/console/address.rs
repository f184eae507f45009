//! Addresses of pages.

use std::fmt::Write;

/// The parameter with the act that led to a page and was done.
pub(super) const DONE: &str = "done";
/// The parameter with the act that led to a page and was asked for.
pub(super) const ASKED: &str = "asked";
/// The parameter with what such an act was about.
pub(super) const ABOUT: &str = "about";

/// Writes a text so that it is one part of a path, or one value of a query string.
pub(super) fn encoded(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            shown.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(shown, "%{byte:02X}");
        }
    }
    shown
}

/// A path with values in its query string, under names that need no encoding. A value that is empty is left out.
pub(super) fn with_query(path: &str, values: &[(&str, &str)]) -> String {
    let values = values.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<String> = values.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// A path of this server that a request names as the page to go to; the board for any other text.
pub(super) fn own(path: &str) -> &str {
    let is_own = path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_own { path } else { "/" }
}

/// The address without what became of the act that led there.
pub(super) fn without_notice(here: &str) -> String {
    let Some((path, query)) = here.split_once('?') else { return here.to_owned() };
    let is_notice = |pair: &&str| pair.split_once('=').is_some_and(|(name, _)| [DONE, ASKED, ABOUT].contains(&name));
    let others: Vec<&str> = query.split('&').filter(|pair| !is_notice(pair)).collect();
    if others.is_empty() { path.to_owned() } else { format!("{path}?{}", others.join("&")) }
}

/// The page of a record.
pub(super) fn record(source: &str, request_id: &str) -> String {
    format!("/records/{}/{}", encoded(source), encoded(request_id))
}

/// The page of a printer.
pub(super) fn printer(name: &str) -> String {
    format!("/printers/{}", encoded(name))
}

/// The page of a batch.
pub(super) fn batch(batch: i64) -> String {
    format!("/batches/{batch}")
}

/// The page of a source.
pub(super) fn source(name: &str) -> String {
    format!("/sources/{}", encoded(name))
}

/// The page of an import.
pub(super) fn import(import: i64) -> String {
    format!("/imports/{import}")
}

/// The page of a count of blanks.
pub(super) fn count(count: i64) -> String {
    format!("/stock/counts/{count}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_an_address_is_one_part_of_it() {
        assert_eq!(record("kudus", "a/b?c#ü"), "/records/kudus/a%2Fb%3Fc%23%C3%BC");
        assert_eq!(
            with_query("/records", &[("state", "held"), ("source", ""), ("after", "1 2")]),
            "/records?state=held&after=1%202"
        );
    }

    #[test]
    fn the_page_after_an_act_does_not_tell_of_the_act_before() {
        assert_eq!(without_notice("/stock"), "/stock");
        assert_eq!(without_notice("/records/a/b?done=HoldRecord&about=record%20R-1"), "/records/a/b");
        assert_eq!(without_notice("/records?state=held&asked=X&after=7"), "/records?state=held&after=7");
    }

    #[test]
    fn a_page_to_go_to_is_one_of_this_server() {
        for other in ["https://example.org/", "//example.org", "/\\example.org", "javascript:alert(1)", "", "/a\nb"] {
            assert_eq!(own(other), "/");
        }
        assert_eq!(own("/records?state=held"), "/records?state=held");
    }
}
