//! The audit event of an act or transition.

use serde::{Deserialize, Serialize};

pub use super::actor::Actor;
use super::{objection::Objection, reason::Reason};

/// One act, before it is sealed. It contains no personal data, and no unkeyed hash of any.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// Noun and verb: `attempt.printed`.
    pub act: &'static str,
    /// The object: `batch 12`, `record default/3372-2015-000001`.
    pub subject: String,
    /// The reason and the numbers.
    pub details: Vec<(&'static str, Value)>,
}

/// A detail of an event: a text, or codes with arguments, which are stored as JSON objects.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A name, a number, a state, or the words of a person.
    Text(String),
    /// A reason that the program gave. Boxed, so that the many events without one stay small.
    Reason(Box<Reason>),
    /// The objections that a person overrode.
    Objections(Vec<Objection>),
}

impl Event {
    /// An act on an object.
    pub fn new(act: &'static str, subject: impl Into<String>) -> Self {
        Self { act, subject: subject.into(), details: Vec::new() }
    }

    /// Whether it belongs to the history of the record that it changes. The ends of attempts do not: the attempts themselves tell
    /// them, unless a person decided them.
    pub fn is_of_record(&self) -> bool {
        self.act == "attempt.inspected"
            || ["record.", "card.", "reprint."].iter().any(|noun| self.act.starts_with(noun))
    }

    /// Adds a detail.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl std::fmt::Display) -> Self {
        self.details.push((key, Value::Text(value.to_string())));
        self
    }

    /// With the program's reason, under `reason`. The words of a person are a text under `note`.
    #[must_use]
    pub fn because(mut self, reason: &Reason) -> Self {
        self.details.push(("reason", Value::Reason(Box::new(reason.clone()))));
        self
    }

    /// With the objections that a person overrode, under `objections`.
    #[must_use]
    pub fn against(mut self, objections: Vec<Objection>) -> Self {
        self.details.push(("objections", Value::Objections(objections)));
        self
    }
}

/// The newest row of a chain.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ChainHead {
    /// The chain.
    pub chain: String,
    /// The number of its newest row.
    pub seq: i64,
    /// The hash of that row, hexadecimal.
    pub hash: String,
}
