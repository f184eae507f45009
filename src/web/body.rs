//! Reads bodies: JSON of a limited size, in a limited time.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use serde_json::{Map, Value};

use super::{
    context::Web,
    json,
    problem::{Fault, Problem, cleaned},
};
use crate::{domain::value::InvalidValue, words::ValueRule};

/// The largest body.
pub(super) const BODY_BYTES_MAX: usize = 1 << 20;
/// The first number that does not fit into 64 bits.
const TWO_63: f64 = 9_223_372_036_854_775_808.0;
/// The longest time in which a body arrives.
const BODY_WITHIN: Duration = Duration::from_secs(30);

/// The body as JSON; an empty one is an empty object.
pub(super) async fn read_body(web: &Web, parts: &Parts, body: Body) -> Result<Value, Problem> {
    refuse_encoded(&parts.headers)?;
    let is_json = is_json(&parts.headers);
    if parts.headers.contains_key(header::CONTENT_TYPE) && !is_json {
        return Err(Fault::NotJson.into());
    }
    let request = Request::from_parts(parts.clone(), body);
    let read = tokio::select! {
        read = Bytes::from_request(request, &()) => read,
        () = web.engine.clock.sleep(BODY_WITHIN) => return Err(Fault::BodySlow.into()),
    };
    let bytes = read.map_err(|rejection| {
        let is_too_large = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
        if is_too_large { Fault::BodyTooLarge } else { Fault::BodyCut }
    })?;
    if bytes.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    if !is_json {
        return Err(Fault::NotJson.into());
    }
    let mut body = json::parse(&bytes)?;
    make_whole(&mut body);
    match with_nul("", &body) {
        Some(field) => Err(Problem::invalid(&cleaned(&field), ValueRule::Value(InvalidValue::NotOneLine))),
        None => Ok(body),
    }
}

/// A field whose text PostgreSQL cannot have.
fn with_nul(at: &str, value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(|| at.to_owned()),
        Value::Array(items) => items.iter().zip(0..).find_map(|(item, n)| with_nul(&format!("{at}/{n}"), item)),
        Value::Object(fields) => fields.iter().find_map(|(name, below)| with_nul(&format!("{at}/{name}"), below)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Makes `7.0` the whole number that it is in JSON.
#[expect(clippy::cast_possible_truncation, reason = "the number is whole and in the range")]
fn make_whole(value: &mut Value) {
    match value {
        Value::Number(number) => {
            // A whole number that does not fit is rounded to the end of the range.
            let fits = |n: &f64| n.fract() == 0.0 && n.abs() < TWO_63;
            let whole = number.as_f64().filter(|n| number.is_f64() && fits(n));
            if let Some(whole) = whole {
                *number = (whole as i64).into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(make_whole),
        Value::Object(fields) => fields.values_mut().for_each(make_whole),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Refuses a body that is compressed: the limits of a body are those of what is read.
pub(super) fn refuse_encoded(headers: &HeaderMap) -> Result<(), Problem> {
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    let is_plain = encodings.all(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if is_plain { Ok(()) } else { Err(Fault::BodyEncoded.into()) }
}

fn is_json(headers: &HeaderMap) -> bool {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_with_nothing_after_the_point_is_a_whole_number_and_a_text_with_u_0000_is_found() {
        let made = |mut value: Value| {
            make_whole(&mut value);
            value
        };
        assert_eq!(made(json!({ "n": [7.0, -2.0, 1e18] })).to_string(), "{\"n\":[7,-2,1000000000000000000]}");
        assert_eq!(with_nul("", &json!({ "a": [1, { "b": "x\0" }] })).as_deref(), Some("/a/1/b"));
        assert_eq!(with_nul("", &json!({ "a": ["", null, true] })), None);
        for other in [json!(7.5), json!(1e19), json!(-TWO_63), json!("7.0"), json!(u64::MAX)] {
            assert_eq!(made(other.clone()), other);
        }
    }
}
