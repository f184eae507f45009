//! Tests P1 over HTTP: a request with an idempotency key is carried out once, however often, at whatever moment and at whichever node it
//! is sent again.

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::Command,
    thread,
    time::Duration,
};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

use crate::{
    accounts, clock,
    cluster::Cluster,
    http::{Reply, Served, reply},
    office::{Office, number},
    postgres::Postgres,
    storm::seeded,
    wait,
};

const LOAD: &str = "/printers/p1/hopper/load";

/// The office of the accounts with the operators `siti` and `tini`, 100 blanks, and a printer with a counted hopper that has nothing to
/// print. Returns the secrets of a token of each operator.
fn office() -> (Office, [String; 2]) {
    let office = accounts::office();
    let secrets = prepare(&office);
    (office, secrets)
}

/// The same office on PostgreSQL, without nodes.
fn cluster() -> (Cluster, [String; 2]) {
    let cluster = Cluster::new(Postgres::start(), 1, 100);
    accounts::add_first(&cluster.office);
    let secrets = prepare(&cluster.office);
    (cluster, secrets)
}

fn prepare(office: &Office) -> [String; 2] {
    accounts::done_by(office, "sri", &["record", "hold", "r00000", "--reason", "nothing is printed here"]);
    let truth = office.file("truth-p1");
    let uri = format!("mock://p1?dpi=100&truth={}", truth.display());
    office.done(&["printer", "add", "p1", &uri, "--profile", "student", "--hopper", "500"]);
    ["siti", "tini"].map(|name| {
        accounts::add(office, name);
        let give = ["account", "roles", name, "--give", "operator", "--reason", "from May"];
        let asked = accounts::done_by(office, "root", &give).stdout;
        let act = asked.split("act confirm ").nth(1).unwrap().split_whitespace().next().unwrap().trim_matches('`');
        accounts::done_by(office, "sri", &["act", "confirm", act]);
        let scopes = ["--scope", "hopper-load", "--scope", "pause", "--scope", "resume"];
        let token = [&["token", "add", name, "--owner", name, "--days", "7"], &scopes[..]].concat();
        office.json(&token)["secret"].as_str().unwrap().to_owned()
    })
}

/// Sends a request with a token and a key; `None` if the server ends before it answers.
fn sent(served: &Served, token: &str, key: &str, path: &str, body: &Value) -> Option<Reply> {
    let body = body.to_string();
    let mut stream = TcpStream::connect(&served.address).ok()?;
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let head = format!(
        "POST /api/v1{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
         idempotency-key: {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    let mut bytes = Vec::new();
    // A server that is killed may reset the connection.
    let _ = stream.read_to_end(&mut bytes);
    bytes.windows(4).any(|end| end == b"\r\n\r\n").then(|| reply(&mut &*bytes))
}

fn load(quantity: i64) -> Value {
    json!({ "quantity": quantity })
}

fn pause() -> Value {
    json!({ "scope": { "printer": "p1" }, "note": "end of day" })
}

fn loaded(office: &Office) -> i64 {
    number(&office.status(), &["blangko", "student", "hopper"])
}

#[test]
fn a_key_that_is_sent_twenty_times_at_once_is_one_movement_and_one_answer() {
    let (office, [siti, tini]) = office();
    let served = Served::new(&office);
    let at_once = |key: &str, path: &str, body: &Value| {
        let all: Vec<Reply> = thread::scope(|scope| {
            let sending: Vec<_> =
                (0..20).map(|_| scope.spawn(|| sent(&served, &siti, key, path, body).unwrap())).collect();
            sending.into_iter().map(|sending| sending.join().unwrap()).collect()
        });
        let (answered, others): (Vec<Reply>, Vec<Reply>) = all.into_iter().partition(|reply| reply.status < 300);
        assert!(!answered.is_empty(), "{others:?}");
        for other in others {
            assert_eq!((other.status, &*other.problem()), (409, "idempotency-key-in-use"));
        }
        answered
    };
    assert!(at_once("load", LOAD, &load(1)).iter().all(|reply| reply.status == 204));
    assert_eq!(loaded(&office), 1);
    let paused = at_once("pause", "/pauses", &pause());
    assert!(paused.iter().all(|reply| (reply.status, &*reply.body) == (200, "true")), "{paused:?}");

    let one = |token: &str, key: &str, body: &Value| sent(&served, token, key, LOAD, body).unwrap();
    let other = one(&siti, "load", &load(2));
    assert_eq!((other.status, &*other.problem()), (422, "idempotency-key-reused"));
    assert_eq!(one(&tini, "load", &load(2)).status, 204, "the key of another account is another one");
    assert_eq!(loaded(&office), 3);
    let unreadable = one(&siti, &"k".repeat(256), &load(1));
    assert_eq!((unreadable.status, &*unreadable.problem()), (400, "idempotency-key-unreadable"));

    let too_many = load(101);
    for _ in 0..2 {
        let refused = one(&siti, "later", &too_many);
        assert_eq!((refused.status, &*refused.problem()), (409, "too-few-blanks"), "a refusal is not kept");
    }
    assert_eq!(one(&siti, "later", &load(1)).status, 204, "and its key may be used");
    assert_eq!(loaded(&office), 4);
    drop(served);
    office.done(&["db", "check"]);
}

/// The rounds in which the server is killed.
const KILLS: usize = 12;

#[test]
fn a_request_that_is_sent_again_after_the_server_was_killed_is_carried_out_once() {
    seeded("IDEMPOTENCY", 25, KILLS, killed);
}

#[expect(clippy::print_stdout, reason = "how many kills came at which moment is a result of the test")]
fn killed(seed: u64, kills: usize) {
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    let (office, [siti, _]) = office();
    let mut served = Served::new(&office);
    let now = clock();
    let began = now();
    assert_eq!(sent(&served, &siti, "first", LOAD, &load(1)).unwrap().status, 204);
    // How long an act takes here, in milliseconds.
    let usual = u64::try_from(now() - began).unwrap() / 1_000 + 1;
    let (mut without_answer, mut done_without_answer) = (0, 0);
    for round in 0..kills {
        let keys = [format!("load-{round}"), format!("pause-{round}")];
        let requests = [(&*keys[0], LOAD, load(1)), (&*keys[1], "/pauses", pause())];
        let answers: Vec<Option<Reply>> = thread::scope(|scope| {
            let (served, siti) = (&served, &siti);
            let one = |(key, path, body): &(&str, &str, Value)| sent(served, siti, key, path, body);
            let sending: Vec<_> = requests.iter().map(|request| scope.spawn(move || one(request))).collect();
            wait(random.random_range(0..2 * usual));
            Command::new("kill").args(["-KILL", &served.running.id().to_string()]).status().unwrap();
            sending.into_iter().map(|sending| sending.join().unwrap()).collect()
        });
        served.running.kill();
        let was_done = loaded(&office) > i64::try_from(round).unwrap() + 1;
        without_answer += usize::from(answers[0].is_none());
        done_without_answer += usize::from(answers[0].is_none() && was_done);
        assert!(was_done || answers[0].is_none(), "what was answered is done");

        served = Served::new(&office);
        for _ in 0..2 {
            let [loaded, paused] = [0, 1].map(|at| {
                let (key, path, body) = &requests[at];
                sent(&served, &siti, key, path, body).unwrap()
            });
            assert_eq!((loaded.status, &*paused.body), (204, "true"), "round {round}: {paused:?}");
        }
        assert_eq!(loaded(&office), i64::try_from(round).unwrap() + 2, "round {round}");
        let resumed = sent(&served, &siti, &format!("resume-{round}"), "/printers/p1/resume", &json!({ "note": "x" }));
        assert_eq!(resumed.unwrap().body, "true");
    }
    println!(
        "{without_answer} of {kills} kills came before the answer, {done_without_answer} of them after the commit"
    );
    assert!(without_answer > 0, "no kill came before its answer");
    drop(served);
    office.done(&["db", "check"]);
}

/// The nodes that serve one database.
const NODES: [&str; 2] = ["a", "b"];
/// How often a key is sent at once.
const AT_ONCE: usize = 20;

#[test]
fn a_key_that_is_sent_to_two_nodes_at_once_is_one_movement_and_one_answer_also_when_one_of_them_is_killed() {
    seeded("IDEMPOTENCY_NODES", 26, 6, killed_nodes);
}

fn killed_nodes(seed: u64, kills: usize) {
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    let (cluster, [siti, _]) = cluster();
    let nodes = NODES.map(|name| cluster.node(name, &[]));
    let mut served: Vec<Served> = nodes.iter().map(|node| Served::new(&node.office)).collect();
    let now = clock();
    let began = now();
    assert_eq!(sent(&served[0], &siti, "first", LOAD, &load(1)).unwrap().status, 204);
    let usual = u64::try_from(now() - began).unwrap() / 1_000 + 1;
    for round in 0..=kills {
        let keys = [format!("load-{round}"), format!("pause-{round}")];
        let requests = [(&*keys[0], LOAD, load(1), (204, "")), (&*keys[1], "/pauses", pause(), (200, "true"))];
        // In the first round no node is killed.
        let victim = (round > 0).then_some(round % NODES.len());
        let answers: Vec<Option<Reply>> = thread::scope(|scope| {
            let (served, siti) = (&served, &siti);
            let one = |at: usize, (key, path, body, _): &(&str, &str, Value, (u16, &str))| {
                sent(&served[at % NODES.len()], siti, key, path, body)
            };
            let each = (0..AT_ONCE).flat_map(|at| requests.iter().map(move |request| (at, request)));
            let sending: Vec<_> = each.map(|(at, request)| scope.spawn(move || one(at, request))).collect();
            if let Some(victim) = victim {
                wait(random.random_range(0..2 * usual));
                Command::new("kill").args(["-KILL", &served[victim].running.id().to_string()]).status().unwrap();
            }
            sending.into_iter().map(|sending| sending.join().unwrap()).collect()
        });
        for (at, answer) in answers.iter().enumerate() {
            let (node, (.., expected)) = (at / requests.len() % NODES.len(), &requests[at % requests.len()]);
            match answer {
                Some(reply) if reply.status == 409 => assert_eq!(reply.problem(), "idempotency-key-in-use"),
                Some(reply) => assert_eq!((reply.status, &*reply.body), *expected, "round {round}"),
                None => assert_eq!(Some(node), victim, "round {round}: a living node answers"),
            }
        }
        let done = i64::try_from(round).unwrap() + 2;
        assert_eq!(loaded(&cluster.office), done, "round {round}: the living node did it");
        if let Some(victim) = victim {
            served.remove(victim).running.kill();
            served.insert(victim, Served::new(&nodes[victim].office));
        }
        for served in &served {
            for (key, path, body, expected) in &requests {
                let again = sent(served, &siti, key, path, body).unwrap();
                assert_eq!((again.status, &*again.body), *expected, "round {round}: the one answer, at both");
            }
            let other = sent(served, &siti, &keys[0], LOAD, &load(2)).unwrap();
            assert_eq!((other.status, &*other.problem()), (422, "idempotency-key-reused"));
        }
        assert_eq!(loaded(&cluster.office), done, "round {round}");
        let resume = json!({ "note": "x" });
        let resumed = sent(&served[0], &siti, &format!("resume-{round}"), "/printers/p1/resume", &resume);
        assert_eq!(resumed.unwrap().body, "true");
    }
    drop(served);
    cluster.office.done(&["db", "check"]);
}
