//! Tests P1, P2 and P8: what a person did by mistake is corrected by an act of its own, which keeps what was before.

use cetak::{
    domain::{
        actor::Role,
        correction::KeptRequest,
        id::MovementId,
        record::RecordState,
        refusal::{Refusal, RefusalKind},
        stock::Cause,
    },
    engine::{
        EngineError,
        client::{Client, Direct},
        query::{ListDuplicates, ListMovements, NeedKind, ShowRequestsBeside},
        scheduling::{self, Until},
    },
    store::MovementLine,
};

use crate::{
    acts::{self as operations, Delivery},
    fake_printer::{Act, FakePrinter},
    world::{World, actor, all, csv, name, photo, student, students},
};

fn refusal<T: std::fmt::Debug>(result: Result<T, EngineError>) -> Refusal {
    match result {
        Err(EngineError::Refused(refusal)) => refusal,
        other => panic!("{other:?} is not refused"),
    }
}

/// The newest event of a chain.
async fn newest_event(world: &World, chain: &str) -> String {
    let rows = world.engine.store.read().await.unwrap().audit_page(chain, 0, 1_000).await.unwrap();
    rows.last().unwrap().entry.clone()
}

/// The movements of blanks, oldest first.
async fn ledger(world: &World) -> Vec<MovementLine> {
    let mut lines = all(&world.engine, |page| ListMovements { page, ..ListMovements::default() }).await;
    lines.reverse();
    lines
}

fn delivery(quantity: i64, document: &str, lot: Option<&str>, serials: Option<&str>) -> Delivery {
    Delivery {
        blank_type: "student".into(),
        quantity,
        document: document.into(),
        lot: lot.map(str::to_owned),
        serials: serials.map(str::to_owned),
        override_reason: None,
    }
}

#[tokio::test]
async fn a_delivery_that_was_booked_with_a_zero_too_many_is_corrected_and_stays_in_the_ledger() {
    let world = World::new().await;
    let receive = async |wrong| operations::receive(&world.engine, &wrong).await.unwrap();
    receive(delivery(5, "SJ-1", None, None)).await;
    receive(delivery(1_000, "SJ-2", None, None)).await;

    operations::delivery_reverse(&world.engine, 2, 100, "a zero too many").await.unwrap();

    assert_eq!((world.account("vault").await, world.account("supplier").await), (105, -105));
    let lines = ledger(&world).await;
    let seen: Vec<_> = lines.iter().map(|line| (line.quantity, &*line.cause, line.reverses)).collect();
    assert_eq!(seen, [(5, "received", None), (1_000, "received", None), (900, "reversed", Some(2))]);
    assert_eq!((&*lines[2].from, &*lines[2].to, lines[2].document.as_deref()), ("vault", "supplier", Some("SJ-2")));
    let event = newest_event(&world, "cli").await;
    for part in
        ["blangko.reversed", "\"movement\":\"2\"", "\"booked\":\"1000\"", "\"delivered\":\"100\"", "a zero too many"]
    {
        assert!(event.contains(part), "{part} in {event}");
    }
    // What is left of it is corrected again, but never to more.
    operations::delivery_reverse(&world.engine, 2, 90, "counted again").await.unwrap();
    let more = refusal(operations::delivery_reverse(&world.engine, 2, 90, "again").await);
    assert_eq!(more, Refusal::DeliveryNotTooLarge { movement: MovementId(2), booked: 90, delivered: 90 });
    assert_eq!((world.account("vault").await, world.account("supplier").await), (95, -95));
    world.audit().await;
}

#[tokio::test]
async fn blanks_of_a_wrong_delivery_that_are_in_use_are_not_taken_back() {
    let world = World::with(|s| s.approve_batches = true).await;
    world.receive(6, None).await;
    world.import(&students(0..4)).await;
    world.printer("p1", "").await;
    world.run().await;
    assert_eq!((world.account("vault").await, world.account("reserved").await), (2, 4));

    let in_use = refusal(operations::delivery_reverse(&world.engine, 1, 3, "three too many").await);

    let (blank_type, lot) = ("student".into(), "-".into());
    assert_eq!(in_use, Refusal::DeliveryInUse { movement: MovementId(1), blank_type, lot, wanted: 3, free: 2 });
    assert_eq!(ledger(&world).await.len(), 2, "nothing moved");
    operations::delivery_reverse(&world.engine, 1, 4, "two too many").await.unwrap();
    assert_eq!((world.account("vault").await, world.account("reserved").await), (0, 4));
    world.audit().await;
}

#[tokio::test]
async fn only_a_delivery_is_reversed_and_only_its_own_lot_gives_the_blanks() {
    let world = World::new().await;
    world.receive(5, Some("a")).await;
    world.receive(50, Some("b")).await;
    operations::lend(&world.engine, "student", 4, "kudus", "L-1").await.unwrap();

    let lent = refusal(operations::delivery_reverse(&world.engine, 3, 0, "wrong").await);
    let unknown = refusal(operations::delivery_reverse(&world.engine, 99, 0, "wrong").await);
    let other_lot = refusal(operations::delivery_reverse(&world.engine, 1, 0, "wrong").await);

    assert_eq!(lent, Refusal::NotADelivery { movement: MovementId(3) });
    assert_eq!((unknown.kind(), unknown.code()), (RefusalKind::NotFound, "no-movement"));
    assert!(matches!(other_lot, Refusal::DeliveryInUse { wanted: 5, free: 1, .. }), "{other_lot:?}");
    world.audit().await;
}

#[tokio::test]
async fn serials_of_another_lot_are_refused_until_a_person_says_that_they_are_right_or_takes_that_lot_back() {
    let world = World::new().await;
    let receive = async |wanted: &Delivery| operations::receive(&world.engine, wanted).await;
    receive(&delivery(50, "SJ-1", Some("b"), Some("A01..A50"))).await.unwrap();
    receive(&delivery(9, "SJ-2", Some("c"), Some("A51..A59"))).await.unwrap();

    let shared = delivery(40, "SJ-3", Some("d"), Some("A20..A59"));
    let refused = refusal(receive(&shared).await);
    assert_eq!(refused, Refusal::SerialsBooked { serials: "A20..A50".into(), lot: "b".into() });
    let why = Some("lot b has other blanks".to_owned());
    receive(&Delivery { override_reason: why, ..shared }).await.unwrap();

    let other = delivery(5, "SJ-4", Some("e"), Some("A01..A05"));
    assert!(matches!(refusal(receive(&other).await), Refusal::SerialsBooked { .. }));
    operations::delivery_reverse(&world.engine, 1, 0, "never came").await.unwrap();
    receive(&other).await.unwrap();
    world.audit().await;
}

#[tokio::test]
async fn a_delivery_that_is_booked_a_second_time_is_refused_until_a_person_says_that_it_is_another() {
    let world = World::new().await;
    let first = delivery(10, "SJ-2015-081", Some("2015-08"), None);
    operations::receive(&world.engine, &first).await.unwrap();

    for (document, lot) in [
        ("SJ-2015-081", Some("2015-08")),
        ("sj-2015-081", Some("2015-08")),
        ("SJ-2015-081", Some("2015-09")),
        ("SJ-2015-081", None),
    ] {
        let again = delivery(20, document, lot, None);
        let twice = refusal(operations::receive(&world.engine, &again).await);
        let is_named = matches!(&twice, Refusal::DeliveryBooked { movement: MovementId(1), quantity: 10, .. });
        assert!(is_named, "{twice:?}");
    }
    let why = Some("a second pallet".to_owned());
    let elsewhere = delivery(1, "SJ-2015-081", Some("2015-09"), None);
    for delivery in [elsewhere, first] {
        operations::receive(&world.engine, &Delivery { override_reason: why.clone(), ..delivery }).await.unwrap();
    }
    assert!(newest_event(&world, "cli").await.contains("\"override_reason\":\"a second pallet\""));
    let new = Delivery { override_reason: why, ..delivery(1, "SJ-2015-082", None, None) };
    operations::receive(&world.engine, &new).await.unwrap();
    assert!(!newest_event(&world, "cli").await.contains("override"), "there was nothing to override");
    assert_eq!((world.account("vault").await, world.account("supplier").await), (22, -22));
    world.audit().await;
}

#[tokio::test]
async fn a_delivery_that_was_taken_back_whole_is_booked_again_with_its_right_serials() {
    let world = World::new().await;
    let wrong = delivery(5, "SJ-1", Some("L"), Some("A1..A5"));
    operations::receive(&world.engine, &wrong).await.unwrap();
    let part = refusal(operations::delivery_reverse(&world.engine, 1, 4, "one too many").await);
    assert_eq!(part, Refusal::SerialsReversedWhole { movement: MovementId(1) });

    operations::delivery_reverse(&world.engine, 1, 0, "wrong serials").await.unwrap();
    let right = delivery(4, "SJ-1", Some("L"), Some("B1..B4"));
    operations::receive(&world.engine, &right).await.unwrap();

    let lot = world.engine.store.read().await.unwrap().lot_get("student", "L").await.unwrap().unwrap();
    assert_eq!(lot.serials.as_deref(), Some("B1..B4"));
    assert_eq!((world.account("vault").await, world.account("supplier").await), (4, -4));
    assert!(matches!(refusal(operations::receive(&world.engine, &right).await), Refusal::LotExists { .. }));
    world.audit().await;
}

#[tokio::test]
async fn a_delivery_is_taken_back_by_two_people_under_what_both_have_seen() {
    let world = World::new().await;
    world.receive(1_000, None).await;
    let (keeper, boss) = (world.person(1, Role::StockKeeper), world.person(2, Role::Supervisor));
    let reversal = |delivered| operations::reversed_delivery(1, delivered, "booked twice").into();
    let act = Direct::new(&keeper).request(reversal(100)).await.unwrap();
    let late = Direct::new(&keeper).request(reversal(0)).await.unwrap();
    assert_eq!(world.account("vault").await, 1_000, "asking moves nothing");

    Direct::new(&boss).confirm(act).await.unwrap();

    assert_eq!((world.account("vault").await, world.account("supplier").await), (100, -100));
    let event = newest_event(&world, "web").await;
    for part in ["blangko.reversed", "\"requested_by\":\"person 1\"", "\"confirmed_by\":\"person 2\""] {
        assert!(event.contains(part), "{part} in {event}");
    }
    let changed = refusal(Direct::new(&boss).confirm(late).await);
    assert!(matches!(changed, Refusal::ActTargetChanged { .. }), "{changed:?}");
    assert_eq!(world.account("vault").await, 100);
    world.audit().await;
}

/// An office in which the cards of these students are printed and checked.
async fn checked(cards: u32) -> World {
    let world = World::new().await;
    world.import(&students(0..cards)).await;
    world.receive(i64::from(cards) + 10, None).await;
    world.printer("p1", "").await;
    world.run().await;
    for student in 0..cards {
        operations::card_check(&world.engine, &name(&format!("r{student:05}"))).await.unwrap();
    }
    world
}

/// Another request of the student 0.
fn again(request_id: &str, kind: &str) -> String {
    let mut again = student(0);
    (again.request_id, again.kind) = (request_id.into(), kind.into());
    csv(&[again])
}

#[tokio::test]
async fn a_card_that_was_not_handed_over_is_taken_back_by_two_people_and_handed_over_later() {
    let world = checked(1).await;
    let (record, engine) = (name("r00000"), &world.engine);
    assert!(operations::hand_over_correct(engine, &record, "early").await.is_err(), "it is in the office");
    operations::card_hand_over(engine, &record).await.unwrap();
    let (operator, boss) = (world.person(1, Role::Operator), world.person(2, Role::Supervisor));
    let act = operations::corrected_hand_over(&record, "in the drawer").into();
    let act = Direct::new(&operator).request(act).await.unwrap();
    assert_eq!(world.account("handed-over").await, 1, "asking moves nothing");

    Direct::new(&boss).confirm(act).await.unwrap();

    assert_eq!(world.state_of("r00000").await, ("printed".into(), None));
    assert_eq!((world.account("printed").await, world.account("handed-over").await), (1, 0));
    let event = newest_event(&world, "web").await;
    for part in ["card.hand-over-corrected", "in the drawer", "\"requested_by\":\"person 1\""] {
        assert!(event.contains(part), "{part} in {event}");
    }
    world.audit().await;
    assert_eq!(world.import(&again("r-other-1", "replacement")).await.quarantined, 1, "its card is here");
    operations::card_hand_over(engine, &record).await.unwrap();
    assert_eq!((world.account("printed").await, world.account("handed-over").await), (0, 1));
    world.audit().await;
}

#[tokio::test]
async fn a_hand_over_stands_when_another_request_has_taken_its_place() {
    let world = checked(1).await;
    let (record, engine) = (name("r00000"), &world.engine);
    operations::card_hand_over(engine, &record).await.unwrap();
    assert_eq!(world.import(&again("r-lost-1", "replacement")).await.accepted, 1);

    let refused = refusal(operations::hand_over_correct(engine, &record, "in the drawer").await);
    assert!(
        matches!(&refused, Refusal::OtherRequest { other, .. } if other == "record default/r-lost-1"),
        "{refused:?}"
    );
    world.run().await;
    assert!(operations::hand_over_correct(engine, &record, "in the drawer").await.is_err(), "printed");
    operations::card_check(engine, &name("r-lost-1")).await.unwrap();
    operations::card_hand_over(engine, &name("r-lost-1")).await.unwrap();
    assert!(
        operations::hand_over_correct(engine, &record, "in the drawer").await.is_err(),
        "the citizen has a newer card"
    );

    // The newer hand-over can be the wrong one: the first card is with the citizen then.
    operations::hand_over_correct(engine, &name("r-lost-1"), "in the drawer").await.unwrap();
    assert_eq!((world.account("printed").await, world.account("handed-over").await), (1, 1));
    world.audit().await;
}

#[tokio::test]
async fn a_card_whose_photo_was_deleted_at_its_hand_over_is_printed_again_when_its_list_is_imported_again() {
    let world = World::new().await;
    std::fs::write(world.dir.path().join("a.png"), photo("a")).unwrap();
    let mut with_photo = student(0);
    with_photo.photo = "a.png".into();
    let list = csv(&[with_photo]);
    world.import(&list).await;
    world.receive(10, None).await;
    world.printer("p1", "").await;
    world.run().await;
    let (record, engine) = (name("r00000"), &world.engine);
    operations::card_check(engine, &record).await.unwrap();
    operations::card_hand_over(engine, &record).await.unwrap();
    operations::hand_over_correct(engine, &record, "in the drawer").await.unwrap();
    operations::card_reject(engine, &record, Cause::Damaged, "bent in the drawer").await.unwrap();
    world.run().await;
    let quarantined = &world.quarantined().await[0];
    assert!(quarantined.reason.as_deref().unwrap().contains("purged"), "{quarantined:?}");

    assert_eq!(world.import(&list).await.restored, 1);
    assert_eq!(world.import(&list).await.known, 1);

    world.run().await;
    assert_eq!(world.state_of("r00000").await, ("printed".into(), None));
    world.audit().await;
}

#[tokio::test]
async fn a_duplicate_names_the_other_request_and_either_of_them_can_be_kept() {
    let world = World::new().await;
    world.import(&students(0..1)).await;
    assert_eq!(world.import(&again("r-again-1", "new")).await.quarantined, 1);
    let (first, second) = (name("r00000"), name("r-again-1"));
    let duplicates = all(&world.engine, |page| ListDuplicates { page }).await;
    let named: Vec<_> = duplicates[0].beside.iter().map(|other| (&*other.request_id, other.state)).collect();
    assert_eq!((&duplicates[0].record, named), (&second, vec![("r00000", RecordState::Waiting)]));
    let beside = operations::by(&world.engine).query(ShowRequestsBeside { record: first.clone() }).await.unwrap();
    assert_eq!((&*beside[0].request_id, beside[0].state), ("r-again-1", RecordState::Quarantined));

    let (operator, boss) = (world.person(1, Role::Operator), world.person(2, Role::Supervisor));
    let keep = |keep| operations::resolved(&second, keep, "the first has an old address").into();
    let this = Direct::new(&operator).request(keep(KeptRequest::This)).await.unwrap();
    let other = Direct::new(&operator).request(keep(KeptRequest::Other)).await.unwrap();
    Direct::new(&boss).confirm(this).await.unwrap();

    let states = [world.state_of("r00000").await.0, world.state_of("r-again-1").await.0];
    assert_eq!(states, ["withdrawn", "waiting"]);
    let events = world.engine.store.read().await.unwrap().audit_page("web", 0, 1_000).await.unwrap();
    let [.., withdrawn, released] = &*events else { panic!("two events: {events:?}") };
    for (event, parts) in [
        (&withdrawn.entry, ["record.withdrawn", "record default/r00000", "\"duplicate\":\"record default/r-again-1\""]),
        (&released.entry, ["record.released", "record default/r-again-1", "\"duplicate\":\"record default/r00000\""]),
    ] {
        let is_marked = event.contains("old address") && event.contains("\"confirmed_by\":\"person 2\"");
        assert!(is_marked && parts.iter().all(|part| event.contains(part)), "{event}");
    }
    let late = refusal(Direct::new(&boss).confirm(other).await);
    assert!(matches!(late, Refusal::ActTargetChanged { .. }), "{late:?}");
    world.audit().await;

    // A list of the source does not bring the withdrawn one back, and another one can be kept against it.
    assert_eq!(world.import(&students(0..1)).await.known, 1);
    assert_eq!(world.import(&again("r-again-2", "new")).await.quarantined, 1);
    let third = name("r-again-2");
    operations::by(&world.engine).act(operations::resolved(&third, KeptRequest::Other, "twice")).await.unwrap();
    assert_eq!(world.state_of("r-again-2").await.0, "withdrawn");
    let refused = operations::by(&world.engine).act(operations::resolved(&third, KeptRequest::Other, "twice")).await;
    assert!(refused.is_err(), "it is not quarantined");
    world.audit().await;
}

#[tokio::test]
async fn a_request_with_a_card_is_not_withdrawn_for_a_duplicate() {
    let world = checked(1).await;
    assert_eq!(world.import(&again("r-again-1", "new")).await.quarantined, 1);
    let second = name("r-again-1");
    let keep = async |keep| operations::by(&world.engine).act(operations::resolved(&second, keep, "twice")).await;
    assert!(keep(KeptRequest::This).await.is_err(), "the first is printed");
    operations::card_hand_over(&world.engine, &name("r00000")).await.unwrap();
    assert!(keep(KeptRequest::This).await.is_err(), "the citizen has the first");
    assert_eq!(world.state_of("r-again-1").await.0, "quarantined");
    keep(KeptRequest::Other).await.unwrap();
    assert_eq!(world.state_of("r-again-1").await.0, "withdrawn");
    world.audit().await;
}

#[tokio::test]
async fn what_a_person_withdrew_a_person_restores_and_no_list_of_its_source() {
    let world = World::with(|s| s.approve_batches = true).await;
    world.import(&students(0..2)).await;
    world.receive(2, None).await;
    world.printer("p1", "").await;
    world.run().await;
    let (record, engine) = (name("r00000"), &world.engine);
    operations::record_withdraw(engine, &record, "entered twice").await.unwrap();
    assert_eq!((world.account("vault").await, world.account("reserved").await), (1, 1), "its blank is back");
    let state = async || world.state_of("r00000").await.0;
    assert_eq!(world.import(&students(0..2)).await.known, 2);
    assert_eq!(state().await, "withdrawn");

    operations::record_restore(engine, &record, "the wrong one").await.unwrap();
    assert_eq!(state().await, "waiting");
    let event = newest_event(&world, "cli").await;
    assert!(event.contains("record.restored") && event.contains("\"second_person\":\"none\""), "{event}");
    assert!(operations::record_restore(engine, &record, "again").await.is_err());

    // Both withdraw it: both must take it back.
    operations::record_withdraw(engine, &record, "entered twice").await.unwrap();
    let mut gone = student(0);
    gone.status = "EXPELLED".into();
    let gone = csv(&[gone]);
    assert_eq!(world.import(&gone).await.withdrawn, 1);
    assert_eq!(world.import(&gone).await.known, 1, "the second time it changes nothing");
    assert!(operations::record_restore(engine, &record, "the wrong one").await.is_err(), "its source withdrew it");
    assert_eq!(world.import(&students(0..1)).await.known, 1);
    assert_eq!(state().await, "withdrawn");
    operations::record_restore(engine, &record, "the wrong one").await.unwrap();
    assert_eq!(state().await, "waiting");

    // What its source alone withdrew, a person does not restore.
    assert_eq!(world.import(&gone).await.withdrawn, 1);
    assert!(operations::record_restore(engine, &record, "n").await.is_err());
    assert_eq!(world.import(&students(0..1)).await.restored, 1);
    world.audit().await;
}

#[tokio::test]
async fn a_restored_record_without_its_photo_is_quarantined_until_its_list_is_imported_again() {
    let world = World::new().await;
    std::fs::write(world.dir.path().join("a.png"), photo("a")).unwrap();
    let mut with_photo = student(0);
    with_photo.photo = "a.png".into();
    let list = csv(&[with_photo]);
    world.import(&list).await;
    let record = name("r00000");
    operations::record_withdraw(&world.engine, &record, "entered twice").await.unwrap();

    operations::record_restore(&world.engine, &record, "the wrong one").await.unwrap();

    assert_eq!(world.state_of("r00000").await.0, "quarantined");
    world.audit().await;
    assert_eq!(world.import(&list).await.restored, 1);
    assert_eq!(world.state_of("r00000").await.0, "waiting");
    world.audit().await;
}

#[tokio::test]
async fn a_card_that_was_being_printed_when_its_source_withdrew_it_needs_a_person_until_it_is_rejected() {
    let world = World::new().await;
    let printer = FakePrinter::new(&world, "card_ms=60000").add(&world, "p1").await;
    world.import(&students(0..1)).await;
    world.receive(2, None).await;
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let engine = world.engine.acting("scheduler", actor("scheduler"));
    let run = tokio::spawn(async move { scheduling::run(&engine, Until::Idle, stopped).await });
    world.until(async || printer.log().iter().any(|(act, _)| *act == Act::Commit)).await;
    let mut gone = student(0);
    gone.status = "EXPELLED".into();
    assert_eq!(world.import(&csv(&[gone])).await.withdrawn, 1);
    run.await.unwrap().unwrap();
    assert_eq!(world.state_of("r00000").await, ("printed".into(), Some("withdrawn".into())));
    let stopped = async || {
        let needs = world.status().await.needs_person;
        needs.into_iter().filter(|need| need.kind == NeedKind::StoppedCards).map(|need| need.count).collect::<Vec<_>>()
    };
    assert_eq!(stopped().await, [1]);
    assert_eq!(world.import(&students(0..1)).await.known, 1, "only a person ends the recall");
    assert_eq!(stopped().await, [1]);

    operations::card_reject(&world.engine, &name("r00000"), Cause::DataChanged, "withdrawn").await.unwrap();

    assert_eq!((stopped().await, world.records("withdrawn").await), (vec![], 1));
    assert_eq!(world.import(&students(0..1)).await.restored, 1);
    world.audit().await;
}
