//! Suspends commands at random moments while a scheduler prints, as Ctrl-Z does, and lets people act meanwhile: each waits for
//! the stated time at most, and is told for which process; when the commands go on, they end as if nothing had happened, and no
//! record has a second card.

use std::collections::HashSet;

use cetak::domain::time::Timestamp;
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha20Rng;

use crate::{
    copies::other,
    now,
    office::{Answer, Office, Running, number, wait_slowly_until},
    people,
    postgres::Postgres,
    storm::{compare_attempts, compare_blanks, compare_records, seeded, truth},
    test_cards, wait,
};

const SEED: u64 = 2015;
/// `FREEZES_KILLS` sets another number of suspended commands, for each test. Few, because each waits for the stated time.
const ROUNDS: usize = 2;
const INSPECTIONS: usize = 3;
const MOVES: usize = 1;
const PRINTERS: [&str; 2] = ["p1", "p2"];
const STUDENTS: usize = 40;
/// Records of each list that is imported meanwhile, in several transactions, among three times as many that are refused.
const LATE_STUDENTS: usize = 300;
const BLANKS_EACH: usize = 3;
/// The moment at which a command is suspended, after its start.
const FREEZES_AFTER_MS: std::ops::Range<u64> = 5..250;
/// A command waits 20 s for a process that writes; the rest is its start on a slow machine.
const WAITS_SECONDS_MAX: u64 = 40;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Import,
    Backup,
    Seal,
    Receive,
    Verify,
    Check,
}

const KINDS: [Kind; 8] =
    [Kind::Import, Kind::Import, Kind::Import, Kind::Backup, Kind::Seal, Kind::Receive, Kind::Verify, Kind::Check];

#[test]
fn commands_that_are_suspended_at_any_moment_keep_people_waiting_for_the_stated_time_at_most() {
    seeded("FREEZES", SEED, ROUNDS, freezes);
}

fn freezes(seed: u64, rounds: usize) {
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    let office = Office::new();
    office.import("student", &people::students(0..STUDENTS));
    let (mut accepted, mut blanks) = (STUDENTS, (rounds + 1) * LATE_STUDENTS);
    office.receive("student", blanks);
    for name in PRINTERS {
        office.add_mock(name, "student", "card_ms=30&hold=yes");
    }
    let scheduler = office.start(&["run"]);
    let mut hits = 0;
    for round in 0..rounds {
        let kind = *KINDS.choose(&mut random).unwrap();
        let (answer, is_hit) = suspended(&office, start(&office, kind, round, accepted), &mut random);
        hits += usize::from(is_hit);
        assert_eq!(answer.code, Some(0), "{kind:?}: {answer:?}");
        accepted += if kind == Kind::Import { LATE_STUDENTS } else { 0 };
        blanks += if kind == Kind::Receive { BLANKS_EACH } else { 0 };
    }
    assert!(hits > 0, "no command was suspended");

    account_for_all(&office, scheduler, accepted, blanks);
}

#[test]
fn the_books_are_right_after_test_cards_that_are_suspended_at_any_moment() {
    seeded("FREEZES", SEED, ROUNDS, |seed, rounds| {
        let mut random = ChaCha20Rng::seed_from_u64(seed);
        let office = test_cards::office("card_ms=1");
        for _ in 0..rounds {
            suspended(&office, office.start(&["printer", "test", "p1"]), &mut random);
        }
        office.done(&["run", "--until-idle"]);
        test_cards::books_are_right(&office);
    });
}

#[test]
fn no_record_has_a_second_card_when_its_inspection_is_suspended_at_any_moment() {
    seeded("FREEZES", SEED, INSPECTIONS, inspections);
}

fn inspections(seed: u64, rounds: usize) {
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    let office = Office::new();
    office.import("student", &people::students(0..STUDENTS));
    let (mut accepted, blanks) = (STUDENTS, (rounds + 1) * STUDENTS);
    office.receive("student", blanks);
    for name in PRINTERS {
        office.add_mock(name, "student", "card_ms=400&hold=yes");
    }
    let scheduler = office.start(&["run"]);
    let (mut hits, mut declared) = (0, 0);
    for _ in 0..rounds {
        if number(&office.status(), &["records", "waiting"]) < 10 {
            office.import("student", &people::students(accepted..accepted + STUDENTS));
            accepted += STUDENTS;
        }
        let open = || office.attempts().into_iter().rfind(|attempt| attempt.outcome.is_none());
        let mut attempt = None;
        wait_slowly_until("a card is under way", 60, || {
            attempt = open();
            attempt.is_some()
        });
        let Some(attempt) = attempt.map(|attempt| attempt.id) else { continue };
        let declare = ["inspect", "declare", &attempt, "--reason", "the card does not come out"];
        let (answer, is_hit) = suspended(&office, office.start(&declare), &mut random);
        hits += usize::from(is_hit);
        // Refused if the card has ended meanwhile.
        if answer.code == Some(0) {
            declared += 1;
            hits += resolve(&office, &attempt, &mut random);
        }
    }
    assert!(hits > 0 && declared > 0, "{hits} commands were suspended, {declared} cards declared uncertain");

    account_for_all(&office, scheduler, accepted, blanks);
}

#[test]
fn a_move_to_another_database_that_is_suspended_at_any_moment_leaves_one_living_database() {
    seeded("FREEZES", SEED, MOVES, |seed, kills| moves(seed, kills.div_ceil(8)));
}

/// A move takes seconds, so that there is one for each eight commands.
fn moves(seed: u64, rounds: usize) {
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    let server = Postgres::start();
    let mut hits = 0;
    for round in 0..rounds {
        let database = format!("office_{round}");
        server.psql(&format!("CREATE DATABASE {database} TEMPLATE cetak"));
        let url = other(&server, "cetak", &database);
        let office = Office::new();
        office.import("student", &people::students(0..STUDENTS));
        office.receive("student", STUDENTS / 4);
        for name in PRINTERS {
            office.add_mock(name, "student", "card_ms=5");
        }
        office.done(&["run", "--until-idle"]);
        office.receive("student", STUDENTS - STUDENTS / 4);
        let (answer, is_hit) = suspended(&office, office.start(&["db", "move", &url]), &mut random);
        hits += usize::from(is_hit);
        if answer.code != Some(0) {
            // The server ends the connection of a process that was suspended in a transaction. Nothing has moved then.
            assert!(answer.stderr.contains("idle-in-transaction timeout"), "{answer:?}");
            office.done(&["db", "move", &url]);
        }
        office.set(&format!("database = \"{url}\"\nnode = \"a\"\n"));
        let scheduler = office.start(&["run"]);
        account_for_all(&office, scheduler, STUDENTS, STUDENTS);
    }
    assert!(hits > 0, "no command was suspended");
}

/// A person resolves the attempt by what lies in the output hopper, once the scheduler has confirmed that it sends nothing more.
/// Returns how often the command was suspended.
fn resolve(office: &Office, attempt: &str, random: &mut ChaCha20Rng) -> usize {
    let mut hits = 0;
    for _ in 0..60 {
        let is_there =
            PRINTERS.iter().any(|name| office.truth(name).iter().any(|line| line.attempt.as_str() == attempt));
        let found = if is_there { "good" } else { "nothing" };
        let resolve = ["inspect", "resolve", attempt, "--found", found, "--reason", "I looked into the output hopper"];
        let (answer, is_hit) = suspended(office, office.start(&resolve), random);
        hits += usize::from(is_hit);
        if answer.code == Some(0) {
            return hits;
        }
        wait(500);
    }
    panic!("the attempt {attempt} cannot be resolved");
}

fn start(office: &Office, kind: Kind, round: usize, accepted: usize) -> Running {
    let new = |name: &str| office.file(&format!("{name}-{round}")).to_str().unwrap().to_owned();
    match kind {
        Kind::Import => {
            let list = people::students_among_others(accepted..accepted + LATE_STUDENTS, 3);
            let list = office.write(&format!("list-{round}.csv"), list);
            office.start(&["import", &list, "--profile", "student"])
        }
        Kind::Backup => office.start(&["db", "backup", &new("backup")]),
        Kind::Seal => office.start(&["audit", "seal", &new("seal")]),
        Kind::Receive => {
            let quantity = BLANKS_EACH.to_string();
            let document = format!("LATE-{round}");
            let arguments =
                ["blangko", "receive", "--type", "student", "--quantity", &quantity, "--document", &document];
            office.start(&arguments)
        }
        Kind::Verify => office.start(&["audit", "verify"]),
        Kind::Check => office.start(&["db", "check"]),
    }
}

/// Waits until all records are printed, ends the scheduler, and compares the books with the printers.
fn account_for_all(office: &Office, scheduler: Running, accepted: usize, blanks: usize) {
    let all = i64::try_from(accepted).unwrap();
    wait_slowly_until("the list is printed", 600, || number(&office.status(), &["records", "printed"]) == all);
    scheduler.ask_to_stop();
    assert_eq!(scheduler.ended(60).code, Some(0));
    let (status, attempts) = (office.status(), office.attempts());
    let truth = truth(PRINTERS.iter().flat_map(|name| office.truth(name)));
    compare_attempts(&attempts, &truth);
    compare_records(&attempts, &truth, &status, accepted, &HashSet::new());
    compare_blanks(&truth, &status, blanks);
    office.done(&["audit", "verify"]);
    office.done(&["db", "check"]);
}

/// Suspends a command at a random moment, and lets it go on after people have acted. Returns its answer, and whether it was
/// suspended before it ended.
fn suspended(office: &Office, mut command: Running, random: &mut ChaCha20Rng) -> (Answer, bool) {
    wait(random.random_range(FREEZES_AFTER_MS));
    let is_hit = !command.has_ended();
    if is_hit {
        command.freeze();
        act_meanwhile(office, &command);
        command.thaw();
    }
    (command.ended(120), is_hit)
}

/// A person pauses and resumes the queue, and reads the status, while the command is suspended.
fn act_meanwhile(office: &Office, suspended: &Running) {
    let began = now();
    let pause = office.start(&["queue", "pause", "--reason", "power work"]).ended(WAITS_SECONDS_MAX);
    let waited = |since: Timestamp| now().since(since).as_secs();
    assert!(waited(began) < WAITS_SECONDS_MAX, "{pause:?}");
    if pause.code == Some(0) {
        office.done(&["queue", "resume", "--reason", "power is back"]);
        return;
    }
    // A move has closed this database already.
    if pause.stderr.contains("were moved") {
        return;
    }
    let (process, resume) = (format!("process {}", suspended.id()), format!("kill -CONT {}", suspended.id()));
    assert!(pause.stderr.contains(&process) && pause.stderr.contains(&resume), "{pause:?}");
    // Under "needs a person", or if the data folder itself is locked, in the error of the status.
    let status = office.run(&["status"]);
    assert!(format!("{status:?}").contains(&resume), "{status:?}");
}
