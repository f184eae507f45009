//! Helper: people with accounts and roles, who are signed in as with a browser and send requests to the API.

use serde_json::{Value, json};

use crate::{
    http::{Reply, Served},
    office::Office,
};

pub(crate) fn password(name: &str) -> String {
    format!("{name} types this")
}

/// A person who is signed in, as a browser has it.
pub(crate) struct Person<'a> {
    served: &'a Served,
    pub(crate) cookie: String,
    pub(crate) csrf: String,
}

impl<'a> Person<'a> {
    pub(crate) fn sign_in(served: &'a Served, name: &str) -> Self {
        let reply = post(served, "/api/v1/session", &json!({ "name": name, "password": password(name) }));
        assert_eq!(reply.status, 200, "{reply:?}");
        let cookie = reply.headers["set-cookie"].split(';').next().unwrap().to_owned();
        Self { served, cookie, csrf: reply.json()["csrf"].as_str().unwrap().to_owned() }
    }

    pub(crate) fn send(&self, method: &str, path: &str, body: &Value) -> Reply {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let send = |headers: &[(&str, &str)]| self.served.send(method, &format!("/api/v1{path}"), headers, &body);
        self.with_headers(send)
    }

    /// Sends any request, at a path of the server.
    pub(crate) fn asks(&self, method: &str, path: &str, body: &str) -> Reply {
        self.with_headers(|headers| self.served.send(method, path, headers, body))
    }

    /// Reads at any path of the server.
    pub(crate) fn raw(&self, path: &str) -> Reply {
        self.with_headers(|headers| self.served.send("GET", path, headers, ""))
    }

    /// Sends any bytes.
    pub(crate) fn sends(&self, path: &str, body: &[u8]) -> Reply {
        self.with_headers(|headers| self.served.post_bytes(&format!("/api/v1{path}"), headers, body))
    }

    /// Reads a picture.
    pub(crate) fn bytes(&self, path: &str) -> Reply<Vec<u8>> {
        self.with_headers(|headers| self.served.bytes(&format!("/api/v1{path}"), headers))
    }

    fn with_headers<T>(&self, send: impl FnOnce(&[(&str, &str)]) -> T) -> T {
        let origin = format!("http://{}", self.served.address);
        send(&[
            ("cookie", &*self.cookie),
            ("x-csrf-token", &self.csrf),
            ("origin", &origin),
            ("content-type", "application/json"),
        ])
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &Value::Null)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, body)
    }

    /// Sends an act, which must be done.
    pub(crate) fn done(&self, path: &str, body: &Value) -> Value {
        let reply = self.post(path, body);
        assert!([200, 201, 204].contains(&reply.status), "{path}: {reply:?}");
        if reply.body.is_empty() { Value::Null } else { reply.json() }
    }
}

pub(crate) fn post(served: &Served, path: &str, body: &Value) -> Reply {
    served.send("POST", path, &[("content-type", "application/json")], &body.to_string())
}

/// Makes the first administrator, `root`, with the code that the program printed.
pub(crate) fn first_administrator(served: &Served) -> Person<'_> {
    let messages = served.running.messages();
    let code = messages.lines().find_map(|line| Some(line.split_once("with the code ")?.1)).unwrap().to_owned();
    let root = json!({ "code": code, "name": "root", "password": password("root") });
    let made = post(served, "/api/v1/accounts/first", &root);
    assert_eq!(made.status, 201, "{made:?}");
    let again = post(served, "/api/v1/accounts/first", &root);
    assert_eq!((again.status, &*again.problem()), (409, "accounts-exist"));
    Person::sign_in(served, "root")
}

/// Makes the first administrator `root` and the supervisor `sri`.
pub(crate) fn with_supervisor<'a>(office: &Office, served: &'a Served) -> (Person<'a>, Person<'a>) {
    let root = first_administrator(served);
    add(served, &root, "sri");
    office.done(&["account", "roles", "sri", "--give", "supervisor", "--reason", "the first"]);
    (root, Person::sign_in(served, "sri"))
}

/// Makes an account, whose person chooses a password.
pub(crate) fn add(served: &Served, root: &Person<'_>, name: &str) {
    let added = root.done("/accounts", &json!({ "name": name }));
    let once = &added["one_time"]["password"];
    let due = post(served, "/api/v1/session", &json!({ "name": name, "password": once }));
    assert_eq!(due.json()["password_due"], true, "{due:?}");
    let choice = json!({ "name": name, "password": once, "new_password": password(name) });
    assert_eq!(post(served, "/api/v1/session/password", &choice).status, 204);
}

/// Makes an account with a role, which the supervisor confirms.
pub(crate) fn add_with_role<'a>(
    served: &'a Served,
    (root, sri): (&Person<'_>, &Person<'_>),
    name: &str,
    role: &str,
) -> Person<'a> {
    add(served, root, name);
    let asked = root.post(&format!("/accounts/{name}/roles/requests"), &json!({ "role": role, "note": "from May" }));
    assert_eq!(asked.status, 201, "{asked:?}");
    let act = asked.headers["location"].strip_prefix("/api/v1").unwrap();
    sri.done(&format!("{act}/confirmation"), &json!({ "password": password("sri") }));
    Person::sign_in(served, name)
}

/// The entries of the server's audit chain, as a supervisor reads them: all pages.
pub(crate) fn audit(supervisor: &Person<'_>) -> Vec<Value> {
    let (mut entries, mut after) = (Vec::new(), None);
    loop {
        let after_it = after.map(|after: i64| format!("&after={after}")).unwrap_or_default();
        let page = supervisor.get(&format!("/audit/chains/web?limit=200{after_it}")).json();
        let entry = |item: &Value| serde_json::from_str::<Value>(item["entry"].as_str().unwrap()).unwrap();
        entries.extend(page["items"].as_array().unwrap().iter().map(entry));
        after = page["next"].as_i64();
        if after.is_none() {
            return entries;
        }
    }
}
