//! Tests that an answer over HTTP is worded in the language of its request, and is the same for programs in each.

use serde_json::{Value, json};

use crate::{
    http::{Reply, Served},
    office::Office,
    people,
    person::{add_with_role, with_supervisor},
};

const INDONESIAN: (&str, &str) = ("accept-language", "id-ID,id;q=0.9,en;q=0.5");

/// A method, a path, headers and a body; the status that they get, and a part of its Indonesian words.
type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a str, u16, &'a str);

/// An office without records, its server, and an API token of an operator.
fn office() -> (Office, Served, String) {
    let office = Office::new();
    office.done(&["init"]);
    let served = Served::new(&office);
    let (root, sri) = with_supervisor(&office, &served);
    add_with_role(&served, (&root, &sri), "budi", "operator");
    let scopes = ["import", "pause", "record-hold", "board-read"];
    let token = root.done("/tokens", &json!({ "account": "budi", "name": "program", "scopes": scopes, "days": 30 }));
    let token = format!("Bearer {}", token["secret"].as_str().unwrap());
    (office, served, token)
}

/// What a problem says to people, taken out of what it says to programs.
fn words(reply: &Reply) -> (Vec<String>, Value) {
    reply.problem();
    let mut problem = reply.json();
    let words = ["title", "detail"].map(|name| problem[name].take().as_str().unwrap().to_owned());
    (words.to_vec(), problem)
}

fn assert_language(reply: &Reply, language: &str) {
    let header = |name: &str| reply.headers.get(name).map(String::as_str);
    assert_eq!((header("content-language"), header("vary")), (Some(language), Some("accept-language")), "{reply:?}");
}

#[test]
fn what_is_not_carried_out_is_worded_in_the_callers_language_with_the_same_code_and_arguments() {
    let (_office, served, token) = office();
    let proved = ("authorization", &*token);
    let large = format!("{{\"note\":\"{}\"}}", "x".repeat(2 << 20));
    let (json, key) = (("content-type", "application/json"), ("idempotency-key", "two words"));
    let cases: [Case; 11] = [
        ("GET", "/api/v1/nothing", &[], "", 404, "tidak ada apa-apa di alamat ini"),
        (
            "PUT",
            "/healthz",
            &[],
            "",
            405,
            "alamat ini tidak mengenal metode itu; metode yang dikenal tercantum di `Allow`",
        ),
        ("GET", "/api/v1/board", &[], "", 401, "permintaan ini tidak memiliki token atau sesi yang berlaku"),
        ("POST", "/api/v1/pauses", &[proved, json], "{", 400, "isi permintaan bukan objek JSON"),
        ("POST", "/api/v1/pauses", &[proved, json, key], "{}", 400, "karakter ASCII yang terlihat"),
        ("POST", "/api/v1/pauses", &[proved, json], &large, 413, "isi permintaan lebih besar daripada yang diterima"),
        ("POST", "/api/v1/pauses", &[proved], "<a>", 415, "isi permintaan harus berupa `application/json`"),
        (
            "POST",
            "/api/v1/pauses",
            &[proved, json],
            r#"{"scope":"queue","note":" "}"#,
            422,
            "`note`: tidak boleh kosong",
        ),
        ("GET", "/api/v1/batches/7", &[proved], "", 404, "tidak ada kelompok cetak 7"),
        (
            "POST",
            "/api/v1/queue/resume",
            &[proved, json],
            r#"{"note":"x"}"#,
            403,
            "tidak termasuk cakupan token API ini",
        ),
        (
            "POST",
            "/api/v1/records/default/r7/hold",
            &[proved, json],
            r#"{"note":"asked"}"#,
            404,
            "sumber `default` tidak memiliki permohonan `r7`",
        ),
    ];
    for (method, path, headers, body, status, detail) in cases {
        let english = served.send(method, path, headers, body);
        let indonesian = served.send(method, path, &[headers, &[INDONESIAN]].concat(), body);
        assert_eq!((english.status, indonesian.status), (status, status), "{path}: {english:?}");
        assert_language(&english, "en");
        assert_language(&indonesian, "id");
        let ((english, of_english), (indonesian, of_indonesian)) = (words(&english), words(&indonesian));
        assert_eq!(of_english, of_indonesian, "{path}");
        assert!(english[0] != indonesian[0] && english[1] != indonesian[1], "{english:?}, {indonesian:?}");
        assert!(indonesian[1].contains(detail), "{path}: {indonesian:?}");
    }
    for accept in ["de", &"x-".repeat(6_000), "id;q=7", "id;q=0", &"id;q=2,".repeat(1_000)] {
        let reply = served.send("GET", "/api/v1/nothing", &[("accept-language", accept)], "");
        assert_language(&reply, "en");
        assert_eq!(reply.json()["detail"], "there is nothing at this address");
    }
}

#[test]
fn a_refused_row_of_a_list_is_told_in_the_callers_language() {
    let (_office, served, token) = office();
    let list = people::students(0..2).replace("S000001", "");
    let send = |more: &[(&str, &str)]| {
        let headers = [&[("authorization", &*token), ("content-type", "text/csv")], more].concat();
        let path = "/api/v1/imports?source=default&profile=student&dry_run=true";
        let reply = served.send("POST", path, &headers, &list);
        assert_eq!(reply.status, 200, "{reply:?}");
        reply
    };
    let (english, indonesian) = (send(&[]), send(&[INDONESIAN]));
    assert_language(&english, "en");
    assert_language(&indonesian, "id");
    let codes = |reply: &Reply| reply.body.matches(r#""field":"student_number","reason":"#).count();
    assert_eq!((codes(&english), codes(&indonesian)), (1, 1), "{english:?}");
    assert!(english.body.contains(r#""detail":"missing""#), "{english:?}");
    assert!(indonesian.body.contains(r#""detail":"tidak ada""#), "{indonesian:?}");
}

#[test]
fn a_request_that_is_sent_again_in_another_language_has_the_same_answer_and_a_refusal_has_its_words() {
    let (_office, served, token) = office();
    let send = |path: &str, key: &str, more: &[(&str, &str)], body: &Value| {
        let own = [("authorization", &*token), ("content-type", "application/json"), ("idempotency-key", key)];
        served.send("POST", &format!("/api/v1{path}"), &[&own, more].concat(), &body.to_string())
    };
    let pause = json!({ "scope": "queue", "note": "end of day" });
    let (first, again) = (send("/pauses", "k1", &[], &pause), send("/pauses", "k1", &[INDONESIAN], &pause));
    assert!(first.status < 300, "{first:?}");
    assert_eq!((first.status, &first.body), (again.status, &again.body));

    let other = json!({ "scope": "queue", "note": "another" });
    let conflict = send("/pauses", "k1", &[INDONESIAN], &other);
    assert_eq!((conflict.status, &*conflict.problem()), (422, "idempotency-key-reused"));
    assert_language(&conflict, "id");

    let hold = json!({ "note": "asked" });
    let refused = ["en", "id"].map(|language| {
        let reply = send("/records/default/r7/hold", "k2", &[("accept-language", language)], &hold);
        assert_language(&reply, language);
        words(&reply).0
    });
    assert_ne!(refused[0], refused[1]);
}
