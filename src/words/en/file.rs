//! What is wrong with the file of a list, its cells and its mapping, in words.

use super::message::{Message, list};
use crate::domain::{import::SheetFault, reason::CellFault, refusal::FileRefusal};

/// A refusal of a list in a spreadsheet.
pub(super) fn file_refusal(refusal: &FileRefusal) -> Message {
    let say = |text: String, hint: &str| Message::new(text, hint);
    match refusal {
        FileRefusal::Unreadable { fault } => unreadable(*fault),
        FileRefusal::NoSheet { sheet, known } => say(
            format!("the spreadsheet has no sheet `{sheet}`; it has {}", list(known)),
            "name one of its sheets with `--sheet NAME`",
        ),
        FileRefusal::OfText => say("a list of text has no sheets".into(), "leave `--sheet` out"),
        FileRefusal::ArchiveLists { number: 0 } => say(
            "the archive has no waiting list".into(),
            "put one list into it whose name ends in `.csv`, `.jsonl`, `.xlsx` or `.ods`, beside its photos",
        ),
        FileRefusal::ArchiveLists { number } => say(
            format!("the archive has {number} waiting lists; it is not said which one counts"),
            "make an archive with one list and its photos for each",
        ),
        FileRefusal::Mapping { detail } => {
            say(format!("the mapping is wrong: {detail}"), "correct that key, and import again")
        }
        FileRefusal::ConstantColumn { column, letters } => say(
            format!("the mapping has a constant for `{column}`, and the file has that column: {letters}"),
            "take the constant out of the mapping, or the column out of the file",
        ),
        FileRefusal::Merged { area, number: 1 } => say(
            format!("the cells {area} of the list are merged; nothing was imported"),
            "a merged value stands in its first row only: split the cells, write the value into each row, and import again",
        ),
        FileRefusal::Merged { area, number } => say(
            format!("{number} areas of the list are merged cells, the first of them {area}; nothing was imported"),
            "a merged value stands in its first row only: split the cells, write the value into each row, and import again",
        ),
    }
}

/// A value that a table does not have.
pub(super) fn not_in_table(column: &str, known: &[String]) -> String {
    format!("the table of this column{} does not have the value; it has {}", in_file(column), list(known))
}

/// A value that is no date.
pub(super) fn not_in_form(column: &str, forms: &[String]) -> String {
    format!("not a date in a form of this column{}: {}, or 1980-12-31", in_file(column), list(forms))
}

fn in_file(column: &str) -> String {
    if column.is_empty() { String::new() } else { format!(" ({column} of the file)") }
}

fn unreadable(fault: SheetFault) -> Message {
    let (text, hint) = match fault {
        SheetFault::Damaged => ("it is cut off or damaged", "get it again, or open it and save it under another name"),
        SheetFault::Expands => ("a part of it unpacks to far more than its size", "save the sheet as \"CSV UTF-8\""),
        SheetFault::TooMany => {
            ("it has more rows, columns, sheets or formats than any list", "save the sheet as \"CSV UTF-8\"")
        }
        SheetFault::TextsTooLarge => ("its texts are larger than 256 MiB", "save the sheet as \"CSV UTF-8\""),
        SheetFault::CellTooLarge => ("a cell is larger than 1 MiB", "correct the cell"),
        SheetFault::DocumentType => ("it has a document type, as no spreadsheet has", "open it, and save it as XLSX"),
        SheetFault::Packing => ("it is packed in a way that is not read", "open it, and save it as XLSX"),
    };
    Message::new(format!("the file cannot be read: {text}"), format!("{hint}, and import that"))
}

/// A cell of a spreadsheet.
pub(super) fn cell(fault: CellFault) -> String {
    let text = match fault {
        CellFault::Rounded => {
            "a number of which a spreadsheet keeps 15 digits only; format the column as text, and enter it again"
        }
        CellFault::Boolean => "TRUE or FALSE, not a text; format the column as text, and enter it again",
        CellFault::TimeOfDay => "a time of day, not a text; format the column as text, and enter it again",
        CellFault::NotADay => "a number that is shown as a date, and is no day",
        CellFault::NotCalculated => "a formula without a result; open the spreadsheet, and save it",
        CellFault::OtherError => "an error of the spreadsheet",
        CellFault::NotAvailable
        | CellFault::DividedByZero
        | CellFault::UnknownName
        | CellFault::NoIntersection
        | CellFault::NotANumber
        | CellFault::NoReference
        | CellFault::WrongType => {
            return format!("the error `{}` of a formula", fault.error_name().unwrap_or_default());
        }
    };
    text.to_owned()
}
