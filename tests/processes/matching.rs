//! Tests acts on all records that match filters, as the console and the command line offer them.

use serde_json::{Value, json};

use crate::console::{Browser, office, staff, texts};

/// The address of a page's link that begins with this.
fn link(page: &str, beginning: &str) -> String {
    let mut addresses = page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap().replace("&#38;", "&"));
    addresses.find(|address| address.starts_with(beginning)).unwrap_or_else(|| panic!("no link {beginning} in {page}"))
}

#[test]
fn all_that_match_are_counted_with_the_consequence_before_they_are_held() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let mut browser = Browser::of(&served, &staff["operator"]);
    assert!(!browser.get("/records").body.contains("/matching-records"), "no act is offered on all records");
    let list = browser.get("/records?district=FACULTY%200").body;
    assert!(!list.contains("act=release"), "an operator does not release");

    let page = browser.get(&link(&list, "/matching-records?district=FACULTY%200&act=hold")).body;

    let shown = texts(&page);
    assert!(shown.contains("1 requests would be held") && !shown.contains("of the first"), "{shown}");
    assert!(shown.contains("District") && shown.contains("FACULTY 0"), "what matches is named: {shown}");
    assert!(shown.contains("2 (printed)"), "what is printed stays as it is: {shown}");
    let counted = staff["operator"]
        .done("/matching-records/count", &json!({ "act": "hold", "filter": { "district": "FACULTY 0" } }));
    assert_eq!((&counted["matching"], &counted["others"]["printed"]), (&json!(1), &json!(2)), "{counted}");
    let told = office.done(&["record", "hold", "--district", "FACULTY 0", "--dry-run", "--reason", "moved"]).stdout;
    assert!(told.starts_with("1 records match") && told.contains("nothing was changed"), "{told}");
    let state = || staff["operator"].get("/records/default/r00006").json()["state"].clone();
    assert_eq!(state(), "waiting");

    let address = link(&page, "/do/HoldMatching?");
    let form = browser.get(&address).body;
    assert!(form.contains("FACULTY 0") && !form.contains("Only of this source"), "what was counted stays: {form}");
    let done = browser.submit(&address, &[("/note", "moved to another office")]);

    assert_eq!(done.status, 200, "{done:?}");
    assert_eq!(state(), "held");
    browser.language = "id";
    let page = texts(&browser.get("/matching-records?state=held&act=withdraw").body);
    assert!(page.contains("1 permohonan akan ditarik"), "{page}");
    assert_eq!(browser.get("/matching-records?state=held&act=release").status, 403);
    assert_eq!(browser.get("/matching-records?state=held&act=burn").status, 422);
}

#[test]
fn a_withdrawal_of_all_that_match_waits_for_another_person_and_says_which_are_refused() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let (operator, supervisor) = (&staff["operator"], &staff["supervisor"]);
    let filter = json!({ "state": "waiting" });
    let counted = operator.done("/matching-records/count", &json!({ "act": "withdraw", "filter": filter }));
    let body = json!({ "change": "withdraw", "filter": filter, "as_of": counted["as_of"], "note": "closed" });
    assert_eq!(operator.post("/matching-records/hold", &json!({ "filter": {}, "note": "x" })).status, 422, "no count");

    let asked = operator.post("/matching-records/change/requests", &body);

    assert_eq!(asked.status, 201, "{asked:?}");
    let act = asked.json()["act"].clone();
    let waiting = || operator.get("/records?state=waiting").json()["items"].as_array().unwrap().len();
    assert_eq!(waiting(), 3);
    let confirmed =
        supervisor.post(&format!("/acts/{act}/confirmation"), &json!({ "password": crate::person::password("sri") }));
    assert_eq!(confirmed.status, 204, "{confirmed:?}");
    assert_eq!(waiting(), 0);
    let again = operator.post("/matching-records/change/requests", &body);
    assert_eq!((again.status, again.problem_code()), (409, "matching-number".into()));
    let audit: Value = office.json(&["db", "check"]);
    assert_eq!(audit["clean"], json!(true));
}
