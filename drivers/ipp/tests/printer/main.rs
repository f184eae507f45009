//! The IPP driver against printers whose cards can be counted: `ippeveprinter` of CUPS, which cannot hold a job and
//! takes one at a time, a PAPPL printer application and `cupsd`, which can, and a fake one that can hold, refuse, lie and
//! lose answers.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod cupsd;
#[expect(dead_code, reason = "the tests of the whole program use more of it")]
mod engine;
#[expect(dead_code, reason = "the tests of the whole program use more of it")]
mod eve;
mod eve_tests;
mod fake;
mod fake_tests;
mod hostile_tests;
#[expect(dead_code, reason = "the tests of the whole program use more of it")]
mod pappl;
mod peer;
mod peer_tests;
mod restart_tests;
mod server;
mod tls_tests;
mod transport_tests;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use cetak_driver_api::{AttemptId, AttemptRef, Document, Ending, Found, PrinterDriver};
use cetak_driver_ipp::Now;

/// Neither driver looks into a document, nor does either printer.
fn document() -> Document {
    Document::one_sided("image/png", b"a card as picture ".repeat(4000))
}

fn new_attempt() -> AttemptId {
    AttemptId::new(format!("cetak-test-{}", uuid::Uuid::new_v4())).unwrap()
}

fn uncommitted(id: &AttemptId) -> AttemptRef {
    AttemptRef { id: id.clone(), printer_job: None, boot: None, releasing: false, impressions: 1, acknowledged: false }
}

/// Prepares and commits.
async fn sent(driver: &dyn PrinterDriver, id: &AttemptId) -> AttemptRef {
    driver.prepare(id, document()).await.unwrap();
    let committed = driver.commit(id).await.unwrap();
    AttemptRef {
        id: id.clone(),
        printer_job: committed.printer_job,
        boot: committed.boot,
        releasing: true,
        impressions: 1,
        acknowledged: true,
    }
}

/// Asks until the answer satisfies `enough`, for 10 s.
async fn found_when(driver: &dyn PrinterDriver, attempt: &AttemptRef, enough: impl Fn(&Found) -> bool) -> Found {
    let mut found = driver.find(attempt).await.unwrap();
    for _ in 0..200 {
        if enough(&found) {
            return found;
        }
        wait(50);
        found = driver.find(attempt).await.unwrap();
    }
    panic!("10 s later it is still {found:?}")
}

async fn ending(driver: &dyn PrinterDriver, attempt: &AttemptRef) -> Ending {
    let found = found_when(driver, attempt, |found| matches!(found, Found::Ended(_))).await;
    let Found::Ended(ending) = found else { panic!("{found:?}") };
    ending
}

/// Real time, as real printers need it.
#[expect(clippy::disallowed_methods, reason = "this is the clock that is injected")]
fn clock() -> Now {
    Arc::new(|| {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        i64::try_from(since_epoch.as_micros()).unwrap()
    })
}

/// The same, for a test that has to wait.
fn wait(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}
