//! The sessions of open pages that follow the board. All of them are proved with one read every few seconds, so that the database is read
//! as often for fifty boards as for one.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use tokio::sync::Mutex;

use crate::{
    domain::time::Timestamp,
    engine::{
        Engine, EngineError,
        accounts::{SessionActor, SessionToken, actors_of_unused_sessions},
    },
};

/// For how long a proof holds, unless a request changes something meanwhile.
const PROVED_FOR: Duration = Duration::from_secs(5);
/// How long after its last request a page counts as closed.
const CLOSED_AFTER: Duration = Duration::from_mins(1);

/// The sessions of open pages.
#[derive(Default)]
pub(super) struct FollowedSessions {
    known: Mutex<Known>,
    /// Whether something may have changed since the last proof began.
    is_outdated: AtomicBool,
}

#[derive(Default)]
struct Known {
    /// By the hash of the token, each with its person and its last request.
    sessions: HashMap<String, (SessionActor, Timestamp)>,
    proved_at: Option<Timestamp>,
}

impl FollowedSessions {
    /// Proves all sessions again at the next request: something may have changed.
    pub(super) fn outdate(&self) {
        self.is_outdated.store(true, Ordering::SeqCst);
    }

    /// The person of an open session; `None` if it has ended or its account is disabled. It is no use of the session.
    pub(super) async fn actor(
        &self,
        engine: &Engine,
        token: &SessionToken,
    ) -> Result<Option<SessionActor>, EngineError> {
        let (hash, now) = (token.hash(), engine.clock.now());
        let mut known = self.known.lock().await;
        let is_fresh = known.proved_at.is_some_and(|at| now >= at && now < at.plus(PROVED_FOR));
        let is_outdated = self.is_outdated.swap(false, Ordering::SeqCst);
        if !is_fresh || is_outdated {
            known.proved_at = None;
            known.sessions.retain(|_, (_, asked_at)| now < asked_at.plus(CLOSED_AFTER));
            let hashes: Vec<String> = known.sessions.keys().cloned().collect();
            let mut found = actors_of_unused_sessions(engine, &hashes).await?;
            known.sessions.retain(|hash, (person, _)| found.remove(hash).map(|proved| *person = proved).is_some());
            known.proved_at = Some(now);
        }
        if !known.sessions.contains_key(&hash) {
            // A token that is none must not keep the pages of others waiting.
            drop(known);
            let found = actors_of_unused_sessions(engine, std::slice::from_ref(&hash)).await?;
            let Some(person) = found.into_values().next() else { return Ok(None) };
            known = self.known.lock().await;
            known.sessions.insert(hash.clone(), (person, now));
        }
        Ok(known.sessions.get_mut(&hash).map(|(person, asked_at)| {
            *asked_at = now;
            person.clone()
        }))
    }
}
