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
