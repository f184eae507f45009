//! Tests that the schemas of SQLite and PostgreSQL are the same.

use std::collections::{BTreeMap, BTreeSet};

use cetak::store::{Location, Store, keys::Keys};
use sqlx::{AssertSqlSafe, Row, SqlitePool, sqlite::SqliteConnectOptions};

use crate::postgres::Postgres;

/// Table to column to kind and whether it may be empty.
type Columns = BTreeMap<String, BTreeMap<String, (String, bool)>>;
/// Table, columns in order, unique.
type Indexes = BTreeSet<(String, String, bool)>;

async fn of_sqlite(pool: &SqlitePool) -> (Columns, Indexes) {
    let (mut columns, mut indexes) = (Columns::new(), Indexes::new());
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'";
    for row in sqlx::query(tables).fetch_all(pool).await.unwrap() {
        let table: String = row.get(0);
        let own = columns.entry(table.clone()).or_default();
        let mut key = BTreeMap::new();
        for row in sqlx::query(AssertSqlSafe(format!("PRAGMA table_info({table})"))).fetch_all(pool).await.unwrap() {
            let (name, kind, not_null, place): (String, String, i64, i64) =
                (row.get(1), row.get(2), row.get(3), row.get(5));
            own.insert(name.clone(), (kind, not_null == 0 && place == 0));
            if place > 0 {
                key.insert(place, name);
            }
        }
        indexes.insert((table.clone(), key.into_values().collect::<Vec<_>>().join(","), true));
        for row in sqlx::query(AssertSqlSafe(format!("PRAGMA index_list({table})"))).fetch_all(pool).await.unwrap() {
            let (name, unique): (String, i64) = (row.get(1), row.get(2));
            let of = format!(
                "SELECT group_concat(name, ',') FROM (SELECT name FROM pragma_index_info('{name}') ORDER BY seqno)"
            );
            let of: String = sqlx::query_scalar(AssertSqlSafe(of)).fetch_one(pool).await.unwrap();
            indexes.insert((table.clone(), of, unique == 1));
        }
    }
    (columns, indexes)
}

fn of_postgres(server: &Postgres) -> (Columns, Indexes) {
    let (mut columns, mut indexes) = (Columns::new(), Indexes::new());
    let list = "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
                WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'";
    for line in server.psql(list).lines() {
        let [table, column, kind, nullable] = *line.split('|').collect::<Vec<_>>() else { panic!("{line}") };
        columns.entry(table.into()).or_default().insert(column.into(), (kind.into(), nullable == "YES"));
    }
    let list = "SELECT t.relname, string_agg(a.attname, ',' ORDER BY k.place), i.indisunique
                FROM pg_index AS i JOIN pg_class AS t ON t.oid = i.indrelid JOIN pg_namespace AS n ON n.oid = t.relnamespace
                CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (number, place)
                JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.number
                WHERE n.nspname = 'public' AND t.relname <> '_sqlx_migrations' GROUP BY t.relname, i.indexrelid, i.indisunique";
    for line in server.psql(list).lines() {
        let [table, of, unique] = *line.split('|').collect::<Vec<_>>() else { panic!("{line}") };
        indexes.insert((table.into(), of.into(), unique == "t"));
    }
    (columns, indexes)
}

#[tokio::test]
async fn both_databases_have_the_same_tables_columns_and_indexes() {
    let folder = tempfile::tempdir().unwrap();
    let (file, server) = (folder.path().join("cetak.db"), Postgres::start());
    for location in [Location::File(file.clone()), Location::Server(server.url())] {
        Store::open(&location, Keys::derive(&[7; 32])).await.unwrap().close().await;
    }
    let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(&file)).await.unwrap();
    let (mut columns, indexes) = of_sqlite(&pool).await;
    let (theirs, their_indexes) = of_postgres(&server);
    for (table, own) in &mut columns {
        for (name, (kind, _)) in own {
            let is_flag = theirs.get(table).and_then(|t| t.get(name)).is_some_and(|(kind, _)| kind == "boolean");
            *kind = match kind.as_str() {
                "INTEGER" if is_flag => "boolean",
                "INTEGER" => "bigint",
                "TEXT" => "text",
                "BLOB" => "bytea",
                other => panic!("a column of type {other}"),
            }
            .into();
        }
    }
    assert!(columns.len() > 15, "only {} tables", columns.len());
    assert_eq!(columns, theirs);
    assert_eq!(indexes, their_indexes);
}

#[test]
fn each_migration_is_there_for_both_under_the_same_name() {
    let names = |database: &str| {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(database);
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        files.collect::<BTreeSet<_>>()
    };
    assert_eq!(names("sqlite"), names("postgres"));
}

#[tokio::test]
async fn a_newer_schema_is_refused_by_both() {
    let folder = tempfile::tempdir().unwrap();
    let (file, server) = (folder.path().join("cetak.db"), Postgres::start());
    let open = async |location| Store::open(&location, Keys::derive(&[7; 32])).await;
    let locations = || [Location::File(file.clone()), Location::Server(server.url())];
    for location in locations() {
        open(location).await.unwrap().close().await;
    }
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (999, 'later', true, '', 0)";
    server.psql(newer);
    let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(&file)).await.unwrap();
    sqlx::query(newer.replace("''", "x''").leak() as &'static str).execute(&pool).await.unwrap();
    pool.close().await;
    for location in locations() {
        let error = open(location).await.err().unwrap().to_string();
        assert!(error.contains("schema 999"), "{error}");
    }
}
