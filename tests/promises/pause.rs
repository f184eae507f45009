//! Tests P6: pause means pause.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use cetak::domain::{breaker::Breaker, dispatch::Blocked, pause::PauseScope};

use crate::acts as operations;
use crate::{
    fake_printer::FakePrinter,
    world::{World, students},
};

#[tokio::test]
async fn a_paused_queue_printer_or_batch_starts_no_card_and_shows_who_paused_it_and_why() {
    for scope in [PauseScope::Queue, PauseScope::Printer("p1".into()), PauseScope::Batch(1)] {
        let world = World::with(|s| s.approve_batches = true).await;
        world.import(&students(0..5)).await;
        world.receive(5, None).await;
        world.printer("p1", "").await;
        world.run().await;
        operations::batch_approve(&world.engine, cetak::domain::id::BatchId(1)).await.unwrap();
        let boss = world.as_actor("boss");
        assert!(operations::pause(&boss, &scope, "inspection").await.unwrap());
        assert!(!operations::pause(&world.engine, &scope, "again").await.unwrap(), "the first reason stands");
        assert_eq!(world.run().await, [("p1".to_owned(), Blocked::Paused)]);
        assert_eq!((world.records("printed").await, world.records("batched").await), (0, 5), "the batch is kept");
        let pause = world.engine.store.read().await.unwrap().pause_list().await.unwrap().pop().unwrap();
        assert_eq!((pause.scope, pause.reason.as_str(), pause.actor.as_str()), (scope.clone(), "inspection", "boss"));
        let shown = world.status().await.pauses;
        assert_eq!((shown.len(), shown[0].by.as_str(), shown[0].reason.as_str()), (1, "boss", "inspection"));
        assert!(operations::resume(&boss, &scope, "done").await.unwrap());
        world.run().await;
        assert_eq!(world.records("printed").await, 5);
        world.audit().await;
    }
    let world = World::new().await;
    assert!(operations::pause(&world.engine, &PauseScope::Printer("none".into()), "r").await.is_err());
}

#[tokio::test]
async fn a_pause_between_upload_and_release_cancels_the_card() {
    let world = World::new().await;
    let (engine, uploads) = (world.engine.clone(), Arc::new(AtomicU32::new(0)));
    // The queue is paused while the third card is uploaded.
    let printer = FakePrinter::new(&world, "hold=yes").prepare(move |_, answer| {
        let (engine, uploads) = (engine.clone(), uploads.clone());
        async move {
            if uploads.fetch_add(1, Ordering::SeqCst) + 1 == 3 {
                operations::pause(&engine, &PauseScope::Queue, "now").await.unwrap();
            }
            answer
        }
    });
    let printer = printer.add(&world, "p1").await;
    world.import(&students(0..5)).await;
    world.receive(5, None).await;
    world.run().await;
    assert_eq!(printer.cards(), 2, "the third was uploaded, and not released");
    assert_eq!((world.records("printed").await, world.account("reserved").await), (2, 3));
    operations::resume(&world.engine, &PauseScope::Queue, "done").await.unwrap();
    world.run().await;
    assert_eq!((world.records("printed").await, printer.cards()), (5, 5));
    assert!(world.status().await.printers[0].breaker == Breaker::Closed, "no failure of the printer");
    world.audit().await;
}
