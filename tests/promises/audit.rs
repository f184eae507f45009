//! Tests P8: every act is on record, and a changed, missing or reordered row is found.

use cetak::store::{
    Store,
    keys::{Keys, hex},
};

use crate::acts as operations;
use crate::{
    database::{self, is_postgres},
    world::{World, students},
};

/// Changes a copy of the database behind the program's back, and checks the copy.
async fn tampered(world: &World, sql: &'static [&'static str], seal: bool) -> Vec<String> {
    let heads = world.engine.store.read().await.unwrap().audit_heads().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (copy, _server) = database::copy(&world.location, folder.path()).await;
    let free = if is_postgres() {
        "DROP TRIGGER audit_stays ON audit"
    } else {
        "DROP TRIGGER audit_not_changed; DROP TRIGGER audit_not_deleted"
    };
    database::execute(&copy, free).await.unwrap();
    for statement in sql {
        let changed = database::execute(&copy, &format!("{statement} RETURNING 'changed'")).await;
        assert_eq!(changed.as_deref(), Ok("changed"), "{statement}");
    }
    let store = Store::open(&copy, Keys::derive(&[7; 32])).await.unwrap();
    let heads = if seal { heads } else { Vec::new() };
    let faults = store.read().await.unwrap().audit_verify(&heads).await.unwrap().1;
    store.close().await;
    faults.into_iter().map(|fault| format!("{} {}: {}", fault.chain, fault.seq, fault.what)).collect()
}

#[tokio::test]
async fn a_changed_missing_reordered_or_cut_row_is_found() {
    let world = World::new().await;
    world.import(&students(0..5)).await;
    world.receive(5, None).await;
    world.printer("p1", "").await;
    world.run().await;
    operations::pause(&world.engine, &cetak::domain::pause::PauseScope::Queue, "end of day").await.unwrap();
    assert_eq!(tampered(&world, &[], true).await, [] as [String; 0]);
    let changed = tampered(&world, &["UPDATE audit SET entry = replace(entry, '\"quantity\":\"5\"', '\"quantity\":\"4\"') WHERE chain = 'cli' AND seq = 2"], false).await;
    assert_eq!(changed, ["cli 2: the row was changed or moved"]);
    let missing = tampered(&world, &["DELETE FROM audit WHERE chain = 'cli' AND seq = 2"], false).await;
    assert_eq!(missing, ["cli 2: a row is missing"]);
    let swap = &[
        "UPDATE audit SET seq = 99 WHERE chain = 'cli' AND seq = 2",
        "UPDATE audit SET seq = 2 WHERE chain = 'cli' AND seq = 3",
        "UPDATE audit SET seq = 3 WHERE chain = 'cli' AND seq = 99",
    ];
    assert_eq!(tampered(&world, swap, false).await, ["cli 2: the row was changed or moved"]);
    let cut = &["DELETE FROM audit WHERE chain = 'cli' AND seq = 4"];
    assert_eq!(tampered(&world, cut, false).await, ["cli 3: the newest row is not the head"]);
    let hidden = &[
        "DELETE FROM audit WHERE chain = 'cli' AND seq = 4",
        "UPDATE audit_head SET seq = 3, hash = (SELECT hash FROM audit WHERE chain = 'cli' AND seq = 3) WHERE chain = 'cli'",
    ];
    assert_eq!(tampered(&world, hidden, false).await, [] as [String; 0], "a cut tail needs the seal");
    assert_eq!(tampered(&world, hidden, true).await, ["cli 3: rows after this one were sealed and are gone"]);
    let gone = &["DELETE FROM audit WHERE chain = 'cli'", "DELETE FROM audit_head WHERE chain = 'cli'"];
    assert_eq!(tampered(&world, gone, true).await, ["cli 0: the chain has no head"]);
}

#[tokio::test]
async fn every_card_leaves_its_intent_and_its_outcome() {
    let world = World::new().await;
    world.import(&students(0..3)).await;
    world.receive(3, None).await;
    world.printer("p1", "hold=yes").await;
    world.run().await;
    let rows = world.engine.store.read().await.unwrap().audit_page("scheduler", 0, 5_000).await.unwrap();
    let count = |act: &str| rows.iter().filter(|row| row.entry.contains(&format!("\"act\":\"{act}\""))).count();
    assert_eq!([count("attempt.intent"), count("attempt.releasing"), count("attempt.printed")], [3, 3, 3]);
    assert!(rows.iter().all(|row| !row.entry.contains("STUDENT NUMBER") && !row.entry.contains("S00000")));
}

#[tokio::test]
async fn the_wrong_key_is_refused() {
    let world = World::new().await;
    let error = Store::open(&world.location, Keys::derive(&[8; 32])).await.err().unwrap();
    assert!(error.to_string().contains("key"), "{error}");
}

#[tokio::test]
async fn nothing_personal_is_in_the_files_of_the_database() {
    let world = World::new().await;
    world.import(&students(0..50)).await;
    world.receive(50, None).await;
    world.printer("p1", "").await;
    world.run().await;
    world.engine.store.close().await;
    if let Some(server) = &world.server {
        server.psql("CHECKPOINT");
    }
    let folder =
        world.server.as_ref().map_or_else(|| world.dir.path().to_owned(), |server| server.folder().join("data"));
    let (mut folders, mut read) = (vec![folder], 0);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else if let Ok(bytes) = std::fs::read(entry.path()) {
                read += bytes.len();
                for word in ["STUDENT NUMBER", "S000001"] {
                    assert!(!bytes.windows(word.len()).any(|w| w == word.as_bytes()), "{word} in {entry:?}");
                }
            }
        }
    }
    assert!(read > 10_000, "only {read} bytes were looked through");
}

/// An entry as it was stored before entries had a version, an account and a means.
const FIRST_FORMAT: &str = r#"{"chain":"cli","seq":1,"at":"2026-11-24T11:59:00Z","actor":"siti","os_user":"root","host":"office","act":"queue.paused","subject":"queue","details":{"reason":"end of day","new":"true"}}"#;

#[tokio::test]
async fn entries_of_the_first_format_verify_on_and_new_ones_follow_them() {
    let world = World::new().await;
    let hash = hex(&Keys::derive(&[7; 32]).audit(&[], FIRST_FORMAT));
    let sql = format!(
        "INSERT INTO audit (chain, seq, entry, hash) VALUES ('cli', 1, '{FIRST_FORMAT}', unhex('{hash}'));
         INSERT INTO audit_head (chain, seq, hash) VALUES ('cli', 1, unhex('{hash}'))"
    );
    database::execute(&world.location, &sql).await.unwrap();
    world.receive(5, None).await;
    let mut tx = world.engine.store.read().await.unwrap();
    assert_eq!(tx.audit_verify(&[]).await.unwrap(), (2, Vec::new()));
    let rows = tx.audit_page("cli", 0, 1_000).await.unwrap();
    assert_eq!(rows[0].entry, FIRST_FORMAT);
    let new = "{\"v\":2,\"chain\":\"cli\",\"seq\":2,";
    assert!(rows[1].entry.starts_with(new), "{}", rows[1].entry);
    assert!(rows[1].entry.contains("\"means\":\"local-administrator\""), "{}", rows[1].entry);
    drop(tx);
    let changed = &["UPDATE audit SET entry = replace(entry, 'siti', 'budi') WHERE chain = 'cli' AND seq = 1"];
    assert_eq!(tampered(&world, changed, false).await, ["cli 1: the row was changed or moved"]);
}
