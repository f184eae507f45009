//! Tests the archive: histories still show archived jobs, later acts still change them, and nothing is lost.

use std::time::Duration;

use cetak::{
    domain::{
        attempt::AttemptState,
        id::{BatchId, JobId},
        job::JobState,
        refusal::{AttemptRule, Refusal},
        stock::Cause,
        time::Timestamp,
    },
    engine::{
        EngineError,
        clock::Clock,
        query::{JobLine, JobsOf, ListJobs},
    },
    store::{Moved, StoreError},
};

use crate::acts::{self as operations, InspectionResult};
use crate::{
    clock::NOON,
    world::{World, all, csv, name, student, students},
};

const DAYS: u32 = 90;

fn later(world: &World, days: u64) {
    world.clock.advance(Duration::from_hours(24 * days));
}

/// Cards that were printed a hundred days ago, and one of today, which keeps the newest numbers in use.
async fn old_cards(cards: u32) -> World {
    let world = World::new().await;
    world.import(&students(0..cards)).await;
    world.receive(i64::from(cards) + 20, None).await;
    world.printer("p1", "").await;
    world.run().await;
    later(&world, 100);
    print_one_more(&world, 9_000).await;
    world
}

async fn print_one_more(world: &World, number: u32) {
    world.import(&csv(&[student(number)])).await;
    world.run().await;
    assert_eq!(world.state_of(&format!("r{number:05}")).await.0, "printed");
}

async fn archived(world: &World) -> Moved {
    operations::archive(&world.engine, DAYS).await.unwrap().moved
}

async fn in_hand(world: &World) -> u64 {
    let jobs: Vec<JobId> = world.jobs().await.iter().map(|job| JobId(job.id)).collect();
    world.engine.store.read().await.unwrap().attempts_count(&jobs).await.unwrap()
}

async fn histories(world: &World) -> (Vec<JobLine>, Vec<JobLine>, Vec<JobLine>, String) {
    let jobs = |of: JobsOf, state| {
        let query = move |page| ListJobs { of: of.clone(), state, page };
        async move { all(&world.engine, query).await }
    };
    let (of_record, of_batch) = (JobsOf::Record(name("r00001")), JobsOf::Batch(BatchId(1)));
    let printed = Some(JobState::Printed);
    let batches = format!("{:?}", world.batches().await);
    (world.jobs().await, jobs(of_record, None).await, jobs(of_batch, printed).await, batches)
}

#[tokio::test]
async fn an_archived_job_is_in_every_history_and_not_among_live_jobs() {
    let world = old_cards(3).await;
    let before = histories(&world).await;
    assert_eq!((before.0.len(), before.1.len(), before.2.len(), in_hand(&world).await), (4, 1, 3, 4));
    assert_eq!(operations::archivable(&world.engine, DAYS).await.unwrap().moved, Moved { jobs: 3, attempts: 3 });
    assert_eq!(in_hand(&world).await, 4, "only said");

    assert_eq!(archived(&world).await, Moved { jobs: 3, attempts: 3 });

    assert_eq!(in_hand(&world).await, 1);
    assert_eq!(histories(&world).await, before);
    let heads = world.engine.store.read().await.unwrap().audit_heads().await.unwrap();
    assert_eq!(archived(&world).await, Moved::default(), "twice");
    assert_eq!(operations::archivable(&world.engine, DAYS).await.unwrap().moved, Moved::default());
    assert_eq!(world.engine.store.read().await.unwrap().audit_heads().await.unwrap(), heads, "nothing to write down");
    world.audit().await;
}

#[tokio::test]
async fn each_archiving_transaction_is_written_down_with_its_limit() {
    let world = old_cards(2).await;
    archived(&world).await;
    let rows = world.engine.store.read().await.unwrap().audit_page("cli", 0, 5_000).await.unwrap();
    let entry: serde_json::Value = serde_json::from_str(&rows.last().unwrap().entry).unwrap();
    assert_eq!((&entry["act"], &entry["subject"]), (&"jobs.archived".into(), &"jobs 1 to 2".into()));
    let now = world.clock.now();
    let closed_before = now.minus(Duration::from_hours(24 * u64::from(DAYS))).to_string();
    let expected = serde_json::json!({ "closed_before": closed_before, "jobs": "2", "attempts": "2" });
    assert_eq!(entry["details"], expected);
}

#[tokio::test]
async fn a_card_is_handed_over_surrendered_and_printed_again_after_its_job_was_archived() {
    let world = old_cards(1).await;
    assert_eq!(archived(&world).await.jobs, 1);
    let record = name("r00000");
    operations::card_check(&world.engine, &record).await.unwrap();
    operations::card_hand_over(&world.engine, &record).await.unwrap();
    world.audit().await;
    assert_eq!((world.account("printed").await, world.account("handed-over").await), (1, 1));
    operations::card_surrender(&world.engine, &record, "bent").await.unwrap();
    world.audit().await;
    assert_eq!((world.account("spoiled").await, world.account("handed-over").await), (1, 0));
    let warrant = operations::reprint_request(&world.as_actor("maker"), &record, "damaged").await.unwrap();
    operations::reprint_approve(&world.as_actor("checker"), warrant).await.unwrap();
    world.run().await;

    assert_eq!(world.state_of("r00000").await.0, "printed");
    let copies: Vec<_> = world.jobs().await.into_iter().filter(|job| job.request_id == "r00000").collect();
    assert_eq!(
        copies.iter().map(|job| (job.copy, job.state.as_str())).collect::<Vec<_>>(),
        [(1, "printed"), (2, "printed")]
    );
    world.audit().await;
}

#[tokio::test]
async fn an_archived_card_is_rejected_or_printed_again_where_it_lies() {
    let world = old_cards(3).await;
    archived(&world).await;
    operations::card_reject(&world.engine, &name("r00000"), Cause::PrintFailed, "streaks").await.unwrap();
    let warrant = operations::reprint_request(&world.as_actor("maker"), &name("r00001"), "lost").await.unwrap();
    operations::reprint_approve(&world.as_actor("checker"), warrant).await.unwrap();
    let state = |jobs: &[JobLine], id| jobs.iter().find(|job| job.id == id).unwrap().state.clone();
    let jobs = world.jobs().await;
    assert_eq!([1, 2, 3].map(|id| state(&jobs, id)), ["returned", "returned", "printed"]);
    assert_eq!([world.account("spoiled").await, world.account("missing").await], [1, 1]);
    assert_eq!(in_hand(&world).await, 1, "they are still archived");
    world.audit().await;
    world.run().await;
    assert_eq!(world.records("printed").await, 4);
    world.audit().await;
}

#[tokio::test]
async fn a_job_that_needs_an_inspection_is_not_archived() {
    let world = World::with(|s| s.breaker_failures = 100).await;
    world.import(&students(0..2)).await;
    world.receive(10, None).await;
    world.printer("p1", "forget=1").await;
    world.run().await;
    later(&world, 100);
    let attempt = world.jobs().await.into_iter().next().unwrap().attempts.remove(0).id;
    assert_eq!(archived(&world).await, Moved::default());
    operations::inspect_resolve(&world.engine, &attempt, InspectionResult::Good, "found it").await.unwrap();

    assert_eq!(archived(&world).await, Moved { jobs: 1, attempts: 1 });

    let again =
        operations::inspect_resolve(&world.engine, &attempt, InspectionResult::Good, "again").await.unwrap_err();
    let archived =
        Refusal::AttemptState { attempt, found: AttemptState::Printed, needs: AttemptRule::Uncertain, archived: true };
    assert!(matches!(&again, EngineError::Refused(why) if *why == archived), "{again:?}");
    world.audit().await;
}

#[tokio::test]
async fn what_is_recent_or_in_a_batch_that_is_not_closed_is_not_archived() {
    let world = World::with(|s| s.approve_batches = true).await;
    world.import(&students(0..3)).await;
    world.receive(10, None).await;
    world.printer("p1", "").await;
    world.run().await;
    operations::record_hold(&world.engine, &name("r00000"), "asked for").await.unwrap();
    later(&world, 100);
    assert_eq!(archived(&world).await, Moved::default(), "one job is over, and its batch is not");
    operations::batch_cancel(&world.engine, cetak::domain::id::BatchId(1), "not today").await.unwrap();
    later(&world, u64::from(DAYS));
    assert_eq!(archived(&world).await, Moved::default(), "to the microsecond");
    world.clock.advance(Duration::from_micros(1));
    // The newest of the three stays: its number must not be used again.
    assert_eq!(archived(&world).await, Moved { jobs: 2, attempts: 0 });
    world.audit().await;
}

#[tokio::test]
async fn a_number_is_never_used_again() {
    let world = World::new().await;
    world.import(&students(0..3)).await;
    world.receive(10, None).await;
    world.printer("p1", "").await;
    world.run().await;
    for round in 0..3 {
        later(&world, 100);
        archived(&world).await;
        print_one_more(&world, 100 + round).await;
    }
    let ids: Vec<i64> = world.jobs().await.iter().map(|job| job.id).collect();
    assert_eq!(ids, [1, 2, 3, 4, 5, 6]);
    world.audit().await;
}

#[tokio::test]
async fn an_interrupted_archiving_loses_nothing_and_can_be_repeated() {
    let world = old_cards(5).await;
    let before = histories(&world).await;
    let write = || world.engine.store.write(&world.engine.writer, Timestamp(NOON));
    // Killed before the commit.
    let mut tx = write().await.unwrap();
    assert_eq!(tx.jobs_archive(&[JobId(1), JobId(2)]).await.unwrap(), Moved { jobs: 2, attempts: 2 });
    drop(tx);
    assert_eq!((histories(&world).await, in_hand(&world).await), (before.clone(), 6));
    // Killed after the first of several commits.
    let mut tx = write().await.unwrap();
    tx.jobs_archive(&[JobId(1), JobId(2)]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((histories(&world).await, in_hand(&world).await), (before.clone(), 4));
    world.audit().await;
    // Another process was faster, or a job has not ended.
    let mut tx = write().await.unwrap();
    assert!(matches!(tx.jobs_archive(&[JobId(2), JobId(3)]).await, Err(StoreError::Conflict("the job"))));
    drop(tx);

    assert_eq!(archived(&world).await, Moved { jobs: 3, attempts: 3 });
    assert_eq!((histories(&world).await, in_hand(&world).await), (before, 1));
    world.audit().await;
}
