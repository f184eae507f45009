//! Tests that what waits for a person is told with its number and with the act that settles it.

use std::time::Duration;

use cetak::{
    domain::{pause::PauseScope, standing::Standing, stock::Cause},
    engine::{
        EngineError,
        clock::Clock,
        query::{Need, NeedKind, ReservedBlanks},
        scheduling::{self, Until},
    },
    words,
};
use jiff::tz::TimeZone;
use tokio::sync::watch;

use crate::acts as operations;
use crate::people::students;
use crate::world::{World, actor, name};

/// The reserved blanks that the need of the printer `p2` for blanks names.
async fn reserved(world: &World) -> Option<ReservedBlanks> {
    let needs = world.status().await.needs_person.into_iter();
    let mut of_p2 = needs.filter_map(|need| {
        let NeedKind::NoBlanks(none) = need.kind else { return None };
        none.printers.iter().any(|printer| printer == "p2").then_some(none.reserved)
    });
    of_p2.next().unwrap()
}

#[tokio::test]
async fn a_printer_without_blanks_is_told_which_stopped_printer_has_them_reserved() {
    let world = World::new().await;
    world.import(&students(0..9)).await;
    world.printer("p1", "").await;
    world.printer("p2", "").await;
    assert_eq!(reserved(&world).await, None, "there are none");
    world.receive(4, None).await;
    // A paused printer has no share of the blanks.
    let p2 = PauseScope::Printer("p2".into());
    operations::pause(&world.engine, &p2, "cleaning").await.unwrap();
    world.plan().await;
    operations::resume(&world.engine, &p2, "clean").await.unwrap();
    let of_p1 = |obstacle| Some(ReservedBlanks { batch: 1, printer: "p1".into(), blanks: 4, obstacle });
    assert_eq!(reserved(&world).await, of_p1(None));

    operations::pause(&world.engine, &PauseScope::Printer("p1".into()), "dead").await.unwrap();

    let by = "operator".to_owned();
    assert_eq!(reserved(&world).await, of_p1(Some(Standing::Paused { by })));
    operations::batch_cancel(&world.engine, cetak::domain::id::BatchId(1), "its printer is dead").await.unwrap();
    let needs = world.status().await.needs_person;
    assert!(!needs.iter().any(|need| matches!(need.kind, NeedKind::NoBlanks(_))), "{needs:?}");
    world.audit().await;
}

/// The command of the need of the printer `p2` for blanks.
async fn command(world: &World) -> String {
    let needs = world.status().await.needs_person;
    let of_p2 =
        |need: &&Need| matches!(&need.kind, NeedKind::NoBlanks(none) if none.printers.contains(&"p2".to_owned()));
    words::need(needs.iter().find(of_p2).unwrap(), &TimeZone::UTC).command
}

#[tokio::test]
async fn what_is_wrong_stays_while_printing_is_paused() {
    let world = World::new().await;
    world.import(&students(0..3)).await;
    world.printer("p1", "").await;
    operations::pause(&world.engine, &PauseScope::Queue, "lunch").await.unwrap();
    let status = world.status().await;
    assert!(status.needs_person.iter().any(|need| matches!(need.kind, NeedKind::NoBlanks(_))), "{status:?}");
    let printer = &status.printers[0];
    assert_eq!(printer.standing, Standing::Paused { by: "operator".into() });
    assert_eq!(printer.beneath, Some(Standing::NoBlanks { blank_type: "student".into() }));
    world.receive(9, None).await;
    assert_ne!(world.status().await.printers[0].beneath, printer.beneath);
    world.audit().await;
}

#[tokio::test]
async fn a_hopper_without_blanks_is_told_where_they_are_when_the_vault_is_empty() {
    let world = World::new().await;
    world.import(&students(0..9)).await;
    world.add_printer("p1", "mock://p1", "student", Some(40)).await;
    world.add_printer("p2", "mock://p2", "student", Some(40)).await;
    assert!(command(&world).await.starts_with("cetak blangko receive"), "there are none");
    let needs = world.status().await.needs_person;
    let none = |need: &Need| if let NeedKind::NoBlanks(none) = &need.kind { Some(none.printers.clone()) } else { None };
    assert_eq!(
        needs.iter().filter_map(none).collect::<Vec<_>>(),
        [["p1", "p2"]],
        "one need, which names both printers"
    );
    world.receive(4, None).await;
    assert!(command(&world).await.starts_with("cetak blangko load --printer p1"));
    operations::load(&world.engine, "p1", 4).await.unwrap();
    assert_eq!(command(&world).await, "cetak blangko unload --printer p1 --quantity 4");
    world.plan().await;
    assert!(command(&world).await.starts_with("cetak blangko receive"), "batch 1 is printed soon");

    let refused = operations::unload(&world.engine, "p1", 3).await.unwrap_err();

    let EngineError::Refused(refusal) = refused else { panic!("{refused:?}") };
    assert_eq!(words::refusal(&refusal).hint.unwrap(), "`cetak batch cancel 1 --reason TEXT` frees them");
    operations::pause(&world.engine, &PauseScope::Printer("p1".into()), "dead").await.unwrap();
    assert_eq!(command(&world).await, "cetak batch cancel 1 --reason TEXT");
    operations::batch_cancel(&world.engine, cetak::domain::id::BatchId(1), "its printer is dead").await.unwrap();
    assert_eq!(command(&world).await, "cetak blangko unload --printer p1 --quantity 4");
    world.audit().await;
}

#[tokio::test]
async fn a_printer_that_is_still_jammed_after_it_was_cleared_still_needs_a_person() {
    let world = World::new().await;
    world.import(&students(0..9)).await;
    world.receive(9, None).await;
    world.printer("p1", "card_ms=5&clear_ms=86400000&script=3:jam").await;
    let jams = async || {
        let needs = world.status().await.needs_person.into_iter();
        let of_p1 = needs.filter_map(|need| {
            let NeedKind::PrinterReason { printer, advice, declared_over } = need.kind else { return None };
            (printer == "p1").then_some((advice.keyword, declared_over))
        });
        of_p1.collect::<Vec<_>>()
    };
    let jammed = |declared_over| vec![("media-jam".to_owned(), declared_over)];
    let (stop, stopped) = watch::channel(false);
    let engine = world.engine.acting("scheduler", actor("scheduler"));
    let run = tokio::spawn(async move { scheduling::run(&engine, Until::Stopped, stopped).await });
    world.until(async || jams().await == jammed(false)).await;

    let cleared = operations::printer_clear(&world.engine, "p1", "I looked").await.unwrap();

    assert_eq!((&*cleared.state, &*cleared.still_reports), ("stopped", &["media-jam".to_owned()][..]));
    assert_eq!(jams().await, jammed(true), "it still prints nothing");
    world.clock.sleep(Duration::from_mins(2)).await;
    assert_eq!(jams().await, jammed(true));
    assert!(world.records("printed").await < 9);
    stop.send(true).unwrap();
    run.abort();
}

#[tokio::test]
async fn spoiled_cards_are_daily_work_until_they_are_destroyed() {
    let world = World::new().await;
    world.import(&students(0..3)).await;
    world.receive(4, None).await;
    world.printer("p1", "script=2:spoil").await;
    world.run().await;
    operations::card_reject(&world.engine, &name("r00000"), Cause::PrintFailed, "pale").await.unwrap();
    let to_destroy = async || {
        let needs = world.status().await.needs_person.into_iter();
        let spoiled = needs
            .filter(|need| matches!(&need.kind, NeedKind::CardsToDestroy { blank_type } if blank_type == "student"));
        spoiled.map(|need| (need.count, need.kind.is_routine())).collect::<Vec<_>>()
    };
    assert_eq!(to_destroy().await, [(2, true)]);
    operations::destroy(&world.engine, "student", 2, false, "BA-1", ["Sri", "Budi"]).await.unwrap();
    assert_eq!(to_destroy().await, []);
    world.audit().await;
}
