//! Tests `GET /api/v1/events` over real HTTP: every event once and in order, also after a break; an end when the server stops and when
//! the account may not go on; and nothing personal.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader, Write},
    net::TcpStream,
};

use cetak::domain::{event_right::right_to_see, permission::Operation, positions::Positions};
use serde_json::{Value, json};

use crate::{
    cluster::Cluster,
    http::Served,
    office::{Office, wait_slowly_until},
    people,
    postgres::Postgres,
    wait_until,
};

/// An event as a client has it.
#[derive(Clone, PartialEq, Debug)]
struct Event {
    id: String,
    name: String,
    data: Value,
}

/// A client of the stream.
struct Client {
    lines: BufReader<TcpStream>,
    status: u16,
    last: Option<String>,
    /// The body ended, and was not cut.
    is_whole: bool,
}

impl Client {
    /// Connects with a token, and goes on after an event.
    fn connect(served: &Served, token: &str, last: Option<&str>) -> Self {
        Self::with(served, &format!("authorization: Bearer {token}"), last)
    }

    /// Connects with a header that proves the account.
    fn with(served: &Served, proof: &str, last: Option<&str>) -> Self {
        let mut stream = served.connect();
        let last_id = last.map(|id| format!("last-event-id: {id}\r\n")).unwrap_or_default();
        let head = format!("host: {}\r\n{proof}\r\n{last_id}", served.address);
        stream.write_all(format!("GET /api/v1/events HTTP/1.1\r\n{head}\r\n").as_bytes()).unwrap();
        let mut lines = BufReader::new(stream);
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        while line != "\r\n" {
            line.clear();
            lines.read_line(&mut line).unwrap();
        }
        Self { lines, status, last: last.map(str::to_owned), is_whole: false }
    }

    /// The next event; `None` at the end of the stream. Heartbeats are passed over.
    fn next(&mut self) -> Option<Event> {
        let mut event = Event { id: String::new(), name: String::new(), data: Value::Null };
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end();
            self.is_whole |= line == "0"; // the last chunk
            if let Some(id) = line.strip_prefix("id: ") {
                id.clone_into(&mut event.id);
            } else if let Some(name) = line.strip_prefix("event: ") {
                name.clone_into(&mut event.name);
            } else if let Some(data) = line.strip_prefix("data: ") {
                event.data = serde_json::from_str(data).unwrap();
            } else if line.is_empty() && !event.name.is_empty() {
                self.last = Some(event.id.clone());
                return Some(event);
            }
        }
    }

    /// Waits for a heartbeat; false if the stream ends first.
    fn is_alive(&mut self) -> bool {
        let mut line = String::new();
        while self.lines.read_line(&mut line).is_ok_and(|length| length > 0) {
            if line.trim_end() == ":" {
                return true;
            }
            line.clear();
        }
        false
    }

    /// Events up to one with this name and subject.
    fn until(&mut self, act: &str, subject: &str) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            let event = self.next().unwrap_or_else(|| panic!("the stream ended after {events:?}"));
            let is_last = event.data["act"] == act && event.data["subject"] == subject;
            events.push(event);
            if is_last {
                return events;
            }
        }
    }
}

/// The operations that permit a token to see all events but those of accounts.
const ALL: [&str; 3] = ["board-read", "report-read", "audit-seal"];

/// An office whose queue is paused, with students, blanks, a printer, and the account `root`, an administrator and supervisor.
fn office() -> Office {
    let office = Office::new();
    office.import("student", &people::students(0..30));
    office.receive("student", 30);
    prepare(&office);
    office
}

fn prepare(office: &Office) {
    office.done(&["record", "hold", "r00001", "--reason", "STUDENT NUMBER 1 asked"]);
    office.add_mock("p1", "student", "");
    office.done(&["queue", "pause", "--reason", "not yet"]);
    office.done(&["account", "add", "root"]);
    office.done(&["account", "roles", "root", "--give", "supervisor", "--reason", "the first"]);
}

/// A token of the account `root` for these operations.
fn token(office: &Office, scopes: &[&str]) -> String {
    let scopes: Vec<&str> = scopes.iter().flat_map(|scope| ["--scope", scope]).collect();
    let command = [&["token", "add", "watch", "--owner", "root", "--days", "1"], &*scopes].concat();
    office.json(&command)["secret"].as_str().unwrap().to_owned()
}

/// Resumes the queue at the machine itself: only a supervisor may, and the folder's owner is none.
fn resume(served: &Served, token: &str) {
    let headers = [("authorization", &*format!("Bearer {token}")), ("content-type", "application/json")];
    let reply = served.send("POST", "/api/v1/queue/resume", &headers, "{\"note\":\"now\"}");
    assert_eq!((reply.status, &*reply.body), (200, "true"), "{reply:?}");
}

/// The audit by chain, as a token reads it: name and subject of each event. The first event of a chain has number 1.
fn recorded(served: &Served, token: &str) -> BTreeMap<String, Vec<(String, String)>> {
    let authorization = format!("Bearer {token}");
    let get = |path: &str| {
        served.send("GET", &format!("/api/v1/audit/{path}"), &[("authorization", &authorization)], "").json()
    };
    let mut chains: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for head in get("heads").as_array().unwrap() {
        let name = head["chain"].as_str().unwrap();
        let events = chains.entry(name.to_owned()).or_default();
        let mut after = json!(0);
        while !after.is_null() {
            let page = get(&format!("chains/{name}?limit=200&after={after}"));
            for item in page["items"].as_array().unwrap() {
                let entry: Value = serde_json::from_str(item["entry"].as_str().unwrap()).unwrap();
                let text = |key: &str| entry[key].as_str().unwrap().to_owned();
                events.push((text("act"), text("subject")));
            }
            after = page["next"].clone();
        }
    }
    chains
}

/// Compares events with the audit after `begin`: each is the next one of its chain.
fn compare(audit: &BTreeMap<String, Vec<(String, String)>>, begin: &str, events: &[Event]) {
    let mut before: Positions = begin.parse().unwrap();
    for event in events {
        let now: Positions = event.id.parse().unwrap();
        assert_eq!(now.since(&before), Some(1), "after {before} comes {event:?}");
        let (chain, seq) = now.iter().find(|(chain, seq)| before.of(chain) < *seq).unwrap();
        let (act, subject) = &audit[chain][usize::try_from(seq).unwrap() - 1];
        assert_eq!((&event.data["act"], &event.data["subject"]), (&json!(act), &json!(subject)), "{event:?}");
        before = now;
    }
}

/// Waits until all but the held cards are printed, and their batches are closed.
fn wait_for_the_last(office: &Office, printed: i64) {
    wait_slowly_until("all cards are printed", 60, || {
        let status = office.status();
        status["records"]["printed"] == printed && status["batches"].as_array().unwrap().is_empty()
    });
}

#[test]
fn every_event_arrives_once_and_in_the_order_of_its_chain_also_after_breaks_and_a_restart() {
    let office = office();
    goes_on(&office, &[&office]);
}

#[test]
fn a_stream_goes_on_at_another_node_without_a_gap_and_without_an_event_twice() {
    let cluster = Cluster::new(Postgres::start(), 30, 30);
    prepare(&cluster.office);
    let nodes = ["a", "b"].map(|name| cluster.node(name, &[]));
    goes_on(&cluster.office, &nodes.each_ref().map(|node| &node.office));
}

/// A client follows the printing of 29 cards at one server of an office after the other.
fn goes_on(office: &Office, servers: &[&Office]) {
    let (all, may_resume) = (token(office, &ALL), token(office, &["resume-queue"]));
    let serve = || servers.iter().map(|office| Served::new(office)).collect::<Vec<Served>>();
    let served = serve();
    let mut others = served.iter().cycle();
    let mut next = || others.next().unwrap();
    let mut client = Client::connect(next(), &all, None);
    let reset = client.next().unwrap();
    assert_eq!((&*reset.name, &reset.data), ("reset", &json!({ "why": "new" })));
    resume(&served[0], &may_resume);
    let mut events = Vec::new();
    // The client loses its connection after each few events. Each of the 29 cards has two at least.
    while events.len() < 42 {
        events.extend((0..7).map(|_| client.next().unwrap()));
        client = Client::connect(next(), &all, client.last.clone().as_deref());
    }
    wait_for_the_last(office, 29);
    let last = client.last.clone();
    for served in served {
        served.running.ask_to_stop();
        assert_eq!(served.running.ended(60).code, Some(0));
    }
    while client.next().is_some() {} // not seen by the client, as if its connection had been cut

    // What happens while there is no server is told by the next one, which had read none of it.
    office.done(&["queue", "pause", "--reason", "for the restart"]);
    let served = serve();
    let mut client = Client::connect(served.last().unwrap(), &all, last.as_deref());
    office.done(&["queue", "pause", "--printer", "p1", "--reason", "the end"]);
    events.extend(client.until("queue.paused", "printer p1"));
    compare(&recorded(&served[0], &all), &reset.id, &events);
    let acts: Vec<&str> = events.iter().filter_map(|event| event.data["act"].as_str()).collect();
    assert_eq!(acts.iter().filter(|act| **act == "attempt.printed").count(), 29);
}

#[test]
fn a_stream_that_is_thousands_of_events_behind_goes_on_where_it_was() {
    let office = Office::new();
    office.import("student", &people::students(0..4_500));
    office.done(&["record", "hold", "--profile", "student", "--reason", "asked for"]);
    office.done(&["account", "add", "root"]);
    let board = token(&office, &["board-read"]);
    let served = Served::new(&office);
    // More than are kept in memory, so that the first are read from the database.
    let mut client = Client::connect(&served, &board, Some(""));
    let held: Vec<Event> =
        std::iter::from_fn(|| client.next()).filter(|event| event.data["act"] == "record.held").take(4_500).collect();
    let subjects: BTreeSet<String> = held.iter().map(|event| event.data["subject"].to_string()).collect();
    assert_eq!(subjects.len(), 4_500);
    office.done(&["queue", "pause", "--reason", "the end"]);
    assert!(client.until("queue.paused", "queue").len() < 10);
}

#[test]
fn a_stream_carries_what_the_account_may_see_and_nothing_personal() {
    let office = office();
    let [board, all, may_resume] = [&["board-read"][..], &ALL, &["resume-queue"]].map(|scopes| token(&office, scopes));
    let served = Served::new(&office);
    let mut client = Client::connect(&served, &board, Some(""));
    resume(&served, &may_resume);
    wait_for_the_last(&office, 29);
    office.done(&["account", "add", "Siti Aminah"]);
    office.done(&["queue", "pause", "--printer", "p1", "--reason", "the end"]);
    let events = client.until("queue.paused", "printer p1");

    let last: Positions = events.last().unwrap().id.parse().unwrap();
    let until = |(chain, events): (String, Vec<_>)| {
        let seen = usize::try_from(last.of(&chain)).unwrap();
        events.into_iter().take(seen)
    };
    let mut expected: Vec<(String, String)> = recorded(&served, &all).into_iter().flat_map(until).collect();
    assert!(expected.iter().any(|(act, _)| act == "account.added"));
    expected.retain(|(act, subject)| right_to_see(act, subject) == Operation::BoardRead);
    let text = |event: &Event, key: &str| event.data[key].as_str().unwrap().to_owned();
    let mut seen: Vec<_> = events.iter().map(|event| (text(event, "act"), text(event, "subject"))).collect();
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected);
    assert!(expected.len() > 60);
    for event in &events {
        let shown = format!("{event:?}");
        for personal in ["STUDENT", "S0000", "FACULTY", "Siti", "root", "asked"] {
            assert!(!shown.contains(personal), "{personal} is in {shown}");
        }
        assert_eq!(event.data.as_object().unwrap().len(), 3, "{shown}");
    }
}

#[test]
fn a_stream_ends_when_its_token_is_revoked_and_others_go_on() {
    let office = office();
    let tokens = [token(&office, &["board-read"]), token(&office, &["board-read"])];
    let served = Served::new(&office);
    let mut clients = tokens.each_ref().map(|token| Client::connect(&served, token, None));
    for client in &mut clients {
        assert_eq!(client.next().unwrap().name, "reset");
    }
    office.done(&["token", "revoke", "1"]);
    let [revoked, other] = &mut clients;
    while revoked.next().is_some() {} // what the printer reported
    assert!(revoked.is_whole);
    office.done(&["queue", "pause", "--printer", "p1", "--reason", "the end"]);
    other.until("queue.paused", "printer p1");
    assert_eq!(Client::connect(&served, &tokens[0], None).status, 401);
}

#[test]
fn a_stream_of_a_session_lives_until_its_person_signs_out() {
    let office = office();
    let once = office.json(&["account", "add", "Siti"])["one_time"]["password"].clone();
    let served = Served::new(&office);
    let post = |path: &str, body: &Value| {
        served.send(
            "POST",
            &format!("/api/v1/session{path}"),
            &[("content-type", "application/json")],
            &body.to_string(),
        )
    };
    let own = "a password of her own";
    let choice = json!({ "name": "Siti", "password": once, "new_password": own });
    assert_eq!(post("/password", &choice).status, 204);
    let opened = post("", &json!({ "name": "Siti", "password": own }));
    let cookie = opened.headers["set-cookie"].split(';').next().unwrap();
    // Without a role she sees nothing.
    assert_eq!(Client::with(&served, &format!("cookie: {cookie}"), None).status, 403);

    let opened = {
        let once = office.json(&["account", "reset", "root", "--reason", "forgotten"])["password"].clone();
        let choice = json!({ "name": "root", "password": once, "new_password": own });
        assert_eq!(post("/password", &choice).status, 204);
        post("", &json!({ "name": "root", "password": own }))
    };
    let (cookie, csrf) = (opened.headers["set-cookie"].split(';').next().unwrap(), opened.json()["csrf"].clone());
    let mut client = Client::with(&served, &format!("cookie: {cookie}"), None);
    assert_eq!(client.next().unwrap().name, "reset");
    assert!(client.is_alive());
    let origin = format!("http://{}", served.address);
    let headers = [("cookie", cookie), ("x-csrf-token", csrf.as_str().unwrap()), ("origin", &origin)];
    assert_eq!(served.send("DELETE", "/api/v1/session", &headers, "").status, 204);
    while client.next().is_some() {}
    assert!(client.is_whole);
}

#[test]
fn streams_end_first_when_the_server_stops() {
    let office = office();
    let board = token(&office, &["board-read"]);
    let served = Served::new(&office);
    let mut clients = [(); 5].map(|()| Client::connect(&served, &board, None));
    for client in &mut clients {
        assert_eq!(client.next().unwrap().name, "reset");
    }
    served.running.ask_to_stop();
    for client in &mut clients {
        while client.next().is_some() {}
    }
    // A stream without an end of its own would be cut when the server has drained for ten seconds.
    assert!(clients.iter().all(|client| client.is_whole));
    let ended = served.running.ended(60);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn a_stream_needs_the_right_to_the_board_and_an_account_has_a_few() {
    let office = office();
    let (board, other) = (token(&office, &["board-read"]), token(&office, &["pause"]));
    let served = Served::new(&office);
    assert_eq!(served.get("/api/v1/events").problem(), "sign-in-needed");
    assert_eq!(Client::connect(&served, &other, None).status, 403);
    let mut clients: Vec<Client> = (0..8).map(|_| Client::connect(&served, &board, None)).collect();
    assert!(clients.iter().all(|client| client.status == 200));
    assert_eq!(Client::connect(&served, &board, None).status, 429);
    clients.pop();
    wait_until("the place is free", 60, || Client::connect(&served, &board, None).status == 200);
    for unknown in ["cli:999999", "x", "other:1"] {
        clients.pop();
        let mut client = None;
        wait_until("the place is free", 60, || {
            client = Some(Client::connect(&served, &board, Some(unknown)));
            client.as_ref().is_some_and(|client| client.status == 200)
        });
        let reset = client.unwrap().next().unwrap();
        assert_eq!((&*reset.name, &reset.data), ("reset", &json!({ "why": "unknown" })), "{unknown}");
    }
}
