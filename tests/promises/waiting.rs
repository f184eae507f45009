//! Tests that a long transaction can know that another one waits to write.

use cetak::store::{Store, keys::Keys};

use crate::world::World;

#[tokio::test]
async fn a_transaction_knows_that_another_process_or_task_waits_for_its_end() {
    let world = World::new().await;
    let (writer, now) = (&world.engine.writer, cetak::domain::time::Timestamp(0));
    let other = Store::open(&world.location, Keys::derive(&[7; 32])).await.unwrap();
    for store in [&other, &world.engine.store] {
        let mut first = world.engine.store.write(writer, now).await.unwrap();
        assert!(!first.is_waited_for().await.unwrap(), "nothing waits yet");
        let (store, writer) = (store.clone(), writer.clone());
        let second = tokio::spawn(async move { store.write(&writer, now).await.unwrap().commit().await });
        while !first.is_waited_for().await.unwrap() {
            tokio::task::yield_now().await;
        }
        first.commit().await.unwrap();
        world.engine.store.others_first().await;
        second.await.unwrap().unwrap();
    }
    let mut last = world.engine.store.write(writer, now).await.unwrap();
    assert!(!last.is_waited_for().await.unwrap(), "nothing waits any more");
    drop(last);
    other.close().await;
}
