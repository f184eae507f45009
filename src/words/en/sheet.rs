//! What is wrong with a spreadsheet and its cells, in words.

use super::message::{Message, list};
use crate::domain::{import::SheetFault, reason::CellFault, refusal::SheetRefusal};

/// A refusal of a list in a spreadsheet.
pub(super) fn sheet_refusal(refusal: &SheetRefusal) -> Message {
    let say = |text: String, hint: &str| Message::new(text, hint);
    match refusal {
        SheetRefusal::Unreadable { fault } => unreadable(*fault),
        SheetRefusal::NoSheet { sheet, known } => say(
            format!("the spreadsheet has no sheet `{sheet}`; it has {}", list(known)),
            "name one of its sheets with `--sheet NAME`",
        ),
        SheetRefusal::OfText => say("a list of text has no sheets".into(), "leave `--sheet` out"),
        SheetRefusal::Merged { area, number: 1 } => say(
            format!("the cells {area} of the list are merged; nothing was imported"),
            "a merged value stands in its first row only: split the cells, write the value into each row, and import again",
        ),
        SheetRefusal::Merged { area, number } => say(
            format!("{number} areas of the list are merged cells, the first of them {area}; nothing was imported"),
            "a merged value stands in its first row only: split the cells, write the value into each row, and import again",
        ),
    }
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
