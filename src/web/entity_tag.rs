//! `ETag`, `If-None-Match` and `If-Match`: the version of a record, a batch, the settings of a printer, or an act for two people.

use axum::http::{HeaderMap, HeaderName, header};
use serde_json::Value;

use super::{
    problem::{Fault, Problem},
    route::{Route, Sort},
};
use crate::{
    domain::id::{BatchId, PendingActId},
    engine::{Engine, Expected, Versioned, version},
};

/// The queries whose answer has a tag.
pub(super) const TAGGED: [&str; 4] = ["ShowRecord", "ShowBatch", "ShowPrinter", "ShowPendingAct"];
/// `If-Match`, as a pattern for schemas: `*`, or tags in quotes.
pub(super) const IF_MATCH: &str = r#"^(\*|(W/)?"[!#-+\--~]*"( *, *(W/)?"[!#-+\--~]*")*)$"#;
/// What of an answer is no part of its version: what an act does never changes.
const ARGUMENTS: [&str; 2] = ["arguments", "records"];

/// The tag of an answer; `None` if it has none.
pub(super) fn of_answer(engine: &Engine, route: &Route, answer: &Value) -> Option<String> {
    if !TAGGED.contains(&route.name) {
        return None;
    }
    let mut line = answer.clone();
    if route.name == "ShowPendingAct" {
        line.as_object_mut()?.retain(|name, _| !ARGUMENTS.contains(&name.as_str()));
    }
    Some(format!("\"{}\"", version(engine.store.keys(), &line)))
}

/// Whether the client has the answer with this tag.
pub(super) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    // Weak comparison: a proxy that compresses may have weakened the tag.
    tags(headers, &header::IF_NONE_MATCH).any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

/// What `If-Match` expects of the thing that an address changes.
///
/// # Errors
///
/// If the thing has no tag, and if the header is neither `*` nor a list of tags: an empty one, or one without quotes, would never match.
pub(super) fn expected(route: &Route, headers: &HeaderMap, fields: &Value) -> Result<Option<Expected>, Problem> {
    if route.sort == Sort::Query || !headers.contains_key(header::IF_MATCH) {
        return Ok(None);
    }
    let Some(thing) = changed(route, fields) else { return Err(Fault::NoVersion.into()) };
    let lists = headers.get_all(header::IF_MATCH).iter().map(|list| list.to_str().ok());
    let list = lists.collect::<Option<Vec<_>>>().ok_or(Fault::VersionUnreadable)?.join(",");
    // A thing that does not exist is refused by the act itself.
    if list.trim() == "*" {
        return Ok(None);
    }
    let mut versions = Vec::new();
    for tag in tags_of(&list) {
        let opaque = tag.strip_prefix("W/").unwrap_or(tag).strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
        let opaque = opaque.filter(|tag| !tag.contains(['"', ' '])).ok_or(Fault::VersionUnreadable)?;
        // Weak tags match nothing here.
        if !tag.starts_with("W/") {
            versions.push(opaque.to_owned());
        }
    }
    let is_empty = tags_of(&list).next().is_none();
    if is_empty { Err(Fault::VersionUnreadable.into()) } else { Ok(Some(Expected { thing, versions })) }
}

/// Whether the things below which an address stands have tags.
pub(super) fn is_versioned(path: &str) -> bool {
    let versioned =
        ["/records/{source}/", "/cards/{source}/", "/batches/{batch}/", "/acts/{act}/", "/warrants/{warrant}/"];
    path.starts_with("/printers/{printer}") || versioned.iter().any(|start| path.starts_with(start))
}

/// The thing below which an act stands.
fn changed(route: &Route, fields: &Value) -> Option<Versioned> {
    let number = |field: &str| fields[field].as_i64();
    let mut steps = route.path.split('/').skip(1);
    match (steps.next()?, steps.next()?) {
        ("records" | "cards", "{source}") => {
            let text = |field: &str| fields["record"][field].as_str().map(str::to_owned);
            Some(Versioned::Record(text("source")?, text("request_id")?))
        }
        ("printers", "{printer}") => fields["printer"].as_str().map(|name| Versioned::Printer(name.to_owned())),
        ("batches", "{batch}") => number("batch").map(|batch| Versioned::Batch(BatchId(batch))),
        ("acts", "{act}") => number("id").map(|act| Versioned::PendingAct(PendingActId(act))),
        ("warrants", "{warrant}") => number("warrant").map(|act| Versioned::PendingAct(PendingActId(act))),
        _ => None,
    }
}

fn tags<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lists = headers.get_all(name).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(tags_of)
}

/// The tags of a list. Those of this server have no comma. Empty places are passed over (RFC 9110, 5.6.1).
fn tags_of(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|tag| !tag.is_empty())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use serde_json::json;

    use super::*;
    use crate::{web::routes::ROUTES, words::Language};

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_bytes(value.as_bytes()).unwrap())])
    }

    fn of(name: &str, value: &'static str, fields: &Value) -> Result<Option<Expected>, Problem> {
        let route = ROUTES.iter().find(|route| route.name == name && route.sort != Sort::Request).unwrap();
        expected(route, &headers(header::IF_MATCH, value), fields)
    }

    #[test]
    fn an_act_is_expected_to_find_the_thing_of_its_address_in_one_of_the_named_versions() {
        let record = json!({ "record": { "source": "default", "request_id": "r1" }, "note": "x" });
        let found = of("HoldRecord", "\"a1\", W/\"b2\" ,\"c3\"", &record).unwrap().unwrap();
        assert_eq!(found.thing, Versioned::Record("default".into(), "r1".into()));
        assert_eq!(found.versions, ["a1", "c3"], "a weak tag proves nothing");
        for (name, fields, thing) in [
            ("CancelBatch", json!({ "batch": 7 }), Versioned::Batch(BatchId(7))),
            ("SetPrinter", json!({ "printer": "p1" }), Versioned::Printer("p1".into())),
            ("ApproveReprint", json!({ "warrant": 7 }), Versioned::PendingAct(PendingActId(7))),
            ("ConfirmAct", json!({ "id": 7 }), Versioned::PendingAct(PendingActId(7))),
        ] {
            assert_eq!(of(name, "\"a1\"", &fields).unwrap().unwrap().thing, thing, "{name}");
        }
        assert_eq!(of("HoldRecord", "*", &record).unwrap(), None);
        assert_eq!(of("HoldRecord", ", \"a1\" ,", &record).unwrap().unwrap().versions, ["a1"]);
        for unreadable in ["", " ", ",", "a1", "\"a1", "*, \"a1\"", "\"a1\" \"b2\"", "\"a\u{e9}\""] {
            let refused = of("HoldRecord", unreadable, &record).unwrap_err();
            assert_eq!(refused.sent(Language::English)["code"], "if-match-unreadable", "{unreadable}: {refused:?}");
        }
        assert_eq!(of("ShowRecord", "\"a1\"", &record).unwrap(), None);
        let none = of("ReceiveBlanks", "\"a1\"", &json!({})).unwrap_err();
        assert_eq!(none.sent(Language::English)["code"], "no-version", "{none:?}");
    }

    #[test]
    fn an_answer_is_known_by_its_tag_also_if_that_was_weakened() {
        for (value, is) in [
            ("\"a1\"", true),
            ("W/\"a1\"", true),
            ("\"b\", \"a1\"", true),
            ("*", true),
            ("\"b\"", false),
            ("a1", false),
        ] {
            assert_eq!(is_known(&headers(header::IF_NONE_MATCH, value), "\"a1\""), is, "{value}");
        }
        assert!(!is_known(&HeaderMap::new(), "\"a1\""));
    }
}
