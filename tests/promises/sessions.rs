//! P9 over HTTP, on a clock that the test sets: a session ends by time. The server runs in the test's own process.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use cetak::{
    app::system::SystemClock,
    domain::actor::Role,
    engine::{Engine, clock::Clock},
    web::{Server, Settings},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
    task::JoinHandle,
};

use crate::{
    database,
    staff::{Office, password},
};

const MINUTE: Duration = Duration::from_mins(1);

/// A server, and the clock of its engine.
struct Served {
    address: String,
    engine: Engine,
    clock: SystemClock,
    stop: watch::Sender<bool>,
    running: JoinHandle<()>,
}

impl Served {
    async fn new(office: &Office) -> Self {
        let clock = SystemClock::default();
        clock.sync_to(office.world.clock.now(), clock.now());
        let engine = Engine { clock: Arc::new(clock.clone()), ..office.web.clone() };
        let folder = office.world.dir.path();
        let settings = Settings {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            tls: None,
            trusted_proxies: Vec::new(),
            connections: 16,
            backups: folder.join("backups"),
            received: folder.to_owned(),
            photos: folder.join("photos"),
            socket: None,
        };
        let server = Server::bind(settings).await.unwrap();
        let address = server.url().strip_prefix("http://").unwrap().to_owned();
        let (stop, stopping) = watch::channel(false);
        let own = engine.clone();
        let running = tokio::spawn(async move { server.run(own, stopping).await.unwrap() });
        Self { address, engine, clock, stop, running }
    }

    /// Moves the clock on, when the uses of sessions before are saved.
    async fn pass(&self, time: Duration) {
        self.engine.session_uses.saved().await;
        let now = self.clock.now();
        self.clock.sync_to(now.plus(time), now);
    }

    /// Sends a request; returns the answer as text.
    async fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let head =
            format!("{method} /api/v1{path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{headers}", self.address);
        stream.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    /// Signs in; returns the header with the cookie.
    async fn sign_in(&self, name: &str) -> String {
        let body = serde_json::json!({ "name": name, "password": password(name).reveal() }).to_string();
        let answer = self.send("POST", "/session", "content-type: application/json\r\n", &body).await;
        let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
        format!("cookie: {}\r\n", cookie.split(';').next().unwrap())
    }

    /// Whether a session may read.
    async fn is_open(&self, cookie: &str) -> bool {
        let answer = self.send("GET", "/board", cookie, "").await;
        let status = answer.split(' ').nth(1).unwrap();
        assert!(status == "200" || (status == "401" && answer.contains("sign-in-needed")), "{answer}");
        status == "200"
    }
}

#[tokio::test]
async fn a_session_ends_after_30_minutes_without_a_request_and_after_12_hours_however_it_is_used() {
    let office = Office::new(&[("Siti", Role::Supervisor)]).await;
    let served = Served::new(&office).await;
    let cookie = served.sign_in("Siti").await;
    for _ in 0..2 {
        served.pass(29 * MINUTE).await;
        assert!(served.is_open(&cookie).await, "each request begins the half hour anew");
    }
    served.pass(30 * MINUTE).await;
    assert!(!served.is_open(&cookie).await, "it was idle");
    served.pass(MINUTE).await;
    assert!(!served.is_open(&cookie).await, "and a request after its end does not open it again");

    let cookie = served.sign_in("Siti").await;
    for _ in 0..35 {
        served.pass(20 * MINUTE).await;
        assert!(served.is_open(&cookie).await);
    }
    served.pass(20 * MINUTE).await;
    assert!(!served.is_open(&cookie).await, "after 12 hours");
    let other = served.sign_in("Siti").await;
    assert!(served.is_open(&other).await, "her account is as before");

    served.stop.send(true).unwrap();
    served.running.await.unwrap();
    office.world.audit().await;
}

#[tokio::test]
async fn a_read_answers_while_the_writer_is_busy_and_the_use_of_its_session_is_saved_before_the_server_ends() {
    let office = Office::new(&[("Siti", Role::Supervisor)]).await;
    let served = Served::new(&office).await;
    let cookie = served.sign_in("Siti").await;
    let seen_at = async || {
        let sql = "SELECT CAST(seen_at_us AS TEXT) FROM session";
        database::execute(&office.world.location, sql).await.unwrap()
    };
    let opened = seen_at().await;
    served.pass(MINUTE).await;
    let engine = &served.engine;
    let writer = engine.store.write(&engine.writer, engine.clock.now()).await.unwrap();
    for _ in 0..3 {
        let read = tokio::time::timeout(MINUTE, served.is_open(&cookie)).await;
        assert!(read.expect("a read does not wait for the writer"));
    }
    assert_eq!(seen_at().await, opened);
    served.stop.send(true).unwrap();
    drop(writer);
    served.running.await.unwrap();
    assert_ne!(seen_at().await, opened, "the use was saved when the writer was free");
}
