//! Tests folders as sources: lists are imported when they are whole, once, and moved; what is refused waits for a person.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::PathBuf,
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    console::{Browser, texts},
    http::Served,
    office::{Office, number, wait_slowly_until},
    people,
    person::with_supervisor,
};

/// An office whose settings name the source `registry`, with its folder.
fn office_with_folder() -> (Office, PathBuf) {
    let office = Office::new();
    office.done(&["init"]);
    let folder = office.file("lists");
    fs::create_dir(&folder).unwrap();
    let path = folder.display();
    let source = format!("[[source]]\nname = \"registry\"\nprofile = \"student\"\nfolder = \"{path}\"\nevery_s = 5\n");
    office.set(&source);
    (office, folder)
}

fn names(folder: &std::path::Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn source(office: &Office) -> Value {
    office.json(&["source", "list"])[0].clone()
}

/// The numbers of records by state.
fn records(office: &Office, state: &str) -> i64 {
    office.status()["records"][state].as_i64().unwrap_or_default()
}

#[test]
fn lists_in_the_folder_of_a_source_are_imported_and_printed_and_what_is_refused_waits_for_a_person() {
    let (office, folder) = office_with_folder();
    office.receive("student", 20);
    office.add_mock("p1", "student", "");
    fs::write(folder.join("monday.csv"), people::students(0..3)).unwrap();
    fs::write(folder.join("tuesday.csv"), people::students(3..5) + "broken\n").unwrap();
    fs::write(folder.join("picture.csv"), b"\x89PNG\r\n\x1a\n....").unwrap();
    fs::write(folder.join("wednesday.csv.part"), people::students(5..9)).unwrap();

    office.done(&["run", "--until-idle"]);

    assert_eq!(records(&office, "printed"), 5);
    assert_eq!(names(&folder), ["wednesday.csv.part"]);
    assert_eq!(names(&folder.join("done")), ["monday.csv", "tuesday.csv"]);
    assert_eq!(names(&folder.join("refused")), ["picture.csv", "tuesday.csv.refused.csv"]);
    let rows = fs::read_to_string(folder.join("refused/tuesday.csv.refused.csv")).unwrap();
    assert!(rows.lines().count() == 2 && rows.contains("request_id"), "{rows}");
    let state = source(&office);
    let seen = (&state["standing"], &state["waiting"], &state["refused"]);
    assert_eq!(seen, (&json!("present"), &json!(0), &json!(2)), "{state}");
    let status = office.done(&["status"]).stdout;
    assert!(status.contains("files of source `registry` were refused"), "{status}");
    let listed = office.done(&["source", "list"]).stdout;
    assert!(
        listed.contains("refused` wait for a person, the last one `tuesday.csv.refused.csv`: 1 of 3 rows"),
        "{listed}"
    );
    let imports = office.json(&["import", "list"]);
    let by: Vec<_> = imports.as_array().unwrap().iter().map(|import| (&import["file_name"], &import["by"])).collect();
    assert!(by.contains(&(&json!("monday.csv"), &json!("scheduler"))), "{imports}");

    // What a person has dealt with is taken away; a list that is put there again changes nothing.
    fs::remove_file(folder.join("refused/picture.csv")).unwrap();
    fs::remove_file(folder.join("refused/tuesday.csv.refused.csv")).unwrap();
    fs::write(folder.join("monday.csv"), people::students(0..3)).unwrap();
    office.done(&["run", "--until-idle"]);
    assert_eq!(names(&folder.join("done")), ["monday.2.csv", "monday.csv", "tuesday.csv"]);
    assert_eq!((records(&office, "printed"), number(&source(&office), &["refused"])), (5, 0));
    assert!(!office.done(&["status"]).stdout.contains("files of source"));
    assert_eq!(office.json(&["db", "check"])["clean"], true);
}

#[test]
fn a_list_that_is_still_being_written_is_imported_once_and_whole() {
    let (office, folder) = office_with_folder();
    let lines = people::students(0..6);
    let mut lines = lines.lines();
    let path = folder.join("slow.csv");
    let heading = lines.next().unwrap();
    fs::write(&path, format!("{heading}\n")).unwrap();
    let running = office.start(&["run", "--until-idle"]);
    for line in lines {
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        writeln!(file, "{line}").unwrap();
        thread::sleep(Duration::from_millis(1_500)); // the pace of the program that writes
    }
    assert_eq!(running.ended(60).code, Some(0));
    assert_eq!(records(&office, "waiting"), 6);
    let imports = office.json(&["import", "list"]);
    assert_eq!((imports.as_array().unwrap().len(), number(&imports[0], &["counts", "rows"])), (1, 6), "{imports}");
}

#[test]
fn a_list_is_imported_once_wherever_the_scheduler_is_killed() {
    let (office, folder) = office_with_folder();
    fs::write(folder.join("many.csv"), people::students(0..1_500)).unwrap();
    for _ in 0..4 {
        let before = records(&office, "waiting");
        let running = office.start(&["run"]);
        wait_slowly_until("some records are there, or the list is done", 60, || {
            records(&office, "waiting") > before || !folder.join("many.csv").exists()
        });
        assert!(running.kill());
    }
    office.done(&["run", "--until-idle"]);
    assert_eq!(records(&office, "waiting"), 1_500);
    assert_eq!(names(&folder.join("done")), ["many.csv"]);
    assert_eq!(office.json(&["db", "check"])["clean"], true);
}

#[test]
fn a_source_is_tried_paused_and_resumed_and_one_without_its_folder_says_so() {
    let (office, folder) = office_with_folder();
    fs::write(folder.join("a.csv"), people::students(0..2)).unwrap();
    assert!(office.done(&["source", "test", "registry"]).stdout.contains("lists in it: 1"));
    let unknown = office.run(&["source", "test", "registri"]);
    assert!(unknown.stderr.contains("named `registri`") && unknown.stderr.contains("`registry`"), "{unknown:?}");
    office.done(&["source", "pause", "registry", "--reason", "its last list was wrong"]);
    office.done(&["run", "--until-idle"]);
    assert_eq!(records(&office, "waiting"), 0);
    let listed = office.done(&["source", "list"]).stdout;
    assert!(listed.contains("paused since") && listed.contains("its last list was wrong"), "{listed}");
    office.done(&["source", "resume", "registry", "--reason", "the list is right"]);
    office.done(&["run", "--until-idle"]);
    assert_eq!(records(&office, "waiting"), 2);

    fs::rename(&folder, office.file("elsewhere")).unwrap();
    let missing = office.run(&["source", "test", "registry"]);
    assert!(missing.code == Some(1) && missing.stderr.contains("its folder does not exist"), "{missing:?}");
    assert!(missing.stderr.contains("hint: mount or make the folder"), "{missing:?}");
    office.done(&["run", "--until-idle"]);
    assert_eq!(source(&office)["standing"], "failing");
    fs::rename(office.file("elsewhere"), &folder).unwrap();
    wait_slowly_until("it is pulled again", 60, || {
        office.done(&["run", "--until-idle"]);
        source(&office)["standing"] == "present"
    });
}

#[test]
fn the_console_shows_the_sources_and_pauses_one() {
    let (office, folder) = office_with_folder();
    fs::write(folder.join("a.csv"), "no list\n").unwrap();
    let served = Served::new(&office);
    let (_, supervisor) = with_supervisor(&office, &served);
    let mut browser = Browser::of(&served, &supervisor);
    wait_slowly_until("the list is refused", 60, || number(&source(&office), &["refused"]) == 1);
    assert!(texts(&browser.get("/sources").body).contains("registry"));
    let page = texts(&browser.get("/sources/registry").body);
    assert!(page.contains("present") && page.contains("a.csv: "), "{page}");
    assert!(texts(&browser.get("/needs").body).contains("files of source registry were refused"));
    let form = [("/source", "registry"), ("/note", "its lists are wrong")];
    let done = browser.submit("/do/PauseSource", &form);
    assert_eq!(done.status, 303, "{done:?}");
    browser.language = "id";
    let page = texts(&browser.get("/sources/registry").body);
    assert!(page.contains("dijeda oleh") && page.contains("Lanjutkan sumber"), "{page}");
    assert_eq!(browser.get("/sources/none").status, 404);
}
