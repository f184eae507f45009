//! Tests the options of one printer in `cetak.toml`: how it is reached.

use crate::peer::Peer as _;
use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::json;

use crate::{
    eve::EvePrinter,
    office::{Answer, Office, number},
    people,
};

/// The fingerprint that a refusal shows.
fn shown_fingerprint(answer: &Answer) -> String {
    let words = answer.stdout.split_whitespace().chain(answer.stderr.split_whitespace());
    let mut fingerprints = words.filter(|word| word.matches(':').count() == 31);
    let found = fingerprints.next().unwrap_or_else(|| panic!("no fingerprint in {answer:?}"));
    found.trim_matches(|c: char| !c.is_ascii_hexdigit()).to_owned()
}

#[tokio::test]
async fn a_printer_with_a_self_signed_certificate_prints_once_its_fingerprint_is_pinned() {
    let eve = EvePrinter::start().await;
    let office = Office::new();
    office.import("student", &people::students(0..3));
    office.receive("student", 3);
    let uri = eve.uri().replace("ipp:", "ipps:");
    office.done(&["printer", "add", "eve", &uri, "--profile", "student"]);

    let refused = office.run(&["printer", "show", "eve"]);
    office.set(&format!("[printer.eve]\ncertificate_sha256 = \"{}\"", shown_fingerprint(&refused)));
    office.done(&["printer", "show", "eve"]);
    office.done(&["run", "--until-idle"]);

    let status = office.status();
    assert_eq!(number(&status, &["records", "printed"]), 3, "{status}");
    assert_eq!(eve.cards().len(), 3);
    assert_eq!(office.json(&["config", "check"])["printers"], json!({ "eve": ["certificate_sha256"] }));
}

/// A proxy would see every card, and hide what became of it.
#[tokio::test]
async fn no_proxy_of_the_environment_is_used() {
    let eve = EvePrinter::start().await;
    let office = Office::new();
    office.done(&["printer", "add", "eve", &eve.uri(), "--profile", "student"]);
    let mut command = office.command(&["printer", "show", "eve"]);
    for variable in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(variable, "http://127.0.0.1:1");
    }

    let answer = office.start_command(command).ended(30);

    assert_eq!(answer.code, Some(0), "{answer:?}");
}

#[tokio::test]
async fn a_machine_without_certificate_authorities_says_so_and_only_where_they_are_needed() {
    let eve = EvePrinter::start().await;
    let office = Office::new();
    let nobody = office.write("nobody.pem", "");
    for (name, scheme, code) in [("plain", "ipp:", 0), ("encrypted", "ipps:", 1)] {
        let uri = eve.uri().replace("ipp:", scheme);
        office.done(&["printer", "add", name, &uri, "--profile", "student"]);
        let mut command = office.command(&["printer", "show", name]);
        command.env("SSL_CERT_FILE", &nobody).env_remove("SSL_CERT_DIR");

        let answer = office.start_command(command).ended(30);

        assert_eq!(answer.code, Some(code), "{answer:?}");
        assert_eq!(answer.stderr.contains("ca-certificates"), code == 1, "{answer:?}");
        office.done(&["printer", "remove", name]); // it is one device
    }
}

#[test]
fn options_of_a_mock_are_refused_when_it_is_used() {
    let office = Office::new();
    office.add_mock("p1", "student", "");
    office.set("[printer.p1]\nanswer_timeout_s = 5");

    let answer = office.run(&["printer", "show", "p1"]);

    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(answer.stderr.contains("p1") && answer.stderr.contains("mock"), "{answer:?}");
    assert_eq!(office.run(&["printer", "add", "p1", "mock://p1"]).code, Some(1));
    office.done(&["status"]);
}

#[test]
fn a_password_file_that_others_may_read_stops_only_its_own_printer() {
    let office = Office::new();
    office.import("student", &people::students(0..2));
    office.receive("student", 2);
    office.add_mock("p1", "student", "");
    office.done(&["printer", "add", "p2", "ipps://localhost:1/ipp/print", "--profile", "student"]);
    let secret = office.data().join("secret");
    fs::write(&secret, "rahasia\n").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    office.set("[printer.p2]\nuser = \"cetak\"\npassword_file = \"secret\"");

    for command in [&["config", "check"][..], &["printer", "show", "p2"], &["run", "--until-idle"]] {
        let answer = office.run(command);
        let told = ["secret", "can be read by others", "chmod 600"].iter().all(|word| answer.stderr.contains(word));
        assert!(told && !answer.stderr.contains("rahasia"), "{command:?}: {answer:?}");
        assert_eq!(answer.code, Some(i32::from(command[0] != "run")), "{command:?}: {answer:?}");
    }

    assert_eq!(number(&office.status(), &["records", "printed"]), 2);
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    office.done(&["config", "check"]);
}

#[test]
fn a_printer_that_only_the_settings_name_is_reported() {
    let office = Office::new();
    office.add_mock("p1", "student", "");
    office.set("[[window]]\nprinter = \"p11\"\nfrom = \"00:00\"\nto = \"23:59\"\nzone = \"UTC\"");

    let answer = office.run(&["run", "--until-idle"]);

    assert!(answer.stderr.contains("`p11`") && !answer.stderr.contains("`p1`,"), "{answer:?}");
    let twice = office.run(&["printer", "add", "p2", &office.uri_of("p1"), "--profile", "student"]);
    assert!(twice.code == Some(1) && twice.stderr.contains("`p1` is at that address already"), "{twice:?}");
}
