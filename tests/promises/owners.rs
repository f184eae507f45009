//! Tests P2: while the process that began an attempt may still send its card, its record gets no other.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use cetak::{
    domain::{owner::Presence, permission::Operation, refusal::Refusal, value::Witnesses},
    engine::{
        EngineError,
        client::{Client, Direct},
        operations::ResolveNothing,
        scheduling::{self, Until},
    },
};
use cetak_driver_api::Cancelled;

use crate::{
    acts::{self as operations, InspectionResult},
    fake_printer::{Act, FakePrinter, away},
    world::{World, actor, students},
};

/// The one attempt of a record that the scheduler tried to print, by a process that is there.
async fn one_attempt(world: &World) -> String {
    world.import(&students(0..1)).await;
    world.receive(3, None).await;
    world.run().await;
    world.owners.set(Presence::There);
    world.jobs().await[0].attempts[0].id.clone()
}

/// An office whose only attempt was declared uncertain, at a printer that does not answer after it has taken the card, until
/// the switch is set. The process that began it is there.
async fn declared() -> (World, Arc<FakePrinter>, Arc<AtomicBool>, String) {
    let world = World::new().await;
    let answers = Arc::new(AtomicBool::new(false));
    let switch = answers.clone();
    let printer = FakePrinter::new(&world, "").reach(move |act| match act {
        Act::Ask | Act::Prepare | Act::Upload => Ok(()),
        Act::Commit | Act::Find | Act::Ended | Act::Cancel if switch.load(Ordering::SeqCst) => Ok(()),
        Act::Commit | Act::Find | Act::Ended | Act::Cancel => Err(away()),
    });
    let printer = printer.add(&world, "p1").await;
    let attempt = one_attempt(&world).await;
    operations::declare_uncertain(&world.engine, &attempt, "the printer is silent").await.unwrap();
    (world, printer, answers, attempt)
}

async fn resolve(world: &World, attempt: &str, found: InspectionResult) -> Result<(), Refusal> {
    refusal(operations::inspect_resolve(&world.engine, attempt, found, "the tray is empty").await)
}

async fn together(world: &World, attempt: &str, owner_is_off: bool) -> Result<(), Refusal> {
    let note = "the tray is empty".parse().unwrap();
    let act = ResolveNothing { attempt: attempt.into(), blank_gone: false, owner_is_off, note };
    let people = Witnesses::try_from(["Siti", "Budi"].map(|name| name.parse().unwrap())).unwrap();
    refusal(Direct::new(&world.engine).together(act.into(), people).await)
}

fn refusal(result: Result<(), EngineError>) -> Result<(), Refusal> {
    result.map_err(|error| match error {
        EngineError::Refused(refusal) => refusal,
        error @ (EngineError::Read { .. }
        | EngineError::Write { .. }
        | EngineError::Store(_)
        | EngineError::Service { .. }) => panic!("{error}"),
    })
}

/// Whether an audit entry has all these parts.
async fn has_entry(world: &World, chain: &str, parts: &[&str]) -> bool {
    let rows = world.engine.store.read().await.unwrap().audit_page(chain, 0, 5_000).await.unwrap();
    rows.iter().any(|row| parts.iter().all(|part| row.entry.contains(part)))
}

fn there(attempt: &str) -> Result<(), Refusal> {
    Err(Refusal::OwnerThere { attempt: attempt.into(), process: 812, host: "print-room".into() })
}

fn unknown(attempt: &str) -> Result<(), Refusal> {
    Err(Refusal::OwnerUnknown { attempt: attempt.into(), process: 812, host: "print-room".into() })
}

#[tokio::test]
async fn no_result_is_taken_while_the_process_is_there_and_two_people_cannot_say_otherwise() {
    let (world, _, _, attempt) = declared().await;
    let results =
        [InspectionResult::Nothing, InspectionResult::BlankGone, InspectionResult::Spoiled, InspectionResult::Good];
    for found in results {
        assert_eq!(resolve(&world, &attempt, found).await, there(&attempt), "{found:?}");
    }
    for is_off in [false, true] {
        assert_eq!(together(&world, &attempt, is_off).await, there(&attempt));
    }
    assert_eq!((world.records("uncertain").await, world.account("uncertain").await), (1, 1));

    world.owners.set(Presence::Gone);
    assert_eq!(resolve(&world, &attempt, InspectionResult::Nothing).await, Ok(()));
    assert_eq!((world.records("waiting").await, world.account("vault").await), (1, 3));
    world.audit().await;
}

#[tokio::test]
async fn of_a_process_on_another_machine_two_people_state_that_it_is_off() {
    let (world, _, _, attempt) = declared().await;
    world.owners.set(Presence::Unknown);
    assert_eq!(resolve(&world, &attempt, InspectionResult::Nothing).await, unknown(&attempt));
    assert_eq!(together(&world, &attempt, false).await, unknown(&attempt));
    let note = "it burnt".parse().unwrap();
    let act = ResolveNothing { attempt: attempt.clone(), blank_gone: false, owner_is_off: true, note };
    let alone = Direct::new(&world.engine).act(act).await;
    assert_eq!(refusal(alone), Err(Refusal::SecondPersonNeeded { operation: Operation::InspectionNothing }));

    assert_eq!(together(&world, &attempt, true).await, Ok(()));
    assert_eq!(world.records("waiting").await, 1);
    for part in ["process 812 on print-room", "Siti", "Budi"] {
        assert!(has_entry(&world, "cli", &["attempt.inspected", part]).await, "{part}");
    }
    world.audit().await;
}

#[tokio::test]
async fn a_card_that_was_found_is_a_proof_where_the_process_cannot_be_seen() {
    for (found, state, account) in
        [(InspectionResult::Good, "printed", "printed"), (InspectionResult::Spoiled, "waiting", "spoiled")]
    {
        let (world, _, _, attempt) = declared().await;
        world.owners.set(Presence::Unknown);
        assert_eq!(resolve(&world, &attempt, found).await, Ok(()), "{found:?}");
        assert_eq!((world.records(state).await, world.account(account).await), (1, 1), "{found:?}");
        world.audit().await;
    }
}

#[tokio::test]
async fn a_printer_that_confirms_a_cancellation_is_a_proof_and_one_that_does_not_is_none() {
    for answer in [Cancelled::NothingPrinted, Cancelled::OutcomeUnknown] {
        let world = World::new().await;
        let has_answered = Arc::new(AtomicBool::new(false));
        let switch = has_answered.clone();
        let printer = FakePrinter::new(&world, "").cancel(move |_| Ok(answer)).reach(move |act| match act {
            Act::Ask | Act::Prepare | Act::Upload => Ok(()),
            Act::Commit | Act::Find | Act::Ended | Act::Cancel if switch.load(Ordering::SeqCst) => Ok(()),
            Act::Commit | Act::Find | Act::Ended | Act::Cancel => Err(away()),
        });
        printer.add(&world, "p1").await;
        world.import(&students(0..1)).await;
        world.receive(3, None).await;
        world.run().await;
        let attempt = world.jobs().await[0].attempts[0].id.clone();
        world.owners.set(Presence::There);
        operations::declare_uncertain(&world.engine, &attempt, "silent").await.unwrap();
        has_answered.store(true, Ordering::SeqCst);

        let resolved = resolve(&world, &attempt, InspectionResult::Nothing).await;

        let expected = if answer == Cancelled::NothingPrinted { Ok(()) } else { there(&attempt) };
        assert_eq!(resolved, expected, "{answer:?}");
        let is_saved = has_entry(&world, "cli", &["attempt.cancelled", &attempt]).await;
        assert_eq!(is_saved, answer == Cancelled::NothingPrinted);
        world.audit().await;
    }
}

#[tokio::test]
async fn a_running_scheduler_confirms_that_it_will_not_send_a_declared_card() {
    let world = World::new().await;
    world.owners.set(Presence::There);
    let silent = FakePrinter::new(&world, "").reach(|act| match act {
        Act::Find | Act::Ended | Act::Cancel => Err(away()),
        Act::Ask | Act::Prepare | Act::Upload | Act::Commit => Ok(()),
    });
    silent.add(&world, "p1").await;
    world.import(&students(0..1)).await;
    world.receive(3, None).await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let engine = world.engine.acting("scheduler", actor("scheduler"));
    let run = tokio::spawn(async move { scheduling::run(&engine, Until::Stopped, stopped).await });
    world.until(async || world.jobs().await.first().is_some_and(|job| !job.attempts.is_empty())).await;
    let attempt = world.jobs().await[0].attempts[0].id.clone();
    operations::declare_uncertain(&world.engine, &attempt, "silent").await.unwrap();

    world.until(async || has_entry(&world, "scheduler", &["attempt.confirmed", &attempt]).await).await;

    assert_eq!(resolve(&world, &attempt, InspectionResult::Nothing).await, Ok(()));
    stop.send(true).unwrap();
    run.await.unwrap().unwrap();
    world.audit().await;
}

#[tokio::test]
async fn a_scheduler_that_settles_its_own_card_as_uncertain_has_confirmed_it_and_one_that_took_it_over_has_not() {
    let world = World::new().await;
    world.owners.set(Presence::There);
    world.printer("p1", "forget=1").await;
    world.import(&students(0..1)).await;
    world.receive(3, None).await;
    world.run().await;
    let own = world.jobs().await[0].attempts[0].id.clone();
    assert_eq!(resolve(&world, &own, InspectionResult::Nothing).await, Ok(()));

    let (world, _, answers, attempt) = declared_by_another().await;
    answers.store(true, Ordering::SeqCst);
    world.run().await;
    assert_eq!(world.records("uncertain").await, 1);
    assert_eq!(resolve(&world, &attempt, InspectionResult::Nothing).await, there(&attempt));
    world.audit().await;
}

/// An office with an open attempt of a process that is there, at a printer that has forgotten it when it answers.
async fn declared_by_another() -> (World, Arc<FakePrinter>, Arc<AtomicBool>, String) {
    let world = World::new().await;
    let answers = Arc::new(AtomicBool::new(false));
    let switch = answers.clone();
    let printer =
        FakePrinter::new(&world, "forget=1").cancel(|_| Ok(Cancelled::OutcomeUnknown)).reach(move |act| match act {
            Act::Find | Act::Ended | Act::Cancel if !switch.load(Ordering::SeqCst) => Err(away()),
            Act::Ask | Act::Prepare | Act::Upload | Act::Commit | Act::Find | Act::Ended | Act::Cancel => Ok(()),
        });
    let printer = printer.add(&world, "p1").await;
    let attempt = one_attempt(&world).await;
    (world, printer, answers, attempt)
}
