//! The driver for card printers that speak IPP (RFC 8010, RFC 8011).
//!
//! IPP has no idempotency key, and printers print half an upload. So the attempt id is the job name, and nothing is
//! sent twice. With a printer that can hold a job:
//!
//! 1. `prepare` creates a held job, and checks that it is held under the name of the attempt;
//! 2. `upload` sends the document, and checks that the job is still held;
//! 3. `commit` checks again and sends Release-Job, once.
//!
//! With a printer that cannot, `prepare` creates a job without a document, and `commit` sends the document, once: after
//! its first byte, a failure leaves the outcome unknown.
//!
//! `completed` is believed only of a whole document, of one sheet with no more impressions than the card has sides, and
//! of a printer that has not restarted since; `canceled` and `aborted` are never believed. A job counts only if its name
//! is the attempt id.
//!
//! Two releases are separated by a short delay, because printers have printed one of two cards twice.
//!
//! `README.md` in this crate's folder has the reasons, a map of the files, and how to test and debug. Deliberately
//! absent: retries.
#![warn(missing_docs)]

mod address;
mod attempt_status;
mod attempt_table;
mod attributes;
mod cancel;
mod capabilities;
mod clock;
mod credentials;
mod driver;
#[cfg(test)]
mod fuzz_tests;
mod job;
#[cfg(test)]
mod odd_job_tests;
mod options;
mod printer;
mod printer_attributes;
mod query;
mod release_delay;
mod restart;
mod run_query;
mod setup_error;
mod shortcomings;
mod status;
mod submit;
mod suitability;
mod tls;
mod transport;
mod up_time;
mod verdict;
mod wire;

pub use crate::address::UriError;
pub use crate::clock::{Elapsed, Now};
pub use crate::credentials::{Fingerprint, InvalidFingerprint};
pub use crate::options::Options;
pub use crate::printer::IppPrinter;
pub use crate::setup_error::SetupError;
pub use crate::shortcomings::REASON_NAME_NOT_KEPT;
pub use crate::verdict::{REASON_BUSY, REASON_NOT_ACCEPTING, REASON_OTHER_PRINTER, REASON_QUERIES_REFUSED};
