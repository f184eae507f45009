//! In what a row differs from the known body of its request.

use std::sync::Arc;

use super::{
    known::Request,
    prepare::{Ready, ValueHasher},
};
use crate::{
    domain::{card::profile::CardProfile, import::Layout, personal::Person},
    engine::{
        Engine, EngineError,
        person::{PHOTO_FIELD, open_person},
    },
    store::{StoredBody, Tx},
};

/// The columns in which a row differs from the known body of its request: their names, never their values.
pub(super) struct Differences {
    pub(super) layout: Layout,
    pub(super) profile: Arc<CardProfile>,
    pub(super) hasher: ValueHasher,
}

impl Differences {
    /// The columns, separated by commas; `(row)` if the stored body cannot be opened.
    pub(super) async fn fields(
        &self,
        engine: &Engine,
        tx: &mut Tx,
        ready: &Ready,
        known: &Request,
    ) -> Result<String, EngineError> {
        let names = self.layout.body_columns().chain(["photo"]);
        let stored = if let Some(hashes) = &known.hashes {
            hashes.clone()
        } else {
            let Some(body) = tx.bodies_get(&[known.record]).await?.pop() else { return Ok("(row)".into()) };
            let Ok(person) = open_person(engine.store.keys(), &body) else { return Ok("(row)".into()) };
            self.stored_hashes(&body, &person, ready)
        };
        let differing = names.zip(stored.iter().zip(&ready.hashes)).filter(|(_, (a, b))| a != b).map(|(name, _)| name);
        let differing = differing.collect::<Vec<_>>().join(",");
        // If no value differs, the difference is in the status or in the notation of an instant.
        Ok(if differing.is_empty() { "status,requested_at,verified_at".into() } else { differing })
    }

    /// The hashes of a stored body. The status is not stored, and instants are stored without their notation: the
    /// status counts as equal, and instants are compared as points in time.
    fn stored_hashes(&self, body: &StoredBody, person: &Person, ready: &Ready) -> Vec<u32> {
        let same = |at: usize| ready.hashes.get(at).copied().unwrap_or_default();
        let unless = |at: usize, same_instant: bool| if same_instant { same(at) } else { !same(at) };
        let of = |(at, column): (usize, &str)| match column {
            "request_id" | "status" => same(at),
            "request_kind" => self.hasher.hash(&body.kind),
            "requested_at" => unless(at, body.requested_at_us == ready.requested_at.0),
            "verified_at" => unless(at, body.verified_at_us == ready.verified_at.0),
            column if column == self.profile.district => self.hasher.hash(&body.district),
            column if column == self.profile.village => self.hasher.hash(&body.village),
            column => self.hasher.hash(person.reveal(column)),
        };
        let photo = self.hasher.hash(person.reveal(PHOTO_FIELD));
        self.layout.body_columns().enumerate().map(of).chain([photo]).collect()
    }
}
