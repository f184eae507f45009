//! Printing: one worker for each printer, from the queued job to the outcome of its attempt.

pub(super) mod attempt;
pub(super) mod batch_queue;
pub(super) mod card;
pub mod document;
pub(super) mod prefetch;
pub mod verdict;
pub(super) mod worker;
