//! Cards, jams, hold and cancel.

use cetak_driver_api::{AttemptStatus, Cancelled, Card, Condition, Document, DriverError, PrinterDriver};
use cetak_driver_mock::truth_read;

use crate::world::{
    NEVER_SEEN, PRINTING, World, attempt, condition, count_finished, ended, find, id, png, print, unavailable,
};

#[tokio::test]
async fn a_card_is_printing_until_its_time_has_passed_and_then_good() {
    let world = World::new();
    let printer = world.in_memory("card_ms=100");

    assert_eq!(print(&printer, "a").await, Ok(Some("1".to_owned())));

    world.pass_ms(99);
    assert_eq!((find(&printer, "a").await, condition(&printer).await), (PRINTING, Condition::Processing));
    assert_eq!(count_finished(&printer).await, Some(0));
    world.pass_ms(1);
    assert_eq!((find(&printer, "a").await, condition(&printer).await), (ended(Card::Good, &[]), Condition::Idle));
    assert_eq!(count_finished(&printer).await, Some(1));
}

#[tokio::test]
async fn a_card_is_queued_until_the_card_before_it_has_ended() {
    let world = World::new();
    let printer = world.in_memory("card_ms=100");
    print(&printer, "a").await.unwrap();
    world.pass_ms(40);

    print(&printer, "b").await.unwrap();

    assert_eq!((find(&printer, "a").await, find(&printer, "b").await), (PRINTING, AttemptStatus::Queued));
    world.pass_ms(60);
    assert_eq!((find(&printer, "a").await, find(&printer, "b").await), (ended(Card::Good, &[]), PRINTING));
    world.pass_ms(100);
    assert_eq!(find(&printer, "b").await, ended(Card::Good, &[]));
}

#[tokio::test]
async fn a_document_that_is_not_of_its_format_is_rejected() {
    let world = World::new();
    let printer = world.in_memory("");
    let jpeg = b"\xff\xd8\xff".to_vec();
    let wrong = [
        ("image/png", vec![]),
        ("image/png", jpeg.clone()),
        ("image/jpeg", jpeg),
        ("image/pwg-raster", b"RaS3".to_vec()),
    ];
    for (format, bytes) in wrong {
        let document = Document::one_sided(format, bytes);

        assert!(matches!(printer.prepare(&id("a"), document).await, Err(DriverError::Rejected(_))));
    }
}

#[tokio::test]
async fn a_jam_spoils_its_blank_and_stops_the_printer_until_it_is_cleared() {
    let world = World::new();
    // The same printer twice: with a fault for the attempt that jams, and without for the next.
    let jamming = world.open("p1", "card_ms=100&clear_ms=500&jam=1");
    let printer = world.open("p1", "card_ms=100&clear_ms=500");
    print(&jamming, "a").await.unwrap();
    assert_eq!((find(&printer, "a").await, condition(&printer).await), (PRINTING, Condition::Processing));

    world.pass_ms(100);

    assert_eq!(find(&printer, "a").await, ended(Card::Bad, &["media-jam"]));
    let status = printer.status().await.unwrap();
    assert_eq!(
        (status.condition, status.reasons, status.accepting_jobs),
        (Condition::Stopped, vec!["media-jam".to_owned()], true)
    );
    world.pass_ms(499);
    assert_eq!(print(&printer, "b").await, Err(unavailable("media-jam")));
    assert_eq!(truth_read(world.truth()).unwrap().len(), 1);
    world.pass_ms(1);
    assert_eq!(condition(&printer).await, Condition::Idle);
    assert_eq!(printer.commit(&id("b")).await.unwrap().printer_job, Some("2".to_owned()));
    world.pass_ms(100);
    assert_eq!(find(&printer, "b").await, ended(Card::Good, &[]));
    assert_eq!(count_finished(&printer).await, Some(2));
}

#[tokio::test]
async fn the_level_of_a_ribbon_falls_with_each_card_and_a_used_one_is_changed() {
    let world = World::new();
    let printer = world.in_memory("ribbon=4");
    let level = async || printer.status().await.unwrap().supplies[0].level_percent;
    let mut levels = vec![level().await];
    for name in ["a", "b", "c", "d"] {
        print(&printer, name).await.unwrap();
        levels.push(level().await);
    }
    assert_eq!(levels, [100, 75, 50, 25, 100].map(Some));
    assert_eq!(world.in_memory("").status().await.unwrap().supplies, []);
}

#[tokio::test]
async fn a_card_queued_behind_a_jam_starts_when_the_jam_is_cleared() {
    let world = World::new();
    let jamming = world.open("p1", "card_ms=100&clear_ms=500&jam=1");
    let printer = world.open("p1", "card_ms=100&clear_ms=500");
    print(&jamming, "a").await.unwrap();

    print(&printer, "b").await.unwrap();

    world.pass_ms(599);
    assert_eq!((find(&printer, "b").await, condition(&printer).await), (AttemptStatus::Queued, Condition::Stopped));
    world.pass_ms(1);
    assert_eq!((find(&printer, "b").await, condition(&printer).await), (PRINTING, Condition::Processing));
}

#[tokio::test]
async fn a_prepared_attempt_is_held_by_a_printer_that_holds_and_unknown_to_another() {
    let world = World::new();
    for (hold, found) in [("yes", AttemptStatus::Held), ("no", NEVER_SEEN)] {
        let printer = world.in_memory(&format!("hold={hold}"));

        let prepared = printer.prepare(&id("a"), png()).await.unwrap();

        assert_eq!(prepared.held, hold == "yes");
        assert_eq!(printer.probe().await.unwrap().can_hold, hold == "yes");
        assert_eq!(find(&printer, "a").await, found);
        assert_eq!(printer.cancel(&attempt("a")).await, Ok(Cancelled::NothingPrinted));
        assert_eq!(find(&printer, "a").await, NEVER_SEEN);
    }
}

#[tokio::test]
async fn cancel_does_not_stop_a_committed_card() {
    let world = World::new();
    let printer = world.in_memory("card_ms=100");
    print(&printer, "a").await.unwrap();

    assert_eq!(printer.cancel(&attempt("a")).await, Ok(Cancelled::OutcomeUnknown));

    world.pass_ms(100);
    assert_eq!(find(&printer, "a").await, ended(Card::Good, &[]));
}

#[tokio::test]
async fn a_second_commit_is_an_unknown_outcome_and_makes_no_second_card() {
    let world = World::new();
    let printer = world.open("p1", "");
    print(&printer, "a").await.unwrap();
    let restarted = world.open("p1", "");

    for printer in [&printer, &restarted] {
        // Also if it is not prepared again: `NotSent` would prove that no blank was used.
        assert!(matches!(printer.commit(&id("a")).await, Err(DriverError::OutcomeUnknown(_))));
        assert!(matches!(print(printer, "a").await, Err(DriverError::OutcomeUnknown(_))));
    }

    assert_eq!(truth_read(world.truth()).unwrap().len(), 1);
}
