//! What the operations have in common: the proof of an account, the statuses of problems, and references.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    web::{
        caller::{COOKIE_PLAIN, COOKIE_TLS},
        problem::{self, PROBLEM_JSON},
    },
    words::Language,
};

/// The statuses of problems that every address may answer.
pub(super) const ALWAYS: [u16; 4] = [400, 422, 500, 503];
/// Those of an address that wants an account, or proves one.
pub(super) const OF_ACCOUNTS: [u16; 4] = [401, 403, 404, 409];
/// Those of an address with a body.
pub(super) const OF_BODIES: [u16; 3] = [408, 413, 415];
/// That of an address that changes something, if `If-Match` names another version.
pub(super) const OF_VERSIONS: [u16; 1] = [412];
/// That of an address that takes a password.
pub(super) const OF_PASSWORDS: [u16; 1] = [429];

/// How an account is proved at an address.
#[derive(Clone, Copy)]
pub(super) enum Proof {
    /// Not at all, or with the request itself.
    Open,
    /// By a session only.
    Session,
    /// By a token or a session.
    Any,
}

pub(super) fn security_schemes() -> Value {
    let key = |place: &str, name: &str, about: &str| json!({ "type": "apiKey", "in": place, "name": name, "description": about });
    json!({
        "token": { "type": "http", "scheme": "bearer", "description": "An API token, `cetak_…`." },
        "session": key("cookie", COOKIE_TLS, "A session, over TLS."),
        "session-plain": key("cookie", COOKIE_PLAIN, "A session, over plain HTTP."),
        "csrf": key("header", "X-CSRF-Token", "The CSRF token of the session; the header `Origin` must be this server."),
    })
}

/// What proves an account for a method.
pub(super) fn security(proof: Proof, method: &str) -> Value {
    let is_safe = method == "get";
    let by_session = |cookie: &str| {
        let mut both = Map::from_iter([(cookie.to_owned(), json!([]))]);
        if !is_safe {
            both.insert("csrf".into(), json!([]));
        }
        Value::Object(both)
    };
    let sessions = [by_session("session"), by_session("session-plain")];
    match proof {
        Proof::Open => json!([]),
        Proof::Session => json!(sessions),
        Proof::Any => [vec![json!({ "token": [] })], sessions.to_vec()].concat().into(),
    }
}

pub(super) fn a_problem() -> Value {
    json!({
        "type": "object",
        "description": "Why a request was not carried out (RFC 9457).",
        "required": ["type", "title", "status", "code", "args", "detail"],
        "properties": {
            "type": { "type": "string", "description": "`/problems/` and the code.", "pattern": "^/problems/[a-z-]+$" },
            "title": { "type": "string", "description": "What the status means, for people, in the language of `Content-Language`." },
            "status": { "type": "integer" },
            "code": { "type": "string", "description": "The stable name of the cause, for programs." },
            "args": { "type": "object", "description": "The things that the cause is about." },
            "detail": { "type": "string", "description": "The cause, for people, in the same language." },
        },
    })
}

/// The response of each status of problems, with the codes that it may have.
pub(super) fn problems() -> Map<String, Value> {
    let mut of_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for (status, code) in problem::codes() {
        of_status.entry(status).or_default().push(code);
    }
    let response = |(status, codes): (u16, Vec<&str>)| {
        let exact = json!({ "properties": { "status": { "const": status }, "code": { "enum": codes } } });
        let schema = json!({ "allOf": [reference("schemas", "Problem"), exact] });
        let mut response = json!({ "description": Language::English.title(status), "content": { PROBLEM_JSON: { "schema": schema } } });
        let header =
            |about: &str, of: &str| json!({ "description": about, "required": true, "schema": { "type": of } });
        response["headers"] = json!({ "Content-Language": header("The language of `title` and `detail`.", "string") });
        let (name, value) = match status {
            401 => ("WWW-Authenticate", header("How an account is proved.", "string")),
            405 => ("Allow", header("The methods that are known.", "string")),
            429 | 503 => ("Retry-After", header("After how many seconds to try again.", "integer")),
            _ => return (format!("Problem{status}"), response),
        };
        response["headers"][name] = value;
        (format!("Problem{status}"), response)
    };
    of_status.into_iter().map(response).collect()
}

pub(super) fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

/// References to the responses of problems.
pub(super) fn of_problems(statuses: &[&[u16]]) -> Map<String, Value> {
    let reference = |status: &u16| (status.to_string(), reference("responses", &format!("Problem{status}")));
    statuses.iter().copied().flatten().map(reference).collect()
}

pub(super) fn in_json(schema: &impl Serialize) -> Value {
    json!({ "application/json": { "schema": schema } })
}
