//! Tests every cell of the permission table at the running server: each act, each query and each act for two people, for each role, with
//! a session, with a token, and at the socket. Each refused act is on record.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    os::unix::net::UnixStream,
    sync::Arc,
    time::Duration,
};

use cetak::{
    domain::{
        account::Scopes,
        actor::{Actor, Means, Role},
        permission::{Operation, RIGHTS, authorize},
    },
    engine::{
        operations::{AnyAct, TwoPersonAct},
        query::AnyQuery,
    },
};
use serde_json::{Value, json};

use crate::{
    described::DESCRIPTION,
    http::{Reply, Served, reply},
    office::Office,
    people,
    person::{Person, add_with_role, audit, password, with_supervisor},
    samples::{ACTS, QUERIES, camel, take},
};

/// What is asked for at one address.
struct Cell {
    /// The name of the call in the description.
    name: String,
    operation: Operation,
    sort: Sort,
    method: String,
    path: String,
    body: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sort {
    Act,
    Query,
    Request,
}

impl Cell {
    fn new(sort: Sort, name: String, operation: Operation, mut fields: Value) -> Self {
        let paths = DESCRIPTION["paths"].as_object().unwrap().iter();
        let mut all = paths.flat_map(|(path, methods)| methods.as_object().unwrap().iter().map(move |one| (path, one)));
        let (path, (method, described)) =
            all.find(|(_, (_, described))| described["operationId"] == *name).unwrap_or_else(|| panic!("{name}"));
        let (mut path, mut query) = (path.clone(), Vec::new());
        for parameter in described["parameters"].as_array().unwrap() {
            let name = parameter["name"].as_str().unwrap();
            let field = match name {
                "act" => "id",             // of a pending act
                "source_name" => "source", // that of a record has its name in `record`
                name => name,
            };
            let Some(value) = take(&mut fields, field) else { continue };
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned).replace(' ', "%20");
            if parameter["in"] == "path" {
                path = path.replace(&format!("{{{name}}}"), &text);
            } else {
                query.push(format!("{name}={}", text.replace(':', "%3A")));
            }
        }
        if !query.is_empty() {
            path += &format!("?{}", query.join("&"));
        }
        let body = if method == "get" || method == "delete" { String::new() } else { fields.to_string() };
        Self { name, operation, sort, method: method.to_uppercase(), path, body }
    }

    /// Whether a role has the right to it.
    fn may(&self, role: Role, means: Means) -> bool {
        let actor = Actor::local_administrator("a".into(), "a".into(), "a".into());
        let actor = Arc::new(Actor { means, roles: [role].into(), ..actor });
        // A token could widen what it may do.
        let of_people = Scopes::try_from(vec![self.operation]).is_err() || self.name.ends_with("Token");
        if means == Means::Token && of_people {
            return false;
        }
        let Ok(permit) = authorize(&actor, self.operation) else { return false };
        match self.sort {
            Sort::Act if self.name == "approveReprint" => permit.confirms(self.operation).is_ok(),
            Sort::Act => permit.covers(self.operation).is_ok() || permit.covers_own(self.operation).is_ok(),
            Sort::Query => true,
            Sort::Request => permit.asks(self.operation).is_ok(),
        }
    }
}

/// Every act, every query and every act for two people. Where a sample would be refused before the right is asked for, it is another one.
fn cells() -> Vec<Cell> {
    let parsed = |sample: &str| -> Value {
        let sample = sample.replace("/nowhere/backup.db", "backup.db").replace("mock://", "ipp://127.0.0.1:9/");
        serde_json::from_str(&sample).unwrap()
    };
    let named = |tag: &str, fields: &mut Value| {
        fields.as_object_mut().unwrap().remove(tag).unwrap().as_str().unwrap().to_owned()
    };
    let mut cells = Vec::new();
    let mut bodies = BTreeMap::new();
    for sample in ACTS {
        let mut fields = parsed(sample);
        let act: AnyAct = serde_json::from_value(fields.clone()).unwrap();
        let name = named("act", &mut fields);
        bodies.insert(name.clone(), fields.clone());
        cells.push(Cell::new(Sort::Act, camel(&name), act.operation(), fields));
    }
    for sample in QUERIES {
        let mut fields = parsed(sample);
        let query: AnyQuery = serde_json::from_value(fields.clone()).unwrap();
        let name = named("query", &mut fields);
        cells.push(Cell::new(Sort::Query, camel(&name), query.operation(), fields));
    }
    bodies.insert("reprint".into(), json!({ "record": { "source": "default", "request_id": "r1" }, "reason": "lost" }));
    let matching = json!({ "change": "withdraw", "filter": { "state": "waiting" }, "as_of": 9, "note": "closed" });
    bodies.insert("change-matching".into(), matching);
    bodies.get_mut("destroy-blanks").unwrap().as_object_mut().unwrap().remove("witnesses");
    for name in TwoPersonAct::NAMES {
        let kebab: String = name
            .chars()
            .flat_map(|c| [c.is_uppercase().then_some('-'), Some(c.to_ascii_lowercase())])
            .flatten()
            .collect();
        let fields = bodies[kebab.trim_start_matches('-')].clone();
        let mut tagged = fields.clone();
        tagged["act"] = kebab.trim_start_matches('-').into();
        let act: TwoPersonAct = serde_json::from_value(tagged).unwrap();
        cells.push(Cell::new(Sort::Request, format!("ask{name}"), act.operation(), fields));
    }
    cells
}

/// Whether the answer refuses for want of a right.
fn is_refused(cell: &Cell, reply: &Reply) -> bool {
    assert!(reply.status < 500 || reply.status == 503, "{}: {reply:?}", cell.name);
    assert!(
        ![401, 405].contains(&reply.status) && reply.problem_code() != "no-such-address",
        "{}: {reply:?}",
        cell.name
    );
    let code = reply.problem_code();
    assert!(
        reply.status != 400 && (reply.status != 422 || code != "invalid-value"),
        "{} {}: {reply:?}",
        cell.name,
        cell.body
    );
    reply.status == 403 && ["no-right", "not-in-scope", "second-person-needed"].contains(&&*code)
}

/// The refused acts of each account by operation.
type Refused = BTreeMap<(String, String), usize>;

/// Tries all cells, and counts the acts that were refused.
fn try_all(cells: &[Cell], (role, means): (Role, Means), refused: &mut Refused, send: impl Fn(&Cell) -> Reply) {
    for cell in cells {
        let is_refused = is_refused(cell, &send(cell));
        assert_eq!(is_refused, !cell.may(role, means), "{role} {} by {}", cell.name, means.as_str());
        if is_refused && cell.sort != Sort::Query {
            let subject = format!("operation {}", cell.operation.as_str());
            *refused.entry((role.to_string(), subject)).or_default() += 1;
        }
    }
}

/// Sends a request at the socket, as the user of the operating system who runs the test.
fn at_socket(socket: &std::path::Path, cell: &Cell) -> Reply {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let head = format!(
        "{} {} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{}",
        cell.method,
        cell.path,
        cell.body.len(),
        cell.body
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    reply(&mut &*bytes)
}

/// Gives the user who runs the test an account, with its password.
fn map(socket: &std::path::Path, name: &str) {
    let cell = Cell {
        name: "map".into(),
        operation: Operation::BoardRead,
        sort: Sort::Act,
        method: "POST".into(),
        path: "/client/os-user".into(),
        body: json!({ "name": name, "password": password(name) }).to_string(),
    };
    let mapped = at_socket(socket, &cell);
    assert_eq!(mapped.status, 204, "{mapped:?}");
}

#[test]
fn each_role_does_at_the_running_server_what_the_table_says_and_nothing_else_and_each_refused_act_is_on_record() {
    let office = Office::new();
    office.import("student", &people::students(0..3));
    let socket = office.file("service.sock");
    let served = Served::with(&office, &["--socket", socket.to_str().unwrap()]);
    let (root, sri) = with_supervisor(&office, &served);
    // The samples end the first session and revoke the first token.
    let root = {
        drop(root);
        Person::sign_in(&served, "root")
    };
    let of_tokens = |operation: &Operation| Scopes::try_from(vec![*operation]).is_ok();
    let scopes: Vec<&str> =
        RIGHTS.iter().map(|(operation, _)| *operation).filter(of_tokens).map(Operation::as_str).collect();
    let token = |owner: &str| {
        let made = root.done("/tokens", &json!({ "account": owner, "name": "all", "scopes": scopes, "days": 7 }));
        format!("Bearer {}", made["secret"].as_str().unwrap())
    };
    token("root");
    let cells = cells();
    let mut refused = Refused::new();
    for role in Role::ALL {
        let name = role.as_str();
        let person = add_with_role(&served, (&root, &sri), name, name);
        let token = token(name);
        map(&socket, name);
        try_all(&cells, (role, Means::Session), &mut refused, |cell| person.asks(&cell.method, &cell.path, &cell.body));
        try_all(&cells, (role, Means::Token), &mut refused, |cell| {
            let headers = [("authorization", &*token), ("content-type", "application/json")];
            served.send(&cell.method, &cell.path, &headers, &cell.body)
        });
        try_all(&cells, (role, Means::Socket), &mut refused, |cell| at_socket(&socket, cell));
    }
    let mut on_record = Refused::new();
    for entry in audit(&sri).iter().filter(|entry| entry["act"] == "act.forbidden") {
        let [actor, subject] = ["actor", "subject"].map(|field| entry[field].as_str().unwrap().to_owned());
        *on_record.entry((actor, subject)).or_default() += 1;
    }
    assert_eq!(on_record, refused);
    assert!(cells.len() > 100 && refused.len() > 100, "{} {}", cells.len(), refused.len());
}
