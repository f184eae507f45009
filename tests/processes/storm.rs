//! Kills import and scheduler at random, again and again; then counts every card, blank and record.

use std::collections::{HashMap, HashSet};

use cetak_driver_mock::{TruthCard, TruthLine};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde_json::Value;

use crate::{
    joined::{Joined, Joins, older_state_joins},
    office::{Attempt, Office, number, printer},
    people, wait,
};

/// Another seed kills at other moments; the environment variable `STORM_SEED` sets it.
const SEED: u64 = 2015;
/// How often the scheduler is killed; `STORM_KILLS` sets another number.
const KILLS: usize = 30;
/// How often each import is killed before it may end.
const IMPORT_KILLS: usize = 4;
/// Print-ready requests of the first list, and of the second, which comes while the scheduler is killed: for each kill, so
/// that the list outlasts the storm.
const STUDENTS_EACH_KILL: usize = 30;
const LATE_STUDENTS_EACH_KILL: usize = 6;
/// Extra blanks for spoiled cards, in percent of the lists.
const SPARE_PERCENT: usize = 25;
/// Requests of each list, for each print-ready one, that are refused. They make an import take several transactions.
const OTHERS_EACH: usize = 3;
const PRINTERS: [&str; 3] = ["p1", "p2", "p3"];
/// Milliseconds after its start at which a process is killed: while it opens the database, settles what the last one
/// left, or prints.
const KILL_AFTER_MS: std::ops::Range<u64> = 5..400;
/// How often an operator clears locked printers before the list must be done.
const CLEARINGS_MAX: usize = 10;
const LAST_RUN_SECONDS_MAX: u64 = 300;

/// Offices whose very first command is killed while it makes key, database and schema.
const FIRST_STARTS: usize = 25;
const FIRST_START_KILLED_AFTER_MS: std::ops::Range<u64> = 1..60;

#[test]
fn after_a_storm_of_kills_every_record_and_every_blank_is_accounted_for() {
    seeded("STORM", SEED, KILLS, storm);
}

#[test]
fn a_first_command_that_is_killed_at_any_moment_can_be_given_again() {
    seeded("STORM", SEED, KILLS, |seed, _| {
        let mut random = ChaCha20Rng::seed_from_u64(seed);
        for _ in 0..FIRST_STARTS {
            let office = Office::new();
            let file = office.write("list.csv", people::students(0..3));
            let import = ["import", &file, "--profile", "student"];
            let first = office.start(&import);
            wait(random.random_range(FIRST_START_KILLED_AFTER_MS));
            first.kill();

            office.done(&import);
            assert_eq!(count_records(&office.status()), 3);
        }
    });
}

/// Gives a test its seed and its number of blows, which two variables of the environment may set, and says both when it
/// fails. They repeat the moments of the blows and the printers' faults, but neither the names of attempts nor how fast
/// the machine is.
pub(crate) fn seeded(variables: &str, seed: u64, kills: usize, test: impl Fn(u64, usize) + std::panic::RefUnwindSafe) {
    let seed = from_environment(&format!("{variables}_SEED")).unwrap_or(seed);
    let kills = from_environment(&format!("{variables}_KILLS")).map_or(kills, |kills| usize::try_from(kills).unwrap());
    let held = std::panic::catch_unwind(|| test(seed, kills)).is_ok();
    let filter = variables.to_lowercase();
    let again = format!("{variables}_SEED={seed} {variables}_KILLS={kills} cargo test --test processes {filter}");
    assert!(held, "see above; again with {again}");
}

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

fn storm(seed: u64, kills: usize) {
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    let office = Office::new();
    let (students, late_students) = (kills * STUDENTS_EACH_KILL, kills * LATE_STUDENTS_EACH_KILL);
    let blanks = (students + late_students) * (100 + SPARE_PERCENT) / 100;
    let mut accepted = import_under_fire(&office, &mut random, "first.csv", 0, students);
    office.receive("student", blanks);
    for name in PRINTERS {
        let faults = "spoil=0.02&jam=0.01&clear_ms=30&offline=0.02&lose_ack=0.02&forget=0.01";
        let (card_ms, seed) = (random.random_range(2..=5), random.random_range(0..u64::from(u32::MAX)));
        let hold = if name == "p3" { "yes" } else { "no" };
        office.add_mock(name, "student", &format!("card_ms={card_ms}&seed={seed}&hold={hold}&{faults}"));
    }

    let (mut hits, mut joins, mut older_states) = (0, Joins::default(), 0);
    let backup = office.file("older.db");
    for round in 0..kills {
        joins.round(&office, round);
        if round >= kills / 3 && !backup.exists() && Joined::is_possible(&office) {
            office.done(&["db", "backup", backup.to_str().unwrap()]);
        } else if round == kills * 2 / 3 && backup.exists() {
            older_state_joins(&office, &backup);
            older_states += 1;
        }
        if round == kills / 2 {
            // Beside a scheduler that is killed too.
            let scheduler = office.start(&["run", "--until-idle"]);
            accepted += import_under_fire(&office, &mut random, "late.csv", students, late_students);
            scheduler.kill();
        }
        let scheduler = office.start(&["run", "--until-idle"]);
        wait(random.random_range(KILL_AFTER_MS));
        hits += usize::from(scheduler.kill());
        if round % 10 == 0 {
            check_between_kills(&office, accepted);
        }
    }
    joins.end();
    let printed_in_the_storm: usize = PRINTERS.iter().map(|name| office.truth(name).len()).sum();
    let met = hits > kills / 2 && printed_in_the_storm > 0 && (joins.count > 0 && older_states > 0 || kills < KILLS);
    assert!(
        met,
        "{hits} kills hit, {printed_in_the_storm} blanks fed, {} copies and {older_states} older states joined",
        joins.count
    );
    run_to_the_end(&office);

    let status = office.status();
    let attempts = office.attempts();
    let truth = truth(PRINTERS.iter().flat_map(|name| office.truth(name)));
    compare_attempts(&attempts, &truth);
    compare_records(&attempts, &truth, &status, accepted, &HashSet::new());
    compare_blanks(&truth, &status, blanks);
    office.done(&["audit", "verify"]);
}

/// Imports a list, killing it several times at random, and gives how many records it brought.
fn import_under_fire(office: &Office, random: &mut ChaCha20Rng, name: &str, first: usize, count: usize) -> usize {
    let file = office.write(name, people::students_among_others(first..first + count, OTHERS_EACH));
    let command = ["import", &file, "--profile", "student"];
    for _ in 0..IMPORT_KILLS {
        let import = office.start(&command);
        wait(random.random_range(KILL_AFTER_MS));
        import.kill();
    }
    let report = office.json(&command);
    let fates = ["accepted", "known", "refused"].map(|fate| usize::try_from(number(&report, &[fate])).unwrap());
    let [accepted, known, refused] = fates;
    assert_eq!((accepted + known, refused), (count, count * OTHERS_EACH), "{report}");
    count
}

/// What must hold at every moment, and not only in the end.
fn check_between_kills(office: &Office, accepted: usize) {
    let status = office.status();
    assert_eq!(count_records(&status), accepted, "{status}");
    assert_eq!(number(&status, &["blangko", "student", "sum"]), 0, "{status}");
    let mut open = HashSet::new();
    for attempt in office.attempts().into_iter().filter(|attempt| attempt.outcome.is_none()) {
        assert!(open.insert(attempt.request_id.clone()), "two open attempts of {}", attempt.request_id);
    }
    office.done(&["audit", "verify"]);
}

fn count_records(status: &Value) -> usize {
    let counts = status["records"].as_object().unwrap().values();
    counts.map(|count| usize::try_from(count.as_i64().unwrap()).unwrap()).sum()
}

/// Runs the scheduler until it ends by itself. Locked printers are cleared by an operator.
fn run_to_the_end(office: &Office) {
    for _ in 0..CLEARINGS_MAX {
        let answer = office.start(&["run", "--until-idle"]).ended(LAST_RUN_SECONDS_MAX);
        assert_eq!(answer.code, Some(0), "{answer:?}");
        let status = office.status();
        let is_locked = |name: &&str| printer(&status, name)["breaker"] == "locked";
        let locked: Vec<_> = PRINTERS.into_iter().filter(is_locked).collect();
        if number(&status, &["records", "waiting"]) + number(&status, &["records", "batched"]) == 0 {
            return;
        }
        assert!(!locked.is_empty(), "the scheduler ended with work left and no printer locked: {status}\n{answer:?}");
        for name in locked {
            office.done(&["printer", "clear", name]);
        }
    }
    panic!("the list is not done: {}", office.status());
}

/// All blanks that were fed, by attempt.
pub(crate) fn truth(lines: impl IntoIterator<Item = TruthLine>) -> HashMap<String, TruthLine> {
    let mut truth = HashMap::new();
    for line in lines {
        let twice = truth.insert(line.attempt.as_str().to_owned(), line);
        assert_eq!(twice, None, "one attempt fed two blanks");
    }
    truth
}

pub(crate) fn compare_attempts(attempts: &[Attempt], truth: &HashMap<String, TruthLine>) {
    let known: HashMap<&str, &Attempt> = attempts.iter().map(|attempt| (attempt.id.as_str(), attempt)).collect();
    for (id, line) in truth {
        let attempt = known.get(id.as_str()).unwrap_or_else(|| panic!("nobody knows of {line:?}"));
        assert_eq!(attempt.printer, line.printer, "{attempt:?}");
    }
    for attempt in attempts {
        let fed = truth.get(&attempt.id).map(|line| (line.card, line.forgotten));
        let expected = match fed {
            None => "not-started",
            Some((_, true)) => "uncertain",
            Some((TruthCard::Good, false)) => "printed",
            Some((TruthCard::Bad, false)) => "spoiled",
        };
        assert_eq!(attempt.outcome.as_deref(), Some(expected), "{attempt:?}, and the printer: {fed:?}");
    }
}

/// `withdrawn` are the requests whose records were withdrawn before they had a card.
pub(crate) fn compare_records(
    attempts: &[Attempt],
    truth: &HashMap<String, TruthLine>,
    status: &Value,
    accepted: usize,
    withdrawn: &HashSet<String>,
) {
    let mut by_record: HashMap<&str, Vec<&Attempt>> = HashMap::new();
    for attempt in attempts {
        by_record.entry(&attempt.request_id).or_default().push(attempt);
    }
    let mut ends: HashMap<&str, usize> = HashMap::new();
    for (record, mut attempts) in by_record {
        attempts.sort_by_key(|attempt| attempt.began_at);
        let good = attempts.iter().filter(|attempt| truth.get(&attempt.id).is_some_and(|l| l.card == TruthCard::Good));
        assert!(good.count() <= 1, "two good cards of {record}: {attempts:?}");
        for pair in attempts.windows(2) {
            assert!(pair[0].ended_at.unwrap() <= pair[1].began_at, "two open attempts of {record}: {attempts:?}");
            let leads_on = matches!(pair[0].outcome.as_deref(), Some("spoiled" | "not-started"));
            assert!(leads_on, "an attempt after a card that exists or may exist, of {record}: {attempts:?}");
        }
        let last = attempts.last().and_then(|attempt| attempt.outcome.as_deref()).unwrap();
        if withdrawn.contains(record) {
            assert!(matches!(last, "spoiled" | "not-started"), "withdrawn, and a card may exist: {attempts:?}");
            continue;
        }
        *ends.entry(if last == "spoiled" { "quarantined" } else { last }).or_default() += 1;
    }
    let records = |state: &str| usize::try_from(number(status, &["records", state])).unwrap();
    assert_eq!(records("withdrawn"), withdrawn.len(), "{status}");
    for state in ["printed", "uncertain", "quarantined"] {
        assert_eq!(records(state), ends.get(state).copied().unwrap_or(0), "{state}: {status}");
    }
    let ended = ["printed", "uncertain", "quarantined", "withdrawn"].map(records);
    assert_eq!(ended.iter().sum::<usize>(), accepted, "{status}");
    assert_eq!(count_records(status), accepted, "{status}");
}

pub(crate) fn compare_blanks(truth: &HashMap<String, TruthLine>, status: &Value, received: usize) {
    let booked = |account: &str| usize::try_from(number(status, &["blangko", "student", account])).unwrap();
    let fed = |is: &dyn Fn(&TruthLine) -> bool| truth.values().filter(|line| line.fed && is(line)).count();
    assert_eq!(booked("uncertain"), fed(&|line| line.forgotten), "{status}");
    assert_eq!(booked("printed"), fed(&|line| !line.forgotten && line.card == TruthCard::Good), "{status}");
    assert_eq!(booked("spoiled"), fed(&|line| !line.forgotten && line.card == TruthCard::Bad), "{status}");
    assert_eq!((booked("vault"), booked("reserved")), (received - truth.len(), 0), "{status}");
    assert_eq!(booked("sum"), 0, "{status}");
}
