//! Errors of the database.

use super::outage::Outage;

/// An error of the database, classified by what the caller does next.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another transaction changed the row first. The caller reads and decides again. Nothing of this transaction is saved.
    #[error("another process changed {0} meanwhile")]
    Conflict(&'static str),
    /// There are fewer blanks than the movement needs. Nothing of the transaction is saved.
    #[error("there are not enough blanks for this movement")]
    InsufficientStock,
    /// A second open request, or an undelivered card, of the same person and profile.
    #[error("another request of this person is open")]
    SecondOpenRequest,
    /// A row has a value that no version of this program writes.
    #[error("corrupt row in `{table}` (id {id}): {what}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row.
        id: String,
        /// The fault.
        what: String,
    },
    /// The file was made by a newer version of the program.
    #[error("the database has schema {found}, and this program knows up to {known}")]
    Newer {
        /// The number of the file's schema.
        found: i64,
        /// The number of the newest known schema.
        known: i64,
    },
    /// The key is not the one with which the database was made.
    #[error("the key does not belong to this database")]
    OtherKey,
    /// The file was never used with a key, though it is there: it was copied without its journal, or its making was interrupted.
    #[error("the database file holds no data")]
    Unused,
    /// Another node has taken over. This node cannot write until it joins again. Nothing of the transaction is saved.
    #[error("this node lost its lease, and its printers belong to other nodes")]
    Fenced,
    /// The connection was lost during the commit. The transaction may or may not be saved.
    #[error("the connection to the database was lost during the commit")]
    InDoubt {
        /// The cause.
        #[source]
        source: sqlx::Error,
    },
    /// The request was carried out before, or is just being carried out by another node. Nothing of this transaction is saved.
    #[error("the request was carried out before")]
    RequestAnswered,
    /// The key of the request was used for another one. Nothing is done.
    #[error("the key of the request was used for another one")]
    RequestDiffers,
    /// The thing that is changed has another version than was expected. Nothing of the transaction is saved.
    #[error("what is changed has another version than was expected")]
    OtherVersion,
    /// The file's data were moved to another database.
    #[error("the data of this folder were moved to {to}")]
    Moved {
        /// That database, without a password.
        to: String,
    },
    /// A move into this database has not finished: the file is not closed yet.
    #[error("a move into this database is not complete")]
    Arriving,
    /// The target of a move already has data.
    #[error("the target is not an empty PostgreSQL database")]
    Occupied,
    /// The server's database is not in UTF-8, and cannot store every name.
    #[error("the database has the encoding {found}, in which not every name can be stored")]
    Encoding {
        /// Its encoding.
        found: String,
    },
    /// The address is that of a pooler, which gives each transaction another connection.
    #[error("the address is that of a connection pooler, which gives each transaction another connection")]
    Pooler {
        /// The error that shows it.
        #[source]
        source: sqlx::Error,
    },
    /// The rows read back differ from the rows sent. Nothing is saved.
    #[error("rows of `{table}` were read back changed")]
    Differs {
        /// The table.
        table: &'static str,
    },
    /// The database could not be used for another request of the same group. Nothing of this one is saved.
    #[error("the database cannot be used at present")]
    Unreachable,
    /// The database cannot be used at present. The caller tries again later; nothing of the transaction is saved.
    #[error("the database failed while {doing}: {outage}")]
    Unavailable {
        /// The operation.
        doing: &'static str,
        /// The reason.
        outage: Outage,
        /// The cause; `None` if the program itself gave up.
        #[source]
        source: Option<sqlx::Error>,
    },
    /// The database itself failed.
    #[error("the database failed while {doing}")]
    Database {
        /// The operation.
        doing: &'static str,
        /// The cause.
        #[source]
        source: sqlx::Error,
    },
}

impl StoreError {
    /// Whether the database is unavailable and may become available again.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Unreachable) || self.outage().is_some()
    }

    /// Whether a database that is not there at the start of a service may come by itself. A host name that does not exist is
    /// more likely to be misspelled.
    pub fn may_come(&self) -> bool {
        let Self::Unavailable { outage, source, .. } = self else { return false };
        let is_misspelled =
            matches!(source, Some(sqlx::Error::Io(error)) if error.to_string().contains("Name or service not known"));
        matches!(outage, Outage::Unreachable | Outage::TooManyConnections) && !is_misspelled
    }

    /// Why the database is unavailable; `None` if it is not, or if another request of the same group has the reason.
    pub fn outage(&self) -> Option<Outage> {
        match self {
            Self::Unavailable { outage, .. } => Some(outage.clone()),
            Self::InDoubt { .. } => Some(Outage::Unreachable),
            Self::Unreachable
            | Self::Database { .. }
            | Self::Conflict(_)
            | Self::InsufficientStock
            | Self::SecondOpenRequest
            | Self::RequestAnswered
            | Self::RequestDiffers
            | Self::OtherVersion
            | Self::Corrupt { .. }
            | Self::Newer { .. }
            | Self::OtherKey
            | Self::Unused
            | Self::Moved { .. }
            | Self::Arriving
            | Self::Occupied
            | Self::Encoding { .. }
            | Self::Pooler { .. }
            | Self::Differs { .. }
            | Self::Fenced => None,
        }
    }
}

/// SQLSTATE: a prepared statement exists, or does not exist, where another connection has prepared it.
const PREPARED_TWICE: &str = "42P05";
const PREPARED_NOWHERE: &str = "26000";

/// Names the operation in a database error.
pub(crate) fn doing(doing: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |source| {
        use sqlx::error::ErrorKind;
        let is_of_pooler = source.as_database_error().is_some_and(|error| {
            let code = error.code();
            let is_lost = matches!(code.as_deref(), Some(PREPARED_TWICE | PREPARED_NOWHERE));
            is_lost || error.message().contains("unsupported startup parameter")
        });
        if is_of_pooler {
            return StoreError::Pooler { source };
        }
        let kind = source.as_database_error().map(|e| (e.kind(), e.message()));
        match kind {
            Some((ErrorKind::CheckViolation, message))
                if message.contains("quantity") || message.contains("balance_check") =>
            {
                StoreError::InsufficientStock
            }
            Some((ErrorKind::UniqueViolation, message)) if message.contains("record_person") => {
                StoreError::SecondOpenRequest
            }
            _ => match Outage::of(&source) {
                Some(outage) => StoreError::Unavailable { doing, outage, source: Some(source) },
                None => StoreError::Database { doing, source },
            },
        }
    }
}

/// Whether the server cannot be reached, cannot write now, or ends this connection (a shutdown, the crash of another
/// process, a timeout of the session).
pub(super) fn is_away(error: &sqlx::Error) -> bool {
    // 25006: it is a standby now. A full disk or a cancelled statement is not included: the connection remains usable.
    let is_code =
        |code: &str| code.starts_with("57P") || code.starts_with("08") || ["25P03", "53300", "25006"].contains(&code);
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| is_code(&code))
        || matches!(
            error,
            sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::PoolClosed | sqlx::Error::PoolTimedOut
        )
}
