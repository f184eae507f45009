//! Pauses of the queue, of a printer or of a batch.

use serde::{Deserialize, Serialize};

use super::{id::BatchId, time::Timestamp};

/// What is paused.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PauseScope {
    /// The whole queue.
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
    /// The reason that the person gave.
    pub reason: String,
    /// The person who paused.
    pub actor: String,
    /// The instant at which it began.
    pub at: Timestamp,
}
