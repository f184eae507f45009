//! The events of the audit as they happen, for any number of streams: one task reads them, and each stream has its own place.
//!
//! An event is a quarter of a second late at most. A stream names its place by the [`Positions`] after the last event that it was
//! given, so that it can go on there after a break, also at another node and after a restart.

mod ring;
mod shared;

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::sync::watch;

use self::ring::{PAGE_MAX, Page, RING_MAX};
pub use self::{ring::AuditEvent, shared::Events};
use super::{Engine, EngineError};
use crate::{
    domain::{positions::Positions, time::Timestamp},
    store::Tx,
};

/// The interval at which the audit is read while there are streams.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How many events behind a stream may go on. One that is further behind begins anew.
const BEHIND_MAX: u64 = 50_000;

/// Reads the audit for all streams, as long as the task is polled. Nothing is read while there is no stream.
pub async fn read_for_all(engine: &Engine) {
    let events = &*engine.events;
    loop {
        if events.followers() > 0
            && let Err(error) = look(events, engine).await
        {
            // The scheduler tells people of an outage.
            tracing::debug!(error = &error as &dyn std::error::Error, "the events cannot be read");
        }
        engine.clock.sleep(LOOK_EVERY).await;
    }
}

/// Reads what is new.
async fn look(events: &Events, engine: &Engine) -> Result<(), EngineError> {
    let known = events.ring().to().clone();
    let mut tx = engine.store.read().await?;
    let heads = tx.audit_positions().await?;
    let behind = heads.since(&known);
    if behind == Some(0) {
        events.lag.store(0, Ordering::Relaxed);
        return Ok(());
    }
    let mut new = Vec::new();
    if behind.is_some_and(|behind| behind <= RING_MAX as u64) {
        for (chain, seq) in heads.iter().filter(|(chain, seq)| known.of(chain) < *seq) {
            let after = known.of(chain);
            new.extend(read(&mut tx, chain, after, seq - after).await?);
        }
    }
    drop(tx);
    in_order(&mut new);
    let mut ring = events.ring();
    if new.is_empty() {
        // Nothing was read for long, or the database was restored to an earlier state. Streams read what they lack themselves.
        ring.rewound += u64::from(behind.is_none());
        ring.restart(heads.clone());
    }
    for event in new {
        ring.push(event);
    }
    events.lag.store(heads.since(ring.to()).unwrap_or_default(), Ordering::Relaxed);
    drop(ring);
    events.changed.send_modify(|changes| *changes += 1);
    Ok(())
}

/// Events of a chain after a number.
async fn read(tx: &mut Tx, chain: &str, after: i64, limit: i64) -> Result<Vec<AuditEvent>, EngineError> {
    let name: Arc<str> = chain.into();
    let entries = tx.audit_page(chain, after, limit).await?;
    Ok(entries.iter().map(|entry| AuditEvent::read(&name, entry.seq, &entry.entry)).collect())
}

/// Orders events of several chains by time, and keeps the order of each chain also if its clock went back.
fn in_order(events: &mut [AuditEvent]) {
    let mut latest: BTreeMap<Arc<str>, Timestamp> = BTreeMap::new();
    let mut instants = BTreeMap::new();
    for event in events.iter() {
        let at = Timestamp::parse(&event.at).unwrap_or(Timestamp(i64::MIN));
        let latest = latest.entry(event.chain.clone()).or_insert(at);
        *latest = at.max(*latest);
        instants.insert((event.chain.clone(), event.seq), *latest);
    }
    events.sort_by_key(|event| instants.get(&(event.chain.clone(), event.seq)).copied());
}

/// Why a stream begins anew: its reader must read again what it shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reset {
    /// It named no place.
    New,
    /// The place that it named is not one of this database.
    Unknown,
    /// It is too far behind.
    TooOld,
}

impl Reset {
    /// Its stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Unknown => "unknown",
            Self::TooOld => "too-old",
        }
    }
}

/// What a stream is given next.
#[derive(Debug)]
pub enum Next {
    /// It begins anew after these positions.
    Reset(Reset, Positions),
    /// Events, in the order of each chain.
    Events(Vec<Arc<AuditEvent>>),
}

/// A stream of events.
pub struct Follower {
    engine: Engine,
    events: Arc<Events>,
    changed: watch::Receiver<u64>,
    /// The positions after the last event that was given.
    positions: Positions,
    next: Option<u64>,
    rewound: u64,
    /// Why it begins anew, until that was told.
    reset: Option<Reset>,
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.events.followers.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Follower {
    /// A stream that goes on after `last`, the text of positions.
    pub async fn new(events: Arc<Events>, engine: &Engine, last: Option<&str>) -> Result<Self, EngineError> {
        let now = engine.store.read_once().await?.audit_positions().await?;
        let (positions, reset) = begin(now, last);
        events.followers.fetch_add(1, Ordering::Relaxed);
        let (changed, rewound) = (events.changed.subscribe(), events.ring().rewound);
        Ok(Self { engine: engine.clone(), events, changed, positions, next: None, rewound, reset })
    }

    /// Waits for what comes next. Nothing is lost if it is dropped before it is ready.
    pub async fn next(&mut self) -> Result<Next, EngineError> {
        loop {
            if let Some(reset) = self.reset.take() {
                return Ok(Next::Reset(reset, self.positions.clone()));
            }
            self.changed.borrow_and_update();
            let (page, rewound) = {
                let ring = self.events.ring();
                (ring.page(&self.positions, self.next), ring.rewound)
            };
            if rewound != self.rewound {
                let now = self.engine.store.read_once().await?.audit_positions().await?;
                (self.positions, self.next, self.rewound) = (now, None, rewound);
                self.reset = Some(Reset::Unknown);
                continue;
            }
            match page {
                Page::Events(events, next) if events.is_empty() => {
                    self.next = Some(next);
                    // Cannot fail: the sender lives as long as the events, which are held here.
                    let _ = self.changed.changed().await;
                }
                Page::Events(events, next) => {
                    self.next = Some(next);
                    return Ok(Next::Events(events));
                }
                Page::Older(chain, until) => return self.catch_up(&chain, until).await,
            }
        }
    }

    /// Reads events that are not in the ring.
    async fn catch_up(&mut self, chain: &str, until: i64) -> Result<Next, EngineError> {
        // Cannot fail: it is never closed.
        let _permit = self.events.catching_up.acquire().await;
        let after = self.positions.of(chain);
        let limit = (until - after).min(i64::try_from(PAGE_MAX).unwrap_or(i64::MAX));
        let events = read(&mut self.engine.store.read().await?, chain, after, limit).await?;
        if events.is_empty() {
            // The rows are not there any more.
            self.positions = self.events.ring().to().clone();
            return Ok(Next::Reset(Reset::TooOld, self.positions.clone()));
        }
        Ok(Next::Events(events.into_iter().map(Arc::new).collect()))
    }

    /// Counts an event as given, and returns the text of the positions after it.
    pub fn given(&mut self, event: &AuditEvent) -> String {
        self.positions.advance(&event.chain, event.seq);
        self.positions.to_string()
    }
}

/// Where a stream begins that names its place.
fn begin(now: Positions, last: Option<&str>) -> (Positions, Option<Reset>) {
    let Some(last) = last else { return (now, Some(Reset::New)) };
    let Ok(last) = last.parse::<Positions>() else { return (now, Some(Reset::Unknown)) };
    match now.since(&last) {
        None => (now, Some(Reset::Unknown)),
        Some(behind) if behind > BEHIND_MAX => (now, Some(Reset::TooOld)),
        Some(_) => (last, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_goes_on_after_the_place_that_it_names_or_begins_anew() {
        let now: Positions = "cli:5,scheduler:90000".parse().unwrap();
        for (last, begins_at, reset) in [
            (None, "cli:5,scheduler:90000", Some(Reset::New)),
            (Some("cli:4,scheduler:80000"), "cli:4,scheduler:80000", None),
            (Some("cli:4,scheduler:1"), "cli:5,scheduler:90000", Some(Reset::TooOld)),
            (Some("cli:6,scheduler:90000"), "cli:5,scheduler:90000", Some(Reset::Unknown)),
            (Some("yesterday"), "cli:5,scheduler:90000", Some(Reset::Unknown)),
        ] {
            assert_eq!(begin(now.clone(), last), (begins_at.parse().unwrap(), reset), "{last:?}");
        }
    }

    #[test]
    fn events_of_several_chains_are_in_order_of_time_and_of_each_chain() {
        let event = |chain: &str, seq: i64, second: i64| AuditEvent {
            chain: chain.into(),
            seq,
            at: Timestamp(second * 1_000_000).to_string(),
            act: String::new(),
            subject: String::new(),
        };
        // The clock of `a` went back by a second.
        let mut events = [event("a", 1, 3), event("a", 2, 2), event("a", 3, 5), event("b", 1, 1), event("b", 2, 4)];
        in_order(&mut events);
        let order = events.map(|event| (event.chain.to_string(), event.seq));
        let expected = [("b", 1), ("a", 1), ("a", 2), ("b", 2), ("a", 3)];
        assert_eq!(order, expected.map(|(chain, seq)| (chain.to_owned(), seq)));
    }
}
