//! Tests a scheduler that hangs (a stopped process, a suspended machine) and goes on after people have acted: its card is
//! never a second one.

use std::{
    collections::{HashMap, HashSet},
    fs,
    fs::File,
};

use cetak_driver_mock::TruthCard;

use crate::{
    cluster::Cluster,
    comparison::Account,
    ipp_proxy::{Proxy, Step},
    office::{Answer, Office, Running, number, wait_slowly_until},
    peer::Kind,
    people,
    postgres::Postgres,
    wait_until,
};

const STUDENTS: usize = 6;

fn office(behaviour: &str) -> Office {
    let office = Office::new();
    office.import("student", &people::students(0..STUDENTS));
    office.receive("student", 20);
    office.add_mock("p1", "student", behaviour);
    office
}

fn resolve(office: &Office, attempt: &str, more: &[&str]) -> Answer {
    let arguments = ["inspect", "resolve", attempt, "--reason", "the tray is empty"];
    office.run(&[&arguments, more].concat())
}

fn declare(office: &Office, attempt: &str) {
    office.done(&["inspect", "declare", attempt, "--reason", "the scheduler hangs, and the printer shows nothing"]);
}

/// The refusal names the process and its host.
fn refused(answer: &Answer, scheduler: &Running) {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let process = format!("process {} on `{}`", scheduler.id(), host.trim());
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(answer.stderr.contains(&process) && answer.stderr.contains("hint: "), "{answer:?}");
}

/// An office whose scheduler is frozen in the call that sends its first card: the test has the lock of the printer's file. The
/// card is not in the printer.
fn frozen_in_its_call(hold: &str) -> (Office, Running, String) {
    let office = office(&format!("card_ms=5&hold={hold}"));
    let truth = File::create(office.file("truth-p1")).unwrap();
    truth.lock().unwrap();
    let scheduler = office.start(&["run"]);
    wait_slowly_until("a card is released", 60, || {
        let acts = office.done(&["audit", "export"]).stdout;
        acts.contains("attempt.releasing")
    });
    let attempts = office.attempts();
    let acts = office.done(&["audit", "export"]).stdout;
    let is_releasing = |id: &str| acts.lines().any(|line| line.contains("attempt.releasing") && line.contains(id));
    let open = attempts.into_iter().find(|attempt| is_releasing(&attempt.id)).unwrap();
    scheduler.freeze();
    wait_until("each of its threads is stopped", 60, || is_stopped(&scheduler));
    truth.unlock().unwrap();
    assert_eq!(office.truth("p1").len(), 0);
    (office, scheduler, open.id)
}

/// Whether each thread of a process is stopped (`proc_pid_stat(5)`, field 3).
fn is_stopped(process: &Running) -> bool {
    let tasks = fs::read_dir(format!("/proc/{}/task", process.id())).unwrap();
    tasks.flatten().all(|task| {
        let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
    })
}

/// Puts the printer out of reach of processes that have not opened its file yet.
fn out_of_reach(office: &Office) {
    fs::rename(office.file("truth-p1"), office.file("away")).unwrap();
    fs::create_dir(office.file("truth-p1")).unwrap();
}

fn within_reach(office: &Office) {
    fs::remove_dir(office.file("truth-p1")).unwrap();
    fs::rename(office.file("away"), office.file("truth-p1")).unwrap();
}

/// Prints the rest, and compares: each record has exactly one good card, unless its attempt is `printed` by a person's word.
fn one_card_each(office: &Office) {
    office.done(&["run", "--until-idle"]);
    let truth = office.truth("p1");
    let good: HashSet<String> =
        truth.iter().filter(|line| line.card == TruthCard::Good).map(|line| line.attempt.to_string()).collect();
    assert_eq!(good.len(), truth.len(), "an attempt was sent twice, or spoiled");
    let mut cards: HashMap<String, usize> = HashMap::new();
    for attempt in office.attempts().iter().filter(|attempt| good.contains(&attempt.id)) {
        *cards.entry(attempt.request_id.clone()).or_default() += 1;
    }
    assert_eq!(cards.len(), STUDENTS, "{cards:?}");
    assert!(cards.values().all(|count| *count == 1), "a record has two cards: {cards:?}");
    assert_eq!(number(&office.status(), &["records", "printed"]), i64::try_from(STUDENTS).unwrap());
    assert_eq!(office.json(&["db", "check"])["clean"], true);
}

#[test]
fn nothing_is_resolved_of_a_card_that_a_frozen_scheduler_may_send_and_its_late_card_is_the_only_one() {
    for hold in ["no", "yes"] {
        let (office, mut scheduler, attempt) = frozen_in_its_call(hold);
        out_of_reach(&office);
        declare(&office, &attempt);
        for found in [
            &["--found", "nothing"][..],
            &["--found", "nothing", "--blank-gone"],
            &["--found", "spoiled"],
            &["--found", "good"],
        ] {
            refused(&resolve(&office, &attempt, found), &scheduler);
        }
        let people = ["--found", "nothing", "--owner-is-off", "--second", "Budi"];
        refused(&resolve(&office, &attempt, &people), &scheduler);
        let alone = resolve(&office, &attempt, &people[..3]);
        assert_eq!(alone.code, Some(2), "{alone:?}");

        within_reach(&office);
        scheduler.thaw();
        wait_until("the late card is printed", 60, || {
            office.truth("p1").iter().any(|l| l.attempt.to_string() == attempt)
        });
        assert!(!scheduler.has_ended());
        scheduler.ask_to_stop();
        scheduler.ended(60);
        office.done(&["inspect", "resolve", &attempt, "--found", "good", "--reason", "it was in the tray"]);
        one_card_each(&office);
    }
}

#[test]
fn nothing_is_resolved_of_the_card_of_a_frozen_scheduler_once_it_is_killed() {
    let (office, scheduler, attempt) = frozen_in_its_call("no");
    out_of_reach(&office);
    declare(&office, &attempt);
    refused(&resolve(&office, &attempt, &["--found", "nothing"]), &scheduler);
    scheduler.kill();
    let resolved = resolve(&office, &attempt, &["--found", "nothing"]);
    assert_eq!(resolved.code, Some(0), "{resolved:?}");
    within_reach(&office);
    one_card_each(&office);
}

#[test]
fn a_printer_that_has_cancelled_the_card_of_a_frozen_scheduler_does_not_print_it_when_that_goes_on() {
    for hold in ["no", "yes"] {
        let (office, scheduler, attempt) = frozen_in_its_call(hold);
        declare(&office, &attempt);
        let resolved = resolve(&office, &attempt, &["--found", "nothing"]);
        assert_eq!(resolved.code, Some(0), "{resolved:?}");
        scheduler.thaw();
        wait_slowly_until("the list is printed", 60, || {
            number(&office.status(), &["records", "printed"]) == i64::try_from(STUDENTS).unwrap()
        });
        scheduler.ask_to_stop();
        scheduler.ended(60);
        assert!(office.truth("p1").iter().all(|line| line.attempt.to_string() != attempt));
        one_card_each(&office);
    }
}

#[test]
fn an_ipp_printer_that_has_not_seen_the_card_of_a_frozen_scheduler_is_no_proof() {
    const BLANKS: usize = 20;
    let peer = Kind::Eve.start();
    let proxy = Proxy::start(peer.port(), peer.path());
    let office = Office::new();
    office.import("student", &people::students(0..STUDENTS));
    office.receive("student", BLANKS);
    office.add_ipp("p1", &proxy.uri());
    let trapped = proxy.trap(Step::Intent, 0);
    let scheduler = office.start(&["run"]);
    wait_until("the first request of a card is sent", 60, || trapped.is_reached());
    scheduler.freeze();
    drop(trapped);
    let attempt = proxy.target().unwrap();

    declare(&office, &attempt);
    refused(&resolve(&office, &attempt, &["--found", "nothing"]), &scheduler);
    scheduler.thaw();
    wait_slowly_until("it confirms that it will not send the card", 60, || {
        let acts = office.done(&["audit", "export"]).stdout;
        acts.lines().any(|line| line.contains("attempt.confirmed") && line.contains(&attempt))
            || resolve(&office, &attempt, &["--found", "nothing"]).code == Some(0)
    });
    if office.attempts().iter().any(|one| one.id == attempt && one.outcome.as_deref() == Some("uncertain")) {
        office.done(&["inspect", "resolve", &attempt, "--found", "nothing", "--reason", "the tray is empty"]);
    }
    wait_slowly_until("the list is printed", 120, || {
        number(&office.status(), &["records", "printed"]) == i64::try_from(STUDENTS).unwrap()
    });
    scheduler.ask_to_stop();
    scheduler.ended(60);
    let account = Account::new(&office, peer.engine().hopper(), proxy.documents(), STUDENTS, BLANKS);
    assert_eq!(account.wrongs(), Vec::<String>::new());
}

#[test]
fn an_expired_lease_is_no_proof_that_a_frozen_node_will_not_send_its_card() {
    let cluster = Cluster::new(Postgres::start(), 1, 3);
    let office = &cluster.office;
    office.add_mock("p1", "student", "card_ms=5");
    let truth = File::create(office.file("truth-p1")).unwrap();
    truth.lock().unwrap();
    let [mut a, mut b] = ["a", "b"].map(|name| cluster.node(name, &[]));
    a.join();
    wait_slowly_until("a card is released", 60, || !cluster.open_attempts_of("a").is_empty());
    let attempt = cluster.open_attempts_of("a").remove(0);
    a.running().freeze();
    wait_until("each of its threads is stopped", 60, || is_stopped(a.running()));
    truth.unlock().unwrap();
    out_of_reach(office);
    b.join();
    wait_slowly_until("its lease has expired", 60, || cluster.printers_of("b") == ["p1"]);
    declare(office, &attempt);
    for found in [&["--found", "nothing"][..], &["--found", "nothing", "--owner-is-off", "--second", "Budi"]] {
        refused(&resolve(office, &attempt, found), a.running());
    }

    within_reach(office);
    a.running().thaw();
    wait_until("the late card is printed", 60, || office.truth("p1").len() == 1);
    wait_slowly_until("it confirms", 60, || !cluster.acts_on("attempt.confirmed", &attempt).is_empty());
    office.done(&["inspect", "resolve", &attempt, "--found", "good", "--reason", "it was in the tray"]);
    a.stop();
    b.stop();
    assert_eq!((cluster.count_records("printed"), office.truth("p1").len()), (1, 1));
    assert_eq!(office.json(&["db", "check"])["clean"], true);
}
