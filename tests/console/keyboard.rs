//! Tests that each flow is done with the keyboard alone, by Tab, Enter and the space bar, and that its focus is seen at each step.

use serde_json::{Value, json};

use crate::{
    browser::{Browser, Look},
    person::{audit, password},
    print_room::PrintRoom,
    wait, wait_until,
};

/// The button of a form.
const BUTTON: &str = "main form button.primary";

/// Goes to a place of the menu.
fn goes_to(browser: &Browser, address: &str) {
    follows(browser, &format!("nav a[href='{address}']"));
}

/// Follows a link, or presses a button that leads to another page.
fn follows(browser: &Browser, selector: &str) {
    browser.tab_to(selector);
    browser.next_page(|browser| browser.press("Enter"));
}

/// Fills in a field of a form, and sends it.
fn sends(browser: &Browser, field: &str, text: &str) {
    browser.tab_to(&format!("main form {field}"));
    browser.insert(text);
    follows(browser, BUTTON);
    assert!(!browser.has(".error"), "{}: {}", browser.path(), browser.text("main"));
}

/// Scans a card at a desk and does its act, with Enter alone.
fn accepts(browser: &Browser, code: &str) {
    assert!(browser.has("#code:focus"), "the field for codes has the focus");
    browser.insert(code);
    browser.answered(|browser| browser.press("Enter"));
    assert!(browser.has("[data-verdict=good]"), "{code}: {}", browser.text("main"));
    // A person looks at the card first.
    wait(500);
    browser.answered(|browser| browser.press("Enter"));
    assert!(browser.text(".notice").contains("Done"), "{code}: {}", browser.text("main"));
}

fn state(record: &Value) -> (&str, &Value) {
    (record["state"].as_str().unwrap(), &record["checked"])
}

#[test]
fn every_flow_is_done_with_tab_and_enter_alone_and_its_focus_is_seen() {
    let room = PrintRoom::with_faults();
    let staff = room.staff();
    let record = |number: u32| staff.supervisor.get(&format!("/records/default/r{number:05}")).json();
    let mut browser = Browser::at(&room.served.address, Look::DESK);
    browser.allow("/photo");

    browser.open("/");
    assert!(browser.has("#name:focus"), "the first field has the focus");
    browser.insert("sri");
    browser.tab_to("#password");
    browser.insert(&password("sri"));
    follows(&browser, BUTTON);

    follows(&browser, ".self .stop");
    sends(&browser, "[name='/note']", "the day begins");
    wait_until("the jam is told of", 60, || browser.has("main a.button[href='/printers/p2']"));
    follows(&browser, "main a.button[href='/printers/p2']");
    follows(&browser, "main a[href*='/do/ClearPrinter']");
    sends(&browser, "[name='/note']", "a card lay across");
    follows(&browser, "main a.button");
    let is_cleared = |entry: &Value| entry["act"] == "printer.cleared" && entry.to_string().contains("media-jam");
    assert!(audit(&staff.supervisor).iter().any(is_cleared));

    goes_to(&browser, "/inspect");
    assert_eq!(state(&record(1)).0, "uncertain");
    browser.tab_to("main form [name=found]");
    browser.press(" ");
    browser.tab_to("main form [name=chip]");
    browser.press(" ");
    follows(&browser, BUTTON);
    assert_eq!(state(&record(1)).0, "printed", "{}", browser.text("main"));

    goes_to(&browser, "/check");
    accepts(&browser, &room.code(0));
    assert_eq!(state(&record(0)), ("printed", &json!(true)));
    goes_to(&browser, "/handover");
    accepts(&browser, &room.code(0));
    assert_eq!(state(&record(0)).0, "handed_over");

    let card = json!({ "reason": "damaged" });
    staff.operator.done("/records/default/r00003/reprints", &card);
    goes_to(&browser, "/acts");
    follows(&browser, "main a[href*='ConfirmAct']");
    sends(&browser, "[type=password]", &password("sri"));
    assert_eq!(state(&record(3)).0, "waiting");

    follows(&browser, ".self .stop");
    sends(&browser, "[name='/note']", "the day ends");
    assert_eq!(staff.supervisor.get("/board").json()["queue"]["reason"], "the day ends");
}

/// Fills in a field: it types, or goes down a choice.
fn fills(browser: &Browser, field: &str, text: &str) {
    const CHOICES_MAX: usize = 20;
    browser.tab_to(&format!("main form {field}"));
    if browser.run("return document.activeElement.tagName") != "SELECT" {
        browser.insert(text);
        return;
    }
    let is_chosen = || browser.run("return document.activeElement.value") == text;
    for _ in 0..CHOICES_MAX {
        if is_chosen() {
            return;
        }
        browser.press("ArrowDown");
    }
    panic!("{field} has no choice {text}: {}", browser.text("main"));
}

/// Sends the form, which must be done.
fn ends(browser: &Browser) {
    follows(browser, BUTTON);
    assert!(!browser.has(".error"), "{}: {}", browser.path(), browser.text("main"));
}

#[test]
fn blanks_are_received_and_counted_and_cards_sent_and_rejected_with_the_keyboard_alone() {
    let room = PrintRoom::new();
    let staff = room.staff();
    staff.add_others(&room);
    let record = |number: u32| staff.supervisor.get(&format!("/records/default/r{number:05}")).json();
    let mut browser = Browser::at(&room.served.address, Look::DESK);
    browser.allow("/photo");

    browser.sign_in("gugun");
    goes_to(&browser, "/stock");
    follows(&browser, "main a[href*='ReceiveBlanks']");
    fills(&browser, "[name='/blank_type']", "student");
    fills(&browser, "[name='/quantity']", "25");
    fills(&browser, "[name='/document']", "BAST 7");
    ends(&browser);
    let vault = || staff.supervisor.get("/board").json()["blangko"]["student"]["vault"].as_i64().unwrap();
    assert_eq!(vault(), 55);

    let count = json!({ "blank_type": "student", "printer": null, "counter": "gugun", "note": "each month" });
    staff.supervisor.done("/stock/counts", &count);
    goes_to(&browser, "/stock");
    follows(&browser, "main a[href='/stock/counts']");
    follows(&browser, "main a[href='/stock/counts/1']");
    follows(&browser, "main a[href*='EnterCount']");
    for part in ["entry", "again"] {
        for (field, number) in [("bundles", "5"), ("bundle_size", "10"), ("loose", "5")] {
            fills(&browser, &format!("[name='/{part}/{field}']"), number);
        }
    }
    ends(&browser);
    assert_eq!(staff.supervisor.get("/stock/counts/1").json()["state"], "equal");

    staff.operator.done("/cards/default/r00000/check", &json!({}));
    browser.sign_in("opi");
    goes_to(&browser, "/handover");
    follows(&browser, "main a[href='/handover/send']");
    fills(&browser, "[name=new_district]", "Kecamatan Dua");
    fills(&browser, "[name=document]", "SJ-7");
    fills(&browser, "[name=cards]", &room.code(0));
    ends(&browser);
    assert_eq!(record(0)["sent"], true, "{}", browser.text("main"));

    goes_to(&browser, "/check");
    browser.insert(&room.code(1));
    browser.answered(|browser| browser.press("Enter"));
    follows(&browser, "main a[href*='RejectCard']");
    fills(&browser, "[name='/cause']", "print-failed");
    fills(&browser, "[name='/note']", "a scratch");
    ends(&browser);
    assert_ne!(record(1)["state"], "printed", "{}", browser.text("main"));
}
