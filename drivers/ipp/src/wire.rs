//! Encodes requests and decodes responses with the crate `ipp`, whose parser needs sanitized input.
//!
//! The parser panics on a text with language whose inner lengths are wrong. It refuses a whole response because of one
//! name that is too long or not UTF-8, which may belong to another program's job, and because of every tag that it does
//! not know. It nests collections without a limit and drops them recursively, which can overflow the stack. So
//! [`sanitize`] walks the bytes first: it limits depth and numbers, and replaces every value that the parser cannot
//! read by `unknown`.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ipp::attribute::IppAttribute;
use ipp::model::{DelimiterTag, IppVersion, Operation};
use ipp::parser::{IppParseError, IppParser};
use ipp::reader::IppReader;
use ipp::request::IppRequestResponse;
use ipp::value::{BoundedString, IppValue};

/// Nesting of collections. `media-col-database` needs 2.
const DEPTH_MAX: usize = 16;

/// Values of one response. A thousand jobs have 16,000, all attributes of a printer about 5,000.
const VALUES_MAX: usize = 1 << 16;

/// Values of one attribute, because removing duplicates compares each with each. The longest known list has about 500
/// media.
const VALUES_PER_ATTRIBUTE_MAX: usize = 1 << 11;

/// Bytes of an attribute's name: those of a keyword (RFC 8011, section 5.1.4).
const NAME_BYTES_MAX: usize = 255;

/// Groups of one response. Each job is one, and a thousand are requested.
const GROUPS_MAX: usize = 1 << 12;

/// RFC 3995, section 11.1.1. Not in the crate's enumeration.
pub(crate) const CREATE_PRINTER_SUBSCRIPTIONS: u16 = 0x0016;
/// RFC 3995, section 11.2.5. Not in the crate's enumeration.
pub(crate) const GET_SUBSCRIPTIONS: u16 = 0x0019;
/// RFC 3996, section 5. Not in the crate's enumeration.
pub(crate) const GET_NOTIFICATIONS: u16 = 0x001c;

/// `successful-ok-ignored-or-substituted-attributes` and `successful-ok-conflicting-attributes`.
const STATUSES_IGNORED: [i16; 2] = [0x0001, 0x0002];

/// Attributes of requests without effect on a card.
const HARMLESS: [&str; 2] = ["requesting-user-name", "last-document"];

const TAG_END_OF_ATTRIBUTES: u8 = 0x03;
const TAG_DELIMITER_LAST: u8 = 0x0f;
const TAG_RESOURCE_ATTRIBUTES: u8 = 0x08;
const TAG_UNKNOWN: u8 = 0x12;
const TAG_COLLECTION_BEGIN: u8 = 0x34;
const TAG_COLLECTION_END: u8 = 0x37;
const TAG_VALUE_LAST: u8 = 0x4a;

/// One request, without version, request id and `printer-uri`.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// `operation-id`.
    pub(crate) operation: u16,
    attributes: Vec<(DelimiterTag, &'static str, IppValue)>,
}

impl Request {
    pub(crate) fn new(operation: Operation) -> Self {
        Self::with_code(operation as u16)
    }

    /// A request of an operation that the crate's enumeration does not have.
    pub(crate) fn with_code(operation: u16) -> Self {
        let request = Self { operation, attributes: Vec::new() };
        // Printers do not verify it. It never changes, so a printer's `my-jobs` lists all jobs of this program.
        request.with("requesting-user-name", name("cetak"))
    }

    /// A request about one job.
    pub(crate) fn for_job(operation: Operation, job_id: i32) -> Self {
        Self::new(operation).with("job-id", IppValue::Integer(job_id))
    }

    /// Adds an operation attribute.
    pub(crate) fn with(mut self, attribute: &'static str, value: IppValue) -> Self {
        self.attributes.push((DelimiterTag::OperationAttributes, attribute, value));
        self
    }

    /// Adds an attribute of the job to create.
    pub(crate) fn with_job(mut self, attribute: &'static str, value: IppValue) -> Self {
        self.attributes.push((DelimiterTag::JobAttributes, attribute, value));
        self
    }

    /// Adds an attribute of the subscription to create (RFC 3995).
    pub(crate) fn with_subscription(mut self, attribute: &'static str, value: IppValue) -> Self {
        self.attributes.push((DelimiterTag::SubscriptionAttributes, attribute, value));
        self
    }

    /// The attributes of this request that the printer ignored or replaced by others, from a successful answer (RFC
    /// 8011, section 4.1.7). One name stands for those that the printer does not name.
    pub(crate) fn ignored_by(&self, answer: &IppRequestResponse) -> Vec<&'static str> {
        let mut groups = answer.attributes().groups_of(DelimiterTag::UnsupportedAttributes).peekable();
        let is_named = groups.peek().is_some();
        let mut ignored = Vec::new();
        for group in groups {
            for (_, name, _) in &self.attributes {
                if !HARMLESS.contains(name) && group.get(name).is_some() && !ignored.contains(name) {
                    ignored.push(*name);
                }
            }
        }
        if ignored.is_empty() && !is_named && STATUSES_IGNORED.contains(&answer.header().operation_or_status) {
            ignored.push("attributes that it does not name");
        }
        ignored
    }

    /// The encoded request, without a document.
    pub(crate) fn to_bytes(
        &self,
        version: IppVersion,
        printer_uri: &str,
        request_id: i32,
    ) -> Result<Vec<u8>, IppParseError> {
        // Not `new(.., Some(uri))`, which changes `ipps` to `ipp`.
        let mut message = IppRequestResponse::new(version, Operation::GetJobs, None)?;
        message.header_mut().operation_or_status = self.operation.cast_signed();
        message.header_mut().request_id = request_id;
        let printer = IppAttribute::with_name("printer-uri", IppValue::Uri(bounded(printer_uri)))?;
        message.attributes_mut().add(DelimiterTag::OperationAttributes, printer);
        for (group, attribute, value) in &self.attributes {
            message.attributes_mut().add(*group, IppAttribute::with_name(attribute, value.clone())?);
        }
        Ok(message.to_bytes().to_vec())
    }
}

/// The texts of requests come from this program and are short ASCII, so none is truncated.
fn bounded<const MAX: usize>(text: &str) -> BoundedString<MAX> {
    BoundedString::new_truncated(text)
}

pub(crate) fn name(text: &str) -> IppValue {
    IppValue::NameWithoutLanguage(bounded(text))
}

pub(crate) fn keyword(text: &str) -> IppValue {
    IppValue::Keyword(bounded(text))
}

pub(crate) fn keywords(texts: &[&str]) -> IppValue {
    IppValue::Array(texts.iter().map(|text| keyword(text)).collect())
}

pub(crate) fn media_type(text: &str) -> IppValue {
    IppValue::MimeMediaType(bounded(text))
}

/// Why bytes are not an IPP response.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("the response is not IPP version 1 or 2")]
    NotIpp,
    #[error("the response is incomplete")]
    Cut,
    #[error("the response nests collections deeper than {}", DEPTH_MAX)]
    TooDeep,
    #[error("the response has more values or groups than a printer needs")]
    TooMany,
    #[error("the IPP parser refused the response")]
    Refused,
    #[error("the IPP parser panicked on the response")]
    Panicked,
}

/// Decodes a response. Never panics, whatever the bytes are.
pub(crate) fn parse(bytes: &[u8]) -> Result<IppRequestResponse, Malformed> {
    let sanitized = sanitize(bytes)?;
    // No panic is known for sanitized bytes.
    let parsed = catch_unwind(AssertUnwindSafe(|| IppParser::new(IppReader::new(Cursor::new(sanitized))).parse()));
    // The parser's error is dropped, because it may quote values.
    parsed.map_err(|_| Malformed::Panicked)?.map_err(|_| Malformed::Refused)
}

/// The same attributes, with every value that the parser cannot read replaced by `unknown`.
fn sanitize(bytes: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut rest = bytes;
    let header = take(&mut rest, 8)?;
    if !matches!(header.first(), Some(1 | 2)) {
        return Err(Malformed::NotIpp);
    }
    let mut sanitized = Vec::with_capacity(bytes.len());
    sanitized.extend_from_slice(header);
    // Not reset by delimiters, because the parser does not close collections there.
    let mut depth = 0_usize;
    let (mut groups, mut values, mut values_of_attribute) = (0_usize, 0_usize, 0_usize);
    loop {
        let tag = take(&mut rest, 1)?.first().copied().unwrap_or_default();
        if tag <= TAG_DELIMITER_LAST {
            // Groups with an unknown delimiter are allowed (RFC 8010, section 3.5.1), and read as a group that is not used.
            sanitized.push(if matches!(tag, 0x01..=0x09) { tag } else { TAG_RESOURCE_ATTRIBUTES });
            if tag == TAG_END_OF_ATTRIBUTES {
                return Ok(sanitized);
            }
            groups += 1;
            if groups > GROUPS_MAX {
                return Err(Malformed::TooMany);
            }
            continue;
        }
        let attribute = take_counted(&mut rest)?;
        let value = take_counted(&mut rest)?;
        values += 1;
        values_of_attribute = if attribute.is_empty() { values_of_attribute + usize::from(depth == 0) } else { 1 };
        if values > VALUES_MAX || values_of_attribute > VALUES_PER_ATTRIBUTE_MAX {
            return Err(Malformed::TooMany);
        }
        match tag {
            TAG_COLLECTION_BEGIN => depth += 1,
            TAG_COLLECTION_END => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return Err(Malformed::TooDeep);
        }
        let (tag, value) = if is_well_formed(tag, value) { (tag, value) } else { (TAG_UNKNOWN, [].as_slice()) };
        let value = if matches!(tag, TAG_COLLECTION_BEGIN | TAG_COLLECTION_END) { &[] } else { value };
        sanitized.push(tag);
        put_counted(&mut sanitized, if is_text(attribute, NAME_BYTES_MAX) { attribute } else { b"unreadable" });
        put_counted(&mut sanitized, value);
    }
}

/// Whether the tag is known, the length is allowed by its syntax (RFC 8010, section 3.9; RFC 8011, section 5.1), and a
/// text is UTF-8.
fn is_well_formed(tag: u8, value: &[u8]) -> bool {
    match tag {
        0x21 | 0x23 => value.len() == 4,
        0x22 => value.len() == 1,
        0x31 => value.len() == 11,
        0x32 => value.len() == 9,
        0x33 => value.len() == 8,
        0x35 => is_text_with_language(value, 1023),
        0x36 => is_text_with_language(value, 255),
        0x41 | 0x45 | 0x46 => is_text(value, 1023),
        0x42 | 0x44 | 0x49 | 0x4a => is_text(value, 255),
        0x47 | 0x48 => is_text(value, 63),
        _ => tag <= TAG_VALUE_LAST,
    }
}

fn is_text(bytes: &[u8], bytes_max: usize) -> bool {
    bytes.len() <= bytes_max && std::str::from_utf8(bytes).is_ok()
}

fn is_text_with_language(value: &[u8], text_bytes_max: usize) -> bool {
    let mut rest = value;
    let (Ok(language), Ok(text)) = (take_counted(&mut rest), take_counted(&mut rest)) else { return false };
    is_text(language, 63) && is_text(text, text_bytes_max)
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], Malformed> {
    let (taken, left) = rest.split_at_checked(count).ok_or(Malformed::Cut)?;
    *rest = left;
    Ok(taken)
}

/// Takes bytes that are preceded by their length in two bytes.
fn take_counted<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Malformed> {
    let count = take(rest, 2)?.iter().fold(0, |count, byte| count << 8 | usize::from(*byte));
    take(rest, count)
}

/// `bytes` must come from [`take_counted`], so that their length fits.
fn put_counted(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&u16::try_from(bytes.len()).unwrap_or_default().to_be_bytes());
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(attributes: &[u8]) -> Vec<u8> {
        let mut bytes = vec![2, 0, 0, 0, 0, 0, 0, 1, 0x01];
        bytes.extend_from_slice(attributes);
        bytes.push(TAG_END_OF_ATTRIBUTES);
        bytes
    }

    fn attribute(tag: u8, name: &str, value: &[u8]) -> Vec<u8> {
        let mut bytes = vec![tag];
        put_counted(&mut bytes, name.as_bytes());
        put_counted(&mut bytes, value);
        bytes
    }

    fn value_of(bytes: &[u8], name: &str) -> IppValue {
        parse(bytes).unwrap().attributes().groups()[0].get(name).unwrap().value().clone()
    }

    #[test]
    fn a_name_with_a_wrong_inner_length_is_unknown_and_the_next_attribute_is_read() {
        let wrong = [0xff, 0xff, b'e', b'n', 0x00];
        let bytes = response(&[attribute(0x36, "job-name", &wrong), attribute(0x21, "job-id", &[0, 0, 0, 7])].concat());

        assert_eq!(value_of(&bytes, "job-id"), IppValue::Integer(7));
        assert!(matches!(value_of(&bytes, "job-name"), IppValue::Other { tag: TAG_UNKNOWN, .. }));
    }

    #[test]
    fn a_name_that_is_too_long_hides_no_other_attribute() {
        let long = attribute(0x42, "job-name", &[b'x'; 1024]);
        let bytes = response(&[long, attribute(0x21, "job-id", &[0, 0, 0, 7])].concat());

        assert_eq!(value_of(&bytes, "job-id"), IppValue::Integer(7));
    }

    #[test]
    fn an_unreadable_attribute_hides_no_other_job() {
        let latin = b"K\xe4rtchen".as_slice();
        for (what, odd) in [
            ("a name that is not UTF-8", attribute(0x42, "job-name", latin)),
            ("a text that is not UTF-8", attribute(0x41, "job-state-message", latin)),
            ("a keyword that is not UTF-8", attribute(0x44, "job-state-reasons", latin)),
            ("an unknown tag", attribute(0x4b, "x", b"1234")),
            ("a tag with an extension", attribute(0x7f, "x", &[0x40, 0, 0, 1, 9])),
            ("a private tag", attribute(0xff, "x", b"")),
            ("an attribute whose name is too long", attribute(0x21, &"x".repeat(300), &[0, 0, 0, 1])),
            ("an attribute whose name is not UTF-8", [&[0x21, 0, 1, 0xe4, 0, 4, 0, 0, 0, 1][..]].concat()),
            ("a collection with a value", attribute(TAG_COLLECTION_BEGIN, "x", b"y")),
            ("an end with a value", attribute(TAG_COLLECTION_END, "x", b"y")),
            ("an empty group with an unknown delimiter", vec![0x0b, 0x00, 0x0a, 0x01]),
        ] {
            // In a group of its own, because an open collection swallows the rest of its group.
            let bytes = response(&[odd, vec![0x02], attribute(0x21, "job-id", &[0, 0, 0, 7])].concat());

            let answer = parse(&bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
            let job = answer.attributes().groups().last().unwrap();
            assert_eq!(job.get("job-id").map(|id| id.value().clone()), Some(IppValue::Integer(7)), "{what}");
        }
    }

    #[test]
    fn a_value_of_a_wrong_length_is_unknown() {
        for (tag, length) in [(0x21, 3), (0x23, 5), (0x22, 0), (0x31, 10), (0x32, 8), (0x33, 7), (0x48, 64)] {
            let bytes = response(&attribute(tag, "x", &vec![b'1'; length]));

            assert!(matches!(value_of(&bytes, "x"), IppValue::Other { tag: TAG_UNKNOWN, .. }), "tag {tag:#x}");
        }
    }

    #[test]
    fn a_response_with_too_deeply_nested_collections_is_refused() {
        let bytes = response(&attribute(TAG_COLLECTION_BEGIN, "", &[]).repeat(200_000));
        assert_eq!(parse(&bytes).err(), Some(Malformed::TooDeep));

        let with_delimiters = [attribute(TAG_COLLECTION_BEGIN, "x", &[]), vec![0x02]].concat();
        assert_eq!(parse(&response(&with_delimiters.repeat(100_000))).err(), Some(Malformed::TooDeep));
    }

    #[test]
    fn a_response_with_too_many_values_or_groups_is_refused() {
        let more = |count| attribute(0x44, "", b"x").repeat(count);
        let one = |count| [attribute(0x44, "reasons", b"x"), more(count - 1)].concat();
        let groups = |count| vec![0x02; count];
        for (what, allowed, refused) in [
            ("values of one attribute", one(VALUES_PER_ATTRIBUTE_MAX), one(VALUES_PER_ATTRIBUTE_MAX + 1)),
            ("values", attribute(0x44, "x", b"").repeat(VALUES_MAX), attribute(0x44, "x", b"").repeat(VALUES_MAX + 1)),
            // One more group, of operation attributes, precedes them.
            ("groups", groups(GROUPS_MAX - 1), groups(GROUPS_MAX)),
        ] {
            assert!(parse(&response(&allowed)).is_ok(), "{what}");
            assert_eq!(parse(&response(&refused)).err(), Some(Malformed::TooMany), "{what}");
        }
    }

    #[test]
    fn collections_nested_as_deep_as_allowed_are_read() {
        let mut nested = attribute(TAG_COLLECTION_BEGIN, "x", &[]);
        for _ in 1..DEPTH_MAX {
            nested.extend(attribute(0x4a, "", b"member"));
            nested.extend(attribute(TAG_COLLECTION_BEGIN, "", &[]));
        }
        nested.extend(attribute(TAG_COLLECTION_END, "", &[]).repeat(DEPTH_MAX));

        assert!(parse(&response(&nested)).is_ok());
    }

    #[test]
    fn no_prefix_and_no_changed_byte_of_a_response_makes_the_parser_panic() {
        let whole = response(
            &[
                attribute(0x47, "attributes-charset", b"utf-8"),
                attribute(0x36, "job-name", &[0, 2, b'e', b'n', 0, 1, b'a']),
                attribute(TAG_COLLECTION_BEGIN, "media-col", &[]),
                attribute(0x4a, "", b"media-type"),
                attribute(0x44, "", b"cardstock"),
                attribute(TAG_COLLECTION_END, "", &[]),
                attribute(0x32, "printer-resolution-default", &[0, 0, 1, 44, 0, 0, 1, 44, 3]),
            ]
            .concat(),
        );
        assert!(parse(&whole).is_ok());

        for end in 0..whole.len() {
            assert!(parse(&whole[..end]).is_err(), "the first {end} bytes");
        }
        for position in 0..whole.len() {
            for byte in 0..=u8::MAX {
                let mut changed = whole.clone();
                changed[position] = byte;
                assert_ne!(parse(&changed).err(), Some(Malformed::Panicked), "byte {position} is {byte:#x}");
            }
        }
    }

    #[test]
    fn a_request_has_the_printer_uri_with_its_scheme_and_port() {
        let request = Request::new(Operation::GetJobAttributes).with("job-id", IppValue::Integer(5));

        let bytes = request.to_bytes(IppVersion::v2_0(), "ipps://printer.example:8443/ipp/print", 9).unwrap();

        let sent = parse(&bytes).unwrap();
        assert_eq!(sent.header().request_id, 9);
        let names: Vec<_> = sent.attributes().groups()[0].attributes().iter().map(|a| a.name().as_str()).collect();
        let order = ["attributes-charset", "attributes-natural-language", "printer-uri", "job-id"];
        assert_eq!(names[..4], order);
        let expected = IppValue::Uri(bounded("ipps://printer.example:8443/ipp/print"));
        assert_eq!(value_of(&bytes, "printer-uri"), expected);
    }
}
