//! Tests several nodes on one PostgreSQL with one failure at a time.

use std::{fs, time::Duration};

use cetak::domain::time::Timestamp;

use crate::{
    cluster::{Cluster, LEASE_S, LinkState, Node, SLOW_MS},
    eve::EvePrinter,
    now,
    office::{number, wait_slowly_until},
    peer::Peer,
    postgres::Postgres,
    wait_until,
};

const PRINTERS: [&str; 4] = ["p1", "p2", "p3", "p4"];
/// The time that other nodes need, after a lease has expired, to take the printers.
const LATE: Duration = Duration::from_secs(3);
const DONE_SECONDS_MAX: u64 = 120;

fn cluster(students: usize, card_ms: u32) -> Cluster {
    let cluster = Cluster::new(Postgres::start(), students, students);
    for name in PRINTERS {
        cluster.office.add_mock(name, "student", &format!("card_ms={card_ms}"));
    }
    cluster
}

fn compare(cluster: &Cluster, students: usize) {
    cluster.compare(PRINTERS.iter().flat_map(|name| cluster.office.truth(name)), students, students);
}

fn wait_for_shares(cluster: &Cluster, nodes: [(&Node, usize); 2]) {
    wait_slowly_until("the printers are shared", 30, || {
        nodes.iter().all(|(node, count)| cluster.printers_of(node.name).len() == *count)
    });
}

fn wait_until_lost(cluster: &Cluster, node: &Node) -> jiff::Timestamp {
    let subject = format!("node {}", node.name);
    let before = cluster.acts_on("node.lost", &subject).len();
    wait_slowly_until("a node is put out", 30, || cluster.acts_on("node.lost", &subject).len() > before);
    cluster.acts_on("node.lost", &subject).last().unwrap().at()
}

/// Waits until each of these printers has made that many more cards.
fn wait_for_more_cards(cluster: &Cluster, printers: &[&str], more: usize) {
    let before: Vec<usize> = printers.iter().map(|name| cluster.office.truth(name).len()).collect();
    wait_until("each printer goes on", 60, || {
        printers.iter().zip(&before).all(|(name, before)| cluster.office.truth(name).len() >= before + more)
    });
}

fn count_fed_after(cluster: &Cluster, printer: &str, instant: Timestamp) -> usize {
    cluster.office.truth(printer).iter().filter(|line| line.at > instant.0).count()
}

#[test]
fn the_printers_of_a_killed_node_are_taken_over_when_its_lease_ends_and_its_open_attempts_are_settled() {
    let cluster = cluster(40, 1_000);
    let [mut a, mut b] = ["a", "b"].map(|name| cluster.node(name, &[]));
    a.join();
    b.join();
    wait_for_shares(&cluster, [(&a, 2), (&b, 2)]);
    wait_for_more_cards(&cluster, &PRINTERS, 1);
    wait_until("a has open attempts", 30, || cluster.open_attempts_of("a").len() == 2);

    a.kill();
    let killed_at = now();
    let open_attempt = cluster.open_attempts_of("a");
    assert!(!open_attempt.is_empty(), "they ended before it was killed");
    let lost_at = wait_until_lost(&cluster, &a);

    let took = Timestamp(lost_at.as_microsecond()).since(killed_at);
    assert!(took < Duration::from_secs(LEASE_S) + LATE, "{took:?}");
    cluster.come_to_rest(&mut [&mut b], DONE_SECONDS_MAX);
    b.stop();
    let attempts = cluster.office.attempts();
    let outcome = |name: &String| attempts.iter().find(|one| one.id == *name).and_then(|one| one.outcome.clone());
    let settled: Vec<_> = open_attempt.iter().map(outcome).collect();
    assert!(settled.iter().all(|outcome| outcome.as_deref() == Some("printed")), "{settled:?}");
    assert_eq!(cluster.count_records("printed"), 40);
    compare(&cluster, 40);
}

#[test]
fn a_frozen_node_whose_printers_were_taken_over_writes_nothing_when_it_wakes_and_joins_again() {
    let cluster = cluster(120, 400);
    let [mut a, mut b] = ["a", "b"].map(|name| cluster.node(name, &[]));
    a.join();
    b.join();
    wait_for_shares(&cluster, [(&a, 2), (&b, 2)]);
    wait_for_more_cards(&cluster, &PRINTERS, 2);

    a.running().freeze();
    wait_until_lost(&cluster, &a);
    wait_for_more_cards(&cluster, &PRINTERS, 2);
    assert_eq!(cluster.nodes(), ["b"]);
    a.running().thaw();
    wait_slowly_until("it has joined again", 30, || cluster.acts_on("node.joined", "node a").len() == 2);
    wait_for_shares(&cluster, [(&a, 2), (&b, 2)]);

    cluster.come_to_rest(&mut [&mut a, &mut b], DONE_SECONDS_MAX);
    assert!(a.running().messages().contains("it joins again"), "{}", a.running().messages());
    a.stop();
    b.stop();
    assert_eq!(cluster.count_records("printed"), 120);
    compare(&cluster, 120);
}

#[test]
fn a_living_nodes_name_is_refused_and_its_own_folder_joins_at_once_after_a_kill() {
    let cluster = cluster(4, 10);
    let long = [("CETAK_LEASE_S", "600")];
    let [mut a, other] = [(), ()].map(|()| cluster.node("a", &long));
    a.join();

    let refused = other.office.run(&["run"]);
    let expected = format!("another scheduler is node `a`: process {}", a.running().id());
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains(&expected) && refused.stderr.contains("hint: "), "{refused:?}");

    a.kill();
    let refused = other.office.run(&["run"]);
    assert!(refused.stderr.contains(&expected) && refused.stderr.contains("its lease ends in"), "{refused:?}");
    a.join();
    cluster.come_to_rest(&mut [&mut a], DONE_SECONDS_MAX);
    a.stop();

    let mut other = other;
    other.join(); // the node's name is free again
    other.stop();
    compare(&cluster, 4);
}

#[test]
fn while_the_server_is_away_no_card_starts_and_all_nodes_go_on_when_it_is_back() {
    let mut cluster = cluster(160, 300);
    let [mut a, mut b] = ["a", "b"].map(|name| cluster.node(name, &[]));
    a.join();
    b.join();
    wait_for_shares(&cluster, [(&a, 2), (&b, 2)]);
    let away = [Duration::from_secs(2), Duration::from_secs(LEASE_S + 2)];
    for (at, away) in away.into_iter().enumerate() {
        wait_for_more_cards(&cluster, &PRINTERS, 2);
        if at == 0 {
            cluster.server.stop();
        } else {
            cluster.server.kill();
        }
        let gone_at = now();
        wait_until("it was away for so long", 60, || now().since(gone_at) > away);
        for name in PRINTERS {
            // The card whose release was saved before.
            assert!(count_fed_after(&cluster, name, gone_at) <= 1, "{:?}", cluster.office.truth(name));
        }
        cluster.server.restart();
    }
    wait_for_more_cards(&cluster, &PRINTERS, 2);

    cluster.come_to_rest(&mut [&mut a, &mut b], DONE_SECONDS_MAX);
    a.stop();
    b.stop();
    assert_eq!(cluster.count_records("printed"), 160);
    compare(&cluster, 160);
}

#[test]
fn a_pause_stops_all_nodes_when_it_returns() {
    let cluster = cluster(3_000, 20);
    let [mut a, mut b] = ["a", "b"].map(|name| cluster.node(name, &[]));
    a.join();
    b.join();
    wait_for_shares(&cluster, [(&a, 2), (&b, 2)]);
    for _ in 0..4 {
        wait_for_more_cards(&cluster, &PRINTERS, 3);
        cluster.office.done(&["queue", "pause", "--reason", "ribbon change"]);
        let returned_at = now();
        wait_slowly_until("no attempt is open", 30, || cluster.count("attempt WHERE ended_at_us IS NULL") == 0);
        for name in PRINTERS {
            assert!(count_fed_after(&cluster, name, returned_at) <= 1, "{:?}", cluster.office.truth(name));
        }
        cluster.office.done(&["queue", "resume", "--reason", "new ribbon"]);
    }
    a.stop();
    b.stop();
}

#[test]
fn a_node_behind_a_slow_line_does_not_take_the_wait_for_a_wrong_clock() {
    let cluster = Cluster::new(Postgres::start(), 300, 300);
    cluster.office.add_mock("p1", "student", "card_ms=300");
    let mut a = cluster.node("a", &[("CETAK_LEASE_S", "120")]);
    a.join();
    wait_for_more_cards(&cluster, &["p1"], 1);
    a.link.set(LinkState::Slow);
    let expires = || cluster.server.psql("SELECT expires_at_us FROM node");
    // The first card may have begun earlier.
    for _ in 0..2 {
        let before = expires();
        wait_slowly_until("the lease is renewed", 60, || expires() != before);
    }

    let before = cluster.office.truth("p1").len();
    let mut looked_at = now();
    wait_until("the next card is fed", 60, || {
        cluster.office.truth("p1").len() > before || {
            looked_at = now();
            false
        }
    });
    // The mock printer uses its node's clock.
    let (fed_at, seen_at) = (Timestamp(cluster.office.truth("p1")[before].at), now());
    let tolerance = Duration::from_millis(SLOW_MS * 2 / 3);
    assert!(fed_at.plus(tolerance) > looked_at && fed_at < seen_at.plus(tolerance), "{looked_at} {fed_at} {seen_at}");
    a.link.set(LinkState::Open);
    a.stop();
}

fn instant(at: Timestamp) -> jiff::Timestamp {
    at.to_string().parse().unwrap()
}

/// Debian's path of libfaketime.
fn faketime() -> String {
    let folders = fs::read_dir("/usr/lib").unwrap().map(|folder| folder.unwrap().path());
    let found = folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).find(|library| library.exists());
    let library = found.unwrap_or_else(|| panic!("there is no libfaketime; hint: `apt-get install faketime`"));
    library.to_str().unwrap().to_owned()
}

/// A node with a wrong clock, and a window from three minutes ago to three minutes ahead.
fn misled(cluster: &Cluster, name: &'static str, offset: &str) -> Node {
    let library = faketime();
    let clock = [("LD_PRELOAD", &*library), ("FAKETIME", offset), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")];
    let node = cluster.node(name, &clock);
    let at = |minutes| (instant(now()) + jiff::SignedDuration::from_mins(minutes)).strftime("%H:%M");
    let (from, to) = (at(-3), at(4));
    node.office.set(&format!("[[window]]\nfrom = \"{from}\"\nto = \"{to}\"\nzone = \"UTC\"\n"));
    node
}

#[test]
fn nodes_whose_clocks_differ_by_minutes_take_over_from_each_other_and_nothing_is_uncertain() {
    let began = instant(now());
    let eve = EvePrinter::new();
    eve.engine().set_pace(500);
    let cluster = Cluster::new(Postgres::start(), 250, 250);
    for name in PRINTERS {
        cluster.office.add_mock(name, "student", "card_ms=400&offline=0.1");
    }
    cluster.office.add_ipp("eve", &eve.uri());
    let mut nodes = [("late", "-7m"), ("early", "+7m")].map(|(name, offset)| misled(&cluster, name, offset));
    nodes[0].join();
    wait_for_more_cards(&cluster, &PRINTERS, 1);
    wait_slowly_until("the IPP printer prints", 30, || !eve.cards().is_empty());

    for killed in [0, 1] {
        let other = 1 - killed;
        // All printers belong to the node that is killed next.
        wait_slowly_until("it has all printers", 30, || cluster.printers_of(nodes[killed].name).len() == 5);
        // Not during an upload: half a document would correctly be uncertain.
        let open_attempt = "attempt WHERE printer = 'eve' AND acknowledged AND ended_at_us IS NULL";
        wait_slowly_until("the IPP printer has an open attempt", 30, || cluster.count(open_attempt) == 1);
        nodes[killed].kill();
        nodes[other].join();
        wait_until_lost(&cluster, &nodes[killed]);
        let before = eve.cards().len();
        wait_slowly_until("the IPP printer goes on", 30, || eve.cards().len() > before);
    }
    nodes[1].join();
    cluster.come_to_rest(&mut nodes.iter_mut().collect::<Vec<_>>(), DONE_SECONDS_MAX);
    nodes.iter_mut().for_each(Node::stop);
    let ended = instant(now());

    let status = cluster.office.status();
    assert_eq!(number(&status, &["records", "printed"]), 250, "{status}");
    assert_eq!(cluster.count("attempt WHERE state NOT IN ('printed', 'not-started')"), 0, "{status}");
    let mut printed: Vec<_> = cluster.office.attempts();
    printed.retain(|attempt| attempt.printer == "eve" && attempt.outcome.as_deref() == Some("printed"));
    let (mut names, mut cards) = (printed.into_iter().map(|one| one.id).collect::<Vec<_>>(), eve.cards());
    names.sort();
    cards.sort();
    assert_eq!(names, cards);
    // A clock that is nearly right is not corrected.
    let near = jiff::SignedDuration::from_secs(1);
    let instants = cluster.acts().into_iter().map(|act| act.at());
    let strange: Vec<_> = instants.filter(|at| *at < began - near || *at > ended + near).collect();
    assert_eq!(strange, []);
}
