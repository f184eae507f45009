//! Why something is as it is, where the program decided it: codes with arguments, stored in rows and events and written
//! into files of refused rows. The wording is the surface's. No argument is personal data.

mod detail;
mod fault;

use serde::{Deserialize, Serialize};

pub use self::{
    detail::Detail,
    fault::{CellFault, DriverFault, IdentifierFault, PhotoFault, RenderFault, SealedFault},
};
use super::id::ImportId;

/// A reason that the program gives. In JSON `{"code": "status", "args": {"status": "BIO_CAPTURED"}}`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "code", content = "args", rename_all = "kebab-case")]
pub enum Reason {
    // The form of a row.
    /// Lines of the row, from 1, look like rows: a quote before them is not closed.
    OpenQuote { rows: usize, first_line: u64, last_line: u64 },
    /// The row has another number of fields than the header.
    FieldCount { found: usize, expected: usize },
    /// The row is longer than this, bytes.
    RowTooLong { most: usize },
    /// The value is not UTF-8 text.
    NotUtf8,
    /// The line is not a JSON object.
    NotAnObject,
    /// The value is neither a text nor a whole number of at most 64 bits.
    NotAValue,
    /// The object has two keys for the column.
    KeyTwice,
    /// The value has a character that cannot be seen.
    HiddenCharacter { code_point: u32 },
    /// The cell of a spreadsheet has no value that can be taken as it stands.
    Cell { fault: CellFault },
    /// The value is a number in scientific notation, as a spreadsheet shows long numbers.
    Scientific,
    /// The mapping has a table for the column, in these letters of the file, and it does not have the value. `known` are the first that
    /// it has.
    NotInTable { column: String, known: Vec<String> },
    /// The value is no date in the forms that the mapping has for the column, in these letters of the file.
    NotInForm { column: String, forms: Vec<String> },

    // The values of a row.
    /// The value is missing.
    Missing,
    /// The value is longer than this, bytes.
    TooLong { most: usize },
    /// The value does not look like a request id, but like the value of another column.
    NotARequestId,
    /// The profile has no request kind of this name.
    UnknownKind,
    /// The profile does not know the status. `like` is one of its statuses that is written in another way.
    UnknownStatus { like: Option<String> },
    /// The source says with this status that the record is not to be printed.
    Status { status: String },
    /// The same of a record that was held or quarantined, or whose card was stopped, for the reason `before`.
    StatusAfter { status: String, before: Box<Reason> },
    /// The import that added or restored the record was undone. It was held or quarantined, or its card was stopped, for the reason
    /// `before`, if it was.
    ImportUndone { import: ImportId, before: Option<Box<Reason>> },
    /// A list that was not accepted would have withdrawn the record, among many.
    WithdrawalNotAccepted,
    /// The identifier is not valid.
    Identifier { fault: IdentifierFault },
    /// The value is not a date.
    NotADate,
    /// The value is not an instant.
    NotAnInstant,
    /// The instant is in the future.
    InTheFuture,
    /// The card would not be valid any more: the date in this column is past.
    Expired { column: String },
    /// The photo cannot be used.
    Photo { fault: PhotoFault },
    /// The card cannot be rendered.
    NotRendered(RenderFault),
    /// The stored data of the record cannot be read.
    Unreadable { fault: SealedFault },

    // A row beside what is known.
    /// The request is known for another card profile.
    OtherProfile,
    /// The request is known with other values.
    OtherBody,
    /// The card of the request is handed over.
    HandedOver,
    /// Another request of the same person is open.
    OtherRequestOpen,
    /// The person holds a card, which this kind of request does not replace.
    LivingCard,
    /// The record was updated while its card was being printed.
    UpdatedInHand,
    /// The record was updated after its card was rendered.
    UpdatedAfterRendering,

    // The outcome of an attempt.
    /// The printer gave these reasons, as IPP keywords; empty if it gave none.
    Printer { reasons: Vec<String> },
    /// A call of the driver failed; `detail` is the driver's text.
    Driver { fault: DriverFault, detail: Detail },
    /// A pause, a window, a withdrawal or a restart stopped the attempt before a card could exist.
    Stopped,
    /// The lease of the node expired before anything was sent.
    LeaseExpired,
    /// The release of the held job did not reach the printer before the scheduler ended.
    ReleaseNotArrived,
    /// The printer does not know the attempt.
    UnknownToPrinter,
    /// The printer no longer knows the attempt.
    ForgottenByPrinter,
    /// A test card has not ended within the time for which it is watched.
    NotEnded,

    // The act of a person, whose text is the note beside the reason.
    /// A person holds the record.
    HeldByPerson,
    /// The database was adopted, and the one before may have printed the record.
    HeldAtAdoption,
    /// A printer has a job of the record that the database does not know: another database of the site has sent it.
    SentElsewhere { printer: String, attempt: String },
    /// A person withdrew the record, which was held or quarantined for the reason `before`, if it was.
    WithdrawnByPerson { before: Option<Box<Reason>> },
    /// A person rejected the card of a withdrawn record.
    RejectedByPerson,
    /// A person declared that the outcome cannot be learned.
    DeclaredByPerson,
    /// A person inspected the attempt and decided its outcome.
    InspectedByPerson,
}

/// What a stored reason is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StoredReason {
    /// A reason that the program gave.
    Coded(Reason),
    /// A person's text, or one of an earlier version of the program.
    Quoted(String),
}

/// A stored reason as programs get it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum ToldReason {
    /// One that the program gave.
    Coded {
        /// Its code, which is stable.
        code: String,
        /// Its arguments, if it has any.
        #[serde(skip_serializing_if = "Option::is_none")]
        args: Option<serde_json::Map<String, serde_json::Value>>,
        /// The same in words, for people.
        text: String,
    },
    /// A person's text, or one of an earlier version of the program.
    Quoted(String),
}

impl ToldReason {
    /// A reason that the program gave, with its words.
    pub fn new(reason: &Reason, text: String) -> Self {
        #[derive(Deserialize)]
        struct Parts {
            code: String,
            args: Option<serde_json::Map<String, serde_json::Value>>,
        }
        // Cannot fail: a reason is written as these two.
        match serde_json::to_value(reason).and_then(serde_json::from_value::<Parts>) {
            Ok(Parts { code, args }) => Self::Coded { code, args, text },
            Err(_) => Self::Quoted(text),
        }
    }
}

/// A form that earlier versions stored.
#[derive(Deserialize)]
#[serde(tag = "code", content = "args", rename_all = "kebab-case")]
enum OldReason {
    /// Now with a code for what is wrong.
    NotRendered { detail: Detail },
}

impl Reason {
    /// The codes that a record may have, by which lists of records are filtered.
    pub const CODES_OF_RECORDS: &[&str] = &[
        "driver",
        "expired",
        "held-at-adoption",
        "held-by-person",
        "import-undone",
        "living-card",
        "not-rendered",
        "other-request-open",
        "photo",
        "printer",
        "rejected-by-person",
        "sent-elsewhere",
        "status",
        "status-after",
        "unreadable",
        "updated-after-rendering",
        "updated-in-hand",
        "withdrawal-not-accepted",
        "withdrawn-by-person",
    ];

    /// The text that is stored: compact JSON.
    pub fn to_stored(&self) -> String {
        // Cannot fail: all arguments are texts, numbers and lists of texts.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The code, if another copy of the database may have printed the card: a person looks for the card before such a record is
    /// released. `None` for any other reason.
    pub fn code_if_printed_elsewhere(&self) -> Option<&'static str> {
        let codes = [
            (matches!(self, Self::HeldAtAdoption), "held-at-adoption"),
            (matches!(self, Self::SentElsewhere { .. }), "sent-elsewhere"),
        ];
        codes.into_iter().find_map(|(is_this, code)| is_this.then_some(code))
    }

    /// From the stored text. Any text that is not the JSON of a reason is a quotation.
    pub fn from_stored(text: &str) -> StoredReason {
        match serde_json::from_str(text) {
            Ok(reason) => StoredReason::Coded(reason),
            Err(_) => match serde_json::from_str(text) {
                Ok(OldReason::NotRendered { detail }) => {
                    StoredReason::Coded(Reason::NotRendered(RenderFault::Profile { detail }))
                }
                Err(_) => StoredReason::Quoted(text.to_owned()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_stored_as_code_and_arguments_and_reads_back() {
        for (reason, stored) in [
            (Reason::LivingCard, r#"{"code":"living-card"}"#),
            (Reason::Status { status: "BIO_CAPTURED".into() }, r#"{"code":"status","args":{"status":"BIO_CAPTURED"}}"#),
            (Reason::Photo { fault: PhotoFault::CutOff }, r#"{"code":"photo","args":{"fault":"cut-off"}}"#),
        ] {
            assert_eq!(reason.to_stored(), stored);
            assert_eq!(Reason::from_stored(stored), StoredReason::Coded(reason));
        }
    }

    #[test]
    fn a_card_that_an_earlier_version_could_not_render_keeps_the_text_of_its_renderer() {
        let stored = r#"{"code":"not-rendered","args":{"detail":"the template has no photo"}}"#;
        let detail = "the template has no photo".into();
        let reason = Reason::NotRendered(RenderFault::Profile { detail });
        assert_eq!(Reason::from_stored(stored), StoredReason::Coded(reason));
    }

    #[test]
    fn a_card_that_another_copy_may_have_printed_is_told_by_the_code_that_is_stored() {
        let sent = Reason::SentElsewhere { printer: "p1".into(), attempt: "a1".into() };
        for (reason, code) in [(Reason::HeldAtAdoption, "held-at-adoption"), (sent, "sent-elsewhere")] {
            assert_eq!(reason.code_if_printed_elsewhere(), Some(code));
            assert!(reason.to_stored().starts_with(&format!("{{\"code\":\"{code}\"")), "{code}");
        }
        assert_eq!(Reason::HeldByPerson.code_if_printed_elsewhere(), None);
    }

    /// The sample after this one, so that no variant is left out.
    fn after(reason: &Reason) -> Option<Reason> {
        let (text, number) = (|| "text".to_owned(), 7);
        Some(match reason {
            Reason::OpenQuote { .. } => Reason::FieldCount { found: number, expected: 8 },
            Reason::FieldCount { .. } => Reason::RowTooLong { most: number },
            Reason::RowTooLong { .. } => Reason::NotUtf8,
            Reason::NotUtf8 => Reason::NotAnObject,
            Reason::NotAnObject => Reason::NotAValue,
            Reason::NotAValue => Reason::KeyTwice,
            Reason::KeyTwice => Reason::HiddenCharacter { code_point: 0x202e },
            Reason::HiddenCharacter { .. } => Reason::Cell { fault: CellFault::Rounded },
            Reason::Cell { .. } => Reason::Scientific,
            Reason::Scientific => Reason::NotInTable { column: text(), known: vec![text()] },
            Reason::NotInTable { .. } => Reason::NotInForm { column: text(), forms: vec![text()] },
            Reason::NotInForm { .. } => Reason::Missing,
            Reason::Missing => Reason::TooLong { most: number },
            Reason::TooLong { .. } => Reason::NotARequestId,
            Reason::NotARequestId => Reason::UnknownKind,
            Reason::UnknownKind => Reason::UnknownStatus { like: Some(text()) },
            Reason::UnknownStatus { .. } => Reason::Status { status: text() },
            Reason::Status { .. } => {
                Reason::StatusAfter { status: text(), before: Box::new(Reason::Photo { fault: PhotoFault::Corrupt }) }
            }
            Reason::StatusAfter { .. } => Reason::ImportUndone { import: ImportId(7), before: None },
            Reason::ImportUndone { .. } => Reason::WithdrawalNotAccepted,
            Reason::WithdrawalNotAccepted => Reason::Identifier { fault: IdentifierFault::Serial },
            Reason::Identifier { .. } => Reason::NotADate,
            Reason::NotADate => Reason::NotAnInstant,
            Reason::NotAnInstant => Reason::InTheFuture,
            Reason::InTheFuture => Reason::Expired { column: text() },
            Reason::Expired { .. } => Reason::Photo { fault: PhotoFault::Purged },
            Reason::Photo { .. } => Reason::NotRendered(RenderFault::MrzSex),
            Reason::NotRendered(fault) => match after_fault(fault) {
                Some(fault) => Reason::NotRendered(fault),
                None => Reason::Unreadable { fault: SealedFault::NotARecord },
            },
            Reason::Unreadable { .. } => Reason::OtherProfile,
            Reason::OtherProfile => Reason::OtherBody,
            Reason::OtherBody => Reason::HandedOver,
            Reason::HandedOver => Reason::OtherRequestOpen,
            Reason::OtherRequestOpen => Reason::LivingCard,
            Reason::LivingCard => Reason::UpdatedInHand,
            Reason::UpdatedInHand => Reason::UpdatedAfterRendering,
            Reason::UpdatedAfterRendering => Reason::Printer { reasons: vec![text(), "media-jam".into()] },
            Reason::Printer { .. } => Reason::Driver { fault: DriverFault::NeedsOperator, detail: text().into() },
            Reason::Driver { .. } => Reason::Stopped,
            Reason::Stopped => Reason::LeaseExpired,
            Reason::LeaseExpired => Reason::ReleaseNotArrived,
            Reason::ReleaseNotArrived => Reason::UnknownToPrinter,
            Reason::UnknownToPrinter => Reason::ForgottenByPrinter,
            Reason::ForgottenByPrinter => Reason::NotEnded,
            Reason::NotEnded => Reason::HeldByPerson,
            Reason::HeldByPerson => Reason::HeldAtAdoption,
            Reason::HeldAtAdoption => Reason::SentElsewhere { printer: text(), attempt: text() },
            Reason::SentElsewhere { .. } => Reason::WithdrawnByPerson { before: Some(Box::new(Reason::LivingCard)) },
            Reason::WithdrawnByPerson { .. } => Reason::RejectedByPerson,
            Reason::RejectedByPerson => Reason::DeclaredByPerson,
            Reason::DeclaredByPerson => Reason::InspectedByPerson,
            Reason::InspectedByPerson => return None,
        })
    }

    fn after_fault(fault: &RenderFault) -> Option<RenderFault> {
        let (field, code_point) = (|| "name".to_owned(), 0x4e2d);
        Some(match fault {
            RenderFault::MrzSex => RenderFault::Character { field: field(), code_point },
            RenderFault::Character { .. } => RenderFault::TooLong { field: field() },
            RenderFault::TooLong { .. } => RenderFault::CodeEmpty { field: field() },
            RenderFault::CodeEmpty { .. } => RenderFault::CodeTooLong { field: field(), bytes: 9, bytes_max: 8 },
            RenderFault::CodeTooLong { .. } => RenderFault::CodeCharacter { field: field(), code_point },
            RenderFault::CodeCharacter { .. } => {
                RenderFault::CodePlace { field: field(), width: 1, height: 2, width_min: 3, height_min: u64::MAX }
            }
            RenderFault::CodePlace { .. } => RenderFault::CodeEncoder { field: field() },
            RenderFault::CodeEncoder { .. } => RenderFault::MrzMissing { field: field() },
            RenderFault::MrzMissing { .. } => RenderFault::MrzCharacter { field: field(), code_point },
            RenderFault::MrzCharacter { .. } => RenderFault::MrzTooLong { field: field(), length_max: 9 },
            RenderFault::MrzTooLong { .. } => RenderFault::MrzDate { field: field() },
            RenderFault::MrzDate { .. } => RenderFault::MrzDocumentCode,
            RenderFault::MrzDocumentCode => RenderFault::Photo { photo: PhotoFault::Name },
            RenderFault::Photo { .. } => RenderFault::Panicked,
            RenderFault::Panicked => RenderFault::Profile { detail: "line 3".into() },
            RenderFault::Profile { .. } => return None,
        })
    }

    #[test]
    fn every_reason_reads_back_from_what_is_stored_of_it() {
        let first = Reason::OpenQuote { rows: 2, first_line: 3, last_line: 4 };
        let all: Vec<Reason> = std::iter::successors(Some(first), after).collect();
        assert_eq!(all.len(), 66);
        let codes: Vec<_> = all.iter().map(|reason| serde_json::to_value(reason).unwrap()["code"].clone()).collect();
        assert!(Reason::CODES_OF_RECORDS.iter().all(|code| codes.iter().any(|known| known == code)));
        for reason in all {
            let stored = reason.to_stored();
            assert!(stored.starts_with("{\"code\":\"") && !stored.contains('\n'), "{stored}");
            assert_eq!(Reason::from_stored(&stored), StoredReason::Coded(reason));
        }
    }

    #[test]
    fn any_other_text_is_a_quotation() {
        for text in ["", "looks odd", "{}", r#"{"code":"of a later version"}"#, "\"missing\"", "7"] {
            assert_eq!(Reason::from_stored(text), StoredReason::Quoted(text.into()), "{text}");
        }
    }
}
