//! One row: its values, why it is refused, and its outcome.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::reason::Reason;

/// Why a row is refused. The list is fixed; if several reasons apply, the first in this order is counted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RejectReason {
    /// The row cannot be read, has no request id, or is of a kind of request that the profile does not know.
    Malformed,
    /// The status is not print-ready.
    Status,
    /// The identifier is missing or impossible.
    Identifier,
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
            Self::Identifier => "identifier",
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

/// One fault of a row: the reason, the column and the detail, without personal data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The reason.
    pub reason: RejectReason,
    /// The column, or columns separated by commas.
    pub field: String,
    /// The detail.
    pub detail: Reason,
}

/// Why a row is refused: its first fault, and all others that can be told at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejection {
    /// The first reason that applies.
    pub reason: RejectReason,
    /// The column, or columns separated by commas.
    pub field: String,
    /// The detail.
    pub detail: Reason,
    /// The faults of other columns.
    pub further: Vec<Fault>,
}

impl Rejection {
    /// A refusal of one column.
    pub fn new(reason: RejectReason, field: impl Into<String>, detail: Reason) -> Self {
        Self { reason, field: field.into(), detail, further: Vec::new() }
    }

    /// Adds a fault, unless its column has one.
    pub fn add(&mut self, reason: RejectReason, field: &str, detail: Reason) {
        if self.field != field && self.further.iter().all(|fault| fault.field != field) {
            self.further.push(Fault { reason, field: field.to_owned(), detail });
        }
    }
}

/// The faults of a row that were found so far: one for each column, the first that was found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Faults(Option<Rejection>);

impl Faults {
    /// Adds a fault, unless its column has one.
    pub fn add(&mut self, reason: RejectReason, field: &str, detail: Reason) {
        match &mut self.0 {
            None => self.0 = Some(Rejection::new(reason, field, detail)),
            Some(rejection) => rejection.add(reason, field, detail),
        }
    }

    /// Whether none was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The refusal of the row; `None` if it has no fault.
    pub fn rejection(self) -> Option<Rejection> {
        self.0
    }

    /// The same in the order of reasons: a value is mapped before the row is checked.
    #[must_use]
    pub fn in_order(self) -> Self {
        Self(self.0.map(|Rejection { reason, field, detail, further }| {
            let mut faults = vec![Fault { reason, field, detail }];
            faults.extend(further);
            faults.sort_by_key(|fault| fault.reason);
            let Fault { reason, field, detail } = faults.remove(0);
            Rejection { reason, field, detail, further: faults }
        }))
    }
}

/// Where a row stands in its file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct RowPlace {
    /// 1 for the first row after the header.
    pub row: u64,
    /// The first line of the row, from 1: where an editor shows it.
    pub line: u64,
}

/// One row: the cleaned values in the order of its [`Layout`](super::Layout).
///
/// No `Debug`: the values are personal.
#[derive(Clone, Default)]
pub struct Row {
    /// Where the row stands.
    pub place: RowPlace,
    /// One value for each column of the layout; empty where the row has none.
    pub values: Vec<String>,
    /// Whether lines of a value were joined.
    pub joined: bool,
    /// Whether a spreadsheet's apostrophe was taken off a value.
    pub unmarked: bool,
    /// Whether a value begins with an apostrophe that may be a spreadsheet's or a letter.
    pub may_be_marked: bool,
    /// The columns whose values the mapping leaves out.
    pub left_out: Vec<usize>,
    /// The faults of values that cannot be read; such a value is empty.
    pub faults: Faults,
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
    /// A new or updated record that needs a person's decision, for this reason; none for that of an earlier version.
    Quarantined(Option<Reason>),
    /// Its record leaves the waiting list, or its card is stopped.
    Withdrawn,
    /// Its record was withdrawn by an earlier list of the source, and is not any more.
    Restored,
    /// It was not imported.
    Refused(Rejection),
}

impl RowOutcome {
    /// The name in reports.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Updated => "updated",
            Self::Known => "known",
            Self::Quarantined(_) => "quarantined",
            Self::Withdrawn => "withdrawn",
            Self::Restored => "restored",
            Self::Refused(_) => "refused",
        }
    }
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
