//! Tests the command line: exit codes, both outputs, JSON, and that personal data never leaves the data folder.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    os::unix::fs::PermissionsExt,
};

use serde_json::{Value, json};

use crate::{
    now,
    office::{Answer, Office, number, printer},
    people, wait_until,
};

/// An office with students, some with a card, and two printers.
fn office_with_history() -> Office {
    let office = Office::new();
    office.import("student", &people::students(0..12));
    office.receive("student", 20);
    office.add_mock("p1", "student", "spoil=0.3&forget=0.2&seed=4");
    office.add_mock("p2", "student", "");
    run_until_idle(&office);
    office
}

fn run_until_idle(office: &Office) -> Answer {
    office.done(&["run", "--until-idle"])
}

/// Asserts a refusal with a hint, and nothing on standard output.
fn assert_refused(answer: &Answer, words: &[&str]) {
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(1), ""), "{answer:?}");
    assert!(answer.stderr.starts_with("error: "), "{answer:?}");
    assert!(words.iter().all(|word| answer.stderr.contains(word)), "no {words:?} in {answer:?}");
}

#[test]
fn the_exit_code_is_0_for_done_1_for_failed_and_2_for_wrong_usage() {
    let office = office_with_history();
    let cases: [(&[&str], i32); 12] = [
        (&["status"], 0),
        (&["--help"], 0),
        (&["--version"], 0),
        (&["config", "check"], 0),
        (&["record", "show", "nobody"], 1),
        (&["import", "not-there.csv"], 1),
        (&["batch", "cancel", "999", "--reason", "x"], 1),
        (&["printer", "add", "p9", "lpd://p9"], 1),
        (&["statsu"], 2),
        (&["queue", "pause"], 2),
        (&["queue", "pause", "--reason", "x", "--printer", "p1", "--batch", "1"], 2),
        (&["blangko", "destroy", "--type", "student", "--quantity", "1", "--document", "d", "--witness", "a"], 2),
    ];
    for (arguments, code) in cases {
        let answer = office.run(arguments);
        assert_eq!(answer.code, Some(code), "{arguments:?}: {answer:?}");
        let (told, silent) =
            if code == 0 { (&answer.stdout, &answer.stderr) } else { (&answer.stderr, &answer.stdout) };
        assert!(!told.is_empty() && silent.is_empty(), "{arguments:?}: {answer:?}");
    }
}

#[test]
fn an_unknown_setting_in_the_environment_is_refused_by_name() {
    let office = Office::new();
    let mut command = office.command(&["config", "check"]);
    command.env("CETAK_BACH_SIZE", "5");

    let answer = office.start_command(command).ended(30);

    assert_refused(&answer, &["CETAK_BACH_SIZE", "hint: ", "CETAK_BATCH_SIZE"]);
}

#[test]
fn data_goes_to_standard_output_and_messages_to_standard_error() {
    let office = Office::new();
    let list = people::students(0..2) + "r00009,new,APPLIED,2024-08-01T08:00:00+07:00,,ST9,Nobody,2028-07-31,F,P,\n";
    let file = office.write(
        "list.csv",
        list.replacen("faculty", "faculty,shoe_size", 1).replace(",FACULTY", ",42,FACULTY").replace(",F,P", ",42,F,P"),
    );

    let answer = office.done(&["import", &file, "--profile", "student", "--json"]);

    let report: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!((&report["accepted"], &report["refused"]), (&json!(2), &json!(1)), "{report}");
    assert_eq!(report["unknown_columns"], json!(["J"]), "{report}");
    assert!(answer.stderr.contains("warning: ") && answer.stderr.contains("--rejects FILE"), "{answer:?}");
    assert!(answer.stderr.contains("refused: row 3 (line 4), r00009: status: "), "{answer:?}");
    office.add_mock("p1", "student", "");
    let answer = run_until_idle(&office);
    assert_eq!(answer.stdout, "");
    assert!(answer.stderr.contains("no blanks") && answer.stderr.contains("the printer changed"), "{answer:?}");
    assert!(!answer.stderr.contains('\u{1b}'), "colours, and no terminal: {answer:?}");
}

#[test]
fn a_second_scheduler_on_one_data_folder_is_refused_with_the_number_of_the_first() {
    let office = Office::new();
    office.add_mock("p1", "student", "");
    let first = office.start(&["run"]);
    let lock = office.data().join("cetak.lock");
    wait_until("the first scheduler has the lock", 30, || {
        fs::read_to_string(&lock).is_ok_and(|holder| holder == first.id().to_string())
    });

    let second = office.run(&["run", "--until-idle"]);

    assert_refused(&second, &["another scheduler", &format!("process {}", first.id()), "hint: "]);
    office.done(&["status"]);
    first.kill();
    run_until_idle(&office);
}

#[test]
fn every_command_that_reads_prints_json_on_request() {
    let office = office_with_history();
    let printed = office.json(&["job", "list", "--state", "printed"])[0]["request_id"].as_str().unwrap().to_owned();
    office.done(&["reprint", "request", &printed, "--reason", "damaged"]);
    let job = office.json(&["job", "list"])[0]["id"].to_string();
    let batch = office.json(&["batch", "list", "--all"])[0]["id"].to_string();
    let commands: [&[&str]; 21] = [
        &["status"],
        &["printer", "list"],
        &["printer", "show", "p1"],
        &["batch", "list"],
        &["batch", "list", "--all"],
        &["batch", "show", &batch],
        &["job", "list"],
        &["job", "list", "--batch", &batch],
        &["job", "list", "--state", "printed"],
        &["job", "show", &job],
        &["record", "show", "r00003"],
        &["record", "quarantined"],
        &["inspect", "list"],
        &["reprint", "list"],
        &["act", "list"],
        &["blangko", "balance"],
        &["blangko", "ledger"],
        &["audit", "verify"],
        &["db", "check"],
        &["db", "archive", "--dry-run"],
        &["config", "check"],
    ];
    for command in commands {
        let value = office.json(command);
        assert!(value.is_object() || value.is_array(), "{command:?}: {value}");
        let text = office.done(command).stdout;
        assert!(!text.is_empty() && serde_json::from_str::<Value>(&text).is_err(), "{command:?}: {text}");
    }
    for line in office.done(&["audit", "export"]).stdout.lines() {
        assert!(serde_json::from_str::<Value>(line).unwrap().is_object(), "{line}");
    }
}

#[test]
fn the_status_has_all_that_a_supervisor_asks_for() {
    let office = office_with_history();
    let status = office.status();

    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let set = |names: &str| names.split(' ').map(str::to_owned).collect::<BTreeSet<_>>();
    let of_records = "waiting held batched printed handed_over quarantined uncertain withdrawn";
    let of_blanks = "supplier vault hopper reserved printed spoiled uncertain handed-over destroyed loan missing sum";
    assert_eq!(keys(&status["records"]), set(of_records));
    assert_eq!(keys(&status["blangko"]["student"]), set(of_blanks));
    assert_eq!(keys(&status["queue"]), set("paused reason by"));
    for name in ["p1", "p2"] {
        let printer = printer(&status, name);
        for key in ["name", "uri", "state", "reasons", "paused", "cards_24h"] {
            assert!(!printer[key].is_null(), "no `{key}` in {printer}");
        }
    }
    assert!(status["needs_person"].is_array(), "{status}");
    assert_eq!(number(&status, &["blangko", "student", "sum"]), 0, "{status}");
    assert_eq!(number(&status, &["blangko", "student", "supplier"]), -20, "{status}");
    assert_eq!(count_records(&office), 12, "{status}");
}

#[test]
fn the_job_list_has_each_attempt_with_its_printer_and_outcome() {
    let office = office_with_history();

    let jobs = office.json(&["job", "list"]);

    let jobs = jobs.as_array().unwrap();
    assert!(jobs.len() >= 12, "{jobs:?}");
    for job in jobs {
        assert!(job["request_id"].as_str().unwrap().starts_with('r'), "{job}");
        assert!(job["batch"].is_i64() && job["state"].is_string(), "{job}");
    }
    let attempts = office.attempts();
    let fed = office.truth("p1").len() + office.truth("p2").len();
    assert_eq!(attempts.len(), fed, "{attempts:?}");
    assert!(attempts.iter().all(|attempt| attempt.id.starts_with("cetak-local-")), "{attempts:?}");
}

#[test]
fn the_key_is_for_its_owner_only_and_so_is_the_data() {
    let office = Office::new();
    office.import("student", &people::students(0..3));

    let mode = |name: &str| fs::metadata(office.data().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("cetak.key"), mode("cetak.db"), mode(".")), (0o600, 0o600, 0o700));
    for name in ["cetak.db-wal", "cetak.db-shm"].into_iter().filter(|name| office.data().join(name).exists()) {
        assert_eq!(mode(name), 0o600, "{name}");
    }

    fs::set_permissions(office.data().join("cetak.key"), fs::Permissions::from_mode(0o640)).unwrap();
    assert_refused(&office.run(&["status"]), &["cetak.key", "can be read by others", "hint: chmod 600"]);
}

#[test]
fn a_missing_key_beside_a_database_is_an_error_and_no_new_key_is_created() {
    let office = Office::new();
    office.import("student", &people::students(0..3));
    let key = office.data().join("cetak.key");
    fs::rename(&key, office.file("safe")).unwrap();

    for command in [&["status"][..], &["run", "--until-idle"], &["queue", "pause", "--reason", "x"]] {
        assert_refused(&office.run(command), &["cetak.key", "missing", "hint: "]);
        assert!(!key.exists());
    }

    fs::write(&key, format!("{}\n", "ab".repeat(32))).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    assert_refused(&office.run(&["status"]), &["key", "does not belong to this database"]);
    fs::copy(office.file("safe"), &key).unwrap();
    office.done(&["status"]);
}

#[test]
fn a_command_on_an_empty_folder_fails_with_a_hint_and_leaves_nothing() {
    let office = Office::new();
    let commands: [&[&str]; 10] = [
        &["status"],
        &["queue", "pause", "--reason", "in a wrong folder"],
        &["run", "--until-idle"],
        &["blangko", "receive", "--type", "student", "--quantity", "1", "--document", "D"],
        &["job", "list"],
        &["audit", "verify"],
        &["blangko", "balance"],
        &["record", "show", "r00001"],
        &["printer", "list"],
        &["inspect", "list"],
    ];
    for command in commands {
        assert_refused(&office.run(command), &["there is no data in", "hint: "]);
        assert!(!office.data().exists(), "{command:?} made the folder");
    }
    let list = office.write("list.csv", people::students(0..3));
    let answer = office.run(&["import", &list, "--profile", "student", "--dry-run", "--json"]);
    let report: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!((&report["accepted"], office.data().exists()), (&json!(3), false), "{answer:?}");
}

#[test]
fn a_data_folder_that_others_may_enter_is_closed_to_them_or_refused_if_it_has_other_files_too() {
    let office = Office::new();
    office.done(&["init"]);
    let mode = || fs::metadata(office.data()).unwrap().permissions().mode() & 0o777;
    fs::set_permissions(office.data(), fs::Permissions::from_mode(0o755)).unwrap();
    office.done(&["status"]);
    assert_eq!(mode(), 0o700);
    fs::write(office.data().join("notes"), "of another program").unwrap();
    fs::set_permissions(office.data(), fs::Permissions::from_mode(0o755)).unwrap();
    let data = office.data().display().to_string();
    assert_refused(&office.run(&["status"]), &["others may enter", &format!("hint: chmod 700 {data}")]);
    assert_eq!(mode(), 0o755);
    fs::set_permissions(office.data(), fs::Permissions::from_mode(0o700)).unwrap();
    office.done(&["status"]);
}

#[test]
fn a_log_filter_that_cannot_be_read_is_refused() {
    let office = Office::new();
    for (filter, code) in [("verbose", 1), ("cetak=loud", 1), ("info", 0), ("cetak=debug,warn", 0)] {
        let mut command = office.command(&["init"]);
        command.env("CETAK_LOG", filter);
        assert_eq!(office.start_command(command).ended(30).code, Some(code), "{filter}");
    }
}

#[test]
fn a_folder_whose_path_is_not_utf8_is_refused_with_a_hint() {
    use std::os::unix::ffi::OsStrExt;
    let office = Office::new();
    let folder = office.file("x").with_file_name(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    let mut command = office.any_command(env!("CARGO_BIN_EXE_cetak"));
    command.arg("init").arg("--data").arg(folder);
    assert_refused(&office.start_command(command).ended(30), &["is not UTF-8", "hint: "]);
}

#[test]
fn json_lines_come_from_standard_input() {
    let office = Office::new();
    let line = |number: usize| {
        let citizen = people::citizen(number);
        let object: serde_json::Map<_, _> =
            people::CITIZEN_HEADER.iter().zip(citizen).map(|(key, value)| ((*key).to_owned(), value.into())).collect();
        format!("{}\n", Value::Object(object))
    };
    let photo = office.write(people::PHOTO, people::FACE);
    let list = office.write("list.jsonl", format!("{}{}not an object\n\n{}", line(1), line(2), line(3)));
    let folder = std::path::Path::new(&photo).parent().unwrap();
    let mut command = office.command(&["import", "-", "--format", "jsonl", "--json"]);
    command.arg("--photos").arg(folder).stdin(File::open(&list).unwrap());

    let answer = office.start_command(command).ended(30);

    assert_eq!(answer.code, Some(0), "{answer:?}");
    let report: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!((&report["rows"], &report["accepted"]), (&json!(4), &json!(3)), "{report}");
    assert_eq!(report["refused_by_reason"], json!({ "malformed": 1 }), "{report}");
}

#[test]
fn a_spreadsheets_csv_with_semicolons_and_a_byte_order_mark_is_read() {
    let office = Office::new();
    office.write(people::PHOTO, people::FACE);
    let list = format!("\u{feff}{}", people::citizens(";", 5)).replace('\n', "\r\n");

    let report = office.import("ktp-el", &list);

    assert_eq!((&report["rows"], &report["accepted"]), (&json!(5), &json!(5)), "{report}");
    assert_eq!(report["unknown_columns"], json!([]), "{report}");
}

#[test]
fn an_unclosed_quote_is_an_error_and_hides_no_record() {
    let last_column = |list: &str| list.replacen(",PROGRAMME 1,\n", ",PROGRAMME 1,\"\n", 1);
    let inner_column = |list: &str| list.replacen(",STUDENT NUMBER 1,", ",\"STUDENT NUMBER 1,", 1);
    for rows in [3, 4_000] {
        for broken in [last_column(&people::students(0..rows)), inner_column(&people::students(0..rows))] {
            let office = Office::new();
            let file = office.write("list.csv", broken);

            let answer = office.run(&["import", &file, "--profile", "student"]);

            assert_refused(&answer, &["row 2", "quote", "hint: "]);
            assert_eq!(count_records(&office), 0, "{rows} rows");
        }
    }
}

fn count_records(office: &Office) -> i64 {
    office.status()["records"].as_object().unwrap().values().filter_map(Value::as_i64).sum()
}

#[test]
fn a_student_card_is_a_profile_and_goes_all_the_way() {
    let office = Office::new();
    office.write("face.png", people::FACE);
    let list = people::students(0..5).replacen(",\n", ",face.png\n", 1);
    assert_eq!(office.import("student", &list)["accepted"], 5);
    office.receive("student", 5);
    office.receive("ktp-el", 5);
    office.add_mock("campus", "student", "");

    run_until_idle(&office);
    office.done(&["card", "check", "r00000"]);
    office.done(&["card", "hand-over", "r00000"]);

    let status = office.status();
    assert_eq!(number(&status, &["records", "printed"]), 4, "{status}");
    assert_eq!(number(&status, &["records", "handed_over"]), 1, "{status}");
    assert_eq!(number(&status, &["blangko", "student", "vault"]), 0, "{status}");
    assert_eq!(number(&status, &["blangko", "ktp-el", "vault"]), 5, "{status}");
    assert_eq!(office.truth("campus").len(), 5);
    assert_eq!(printer(&status, "campus")["cards_24h"], 5, "{status}");
}

/// One list with people whose data must not leak, and one refused row for each reason.
fn personal_list() -> (String, Vec<String>) {
    let mut rows: Vec<[String; 21]> = (0..20).map(people::citizen).collect();
    let column = |name: &str| people::CITIZEN_HEADER.iter().position(|column| *column == name).unwrap();
    rows[10][column("nik")] = "3372049999990001".into();
    rows[11][column("nik")] = "33720401019".into();
    rows[12][column("birth_date")] = "31 Februari 1977".into();
    rows[13][column("photo")] = "Warsinah-13.png".into();
    rows[14][column("status")] = "Warsinah menunggu".into();
    rows[15][column("request_kind")] = "Warsinah".into();
    rows[16][column("verified_at")] = "kemarin Warsinah".into();
    rows[17][column("verified_at")] = now().plus(std::time::Duration::from_hours(1_000)).to_string();
    // The person of another row, and the request of another row with another body.
    rows[18][column("nik")].clone_from(&people::citizen(1)[column("nik")]);
    rows[19][column("request_id")].clone_from(&people::citizen(2)[column("request_id")]);
    let lines = std::iter::once(people::CITIZEN_HEADER.join(",")).chain(rows.iter().map(|row| row.join(",")));
    let list = lines.map(|line| line + "\n").collect();
    let secret = ["nik", "name", "birth_place", "birth_date", "address", "religion", "occupation", "photo"];
    let mut secrets: Vec<String> = rows.iter().flat_map(|row| secret.map(|name| row[column(name)].clone())).collect();
    secrets.extend(["Warsinah", "Projotaruno", "Kenangamekar", "31 Februari", "kemarin"].map(str::to_owned));
    secrets.retain(|secret| secret != people::PHOTO);
    (list, secrets)
}

#[test]
fn personal_data_stays_inside() {
    let office = Office::new();
    let photo = people::FACE;
    office.write(people::PHOTO, photo);
    let (list, secrets) = personal_list();
    let list = office.write("list.csv", list);
    office.receive("ktp-el", 30);
    office.add_mock("p1", "ktp-el", "card_ms=5&spoil=0.2&forget=0.2&lose_ack=0.1&reject=0.1&offline=0.1&seed=1");
    office.add_mock("p2", "ktp-el", "card_ms=5");
    let rejects = office.file("rejects.csv");
    let rejects = rejects.to_str().unwrap();

    let traced = |arguments: &[&str]| {
        let mut command = office.command(arguments);
        command.env("CETAK_LOG", "trace");
        office.start_command(command).ended(60)
    };
    let imported = traced(&["import", &list, "--rejects", rejects]);
    assert_eq!(imported.code, Some(0), "{imported:?}");
    let dry = traced(&["import", &list, "--update", "--dry-run"]);
    let ran = traced(&["run", "--until-idle"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("cetak::engine"), "nothing was traced: {}", ran.stderr);
    assert!(office.truth("p1").len() + office.truth("p2").len() > 5, "{}", office.status());

    let mut shown = vec![("import", imported), ("dry run", dry), ("run", ran)];
    let commands: [&[&str]; 8] = [
        &["audit", "export"],
        &["job", "list"],
        &["status"],
        &["record", "show", "R-00001"],
        &["record", "quarantined"],
        &["inspect", "list"],
        &["blangko", "ledger"],
        &["batch", "list", "--all"],
    ];
    for command in commands {
        shown.push((command[0], traced(command)));
        shown.push((command[0], traced(&[command, &["--json"]].concat())));
    }
    for (what, answer) in &shown {
        assert_eq!(answer.code, Some(0), "{what}: {answer:?}");
        assert_holds_none(&secrets, what, format!("{}\n{}", answer.stdout, answer.stderr).as_bytes());
    }
    let rejected = fs::read(rejects).unwrap();
    assert_eq!(String::from_utf8_lossy(&rejected).lines().count(), 1 + 9, "{}", String::from_utf8_lossy(&rejected));
    assert_holds_none(&secrets, "rejects", &rejected);
    assert_holds_none(&secrets, "truth", &fs::read(office.file("truth-p1")).unwrap());
    for file in fs::read_dir(office.data()).unwrap().flatten() {
        let content = fs::read(file.path()).unwrap();
        assert_holds_none(&secrets, &file.path().display().to_string(), &content);
        assert!(!content.windows(photo.len()).any(|window| window == photo), "the photo in {file:?}");
    }
}

fn assert_holds_none(secrets: &[String], what: &str, content: &[u8]) {
    for secret in secrets {
        let found = content.windows(secret.len()).position(|window| window == secret.as_bytes());
        let around =
            found.map(|at| String::from_utf8_lossy(&content[at.saturating_sub(80)..content.len().min(at + 80)]));
        assert_eq!(around, None, "`{secret}` in {what}");
    }
}

#[test]
fn six_first_commands_at_once_make_one_office() {
    let office = Office::new();
    let list = office.write("list.csv", people::students(0..3));
    let import = ["import", &list, "--profile", "student"];
    let commands: Vec<_> =
        (0..6).map(|n| if n % 2 == 0 { office.start(&["init"]) } else { office.start(&import) }).collect();
    for command in commands {
        let answer = command.ended(60);
        assert_eq!(answer.code, Some(0), "{answer:?}");
    }
    assert_eq!(count_records(&office), 3);
    office.done(&["db", "check"]);
}
