//! Copies of a SQLite database, made while it is written. PostgreSQL has means of its own.

use std::path::Path;

use sqlx::{
    ConnectOptions,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

use crate::store::{
    Store, StoreError,
    backend::{Backend, sqlite::SqliteFile},
    doing,
    keys::Keys,
    tx::Heads,
};

impl Store {
    /// Writes one state of the whole database into a file, which must be empty or not there. Writers go on meanwhile.
    ///
    /// What was deleted is not in the copy, not even as free pages. It is not synced to disk: that is the caller's. Returns
    /// `false`, and does nothing, if the database is a server's and no file.
    pub async fn backup_write(&self, file: &str) -> Result<bool, StoreError> {
        let Backend::Sqlite(SqliteFile { read, .. }) = &self.backend else { return Ok(false) };
        let mut connection = read.acquire().await.map_err(doing("beginning a backup"))?;
        let query = sqlx::query("VACUUM INTO $1").bind(file);
        query.execute(&mut *connection).await.map_err(doing("writing a backup"))?;
        Ok(true)
    }

    /// Opens a copy that nobody writes, only to read it: nothing is made beside it.
    pub async fn backup_open(file: &Path, keys: Keys) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .read_only(true)
            .immutable(true)
            .pragma("temp_store", "memory")
            .disable_statement_logging();
        let read = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await
            .map_err(doing("opening a backup"))?;
        let backend = Backend::Sqlite(SqliteFile { write: read.clone(), read, path: file.to_owned() });
        Ok(Self { backend, keys, heads: Heads::default() })
    }
}
