//! Tests that the store refuses a node's writes about the printer of another node.

use crate::{
    database,
    world::{World, begin},
};

#[tokio::test]
async fn no_attempt_begins_and_none_is_released_at_a_printer_of_another_node() {
    let (world, _, jobs) = World::with_batch().await;
    let engine = &world.engine;
    let mut tx = engine.store.write(&engine.writer, engine.clock.now()).await.unwrap();
    let begun = tx.cards_step(&[], &[begin(jobs[0])]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(begun.len(), 1, "no other node prints on it");

    database::execute(&world.location, "UPDATE printer SET node = 'other'").await.unwrap();

    let mut tx = engine.store.write(&engine.writer, engine.clock.now()).await.unwrap();
    assert_eq!(tx.cards_step(&[], &[begin(jobs[1])]).await.unwrap(), []);
    assert_eq!(tx.attempts_release(&[begun[0].key]).await.unwrap(), []);
    drop(tx);
    database::execute(&world.location, "UPDATE printer SET node = NULL").await.unwrap();
    let mut tx = engine.store.write(&engine.writer, engine.clock.now()).await.unwrap();
    assert_eq!(tx.attempts_release(&[begun[0].key]).await.unwrap(), [begun[0].key]);
}
