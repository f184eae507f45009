//! A SQLite file and its connections.

use std::{
    fs::Metadata,
    ops::{Deref, DerefMut},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::{
    ConnectOptions, Connection, Executor, Sqlite, SqliteConnection, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::time::timeout;

use super::{lock_holder::lock_holder, schema};
use crate::store::{
    error::{StoreError, doing},
    outage::Outage,
};

/// How long a process waits for another one's write transaction to end, in all.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);
/// The interval between tries. Short, because a busy scheduler leaves only short gaps between its transactions.
const WRITE_RETRY: Duration = Duration::from_millis(1);
/// A process that tried less often until the timeout was suspended meanwhile, and waits once more.
const TRIES_MIN: u32 = 200;

/// The page cache of a connection, in KiB (negative, as SQLite wants it). An import writes to random pages of its indexes,
/// so the writer has a large cache; readers rely on the page cache of the operating system.
const WRITER_CACHE: &str = "-65536";
const READER_CACHE: &str = "-4096";

/// An open SQLite file: one connection that writes, and a pool of connections that read.
///
/// SQLite rolls a transaction back by itself when the disk is full or fails; sqlx then takes the connection for one that is
/// still in a transaction. Such a connection is closed when it is acquired again, and another one is opened.
///
/// SQLite also opens a file for reading that it may not open for writing at that moment. `BEGIN IMMEDIATE` succeeds on such
/// a connection, every write fails with `SQLITE_READONLY`, and it never writes again. After that error the connection is
/// closed, too.
#[derive(Clone, Debug)]
pub(in crate::store) struct SqliteFile {
    pub(in crate::store) write: SqlitePool,
    pub(in crate::store) read: SqlitePool,
    pub(in crate::store) path: PathBuf,
    /// The file that is open, which the path must still name when a transaction writes.
    pub(in crate::store) identity: Option<FileIdentity>,
    /// Whether the writing connection has answered `SQLITE_READONLY`.
    pub(in crate::store) is_read_only: Arc<AtomicBool>,
}

/// A device and an inode.
pub(in crate::store) type FileIdentity = (u64, u64);

/// The file at a path; `None` if there is none.
pub(in crate::store) fn identity(path: &Path) -> Option<FileIdentity> {
    std::fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

/// The paths of the databases that this process has opened.
static OPENED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Whether a file is one of a database that this process has opened. It must not be opened by other means: SQLite's locks are
/// of the process, and closing any of its descriptors of the file releases them.
pub fn is_open_database(file: &Metadata) -> bool {
    let file = Some((file.dev(), file.ino()));
    let opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    let beside = |path: &Path, suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        identity(Path::new(&name)) == file
    };
    opened.iter().any(|path| ["", "-wal", "-shm"].into_iter().any(|suffix| beside(path, suffix)))
}

impl SqliteFile {
    /// Opens the file, creates it if it does not exist, and migrates its schema. At most `readers` connections read.
    pub(super) async fn open(path: PathBuf, readers: usize) -> Result<Self, StoreError> {
        let failed = "opening the database";
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .pragma("wal_autocheckpoint", "16384")
            .pragma("temp_store", "memory")
            .statement_cache_capacity(200)
            .disable_statement_logging();
        let writer = options.clone().pragma("cache_size", WRITER_CACHE).busy_timeout(WRITE_TIMEOUT);
        let write =
            pool(1).idle_timeout(None).max_lifetime(None).connect_with(writer.clone()).await.map_err(doing(failed))?;
        let (migrator, known) = schema::of_sqlite();
        schema::migrated(migrator.run(&write).await, known)?;
        // From here on `begin_write` retries by itself: SQLite's own waits grow too long to hit a busy scheduler's gaps.
        write.execute("PRAGMA busy_timeout = 0").await.map_err(doing(failed))?;
        // A connection that replaces this one must not create a second, empty database where the file was moved away.
        write.set_connect_options(writer.create_if_missing(false).busy_timeout(Duration::ZERO));
        let reader = options.read_only(true).create_if_missing(false).pragma("cache_size", READER_CACHE);
        let readers = u32::try_from(readers).unwrap_or(1);
        let read = pool(readers).connect_lazy_with(reader.busy_timeout(WRITE_TIMEOUT));
        let identity = identity(&path);
        let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        if !opened.contains(&path) {
            opened.push(path.clone());
        }
        drop(opened);
        Ok(Self { write, read, path, identity, is_read_only: Arc::default() })
    }

    /// Begins a transaction that writes. Retries every [`WRITE_RETRY`] while another process writes, for at most
    /// [`WRITE_TIMEOUT`]; the error then names that process.
    ///
    /// A file that was deleted or replaced while it was open is refused: what is written to it would be lost, and the file that
    /// has its name now may know less of the printed cards.
    pub(super) async fn begin_write(&self) -> Result<SqliteTransaction, StoreError> {
        if identity(&self.path) != self.identity {
            return Err(StoreError::Unavailable { doing: BEGINNING, outage: Outage::FileMoved, source: None });
        }
        if self.is_read_only.swap(false, Ordering::AcqRel)
            && let Ok(connection) = self.write.acquire().await
        {
            let _ = connection.close().await; // it is thrown away
        }
        let mut is_again = false;
        loop {
            let mut tries = 0_u32;
            let begun = timeout(WRITE_TIMEOUT, async {
                loop {
                    tries += 1;
                    match self.write.begin_with("BEGIN IMMEDIATE").await {
                        Err(error) if is_busy(&error) => {
                            #[expect(
                                clippy::disallowed_methods,
                                reason = "waits for another process, which the injected clock does not control"
                            )]
                            tokio::time::sleep(WRITE_RETRY).await;
                        }
                        result => return result,
                    }
                }
            });
            match begun.await {
                Ok(result) => {
                    let begun = result.map(|begun| self.transaction(begun));
                    return begun.map_err(doing(BEGINNING));
                }
                Err(_) if tries < TRIES_MIN && !is_again => is_again = true,
                Err(_) => {
                    return Err(StoreError::Unavailable {
                        doing: BEGINNING,
                        outage: Outage::Locked { holder: lock_holder(&shared_memory(&self.path)) },
                        source: None,
                    });
                }
            }
        }
    }

    /// Begins a transaction that reads, on a snapshot.
    pub(super) async fn begin_read(&self) -> Result<SqliteTransaction, StoreError> {
        let begun = match self.read.begin().await {
            // The process may have been suspended while it waited for one of its own connections.
            Err(sqlx::Error::PoolTimedOut) => self.read.begin().await,
            begun => begun,
        };
        begun.map(|begun| self.transaction(begun)).map_err(doing("beginning to read"))
    }

    fn transaction(&self, transaction: Transaction<'static, Sqlite>) -> SqliteTransaction {
        SqliteTransaction { transaction, failed: false, is_read_only: self.is_read_only.clone() }
    }

    pub(super) async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

const BEGINNING: &str = "beginning to write";

/// How long a process waits for one of its own connections.
const CONNECTION_TIMEOUT: Duration = Duration::from_mins(2);

/// The options of a pool that closes a connection whose last transaction did not end as sqlx expected.
fn pool(connections: u32) -> SqlitePoolOptions {
    let options = SqlitePoolOptions::new().max_connections(connections).acquire_timeout(CONNECTION_TIMEOUT);
    options.test_before_acquire(false).before_acquire(|connection, _| {
        let is_sound = !connection.is_in_transaction();
        Box::pin(async move { Ok(is_sound) })
    })
}

/// The file beside the database with the locks of its write-ahead log.
pub(in crate::store) fn shared_memory(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-shm");
    name.into()
}

/// `SQLITE_BUSY` and `SQLITE_BUSY_SNAPSHOT`.
fn is_busy(error: &sqlx::Error) -> bool {
    matches!(result_code(error), Some(5 | 517))
}

/// `SQLITE_READONLY`, whatever its extended code is.
fn is_read_only(error: &sqlx::Error) -> bool {
    result_code(error).is_some_and(|code| code & 0xff == 8)
}

/// SQLite's extended result code.
fn result_code(error: &sqlx::Error) -> Option<u32> {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code)?.parse().ok()
}

/// An open transaction. It is rolled back when dropped.
#[derive(Debug)]
pub(in crate::store) struct SqliteTransaction {
    transaction: Transaction<'static, Sqlite>,
    /// Whether a statement has failed. SQLite may have rolled the transaction back then, and would execute each further
    /// statement in a transaction of its own.
    pub(in crate::store) failed: bool,
    /// As in [`SqliteFile`].
    is_read_only: Arc<AtomicBool>,
}

impl SqliteTransaction {
    /// Notes the result of a statement.
    pub(in crate::store) fn note<T>(&mut self, result: &Result<T, sqlx::Error>) {
        if let Err(error) = result {
            self.failed = true;
            if is_read_only(error) {
                self.is_read_only.store(true, Ordering::Release);
            }
        }
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        let committed = if self.failed { Err(rolled_back()) } else { self.transaction.commit().await };
        committed.map_err(doing("committing"))
    }
}

/// The error of a statement after one that failed.
pub(in crate::store) fn rolled_back() -> sqlx::Error {
    sqlx::Error::Protocol("a statement of the transaction failed".into())
}

impl Deref for SqliteTransaction {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.transaction
    }
}

impl DerefMut for SqliteTransaction {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.transaction
    }
}

#[cfg(test)]
mod tests {
    use sqlx::Executor;

    use super::*;

    #[tokio::test]
    async fn a_connection_that_sqlite_opened_for_reading_only_is_replaced_when_the_file_can_be_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = SqliteFile::open(folder.path().join("cetak.db"), 1).await.unwrap();
        let options = file.write.connect_options();
        file.write.set_connect_options((*options).clone().read_only(true));
        file.write.acquire().await.unwrap().close().await.unwrap();
        let write = async || {
            let mut transaction = file.begin_write().await.map_err(|error| error.to_string())?;
            let written = transaction.execute("INSERT INTO meta (key, value) VALUES ('key', 'value')").await;
            transaction.note(&written);
            written.map(drop).map_err(|error| error.to_string())?;
            transaction.commit().await.map_err(|error| error.to_string())
        };
        let refused = write().await.unwrap_err();
        assert!(refused.contains("readonly"), "{refused}");
        file.write.set_connect_options((*options).clone());

        assert_eq!(write().await, Ok(()));
    }
}
