//! What an act answers, for what a person must read, such as a password for one use.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use serde_json::Value;

use super::page::{Page, respond};
use crate::words::pages::{answer_field, texts};

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
    back: String,
}

/// The page of an answer, with the way back.
pub(super) fn respond_with(page: Page, answer: &Value, back: String) -> Response {
    let mut lines = Vec::new();
    collect(&page, "", answer, &mut lines);
    lines.truncate(LINES_MAX);
    respond(StatusCode::OK, &Answer { page, lines, back })
}

fn collect(page: &Page, label: &str, value: &Value, lines: &mut Vec<(String, String)>) {
    let mut line = |text: String| lines.push((label.to_owned(), text));
    match value {
        Value::Null => {}
        Value::Bool(yes) => line(if *yes { "✓".into() } else { "–".into() }),
        Value::Number(number) => line(number.to_string()),
        Value::String(text) => line(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(page, label, item, lines)),
        Value::Object(fields) => {
            for (name, value) in fields {
                let own = answer_field(name).map_or_else(|| name.replace('_', " "), |text| page.t(text).to_owned());
                collect(page, &own, value, lines);
            }
        }
    }
}
