//! Suspends commands at random moments while a scheduler prints, as Ctrl-Z does, and lets people act meanwhile: each waits for
//! the stated time at most, and is told for which process; when the commands go on, they end as if nothing had happened, and no
//! record has a second card.

use std::collections::HashSet;

use cetak::domain::time::Timestamp;
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha20Rng;

use crate::{
    now,
    office::{Office, Running, number, wait_slowly_until},
    people,
    storm::{compare_attempts, compare_blanks, compare_records, seeded, truth},
    wait,
};

const SEED: u64 = 2015;
/// `FREEZES_KILLS` sets another number of suspended commands.
const ROUNDS: usize = 8;
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
        let mut command = start(&office, kind, round, accepted);
        wait(random.random_range(FREEZES_AFTER_MS));
        if !command.has_ended() {
            hits += 1;
            command.freeze();
            act_meanwhile(&office, &command, kind);
            command.thaw();
        }
        let answer = command.ended(120);
        assert_eq!(answer.code, Some(0), "{kind:?}: {answer:?}");
        accepted += if kind == Kind::Import { LATE_STUDENTS } else { 0 };
        blanks += if kind == Kind::Receive { BLANKS_EACH } else { 0 };
    }
    assert!(hits > 0, "no command was suspended");

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

/// A person pauses and resumes the queue, and reads the status, while the command is suspended.
fn act_meanwhile(office: &Office, suspended: &Running, kind: Kind) {
    let began = now();
    let pause = office.start(&["queue", "pause", "--reason", "power work"]).ended(WAITS_SECONDS_MAX);
    let waited = |since: Timestamp| now().since(since).as_secs();
    assert!(waited(began) < WAITS_SECONDS_MAX, "{kind:?}: {pause:?}");
    if pause.code == Some(0) {
        office.done(&["queue", "resume", "--reason", "power is back"]);
        return;
    }
    let (process, resume) = (format!("process {}", suspended.id()), format!("kill -CONT {}", suspended.id()));
    assert!(pause.stderr.contains(&process) && pause.stderr.contains(&resume), "{kind:?}: {pause:?}");
    // Under "needs a person", or if the data folder itself is locked, in the error of the status.
    let status = office.run(&["status"]);
    assert!(format!("{status:?}").contains(&resume), "{kind:?}: {status:?}");
}
