//! Tests that the counters of the board are equal to what they count: after any acts, and in a database of an older schema.

use std::time::Duration;

use cetak::{
    domain::{owner::Presence, record::RecordState, standing::Standing, stock::Cause, window::next_opening},
    engine::{
        client::Client,
        clock::Clock,
        operations::RecountCounters,
        query::{ListRecords, ListUncertain, NeedKind},
    },
    store::{Location, RecordCount, Store, keys::Keys},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sqlx::{
    PgPool, SqlStr, SqlitePool,
    migrate::{Migration, MigrationType, Migrator},
    sqlite::SqliteConnectOptions,
};

use crate::{
    acts::{self as operations, InspectionResult},
    database,
    world::{World, all, csv, name, student, students},
};

#[tokio::test]
async fn what_ended_since_an_instant_within_a_quarter_of_an_hour_is_counted_exactly() {
    let world = World::with(|settings| settings.batch_size = 7).await;
    world.printer("p1", "card_ms=1000&script=9:spoil").await;
    let began = world.engine.clock.now();
    world.import(&students(0..30)).await;
    world.receive(60, None).await;
    world.run().await;
    world.clock.advance(Duration::from_mins(20));
    world.import(&students(30..40)).await;
    world.run().await;
    let now = world.engine.clock.now();
    let mut tx = world.engine.store.read().await.unwrap();
    let mut counts = Vec::new();
    for since in [0, 5, 12, 20, 600, 1_200] {
        let since = began.plus(Duration::from_secs(since));
        let ended = tx.ended_between(since, cetak::domain::time::Timestamp(i64::MAX)).await.unwrap();
        let counted: i64 = ended.iter().map(|(_, _, number)| number).sum();
        let there = tx.attempts_latest(since, now, 1_000).await.unwrap();
        assert_eq!(usize::try_from(counted), Ok(there.len()), "{since}");
        let until = began.plus(Duration::from_secs(1_207));
        let ended = tx.ended_between(since, until).await.unwrap();
        let counted_until: i64 = ended.iter().map(|(_, _, number)| number).sum();
        let there = tx.attempts_latest(since, cetak::domain::time::Timestamp(until.0 - 1), 1_000).await.unwrap();
        assert_eq!(usize::try_from(counted_until), Ok(there.len()), "{since} to {until}");
        counts.push(counted);
    }
    counts.dedup();
    assert!(counts.len() > 4, "{counts:?}");
}

#[tokio::test]
async fn counters_are_equal_to_what_they_count_after_any_acts() {
    let seed = 20_260_829;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let world = World::with(|settings| {
        settings.batch_size = 7;
        settings.breaker_failures = 1_000;
    })
    .await;
    let engine = &world.engine;
    world.printer("p1", "spoil=0.2&forget=0.2&seed=4").await;
    world.printer("p2", "spoil=0.1&lose_ack=0.1&seed=5").await;
    let mut next = 0;
    for _ in 0..90 {
        let n = random.random_range(0..next.max(1));
        let record = name(&format!("r{n:05}"));
        // A refused act changes nothing. The counters are compared after each act in either case.
        match random.random_range(0..14) {
            0 | 1 => {
                world.import(&students(next..next + 9)).await;
                next += 9;
            }
            2 | 3 => world.receive(6, None).await,
            4 => drop(operations::record_hold(engine, &record, "asked").await),
            5 => drop(operations::record_release(engine, &record, "asked").await),
            6 => drop(operations::card_check(engine, &record).await),
            7 => {
                drop(operations::card_check(engine, &record).await);
                drop(operations::card_hand_over(engine, &record).await);
            }
            8 => drop(operations::card_reject(engine, &record, Cause::Damaged, "bent").await),
            9 | 10 => {
                // Another faculty, which is the district, or a status that is not print-ready.
                let mut changed = student(n);
                changed.faculty = format!("FACULTY {}", random.random_range(0..4));
                changed.status = if random.random_bool(0.3) { "EXPELLED".into() } else { changed.status };
                drop(world.import_with(&csv(&[changed]), "student", |import| import.update = true).await);
            }
            11 => {
                let uncertain = all(engine, |page| ListUncertain { page }).await;
                let found = [InspectionResult::Good, InspectionResult::Spoiled, InspectionResult::Nothing]
                    [random.random_range(0..3)];
                if let Some(line) = uncertain.first() {
                    drop(operations::inspect_resolve(engine, &line.attempt, found, "looked").await);
                }
            }
            12 => {
                world.clock.set_forward(Duration::from_hours(24 * 40));
                operations::archive(engine, 30).await.unwrap();
            }
            _ => drop(world.run().await),
        }
        world.audit().await;
    }
    // Each of these states is reached at least once, whatever the random acts were.
    world.import(&students(next..next + 2)).await;
    operations::record_hold(engine, &name(&format!("r{next:05}")), "asked").await.unwrap();
    let mut left = student(next + 1);
    left.status = "EXPELLED".into();
    world.import(&csv(&[left])).await;
    next += 2;
    world.audit().await;
    let printed =
        all(engine, |page| ListRecords { state: Some(RecordState::Printed), page, ..ListRecords::default() }).await;
    let card = name(&printed.iter().find(|line| line.stop.is_none()).unwrap().request_id);
    operations::card_check(engine, &card).await.unwrap();
    operations::card_hand_over(engine, &card).await.unwrap();
    world.audit().await;
    let board = world.status().await;
    assert_eq!(board.records.values().sum::<i64>(), i64::from(next), "seed {seed}");
    assert_eq!(board.districts.values().flat_map(|d| d.values()).sum::<i64>(), i64::from(next), "seed {seed}");
    let reached = ["printed", "handed_over", "held", "withdrawn"].map(|state| board.records[state] > 0);
    assert_eq!(reached, [true; 4], "seed {seed}: {:?}", board.records);
}

#[tokio::test]
async fn a_stopped_card_is_counted_until_it_is_rejected() {
    let world = World::new().await;
    world.import(&students(0..3)).await;
    world.receive(3, None).await;
    world.printer("p1", "").await;
    world.run().await;
    let stopped = async || {
        let needs = world.status().await.needs_person;
        needs.iter().find(|need| need.kind == NeedKind::StoppedCards).map_or(0, |need| need.count)
    };
    assert_eq!(stopped().await, 0);

    let mut changed = student(1);
    changed.name = "ANOTHER NAME".into();
    world.import_with(&csv(&[changed]), "student", |import| import.update = true).await.unwrap();

    assert_eq!(stopped().await, 1);
    world.audit().await;
    operations::card_reject(&world.engine, &name("r00001"), Cause::DataChanged, "changed").await.unwrap();
    assert_eq!(stopped().await, 0);
    world.audit().await;
}

#[tokio::test]
async fn the_yield_of_a_night_is_whole_in_the_morning() {
    let world = World::with(|s| s.windows = vec!["* 20:00-05:00 Asia/Jakarta".parse().unwrap()]).await;
    let now = world.clock.now();
    world.import(&students(0..4)).await;
    world.receive(4, None).await;
    world.printer("p1", "script=2:spoil").await;
    let evening = next_opening(&world.engine.settings.windows, "p1", now).unwrap();
    world.owners.set(Presence::There); // a scheduler runs
    let closed = Standing::WindowClosed { opens: Some(evening.to_string()) };
    assert_eq!(world.status().await.printers[0].standing, closed);
    world.clock.advance(evening.since(now));
    world.run().await;
    let line = async || world.status().await.printers.remove(0);
    let night = line().await;
    assert_eq!((night.cards_24h, night.spoiled_24h), (3, 1));
    assert_eq!(night.standing, Standing::NoBlanks { blank_type: "student".into() });

    world.clock.advance(Duration::from_hours(12));

    assert_eq!((line().await.cards_24h, line().await.spoiled_24h), (3, 1), "after midnight and in the morning");
    world.clock.advance(Duration::from_hours(13));
    assert_eq!((line().await.cards_24h, line().await.spoiled_24h), (0, 0));
    world.audit().await;
}

/// Two batches of an office with the sixth schema: two cards printed, one of them stopped, one uncertain, one archived, and
/// one record that waits.
const OLD_ROWS: &str = "
    INSERT INTO lot (id, blank_type, name, received_at_us) VALUES (1, 'student', '-', 1);
    INSERT INTO printer (name, uri, profile) VALUES ('p1', 'mock://p1', 'student');
    INSERT INTO batch (id, profile, printer, place, state, created_at_us, closed_at_us)
    VALUES (1, 'student', 'p1', '', 'closed', 1, 2);
    INSERT INTO record (id, source, request_id, profile, kind, class, state, slot, person_key, digest, district, village,
                        requested_at_us, verified_at_us, stop)
    VALUES (1, 's', 'a', 'student', 'new', 1, 'printed', 0, unhex('01'), unhex('01'), 'D1', 'V', 1, 1, NULL),
           (2, 's', 'b', 'student', 'new', 1, 'printed', 0, unhex('02'), unhex('02'), 'D1', 'V', 1, 1, 'updated'),
           (3, 's', 'c', 'student', 'new', 1, 'uncertain', 0, unhex('03'), unhex('03'), 'D2', 'V', 1, 1, NULL),
           (4, 's', 'd', 'student', 'new', 1, 'waiting', 0, unhex('04'), unhex('04'), 'D2', 'V', 1, 1, NULL);
    INSERT INTO job (id, batch_id, record_id, copy, lot_id, state, position, due_at_us)
    VALUES (2, 1, 2, 1, 1, 'printed', 1, 1), (3, 1, 3, 1, 1, 'uncertain', 2, 1);
    INSERT INTO job_archive (id, batch_id, record_id, copy, lot_id, state, position, due_at_us, not_started)
    VALUES (1, 1, 1, 1, 1, 'printed', 0, 1, 0);
    INSERT INTO attempt (id, name, job_id, printer, record_version, state, began_at_us, ended_at_us)
    VALUES (2, 'two', 2, 'p1', 1, 'not-started', 1, 900000000), (3, 'three', 2, 'p1', 1, 'printed', 1, 1799999999),
           (4, 'four', 3, 'p1', 1, 'uncertain', 1, 1800000000);
    INSERT INTO attempt_archive (id, name, job_id, printer, record_version, state, acknowledged, inspected, began_at_us,
                                 ended_at_us)
    VALUES (1, 'one', 1, 'p1', 1, 'printed', ACKNOWLEDGED, ACKNOWLEDGED, 1, 900000001);";

/// A database at schema version 6.
async fn old_schema(location: &Location) {
    let database = if database::is_postgres() { "postgres" } else { "sqlite" };
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(database);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let migration = |(number, file): (i64, &std::path::PathBuf)| {
        let sql: &'static str = Box::leak(std::fs::read_to_string(file).unwrap().into_boxed_str());
        Migration::new(number, "old".into(), MigrationType::Simple, SqlStr::from_static(sql), false)
    };
    let migrator = Migrator::with_migrations((1..=6).zip(&files).map(migration).collect());
    match location {
        Location::File(file) => {
            let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
            let pool = SqlitePool::connect_with(options).await.unwrap();
            migrator.run(&pool).await.unwrap();
            pool.close().await;
        }
        Location::Server(url) => {
            let pool = PgPool::connect(url).await.unwrap();
            migrator.run(&pool).await.unwrap();
            pool.close().await;
        }
    }
    let rows = OLD_ROWS.replace("ACKNOWLEDGED", if database::is_postgres() { "true" } else { "1" });
    database::execute(location, &rows).await.unwrap();
}

#[tokio::test]
async fn a_database_of_an_older_schema_gets_its_counters_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let server = database::empty_server();
    let location = database::location(server.as_ref(), folder.path());
    old_schema(&location).await;

    let store = Store::open(&location, Keys::derive(&[7; 32])).await.unwrap();

    let mut tx = store.read().await.unwrap();
    let count = |district: &str, state: &str, stopped| RecordCount {
        profile: "student".into(),
        district: district.into(),
        state: state.into(),
        stopped,
        count: 1,
    };
    let expected = [
        count("D1", "printed", false),
        count("D1", "printed", true),
        count("D2", "uncertain", false),
        count("D2", "waiting", false),
    ];
    assert_eq!(tx.record_counts().await.unwrap(), expected);
    let mut outcomes = async |since| {
        let outcomes = tx
            .printer_outcomes(cetak::domain::time::Timestamp(since), cetak::domain::time::Timestamp(i64::MAX))
            .await
            .unwrap();
        outcomes.into_iter().map(|(printer, state, n)| format!("{printer} {state} {n}")).collect::<Vec<_>>()
    };
    assert_eq!(outcomes(0).await, ["p1 not-started 1", "p1 printed 2", "p1 uncertain 1"]);
    assert_eq!(outcomes(1_800_000_000).await, ["p1 uncertain 1"]);
    let checks = tx.check(&[]).await.unwrap();
    let of_counters: Vec<_> = checks.into_iter().filter(|check| check.rule.contains("counters")).collect();
    assert_eq!(of_counters.iter().map(|check| check.faults.len()).collect::<Vec<_>>(), [0, 0], "{of_counters:?}");
}

#[tokio::test]
async fn counters_that_an_older_scheduler_left_wrong_are_counted_again() {
    let world = World::new().await;
    world.import(&students(0..5)).await;
    world.receive(3, None).await;
    world.printer("p1", "").await;
    world.run().await;
    let wrong = "UPDATE counter_record SET number = number + 7; DELETE FROM counter_outcome";
    database::execute(&world.location, wrong).await.unwrap();
    let faults = async || {
        let checks = world.engine.store.read().await.unwrap().check(&[]).await.unwrap();
        checks.iter().map(|check| check.faults.len()).sum::<usize>()
    };
    assert!(faults().await > 0);

    operations::by(&world.engine).act(RecountCounters {}).await.unwrap();

    assert_eq!(faults().await, 0);
    assert_eq!((world.records("printed").await, world.records("waiting").await), (3, 2));
    world.import(&students(5..6)).await;
    world.audit().await;
    let entries = world.engine.store.read().await.unwrap().audit_page("cli", 0, 1_000).await.unwrap();
    assert!(entries.iter().any(|row| row.entry.contains("counters.recounted")));
}
