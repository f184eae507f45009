//! Helper: reads HTTP and IPP messages, as far as the proxy needs them.

use std::io::{Read, Write};
use std::net::TcpStream;

pub(crate) const CREATE_JOB: u16 = 0x0005;
pub(crate) const SEND_DOCUMENT: u16 = 0x0006;
pub(crate) const GET_JOB_ATTRIBUTES: u16 = 0x0009;
pub(crate) const GET_JOBS: u16 = 0x000a;
pub(crate) const RELEASE_JOB: u16 = 0x000d;

const TAG_JOB_ATTRIBUTES: u8 = 0x02;
const TAG_END: u8 = 0x03;
const TAG_DELIMITER_LAST: u8 = 0x0f;

/// A complete HTTP message with its body.
pub(crate) struct Http {
    /// The first line and the header fields, with the empty line.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Http {
    /// `None` at the end of the connection.
    pub(crate) fn read(stream: &mut TcpStream) -> Option<Self> {
        let head = read_head(stream)?;
        if head.starts_with("HTTP/1.1 100") {
            return Self::read(stream);
        }
        let mut body = Vec::new();
        if field(&head, "transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
            loop {
                let size = read_line(stream)?;
                let size = usize::from_str_radix(size.trim(), 16).ok()?;
                let start = body.len();
                body.resize(start + size, 0);
                stream.read_exact(&mut body[start..]).ok()?;
                read_line(stream)?;
                if size == 0 {
                    break;
                }
            }
        } else if let Some(length) = field(&head, "content-length") {
            body.resize(length.parse().ok()?, 0);
            stream.read_exact(&mut body).ok()?;
        } else if head.starts_with("HTTP/") {
            stream.read_to_end(&mut body).ok()?;
        }
        Some(Self { head, body })
    }

    /// Writes the message with a corrected content length.
    pub(crate) fn answer(&self, to: &mut TcpStream) -> std::io::Result<()> {
        let first = self.head.lines().next().unwrap_or("HTTP/1.1 502 x");
        let head = format!("{first}\r\nContent-Type: application/ipp\r\nContent-Length: {}\r\n\r\n", self.body.len());
        to.write_all(&[head.as_bytes(), &self.body].concat())
    }
}

fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = String::new();
    loop {
        let line = read_line(stream)?;
        head += &line;
        if line == "\r\n" {
            return Some(head);
        }
    }
}

fn read_line(stream: &mut TcpStream) -> Option<String> {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while !line.ends_with(b"\n") {
        stream.read_exact(&mut byte).ok()?;
        line.push(byte[0]);
    }
    String::from_utf8(line).ok()
}

fn field(head: &str, name: &str) -> Option<String> {
    let lower = head.to_ascii_lowercase();
    let value = lower.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(value.trim().to_owned())
}

/// The needed attributes of a job: of each group in an answer, or of the one in a request.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct Job {
    pub(crate) id: Option<i32>,
    pub(crate) name: Option<String>,
    /// `job-state`.
    pub(crate) state: Option<i32>,
}

/// An IPP message.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct Ipp {
    /// The operation of a request, or the status of an answer.
    pub(crate) code: u16,
    /// The job that the request names, or the jobs of the answer.
    pub(crate) jobs: Vec<Job>,
    /// The offset of the document.
    pub(crate) document: usize,
}

impl Ipp {
    /// `None` if the message is incomplete or not IPP.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut message = Self { code: u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]), ..Self::default() };
        let mut at = 8;
        let mut name = String::new();
        loop {
            let tag = *bytes.get(at)?;
            at += 1;
            match tag {
                TAG_END => {
                    message.document = at;
                    return Some(message);
                }
                // A request names its job among the operation attributes.
                0..=TAG_DELIMITER_LAST => {
                    if tag == TAG_JOB_ATTRIBUTES || message.jobs.is_empty() {
                        message.jobs.push(Job::default());
                    }
                    continue;
                }
                _ => {}
            }
            let next = String::from_utf8_lossy(text(bytes, &mut at)?).into_owned();
            if !next.is_empty() {
                name = next;
            }
            let value = text(bytes, &mut at)?;
            let job = message.jobs.last_mut()?;
            let integer = || Some(i32::from_be_bytes(value.try_into().ok()?));
            match name.as_str() {
                "job-id" => job.id = integer(),
                "job-state" => job.state = integer(),
                "job-name" => job.name = Some(String::from_utf8_lossy(value).into_owned()),
                _ => {}
            }
        }
    }

    /// The first value that any job has.
    pub(crate) fn first<T>(&self, what: impl Fn(&Job) -> Option<T>) -> Option<T> {
        self.jobs.iter().find_map(what)
    }

    pub(crate) fn is_success(&self) -> bool {
        self.code < 0x0100
    }
}

fn text<'a>(bytes: &'a [u8], at: &mut usize) -> Option<&'a [u8]> {
    let length = usize::from(u16::from_be_bytes([*bytes.get(*at)?, *bytes.get(*at + 1)?]));
    let start = *at + 2;
    *at = start + length;
    bytes.get(start..*at)
}
