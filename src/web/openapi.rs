//! The description of the API, OpenAPI 3.1, made of the table of addresses and of the types themselves.

use std::{collections::BTreeMap, sync::LazyLock};

use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{
    input::{self, Kind, Parameter},
    problem::PROBLEM_JSON,
    route::{BASE, Route, Sort},
    routes::ROUTES,
};

/// Schemas by their names.
pub(super) type Schemas = BTreeMap<String, Value>;

/// The statuses of problems, and when each is answered.
const PROBLEMS: [(u16, &str); 12] = [
    (400, "The request cannot be read."),
    (401, "No account is proved."),
    (403, "The account has no right to it, or another person must decide."),
    (404, "The thing that is named does not exist."),
    (408, "The body did not arrive in time."),
    (409, "The thing is in another state, or another change came first. Nothing was changed."),
    (413, "The body is larger than 1 MiB."),
    (415, "The body is not JSON."),
    (422, "A value is missing, is not known, or is not one that the field takes."),
    (429, "Too many requests; `Retry-After` says when to try again."),
    (500, "The server failed. The log has the cause under `incident`."),
    (503, "The database cannot be used, or the server has too much to do; `Retry-After` says when to try again."),
];

/// The schema of a type; the schemas that it refers to are added.
pub(super) fn schema<T: ToSchema>(schemas: &mut Schemas) -> Value {
    let mut used = Vec::new();
    T::schemas(&mut used);
    let json = |schema| serde_json::to_value(schema).unwrap_or_default(); // cannot fail: a schema is made of texts and numbers
    schemas.extend(used.into_iter().map(|(name, schema)| (name, json(schema))));
    json(T::schema())
}

/// The description, as it is sent.
pub(super) static DESCRIPTION: LazyLock<String> =
    LazyLock::new(|| serde_json::to_string_pretty(&description()).unwrap_or_default());

/// The description. Every type is given as a schema; problems are described once.
fn description() -> Value {
    let mut schemas = Schemas::new();
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for route in ROUTES.iter() {
        let operation = operation(route, &mut schemas);
        let method = route.method.as_str().to_ascii_lowercase();
        paths.entry(format!("{BASE}{}", route.path)).or_default().insert(method, operation);
    }
    schemas.insert("Problem".to_owned(), problem());
    let responses: BTreeMap<String, Value> =
        PROBLEMS.iter().map(|(status, when)| (format!("Problem{status}"), problem_response(when))).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "cetak",
            "version": "v1",
            "description": "Every act and every query of the scheduler. Instants in parameters are microseconds since 1970.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "security": [{ "token": [] }, { "session": [] }, { "plain-session": [] }],
        "paths": paths,
        "components": { "schemas": schemas, "responses": responses, "securitySchemes": security() },
    })
}

fn security() -> Value {
    let cookie = |name: &str, when: &str| {
        let rule = "Other methods than GET need the header `X-CSRF-Token` as well, and `Origin`.";
        json!({ "type": "apiKey", "in": "cookie", "name": name, "description": format!("{when} {rule}") })
    };
    json!({
        "token": { "type": "http", "scheme": "bearer", "description": "An API token, `cetak_…`." },
        "session": cookie("__Host-cetak", "A session, over TLS."),
        "plain-session": cookie("cetak-plain", "A session, over plain HTTP."),
    })
}

fn problem() -> Value {
    json!({
        "type": "object",
        "description": "Why a request was not carried out (RFC 9457).",
        "required": ["type", "title", "status", "code", "args", "detail"],
        "properties": {
            "type": { "type": "string", "description": "`/problems/` and the code." },
            "title": { "type": "string", "description": "What the status means, for people." },
            "status": { "type": "integer" },
            "code": { "type": "string", "description": "The stable name of the cause, for programs." },
            "args": { "type": "object", "description": "The things that the cause is about." },
            "detail": { "type": "string", "description": "The cause, for people." },
        },
    })
}

fn problem_response(when: &str) -> Value {
    let content = json!({ PROBLEM_JSON: { "schema": reference("schemas", "Problem") } });
    json!({ "description": when, "content": content })
}

fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

/// One address.
fn operation(route: &Route, schemas: &mut Schemas) -> Value {
    let input = (route.input)(schemas);
    let about = input.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut fields = flat(input, schemas);
    let in_path: Vec<Parameter> = input::path_parameters(route.path).copied().collect();
    let parameters: Vec<Value> = in_path.iter().map(|parameter| described(parameter, "path", &fields, schemas)).collect();
    let in_query = route.query.iter().map(|parameter| described(parameter, "query", &fields, schemas));
    let parameters: Vec<Value> = parameters.into_iter().chain(in_query).collect();
    for parameter in &in_path {
        leave_out(&mut fields, parameter);
    }
    let id = match route.sort {
        Sort::Request => format!("request{}", route.name),
        Sort::Act | Sort::Query | Sort::Decision => lower_first(route.name),
    };
    let about = if route.sort == Sort::Request { format!("Asks for it; another account then confirms. {about}") } else { about };
    let mut operation = json!({
        "operationId": id,
        "tags": [route.path.split('/').nth(1).unwrap_or_default()],
        "summary": first_sentence(&about),
        "description": about,
        "parameters": parameters,
        "responses": responses(route, schemas),
    });
    if route.has_body() {
        let is_required = fields["required"].as_array().is_some_and(|required| !required.is_empty());
        operation["requestBody"] =
            json!({ "required": is_required, "content": { "application/json": { "schema": fields } } });
    }
    operation
}

fn responses(route: &Route, schemas: &mut Schemas) -> Value {
    let mut responses = Map::new();
    let is_page = route.query.iter().any(|parameter| parameter.name == "after");
    let answer = |schema| json!({ "application/json": { "schema": schema } });
    let done = match (route.answer)(schemas) {
        None => ("204", json!({ "description": "Done." })),
        Some(schema) if route.sort == Sort::Request => (
            "201",
            json!({ "description": "Asked for; `Location` is the address of the act.", "content": answer(schema) }),
        ),
        Some(schema) if is_page => {
            let link = json!({ "Link": { "description": "The next page, if there is one.", "schema": { "type": "string" } } });
            ("200", json!({ "description": "A page.", "headers": link, "content": answer(schema) }))
        }
        Some(schema) => ("200", json!({ "description": "Done.", "content": answer(schema) })),
    };
    responses.insert(done.0.to_owned(), done.1);
    for (status, _) in PROBLEMS {
        if route.has_body() || ![408, 413, 415].contains(&status) {
            responses.insert(status.to_string(), reference("responses", &format!("Problem{status}")));
        }
    }
    Value::Object(responses)
}

/// A parameter, with the schema of its field.
fn described(parameter: &Parameter, place: &str, fields: &Value, schemas: &Schemas) -> Value {
    let mut schema = Some(fields.clone());
    for step in parameter.field.split('/').skip(1) {
        schema = schema.and_then(|schema| flat(schema, schemas)["properties"].get(step).cloned());
    }
    let by_kind = || match parameter.kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Number => json!({ "type": "integer", "format": "int64" }),
        Kind::Flag => json!({ "type": "boolean" }),
    };
    let schema = schema.unwrap_or_else(by_kind);
    json!({ "name": parameter.name, "in": place, "required": place == "path", "schema": schema })
}

/// An object schema with its own properties: references are followed, and parts are joined.
fn flat(schema: Value, schemas: &Schemas) -> Value {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()) {
        return schemas.get(name).map_or(schema.clone(), |found| flat(found.clone(), schemas));
    }
    let parts = schema.get("allOf").or(schema.get("oneOf")).and_then(Value::as_array);
    let is_object = |part: &Value| part.get("properties").is_some() || part.get("$ref").is_some();
    let Some(parts) = parts.filter(|parts| parts.iter().all(is_object) && schema.get("oneOf").is_none()) else {
        // An optional object is one of null and itself.
        let optional = schema.get("oneOf").and_then(Value::as_array).and_then(|parts| parts.iter().find(|part| is_object(part)));
        return optional.map_or(schema.clone(), |part| flat(part.clone(), schemas));
    };
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for part in parts {
        let part = flat(part.clone(), schemas);
        properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
        required.extend(part["required"].as_array().cloned().unwrap_or_default());
    }
    json!({ "type": "object", "properties": properties, "required": required })
}

/// The body without a field that stands in the path. What a path has of an object, it has all of.
fn leave_out(fields: &mut Value, parameter: &Parameter) {
    let name = parameter.field.split('/').nth(1).unwrap_or_default();
    if let Some(properties) = fields["properties"].as_object_mut() {
        properties.remove(name);
    }
    if let Some(required) = fields["required"].as_array_mut() {
        required.retain(|required| required != name);
    }
}

fn first_sentence(text: &str) -> String {
    let text = text.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    text.split_once(". ").map_or(text.as_str(), |(first, _)| first).trim_end_matches('.').to_owned()
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}
