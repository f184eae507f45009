//! Where everything is kept: the only module that knows SQL.
//!
//! * A write goes through [`Tx`], one database transaction that begins `IMMEDIATE`; what it does is written down in the
//!   audit chain of its writer in the same transaction.
//! * A guard stands in the `WHERE` of the write, or in a read of the same transaction. A guard that matches no row is
//!   [`StoreError::Conflict`].
//! * Many rows go in one statement: what costs is the number of statements and commits, not of rows.
//! * Methods are named noun first.
//!
//! Deliberately absent: the clock (`now` is a parameter), decisions (`domain`), printers.

mod attempt;
mod audit;
mod batch;
pub mod keys;
mod photo;
mod printer;
mod record;
mod report;
mod save;
mod stock;
mod warrant;

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sqlx::{
    ConnectOptions, Sqlite, SqlitePool, Transaction,
    migrate::{Migration, MigrationType, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

pub use self::{
    attempt::{Acknowledgement, Begin, Begun, OpenAttempt},
    audit::{AuditRow, ChainFault, ChainHead},
    batch::{NewBatch, QueuedJob},
    photo::NewPhoto,
    printer::{Pause, PauseScope, Printer},
    record::{NewRecord, StoredBody, StoredRow},
    report::{AttemptLine, BatchLine, JobFilter, JobLine, RecordLine, StateCount, UncertainLine},
    stock::{BalanceLine, Lot, MovementLine},
    warrant::WarrantLine,
};
use crate::domain::{
    audit::{Actor, Event},
    time::Timestamp,
};
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

/// Names the operation in a database error.
pub(crate) fn doing(doing: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |source| {
        use sqlx::error::ErrorKind;
        let kind = source.as_database_error().map(|e| (e.kind(), e.message()));
        match kind {
            Some((ErrorKind::CheckViolation, message)) if message.contains("quantity") => StoreError::Short,
            Some((ErrorKind::UniqueViolation, message)) if message.contains("record.person_key") => {
                StoreError::SecondOpenRequest
            }
            _ => StoreError::Database { doing, source },
        }
    }
}

/// How long a command waits for its turn to write.
const WRITE_PATIENCE: Duration = Duration::from_secs(20);
/// How often it asks. Short, so that it finds the gap that a busy scheduler leaves.
const WRITE_RETRY: Duration = Duration::from_millis(1);

/// The database of one office.
#[derive(Clone, Debug)]
pub struct Store {
    write: SqlitePool,
    read: SqlitePool,
    keys: Keys,
    heads: Heads,
}

/// The newest row of each chain that this process writes, as it last saw it; the guard of the advance tells if another
/// process was faster.
type Heads = Arc<Mutex<HashMap<&'static str, (i64, Vec<u8>)>>>;

impl Store {
    /// Opens or makes the database file and brings its schema up to date.
    pub async fn open(file: &Path, keys: Keys) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .pragma("wal_autocheckpoint", "16384")
            .pragma("cache_size", "-65536")
            .pragma("temp_store", "memory")
            .statement_cache_capacity(200)
            .disable_statement_logging();
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.clone().busy_timeout(WRITE_PATIENCE))
            .await
            .map_err(doing("opening the database"))?;
        migrate(&write).await?;
        let read = SqlitePoolOptions::new()
            .max_connections(5)
            .test_before_acquire(false)
            .connect_lazy_with(options.read_only(true).create_if_missing(false).busy_timeout(WRITE_PATIENCE));
        let store = Self { write, read, keys, heads: Heads::default() };
        store.key_check().await?;
        // From here on `Store::write` waits itself: it asks often enough to find the gap that a busy scheduler leaves.
        let query = sqlx::query("PRAGMA busy_timeout = 0");
        query.execute(&store.write).await.map_err(doing("opening the database"))?;
        Ok(store)
    }

    /// Remembers which key the database was made with, and refuses any other.
    async fn key_check(&self) -> Result<(), StoreError> {
        let failed = "checking the key";
        let sql = "INSERT INTO meta (key, value) VALUES ('key_check', $1) ON CONFLICT DO NOTHING";
        let found: Option<String> = sqlx::query_scalar("SELECT value FROM meta WHERE key = 'key_check'")
            .fetch_optional(&self.read)
            .await
            .map_err(doing(failed))?;
        match found {
            Some(found) if found == self.keys.check_value() => Ok(()),
            Some(_) => Err(StoreError::OtherKey),
            None => {
                sqlx::query(sql).bind(self.keys.check_value()).execute(&self.write).await.map_err(doing(failed))?;
                Ok(())
            }
        }
    }

    /// The keys of this database.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Begins a transaction that writes. Waits for its turn.
    pub async fn write(&self, writer: &Writer, now: Timestamp) -> Result<Tx, StoreError> {
        let mut waited = Duration::ZERO;
        let inner = loop {
            match self.write.begin_with("BEGIN IMMEDIATE").await {
                Ok(inner) => break inner,
                Err(error) if is_busy(&error) && waited < WRITE_PATIENCE => {
                    #[expect(
                        clippy::disallowed_methods,
                        reason = "waits for another process, which no clock of ours moves"
                    )]
                    tokio::time::sleep(WRITE_RETRY).await;
                    waited += WRITE_RETRY;
                }
                Err(error) => return Err(doing("beginning to write")(error)),
            }
        };
        Ok(Tx {
            inner,
            now,
            writer: writer.clone(),
            keys: self.keys.clone(),
            heads: self.heads.clone(),
            new_head: None,
            events: Vec::new(),
        })
    }

    /// Begins a transaction that sees one state of the database and cannot write.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        let inner = self.read.begin().await.map_err(doing("beginning to read"))?;
        let nobody = Actor { name: String::new(), os_user: String::new(), host: String::new() };
        let writer = Writer { chain: "", actor: Arc::new(nobody) };
        Ok(Tx {
            inner,
            now: Timestamp(0),
            writer,
            keys: self.keys.clone(),
            heads: self.heads.clone(),
            new_head: None,
            events: Vec::new(),
        })
    }

    /// Watches for commits of others.
    pub async fn changes(&self) -> Result<Changes, StoreError> {
        let connection = self.read.acquire().await.map_err(doing("watching for changes"))?;
        Ok(Changes { connection, version: -1 })
    }

    /// Closes all connections, so that the files can be copied.
    pub async fn close(&self) {
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

/// Who writes, and into which audit chain.
#[derive(Clone, Debug)]
pub struct Writer {
    /// `cli` for commands; the node's name for a scheduler.
    pub chain: &'static str,
    /// Who acts.
    pub actor: Arc<Actor>,
}

/// One transaction. Dropped without [`commit`](Tx::commit), nothing of it is saved.
#[derive(Debug)]
pub struct Tx {
    inner: Transaction<'static, Sqlite>,
    now: Timestamp,
    writer: Writer,
    keys: Keys,
    heads: Heads,
    new_head: Option<(i64, Vec<u8>)>,
    events: Vec<Event>,
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

    /// Appends the audit rows and makes all of it durable.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        let events = std::mem::take(&mut self.events);
        self.audit_append(&events).await?;
        self.inner.commit().await.map_err(doing("committing"))?;
        if let Some(head) = self.new_head {
            self.heads.lock().unwrap_or_else(PoisonError::into_inner).insert(self.writer.chain, head);
        }
        Ok(())
    }

    /// A value of the table of single facts.
    pub async fn meta_get(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT value FROM meta WHERE key = $1";
        sqlx::query_scalar(sql).bind(key).fetch_optional(&mut *self.inner).await.map_err(doing("reading a setting"))
    }

    /// Sets a value of the table of single facts.
    pub async fn meta_set(&mut self, key: &str, value: &str) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        sqlx::query(sql).bind(key).bind(value).execute(&mut *self.inner).await.map_err(doing("writing a setting"))?;
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

async fn migrate(pool: &SqlitePool) -> Result<(), StoreError> {
    let scripts = [
        (1, "first", include_str!("../../migrations/sqlite/0001_first.sql")),
        (2, "evidence", include_str!("../../migrations/sqlite/0002_evidence.sql")),
    ];
    let known = scripts.iter().map(|(number, _, _)| *number).max().unwrap_or(0);
    let migrations = scripts.map(|(number, name, sql)| {
        Migration::new(number, name.into(), MigrationType::Simple, sqlx::SqlStr::from_static(sql), false)
    });
    match Migrator::with_migrations(migrations.into()).run(pool).await {
        Ok(()) => Ok(()),
        Err(sqlx::migrate::MigrateError::VersionMissing(found)) => Err(StoreError::Newer { found, known }),
        Err(error) => Err(doing("bringing the schema up to date")(error.into())),
    }
}

/// Tells whether another connection, of this or another process, has committed something.
#[derive(Debug)]
pub struct Changes {
    connection: sqlx::pool::PoolConnection<Sqlite>,
    version: i64,
}

impl Changes {
    /// Has anything been committed since the last call? True the first time.
    pub async fn changed(&mut self) -> Result<bool, StoreError> {
        let query = sqlx::query_scalar("PRAGMA data_version");
        let version: i64 = query.fetch_one(&mut *self.connection).await.map_err(doing("looking for changes"))?;
        Ok(std::mem::replace(&mut self.version, version) != version)
    }
}
