//! Commands that were typed wrongly.

/// A command that was typed wrongly: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub &'static str);
