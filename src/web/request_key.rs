//! `Idempotency-Key`: a request that is sent again is carried out once.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::HeaderMap;
use serde_json::Value;

use super::{
    problem::{Fault, Problem},
    route::{Route, Sort},
};
use crate::{domain::request_key::RequestKey, engine::client::Direct};

/// The header with the key.
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// The most characters of a key.
const KEY_CHARACTERS_MAX: usize = 255;
/// The credentials among the fields of a request, which are no part of what it asks for.
const PASSWORD: &str = "password";

/// The key that a request was sent with, and what the request asks for.
#[derive(Clone, Debug)]
pub(super) struct SentKey {
    key: String,
    fields: String,
}

impl SentKey {
    /// Reads the key of a request that changes something; `None` without one.
    pub(super) fn read(route: &Route, headers: &HeaderMap, fields: &Value) -> Result<Option<Self>, Problem> {
        let mut sent = headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(key) = sent.next().filter(|_| route.sort != Sort::Query) else { return Ok(None) };
        let is_readable =
            (1..=KEY_CHARACTERS_MAX).contains(&key.len()) && key.as_bytes().iter().all(u8::is_ascii_graphic);
        let (true, None, Ok(key)) = (is_readable, sent.next(), key.to_str()) else {
            return Err(Fault::KeyUnreadable.into());
        };
        let mut fields = fields.clone();
        if let Some(fields) = fields.as_object_mut().filter(|_| route.sort == Sort::Decision) {
            fields.remove(PASSWORD);
        }
        Ok(Some(Self { key: key.to_owned(), fields: fields.to_string() }))
    }

    /// The key as the engine keeps it. The fields have what stands in the path.
    pub(super) fn of(&self, client: &Direct, route: &Route) -> RequestKey {
        client.request_key(&self.key, [route.method.as_str(), route.path, &self.fields])
    }
}

/// The requests with a key that are being carried out.
#[derive(Clone, Debug, Default)]
pub(super) struct KeysInUse(Arc<Mutex<HashSet<[u8; 16]>>>);

impl KeysInUse {
    /// Takes the key of a request until the value is dropped.
    ///
    /// # Errors
    ///
    /// If a request with this key is being carried out.
    pub(super) fn take(&self, request: RequestKey) -> Result<KeyInUse, Problem> {
        let is_free = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(request.key);
        if is_free { Ok(KeyInUse(self.clone(), request.key)) } else { Err(Fault::KeyInUse.into()) }
    }
}

/// A key that is in use.
#[derive(Debug)]
pub(super) struct KeyInUse(KeysInUse, [u8; 16]);

impl Drop for KeyInUse {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use serde_json::json;

    use super::*;
    use crate::{web::routes::ROUTES, words::Language};

    fn read(name: &str, keys: &[&str], fields: &Value) -> Result<Option<SentKey>, Problem> {
        let route = ROUTES.iter().find(|route| route.name == name).unwrap();
        let mut headers = HeaderMap::new();
        for key in keys {
            headers.append(IDEMPOTENCY_KEY, HeaderValue::from_bytes(key.as_bytes()).unwrap());
        }
        SentKey::read(route, &headers, fields)
    }

    #[test]
    fn a_key_has_1_to_255_visible_ascii_characters_and_is_given_once() {
        let (longest, longer) = ("k".repeat(255), "k".repeat(256));
        for key in ["7", "\"8e03978e-40d5\"", &longest] {
            assert_eq!(read("HoldRecord", &[key], &json!({})).unwrap().unwrap().key, key);
        }
        for keys in [&[""][..], &["two words"], &["ключ"], &[&longer], &["a", "a"]] {
            let problem = read("HoldRecord", keys, &json!({})).unwrap_err().sent(Language::English).to_string();
            assert!(problem.contains("idempotency-key-unreadable"), "{keys:?}: {problem}");
        }
        assert!(read("HoldRecord", &[], &json!({})).unwrap().is_none());
        assert!(read("FindPerson", &["7"], &json!({})).unwrap().is_none(), "a query changes nothing");
    }

    #[test]
    fn a_password_is_no_part_of_what_a_request_asks_for() {
        let fields = json!({ "id": 7, "name": "sri", "password": "not for others" });
        let sent = read("ConfirmAct", &["7"], &fields).unwrap().unwrap();
        assert_eq!(sent.fields, r#"{"id":7,"name":"sri"}"#);
    }

    #[test]
    fn a_key_is_in_use_until_its_request_has_ended() {
        let (keys, request) = (KeysInUse::default(), RequestKey { key: [1; 16], request: [2; 16] });
        let used = keys.take(request).unwrap();
        assert!(keys.take(RequestKey { request: [3; 16], ..request }).is_err());
        assert!(keys.take(RequestKey { key: [4; 16], ..request }).is_ok());
        drop(used);
        assert!(keys.take(request).is_ok());
    }
}
