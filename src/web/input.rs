//! From a request to the arguments of an act or a query: what stands in the path, in the query string and in the body becomes one
//! JSON object, which is then read into its type.

use axum::{
    extract::Request,
    http::{Uri, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use serde_path_to_error::Segment;

use super::{
    problem::{Fault, Problem, cleaned},
    schema::unknown,
};
use crate::{
    domain::{time::Timestamp, value::InvalidValue},
    words::ValueRule,
};

/// Answers a request whose address is text. A query string that is not UTF-8 would be read as another text, and PostgreSQL has no text
/// with U+0000.
pub(super) async fn readable(request: Request, next: Next) -> Response {
    if is_readable(request.uri()) {
        next.run(request).await
    } else {
        Problem::from(Fault::UrlUnreadable).into_response()
    }
}

/// Whether an address is percent-encoded UTF-8 without U+0000.
fn is_readable(uri: &Uri) -> bool {
    let is_text = |encoded: &str| {
        let (mut bytes, mut decoded) = (encoded.bytes(), Vec::with_capacity(encoded.len()));
        while let Some(byte) = bytes.next() {
            let mut digit = || bytes.next().and_then(|digit| char::from(digit).to_digit(16));
            match byte {
                b'%' => match (digit(), digit()) {
                    (Some(high), Some(low)) => decoded.extend(u8::try_from(high * 16 + low)),
                    _ => return false,
                },
                _ => decoded.push(byte),
            }
        }
        String::from_utf8(decoded).is_ok_and(|text| !text.contains('\0'))
    };
    is_text(uri.path()) && uri.query().is_none_or(is_text)
}

/// Refuses a query string at an address that has no parameters: a secret or a position does not stand there.
pub(super) fn refuse_parameters(parts: &Parts) -> Result<(), Problem> {
    match parts.uri.query().filter(|query| !query.is_empty()) {
        None => Ok(()),
        Some(query) => {
            let name = query.split(['=', '&']).next().unwrap_or_default();
            Err(Problem::invalid(&cleaned(name), ValueRule::Unknown))
        }
    }
}

/// The type of a value in a path or a query string.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Flag,
    /// An instant: RFC 3339, or microseconds since 1970.
    Time,
}

/// A value in a path or a query string, and the field that it is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Parameter {
    /// Its name in the address.
    pub(super) name: &'static str,
    /// The field, as a JSON pointer.
    pub(super) field: &'static str,
    /// Its type.
    pub(super) kind: Kind,
}

impl Parameter {
    /// A text.
    pub(super) const fn text(name: &'static str, field: &'static str) -> Self {
        Self { name, field, kind: Kind::Text }
    }

    /// A whole number.
    pub(super) const fn number(name: &'static str, field: &'static str) -> Self {
        Self { name, field, kind: Kind::Number }
    }

    /// `true` or `false`.
    pub(super) const fn flag(name: &'static str, field: &'static str) -> Self {
        Self { name, field, kind: Kind::Flag }
    }

    /// An instant.
    pub(super) const fn time(name: &'static str, field: &'static str) -> Self {
        Self { name, field, kind: Kind::Time }
    }

    fn value(&self, text: &str) -> Result<Value, Problem> {
        let wrong = |rule| Problem::invalid(self.name, rule);
        match self.kind {
            Kind::Text => Ok(text.into()),
            Kind::Number => text.parse::<i64>().map(Value::from).map_err(|_| wrong(ValueRule::NotWhole)),
            Kind::Time => instant(text).map(Value::from).ok_or_else(|| wrong(ValueRule::NotATime)),
            Kind::Flag => text.parse::<bool>().map(Value::from).map_err(|_| wrong(ValueRule::NotFlag)),
        }
    }
}

/// An instant in microseconds. `+` of an offset is a space in a query string where it is not encoded.
fn instant(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| Timestamp::parse(&text.replace(' ', "+")).map(|at| at.0))
}

/// What can stand in a path: each name always means the same.
pub(super) const IN_PATHS: &[Parameter] = &[
    Parameter::text("source", "/record/source"),
    Parameter::text("request_id", "/record/request_id"),
    Parameter::text("printer", "/printer"),
    Parameter::number("batch", "/batch"),
    Parameter::number("job", "/job"),
    Parameter::text("attempt", "/attempt"),
    Parameter::number("movement", "/movement"),
    Parameter::number("count", "/count"),
    Parameter::number("import", "/import"),
    Parameter::text("source_name", "/source"),
    Parameter::number("warrant", "/warrant"),
    Parameter::number("act", "/id"),
    Parameter::text("chain", "/chain"),
    Parameter::text("account", "/account"),
    Parameter::number("session", "/session"),
    Parameter::number("token", "/token"),
];

/// The parameters of a path such as `/batches/{batch}`, in their order.
pub(super) fn path_parameters(path: &str) -> impl Iterator<Item = &'static Parameter> {
    let names = path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
    names.filter_map(|name| IN_PATHS.iter().find(|parameter| parameter.name == name))
}

/// Puts the parameters into the fields of a body. A field that the body has too is refused: it might say something else.
pub(super) fn merged<'a>(
    body: Value,
    parameters: impl IntoIterator<Item = (&'a Parameter, &'a str)>,
) -> Result<Value, Problem> {
    let Value::Object(mut fields) = body else { return Err(Fault::BodyNotJson.into()) };
    for (parameter, text) in parameters {
        put(&mut fields, parameter, parameter.value(text)?)?;
    }
    Ok(Value::Object(fields))
}

fn put(fields: &mut Map<String, Value>, parameter: &Parameter, value: Value) -> Result<(), Problem> {
    let mut steps: Vec<&str> = parameter.field.split('/').skip(1).collect();
    let last = steps.pop().unwrap_or_default();
    let mut place = fields;
    for step in steps {
        let below = place.entry(step).or_insert_with(|| Value::Object(Map::new()));
        let Value::Object(below) = below else { return Err(twice(parameter)) };
        place = below;
    }
    if place.insert(last.to_owned(), value).is_some() {
        return Err(twice(parameter));
    }
    Ok(())
}

fn twice(parameter: &Parameter) -> Problem {
    Problem::invalid(parameter.field, ValueRule::GivenTwice)
}

/// Reads the arguments of an act or a query.
///
/// # Errors
///
/// The field and the rule that it breaks. What was sent is not repeated, as it may be personal.
pub(super) fn read<T: DeserializeOwned>(fields: &Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(fields).map_err(|error| {
        let steps = error.path().iter().map(|step| match step {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key: name } | Segment::Enum { variant: name } => format!("/{name}"),
            Segment::Unknown => "/?".to_owned(),
        });
        let (field, text) = (steps.collect::<String>(), error.into_inner().to_string());
        match missing(&text) {
            Some(name) => Problem::invalid(&cleaned(&format!("{field}/{name}")), ValueRule::Missing),
            None => Problem::invalid(&cleaned(&field), rule(&text)),
        }
    })
}

/// Refuses a field that has no place in the schema: a misspelled optional field would otherwise be ignored.
pub(super) fn refuse_unknown(fields: &Value, schema: &Value) -> Result<(), Problem> {
    // Read as a list, an object would have its fields by their places.
    let mut objects =
        schema["properties"].as_object().into_iter().flatten().filter(|(_, field)| field["properties"].is_object());
    if let Some((name, _)) = objects.find(|(name, _)| fields[name.as_str()].is_array()) {
        return Err(Problem::invalid(&format!("/{name}"), ValueRule::WrongType));
    }
    match unknown("", fields, schema) {
        Some(field) => Err(Problem::invalid(&cleaned(&field), ValueRule::Unknown)),
        None => Ok(()),
    }
}

/// As [`read`], and refuses a field that the type does not have: a misspelled optional field would otherwise be ignored.
pub(super) fn read_whole<T: Serialize + DeserializeOwned>(fields: &Value) -> Result<T, Problem> {
    let whole: T = read(fields)?;
    // Cannot fail: it was JSON.
    let back = serde_json::to_value(&whole).unwrap_or_default();
    match lost("", fields, &back) {
        Some(field) => Err(Problem::invalid(&cleaned(&field), ValueRule::Unknown)),
        None => Ok(whole),
    }
}

/// A field with a value that is not among those that were read.
fn lost(at: &str, sent: &Value, back: &Value) -> Option<String> {
    let mut below = sent.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    below.find_map(|(name, value)| {
        let at = format!("{at}/{name}");
        match back.get(name) {
            Some(back) => lost(&at, value, back),
            None => Some(at),
        }
    })
}

/// The name of the field that is missing, by the text of a JSON error.
fn missing(error: &str) -> Option<&str> {
    error.strip_prefix("missing field `")?.strip_suffix('`')
}

/// The rule that is broken, by the text of a JSON error. That text itself is not told, as it may have the value.
fn rule(error: &str) -> ValueRule {
    let repeats = ["invalid type", "invalid value", "unknown variant", "invalid length"];
    if repeats.iter().any(|start| error.starts_with(start)) {
        return ValueRule::WrongType;
    }
    if error.starts_with("unknown field") {
        return ValueRule::Unknown;
    }
    InvalidValue::from_text(error).map_or(ValueRule::Other, ValueRule::Value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::{
        operations::{HoldRecord, OpenCount},
        query::ListRecords,
    };
    use crate::{web::schema, words::Language};

    /// What a problem says.
    fn told(problem: &Problem) -> String {
        problem.sent(Language::English).to_string()
    }

    fn hold(body: Value) -> Result<HoldRecord, Problem> {
        let parameters: Vec<_> = path_parameters("/records/{source}/{request_id}/hold").zip(["kudus", "R-1"]).collect();
        let fields = merged(body, parameters)?;
        refuse_unknown(&fields, &schema::input::<HoldRecord>())?;
        read(&fields)
    }

    #[test]
    fn path_and_body_are_one_act() {
        let act = hold(json!({ "note": "asked" })).unwrap();
        assert_eq!((&*act.record.source, &*act.record.request_id, act.note.as_str()), ("kudus", "R-1", "asked"));
    }

    #[test]
    fn a_query_string_is_read_by_its_types() {
        let page = [Parameter::number("limit", "/page/limit"), Parameter::flag("checked", "/checked")];
        let query: ListRecords = read(&merged(json!({}), page.iter().zip(["7", "true"])).unwrap()).unwrap();
        assert_eq!((u32::from(query.page.limit), query.checked), (7, Some(true)));
        for (at, text) in [(0, "many"), (0, ""), (1, "yes")] {
            assert!(told(&merged(json!({}), [(&page[at], text)]).unwrap_err()).contains(page[at].name));
        }
        let from = [Parameter::time("since", "/printed_since")];
        let since = |text: &str| {
            let fields = merged(json!({}), from.iter().zip([text]))?;
            Ok::<_, Problem>(read::<ListRecords>(&fields)?.printed_since.map(|at| at.0))
        };
        let micros = 1_795_521_600_000_000;
        for text in
            ["1795521600000000", "2026-11-24T12:00:00Z", "2026-11-24T19:00:00+07:00", "2026-11-24T19:00:00 07:00"]
        {
            assert_eq!(since(text).unwrap(), Some(micros), "{text}");
        }
        for text in ["2026-11-24", "tomorrow", "2026-11-24T12:00:00", ""] {
            assert!(told(&since(text).unwrap_err()).contains("not-a-time"), "{text}");
        }
        let above = merged(json!({}), [(&page[0], "201")]).unwrap();
        assert!(told(&read::<ListRecords>(&above).unwrap_err()).contains("out of range"));
    }

    #[test]
    fn a_wrong_field_is_named_and_its_value_is_not_repeated() {
        for (body, field) in [
            (json!({ "note": 3_372_011_501_800_001_i64 }), "/note"),
            (json!({ "note": "asked", "record": { "source": "other" } }), "/record/source"),
            (json!({ "note": "asked", "record": 7 }), "/record/source"),
            (json!({ "note": "asked", "untill": "tomorrow" }), "/untill"),
            (json!({ "note": " " }), "/note"),
            (json!({}), "\"/note\""),
        ] {
            let problem = told(&hold(body).unwrap_err());
            assert!(problem.contains(field) && problem.contains("invalid-value"), "{field}: {problem}");
            assert!(!problem.contains("3372") && !problem.contains("tomorrow"), "{problem}");
        }
        assert!(told(&hold(json!([1])).unwrap_err()).contains("body-not-json"));
    }

    #[test]
    fn no_field_is_ignored() {
        let count = json!({ "blank_type": "student", "printer": null, "counter": null, "note": "n" });
        let schema = schema::input::<OpenCount>();
        assert!(refuse_unknown(&count, &schema).is_ok());
        for (name, value) in [("soon", json!(null)), ("x", json!(false)), ("y", json!(1))] {
            let mut more = count.clone();
            more[name] = value;
            assert!(told(&refuse_unknown(&more, &schema).unwrap_err()).contains(name));
        }
    }

    #[test]
    fn an_address_is_text() {
        for (address, is) in [
            ("/records/a%2Fb?source=%C3%A9+x", true),
            ("/records/%ff", false),
            ("/records?source=%ff", false),
            ("/records?source=a%00b", false),
            ("/records/a%00b", false),
            ("/records?source=100%", false),
            ("/records?source=%+f", false),
            ("/records?", true),
        ] {
            assert_eq!(is_readable(&address.parse().unwrap()), is, "{address}");
        }
    }
}
