//! The addresses that are in no table: sessions, and what those ask who watch over the process.

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::{
    common::{ALWAYS, OF_BODIES, OF_PASSWORDS, Proof, in_json, of_problems, security},
    operation::body,
};
use crate::{
    engine::import::{Encoding, Format},
    web::{health, schema, session},
};

/// Where the description is served.
pub(in crate::web) const PATH: &str = "/api/v1/openapi.json";

/// A path, a method, and the operation there.
pub(super) type Described = (String, &'static str, Value);

/// An address that is in no table.
struct Other {
    path: &'static str,
    method: &'static str,
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
    proof: Proof,
    body: Option<Value>,
    responses: Map<String, Value>,
}

impl Other {
    fn described(self) -> Described {
        let mut operation = json!({
            "operationId": self.id, "tags": [self.tag], "summary": self.summary, "parameters": [],
            "responses": self.responses, "security": security(self.proof, self.method),
        });
        if let Some(schema) = self.body {
            operation["requestBody"] = body(schema, self.path);
        }
        (self.path.to_owned(), self.method, operation)
    }
}

/// Sessions, passwords and the first account.
pub(super) fn of_sessions(answers: &mut SchemaGenerator) -> Vec<Described> {
    let told = schema::answer::<session::Session>(answers);
    let first = schema::answer::<session::FirstAccount>(answers);
    let cookie = |about: &str| json!({ "Set-Cookie": { "description": about, "required": true, "schema": { "type": "string" } } });
    let shown = json!({ "description": "Signed in.", "content": in_json(&told) });
    let opened = json!({ "description": "Signed in.", "headers": cookie("The session."), "content": in_json(&told) });
    let ended = json!({ "description": "Signed out.", "headers": cookie("The end of the session.") });
    let nothing = json!({ "description": "Done." });
    let made = json!({ "description": "Made.", "content": in_json(&first) });
    let with = |statuses: &[&[u16]], (status, done): (&str, Value)| {
        let mut responses = of_problems(statuses);
        responses.insert(status.to_owned(), done);
        responses
    };
    let own = [&ALWAYS[2..], &[401, 403]];
    let proved: [&[u16]; 4] = [&ALWAYS, &[401, 403, 409], &OF_BODIES, &OF_PASSWORDS];
    let session = |method, id, summary, proof, body, responses| Other {
        path: "/api/v1/session",
        method,
        id,
        tag: "session",
        summary,
        proof,
        body,
        responses,
    };
    let addresses = vec![
        session("get", "showSession", "Shows who is signed in", Proof::Any, None, with(&own, ("200", shown))),
        session(
            "post",
            "signIn",
            "Signs in",
            Proof::Open,
            Some(schema::input::<session::SignIn>()),
            with(&proved, ("200", opened)),
        ),
        session("delete", "signOut", "Signs out", Proof::Session, None, with(&own, ("204", ended))),
        Other {
            path: "/api/v1/session/password",
            method: "post",
            id: "choosePassword",
            tag: "session",
            summary: "Replaces a password, one-time or not",
            proof: Proof::Open,
            body: Some(schema::input::<session::ChoosePassword>()),
            responses: with(&proved, ("204", nothing)),
        },
        Other {
            path: "/api/v1/accounts/first",
            method: "post",
            id: "makeFirstAccount",
            tag: "accounts",
            summary: "Makes the first administrator with the code that the program printed",
            proof: Proof::Open,
            body: Some(schema::input::<session::MakeFirst>()),
            responses: with(&proved, ("201", made)),
        },
    ];
    addresses.into_iter().map(Other::described).collect()
}

/// A parameter in the query string or the path.
fn parameter(place: &str, name: &str, is_required: bool, about: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": place, "required": is_required, "description": about, "schema": schema })
}

/// Waiting lists.
pub(super) fn of_lists() -> Vec<Described> {
    let (text, flag) = (json!({ "type": "string" }), json!({ "type": "boolean" }));
    let number = json!({ "type": "integer", "minimum": 0, "maximum": 1_000 });
    let encoding = json!({ "type": "string", "enum": Encoding::ALL.map(|(_, name)| name) });
    let accept = json!({ "type": "array", "items": { "type": "string", "enum": ["withdrawals", "rounded"] } });
    let parameters = [
        parameter("query", "source", true, "Who sends the list.", &text),
        parameter("query", "profile", true, "The card profile.", &text),
        parameter("query", "update", false, "Records that are known are updated.", &flag),
        parameter("query", "dry_run", false, "Nothing is changed.", &flag),
        parameter(
            "query",
            "encoding",
            false,
            "The encoding of its text; UTF-8, or what its byte order mark says, if it is left out.",
            &encoding,
        ),
        parameter(
            "query",
            "sheet",
            false,
            "The sheet of a spreadsheet; the first one with the headings of a list, if it is left out.",
            &text,
        ),
        parameter("query", "skip_lines", false, "The lines before the first row.", &number),
        parameter("query", "accept", false, "What would otherwise stop the list.", &accept),
    ];
    let mut responses = of_problems(&[&ALWAYS, &[401, 403, 404, 409], &OF_BODIES]);
    let content = json!({ "application/x-ndjson": {} });
    responses
        .insert("200".into(), json!({ "description": "A line for each row, then the report.", "content": content }));
    let content_of_lists: Value = Format::ALL.iter().map(|(.., media)| ((*media).to_owned(), json!({}))).collect();
    let operation = json!({
        "operationId": "importList", "tags": ["imports"], "summary": "Imports a waiting list", "parameters": parameters,
        "requestBody": { "required": true, "content": content_of_lists },
        "responses": responses, "security": security(Proof::Any, "post"),
    });
    vec![("/api/v1/imports".to_owned(), "post", operation)]
}

/// Pictures of people.
pub(super) fn of_pictures() -> Vec<Described> {
    let name = json!({ "type": "string", "minLength": 1 });
    let record = [
        parameter("path", "source", true, "Who sent the record.", &name),
        parameter("path", "request_id", true, "The office's own key.", &name),
    ];
    let choice = |values: [&str; 2]| json!({ "type": "string", "enum": values });
    let dpi = json!({ "type": "integer", "minimum": 100, "maximum": 600 });
    let of_preview = [
        parameter("query", "format", false, "PNG if it is left out.", &choice(["png", "pdf"])),
        parameter(
            "query",
            "side",
            false,
            "If it is left out, a PNG has the front and a PDF has both.",
            &choice(["front", "back"]),
        ),
        parameter("query", "dpi", false, "300 if it is left out.", &dpi),
    ];
    let operation = |id, summary, parameters: &[Value], content: Value| {
        let mut responses = of_problems(&[&ALWAYS, &[401, 403, 404, 409]]);
        responses.insert("200".into(), json!({ "description": "The picture.", "content": content }));
        json!({
            "operationId": id, "tags": ["pictures"], "summary": summary, "parameters": parameters,
            "responses": responses, "security": security(Proof::Any, "get"),
        })
    };
    let photo = json!({ "image/jpeg": {}, "image/png": {} });
    let card = json!({ "image/png": {}, "application/pdf": {} });
    let photo = operation("showPhoto", "Shows the photo of a record", &record, photo);
    let preview = [&record[..], &of_preview[..]].concat();
    let preview = operation("previewCard", "Shows a card as it would be printed", &preview, card);
    vec![
        ("/api/v1/records/{source}/{request_id}/photo".to_owned(), "get", photo),
        ("/api/v1/cards/{source}/{request_id}/preview".to_owned(), "get", preview),
    ]
}

/// For those who watch over the process, and for those who write programs.
pub(super) fn of_watchers(answers: &mut SchemaGenerator) -> Vec<Described> {
    let ready = schema::answer::<health::Ready>(answers);
    let alive = json!({ "description": "It is.", "content": in_json(&schema::answer::<health::Alive>(answers)) });
    let is_ready = json!({ "description": "It is.", "content": in_json(&ready) });
    let not_ready = json!({ "description": "It is not.", "content": in_json(&ready) });
    let this = json!({ "description": "This description.", "content": in_json(&json!({ "type": "object" })) });
    let open = |path, id, summary, responses: Vec<(&str, Value)>| Other {
        path,
        method: "get",
        id,
        tag: "watching",
        summary,
        proof: Proof::Open,
        body: None,
        responses: responses.into_iter().map(|(status, response)| (status.to_owned(), response)).collect(),
    };
    let text = json!({ "type": "string" });
    let mut events = of_problems(&[&ALWAYS, &[401, 403], &OF_PASSWORDS]);
    let content = json!({ "text/event-stream": {} });
    events.insert("200".into(), json!({ "description": "Events, until one side ends it.", "content": content }));
    let after = parameter("header", "Last-Event-ID", false, "The id of the last event that the client has.", &text);
    let events = json!({
        "operationId": "followEvents", "tags": ["events"], "summary": "Sends the events of the audit as they happen",
        "parameters": [after], "responses": events, "security": security(Proof::Any, "get"),
    });
    let mut metrics = of_problems(&[&ALWAYS, &[401, 403]]);
    let content = json!({ "application/openmetrics-text; version=1.0.0; charset=utf-8": {} });
    metrics.insert("200".into(), json!({ "description": "Figures for Prometheus.", "content": content }));
    let about =
        "Shows what is measured. A program of this machine needs no account; every other needs the right `board-read`.";
    let mut proofs = security(Proof::Any, "get");
    proofs.as_array_mut().into_iter().for_each(|proofs| proofs.insert(0, json!({})));
    let metrics = json!({
        "operationId": "showMetrics", "tags": ["watching"], "summary": "Shows what is measured", "description": about,
        "parameters": [], "responses": metrics, "security": proofs,
    });
    let addresses = vec![
        open("/healthz", "isAlive", "Whether the process answers", vec![("200", alive)]),
        open("/readyz", "isReady", "Whether it can do its work", vec![("200", is_ready), ("503", not_ready)]),
        open(PATH, "showDescription", "Shows this description", vec![("200", this)]),
    ];
    let own = [("/api/v1/events".to_owned(), "get", events), ("/metrics".to_owned(), "get", metrics)];
    addresses.into_iter().map(Other::described).chain(own).collect()
}
