//! Helper: `cetak serve` in an office, and a small HTTP/1.1 client that sends exactly what a test says.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::Value;

use crate::{
    described,
    office::{Office, Running},
    wait_until,
};

/// The maximum time for an answer, on a slow machine under load.
const ANSWER_WITHIN: Duration = Duration::from_mins(1);

/// A server, which is killed when the value is dropped.
pub(crate) struct Served {
    pub(crate) running: Running,
    /// `127.0.0.1:40123`.
    pub(crate) address: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply<B = String> {
    pub(crate) status: u16,
    /// By names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: B,
}

impl Reply {
    /// The body, which must be JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The code of a problem; empty if the answer is none.
    pub(crate) fn problem_code(&self) -> String {
        if self.status < 400 { String::new() } else { self.problem() }
    }

    /// The code of a problem, which must have the form of one.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.headers.get("content-type").map(String::as_str), Some("application/problem+json"), "{self:?}");
        let body = self.json();
        assert_eq!(body["status"], self.status, "{body}");
        let code = body["code"].as_str().unwrap();
        assert_eq!(body["type"], format!("/problems/{code}"));
        assert!(["title", "detail"].iter().all(|key| body[key].is_string()) && body["args"].is_object(), "{body}");
        code.to_owned()
    }
}

impl Reply {
    /// Compares it with the description of the API, if that has the address.
    fn assert_described(&self, method: &str, path: &str) {
        let Some(operation) = described::operation(method, path) else { return };
        let media = self.headers.get("content-type").map(String::as_str);
        let faults = described::faults_of_answer(operation, self.status, media, &self.body);
        assert!(faults.is_empty(), "{method} {path} is not as tests/api/openapi.json says: {faults:?} in {self:?}");
    }
}

impl Served {
    /// Starts the server of an office on a free port of this machine, with more arguments.
    pub(crate) fn with(office: &Office, arguments: &[&str]) -> Self {
        let running = office.start(&[&["serve", "--listen", "127.0.0.1:0"], arguments].concat());
        let mut address = None;
        wait_until("the server listens", 60, || {
            let messages = running.messages();
            let url = messages.lines().find_map(|line| line.split_once("listening on ")).map(|(_, url)| url);
            let address_of = |(_, address): (&str, &str)| address.split('"').next().map(str::to_owned);
            address = url.and_then(|url| url.split_once("://")).and_then(address_of);
            address.is_some()
        });
        Self { running, address: address.unwrap() }
    }

    pub(crate) fn new(office: &Office) -> Self {
        Self::with(office, &[])
    }

    /// A connection on which a test writes what it wants.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(ANSWER_WITHIN)).unwrap();
        stream
    }

    /// Sends a request on a connection of its own.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let reply = reply(&mut self.sent(method, path, headers, body.as_bytes()));
        reply.assert_described(method, path);
        reply
    }

    /// As [`send`](Self::send), with any bytes as the body.
    pub(crate) fn post_bytes(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        reply(&mut self.sent("POST", path, headers, body))
    }

    /// As [`send`](Self::send), for an answer that is no text.
    pub(crate) fn bytes(&self, path: &str, headers: &[(&str, &str)]) -> Reply<Vec<u8>> {
        bytes(&mut self.sent("GET", path, headers, b""))
    }

    fn sent(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> TcpStream {
        let mut stream = self.connect();
        let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.address);
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() || method == "POST" {
            text += &format!("content-length: {}\r\n", body.len());
        }
        // A server may refuse a body before it has read all of it.
        let _ = stream.write_all(&[format!("{text}\r\n").as_bytes(), body].concat());
        stream
    }

    /// Sends a request as it is, on a connection of its own.
    pub(crate) fn send_raw(&self, request: &str) -> Reply {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        reply(&mut stream)
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], "")
    }
}

/// Reads one answer to the end of its connection.
pub(crate) fn reply(stream: &mut impl Read) -> Reply {
    let Reply { status, headers, body } = bytes(stream);
    Reply { status, headers, body: String::from_utf8(body).unwrap() }
}

fn bytes(stream: &mut impl Read) -> Reply<Vec<u8>> {
    let mut bytes = Vec::new();
    // A server that has refused a body may reset the connection after its answer.
    let _ = stream.read_to_end(&mut bytes);
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(&bytes)));
    let body = bytes.split_off(end + 4);
    let head = String::from_utf8(bytes).unwrap();
    let mut lines = head.trim_end().lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let pairs = lines.map(|line| line.split_once(": ").unwrap());
    let headers = pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    Reply { status, headers, body }
}
