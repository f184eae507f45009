//! What a list of the record's source withdraws, holds and restores.

use super::{
    audit::Event,
    reason::{Reason, StoredReason},
    record::{RecordView, leave_queue, stop_card},
    refusal::{RecordRule, Refusal},
    states::{JobState, Recall, RecordState},
    transition::{RecallChange, RecordChange, Transition},
};

/// Withdraws a record, because its source lists it with a status that is not print-ready. If a card exists or may exist, it
/// is recalled instead. The reason keeps why it was held, quarantined or recalled before.
///
/// Returns `None` if the record is withdrawn already.
pub fn withdraw(view: &RecordView, status: &str) -> Result<Option<Transition>, Refusal> {
    let (reason, act) = (reason(view, status), "record.withdrawn");
    let to = RecordState::Withdrawn;
    Ok(match view.state {
        RecordState::Withdrawn => None,
        _ if view.stop == Some(Recall::Withdrawn) => None,
        RecordState::HandedOver => {
            return Err(Refusal::record_state(&view.subject, view.state, RecordRule::Withdraw));
        }
        RecordState::Held | RecordState::Quarantined => {
            let event = Event::new(act, &view.subject).because(&reason).with("was", view.state.as_str());
            let mut change = RecordChange::new(view.id, view.state, to).because(&reason);
            change.note.clone_from(&view.note);
            Some(Transition { record: Some(change), ..Transition::new(Some(event)) })
        }
        RecordState::Batched if view.open_job.as_ref().is_some_and(|job| job.state == JobState::Queued) => {
            Some(leave_queue(view, to, &reason, act, RecordRule::Withdraw)?)
        }
        RecordState::Waiting => Some(leave_queue(view, to, &reason, act, RecordRule::Withdraw)?),
        RecordState::Batched | RecordState::Uncertain | RecordState::Printed => {
            Some(stop_card(view, Recall::Withdrawn, &reason))
        }
    })
}

fn reason(view: &RecordView, status: &str) -> Reason {
    let status = status.to_owned();
    let before = if matches!(view.state, RecordState::Held | RecordState::Quarantined) {
        // A withdrawal that was not accepted before is accepted now.
        Some(stored_reason(view).unwrap_or(Reason::HeldByPerson)).filter(|why| *why != Reason::WithdrawalNotAccepted)
    } else {
        (view.stop == Some(Recall::Updated)).then_some(Reason::UpdatedAfterRendering)
    };
    match before {
        Some(before) => Reason::StatusAfter { status, before: Box::new(before) },
        None => Reason::Status { status },
    }
}

fn stored_reason(view: &RecordView) -> Option<Reason> {
    match Reason::from_stored(view.reason.as_deref()?) {
        StoredReason::Coded(reason) => Some(reason),
        StoredReason::Quoted(_) => None,
    }
}

/// Takes back what the record's source withdrew, because the source lists it as print-ready again with the same body. `admission`
/// says whether it may be on the waiting list. A record that was held or quarantined before is so again, and the recall of a
/// card ends unless the record was updated before.
///
/// Returns `None` if the source has not withdrawn the record. A card that was being printed at the withdrawal stays recalled:
/// when a person has rejected it, the record can be restored.
pub fn restore(view: &RecordView, admission: &Result<(), Reason>) -> Option<Transition> {
    let reason = stored_reason(view)?;
    let change = |to| RecordChange::new(view.id, view.state, to);
    let change = match (view.state, reason) {
        (RecordState::Withdrawn, Reason::Status { .. } | Reason::RejectedByPerson) => match admission {
            Ok(()) => change(RecordState::Waiting),
            Err(why) => change(RecordState::Quarantined).because(why),
        },
        (RecordState::Withdrawn, Reason::StatusAfter { before, .. }) => {
            let mut change = match (&*before, admission) {
                (Reason::HeldByPerson | Reason::HeldAtAdoption | Reason::SentElsewhere { .. }, Ok(())) => {
                    change(RecordState::Held).because(&before)
                }
                (_, Ok(())) => change(RecordState::Quarantined).because(&before),
                (_, Err(why)) => change(RecordState::Quarantined).because(why),
            };
            change.note.clone_from(&view.note);
            change
        }
        (_, Reason::Status { .. }) if view.stop == Some(Recall::Withdrawn) => {
            let mut change = change(view.state);
            change.stop = RecallChange::Clear;
            change
        }
        (_, Reason::StatusAfter { before, .. }) if view.stop == Some(Recall::Withdrawn) => {
            let mut change = change(view.state).because(&before);
            change.stop = RecallChange::Set(Recall::Updated);
            change
        }
        _ => return None,
    };
    let event = Event::new("record.restored", &view.subject).with("was", view.state.as_str());
    Some(Transition { record: Some(change), ..Transition::new(Some(event)) })
}

/// Holds a record that a list would have withdrawn among so many others that a person must accept the list first.
///
/// Returns `None` if the record neither waits nor is queued.
pub fn hold_unaccepted(view: &RecordView) -> Option<Transition> {
    leave_queue(view, RecordState::Held, &Reason::WithdrawalNotAccepted, "record.held", RecordRule::Hold).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::RecordId;

    fn record(state: RecordState) -> RecordView {
        RecordView::imported(RecordId(1), "record default/r1".into(), "ktp-el".into(), "first".into(), state)
    }

    fn because(mut view: RecordView, reason: &Reason) -> RecordView {
        view.reason = Some(reason.to_stored());
        view
    }

    /// The record after its source withdrew it and listed it as print-ready again.
    fn withdrawn_and_restored(mut view: RecordView, admission: &Result<(), Reason>) -> RecordView {
        view.apply(&withdraw(&view, "PROCESSING").unwrap().unwrap());
        view.apply(&restore(&view, admission).unwrap());
        view
    }

    #[test]
    fn a_record_that_its_source_restores_is_what_it_was_before_the_withdrawal() {
        let photo = Reason::Photo { fault: crate::domain::reason::PhotoFault::Corrupt };
        for before in [
            record(RecordState::Waiting),
            because(record(RecordState::Held), &Reason::HeldByPerson),
            because(record(RecordState::Held), &Reason::HeldAtAdoption),
            because(record(RecordState::Quarantined), &photo),
            record(RecordState::Printed),
            RecordView {
                stop: Some(Recall::Updated),
                ..because(record(RecordState::Printed), &Reason::UpdatedAfterRendering)
            },
        ] {
            let before = RecordView { note: before.reason.as_ref().map(|_| "as it is".into()), ..before };
            let after = withdrawn_and_restored(before.clone(), &Ok(()));
            let recalled = before.stop.is_some();
            assert_eq!((after.state, &after.reason, after.stop), (before.state, &before.reason, before.stop));
            assert!(recalled || after.note == before.note, "{after:?}");
        }
    }

    #[test]
    fn a_record_that_may_not_wait_any_more_is_quarantined_when_its_source_restores_it() {
        let taken = Err(Reason::OtherRequestOpen);
        for before in [record(RecordState::Waiting), because(record(RecordState::Held), &Reason::HeldByPerson)] {
            let after = withdrawn_and_restored(before, &taken);
            assert_eq!(after.state, RecordState::Quarantined);
            assert_eq!(after.reason, Some(Reason::OtherRequestOpen.to_stored()));
        }
    }

    #[test]
    fn a_source_restores_only_what_it_has_withdrawn() {
        let held = because(record(RecordState::Held), &Reason::HeldByPerson);
        let stopped = RecordView { stop: Some(Recall::Updated), ..record(RecordState::Printed) };
        let stopped = because(stopped, &Reason::UpdatedAfterRendering);
        for view in [record(RecordState::Waiting), held, stopped, record(RecordState::HandedOver)] {
            assert_eq!(restore(&view, &Ok(())), None, "{view:?}");
        }
        let rejected = because(record(RecordState::Withdrawn), &Reason::RejectedByPerson);
        assert_eq!(restore(&rejected, &Ok(())).unwrap().record.unwrap().to, RecordState::Waiting);
    }

    #[test]
    fn a_record_that_waits_is_held_until_a_list_with_many_withdrawals_is_accepted() {
        let mut view = record(RecordState::Waiting);
        view.apply(&hold_unaccepted(&view).unwrap());
        assert_eq!((view.state, &view.reason), (RecordState::Held, &Some(Reason::WithdrawalNotAccepted.to_stored())));
        assert_eq!(withdrawn_and_restored(view, &Ok(())).state, RecordState::Waiting, "accepted, then taken back");
        assert_eq!(hold_unaccepted(&record(RecordState::Printed)), None);
    }
}
