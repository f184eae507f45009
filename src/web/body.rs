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
    problem::{Fault, Problem},
};

/// The largest body.
pub(super) const BODY_BYTES_MAX: usize = 1 << 20;
/// The longest time in which a body arrives.
const BODY_WITHIN: Duration = Duration::from_secs(30);

/// The body as JSON; an empty one is an empty object.
pub(super) async fn read_body(web: &Web, parts: &Parts, body: Body) -> Result<Value, Problem> {
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
    serde_json::from_slice(&bytes).map_err(|_| Fault::BodyNotJson.into())
}

fn is_json(headers: &HeaderMap) -> bool {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}
