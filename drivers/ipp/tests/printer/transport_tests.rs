//! Correct and incorrect HTTP: no request is sent twice, and every call ends.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::Ordering;
use std::time::Duration;

use cetak_driver_api::{AttemptId, Committed, DriverError, PrinterDriver};
use cetak_driver_ipp::{IppPrinter, Options};
use tempfile::TempDir;

use crate::fake_printer::{CREATE_JOB, GET_JOB_ATTRIBUTES, GET_JOBS, GET_PRINTER_ATTRIBUTES, SEND_DOCUMENT};
use crate::scripted_server::{JOB_NAME, ReceivedRequest, ScriptedServer, accept, attribute, http, ok, response};
use crate::{clock, document, uncommitted, uploaded, wait};

fn driver(uri: &str, options: &Options) -> IppPrinter {
    IppPrinter::new(uri, options, clock()).unwrap()
}

fn short_timeouts() -> Options {
    Options { connect_timeout_s: Some(1), answer_timeout_s: Some(1), ..Options::default() }
}

/// The attempt of job 1 on the server.
fn job_1() -> AttemptId {
    AttemptId::new(JOB_NAME).unwrap()
}

fn unreachable() -> DriverError {
    DriverError::Unavailable { reasons: vec!["connecting-to-device".to_owned()] }
}

/// A server that answers every request with these bytes, and then closes the connection if `then_close`.
fn answering(bytes: Vec<u8>, then_close: bool) -> ScriptedServer {
    ScriptedServer::start(move |_, out| out.write_all(&bytes).is_ok() && !then_close)
}

#[tokio::test]
async fn all_requests_go_over_one_connection() {
    let server = answering(http(&ok()), false);
    let printer = driver(&server.uri("ipp"), &Options::default());

    for _ in 0..50 {
        printer.probe().await.unwrap();
        printer.status().await.unwrap();
    }
    let id = job_1();
    uploaded(&printer, &id, document()).await.unwrap();
    printer.commit(&id).await.unwrap();

    assert_eq!(server.requests().len(), 103);
    assert_eq!(server.count_connections(), 1);
}

#[tokio::test]
async fn a_connection_that_the_printer_closed_fails_no_request() {
    let server = answering(http(&ok()), true);
    let printer = driver(&server.uri("ipp"), &Options::default());

    for _ in 0..5 {
        printer.probe().await.unwrap();
        wait(20);
        // The client must notice the closed connection before the next request.
        tokio::task::yield_now().await;
    }

    assert_eq!((server.requests().len(), server.count_connections()), (5, 5));
}

#[tokio::test]
async fn a_printer_with_an_ipv6_address_is_reached() {
    let server = ScriptedServer::serve("[::1]:0", None, |_, out| out.write_all(&http(&ok())).is_ok());

    let printer = driver(&format!("ipp://[::1]:{}/ipp/print", server.port()), &Options::default());

    assert!(printer.probe().await.is_ok());
    assert_eq!(server.requests()[0].header("host"), Some(format!("[::1]:{}", server.port()).as_str()));
}

#[tokio::test]
async fn an_answer_is_read_with_every_framing_of_http() {
    let body = ok();
    let old = [b"HTTP/1.0 200 OK\r\n\r\n".as_slice(), &body].concat();
    let old_counted = http(&body).replace_all(b"HTTP/1.1", b"HTTP/1.0");
    let until_closed = [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".as_slice(), &body].concat();
    let mut chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for chunk in body.chunks(5) {
        chunked.extend([format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
    }
    chunked.extend(b"0\r\n\r\n");
    let after_continue = [b"HTTP/1.1 100 Continue\r\n\r\n".repeat(3), http(&body)].concat();
    for (name, bytes, close) in [
        ("HTTP/1.0", old, true),
        ("HTTP/1.0 with a length", old_counted, true),
        ("until closed", until_closed, true),
        ("chunks", chunked, false),
        ("100 Continue", after_continue, false),
    ] {
        let server = answering(bytes, close);
        let printer = driver(&server.uri("ipp"), &Options::default());
        for _ in 0..2 {
            assert!(printer.status().await.is_ok(), "{name}: {:?}", printer.status().await);
            wait(20);
            tokio::task::yield_now().await;
        }
        assert_eq!(server.requests().len(), 2, "{name}");
    }
}

trait ReplaceAll {
    fn replace_all(&self, from: &[u8], to: &[u8]) -> Vec<u8>;
}

impl ReplaceAll for Vec<u8> {
    fn replace_all(&self, from: &[u8], to: &[u8]) -> Vec<u8> {
        let at = self.windows(from.len()).position(|window| window == from).unwrap();
        [&self[..at], to, &self[at + from.len()..]].concat()
    }
}

/// Asserts that a call fails as unreachable within the timeouts, which are 1 s each.
async fn assert_unanswered(name: &str, serve: impl Fn(TcpStream) + Send + Sync + 'static) {
    let (port, _) = accept("127.0.0.1:0", serve);
    let printer = driver(&format!("ipp://127.0.0.1:{port}/ipp/print"), &short_timeouts());
    let status = tokio::time::timeout(Duration::from_secs(30), printer.status()).await;
    assert_eq!(status.unwrap_or_else(|_| panic!("{name} hangs")), Err(unreachable()), "{name}");
}

/// Reads once, up to that number of bytes.
fn read(stream: &mut TcpStream, bytes: usize) {
    let mut buffer = vec![0; bytes];
    let _ = stream.read(&mut buffer);
}

fn drip(mut stream: TcpStream, head: &[u8], drop: &[u8], pause_ms: u64) {
    read(&mut stream, 8192);
    let mut sent = stream.write_all(head);
    while sent.is_ok() {
        wait(pause_ms);
        sent = stream.write_all(drop);
    }
}

#[tokio::test]
async fn a_connection_that_is_closed_at_any_stage_is_an_unreachable_printer() {
    let parts: [(&str, &[u8]); 5] = [
        ("after the request", b""),
        ("in the status line", b"HTTP/1.1 2"),
        ("after the status line", b"HTTP/1.1 200 OK\r\n"),
        ("after the head", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"),
        ("in the body", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n\x02\0\0\0"),
    ];
    for (name, part) in parts {
        assert_unanswered(name, move |mut stream| {
            read(&mut stream, 8192);
            let _ = stream.write_all(part);
            let _ = stream.shutdown(Shutdown::Write);
            read(&mut stream, 1);
        })
        .await;
    }
    assert_unanswered("at once", drop).await;
    assert_unanswered("in the request", |mut stream| read(&mut stream, 10)).await;
    let closed_port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(driver(&format!("ipp://{closed_port}/"), &short_timeouts()).status().await, Err(unreachable()));
}

#[tokio::test]
async fn the_timeout_is_for_the_whole_answer_and_not_for_each_part() {
    let length = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
    assert_unanswered("body", move |stream| drip(stream, length, b"\x02", 50)).await;
    assert_unanswered("head", |stream| drip(stream, b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 200)).await;
    assert_unanswered("head, by bytes", |stream| drip(stream, b"HTTP/1.1 200 OK\r\nX: ", b"y", 50)).await;
    let chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_unanswered("chunks", move |stream| drip(stream, chunks, b"1\r\n\x02\r\n", 50)).await;
    assert_unanswered("100 Continue", |stream| drip(stream, b"", b"HTTP/1.1 100 Continue\r\n\r\n", 50)).await;
    assert_unanswered("100 Continue, fast", |stream| drip(stream, b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0)).await;
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_an_unreachable_printer() {
    let many = b"X: y\r\n".repeat(200);
    let flood = move |stream| drip(stream, b"HTTP/1.1 200 OK\r\n", &many, 0);
    assert_unanswered("headers", flood).await;
    assert_unanswered("one header", |stream| drip(stream, b"HTTP/1.1 200 OK\r\nX: ", &[b'y'; 8192], 0)).await;
    let endless = b"HTTP/1.1 200 OK\r\n\r\n\x02\0\0\0\0\0\0\x01";
    assert_unanswered("body", move |stream| drip(stream, endless, &[1; 8192], 0)).await;
    let lying = b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n\x02\0\0\0";
    assert_unanswered("a length beyond all memory", move |stream| drip(stream, lying, &[1; 8192], 0)).await;
    let chunk = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff0\r\n";
    assert_unanswered("a chunk beyond all memory", move |stream| drip(stream, chunk, &[1; 8192], 0)).await;
}

#[tokio::test]
async fn very_many_attributes_values_and_groups_are_read_in_time() {
    let reason = |number: usize| attribute(0x44, "", number.to_string().as_bytes());
    let reasons: Vec<u8> = (0..90_000).flat_map(reason).collect();
    let resolution =
        |number: i32| attribute(0x32, "", &[&number.to_be_bytes(), &number.to_be_bytes(), &[3][..]].concat());
    let resolutions: Vec<u8> = (1..70_000).flat_map(resolution).collect();
    let job = [vec![2], attribute(0x21, "job-id", &[0, 0, 0, 1]), attribute(0x42, "job-name", b"cetak-test")].concat();
    for (name, attributes) in [
        ("attributes", attribute(0x21, "x", &[0, 0, 0, 1]).repeat(80_000)),
        ("names", (0..70_000).flat_map(|number: usize| attribute(0x21, &number.to_string(), &[])).collect()),
        ("reasons", [attribute(0x44, "printer-state-reasons", b"x"), reasons].concat()),
        ("resolutions", [attribute(0x32, "printer-resolution-supported", &[0; 9]), resolutions].concat()),
        ("groups", vec![4; 1_000_000]),
        ("jobs", job.repeat(20_000)),
    ] {
        let body = response(&[&[4][..], &attribute(0x23, "printer-state", &[0, 0, 0, 3]), &attributes].concat());
        assert!(body.len() < 1 << 20, "{name} is longer than the limit of an answer: {}", body.len());
        let server = answering(http(&body), false);
        let printer = driver(&server.uri("ipp"), &Options::default());
        let attempt = uncommitted(&job_1());

        let calls = async { (printer.probe().await, printer.status().await, printer.find(&attempt).await) };
        // The results do not matter.
        let answered = tokio::time::timeout(Duration::from_mins(1), calls).await;
        assert!(answered.is_ok(), "{name}");
    }
}

#[tokio::test]
async fn an_upload_has_its_own_timeout() {
    let server = ScriptedServer::start(|request, out| {
        wait(if request.operation() == SEND_DOCUMENT { 3000 } else { 0 });
        out.write_all(&http(&ok())).is_ok()
    });
    let printer = driver(&server.uri("ipp"), &Options { upload_timeout_s: Some(20), ..short_timeouts() });
    let id = job_1();
    uploaded(&printer, &id, document()).await.unwrap();

    assert_eq!(printer.commit(&id).await, Ok(Committed { printer_job: Some("1".to_owned()), printer_run: None }));
}

fn login(folder: &TempDir) -> Options {
    use std::os::unix::fs::PermissionsExt;
    let file = folder.path().join("secret");
    std::fs::write(&file, "r\u{e4}hasia:1\n").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    Options {
        user: Some("siti".to_owned()),
        password_file: Some(file),
        allow_plain_password: true,
        ..Options::default()
    }
}

/// Base64 of `siti:rähasia:1` in UTF-8.
const LOGIN: &str = "Basic c2l0aTpyw6RoYXNpYTox";

fn guarded(request: &ReceivedRequest, out: &mut dyn Write) -> bool {
    let body = ok();
    let refused =
        b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"CUPS\"\r\nContent-Length: 0\r\n\r\n".to_vec();
    out.write_all(&if request.header("authorization") == Some(LOGIN) { http(&body) } else { refused }).is_ok()
}

#[tokio::test]
async fn a_password_is_sent_with_every_request_so_that_none_is_sent_twice() {
    let folder = TempDir::new().unwrap();
    let server = ScriptedServer::start(guarded);
    let printer = driver(&server.uri("ipp"), &login(&folder));
    let id = job_1();

    uploaded(&printer, &id, document()).await.unwrap();
    printer.commit(&id).await.unwrap();

    let operations: Vec<u16> = server.requests().iter().map(ReceivedRequest::operation).collect();
    assert_eq!(operations, [GET_PRINTER_ATTRIBUTES, CREATE_JOB, GET_JOB_ATTRIBUTES, SEND_DOCUMENT]);
    let shown = format!("{printer:?}");
    assert!(!shown.contains("hasia") && !shown.contains("c2l0aT"), "{shown}");
}

#[tokio::test]
async fn a_refusal_by_http_has_a_hint() {
    for (status, words) in [
        (401, ["`user`", "`password_file`"]),
        (403, ["`user`", "`password_file`"]),
        (404, ["path", "hint"]),
        (426, ["`ipps://`", "hint"]),
    ] {
        let refusal = format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n");
        let server = answering(refusal.into_bytes(), false);
        let printer = driver(&server.uri("ipp"), &Options::default());

        let Err(DriverError::NeedsOperator(text)) = printer.status().await else { panic!("{status}") };

        assert!(words.iter().all(|word| text.contains(word)) && text.contains(&status.to_string()), "{text}");
        assert_eq!(server.requests().len(), 1, "{status}");
    }
}

/// CUPS refuses a large body so.
#[tokio::test]
async fn a_document_that_was_refused_before_it_was_read_is_not_sent_again() {
    let (port, connections) = accept("127.0.0.1:0", |mut stream| {
        let mut head = vec![0; 1 << 16];
        while let Ok(length @ 1..) = stream.read(&mut head) {
            // Send-Document is larger than one read.
            if head[..length].windows(6).any(|bytes| bytes == [2, 0, 0, 6, 0, 0]) {
                let _ = stream.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
                return;
            }
            let _ = stream.write_all(&http(&ok()));
        }
    });
    let printer = driver(&format!("ipp://127.0.0.1:{port}/ipp/print"), &short_timeouts());
    let id = job_1();
    let large = cetak_driver_api::Document { bytes: vec![7; 8 << 20], ..document() };
    uploaded(&printer, &id, large).await.unwrap();

    let refused = printer.commit(&id).await;

    assert!(refused.is_err(), "{refused:?}");
    // The job is queried and cancelled over further connections, but the document is not sent again.
    assert!((1..=4).contains(&connections.load(Ordering::Relaxed)), "{connections:?}");
    assert!(printer.commit(&id).await.is_err());
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let elsewhere = answering(http(&ok()), false);
    let location = format!("HTTP/1.1 308 x\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", elsewhere.uri("http"));
    let server = answering(location.into_bytes(), false);
    let printer = driver(&server.uri("ipp"), &Options::default());

    assert!(matches!(printer.status().await, Err(DriverError::NeedsOperator(_))));
    assert!(matches!(printer.find(&uncommitted(&job_1())).await, Err(DriverError::NeedsOperator(_))));

    assert_eq!(
        server.requests().iter().map(ReceivedRequest::operation).collect::<Vec<_>>(),
        [GET_PRINTER_ATTRIBUTES, GET_PRINTER_ATTRIBUTES, GET_JOBS, GET_JOBS]
    );
    assert_eq!(elsewhere.count_connections(), 0);
}
