//! What is said, and where: the log, the status, the progress and the demo's summary.

use serde_json::Value;

use crate::{
    office::{Office, number, printer, wait_slowly_until},
    people,
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
    let arguments = ["demo", "--records", "1500", "--blanks", "20", "--card-ms", "1"];
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
