//! The effect of an attempt's end on its job, record and blank, as one small value.

use super::{
    attempt::{NotStartedCause, OutcomeKind},
    id::LotId,
    states::{AttemptState, JobState, Recall, RecordState},
    time::Timestamp,
};

/// The facts of an attempt's job, batch and record on which the settlement depends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Facts {
    /// Whether the batch takes no further attempts, so that a job without a card returns to the waiting list.
    pub batch_is_closing: bool,
    /// The recall of the record, if it was withdrawn or updated since the attempt began.
    pub recall: Option<Recall>,
    /// The number of failed attempts that count against the record so far.
    pub charged: u32,
    /// Whether the last of them was on another printer.
    pub failed_elsewhere: bool,
    /// The maximum of failed attempts in the profile.
    pub attempts_limit: u32,
}

/// The destination of the attempt's reserved blank.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Blank {
    /// It stays reserved for the next attempt of the job.
    Reserved,
    /// It returns to the free blanks of its place.
    Free,
    /// It is a good card.
    Printed,
    /// It is spoiled.
    Spoiled,
    /// Its outcome is unknown until a person inspects the attempt.
    Uncertain,
}

/// The effect of an attempt's end. Its transition, with movements and event, is built from it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settlement {
    /// The new state of the attempt.
    pub attempt: AttemptState,
    /// The new state of the job; `queued` if another attempt follows.
    pub job: JobState,
    /// The new state of the record; `batched` if the job is queued again.
    pub record: RecordState,
    /// The destination of the blank.
    pub blank: Blank,
    /// The lot of the blank that is reserved for the next attempt, if this one spoiled its blank.
    pub another_blank: Option<LotId>,
    /// The instant before which the job must not start; it then moves to the end of the batch. `None` keeps its
    /// position.
    pub due: Option<Timestamp>,
    /// Whether the attempt counts against the record.
    pub is_charged: bool,
    /// Whether the attempt counts for the backoff of the job.
    pub is_not_started: bool,
}

impl Settlement {
    /// A good card.
    pub const PRINTED: Self =
        Self::ended(AttemptState::Printed, JobState::Printed, RecordState::Printed, Blank::Printed);

    /// An unknown outcome.
    pub const UNCERTAIN: Self =
        Self::ended(AttemptState::Uncertain, JobState::Uncertain, RecordState::Uncertain, Blank::Uncertain);

    const fn ended(attempt: AttemptState, job: JobState, record: RecordState, blank: Blank) -> Self {
        Self { attempt, job, record, blank, another_blank: None, due: None, is_charged: false, is_not_started: false }
    }
}

/// Decides the effect of an attempt's end. `retry_at` is the instant of the next attempt after one that did not start.
/// `another_blank` is the lot of a free blank at the same place, for the next attempt after a spoiled one; without it
/// the record returns to the waiting list.
pub fn settlement(
    facts: &Facts,
    outcome: OutcomeKind,
    now: Timestamp,
    retry_at: Timestamp,
    another_blank: Option<LotId>,
) -> Settlement {
    let ended = |job, record, blank| Settlement::ended(outcome.state(), job, record, blank);
    match outcome {
        OutcomeKind::Printed => Settlement::PRINTED,
        OutcomeKind::Uncertain => Settlement::UNCERTAIN,
        OutcomeKind::NotStarted(cause) => {
            let is_charged = cause == NotStartedCause::Card;
            let Some((job, record)) = leaves(facts, is_charged) else {
                let counts = cause != NotStartedCause::Interruption;
                return Settlement {
                    is_charged,
                    is_not_started: counts,
                    due: counts.then_some(retry_at),
                    ..ended(JobState::Queued, RecordState::Batched, Blank::Reserved)
                };
            };
            Settlement { is_charged, ..ended(job, record, Blank::Free) }
        }
        OutcomeKind::Spoiled => {
            let (job, record) = match (leaves(facts, true), another_blank) {
                (Some(states), _) => states,
                (None, None) => (JobState::Returned, RecordState::Waiting),
                (None, Some(_)) => {
                    let again = ended(JobState::Queued, RecordState::Batched, Blank::Spoiled);
                    return Settlement { is_charged: true, another_blank, due: Some(now), ..again };
                }
            };
            Settlement { is_charged: true, ..ended(job, record, Blank::Spoiled) }
        }
    }
}

/// The states in which job and record leave the batch without a card; `None` if another attempt follows. `is_charged`:
/// this failure counts against the record.
fn leaves(facts: &Facts, is_charged: bool) -> Option<(JobState, RecordState)> {
    let is_used_up = is_charged && (facts.charged + 1 >= facts.attempts_limit || facts.failed_elsewhere);
    match facts.recall {
        Some(Recall::Withdrawn) => Some((JobState::Withdrawn, RecordState::Withdrawn)),
        Some(Recall::Updated) => Some((JobState::Returned, RecordState::Waiting)),
        None if is_used_up => Some((JobState::Quarantined, RecordState::Quarantined)),
        None if facts.batch_is_closing => Some((JobState::Returned, RecordState::Waiting)),
        None => None,
    }
}
