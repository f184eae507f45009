//! The rows of a waiting list: layout, checks, and outcomes.

use std::{collections::HashMap, fmt};

use serde::Serialize;

pub mod decision;
pub mod identifier;
mod warning;

pub use self::warning::Warning;
use super::{
    card::profile::{CardProfile, GENERAL_COLUMNS, PhotoRule},
    reason::Reason,
    time::{Timestamp, parse_date},
};

/// Why a row is refused. The list is fixed; if several reasons apply, the first in this order is given.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RejectReason {
    /// The row cannot be read, has no request id, or is of a kind of request that the profile does not know.
    Malformed,
    /// The status is not print-ready.
    Status,
    /// The identifier is missing or impossible. The name is `nik` whatever the profile calls its column.
    Nik,
    /// The name is missing.
    Name,
    /// A date or instant cannot be read.
    Date,
    /// The instant of verification is in the future.
    Future,
    /// The row names no photo, or the file does not exist.
    Photo,
    /// A value cannot be rendered: it is too long for its place, or has a character that the font lacks.
    Card,
    /// The request is known with another body, and the import does not update.
    Conflict,
}

impl RejectReason {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Status => "status",
            Self::Nik => "nik",
            Self::Name => "name",
            Self::Date => "date",
            Self::Future => "future",
            Self::Photo => "photo",
            Self::Card => "card",
            Self::Conflict => "conflict",
        }
    }
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refused row: the reason, the column and the detail, without personal data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejection {
    /// The first reason that applies.
    pub reason: RejectReason,
    /// The column, or columns separated by commas.
    pub field: String,
    /// The detail.
    pub detail: Reason,
}

impl Rejection {
    /// A refusal of one column.
    pub fn new(reason: RejectReason, field: impl Into<String>, detail: Reason) -> Self {
        Self { reason, field: field.into(), detail }
    }
}

/// One row: the cleaned values in the order of its [`Layout`].
///
/// No `Debug`: the values are personal.
#[derive(Clone, Default)]
pub struct Row {
    /// 1 for the first row after the header.
    pub number: u64,
    /// One value for each column of the layout; empty where the row has none.
    pub values: Vec<String>,
}

/// The columns of a waiting list for one profile, and their meaning.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The column names: the general ones first, then the profile's.
    pub columns: Vec<String>,
    index: HashMap<String, usize>,
    identifier: usize,
    name: usize,
    district: usize,
    village: usize,
    dates: Vec<usize>,
    birth_date: Option<usize>,
    sex: Option<usize>,
}

const REQUEST_ID: usize = 0;
const REQUEST_KIND: usize = 1;
const STATUS: usize = 2;
const REQUESTED_AT: usize = 3;
const VERIFIED_AT: usize = 4;
const PHOTO: usize = 5;

/// The largest value, in bytes. A longer one is not a field of a card.
const VALUE_BYTES_MAX: usize = 1_000;
const REQUEST_ID_BYTES_MAX: usize = 100;

impl Layout {
    /// The layout of a validated profile.
    pub fn new(profile: &CardProfile) -> Self {
        let columns: Vec<String> = profile.columns().map(str::to_owned).collect();
        let index: HashMap<String, usize> = columns.iter().cloned().zip(0..).collect();
        let at = |column: &String| index.get(column).copied().unwrap_or_default();
        let optional = |column: &Option<String>| column.as_ref().map(at);
        Self {
            identifier: at(&profile.identifier.column),
            name: at(&profile.name_column),
            district: at(&profile.district),
            village: at(&profile.village),
            dates: profile.dates.iter().map(at).collect(),
            birth_date: optional(&profile.identifier.birth_date),
            sex: optional(&profile.identifier.sex),
            columns,
            index,
        }
    }

    /// The index of a column; `None` if the profile does not read it.
    pub fn position(&self, column: &str) -> Option<usize> {
        self.index.get(column).copied()
    }

    /// The required columns that `header` lacks.
    pub fn missing_from<'a>(&'a self, header: &[String], photo: PhotoRule) -> Vec<&'a str> {
        let needed = [REQUEST_ID, REQUEST_KIND, STATUS, REQUESTED_AT, VERIFIED_AT, self.identifier, self.name];
        let photo = (photo == PhotoRule::Required).then_some(PHOTO);
        let names = needed.into_iter().chain(photo).map(|at| self.columns[at].as_str());
        names.filter(|column| !header.iter().any(|h| h == column)).collect()
    }

    /// Checks a row against the profile, without photo and database.
    pub fn check(&self, profile: &CardProfile, row: Row, now: Timestamp) -> Checked {
        let value = |at: usize| row.values.get(at).map_or("", String::as_str);
        let refuse = |reason, at: usize, detail| Checked::Refused(Rejection::new(reason, &*self.columns[at], detail));
        if let Some(at) = (0..self.columns.len()).find(|at| value(*at).len() > VALUE_BYTES_MAX) {
            return refuse(RejectReason::Malformed, at, Reason::TooLong { most: VALUE_BYTES_MAX });
        }
        let request_id = value(REQUEST_ID);
        if request_id.is_empty() {
            return refuse(RejectReason::Malformed, REQUEST_ID, Reason::Missing);
        }
        if request_id.len() > REQUEST_ID_BYTES_MAX {
            return refuse(RejectReason::Malformed, REQUEST_ID, Reason::TooLong { most: REQUEST_ID_BYTES_MAX });
        }
        let Some(kind) = profile.kind(value(REQUEST_KIND)) else {
            return refuse(RejectReason::Malformed, REQUEST_KIND, Reason::UnknownKind);
        };
        let status = value(STATUS);
        if !profile.eligible_statuses.iter().any(|s| s == status) {
            let found = if is_keyword(status) { status } else { "(unreadable)" };
            return Checked::NotReady { request_id: request_id.to_owned(), status: found.to_owned() };
        }
        if let Err(why) = identifier::check(&profile.identifier, value(self.identifier)) {
            return refuse(RejectReason::Nik, self.identifier, why);
        }
        if value(self.name).is_empty() {
            return refuse(RejectReason::Name, self.name, Reason::Missing);
        }
        if let Some(at) = self.dates.iter().find(|at| parse_date(value(**at)).is_none()) {
            return refuse(RejectReason::Date, *at, Reason::NotADate);
        }
        let instants = [REQUESTED_AT, VERIFIED_AT].map(|at| Timestamp::parse(value(at)).ok_or(at));
        let [requested_at, verified_at] = match instants {
            [Ok(requested_at), Ok(verified_at)] => [requested_at, verified_at],
            [Err(at), _] | [_, Err(at)] => {
                return refuse(RejectReason::Date, at, Reason::NotAnInstant);
            }
        };
        if verified_at > now {
            return refuse(RejectReason::Future, VERIFIED_AT, Reason::InTheFuture);
        }
        if profile.photo == PhotoRule::Required && value(PHOTO).is_empty() {
            return refuse(RejectReason::Photo, PHOTO, Reason::Missing);
        }
        let optional = |at: Option<usize>| at.map_or("", value);
        let warnings = identifier::warnings(
            &profile.identifier,
            value(self.identifier),
            optional(self.birth_date),
            optional(self.sex),
        );
        let (class, replaces) = (kind.class, kind.replaces);
        Checked::Ready(Candidate { class, replaces, requested_at, verified_at, warnings, row })
    }

    /// The request id of the source.
    pub fn request_id<'a>(&self, candidate: &'a Candidate) -> &'a str {
        &candidate.row.values[REQUEST_ID]
    }

    /// The kind of request.
    pub fn kind<'a>(&self, candidate: &'a Candidate) -> &'a str {
        &candidate.row.values[REQUEST_KIND]
    }

    /// The photo's path, relative to its folder; empty for none.
    pub fn photo<'a>(&self, row: &'a Row) -> &'a str {
        row.values.get(PHOTO).map_or("", String::as_str)
    }

    /// The person's identifier.
    pub fn identifier<'a>(&self, candidate: &'a Candidate) -> &'a str {
        &candidate.row.values[self.identifier]
    }

    /// The district: the first sort key of a batch.
    pub fn district<'a>(&self, candidate: &'a Candidate) -> &'a str {
        &candidate.row.values[self.district]
    }

    /// The village: the second sort key of a batch.
    pub fn village<'a>(&self, candidate: &'a Candidate) -> &'a str {
        &candidate.row.values[self.village]
    }

    /// The fields that are sealed with the record, by name.
    pub fn personal<'a>(&'a self, profile: &'a CardProfile, row: &'a Row) -> impl Iterator<Item = (&'a str, &'a str)> {
        profile.personal.iter().map(|column| {
            let value = self.position(column).and_then(|at| row.values.get(at));
            (column.as_str(), value.map_or("", String::as_str))
        })
    }

    /// The column names of [`body`](Self::body).
    pub fn body_columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().enumerate().filter(|(at, _)| *at != PHOTO).map(|(_, column)| column.as_str())
    }

    /// The values of the body, in order. The photo's path is not one of them: its content counts.
    pub fn body<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = (&'a str, &'a str)> {
        let values = row.values.iter().map(String::as_str);
        self.columns
            .iter()
            .map(String::as_str)
            .zip(values)
            .enumerate()
            .filter(|(at, _)| *at != PHOTO)
            .map(|(_, pair)| pair)
    }
}

/// A row that has passed all checks of the row itself.
///
/// No `Debug`: it holds a person.
#[derive(Clone)]
pub struct Candidate {
    /// The priority class of its request kind.
    pub class: i64,
    /// Whether its request kind replaces a card that was handed over.
    pub replaces: bool,
    /// The instant of the request.
    pub requested_at: Timestamp,
    /// The instant at which the record became print-ready.
    pub verified_at: Timestamp,
    /// The warnings.
    pub warnings: Vec<Warning>,
    /// The values.
    pub row: Row,
}

/// The result of checking a row by itself.
pub enum Checked {
    /// It is print-ready.
    Ready(Candidate),
    /// Its status is not print-ready: it withdraws the record that it names, or is refused.
    NotReady {
        /// The request id of the source.
        request_id: String,
        /// The status of the row.
        status: String,
    },
    /// It is refused.
    Refused(Rejection),
}

/// The outcome of a row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RowOutcome {
    /// A new record, on the waiting list.
    Accepted,
    /// A known record with a new body.
    Updated,
    /// A repeat that changed nothing.
    Known,
    /// A new or updated record that needs a person's decision.
    Quarantined,
    /// Its record leaves the waiting list, or its card is stopped.
    Withdrawn,
    /// It was not imported.
    Refused(Rejection),
}

/// The relation of a print-ready row to the record with its key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Judgement {
    /// There is no such record.
    New,
    /// The same body, in whatever state the record is.
    Known,
    /// Another body.
    Differs,
}

/// Compares keyed digests of body and photo.
pub fn judge(stored_digest: Option<&[u8]>, digest: &[u8]) -> Judgement {
    match stored_digest {
        None => Judgement::New,
        Some(stored) if stored == digest => Judgement::Known,
        Some(_) => Judgement::Differs,
    }
}

/// Trims white space and a spreadsheet's leading apostrophe, and replaces line breaks and other control characters by
/// blanks, because a card has single lines.
pub fn clean(value: &str) -> String {
    let value = value.trim();
    let value = value.strip_prefix('\'').map_or(value, str::trim_start);
    if value.contains(char::is_control) {
        value.replace("\r\n", " ").replace(char::is_control, " ")
    } else {
        value.to_owned()
    }
}

/// The maximum of digits in a status. A text with more is probably an identifier in the wrong column.
const STATUS_DIGITS_MAX: usize = 3;

/// Whether a status may be repeated in a reason, because it looks like a keyword and not like personal data.
fn is_keyword(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        && text.bytes().filter(u8::is_ascii_digit).count() <= STATUS_DIGITS_MAX
}

const _: () = assert!(GENERAL_COLUMNS.len() == 6);

#[cfg(test)]
mod tests {
    #[test]
    fn a_status_that_looks_like_an_identifier_is_not_repeated() {
        for status in ["PRINT_READY_RECORD", "bio-captured", "READY2"] {
            assert!(super::is_keyword(status), "{status}");
        }
        for identifier in ["3372014509870003", "ST00001", "Ayu Lestari", "", "A-1-2-3-4"] {
            assert!(!super::is_keyword(identifier), "{identifier}");
        }
    }

    use super::*;

    fn ktp() -> CardProfile {
        toml::from_str(include_str!("../../profiles/ktp-el/profile.toml")).unwrap()
    }

    fn good() -> Vec<(&'static str, &'static str)> {
        vec![
            ("request_id", "r1"),
            ("request_kind", "first"),
            ("status", "PRINT_READY_RECORD"),
            ("requested_at", "2015-05-30T13:43:00+07:00"),
            ("verified_at", "2015-06-15T08:43:00+07:00"),
            ("photo", "portraits/a.png"),
            ("nik", "3372042007670001"),
            ("name", "SITI"),
            ("birth_date", "1967-07-20"),
            ("sex", "M"),
        ]
    }

    fn check(changes: &[(&'static str, &str)]) -> Result<Vec<Warning>, String> {
        let profile = ktp();
        let layout = Layout::new(&profile);
        let mut values = vec![String::new(); layout.columns.len()];
        for (column, value) in good().into_iter().chain(changes.iter().copied()) {
            values[layout.position(column).unwrap()] = clean(value);
        }
        let now = Timestamp::parse("2026-11-24T00:00:00Z").unwrap();
        match layout.check(&profile, Row { number: 1, values }, now) {
            Checked::Ready(candidate) => Ok(candidate.warnings),
            Checked::NotReady { status, .. } => Err(format!("status {status}")),
            Checked::Refused(rejection) => Err(format!("{} {}", rejection.reason, rejection.field)),
        }
    }

    #[test]
    fn a_row_gets_the_first_reason_that_applies() {
        let far = "2031-01-01T00:00:00+07:00";
        let long = "X".repeat(1_001);
        let mut faults = vec![
            ("photo", "", "photo photo"),
            ("verified_at", far, "future verified_at"),
            ("birth_date", "31/08/2015", "date birth_date"),
            ("name", "  ", "name name"),
            ("nik", "NULL", "nik nik"),
            ("status", "BIO_CAPTURED", "status BIO_CAPTURED"),
            ("request_kind", "gift", "malformed request_kind"),
            ("request_id", "", "malformed request_id"),
            ("address", long.as_str(), "malformed address"),
        ];
        let mut changes = Vec::new();
        for (column, value, expected) in faults.drain(..) {
            assert_eq!(check(&[(column, value)]), Err(expected.into()));
            changes.push((column, value));
            assert_eq!(check(&changes), Err(expected.into()), "beside all later reasons");
        }
        assert_eq!(check(&[]), Ok(Vec::new()));
    }

    #[test]
    fn what_is_only_odd_is_a_warning() {
        assert_eq!(check(&[("nik", "9972042007670001")]), Ok(vec![Warning::UnknownRegion]));
        assert_eq!(check(&[("birth_date", "1968-07-20")]), Ok(vec![Warning::OtherBirthDate]));
        assert_eq!(check(&[("sex", "F")]), Ok(vec![Warning::OtherSex]));
    }

    #[test]
    fn white_space_and_a_spreadsheets_apostrophe_are_taken_off() {
        assert_eq!(clean(" ' 3372042007670001 "), "3372042007670001");
        assert_eq!(clean("JL. \"A\", NO. 1\r\nGANG 2"), "JL. \"A\", NO. 1 GANG 2");
        assert_eq!(clean("MA'RUF"), "MA'RUF");
        assert_eq!(check(&[("nik", "'3372042007670001 ")]), Ok(Vec::new()));
    }

    #[test]
    fn a_status_that_is_no_keyword_is_not_repeated() {
        assert_eq!(check(&[("status", "SITI 3372042007670001")]), Err("status (unreadable)".into()));
    }
}
