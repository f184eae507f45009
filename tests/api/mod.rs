//! Helper: the description of the API that the repository keeps (`openapi.json`), compared with what is sent and answered.
//!
//! It knows the few words of JSON Schema that the description uses, and is stricter in one thing: a field that is not described is a
//! fault in answers too, where a client must expect one that is added later.

use std::{collections::BTreeSet, fs, path::Path, sync::LazyLock};

use serde_json::Value;

/// The description.
pub(crate) static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/openapi.json");
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
});

/// The schema that a reference names, or the schema itself.
fn followed(schema: &Value) -> &Value {
    match schema["$ref"].as_str() {
        Some(path) => DESCRIPTION.pointer(path.trim_start_matches('#')).unwrap_or_else(|| panic!("{path}")),
        None => schema,
    }
}

/// What of a value the schema does not allow or does not describe; empty if it is as described.
pub(crate) fn faults(at: &str, value: &Value, schema: &Value) -> Vec<String> {
    let mut found = disallowed(at, value, schema);
    let known = fields_of(schema);
    let may_have_others = known.is_empty() && schema["additionalProperties"] != false;
    if !may_have_others && !followed(schema)["additionalProperties"].is_object() {
        let others = value.as_object().into_iter().flatten().filter(|(name, _)| !known.contains(name.as_str()));
        found.extend(others.map(|(name, _)| format!("{at}/{name}: is not described")));
    }
    found
}

/// The names of all fields that a schema, the one that it refers to, its parts and its choices describe.
fn fields_of(schema: &Value) -> BTreeSet<&str> {
    let own = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let parts = ["allOf", "oneOf", "anyOf"].iter().filter_map(|name| schema[name].as_array()).flatten();
    let parts = parts.chain(schema.get("$ref").map(|_| followed(schema)));
    own.chain(parts.flat_map(fields_of)).collect()
}

/// What of a value the schema does not allow.
fn disallowed(at: &str, value: &Value, schema: &Value) -> Vec<String> {
    let mut found = missing(at, value, schema);
    if schema.get("$ref").is_some() {
        found.extend(disallowed(at, value, followed(schema)));
    }
    if !has_type(value, &schema["type"]) {
        found.push(format!("{at}: {value} is not {}", schema["type"]));
    }
    if schema.get("const").is_some_and(|only| only != value) {
        found.push(format!("{at}: {value} is not {}", schema["const"]));
    }
    if schema["enum"].as_array().is_some_and(|values| !values.contains(value)) {
        found.push(format!("{at}: {value} is none of {}", schema["enum"]));
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        found.extend(disallowed(at, value, part));
    }
    for choices in ["oneOf", "anyOf"].iter().filter_map(|name| schema[name].as_array()) {
        let of_choices = choices.iter().map(|choice| disallowed(at, value, choice));
        found.extend(of_choices.min_by_key(Vec::len).unwrap_or_default());
    }
    for (name, below) in value.as_object().into_iter().flatten() {
        let others = schema.get("additionalProperties").filter(|of| of.is_object());
        let known = schema["properties"].get(name).or(others);
        found.extend(known.map(|of| faults(&format!("{at}/{name}"), below, of)).unwrap_or_default());
    }
    for (n, item) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(schema.get("items").map(|of| faults(&format!("{at}/{n}"), item, of)).unwrap_or_default());
    }
    found
}

/// The fields that must be there and are not.
fn missing(at: &str, value: &Value, schema: &Value) -> Vec<String> {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let lacks = |name: &&str| value.is_object() && value.get(name).is_none();
    required.filter(lacks).map(|name| format!("{at}/{name}: is missing")).collect()
}

fn has_type(value: &Value, of: &Value) -> bool {
    let is = |of: &str| match of {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other}"),
    };
    match of {
        Value::String(of) => is(of),
        Value::Array(types) => types.iter().filter_map(Value::as_str).any(is),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => true,
    }
}

/// The operation at a path with a method, if it is described.
pub(crate) fn operation<'a>(method: &str, path: &str) -> Option<&'a Value> {
    let path = path.split('?').next().unwrap_or_default();
    let is_same = |(template, sent): (&str, &str)| template.starts_with('{') || template == sent;
    let fits = |template: &str| {
        let (template, sent): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
        template.len() == sent.len() && template.into_iter().zip(sent).all(is_same)
    };
    let paths = DESCRIPTION["paths"].as_object().unwrap();
    // An address without a parameter goes first.
    let known =
        paths.iter().filter(|(template, _)| fits(template)).min_by_key(|(template, _)| template.matches('{').count());
    known.and_then(|(_, methods)| methods.get(method.to_ascii_lowercase()))
}

/// What of an answer is not as described; empty if all is.
pub(crate) fn faults_of_answer(operation: &Value, status: u16, media: Option<&str>, body: &str) -> Vec<String> {
    let response = followed(&operation["responses"][status.to_string()]);
    if response.is_null() {
        return vec![format!("status {status} is not described")];
    }
    let Some(content) = response["content"].as_object() else {
        return if body.is_empty() { Vec::new() } else { vec![format!("a body is not described: {body}")] };
    };
    let media = media.unwrap_or_default();
    let Some(of_media) = content.get(media) else { return vec![format!("the media type {media:?} is not described")] };
    if of_media.get("schema").is_none() {
        return Vec::new();
    }
    match serde_json::from_str(body) {
        Ok(value) => faults("", &value, &of_media["schema"]),
        Err(error) => vec![format!("{error}: {body}")],
    }
}
