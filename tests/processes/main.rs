//! The program as its users drive it: processes that are started, paused, stopped and killed, and judged by what they
//! print, what they leave on disk, and what the printers really did.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod cli;
mod cluster;
#[path = "../../drivers/ipp/tests/printer/cupsd.rs"]
#[expect(dead_code, reason = "the driver's own tests use more of it")]
mod cupsd;
mod database;
#[path = "../../drivers/ipp/tests/printer/engine.rs"]
mod engine;
#[path = "../../drivers/ipp/tests/printer/eve.rs"]
#[expect(dead_code, reason = "the driver's own tests use more of it")]
mod eve;
mod formats;
mod golden;
mod hostile;
mod ipp;
mod ipp_storm;
mod matrix;
mod nodes;
mod nodes_storm;
mod office;
mod operator;
mod options;
mod papers;
#[path = "../../drivers/ipp/tests/printer/pappl.rs"]
mod pappl;
mod pause;
#[path = "../../drivers/ipp/tests/printer/peer.rs"]
mod peer;
mod people;
#[path = "../postgres/mod.rs"]
mod postgres;
mod postgres_tests;
mod printers;
mod proxy;
mod schema;
mod sheets;
mod storm;
mod truth;
mod wire;

use std::{sync::Arc, time::Duration};

use cetak::{app::system::SystemClock, domain::time::Timestamp, engine::clock::Clock};

/// The system's clock, which is also that of the mock printers.
fn now() -> Timestamp {
    SystemClock::default().now()
}

/// The same, for a driver.
fn clock() -> cetak_driver_ipp::Now {
    Arc::new(|| now().0)
}

/// Real time, as processes need it.
fn wait(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

/// Looks again and again until `holds`; fails after `seconds`, saying what it waited for.
fn wait_until(what: &str, seconds: u64, mut holds: impl FnMut() -> bool) {
    let end = now().plus(Duration::from_secs(seconds));
    while !holds() {
        assert!(now() < end, "{seconds} s later it is still not so that {what}");
        wait(5);
    }
}
