//! Tests what the console shows of acts and of what is not there: arguments of acts that wait, the order of forms, choices in words, and
//! pages in place of problems.

use serde_json::{Value, json};

use crate::{
    console::{Browser, location, office, staff, texts},
    person::password,
};

/// The text of a page with one space between words.
fn words(page: &str) -> String {
    texts(page).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_second_person_sees_each_argument_of_an_act_on_the_list_on_its_page_and_in_the_api() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let (operator, supervisor) = (&staff["operator"], &staff["supervisor"]);
    let keeper = Browser::of(&served, &staff["stock-keeper"]);
    let loan = [("/blank_type", "student"), ("/quantity", "2"), ("/to", "Kudus"), ("/document", "L-1")];
    assert_eq!(
        location(&keeper.submit("/ask/LendBlanks?back=/stock", &loan)),
        "/stock?asked=LendBlanks&about=blangko%20student"
    );
    let root = &staff["administrator"];
    assert_eq!(root.post("/accounts/audi/roles/requests", &json!({ "role": "operator", "note": "leave" })).status, 201);
    let filter = json!({ "state": "waiting" });
    let counted = operator.done("/matching-records/count", &json!({ "act": "withdraw", "filter": filter }));
    let all = json!({ "change": "withdraw", "filter": filter, "as_of": counted["as_of"], "note": "closed" });
    assert_eq!(operator.post("/matching-records/change/requests", &all).status, 201);
    operator.done("/records/default/r00001/reprints", &json!({ "reason": "lost" }));

    let acts = supervisor.get("/acts").json();
    let arguments: Vec<&Value> = acts["items"].as_array().unwrap().iter().map(|item| &item["arguments"]).collect();
    assert_eq!((&arguments[0]["quantity"], &arguments[0]["to"]), (&json!(2), &json!("Kudus")));
    assert_eq!(arguments[1]["role"], "operator");
    assert_eq!((&arguments[2]["filter"]["state"], &acts["items"][2]["records"]), (&json!("waiting"), &json!(3)));

    let browser = Browser::of(&served, supervisor);
    let list = words(&browser.get("/acts").body);
    for text in
        ["Blanks: 2; Borrower: Kudus", "Role: Print operator", "Requests: 3", "Only of this state: ", "It is lost"]
    {
        assert!(list.contains(text), "{text}: {list}");
    }
    let page = |item: usize| {
        let number = acts["items"][item]["id"].as_i64().unwrap();
        words(&browser.get(&format!("/do/ConfirmAct?/id={number}")).body)
    };
    let role = page(1);
    assert!(
        role.contains("Give a role") && role.contains("Account audi") && role.contains("Role Print operator"),
        "{role}"
    );
    assert!(role.contains("may then do what the role allows") && role.contains("Reason leave"), "{role}");
    let withdrawal = page(2);
    for text in ["Requests 3", "They are withdrawn", "Reason closed", "all of these records at once"] {
        assert!(withdrawal.contains(text), "{text}: {withdrawal}");
    }
}

#[test]
fn the_second_person_sees_the_difference_that_is_booked() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let (keeper, supervisor) = (&staff["stock-keeper"], &staff["supervisor"]);
    let other = crate::person::add_with_role(&served, (&staff["administrator"], supervisor), "ayu", "stock-keeper");
    let open = json!({ "blank_type": "student", "printer": null, "note": "monthly" });
    supervisor.done("/stock/counts", &open);
    let entry = json!({ "bundles": 0, "bundle_size": 0, "loose": 4 });
    for person in [keeper, &other] {
        person.done("/stock/counts/1/entry", &json!({ "entry": entry, "again": entry }));
    }
    assert!(Browser::of(&served, supervisor).get("/stock/counts/1").body.contains("/ask/BookCount?"));
    let book = json!({ "which": "second", "note": "one is gone" });
    let act = supervisor.post("/stock/counts/1/booking/requests", &book).json()["act"].clone();
    let second = crate::person::add_with_role(&served, (&staff["administrator"], supervisor), "budi", "supervisor");
    let browser = Browser::of(&served, &second);
    let path = format!("/do/ConfirmAct?/id={act}&back=/acts");
    let page = words(&browser.get(&path).body);
    for text in ["The second count", "Counted 4", "Book at that instant 5", "Difference -1", "booked as missing"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert_eq!(
        location(&browser.submit(&path, &[("/password", &password("budi"))])),
        "/acts?done=ConfirmAct&about=count%201"
    );
    assert!(words(&browser.get("/acts?done=ConfirmAct&about=count%201").body).contains("Done: Confirm (count 1)"));
}

#[test]
fn a_form_asks_first_for_what_is_typed_first_and_offers_the_values_that_are_known() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let keeper = Browser::of(&served, &staff["stock-keeper"]);
    let order = |page: &str, names: &[&str]| {
        let places: Vec<usize> = names.iter().map(|name| page.find(&format!("name=\"{name}\"")).unwrap()).collect();
        assert!(places.is_sorted(), "{names:?} {places:?}");
    };
    let count = keeper.get("/do/EnterCount?/count=1").body;
    order(&count, &["/entry/bundles", "/entry/bundle_size", "/entry/loose", "/again/bundles", "/again/loose"]);
    order(&keeper.get("/do/ReceiveBlanks").body, &["/blank_type", "/quantity", "/document", "/lot"]);

    let mut operator = Browser::of(&served, &staff["operator"]);
    let path = "/do/RequestReprint?/record/source=default&/record/request_id=r00001&back=/records";
    operator.language = "id";
    let form = operator.get(path).body;
    assert!(form.contains("<option value=\"lost\">Hilang</option>"), "{form}");
    assert!(!form.contains("value=\"bad-print\""), "a reason of another card profile: {form}");
    assert_eq!(
        location(&operator.submit(path, &[("/reason", "lost")])),
        "/records?done=RequestReprint&about=record%20r00001"
    );
    let scopes = operator.get("/do/Pause").body;
    assert!(scopes.contains("<option value=\"printer p1\">") && scopes.contains("seluruh pencetakan"), "{scopes}");
}

#[test]
fn a_browser_gets_a_page_for_everything_that_is_refused_and_a_program_a_problem() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let browser = Browser::of(&served, &staff["operator"]);
    for path in ["/do", "/do/Nothing", "/account", "/nowhere", "/batches/first", "/printers/none", "/audit/chains/%FF"]
    {
        let page = browser.page(path);
        assert!([400, 403, 404].contains(&page.status), "{path}: {page:?}");
        assert!(page.body.contains("<html lang=\"en\"") && page.body.contains("role=\"alert\""), "{path}: {page:?}");
        assert!(page.headers["content-security-policy"].contains("script-src 'self'"), "{path}: {page:?}");
    }
    let without = served.send("GET", "/nowhere", &[("accept", "text/html")], "");
    assert!(without.status == 404 && without.body.contains("<html"), "{without:?}");
    assert_eq!(served.get("/nowhere").problem(), "no-such-address");
    let headers = [("accept", "text/html"), ("cookie", &*browser.cookie)];
    let api = served.send("GET", "/api/v1/nowhere", &headers, "");
    assert_eq!(api.headers["content-type"], "application/problem+json");
    let method = served.send("DELETE", "/records", &headers, "");
    assert!(method.status == 405 && method.body.contains("<html"), "{method:?}");
}

#[test]
fn a_search_that_finds_nothing_says_so_on_its_page_and_keeps_what_was_asked_for() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let mut browser = Browser::of(&served, &staff["operator"]);
    for (filter, named) in [("profile=nothing", "nothing"), ("class=x", "x"), ("batch=99", "99")] {
        let page = browser.get(&format!("/records?{filter}"));
        assert_eq!(page.status, 200, "{filter}: {page:?}");
        assert!(page.body.contains(&format!("value=\"{named}\"")), "{filter}: {page:?}");
        assert!(page.body.contains("class=\"lead\"") && !page.body.contains("/do/Hold"), "{filter}: {page:?}");
    }
    browser.language = "id";
    for field in [("name", "Tidakada"), ("identifier", "S999999")] {
        let csrf = crate::console::hidden_of(&browser.get("/records/search").body, "csrf");
        let found = browser.post("/records/search", &[("csrf", &csrf), field]);
        assert_eq!(found.status, 200, "{found:?}");
        assert!(found.body.contains("role=\"status\"") && texts(&found.body).contains("tidak ada"), "{found:?}");
    }
}

#[test]
fn each_cell_of_a_table_has_the_heading_of_its_column_so_that_a_row_is_a_card_on_a_phone() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let browser = Browser::of(&served, &staff["supervisor"]);
    staff["operator"].post("/records/default/r00005/withdraw/requests", &json!({ "note": "moved" }));
    for path in ["/records", "/acts", "/batches?closed_too=true", "/stock", "/people", "/batches/1"] {
        let page = browser.get(path).body;
        assert!(page.contains("<td ") && !page.contains("<td>"), "{path}: {page}");
        let labels: Vec<&str> =
            page.split("data-label=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert!(labels.len() == page.matches("<td ").count() && labels.iter().all(|label| !label.is_empty()), "{path}");
    }
}

#[test]
fn the_batches_of_unchecked_piles_are_listed_though_none_is_open_and_a_fault_stays_during_a_pause() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let browser = Browser::of(&served, &staff["operator"]);
    let page = browser.get("/batches").body;
    assert!(words(&page).contains("not checked yet: 4.") && page.contains("href=\"/batches/1/pile\""), "{page}");

    // There are five blanks: with none left, that stays to be seen while all printing is paused.
    assert_eq!(staff["supervisor"].get("/board").json()["queue"]["paused"], true);
    let none = |text: &str| text.contains("has no free blanks of type student");
    assert!(!none(&words(&browser.get("/needs").body)));
    let gone = json!({ "blank_type": "student", "quantity": 5, "from_vault": true, "document": "BA-1" });
    let act = staff["stock-keeper"].post("/stock/destructions/requests", &gone).json()["act"].clone();
    let confirming = format!("/do/ConfirmAct?/id={act}&back=/acts");
    let supervisor = Browser::of(&served, &staff["supervisor"]);
    let confirmed = supervisor.submit(&confirming, &[("/password", &password("sri"))]);
    assert_eq!(location(&confirmed), "/acts?done=ConfirmAct&about=blangko%20student");
    let needs = words(&browser.get("/needs").body);
    assert!(none(&needs), "{needs}");
    let tile = words(&browser.get("/printers").body);
    assert!(tile.contains("paused by") && tile.contains("no blanks of type student"), "{tile}");
}

#[test]
fn the_reason_of_records_is_chosen_in_words_as_a_filter_of_the_list_and_of_an_act() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    staff["operator"].done("/records/default/r00005/hold", &json!({ "note": "asked for" }));
    let mut browser = Browser::of(&served, &staff["supervisor"]);
    for (language, words) in [("en", "a person holds it"), ("id", "ditahan petugas")] {
        browser.language = language;
        for path in ["/records", "/do/ReleaseMatching"] {
            let page = browser.get(path).body;
            assert!(page.contains(&format!("<option value=\"held-by-person\">{words}</option>")), "{path}: {page}");
        }
        let all = texts(&browser.get("/matching-records?reason=held-by-person&act=release").body);
        assert!(all.contains('1') && !all.contains("held-by-person"), "{all}");
    }
    let found = browser.get("/records?reason=held-by-person").body;
    assert!(found.contains("/records/default/r00005") && !found.contains("/records/default/r00006"), "{found}");
    assert!(found.contains("<option value=\"held-by-person\" selected>"), "{found}");
}

#[test]
fn an_act_that_was_decided_tells_by_whom_and_when_and_has_no_form() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let mut browser = Browser::of(&served, &staff["supervisor"]);
    let ask = |number: u32| {
        let path = format!("/records/default/r{number:05}/withdraw/requests");
        staff["operator"].post(&path, &json!({ "note": "moved away" })).json()["act"].as_i64().unwrap()
    };
    let acts = [ask(5), ask(6), ask(7)];
    let password = json!({ "password": password("sri") });
    staff["supervisor"].done(&format!("/acts/{}/confirmation", acts[0]), &password);
    staff["supervisor"].done(&format!("/acts/{}/refusal", acts[1]), &json!({ "note": "still here" }));
    staff["operator"].done(&format!("/acts/{}/take-back", acts[2]), &json!({}));
    let says = ["This was confirmed by sri", "This was refused by sri", "This was taken back by opi"];
    let path = |form: &str, act: i64| format!("/do/{form}?/id={act}&back=/acts");
    for (act, says) in acts.into_iter().zip(says) {
        for form in ["ConfirmAct", "RefuseAct"] {
            let page = browser.get(&path(form, act)).body;
            assert!(words(&page).contains(says), "{form} {act}: {page}");
            assert!(!page.contains(&format!("action=\"/do/{form}")), "{form} {act}: {page}");
        }
    }
    assert!(words(&browser.get(&path("ConfirmAct", acts[1])).body).contains("still here"));
    browser.language = "id";
    assert!(words(&browser.get(&path("ConfirmAct", acts[0])).body).contains("Sudah disahkan oleh sri"));
    // A reprint is decided under another address.
    let reprint = json!({ "reason": "damaged" });
    let warrant = staff["operator"].done("/records/default/r00001/reprints", &reprint);
    let path = format!("/do/RefuseReprint?/warrant={warrant}&back=/acts");
    let form = browser.get(&path).body;
    assert!(form.contains("action=\"/do/RefuseReprint"), "{form}");
    staff["supervisor"].done(&format!("/warrants/{warrant}/refusal"), &json!({ "note": "not needed" }));
    let page = browser.get(&path).body;
    assert!(words(&page).contains("Sudah ditolak oleh sri") && !page.contains("action=\"/do/RefuseReprint"), "{page}");
}

#[test]
fn a_refusal_of_a_form_names_the_field_by_its_label() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let mut browser = Browser::of(&served, &staff["supervisor"]);
    let path = "/do/PutInClass?/record/source=default&/record/request_id=r00005&back=/";
    for (class, language, label) in [
        ("one", "en", "Priority class; the lowest is printed first: "),
        ("satu", "id", "Kelas prioritas; yang terendah dicetak lebih dulu: "),
    ] {
        browser.language = language;
        let refused = browser.submit(path, &[("/class", class), ("/note", "a test")]);
        let shown = words(&refused.body);
        assert!(refused.status == 422 && shown.contains(label) && !shown.contains("/class"), "{class}: {shown}");
    }
    browser.language = "en";
    let shown = words(&browser.get("/records?class=one").body);
    assert!(shown.contains("Priority class") && !shown.contains("/class"), "{shown}");
}
