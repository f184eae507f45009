//! Tests that each page of the console is found from the board, and that each thing which needs a person leads to one who may settle it.

use std::collections::{BTreeMap, BTreeSet};

use cetak::engine::operations::{AnyAct, TwoPersonAct};
use serde_json::json;

use crate::{
    console::{Browser, office, staff, texts},
    console_words,
    people::{self, Student, student},
    person::{Person, password},
};

/// The addresses of a page's links, within the console.
fn links(page: &str) -> BTreeSet<String> {
    let addresses = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let addresses = addresses.map(|address| address.replace("&#38;", "&").replace("&amp;", "&"));
    addresses.filter(|address| address.starts_with('/') && !address.starts_with("/assets/")).collect()
}

/// All pages that a person reaches from the board by links, without those of single things beyond the first of each kind.
fn reached(browser: &Browser<'_>) -> BTreeSet<String> {
    let kind = |address: &str| -> String {
        let path = address.split('?').next().unwrap();
        path.split('/')
            .map(|part| if part.chars().any(|c| c.is_ascii_digit()) { "N" } else { part })
            .collect::<Vec<_>>()
            .join("/")
    };
    let (mut found, mut kinds, mut next) = (BTreeSet::new(), BTreeSet::new(), vec!["/".to_owned()]);
    while let Some(address) = next.pop() {
        if !kinds.insert(kind(&address)) {
            continue;
        }
        let reply = browser.page(&address);
        assert!([200, 303].contains(&reply.status), "{address} is linked, and answers {reply:?}");
        found.insert(address.split('?').next().unwrap().to_owned());
        next.extend(links(&reply.body));
    }
    found
}

#[test]
fn every_place_of_the_daily_work_is_reached_from_the_board_by_those_who_may_work_there() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    for (role, places) in [
        (
            "operator",
            &[
                "/import",
                "/imports",
                "/records",
                "/records/search",
                "/inspect",
                "/check",
                "/handover",
                "/night",
                "/plan",
            ][..],
        ),
        ("supervisor", &["/import", "/imports", "/imports/2", "/records/search", "/acts", "/audit", "/stock/counts"]),
        ("stock-keeper", &["/stock", "/stock/counts", "/imports"]),
        ("auditor", &["/audit", "/imports", "/stock"]),
        ("administrator", &["/people", "/printers"]),
    ] {
        let found = reached(&Browser::of(&served, &staff[role]));
        for place in places {
            assert!(found.contains(*place), "{role} does not find {place}: {found:?}");
        }
    }
}

#[test]
fn a_record_is_found_by_its_number_alone_on_the_list_and_in_the_search() {
    let (office, served) = office();
    let twice = people::students(200..201).replace("r00200", "r00002");
    let other = office.write("other.csv", &twice);
    office.done(&["import", &other, "--profile", "student", "--source", "other"]);
    let staff = staff(&office, &served);
    let browser = Browser::of(&served, &staff["operator"]);
    let found = browser.get("/records?request=r00003");
    assert_eq!((found.status, &*found.headers["location"]), (303, "/records/default/r00003"));
    assert!(texts(&browser.get("/records?request=r99999").body).contains("No record has the number r99999."));
    let both = browser.get("/records?request=r00002").body;
    assert!(both.contains("/records/other/r00002") && both.contains("/records/default/r00002"), "{both}");

    let csrf = |page: &str| page.split("name=\"csrf\" value=\"").last().unwrap().split('"').next().unwrap().to_owned();
    let form = csrf(&browser.get("/records/search").body);
    let searched = |fields: &[(&str, &str)]| {
        let fields: Vec<_> = fields.iter().copied().chain([("csrf", &*form)]).collect();
        browser.post("/records/search", &fields).body
    };
    assert!(searched(&[("identifier", "r00004")]).contains("/records/default/r00004"));
    assert!(texts(&searched(&[("identifier", " "), ("name", "")])).contains("Type an identifier, a number or words"));
}

#[test]
fn a_duplicate_leads_operators_to_its_settling_and_tells_supervisors_who_settles_it() {
    let (office, served) = office();
    office.import("student", &people::csv(&[Student { request_id: "d00001".into(), ..student(5) }]));
    let staff = staff(&office, &served);
    let page = |role: &str| Browser::of(&served, &staff[role]).get("/records/default/d00001").body;
    let operator = page("operator");
    assert!(operator.contains("ResolveDuplicate") && !operator.contains("ReleaseRecord"), "{operator}");
    let supervisor = page("supervisor");
    assert!(
        !supervisor.contains("/do/ReleaseRecord") && texts(&supervisor).contains("Settled by: operator"),
        "{supervisor}"
    );
    let needs = Browser::of(&served, &staff["operator"]).get("/needs").body;
    assert!(needs.contains("/records?state=quarantined"), "{needs}");
    let list = texts(&Browser::of(&served, &staff["supervisor"]).get("/records?state=quarantined").body);
    assert!(list.contains("another request of this person is open"), "{list}");

    let all = Browser::of(&served, &staff["supervisor"]).get("/matching-records?state=quarantined&act=release").body;
    assert!(
        texts(&all).contains("1 of the first 1") && !all.contains("/do/ReleaseMatching"),
        "none can be released: {all}"
    );
}

#[test]
fn the_person_who_confirms_that_no_card_was_found_is_told_whose_card_it_is() {
    let (office, served) = office();
    office.add_mock("p2", "student", "card_ms=0&script=1:forget");
    office.done(&["queue", "pause", "--printer", "p1", "--reason", "only the other one"]);
    office.import("student", &people::students(10..12));
    office.done(&["queue", "resume", "--reason", "go on"]);
    let staff = staff(&office, &served);
    let operator = &staff["operator"];
    let uncertain = || operator.get("/attempts/uncertain").json()["items"].clone();
    crate::wait_until("a card has an unknown outcome", 30, || {
        uncertain().as_array().is_some_and(|list| !list.is_empty())
    });
    let line = uncertain()[0].clone();
    let attempt = line["attempt"].as_str().unwrap();
    let body = json!({ "blank_gone": false, "note": "not in the printer" });
    let asked = operator.post(&format!("/attempts/{attempt}/nothing-found/requests"), &body);
    assert_eq!(asked.status, 201, "{asked:?}");
    let act = asked.json()["act"].clone();

    let page = Browser::of(&served, &staff["supervisor"]).get(&format!("/do/ConfirmAct?/id={act}")).body;

    let record = format!("/records/default/{}", line["request_id"].as_str().unwrap());
    assert!(page.contains(&record) && page.contains("/printers/p2"), "{page}");
    assert!(texts(&page).contains("Another account that confirms, if it is not yours"), "{page}");
}

/// Acts that no link leads to: what they do is done on a page of their subject, with a form of its own.
const ON_PAGES: [&str; 9] = [
    // At the desks, where a card is scanned, and on the list of a pile.
    "CheckCards",
    "HandOverCards",
    // At the inspection.
    "ResolveFound",
    "ResolveNothing",
    // One by one on the page of the record, and all that match on the list.
    "HoldRecords",
    "ReleaseRecords",
    // By the decision about the request.
    "ApproveReprint",
    "RefuseReprint",
    "Reprint",
];

/// Acts that fit what this office has not: other tests find their links.
const ELSEWHERE: [&str; 9] = [
    "DeclareUncertain",
    "ResumeBatch",
    "CancelBatch",
    "ClearPrinter",
    "ApproveBatch",
    "ResolveDuplicate",
    "BookCount",
    "PauseSource",
    "ResumeSource",
];

/// Decisions: their pages are open to all, and are linked for those who may decide.
const DECISIONS: [&str; 3] = ["ConfirmAct", "RefuseAct", "TakeBackAct"];

/// The act of a link, `do/HoldRecord` or `ask/GiveRole`.
fn act(address: &str) -> Option<String> {
    let path = address.split('?').next()?;
    let name = path.strip_prefix('/')?;
    (name.starts_with("do/") || name.starts_with("ask/")).then(|| name.to_owned())
}

/// The acts that a person is led to from the board, over all pages, and the acts that pages say others do.
fn led_to(browser: &Browser<'_>) -> BTreeSet<String> {
    let (mut seen, mut acts, mut next) = (BTreeSet::new(), BTreeSet::new(), vec!["/".to_owned()]);
    next.extend(["waiting", "held", "withdrawn"].map(|state| format!("/records?state={state}")));
    while let Some(address) = next.pop() {
        // Each night leads to the one before it, without end.
        let is_long = ["after=", "before=", "/audit/", "night="].iter().any(|part| address.contains(part));
        if is_long && address != "/audit" || seen.len() > 400 || !seen.insert(address.clone()) {
            continue;
        }
        let body = browser.page(&address).body;
        for link in links(&body) {
            match act(&link) {
                Some(act) => {
                    acts.insert(act);
                }
                None => next.push(link),
            }
        }
    }
    acts
}

#[test]
fn each_act_that_a_person_may_do_is_linked_from_a_page_that_the_person_reaches() {
    let (office, served) = console_words::office();
    office.add_mock("p3", "student", "card_ms=0");
    office.done(&["printer", "set", "p3", "--hopper", "50", "--tray", "40"]);
    office.done(&["queue", "pause", "--printer", "p3", "--reason", "hitung"]);
    office.receive("ktp-el", 5);
    let staff = staff(&office, &served);
    let [operator, keeper, supervisor, root] =
        ["operator", "stock-keeper", "supervisor", "administrator"].map(|role| &staff[role]);
    console_words::lived(operator, keeper, supervisor, root);
    more_happened(operator, supervisor, root);
    let mut led = BTreeMap::new();
    let mut missing = Vec::new();
    let is_known = |name: &str| ON_PAGES.iter().chain(&ELSEWHERE).any(|known| *known == name);
    let acts =
        AnyAct::NAMES.iter().map(|name| ("do", *name)).chain(TwoPersonAct::NAMES.iter().map(|name| ("ask", *name)));
    let acts: Vec<_> =
        acts.filter(|(_, name)| !is_known(name)).map(|(first, name)| format!("{first}/{name}")).collect();
    for (role, person) in &staff {
        let browser = Browser::of(&served, person);
        let found = led_to(&browser);
        let may = |act: &&String| browser.page(&format!("/{act}")).status == 200;
        missing.extend(acts.iter().filter(may).filter(|act| !found.contains(*act)).map(|act| format!("{role} {act}")));
        led.insert(*role, found);
    }
    assert!(missing.is_empty(), "{missing:#?}");
    for decision in DECISIONS {
        assert!(led.values().any(|found| found.contains(&format!("do/{decision}"))), "{decision}");
    }
    let auditor = texts(&Browser::of(&served, &staff["auditor"]).get("/printers/p1").body);
    assert!(auditor.contains("What others do here") && auditor.contains("Change the printer"), "{auditor}");
    let printers = texts(&Browser::of(&served, &staff["auditor"]).get("/printers").body);
    assert!(printers.contains("Add a printer") && printers.contains("supervisor, administrator"), "{printers}");
}

/// What else happened in an office: a record is withdrawn, another put first, a hopper is counted, an account disabled, and a token made.
fn more_happened(operator: &Person<'_>, supervisor: &Person<'_>, root: &Person<'_>) {
    let asked = operator.post("/records/default/r00022/withdraw/requests", &json!({ "note": "pindah" }));
    let act = asked.json()["act"].clone();
    supervisor.done(&format!("/acts/{act}/confirmation"), &json!({ "password": password("sri") }));
    supervisor.done("/records/default/r00023/put-first", &json!({ "note": "sakit" }));
    supervisor.done("/stock/counts", &json!({ "blank_type": "student", "printer": "p3", "note": "bulanan" }));
    root.done("/accounts", &json!({ "name": "lama" }));
    root.done("/accounts/lama/disable", &json!({ "note": "pindah" }));
    root.done("/tokens", &json!({ "account": "opi", "name": "papan", "scopes": ["board-read"], "days": 30 }));
}

#[test]
fn what_becomes_of_a_batch_and_of_its_open_card_is_decided_from_their_pages() {
    let office = crate::office::Office::new();
    office.import("student", &people::students(0..1));
    office.receive("student", 10);
    office.add_mock("p1", "student", "card_ms=3600000");
    office.add_mock("p2", "student", "card_ms=0&script=1:jam");
    office.done(&["queue", "pause", "--printer", "p2", "--reason", "later"]);
    let served = crate::http::Served::new(&office);
    let staff = staff(&office, &served);
    let [operator, supervisor, auditor] =
        ["operator", "supervisor", "auditor"].map(|role| Browser::of(&served, &staff[role]));
    crate::wait_until("a card is being printed", 60, || {
        operator.get("/records/default/r00000").body.contains("/do/DeclareUncertain?/attempt=")
    });
    assert!(operator.get("/batches/1").body.contains("/do/DeclareUncertain?/attempt="));
    let shown = auditor.get("/batches/1").body;
    assert!(!shown.contains("DeclareUncertain") && texts(&shown).contains("What others do here"), "{shown}");
    assert!(supervisor.get("/batches/1").body.contains("/do/CancelBatch?"));
    staff["operator"].done("/pauses", &json!({ "scope": { "batch": 1 }, "note": "a look" }));
    crate::wait_until("the batch is paused", 30, || operator.get("/batches/1").body.contains("/do/ResumeBatch?"));
    staff["operator"].done("/printers/p2/resume", &json!({ "note": "go on" }));
    let list = office.write("more.csv", people::students(1..3));
    let imported = crate::accounts::by(&office, "opi", &["import", &list, "--profile", "student"]);
    assert_eq!(imported.code, Some(0), "{imported:?}");
    crate::wait_until("a printer is jammed", 60, || operator.get("/printers/p2").body.contains("/do/ClearPrinter?"));
}
