//! Tests a short day of an operator and a supervisor, in both languages, at a desk and on a phone: pause, ask for a reprint, approve it,
//! go on.

use serde_json::{Value, json};

use crate::{
    browser::{Browser, Look},
    person::password,
    print_room::PrintRoom,
    wait_until,
};

/// The least size of what a thumb presses, in pixels.
const THUMB: f64 = 44.0;

/// Fails if the button that pauses or goes on is not in sight, or on a phone not where a thumb is.
fn assert_in_reach(browser: &Browser, look: Look) {
    let place = browser.run(
        "const box = document.querySelector('.self .stop').getBoundingClientRect();
         const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
         return [box.x, box.y, box.right, box.bottom, innerWidth, innerHeight, top?.matches('.self .stop'), scrollY,
             document.documentElement.scrollWidth]",
    );
    let at = |index: usize| place[index].as_f64().unwrap();
    let is_in_sight = at(0) >= 0.0 && at(1) >= 0.0 && at(2) <= at(4) && at(3) <= at(5);
    assert!(is_in_sight && place[6] == true && place[7] == 0, "{}: {place}", browser.path());
    if look.is_phone {
        assert!(at(4) <= 390.0 && at(8) <= 390.0, "{} is not wider than the phone: {place}", browser.path());
        let is_under_the_thumb = at(1) > at(5) * 2.0 / 3.0 && at(3) - at(1) >= THUMB && at(2) - at(0) >= THUMB;
        assert!(is_under_the_thumb, "{}: {place}", browser.path());
    }
}

/// The address of an act that the page offers.
fn offered(browser: &Browser, part: &str) -> String {
    let script = format!(
        "return document.querySelector('main a[href*=' + {} + ']')?.getAttribute('href')",
        json!(json!(part).to_string())
    );
    let address = browser.run(&script);
    address
        .as_str()
        .unwrap_or_else(|| panic!("{part} is offered on {}: {}", browser.path(), browser.text("main")))
        .to_owned()
}

/// Sends the form of an act, which must be done.
fn send(browser: &Browser) {
    browser.next_page(|browser| browser.click("main form button.primary"));
    assert!(!browser.has(".error"), "{}: {}", browser.path(), browser.text("main"));
}

fn a_day(look: Look) {
    let room = PrintRoom::new();
    let staff = room.staff();
    staff.supervisor.done("/queue/resume", &json!({ "note": "the day begins" }));
    let board = || staff.supervisor.get("/board").json();

    let operator = Browser::signed_in(&room.served.address, "opi", look);
    assert_eq!(operator.run("return document.documentElement.lang"), look.language);
    for path in ["/records", "/check", "/stock", "/"] {
        operator.open(path);
        assert_in_reach(&operator, look);
    }
    operator.next_page(|operator| operator.click(".self .stop"));
    operator.type_into("main form [name='/note']", "macet");
    send(&operator);
    let done = if look.language == "en" { "Done: Pause" } else { "Selesai: Jeda" };
    assert!(operator.text(".notice").contains(done), "{}", operator.text("main"));
    assert!(operator.text("#state .wait").contains("opi: macet"), "{}", operator.text("#state"));
    assert_eq!(board()["queue"]["paused"], true);

    operator.open("/records/default/r00003");
    operator.open(&offered(&operator, "RequestReprint"));
    operator.run("document.querySelector(\"main form [name='/reason']\").value = 'damaged'");
    send(&operator);
    drop(operator);
    assert_eq!(
        staff.supervisor.get("/records/default/r00003").json()["state"],
        "printed",
        "one person prints no card again"
    );

    let supervisor = Browser::signed_in(&room.served.address, "sri", look);
    supervisor.open(&offered(&supervisor, "/acts"));
    supervisor.open(&offered(&supervisor, "ConfirmAct"));
    supervisor.type_into("main form [type=password]", &password("sri"));
    send(&supervisor);
    let state = || staff.supervisor.get("/records/default/r00003").json()["state"].clone();
    assert_eq!(state(), "waiting");
    supervisor.open("/");
    assert_in_reach(&supervisor, look);
    supervisor.next_page(|supervisor| supervisor.click(".self .stop"));
    supervisor.type_into("main form [name='/note']", "beres");
    send(&supervisor);
    wait_until("the card is printed again", 60, || state() == "printed");
    wait_until("the board says that nothing is paused", 15, || !supervisor.has("#state .wait"));
    assert_eq!(board()["queue"]["by"], Value::Null);
}

#[test]
fn pausing_and_approving_a_reprint_take_a_few_presses_in_english_at_a_desk() {
    a_day(Look { language: "en", is_phone: false });
}

#[test]
fn pausing_and_approving_a_reprint_take_a_few_presses_in_indonesian_at_a_desk() {
    a_day(Look { language: "id", is_phone: false });
}

#[test]
fn pausing_and_approving_a_reprint_take_a_few_presses_in_english_on_a_phone() {
    a_day(Look { language: "en", is_phone: true });
}

#[test]
fn pausing_and_approving_a_reprint_take_a_few_presses_in_indonesian_on_a_phone() {
    a_day(Look { language: "id", is_phone: true });
}
