//! Backups of a SQLite database, made while it is in use. PostgreSQL has its own tools.

use std::{path::Path, sync::Arc};

use sqlx::{
    ConnectOptions,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

use crate::store::{
    Store, StoreError,
    backend::{
        Backend,
        sqlite::{SqliteFile, identity},
    },
    doing,
    keys::Keys,
};

impl Store {
    /// Writes a snapshot of the database into a file, which must be empty or absent. Other processes can write meanwhile.
    ///
    /// The copy has no deleted data, because it has no free pages. The caller must sync the file. Returns `false` without
    /// writing if the database is PostgreSQL.
    pub async fn backup_write(&self, file: &str) -> Result<bool, StoreError> {
        let Backend::Sqlite(SqliteFile { read, .. }) = &self.backend else { return Ok(false) };
        let mut connection = read.acquire().await.map_err(doing("beginning a backup"))?;
        let query = sqlx::query("VACUUM INTO $1").bind(file);
        query.execute(&mut *connection).await.map_err(doing("writing a backup"))?;
        Ok(true)
    }

    /// Opens a backup for reading, without creating files beside it. The file must not be written meanwhile.
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
        let backend = Backend::Sqlite(SqliteFile {
            write: read.clone(),
            read,
            path: file.to_owned(),
            identity: identity(file),
            writer: Arc::default(),
        });
        Ok(Self::of(backend, keys))
    }
}
