//! Tests P3 and the rule that personal data stays inside, on lists that a generator makes from good ones: columns exchanged, left out
//! and doubled, cells changed as spreadsheets do, characters that cannot be seen, bytes that are missing or wrong.

use std::{
    collections::{BTreeMap, HashSet},
    io,
};

use async_trait::async_trait;
use cetak::{
    domain::{import::RowOutcome, permission::Operation},
    engine::{
        client::{Client, Direct},
        import::{Accept, DecidedRow, Format, Import, Watch, import},
        query::{ListAudit, ListAuditHeads},
    },
    store::keys::Keys,
};
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

use crate::database;
use crate::people::{CITIZEN_HEADER, FACE, PHOTO, citizen};
use crate::world::{World, all};

const SEED: u64 = 2_026;
const FILES: usize = 500;
const ROWS_MAX: usize = 8;

/// What only a personal value has: words of names and addresses, and the beginning of all identifiers.
const PERSONAL: [&str; 5] = ["Warsinah", "Projotaruno", "Wonogirikulon", "Kenangamekar", "337204"];

/// A list that is being made.
struct List {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    delimiter: char,
    first_line: Option<&'static str>,
    has_header: bool,
    is_json: bool,
    /// Faults of single bytes, made at the end.
    bytes: Vec<ByteFault>,
}

#[derive(Clone, Copy)]
enum ByteFault {
    CutOff,
    Replaced,
    OpenQuote,
}

impl List {
    fn good(first: usize, rows: usize) -> Self {
        Self {
            header: CITIZEN_HEADER.map(str::to_owned).into(),
            rows: (first..first + rows).map(|number| citizen(number).into()).collect(),
            delimiter: ',',
            first_line: None,
            has_header: true,
            is_json: false,
            bytes: Vec::new(),
        }
    }

    fn cell<'a>(&'a mut self, random: &mut ChaCha8Rng) -> &'a mut String {
        let row = random.random_range(0..self.rows.len());
        let at = random.random_range(0..self.rows[row].len());
        &mut self.rows[row][at]
    }

    /// Makes one fault.
    fn spoil(&mut self, random: &mut ChaCha8Rng) {
        let columns = self.header.len();
        let column = random.random_range(0..columns);
        match random.random_range(0..20) {
            0 | 1 => {
                // District and village are stored in the clear: a list in which they change places with a name cannot be told.
                let other = random.random_range(0..columns);
                let in_clear = |at: usize| ["district", "village"].contains(&self.header[at].as_str());
                if !in_clear(column) && !in_clear(other) {
                    self.header.swap(column, other);
                }
            }
            2 => self.rows.iter_mut().for_each(|row| row[2] = row[2].to_lowercase()),
            3 => self.delimiter = *[';', '\t'].choose(random).unwrap(),
            4 => (self.delimiter, self.first_line) = (';', Some("sep=;\n")),
            5 => {
                self.header.extend([String::new(), String::new()]);
                self.rows.iter_mut().for_each(|row| row.extend([String::new(), "Warsinah".into()]));
            }
            6 => {
                let at = random.random_range(0..=self.rows.len());
                self.rows.insert(at, vec![String::new(); columns]);
            }
            7 => self.rows.iter_mut().for_each(|row| row.push(String::new())),
            8 => {
                let hidden = ['\u{202e}', '\u{200b}', '\u{1b}', '\u{9b}', '\0', '\u{feff}'].choose(random).unwrap();
                self.cell(random).push(*hidden);
            }
            9 => self.cell(random).insert(0, '\''),
            10 => self.has_header = false,
            11 => self.header.iter_mut().for_each(|name| *name = name.to_uppercase().replace('_', " ")),
            12 => self.cell(random).push_str("\nGANG 2"),
            13 => self.bytes.push(ByteFault::CutOff),
            14 => self.bytes.push(ByteFault::Replaced),
            15 => self.bytes.push(ByteFault::OpenQuote),
            16 => self.is_json = true,
            17 => self.header[column] = self.header[random.random_range(0..columns)].clone(),
            18 => self.header[column] = "Warsinah \u{1b}[31mProjotaruno".into(),
            _ => self.rows.iter_mut().for_each(|row| row[6] = "3,37204E+15".into()),
        }
    }

    fn written(&self, random: &mut ChaCha8Rng) -> Vec<u8> {
        let mut bytes = Vec::new();
        if self.is_json {
            for row in &self.rows {
                let members: Vec<String> =
                    self.header.iter().zip(row).map(|(k, v)| format!("{}:{}", json(k), json(v))).collect();
                bytes.extend(format!("{{{}}}\n", members.join(",")).into_bytes());
            }
        } else {
            bytes.extend(self.first_line.unwrap_or_default().bytes());
            let quoted = |cell: &String| {
                let is_plain = !cell.contains(['"', '\n', self.delimiter]);
                if is_plain { cell.clone() } else { format!("\"{}\"", cell.replace('"', "\"\"")) }
            };
            let line = |row: &Vec<String>| row.iter().map(quoted).collect::<Vec<_>>().join(&self.delimiter.to_string());
            let header = self.has_header.then_some(&self.header);
            bytes.extend(
                header.into_iter().chain(&self.rows).map(|row| line(row) + "\n").collect::<String>().into_bytes(),
            );
        }
        for fault in &self.bytes {
            let at = random.random_range(0..bytes.len());
            match fault {
                ByteFault::CutOff => bytes.truncate(at.max(1)),
                ByteFault::Replaced => bytes[at] = random.random(),
                ByteFault::OpenQuote => {
                    let start = bytes[at..].iter().position(|b| *b == b',').map_or(at, |more| at + more + 1);
                    bytes.insert(start.min(bytes.len()), b'"');
                }
            }
        }
        bytes
    }

    /// The cells of a row by the name of the column that its heading names.
    fn by_column(&self, row: &[String]) -> BTreeMap<&'static str, String> {
        let plain = |name: &str| name.to_lowercase().replace([' ', '_', '-'], "");
        let named = self.header.iter().zip(row).filter_map(|(heading, cell)| {
            let column = CITIZEN_HEADER.into_iter().find(|column| plain(column) == plain(heading))?;
            Some((column, cell.trim().replace('\n', " ")))
        });
        named.collect()
    }
}

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// Everything that an import tells.
#[derive(Default)]
struct Told(String);

#[async_trait]
impl Watch for Told {
    fn wants(&self, _: &RowOutcome) -> bool {
        true
    }

    async fn saved(&mut self, rows: Vec<DecidedRow>, _: u64, _: u64) -> io::Result<()> {
        for DecidedRow { place, request_id, outcome } in rows {
            self.0 += &format!("{} {request_id} {outcome:?}\n", place.row);
            if let RowOutcome::Refused(rejection) = outcome {
                self.0 += &format!("{}\n", cetak::cli::words::reason(&rejection.detail));
            }
        }
        Ok(())
    }
}

fn tells_a_person(text: &str) -> bool {
    PERSONAL.iter().any(|personal| text.contains(personal))
}

#[tokio::test]
async fn no_list_changes_a_value_silently_or_tells_a_personal_one() {
    let world = World::new().await;
    std::fs::write(world.dir.path().join(PHOTO), FACE).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let (mut imported, mut refused) = (0, 0);
    for file in 0..FILES {
        let mut list = List::good(file * ROWS_MAX, random.random_range(1..=ROWS_MAX));
        for _ in 0..random.random_range(1..=3) {
            list.spoil(&mut random);
        }
        let bytes = list.written(&mut random);
        let what = Import {
            source: format!("s{file}"),
            format: if list.is_json { Format::JsonLines } else { Format::Csv },
            accept: if random.random_bool(0.5) { vec![Accept::Rounded] } else { Vec::new() },
            ..world.list_of("ktp-el")
        };
        let mut told = Told::default();
        let permit = Direct::new(&world.engine).permit(Operation::Import).await.unwrap();
        let input = Box::new(io::Cursor::new(bytes));
        match import(&world.engine, &permit, input, what, &mut told).await {
            Ok(report) => {
                imported += report.accepted;
                told.0 += &format!("{report:?}");
            }
            Err(error) => {
                refused += 1;
                told.0 += &format!("{error:?}");
                told.0 += &cetak::cli::words::report(&error.into()).text;
            }
        }
        assert!(!tells_a_person(&told.0), "file {file}, seed {SEED}: {}", told.0);
        if list.bytes.is_empty() {
            compare(&world, &list, file).await;
        }
    }
    assert!(imported > 200 && refused > 50, "{imported} records, {refused} files");
    let in_clear =
        "SELECT COUNT(*) FROM record WHERE request_id || COALESCE(reason, '') || COALESCE(note, '') || kind LIKE ";
    for personal in PERSONAL {
        let found = database::execute(&world.location, &format!("{in_clear}'%{personal}%'")).await;
        assert_eq!(found.as_deref(), Ok("0"), "{personal}");
    }
    for head in Direct::new(&world.engine).query(ListAuditHeads {}).await.unwrap() {
        let entries = all(&world.engine, |page| ListAudit { chain: head.chain.clone(), page }).await;
        assert!(!tells_a_person(&format!("{entries:?}")));
    }
    world.audit().await;
}

/// Each stored value is that of its cell.
async fn compare(world: &World, list: &List, file: usize) {
    let keys = Keys::derive(&[7; 32]);
    let source = format!("s{file}");
    let mut seen = HashSet::new();
    for row in &list.rows {
        let cells = list.by_column(row);
        let Some(request_id) = cells.get("request_id").map(|id| id.trim_start_matches('\'')) else { continue };
        if !seen.insert(request_id.to_owned()) {
            continue; // a row after the first one with an id is refused if it differs
        }
        let mut tx = world.engine.store.read().await.unwrap();
        let Some(found) = tx.records_find(&source, &[request_id]).await.unwrap().pop() else { continue };
        let body = tx.bodies_get(&[found.id]).await.unwrap().pop().unwrap();
        let plain = keys.open(&format!("person/{source}/{request_id}"), &body.sealed).ok().unwrap();
        let stored: BTreeMap<String, String> = serde_json::from_slice(&plain).unwrap();
        for (column, cell) in cells.iter().filter(|(column, _)| stored.contains_key(**column)) {
            let marked = cell.strip_prefix('\'').filter(|rest| {
                ["nik", "birth_date"].contains(column) || (!rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
            });
            let cell = marked.unwrap_or(cell);
            assert_eq!(stored[*column], cell, "file {file}, seed {SEED}, column {column}");
        }
    }
}
