//! Tests backups: one consistent state, readable by its owner only, that overwrites no file.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use cetak::{
    domain::refusal::Refusal,
    engine::{EngineError, query::ListJobs},
    store::{Location, Store, keys::Keys},
};

use crate::acts as operations;
use crate::{
    database::{self, is_postgres},
    world::{World, all, students},
};

async fn printed() -> World {
    let world = World::new().await;
    world.import(&students(0..5)).await;
    world.receive(4, None).await;
    world.printer("p1", "").await;
    world.run().await;
    world
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_backup_holds_everything_and_leaves_nothing_beside_it() {
    if is_postgres() {
        return;
    }
    let world = printed().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.db");
    let jobs = world.jobs().await;

    let backup = operations::backup(&world.engine, &file).await.unwrap();

    assert_eq!(names(folder.path()), ["backup.db"]);
    let metadata = fs::metadata(&file).unwrap();
    assert_eq!((metadata.len(), metadata.permissions().mode() & 0o777), (backup.bytes, 0o600));
    let copy = Store::open(&Location::File(file), Keys::derive(&[7; 32])).await.unwrap();
    let engine = cetak::engine::Engine { store: copy.clone(), ..world.engine.clone() };
    assert_eq!(all(&engine, |page| ListJobs { page, ..ListJobs::default() }).await, jobs);
    let mut tx = copy.read().await.unwrap();
    assert!(tx.check(&[]).await.unwrap().iter().all(|check| check.faults.is_empty()));
    let rows = world.engine.store.read().await.unwrap().audit_page("cli", 0, 5_000).await.unwrap();
    assert!(rows.last().unwrap().entry.contains("\"act\":\"database.backed-up\""), "the act is on record");
    world.audit().await;
}

#[tokio::test]
async fn a_file_that_is_there_is_not_touched_and_a_failed_backup_leaves_nothing() {
    if is_postgres() {
        return;
    }
    let world = printed().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.db");
    fs::write(&file, "yesterday's").unwrap();
    let refused = operations::backup(&world.engine, &file).await.unwrap_err();
    assert!(matches!(&refused, EngineError::Refused(Refusal::FileExists { .. })), "{refused:?}");
    assert_eq!(fs::read(&file).unwrap(), b"yesterday's");
    let nowhere = operations::backup(&world.engine, &folder.path().join("not-there/backup.db")).await.unwrap_err();
    assert!(nowhere.to_string().contains("cannot be written"), "{nowhere}");
    assert_eq!(names(folder.path()), ["backup.db"]);
}

#[tokio::test]
async fn a_backup_of_books_that_are_wrong_is_not_kept() {
    if is_postgres() {
        return;
    }
    let world = printed().await;
    let wrong = "UPDATE balance SET quantity = quantity + 1 WHERE account = 'printed'";
    database::execute(&world.location, wrong).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let refused = operations::backup(&world.engine, &folder.path().join("backup.db")).await.unwrap_err();
    let is_unsound = |rule: &str| rule == "each balance is the sum of its movements";
    assert!(
        matches!(&refused, EngineError::Refused(Refusal::BackupUnsound { rule, .. }) if is_unsound(rule)),
        "{refused:?}"
    );
    assert_eq!(names(folder.path()), [] as [String; 0]);
}

#[tokio::test]
async fn a_server_is_not_backed_up_as_a_file() {
    let world = printed().await;
    let folder = tempfile::tempdir().unwrap();
    let done = operations::backup(&world.engine, &folder.path().join("backup.db")).await;
    assert_eq!(done.is_ok(), !is_postgres());
    if let Err(refused) = done {
        assert!(matches!(refused, EngineError::Refused(Refusal::BackupOfServer)), "{refused:?}");
        assert_eq!(names(folder.path()), [] as [String; 0]);
    }
}
