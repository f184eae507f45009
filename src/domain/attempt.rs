//! Attempts: one try to print a job on one printer.

pub use super::states::AttemptState;
use super::{
    id::{AttemptKey, BatchId, JobId, LotId, RecordId},
    reason::Reason,
    states::{JobState, Recall, RecordState},
    stock::Place,
};

/// The cause of an attempt that did not start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotStartedCause {
    /// The printer refused this card. It counts as a failed try of the record.
    Card,
    /// The printer could not take a card. The job is retried after a delay, at the end of its batch.
    Printer,
    /// A pause, a withdrawal or a restart intervened. The job keeps its position.
    Interruption,
}

/// The outcome of an attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// A good card.
    Printed,
    /// No blank was used.
    NotStarted {
        /// The cause.
        cause: NotStartedCause,
        /// The reason.
        reason: Reason,
    },
    /// A blank was used, without a good card.
    Spoiled {
        /// The reason.
        reason: Reason,
    },
    /// A card may exist; a person must inspect the printer.
    Uncertain {
        /// The reason.
        reason: Reason,
    },
}

/// An [`Outcome`] without its reason: everything that decisions depend on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OutcomeKind {
    /// A good card.
    Printed,
    /// No blank was used.
    NotStarted(NotStartedCause),
    /// A blank was used, without a good card.
    Spoiled,
    /// A card may exist; a person must inspect the printer.
    Uncertain,
}

impl OutcomeKind {
    /// Whether card or printer failed: neither a good card nor an attempt that something else stopped.
    pub fn is_failure(self) -> bool {
        !matches!(self, Self::Printed | Self::NotStarted(NotStartedCause::Interruption))
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
    /// The outcome without its reason.
    pub fn kind(&self) -> OutcomeKind {
        match self {
            Self::Printed => OutcomeKind::Printed,
            Self::NotStarted { cause, .. } => OutcomeKind::NotStarted(*cause),
            Self::Spoiled { .. } => OutcomeKind::Spoiled,
            Self::Uncertain { .. } => OutcomeKind::Uncertain,
        }
    }

    /// The state that the attempt ends in.
    pub fn state(&self) -> AttemptState {
        self.kind().state()
    }

    /// The reason; `None` for a good card.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Printed => None,
            Self::NotStarted { reason, .. } | Self::Spoiled { reason } | Self::Uncertain { reason } => Some(reason),
        }
    }
}

/// The result of an inspection of an uncertain attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InspectionResult {
    /// A good card.
    Good,
    /// A spoiled card.
    Spoiled,
    /// No card; the blank is unused.
    Nothing,
    /// No card, and the blank is missing.
    BlankGone,
}

/// What a person says of the card of an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CardAnswer {
    /// It was found, and is good.
    Good,
    /// It was found, and is spoiled.
    Spoiled,
    /// It was not found.
    NotFound,
}

/// Why two answers are no result of an inspection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoResult {
    /// The card was not found, and it was not said whether its blank is there.
    BlankUnknown,
    /// The card was found, and its blank, which it was printed on, is said to be gone.
    Contradiction,
}

impl InspectionResult {
    /// What both answers of an inspection mean: what was found of the card, and whether its blank is gone.
    pub fn of_answers(card: CardAnswer, blank_gone: Option<bool>) -> Result<Self, NoResult> {
        match (card, blank_gone) {
            (CardAnswer::Good | CardAnswer::Spoiled, Some(true)) => Err(NoResult::Contradiction),
            (CardAnswer::Good, _) => Ok(Self::Good),
            (CardAnswer::Spoiled, _) => Ok(Self::Spoiled),
            (CardAnswer::NotFound, Some(false)) => Ok(Self::Nothing),
            (CardAnswer::NotFound, Some(true)) => Ok(Self::BlankGone),
            (CardAnswer::NotFound, None) => Err(NoResult::BlankUnknown),
        }
    }
}

/// An attempt with everything that decisions about it need, read in the transaction that saves the decision.
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
    /// The version of the record that was rendered.
    pub rendered_version: i64,
    /// The job.
    pub job: JobId,
    /// The job's state.
    pub job_state: JobState,
    /// The number of attempts of this job that did not start, for the backoff.
    pub not_started: u32,
    /// The batch.
    pub batch: BatchId,
    /// Whether the batch is not running any more, so that a job without a card returns to the waiting list.
    pub batch_is_closing: bool,
    /// The lot of the job's blank.
    pub lot: LotId,
    /// Where that blank is reserved.
    pub place: Place,
    /// The record.
    pub record: RecordId,
    /// The record's state.
    pub record_state: RecordState,
    /// The current version of the record.
    pub record_version: i64,
    /// The recall of the record, if it was withdrawn or updated since.
    pub stop: Option<Recall>,
    /// The number of failed tries that count against the record.
    pub charged: u32,
    /// The printer of the last failed try that counts against the record.
    pub failed_on: Option<String>,
    /// The number of failed tries after which the profile quarantines a record.
    pub attempts_limit: u32,
    /// Whether the database was adopted after the attempt began, while another one may have printed since: a record whose
    /// attempt made no card may have one of an attempt that this database does not know.
    pub is_from_before_adoption: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_that_was_found_is_made_of_its_blank_and_one_that_was_not_needs_a_second_answer() {
        let of = InspectionResult::of_answers;
        for blank_gone in [None, Some(false)] {
            assert_eq!(of(CardAnswer::Good, blank_gone), Ok(InspectionResult::Good));
            assert_eq!(of(CardAnswer::Spoiled, blank_gone), Ok(InspectionResult::Spoiled));
        }
        assert_eq!(of(CardAnswer::Good, Some(true)), Err(NoResult::Contradiction));
        assert_eq!(of(CardAnswer::Spoiled, Some(true)), Err(NoResult::Contradiction));
        assert_eq!(of(CardAnswer::NotFound, Some(true)), Ok(InspectionResult::BlankGone));
        assert_eq!(of(CardAnswer::NotFound, Some(false)), Ok(InspectionResult::Nothing));
        assert_eq!(of(CardAnswer::NotFound, None), Err(NoResult::BlankUnknown));
    }
}
