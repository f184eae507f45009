//! Tests the lane of a printer: a walk-in joins the front of its batch, and is its next card.

use std::time::Duration;

use cetak::{
    domain::{
        batch::BatchState,
        walk_in::{Lane, joins},
    },
    engine::{
        client::{Client, Direct},
        clock::Clock as _,
        operations::PutFirst,
        query::{ListJumps, PageRequest},
    },
};

use crate::{
    acts as operations, database,
    world::{World, name, students},
};

async fn put_first(world: &World, id: &str) {
    let act = PutFirst { record: name(id), note: "waits at the counter".parse().unwrap() };
    Direct::new(&world.engine).act(act).await.unwrap();
}

/// An office with a printer whose first batch has five of ten records, and with `blanks`. While it prints, the record that comes last is
/// put first. Returns the request ids in the order in which their attempts began after that.
async fn begun_after_the_jump(query: &str, keeps_lane: bool, blanks: i64) -> (World, Vec<String>) {
    let world = World::with(|settings| settings.batch_size = 5).await;
    world.printer("p1", &format!("card_ms=3000&{query}")).await;
    if keeps_lane {
        operations::keep_lane(&world.engine, "p1").await;
    }
    world.import(&students(0..10)).await;
    world.receive(blanks, None).await;
    let acts = async {
        world.until(async || world.records("printed").await == 1).await;
        world.clock.sleep(Duration::from_millis(700)).await;
        put_first(&world, "r00009").await;
    };
    tokio::join!(world.run(), acts);
    let jumps =
        Direct::new(&world.engine).query(ListJumps { since: None, page: PageRequest::default() }).await.unwrap();
    let mut begun = Vec::new();
    for job in world.jobs().await {
        begun.extend(job.attempts.iter().map(|attempt| (attempt.began_at.clone(), job.request_id.clone())));
    }
    begun.sort();
    let jump = cetak::domain::time::Timestamp::parse(&jumps.items[0].at);
    let after = begun.into_iter().filter(|(at, _)| cetak::domain::time::Timestamp::parse(at) > jump);
    let after = after.map(|(_, id)| id).collect();
    world.audit().await;
    (world, after)
}

#[tokio::test]
async fn on_a_printer_with_a_lane_a_walk_in_is_the_next_card_that_is_begun() {
    for query in ["", "hold=yes"] {
        let (world, begun) = begun_after_the_jump(query, true, 11).await;
        assert_eq!((begun[0].as_str(), world.records("printed").await), ("r00009", 10), "{query}: {begun:?}");
        let mut batches = world.batches().await;
        assert_eq!(batches.remove(0).jobs, 6, "it is in the pile of the batch that was printed");
    }
}

#[tokio::test]
async fn without_a_lane_or_a_free_blank_a_walk_in_is_the_first_card_of_the_next_batch() {
    let (world, begun) = begun_after_the_jump("", false, 11).await;
    assert!(begun[0] != "r00009" && world.records("printed").await == 10, "{begun:?}");
    assert_eq!(world.batches().await[0].jobs, 5);
    let (world, begun) = begun_after_the_jump("", true, 5).await;
    assert!(!begun.contains(&"r00009".to_owned()), "{begun:?}");
    assert_eq!((world.state_of("r00009").await.0, world.batches().await[0].jobs), ("waiting".to_owned(), 5));
    world.receive(1, None).await;
    world.run().await;
    assert_eq!(world.state_of("r00009").await.0, "printed");
    world.audit().await;
}

#[tokio::test]
async fn two_printers_with_lanes_print_each_walk_in_once() {
    let world = World::with(|settings| settings.batch_size = 4).await;
    for printer in ["p1", "p2"] {
        world.printer(printer, "card_ms=2000").await;
        operations::keep_lane(&world.engine, printer).await;
    }
    world.import(&students(0..16)).await;
    world.receive(20, None).await;
    let acts = async {
        world.until(async || world.records("printed").await >= 2).await;
        for id in ["r00013", "r00014", "r00015"] {
            put_first(&world, id).await;
        }
    };
    tokio::join!(world.run(), acts);
    assert_eq!(world.records("printed").await, 16);
    let jobs = world.jobs().await;
    assert_eq!(jobs.len(), 16, "no record has two jobs");
    let joined = jobs.iter().filter(|job| ["r00013", "r00014", "r00015"].contains(&&*job.request_id));
    assert!(joined.clone().any(|job| job.batch <= 2), "one joined a batch that was made before: {jobs:?}");
    world.audit().await;
}

/// A case: its name, the change in SQL, the SQL that undoes it, and the same change in memory.
type Case = (&'static str, &'static str, &'static str, fn(&mut Lane));

const UNPAUSED: &str = "DELETE FROM pause";
const CLOSED: &str = "UPDATE printer SET breaker = 'closed'";
const UNLIMITED: &str = "UPDATE printer SET feed_until = NULL";
const RUNNING: &str = "UPDATE batch SET state = 'running', closed_at_us = NULL";

const CASES: [Case; 15] = [
    ("nothing forbids it", "", "", |_| {}),
    (
        "the printer keeps no lane",
        "UPDATE printer_limit SET limits = '{}'",
        "UPDATE printer_limit SET limits = '{\"walk_in_lane\":true}'",
        |lane| lane.is_kept = false,
    ),
    (
        "the queue is paused",
        "INSERT INTO pause (scope, name, reason, actor, at_us) VALUES ('queue', '', 'r', 'a', 0)",
        UNPAUSED,
        |lane| lane.may_begin = false,
    ),
    (
        "the printer is paused",
        "INSERT INTO pause (scope, name, reason, actor, at_us) VALUES ('printer', 'p1', 'r', 'a', 0)",
        UNPAUSED,
        |lane| lane.may_begin = false,
    ),
    (
        "another printer is paused",
        "INSERT INTO pause (scope, name, reason, actor, at_us) VALUES ('printer', 'p2', 'r', 'a', 0)",
        UNPAUSED,
        |_| {},
    ),
    (
        "its batch is paused",
        "INSERT INTO pause (scope, name, reason, actor, at_us) VALUES ('batch', '1', 'r', 'a', 0)",
        UNPAUSED,
        |lane| lane.may_begin = false,
    ),
    ("its breaker is open", "UPDATE printer SET breaker = 'open'", CLOSED, |lane| lane.may_begin = false),
    ("its breaker is half-open", "UPDATE printer SET breaker = 'half-open'", CLOSED, |_| {}),
    ("it belongs to another node", "UPDATE printer SET node = 'other'", "UPDATE printer SET node = NULL", |lane| {
        lane.may_begin = false;
    }),
    ("it was removed", "UPDATE printer SET removed = true", "UPDATE printer SET removed = false", |lane| {
        lane.may_begin = false;
    }),
    ("its batch waits for approval", "UPDATE batch SET state = 'planned'", RUNNING, |lane| {
        lane.batch = BatchState::Planned;
    }),
    ("its batch is closing", "UPDATE batch SET state = 'closing'", RUNNING, |lane| lane.batch = BatchState::Closing),
    ("its limits allow the cards of the batch only", "UPDATE printer SET feed_until = 2", UNLIMITED, |lane| {
        lane.room = Some(0);
    }),
    ("its limits allow one more", "UPDATE printer SET feed_until = 3", UNLIMITED, |lane| lane.room = Some(1)),
    (
        "the first card of its batch is of a walk-in",
        "UPDATE record SET class = -1000000000 WHERE request_id = 'r00000'",
        "UPDATE record SET class = 1 WHERE request_id = 'r00000'",
        |lane| lane.first = Some(true),
    ),
];

#[tokio::test]
async fn the_domain_and_the_guard_of_the_store_agree_on_whether_a_walk_in_joins() {
    let (world, batch, _) = World::with_batch().await;
    operations::keep_lane(&world.engine, "p1").await;
    world.import(&students(2..3)).await;
    world.receive(1, None).await;
    put_first(&world, "r00002").await;
    let lane =
        Lane { is_kept: true, batch: BatchState::Running, may_begin: true, first: Some(false), blanks: 1, room: None };
    for (case, change, undo, in_memory) in CASES {
        let mut lane = lane;
        in_memory(&mut lane);
        if !change.is_empty() {
            database::execute(&world.location, change).await.unwrap();
        }
        let mut tx = world.engine.store.write(&world.engine.writer, world.engine.clock.now()).await.unwrap();
        let of = tx.lane_batch(batch).await.unwrap().unwrap();
        assert_eq!((of.state, of.first), (lane.batch, lane.first), "{case}");
        let claimed = tx.waiting_first("student", 1).await.unwrap().remove(0);
        let lot = tx.account_lots("student", &of.place.free()).await.unwrap().remove(0);
        let joined = tx.batch_join(batch, &claimed, (&of.profile, &of.place), lot.lot).await.unwrap();
        drop(tx);
        if !undo.is_empty() {
            database::execute(&world.location, undo).await.unwrap();
        }
        assert_eq!(joined.is_some(), joins(&lane), "{case}");
    }
    // A record that is not first any more, and one whose job exists.
    let mut tx = world.engine.store.write(&world.engine.writer, world.engine.clock.now()).await.unwrap();
    let of = tx.lane_batch(batch).await.unwrap().unwrap();
    let claimed = tx.waiting_first("student", 1).await.unwrap().remove(0);
    let lot = tx.account_lots("student", &of.place.free()).await.unwrap().remove(0);
    for is_joined in [true, false] {
        let joined = tx.batch_join(batch, &claimed, (&of.profile, &of.place), lot.lot).await.unwrap();
        assert_eq!(joined.is_some(), is_joined);
    }
    drop(tx);
    world.audit().await;
}
