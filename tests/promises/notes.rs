//! Tests that a reason of the program is stored as a code, and the words of a person beside it as a note.

use std::time::Duration;

use cetak::{
    domain::{
        attempt::AttemptState,
        reason::{DriverFault, Reason, StoredReason},
        record::RecordState,
        stock::Cause,
    },
    engine::query::{AttemptLine, ListUncertain, Query, RecordLine, ShowRecord},
    store::{Location, Store, keys::Keys},
};
use cetak_driver_api::{AttemptStatus, Blank, Card, DriverError, Ending};
use serde_json::{Value, json};

use crate::acts::{self as operations, InspectionResult};
use crate::{
    database,
    fake_printer::{Act, FakePrinter, away},
    postgres::Postgres,
    world::{World, csv, name, student, students},
};

/// The state, the reason and the note of a record.
async fn record(world: &World, request_id: &str) -> (String, Option<Reason>, Option<String>) {
    let line = line(world, request_id).await;
    (line.state, line.reason.map(|stored| coded(&stored)), line.note)
}

async fn line(world: &World, request_id: &str) -> RecordLine {
    ShowRecord { record: name(request_id) }.read(&world.engine).await.unwrap()
}

/// The outcome, the reason and the note of the latest attempt for a record.
async fn attempt(world: &World, request_id: &str) -> (Option<String>, Option<Reason>, Option<String>) {
    let AttemptLine { outcome, reason, note, .. } = latest(world, request_id).await;
    (outcome, reason.map(|stored| coded(&stored)), note)
}

async fn latest(world: &World, request_id: &str) -> AttemptLine {
    let jobs = world.jobs().await;
    let attempts = jobs.into_iter().filter(|job| job.request_id == request_id).flat_map(|job| job.attempts);
    attempts.last().unwrap()
}

fn coded(stored: &str) -> Reason {
    match Reason::from_stored(stored) {
        StoredReason::Coded(reason) => reason,
        StoredReason::Quoted(text) => panic!("{text} is no code"),
    }
}

/// The details of the newest audit row of an act.
async fn details(world: &World, act: &str) -> Value {
    let rows = world.engine.store.read().await.unwrap().audit_page("cli", 0, 5_000).await.unwrap();
    let mut entries = rows.iter().rev().map(|row| serde_json::from_str::<Value>(&row.entry).unwrap());
    entries.find(|entry| entry["act"] == act).unwrap()["details"].clone()
}

fn state(of: RecordState) -> String {
    of.as_str().to_owned()
}

#[expect(clippy::unnecessary_wraps, reason = "it is compared with optional texts")]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// An office whose printer forgets every card, so that each outcome is uncertain.
async fn uncertain(cards: u32) -> World {
    let world = World::new().await;
    world.import(&students(0..cards)).await;
    world.receive(i64::from(cards) + 10, None).await;
    world.printer("p1", "forget=1").await;
    world.run().await;
    assert_eq!(world.records("uncertain").await, i64::from(cards));
    world
}

#[tokio::test]
async fn what_a_person_says_of_a_record_is_its_note_and_the_reason_is_a_code() {
    let world = World::new().await;
    world.import(&students(0..2)).await;
    let (first, second) = (name("r00000"), name("r00001"));

    operations::record_hold(&world.engine, &first, "asked by the family").await.unwrap();
    let held = (state(RecordState::Held), Some(Reason::HeldByPerson), some("asked by the family"));
    assert_eq!(record(&world, "r00000").await, held);
    let reason = json!({ "code": "held-by-person" });
    let expected = json!({ "reason": reason, "was": "waiting", "note": "asked by the family" });
    assert_eq!(details(&world, "record.held").await, expected);
    let mut moved = student(0);
    moved.faculty = "FACULTY 9".into();
    world.import_with(&csv(&[moved]), "student", |what| what.update = true).await.unwrap();
    assert_eq!(record(&world, "r00000").await, held, "an update leaves it held, with its note");

    operations::record_release(&world.engine, &first, "they agreed").await.unwrap();
    assert_eq!(record(&world, "r00000").await, (state(RecordState::Waiting), None, some("they agreed")));
    assert_eq!(details(&world, "record.released").await, json!({ "note": "they agreed", "was": "held" }));

    world.receive(10, None).await;
    world.printer("p1", "").await;
    world.run().await;
    assert_eq!(record(&world, "r00000").await, (state(RecordState::Printed), None, None), "a good card needs no words");

    let mut gone = student(0);
    (gone.faculty, gone.status) = ("FACULTY 9".into(), "EXPELLED".into());
    world.import(&csv(&[gone])).await;
    assert_eq!(record(&world, "r00000").await.1, Some(Reason::Status { status: "EXPELLED".into() }));
    operations::card_reject(&world.engine, &first, Cause::DataChanged, "cut in two").await.unwrap();
    let rejected = (state(RecordState::Withdrawn), Some(Reason::RejectedByPerson), some("cut in two"));
    assert_eq!(record(&world, "r00000").await, rejected);
    let expected = json!({ "cause": Cause::DataChanged.as_str(), "note": "cut in two" });
    assert_eq!(details(&world, "card.rejected").await, expected);

    operations::card_check(&world.engine, &second).await.unwrap();
    operations::card_hand_over(&world.engine, &second).await.unwrap();
    operations::card_surrender(&world.engine, &second, "found in a bus").await.unwrap();
    assert_eq!(record(&world, "r00001").await, (state(RecordState::HandedOver), None, some("found in a bus")));
    assert_eq!(details(&world, "card.surrendered").await, json!({ "note": "found in a bus" }));
    world.audit().await;
}

#[tokio::test]
async fn what_a_person_found_of_an_uncertain_attempt_is_its_note_and_the_reason_is_a_code() {
    let world = uncertain(4).await;
    let forgotten = Some(Reason::ForgottenByPrinter);
    assert_eq!(attempt(&world, "r00000").await, (some("uncertain"), forgotten.clone(), None));
    assert_eq!(record(&world, "r00000").await, (state(RecordState::Uncertain), forgotten, None));

    let found = [
        ("r00000", InspectionResult::Good, AttemptState::Printed, RecordState::Printed),
        ("r00001", InspectionResult::Spoiled, AttemptState::Spoiled, RecordState::Waiting),
        ("r00002", InspectionResult::Nothing, AttemptState::NotStarted, RecordState::Waiting),
        ("r00003", InspectionResult::BlankGone, AttemptState::NotStarted, RecordState::Waiting),
    ];
    for (request_id, found, outcome, becomes) in found {
        let (id, note) = (latest(&world, request_id).await.id, format!("seen for {request_id}"));
        operations::inspect_resolve(&world.engine, &id, found, &note).await.unwrap();
        let inspected = (some(outcome.as_str()), Some(Reason::InspectedByPerson), some(&note));
        assert_eq!(attempt(&world, request_id).await, inspected, "{found:?}");
        assert_eq!(record(&world, request_id).await, (state(becomes), None, some(&note)), "{found:?}");
        assert_eq!(details(&world, "attempt.inspected").await["note"], note);
    }
    world.audit().await;
}

#[tokio::test]
async fn what_a_person_says_of_an_attempt_that_is_declared_uncertain_is_its_note_and_the_reason_is_a_code() {
    let world = World::new().await;
    let silent = FakePrinter::new(&world, "").reach(|act| match act {
        Act::Find => Err(away()),
        Act::Ask | Act::Prepare | Act::Upload | Act::Commit | Act::Ended | Act::Cancel => Ok(()),
    });
    silent.add(&world, "p1").await;
    world.import(&students(0..1)).await;
    world.receive(1, None).await;
    world.run().await;
    let open = latest(&world, "r00000").await;
    assert_eq!((open.outcome, open.reason, open.note), (None, None, None));

    operations::declare_uncertain(&world.engine, &open.id, "the printer is gone").await.unwrap();

    let (reason, note) = (Some(Reason::DeclaredByPerson), some("the printer is gone"));
    assert_eq!(attempt(&world, "r00000").await, (some("uncertain"), reason.clone(), note.clone()));
    assert_eq!(record(&world, "r00000").await, (state(RecordState::Uncertain), reason.clone(), note.clone()));
    let listed = ListUncertain::default().read(&world.engine).await.unwrap().items.pop().unwrap();
    assert_eq!((listed.reason.map(|stored| coded(&stored)), listed.note), (reason, note));
    assert_eq!(details(&world, "attempt.declared").await, json!({ "note": "the printer is gone" }));
    assert_eq!(details(&world, "attempt.uncertain").await["reason"], json!({ "code": "declared-by-person" }));
    world.audit().await;
}

#[tokio::test]
async fn what_a_printer_says_is_a_code_with_its_keywords_or_its_text_on_one_line() {
    let world = World::new().await;
    let ending = Ending { blank: Blank::Fed, card: Card::Bad, reasons: vec!["media-jam".into()] };
    let jams = FakePrinter::new(&world, "").find(move |_| Ok(AttemptStatus::Ended(ending.clone())));
    jams.add(&world, "p1").await;
    world.import(&students(0..1)).await;
    world.receive(10, None).await;
    world.run().await;
    let jammed = Some(Reason::Printer { reasons: vec!["media-jam".into()] });
    assert_eq!(attempt(&world, "r00000").await, (some("spoiled"), jammed, None));

    let other = World::new().await;
    let printer = FakePrinter::new(&other, "").reach(|act| match act {
        Act::Commit => Err(DriverError::Rejected("tray\r\n\u{1b}[31m4".into())),
        Act::Ask | Act::Prepare | Act::Upload | Act::Find | Act::Ended | Act::Cancel => Ok(()),
    });
    printer.add(&other, "p1").await;
    other.import(&students(0..1)).await;
    other.receive(10, None).await;
    other.run().await;
    let refused = Some(Reason::Driver { fault: DriverFault::Rejected, detail: "tray [31m4".into() });
    assert_eq!(attempt(&other, "r00000").await, (some("not-started"), refused.clone(), None));
    assert_eq!(record(&other, "r00000").await, (state(RecordState::Quarantined), refused, None));
    other.audit().await;
}

#[tokio::test]
async fn a_text_in_the_place_of_a_code_is_kept_as_an_earlier_version_wrote_it() {
    let world = World::new().await;
    world.import(&students(0..1)).await;
    operations::record_hold(&world.engine, &name("r00000"), "asked").await.unwrap();
    let old = "UPDATE record SET reason = 'asked, in the old way', note = NULL RETURNING reason";
    assert_eq!(database::execute(&world.location, old).await.unwrap(), "asked, in the old way");

    let mut moved = student(0);
    moved.faculty = "FACULTY 9".into();
    world.import_with(&csv(&[moved]), "student", |what| what.update = true).await.unwrap();

    let line = line(&world, "r00000").await;
    assert_eq!((line.version, line.reason, line.note), (2, some("asked, in the old way"), None));
}

#[tokio::test]
async fn a_note_goes_with_its_attempt_into_the_archive() {
    let world = uncertain(2).await;
    let id = latest(&world, "r00000").await.id;
    operations::inspect_resolve(&world.engine, &id, InspectionResult::Good, "in the output").await.unwrap();
    let next = latest(&world, "r00001").await.id;
    operations::inspect_resolve(&world.engine, &next, InspectionResult::Good, "below it").await.unwrap();
    world.clock.advance(Duration::from_hours(24 * 100));
    // The newest job and attempt stay where they are.
    world.import(&students(5..6)).await;
    world.run().await;
    let before = [attempt(&world, "r00000").await, attempt(&world, "r00001").await];
    assert_eq!(before[0].2.as_deref(), Some("in the output"));

    assert_eq!(operations::archive(&world.engine, 90).await.unwrap().moved.attempts, 2);

    assert_eq!([attempt(&world, "r00000").await, attempt(&world, "r00001").await], before);
}

#[tokio::test]
async fn notes_are_moved_to_another_database() {
    let world = World::on_file(|_| {}).await;
    world.import(&students(0..2)).await;
    world.receive(2, None).await;
    operations::record_hold(&world.engine, &name("r00001"), "it's \"asked\"\\ for").await.unwrap();
    world.printer("p1", "forget=1").await;
    world.run().await;
    let id = latest(&world, "r00000").await.id;
    operations::inspect_resolve(&world.engine, &id, InspectionResult::Good, "in the output").await.unwrap();
    let server = Postgres::start();
    operations::database_move(&world.engine, &server.url(), |_, _| {}).await.unwrap();

    let store = Store::open(&Location::Server(server.url()), Keys::derive(&[7; 32])).await.unwrap();
    let mut moved = world;
    moved.engine.store = store;

    let held = (state(RecordState::Held), Some(Reason::HeldByPerson), some("it's \"asked\"\\ for"));
    assert_eq!(record(&moved, "r00001").await, held);
    let inspected = (some("printed"), Some(Reason::InspectedByPerson), some("in the output"));
    assert_eq!(attempt(&moved, "r00000").await, inspected);
}
