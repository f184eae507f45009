//! Tests that a copied or restored database prints nothing until a person adopts it, and that a living one prints on.

use std::{collections::HashMap, fs, path::Path, process::Command};

use cetak_driver_mock::TruthCard;
use serde_json::Value;

use crate::{
    office::{Answer, Office, number},
    people,
    postgres::{Postgres, program, psql},
    wait_until,
};

const IN_DOUBT: &str = "instance-in-doubt";

/// An office with one printer, whose truth file is `truth-p1`.
fn office(students: usize, blanks: usize) -> Office {
    let office = Office::new();
    office.import("student", &people::students(0..students));
    office.receive("student", blanks);
    office.add_mock("p1", "student", "card_ms=10");
    office
}

/// What needs a person because the database may be a copy.
fn doubt(office: &Office) -> Option<Value> {
    let status = office.status();
    let needs = status["needs_person"].as_array().unwrap();
    needs.iter().find(|need| need["kind"] == IN_DOUBT).cloned()
}

/// Runs the scheduler, which prints nothing and says why.
fn asks(office: &Office) -> String {
    let before = office.attempts().len();
    let answer = office.done(&["run", "--until-idle"]);
    assert!(answer.stderr.contains("may be a copy") && answer.stderr.contains("cetak db adopt"), "{answer:?}");
    assert_eq!(office.attempts().len(), before);
    let Some(need) = doubt(office) else { panic!("it does not stand under what needs a person") };
    assert!(need["command"].as_str().unwrap().starts_with("cetak db adopt --printed-since"), "{need}");
    need["what"].as_str().unwrap().to_owned()
}

fn prints_on(office: &Office, printed: i64) -> Answer {
    let answer = office.done(&["run", "--until-idle"]);
    assert_eq!((number(&office.status(), &["records", "printed"]), doubt(office)), (printed, None), "{answer:?}");
    answer
}

fn adopt(office: &Office, printed_since: &str) -> Value {
    office.json(&["db", "adopt", "--printed-since", printed_since, "--reason", "the first is off"])
}

/// A person looks for the cards of jobs that the office does not know, and clears the printer, while a scheduler runs.
fn clear_unknown_jobs(office: &Office) {
    let is_shown = || {
        let printer = &office.status()["printers"][0];
        printer["reasons"].as_array().unwrap().contains(&"unknown-jobs".into())
    };
    wait_until("the printer has unknown jobs", 60, is_shown);
    office.done(&["printer", "clear", "p1", "--reason", "the first is off, and its cards are counted"]);
}

/// The number of good cards of each request, by what these offices know of their attempts.
fn good_cards(printers: &Office, offices: &[&Office]) -> HashMap<String, usize> {
    let attempts = offices.iter().flat_map(|office| office.attempts());
    let requests: HashMap<String, String> = attempts.map(|attempt| (attempt.id, attempt.request_id)).collect();
    let mut cards = HashMap::new();
    for line in printers.truth("p1").iter().filter(|line| line.card == TruthCard::Good) {
        *cards.entry(requests[line.attempt.as_str()].clone()).or_default() += 1;
    }
    cards
}

#[test]
fn a_copy_of_a_folder_made_while_cards_are_printed_prints_no_record_that_the_first_may_have_printed() {
    let office = office(400, 500);
    let mut scheduler = office.start(&["run"]);
    wait_until("cards are printed", 60, || office.truth("p1").len() > 5);
    wait_until("the folder remembers the database", 60, || office.data().join("cetak.heads").exists());

    let copy = office.copied();

    let differs = asks(&copy);
    assert!(differs.contains("it was the file with inode") && differs.contains("was copied"), "{differs}");
    let before = office.truth("p1").len();
    wait_until("the first goes on", 60, || office.truth("p1").len() > before + 1);
    assert!(!scheduler.has_ended() && doubt(&office).is_none());
    // Everything else works on a copy.
    copy.done(&["db", "check"]);
    copy.done(&["db", "backup", copy.file("backup.db").to_str().unwrap()]);
    copy.import("student", &people::students(400..401));

    let second = copy.start(&["run"]);
    let adopted = adopt(&copy, "unknown");
    assert_eq!(adopted["generation"], 2, "{adopted}");
    let held = adopted["held"].as_i64().unwrap();
    // Those that the first printed meanwhile are known from the names of its jobs.
    assert!(adopted["sent_elsewhere"].as_u64().unwrap() > 0, "{adopted}");
    let listed = copy.json(&["record", "held"]);
    assert_eq!(i64::try_from(listed.as_array().unwrap().len()).unwrap(), held);
    let kinds = |need: &Value| (need["kind"].clone(), need["count"].clone());
    let needs: Vec<_> = copy.status()["needs_person"].as_array().unwrap().iter().map(kinds).collect();
    assert!(needs.contains(&("records-held-at-adoption".into(), held.into())), "{needs:?}");
    // A record that the first cannot have printed is released, and printed by the scheduler that waited.
    copy.done(&["record", "release", "r00400", "--reason", "it is only here"]);
    scheduler.ask_to_stop();
    assert_eq!(scheduler.ended(60).code, Some(0));
    clear_unknown_jobs(&copy);
    wait_until("it is printed", 60, || copy.json(&["record", "show", "r00400"])["record"]["state"] == "printed");
    second.ask_to_stop();
    assert_eq!(second.ended(60).code, Some(0));

    let twice: Vec<_> = good_cards(&office, &[&office, &copy]).into_iter().filter(|(_, cards)| *cards > 1).collect();
    assert_eq!(twice, []);
    for one in [&office, &copy] {
        one.done(&["db", "check"]);
        one.done(&["audit", "verify"]);
    }
}

#[test]
fn an_older_file_put_in_place_and_a_backup_in_an_empty_folder_are_asked_about() {
    let office = office(6, 3);
    prints_on(&office, 3);
    let backup = office.file("backup.db");
    office.done(&["db", "backup", backup.to_str().unwrap()]);
    office.receive("student", 2);
    prints_on(&office, 5);
    let restored = Office::new();
    fs::create_dir(restored.data()).unwrap();
    fs::copy(&backup, restored.data().join("cetak.db")).unwrap();
    fs::copy(office.data().join("cetak.key"), restored.data().join("cetak.key")).unwrap();
    // A move would make another living database of it.
    let moved = restored.run(&["db", "move", "postgres://127.0.0.1:9/cetak"]);
    assert!(moved.code == Some(1) && moved.stderr.contains("may be a copy"), "{moved:?}");
    let differs = asks(&restored);
    assert!(differs.contains("has no `cetak.heads`"), "{differs}");

    for name in ["cetak.db-wal", "cetak.db-shm"] {
        let _ = fs::remove_file(office.data().join(name)); // the last process may have removed it
    }
    fs::copy(&backup, office.data().join("cetak.db")).unwrap();
    let differs = asks(&office);
    assert!(differs.contains("the data folder remembers audit row"), "{differs}");

    assert_eq!(adopt(&office, "unknown")["held"], 3);
    let scheduler = office.start(&["run"]);
    clear_unknown_jobs(&office);
    scheduler.ask_to_stop();
    assert_eq!(scheduler.ended(60).code, Some(0));
    prints_on(&office, 3);
    office.receive("student", 9);
    office.done(&["record", "release", "r00005", "--reason", "there is no such card"]);
    prints_on(&office, 4);
    let again = office.run(&["db", "adopt", "--printed-since", "none", "--reason", "again"]);
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.stderr.contains("need not be adopted") && again.stderr.contains("hint: "), "{again:?}");
}

#[test]
fn a_folder_that_is_renamed_and_one_from_an_earlier_version_print_on() {
    let office = office(4, 1);
    prints_on(&office, 1);
    let renamed = Office::new();
    fs::rename(office.data(), renamed.data()).unwrap();
    renamed.receive("student", 1);
    prints_on(&renamed, 2);
    // Killed, the folder remembers older rows than the database has.
    renamed.receive("student", 1);
    let scheduler = renamed.start(&["run"]);
    wait_until("a card is printed", 60, || office.truth("p1").len() == 3);
    scheduler.kill();
    renamed.receive("student", 1);
    prints_on(&renamed, 4);
}

/// An office on a PostgreSQL database of a user without further rights.
fn office_on(url: &str, key_of: Option<&Office>) -> Office {
    let office = Office::new();
    fs::create_dir(office.data()).unwrap();
    if let Some(other) = key_of {
        fs::copy(other.data().join("cetak.key"), office.data().join("cetak.key")).unwrap();
    }
    set_database(&office, url);
    office
}

fn set_database(office: &Office, url: &str) {
    office.set(&format!("database = \"{url}\"\nnode = \"a\"\nlease_s = 6\n"));
}

fn fill(office: &Office, students: usize, blanks: usize) {
    office.import("student", &people::students(0..students));
    office.receive("student", blanks);
    office.add_mock("p1", "student", "card_ms=10");
}

/// The address of another database of a server, and of another user.
pub(crate) fn other(server: &Postgres, user: &str, database: &str) -> String {
    let url = server.url();
    let (host, _) = url.strip_prefix("postgres://cetak@").unwrap().rsplit_once('/').unwrap();
    format!("postgres://{user}@{host}/{database}")
}

/// Restores a dump of a database into an empty one.
pub(crate) fn dump(from: &str, to: &str) {
    let dump = Command::new(program("pg_dump")).args(["-d", from]).output().unwrap();
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    psql(to, &String::from_utf8(dump.stdout).unwrap());
}

#[test]
fn a_dump_that_is_restored_into_another_database_of_the_server_is_asked_about_by_every_node() {
    let server = Postgres::start();
    server.psql("CREATE ROLE clerk LOGIN");
    for name in ["office", "restored"] {
        server.psql(&format!("CREATE DATABASE {name} TEMPLATE cetak OWNER clerk"));
    }
    let [first, second] = ["office", "restored"].map(|name| other(&server, "clerk", name));
    let office = office_on(&first, None);
    fill(&office, 6, 3);
    prints_on(&office, 3);
    let saved = psql(&first, "SELECT value FROM meta WHERE key = 'instance'");
    assert!(saved.contains("\"system\":\"") && saved.contains("\"timeline\":1"), "{saved}");

    dump(&first, &second);

    let new = office_on(&second, Some(&office));
    let differs = asks(&new);
    assert!(differs.contains("database `office`") && differs.contains("database `restored`"), "{differs}");
    adopt(&new, "none");
    new.receive("student", 2);
    prints_on(&new, 5);
    // The first database does not know of it. A node that knew the adopted one is stopped there.
    set_database(&new, &first);
    let differs = asks(&new);
    assert!(differs.contains("generation 2, and the database has 1"), "{differs}");
    let answer = office.done(&["run", "--until-idle"]);
    assert!(answer.stderr.contains("may be a copy"), "the doubt stops all nodes: {answer:?}");
}

#[test]
fn an_older_copy_of_the_servers_folder_is_asked_about_and_the_same_server_under_another_address_is_not() {
    let mut server = Postgres::start();
    let office = office_on(&server.url(), None);
    fill(&office, 6, 2);
    prints_on(&office, 2);
    server.stop();
    let older = server.copied();
    server.restart();
    office.receive("student", 1);
    set_database(&office, &server.url().replace("127.0.0.1", "localhost"));
    prints_on(&office, 3);

    set_database(&office, &older.url());
    let differs = asks(&office);
    assert!(differs.contains("the data folder remembers audit row"), "{differs}");
    assert_eq!(adopt(&office, "unknown")["held"], 4);
}

#[test]
fn nodes_print_on_after_a_failover_to_a_synchronous_standby() {
    let server = Postgres::start();
    let office = office_on(&server.url(), None);
    fill(&office, 6, 2);
    prints_on(&office, 2);
    let standby = server.standby();
    server.psql("ALTER SYSTEM SET synchronous_standby_names = '*'; SELECT pg_reload_conf()");
    let is_synchronous = "SELECT COUNT(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
    wait_until("the standby is synchronous", 60, || server.psql(is_synchronous) == "1");
    office.receive("student", 1);
    prints_on(&office, 3);

    drop(server);
    standby.psql("SELECT pg_promote()");
    set_database(&office, &standby.url());
    office.receive("student", 3);
    prints_on(&office, 6);
    let saved = standby.psql("SELECT value FROM meta WHERE key = 'instance'");
    assert!(saved.contains("\"timeline\":2") && saved.contains("\"generation\":1"), "{saved}");

    // A new node on a new timeline knows nothing that would tell it from a recovered backup; another one did.
    let new = office_on(&standby.url(), Some(&office));
    assert!(Path::new(&new.data()).exists());
    new.receive("student", 1);
    prints_on(&new, 6);
}
