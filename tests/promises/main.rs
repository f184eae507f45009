//! What cetak promises, on a real database file, with injected clock, randomness and printers.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod audit;
mod batches;
mod cards;
mod feeding;
mod import;
mod pause;
mod printing;
mod recovery;
mod stock;
mod world;
