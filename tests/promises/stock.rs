//! Tests P1: every blank is accounted for.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::acts::{self as operations, Delivery};
use crate::database;
use crate::world::{World, students};

#[tokio::test]
async fn what_cannot_be_is_refused_and_changes_nothing() {
    let world = World::new().await;
    world.receive(10, None).await;
    let engine = &world.engine;
    let delivery = |quantity, lot: Option<&str>, serials: Option<&str>| Delivery {
        blank_type: "student".into(),
        quantity,
        document: "D".into(),
        lot: lot.map(str::to_owned),
        serials: serials.map(str::to_owned),
        override_reason: None,
    };
    assert!(
        operations::receive(engine, &delivery(5, Some("L"), Some("A1..A4"))).await.is_err(),
        "serials and quantity disagree"
    );
    assert!(operations::receive(engine, &delivery(4, None, Some("A1..A4"))).await.is_err(), "serials without a lot");
    assert!(
        operations::receive(engine, &Delivery { blank_type: "passport".into(), ..delivery(4, None, None) })
            .await
            .is_err()
    );
    assert!(operations::destroy(engine, "student", 1, false, "D", ["A", "B"]).await.is_err(), "nothing is spoiled");
    assert!(operations::lend(engine, "student", 11, "kudus", "D").await.is_err(), "more than there are");
    assert!(operations::take_back(engine, "student", 1, "kudus", "D").await.is_err(), "never lent");
    assert!(operations::count(engine, "student", None, 11, "count").await.is_err(), "never missing");
    assert_eq!((world.account("vault").await, world.account("supplier").await), (10, -10));
    operations::receive(engine, &delivery(4, Some("L"), Some("A1..A4"))).await.unwrap();
    assert!(operations::receive(engine, &delivery(4, Some("L"), Some("A1..A4"))).await.is_err(), "received once");
    world.audit().await;
}

#[tokio::test]
async fn a_count_books_a_shortage_to_missing_and_back() {
    let world = World::new().await;
    world.receive(10, None).await;
    let count = |n| operations::count(&world.engine, "student", None, n, "stocktake");
    assert_eq!(count(8).await.unwrap(), -2);
    assert_eq!((world.account("vault").await, world.account("missing").await), (8, 2));
    assert_eq!(count(9).await.unwrap(), 1);
    assert_eq!((world.account("vault").await, world.account("missing").await), (9, 1));
    assert_eq!(count(9).await.unwrap(), 0);
    world.audit().await;
}

#[tokio::test]
async fn the_accounts_sum_to_zero_and_none_is_negative_after_any_acts() {
    let seed = 20_150_824;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let world = World::with(|s| {
        s.batch_size = 9;
        s.breaker_failures = 1_000;
    })
    .await;
    let engine = &world.engine;
    let uri = "mock://p1?spoil=0.1&jam=0.02&forget=0.15&offline=0.05&seed=4";
    world.add_printer("p1", uri, "student", Some(20)).await;
    world.printer("p2", "spoil=0.1&lose_ack=0.1&forget=0.1&seed=5").await;
    let mut next = 0;
    for _ in 0..60 {
        let n = random.random_range(1..30);
        // A refused act changes nothing. The ledger is checked after each act in either case.
        match random.random_range(0..15) {
            0 | 9 | 10 => world.receive(n, Some(["a", "b", "c"][random.random_range(0..3)])).await,
            1 => drop(operations::load(engine, "p1", n).await),
            2 => drop(operations::unload(engine, "p1", n).await),
            3 => drop(operations::lend(engine, "student", n, "kudus", "D").await),
            4 => drop(operations::take_back(engine, "student", n, "kudus", "D").await),
            5 => drop(operations::destroy(engine, "student", n, random.random(), "D", ["A", "B"]).await),
            6 => {
                let printer = if random.random() { Some("p1") } else { None };
                drop(operations::count(engine, "student", printer, n, "count").await);
            }
            14 => {
                let movement = random.random_range(1..40);
                drop(operations::delivery_reverse(engine, movement, n / 2, "wrong").await);
            }
            7 | 11 => {
                let count = u32::try_from(n).unwrap();
                world.import(&students(next..next + count)).await;
                next += count;
            }
            _ => drop(world.run().await),
        }
        world.audit().await;
    }
    let records = world.status().await.records;
    assert_eq!(records.values().sum::<i64>(), i64::from(next), "seed {seed}");
    assert!(records["printed"] > 0 && records["uncertain"] > 0, "seed {seed}: {records:?}");
}

#[tokio::test]
async fn a_movement_is_never_edited() {
    let world = World::new().await;
    world.receive(10, None).await;
    let execute = async |sql| database::execute(&world.location, sql).await.unwrap_err();
    for sql in
        ["UPDATE movement SET quantity = 9", "DELETE FROM movement", "UPDATE audit SET entry = ''", "DELETE FROM audit"]
    {
        let error = execute(sql).await;
        assert!(error.contains("append-only"), "{error}");
    }
    let error = execute("UPDATE balance SET quantity = -1 WHERE account = 'vault'").await;
    assert!(error.to_lowercase().contains("check constraint"), "{error}");
}
