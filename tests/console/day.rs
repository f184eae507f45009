//! Tests the day of each role, in both languages, at a desk and on a phone: clear a jam and inspect a card, pause with a thumb, check a
//! pile with a scanner, approve a reprint, receive blanks, and find what was changed in the audit.

use std::process::Command;

use serde_json::{Value, json};

use crate::{
    browser::{Browser, Look},
    is_full,
    person::{audit, password},
    print_room::{PrintRoom, Staff},
    wait_until,
};

/// The least size of what a thumb presses, in pixels.
const THUMB: f64 = 44.0;
/// The button of a form.
const BUTTON: &str = "main form button.primary";

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
pub(crate) fn offered(browser: &Browser, part: &str) -> String {
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
pub(crate) fn send(browser: &Browser) {
    browser.next_page(|browser| browser.click(BUTTON));
    assert!(!browser.has(".error"), "{}: {}", browser.path(), browser.text("main"));
}

/// An office through which the days of its people go.
struct Days<'a> {
    room: &'a PrintRoom,
    staff: Staff<'a>,
    browser: Browser,
    look: Look,
    /// Which of the days it is, from 0.
    day: u32,
}

impl Days<'_> {
    fn get(&self, path: &str) -> Value {
        self.staff.supervisor.get(path).json()
    }

    fn state(&self, number: u32) -> String {
        self.get(&format!("/records/default/r{number:05}"))["state"].as_str().unwrap().to_owned()
    }

    /// Signs in, and finds the language and the way to pause.
    fn comes(&self, name: &str) {
        self.browser.sign_in(name);
        self.browser.show_as(self.look);
        self.browser.open("/");
        assert_eq!(self.browser.run("return document.documentElement.lang"), self.look.language);
    }

    fn sends(&self, field: &str, text: &str) {
        self.browser.type_into(&format!("main form {field}"), text);
        send(&self.browser);
    }

    /// A printer jams while the operator looks at the board; another has lost a card.
    fn clears_a_jam_and_inspects(&self) {
        let (browser, printer) = (&self.browser, format!("jam-{}", self.day));
        let first = 90_000 + 10 * self.day;
        self.room.import(&self.staff.supervisor, first, first + 3);
        self.room.add_jam(&printer);
        browser.open("/");
        let need = format!("main a.button[href='/printers/{printer}']");
        wait_until("the board tells of the jam", 60, || browser.has(&need));
        browser.next_page(|browser| browser.click(&need));
        browser.wait_for_text("main", "media-jam");
        browser.open(&offered(browser, "ClearPrinter"));
        self.sends("[name='/note']", "macet, sudah dikeluarkan");
        let is_cleared = |entry: &Value| entry["act"] == "printer.cleared" && entry.to_string().contains(&printer);
        assert!(audit(&self.staff.supervisor).iter().any(is_cleared));
        self.staff.supervisor.done("/pauses", &json!({ "scope": { "printer": printer }, "note": "worn out" }));

        let lost = 2 * self.day + 1;
        assert_eq!(self.state(lost), "uncertain");
        browser.open("/inspect");
        browser.wait_for_text("main .facts", &format!("r{lost:05}"));
        browser.click("main form [name=found][value=good]");
        self.sends("#note", "ada di baki");
        assert_eq!(self.state(lost), "printed");
    }

    /// The operator pauses, with a thumb on a phone, and asks for a reprint.
    fn pauses_and_asks_for_a_reprint(&self) {
        let browser = &self.browser;
        for path in ["/records", "/check", "/stock", "/"] {
            browser.open(path);
            assert_in_reach(browser, self.look);
        }
        browser.next_page(|browser| browser.click(".self .stop"));
        self.sends("[name='/note']", "macet");
        let done = if self.look.language == "en" { "Done: Pause" } else { "Selesai: Jeda" };
        assert!(browser.text(".notice").contains(done), "{}", browser.text("main"));
        assert!(browser.text("#state .wait").contains("opi: macet"), "{}", browser.text("#state"));
        assert_eq!(self.get("/board")["queue"]["paused"], true);
        browser.open(&format!("/records/default/r{:05}", self.reprinted()));
        browser.open(&offered(browser, "RequestReprint"));
        browser.run("document.querySelector(\"main form [name='/reason']\").value = 'damaged'");
        send(browser);
        assert_eq!(self.state(self.reprinted()), "printed", "one person prints no card again");
    }

    /// The record whose card is printed again on this day.
    fn reprinted(&self) -> u32 {
        2 * self.day
    }

    /// The supervisor approves it, and goes on.
    fn approves_and_goes_on(&self) {
        let browser = &self.browser;
        browser.open(&offered(browser, "/acts"));
        browser.open(&offered(browser, "ConfirmAct"));
        self.sends("[type=password]", &password("sri"));
        assert_eq!(self.state(self.reprinted()), "waiting");
        self.staff.supervisor.done("/printers/p1/resume", &json!({ "note": "for this card" }));
        browser.open("/");
        assert_in_reach(browser, self.look);
        browser.next_page(|browser| browser.click(".self .stop"));
        self.sends("[name='/note']", "beres");
        wait_until("the card is printed again", 60, || self.state(self.reprinted()) == "printed");
        wait_until("the board says that nothing is paused", 15, || !browser.has("#state .wait"));
        assert_eq!(self.get("/board")["queue"]["by"], Value::Null);
        self.staff.supervisor.done("/pauses", &json!({ "scope": { "printer": "p1" }, "note": "until tomorrow" }));
    }

    /// The stock-keeper books a delivery.
    fn receives_blanks(&self) {
        let browser = &self.browser;
        let vault = || self.get("/board")["blangko"]["student"]["vault"].as_i64().unwrap();
        let before = vault();
        browser.open("/stock");
        browser.open(&offered(browser, "ReceiveBlanks"));
        browser.run("const type = document.querySelector(\"[name='/blank_type']\"); if (type) type.value = 'student'");
        browser.type_into("main form [name='/quantity']", "25");
        self.sends("[name='/document']", &format!("BAST day {}", self.day));
        assert_eq!(vault(), before + 25);
    }

    /// The auditor finds the row that was changed behind the program's back, and nothing before.
    fn finds_a_changed_row(&self) {
        let browser = &self.browser;
        let verify = || {
            browser.open("/audit");
            browser.next_page(|browser| browser.click(BUTTON));
            (browser.has("main .verdict.good"), browser.text("main"))
        };
        let seq = 5 + self.day;
        let (is_good, said) = verify();
        assert!(is_good, "{said}");
        let change = |from: &str, to: &str| {
            let statements = format!(
                "PRAGMA busy_timeout = 10000; BEGIN IMMEDIATE; DROP TRIGGER audit_not_changed;
                 UPDATE audit SET entry = replace(entry, '{from}', '{to}') WHERE chain = 'web' AND seq = {seq};
                 CREATE TRIGGER audit_not_changed BEFORE UPDATE ON audit
                 BEGIN SELECT RAISE(ABORT, 'audit rows are append-only'); END; COMMIT"
            );
            let file = self.room.office.data().join("cetak.db");
            let changed = Command::new("sqlite3").arg(file).arg(&statements).output().unwrap();
            assert!(changed.status.success() && changed.stderr.is_empty(), "{changed:?}");
        };
        change("\"act\":", "\"Act\":");
        let (is_good, said) = verify();
        assert!(!is_good && said.contains(&seq.to_string()), "{said}");
        change("\"Act\":", "\"act\":");
        let (is_good, said) = verify();
        assert!(is_good, "{said}");
    }
}

#[test]
fn the_day_of_each_role_goes_well_in_both_languages_at_a_desk_and_on_a_phone() {
    let look = |language, is_phone| Look { language, is_phone };
    let looks = [look("en", false), look("id", true), look("id", false), look("en", true)];
    let looks = if is_full() { &looks[..] } else { &looks[..2] };
    let room = PrintRoom::with_lost_cards(12, 4);
    let staff = room.staff();
    staff.add_others(&room);
    staff.supervisor.done("/queue/resume", &json!({ "note": "the day begins" }));
    let browser = Browser::at(&room.served.address, Look::DESK);
    browser.open("/login");
    let mut days = Days { room: &room, staff, browser, look: Look::DESK, day: 0 };
    for (look, day) in looks.iter().zip(0..) {
        (days.look, days.day) = (*look, day);
        days.comes("opi");
        days.clears_a_jam_and_inspects();
        days.pauses_and_asks_for_a_reprint();
        days.comes("sri");
        days.approves_and_goes_on();
        days.comes("gugun");
        days.receives_blanks();
        days.comes("audi");
        days.finds_a_changed_row();
    }
}
