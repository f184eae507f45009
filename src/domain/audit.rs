//! The audit event of an act or transition, and its stored text.

use serde::{Deserialize, Serialize};

pub use super::actor::Actor;
use super::{id::AccountId, objection::Objection, reason::Reason, time::Timestamp};

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
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChainHead {
    /// The chain.
    pub chain: String,
    /// The number of its newest row.
    pub seq: i64,
    /// The hash of that row, hexadecimal.
    pub hash: String,
}

/// The format of new entries. Entries without a version are of the first format, which has neither version nor account
/// nor means. The stored text is sealed, so older entries verify as before.
const FORMAT: u8 = 2;

/// The exact text that is stored and sealed: one JSON object.
#[derive(Serialize)]
struct Entry<'a> {
    v: u8,
    chain: &'a str,
    seq: i64,
    at: String,
    actor: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<AccountId>,
    means: &'static str,
    os_user: &'a str,
    host: &'a str,
    act: &'a str,
    subject: &'a str,
    #[serde(serialize_with = "as_object")]
    details: &'a [(&'static str, Value)],
}

fn as_object<S: serde::Serializer>(pairs: &[(&'static str, Value)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(key, value)| (key, value)))
}

/// The entry as a value that serialises to the stored text.
pub fn entry<'a>(chain: &'a str, seq: i64, at: Timestamp, actor: &'a Actor, event: &'a Event) -> impl Serialize + 'a {
    Entry {
        v: FORMAT,
        chain,
        seq,
        at: at.to_string(),
        actor: &actor.name,
        account: actor.account,
        means: actor.means.as_str(),
        os_user: &actor.os_user,
        host: &actor.host,
        act: event.act,
        subject: &event.subject,
        details: &event.details,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::actor::Means, *};

    #[test]
    fn an_entry_says_its_version_the_account_and_the_means() {
        let event = Event::new("record.held", "record default/1").with("note", "asked").because(&Reason::HeldByPerson);
        let mut actor = Actor::local_administrator("siti".into(), "root".into(), "host".into());
        let text = |actor: &Actor| serde_json::to_string(&entry("cli", 7, Timestamp(0), actor, &event)).unwrap();
        assert_eq!(
            text(&actor),
            "{\"v\":2,\"chain\":\"cli\",\"seq\":7,\"at\":\"1970-01-01T00:00:00Z\",\"actor\":\"siti\",\
             \"means\":\"local-administrator\",\"os_user\":\"root\",\"host\":\"host\",\"act\":\"record.held\",\
             \"subject\":\"record default/1\",\"details\":{\"note\":\"asked\",\"reason\":{\"code\":\"held-by-person\"}}}"
        );
        (actor.account, actor.means) = (Some(AccountId(12)), Means::Session);
        assert!(text(&actor).contains("\"actor\":\"siti\",\"account\":12,\"means\":\"session\""));
    }
}
