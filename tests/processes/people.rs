//! Waiting lists. Everybody in them is made up, and nobody is there twice.

use std::fmt::Write;

const STUDENT_HEADER: &str =
    "request_id,request_kind,status,requested_at,verified_at,student_number,name,valid_until,faculty,programme\n";

/// Requests `first..first + count` for student cards. Every one is print-ready.
pub(crate) fn students(first: usize, count: usize) -> String {
    let mut list = STUDENT_HEADER.to_owned();
    for number in first..first + count {
        student(&mut list, number, "ENROLLED");
    }
    list
}

/// The same people, whose cards are not to be printed any more.
pub(crate) fn withdrawn(numbers: impl IntoIterator<Item = usize>) -> String {
    let mut list = STUDENT_HEADER.to_owned();
    for number in numbers {
        student(&mut list, number, "APPLIED");
    }
    list
}

/// As [`students`], with `between` requests that are not print-ready after each.
pub(crate) fn students_among_others(first: usize, count: usize, between: usize) -> String {
    let mut list = STUDENT_HEADER.to_owned();
    for number in first..first + count {
        student(&mut list, number, "ENROLLED");
        for other in 0..between {
            student(&mut list, 1_000_000 + number * between + other, "APPLIED");
        }
    }
    list
}

fn student(list: &mut String, number: usize, status: &str) {
    let (faculty, programme) = (number % 7, number % 3);
    let (minute, second) = (number / 60 % 60, number % 60);
    let line = format!(
        "S-{number},new,{status},2024-08-01T08:00:00+07:00,2024-08-02T08:{minute:02}:{second:02}+07:00,\
         ST{number:08},Student Number {number},2028-07-31,Faculty {faculty},Programme {programme}"
    );
    writeln!(list, "{line}").unwrap();
}

/// The one photo that all citizens share.
pub(crate) const PHOTO: &str = "photo.png";
/// What is in it.
pub(crate) const FACE: &[u8] = include_bytes!("../../src/profiles/ktp-el/sample.png");

pub(crate) const CITIZEN_HEADER: [&str; 21] = [
    "request_id",
    "request_kind",
    "status",
    "requested_at",
    "verified_at",
    "photo",
    "nik",
    "name",
    "birth_place",
    "birth_date",
    "sex",
    "blood_type",
    "address",
    "rt",
    "rw",
    "village",
    "district",
    "religion",
    "marital_status",
    "occupation",
    "nationality",
];

/// One citizen, in the order of [`CITIZEN_HEADER`]. The numbers are well formed and given to nobody.
pub(crate) fn citizen(number: usize) -> [String; 21] {
    let (day, month, year) = (number % 28 + 1, number % 12 + 1, 60 + number % 40);
    let text = str::to_owned;
    [
        format!("R-{number:05}"),
        text("first"),
        text("PRINT_READY_RECORD"),
        text("2015-07-01T08:00:00+07:00"),
        format!("2015-07-02T{:02}:{:02}:{:02}+07:00", number / 3600 % 24, number / 60 % 60, number % 60),
        text(PHOTO),
        format!("337204{day:02}{month:02}{year:02}{:04}", number % 9_000 + 1),
        format!("Warsinah Q{number} Projotaruno"),
        text("Wonogirikulon"),
        format!("19{year:02}-{month:02}-{day:02}"),
        text("M"),
        text("O"),
        format!("Jalan Kenangamekar {number}"),
        text("003"),
        text("011"),
        text("Kelurahan Satu"),
        text("Kecamatan Dua"),
        text("Kepercayaan Lain"),
        text("Belum Kawin"),
        text("Pengrajin Gamelan"),
        text("WNI"),
    ]
}

/// Requests for identity cards, `0..count`, all print-ready, with such a character between fields.
pub(crate) fn citizens(delimiter: &str, count: usize) -> String {
    let rows = (0..count).map(|number| citizen(number).join(delimiter));
    let lines = std::iter::once(CITIZEN_HEADER.join(delimiter)).chain(rows);
    lines.map(|line| line + "\n").collect()
}
