//! Tests the whole way of a card that is sent to a district, over HTTP, on pages without JavaScript and at the command line.

use std::fs::File;

use serde_json::{Value, json};

use crate::{
    console::{Browser, code_of, hidden, office, staff, texts},
    office::Office,
    person::{Person, audit},
};

/// Who takes a card for another: it is shown to those who may search persons, and stands nowhere else.
const IDENTITY: &str = "Hartini binti Wiryo 3372015501700007";

/// The code on the card of a record, as its profile prints it.
fn code(office: &Office, person: &Person<'_>, request_id: &str) -> String {
    let found = person.get(&format!("/records/default/{request_id}/whereabouts")).json();
    code_of(office, request_id, found["card"]["attempt"].as_str().unwrap())
}

/// Sends the form of a pile.
fn book(browser: &Browser<'_>, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let form = hidden(&browser.get(path).body);
    let mut all: Vec<(&str, &str)> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
    all.extend(fields);
    let reply = browser.post(path, &all);
    (reply.status, reply.body)
}

#[test]
fn a_card_goes_to_its_district_and_comes_back_or_is_handed_over_there_and_each_list_says_where_it_is() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let operator = &staff["operator"];
    for id in ["r00001", "r00002"] {
        operator.done(&format!("/cards/default/{id}/check"), &json!({}));
    }
    let cards = |path: &str| -> Vec<String> {
        let items = operator.get(path).json()["items"].as_array().unwrap().clone();
        items.iter().map(|card| card["request_id"].as_str().unwrap().to_owned()).collect()
    };
    let names = |ids: &[&str]| -> Vec<Value> {
        ids.iter().map(|id| json!({ "source": "default", "request_id": id })).collect()
    };
    assert_eq!(cards("/cards/ready"), ["r00000", "r00001", "r00002"]);
    let mut send =
        json!({ "records": names(&["r00000", "r00001", "r00003"]), "district": "Laweyan", "document": "SJ-12" });
    assert_eq!(operator.post("/cards/send", &send).problem(), "new-district");
    send["new_district"] = true.into();
    let outcomes = operator.done("/cards/send", &send);
    let refused: Vec<_> =
        outcomes.as_array().unwrap().iter().map(|outcome| &outcome["refusal"]["args"]["needs"]).collect();
    assert_eq!(refused, [&Value::Null, &Value::Null, &json!("checked")]);
    assert_eq!(
        (cards("/cards/sent?district=Laweyan"), cards("/cards/ready")),
        (vec!["r00000".to_owned(), "r00001".to_owned()], vec!["r00002".to_owned()])
    );
    let place = operator.get("/records/default/r00000/whereabouts").json();
    assert_eq!(place["card"]["sent"]["document"], "SJ-12");
    assert_eq!(operator.get("/cards/districts").json()[0]["cards"], 2);

    let list = json!({ "records": names(&["r00000", "r00002"]), "district": "LAWEYAN" });
    let outcomes = operator.done("/cards/hand-over", &list);
    assert_eq!(
        (&outcomes[0]["refusal"], &outcomes[1]["refusal"]["args"]["needs"]),
        (&Value::Null, &json!("in-district"))
    );
    let back = json!({ "records": names(&["r00001"]), "cause": "uncollected", "note": "three months" });
    assert_eq!(operator.done("/cards/receive", &back)[0]["refusal"], Value::Null);
    let proxy = json!({ "proxy": "family-card", "identity": IDENTITY });
    operator.done("/cards/default/r00001/hand-over-by-proxy", &proxy);
    assert_eq!(operator.get("/cards/default/r00001/proxy").json()["identity"], IDENTITY);
    assert_eq!(staff["auditor"].get("/cards/default/r00001/proxy").status, 403);
    let collected = operator.get("/cards/handed-over").json();
    assert_eq!(
        (&collected["items"][0]["proxy"], &collected["items"][1]["sent"]["district"]),
        (&json!("family-card"), &json!("Laweyan"))
    );
    let told = serde_json::to_string(&audit(&staff["supervisor"])).unwrap();
    assert!(told.contains("card.handed-over-by-proxy") && !told.contains("Hartini"), "{told}");
}

#[test]
fn a_pile_is_scanned_into_a_form_and_booked_card_by_card_without_javascript() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    staff["operator"].done("/cards/default/r00001/check", &json!({}));
    let mut browser = Browser::of(&served, &staff["operator"]);
    let desk = browser.get("/handover").body;
    for path in ["ready", "sent", "uncollected", "collected", "send", "receive", "district-list"] {
        assert!(desk.contains(&format!("href=\"/handover/{path}\"")), "{path}: {desk}");
    }
    let foreign = format!("r00001 cetak-local-1 {}", "0".repeat(16));
    let pile = format!("{}\nr00001\nr00003\n{foreign}\n", code(&office, &staff["operator"], "r00000"));
    let (status, page) =
        book(&browser, "/handover/send", &[("new_district", "Laweyan"), ("document", "SJ-12"), ("cards", &pile)]);
    assert_eq!(status, 200, "{page}");
    let shown = texts(&page);
    assert!(shown.contains("Booked: 2. Refused: 2.") && shown.contains("forged"), "{shown}");
    assert!(page.contains("verdict bad") && page.contains(">default r00003</textarea>"), "{page}");
    let sent = texts(&browser.get("/handover/sent").body);
    assert!(sent.contains("r00000") && sent.contains("Laweyan") && sent.contains("SJ-12"), "{sent}");
    let record = browser.get("/records/default/r00000").body;
    assert!(texts(&record).contains("The card is ready in Laweyan") && record.contains("/do/ReceiveCards"), "{record}");

    // A sent card that lies at the counter is received back first.
    let scanned = book(&browser, "/handover", &[("code", &code(&office, &staff["operator"], "r00000"))]).1;
    assert!(scanned.contains("verdict bad") && scanned.contains("/do/ReceiveCards"), "{scanned}");
    let (_, page) = book(
        &browser,
        "/handover/receive",
        &[("cause", "damaged"), ("note", "torn"), ("cards", &code(&office, &staff["operator"], "r00000"))],
    );
    assert!(page.contains("verdict good"), "{page}");
    assert!(texts(&browser.get("/records/default/r00000").body).contains("not checked yet"));
    let (_, page) = book(&browser, "/handover/district-list", &[("district", "Laweyan"), ("cards", "r00001")]);
    assert!(page.contains("verdict good"), "{page}");
    browser.language = "id";
    let collected = texts(&browser.get("/handover/collected").body);
    assert!(collected.contains("r00001") && collected.contains("Kecamatan"), "{collected}");
    let (status, page) =
        book(&browser, "/handover/send", &[("new_district", "Jebres"), ("document", "D"), ("cards", " ")]);
    assert!(status == 422 && page.contains("role=\"alert\""), "{status} {page}");
    assert_eq!(Browser::of(&served, &staff["stock-keeper"]).get("/handover/send").status, 403);
    assert_eq!(browser.get("/handover/nothing").status, 404);
}

#[test]
fn a_proxy_is_entered_on_a_page_and_is_on_no_page_address_or_line_of_the_log_but_the_one_that_asks() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let browser = Browser::of(&served, &staff["operator"]);
    let scanned = book(&browser, "/handover", &[("code", &code(&office, &staff["operator"], "r00000"))]).1;
    assert!(scanned.contains("href=\"/do/HandOverByProxy?"), "{scanned}");
    let path = "/do/HandOverByProxy?/record/source=default&/record/request_id=r00000&back=/handover";
    let done = browser.submit(path, &[("/proxy", "letter-of-authority"), ("/identity", IDENTITY)]);
    assert_eq!(
        (done.status, &*done.headers["location"]),
        (303, "/handover?done=HandOverByProxy&about=record%20r00000"),
        "{done:?}"
    );
    let asks = "/records/default/r00000/proxy";
    for path in ["/records/default/r00000", "/handover/collected", "/handover", "/", "/needs"] {
        assert!(!browser.get(path).body.contains("Hartini"), "{path}");
    }
    assert!(browser.get("/records/default/r00000").body.contains(&format!("href=\"{asks}\"")));
    assert!(browser.get(asks).body.contains(IDENTITY));
    assert_eq!(Browser::of(&served, &staff["auditor"]).get(asks).status, 403);
    let log = served.running.messages();
    assert!(!log.contains("Hartini") && !log.contains("3372015501700007"), "{log}");
}

#[test]
fn the_commands_send_receive_and_hand_over_and_say_where_a_card_is() {
    let (office, served) = office();
    drop(served);
    let send = ["card", "send", "r00000", "--to", "Laweyan", "--document", "SJ-12"];
    let misspelt = office.run(&send);
    assert!(misspelt.code == Some(1) && misspelt.stderr.contains("--new-district"), "{misspelt:?}");
    let told = office.done(&[&send[..], &["--new-district"]].concat()).stdout;
    assert!(told.contains("sent"), "{told}");
    let found = office.done(&["record", "find", "r00000"]).stdout;
    assert!(found.contains("was sent to Laweyan") && found.contains("SJ-12"), "{found}");
    let listed = office.done(&["card", "sent"]).stdout;
    assert!(listed.contains("r00000") && listed.contains("Laweyan"), "{listed}");
    assert!(office.done(&["card", "districts"]).stdout.contains("Laweyan"));
    assert_eq!(office.run(&["card", "hand-over", "--in", "Jebres", "r00000"]).code, Some(1), "sent elsewhere");
    office.done(&["card", "receive", "r00000", "--cause", "uncollected", "--reason", "three months"]);
    let file = office.write("proxy", IDENTITY);
    let mut command = office.command(&["card", "hand-over", "r00000", "--proxy", "letter-of-authority"]);
    command.stdin(File::open(file).unwrap());
    let taken = office.start_command(command).ended(60);
    assert_eq!(taken.code, Some(0), "{taken:?}");
    let found = office.done(&["record", "find", "r00000"]).stdout;
    assert!(found.contains("to a proxy (letter-of-authority)") && !found.contains("Hartini"), "{found}");
    office.done(&["db", "check"]);
}
