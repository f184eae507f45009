//! The two databases: the only file that names their types, but for what only SQLite has (`backup`). Everything else is one
//! text and one call for both, through [`on!`](on).

use std::{
    future::Future,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sqlx::{
    ConnectOptions, Connection, Executor, PgConnection, Sqlite, SqlitePool, Transaction,
    migrate::{Migration, MigrationType, Migrator},
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::{
    net::UnixDatagram,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::{StoreError, doing};

/// How long a command waits for its turn to write.
const WRITE_PATIENCE: Duration = Duration::from_secs(20);
/// How often it asks. Short, so that it finds the gap that a busy scheduler leaves.
const WRITE_RETRY: Duration = Duration::from_millis(1);
/// How long a statement of a writing transaction may take on PostgreSQL. Whoever loses the network between two packets
/// would otherwise wait for ever.
const STATEMENT_PATIENCE: Duration = Duration::from_secs(20);
/// The same for a report, which may read everything.
const REPORT_PATIENCE: Duration = Duration::from_mins(30);
/// How long a connection to PostgreSQL may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// Connections that read, of one process.
const READERS: usize = 5;
/// The channel of LISTEN and NOTIFY.
const CHANNEL: &str = "cetak";

/// Runs one call on whichever database a transaction belongs to. The call is compiled once for each, so that a type that
/// only one of them knows does not compile.
macro_rules! on {
    ($tx:expr, $connection:ident => $call:expr) => {
        match &mut $tx.inner {
            $crate::store::backend::Inner::Sqlite(transaction) => {
                let $connection = &mut **transaction;
                $call.await
            }
            $crate::store::backend::Inner::Postgres(lent) => lent.run(async |$connection| $call.await).await,
        }
    };
}
/// Executes a statement on whichever database a transaction belongs to, and gives the number of rows that it changed.
macro_rules! execute {
    ($tx:expr, $query:expr) => {
        $crate::store::backend::on!($tx, c => async { $query.execute(c).await.map(|done| done.rows_affected()) })
    };
}
pub(super) use {execute, on};

/// Where the database is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Location {
    /// A file of SQLite's.
    File(PathBuf),
    /// `postgres://user@host/database`. It may hold a password.
    Server(String),
}

#[derive(Clone, Debug)]
pub(super) enum Backend {
    Sqlite { write: SqlitePool, read: SqlitePool, file: PathBuf },
    Postgres(Arc<Server>),
}

/// An open transaction of one of them.
#[derive(Debug)]
pub(super) enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Lent),
}

impl Backend {
    pub(super) async fn open(location: &Location) -> Result<Self, StoreError> {
        match location {
            Location::File(file) => open_file(file.clone()).await,
            Location::Server(url) => Server::open(url).await.map(Self::Postgres),
        }
    }

    pub(super) async fn has_data(location: &Location) -> Result<bool, StoreError> {
        const TABLES: &str = "SELECT to_regclass('meta') IS NOT NULL";
        const KEYS: &str = "SELECT EXISTS (SELECT 1 FROM meta)";
        let failed = "opening the database";
        let url = match location {
            Location::File(file) => return Ok(file.exists()),
            Location::Server(url) => url,
        };
        let options: PgConnectOptions = url.parse().map_err(doing("reading the database's address"))?;
        let mut connection = bounded(CONNECT_PATIENCE, options.connect()).await.map_err(doing(failed))?;
        let has_tables: bool = sqlx::query_scalar(TABLES).fetch_one(&mut connection).await.map_err(doing(failed))?;
        Ok(has_tables && sqlx::query_scalar(KEYS).fetch_one(&mut connection).await.map_err(doing(failed))?)
    }

    /// Begins a transaction that writes. Waits for its turn: there is one at a time, on either database.
    pub(super) async fn write(&self) -> Result<Inner, StoreError> {
        match self {
            Self::Sqlite { write, .. } => begin_immediate(write).await.map(Inner::Sqlite),
            Self::Postgres(server) => server.begin(Purpose::Write).await.map(Inner::Postgres),
        }
        .map_err(doing("beginning to write"))
    }

    /// Begins a transaction that sees one state of the database and cannot write.
    pub(super) async fn read(&self) -> Result<Inner, StoreError> {
        match self {
            Self::Sqlite { read, .. } => read.begin().await.map(Inner::Sqlite),
            Self::Postgres(server) => server.begin(Purpose::Read).await.map(Inner::Postgres),
        }
        .map_err(doing("beginning to read"))
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite { write, read, .. } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres(server) => server.close().await,
        }
    }

    /// Tells whoever waits for [`Arrivals`] on a SQLite file; on PostgreSQL the commit itself does.
    pub(super) fn announce(&self) {
        if let Self::Sqlite { file, .. } = self
            && let Ok(socket) = std::os::unix::net::UnixDatagram::unbound()
        {
            // Nobody may be listening, or its queue may be full: then it looks soon anyway.
            let _ = socket.set_nonblocking(true).and_then(|()| socket.send_to(&[1], waker(file)).map(drop));
        }
    }

    /// Begins to hear announcements. Without the means for it (a path too long for a socket, say) it never hears any:
    /// they only save the wait until the next look.
    pub(super) async fn arrivals(&self) -> Arrivals {
        match self {
            Self::Sqlite { file, .. } => {
                let socket = waker(file);
                // Left by one that was killed. There is one scheduler on a file.
                let _ = std::fs::remove_file(&socket);
                UnixDatagram::bind(socket).map_or(Arrivals::Deaf, Arrivals::Socket)
            }
            Self::Postgres(server) => match server.listen().await {
                Ok(listener) => Arrivals::Channel(Box::new(listener)),
                Err(_) => Arrivals::Deaf,
            },
        }
    }
}

impl Inner {
    pub(super) async fn commit(self, announces: bool) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await.map_err(doing("committing")),
            Self::Postgres(lent) => lent.commit(announces).await,
        }
    }
}

/// Announcements of other processes.
#[derive(Debug)]
pub(super) enum Arrivals {
    Deaf,
    Socket(UnixDatagram),
    Channel(Box<PgListener>),
}

impl Arrivals {
    /// Waits for the next announcement; several may count as one.
    pub(super) async fn next(&mut self) {
        match self {
            Self::Deaf => std::future::pending().await,
            Self::Socket(socket) => {
                let mut byte = [0];
                if socket.recv(&mut byte).await.is_err() {
                    *self = Self::Deaf;
                    return;
                }
                while socket.try_recv(&mut byte).is_ok() {}
            }
            Self::Channel(listener) => {
                // It connects again by itself. What came in between is not told, so that counts as an announcement.
                if listener.try_recv().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        }
    }
}

fn waker(file: &std::path::Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push("-wake");
    name.into()
}

type Script = (i64, &'static str, &'static str);

macro_rules! scripts {
    ($folder:literal) => {
        [
            (1, "first", include_str!(concat!("../../migrations/", $folder, "/0001_first.sql"))),
            (2, "evidence", include_str!(concat!("../../migrations/", $folder, "/0002_evidence.sql"))),
            (3, "archive", include_str!(concat!("../../migrations/", $folder, "/0003_archive.sql"))),
            (5, "nodes", include_str!(concat!("../../migrations/", $folder, "/0005_nodes.sql"))),
        ]
    };
}

async fn open_file(file: PathBuf) -> Result<Backend, StoreError> {
    let failed = "opening the database";
    let options = SqliteConnectOptions::new()
        .filename(&file)
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
        .map_err(doing(failed))?;
    let (migrator, known) = migrator(&scripts!("sqlite"));
    migrated(migrator.run(&write).await, known)?;
    let read = SqlitePoolOptions::new()
        .max_connections(u32::try_from(READERS).unwrap_or(1))
        .test_before_acquire(false)
        .connect_lazy_with(options.read_only(true).create_if_missing(false).busy_timeout(WRITE_PATIENCE));
    // From here on the program waits itself: it asks often enough to find the gap that a busy scheduler leaves.
    sqlx::query("PRAGMA busy_timeout = 0").execute(&write).await.map_err(doing(failed))?;
    Ok(Backend::Sqlite { write, read, file })
}

async fn begin_immediate(pool: &SqlitePool) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
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

/// The way to the newest schema, and its number.
fn migrator(scripts: &[Script]) -> (Migrator, i64) {
    let migration = |(number, name, sql): &Script| {
        Migration::new(*number, (*name).into(), MigrationType::Simple, sqlx::SqlStr::from_static(sql), false)
    };
    let known = scripts.iter().map(|(number, _, _)| *number).max().unwrap_or(0);
    (Migrator::with_migrations(scripts.iter().map(migration).collect()), known)
}

fn migrated(result: Result<(), sqlx::migrate::MigrateError>, known: i64) -> Result<(), StoreError> {
    match result {
        Ok(()) => Ok(()),
        Err(sqlx::migrate::MigrateError::VersionMissing(found)) => Err(StoreError::Newer { found, known }),
        Err(error) => Err(doing("bringing the schema up to date")(error.into())),
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Purpose {
    Read,
    Write,
}

/// A PostgreSQL server, and the connections to it. Not sqlx's pool: one that gets a connection back asks it a question
/// without a limit of time, and a cut network would use the pool up.
#[derive(Debug)]
pub(super) struct Server {
    options: PgConnectOptions,
    writers: Idle,
    readers: Idle,
}

/// Connections without a transaction.
#[derive(Debug)]
struct Idle {
    connections: Mutex<Vec<PgConnection>>,
    permits: Arc<Semaphore>,
}

impl Idle {
    fn new(most: usize) -> Self {
        Self { connections: Mutex::default(), permits: Arc::new(Semaphore::new(most)) }
    }

    fn take(&self) -> Option<PgConnection> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn put(&self, connection: PgConnection) {
        if !self.permits.is_closed() {
            self.connections.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}

impl Server {
    async fn open(url: &str) -> Result<Arc<Self>, StoreError> {
        let options: PgConnectOptions = url.parse().map_err(doing("reading the database's address"))?;
        let options = options
            .application_name("cetak")
            .statement_cache_capacity(200)
            .disable_statement_logging()
            // A node that stops or is cut off in the middle of a transaction must not hold the others up.
            .options([
                ("idle_in_transaction_session_timeout", "5s"),
                ("tcp_user_timeout", "10s"),
                ("tcp_keepalives_idle", "10"),
                ("client_min_messages", "error"),
                ("jit", "off"),
            ]);
        let server = Self { options, writers: Idle::new(1), readers: Idle::new(READERS) };
        let mut connection = server.connect(Purpose::Write).await.map_err(doing("opening the database"))?;
        let (migrator, known) = migrator(&scripts!("postgres"));
        migrated(migrator.run(&mut connection).await, known)?;
        server.writers.put(connection);
        Ok(Arc::new(server))
    }

    async fn connect(&self, purpose: Purpose) -> Result<PgConnection, sqlx::Error> {
        let options = self.options.clone();
        let options = match purpose {
            // Whoever writes finds its rows by key, whatever the planner believes of tables that grew a moment ago.
            Purpose::Write => options.options([
                ("enable_seqscan", "off"),
                ("enable_hashjoin", "off"),
                ("enable_mergejoin", "off"),
                ("plan_cache_mode", "force_generic_plan"),
            ]),
            Purpose::Read => options,
        };
        bounded(CONNECT_PATIENCE, options.connect()).await
    }

    async fn begin(self: &Arc<Self>, purpose: Purpose) -> Result<Lent, sqlx::Error> {
        let idle = self.idle(purpose);
        let permits = idle.permits.clone();
        let permit =
            bounded(STATEMENT_PATIENCE, async { permits.acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed) })
                .await?;
        let begin = match purpose {
            // One writer at a time, as on SQLite: what a transaction has read stays true until it commits.
            Purpose::Write => "BEGIN; SELECT pg_advisory_xact_lock(1667593323)",
            Purpose::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        if let Some(mut connection) = idle.take() {
            match bounded(STATEMENT_PATIENCE, connection.execute(begin)).await {
                Ok(_) => return Ok(self.lend(connection, permit, purpose)),
                // It did not live through the wait.
                Err(error) if is_away(&error) => {}
                Err(error) => return Err(error),
            }
            // Neither did the others.
            while idle.take().is_some() {}
        }
        let mut connection = self.connect(purpose).await?;
        bounded(STATEMENT_PATIENCE, connection.execute(begin)).await?;
        Ok(self.lend(connection, permit, purpose))
    }

    fn lend(self: &Arc<Self>, connection: PgConnection, permit: OwnedSemaphorePermit, purpose: Purpose) -> Lent {
        Lent { connection: Some(connection), server: self.clone(), permit: Some(permit), purpose, failed: false }
    }

    fn idle(&self, purpose: Purpose) -> &Idle {
        match purpose {
            Purpose::Read => &self.readers,
            Purpose::Write => &self.writers,
        }
    }

    async fn listen(&self) -> Result<PgListener, sqlx::Error> {
        let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(CONNECT_PATIENCE);
        let mut listener = PgListener::connect_with(&pool.connect_lazy_with(self.options.clone())).await?;
        listener.listen(CHANNEL).await?;
        Ok(listener)
    }

    async fn close(&self) {
        for idle in [&self.writers, &self.readers] {
            idle.permits.close();
            while let Some(connection) = idle.take() {
                let _ = bounded(CONNECT_PATIENCE, connection.close()).await; // it is not used again
            }
        }
    }
}

/// The server cannot be reached, or ends this connection: shutdown, crash of another process, a timeout of the session.
pub(super) fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::PoolClosed | sqlx::Error::PoolTimedOut => true,
        _ => error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| {
            code.starts_with("57P") || code.starts_with("08") || code == "25P03" || code == "53300"
        }),
    }
}

async fn bounded<T>(patience: Duration, call: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    let late = || sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "the database does not answer"));
    timeout(patience, call).await.unwrap_or_else(|_| Err(late()))
}

/// A connection with an open transaction. Dropped, it is rolled back and given back.
#[derive(Debug)]
pub(super) struct Lent {
    /// None when it has been given back.
    connection: Option<PgConnection>,
    server: Arc<Server>,
    permit: Option<OwnedSemaphorePermit>,
    purpose: Purpose,
    /// A statement failed, and PostgreSQL would make a commit a silent rollback.
    failed: bool,
}

impl Lent {
    /// Runs one statement, within a limit of time.
    pub(super) async fn run<T>(
        &mut self,
        call: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        let patience = match self.purpose {
            Purpose::Read => REPORT_PATIENCE,
            Purpose::Write => STATEMENT_PATIENCE,
        };
        let Some(connection) = &mut self.connection else { return Err(sqlx::Error::PoolClosed) };
        let result = bounded(patience, call(connection)).await;
        self.failed |= result.is_err();
        if matches!(result, Err(sqlx::Error::Io(_))) {
            self.connection = None; // closed: the server rolls it back when it notices
        }
        result
    }

    /// Runs something that may take as long as it needs, because a person waits for it.
    pub(super) async fn unbounded<T>(
        &mut self,
        call: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        let Some(connection) = &mut self.connection else { return Err(sqlx::Error::PoolClosed) };
        let result = call(connection).await;
        self.failed |= result.is_err();
        result
    }

    async fn commit(mut self, announces: bool) -> Result<(), StoreError> {
        if self.failed {
            return Err(doing("committing")(sqlx::Error::Protocol("a statement of the transaction failed".into())));
        }
        let Some(mut connection) = self.connection.take() else {
            return Err(doing("committing")(sqlx::Error::PoolClosed));
        };
        let commit = if announces { "NOTIFY cetak; COMMIT" } else { "COMMIT" };
        match bounded(STATEMENT_PATIENCE, connection.execute(commit)).await {
            Ok(_) => {
                self.server.idle(self.purpose).put(connection);
                Ok(())
            }
            Err(source @ sqlx::Error::Database(_)) if !is_away(&source) => Err(doing("committing")(source)),
            Err(source) => Err(StoreError::InDoubt { source }),
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let (Some(mut connection), Ok(runtime)) = (self.connection.take(), tokio::runtime::Handle::try_current())
        else {
            return; // closed, and rolled back by the server
        };
        let (server, permit, purpose) = (self.server.clone(), self.permit.take(), self.purpose);
        runtime.spawn(async move {
            if bounded(CONNECT_PATIENCE, connection.execute("ROLLBACK")).await.is_ok() {
                server.idle(purpose).put(connection);
            }
            drop(permit);
        });
    }
}
