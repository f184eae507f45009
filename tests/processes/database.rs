//! Tests `cetak db`: a backup made while cards are printed, and an office restored from it.

use std::{fs, os::unix::fs::PermissionsExt};

use cetak_driver_mock::TruthCard;
use serde_json::json;

use crate::{
    office::{Office, number},
    people, wait, wait_until,
};

const PRINTERS: [&str; 3] = ["p1", "p2", "p3"];
const STUDENTS: usize = 400;

fn cards(office: &Office) -> usize {
    PRINTERS.iter().map(|name| office.truth(name).len()).sum()
}

#[test]
fn a_backup_of_a_printing_office_is_restored_with_every_record_and_blank() {
    let office = Office::new();
    office.import("student", &people::students(0..STUDENTS));
    office.receive("student", STUDENTS + 100);
    for name in PRINTERS {
        office.add_mock(name, "student", "card_ms=20&spoil=0.05&forget=0.02&seed=3");
    }
    let mut scheduler = office.start(&["run"]);
    wait_until("cards are printed", 60, || cards(&office) > 10);
    let before = office.status();
    let backup = office.file("backup.db");

    let answer = office.done(&["db", "backup", backup.to_str().unwrap()]);

    let after = office.status();
    assert!(!scheduler.has_ended() && number(&after, &["records", "waiting"]) > 0, "it prints all the time: {after}");
    assert_eq!(office.json(&["db", "check"])["clean"], json!(true));
    let key = fs::read_to_string(office.data().join("cetak.key")).unwrap();
    let bytes = fs::read(&backup).unwrap();
    assert!(!bytes.windows(64).any(|text| text == key.trim().as_bytes()), "the key is in the backup");
    assert!(answer.stdout.contains("all 32 rules") && answer.stderr.contains("cetak.key"), "{answer:?}");
    assert_eq!(fs::metadata(&backup).unwrap().permissions().mode() & 0o777, 0o600);
    let again = office.run(&["db", "backup", backup.to_str().unwrap()]);
    assert_eq!((again.code, fs::read(&backup).unwrap()), (Some(1), bytes), "{again:?}");
    assert!(again.stderr.contains("exists") && again.stderr.contains("hint: "), "{again:?}");
    let beside = fs::read_dir(backup.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(beside.filter(|name| name.to_string_lossy().starts_with("backup")).count(), 1, "something is left");

    let restored = Office::new();
    fs::create_dir(restored.data()).unwrap();
    fs::copy(&backup, restored.data().join("cetak.db")).unwrap();
    let refused = restored.run(&["db", "check"]);
    assert!(refused.code == Some(1) && refused.stderr.contains("put the key back"), "{refused:?}");
    fs::copy(office.data().join("cetak.key"), restored.data().join("cetak.key")).unwrap();
    let check = restored.json(&["db", "check"]);
    assert_eq!((&check["clean"], check["checks"].as_array().unwrap().len()), (&json!(true), 32), "{check}");
    let status = restored.status();
    let records = status["records"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum::<u64>();
    assert_eq!((records, number(&status, &["blangko", "student", "sum"])), (STUDENTS as u64, 0), "{status}");
    let printed = [&before, &status, &after].map(|status| number(status, &["records", "printed"]));
    assert!(printed.is_sorted(), "the state of a moment in between: {printed:?}");
    let truth: Vec<_> = PRINTERS.iter().flat_map(|name| office.truth(name)).collect();
    let known = restored.attempts().into_iter().filter(|attempt| attempt.outcome.as_deref() == Some("printed"));
    for attempt in known {
        let card = truth.iter().find(|line| line.attempt.as_str() == attempt.id).map(|line| line.card);
        assert_eq!(card, Some(TruthCard::Good), "{attempt:?}");
    }

    // A newer seal detects that acts after the backup are missing.
    let seal = office.file("seal.json");
    office.done(&["audit", "seal", seal.to_str().unwrap()]);
    scheduler.kill();
    let missed = restored.run(&["db", "check", "--seal", seal.to_str().unwrap()]);
    assert_eq!(missed.code, Some(1), "{missed:?}");
    assert!(missed.stdout.contains("were sealed and are gone") && missed.stdout.contains("what to do: "), "{missed:?}");
    assert!(missed.stderr.contains("1 of 32 rules") && missed.stderr.contains("hint: "), "{missed:?}");
}

#[test]
fn what_is_not_old_enough_is_not_archived_and_the_setting_says_how_old() {
    let office = Office::new();
    office.import("student", &people::students(0..3));
    office.receive("student", 3);
    office.add_mock("p1", "student", "");
    office.done(&["run", "--until-idle"]);
    office.set("archive_after_days = 30\n");
    let none = json!({ "jobs": 0, "attempts": 0, "transactions": 0 });
    for (arguments, days, dry_run) in [
        (&["db", "archive"][..], 30, false),
        (&["db", "archive", "--dry-run"], 30, true),
        (&["db", "archive", "--older-than", "1"], 1, false),
    ] {
        let answer = office.json(arguments);
        assert_eq!(answer, json!({ "older_than_days": days, "dry_run": dry_run, "archived": none }), "{arguments:?}");
    }
    assert_eq!(office.run(&["db", "archive", "--older-than", "0"]).code, Some(2), "today is still counted");
}

#[test]
fn persons_are_compared_anew_after_the_profile_was_edited_and_a_run_that_was_killed_goes_on() {
    let office = Office::new();
    let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/profiles/student");
    let to = office.data().join("profiles/student");
    office.done(&["init"]);
    fs::create_dir_all(&to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
    let edited = fs::read_to_string(to.join("profile.toml")).unwrap();
    let before: Vec<&str> = edited.lines().filter(|line| !line.starts_with("ignores")).collect();
    fs::write(to.join("profile.toml"), before.join("\n")).unwrap();
    let mut students: Vec<_> = (0..1_600).map(people::student).collect();
    students[1_599].number = "s-000000".into();
    office.import("student", &people::csv(&students));
    fs::write(to.join("profile.toml"), &edited).unwrap();

    let list = office.write("list.csv", people::students(1_600..1_601));
    let import = ["import", &list, "--profile", "student"];
    let rekey = ["db", "rekey-persons", "--profile", "student"];
    let refused = office.run(&import);
    assert!(refused.code == Some(1) && refused.stderr.contains(&rekey.join(" ")), "{refused:?}");
    let named = office.run(&rekey);
    assert!(named.stderr.contains("default/r00000") && named.stderr.contains("default/r01599"), "{named:?}");
    assert!(!named.stderr.contains("s-000000"), "{named:?}");
    let accepted = [&rekey[..], &["--accept-duplicates"]].concat();
    let mut kills = 0;
    loop {
        let mut run = office.start(&accepted);
        wait(200 + 200 * kills);
        kills += 1;
        if run.has_ended() {
            break;
        }
        run.kill();
        assert_eq!(office.json(&["db", "check", "--deep"])["clean"], json!(true));
    }
    office.done(&accepted);

    assert_eq!(office.json(&["db", "check", "--deep"])["clean"], json!(true));
    let status = office.status();
    let count = |state: &str| number(&status, &["records", state]);
    assert_eq!((count("waiting"), count("quarantined")), (1_599, 1), "{status}");
    office.done(&import);
}
