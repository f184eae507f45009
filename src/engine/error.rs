//! Why an act or a read was not done.

use crate::{domain::refusal::Refusal, store::StoreError};

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// It is not allowed, or not possible as things are. Nothing was changed. The surface words it.
    #[error("refused: {}", .0.code())]
    Refused(Refusal),
    /// A file could not be read.
    #[error("`{what}` cannot be read")]
    Read {
        /// The file.
        what: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("`{what}` cannot be written")]
    Write {
        /// The file.
        what: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Refusal> for EngineError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
