//! Tests that the store refuses a node's writes about the printer of another node.

use cetak::{
    engine::planning::{self, Plan},
    store::Begin,
};

use crate::{
    database,
    world::{World, students},
};

#[tokio::test]
async fn no_attempt_begins_and_none_is_released_at_a_printer_of_another_node() {
    let world = World::new().await;
    world.printer("p1", "hold=yes").await;
    world.import(&students(0..2)).await;
    world.receive(2, None).await;
    let engine = &world.engine;
    let profile = engine.profile("student").unwrap();
    let printer = engine.store.read().await.unwrap().printer_get("p1").await.unwrap().unwrap();
    let mut tx = engine.store.write(&engine.writer, engine.clock.now()).await.unwrap();
    let Plan::Batch(_, jobs) = planning::plan(&mut tx, &printer, &profile, &engine.settings).await.unwrap() else {
        panic!("two wait")
    };
    tx.commit().await.unwrap();
    let wish = |at: usize| Begin {
        name: format!("cetak-test-{at}"),
        job: jobs[at].id,
        record_version: 1,
        printer: "p1".into(),
        releasing: false,
        impressions: 1,
    };
    let mut tx = engine.store.write(&engine.writer, engine.clock.now()).await.unwrap();
    let begun = tx.cards_step(&[], &[wish(0)]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(begun.len(), 1, "no other node prints on it");

    database::execute(&world.location, "UPDATE printer SET node = 'other'").await.unwrap();

    let mut tx = engine.store.write(&engine.writer, engine.clock.now()).await.unwrap();
    assert_eq!(tx.cards_step(&[], &[wish(1)]).await.unwrap(), []);
    assert_eq!(tx.attempts_release(&[begun[0].key]).await.unwrap(), []);
    drop(tx);
    database::execute(&world.location, "UPDATE printer SET node = NULL").await.unwrap();
    let mut tx = engine.store.write(&engine.writer, engine.clock.now()).await.unwrap();
    assert_eq!(tx.attempts_release(&[begun[0].key]).await.unwrap(), [begun[0].key]);
}
