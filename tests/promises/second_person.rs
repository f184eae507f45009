//! P2 and P8: an act for two people is asked for by one and decided by another, under the guards of that moment; and an
//! act that the roles of a person do not allow is refused and on record.

use std::path::Path;

use cetak::{
    domain::{
        actor::{Actor, Means, Role},
        id::{AccountId, PendingActId},
        pause::PauseScope,
        pending::{EXPIRES_AFTER, PendingState},
        permission::Operation,
        refusal::Refusal,
    },
    engine::{
        Engine, EngineError,
        client::{Client, Direct},
        operations::{Act, HoldRecord, TwoPersonAct},
    },
    store::{Location, Store, keys::Keys},
};
use sqlx::{
    SqlStr,
    migrate::{Migration, MigrationType, Migrator},
};

use crate::{
    acts::{self, counted_blanks, lent_blanks},
    database,
    world::{World, actor, name, students},
};

/// A person with an account and one role.
fn person(world: &World, account: i64, role: Role) -> Engine {
    let person = Actor {
        account: Some(AccountId(account)),
        means: Means::Session,
        roles: [role].into(),
        authenticated: true,
        ..actor(&format!("person {account}"))
    };
    world.engine.acting("web", person)
}

/// What was refused.
fn refusal<T: std::fmt::Debug>(result: Result<T, EngineError>) -> Refusal {
    match result {
        Err(EngineError::Refused(refusal)) => refusal,
        other => panic!("{other:?} is not refused"),
    }
}

async fn state(world: &World, act: PendingActId) -> PendingState {
    world.engine.store.read().await.unwrap().pending_act_get(act).await.unwrap().unwrap().state
}

async fn audit(world: &World, chain: &str) -> Vec<String> {
    let rows = world.engine.store.read().await.unwrap().audit_page(chain, 0, 1_000).await.unwrap();
    rows.into_iter().map(|row| row.entry).collect()
}

fn loan(quantity: i64) -> TwoPersonAct {
    TwoPersonAct::LendBlanks(lent_blanks("student", quantity, "kudus", "L-1"))
}

#[tokio::test]
async fn one_person_asks_another_confirms_and_only_then_it_is_done() {
    let world = World::new().await;
    world.receive(10, None).await;
    let (keeper, boss) = (person(&world, 1, Role::StockKeeper), person(&world, 2, Role::Supervisor));
    let act = Direct::new(&keeper).request(loan(4)).await.unwrap();
    assert_eq!((world.account("vault").await, world.account("loan").await), (10, 0), "asking reserves nothing");
    let now = world.engine.clock.now();
    let mut tx = world.engine.store.read().await.unwrap();
    assert_eq!(tx.pending_acts_open_counts(now).await.unwrap(), [(Operation::StockRemove, 1)]);
    let open = tx.pending_acts_list(Some(now), PendingActId(0), 10).await.unwrap();
    assert_eq!((open[0].id, &*open[0].target, &*open[0].requested_by), (act.0, "blangko student", "person 1"));
    drop(tx);

    assert_eq!(
        refusal(Direct::new(&keeper).confirm(act).await),
        Refusal::NoRight { operation: Operation::StockRemove }
    );
    Direct::new(&boss).confirm(act).await.unwrap();

    assert_eq!((world.account("vault").await, world.account("loan").await), (6, 4));
    assert_eq!(state(&world, act).await, PendingState::Confirmed);
    let again = refusal(Direct::new(&boss).confirm(act).await);
    assert_eq!(again, Refusal::ActDecided { act, operation: Operation::StockRemove, found: PendingState::Confirmed });
    let lent = audit(&world, "web").await.into_iter().find(|entry| entry.contains("blangko.lent")).unwrap();
    for part in ["\"actor\":\"person 2\"", "\"account\":2", "\"means\":\"session\"", "\"requested_by\":\"person 1\""] {
        assert!(lent.contains(part), "{part} in {lent}");
    }
    assert_eq!(world.engine.store.read().await.unwrap().pending_acts_open_counts(now).await.unwrap(), []);
    world.audit().await;
}

#[tokio::test]
async fn nobody_confirms_an_own_act_and_only_the_person_that_asked_takes_it_back() {
    let world = World::new().await;
    world.receive(10, None).await;
    let (boss, other) = (person(&world, 1, Role::Supervisor), person(&world, 2, Role::Supervisor));
    let count = TwoPersonAct::CountBlanks(counted_blanks("student", None, 9, "stocktake"));
    let act = Direct::new(&boss).request(count).await.unwrap();
    assert_eq!(
        refusal(Direct::new(&boss).confirm(act).await),
        Refusal::SamePerson { act, operation: Operation::CountBook }
    );
    assert_eq!(
        refusal(Direct::new(&other).take_back(act).await),
        Refusal::OtherPerson { act, operation: Operation::CountBook }
    );
    Direct::new(&boss).take_back(act).await.unwrap();
    assert_eq!(state(&world, act).await, PendingState::TakenBack);
    assert!(Direct::new(&other).confirm(act).await.is_err());
    assert_eq!((world.account("vault").await, world.account("missing").await), (10, 0));
    world.audit().await;
}

#[tokio::test]
async fn an_act_is_decided_again_when_it_is_confirmed() {
    let world = World::new().await;
    world.receive(10, None).await;
    let (boss, other) = (person(&world, 1, Role::Supervisor), person(&world, 2, Role::Supervisor));
    let keeper = person(&world, 3, Role::StockKeeper);
    let count = TwoPersonAct::CountBlanks(counted_blanks("student", None, 9, "stocktake"));
    let count = Direct::new(&boss).request(count).await.unwrap();
    let most = Direct::new(&keeper).request(loan(8)).await.unwrap();
    let rest = Direct::new(&keeper).request(loan(5)).await.unwrap();

    Direct::new(&other).confirm(most).await.unwrap();

    assert!(matches!(refusal(Direct::new(&other).confirm(rest).await), Refusal::TooFewBlanks { available: 2, .. }));
    assert_eq!(state(&world, rest).await, PendingState::Pending, "it can be confirmed when there are more");
    let changed = refusal(Direct::new(&other).confirm(count).await);
    assert!(matches!(changed, Refusal::ActTargetChanged { act, .. } if act == count), "{changed:?}");
    assert_eq!(state(&world, count).await, PendingState::Conflict, "what was counted is no longer what is booked");
    world.receive(3, None).await;
    Direct::new(&other).confirm(rest).await.unwrap();
    assert_eq!((world.account("vault").await, world.account("loan").await), (0, 13));
    world.audit().await;
}

#[tokio::test]
async fn an_act_that_nobody_decides_expires() {
    let world = World::new().await;
    world.receive(10, None).await;
    let (keeper, boss) = (person(&world, 1, Role::StockKeeper), person(&world, 2, Role::Supervisor));
    let act = Direct::new(&keeper).request(loan(4)).await.unwrap();
    world.engine.clock.sleep(EXPIRES_AFTER).await;
    assert_eq!(
        refusal(Direct::new(&boss).confirm(act).await),
        Refusal::ActExpired { act, operation: Operation::StockRemove }
    );
    assert_eq!((state(&world, act).await, world.account("vault").await), (PendingState::Expired, 10));
}

#[tokio::test]
async fn what_the_roles_do_not_allow_is_refused_and_on_record_without_what_it_was_about() {
    let world = World::new().await;
    world.import(&students(0..1)).await;
    let keeper = person(&world, 1, Role::StockKeeper);
    let refused = refusal(acts::record_hold(&keeper, &name("r00000"), "a private reason").await);
    assert_eq!(refused, Refusal::NoRight { operation: Operation::RecordHold });
    acts::pause(&keeper, &PauseScope::Queue, "end of day").await.unwrap();
    let entries = audit(&world, "web").await;
    assert!(entries[0].contains("\"act\":\"act.forbidden\",\"subject\":\"operation record-hold\""), "{}", entries[0]);
    assert!(entries[0].contains("\"actor\":\"person 1\""), "{}", entries[0]);
    assert!(!entries[0].contains("r00000") && !entries[0].contains("private"), "{}", entries[0]);
    assert_eq!(entries.len(), 2);
    assert_eq!(world.records("waiting").await, 1);
}

#[tokio::test]
async fn a_permit_for_one_operation_does_not_cover_another() {
    let world = World::new().await;
    world.import(&students(0..1)).await;
    let permit = Direct::new(&world.engine).permit(Operation::Pause).await.unwrap();
    let hold = HoldRecord { record: name("r00000"), note: "asked for".parse().unwrap() };
    let refused = refusal(hold.perform(&world.engine, &permit).await);
    assert_eq!(refused, Refusal::NoRight { operation: Operation::RecordHold });
    assert_eq!(world.records("waiting").await, 1);
}

#[tokio::test]
async fn the_local_administrator_acts_alone_and_the_audit_says_so() {
    let world = World::new().await;
    world.receive(10, None).await;
    acts::lend(&world.engine, "student", 4, "kudus", "L-1").await.unwrap();
    let lent = audit(&world, "cli").await.pop().unwrap();
    assert!(lent.contains("\"second_person\":\"none\""), "{lent}");
    acts::destroy(&world.engine, "student", 1, true, "D-1", ["Siti", "Budi"]).await.unwrap();
    let destroyed = audit(&world, "cli").await.pop().unwrap();
    assert!(
        destroyed.contains("\"requested_by\":\"Siti\"") && destroyed.contains("\"witnesses\":\"Siti, Budi\""),
        "{destroyed}"
    );
    let act = world.engine.store.read().await.unwrap().pending_acts_list(None, PendingActId(0), 10).await.unwrap();
    let act: Vec<_> = act.iter().map(|a| (a.state, &*a.requested_by, a.decided_by.as_deref())).collect();
    assert_eq!(act, [(PendingState::Confirmed, "Siti", Some("Budi"))]);
    world.audit().await;
}

macro_rules! scripts {
    ($folder:literal) => {
        [
            ("first", include_str!(concat!("../../migrations/", $folder, "/0001_first.sql"))),
            ("evidence", include_str!(concat!("../../migrations/", $folder, "/0002_evidence.sql"))),
            ("archive", include_str!(concat!("../../migrations/", $folder, "/0003_archive.sql"))),
            ("nodes", include_str!(concat!("../../migrations/", $folder, "/0004_nodes.sql"))),
            ("ended", include_str!(concat!("../../migrations/", $folder, "/0005_ended.sql"))),
            ("sides", include_str!(concat!("../../migrations/", $folder, "/0006_sides.sql"))),
        ]
    };
}

/// A database of the version before there were pending acts, with a card of two copies and its warrants.
const WARRANTS: &str = "
    INSERT INTO record (id, source, request_id, profile, kind, class, state, version, slot, person_key, digest, district,
                        village, requested_at_us, verified_at_us, copy)
    VALUES (1, 'default', 'r1', 'student', 'new', 1, 'printed', 3, 0, unhex('00'), unhex('00'), 'd', 'v', 0, 0, 2);
    INSERT INTO warrant (id, record_id, state, reason, requested_by, requested_at_us, decided_by, decided_at_us)
    VALUES (4, 1, 'approved', 'lost', 'maker', 10, 'checker', 20), (5, 1, 'refused', 'damaged', 'maker', 30, 'maker', 40);
    INSERT INTO warrant (id, record_id, state, reason, requested_by, requested_at_us)
    VALUES (7, 1, 'requested', 'say \"it''s lost\"', 'maker', 50)";

async fn older_database(location: &Location) {
    let migrator = |scripts: [(&'static str, &'static str); 6]| {
        let migration = |(number, (name, sql)): (i64, (&'static str, &'static str))| {
            Migration::new(number, name.into(), MigrationType::Simple, SqlStr::from_static(sql), false)
        };
        Migrator::with_migrations((1..).zip(scripts).map(migration).collect())
    };
    match location {
        Location::File(file) => {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file).create_if_missing(true);
            let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
            migrator(scripts!("sqlite")).run(&pool).await.unwrap();
            pool.close().await;
        }
        Location::Server(url) => {
            let pool = sqlx::PgPool::connect(url).await.unwrap();
            migrator(scripts!("postgres")).run(&pool).await.unwrap();
            pool.close().await;
        }
    }
    database::execute(location, WARRANTS).await.unwrap();
}

#[tokio::test]
async fn warrants_from_before_become_pending_acts_under_their_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let server = database::server();
    let location = database::location(server.as_ref(), Path::new(folder.path()));
    older_database(&location).await;
    let store = Store::open(&location, Keys::derive(&[7; 32])).await.unwrap();
    let mut tx = store.read().await.unwrap();
    let lines = tx.warrant_list(0, 10).await.unwrap();
    let lines: Vec<_> = lines.iter().map(|w| (w.id, &*w.state, &*w.reason, &*w.requested_by)).collect();
    assert_eq!(
        lines,
        [
            (4, "approved", "lost", "maker"),
            (5, "refused", "damaged", "maker"),
            (7, "requested", "say \"it's lost\"", "maker"),
        ]
    );
    let act = tx.pending_act_get(PendingActId(7)).await.unwrap().unwrap();
    assert_eq!((act.state, act.operation, act.expires_at), (PendingState::Pending, Operation::ReprintApprove, None));
    assert_eq!((&*act.target.name, &*act.target.version), ("record default/r1", "version 3"));
    let json: serde_json::Value = serde_json::from_str(&act.act).unwrap();
    let expected = serde_json::json!({
        "act": "reprint", "record": { "source": "default", "request_id": "r1" }, "reason": "say \"it's lost\"",
    });
    assert_eq!(json, expected);
    let broken: Vec<_> = tx.check(&[]).await.unwrap().into_iter().filter(|check| !check.faults.is_empty()).collect();
    assert!(broken.iter().all(|check| check.rule != "a second copy has its approved warrant"), "{broken:?}");
    drop(tx);
    store.close().await;
    let next =
        "INSERT INTO pending_act (operation, act, target, target_version, reason, state, requested_by, requested_at_us)
                VALUES ('count-book', '{}', 't', 'v', 'r', 'pending', 'a', 0) RETURNING id";
    assert_eq!(database::execute(&location, next).await.as_deref(), Ok("8"), "numbers go on after those of warrants");
}
