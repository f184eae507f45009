//! Servers that are no printers, broken or malicious: each call ends in a fault, soon, and nothing panics.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use cetak_driver_api::{Fault, PrinterDriver};
use cetak_driver_ipp::{IppPrinter, Options};

use crate::fake::read_request;
use crate::{clock, document, new_attempt, uncommitted, wait};

/// A call makes up to three requests of 10 s here.
const PATIENCE: Duration = Duration::from_secs(40);

/// Answers every request so.
fn server(answer: fn(&mut TcpStream)) -> IppPrinter {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            thread::spawn(move || {
                while read_request(&mut stream).is_some() {
                    answer(&mut stream);
                }
            });
        }
    });
    IppPrinter::new(&format!("ipp://{address}/ipp/print"), &Options::default(), clock()).unwrap()
}

/// All calls, at once, end in time and in faults that a question or an unsent card may have.
async fn check(name: &str, driver: IppPrinter) {
    let id = new_attempt();
    let attempt = uncommitted(&new_attempt());
    let calls = async {
        tokio::join!(
            async { driver.probe().await.err() },
            async { driver.status().await.err() },
            async { driver.prepare(&id, document()).await.err() },
            async { driver.find(&attempt).await.err() },
            async { driver.cancel(&attempt).await.err() },
        )
    };

    let faults = tokio::time::timeout(PATIENCE, calls).await.unwrap_or_else(|_| panic!("{name}: a call hangs"));

    for fault in [faults.0, faults.1, faults.2, faults.3, faults.4] {
        let right = matches!(fault, Some(Fault::Unavailable { .. } | Fault::NeedsOperator(_)));
        assert!(right, "{name}: {fault:?}");
    }
    assert!(matches!(driver.commit(&id).await, Err(Fault::NotSent(_))), "{name}");
}

fn http(stream: &mut TcpStream, body: &[u8]) {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\nContent-Length: {}\r\n\r\n", body.len());
    let _ = stream.write_all(&[head.as_bytes(), body].concat());
}

/// A successful IPP answer with these bytes as operation and printer attributes.
fn ipp(stream: &mut TcpStream, attributes: &[u8]) {
    http(stream, &[&[2, 0, 0, 0, 0, 0, 0, 1, 0x01], attributes, &[0x03]].concat());
}

/// Writes until the other side has had enough.
fn forever(stream: &mut TcpStream, bytes: &[u8], pause_ms: u64) {
    while stream.write_all(bytes).is_ok() {
        wait(pause_ms);
    }
}

#[tokio::test]
async fn what_is_no_http() {
    check("garbage", server(|stream| drop(stream.write_all(&[0xff, 0x00, 0x1b, b'\n', 0x7f].repeat(1000))))).await;
}

#[tokio::test]
async fn an_endless_head() {
    check("endless head", server(|stream| forever(stream, b"HTTP/1.1 200 OK\r\nX: y\r\nX: y\r\nX: y\r\n", 0))).await;
}

#[tokio::test]
async fn an_endless_body() {
    let answer = |stream: &mut TcpStream| {
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\n\r\n\x02\x00\x00\x00\x00\x00\x00\x01");
        forever(stream, &[0x01; 4096], 0);
    };
    check("endless body", server(answer)).await;
}

#[tokio::test]
async fn a_body_that_comes_byte_by_byte() {
    let answer = |stream: &mut TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        forever(stream, b"\x02", 100);
    };
    check("slow bytes", server(answer)).await;
}

#[tokio::test]
async fn silence() {
    check("silence", server(|_| wait(60_000))).await;
}

#[tokio::test]
async fn a_body_that_is_cut() {
    let answer = |stream: &mut TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n\x02\x00");
        let _ = stream.shutdown(std::net::Shutdown::Both);
    };
    check("cut body", server(answer)).await;
}

#[tokio::test]
async fn a_server_in_trouble() {
    check("HTTP 500", server(|stream| drop(stream.write_all(b"HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n")))).await;
}

#[tokio::test]
async fn a_server_that_sends_elsewhere() {
    let answer = |stream: &mut TcpStream| {
        drop(stream.write_all(b"HTTP/1.1 307 x\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"));
    };
    check("redirect", server(answer)).await;
}

#[tokio::test]
async fn a_web_page() {
    check("web page", server(|stream| http(stream, b"<!DOCTYPE html><html><body>It works!</body></html>"))).await;
}

#[tokio::test]
async fn an_empty_answer() {
    check("no body", server(|stream| http(stream, b""))).await;
}

#[tokio::test]
async fn a_name_whose_language_lies() {
    let liar = |stream: &mut TcpStream| {
        ipp(stream, b"\x04\x36\x00\x18printer-make-and-model!!\x00\x05\xff\xffen\x00");
    };
    let driver = server(liar);

    // The attribute is unreadable, the answer is not.
    assert!(driver.probe().await.is_ok());
    assert!(driver.status().await.is_err());
}

#[tokio::test]
async fn collections_without_end() {
    check(
        "nested",
        server(|stream| ipp(stream, &[b"\x04".as_slice(), &b"\x34\x00\x00\x00\x00".repeat(200_000)].concat())),
    )
    .await;
}

#[tokio::test]
async fn statuses_that_nobody_knows() {
    check("status", server(|stream| http(stream, &[2, 0, 0x7f, 0xff, 0, 0, 0, 1, 0x01, 0x03]))).await;
}
