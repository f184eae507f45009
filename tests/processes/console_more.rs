//! Tests what the console shows beside lists and acts: what needs whom, a record's history, the audit, the keys, and the first start.

use serde_json::json;

use crate::{
    accounts::by,
    console::{Browser, hidden, hidden_of, office, staff, texts},
    http::Served,
    office::Office,
};

#[test]
fn what_needs_a_person_is_listed_with_the_way_to_it_or_the_roles_that_settle_it() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let operator = Browser::of(&served, &staff["operator"]).get("/needs").body;
    assert!(operator.contains("href=\"/check\"") && operator.contains("href=\"/handover\""), "{operator}");
    let mut auditor = Browser::of(&served, &staff["auditor"]);
    let shown = auditor.get("/needs").body;
    assert!(!shown.contains("class=\"button\" href=\"/check\""), "{shown}");
    assert!(texts(&shown).contains("Settled by: operator, supervisor"), "{shown}");
    auditor.language = "id";
    let shown = texts(&auditor.get("/needs").body);
    assert!(shown.contains("Diselesaikan oleh") && shown.contains("kartu yang perlu diperiksa mutunya"), "{shown}");
}

#[test]
fn the_level_of_a_counted_hopper_is_shown_on_the_board_and_with_its_printer() {
    let (office, served) = office();
    office.done(&["printer", "set", "p1", "--hopper", "100"]);
    office.done(&["blangko", "load", "--printer", "p1", "--quantity", "5"]);
    let staff = staff(&office, &served);
    let mut browser = Browser::of(&served, &staff["operator"]);
    for path in ["/", "/printers/p1"] {
        let page = browser.get(path).body;
        assert!(page.contains("5 of 100 blanks") && page.contains("<progress max=\"100\" value=\"5\""), "{page}");
    }
    browser.language = "id";
    assert!(browser.get("/printers/p1").body.contains("5 dari 100 blangko"));
}

#[test]
fn the_limits_of_a_printer_are_set_in_a_form_and_an_operator_says_what_is_in_it() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let supervisor = Browser::of(&served, &staff["supervisor"]);
    let back = "back=/printers/p1";
    supervisor.submit(
        &format!("/do/SetPrinterLimits?/printer=p1&{back}"),
        &[("/tray", "50"), ("/ribbon", "200"), ("/ribbon_yield", "63"), ("/cleaning", "")],
    );
    let form = supervisor.get(&format!("/do/SetPrinterLimits?/printer=p1&{back}")).body;
    for (name, value) in [("/tray", "50"), ("/ribbon_yield", "63"), ("/cleaning", "")] {
        assert!(form.contains(&format!("name=\"{name}\" value=\"{value}\"")), "{name} is not what it is now: {form}");
    }
    let mut operator = Browser::of(&served, &staff["operator"]);
    let shown = texts(&operator.get("/printers/p1").body);
    assert!(shown.contains("126 of 126 cards") && shown.contains("50 of 50 cards"), "{shown}");
    operator.submit(&format!("/do/SayPrinterSupplies?/printer=p1&{back}"), &[("/ribbon_left", "0"), ("/in_tray", "")]);
    operator.language = "id";
    let shown = texts(&operator.get("/printers/p1").body);
    assert!(shown.contains("0 dari 126 kartu"), "{shown}");
}

#[test]
fn a_record_is_put_into_a_class_that_is_chosen_by_its_kinds_of_requests() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let mut supervisor = Browser::of(&served, &staff["supervisor"]);
    supervisor.language = "id";
    let address = "/do/PutInClass?/record/source=default&/record/request_id=r00005&back=/records/default/r00005";
    let form = supervisor.get(address).body;
    assert!(form.contains("<option value=\"2\">2 (") && !form.contains("name=\"/class\" value"), "{form}");
}

#[test]
fn a_record_has_its_history_in_words_and_its_pictures_only_when_they_are_asked_for() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let mut browser = Browser::of(&served, &staff["operator"]);
    let path = "/records/default/r00005";
    browser.submit(
        &format!("/do/HoldRecord?/record/source=default&/record/request_id=r00005&back={path}"),
        &[("/note", "the photo is dark")],
    );
    let page = browser.get(path).body;
    let shown = texts(&page);
    assert!(shown.contains("held") && shown.contains("opi") && shown.contains("the photo is dark"), "{shown}");
    assert!(!page.contains("<img") && page.contains(&format!("href=\"{path}?pictures=true\"")), "{page}");
    browser.language = "id";
    assert!(texts(&browser.get(path).body).contains("ditahan"));
    let page = browser.get(&format!("{path}?pictures=true")).body;
    assert!(page.contains("src=\"/api/v1/records/default/r00005/photo\""), "{page}");
    let keeper = Browser::of(&served, &staff["stock-keeper"]).get(&format!("{path}?pictures=true")).body;
    assert!(!keeper.contains("<img") && !keeper.contains("href=\"/records/default/r00005?"), "{keeper}");
}

#[test]
fn the_audit_is_verified_from_its_page_and_its_newest_entries_are_shown_in_words() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let mut browser = Browser::of(&served, &staff["auditor"]);
    let audit = browser.get("/audit").body;
    let csrf = audit.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let verified = browser.post("/audit/verification", &[("csrf", &csrf)]);
    assert_eq!(verified.status, 200, "{verified:?}");
    assert!(verified.body.contains("verdict good") && verified.body.contains("All is right"), "{verified:?}");
    assert_eq!(browser.post("/audit/verification", &[]).status, 403, "without the token of the page");
    assert!(audit.contains("href=\"/audit/chains/cli\""), "{audit}");
    let shown = texts(&browser.get("/audit/chains/cli").body);
    assert!(shown.contains("printing paused") && shown.contains("a test"), "{shown}");
    browser.language = "id";
    let shown = texts(&browser.get("/audit/chains/cli").body);
    assert!(shown.contains("pencetakan dijeda"), "{shown}");
    let older = texts(&browser.get("/audit/chains/cli?before=3").body);
    assert!(!older.contains("pencetakan dijeda"), "{older}");
    let operator = Browser::of(&served, &staff["operator"]);
    assert_eq!(operator.get("/audit/chains/cli").status, 403);
    assert_eq!(operator.get("/audit/chains/none").status, 403);
}

#[test]
fn the_audit_is_sealed_and_exported_as_the_command_line_does_and_verified_with_a_seal() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let auditor = Browser::of(&served, &staff["auditor"]);
    let audit = auditor.get("/audit").body;
    for address in ["/audit/seal", "/audit/export?format=jsonl", "/audit/export?format=csv"] {
        assert!(audit.contains(&format!("href=\"{address}\"")), "{address}: {audit}");
    }
    let seal = auditor.get("/audit/seal");
    assert!(seal.headers["content-disposition"].starts_with("attachment; filename=\"cetak-seal-"), "{seal:?}");
    let exported = auditor.get("/audit/export?format=jsonl");
    assert!(exported.headers["content-disposition"].contains(".jsonl"), "{exported:?}");
    // The other lines are the lengths of the chunks.
    let of = |body: &str, begin: &str| {
        body.lines().filter(|line| line.starts_with(begin)).map(str::to_owned).collect::<Vec<_>>()
    };
    let (entries, table) = (of(&exported.body, "{"), auditor.get("/audit/export?format=csv").body);
    assert!(table.contains("chain,seq,at,actor,act,subject,entry\n"), "{table}");
    assert_eq!(of(&table, "\"").len(), entries.len());
    let lines = by(&office, "audi", &["audit", "export"]).stdout;
    assert!(entries.len() > 20, "{exported:?}");
    for line in entries {
        assert!(lines.contains(&line), "{line}");
    }
    let file = office.write("seal.json", &seal.body);
    let verified = by(&office, "audi", &["audit", "verify", "--seal", &file]);
    assert_eq!(verified.code, Some(0), "{verified:?}");

    let csrf = hidden_of(&audit, "csrf");
    let verified = auditor.post("/audit/verification", &[("csrf", &csrf), ("seal", &seal.body)]);
    let said = texts(&verified.body);
    assert!(verified.status == 200 && said.contains("All is right") && said.contains("Compared with"), "{verified:?}");
    let other = seal.body.replacen("\"hash\": \"", "\"hash\": \"00", 1);
    let verified = auditor.post("/audit/verification", &[("csrf", &csrf), ("seal", &other)]);
    assert!(verified.body.contains("verdict bad"), "{verified:?}");
    let wrong = auditor.post("/audit/verification", &[("csrf", &csrf), ("seal", "a text")]);
    assert_eq!(wrong.status, 422, "{wrong:?}");
    for role in ["operator", "stock-keeper", "administrator"] {
        let other = Browser::of(&served, &staff[role]);
        for address in ["/audit/seal", "/audit/export"] {
            let refused = other.get(address);
            assert!(
                refused.status == 403 && !refused.headers.contains_key("content-disposition"),
                "{role}: {refused:?}"
            );
        }
    }
    assert_eq!(Browser::of(&served, &staff["supervisor"]).get("/audit/export").status, 200);
    assert_eq!(Browser::signed_out(&served).get("/audit/export").status, 303);
}

#[test]
fn the_keys_of_the_pages_are_listed_and_can_be_switched_off() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let mut browser = Browser::of(&served, &staff["operator"]);
    let help = browser.get("/help").body;
    assert!(help.contains("data-keys") && texts(&help).contains("g q"), "{help}");
    let set = browser.post("/settings", &[("back", "/me"), ("keys", "off")]);
    browser.cookie += &format!("; {}", set.headers["set-cookie"].split(';').next().unwrap());
    assert!(!browser.get("/help").body.contains("data-keys"));
}

#[test]
fn an_empty_office_is_led_to_its_first_card_and_one_that_prints_is_not() {
    let empty = Office::new();
    empty.done(&["init"]);
    let served = Served::new(&empty);
    let (root, _) = crate::person::with_supervisor(&empty, &served);
    let browser = Browser::of(&served, &root);
    let board = browser.get("/").body;
    assert!(board.contains("id=\"steps\"") && board.contains("aria-current=\"step\""), "{board}");
    assert!(
        !board.contains("href=\"/import\"") && texts(&board).contains("Done by: operator, supervisor. Place: Import"),
        "{board}"
    );
    assert!(board.contains("href=\"/do/AddPrinter?back=%2F\""), "{board}");
    let (office, served) = office();
    let staff = staff(&office, &served);
    assert!(!Browser::of(&served, &staff["operator"]).get("/").body.contains("id=\"steps\""));
}

#[test]
fn the_pile_of_a_batch_lists_the_cards_that_are_missing() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let browser = Browser::of(&served, &staff["operator"]);
    assert!(browser.get("/batches/1").body.contains("href=\"/batches/1/pile\""));
    let pile = browser.get("/batches/1/pile").body;
    assert!(pile.contains("not scanned yet: 4") && pile.contains("r00004"), "{pile}");
    assert!(!pile.contains("/records/default/r00000\""), "one was checked: {pile}");
    for number in 1..5 {
        staff["operator"].done(&format!("/cards/default/r0000{number}/check"), &json!({}));
    }
    assert!(browser.get("/batches/1/pile").body.contains("verdict good"));
}

#[test]
fn two_acts_one_after_the_other_are_told_by_the_second() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let browser = Browser::of(&served, &staff["supervisor"]);
    let path = "/records/default/r00006?done=HoldRecord&about=record%20r00006";
    let page = browser.get(path).body;
    let link = page.split("href=\"/do/HoldRecord?").nth(1).unwrap().split('"').next().unwrap();
    assert!(link.ends_with("back=%2Frecords%2Fdefault%2Fr00006"), "{link}");
    assert!(!hidden(&browser.get("/do/Pause?/scope=queue").body).is_empty());
}
