//! The changes that one decision makes. The store saves them together in one database transaction.

use super::{
    attempt::AttemptState,
    audit::Event,
    card_out::OutChange,
    id::{AttemptKey, JobId, LotId, RecordId},
    place::PlaceCause,
    reason::Reason,
    states::{JobState, Recall, RecordState},
    stock::Movement,
    time::Timestamp,
};

/// The result of a decision: new states, stock movements and the audit event. Each change names the state that it starts
/// from. If a row is in another state when the transition is saved, the whole transition is a conflict and nothing is saved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transition {
    /// The change of an attempt.
    pub attempt: Option<AttemptChange>,
    /// The change of a job.
    pub job: Option<JobChange>,
    /// The change of a record.
    pub record: Option<RecordChange>,
    /// The movements of blanks.
    pub movements: Vec<Movement>,
    /// The audit event; `None` if one event of the batch covers several transitions.
    pub event: Option<Event>,
}

impl Transition {
    /// A transition without changes.
    pub fn new(event: Option<Event>) -> Self {
        Self { attempt: None, job: None, record: None, movements: Vec::new(), event }
    }
}

/// A new state of an attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AttemptChange {
    /// The attempt.
    pub key: AttemptKey,
    /// The state from which it changes; in another state the transition is a conflict.
    pub from: AttemptState,
    /// The new state.
    pub to: AttemptState,
    /// The reason, for every outcome but a good card.
    pub reason: Option<Reason>,
    /// The words of the person who decided it.
    pub note: Option<String>,
    /// Whether a person decided it; the audit names the person.
    pub inspected: bool,
}

/// A new state of a job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JobChange {
    /// The job.
    pub id: JobId,
    /// The state from which it changes; in another state the transition is a conflict.
    pub from: JobState,
    /// The new state.
    pub to: JobState,
    /// The instant before which a job that is queued again must not start. It goes to the end of its batch.
    pub due: Option<Timestamp>,
    /// The lot of the new blank of a job that is queued again after its blank was spoiled.
    pub lot: Option<LotId>,
    /// Whether to count an attempt that the printer did not start, for the backoff.
    pub not_started: bool,
}

impl JobChange {
    /// A change of state and of nothing else.
    pub fn new(id: JobId, from: JobState, to: JobState) -> Self {
        Self { id, from, to, due: None, lot: None, not_started: false }
    }
}

/// A new state of a record. The store keeps the waiting list equal to the records in state `waiting`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordChange {
    /// The record.
    pub id: RecordId,
    /// The state from which it changes; in another state the transition is a conflict.
    pub from: RecordState,
    /// The new state.
    pub to: RecordState,
    /// The change of the mark that recalls its card.
    pub stop: RecallChange,
    /// The printer of a failed try that counts against the record.
    pub charged_on: Option<String>,
    /// Whether to reset the number of failed tries, because a person released the record.
    pub reset_failures: bool,
    /// The reason for which it is held, quarantined or withdrawn, as stored; `None` clears an earlier reason.
    pub reason: Option<String>,
    /// The words of the person who did it; `None` clears an earlier note.
    pub note: Option<String>,
    /// The change of its card.
    pub card: CardChange,
    /// The change of where its card is.
    pub out: OutChange,
    /// The jump into another priority class: the record moves in the waiting list.
    pub jump: Option<Jump>,
}

/// A person's change of the priority class of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Jump {
    /// Which.
    pub cause: PlaceCause,
    /// The new class.
    pub class: i64,
    /// Why.
    pub note: String,
}

impl RecordChange {
    /// A change of state and of nothing else.
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
            out: OutChange::Keep,
            jump: None,
        }
    }

    /// Sets the reason.
    #[must_use]
    pub fn because(mut self, reason: &Reason) -> Self {
        self.reason = Some(reason.to_stored());
        self
    }

    /// Sets the note.
    #[must_use]
    pub fn noted(mut self, note: &str) -> Self {
        self.note = Some(note.to_owned());
        self
    }
}

/// A change of the mark that recalls a card.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecallChange {
    /// No change.
    Keep,
    /// Sets the mark.
    Set(Recall),
    /// Removes the mark.
    Clear,
}

/// A change of a record's card.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CardChange {
    /// No change.
    Keep,
    /// A person has checked the card and found it good.
    Checked,
    /// The check no longer holds: a person looks at the card again.
    Unchecked,
    /// The citizen has given the card back.
    Surrendered,
    /// Another copy may be printed, under a warrant.
    NextCopy,
}
