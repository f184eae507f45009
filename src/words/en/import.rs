//! What an import warns of, in words.

use super::{message::Message, reason::reason};
use crate::domain::import::{Fault, FileForm, Rejection, RowPlace, Warning};

/// Where a row stands.
pub fn row_place(RowPlace { row, line }: RowPlace) -> String {
    format!("row {row} (line {line})")
}

/// The faults of a row that are told.
const FAULTS_TOLD: usize = 5;

/// A refused row with its faults.
pub fn refused_row(place: RowPlace, request_id: &str, rejection: &Rejection) -> String {
    let of = if request_id.is_empty() { String::new() } else { format!(", {request_id}") };
    let further = if rejection.further.is_empty() { "" } else { "; " };
    let first = fault(&rejection.field, &reason(&rejection.detail));
    format!("{}{of}: {first}{further}{}", row_place(place), further_faults(&rejection.further))
}

/// The faults of a row after its first, at most 5 with that one.
pub fn further_faults(faults: &[Fault]) -> String {
    let told = faults.iter().take(FAULTS_TOLD - 1).map(|found| fault(&found.field, &reason(&found.detail)));
    let more = faults.len().saturating_sub(FAULTS_TOLD - 1);
    told.chain((more > 0).then(|| format!("and {more} more"))).collect::<Vec<_>>().join("; ")
}

fn fault(field: &str, detail: &str) -> String {
    match field {
        "" | "(row)" => detail.to_owned(),
        _ => format!("{field}: {detail}"),
    }
}

/// A warning.
pub fn warning(warning: Warning) -> &'static str {
    match warning {
        Warning::UnknownRegion => "the region code of the identifier is unknown",
        Warning::OtherBirthDate => "the identifier has another date of birth",
        Warning::OtherSex => "the identifier has another sex",
        Warning::VerifiedBeforeRequest => "verified before it was requested",
        Warning::LinesJoined => "line breaks or tabs in a value became blanks",
        Warning::MarkTakenOff => "an apostrophe of a spreadsheet in front of a value was taken off",
        Warning::ApostropheInFront => {
            "a value begins with an apostrophe, which is printed; if a spreadsheet put it there, take it off in the list"
        }
        Warning::FewerDigits => "a number is shorter than the profile says; a spreadsheet takes zeros in front off",
        Warning::OtherBackground => "the photo has another background than the year of birth asks for",
    }
}

/// A file that is no waiting list.
pub(super) fn file_form(form: FileForm) -> Message {
    let (what, hint) = match form {
        FileForm::Utf16 => ("text in UTF-16", "save it as \"CSV UTF-8\""),
        FileForm::Spreadsheet => ("a spreadsheet or another ZIP archive", "save the sheet as \"CSV UTF-8\""),
        FileForm::OldSpreadsheet => ("a spreadsheet of an old form", "save the sheet as \"CSV UTF-8\""),
        FileForm::Gzip => ("compressed by gzip", "unpack it with `gunzip`"),
        FileForm::Picture => ("a picture or a PDF", "name the file with the waiting list"),
        FileForm::JsonLines => ("JSON and not CSV", "add `--format jsonl`"),
        FileForm::JsonArray => ("one JSON array", "write one JSON object in each line"),
        FileForm::Markup => ("HTML or XML", "save the table as \"CSV UTF-8\""),
        FileForm::Binary => ("no text", "save the list as \"CSV UTF-8\""),
    };
    Message::new(format!("the file is {what}"), format!("{hint}, and import that"))
}
