//! A SQLite file and its connections.

use std::{path::PathBuf, time::Duration};

use sqlx::{
    ConnectOptions, Sqlite, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::schema;
use crate::store::error::{StoreError, doing};

/// How long a process waits for another one's write transaction to end.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);
/// The interval between tries. Short, because a busy scheduler leaves only short gaps between its transactions.
const WRITE_RETRY: Duration = Duration::from_millis(1);

/// The page cache of a connection, in KiB (negative, as SQLite wants it). An import writes to random pages of its indexes,
/// so the writer has a large cache; readers rely on the page cache of the operating system.
const WRITER_CACHE: &str = "-65536";
const READER_CACHE: &str = "-4096";

/// An open SQLite file: one connection that writes, and a pool of connections that read.
#[derive(Clone, Debug)]
pub(in crate::store) struct SqliteFile {
    pub(in crate::store) write: SqlitePool,
    pub(in crate::store) read: SqlitePool,
    pub(in crate::store) path: PathBuf,
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
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.clone().pragma("cache_size", WRITER_CACHE).busy_timeout(WRITE_TIMEOUT))
            .await
            .map_err(doing(failed))?;
        let (migrator, known) = schema::of_sqlite();
        schema::migrated(migrator.run(&write).await, known)?;
        let reader = options.read_only(true).create_if_missing(false).pragma("cache_size", READER_CACHE);
        let read = SqlitePoolOptions::new()
            .max_connections(u32::try_from(readers).unwrap_or(1))
            .test_before_acquire(false)
            .connect_lazy_with(reader.busy_timeout(WRITE_TIMEOUT));
        // From here on `begin_write` retries by itself: SQLite's own waits grow too long to hit a busy scheduler's gaps.
        sqlx::query("PRAGMA busy_timeout = 0").execute(&write).await.map_err(doing(failed))?;
        Ok(Self { write, read, path })
    }

    /// Begins a transaction that writes. Retries every [`WRITE_RETRY`] while another process writes, for at most
    /// [`WRITE_TIMEOUT`]; then returns the database's `SQLITE_BUSY`.
    pub(super) async fn begin_write(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        let mut waited = Duration::ZERO;
        loop {
            match self.write.begin_with("BEGIN IMMEDIATE").await {
                Err(error) if is_busy(&error) && waited < WRITE_TIMEOUT => {
                    #[expect(
                        clippy::disallowed_methods,
                        reason = "waits for another process, which the injected clock does not control"
                    )]
                    tokio::time::sleep(WRITE_RETRY).await;
                    waited += WRITE_RETRY;
                }
                begun => return begun,
            }
        }
    }

    pub(super) async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    // SQLITE_BUSY, and SQLITE_BUSY_SNAPSHOT.
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| code == "5" || code == "517")
}
