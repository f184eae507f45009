//! Tests what programs stumble over: methods, addresses, parameters, cursors and bodies that are nearly right. On PostgreSQL, which takes
//! less as a text than `SQLite` does.

use serde_json::json;

use crate::{
    cluster::Cluster,
    http::{Reply, Served},
    person::{Person, post, with_supervisor},
    postgres::Postgres,
};

fn office() -> (Cluster, Served) {
    let cluster = Cluster::new(Postgres::start(), 3, 10);
    let served = Served::new(&cluster.office);
    (cluster, served)
}

/// Sends a body with more headers.
fn sent(sri: &Person<'_>, served: &Served, path: &str, header: (&str, &str), body: &str) -> Reply {
    let origin = format!("http://{}", served.address);
    let own = [("cookie", &*sri.cookie), ("x-csrf-token", &*sri.csrf), ("origin", &*origin), header];
    served.send("POST", &format!("/api/v1{path}"), &own, body)
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn an_address_knows_its_methods_and_its_parameters_and_has_no_slash_at_its_end() {
    let (cluster, served) = office();
    let (_, sri) = with_supervisor(&cluster.office, &served);
    let board = sri.get("/board");
    let head = sri.asks("HEAD", "/api/v1/board", "");
    assert_eq!((head.status, &*head.body), (200, ""));
    assert_eq!(head.headers["content-type"], board.headers["content-type"]);
    for (method, path, allowed) in [
        ("OPTIONS", "/board", "GET,HEAD"),
        ("POST", "/board", "GET,HEAD"),
        ("HEAD", "/pauses", "POST"),
        ("GET", "/records/search", "POST"),
        ("PUT", "/printers/p1", "GET,HEAD,PATCH,DELETE"),
    ] {
        let refused = sri.asks(method, &format!("/api/v1{path}"), "");
        let mut methods: Vec<&str> = refused.headers["allow"].split(',').map(str::trim).collect();
        let mut expected: Vec<&str> = allowed.split(',').collect();
        methods.sort_unstable();
        expected.sort_unstable();
        assert_eq!((refused.status, methods), (405, expected), "{method} {path}");
    }
    for (path, status, code) in [
        ("/board/", 404, "no-such-address"),
        ("//board", 404, "no-such-address"),
        ("/board?district=x", 422, "invalid-value"),
        ("/events?last_event_id=x", 422, "invalid-value"),
        ("/records?limit=2&limit=3", 422, "invalid-value"),
        ("/records?limit=0", 422, "invalid-value"),
        ("/records?state=nonsense", 422, "invalid-value"),
        ("/records?source=%ff", 400, "url-unreadable"),
        ("/records?source=100%", 400, "url-unreadable"),
        ("/records?source=a%00b", 400, "url-unreadable"),
        ("/records/default/a%00b", 400, "url-unreadable"),
        ("/audit/chains/a%00b", 400, "url-unreadable"),
    ] {
        let refused = sri.get(path);
        assert_eq!((refused.status, &*refused.problem()), (status, code), "{path}");
    }
    let in_address = post(&served, "/api/v1/session?name=sri", &json!({ "password": "x" }));
    assert_eq!((in_address.status, &in_address.json()["args"]["field"]), (422, &json!("name")));
}

#[test]
fn a_cursor_that_no_page_gave_is_refused_or_begins_a_page_and_is_never_an_error_of_the_server() {
    let (cluster, served) = office();
    let (_, sri) = with_supervisor(&cluster.office, &served);
    let lists = ["/records", "/jobs", "/batches", "/acts", "/stock/movements", "/audit/chains/cli"];
    for list in lists {
        let first = sri.get(list);
        assert_eq!(first.status, 200, "{list}: {first:?}");
        for (after, status) in [
            ("-9223372036854775808", 200),
            ("-1", 200),
            ("0", 200),
            ("9223372036854775807", 200),
            ("9223372036854775808", 422),
            ("1e3", 422),
            ("", 422),
            ("x", 422),
        ] {
            let page = sri.get(&format!("{list}?after={after}"));
            assert_eq!(page.status, status, "{list} after {after}: {page:?}");
            if after == "0" {
                assert_eq!(page.json()["items"], first.json()["items"], "{list} from its beginning");
            }
        }
    }
    assert_eq!(sri.get("/stock/movements").json()["items"].as_array().unwrap().len(), 1);
}

#[test]
fn a_body_is_json_in_which_nothing_is_passed_over() {
    let (cluster, served) = office();
    let (_, sri) = with_supervisor(&cluster.office, &served);
    for (header, body, status, code, field) in [
        (JSON, r#"{"scope":"queue"}"#, 422, "invalid-value", Some("/note")),
        (JSON, "", 422, "invalid-value", Some("/scope")),
        (JSON, r#"{"scope":"queue","note":"x","until":"noon"}"#, 422, "invalid-value", Some("/until")),
        (JSON, r#"{"scope":{"printer":"a\u0000b"},"note":"x"}"#, 422, "invalid-value", Some("/scope/printer")),
        (JSON, r#"{"scope":{"printer":"none"},"note":"x"}"#, 404, "no-printer", None),
        (JSON, r#"{"scope":"queue","note":"x","note":"y"}"#, 400, "field-twice", None),
        (JSON, r#"{"scope":"queue","note":"#, 400, "body-not-json", None),
        (("content-type", "application/vnd.api+json"), "{}", 415, "not-json", None),
        (("content-encoding", "gzip"), "{}", 415, "body-encoded", None),
    ] {
        let refused = sent(&sri, &served, "/pauses", header, body);
        assert_eq!((refused.status, &*refused.problem()), (status, code), "{body}: {refused:?}");
        if let Some(field) = field {
            assert_eq!(refused.json()["args"]["field"], field, "{body}");
        }
    }
    let long = "\u{e9}".repeat(500);
    let paused = sent(&sri, &served, "/pauses", JSON, &json!({ "scope": "queue", "note": long }).to_string());
    assert_eq!((paused.status, &*paused.body), (200, "true"), "500 characters, and 1,000 bytes");
    for (path, body) in [
        ("/records/search", json!({ "profile": "student", "identifier": "a\0" })),
        ("/records/search-by-name", json!({ "profile": "a\0", "name": "siti" })),
        ("/session", json!({ "name": "a\0", "password": "x" })),
        ("/session", json!({ "name": "sri", "password": "a\0" })),
    ] {
        let refused = sent(&sri, &served, path, JSON, &body.to_string());
        assert_eq!((refused.status, &*refused.problem()), (422, "invalid-value"), "{path} {body}");
    }
    let list = sent(&sri, &served, "/imports?source=a%00b&profile=student", ("content-type", "text/csv"), "x");
    assert_eq!(list.problem(), "url-unreadable");
    assert_eq!(sri.get("/board").json()["pauses"][0]["reason"], long);
}
