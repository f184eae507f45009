//! Tests P3 on lists as people make them: nothing is changed silently, and a mistake in a list withdraws nothing.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use cetak::{
    domain::{
        import::{FileForm, RejectReason, Warning},
        permission::Operation,
        reason::{IdentifierFault, PhotoFault, Reason},
        refusal::Refusal,
    },
    engine::{
        EngineError,
        client::Direct,
        import::{Accept, Format, Import, Report, import},
        query::ListRecords,
    },
};

use crate::acts as operations;
use crate::database;
use crate::people::{Student, applicant, withdrawn};
use crate::world::{Rejects, World, all, csv, name, photo, student, students};

/// The refusal of a list as a whole.
async fn refusal(world: &World, text: &str, profile: &str, change: impl FnOnce(&mut Import)) -> Refusal {
    match world.import_with(text, profile, change).await {
        Err(EngineError::Refused(refusal)) => refusal,
        Err(error) => panic!("{error}"),
        Ok((report, _)) => panic!("{report:?}"),
    }
}

/// A citizen's row with these values, and others that are good.
fn citizens(rows: &[&[(&str, &str)]]) -> String {
    let good = [
        ("request_id", "k1"),
        ("nik", "3372042007860001"),
        ("name", "SITI"),
        ("birth_date", "1986-07-20"),
        ("rt", "001"),
        ("request_kind", "first"),
        ("status", "PRINT_READY_RECORD"),
        ("requested_at", "2015-05-30T13:43:00+07:00"),
        ("verified_at", "2015-06-15T08:43:00+07:00"),
        ("photo", "p.png"),
    ];
    let mut list = good.map(|(column, _)| column).join(",") + "\n";
    for row in rows {
        let value = |(column, good): (&str, &'static str)| {
            let changed = row.iter().find(|(changed, _)| *changed == column).map_or(good, |(_, value)| *value);
            format!("\"{}\"", changed.replace('"', "\"\""))
        };
        list += &(good.map(value).join(",") + "\n");
    }
    list
}

async fn import_citizens(world: &World, rows: &[&[(&str, &str)]]) -> (Report, Rejects) {
    std::fs::write(world.dir.path().join("p.png"), photo("p")).unwrap();
    world.import_with(&citizens(rows), "ktp-el", |_| {}).await.unwrap()
}

#[tokio::test]
async fn a_status_that_the_profile_does_not_know_withdraws_nothing_and_is_not_repeated() {
    let world = World::new().await;
    world.import(&students(0..3)).await;
    let mistyped = students(0..3).replace("ENROLLED", "enrolled");
    let (report, rejects) = world.import_with(&mistyped, "student", |_| {}).await.unwrap();
    assert_eq!((report.withdrawn, report.refused_by_reason[&RejectReason::Status]), (0, 3));
    let like = Some("ENROLLED".to_owned());
    assert!(rejects.0.iter().all(|(_, why)| why.detail == Reason::UnknownStatus { like: like.clone() }));
    assert_eq!(world.records("waiting").await, 3);
}

#[tokio::test]
async fn two_swapped_headings_withdraw_nothing_and_tell_no_identifier() {
    let world = World::new().await;
    world.import(&students(0..30)).await;
    for (one, other) in [("status", "student_number"), ("status", "name"), ("request_id", "name")] {
        let swapped = students(0..30).replacen(one, "HEADING", 1).replacen(other, one, 1).replacen("HEADING", other, 1);
        let (report, rejects) = world.import_with(&swapped, "student", |_| {}).await.unwrap();
        assert_eq!((report.withdrawn, report.updated), (0, 0), "{one} and {other}");
        for (_, rejection) in &rejects.0 {
            let told = format!("{rejection:?}");
            assert!(!told.contains("STUDENT NUMBER") && !told.contains("S0000"), "{told}");
        }
    }
    assert_eq!(world.records("waiting").await, 30);
}

#[tokio::test]
async fn a_source_restores_what_it_withdrew_and_nothing_that_a_person_held() {
    let world = World::new().await;
    world.import(&students(0..3)).await;
    for held in ["r00001", "r00002"] {
        operations::record_hold(&world.engine, &name(held), "asked").await.unwrap();
    }
    assert_eq!(world.import(&withdrawn(0..2)).await.withdrawn, 2);

    let report = world.import(&students(0..3)).await;

    assert_eq!((report.restored, report.known), (2, 1));
    let states = ["r00000", "r00001", "r00002"].map(async |id| world.state_of(id).await.0);
    let [first, second, third] = states;
    assert_eq!([first.await, second.await, third.await], ["waiting", "held", "held"]);
    assert_eq!(world.import(&students(0..3)).await.known, 3);
    world.audit().await;
}

#[tokio::test]
async fn a_record_that_its_source_restores_is_printed_with_its_photo() {
    let world = World::new().await;
    std::fs::write(world.dir.path().join("a.png"), photo("a")).unwrap();
    let row = |n: u32, status: &str| {
        let one = Student { photo: "a.png".into(), status: status.into(), ..student(n) };
        csv(&[one])
    };
    world.import(&row(0, "ENROLLED")).await;
    world.import(&row(1, "ENROLLED")).await;
    for n in [0, 1] {
        assert_eq!(world.import(&row(n, "SUSPENDED")).await.withdrawn, 1);
    }
    for n in [0, 1] {
        assert_eq!(world.import(&row(n, "ENROLLED")).await.restored, 1);
    }
    world.audit().await;
    world.receive(2, None).await;
    world.printer("p1", "").await;
    world.run().await;
    assert_eq!(world.records("printed").await, 2);
    world.audit().await;
}

#[tokio::test]
async fn a_queued_record_that_a_list_would_withdraw_returns_its_blank_and_is_held() {
    let world = World::new().await;
    world.import(&students(0..30)).await;
    world.receive(30, None).await;
    world.printer("p1", "").await;
    world.plan().await;
    assert_eq!(world.records("batched").await, 30);
    let many = refusal(&world, &withdrawn(0..25), "student", |_| {}).await;
    assert_eq!(many, Refusal::ManyWithdrawals { withdrawn: 25, known: 30, held: 25 });
    assert_eq!((world.records("held").await, world.account("vault").await), (25, 25));
    world.audit().await;
}

#[tokio::test]
async fn a_list_of_another_profile_restores_no_record() {
    let world = World::new().await;
    world.import(&students(0..1)).await;
    world.import(&withdrawn(0..1)).await;
    database::execute(&world.location, "UPDATE record SET profile = 'ktp-el'").await.unwrap();
    let (report, _) = world.import_with(&students(0..1), "student", |_| {}).await.unwrap();
    assert_eq!((report.restored, report.refused_by_reason[&RejectReason::Conflict]), (0, 1));
}

#[tokio::test]
async fn a_source_restores_no_record_of_a_person_who_has_another_request_by_now() {
    let world = World::new().await;
    world.import(&students(0..1)).await;
    world.import(&withdrawn(0..1)).await;
    let mut other = student(1);
    other.number = student(0).number;
    assert_eq!(world.import(&csv(&[other])).await.accepted, 1);

    assert_eq!(world.import(&students(0..1)).await.quarantined, 1);

    assert_eq!(world.state_of("r00000").await.0, "quarantined");
    world.audit().await;
}

#[tokio::test]
async fn the_recall_of_a_card_ends_when_its_source_restores_the_record() {
    let world = World::new().await;
    world.import(&students(0..1)).await;
    world.receive(1, None).await;
    world.printer("p1", "").await;
    world.run().await;
    world.import(&withdrawn(0..1)).await;
    assert!(operations::card_check(&world.engine, &name("r00000")).await.is_err(), "it is recalled");

    assert_eq!(world.import(&students(0..1)).await.restored, 1);

    operations::card_check(&world.engine, &name("r00000")).await.unwrap();
    operations::card_hand_over(&world.engine, &name("r00000")).await.unwrap();
    world.audit().await;
}

#[tokio::test]
async fn a_list_with_many_withdrawals_changes_nothing_but_holds_them_until_a_person_accepts_it() {
    let world = World::new().await;
    world.import(&students(0..50)).await;
    world.import(&withdrawn(0..2)).await;
    let list = withdrawn(0..23) + students(50..60).split_once('\n').unwrap().1;
    let many = |held| Refusal::ManyWithdrawals { withdrawn: 21, known: 48, held };

    assert_eq!(refusal(&world, &list, "student", |what| what.dry_run = true).await, many(0));
    assert_eq!((world.records("waiting").await, world.records("held").await), (48, 0));
    assert_eq!(refusal(&world, &list, "student", |_| {}).await, many(21));
    assert_eq!((world.records("waiting").await, world.records("held").await), (27, 21));
    assert_eq!(refusal(&world, &list, "student", |_| {}).await, many(21), "they are held already");
    assert_eq!(world.import(&students(2..23)).await.restored, 21, "the right list puts them back");
    assert_eq!(refusal(&world, &list, "student", |_| {}).await, many(21));

    let (report, _) =
        world.import_with(&list, "student", |what| what.accept = vec![Accept::Withdrawals]).await.unwrap();

    assert_eq!((report.withdrawn, report.known, report.accepted), (21, 2, 10));
    assert_eq!(world.import(&students(0..60)).await.restored, 23, "of a list that was accepted by mistake");
    assert_eq!(world.records("waiting").await, 60);
    world.audit().await;
}

#[tokio::test]
async fn as_many_withdrawals_as_a_list_may_have_need_no_acceptance() {
    let world = World::new().await;
    world.import(&students(0..30)).await;
    assert_eq!(world.import(&withdrawn(0..20)).await.withdrawn, 20);
    assert_eq!(world.import(&csv(&[applicant(0), applicant(40)])).await.withdrawn, 0);
}

#[tokio::test]
async fn a_list_that_a_spreadsheet_rounded_is_stopped_and_says_so() {
    let world = World::new().await;
    let niks = ["3372042007860010", "3372042007860020", "3,37204E+15", "3372042007860000", "3372042007860030"];
    let ids = ["k1", "k2", "k3", "k4", "k5"];
    let rows: Vec<[(&str, &str); 2]> =
        niks.into_iter().zip(ids).map(|(nik, id)| [("nik", nik), ("request_id", id)]).collect();
    let rows: Vec<&[(&str, &str)]> = rows.iter().map(|row| &row[..]).collect();
    std::fs::write(world.dir.path().join("p.png"), photo("p")).unwrap();
    let rounded = refusal(&world, &citizens(&rows), "ktp-el", |_| {}).await;
    assert_eq!(rounded, Refusal::RoundedIdentifiers { rounded: 5, all: 5 });
    let (report, rejects) =
        world.import_with(&citizens(&rows), "ktp-el", |what| what.accept = vec![Accept::Rounded]).await.unwrap();
    assert_eq!((report.accepted, report.refused), (3, 2));
    assert_eq!(rejects.0[0].1.detail, Reason::Identifier { fault: IdentifierFault::Scientific });
}

#[tokio::test]
async fn an_apostrophe_is_taken_off_a_number_and_never_off_a_name() {
    let world = World::new().await;
    let rows: [&[(&str, &str)]; 1] =
        [&[("nik", "'3372042007860001"), ("name", "'t Hart"), ("rt", "'006"), ("birth_date", "'1986-07-20")]];
    let (report, _) = import_citizens(&world, &rows).await;
    assert_eq!(report.accepted, 1);
    let warnings = report.warnings.into_keys().collect::<Vec<_>>();
    assert_eq!(warnings, [Warning::MarkTakenOff, Warning::ApostropheInFront], "the name may have a mark, and is told");
    let again: [&[(&str, &str)]; 1] = [&[("name", "'t Hart"), ("rt", "006")]];
    assert_eq!(import_citizens(&world, &again).await.0.known, 1, "the same person");
    let other: [&[(&str, &str)]; 1] = [&[("name", "t Hart"), ("rt", "006")]];
    assert_eq!(import_citizens(&world, &other).await.0.refused, 1, "another name");
}

#[tokio::test]
async fn a_card_that_would_not_be_valid_any_more_is_quarantined_until_a_person_decides() {
    let world = World::new().await;
    let late = students(0..3).replacen("2029-12-31", "2026-11-23", 1).replacen("2029-12-31", "2026-11-24", 1);

    let report = world.import(&late).await;

    let reason = Reason::Expired { column: "valid_until".into() };
    let named = report.quarantined_rows.iter().map(|row| (row.place.row, row.reason.clone())).collect::<Vec<_>>();
    assert_eq!((report.accepted, named), (2, vec![(1, Some(reason.clone()))]), "on its last day a card is valid");
    let line = world.quarantined().await.pop().unwrap();
    assert_eq!((&*line.request_id, line.reason), ("r00000", Some(reason.to_stored())));
    operations::record_release(&world.engine, &name("r00000"), "the date is on no card").await.unwrap();
    assert_eq!(world.records("waiting").await, 3);
    world.audit().await;
}

#[tokio::test]
async fn a_verification_before_its_request_is_told_with_its_row_and_can_be_listed() {
    let world = World::new().await;
    let early = students(0..3).replacen("2025-12-01T00:00:00Z", "2026-02-01T00:00:00Z", 1);

    let report = world.import(&early).await;

    assert_eq!((report.accepted, report.warned_rows[&Warning::VerifiedBeforeRequest][0].place.row), (3, 1));
    for (early, found) in [(true, vec!["r00000"]), (false, vec!["r00001", "r00002"])] {
        let asked = |page| ListRecords { verified_before_request: Some(early), page, ..ListRecords::default() };
        let lines = all(&world.engine, asked).await;
        assert_eq!(lines.iter().map(|line| &*line.request_id).collect::<Vec<_>>(), found);
    }
}

#[tokio::test]
async fn zeros_that_a_spreadsheet_took_off_and_lines_that_are_joined_are_warnings() {
    let world = World::new().await;
    let rows: [&[(&str, &str)]; 1] = [&[("rt", "6"), ("name", "SITI\nAMINAH")]];
    let (report, _) = import_citizens(&world, &rows).await;
    assert_eq!(report.accepted, 1);
    assert_eq!(report.warnings.into_keys().collect::<Vec<_>>(), [Warning::LinesJoined, Warning::FewerDigits]);
}

#[tokio::test]
async fn what_a_spreadsheet_leaves_in_a_file_is_passed_over() {
    let world = World::new().await;
    let rows = students(0..3);
    let mut lines = rows.lines();
    let header = lines.next().unwrap();
    let lines: Vec<&str> = lines.collect();
    let empty = ",".repeat(header.matches(',').count());
    for (what, list) in [
        ("empty columns", format!("{header},,\n{},,\n{},,\n{},,\n", lines[0], lines[1], lines[2])),
        ("more cells than headings", format!("{header}\n{},,,\n{}\n{}\n", lines[0], lines[1], lines[2])),
        ("empty rows", format!("{header}\n{}\n{empty}\n{}\n\n{}\n{empty}\n", lines[0], lines[1], lines[2])),
        ("a line sep=", format!("sep=;\n{}", rows.replace(',', ";"))),
        ("tabs", rows.replace(',', "\t")),
        ("capitals", rows.replacen(header, &header.to_uppercase().replace('_', " "), 1)),
    ] {
        let world_of_its_own = World::new().await;
        let (report, _) = world_of_its_own.import_with(&list, "student", |_| {}).await.unwrap();
        assert_eq!((report.rows, report.accepted, report.refused), (3, 3, 0), "{what}");
    }
    let (report, rejects) =
        world.import_with(&format!("{header}\n{},,x\n", lines[0]), "student", |_| {}).await.unwrap();
    assert_eq!((report.refused, rejects.0[0].1.reason), (1, RejectReason::Malformed), "a cell that has no heading");
    let nameless = format!("{header},\n{},\n{},x\n", lines[0], lines[1]);
    let (report, _) = world.import_with(&nameless, "student", |_| {}).await.unwrap();
    assert_eq!((report.accepted, report.unknown_columns), (2, vec!["L".to_owned()]), "a column without a heading");
}

#[tokio::test]
async fn a_file_that_is_no_list_is_named() {
    let world = World::new().await;
    let utf16: String = students(0..1).chars().flat_map(|c| [c, '\0']).collect();
    for (text, form) in [
        (utf16, FileForm::Utf16),
        ("PK\u{3}\u{4}".into(), FileForm::Archive),
        ("[{}]".into(), FileForm::JsonArray),
        ("{\"request_id\": 1}".into(), FileForm::JsonLines),
        ("<table>".into(), FileForm::Markup),
    ] {
        assert_eq!(refusal(&world, &text, "student", |_| {}).await, Refusal::FileForm { form });
    }
}

#[tokio::test]
async fn a_header_is_limited_and_its_cells_are_never_repeated() {
    let world = World::new().await;
    let columns = |count: usize| (0..count).map(|at| format!("C{at}")).collect::<Vec<_>>().join(",") + "\n";
    let header_of = |more: &str| students(0..0).replacen('\n', &format!(",{more}\n"), 1);
    assert_eq!(refusal(&world, &columns(200_000), "student", |_| {}).await, Refusal::HeaderTooLong { most: 65_536 });
    assert_eq!(refusal(&world, &columns(2_000), "student", |_| {}).await, Refusal::TooManyColumns { most: 1_000 });
    let twice = refusal(&world, &header_of("SITI,SITI"), "student", |_| {}).await;
    assert_eq!(twice, Refusal::ColumnTwice { column: None, letters: "M".into() });
    let twice = refusal(&world, &header_of("Student Number"), "student", |_| {}).await;
    assert_eq!(twice, Refusal::ColumnTwice { column: Some("student_number".into()), letters: "L".into() });
    let json = "{\"3372042007860001\": \"x\", \"SITI\": \"y\", \"name\": \"A\", \"name\": \"B\"}\n";
    let (report, rejects) = world.import_with(json, "student", |what| what.format = Format::JsonLines).await.unwrap();
    assert_eq!((report.refused, &rejects.0[0].1.detail), (1, &Reason::KeyTwice));
    let told = format!("{report:?} {:?}", rejects.0);
    assert!(!told.contains("SITI") && !told.contains("33720"), "{told}");
}

#[tokio::test]
async fn a_value_that_cannot_be_seen_is_refused() {
    let world = World::new().await;
    let rows: [&[(&str, &str)]; 2] =
        [&[("name", "SI\u{202e}TI")], &[("request_id", "k\u{200b}2"), ("nik", "3372042007860002")]];
    let (report, rejects) = import_citizens(&world, &rows).await;
    assert_eq!(report.refused, 2);
    let details: Vec<_> = rejects.0.iter().map(|(_, why)| why.detail.clone()).collect();
    assert_eq!(details, [0x202e, 0x200b].map(|code_point| Reason::HiddenCharacter { code_point }));
}

#[tokio::test]
async fn a_photo_under_a_path_as_windows_writes_it_is_not_taken_and_the_similar_file_is_told() {
    let world = World::new().await;
    std::fs::create_dir(world.dir.path().join("foto")).unwrap();
    std::fs::write(world.dir.path().join("foto/budi.png"), photo("p")).unwrap();
    for (path, fault) in [
        ("foto\\budi.png", PhotoFault::SimilarFile),
        ("Foto/BUDI.PNG", PhotoFault::SimilarFile),
        ("C:\\Users\\loket\\foto\\budi.png", PhotoFault::SimilarFile),
        ("/srv/loket/foto/budi.png", PhotoFault::SimilarFile),
        ("foto/siti.png", PhotoFault::NoFile),
        ("../siti.png", PhotoFault::OutsideFolder),
    ] {
        let rows: [&[(&str, &str)]; 1] = [&[("photo", path)]];
        let (_, rejects) = import_citizens(&world, &rows).await;
        assert_eq!(rejects.0[0].1.detail, Reason::Photo { fault }, "{path}");
    }
}

#[tokio::test]
async fn all_faults_of_a_row_are_told_at_once() {
    let world = World::new().await;
    let bad =
        [("nik", "123"), ("birth_date", "31/31/1980"), ("verified_at", "2999-01-01T00:00:00Z"), ("photo", "no.png")];
    let cut = [("name", "SI\u{202e}TI"), ("nik", "123")];
    let (report, rejects) = import_citizens(&world, &[&bad, &cut, &[("request_id", "k3")]]).await;
    assert_eq!((report.accepted, report.refused), (1, 2));
    let counted = [(RejectReason::Malformed, 1), (RejectReason::Identifier, 1)];
    assert_eq!(report.refused_by_reason, counted.into(), "each row is counted once, with its first reason");
    let told = |at: usize| {
        let further = rejects.0[at].1.further.iter().map(|fault| (fault.field.clone(), fault.reason));
        [(rejects.0[at].1.field.clone(), rejects.0[at].1.reason)].into_iter().chain(further).collect::<Vec<_>>()
    };
    let expected = [
        ("nik", RejectReason::Identifier),
        ("birth_date", RejectReason::Date),
        ("verified_at", RejectReason::Future),
        ("photo", RejectReason::Photo),
    ];
    assert_eq!(told(0), expected.map(|(field, reason)| (field.to_owned(), reason)));
    assert_eq!(
        told(1),
        [("name", RejectReason::Malformed), ("nik", RejectReason::Identifier)].map(|(f, r)| (f.to_owned(), r))
    );
}

#[tokio::test]
async fn a_title_above_the_heading_is_named_and_skipped_only_where_a_person_says_so() {
    let world = World::new().await;
    let list = format!("Waiting list, August 2026;;\n;;\n{}", students(0..2));
    assert_eq!(refusal(&world, &list, "student", |_| {}).await, Refusal::TitleLines { lines: 2 });
    let beyond = world.import_with(&list, "student", |what| what.skip_lines = u64::MAX).await;
    assert!(matches!(beyond, Err(EngineError::Refused(Refusal::ColumnsMissing { .. }))), "the list ends before");
    let (report, _) = world.import_with(&list, "student", |what| what.skip_lines = 2).await.unwrap();
    assert_eq!(report.accepted, 2);
    let none = format!("{}\n{}", "Waiting list", students(0..2).replace("request_id", "number"));
    let refused = refusal(&world, &none, "student", |_| {}).await;
    assert!(matches!(refused, Refusal::ColumnsMissing { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_refused_row_is_named_with_the_line_on_which_an_editor_shows_it() {
    let world = World::new().await;
    let rows: Vec<String> = students(0..3).lines().map(str::to_owned).collect();
    let of_two_lines = rows[1].replace("STUDENT NUMBER 0", "\"STUDENT\nNUMBER 0\"");
    let wrong = |row: &str| row.replace("ENROLLED", "NO_SUCH_STATUS");
    let list = ["A title", &rows[0], &of_two_lines, "", &wrong(&rows[2]), &wrong(&of_two_lines), &wrong(&rows[3])];
    for end in ["\n", "\r\n"] {
        let (_, rejects) =
            world.import_with(&(list.join(end) + end), "student", |what| what.skip_lines = 1).await.unwrap();
        assert_eq!(rejects.1, [6, 7, 9], "{end:?}, {:?}", rejects.0);
    }
    let objects = "{}\n\nnonsense\n";
    let (_, rejects) = world.import_with(objects, "student", |what| what.format = Format::JsonLines).await.unwrap();
    assert_eq!(rejects.1, [1, 3]);
}

/// A list that another process overwrites after it was read once.
struct Overwritten(Cursor<Vec<u8>>);

impl Read for Overwritten {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Seek for Overwritten {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if to == SeekFrom::End(0) {
            self.0.get_mut().iter_mut().filter(|byte| **byte == b'E').for_each(|byte| *byte = b'X');
        }
        self.0.seek(to)
    }
}

#[tokio::test]
async fn a_list_that_is_overwritten_after_it_was_judged_is_refused() {
    let world = World::new().await;
    let input = Box::new(Overwritten(Cursor::new(students(0..5).into_bytes())));
    let permit = Direct::new(&world.engine).permit(Operation::Import).await.unwrap();
    let imported = import(&world.engine, &permit, input, world.list_of("student"), &mut Rejects::default()).await;
    assert!(matches!(&imported, Err(EngineError::Refused(Refusal::ListChanged))), "{imported:?}");
    assert_eq!(world.status().await.records.values().sum::<i64>(), 0);
}
