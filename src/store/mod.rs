//! Where everything is kept: the only module that knows SQL.
//!
//! * A write goes through [`Tx`], one database transaction, of which there is one at a time on either database; what it
//!   does is written down in the audit chain of its writer in the same transaction.
//! * A guard stands in the `WHERE` of the write, or in a read of the same transaction. A guard that matches no row is
//!   [`StoreError::Conflict`].
//! * Many rows go in one statement: what costs is the number of statements and commits, not of rows.
//! * Methods are named noun first.
//!
//! Deliberately absent: the clock (`now` is a parameter), decisions (`domain`), printers.

mod archive;
mod attempt;
mod audit;
mod backend;
mod backup;
mod batch;
mod check;
mod file;
pub mod keys;
mod node;
mod photo;
mod printer;
mod record;
mod report;
mod save;
mod schema;
mod server;
mod step;
mod stock;
mod transfer;
mod warrant;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

pub use self::{
    archive::Moved,
    attempt::{Acknowledgement, Begin, Begun, OpenAttempt},
    audit::{AuditRow, ChainFault, ChainHead},
    backend::Location,
    batch::{NewBatch, QueuedJob},
    check::{Check, Fault},
    node::{Candidate, Fence, Node},
    photo::NewPhoto,
    printer::{Pause, PauseScope, Printer},
    record::{NewRecord, StoredBody, StoredRow},
    report::{AttemptLine, BatchLine, JobFilter, JobLine, RecordLine, StateCount, UncertainLine},
    stock::{BalanceLine, Lot, MovementLine},
    transfer::Transferred,
    warrant::WarrantLine,
};
use crate::domain::{
    audit::{Actor, Event},
    time::Timestamp,
};
use backend::{Arrivals, Backend, Inner, execute, on};
use keys::Keys;

/// What can go wrong with the database, by what the caller does next.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else was faster: read again and decide again. Nothing of the transaction is saved.
    #[error("somebody else changed {0} meanwhile")]
    Conflict(&'static str),
    /// There are fewer blanks than the movement needs. Nothing of the transaction is saved.
    #[error("there are not enough blanks for this movement")]
    Short,
    /// A second open request, or an undelivered card, of the same person and profile.
    #[error("another request of this person is open")]
    SecondOpenRequest,
    /// A row holds what no version of this program writes.
    #[error("corrupt row in `{table}` (id {id}): {what}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row.
        id: String,
        /// What is wrong.
        what: String,
    },
    /// The file was made by a newer version of the program.
    #[error("the database has schema {found}, and this program knows up to {known}; use a newer cetak")]
    Newer {
        /// The schema's number.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// The key is not the one with which the database was made.
    #[error("the key does not belong to this database; restore the right key file")]
    OtherKey,
    /// Another node has taken over: this one can write nothing until it joins again. Nothing of the transaction is saved.
    #[error("this node lost its lease, and others feed its printers")]
    Fenced,
    /// The server went away while it was told to commit: it may be saved or not.
    #[error("the database went away before it said whether this was saved")]
    InDoubt {
        /// The cause.
        #[source]
        source: sqlx::Error,
    },
    /// The file's data live in another database now.
    #[error("the data of this folder were moved to {to}")]
    Moved {
        /// That database, without a password.
        to: String,
    },
    /// A file is being moved here, and is not closed yet.
    #[error("a move into this database has not ended")]
    Arriving,
    /// What is to be moved into has data of its own.
    #[error("the target is no empty database of PostgreSQL's")]
    Occupied,
    /// What was read back is not what was sent. Nothing is saved.
    #[error("the rows of `{table}` arrived changed")]
    Differs {
        /// The table.
        table: &'static str,
    },
    /// The database could not be reached for another request of the same group. Nothing of this one is saved.
    #[error("the database does not answer")]
    Unreachable,
    /// The database itself failed.
    #[error("the database failed at {doing}")]
    Database {
        /// What was attempted.
        doing: &'static str,
        /// The cause.
        #[source]
        source: sqlx::Error,
    },
}

impl StoreError {
    /// Is it that the database is away, and may come back?
    pub fn is_away(&self) -> bool {
        match self {
            Self::Unreachable | Self::InDoubt { .. } => true,
            Self::Database { source, .. } => server::is_away(source),
            Self::Conflict(_)
            | Self::Short
            | Self::SecondOpenRequest
            | Self::Corrupt { .. }
            | Self::Newer { .. }
            | Self::OtherKey
            | Self::Moved { .. }
            | Self::Arriving
            | Self::Occupied
            | Self::Differs { .. }
            | Self::Fenced => false,
        }
    }
}

/// Names the operation in a database error.
pub(crate) fn doing(doing: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |source| {
        use sqlx::error::ErrorKind;
        let kind = source.as_database_error().map(|e| (e.kind(), e.message()));
        match kind {
            Some((ErrorKind::CheckViolation, message))
                if message.contains("quantity") || message.contains("balance_check") =>
            {
                StoreError::Short
            }
            Some((ErrorKind::UniqueViolation, message))
                if message.contains("record.person_key") || message.contains("record_person_key") =>
            {
                StoreError::SecondOpenRequest
            }
            _ => StoreError::Database { doing, source },
        }
    }
}

/// The database of one office, or of a province.
#[derive(Clone, Debug)]
pub struct Store {
    backend: Backend,
    keys: Keys,
    heads: Heads,
}

/// The newest row of each chain that this process writes, as it last saw it; the guard of the advance tells if another
/// process was faster.
type Heads = Arc<Mutex<HashMap<Arc<str>, (i64, Vec<u8>)>>>;

impl Store {
    /// Has anybody used this database? Then its key exists somewhere.
    pub async fn has_data(location: &Location) -> Result<bool, StoreError> {
        Backend::has_data(location).await
    }

    /// Opens the database, makes it if it is a file that is not there, and brings its schema up to date.
    pub async fn open(location: &Location, keys: Keys) -> Result<Self, StoreError> {
        let store = Self::open_closed(location, keys).await?;
        let mark = if store.is_shared() { transfer::ARRIVING } else { transfer::MOVED_TO };
        match store.read().await?.meta_get(mark).await? {
            None => Ok(store),
            Some(_) if store.is_shared() => Err(StoreError::Arriving),
            Some(to) => Err(StoreError::Moved { to }),
        }
    }

    /// The same, also if its data were moved away or are not all there: to end a move that was interrupted.
    pub async fn open_closed(location: &Location, keys: Keys) -> Result<Self, StoreError> {
        let backend = Backend::open(location).await?;
        let store = Self { backend, keys, heads: Heads::default() };
        store.key_check().await?;
        Ok(store)
    }

    /// Remembers which key the database was made with, and refuses any other.
    async fn key_check(&self) -> Result<(), StoreError> {
        const KEY: &str = "key_check";
        let own = self.keys.check_value();
        let mut found = self.read().await?.meta_get(KEY).await?;
        if found.is_none() {
            let mut tx = self.begin(self.backend.write().await?, Writer::nobody(), Timestamp(0));
            tx.meta_add(KEY, &own).await?;
            found = tx.meta_get(KEY).await?;
            tx.commit().await?;
        }
        if found == Some(own) { Ok(()) } else { Err(StoreError::OtherKey) }
    }

    /// The keys of this database.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Begins a transaction that writes. Waits for its turn: there is one at a time, so that what it reads stays true
    /// until it commits.
    ///
    /// [`StoreError::Fenced`] for a node that is none any more.
    pub async fn write(&self, writer: &Writer, now: Timestamp) -> Result<Tx, StoreError> {
        let mut tx = self.begin(self.backend.write().await?, writer.clone(), now);
        if let Some(fence) = &writer.fence {
            tx.fence_check(fence).await?;
        }
        Ok(tx)
    }

    /// May several schedulers share it? Each then needs a lease.
    pub fn is_shared(&self) -> bool {
        matches!(self.backend, Backend::Postgres(_))
    }

    /// Begins a transaction that sees one state of the database and cannot write.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        Ok(self.begin(self.backend.read().await?, Writer::nobody(), Timestamp(0)))
    }

    fn begin(&self, inner: Inner, writer: Writer, now: Timestamp) -> Tx {
        let store = self.clone();
        Tx { inner, now, writer, store, new_head: None, events: Vec::new(), announces: false }
    }

    /// Begins to hear what other processes commit.
    pub async fn news(&self) -> News {
        News { store: self.clone(), arrivals: self.backend.arrivals().await, seen: None }
    }

    /// Closes all connections, so that the files can be copied.
    pub async fn close(&self) {
        self.backend.close().await;
    }
}

/// Who writes, and into which audit chain.
#[derive(Clone, Debug)]
pub struct Writer {
    /// `cli` for commands; the node's name for a scheduler.
    pub chain: Arc<str>,
    /// Who acts.
    pub actor: Arc<Actor>,
    /// What it must still own, if it is a node among several.
    pub fence: Option<Fence>,
}

impl Writer {
    /// The node that writes, where several share the database.
    fn node(&self) -> Option<&str> {
        self.fence.as_ref().map(Fence::node)
    }

    /// For transactions that write no audit row.
    fn nobody() -> Self {
        let nobody = Actor { name: String::new(), os_user: String::new(), host: String::new() };
        Self { chain: "".into(), actor: Arc::new(nobody), fence: None }
    }
}

/// One transaction. Dropped without [`commit`](Tx::commit), nothing of it is saved.
#[derive(Debug)]
pub struct Tx {
    inner: Inner,
    now: Timestamp,
    writer: Writer,
    store: Store,
    new_head: Option<(i64, Vec<u8>)>,
    events: Vec<Event>,
    announces: bool,
}

impl Tx {
    /// The instant of the transaction, as its caller gave it.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Who acts.
    pub fn actor(&self) -> &str {
        &self.writer.actor.name
    }

    /// Writes an event down when the transaction commits.
    pub fn audit(&mut self, event: Event) {
        self.events.push(event);
    }

    /// From here on a statement may read whole tables, and take its time.
    pub fn patient(&mut self) {
        if let Inner::Postgres(lent) = &mut self.inner {
            lent.patient();
        }
    }

    /// Wakes every scheduler when this commits: it may give them something to do.
    pub fn announce(&mut self) {
        self.announces = true;
    }

    /// Appends the audit rows and makes all of it durable.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        let events = std::mem::take(&mut self.events);
        self.audit_append(&events).await?;
        self.inner.commit(self.announces).await?;
        if let Some(head) = self.new_head {
            self.store.heads.lock().unwrap_or_else(PoisonError::into_inner).insert(self.writer.chain.clone(), head);
        }
        if self.announces {
            self.store.backend.announce();
        }
        Ok(())
    }

    /// A value of the table of single facts.
    pub async fn meta_get(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT value FROM meta WHERE key = $1";
        on!(self, c => sqlx::query_scalar(sql).bind(key).fetch_optional(c)).map_err(doing("reading a setting"))
    }

    /// Adds a value to the table of single facts, unless there is one.
    async fn meta_add(&mut self, key: &str, value: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        execute!(self, sqlx::query(sql).bind(key).bind(value)).map_err(doing("writing a setting"))?;
        Ok(())
    }

    /// Sets a value of the table of single facts.
    pub async fn meta_set(&mut self, key: &str, value: &str) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        execute!(self, sqlx::query(sql).bind(key).bind(value)).map_err(doing("writing a setting"))?;
        Ok(())
    }
}

/// A stored word that must be one of an enumeration.
pub(crate) fn parse<T: std::str::FromStr<Err = String>>(
    table: &'static str,
    id: impl std::fmt::Display,
    text: &str,
) -> Result<T, StoreError> {
    text.parse().map_err(|what| StoreError::Corrupt { table, id: id.to_string(), what })
}

/// Rows for a set statement: one JSON array, which `json_each` takes apart.
pub(crate) fn set<T: serde::Serialize>(rows: &[T]) -> String {
    // Cannot fail for tuples of numbers and text.
    serde_json::to_string(rows).unwrap_or_else(|_| "[]".into())
}

/// Names for a set statement, in which each is `v.value ->> 0`.
pub(crate) fn set_of_names<S: AsRef<str>>(names: &[S]) -> String {
    set(&names.iter().map(|name| (name.as_ref(),)).collect::<Vec<_>>())
}

/// What other processes commit. Announcements only save the wait until the next look.
#[derive(Debug)]
pub struct News {
    store: Store,
    arrivals: Arrivals,
    seen: Option<i64>,
}

impl News {
    /// Waits for an announcement; for ever, if there can be none.
    pub async fn arrive(&mut self) {
        self.arrivals.next().await;
    }

    /// Has anybody who is no scheduler committed something since the last call? True the first time.
    pub async fn changed(&mut self) -> Result<bool, StoreError> {
        const ACTS: &str =
            "SELECT CAST(COALESCE(SUM(seq), 0) AS BIGINT) FROM audit_head WHERE chain NOT LIKE 'scheduler%'";
        let mut tx = self.store.read().await?;
        let acts: i64 = on!(tx, c => sqlx::query_scalar(ACTS).fetch_one(c)).map_err(doing("looking for changes"))?;
        Ok(self.seen.replace(acts) != Some(acts))
    }
}
