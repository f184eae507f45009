//! P1 and P8: a request with an idempotency key is carried out once, however often it is sent.

use std::time::Duration;

use cetak::{
    domain::{
        actor::Role,
        permission::{Permit, SystemAct},
    },
    engine::{
        Engine, EngineError, StoreError,
        answers::delete_old_answers,
        client::{Client, Direct},
        operations::{AddToken, HoldRecord, LendBlanks, LoadHopper, OpenCount, Pause, ResumeQueue},
        query::ListPendingActs,
    },
};
use futures_util::future::join_all;

use crate::{
    database::execute,
    staff::{Office, note},
    world::{World, all, name, students},
};

/// A client for a request with a key, and what it asks for in words.
fn keyed(engine: &Engine, key: &str, asked: &str) -> Direct {
    let client = Direct::new(engine);
    let request = client.request_key(key, ["POST", "/", asked]);
    client.for_request(Some(request))
}

fn pause() -> Pause {
    Pause { scope: cetak::domain::pause::PauseScope::Queue, note: note("end of day") }
}

fn load(quantity: i64) -> LoadHopper {
    LoadHopper { printer: note("p1"), quantity: quantity.try_into().unwrap() }
}

/// An office with a printer whose hopper is counted, and ten blanks in the vault.
async fn office() -> World {
    let world = World::new().await;
    world.add_printer("p1", "mock://p1", "student", Some(100)).await;
    world.receive(10, None).await;
    world
}

/// The blanks in the hopper of `p1`.
async fn loaded(world: &World) -> i64 {
    world.account("hopper").await
}

/// The answers that are kept.
async fn answers(world: &World) -> u32 {
    let count = "SELECT CAST(COUNT(*) AS TEXT) FROM idempotency";
    execute(&world.location, count).await.unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_request_that_is_sent_again_is_carried_out_once_and_has_the_answer_of_then() {
    let world = office().await;
    let (siti, tini) = (world.person(1, Role::StockKeeper), world.person(2, Role::StockKeeper));
    for _ in 0..3 {
        keyed(&siti, "k1", "load 3").act(load(3)).await.unwrap();
        assert!(keyed(&siti, "k2", "pause").act(pause()).await.unwrap(), "it was not paused at first");
    }
    assert_eq!(loaded(&world).await, 3);
    assert!(!Direct::new(&siti).act(pause()).await.unwrap(), "without a key");

    let other = keyed(&siti, "k1", "load 4").act(load(4)).await;
    assert!(matches!(other, Err(EngineError::Store(StoreError::RequestDiffers))), "{other:?}");
    assert_eq!(loaded(&world).await, 3);
    keyed(&tini, "k1", "load 2").act(load(2)).await.unwrap();
    assert_eq!(loaded(&world).await, 5, "the key of another account is another one");

    let lend = LendBlanks {
        blank_type: "student".into(),
        quantity: 2.try_into().unwrap(),
        to: note("kudus"),
        document: note("BA-2"),
    };
    let first = keyed(&siti, "k3", "lend").request(lend.clone().into()).await.unwrap();
    let second = keyed(&siti, "k3", "lend").request(lend.into()).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(all(&world.engine, |page| ListPendingActs { decided_too: true, page }).await.len(), 1);

    let supervisor = world.person(3, Role::Supervisor);
    for _ in 0..2 {
        keyed(&supervisor, "k1", "confirm").confirm(first).await.unwrap();
    }
    assert_eq!(world.account("loan").await, 2);
    let count = OpenCount { blank_type: "student".into(), printer: None, counter: None, note: note("x") };
    let local = || keyed(&world.engine, "k4", "count");
    assert_eq!(local().act(count.clone()).await.unwrap(), local().act(count).await.unwrap());
    world.audit().await;
}

#[tokio::test]
async fn requests_with_one_key_at_once_are_carried_out_once() {
    let world = office().await;
    let siti = world.person(1, Role::StockKeeper);
    let before = answers(&world).await;
    let clients: Vec<Direct> = (0..20).map(|_| keyed(&siti, "k1", "load 3")).collect();
    let sent = join_all(clients.iter().map(|client| client.act(load(3)))).await;
    for answer in &sent {
        let is_right = matches!(answer, Ok(()) | Err(EngineError::Store(StoreError::RequestAnswered)));
        assert!(is_right, "{answer:?}");
    }
    assert!(sent.iter().any(Result::is_ok));
    assert_eq!((loaded(&world).await, answers(&world).await), (3, before + 1));
    world.audit().await;
}

#[tokio::test]
async fn a_refused_request_is_not_remembered_and_one_that_changed_nothing_is() {
    let world = office().await;
    let siti = world.person(1, Role::Supervisor);
    let hold = || HoldRecord { record: name("r00000"), note: note("asked for") };
    let refused = keyed(&siti, "k1", "hold").act(hold()).await;
    assert!(matches!(refused, Err(EngineError::Refused(_))), "{refused:?}");
    world.import(&students(0..1)).await;
    keyed(&siti, "k1", "hold").act(hold()).await.unwrap();
    assert_eq!(world.state_of("r00000").await.0, "held");

    let resume = || ResumeQueue { note: note("morning") };
    assert!(!keyed(&siti, "k2", "resume").act(resume()).await.unwrap(), "it is not paused");
    Direct::new(&siti).act(pause()).await.unwrap();
    assert!(!keyed(&siti, "k2", "resume").act(resume()).await.unwrap(), "sent again");
    assert_eq!(world.status().await.pauses.len(), 1, "the pause of meanwhile stays");
    assert!(keyed(&siti, "k3", "resume").act(resume()).await.unwrap());
}

#[tokio::test]
async fn a_request_that_is_sent_again_needs_the_right_that_it_needed_before() {
    let world = office().await;
    let siti = world.person(1, Role::StockKeeper);
    keyed(&siti, "k1", "load 3").act(load(3)).await.unwrap();
    let no_more = world.person(1, Role::Auditor);
    let refused = keyed(&no_more, "k1", "load 3").act(load(3)).await;
    assert!(matches!(refused, Err(EngineError::Refused(_))), "{refused:?}");
}

#[tokio::test]
async fn an_answer_is_kept_for_24_hours_and_then_deleted_with_a_bound_for_each_transaction() {
    let world = office().await;
    let siti = world.person(1, Role::Supervisor);
    for n in 0..501 {
        keyed(&siti, &format!("k{n}"), "resume").act(ResumeQueue { note: note("morning") }).await.unwrap();
    }
    world.clock.advance(Duration::from_hours(23));
    keyed(&siti, "late", "resume").act(ResumeQueue { note: note("morning") }).await.unwrap();
    delete_old_answers(&world.engine).await.unwrap();
    assert!(answers(&world).await >= 502);

    world.clock.advance(Duration::from_hours(1));
    Direct::new(&siti).act(pause()).await.unwrap();
    assert!(keyed(&siti, "k7", "resume").act(ResumeQueue { note: note("morning") }).await.unwrap(), "it is forgotten");
    let mut tx = world.engine.write(&Permit::system(SystemAct::DeleteAnswers)).await.unwrap();
    assert!(tx.answers_delete_old().await.unwrap(), "there may be more");
    tx.commit().await.unwrap();
    delete_old_answers(&world.engine).await.unwrap();
    assert_eq!(answers(&world).await, 2, "the one that was sent again, and the late one");
}

#[tokio::test]
async fn a_stored_answer_is_sealed_for_its_request() {
    let office = Office::new(&[]).await;
    let token = || AddToken {
        name: note("program"),
        account: "root".into(),
        scopes: "board-read".parse().unwrap(),
        days: 7.try_into().unwrap(),
    };
    let root = &office.world.engine;
    execute(&office.world.location, "DELETE FROM idempotency").await.unwrap();
    let added = keyed(root, "k1", "token").act(token()).await.unwrap();
    let again = keyed(root, "k1", "token").act(token()).await.unwrap();
    assert_eq!((added.token, added.secret.reveal()), (again.token, again.secret.reveal()));
    let other = keyed(root, "k2", "token").act(token()).await.unwrap();
    // SQLite moves one of the answers, and PostgreSQL exchanges both.
    let moved = "UPDATE idempotency SET answer = (SELECT o.answer FROM idempotency AS o
                 WHERE o.key_digest <> idempotency.key_digest)";
    execute(&office.world.location, moved).await.unwrap();
    let mut refused = 0;
    for (key, own) in [("k1", &added), ("k2", &other)] {
        match keyed(root, key, "token").act(token()).await {
            Ok(answer) => assert_eq!(answer.token, own.token),
            Err(EngineError::Store(StoreError::Corrupt { table: "idempotency", .. })) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(refused > 0, "an answer that was moved to another request is not given");
}
