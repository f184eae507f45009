//! What an act answers, for what a person must read, such as a password for one use.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use serde_json::{Map, Value};

use super::page::{Page, respond};
use crate::{
    domain::{objection::Objection, refusal::Refusal, states::AttemptState},
    words::pages::{self, answer_field, texts},
};

/// The most lines of a list that are shown.
const LINES_MAX: usize = 200;

/// Whether an answer has something to read.
pub(super) fn has_news(answer: &Value) -> bool {
    match answer {
        Value::Object(fields) => !fields.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// The page of an answer.
#[derive(Template)]
#[template(path = "answer.html", config = "src/web/console/askama.toml")]
struct Answer {
    page: Page,
    lines: Vec<(String, String)>,
    /// Where an act that has not done all goes on.
    rest: Option<String>,
    /// Where the account that was made gets its role.
    next: Option<String>,
    back: String,
}

/// The page of an answer, with the way back.
pub(super) fn respond_with(page: Page, answer: &Value, next: Option<String>, back: String) -> Response {
    let mut lines = Vec::new();
    collect(&page, ("", ""), answer, &mut lines);
    lines.truncate(LINES_MAX);
    let rest = rest(&page.here, answer);
    respond(StatusCode::OK, &Answer { page, lines, rest, next, back })
}

/// The address at which the same act goes on, if there is more to be done.
fn rest(here: &str, answer: &Value) -> Option<String> {
    let next = answer.get("next").and_then(Value::as_i64)?;
    let (path, query) = here.split_once('?')?;
    let others = query.split('&').filter(|pair| !pair.starts_with("/after="));
    Some(format!("{path}?{}&/after={next}", others.collect::<Vec<_>>().join("&")))
}

/// A record of which an act was refused, with the reason in words.
fn refused(page: &Page, fields: &Map<String, Value>) -> Option<(String, String)> {
    let refusal: Refusal = serde_json::from_value(fields.get("refusal")?.clone()).ok()?;
    let record = fields.get("record")?.get("request_id")?.as_str()?;
    Some((record.to_owned(), page.refusal(&refusal)))
}

/// Collects what has a label. The rest of an answer is for programs.
fn collect(page: &Page, (name, label): (&str, &str), value: &Value, lines: &mut Vec<(String, String)>) {
    let mut line = |text: String| lines.extend((!label.is_empty()).then(|| (label.to_owned(), text)));
    match value {
        Value::Null => {}
        Value::Bool(yes) => line(page.t(if *yes { texts::YES } else { texts::NO }).to_owned()),
        Value::Number(number) => line(number.as_i64().map_or_else(|| number.to_string(), |number| page.number(number))),
        Value::String(text) => line(word(page, name, text)),
        Value::Array(items) => items.iter().for_each(|item| collect(page, (name, label), item, lines)),
        Value::Object(fields) => {
            if let Some(text) = coded(page, name, value) {
                line(text);
                return;
            }
            if let Some(refused) = refused(page, fields) {
                lines.push(refused);
                return;
            }
            for (name, value) in fields.iter().filter(|(name, _)| *name != "next") {
                collect(page, (name, answer_field(name).map_or("", |text| page.t(text))), value, lines);
            }
        }
    }
}

/// A state by its name, an instant in the office's zone, and any other text as it is.
fn word(page: &Page, name: &str, text: &str) -> String {
    if name == "state" {
        if let Ok(state) = text.parse::<AttemptState>() {
            return page.language.attempt_state(state).to_owned();
        }
        return pages::printer_state(text, page.language);
    }
    page.times_of(text)
}

/// What has a code and arguments, in words.
fn coded(page: &Page, name: &str, value: &Value) -> Option<String> {
    match name {
        "reason" => Some(page.times_of(&pages::stored_reason(&value.to_string(), page.language))),
        "refusal" => {
            let refusal: Refusal = serde_json::from_value(value.clone()).ok()?;
            Some(page.refusal(&refusal))
        }
        "objections" => {
            let objection: Objection = serde_json::from_value(value.clone()).ok()?;
            Some(page.language.objection(&objection))
        }
        _ => None,
    }
}
