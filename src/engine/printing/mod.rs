//! Printing: one worker for each printer, from the queued job to the outcome of its attempt.
//!
//! A `worker` composes three owners: the `session` with its printer, the `batch_queue` of its batch, and the
//! `attempt` that is open; `prefetch` runs them over a batch.

pub(super) mod attempt;
mod batch_queue;
pub(super) mod card;
mod card_name;
mod compared_jobs;
pub mod document;
mod ending;
mod limits;
mod prefetch;
pub(super) mod services;
pub(super) mod session;
pub(super) mod suitability;
mod troubles;
pub mod verdict;
mod waiting;
pub(super) mod worker;

pub use self::card::code_of_mock_card;
