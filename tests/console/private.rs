//! Tests that nothing of a person stands where it may be read by others: in addresses, the log, metrics, events and the audit. All
//! browsers and print rooms of these tests are searched for it at their ends.

use std::io::{BufRead, BufReader, Write};

use serde_json::json;

use crate::{
    browser::{Browser, Look},
    impersonal::{CITIZENS, assert_impersonal},
    office::Office,
    people,
    person::{Person, audit},
    print_room::PrintRoom,
};

/// All events of an office up to one with this name, as they are sent.
fn events(person: &Person<'_>, room: &PrintRoom, last: &str) -> String {
    let mut stream = room.served.connect();
    let head = format!("host: {}\r\ncookie: {}\r\nlast-event-id: \r\n", room.served.address, person.cookie);
    stream.write_all(format!("GET /api/v1/events HTTP/1.1\r\n{head}\r\n").as_bytes()).unwrap();
    let mut lines = BufReader::new(stream);
    let mut text = String::new();
    while !text.contains(last) {
        assert!(lines.read_line(&mut text).unwrap() > 0, "the stream ended: {text}");
    }
    text
}

/// Looks at a person in every way that the console has.
fn search(browser: &Browser) {
    let citizen = people::citizen(1);
    for (field, words) in
        [("#identifier", &*citizen[6]), ("#person", &citizen[7]), ("#person", "STUDENT NUMBER 3"), ("#person", "x' q")]
    {
        browser.open("/records/search");
        browser.type_into(field, words);
        browser.next_page(|browser| browser.click("main form button.primary"));
    }
    browser.open("/records/search");
    browser.type_into("#identifier", &citizen[6]);
    browser.next_page(|browser| browser.click("main form button.primary"));
    let found = browser.run("return document.querySelector(\"main a[href*='R-00001']\") !== null");
    assert_eq!(found, true, "{}", browser.text("main"));
    browser.next_page(|browser| browser.click("main a[href*='R-00001']"));
}

#[test]
fn nothing_personal_is_in_an_address_the_log_the_metrics_the_events_or_the_audit() {
    let office = Office::with(&[("CETAK_LOG", "debug")]);
    office.write(people::PHOTO, people::FACE);
    office.import("ktp-el", &people::citizens(",", CITIZENS));
    let room = PrintRoom::of(office, 12);
    let staff = room.staff();
    let mut browser = Browser::signed_in(&room.served.address, "sri", Look::DESK);
    // What is refused is told of too.
    browser.allow("the server responded with a status of");
    search(&browser);
    for path in [
        "/records?district=Kecamatan+Dua",
        "/records/default/R-00001?pictures=true",
        "/records/default/r00003",
        "/records/default/none",
        "/batches/1/pile",
        "/check",
        "/do/EditRecord?/record/source=default&/record/request_id=R-00001",
    ] {
        browser.open(path);
    }
    browser.open("/check");
    browser.answered(|browser| browser.scan(&room.code(1)));
    browser.answered(|browser| browser.scan(people::citizen(1)[6].as_str()));
    assert!(browser.assert_addresses_are_impersonal() > 20, "requests are recorded");
    staff.supervisor.done("/queue/resume", &json!({ "note": "the last" }));
    let administrator = Person::sign_in(&room.served, "root");
    for person in [&staff.supervisor, &administrator] {
        assert_impersonal("the events", &events(person, &room, "queue.resumed"));
    }
    assert_impersonal("the audit", &json!(audit(&staff.supervisor)).to_string());
    assert!(room.served.running.messages().contains("listening on"), "the log says something");
}
