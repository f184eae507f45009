//! Tests that each page of the console is found from the board, and that each thing which needs a person leads to one who may settle it.

use std::collections::BTreeSet;

use serde_json::json;

use crate::{
    console::{Browser, office, staff, texts},
    people::{self, Student, student},
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
