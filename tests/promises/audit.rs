//! Tests P8: every act is on record, and a changed, missing or reordered row is found.

use cetak::{
    domain::{
        audit::Event,
        permission::{Permit, SystemAct},
    },
    store::{
        ChainHead, Store,
        keys::{Keys, hex},
    },
};

use crate::acts as operations;
use crate::{
    database::{self, is_postgres},
    world::{World, students},
};

/// Changes a copy of the database behind the program's back, and checks the copy.
async fn tampered(world: &World, sql: &[&str], seal: bool) -> Vec<String> {
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
    let changed = tampered(&world, &["UPDATE audit SET entry = replace(entry, '\"quantity\":\"5\"', '\"quantity\":\"4\"') WHERE chain = 'cli' AND seq = 3"], false).await;
    assert_eq!(changed, ["cli 3: the row was changed or moved"]);
    let missing = tampered(&world, &["DELETE FROM audit WHERE chain = 'cli' AND seq = 3"], false).await;
    assert_eq!(missing, ["cli 3: a row is missing"]);
    let swap = &[
        "UPDATE audit SET seq = 99 WHERE chain = 'cli' AND seq = 3",
        "UPDATE audit SET seq = 3 WHERE chain = 'cli' AND seq = 4",
        "UPDATE audit SET seq = 4 WHERE chain = 'cli' AND seq = 99",
    ];
    assert_eq!(tampered(&world, swap, false).await, ["cli 3: the row was changed or moved"]);
    let cut = &["DELETE FROM audit WHERE chain = 'cli' AND seq = 5"];
    assert_eq!(tampered(&world, cut, false).await, ["cli 4: the newest row is not the head"]);
    let hidden = &[
        "DELETE FROM audit WHERE chain = 'cli' AND seq = 5",
        "UPDATE audit_head SET seq = 4, hash = (SELECT hash FROM audit WHERE chain = 'cli' AND seq = 4) WHERE chain = 'cli'",
    ];
    assert_eq!(tampered(&world, hidden, false).await, [] as [String; 0], "a cut tail needs the seal");
    assert_eq!(tampered(&world, hidden, true).await, ["cli 4: rows after this one were sealed and are gone"]);
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

/// Rows as they were stored before entries had a version, an account and a means, and before a row held all events of a commit.
const EARLIER_FORMATS: [&str; 2] = [
    r#"{"chain":"cli","seq":1,"at":"2026-11-24T11:59:00Z","actor":"siti","os_user":"root","host":"office","act":"queue.paused","subject":"queue","details":{"reason":"end of day","new":"true"}}"#,
    r#"{"v":2,"chain":"cli","seq":2,"at":"2026-11-24T11:59:00Z","actor":"siti","means":"local-administrator","os_user":"root","host":"office","act":"queue.resumed","subject":"queue","details":{}}"#,
];

#[tokio::test]
async fn rows_of_earlier_formats_verify_on_and_new_ones_follow_them() {
    let world = World::new().await;
    let (keys, mut hash, mut sql) = (Keys::derive(&[7; 32]), Vec::new(), String::new());
    for (seq, row) in (1..).zip(EARLIER_FORMATS) {
        hash = keys.audit(&hash, row).to_vec();
        let hash = hex(&hash);
        sql += &format!("INSERT INTO audit (chain, seq, entry, hash) VALUES ('cli', {seq}, '{row}', unhex('{hash}'));");
    }
    sql += &format!("INSERT INTO audit_head (chain, seq, hash) VALUES ('cli', 2, unhex('{}'))", hex(&hash));
    database::execute(&world.location, &sql).await.unwrap();
    let mut tx = world.engine.store.read().await.unwrap();
    let seal = tx.audit_heads().await.unwrap();
    drop(tx);
    world.receive(5, None).await;
    let mut tx = world.engine.store.read().await.unwrap();
    assert_eq!(tx.audit_verify(&seal).await.unwrap(), (3, Vec::new()));
    let entries: Vec<_> = tx.audit_page("cli", 0, 1_000).await.unwrap().into_iter().map(|entry| entry.entry).collect();
    assert_eq!(entries[..2], EARLIER_FORMATS);
    let new: serde_json::Value = serde_json::from_str(&entries[2]).unwrap();
    assert_eq!((&new["v"], &new["seq"], &new["means"]), (&4.into(), &3.into(), &"local-administrator".into()));
    drop(tx);
    let changed = &["UPDATE audit SET entry = replace(entry, 'siti', 'budi') WHERE chain = 'cli' AND seq = 1"];
    assert_eq!(tampered(&world, changed, false).await, ["cli 1: the row was changed or moved"]);
}

#[tokio::test]
async fn a_row_holds_all_events_of_a_commit_and_each_is_found_shown_and_verified() {
    let world = World::new().await;
    let permit = Permit::system(SystemAct::Print);
    let acts = [&["one", "two", "three"][..], &["four"], &["five", "six"]];
    for acts in acts {
        let mut tx = world.engine.write(&permit).await.unwrap();
        for act in acts {
            tx.audit(Event::new("queue.paused", *act));
        }
        tx.commit().await.unwrap();
    }
    let chain = &*world.engine.writer.chain;
    let sealed = database::execute(&world.location, "SELECT CAST(COUNT(*) AS TEXT) FROM audit").await;
    assert_eq!(sealed.as_deref(), Ok("3"));
    let mut tx = world.engine.store.read().await.unwrap();
    assert_eq!(tx.audit_verify(&[]).await.unwrap(), (6, Vec::new()));
    let expected: Vec<(i64, &str)> = (1..).zip(acts.concat()).collect();
    for (after, limit) in (0..7).flat_map(|after| (1..8).map(move |limit| (after, limit))) {
        let page = tx.audit_page(chain, after, limit).await.unwrap();
        let values = page.iter().map(|e| (e.seq, serde_json::from_str::<serde_json::Value>(&e.entry).unwrap()));
        let shown: Vec<_> = values.inspect(|(seq, entry)| assert_eq!(entry["seq"], *seq)).collect();
        let shown: Vec<_> = shown.iter().map(|(seq, entry)| (*seq, entry["subject"].as_str().unwrap())).collect();
        let rest = expected.iter().skip(usize::try_from(after).unwrap()).take(usize::try_from(limit).unwrap());
        assert_eq!(shown, rest.copied().collect::<Vec<_>>(), "after {after}, at most {limit}");
    }
    let seal = ChainHead { chain: chain.to_owned(), seq: 2, hash: "00".into() };
    let faults = tx.audit_verify(&[seal]).await.unwrap().1;
    assert_eq!(faults.iter().map(|f| (f.seq, f.what)).collect::<Vec<_>>(), [(2, "the chain differs from the seal")]);
    drop(tx);
    for (statement, fault) in [
        ("UPDATE audit SET entry = replace(entry, 'two', 'tow') WHERE seq = 3", "3: the row was changed or moved"),
        ("DELETE FROM audit WHERE seq = 3", "1: a row is missing"),
        ("DELETE FROM audit WHERE seq = 4", "4: a row is missing"),
        ("UPDATE audit SET seq = 5 WHERE seq = 4", "4: a row is missing"),
        ("UPDATE audit SET seq = 7 WHERE seq = 6", "5: a row is missing"),
    ] {
        let found = tampered(&world, &[statement], true).await;
        assert_eq!(found, [format!("{chain} {fault}")], "{statement}");
    }
}
