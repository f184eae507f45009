//! Why an act or a read was not done.

use crate::store::StoreError;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// It is not allowed, or not possible as things stand. Nothing was changed.
    #[error("{message}")]
    Refused {
        /// What happened, to which thing.
        message: String,
        /// What to do next.
        hint: Option<String>,
    },
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

impl EngineError {
    /// Not allowed, with a way out.
    pub fn refused(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Refused { message: message.into(), hint: Some(hint.into()) }
    }

    /// What to do next, where there is something.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Refused { hint, .. } => hint.as_deref(),
            Self::Read { .. } => Some("check the path and its permissions"),
            Self::Write { .. } => Some("check the path, its permissions and the space that is left"),
            Self::Store(StoreError::InsufficientStock) => Some("see what there is with `cetak blangko balance`"),
            Self::Store(StoreError::Conflict(_)) => {
                Some("look at it again, and repeat the command if it still applies")
            }
            Self::Store(error) if error.is_away() && !matches!(error, StoreError::InDoubt { .. }) => {
                Some("see whether the database runs and can be reached, then repeat the command")
            }
            Self::Store(StoreError::Moved { .. }) => {
                Some("name that database with `database = \"postgres://...\"` in the settings")
            }
            Self::Store(StoreError::Arriving) => {
                Some("repeat `cetak db move` in the folder that is moved; until then print only from there")
            }
            Self::Store(StoreError::Occupied) => Some("make a new database with `createdb`, and name that one"),
            Self::Store(StoreError::Fenced) => Some("it joins again by itself; if not, see `cetak status`"),
            Self::Store(StoreError::InDoubt { .. }) => Some("look whether it is done before you repeat the command"),
            Self::Store(StoreError::SecondOpenRequest) => Some("close the other request first"),
            Self::Store(
                StoreError::Corrupt { .. }
                | StoreError::Newer { .. }
                | StoreError::OtherKey
                | StoreError::Differs { .. }
                | StoreError::Unreachable
                | StoreError::Database { .. },
            ) => None,
        }
    }
}

impl From<crate::domain::record::WrongState> for EngineError {
    fn from(error: crate::domain::record::WrongState) -> Self {
        Self::Refused { message: error.to_string(), hint: None }
    }
}

impl From<crate::domain::warrant::WarrantError> for EngineError {
    fn from(error: crate::domain::warrant::WarrantError) -> Self {
        Self::Refused { message: error.to_string(), hint: None }
    }
}
