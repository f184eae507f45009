//! Tests P6 on the program: a pause holds across commands and restarts, and a stop waits for the cards in progress.

use cetak::domain::time::Timestamp;
use serde_json::json;

use crate::{
    now,
    office::{Office, Running, number, printer, wait_slowly_until},
    people, wait_until,
};

const PRINTERS: [&str; 3] = ["p1", "p2", "p3"];

/// An office with a list, blanks for it, and printers that need that time for a card.
fn office(printers: &[&str], students: usize, card_ms: u32) -> Office {
    let office = Office::new();
    office.import("student", &people::students(0..students));
    // So small that a short list is more than one printer's batch.
    office.set("batch_size = 5\n");
    office.receive("student", students);
    for name in printers {
        office.add_mock(name, "student", &format!("card_ms={card_ms}"));
    }
    office
}

fn count_cards(office: &Office, printers: &[&str]) -> usize {
    printers.iter().map(|name| office.truth(name).len()).sum()
}

fn wait_for_cards(office: &Office, printers: &[&str], count: usize) {
    wait_until("each printer has made some cards", 30, || {
        printers.iter().all(|name| office.truth(name).len() >= count)
    });
}

fn count_started_after(office: &Office, printer: &str, instant: Timestamp) -> usize {
    office.truth(printer).iter().filter(|line| line.at > instant.0).count()
}

/// Pauses from a process of its own, and says when that process had ended.
fn paused(office: &Office, scope: &[&str]) -> Timestamp {
    office.done(&[&["queue", "pause", "--reason", "ribbon change", "--actor", "siti"], scope].concat());
    now()
}

fn resume(office: &Office, scope: &[&str]) {
    office.done(&[&["queue", "resume", "--reason", "new ribbon", "--actor", "siti"], scope].concat());
}

/// Runs until only a person would help.
fn run_until_idle(office: &Office) {
    let answer = office.start(&["run", "--until-idle"]).ended(60);
    assert_eq!(answer.code, Some(0), "{answer:?}");
}

fn assert_all_printed(office: &Office, students: usize) {
    run_until_idle(office);
    let status = office.status();
    assert_eq!(number(&status, &["records", "printed"]), i64::try_from(students).unwrap(), "{status}");
    assert_eq!(number(&status, &["blangko", "student", "vault"]), 0, "{status}");
    office.done(&["audit", "verify"]);
}

#[test]
fn after_a_pause_only_the_current_card_of_each_printer_is_finished() {
    let office = office(&PRINTERS, 3_000, 10);
    let scheduler = office.start(&["run"]);

    for round in 0..5 {
        let before = PRINTERS.map(|name| office.truth(name).len());
        wait_until("every printer prints", 30, || {
            PRINTERS.iter().zip(before).all(|(name, before)| office.truth(name).len() > before + 3)
        });
        let returned_at = paused(&office, &[]);
        wait_slowly_until("no attempt is open", 30, || office.count_open_attempts() == 0);

        for name in PRINTERS {
            assert!(count_started_after(&office, name, returned_at) <= 1, "round {round}, {:?}", office.truth(name));
        }
        let status = office.status();
        assert_eq!(status["queue"], json!({ "paused": true, "reason": "ribbon change", "by": "siti" }));
        assert!(PRINTERS.iter().all(|name| printer(&status, name)["paused"] == true), "{status}");
        resume(&office, &[]);
    }

    stop(scheduler);
    office.done(&["audit", "verify"]);
}

#[test]
fn a_pause_survives_a_crash_and_open_attempts_are_settled_without_starting_a_card() {
    let office = office(&PRINTERS, 18, 600);
    let scheduler = office.start(&["run"]);
    wait_for_cards(&office, &PRINTERS, 1);
    paused(&office, &[]);
    scheduler.kill();
    let in_hand = office.count_open_attempts();
    let fed = count_cards(&office, &PRINTERS);
    assert!(in_hand > 0, "the cards were over before the scheduler was killed");

    run_until_idle(&office);
    run_until_idle(&office);

    assert_eq!(count_cards(&office, &PRINTERS), fed);
    assert_eq!(office.outcomes(), [("printed".to_owned(), fed)].into());
    let status = office.status();
    assert_eq!(status["queue"], json!({ "paused": true, "reason": "ribbon change", "by": "siti" }));
    assert_eq!(number(&status, &["records", "printed"]), i64::try_from(fed).unwrap(), "{status}");

    resume(&office, &[]);
    assert_eq!(office.status()["queue"], json!({ "paused": false, "reason": null, "by": null }));
    assert_all_printed(&office, 18);
}

#[test]
fn a_scheduler_that_starts_while_the_queue_is_paused_starts_no_card() {
    let office = office(&PRINTERS, 10, 1);
    paused(&office, &[]);

    run_until_idle(&office);

    assert_eq!(count_cards(&office, &PRINTERS), 0);
    resume(&office, &[]);
    assert_all_printed(&office, 10);
}

#[test]
fn the_first_pause_stands_and_its_reason_and_person_are_kept() {
    let office = office(&["p1"], 1, 1);
    paused(&office, &[]);

    office.done(&["queue", "pause", "--reason", "another reason", "--actor", "budi"]);

    assert_eq!(office.status()["queue"], json!({ "paused": true, "reason": "ribbon change", "by": "siti" }));
}

#[test]
fn a_pause_of_one_printer_leaves_the_others_going() {
    let office = office(&PRINTERS, 600, 20);
    let scheduler = office.start(&["run"]);
    wait_for_cards(&office, &PRINTERS, 3);

    let returned_at = paused(&office, &["--printer", "p1"]);
    let others = ["p2", "p3"];
    let before = others.map(|name| office.truth(name).len());
    wait_until("the other printers go on", 30, || {
        others.iter().zip(before).all(|(name, before)| office.truth(name).len() > before + 10)
    });

    assert!(count_started_after(&office, "p1", returned_at) <= 1, "{:?}", office.truth("p1"));
    let status = office.status();
    assert_eq!(PRINTERS.map(|name| printer(&status, name)["paused"] == true), [true, false, false], "{status}");
    assert_eq!(status["queue"]["paused"], false);

    resume(&office, &["--printer", "p1"]);
    stop(scheduler);
    assert_all_printed(&office, 600);
}

#[test]
fn a_pause_of_one_batch_leaves_the_others_going_and_keeps_its_cards_together() {
    let office = office(&["p1", "p2"], 400, 40);
    office.set("batch_size = 100\n");
    let scheduler = office.start(&["run"]);
    wait_for_cards(&office, &["p1", "p2"], 3);
    let batches = office.json(&["batch", "list"]);
    let of_p1 = batches.as_array().unwrap().iter().find(|batch| batch["printer"] == "p1").unwrap();
    let batch = of_p1["id"].as_i64().unwrap();

    let returned_at = paused(&office, &["--batch", &batch.to_string()]);
    let before = office.truth("p2").len();
    wait_until("the other batch goes on", 30, || office.truth("p2").len() > before + 10);
    assert!(count_started_after(&office, "p1", returned_at) <= 1, "{:?}", office.truth("p1"));
    let status = office.status();
    assert_eq!(PRINTERS[..2].iter().filter(|name| printer(&status, name)["paused"] == true).count(), 0, "{status}");

    resume(&office, &["--batch", &batch.to_string()]);
    stop(scheduler);
    assert_all_printed(&office, 400);
    let of_batch = |attempt: &crate::office::Attempt| attempt.batch == batch;
    let printers: Vec<_> = office.attempts().into_iter().filter(of_batch).map(|attempt| attempt.printer).collect();
    assert!(printers.len() == 100 && printers.iter().all(|printer| printer == "p1"), "{printers:?}");
}

#[test]
fn a_request_to_stop_finishes_the_current_card_and_starts_no_other() {
    let office = office(&PRINTERS, 60, 300);
    let scheduler = office.start(&["run"]);
    wait_for_cards(&office, &PRINTERS, 2);

    scheduler.ask_to_stop();
    let asked_at = now();
    let answer = scheduler.ended(30);
    let ended_at = now();

    assert_eq!(answer.code, Some(0), "{answer:?}");
    for name in PRINTERS {
        assert!(count_started_after(&office, name, asked_at) <= 1, "{:?}", office.truth(name));
        assert!(office.truth(name).iter().all(|line| line.end_us <= ended_at.0), "{:?}", office.truth(name));
    }
    assert_eq!(office.outcomes(), [("printed".to_owned(), count_cards(&office, &PRINTERS))].into());
}

fn stop(scheduler: Running) {
    scheduler.ask_to_stop();
    let answer = scheduler.ended(30);
    assert_eq!(answer.code, Some(0), "{answer:?}");
}
