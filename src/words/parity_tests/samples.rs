//! Samples of a type from its JSON schema: each variant and each value of an enumeration occurs, so that none is left out.

use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// Samples of a type. Texts and numbers in them are told apart by their digits.
pub(super) fn samples<T: JsonSchema + DeserializeOwned>() -> Vec<T> {
    let root = SchemaGenerator::default().into_root_schema_for::<T>().to_value();
    let values = Sampler { root: &root, next: 0 }.of(&root, "", &["#"]);
    assert!(!values.is_empty(), "{root}");
    values
        .into_iter()
        .map(|value| serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value}")))
        .collect()
}

struct Sampler<'a> {
    root: &'a Value,
    next: u32,
}

impl<'a> Sampler<'a> {
    /// Samples of a schema, for a property of this name, below these references.
    fn of(&mut self, schema: &'a Value, name: &str, within: &[&'a str]) -> Vec<Value> {
        let mut samples = self.own(schema, name, within);
        if let Some(reference) = schema["$ref"].as_str() {
            let path = reference.trim_start_matches('#');
            let target = self.root.pointer(path).unwrap_or_else(|| panic!("{reference}"));
            let mut referred = self.of(target, name, &[within, &[reference]].concat());
            if within.contains(&reference) {
                referred.truncate(1);
            }
            samples = merged(&samples, &referred);
        }
        samples
    }

    fn own(&mut self, schema: &'a Value, name: &str, within: &[&'a str]) -> Vec<Value> {
        if let Some(value) = schema.get("const") {
            return vec![value.clone()];
        }
        if let Some(values) = schema["enum"].as_array() {
            return values.clone();
        }
        let mut samples = Vec::new();
        for choices in ["oneOf", "anyOf"].iter().filter_map(|key| schema[*key].as_array()) {
            let is_within = within[..within.len() - 1].contains(&within[within.len() - 1]);
            // One is enough of a type inside itself.
            let choices = if is_within { &choices[..1] } else { choices };
            samples.extend(choices.iter().flat_map(|choice| self.of(choice, name, within)));
        }
        let types = schema["type"].as_array().map_or_else(|| vec![&schema["type"]], |types| types.iter().collect());
        let types: Vec<&str> = types.into_iter().filter_map(Value::as_str).collect();
        for of in types {
            let more = match of {
                "object" => self.object(schema, within),
                "array" => self.array(schema, name, within),
                "boolean" => vec![json!(true), json!(false)],
                "null" => vec![Value::Null],
                "integer" => vec![json!(27_140 + self.count() * 1_001)],
                "string" => vec![self.text(name).into()],
                other => panic!("{other} in {schema}"),
            };
            samples = if of == "object" { merged(&samples, &more) } else { [samples, more].concat() };
        }
        samples
    }

    fn count(&mut self) -> u32 {
        self.next = (self.next + 1) % 900;
        self.next
    }

    fn text(&mut self, name: &str) -> String {
        let n = self.count();
        match name {
            "record" | "other" => format!("record w{n}/r{n}"),
            "target" | "thing" => format!("printer w{n}"),
            _ => format!("w{n}"),
        }
    }

    /// An object for each sample of each of its properties, with the first samples of the others.
    fn object(&mut self, schema: &'a Value, within: &[&'a str]) -> Vec<Value> {
        let mut all = vec![Map::new()];
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let samples = self.of(property, name, within);
            let Some(first) = samples.first() else { panic!("{name} in {schema}") };
            let others = samples[1..].iter().map(|sample| {
                let mut object = all[0].clone();
                object.insert(name.clone(), sample.clone());
                object
            });
            let others: Vec<_> = others.collect();
            for object in &mut all {
                object.insert(name.clone(), first.clone());
            }
            all.extend(others);
        }
        // A property that comes later is in each of them.
        let whole = all[0].clone();
        for object in &mut all {
            for (name, value) in &whole {
                object.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        all.into_iter().map(Value::Object).collect()
    }

    /// A list of two texts, or one list for each sample of another item.
    fn array(&mut self, schema: &'a Value, name: &str, within: &[&'a str]) -> Vec<Value> {
        let items = &schema["items"];
        let length = schema["minItems"].as_u64().unwrap_or_default();
        if items["type"] == "string" || length == 2 {
            return vec![json!([self.of(items, name, within)[0], self.of(items, name, within)[0]])];
        }
        self.of(items, name, within).into_iter().map(|item| json!([item])).collect()
    }
}

/// Each sample of the one with the first of the other, and the other way round; objects are put together.
fn merged(one: &[Value], other: &[Value]) -> Vec<Value> {
    let (Some(first), Some(first_other)) = (one.first(), other.first()) else {
        return [one, other].concat();
    };
    let both = |one: &Value, other: &Value| {
        let fields = [one, other].into_iter().filter_map(Value::as_object).flatten();
        Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect())
    };
    let ones = one.iter().map(|one| both(one, first_other));
    let others = other.iter().skip(1).map(|other| both(first, other));
    ones.chain(others).collect()
}
