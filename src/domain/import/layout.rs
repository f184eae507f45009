//! The columns of a waiting list for a profile, and the checks of a row by itself.

use std::collections::HashMap;

use jiff::tz::TimeZone;

use super::{
    identifier::{self, REQUEST_ID_BYTES_MAX},
    mapping::{self, ColumnRule, Mapped, Mapping, Sort},
    row::{Faults, RejectReason, Rejection, Row},
    value::{Apostrophe, clean},
    warning::Warning,
};
use crate::domain::{
    card::profile::{CardProfile, GENERAL_COLUMNS, PhotoRule, RequestKind},
    reason::Reason,
    time::{Timestamp, parse_date},
};

/// The columns of a waiting list for one profile, and their meaning.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The column names: the general ones first, then the profile's.
    pub columns: Vec<String>,
    index: HashMap<String, usize>,
    /// The mapping of each column, and its letters in the file, which are empty if it has none.
    rules: Vec<ColumnRule>,
    letters: Vec<String>,
    /// The columns by the headings of the mapping.
    mapped_headings: HashMap<String, usize>,
    /// The columns by the form of their name that is compared with headings.
    headings: HashMap<String, usize>,
    identifier: usize,
    name: usize,
    district: usize,
    village: usize,
    dates: Vec<usize>,
    birth_date: Option<usize>,
    sex: Option<usize>,
}

const _: () = assert!(GENERAL_COLUMNS.len() == 6);
const REQUEST_ID: usize = 0;
const REQUEST_KIND: usize = 1;
const STATUS: usize = 2;
const REQUESTED_AT: usize = 3;
const VERIFIED_AT: usize = 4;
const PHOTO: usize = 5;

/// The largest value, in bytes. A longer one is not a field of a card.
const VALUE_BYTES_MAX: usize = 1_000;

impl Layout {
    /// The layout of a validated profile, with its own mapping.
    pub fn new(profile: &CardProfile) -> Self {
        Self::mapped(profile, &profile.mapping, &TimeZone::UTC)
    }

    /// The layout of a validated profile with a mapping that was checked. `office` is the time zone of the office.
    pub fn mapped(profile: &CardProfile, mapping: &Mapping, office: &TimeZone) -> Self {
        let columns: Vec<String> = profile.columns().map(str::to_owned).collect();
        let index: HashMap<String, usize> = columns.iter().cloned().zip(0..).collect();
        let at = |column: &String| index.get(column).copied().unwrap_or_default();
        let optional = |column: &Option<String>| column.as_ref().map(at);
        let rules = columns.iter().enumerate().map(|(at, column)| {
            let sort = match at {
                REQUEST_KIND | STATUS => Sort::Listed,
                REQUESTED_AT | VERIFIED_AT => Sort::Instant,
                _ => Sort::Other,
            };
            ColumnRule::of(mapping, column, sort, office)
        });
        let named = mapping.columns.iter().flat_map(|(column, names)| names.iter().map(move |name| (column, name)));
        Self {
            rules: rules.collect(),
            letters: vec![String::new(); columns.len()],
            mapped_headings: named.map(|(column, name)| (mapping::heading(name), at(column))).collect(),
            identifier: at(&profile.identifier.column),
            name: at(&profile.name_column),
            district: at(&profile.district),
            village: at(&profile.village),
            dates: profile.dates.iter().map(at).collect(),
            birth_date: optional(&profile.identifier.birth_date),
            sex: optional(&profile.identifier.sex),
            headings: columns.iter().map(|column| heading(column)).zip(0..).collect(),
            columns,
            index,
        }
    }

    /// The index of the column with this heading, in any case, with or without blanks, hyphens and underscores; or with a heading of
    /// the mapping.
    pub fn recognise(&self, heading_of_file: &str) -> Option<usize> {
        self.position(heading_of_file)
            .or_else(|| self.headings.get(&heading(heading_of_file)).copied())
            .or_else(|| self.mapped_headings.get(&mapping::heading(heading_of_file)).copied())
    }

    /// Notes that a column stands in these letters of the file. It must have no constant value.
    pub fn found(&mut self, at: usize, letters: String) {
        self.letters[at] = letters;
    }

    /// The constant value of a column.
    pub fn constant(&self, at: usize) -> Option<&str> {
        self.rules[at].constant.as_deref()
    }

    /// Whether a column has values though the file does not have it.
    pub fn fills(&self, at: usize) -> bool {
        self.rules[at].constant.is_some() || self.rules[at].default.is_some()
    }

    /// Puts constant values and those of empty cells into a row, in the columns that are read.
    pub fn fill(&self, row: &mut Row, is_read: &[bool]) {
        for (at, rule) in self.rules.iter().enumerate().filter(|(at, _)| is_read[*at]) {
            let value = rule.constant.as_ref().or(rule.default.as_ref());
            if let Some(value) = value.filter(|_| row.values[at].is_empty() && !row.left_out.contains(&at)) {
                row.values[at].clone_from(value);
            }
        }
    }

    /// A row without values.
    pub fn empty_row(&self) -> Row {
        Row { values: vec![String::new(); self.columns.len()], ..Row::default() }
    }

    /// Sets a value of a row as it stands in the file. One that cannot be read stays empty, and is a fault of the row.
    pub fn set(&self, row: &mut Row, at: usize, text: &str) {
        let is_marked = (at <= VERIFIED_AT) || at == self.identifier || self.dates.contains(&at);
        let apostrophe = if is_marked { Apostrophe::Mark } else { Apostrophe::Letter };
        match clean(text, apostrophe) {
            Ok(cleaned) => {
                row.joined |= cleaned.joined;
                row.unmarked |= cleaned.unmarked;
                row.may_be_marked |= cleaned.may_be_marked;
                match self.rules[at].map(cleaned.text, &self.letters[at]) {
                    Mapped::Value(value) => row.values[at] = value,
                    Mapped::LeftOut => row.left_out.push(at),
                    Mapped::Refused(detail) => self.spoil(row, at, detail),
                }
            }
            Err(detail) => self.spoil(row, at, detail),
        }
    }

    /// Notes that a value of a row cannot be read.
    pub fn spoil(&self, row: &mut Row, at: usize, detail: Reason) {
        let is_date = matches!(detail, Reason::NotInForm { .. });
        let reason = if is_date { RejectReason::Date } else { RejectReason::Malformed };
        row.faults.add(reason, &self.columns[at], detail);
    }

    /// The request id of a row if it looks like one, and may be repeated in a message; otherwise empty. In a list whose columns
    /// are mixed up it may be a name, a date or an identifier.
    pub fn speakable_request_id<'a>(&self, profile: &CardProfile, row: &'a Row) -> &'a str {
        let request_id = row.values.first().map_or("", String::as_str);
        if identifier::is_request_id(&profile.identifier, request_id) { request_id } else { "" }
    }

    /// The index of a column; `None` if the profile does not read it.
    pub fn position(&self, column: &str) -> Option<usize> {
        self.index.get(column).copied()
    }

    /// The columns that a list must have.
    pub fn required(&self, photo: PhotoRule) -> impl Iterator<Item = &str> {
        let needed = [REQUEST_ID, REQUEST_KIND, STATUS, REQUESTED_AT, VERIFIED_AT, self.identifier, self.name];
        let photo = (photo == PhotoRule::Required).then_some(PHOTO);
        needed.into_iter().chain(photo).map(move |at| self.columns[at].as_str())
    }

    /// The columns in which every print-ready row must have a value.
    pub fn never_empty(&self, photo: PhotoRule) -> Vec<&str> {
        let dates = self.dates.iter().map(|at| self.columns[*at].as_str());
        let mut columns: Vec<_> = self.required(photo).collect();
        let further: Vec<_> = dates.filter(|date| !columns.contains(date)).collect();
        columns.extend(further);
        columns
    }

    /// The required columns that `header` lacks.
    pub fn missing_from<'a>(&'a self, header: &[String], photo: PhotoRule) -> Vec<&'a str> {
        self.required(photo).filter(|column| !header.iter().any(|h| h == column)).collect()
    }

    /// Checks a row against the profile, without photo and database.
    pub fn check(&self, profile: &CardProfile, mut row: Row, now: Timestamp) -> Checked {
        let mut faults = std::mem::take(&mut row.faults);
        let kind = self.check_request(profile, &row, &mut faults);
        let value = |at: usize| row.values.get(at).map_or("", String::as_str);
        if profile.other_statuses.iter().any(|other| other == value(STATUS)) {
            return match faults.in_order().rejection() {
                None => Checked::NotReady { request_id: value(REQUEST_ID).into(), status: value(STATUS).into() },
                Some(rejection) => Checked::Refused { rejection, row },
            };
        }
        let [requested_at, verified_at] = self.check_values(profile, &row, now, &mut faults);
        let (Some(kind), Some(requested_at), Some(verified_at), true) =
            (kind, requested_at, verified_at, faults.is_empty())
        else {
            let unnamed = || Rejection::new(RejectReason::Malformed, "(row)", Reason::Missing);
            return Checked::Refused { rejection: faults.in_order().rejection().unwrap_or_else(unnamed), row };
        };
        let optional = |at: Option<usize>| at.map_or("", value);
        let mut warnings = identifier::warnings(
            &profile.identifier,
            value(self.identifier),
            optional(self.birth_date),
            optional(self.sex),
        );
        warnings.extend((verified_at < requested_at).then_some(Warning::VerifiedBeforeRequest));
        warnings.extend(row.joined.then_some(Warning::LinesJoined));
        warnings.extend(row.unmarked.then_some(Warning::MarkTakenOff));
        warnings.extend(row.may_be_marked.then_some(Warning::ApostropheInFront));
        warnings.extend((!row.left_out.is_empty()).then_some(Warning::ValueLeftOut));
        warnings.extend(self.lost_zeros(profile, &row).then_some(Warning::FewerDigits));
        let (class, replaces) = (kind.class, kind.replaces);
        Checked::Ready(Candidate { class, replaces, requested_at, verified_at, warnings, row })
    }

    /// Checks what every row needs, whether it is print-ready or withdraws its record: the lengths of its values, its request id and
    /// its kind of request, which is returned.
    fn check_request<'a>(&self, profile: &'a CardProfile, row: &Row, faults: &mut Faults) -> Option<&'a RequestKind> {
        let value = |at: usize| row.values.get(at).map_or("", String::as_str);
        let mut malformed = |at: usize, detail| faults.add(RejectReason::Malformed, &self.columns[at], detail);
        for at in (0..self.columns.len()).filter(|at| value(*at).len() > VALUE_BYTES_MAX) {
            malformed(at, Reason::TooLong { most: VALUE_BYTES_MAX });
        }
        // Of an identifier it is told by its own rule.
        let is_other = |at: &usize| *at != self.identifier && identifier::is_scientific(value(*at));
        for at in (0..self.columns.len()).filter(is_other) {
            malformed(at, Reason::Scientific);
        }
        match value(REQUEST_ID) {
            "" => malformed(REQUEST_ID, Reason::Missing),
            id if id.len() > REQUEST_ID_BYTES_MAX => {
                malformed(REQUEST_ID, Reason::TooLong { most: REQUEST_ID_BYTES_MAX });
            }
            id if !identifier::is_request_id(&profile.identifier, id) => malformed(REQUEST_ID, Reason::NotARequestId),
            _ => {}
        }
        let kind = profile.kind(value(REQUEST_KIND));
        if kind.is_none() {
            malformed(REQUEST_KIND, Reason::UnknownKind);
        }
        kind
    }

    /// Checks what a print-ready row needs. Returns the instants of request and verification.
    fn check_values(
        &self,
        profile: &CardProfile,
        row: &Row,
        now: Timestamp,
        faults: &mut Faults,
    ) -> [Option<Timestamp>; 2] {
        let value = |at: usize| row.values.get(at).map_or("", String::as_str);
        let mut refuse = |reason, at: usize, detail| faults.add(reason, &self.columns[at], detail);
        if !profile.eligible_statuses.iter().any(|eligible| eligible == value(STATUS)) {
            refuse(RejectReason::Status, STATUS, unknown_status(profile, value(STATUS)));
        }
        if let Err(why) = identifier::check(&profile.identifier, value(self.identifier)) {
            refuse(RejectReason::Identifier, self.identifier, why);
        }
        if value(self.name).is_empty() {
            refuse(RejectReason::Name, self.name, Reason::Missing);
        }
        for at in self.dates.iter().filter(|at| parse_date(value(**at)).is_none()) {
            refuse(RejectReason::Date, *at, Reason::NotADate);
        }
        let instants = [REQUESTED_AT, VERIFIED_AT].map(|at| {
            let instant = Timestamp::parse(value(at));
            if instant.is_none() {
                refuse(RejectReason::Date, at, Reason::NotAnInstant);
            }
            instant
        });
        if instants[1].is_some_and(|verified_at| verified_at > now) {
            refuse(RejectReason::Future, VERIFIED_AT, Reason::InTheFuture);
        }
        if profile.photo == PhotoRule::Required && value(PHOTO).is_empty() {
            refuse(RejectReason::Photo, PHOTO, Reason::Missing);
        }
        instants
    }

    /// Whether a value of digits has fewer than the profile says: a spreadsheet takes zeros in front off.
    fn lost_zeros(&self, profile: &CardProfile, row: &Row) -> bool {
        profile.digits.iter().any(|(column, digits)| {
            let value = self.position(column).and_then(|at| row.values.get(at)).map_or("", String::as_str);
            (1..*digits).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit())
        })
    }

    /// The columns by which a list is judged as a whole: request id, status and identifier.
    pub fn survey_columns(&self) -> [usize; 3] {
        [REQUEST_ID, STATUS, self.identifier]
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

    /// The person's name.
    pub fn name<'a>(&self, candidate: &'a Candidate) -> &'a str {
        &candidate.row.values[self.name]
    }

    /// The column of a date that is past, until which the card would be valid.
    pub fn expired<'a>(&self, profile: &'a CardProfile, row: &Row, today: jiff::civil::Date) -> Option<&'a str> {
        let value = |column: &str| self.position(column).and_then(|at| row.values.get(at));
        profile.expired(today, |column| value(column).and_then(|text| parse_date(text)))
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
    Refused {
        /// Its faults.
        rejection: Rejection,
        /// The row, whose photo may be at fault too.
        row: Row,
    },
}

/// The form of a column's name and of a heading in which they are compared.
fn heading(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// The letters with which spreadsheets name the column of this index: A, B, …, Z, AA, ….
pub fn column_letters(index: usize) -> String {
    let (mut letters, mut rest) = (Vec::new(), index + 1);
    while rest > 0 {
        letters.push(char::from(b'A' + u8::try_from((rest - 1) % 26).unwrap_or_default()));
        rest = (rest - 1) / 26;
    }
    letters.into_iter().rev().collect()
}

/// Why a status that the profile does not know is refused. The status is not repeated, since it may be a value of another column.
fn unknown_status(profile: &CardProfile, status: &str) -> Reason {
    if status.is_empty() {
        return Reason::Missing;
    }
    let mut known = profile.eligible_statuses.iter().chain(&profile.other_statuses);
    Reason::UnknownStatus { like: known.find(|known| heading(known) == heading(status)).cloned() }
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
