//! Open boards: each has a stream, and reads its page again when the stream tells of a change, as the script of the console does.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    task::JoinSet,
    time::{Instant, timeout_at},
};

/// The most streams of one account.
pub(crate) const OF_ACCOUNT: usize = 8;
/// The shortest time between two readings of a page.
const READ_EVERY: Duration = Duration::from_secs(1);

/// What the boards of one run saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The time of each reading of the page, milliseconds.
    pub(crate) pages_ms: Vec<f64>,
}

/// An answer.
struct Reply {
    status: u16,
    cookie: Option<String>,
    tag: Option<String>,
    body: Vec<u8>,
}

/// A connection that is kept open.
struct Connection {
    stream: BufReader<TcpStream>,
    address: String,
}

impl Connection {
    async fn open(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), address: address.to_owned() })
    }

    async fn send(&mut self, method: &str, path: &str, headers: &str, body: &str) -> anyhow::Result<Reply> {
        let length = body.len();
        let text = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\norigin: http://{0}\r\ncontent-length: {length}\r\n{headers}\r\n{body}",
            self.address
        );
        self.stream.get_mut().write_all(text.as_bytes()).await?;
        let (mut reply, length) = self.head().await?;
        reply.body.resize(length, 0);
        self.stream.read_exact(&mut reply.body).await?;
        Ok(reply)
    }

    /// The head of an answer, and the length of its body.
    async fn head(&mut self) -> anyhow::Result<(Reply, usize)> {
        let mut line = String::new();
        self.stream.read_line(&mut line).await?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.with_context(|| format!("the answer is {line:?}"))?;
        let (mut reply, mut length) = (Reply { status, cookie: None, tag: None, body: Vec::new() }, 0);
        loop {
            line.clear();
            self.stream.read_line(&mut line).await?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { return Ok((reply, length)) };
            match name {
                "content-length" => length = value.parse()?,
                "set-cookie" => reply.cookie = value.split(';').next().map(str::to_owned),
                "etag" => reply.tag = Some(value.to_owned()),
                _ => {}
            }
        }
    }
}

/// A session of an account, as the cookie of a browser.
pub(crate) async fn sign_in(address: &str, name: &str, password: &str) -> anyhow::Result<String> {
    let body = json!({ "name": name, "password": password }).to_string();
    let mut connection = Connection::open(address).await?;
    let reply = connection.send("POST", "/api/v1/session", "content-type: application/json\r\n", &body).await?;
    ensure!(reply.status == 200, "{}", String::from_utf8_lossy(&reply.body));
    reply.cookie.context("a session has a cookie")
}

/// The value of a metric without labels.
pub(crate) async fn metric(address: &str, name: &str) -> anyhow::Result<f64> {
    let reply = Connection::open(address).await?.send("GET", "/metrics", "", "").await?;
    let text = String::from_utf8(reply.body)?;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(value.with_context(|| format!("no {name} in {text}"))?.parse()?)
}

/// Keeps a board open for each session, for a time.
pub(crate) async fn follow(address: &str, sessions: Vec<String>, time: Duration) -> anyhow::Result<Seen> {
    let end = Instant::now() + time;
    let mut boards = JoinSet::new();
    for session in sessions {
        let address = address.to_owned();
        boards.spawn(async move { board(&address, &session, end).await });
    }
    let mut seen = Seen::default();
    while let Some(board) = boards.join_next().await {
        seen.pages_ms.extend(board??);
    }
    Ok(seen)
}

/// One board: the time of each reading.
async fn board(address: &str, session: &str, end: Instant) -> anyhow::Result<Vec<f64>> {
    let cookie = format!("cookie: {session}\r\n");
    let mut stream = Connection::open(address).await?;
    let ask = format!("GET /live HTTP/1.1\r\nhost: {address}\r\n{cookie}\r\n");
    stream.stream.get_mut().write_all(ask.as_bytes()).await?;
    let (head, _) = stream.head().await?;
    ensure!(head.status == 200, "the stream is {}", head.status);
    let mut page = Connection::open(address).await?;
    let (mut times, mut tag, mut next_at) = (Vec::new(), String::new(), Instant::now());
    let (mut told, mut read, mut line) = (String::new(), String::new(), Vec::new());
    loop {
        // What was told meanwhile is read when the time has come.
        let due = if told == read { end } else { end.min(next_at) };
        // A line that was read in part goes on with the next call.
        match timeout_at(due, stream.stream.read_until(b'\n', &mut line)).await {
            Ok(length) => {
                ensure!(length? > 0, "the stream ended");
                if let Some(data) = line.strip_prefix(b"data: ") {
                    let data: Value = serde_json::from_slice(data)?;
                    data["version"].as_str().context("an event has a version")?.clone_into(&mut told);
                }
                line.clear();
            }
            Err(_) if Instant::now() >= end => return Ok(times),
            Err(_) => {}
        }
        if told != read && Instant::now() >= next_at {
            let known = if tag.is_empty() { String::new() } else { format!("if-none-match: {tag}\r\n") };
            let began = Instant::now();
            next_at = began + READ_EVERY;
            read.clone_from(&told);
            let reply = page.send("GET", "/", &format!("{cookie}x-followed: 1\r\n{known}"), "").await?;
            times.push(began.elapsed().as_secs_f64() * 1_000.0);
            ensure!([200, 304].contains(&reply.status), "the board is {}", reply.status);
            tag = reply.tag.context("the board has a tag")?;
        }
    }
}
