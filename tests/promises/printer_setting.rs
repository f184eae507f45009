//! Tests P1, P2 and P8 for printers that are set: a device keeps its cards at a new address, and another one does not get them.

use cetak::{
    domain::{
        id::BatchId,
        objection::Objection,
        refusal::{PrinterUse, Refusal},
    },
    engine::{EngineError, client::Client, operations::HopperSetting},
};
use cetak_driver_api::{AttemptStatus, Blank, Capabilities, Card, DriverError, Ending};

use crate::{
    acts as operations,
    fake_printer::{Act, FakePrinter},
    world::{World, students},
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

/// A printer with this `printer-uuid`, which is not added.
fn device(world: &World, uuid: &str) -> FakePrinter {
    let uuid = Some(format!("urn:uuid:{uuid}"));
    FakePrinter::new(world, "").probe(move |found| Capabilities { identity: uuid.clone(), ..found })
}

#[tokio::test]
async fn a_printer_that_has_a_new_address_keeps_its_open_card_and_another_device_does_not_get_its_name() {
    let world = World::new().await;
    // It printed the card of which the answer was lost, and then got another address.
    let is_lost = |act| match act {
        Act::Commit => Err(DriverError::OutcomeUnknown("cut off".into())),
        Act::Find => Err(DriverError::Unavailable { reasons: vec!["connecting-to-device".into()] }),
        Act::Ask | Act::Prepare | Act::Upload | Act::Ended | Act::Cancel => Ok(()),
    };
    let good = Ending { blank: Blank::Fed, card: Card::Good, reasons: Vec::new() };
    device(&world, "1").reach(is_lost).add(&world, "p1").await;
    world.import(&students(0..1)).await;
    world.receive(1, None).await;
    world.run().await;
    assert_eq!(world.records("batched").await, 1);
    device(&world, "1").find(move |_| Ok(AttemptStatus::Ended(good.clone()))).at(&world, "secret:word@p1b");
    device(&world, "2").at(&world, "p2");

    let in_use = refusal(operations::printer_move(&world.engine, "p1", "test://p2").await);
    assert!(matches!(in_use, Refusal::PrinterInUse { .. }), "{in_use:?}");
    let silent = refusal(operations::printer_move(&world.engine, "p1", "mock://p3?offline=1").await);
    assert!(matches!(silent, Refusal::PrinterInUse { .. }), "it may be any device: {silent:?}");
    operations::printer_move(&world.engine, "p1", "test://secret:word@p1b").await.unwrap();

    let event = newest_event(&world, "cli").await;
    for part in ["printer.set", "\"uri_was\":\"test://p1\"", "\"uri\":\"test://p1b\"", "\"same_device\":\"true\""] {
        assert!(event.contains(part), "{part} in {event}");
    }
    assert!(!event.contains("secret") && !event.contains("word"), "{event}");
    world.run().await;
    assert_eq!(
        (world.records("printed").await, world.jobs().await[0].attempts.len()),
        (1, 1),
        "asked at its new address"
    );
    world.audit().await;
}

#[tokio::test]
async fn an_idle_printer_is_replaced_by_another_device_which_is_checked_as_one_that_is_added() {
    let world = World::new().await;
    let engine = &world.engine;
    device(&world, "1").add(&world, "p1").await;
    device(&world, "3").add(&world, "p3").await;
    device(&world, "2").at(&world, "p2");
    let objected = |found| Capabilities { objections: vec![cetak_driver_api::Objection::ForwardsJobs], ..found };
    FakePrinter::new(&world, "").probe(objected).at(&world, "queue");
    device(&world, "3").at(&world, "p3-again");

    let taken = refusal(operations::printer_move(engine, "p1", "test://p3").await);
    assert_eq!(taken, Refusal::AddressTaken { printer: "p3".into() });
    for (uri, objection) in
        [("test://queue", Objection::ForwardsJobs), ("test://p3-again", Objection::SameDevice { printer: "p3".into() })]
    {
        let refused = refusal(operations::printer_move(engine, "p1", uri).await);
        let is_it = matches!(&refused, Refusal::PrinterObjections { objections, .. } if *objections == [objection]);
        assert!(is_it, "{uri}: {refused:?}");
    }
    let same = refusal(operations::printer_move(engine, "p1", "test://p1").await);
    assert_eq!(same, Refusal::PrinterUnchanged { printer: "p1".into() });
    assert!(operations::printer_move(engine, "p9", "test://p2").await.is_err());

    operations::printer_move(engine, "p1", "test://p2").await.unwrap();

    assert!(newest_event(&world, "cli").await.contains("\"same_device\":\"false\""));
    world.import(&students(0..2)).await;
    world.receive(2, None).await;
    world.run().await;
    assert_eq!(world.records("printed").await, 2);
    world.audit().await;
}

#[tokio::test]
async fn a_hopper_and_a_profile_are_set_only_where_no_blank_and_no_batch_loses_its_place() {
    let world = World::with(|s| s.approve_batches = true).await;
    let engine = &world.engine;
    world.add_printer("p1", "mock://p1", "student", Some(10)).await;
    world.receive(20, None).await;
    operations::load(engine, "p1", 8).await.unwrap();
    let set = async |profile, hopper| {
        operations::by(engine).act(operations::set_printer("p1", None, profile, hopper)).await.map(drop)
    };
    let counted = |n: i64| Some(HopperSetting::Counted(n.try_into().unwrap()));

    let too_small = refusal(set(None, counted(7)).await);
    assert_eq!(too_small, Refusal::HopperHolds { printer: "p1".into(), capacity: 7, loaded: 8 });
    let in_use = |by| Refusal::PrinterInUse { printer: "p1".into(), by };
    assert_eq!(refusal(set(None, Some(HopperSetting::NotCounted)).await), in_use(PrinterUse::Blanks(8)));
    assert_eq!(refusal(set(Some("ktp-el"), None).await), in_use(PrinterUse::Blanks(8)));
    set(None, counted(20)).await.unwrap();
    let event = newest_event(&world, "cli").await;
    assert!(event.contains("\"hopper_was\":\"10\"") && event.contains("\"hopper\":\"20\""), "{event}");

    operations::unload(engine, "p1", 8).await.unwrap();
    set(None, Some(HopperSetting::NotCounted)).await.unwrap();
    world.import(&students(0..2)).await;
    world.run().await;
    assert!(matches!(refusal(set(None, counted(20)).await), Refusal::PrinterInUse { by: PrinterUse::Batch(_), .. }));
    let batch = world.batches().await[0].id;
    operations::batch_cancel(engine, BatchId(batch), "moved").await.unwrap();
    set(Some("ktp-el"), counted(20)).await.unwrap();
    let event = newest_event(&world, "cli").await;
    assert!(event.contains("\"profile_was\":\"student\"") && event.contains("\"profile\":\"ktp-el\""), "{event}");
    world.audit().await;
}
