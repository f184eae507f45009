//! Tests P1 for printers as devices: one device is one printer, however its address is written; and a printer that keeps a
//! job that it should cancel is shown to people.

use cetak::{
    domain::{
        objection::Objection,
        printer_reason::CANCEL_REFUSED,
        refusal::{Refusal, RefusalKind},
    },
    engine::{
        EngineError,
        query::{ListNeeds, NeedKind, Query},
        scheduling::{self, Until},
    },
};
use cetak_driver_api::{AttemptStatus, Cancelled, Capabilities};

use crate::{
    acts::{self as operations, NewPrinter},
    fake_printer::FakePrinter,
    world::{World, actor, students},
};

fn refusal<T: std::fmt::Debug>(result: Result<T, EngineError>) -> Refusal {
    match result {
        Err(EngineError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn one_address_is_taken_however_it_is_written() {
    let world = World::new().await;
    let mut tx = world.engine.store.write(&world.engine.writer, world.engine.clock.now()).await.unwrap();
    assert!(tx.printer_add("p1", "ipp://printer.example/ipp/print", "student", None, None).await.unwrap());
    tx.commit().await.unwrap();

    for uri in
        ["IPP://Printer.Example:631/ipp/print/", "ipps://printer.example/ipp/print", "ipp://printer.example/ipp/print"]
    {
        let new = NewPrinter { name: "p2", uri, profile: "student", ..NewPrinter::default() };
        let refused = refusal(operations::printer_add(&world.engine, &new).await);
        assert_eq!(refused, Refusal::AddressTaken { printer: "p1".into() }, "{uri}");
        assert_eq!(refused.kind(), RefusalKind::Conflict);
    }
}

#[tokio::test]
async fn a_device_under_a_second_address_is_known_by_its_uuid_and_added_only_against_that_objection() {
    let world = World::new().await;
    let device = || {
        let uuid = |found| Capabilities { identity: Some("urn:uuid:1".into()), ..found };
        FakePrinter::new(&world, "").probe(uuid)
    };
    device().add(&world, "p1").await;
    device().at(&world, "p2");
    let mut new = NewPrinter { name: "p2", uri: "test://p2", profile: "student", ..NewPrinter::default() };

    let refused = refusal(operations::printer_add(&world.engine, &new).await);
    let same = Objection::SameDevice { printer: "p1".into() };
    assert!(matches!(&refused, Refusal::PrinterObjections { objections, .. } if *objections == [same]), "{refused:?}");

    new.override_reason = Some("all printers of this maker report one UUID");
    operations::printer_add(&world.engine, &new).await.unwrap();
    world.import(&students(0..4)).await;
    world.receive(4, None).await;
    world.run().await;
    assert_eq!(world.records("printed").await, 4, "an objection to adding does not stop it afterwards");
    world.audit().await;
}

#[tokio::test]
async fn a_printer_that_does_not_cancel_a_held_job_stands_under_needs_a_person() {
    let world = World::new().await;
    let keeps = FakePrinter::new(&world, "hold=yes")
        .find(|_| Ok(AttemptStatus::Held))
        .cancel(|_| Ok(Cancelled::OutcomeUnknown));
    keeps.add(&world, "p1").await;
    world.import(&students(0..1)).await;
    world.receive(2, None).await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let engine = world.engine.acting("scheduler", actor("scheduler"));
    let run = tokio::spawn(async move { scheduling::run(&engine, Until::Stopped, stopped).await });

    world.until(async || world.status().await.printers[0].reasons == [CANCEL_REFUSED]).await;

    let needs = ListNeeds {}.read(&world.engine).await.unwrap();
    let is_told =
        |kind: &NeedKind| matches!(kind, NeedKind::PrinterReason { advice, .. } if advice.keyword == CANCEL_REFUSED);
    assert!(needs.iter().any(|need| is_told(&need.kind)), "{needs:?}");
    stop.send(true).unwrap();
    run.await.unwrap().unwrap();
    world.audit().await;
}
