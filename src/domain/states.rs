//! The states of records, jobs, attempts and batches, with their stored names.

use serde::{Deserialize, Serialize};

/// The state of a record.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordState {
    /// On the waiting list.
    Waiting,
    /// Taken off the waiting list by a person.
    Held,
    /// In a batch, queued or printing.
    Batched,
    /// A good card exists in the office.
    Printed,
    /// The citizen has the card.
    HandedOver,
    /// Needs a decision by a person, because of a second open request, too many failed tries, or a photo that cannot be
    /// printed.
    Quarantined,
    /// A card may exist; an inspection decides.
    Uncertain,
    /// Must not be printed any more.
    Withdrawn,
}

impl RecordState {
    /// All states, in the order of reports.
    pub const ALL: [Self; 8] = [
        Self::Waiting,
        Self::Held,
        Self::Batched,
        Self::Printed,
        Self::HandedOver,
        Self::Quarantined,
        Self::Uncertain,
        Self::Withdrawn,
    ];

    /// The name in the database and in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Batched => "batched",
            Self::Printed => "printed",
            Self::HandedOver => "handed_over",
            Self::Quarantined => "quarantined",
            Self::Uncertain => "uncertain",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whether the record occupies the person's slot. At most one record of a person and profile may be in such a state.
    pub fn occupies_slot(self) -> bool {
        match self {
            Self::Waiting | Self::Held | Self::Batched | Self::Printed | Self::Uncertain => true,
            Self::HandedOver | Self::Quarantined | Self::Withdrawn => false,
        }
    }
}

impl std::str::FromStr for RecordState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            format!("`{text}` is not a state of records, which are {known}")
        })
    }
}

/// Where a count is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CountState {
    /// Waits for the first count.
    First,
    /// The first count differs from the book: waits for a second count by another person.
    Second,
    /// Both counts are made: waits for a supervisor.
    Differs,
    /// The first count was equal to the book: closed.
    Equal,
    /// The difference is booked: closed.
    Booked,
    /// Closed without a booking.
    Cancelled,
}

impl CountState {
    /// All states, in the order in which a count passes through them.
    pub const ALL: [Self; 6] = [Self::First, Self::Second, Self::Differs, Self::Equal, Self::Booked, Self::Cancelled];

    /// The name in the database and in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
            Self::Differs => "differs",
            Self::Equal => "equal",
            Self::Booked => "booked",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether the count is open: its place is not moved by people, and its numbers are hidden from those who count.
    pub fn is_open(self) -> bool {
        matches!(self, Self::First | Self::Second | Self::Differs)
    }

    /// Whether it waits for what a person counts.
    pub fn waits_for_entry(self) -> bool {
        matches!(self, Self::First | Self::Second)
    }
}

impl std::str::FromStr for CountState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| format!("unknown state `{text}`"))
    }
}

/// The reason for which a record's card must not be handed over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Recall {
    /// The source has withdrawn the record.
    Withdrawn,
    /// The record was updated after the card was rendered.
    Updated,
}

impl Recall {
    /// The name in the database and in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Withdrawn => "withdrawn",
            Self::Updated => "updated",
        }
    }

    /// Parses the name in the database.
    pub fn from_stored(text: &str) -> Option<Self> {
        [Self::Withdrawn, Self::Updated].into_iter().find(|stop| stop.as_str() == text)
    }
}

/// The state of a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum JobState {
    /// Waits for its printer; a blank is reserved.
    Queued,
    /// An attempt is open.
    Printing,
    /// Ended with a good card.
    Printed,
    /// A card may exist; an inspection decides.
    Uncertain,
    /// Ended after too many failed tries; the record is quarantined.
    Quarantined,
    /// Ended without a card; the record went back to the waiting list, or was held.
    Returned,
    /// Ended without a card; the record is withdrawn.
    Withdrawn,
}

impl JobState {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Queued, "queued"),
        (Self::Printing, "printing"),
        (Self::Printed, "printed"),
        (Self::Uncertain, "uncertain"),
        (Self::Quarantined, "quarantined"),
        (Self::Returned, "returned"),
        (Self::Withdrawn, "withdrawn"),
    ];

    /// The names of all states.
    pub fn names() -> [&'static str; 7] {
        Self::ALL.map(|(_, name)| name)
    }

    /// The name in the database and in reports.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("", |(_, name)| name)
    }
}

impl JobState {
    /// Whether the job has not ended: it is queued, printing or uncertain.
    pub fn is_open(self) -> bool {
        match self {
            Self::Queued | Self::Printing | Self::Uncertain => true,
            Self::Printed | Self::Quarantined | Self::Returned | Self::Withdrawn => false,
        }
    }
}

impl std::str::FromStr for JobState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.iter().find(|(_, n)| *n == text).map(|(s, _)| *s).ok_or_else(|| format!("unknown job state `{text}`"))
    }
}

/// The state of an attempt. `Intent` and `Releasing` are open states; a record has at most one open attempt.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AttemptState {
    /// Begun: saved before any data is sent to the printer. No card can exist.
    Intent,
    /// Released: saved before the call that lets the printer print. A card may exist.
    Releasing,
    /// Ended with a good card.
    Printed,
    /// Ended without using a blank.
    NotStarted,
    /// Ended with a used blank and without a good card.
    Spoiled,
    /// Ended without a known outcome; a person must inspect the printer.
    Uncertain,
}

impl AttemptState {
    /// All, with their names.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Intent, "intent"),
        (Self::Releasing, "releasing"),
        (Self::Printed, "printed"),
        (Self::NotStarted, "not-started"),
        (Self::Spoiled, "spoiled"),
        (Self::Uncertain, "uncertain"),
    ];

    /// The name in the database and in reports.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("", |(_, name)| name)
    }

    /// Whether the attempt has not ended.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Intent | Self::Releasing)
    }
}

impl std::str::FromStr for AttemptState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.iter().find(|(_, n)| *n == text).map(|(s, _)| *s).ok_or_else(|| {
            let known = Self::ALL.map(|(_, name)| name).join(", ");
            format!("`{text}` is not a state of attempts, which are {known}")
        })
    }
}

/// The state of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BatchState {
    /// Waits for approval; its blanks are reserved.
    Planned,
    /// Its jobs may be printed.
    Running,
    /// No more cards start; it is closed when its open attempt has ended.
    Closing,
    /// No job is queued or printing, and no blank is reserved.
    Closed,
}

impl BatchState {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Planned, "planned"), (Self::Running, "running"), (Self::Closing, "closing"), (Self::Closed, "closed")];

    /// The name in the database and in reports.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("", |(_, name)| name)
    }
}

impl std::str::FromStr for BatchState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .find(|(_, n)| *n == text)
            .map(|(s, _)| *s)
            .ok_or_else(|| format!("unknown batch state `{text}`"))
    }
}
