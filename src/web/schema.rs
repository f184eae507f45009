//! The schemas of what is sent and of what is answered, made of the types themselves.
//!
//! What is sent is described whole and without other fields than those that are named: it is also what [`unknown`] compares a request
//! with. What is answered is made of named schemas that refer to each other.

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

/// Where the named schemas are in the description.
const NAMED: &str = "/components/schemas";

/// The schema of what is sent.
pub(super) fn input<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().for_deserialize().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    tidy(&mut schema);
    close(&mut schema);
    schema
}

/// Makes the schemas of what is answered.
pub(super) fn answers() -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
        settings.definitions_path = NAMED.into();
        settings.meta_schema = None;
    });
    settings.into_generator()
}

/// The schema of an answer; `null` where there is nothing to say.
pub(super) fn answer<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// The named schemas of all answers so far.
pub(super) fn named(mut generator: SchemaGenerator) -> Map<String, Value> {
    let mut schemas = generator.take_definitions(true);
    schemas.values_mut().for_each(tidy);
    schemas
}

/// Does something with a schema and with each schema in it.
fn visit(schema: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    let Value::Object(fields) = schema else { return };
    change(fields);
    for (name, value) in fields.iter_mut() {
        match (name.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                properties.values_mut().for_each(|below| visit(below, change));
            }
            ("oneOf" | "anyOf" | "allOf" | "prefixItems", Value::Array(schemas)) => {
                for below in schemas {
                    visit(below, change);
                }
            }
            ("items" | "additionalProperties", below) => visit(below, change),
            _ => {}
        }
    }
}

/// Brings a schema into the form of the description: the links of a comment are words, and a choice of texts is one list.
pub(super) fn tidy(schema: &mut Value) {
    visit(schema, &mut |fields| {
        if let Some(Value::String(text)) = fields.get_mut("description") {
            *text = without_links(text);
        }
        list_texts(fields);
    });
}

/// Allows no fields that are not named, and no numbers that a field cannot hold.
fn close(schema: &mut Value) {
    visit(schema, &mut |fields| {
        if fields.get("type").is_some_and(|of| of == "object") && !fields.contains_key("oneOf") {
            fields.entry("additionalProperties").or_insert(false.into());
        }
        let range = match fields.get("format").and_then(Value::as_str) {
            Some("int64") => (json!(i64::MIN), json!(i64::MAX)),
            Some("uint32") => (json!(0), json!(u32::MAX)),
            _ => return,
        };
        fields.entry("minimum").or_insert(range.0);
        fields.entry("maximum").or_insert(range.1);
    });
}

/// The text with the names of links, and without their targets.
fn without_links(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("[`") {
        let Some((name, after)) = after.split_once("`]") else { break };
        shown += &format!("{before}`{name}`");
        let link = after.strip_prefix('(').and_then(|link| link.split_once(')'));
        rest = link.map_or(after, |(_, after)| after);
    }
    shown + rest
}

/// A choice of texts, each with its own description, becomes one list with one description.
fn list_texts(fields: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = fields.get("oneOf") else { return };
    let texts: Option<Vec<(Vec<Value>, &str)>> = choices.iter().map(text_choice).collect();
    let Some(texts) = texts else { return };
    let lines = texts.iter().filter(|(_, about)| !about.is_empty());
    let lines: Vec<String> =
        lines.map(|(names, about)| format!("* `{}`: {about}", names[0].as_str().unwrap_or_default())).collect();
    let list: Vec<Value> = texts.into_iter().flat_map(|(names, _)| names).collect();
    fields.remove("oneOf");
    let about = fields.get("description").and_then(Value::as_str).unwrap_or_default();
    let about = [&[about.to_owned()], &*lines].concat().join("\n");
    fields.insert("description".into(), about.trim().into());
    fields.insert("type".into(), "string".into());
    fields.entry("enum").or_insert(list.into());
}

/// The texts of a part of a choice, and what is said of them.
fn text_choice(choice: &Value) -> Option<(Vec<Value>, &str)> {
    let about = choice.get("description").and_then(Value::as_str).unwrap_or_default();
    if choice.get("type")? != "string" {
        return None;
    }
    let names = match (choice.get("const"), choice.get("enum")) {
        (Some(name), _) => vec![name.clone()],
        (None, Some(Value::Array(names))) => names.clone(),
        _ => return None,
    };
    Some((names, about))
}

/// The first field that was sent and that has no place in the schema.
pub(super) fn unknown(at: &str, sent: &Value, schema: &Value) -> Option<String> {
    let choices = ["oneOf", "anyOf"].iter().filter_map(|name| schema.get(name)?.as_array()).flatten();
    let is_object = |choice: &&Value| !sent.is_object() || choice.get("type").is_none_or(|of| of == "object");
    let mut in_choices: Vec<Option<String>> =
        choices.filter(is_object).map(|choice| unknown(at, sent, choice)).collect();
    if !in_choices.is_empty() {
        return if in_choices.contains(&None) { None } else { in_choices.swap_remove(0) };
    }
    match (sent, schema.get("additionalProperties"), schema.get("items")) {
        (Value::Object(sent), Some(Value::Bool(false)), _) => sent.iter().find_map(|(name, value)| {
            let at = format!("{at}/{name}");
            let known = schema.get("properties").and_then(|fields| fields.get(name));
            known.map_or_else(|| Some(at.clone()), |schema| unknown(&at, value, schema))
        }),
        (Value::Array(sent), _, Some(of)) => {
            sent.iter().enumerate().find_map(|(n, value)| unknown(&format!("{at}/{n}"), value, of))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{
        operations::{CheckCards, DestroyBlanks, Pause, RejectCard, RequestReprint},
        query::{Board, ListJobs, RecordLine},
    };

    #[test]
    fn what_is_sent_has_its_limits_and_no_other_fields() {
        let schema = input::<RejectCard>();
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["required"], json!(["record", "cause", "note"]));
        assert_eq!(schema["properties"]["note"]["maxLength"], 500);
        assert_eq!(
            schema["properties"]["cause"]["enum"],
            json!(["encode-failed", "print-failed", "damaged", "data-changed"])
        );
        let records = &input::<CheckCards>()["properties"]["records"];
        assert_eq!((&records["minItems"], &records["maxItems"]), (&json!(1), &json!(100)));
        let destroyed = input::<DestroyBlanks>();
        assert_eq!(destroyed["properties"]["quantity"]["maximum"], 1_000_000_000);
        assert_eq!(destroyed["properties"]["witnesses"]["items"]["type"], "string");
        assert!(input::<RequestReprint>()["properties"]["record"]["properties"]["source"].is_object());
    }

    #[test]
    fn what_is_answered_has_its_states_and_its_instants() {
        let mut generator = answers();
        assert_eq!(
            answer::<RecordLine>(&mut generator).to_value(),
            json!({ "$ref": "#/components/schemas/RecordLine" })
        );
        answer::<Board>(&mut generator);
        let schemas = named(generator);
        let line = &schemas["RecordLine"];
        assert_eq!(line["properties"]["verified_at"]["format"], "date-time");
        assert_eq!(line["properties"]["state"]["$ref"], "#/components/schemas/RecordState");
        assert_eq!(schemas["RecordState"]["enum"][4], "handed_over");
        assert!(!schemas["RecordState"]["description"].as_str().unwrap().contains("[`"));
        assert!(schemas.contains_key("Standing"));
    }

    #[test]
    fn a_field_without_a_place_is_found_wherever_it_is() {
        let pause = input::<Pause>();
        for scope in [json!("queue"), json!({ "printer": "p1" })] {
            assert_eq!(unknown("", &json!({ "scope": scope, "note": "n" }), &pause), None);
        }
        let sent = json!({ "scope": { "printer": "p1", "queue": true }, "note": "n" });
        assert!(unknown("", &sent, &pause).is_some());
        let cards = input::<CheckCards>();
        let sent = json!({ "records": [{ "source": "s", "request_id": "r" }, { "source": "s", "id": "r" }] });
        assert_eq!(unknown("", &sent, &cards).as_deref(), Some("/records/1/id"));
        let jobs = json!({ "of": { "record": { "source": "s", "request_id": "r" } }, "page": { "limit": 7 } });
        assert_eq!(unknown("", &jobs, &input::<ListJobs>()), None);
    }

    #[test]
    fn links_of_comments_are_words() {
        assert_eq!(without_links("[`HoldRecord`](super::HoldRecord) of each."), "`HoldRecord` of each.");
        assert_eq!(without_links("1 to [`RECORDS_MAX`], see [`x"), "1 to `RECORDS_MAX`, see [`x");
    }
}
