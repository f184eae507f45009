//! Tests P2, P3, P8 and P9 for imports that were made: each is known with what it did, and can be undone as a whole.

use cetak::{
    domain::{
        actor::Role,
        id::ImportId,
        reason::Reason,
        refusal::{ImportRefusal, Refusal},
        undo::UndoFate,
    },
    engine::{
        EngineError,
        client::{Client, Direct},
        operations::UndoImport,
        query::{
            CheckDatabase, ImportShown, ImportState, ListImportRecords, ListImports, Query, ShowImport, ShowRecord,
        },
    },
};

use crate::{
    acts::{self as operations, by},
    people::{Student, withdrawn},
    world::{World, all, csv, name, photo, student, students},
};

async fn shown(world: &World, import: i64) -> ImportShown {
    Direct::new(&world.engine).query(ShowImport { import: ImportId(import) }).await.unwrap()
}

/// What undoing an import would do, each fate with its records.
async fn would(world: &World, import: i64) -> Vec<(UndoFate, i64)> {
    shown(world, import).await.would.into_iter().map(|of| (of.fate, of.records)).collect()
}

fn undoing(import: i64) -> UndoImport {
    UndoImport { import: ImportId(import), note: "the wrong list".parse().unwrap() }
}

async fn undo(world: &World, import: i64) {
    by(&world.engine).act(undoing(import)).await.unwrap();
}

async fn refusal(world: &World, import: i64) -> Refusal {
    match by(&world.engine).act(undoing(import)).await {
        Err(EngineError::Refused(refusal)) => refusal,
        other => panic!("{other:?} is not refused"),
    }
}

/// Everything that must hold, with what is sealed.
async fn checked(world: &World) {
    let rules = CheckDatabase { deep: true, ..CheckDatabase::default() }.read(&world.engine).await.unwrap();
    for rule in rules {
        assert_eq!(rule.faults, [], "{}", rule.rule);
    }
    world.audit().await;
}

/// The list of these students, with other names.
fn renamed(numbers: std::ops::Range<u32>) -> String {
    csv(&numbers.map(|n| Student { name: format!("OTHER NAME {n}"), ..student(n) }).collect::<Vec<_>>())
}

#[tokio::test]
async fn an_import_has_a_number_a_file_and_what_became_of_its_rows() {
    let world = World::new().await;
    world.import(&students(0..5)).await;
    let (report, _) = world
        .import_with(students(3..9) + "broken\n", "student", |what| what.file_name = "/tmp/Daftar \u{1b}A.csv".into())
        .await
        .unwrap();
    assert_eq!((report.accepted, report.known, report.refused), (4, 2, 1));
    world.import(&students(0..5)).await;

    let lines = all(&world.engine, |page| ListImports { page }).await;

    let told: Vec<_> = lines.iter().map(|line| (line.id.0, &*line.file_name, line.counts.rows, line.state)).collect();
    let ended = ImportState::Ended;
    assert_eq!(told, [(3, "list.csv", 5, ended), (2, "Daftar A.csv", 7, ended), (1, "list.csv", 5, ended)]);
    assert_eq!((lines[1].counts.accepted, lines[1].counts.known, lines[1].counts.refused), (4, 2, 1));
    assert_eq!(lines[0].digest, lines[2].digest, "the same list");
    assert_ne!(lines[0].digest, lines[1].digest);
    let records = all(&world.engine, |page| ListImportRecords { import: ImportId(2), fate: None, page }).await;
    let ids: Vec<_> = records.iter().map(|line| &*line.request_id).collect();
    assert_eq!(ids, ["r00005", "r00006", "r00007", "r00008"]);
    let missing = Direct::new(&world.engine).query(ShowImport { import: ImportId(9) }).await.unwrap_err();
    assert!(matches!(missing, EngineError::Refused(Refusal::Import(ImportRefusal::NoImport { .. }))), "{missing:?}");
    checked(&world).await;
}

#[tokio::test]
async fn undoing_withdraws_what_waits_stops_cards_that_exist_and_leaves_what_is_handed_over() {
    let world = World::with(|settings| settings.batch_size = 4).await;
    world.import(&students(0..10)).await;
    world.receive(4, None).await;
    world.printer("p1", "").await;
    world.run().await;
    assert_eq!((world.records("printed").await, world.records("waiting").await), (4, 6));
    let printed: Vec<String> = world.jobs().await.into_iter().map(|job| job.request_id).collect();
    operations::card_check(&world.engine, &name(&printed[0])).await.unwrap();
    operations::card_hand_over(&world.engine, &name(&printed[0])).await.unwrap();
    let held = (0..10).map(|n| format!("r{n:05}")).find(|id| !printed.contains(id)).unwrap();
    operations::record_hold(&world.engine, &name(&held), "asked").await.unwrap();
    let before = [(UndoFate::Withdrawn, 6), (UndoFate::Stopped, 3), (UndoFate::HandedOver, 1)];
    assert_eq!(would(&world, 1).await, before);

    undo(&world, 1).await;

    assert_eq!((world.records("withdrawn").await, world.records("handed_over").await), (6, 1));
    let stopped = Direct::new(&world.engine).query(ShowRecord { record: name(&printed[1]) }).await.unwrap();
    assert_eq!((&*stopped.state, stopped.stop.as_deref()), ("printed", Some("withdrawn")));
    let refused = operations::card_hand_over(&world.engine, &name(&printed[1])).await.unwrap_err();
    assert!(matches!(refused, EngineError::Refused(_)), "{refused:?}");
    assert_eq!(shown(&world, 1).await.import.state, ImportState::Undone);
    assert_eq!(refusal(&world, 1).await, Refusal::Import(ImportRefusal::Undone { import: ImportId(1) }));
    checked(&world).await;

    // The same list again: what waited waits, what a person held is held, and the cards are right after all.
    let report = world.import(&students(0..10)).await;
    assert_eq!((report.restored, report.known), (9, 1));
    assert_eq!((world.records("waiting").await, world.state_of(&held).await.0.as_str()), (5, "held"));
    let good = Direct::new(&world.engine).query(ShowRecord { record: name(&printed[1]) }).await.unwrap();
    assert_eq!((&*good.state, good.stop), ("printed", None));
    checked(&world).await;
}

#[tokio::test]
async fn undoing_an_update_brings_back_what_the_records_were_with_their_photos() {
    let world = World::new().await;
    std::fs::write(world.dir.path().join("a.png"), photo("a")).unwrap();
    std::fs::write(world.dir.path().join("b.png"), photo("b")).unwrap();
    let with_photo = |list: &str, photo: &str| list.replace(",\n", &format!(",{photo}\n"));
    let first = with_photo(&students(0..3), "a.png");
    world.import(&first).await;
    let changed = with_photo(&renamed(0..3), "b.png");
    let (report, _) = world.import_with(&changed, "student", |what| what.update = true).await.unwrap();
    assert_eq!(report.updated, 3);
    checked(&world).await;
    assert_eq!(would(&world, 2).await, [(UndoFate::Reverted, 3)]);

    undo(&world, 2).await;

    assert_eq!(world.records("waiting").await, 3);
    let again = world.import(&first).await;
    assert_eq!((again.known, again.updated, again.refused), (3, 0, 0), "they are what the first list says");
    world.receive(3, None).await;
    world.printer("p1", "").await;
    world.run().await;
    assert_eq!(world.records("printed").await, 3, "with their photos, which were kept meanwhile");
    checked(&world).await;
}

#[tokio::test]
async fn a_card_of_an_update_that_is_undone_is_stopped_and_the_next_one_is_right() {
    let world = World::new().await;
    world.import(&students(0..1)).await;
    world.import_with(&renamed(0..1), "student", |what| what.update = true).await.unwrap();
    world.receive(2, None).await;
    world.printer("p1", "").await;
    world.run().await;
    assert_eq!((world.records("printed").await, would(&world, 2).await), (1, vec![(UndoFate::Stopped, 1)]));

    undo(&world, 2).await;

    let record = Direct::new(&world.engine).query(ShowRecord { record: name("r00000") }).await.unwrap();
    assert_eq!((record.stop.as_deref(), record.version), (Some("updated"), 3));
    let cause = cetak::domain::stock::Cause::DataChanged;
    operations::card_reject(&world.engine, &name("r00000"), cause, "of the wrong list").await.unwrap();
    world.run().await;
    assert_eq!((world.records("printed").await, world.import(&students(0..1)).await.known), (1, 1));
    checked(&world).await;
}

#[tokio::test]
async fn undoing_takes_back_withdrawals_and_restorings_and_leaves_what_a_later_list_changed() {
    let world = World::new().await;
    world.import(&students(0..6)).await;
    assert_eq!(world.import(&withdrawn(0..3)).await.withdrawn, 3);
    assert_eq!(would(&world, 2).await, [(UndoFate::Reverted, 3)]);
    undo(&world, 2).await;
    assert_eq!(world.records("waiting").await, 6);

    world.import(&withdrawn(0..2)).await;
    assert_eq!(world.import(&students(0..2)).await.restored, 2);
    assert_eq!(would(&world, 3).await, [(UndoFate::Kept, 2)], "restored since");
    assert_eq!(refusal(&world, 3).await, Refusal::Import(ImportRefusal::Nothing { import: ImportId(3) }));
    undo(&world, 4).await;
    assert_eq!(world.records("withdrawn").await, 2);
    let record = Direct::new(&world.engine).query(ShowRecord { record: name("r00000") }).await.unwrap();
    let undone = Reason::ImportUndone { import: ImportId(4), before: None };
    assert_eq!(record.reason, Some(undone.to_stored()));

    world.import_with(&renamed(5..6), "student", |what| what.update = true).await.unwrap();
    assert_eq!(would(&world, 1).await, [(UndoFate::Withdrawn, 3), (UndoFate::Kept, 3)]);
    undo(&world, 1).await;
    assert_eq!((world.records("waiting").await, world.state_of("r00005").await.0.as_str()), (1, "waiting"));
    checked(&world).await;
}

#[tokio::test]
async fn two_people_undo_an_import_and_not_if_it_has_other_records_than_it_was_asked_for() {
    let world = World::new().await;
    world.import(&students(0..4)).await;
    let (siti, budi) = (world.person(1, Role::Supervisor), world.person(2, Role::Supervisor));

    let asked = Direct::new(&siti).request(undoing(1).into()).await.unwrap();
    assert_eq!(world.records("withdrawn").await, 0, "nothing is done before it is confirmed");
    Direct::new(&budi).confirm(asked).await.unwrap();
    assert_eq!(world.records("withdrawn").await, 4);

    world.import(&students(4..8)).await;
    let asked = Direct::new(&siti).request(undoing(2).into()).await.unwrap();
    undo(&world, 2).await;
    let changed = Direct::new(&budi).confirm(asked).await.unwrap_err();
    assert!(matches!(changed, EngineError::Refused(Refusal::ActTargetChanged { .. })), "{changed:?}");
    checked(&world).await;
}

#[tokio::test]
async fn a_dry_run_is_no_import_and_an_update_twice_in_one_list_is_undone_to_what_was_before_it() {
    let world = World::new().await;
    world.import(&students(0..2)).await;
    world.import_with(students(2..4), "student", |what| what.dry_run = true).await.unwrap();
    assert_eq!(all(&world.engine, |page| ListImports { page }).await.len(), 1);
    let twice =
        renamed(0..1) + csv(&[Student { name: "A THIRD NAME".into(), ..student(0) }]).split_once('\n').unwrap().1;
    let (report, _) = world.import_with(&twice, "student", |what| what.update = true).await.unwrap();
    assert_eq!(report.updated, 2);

    undo(&world, 2).await;

    assert_eq!(world.import(&students(0..2)).await.known, 2);
    checked(&world).await;
}
