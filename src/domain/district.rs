//! Cards that are sent to a district, received back, and handed over there or to a proxy.
//!
//! A card that was sent is a living card in state `printed`, checked, and not at the counter. It is recalled as any card; before it is
//! checked again, rejected or replaced, it comes back.

use std::collections::BTreeSet;

use super::{
    actor::same_name,
    audit::Event,
    card_out::{OutChange, Proxy, ReturnCause},
    record::{RecordView, handed_over, printed_card, ready},
    refusal::{RecordRule, Refusal},
    transition::{CardChange, RecordChange, Transition},
};

/// The known district that a spelling means: the same one, else the first that differs only as names do that are the same (see
/// [`same_name`]); `None` if it is a new one.
pub fn meant<'a>(spelling: &str, known: &'a BTreeSet<String>) -> Option<&'a str> {
    let known = || known.iter().map(String::as_str);
    known().find(|name| *name == spelling).or_else(|| known().find(|name| same_name(name, spelling)))
}

/// A checked card is sent to a district, with a document.
pub fn send(view: &RecordView, district: &str, document: &str) -> Result<Transition, Refusal> {
    ready(view, RecordRule::Send)?;
    if view.is_away() {
        return Err(Refusal::record_state(&view.subject, view.state, RecordRule::NotSent));
    }
    let mut change = RecordChange::new(view.id, view.state, view.state);
    change.out = OutChange::Sent { district: district.to_owned(), document: document.to_owned() };
    let event = Event::new("card.sent", &view.subject).with("district", district).with("document", document);
    Ok(Transition { record: Some(change), ..Transition::new(Some(event)) })
}

/// A card comes back from its district, also one that is recalled. One that is damaged or shows another person is checked again.
pub fn receive(view: &RecordView, cause: ReturnCause, note: &str) -> Result<Transition, Refusal> {
    printed_card(view, RecordRule::Receive)?;
    let Some(sent) = view.sent.as_ref() else {
        return Err(Refusal::record_state(&view.subject, view.state, RecordRule::Receive));
    };
    let mut change = RecordChange::new(view.id, view.state, view.state).noted(note);
    change.reason.clone_from(&view.reason);
    change.out = OutChange::Received;
    change.card = if cause.needs_check() { CardChange::Unchecked } else { CardChange::Keep };
    let event = Event::new("card.received", &view.subject)
        .with("district", &sent.district)
        .with("document", &sent.document)
        .with("cause", cause.as_str())
        .with("note", note);
    Ok(Transition { record: Some(change), ..Transition::new(Some(event)) })
}

/// The citizen receives the card in the district to which it was sent.
pub fn hand_over_in(view: &RecordView, district: &str) -> Result<Transition, Refusal> {
    ready(view, RecordRule::HandOver)?;
    match &view.sent {
        Some(sent) if sent.district == district => handed_over(view, "card.handed-over", |event| event),
        Some(_) | None => Err(Refusal::record_state(&view.subject, view.state, RecordRule::InDistrict)),
    }
}

/// A proxy receives the card for its citizen, in the office or in its district. `is_allowed`: the card profile permits it.
pub fn hand_over_by_proxy(view: &RecordView, is_allowed: bool, proxy: Proxy) -> Result<Transition, Refusal> {
    ready(view, RecordRule::HandOver)?;
    if !is_allowed {
        return Err(Refusal::record_state(&view.subject, view.state, RecordRule::InPerson));
    }
    let document = proxy.document.as_str();
    let mut transition = handed_over(view, "card.handed-over-by-proxy", |event| event.with("proxy", document))?;
    if let Some(change) = &mut transition.record {
        change.out = OutChange::Proxy(proxy);
    }
    Ok(transition)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        card_out::{ProxyDocument, SentCard},
        correction::correct_hand_over,
        id::{AttemptKey, BatchId, JobId, LotId, RecordId},
        record::{CardBlank, Recall, RecordState, check, hand_over, reject, surrender},
        stock::{Account, Cause},
        warrant::approve,
        withdrawal::withdraw,
    };

    fn record(state: RecordState) -> RecordView {
        let view = RecordView::imported(RecordId(1), "record default/r1".into(), "ktp-el".into(), "new".into(), state);
        let card = CardBlank { lot: LotId(1), batch: BatchId(1), attempt: AttemptKey(1), job: JobId(1) };
        RecordView { checked: true, card: Some(card), ..view }
    }

    fn sent() -> RecordView {
        let sent = SentCard {
            district: "Laweyan".into(),
            document: "SJ-12".into(),
            by: "Sri".into(),
            at: "2015-08-31T03:00:00Z".into(),
        };
        RecordView { sent: Some(sent), ..record(RecordState::Printed) }
    }

    fn proxy() -> Proxy {
        Proxy { document: ProxyDocument::FamilyCard, sealed: "00".into() }
    }

    type Decision<'a> = (&'static str, &'a dyn Fn(&RecordView) -> Result<Transition, Refusal>);

    #[test]
    fn a_district_is_known_in_any_spelling_and_another_name_is_a_new_one() {
        let known = BTreeSet::from(["Banjarsari".to_owned(), "Laweyan".into(), "laweyan".into()]);
        for spelling in ["BANJARSARI", " banjarsari ", "Banjarsari\u{a0}", "B\u{430}njarsari"] {
            assert_eq!(meant(spelling, &known), Some("Banjarsari"), "{spelling:?}");
        }
        assert_eq!(meant("laweyan", &known), Some("laweyan"), "as it is written");
        assert_eq!(meant("LAWEYAN", &known), Some("Laweyan"));
        assert_eq!(meant("Laweyan 2", &known), None);
    }

    #[test]
    fn each_act_on_a_sent_card_is_refused_in_every_other_state() {
        let decisions: [Decision<'_>; 4] = [
            ("send", &|view| send(view, "Laweyan", "SJ-12")),
            ("receive", &|view| receive(view, ReturnCause::Uncollected, "three months")),
            ("hand over in", &|view| hand_over_in(view, "Laweyan")),
            ("by proxy", &|view| hand_over_by_proxy(view, true, proxy())),
        ];
        for state in RecordState::ALL {
            for (act, decide) in &decisions {
                let at_counter = decide(&record(state)).is_ok();
                let is_fit = matches!(*act, "send" | "by proxy") && state == RecordState::Printed;
                assert_eq!(at_counter, is_fit, "{act}, {state:?}");
                let away = decide(&RecordView { state, ..sent() }).is_ok();
                assert_eq!(away, *act != "send" && state == RecordState::Printed, "{act}, {state:?}, away");
                let unchecked = decide(&RecordView { checked: false, ..record(state) }).is_ok();
                assert!(!unchecked, "{act}, {state:?}, not checked");
                let recalled = RecordView { stop: Some(Recall::Updated), state, ..sent() };
                let comes_back = *act == "receive" && state == RecordState::Printed;
                assert_eq!(decide(&recalled).is_ok(), comes_back, "{act}, {state:?}, recalled");
            }
        }
    }

    #[test]
    fn a_sent_card_is_living_and_comes_back_before_it_is_checked_rejected_or_replaced() {
        assert!(check(&sent()).is_err() && reject(&sent(), Cause::Damaged, "bent").is_err());
        assert!(approve(&sent(), "damaged", false).is_err(), "another card would follow a living one");
        let lost = approve(&sent(), "lost", true).unwrap();
        assert_eq!(lost.movements[0].to, Account::Missing);
        let mut view = sent();
        assert!(view.state.occupies_slot() && view.is_away());
        view.apply(&withdraw(&view, "EXPELLED").unwrap().unwrap());
        assert!(hand_over(&view).is_err() && view.is_away(), "recalled where it is");
        view.apply(&receive(&view, ReturnCause::Uncollected, "back").unwrap());
        assert!(!view.is_away() && view.stop.is_some() && view.checked);
        view.apply(&reject(&view, Cause::DataChanged, "withdrawn").unwrap());
        assert_eq!(view.state, RecordState::Withdrawn);
    }

    #[test]
    fn a_damaged_or_another_persons_card_that_comes_back_is_checked_again() {
        for cause in ReturnCause::ALL {
            let mut view = sent();
            view.apply(&receive(&view, cause, "back").unwrap());
            let is_ready = matches!(cause, ReturnCause::Uncollected | ReturnCause::WrongDistrict);
            assert_eq!(
                (view.is_away(), view.checked, hand_over(&view).is_ok()),
                (false, is_ready, is_ready),
                "{cause:?}"
            );
        }
    }

    #[test]
    fn a_card_is_handed_over_in_the_district_to_which_it_was_sent_and_to_a_proxy_only_if_the_profile_permits() {
        assert!(hand_over_in(&sent(), "Jebres").is_err());
        let done = hand_over_in(&sent(), "Laweyan").unwrap();
        assert_eq!(done.movements[0].to, Account::HandedOver);
        let said = |transition: &Transition| format!("{:?}", transition.event.as_ref().unwrap().details);
        assert!(said(&done).contains("Laweyan"), "{done:?}");
        assert!(hand_over_by_proxy(&sent(), false, proxy()).is_err());
        let taken = hand_over_by_proxy(&sent(), true, proxy()).unwrap();
        assert!(said(&taken).contains("family-card") && !said(&taken).contains("00"), "{taken:?}");
        assert_eq!(taken.record.unwrap().out, OutChange::Proxy(proxy()));
    }

    #[test]
    fn after_a_corrected_hand_over_the_card_is_where_it_was() {
        for (view, was_sent) in [(sent(), true), (record(RecordState::Printed), false)] {
            let mut view = view;
            view.apply(&hand_over(&view).unwrap());
            assert!(surrender(&view, "bent").is_ok() && !view.is_away());
            let corrected = correct_hand_over(&view, false, &[], "in the drawer").unwrap();
            assert_eq!(corrected.record.as_ref().unwrap().out, OutChange::Undone { was_sent });
            view.apply(&corrected);
            assert_eq!((view.state, view.is_away()), (RecordState::Printed, was_sent));
        }
    }
}
