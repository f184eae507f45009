//! Tests the promises on a real database, with injected clock, randomness and printers. See `README.md`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod account_rights;
mod accounts;
mod acts;
mod archive;
mod asked_twice;
mod audit;
mod backup;
mod batches;
mod cards;
mod check;
mod clock;
mod corrections;
mod counters;
mod counts;
mod covered_cells;
mod database;
mod days;
#[path = "../api/mod.rs"]
#[expect(dead_code, reason = "another test uses more of it")]
mod described;
mod devices;
mod dispatch;
mod districts;
mod encodings;
mod expected;
mod fake_printer;
mod feeding;
mod finding;
mod hostile_lists;
mod idempotency;
mod identifiers;
mod import;
mod imports;
mod instance;
mod jumps;
mod lanes;
mod limits;
mod lists;
mod long_lists;
mod many;
mod mapping;
mod matching;
mod moving;
mod names;
mod needs;
mod night_alone;
mod nodes;
mod notes;
mod older_warrants;
mod owners;
mod pause;
#[path = "../people/mod.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod people;
#[path = "../postgres/mod.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod postgres;
mod printer_setting;
mod printing;
mod recovery;
#[path = "../samples/mod.rs"]
mod samples;
mod schedule;
mod second_order;
mod second_person;
mod sessions;
#[path = "../sheets/mod.rs"]
mod sheets;
mod simulated;
mod spreadsheets;
mod staff;
mod steps;
mod stock;
mod surface;
mod tampering;
mod test_cards;
mod waiting;
mod world;
