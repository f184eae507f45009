//! Waiting lists for tests: invented students and citizens, each with unique numbers. (`cetak demo` and the benchmarks
//! use the larger list of `src/app/demo/people.rs`, which also has flaws.)

use std::ops::Range;

/// A student's request. Every field can be replaced before it is written with [`csv`].
#[derive(Clone)]
pub(crate) struct Student {
    pub(crate) request_id: String,
    pub(crate) number: String,
    pub(crate) name: String,
    pub(crate) faculty: String,
    pub(crate) programme: String,
    pub(crate) kind: String,
    pub(crate) status: String,
    pub(crate) verified_at: String,
    pub(crate) photo: String,
}

/// A print-ready request of student number `n`. Requests are verified in the order of their numbers, 1,440 per minute.
pub(crate) fn student(n: u32) -> Student {
    Student {
        request_id: format!("r{n:05}"),
        number: format!("S{n:06}"),
        name: format!("STUDENT NUMBER {n}"),
        faculty: format!("FACULTY {}", n % 3),
        programme: format!("PROGRAMME {}", n % 2),
        kind: "new".into(),
        status: "ENROLLED".into(),
        verified_at: format!("2026-01-01T{:02}:{:02}:00Z", n / 60 % 24, n % 60),
        photo: String::new(),
    }
}

/// A request that is not print-ready.
pub(crate) fn applicant(n: u32) -> Student {
    Student { status: "APPLIED".into(), ..student(n) }
}

/// A list as CSV.
pub(crate) fn csv(students: &[Student]) -> String {
    let mut list = String::from(
        "request_id,request_kind,status,requested_at,verified_at,student_number,name,valid_until,faculty,programme,photo\n",
    );
    for s in students {
        list += &format!(
            "{},{},{},2025-12-01T00:00:00Z,{},{},{},2029-12-31,{},{},{}\n",
            s.request_id, s.kind, s.status, s.verified_at, s.number, s.name, s.faculty, s.programme, s.photo
        );
    }
    list
}

/// A list of print-ready students with these numbers, as CSV.
pub(crate) fn students<N: TryInto<u32>>(numbers: Range<N>) -> String
where
    Range<N>: Iterator<Item = N>,
{
    csv(&each(numbers).map(student).collect::<Vec<_>>())
}

/// The same students with requests that are not print-ready any more.
pub(crate) fn withdrawn<N: TryInto<u32>>(numbers: Range<N>) -> String
where
    Range<N>: Iterator<Item = N>,
{
    csv(&each(numbers).map(applicant).collect::<Vec<_>>())
}

/// As [`students`], with `between` requests that are not print-ready after each.
pub(crate) fn students_among_others(numbers: Range<usize>, between: usize) -> String {
    let between = u32::try_from(between).unwrap();
    let with_others = |n: u32| {
        let others = (0..between).map(move |other| applicant(1_000_000 + n * between + other));
        std::iter::once(student(n)).chain(others)
    };
    csv(&each(numbers).flat_map(with_others).collect::<Vec<_>>())
}

fn each<N: TryInto<u32>>(numbers: Range<N>) -> impl Iterator<Item = u32>
where
    Range<N>: Iterator<Item = N>,
{
    numbers.map(|n| n.try_into().ok().unwrap())
}

/// The file name of the photo that all citizens share.
pub(crate) const PHOTO: &str = "photo.png";
/// The content of that file.
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

/// Citizen number `number`, in the order of [`CITIZEN_HEADER`]. The identifiers are well formed and belong to no
/// person.
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

/// A list of the citizens `0..count`, all print-ready, with `delimiter` between fields.
pub(crate) fn citizens(delimiter: &str, count: usize) -> String {
    let rows = (0..count).map(|number| citizen(number).join(delimiter));
    let lines = std::iter::once(CITIZEN_HEADER.join(delimiter)).chain(rows);
    lines.map(|line| line + "\n").collect()
}
