//! Tests a scanner in a browser: at the desk it checks cards, and elsewhere it does no act.

use serde_json::json;

use crate::{
    browser::{Browser, Look},
    http::Served,
    is_full,
    office::Office,
    people,
    person::{audit, password},
    print_room::{PrintRoom, Staff},
    wait_until,
};

/// Scans a code at the desk, and waits for its verdict.
fn shown(browser: &Browser, code: &str, verdict: &str) {
    browser.answered(|browser| browser.scan(code));
    assert!(browser.has(&format!("[data-verdict={verdict}]")), "{code}: {}", browser.text("main"));
}

/// The same with keys that come at once, as those of a fast scanner on a busy machine.
fn shown_at_once(browser: &Browser, code: &str, verdict: &str) {
    browser.answered(|browser| browser.scan_at_once(code));
    assert!(browser.has(&format!("[data-verdict={verdict}]")), "{code}: {}", browser.text("main"));
}

/// A form that is complete but for its press, and its field.
const HOLDS: &str = "/do/HoldRecord?/record/source=default&/record/request_id=r00013&back=/records";
const NOTE: &str = "main form input:not([type=hidden])";
const BUTTON: &str = "main form button.primary";

/// Where a scanner may type when its person believes to be at a desk: a page, and what has the focus there.
const WRONG_PLACES: [(&str, &str); 20] = [
    (HOLDS, NOTE),
    (HOLDS, BUTTON),
    ("/do/ResumeQueue?back=/", NOTE),
    ("/do/ResumeQueue?back=/", BUTTON),
    ("/do/RejectCard?/record/source=default&/record/request_id=r00001", "main form select"),
    ("/do/RejectCard?/record/source=default&/record/request_id=r00001&/cause=print-failed", BUTTON),
    ("/do/CheckCard?/record/source=default&/record/request_id=r00001", BUTTON),
    ("/do/Pause?/scope=queue&back=/", NOTE),
    ("/", ".self .stop"),
    ("/", "footer button"),
    ("/", "main"),
    ("/needs", "main a.button"),
    ("/records", "#filter-source"),
    ("/records", "main a.button"),
    ("/records/search", "#person"),
    ("/records/default/r00001", "main a.button"),
    ("/batches/1/pile", "main"),
    ("/audit", BUTTON),
    ("/me", "main form[action='/logout'] button"),
    ("/me", "#theme"),
];

#[test]
fn scans_into_wrong_fields_and_of_wrong_codes_do_no_act() {
    let room = PrintRoom::new();
    let (first, second) = (room.code(1), room.code(11));
    let staff = room.staff();
    let browser = Browser::signed_in(&room.served.address, "sri", Look::DESK);
    let acts = || {
        let entries = audit(&staff.supervisor).into_iter().map(|entry| entry.to_string());
        entries.filter(|entry| !entry.contains("session.")).collect::<Vec<_>>()
    };
    let before = acts();
    let all = [
        &first,
        "CETAK:OK",
        "P",
        "CETAK:REJECT:print-failed",
        &second,
        "1",
        "8991101",
        "3372041203650001",
        "gb",
        &first,
    ];
    let codes = if is_full() { &all[..] } else { &all[..3] };
    for (path, focus) in WRONG_PLACES {
        browser.open(path);
        if focus == NOTE || focus == BUTTON {
            // Not by keys: those of a driver come as fast as those of a scanner.
            browser.run(&format!(
                "const field = document.querySelector('{NOTE}'); if (field) field.value = 'typed by hand'"
            ));
        }
        let value = || browser.run("return document.activeElement.value ?? ''");
        browser.focus(focus);
        browser.run("window.isTheSame = true");
        let mut stood = value();
        for code in codes {
            browser.scan(code);
            if code.len() < 8 {
                // A hand may have typed it: it stays where it was typed.
                stood = value();
            }
            browser.wait_for_text("#stale", "A card was scanned");
            browser.run("const told = document.getElementById('stale'); told.textContent = ''; told.hidden = true");
            let place = (browser.path(), browser.run("return window.isTheSame"), value());
            assert_eq!(place, (path.to_owned(), json!(true), stood.clone()), "{code} at {focus}");
        }
    }
    // At a desk, but for no card that it takes.
    for desk in ["/check", "/handover"] {
        browser.open(desk);
        for code in ["CETAK:OK", "CETAK:REJECT:print-failed", "8991101", "CETAK:OK"] {
            browser.answered(|browser| browser.scan(code));
            assert!(!browser.has(".notice"), "{code} at {desk}: {}", browser.text("main"));
        }
    }
    browser.answered(|browser| browser.scan(&first));
    browser.answered(|browser| browser.scan("CETAK:OK"));
    assert!(!browser.has(".notice"), "a card that was not checked is not handed over: {}", browser.text("main"));
    assert_eq!(acts(), before, "no act is on record");
    assert_eq!(staff.supervisor.get("/records/default/r00013").json()["state"], "waiting");
    assert_eq!(staff.supervisor.get("/board").json()["queue"]["paused"], true);
    assert!(staff.checked().is_empty());
}

/// Prints the card of a record again, and returns the code of the one before.
fn printed_again(room: &PrintRoom, staff: &Staff<'_>, number: u32) -> String {
    let (path, old) =
        (format!("/records/default/r{number:05}"), room.code_for(&staff.supervisor, &format!("r{number:05}")));
    let act = staff.operator.done(&format!("{path}/reprints"), &json!({ "reason": "damaged" }));
    staff.supervisor.done(&format!("/acts/{act}/confirmation"), &json!({ "password": password("sri") }));
    staff.supervisor.done("/queue/resume", &json!({ "note": "one more" }));
    let printed = || staff.supervisor.get(&format!("{path}/whereabouts")).json()["card"]["attempt"].clone();
    wait_until("the card is printed again", 60, || !printed().is_null() && !old.contains(printed().as_str().unwrap()));
    old
}

#[test]
fn a_pile_is_checked_by_scans_with_foreign_old_and_doubled_cards_among_them() {
    const CARDS: u32 = 100;
    // A driver takes as long for the keys of a code as a hand for a card: all scans by keys are a step of the full run.
    let by_keys = if is_full() { CARDS } else { 9 };
    let room = PrintRoom::of(Office::new(), CARDS);
    let staff = room.staff();
    let old = printed_again(&room, &staff, 5);
    let codes: Vec<String> =
        (0..CARDS).map(|number| room.code_for(&staff.supervisor, &format!("r{number:05}"))).collect();
    let forged = codes[8].replace("r00008", "r00009");
    let mut browser = Browser::signed_in(&room.served.address, "opi", Look::DESK);
    browser.allow("/photo");
    browser.open("/check");
    for (number, code) in (0..).zip(&codes) {
        let is_by_keys = number < by_keys;
        let shown = if is_by_keys { shown } else { shown_at_once };
        let accepts = |browser: &Browser| {
            browser.answered(
                |browser| if is_by_keys { browser.scan("CETAK:OK") } else { browser.scan_at_once("CETAK:OK") },
            );
        };
        // Once with the focus elsewhere: a hand has pressed beside the field.
        if number == 4 {
            browser.run("document.activeElement.blur()");
        }
        shown(&browser, code, "good");
        let others =
            [("OTHER-OFFICE-0001", "not the code"), (&forged, "forged"), (&old, ""), (&codes[0], "checked before")];
        let (other, says) = others[number as usize / 2 % others.len()];
        if number % 2 == 1 && (number < 8 || number % 10 == 1) {
            shown(&browser, other, "bad");
            assert!(browser.text("main").contains(says), "{other}: {}", browser.text("main"));
            accepts(&browser);
            assert!(!browser.has(".notice") && !browser.has("[data-verdict]"), "nothing is done");
            shown(&browser, code, "good");
        }
        accepts(&browser);
        assert!(browser.text(".notice").contains("Done") && browser.has("#code:focus"), "{}", browser.text("main"));
    }
    let of_all =
        |number: u32| staff.supervisor.get(&format!("/records/default/r{number:05}")).json()["checked"].clone();
    assert!((0..CARDS).all(|number| of_all(number) == true), "each is checked");
    let checked = audit(&staff.supervisor).iter().filter(|entry| entry["act"] == "card.checked").count();
    assert_eq!(checked, codes.len(), "and once");
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

#[test]
fn on_a_phone_the_verdict_the_photo_and_the_buttons_of_a_scanned_card_are_in_sight() {
    let office = Office::new();
    office.write(people::PHOTO, people::FACE);
    office.import("ktp-el", &people::citizens(",", 3));
    office.receive("ktp-el", 9);
    office.add_mock("p1", "ktp-el", "card_ms=0");
    office.done(&["run", "--until-idle"]);
    office.done(&["queue", "pause", "--reason", "a test"]);
    let room = PrintRoom { served: Served::new(&office), office };
    room.staff();
    let code = room.code_for(&room.signed_in("opi"), "R-00001");
    for language in ["en", "id"] {
        let mut browser = Browser::signed_in(&room.served.address, "opi", Look { language, is_phone: true });
        browser.allow("/photo");
        browser.open("/check");
        shown(&browser, &code, "good");
        let script = "const bar = document.querySelector('.near').getBoundingClientRect().top;
             const all = ['[data-verdict]', '.shown > img', '.shown button.primary', '.shown a.button'];
             const places = all.map(one => document.querySelector(one).getBoundingClientRect());
             return window.scrollY === 0 && places.every(place => place.top >= 0 && place.bottom <= bar && place.height > 0)";
        wait_until("all of it is in sight", 10, || browser.run(script) == json!(true));
    }
}
