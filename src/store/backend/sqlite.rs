//! A SQLite file and its connections.

use std::{
    fs::{File, Metadata, TryLockError},
    future::{Pending, pending},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::TryStreamExt;
use sqlx::{
    ConnectOptions, Either, Executor, Sqlite, SqliteConnection, SqlitePool,
    pool::PoolConnection,
    query::Query,
    sqlite::{
        SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
    },
};
use tokio::{
    runtime::Handle,
    time::{Timeout, timeout},
};

use super::{lock_holder::lock_holder, schema, waiting::Waiting};
use crate::store::{
    error::{StoreError, doing},
    outage::Outage,
};

/// How long a process waits for another one's write transaction to end, in all.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);
/// The interval between tries. Short, because a busy scheduler leaves only short gaps between its transactions.
const WRITE_RETRY: Duration = Duration::from_millis(1);
/// The tries of another process for which this one waits. One that is suspended does not try.
const TRIES_OF_OTHERS: u32 = 5;
/// A process that tried less often until the timeout was suspended meanwhile, and waits once more.
const TRIES_MIN: u32 = 200;

/// The page cache of a connection, in KiB (negative, as SQLite wants it): of one that reads, which relies on the page cache of the
/// operating system, and of the one that writes, to random pages during an import or with many printers.
const READER_CACHE: &str = "-4096";
const WRITER_CACHE: &str = "-65536";

/// An open SQLite file: one connection that writes, and a pool of connections that read.
///
/// If SQLite may not open a file for writing, it opens it for reading only. `BEGIN IMMEDIATE` succeeds on such
/// a connection, every write fails with `SQLITE_READONLY`, and it never writes again. After that error the connection is
/// closed.
#[derive(Clone, Debug)]
pub(in crate::store) struct SqliteFile {
    pub(in crate::store) write: SqlitePool,
    pub(in crate::store) read: SqlitePool,
    pub(in crate::store) path: PathBuf,
    /// The file that is open, which the path must still name when a transaction writes.
    pub(in crate::store) identity: Option<FileIdentity>,
    pub(in crate::store) writer: Arc<WriterState>,
}

/// What is known of the connection that writes.
#[derive(Default, Debug)]
pub(in crate::store) struct WriterState {
    /// Whether it has answered `SQLITE_READONLY`.
    is_read_only: AtomicBool,
    waiting: Waiting,
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
    opened.iter().any(|path| ["", "-wal", "-shm"].into_iter().any(|suffix| identity(&beside(path, suffix)) == file))
}

impl SqliteFile {
    /// Opens the file, creates it if it does not exist, and migrates its schema. At most `readers` connections read.
    pub(super) async fn open(path: PathBuf, readers: usize) -> Result<Self, StoreError> {
        let file = path.clone();
        let connected = Self::connected(path, readers).await;
        connected.map_err(|error| {
            let StoreError::Unavailable { doing, outage: Outage::Locked { holder: None }, source } = error else {
                return error;
            };
            // A process that closes the file as the last one locks it, too.
            let holder = lock_holder(&shared_memory(&file)).or_else(|| lock_holder(&file));
            StoreError::Unavailable { doing, outage: Outage::Locked { holder }, source }
        })
    }

    async fn connected(path: PathBuf, readers: usize) -> Result<Self, StoreError> {
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
        Ok(Self { write, read, path, identity, writer: Arc::default() })
    }

    /// Begins a transaction that writes.
    pub(super) async fn begin_write(&self) -> Result<SqliteTransaction, StoreError> {
        let mut transaction = self.write_later().await?;
        let begun = run_text!(transaction, (connection, _begins) => sqlx::query("BEGIN IMMEDIATE").execute(connection));
        begun.map(|_| transaction).map_err(doing(BEGINNING))
    }

    /// A transaction that the text of its first statements begins, see [`run_text`].
    ///
    /// A file that was deleted or replaced while it was open is refused: what is written to it would be lost, and the file that
    /// has its name now may know less of the printed cards.
    pub(super) async fn write_later(&self) -> Result<SqliteTransaction, StoreError> {
        if identity(&self.path) != self.identity {
            return Err(StoreError::Unavailable { doing: BEGINNING, outage: Outage::FileMoved, source: None });
        }
        let waits = self.writer.waiting.begin();
        let mut connection = acquired(&self.write).await.map_err(doing(BEGINNING))?;
        if self.writer.is_read_only.swap(false, Ordering::AcqRel) {
            let _ = connection.close().await; // it is thrown away
            connection = acquired(&self.write).await.map_err(doing(BEGINNING))?;
        }
        drop(waits);
        Ok(self.transaction(connection, Stage::Waiting))
    }

    /// Waits a few milliseconds while another process waits to write, so that it begins before this process writes again.
    pub(super) async fn others_first(&self) {
        for _ in 0..TRIES_OF_OTHERS {
            if !is_waited_for(&self.path) {
                return;
            }
            #[expect(
                clippy::disallowed_methods,
                reason = "waits for another process, which the injected clock does not control"
            )]
            tokio::time::sleep(WRITE_RETRY).await;
        }
    }

    /// Begins a transaction that reads, on a snapshot.
    pub(super) async fn begin_read(&self) -> Result<SqliteTransaction, StoreError> {
        let failed = || doing("beginning to read");
        // Rolled back if this future is dropped.
        let mut transaction = self.transaction(acquired(&self.read).await.map_err(failed())?, Stage::Open);
        let begun = sqlx::query("BEGIN").execute(transaction.open().map_err(failed())?).await;
        begun.map(|_| transaction).map_err(failed())
    }

    /// A connection for one statement that reads, on a snapshot of its own.
    pub(super) async fn read_once(&self) -> Result<SqliteTransaction, StoreError> {
        let connection = acquired(&self.read).await.map_err(doing("beginning to read"))?;
        Ok(self.transaction(connection, Stage::Single))
    }

    fn transaction(&self, connection: PoolConnection<Sqlite>, stage: Stage) -> SqliteTransaction {
        SqliteTransaction {
            connection: Some(connection),
            stage,
            failed: false,
            path: self.path.clone(),
            writer: (stage == Stage::Waiting).then(|| self.writer.clone()),
        }
    }

    pub(super) async fn checkpoint(&self) -> Result<(), StoreError> {
        let mut connection = acquired(&self.write).await.map_err(doing("copying the journal"))?;
        let done = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").await;
        done.map(drop).map_err(doing("copying the journal"))
    }

    /// The connection that writes is closed last, because one that only reads cannot remove the journal.
    pub(super) async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

const BEGINNING: &str = "beginning to write";

/// How long a process waits for one of its own connections.
const CONNECTION_TIMEOUT: Duration = Duration::from_mins(2);

fn pool(connections: u32) -> SqlitePoolOptions {
    let options = SqlitePoolOptions::new().max_connections(connections).acquire_timeout(CONNECTION_TIMEOUT);
    options.test_before_acquire(false)
}

async fn acquired(pool: &SqlitePool) -> Result<PoolConnection<Sqlite>, sqlx::Error> {
    match pool.acquire().await {
        // The process may have been suspended while it waited for one of its own connections.
        Err(sqlx::Error::PoolTimedOut) => pool.acquire().await,
        acquired => acquired,
    }
}

/// The file beside the database with the locks of its write-ahead log.
pub(in crate::store) fn shared_memory(database: &Path) -> PathBuf {
    beside(database, "-shm")
}

/// A file of SQLite's beside the database.
fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
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

/// The write-ahead log, of which a process that waits to write has a shared lock (`flock`), so that the process that writes can
/// know. SQLite itself locks other files, and in another way. `None` if the file cannot be opened.
fn log(database: &Path) -> Option<File> {
    File::open(beside(database, "-wal")).ok()
}

/// Whether another process waits to write.
fn is_waited_for(database: &Path) -> bool {
    // The lock ends with the file that is closed here.
    log(database).is_some_and(|log| matches!(log.try_lock(), Err(TryLockError::WouldBlock)))
}

/// The tries to begin a transaction.
#[derive(Default, Debug)]
pub(in crate::store) struct Tries {
    /// The log with a lock, from the second try.
    waits: Option<File>,
    number: u32,
    /// Ends after [`WRITE_TIMEOUT`] from the first try that found the file locked.
    patience: Option<Pin<Box<Timeout<Pending<()>>>>>,
    /// Whether the process was suspended during the first tries.
    is_again: bool,
}

/// Runs a text on SQLite, with `BEGIN IMMEDIATE` before it if the transaction waits for that, and again while another process
/// writes. Not a function, because no bound says that the future of such a closure is `Send`.
macro_rules! run_text {
    ($transaction:expr, ($connection:ident, $begins:ident) => $call:expr) => {{
        let mut tries = $crate::store::backend::sqlite::Tries::default();
        loop {
            let (done, begins) = match $transaction.next() {
                Ok(($connection, $begins)) => ($call.await, $begins),
                Err(error) => (Err(error), false),
            };
            if !$transaction.is_locked(begins, &done, &mut tries).await? {
                break done;
            }
        }
    }};
}
pub(in crate::store) use run_text;

/// How far a transaction is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// Not begun: the first text begins it.
    Waiting,
    /// Begun, and neither committed nor rolled back.
    Open,
    /// Not a transaction: each statement is one of its own.
    Single,
    /// Committed.
    Ended,
}

/// A transaction. It is rolled back when dropped.
///
/// sqlx sends each call to the thread of the connection and waits, which costs more than most statements. So `BEGIN` and
/// `COMMIT` can stand in one text with other statements.
#[derive(Debug)]
pub(in crate::store) struct SqliteTransaction {
    /// `None` only while it is dropped.
    connection: Option<PoolConnection<Sqlite>>,
    stage: Stage,
    /// Whether a statement has failed. SQLite may have rolled the transaction back then, and would execute each further
    /// statement in a transaction of its own.
    failed: bool,
    path: PathBuf,
    /// As in [`SqliteFile`]; `None` for a connection that reads.
    writer: Option<Arc<WriterState>>,
}

impl SqliteTransaction {
    /// The connection, while the transaction is open and no statement has failed.
    pub(in crate::store) fn open(&mut self) -> Result<&mut SqliteConnection, sqlx::Error> {
        match &mut self.connection {
            Some(connection) if !self.failed && matches!(self.stage, Stage::Open | Stage::Single) => Ok(connection),
            _ => Err(rolled_back()),
        }
    }

    /// The connection, and whether the next text must have `BEGIN IMMEDIATE` before it, because it begins the transaction.
    pub(in crate::store) fn next(&mut self) -> Result<(&mut SqliteConnection, bool), sqlx::Error> {
        let begins = self.stage == Stage::Waiting;
        if begins {
            self.stage = Stage::Open; // also if the text is not run to its end
        }
        self.open().map(|connection| (connection, begins))
    }

    /// Notes the result of a text that may begin the transaction. Returns whether it must be run again, because another process
    /// writes: after [`WRITE_RETRY`], and for at most [`WRITE_TIMEOUT`]; the error then names that process.
    pub(in crate::store) async fn is_locked<T>(
        &mut self,
        begins: bool,
        begun: &Result<T, sqlx::Error>,
        tries: &mut Tries,
    ) -> Result<bool, StoreError> {
        if !(begins && begun.as_ref().is_err_and(is_busy)) {
            self.note(begun);
            return Ok(false);
        }
        self.stage = Stage::Waiting;
        tries.number += 1;
        if tries.waits.is_none() {
            tries.waits = log(&self.path).filter(|log| log.try_lock_shared().is_ok());
        }
        let patience = tries.patience.get_or_insert_with(|| Box::pin(timeout(WRITE_TIMEOUT, pending())));
        #[expect(
            clippy::disallowed_methods,
            reason = "waits for another process, which the injected clock does not control"
        )]
        let again = tokio::time::sleep(WRITE_RETRY);
        let is_over = tokio::select! {
            biased;
            _ = patience.as_mut() => true,
            () = again => false,
        };
        if is_over && (tries.number >= TRIES_MIN || tries.is_again) {
            let outage = Outage::Locked { holder: lock_holder(&shared_memory(&self.path)) };
            return Err(StoreError::Unavailable { doing: BEGINNING, outage, source: None });
        }
        if is_over {
            *tries = Tries { is_again: true, waits: tries.waits.take(), ..Tries::default() };
        }
        Ok(true)
    }

    /// Notes the result of a statement.
    pub(in crate::store) fn note<T>(&mut self, result: &Result<T, sqlx::Error>) {
        self.failed |= result.is_err();
        if let Some(writer) = &self.writer
            && result.as_ref().is_err_and(is_read_only)
        {
            writer.is_read_only.store(true, Ordering::Release);
        }
    }

    /// Whether a task of this process or another process waits until this transaction ends.
    pub(super) fn is_waited_for(&self) -> bool {
        let here = self.writer.as_ref().is_some_and(|writer| writer.waiting.is_any());
        here || is_waited_for(&self.path)
    }

    /// Notes that a text ended with `COMMIT`.
    pub(in crate::store) fn committed(&mut self) {
        self.stage = Stage::Ended;
    }

    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        if !self.failed && matches!(self.stage, Stage::Waiting | Stage::Ended) {
            return Ok(());
        }
        let committed = match self.open() {
            Ok(connection) => sqlx::query("COMMIT").execute(connection).await,
            Err(error) => Err(error),
        };
        self.note(&committed);
        committed.map_err(doing("committing"))?;
        self.stage = Stage::Ended;
        Ok(())
    }
}

/// Runs a text of that many statements. Returns the number of rows that each has changed, and the rows that they return, each with
/// the number of its statement, from 0.
pub(in crate::store) async fn answers(
    query: Query<'_, Sqlite, SqliteArguments>,
    connection: &mut SqliteConnection,
    statements: usize,
) -> Result<(Vec<u64>, Vec<(usize, SqliteRow)>), sqlx::Error> {
    #[expect(deprecated, reason = "other databases take one statement at a time, and this text is SQLite's")]
    let mut stream = query.fetch_many(connection);
    let (mut numbers, mut rows) = (Vec::with_capacity(statements), Vec::new());
    while let Some(answer) = stream.try_next().await? {
        match answer {
            Either::Left(done) => numbers.push(done.rows_affected()),
            Either::Right(row) => rows.push((numbers.len(), row)),
        }
    }
    // The answers end early if the thread of the connection ends.
    if numbers.len() == statements { Ok((numbers, rows)) } else { Err(sqlx::Error::WorkerCrashed) }
}

impl Drop for SqliteTransaction {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take().filter(|_| self.stage == Stage::Open) else { return };
        if let Ok(runtime) = Handle::try_current() {
            // The connection returns to its pool, or is closed, when this has ended.
            runtime.spawn(async move {
                let ended = sqlx::query("ROLLBACK").execute(&mut *connection).await;
                if ended.is_err_and(|error| !is_no_transaction(&error)) {
                    connection.close_on_drop();
                }
            });
        } else {
            drop(connection.detach()); // nothing can wait for the rollback: the connection is closed
        }
    }
}

/// Whether there was nothing to roll back: SQLite had rolled the transaction back by itself, as it does when the disk is full.
fn is_no_transaction(error: &sqlx::Error) -> bool {
    result_code(error) == Some(1)
}

/// The error of a statement after one that failed.
pub(in crate::store) fn rolled_back() -> sqlx::Error {
    sqlx::Error::Protocol("a statement of the transaction failed".into())
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
            let insert = "INSERT INTO meta (key, value) VALUES ('key', 'value')";
            let written = transaction.open().unwrap().execute(insert).await;
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
