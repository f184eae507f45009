//! A supervisor's single-use leave to print a record again. Asked for and approved as a pending act.

use super::{
    audit::Event,
    job::JobState,
    record::{RecordState, RecordView},
    refusal::{RecordRule, Refusal},
    stock::{Account, Cause, Movement},
    transition::{CardChange, JobChange, RecordChange, Transition},
};

/// Puts the record back on the waiting list for one more copy: approval is the single use of a warrant. The domain of
/// [pending acts](super::pending) has decided that it is approved by another person.
///
/// The card before it is settled in the same step, so that no two are alive: one that is still in the office is spoiled,
/// or missing if the reason means that it is `lost`; one that was handed over or sent to a district must have come back, unless it is
/// lost.
pub fn approve(view: &RecordView, reason: &str, lost: bool) -> Result<Transition, Refusal> {
    may_be_reprinted(view.state, &view.subject)?;
    if view.state == RecordState::HandedOver && !view.surrendered && !lost {
        return Err(Refusal::record_state(&view.subject, view.state, RecordRule::ReprintSurrendered));
    }
    if view.is_away() && !lost {
        return Err(Refusal::record_state(&view.subject, view.state, RecordRule::InOffice));
    }
    let mut change = RecordChange::new(view.id, view.state, RecordState::Waiting);
    change.card = CardChange::NextCopy;
    change.reset_failures = true;
    let event = Event::new("reprint.approved", &view.subject).with("reason", reason);
    let mut transition = Transition { record: Some(change), ..Transition::new(Some(event)) };
    if let (RecordState::Printed, Some(card)) = (view.state, view.card) {
        let to = if lost { Account::Missing } else { Account::Spoiled };
        let movement = Movement::new(card.lot, Account::Printed, to, 1, Cause::Damaged);
        transition.movements.push(movement.of_batch(card.batch).of_attempt(card.attempt));
        transition.job = Some(JobChange::new(card.job, JobState::Printed, JobState::Returned));
    }
    Ok(transition)
}

/// Refuses a reprint request for a record in this state, unless a card exists.
fn may_be_reprinted(state: RecordState, subject: &str) -> Result<(), Refusal> {
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
