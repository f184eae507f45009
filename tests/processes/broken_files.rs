//! What a command does not need does not stop it: a broken settings file, and a broken card profile.

use std::fs;

use serde_json::Value;

use crate::{
    office::{Office, number},
    people,
};

/// An office with a record of which a card was printed, and one that waits.
fn office() -> Office {
    let office = Office::new();
    office.import("student", &people::students(0..2));
    office.receive("student", 1);
    office.add_mock("p1", "student", "");
    office.done(&["run", "--until-idle"]);
    office
}

/// Puts a copy of the student's profile, of another name and with a fault if told so, beside the built-in profiles.
fn add_profile(office: &Office, name: &str, is_good: bool) {
    let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/profiles/student");
    let folder = office.data().join("profiles").join(name);
    fs::create_dir_all(&folder).unwrap();
    for file in ["front.svg", "back.svg"] {
        fs::copy(from.join(file), folder.join(file)).unwrap();
    }
    let text = fs::read_to_string(from.join("profile.toml")).unwrap();
    let text = text.replacen("name = \"student\"", &format!("name = \"{name}\""), 1);
    let text = if is_good { text } else { text.replacen("attempts = 2", "attempts = \"two\"", 1) };
    fs::write(folder.join("profile.toml"), text).unwrap();
}

fn needs(status: &Value, kind: &str) -> usize {
    status["needs_person"].as_array().unwrap().iter().filter(|need| need["kind"] == kind).count()
}

#[test]
fn broken_settings_do_not_stop_a_command_that_does_not_need_them() {
    let office = office();
    let attempt = office.attempts().remove(0);
    let printed = attempt.request_id.clone();
    let backup = office.file("backup.db").display().to_string();
    // A wrong value, an unknown key, and a file that is not TOML.
    for settings in ["batch_size = 0", "site = \"s\"\nbatch_sise = 1", "site = solo"] {
        office.set(settings);
        for arguments in [
            ["queue", "pause", "--reason", "stop"].as_slice(),
            &["status"],
            &["queue", "resume", "--reason", "go on"],
            &["record", "show", &printed],
            &["job", "list"],
            &["printer", "list"],
            &["batch", "list"],
            &["inspect", "list"],
            &["blangko", "balance"],
            &["audit", "verify"],
            &["db", "check"],
            &["db", "archive", "--older-than", "1"],
        ] {
            let answer = office.run(arguments);
            assert_eq!(answer.code, Some(0), "{settings}, {arguments:?}: {answer:?}");
            let is_told = ["warning: ", "cetak.toml", "hint: "].iter().all(|word| answer.stderr.contains(word));
            assert!(is_told, "{settings}, {arguments:?}: {answer:?}");
        }
        let _ = fs::remove_file(&backup);
        assert_eq!(office.run(&["db", "backup", &backup]).code, Some(0));
        assert_eq!(needs(&office.status(), "settings-wrong"), 1);
        for arguments in [
            ["run", "--until-idle"].as_slice(),
            &["config", "check"],
            &["init"],
            &["import", "list.csv", "--profile", "student"],
            &["printer", "show", "p1"],
            &["printer", "test", "p1"],
            &["printer", "clear", "p1"],
            &["db", "archive"],
            &["db", "adopt", "--printed-since", "none", "--reason", "x"],
        ] {
            let answer = office.run(arguments);
            assert_eq!(answer.code, Some(1), "{settings}, {arguments:?}: {answer:?}");
            assert!(answer.stderr.contains("error: ") && answer.stderr.contains("cetak.toml"), "{answer:?}");
        }
    }
    office.set("");
    assert_eq!(needs(&office.status(), "settings-wrong"), 0);
}

/// The names of jobs at a printer begin with `site`, and only a printer with its options can be asked for a card.
#[test]
fn an_act_that_needs_the_names_of_jobs_or_asks_a_printer_is_refused_with_broken_settings() {
    let office = office();
    let attempt = office.attempts().remove(0).id;
    let printed = office.attempts().remove(0).request_id;
    office.set("site = solo");
    for arguments in [
        ["record", "release", &printed, "--reason", "x"].as_slice(),
        &["record", "restore", &printed, "--reason", "x"],
        &["record", "resolve", &printed, "--keep", "this", "--reason", "x"],
        &["act", "confirm", "1"],
        &["reprint", "approve", "1"],
        &["inspect", "resolve", &attempt, "--found", "good", "--reason", "x"],
        &["inspect", "declare", &attempt, "--reason", "x"],
    ] {
        let answer = office.run(arguments);
        assert_eq!(answer.code, Some(1), "{arguments:?}: {answer:?}");
        assert!(answer.stderr.starts_with("error: the settings"), "{arguments:?}: {answer:?}");
    }
    for arguments in [
        ["record", "list"].as_slice(),
        &["record", "find", &printed],
        &["act", "list"],
        &["reprint", "list"],
        &["inspect", "list"],
        &["card", "check", &printed],
        &["card", "hand-over", &printed],
    ] {
        let answer = office.run(arguments);
        assert_eq!(answer.code, Some(0), "{arguments:?}: {answer:?}");
    }
}

/// The folder has a database too, of before the office moved to a server: a pause there would stop nothing.
#[test]
fn a_setting_that_may_name_another_database_is_never_replaced_by_its_default() {
    let office = office();
    for settings in [
        "site = solo\ndatabase = \"postgres://u:rahasia@127.0.0.1:1/d",
        "databse = \"postgres://u:rahasia@127.0.0.1:1/d\"",
        "[settings]\ndatabase = \"postgres://u:rahasia@127.0.0.1:1/d\"",
        "site = solo\nkey_file = [\"/etc/cetak.key\"]",
    ] {
        office.set(settings);
        for arguments in [["queue", "pause", "--reason", "stop"].as_slice(), &["status"], &["db", "check"]] {
            let answer = office.run(arguments);
            assert_eq!(answer.code, Some(1), "{settings}, {arguments:?}: {answer:?}");
            assert!(answer.stderr.contains("nothing can stand in") && answer.stderr.contains("line "), "{answer:?}");
            assert!(!answer.stderr.contains("rahasia"), "{answer:?}");
        }
    }
    // The address itself is certain, so the server is asked, and not the file.
    office.set("database = \"postgres://u:rahasia@127.0.0.1:1/d\"\nsite = solo");
    let answer = office.run(&["queue", "pause", "--reason", "stop"]);
    assert!(answer.code == Some(1) && answer.stderr.contains("the database server"), "{answer:?}");

    office.set("");
    assert_eq!(office.status()["queue"]["paused"], false, "the file was not paused");
}

#[test]
fn a_broken_profile_stops_its_own_printers_only_and_stands_under_needs_a_person() {
    let office = office();
    add_profile(&office, "member", true);
    office.import("member", &people::students(5..7));
    office.receive("student", 5);
    office.add_mock("p2", "member", "");
    add_profile(&office, "member", false);

    let run = office.run(&["run", "--until-idle"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let status = office.status();
    assert_eq!(number(&status, &["records", "printed"]), 2, "the student's printer went on: {status}");
    assert_eq!(number(&status, &["records", "waiting"]), 2, "{status}");
    assert!(office.truth("p2").is_empty());
    assert_eq!(needs(&status, "profile-broken"), 1, "{status}");

    let list = office.write("more.csv", people::students(8..9));
    let refused = office.run(&["import", &list, "--profile", "member"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("member/profile.toml") && refused.stderr.contains("line "), "{refused:?}");
    office.done(&["import", &list, "--profile", "student"]);
    office.done(&["queue", "pause", "--reason", "stop"]);
    let check = office.run(&["config", "check"]);
    assert!(check.code == Some(1) && check.stderr.contains("member/profile.toml"), "{check:?}");

    // A replacement of a built-in profile that is broken is not replaced by it in turn.
    add_profile(&office, "student", false);
    let refused = office.run(&["import", &list, "--profile", "student"]);
    assert!(refused.code == Some(1) && refused.stderr.contains("student/profile.toml"), "{refused:?}");

    for name in ["member", "student"] {
        add_profile(&office, name, true);
    }
    office.done(&["queue", "resume", "--reason", "go"]);
    office.done(&["run", "--until-idle"]);
    assert_eq!(number(&office.status(), &["records", "printed"]), 5);
}

#[test]
fn profiles_are_listed_and_shown_with_broken_settings_and_a_broken_one_with_what_is_wrong() {
    let office = office();
    add_profile(&office, "member", true);
    add_profile(&office, "broken", false);
    for settings in ["", "batch_size = 0", "database = \"postgres://u@127.0.0.1:1/d\"", "database = 7"] {
        office.set(settings);
        let list = office.json(&["profile", "list"]);
        let names: Vec<_> =
            list["profiles"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["icao-td1", "kia", "ktp-el", "member", "student"], "{settings}");
        assert_eq!(list["broken"][0]["names"], serde_json::json!(["broken"]), "{settings}: {list}");
        let text = office.done(&["profile", "list"]).stdout;
        assert!(text.contains("built in") && text.contains("profiles/member") && text.contains("line "), "{text}");
    }
    let member = office.json(&["profile", "show", "member"]);
    assert_eq!((&member["blank_type"], &member["attempts"]), (&"student".into(), &2.into()), "{member}");
    assert!(member["folder"].as_str().unwrap().ends_with("profiles/member"), "{member}");
    let text = office.done(&["profile", "show", "ktp-el"]).stdout;
    for part in ["PRINT_READY_RECORD", "nik", "first (class ", "built in", "quarantine"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let student = office.done(&["profile", "show", "student"]).stdout;
    let rules =
        ["student_number: 5 to 20 letters, digits and hyphens", "verified_at, student_number, name, valid_until\n"];
    assert!(rules.iter().all(|rule| student.contains(rule)), "{student}");
    for (name, part) in [("broken", "broken/profile.toml"), ("none", "student")] {
        let refused = office.run(&["profile", "show", name]);
        assert!(refused.code == Some(1) && refused.stderr.contains(part), "{refused:?}");
    }
    // Where the settings may name another folder, no profile is certain.
    office.set("profile = \"/etc/cetak/p\"");
    let list = office.json(&["profile", "list"]);
    assert_eq!(list["profiles"], serde_json::json!([]), "{list}");
}
