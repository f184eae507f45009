//! Tests the program with an IPP printer that counts its own cards.

use cetak_driver_api::AttemptId;

use crate::{
    eve::{EvePrinter, Mode},
    office::{Office, number, printer, wait_slowly_until},
    peer::Peer,
    people,
};

/// A real printer in an office with that number of requests, and a blank for each.
async fn office(students: usize) -> (Office, EvePrinter) {
    let eve = EvePrinter::start().await;
    let office = Office::new();
    office.import("student", &people::students(0..students));
    office.receive("student", students);
    office.done(&["printer", "add", "eve", &eve.uri(), "--profile", "student"]);
    (office, eve)
}

fn run_until_idle(office: &Office) {
    let answer = office.start(&["run", "--until-idle"]).ended(100);
    assert_eq!(answer.code, Some(0), "{answer:?}");
}

/// The names of all cards in the output hopper, sorted.
fn ledger(eve: &EvePrinter) -> Vec<String> {
    let mut names = eve.cards();
    names.sort();
    names
}

#[tokio::test]
async fn an_ipp_printer_prints_exactly_the_cards_that_the_database_says() {
    let (office, eve) = office(50).await;

    run_until_idle(&office);

    let attempts = office.attempts();
    assert!(attempts.iter().all(|attempt| attempt.outcome.as_deref() == Some("printed")), "{attempts:?}");
    let mut printed: Vec<String> = attempts.into_iter().map(|attempt| attempt.id).collect();
    printed.sort();
    assert_eq!(printed.len(), 50);
    assert_eq!(ledger(&eve), printed);
    let status = office.status();
    assert_eq!(number(&status, &["blangko", "student", "printed"]), 50, "{status}");
    assert_eq!(number(&status, &["blangko", "student", "sum"]), 0, "{status}");
    assert_eq!(number(&status, &["records", "printed"]), 50, "{status}");
    assert_eq!(printer(&status, "eve")["cards_24h"], 50, "{status}");
    office.done(&["audit", "verify"]);
}

#[tokio::test]
async fn a_jam_in_an_ipp_printer_is_uncertain_and_waits_for_a_person() {
    let (office, eve) = office(1).await;
    eve.set(Mode::Jam);

    run_until_idle(&office);

    let attempts = office.attempts();
    let [attempt] = &attempts[..] else { panic!("{attempts:?}") };
    assert_eq!(attempt.outcome.as_deref(), Some("uncertain"), "{attempt:?}");
    assert!(attempt.reason.as_ref().is_some_and(|reason| reason.contains("media-jam")), "{attempt:?}");
    assert_eq!(ledger(&eve), [""; 0]);
    let status = office.status();
    assert_eq!(number(&status, &["records", "uncertain"]), 1, "{status}");
    assert_eq!(number(&status, &["blangko", "student", "uncertain"]), 1, "{status}");
    assert!(status["needs_person"].to_string().contains("cetak inspect list"), "{status}");

    // An operator finds the spoiled blank, and the next attempt makes a good card.
    eve.set(Mode::Ok);
    office.receive("student", 1);
    let resolve = ["inspect", "resolve", &attempt.id, "--found", "spoiled", "--reason", "crumpled"];
    office.done(&resolve);
    assert_eq!(office.run(&resolve).code, Some(1), "an attempt is resolved once");
    run_until_idle(&office);
    let status = office.status();
    assert_eq!(number(&status, &["records", "printed"]), 1, "{status}");
    assert_eq!(ledger(&eve).len(), 1);
}

#[tokio::test]
async fn an_empty_hopper_is_shown_while_its_card_waits_and_the_card_comes_when_it_is_filled() {
    let (office, eve) = office(2).await;
    eve.set(Mode::Empty);
    let scheduler = office.start(&["run", "--until-idle"]);

    wait_slowly_until("the status shows the empty hopper", 30, || {
        let status = office.status();
        let advice = &printer(&status, "eve")["advice"];
        advice
            .as_array()
            .unwrap()
            .iter()
            .any(|advice| advice["keyword"] == "media-empty" && advice["who"] == "operator")
    });
    let status = office.status();
    assert_eq!(printer(&status, "eve")["state"], "processing", "{status}");
    assert_eq!(number(&status, &["records", "printed"]), 0, "{status}");
    assert_eq!(ledger(&eve), [""; 0]);
    let [waiting] = &office.attempts()[..] else { panic!("{:?}", office.attempts()) };
    assert_eq!(waiting.outcome, None);

    eve.set(Mode::Ok);
    eve.clear();
    let answer = scheduler.ended(60);

    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert_eq!(office.outcomes(), [("printed".to_owned(), 2)].into());
    let ids: Vec<_> = office.attempts().iter().map(|attempt| AttemptId::new(&*attempt.id).unwrap()).collect();
    assert!(ids.iter().all(|id| eve.count_cards(id) == 1) && ledger(&eve).len() == 2, "{:?}", ledger(&eve));
    let status = office.status();
    assert_eq!(printer(&status, "eve")["reasons"].as_array().unwrap().len(), 0, "{status}");
}

#[tokio::test]
async fn an_empty_hopper_ends_an_unattended_run_and_its_other_cards_return_to_the_list() {
    let (office, eve) = office(3).await;
    eve.set(Mode::Empty);
    office.set("release_after_s = 1");

    run_until_idle(&office);

    let status = office.status();
    assert_eq!(number(&status, &["records", "waiting"]), 2, "{status}");
    assert_eq!(number(&status, &["records", "batched"]), 1, "the current card stays: {status}");
    eve.set(Mode::Ok);
    eve.clear();
    run_until_idle(&office);
    assert_eq!(number(&office.status(), &["records", "printed"]), 3);
    assert_eq!(ledger(&eve).len(), 3);
}

#[tokio::test]
async fn a_scheduler_whose_card_waits_inside_the_printer_can_be_asked_to_stop() {
    let (office, eve) = office(1).await;
    eve.set(Mode::Empty);
    let scheduler = office.start(&["run"]);
    wait_slowly_until("the card waits", 30, || printer(&office.status(), "eve")["state"] == "processing");

    scheduler.ask_to_stop();

    assert_eq!(scheduler.ended(20).code, Some(0));
    assert_eq!(office.count_open_attempts(), 1, "the next start finds it");
}
