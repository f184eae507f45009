//! Helper: the database of a benchmark, in a file or on a PostgreSQL server that the benchmark starts.

use std::{
    fmt,
    fs::{self, File},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use cetak::store::{Location, Store, keys::Keys};

use super::{
    office::KEY,
    postgres::{Postgres, psql},
};

/// A database that the program knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    /// Both kinds, which are measured by default.
    pub(crate) const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    /// The kind of a name on the command line, in any case of letters.
    pub(crate) fn named(name: &str) -> anyhow::Result<Self> {
        let found = Self::ALL.into_iter().find(|kind| kind.to_string().eq_ignore_ascii_case(name));
        found.with_context(|| format!("`{name}` is neither an option nor a database; the options are in the first lines of the benchmark's file"))
    }

    /// Adds both if none was named.
    pub(crate) fn or_all(kinds: &mut Vec<Self>) {
        if kinds.is_empty() {
            kinds.extend(Self::ALL);
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// One database, and the folder for its other files.
#[derive(Clone)]
pub(crate) struct Database {
    folder: PathBuf,
    /// The server and the URL of the database on it; none for a file in the folder.
    server: Option<(Arc<Postgres>, String)>,
}

impl Database {
    /// A SQLite file in an existing folder.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), server: None }
    }

    /// An empty one in a new folder of that name, in `place` or on the server.
    pub(crate) fn make(kind: Kind, place: &Path, name: &str, server: &Lazy) -> anyhow::Result<Self> {
        let folder = place.join(name);
        // The program refuses a data folder with files that others may enter.
        fs::DirBuilder::new().mode(0o700).create(&folder)?;
        let server = match kind {
            Kind::Sqlite => None,
            Kind::Postgres => {
                let server = server.get();
                let url = create(&server, name);
                Some((server, url))
            }
        };
        Ok(Self { folder, server })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The value of the setting `database`; `None` for the default file in the folder.
    pub(crate) fn url(&self) -> Option<&str> {
        self.server.as_ref().map(|(_, url)| url.as_str())
    }

    pub(crate) async fn store(&self) -> anyhow::Result<Store> {
        let location = match self.url() {
            None => Location::File(self.folder.join("cetak.db")),
            Some(url) => Location::Server(url.to_owned()),
        };
        Ok(Store::open(&location, Keys::derive(&KEY)).await?)
    }

    /// Gathers statistics on a server, which does it by itself when it has time.
    pub(crate) fn analyze(&self) -> anyhow::Result<()> {
        if let Some(url) = self.url() {
            psql(url, "VACUUM ANALYZE");
        }
        self.settle()
    }

    /// Writes everything to the disk, so that the next run does not include that work.
    pub(crate) fn settle(&self) -> anyhow::Result<()> {
        match &self.server {
            Some((server, _)) => drop(server.psql("CHECKPOINT")),
            None => File::open(self.folder.join("cetak.db"))?.sync_all()?,
        }
        Ok(())
    }

    /// Deletes the database and its folder.
    pub(crate) fn remove(self) -> anyhow::Result<()> {
        if let Some((server, url)) = &self.server {
            remove(server, url);
        }
        Ok(fs::remove_dir_all(self.folder)?)
    }
}

/// A server that is started at its first use. It is durable: a commit is on disk when it returns.
#[derive(Default)]
pub(crate) struct Lazy(std::sync::OnceLock<Arc<Postgres>>);

impl Lazy {
    pub(crate) fn get(&self) -> Arc<Postgres> {
        self.0.get_or_init(|| Arc::new(Postgres::durable())).clone()
    }
}

/// Creates an empty database on a server, and returns its URL.
pub(crate) fn create(server: &Postgres, name: &str) -> String {
    server.psql(&format!("CREATE DATABASE \"{name}\" TEMPLATE cetak"));
    format!("{}/{name}", server.url().trim_end_matches("/cetak"))
}

/// Removes a database that [`create`] made, and closes its connections.
pub(crate) fn remove(server: &Postgres, url: &str) {
    let (_, name) = url.rsplit_once('/').unwrap_or_default();
    server.psql(&format!("DROP DATABASE \"{name}\" WITH (FORCE)"));
}
