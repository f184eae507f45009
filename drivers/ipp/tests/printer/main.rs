//! Tests of the IPP driver with printers whose cards can be counted.
//!
//! Real printers, with the engine of `engine.rs` and the harness of `harness.rs`: `eve.rs` is `ippeveprinter` of CUPS,
//! which cannot hold a job and accepts one at a time; `pappl.rs` is a PAPPL printer application and `cupsd.rs` is CUPS,
//! which both can hold. Simulated ones: `fake_printer.rs` is a printer that can refuse, break its promises and lose
//! answers; `scripted_server.rs` is an HTTP server whose answers a test writes.
#![expect(clippy::unwrap_used, reason = "a panic shows where a test cannot continue")]

mod conclusion;
mod cupsd;
#[expect(dead_code, reason = "the tests of the whole program use more of it")]
mod engine;
#[expect(dead_code, reason = "the tests of the whole program use more of it")]
mod eve;
mod fake_behaviour;
mod fake_printer;
mod fake_printer_tests;
mod hostile_tests;
mod ippeveprinter_tests;
mod odd_answer_tests;
mod odd_identity_tests;
mod odd_printer_tests;
#[expect(dead_code, reason = "the tests of the whole program use more of it")]
mod pappl;
mod peer;
mod raw_request;
mod real_printer_tests;
mod restart_tests;
mod scripted_server;
mod tls_tests;
mod transport_tests;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use cetak_driver_api::{AttemptId, AttemptRef, AttemptStatus, Document, DriverError, Ending, Prepared, PrinterDriver};
use cetak_driver_ipp::Now;

/// A document with some bytes. Neither the driver nor the printers here read them.
fn document() -> Document {
    Document::one_sided("image/png", b"a card as picture ".repeat(4000))
}

fn new_attempt() -> AttemptId {
    AttemptId::new(format!("cetak-test-{}", uuid::Uuid::new_v4())).unwrap()
}

/// The attempt as the scheduler knows it before commit.
fn uncommitted(id: &AttemptId) -> AttemptRef {
    AttemptRef {
        id: id.clone(),
        printer_job: None,
        printer_run: None,
        releasing: false,
        impressions: 1,
        acknowledged: false,
    }
}

/// Prepares a document, and uploads it if it is to be held.
async fn uploaded(driver: &dyn PrinterDriver, id: &AttemptId, document: Document) -> Result<Prepared, DriverError> {
    let prepared = driver.prepare(id, document).await?;
    if prepared.awaits_upload { driver.upload(id).await } else { Ok(prepared) }
}

/// Prepares and commits a document.
async fn sent(driver: &dyn PrinterDriver, id: &AttemptId) -> AttemptRef {
    uploaded(driver, id, document()).await.unwrap();
    let committed = driver.commit(id).await.unwrap();
    AttemptRef {
        id: id.clone(),
        printer_job: committed.printer_job,
        printer_run: committed.printer_run,
        releasing: true,
        impressions: 1,
        acknowledged: true,
    }
}

/// Calls find until its answer satisfies `enough`, for 10 s at most.
async fn found_when(
    driver: &dyn PrinterDriver,
    attempt: &AttemptRef,
    enough: impl Fn(&AttemptStatus) -> bool,
) -> AttemptStatus {
    let mut found = driver.find(attempt).await.unwrap();
    for _ in 0..200 {
        if enough(&found) {
            return found;
        }
        wait(50);
        found = driver.find(attempt).await.unwrap();
    }
    panic!("after 10 s the attempt is still {found:?}")
}

/// Watches a card under way for some seconds.
async fn watch_for_seconds(driver: &dyn PrinterDriver, attempt: &AttemptRef) {
    for _ in 0..7 {
        let found = driver.find(attempt).await.unwrap();
        assert!(matches!(found, AttemptStatus::Printing { .. }), "{found:?}");
        wait(500);
    }
}

/// Waits until the attempt has ended.
async fn ending(driver: &dyn PrinterDriver, attempt: &AttemptRef) -> Ending {
    let found = found_when(driver, attempt, |found| matches!(found, AttemptStatus::Ended(_))).await;
    let AttemptStatus::Ended(ending) = found else { panic!("{found:?}") };
    ending
}

/// The system's clock, because real printers need real time.
#[expect(clippy::disallowed_methods, reason = "this is the clock that is injected")]
fn clock() -> Now {
    Arc::new(|| {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        i64::try_from(since_epoch.as_micros()).unwrap()
    })
}

/// Waits in real time, because real printers need it.
fn wait(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}
