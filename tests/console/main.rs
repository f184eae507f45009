//! Tests the pages of the console as people have them: in Chromium, with their script, their styles and their policy.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod axe;
mod browser;
mod day;
#[path = "../api/mod.rs"]
mod described;
mod desk;
#[path = "../processes/http.rs"]
#[expect(dead_code, reason = "another test uses more of it")]
mod http;
mod impersonal;
mod keyboard;
mod line;
mod live;
#[path = "../processes/office.rs"]
#[expect(dead_code, reason = "another test uses more of it")]
mod office;
mod pages;
mod palette;
#[path = "../people/mod.rs"]
#[expect(dead_code, reason = "another test uses more of it")]
mod people;
#[path = "../processes/person.rs"]
#[expect(dead_code, reason = "another test uses more of it")]
mod person;
mod pictures;
mod print_room;
mod private;
mod stocktake;
mod zone;

use std::time::Duration;

use cetak::{app::system::SystemClock, domain::time::Timestamp, engine::clock::Clock};

/// The clock of this machine.
fn now() -> Timestamp {
    SystemClock::default().now()
}

/// Waits in real time, as processes need it.
fn wait(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

/// Whether the long forms of these tests are asked for, as by `tests/run --full`.
fn is_full() -> bool {
    std::env::var("CONSOLE").is_ok_and(|length| length == "full")
}

/// Polls until `holds`; fails after `seconds` with the name of the condition.
fn wait_until(what: &str, seconds: u64, mut holds: impl FnMut() -> bool) {
    let end = now().plus(Duration::from_secs(seconds));
    while !holds() {
        assert!(now() < end, "{seconds} s later it is still not so that {what}");
        wait(20);
    }
}
