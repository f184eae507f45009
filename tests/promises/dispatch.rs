//! Tests that the domain and the guards of the store agree, case by case, on whether a card may start.

use std::time::Duration;

use cetak::domain::{
    batch::BatchState,
    breaker::Breaker,
    dispatch::{Action, CardSnapshot, PrinterSnapshot, Readiness, Rules, may_begin, may_release, next_action},
    id::BatchId,
    job::JobState,
    pause::{Pause, PauseScope},
    record::{Recall, RecordState},
    supply::Stop,
    time::Timestamp,
};

use crate::{
    clock::NOON,
    database,
    world::{World, begin},
};

/// The change of the printer and its cards in memory.
type Change = fn(&mut PrinterSnapshot, &mut CardSnapshot);

/// A case: its name, the change in SQL, the SQL that undoes it, the same change in memory, and whether an attempt may
/// then begin, and be released.
type Case = (&'static str, &'static str, &'static str, Change, (bool, bool));

const NODES: &str = "UPDATE printer SET node = NULL";
const UNPAUSED: &str = "DELETE FROM pause";
const CLOSED: &str = "UPDATE printer SET breaker = 'closed'";
const UNLIMITED: &str = "UPDATE printer SET feed_until = NULL";
const RUNNING: &str = "UPDATE batch SET state = 'running'";
const NOT_RECALLED: &str = "UPDATE record SET stop = NULL";

/// In the SQL, `@BATCH` is the printer's batch, `@QUEUED` its next job, and `@HELD` the job of its uploaded card.
const CASES: [Case; 22] = [
    ("nothing forbids it", "", "", |_, _| {}, (true, true)),
    (
        "the queue is paused",
        "INSERT INTO pause (scope, name, reason, actor, at_us) VALUES ('queue', '', 'r', 'a', 0)",
        UNPAUSED,
        |printer, _| printer.pauses = paused(PauseScope::Queue),
        (false, false),
    ),
    (
        "the printer is paused",
        "INSERT INTO pause (scope, name, reason, actor, at_us) VALUES ('printer', 'p1', 'r', 'a', 0)",
        UNPAUSED,
        |printer, _| printer.pauses = paused(PauseScope::Printer("p1".into())),
        (false, false),
    ),
    (
        "another printer is paused",
        "INSERT INTO pause (scope, name, reason, actor, at_us) VALUES ('printer', 'p2', 'r', 'a', 0)",
        UNPAUSED,
        |printer, _| printer.pauses = paused(PauseScope::Printer("p2".into())),
        (true, true),
    ),
    (
        "the batch is paused",
        "INSERT INTO pause (scope, name, reason, actor, at_us) VALUES ('batch', '@BATCH', 'r', 'a', 0)",
        UNPAUSED,
        |printer, _| printer.pauses = paused(PauseScope::Batch(printer.batch.unwrap().0.0)),
        (false, false),
    ),
    (
        "another batch is paused",
        "INSERT INTO pause (scope, name, reason, actor, at_us) VALUES ('batch', '999', 'r', 'a', 0)",
        UNPAUSED,
        |printer, _| printer.pauses = paused(PauseScope::Batch(999)),
        (true, true),
    ),
    (
        "the database may be a copy",
        "INSERT INTO pause (scope, name, reason, actor, at_us) VALUES ('queue', 'instance', '{}', 'a', 0)",
        UNPAUSED,
        |printer, _| printer.in_doubt = true,
        (false, false),
    ),
    (
        "the printer was removed",
        "UPDATE printer SET removed = true",
        "UPDATE printer SET removed = false",
        |printer, _| printer.is_gone = true,
        (false, false),
    ),
    (
        "it belongs to another node",
        "UPDATE printer SET node = 'other'",
        NODES,
        |printer, _| printer.node = Some("other"),
        (false, false),
    ),
    (
        "its breaker is open",
        "UPDATE printer SET breaker = 'open'",
        CLOSED,
        |printer, _| printer.breaker = Breaker::Open,
        (false, false),
    ),
    (
        "its breaker is half-open",
        "UPDATE printer SET breaker = 'half-open'",
        CLOSED,
        |printer, _| printer.breaker = Breaker::HalfOpen,
        (true, true),
    ),
    (
        "its breaker is locked",
        "UPDATE printer SET breaker = 'locked'",
        CLOSED,
        |printer, _| printer.breaker = Breaker::Locked,
        (false, false),
    ),
    (
        "a limit of it is reached",
        "UPDATE printer SET feed_until = 0",
        UNLIMITED,
        |printer, _| printer.stop = Some((Stop::TrayFull, Timestamp(NOON))),
        (false, false),
    ),
    (
        "its limits allow two cards, and one is in it",
        "UPDATE printer SET feed_until = 2",
        UNLIMITED,
        |_, _| {},
        (true, true),
    ),
    (
        "its batch waits for approval",
        "UPDATE batch SET state = 'planned'",
        RUNNING,
        |printer, _| printer.batch.as_mut().unwrap().1 = BatchState::Planned,
        (false, false),
    ),
    (
        "its batch is closing",
        "UPDATE batch SET state = 'closing'",
        RUNNING,
        |printer, _| printer.batch.as_mut().unwrap().1 = BatchState::Closing,
        (false, false),
    ),
    (
        "the job is not due",
        "UPDATE job SET due_at_us = due_at_us + 1 WHERE id = @QUEUED",
        "UPDATE job SET due_at_us = due_at_us - 1 WHERE id = @QUEUED",
        |_, card| card.due = card.due.plus(Duration::from_micros(1)),
        (false, true),
    ),
    (
        "the record was withdrawn",
        "UPDATE record SET stop = 'withdrawn'",
        NOT_RECALLED,
        |_, card| card.recall = Some(Recall::Withdrawn),
        (false, false),
    ),
    (
        "the record was updated",
        "UPDATE record SET stop = 'updated'",
        NOT_RECALLED,
        |_, card| card.recall = Some(Recall::Updated),
        (false, false),
    ),
    (
        "the record has another version than the card",
        "UPDATE record SET version = version + 1",
        "UPDATE record SET version = version - 1",
        |_, card| card.version += 1,
        (false, false),
    ),
    (
        "the queued job was closed",
        "UPDATE job SET state = 'returned' WHERE id = @QUEUED",
        "UPDATE job SET state = 'queued' WHERE id = @QUEUED",
        |_, card| {
            if card.job == JobState::Queued {
                card.job = JobState::Returned;
            }
        },
        (false, true),
    ),
    (
        "the job of the held card was closed",
        "UPDATE job SET state = 'returned' WHERE id = @HELD",
        "UPDATE job SET state = 'printing' WHERE id = @HELD",
        |_, card| {
            if card.job == JobState::Printing {
                card.job = JobState::Returned;
            }
        },
        (true, false),
    ),
];

fn paused(scope: PauseScope) -> &'static [Pause] {
    let pause = Pause { scope, reason: String::new(), actor: String::new(), at: Timestamp(0) };
    Box::leak(Box::new([pause]))
}

#[tokio::test]
async fn the_domain_and_the_guards_agree_whether_a_printer_may_get_a_card() {
    let (world, batch, jobs) = World::with_batch().await;
    let engine = &world.engine;
    let mut tx = engine.store.write(&engine.writer, engine.clock.now()).await.unwrap();
    let held = tx.cards_step(&[], &[begin(jobs[0])]).await.unwrap()[0].key;
    tx.commit().await.unwrap();

    for (case, change, back, change_in_memory, (begins, releases)) in CASES {
        let named = |sql: &str| {
            sql.replace("@BATCH", &batch.to_string())
                .replace("@QUEUED", &jobs[1].to_string())
                .replace("@HELD", &jobs[0].to_string())
        };
        if !change.is_empty() {
            database::execute(&world.location, &named(change)).await.unwrap();
        }
        let mut tx = engine.store.write(&engine.writer, engine.clock.now()).await.unwrap();
        let is_begun_together = !tx.cards_step(&[], &[begin(jobs[1])]).await.unwrap().is_empty();
        drop(tx); // nothing of it is saved
        let mut tx = engine.store.write(&engine.writer, engine.clock.now()).await.unwrap();
        let is_begun = !tx.attempts_begin(&[begin(jobs[1])]).await.unwrap().is_empty();
        drop(tx);
        let mut tx = engine.store.write(&engine.writer, engine.clock.now()).await.unwrap();
        let released = !tx.attempts_release(&[held]).await.unwrap().is_empty();
        drop(tx);
        if !back.is_empty() {
            database::execute(&world.location, &named(back)).await.unwrap();
        }
        assert_eq!((is_begun, is_begun_together, released), (begins, begins, releases), "the guards, when {case}");

        let (decided_begin, decided_release) = decided(batch, change_in_memory);
        assert_eq!((decided_begin, decided_release), (begins, releases), "the domain, when {case}");
    }
}

/// The domain's decision on the queued card and on the held one.
fn decided(batch: BatchId, change: Change) -> (bool, bool) {
    let now = Timestamp(NOON);
    let decide = |job, may_go: fn(&CardSnapshot) -> bool| {
        let mut printer = PrinterSnapshot {
            name: "p1",
            is_gone: false,
            node: None,
            own_node: None,
            has_lease: true,
            has_open_attempt: false, // the held card is its worker's, which is about to release it
            breaker: Breaker::Closed,
            readiness: Readiness::Ready,
            down_since: None,
            stop: None,
            batch: Some((batch, BatchState::Running)),
            in_doubt: false,
            pauses: &[],
            newest: now,
        };
        let record = RecordState::Batched;
        let mut card = CardSnapshot { job, due: now, record, recall: None, version: 1, rendered: 1 };
        change(&mut printer, &mut card);
        let rules = Rules { windows: &[], release_after: Duration::ZERO };
        next_action(&printer, &rules, now) == Action::Print && may_go(&card)
    };
    let begins = decide(JobState::Queued, |card| may_begin(card, Timestamp(NOON)));
    (begins, decide(JobState::Printing, may_release))
}
