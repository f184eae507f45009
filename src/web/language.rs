//! The language of an answer: what `Accept-Language` asks for, and the headers that say which it is.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::words::Language;

/// The language that a request asks for.
pub(super) fn asked(headers: &HeaderMap) -> Language {
    let lists = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|list| list.to_str().ok());
    Language::preferred(&lists.collect::<Vec<_>>().join(","))
}

/// Says in the headers of an answer which language its words have, and that another request may get another.
pub(super) fn mark(headers: &mut HeaderMap, language: Language) {
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.code()));
    headers.insert(header::VARY, HeaderValue::from_static("accept-language"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_headers_are_one_list_and_those_that_are_no_text_are_not_regarded() {
        let asked = |values: &[&[u8]]| {
            let values = values.iter().map(|value| HeaderValue::from_bytes(value).unwrap());
            asked(&values.map(|value| (header::ACCEPT_LANGUAGE, value)).collect())
        };
        assert_eq!(asked(&[]), Language::English);
        assert_eq!(asked(&[b"en;q=0.5", b"id"]), Language::Indonesian);
        assert_eq!(asked(&[b"id", b"en;q=0.5"]), Language::Indonesian);
        assert_eq!(asked(&[b"\xff\xfe", b"id"]), Language::Indonesian);
        assert_eq!(asked(&[b"id\xff"]), Language::English);
    }
}
