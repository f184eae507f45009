//! Tests P5: one bad record or printer never stops the others, and retries are as many as the profile allows.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use cetak::{
    domain::reason::{Reason, RenderFault},
    engine::scheduling::{self, Until},
};
use cetak_driver_api::{AttemptStatus, Blank, Cancelled, Card, DriverError, Ending};

use crate::acts as operations;
use crate::{
    fake_printer::{Act, FakePrinter, away},
    people,
    world::{NO_CARD, NO_PICTURE, World, csv, student, students},
};

/// A working printer whose cards all end in the same way.
fn always(world: &World, blank: Blank, card: Card) -> FakePrinter {
    FakePrinter::new(world, "")
        .find(move |_| Ok(AttemptStatus::Ended(Ending { blank, card, reasons: vec!["test".into()] })))
}

#[tokio::test]
async fn a_printer_that_spoils_every_card_gets_no_more_and_the_other_prints_the_rest() {
    let world = World::new().await;
    let bad = always(&world, Blank::Fed, Card::Bad).add(&world, "bad").await;
    world.printer("good", "").await;
    world.import(&students(0..120)).await;
    world.receive(150, None).await;
    world.run().await;
    assert!(bad.cards() <= 4, "three in a row, and one to see: {}", bad.cards());
    let status = world.status().await;
    assert_eq!(
        status.printers.iter().find(|p| p.name == "bad").unwrap().breaker,
        cetak::domain::breaker::Breaker::Locked
    );
    assert_eq!(status.records["printed"] + status.records["quarantined"], 120);
    assert!(status.records["printed"] >= 116);
    operations::printer_clear(&world.engine, "bad", "mended").await.unwrap();
    world.audit().await;
}

#[tokio::test]
async fn a_printer_that_takes_no_card_costs_no_blank_and_no_record_and_its_cards_go_to_others() {
    let world = World::with(|s| s.release_after = std::time::Duration::from_secs(20)).await;
    let releases = Arc::new(AtomicU32::new(0));
    let counted = releases.clone();
    let dead = FakePrinter::new(&world, "").reach(move |act| match act {
        Act::Commit => {
            counted.fetch_add(1, Ordering::SeqCst);
            Err(away())
        }
        Act::Ask | Act::Prepare | Act::Upload | Act::Find | Act::Ended | Act::Cancel => Ok(()),
    });
    dead.add(&world, "dead").await;
    world.import(&students(0..20)).await;
    world.receive(20, None).await;
    world.run().await;
    assert_eq!((world.records("waiting").await, world.account("vault").await), (20, 20));
    assert!(releases.load(Ordering::SeqCst) > 3);
    assert_eq!(
        world.status().await.printers[0].breaker,
        cetak::domain::breaker::Breaker::Locked,
        "it says that it is well, and a person has to look"
    );
    world.printer("good", "").await;
    world.run().await;
    assert_eq!((world.records("printed").await, world.account("printed").await), (20, 20));
    world.audit().await;
}

#[tokio::test]
async fn a_printer_that_refuses_every_job_is_tried_less_and_less_often_until_a_person_clears_it() {
    let world = World::new().await;
    let tries = Arc::new(AtomicU32::new(0));
    let counted = tries.clone();
    let refusing = FakePrinter::new(&world, "").reach(move |act| {
        if act == Act::Prepare {
            counted.fetch_add(1, Ordering::SeqCst);
            return Err(DriverError::NeedsOperator("the printer refused `Create-Job`".into()));
        }
        Ok(())
    });
    refusing.add(&world, "p1").await;
    world.import(&students(0..40)).await;
    world.receive(40, None).await;
    world.run().await;
    let tries = tries.load(Ordering::SeqCst);
    assert!((4..20).contains(&tries), "{tries} in a quarter of an hour");
    let printer = &world.status().await.printers[0];
    assert_eq!(printer.breaker, cetak::domain::breaker::Breaker::Locked);
    assert_eq!((&*printer.state, &*printer.reasons), ("stopped", ["refuses-cards".to_owned()].as_slice()));
    assert_eq!((world.records("waiting").await, world.account("vault").await), (40, 40));
    world.audit().await;
}

#[tokio::test]
async fn another_printer_at_the_same_address_gets_no_card_until_a_person_accepts_it() {
    let world = World::new().await;
    let identity = Arc::new(AtomicU32::new(1));
    let present = identity.clone();
    let printer = FakePrinter::new(&world, "").probe(move |found| cetak_driver_api::Capabilities {
        identity: Some(present.load(Ordering::SeqCst).to_string()),
        ..found
    });
    let printer = printer.add(&world, "p1").await;
    world.import(&students(0..2)).await;
    world.receive(4, None).await;
    world.run().await;
    assert_eq!(printer.cards(), 2);
    identity.store(2, Ordering::SeqCst);
    world.import(&students(2..4)).await;
    world.run().await;
    assert_eq!(printer.cards(), 2);
    assert_eq!(world.status().await.printers[0].reasons, ["other-printer"]);
    operations::printer_clear(&world.engine, "p1", "the new one is loaded").await.unwrap();
    world.run().await;
    world.run().await;
    assert_eq!((printer.cards(), world.records("printed").await), (4, 4));
}

#[tokio::test]
async fn a_card_that_its_printer_released_by_itself_never_counts_as_not_started() {
    let world = World::new().await;
    let printer = FakePrinter::new(&world, "hold=yes")
        .prepare(async |_, _| Err(DriverError::OutcomeUnknown("the printer started a held job".into())))
        .find(|_| Ok(AttemptStatus::NeverSeen { certain: false }))
        .cancel(|_| Ok(Cancelled::OutcomeUnknown));
    printer.add(&world, "p1").await;
    world.import(&students(0..2)).await;
    world.receive(2, None).await;
    world.run().await;
    assert_eq!((world.records("uncertain").await, world.account("uncertain").await), (2, 2));
    let rows = world.engine.store.read().await.unwrap().audit_page("scheduler", 0, 5_000).await.unwrap();
    assert_eq!(rows.iter().filter(|row| row.entry.contains("attempt.started-by-itself")).count(), 2);
    world.audit().await;
}

#[tokio::test]
async fn a_printer_that_was_replaced_under_its_name_is_the_new_one() {
    let world = World::new().await;
    let old = FakePrinter::new(&world, "").at(&world, "old");
    let new = FakePrinter::new(&world, "").at(&world, "new");
    world.add_printer("p1", "test://old", "student", None).await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let engine = world.engine.acting("scheduler", crate::world::actor("scheduler"));
    let run = tokio::spawn(async move { scheduling::run(&engine, Until::Stopped, stopped).await });
    world.import(&students(0..1)).await;
    world.receive(9, None).await;
    world.until(async || old.cards() == 1 && world.status().await.batches.is_empty()).await;
    operations::printer_remove(&world.engine, "p1").await.unwrap();
    world.add_printer("p1", "test://new", "student", None).await;
    world.import(&students(1..4)).await;
    world.until(async || world.records("printed").await == 4).await;
    stop.send(true).unwrap();
    run.await.unwrap().unwrap();
    assert_eq!((old.cards(), new.cards()), (1, 3));
}

#[tokio::test]
async fn a_record_that_cannot_be_drawn_is_quarantined_and_its_batch_goes_on() {
    let world = World::new().await;
    let mut rows: Vec<_> = (0..20).map(student).collect();
    rows[4].name = NO_PICTURE.into();
    rows[9].name = NO_PICTURE.into();
    world.import(&csv(&rows)).await;
    world.receive(20, None).await;
    world.printer("p1", "").await;
    world.run().await;
    assert_eq!((world.records("printed").await, world.records("quarantined").await), (18, 2));
    assert_eq!((world.account("vault").await, world.account("reserved").await), (2, 0));
    let lines = world.quarantined().await;
    let reasons: Vec<String> = lines.into_iter().filter_map(|line| line.reason).collect();
    let expected = Reason::NotRendered(RenderFault::TooLong { field: "name".into() }).to_stored();
    assert_eq!(reasons, [expected.clone(), expected], "nothing of the person");
    world.audit().await;
}

#[tokio::test]
async fn a_profile_without_a_renderable_card_stops_its_printer_and_quarantines_no_record() {
    let world = World::new().await;
    let mut rows: Vec<_> = (0..5).map(student).collect();
    rows[2].name = NO_CARD.into();
    world.import(&csv(&rows)).await;
    world.receive(5, None).await;
    world.printer("p1", "").await;
    world.run().await;
    assert_eq!(
        (world.records("printed").await, world.records("quarantined").await),
        (4, 0),
        "it is the last of its batch"
    );
    assert_eq!((world.account("vault").await, world.account("reserved").await), (0, 1), "it waits in its batch");
    world.audit().await;
}

#[tokio::test]
async fn a_record_that_every_printer_refuses_is_quarantined_after_its_tries() {
    let world = World::with(|s| s.breaker_failures = 100).await;
    world.printer("p1", "reject=1").await;
    world.import(&students(0..3)).await;
    world.receive(3, None).await;
    world.run().await;
    assert_eq!((world.records("quarantined").await, world.account("vault").await), (3, 3));
    for job in world.jobs().await {
        assert_eq!(job.attempts.len(), 2, "as many as the profile allows: {job:?}");
    }
    operations::record_release(&world.engine, &crate::world::name("r00000"), "looked at it").await.unwrap();
    assert_eq!(world.records("waiting").await, 1);
    world.audit().await;
}

#[tokio::test]
async fn a_printer_that_refuses_every_card_is_locked_before_it_quarantines_the_list() {
    let world = World::new().await;
    world.printer("p1", "reject=1").await;
    world.import(&students(0..100)).await;
    world.receive(100, None).await;
    world.run().await;
    assert_eq!(world.status().await.printers[0].breaker, cetak::domain::breaker::Breaker::Locked);
    assert!(world.records("quarantined").await <= 4, "{:?}", world.status().await.records);
    assert_eq!(world.account("vault").await, 100);
    world.audit().await;
}

#[tokio::test]
async fn spoiled_cards_are_printed_again_with_new_blanks_until_there_are_none() {
    let world = World::with(|s| {
        s.breaker_failures = 100;
        s.batch_size = 25;
    })
    .await;
    let file = world.dir.path().join("truth");
    world.printer("p1", &format!("spoil=0.3&seed=5&truth={}", file.display())).await;
    world.import(&students(0..100)).await;
    world.receive(60, None).await;
    world.run().await;
    let status = world.status().await;
    let stock = &status.blangko["student"];
    assert_eq!(stock["printed"] + stock["spoiled"], 60, "{stock:?}");
    assert_eq!(status.records["printed"], stock["printed"]);
    assert_eq!(status.records["printed"] + status.records["waiting"] + status.records["quarantined"], 100);
    let truth = cetak_driver_mock::truth_read(&file).unwrap();
    let bad = truth.iter().filter(|line| line.card == cetak_driver_mock::TruthCard::Bad).count();
    assert!(bad > 0 && stock["spoiled"] == i64::try_from(bad).unwrap(), "{bad} in the tray, {stock:?}");
    world.audit().await;
}

#[tokio::test]
async fn a_printer_that_jams_goes_on_when_it_is_cleared() {
    let world = World::with(|s| s.breaker_failures = 100).await;
    world.printer("p1", "jam=0.2&clear_ms=5000&card_ms=1000&seed=3").await;
    world.import(&students(0..40)).await;
    world.receive(60, None).await;
    world.run().await;
    let status = world.status().await;
    assert_eq!(status.records["printed"] + status.records["quarantined"], 40);
    assert!(status.blangko["student"]["spoiled"] > 2);
    world.audit().await;
}

#[tokio::test]
async fn a_lost_answer_never_prints_a_second_card_and_a_forgotten_one_waits_for_a_person() {
    let world = World::new().await;
    let truth = world.truth();
    world.printer("p1", &format!("lose_ack=0.3&forget=0.2&seed=9&truth={}", truth.display())).await;
    world.import(&students(0..60)).await;
    world.receive(60, None).await;
    let mut runs = 0;
    while world.records("waiting").await + world.records("batched").await > 0 {
        world.run().await;
        operations::printer_clear(&world.engine, "p1", "looked").await.unwrap();
        runs += 1;
        assert!(runs < 20, "it goes on after each clearing");
    }
    let lines = cetak_driver_mock::truth_read(&truth).unwrap();
    let forgotten = lines.iter().filter(|line| line.forgotten).count();
    assert_eq!(lines.len(), 60, "one card for each record");
    assert!(forgotten > 0);
    assert_eq!(world.records("uncertain").await, i64::try_from(forgotten).unwrap());
    world.audit().await;
}

#[tokio::test]
async fn two_profiles_are_printed_side_by_side_each_on_its_own_blanks() {
    let world = World::new().await;
    world.printer("p1", "").await;
    world.add_printer("k1", "mock://k1", "ktp-el", None).await;
    std::fs::write(world.dir.path().join(people::PHOTO), people::FACE).unwrap();
    let (report, _) = world.import_with(&people::citizens(",", 1), "ktp-el", |_| {}).await.unwrap();
    assert_eq!(report.accepted, 1);
    world.import(&students(0..3)).await;
    world.receive(10, None).await;
    world.run().await;
    assert_eq!(
        (world.records("printed").await, world.records("waiting").await),
        (3, 1),
        "there are no blanks for the other"
    );
}
