//! Tests that clients of the HTTP server cannot take its memory, its connections or the requests of others, and that nothing of theirs
//! reaches the log as it is.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::json;
use tokio::net::TcpSocket;

use crate::{
    http::Served,
    office::Office,
    people,
    person::{Person, password, with_supervisor},
};

/// The most memory that attacks may add, MiB.
const MEMORY_MAX: f64 = 40.0;

fn office() -> (Office, Served) {
    let office = Office::new();
    office.import("student", &people::students(0..3));
    let served = Served::new(&office);
    (office, served)
}

/// The peak of resident memory of the server, MiB.
fn memory(served: &Served) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", served.running.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1_024.0
}

/// Sends bytes on a connection of its own, and returns everything that is answered until the connection ends.
fn answered(served: &Served, bytes: &[u8]) -> String {
    let mut stream = served.connect();
    // A server that has seen enough may have reset the connection.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn statuses(answer: &str) -> Vec<&str> {
    answer.lines().filter_map(|line| line.strip_prefix("HTTP/1.1 ")?.split(' ').next()).collect()
}

/// A connection from another address of this machine.
fn connect_from(address: &str, served: &Served) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stream = runtime.block_on(async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(address.parse().unwrap(), 0)).unwrap();
        socket.connect(served.address.parse().unwrap()).await.unwrap().into_std().unwrap()
    });
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    stream
}

fn is_served(mut stream: TcpStream) -> bool {
    let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer.starts_with(b"HTTP/1.1 200")
}

#[test]
fn five_thousand_idle_connections_of_one_address_take_little_memory_and_none_of_the_connections_of_others() {
    let (_office, served) = office();
    let before = memory(&served);
    let mut kept = Vec::new();
    for _ in 0..5_000 {
        let stream = connect_from("127.0.0.2", &served);
        if kept.len() < 400 {
            kept.push(stream);
        }
    }
    assert!(!is_served(connect_from("127.0.0.2", &served)), "it has its share");
    assert!(is_served(served.connect()) && is_served(connect_from("127.0.0.3", &served)));
    let added = memory(&served) - before;
    assert!(added < MEMORY_MAX, "{added} MiB");
    assert!(kept.into_iter().filter_map(|stream| stream.peer_addr().ok()).count() > 0);
}

#[test]
fn a_request_whose_end_is_doubtful_is_not_followed_by_another_on_its_connection() {
    let (_office, served) = office();
    let inner = "GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    for (what, head, body) in [
        ("two lengths", "content-length: 0\r\ncontent-length: 5\r\n", inner.to_owned()),
        ("two lengths in one header", "content-length: 0, 5\r\n", inner.to_owned()),
        ("a length with a sign", "content-length: +0\r\n", inner.to_owned()),
        ("a negative length", "content-length: -1\r\n", inner.to_owned()),
        ("a length above all numbers", "content-length: 99999999999999999999999\r\n", inner.to_owned()),
        ("an unknown coding", "transfer-encoding: xchunked\r\n", format!("0\r\n\r\n{inner}")),
        ("a coding after the last one", "transfer-encoding: chunked, identity\r\n", format!("0\r\n\r\n{inner}")),
        ("a blank before the colon", "content-length : 0\r\n", inner.to_owned()),
        ("a folded header", "x: a\r\n content-length: 0\r\n", inner.to_owned()),
        ("a size that is no number", "transfer-encoding: chunked\r\n", format!("g\r\n\r\n{inner}")),
        ("a size above all numbers", "transfer-encoding: chunked\r\n", format!("fffffffffffffffff\r\n{inner}")),
        ("a line end without CR in a name", "x\n: a\r\n", inner.to_owned()),
    ] {
        let answer = answered(&served, format!("POST /healthz HTTP/1.1\r\nhost: x\r\n{head}\r\n{body}").as_bytes());
        let statuses = statuses(&answer);
        assert!(statuses.len() <= 1, "{what}: {answer}");
        assert!(statuses.iter().all(|status| status.starts_with('4')), "{what}: {answer}");
    }
    assert!(is_served(served.connect()));
}

#[test]
fn paths_and_headers_lead_nowhere_else_and_are_not_in_the_answer() {
    let (office, served) = office();
    let (_, sri) = with_supervisor(&office, &served);
    for path in [
        "/../../etc/passwd",
        "/api/v1/../../etc/passwd",
        "/api/v1/%2e%2e/%2e%2e/etc/passwd",
        "/api/v1//board",
        "/API/V1/board",
        "/api/v1/board/",
        "/api/v1/board%0d%0aset-cookie:%20x=y",
        "//example.org/api/v1/board",
    ] {
        let reply = sri.raw(path);
        assert_eq!(reply.status, 404, "{path}: {reply:?}");
        assert!(!reply.headers.contains_key("set-cookie") && !reply.body.contains("passwd"), "{path}: {reply:?}");
    }
    assert_eq!(sri.raw("/api/v1/board%00").problem(), "url-unreadable");
    let injected = sri.raw("/api/v1/records?limit=2%0d%0aset-cookie:%20x=y");
    assert!(injected.status == 422 && !injected.headers.contains_key("set-cookie"), "{injected:?}");
    let next = sri.raw("/api/v1/records?limit=1&state=waiting%0d%0a%3e%3b");
    assert!(next.status >= 400 && !next.headers.contains_key("link"), "{next:?}");
    let host =
        answered(&served, b"GET /api/v1/board HTTP/1.1\r\nhost: evil\x1b[31m.example\r\nconnection: close\r\n\r\n");
    assert!(!host.contains('\u{1b}'), "{host}");
}

#[test]
fn deep_large_and_broken_bodies_are_refused_in_bounded_memory_and_nothing_of_them_is_in_the_log() {
    let (office, served) = office();
    let (_, sri) = with_supervisor(&office, &served);
    let before = memory(&served);
    let path = "/records/default/r00000/hold";
    let deep = format!("{{\"note\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000));
    let objects = format!("{}1{}", "{\"note\":".repeat(100_000), "}".repeat(100_000));
    let many = format!("{{{}\"note\":\"x\"}}", "\"a\":1,".repeat(150_000));
    let secret = "\u{1b}]0;SECRET-OF-A-CLIENT\u{7}";
    for body in [deep, objects, many, format!("{{\"note\":\"{secret}\",\"{secret}\":1}}"), format!("{secret}{{")] {
        let reply = sri.sends(path, body.as_bytes());
        assert!((400..500).contains(&reply.status), "{reply:?}");
        assert!(!reply.body.contains('\u{1b}'), "{reply:?}");
    }
    for bytes in
        [&b"{\"note\":\"\xff\xfe\"}"[..], b"{\"note\":\"\xed\xa0\x80\"}", b"\xef\xbb\xbf{}", b"{\"note\":\"\\ud800\"}"]
    {
        let reply = sri.sends(path, bytes);
        assert!([400, 422].contains(&reply.status), "{reply:?}");
    }
    let agent = [("user-agent", "\u{202e}SECRET-OF-A-CLIENT"), ("authorization", "Bearer SECRET-OF-A-CLIENT")];
    assert_eq!(served.send("GET", "/api/v1/board", &agent, "").status, 401);
    let name = json!({ "name": "SECRET-OF-A-CLIENT\u{1b}[2J", "password": password("sri") }).to_string();
    assert_eq!(served.send("POST", "/api/v1/session", &[("content-type", "application/json")], &name).status, 401);
    let added = memory(&served) - before;
    assert!(added < MEMORY_MAX, "{added} MiB");
    let log = served.running.messages();
    assert!(!log.contains("SECRET-OF-A-CLIENT") && !log.contains('\u{1b}'), "{log}");
    assert_eq!(Person::sign_in(&served, "sri").get("/records/default/r00000").json()["state"], "waiting");
}
