//! What a list of the record's source withdraws, holds and restores.

use super::{
    audit::Event,
    id::ImportId,
    reason::{PhotoFault, Reason, RenderFault},
    record::{RecordView, before_withdrawal, leave_queue, stop_card, stored_reason},
    refusal::{RecordRule, Refusal},
    states::{JobState, Recall, RecordState},
    transition::{RecallChange, RecordChange, Transition},
};

/// Withdraws a record, because its source lists it with a status that is not print-ready. If a card exists or may exist, it
/// is recalled instead. The reason keeps why it was held, quarantined or recalled before.
///
/// A record that a person withdrew is then withdrawn by both, and both must take it back.
///
/// Returns `None` if its source has withdrawn the record already.
pub fn withdraw(view: &RecordView, status: &str) -> Result<Option<Transition>, Refusal> {
    let status = status.to_owned();
    let reason = match reason_before(view) {
        Some(before) => Reason::StatusAfter { status, before: Box::new(before) },
        None => Reason::Status { status },
    };
    withdraw_because(view, &reason)
}

/// The same, because the import is undone that added or restored the record.
pub fn withdraw_undone(view: &RecordView, import: ImportId) -> Result<Option<Transition>, Refusal> {
    let before = reason_before(view).map(Box::new);
    withdraw_because(view, &Reason::ImportUndone { import, before })
}

fn withdraw_because(view: &RecordView, reason: &Reason) -> Result<Option<Transition>, Refusal> {
    let act = "record.withdrawn";
    let to = RecordState::Withdrawn;
    Ok(match view.state {
        RecordState::Withdrawn if is_by_person(view) => {
            let event = Event::new(act, &view.subject).because(reason).with("was", view.state.as_str());
            let mut change = RecordChange::new(view.id, view.state, to).because(reason);
            change.note.clone_from(&view.note);
            Some(Transition { record: Some(change), ..Transition::new(Some(event)) })
        }
        RecordState::Withdrawn => None,
        _ if view.stop == Some(Recall::Withdrawn) => None,
        RecordState::HandedOver => {
            return Err(Refusal::record_state(&view.subject, view.state, RecordRule::Withdraw));
        }
        RecordState::Held | RecordState::Quarantined => {
            let event = Event::new(act, &view.subject).because(reason).with("was", view.state.as_str());
            let mut change = RecordChange::new(view.id, view.state, to).because(reason);
            change.note.clone_from(&view.note);
            Some(Transition { record: Some(change), ..Transition::new(Some(event)) })
        }
        RecordState::Batched if view.open_job.as_ref().is_some_and(|job| job.state == JobState::Queued) => {
            Some(leave_queue(view, to, reason, act, RecordRule::Withdraw)?)
        }
        RecordState::Waiting => Some(leave_queue(view, to, reason, act, RecordRule::Withdraw)?),
        RecordState::Batched | RecordState::Uncertain | RecordState::Printed => {
            Some(stop_card(view, Recall::Withdrawn, reason))
        }
    })
}

/// Whether a person withdrew the record, and its source did not.
fn is_by_person(view: &RecordView) -> bool {
    view.state == RecordState::Withdrawn && matches!(stored_reason(view), Some(Reason::WithdrawnByPerson { .. }))
}

/// Why the record is aside, or its card is stopped, already.
fn reason_before(view: &RecordView) -> Option<Reason> {
    if matches!(view.state, RecordState::Held | RecordState::Quarantined | RecordState::Withdrawn) {
        // A withdrawal that was not accepted before is accepted now.
        Some(stored_reason(view).unwrap_or(Reason::HeldByPerson)).filter(|why| *why != Reason::WithdrawalNotAccepted)
    } else {
        (view.stop == Some(Recall::Updated)).then_some(Reason::UpdatedAfterRendering)
    }
}

/// Takes back what the record's source withdrew, because the source lists it as print-ready again with the same body. `admission`
/// says whether it may be on the waiting list. A record that was held or quarantined before is so again; one that a list which was not
/// accepted would have withdrawn waits again, and so does one that is quarantined because its photo was deleted. The recall of a card ends, unless the record was updated before.
///
/// A record that a person withdrew too stays withdrawn.
///
/// Returns `None` if there is nothing to take back. A card that was being printed at the withdrawal stays recalled: when a person
/// has rejected it, the record can be restored.
pub fn restore(view: &RecordView, admission: &Result<(), Reason>) -> Option<Transition> {
    let change = |to| RecordChange::new(view.id, view.state, to);
    let reason = stored_reason(view);
    let change = match (view.state, reason) {
        // The photo that its card needs was deleted, and comes with the list.
        (RecordState::Held, Some(Reason::WithdrawalNotAccepted))
        | (
            RecordState::Quarantined,
            Some(
                Reason::Photo { fault: PhotoFault::Purged }
                | Reason::NotRendered(RenderFault::Photo { photo: PhotoFault::Purged }),
            ),
        ) => waiting_or_quarantined(view, admission),
        (RecordState::Withdrawn, Some(Reason::WithdrawnByPerson { .. })) => return None,
        // Whatever the reason: its source has withdrawn it.
        (RecordState::Withdrawn, _) => match (before_withdrawal(view), admission) {
            (Some((RecordState::Withdrawn, before)), _) => {
                let mut change = change(RecordState::Withdrawn).because(&before);
                change.note.clone_from(&view.note);
                change
            }
            (Some((to, before)), Ok(())) => {
                let mut change = change(to).because(&before);
                change.note.clone_from(&view.note);
                change
            }
            (None, _) | (Some(_), Err(_)) => waiting_or_quarantined(view, admission),
        },
        (_, Some(Reason::Status { .. } | Reason::ImportUndone { before: None, .. }))
            if view.stop == Some(Recall::Withdrawn) =>
        {
            let mut change = change(view.state);
            change.stop = RecallChange::Clear;
            change
        }
        (_, Some(Reason::StatusAfter { before, .. } | Reason::ImportUndone { before: Some(before), .. }))
            if view.stop == Some(Recall::Withdrawn) =>
        {
            let mut change = change(view.state).because(&before);
            change.stop = RecallChange::Set(Recall::Updated);
            change
        }
        _ => return None,
    };
    let event = Event::new("record.restored", &view.subject).with("was", view.state.as_str());
    Some(Transition { record: Some(change), ..Transition::new(Some(event)) })
}

fn waiting_or_quarantined(view: &RecordView, admission: &Result<(), Reason>) -> RecordChange {
    match admission {
        Ok(()) => RecordChange::new(view.id, view.state, RecordState::Waiting),
        Err(why) => RecordChange::new(view.id, view.state, RecordState::Quarantined).because(why),
    }
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
    use crate::domain::{id::RecordId, record::update};

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
    fn a_changed_body_does_not_end_what_a_person_decided_before_the_withdrawal() {
        let mut held =
            RecordView { note: Some("asked".into()), ..because(record(RecordState::Held), &Reason::HeldByPerson) };
        held.apply(&withdraw(&held, "PROCESSING").unwrap().unwrap());
        held.apply(&update(&held, &Ok(())).unwrap());
        assert_eq!((held.state, held.reason), (RecordState::Held, Some(Reason::HeldByPerson.to_stored())));
        assert_eq!(held.note.as_deref(), Some("asked"));
        let mut waiting = record(RecordState::Waiting);
        waiting.apply(&withdraw(&waiting, "PROCESSING").unwrap().unwrap());
        waiting.apply(&update(&waiting, &Ok(())).unwrap());
        assert_eq!(waiting.state, RecordState::Waiting);
    }

    #[test]
    fn a_source_restores_only_what_it_has_withdrawn() {
        let held = because(record(RecordState::Held), &Reason::HeldByPerson);
        let stopped = RecordView { stop: Some(Recall::Updated), ..record(RecordState::Printed) };
        let stopped = because(stopped, &Reason::UpdatedAfterRendering);
        for view in [record(RecordState::Waiting), held, stopped, record(RecordState::HandedOver)] {
            assert_eq!(restore(&view, &Ok(())), None, "{view:?}");
        }
        // The attempt that was under way at the withdrawal ended without a card, or a person rejected the card.
        for ended in [Reason::RejectedByPerson, Reason::Stopped, Reason::Printer { reasons: Vec::new() }] {
            let withdrawn = because(record(RecordState::Withdrawn), &ended);
            assert_eq!(restore(&withdrawn, &Ok(())).unwrap().record.unwrap().to, RecordState::Waiting);
        }
    }

    #[test]
    fn a_record_that_waits_is_held_until_a_list_with_many_withdrawals_is_accepted() {
        let mut view = record(RecordState::Waiting);
        view.apply(&hold_unaccepted(&view).unwrap());
        assert_eq!((view.state, &view.reason), (RecordState::Held, &Some(Reason::WithdrawalNotAccepted.to_stored())));
        let right_list = restore(&view, &Ok(())).unwrap();
        assert_eq!(right_list.record.unwrap().to, RecordState::Waiting);
        assert_eq!(withdrawn_and_restored(view, &Ok(())).state, RecordState::Waiting, "accepted, then taken back");
        assert_eq!(hold_unaccepted(&record(RecordState::Printed)), None);
    }
}
