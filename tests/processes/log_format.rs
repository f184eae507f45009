//! Tests the log in JSON: each line is an object, the life of a card is found by its request and by its attempt, and nothing personal is
//! in it.

use serde_json::Value;

use crate::{
    http::Served,
    office::{Office, wait_slowly_until},
    people,
};

/// The lines of a log, each of which must be an object.
fn lines(log: &str) -> Vec<Value> {
    let read = |line: &str| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let lines: Vec<Value> = log.lines().map(read).collect();
    for line in &lines {
        for key in ["timestamp", "level", "message", "target"] {
            assert!(line[key].is_string(), "no `{key}` in {line}");
        }
    }
    lines
}

#[test]
fn the_life_of_a_card_is_found_in_the_log_by_its_request_and_by_its_attempt() {
    let office = Office::new();
    office.import("student", &people::students(0..20));
    office.receive("student", 30);
    office.add_mock("p1", "student", "script=2:spoil,9:spoil");
    let served = Served::with(&office, &["--log-format", "json"]);
    wait_slowly_until("all cards are printed", 60, || office.status()["records"]["printed"] == 20);
    assert_eq!(served.get("/api/v1/records/default/r00001").status, 401);
    served.running.ask_to_stop();
    let ended = served.running.ended(60);
    assert_eq!(ended.code, Some(0), "{ended:?}");

    let lines = lines(&ended.stderr);
    let mut failed = 0;
    for attempt in office.attempts() {
        let of_attempt: Vec<&Value> = lines.iter().filter(|line| line["attempt.id"] == *attempt.id).collect();
        let messages: Vec<&str> = of_attempt.iter().map(|line| line["message"].as_str().unwrap()).collect();
        if attempt.outcome.as_deref() == Some("printed") {
            assert_eq!(messages, ["a card is begun", "the card is released", "the card is printed"], "{attempt:?}");
        } else {
            failed += 1;
            assert!(messages.contains(&"a card is begun") && messages.contains(&"a card failed"), "{messages:?}");
        }
        let request = format!("default/{}", attempt.request_id);
        assert!(of_attempt.iter().all(|line| line["request.id"] == *request && line["printer.id"] == "p1"));
    }
    assert!(failed > 0, "two were spoiled");
    let of_request = lines.iter().filter(|line| line["request.id"] == "default/r00001").count();
    assert!(of_request >= 3, "{of_request}");
    assert!(lines.iter().any(|line| line["message"].as_str().unwrap().starts_with("listening on http://")));
    for personal in ["STUDENT", "S0000", "FACULTY", "PROGRAMME"] {
        assert!(!ended.stderr.contains(personal), "{personal}");
    }
}

#[test]
fn errors_and_messages_of_a_command_are_lines_of_the_log_too() {
    let mut office = Office::new();
    office.set_variable("CETAK_LOG_FORMAT", "json");
    let failed = office.run(&["status"]);
    let lines = lines(&failed.stderr);
    assert_eq!(failed.code, Some(1));
    assert!(
        lines.iter().any(|line| line["message"].as_str().unwrap().starts_with("error: there is no data")),
        "{lines:?}"
    );
    assert!(lines.iter().any(|line| line["message"].as_str().unwrap().starts_with("hint: ")), "{lines:?}");
    assert_eq!(office.run(&["status", "--log-format", "yaml"]).code, Some(2));
}

#[test]
fn in_text_the_log_has_no_line_for_each_step_of_each_card() {
    let office = Office::new();
    office.import("student", &people::students(0..3));
    office.receive("student", 3);
    office.add_mock("p1", "student", "");
    let done = office.done(&["run", "--until-idle"]);
    assert!(!done.stderr.contains("the card is printed"), "{done:?}");
}
