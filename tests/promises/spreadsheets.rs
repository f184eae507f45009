//! Tests P3 on lists in spreadsheets: each file as an office makes it is read, or refused with words that say what to do, and no value
//! of it is changed.

use cetak::{
    domain::{
        import::{FileForm, SheetFault},
        reason::{CellFault, PhotoFault, Reason},
        refusal::{FileRefusal, Refusal},
    },
    engine::{
        EngineError,
        import::{Format, Import},
    },
};

use crate::{
    sheets::{Cell, Table, ods, ods_parts, xlsx, xlsx_parts, zip},
    world::{Student, World, csv, photo, student, students},
};

fn text(text: &str) -> Cell {
    Cell::Text(text.into())
}

async fn refusal(world: &World, file: &[u8], change: impl FnOnce(&mut Import)) -> Refusal {
    match world.import_with(file, "student", change).await {
        Err(EngineError::Refused(refusal)) => refusal,
        Err(error) => panic!("{error}"),
        Ok((report, _)) => panic!("{report:?}"),
    }
}

#[tokio::test]
async fn a_list_in_a_spreadsheet_is_the_same_list() {
    let world = World::new().await;
    let list = students(0..3).replacen("STUDENT NUMBER 0", "JOSÉ <D'ANGELO> & Ко", 1);
    assert_eq!(world.import(&list).await.accepted, 3);
    let table = || Table::of_csv(&list);
    let mut inline = table();
    for cell in inline.rows.iter_mut().flat_map(|(cells, _)| cells) {
        if let Cell::Text(text) = cell.clone() {
            *cell = Cell::Inline(text);
        }
    }
    // Empty rows and columns are passed over; an upper-case heading with blanks is known.
    let mut spread = table().with(0, 0, text("Request ID"));
    spread.rows.iter_mut().for_each(|(cells, _)| cells.insert(1, Cell::Empty));
    spread.rows.insert(2, (Vec::new(), false));
    spread.rows.insert(0, (Vec::new(), false));
    for table in [table(), inline, spread] {
        for (file, format) in
            [(xlsx(std::slice::from_ref(&table)), Format::Xlsx), (ods(std::slice::from_ref(&table)), Format::Ods)]
        {
            let (report, rejects) = world.import_with(&file, "student", |what| what.format = format).await.unwrap();
            assert_eq!((report.known, report.rows, report.refused), (3, 3, 0), "{format:?}: {:?}", rejects.0);
            assert_eq!(report.sheet.as_deref(), Some("Daftar"));
        }
    }
}

#[tokio::test]
async fn a_cell_that_has_lost_digits_or_is_no_text_is_refused_by_its_row_and_field_and_never_guessed() {
    let world = World::new().await;
    let number = 5; // the column of the student's number
    for (cell, expected) in [
        (Cell::Number("337204200767000", 0), Ok("accepted")),
        (Cell::Number("3.3720420076700001E+15", 0), Err(CellFault::Rounded)),
        (Cell::Number("3372042007670001", 0), Err(CellFault::Rounded)),
        (Cell::Bool, Err(CellFault::Boolean)),
        (Cell::Error("#N/A"), Err(CellFault::NotAvailable)),
        (Cell::Error("#REF!"), Err(CellFault::NoReference)),
        (Cell::Formula(None), Err(CellFault::NotCalculated)),
        (Cell::Formula(Some("S999999")), Ok("accepted")),
        (Cell::Number("0.5", 4), Err(CellFault::TimeOfDay)),
    ] {
        let table = Table::of_csv(&students(0..2)).with(2, number, cell.clone());
        for (file, format) in
            [(xlsx(std::slice::from_ref(&table)), Format::Xlsx), (ods(std::slice::from_ref(&table)), Format::Ods)]
        {
            let how = |what: &mut Import| (what.format, what.dry_run) = (format, true);
            let (report, rejects) = world.import_with(&file, "student", how).await.unwrap();
            match expected {
                Ok(_) => assert_eq!((report.accepted, report.refused), (2, 0), "{cell:?} {:?}", rejects.0),
                Err(fault) => {
                    let (row, rejection) = &rejects.0[0];
                    let told = (*row, rejection.field.as_str(), &rejection.detail);
                    assert_eq!(told, (3, "student_number", &Reason::Cell { fault }), "the row of the spreadsheet");
                    assert_eq!((report.accepted, report.refused), (1, 1), "{cell:?}");
                }
            }
        }
    }
    // A day is a date in ISO form.
    let table = Table::of_csv(&students(0..1)).with(1, 7, Cell::Number("47483", 1));
    for (file, format) in
        [(xlsx(std::slice::from_ref(&table)), Format::Xlsx), (ods(std::slice::from_ref(&table)), Format::Ods)]
    {
        assert_eq!(world.import_with(&file, "student", |what| what.format = format).await.unwrap().0.refused, 0);
    }
    assert_eq!(world.import(&students(0..1)).await.known, 1, "the same date");
}

#[tokio::test]
async fn the_sheet_with_the_headings_is_read_and_the_others_are_named() {
    let world = World::new().await;
    let notes = Table::new("Petunjuk", [vec![text("Isi lembar berikut")]]);
    let hidden = Table { is_hidden: true, name: "Lama".into(), ..Table::of_csv(&students(5..9)) };
    let other = Table { name: "3372042007670001".into(), ..Table::of_csv(&students(3..4)) };
    let tables = [hidden, notes.clone(), Table::of_csv(&students(0..2)), other];
    for (file, format) in [(xlsx(&tables), Format::Xlsx), (ods(&tables), Format::Ods)] {
        let (report, _) = world.import_with(&file, "student", |what| what.format = format).await.unwrap();
        assert_eq!((report.rows, report.sheet.as_deref()), (2, Some("Daftar")), "{format:?}");
        assert_eq!(report.other_sheets, ["Lama", "Petunjuk", "…"], "a number of a person is not repeated");
        let named = |name: &str| {
            let name = Some(name.to_owned());
            move |what: &mut Import| (what.format, what.sheet) = (format, name)
        };
        assert_eq!(world.import_with(&file, "student", named("Lama")).await.unwrap().0.rows, 4);
        let known = ["Lama", "Petunjuk", "Daftar", "…"].map(str::to_owned).to_vec();
        let none = FileRefusal::NoSheet { sheet: "Data".into(), known };
        assert_eq!(refusal(&world, &file, named("Data")).await, Refusal::File(none));
        let of_notes = refusal(&world, &file, named("Petunjuk")).await;
        assert!(matches!(of_notes, Refusal::ColumnsMissing { .. }), "{of_notes:?}");
    }
    let named = |what: &mut Import| what.sheet = Some("Daftar".into());
    assert_eq!(refusal(&world, students(0..1).as_bytes(), named).await, Refusal::File(FileRefusal::OfText));
}

#[tokio::test]
async fn a_title_above_the_headings_hidden_rows_and_merged_cells_are_told() {
    let world = World::new().await;
    let mut table = Table::of_csv(&students(0..3));
    table.rows[2].1 = true;
    let hidden = xlsx(std::slice::from_ref(&table));
    let (report, _) = world.import_with(&hidden, "student", |what| what.format = Format::Xlsx).await.unwrap();
    assert_eq!((report.accepted, report.hidden_rows), (3, 1));
    table.rows.insert(0, (vec![text("DAFTAR TUNGGU")], false));
    table.merged = vec!["A1:K1".into()];
    let titled = xlsx(std::slice::from_ref(&table));
    let xlsx_below = |lines: u64| move |what: &mut Import| (what.format, what.skip_lines) = (Format::Xlsx, lines);
    assert_eq!(refusal(&world, &titled, xlsx_below(0)).await, Refusal::TitleLines { lines: 1 });
    assert_eq!(world.import_with(&titled, "student", xlsx_below(1)).await.unwrap().0.known, 3);
    table.merged.extend(["I3:I5".to_owned(), "J3:J4".to_owned(), "Z3:Z4".to_owned()]);
    let merged = Refusal::File(FileRefusal::Merged { area: "I3:I5".into(), number: 2 });
    assert_eq!(refusal(&world, &xlsx(&[table]), xlsx_below(1)).await, merged);
}

#[tokio::test]
async fn a_file_that_is_not_what_its_name_says_is_named() {
    let world = World::new().await;
    let list = students(0..1);
    let tables = [Table::of_csv(&list)];
    let (good, good_ods) = (xlsx(&tables), ods(&tables));
    let with_part = |name: &str| zip(&[(name.to_owned(), b"x".to_vec())]);
    let of_xls: Vec<u8> = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".iter().copied().chain([0; 600]).collect();
    let locked: Vec<u8> =
        of_xls.iter().copied().chain("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let mut locked_ods = ods_parts(&tables);
    locked_ods[2].1 = b"<manifest:encryption-data/>".to_vec();
    for (file, format, form) in [
        (good.clone(), Format::Csv, FileForm::Xlsx),
        (good.clone(), Format::JsonLines, FileForm::Xlsx),
        (good.clone(), Format::Ods, FileForm::Xlsx),
        (good_ods.clone(), Format::Csv, FileForm::Ods),
        (good_ods, Format::Xlsx, FileForm::Ods),
        (list.clone().into_bytes(), Format::Xlsx, FileForm::Text),
        (of_xls.clone(), Format::Csv, FileForm::OldSpreadsheet),
        (of_xls, Format::Xlsx, FileForm::OldSpreadsheet),
        (locked, Format::Xlsx, FileForm::Encrypted),
        (zip(&locked_ods), Format::Ods, FileForm::Encrypted),
        (with_part("xl/workbook.bin"), Format::Xlsx, FileForm::BinarySpreadsheet),
        (with_part("word/document.xml"), Format::Xlsx, FileForm::Archive),
        (good.clone(), Format::Zip, FileForm::Xlsx),
        (b"\x89PNG\r\n\x1a\n".to_vec(), Format::Xlsx, FileForm::Picture),
        (b"\x89PNG\r\n\x1a\n".to_vec(), Format::Csv, FileForm::Picture),
        (b"%PDF-1.7\n".to_vec(), Format::Ods, FileForm::Picture),
        (b"<html><table>".to_vec(), Format::Csv, FileForm::Markup),
    ] {
        let found = refusal(&world, &file, |what| what.format = format).await;
        assert_eq!(found, Refusal::FileForm { form }, "{format:?}");
    }
    let cut = &good[..good.len() - 30];
    let damaged = Refusal::from(SheetFault::Damaged);
    assert_eq!(refusal(&world, cut, |what| what.format = Format::Xlsx).await, damaged);
    let mut parts = xlsx_parts(&tables);
    parts.retain(|(name, _)| name != "xl/worksheets/sheet1.xml");
    assert_eq!(refusal(&world, &zip(&parts), |what| what.format = Format::Xlsx).await, damaged);
    // Scientific notation in a text is refused by its field.
    let list = list.replace("FACULTY 0", "3.3E+15");
    let (report, rejects) = world.import_with(&list, "student", |_| {}).await.unwrap();
    let rejection = &rejects.0[0].1;
    assert_eq!((report.refused, rejection.field.as_str(), &rejection.detail), (1, "faculty", &Reason::Scientific));
}

#[tokio::test]
async fn an_archive_with_one_list_brings_its_photos_and_no_path_leaves_it() {
    let world = World::new().await;
    let of = |n: u32, path: &str| Student { photo: path.into(), ..student(n) };
    let students = [
        of(0, "foto/a.png"),
        of(1, "./foto/a.png"),
        of(2, "../secret.png"),
        of(3, "foto/none.png"),
        of(4, "FOTO\\A.PNG"),
    ];
    let list = csv(&students);
    let file = |name: &str, content: &[u8]| (name.to_owned(), content.to_vec());
    let secret = file("secret.png", &photo("secret"));
    let portrait = file("daftar/foto/a.png", &photo("p"));
    let outside = [PhotoFault::OutsideFolder, PhotoFault::NoFile, PhotoFault::SimilarFile];
    let as_zip = |what: &mut Import| what.format = Format::Zip;
    let as_csv = zip(&[file("daftar/list.csv", list.as_bytes()), portrait.clone(), secret.clone()]);
    let (report, rejects) = world.import_with(&as_csv, "student", as_zip).await.unwrap();
    assert_eq!((report.accepted, report.refused), (2, 3), "{:?}", rejects.0);
    let faults: Vec<&Reason> = rejects.0.iter().map(|(_, rejection)| &rejection.detail).collect();
    assert_eq!(faults, outside.map(|fault| Reason::Photo { fault }).iter().collect::<Vec<_>>());
    let book = xlsx(&[Table::of_csv(&list)]);
    let as_book = zip(&[file("daftar/list.xlsx", &book), portrait.clone(), file("__MACOSX/._list.csv", b"x")]);
    let (report, _) = world.import_with(&as_book, "student", as_zip).await.unwrap();
    assert_eq!((report.known, report.refused), (2, 3), "the photos are the same");
    for (files, number) in [(vec![portrait.clone()], 0), (vec![file("a.csv", b""), file("b.ods", b"")], 2)] {
        let lists = FileRefusal::ArchiveLists { number };
        assert_eq!(refusal(&world, &zip(&files), as_zip).await, Refusal::File(lists));
    }
    let named_csv = refusal(&world, &as_csv, |what| what.format = Format::Csv).await;
    assert_eq!(named_csv, Refusal::FileForm { form: FileForm::Archive });
}
