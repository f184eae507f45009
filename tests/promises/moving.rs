//! Tests moving an office from a SQLite file to PostgreSQL, and restoring it from a copy.

use cetak::{
    domain::refusal::Refusal,
    engine::{
        EngineError,
        query::{Query, ShowBoard},
    },
    store::{Location, Store, StoreError, keys::Keys},
};

use crate::acts as operations;
use crate::{
    database,
    postgres::Postgres,
    world::{World, name, students},
};

/// An office with cards in every state that a few acts reach.
async fn busy_office() -> World {
    let world = World::on_file(|settings| settings.breaker_failures = 100).await;
    let truth = world.truth();
    world.import(&students(0..40)).await;
    world.receive(60, None).await;
    world.printer("p1", &format!("spoil=0.2&forget=0.1&seed=3&truth={}", truth.display())).await;
    world.run().await;
    operations::pause(&world.engine, &cetak::domain::pause::PauseScope::Queue, "it's \"Friday\"\\ night")
        .await
        .unwrap();
    // Earlier versions of the program may have stored several lines.
    let lines = "UPDATE record SET note = 'it' || char(9) || char(10) || 'late' WHERE id = 1 RETURNING note";
    assert!(database::execute(&world.location, lines).await.unwrap().ends_with("\t\nlate"));
    world
}

#[tokio::test]
async fn everything_is_there_afterwards_and_the_file_is_closed_for_ever() {
    let world = busy_office().await;
    let before = world.status().await;
    let server = Postgres::start();
    let moved = operations::database_move(&world.engine, &server.url(), |_, _| {}).await.unwrap();
    assert!(!moved.transferred.was_there);
    assert!(!moved.shown.contains("cetak@"), "{}", moved.shown);

    let store = Store::open(&Location::Server(server.url()), Keys::derive(&[7; 32])).await.unwrap();
    let mut engine = world.engine.clone();
    engine.store = store;
    let after = ShowBoard {}.read(&engine).await.unwrap();
    assert_eq!(serde_json::to_value(&after).unwrap(), serde_json::to_value(&before).unwrap());
    let heads = engine.store.read().await.unwrap().audit_heads().await.unwrap();
    assert!(engine.store.read().await.unwrap().audit_verify(&heads).await.unwrap().1.is_empty());
    // The office goes on: new rows get new keys.
    operations::resume(&engine, &cetak::domain::pause::PauseScope::Queue, "morning").await.unwrap();
    let printed: String = server.psql("SELECT request_id FROM record WHERE state = 'printed' ORDER BY id LIMIT 1");
    operations::card_check(&engine, &name(&printed)).await.unwrap();

    let refused = operations::database_move(&engine, &server.url(), |_, _| {}).await.err().unwrap();
    assert!(matches!(refused, EngineError::Refused(Refusal::AlreadyOnServer)), "{refused:?}");

    let open_already = operations::pause(&world.engine, &cetak::domain::pause::PauseScope::Queue, "late").await;
    assert!(open_already.is_err(), "whoever has the file open can save nothing");

    let again = Store::open(&world.location, Keys::derive(&[7; 32])).await.err().unwrap();
    assert!(matches!(&again, StoreError::Moved { to } if *to == moved.shown), "{again}");
}

#[tokio::test]
async fn a_target_with_data_of_its_own_is_refused_and_the_file_goes_on() {
    let world = busy_office().await;
    let server = Postgres::start();
    let other = Store::open(&Location::Server(server.url()), Keys::derive(&[9; 32])).await.unwrap();
    other.close().await;
    let refused = operations::database_move(&world.engine, &server.url(), |_, _| {}).await.err().unwrap();
    assert!(matches!(refused, EngineError::Store(StoreError::Occupied)), "{refused}");
    world.audit().await;
    world.receive(1, None).await;
}

#[tokio::test]
async fn a_move_that_was_interrupted_before_the_file_was_closed_is_compared_and_finished() {
    let world = busy_office().await;
    let folder = tempfile::tempdir().unwrap();
    let (copy, _) = database::copy(&world.location, folder.path()).await;
    let server = Postgres::start();
    operations::database_move(&world.engine, &server.url(), |_, _| {}).await.unwrap();

    let mut engine = world.engine.clone();
    engine.store = Store::open(&copy, Keys::derive(&[7; 32])).await.unwrap();
    let moved = operations::database_move(&engine, &server.url(), |_, _| {}).await.unwrap();
    assert!(moved.transferred.was_there);
    assert!(matches!(Store::open(&copy, Keys::derive(&[7; 32])).await, Err(StoreError::Moved { .. })));
}

#[tokio::test]
async fn a_copy_by_the_databases_own_tool_passes_every_check_and_works_on() {
    let world = World::new().await;
    world.import(&students(0..10)).await;
    world.receive(10, None).await;
    world.printer("p1", "spoil=0.3&seed=5").await;
    world.run().await;
    let folder = tempfile::tempdir().unwrap();
    let (copy, _server) = database::copy(&world.location, folder.path()).await;
    let heads = world.engine.store.read().await.unwrap().audit_heads().await.unwrap();

    let mut engine = world.engine.clone();
    engine.store = Store::open(&copy, Keys::derive(&[7; 32])).await.unwrap();
    let checks = engine.store.read().await.unwrap().check(&heads).await.unwrap();
    assert!(checks.iter().all(|check| check.faults.is_empty()), "{checks:?}");
    operations::pause(&engine, &cetak::domain::pause::PauseScope::Queue, "restored").await.unwrap();
}

#[tokio::test]
async fn a_target_opens_only_when_its_file_is_closed_and_a_move_can_be_ended_at_any_point() {
    let world = World::on_file(|_| {}).await;
    world.import(&students(0..5)).await;
    let server = Postgres::start();
    let (target, keys) = (Location::Server(server.url()), || Keys::derive(&[7; 32]));
    operations::database_move(&world.engine, &server.url(), |_, _| {}).await.unwrap();

    // The state after a kill before the file is closed.
    server.psql("INSERT INTO meta (key, value) VALUES ('arriving', 'from a file')");
    let refused = Store::open(&target, keys()).await.err().unwrap();
    assert!(matches!(refused, StoreError::Arriving), "{refused}");
    let mut engine = world.engine.clone();
    engine.store = Store::open_closed(&world.location, keys()).await.unwrap();
    let elsewhere = operations::database_move(&engine, "postgres://127.0.0.1:1/other", |_, _| {}).await.err().unwrap();
    assert!(!matches!(elsewhere, EngineError::Refused { .. }), "{elsewhere}");
    let ended = operations::database_move(&engine, &server.url(), |_, _| {}).await.unwrap();
    assert!(ended.transferred.was_there);
    Store::open(&target, keys()).await.unwrap();
}
