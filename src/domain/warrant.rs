//! A supervisor's single-use leave to print a record again.

use super::{
    audit::Event,
    id::{RecordId, WarrantId},
    job::JobState,
    record::{RecordState, RecordView},
    refusal::{RecordRule, Refusal},
    stock::{Account, Cause, Movement},
    transition::{CardChange, JobChange, RecordChange, Transition},
};

/// A warrant as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warrant {
    /// Its number.
    pub id: WarrantId,
    /// The record.
    pub record: RecordId,
    /// `requested`, `approved` or `refused`.
    pub state: String,
    /// Who asked.
    pub requested_by: String,
    /// One of the profile's reasons.
    pub reason: String,
}

/// Puts the record back on the waiting list for one more copy: approval is the single use of a warrant.
///
/// The card before it is settled in the same step, so that no two are alive: one that is still in the office is spoiled,
/// or missing if the reason means that it is `lost`; one that was handed over must have come back, unless it is lost.
pub fn approve(warrant: &Warrant, approver: &str, view: &RecordView, lost: bool) -> Result<Transition, Refusal> {
    if warrant.state != "requested" {
        return Err(Refusal::WarrantDecided { warrant: warrant.id, found: warrant.state.clone() });
    }
    if same_name(&warrant.requested_by, approver) {
        return Err(Refusal::SamePerson { warrant: warrant.id });
    }
    may_be_reprinted(view.state, &view.subject)?;
    if view.state == RecordState::HandedOver && !view.surrendered && !lost {
        return Err(Refusal::record_state(&view.subject, view.state, RecordRule::ReprintSurrendered));
    }
    let mut change = RecordChange::new(warrant.record, view.state, RecordState::Waiting);
    change.card = CardChange::NextCopy;
    change.reset_failures = true;
    let event = Event::new("reprint.approved", &view.subject)
        .with("warrant", warrant.id)
        .with("reason", &warrant.reason)
        .with("requested_by", &warrant.requested_by)
        .with("authenticated", false);
    let mut transition = Transition { record: Some(change), ..Transition::new(Some(event)) };
    if let (RecordState::Printed, Some(card)) = (view.state, view.card) {
        let to = if lost { Account::Missing } else { Account::Spoiled };
        let movement = Movement::new(card.lot, Account::Printed, to, 1, Cause::Damaged);
        transition.movements.push(movement.of_batch(card.batch).of_attempt(card.attempt));
        transition.job = Some(JobChange::new(card.job, JobState::Printed, JobState::Returned));
    }
    Ok(transition)
}

/// Do two claimed names mean the same person? Space around them and capitals make no other person.
pub fn same_name(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

/// May a reprint of a record in this state be asked for? Only where a card exists, as far as anybody knows.
pub fn may_be_reprinted(state: RecordState, subject: &str) -> Result<(), Refusal> {
    match state {
        RecordState::Printed | RecordState::HandedOver => Ok(()),
        RecordState::Waiting
        | RecordState::Held
        | RecordState::Batched
        | RecordState::Quarantined
        | RecordState::Uncertain
        | RecordState::Withdrawn => Err(Refusal::record_state(subject, state, RecordRule::Reprint)),
    }
}
