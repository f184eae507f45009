//! Tests P1 for printers as devices: one device is one printer, however its address is written; a printer that keeps a job
//! that it should cancel is shown to people; and so is a printer that another database of the site uses.

use std::{sync::Arc, time::Duration};

use cetak::{
    domain::{
        objection::Objection,
        printer_reason::{CANCEL_REFUSED, UNKNOWN_JOBS},
        refusal::{PrinterUse, Refusal, RefusalKind},
    },
    engine::{
        EngineError,
        clock::{attempt_name, attempt_tag},
        query::{ListNeeds, NeedKind, Query},
        scheduling::{self, Until},
    },
};
use cetak_driver_api::{AttemptId, AttemptStatus, Cancelled, Capabilities, Document, PrinterDriver};
use cetak_driver_mock::MockPrinter;

use crate::{
    acts::{self as operations, NewPrinter},
    fake_printer::FakePrinter,
    world::{World, actor, name, students},
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

/// Sends a card to the printer, as a scheduler with another database does.
async fn print_elsewhere(world: &World, uri: &str, site: &str) {
    print_record_elsewhere(world, uri, site, None).await;
}

/// The same, of the record with that request id.
async fn print_record_elsewhere(world: &World, uri: &str, site: &str, request_id: Option<&str>) {
    let clock = world.engine.clock.clone();
    let keys = world.engine.store.keys();
    let tag = request_id.map(|request_id| attempt_tag(&keys.request("default", request_id)));
    let printer = MockPrinter::from_uri(uri, Arc::new(move || clock.now().0)).unwrap();
    let attempt = AttemptId::new(attempt_name(site, world.engine.clock.now(), &*world.engine.entropy, tag)).unwrap();
    printer.prepare(&attempt, Document::one_sided("image/png", b"\x89PNG\r\n\x1a\n".to_vec())).await.unwrap();
    printer.commit(&attempt).await.unwrap();
}

#[tokio::test]
async fn a_printer_with_newer_jobs_of_this_site_that_the_database_does_not_know_gets_no_card_until_a_person_looked() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let options = format!("truth={}", folder.path().join("truth").display());
    let uri = format!("mock://p1?{options}");
    print_elsewhere(&world, &uri, "test").await; // of an earlier database, before the printer was added to this one
    world.clock.advance(Duration::from_secs(1));
    world.printer("p1", &options).await;
    world.import(&students(0..2)).await;
    world.receive(6, None).await;
    world.run().await;
    assert_eq!(world.records("printed").await, 2);

    world.clock.advance(Duration::from_secs(1));
    print_elsewhere(&world, &uri, "other").await; // of another site, which shares the printer
    world.import(&students(2..3)).await;
    world.run().await;
    assert_eq!(world.records("printed").await, 3);

    world.clock.advance(Duration::from_secs(1));
    print_elsewhere(&world, &uri, "test").await;
    world.import(&students(3..5)).await;
    world.run().await;
    assert_eq!((world.records("printed").await, world.records("waiting").await), (3, 2));
    assert_eq!(world.status().await.printers[0].reasons, [UNKNOWN_JOBS]);

    operations::printer_clear(&world.engine, "p1", "the other scheduler is off, and its card is destroyed")
        .await
        .unwrap();
    world.run().await;
    assert_eq!(world.records("printed").await, 5);
    print_elsewhere(&world, &uri, "test").await;
    world.import(&students(5..6)).await;
    world.run().await;
    assert_eq!(world.status().await.printers[0].reasons, [UNKNOWN_JOBS], "another job was not accepted");
    // A printer that forgets the job changes nothing.
    std::fs::remove_file(folder.path().join("truth")).unwrap();
    world.run().await;
    assert_eq!((world.records("printed").await, world.records("waiting").await), (5, 1));
    let needs = ListNeeds {}.read(&world.engine).await.unwrap();
    let is_unknown =
        |kind: &NeedKind| matches!(kind, NeedKind::PrinterReason { advice, .. } if advice.keyword == UNKNOWN_JOBS);
    assert!(needs.iter().any(|need| is_unknown(&need.kind)), "{needs:?}");
}

#[tokio::test]
async fn a_record_of_which_another_database_has_sent_a_job_is_not_printed_by_itself_before_or_after_the_job_is_accepted()
 {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let options = format!("truth={}", folder.path().join("truth").display());
    world.printer("p1", &options).await;
    world.import(&students(0..3)).await;
    world.receive(6, None).await;
    world.clock.advance(Duration::from_secs(1));
    let uri = format!("mock://p1?{options}");
    print_record_elsewhere(&world, &uri, "test", Some("r00001")).await;

    world.run().await;

    assert_eq!(world.records("waiting").await, 3);
    world.printer("p2", "").await;
    world.run().await;
    assert_eq!((world.records("printed").await, world.state_of("r00001").await.0), (2, "quarantined".to_owned()));
    let refused = operations::printer_remove(&world.engine, "p1").await;
    assert_eq!(refusal(refused), Refusal::PrinterInUse { printer: "p1".into(), by: PrinterUse::UnknownJobs });

    operations::printer_remove(&world.engine, "p2").await.unwrap();
    world.import(&students(3..5)).await;
    world.clock.advance(Duration::from_mins(2));
    print_record_elsewhere(&world, &uri, "test", Some("r00003")).await;
    world.run().await;
    operations::printer_clear(&world.engine, "p1", "the cards are there").await.unwrap();
    let needs = ListNeeds {}.read(&world.engine).await.unwrap();
    assert!(needs.iter().any(|need| need.kind == NeedKind::RecordsHeldAtAdoption), "{needs:?}");
    world.run().await;
    assert_eq!((world.records("printed").await, world.state_of("r00003").await.0), (3, "held".to_owned()));
    operations::record_release(&world.engine, &name("r00001"), "its card was destroyed").await.unwrap();
    world.run().await;
    assert_eq!(world.records("printed").await, 4);
    world.audit().await;
}

#[tokio::test]
async fn a_printer_that_prints_is_asked_for_unknown_jobs_before_a_batch() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let options = format!("truth={}", folder.path().join("truth").display());
    world.printer("p1", &options).await;
    world.import(&students(0..2)).await;
    world.receive(6, None).await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let engine = world.engine.acting("scheduler", actor("scheduler"));
    let run = tokio::spawn(async move { scheduling::run(&engine, Until::Stopped, stopped).await });
    world.until(async || world.records("printed").await == 2).await;
    world.clock.advance(Duration::from_mins(2));
    print_elsewhere(&world, &format!("mock://p1?{options}"), "test").await;

    world.import(&students(2..4)).await;

    world.until(async || world.status().await.printers[0].reasons == [UNKNOWN_JOBS]).await;
    assert_eq!(world.records("printed").await, 2);
    stop.send(true).unwrap();
    run.await.unwrap().unwrap();
}
