//! Tests P4: after a crash at each durable step of a card, the run resumes by itself.

use std::sync::Arc;

use cetak::{
    domain::{id::AttemptKey, refusal::Refusal},
    engine::{
        EngineError,
        scheduling::{self, Until},
    },
    store::{Acknowledgement, Begin, QueuedJob},
};
use cetak_driver_api::{AttemptId, AttemptStatus, Cancelled, Document, Prepared, PrinterDriver};
use cetak_driver_mock::MockPrinter;

use crate::acts::{self as operations, InspectionResult};
use crate::{
    clock::NOON,
    fake_printer::{Act, FakePrinter},
    world::{World, students},
};

/// The last durable step of a card before the scheduler died.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum DiedAfter {
    Intent,
    Releasing,
    Commit,
    Acknowledged,
}

/// An office whose scheduler died during the first card of a batch. Returns the name of that attempt too.
async fn died(after: DiedAfter, faults: &str) -> (World, String) {
    let world = World::with(|s| {
        s.approve_batches = true;
        s.release_after = std::time::Duration::from_secs(30);
    })
    .await;
    world.import(&students(0..3)).await;
    world.receive(5, None).await;
    let query = format!("{faults}&truth={}", world.truth().display());
    world.printer("p1", &query).await;
    world.run().await;
    operations::batch_approve(&world.engine, cetak::domain::id::BatchId(1)).await.unwrap();
    let job: QueuedJob =
        world.engine.store.read().await.unwrap().jobs_queued(cetak::domain::id::BatchId(1)).await.unwrap().remove(0);
    let name = "cetak-test-1".to_owned();
    let releasing = after != DiedAfter::Intent;
    let mut tx = world.engine.store.write(&world.engine.writer, world.engine.clock.now()).await.unwrap();
    let begin =
        Begin { name: name.clone(), job: job.id, record_version: 1, printer: "p1".into(), releasing, impressions: 1 };
    let key: AttemptKey = tx.attempts_begin(&[begin]).await.unwrap()[0].key;
    if after == DiedAfter::Acknowledged {
        tx.attempts_acknowledge(&[Acknowledgement { key, printer_job: None, printer_run: None, acknowledged: true }])
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    if matches!(after, DiedAfter::Commit | DiedAfter::Acknowledged) {
        let printer = MockPrinter::from_uri(&format!("mock://p1?{query}"), std::sync::Arc::new(|| NOON)).unwrap();
        let id = AttemptId::new(&*name).unwrap();
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        bytes.extend([0; 8]);
        printer.prepare(&id, Document::one_sided("image/png", bytes)).await.unwrap();
        printer.commit(&id).await.unwrap();
    }
    (world, name)
}

async fn outcome(world: &World, attempt: &str) -> Option<String> {
    let jobs = world.jobs().await;
    jobs.into_iter().flat_map(|job| job.attempts).find(|a| a.id == attempt).unwrap().outcome
}

#[tokio::test]
async fn a_card_that_was_not_released_did_not_start_and_is_tried_again() {
    for after in [DiedAfter::Intent, DiedAfter::Releasing] {
        let (world, attempt) = died(after, "").await;
        world.run().await;
        assert_eq!(outcome(&world, &attempt).await.as_deref(), Some("not-started"), "{after:?}");
        assert_eq!(
            (world.records("printed").await, world.account("printed").await, world.account("vault").await),
            (3, 3, 2)
        );
        world.audit().await;
    }
}

/// A printer may print a document on arrival, though it was to hold it, and forget it.
#[tokio::test]
async fn a_document_that_was_on_the_way_and_is_unknown_to_its_printer_is_uncertain() {
    let world = World::new().await;
    let printer = FakePrinter::new(&world, "hold=yes")
        .prepare(async |_, answer| {
            let run = Some("run 1".to_owned());
            answer.map(|_| Prepared { printer_job: None, printer_run: run, held: false, awaits_upload: true })
        })
        .find(|_| Ok(AttemptStatus::NeverSeen { certain: false }))
        .cancel(|_| Ok(Cancelled::OutcomeUnknown));
    let printer = printer.add(&world, "p1").await;
    world.import(&students(0..1)).await;
    world.receive(2, None).await;
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let engine = world.engine.acting("scheduler", crate::world::actor("scheduler"));
    let run = tokio::spawn(async move { scheduling::run(&engine, Until::Stopped, stopped).await });
    world.until(async || printer.log().iter().any(|(act, _)| *act == Act::Upload)).await;
    run.abort();
    assert!(run.await.unwrap_err().is_cancelled());

    world.run().await;

    assert_eq!((world.records("uncertain").await, world.account("uncertain").await), (1, 1));
    let saved: Vec<_> = printer.cancelled().into_iter().map(|attempt| attempt.printer_run).collect();
    assert!(!saved.is_empty() && saved.iter().all(|run| run.as_deref() == Some("run 1")), "{saved:?}");
    world.audit().await;
}

#[tokio::test]
async fn a_released_card_is_found_and_not_printed_again() {
    for after in [DiedAfter::Commit, DiedAfter::Acknowledged] {
        let (world, attempt) = died(after, "card_ms=2000").await;
        world.run().await;
        assert_eq!(outcome(&world, &attempt).await.as_deref(), Some("printed"), "{after:?}");
        assert_eq!(cetak_driver_mock::truth_read(world.truth()).unwrap().len(), 3);
        assert_eq!(world.records("printed").await, 3);
        world.audit().await;
    }
}

#[tokio::test]
async fn a_card_with_an_unknowable_outcome_is_uncertain_and_the_others_go_on() {
    let (world, attempt) = died(DiedAfter::Commit, "forget=1").await;
    world.run().await;
    assert_eq!(outcome(&world, &attempt).await.as_deref(), Some("uncertain"));
    assert_eq!(world.records("uncertain").await, 3, "the printer forgets every card");
    assert!(operations::printer_remove(&world.engine, "p1").await.is_err(), "its blanks are not settled");
    operations::inspect_resolve(&world.engine, &attempt, InspectionResult::Good, "found it").await.unwrap();
    assert_eq!(world.records("printed").await, 1);
    world.audit().await;
}

#[tokio::test]
async fn an_open_attempt_of_a_printer_that_does_not_answer_stays_open_until_a_person_declares_it_uncertain() {
    let (answering, in_hand) = died(DiedAfter::Commit, "card_ms=60000").await;
    let refused = operations::declare_uncertain(&answering.engine, &in_hand, "impatient").await.unwrap_err();
    assert!(matches!(&refused, EngineError::Refused(Refusal::PrinterStillAnswers { .. })), "{refused:?}");
    let (world, attempt) = died(DiedAfter::Releasing, "").await;
    // A printer whose truth file cannot be read does not answer.
    std::fs::remove_file(world.truth()).unwrap();
    std::fs::create_dir(world.truth()).unwrap();
    world.run().await;
    assert_eq!(outcome(&world, &attempt).await, None);
    assert_eq!(
        (world.records("batched").await, world.records("waiting").await),
        (1, 2),
        "its other jobs were released"
    );
    operations::declare_uncertain(&world.engine, &attempt, "the printer is gone").await.unwrap();
    assert_eq!(outcome(&world, &attempt).await.as_deref(), Some("uncertain"));
    assert!(operations::declare_uncertain(&world.engine, &attempt, "again").await.is_err());
    world.audit().await;
}

#[tokio::test]
async fn an_open_attempt_is_not_declared_uncertain_while_its_printer_cannot_be_asked() {
    let (mut world, attempt) = died(DiedAfter::Commit, "card_ms=60000").await;
    world.engine.drivers = Arc::new(|_, _| Err("its options cannot be read".into()));
    let refused = operations::declare_uncertain(&world.engine, &attempt, "impatient").await.unwrap_err();
    assert!(matches!(&refused, EngineError::Refused(Refusal::PrinterSetup { .. })), "{refused:?}");
    assert_eq!(outcome(&world, &attempt).await, None);
}
