//! Tests the program with servers that are not printers: none of them delays another printer.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use crate::{
    eve::EvePrinter,
    office::{Office, number, printer},
    people, wait,
};

/// The reaction of a printer to each request.
type Answer = fn(&mut TcpStream);

/// Answers each request in this way; returns the port. The server ends with the test's process.
fn listen(answer: Answer) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            thread::spawn(move || {
                while read_request(&mut stream).is_some() {
                    answer(&mut stream);
                }
            });
        }
    });
    port
}

fn read_request(stream: &mut TcpStream) -> Option<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0].to_ascii_lowercase());
    }
    let head = String::from_utf8(head).ok()?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    stream.read_exact(&mut vec![0; length.parse().ok()?]).ok()
}

fn forever(stream: &mut TcpStream, bytes: &[u8], pause_ms: u64) {
    while stream.write_all(bytes).is_ok() {
        if pause_ms > 0 {
            wait(pause_ms);
        }
    }
}

fn ipp(stream: &mut TcpStream, attributes: &[u8]) {
    let body = [&[2, 0, 0, 0, 0, 0, 0, 1][..], attributes, &[3]].concat();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let _ = stream.write_all(&[head.as_bytes(), &body].concat());
}

/// 100,000 different reasons; comparing each with each would take minutes.
fn ipp_with_reasons(stream: &mut TcpStream) {
    let mut attributes =
        b"\x04\x23\x00\x0dprinter-state\x00\x04\x00\x00\x00\x03\x44\x00\x15printer-state-reasons\x00\x01x".to_vec();
    for reason in 10_000..99_999 {
        attributes.extend([b"\x44\x00\x00\x00\x05".as_slice(), format!("{reason}").as_bytes()].concat());
    }
    ipp(stream, &attributes);
}

#[tokio::test]
async fn printers_that_are_none_do_not_keep_a_good_one_from_printing_every_card() {
    let hostile: [(&str, Answer); 7] = [
        ("silent", |_| wait(60_000)),
        ("garbage", |stream| drop(stream.write_all(&[0xff, 0, 0x1b, b'\n'].repeat(1000)))),
        ("dripping", |stream| {
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"));
            forever(stream, b"\x02", 50);
        }),
        ("endless", |stream| {
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n\x02\0\0\0\0\0\0\x01"));
            forever(stream, &[1; 8192], 0);
        }),
        ("wait-on", |stream| forever(stream, &b"HTTP/1.1 100 Continue\r\n\r\n".repeat(400), 0)),
        ("reasons", ipp_with_reasons),
        ("nested", |stream| ipp(stream, &[b"\x04".as_slice(), &b"\x34\x00\x00\x00\x00".repeat(200_000)].concat())),
    ];
    let eve = EvePrinter::start().await;
    let office = Office::new();
    office.import("student", &people::students(0..30));
    office.receive("student", 30);
    let of_printer = |(name, _)| format!("[printer.{name}]\nanswer_timeout_s = 1\nconnect_timeout_s = 1\n");
    office.set(&format!("batch_size = 2\nrelease_after_s = 1\n{}", hostile.map(of_printer).concat()));
    for (name, answer) in hostile {
        let uri = format!("ipp://127.0.0.1:{}/ipp/print", listen(answer));
        office.done(&["printer", "add", name, &uri, "--profile", "student"]);
    }
    office.done(&["printer", "add", "eve", &crate::peer::Peer::uri(&eve), "--profile", "student"]);

    let answer = office.start(&["run", "--until-idle"]).ended(150);

    assert_eq!(answer.code, Some(0), "{answer:?}");
    let status = office.status();
    assert_eq!(number(&status, &["records", "printed"]), 30, "{status}");
    assert_eq!(printer(&status, "eve")["cards_24h"], 30, "{status}");
    assert_eq!(crate::peer::Peer::cards(&eve).len(), 30);
    assert_eq!(number(&status, &["blangko", "student", "printed"]), 30, "{status}");
    office.done(&["audit", "verify"]);
}
