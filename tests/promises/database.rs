//! Helper: the database of a test. It is SQLite; with `PROMISES_ON=postgresql` each test has a PostgreSQL server of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use cetak::store::{
    Location, Store,
    keys::{Keys, hex},
};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Row, sqlite::SqliteConnectOptions};

use crate::postgres::{Postgres, copy as copy_files, program};

/// Whether the tests run on PostgreSQL.
pub(crate) fn is_postgres() -> bool {
    match std::env::var("PROMISES_ON").as_deref() {
        Ok("postgresql") => true,
        Ok("sqlite") | Err(_) => false,
        Ok(other) => panic!("PROMISES_ON is sqlite or postgresql, not {other}"),
    }
}

/// A server whose database has the schema, for the tests on PostgreSQL.
pub(crate) fn server() -> Option<Postgres> {
    is_postgres().then(|| Postgres::on_copy_of(&with_schema()))
}

/// A server whose database is empty, for the tests on PostgreSQL.
pub(crate) fn empty_server() -> Option<Postgres> {
    is_postgres().then(Postgres::start)
}

/// The data of a server whose database has the schema. The migrations take longer than most tests, so what they leave is kept in the target
/// folder until one of them changes.
fn with_schema() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(target).unwrap();
    let data = target.join(format!("schema-{}", digest_of_migrations()));
    let lock = fs::File::create(target.join("schema.lock")).unwrap();
    lock.lock().unwrap();
    if !data.exists() {
        let mut server = Postgres::start();
        let location = Location::Server(server.url());
        // In a thread of its own, as most tests are asynchronous.
        let migrated = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(Store::open(&location, Keys::derive(&[7; 32]))).map(drop)
        });
        migrated.join().unwrap().unwrap();
        server.stop();
        // Renamed when it is complete.
        let half = target.join("schema-half");
        let _ = fs::remove_dir_all(&half);
        copy_files(&server.folder().join("data"), &half);
        fs::rename(half, &data).unwrap();
    }
    data
}

fn digest_of_migrations() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/postgres");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort_unstable();
    let digest = files.iter().fold(Sha256::new(), |digest, file| digest.chain_update(fs::read(file).unwrap()));
    hex(&digest.finalize()[..8])
}

/// An empty database on that server or in that folder.
pub(crate) fn location(server: Option<&Postgres>, folder: &Path) -> Location {
    server.map_or_else(|| Location::File(folder.join("cetak.db")), |server| Location::Server(server.url()))
}

/// A copy made behind the program's back, in that folder or on another server.
pub(crate) async fn copy(from: &Location, folder: &Path) -> (Location, Option<Postgres>) {
    match from {
        Location::Server(url) => {
            let server = Postgres::start();
            let to = Location::Server(server.url());
            let dump = Command::new(program("pg_dump")).arg("-d").arg(url).output().unwrap();
            assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
            let dump = String::from_utf8(dump.stdout).unwrap();
            execute(&to, &dump).await.unwrap();
            (to, Some(server))
        }
        Location::File(file) => {
            let to = folder.join("copy.db");
            for suffix in ["", "-wal"] {
                let with = |path: &Path| format!("{}{suffix}", path.display());
                if Path::new(&with(file)).exists() {
                    std::fs::copy(with(file), with(&to)).unwrap();
                }
            }
            (Location::File(to), None)
        }
    }
}

/// Executes SQL behind the program's back. Returns the first column of the last row as text, or the database's error.
pub(crate) async fn execute(location: &Location, sql: &str) -> Result<String, String> {
    match location {
        Location::File(file) => {
            let options = SqliteConnectOptions::new().filename(file).foreign_keys(false);
            let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
            let rows = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_all(&pool).await.map_err(|e| e.to_string());
            pool.close().await;
            let last = rows?.pop();
            Ok(last.map_or_else(String::new, |row| {
                row.try_get::<String, _>(0).unwrap_or_else(|_| row.get::<i64, _>(0).to_string())
            }))
        }
        Location::Server(url) => {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(&file, sql).unwrap();
            let mut psql = Command::new(program("psql"));
            psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-f"]).arg(file.path());
            // Not on this thread: a transaction that a refused act dropped is rolled back by a task of it, and may hold a lock.
            let output = tokio::task::spawn_blocking(move || psql.output().unwrap()).await.unwrap();
            if !output.status.success() {
                return Err(String::from_utf8_lossy(&output.stderr).into_owned());
            }
            Ok(String::from_utf8(output.stdout).unwrap().lines().last().unwrap_or_default().to_owned())
        }
    }
}
