//! Tests `db check`: each rule finds the damage that it is for. Every other test ends with a check that finds nothing.

use std::os::unix::fs::FileExt;

use cetak::{
    domain::time::Timestamp,
    engine::{client::Client, operations::SetPrinterLimits},
    store::{Location, Store, keys::Keys},
};

use crate::acts as operations;
use crate::{
    database,
    world::{World, name, students},
};

/// An office with a record in every state that the rules mention: two printed cards, one handed over, one surrendered,
/// one uncertain, one in a planned batch, one waiting.
pub(crate) async fn engine() -> World {
    let world = World::with(|s| {
        s.breaker_failures = 100;
        s.batch_size = 1;
    })
    .await;
    world.import(&students(0..4)).await;
    world.receive(20, Some("L1")).await;
    world.printer("p1", "").await;
    world.run().await;
    for id in ["r00002", "r00003"] {
        operations::card_check(&world.engine, &name(id)).await.unwrap();
        operations::card_hand_over(&world.engine, &name(id)).await.unwrap();
    }
    operations::card_surrender(&world.engine, &name("r00003"), "bent").await.unwrap();
    operations::printer_remove(&world.engine, "p1").await.unwrap();
    world.import(&students(4..5)).await;
    world.printer("p2", "forget=1").await;
    world.run().await;
    operations::pause(&world.engine, &cetak::domain::pause::PauseScope::Queue, "the end of the day").await.unwrap();
    world.import(&students(5..7)).await;
    assert_eq!([world.records("printed").await, world.records("uncertain").await], [2, 1]);
    world
}

/// Damages a copy, and returns the violated rules with the first violation of each.
async fn broken(world: &World, sql: &'static [&'static str]) -> Vec<(&'static str, String)> {
    let folder = tempfile::tempdir().unwrap();
    let (copy, _server) = database::copy(&world.location, folder.path()).await;
    for statement in sql {
        let changed = database::execute(&copy, &format!("{statement} RETURNING 'changed'")).await;
        assert_eq!(changed.as_deref(), Ok("changed"), "{statement}");
    }
    let store = Store::open(&copy, Keys::derive(&[7; 32])).await.unwrap();
    let checks = store.read().await.unwrap().check(&[]).await.unwrap();
    store.close().await;
    let first = |check: cetak::store::Check| {
        let fault = check.faults.into_iter().next()?;
        Some((check.rule, format!("{}: {}", fault.thing, fault.what)))
    };
    // What the audit proves has tests of its own, in `tampering.rs`.
    checks.into_iter().filter(|check| !check.rule.ends_with(" is as the audit has it")).filter_map(first).collect()
}

macro_rules! sees {
    ($world:expr, [$($sql:expr),+], [$(($rule:expr, $fault:expr)),*]) => {
        assert_eq!(broken(&$world, &[$($sql),+]).await, [$(($rule, $fault.to_owned())),*] as [(&str, String); _]);
    };
}

const WAITING: &str = "the waiting list has all waiting records, and no others";
const JUMPS: &str = "a record that jumped is in the class of its last jump, and no other jumped";
const OPEN_JOBS: &str = "a record in a batch or uncertain has its one open job, and no other has any";
const ATTEMPTS: &str = "a printing job has its one open attempt, an uncertain or printed one its attempt";
const BOOKED: &str = "each attempt's blank is booked as the attempt ended";
const TEST_CARDS: &str = "each test card's blank is booked as the test card ended";
const CARDS: &str = "each card in the office or with its citizen has its blank there";
const CARDS_OUT: &str = "each card that was sent or handed over is where its record says";
const CARD_COUNTS: &str = "as many blanks are booked as printed and uncertain as there are such cards";
const BALANCES: &str = "each balance is the sum of its movements";
const LOTS: &str = "the accounts of each lot sum to zero";
const RESERVED: &str = "each open job has its reserved blank, and no other blank is reserved";
const RECORD_COUNTERS: &str = "the counters of records are equal to the records";
const OUTCOME_COUNTERS: &str = "the counters of outcomes are equal to the attempts that ended";
const FEEDING: &str = "each printer stops feeding at the first of its limits";
const FILE: &str = "the database file is whole";

#[tokio::test]
async fn a_record_that_jumped_is_in_the_class_of_its_jump() {
    let world = engine().await;
    operations::put_first(&world.engine, &name("r00006"), "waits").await.unwrap();
    sees!(
        world,
        ["UPDATE record SET jumped = NOT jumped WHERE request_id = 'r00006'"],
        [(
            JUMPS,
            "record default/r00006: its last jump is put-first to class -1000000000, and it is in class -1000000000"
        )]
    );
    sees!(
        world,
        ["UPDATE record SET jumped = NOT jumped WHERE request_id = 'r00005'"],
        [(JUMPS, "record default/r00005: it jumped, and is not first, and no jump of it is known")]
    );
}

#[tokio::test]
async fn a_printer_stops_feeding_where_its_limits_say() {
    let world = engine().await;
    let tray: SetPrinterLimits = serde_json::from_value(serde_json::json!({ "printer": "p2", "tray": 10 })).unwrap();
    operations::by(&world.engine).act(tray).await.unwrap();
    sees!(
        world,
        ["UPDATE printer SET feed_until = feed_until + 1 WHERE name = 'p2'"],
        [(FEEDING, "printer p2: it stops feeding at 12 fed cards, and its limits say 11")]
    );
    sees!(
        world,
        ["UPDATE printer SET feed_until = NULL WHERE name = 'p2'"],
        [(FEEDING, "printer p2: it stops feeding at any number of fed cards, and its limits say 11")]
    );
}

#[tokio::test]
async fn the_waiting_list_and_the_records_that_wait_are_the_same() {
    let world = engine().await;
    sees!(
        world,
        ["DELETE FROM waiting WHERE request_id = 'r00006'"],
        [(WAITING, "record default/r00006: it waits, and is not at its place in the waiting list")]
    );
    sees!(
        world,
        ["UPDATE waiting SET class = class + 1 WHERE request_id = 'r00006'"],
        [(WAITING, "record default/r00006: it waits, and is not at its place in the waiting list")]
    );
    sees!(
        world,
        ["UPDATE record SET state = 'held' WHERE request_id = 'r00006'"],
        [
            (WAITING, "record default/r00006: it is in the waiting list, and does not wait"),
            (RECORD_COUNTERS, "records of student in FACULTY 0 that are held: 0 counted, and 1 found")
        ]
    );
    sees!(
        world,
        ["INSERT INTO claim_bound (profile, class, verified_at_us, requested_at_us, source, request_id)
             SELECT profile, class, verified_at_us, requested_at_us, source, request_id FROM waiting
             WHERE request_id = 'r00006'
             ON CONFLICT (profile) DO UPDATE SET verified_at_us = excluded.verified_at_us"],
        [(
            "a claim reads each waiting record",
            "record default/r00005: it stands before the first record that a claim reads"
        )]
    );
}

#[tokio::test]
async fn records_jobs_and_attempts_agree() {
    let world = engine().await;
    sees!(
        world,
        ["UPDATE record SET state = 'printed' WHERE state = 'uncertain'"],
        [
            (OPEN_JOBS, "record default/r00004: it is printed, with 0 jobs queued or printing and 1 uncertain"),
            (CARDS, "record default/r00004: it is printed, and has no printed card"),
            (CARD_COUNTS, "lot L1 of student: 2 booked as printed, and 3 such cards"),
            (RECORD_COUNTERS, "records of student in FACULTY 1 that are printed: 1 counted, and 2 found")
        ]
    );
    sees!(
        world,
        ["UPDATE attempt SET state = 'printed' WHERE state = 'uncertain'"],
        [
            (ATTEMPTS, "job 5: it is uncertain, with 0 attempts open, 0 uncertain, 1 printed"),
            (
                BOOKED,
                format!("attempt {}: it is printed, and its blank is booked otherwise", attempt_of(&world, 5).await)
            ),
            (OUTCOME_COUNTERS, format!("{}: 0 counted, and 1 found", ended(&world, 5, "p2", "printed").await))
        ]
    );
    sees!(
        world,
        ["DELETE FROM attempt WHERE job_id = 1"],
        [
            (ATTEMPTS, "job 1: it is printed, with 0 attempts open, 0 uncertain, 0 printed"),
            (BOOKED, "attempt number 1: the ledger names it, and it is gone"),
            (CARDS, "record default/r00000: it is printed, and has no printed card"),
            (OUTCOME_COUNTERS, format!("{}: 4 counted, and 3 found", ended(&world, 1, "p1", "printed").await))
        ]
    );
}

/// The counter of an outcome, in the quarter of an hour in which the attempt of a job ended.
async fn ended(world: &World, job: i64, printer: &str, outcome: &str) -> String {
    let job = world.jobs().await.into_iter().find(|line| line.id == job).unwrap();
    let ended = Timestamp::parse(job.attempts[0].ended_at.as_ref().unwrap()).unwrap();
    let start = ended.0 / 900_000_000 * 900;
    format!("attempts at {printer} that ended {outcome} in the 15 minutes from Unix time {start}")
}

#[tokio::test]
async fn a_counter_that_was_changed_from_outside_is_found() {
    let world = engine().await;
    sees!(
        world,
        [
            "INSERT INTO counter_record (chain, profile, district, state, stopped, number) VALUES ('x', 'student', 'FACULTY 0', 'held', true, 2)"
        ],
        [(RECORD_COUNTERS, "records of student in FACULTY 0 that are held and stopped: 2 counted, and 0 found")]
    );
    sees!(
        world,
        ["DELETE FROM counter_record WHERE state = 'uncertain'"],
        [(RECORD_COUNTERS, "records of student in FACULTY 1 that are uncertain: 0 counted, and 1 found")]
    );
    sees!(
        world,
        ["UPDATE counter_outcome SET number = number + 3 WHERE printer = 'p2'"],
        [(OUTCOME_COUNTERS, format!("{}: 4 counted, and 1 found", ended(&world, 5, "p2", "uncertain").await))]
    );
    sees!(
        world,
        ["UPDATE counter_outcome SET number = number + 3 WHERE printer = 'p2' AND bucket_start_us < 0"],
        [(OUTCOME_COUNTERS, fed("p2", "uncertain", 4, 1))]
    );
}

/// That a printer has fed another number of cards than are counted.
fn fed(printer: &str, state: &str, counted: i64, found: i64) -> String {
    format!("cards that {printer} has fed and that ended {state}: {counted} counted, and {found} found")
}

async fn attempt_of(world: &World, job: i64) -> String {
    world.jobs().await.into_iter().find(|line| line.id == job).unwrap().attempts.remove(0).id
}

#[tokio::test]
async fn the_blank_of_a_test_card_is_booked_as_the_test_card_ended() {
    let world = World::new().await;
    world.receive(3, None).await;
    world.printer("p1", "").await;
    let name = operations::printer_test(&world.engine, "p1").await.unwrap().attempt;
    world.audit().await;
    let booked = |state: &str| format!("test card {name}: it is {state}, and its blank is booked otherwise");
    let counted = || (OUTCOME_COUNTERS, fed("p1", "printed", 1, 0));
    sees!(
        world,
        ["UPDATE test_card SET state = 'not-started'"],
        [(TEST_CARDS, booked("not-started")), (counted().0, counted().1)]
    );
    sees!(
        world,
        ["UPDATE test_card SET state = 'releasing', ended_at_us = NULL"],
        [
            (RESERVED, "lot - of student: 0 reserved, and 1 jobs queued or printing, or test cards open"),
            (TEST_CARDS, booked("releasing")),
            (counted().0, counted().1)
        ]
    );
    sees!(
        world,
        ["UPDATE test_card SET state = 'uncertain'"],
        [
            (TEST_CARDS, booked("uncertain")),
            (CARD_COUNTS, "lot - of student: 0 booked as uncertain, and 1 such cards"),
            (counted().0, counted().1)
        ]
    );
}

#[tokio::test]
async fn a_closed_batch_has_no_open_job_and_each_open_job_has_its_blank() {
    let world = World::with(|s| s.approve_batches = true).await;
    world.import(&students(0..2)).await;
    world.receive(2, None).await;
    world.printer("p1", "").await;
    world.run().await;
    assert_eq!(world.account("reserved").await, 2);
    sees!(
        world,
        ["UPDATE batch SET state = 'closed', closed_at_us = 1"],
        [("a closed batch has no open job", "batch 1: it is closed, and job 1 is queued")]
    );
    sees!(
        world,
        [
            "UPDATE balance SET quantity = quantity + CASE account WHEN 'reserved' THEN -1 ELSE 1 END WHERE account IN ('reserved', 'vault')"
        ],
        [
            (BALANCES, "account 1 reserved : booked 1, moved 2"),
            (RESERVED, "lot - of student: 1 reserved, and 2 jobs queued or printing, or test cards open")
        ]
    );
    sees!(
        world,
        ["UPDATE job SET state = 'printing' WHERE id = 1"],
        [(ATTEMPTS, "job 1: it is printing, with 0 attempts open, 0 uncertain, 0 printed")]
    );
}

#[tokio::test]
async fn a_card_lies_where_the_ledger_says() {
    let world = engine().await;
    sees!(
        world,
        ["UPDATE record SET state = 'handed_over', slot = id WHERE request_id = 'r00000'"],
        [
            (CARDS, "record default/r00000: it is handed_over, and the blank of its card is booked otherwise"),
            (CARD_COUNTS, "lot L1 of student: 2 booked as printed, and 1 such cards"),
            (RECORD_COUNTERS, "records of student in FACULTY 0 that are handed_over: 1 counted, and 2 found")
        ]
    );
    sees!(
        world,
        ["UPDATE record SET surrendered = true WHERE request_id = 'r00002'"],
        [(CARDS, "record default/r00002: it is handed_over, and the blank of its card is booked otherwise")]
    );
    sees!(
        world,
        ["UPDATE balance SET quantity = quantity + 1 WHERE account = 'vault'"],
        [(BALANCES, "account 1 vault : booked 16, moved 15"), (LOTS, "lot L1 of student: its accounts sum to 1")]
    );
}

#[tokio::test]
async fn a_reversal_is_of_a_delivery() {
    let world = engine().await;
    sees!(
        world,
        [
            "INSERT INTO movement (at_us, lot_id, from_account, from_place, to_account, to_place, quantity, cause, actor, reverses)
             VALUES (1, 1, 'vault', '', 'supplier', '', 1, 'reversed', 'x', 2)",
            "UPDATE balance SET quantity = quantity - 1 WHERE account = 'vault'",
            "UPDATE balance SET quantity = quantity + 1 WHERE account = 'supplier'"
        ],
        [(
            "a reversal takes back no more than its delivery",
            "movement 2: 1 of it reversed, and it is no delivery"
        )]
    );
}

#[tokio::test]
async fn copies_persons_photos_and_the_archive_are_checked_too() {
    let world = engine().await;
    sees!(
        world,
        ["UPDATE record SET copy = 2 WHERE request_id = 'r00000'"],
        [("a second copy has its approved warrant", "record default/r00000: copy 2, with 0 approved warrants")]
    );
    sees!(
        world,
        ["DELETE FROM person WHERE record_id = 1"],
        [
            ("each record has its person", "record default/r00000: its person is gone"),
            (
                "the index of names has the words of each record, and no others",
                "record default/r00000: its name has 0 words, and the index 3 of it"
            )
        ]
    );
    sees!(
        world,
        ["INSERT INTO photo (digest, sealed, uses) VALUES (unhex('00'), unhex('00'), 3)"],
        [("each photo knows how many records need it", "photo number 1: 0 records need it, and it knows of 3")]
    );
    sees!(
        world,
        [
            "INSERT INTO job_archive SELECT id, batch_id, record_id, copy, lot_id, state, position, due_at_us, not_started FROM job WHERE id = 1"
        ],
        [
            (CARD_COUNTS, "lot L1 of student: 2 booked as printed, and 3 such cards"),
            (
                "a job is either live or archived, and archived only after it has ended",
                "job 1: it is archived, and still among the live ones"
            )
        ]
    );
}

#[tokio::test]
async fn a_damaged_file_and_missing_references_are_reported_alone() {
    let world = engine().await;
    let Location::File(file) = &world.location else { return };
    sees!(world, ["DELETE FROM lot"], [(FILE, "table balance, row ?: it refers to a row of lot that does not exist")]);

    world.engine.store.close().await;
    let pool = sqlx::SqlitePool::connect_with(sqlx::sqlite::SqliteConnectOptions::new().filename(file)).await.unwrap();
    let page = sqlx::query_scalar("SELECT rootpage FROM sqlite_master WHERE name = 'attempt_ended'");
    let page: u32 = page.fetch_one(&pool).await.unwrap();
    pool.close().await;
    let bytes = std::fs::OpenOptions::new().write(true).open(file).unwrap();
    bytes.write_all_at(&[0; 4096], u64::from(page - 1) * 4096).unwrap();

    let store = Store::open(&world.location, Keys::derive(&[7; 32])).await.unwrap();
    let checks = store.read().await.unwrap().check(&[]).await.unwrap();

    assert_eq!(checks.iter().map(|check| (check.rule, check.faults.is_empty())).collect::<Vec<_>>(), [(FILE, false)]);
}

#[tokio::test]
async fn a_card_that_was_sent_nowhere_and_a_district_without_its_card_are_found() {
    let world = engine().await;
    operations::card_check(&world.engine, &name("r00000")).await.unwrap();
    operations::card_send(&world.engine, &name("r00000"), "Laweyan").await.unwrap();
    sees!(
        world,
        ["DELETE FROM card_out WHERE district = 'Laweyan'"],
        [(CARDS_OUT, "record default/r00000: its card is marked as sent, and is in no district")]
    );
    sees!(
        world,
        ["UPDATE record SET sent = false WHERE request_id = 'r00000'"],
        [(CARDS_OUT, "record default/r00000: it is printed, and its card is somewhere else")]
    );
    sees!(
        world,
        ["UPDATE card_out SET record_id = 99 WHERE district = 'Laweyan'"],
        [(CARDS_OUT, "record default/r00000: its card is marked as sent, and is in no district")]
    );
    let checked_too = "UPDATE record SET sent = true WHERE request_id = 'r00001' RETURNING 'changed'";
    assert!(database::execute(&world.location, checked_too).await.is_err(), "it is not checked");
}
