//! Pauses of the queue, of a printer or of a batch.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// What is paused.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PauseScope {
    /// Everything.
    Queue,
    /// One printer.
    Printer(String),
    /// One batch.
    Batch(i64),
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
