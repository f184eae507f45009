//! Tests that one database file has one scheduler, under whatever name it is opened.

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use crate::{
    office::{Answer, Office, Running, number, wait_slowly_until},
    people, wait, wait_until,
};

/// An office whose scheduler prints, and goes on for the whole test.
fn printing() -> (Office, Running) {
    let office = Office::new();
    office.import("student", &people::students(0..2_000));
    office.receive("student", 2_000);
    office.add_mock("p1", "student", "card_ms=20");
    let scheduler = office.start(&["run"]);
    wait_until("cards are printed", 60, || office.truth("p1").len() > 2);
    (office, scheduler)
}

/// Another data folder with the same key.
fn other_folder(office: &Office) -> Office {
    let other = Office::new();
    fs::create_dir(other.data()).unwrap();
    fs::copy(office.data().join("cetak.key"), other.data().join("cetak.key")).unwrap();
    other
}

fn database(office: &Office) -> std::path::PathBuf {
    office.data().join("cetak.db")
}

fn refused(answer: &Answer, text: &str) {
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(answer.stderr.contains(text) && answer.stderr.contains("hint: "), "{answer:?}");
}

fn goes_on(office: &Office, scheduler: &mut Running) {
    let before = office.truth("p1").len();
    wait_until("the first scheduler goes on", 60, || office.truth("p1").len() > before + 1);
    assert!(!scheduler.has_ended(), "{}", scheduler.messages());
}

#[test]
fn a_symbolic_link_to_the_database_or_to_its_folder_starts_no_second_scheduler() {
    let (office, mut scheduler) = printing();
    let holder = format!("(process {})", scheduler.id());
    let linked_file = other_folder(&office);
    symlink(database(&office), database(&linked_file)).unwrap();
    let linked_folder = Office::new();
    symlink(office.data(), linked_folder.data()).unwrap();
    for other in [&linked_file, &linked_folder] {
        refused(&other.run(&["run", "--until-idle"]), &holder);
        other.done(&["status"]); // other commands work beside it
    }
    goes_on(&office, &mut scheduler);
    scheduler.kill();

    let mut second = linked_file.start(&["run"]);
    goes_on(&office, &mut second);
    refused(&office.run(&["run"]), &format!("(process {})", second.id()));
    second.ask_to_stop();
    second.ended(60);
    assert_eq!(office.json(&["db", "check"])["clean"], true);
}

#[test]
fn a_database_with_a_second_hard_link_is_opened_by_no_command_until_the_link_is_removed() {
    let (office, mut scheduler) = printing();
    let linked = other_folder(&office);
    for file in ["cetak.db", "cetak.db-wal", "cetak.db-shm"] {
        fs::hard_link(office.data().join(file), linked.data().join(file)).unwrap();
    }
    for arguments in [&["run", "--until-idle"][..], &["status"], &["db", "check"]] {
        refused(&linked.run(arguments), "one file with 2 names (hard links)");
    }
    goes_on(&office, &mut scheduler);
    scheduler.kill();
    refused(&linked.run(&["run"]), "one file with 2 names (hard links)");

    fs::remove_dir_all(linked.data()).unwrap();
    assert_eq!(office.json(&["db", "check"])["clean"], true);
}

#[test]
fn a_folder_or_a_file_that_is_moved_while_its_scheduler_runs_keeps_its_lock() {
    let (office, mut scheduler) = printing();
    let moved = Office::new();
    fs::rename(office.data(), moved.data()).unwrap();
    refused(&moved.run(&["run"]), &format!("(process {})", scheduler.id()));
    fs::rename(moved.data(), office.data()).unwrap();

    let elsewhere = other_folder(&office);
    let names = ["cetak.db", "cetak.db-wal", "cetak.db-shm"];
    let carry = |from: &Path, to: &Path| {
        for name in names {
            fs::rename(from.join(name), to.join(name)).unwrap();
        }
    };
    carry(&office.data(), &elsewhere.data());
    refused(&elsewhere.run(&["run"]), "from another folder");
    carry(&elsewhere.data(), &office.data());

    goes_on(&office, &mut scheduler);
    scheduler.kill();
    assert_eq!(office.json(&["db", "check"])["clean"], true);
}

#[test]
fn commands_beside_a_scheduler_write_without_a_loss_and_of_several_schedulers_one_prints() {
    let office = Office::new();
    office.import("student", &people::students(0..60));
    office.receive("student", 200);
    office.add_mock("p1", "student", "card_ms=10");
    let mut schedulers: Vec<Running> = (0..4).map(|_| office.start(&["run"])).collect();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..10 {
                office.receive("student", 1);
                wait(10);
            }
            done.store(true, Ordering::SeqCst);
        });
        let mut ended = || schedulers.iter_mut().map(Running::has_ended).filter(|ended| *ended).count();
        wait_until("the others are refused", 60, || ended() == 3);
        wait_slowly_until("the list is printed", 120, || {
            done.load(Ordering::SeqCst) && number(&office.status(), &["records", "printed"]) == 60
        });
    });
    for one in &mut schedulers {
        if !one.has_ended() {
            one.ask_to_stop();
        }
    }
    let answers: Vec<Answer> = schedulers.into_iter().map(|one| one.ended(60)).collect();
    let refusals = answers.iter().filter(|answer| answer.stderr.contains("another scheduler runs on"));
    assert_eq!(refusals.count(), 3, "{answers:?}");
    assert_eq!(office.truth("p1").len(), 60);
    let status = office.status();
    assert_eq!(number(&status, &["blangko", "student", "vault"]), 150, "{status}");
    assert_eq!(office.json(&["db", "check"])["clean"], true);
}
