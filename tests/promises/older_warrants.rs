//! Tests P2 for databases of older versions: their warrants are pending acts.

use std::path::Path;

use cetak::{
    domain::{id::PendingActId, pending::PendingState, permission::Operation},
    store::{Location, Store, keys::Keys},
};
use sqlx::{
    SqlStr,
    migrate::{Migration, MigrationType, Migrator},
};

use crate::database;

macro_rules! scripts {
    ($folder:literal) => {
        [
            ("first", include_str!(concat!("../../migrations/", $folder, "/0001_first.sql"))),
            ("evidence", include_str!(concat!("../../migrations/", $folder, "/0002_evidence.sql"))),
            ("archive", include_str!(concat!("../../migrations/", $folder, "/0003_archive.sql"))),
            ("nodes", include_str!(concat!("../../migrations/", $folder, "/0004_nodes.sql"))),
            ("ended", include_str!(concat!("../../migrations/", $folder, "/0005_ended.sql"))),
            ("sides", include_str!(concat!("../../migrations/", $folder, "/0006_sides.sql"))),
        ]
    };
}

/// A database of the version before pending acts, with a card of two copies and its warrants.
const WARRANTS: &str = "
    INSERT INTO record (id, source, request_id, profile, kind, class, state, version, slot, person_key, digest, district,
                        village, requested_at_us, verified_at_us, copy)
    VALUES (1, 'default', 'r1', 'student', 'new', 1, 'printed', 3, 0, unhex('00'), unhex('00'), 'd', 'v', 0, 0, 2);
    INSERT INTO warrant (id, record_id, state, reason, requested_by, requested_at_us, decided_by, decided_at_us)
    VALUES (4, 1, 'approved', 'lost', 'maker', 10, 'checker', 20), (5, 1, 'refused', 'damaged', 'maker', 30, 'maker', 40);
    INSERT INTO warrant (id, record_id, state, reason, requested_by, requested_at_us)
    VALUES (7, 1, 'requested', 'say \"it''s lost\"', 'maker', 50)";

async fn older_database(location: &Location) {
    let migrator = |scripts: [(&'static str, &'static str); 6]| {
        let migration = |(number, (name, sql)): (i64, (&'static str, &'static str))| {
            Migration::new(number, name.into(), MigrationType::Simple, SqlStr::from_static(sql), false)
        };
        Migrator::with_migrations((1..).zip(scripts).map(migration).collect())
    };
    match location {
        Location::File(file) => {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file).create_if_missing(true);
            let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
            migrator(scripts!("sqlite")).run(&pool).await.unwrap();
            pool.close().await;
        }
        Location::Server(url) => {
            let pool = sqlx::PgPool::connect(url).await.unwrap();
            migrator(scripts!("postgres")).run(&pool).await.unwrap();
            pool.close().await;
        }
    }
    database::execute(location, WARRANTS).await.unwrap();
}

#[tokio::test]
async fn warrants_from_before_become_pending_acts_under_their_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let server = database::empty_server();
    let location = database::location(server.as_ref(), Path::new(folder.path()));
    older_database(&location).await;
    let store = Store::open(&location, Keys::derive(&[7; 32])).await.unwrap();
    let mut tx = store.read().await.unwrap();
    let lines = tx.warrant_list(0, 10).await.unwrap();
    let lines: Vec<_> = lines.iter().map(|w| (w.id, &*w.state, &*w.reason, &*w.requested_by)).collect();
    assert_eq!(
        lines,
        [
            (4, "approved", "lost", "maker"),
            (5, "refused", "damaged", "maker"),
            (7, "requested", "say \"it's lost\"", "maker"),
        ]
    );
    let act = tx.pending_act_get(PendingActId(7)).await.unwrap().unwrap();
    assert_eq!((act.state, act.operation, act.expires_at), (PendingState::Pending, Operation::ReprintApprove, None));
    assert_eq!((&*act.target.name, &*act.target.version), ("record default/r1", "version 3, copy 2"));
    let json: serde_json::Value = serde_json::from_str(&act.act).unwrap();
    let expected = serde_json::json!({
        "act": "reprint", "record": { "source": "default", "request_id": "r1" }, "reason": "say \"it's lost\"",
    });
    assert_eq!(json, expected);
    let broken: Vec<_> = tx.check(&[]).await.unwrap().into_iter().filter(|check| !check.faults.is_empty()).collect();
    assert!(broken.iter().all(|check| check.rule != "a second copy has its approved warrant"), "{broken:?}");
    drop(tx);
    store.close().await;
    let next =
        "INSERT INTO pending_act (operation, act, target, target_version, reason, state, requested_by, requested_at_us)
                VALUES ('count-book', '{}', 't', 'v', 'r', 'pending', 'a', 0) RETURNING id";
    assert_eq!(database::execute(&location, next).await.as_deref(), Ok("8"), "numbers go on after those of warrants");
}
