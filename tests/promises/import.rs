//! Tests P3: every row has an outcome, and an accepted record is always in exactly one state.

use async_trait::async_trait;
use cetak::{
    domain::{
        audit::Event,
        import::{RejectReason, Warning},
        reason::{PhotoFault, Reason, RenderFault},
        refusal::Refusal,
        time::Timestamp,
    },
    engine::{
        EngineError,
        import::{DecidedRow, Format, Report, Watch},
    },
    store::{
        Location, Store, Writer,
        keys::{Keys, hex},
    },
};

use crate::acts as operations;
use crate::database;
use crate::people;
use crate::world::{World, csv, name, student, students};

#[tokio::test]
async fn a_list_imported_twice_changes_nothing_the_second_time() {
    let world = World::new().await;
    let list = students(0..300);
    assert_eq!(world.import(&list).await.accepted, 300);
    let before = world.status().await;
    let again = world.import(&list).await;
    assert_eq!((again.accepted, again.known), (0, 300));
    assert_eq!(world.status().await.records, before.records);
    world.audit().await;
}

#[tokio::test]
async fn the_same_request_with_another_body_is_a_conflict_that_names_the_fields() {
    let world = World::new().await;
    world.import(&students(0..2)).await;
    let mut changed = student(1);
    changed.name = "OTHER".into();
    changed.faculty = "FACULTY X".into();
    let (report, rejects) = world.import_with(&csv(&[student(0), changed]), "student", |_| {}).await.unwrap();
    assert_eq!((report.known, report.refused), (1, 1));
    let (row, refusal) = &rejects.0[0];
    assert_eq!((*row, refusal.reason, refusal.field.as_str()), (2, RejectReason::Conflict, "name,faculty"));
}

#[tokio::test]
async fn a_conflict_inside_one_file_names_the_fields_too() {
    let world = World::new().await;
    let mut changed = student(0);
    changed.name = "OTHER".into();
    let (report, rejects) =
        world.import_with(&csv(&[student(0), student(0), changed]), "student", |_| {}).await.unwrap();
    assert_eq!((report.accepted, report.known, report.refused), (1, 1, 1));
    assert_eq!(rejects.0[0].1.field, "name");
}

#[tokio::test]
async fn a_second_open_request_of_a_person_is_quarantined_and_not_printed() {
    let world = World::new().await;
    let mut second = student(1);
    second.number = student(0).number;
    let report = world.import(&csv(&[student(0), second.clone()])).await;
    assert_eq!((report.accepted, report.quarantined), (1, 1));
    second.request_id = "r9".into();
    assert_eq!(world.import(&csv(&[second])).await.quarantined, 1, "in a later file too");
    world.receive(10, None).await;
    world.printer("p1", "").await;
    world.run().await;
    assert_eq!((world.records("printed").await, world.records("quarantined").await), (1, 2));
}

#[tokio::test]
async fn of_one_person_in_many_rows_one_request_waits_whatever_of_them_is_withdrawn_or_handed_over() {
    let world = World::new().await;
    let rows = |numbers: std::ops::Range<u32>| {
        numbers.map(|n| people::Student { number: student(0).number, ..student(n) }).collect::<Vec<_>>()
    };
    let outcomes = |report: Report| (report.accepted, report.quarantined, report.withdrawn);
    assert_eq!(outcomes(world.import(&csv(&rows(0..60))).await), (1, 59, 0));
    assert_eq!(outcomes(world.import(&csv(&rows(100..160))).await), (0, 60, 0));
    let first = [people::applicant(0)];
    assert_eq!(outcomes(world.import(&csv(&[&first, &rows(200..260)[..]].concat())).await), (1, 59, 1));
    world.receive(10, None).await;
    world.printer("p1", "").await;
    world.run().await;
    operations::card_check(&world.engine, &name("r00200")).await.unwrap();
    operations::card_hand_over(&world.engine, &name("r00200")).await.unwrap();
    assert_eq!(outcomes(world.import(&csv(&rows(300..360))).await), (0, 60, 0), "its card lives");
    let mut replacing = rows(400..460);
    for row in &mut replacing {
        row.kind = "replacement".into();
    }
    assert_eq!(outcomes(world.import(&csv(&replacing)).await), (1, 59, 0));
    world.audit().await;
}

#[tokio::test]
async fn a_later_row_that_is_not_ready_withdraws_its_record_and_an_unknown_one_is_refused() {
    let world = World::new().await;
    world.import(&students(0..2)).await;
    let mut gone = student(0);
    gone.status = "EXPELLED".into();
    let mut unknown = student(7);
    unknown.status = "EXPELLED".into();
    let list = csv(&[gone, unknown]);
    let report = world.import(&list).await;
    assert_eq!((report.withdrawn, report.refused_by_reason[&RejectReason::Status]), (1, 1));
    assert_eq!((world.records("waiting").await, world.records("withdrawn").await), (1, 1));
    let again = world.import(&list).await;
    assert_eq!((again.withdrawn, again.known), (0, 1), "withdrawn once");
    assert_eq!(world.import(&students(0..1)).await.restored, 1, "its source withdrew it, and lists it again");
    world.audit().await;
}

#[tokio::test]
async fn an_update_gives_a_waiting_record_its_next_body_and_its_new_place() {
    let world = World::new().await;
    world.import(&students(0..3)).await;
    let mut changed = student(2);
    changed.name = "OTHER".into();
    changed.verified_at = "2025-12-31T00:00:00Z".into();
    let list = csv(&[changed]);
    let (report, _) = world.import_with(&list, "student", |i| i.update = true).await.unwrap();
    assert_eq!(report.updated, 1);
    assert_eq!(world.import(&list).await.known, 1);
    let first = world.engine.store.read().await.unwrap().waiting_first("student", 1).await.unwrap();
    assert_eq!((first[0].record.0, first[0].version), (3, 2), "verified earlier, it is first now");
    world.audit().await;
}

#[tokio::test]
async fn a_dry_run_changes_nothing_and_reports_the_same() {
    let world = World::new().await;
    world.import(&students(0..20)).await;
    let mut rows: Vec<_> = (10..40).map(student).collect();
    rows[3].name = "OTHER".into();
    rows[5].status = "EXPELLED".into();
    rows.push(student(25));
    rows.push({
        let mut s = student(26);
        s.name = "OTHER".into();
        s
    });
    rows.push({
        let mut s = student(50);
        s.number = student(27).number;
        s
    });
    rows.push({
        let mut s = student(28);
        s.status = "EXPELLED".into();
        s
    });
    rows.push({
        let mut s = student(51);
        s.number = student(28).number;
        s
    });
    rows.push({
        let mut s = student(52);
        s.number = "?".into();
        s
    });
    let list = csv(&rows);
    for update in [false, true] {
        let before = world.status().await;
        let change = |i: &mut cetak::engine::import::Import| i.update = update;
        let (mut dry, dry_rejects) = world
            .import_with(&list, "student", |i| {
                change(i);
                i.dry_run = true;
            })
            .await
            .unwrap();
        assert_eq!(world.status().await.records, before.records);
        let (real, rejects) = world.import_with(&list, "student", change).await.unwrap();
        dry.dry_run = false;
        assert_eq!((dry, dry_rejects.0), (real, rejects.0), "update: {update}");
        world.audit().await;
    }
}

#[tokio::test]
async fn json_lines_are_read_as_csv_is() {
    let world = World::new().await;
    let line = |id: &str, number: &str| {
        format!(
            r#"{{"request_id":"{id}","student_number":"{number}","name":"A","valid_until":"2029-12-31","faculty":"F","programme":"P","request_kind":"new","status":"ENROLLED","requested_at":"2025-12-01T00:00:00Z","verified_at":"2026-01-01T00:00:00Z","shoe_size":42}}"#
        )
    };
    let text = format!("{}\n\nnonsense\n{}\n[1]\n", line("a1", "S00001"), line("b1", "S00002"));
    let (report, rejects) = world.import_with(&text, "student", |i| i.format = Format::JsonLines).await.unwrap();
    assert_eq!((report.accepted, report.refused_by_reason[&RejectReason::Malformed]), (2, 2));
    assert_eq!(report.rows_with_unknown_keys, 2);
    assert_eq!(rejects.0.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [2, 4]);
}

#[tokio::test]
async fn columns_come_in_any_order_and_unknown_ones_are_reported_once() {
    let world = World::new().await;
    let text = "shoe;verified_at;requested_at;status;request_kind;faculty;name;student_number;valid_until;request_id;programme;photo\n\
                42;2026-01-01T00:00:00Z;2025-12-01T00:00:00Z;ENROLLED;new;F;' A ;'S12345;2029-12-31;a1;P;\n\
                42;x\n";
    let (report, rejects) = world.import_with(text, "student", |_| {}).await.unwrap();
    assert_eq!((report.accepted, report.refused), (1, 1));
    assert_eq!(report.unknown_columns, ["A"], "by its letter: a heading may be the cell of a row");
    assert_eq!((rejects.0[0].0, rejects.0[0].1.reason), (2, RejectReason::Malformed));
}

#[tokio::test]
async fn a_quote_that_never_ends_is_an_error_before_anything_is_imported() {
    let world = World::new().await;
    let mut list = students(0..10);
    list += "x,\"S1";
    list += &"a,b\n".repeat(30_000);
    let error = world.import_with(&list, "student", |_| {}).await.err().unwrap();
    assert!(matches!(&error, EngineError::Refused(Refusal::RowEndless { row: 11, line: 12 })), "{error:?}");
    assert_eq!(world.records("waiting").await, 0);
}

#[tokio::test]
async fn stray_quotes_that_swallow_rows_are_refused_with_their_lines() {
    let world = World::new().await;
    let mut rows: Vec<_> = (0..6).map(student).collect();
    rows[1].name = "\"DUA".into();
    rows[4].name = "LIMA\"".into();
    let (report, rejects) = world.import_with(&csv(&rows), "student", |_| {}).await.unwrap();
    assert_eq!((report.accepted, report.refused), (2, 1));
    assert_eq!(rejects.0[0].1.detail, Reason::OpenQuote { rows: 3, first_line: 3, last_line: 6 });
}

#[tokio::test]
async fn an_update_to_a_person_with_an_open_request_is_quarantined_and_the_rest_goes_on() {
    let world = World::new().await;
    world.import(&students(0..3)).await;
    operations::record_hold(&world.engine, &name("r00002"), "asked").await.unwrap();
    let mut waiting = student(1);
    waiting.number = student(0).number;
    let mut held = student(2);
    held.number = student(0).number;
    let list = csv(&[waiting, held, student(3)]);
    for dry_run in [true, false] {
        let change = |i: &mut cetak::engine::import::Import| (i.update, i.dry_run) = (true, dry_run);
        let (report, rejects) = world.import_with(&list, "student", change).await.unwrap();
        assert_eq!((report.quarantined, report.refused, report.accepted), (1, 1, 1), "dry: {dry_run}");
        assert_eq!(rejects.0[0].1.field, "student_number");
    }
    assert_eq!(world.state_of("r00001").await.0, "quarantined");
    world.audit().await;
}

#[tokio::test]
async fn a_row_that_is_not_ready_withdraws_no_record_of_another_profile() {
    let world = World::new().await;
    world.import(&students(0..1)).await;
    let ktp = "request_id,nik,name,request_kind,status,requested_at,verified_at,photo\nr00000,,,first,PROCESSING,,,\n";
    let (report, _) = world.import_with(ktp, "ktp-el", |_| {}).await.unwrap();
    assert_eq!((report.withdrawn, report.refused_by_reason[&RejectReason::Conflict]), (0, 1));
    assert_eq!(world.records("waiting").await, 1);
}

#[tokio::test]
async fn a_photo_that_is_purged_and_needed_again_in_one_file_is_taken_in_again() {
    let world = World::new().await;
    for photo in ["a.png", "b.png"] {
        std::fs::write(world.dir.path().join(photo), crate::world::photo(photo)).unwrap();
    }
    let row = |n: u32, status: &str, photo: &str| {
        let mut s = student(n);
        s.status = status.into();
        csv(&[s]).lines().nth(1).unwrap().to_owned() + photo + "\n"
    };
    let header = csv(&[]);
    let withdrawn =
        header.clone() + &row(0, "ENROLLED", "a.png") + &row(0, "EXPELLED", "") + &row(1, "ENROLLED", "a.png");
    let report = world.import(&withdrawn).await;
    assert_eq!((report.accepted, report.withdrawn), (2, 1));
    let replaced = header + &row(2, "ENROLLED", "b.png") + &row(2, "ENROLLED", "a.png") + &row(3, "ENROLLED", "b.png");
    let (report, _) = world.import_with(&replaced, "student", |i| i.update = true).await.unwrap();
    assert_eq!((report.accepted, report.updated), (2, 1));
    assert_eq!(count(&world, "SELECT COUNT(*) FROM photo").await, 2);
}

#[tokio::test]
async fn each_distinct_photo_is_kept_once_sealed_and_purged_when_no_record_needs_it() {
    let world = World::new().await;
    std::fs::write(world.dir.path().join("a.png"), crate::world::photo("PHOTO-OF-A")).unwrap();
    std::fs::write(world.dir.path().join("b.png"), crate::world::photo("PHOTO-OF-A")).unwrap();
    let with_photo = |n: u32, photo: &str| csv(&[student(n)]).replace(",\n", &format!(",{photo}\n"));
    for (n, photo) in [(0, "a.png"), (1, "b.png")] {
        assert_eq!(world.import(&with_photo(n, photo)).await.accepted, 1);
    }
    let (report, rejects) = world.import_with(&with_photo(2, "../a.png"), "student", |_| {}).await.unwrap();
    assert_eq!((report.refused, rejects.0[0].1.reason), (1, RejectReason::Photo));
    let photos = async || count(&world, "SELECT COUNT(*) FROM photo").await;
    assert_eq!(photos().await, 1);
    let mut gone = [student(0), student(1)];
    for s in &mut gone {
        s.status = "EXPELLED".into();
    }
    world.import(&csv(&gone[..1])).await;
    assert_eq!(photos().await, 1, "the other record needs it");
    world.import(&csv(&gone[1..])).await;
    assert_eq!(photos().await, 0);
}

async fn count(world: &World, sql: &'static str) -> i64 {
    database::execute(&world.location, sql).await.unwrap().parse().unwrap()
}

#[tokio::test]
async fn what_its_card_cannot_show_is_refused_at_import_and_named_without_telling_it() {
    let world = World::new().await;
    let mut rows: Vec<_> = (0..5).map(student).collect();
    rows[1].name = "\u{4e2d}\u{6587}".into();
    rows[3].name = "X".repeat(400);
    let (report, rejects) = world.import_with(&csv(&rows), "student", |_| {}).await.unwrap();
    assert_eq!((report.accepted, report.refused), (3, 2));
    let told: Vec<_> = rejects.0.iter().map(|(row, refusal)| (*row, refusal.reason, refusal.field.as_str())).collect();
    assert_eq!(told, [(2, RejectReason::Card, "name"), (4, RejectReason::Card, "name")]);
    let field = || "name".to_owned();
    let faults =
        [RenderFault::Character { field: field(), code_point: 0x4e2d }, RenderFault::TooLong { field: field() }];
    assert_eq!([0, 1].map(|at| rejects.0[at].1.detail.clone()), faults.map(Reason::NotRendered));
    world.audit().await;
}

#[tokio::test]
async fn a_corrupt_photo_quarantines_its_record_only_and_a_person_releases_it_when_a_better_one_has_come() {
    let world = World::new().await;
    let good = crate::world::photo("good");
    for (name, bytes) in [("good.png", &good[..]), ("cut.png", &good[..2_000]), ("text.png", b"no photo")] {
        std::fs::write(world.dir.path().join(name), bytes).unwrap();
    }
    let row = |n: u32, photo: &str| csv(&[student(n)]).replace(",\n", &format!(",{photo}\n"));
    let rows = [row(0, "good.png"), row(1, "cut.png"), row(2, "text.png"), row(3, "good.png")];
    for text in &rows {
        world.import(text).await;
    }
    assert_eq!((world.records("waiting").await, world.records("quarantined").await), (2, 2));
    let lines = world.quarantined().await;
    let mut reasons: Vec<String> = lines.into_iter().filter_map(|line| line.reason).collect();
    reasons.sort();
    assert_eq!(reasons, [PhotoFault::CutOff, PhotoFault::Kind].map(|fault| Reason::Photo { fault }.to_stored()));
    assert_eq!(world.import(&row(1, "cut.png")).await.known, 1);
    let (report, _) = world.import_with(&row(1, "good.png"), "student", |what| what.update = true).await.unwrap();
    assert_eq!((report.quarantined, world.records("waiting").await), (1, 2));
    operations::record_release(&world.engine, &name("r00001"), "a better photo came").await.unwrap();
    assert_eq!(world.records("waiting").await, 3);
    world.audit().await;
}

#[tokio::test]
async fn a_background_of_another_colour_than_the_year_of_birth_asks_for_is_a_warning() {
    let world = World::new().await;
    std::fs::write(world.dir.path().join("p.png"), crate::world::photo("p")).unwrap();
    let ktp = |n: u32, born: &str| {
        format!(
            "request_id,nik,name,birth_date,request_kind,status,requested_at,verified_at,photo\n\
             k{n},337204200767000{n},SITI,{born},first,PRINT_READY_RECORD,2015-05-30T13:43:00+07:00,2015-06-15T08:43:00+07:00,p.png\n"
        )
    };
    let warned = async |text: &str| {
        let (report, _) = world.import_with(text, "ktp-el", |_| {}).await.unwrap();
        assert_eq!(report.accepted, 1);
        report.warnings.contains_key(&Warning::OtherBackground)
    };
    assert!(!warned(&ktp(1, "1986-07-20")).await, "blue, and an even year");
    assert!(warned(&ktp(2, "1967-07-20")).await, "blue, and an odd year");
}

/// Writes to the database, as another process does, whenever the import tells its progress.
struct OtherProcess {
    location: Location,
    writer: Writer,
    writes: usize,
}

#[async_trait]
impl Watch for OtherProcess {
    async fn saved(&mut self, _: Vec<DecidedRow>, _: u64, _: u64) -> std::io::Result<()> {
        let (location, writer) = (self.location.clone(), self.writer.clone());
        let write = move || {
            tokio::runtime::Runtime::new().unwrap().block_on(async {
                let store = Store::open(&location, Keys::derive(&[7; 32])).await.unwrap();
                let mut tx = store.write(&writer, Timestamp(0)).await.unwrap();
                tx.audit(Event::new("queue.paused", "queue"));
                tx.commit().await.unwrap();
                store.close().await;
            });
        };
        std::thread::spawn(write).join().unwrap();
        self.writes += 1;
        Ok(())
    }
}

#[tokio::test]
async fn an_import_has_no_open_transaction_while_it_tells_its_progress() {
    let world = World::new().await;
    let mut other = OtherProcess { location: world.location.clone(), writer: world.engine.writer.clone(), writes: 0 };
    let report = world.import_watched(&students(0..3_000), world.list_of("student"), &mut other).await.unwrap();
    assert_eq!(report.accepted, 3_000);
    assert!(other.writes >= 2, "{} transactions", other.writes);
    world.audit().await;
}

#[tokio::test]
async fn two_persons_whose_keys_begin_alike_are_two_persons() {
    let world = World::new().await;
    world.import(&students(0..1)).await;
    world.receive(2, None).await;
    world.printer("p1", "").await;
    world.run().await;
    operations::card_check(&world.engine, &name("r00000")).await.unwrap();
    operations::card_hand_over(&world.engine, &name("r00000")).await.unwrap();
    let mut alike = Keys::derive(&[7; 32]).person("student", &student(1).number.to_lowercase(), "case,punctuation");
    alike[15] ^= 1;
    let change = format!("UPDATE record SET person_key = unhex('{}')", hex(&alike));
    database::execute(&world.location, &change).await.unwrap();

    let report = world.import(&students(1..2)).await;

    assert_eq!((report.accepted, report.quarantined), (1, 0), "the card that was handed over is another person's");
    world.run().await;
    assert_eq!(world.state_of("r00001").await.0, "printed");
}
