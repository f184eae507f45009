//! Clients of the server: connections that are kept open, and requests that are due at their time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, ensure};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    task::JoinSet,
    time::Instant,
};

use crate::shared::program::Scheduler;

/// The connections of all clients. A console has one or two.
const CONNECTIONS: usize = 32;

/// How many requests are sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rate {
    /// None.
    None,
    /// So many a second.
    Each(f64),
    /// Each connection sends the next when it has its answer.
    Most,
}

/// The latencies of requests.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    pub(crate) latencies_ms: Vec<f64>,
    pub(crate) seconds: f64,
}

/// A server and a token for it.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    address: String,
    token: String,
}

impl Address {
    /// Waits until the server listens.
    pub(crate) async fn new(scheduler: &Scheduler, token: String) -> anyhow::Result<Self> {
        for _ in 0..600 {
            let log = scheduler.log()?;
            if let Some(url) = log.lines().find_map(|line| line.strip_prefix("listening on http://")) {
                return Ok(Self { address: url.to_owned(), token });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        anyhow::bail!("the server does not listen: {}", scheduler.log()?)
    }

    /// The cards that are printed.
    pub(crate) async fn printed(&self) -> anyhow::Result<u64> {
        let board = Connection::open(self).await?.get("/board").await?;
        board["records"]["printed"].as_u64().context("the board counts printed records")
    }

    /// Reads for a time. The mix is that of consoles: the board, lists and single records.
    pub(crate) async fn read(&self, rate: Rate, time: Duration) -> anyhow::Result<Reads> {
        let paths = Arc::new(self.paths().await?);
        let began = Instant::now();
        let interval = match rate {
            Rate::None => {
                tokio::time::sleep(time).await;
                return Ok(Reads::default());
            }
            Rate::Each(rate) => Some(Duration::from_secs_f64(1.0 / rate)),
            Rate::Most => None,
        };
        let next = Arc::new(AtomicUsize::new(0));
        let mut clients = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let (paths, next, mut connection) = (paths.clone(), next.clone(), Connection::open(self).await?);
            clients.spawn(async move {
                let mut latencies = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let due = began + interval.unwrap_or_default() * u32::try_from(number)?;
                    let due = if interval.is_some() { due } else { Instant::now() };
                    if due >= began + time {
                        return anyhow::Ok(latencies);
                    }
                    tokio::time::sleep_until(due).await;
                    connection.get(&paths[number % paths.len()]).await?;
                    latencies.push(due.elapsed().as_secs_f64() * 1_000.0);
                }
            });
        }
        let mut reads = Reads::default();
        while let Some(client) = clients.join_next().await {
            reads.latencies_ms.extend(client??);
        }
        reads.seconds = began.elapsed().as_secs_f64();
        ensure!(!reads.latencies_ms.is_empty(), "no request was sent");
        Ok(reads)
    }

    /// What is read, each as often as it stands here.
    async fn paths(&self) -> anyhow::Result<Vec<String>> {
        let mut connection = Connection::open(self).await?;
        let page = connection.get("/records?limit=200").await?;
        let items = page["items"].as_array().context("a page has items")?;
        let name =
            |record: &Value| Some((record["source"].as_str()?.to_owned(), record["request_id"].as_str()?.to_owned()));
        let names: Vec<_> = items.iter().filter_map(name).collect();
        ensure!(!names.is_empty(), "the office has no records");
        let mut paths = Vec::new();
        for (number, (source, request_id)) in names.iter().enumerate() {
            let record = format!("/records/{source}/{request_id}");
            let mix = ["/board", "/records?limit=50", "/printers", "/jobs?limit=50", "/needs", "/stock", "/batches"];
            paths.extend([
                mix[0].to_owned(),
                mix[1 + number % 6].to_owned(),
                record.clone(),
                format!("{record}/whereabouts"),
            ]);
            paths.push(format!("/records?state=waiting&limit=50&after={}", number * 50));
        }
        Ok(paths)
    }

    /// Sends a list, and returns the answer.
    pub(crate) async fn import(&self, list: &str) -> anyhow::Result<String> {
        let mut stream = TcpStream::connect(&self.address).await?;
        let head = format!(
            "POST /api/v1/imports?source=default&profile=ktp-el HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nauthorization: Bearer {}\r\n\
             content-type: text/csv\r\ncontent-length: {}\r\n\r\n",
            self.address,
            self.token,
            list.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(list.as_bytes()).await?;
        let mut connection = Connection { stream: BufReader::new(stream), head: String::new() };
        ensure!(connection.head().await?.chunked, "a list is answered in chunks");
        let mut answer = Vec::new();
        loop {
            let mut size = String::new();
            connection.stream.read_line(&mut size).await?;
            let size = usize::from_str_radix(size.trim(), 16)?;
            let begin = answer.len();
            answer.resize(begin + size + 2, 0);
            connection.stream.read_exact(&mut answer[begin..]).await?;
            answer.truncate(begin + size);
            if size == 0 {
                return Ok(String::from_utf8(answer)?);
            }
        }
    }
}

/// A connection that is kept open.
struct Connection {
    stream: BufReader<TcpStream>,
    /// The headers of each request.
    head: String,
}

/// What the head of an answer says of its body.
#[derive(Default)]
struct Head {
    length: usize,
    chunked: bool,
}

impl Connection {
    async fn open(address: &Address) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(&address.address).await?;
        stream.set_nodelay(true)?;
        let head = format!("HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\r\n", address.address, address.token);
        Ok(Self { stream: BufReader::new(stream), head })
    }

    /// Reads JSON at a path, which must be there.
    async fn get(&mut self, path: &str) -> anyhow::Result<Value> {
        let request = format!("GET /api/v1{path} {}", self.head);
        self.stream.get_mut().write_all(request.as_bytes()).await?;
        let head = self.head().await.with_context(|| path.to_owned())?;
        let mut body = vec![0; head.length];
        self.stream.read_exact(&mut body).await?;
        Ok(serde_json::from_slice(&body)?)
    }

    /// The head of an answer with status 200.
    async fn head(&mut self) -> anyhow::Result<Head> {
        let (mut head, mut line) = (Head::default(), String::new());
        self.stream.read_line(&mut line).await?;
        ensure!(line.starts_with("HTTP/1.1 200 "), "the answer is {line:?}");
        loop {
            line.clear();
            self.stream.read_line(&mut line).await?;
            let Some((name, value)) = line.trim().split_once(": ") else { return Ok(head) };
            match name {
                "content-length" => head.length = value.parse()?,
                "transfer-encoding" => head.chunked = value == "chunked",
                _ => {}
            }
        }
    }
}
