//! A SQLite file, and its connections.

use std::{path::PathBuf, time::Duration};

use sqlx::{
    ConnectOptions, Sqlite, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{Backend, READERS, schema};
use crate::store::error::{StoreError, doing};

/// How long a command waits for its turn to write.
const WRITE_PATIENCE: Duration = Duration::from_secs(20);
/// How often it asks. Short, so that it finds the gap that a busy scheduler leaves.
const WRITE_RETRY: Duration = Duration::from_millis(1);

/// What a connection keeps of the file, in kB (negative for SQLite). An import writes all over its indexes; what a reader
/// does not keep, the system does.
const WRITER_CACHE: &str = "-65536";
const READER_CACHE: &str = "-4096";

pub(super) async fn open(file: PathBuf) -> Result<Backend, StoreError> {
    let failed = "opening the database";
    let options = SqliteConnectOptions::new()
        .filename(&file)
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
        .connect_with(options.clone().pragma("cache_size", WRITER_CACHE).busy_timeout(WRITE_PATIENCE))
        .await
        .map_err(doing(failed))?;
    let (migrator, known) = schema::of_sqlite();
    schema::migrated(migrator.run(&write).await, known)?;
    let reader = options.read_only(true).create_if_missing(false).pragma("cache_size", READER_CACHE);
    let read = SqlitePoolOptions::new()
        .max_connections(u32::try_from(READERS).unwrap_or(1))
        .test_before_acquire(false)
        .connect_lazy_with(reader.busy_timeout(WRITE_PATIENCE));
    // From here on the program waits itself: it asks often enough to find the gap that a busy scheduler leaves.
    sqlx::query("PRAGMA busy_timeout = 0").execute(&write).await.map_err(doing(failed))?;
    Ok(Backend::Sqlite { write, read, file })
}

pub(super) async fn begin_immediate(pool: &SqlitePool) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
    let mut waited = Duration::ZERO;
    loop {
        match pool.begin_with("BEGIN IMMEDIATE").await {
            Err(error) if is_busy(&error) && waited < WRITE_PATIENCE => {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "waits for another process, which no clock of ours moves"
                )]
                tokio::time::sleep(WRITE_RETRY).await;
                waited += WRITE_RETRY;
            }
            begun => return begun,
        }
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    // SQLITE_BUSY, and SQLITE_BUSY_SNAPSHOT.
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| code == "5" || code == "517")
}
