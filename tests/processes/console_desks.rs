//! Tests the desks of the console, at which cards are scanned, and the inspection, as a browser uses them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    console::{Browser, code, code_of, hidden, location, staff, texts},
    http::{Reply, Served},
    office::Office,
    people,
    person::Person,
};

/// Two batches of cards, `r00000` to `r00002` and `r00003` to `r00005`, of which none is checked, and a queue that is paused.
fn two_piles() -> (Office, Served) {
    let office = Office::new();
    office.receive("student", 20);
    office.add_mock("p1", "student", "card_ms=0");
    for numbers in [0..3, 3..6] {
        office.import("student", &people::students(numbers));
        office.done(&["run", "--until-idle"]);
    }
    office.done(&["queue", "pause", "--reason", "a test"]);
    let served = Served::new(&office);
    (office, served)
}

/// A desk with the script of its page: each scan is one request, and its answer is put into the page.
struct Scanner<'a> {
    served: &'a Served,
    cookie: String,
    address: &'static str,
    csrf: String,
    shown: BTreeMap<String, String>,
}

impl<'a> Scanner<'a> {
    fn at(served: &'a Served, person: &Person<'_>, address: &'static str) -> Self {
        let browser = Browser::of(served, person);
        let mut shown = hidden(&browser.get(address).body);
        let csrf = shown.remove("csrf").unwrap();
        Self { served, cookie: person.cookie.clone(), address, csrf, shown }
    }

    fn scan(&mut self, code: &str) -> Reply {
        let mut fields = vec![("csrf", &*self.csrf), ("code", code)];
        // A hand takes its time.
        self.shown.insert("made_at".into(), "0".into());
        fields.extend(self.shown.iter().map(|(name, value)| (&**name, &**value)));
        let origin = format!("http://{}", self.served.address);
        let headers = [
            ("cookie", &*self.cookie),
            ("origin", &*origin),
            ("hx-request", "true"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let reply = self.served.send("POST", self.address, &headers, &body.join("&"));
        assert!(!reply.body.contains("<html"), "only the part that changes: {reply:?}");
        self.shown = hidden(&format!("<form{}", reply.body));
        reply
    }
}

fn encoded(text: &str) -> String {
    text.replace('%', "%25").replace('&', "%26").replace('+', "%2B").replace(' ', "+")
}

fn checked(person: &Person<'_>) -> Vec<String> {
    let page = person.get("/records?checked=true").json();
    page["items"].as_array().unwrap().iter().map(|item| item["request_id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_pile_is_checked_with_one_request_for_each_scan_and_its_progress_is_told() {
    let (office, served) = two_piles();
    let codes: Vec<String> = (0..6).map(|number| code(&office, &format!("r0000{number}"))).collect();
    let staff = staff(&office, &served);
    let operator = &staff["operator"];
    let mut desk = Scanner::at(&served, operator, "/check?batch=1");
    for (at, code) in codes[..3].iter().enumerate() {
        let scanned = desk.scan(code);
        let shown = texts(&scanned.body);
        assert!(scanned.body.contains("data-tone=\"good\"") && shown.contains("Matches"), "{scanned:?}");
        assert!(shown.contains(&format!("Batch 1: {at} of 3 checked, {} missing", 3 - at)), "{shown}");
        // The identifier is masked, and no photo is asked for where there is none.
        let student = people::student(u32::try_from(at).unwrap());
        assert!(shown.contains(&format!("••••{}", &student.number[4..])), "{shown}");
        assert!(!scanned.body.contains(&student.number) && !scanned.body.contains(&student.name), "{scanned:?}");
        assert!(!scanned.body.contains("<img"), "{scanned:?}");
        let accepted = desk.scan("CETAK:OK");
        let shown = texts(&accepted.body);
        assert!(shown.contains(&format!("Batch 1: {} of 3 checked", at + 1)), "{shown}");
        assert!(shown.contains(&format!("Accept the card, r0000{at}")), "{shown}");
    }
    assert_eq!(checked(operator), ["r00000", "r00001", "r00002"]);
    let again = desk.scan("CETAK:OK");
    assert!(again.body.contains("data-tone=\"bad\""), "nothing is shown that it could accept: {again:?}");
    assert_eq!(checked(operator).len(), 3);
}

#[test]
fn a_card_that_is_foreign_old_twice_or_of_another_pile_sounds_low_and_cannot_be_accepted() {
    let (office, served) = two_piles();
    let codes: Vec<String> = (0..6).map(|number| code(&office, &format!("r0000{number}"))).collect();
    office.done(&["card", "check", "r00000"]);
    office.done(&["card", "reject", "r00001", "--cause", "damaged", "--reason", "bent"]);
    let staff = staff(&office, &served);
    let operator = &staff["operator"];
    let mut desk = Scanner::at(&served, operator, "/check?batch=1");
    let forged = codes[2].replace("r00002", "r00004");
    for (code, word) in [
        ("OTHER-OFFICE-1", "Foreign"),
        (&forged, "Foreign"),
        (&codes[0], "Twice"),
        (&codes[1], "Old card"),
        (&codes[4], "Other pile"),
    ] {
        let scanned = desk.scan(code);
        assert!(
            scanned.body.contains("data-tone=\"bad\"") && texts(&scanned.body).contains(word),
            "{word}: {scanned:?}"
        );
        for command in ["CETAK:OK", ""] {
            assert!(desk.scan(command).body.contains("data-tone=\"bad\""), "{word}");
        }
    }
    // Without a pile, the card of any batch can be accepted.
    let mut desk = Scanner::at(&served, operator, "/check");
    assert!(desk.scan(&codes[4]).body.contains("data-tone=\"good\""));
    desk.scan("CETAK:OK");
    assert_eq!(checked(operator), ["r00000", "r00004"]);
    // A hand-over takes what was checked.
    let mut desk = Scanner::at(&served, operator, "/handover");
    assert!(texts(&desk.scan(&codes[5]).body).contains("Not checked"));
    assert!(desk.scan(&codes[4]).body.contains("data-tone=\"good\""));
    desk.scan("CETAK:OK");
    assert_eq!(operator.get("/records/default/r00004").json()["state"], "handed_over");
    assert!(texts(&desk.scan(&codes[4]).body).contains("Handed over"));
    let help = texts(&Browser::of(&served, operator).get("/handover").body);
    assert!(help.contains("is not handed over by the scan alone"), "{help}");
}

#[test]
fn a_code_that_rejects_spoils_the_card_that_is_shown_and_no_other() {
    let (office, served) = two_piles();
    let code = code(&office, "r00001");
    let staff = staff(&office, &served);
    let operator = &staff["operator"];
    let mut desk = Scanner::at(&served, operator, "/check?batch=1");
    assert!(desk.scan("CETAK:REJECT:damaged").body.contains("data-tone=\"bad\""), "no card is shown");
    desk.scan(&code);
    assert_eq!(desk.scan("CETAK:REJECT:everything").status, 422);
    desk.scan(&code);
    let rejected = texts(&desk.scan("CETAK:REJECT:damaged").body);
    assert!(rejected.contains("Reject the card, r00001") && rejected.contains("0 of 2 checked"), "{rejected}");
    let record = operator.get("/records/default/r00001").json();
    assert_eq!((record["state"].as_str(), record["note"].as_str()), (Some("waiting"), Some("It is damaged")));
}

#[test]
fn the_missing_cards_of_a_pile_are_listed_in_pages_and_a_card_that_was_printed_again_is_in_its_new_pile_only() {
    let (office, served) = two_piles();
    office.done(&["card", "reject", "r00000", "--cause", "damaged", "--reason", "bent"]);
    let staff = staff(&office, &served);
    let operator = &staff["operator"];
    assert_eq!(
        operator.get("/batches/1/pile").json(),
        json!({ "profile": "student", "expected": 2, "checked": 0, "missing": 2 })
    );
    let page = operator.get("/batches/1/pile/missing?limit=1").json();
    assert_eq!(page["items"][0]["request_id"], "r00001");
    let next = page["next"].as_i64().unwrap();
    let rest = operator.get(&format!("/batches/1/pile/missing?limit=1&after={next}")).json();
    assert_eq!((rest["items"][0]["request_id"].as_str(), &rest["next"]), (Some("r00002"), &Value::Null));
    assert_eq!(operator.get("/batches/99/pile").status, 404);
    let mut browser = Browser::of(&served, operator);
    let pile = browser.get("/batches/1/pile").body;
    assert!(pile.contains("href=\"/check?batch=1\"") && !pile.contains("r00000"), "{pile}");
    let last = browser.get(&format!("/batches/1/pile?after={next}")).body;
    assert!(last.contains("r00002") && !last.contains("/r00001\""), "{last}");
    browser.language = "id";
    assert!(texts(&browser.get("/batches/1/pile").body).contains("Belum diperiksa"));
}

#[test]
fn the_codes_of_the_desks_are_a_sheet_to_print() {
    let (office, served) = two_piles();
    let staff = staff(&office, &served);
    let mut browser = Browser::of(&served, &staff["operator"]);
    let sheet = browser.get("/check/codes").body;
    for code in ["CETAK:OK", "CETAK:REJECT:print-failed", "CETAK:REJECT:damaged"] {
        assert!(sheet.contains(&format!("aria-label=\"{code}\"")), "{sheet}");
    }
    assert_eq!(sheet.matches("<svg").count(), 5, "{sheet}");
    browser.language = "id";
    assert!(texts(&browser.get("/check/codes").body).contains("Tolak kartu yang ditampilkan: Gagal cetak"));
}

/// An office with two cards of unknown outcome, and a queue that is paused.
fn uncertain() -> (Office, Served) {
    let office = Office::new();
    office.receive("student", 20);
    office.add_mock("p1", "student", "card_ms=0&script=2:forget,3:forget");
    office.import("student", &people::students(0..4));
    office.done(&["run", "--until-idle"]);
    office.done(&["queue", "pause", "--reason", "a test"]);
    let served = Served::new(&office);
    (office, served)
}

fn attempts(person: &Person<'_>) -> Vec<(String, String)> {
    let lines = person.get("/attempts/uncertain").json();
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    lines["items"].as_array().unwrap().iter().map(|line| (text(line, "request_id"), text(line, "attempt"))).collect()
}

#[test]
fn an_inspection_asks_two_questions_about_one_card_and_opens_the_next() {
    let (office, served) = uncertain();
    let staff = staff(&office, &served);
    let operator = &staff["operator"];
    let open = attempts(operator);
    assert_eq!(open.len(), 2);
    let browser = Browser::of(&served, operator);
    let page = browser.get("/inspect").body;
    let shown = texts(&page);
    assert!(shown.contains("allows another blank for this person"), "{shown}");
    assert!(shown.contains("The card before it") && shown.contains("Place in the batch"), "{shown}");
    assert!(shown.contains(" of 4") && !page.contains("/preview\""), "{shown}");
    // The preview is fetched, and the printer asked, only when the person asks for them.
    let more = browser.get(&format!("/inspect?attempt={}&preview=true&counter=true", open[0].1)).body;
    assert!(more.contains(&format!("src=\"/api/v1/cards/default/{}/preview\"", open[0].0)), "{more}");
    assert!(texts(&more).contains("own counter"), "{more}");
    assert_eq!(hidden(&page)["attempt"], open[0].1);
    // What is left out is said, and what was chosen is kept.
    let refused = browser.submit("/inspect", &[("found", "spoiled"), ("note", " ")]);
    assert!(refused.status == 422 && refused.body.contains("value=\"spoiled\" checked"), "{refused:?}");
    let both = [("found", "good"), ("blank_gone", "true"), ("note", "it lay in the output")];
    let refused = browser.submit("/inspect", &both);
    assert!(refused.status == 422 && texts(&refused.body).contains("look again"), "{refused:?}");
    let refused = browser.submit("/inspect", &[("found", "nothing"), ("note", "looked everywhere")]);
    assert!(refused.status == 422 && texts(&refused.body).contains("second question"), "{refused:?}");
    let answered =
        browser.submit("/inspect", &[("found", "spoiled"), ("chip", "It was jammed"), ("note", "at the roller")]);
    assert_eq!(location(&answered), format!("/inspect?done=ResolveFound&about=record%20{}", open[0].0));
    let jobs = operator.get(&format!("/jobs?source=default&request_id={}", open[0].0)).json();
    let attempt = &jobs["items"][0]["attempts"][0];
    assert_eq!(
        (attempt["outcome"].as_str(), attempt["note"].as_str()),
        (Some("spoiled"), Some("It was jammed; at the roller"))
    );
    // The next one opens. That nothing was found needs a second person, and the page says who asked.
    assert_eq!(hidden(&browser.get("/inspect").body)["attempt"], open[1].1);
    let nothing = [("found", "nothing"), ("blank_gone", "false"), ("chip", "Output and printer are empty")];
    let asked = browser.submit("/inspect", &nothing);
    assert_eq!(location(&asked), format!("/inspect?asked=ResolveNothing&about=record%20{}", open[1].0));
    let asked = texts(&browser.get("/inspect").body);
    assert!(asked.contains("opi has answered already"), "{asked}");
    let keeper = Browser::of(&served, &staff["stock-keeper"]).get("/inspect").body;
    assert!(!keeper.contains("name=\"found\""), "{keeper}");
}

#[test]
fn the_scan_of_the_card_that_is_looked_for_preselects_good_and_that_of_another_does_not() {
    let (office, served) = uncertain();
    let printed = office.attempts().into_iter().find(|one| one.outcome.as_deref() == Some("printed")).unwrap();
    let other = code_of(&office, &printed.request_id, &printed.id);
    let staff = staff(&office, &served);
    let operator = &staff["operator"];
    let open = attempts(operator);
    let browser = Browser::of(&served, operator);
    let found = browser.submit("/inspect", &[("code", &*other)]);
    assert!(
        texts(&found.body).contains(&format!("another card, that of {}", printed.request_id))
            && !found.body.contains("\"good\" checked"),
        "{found:?}"
    );
    let found = browser.submit("/inspect", &[("code", "CETAK:OK")]);
    assert!(!found.body.contains("\"good\" checked"), "{found:?}");
    let looked_for = code_of(&office, &open[0].0, &open[0].1);
    let found = browser.submit("/inspect", &[("code", &*looked_for)]);
    assert!(
        found.body.contains("value=\"good\" checked") && texts(&found.body).contains("This is the card"),
        "{found:?}"
    );
    assert_eq!(attempts(operator), open, "a scan answers nothing");
    let saved = browser.submit("/inspect", &[("found", "good"), ("chip", "It lay in the output")]);
    assert_eq!(location(&saved), format!("/inspect?done=ResolveFound&about=record%20{}", open[0].0));
    assert_eq!(operator.get(&format!("/records/default/{}", open[0].0)).json()["state"], "printed");
}
