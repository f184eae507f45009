//! Tests how cards are sent to a printer: one card ahead if it can hold jobs, and none while it needs a person.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use cetak::{
    domain::{
        attempt::AttemptState, objection::Objection, pause::PauseScope, printer_reason::TAKES_TOO_LONG,
        refusal::Refusal,
    },
    engine::{
        EngineError,
        clock::Clock,
        operations::Probe,
        query::{Need, NeedKind},
    },
};
use cetak_driver_api::{AttemptStatus, Capabilities, Condition, DriverError, PrinterDriver};

use crate::acts::{self as operations, NewPrinter};
use crate::{
    fake_printer::{Act, FakePrinter, away},
    people::Student,
    world::{BIG_CARD, World, csv, student, students},
};

/// Imports students, receives as many blanks, and adds the printer `p1` at the address `test://p1`.
async fn fill(world: &World, cards: u32) {
    world.add_printer("p1", "test://p1", "student", None).await;
    world.import(&students(0..cards)).await;
    world.receive(i64::from(cards), None).await;
}

#[tokio::test]
async fn while_a_card_prints_the_next_is_uploaded_and_held() {
    let world = World::new().await;
    let printer = FakePrinter::new(&world, "hold=yes&card_ms=3000").at(&world, "p1");
    fill(&world, 10).await;

    world.run().await;

    assert_eq!((world.records("printed").await, printer.cards()), (10, 10));
    assert_eq!(printer.uploads_ahead(), 9, "all but the first: {:?}", printer.log());
    world.audit().await;
}

#[tokio::test]
async fn a_worker_without_room_for_its_next_card_waits_for_it_while_its_card_prints() {
    let world = World::with(|settings| settings.batch_size = 3).await;
    let printer = |name| {
        let clock = world.clock.clone();
        let slow = FakePrinter::new(&world, "hold=yes&card_ms=5000").prepare(move |_, answer| {
            let clock = clock.clone();
            async move {
                clock.sleep(Duration::from_secs(1)).await;
                answer
            }
        });
        slow.at(&world, name)
    };
    let printers = [printer("p1"), printer("p2")];
    for name in ["p1", "p2"] {
        world.add_printer(name, &format!("test://{name}"), "student", None).await;
    }
    let big: Vec<Student> = (0..6).map(|n| Student { name: BIG_CARD.into(), ..student(n) }).collect();
    world.import(&csv(&big)).await;
    world.receive(6, None).await;

    world.run().await;

    assert_eq!(world.records("printed").await, 6);
    for printer in printers {
        assert_eq!((printer.cards(), printer.uploads_ahead()), (3, 2), "{:?}", printer.log());
    }
}

#[tokio::test]
async fn a_setting_leaves_one_card_at_a_time() {
    let world = World::with(|settings| settings.upload_ahead = false).await;
    let printer = FakePrinter::new(&world, "hold=yes&card_ms=3000").at(&world, "p1");
    fill(&world, 10).await;

    world.run().await;

    assert_eq!((world.records("printed").await, printer.uploads_ahead()), (10, 0));
}

#[tokio::test]
async fn a_printer_that_accepts_one_job_at_a_time_gets_one_at_a_time_and_its_breaker_stays_closed() {
    let world = World::new().await;
    let printer = FakePrinter::new(&world, "hold=yes&card_ms=3000").prepare(async |mock, answer| {
        let prints = mock.status().await?.condition != Condition::Idle;
        if prints { Err(DriverError::Unavailable { reasons: vec!["printer-busy".into()] }) } else { answer }
    });
    let printer = printer.at(&world, "p1");
    fill(&world, 10).await;

    world.run().await;

    assert_eq!((world.records("printed").await, printer.cards()), (10, 10));
    assert_eq!(printer.uploads_ahead(), 1, "it is tried once for a batch");
    assert_eq!(world.status().await.printers[0].breaker, cetak::domain::breaker::Breaker::Closed);
    world.audit().await;
}

#[tokio::test]
async fn a_pause_cancels_a_card_held_ahead_and_the_card_keeps_its_place() {
    let world = World::new().await;
    let printer = FakePrinter::new(&world, "hold=yes&card_ms=5000").at(&world, "p1");
    fill(&world, 5).await;
    let engine = world.engine.clone();
    let pause = async {
        while printer.uploads_ahead() == 0 {
            tokio::task::yield_now().await;
        }
        operations::pause(&engine, &PauseScope::Queue, "look").await.unwrap();
    };

    tokio::join!(world.run(), pause);

    let cards = printer.cards();
    assert_eq!(i64::try_from(cards).unwrap(), world.records("printed").await);
    assert!(cards < 5, "the pause came in time");
    operations::resume(&world.engine, &PauseScope::Queue, "go").await.unwrap();
    world.run().await;
    assert_eq!((world.records("printed").await, printer.cards()), (5, 5));
    let began =
        |job: cetak::store::JobLine| -> jiff::Timestamp { job.attempts.last().unwrap().began_at.parse().unwrap() };
    let order: Vec<_> = world.jobs().await.into_iter().map(began).collect();
    assert!(order.is_sorted(), "{order:?}");
    world.audit().await;
}

#[tokio::test]
async fn after_a_failed_card_the_one_held_ahead_waits_until_the_printer_is_well() {
    let world = World::with(|settings| settings.breaker_failures = 100).await;
    let printer = FakePrinter::new(&world, "hold=yes&card_ms=1000&jam=0.2&clear_ms=5000&seed=3").at(&world, "p1");
    world.add_printer("p1", "test://p1", "student", None).await;
    world.import(&students(0..40)).await;
    world.receive(60, None).await;

    world.run().await;

    let status = world.status().await;
    assert_eq!(status.records["printed"] + status.records["quarantined"], 40);
    let spoiled = status.blangko["student"]["spoiled"];
    assert!(spoiled > 2, "{spoiled} jams");
    let taken_back = printer.log().iter().any(|(act, _)| *act == Act::Cancel);
    assert!(taken_back, "held cards were taken back");
    world.audit().await;
}

#[tokio::test]
async fn a_printer_that_needs_a_person_gets_no_card_until_the_reason_is_gone_or_cleared() {
    for reason in ["media-jam-error", "cover-open-warning", "vendor-flux-capacitor"] {
        let world = World::new().await;
        let printer = FakePrinter::new(&world, "").at(&world, "p1");
        printer.reports(&[reason]);
        fill(&world, 3).await;

        world.run().await;
        assert_eq!(printer.cards(), 0, "{reason}");
        let needs = world.status().await.needs_person;
        let asks = |need: &Need| matches!(&need.kind, NeedKind::PrinterReason { printer, .. } if printer == "p1");
        assert!(needs.iter().any(asks), "{needs:?}");

        // The reason disappears without a person.
        printer.reports(&[]);
        world.run().await;
        assert_eq!(printer.cards(), 3, "{reason}");

        // The reason stays, and an operator acknowledges it.
        printer.reports(&[reason]);
        world.import(&students(3..6)).await;
        world.receive(3, None).await;
        world.run().await;
        operations::printer_clear(&world.engine, "p1", "I looked").await.unwrap();
        let needs = world.status().await.needs_person;
        assert!(needs.iter().all(|need| need.kind.is_routine()), "{reason} is declared over: {needs:?}");
        world.run().await;
        assert_eq!(printer.cards(), 6, "{reason}");

        // The reason disappears and returns: it must be acknowledged again.
        printer.reports(&[]);
        world.import(&students(6..7)).await;
        world.receive(1, None).await;
        world.run().await;
        printer.reports(&[reason]);
        world.import(&students(7..8)).await;
        world.receive(1, None).await;
        world.run().await;
        assert_eq!(printer.cards(), 7, "{reason}");
    }
}

#[tokio::test]
async fn what_a_printer_only_reports_stops_nothing() {
    let world = World::new().await;
    let printer = FakePrinter::new(&world, "").at(&world, "p1");
    printer.reports(&["media-jam-report", "marker-supply-low-warning", "cleaner-life-almost-over-error"]);
    fill(&world, 3).await;

    world.run().await;

    assert_eq!(printer.cards(), 3);
}

#[tokio::test]
async fn a_printer_that_cannot_be_used_safely_gets_cards_only_with_an_override_reason() {
    let world = World::new().await;
    let printer = FakePrinter::new(&world, "")
        .probe(|found| Capabilities { objections: vec![cetak_driver_api::Objection::ForwardsJobs], ..found })
        .at(&world, "p1");
    let new = NewPrinter { name: "p1", uri: "test://p1", profile: "student", ..NewPrinter::default() };

    let refused = operations::printer_add(&world.engine, &new).await.unwrap_err();
    let expected = [Objection::ForwardsJobs];
    assert!(
        matches!(&refused, EngineError::Refused(Refusal::PrinterObjections { objections, .. }) if *objections == expected),
        "{refused:?}"
    );
    let refused = operations::printer_test(&world.engine, "p1").await.unwrap_err();
    assert!(matches!(refused, EngineError::Refused { .. }));

    let with_reason = NewPrinter { override_reason: Some("only for tests"), ..new };
    let probe = operations::printer_add(&world.engine, &with_reason).await.unwrap();
    assert!(matches!(probe, Probe::Answered(_)), "{probe:?}");
    world.import(&students(0..2)).await;
    world.receive(2, None).await;
    world.run().await;
    assert_eq!(printer.cards(), 2);
    let rows = world.engine.store.read().await.unwrap().audit_page("cli", 0, 5_000).await.unwrap();
    assert!(rows.iter().any(|row| row.entry.contains("only for tests") && row.entry.contains("forwards-jobs")));
}

#[tokio::test]
async fn an_override_covers_only_objections_that_there_were() {
    let world = World::new().await;
    FakePrinter::new(&world, "").at(&world, "p1");
    let new = NewPrinter { name: "p1", uri: "test://p1", profile: "student", ..NewPrinter::default() };
    operations::printer_add(&world.engine, &NewPrinter { override_reason: Some("in case"), ..new }).await.unwrap();
    let printer = FakePrinter::new(&world, "")
        .probe(|found| Capabilities { objections: vec![cetak_driver_api::Objection::ForwardsJobs], ..found })
        .at(&world, "p1");
    world.import(&students(0..1)).await;
    world.receive(1, None).await;

    world.run().await;

    assert_eq!(printer.cards(), 0);
    let stored = world.engine.store.read().await.unwrap().printer_get("p1").await.unwrap().unwrap();
    assert_eq!((stored.override_reason, stored.reasons), (None, vec!["not-acknowledged".to_owned()]));
}

#[tokio::test]
async fn a_printer_without_the_cards_medium_is_refused_and_one_within_a_millimetre_is_not() {
    for (media, taken) in [("iso_a4_210x297mm", false), ("oem_cr80_54x86mm", true)] {
        let world = World::new().await;
        let printer = FakePrinter::new(&world, "");
        printer.probe(|found| Capabilities { media: vec![media.into()], ..found }).at(&world, "p1");
        let new = NewPrinter { name: "p1", uri: "test://p1", profile: "student", ..NewPrinter::default() };

        let added = operations::printer_add(&world.engine, &new).await;

        assert_eq!(added.is_ok(), taken, "{media}");
    }
}

#[tokio::test]
async fn a_test_card_uses_up_a_blank_and_one_that_does_not_start_gives_it_back() {
    let world = World::new().await;
    let printer = FakePrinter::new(&world, "card_ms=2000").at(&world, "p1");
    world.add_printer("p1", "test://p1", "student", None).await;
    let none = operations::printer_test(&world.engine, "p1").await.unwrap_err();
    assert!(matches!(&none, EngineError::Refused(Refusal::NoFreeBlank { .. })), "{none:?}");
    world.receive(2, None).await;

    let test = operations::printer_test(&world.engine, "p1").await.unwrap();

    assert_eq!((test.state, printer.cards()), (AttemptState::Printed, 1));
    assert_eq!((world.account("vault").await, world.account("spoiled").await), (1, 1));

    world.printer("away", "offline=1").await;
    let test = operations::printer_test(&world.engine, "away").await.unwrap();
    assert_eq!(test.state, AttemptState::NotStarted, "{test:?}");
    assert_eq!((world.account("vault").await, world.account("spoiled").await), (1, 1));
    world.audit().await;
}

#[tokio::test]
async fn a_card_that_hangs_is_reported_and_the_card_held_behind_it_and_its_batch_are_released() {
    let world = World::new().await;
    // Released cards never end, and the printer gives no reason.
    let printer = FakePrinter::new(&world, "hold=yes&card_ms=1000").find(|answer| match answer {
        Ok(
            AttemptStatus::Queued | AttemptStatus::Printing { .. } | AttemptStatus::Ended(_) | AttemptStatus::Forgotten,
        ) => Ok(AttemptStatus::Printing { reasons: Vec::new() }),
        other => other,
    });
    let printer = printer.at(&world, "p1");
    fill(&world, 3).await;

    world.run().await;

    let status = world.status().await;
    let hangs =
        |need: &Need| matches!(&need.kind, NeedKind::PrinterReason { advice, .. } if advice.keyword == TAKES_TOO_LONG);
    let told = status.needs_person.iter().any(hangs);
    assert!(told, "{:?}", status.needs_person);
    assert_eq!((status.records["batched"], status.records["waiting"]), (1, 2), "only the current card is kept");
    assert_eq!(printer.cards(), 1);

    // Another printer prints the rest.
    world.printer("p2", "").await;
    world.run().await;
    assert_eq!(world.records("printed").await, 2);
    world.audit().await;
}

#[tokio::test]
async fn a_printer_that_is_gone_with_two_cards_gives_both_records_back_to_a_person() {
    let world = World::new().await;
    let is_away = Arc::new(AtomicBool::new(false));
    let reach = is_away.clone();
    let printer = FakePrinter::new(&world, "hold=yes&card_ms=5000")
        .reach(move |_| if reach.load(Ordering::SeqCst) { Err(away()) } else { Ok(()) })
        .at(&world, "p1");
    fill(&world, 2).await;
    let burns = async {
        while printer.uploads_ahead() == 0 {
            tokio::task::yield_now().await;
        }
        is_away.store(true, Ordering::SeqCst);
    };

    tokio::join!(world.run(), burns);

    let open: Vec<_> = world.jobs().await.into_iter().flat_map(|job| job.attempts).collect();
    let open: Vec<_> = open.into_iter().filter(|attempt| attempt.outcome.is_none()).map(|a| a.id).collect();
    assert_eq!(open.len(), 2, "one current card, one held ahead");
    for attempt in &open {
        operations::declare_uncertain(&world.engine, attempt, "it burnt").await.unwrap();
    }
    assert_eq!((world.records("uncertain").await, world.account("uncertain").await), (2, 2));
    world.audit().await;
}

#[tokio::test]
async fn an_attempt_that_failed_ends_only_when_nothing_of_it_is_left_in_the_printer() {
    let world = World::new().await;
    // The first release does not reach the printer, and neither do the three cancels after it.
    let (releases, cancels) = (AtomicU32::new(0), AtomicU32::new(0));
    let printer = FakePrinter::new(&world, "hold=yes").reach(move |act| match act {
        Act::Commit if releases.fetch_add(1, Ordering::SeqCst) == 0 => Err(away()),
        Act::Cancel if cancels.fetch_add(1, Ordering::SeqCst) < 3 => Err(away()),
        Act::Ask | Act::Prepare | Act::Upload | Act::Commit | Act::Find | Act::Ended | Act::Cancel => Ok(()),
    });
    let printer = printer.at(&world, "p1");
    fill(&world, 3).await;

    world.run().await;

    assert_eq!((world.records("printed").await, printer.cards()), (3, 3));
    let log = printer.log();
    let cancelled = log.iter().position(|(act, _)| *act == Act::Cancel).unwrap();
    let next = log.iter().position(|(act, _)| *act == Act::Commit).unwrap();
    assert!(cancelled < next, "no card starts before the first is cancelled: {log:?}");
    world.audit().await;
}
