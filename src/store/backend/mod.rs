//! The two databases: the only file that names their types, but for what only SQLite has (`backup`). Everything else is one
//! text and one call for both, through [`on!`](on).

pub(super) mod postgres;
mod schema;
pub(super) mod sqlite;

use std::{path::PathBuf, sync::Arc};

use sqlx::{Sqlite, Transaction, postgres::PgListener};
use tokio::net::UnixDatagram;

use self::{
    postgres::{PgTransaction, Purpose, Server},
    sqlite::SqliteFile,
};
use super::error::{StoreError, doing};

/// Connections that read, of one process.
const READERS: usize = 5;

/// Runs one call on whichever database a transaction belongs to. The call is compiled once for each, so that a type that
/// only one of them knows does not compile.
macro_rules! on {
    ($tx:expr, $connection:ident => $call:expr) => {
        match &mut $tx.inner {
            $crate::store::backend::Inner::Sqlite(transaction) => {
                let $connection = &mut **transaction;
                $call.await
            }
            $crate::store::backend::Inner::Postgres(lent) => {
                // Boxed, so that a thousand workers that use SQLite do not each carry room for it.
                Box::pin(lent.run(async |$connection| $call.await)).await
            }
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
    Sqlite(SqliteFile),
    Postgres(Arc<Server>),
}

/// An open transaction of one of them.
#[derive(Debug)]
pub(super) enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
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

    /// Begins a transaction that writes. Waits for its turn: there is one at a time, on either database.
    pub(super) async fn write(&self) -> Result<Inner, StoreError> {
        match self {
            Self::Sqlite(file) => file.begin_write().await.map(Inner::Sqlite),
            Self::Postgres(server) => Box::pin(server.begin(Purpose::Write)).await.map(Inner::Postgres),
        }
        .map_err(doing("beginning to write"))
    }

    /// Begins a transaction that sees one state of the database and cannot write.
    pub(super) async fn read(&self) -> Result<Inner, StoreError> {
        match self {
            Self::Sqlite(file) => file.read.begin().await.map(Inner::Sqlite),
            Self::Postgres(server) => Box::pin(server.begin(Purpose::Read)).await.map(Inner::Postgres),
        }
        .map_err(doing("beginning to read"))
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(file) => file.close().await,
            Self::Postgres(server) => server.close().await,
        }
    }

    /// Tells whoever waits for [`Arrivals`] on a SQLite file; on PostgreSQL the commit itself does.
    pub(super) fn announce(&self) {
        if let Self::Sqlite(SqliteFile { path, .. }) = self
            && let Ok(socket) = std::os::unix::net::UnixDatagram::unbound()
        {
            // Nobody may be listening, or its queue may be full: then it looks soon anyway.
            let _ = socket.set_nonblocking(true).and_then(|()| socket.send_to(&[1], waker(path)).map(drop));
        }
    }

    /// Begins to hear announcements. Without the means for it (a path too long for a socket, say) it never hears any:
    /// they only save the wait until the next look.
    pub(super) async fn arrivals(&self) -> Arrivals {
        match self {
            Self::Sqlite(SqliteFile { path, .. }) => {
                let socket = waker(path);
                // Left by one that was killed. There is one scheduler on a file.
                let _ = std::fs::remove_file(&socket);
                let bound = UnixDatagram::bind(&socket);
                bound.map_or(Arrivals::NotListening, |bound| Arrivals::Socket(Doorbell { socket: bound, path: socket }))
            }
            Self::Postgres(server) => match server.listen().await {
                Ok(listener) => Arrivals::Channel(Box::new(listener)),
                Err(_) => Arrivals::NotListening,
            },
        }
    }
}

impl Inner {
    pub(super) async fn commit(self, announces: bool) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await.map_err(doing("committing")),
            Self::Postgres(lent) => Box::pin(lent.commit(announces)).await,
        }
    }
}

/// Announcements of other processes.
#[derive(Debug)]
pub(super) enum Arrivals {
    NotListening,
    Socket(Doorbell),
    Channel(Box<PgListener>),
}

/// A socket beside the file, as long as somebody listens.
#[derive(Debug)]
pub(super) struct Doorbell {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Drop for Doorbell {
    fn drop(&mut self) {
        // What is left is removed by the next who listens.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Arrivals {
    /// Waits for the next announcement; several may count as one.
    pub(super) async fn next(&mut self) {
        match self {
            Self::NotListening => std::future::pending().await,
            Self::Socket(doorbell) => {
                let mut byte = [0];
                if doorbell.socket.recv(&mut byte).await.is_err() {
                    *self = Self::NotListening;
                    return;
                }
                while doorbell.socket.try_recv(&mut byte).is_ok() {}
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
