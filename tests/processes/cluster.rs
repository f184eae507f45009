//! Helper for tests of several nodes on one PostgreSQL database: each node has its own data folder and a connection
//! that can be cut. Checks what must hold after any failure.

use std::{
    collections::{HashMap, HashSet},
    fs,
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    thread,
};

use cetak::domain::audit_row::entries;
use cetak_driver_mock::TruthLine;
use serde_json::Value;

use crate::{
    office::{Answer, Office, Running, number},
    postgres::Postgres,
    storm::{compare_attempts, compare_blanks, compare_records, truth},
    wait, wait_until,
};

/// The shortest allowed lease.
pub(crate) const LEASE_S: u64 = 6;
/// The maximum duration of a node's orderly stop.
const STOP_SECONDS_MAX: u64 = 60;
/// The delay of answers on a slow connection.
pub(crate) const SLOW_MS: u64 = 600;
/// The file that the data folders of all nodes share.
const KEY: &str = "cetak.key";

/// A database server, and the office from which people run commands. Its folder also has the printers' truth files.
pub(crate) struct Cluster {
    pub(crate) server: Postgres,
    pub(crate) office: Office,
}

impl Cluster {
    /// An office without nodes, with that number of requests and blanks.
    pub(crate) fn new(server: Postgres, students: usize, blanks: usize) -> Self {
        let office = Office::with(&[("CETAK_DATABASE", &server.url())]);
        office.import("student", &crate::people::students(0..students));
        office.receive("student", blanks);
        Self { server, office }
    }

    /// A node that is not started yet.
    pub(crate) fn node(&self, name: &'static str, variables: &[(&str, &str)]) -> Node {
        let link = Link::new(self.server.url().rsplit_once(':').unwrap().1.split_once('/').unwrap().0.parse().unwrap());
        let (url, lease) = (link.url(), LEASE_S.to_string());
        // A batch size so small that a short list fills several batches.
        let own =
            [("CETAK_DATABASE", &*url), ("CETAK_NODE", name), ("CETAK_LEASE_S", &*lease), ("CETAK_BATCH_SIZE", "10")];
        let office = Office::with(&[&own, variables].concat());
        fs::create_dir(office.data()).unwrap();
        // The copy keeps the permissions.
        fs::copy(self.office.data().join(KEY), office.data().join(KEY)).unwrap();
        Node { name, office, link, running: None }
    }

    /// The nodes whose lease has not expired.
    pub(crate) fn nodes(&self) -> Vec<String> {
        self.rows("SELECT name FROM node ORDER BY name")
    }

    /// The printers of a node.
    pub(crate) fn printers_of(&self, node: &str) -> Vec<String> {
        self.rows(&format!("SELECT name FROM printer WHERE node = '{node}' ORDER BY name"))
    }

    /// Open attempts at the printers of a node.
    pub(crate) fn open_attempts_of(&self, node: &str) -> Vec<String> {
        let of = format!("SELECT name FROM printer WHERE node = '{node}'");
        self.rows(&format!("SELECT name FROM attempt WHERE ended_at_us IS NULL AND printer IN ({of})"))
    }

    pub(crate) fn count_records(&self, state: &str) -> usize {
        self.count(&format!("record WHERE state = '{state}'"))
    }

    /// The number of rows; `from` is the text after FROM.
    pub(crate) fn count(&self, from: &str) -> usize {
        self.server.psql(&format!("SELECT COUNT(*) FROM {from}")).parse().unwrap()
    }

    fn rows(&self, sql: &str) -> Vec<String> {
        self.server.psql(sql).lines().map(str::to_owned).collect()
    }

    /// All events in the order of their commits. A writer gets its row number while it has the write lock.
    pub(crate) fn acts(&self) -> Vec<Act> {
        let sql = "SELECT to_json(entry) FROM audit ORDER BY CAST(CAST(xmin AS TEXT) AS BIGINT), chain, seq";
        let rows: Vec<String> = self.rows(sql).iter().map(|row| serde_json::from_str(row).unwrap()).collect();
        rows.iter().flat_map(|row| entries(row)).map(|entry| Act(serde_json::from_str(&entry).unwrap())).collect()
    }

    /// Acts of this kind on this subject, in the order of their commits.
    pub(crate) fn acts_on(&self, act: &str, subject: &str) -> Vec<Act> {
        self.acts().into_iter().filter(|one| one.text("act") == act && one.text("subject") == subject).collect()
    }

    /// Waits until nothing is left to print. An operator clears printers whose breaker is open.
    pub(crate) fn come_to_rest(&self, nodes: &mut [&mut Node], seconds: u64) {
        wait_until("the list is done", seconds, || {
            for node in nodes.iter_mut() {
                node.watch();
            }
            let status = self.office.status();
            let left = ["waiting", "batched"].iter().map(|state| number(&status, &["records", state])).sum::<i64>();
            if left == 0 && self.count("attempt WHERE ended_at_us IS NULL") == 0 {
                return true;
            }
            for one in status["printers"].as_array().unwrap().iter().filter(|one| one["breaker"] == "locked") {
                self.office.done(&["printer", "clear", one["name"].as_str().unwrap()]);
            }
            wait(200);
            false
        });
    }

    /// Checks that cards, records, blanks and the writes of each node are accounted for. `lines` are those of all truth files.
    pub(crate) fn compare(&self, lines: impl IntoIterator<Item = TruthLine>, records: usize, blanks: usize) {
        let (status, attempts, truth) = (self.office.status(), self.office.attempts(), truth(lines));
        let withdrawn: HashSet<String> =
            self.rows("SELECT request_id FROM record WHERE state = 'withdrawn'").into_iter().collect();
        compare_attempts(&attempts, &truth);
        compare_records(&attempts, &truth, &status, records, &withdrawn);
        compare_blanks(&truth, &status, blanks);
        self.office.done(&["audit", "verify"]);
        self.office.done(&["db", "check"]);
        assert_eq!(wrongs(&self.acts()), Vec::<String>::new());
    }
}

/// One event of an audit chain.
pub(crate) struct Act(Value);

impl Act {
    pub(crate) fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap()
    }

    pub(crate) fn at(&self) -> jiff::Timestamp {
        self.text("at").parse().unwrap()
    }

    fn detail(&self, key: &str) -> Option<&str> {
        self.0["details"][key].as_str()
    }
}

/// Writes that the fence should have prevented: any write between the loss of the lease and the next join, and any
/// write about an attempt at a printer of another node.
fn wrongs(acts: &[Act]) -> Vec<String> {
    let (mut living, mut owners, mut printers) = (HashSet::new(), HashMap::new(), HashMap::new());
    let mut wrongs = Vec::new();
    for act in acts {
        let (kind, subject) = (act.text("act"), act.text("subject"));
        let node = act.text("chain").strip_prefix("scheduler-").unwrap_or("");
        let thing = subject.split_once(' ').map_or(subject, |(_, name)| name);
        if kind == "node.joined" {
            living.insert(thing);
        }
        if !node.is_empty() && !living.contains(node) {
            wrongs.push(format!("{node} wrote while it was out: {}", act.0));
        }
        match kind {
            "node.lost" | "node.left" => {
                living.remove(thing);
                owners.retain(|_, owner| *owner != thing);
            }
            "printer.taken" => {
                if let Some(other) = owners.insert(thing, node) {
                    wrongs.push(format!("{node} took a printer of {other}: {}", act.0));
                }
            }
            "printer.given-up" => {
                owners.remove(thing);
            }
            // A process confirms its own attempts, also at a printer that it gave up.
            "attempt.confirmed" => {}
            _ if kind.starts_with("attempt.") && !node.is_empty() => {
                let printer = *printers.entry(subject).or_insert_with(|| act.detail("printer").unwrap_or(""));
                if owners.get(printer) != Some(&node) {
                    wrongs.push(format!("{node} does not have the printer `{printer}`: {}", act.0));
                }
            }
            _ => {}
        }
    }
    wrongs
}

/// A node: one of several schedulers.
pub(crate) struct Node {
    pub(crate) name: &'static str,
    pub(crate) office: Office,
    pub(crate) link: Link,
    running: Option<Running>,
}

impl Node {
    pub(crate) fn start(&mut self) {
        self.running = Some(self.office.start(&["run"]));
    }

    /// Starts the node, and waits until it has joined.
    pub(crate) fn join(&mut self) {
        self.start();
        wait_until(&format!("{} has joined", self.name), 30, || {
            self.watch();
            self.has_joined()
        });
    }

    fn has_joined(&self) -> bool {
        self.running().messages().contains("joined")
    }

    pub(crate) fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    /// Kills it with SIGKILL, if it runs.
    pub(crate) fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            running.kill();
        }
    }

    /// Asserts that a node that has joined has not ended. A node that loses the server before it has joined may end, and is
    /// started again.
    pub(crate) fn watch(&mut self) {
        if self.running.as_mut().is_some_and(Running::has_ended) {
            assert!(!self.has_joined(), "{} has ended: {}", self.name, self.running().messages());
            self.start();
        }
    }

    /// Waits for its end.
    pub(crate) fn ended(&mut self, seconds: u64) -> Answer {
        self.running.take().unwrap().ended(seconds)
    }

    /// Stops it with SIGTERM, and asserts success.
    pub(crate) fn stop(&mut self) {
        let running = self.running.take().unwrap();
        running.ask_to_stop();
        let answer = running.ended(STOP_SECONDS_MAX);
        assert_eq!(answer.code, Some(0), "{}: {answer:?}", self.name);
    }
}

/// The traffic that passes between a node and the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LinkState {
    /// All traffic.
    Open,
    /// Drops the traffic without an error to either side.
    Blocked,
    /// The node's requests pass, the answers do not.
    AnswersBlocked,
    /// All traffic, with each answer delayed by [`SLOW_MS`].
    Slow,
}

/// The connection of a node to the server. Blocked traffic is delivered late, like retransmitted packets.
pub(crate) struct Link {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<LinkState>,
    changed: Condvar,
    connections: Mutex<Vec<[TcpStream; 2]>>,
}

impl Link {
    fn new(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            state: Mutex::new(LinkState::Open),
            changed: Condvar::new(),
            connections: Mutex::default(),
        });
        let of_thread = shared.clone();
        // It ends with the test.
        thread::spawn(move || {
            for node in listener.incoming().flatten() {
                let shared = of_thread.clone();
                thread::spawn(move || connect(&node, server, &shared));
            }
        });
        Self { port, shared }
    }

    fn url(&self) -> String {
        format!("postgres://cetak@127.0.0.1:{}/cetak", self.port)
    }

    pub(crate) fn set(&self, state: LinkState) {
        *self.shared.state.lock().unwrap() = state;
        self.shared.changed.notify_all();
    }

    /// Closes all connections; data in transit are lost.
    pub(crate) fn cut(&self) {
        for connection in self.shared.connections.lock().unwrap().drain(..) {
            close(&connection);
        }
    }
}

impl Shared {
    /// Waits while the traffic is blocked.
    fn wait_while(&self, is_held_up: impl Fn(LinkState) -> bool) -> LinkState {
        let state = self.state.lock().unwrap();
        *self.changed.wait_while(state, |state| is_held_up(*state)).unwrap()
    }
}

fn connect(node: &TcpStream, server: u16, shared: &Arc<Shared>) -> Option<()> {
    let answers_are_held_up = |state| matches!(state, LinkState::Blocked | LinkState::AnswersBlocked);
    shared.wait_while(answers_are_held_up);
    let server = TcpStream::connect(("127.0.0.1", server)).ok()?;
    node.set_nodelay(true).ok()?;
    server.set_nodelay(true).ok()?;
    let both = || Some([node.try_clone().ok()?, server.try_clone().ok()?]);
    shared.connections.lock().unwrap().push(both()?);
    let (ends, back, others) = (both()?, both()?, shared.clone());
    thread::spawn(move || {
        pump(&back[1], &back[0], || {
            if others.wait_while(answers_are_held_up) == LinkState::Slow {
                wait(SLOW_MS);
            }
        });
    });
    pump(&ends[0], &ends[1], || {
        shared.wait_while(|state| state == LinkState::Blocked);
    });
    Some(())
}

/// Copies one direction and its end of stream, each after `waits`.
fn pump(mut from: &TcpStream, mut to: &TcpStream, waits: impl Fn()) {
    let mut bytes = [0; 8_192];
    loop {
        let count = from.read(&mut bytes).unwrap_or(0);
        waits();
        if count == 0 || to.write_all(&bytes[..count]).is_err() {
            return close(&[from, to]);
        }
    }
}

fn close<S: std::borrow::Borrow<TcpStream>>(connection: &[S; 2]) {
    for end in connection {
        // It may be closed already.
        let _ = end.borrow().shutdown(Shutdown::Both);
    }
}
