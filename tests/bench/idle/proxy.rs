//! Helper: a proxy before a printer that records the time of each request. It adds two hops inside this machine.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use crate::now_ns;

type Times = Arc<Mutex<Vec<u64>>>;

pub(crate) struct Proxy {
    port: u16,
    requests: Times,
}

impl Proxy {
    /// A proxy in front of a port of this machine. It ends with the process.
    pub(crate) fn start(to: u16) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let requests = Times::default();
        let times = Arc::clone(&requests);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let times = Arc::clone(&times);
                // A printer that refuses the connection ends the client's connection too.
                if let Ok(printer) = TcpStream::connect(("localhost", to)) {
                    let _ = connect(client, printer, times);
                }
            }
        });
        Ok(Self { port, requests })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// When requests came, in nanoseconds since 1970.
    pub(crate) fn requests(&self) -> Vec<u64> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn connect(client: TcpStream, printer: TcpStream, times: Times) -> io::Result<()> {
    for stream in [&client, &printer] {
        stream.set_nodelay(true)?;
    }
    let (client_too, printer_too) = (client.try_clone()?, printer.try_clone()?);
    let mut counter = Counter::default();
    let count = move |bytes: &[u8]| {
        let requests = counter.feed(bytes);
        let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
        times.extend((0..requests).map(|_| now_ns()));
    };
    thread::spawn(move || carry(client, printer, count));
    thread::spawn(move || carry(printer_too, client_too, |_| {}));
    Ok(())
}

/// Copies one direction until either end closes, and then closes the other end.
fn carry(mut from: TcpStream, mut to: TcpStream, mut inspect: impl FnMut(&[u8])) {
    let mut bytes = vec![0; 65_536];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        inspect(&bytes[..length]);
        if to.write_all(&bytes[..length]).is_err() {
            break;
        }
    }
    // It may be closed already.
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

/// Counts the requests in a client's bytes: each is a head, and a body of the length that the head gives.
#[derive(Default)]
struct Counter {
    head: Vec<u8>,
    body_left: usize,
}

impl Counter {
    /// The number of heads that end in these bytes.
    fn feed(&mut self, bytes: &[u8]) -> usize {
        let mut ended = 0;
        for byte in bytes {
            if self.body_left > 0 {
                self.body_left -= 1;
                continue;
            }
            self.head.push(*byte);
            if self.head.ends_with(b"\r\n\r\n") {
                self.body_left = length_in(&String::from_utf8_lossy(&self.head));
                self.head.clear();
                ended += 1;
            }
        }
        ended
    }
}

fn length_in(head: &str) -> usize {
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    let length = fields.filter(|(name, _)| name.eq_ignore_ascii_case("content-length")).map(|(_, value)| value).next();
    length.and_then(|value| value.trim().parse().ok()).unwrap_or_default()
}
