//! The operation of an address in the tables: its parameters, its body and its answers.

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::common::{ALWAYS, OF_ACCOUNTS, OF_BODIES, OF_PASSWORDS, OF_VERSIONS, Proof, in_json, of_problems, security};
use crate::web::{
    entity_tag,
    input::{self, Kind, Parameter},
    route::{Route, Sort},
    schema,
};

/// An act, a query, or what belongs to an act for two people.
pub(super) fn of_route(route: &Route, answers: &mut SchemaGenerator) -> Value {
    let mut input = route.input.clone();
    let about = input["description"].as_str().unwrap_or_default().to_owned();
    let in_path: Vec<&Parameter> = input::path_parameters(route.path).collect();
    let parameters = in_path.iter().map(|parameter| described_parameter(parameter, "path", &input));
    let parameters: Vec<Value> =
        parameters.chain(route.query.iter().map(|parameter| described_parameter(parameter, "query", &input))).collect();
    let parameters = [parameters, of_headers(route)].concat();
    for parameter in &in_path {
        take_out(&mut input, parameter.field);
    }
    let (id, about) = match route.sort {
        Sort::Request => (
            format!("ask{}", route.name),
            format!("{} (asked for, and confirmed by another account). {about}", first_sentence(&about)),
        ),
        Sort::Act | Sort::Query | Sort::Decision => (lower_first(route.name), about),
    };
    let is_password = route.name == "ConfirmAct";
    let statuses: [&[u16]; 5] = [
        &ALWAYS,
        &OF_ACCOUNTS,
        if route.has_body() { &OF_BODIES } else { &[] },
        if is_password { &OF_PASSWORDS } else { &[] },
        if route.sort == Sort::Query { &[] } else { &OF_VERSIONS },
    ];
    let mut responses = of_problems(&statuses);
    responses.extend(done(route, answers));
    let mut operation = json!({
        "operationId": id,
        "tags": [route.path.split('/').nth(1).unwrap_or_default()],
        "summary": first_sentence(&about),
        "description": about,
        "parameters": parameters,
        "responses": responses,
        "security": security(Proof::Any, &route.method.as_str().to_ascii_lowercase()),
    });
    if route.has_body() {
        operation["requestBody"] = body(input, route.path);
    }
    operation
}

/// What may stand in the headers: the key of an act, and the versions of what it changes or shows.
fn of_headers(route: &Route) -> Vec<Value> {
    let header = |name: &str, about: &str, pattern: &str| {
        let schema = json!({ "type": "string", "pattern": pattern });
        json!({ "name": name, "in": "header", "required": false, "description": about, "schema": schema })
    };
    let mut headers = Vec::new();
    if route.sort != Sort::Query {
        headers.push(header(
            "Idempotency-Key",
            "With the same key, the request is carried out once.",
            "^[!-~]{1,255}$",
        ));
        if entity_tag::is_versioned(route.path) {
            headers.push(header("If-Match", "The versions of which one must be there.", entity_tag::IF_MATCH));
        }
    } else if entity_tag::TAGGED.contains(&route.name) {
        let mut known =
            header("If-None-Match", "The versions that the client has. What is no version is none of them.", "");
        // Any value is taken: one that cannot be read names no version.
        if let Some(schema) = known["schema"].as_object_mut() {
            schema.remove("pattern");
        }
        headers.push(known);
    }
    headers
}

/// The body of a request, which may be left out where it has no field that must be there.
pub(super) fn body(mut schema: Value, path: &str) -> Value {
    if let Some(fields) = schema.as_object_mut() {
        for name in ["title", "description"] {
            fields.remove(name);
        }
    }
    of_network(&mut schema, path);
    let is_required = schema["required"].as_array().is_some_and(|required| !required.is_empty());
    json!({ "required": is_required, "content": in_json(&schema) })
}

/// What the server demands beyond the act itself: no act chooses a file of the server.
fn of_network(schema: &mut Value, path: &str) {
    if path == "/database/backups" {
        schema["properties"]["file"]["pattern"] = "^[^./\\u0000][^/\\u0000]*$".into();
    }
    let fields = schema["properties"].as_object_mut().into_iter().flatten();
    for (name, field) in fields {
        if name == "uri" {
            field["pattern"] = "^[iI][pP][pP][sS]?://".into();
        } else if ["printer", "setting"].contains(&name.as_str()) && field["properties"]["uri"].is_object() {
            field["properties"]["uri"]["pattern"] = "^[iI][pP][pP][sS]?://".into();
        }
    }
}

/// The responses of an address when it is done. An answer that may be `null` is no content then.
fn done(route: &Route, answers: &mut SchemaGenerator) -> Map<String, Value> {
    let mut schema = (route.answer)(answers).to_value();
    schema::tidy(&mut schema);
    let is_page = route.query.iter().any(|parameter| parameter.name == "after");
    let text = |about: &str, is_required: bool| json!({ "description": about, "required": is_required, "schema": { "type": "string" } });
    let mut responses = Map::new();
    let may_be_nothing = schema["anyOf"].as_array().is_some_and(|of| of.iter().any(|of| of["type"] == "null"));
    if schema["type"] == "null" || may_be_nothing {
        responses.insert("204".into(), json!({ "description": "Done." }));
    }
    if may_be_nothing {
        schema["anyOf"].as_array_mut().into_iter().for_each(|of| of.retain(|of| of["type"] != "null"));
    }
    let content = in_json(&schema);
    if route.sort == Sort::Request {
        let asked = json!({
            "description": "Asked for.",
            "headers": { "Location": text("The address of the act.", true) },
            "content": content,
            "links": decisions(),
        });
        responses.insert("201".into(), asked);
    } else if is_page {
        let headers =
            json!({ "Link": text("The address of the next page, if there is one: `<…>; rel=\"next\"`.", false) });
        responses.insert("200".into(), json!({ "description": "A page.", "headers": headers, "content": content }));
    } else if entity_tag::TAGGED.contains(&route.name) {
        let tag = json!({ "ETag": text("The version.", true) });
        responses.insert("304".into(), json!({ "description": "The client has this version.", "headers": tag }));
        responses.insert("200".into(), json!({ "description": "Done.", "headers": tag, "content": content }));
    } else if schema["type"] != "null" {
        responses.insert("200".into(), json!({ "description": "Done.", "content": content }));
    }
    responses
}

/// What may be done with an act that was asked for.
fn decisions() -> Value {
    let link = |operation: &str| json!({ "operationId": operation, "parameters": { "act": "$response.body#/act" } });
    let names = ["showPendingAct", "confirmAct", "refuseAct", "takeBackAct"];
    names.into_iter().map(|name| (name.to_owned(), link(name))).collect::<Map<_, _>>().into()
}

/// A parameter, with the schema of its field.
fn described_parameter(parameter: &Parameter, place: &str, input: &Value) -> Value {
    let steps = parameter.field.split('/').skip(1);
    let field = steps.fold(input.clone(), |schema, step| property(&schema, step));
    let mut schema = match (field, parameter.kind) {
        (Value::Object(field), _) => Value::Object(field),
        (_, Kind::Text) => json!({ "type": "string" }),
        (_, Kind::Number) => json!({ "type": "integer", "format": "int64", "minimum": i64::MIN, "maximum": i64::MAX }),
        (_, Kind::Flag) => json!({ "type": "boolean" }),
        (_, Kind::Time) => json!({}),
    };
    never_null(&mut schema);
    let mut about = schema.as_object_mut().and_then(|fields| fields.remove("description"));
    if parameter.kind == Kind::Time {
        let said = about.as_ref().and_then(Value::as_str).unwrap_or_default();
        about = Some(format!("{said} RFC 3339 with an offset, or microseconds since 1970.").trim_start().into());
        schema = json!({ "anyOf": [
            { "type": "string", "format": "date-time" },
            { "type": "integer", "format": "int64", "minimum": i64::MIN, "maximum": i64::MAX },
        ] });
    }
    if place == "path" && parameter.kind == Kind::Text {
        schema["minLength"] = 1.into();
    }
    let must_be_there = |required: &Vec<Value>| required.iter().any(|name| parameter.field[1..] == *name);
    let is_required = place == "path" || input["required"].as_array().is_some_and(must_be_there);
    json!({ "name": parameter.name, "in": place, "required": is_required, "description": about, "schema": schema })
}

/// The schema of a field, also of one in a choice.
fn property(schema: &Value, name: &str) -> Value {
    let found = schema["properties"].get(name).cloned();
    let in_choice = || {
        let choices = ["oneOf", "anyOf"].iter().filter_map(|of| schema[of].as_array()).flatten();
        choices.map(|choice| property(choice, name)).find(|found| !found.is_null())
    };
    found.or_else(in_choice).unwrap_or_default()
}

/// A parameter is given or left out, and never `null`.
fn never_null(schema: &mut Value) {
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| choice["type"] != "null");
        if let [only] = choices.as_slice() {
            let mut only = only.clone();
            if let Some(about) = schema.get("description") {
                only["description"] = about.clone();
            }
            *schema = only;
        }
    }
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|of| of != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(fields) = schema.as_object_mut() {
        fields.remove("default");
    }
}

/// Takes a field out of the body, as it stands in the address.
fn take_out(schema: &mut Value, field: &str) {
    let Some((first, rest)) =
        field.trim_start_matches('/').split_once('/').or(Some((field.trim_start_matches('/'), "")))
    else {
        return;
    };
    if !rest.is_empty() {
        take_out(&mut schema["properties"][first], rest);
        let is_empty = |below: &Value| below["properties"].as_object().is_none_or(Map::is_empty);
        if !is_empty(&schema["properties"][first]) {
            return;
        }
    }
    if let Some(fields) = schema["properties"].as_object_mut() {
        fields.remove(first);
    }
    if let Some(required) = schema["required"].as_array_mut() {
        required.retain(|name| name != first);
    }
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

fn first_sentence(text: &str) -> String {
    let end = [". ", ".\n", ": "].iter().filter_map(|end| text.find(end)).min();
    end.map_or(text, |end| &text[..end]).trim_end_matches('.').replace('\n', " ")
}
