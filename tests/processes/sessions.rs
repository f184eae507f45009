//! Tests what an attacker may try with sessions and tokens over HTTP.

use serde_json::{Value, json};

use crate::{
    http::Served,
    office::Office,
    people,
    person::{Person, audit, password, post, with_supervisor},
};

fn office() -> (Office, Served) {
    let office = Office::new();
    office.import("student", &people::students(0..3));
    let served = Served::new(&office);
    (office, served)
}

fn board(served: &Served, headers: &[(&str, &str)]) -> u16 {
    served.send("GET", "/api/v1/board", headers, "").status
}

#[test]
fn a_cookie_that_was_planted_before_a_person_signs_in_is_not_the_one_of_the_session() {
    let (office, served) = office();
    let (root, _) = with_supervisor(&office, &served);
    let body = json!({ "name": "sri", "password": password("sri") }).to_string();
    let mut seen = vec![root.cookie.clone()];
    // One that was never given out, and the one of the attacker's own session.
    for planted in [format!("cetak-plain={}", "a".repeat(64)), root.cookie.clone()] {
        let headers = [("cookie", &*planted), ("content-type", "application/json")];
        let reply = served.send("POST", "/api/v1/session", &headers, &body);
        assert_eq!(reply.status, 200, "{reply:?}");
        let cookie = reply.headers["set-cookie"].split(';').next().unwrap().to_owned();
        assert!(!seen.contains(&cookie) && cookie != planted, "a new secret at each sign-in");
        let who = served.send("GET", "/api/v1/session", &[("cookie", &cookie)], "").json();
        assert_eq!(who["name"], "sri");
        seen.push(cookie);
    }
    assert_eq!(root.get("/session").json()["name"], "root", "the attacker's session stays the attacker's");
    assert_eq!(board(&served, &[("cookie", &format!("cetak-plain={}", "a".repeat(64)))]), 401);
}

#[test]
fn a_cookie_does_nothing_after_the_session_was_ended_the_password_changed_or_the_account_reset_or_disabled() {
    let (office, served) = office();
    let (root, sri) = with_supervisor(&office, &served);
    let in_session = |person: &Person<'_>| person.get("/board").status;

    let second = Person::sign_in(&served, "sri");
    assert_eq!(second.send("DELETE", "/session", &Value::Null).status, 204);
    assert_eq!((in_session(&second), in_session(&sri)), (401, 200), "the other session goes on");

    let changed = json!({ "name": "sri", "password": password("sri"), "new_password": "another one of hers" });
    assert_eq!(post(&served, "/api/v1/session/password", &changed).status, 204);
    assert_eq!(in_session(&sri), 401, "a new password ends the sessions of the old one");
    let old = json!({ "name": "sri", "password": password("sri") });
    assert_eq!(post(&served, "/api/v1/session", &old).status, 401);
    let back = json!({ "name": "sri", "password": "another one of hers", "new_password": password("sri") });
    assert_eq!(post(&served, "/api/v1/session/password", &back).status, 204);

    let sri = Person::sign_in(&served, "sri");
    root.done("/accounts/sri/reset", &json!({ "note": "she forgot it" }));
    assert_eq!(in_session(&sri), 401);

    let added = root.done("/accounts", &json!({ "name": "tono" }));
    let gone = json!({ "name": "tono", "password": added["one_time"]["password"] });
    assert_eq!(post(&served, "/api/v1/session", &gone).status, 200);
    root.done("/accounts/tono/disable", &json!({ "note": "he left" }));
    assert_eq!(post(&served, "/api/v1/session", &gone).status, 401);
}

#[test]
fn a_session_is_in_its_cookie_and_a_token_in_its_header_and_neither_is_taken_from_elsewhere() {
    let (office, served) = office();
    let (root, sri) = with_supervisor(&office, &served);
    let new = json!({ "name": "wall", "account": "sri", "scopes": ["board-read"], "days": 7 });
    let made = root.done("/tokens", &new);
    let token = made["secret"].as_str().unwrap();
    let session = sri.cookie.split_once('=').unwrap().1;
    assert_eq!(board(&served, &[("authorization", &format!("bearer {token}"))]), 200);
    assert_eq!(board(&served, &[("cookie", &format!("theme=dark; {}", sri.cookie))]), 200);
    for headers in [
        ("authorization", format!("Basic {token}")),
        ("authorization", token.to_owned()),
        ("authorization", format!("Bearer {session}")),
        ("authorization", format!("Bearer {token}x")),
        ("authorization", format!("Bearer {}", token.to_uppercase())),
        ("authorization", format!("Bearer {}", &token[..token.len() - 1])),
        ("cookie", format!("cetak-plain={token}")),
        ("cookie", format!("__Host-cetak={session}")),
        ("cookie", format!("CETAK-PLAIN={session}")),
        ("x-authorization", format!("Bearer {token}")),
    ] {
        assert_eq!(board(&served, &[(headers.0, &headers.1)]), 401, "{headers:?}");
    }
    for path in [format!("/api/v1/board?token={token}"), format!("/api/v1/board?access_token={token}")] {
        assert_eq!(served.get(&path).status, 401);
    }
    let messages = served.running.messages();
    assert!(!messages.contains(token) && !messages.contains(session), "no secret reaches the log");
}

#[test]
fn what_a_client_says_of_a_proxy_is_not_believed() {
    let (office, served) = office();
    drop(with_supervisor(&office, &served));
    let forged = [
        ("x-forwarded-for", "203.0.113.7"),
        ("forwarded", "for=203.0.113.7"),
        ("x-real-ip", "203.0.113.7"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "example.org"),
        ("content-type", "application/json"),
    ];
    let body = json!({ "name": "sri", "password": password("sri") }).to_string();
    let cookie = served.send("POST", "/api/v1/session", &forged, &body).headers["set-cookie"].clone();
    assert!(cookie.starts_with("cetak-plain=") && !cookie.contains("Secure"), "the connection is plain HTTP: {cookie}");
    let wrong = json!({ "name": "sri", "password": "not hers at all" }).to_string();
    assert_eq!(served.send("POST", "/api/v1/session", &forged, &wrong).status, 401);
    let from_elsewhere = [("origin", "http://example.org"), forged[4], forged[5]];
    assert_eq!(served.send("POST", "/api/v1/session", &from_elsewhere, &body).problem(), "other-page");
    served.running.ask_to_stop();
    assert_eq!(served.running.ended(60).code, Some(0));
    let served = Served::new(&office);
    let audit = audit(&Person::sign_in(&served, "sri"));
    let unproved = audit.iter().find(|entry| entry["act"] == "request.unproved").unwrap().to_string();
    assert!(unproved.contains("127.0.0.1") && !unproved.contains("203.0.113.7"), "{unproved}");
}

#[test]
fn the_cookie_of_a_session_is_for_this_server_and_no_script_and_it_ends() {
    let (office, served) = office();
    drop(with_supervisor(&office, &served));
    let reply = post(&served, "/api/v1/session", &json!({ "name": "sri", "password": password("sri") }));
    let cookie = &reply.headers["set-cookie"];
    for flag in ["; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(cookie.contains(flag), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    assert!(
        !reply.body.contains(cookie.split(['=', ';']).nth(1).unwrap()),
        "no script reads the secret from the answer"
    );
    let (name, _) = cookie.split_once('=').unwrap();
    let csrf = reply.json()["csrf"].as_str().unwrap().to_owned();
    let origin = format!("http://{}", served.address);
    let headers = [("cookie", cookie.split(';').next().unwrap()), ("x-csrf-token", &csrf), ("origin", &origin)];
    let ended = served.send("DELETE", "/api/v1/session", &headers, "");
    let removed = &ended.headers["set-cookie"];
    assert!(removed.starts_with(&format!("{name}=;")) && removed.contains("Max-Age=0"), "{removed}");
}
