//! cetak: a print-job scheduler for card printers.
pub mod domain;
