//! Tests P2: one living card for each person and profile; cards, inspections and reprints.

use cetak::domain::{id::PendingActId, stock::Cause};

use crate::acts::{self as operations, InspectionResult};
use crate::database;
use crate::world::{World, csv, name, student, students};

async fn printed(cards: u32) -> World {
    let world = World::new().await;
    world.import(&students(0..cards)).await;
    world.receive(i64::from(cards) + 10, None).await;
    world.printer("p1", "").await;
    world.run().await;
    assert_eq!(world.records("printed").await, i64::from(cards));
    world
}

#[tokio::test]
async fn after_hand_over_only_a_kind_that_replaces_may_follow() {
    let world = printed(1).await;
    let next = |kind: &str, id: &str| {
        let mut s = student(0);
        s.request_id = id.into();
        s.kind = kind.into();
        csv(&[s])
    };
    assert_eq!(world.import(&next("replacement", "a")).await.quarantined, 1, "printed, and not handed over");
    operations::card_check(&world.engine, &name("r00000")).await.unwrap();
    operations::card_hand_over(&world.engine, &name("r00000")).await.unwrap();
    assert_eq!(world.import(&next("new", "b")).await.quarantined, 1, "a living card");
    assert_eq!(world.import(&next("replacement", "c")).await.accepted, 1);
    assert_eq!(world.import(&next("replacement", "d")).await.quarantined, 1, "one at a time");
    assert!(
        operations::record_release(&world.engine, &name("d"), "please").await.is_err(),
        "released only if nothing speaks against it"
    );
    operations::card_surrender(&world.engine, &name("r00000"), "broken").await.unwrap();
    assert!(operations::card_surrender(&world.engine, &name("r00000"), "again").await.is_err());
    assert_eq!((world.account("spoiled").await, world.account("handed-over").await), (1, 0));
    world.audit().await;
}

#[tokio::test]
async fn the_schema_refuses_a_second_living_card_of_one_person() {
    let world = World::new().await;
    world.import(&students(0..2)).await;
    let same_person = "UPDATE record SET person_key = (SELECT person_key FROM record WHERE request_id = 'r00000')
                       WHERE request_id = 'r00001' RETURNING request_id";

    let refused = database::execute(&world.location, same_person).await.unwrap_err();

    assert!(refused.to_lowercase().contains("unique"), "{refused}");
    let withdrawn = "UPDATE record SET state = 'withdrawn', slot = id WHERE request_id = 'r00000' RETURNING request_id";
    database::execute(&world.location, withdrawn).await.unwrap();
    assert_eq!(database::execute(&world.location, same_person).await.as_deref(), Ok("r00001"), "one of them lives");
}

#[tokio::test]
async fn a_reprint_needs_a_reason_of_the_profile_and_two_people_and_is_used_once() {
    let world = printed(1).await;
    let record = name("r00000");
    let (maker, checker) = (world.as_actor("maker"), world.as_actor("checker"));
    assert!(operations::reprint_request(&maker, &record, "because").await.is_err());
    let warrant = operations::reprint_request(&maker, &record, "lost").await.unwrap();
    for same in ["maker", " maker", "MAKER "] {
        let refused = operations::reprint_approve(&world.as_actor(same), warrant).await;
        assert!(refused.is_err(), "not by the one who asked: {same:?}");
    }
    assert!(operations::reprint_approve(&checker, PendingActId(99)).await.is_err());
    operations::reprint_approve(&checker, warrant).await.unwrap();
    assert!(operations::reprint_approve(&checker, warrant).await.is_err(), "used");
    assert!(operations::reprint_request(&maker, &record, "lost").await.is_err(), "it waits already");
    world.run().await;
    assert_eq!(world.jobs().await.iter().map(|job| job.copy).collect::<Vec<_>>(), [1, 2]);
    world.run().await;
    assert_eq!(world.jobs().await.len(), 2, "no third without another warrant");
    let second = operations::reprint_request(&maker, &record, "damaged").await.unwrap();
    operations::reprint_refuse(&checker, second, "no").await.unwrap();
    assert!(operations::reprint_approve(&checker, second).await.is_err());
    world.audit().await;
}

#[tokio::test]
async fn of_two_open_warrants_for_one_copy_only_one_is_approved() {
    let world = printed(1).await;
    let record = name("r00000");
    let (maker, checker) = (world.as_actor("maker"), world.as_actor("checker"));
    let first = operations::reprint_request(&maker, &record, "damaged").await.unwrap();
    let second = operations::reprint_request(&maker, &record, "lost").await.unwrap();
    operations::reprint_approve(&checker, first).await.unwrap();
    world.run().await;
    assert_eq!(world.records("printed").await, 1, "the second copy is printed");

    let late = operations::reprint_approve(&checker, second).await.unwrap_err();

    assert!(late.to_string().contains("changed"), "{late}");
    world.run().await;
    assert_eq!(world.jobs().await.iter().map(|job| job.copy).collect::<Vec<_>>(), [1, 2]);
    world.audit().await;
}

#[tokio::test]
async fn a_reprint_settles_the_card_before_it_so_that_no_two_are_alive() {
    let world = printed(2).await;
    let (maker, checker) = (world.as_actor("maker"), world.as_actor("checker"));
    for (id, reason) in [("r00000", "lost"), ("r00001", "damaged")] {
        let warrant = operations::reprint_request(&maker, &name(id), reason).await.unwrap();
        operations::reprint_approve(&checker, warrant).await.unwrap();
    }
    let stock = &world.status().await.blangko["student"];
    assert_eq!([stock["printed"], stock["missing"], stock["spoiled"]], [0, 1, 1]);
    let mut gone = student(0);
    gone.status = "EXPELLED".into();
    assert_eq!(world.import(&csv(&[gone])).await.withdrawn, 1);
    let mut again = student(0);
    again.request_id = "r-again-1".into();
    assert_eq!(world.import(&csv(&[again])).await.accepted, 1);
    world.run().await;
    assert_eq!((world.account("printed").await, world.records("printed").await), (2, 2));
    world.audit().await;
}

#[tokio::test]
async fn a_card_with_its_citizen_is_printed_again_only_when_it_came_back_or_is_lost() {
    let world = printed(1).await;
    let (maker, checker) = (world.as_actor("maker"), world.as_actor("checker"));
    operations::card_check(&world.engine, &name("r00000")).await.unwrap();
    let warrant = operations::reprint_request(&maker, &name("r00000"), "damaged").await.unwrap();
    operations::card_hand_over(&world.engine, &name("r00000")).await.unwrap();
    assert!(operations::reprint_approve(&checker, warrant).await.is_err());
    let refused = operations::reprint_request(&maker, &name("r00000"), "changed").await;
    assert!(refused.is_err(), "it is not asked for what could not be approved");
    operations::card_surrender(&world.engine, &name("r00000"), "bent").await.unwrap();
    operations::reprint_approve(&checker, warrant).await.unwrap();
    world.run().await;
    assert_eq!((world.records("printed").await, world.account("handed-over").await), (1, 0));
    world.audit().await;
}

#[tokio::test]
async fn an_uncertain_record_gets_no_blank_until_one_inspection() {
    let world = World::with(|s| s.breaker_failures = 100).await;
    world.import(&students(0..4)).await;
    world.receive(10, None).await;
    world.printer("p1", "forget=1").await;
    world.run().await;
    world.run().await;
    assert_eq!(
        (world.records("uncertain").await, world.account("uncertain").await, world.jobs().await.len()),
        (4, 4, 4)
    );
    assert!(operations::reprint_request(&world.engine, &name("r00000"), "lost").await.is_err());
    let attempts: Vec<String> = world.jobs().await.into_iter().map(|job| job.attempts[0].id.clone()).collect();
    let answers =
        [InspectionResult::Good, InspectionResult::Spoiled, InspectionResult::Nothing, InspectionResult::BlankGone];
    for (attempt, found) in attempts.iter().zip(answers) {
        operations::inspect_resolve(&world.engine, attempt, found, "looked").await.unwrap();
        assert!(operations::inspect_resolve(&world.engine, attempt, found, "again").await.is_err(), "once only");
    }
    assert_eq!((world.records("printed").await, world.records("waiting").await), (1, 3));
    let stock = &world.status().await.blangko["student"];
    assert_eq!(
        [stock["printed"], stock["spoiled"], stock["missing"], stock["vault"], stock["uncertain"]],
        [1, 1, 1, 7, 0]
    );
    world.audit().await;
}

#[tokio::test]
async fn a_bad_card_is_rejected_and_its_record_goes_back_to_the_list() {
    let world = printed(2).await;
    operations::card_reject(&world.engine, &name("r00000"), Cause::PrintFailed, "streaks").await.unwrap();
    assert_eq!((world.records("waiting").await, world.account("spoiled").await), (1, 1));
    world.run().await;
    assert_eq!((world.records("printed").await, world.account("printed").await), (2, 2));
    world.audit().await;
}

#[tokio::test]
async fn a_card_whose_record_was_withdrawn_or_changed_is_stopped_at_check() {
    let world = printed(2).await;
    let mut gone = student(0);
    gone.status = "EXPELLED".into();
    let mut changed = student(1);
    changed.name = "OTHER".into();
    let (report, _) = world.import_with(&csv(&[gone, changed]), "student", |i| i.update = true).await.unwrap();
    assert_eq!((report.withdrawn, report.updated), (1, 1));
    for (id, stop) in [("r00000", "withdrawn"), ("r00001", "updated")] {
        assert_eq!(world.state_of(id).await, ("printed".into(), Some(stop.into())));
        assert!(operations::card_check(&world.engine, &name(id)).await.is_err());
        assert!(operations::card_hand_over(&world.engine, &name(id)).await.is_err());
        operations::card_reject(&world.engine, &name(id), Cause::DataChanged, "stopped").await.unwrap();
    }
    assert_eq!((world.records("withdrawn").await, world.records("waiting").await), (1, 1));
    world.run().await;
    assert_eq!(world.state_of("r00001").await, ("printed".into(), None));
    operations::card_check(&world.engine, &name("r00001")).await.unwrap();
    world.audit().await;
}

#[tokio::test]
async fn a_record_in_a_batch_can_be_held_withdrawn_or_updated_before_its_card_starts() {
    let world = World::with(|s| s.approve_batches = true).await;
    world.import(&students(0..4)).await;
    world.receive(4, None).await;
    world.printer("p1", "").await;
    world.run().await;
    assert_eq!(world.records("batched").await, 4);
    operations::record_hold(&world.engine, &name("r00000"), "asked for").await.unwrap();
    let mut gone = student(1);
    gone.status = "EXPELLED".into();
    let mut changed = student(2);
    changed.name = "OTHER".into();
    world.import_with(&csv(&[gone, changed]), "student", |i| i.update = true).await.unwrap();
    let records = world.status().await.records;
    assert_eq!([records["held"], records["withdrawn"], records["waiting"], records["batched"]], [1, 1, 1, 1]);
    assert_eq!((world.account("vault").await, world.account("reserved").await), (3, 1), "their blanks are back");
    operations::record_release(&world.engine, &name("r00000"), "done").await.unwrap();
    assert_eq!(world.records("waiting").await, 2);
    world.audit().await;
}
