//! The other requests of a record's person, and what to do next with a record that needs a person.

use crate::{
    domain::{
        correction::RequestBeside,
        reason::{Reason, StoredReason},
        states::{Recall, RecordState},
    },
    engine::query::{BesideLine, RecordLine},
};

/// What the next step of a record depends on of another request of its person.
#[derive(Clone, Copy, Debug)]
pub struct OtherRequest<'a> {
    source: &'a str,
    request_id: &'a str,
    state: RecordState,
    surrendered: bool,
}

impl<'a> From<&'a RequestBeside> for OtherRequest<'a> {
    fn from(request: &'a RequestBeside) -> Self {
        let RequestBeside { source, request_id, state, surrendered, .. } = request;
        Self { source, request_id, state: *state, surrendered: *surrendered }
    }
}

impl<'a> OtherRequest<'a> {
    /// Returns `None` if the state of the line is none of a record.
    pub fn of_line(line: &'a BesideLine) -> Option<Self> {
        let BesideLine { source, request_id, state, surrendered, .. } = line;
        Some(Self { source, request_id, state: state.parse().ok()?, surrendered: *surrendered })
    }

    /// Whether the citizen has its card.
    fn is_living(&self) -> bool {
        self.state == RecordState::HandedOver && !self.surrendered
    }

    /// Whether it is in the way of another request of its person.
    fn is_in_the_way(&self) -> bool {
        self.state.occupies_slot() || self.is_living()
    }
}

/// Whether a stored reason says that another request of the person is in the way.
pub fn is_duplicate(stored: &str) -> bool {
    matches!(Reason::from_stored(stored), StoredReason::Coded(Reason::OtherRequestOpen | Reason::LivingCard))
}

/// A request as people name it, with its state: `3372-2015-000001 of source default, waiting`.
pub fn request_beside(request: &RequestBeside) -> String {
    let came_back = if request.surrendered { ", and its card came back" } else { "" };
    let RequestBeside { request_id, source, state, .. } = request;
    format!("`{request_id}` of source `{source}`, {}{came_back}", state.as_str())
}

/// A reason in words, with the requests that are in the way.
pub fn with_others(reason: String, beside: &[RequestBeside]) -> String {
    let in_the_way = beside.iter().filter(|&request| OtherRequest::from(request).is_in_the_way());
    let others: Vec<String> = in_the_way.map(request_beside).collect();
    if others.is_empty() { reason } else { format!("{reason}: {}", others.join("; ")) }
}

/// Whether a request can be withdrawn in favour of another one: not if its card is there, or may be.
fn may_be_withdrawn(state: RecordState) -> bool {
    matches!(state, RecordState::Waiting | RecordState::Held | RecordState::Batched)
}

/// What a person can do next with a record that does not go on by itself; `None` for one that does. Its reason is as stored.
pub fn next_step(record: &RecordLine, others: &[OtherRequest<'_>]) -> Option<String> {
    let option = |source: &str| if source == "default" { String::new() } else { format!(" --source {source}") };
    let (id, source) = (&record.request_id, option(&record.source));
    if record.sent && record.stop.is_some() {
        return Some(format!(
            "`cetak card receive {id}{source} --cause uncollected --reason TEXT`, and then `cetak card reject`"
        ));
    }
    if record.state == RecordState::Printed.as_str() && record.stop.is_some() {
        let then = if record.stop.as_deref() == Some(Recall::Withdrawn.as_str()) {
            "it is withdrawn then, until its source lists it as print-ready"
        } else {
            "it waits for its new card then"
        };
        return Some(format!("`cetak card reject {id}{source} --cause data-changed --reason TEXT`: {then}"));
    }
    let is_quarantined = record.state == RecordState::Quarantined.as_str();
    if is_quarantined && record.reason.as_deref().is_some_and(is_duplicate) {
        let open = others.iter().find(|other| other.state.occupies_slot());
        return Some(match open.or_else(|| others.iter().find(|other| other.is_living())) {
            None => {
                format!("`cetak record release {id}{source} --reason TEXT`: no other request is in its way any more")
            }
            Some(other) if other.state == RecordState::HandedOver => format!(
                "`cetak record resolve {id}{source} --keep other --reason TEXT`; or `cetak card surrender {}{}` when the card \
                 came back, and then `cetak record release`",
                other.request_id,
                option(other.source)
            ),
            Some(other)
                if may_be_withdrawn(other.state) && others.iter().filter(|o| o.state.occupies_slot()).count() == 1 =>
            {
                format!("`cetak record resolve {id}{source} --keep this|other --reason TEXT`")
            }
            Some(_) => format!("`cetak record resolve {id}{source} --keep other --reason TEXT`"),
        });
    }
    None
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::id::RecordId;

    pub(crate) fn record(state: RecordState, stop: Option<Recall>, reason: Option<&Reason>) -> RecordLine {
        RecordLine {
            source: "kudus".into(),
            request_id: "r2".into(),
            profile: "student".into(),
            kind: "new".into(),
            class: 1,
            jumped: false,
            state: state.as_str().into(),
            stop: stop.map(|stop| stop.as_str().into()),
            reason: reason.map(Reason::to_stored),
            note: None,
            district: String::new(),
            village: String::new(),
            version: 1,
            copy: 1,
            charged: 0,
            checked: false,
            surrendered: false,
            sent: false,
            verified_at: String::new(),
        }
    }

    fn beside(state: RecordState) -> [RequestBeside; 1] {
        let (id, source, request_id) = (RecordId(1), "default".into(), "r1".into());
        [RequestBeside { id, source, request_id, state, surrendered: false }]
    }

    #[test]
    fn a_duplicate_names_the_other_request_and_the_command_that_settles_both() {
        let duplicate = record(RecordState::Quarantined, None, Some(&Reason::OtherRequestOpen));
        let next = |state| next_step(&duplicate, &beside(state).each_ref().map(OtherRequest::from)).unwrap();
        assert!(next(RecordState::Waiting).contains("cetak record resolve r2 --source kudus --keep this|other"));
        for with_card in [RecordState::Printed, RecordState::Uncertain] {
            let next = next(with_card);
            assert!(next.contains("--keep other") && !next.contains("this"), "the other one has a card: {next}");
        }
        assert!(next(RecordState::HandedOver).contains("cetak card surrender r1"));
        assert!(next(RecordState::Withdrawn).contains("cetak record release r2 --source kudus"));
        assert_eq!(
            with_others("another request is open".into(), &beside(RecordState::Waiting)),
            "another request is open: `r1` of source `default`, waiting"
        );
        assert_eq!(with_others("why".into(), &beside(RecordState::Withdrawn)), "why");
    }

    #[test]
    fn a_stopped_card_is_to_be_rejected_and_a_record_that_goes_on_needs_nothing() {
        for stop in [Recall::Withdrawn, Recall::Updated] {
            let stopped = record(RecordState::Printed, Some(stop), None);
            assert!(next_step(&stopped, &[]).unwrap().contains("cetak card reject r2 --source kudus"));
        }
        let other = beside(RecordState::Quarantined);
        assert_eq!(
            next_step(&record(RecordState::Waiting, None, None), &other.each_ref().map(OtherRequest::from)),
            None
        );
    }
}
