//! The stored text of an audit row.

use serde::{Deserialize, Serialize};

use super::{
    actor::Actor,
    audit::{Event, Value},
    changes::Changes,
    id::{AccountId, TokenId},
    time::Timestamp,
};

/// The format of new rows. Such a row has several lines, each a JSON object: what all events of its commit have in common, what
/// the commit changed, if anything, and then each event with its number. The third format has no changes. A row of an earlier
/// format is one line and one event: the first has neither version nor account nor means, the second has all members in one
/// object. The stored text is sealed, so older rows verify as before.
const FORMAT: u8 = 4;

/// The beginning of the line with the changes.
const CHANGES: &str = "{\"changes\":";

/// The first line of a row.
#[derive(Serialize)]
struct Common<'a> {
    v: u8,
    chain: &'a str,
    at: String,
    actor: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<AccountId>,
    means: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<TokenId>,
    os_user: &'a str,
    host: &'a str,
}

/// A further line of a row.
#[derive(Serialize)]
struct Line<'a> {
    seq: i64,
    act: &'a str,
    subject: &'a str,
    #[serde(serialize_with = "as_object")]
    details: &'a [(&'static str, Value)],
}

fn as_object<S: serde::Serializer>(pairs: &[(&'static str, Value)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(key, value)| (key, value)))
}

/// The exact text of a row that is stored and sealed: the changes and all events of one commit, numbered from `first`.
pub fn row_text(chain: &str, first: i64, at: Timestamp, actor: &Actor, events: &[Event], changes: &Changes) -> String {
    let common = Common {
        v: FORMAT,
        chain,
        at: at.to_string(),
        actor: &actor.name,
        account: actor.account,
        means: actor.means.as_str(),
        token: actor.token,
        os_user: &actor.os_user,
        host: &actor.host,
    };
    let mut text = Vec::with_capacity(200 * (1 + events.len()));
    // Serialisation to memory cannot fail: the values are texts and numbers, and JSON has no line breaks in texts.
    let _ = serde_json::to_writer(&mut text, &common);
    if !changes.is_empty() {
        text.push(b'\n');
        text.extend(CHANGES.as_bytes());
        let _ = serde_json::to_writer(&mut text, changes);
        text.push(b'}');
    }
    for (seq, event) in (first..).zip(events) {
        text.push(b'\n');
        let Event { act, subject, details } = event;
        let _ = serde_json::to_writer(&mut text, &Line { seq, act, subject, details });
    }
    String::from_utf8(text).unwrap_or_default()
}

/// The number of events in a row.
pub fn events_in(row: &str) -> usize {
    let (_, rest) = split(row);
    rest.lines().count().max(1)
}

/// A row without its changes: the first line, empty for a row of an earlier format, and the events.
fn split(row: &str) -> (&str, &str) {
    let (common, rest) = row.split_once('\n').unwrap_or(("", row));
    match rest.strip_prefix(CHANGES).and_then(|rest| rest.split_once('\n')) {
        Some((_, events)) => (common, events),
        None => (common, rest),
    }
}

/// What the commit of a row changed, with the instant and the author of the row; `None` if it changed nothing, or is of a format
/// without changes.
pub fn changes_of(row: &str) -> Option<(Author, Changes)> {
    let mut lines = row.lines();
    let (common, changes) = (lines.next()?, lines.next()?);
    let changes = changes.strip_prefix(CHANGES)?.strip_suffix('}')?;
    Some((serde_json::from_str(common).ok()?, serde_json::from_str(changes).ok()?))
}

/// The instant and the author of a row.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Deserialize)]
pub struct Author {
    /// The instant, RFC 3339.
    pub at: String,
    /// The name of the actor.
    pub actor: String,
    /// The actor's account.
    #[serde(default)]
    pub account: Option<AccountId>,
    /// How the actor was authenticated.
    pub means: String,
}

/// The entries of a row: each event as one JSON object with everything that is known of it, oldest first.
pub fn entries(row: &str) -> impl Iterator<Item = String> {
    let (common, events) = split(row);
    events.lines().map(move |event| match (common.strip_suffix('}'), event.strip_prefix('{')) {
        (Some(common), Some(event)) => format!("{common},{event}"),
        _ => event.to_owned(),
    })
}

/// An event as it is read from the audit.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordedEvent {
    /// The chain.
    pub chain: String,
    /// Its number in the chain.
    pub seq: i64,
    /// The instant, RFC 3339.
    pub at: String,
    /// The name of the person or program.
    pub actor: String,
    /// Noun and verb: `card.checked`.
    pub act: String,
    /// The reason and the numbers.
    pub details: serde_json::Map<String, serde_json::Value>,
}

/// Event number `seq` of a row; `None` if the row does not have it, or has another format.
pub fn event_of(row: &str, seq: i64) -> Option<RecordedEvent> {
    let (common, events) = split(row);
    let beginning = format!("{{\"seq\":{seq},");
    let event = events.lines().find(|event| event.starts_with(&beginning))?;
    let entry = [common.strip_suffix('}')?, ",", event.strip_prefix('{')?].concat();
    serde_json::from_str(&entry).ok()
}

/// The instant of a row, from its first 400 characters at least; `None` if it has none. In each format, the first `at` is that of
/// the row.
pub fn row_instant(row: &str) -> Option<Timestamp> {
    let (_, rest) = row.split_once("\"at\":\"")?;
    Timestamp::parse(rest.split_once('"')?.0)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{actor::Means, id::RecordId, reason::Reason, states::RecordState},
        *,
    };

    fn events() -> [Event; 2] {
        let held =
            Event::new("record.held", "record default/1").with("note", "two\nlines").because(&Reason::HeldByPerson);
        [held, Event::new("queue.paused", "queue")]
    }

    #[test]
    fn the_entries_of_a_row_are_objects_with_the_version_the_account_the_means_and_their_numbers() {
        let mut actor = Actor::local_administrator("siti".into(), "root".into(), "host".into());
        let row = |actor: &Actor| row_text("cli", 7, Timestamp(0), actor, &events(), &Changes::default());
        assert_eq!(
            entries(&row(&actor)).collect::<Vec<_>>(),
            [
                "{\"v\":4,\"chain\":\"cli\",\"at\":\"1970-01-01T00:00:00Z\",\"actor\":\"siti\",\
                 \"means\":\"local-administrator\",\"os_user\":\"root\",\"host\":\"host\",\"seq\":7,\"act\":\"record.held\",\
                 \"subject\":\"record default/1\",\
                 \"details\":{\"note\":\"two\\nlines\",\"reason\":{\"code\":\"held-by-person\"}}}",
                "{\"v\":4,\"chain\":\"cli\",\"at\":\"1970-01-01T00:00:00Z\",\"actor\":\"siti\",\
                 \"means\":\"local-administrator\",\"os_user\":\"root\",\"host\":\"host\",\"seq\":8,\"act\":\"queue.paused\",\
                 \"subject\":\"queue\",\"details\":{}}"
            ]
        );
        assert_eq!((events_in(&row(&actor)), row_instant(&row(&actor))), (2, Some(Timestamp(0))));
        (actor.account, actor.means) = (Some(AccountId(12)), Means::Session);
        assert!(row(&actor).contains("\"actor\":\"siti\",\"account\":12,\"means\":\"session\",\"os_user\""));
        (actor.means, actor.token) = (Means::Token, Some(TokenId(3)));
        assert!(row(&actor).contains("\"account\":12,\"means\":\"token\",\"token\":3,\"os_user\""));
    }

    #[test]
    fn the_changes_of_a_commit_are_in_its_row_and_in_none_of_its_entries() {
        let actor = Actor::local_administrator("siti".into(), "root".into(), "host".into());
        let mut changes = Changes::default();
        changes.record_state(RecordId(7), RecordState::Waiting, RecordState::Held);
        let row = row_text("cli", 7, Timestamp(0), &actor, &events(), &changes);
        let without = row_text("cli", 7, Timestamp(0), &actor, &events(), &Changes::default());
        assert!(entries(&row).eq(entries(&without)));
        assert_eq!((events_in(&row), row_instant(&row)), (2, Some(Timestamp(0))));
        let (author, found) = changes_of(&row).unwrap();
        assert_eq!((author.actor.as_str(), author.means.as_str(), found), ("siti", "local-administrator", changes));
        assert_eq!(changes_of(&without), None);
    }

    #[test]
    fn an_event_of_a_row_is_found_by_its_number() {
        let actor = Actor::local_administrator("siti".into(), "root".into(), "host".into());
        let row = row_text("cli", 7, Timestamp(0), &actor, &events(), &Changes::default());
        let found = event_of(&row, 8).unwrap();
        assert_eq!((found.seq, &*found.act, &*found.actor, &*found.chain), (8, "queue.paused", "siti", "cli"));
        assert_eq!(event_of(&row, 7).unwrap().details["note"], "two\nlines");
        assert_eq!((event_of(&row, 6), event_of(&row, 9), event_of("{}", 1)), (None, None, None));
    }

    #[test]
    fn a_row_of_an_earlier_format_is_one_entry() {
        let row = "{\"v\":2,\"chain\":\"cli\",\"seq\":1,\"at\":\"1970-01-01T00:00:01Z\",\"act\":\"queue.paused\"}";
        assert_eq!(entries(row).collect::<Vec<_>>(), [row]);
        assert_eq!((events_in(row), row_instant(row)), (1, Some(Timestamp(1_000_000))));
    }
}
