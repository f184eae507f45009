//! The text of each reason that the program gives.

use std::collections::BTreeMap;

pub use super::message::quote;
use super::{
    file::{cell, not_in_form, not_in_table},
    message::Message,
    number::thousands,
    printer::printer_condition,
};
use crate::domain::{
    id::ImportId,
    reason::{Detail, DriverFault, IdentifierFault, PhotoFault, Reason, RenderFault, SealedFault, StoredReason},
};

/// A stored reason for a person: the program's in words, any other text as a quotation. In JSON, which has quotes of its
/// own, that text stands as it is.
fn stored_reason(stored: &str, is_json: bool) -> String {
    match Reason::from_stored(stored) {
        StoredReason::Coded(coded) => reason(&coded),
        StoredReason::Quoted(text) if is_json => text,
        StoredReason::Quoted(text) => quote(&text),
    }
}

/// A reason in words, with the words of the person beside it, as people read them.
pub fn with_note(reason: Option<&str>, note: Option<&str>) -> Option<String> {
    match (reason, note.map(quote)) {
        (Some(reason), Some(note)) => Some(format!("{reason}: {note}")),
        (Some(reason), None) => Some(reason.to_owned()),
        (None, note) => note,
    }
}

/// Puts the words of a stored reason in its place.
pub fn word_reason(stored: &mut Option<String>, is_json: bool) {
    *stored = stored.take().map(|stored| stored_reason(&stored, is_json));
}

fn import_undone(import: ImportId, before: Option<&Reason>) -> String {
    let before = before.map(|before| format!("; before that: {}", reason(before)));
    format!("import {import} was undone{}", before.unwrap_or_default())
}

/// A reason in words.
pub fn reason(reason: &Reason) -> String {
    match reason {
        Reason::OpenQuote { rows, first_line, last_line } => format!(
            "holds {} further lines that look like rows (lines {first_line} to {last_line}): a quote in it is not closed",
            thousands(u64::try_from(*rows).unwrap_or(u64::MAX))
        ),
        Reason::FieldCount { found, expected } => format!("{found} fields, and the header has {expected}"),
        Reason::RowTooLong { most } => format!("longer than {} KiB", most / 1024),
        Reason::NotUtf8 => "not UTF-8; if the whole list is in another encoding, name it".into(),
        Reason::NotAnObject => "not a JSON object".into(),
        Reason::NotAValue => "neither text nor a whole number".into(),
        Reason::KeyTwice => "two keys for this column".into(),
        Reason::HiddenCharacter { code_point } => format!("has the character U+{code_point:04X}, which cannot be seen"),
        Reason::Cell { fault } => cell(*fault),
        Reason::NotInTable { column, known } => not_in_table(column, known),
        Reason::NotInForm { column, forms } => not_in_form(column, forms),
        Reason::Scientific => {
            "a number such as 3,3E+15, of which a spreadsheet has lost digits; format the column as text".into()
        }
        Reason::Missing => "missing".into(),
        Reason::TooLong { most } => format!("longer than {most} bytes"),
        Reason::NotARequestId => {
            "not a request id, which has a digit and no blank: perhaps the columns of the list are mixed up".into()
        }
        Reason::UnknownStatus { like: Some(like) } => format!("not a status of the profile; it has `{like}`"),
        Reason::UnknownStatus { like: None } => "not a status of the profile".into(),
        Reason::UnknownKind => "not a kind of request of the profile".into(),
        Reason::Status { status } => format!("status {status}"),
        Reason::StatusAfter { status, before } => format!("status {status}; before that: {}", self::reason(before)),
        Reason::ImportUndone { import, before } => import_undone(*import, before.as_deref()),
        Reason::WithdrawalNotAccepted => "a list that was not accepted would have withdrawn it".into(),
        Reason::Identifier { fault } => identifier(*fault),
        Reason::NotADate => "not a date such as 1980-12-31".into(),
        Reason::NotAnInstant => "not an instant such as 2015-08-31T10:00:00+07:00".into(),
        Reason::InTheFuture => "in the future".into(),
        Reason::Expired { column } => format!("the date in `{column}` is past, and the card would not be valid"),
        Reason::Photo { fault } => photo(*fault).into(),
        Reason::NotRendered(fault) => rendering(fault),
        Reason::Unreadable { fault } => format!("its stored data {}", sealed(*fault)),
        Reason::OtherProfile => "the request is known for another card profile".into(),
        Reason::OtherBody => "the request is known with other values".into(),
        Reason::HandedOver => "the card is handed over".into(),
        Reason::OtherRequestOpen => "another request of this person is open".into(),
        Reason::LivingCard => "this person holds a card, which this kind of request does not replace".into(),
        Reason::UpdatedInHand => "updated while its card was being printed".into(),
        Reason::UpdatedAfterRendering => "updated after its card was rendered".into(),
        Reason::Printer { reasons } if reasons.is_empty() => "the printer gives no reason".into(),
        Reason::Printer { reasons } => reasons.iter().map(|keyword| of_printer(keyword)).collect::<Vec<_>>().join("; "),
        Reason::Driver { fault, detail } => driver(*fault, detail),
        Reason::Stopped => "stopped before it was released".into(),
        Reason::LeaseExpired => "the lease of the node expired before anything was sent".into(),
        Reason::ReleaseNotArrived => "the release did not reach the printer".into(),
        Reason::UnknownToPrinter => "the printer does not know it".into(),
        Reason::ForgottenByPrinter => "the printer no longer knows it".into(),
        Reason::NotEnded => "it has not ended yet".into(),
        Reason::HeldByPerson => "held by a person".into(),
        Reason::HeldAtAdoption => {
            "it waited when the database was adopted, and may have been printed by another copy".into()
        }
        Reason::SentElsewhere { printer, attempt } => {
            format!("another copy of the database has sent it to printer `{printer}` as {attempt}")
        }
        Reason::WithdrawnByPerson { before: None } => "withdrawn by a person".into(),
        Reason::WithdrawnByPerson { before: Some(before) } => {
            format!("withdrawn by a person; before that: {}", self::reason(before))
        }
        Reason::RejectedByPerson => "withdrawn, and its card rejected by a person".into(),
        Reason::DeclaredByPerson => "declared uncertain by a person".into(),
        Reason::InspectedByPerson => "inspected by a person".into(),
    }
}

/// That filters left out records with this code of a reason.
pub fn left_out(code: &str, number: i64) -> String {
    let were = if number == 1 { "record was" } else { "records were" };
    format!(
        "{} {were} left out, which another copy of the database may have printed: see them with `cetak record list --state held \
         --code {code}`; when their cards are looked for, add `--code {code}` to release them",
        thousands(number)
    )
}

/// That records that match filters were held with different notes, each with the number of its records. `others` is the number of
/// records with further notes.
pub fn different_notes(notes: BTreeMap<Option<String>, i64>, others: i64) -> Message {
    let without = if notes.contains_key(&None) {
        ", those without a note by `--code CODE`, the code that `cetak record list --state held` shows"
    } else {
        ""
    };
    let mut notes: Vec<_> = notes.into_iter().collect();
    notes.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    let listed = notes.into_iter().map(|(note, number)| {
        let note = note.as_deref().map_or_else(|| "without a note".into(), quote);
        format!("\n  {} {note}", thousands(number))
    });
    let others = (others > 0).then(|| format!("\n  {} with other notes", thousands(others)));
    let listed: String = listed.chain(others).collect();
    Message::new(
        format!("the records that match have different notes; none was released:{listed}"),
        format!(
            "choose those with one note by `--held-for TEXT`, the whole note{without}, or release all with `--any-note`"
        ),
    )
}

/// A keyword as the printer gave it, with its meaning where that is known.
fn of_printer(keyword: &str) -> String {
    printer_condition(keyword).map_or_else(|| keyword.to_owned(), |condition| format!("{keyword}: {condition}"))
}

fn driver(fault: DriverFault, detail: &Detail) -> String {
    let text = match fault {
        DriverFault::NotSent => "nothing was sent",
        DriverFault::Rejected => "the printer refused this card",
        DriverFault::NeedsOperator => "a person must act on the printer first",
        DriverFault::OutcomeUnknown => "the printer gave no valid answer",
    };
    format!("{text}: {}", quote(detail.as_str()))
}

/// Why the stored data of a record cannot be read, after the words for these data.
pub(super) fn sealed(fault: SealedFault) -> &'static str {
    match fault {
        SealedFault::Missing => "are missing",
        SealedFault::OtherKey => "are sealed with another key",
        SealedFault::Changed => "were changed, or moved from another record",
        SealedFault::NotARecord => "are not the fields of a record",
    }
}

/// Why a card cannot be rendered.
pub(super) fn rendering(fault: &RenderFault) -> String {
    let code = |field: &str, problem: String| format!("field `{field}`: the text of its code {problem}");
    let mrz = |field: &str, problem: String| format!("field `{field}` of the machine-readable zone {problem}");
    match fault {
        RenderFault::Character { field, code_point } => {
            format!("field `{field}` has the character U+{code_point:04X}, which the card's font cannot show")
        }
        RenderFault::TooLong { field } => {
            format!("field `{field}` is too long for its place on the card, even in its least size")
        }
        RenderFault::CodeEmpty { field } => code(field, "is empty".into()),
        RenderFault::CodeTooLong { field, bytes, bytes_max } => {
            code(field, format!("has {bytes} bytes; at most {bytes_max} are allowed"))
        }
        RenderFault::CodeCharacter { field, code_point } => {
            code(field, format!("has the character U+{code_point:04X}, which Code 128 cannot carry"))
        }
        RenderFault::CodePlace { field, width, height, width_min, height_min } => {
            code(field, format!("needs {width_min} x {height_min} dots, and its place has {width} x {height}"))
        }
        RenderFault::CodeEncoder { field } => code(field, "cannot be encoded".into()),
        RenderFault::MrzMissing { field } => mrz(field, "is empty".into()),
        RenderFault::MrzCharacter { field, code_point } => {
            mrz(field, format!("has the character U+{code_point:04X}, which cannot be shown there"))
        }
        RenderFault::MrzTooLong { field, length_max } => mrz(field, format!("has more than {length_max} characters")),
        RenderFault::MrzDate { field } => mrz(field, "is not a date that can be shown there".into()),
        RenderFault::MrzDocumentCode => mrz(
            "document_code",
            "is not `A`, `C` or `I` with at most one more letter, or it ends in `V` or is `AI`".into(),
        ),
        RenderFault::MrzSex => mrz("sex", "is not `M`, `F`, `X` or empty".into()),
        RenderFault::Photo { photo: fault } => photo(*fault).into(),
        RenderFault::Panicked => "rendering the card failed".into(),
        RenderFault::Profile { detail } => detail.as_str().to_owned(),
    }
}

fn identifier(fault: IdentifierFault) -> String {
    let text = match fault {
        IdentifierFault::Length { least, most } => return format!("wrong length: {least} to {most} characters"),
        IdentifierFault::Characters => "not only letters, digits and hyphens",
        IdentifierFault::Digits => "not 16 digits",
        IdentifierFault::Ignored => "nothing in it is compared: the profile ignores all its characters",
        IdentifierFault::Day => "day not 01-31 or 41-71",
        IdentifierFault::Date => "no such date of birth",
        IdentifierFault::Serial => "serial 0000",
        IdentifierFault::Scientific => "in scientific notation, so a spreadsheet rounded it: export the column as text",
    };
    text.into()
}

pub(super) fn photo(fault: PhotoFault) -> &'static str {
    match fault {
        PhotoFault::OutsideFolder => "the photo's path leads out of the photo folder",
        PhotoFault::NoFolder => {
            "there is no folder with photos on the computer on which cetak runs: send the list and its photos in one ZIP, or make \
             the folder (`photos` in the data folder, unless another is set)"
        }
        PhotoFault::NoFile => "the photo does not exist",
        PhotoFault::SimilarFile => {
            "the photo does not exist; a file does whose path differs in case, in `\\` for `/`, or in its first folders"
        }
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
        PhotoFault::Name => "the stored name of the photo is damaged",
        PhotoFault::Purged => "the photo was deleted after hand-over or withdrawal: import the list again",
        PhotoFault::Sealed => "the stored photo cannot be decrypted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: bool = false;
    const JSON: bool = true;

    fn told(stored: &str, is_json: bool) -> String {
        let mut reason = Some(stored.to_owned());
        word_reason(&mut reason, is_json);
        reason.unwrap()
    }

    #[test]
    fn a_reason_of_the_program_is_worded_and_any_other_text_is_a_quotation() {
        let held = Reason::HeldByPerson.to_stored();
        assert_eq!((told(&held, TEXT), told(&held, JSON)), ("held by a person".into(), "held by a person".into()));
        // What an earlier version stored in the place of a code.
        let old = "stopped before it was released";
        assert_eq!((told(old, TEXT), told(old, JSON)), (format!("\"{old}\""), old.to_owned()));
    }

    #[test]
    fn the_keywords_of_a_printer_are_shown_with_their_meaning_and_without_quotes() {
        let printer = |reasons: &[&str]| {
            reason(&Reason::Printer { reasons: reasons.iter().map(|keyword| (*keyword).to_owned()).collect() })
        };
        assert_eq!(printer(&["media-jam", "vendor-flux"]), "media-jam: a card is jammed; vendor-flux");
        assert_eq!(printer(&[]), "the printer gives no reason");
        let detail = Reason::Driver { fault: DriverFault::Rejected, detail: "no such\ntray".into() };
        assert_eq!(reason(&detail), "the printer refused this card: \"no such tray\"");
    }

    #[test]
    fn the_words_of_a_person_stand_in_quotes_after_the_reason() {
        assert_eq!(with_note(Some("held by a person"), Some("asked")), Some("held by a person: \"asked\"".into()));
        assert_eq!(with_note(None, Some("asked")), Some("\"asked\"".into()));
        assert_eq!(with_note(Some("missing"), None), Some("missing".into()));
        assert_eq!(with_note(None, None), None);
    }
}
