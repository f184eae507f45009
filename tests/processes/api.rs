//! Tests P8 and P9 over HTTP: who may, does, with a session or a token, and everything else is refused and on record.

use serde_json::{Value, json};

use crate::{
    http::Served,
    office::{Office, number},
    people,
    person::{Person, add, add_with_role, audit, password, post, with_supervisor},
};

/// An office with three students and ten blanks, whose printing is paused, and its server.
fn office() -> (Office, Served) {
    let office = Office::new();
    office.import("student", &people::students(0..3));
    office.receive("student", 10);
    let served = Served::new(&office);
    (office, served)
}

#[test]
fn a_person_signs_in_acts_and_signs_out() {
    let (office, served) = office();
    let (_, sri) = with_supervisor(&office, &served);
    let me = sri.get("/session").json();
    assert_eq!((&me["name"], &me["roles"]), (&json!("sri"), &json!(["supervisor"])));

    assert_eq!(sri.post("/records/default/r00000/hold", &json!({ "note": "asked for" })).status, 204);
    assert_eq!(sri.get("/records/default/r00000").json()["state"], "held");
    let again = sri.post("/records/default/r00000/hold", &json!({ "note": "asked for" }));
    assert_eq!((again.status, &*again.problem()), (409, "record-state"));

    assert_eq!(sri.send("DELETE", "/session", &Value::Null).status, 204);
    for reply in [sri.get("/board"), sri.post("/queue/resume", &json!({ "note": "x" }))] {
        assert_eq!((reply.status, &*reply.problem()), (401, "sign-in-needed"));
    }
    let sri = Person::sign_in(&served, "sri");
    let by = audit(&sri).into_iter().find(|entry| entry["act"] == "record.held").unwrap();
    assert!(by.to_string().contains("sri") && by.to_string().contains("session"), "{by}");
}

#[test]
fn a_wrong_password_and_an_unknown_name_are_one_refusal_and_are_counted() {
    let (office, served) = office();
    with_supervisor(&office, &served);
    for (name, typed) in [("sri", "another password"), ("nobody", "another password"), ("", "")] {
        let reply = post(&served, "/api/v1/session", &json!({ "name": name, "password": typed }));
        assert_eq!((reply.status, &*reply.problem()), (401, "sign-in"), "{name}");
        assert!(!reply.headers.contains_key("set-cookie"));
    }
    assert_eq!(served.get("/api/v1/board").status, 401);
    served.running.ask_to_stop();
    assert_eq!(served.running.ended(60).code, Some(0));
    let served = Served::new(&office);
    let sri = Person::sign_in(&served, "sri");
    let unproved: Vec<Value> = audit(&sri).into_iter().filter(|entry| entry["act"] == "request.unproved").collect();
    assert_eq!(unproved.len(), 1, "one row for the address and the minute: {unproved:?}");
    assert!(unproved[0].to_string().contains("127.0.0.1") && unproved[0].to_string().contains('4'), "{unproved:?}");
}

#[test]
fn a_wrong_password_at_a_confirmation_is_on_record() {
    let (office, served) = office();
    let (root, sri) = with_supervisor(&office, &served);
    add(&served, &root, "siti");
    let asked = root.post("/accounts/siti/roles/requests", &json!({ "role": "operator", "note": "from May" }));
    let confirmation = format!("{}/confirmation", asked.headers["location"].strip_prefix("/api/v1").unwrap());

    let reply = sri.post(&confirmation, &json!({ "password": "another password" }));

    assert_eq!((reply.status, &*reply.problem()), (401, "sign-in"));
    served.running.ask_to_stop();
    assert_eq!(served.running.ended(60).code, Some(0));
    let served = Served::new(&office);
    let sri = Person::sign_in(&served, "sri");
    let unproved: Vec<Value> = audit(&sri).into_iter().filter(|entry| entry["act"] == "request.unproved").collect();
    let [entry] = &unproved[..] else { panic!("{unproved:?}") };
    assert_eq!((&entry["subject"], &entry["details"]["count"]), (&json!("address 127.0.0.1"), &json!("1")));
    sri.done(&confirmation, &json!({ "password": password("sri") }));
}

#[test]
fn another_page_can_send_nothing_in_the_name_of_a_session() {
    let (office, served) = office();
    let (_, sri) = with_supervisor(&office, &served);
    let own = format!("http://{}", served.address);
    let pause = json!({ "scope": "queue", "note": "end of day" }).to_string();
    for (csrf, origin) in [
        (None, Some(&*own)),
        (Some("0000"), Some(&*own)),
        (Some(&*sri.csrf), None),
        (Some(&*sri.csrf), Some("http://example.org")),
        (Some(&*sri.csrf), Some("null")),
    ] {
        let mut headers = vec![("cookie", &*sri.cookie), ("content-type", "application/json")];
        headers.extend(csrf.map(|csrf| ("x-csrf-token", csrf)));
        headers.extend(origin.map(|origin| ("origin", origin)));
        let reply = served.send("POST", "/api/v1/pauses", &headers, &pause);
        assert_eq!((reply.status, &*reply.problem()), (403, "other-page"), "{csrf:?} {origin:?}");
    }
    let signs_in = [("content-type", "application/json"), ("origin", "http://example.org")];
    let body = json!({ "name": "sri", "password": password("sri") }).to_string();
    assert_eq!(served.send("POST", "/api/v1/session", &signs_in, &body).problem(), "other-page");
    assert_eq!(sri.done("/pauses", &json!({ "scope": "queue", "note": "end of day" })), json!(true));
    let twice = format!("{0}; {0}", sri.cookie);
    assert_eq!(served.send("GET", "/api/v1/board", &[("cookie", &twice)], "").status, 401, "one may be planted");
}

#[test]
fn a_request_that_cannot_be_carried_out_says_why_and_does_not_repeat_it() {
    let (office, served) = office();
    let (_, sri) = with_supervisor(&office, &served);
    let origin = format!("http://{}", served.address);
    let raw = |path: &str, media: &str, body: &str| {
        let headers =
            [("cookie", &*sri.cookie), ("x-csrf-token", &*sri.csrf), ("origin", &*origin), ("content-type", media)];
        let reply = served.send("POST", &format!("/api/v1{path}"), &headers, body);
        (reply.status, reply.problem(), reply.body)
    };
    let hold = "/records/default/r00000/hold";
    let large = format!("{{\"note\":\"{}\"}}", "x".repeat(1 << 20));
    let printer = |uri: &str| json!({ "name": "p1", "uri": uri, "profile": "none", "hopper": null }).to_string();
    let objected = format!("{{\"printer\":{},\"note\":\"x\"}}", printer("mock://p1?truth=/srv/cetak.db"));
    let setting = json!({ "printer": "p1", "uri": "mock://p1?truth=/srv/x", "profile": null, "hopper": null });
    let set = json!({ "setting": setting, "note": "x" }).to_string();
    let json = "application/json";
    for (path, media, body, status, code) in [
        (hold, json, "{\"note\":", 400, "body-not-json"),
        (hold, json, "[]", 400, "body-not-json"),
        (hold, "text/plain", "{}", 415, "not-json"),
        (hold, json, &*large, 413, "body-too-large"),
        (hold, json, "{}", 422, "invalid-value"),
        (hold, json, "{\"note\":3372011501800001}", 422, "invalid-value"),
        (hold, json, "{\"note\":\"x\",\"recrod\":\"3372011501800001\"}", 422, "invalid-value"),
        (hold, json, "{\"note\":\"x\",\"record\":{\"source\":\"other\"}}", 422, "invalid-value"),
        ("/records/default/r99/hold", json, "{\"note\":\"x\"}", 404, "no-record"),
        ("/records/de%E2%80%AEfault/r99/hold", json, "{\"note\":\"x\"}", 404, "no-record"),
        ("/records/%FF/r99/hold", json, "{\"note\":\"x\"}", 400, "url-unreadable"),
        ("/batches/many/cancel", json, "{\"note\":\"x\"}", 422, "invalid-value"),
        ("/records/search", json, "{\"identifier\":\"3372011501800001\"}", 404, "no-person"),
        ("/database/backups", json, "{\"file\":\"/srv/x.db\"}", 422, "invalid-value"),
        ("/database/backups", json, "{\"file\":\"../x.db\"}", 422, "invalid-value"),
        ("/printers", json, &*printer("ipp://127.0.0.1:9/ipp/print"), 404, "no-profile"),
        ("/printers", json, &*printer("mock://p1?truth=/srv/cetak.db"), 422, "invalid-value"),
        ("/printers", json, &*printer("MOCK:p1?truth=/srv/cetak.db"), 422, "invalid-value"),
        ("/objected-printers/requests", json, &*objected, 422, "invalid-value"),
        ("/objected-printer-settings", json, &*set, 422, "invalid-value"),
    ] {
        let (found, problem, body) = raw(path, media, body);
        assert_eq!((found, &*problem), (status, code), "{path}: {body}");
        assert!(!body.contains("3372011501800001") && !body.contains('\u{202e}'), "{body}");
    }
    let unknown = sri.get("/records?stat=held");
    assert_eq!((unknown.status, &*unknown.problem()), (422, "invalid-value"));
    assert_eq!(sri.get("/records?limit=201").status, 422);
}

#[test]
fn a_list_names_its_next_page() {
    let (office, served) = office();
    let (_, sri) = with_supervisor(&office, &served);
    let (mut path, mut seen) = ("/records?limit=2&profile=student".to_owned(), 0);
    loop {
        let page = sri.get(&path);
        seen += page.json()["items"].as_array().unwrap().len();
        let Some(link) = page.headers.get("link") else { break };
        path = link.trim_start_matches("</api/v1").split('>').next().unwrap().to_owned();
        assert!(path.contains("limit=2") && path.contains("profile=student"), "{path}");
    }
    assert_eq!(seen, 3);
}

#[test]
fn an_act_for_two_people_is_asked_for_by_one_account_and_confirmed_by_another_with_its_password() {
    let (office, served) = office();
    let (root, sri) = with_supervisor(&office, &served);
    let siti = add_with_role(&served, (&root, &sri), "Siti", "stock-keeper");
    let lend = json!({ "blank_type": "student", "quantity": 3, "to": "kudus", "document": "BA-2" });
    let alone = siti.post("/stock/loans", &lend);
    assert_eq!((alone.status, &*alone.problem()), (403, "second-person-needed"));

    let asked = siti.post("/stock/loans/requests", &lend);
    let act = asked.headers["location"].strip_prefix("/api/v1").unwrap().to_owned();
    assert_eq!(siti.get(&act).json()["arguments"]["to"], "kudus");
    let confirmation = format!("{act}/confirmation");
    for (person, body, code) in [
        (&sri, json!({}), "password-needed"),
        (&siti, json!({ "password": password("Siti") }), "no-right"),
        (&sri, json!({ "name": "Siti", "password": password("Siti") }), "no-right"),
    ] {
        let reply = person.post(&confirmation, &body);
        assert_eq!((reply.status, &*reply.problem()), (403, code));
    }
    assert_eq!(sri.post(&confirmation, &json!({ "password": "another password" })).status, 401);
    assert_eq!(number(&office.status(), &["blangko", "student", "loan"]), 0);
    sri.done(&confirmation, &json!({ "password": password("sri") }));
    assert_eq!(number(&office.status(), &["blangko", "student", "loan"]), 3);
    let again = sri.post(&confirmation, &json!({ "password": password("sri") }));
    assert_eq!((again.status, &*again.problem()), (409, "act-decided"));

    let asked = siti.post("/stock/loans/requests", &lend);
    let act = asked.headers["location"].strip_prefix("/api/v1").unwrap().to_owned();
    assert_eq!(siti.post(&format!("{act}/take-back"), &Value::Null).status, 204);
    let forbidden = audit(&sri).into_iter().filter(|entry| entry["act"] == "act.forbidden").count();
    assert!(forbidden >= 4, "each refused act is on record: {forbidden}");
    office.done(&["db", "check"]);
}

#[test]
fn a_token_does_what_its_scopes_say_without_a_cookie_and_until_it_is_revoked() {
    let (office, served) = office();
    let (root, sri) = with_supervisor(&office, &served);
    let new = json!({ "name": "wall", "account": "sri", "scopes": ["board-read", "record-hold"], "days": 7 });
    let made = root.done("/tokens", &new);
    let bearer = format!("Bearer {}", made["secret"].as_str().unwrap());
    let with = |method: &str, path: &str, body: &str| {
        let headers = [("authorization", &*bearer), ("content-type", "application/json")];
        served.send(method, &format!("/api/v1{path}"), &headers, body)
    };
    assert_eq!(with("GET", "/board", "").status, 200);
    assert_eq!(with("POST", "/records/default/r00001/hold", "{\"note\":\"by a program\"}").status, 204);
    let release = with("POST", "/records/default/r00001/release", "{\"note\":\"by a program\"}");
    assert_eq!((release.status, &*release.problem()), (403, "not-in-scope"));
    let both = [("authorization", "Bearer cetak_wrong"), ("cookie", &*sri.cookie)];
    assert_eq!(served.send("GET", "/api/v1/board", &both, "").status, 401, "a cookie does not help a wrong token");

    assert_eq!(root.send("DELETE", &format!("/tokens/{}", made["token"]), &Value::Null).status, 204);
    assert_eq!(with("GET", "/board", "").status, 401);
}

#[test]
fn an_act_by_a_token_is_on_record_with_the_token_that_did_it() {
    let (office, served) = office();
    let (root, sri) = with_supervisor(&office, &served);
    let mut tokens = Vec::new();
    for record in ["r00001", "r00002"] {
        let new = json!({ "name": record, "account": "sri", "scopes": ["record-hold"], "days": 7 });
        let made = root.done("/tokens", &new);
        let bearer = format!("Bearer {}", made["secret"].as_str().unwrap());
        let headers = [("authorization", &*bearer), ("content-type", "application/json")];
        let path = format!("/api/v1/records/default/{record}/hold");
        assert_eq!(served.send("POST", &path, &headers, "{\"note\":\"by a program\"}").status, 204);
        tokens.push(made["token"].clone());
    }
    sri.done("/records/default/r00000/hold", &json!({ "note": "asked for" }));

    let held: Vec<Value> = audit(&sri).into_iter().filter(|entry| entry["act"] == "record.held").collect();

    assert!(held.iter().all(|entry| entry["actor"] == "sri") && tokens[0] != tokens[1], "{held:?}");
    let by: Vec<&Value> = held.iter().map(|entry| &entry["token"]).collect();
    assert_eq!(by, [&tokens[0], &tokens[1], &Value::Null]);
    assert_eq!(sri.post("/audit/verification", &json!({ "seal": [] })).status, 200);
}

#[test]
fn an_answer_has_a_tag_by_which_it_is_not_sent_twice_and_an_act_is_done_to_no_other_version() {
    let (office, served) = office();
    let (root, sri) = with_supervisor(&office, &served);
    let origin = format!("http://{}", served.address);
    let send = |method: &str, path: &str, header: (&str, &str), body: &str| {
        let own = [("cookie", &*sri.cookie), ("x-csrf-token", &*sri.csrf), ("origin", &*origin)];
        let headers = [&own[..], &[("content-type", "application/json"), header]].concat();
        served.send(method, &format!("/api/v1{path}"), &headers, body)
    };
    let record = "/records/default/r00000";
    let tag = sri.get(record).headers["etag"].clone();
    assert!(tag.len() == 34 && tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    let known = send("GET", record, ("if-none-match", &tag), "");
    assert_eq!((known.status, &*known.body, &known.headers["etag"]), (304, "", &tag));
    assert_ne!(sri.get("/records/default/r00001").headers["etag"], tag);

    let hold = format!("{record}/hold");
    let (note, release) = ("{\"note\":\"asked for\"}", format!("{record}/release"));
    assert_eq!(send("POST", &hold, ("if-match", "\"0\""), note).problem(), "other-version");
    assert_eq!(send("POST", &hold, ("if-match", &format!("W/{tag}")), note).status, 412, "a weak tag proves nothing");
    for unreadable in ["", "0", tag.trim_matches('"')] {
        let refused = send("POST", &hold, ("if-match", unreadable), note);
        assert_eq!((refused.status, &*refused.problem()), (400, "if-match-unreadable"), "{unreadable}");
    }
    assert_eq!(send("POST", &hold, ("if-match", &format!("\"0\", {tag}")), note).status, 204);
    assert_eq!(send("POST", &release, ("if-match", &tag), note).status, 412, "it is held since");
    let seen = send("GET", record, ("if-none-match", &tag), "");
    assert_eq!((seen.status, &seen.json()["state"]), (200, &json!("held")));
    assert_eq!(send("POST", &release, ("if-match", &seen.headers["etag"]), note).status, 204);
    let queue = send("POST", "/queue/resume", ("if-match", &tag), note);
    assert_eq!((queue.status, &*queue.problem()), (412, "no-version"));

    add(&served, &root, "Siti");
    let role = json!({ "role": "operator", "note": "from May" });
    let asked = root.post("/accounts/Siti/roles/requests", &role).headers["location"].clone();
    let act = asked.strip_prefix("/api/v1").unwrap();
    let tag = sri.get(act).headers["etag"].clone();
    let (confirmation, proof) = (format!("{act}/confirmation"), json!({ "password": password("sri") }).to_string());
    assert_eq!(send("POST", &confirmation, ("if-match", "\"0\""), &proof).problem(), "other-version");
    assert_eq!(send("POST", &confirmation, ("if-match", &tag), &proof).status, 204);
}
