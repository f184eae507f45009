//! Tests the search of a name over HTTP: where the name stands, and where it does not.

use serde_json::{Value, json};

use crate::{
    console::{Browser, office, staff, texts},
    http::Served,
    people,
    person::{Person, audit},
};

/// Everything that the program wrote, but for the database itself and what the person who asks sees.
fn written(served: &Served, supervisor: &Person<'_>) -> String {
    let audit: String = audit(supervisor).iter().map(Value::to_string).collect();
    let metrics = served.get("/metrics").body;
    assert!(!audit.is_empty() && metrics.contains("cetak_http_requests_total"), "{metrics}");
    served.running.messages() + &audit + &metrics
}

/// The page that finds a person, with the search of a name.
fn searched(browser: &Browser<'_>, fields: &[(&str, &str)]) -> String {
    let page = browser.get("/records/search").body;
    let form = page.split("<form method=\"post\" action=\"/records/search\"").nth(1).unwrap();
    let csrf = form.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let fields: Vec<_> = fields.iter().copied().chain([("csrf", csrf)]).collect();
    browser.post("/records/search", &fields).body
}

#[test]
fn a_name_is_searched_in_a_body_and_stands_in_no_log_no_address_no_metric_and_no_audit() {
    let (office, served) = office();
    let mut list: Vec<_> = (100..125).map(people::student).collect();
    for student in &mut list {
        student.name = "Kusumawardhani Setyaningrum".into();
    }
    list[7].name = "Prabaningtyas Kusumawardhani".into();
    office.import("student", &people::csv(&list));
    let staff = staff(&office, &served);

    let operator = &staff["operator"];
    let found = operator.post("/records/search-by-name", &json!({ "name": "kusumawardhani PRABANINGTYAS" }));
    assert_eq!(found.status, 200, "{found:?}");
    let found: Value = found.json();
    assert_eq!(found["records"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found["records"][0]["record"]["request_id"], "r00107");
    assert_eq!(found["records"][0]["identifier"], "••••107", "the end of S000107");
    assert_eq!((&found["next"], &found["complete"]), (&Value::Null, &json!(true)));
    let keeper = &staff["stock-keeper"];
    assert_eq!(keeper.post("/records/search-by-name", &json!({ "name": "kusumawardhani" })).status, 403);

    let mut browser = Browser::of(&served, operator);
    let first = searched(&browser, &[("name", "setyaningrum")]);
    assert!(first.contains("/records/default/r00100") && !first.contains("/records/default/r00107"), "{first}");
    let (own, other) = (people::student(100).number, people::student(101).number);
    assert!(first.contains(&format!("•{}<", &own[own.len() - 3..])), "persons of one name are told apart: {first}");
    assert!(!first.contains(&own) && !first.contains(&other), "{first}");
    let after = first.split("name=\"after\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let second = searched(&browser, &[("name", "setyaningrum"), ("after", &after)]);
    assert!(second.contains("/records/default/r00124") && !second.contains("name=\"after\""), "{second}");
    for page in [&first, &second] {
        let addresses = page.split("href=\"").chain(page.split("action=\"")).skip(1);
        for address in addresses.map(|rest| rest.split('"').next().unwrap().to_lowercase()) {
            assert!(!address.contains("setyaningrum") && !address.contains("kusuma"), "{address}");
        }
    }
    browser.language = "id";
    assert!(texts(&searched(&browser, &[("name", "tidakada")])).contains("tidak ada permohonan atas nama ini"));
    assert!(texts(&browser.get("/records/search").body).contains("urutannya bebas"));

    let written = written(&served, &staff["supervisor"]).to_lowercase();
    for word in ["kusumawardhani", "prabaningtyas", "setyaningrum", "tidakada"] {
        assert!(!written.contains(word), "{word} was written");
    }
}
