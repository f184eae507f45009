//! A simulated printer: an HTTP server, with or without TLS, whose answers the test writes, and which records the
//! requests.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// One recorded request.
#[derive(Clone, Debug)]
pub(crate) struct ReceivedRequest {
    /// Request line and headers.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl ReceivedRequest {
    /// The `operation-id`.
    pub(crate) fn operation(&self) -> u16 {
        u16::from_be_bytes([self.body[2], self.body[3]])
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let named = |line: &'_ str| line.split_once(": ").is_some_and(|(n, _)| n.eq_ignore_ascii_case(name));
        self.head.lines().find(|line| named(line)).and_then(|line| line.split_once(": ")).map(|(_, value)| value)
    }
}

/// The server. It ends with the test's process.
pub(crate) struct ScriptedServer {
    port: u16,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<ReceivedRequest>>>,
}

impl ScriptedServer {
    /// Starts a server. `answer` writes the answer of each request and returns false to close the connection.
    pub(crate) fn start(answer: impl Fn(&ReceivedRequest, &mut dyn Write) -> bool + Send + Sync + 'static) -> Self {
        Self::serve("127.0.0.1:0", None, answer)
    }

    /// Starts a server with TLS that answers each request with [`ok`].
    pub(crate) fn start_tls(config: ServerConfig) -> Self {
        Self::serve("127.0.0.1:0", Some(Arc::new(config)), |_, out| out.write_all(&http(&ok())).is_ok())
    }

    pub(crate) fn serve(
        address: &str,
        tls: Option<Arc<ServerConfig>>,
        answer: impl Fn(&ReceivedRequest, &mut dyn Write) -> bool + Send + Sync + 'static,
    ) -> Self {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (recorded, answer) = (Arc::clone(&requests), Arc::new(answer));
        let (port, connections) = accept(address, move |stream| {
            let (requests, answer, tls) = (Arc::clone(&recorded), Arc::clone(&answer), tls.clone());
            match tls {
                None => serve_connection(stream, &requests, &*answer),
                Some(config) => {
                    let stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
                    serve_connection(stream, &requests, &*answer);
                }
            }
        });
        Self { port, connections, requests }
    }

    /// With the host `localhost`, as in the certificates.
    pub(crate) fn uri(&self, scheme: &str) -> String {
        format!("{scheme}://localhost:{}/ipp/print", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn count_connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn requests(&self) -> Vec<ReceivedRequest> {
        self.requests.lock().unwrap().clone()
    }
}

/// Serves each connection in its own thread. Returns the port, and the counter of connections.
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
                // Longer than any test waits.
                let _ = stream.set_read_timeout(Some(Duration::from_mins(2)));
                serve(stream);
            });
        }
    });
    (port, connections)
}

fn serve_connection(
    mut stream: impl Read + Write,
    requests: &Mutex<Vec<ReceivedRequest>>,
    answer: &(impl Fn(&ReceivedRequest, &mut dyn Write) -> bool + ?Sized),
) {
    while let Some(request) = read_request(&mut stream) {
        requests.lock().unwrap().push(request.clone());
        let stays_open = answer(&request, &mut stream);
        let _ = stream.flush();
        if !stays_open {
            return;
        }
    }
}

fn read_request(stream: &mut impl Read) -> Option<ReceivedRequest> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let mut request = ReceivedRequest { head: String::from_utf8(head).unwrap(), body: Vec::new() };
    let length: usize = request.header("content-length")?.parse().unwrap();
    request.body = vec![0; length];
    stream.read_exact(&mut request.body).ok()?;
    Some(request)
}

/// A successful HTTP answer with this body.
pub(crate) fn http(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// An attribute with one value.
pub(crate) fn attribute(tag: u8, name: &str, value: &[u8]) -> Vec<u8> {
    let counted = |bytes: &[u8]| [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat();
    [&[tag][..], &counted(name.as_bytes()), &counted(value)].concat()
}

/// A successful IPP response with these groups.
pub(crate) fn response(groups: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 0, 0, 1][..], groups, &[3]].concat()
}

/// `job-name` of job 1.
pub(crate) const JOB_NAME: &str = "cetak-test-transport";

/// An IPP response that is valid for each request of the driver: an idle printer that cannot hold, and job 1.
pub(crate) fn ok() -> Vec<u8> {
    let printer = [attribute(0x23, "printer-state", &[0, 0, 0, 3]), attribute(0x44, "printer-state-reasons", b"none")];
    let job = [
        attribute(0x21, "job-id", &[0, 0, 0, 1]),
        attribute(0x23, "job-state", &[0, 0, 0, 3]),
        attribute(0x42, "job-name", JOB_NAME.as_bytes()),
    ];
    response(&[&[4][..], &printer.concat(), &[2], &job.concat()].concat())
}
