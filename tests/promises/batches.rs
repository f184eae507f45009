//! Tests the order of the waiting list, the planning of batches, and printing windows.

use std::{sync::Arc, time::Duration};

use cetak::{
    domain::{card::profile::CardProfile, dispatch::Blocked, id::BatchId, pause::PauseScope, time::Timestamp},
    engine::{
        client::Client,
        clock::Clock,
        operations::AcceptClock,
        planning::{self, Plan},
        query::NeedKind,
    },
};

use crate::acts as operations;
use crate::world::{World, csv, name, student, students};

#[tokio::test]
async fn the_list_is_in_order_of_class_then_verified_then_requested_then_key() {
    let world = World::new().await;
    let mut rows: Vec<_> = (0..6).map(student).collect();
    for (row, (kind, verified)) in rows.iter_mut().zip([
        ("replacement", "2026-01-01T00:00:00Z"),
        ("new", "2026-01-03T00:00:00Z"),
        ("new", "2026-01-02T00:00:00Z"),
        ("replacement", "2025-01-01T00:00:00Z"),
        ("new", "2026-01-02T00:00:00Z"),
        ("new", "2026-01-01T23:00:00-05:00"),
    ]) {
        row.kind = kind.into();
        row.verified_at = verified.into();
    }
    world.import(&csv(&rows)).await;
    let first = world.engine.store.read().await.unwrap().waiting_first("student", 10).await.unwrap();
    assert_eq!(first.iter().map(|c| c.record.0).collect::<Vec<_>>(), [3, 5, 6, 2, 4, 1]);
}

#[tokio::test]
async fn a_record_that_comes_to_the_list_before_those_that_were_claimed_is_claimed_next() {
    let world = World::with(|s| s.batch_size = 2).await;
    let mut early: Vec<_> = (0..8).map(student).collect();
    let late = early.split_off(4);
    world.import(&csv(&late)).await;
    world.printer("p1", "").await;
    world.receive(3, None).await;
    world.run().await;
    let waiting = async || {
        let first = world.engine.store.read().await.unwrap().waiting_first("student", 10).await.unwrap();
        first.iter().map(|claimed| claimed.record.0).collect::<Vec<_>>()
    };
    assert_eq!(waiting().await, [4], "three were printed");
    world.import(&csv(&early)).await;
    assert_eq!(waiting().await, [5, 6, 7, 8, 4]);
    world.receive(1, None).await;
    world.run().await;
    assert_eq!(waiting().await, [6, 7, 8, 4]);
    operations::record_hold(&world.engine, &name("r00001"), "a question").await.unwrap();
    world.receive(1, None).await;
    world.run().await;
    operations::record_release(&world.engine, &name("r00001"), "answered").await.unwrap();
    assert_eq!(waiting().await, [6, 8, 4], "it is back at its place");
    world.audit().await;
}

#[tokio::test]
async fn printers_that_share_few_blanks_end_together_and_a_paused_one_has_no_share() {
    let world = World::new().await;
    world.import(&students(0..400)).await;
    world.receive(300, None).await;
    for n in 1..=26 {
        world.printer(&format!("p{n:02}"), "card_ms=1000").await;
    }
    operations::pause(&world.engine, &PauseScope::Printer("p26".into()), "cleaning").await.unwrap();
    world.run().await;
    let mut tx = world.engine.store.read().await.unwrap();
    let printed: Vec<_> = tx.printer_outcomes(Timestamp(0), Timestamp(i64::MAX)).await.unwrap();
    let cards: Vec<_> =
        printed.iter().map(|(printer, outcome, cards)| (printer.as_str(), outcome.as_str(), *cards)).collect();
    let names: Vec<String> = (1..=25).map(|n| format!("p{n:02}")).collect();
    assert_eq!(cards, names.iter().map(|name| (name.as_str(), "printed", 12)).collect::<Vec<_>>());
    world.audit().await;
}

/// The number of cards of the next batch of a printer.
async fn planned(world: &World, printer: &str) -> usize {
    let engine = &world.engine;
    let mut tx = engine.store.write(&engine.writer, engine.clock.now()).await.unwrap();
    let printer = tx.printer_get(printer).await.unwrap().unwrap();
    let profile = engine.profile(&printer.profile).unwrap();
    let printers = [(&printer, &*profile)];
    let plan = planning::plan_next(&mut tx, &printers, &engine.profiles, &engine.settings).await.unwrap().remove(0);
    tx.commit().await.unwrap();
    let Plan::Batch(_, jobs) = plan else { panic!("records wait: {plan:?}") };
    jobs.len()
}

#[tokio::test]
async fn the_cards_of_a_printer_with_a_counted_hopper_take_no_share_of_the_vault() {
    let world = World::new().await;
    world.import(&students(0..200)).await;
    world.add_printer("p1", "mock://p1", "student", Some(100)).await;
    world.receive(100, None).await;
    operations::load(&world.engine, "p1", 100).await.unwrap();
    assert_eq!(planned(&world, "p1").await, 100);
    world.receive(30, None).await;
    world.printer("p2", "").await;
    world.printer("p3", "").await;
    assert_eq!(planned(&world, "p2").await, 15, "as many as are left for p3");
    assert_eq!(planned(&world, "p3").await, 15);
    world.audit().await;
}

#[tokio::test]
async fn printers_of_two_profiles_on_one_type_of_blank_share_it() {
    let mut world = World::new().await;
    let student = world.engine.profile("student").unwrap();
    let guest = CardProfile { name: "guest".into(), ..(*student).clone() };
    let mut profiles = (*world.engine.profiles).clone();
    profiles.insert(guest.name.clone(), Arc::new(guest));
    world.engine.profiles = Arc::new(profiles);
    world.import(&students(0..40)).await;
    world.import_with(&students(100..140), "guest", |_| {}).await.unwrap();
    world.receive(30, None).await;
    world.add_printer("p1", "mock://p1", "student", None).await;
    world.add_printer("p2", "mock://p2", "guest", None).await;
    assert_eq!(planned(&world, "p1").await, 15, "as many as are left for the printer of the other profile");
    assert_eq!(planned(&world, "p2").await, 15);
    world.audit().await;
}

#[tokio::test]
async fn when_blanks_run_out_the_first_are_printed_and_the_rest_wait_in_order() {
    let world = World::with(|s| s.batch_size = 7).await;
    world.import(&students(0..50)).await;
    world.receive(20, None).await;
    world.printer("p1", "").await;
    world.printer("p2", "").await;
    world.run().await;
    assert_eq!((world.records("printed").await, world.records("waiting").await), (20, 30));
    assert_eq!(
        (world.account("printed").await, world.account("vault").await, world.account("reserved").await),
        (20, 0, 0)
    );
    for n in 0..20 {
        assert_eq!(world.state_of(&student(n).request_id).await.0, "printed", "{n}");
    }
    world.receive(30, None).await;
    world.run().await;
    assert_eq!(world.records("printed").await, 50);
    world.audit().await;
}

#[tokio::test]
async fn a_batch_is_sorted_by_district_and_village() {
    let world = World::new().await;
    world.import(&students(0..30)).await;
    world.receive(30, None).await;
    world.printer("p1", "").await;
    world.run().await;
    let faculty = |request_id: &str| request_id[1..].parse::<u32>().unwrap() % 3;
    let faculties: Vec<u32> = world.jobs().await.iter().map(|job| faculty(&job.request_id)).collect();
    assert!(faculties.is_sorted(), "{faculties:?}");
}

#[tokio::test]
async fn a_counted_hopper_bounds_its_batches_and_other_blanks_are_not_touched() {
    let world = World::new().await;
    world.import(&students(0..50)).await;
    world.receive(50, None).await;
    world.add_printer("p1", "mock://p1", "student", Some(15)).await;
    assert!(operations::load(&world.engine, "p1", 16).await.is_err(), "more than it takes");
    operations::load(&world.engine, "p1", 12).await.unwrap();
    let stuck = world.run().await;
    assert_eq!(stuck, [("p1".to_owned(), Blocked::NoBlanks)]);
    assert_eq!(
        (world.records("printed").await, world.account("vault").await, world.account("hopper").await),
        (12, 38, 0)
    );
    world.audit().await;
}

#[tokio::test]
async fn blanks_are_taken_from_the_oldest_lot_first() {
    let world = World::new().await;
    world.import(&students(0..30)).await;
    world.receive(10, Some("old")).await;
    world.clock.advance(Duration::from_micros(1));
    world.receive(30, Some("new")).await;
    world.printer("p1", "").await;
    world.run().await;
    let lines = world.engine.store.read().await.unwrap().balance_list().await.unwrap();
    let of = |lot: &str| lines.iter().find(|l| l.lot == lot && l.account == "printed").map(|l| l.quantity);
    assert_eq!((of("old"), of("new")), (Some(10), Some(20)));
    world.audit().await;
}

#[tokio::test]
async fn outside_of_its_window_no_card_starts() {
    let world = World::with(|s| s.windows = vec!["* 22:00-05:00 Asia/Jakarta".parse().unwrap()]).await;
    world.import(&students(0..5)).await;
    world.receive(5, None).await;
    world.printer("p1", "").await;
    // Noon in UTC is 19:00 in Jakarta.
    assert_eq!(world.run().await, [("p1".to_owned(), Blocked::OutsideWindow)]);
    assert_eq!((world.records("printed").await, world.records("waiting").await), (0, 5));
    world.clock.advance(Duration::from_hours(3));
    world.run().await;
    assert_eq!(world.records("printed").await, 5);
}

#[tokio::test]
async fn a_clock_that_went_back_stops_printing_until_a_person_has_set_it() {
    let world = World::new().await;
    world.import(&students(0..3)).await;
    world.receive(3, None).await;
    world.printer("p1", "").await;
    world.clock.set_back(Duration::from_mins(2));
    assert_eq!(world.run().await[0].1, Blocked::ClockBehind);
    assert!(world.status().await.needs_person.iter().any(|need| need.kind == NeedKind::ClockBehind));
    world.clock.set_forward(Duration::from_mins(2));
    world.run().await;
    assert_eq!(world.records("printed").await, 3);
}

#[tokio::test]
async fn what_a_clock_that_was_ahead_wrote_stops_printing_until_a_person_accepts_the_right_clock() {
    let century = Duration::from_hours(24 * 365 * 84);
    let world = World::with(|s| s.approve_batches = true).await;
    world.import(&students(0..3)).await;
    world.receive(3, None).await;
    world.printer("p1", "").await;
    // While the clock is ahead, the scheduler plans a batch, and a command approves it.
    world.clock.set_forward(century);
    assert_eq!(world.run().await[0].1, Blocked::AwaitsApproval);
    operations::batch_approve(&world.engine, BatchId(1)).await.unwrap();
    world.clock.set_back(century);
    assert_eq!(world.run().await[0].1, Blocked::ClockBehind);
    assert!(world.status().await.needs_person.iter().any(|need| need.kind == NeedKind::ClockBehind));

    let act = AcceptClock { note: "set by radio".parse().unwrap() };
    let accepted = operations::by(&world.engine).act(act).await.unwrap();

    assert!(accepted.newest > world.clock.now() && accepted.jobs == 3, "{accepted:?}");
    world.run().await;
    assert_eq!(world.records("printed").await, 3);
    world.clock.set_back(Duration::from_mins(2));
    assert_eq!(world.run().await[0].1, Blocked::ClockBehind, "a later fault of the clock is found again");
    world.audit().await;
}

#[tokio::test]
async fn a_planned_batch_waits_for_approval_and_a_cancelled_one_gives_everything_back() {
    let world = World::with(|s| s.approve_batches = true).await;
    world.import(&students(0..10)).await;
    world.receive(6, None).await;
    world.printer("p1", "").await;
    assert_eq!(world.run().await, [("p1".to_owned(), Blocked::AwaitsApproval)]);
    assert_eq!((world.records("batched").await, world.account("reserved").await), (6, 6));
    assert!(operations::batch_cancel(&world.engine, BatchId(1), "wrong ribbon").await.unwrap());
    assert_eq!(
        (world.records("waiting").await, world.account("vault").await, world.account("reserved").await),
        (10, 6, 0)
    );
    world.run().await;
    operations::batch_approve(&world.engine, BatchId(2)).await.unwrap();
    world.run().await;
    assert_eq!((world.records("printed").await, world.records("waiting").await), (6, 4));
    assert!(operations::batch_approve(&world.engine, BatchId(2)).await.is_err());
    world.audit().await;
}
