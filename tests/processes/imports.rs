//! Tests imports as they are listed, shown and undone by the command line, the API and the console.

use serde_json::{Value, json};

use crate::{
    console::{Browser, office, texts},
    office::Office,
    people,
    person::{add_with_role, with_supervisor},
};

#[test]
fn an_import_is_listed_shown_and_undone_by_the_command_line() {
    let office = Office::new();
    office.import("student", &people::students(0..3));
    let told = office.done(&["import", "list"]).stdout;
    assert!(told.contains("student") && told.contains("ended"), "{told}");
    let told = office.done(&["import", "show", "1"]).stdout;
    assert!(told.contains("accepted") && told.contains("withdrawn, as it has no card"), "{told}");
    let records: Value = office.json(&["import", "show", "1", "--fate", "withdrawn"]);
    assert_eq!(records.as_array().unwrap().len(), 3, "{records}");

    let told = office.done(&["import", "undo", "1", "--reason", "the wrong list"]);

    assert!(told.stdout.contains("import 1 is undone"), "{told:?}");
    assert_eq!(office.json(&["import", "list"])[0]["state"], "undone");
    let again = office.run(&["import", "undo", "1", "--reason", "once more"]);
    assert!(again.stderr.contains("undone already") && again.stderr.contains("hint:"), "{again:?}");
    let missing = office.run(&["import", "show", "7"]);
    assert!(missing.stderr.contains("there is no import 7"), "{missing:?}");
    assert_eq!(office.json(&["db", "check"])["clean"], json!(true));
}

#[test]
fn two_people_undo_an_import_in_the_console_after_they_saw_what_becomes_of_its_records() {
    let (office, served) = office();
    let (root, sri) = with_supervisor(&office, &served);
    let operator = &add_with_role(&served, (&root, &sri), "opi", "operator");
    let other = &add_with_role(&served, (&root, &sri), "susi", "supervisor");
    let supervisor = &sri;
    let sent = people::students(200..202);
    let origin = format!("http://{}", served.address);
    let headers = [
        ("origin", &*origin),
        ("cookie", &*operator.cookie),
        ("content-type", "text/csv"),
        ("content-disposition", "attachment; filename*=UTF-8''Daftar%20Laweyan.csv"),
        ("x-csrf-token", &*operator.csrf),
    ];
    let imported = served.post_bytes("/api/v1/imports?source=laweyan&profile=student", &headers, sent.as_bytes());
    assert_eq!(imported.status, 200, "{imported:?}");

    let mut browser = Browser::of(&served, operator);
    browser.language = "id";
    let list = texts(&browser.get("/imports").body);
    assert!(list.contains("Daftar Laweyan.csv") && list.contains("laweyan"), "{list}");
    let imports: Value = operator.get("/imports").json();
    let number = imports["items"][0]["id"].as_i64().unwrap();
    let page = browser.get(&format!("/imports/{number}")).body;
    assert!(texts(&page).contains("Ditarik: belum ada kartunya"), "{page}");
    assert!(!page.contains("UndoImport"), "an operator does not undo it");
    let asked = other.post(&format!("/imports/{number}/undo/requests"), &json!({ "note": "the wrong list" }));
    assert_eq!(asked.status, 201, "{asked:?}");
    let act = asked.json()["act"].clone();

    let mut browser = Browser::of(&served, supervisor);
    browser.language = "en";
    let waiting = texts(&browser.get(&format!("/do/ConfirmAct?/id={act}")).body);
    assert!(waiting.contains("Undo an import") && waiting.contains("withdrawn"), "{waiting}");
    let confirmed =
        supervisor.post(&format!("/acts/{act}/confirmation"), &json!({ "password": crate::person::password("sri") }));
    assert_eq!(confirmed.status, 204, "{confirmed:?}");
    let page = browser.get(&format!("/imports/{number}")).body;
    assert!(texts(&page).contains("undone") && !page.contains("UndoImport"), "{page}");
    assert_eq!(supervisor.get(&format!("/imports/{number}/records")).json()["items"][0]["state"], "withdrawn");
    assert_eq!(office.json(&["db", "check"])["clean"], json!(true));
}
