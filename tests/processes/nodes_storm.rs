//! Kills, freezes and disconnects three nodes on one PostgreSQL database, and stops the server, while people act; then
//! accounts for every card, blank and record.

use std::time::Duration;

use cetak::domain::time::Timestamp;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;

use crate::{
    cluster::{Cluster, LinkState, Node},
    copies::{dump, other},
    joined::Joined,
    now, people,
    postgres::Postgres,
    storm::seeded,
    wait,
};

/// The seed; the environment variable `NODES_STORM_SEED` sets another.
const SEED: u64 = 2015;
/// The number of failures; `NODES_STORM_KILLS` sets another.
const BLOWS: usize = 10;
/// Requests per failure, so that the list outlasts the storm.
const STUDENTS_EACH_BLOW: usize = 25;
/// Extra blanks for spoiled cards, in percent of the list.
const SPARE_PERCENT: usize = 30;
const NODES: [&str; 3] = ["a", "b", "c"];
/// The database into which a dump is restored.
const RESTORED: &str = "restored";
const PRINTERS: usize = 12;
/// The number of printers in one truth file.
const TOGETHER: usize = 4;
/// The probability of a failure that hits the last healthy node too.
const HITS_THE_LAST: f64 = 0.2;
/// The time from one failure to the next.
const NEXT_MS: std::ops::Range<u64> = 100..3_000;
/// The duration of a failure: about half of them are longer than a lease.
const LASTS_MS: std::ops::Range<u64> = 500..14_000;
/// The duration of a failure that stops all nodes.
const STOPS_ALL_MS: std::ops::Range<u64> = 0..3_000;
/// The time to finish after the storm: this minimum, and an addition for each failure.
const REST_SECONDS_MAX: u64 = 120;
const REST_SECONDS_EACH_BLOW: u64 = 5;

#[test]
fn after_a_storm_over_three_nodes_every_card_every_record_and_every_blank_is_accounted_for() {
    seeded("NODES_STORM", SEED, BLOWS, storm);
}

struct Storm {
    cluster: Cluster,
    nodes: Vec<Node>,
    /// The failure of each node, and its end.
    failures: Vec<Option<(Failure, Timestamp)>>,
    server_is_down_until: Option<Timestamp>,
    /// A copy of a node, on a restored dump of the database.
    restored: Option<Joined>,
    paused_until: Option<Timestamp>,
    students: usize,
    blanks: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Failure {
    Dead,
    Frozen,
    /// Whether its connections are closed at the end.
    CutOff(bool),
}

fn storm(seed: u64, blows: usize) {
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    let mut storm = Storm::new(&mut random, blows * STUDENTS_EACH_BLOW);
    storm.nodes.iter_mut().for_each(Node::join);
    for number in 0..blows {
        if number >= blows / 3 {
            storm.restore();
        }
        storm.blow(&mut random);
        storm.act(&mut random);
        let next = now().plus(Duration::from_millis(random.random_range(NEXT_MS)));
        while now() < next {
            storm.heal(now());
            wait(10);
        }
    }
    storm.heal(Timestamp(i64::MAX));
    let Storm { cluster, mut nodes, students, blanks, restored, .. } = storm;
    let fed = lines(&cluster).count();
    let lost = cluster.acts().iter().filter(|act| act.text("act") == "node.lost").count();
    let patience = REST_SECONDS_MAX + REST_SECONDS_EACH_BLOW * u64::try_from(blows).unwrap();
    cluster.come_to_rest(&mut nodes.iter_mut().collect::<Vec<_>>(), patience);
    nodes.iter_mut().for_each(Node::stop);
    assert!(restored.is_some() || blows < BLOWS, "no restored database joined in");
    restored.into_iter().for_each(Joined::leave);

    assert!(fed > blows && lost > 0, "{fed} cards in the storm, {lost} times a node was put out");
    cluster.compare(lines(&cluster), students, blanks);
}

fn name(printer: usize) -> String {
    format!("p{printer:02}")
}

fn lines(cluster: &Cluster) -> impl Iterator<Item = cetak_driver_mock::TruthLine> {
    let files = (TOGETHER..PRINTERS).map(name).chain(["together".to_owned()]);
    files.flat_map(|file| cluster.office.truth(&file))
}

impl Storm {
    fn new(random: &mut ChaCha20Rng, students: usize) -> Self {
        let blanks = students * (100 + SPARE_PERCENT) / 100;
        let server = Postgres::durable();
        server.psql(&format!("CREATE DATABASE {RESTORED} TEMPLATE cetak"));
        let cluster = Cluster::new(server, students, blanks);
        for printer in 0..PRINTERS {
            let faults = "spoil=0.02&jam=0.01&clear_ms=300&offline=0.02&lose_ack=0.02&forget=0.01";
            let (card_ms, seed) = (random.random_range(200..=800), random.random_range(0..u64::from(u32::MAX)));
            let hold = if printer % 3 == 0 { "yes" } else { "no" };
            let file = if printer < TOGETHER { "together".to_owned() } else { name(printer) };
            let behaviour = format!("card_ms={card_ms}&seed={seed}&hold={hold}&{faults}");
            cluster.office.add_mock_in(&file, &name(printer), "student", &behaviour);
        }
        let nodes: Vec<Node> = NODES.iter().map(|name| cluster.node(name, &[])).collect();
        let failures = NODES.map(|_| None).into();
        Self {
            cluster,
            nodes,
            failures,
            server_is_down_until: None,
            restored: None,
            paused_until: None,
            students,
            blanks,
        }
    }

    /// Causes a failure of the server, or of a healthy node, if there is one.
    fn blow(&mut self, random: &mut ChaCha20Rng) {
        let (at, kind) = (random.random_range(0..NODES.len()), random.random_range(0..10));
        let until = now().plus(Duration::from_millis(random.random_range(LASTS_MS)));
        let for_all = now().plus(Duration::from_millis(random.random_range(STOPS_ALL_MS)));
        let (closes, hits_the_last) = (random.random_bool(0.5), random.random_bool(HITS_THE_LAST));
        if kind == 9 {
            if closes {
                self.cluster.server.kill();
            } else {
                self.cluster.server.stop();
            }
            self.server_is_down_until = Some(for_all);
            return;
        }
        if self.failures.iter().filter(|failure| failure.is_none()).count() == 1 && !hits_the_last {
            return;
        }
        let Some(at) = (at..at + NODES.len()).map(|at| at % NODES.len()).find(|at| self.failures[*at].is_none()) else {
            return;
        };
        let failure = match kind {
            0..3 => Failure::Dead,
            3..6 => Failure::Frozen,
            _ => Failure::CutOff(closes),
        };
        let node = &mut self.nodes[at];
        match failure {
            Failure::Dead => node.kill(),
            Failure::Frozen => node.running().freeze(),
            Failure::CutOff(_) => node.link.set(if kind == 6 { LinkState::AnswersBlocked } else { LinkState::Blocked }),
        }
        self.failures[at] = Some((failure, until));
    }

    /// Restores a dump of the database beside it, and starts a copy of the first node on it, once the server is reachable.
    fn restore(&mut self) {
        if self.restored.is_some() || self.server_is_down_until.is_some() {
            return;
        }
        let server = &self.cluster.server;
        let url = other(server, "cetak", RESTORED);
        dump(&server.url(), &url);
        let mut copy = self.nodes[0].office.copied();
        copy.set_variable("CETAK_DATABASE", &url);
        // The lease of the first node may be in the dump.
        copy.set_variable("CETAK_NODE", RESTORED);
        self.restored = Some(Joined::start(copy));
    }

    fn cure(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        match self.failures[at].take() {
            None => {}
            Some((Failure::Dead, _)) => node.start(),
            Some((Failure::Frozen, _)) => node.running().thaw(),
            Some((Failure::CutOff(closes), _)) => {
                if closes {
                    node.link.cut();
                }
                node.link.set(LinkState::Open);
            }
        }
        node.watch();
    }

    /// Ends the failures that have lasted long enough.
    fn heal(&mut self, now: Timestamp) {
        if self.server_is_down_until.take_if(|until| *until <= now).is_some() {
            self.cluster.server.restart();
        }
        for at in 0..NODES.len() {
            if self.failures[at].is_some_and(|(_, until)| until <= now) {
                self.cure(at);
            } else if self.failures[at].is_none() {
                self.nodes[at].watch();
            }
        }
        if self.server_is_down_until.is_none() && self.paused_until.take_if(|until| *until <= now).is_some() {
            self.cluster.office.done(&["queue", "resume", "--reason", "new ribbon"]);
        }
    }

    /// Runs a command of a person, if the server is reachable.
    fn act(&mut self, random: &mut ChaCha20Rng) {
        let (kind, first) = (random.random_range(0..6), random.random_range(0..self.students));
        let until = now().plus(Duration::from_millis(random.random_range(STOPS_ALL_MS)));
        if self.server_is_down_until.is_some() {
            return;
        }
        match kind {
            0 => {
                self.cluster.office.done(&["queue", "pause", "--reason", "ribbon change"]);
                self.paused_until = Some(until);
            }
            1 => {
                self.cluster.office.receive("student", 7);
                self.blanks += 7;
            }
            2 | 3 => {
                let numbers = first..(first + 5).min(self.students);
                self.cluster.office.import("student", &people::withdrawn(numbers));
            }
            _ => {}
        }
    }
}
