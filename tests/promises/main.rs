//! What cetak promises, on a real database of either kind, with injected clock, randomness and printers.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod archive;
mod audit;
mod backup;
mod batches;
mod cards;
mod check;
mod database;
mod dispatch;
mod feeding;
mod import;
mod moving;
mod nodes;
mod pause;
#[path = "../postgres/mod.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod postgres;
mod printing;
mod recovery;
mod stock;
mod world;
