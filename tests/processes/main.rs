//! Tests the program as its users run it: processes are started, paused, stopped and killed, and judged by their
//! output, their files, and the cards that the printers made.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod accounts;
mod acts;
mod api;
mod arrived_cards;
mod blind_count;
mod broken_files;
mod cli;
mod cluster;
mod comparison;
mod console;
mod console_board;
mod console_desks;
mod console_forms;
mod console_intake;
mod console_more;
mod console_ways;
mod console_words;
mod copies;
mod counter;
#[path = "../../drivers/ipp/tests/printer/cupsd.rs"]
#[expect(dead_code, reason = "the driver's own tests use more of it")]
mod cupsd;
mod database;
mod demo;
#[path = "../api/mod.rs"]
mod described;
mod districts;
#[path = "../../drivers/ipp/tests/printer/engine.rs"]
mod engine;
#[path = "../../drivers/ipp/tests/printer/eve.rs"]
#[expect(dead_code, reason = "the driver's own tests use more of it")]
mod eve;
mod faults;
mod formats;
mod freezes;
mod frozen;
#[path = "../hostile/mod.rs"]
#[expect(dead_code, reason = "another test uses more of it")]
mod hostile;
mod hostile_clients;
mod hostile_printers;
mod hostile_sizes;
mod http;
mod idempotency;
mod imports;
mod instance;
mod intake;
mod ipp;
mod ipp_messages;
mod ipp_proxy;
mod ipp_storm;
mod joined;
mod languages;
mod log_format;
mod matching;
mod matrix;
mod monitoring;
mod names;
mod nodes;
mod nodes_storm;
mod office;
mod open_pages;
mod options;
mod papers;
#[path = "../../drivers/ipp/tests/printer/pappl.rs"]
mod pappl;
mod pause;
#[path = "../../drivers/ipp/tests/printer/peer.rs"]
mod peer;
#[path = "../people/mod.rs"]
mod people;
mod person;
mod pictures;
mod piped_list;
#[path = "../postgres/mod.rs"]
mod postgres;
mod postgres_server;
mod printer_operator;
mod printers;
mod received_documents;
mod requests;
mod resources;
mod rights;
mod said;
#[path = "../samples/mod.rs"]
mod samples;
mod schema;
mod serve;
mod serve_tls;
mod sessions;
mod socket;
mod sources;
mod storm;
mod streams;
mod supervisor;
mod test_cards;

use std::{sync::Arc, time::Duration};

use cetak::{app::system::SystemClock, domain::time::Timestamp, engine::clock::Clock};

/// The system clock, which is also the mock printers' clock.
fn now() -> Timestamp {
    SystemClock::default().now()
}

/// The same clock, for a driver.
fn clock() -> cetak_driver_ipp::Now {
    Arc::new(|| now().0)
}

/// Waits in real time, as processes need it.
fn wait(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

/// Polls until `holds`; fails after `seconds` with the name of the condition.
fn wait_until(what: &str, seconds: u64, mut holds: impl FnMut() -> bool) {
    let end = now().plus(Duration::from_secs(seconds));
    while !holds() {
        assert!(now() < end, "{seconds} s later it is still not so that {what}");
        wait(5);
    }
}
