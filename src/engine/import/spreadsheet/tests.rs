//! Tests of spreadsheets that are read row by row, and of those that are broken or made to fill memory.

use std::io::Cursor;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{
    super::{fault::fault_of, list_file::ListFile},
    sheets::{Cell, Table, ods, ods_parts, xlsx, xlsx_parts, zip},
    *,
};
use crate::domain::import::{FileForm, SheetFault};

/// The rows of the first visible sheet: their numbers, and their cells as texts.
fn read(file: Vec<u8>) -> Result<Vec<(u64, Vec<String>)>, SheetFault> {
    let read = || {
        let file = ListFile::new(Box::new(Cursor::new(file)));
        let length = file.digested()?;
        let archive = Archive::open(file, length)?;
        let is_xlsx = archive.form() == FileForm::Xlsx;
        let book = Spreadsheet::open(archive, is_xlsx)?;
        let sheet = book.sheets.iter().find(|sheet| !sheet.is_hidden).ok_or(SheetFault::Damaged)?;
        let (mut rows, mut row, mut read) = (book.rows(sheet)?, SheetRow::default(), Vec::new());
        while rows.next(&mut row, &|_| true)? {
            let text = |(column, content): &(u16, Content)| match content {
                Content::Text(from, to) => format!("{column}={}", String::from_utf8_lossy(row.text(*from, *to))),
                Content::Fault(fault) => format!("{column}!{fault:?}"),
            };
            let cells = row.cells.iter().map(text).collect();
            if !row.cells.is_empty() && read.len() < 100 {
                read.push((row.number, cells));
            }
        }
        Ok(read)
    };
    read().map_err(|error: io::Error| fault_of(&error))
}

fn cells() -> Vec<Cell> {
    vec![
        Cell::Empty,
        Cell::Text("A & <B>".into()),
        Cell::Inline("C".into()),
        Cell::Number("337204200767000", 0),
        Cell::Number("3.3720420076700001E+15", 0),
        Cell::Number("47483", 1),
        Cell::Number("47483.75", 2),
        Cell::Number("6", 3),
        Cell::Number("0.5", 4),
        Cell::Formula(Some("D")),
        Cell::Formula(None),
        Cell::Bool,
        Cell::Error("#N/A"),
    ]
}

fn table() -> Table {
    Table::new("Data", [vec![], vec![Cell::Text("Judul".into())], vec![], cells()])
}

#[test]
fn each_cell_of_both_formats_is_its_text_or_a_fault() {
    let expected = [
        "1=A & <B>",
        "2=C",
        "3=337204200767000",
        "4!Rounded",
        "5=2029-12-31",
        "6=2029-12-31T18:00:00",
        "7=006",
        "8!TimeOfDay",
        "9=D",
        "10!NotCalculated",
        "11!Boolean",
        "12!NotAvailable",
    ];
    let hidden = Table { is_hidden: true, ..Table::new("Hidden", [vec![Cell::Text("x".into())]]) };
    for file in [xlsx(&[hidden.clone(), table()]), ods(&[hidden, table()])] {
        let rows = read(file).unwrap();
        assert_eq!(rows, [(2, vec!["0=Judul".to_owned()]), (4, expected.map(str::to_owned).to_vec())]);
    }
}

/// The parts of a file with this text in the place of another.
fn replaced(mut parts: Vec<(String, Vec<u8>)>, from: &str, to: &str) -> Vec<u8> {
    for (_, content) in &mut parts {
        if let Ok(text) = String::from_utf8(content.clone()) {
            *content = text.replacen(from, to, 1).into_bytes();
        }
    }
    zip(&parts)
}

#[test]
fn a_text_of_several_fonts_is_one_and_its_pronunciation_is_left_out() {
    let parts = xlsx_parts(&[Table::new("T", [vec![Cell::Text("X".into())]])]);
    let shared = "<si><r><t>SI</t></r><r><t>TI_x000D_</t></r><rPh><t>y</t></rPh></si>";
    let file = replaced(parts, "<si><t xml:space=\"preserve\">X</t></si>", shared);
    assert_eq!(read(file), Ok(vec![(1, vec!["0=SITI\r".to_owned()])]));
    let parts = ods_parts(&[Table::new("T", [vec![Cell::Text("X".into())]])]);
    let text = "<text:p>A<text:s text:c=\"2\"/>B</text:p><office:annotation><text:p>note</text:p></office:annotation><text:p>C\
                <text:span>D</text:span></text:p>";
    assert_eq!(read(replaced(parts, "<text:p>X</text:p>", text)), Ok(vec![(1, vec!["0=A  B\nCD".to_owned()])]));
}

#[test]
fn a_spreadsheet_that_is_made_to_fill_memory_or_time_is_refused() {
    let big = || vec![b' '; 100 << 20];
    let with = |name: &str, content: Vec<u8>| {
        let mut parts = xlsx_parts(&[table()]);
        parts.retain(|(part, _)| part != name);
        parts.push((name.to_owned(), content));
        zip(&parts)
    };
    assert_eq!(read(with("xl/worksheets/sheet1.xml", big())), Err(SheetFault::Expands));
    assert_eq!(read(with("xl/sharedStrings.xml", big())), Err(SheetFault::Expands));
    assert_eq!(read(with("xl/styles.xml", vec![b' '; 17 << 20])), Err(SheetFault::Expands));
    // The directory says less than there is.
    let mut file = with("xl/worksheets/sheet1.xml", big());
    let size = u32::try_from(100 << 20).unwrap().to_le_bytes();
    while let Some(at) = file.windows(4).position(|part| part == size) {
        file[at..at + 4].copy_from_slice(&1_000_u32.to_le_bytes());
    }
    assert_eq!(read(file), Err(SheetFault::Expands));
    for (from, to, fault) in [
        ("<c r=\"B4\"", "<c r=\"XFE4\"", SheetFault::Damaged),
        ("<row r=\"4\"", "<row r=\"1048577\"", SheetFault::Damaged),
        ("<row r=\"4\"", "<row r=\"2\"", SheetFault::Damaged),
        ("<c r=\"B4\"", "<c r=\"A4\"", SheetFault::Damaged),
        ("<worksheet>", "<!DOCTYPE x [<!ENTITY a \"b\">]><worksheet>", SheetFault::DocumentType),
        ("<v>0</v>", "<v>1000000</v>", SheetFault::Damaged),
    ] {
        assert_eq!(read(replaced(xlsx_parts(&[table()]), from, to)), Err(fault), "{to}");
    }
    let long = "x".repeat(2 << 20);
    assert_eq!(
        read(replaced(xlsx_parts(&[table()]), "<t>C</t>", &format!("<t>{long}</t>"))),
        Err(SheetFault::CellTooLarge)
    );
    for (from, to) in [
        (
            "<table:table-cell office:value-type=\"string\">",
            "<table:table-cell table:number-columns-repeated=\"1000000\">",
        ),
        (
            "<table:table-row>",
            "<table:table-row table:number-rows-repeated=\"2000000\"><table:table-cell><text:p>x</text:p></table:table-cell>",
        ),
    ] {
        assert_eq!(read(replaced(ods_parts(&[table()]), from, to)), Err(SheetFault::TooMany), "{to}");
    }
}

#[test]
fn a_spreadsheet_that_is_cut_off_is_refused_wherever_it_ends() {
    for file in [xlsx(&[table()]), ods(&[table()])] {
        for length in 0..file.len() {
            assert!(read(file[..length].to_vec()).is_err(), "{length} of {}", file.len());
        }
    }
}

/// The number of broken files of each kind, and the seed that makes them.
const BROKEN: usize = 1_500;
const SEED: u64 = 2015;

#[test]
fn some_thousand_broken_spreadsheets_are_read_or_refused_without_a_panic() {
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    for parts in [xlsx_parts(&[table()]), ods_parts(&[table()])] {
        for case in 0..BROKEN {
            // In the archive itself, and in a part of it whose checksum is right.
            let mut file = zip(&parts);
            for _ in 0..random.random_range(1..4) {
                let at = random.random_range(0..file.len());
                file[at] = random.random();
            }
            let _ = read(file);
            let mut parts = parts.clone();
            let at = random.random_range(0..parts.len());
            let content = &mut parts[at].1;
            for _ in 0..random.random_range(1..4) {
                let at = random.random_range(0..content.len());
                match case % 3 {
                    0 => content[at] = random.random(),
                    1 => drop(content.remove(at)),
                    _ => content.insert(at, b"<>/&\"= 9"[random.random_range(0..8)]),
                }
            }
            let _ = read(zip(&parts));
        }
    }
}
