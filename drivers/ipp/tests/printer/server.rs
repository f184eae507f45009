//! A server that answers as a test says, with or without TLS, and remembers what it was asked.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Request line and headers.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    /// The IPP operation.
    pub(crate) fn operation(&self) -> u16 {
        u16::from_be_bytes([self.body[2], self.body[3]])
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let named = |line: &'_ str| line.split_once(": ").is_some_and(|(n, _)| n.eq_ignore_ascii_case(name));
        self.head.lines().find(|line| named(line)).and_then(|line| line.split_once(": ")).map(|(_, value)| value)
    }
}

/// It ends with the test's process.
pub(crate) struct Server {
    port: u16,
    connections: Arc<AtomicUsize>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// Answers each request, until an answer says `false`: then it closes the connection.
    pub(crate) fn start(answer: impl Fn(&Asked, &mut dyn Write) -> bool + Send + Sync + 'static) -> Self {
        Self::serve("127.0.0.1:0", None, answer)
    }

    /// The same with TLS, and always the same answer.
    pub(crate) fn start_tls(config: ServerConfig) -> Self {
        Self::serve("127.0.0.1:0", Some(Arc::new(config)), |_, out| out.write_all(&http(&ok())).is_ok())
    }

    pub(crate) fn serve(
        address: &str,
        tls: Option<Arc<ServerConfig>>,
        answer: impl Fn(&Asked, &mut dyn Write) -> bool + Send + Sync + 'static,
    ) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (remembered, answer) = (Arc::clone(&asked), Arc::new(answer));
        let (port, connections) = accept(address, move |stream| {
            let (asked, answer, tls) = (Arc::clone(&remembered), Arc::clone(&answer), tls.clone());
            match tls {
                None => talk(stream, &asked, &*answer),
                Some(config) => {
                    talk(StreamOwned::new(ServerConnection::new(config).unwrap(), stream), &asked, &*answer);
                }
            }
        });
        Self { port, connections, asked }
    }

    /// `localhost` is the name in certificates.
    pub(crate) fn uri(&self, scheme: &str) -> String {
        format!("{scheme}://localhost:{}/ipp/print", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn count_connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

/// Each connection in a thread of its own; the port, and how many there were.
pub(crate) fn accept(address: &str, serve: impl Fn(TcpStream) + Send + Sync + 'static) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(address).unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(AtomicUsize::new(0));
    let (counter, serve) = (Arc::clone(&connections), Arc::new(serve));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            counter.fetch_add(1, Ordering::Relaxed);
            let serve = Arc::clone(&serve);
            thread::spawn(move || {
                // Nobody waits longer for anything here.
                let _ = stream.set_read_timeout(Some(Duration::from_mins(2)));
                serve(stream);
            });
        }
    });
    (port, connections)
}

fn talk(
    mut stream: impl Read + Write,
    asked: &Mutex<Vec<Asked>>,
    answer: &(impl Fn(&Asked, &mut dyn Write) -> bool + ?Sized),
) {
    while let Some(request) = read_request(&mut stream) {
        asked.lock().unwrap().push(request.clone());
        let goes_on = answer(&request, &mut stream);
        let _ = stream.flush();
        if !goes_on {
            return;
        }
    }
}

fn read_request(stream: &mut impl Read) -> Option<Asked> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let mut asked = Asked { head: String::from_utf8(head).unwrap(), body: Vec::new() };
    let length: usize = asked.header("content-length")?.parse().unwrap();
    asked.body = vec![0; length];
    stream.read_exact(&mut asked.body).ok()?;
    Some(asked)
}

pub(crate) fn http(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// An attribute with one value.
pub(crate) fn attribute(tag: u8, name: &str, value: &[u8]) -> Vec<u8> {
    let counted = |bytes: &[u8]| [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat();
    [&[tag][..], &counted(name.as_bytes()), &counted(value)].concat()
}

/// A successful answer with these groups.
pub(crate) fn answer(groups: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 0, 0, 1][..], groups, &[3]].concat()
}

/// The name of job 1.
pub(crate) const JOB_NAME: &str = "cetak-test-transport";

/// It answers every question of the driver, and takes every job: an idle printer that cannot hold, and job 1.
pub(crate) fn ok() -> Vec<u8> {
    let printer = [attribute(0x23, "printer-state", &[0, 0, 0, 3]), attribute(0x44, "printer-state-reasons", b"none")];
    let job = [
        attribute(0x21, "job-id", &[0, 0, 0, 1]),
        attribute(0x23, "job-state", &[0, 0, 0, 3]),
        attribute(0x42, "job-name", JOB_NAME.as_bytes()),
    ];
    answer(&[&[4][..], &printer.concat(), &[2], &job.concat()].concat())
}
