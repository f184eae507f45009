//! A PostgreSQL database and its connections.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sqlx::{
    ConnectOptions, Connection, Executor, PgConnection, Row,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::{schema, waiting::Waiting};
use crate::store::error::{StoreError, doing, is_away};

/// The timeout of a statement. Without it, a process that loses the network during a statement would wait forever.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(20);
/// The timeout of a statement that may read whole tables, and of migrations.
const REPORT_TIMEOUT: Duration = Duration::from_mins(30);
/// The timeout of connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The channel of LISTEN and NOTIFY.
const CHANNEL: &str = "cetak";

/// The key of the advisory lock of the one writer. It is less than 2^32, so that `pg_locks` shows it as `objid` alone.
macro_rules! write_lock {
    () => {
        "1667593323"
    };
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::store) enum Purpose {
    Read,
    /// To read with one statement, outside of a transaction.
    ReadOnce,
    Write,
}

/// A PostgreSQL database and its connections. This is not sqlx's pool, which pings a returned connection without a timeout,
/// so that a lost network would exhaust it.
#[derive(Debug)]
pub(in crate::store) struct Server {
    options: PgConnectOptions,
    writers: Idle,
    readers: Idle,
}

/// Idle connections, at most as many as there are permits.
#[derive(Debug)]
struct Idle {
    connections: Mutex<Vec<PgConnection>>,
    permits: Arc<Semaphore>,
    waiting: Waiting,
}

impl Idle {
    fn new(most: usize) -> Self {
        Self { connections: Mutex::default(), permits: Arc::new(Semaphore::new(most)), waiting: Waiting::default() }
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

const OPENING: &str = "opening the database";

impl Server {
    pub(in crate::store) async fn open(url: &str, readers: usize) -> Result<Arc<Self>, StoreError> {
        let options: PgConnectOptions = url.parse().map_err(doing("reading the database's address"))?;
        let options =
            options.application_name("cetak").statement_cache_capacity(200).disable_statement_logging().options([
                // A commit is acknowledged when it is on disk, whatever the default of the server.
                ("synchronous_commit", "on"),
                ("tcp_user_timeout", "10s"),
                ("tcp_keepalives_idle", "10"),
                ("client_min_messages", "error"),
                ("jit", "off"),
            ]);
        let server = Self { options, writers: Idle::new(1), readers: Idle::new(readers) };
        let mut connection = server.connect(Purpose::Write).await.map_err(doing(OPENING))?;
        let encoding: (String,) =
            bounded(CONNECT_TIMEOUT, sqlx::query_as("SHOW server_encoding").fetch_one(&mut connection))
                .await
                .map_err(doing(OPENING))?;
        if encoding.0 != "UTF8" {
            return Err(StoreError::Encoding { found: encoding.0 });
        }
        let (migrator, known) = schema::of_postgres();
        // A migration may rewrite tables, or wait for another process that is migrating.
        let migrated = timeout(REPORT_TIMEOUT, migrator.run(&mut connection)).await;
        schema::migrated(migrated.unwrap_or_else(|_| Err(timed_out().into())), known)?;
        server.writers.put(connection);
        Ok(Arc::new(server))
    }

    async fn connect(&self, purpose: Purpose) -> Result<PgConnection, sqlx::Error> {
        let options = self.options.clone();
        let options = match purpose {
            // Writers find their rows by key. The planner's statistics may be older than an import that has just grown a table.
            Purpose::Write => options.options([
                // A node that hangs or loses its network within a transaction must not block the others.
                ("idle_in_transaction_session_timeout", "3s"),
                ("enable_seqscan", "off"),
                ("enable_hashjoin", "off"),
                ("enable_mergejoin", "off"),
                ("join_collapse_limit", "1"),
                ("plan_cache_mode", "force_generic_plan"),
            ]),
            Purpose::Read | Purpose::ReadOnce => options,
        };
        bounded(CONNECT_TIMEOUT, options.connect()).await
    }

    pub(in crate::store) async fn begin(self: &Arc<Self>, purpose: Purpose) -> Result<PgTransaction, sqlx::Error> {
        let idle = self.idle(purpose);
        let permits = idle.permits.clone();
        let waits = idle.waiting.begin();
        let permit =
            bounded(STATEMENT_TIMEOUT, async { permits.acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed) })
                .await?;
        drop(waits);
        let begin = match purpose {
            // One writer at a time, as on SQLite: what a transaction has read stays true until it commits.
            Purpose::Write => {
                concat!(
                    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT pg_advisory_xact_lock(",
                    write_lock!(),
                    "); SELECT name, epoch FROM node"
                )
            }
            Purpose::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Purpose::ReadOnce => {
                // Not tried before: if it was lost while it was idle, the statement fails, and the caller reads again.
                let connection = match idle.take() {
                    Some(connection) => connection,
                    None => self.connect(purpose).await?,
                };
                return Ok(self.transaction(connection, permit, purpose, Vec::new()));
            }
        };
        if let Some(mut connection) = idle.take() {
            match bounded(STATEMENT_TIMEOUT, begun(&mut connection, begin)).await {
                Ok(nodes) => return Ok(self.transaction(connection, permit, purpose, nodes)),
                // The connection was lost while it was idle.
                Err(error) if is_away(&error) => {}
                Err(error) => return Err(error),
            }
            // The other idle connections are older, and probably lost too.
            while idle.take().is_some() {}
        }
        let mut connection = self.connect(purpose).await?;
        let nodes = bounded(STATEMENT_TIMEOUT, begun(&mut connection, begin)).await?;
        Ok(self.transaction(connection, permit, purpose, nodes))
    }

    fn transaction(
        self: &Arc<Self>,
        connection: PgConnection,
        permit: OwnedSemaphorePermit,
        purpose: Purpose,
        nodes: Vec<(String, i64)>,
    ) -> PgTransaction {
        PgTransaction {
            connection: Some(connection),
            server: self.clone(),
            permit: Some(permit),
            purpose,
            nodes,
            timeout: STATEMENT_TIMEOUT,
            failed: false,
        }
    }

    fn idle(&self, purpose: Purpose) -> &Idle {
        match purpose {
            Purpose::Read | Purpose::ReadOnce => &self.readers,
            Purpose::Write => &self.writers,
        }
    }

    pub(in crate::store) async fn listen(&self) -> Result<PgListener, sqlx::Error> {
        let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(CONNECT_TIMEOUT);
        let pool = pool.connect_lazy_with(self.options.clone());
        bounded(CONNECT_TIMEOUT, async {
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.listen(CHANNEL).await?;
            Ok(listener)
        })
        .await
    }

    pub(in crate::store) async fn close(&self) {
        for idle in [&self.writers, &self.readers] {
            idle.permits.close();
            while let Some(connection) = idle.take() {
                let _ = bounded(CONNECT_TIMEOUT, connection.close()).await; // it is not used again
            }
        }
    }
}

/// Begins a transaction. Returns the nodes with their epochs, if it writes.
async fn begun(connection: &mut PgConnection, begin: &'static str) -> Result<Vec<(String, i64)>, sqlx::Error> {
    let rows = connection.fetch_all(begin).await?;
    let nodes = rows.iter().filter(|row| row.len() == 2); // the lock has one column
    nodes.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

async fn bounded<T>(limit: Duration, call: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    timeout(limit, call).await.unwrap_or_else(|_| Err(timed_out()))
}

fn timed_out() -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "the database does not answer"))
}

/// A connection with an open transaction. When dropped, the transaction is rolled back and the connection becomes idle.
#[derive(Debug)]
pub(in crate::store) struct PgTransaction {
    /// `None` after the commit, or after the connection was lost.
    connection: Option<PgConnection>,
    server: Arc<Server>,
    permit: Option<OwnedSemaphorePermit>,
    purpose: Purpose,
    /// The nodes with their epochs when the transaction began to write; they stay the same until it ends.
    nodes: Vec<(String, i64)>,
    /// The timeout of a statement.
    timeout: Duration,
    /// Whether a statement has failed. PostgreSQL would then roll back on COMMIT without an error.
    failed: bool,
}

impl PgTransaction {
    /// Runs a statement with the timeout. After a lost connection or a timeout, the connection is closed.
    pub(in crate::store) async fn run<T>(
        &mut self,
        call: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        let limit = self.timeout;
        let Some(connection) = &mut self.connection else { return Err(sqlx::Error::PoolClosed) };
        let has_failed = std::mem::replace(&mut self.failed, true); // also if this future is dropped
        let result = bounded(limit, call(connection)).await;
        self.failed = has_failed || result.is_err();
        if matches!(result, Err(sqlx::Error::Io(_))) {
            self.connection = None; // closed: the server rolls the transaction back
        }
        if self.purpose == Purpose::ReadOnce && result.as_ref().is_err_and(is_away) {
            // The other idle connections are older, and probably lost too.
            while self.server.idle(self.purpose).take().is_some() {}
        }
        result
    }

    /// Whether the node existed under that epoch when the transaction began to write.
    pub(in crate::store) fn has_node(&self, name: &str, epoch: i64) -> bool {
        self.nodes.iter().any(|node| node.0 == name && node.1 == epoch)
    }

    /// Whether a task of this process, or a session of the server, waits until this transaction ends.
    pub(super) async fn is_waited_for(&mut self) -> Result<bool, sqlx::Error> {
        const WAITS: &str = concat!(
            "SELECT EXISTS (
                SELECT 1 FROM pg_locks
                WHERE locktype = 'advisory' AND NOT granted AND classid = 0 AND objsubid = 1 AND objid = ",
            write_lock!(),
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
        );
        if self.server.idle(self.purpose).waiting.is_any() {
            return Ok(true);
        }
        Box::pin(self.run(async |connection| sqlx::query_scalar(WAITS).fetch_one(connection).await)).await
    }

    /// Raises the timeout to [`REPORT_TIMEOUT`], for statements that read whole tables.
    pub(in crate::store) fn without_timeout(&mut self) {
        self.timeout = REPORT_TIMEOUT;
    }

    /// Runs statements without a timeout, for copying whole tables.
    pub(in crate::store) async fn unbounded<T>(
        &mut self,
        call: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        let Some(connection) = &mut self.connection else { return Err(sqlx::Error::PoolClosed) };
        let result = call(connection).await;
        self.failed |= result.is_err();
        result
    }

    pub(in crate::store) async fn commit(mut self, announces: bool) -> Result<(), StoreError> {
        if self.failed {
            return Err(doing("committing")(sqlx::Error::Protocol("a statement of the transaction failed".into())));
        }
        let Some(mut connection) = self.connection.take() else {
            return Err(doing("committing")(sqlx::Error::PoolClosed));
        };
        let commit = if announces { "NOTIFY cetak; COMMIT" } else { "COMMIT" };
        match bounded(STATEMENT_TIMEOUT, connection.execute(commit)).await {
            Ok(_) => {
                self.server.idle(self.purpose).put(connection);
                Ok(())
            }
            Err(source @ sqlx::Error::Database(_)) if !is_away(&source) => Err(doing("committing")(source)),
            Err(source) => Err(StoreError::InDoubt { source }),
        }
    }
}

impl Drop for PgTransaction {
    fn drop(&mut self) {
        let (Some(mut connection), Ok(runtime)) = (self.connection.take(), tokio::runtime::Handle::try_current())
        else {
            return; // the server rolls the transaction back
        };
        if self.purpose == Purpose::ReadOnce {
            if !self.failed {
                self.server.idle(self.purpose).put(connection);
            }
            return; // otherwise it is closed
        }
        let (server, permit, purpose) = (self.server.clone(), self.permit.take(), self.purpose);
        runtime.spawn(async move {
            if bounded(CONNECT_TIMEOUT, connection.execute("ROLLBACK")).await.is_ok() {
                server.idle(purpose).put(connection);
            }
            drop(permit);
        });
    }
}

/// Whether the database has been used before.
pub(in crate::store) async fn has_data(url: &str) -> Result<bool, StoreError> {
    const TABLES: &str = "SELECT to_regclass('meta') IS NOT NULL";
    const KEYS: &str = "SELECT EXISTS (SELECT 1 FROM meta)";
    let failed = "opening the database";
    let options: PgConnectOptions = url.parse().map_err(doing("reading the database's address"))?;
    let mut connection = bounded(CONNECT_TIMEOUT, options.connect()).await.map_err(doing(failed))?;
    let has_tables: bool = bounded(STATEMENT_TIMEOUT, sqlx::query_scalar(TABLES).fetch_one(&mut connection))
        .await
        .map_err(doing(failed))?;
    let keys = sqlx::query_scalar(KEYS).fetch_one(&mut connection);
    Ok(has_tables && bounded(STATEMENT_TIMEOUT, keys).await.map_err(doing(failed))?)
}
