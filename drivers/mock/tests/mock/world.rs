//! A clock and a folder for truth files, and calls that the tests share.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use cetak_driver_api::{
    AttemptId, AttemptRef, AttemptStatus, Blank, Card, Condition, Document, DriverError, Ending, PrinterDriver,
};
use cetak_driver_mock::{MockPrinter, Now};
use tempfile::TempDir;

/// The time at which each test starts, UTC microseconds.
pub(crate) const START_US: i64 = 1_700_000_000_000_000;

pub(crate) const NEVER_SEEN: AttemptStatus = AttemptStatus::NeverSeen { certain: true };
pub(crate) const PRINTING: AttemptStatus = AttemptStatus::Printing { reasons: Vec::new() };

/// A clock and a folder for one truth file.
pub(crate) struct World {
    clock: Arc<AtomicI64>,
    folder: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { clock: Arc::new(AtomicI64::new(START_US)), folder: TempDir::new().unwrap() }
    }

    pub(crate) fn now(&self) -> Now {
        let clock = Arc::clone(&self.clock);
        Arc::new(move || clock.load(Ordering::SeqCst))
    }

    /// The printer `p1` in memory.
    pub(crate) fn in_memory(&self, keys: &str) -> MockPrinter {
        MockPrinter::from_uri(&format!("mock://p1?{keys}"), self.now()).unwrap()
    }

    /// A driver for the printer `name` of the truth file, as after a restart of the scheduler.
    pub(crate) fn open(&self, name: &str, keys: &str) -> MockPrinter {
        let uri = format!("mock://{name}?{keys}&truth={}", self.truth().display());
        MockPrinter::from_uri(&uri, self.now()).unwrap()
    }

    /// The path of the truth file.
    pub(crate) fn truth(&self) -> PathBuf {
        self.folder.path().join("truth.jsonl")
    }

    /// Advances the clock.
    pub(crate) fn pass_ms(&self, ms: i64) {
        self.clock.fetch_add(ms * 1000, Ordering::SeqCst);
    }

    /// Appends to the truth file, as a driver that is killed while it writes.
    pub(crate) fn append(&self, bytes: &[u8]) {
        OpenOptions::new().append(true).create(true).open(self.truth()).unwrap().write_all(bytes).unwrap();
    }
}

pub(crate) fn id(name: &str) -> AttemptId {
    AttemptId::new(name).unwrap()
}

pub(crate) fn attempt(name: &str) -> AttemptRef {
    AttemptRef {
        id: id(name),
        printer_job: None,
        printer_run: None,
        releasing: false,
        impressions: 1,
        acknowledged: false,
    }
}

pub(crate) fn png() -> Document {
    Document::one_sided("image/png", b"\x89PNG\r\n\x1a\n and so on".to_vec())
}

/// Prepares and commits. Returns the printer's job id.
pub(crate) async fn print(printer: &MockPrinter, name: &str) -> Result<Option<String>, DriverError> {
    printer.prepare(&id(name), png()).await?;
    printer.commit(&id(name)).await.map(|committed| committed.printer_job)
}

pub(crate) async fn find(printer: &MockPrinter, name: &str) -> AttemptStatus {
    printer.find(&attempt(name)).await.unwrap()
}

pub(crate) async fn condition(printer: &MockPrinter) -> Condition {
    printer.status().await.unwrap().condition
}

/// How many cards the printer has finished, by its own counter.
pub(crate) async fn count_finished(printer: &MockPrinter) -> Option<u64> {
    printer.probe().await.unwrap().impressions_completed
}

pub(crate) fn unavailable(reason: &str) -> DriverError {
    DriverError::Unavailable { reasons: vec![reason.to_owned()] }
}

/// The status of an attempt that has ended and used a blank.
pub(crate) fn ended(card: Card, reasons: &[&str]) -> AttemptStatus {
    let reasons = reasons.iter().map(|reason| (*reason).to_owned()).collect();
    AttemptStatus::Ended(Ending { blank: Blank::Fed, card, reasons })
}
