//! Injects faults of the operating system into a scheduler while it prints: calls that write, sync, rename, open, connect
//! or send fail, singly or for some seconds. After each fault printing goes on without a restart; what lasted was told once
//! and stood under "needs a person"; in the end the books agree with the printers.

use std::{
    collections::HashSet,
    fs::{self, File},
    hash::{DefaultHasher, Hash, Hasher},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha20Rng;

use crate::{
    cluster::Cluster,
    now,
    office::{Office, Running, number, wait_slowly_until},
    people,
    postgres::Postgres,
    storm::{compare_attempts, compare_blanks, compare_records, seeded, truth},
    wait, wait_until,
};

const SEED: u64 = 2015;
/// `FAULTS_KILLS` sets another number of faults for each database.
const EPISODES: usize = 6;
const PRINTERS: [&str; 2] = ["p1", "p2"];
const CARD_MS: u64 = 50;
/// Records are imported when fewer wait: enough for the cards of the two printers in an episode, and soon printed at the end.
const STUDENTS_MIN: usize = 150;
const STUDENTS_EACH: usize = 200;
/// A fault that lasts.
const LASTS_MS: std::ops::Range<u64> = 300..2_000;
/// How long a fault may take to be told, and printing to go on after it.
const SECONDS_MAX: u64 = 60;

/// The calls of faults.c.
const WRITE: u32 = 1;
pub(crate) const SYNC: u32 = 2;
const RENAME: u32 = 4;
const OPEN: u32 = 8;
const CONNECT: u32 = 16;
const SEND: u32 = 32;

/// In place of a number: the call never returns.
pub(crate) const HANG: u32 = 9_999;

/// Numbers of `errno` on Linux.
const EIO: u32 = 5;
const EACCES: u32 = 13;
const EMFILE: u32 = 24;
const ENOSPC: u32 = 28;
const EROFS: u32 = 30;
const EPIPE: u32 = 32;
const EDQUOT: u32 = 122;
const ENETUNREACH: u32 = 101;
const ECONNRESET: u32 = 104;
const ETIMEDOUT: u32 = 110;
const ECONNREFUSED: u32 = 111;

/// Which calls fail with which number, and whether the scheduler cannot work then and must tell.
type Fault = (u32, u32, bool);

/// A scheduler keeps its files open, so that it notices faults of `open` and `rename` only after others.
const FILE_FAULTS: [Fault; 11] = [
    (WRITE, ENOSPC, true),
    (WRITE, EDQUOT, true),
    (WRITE, EIO, true),
    (WRITE, EROFS, true),
    (SYNC, EIO, true),
    (SYNC, ENOSPC, true),
    (WRITE | SYNC, EIO, true),
    (WRITE | OPEN, EACCES, true),
    (WRITE | SYNC | RENAME | OPEN, EIO, true),
    (OPEN, EMFILE, false),
    (RENAME | OPEN, EACCES, false),
];

const NETWORK_FAULTS: [Fault; 7] = [
    (SEND, ECONNRESET, true),
    (SEND, EPIPE, true),
    (SEND | CONNECT, ECONNRESET, true),
    (SEND | CONNECT, ENETUNREACH, true),
    (SEND | CONNECT, ETIMEDOUT, true),
    (CONNECT, ECONNREFUSED, false),
    (CONNECT, EMFILE, false),
];

#[test]
fn after_faults_of_files_printing_goes_on_by_itself_and_the_books_agree_with_the_printers() {
    seeded("FAULTS", SEED, EPISODES, |seed, episodes| {
        let office = Office::new();
        inject(&office, &FILE_FAULTS, seed, episodes);
    });
}

#[test]
fn after_faults_of_the_connection_to_postgresql_printing_goes_on_by_itself_and_the_books_agree_with_the_printers() {
    seeded("FAULTS", SEED, EPISODES, |seed, episodes| {
        let cluster = Cluster::new(Postgres::start(), 1, 1);
        inject(&cluster.office, &NETWORK_FAULTS, seed, episodes);
    });
}

/// Prints lists on two printers, with that number of faults meanwhile.
fn inject(office: &Office, faults: &[Fault], seed: u64, episodes: usize) {
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    let (plan, mut students) = (Plan::new(office), 0);
    let blanks = (episodes + 2) * STUDENTS_EACH;
    office.receive("student", blanks);
    let blanks = usize::try_from(number(&office.status(), &["blangko", "student", "vault"])).unwrap();
    let mut import = |made: usize| {
        if students - made < STUDENTS_MIN {
            office.import("student", &people::students(students..students + STUDENTS_EACH));
            students += STUDENTS_EACH;
        }
        students
    };
    import(0);
    for name in PRINTERS {
        office.add_mock(name, "student", &format!("card_ms={CARD_MS}&hold=yes"));
    }
    let mut scheduler = plan.start(office, &["run"]);
    let made = || PRINTERS.iter().map(|name| office.truth(name).len()).sum::<usize>();
    wait_until("cards are printed", SECONDS_MAX, || made() > 2);
    let (mut hits, mut lasted) = (0, 0);
    let mut students = 0;
    for _ in 0..episodes {
        students = import(made());
        let (calls, error, is_told) = *faults.choose(&mut random).unwrap();
        let skip = random.random_range(0..30);
        let lasts = random.random_bool(0.5);
        plan.set(calls, error, skip, if lasts { u32::MAX } else { random.random_range(1..5) });
        wait(random.random_range(LASTS_MS));
        if lasts && is_told {
            lasted += 1;
            wait_slowly_until("the fault stands under \"needs a person\"", SECONDS_MAX, || is_fault_shown(office));
        }
        plan.clear();
        hits += plan.hits();
        let (before, end) = (made(), now().plus(Duration::from_secs(SECONDS_MAX)));
        wait_until(&format!("printing goes on after {error} of calls {calls:#x}"), SECONDS_MAX + 10, || {
            let messages = || scheduler.messages();
            assert!(
                now() < end,
                "no card is printed after {error} of calls {calls:#x}: {}\n{}",
                messages(),
                office.status()
            );
            assert!(!scheduler.has_ended(), "the scheduler has ended: {}", scheduler.messages());
            made() > before
        });
        wait_slowly_until("no fault is shown any more", SECONDS_MAX, || !is_fault_shown(office));
    }
    assert!(
        hits as usize > episodes / 2 && (lasted > 0 || episodes < 8),
        "{hits} calls failed, {lasted} faults lasted"
    );

    let all = i64::try_from(students).unwrap();
    wait_slowly_until("all lists are printed", 300, || number(&office.status(), &["records", "printed"]) == all);
    scheduler.ask_to_stop();
    let answer = scheduler.ended(SECONDS_MAX);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert_told_once(&answer.stderr);
    let (status, attempts) = (office.status(), office.attempts());
    let truth = truth(PRINTERS.iter().flat_map(|name| office.truth(name)));
    compare_attempts(&attempts, &truth);
    compare_records(&attempts, &truth, &status, students, &HashSet::new());
    compare_blanks(&truth, &status, blanks);
    office.done(&["audit", "verify"]);
    office.done(&["db", "check"]);
}

fn is_fault_shown(office: &Office) -> bool {
    office.status()["needs_person"].as_array().unwrap().iter().any(|need| need.to_string().contains("scheduler-fault"))
}

/// Asserts that each reason of an outage was logged once before the database could be used again.
fn assert_told_once(log: &str) {
    for verb in ["written", "reached"] {
        let mut told = HashSet::new();
        for line in log.lines() {
            if line.contains(&format!("the database can be {verb} again")) {
                told.clear();
            } else if let Some((_, reason)) = line.split_once(&format!("the database cannot be {verb}: ")) {
                let reason = reason.split(';').next().unwrap().to_owned();
                assert!(told.insert(reason.clone()), "`{reason}` was told twice: {log}");
            }
        }
    }
}

/// The faults of a process, in a file that it shares.
pub(crate) struct Plan {
    file: File,
    path: PathBuf,
    library: PathBuf,
}

impl Plan {
    pub(crate) fn new(office: &Office) -> Self {
        let path = office.file("faults");
        fs::write(&path, [0; 20]).unwrap();
        let file = File::options().read(true).write(true).open(&path).unwrap();
        Self { file, path, library: library() }
    }

    /// Starts a process whose calls fail as planned.
    pub(crate) fn start(&self, office: &Office, arguments: &[&str]) -> Running {
        let mut command = office.command(arguments);
        command.env("LD_PRELOAD", &self.library).env("FAULTS_PLAN", &self.path).env("FAULTS_FOLDER", office.data());
        office.start_command(command)
    }

    /// Lets `left` of these calls fail with that number, after `skip` that succeed.
    pub(crate) fn set(&self, calls: u32, error: u32, skip: u32, left: u32) {
        // What chooses the calls comes last.
        for (at, number) in [(4, error), (8, skip), (12, left), (0, calls)] {
            self.file.write_all_at(&number.to_le_bytes(), at).unwrap();
        }
    }

    fn clear(&self) {
        self.file.write_all_at(&0_u32.to_le_bytes(), 0).unwrap();
    }

    /// How many calls have failed since this was asked last.
    fn hits(&self) -> u32 {
        let mut bytes = [0; 4];
        self.file.read_exact_at(&mut bytes, 16).unwrap();
        self.file.write_all_at(&[0; 4], 16).unwrap();
        u32::from_le_bytes(bytes)
    }
}

/// Compiles faults.c, once for each of its versions.
fn library() -> PathBuf {
    const SOURCE: &str = include_str!("faults.c");
    let mut hasher = DefaultHasher::new();
    SOURCE.hash(&mut hasher);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let library = folder.join(format!("faults-{:016x}.so", hasher.finish()));
    if !library.exists() {
        fs::create_dir_all(folder).unwrap();
        let own = tempfile::Builder::new().prefix("faults-").tempdir_in(folder).unwrap();
        fs::write(own.path().join("faults.c"), SOURCE).unwrap();
        let mut compiler = Command::new("cc");
        compiler.current_dir(own.path()).args(["-Wall", "-Wextra", "-O1", "-shared", "-fPIC", "-o", "faults.so"]);
        assert!(compiler.args(["faults.c", "-ldl"]).status().unwrap().success(), "hint: `apt-get install gcc`");
        fs::rename(own.path().join("faults.so"), &library).unwrap();
    }
    library
}
