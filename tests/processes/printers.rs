//! Tests that real printers are added, shown and tried with a test card.

use crate::{
    office::{Office, number},
    peer::Kind,
    people,
};

/// An office with that number of requests and blanks.
fn office(students: usize, blanks: usize) -> Office {
    let office = Office::new();
    office.import("student", &people::students(0..students));
    office.receive("student", blanks);
    office
}

#[test]
fn a_cups_queue_is_refused_with_its_settings_in_words_and_prints_after_an_override() {
    let peer = Kind::Cupsd.start();
    let office = office(3, 3);

    let refused = office.run(&["printer", "add", "q", &peer.uri(), "--profile", "student"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    for word in ["CUPS", "DirtyCleanInterval 0", "PreserveJobFiles No", "MaxJobTime 0", "--override"] {
        assert!(refused.stderr.contains(word), "{word}: {refused:?}");
    }
    assert_eq!(office.run(&["printer", "show", "q"]).code, Some(1), "it was not added");

    office.add_ipp("q", &peer.uri());
    let shown = office.json(&["printer", "show", "q"]);
    assert_eq!(shown["override_reason"], "its settings are known", "{shown}");
    assert_eq!(shown["objections"].as_array().unwrap().len(), 1, "{shown}");
    office.done(&["run", "--until-idle"]);
    assert_eq!(number(&office.status(), &["records", "printed"]), 3);
    assert_eq!(peer.cards().len(), 3);
    office.done(&["audit", "verify"]);
}

#[test]
fn a_printer_is_shown_with_what_it_cannot_guarantee_and_a_test_card_uses_up_one_blank() {
    let peer = Kind::Eve.start();
    let office = office(1, 2);

    let added = office.run(&["printer", "add", "eve", &peer.uri(), "--profile", "student"]);
    assert_eq!(added.code, Some(0), "{added:?}");
    assert!(added.stderr.contains("cannot hold a job"), "{added:?}");
    let shown = office.run(&["printer", "show", "eve"]);
    for word in ["iso_id-1_53.98x85.6mm", "300 dpi", "image/png", "not guaranteed", "YMCKO ribbon: 80 %"] {
        assert!(shown.stdout.contains(word), "{word}: {shown:?}");
    }
    assert_eq!(peer.cards().len(), 0);

    let test = office.json(&["printer", "test", "eve"]);
    assert_eq!(test["outcome"], "printed", "{test}");
    assert_eq!(peer.cards(), [test["attempt"].as_str().unwrap()]);
    let status = office.status();
    assert_eq!(number(&status, &["blangko", "student", "spoiled"]), 1, "{status}");
    assert_eq!(number(&status, &["blangko", "student", "vault"]), 1, "{status}");
    assert_eq!(number(&status, &["records", "waiting"]), 1, "{status}");
    office.done(&["audit", "verify"]);
}

#[test]
fn a_printer_that_does_not_answer_is_added_with_a_warning_and_a_test_card_costs_nothing() {
    let office = office(1, 1);
    let added = office.run(&["printer", "add", "away", "ipp://127.0.0.1:1/ipp/print", "--profile", "student"]);
    assert_eq!(added.code, Some(0), "{added:?}");
    assert!(added.stderr.contains("warning") && added.stderr.contains("printer show away"), "{added:?}");

    assert_eq!(office.run(&["printer", "test", "away"]).code, Some(1));
    let status = office.status();
    assert_eq!(number(&status, &["blangko", "student", "vault"]), 1, "{status}");
}

#[test]
fn limits_are_set_shown_and_end_a_run_until_a_person_says_what_is_in_the_printer() {
    let office = office(12, 12);
    office.add_mock("p1", "student", "card_ms=1");
    office.done(&["printer", "set", "p1", "--tray", "5", "--ribbon", "20", "--ribbon-yield", "63"]);
    let refused = office.run(&["printer", "set", "p1", "--rest-after", "5"]);
    assert!(refused.stderr.contains("--rest-minutes"), "{refused:?}");

    let run = office.run(&["run", "--until-idle"]);
    assert!(run.stderr.contains("`p1`: its output tray is full"), "{run:?}");
    let status = office.done(&["status"]).stdout;
    assert!(
        status.contains("its output tray is full") && status.contains("cetak printer supplies p1 --tray 0"),
        "{status}"
    );
    assert_eq!(number(&office.status(), &["records", "printed"]), 5);
    let shown = office.done(&["printer", "show", "p1"]).stdout;
    assert!(shown.contains("ribbon: 7 of 12 cards, room in the output tray: 0 of 5 cards"), "{shown}");

    let said = office.json(&["printer", "supplies", "p1", "--tray", "0", "--ribbon", "3"]);
    assert_eq!((number(&said, &["left", "tray"]), number(&said, &["left", "ribbon"])), (5, 3), "{said}");
    office.run(&["run", "--until-idle"]);
    assert_eq!(number(&office.status(), &["records", "printed"]), 8, "the ribbon gave three");
    let listed = office.done(&["printer", "list"]).stdout;
    assert!(listed.contains("its ribbon is used up") && listed.contains("p1: ribbon: 0 of 12 cards"), "{listed}");
    assert_eq!(office.run(&["printer", "supplies", "p1", "--cleaned"]).code, Some(1), "no cleaning is counted");
    office.done(&["printer", "set", "p1", "--walk-in-lane", "on"]);
    assert!(office.done(&["printer", "list"]).stdout.contains("keeps a lane for walk-ins"));
    assert_eq!(office.json(&["printer", "list"])[0]["limits"]["walk_in_lane"], true);
    office.done(&["printer", "set", "p1", "--walk-in-lane", "off"]);
    office.done(&["printer", "set", "p1", "--tray", "0", "--ribbon", "0"]);
    office.done(&["run", "--until-idle"]);
    assert_eq!(number(&office.status(), &["records", "printed"]), 12);
    office.done(&["db", "check"]);
}

#[test]
fn the_level_that_a_real_printer_reports_of_its_ribbon_corrects_the_count() {
    let peer = Kind::Eve.start();
    let office = office(1, 1);
    office.add_ipp("eve", &peer.uri());
    office.done(&["printer", "set", "eve", "--ribbon", "100"]);
    office.done(&["run", "--until-idle"]);
    assert_eq!(number(&office.status(), &["records", "printed"]), 1);
    let shown = office.done(&["printer", "show", "eve"]).stdout;
    assert!(shown.contains("ribbon: 79 of 100 cards"), "it reported 80 % before the card: {shown}");
}
