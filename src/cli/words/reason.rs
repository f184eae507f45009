//! The text of each reason that the program gives.

use crate::{
    cli::output::Output,
    domain::reason::{IdentifierFault, PhotoFault, Reason, StoredReason},
};

/// A stored reason for a person: the program's in words, any other text as a quotation. In JSON, which has quotes of its
/// own, that text stands as it is.
fn stored_reason(stored: &str, out: Output) -> String {
    match Reason::from_stored(stored) {
        StoredReason::Coded(coded) => reason(&coded),
        StoredReason::Quoted(text) if out.json => text,
        StoredReason::Quoted(text) => format!("\"{text}\""),
    }
}

/// Puts the words of a stored reason in its place.
pub fn word_reason(stored: &mut Option<String>, out: Output) {
    *stored = stored.take().map(|stored| stored_reason(&stored, out));
}

/// A reason in words.
pub fn reason(reason: &Reason) -> String {
    match reason {
        Reason::OpenQuote { rows, first_line, last_line } => format!(
            "holds {rows} further lines that look like rows (lines {first_line} to {last_line}): a quote in it is not closed"
        ),
        Reason::FieldCount { found, expected } => format!("{found} fields, and the header has {expected}"),
        Reason::RowTooLong { most } => format!("longer than {} KiB", most / 1024),
        Reason::NotUtf8 => "not UTF-8".into(),
        Reason::NotAnObject => "not a JSON object".into(),
        Reason::NotAValue => "neither text nor a number".into(),
        Reason::Missing => "missing".into(),
        Reason::TooLong { most } => format!("longer than {most} bytes"),
        Reason::UnknownKind => "not a kind of request of the profile".into(),
        Reason::Status { status } => format!("status {status}"),
        Reason::Identifier { fault } => identifier(*fault).into(),
        Reason::NotADate => "not a date such as 1980-12-31".into(),
        Reason::NotAnInstant => "not an instant such as 2015-08-31T10:00:00+07:00".into(),
        Reason::InTheFuture => "in the future".into(),
        Reason::Photo { fault } => photo(*fault).into(),
        Reason::NotRendered { detail } => detail.clone(),
        Reason::OtherProfile => "the request is known for another card profile".into(),
        Reason::OtherBody => "the request is known with other values".into(),
        Reason::HandedOver => "the card is handed over".into(),
        Reason::OtherRequestOpen => "another request of this person is open".into(),
        Reason::LivingCard => "this person holds a card, which this kind of request does not replace".into(),
        Reason::UpdatedInHand => "updated while its card was being printed".into(),
        Reason::UpdatedAfterRendering => "updated after its card was rendered".into(),
    }
}

fn identifier(fault: IdentifierFault) -> &'static str {
    match fault {
        IdentifierFault::Length => "wrong length",
        IdentifierFault::Characters => "not only letters, digits and hyphens",
        IdentifierFault::Digits => "not 16 digits",
        IdentifierFault::Day => "day not 01-31 or 41-71",
        IdentifierFault::Date => "no such date of birth",
        IdentifierFault::Serial => "serial 0000",
    }
}

fn photo(fault: PhotoFault) -> &'static str {
    match fault {
        PhotoFault::OutsideFolder => "the photo's path leads out of the photo folder",
        PhotoFault::NoFolder => "the photo folder does not exist",
        PhotoFault::NoFile => "the photo does not exist",
        PhotoFault::NotAFile => "the photo's path is not that of a file",
        PhotoFault::Unreadable => "the photo cannot be read",
        PhotoFault::Empty => "the photo is empty",
        PhotoFault::FileTooLarge => "the photo is larger than 20 MiB",
        PhotoFault::Kind => "the photo is neither a JPEG nor a PNG",
        PhotoFault::TooLarge => "the photo is too large",
        PhotoFault::TooSmall => "the photo is too small",
        PhotoFault::CutOff => "the photo is cut off",
        PhotoFault::Unsupported => "the photo is of a kind that cannot be decoded",
        PhotoFault::Corrupt => "the photo is corrupt",
    }
}
