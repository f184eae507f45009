//! Tests P2 and P8 on the program: acts for two people, from the command line.

use serde_json::{Value, json};

use crate::{
    office::{Answer, Office, number},
    people,
};

const LEND: [&str; 8] = ["blangko", "lend", "--type", "student", "--to", "kudus", "--document", "BA-2"];

fn office() -> Office {
    let office = Office::new();
    office.import("student", &people::students(0..1));
    office.receive("student", 10);
    office
}

/// Runs a command as a person.
fn by(office: &Office, person: &str, command: &[&str]) -> Answer {
    office.run(&[command, &["--actor", person]].concat())
}

/// Asks for an act as a person, and gives its number.
fn ask(office: &Office, person: &str, command: &[&str]) -> String {
    office.json(&[command, &["--actor", person]].concat())["act"].to_string()
}

fn account(office: &Office, account: &str) -> i64 {
    number(&office.status(), &["blangko", "student", account])
}

/// Number, state, who asked, who decided.
fn acts(office: &Office, options: &[&str]) -> Vec<Value> {
    let list = office.json(&[&["act", "list"], options].concat());
    let line = |l: &Value| json!([l["id"], l["state"], l["requested_by"], l["decided_by"]]);
    list.as_array().unwrap().iter().map(line).collect()
}

#[test]
fn an_act_for_two_people_is_asked_for_by_one_and_done_when_another_confirms_it() {
    let office = office();
    let destroy = ["blangko", "destroy", "--type", "student", "--quantity", "3", "--document", "BA-1", "--from-vault"];

    let act = ask(&office, "siti", &destroy);

    assert_eq!(account(&office, "vault"), 10, "asking reserves nothing");
    assert_eq!(acts(&office, &[]), [json!([1, "pending", "siti", null])]);
    let status = office.done(&["status"]).stdout;
    assert!(status.contains("needs a person") && status.contains("cetak act list"), "{status}");
    let shown = office.done(&["act", "show", &act]).stdout;
    assert!(["student", "BA-1", "siti", "pending"].iter().all(|word| shown.contains(word)), "{shown}");

    let same = by(&office, "Siti", &["act", "confirm", &act]);
    let words = ["act 1", "same person", "hint: ", "cetak act confirm 1"];
    assert!(same.code == Some(1) && words.iter().all(|word| same.stderr.contains(word)), "{same:?}");
    let confirmed = by(&office, "budi", &["act", "confirm", &act]);
    assert_eq!(confirmed.code, Some(0), "{confirmed:?}");

    assert_eq!((account(&office, "vault"), account(&office, "destroyed")), (7, 3));
    assert_eq!(acts(&office, &[]), [] as [Value; 0]);
    assert_eq!(acts(&office, &["--all"]), [json!([1, "confirmed", "siti", "budi"])]);
    let status = office.done(&["status"]).stdout;
    assert!(!status.contains("cetak act list"), "{status}");
    let entries = office.done(&["audit", "export"]).stdout;
    assert!(entries.contains("siti, budi") && entries.contains("same-person"), "{entries}");
    let again = by(&office, "budi", &["act", "confirm", &act]);
    assert!(again.code == Some(1) && again.stderr.contains("`confirmed`"), "{again:?}");
}

#[test]
fn an_act_is_refused_with_a_reason_or_taken_back_by_the_person_who_asked() {
    let office = office();
    let lend = |quantity| [&LEND[..], &["--quantity", quantity, "--ask"]].concat();
    let [first, second] = ["4", "5"].map(|quantity| ask(&office, "siti", &lend(quantity)));
    let same = by(&office, "ani", &lend("4"));
    let words = ["act 1 asks for the same", "cetak act confirm 1", "cetak act refuse 1", "cetak act take-back 1"];
    assert!(same.code == Some(1) && words.iter().all(|word| same.stderr.contains(word)), "{same:?}");
    let refused = by(&office, "budi", &["act", "refuse", &first, "--reason", "the document is missing"]);
    assert_eq!(refused.code, Some(0), "{refused:?}");
    let other = by(&office, "budi", &["act", "take-back", &second]);
    assert!(other.code == Some(1) && other.stderr.contains("another person"), "{other:?}");
    assert_eq!(by(&office, "siti", &["act", "take-back", &second]).code, Some(0));
    assert_eq!(
        acts(&office, &["--all"]),
        [json!([1, "refused", "siti", "budi"]), json!([2, "taken-back", "siti", "siti"])]
    );
    let shown = office.done(&["act", "show", &first]).stdout;
    assert!(shown.contains("the document is missing"), "{shown}");
    let missing = by(&office, "budi", &["act", "confirm", "77"]);
    assert!(missing.code == Some(1) && missing.stderr.contains("no act or warrant 77"), "{missing:?}");
    assert_eq!(account(&office, "vault"), 10);
}

#[test]
fn a_second_person_at_the_same_screen_confirms_at_once_and_without_one_a_script_goes_on_as_before() {
    let office = office();
    let lend = [&LEND[..], &["--quantity", "2"]].concat();
    let together = by(&office, "siti", &[&lend[..], &["--second", "budi"]].concat());
    assert_eq!(together.code, Some(0), "{together:?}");
    assert_eq!(acts(&office, &["--all"]), [json!([1, "confirmed", "siti", "budi"])]);
    assert_eq!(by(&office, "siti", &lend).code, Some(0));
    assert_eq!((account(&office, "vault"), account(&office, "loan")), (6, 4));
    let entries = office.done(&["audit", "export"]).stdout;
    assert_eq!(entries.matches("\"second_person\":\"none\"").count(), 1, "{entries}");
    assert!(entries.contains("\"confirmed_by\":\"budi\""), "{entries}");
    for wrong in [&["--second", "SITI"][..], &["--second", "budi", "--ask"]] {
        let answer = by(&office, "siti", &[&lend[..], wrong].concat());
        assert_eq!(answer.code, Some(2), "{wrong:?}: {answer:?}");
    }
    let found = ["inspect", "resolve", "an-attempt", "--found", "good", "--reason", "seen", "--ask"];
    assert_eq!(by(&office, "siti", &found).code, Some(2));
    assert_eq!(account(&office, "vault"), 6);
}

#[test]
fn several_records_are_withdrawn_and_restored_and_the_list_of_acts_tells_what_they_are_and_who_may_decide() {
    let office = office();
    office.import("student", &people::students(1..6));
    let reason = ["--reason", "moved"];
    let withdrawn = by(&office, "siti", &[&["record", "withdraw", "r00000", "r00001", "none-1"][..], &reason].concat());
    assert!(withdrawn.code == Some(1) && withdrawn.stderr.contains("1 of 3 records were refused"), "{withdrawn:?}");
    assert!(withdrawn.stdout.contains("2 withdrawn, 1 refused"), "{withdrawn:?}");

    let from = office.write("ids", "default/r00002\ndefault/r00003\n");
    let from = ["record", "withdraw", "--from", &from, "--ask"];
    let asked = office.json(&[&from[..], &reason, &["--actor", "siti"]].concat());
    assert_eq!((&asked["done"], &asked["acts"]), (&json!(2), &json!([1, 2])), "{asked}");
    let list = office.done(&["act", "list"]).stdout;
    let words = ["withdrawal of a record", "record default/r00003", "siti", "supervisor"];
    assert!(words.iter().all(|word| list.contains(word)), "{list}");
    for act in ["1", "2"] {
        assert_eq!(by(&office, "budi", &["act", "confirm", act]).code, Some(0));
    }
    let count = || number(&office.status(), &["records", "withdrawn"]);
    assert_eq!(count(), 4);

    let code = ["record", "restore", "--code", "withdrawn-by-person"];
    let restored = by(&office, "siti", &[&code[..], &reason, &["--second", "budi"]].concat());
    assert!(restored.code == Some(0) && restored.stdout.contains("4 restored, 0 refused"), "{restored:?}");
    assert_eq!(count(), 0);
}
