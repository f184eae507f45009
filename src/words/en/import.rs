//! Imports in words: what they warn of, refuse and did.

use super::{
    message::{Message, list},
    number::thousands,
    reason::reason,
};
use crate::domain::{
    import::{Fault, FileForm, RejectReason, Rejection, RowPlace, Shape, Warning},
    reason::Reason,
    refusal::ImportRefusal,
    undo::{ImportDeed, UndoFate},
};

/// That the settings name no source of this name.
pub(super) fn no_source(source: &str, known: &[String]) -> Message {
    let hint = match known {
        [] => "the settings name no source; `[[source]]` in them names one".to_owned(),
        known => format!("the sources are {}", list(known)),
    };
    Message::new(format!("no source that is pulled is named `{source}`"), hint)
}

/// What a refusal about an import says to a person.
pub(super) fn import_refusal(refusal: &ImportRefusal) -> Message {
    match refusal {
        ImportRefusal::NoImport { import } => {
            Message::new(format!("there is no import {import}"), "list the imports with `cetak import list`")
        }
        ImportRefusal::Undone { import } => Message::new(
            format!("import {import} was undone already"),
            "its list can be imported again with `cetak import FILE`",
        ),
        ImportRefusal::Nothing { import } => Message::new(
            format!("import {import} changed no record that can still be changed"),
            "see what became of its records with `cetak import show NUMBER --records`",
        ),
        ImportRefusal::TooLarge { import, most } => Message::new(
            format!(
                "import {import} has more than {} records, which are not changed in one transaction",
                thousands(*most)
            ),
            "hold its records with `cetak record hold --source`, and correct the list; or restore a backup",
        ),
    }
}

/// What an import did to a record.
pub fn import_deed(deed: ImportDeed) -> &'static str {
    match deed {
        ImportDeed::Added => "added",
        ImportDeed::Updated => "updated",
        ImportDeed::Withdrawn => "withdrawn",
        ImportDeed::Restored => "restored",
    }
}

/// What undoing an import does to a record.
pub fn undo_fate(fate: UndoFate) -> &'static str {
    match fate {
        UndoFate::Withdrawn => "withdrawn, as it has no card",
        UndoFate::Reverted => "as it was before the import",
        UndoFate::Stopped => "its card is stopped at the check",
        UndoFate::HandedOver => "stays: its card is handed over",
        UndoFate::Kept => "stays: it was changed or withdrawn since",
    }
}

/// Where a row stands.
pub fn row_place(RowPlace { row, line }: RowPlace) -> String {
    // In a spreadsheet both are the number of its row.
    if row == line { format!("row {row}") } else { format!("row {row} (line {line})") }
}

/// The faults of a row that are told.
const FAULTS_TOLD: usize = 5;

/// A fault of a refused row.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct RowFault {
    /// The column, or columns separated by commas.
    pub field: String,
    /// The code of the reason.
    pub reason: String,
    /// What is wrong.
    pub detail: String,
}

/// The faults of a refused row, the first of which is counted.
pub fn row_faults(rejection: &Rejection) -> Vec<RowFault> {
    let first = (&rejection.field, rejection.reason, &rejection.detail);
    let further = rejection.further.iter().map(|Fault { field, reason, detail }| (field, *reason, detail));
    let fault = |(field, code, detail): (&String, RejectReason, &Reason)| RowFault {
        field: field.clone(),
        reason: code.as_str().to_owned(),
        detail: reason(detail),
    };
    std::iter::once(first).chain(further).map(fault).collect()
}

/// A refused row with its faults.
pub fn refused_row(place: RowPlace, request_id: &str, faults: &[RowFault]) -> String {
    let of = if request_id.is_empty() { String::new() } else { format!(", {request_id}") };
    let Some((first, further)) = faults.split_first() else { return format!("{}{of}", row_place(place)) };
    let joint = if further.is_empty() { "" } else { "; " };
    format!("{}{of}: {}{joint}{}", row_place(place), fault(&first.field, &first.detail), further_faults(further))
}

/// The faults of a row after its first, at most 5 with that one.
pub fn further_faults(faults: &[RowFault]) -> String {
    let told = faults.iter().take(FAULTS_TOLD - 1).map(|found| fault(&found.field, &found.detail));
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
        Warning::ValueLeftOut => "a value is left out, because the table of its column does not have it",
        Warning::OtherBackground => "the photo has another background than the year of birth asks for",
    }
}

/// The shape of a value.
pub fn shape(shape: &Shape) -> String {
    match shape {
        Shape::Digits(1) => "1 digit".into(),
        Shape::Digits(count) => format!("{count} digits"),
        Shape::Pattern(pattern) => format!("like {pattern}"),
        Shape::Letters(1) => "1 letter".into(),
        Shape::Letters(count) => format!("{count} letters"),
        Shape::Text => "text".into(),
    }
}

/// A file that is no waiting list.
pub(super) fn file_form(form: FileForm) -> Message {
    let (what, hint) = match form {
        FileForm::Utf16 => (
            "text in UTF-16 without a byte order mark",
            "name it with `--encoding utf-16`, or save it as \"CSV UTF-8\"",
        ),
        FileForm::Xlsx => {
            ("an XLSX spreadsheet", "name it with `--format xlsx`, or give it a name that ends in `.xlsx`")
        }
        FileForm::Ods => ("an ODS spreadsheet", "name it with `--format ods`, or give it a name that ends in `.ods`"),
        FileForm::Archive => ("a ZIP archive", "unpack it"),
        FileForm::OldSpreadsheet => ("a spreadsheet of the old form XLS", "save it as XLSX"),
        FileForm::BinarySpreadsheet => ("a spreadsheet of the form XLSB", "save it as XLSX"),
        FileForm::Encrypted => ("encrypted with a password", "save it without a password"),
        FileForm::Text => ("text and not a spreadsheet", "add `--format csv`"),
        FileForm::Gzip => ("compressed by gzip twice", "unpack it with `gunzip`"),
        FileForm::Picture => ("a picture or a PDF", "name the file with the waiting list"),
        FileForm::JsonLines => ("JSON and not CSV", "add `--format jsonl`"),
        FileForm::JsonArray => ("one JSON array", "write one JSON object in each line"),
        FileForm::Markup => ("HTML or XML", "save the table as \"CSV UTF-8\""),
        FileForm::Binary => ("no text", "save the list as \"CSV UTF-8\""),
    };
    Message::new(format!("the file is {what}"), format!("{hint}, and import that"))
}
