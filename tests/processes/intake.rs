//! Tests waiting lists that come over HTTP: each row is answered, and a list that breaks off changes nothing.

use std::{
    io::{Read, Write},
    net::Shutdown,
};

use serde_json::{Value, json};

use crate::{
    http::{Reply, Served, reply},
    office::{Office, number},
    people,
    person::{Person, add_with_role, audit, with_supervisor},
    wait_until,
};

const IMPORTS: &str = "/api/v1/imports?source=default&profile=student";

/// An office without records, its server, and an API token of an operator.
fn office(scope: &str) -> (Office, Served, String) {
    let office = Office::new();
    office.done(&["init"]);
    let served = Served::new(&office);
    let (root, sri) = with_supervisor(&office, &served);
    add_with_role(&served, (&root, &sri), "budi", "operator");
    let token = root.done("/tokens", &json!({ "account": "budi", "name": "lists", "scopes": [scope], "days": 30 }));
    let token = format!("Bearer {}", token["secret"].as_str().unwrap());
    (office, served, token)
}

fn supervisor(served: &Served) -> Person<'_> {
    Person::sign_in(served, "sri")
}

fn json_lines(numbers: std::ops::Range<u32>) -> String {
    let csv = people::students(numbers);
    let mut rows = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = rows.next().unwrap();
    let object = |row: Vec<&str>| {
        let fields = header.iter().zip(row).map(|(key, value)| ((*key).to_owned(), Value::from(value)));
        Value::Object(fields.collect()).to_string() + "\n"
    };
    rows.map(object).collect()
}

fn send(served: &Served, token: &str, path: &str, media: &str, list: &str) -> Reply {
    served.send("POST", path, &[("authorization", token), ("content-type", media)], list)
}

/// The lines of an answer.
fn lines(reply: &Reply) -> Vec<Value> {
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.headers["content-type"], "application/x-ndjson");
    chunks(&reply.body).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A body that was sent in chunks.
fn chunks(mut body: &str) -> String {
    let mut text = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        text += &rest[..size];
        body = &rest[size + 2..];
        if size == 0 {
            break;
        }
    }
    text
}

fn outcomes(lines: &[Value]) -> Vec<(&str, &str)> {
    let row = |line: &'_ Value| line["outcome"].is_string();
    lines
        .iter()
        .filter(|line| row(line))
        .map(|line| (line["request_id"].as_str().unwrap(), line["outcome"].as_str().unwrap()))
        .collect()
}

#[test]
fn each_row_of_a_list_is_answered_and_a_list_that_is_sent_again_changes_nothing() {
    let (office, served, token) = office("import");
    let bad = json_lines(3..4).replace("S000003", "");
    let list = json_lines(0..3) + &bad;
    let answered = lines(&send(&served, &token, IMPORTS, "application/x-ndjson", &list));
    let expected = [("r00000", "accepted"), ("r00001", "accepted"), ("r00002", "accepted"), ("r00003", "refused")];
    assert_eq!(outcomes(&answered), expected);
    assert_eq!(answered[3]["row"], 4);
    assert_eq!(answered[3]["faults"][0]["field"], "student_number", "{answered:?}");
    let report = &answered[4]["import"];
    assert_eq!((&report["accepted"], &report["refused"]), (&json!(3), &json!(1)), "{report}");

    let again = lines(&send(&served, &token, IMPORTS, "application/x-ndjson", &list));
    assert_eq!(outcomes(&again)[..3], [("r00000", "known"), ("r00001", "known"), ("r00002", "known")]);
    let as_csv = lines(&send(&served, &token, IMPORTS, "text/csv", &people::students(0..4)));
    assert_eq!(outcomes(&as_csv)[3], ("r00003", "accepted"));
    assert_eq!(number(&office.status(), &["records", "waiting"]), 4);
    let by = audit(&supervisor(&served)).into_iter().find(|entry| entry["act"] == "import.rows").unwrap();
    assert!(by.to_string().contains("budi") && by.to_string().contains("token"), "{by}");
}

#[test]
fn a_dry_run_over_the_network_answers_each_row_and_changes_nothing() {
    let (office, served, token) = office("import");
    let dry = format!("{IMPORTS}&dry_run=true");
    let answered = lines(&send(&served, &token, &dry, "application/x-ndjson", &json_lines(0..2)));
    assert_eq!(outcomes(&answered), [("r00000", "accepted"), ("r00001", "accepted")]);
    assert_eq!(answered[2]["import"]["dry_run"], true);
    assert_eq!(number(&office.status(), &["records", "waiting"]), 0);
}

#[test]
fn a_list_that_is_refused_as_a_whole_is_a_problem() {
    let (_office, served, token) = office("import");
    let list = json_lines(0..2);
    for (path, media, list, status, code) in [
        (IMPORTS, "application/json", &*list, 415, "not-a-list"),
        ("/api/v1/imports?source=default", "text/csv", &list, 422, "invalid-value"),
        (&*format!("{IMPORTS}&format=csv"), "text/csv", &list, 422, "invalid-value"),
        (&*format!("{IMPORTS}&update=yes"), "text/csv", &list, 422, "invalid-value"),
        (&*format!("{IMPORTS}&skip_lines=1001"), "text/csv", &list, 422, "invalid-value"),
        ("/api/v1/imports?source=default&profile=none", "text/csv", &list, 404, "no-profile"),
        (IMPORTS, "text/csv", "name,age\nA,1\n", 422, "columns-missing"),
    ] {
        let reply = send(&served, &token, path, media, list);
        assert_eq!((reply.status, &*reply.problem()), (status, code), "{path} {media}");
    }
    let other = served.send("DELETE", "/api/v1/imports", &[("authorization", &token)], "");
    assert_eq!((other.status, &*other.problem()), (405, "method-not-allowed"));
}

#[test]
fn a_list_is_refused_before_it_is_received_without_the_right_to_import_it_and_that_is_on_record() {
    let (_office, served, token) = office("board-read");
    for (token, status, code) in [(&*token, 403, "not-in-scope"), ("Bearer cetak_none", 401, "sign-in-needed")] {
        let mut stream = served.connect();
        let head = format!(
            "POST {IMPORTS} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nauthorization: {token}\r\ncontent-type: text/csv\r\n\
             content-length: 1000000000\r\n\r\n",
            served.address
        );
        stream.write_all(head.as_bytes()).unwrap();
        let reply = reply(&mut stream);
        assert_eq!((reply.status, &*reply.problem()), (status, code));
    }
    let audit = audit(&supervisor(&served));
    assert!(audit.iter().any(|entry| entry["act"] == "act.forbidden" && entry.to_string().contains("import")));
}

#[test]
fn a_list_that_breaks_off_changes_nothing_and_one_whose_client_hangs_up_during_the_answer_is_imported() {
    let (office, served, token) = office("import");
    let list = json_lines(0..4_000);
    let sent = |length: usize, part: &str| {
        let mut stream = served.connect();
        let head = format!(
            "POST {IMPORTS} HTTP/1.1\r\nhost: {}\r\nauthorization: {token}\r\ncontent-type: application/x-ndjson\r\n\
             content-length: {length}\r\n\r\n{part}",
            served.address
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    let broken_off = sent(list.len(), &list[..list.len() - 7]);
    broken_off.shutdown(Shutdown::Write).unwrap();
    let mut broken_off = broken_off;
    let reply = reply(&mut broken_off);
    assert_eq!((reply.status, &*reply.problem()), (400, "body-cut"));
    assert_eq!(number(&office.status(), &["records", "waiting"]), 0);

    let mut hung_up = sent(list.len(), &list);
    hung_up.read_exact(&mut [0; 12]).unwrap();
    drop(hung_up);
    wait_until("the list is imported", 60, || number(&office.status(), &["records", "waiting"]) == 4_000);
}
