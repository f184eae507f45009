//! The newest events of the audit, in memory, from which all streams are fed.

use std::{collections::VecDeque, sync::Arc};

use serde::Deserialize;

use crate::domain::positions::Positions;

/// The events that are kept: about a megabyte.
pub(super) const RING_MAX: usize = 4_096;
/// The most events that a stream is given at a time.
pub(super) const PAGE_MAX: usize = 256;

/// An event of the audit without its details, which may hold the words of a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditEvent {
    /// The chain.
    pub chain: Arc<str>,
    /// Its number in the chain.
    pub seq: i64,
    /// The instant, RFC 3339.
    pub at: String,
    /// Noun and verb: `attempt.printed`.
    pub act: String,
    /// The object: `batch 12`.
    pub subject: String,
}

/// What is read of an entry.
#[derive(Deserialize, Default)]
struct Read {
    #[serde(default)]
    at: String,
    #[serde(default)]
    act: String,
    #[serde(default)]
    subject: String,
}

impl AuditEvent {
    /// From an entry of the audit. An entry that cannot be read is an event without a name, which only readers of the audit see.
    pub(super) fn read(chain: &Arc<str>, seq: i64, entry: &str) -> Self {
        let Read { at, act, subject } = serde_json::from_str(entry).unwrap_or_default();
        Self { chain: chain.clone(), seq, at, act, subject }
    }
}

/// The newest events, in the order in which they were read.
#[derive(Debug, Default)]
pub(super) struct Ring {
    events: VecDeque<Arc<AuditEvent>>,
    /// The number of the first of them since the ring was made.
    first: u64,
    /// The positions before the first.
    from: Positions,
    /// The positions after the last.
    to: Positions,
    /// How often the database was found in an earlier state than before.
    pub(super) rewound: u64,
}

/// What a stream may be given from the ring.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Page {
    /// These events, and where to go on. None if there is nothing new.
    Events(Vec<Arc<AuditEvent>>, u64),
    /// The ring begins later: first this chain is read from the database, up to this number.
    Older(String, i64),
}

impl Ring {
    /// The positions after the last event.
    pub(super) fn to(&self) -> &Positions {
        &self.to
    }

    /// Begins anew, without events, at these positions. No stream goes on by its number: what was not read has none.
    pub(super) fn restart(&mut self, at: Positions) {
        self.first += self.events.len() as u64 + 1;
        self.events.clear();
        (self.from, self.to) = (at.clone(), at);
    }

    /// Adds an event. The oldest is dropped if there are too many.
    pub(super) fn push(&mut self, event: AuditEvent) {
        self.to.advance(&event.chain, event.seq);
        self.events.push_back(Arc::new(event));
        if self.events.len() > RING_MAX
            && let Some(oldest) = self.events.pop_front()
        {
            self.from.advance(&oldest.chain, oldest.seq);
            self.first += 1;
        }
    }

    /// What follows these positions. `next` is where the page before said to go on.
    pub(super) fn page(&self, positions: &Positions, next: Option<u64>) -> Page {
        let next = next.filter(|next| *next >= self.first);
        if next.is_none()
            && let Some((chain, seq)) = self.from.iter().find(|(chain, seq)| positions.of(chain) < *seq)
        {
            return Page::Older(chain.to_owned(), seq);
        }
        let (mut page, mut next) = (Vec::new(), next.unwrap_or(self.first));
        let skipped = usize::try_from(next - self.first).unwrap_or(usize::MAX);
        for event in self.events.iter().skip(skipped) {
            if page.len() == PAGE_MAX {
                break;
            }
            next += 1;
            if event.seq > positions.of(&event.chain) {
                page.push(event.clone());
            }
        }
        Page::Events(page, next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(chain: &str, seq: i64) -> AuditEvent {
        AuditEvent { chain: chain.into(), seq, at: String::new(), act: "queue.paused".into(), subject: String::new() }
    }

    fn positions(text: &str) -> Positions {
        text.parse().unwrap()
    }

    /// The numbers of a page's events.
    fn seqs(page: &Page) -> Vec<i64> {
        match page {
            Page::Events(events, _) => events.iter().map(|event| event.seq).collect(),
            Page::Older(..) => panic!("{page:?}"),
        }
    }

    #[test]
    fn a_stream_gets_what_follows_its_positions_once() {
        let mut ring = Ring::default();
        ring.restart(positions("cli:5,web:1"));
        for seq in 6..9 {
            ring.push(event("cli", seq));
        }
        ring.push(event("new", 1));
        let page = ring.page(&positions("cli:6,web:1"), None);
        assert_eq!(seqs(&page), [7, 8, 1]);
        let Page::Events(_, next) = page else { panic!() };
        assert_eq!(seqs(&ring.page(&positions("cli:8,new:1,web:1"), Some(next))), Vec::<i64>::new());
        ring.push(event("web", 2));
        assert_eq!(seqs(&ring.page(&positions("cli:8,new:1,web:1"), Some(next))), [2]);
    }

    #[test]
    fn a_stream_that_is_behind_the_ring_reads_the_database_first() {
        let mut ring = Ring::default();
        ring.restart(positions("cli:5"));
        assert_eq!(ring.page(&positions("cli:3"), None), Page::Older("cli".into(), 5));
        let most = i64::try_from(RING_MAX).unwrap();
        for seq in 6..6 + most + 10 {
            ring.push(event("cli", seq));
        }
        assert_eq!(ring.events.len(), RING_MAX);
        // It was at the beginning of the ring, which has moved on since.
        assert_eq!(ring.page(&positions("cli:5"), Some(0)), Page::Older("cli".into(), 15));
        assert_eq!(seqs(&ring.page(&positions("cli:15"), Some(0)))[0], 16);
        let Page::Events(_, end) = ring.page(&positions("cli:4111"), None) else { panic!() };
        ring.restart(positions("cli:9000"));
        assert_eq!(ring.page(&positions("cli:4111"), Some(end)), Page::Older("cli".into(), 9_000));
    }

    #[test]
    fn an_entry_that_cannot_be_read_is_an_event_without_a_name() {
        let chain: Arc<str> = "cli".into();
        let read = AuditEvent::read(
            &chain,
            7,
            "{\"at\":\"1970-01-01T00:00:00Z\",\"act\":\"queue.paused\",\"subject\":\"queue\"}",
        );
        assert_eq!((read.seq, &*read.act, &*read.subject), (7, "queue.paused", "queue"));
        assert_eq!(AuditEvent::read(&chain, 8, "{").act, "");
    }
}
