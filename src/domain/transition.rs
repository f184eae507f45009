//! What one decision changes. The store saves it whole, in one database transaction, or not at all.

use super::{
    attempt::AttemptState,
    audit::Event,
    id::{AttemptKey, JobId, LotId, RecordId},
    job::JobState,
    record::{Recall, RecordState},
    stock::Movement,
    time::Timestamp,
};

/// One decision: new states, stock movements and the audit event. Each change carries the state that it starts from;
/// if the row is in another state by then, the whole transition is a conflict and nothing of it is saved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transition {
    /// Change of an attempt.
    pub attempt: Option<AttemptChange>,
    /// Change of a job.
    pub job: Option<JobChange>,
    /// Change of a record.
    pub record: Option<RecordChange>,
    /// Blanks that move.
    pub movements: Vec<Movement>,
    /// What is written down; `None` where one event of the batch covers it.
    pub event: Option<Event>,
}

impl Transition {
    /// One that changes nothing yet, to be filled in.
    pub fn new(event: Option<Event>) -> Self {
        Self { attempt: None, job: None, record: None, movements: Vec::new(), event }
    }
}

/// A new state of an attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AttemptChange {
    /// Which.
    pub key: AttemptKey,
    /// The state that it must be in.
    pub from: AttemptState,
    /// The new state.
    pub to: AttemptState,
    /// Why, where it is not a good card.
    pub reason: Option<String>,
    /// Why, in the words of a person.
    pub note: Option<String>,
    /// A person decided it, who is in the audit.
    pub inspected: bool,
}

/// A new state of a job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JobChange {
    /// Which.
    pub id: JobId,
    /// The state that it must be in.
    pub from: JobState,
    /// The new state.
    pub to: JobState,
    /// Queued again: not before this instant, and at the end of its batch.
    pub due: Option<Timestamp>,
    /// Queued again with another blank, of this lot.
    pub lot: Option<LotId>,
    /// One more try that the printer did not take.
    pub not_started: bool,
}

impl JobChange {
    /// A plain change of state.
    pub fn new(id: JobId, from: JobState, to: JobState) -> Self {
        Self { id, from, to, due: None, lot: None, not_started: false }
    }
}

/// A new state of a record. A record in state `waiting` is on the waiting list, and no other is: the store adds and
/// removes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordChange {
    /// Which.
    pub id: RecordId,
    /// The state that it must be in.
    pub from: RecordState,
    /// The new state.
    pub to: RecordState,
    /// What becomes of the mark that stops its card.
    pub stop: RecallChange,
    /// A failed try that counts against the record, with the printer.
    pub charged_on: Option<String>,
    /// Failed tries are forgotten: a person looked at the record.
    pub reset_failures: bool,
    /// Why it is held, quarantined or withdrawn; `None` clears an earlier reason.
    pub reason: Option<String>,
    /// Why, in the words of a person; `None` clears an earlier note.
    pub note: Option<String>,
    /// What happens to its card.
    pub card: CardChange,
}

impl RecordChange {
    /// A plain change of state.
    pub fn new(id: RecordId, from: RecordState, to: RecordState) -> Self {
        Self {
            id,
            from,
            to,
            stop: RecallChange::Keep,
            charged_on: None,
            reset_failures: false,
            reason: None,
            note: None,
            card: CardChange::Keep,
        }
    }

    /// With the reason.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

/// What becomes of the mark that stops a card.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecallChange {
    /// It stays as it is.
    Keep,
    /// It is set.
    Set(Recall),
    /// It is taken away.
    Clear,
}

/// What happens to a record's card beside its state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CardChange {
    /// Nothing.
    Keep,
    /// A person checked it and found it good.
    Checked,
    /// It came back from its citizen.
    Surrendered,
    /// One more copy may be printed.
    NextCopy,
}
