//! Opens the database and begins transactions.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tracing::{Span, trace_span};

use super::{
    backend::{
        Backend, Inner, Location, LockHolder, lock_holder,
        sqlite::{SqliteFile, identity, shared_memory},
    },
    error::StoreError,
    keys::Keys,
    tx::{Heads, Tx, Writer},
};
use crate::domain::time::Timestamp;

/// The key in `meta` of a file whose data were moved to PostgreSQL. Its value is that database, without a password.
pub(super) const MOVED_TO: &str = "moved_to";
/// The key in `meta` of a database that a file is being moved into, until that file is closed.
pub(super) const ARRIVING: &str = "arriving";

/// The key in `meta` of the check value of the master key, which the first process saves.
const KEY_CHECK: &str = "key_check";

/// The database of one office, or of a province.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) backend: Backend,
    pub(super) keys: Keys,
    pub(super) heads: Heads,
    reads: Arc<AtomicU64>,
}

impl Store {
    /// Whether the database has been used before, so that its key must exist. For a file: whether it exists.
    pub async fn has_data(location: &Location) -> Result<bool, StoreError> {
        Backend::has_data(location).await
    }

    /// Opens the database and migrates its schema. A SQLite file is created if it does not exist.
    ///
    /// # Errors
    ///
    /// [`StoreError::OtherKey`] for a key that is not the database's, [`StoreError::Newer`] for a schema of a newer version,
    /// [`StoreError::Moved`] for a file that was moved to PostgreSQL, [`StoreError::Arriving`] for the target of a move that
    /// has not been completed.
    pub async fn open(location: &Location, keys: Keys) -> Result<Self, StoreError> {
        Self::open_closed(location, keys).await?.refuse_moved().await
    }

    /// Like [`open`](Self::open), for a database that must have been used before.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open), and [`StoreError::Unused`].
    pub async fn open_used(location: &Location, keys: Keys) -> Result<Self, StoreError> {
        Self::open_closed_used(location, keys).await?.refuse_moved().await
    }

    async fn refuse_moved(self) -> Result<Self, StoreError> {
        let store = self;
        let mark = if store.is_shared() { ARRIVING } else { MOVED_TO };
        match store.read().await?.meta_get(mark).await? {
            None => Ok(store),
            Some(_) if store.is_shared() => Err(StoreError::Arriving),
            Some(to) => Err(StoreError::Moved { to }),
        }
    }

    /// Like [`open`](Self::open), but also opens a file that was moved and the target of an incomplete move, to complete
    /// that move.
    pub async fn open_closed(location: &Location, keys: Keys) -> Result<Self, StoreError> {
        let backend = Backend::open(location).await?;
        let store = Self::of(backend, keys);
        store.key_check().await?;
        Ok(store)
    }

    pub(super) fn of(backend: Backend, keys: Keys) -> Self {
        Self { backend, keys, heads: Heads::default(), reads: Arc::default() }
    }

    /// How many transactions this process has begun that only read.
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// Like [`open_closed`](Self::open_closed), for a database that must have been used before.
    pub async fn open_closed_used(location: &Location, keys: Keys) -> Result<Self, StoreError> {
        let backend = Backend::open(location).await?;
        let store = Self::of(backend, keys);
        if store.read().await?.meta_get(KEY_CHECK).await?.is_none() {
            return Err(StoreError::Unused);
        }
        store.key_check().await?;
        Ok(store)
    }

    /// Stores a check value of the key with the first call, and compares it with later ones.
    async fn key_check(&self) -> Result<(), StoreError> {
        let own = self.keys.check_value();
        let mut found = self.read().await?.meta_get(KEY_CHECK).await?;
        if found.is_none() {
            let mut tx = self.begin_write(&Writer::unnamed(), Timestamp(0)).await?;
            tx.meta_add(KEY_CHECK, &own).await?;
            found = tx.meta_get(KEY_CHECK).await?;
            tx.commit().await?;
        }
        if found == Some(own) { Ok(()) } else { Err(StoreError::OtherKey) }
    }

    /// The keys of this database.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Begins a write transaction. Waits until no other one is open, so that what it reads stays true until it commits.
    ///
    /// # Errors
    ///
    /// [`StoreError::Fenced`] if the writer is a node that has lost its lease.
    pub async fn write(&self, writer: &Writer, now: Timestamp) -> Result<Tx, StoreError> {
        let mut tx = self.begin_write(writer, now).await?;
        if let Some(fence) = &writer.fence {
            tx.fence_check(fence).await?;
        }
        Ok(tx)
    }

    /// Like [`write`](Self::write), for a transaction that begins with [`Tx::cards_step`] or [`Tx::plan_view`]: on SQLite, that
    /// call waits until no other one is open. Before it no other statement may run.
    pub async fn write_later(&self, writer: &Writer, now: Timestamp) -> Result<Tx, StoreError> {
        let span = trace_span!("transaction", writes = true);
        let mut tx = self.begin(span, self.backend.write_later().await?, writer.clone(), now);
        if let Some(fence) = &writer.fence {
            tx.fence_check(fence).await?;
        }
        Ok(tx)
    }

    /// Waits until other processes that wait to write have begun, for a few milliseconds at most.
    pub async fn others_first(&self) {
        self.backend.others_first().await;
    }

    /// Begins to read with one statement, which has a snapshot of its own.
    pub async fn read_once(&self) -> Result<Tx, StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let span = trace_span!("transaction", writes = false);
        Ok(self.begin(span, self.backend.read_once().await?, Writer::unnamed(), Timestamp(0)))
    }

    /// The process that has a write transaction open on a SQLite file, as far as the kernel tells.
    pub fn writing_process(file: &Path) -> Option<LockHolder> {
        lock_holder(&shared_memory(file))
    }

    /// Whether several schedulers may share the database; each then needs a lease. True for PostgreSQL.
    pub fn is_shared(&self) -> bool {
        matches!(self.backend, Backend::Postgres(_))
    }

    /// Whether the path of a SQLite file no longer names the file that is open, so that nothing can be written.
    pub fn is_file_moved(&self) -> bool {
        matches!(&self.backend, Backend::Sqlite(SqliteFile { path, identity: open, .. }) if identity(path) != *open)
    }

    /// Begins a read-only transaction on a snapshot of the database.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let span = trace_span!("transaction", writes = false);
        Ok(self.begin(span, self.backend.read().await?, Writer::unnamed(), Timestamp(0)))
    }

    async fn begin_write(&self, writer: &Writer, now: Timestamp) -> Result<Tx, StoreError> {
        let span = trace_span!("transaction", writes = true);
        Ok(self.begin(span, self.backend.write().await?, writer.clone(), now))
    }

    /// `span` lasts from the wait for a connection to the end of the transaction.
    fn begin(&self, span: Span, inner: Inner, writer: Writer, now: Timestamp) -> Tx {
        Tx::new(self.backend.clone(), self.keys.clone(), self.heads.clone(), inner, writer, now, span)
    }

    /// Copies what was committed from a SQLite file's journal into the file, as far as no reader needs the journal.
    pub async fn checkpoint(&self) -> Result<(), StoreError> {
        self.backend.checkpoint().await
    }

    /// Closes all connections, so that the files can be copied. The last process that closes a SQLite file copies all of its
    /// journal into it, and removes the journal.
    pub async fn close(&self) {
        self.backend.close().await;
    }
}
