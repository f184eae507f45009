//! Tests P1, P2 and P8: what a person did by mistake is corrected by an act of its own, which keeps what was before.

use cetak::{
    domain::{
        actor::Role,
        id::MovementId,
        refusal::{Refusal, RefusalKind},
    },
    engine::{
        EngineError,
        client::{Client, Direct},
        query::ListMovements,
    },
    store::MovementLine,
};

use crate::{
    acts::{self as operations, Delivery},
    world::{World, all, students},
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
    let mut lines = all(&world.engine, |page| ListMovements { blank_type: None, page }).await;
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
async fn a_delivery_that_is_booked_a_second_time_is_refused_until_a_person_says_that_it_is_another() {
    let world = World::new().await;
    let first = delivery(10, "SJ-2015-081", Some("2015-08"), None);
    operations::receive(&world.engine, &first).await.unwrap();

    for document in ["SJ-2015-081", "sj-2015-081"] {
        let again = delivery(20, document, Some("2015-08"), None);
        let twice = refusal(operations::receive(&world.engine, &again).await);
        let is_named = matches!(&twice, Refusal::DeliveryBooked { movement: MovementId(1), quantity: 10, .. });
        assert!(is_named, "{twice:?}");
    }
    let elsewhere = delivery(1, "SJ-2015-081", Some("2015-09"), None);
    operations::receive(&world.engine, &elsewhere).await.unwrap();
    let why = Some("a second pallet".to_owned());
    operations::receive(&world.engine, &Delivery { override_reason: why.clone(), ..first }).await.unwrap();
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
