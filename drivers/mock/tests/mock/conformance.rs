//! The conformance suite with the mock printer: with and without hold, in memory and with a truth file.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use cetak_driver_api::conformance::{self, Fixture, Trouble};
use cetak_driver_api::{
    AttemptId, AttemptRef, AttemptStatus, Cancelled, Capabilities, Committed, Condition, Document, DriverError,
    Prepared, PrinterDriver, PrinterStatus,
};
use cetak_driver_mock::{MockPrinter, Now, TruthCard, truth_read};
use tempfile::TempDir;

/// Longer than one card and shorter than two, so that queues are observed.
const STEP_US: i64 = 60_000;

/// A mock printer and its clock.
struct Mock {
    hold: &'static str,
    clock: Arc<AtomicI64>,
    storage: Storage,
    /// Whether it refuses a second job while it works on one.
    is_one_job: bool,
}

enum Storage {
    /// One instance that all drivers share, because the state of the printer is in it.
    Memory(MockPrinter),
    /// The folder of the truth file.
    File(TempDir),
}

impl Mock {
    fn in_memory(hold: &'static str) -> Self {
        let clock = Arc::new(AtomicI64::new(1_700_000_000_000_000));
        let uri = format!("mock://p1?card_ms=40&hold={hold}");
        let printer = MockPrinter::from_uri(&uri, now(&clock)).unwrap();
        Self { hold, clock, storage: Storage::Memory(printer), is_one_job: false }
    }

    fn with_a_file(hold: &'static str) -> Self {
        let clock = Arc::new(AtomicI64::new(1_700_000_000_000_000));
        Self { hold, clock, storage: Storage::File(TempDir::new().unwrap()), is_one_job: false }
    }

    fn open(&self, folder: &TempDir, faults: &str) -> MockPrinter {
        let truth = folder.path().join("truth.jsonl");
        let uri = format!("mock://p1?card_ms=40&hold={}{faults}&truth={}", self.hold, truth.display());
        MockPrinter::from_uri(&uri, now(&self.clock)).unwrap()
    }
}

fn now(clock: &Arc<AtomicI64>) -> Now {
    let clock = Arc::clone(clock);
    Arc::new(move || clock.load(Ordering::SeqCst))
}

#[async_trait]
impl Fixture for Mock {
    async fn driver(&self) -> Arc<dyn PrinterDriver> {
        match &self.storage {
            Storage::Memory(printer) => Arc::new(printer.clone()),
            Storage::File(folder) if self.is_one_job => Arc::new(OneJobPrinter(self.open(folder, ""))),
            Storage::File(folder) => Arc::new(self.open(folder, "")),
        }
    }

    fn restarts(&self) -> bool {
        matches!(self.storage, Storage::File(_))
    }

    fn attempts_at_once(&self) -> usize {
        if self.is_one_job { 1 } else { 2 }
    }

    async fn advance(&self) {
        self.clock.fetch_add(STEP_US, Ordering::SeqCst);
    }

    fn document(&self) -> Document {
        Document::one_sided("image/png", b"\x89PNG\r\n\x1a\n and so on".to_vec())
    }

    fn attempt(&self) -> AttemptId {
        AttemptId::new(format!("cetak-test-{}", uuid::Uuid::new_v4())).unwrap()
    }

    async fn count_cards(&self, attempt: &AttemptId) -> Option<usize> {
        let lines = match &self.storage {
            Storage::Memory(printer) => printer.truth().unwrap(),
            Storage::File(folder) => truth_read(folder.path().join("truth.jsonl")).unwrap_or_default(),
        };
        let good = lines.iter().filter(|line| line.attempt == *attempt && line.card == TruthCard::Good);
        Some(good.count())
    }

    /// Nothing to do: the printer keeps nothing but the file.
    async fn restart_printer(&self) -> bool {
        matches!(self.storage, Storage::File(_))
    }

    async fn driver_in_trouble(&self, trouble: Trouble) -> Option<Arc<dyn PrinterDriver>> {
        let Storage::File(folder) = &self.storage else { return None };
        let faults = match trouble {
            Trouble::LostAnswer => "&lose_ack=1",
            Trouble::Unavailable => "&offline=1",
            Trouble::Refusal => "&reject=1",
            Trouble::BrokenHold => return None,
        };
        Some(Arc::new(self.open(folder, faults)))
    }
}

/// A mock printer that refuses a second job while it works on one, as `ippeveprinter` does.
struct OneJobPrinter(MockPrinter);

#[async_trait]
impl PrinterDriver for OneJobPrinter {
    async fn probe(&self) -> Result<Capabilities, DriverError> {
        self.0.probe().await
    }

    async fn status(&self) -> Result<PrinterStatus, DriverError> {
        self.0.status().await
    }

    async fn prepare(&self, attempt: &AttemptId, document: Document) -> Result<Prepared, DriverError> {
        self.0.prepare(attempt, document).await
    }

    async fn commit(&self, attempt: &AttemptId) -> Result<Committed, DriverError> {
        if self.0.status().await?.condition != Condition::Idle {
            return Err(DriverError::Unavailable { reasons: vec!["busy".to_owned()] });
        }
        self.0.commit(attempt).await
    }

    async fn attempts_beginning_with(&self, prefix: &str) -> Result<Vec<AttemptId>, DriverError> {
        self.0.attempts_beginning_with(prefix).await
    }

    async fn find(&self, attempt: &AttemptRef) -> Result<AttemptStatus, DriverError> {
        self.0.find(attempt).await
    }

    async fn cancel(&self, attempt: &AttemptRef) -> Result<Cancelled, DriverError> {
        self.0.cancel(attempt).await
    }
}

#[tokio::test]
async fn a_printer_that_accepts_one_job_at_a_time_passes_the_conformance_suite() {
    conformance::exercise(&Mock { is_one_job: true, ..Mock::with_a_file("no") }).await;
}

#[tokio::test]
async fn a_mock_in_memory_passes_the_conformance_suite() {
    conformance::exercise(&Mock::in_memory("no")).await;
}

#[tokio::test]
async fn a_mock_in_memory_that_holds_passes_the_conformance_suite() {
    conformance::exercise(&Mock::in_memory("yes")).await;
}

#[tokio::test]
async fn a_mock_with_a_file_passes_the_conformance_suite() {
    conformance::exercise(&Mock::with_a_file("no")).await;
}

#[tokio::test]
async fn a_mock_with_a_file_that_holds_passes_the_conformance_suite() {
    conformance::exercise(&Mock::with_a_file("yes")).await;
}
