//! What is written down of every act and transition.

use serde::Serialize;

use super::time::Timestamp;

/// One act, before it is sealed. It holds no personal data, and no unkeyed hash of any.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// Noun and verb: `attempt.printed`.
    pub act: &'static str,
    /// On which thing: `batch 12`, `record default/3372-2015-000001`.
    pub subject: String,
    /// Why, and with which numbers.
    pub details: Vec<(&'static str, String)>,
}

impl Event {
    /// An act on a thing.
    pub fn new(act: &'static str, subject: impl Into<String>) -> Self {
        Self { act, subject: subject.into(), details: Vec::new() }
    }

    /// With one more detail.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl std::fmt::Display) -> Self {
        self.details.push((key, value.to_string()));
        self
    }
}

/// Who acts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Actor {
    /// The name that the person claims with `--actor`; `scheduler` for the program itself. Not authenticated until
    /// there are accounts.
    pub name: String,
    /// The operating-system user.
    pub os_user: String,
    /// The host.
    pub host: String,
}

/// The exact text that is stored and sealed: one JSON object.
#[derive(Serialize)]
struct Entry<'a> {
    chain: &'a str,
    seq: i64,
    at: String,
    actor: &'a str,
    os_user: &'a str,
    host: &'a str,
    act: &'a str,
    subject: &'a str,
    #[serde(serialize_with = "as_object")]
    details: &'a [(&'static str, String)],
}

fn as_object<S: serde::Serializer>(pairs: &[(&'static str, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(key, value)| (key, value)))
}

/// The entry as something that serialises to the stored text.
pub fn entry<'a>(chain: &'a str, seq: i64, at: Timestamp, actor: &'a Actor, event: &'a Event) -> impl Serialize + 'a {
    Entry {
        chain,
        seq,
        at: at.to_string(),
        actor: &actor.name,
        os_user: &actor.os_user,
        host: &actor.host,
        act: event.act,
        subject: &event.subject,
        details: &event.details,
    }
}
