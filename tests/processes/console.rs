//! Tests the pages of the console as a browser without JavaScript uses them.

use std::{collections::BTreeMap, fs};

use cetak::store::keys::Keys;
use serde_json::{Value, json};

use crate::{
    http::{Reply, Served},
    office::Office,
    people,
    person::{Person, add_with_role, password, with_supervisor},
};

/// The pages that have no number of a thing in their address.
const PAGES: [&str; 19] = [
    "/",
    "/needs",
    "/night",
    "/plan",
    "/printers",
    "/help",
    "/import",
    "/imports",
    "/records",
    "/records/search",
    "/batches",
    "/inspect",
    "/check",
    "/check/codes",
    "/handover",
    "/stock",
    "/acts",
    "/audit",
    "/people",
];

/// Words that stand on every page in one language, and on none in the other.
const ENGLISH: [&str; 10] =
    [" the ", " and ", " with ", " of ", " not ", "Records", "Batches", "Blanks", "Sign", "Quality"];

/// A browser without JavaScript: it follows redirects, and sends what forms have.
pub(crate) struct Browser<'a> {
    served: &'a Served,
    pub(crate) cookie: String,
    pub(crate) language: &'static str,
}

impl<'a> Browser<'a> {
    pub(crate) fn of(served: &'a Served, person: &Person<'_>) -> Self {
        Self { served, cookie: person.cookie.clone(), language: "en" }
    }

    /// A browser without a session.
    pub(crate) fn signed_out(served: &'a Served) -> Self {
        Self { served, cookie: String::new(), language: "en" }
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        let headers = [("cookie", &*self.cookie), ("accept-language", self.language)];
        self.served.send("GET", path, &headers, "")
    }

    /// As a browser asks for a page.
    pub(crate) fn page(&self, path: &str) -> Reply {
        let accept = "text/html,application/xhtml+xml,*/*;q=0.8";
        let headers = [("cookie", &*self.cookie), ("accept-language", self.language), ("accept", accept)];
        self.served.send("GET", path, &headers, "")
    }

    pub(crate) fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let origin = format!("http://{}", self.served.address);
        self.post_from(&origin, path, fields)
    }

    fn post_from(&self, origin: &str, path: &str, fields: &[(&str, &str)]) -> Reply {
        let headers = [
            ("cookie", &*self.cookie),
            ("accept-language", self.language),
            ("origin", origin),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        self.served.send("POST", path, &headers, &pairs.join("&"))
    }

    /// Opens the page of an act, fills in its fields and sends it.
    pub(crate) fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let page = self.get(path);
        assert_eq!(page.status, 200, "{path}: {page:?}");
        let hidden = hidden(&page.body);
        let mut all: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (&**name, &**value)).collect();
        all.extend(fields);
        self.post(path, &all)
    }
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// The hidden fields of the form that does an act.
pub(crate) fn hidden(page: &str) -> BTreeMap<String, String> {
    let form = page.split("<form").find(|form| form.contains("name=\"key\"")).unwrap_or_default();
    let form = form.split("</form>").next().unwrap();
    let value = |input: &str, name: &str| {
        let (_, rest) = input.split_once(&format!("{name}=\""))?;
        Some(rest.split('"').next()?.replace("&#38;", "&").replace("&amp;", "&"))
    };
    let inputs = form.split("<input").filter(|input| input.contains("type=\"hidden\""));
    inputs.filter_map(|input| Some((value(input, "name")?, value(input, "value")?))).collect()
}

/// The value of the first hidden field with a name.
pub(crate) fn hidden_of(page: &str, name: &str) -> String {
    let rest = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap().1;
    rest.split('"').next().unwrap().to_owned()
}

/// The texts of a page, without its tags.
pub(crate) fn texts(page: &str) -> String {
    let body = page.split_once("<body").map_or(page, |(_, body)| body);
    let texts = body.split('<').filter_map(|part| Some(part.split_once('>')?.1));
    texts.collect::<Vec<_>>().join(" ")
}

pub(crate) fn location(reply: &Reply) -> &str {
    assert_eq!(reply.status, 303, "{reply:?}");
    &reply.headers["location"]
}

/// An office with five printed cards of which one is checked, three records that wait, and a person of each role.
pub(crate) fn office() -> (Office, Served) {
    let office = Office::new();
    office.import("student", &people::students(0..5));
    office.receive("student", 10);
    office.add_mock("p1", "student", "card_ms=0");
    office.done(&["run", "--until-idle"]);
    office.done(&["card", "check", "r00000"]);
    office.done(&["queue", "pause", "--reason", "a test"]);
    office.import("student", &people::students(5..8));
    let served = Served::new(&office);
    (office, served)
}

/// A person of each role.
pub(crate) fn staff<'a>(office: &Office, served: &'a Served) -> BTreeMap<&'static str, Person<'a>> {
    let (root, sri) = with_supervisor(office, served);
    let mut staff = BTreeMap::new();
    for (role, name) in [("operator", "opi"), ("stock-keeper", "gugun"), ("auditor", "audi")] {
        staff.insert(role, add_with_role(served, (&root, &sri), name, role));
    }
    staff.insert("administrator", root);
    staff.insert("supervisor", sri);
    staff
}

#[test]
fn every_page_answers_each_role_in_both_languages_or_says_who_may_see_it() {
    let (office, served) = office();
    for (role, person) in &staff(&office, &served) {
        let mut browser = Browser::of(&served, person);
        let board = texts(&browser.get("/").body);
        for path in PAGES {
            browser.language = "en";
            let english = browser.get(path);
            browser.language = "id";
            let indonesian = browser.get(path);
            assert_eq!(english.status, indonesian.status, "{path}");
            assert!([200, 403].contains(&english.status), "{role} {path}: {english:?}");
            for (reply, language) in [(&english, "en"), (&indonesian, "id")] {
                assert!(reply.body.contains(&format!("<html lang=\"{language}\"")), "{path}");
                assert!(!texts(&reply.body).contains("{}"), "{path}: {}", reply.body);
                assert!(reply.headers["content-security-policy"].contains("script-src 'self'"), "{path}");
                assert_eq!(reply.headers["cache-control"], "no-store", "{path}");
            }
            let shown = texts(&indonesian.body);
            for word in ENGLISH {
                assert!(!shown.contains(word), "`{word}` on {path} for {role}: {shown}");
            }
            if english.status == 403 {
                assert!(texts(&english.body).contains("Ask an account with one of these roles"), "{role} {path}");
                assert!(!board.is_empty());
            }
        }
    }
}

#[test]
fn no_page_has_a_name_or_an_identifier_of_a_person() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    for person in staff.values() {
        let browser = Browser::of(&served, person);
        for path in
            PAGES.iter().chain(&["/records/default/r00001", "/batches/1", "/batches/1/pile", "/printers/p1", "/me"])
        {
            let body = browser.get(path).body;
            for number in 0..8 {
                let student = people::student(number);
                assert!(!body.contains(&student.number) && !body.contains(&student.name), "{path} has {number}");
            }
        }
    }
}

#[test]
fn who_is_not_signed_in_is_led_to_the_sign_in_and_then_to_the_page() {
    let (office, served) = office();
    let (root, _) = with_supervisor(&office, &served);
    let mut browser = Browser::of(&served, &root);
    browser.cookie = String::new();
    let sign_in = browser.get("/records?state=held");
    assert_eq!(location(&sign_in), "/login?next=%2Frecords%3Fstate%3Dheld");
    let fields = [("name", "sri"), ("password", &*password("sri")), ("next", "/records?state=held")];
    let opened = browser.post("/login", &fields);
    assert_eq!(location(&opened), "/records?state=held");
    let cookie = &opened.headers["set-cookie"];
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    browser.cookie = cookie.split(';').next().unwrap().to_owned();
    assert_eq!(browser.get("/records?state=held").status, 200);

    let elsewhere =
        browser.post("/login", &[("name", "sri"), ("password", &*password("sri")), ("next", "https://example.org/")]);
    assert_eq!(location(&elsewhere), "/");
    let wrong = browser.post("/login", &[("name", "sri"), ("password", "wrong")]);
    assert_eq!(wrong.status, 401);
    assert!(wrong.body.contains("role=\"alert\"") && wrong.body.contains("value=\"sri\""), "{wrong:?}");
    let foreign = browser.post_from("https://example.org", "/login", &fields);
    assert_eq!(foreign.status, 403, "the page of another server");
}

#[test]
fn an_act_is_done_by_its_form_and_only_once_however_often_it_is_sent() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let (supervisor, operator) = (&staff["supervisor"], &staff["operator"]);
    let browser = Browser::of(&served, supervisor);
    assert_eq!(
        location(&browser.submit("/do/ResumeQueue?back=/", &[("/note", "the test goes on")])),
        "/?done=ResumeQueue"
    );
    assert_eq!(supervisor.get("/board").json()["queue"]["paused"], false);

    let stock = Browser::of(&served, &staff["stock-keeper"]);
    let path = "/do/ReceiveBlanks?back=/stock";
    let form = hidden(&stock.get(path).body);
    let mut fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
    fields.extend([("/blank_type", "student"), ("/quantity", "1.000"), ("/document", "D-7")]);
    let before = delivered(supervisor);
    let replies: Vec<Reply> = (0..3).map(|_| stock.post(path, &fields)).collect();
    assert!(replies.iter().all(|reply| reply.status < 400), "{replies:?}");
    assert_eq!(delivered(supervisor), before + 1_000, "one delivery");

    let none = Browser::of(&served, operator).get("/do/ResumeQueue");
    assert_eq!(none.status, 403, "{none:?}");
    assert!(texts(&none.body).contains("supervisor"), "{none:?}");
}

/// The blanks that came from the supplier, whatever was printed on them since.
fn delivered(person: &Person<'_>) -> i64 {
    -person.get("/stock").json()["blangko"]["student"]["supplier"].as_i64().unwrap()
}

#[test]
fn a_form_is_refused_without_its_csrf_token_or_from_another_server() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let browser = Browser::of(&served, &staff["supervisor"]);
    let path = "/do/ResumeQueue?back=/";
    let csrf = hidden(&browser.get(path).body)["csrf"].clone();
    let without = browser.post(path, &[("/note", "x")]);
    assert_eq!(without.status, 403, "{without:?}");
    let foreign = browser.post_from("https://example.org", path, &[("csrf", &csrf), ("/note", "x")]);
    assert_eq!(foreign.status, 403, "{foreign:?}");
    assert_eq!(staff["supervisor"].get("/board").json()["queue"]["paused"], true);
}

#[test]
fn a_form_that_is_refused_keeps_what_was_typed_and_marks_the_field() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let mut browser = Browser::of(&served, &staff["stock-keeper"]);
    browser.language = "id";
    let fields = [("/blank_type", "student"), ("/quantity", "sepuluh"), ("/document", "D-<8>")];
    let refused = browser.submit("/do/ReceiveBlanks?back=/stock", &fields);
    assert_eq!(refused.status, 422, "{refused:?}");
    assert!(refused.body.contains("role=\"alert\"") && refused.body.contains("<title>Galat: "), "{refused:?}");
    assert!(
        refused.body.contains("class=\"field wrong\"") && refused.body.contains("D-&#60;8&#62;"),
        "{}",
        refused.body
    );
}

#[test]
fn an_act_of_two_people_is_asked_for_and_confirmed_with_the_password_of_the_second() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let operator = Browser::of(&served, &staff["operator"]);
    let path = "/ask/WithdrawRecord?/record/source=default&/record/request_id=r00005&back=/records";
    assert_eq!(
        location(&operator.submit(path, &[("/note", "moved away")])),
        "/records?asked=WithdrawRecord&about=record%20r00005"
    );
    let own = texts(&operator.get("/acts").body);
    assert!(own.contains("waits for someone else"), "{own}");

    let supervisor = Browser::of(&served, &staff["supervisor"]);
    let acts = supervisor.get("/acts").body;
    let (_, link) = acts.split_once("/do/ConfirmAct?/id=").unwrap();
    let confirming = format!("/do/ConfirmAct?/id={}&back=/acts", link.split('&').next().unwrap());
    let wrong = supervisor.submit(&confirming, &[("/password", "another")]);
    assert_eq!(wrong.status, 401, "{wrong:?}");
    assert!(!wrong.body.contains("another"), "a password is not repeated");
    let right = supervisor.submit(&confirming, &[("/password", &password("sri"))]);
    assert_eq!(location(&right), "/acts?done=ConfirmAct&about=record%20default%2Fr00005");
    let record = staff["supervisor"].get("/records/default/r00005").json();
    assert_eq!(record["state"], "withdrawn");
}

/// The code on the card of a request.
pub(crate) fn code(office: &Office, request_id: &str) -> String {
    let found = office.json(&["record", "find", request_id]);
    code_of(office, request_id, found[0]["card"]["attempt"].as_str().unwrap())
}

/// The code on the card that an attempt printed.
pub(crate) fn code_of(office: &Office, request_id: &str, attempt: &str) -> String {
    let digits = fs::read_to_string(office.data().join("cetak.key")).unwrap();
    let byte = |at: usize| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap();
    let keys = Keys::derive(&std::array::from_fn(byte));
    let hash = cetak::store::keys::hex(&keys.card(request_id, attempt)[..8]);
    format!("{request_id} {attempt} {hash}")
}

#[test]
fn a_card_is_accepted_by_its_scan_and_a_second_step_and_never_by_a_scan_alone() {
    let (office, served) = office();
    let codes: Vec<String> = (0..5).map(|number| code(&office, &format!("r0000{number}"))).collect();
    let staff = staff(&office, &served);
    let browser = Browser::of(&served, &staff["operator"]);
    let checked = || {
        let page = staff["operator"].get("/records?checked=true").json();
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["request_id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let csrf = hidden(&browser.get("/check").body)["csrf"].clone();
    let scan = |fields: &[(&str, &str)], code: &str| {
        let mut all = vec![("csrf", &*csrf)];
        all.extend(fields);
        all.push(("code", code));
        browser.post("/check", &all)
    };
    // Scans alone, one after the other, also with the form of the card before.
    let mut shown = BTreeMap::new();
    for code in &codes[1..] {
        let fields: Vec<(&str, &str)> = shown
            .iter()
            .map(|(name, value): (&String, &String)| (&**name, &**value))
            .filter(|(name, _)| !["csrf", "made_at"].contains(name))
            .collect();
        let reply = scan(&fields, code);
        assert!(reply.body.contains("data-verdict=\"good\""), "{reply:?}");
        shown = hidden(&reply.body);
    }
    assert_eq!(checked(), ["r00000"], "no scan accepts a card");
    // The last key of a scanner that sends two comes before a person can have seen the card.
    let made_at = shown["made_at"].clone();
    let quick = [("source", "default"), ("request_id", "r00004"), ("made_at", &*made_at)];
    assert_eq!(scan(&quick, "").status, 409);
    assert_eq!(checked(), ["r00000"]);
    // The empty field accepts the card that is shown, and so does the laminated code.
    let fields: Vec<(&str, &str)> = shown
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .filter(|(name, _)| !["csrf", "made_at"].contains(name))
        .collect();
    let seen = [&*fields, &[("made_at", "0")]].concat();
    assert_eq!(location(&scan(&seen, "")), "/check?done=CheckCard&about=record%20r00004");
    let shown = hidden(&scan(&[], &codes[3]).body);
    let fields: Vec<(&str, &str)> = shown
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .filter(|(name, _)| !["csrf", "made_at"].contains(name))
        .collect();
    assert_eq!(location(&scan(&fields, "CETAK:OK")), "/check?done=CheckCard&about=record%20r00003");
    assert_eq!(checked(), ["r00000", "r00003", "r00004"]);
    // Foreign, forged, and doubled cards.
    let forged = codes[1].replace("r00001", "r00002");
    for (code, text) in [("CETAK-1", "not the code"), (&*forged, "forged"), (&*codes[3], "checked before")] {
        let reply = scan(&[], code);
        assert!(reply.body.contains("data-verdict=\"bad\"") && reply.body.contains(text), "{code}: {reply:?}");
        let shown = hidden(&reply.body);
        assert!(shown["request_id"].is_empty(), "nothing can be done to it: {shown:?}");
    }
    let rejected = scan(&[("reject_source", "default"), ("reject_request_id", "r00002")], "CETAK:REJECT:print-failed");
    assert_eq!(location(&rejected), "/check?done=RejectCard&about=record%20r00002");
    assert_eq!(staff["operator"].get("/records/default/r00002").json()["state"], "waiting");
    let unknown = scan(&[("reject_source", "default"), ("reject_request_id", "r00001")], "CETAK:REJECT:lent");
    assert!(unknown.status == 422 && texts(&unknown.body).contains("print-failed"), "{unknown:?}");
}

#[test]
fn the_language_and_the_colours_that_a_person_chooses_are_kept_in_the_browser() {
    let (office, served) = office();
    let (root, _) = with_supervisor(&office, &served);
    let mut browser = Browser::of(&served, &root);
    let set = browser.post("/settings", &[("back", "/me"), ("language", "id")]);
    assert_eq!(location(&set), "/me");
    browser.cookie += &format!("; {}; cetak-theme=dark", set.headers["set-cookie"].split(';').next().unwrap());
    let page = browser.get("/me").body;
    assert!(page.contains("<html lang=\"id\" data-theme=\"dark\">"), "{page}");
}

#[test]
fn the_stream_of_a_page_tells_of_a_change_and_beats() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let supervisor = &staff["supervisor"];
    let mut stream = served.connect();
    let request = format!("GET /live HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\n\r\n", served.address, supervisor.cookie);
    std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
    let mut heard = String::new();
    let mut read = |until: &dyn Fn(&str) -> bool| {
        let mut bytes = [0; 4096];
        while !until(&heard) {
            let count = std::io::Read::read(&mut stream, &mut bytes).unwrap();
            assert!(count > 0, "the stream ended: {heard}");
            heard += &String::from_utf8_lossy(&bytes[..count]);
        }
    };
    read(&|heard| heard.contains("event: change"));
    supervisor.done("/queue/resume", &json!({ "note": "go on" }));
    read(&|heard| heard.matches("event: change").count() >= 2);
    read(&|heard| heard.contains("event: beat"));
    let board = Browser::of(&served, supervisor).get("/");
    let tag = board.headers["etag"].clone();
    let again = served.send(
        "GET",
        "/",
        &[("cookie", &supervisor.cookie), ("accept-language", "en"), ("if-none-match", &tag)],
        "",
    );
    assert!([200, 304].contains(&again.status), "{again:?}");
    let value: Value = json!(heard.lines().filter(|line| line.starts_with("data: ")).count());
    assert!(value.as_u64().unwrap() >= 3);
}
