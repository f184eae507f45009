//! SQLite and PostgreSQL behind one interface. Other files of the store use one SQL text and one call for both databases,
//! through [`on!`](on).

mod lock_holder;
pub(super) mod postgres;
mod schema;
pub(super) mod sqlite;
mod waiting;

use std::{path::PathBuf, sync::Arc};

use sqlx::postgres::PgListener;
use tokio::net::UnixDatagram;

use self::{
    postgres::{PgTransaction, Purpose, Server},
    sqlite::{SqliteFile, SqliteTransaction},
};
use super::error::{StoreError, doing};

/// The number of connections for reading, per process.
const READERS: usize = 5;

/// Runs a call on the database of a transaction. The call is compiled for both databases, so that it can only use types that
/// both support.
macro_rules! on {
    ($tx:expr, $connection:ident => $call:expr) => {
        match &mut $tx.inner {
            $crate::store::backend::Inner::Sqlite(transaction) => {
                let result = match transaction.open() {
                    Ok($connection) => $call.await,
                    Err(error) => Err(error),
                };
                transaction.note(&result);
                result
            }
            $crate::store::backend::Inner::Postgres(transaction) => {
                // Boxed: otherwise the futures of a thousand workers on SQLite would reserve memory for it.
                Box::pin(transaction.run(async |$connection| $call.await)).await
            }
        }
    };
}
/// Executes a statement on the database of a transaction and returns the number of rows that it changed.
macro_rules! execute {
    ($tx:expr, $query:expr) => {
        $crate::store::backend::on!($tx, c => async { $query.execute(c).await.map(|done| done.rows_affected()) })
    };
}
pub(super) use {execute, on};

pub use self::{
    lock_holder::{LockHolder, is_running, lock_holder},
    sqlite::is_open_database,
};

/// The location of the database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Location {
    /// A SQLite file.
    File(PathBuf),
    /// A PostgreSQL database, `postgres://USER@HOST/DATABASE`. The address may contain a password.
    Server(String),
}

/// An open database.
#[derive(Clone, Debug)]
pub(super) enum Backend {
    Sqlite(SqliteFile),
    Postgres(Arc<Server>),
}

/// An open transaction.
#[derive(Debug)]
pub(super) enum Inner {
    Sqlite(SqliteTransaction),
    Postgres(PgTransaction),
}

impl Backend {
    pub(super) async fn open(location: &Location) -> Result<Self, StoreError> {
        match location {
            Location::File(file) => SqliteFile::open(file.clone(), READERS).await.map(Self::Sqlite),
            Location::Server(url) => Server::open(url, READERS).await.map(Self::Postgres),
        }
    }

    pub(super) async fn has_data(location: &Location) -> Result<bool, StoreError> {
        match location {
            Location::File(file) => Ok(file.exists()),
            Location::Server(url) => postgres::has_data(url).await,
        }
    }

    /// Begins a write transaction. Waits until no other one is open.
    pub(super) async fn write(&self) -> Result<Inner, StoreError> {
        match self {
            Self::Sqlite(file) => file.begin_write().await.map(Inner::Sqlite),
            Self::Postgres(server) => {
                let begun = Box::pin(server.begin(Purpose::Write)).await;
                begun.map(Inner::Postgres).map_err(doing("beginning to write"))
            }
        }
    }

    /// Begins a read-only transaction on a snapshot.
    pub(super) async fn read(&self) -> Result<Inner, StoreError> {
        match self {
            Self::Sqlite(file) => file.begin_read().await.map(Inner::Sqlite),
            Self::Postgres(server) => {
                let begun = Box::pin(server.begin(Purpose::Read)).await;
                begun.map(Inner::Postgres).map_err(doing("beginning to read"))
            }
        }
    }

    /// Begins a write transaction. On SQLite, the text of its first statements begins it.
    pub(super) async fn write_later(&self) -> Result<Inner, StoreError> {
        match self {
            Self::Sqlite(file) => file.write_later().await.map(Inner::Sqlite),
            Self::Postgres(_) => self.write().await,
        }
    }

    /// Begins to read with one statement, which has a snapshot of its own.
    pub(super) async fn read_once(&self) -> Result<Inner, StoreError> {
        match self {
            Self::Sqlite(file) => file.read_once().await.map(Inner::Sqlite),
            Self::Postgres(server) => {
                let begun = Box::pin(server.begin(Purpose::ReadOnce)).await;
                begun.map(Inner::Postgres).map_err(doing("beginning to read"))
            }
        }
    }

    /// Waits until other processes that wait to write have begun, for a few milliseconds at most. PostgreSQL serves them in turn.
    pub(super) async fn others_first(&self) {
        if let Self::Sqlite(file) = self {
            file.others_first().await;
        }
    }

    pub(super) async fn checkpoint(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(file) => file.checkpoint().await,
            Self::Postgres(_) => Ok(()),
        }
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(file) => file.close().await,
            Self::Postgres(server) => server.close().await,
        }
    }

    /// Notifies the [`Notifications`] of a SQLite file. On PostgreSQL the commit itself notifies.
    pub(super) fn announce(&self) {
        if let Self::Sqlite(SqliteFile { path, .. }) = self
            && let Ok(socket) = std::os::unix::net::UnixDatagram::unbound()
        {
            // Fails if there is no listener or its queue is full; the scheduler polls as well.
            let _ = socket.set_nonblocking(true).and_then(|()| socket.send_to(&[1], wake_path(path)).map(drop));
        }
    }

    /// Starts listening for notifications. If that is not possible (for example, because the path is too long for a socket),
    /// none arrive; the scheduler polls as well.
    pub(super) async fn notifications(&self) -> Notifications {
        match self {
            Self::Sqlite(SqliteFile { path, .. }) => {
                let socket = wake_path(path);
                // A socket may be left by a scheduler that was killed. There is one scheduler on a file.
                let _ = std::fs::remove_file(&socket);
                let bound = UnixDatagram::bind(&socket);
                bound.map_or(Notifications::NotListening, |bound| {
                    Notifications::Socket(WakeSocket { socket: bound, path: socket })
                })
            }
            Self::Postgres(server) => match server.listen().await {
                Ok(listener) => Notifications::Channel(Box::new(listener)),
                Err(_) => Notifications::NotListening,
            },
        }
    }
}

impl Inner {
    /// Whether other transactions wait until this one, which writes, has ended.
    pub(super) async fn is_waited_for(&mut self) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(transaction) => Ok(transaction.is_waited_for()),
            Self::Postgres(transaction) => {
                transaction.is_waited_for().await.map_err(doing("reading who waits to write"))
            }
        }
    }

    pub(super) async fn commit(self, announces: bool) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(transaction) => Box::pin(transaction.commit(announces)).await,
        }
    }
}

/// Notifications of other processes' commits.
#[derive(Debug)]
pub(super) enum Notifications {
    NotListening,
    Socket(WakeSocket),
    Channel(Box<PgListener>),
}

/// A socket beside the database file. It exists while a scheduler listens.
#[derive(Debug)]
pub(super) struct WakeSocket {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Drop for WakeSocket {
    fn drop(&mut self) {
        // If this fails, the next listener removes the socket.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Notifications {
    /// Waits for the next notification; several may be merged into one.
    pub(super) async fn next(&mut self) {
        match self {
            Self::NotListening => std::future::pending().await,
            Self::Socket(wake) => {
                let mut byte = [0];
                if wake.socket.recv(&mut byte).await.is_err() {
                    *self = Self::NotListening;
                    return;
                }
                while wake.socket.try_recv(&mut byte).is_ok() {}
            }
            Self::Channel(listener) => {
                // The listener reconnects by itself. Notifications in between are lost, so a reconnect counts as one.
                if listener.try_recv().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        }
    }
}

fn wake_path(file: &std::path::Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push("-wake");
    name.into()
}
