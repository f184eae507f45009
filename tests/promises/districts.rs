//! Tests P2, P7, P8 and P12: cards are sent to a district and received back, and handed over there or to a proxy.

use std::time::Duration;

use cetak::{
    domain::{
        actor::Role,
        card_out::{ProxyDocument, ReturnCause},
        personal::TypedText,
        refusal::{RecordRule, Refusal},
        stock::Cause,
    },
    engine::{
        EngineError,
        client::{Client, Direct},
        clock::Clock as _,
        operations::{HandOverByProxy, HandOverCards, ReceiveCards, RecordOutcome, SendCards},
        query::{
            FindRecord, ListDistricts, ListHandedOverCards, ListReadyCards, ListSentCards, NeedKind, PageRequest,
            ShowProxy,
        },
    },
};

use crate::{
    acts::{self as operations, by},
    world::{World, csv, name, student, students},
};

/// Who took a card for another: nothing of it may be told.
const IDENTITY: &str = "Hartini binti Wiryo, NIK 3372015501700007";

/// So many cards that were printed and found good.
async fn checked(cards: u32) -> World {
    let world = World::new().await;
    world.import(&students(0..cards)).await;
    world.receive(i64::from(cards) + 10, None).await;
    world.printer("p1", "").await;
    world.run().await;
    for card in 0..cards {
        operations::card_check(&world.engine, &name(&format!("r{card:05}"))).await.unwrap();
    }
    world
}

async fn send(world: &World, ids: &[&str], district: &str) -> Vec<RecordOutcome> {
    let records = ids.iter().map(|id| name(id)).collect::<Vec<_>>().try_into().unwrap();
    let (district, document) = (district.parse().unwrap(), "SJ-12".parse().unwrap());
    let act = SendCards { records, district, document, new_district: true };
    by(&world.engine).act(act).await.unwrap()
}

#[tokio::test]
async fn a_district_is_meant_in_any_spelling_and_a_new_one_is_named_as_such() {
    let world = checked(3).await;
    let send = async |id: &str, district: &str, new_district: bool| {
        let records = vec![name(id)].try_into().unwrap();
        let (district, document) = (district.parse().unwrap(), "SJ-12".parse().unwrap());
        by(&world.engine).act(SendCards { records, district, document, new_district }).await.map(|_| ())
    };
    let refused = send("r00000", "Laweyan", false).await;
    let new = Refusal::NewDistrict { district: "Laweyan".into() };
    assert!(matches!(refused, Err(EngineError::Refused(refusal)) if refusal == new));
    send("r00000", "Laweyan", true).await.unwrap();
    send("r00001", "LAWEYAN", false).await.unwrap();
    send("r00002", "lAWEYAN", true).await.unwrap();
    let districts = by(&world.engine).query(ListDistricts {}).await.unwrap();
    assert_eq!(districts.iter().map(|line| (&*line.district, line.cards)).collect::<Vec<_>>(), [("Laweyan", 3)]);
    assert_eq!(hand_over_in(&world, "r00001", "laweyan").await, None);
    world.audit().await;
}

async fn receive(world: &World, id: &str, cause: ReturnCause) -> Option<Refusal> {
    let act = ReceiveCards { records: vec![name(id)].try_into().unwrap(), cause, note: "back".parse().unwrap() };
    by(&world.engine).act(act).await.unwrap().remove(0).refusal
}

async fn hand_over_in(world: &World, id: &str, district: &str) -> Option<Refusal> {
    let records = vec![name(id)].try_into().unwrap();
    let act = HandOverCards { records, district: district.parse().unwrap() };
    by(&world.engine).act(act).await.unwrap().remove(0).refusal
}

async fn by_proxy(world: &World, id: &str) -> Result<(), EngineError> {
    let identity = TypedText::new(IDENTITY.into()).try_into().unwrap();
    by(&world.engine).act(HandOverByProxy { record: name(id), proxy: ProxyDocument::LetterOfAuthority, identity }).await
}

fn rule(refusal: Option<&Refusal>) -> Option<RecordRule> {
    let refusal = refusal?;
    let Refusal::RecordState { needs, .. } = refusal else { panic!("{refusal:?}") };
    Some(*needs)
}

/// The cards in districts, and those that can be handed over at the counter.
async fn places(world: &World) -> (Vec<String>, Vec<String>) {
    let client = Direct::new(&world.engine);
    let sent = client.query(ListSentCards::default()).await.unwrap().items;
    let ready = client.query(ListReadyCards::default()).await.unwrap().items;
    (sent.into_iter().map(|line| line.request_id).collect(), ready.into_iter().map(|line| line.request_id).collect())
}

async fn needs(world: &World) -> Vec<(NeedKind, i64)> {
    let needs = world.status().await.needs_person.into_iter();
    needs.map(|need| (need.kind, need.count)).collect()
}

#[tokio::test]
async fn checked_cards_are_sent_each_by_itself_and_are_at_the_counter_again_when_they_come_back() {
    let world = checked(3).await;
    world.import(&students(3..4)).await;
    let outcomes = send(&world, &["r00000", "r00001", "r00001", "r00003", "none"], "Laweyan").await;
    let rules: Vec<_> = outcomes[..4].iter().map(|outcome| rule(outcome.refusal.as_ref())).collect();
    assert_eq!(rules, [None, None, Some(RecordRule::NotSent), Some(RecordRule::Send)]);
    assert!(matches!(outcomes[4].refusal, Some(Refusal::NoRecord { .. })));
    assert_eq!(places(&world).await, (vec!["r00000".into(), "r00001".into()], vec!["r00002".into()]));
    assert_eq!(world.account("printed").await, 3, "a card that was sent is a printed card");
    assert_eq!(world.records("printed").await, 3);
    let found = Direct::new(&world.engine).query(FindRecord { record: name("r00000") }).await.unwrap();
    let sent = found.card.unwrap().sent.unwrap();
    assert_eq!((&*sent.district, &*sent.document, found.record.sent), ("Laweyan", "SJ-12", true));
    assert!(!sent.by.is_empty() && !sent.at.is_empty());
    let districts = Direct::new(&world.engine).query(ListDistricts {}).await.unwrap();
    assert_eq!(districts.iter().map(|line| (&*line.district, line.cards)).collect::<Vec<_>>(), [("Laweyan", 2)]);
    world.audit().await;

    assert_eq!(receive(&world, "r00000", ReturnCause::Uncollected).await, None);
    assert_eq!(rule(receive(&world, "r00000", ReturnCause::Uncollected).await.as_ref()), Some(RecordRule::Receive));
    assert_eq!(places(&world).await, (vec!["r00001".into()], vec!["r00000".into(), "r00002".into()]));
    operations::card_hand_over(&world.engine, &name("r00000")).await.unwrap();
    assert_eq!(receive(&world, "r00001", ReturnCause::Damaged).await, None);
    let unchecked = operations::card_hand_over(&world.engine, &name("r00001")).await;
    assert!(unchecked.is_err(), "it is looked at first");
    operations::card_reject(&world.engine, &name("r00001"), Cause::Damaged, "bent").await.unwrap();
    world.audit().await;
}

#[tokio::test]
async fn a_card_that_was_sent_is_living_and_no_second_one_follows_before_it_came_back() {
    let world = checked(2).await;
    send(&world, &["r00000", "r00001"], "Laweyan").await;
    let again = |kind: &str, id: &str| {
        let mut again = student(0);
        (again.request_id, again.kind) = (id.into(), kind.into());
        csv(&[again])
    };
    assert_eq!(world.import(&again("replacement", "a")).await.quarantined, 1, "it is not handed over");
    let (maker, checker) = (world.as_actor("maker"), world.as_actor("checker"));
    let damaged = operations::reprint_request(&maker, &name("r00000"), "damaged").await;
    let refused = match damaged {
        Ok(warrant) => operations::reprint_approve(&checker, warrant).await,
        Err(error) => Err(error),
    };
    assert!(refused.is_err(), "it could be handed over there");
    assert!(operations::card_reject(&world.engine, &name("r00000"), Cause::Damaged, "bent").await.is_err());
    let lost = operations::reprint_request(&maker, &name("r00001"), "lost").await.unwrap();
    operations::reprint_approve(&checker, lost).await.unwrap();
    assert_eq!((world.account("missing").await, world.account("printed").await), (1, 1));
    assert_eq!(places(&world).await.0, ["r00000"]);
    world.run().await;
    assert_eq!(places(&world).await.0, ["r00000"], "the second copy is at the counter");

    let mut gone = student(0);
    gone.status = "EXPELLED".into();
    assert_eq!(world.import(&csv(&[gone])).await.withdrawn, 1);
    assert!(hand_over_in(&world, "r00000", "Laweyan").await.is_some(), "it is recalled");
    assert_eq!(receive(&world, "r00000", ReturnCause::Uncollected).await, None);
    operations::card_reject(&world.engine, &name("r00000"), Cause::DataChanged, "withdrawn").await.unwrap();
    world.audit().await;
}

#[tokio::test]
async fn a_hand_over_in_a_district_is_booked_there_only_and_is_corrected_to_where_the_card_was() {
    let world = checked(2).await;
    send(&world, &["r00000"], "Laweyan").await;
    for (id, district) in [("r00000", "Jebres"), ("r00001", "Laweyan")] {
        let refused = hand_over_in(&world, id, district).await;
        assert_eq!(rule(refused.as_ref()), Some(RecordRule::InDistrict), "{id}");
    }
    assert_eq!(hand_over_in(&world, "r00000", "Laweyan").await, None);
    operations::card_hand_over(&world.engine, &name("r00001")).await.unwrap();
    let collected = Direct::new(&world.engine).query(ListHandedOverCards::default()).await.unwrap().items;
    let places: Vec<_> =
        collected.iter().map(|line| (&*line.request_id, line.sent.as_ref().map(|sent| &*sent.district))).collect();
    assert_eq!(places, [("r00001", None), ("r00000", Some("Laweyan"))], "the last first");
    assert_eq!(world.account("handed-over").await, 2);
    world.audit().await;

    for id in ["r00000", "r00001"] {
        operations::hand_over_correct(&world.engine, &name(id), "the list was of another day").await.unwrap();
    }
    assert_eq!(self::places(&world).await, (vec!["r00000".into()], vec!["r00001".into()]));
    assert_eq!((world.account("handed-over").await, world.account("printed").await), (0, 2));
    world.audit().await;
}

#[tokio::test]
async fn who_took_a_card_for_another_is_sealed_and_stands_in_no_row_of_the_audit() {
    let world = checked(2).await;
    send(&world, &["r00000"], "Laweyan").await;
    for id in ["r00000", "r00001"] {
        by_proxy(&world, id).await.unwrap();
        assert!(by_proxy(&world, id).await.is_err(), "once");
    }
    let operator = Direct::new(&world.person(1, Role::Operator));
    let shown = operator.query(ShowProxy { record: name("r00000") }).await.unwrap().unwrap();
    assert_eq!((shown.proxy, shown.identity.reveal()), (ProxyDocument::LetterOfAuthority, IDENTITY));
    let auditor = Direct::new(&world.person(2, Role::Auditor));
    assert!(auditor.query(ShowProxy { record: name("r00000") }).await.is_err());
    let mut tx = world.engine.store.read().await.unwrap();
    for head in tx.audit_heads().await.unwrap() {
        for row in tx.audit_page(&head.chain, 0, 1_000).await.unwrap() {
            assert!(!["Hartini", "3372015501700007"].iter().any(|part| row.entry.contains(part)), "{}", row.entry);
        }
    }
    let page = PageRequest::default();
    let listed = auditor.query(ListHandedOverCards { page }).await.unwrap();
    assert_eq!(listed.items[0].proxy, Some(ProxyDocument::LetterOfAuthority));
    assert!(!serde_json::to_string(&listed).unwrap().contains("Hartini"));
    drop(tx);
    operations::hand_over_correct(&world.engine, &name("r00000"), "another card").await.unwrap();
    assert_eq!(operator.query(ShowProxy { record: name("r00000") }).await.unwrap(), None);
    world.audit().await;
}

#[tokio::test]
async fn a_card_that_is_not_collected_for_too_long_needs_a_person() {
    let world = checked(3).await;
    send(&world, &["r00000"], "Laweyan").await;
    let waits = (NeedKind::CardsToHandOver, 2);
    assert!(needs(&world).await.contains(&waits), "{:?}", needs(&world).await);
    world.clock.sleep(Duration::from_hours(29 * 24)).await;
    send(&world, &["r00001"], "Jebres").await;
    assert!(!needs(&world).await.iter().any(|(kind, _)| *kind == NeedKind::CardsUncollected));
    world.clock.sleep(Duration::from_hours(2 * 24)).await;
    assert!(needs(&world).await.contains(&(NeedKind::CardsUncollected, 1)), "{:?}", needs(&world).await);
    let overdue = ListSentCards { overdue: true, ..ListSentCards::default() };
    let listed = Direct::new(&world.engine).query(overdue).await.unwrap().items;
    assert_eq!(listed.iter().map(|line| (&*line.request_id, line.overdue)).collect::<Vec<_>>(), [("r00000", true)]);
    assert_eq!(hand_over_in(&world, "r00000", "Laweyan").await, None);
    assert!(!needs(&world).await.iter().any(|(kind, _)| *kind == NeedKind::CardsUncollected));
    world.audit().await;
}
