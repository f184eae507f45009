//! Tests a scanner in a browser: at the desk it checks cards, and elsewhere it does no act.

use serde_json::json;

use crate::{
    browser::{Browser, Look},
    person::audit,
    print_room::PrintRoom,
};

/// Scans a code at the desk, and waits for its verdict.
fn shown(browser: &Browser, code: &str, verdict: &str) {
    browser.answered(|browser| browser.scan(code));
    assert!(browser.has(&format!("[data-verdict={verdict}]")), "{code}: {}", browser.text("main"));
}

#[test]
fn a_code_that_is_scanned_into_a_wrong_field_does_no_act() {
    let room = PrintRoom::new();
    let codes: Vec<String> = (0..10).map(|number| room.code(number)).collect();
    let staff = room.staff();
    let browser = Browser::signed_in(&room.served.address, "sri", Look::DESK);
    let acts = || {
        let entries = audit(&staff.supervisor).into_iter().map(|entry| entry.to_string());
        entries.filter(|entry| !entry.contains("session.")).collect::<Vec<_>>()
    };
    let before = acts();
    let holds = "/do/HoldRecord?/record/source=default&/record/request_id=r00013&back=/records";
    // Each is complete, so that a press of its button would do it.
    for (path, note, focus) in [
        (holds, "typed by hand", "main form input:not([type=hidden])"),
        (holds, "typed by hand", "main form button.primary"),
        ("/do/ResumeQueue?back=/", "typed by hand", "main form button.primary"),
        ("/", "", ".self .stop"),
        ("/", "", "footer button"),
        ("/", "", "main"),
    ] {
        browser.open(path);
        if !note.is_empty() {
            // Not by keys: those of a driver come as fast as those of a scanner.
            browser.run(&format!("document.querySelector('main form input:not([type=hidden])').value = '{note}'"));
        }
        browser.focus(focus);
        browser.run("window.isTheSame = true");
        for code in codes.iter().take(5) {
            browser.scan(code);
        }
        browser.wait_for_text("#stale", "A card was scanned");
        assert_eq!((browser.path(), browser.run("return window.isTheSame")), (path.to_owned(), json!(true)), "{focus}");
        let field = "return document.querySelector('main form input:not([type=hidden])')?.value ?? ''";
        assert_eq!(browser.run(field), note, "what a hand typed stands as it was");
    }
    assert_eq!(acts(), before, "no act is on record");
    assert_eq!(staff.supervisor.get("/records/default/r00013").json()["state"], "waiting");
    assert_eq!(staff.supervisor.get("/board").json()["queue"]["paused"], true);
    assert!(staff.checked().is_empty());
}

#[test]
fn a_pile_of_ten_cards_is_checked_by_scans_with_foreign_and_doubled_ones_among_them() {
    let room = PrintRoom::new();
    let codes: Vec<String> = (0..10).map(|number| room.code(number)).collect();
    let staff = room.staff();
    let mut browser = Browser::signed_in(&room.served.address, "opi", Look::DESK);
    browser.allow("/photo");
    browser.open("/check");
    for (number, code) in codes.iter().enumerate() {
        // Once with the focus elsewhere: a hand has pressed beside the field.
        if number == 4 {
            browser.run("document.activeElement.blur()");
        }
        shown(&browser, code, "good");
        if number == 2 {
            let forged = codes[8].replace("r00008", "r00009");
            for (foreign, says) in
                [("OTHER-OFFICE-0001", "not the code"), (&forged, "forged"), (&codes[0], "checked before")]
            {
                shown(&browser, foreign, "bad");
                assert!(browser.text("main").contains(says), "{foreign}: {}", browser.text("main"));
                browser.answered(|browser| browser.scan("CETAK:OK"));
                assert!(!browser.has(".notice") && !browser.has("[data-verdict]"), "nothing is done");
            }
            shown(&browser, code, "good");
        }
        browser.answered(|browser| browser.scan("CETAK:OK"));
        assert!(browser.text(".notice").contains("Done") && browser.has("#code:focus"), "{}", browser.text("main"));
    }
    let ten: Vec<String> = (0..10).map(|number| format!("r{number:05}")).collect();
    assert_eq!(staff.checked(), ten);
}

#[test]
fn a_command_that_is_scanned_before_the_answer_accepts_no_card() {
    let room = PrintRoom::new();
    let codes = [room.code(0), room.code(1)];
    let staff = room.staff();
    let mut browser = Browser::signed_in(&room.served.address, "opi", Look::DESK);
    browser.allow("/photo");
    browser.open("/check");
    shown(&browser, &codes[0], "good");
    // Faster than any answer: the page cannot go away while a script runs.
    let script = format!(
        "for (const code of [{}, 'CETAK:OK'])
             for (const key of [...code, 'Enter']) document.dispatchEvent(new KeyboardEvent('keydown', {{ key, bubbles: true }}))",
        json!(codes[1])
    );
    browser.answered(|browser| drop(browser.run(&script)));
    browser.wait_for_text("[data-verdict]", "r00001");
    assert!(staff.checked().is_empty(), "neither the card before nor this one");
}
