//! P1 and P9: an act that names the version of what it changes is done to that version only.

use cetak::{
    domain::{
        actor::Role,
        id::{BatchId, PendingActId},
        value::Note,
    },
    engine::{
        EngineError, Expected, StoreError, Versioned,
        client::{Client, Direct},
        operations::{CancelBatch, HoldRecord, HopperSetting, LendBlanks, ReleaseRecord, SetPrinter},
        query::{Query, ShowBatch, ShowPrinter, ShowRecord},
        version,
    },
};

use crate::{
    staff::note,
    world::{World, name, students},
};

fn asked() -> Note {
    note("asked for")
}

fn record(versions: &[&str]) -> Expected {
    let thing = Versioned::Record("default".into(), "r00000".into());
    Expected { thing, versions: versions.iter().map(|version| (*version).to_owned()).collect() }
}

/// The version that the answer about a thing tells.
async fn version_of<Q: Query>(world: &World, query: Q) -> String {
    let answer = query.read(&world.engine).await.unwrap();
    version(world.engine.store.keys(), &serde_json::to_value(answer).unwrap())
}

fn is_other<T>(result: &Result<T, EngineError>) -> bool {
    matches!(result, Err(EngineError::Store(StoreError::OtherVersion)))
}

#[tokio::test]
async fn an_act_on_another_version_of_a_record_is_not_done() {
    let world = World::new().await;
    world.import(&students(0..1)).await;
    let siti = Direct::new(&world.person(1, Role::Supervisor));
    let seen = version_of(&world, ShowRecord { record: name("r00000") }).await;
    assert_eq!(seen, version_of(&world, ShowRecord { record: name("r00000") }).await);
    let hold = || HoldRecord { record: name("r00000"), note: asked() };
    for versions in [&[][..], &["other"], &[""]] {
        let refused = siti.clone().expecting(Some(record(versions))).act(hold()).await;
        assert!(is_other(&refused), "{refused:?}");
    }
    assert_eq!(world.state_of("r00000").await.0, "waiting");
    siti.clone().expecting(Some(record(&["other", &seen]))).act(hold()).await.unwrap();

    let release = || ReleaseRecord { record: name("r00000"), note: asked() };
    let stale = siti.clone().expecting(Some(record(&[&seen]))).act(release()).await;
    assert!(is_other(&stale), "the record is held since: {stale:?}");
    let now = version_of(&world, ShowRecord { record: name("r00000") }).await;
    siti.clone().expecting(Some(record(&[&now]))).act(release()).await.unwrap();
    let thing = Versioned::Record("default".into(), "r99".into());
    let none = Expected { thing, versions: vec![seen] };
    let gone = siti.expecting(Some(none)).act(HoldRecord { record: name("r99"), note: asked() }).await;
    assert!(matches!(gone, Err(EngineError::Refused(_))), "what is not there is refused by the act itself: {gone:?}");
}

#[tokio::test]
async fn an_act_on_another_version_of_a_batch_or_of_an_act_for_two_is_not_done() {
    let (world, batch, _) = World::with_batch().await;
    let siti = Direct::new(&world.person(1, Role::Supervisor));
    let seen = version_of(&world, ShowBatch { batch }).await;
    let expected = |batch: BatchId, version: &str| {
        Some(Expected { thing: Versioned::Batch(batch), versions: vec![version.to_owned()] })
    };
    let cancel = || CancelBatch { batch, note: asked() };
    assert!(is_other(&siti.clone().expecting(expected(batch, "other")).act(cancel()).await));
    siti.clone().expecting(expected(batch, &seen)).act(cancel()).await.unwrap();
    assert_ne!(version_of(&world, ShowBatch { batch }).await, seen);

    let lend = LendBlanks {
        blank_type: "student".into(),
        quantity: 1.try_into().unwrap(),
        to: note("kudus"),
        document: note("BA-2"),
    };
    let act = Direct::new(&world.person(2, Role::StockKeeper)).request(lend.into()).await.unwrap();
    let line = world.engine.store.read().await.unwrap().pending_act_line(act).await.unwrap();
    let seen = version(world.engine.store.keys(), &serde_json::to_value(line.unwrap().line).unwrap());
    let expected = |act: PendingActId, version: &str| {
        Some(Expected { thing: Versioned::PendingAct(act), versions: vec![version.to_owned()] })
    };
    assert!(is_other(&siti.clone().expecting(expected(act, "other")).confirm(act).await));
    assert_eq!(world.account("loan").await, 0);
    siti.expecting(expected(act, &seen)).confirm(act).await.unwrap();
    assert_eq!(world.account("loan").await, 1);
    world.audit().await;
}

#[tokio::test]
async fn an_act_on_a_printer_with_other_settings_is_not_done_and_its_state_does_not_matter() {
    let world = World::new().await;
    world.add_printer("p1", "mock://p1", "student", Some(100)).await;
    let siti = Direct::new(&world.person(1, Role::Supervisor));
    let show = || ShowPrinter { printer: "p1".into() };
    let seen = version_of(&world, show()).await;
    let expected =
        |version: &str| Some(Expected { thing: Versioned::Printer("p1".into()), versions: vec![version.to_owned()] });
    let hopper = |cards: i64| SetPrinter {
        printer: "p1".into(),
        uri: None,
        profile: None,
        hopper: Some(HopperSetting::Counted(cards.try_into().unwrap())),
    };
    assert!(is_other(&siti.clone().expecting(expected("other")).act(hopper(200)).await));
    let mut tx = world.engine.store.write(&world.engine.writer, world.engine.clock.now()).await.unwrap();
    tx.printers_seen(&[("p1", "stopped", &["media-jam".to_owned()])]).await.unwrap();
    tx.commit().await.unwrap();
    siti.clone().expecting(expected(&seen)).act(hopper(200)).await.unwrap();

    assert!(is_other(&siti.clone().expecting(expected(&seen)).act(hopper(300)).await), "its hopper is another since");
    assert_eq!(show().read(&world.engine).await.unwrap().hopper, Some(200));
    let now = version_of(&world, show()).await;
    siti.expecting(expected(&now)).act(hopper(300)).await.unwrap();
    world.audit().await;
}
