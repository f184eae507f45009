//! What becomes of requests that turn out to be of one person when identifiers are compared in another way.

use super::{
    audit::Event,
    id::RecordId,
    reason::{Reason, StoredReason},
    record::{OneCard, OtherRecord, RecordView, may_be_open},
    states::RecordState,
    transition::{RecordChange, Transition},
};

/// A request of the person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PersonsRequest {
    /// Its record.
    pub id: RecordId,
    /// Its state.
    pub state: RecordState,
    /// Whether the citizen has given its card back.
    pub surrendered: bool,
    /// Whether its kind replaces a card that was handed over.
    pub replaces: bool,
    /// Whether another copy of the database may have printed it. It is held until a person has looked for the card.
    pub may_have_card: bool,
}

impl PersonsRequest {
    /// A request with this reason, as stored.
    pub fn new(id: RecordId, state: RecordState, surrendered: bool, replaces: bool, reason: Option<&str>) -> Self {
        let may_have_card = match reason.map(Reason::from_stored) {
            Some(StoredReason::Coded(reason)) => {
                state == RecordState::Held && reason.code_if_printed_elsewhere().is_some()
            }
            Some(StoredReason::Quoted(_)) | None => false,
        };
        Self { id, state, surrendered, replaces, may_have_card }
    }

    /// Whether it has a living card, or may get one.
    pub fn is_alive(&self) -> bool {
        self.state.occupies_slot() || (self.state == RecordState::HandedOver && !self.surrendered)
    }

    /// Whether it waits or is held, and has no card for certain.
    fn waits(&self) -> bool {
        matches!(self.state, RecordState::Waiting | RecordState::Held) && !self.may_have_card
    }

    fn as_other(&self) -> OtherRecord {
        OtherRecord { state: self.state, surrendered: self.surrendered }
    }
}

/// A request that leaves the waiting list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SetAside {
    /// Its record.
    pub id: RecordId,
    /// The rule that it would break.
    pub rule: OneCard,
    /// The request that it would break it beside.
    pub beside: RecordId,
}

/// How the requests of one person come to one living card.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Settled {
    /// The requests that are quarantined.
    pub aside: Vec<SetAside>,
    /// Requests that both have a card in the office, or may have one. A person must settle them first.
    pub cards: Vec<RecordId>,
}

/// Decides on the requests of one person: of those that wait or are held, the one that was imported first keeps its place, unless
/// there is a card that it does not replace. One that another copy of the database may have printed counts as one with a card.
pub fn settle(requests: &[PersonsRequest]) -> Settled {
    let mut requests: Vec<&PersonsRequest> = requests.iter().filter(|request| request.is_alive()).collect();
    requests.sort_by_key(|request| (request.waits(), request.id));
    let mut settled = Settled::default();
    let mut kept: Vec<&PersonsRequest> = Vec::new();
    for request in requests {
        let in_the_way = |other: &&&PersonsRequest| may_be_open(request.replaces, &[other.as_other()]).is_err();
        let others: Vec<OtherRecord> = kept.iter().map(|other| other.as_other()).collect();
        match (may_be_open(request.replaces, &others), kept.iter().find(in_the_way)) {
            (Err(rule), Some(beside)) if request.waits() => {
                settled.aside.push(SetAside { id: request.id, rule, beside: beside.id });
            }
            _ => kept.push(request),
        }
    }
    let cards: Vec<RecordId> =
        kept.iter().filter(|request| request.state.occupies_slot()).map(|request| request.id).collect();
    if cards.len() > 1 {
        settled.cards = cards;
    }
    settled
}

/// Quarantines a request that waits or is held, as `beside` is a request of the same person. `None` in any other state. The caller
/// has [settled](settle) the requests of the person.
pub fn set_aside(view: &RecordView, rule: OneCard, beside: &str) -> Option<Transition> {
    if !matches!(view.state, RecordState::Waiting | RecordState::Held) {
        return None;
    }
    let reason = Reason::from(rule);
    let event = Event::new("record.quarantined", &view.subject).because(&reason).with("was", view.state.as_str());
    let change = RecordChange::new(view.id, view.state, RecordState::Quarantined).because(&reason);
    Some(Transition { record: Some(change), ..Transition::new(Some(event.with("duplicate", beside))) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn request(id: i64, state: RecordState) -> PersonsRequest {
        PersonsRequest { id: RecordId(id), state, surrendered: false, replaces: false, may_have_card: false }
    }

    fn aside(requests: &[PersonsRequest]) -> Vec<(i64, OneCard, i64)> {
        settle(requests).aside.into_iter().map(|aside| (aside.id.0, aside.rule, aside.beside.0)).collect()
    }

    #[test]
    fn of_requests_that_wait_the_first_stays_and_a_card_comes_before_them() {
        use OneCard::{LivingCard, OtherRequestOpen};
        use RecordState::{HandedOver, Held, Printed, Quarantined, Waiting};
        assert_eq!(aside(&[request(2, Waiting), request(1, Waiting)]), [(2, OtherRequestOpen, 1)]);
        assert_eq!(aside(&[request(1, Held), request(2, Waiting)]), [(2, OtherRequestOpen, 1)]);
        assert_eq!(aside(&[request(1, Waiting), request(2, Printed)]), [(1, OtherRequestOpen, 2)]);
        assert_eq!(aside(&[request(1, Waiting), request(2, HandedOver)]), [(1, LivingCard, 2)]);
        assert_eq!(aside(&[request(1, Waiting), request(2, Quarantined)]), []);
        let replaces = PersonsRequest { replaces: true, ..request(1, Waiting) };
        assert_eq!(aside(&[replaces, request(2, HandedOver)]), []);
        let given_back = PersonsRequest { surrendered: true, ..request(2, HandedOver) };
        assert_eq!(aside(&[request(1, Waiting), given_back]), []);
    }

    #[test]
    fn two_cards_in_the_office_are_for_a_person_to_settle() {
        let two = [request(1, RecordState::Printed), request(2, RecordState::Uncertain), request(3, RecordState::Held)];
        assert_eq!(settle(&two).cards, [RecordId(1), RecordId(2)]);
        let one = [request(1, RecordState::Printed), request(2, RecordState::HandedOver)];
        assert_eq!(settle(&one), Settled::default(), "the citizen holds the other one");
    }

    #[test]
    fn a_held_request_that_another_copy_may_have_printed_keeps_its_place_and_its_reason() {
        use RecordState::{HandedOver, Held, Printed, Waiting};
        let held =
            |id, reason: &Reason| PersonsRequest::new(RecordId(id), Held, false, false, Some(&reason.to_stored()));
        let sent = Reason::SentElsewhere { printer: "p1".into(), attempt: "a1".into() };
        for reason in [Reason::HeldAtAdoption, sent] {
            let may_have_card = held(2, &reason);
            assert!(may_have_card.may_have_card);
            for waits in [request(1, Waiting), request(1, Held), held(1, &Reason::HeldByPerson)] {
                assert_eq!(aside(&[waits, may_have_card]), [(1, OneCard::OtherRequestOpen, 2)], "{waits:?}");
            }
            assert_eq!(settle(&[may_have_card, request(1, HandedOver)]), Settled::default());
            for other in [request(1, Printed), held(1, &Reason::HeldAtAdoption)] {
                let both = Settled { aside: Vec::new(), cards: vec![RecordId(1), RecordId(2)] };
                assert_eq!(settle(&[other, may_have_card]), both, "{other:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_stays_is_one_living_card_for_the_person(
            states in proptest::collection::vec((0..8_usize, any::<bool>(), any::<bool>(), any::<bool>()), 0..7),
        ) {
            let all: Vec<PersonsRequest> = (1..).zip(states).map(|(id, (state, surrendered, replaces, at_adoption))| {
                let reason = at_adoption.then(|| Reason::HeldAtAdoption.to_stored());
                PersonsRequest::new(RecordId(id), RecordState::ALL[state], surrendered, replaces, reason.as_deref())
            }).collect();
            let settled = settle(&all);
            let stays = |request: &&PersonsRequest| settled.aside.iter().all(|aside| aside.id != request.id);
            let open: Vec<_> = all.iter().filter(stays).filter(|r| r.state.occupies_slot()).collect();
            prop_assert_eq!(open.len() > 1, !settled.cards.is_empty());
            let waiting = open.iter().filter(|request| request.waits());
            for waiting in waiting {
                let others: Vec<OtherRecord> =
                    all.iter().filter(stays).filter(|r| r.id != waiting.id).map(PersonsRequest::as_other).collect();
                prop_assert_eq!(may_be_open(waiting.replaces, &others), Ok(()));
            }
            // Once settled, nothing more is set aside.
            let after: Vec<PersonsRequest> = all.iter().filter(stays).copied().collect();
            prop_assert_eq!(settle(&after).aside, []);
        }
    }
}
