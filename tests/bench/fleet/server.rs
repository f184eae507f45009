//! Helper: all printers in a process of their own, so that their work is not counted as the scheduler's: one port, a
//! path for each printer, one task for each connection. A plain GET returns the counted requests and cards.

use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::{Child, ChildStdin, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{
    answer::{self, OPERATIONS},
    engine::Printer,
};

/// The first argument of the printers' process.
pub(crate) const ARGUMENT: &str = "--be-the-printers";

const HEAD_MAX: usize = 16_384;
const BODY_MAX: usize = 16 << 20;

/// The counts of the printers. Times are in microseconds since their start.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Requests by operation.
    pub(crate) requests: BTreeMap<String, u64>,
    /// Connections that were opened.
    pub(crate) connections: u64,
    /// Cards by job name.
    pub(crate) cards: BTreeMap<String, u32>,
    /// The start of the first card of all printers, and the end of the last.
    pub(crate) first_us: u64,
    pub(crate) last_us: u64,
    /// Sums over all printers, from the first card of each to its last: the whole time, and the gaps between cards.
    pub(crate) whole_us: u64,
    pub(crate) gaps_us: Vec<u64>,
}

/// The printers' process. It ends when this value is dropped, or with the benchmark.
pub(crate) struct Printers {
    child: Child,
    _stdin: Option<ChildStdin>,
    address: SocketAddr,
}

impl Printers {
    pub(crate) fn start(count: usize, card_us: u64, jitter_us: u64, seed: u64) -> anyhow::Result<Self> {
        let numbers = [u64::try_from(count)?, card_us, jitter_us, seed].map(|number| number.to_string());
        let mut child = std::process::Command::new(std::env::current_exe()?)
            .arg(ARGUMENT)
            .args(numbers)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let mut printers = Self { child, _stdin: stdin, address: (Ipv4Addr::LOCALHOST, 0).into() };
        let mut line = String::new();
        io::BufRead::read_line(&mut io::BufReader::new(stdout.context("it has an output")?), &mut line)?;
        printers.address = line.trim().parse().context("the printers did not start")?;
        Ok(printers)
    }

    pub(crate) fn uri(&self, number: usize) -> String {
        format!("ipp://{}/printers/{number}", self.address)
    }

    pub(crate) fn stat(&self) -> PathBuf {
        format!("/proc/{}", self.child.id()).into()
    }

    pub(crate) fn counts(&self) -> anyhow::Result<Counts> {
        let mut stream = std::net::TcpStream::connect(self.address)?;
        write!(stream, "GET /counts HTTP/1.1\r\nHost: {}\r\n\r\n", self.address)?;
        stream.shutdown(std::net::Shutdown::Write)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (_, body) = answer.split_once("\r\n\r\n").context("the printers answer with HTTP")?;
        Ok(serde_json::from_str(body)?)
    }
}

impl Drop for Printers {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Park {
    printers: Vec<Mutex<Printer>>,
    requests: [AtomicU64; OPERATIONS.len()],
    connections: AtomicU64,
    began: Instant,
}

/// The server process. It returns only with an error, and ends with its parent.
pub(crate) fn be(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let mut number = || arguments.next().context("four numbers")?.parse::<u64>().context("a number");
    let (count, card_us, jitter_us, seed) = (number()?, number()?, number()?, number()?);
    let park = Arc::new(Park {
        printers: (0..count)
            .map(|n| Mutex::new(Printer::new(card_us, jitter_us, seed.wrapping_mul(1 << 20) + n)))
            .collect(),
        requests: Default::default(),
        connections: AtomicU64::new(0),
        began: Instant::now(),
    });
    std::thread::spawn(|| {
        let _ = io::stdin().read(&mut [0]); // nothing is ever written: this is the starter's end
        std::process::exit(0);
    });
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?.block_on(listen(park))
}

async fn listen(park: Arc<Park>) -> anyhow::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        let park = Arc::clone(&park);
        park.connections.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            if let Err(error) = serve(stream, &park).await {
                eprintln!("a connection to a printer ended: {error:#}");
            }
        });
    }
}

/// Requests on one connection, until it ends.
async fn serve(mut stream: TcpStream, park: &Park) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut bytes = Vec::with_capacity(4_096);
    loop {
        let head = loop {
            if let Some(end) = find(&bytes, b"\r\n\r\n") {
                break end + 4;
            }
            ensure!(bytes.len() < HEAD_MAX, "a head without an end");
            match stream.read_buf(&mut bytes).await {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                // The scheduler ended with the connection open.
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset && bytes.is_empty() => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        };
        let request = Head::parse(std::str::from_utf8(&bytes[..head])?)?;
        ensure!(request.length <= BODY_MAX, "a body of {} bytes", request.length);
        let end = head + request.length;
        while bytes.len() < end {
            ensure!(stream.read_buf(&mut bytes).await? > 0, "a body that ends in the middle");
        }
        let rest = bytes.split_off(end);
        let body = bytes.split_off(head);
        bytes = rest;
        let answer = match request.printer {
            None => http("application/json", &serde_json::to_vec(&park.counts())?),
            Some(number) => match park.printers.get(number) {
                Some(printer) => http("application/ipp", &park.answer(printer, body)?),
                None => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(),
            },
        };
        stream.write_all(&answer).await?;
    }
}

/// The needed part of a request's head.
struct Head {
    /// The printer of the request; `None` for a request about all printers.
    printer: Option<usize>,
    length: usize,
}

impl Head {
    fn parse(head: &str) -> anyhow::Result<Self> {
        let mut lines = head.lines();
        let first = lines.next().unwrap_or_default();
        let printer = match first.split(' ').collect::<Vec<_>>()[..] {
            ["GET", _, "HTTP/1.1"] => return Ok(Self { printer: None, length: 0 }),
            ["POST", path, "HTTP/1.1"] => path.strip_prefix("/printers/").and_then(|number| number.parse().ok()),
            _ => bail!("`{first}` is no request"),
        };
        let mut fields = lines.filter_map(|line| line.split_once(':'));
        let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let length = length.context("a request without a length")?.1.trim().parse()?;
        Ok(Self { printer: Some(printer.unwrap_or(usize::MAX)), length })
    }
}

fn http(kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

impl Park {
    fn now_us(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn answer(&self, printer: &Mutex<Printer>, body: Vec<u8>) -> anyhow::Result<Vec<u8>> {
        let request = answer::parse(body)?;
        let operation = request.header().operation_or_status.cast_unsigned();
        self.requests[answer::place_of(operation)].fetch_add(1, Ordering::Relaxed);
        let mut printer = printer.lock().unwrap_or_else(PoisonError::into_inner);
        answer::answer(&mut printer, &request, self.now_us())
    }

    fn counts(&self) -> Counts {
        let requests = OPERATIONS.iter().zip(&self.requests);
        let requests = requests.map(|((_, name), count)| ((*name).to_owned(), count.load(Ordering::Relaxed)));
        let mut counts = Counts {
            requests: requests.collect(),
            connections: self.connections.load(Ordering::Relaxed) - 1, // without this connection
            cards: BTreeMap::new(),
            first_us: u64::MAX,
            last_us: 0,
            whole_us: 0,
            gaps_us: Vec::new(),
        };
        for printer in &self.printers {
            let mut printer = printer.lock().unwrap_or_else(PoisonError::into_inner);
            printer.catch_up(self.now_us());
            let hopper = printer.hopper();
            for card in hopper {
                *counts.cards.entry(card.name.clone()).or_default() += 1;
            }
            counts.gaps_us.extend(hopper.windows(2).map(|pair| pair[1].started_us - pair[0].ended_us));
            if let (Some(first), Some(last)) = (hopper.first(), hopper.last()) {
                counts.first_us = counts.first_us.min(first.started_us);
                counts.last_us = counts.last_us.max(last.ended_us);
                counts.whole_us += last.ended_us - first.started_us;
            }
        }
        counts
    }
}
