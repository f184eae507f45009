//! The tags and texts of an XML document, one after another from a window that has a limit.
//!
//! No document type is read, so that no entity can grow. It is written here and not taken from a library because an import reads
//! each cell of a sheet twice, and no token may be longer than its limit while it is read.

use std::io::{self, Read};

use crate::domain::import::SheetFault;

/// The longest tag or text, in bytes.
const TOKEN_MAX: usize = 1 << 20;
/// The window at first.
const WINDOW: usize = 128 << 10;

/// A part of a document.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Token<'a> {
    /// A tag that opens an element, or an empty element, after which no tag closes it.
    Open { name: &'a [u8], attributes: &'a [u8], is_empty: bool },
    /// A tag that closes an element.
    Close(&'a [u8]),
    /// Text with references.
    Text(&'a [u8]),
    /// Text as it stands.
    Literal(&'a [u8]),
}

#[derive(Clone, Copy)]
enum Kind {
    Open,
    Empty,
    Close,
    Text,
    Literal,
    Passed,
}

/// A document that is read.
pub(super) struct Xml<R> {
    input: R,
    window: Vec<u8>,
    /// The token that comes next begins here, and what was read ends there.
    at: usize,
    end: usize,
    has_ended: bool,
}

impl<R: Read> Xml<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, window: vec![0; WINDOW], at: 0, end: 0, has_ended: false }
    }

    /// The next token; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Token<'_>>> {
        loop {
            match scan(&self.window[self.at..self.end], self.has_ended)? {
                Some((Kind::Passed, length)) => self.at += length,
                Some((kind, length)) => {
                    let start = self.at;
                    self.at += length;
                    return Ok(Some(token(kind, &self.window[start..start + length])));
                }
                None if self.has_ended && self.at == self.end => return Ok(None),
                None if self.has_ended => return Err(SheetFault::Damaged.into()),
                None => self.fill()?,
            }
        }
    }

    /// What was read and not given out.
    pub(super) fn ahead(&self) -> &[u8] {
        &self.window[self.at..self.end]
    }

    /// Passes over whole tokens of what was read.
    pub(super) fn pass(&mut self, length: usize) {
        self.at += length;
    }

    /// Reads more behind the token that is not whole.
    fn fill(&mut self) -> io::Result<()> {
        self.window.copy_within(self.at..self.end, 0);
        (self.at, self.end) = (0, self.end - self.at);
        if self.end == self.window.len() {
            if self.end >= TOKEN_MAX {
                return Err(SheetFault::CellTooLarge.into());
            }
            self.window.resize(2 * self.end, 0);
        }
        let count = self.input.read(&mut self.window[self.end..])?;
        self.end += count;
        self.has_ended = count == 0;
        Ok(())
    }
}

fn token(kind: Kind, bytes: &[u8]) -> Token<'_> {
    let inner = |before: usize, after: usize| &bytes[before..bytes.len() - after];
    match kind {
        Kind::Text | Kind::Passed => Token::Text(bytes),
        Kind::Literal => Token::Literal(inner(CDATA.len(), CDATA_END.len())),
        Kind::Close => Token::Close(inner(2, 1).trim_ascii_end()),
        Kind::Open | Kind::Empty => {
            let is_empty = matches!(kind, Kind::Empty);
            let tag = inner(1, if is_empty { 2 } else { 1 });
            let name = tag.iter().position(u8::is_ascii_whitespace).unwrap_or(tag.len());
            Token::Open { name: &tag[..name], attributes: &tag[name..], is_empty }
        }
    }
}

const CDATA: &[u8] = b"<![CDATA[";
const CDATA_END: &[u8] = b"]]>";
const COMMENT: &[u8] = b"<!--";
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The first token of these bytes and its length; `None` if it is not whole.
fn scan(bytes: &[u8], has_ended: bool) -> io::Result<Option<(Kind, usize)>> {
    let after = |kind, end: &[u8], from: usize| Ok(find(bytes, end, from).map(|at| (kind, at + end.len())));
    match bytes {
        [] | [b'<'] => Ok(None),
        [b'<', b'/', ..] => after(Kind::Close, b">", 2),
        [b'<', b'?', ..] => after(Kind::Passed, b"?>", 2),
        [b'<', b'!', ..] if bytes.starts_with(COMMENT) => after(Kind::Passed, b"-->", COMMENT.len()),
        [b'<', b'!', ..] if bytes.starts_with(CDATA) => after(Kind::Literal, CDATA_END, CDATA.len()),
        [b'<', b'!', ..] if CDATA.starts_with(bytes) || COMMENT.starts_with(bytes) => Ok(None),
        [b'<', b'!', ..] => Err(SheetFault::DocumentType.into()),
        [b'<', ..] => Ok(tag_end(bytes).map(|end| {
            let kind = if bytes[end - 1] == b'/' { Kind::Empty } else { Kind::Open };
            (kind, end + 1)
        })),
        _ if bytes.starts_with(MARK) => Ok(Some((Kind::Passed, MARK.len()))),
        _ => match memchr::memchr(b'<', bytes) {
            Some(end) => Ok(Some((Kind::Text, end))),
            None if has_ended => Ok(Some((Kind::Text, bytes.len()))),
            None => Ok(None),
        },
    }
}

/// The place of the `>` that ends a tag and does not stand in an attribute.
fn tag_end(bytes: &[u8]) -> Option<usize> {
    let end = memchr::memchr(b'>', bytes)?;
    let tag = &bytes[..end];
    if memchr::memchr_iter(b'"', tag).count().is_multiple_of(2) && !tag.contains(&b'\'') {
        return Some(end);
    }
    let mut quote = None;
    for (at, byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), close) if open == *close => quote = None,
            (None | Some(_), _) => {}
        }
    }
    None
}

fn find(bytes: &[u8], text: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    if let [byte] = text {
        return memchr::memchr(*byte, rest).map(|at| from + at);
    }
    rest.windows(text.len()).position(|part| part == text).map(|at| from + at)
}

/// The attributes of a tag: names and values with references.
pub(super) fn attributes(mut rest: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    std::iter::from_fn(move || {
        rest = rest.trim_ascii_start();
        let equals = rest.iter().position(|b| *b == b'=')?;
        let name = rest[..equals].trim_ascii_end();
        let (quote, value) = rest[equals + 1..].trim_ascii_start().split_first()?;
        let end = value.iter().position(|b| b == quote)?;
        rest = &value[end + 1..];
        Some((name, &value[..end]))
    })
}

/// The value of an attribute.
pub(super) fn attribute(tag: &[u8], name: &[u8]) -> Option<String> {
    let (_, value) = attributes(tag).find(|(found, _)| *found == name)?;
    let mut text = Vec::with_capacity(value.len());
    push_text(value, &mut text).ok()?;
    String::from_utf8(text).ok()
}

/// The name without the prefix of its namespace.
pub(super) fn local(name: &[u8]) -> &[u8] {
    name.iter().position(|b| *b == b':').map_or(name, |at| &name[at + 1..])
}

/// Adds a text whose references are replaced.
pub(super) fn push_text(mut raw: &[u8], text: &mut Vec<u8>) -> io::Result<()> {
    while let Some(at) = memchr::memchr(b'&', raw) {
        text.extend_from_slice(&raw[..at]);
        let rest = &raw[at + 1..];
        let end = rest.iter().take(12).position(|b| *b == b';').ok_or(SheetFault::Damaged)?;
        let character = referred(&rest[..end]).ok_or(SheetFault::Damaged)?;
        text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        raw = &rest[end + 1..];
    }
    text.extend_from_slice(raw);
    Ok(())
}

fn referred(name: &[u8]) -> Option<char> {
    match name {
        b"amp" => Some('&'),
        b"lt" => Some('<'),
        b"gt" => Some('>'),
        b"quot" => Some('"'),
        b"apos" => Some('\''),
        [b'#', digits @ ..] => {
            let digits = std::str::from_utf8(digits).ok()?;
            let code = match digits.strip_prefix('x') {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
                None => digits.parse(),
            };
            char::from_u32(code.ok()?)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::fault::fault_of, *};

    /// A reader that gives one byte at a time.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(1);
            (&mut self.0).read(&mut buffer[..count])
        }
    }

    fn tokens(document: &[u8]) -> io::Result<Vec<String>> {
        let mut told = [Vec::new(), Vec::new()];
        let (mut whole, mut slow) = (Xml::new(document), Xml::new(Slow(document)));
        let tell = |token: Token<'_>| match token {
            Token::Open { name, attributes: tag, is_empty } => {
                let mut text = format!("{}{}", String::from_utf8_lossy(name), if is_empty { "/" } else { "" });
                for (name, _) in attributes(tag) {
                    let name_text = String::from_utf8_lossy(name);
                    text.push_str(&format!(" {name_text}={}", attribute(tag, name).unwrap_or_default()));
                }
                text
            }
            Token::Close(name) => format!("-{}", String::from_utf8_lossy(name)),
            Token::Text(raw) => {
                let mut text = Vec::new();
                push_text(raw, &mut text).unwrap();
                format!("'{}'", String::from_utf8_lossy(&text))
            }
            Token::Literal(text) => format!("'{}'", String::from_utf8_lossy(text)),
        };
        while let Some(token) = whole.next()? {
            told[0].push(tell(token));
        }
        while let Some(token) = slow.next()? {
            told[1].push(tell(token));
        }
        let [whole, slow] = told;
        assert_eq!(whole, slow);
        Ok(whole)
    }

    #[test]
    fn a_document_is_read_as_tags_and_texts_whatever_the_size_of_its_pieces() {
        let document = "\u{feff}<?xml version='1.0'?><!-- <a> --><x:a b=\"1>2\" c = 'D&amp;E'>A &lt; \u{e9}&#x41;&#66;\
                        <v/><![CDATA[<&]]></x:a>\n";
        let expected = ["x:a b=1>2 c=D&E", "'A < \u{e9}AB'", "v/", "'<&'", "-x:a", "'\n'"];
        assert_eq!(tokens(document.as_bytes()).unwrap(), expected);
        assert_eq!(local(b"x:a"), b"a");
    }

    #[test]
    fn a_document_that_is_cut_off_or_has_a_type_is_refused() {
        let fault = |document: &[u8]| tokens(document).map_err(|error| fault_of(&error)).unwrap_err();
        assert_eq!(fault(b"<a><b"), SheetFault::Damaged);
        assert_eq!(fault(b"<a><!-- "), SheetFault::Damaged);
        assert_eq!(fault(b"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"), SheetFault::DocumentType);
        assert!(push_text(b"&b;", &mut Vec::new()).is_err());
    }

    #[test]
    fn a_token_has_a_limit() {
        let mut long = Xml::new(io::repeat(b'a'));
        let fault = long.next().map_err(|error| fault_of(&error));
        assert_eq!(fault, Err(SheetFault::CellTooLarge));
        assert!(long.window.len() <= 2 * TOKEN_MAX);
    }
}
