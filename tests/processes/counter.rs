//! Tests the commands of the counter and of the desk where cards are checked: finding, scanning, lists, and acts on many.

use std::fs::{self, File};

use cetak::{
    store::keys::{Keys, hex, unhex},
    words,
};
use serde_json::{Value, json};

use crate::{
    office::{Answer, Office},
    people,
};

fn printed() -> Office {
    let office = Office::new();
    office.import("student", &people::students(0..6));
    office.receive("student", 4);
    office.add_mock("p1", "student", "");
    office.done(&["run", "--until-idle"]);
    office
}

/// Runs a command with this text on its standard input.
fn with_input(office: &Office, arguments: &[&str], input: &str) -> Answer {
    let file = office.write("input", input);
    let mut command = office.command(arguments);
    command.stdin(File::open(file).unwrap());
    office.start_command(command).ended(60)
}

fn ids(list: &Value) -> Vec<&str> {
    list["records"].as_array().unwrap().iter().map(|record| record["request_id"].as_str().unwrap()).collect()
}

#[test]
fn the_counter_is_told_whether_a_card_is_ready_by_request_and_by_identifier() {
    let office = printed();
    let found = office.done(&["record", "find", "r00000"]).stdout;
    assert!(found.contains("printed and not checked yet") && found.contains("cetak card check r00000"), "{found}");
    office.done(&["card", "check", "r00000", "--actor", "siti"]);
    let found = with_input(&office, &["record", "find", "--identifier"], "S000000\n");
    assert_eq!(found.code, Some(0), "{found:?}");
    assert!(found.stdout.contains("The card is ready.") && found.stdout.contains("by \"siti\""), "{found:?}");
    assert!(!found.stdout.contains("S000000") && !found.stderr.contains("S000000"), "{found:?}");
    office.done(&["card", "hand-over", "r00000"]);
    let found = office.json(&["record", "find", "r00000"]);
    assert_eq!((&found[0]["answer"], &found[0]["next"]), (&json!("The card is handed over."), &Value::Null));
    let waits = office.done(&["record", "find", "r00005"]).stdout;
    assert!(waits.contains("waiting list") && waits.contains("class"), "{waits}");

    let nobody = with_input(&office, &["record", "find", "--identifier"], "S999999");
    assert_eq!((nobody.code, nobody.stdout.contains("S999999")), (Some(1), false), "{nobody:?}");
    assert!(!nobody.stderr.contains("S999999") && nobody.stderr.contains("hint: "), "{nobody:?}");
    assert_eq!(with_input(&office, &["record", "find", "--identifier"], "").code, Some(2));
    assert_eq!(office.run(&["record", "find"]).code, Some(2));
}

#[test]
fn a_quarantined_request_names_the_one_that_blocks_it_and_the_way_out() {
    let office = printed();
    let mut again = people::student(0);
    again.request_id = "again-1".into();
    office.import("student", &people::csv(&[again]));
    let found = office.done(&["record", "find", "again-1"]).stdout;
    for part in ["quarantined", "another request of this person", "`r00000`", "cetak record resolve again-1"] {
        assert!(found.contains(part), "no {part} in {found}");
    }
}

/// The three words of the code on the card of this request.
fn code(office: &Office, request_id: &str) -> [String; 3] {
    let found = office.json(&["record", "find", request_id]);
    let attempt = found[0]["card"]["attempt"].as_str().unwrap();
    let key = unhex(fs::read_to_string(office.data().join("cetak.key")).unwrap().trim()).unwrap();
    let keys = Keys::derive(&key.try_into().unwrap());
    let hash = hex(&keys.card(request_id, attempt)[..8]);
    [request_id.into(), attempt.into(), hash]
}

#[test]
fn the_code_on_a_card_is_scanned_and_a_forged_one_ends_with_exit_code_1() {
    let office = printed();
    let code = code(&office, "r00001");

    let scanned = with_input(&office, &["card", "scan", "-"], &format!("{}\n", code.join(" ")));

    assert_eq!(scanned.code, Some(0), "{scanned:?}");
    assert!(scanned.stdout.contains("printer `p1`") && scanned.stdout.contains("`r00001`"), "{scanned:?}");
    let forged = office.run(&["card", "scan", "r00002", &code[1], &code[2]]);
    assert_eq!(forged.code, Some(1), "{forged:?}");
    assert!(forged.stderr.contains("forged") && forged.stderr.contains("hint: "), "{forged:?}");
}

#[test]
fn the_code_of_a_recalled_card_and_of_one_that_came_back_ends_with_exit_code_1() {
    let office = printed();
    let codes = ["r00001", "r00002"].map(|request_id| code(&office, request_id));
    office.import("student", &people::withdrawn(1..2));
    office.done(&["card", "check", "r00002"]);
    office.done(&["card", "hand-over", "r00002"]);
    office.done(&["card", "surrender", "r00002", "--reason", "moved"]);
    let expected = [("recalled", "cetak card reject"), ("surrendered", "to be destroyed")];
    for ([request_id, attempt, hash], (verdict, words)) in codes.iter().zip(expected) {
        let scanned = office.run(&["card", "scan", request_id, attempt, hash, "--json"]);
        assert_eq!(scanned.code, Some(1), "{scanned:?}");
        let value: Value = serde_json::from_str(&scanned.stdout).unwrap();
        assert_eq!(value["verdict"], verdict, "{scanned:?}");
        assert!(scanned.stderr.contains(words), "{scanned:?}");
    }
}

#[test]
fn a_request_id_with_a_slash_is_taken_whole_where_the_source_is_named() {
    let office = Office::new();
    let with_slash = |n| people::Student { request_id: format!("2015/r{n}"), ..people::student(n) };
    let list = office.write("list.csv", people::csv(&[with_slash(0), with_slash(1)]));
    office.done(&["import", &list, "--profile", "student", "--source", "kudus"]);
    let file = office.write("ids", "2015/r0\n2015/r1\n");
    let held = office.json(&["record", "hold", "--from", &file, "--source", "kudus", "--reason", "recall"]);
    assert_eq!((&held["done"], &held["refused"]), (&json!(2), &json!(0)));
    let file = office.write("ids", "kudus/2015/r0\nkudus/2015/r1\n");
    let released = office.json(&["record", "release", "--from", &file, "--reason", "over"]);
    assert_eq!((&released["done"], &released["refused"]), (&json!(2), &json!(0)));

    office.receive("student", 2);
    office.add_mock("p1", "student", "");
    office.done(&["run", "--until-idle"]);
    let check = ["card", "check", "--batch", "1", "--source", "kudus", "--except", "2015/r0"];
    assert_eq!(office.json(&check)["done"], 1);
}

#[test]
fn a_release_by_filters_leaves_out_what_another_copy_may_have_printed_and_says_how_to_see_it() {
    let first = Office::new();
    first.import("student", &people::students(0..3));
    first.done(&["run", "--until-idle"]);
    let backup = first.file("backup.db");
    first.done(&["db", "backup", backup.to_str().unwrap()]);
    let office = Office::new();
    fs::create_dir(office.data()).unwrap();
    fs::copy(&backup, office.data().join("cetak.db")).unwrap();
    fs::copy(first.data().join("cetak.key"), office.data().join("cetak.key")).unwrap();
    let adopted = office.json(&["db", "adopt", "--printed-since", "unknown", "--reason", "the first is off"]);
    assert_eq!(adopted["held"], 3, "{adopted}");
    office.import("student", &people::students(3..5));
    office.done(&["record", "hold", "r00003", "r00004", "--reason", "asked"]);
    let release = ["record", "release", "--state", "held", "--reason", "over"];

    let released = office.run(&[&release[..], &["--json"]].concat());

    assert_eq!(released.code, Some(0), "{released:?}");
    let value: Value = serde_json::from_str(&released.stdout).unwrap();
    assert_eq!((&value["done"], &value["left_out"]), (&json!(2), &json!(3)));
    let see = "cetak record list --state held --code held-at-adoption";
    assert!(released.stderr.contains("3 records were left out") && released.stderr.contains(see), "{released:?}");
    assert_eq!(ids(&office.json(&["record", "list", "--state", "held"])), ["r00000", "r00001", "r00002"]);
    let released = office.json(&[&release[..], &["--code", "held-at-adoption"]].concat());
    assert_eq!((&released["done"], &released["left_out"]), (&json!(3), &json!(0)));
}

#[test]
fn a_batch_is_checked_but_for_the_cards_that_are_named() {
    let office = printed();
    let wrong = office.run(&["card", "check", "--batch", "1", "--except", "r00005"]);
    assert!(wrong.code == Some(1) && wrong.stderr.contains("not in batch 1"), "{wrong:?}");
    assert_eq!(office.run(&["card", "check", "--batch", "9"]).code, Some(1));

    let checked = office.json(&["card", "check", "--batch", "1", "--except", "r00002", "--except", "default/r00003"]);

    assert_eq!((&checked["done"], &checked["refused"]), (&json!(2), &json!(0)));
    let of_batch = office.json(&["record", "list", "--batch", "1"]);
    let mut unchecked: Vec<_> =
        of_batch["records"].as_array().unwrap().iter().filter(|r| r["checked"] == false).collect();
    unchecked.sort_by_key(|record| record["request_id"].to_string());
    let unchecked: Vec<_> = unchecked.iter().map(|record| record["request_id"].as_str().unwrap()).collect();
    assert_eq!(unchecked, ["r00002", "r00003"]);
}

#[test]
fn hundreds_of_records_are_held_from_a_file_and_released_by_a_filter_and_a_wrong_line_is_told() {
    let office = Office::new();
    office.import("student", &people::students(0..250));
    let mut lines: Vec<_> = (0..230).map(|n| format!("default/r{n:05}")).collect();
    lines.insert(120, "default/missing-1".into());
    let file = office.write("ids", lines.join("\r\n"));

    let held = office.run(&["record", "hold", "--from", &file, "--reason", "recall", "--json"]);

    assert_eq!(held.code, Some(1), "{held:?}");
    let value: Value = serde_json::from_str(&held.stdout).unwrap();
    assert_eq!((&value["done"], &value["refused"]), (&json!(230), &json!(1)));
    assert!(held.stderr.contains("missing-1") && held.stderr.contains("1 of 231 records were refused"), "{held:?}");
    assert_eq!(office.json(&["record", "held"]).as_array().unwrap().len(), 230);
    let page = office.json(&["record", "list", "--state", "held", "--limit", "3"]);
    assert_eq!(ids(&page), ["r00000", "r00001", "r00002"]);
    let next = page["next"].to_string();
    let page = office.json(&["record", "list", "--state", "held", "--limit", "3", "--after", &next]);
    assert_eq!(ids(&page), ["r00003", "r00004", "r00005"]);

    assert_eq!(office.run(&["record", "release", "--district", "FACULTY 1", "--reason", "x"]).code, Some(2));
    let released =
        office.json(&["record", "release", "--state", "held", "--district", "FACULTY 1", "--reason", "stays"]);
    assert_eq!(released["refused"], 0);
    let left = office.json(&["record", "list", "--state", "held", "--district", "FACULTY 1"]);
    assert_eq!(ids(&left).len(), 0);
    assert_eq!(office.run(&["record", "hold", "--reason", "x"]).code, Some(2), "nothing is named");
    assert_eq!(office.json(&["db", "check"])["clean"], json!(true));
}

#[test]
fn a_release_by_a_filter_releases_no_record_that_was_held_for_another_reason() {
    let office = Office::new();
    office.import("student", &people::students(0..6));
    for (record, note) in [("r00000", "moved"), ("r00001", "moved"), ("r00002", "address wrong"), ("r00003", "lost")] {
        office.done(&["record", "hold", record, "--reason", note]);
    }
    let release = |more: &[&str]| {
        office.run(
            &[&["record", "release", "--state", "held", "--profile", "student", "--reason", "back"], more].concat(),
        )
    };
    let held = || ids(&office.json(&["record", "list", "--state", "held"])).join(" ");

    let refused = release(&[]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    let listed = "\n  2 \"moved\"\n  1 \"address wrong\"\n  1 \"lost\"\n";
    assert!(refused.stderr.contains(listed) && refused.stderr.contains("--held-for"), "{}", refused.stderr);
    assert_eq!(held(), "r00000 r00001 r00002 r00003");
    assert_eq!(release(&["--held-for", "moved"]).stdout, "2 released, 0 refused\n");
    assert_eq!(held(), "r00002 r00003");
    assert_eq!(release(&["--held-for", "address"]).stdout, "0 released, 0 refused\n", "the note is the whole text");
    assert_eq!(release(&["--any-note"]).stdout, "2 released, 0 refused\n");
    assert_eq!(held(), "");
    let with_id = office.run(&["record", "release", "r00000", "--held-for", "moved", "--reason", "back"]);
    assert_eq!(with_id.code, Some(2), "{with_id:?}");
}

#[test]
fn of_held_records_with_and_without_a_note_those_without_are_released_by_the_code_of_their_reason() {
    let office = Office::new();
    let list = people::students(0..25);
    office.import("student", &list);
    for record in ["r00023", "r00024"] {
        office.done(&["record", "hold", record, "--reason", "moved"]);
    }
    let file = office.write("expelled.csv", list.replace("ENROLLED", "EXPELLED"));
    assert_eq!(office.run(&["import", &file, "--profile", "student"]).code, Some(1), "they are held for this list");
    let release = ["record", "release", "--state", "held", "--reason", "the list was wrong"];

    let refused = office.run(&release);

    assert_eq!(refused.code, Some(1), "{refused:?}");
    let told =
        refused.stderr.contains("\n  23 without a note\n  2 \"moved\"\n") && refused.stderr.contains("`--code CODE`");
    assert!(told, "{}", refused.stderr);
    let list = office.json(&["record", "list", "--state", "held", "--limit", "1"]);
    let code = list["records"][0]["code"].as_str().unwrap();
    assert_eq!(office.done(&[&release[..], &["--code", code]].concat()).stdout, "23 released, 0 refused\n");
    assert_eq!(ids(&office.json(&["record", "list", "--state", "held"])), ["r00023", "r00024"]);
}

#[test]
fn a_walk_in_is_printed_first_and_shown_as_one() {
    let office = Office::new();
    office.import("student", &people::students(0..6));
    office.done(&["record", "priority", "r00004", "--reason", "waits at the counter", "--actor", "sri"]);
    let shown = office.done(&["record", "show", "r00004"]).stdout;
    assert!(shown.contains("record put first: class walk-in, from class 1, \"waits at the counter\""), "{shown}");
    assert_eq!(ids(&office.json(&["record", "list", "--class", "walk-in"])), ["r00004"]);
    office.receive("student", 1);
    office.add_mock("p1", "student", "");
    office.done(&["run", "--until-idle"]);
    assert_eq!(ids(&office.json(&["record", "list", "--state", "printed"])), ["r00004"]);
    let again = office.run(&["record", "priority", "r00004", "--reason", "x"]);
    assert_eq!(again.code, Some(1), "{again:?}");
}

#[test]
fn a_record_says_why_it_has_its_place_and_the_jumps_and_the_order_of_a_day_are_read_as_files() {
    let office = Office::new();
    office.import("student", &people::students(0..6));
    office.done(&["record", "priority", "r00004", "--reason", "waits at the counter", "--actor", "sri"]);
    office.done(&["record", "priority", "r00005", "--class", "2", "--reason", "school begins"]);
    let why = office.done(&["record", "why", "r00001"]).stdout;
    assert!(
        why.contains("2 records") && why.contains("1 in class walk-in") && why.contains("1 in its own class"),
        "{why}"
    );
    assert_eq!(office.json(&["record", "why", "r00001"])["before"]["records"], 2);
    let unknown = office.run(&["record", "priority", "r00003", "--class", "77", "--reason", "x"]);
    assert!(unknown.code == Some(1) && unknown.stderr.contains("has class 77"), "{unknown:?}");
    let jumps = office.json(&["record", "jumps"]);
    let told = |at: usize| (jumps[at]["request_id"].clone(), jumps[at]["by"].clone(), jumps[at]["note"].clone());
    assert_eq!(told(1), (json!("r00004"), json!("sri"), json!("waits at the counter")), "{jumps}");
    office.done(&["record", "hold", "r00000", "--reason", "address"]);
    let held = office.done(&["record", "why", "r00000"]).stdout;
    assert!(held.contains("the record is held") && held.contains("record release"), "{held}");

    let day = jumps[0]["at"].as_str().unwrap()[..10].to_owned();
    let file = office.write("order.csv", "");
    office.done(&["report", "order", "--day", &day, "--output", &file]);
    let order = std::fs::read_to_string(&file).unwrap();
    assert_eq!(order.lines().count(), 1 + 6 + 2 + 1, "{order}");
    assert!(order.contains(",record.put-first,moved,default,r00004,student,-1000000000,"), "{order}");
    assert!(order.contains(",record.held,unlisted,default,r00000,"), "{order}");
    let lines = office.done(&["report", "order", "--day", &day, "--json"]).stdout;
    assert_eq!(lines.lines().count(), 9, "{lines}");
}

#[test]
fn a_recall_by_filters_holds_what_is_queued_in_a_batch_too_and_says_if_nothing_matches() {
    let office = Office::with(&[("CETAK_APPROVE_BATCHES", "true"), ("CETAK_BATCH_SIZE", "3")]);
    office.import("student", &people::students(0..6));
    office.receive("student", 4);
    office.add_mock("p1", "student", "");
    office.done(&["run", "--until-idle"]);
    let records = &office.status()["records"];
    assert_eq!((&records["batched"], &records["waiting"]), (&json!(3), &json!(3)));
    let held = office.done(&["record", "hold", "--profile", "student", "--reason", "recall"]).stdout;
    assert_eq!(held, "6 held, 0 refused\n");
    let none = office.done(&["record", "hold", "--profile", "student", "--state", "waiting", "--reason", "recall"]);
    assert!(none.stdout == "0 held, 0 refused\n" && none.stderr.contains("no record matches"), "{none:?}");
    let misspelt = office.run(&["record", "hold", "--district", "NOWHERE", "--reason", "recall"]);
    assert!(misspelt.code == Some(1) && misspelt.stderr.contains("known are `FACULTY 0`"), "{misspelt:?}");
}

#[test]
fn a_walk_in_is_the_first_card_of_its_batch_and_missing_blanks_need_a_person() {
    let office = Office::new();
    office.import("student", &people::students(0..6));
    office.add_mock("p1", "student", "");
    let needs = office.done(&["status"]).stdout;
    assert!(needs.contains("no free blanks of type `student`") && needs.contains("cetak blangko receive"), "{needs}");
    // In a batch, r00005 would be the last: its faculty and programme are the last.
    office.done(&["record", "priority", "r00005", "--reason", "waits at the counter"]);
    office.receive("student", 6);
    office.done(&["run", "--until-idle"]);
    let printed = office.json(&["record", "list", "--printed-since", "2000-01-01T00:00:00Z"]);
    assert_eq!((ids(&printed).len(), ids(&printed)[0]), (6, "r00005"), "{printed}");
    let count = office.json(&["record", "list", "--printed-since", "2000-01-01T00:00:00Z", "--count"]);
    assert_eq!(count, serde_json::json!({ "count": 6 }));
    assert!(!office.done(&["status"]).stdout.contains("no free blanks"));
}

#[test]
fn an_import_hints_at_the_values_that_the_profile_knows_only_if_a_row_has_others_and_names_the_quarantined_rows() {
    let office = Office::new();
    let header = people::students(0..0);
    let import = |rows: &[&str]| {
        let list = format!("{}\n{}\n", header.trim_end(), rows.join("\n"));
        let file = office.write("list.csv", list);
        office.run(&["import", &file, "--profile", "student"]).stderr
    };
    let rows: Vec<_> = people::students(0..2).lines().skip(1).map(str::to_owned).collect();
    let good = &rows[1];

    let without_id = import(&[good, &rows[0].replace("r00000", "")]);
    assert!(without_id.contains("request_id: missing") && !without_id.contains("hint: the "), "{without_id}");
    let bad = rows[0].replace("ENROLLED", "ACTIVE").replace("STUDENT NUMBER 0", "");
    let status = import(&[good, &bad]);
    assert!(status.contains("hint: the statuses of profile `student`: print-ready ENROLLED"), "{status}");
    assert!(!status.contains("hint: the kinds"), "{status}");
    let kind = import(&[good, &rows[0].replace("new", "first")]);
    assert!(kind.contains("hint: the kinds of request of profile `student`: new, "), "{kind}");

    let twice = import(&[good, &good.replace("r00001", "r00009")]);
    assert!(twice.contains("quarantined: row 2 (line 3), r00009"), "{twice}");
    assert!(twice.contains("cetak record quarantined"), "{twice}");
}

#[test]
fn a_card_that_is_named_twice_is_checked_once_and_a_list_of_acts_tells_what_becomes_of_how_many_blanks() {
    let office = printed();
    let needs = office.done(&["status"]).stdout;
    assert!(needs.contains("cetak card check --batch NUMBER"), "{needs}");
    assert_eq!(office.done(&["card", "check", "r00000", "r00000"]).stdout, "1 checked, 0 refused\n");
    office.receive("student", 20);
    let lend =
        ["blangko", "lend", "--type", "student", "--quantity", "12", "--to", "kudus", "--document", "L-1", "--ask"];
    office.done(&lend);
    let acts = office.done(&["act", "list"]).stdout;
    assert!(acts.contains("loan of 12 blanks"), "{acts}");
    let rekeyed = office.done(&["db", "rekey-persons", "--profile", "student"]).stdout;
    assert!(rekeyed.starts_with("no record was changed: "), "{rekeyed}");
}

#[test]
fn a_misspelt_filter_is_refused_with_the_known_values_and_spoiled_cards_are_listed() {
    let office = printed();
    for (command, known) in [
        (&["record", "list", "--state", "wating"][..], "waiting"),
        (&["record", "list", "--district", "FACULTY O"], "FACULTY 0"),
        (&["record", "hold", "--profile", "studnet", "--reason", "all"], "student"),
        (&["blangko", "ledger", "--type", "studnet"], "student"),
        (&["blangko", "ledger", "--place", "vualt"], "vault"),
        (&["job", "attempts", "--printer", "p2"], "p1"),
        (&["job", "attempts", "--outcome", "spoilt"], "spoiled"),
    ] {
        let refused = office.run(command);
        assert!(matches!(refused.code, Some(1 | 2)) && refused.stderr.contains(known), "{command:?}: {refused:?}");
    }
    let attempts = office.json(&["job", "attempts", "--outcome", "printed", "--printer", "p1", "--limit", "3"]);
    assert_eq!(attempts["attempts"].as_array().unwrap().len(), 3, "{attempts}");
    assert!(office.done(&["job", "attempts", "--outcome", "spoiled"]).stdout.starts_with("ended"));
}

#[test]
fn the_times_of_a_record_and_of_a_refusal_are_those_of_the_office() {
    let office = printed();
    office.set("zone = \"Asia/Jakarta\"\n");
    let utc =
        office.json(&["record", "show", "r00000"])["jobs"][0]["attempts"][0]["ended_at"].as_str().unwrap().to_owned();
    let local = |at: &str| words::local(at, &jiff::tz::TimeZone::get("Asia/Jakarta").unwrap());
    for command in [["record", "show", "r00000"], ["record", "find", "r00000"]] {
        let told = office.done(&command).stdout;
        assert!(told.contains(&local(&utc)) && !told.contains(&utc), "{command:?}: {told}");
    }
    let delivery = &office.json(&["blangko", "ledger"])[0];
    let (document, at) = (delivery["document"].as_str().unwrap(), delivery["at"].as_str().unwrap());
    let again = office.run(&["blangko", "receive", "--type", "student", "--quantity", "4", "--document", document]);
    assert!(again.code == Some(1) && again.stderr.contains(&local(at)) && !again.stderr.contains(at), "{again:?}");
}
