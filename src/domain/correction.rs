//! Acts of a person that correct a mistake at a record: a hand-over that did not happen, a withdrawal, and two requests of one
//! person.

use serde::{Deserialize, Serialize};

use super::{
    audit::Event,
    card_out::OutChange,
    id::RecordId,
    reason::{PhotoFault, Reason, RenderFault},
    record::{OtherRecord, RecordView, card_movement, leave_queue, may_be_open, state_before, stored_reason},
    refusal::{RecordRule, Refusal},
    states::RecordState,
    stock::{Account, Cause},
    transition::{RecordChange, Transition},
};

/// Another request of the same person and profile, as people name it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RequestBeside {
    /// Its record.
    pub id: RecordId,
    /// Its source.
    pub source: String,
    /// The office's own key.
    pub request_id: String,
    /// Its state.
    pub state: RecordState,
    /// Whether the citizen has given its card back.
    pub surrendered: bool,
}

impl RequestBeside {
    fn as_other(&self) -> OtherRecord {
        OtherRecord { state: self.state, surrendered: self.surrendered }
    }

    /// Its name in messages and in the audit.
    pub fn subject(&self) -> String {
        format!("record {}/{}", self.source, self.request_id)
    }
}

/// Which of two requests of one person is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KeptRequest {
    /// The one that is quarantined.
    This,
    /// The one that keeps it off the waiting list.
    Other,
}

/// The states alone, as the rule of one card needs them.
pub fn others(beside: &[RequestBeside]) -> Vec<OtherRecord> {
    beside.iter().map(RequestBeside::as_other).collect()
}

/// The request that keeps another of its person off the waiting list: an open one, or else one whose card the citizen holds.
/// `replaces`: the other's kind replaces a card that was handed over.
pub fn obstacle(replaces: bool, beside: &[RequestBeside]) -> Option<&RequestBeside> {
    let is_in_the_way = |request: &&RequestBeside| may_be_open(replaces, &[request.as_other()]).is_err();
    let open = beside.iter().find(|request| request.state.occupies_slot());
    open.or_else(|| beside.iter().find(is_in_the_way))
}

fn in_the_way(view: &RecordView, other: &RequestBeside) -> Refusal {
    let (record, found) = (view.subject.clone(), view.state);
    Refusal::OtherRequest { record, found, other: other.subject(), state: other.state }
}

/// A hand-over was booked by mistake: the card is in the office, or in the district to which it was sent, and its record is printed
/// again. Refused if another request of the
/// person has taken its place meanwhile, or has a newer card that the citizen holds.
pub fn correct_hand_over(
    view: &RecordView,
    replaces: bool,
    beside: &[RequestBeside],
    note: &str,
) -> Result<Transition, Refusal> {
    let (RecordState::HandedOver, Some(card), false) = (view.state, view.card, view.surrendered) else {
        return Err(Refusal::record_state(&view.subject, view.state, RecordRule::CorrectHandOver));
    };
    let is_newer = |request: &&RequestBeside| {
        request.id > view.id && request.state == RecordState::HandedOver && !request.surrendered
    };
    if let Some(other) = beside.iter().find(is_newer).or_else(|| obstacle(replaces, beside)) {
        return Err(in_the_way(view, other));
    }
    let mut change = RecordChange::new(view.id, view.state, RecordState::Printed).noted(note);
    change.out = OutChange::Undone { was_sent: view.sent.is_some() };
    let event = Event::new("card.hand-over-corrected", &view.subject).with("note", note);
    let mut transition = Transition { record: Some(change), ..Transition::new(Some(event)) };
    transition.movements.push(card_movement(card, Account::HandedOver, Account::Printed, Cause::HandOverCorrected));
    Ok(transition)
}

/// A person withdraws a record that has no card: it is not printed, whatever its source says, until a person restores it. The
/// reason keeps why it was held or quarantined before.
pub fn withdraw_by_person(view: &RecordView, note: &str) -> Result<Transition, Refusal> {
    let (to, act) = (RecordState::Withdrawn, "record.withdrawn");
    let mut transition = match view.state {
        RecordState::Held | RecordState::Quarantined => {
            let before = stored_reason(view).unwrap_or(Reason::HeldByPerson);
            let reason = Reason::WithdrawnByPerson { before: Some(Box::new(before)) };
            let event = Event::new(act, &view.subject).because(&reason).with("was", view.state.as_str());
            let change = RecordChange::new(view.id, view.state, to).because(&reason);
            Transition { record: Some(change), ..Transition::new(Some(event)) }
        }
        RecordState::Waiting
        | RecordState::Batched
        | RecordState::Printed
        | RecordState::HandedOver
        | RecordState::Uncertain
        | RecordState::Withdrawn => {
            leave_queue(view, to, &Reason::WithdrawnByPerson { before: None }, act, RecordRule::WithdrawByPerson)?
        }
    };
    transition.record = transition.record.map(|change| change.noted(note));
    transition.event = transition.event.map(|event| event.with("note", note));
    Ok(transition)
}

/// A person restores a record that a person withdrew: it is what it was before. `admission` says whether it may be on the waiting
/// list; if not, it is quarantined. What kept it off the list before the withdrawal keeps it off it. What its source withdrew, its source
/// restores.
pub fn restore_by_person(view: &RecordView, admission: &Result<(), Reason>, note: &str) -> Result<Transition, Refusal> {
    let before = match (view.state, stored_reason(view)) {
        (RecordState::Withdrawn, Some(Reason::WithdrawnByPerson { before })) => before,
        (RecordState::Withdrawn, _) => {
            return Err(Refusal::record_state(&view.subject, view.state, RecordRule::RestoreBySource));
        }
        _ => return Err(Refusal::record_state(&view.subject, view.state, RecordRule::Restore)),
    };
    let change = |to| RecordChange::new(view.id, view.state, to).noted(note);
    let is_purged = |why: &Reason| {
        matches!(
            why,
            Reason::Photo { fault: PhotoFault::Purged }
                | Reason::NotRendered(RenderFault::Photo { photo: PhotoFault::Purged })
        )
    };
    let is_duplicate = |before: &Reason| matches!(before, Reason::OtherRequestOpen | Reason::LivingCard);
    let change = match (admission, before) {
        // Its list brings the photo again, and must not put on the waiting list what a person keeps off it.
        (Err(why), Some(before)) if is_purged(why) && !is_duplicate(&before) => {
            change(state_before(&before)).because(&before)
        }
        (Err(_), Some(before)) if !is_duplicate(&before) => change(RecordState::Quarantined).because(&before),
        (Err(why), _) => change(RecordState::Quarantined).because(why),
        // What kept it off the list was a state of its person's other requests, and is gone.
        (Ok(()), Some(before)) if is_duplicate(&before) => change(RecordState::Waiting),
        (Ok(()), Some(before)) => change(state_before(&before)).because(&before),
        (Ok(()), None) => change(RecordState::Waiting),
    };
    let event = Event::new("record.restored", &view.subject).with("note", note).with("now", change.to.as_str());
    Ok(Transition { record: Some(change), ..Transition::new(Some(event)) })
}

/// The request beside which a quarantined record is a duplicate; refused if the record is not quarantined, or no other request is
/// in its way.
pub fn duplicate_of<'a>(
    view: &RecordView,
    replaces: bool,
    beside: &'a [RequestBeside],
) -> Result<&'a RequestBeside, Refusal> {
    if view.state != RecordState::Quarantined {
        return Err(Refusal::record_state(&view.subject, view.state, RecordRule::Resolve));
    }
    obstacle(replaces, beside)
        .ok_or_else(|| Refusal::record_state(&view.subject, view.state, RecordRule::ResolveDuplicate))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        id::{AttemptKey, BatchId, JobId, LotId},
        reason::SealedFault,
        record::{CardBlank, update},
        states::Recall,
        withdrawal::{restore, withdraw},
    };

    fn record(state: RecordState) -> RecordView {
        RecordView::imported(RecordId(5), "record default/r5".into(), "ktp-el".into(), "first".into(), state)
    }

    fn handed_over() -> RecordView {
        let card = CardBlank { lot: LotId(1), batch: BatchId(1), attempt: AttemptKey(1), job: JobId(1) };
        RecordView { card: Some(card), checked: true, ..record(RecordState::HandedOver) }
    }

    fn beside(id: i64, state: RecordState) -> RequestBeside {
        let (id, source, request_id) = (RecordId(id), "default".into(), format!("r{id}"));
        RequestBeside { id, source, request_id, state, surrendered: false }
    }

    #[test]
    fn a_card_that_was_not_handed_over_is_printed_again_and_still_checked() {
        let mut view = handed_over();
        let transition = correct_hand_over(&view, false, &[], "in the drawer").unwrap();
        let movement = &transition.movements[0];
        assert_eq!((&movement.from, &movement.to, movement.quantity), (&Account::HandedOver, &Account::Printed, 1));
        view.apply(&transition);
        assert_eq!((view.state, view.checked, view.stop), (RecordState::Printed, true, None));
        for state in RecordState::ALL.into_iter().filter(|state| *state != RecordState::HandedOver) {
            assert!(correct_hand_over(&RecordView { state, ..handed_over() }, false, &[], "n").is_err(), "{state:?}");
        }
        assert!(correct_hand_over(&RecordView { surrendered: true, ..handed_over() }, false, &[], "n").is_err());
    }

    #[test]
    fn a_hand_over_stands_while_another_request_of_the_person_takes_its_place() {
        for state in RecordState::ALL {
            let refused = correct_hand_over(&handed_over(), true, &[beside(6, state)], "n").is_err();
            assert_eq!(refused, state.occupies_slot() || state == RecordState::HandedOver, "{state:?}");
        }
        // An older card of the citizen, which this one replaces, is no obstacle.
        let older = [beside(4, RecordState::HandedOver)];
        assert!(correct_hand_over(&handed_over(), true, &older, "n").is_ok());
        assert!(correct_hand_over(&handed_over(), false, &older, "n").is_err(), "this one does not replace it");
        let returned = [RequestBeside { surrendered: true, ..beside(6, RecordState::HandedOver) }];
        assert!(correct_hand_over(&handed_over(), false, &returned, "n").is_ok());
    }

    #[test]
    fn a_record_that_a_person_withdrew_is_restored_by_a_person_to_what_it_was() {
        let unreadable = Reason::Unreadable { fault: SealedFault::Changed };
        for (before, reason) in [
            (RecordState::Waiting, None),
            (RecordState::Held, Some(Reason::HeldByPerson)),
            (RecordState::Quarantined, Some(unreadable)),
        ] {
            let mut view = record(before);
            view.reason = reason.map(|reason| reason.to_stored());
            let reason = view.reason.clone();
            view.apply(&withdraw_by_person(&view, "double").unwrap());
            assert_eq!((view.state, view.note.as_deref()), (RecordState::Withdrawn, Some("double")));
            assert!(withdraw_by_person(&view, "again").is_err());
            let mut taken = view.clone();
            taken.apply(&restore_by_person(&taken, &Err(Reason::OtherRequestOpen), "wrong one").unwrap());
            assert_eq!(taken.state, RecordState::Quarantined);
            view.apply(&restore_by_person(&view, &Ok(()), "wrong one").unwrap());
            assert_eq!((view.state, view.reason), (before, reason));
        }
        for state in [RecordState::Printed, RecordState::HandedOver, RecordState::Uncertain, RecordState::Batched] {
            assert!(withdraw_by_person(&record(state), "n").is_err(), "{state:?}");
            assert!(restore_by_person(&record(state), &Ok(()), "n").is_err(), "{state:?}");
        }
    }

    /// The photo of a withdrawn record is deleted, and comes back with its list.
    #[test]
    fn what_kept_a_record_off_the_list_keeps_it_off_after_a_withdrawal_and_a_restoration() {
        let purged = Err(Reason::Photo { fault: PhotoFault::Purged });
        for (state, before) in [
            (RecordState::Held, Reason::HeldAtAdoption),
            (RecordState::Held, Reason::HeldByPerson),
            (RecordState::Held, Reason::WithdrawalNotAccepted),
            (RecordState::Quarantined, Reason::Unreadable { fault: SealedFault::Changed }),
        ] {
            let mut view = record(state);
            view.reason = Some(before.to_stored());
            view.apply(&withdraw_by_person(&view, "double").unwrap());
            let mut beside = view.clone();
            view.apply(&restore_by_person(&view, &purged, "wrong one").unwrap());
            assert_eq!((view.state, stored_reason(&view)), (state, Some(before.clone())));
            let is_not_accepted = before == Reason::WithdrawalNotAccepted;
            assert_eq!(restore(&view, &Ok(())).is_some(), is_not_accepted, "{before:?}");
            beside.apply(&restore_by_person(&beside, &Err(Reason::OtherRequestOpen), "wrong one").unwrap());
            assert_eq!((beside.state, stored_reason(&beside)), (RecordState::Quarantined, Some(before)));
            assert_eq!(restore(&beside, &Ok(())), None);
        }
    }

    #[test]
    fn a_source_does_not_restore_what_a_person_withdrew_and_a_person_not_what_a_source_withdrew() {
        let mut view = record(RecordState::Waiting);
        view.apply(&withdraw_by_person(&view, "double").unwrap());
        assert_eq!(restore(&view, &Ok(())), None);
        view.apply(&update(&view, &Ok(())).unwrap());
        assert_eq!((view.state, view.note.as_deref()), (RecordState::Withdrawn, Some("double")), "a new body");
        // Its source withdraws it too: both must take it back.
        view.apply(&withdraw(&view, "PROCESSING").unwrap().unwrap());
        assert_eq!(withdraw(&view, "PROCESSING").unwrap(), None);
        let refused = restore_by_person(&view, &Ok(()), "n").unwrap_err();
        assert_eq!(refused, Refusal::record_state(&view.subject, view.state, RecordRule::RestoreBySource));
        view.apply(&restore(&view, &Ok(())).unwrap());
        assert_eq!((view.state, view.note.as_deref()), (RecordState::Withdrawn, Some("double")));
        view.apply(&restore_by_person(&view, &Ok(()), "n").unwrap());
        assert_eq!(view.state, RecordState::Waiting);
    }

    #[test]
    fn a_quarantined_record_is_a_duplicate_of_the_open_request_or_else_of_the_living_card() {
        let quarantined = record(RecordState::Quarantined);
        let both = [beside(1, RecordState::HandedOver), beside(2, RecordState::Waiting)];
        assert_eq!(duplicate_of(&quarantined, false, &both).unwrap().id, RecordId(2));
        assert_eq!(duplicate_of(&quarantined, false, &both[..1]).unwrap().id, RecordId(1));
        assert!(duplicate_of(&quarantined, true, &both[..1]).is_err(), "it replaces that card");
        assert!(duplicate_of(&quarantined, false, &[beside(3, RecordState::Withdrawn)]).is_err());
        assert!(duplicate_of(&record(RecordState::Waiting), false, &both).is_err());
        let recalled = RecordView { stop: Some(Recall::Withdrawn), ..record(RecordState::Printed) };
        assert!(withdraw_by_person(&recalled, "n").is_err());
    }
}
