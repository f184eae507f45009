//! A waiting list of invented people, as the office of Kota Surakarta might have exported it in August 2015: mostly
//! good rows, with the flaws that such exports have.
//!
//! No real person is described: names are drawn from lists, portraits are drawn shapes, and every NIK has a serial of
//! 9001 or more, which no office has reached for the births of one day.

use std::{
    collections::{BTreeMap, HashSet},
    fs, io,
    path::{Path, PathBuf},
};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{names, portraits};

/// A written list, and the result that an import into an empty database must have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WaitingList {
    /// The file. The portraits are in `portraits` in the same folder.
    pub path: PathBuf,
    /// Rows without the header.
    pub rows: u32,
    /// The number of rows with each flaw; a row has at most one. The key is how such a row ends: the reason of its
    /// refusal (`status`, `nik`, `name`, `date`, `future`, `photo`), `known` for exact repeats, or `quarantined` for a
    /// citizen's second request. Every key is present; all other rows are accepted without a warning.
    pub flaws: BTreeMap<&'static str, u32>,
}

impl WaitingList {
    /// Rows that are accepted.
    pub fn count_good(&self) -> u32 {
        self.rows - self.flaws.values().sum::<u32>()
    }
}

/// Writes `waiting-list.csv` with `count` rows, and `portraits`, into `folder`, which is created if it does not exist.
/// The same seed and count give the same bytes.
///
/// # Errors
///
/// More than a million rows, or an error of the file system.
pub fn write_waiting_list(folder: &Path, seed: u64, count: u32) -> io::Result<WaitingList> {
    if count > COUNT_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("more than {COUNT_MAX} people")));
    }
    fs::create_dir_all(folder.join("portraits"))?;
    portraits::write(&folder.join("portraits"))?;
    let path = folder.join("waiting-list.csv");
    let mut file = csv::Writer::from_path(&path)?;
    file.write_record(COLUMNS)?;
    let mut office = Office::new(seed);
    for number in 1..=count {
        file.write_record(office.next_row(number)?.columns())?;
    }
    file.flush()?;
    Ok(WaitingList { path, rows: count, flaws: office.flaws })
}

/// The maximum of rows. Below it, few NIKs are taken, so that a free one is drawn in one or two tries.
const COUNT_MAX: u32 = 1_000_000;

const COLUMNS: [&str; 22] = [
    "request_id",
    "nik",
    "name",
    "birth_place",
    "birth_date",
    "sex",
    "blood_type",
    "address",
    "rt",
    "rw",
    "village_code",
    "village",
    "district",
    "religion",
    "marital_status",
    "occupation",
    "nationality",
    "request_kind",
    "status",
    "requested_at",
    "verified_at",
    "photo",
];

/// One row. No `Debug`, as for the rows of real lists.
#[derive(Clone)]
struct Row {
    request_id: String,
    nik: String,
    name: String,
    birth_place: &'static str,
    birth_date: String,
    sex: char,
    blood_type: &'static str,
    address: String,
    rt: u32,
    rw: u32,
    village_code: String,
    village: &'static str,
    district: &'static str,
    religion: &'static str,
    marital_status: &'static str,
    occupation: &'static str,
    request_kind: &'static str,
    status: &'static str,
    /// Days after 1 January 2015.
    requested_day: u32,
    requested_at: String,
    verified_at: String,
    photo: String,
}

impl Row {
    fn columns(self) -> [String; COLUMNS.len()] {
        [
            self.request_id,
            self.nik,
            self.name,
            self.birth_place.into(),
            self.birth_date,
            self.sex.into(),
            self.blood_type.into(),
            self.address,
            format!("{:03}", self.rt),
            format!("{:03}", self.rw),
            self.village_code,
            self.village.into(),
            self.district.into(),
            self.religion.into(),
            self.marital_status.into(),
            self.occupation.into(),
            "WNI".into(),
            self.request_kind.into(),
            self.status.into(),
            self.requested_at,
            self.verified_at,
            self.photo,
        ]
    }
}

/// The flaw of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Flaw {
    Status,
    Nik,
    Name,
    Date,
    Future,
    Photo,
    Known,
    Quarantined,
}

/// The rate of each flaw per thousand rows, and the name under which it is counted.
const FLAWS: [(u32, Flaw, &str); 8] = [
    (6, Flaw::Status, "status"),
    (3, Flaw::Nik, "identifier"),
    (1, Flaw::Name, "name"),
    (2, Flaw::Date, "date"),
    (1, Flaw::Future, "future"),
    (2, Flaw::Photo, "photo"),
    (2, Flaw::Known, "known"),
    (3, Flaw::Quarantined, "quarantined"),
];

/// The rate per thousand of rows with unusual but valid notation.
const ODD_PER_MILLE: u32 = 8;

const READY: &str = "PRINT_READY_RECORD";

const KINDS: [(u32, &str); 5] = [(62, "first"), (22, "change"), (9, "lost"), (6, "damaged"), (1, "correction")];
const RELIGIONS: [(u32, &str); 5] = [(80, "ISLAM"), (10, "KRISTEN"), (8, "KATHOLIK"), (1, "HINDU"), (1, "BUDDHA")];
const BLOOD_TYPES: [(u32, &str); 5] = [(33, "-"), (18, "A"), (19, "B"), (6, "AB"), (24, "O")];
const BIRTH_PLACES: [(u32, &str); 8] = [
    (66, "SURAKARTA"),
    (8, "SUKOHARJO"),
    (7, "KARANGANYAR"),
    (6, "BOYOLALI"),
    (5, "SRAGEN"),
    (4, "KLATEN"),
    (3, "WONOGIRI"),
    (1, "SEMARANG"),
];
const OCCUPATIONS: [&str; 9] = [
    "BELUM/TIDAK BEKERJA",
    "BURUH HARIAN LEPAS",
    "GURU",
    "KARYAWAN SWASTA",
    "PEDAGANG",
    "PEGAWAI NEGERI SIPIL",
    "PENJAHIT",
    "SOPIR",
    "WIRASWASTA",
];

/// The generator of the list.
struct Office {
    random: ChaCha8Rng,
    men: Vec<&'static str>,
    women: Vec<&'static str>,
    family: Vec<&'static str>,
    second_women: Vec<&'static str>,
    /// District number and name, village number and name.
    villages: Vec<(u32, &'static str, u32, &'static str)>,
    niks: HashSet<String>,
    /// Good rows that may be repeated; at most [`REMEMBERED_MAX`].
    remembered: Vec<Row>,
    flaws: BTreeMap<&'static str, u32>,
}

/// The maximum of rows to choose repeats from.
const REMEMBERED_MAX: usize = 500;

/// The maximum of draws for a free NIK, far above the number that is ever needed.
const NIK_TRIES_MAX: u32 = 1_000;

impl Office {
    fn new(seed: u64) -> Self {
        let words = |text: &'static str| text.split_whitespace().collect();
        let villages = (1..).zip(names::DISTRICTS).flat_map(|(number, (district, villages))| {
            (1001..)
                .zip(villages.split('|'))
                .map(move |(village_number, village)| (number, district, village_number, village))
        });
        Self {
            random: ChaCha8Rng::seed_from_u64(seed),
            men: words(names::MEN),
            women: words(names::WOMEN),
            family: words(names::FAMILY),
            second_women: words(names::SECOND_WOMEN),
            villages: villages.collect(),
            niks: HashSet::new(),
            remembered: Vec::new(),
            flaws: FLAWS.iter().map(|(_, _, key)| (*key, 0)).collect(),
        }
    }

    fn next_row(&mut self, number: u32) -> io::Result<Row> {
        let request_id = format!("3372-2015-{number:06}");
        let Some((flaw, key)) = self.draw_flaw() else {
            let mut row = self.good_row(request_id)?;
            if self.chance(ODD_PER_MILLE, 1_000) {
                self.make_odd(&mut row);
            }
            self.remember(&row);
            return Ok(row);
        };
        let row = match flaw {
            Flaw::Known => self.recall(),
            Flaw::Quarantined => self.recall().map(|first| self.second_request(first, request_id.clone())),
            Flaw::Status | Flaw::Nik | Flaw::Name | Flaw::Date | Flaw::Future | Flaw::Photo => {
                let mut row = self.good_row(request_id.clone())?;
                self.spoil(&mut row, flaw);
                Some(row)
            }
        };
        // The first rows have no earlier row to repeat.
        let Some(row) = row else { return self.good_row(request_id) };
        *self.flaws.entry(key).or_default() += 1;
        Ok(row)
    }

    fn draw_flaw(&mut self) -> Option<(Flaw, &'static str)> {
        let mut left = self.below(1_000);
        for (share, flaw, key) in FLAWS {
            if left < share {
                return Some((flaw, key));
            }
            left -= share;
        }
        None
    }

    fn remember(&mut self, row: &Row) {
        if self.remembered.len() < REMEMBERED_MAX {
            self.remembered.push(row.clone());
        } else {
            let place = self.index(REMEMBERED_MAX);
            self.remembered[place] = row.clone();
        }
    }

    /// Takes a random earlier row; each is taken at most once.
    fn recall(&mut self) -> Option<Row> {
        if self.remembered.is_empty() {
            return None;
        }
        let place = self.index(self.remembered.len());
        Some(self.remembered.swap_remove(place))
    }

    fn good_row(&mut self, request_id: String) -> io::Result<Row> {
        let sex = if self.chance(1, 2) { 'M' } else { 'F' };
        // The later of two draws makes young people more frequent. The youngest are 17 on any day of 2015.
        let birth_year = 1997 - self.below(68).min(self.below(68));
        let (birth_month, birth_day) = month_and_day(self.below(365));
        let age = 2015 - birth_year;
        let place = self.index(self.villages.len());
        let (district_number, district, village_number, village) = self.villages[place];
        // A citizen who moved within the town keeps the NIK of the first district.
        let nik_district = if self.chance(9, 10) { district_number } else { 1 + self.below(5) };
        let day_code = birth_day + if sex == 'F' { 40 } else { 0 };
        let nik = self.nik(&format!("3372{nik_district:02}{day_code:02}{birth_month:02}{:02}", birth_year % 100))?;
        let requested_day = self.below(LAST_DAY + 1);
        let (requested_at, verified_at) = self.instants(requested_day);
        let name = self.name(sex, age);
        // Only Muslims have the title of a haji.
        let haji = name.starts_with("H. ") || name.starts_with("HJ. ");
        let variant = self.below(portraits::VARIANTS);
        Ok(Row {
            request_id,
            nik,
            name,
            birth_place: self.weighted(&BIRTH_PLACES),
            birth_date: format!("{birth_year}-{birth_month:02}-{birth_day:02}"),
            sex,
            blood_type: self.weighted(&BLOOD_TYPES),
            address: self.address(),
            rt: 1 + self.below(9),
            rw: 1 + self.below(24),
            village_code: format!("33.72.{district_number:02}.{village_number}"),
            village,
            district,
            religion: if haji { "ISLAM" } else { self.weighted(&RELIGIONS) },
            marital_status: self.marital_status(age),
            occupation: self.occupation(sex, age),
            request_kind: self.weighted(&KINDS),
            status: READY,
            requested_day,
            requested_at,
            verified_at,
            photo: format!("portraits/{}", portraits::file_name(birth_year, sex, variant)),
        })
    }

    /// A NIK that is not yet on this list, with the given first twelve digits.
    fn nik(&mut self, start: &str) -> io::Result<String> {
        for _ in 0..NIK_TRIES_MAX {
            let nik = format!("{start}{}", 9001 + self.below(999));
            if self.niks.insert(nik.clone()) {
                return Ok(nik);
            }
        }
        Err(io::Error::other("no free NIK for this day and district"))
    }

    fn name(&mut self, sex: char, age: u32) -> String {
        let man = sex == 'M';
        let mut words = Vec::with_capacity(4);
        if age >= 30 && self.chance(6, 100) {
            words.push(self.pick(if man { &names::TITLES_MEN } else { &names::TITLES_WOMEN }));
        }
        let (first, second) = self.two_given(man);
        words.push(first);
        if self.chance(3, 10) {
            words.push(second);
        }
        // Many old people have a single name.
        if !(age >= 50 && self.chance(1, 4)) {
            let list = if !man && self.chance(2, 5) { &self.second_women } else { &self.family };
            let place = self.random.random_range(0..list.len());
            words.push(list[place]);
        }
        let mut name = words.join(" ");
        if age >= 24 && self.chance(7, 100) {
            name.push_str(", ");
            name.push_str(self.pick(&names::TITLES_AFTER));
        }
        name
    }

    /// Two different given names.
    fn two_given(&mut self, man: bool) -> (&'static str, &'static str) {
        let count = if man { self.men.len() } else { self.women.len() };
        let first = self.index(count);
        let second = (first + 1 + self.index(count - 1)) % count;
        let list = if man { &self.men } else { &self.women };
        (list[first], list[second])
    }

    fn address(&mut self) -> String {
        let way = self.weighted(&[(6, "JL."), (3, "GG."), (1, "KP.")]);
        let street = self.pick(&names::STREETS);
        format!("{way} {street} NO. {}", 1 + self.below(199))
    }

    fn marital_status(&mut self, age: u32) -> &'static str {
        match age {
            ..22 => self.weighted(&[(95, "BELUM KAWIN"), (5, "KAWIN")]),
            22..35 => self.weighted(&[(40, "BELUM KAWIN"), (57, "KAWIN"), (3, "CERAI HIDUP")]),
            35..60 => self.weighted(&[(6, "BELUM KAWIN"), (83, "KAWIN"), (6, "CERAI HIDUP"), (5, "CERAI MATI")]),
            60.. => self.weighted(&[(2, "BELUM KAWIN"), (65, "KAWIN"), (4, "CERAI HIDUP"), (29, "CERAI MATI")]),
        }
    }

    fn occupation(&mut self, sex: char, age: u32) -> &'static str {
        if age < 23 && self.chance(7, 10) {
            "PELAJAR/MAHASISWA"
        } else if age >= 58 && self.chance(4, 10) {
            "PENSIUNAN"
        } else if sex == 'F' && self.chance(3, 10) {
            "MENGURUS RUMAH TANGGA"
        } else {
            self.pick(&OCCUPATIONS)
        }
    }

    /// An instant in office hours of that day, and the verification one to fourteen days later.
    fn instants(&mut self, requested_day: u32) -> (String, String) {
        let (requested, verified) = (8 * 60 + self.below(7 * 60), self.below(24 * 60));
        let verified_day = requested_day + 1 + self.below(14);
        (instant(requested_day, requested), instant(verified_day, verified))
    }

    /// Adds white space, commas, quotes or line breaks that an import must accept.
    fn make_odd(&mut self, row: &mut Row) {
        match self.below(5) {
            0 => row.name = format!("  {} ", row.name),
            1 => row.name = format!("{}\t", row.name.replacen(' ', "  ", 1)),
            2 => row.name = format!("{} \"{}\"", row.name, row.village),
            3 => row.address = format!("{},\r\nRUMAH \"{}\", BELAKANG", row.address, row.village),
            // Spreadsheets mark a number that is stored as text in this way.
            _ => row.nik = format!("'{} ", row.nik),
        }
    }

    fn second_request(&mut self, first: Row, request_id: String) -> Row {
        let requested_day = first.requested_day + self.below(LAST_DAY + 1 - first.requested_day);
        let (requested_at, verified_at) = self.instants(requested_day);
        let request_kind = self.weighted(&KINDS);
        Row { request_id, request_kind, requested_day, requested_at, verified_at, ..first }
    }

    /// Makes a good row flawed in exactly this way.
    fn spoil(&mut self, row: &mut Row, flaw: Flaw) {
        match flaw {
            Flaw::Status => self.spoil_status(row),
            Flaw::Nik => self.spoil_nik(row),
            Flaw::Name => row.name = self.pick(&["", " ", "   "]).into(),
            Flaw::Date => match self.below(4) {
                0 => row.birth_date = row.birth_date.replace('-', "/"),
                1 => row.birth_date = format!("{}-02-30", row.birth_date.get(..4).unwrap_or_default()),
                2 => row.requested_at.truncate("2015-01".len()),
                _ => row.verified_at = "NULL".into(),
            },
            Flaw::Future => row.verified_at.replace_range(..4, "2031"),
            Flaw::Photo if self.chance(1, 2) => row.photo = String::new(),
            Flaw::Photo => row.photo = format!("portraits/{}.png", row.request_id),
            Flaw::Known | Flaw::Quarantined => {}
        }
    }

    fn spoil_status(&mut self, row: &mut Row) {
        let statuses =
            ["BIO_CAPTURED", "PROCESSING", "SENT_FOR_ENROLLMENT", "DUPLICATE_RECORD", "ENROLL_FAILURE_AT_CENTRAL"];
        row.status = self.pick(&statuses);
        row.verified_at = String::new();
    }

    fn spoil_nik(&mut self, row: &mut Row) {
        match self.below(6) {
            0 => row.nik = String::new(),
            1 => row.nik.truncate(15),
            2 => row.nik.push('1'),
            3 => row.nik.replace_range(6..10, if row.sex == 'F' { "7102" } else { "3102" }),
            4 => row.nik.replace_range(12.., "0000"),
            _ => row.nik = row.nik.replace('9', "O"),
        }
    }

    fn below(&mut self, count: u32) -> u32 {
        self.random.random_range(0..count)
    }

    fn index(&mut self, length: usize) -> usize {
        self.random.random_range(0..length)
    }

    fn chance(&mut self, part: u32, whole: u32) -> bool {
        self.below(whole) < part
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from[self.index(from.len())]
    }

    /// A random value of a non-empty table, by weight.
    fn weighted(&mut self, table: &[(u32, &'static str)]) -> &'static str {
        let mut left = self.below(table.iter().map(|(weight, _)| weight).sum());
        for (weight, value) in table {
            if left < *weight {
                return value;
            }
            left -= weight;
        }
        table[0].1
    }
}

/// The last day of a request, 17 August: its verification, up to fourteen days later, is still in August.
const LAST_DAY: u32 = 228;

/// Month and day of month of a day of a common year, counted from 0. 29 February is never used.
fn month_and_day(day_of_year: u32) -> (u32, u32) {
    let mut day = day_of_year;
    for (month, days) in (1..).zip([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30]) {
        if day < days {
            return (month, day + 1);
        }
        day -= days;
    }
    (12, day + 1)
}

fn instant(day_of_year: u32, minute_of_day: u32) -> String {
    let (month, day) = month_and_day(day_of_year);
    format!("2015-{month:02}-{day:02}T{:02}:{:02}:00+07:00", minute_of_day / 60, minute_of_day % 60)
}

#[cfg(test)]
mod tests {
    use crate::{
        domain::{
            card::profile::CardProfile,
            import::{Checked, Layout, Row as IntakeRow, Warning},
            personal::Person,
            time::Timestamp,
        },
        render::{Card, CardRenderer, Renderer},
    };

    use super::*;

    fn ktp() -> CardProfile {
        crate::app::profiles::built_in().unwrap()["ktp-el"].as_ref().clone()
    }

    fn written(seed: u64, count: u32) -> (tempfile::TempDir, WaitingList) {
        let folder = tempfile::tempdir().unwrap();
        let list = write_waiting_list(folder.path(), seed, count).unwrap();
        (folder, list)
    }

    /// Cleaned rows in the order of the profile's layout.
    fn rows(list: &WaitingList, layout: &Layout) -> Vec<IntakeRow> {
        let mut file = csv::Reader::from_path(&list.path).unwrap();
        let header = file.headers().unwrap().clone();
        let column = |name: &String| header.iter().position(|h| h == name).unwrap();
        let columns: Vec<usize> = layout.columns.iter().map(column).collect();
        let row = |record: csv::StringRecord| {
            let mut row = layout.empty_row();
            for (at, column) in columns.iter().enumerate() {
                layout.set(&mut row, at, &record[*column]);
            }
            row
        };
        file.records().map(Result::unwrap).map(row).collect()
    }

    #[test]
    fn every_row_is_good_or_has_the_one_flaw_that_is_counted() {
        let (folder, list) = written(7, 6_000);
        let (profile, now) = (ktp(), Timestamp::parse("2015-08-31T23:59:59+07:00").unwrap());
        let layout = Layout::new(&profile);

        let mut found: BTreeMap<_, u32> = list.flaws.keys().map(|key| (*key, 0)).collect();
        let (mut requests, mut niks, mut good) = (BTreeMap::new(), HashSet::new(), 0);
        for row in rows(&list, &layout) {
            let key = match layout.check(&profile, row.clone(), now) {
                Checked::NotReady { .. } => Some("status"),
                Checked::Refused { rejection, .. } => Some(rejection.reason.as_str()),
                Checked::Ready(ready) if !folder.path().join(layout.photo(&ready.row)).is_file() => Some("photo"),
                Checked::Ready(ready) => {
                    let is_told = |warning: &Warning| matches!(warning, Warning::LinesJoined | Warning::MarkTakenOff);
                    assert!(ready.warnings.iter().all(is_told));
                    match requests.insert(layout.request_id(&ready).to_owned(), row.values.clone()) {
                        Some(before) => {
                            assert!(before == row.values, "the same request has the same body");
                            Some("known")
                        }
                        None => (!niks.insert(layout.identifier(&ready).to_owned())).then_some("quarantined"),
                    }
                }
            };
            match key {
                Some(key) => *found.entry(key).or_default() += 1,
                None => good += 1,
            }
        }

        assert_eq!(found, list.flaws);
        assert_eq!(good, list.count_good());
        assert!(list.flaws.values().all(|count| *count > 0), "{:?}", list.flaws);
        assert!((60..=180).contains(&(list.rows - good)), "about two in a hundred: {:?}", list.flaws);
    }

    #[test]
    fn a_seed_gives_the_same_list_everywhere_and_another_seed_another() {
        let read = |seed: u64| {
            let (_folder, list) = written(seed, 500);
            fs::read(&list.path).unwrap()
        };
        assert_eq!(read(1), read(1));
        assert_ne!(read(1), read(2));
    }

    #[test]
    fn shares_are_about_those_of_the_real_list() {
        let (_folder, list) = written(3, 6_000);
        let layout = Layout::new(&ktp());
        let rows = rows(&list, &layout);
        let share = |column: &str, value: &str| {
            let at = layout.position(column).unwrap();
            rows.iter().filter(|row| row.values[at] == value).count() * 100 / rows.len()
        };
        assert!((58..=66).contains(&share("request_kind", "first")));
        assert!((19..=25).contains(&share("request_kind", "change")));
        assert!((47..=53).contains(&share("sex", "F")));
        assert!((75..=85).contains(&share("religion", "ISLAM")));
        let villages: HashSet<_> =
            rows.iter().map(|row| &row.values[layout.position("village_code").unwrap()]).collect();
        assert_eq!(villages.len(), 54);
    }

    #[test]
    fn every_good_person_fits_on_the_card() {
        let (_folder, list) = written(11, 500);
        let (profile, now) = (ktp(), Timestamp::parse("2015-08-31T23:59:59+07:00").unwrap());
        let (layout, renderer) = (Layout::new(&profile), Renderer::new(&profile).unwrap());
        for row in rows(&list, &layout) {
            let Checked::Ready(ready) = layout.check(&profile, row, now) else { continue };
            let mut person = Person::default();
            layout.personal(&profile, &ready.row).for_each(|(field, value)| person.set(field, value.to_owned()));
            let card = Card {
                person: &person,
                district: layout.district(&ready),
                village: layout.village(&ready),
                request_id: layout.request_id(&ready),
                attempt: "cetak-demo-00000000-0000-7000-8000-000000000000",
                keyed_hash: "0123456789abcdef",
                photo: None,
            };
            renderer.check(&card).unwrap();
        }
    }

    #[test]
    fn there_are_sixteen_small_portraits_and_no_two_are_the_same() {
        let (folder, _) = written(1, 0);
        let files = fs::read_dir(folder.path().join("portraits")).unwrap();
        let photos: HashSet<Vec<u8>> = files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
        assert_eq!(photos.len(), 16);
        assert!(photos.iter().all(|bytes| (1_000..=5_000).contains(&bytes.len())));
    }

    #[test]
    fn more_people_than_niks_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = write_waiting_list(folder.path(), 1, COUNT_MAX + 1).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}
