//! The fields of a form as they are sent (`application/x-www-form-urlencoded`).

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    http::{HeaderValue, StatusCode, header, request::Parts},
};

use crate::web::{
    caller::CSRF,
    context::Web,
    problem::{Fault, Problem},
};

/// The longest time for a form to arrive.
const FORM_WITHIN: Duration = Duration::from_secs(30);

/// The name of the field with the CSRF token.
const CSRF_FIELD: &str = "csrf";
/// The name of the field with the key of the form, by which it is carried out once.
const KEY_FIELD: &str = "key";
/// The name of the field with the version of what is changed.
const VERSION_FIELD: &str = "version";

/// The fields of a form, in the order in which they were sent.
#[derive(Clone, Default)]
pub(super) struct Sent(Vec<(String, String)>);

impl Sent {
    /// Reads the form of a request.
    pub(super) async fn read(web: &Web, parts: &Parts, body: Body) -> Result<Self, Problem> {
        let media_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_form = media_type.is_some_and(|of| of.split(';').next() == Some("application/x-www-form-urlencoded"));
        if !is_form {
            return Err(Fault::BodyCut.into());
        }
        let request = Request::from_parts(parts.clone(), body);
        let read = tokio::select! {
            read = Bytes::from_request(request, &()) => read,
            () = web.engine.clock.sleep(FORM_WITHIN) => return Err(Fault::BodySlow.into()),
        };
        let bytes = read.map_err(|rejection| {
            let is_too_large = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
            if is_too_large { Fault::BodyTooLarge } else { Fault::BodyCut }
        })?;
        let fields: Vec<(String, String)> =
            serde_urlencoded::from_bytes(&bytes).map_err(|_| Problem::from(Fault::BodyCut))?;
        Self::of(fields)
    }

    /// The fields of a form. A text with U+0000, which PostgreSQL does not have, is refused.
    pub(super) fn of(fields: Vec<(String, String)>) -> Result<Self, Problem> {
        let has_nul = fields.iter().any(|(name, value)| name.contains('\0') || value.contains('\0'));
        if has_nul { Err(Fault::BodyCut.into()) } else { Ok(Self(fields)) }
    }

    /// Reads what stands in a query string.
    pub(super) fn of_query(parts: &Parts) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(serde_urlencoded::from_str(query).map_err(|_| Problem::from(Fault::UrlUnreadable))?))
    }

    /// The fields, with the chip that was pressed in place of the field that is typed.
    pub(super) fn with_chip(mut self, field: &str) -> Self {
        let chip = self.value("chip").to_owned();
        if !chip.is_empty() {
            self.0.retain(|(name, _)| name != field);
            self.0.push((field.to_owned(), chip));
        }
        self
    }

    /// Fills a field that was not sent.
    pub(super) fn fill(&mut self, name: String, value: String) {
        if self.values(&name).next().is_none() {
            self.0.push((name, value));
        }
    }

    /// The value of a field; empty if it was not sent.
    pub(super) fn value(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// All values of a field.
    pub(super) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| &**value)
    }

    /// Puts what proves that the own page sent the form, its key and the version of what it changes to where the API has them.
    pub(super) fn put_into_headers(&self, parts: &mut Parts) {
        for (header, field) in [(CSRF, CSRF_FIELD), ("idempotency-key", KEY_FIELD), ("if-match", VERSION_FIELD)] {
            parts.headers.remove(header);
            if let Ok(value) = HeaderValue::from_str(self.value(field))
                && !value.is_empty()
            {
                parts.headers.insert(header, value);
            }
        }
    }
}
