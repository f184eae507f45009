//! P6: pause means pause.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cetak::{
    domain::{breaker::Breaker, pause::PauseScope},
    engine::{Engine, operations},
};
use cetak_driver_api::{
    AttemptId, AttemptRef, Cancelled, Capabilities, Committed, Document, Fault, Found, Prepared, PrinterDriver,
    PrinterStatus,
};
use cetak_driver_mock::MockPrinter;

use crate::world::{NOON, World, students};

#[tokio::test]
async fn a_paused_queue_printer_or_batch_feeds_nothing_and_says_who_and_why() {
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
        assert_eq!(world.run().await, [("p1".to_owned(), "paused")]);
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

/// A printer that can hold; somebody pauses the queue while the third card is uploaded.
struct PausedWhileUploading {
    inner: MockPrinter,
    engine: Mutex<Option<Engine>>,
    uploads: Mutex<u32>,
}

#[async_trait]
impl PrinterDriver for PausedWhileUploading {
    async fn probe(&self) -> Result<Capabilities, Fault> {
        self.inner.probe().await
    }

    async fn status(&self) -> Result<PrinterStatus, Fault> {
        self.inner.status().await
    }

    async fn prepare(&self, attempt: &AttemptId, document: Document) -> Result<Prepared, Fault> {
        let prepared = self.inner.prepare(attempt, document).await;
        let third = {
            let mut uploads = self.uploads.lock().unwrap();
            *uploads += 1;
            *uploads == 3
        };
        let engine = self.engine.lock().unwrap().clone();
        if let (true, Some(engine)) = (third, engine) {
            operations::pause(&engine, &PauseScope::Queue, "now").await.unwrap();
        }
        prepared
    }

    async fn commit(&self, attempt: &AttemptId) -> Result<Committed, Fault> {
        self.inner.commit(attempt).await
    }

    async fn find(&self, attempt: &AttemptRef) -> Result<Found, Fault> {
        self.inner.find(attempt).await
    }

    async fn cancel(&self, attempt: &AttemptRef) -> Result<Cancelled, Fault> {
        self.inner.cancel(attempt).await
    }
}

#[tokio::test]
async fn a_pause_between_upload_and_release_takes_the_card_back() {
    let world = World::new().await;
    let inner = MockPrinter::from_uri("mock://p1?hold=yes", Arc::new(|| NOON)).unwrap();
    let printer = Arc::new(PausedWhileUploading {
        inner,
        engine: Mutex::new(Some(world.engine.clone())),
        uploads: Mutex::default(),
    });
    world.driver("test://p1", printer.clone());
    world.add_printer("p1", "test://p1", "student", None).await;
    world.import(&students(0..5)).await;
    world.receive(5, None).await;
    world.run().await;
    assert_eq!(printer.inner.truth().unwrap().len(), 2, "the third was uploaded, and not let go");
    assert_eq!((world.records("printed").await, world.account("reserved").await), (2, 3));
    operations::resume(&world.engine, &PauseScope::Queue, "done").await.unwrap();
    world.run().await;
    assert_eq!((world.records("printed").await, printer.inner.truth().unwrap().len()), (5, 5));
    assert!(world.status().await.printers[0].breaker == Breaker::Closed, "no failure of the printer");
    world.audit().await;
}
