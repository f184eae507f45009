//! A supervisor's single-use leave to print a record again.

use super::{
    audit::Event,
    id::{RecordId, WarrantId},
    record::{RecordState, WrongState},
    transition::{CardChange, RecordChange, Transition},
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

/// Why a warrant cannot be approved.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WarrantError {
    /// It was decided before.
    #[error("warrant {id} is already `{state}`; a warrant is used once")]
    Decided {
        /// The warrant.
        id: WarrantId,
        /// Its state.
        state: String,
    },
    /// Maker and checker are one.
    #[error("warrant {0} was requested by `{1}`; somebody else has to approve it")]
    SameActor(WarrantId, String),
    /// The record has no card to follow.
    #[error(transparent)]
    WrongState(#[from] WrongState),
}

/// Puts the record back on the waiting list for one more copy: approval is the single use of a warrant.
pub fn approve(
    warrant: &Warrant,
    approver: &str,
    record_state: RecordState,
    subject: &str,
) -> Result<Transition, WarrantError> {
    if warrant.state != "requested" {
        return Err(WarrantError::Decided { id: warrant.id, state: warrant.state.clone() });
    }
    if warrant.requested_by == approver {
        return Err(WarrantError::SameActor(warrant.id, approver.to_owned()));
    }
    may_be_reprinted(record_state, subject)?;
    let mut change = RecordChange::new(warrant.record, record_state, RecordState::Waiting);
    change.card = CardChange::NextCopy;
    change.forgive = true;
    let event = Event::new("reprint.approved", subject)
        .with("warrant", warrant.id)
        .with("reason", &warrant.reason)
        .with("requested_by", &warrant.requested_by)
        .with("authenticated", false);
    Ok(Transition { record: Some(change), ..Transition::new(Some(event)) })
}

/// May a reprint of a record in this state be asked for? Only where a card exists, as far as anybody knows.
pub fn may_be_reprinted(state: RecordState, subject: &str) -> Result<(), WrongState> {
    match state {
        RecordState::Printed | RecordState::HandedOver => Ok(()),
        RecordState::Waiting
        | RecordState::Held
        | RecordState::Batched
        | RecordState::Quarantined
        | RecordState::Uncertain
        | RecordState::Withdrawn => {
            Err(WrongState::new(subject, state, "only a `printed` or `handed_over` one can be printed again"))
        }
    }
}
