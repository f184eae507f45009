//! The states of records, jobs, attempts and batches, with their stored names.

use serde::{Deserialize, Serialize};

/// Where a record is; always in exactly one of these.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordState {
    /// On the waiting list.
    Waiting,
    /// Kept off the list by a person.
    Held,
    /// In a batch, queued or printing.
    Batched,
    /// There is a good card in the office.
    Printed,
    /// The citizen has the card.
    HandedOver,
    /// Needs a person: a second open request, or too many failed tries.
    Quarantined,
    /// Nobody knows whether there is a card.
    Uncertain,
    /// No longer to be printed.
    Withdrawn,
}

impl RecordState {
    /// All states, in the order of a report.
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

    /// The name in schema and reports.
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

    /// Does the record take its person's one place? Until the card is handed over, no second request of the same
    /// person for the same profile may be in one of these states.
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
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or_else(|| format!("unknown record state `{text}`"))
    }
}

/// Why the card of a record, if there is one, must not leave the office.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recall {
    /// The source says that it is no longer to be printed.
    Withdrawn,
    /// The record changed after this card was rendered.
    Updated,
}

impl Recall {
    /// The name in schema and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Withdrawn => "withdrawn",
            Self::Updated => "updated",
        }
    }

    /// From the stored text.
    pub fn from_stored(text: &str) -> Option<Self> {
        [Self::Withdrawn, Self::Updated].into_iter().find(|stop| stop.as_str() == text)
    }
}

/// Where a job is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobState {
    /// Waits for its printer, with a reserved blank.
    Queued,
    /// Has an open attempt.
    Printing,
    /// A good card.
    Printed,
    /// Nobody knows; an inspection decides.
    Uncertain,
    /// Too many failed tries; its record is quarantined.
    Quarantined,
    /// Closed without a card; its record went back to the waiting list, or was held.
    Returned,
    /// Closed without a card; its record is withdrawn.
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

    /// The name in schema and reports.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("", |(_, name)| name)
    }
}

impl JobState {
    /// Whether the job has not ended: it is queued, printing, or its card has to be looked for.
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

/// Where an attempt is. `Intent` and `Releasing` are open: at most one attempt of a record is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttemptState {
    /// Saved before a byte goes to the printer. No card can exist.
    Intent,
    /// Saved before the one call after which a card may exist.
    Releasing,
    /// A good card.
    Printed,
    /// No blank was used.
    NotStarted,
    /// A blank was used, and there is no good card.
    Spoiled,
    /// Nobody knows; a person has to look.
    Uncertain,
}

impl AttemptState {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Intent, "intent"),
        (Self::Releasing, "releasing"),
        (Self::Printed, "printed"),
        (Self::NotStarted, "not-started"),
        (Self::Spoiled, "spoiled"),
        (Self::Uncertain, "uncertain"),
    ];

    /// The name in schema and reports.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("", |(_, name)| name)
    }

    /// Not ended yet?
    pub fn is_open(self) -> bool {
        matches!(self, Self::Intent | Self::Releasing)
    }
}

impl std::str::FromStr for AttemptState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .find(|(_, n)| *n == text)
            .map(|(s, _)| *s)
            .ok_or_else(|| format!("unknown attempt state `{text}`"))
    }
}

/// Where a batch is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BatchState {
    /// Waits for a person's approval; blanks are reserved.
    Planned,
    /// Its jobs may be printed.
    Running,
    /// Nothing new starts; the card in hand ends it.
    Closing,
    /// No job is queued or printing, and nothing is reserved.
    Closed,
}

impl BatchState {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Planned, "planned"), (Self::Running, "running"), (Self::Closing, "closing"), (Self::Closed, "closed")];

    /// The name in schema and reports.
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
