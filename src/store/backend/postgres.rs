//! A PostgreSQL server, and the connections to it.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sqlx::{
    ConnectOptions, Connection, Executor, PgConnection,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::schema;
use crate::store::error::{StoreError, doing, is_away};

/// How long a statement of a writing transaction may take on PostgreSQL. Whoever loses the network between two packets
/// would otherwise wait for ever.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(20);
/// The same for a report, which may read everything.
const REPORT_TIMEOUT: Duration = Duration::from_mins(30);
/// How long a connection to PostgreSQL may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The channel of LISTEN and NOTIFY.
const CHANNEL: &str = "cetak";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::store) enum Purpose {
    Read,
    Write,
}

/// A PostgreSQL server, and the connections to it. Not sqlx's pool: one that gets a connection back asks it a question
/// without a limit of time, and a cut network would use the pool up.
#[derive(Debug)]
pub(in crate::store) struct Server {
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
    pub(in crate::store) async fn open(url: &str, readers: usize) -> Result<Arc<Self>, StoreError> {
        let options: PgConnectOptions = url.parse().map_err(doing("reading the database's address"))?;
        let options =
            options.application_name("cetak").statement_cache_capacity(200).disable_statement_logging().options([
                // Whatever the server is set to: acknowledged means on disk.
                ("synchronous_commit", "on"),
                ("tcp_user_timeout", "10s"),
                ("tcp_keepalives_idle", "10"),
                ("client_min_messages", "error"),
                ("jit", "off"),
            ]);
        let server = Self { options, writers: Idle::new(1), readers: Idle::new(readers) };
        let mut connection = server.connect(Purpose::Write).await.map_err(doing("opening the database"))?;
        let (migrator, known) = schema::of_postgres();
        // A new version may rewrite tables, or wait for another process that does.
        let migrated = timeout(REPORT_TIMEOUT, migrator.run(&mut connection)).await;
        schema::migrated(migrated.unwrap_or_else(|_| Err(late().into())), known)?;
        server.writers.put(connection);
        Ok(Arc::new(server))
    }

    async fn connect(&self, purpose: Purpose) -> Result<PgConnection, sqlx::Error> {
        let options = self.options.clone();
        let options = match purpose {
            // Whoever writes finds its rows by key, whatever the planner believes of tables that grew a moment ago.
            Purpose::Write => options.options([
                // A node that stops or is cut off in the middle of a transaction must not hold the others up.
                ("idle_in_transaction_session_timeout", "3s"),
                ("enable_seqscan", "off"),
                ("enable_hashjoin", "off"),
                ("enable_mergejoin", "off"),
                ("join_collapse_limit", "1"),
                ("plan_cache_mode", "force_generic_plan"),
            ]),
            Purpose::Read => options,
        };
        bounded(CONNECT_TIMEOUT, options.connect()).await
    }

    pub(in crate::store) async fn begin(self: &Arc<Self>, purpose: Purpose) -> Result<PgTransaction, sqlx::Error> {
        let idle = self.idle(purpose);
        let permits = idle.permits.clone();
        let permit =
            bounded(STATEMENT_TIMEOUT, async { permits.acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed) })
                .await?;
        let begin = match purpose {
            // One writer at a time, as on SQLite: what a transaction has read stays true until it commits.
            Purpose::Write => {
                "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT pg_advisory_xact_lock(1667593323)"
            }
            Purpose::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        if let Some(mut connection) = idle.take() {
            match bounded(STATEMENT_TIMEOUT, connection.execute(begin)).await {
                Ok(_) => return Ok(self.lend(connection, permit, purpose)),
                // It did not live through the wait.
                Err(error) if is_away(&error) => {}
                Err(error) => return Err(error),
            }
            // Neither did the others.
            while idle.take().is_some() {}
        }
        let mut connection = self.connect(purpose).await?;
        bounded(STATEMENT_TIMEOUT, connection.execute(begin)).await?;
        Ok(self.lend(connection, permit, purpose))
    }

    fn lend(
        self: &Arc<Self>,
        connection: PgConnection,
        permit: OwnedSemaphorePermit,
        purpose: Purpose,
    ) -> PgTransaction {
        PgTransaction {
            connection: Some(connection),
            server: self.clone(),
            permit: Some(permit),
            purpose,
            patience: STATEMENT_TIMEOUT,
            failed: false,
        }
    }

    fn idle(&self, purpose: Purpose) -> &Idle {
        match purpose {
            Purpose::Read => &self.readers,
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

async fn bounded<T>(patience: Duration, call: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    timeout(patience, call).await.unwrap_or_else(|_| Err(late()))
}

fn late() -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "the database does not answer"))
}

/// A connection with an open transaction. Dropped, it is rolled back and given back.
#[derive(Debug)]
pub(in crate::store) struct PgTransaction {
    /// None when it has been given back.
    connection: Option<PgConnection>,
    server: Arc<Server>,
    permit: Option<OwnedSemaphorePermit>,
    purpose: Purpose,
    /// How long a statement may take.
    patience: Duration,
    /// A statement failed, and PostgreSQL would make a commit a silent rollback.
    failed: bool,
}

impl PgTransaction {
    /// Runs one statement, within a limit of time.
    pub(in crate::store) async fn run<T>(
        &mut self,
        call: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        let patience = self.patience;
        let Some(connection) = &mut self.connection else { return Err(sqlx::Error::PoolClosed) };
        let result = bounded(patience, call(connection)).await;
        self.failed |= result.is_err();
        if matches!(result, Err(sqlx::Error::Io(_))) {
            self.connection = None; // closed: the server rolls it back when it notices
        }
        result
    }

    /// From here on a statement may read everything there is.
    pub(in crate::store) fn without_timeout(&mut self) {
        self.patience = REPORT_TIMEOUT;
    }

    /// Runs something that may take as long as it needs, because a person waits for it.
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
            return; // closed, and rolled back by the server
        };
        let (server, permit, purpose) = (self.server.clone(), self.permit.take(), self.purpose);
        runtime.spawn(async move {
            if bounded(CONNECT_TIMEOUT, connection.execute("ROLLBACK")).await.is_ok() {
                server.idle(purpose).put(connection);
            }
            drop(permit);
        });
    }
}

/// Has anybody used the database?
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
