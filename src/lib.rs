//! cetak: a print-job scheduler for card printers.
pub mod app;
pub mod cli;
pub mod domain;
pub mod engine;
pub mod render;
pub mod simulation;
pub mod store;
pub mod web;
pub mod words;
