//! What is said, and where: the log, the status, the progress and the demo's summary.

use serde_json::{Value, json};

use crate::{
    office::{Office, number, printer, wait_slowly_until},
    people,
    postgres::Postgres,
};

/// The value of a field in a line of the log.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.split_once(&format!("{name}=\""))?.1.split('"').next()
}

#[test]
fn the_log_names_the_request_and_the_attempt_of_a_card_that_failed() {
    let office = Office::new();
    office.import("student", &people::students(0..3));
    office.receive("student", 5);
    office.add_mock("p1", "student", "script=2:spoil");
    let run = office.done(&["run", "--until-idle"]);
    let attempts = office.attempts();
    let spoiled = attempts.iter().find(|attempt| attempt.outcome.as_deref() == Some("spoiled")).unwrap();

    let line = run.stderr.lines().find(|line| line.contains("a card failed")).unwrap();
    assert_eq!(field(line, "attempt.id"), Some(&*spoiled.id), "{line}");
    assert_eq!(field(line, "request.id"), Some(&*format!("default/{}", spoiled.request_id)), "{line}");
    assert!(!run.stderr.contains("STUDENT NUMBER"), "no name: {run:?}");
}

#[test]
fn the_log_names_the_request_of_an_attempt_that_is_settled_after_a_crash() {
    let office = Office::new();
    office.import("student", &people::students(0..1));
    office.receive("student", 2);
    office.add_mock("p1", "student", "card_ms=5000");
    let running = office.start(&["run"]);
    wait_slowly_until("a card is being printed", 60, || office.count_open_attempts() == 1);
    let open = office.attempts().remove(0);
    assert!(running.kill());

    office.done(&["queue", "pause", "--reason", "only what is open"]);
    let run = office.done(&["run", "--until-idle"]);
    let line = run.stderr.lines().find(|line| line.contains("an open attempt is settled")).unwrap();
    assert_eq!(field(line, "attempt.id"), Some(&*open.id), "{line}");
    assert_eq!(field(line, "request.id"), Some(&*format!("default/{}", open.request_id)), "{line}");
}

#[test]
fn the_status_says_what_each_printer_is_doing_and_why_one_prints_nothing() {
    let office = Office::new();
    office.import("student", &people::students(0..3));
    for name in ["p-10", "p-2"] {
        office.add_mock(name, "student", "card_ms=60000");
    }
    let standing = |office: &Office, name: &str| printer(&office.status(), name)["standing"]["code"].clone();
    assert_eq!(standing(&office, "p-2"), "no-blanks");
    office.receive("student", 1);
    assert_eq!(standing(&office, "p-2"), "no-scheduler");
    let text = office.done(&["status"]).stdout;
    let at = |name: &str| text.find(&format!("\n{name} ")).unwrap();
    assert!(at("p-2") < at("p-10") && text.contains("no scheduler runs"), "{text}");

    let running = office.start(&["run"]);
    let mut codes = Vec::new();
    wait_slowly_until("one prints, and the other has no blanks", 60, || {
        codes = ["p-2", "p-10"].map(|name| standing(&office, name)).to_vec();
        codes.sort_by_key(Value::to_string);
        codes == ["no-blanks", "printing"]
    });
    office.done(&["queue", "pause", "--reason", "lunch", "--actor", "siti"]);
    let status = office.done(&["status"]).stdout;
    assert!(status.contains("printing") && status.contains("paused by siti"), "{status}");
    assert!(running.kill());
}

#[test]
fn the_rows_of_the_demo_add_up_to_its_list_also_when_it_goes_on() {
    let office = Office::new();
    let arguments = ["demo", "--records", "1500", "--blanks", "20", "--card-ms", "1", "--no-serve"];
    for turn in ["first", "second"] {
        let answer = office.run(&[arguments.as_slice(), &["--json"]].concat());
        let summary: Value = serde_json::from_str(&answer.stdout).unwrap_or_else(|error| panic!("{error}: {answer:?}"));
        let sum = |value: &Value| value.as_object().unwrap().values().map(|n| n.as_i64().unwrap()).sum::<i64>();
        let (records, refused) = (sum(&summary["status"]["records"]), sum(&summary["refused_by_reason"]));
        let repeated = number(&summary, &["repeated"]);
        assert!(records > 0 && refused > 0 && repeated > 0, "{turn}: {summary}");
        assert_eq!(records + refused + repeated, 1500, "{turn}: {summary}");
    }
    let text = office.run(&arguments).stdout;
    let rows = text.split("RECORDS\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let numbers: Vec<i64> = rows
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().last().unwrap().replace(',', "").parse().unwrap())
        .collect();
    let (total, parts) = numbers.split_last().unwrap();
    assert_eq!((*total, parts.iter().sum::<i64>()), (1500, 1500), "{rows}");
}

/// A copy of the file without its journal, as `cp cetak.db cetak.key` makes it.
fn copied_without_journal(office: &Office) -> Office {
    let copy = Office::new();
    std::fs::create_dir(copy.data()).unwrap();
    for file in ["cetak.db", "cetak.key"] {
        std::fs::copy(office.data().join(file), copy.data().join(file)).unwrap();
    }
    copy
}

#[test]
fn the_last_process_leaves_all_data_in_the_one_file() {
    let office = Office::new();
    office.import("student", &people::students(0..20));
    office.receive("student", 5);
    office.add_mock("p1", "student", "");
    office.done(&["run", "--until-idle"]);
    // A command that fails leaves the file whole, too.
    assert_eq!(office.run(&["record", "show", "nothing-1"]).code, Some(1));
    assert!(!office.data().join("cetak.db-wal").exists(), "the journal is in the file");

    let copy = copied_without_journal(&office);
    assert_eq!(copy.status()["records"], office.status()["records"]);
    let asked = copy.done(&["run", "--until-idle"]);
    assert!(asked.stderr.contains("may be a copy"), "{asked:?}");
}

#[test]
fn a_database_that_was_copied_without_its_journal_is_no_empty_office() {
    let office = Office::new();
    let list = office.write("list.csv", people::students(0..20_000));
    let import = office.start(&["import", &list, "--profile", "student"]);
    wait_slowly_until("rows are committed", 60, || {
        std::fs::metadata(office.data().join("cetak.db-wal")).is_ok_and(|wal| wal.len() > 2 << 20)
    });
    assert!(import.kill(), "the import was killed");
    let copy = copied_without_journal(&office);
    for arguments in [["status"].as_slice(), &["db", "check"], &["queue", "pause", "--reason", "x"], &["run"]] {
        let answer = copy.run(arguments);
        assert_eq!(answer.code, Some(1), "{arguments:?}: {answer:?}");
        assert!(answer.stderr.contains("holds no data") && answer.stderr.contains("cetak.db-wal"), "{answer:?}");
    }
    // Where a scheduler ran, no command makes an office of it.
    std::fs::write(copy.data().join("cetak.heads"), "{}").unwrap();
    for arguments in [["init"].as_slice(), &["import", &list, "--profile", "student"]] {
        assert_eq!(copy.run(arguments).code, Some(1), "{arguments:?}");
    }
    // The making of an office that was interrupted goes on.
    std::fs::remove_file(copy.data().join("cetak.heads")).unwrap();
    copy.done(&["init"]);
    copy.done(&["status"]);
    // The first has its journal.
    assert!(number(&office.status(), &["records", "waiting"]) > 0);
}

#[test]
fn a_profile_whose_sample_lacks_a_column_is_not_good() {
    let office = Office::new();
    let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/profiles/student");
    let folder = office.file("mine");
    std::fs::create_dir(&folder).unwrap();
    for file in ["profile.toml", "front.svg", "back.svg"] {
        std::fs::copy(from.join(file), folder.join(file)).unwrap();
    }
    let [folder, output] = [folder, office.file("card.png")].map(|path| path.display().to_string());
    office.done(&["profile", "check", &folder, "-o", &output]);
    let file = office.file("mine/profile.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("programme = \"Applied Examples\"\n", "", 1)).unwrap();
    let answer = office.run(&["profile", "check", &folder, "-o", &output]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(answer.stderr.contains("no value for `programme`") && !answer.stdout.contains("good"), "{answer:?}");
}

#[test]
fn the_address_that_a_move_advises_works_as_it_is_written() {
    let server = Postgres::start();
    let office = Office::new();
    office.import("student", &people::students(0..2));
    let answer = office.done(&["db", "move", &server.url()]);
    let advised = answer.stderr.split("`database = ").nth(1).unwrap().split('`').next().unwrap();
    office.set(&format!("database = {advised}\n"));
    // The user is the address's, and not the one of the environment.
    let mut command = office.command(&["status", "--json"]);
    command.env_remove("PGUSER").env("USER", "another");
    let status = office.start_command(command).ended(60);
    assert_eq!(status.code, Some(0), "{status:?}");
}

/// Each act with the fields that a program reads.
#[test]
fn each_act_answers_a_program_with_fields() {
    let office = Office::new();
    let made = office.json(&["init"]);
    assert_eq!(made["made"], true, "{made}");
    office.import("student", &people::students(0..6));
    let truth = office.file("truth-p1");
    let uri = format!("mock://p1?script=2:forget&truth={}", truth.display());
    let seal = office.file("seal.json").display().to_string();
    let request = |n: u32| format!("r{n:05}");
    let (r0, r2, r3, r5) = (request(0), request(2), request(3), request(5));
    let check = |arguments: &[&str], fields: Value| {
        let answer = office.json(arguments);
        let has_all = fields.as_object().unwrap().iter().all(|(key, value)| answer[key] == *value);
        assert!(has_all && answer["done"].is_null(), "{arguments:?}: {answer} instead of {fields}");
    };
    let receive = ["blangko", "receive", "--type", "student", "--quantity", "9", "--document", "BAST 1"];
    check(&receive, json!({ "blank_type": "student", "received": 9, "document": "BAST 1" }));
    check(&["printer", "add", "p1", &uri, "--profile", "student"], json!({ "printer": "p1", "added": true }));
    check(&["record", "hold", &r5, "--reason", "asked"], json!({ "request_id": r5, "state": "held" }));
    check(&["record", "release", &r5, "--reason", "asked"], json!({ "request_id": r5, "state": "waiting" }));
    let pause = json!({ "scope": "queue", "paused": true, "changed": true });
    check(&["queue", "pause", "--reason", "x"], pause.clone());
    check(&["queue", "pause", "--reason", "x"], json!({ "paused": true, "changed": false }));
    check(&["queue", "resume", "--reason", "x"], json!({ "scope": "queue", "paused": false, "changed": true }));
    let scope = json!({ "scope": { "printer": "p1" }, "changed": true });
    check(&["queue", "pause", "--printer", "p1", "--reason", "x"], scope.clone());
    check(&["queue", "resume", "--printer", "p1", "--reason", "x"], scope);
    check(&["run", "--until-idle"], json!({ "blocked": [{ "printer": "p1", "reason": "nothing-waits" }] }));
    let uncertain = office.json(&["inspect", "list"])[0]["attempt"].as_str().unwrap().to_owned();
    let resolve = ["inspect", "resolve", &uncertain, "--found", "good", "--reason", "seen"];
    check(&resolve, json!({ "attempt": uncertain, "found": "good" }));
    check(&["card", "check", &r0], json!({ "source": "default", "request_id": r0, "card": "checked" }));
    check(&["card", "hand-over", &r0], json!({ "request_id": r0, "card": "handed-over" }));
    let reject = ["card", "reject", &r2, "--cause", "damaged", "--reason", "bent"];
    check(&reject, json!({ "request_id": r2, "card": "spoiled" }));
    check(&["card", "surrender", &r0, "--reason", "moved"], json!({ "request_id": r0, "card": "surrendered" }));
    check(&["reprint", "request", &r3, "--reason", "damaged", "--actor", "budi"], json!({ "warrant": 1 }));
    check(&["reprint", "refuse", "1", "--reason", "no"], json!({ "warrant": 1, "state": "refused" }));
    let lend = ["blangko", "lend", "--type", "student", "--quantity", "1", "--to", "kudus", "--document", "D"];
    check(&lend, json!({ "blank_type": "student", "lent": 1, "to": "kudus" }));
    check(&["audit", "seal", &seal], json!({ "file": seal }));
    let cleared = json!({ "printer": "p1", "cleared": true, "state": "idle", "still_reports": [] });
    check(&["printer", "clear", "p1", "--reason", "x"], cleared);
    check(&["printer", "remove", "p1"], json!({ "printer": "p1", "removed": true }));
}

#[test]
fn daily_work_stands_apart_from_faults_with_its_command() {
    let office = Office::new();
    office.import("student", &people::students(0..3));
    office.receive("student", 5);
    office.add_mock("p1", "student", "");
    office.done(&["run", "--until-idle"]);
    office.done(&["card", "check", "r00000"]);
    let ask = ["blangko", "destroy", "--type", "student", "--quantity", "1", "--from-vault", "--document", "D"];
    office.done(&ask);
    let status = office.status();
    let need = |kind: &str| {
        let needs = status["needs_person"].as_array().unwrap();
        needs.iter().find(|need| need["kind"] == kind).map(|need| (need["count"].clone(), need["routine"].clone()))
    };
    assert_eq!(need("cards-to-check"), Some((2.into(), true.into())), "{status}");
    assert_eq!(need("cards-to-hand-over"), Some((1.into(), true.into())), "{status}");
    assert_eq!(need("acts-to-confirm"), Some((1.into(), true.into())), "{status}");
    let text = office.done(&["status"]).stdout;
    let (before, work) = text.split_once("needs a person: daily work").unwrap();
    assert!(!before.contains("needs a person"), "no fault: {text}");
    for command in ["cetak card check", "cetak card hand-over", "cetak act list"] {
        assert!(work.contains(command), "{command}: {text}");
    }
    office.done(&["card", "hand-over", "r00000"]);
    let after = office.status().to_string();
    assert!(!after.contains("cards-to-hand-over"), "{after}");
}

#[test]
fn the_last_line_of_progress_is_that_of_the_end() {
    let office = Office::new();
    office.import("student", &people::students(0..5));
    let needs = office.status()["needs_person"].to_string();
    assert!(needs.contains("no-printer") && needs.contains("cetak printer add"), "{needs}");
    office.receive("student", 1_005);
    office.add_mock("p1", "student", "");
    let run = office.done(&["run", "--until-idle"]);
    let last = run.stderr.lines().rfind(|line| line.starts_with("printed ")).unwrap();
    assert!(last.starts_with("printed 5  blanks left 1,000  "), "{run:?}");
}
