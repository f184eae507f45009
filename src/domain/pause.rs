//! Pauses of the queue, of a printer or of a batch.

use super::{id::BatchId, time::Timestamp};

/// What is paused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PauseScope {
    /// Everything.
    Queue,
    /// One printer.
    Printer(String),
    /// One batch.
    Batch(i64),
}

impl PauseScope {
    /// Whether a printer with that batch, or none, gets no card under a pause of this scope.
    pub fn applies(&self, printer: &str, batch: Option<BatchId>) -> bool {
        match self {
            Self::Queue => true,
            Self::Printer(name) => name == printer,
            Self::Batch(id) => batch == Some(BatchId(*id)),
        }
    }
}

/// A pause in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pause {
    /// What is paused.
    pub scope: PauseScope,
    /// Why.
    pub reason: String,
    /// Who paused.
    pub actor: String,
    /// Since when.
    pub at: Timestamp,
}
