//! Tests P10: a database that was copied, or an older state of it, prints nothing until a person says what became of the original.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use cetak::{
    domain::{
        actor::{Actor, Means, Role},
        attempt::InspectionResult,
        dispatch::Blocked,
        id::{AccountId, BatchId},
        instance::{Difference, Doubt, FileIdentity, Identity, Memory},
        reason::{Reason, StoredReason},
        refusal::Refusal,
    },
    engine::{
        Engine, EngineError,
        accounts::{actor_of_session, sign_in},
        client::{Client, Direct},
        clock::Clock,
        instance_memory::{InstanceMemory, Reading},
        operations::{AddAccount, AdoptDatabase, Adopted, PrintedSince, ReceiveBlanks, TwoPersonAct},
        query::NeedKind,
        scheduling::{self, BlockedPrinters, Until},
    },
    store::{Begin, Location, Store, keys::Keys},
};
use cetak_driver_api::{AttemptId, Document, PrinterDriver};
use cetak_driver_mock::MockPrinter;
use tokio::sync::watch;

use crate::{
    acts::{self, by},
    database,
    postgres::Postgres,
    world::{World, actor, begin, name, students},
};

/// A data folder: the identity of its database file, and what it remembers.
struct Folder {
    file: Mutex<FileIdentity>,
    memory: Mutex<Option<Memory>>,
}

impl Folder {
    fn new() -> Arc<Self> {
        let (machine, boot) = ("m1".to_owned(), "b1".to_owned());
        let file = FileIdentity { machine, boot, device: 1, inode: 131, born_ns: Some(1) };
        Arc::new(Self { file: Mutex::new(file), memory: Mutex::default() })
    }

    fn remembered(&self) -> Memory {
        self.memory.lock().unwrap().clone().unwrap()
    }

    fn change(&self, change: impl FnOnce(&mut FileIdentity)) {
        change(&mut self.file.lock().unwrap());
    }
}

#[async_trait]
impl InstanceMemory for Folder {
    fn file_identity(&self) -> std::io::Result<FileIdentity> {
        Ok(self.file.lock().unwrap().clone())
    }

    fn read(&self) -> Result<Reading, EngineError> {
        Ok(match self.memory.lock().unwrap().clone() {
            Some(memory) => Reading::Known { memory, is_copy: false },
            None => Reading::Nothing,
        })
    }

    async fn write(&self, memory: Memory) -> Result<(), EngineError> {
        *self.memory.lock().unwrap() = Some(memory);
        Ok(())
    }
}

/// An office with a printer and `records` requests, whose data folder remembers.
async fn office(records: usize, blanks: i64) -> (World, Arc<Folder>) {
    let (mut world, folder) = (World::new().await, Folder::new());
    world.engine.memory = Some(folder.clone());
    world.import(&students(0..records)).await;
    world.receive(blanks, None).await;
    let truth = format!("truth={}", world.truth().display());
    world.printer("p1", &truth).await;
    (world, folder)
}

/// The engine on a copy of the database, made by the database's own tool; on a server, with the name of the first or
/// `elsewhere`. The folder and the server of the copy are kept.
async fn copied(world: &World, elsewhere: bool) -> (Engine, (tempfile::TempDir, Option<Postgres>)) {
    let folder = tempfile::tempdir().unwrap();
    let (mut copy, server) = database::copy(&world.location, folder.path()).await;
    if let (Some(server), true) = (&server, elsewhere) {
        // Another server would not do: those of tests have one system identifier.
        server.psql("CREATE DATABASE restored TEMPLATE cetak");
        let url = server.url();
        let (server, _) = url.rsplit_once('/').unwrap();
        copy = Location::Server(format!("{server}/restored"));
    }
    let store = Store::open(&copy, Keys::derive(&[7; 32])).await.unwrap();
    (Engine { store, ..world.engine.clone() }, (folder, server))
}

async fn run(engine: &Engine) -> BlockedPrinters {
    let (_stop, stopped) = watch::channel(false);
    scheduling::run(&engine.acting("scheduler", actor("scheduler")), Until::Idle, stopped).await.unwrap()
}

async fn adopt(engine: &Engine, printed_since: PrintedSince) -> Result<Adopted, EngineError> {
    by(engine).act(AdoptDatabase { printed_since, note: "the first is off".parse().unwrap() }).await
}

/// The records of each state on a database.
async fn records(engine: &Engine, state: &str) -> i64 {
    by(engine).query(cetak::engine::query::ShowBoard {}).await.unwrap().records[state]
}

async fn differences(engine: &Engine) -> Vec<Difference> {
    let needs = by(engine).query(cetak::engine::query::ListNeeds {}).await.unwrap();
    let doubts = needs.into_iter().filter_map(|need| {
        if let NeedKind::InstanceInDoubt { doubt } = need.kind { Some(doubt.differences) } else { None }
    });
    doubts.flatten().collect()
}

/// Why a record is held.
async fn reason(engine: &Engine, request_id: &str) -> Reason {
    let record = by(engine).query(cetak::engine::query::ShowRecord { record: name(request_id) }).await.unwrap();
    match Reason::from_stored(&record.reason.unwrap()) {
        StoredReason::Coded(reason) => reason,
        StoredReason::Quoted(text) => panic!("{text}"),
    }
}

async fn receive(engine: &Engine, quantity: &str) {
    let (blank_type, quantity, document) = ("student".into(), quantity.parse().unwrap(), "D2".parse().unwrap());
    by(engine)
        .act(ReceiveBlanks { blank_type, quantity, document, lot: None, serials: None, override_reason: None })
        .await
        .unwrap();
}

fn in_doubt() -> BlockedPrinters {
    vec![("p1".to_owned(), Blocked::InstanceInDoubt)]
}

async fn is_clean(engine: &Engine) -> bool {
    let checks = engine.store.read().await.unwrap().check(&[]).await.unwrap();
    checks.iter().all(|check| check.faults.is_empty())
}

#[tokio::test]
async fn an_older_state_prints_nothing_until_it_is_adopted_and_what_waited_is_held() {
    let (world, folder) = office(6, 2).await;
    world.run().await;
    let (older, _kept) = copied(&world, false).await;
    world.receive(2, None).await;
    world.run().await;
    assert_eq!(world.records("printed").await, 4);

    assert_eq!(run(&older).await, in_doubt());
    assert_eq!((records(&older, "printed").await, records(&older, "waiting").await), (2, 4));
    let found = differences(&older).await;
    assert!(found.iter().any(|one| matches!(one, Difference::RowsLost { .. })), "{found:?}");
    let other_folder = Engine { memory: None, ..older.clone() };
    assert_eq!(run(&other_folder).await, in_doubt(), "the doubt is in the database");
    let refused = acts::printer_test(&older, "p1").await.err().unwrap();
    assert!(matches!(refused, EngineError::Refused(Refusal::InstanceInDoubt)), "{refused}");
    acts::record_hold(&older, &name("r00005"), "asked for").await.unwrap();

    let adopted = adopt(&older, PrintedSince::Unknown).await.unwrap();
    assert_eq!(adopted, Adopted { generation: 2, held: 3, sent_elsewhere: 2, ..Adopted::default() });
    assert_eq!(folder.remembered().generation, 2);
    receive(&older, "9").await;
    let refused = acts::record_release(&older, &name("r00002"), "there is no such card").await.err().unwrap();
    assert!(matches!(refused, EngineError::Refused(Refusal::SentElsewhere { .. })), "{refused}");
    assert_eq!(
        run(&older).await,
        [("p1".to_owned(), Blocked::CannotPrint)],
        "it has jobs that this database does not know"
    );
    acts::printer_clear(&older, "p1", "the cards of the first are counted").await.unwrap();
    assert_eq!(run(&older).await, [("p1".to_owned(), Blocked::NothingWaits)]);
    assert_eq!((records(&older, "printed").await, records(&older, "held").await), (2, 4));
    assert_eq!(reason(&older, "r00004").await, Reason::HeldAtAdoption);
    for sent in ["r00002", "r00003"] {
        let reason = reason(&older, sent).await;
        let Reason::SentElsewhere { printer, attempt } = &reason else { panic!("{sent}: {reason:?}") };
        let attempts = world.jobs().await.into_iter().filter(|job| job.request_id == sent).flat_map(|job| job.attempts);
        assert!(printer == "p1" && attempts.map(|one| one.id).eq([attempt.clone()]), "{attempt}");
    }
    acts::record_release(&older, &name("r00002"), "its card was destroyed").await.unwrap();
    acts::record_hold(&older, &name("r00002"), "asked for").await.unwrap();
    acts::record_release(&older, &name("r00004"), "there is no such card").await.unwrap();
    run(&older).await;
    assert_eq!((records(&older, "printed").await, differences(&older).await), (3, Vec::new()));
    assert!(is_clean(&older).await);

    // The first meets the folder that knows the adopted one.
    assert_eq!(run(&world.engine).await, in_doubt());
    let found = differences(&world.engine).await;
    assert!(found.contains(&Difference::Generation { expected: 2, found: 1 }), "{found:?}");
}

#[tokio::test]
async fn a_request_that_another_database_has_printed_is_quarantined_when_its_list_is_imported_again() {
    let (mut world, _folder) = office(2, 2).await;
    world.run().await;
    let (older, _kept) = copied(&world, false).await;
    world.import(&students(2..3)).await;
    world.receive(1, None).await;
    world.run().await;
    assert_eq!(run(&older).await, in_doubt());
    assert_eq!(adopt(&older, PrintedSince::Unknown).await.unwrap().held, 0);

    world.engine = older.clone();
    let report = world.import(&students(2..4)).await;

    assert_eq!((report.accepted, report.quarantined), (1, 1), "{report:?}");
    assert!(matches!(reason(&older, "r00002").await, Reason::SentElsewhere { .. }));
    receive(&older, "3").await;
    acts::printer_clear(&older, "p1", "the card is there").await.unwrap();
    run(&older).await;
    assert_eq!((records(&older, "printed").await, records(&older, "quarantined").await), (3, 1));
    assert!(is_clean(&older).await);
}

#[tokio::test]
async fn the_adoption_of_an_older_state_is_asked_for_by_one_person_and_confirmed_by_another() {
    let (world, _folder) = office(4, 2).await;
    world.run().await;
    let (older, _kept) = copied(&world, false).await;
    world.receive(2, None).await; // a row of people, which the older state lacks; the request adds another one
    world.run().await;
    assert_eq!(run(&older).await, in_doubt());
    let person = |account, role| {
        let name = actor(&format!("person {account}"));
        let (account, roles) = (Some(AccountId(account)), [role].into());
        older.acting("cli", Actor { account, means: Means::Password, roles, authenticated: true, ..name })
    };
    let act = AdoptDatabase { printed_since: PrintedSince::None, note: "the original is off".parse().unwrap() };

    let asked = Direct::new(&person(1, Role::Administrator)).request(TwoPersonAct::AdoptDatabase(act)).await.unwrap();
    assert_eq!(run(&older).await, in_doubt());
    Direct::new(&person(2, Role::Supervisor)).confirm(asked).await.unwrap();

    assert_eq!(differences(&older).await, []);
    assert_ne!(run(&older).await, in_doubt());
}

#[tokio::test]
async fn the_sessions_of_a_copy_end_when_it_is_in_doubt_and_when_it_is_adopted_and_its_accounts_stay() {
    let (world, folder) = office(2, 1).await;
    world.run().await;
    let added = by(&world.engine).act(AddAccount { name: "root".parse().unwrap() }).await.unwrap();
    let password = added.one_time.password.to_password();
    let first = sign_in(&world.engine, "root", &password, "desk").await.unwrap();
    let (copy, _kept) = copied(&world, true).await;
    let is_open = async |token| actor_of_session(&copy, token).await.unwrap().is_some();
    assert!(is_open(&first.token).await);
    folder.change(|file| file.inode = 977);

    assert_eq!(run(&copy).await, in_doubt());
    assert!(!is_open(&first.token).await);
    let second = sign_in(&copy, "root", &password, "desk").await.unwrap();
    let person = |account, role| {
        let (account, roles, name) = (Some(AccountId(account)), [role].into(), actor("a person"));
        copy.acting("cli", Actor { account, means: Means::Password, roles, authenticated: true, ..name })
    };
    let act = AdoptDatabase { printed_since: PrintedSince::None, note: "the original is off".parse().unwrap() };
    let asked = Direct::new(&person(1, Role::Administrator)).request(TwoPersonAct::AdoptDatabase(act)).await.unwrap();
    Direct::new(&person(2, Role::Supervisor)).confirm(asked).await.unwrap();

    assert!(!is_open(&second.token).await);
    assert!(actor_of_session(&world.engine, &first.token).await.unwrap().is_some(), "those of the original go on");
    assert!(sign_in(&copy, "root", &password, "desk").await.is_ok());
}

#[tokio::test]
async fn a_copy_that_lacks_no_row_is_asked_about_and_prints_on_where_the_first_is_known_to_be_off() {
    let (world, folder) = office(4, 2).await;
    world.run().await;
    world.receive(2, None).await;
    let (copy, _kept) = copied(&world, true).await;
    folder.change(|file| file.inode = 977);
    assert_eq!(run(&copy).await, in_doubt());
    let found = differences(&copy).await;
    assert!(matches!(&*found, [Difference::Identity { .. }]), "{found:?}");

    let adopted = adopt(&copy, PrintedSince::None).await.unwrap();

    assert_eq!(adopted, Adopted { generation: 2, ..Adopted::default() });
    run(&copy).await;
    assert_eq!(records(&copy, "printed").await, 4);
    let again = adopt(&copy, PrintedSince::None).await.err().unwrap();
    assert!(matches!(again, EngineError::Refused(Refusal::NothingToAdopt)), "{again}");
    let rows = copy.store.read().await.unwrap().audit_page("cli", 0, 1_000).await.unwrap();
    let entry = &rows.iter().find(|row| row.entry.contains("database.adopted")).unwrap().entry;
    for part in ["the first is off", "\\\"generation\\\":1", "\"found\":", "\"second_person\":\"none\""] {
        assert!(entry.contains(part), "{part} in {entry}");
    }
    assert!(is_clean(&copy).await);
}

#[tokio::test]
async fn a_database_that_goes_on_after_a_restart_of_its_machine_or_in_a_new_container_prints() {
    let (world, folder) = office(3, 1).await;
    world.run().await;
    let before = folder.remembered();
    for change in
        [(|file: &mut FileIdentity| (file.boot, file.device) = ("b2".into(), 7)) as fn(&mut FileIdentity), |file| {
            file.machine = "m2".into();
        }]
    {
        folder.change(change);
        world.receive(1, None).await;
        world.run().await;
    }
    assert_eq!(world.records("printed").await, 3);
    let after = folder.remembered();
    assert!(after.generation == 1 && after.heads != before.heads, "{after:?}");
    let heads = world.engine.store.read().await.unwrap().audit_heads().await.unwrap();
    assert_eq!(after.heads, heads, "at its end, the folder remembers the newest rows");
    let saved = world.engine.store.read().await.unwrap().instance().await.unwrap().unwrap();
    assert_eq!(matches!(saved.identity, Identity::Server(_)), database::is_postgres());
    world.audit().await;
}

#[tokio::test]
async fn a_file_that_is_on_another_machine_after_a_restart_is_asked_about() {
    let (mut world, folder) = (World::on_file(|_| {}).await, Folder::new());
    world.engine.memory = Some(folder.clone());
    world.import(&students(0..1)).await;
    world.printer("p1", "").await;
    world.run().await;
    world.receive(1, None).await;
    folder.change(|file| (file.machine, file.boot) = ("m2".into(), "b2".into()));
    assert_eq!(run(&world.engine).await, in_doubt());
    folder.change(|file| (file.machine, file.boot) = ("m1".into(), "b1".into()));
    assert_eq!(run(&world.engine).await, in_doubt(), "a doubt is ended by a person alone");
    adopt(&world.engine, PrintedSince::None).await.unwrap();
    run(&world.engine).await;
    assert_eq!(world.records("printed").await, 1);
}

#[tokio::test]
async fn a_file_whose_folder_remembers_nothing_is_asked_about_and_a_new_node_of_a_server_is_not() {
    let (world, folder) = office(2, 1).await;
    world.run().await;
    world.receive(1, None).await;
    *folder.memory.lock().unwrap() = None;
    let blocked = run(&world.engine).await;
    if database::is_postgres() {
        assert_eq!(world.records("printed").await, 2);
    } else {
        assert_eq!(blocked, in_doubt());
        assert_eq!(differences(&world.engine).await, [Difference::MemoryMissing]);
    }
}

/// An office whose database is in doubt, with attempts of these jobs that are open.
async fn with_open_attempts(open: usize) -> (World, BatchId, Vec<Begin>) {
    let (mut world, batch, jobs) = World::with_batch().await;
    let folder = Folder::new();
    world.engine.memory = Some(folder.clone());
    let engine = &world.engine;
    let attempts: Vec<Begin> = jobs.map(begin).into_iter().take(open).collect();
    let mut tx = engine.store.write(&engine.writer, engine.clock.now()).await.unwrap();
    tx.attempts_begin(&attempts).await.unwrap();
    tx.instance_set(&cetak::domain::instance::Instance {
        generation: 1,
        identity: Identity::File(FileIdentity { inode: 1, ..folder.file_identity().unwrap() }),
    })
    .await
    .unwrap();
    tx.commit().await.unwrap();
    (world, batch, attempts)
}

#[tokio::test]
async fn an_open_attempt_is_printed_if_its_printer_proves_the_card_when_the_database_is_adopted() {
    let (world, _batch, attempts) = with_open_attempts(2).await;
    let uri = "mock://p1?hold=yes";
    let clock = world.clock.clone();
    let printer = Arc::new(MockPrinter::from_uri(uri, Arc::new(move || clock.now().0)).unwrap());
    world.driver(uri, printer.clone());
    // The original goes on.
    let id = AttemptId::new(&*attempts[0].name).unwrap();
    printer.prepare(&id, Document::one_sided("image/png", b"\x89PNG\r\n\x1a\n".to_vec())).await.unwrap();
    printer.commit(&id).await.unwrap();
    world.clock.sleep(Duration::from_mins(1)).await;

    let adopted = adopt(&world.engine, PrintedSince::Unknown).await.unwrap();

    assert_eq!(adopted, Adopted { generation: 2, printed: 1, uncertain: 1, ..Adopted::default() });
    assert_eq!((world.records("printed").await, world.records("uncertain").await), (1, 1));
    world.audit().await;
}

#[tokio::test]
async fn a_record_without_a_card_of_an_attempt_from_before_the_adoption_is_held() {
    let (world, _batch, attempts) = with_open_attempts(1).await;
    adopt(&world.engine, PrintedSince::Unknown).await.unwrap();

    acts::inspect_resolve(&world.engine, &attempts[0].name, InspectionResult::Nothing, "I looked").await.unwrap();

    assert_eq!(reason(&world.engine, "r00000").await, Reason::HeldAtAdoption);
    run(&world.engine).await;
    assert_eq!(world.records("held").await, 2, "another attempt of the original may have printed it");
    acts::record_release(&world.engine, &name("r00000"), "there is no such card").await.unwrap();
    run(&world.engine).await;
    assert_eq!(world.records("printed").await, 1);
    world.audit().await;
}

#[tokio::test]
async fn an_act_that_waits_for_its_second_person_ends_when_the_database_is_adopted() {
    let (world, folder) = office(2, 2).await;
    world.run().await;
    acts::reprint_request(&world.engine, &name("r00000"), "lost").await.unwrap();
    folder.change(|file| file.inode = 977);
    *folder.memory.lock().unwrap() = None;
    let mut tx = world.engine.store.write(&world.engine.writer, world.engine.clock.now()).await.unwrap();
    tx.doubt_add(&Doubt { host: "print-room".into(), differences: vec![Difference::MemoryMissing] }).await.unwrap();
    tx.commit().await.unwrap();

    let adopted = adopt(&world.engine, PrintedSince::Unknown).await.unwrap();

    assert_eq!(adopted.acts_ended, 1, "{adopted:?}");
    let warrant = acts::reprint_request(&world.engine, &name("r00000"), "lost").await.unwrap();
    acts::reprint_approve(&world.as_actor("another"), warrant).await.unwrap();
    world.audit().await;
}

#[tokio::test]
async fn the_card_of_an_attempt_that_was_open_may_exist_when_the_database_is_adopted() {
    let (world, batch, _) = with_open_attempts(1).await;
    let engine = &world.engine;

    let adopted = adopt(engine, PrintedSince::Unknown).await.unwrap();

    assert_eq!(adopted, Adopted { generation: 2, held: 1, uncertain: 1, ..Adopted::default() });
    assert!(is_clean(engine).await);
    run(engine).await;
    let jobs = world.jobs().await;
    let attempts: Vec<_> = jobs.iter().flat_map(|job| &job.attempts).map(|attempt| attempt.outcome.clone()).collect();
    assert_eq!(attempts, [Some("uncertain".to_owned())]);
    assert_eq!((world.records("uncertain").await, world.records("held").await), (1, 1));
    assert!(world.batches().await.iter().all(|one| one.id == batch.0 && one.state == "closed"));
    world.audit().await;
}

#[tokio::test]
async fn a_database_that_was_moved_to_a_server_is_the_living_one() {
    let (mut world, folder) = (World::on_file(|_| {}).await, Folder::new());
    world.engine.memory = Some(folder.clone());
    world.import(&students(0..2)).await;
    world.receive(1, None).await;
    world.printer("p1", "").await;
    world.run().await;
    world.receive(1, None).await;
    let server = Postgres::start();
    acts::database_move(&world.engine, &server.url(), |_, _| {}).await.unwrap();
    let store = Store::open(&Location::Server(server.url()), Keys::derive(&[7; 32])).await.unwrap();
    let moved = Engine { store, ..world.engine.clone() };

    run(&moved).await;

    assert_eq!(records(&moved, "printed").await, 2);
    let saved = moved.store.read().await.unwrap().instance().await.unwrap().unwrap();
    assert!(saved.generation == 1 && matches!(saved.identity, Identity::Server(_)), "{saved:?}");
}
