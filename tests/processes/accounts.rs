//! Tests P9 on the program: accounts, tokens and acts for two people, from the command line.

use std::fs::File;

use serde_json::Value;

use crate::{
    office::{Answer, Office, number},
    people,
};

/// Runs a command with these lines on its standard input.
fn with_input(office: &Office, lines: &[&str], command: &[&str]) -> Answer {
    let file = office.write("input", lines.join("\n"));
    let mut program = office.command(command);
    program.arg("--password-stdin").stdin(File::open(file).unwrap());
    office.start_command(program).ended(60)
}

fn password(name: &str) -> String {
    format!("{name} types this")
}

/// Runs a command as an account.
pub(crate) fn by(office: &Office, account: &str, command: &[&str]) -> Answer {
    with_input(office, &[&password(account)], &[command, &["--account", account]].concat())
}

/// The same, and it must succeed.
pub(crate) fn done_by(office: &Office, account: &str, command: &[&str]) -> Answer {
    let answer = by(office, account, command);
    assert_eq!(answer.code, Some(0), "{command:?}: {answer:?}");
    answer
}

/// Makes an account, whose person chooses a password.
pub(crate) fn add(office: &Office, name: &str) -> Value {
    let added = office.json(&["account", "add", name]);
    let once = added["one_time"]["password"].as_str().unwrap();
    let chosen = with_input(office, &[once, &password(name)], &["account", "passwd", name]);
    assert_eq!(chosen.code, Some(0), "{chosen:?}");
    added
}

/// An office with blanks, the administrator `root` and the supervisor `sri`.
pub(crate) fn office() -> Office {
    let office = Office::new();
    office.import("student", &people::students(0..1));
    office.receive("student", 100);
    add_first(&office);
    office
}

/// Adds the administrator `root` and the supervisor `sri`, the first accounts.
pub(crate) fn add_first(office: &Office) {
    assert_eq!(add(office, "root")["is_first"], true);
    assert_eq!(add(office, "sri")["is_first"], false);
    office.done(&["account", "roles", "sri", "--give", "supervisor", "--reason", "the first"]);
}

fn roles(office: &Office, name: &str) -> Value {
    let accounts = office.json(&["account", "list"]);
    accounts.as_array().unwrap().iter().find(|account| account["name"] == name).unwrap()["roles"].clone()
}

#[test]
fn a_role_is_asked_for_by_an_administrator_and_confirmed_by_a_supervisor_with_passwords() {
    let office = office();
    add(&office, "Siti");
    let give = ["account", "roles", "Siti", "--give", "stock-keeper", "--reason", "from May"];
    let local = office.run(&give);
    assert!(local.code == Some(1) && local.stderr.contains("--account"), "{local:?}");
    let asked = done_by(&office, "root", &give);
    assert!(asked.stdout.contains("cetak act confirm 1"), "{asked:?}");

    let own = by(&office, "root", &["act", "confirm", "1"]);
    assert!(own.code == Some(1) && own.stderr.contains("hint: "), "{own:?}");
    let wrong = with_input(&office, &["another password"], &["act", "confirm", "1", "--account", "sri"]);
    assert!(wrong.code == Some(1) && wrong.stderr.contains("name and the password"), "{wrong:?}");
    assert_eq!(roles(&office, "Siti"), serde_json::json!([]));
    done_by(&office, "sri", &["act", "confirm", "1"]);

    assert_eq!(roles(&office, "Siti"), serde_json::json!(["stock-keeper"]));
    let lend =
        ["blangko", "lend", "--type", "student", "--to", "kudus", "--document", "BA-2", "--quantity", "3", "--ask"];
    done_by(&office, "Siti", &lend);
    done_by(&office, "sri", &["act", "confirm", "2"]);
    assert_eq!(number(&office.status(), &["blangko", "student", "loan"]), 3);
    let taken = office.done(&["account", "roles", "Siti", "--take", "stock-keeper", "--reason", "until June"]);
    assert!(taken.stdout.contains("taken from account `Siti`"), "{taken:?}");
    assert_eq!(roles(&office, "Siti"), serde_json::json!([]));
    done_by(&office, "sri", &["audit", "export"])
        .stdout
        .lines()
        .for_each(|line| assert!(!line.contains("types this"), "{line}"));
    office.done(&["db", "check"]);
}

#[test]
fn with_accounts_the_local_administrator_keeps_the_machine_and_does_not_decide_about_cards() {
    let office = office();
    for command in [
        &["blangko", "lend", "--type", "student", "--to", "kudus", "--document", "B", "--quantity", "1"][..],
        &[
            "blangko",
            "lend",
            "--type",
            "student",
            "--to",
            "k",
            "--document",
            "B",
            "--quantity",
            "1",
            "--second",
            "budi",
        ],
        &["record", "hold", "r00000", "--reason", "asked"],
        &["queue", "resume", "--reason", "go on"],
    ] {
        let refused = office.run(command);
        assert!(refused.code == Some(1) && refused.stderr.contains("--account NAME"), "{command:?}: {refused:?}");
    }
    let second = office.run(&["account", "roles", "root", "--give", "supervisor", "--reason", "me too"]);
    assert!(second.code == Some(1) && second.stderr.contains("role-give"), "{second:?}");
    office.done(&["queue", "pause", "--reason", "end of day"]);
    office.done(&["status"]);
    assert_eq!(number(&office.status(), &["blangko", "student", "vault"]), 100);
    done_by(&office, "sri", &["queue", "resume", "--reason", "go on"]);
}

#[test]
fn an_account_is_reset_disabled_and_enabled_and_a_token_is_made_and_revoked() {
    let office = office();
    let reset = office.json(&["account", "reset", "sri", "--reason", "forgotten"]);
    let due = by(&office, "sri", &["status"]);
    assert_eq!(due.code, Some(1), "{due:?}");
    let once = reset["password"].as_str().unwrap();
    let not_yet = with_input(&office, &[once], &["status", "--account", "sri"]);
    assert!(not_yet.stderr.contains("one-time password") && not_yet.stderr.contains("passwd"), "{not_yet:?}");
    let weak = with_input(&office, &[once, "short"], &["account", "passwd", "sri"]);
    assert!(weak.code == Some(1) && weak.stderr.contains("12 characters"), "{weak:?}");
    assert_eq!(with_input(&office, &[once, &password("sri")], &["account", "passwd", "sri"]).code, Some(0));
    done_by(&office, "sri", &["status"]);

    office.done(&["account", "disable", "sri", "--reason", "moved"]);
    assert_eq!(by(&office, "sri", &["status"]).code, Some(1));
    assert!(office.done(&["account", "list"]).stdout.contains("disabled"));
    office.done(&["account", "enable", "sri", "--reason", "is back"]);
    done_by(&office, "sri", &["status"]);
    assert_eq!(office.json(&["account", "sessions"]), serde_json::json!([]), "commands open no session");

    let add = ["token", "add", "list", "--owner", "sri", "--scope", "import", "--scope", "board-read", "--days", "90"];
    let token = office.json(&add);
    assert!(token["secret"].as_str().unwrap().starts_with("cetak_"), "{token}");
    let listed = office.done(&["token", "list"]).stdout;
    assert!(listed.contains("import") && !listed.contains(token["secret"].as_str().unwrap()), "{listed}");
    let wide = ["token", "add", "wide", "--owner", "sri", "--scope", "role-give", "--days", "90"];
    let refused = office.run(&wide);
    assert!(refused.code == Some(2) && refused.stderr.contains("`role-give` is not a scope"), "{refused:?}");
    assert_eq!(
        office.run(&["token", "add", "t", "--owner", "sri", "--scope", "import", "--days", "366"]).code,
        Some(2)
    );
    office.done(&["token", "revoke", "1"]);
    assert!(office.json(&["token", "list"])[0]["revoked_at"].is_string());
}

#[test]
fn a_password_is_never_an_argument_and_is_not_read_where_there_is_no_terminal() {
    let office = office();
    let no_terminal = office.run(&["status", "--account", "root"]);
    assert!(no_terminal.code == Some(1) && no_terminal.stderr.contains("--password-stdin"), "{no_terminal:?}");
    assert_eq!(office.run(&["status", "--account", "root", "--password", "root types this"]).code, Some(2));
    let alike = office.run(&["account", "add", "r\u{43e}ot"]);
    assert!(alike.code == Some(1) && alike.stderr.contains("`root`"), "{alike:?}");
}

#[test]
fn an_office_of_one_person_records_that_it_was_alone_and_a_change_of_that_setting_is_on_record() {
    let office = office();
    let lend = ["blangko", "lend", "--type", "student", "--to", "kudus", "--document", "BA-2", "--quantity", "3"];
    add(&office, "Siti");
    done_by(&office, "root", &["account", "roles", "Siti", "--give", "stock-keeper", "--reason", "from May"]);
    done_by(&office, "sri", &["act", "confirm", "1"]);
    let counted = |number: &str| {
        done_by(&office, "sri", &["blangko", "count", "open", "--type", "student", "--reason", "stocktake"]);
        let entered = ["blangko", "count", "enter", number, "--loose", "9", "--again", "9"];
        done_by(&office, "Siti", &entered);
        entered.map(str::to_owned)
    };
    let again = counted("1");
    let again: Vec<&str> = again.iter().map(String::as_str).collect();
    let book = ["blangko", "count", "book", "1", "--which", "first", "--reason", "stocktake"];
    assert_eq!(by(&office, "Siti", &again).code, Some(1), "two people are enforced");
    assert_eq!(by(&office, "sri", &book).code, Some(1), "two people are enforced");
    office.done(&["run", "--until-idle"]);
    office.set("two_person = \"recorded\"");
    assert_eq!(by(&office, "sri", &lend).code, Some(1), "one role has not the rights of both");
    done_by(&office, "Siti", &again);
    done_by(&office, "sri", &[&book[..], &["--ask"][..]].concat());
    done_by(&office, "sri", &["act", "confirm", "2"]);
    office.done(&["run", "--until-idle"]);

    let audit = office.run(&["audit", "export", "--account", "nobody"]);
    assert_eq!(audit.code, Some(1), "{audit:?}");
    let audit = done_by(&office, "sri", &["audit", "export"]).stdout;
    let alone = audit.lines().filter(|line| line.contains("\"second_person\":\"none\"") && line.contains("\"sri\""));
    assert_eq!(alone.count(), 1, "{audit}");
    let changed = audit.lines().find(|line| line.contains("settings.changed")).unwrap();
    for part in ["two_person", "\"before\":\"enforced\"", "\"now\":\"recorded\""] {
        assert!(changed.contains(part), "{part} in {changed}");
    }
    office.done(&["db", "check"]);
}
