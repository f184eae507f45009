//! Tests P1 for test cards: the blank of a test card is somewhere at every moment, and one that was left open is settled.

use std::{sync::Arc, time::Duration};

use cetak::{
    domain::{
        attempt::AttemptState,
        owner::Presence,
        refusal::{PrinterUse, Refusal},
        stock::Place,
        test_card::TestCard,
    },
    engine::{
        EngineError,
        query::{ListNeeds, ListUncertain, NeedKind, Query},
    },
    store::StoreError,
};
use cetak_driver_api::{AttemptId, AttemptStatus, Document, PrinterDriver};
use cetak_driver_mock::MockPrinter;

use crate::{
    acts::{self as operations, InspectionResult},
    clock::NOON,
    fake_printer::{Act, FakePrinter, away},
    world::World,
};

const NAME: &str = "cetak-test-card-1";

/// An office with two blanks, whose process died after it had saved this state of a test card.
async fn died(state: AttemptState, query: &str) -> World {
    let world = World::new().await;
    world.receive(2, None).await;
    world.printer("p1", query).await;
    begin(&world, state).await;
    world
}

/// Saves a test card in this state, as a process does that is then no longer heard of.
async fn begin(world: &World, state: AttemptState) {
    let mut writer = world.engine.writer.clone();
    let mut tx = world.engine.store.write(&writer, world.engine.clock.now()).await.unwrap();
    writer.owner = Some(tx.owner_add(&world.engine.owners.own(false)).await.unwrap());
    tx.commit().await.unwrap();
    let mut tx = world.engine.store.write(&writer, world.engine.clock.now()).await.unwrap();
    let lot = tx.account_lots("student", &Place::Vault.free()).await.unwrap()[0].lot;
    let (name, printer, place) = (NAME.to_owned(), "p1".to_owned(), Place::Vault);
    tx.test_card_add(&TestCard { name, printer, state: AttemptState::Intent, lot, place }, 1).await.unwrap();
    if state == AttemptState::Releasing {
        tx.test_card_release(NAME, None, None).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn state(world: &World) -> AttemptState {
    world.engine.store.read().await.unwrap().test_card_get(NAME).await.unwrap().unwrap().card.state
}

async fn accounts(world: &World) -> [i64; 4] {
    let mut found = [0; 4];
    for (at, account) in ["vault", "reserved", "spoiled", "uncertain"].into_iter().enumerate() {
        found[at] = world.account(account).await;
    }
    found
}

#[tokio::test]
async fn a_test_card_that_was_not_sent_gives_its_blank_back_when_the_scheduler_starts() {
    for before in [AttemptState::Intent, AttemptState::Releasing] {
        let world = died(before, "").await;
        assert_eq!(accounts(&world).await, [1, 1, 0, 0], "{before:?}");
        world.audit().await;
        world.run().await;
        assert_eq!(
            (state(&world).await, accounts(&world).await),
            (AttemptState::NotStarted, [2, 0, 0, 0]),
            "{before:?}"
        );
        world.audit().await;
    }
}

#[tokio::test]
async fn a_test_card_that_was_printed_after_its_process_died_is_spoiled_stock() {
    let world = World::new().await;
    world.receive(2, None).await;
    let query = format!("truth={}", world.truth().display());
    world.printer("p1", &query).await;
    begin(&world, AttemptState::Releasing).await;
    let printer = MockPrinter::from_uri(&format!("mock://p1?{query}"), Arc::new(|| NOON)).unwrap();
    let id = AttemptId::new(NAME).unwrap();
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend([0; 8]);
    printer.prepare(&id, Document::one_sided("image/png", bytes)).await.unwrap();
    printer.commit(&id).await.unwrap();

    let next = operations::printer_test(&world.engine, "p1").await.unwrap(); // settles what was left open first

    assert_eq!(next.state, AttemptState::Printed);
    assert_eq!((state(&world).await, accounts(&world).await), (AttemptState::Printed, [0, 0, 2, 0]));
    world.audit().await;
}

#[tokio::test]
async fn a_test_card_that_its_process_watches_is_left_alone_for_ten_minutes_and_then_uncertain() {
    let world = World::new().await;
    world.receive(2, None).await;
    let silent = FakePrinter::new(&world, "").reach(|act| match act {
        Act::Find | Act::Ended | Act::Cancel => Err(away()),
        Act::Ask | Act::Prepare | Act::Upload | Act::Commit => Ok(()),
    });
    silent.add(&world, "p1").await;
    begin(&world, AttemptState::Releasing).await;
    world.owners.set(Presence::There);
    world.run().await;
    assert_eq!(state(&world).await, AttemptState::Releasing);

    world.clock.advance(Duration::from_mins(11));
    world.run().await;
    assert_eq!((state(&world).await, accounts(&world).await), (AttemptState::Uncertain, [1, 0, 0, 1]));
    let refused =
        operations::inspect_resolve(&world.engine, NAME, InspectionResult::Nothing, "empty").await.unwrap_err();
    assert!(matches!(&refused, EngineError::Refused(Refusal::OwnerThere { .. })), "{refused:?}");
    world.owners.set(Presence::Gone);
    operations::inspect_resolve(&world.engine, NAME, InspectionResult::Nothing, "empty").await.unwrap();
    assert_eq!((state(&world).await, accounts(&world).await), (AttemptState::NotStarted, [2, 0, 0, 0]));
    world.audit().await;
}

#[tokio::test]
async fn a_test_card_that_its_printer_makes_without_end_is_uncertain_after_ten_minutes() {
    let world = World::new().await;
    world.receive(2, None).await;
    let endless = FakePrinter::new(&world, "").find(|_| Ok(AttemptStatus::Printing { reasons: Vec::new() }));
    endless.add(&world, "p1").await;
    begin(&world, AttemptState::Releasing).await;
    world.run().await;
    assert_eq!(state(&world).await, AttemptState::Releasing, "its printer makes it");

    world.clock.advance(Duration::from_mins(11));
    world.run().await;

    assert_eq!((state(&world).await, accounts(&world).await), (AttemptState::Uncertain, [1, 0, 0, 1]));
    let needs = ListNeeds {}.read(&world.engine).await.unwrap();
    assert!(needs.iter().any(|need| need.kind == NeedKind::UncertainCards), "{needs:?}");
    world.audit().await;
}

#[tokio::test]
async fn an_uncertain_test_card_is_listed_and_inspected_as_an_attempt_is() {
    let results = [
        (InspectionResult::Good, [1, 0, 1, 0]),
        (InspectionResult::Spoiled, [1, 0, 1, 0]),
        (InspectionResult::Nothing, [2, 0, 0, 0]),
        (InspectionResult::BlankGone, [1, 0, 0, 0]),
    ];
    for (found, booked) in results {
        let world = World::new().await;
        world.receive(2, None).await;
        world.printer("p1", "forget=1").await;
        let test = operations::printer_test(&world.engine, "p1").await.unwrap();
        assert_eq!((test.state, accounts(&world).await), (AttemptState::Uncertain, [1, 0, 0, 1]));
        world.audit().await;
        let listed = ListUncertain::default().read(&world.engine).await.unwrap().items;
        assert_eq!(listed.len(), 1);
        assert_eq!((&listed[0].attempt, listed[0].batch, &listed[0].request_id), (&test.attempt, None, &None));
        let needs = ListNeeds {}.read(&world.engine).await.unwrap();
        assert!(needs.iter().any(|need| need.kind == NeedKind::UncertainCards && need.count == 1), "{needs:?}");
        let removed = operations::printer_remove(&world.engine, "p1").await.unwrap_err();
        let expected = Refusal::PrinterInUse { printer: "p1".into(), by: PrinterUse::UncertainAttempts };
        assert!(matches!(&removed, EngineError::Refused(refusal) if *refusal == expected), "{removed:?}");

        operations::inspect_resolve(&world.engine, &test.attempt, found, "seen").await.unwrap();

        assert_eq!(accounts(&world).await, booked, "{found:?}");
        assert!(operations::inspect_resolve(&world.engine, &test.attempt, found, "again").await.is_err(), "once only");
        operations::printer_remove(&world.engine, "p1").await.unwrap();
        world.audit().await;
    }
}

#[tokio::test]
async fn a_test_card_that_was_declared_uncertain_is_not_released_afterwards() {
    let world = died(AttemptState::Intent, "").await;
    operations::declare_uncertain(&world.engine, NAME, "the command hangs").await.unwrap();
    assert_eq!((state(&world).await, accounts(&world).await), (AttemptState::Uncertain, [1, 0, 0, 1]));
    let mut tx = world.engine.store.write(&world.engine.writer, world.engine.clock.now()).await.unwrap();
    let late = tx.test_card_release(NAME, None, None).await;
    assert!(matches!(late, Err(StoreError::Conflict(_))), "{late:?}");
    drop(tx);
    world.audit().await;
}
