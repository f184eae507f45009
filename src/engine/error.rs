//! Errors of acts and reads.

use crate::{
    domain::{
        permission::Forbidden,
        refusal::{AccountRefusal, CountRefusal, Refusal},
    },
    store::StoreError,
};

/// Why an act or a read failed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The act is not allowed, or the state of the database does not permit it. Nothing was changed. The surface has
    /// the words.
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
    /// The service that was asked through its socket did not answer, or not with an answer of the engine.
    #[error("{text}")]
    Service {
        /// What happened.
        text: String,
        /// What to do next.
        hint: Option<String>,
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

impl From<AccountRefusal> for EngineError {
    fn from(refusal: AccountRefusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<CountRefusal> for EngineError {
    fn from(refusal: CountRefusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<Forbidden> for EngineError {
    fn from(forbidden: Forbidden) -> Self {
        Refusal::from(forbidden).into()
    }
}
