//! Tests `cetak serve` over real HTTP: it prints as `cetak run` does, and its server bears what clients send.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
};

use serde_json::json;

use crate::{
    http::{Served, reply},
    office::{Office, number},
    people, wait_until,
};

/// An office with a few students and blanks for them.
fn office() -> Office {
    let office = Office::new();
    office.import("student", &people::students(0..3));
    office.receive("student", 3);
    office
}

/// Whether a connection ends, or is reset, without a byte.
fn is_closed(mut stream: TcpStream) -> bool {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    bytes.is_empty()
}

#[test]
fn the_server_prints_as_the_scheduler_does_and_says_that_it_is_alive_and_ready() {
    let office = office();
    office.add_mock("p1", "student", "");
    let served = Served::new(&office);

    assert_eq!(served.get("/healthz").json(), json!({ "alive": true }));
    let ready = served.get("/readyz");
    assert_eq!((ready.status, ready.json()["ready"].clone()), (200, json!(true)), "{ready:?}");
    wait_until("all cards are printed", 60, || office.truth("p1").len() == 3);

    served.running.ask_to_stop();
    let ended = served.running.ended(60);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(number(&office.status(), &["records", "printed"]), 3);
    let second = office.run(&["serve", "--listen", "192.0.2.1:80"]);
    assert!(second.code == Some(1) && second.stderr.contains("in the clear"), "{second:?}");
}

#[test]
fn a_second_scheduler_on_the_same_folder_is_refused() {
    let office = office();
    let served = Served::new(&office);
    let second = office.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(second.code == Some(1) && !second.stderr.contains("listening"), "{second:?}");
    let taken = Office::new();
    taken.done(&["init"]);
    let refused = taken.run(&["serve", "--listen", &served.address]);
    assert!(refused.code == Some(1) && refused.stderr.contains(&served.address), "{refused:?}");
}

#[test]
fn every_answer_is_for_its_client_alone_and_every_refusal_is_a_problem() {
    let office = office();
    let served = Served::new(&office);
    let long = format!("/api/v1/batches/{}", "7".repeat(40));
    for (method, path, body, status, code) in [
        ("GET", "/nothing", "", 404, "no-such-address"),
        ("GET", "/api/v1/nothing", "", 404, "no-such-address"),
        ("PUT", "/api/v1/records", "", 405, "method-not-allowed"),
        ("OPTIONS", "/healthz", "", 405, "method-not-allowed"),
        ("GET", "/api/v1/board", "", 401, "sign-in-needed"),
        ("POST", "/api/v1/pauses", "{", 401, "sign-in-needed"),
        ("GET", &*long, "", 401, "sign-in-needed"),
    ] {
        let reply = served.send(method, path, &[], body);
        assert_eq!((reply.status, &*reply.problem()), (status, code), "{method} {path}");
        for (header, value) in [
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ] {
            assert_eq!(reply.headers.get(header).map(String::as_str), Some(value), "{method} {path}");
        }
        assert_eq!(reply.headers.contains_key("www-authenticate"), status == 401);
        assert_eq!(reply.headers.contains_key("allow"), status == 405, "{reply:?}");
    }
}

#[test]
fn what_is_no_request_ends_its_connection_and_the_server_goes_on() {
    let office = office();
    let served = Served::new(&office);
    for text in [
        "\r\n\r\nnonsense\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "\u{16}\u{3}\u{1}",
        "GET /\0 HTTP/1.1\r\nhost: x\r\n\r\n",
    ] {
        let mut stream = served.connect();
        stream.write_all(text.as_bytes()).unwrap();
        // A server that has seen enough may have reset the connection.
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"), "{text:?}: {answer:?}");
    }
    let many = "x: y\r\n".repeat(200);
    let large = format!("x: {}\r\n", "y".repeat(100_000));
    for headers in [many, large] {
        let mut stream = served.connect();
        let _ = stream.write_all(format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{headers}\r\n").as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
    }
    assert_eq!(served.get("/healthz").status, 200);
}

#[test]
fn a_client_that_sends_no_request_loses_its_connection_and_others_are_answered_meanwhile() {
    let office = office();
    let served = Served::new(&office);
    let (silent, mut slow) = (served.connect(), served.connect());
    slow.write_all(b"GET /healthz HTTP/1.1\r\nhost").unwrap();
    assert_eq!(served.get("/healthz").status, 200);
    assert!(is_closed(silent) && is_closed(slow));
}

#[test]
fn connections_above_the_limit_are_closed_and_others_are_answered_when_one_ends() {
    let mut office = office();
    office.run_through(&["sh", "-c", "ulimit -n 120; exec \"$0\" \"$@\""]);
    let served = Served::new(&office);
    let kept: Vec<TcpStream> = (0..100).map(|_| served.connect()).collect();
    let mut refused = served.connect();
    let _ = refused.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert!(is_closed(refused), "above the limit");
    drop(kept);
    wait_until("a connection is free", 60, || {
        let mut stream = served.connect();
        let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        answer.starts_with(b"HTTP/1.1 200")
    });
}

#[test]
fn http_2_is_spoken_to_clients_that_begin_with_it() {
    let office = office();
    let served = Served::new(&office);
    let mut stream = served.connect();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
    stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).unwrap(); // SETTINGS
    // GET, http, a path and an authority, by the static table of HPACK.
    let block: &[u8] = b"\x82\x86\x44\x08/healthz\x41\x09localhost";
    let length = u8::try_from(block.len()).unwrap();
    stream.write_all(&[&[0, 0, length, 1, 5, 0, 0, 0, 1], block].concat()).unwrap(); // HEADERS, the end of the stream
    let mut frame = [0; 9];
    loop {
        stream.read_exact(&mut frame).unwrap();
        let mut payload = vec![0; (usize::from(frame[1]) << 8) | usize::from(frame[2])];
        stream.read_exact(&mut payload).unwrap();
        if frame[3] == 1 {
            assert_eq!(payload[0], 0x88, "status 200 of the static table");
            break;
        }
    }
}

#[test]
fn a_request_that_began_before_the_end_is_answered_and_no_other_begins() {
    let office = office();
    let served = Served::new(&office);
    let body = r#"{"name":"siti","password":"not hers at all"}"#;
    let mut kept = served.connect();
    let head = format!(
        "POST /api/v1/session HTTP/1.1\r\nhost: x\r\norigin: http://x\r\ncontent-type: application/json\r\n\
         expect: 100-continue\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    kept.write_all(head.as_bytes()).unwrap();
    // The server reads the request, and waits for its body.
    let mut go_on = [0; 25];
    kept.read_exact(&mut go_on).unwrap();
    assert_eq!(go_on, *b"HTTP/1.1 100 Continue\r\n\r\n");
    served.running.ask_to_stop();
    wait_until("the server accepts no connection", 60, || TcpStream::connect(&served.address).is_err());
    kept.write_all(body.as_bytes()).unwrap();
    assert_eq!(reply(&mut kept).status, 401);
    assert_eq!(served.running.ended(60).code, Some(0));
}

#[test]
fn a_database_that_is_away_is_told_to_those_who_watch() {
    let office = office();
    let served = Served::new(&office);
    assert_eq!(served.get("/readyz").status, 200);
    std::fs::rename(office.data().join("cetak.db"), office.file("elsewhere")).unwrap();
    let mut last = served.get("/readyz");
    wait_until("the server is not ready", 60, || {
        last = served.get("/readyz");
        last.status == 503
    });
    assert_eq!(last.json()["ready"], json!(false), "{last:?}");
    assert_eq!(served.get("/healthz").status, 200);
}
