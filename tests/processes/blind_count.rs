//! Tests that a count is blind over real HTTP: while it is open, no answer to those who may count has the booked number, or a movement.

use std::{
    io::{Read, Write},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    console::Browser,
    described,
    http::Served,
    office::Office,
    people,
    person::{Person, add_with_role, password, with_supervisor},
};

/// What is booked in the vault, and the deliveries of which it is the rest.
const BOOKED: &str = "4731";
const DELIVERIES: [usize; 2] = [2914, 1822];

/// The pages of the console.
const PAGES: [&str; 27] = [
    "/",
    "/needs",
    "/help",
    "/import",
    "/records",
    "/records/search",
    "/records/default/r00000",
    "/batches",
    "/batches/1",
    "/batches/1/pile",
    "/printers/p1",
    "/inspect",
    "/check",
    "/handover",
    "/stock",
    "/stock/counts",
    "/stock/counts/1",
    "/acts",
    "/audit",
    "/people",
    "/me",
    "/do/EnterCount?/count=1",
    "/do/LoadHopper",
    "/do/ReceiveBlanks",
    "/ask/DestroyBlanks",
    "/ask/LendBlanks",
    "/metrics",
];

/// Whether a text has one of these numbers, as it is or with a separator of thousands.
fn numbers_in(text: &str) -> Vec<String> {
    let secret: Vec<String> = [BOOKED.to_owned()].into_iter().chain(DELIVERIES.map(|n| n.to_string())).collect();
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != ',');
    let number = |word: &str| {
        let word = word.trim_matches(['.', ',']);
        let plain = word.strip_suffix(".0").unwrap_or(word).replace(['.', ','], "");
        secret.contains(&plain).then(|| word.to_owned())
    };
    words.filter_map(number).collect()
}

/// Every address of the API that is read with GET, with the names of things that exist.
fn addresses() -> Vec<String> {
    let parts = [
        ("{source}", "default"),
        ("{request_id}", "r00000"),
        ("{printer}", "p1"),
        ("{chain}", "web"),
        ("{account}", "gugun"),
        ("{attempt}", "unknown"),
    ];
    let paths = described::DESCRIPTION["paths"].as_object().unwrap();
    let read = paths.iter().filter(|(path, methods)| methods.get("get").is_some() && !path.ends_with("/events"));
    let filled = read.map(|(path, _)| {
        let path = parts.iter().fold(path.clone(), |path, (name, value)| path.replace(name, value));
        let numbered: Vec<&str> = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part }).collect();
        numbered.join("/")
    });
    let movements = "/api/v1/stock/movements";
    let filters = ["account=vault", "account=supplier", "blank_type=student", "limit=1"];
    let filtered = filters.iter().map(|filter| format!("{movements}?{filter}"));
    filled
        .chain(filtered)
        .chain(["stock/counts", "batches"].map(|list| format!("/api/v1/{list}?closed_too=true")))
        .collect()
}

/// An office whose vault has the booked number, and the people who count it.
fn office() -> (Office, Served) {
    let office = Office::new();
    office.import("student", &people::students(0..5));
    for quantity in DELIVERIES {
        office.receive("student", quantity);
    }
    office.add_mock("p1", "student", "card_ms=0");
    office.done(&["run", "--until-idle"]);
    let served = Served::new(&office);
    (office, served)
}

/// The events of the audit from its beginning, as far as they come within some seconds.
fn events(served: &Served, proof: &str) -> String {
    let mut stream = served.connect();
    stream.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
    let head = format!("GET /api/v1/events HTTP/1.1\r\nhost: {}\r\n{proof}\r\nlast-event-id: \r\n\r\n", served.address);
    stream.write_all(head.as_bytes()).unwrap();
    let (mut text, mut bytes) = (String::new(), [0; 8192]);
    while let Ok(read) = stream.read(&mut bytes) {
        if read == 0 {
            break;
        }
        text += &String::from_utf8_lossy(&bytes[..read]);
    }
    text
}

/// All that a session and a token of a person read, each with its address.
fn seen(served: &Served, person: &Person<'_>, token: &str) -> Vec<(String, String)> {
    let bearer = format!("Bearer {token}");
    let mut browser = Browser::of(served, person);
    let mut all = Vec::new();
    for path in addresses() {
        all.push((format!("session {path}"), person.raw(&path).body));
        all.push((format!("token {path}"), served.send("GET", &path, &[("authorization", &bearer)], "").body));
    }
    for language in ["en", "id"] {
        browser.language = language;
        all.extend(PAGES.map(|path| (format!("{language} {path}"), browser.get(path).body)));
    }
    all.push(("token /metrics".into(), served.send("GET", "/metrics", &[("authorization", &bearer)], "").body));
    all.push(("session /events".into(), events(served, &format!("cookie: {}", person.cookie))));
    all.push(("token /events".into(), events(served, &format!("authorization: {bearer}"))));
    all
}

/// The addresses whose answers have a number that is to be hidden, or an event of blanks.
fn leaks(seen: &[(String, String)]) -> Vec<String> {
    let leaked = |(at, text): &(String, String)| {
        let numbers = numbers_in(text);
        let has_event = at.ends_with("/events") && text.contains("blangko.");
        (!numbers.is_empty() || has_event).then(|| format!("{at}: {numbers:?}"))
    };
    seen.iter().filter_map(leaked).collect()
}

fn token<'a>(root: &Person<'_>, owner: &'a str) -> (String, &'a str) {
    let scopes = ["board-read", "report-read", "count-enter", "hopper-load", "blanks-receive", "pause"];
    let token = json!({ "name": owner, "account": owner, "scopes": scopes, "days": 30 });
    (root.done("/tokens", &token)["secret"].as_str().unwrap().to_owned(), owner)
}

#[test]
fn during_a_count_no_answer_to_a_session_or_token_of_the_counter_has_the_booked_number_or_a_movement() {
    let (office, served) = office();
    let (root, sri) = with_supervisor(&office, &served);
    let counter = add_with_role(&served, (&root, &sri), "gugun", "stock-keeper");
    let other = add_with_role(&served, (&root, &sri), "ayu", "stock-keeper");
    let (secret, _) = token(&root, "gugun");

    let before = leaks(&seen(&served, &counter, &secret));
    for at in ["session /api/v1/stock", "token /api/v1/stock", "id /stock", "en /", "token /metrics", "token /events"] {
        assert!(before.iter().any(|leak| leak.starts_with(&format!("{at}:"))), "{at} shows it before: {before:?}");
    }

    let new = json!({ "blank_type": "student", "printer": null, "counter": "gugun", "note": "monthly count" });
    assert_eq!(sri.done("/stock/counts", &new), 1);
    let entry = |loose: i64| json!({ "bundles": 47, "bundle_size": 100, "loose": loose });
    let enter = |loose| json!({ "entry": entry(loose), "again": entry(loose) });
    let first = other.post("/stock/counts/1/entry", &enter(31));
    assert_eq!(first.problem(), "other-counter");

    // Waits for the first count, then for the second, then for the supervisor.
    for by in [Some(&counter), Some(&other), None] {
        let read = seen(&served, &counter, &secret);
        assert_eq!(leaks(&read), Vec::<String>::new());
        let says = |at: &str, text: &str| read.iter().any(|(found, body)| found == at && body.contains(text));
        assert!(says("session /api/v1/stock", "\"hidden\":[{\"blank_type\":\"student\",\"count\":1}]"), "{read:?}");
        assert!(says("token /api/v1/stock/movements", "\"hidden_by\":[1]"));
        assert!(says("session /api/v1/board", "\"cover\":[]"), "days of cover are a quantity of blanks");
        let batches = "session /api/v1/batches?closed_too=true";
        assert!(says(batches, "\"items\":[]") && says(batches, "\"hidden_by\":[1]"), "what batches have printed");
        let pile = ["session /api/v1/batches/1/pile", "en /batches/1/pile"].map(|at| says(at, "count 1"));
        assert_eq!(pile, [true; 2], "the cards of a pile are the blanks that it used");
        assert!(says("session /api/v1/batches/1/pile/missing", "\"items\":[]"));
        assert!(says("en /stock", "hidden during count 1") && says("id /stock", "selama stok opname 1"));
        assert!(says("en /needs", "count 1 of the vault") && says("id /needs", "stok opname 1 gudang"));
        refused_without_a_number(&counter);
        let Some(by) = by else { break };
        by.done("/stock/counts/1/entry", &enter(0));
    }

    let shown = sri.get("/stock/counts/1").json();
    assert_eq!((&shown["first"]["counted"], &shown["first"]["booked"]), (&json!(4700), &json!(4731)));
    assert_eq!((&shown["second"]["by"], &shown["second"]["booked"]), (&json!("ayu"), &json!(4731)));
    let page = Browser::of(&served, &sri).get("/stock/counts/1").body;
    assert!(page.contains("4,731") && page.contains("/ask/BookCount"), "{page}");
    let asked = sri.post("/stock/counts/1/booking/requests", &json!({ "which": "second", "note": "a bundle is gone" }));
    assert_eq!(asked.status, 201, "{asked:?}");
    assert_eq!(leaks(&seen(&served, &counter, &secret)), Vec::<String>::new(), "while two supervisors decide");

    let budi = add_with_role(&served, (&root, &sri), "budi", "supervisor");
    let act = asked.headers["location"].strip_prefix("/api/v1").unwrap();
    budi.done(&format!("{act}/confirmation"), &json!({ "password": password("budi") }));
    let after = counter.get("/stock").json();
    assert_eq!(after["blangko"]["student"]["missing"], 31, "{after}");
    let closed = counter.get("/stock/counts/1").json();
    assert_eq!((&closed["state"], &closed["first"]["booked"]), (&json!("booked"), &json!(4731)));
}

#[test]
fn a_list_that_a_count_empties_says_so_and_has_no_next_page() {
    let office = Office::new();
    office.import("student", &people::students(0..5));
    office.receive("student", 30);
    office.add_mock("p1", "student", "card_ms=0");
    office.done(&["run", "--until-idle"]);
    office.done(&["queue", "pause", "--reason", "a test"]);
    office.import("student", &people::students(5..9));
    let served = Served::new(&office);
    let (root, sri) = with_supervisor(&office, &served);
    let counter = add_with_role(&served, (&root, &sri), "gugun", "stock-keeper");
    for number in 0..60 {
        let delivery = json!({ "blank_type": "student", "quantity": 1, "document": format!("D-{number}") });
        counter.done("/stock/deliveries", &delivery);
    }
    let mut browser = Browser::of(&served, &counter);
    assert!(browser.get("/stock").body.contains("href=\"/stock?after="), "there are older movements");
    let of_list = |browser: &Browser<'_>| browser.get("/metrics").body.contains("cetak_waiting_records{");
    assert!(of_list(&browser));
    let new = json!({ "blank_type": "student", "printer": null, "counter": null, "note": "monthly count" });
    sri.done("/stock/counts", &new);
    assert!(!of_list(&browser), "with the number of those in batches it would tell their blanks");
    let page = browser.get("/stock").body;
    assert!(!page.contains("href=\"/stock?after="), "{page}");
    assert!(page.contains("Nothing is shown here during count 1"), "{page}");
    let batches = browser.get("/batches?closed_too=true").body;
    assert!(batches.contains("Nothing is shown here during count 1"), "{batches}");
    let board = counter.get("/board").json();
    assert_eq!((&board["cover"], &board["oldest_waiting"][0]["count"]), (&json!([]), &json!(null)), "{board}");
    browser.language = "id";
    assert!(browser.get("/stock").body.contains("Tidak ditampilkan selama stok opname 1"));
    assert!(browser.get("/").body.contains("selama stok opname 1"));
}

/// What the counter tries to learn from refusals.
fn refused_without_a_number(counter: &Person<'_>) {
    let loan = json!({ "blank_type": "student", "quantity": 900_000, "to": "kudus", "document": "L-1" });
    let delivery = json!({ "blank_type": "student", "quantity": 1, "document": "late", "lot": null, "serials": null });
    let reversal = json!({ "delivered": 0, "note": "never came" });
    let blanks = json!({ "blank_type": "student", "quantity": 900_000, "from_vault": true, "document": "BA-1" });
    let tries: [(&str, Value); 4] = [
        ("/stock/loans/requests", loan),
        ("/stock/deliveries", delivery),
        ("/stock/movements/1/reversal/requests", reversal),
        ("/stock/destructions/requests", blanks),
    ];
    for (path, body) in tries {
        let reply = counter.post(path, &body);
        assert_eq!((reply.status, reply.problem()), (409, "place-counted".into()), "{path}");
        assert_eq!(numbers_in(&reply.body), Vec::<String>::new(), "{path}");
    }
}
