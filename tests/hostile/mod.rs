//! Hostile and odd waiting lists of any size, for tests. A list is made unit by unit while it is read, and never stored.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

/// The lists of a kind: how many times as long each is as the smallest.
pub(crate) const SIZES: [u64; 3] = [1, 4, 16];

/// A kind of list, for the profile `student`.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// Whether it is JSON Lines.
    pub(crate) is_json: bool,
    /// The units of the smallest list, in a short test and in a full one.
    pub(crate) units: [u64; 2],
    /// Words of the answer that show what became of it.
    pub(crate) told: &'static str,
    head: fn() -> String,
    /// A unit by its number: a row, or a part of one.
    unit: fn(u64) -> Vec<u8>,
}

const HEADER: &str =
    "request_id,request_kind,status,requested_at,verified_at,student_number,name,valid_until,faculty,programme,photo";
/// The bytes of a unit of a line that does not end.
const PART: usize = 64 * 1024;

impl Kind {
    fn csv(name: &'static str, units: [u64; 2], told: &'static str, unit: fn(u64) -> Vec<u8>) -> Self {
        Self { name, is_json: false, units, told, head: || format!("{HEADER}\n"), unit }
    }

    fn json(name: &'static str, units: [u64; 2], told: &'static str, unit: fn(u64) -> Vec<u8>) -> Self {
        Self { is_json: true, head: String::new, ..Self::csv(name, units, told, unit) }
    }

    fn after(self, head: fn() -> String) -> Self {
        Self { head, ..self }
    }

    /// Whether many of its rows are of one person or one request.
    pub(crate) fn joins_rows(&self) -> bool {
        self.name.contains("person") || self.name.starts_with("one request")
    }

    /// Whether rows of it are accepted.
    pub(crate) fn has_good_rows(&self) -> bool {
        ["accepted", "quarantined", "conflict", "restored", "withdrawn"].contains(&self.told)
    }

    /// A list with that many units.
    pub(crate) fn list(&self, units: u64) -> List {
        List { kind: *self, units, next: 0, bytes: Vec::new(), at: 0 }
    }
}

/// All kinds. The first one is a good list.
pub(crate) fn kinds() -> Vec<Kind> {
    vec![
        Kind::csv("good rows", [25, 4_000], "accepted", |n| row(n, n, "A")),
        Kind::csv("mixed line ends", [25, 4_000], "accepted", |n| {
            let end = match n % 4 {
                0 => "\n",
                1 => "\r\n",
                2 => "\r",
                _ => "\r\n\n\r",
            };
            [row(n, n, "A").trim_ascii_end(), end.as_bytes()].concat()
        }),
        Kind::csv("a header of many columns", [125, 12_500], "columns|longer than 64 KiB", |n| {
            format!("column {n},").into()
        })
        .after(String::new),
        Kind::csv("30,000 values under no heading", [2, 32], "accepted", |n| {
            [row(n, n, "A").trim_ascii_end(), &b",x".repeat(30_000), b"\n"].concat()
        })
        .after(|| format!("{HEADER}{}\n", ",".repeat(30_000))),
        Kind::csv("a line without end", [64, 1_024], "header", |_| vec![b'a'; PART]).after(String::new),
        Kind::csv("empty rows", [2_000, 62_500], "total", |_| [&[b','; 10][..], b"\n"].concat()),
        Kind::csv("empty lines", [2_000, 62_500], "total", |_| b"\n".to_vec()),
        Kind::csv("rows of 10,000 quotes", [4, 100], "refused", |n| row(n, n, &"\"".repeat(10_000))),
        Kind::csv("a quote that is not closed", [100, 4_000], "quote", |n| row(n, n, "A"))
            .after(|| format!("{HEADER}\n\"")),
        Kind::csv("values of 990 bytes", [20, 1_000], "refused", |n| row(n, n, &"X ".repeat(495))),
        Kind::csv("one person in all rows", [40, 2_000], "quarantined", |n| row(n, 0, "A")),
        Kind::csv("one request in all rows", [40, 2_000], "conflict", |n| row(0, n, "A")),
        Kind::csv("one request withdrawn and restored", [25, 500], "restored", |n| accepted_and_withdrawn(n % 2, 0)),
        Kind::csv("one person whose requests are all withdrawn", [25, 1_000], "withdrawn", |n| {
            accepted_and_withdrawn(n, 0)
        }),
        Kind::csv("300 persons whose requests are all withdrawn", [25, 1_000], "withdrawn", |n| {
            accepted_and_withdrawn(n, n / 2 % 300)
        }),
        Kind::csv("NULs", [250, 4_000], "refused", |n| row(n, n, "A\0B")),
        Kind::csv("invalid UTF-8", [250, 4_000], "refused", |n| {
            row(n, n, "?").into_iter().map(|byte| if byte == b'?' { 0xff } else { byte }).collect()
        }),
        Kind::json("a string without end", [16, 1_024], "refused", |_| vec![b'a'; PART])
            .after(|| "{\"request_id\":\"".to_owned()),
        Kind::json("arrays 10,000 deep", [8, 100], "refused", |_| object("name", &"[".repeat(10_000), "")),
        Kind::json("30,000 numbers in a value", [2, 32], "refused", |_| {
            object("name", &format!("[{}0]", "0,".repeat(30_000)), "")
        }),
        Kind::json("5,000 unknown keys", [2, 32], "accepted", |n| {
            let keys = (0..5_000).map(|key| format!("\"k{key}\":0,")).collect::<Vec<_>>().concat();
            object(&format!("{keys}\"request_id"), &format!("\"r{n:06}\""), &good_members(n))
        }),
        Kind::json("one key 7,000 times", [2, 32], "refused", |_| {
            object("name", &format!("0{}", ",\"name\":0".repeat(7_000)), "")
        }),
    ]
}

/// A print-ready row of a request and a person, by their numbers.
fn row(request: u64, person: u64, name: &str) -> Vec<u8> {
    let instants = "2025-12-01T00:00:00Z,2026-01-01T00:00:00Z";
    format!("r{request:06},new,ENROLLED,{instants},S{person:06},{name},2029-12-31,FACULTY,PROGRAMME,\n").into()
}

/// Rows of which each second one withdraws the request before, so that no record of the person occupies the slot.
fn accepted_and_withdrawn(n: u64, person: u64) -> Vec<u8> {
    let line = String::from_utf8_lossy(&row(n / 2, person, "A")).into_owned();
    if n.is_multiple_of(2) { line } else { line.replace("ENROLLED", "EXPELLED") }.into()
}

/// The members of a print-ready row of JSON but for its request id.
fn good_members(n: u64) -> String {
    let line = String::from_utf8_lossy(&row(n, n, "A")).trim().to_owned();
    let members = HEADER.split(',').zip(line.split(',')).skip(1);
    members.map(|(key, value)| format!(",\"{key}\":\"{value}\"")).collect::<Vec<_>>().concat()
}

/// A line with an object. The values are JSON, and `more` are further members.
fn object(key: &str, value: &str, more: &str) -> Vec<u8> {
    let quote = if key.starts_with('"') { "" } else { "\"" };
    format!("{{{quote}{key}\":{value}{more}}}\n").into()
}

/// One list, which is read as a file is.
pub(crate) struct List {
    kind: Kind,
    units: u64,
    /// The number of the next unit; the head comes before unit 0.
    next: u64,
    bytes: Vec<u8>,
    at: usize,
}

impl Read for List {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.bytes.len() {
            let unit = match self.next {
                0 => (self.kind.head)().into_bytes(),
                n if n <= self.units => (self.kind.unit)(n - 1),
                _ => return Ok(0),
            };
            (self.bytes, self.at, self.next) = (unit, 0, self.next + 1);
        }
        let read = (&self.bytes[self.at..]).read(buffer)?;
        self.at += read;
        Ok(read)
    }
}

impl Seek for List {
    /// Goes to the start or to the end, which is all that an import needs.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (at, next) = match to {
            SeekFrom::Start(0) => (0, 0),
            SeekFrom::End(0) => (io::copy(&mut self.kind.list(self.units), &mut io::sink())?, self.units + 1),
            SeekFrom::Start(_) | SeekFrom::End(_) | SeekFrom::Current(_) => return Err(ErrorKind::Unsupported.into()),
        };
        (self.next, self.bytes, self.at) = (next, Vec::new(), 0);
        Ok(at)
    }
}
