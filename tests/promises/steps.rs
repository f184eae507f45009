//! Tests that a text of several statements does what those do that it replaces, on each database.

use std::collections::BTreeMap;

use cetak::{
    domain::{
        audit::Event,
        id::{AttemptKey, BatchId, JobId, LotId, RecordId},
        job::PrintedCard,
        printer::Printer,
        stock::{Account, Place},
        time::Timestamp,
    },
    engine::planning::{self, Plan},
    store::{Begin, Begun, RecordCount, Store, StoreError, Tx, keys::Keys},
};
use rand::{Rng, RngExt, SeedableRng, seq::IteratorRandom};
use rand_chacha::ChaCha20Rng;

use crate::{
    database,
    world::{World, begin, students},
};

/// The groups of one run.
const GROUPS: usize = 40;
const PRINTERS: [&str; 2] = ["p1", "p2"];

/// The content of a table as text, without the numbers that a rolled back attempt leaves out.
const CONTENT: [(&str, &str); 5] = [
    (
        "attempt",
        "name || ' ' || job_id || ' ' || printer || ' ' || record_version || ' ' || state || ' ' || impressions || ' ' ||
         began_at_us || ' ' || COALESCE(ended_at_us, -1) || ' ' || COALESCE(owner, -1)",
    ),
    ("job", "id || ' ' || batch_id || ' ' || lot_id || ' ' || state || ' ' || position"),
    ("record", "id || ' ' || state || ' ' || version || ' ' || COALESCE(reason, '-')"),
    (
        "movement AS m LEFT JOIN attempt AS a ON a.id = m.attempt_id",
        "m.at_us || ' ' || m.lot_id || ' ' || m.from_account || ':' || m.from_place || ' ' || m.to_account || ':' || m.to_place
         || ' ' || m.quantity || ' ' || m.cause || ' ' || COALESCE(m.document, '-') || ' ' || COALESCE(m.batch_id, -1) || ' ' ||
         COALESCE(a.name, '-') || ' ' || m.actor || ' ' || COALESCE(m.account, -1) || ' ' || COALESCE(m.means, '-')",
    ),
    ("balance", "lot_id || ' ' || account || ':' || place || ' ' || quantity"),
];

/// A change of both databases between two groups.
const CHANGES: [&str; 11] = [
    "UPDATE printer SET feed_until = 12 WHERE name = 'p1'",
    "UPDATE printer SET feed_until = 20 WHERE name = 'p2'",
    "UPDATE printer SET feed_until = NULL",
    "INSERT INTO pause (scope, name, reason, actor, at_us) VALUES ('printer', 'p1', 'r', 'a', 0) ON CONFLICT DO NOTHING",
    "DELETE FROM pause",
    "UPDATE printer SET breaker = 'open' WHERE name = 'p2'",
    "UPDATE printer SET breaker = 'closed'",
    "UPDATE record SET stop = 'updated' WHERE id % 7 = 1 AND state = 'batched'",
    "UPDATE record SET stop = NULL",
    "DELETE FROM pause",
    "UPDATE printer SET breaker = 'closed'",
];

/// An attempt that began in both databases.
struct Open {
    begin: Begin,
    record: RecordId,
    keys: [AttemptKey; 2],
}

#[tokio::test]
async fn a_step_has_the_effect_of_the_statements_that_it_replaces() {
    let seed = std::env::var("STEPS_SEED").map_or(2015, |seed| seed.parse().unwrap());
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    let world = World::with(|settings| settings.batch_size = 60).await;
    let mut queued = planned(&world).await;
    let (copy, _server) = database::copy(&world.location, world.dir.path()).await;
    let locations = [&world.location, &copy];
    let other = Store::open(&copy, Keys::derive(&[7; 32])).await.unwrap();
    let stores = [&world.engine.store, &other];
    let (mut open, mut refused): (Vec<Open>, usize) = (Vec::new(), 0);
    let (mut printed, mut begun_in_all) = (0, 0);
    for group in 0..GROUPS {
        if random.random_bool(0.2) {
            let change = CHANGES.into_iter().choose(&mut random).unwrap();
            for location in locations {
                database::execute(location, change).await.unwrap();
            }
        }
        let good: Vec<usize> = (0..open.len()).filter(|_| random.random_bool(0.5)).collect();
        let begins = some_begins(&queued, group, &mut random);
        let swap = random.random_bool(0.2).then(|| random.random_range(0..4));
        let mut answers = Vec::new();
        for (at, store) in stores.iter().enumerate() {
            let mut cards: Vec<PrintedCard> = good.iter().map(|i| card(&open[*i], at)).collect();
            if let (Some(what), Some(card)) = (swap, cards.first_mut()) {
                spoil(card, what);
            }
            let (writer, now) = (&world.engine.writer, world.engine.clock.now());
            let is_later = at == 0 && group % 2 == 0 && !(cards.is_empty() && begins.is_empty());
            let mut tx =
                if is_later { store.write_later(writer, now).await } else { store.write(writer, now).await }.unwrap();
            let answer = match (at, swap) {
                (0, _) => tx.cards_step(&cards, &begins).await,
                (_, Some(_)) if !cards.is_empty() => Err(StoreError::Conflict("the worker's data")),
                _ => replaced(&mut tx, &cards, &begins).await,
            };
            if answer.is_ok() {
                tx.audit(Event::new("queue.paused", "queue"));
                tx.commit().await.unwrap();
            }
            answers.push(answer);
        }
        match (&answers[0], &answers[1]) {
            (Ok(one), Ok(other)) => {
                let of = |begun: &[Begun]| begun.iter().map(|b| (b.job, b.key)).collect::<BTreeMap<_, _>>();
                let (one, other) = (of(one), of(other));
                assert!(one.keys().eq(other.keys()), "STEPS_SEED={seed}, group {group}: {one:?} and {other:?}");
                good.iter().rev().for_each(|i| drop(open.remove(*i)));
                printed += good.len();
                begun_in_all += one.len();
                for (job, key) in &one {
                    let begin = begins.iter().find(|begin| begin.job == *job).unwrap().clone();
                    let record = queued.remove(job).unwrap().1;
                    if begin.releasing {
                        open.push(Open { begin, record, keys: [*key, other[job]] });
                    }
                }
            }
            (Err(StoreError::Conflict(_)), Err(StoreError::Conflict(_))) => refused += 1,
            (one, other) => panic!("STEPS_SEED={seed}, group {group}: {one:?} and {other:?}"),
        }
        if group % 4 == 3 {
            assert_eq!(content(locations[0]).await, content(locations[1]).await, "STEPS_SEED={seed}, group {group}");
        }
    }
    assert!(printed > 10 && begun_in_all > printed && refused > 0, "{printed} {begun_in_all} {refused}");
    assert_eq!(events_and_counters(stores[0]).await, events_and_counters(stores[1]).await, "STEPS_SEED={seed}");
    other.close().await;
}

#[tokio::test]
async fn what_is_read_in_one_statement_is_what_each_table_says() {
    const CHANGES: [&str; 7] = [
        r#"UPDATE attempt SET acknowledged = true, printer_job = 'a "job"', printer_run = 'r' WHERE job_id = 2"#,
        "UPDATE attempt SET state = 'uncertain', ended_at_us = 7, owner = 3 WHERE job_id = 1",
        r#"UPDATE printer SET capabilities = '{"name": "ü"}', reasons = '["media-jam"]', hopper = 40 WHERE name = 'p2'"#,
        "INSERT INTO pause (scope, name, reason, actor, at_us) VALUES ('printer', 'p1', 'r', 'a', 1700000000000000)",
        "INSERT INTO pause (scope, name, reason, actor, at_us) VALUES ('queue', 'doubt', '[]', 'a', 5)",
        "INSERT INTO balance (lot_id, account, place, quantity) VALUES (2, 'hopper', 'p2', 9)",
        "UPDATE balance SET quantity = 4 WHERE lot_id = 1 AND account = 'vault'",
    ];
    let world = World::with(|settings| settings.batch_size = 60).await;
    let queued = planned(&world).await;
    let engine = &world.engine;
    for (job, (printer, _)) in queued.iter().take(4) {
        let begin = Begin { printer: (*printer).to_owned(), ..begin(*job) };
        let mut tx = engine.store.write(&engine.writer, engine.clock.now()).await.unwrap();
        tx.attempts_begin(&[begin]).await.unwrap();
        tx.commit().await.unwrap();
    }
    for change in CHANGES {
        database::execute(&world.location, change).await.unwrap();
    }
    let accounts = [Account::Vault, Account::Hopper("p2".into()), Account::Hopper("p1".into())];
    let accounts: Vec<(&str, &Account)> = accounts.iter().map(|account| ("student", account)).collect();
    let mut tx = engine.store.read().await.unwrap();

    let workers = tx.workers_view(&PRINTERS, Some(3)).await.unwrap();
    let plan = tx.plan_view(&PRINTERS, &accounts).await.unwrap();

    assert_eq!((workers.open.len(), workers.unconfirmed.len(), workers.batches.len()), (3, 1, 2), "{workers:?}");
    assert_eq!(plan.lots.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 0], "{plan:?}");
    let in_order = |mut printers: Vec<Printer>| {
        printers.sort_by(|one, other| one.name.cmp(&other.name));
        format!("{printers:?}")
    };
    let printers = in_order(tx.printers_named(&PRINTERS).await.unwrap());
    assert_eq!((&in_order(workers.printers), &in_order(plan.printers)), (&printers, &printers));
    let open = tx.attempts_open(&PRINTERS).await.unwrap();
    assert_eq!(format!("{:?}", workers.open), format!("{open:?}"));
    let batches = tx.batches_open(&PRINTERS).await.unwrap();
    assert_eq!((&workers.batches, &plan.batches), (&batches, &batches));
    let (pauses, doubt) = tx.feeding_stops().await.unwrap();
    assert_eq!((format!("{:?}", workers.pauses), workers.in_doubt), (format!("{pauses:?}"), doubt.is_some()));
    assert_eq!(workers.newest, tx.newest_instant().await.unwrap());
    assert_eq!(workers.unconfirmed, tx.attempts_unconfirmed(Some(3)).await.unwrap());
    assert_eq!(plan.lots, tx.accounts_lots(&accounts).await.unwrap());
}

#[tokio::test]
async fn a_batch_is_planned_for_the_printer_as_it_is_now_and_an_open_one_is_not_planned_again() {
    let world = World::new().await;
    world.printer("p1", "").await;
    world.import(&students(0..3)).await;
    world.receive(3, None).await;
    let engine = &world.engine;
    let read = engine.store.read().await.unwrap().printer_get("p1").await.unwrap().unwrap();
    let profile = engine.profile("student").unwrap();
    let next = async |changes: &[&str]| {
        for change in changes {
            database::execute(&world.location, change).await.unwrap();
        }
        let mut tx = engine.store.write_later(&engine.writer, engine.clock.now()).await.unwrap();
        let plans =
            planning::plan_next(&mut tx, &[(&read, &profile)], &engine.profiles, &engine.settings).await.unwrap();
        tx.commit().await.unwrap();
        plans
    };
    let hopper = [
        "UPDATE printer SET hopper = 2 WHERE name = 'p1'",
        "INSERT INTO balance (lot_id, account, place, quantity) VALUES (1, 'hopper', 'p1', 2)",
    ];

    let planned = next(&hopper).await;

    let [Plan::Batch(_, jobs)] = &planned[..] else { panic!("records wait: {planned:?}") };
    assert!(jobs.len() == 2 && jobs.iter().all(|job| job.place == Place::Printer("p1".into())), "{jobs:?}");
    assert_eq!(next(&[]).await, planned);
    let closed = ["UPDATE batch SET state = 'closed', closed_at_us = 1"];
    assert_eq!(next(&closed).await, [Plan::NoBlanks]);
    let other = ["UPDATE printer SET hopper = NULL, uri = 'mock://other' WHERE name = 'p1'"];
    assert_eq!(next(&other).await, [Plan::NothingWaits]);
}

async fn events_and_counters(store: &Store) -> (Vec<String>, Vec<RecordCount>, Vec<(String, String, i64)>) {
    let mut tx = store.read().await.unwrap();
    let entries = tx.audit_page("cli", 0, 10_000).await.unwrap().into_iter().map(|entry| entry.entry).collect();
    (entries, tx.record_counts().await.unwrap(), tx.printer_outcomes(Timestamp(0), Timestamp(i64::MAX)).await.unwrap())
}

/// Plans a batch for each printer; the second one's blanks are in its hopper. Returns the queued jobs with printer and record.
async fn planned(world: &World) -> BTreeMap<JobId, (&'static str, RecordId)> {
    world.import(&students(0..120)).await;
    for lot in ["one", "two"] {
        world.receive(120, Some(lot)).await;
    }
    let mut queued = BTreeMap::new();
    for name in PRINTERS {
        world.printer(name, "").await;
        let engine = &world.engine;
        let printer = engine.store.read().await.unwrap().printer_get(name).await.unwrap().unwrap();
        let mut tx = engine.store.write(&engine.writer, engine.clock.now()).await.unwrap();
        let profile = engine.profile("student").unwrap();
        let plan = planning::plan_next(&mut tx, &[(&printer, &profile)], &engine.profiles, &engine.settings)
            .await
            .unwrap()
            .remove(0);
        tx.commit().await.unwrap();
        assert!(matches!(plan, Plan::Batch(..)), "records wait: {plan:?}");
    }
    let hopper = "
        UPDATE batch SET place = 'p2' WHERE printer = 'p2';
        UPDATE balance SET quantity = quantity - 60 WHERE account = 'reserved';
        INSERT INTO balance (lot_id, account, place, quantity) VALUES (1, 'reserved', 'p2', 60)";
    database::execute(&world.location, hopper).await.unwrap();
    // No second card may begin for a record that is printed in the same step, whatever the jobs say.
    let second = "
        INSERT INTO job (batch_id, record_id, copy, lot_id, state, position, due_at_us)
        SELECT batch_id, record_id, copy, lot_id, state, 1000 + id, due_at_us FROM job WHERE id % 4 = 0";
    database::execute(&world.location, second).await.unwrap();
    let mut tx = world.engine.store.read().await.unwrap();
    for (batch, name) in (1..).zip(PRINTERS) {
        let jobs = tx.jobs_queued(BatchId(batch)).await.unwrap();
        queued.extend(jobs.iter().map(|job| (job.id, (name, job.record))));
    }
    queued
}

/// Up to six attempts to begin, some of a wrong version or printer.
fn some_begins(queued: &BTreeMap<JobId, (&'static str, RecordId)>, group: usize, random: &mut impl Rng) -> Vec<Begin> {
    let count = random.random_range(0..=6);
    let chosen = queued.iter().sample(random, count);
    let begin = |(job, (printer, _)): (&JobId, &(&'static str, RecordId)), random: &mut dyn Rng| Begin {
        name: format!("cetak-test-{group}-{job}"),
        job: *job,
        record_version: if random.random_ratio(1, 8) { 2 } else { 1 },
        printer: if random.random_ratio(1, 8) { "p1" } else { *printer }.to_owned(),
        releasing: !random.random_ratio(1, 8),
        impressions: random.random_range(1..=2),
    };
    chosen.into_iter().map(|one| begin(one, random)).collect()
}

fn card(open: &Open, at: usize) -> PrintedCard {
    let place = if open.begin.printer == "p2" { Place::Printer("p2".into()) } else { Place::Vault };
    PrintedCard {
        attempt: open.keys[at],
        name: open.begin.name.clone(),
        printer: open.begin.printer.clone(),
        job: open.begin.job,
        record: open.record,
        batch: BatchId(if open.begin.printer == "p1" { 1 } else { 2 }),
        lot: LotId(1),
        place,
    }
}

/// Changes one of the facts that a worker knows of its card.
fn spoil(card: &mut PrintedCard, what: usize) {
    match what {
        0 => card.lot = LotId(card.lot.0 + 1),
        1 => card.record = RecordId(card.record.0 + 1),
        2 => card.batch.0 += 1,
        _ => card.attempt = AttemptKey(card.attempt.0 + 1_000),
    }
}

async fn replaced(tx: &mut Tx, good: &[PrintedCard], begins: &[Begin]) -> Result<Vec<Begun>, StoreError> {
    tx.save(good.iter().map(PrintedCard::transition).collect()).await?;
    tx.attempts_begin(begins).await
}

async fn content(location: &cetak::store::Location) -> Vec<String> {
    let mut tables = Vec::new();
    for (from, row) in CONTENT {
        let sql = format!(
            "SELECT COALESCE(string_agg(line, '; ' ORDER BY line), '') FROM (SELECT {row} AS line FROM {from}) AS rows"
        );
        tables.push(database::execute(location, &sql).await.unwrap());
    }
    tables
}
