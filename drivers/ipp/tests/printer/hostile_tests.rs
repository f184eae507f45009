//! Servers that are not printers, are broken or malicious: each call fails in time, and nothing panics.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use cetak_driver_api::{DriverError, PrinterDriver};
use cetak_driver_ipp::{IppPrinter, Options};

use crate::fake_printer::read_request;
use crate::{clock, document, new_attempt, uncommitted, uploaded, wait};

/// The limit of all calls together. A call makes up to three requests of 10 s here.
const CALLS_MAX: Duration = Duration::from_secs(40);

/// A driver for a server that answers every request with `answer`.
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

/// Asserts that all calls, made at once, fail in time and with faults that prove that no card was made.
async fn check(name: &str, driver: IppPrinter) {
    let id = new_attempt();
    let attempt = uncommitted(&new_attempt());
    let calls = async {
        tokio::join!(
            async { driver.probe().await.err() },
            async { driver.status().await.err() },
            async { uploaded(&driver, &id, document()).await.err() },
            async { driver.find(&attempt).await.err() },
            async { driver.cancel(&attempt).await.err() },
        )
    };

    let faults = tokio::time::timeout(CALLS_MAX, calls).await.unwrap_or_else(|_| panic!("{name}: a call hangs"));

    for fault in [faults.0, faults.1, faults.2, faults.3, faults.4] {
        let right = matches!(fault, Some(DriverError::Unavailable { .. } | DriverError::NeedsOperator(_)));
        assert!(right, "{name}: {fault:?}");
    }
    assert!(matches!(driver.commit(&id).await, Err(DriverError::NotSent(_))), "{name}");
}

fn http(stream: &mut TcpStream, body: &[u8]) {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\nContent-Length: {}\r\n\r\n", body.len());
    let _ = stream.write_all(&[head.as_bytes(), body].concat());
}

/// A successful IPP answer with these bytes as operation and printer attributes.
fn ipp(stream: &mut TcpStream, attributes: &[u8]) {
    http(stream, &[&[2, 0, 0, 0, 0, 0, 0, 1, 0x01], attributes, &[0x03]].concat());
}

/// Writes until the other side closes the connection.
fn forever(stream: &mut TcpStream, bytes: &[u8], pause_ms: u64) {
    while stream.write_all(bytes).is_ok() {
        wait(pause_ms);
    }
}

#[tokio::test]
async fn bytes_that_are_not_http_are_a_fault() {
    check("garbage", server(|stream| drop(stream.write_all(&[0xff, 0x00, 0x1b, b'\n', 0x7f].repeat(1000))))).await;
}

#[tokio::test]
async fn an_endless_head_is_a_fault() {
    check("endless head", server(|stream| forever(stream, b"HTTP/1.1 200 OK\r\nX: y\r\nX: y\r\nX: y\r\n", 0))).await;
}

#[tokio::test]
async fn an_endless_body_is_a_fault() {
    let answer = |stream: &mut TcpStream| {
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\n\r\n\x02\x00\x00\x00\x00\x00\x00\x01");
        forever(stream, &[0x01; 4096], 0);
    };
    check("endless body", server(answer)).await;
}

#[tokio::test]
async fn a_body_that_is_sent_byte_by_byte_is_a_fault() {
    let answer = |stream: &mut TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        forever(stream, b"\x02", 100);
    };
    check("slow bytes", server(answer)).await;
}

#[tokio::test]
async fn a_missing_answer_is_a_fault() {
    check("silence", server(|_| wait(60_000))).await;
}

#[tokio::test]
async fn an_incomplete_body_is_a_fault() {
    let answer = |stream: &mut TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n\x02\x00");
        let _ = stream.shutdown(std::net::Shutdown::Both);
    };
    check("cut body", server(answer)).await;
}

#[tokio::test]
async fn an_internal_server_error_is_a_fault() {
    check("HTTP 500", server(|stream| drop(stream.write_all(b"HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n")))).await;
}

#[tokio::test]
async fn a_redirection_is_a_fault() {
    let answer = |stream: &mut TcpStream| {
        drop(stream.write_all(b"HTTP/1.1 307 x\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"));
    };
    check("redirect", server(answer)).await;
}

#[tokio::test]
async fn a_web_page_is_a_fault() {
    check("web page", server(|stream| http(stream, b"<!DOCTYPE html><html><body>It works!</body></html>"))).await;
}

#[tokio::test]
async fn an_empty_answer_is_a_fault() {
    check("no body", server(|stream| http(stream, b""))).await;
}

#[tokio::test]
async fn an_attribute_with_a_wrong_inner_length_hides_no_other() {
    let wrong_length = |stream: &mut TcpStream| {
        ipp(stream, b"\x04\x36\x00\x18printer-make-and-model!!\x00\x05\xff\xffen\x00");
    };
    let driver = server(wrong_length);

    // The answer is readable without the attribute.
    assert!(driver.probe().await.is_ok());
    assert!(driver.status().await.is_err());
}

#[tokio::test]
async fn deeply_nested_collections_are_a_fault() {
    check(
        "nested",
        server(|stream| ipp(stream, &[b"\x04".as_slice(), &b"\x34\x00\x00\x00\x00".repeat(200_000)].concat())),
    )
    .await;
}

#[tokio::test]
async fn an_unknown_status_code_is_a_fault() {
    check("status", server(|stream| http(stream, &[2, 0, 0x7f, 0xff, 0, 0, 0, 1, 0x01, 0x03]))).await;
}
