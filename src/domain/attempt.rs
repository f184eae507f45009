//! One try at a job on one printer.

pub use super::states::AttemptState;
use super::{
    id::{AttemptKey, BatchId, JobId, LotId, RecordId},
    job::JobState,
    record::{Recall, RecordState},
    stock::Place,
};

/// What is to blame that an attempt did not start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Blame {
    /// The printer refused this card: one of the record's tries is used up.
    Card,
    /// The printer took nothing: the card is tried again after a while, at the end of its batch.
    Printer,
    /// A pause, a withdrawal or a restart came in between. The card keeps its place.
    Neither,
}

/// How an attempt ended, with what decides the next step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// A good card.
    Printed,
    /// No blank was used.
    NotStarted {
        /// Whose fault it was.
        blame: Blame,
        /// Why, in IPP keywords or a driver's words; no personal data.
        reason: String,
    },
    /// A blank was used, and there is no good card.
    Spoiled {
        /// Why, in IPP keywords.
        reason: String,
    },
    /// Nobody can know without looking.
    Uncertain {
        /// Why, in IPP keywords.
        reason: String,
    },
}

/// An [`Outcome`] without its reason: all that decisions depend on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OutcomeKind {
    /// A good card.
    Printed,
    /// No blank was used.
    NotStarted(Blame),
    /// A blank was used, and there is no good card.
    Spoiled,
    /// Unknown until a person inspects it.
    Uncertain,
}

impl OutcomeKind {
    /// Whether card or printer failed: neither a good card nor an attempt that something else stopped.
    pub fn is_failure(self) -> bool {
        !matches!(self, Self::Printed | Self::NotStarted(Blame::Neither))
    }

    /// The state that the attempt ends in.
    pub fn state(self) -> AttemptState {
        match self {
            Self::Printed => AttemptState::Printed,
            Self::NotStarted(_) => AttemptState::NotStarted,
            Self::Spoiled => AttemptState::Spoiled,
            Self::Uncertain => AttemptState::Uncertain,
        }
    }
}

impl Outcome {
    /// What decisions depend on.
    pub fn kind(&self) -> OutcomeKind {
        match self {
            Self::Printed => OutcomeKind::Printed,
            Self::NotStarted { blame, .. } => OutcomeKind::NotStarted(*blame),
            Self::Spoiled { .. } => OutcomeKind::Spoiled,
            Self::Uncertain { .. } => OutcomeKind::Uncertain,
        }
    }

    /// The state that the attempt ends in.
    pub fn state(&self) -> AttemptState {
        self.kind().state()
    }

    /// Why, if it is not a good card.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Printed => None,
            Self::NotStarted { reason, .. } | Self::Spoiled { reason } | Self::Uncertain { reason } => Some(reason),
        }
    }
}

/// What a person found of an uncertain attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InspectionResult {
    /// A good card.
    Good,
    /// A spoiled one.
    Spoiled,
    /// No card; the blank is back where it came from.
    Nothing,
    /// No card, and no blank either.
    BlankGone,
}

/// An attempt with all that decides what its end means, as read in the transaction that saves it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AttemptView {
    /// The attempt.
    pub key: AttemptKey,
    /// Its name at the printer.
    pub name: String,
    /// Its state.
    pub state: AttemptState,
    /// The printer.
    pub printer: String,
    /// The record's version that was rendered.
    pub rendered_version: i64,
    /// The job.
    pub job: JobId,
    /// The job's state.
    pub job_state: JobState,
    /// Tries of this job that the printer did not take, for the backoff.
    pub not_started: u32,
    /// The batch.
    pub batch: BatchId,
    /// The batch takes no further tries: what does not become a card goes back to the waiting list.
    pub batch_is_closing: bool,
    /// The lot of the job's blank.
    pub lot: LotId,
    /// Where that blank came from.
    pub place: Place,
    /// The record.
    pub record: RecordId,
    /// The record's state.
    pub record_state: RecordState,
    /// The record's version now.
    pub record_version: i64,
    /// Somebody withdrew or updated the record meanwhile.
    pub stop: Option<Recall>,
    /// Failed tries that count against the record so far.
    pub charged: u32,
    /// The printer on which it last failed for a reason of its own.
    pub failed_on: Option<String>,
    /// The most failed tries that its profile allows.
    pub attempts_limit: u32,
}
