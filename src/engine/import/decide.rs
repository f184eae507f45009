//! Decides each row beside what is known, and saves a chunk in one transaction.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    sync::Arc,
};

use super::{
    Import, PHOTO_FIELD, Report, Watch, count, open_person,
    photos::{Photo, read_again},
    prepare::{Chunk, ChunkSize, Prepared, Ready, ValueHasher},
    ranges,
};
use crate::{
    domain::{
        audit::Event,
        card::profile::CardProfile,
        id::{PhotoId, RecordId},
        import::{Judgement, Layout, RejectReason, Rejection, RowOutcome, judge},
        personal::Person,
        record::{OneCard, OtherRecord, RecordState, may_be_open, update, withdraw},
        refusal::Refusal,
    },
    engine::{Engine, EngineError},
    store::{NewPhoto, NewRecord, StoreError, StoredBody, StoredRow, Tx, keys::Digest},
};

/// What is known of a request id: from the database, or from an earlier row of this file.
struct Remembered {
    /// The record; of a row of a dry run, one that is not in the database.
    record: RecordId,
    stored: bool,
    profile: String,
    state: RecordState,
    digest: Vec<u8>,
    /// Hashes of the body's values, of a row of this file.
    hashes: Option<Vec<u32>>,
    /// An earlier row withdrew it, or stopped its card.
    withdrawn: bool,
}

pub(super) struct Decider<'a> {
    engine: &'a Engine,
    layout: Layout,
    profile: Arc<CardProfile>,
    what: Import,
    /// Rows of this file: of the chunk, in a dry run of the whole file.
    memory: HashMap<String, Remembered>,
    /// Records of persons met: of the chunk, in a dry run of the whole file.
    persons: HashMap<Digest, Vec<(RecordId, OtherRecord)>>,
    /// Under which person each of them is.
    person_of: HashMap<RecordId, Digest>,
    photos: HashMap<Digest, PhotoId>,
    /// The next new record.
    next_id: i64,
    hasher: ValueHasher,
    chunk_size: ChunkSize,
}

/// What a chunk adds.
#[derive(Default)]
struct Added {
    records: Vec<NewRecord>,
    new_photos: HashMap<Digest, NewPhoto>,
    uses: BTreeMap<i64, i64>,
}

impl<'a> Decider<'a> {
    pub(super) fn new(
        engine: &'a Engine,
        layout: Layout,
        profile: Arc<CardProfile>,
        what: Import,
        hasher: ValueHasher,
        chunk_size: ChunkSize,
    ) -> Self {
        let (memory, persons, person_of, photos) = Default::default();
        Self { engine, layout, profile, what, memory, persons, person_of, photos, next_id: 0, hasher, chunk_size }
    }

    pub(super) async fn chunk(
        &mut self,
        chunk: Chunk,
        report: &mut Report,
        watch: &mut dyn Watch,
    ) -> Result<(), EngineError> {
        let mut tx = if self.what.dry_run { self.engine.store.read().await? } else { self.begin().await? };
        let began = self.engine.clock.elapsed();
        let rows = chunk.rows.len();
        let before = report.clone();
        self.look_up(&mut tx, &chunk).await?;
        self.next_id = self.next_id.max(tx.record_next_id().await?);
        let mut added = Added::default();
        added.new_photos.extend(chunk.photos.into_iter().map(|photo| (photo.digest, photo)));
        for prepared in chunk.rows {
            let row = match &prepared {
                Prepared::Ready(ready) => (ready.row, ready.request_id.clone()),
                Prepared::NotReady { row, request_id, .. } | Prepared::Refused { row, request_id, .. } => {
                    (*row, request_id.clone())
                }
            };
            let fate = self.decide(&mut tx, prepared, &mut added, report).await?;
            count(report, &fate);
            if let RowOutcome::Refused(rejection) = &fate {
                let failed = |source| EngineError::Read { what: "the file of rejects".into(), source };
                watch.refused(row.0, &row.1, rejection).map_err(failed)?;
            }
        }
        if !self.what.dry_run {
            self.flush(&mut tx, &mut added).await?;
            self.write_down(&mut tx, &before, report);
            tx.commit().await?;
            self.chunk_size.took(rows, self.engine.clock.elapsed().saturating_sub(began));
            self.memory.clear();
            self.persons.clear();
            self.person_of.clear();
            self.photos.clear();
        }
        Ok(())
    }

    async fn begin(&self) -> Result<Tx, StoreError> {
        let mut tx = self.engine.store.write(&self.engine.writer, self.engine.clock.now()).await?;
        tx.announce();
        Ok(tx)
    }

    /// Reads what the chunk's rows meet in the database. What this file did before goes first.
    async fn look_up(&mut self, tx: &mut Tx, chunk: &Chunk) -> Result<(), EngineError> {
        let mut ids: Vec<&str> = Vec::new();
        let mut persons: Vec<Digest> = Vec::new();
        for prepared in &chunk.rows {
            match prepared {
                Prepared::Ready(ready) => {
                    ids.push(&ready.request_id);
                    persons.push(ready.person_key);
                }
                Prepared::NotReady { request_id, .. } => ids.push(request_id),
                Prepared::Refused { .. } => {}
            }
        }
        for StoredRow { id, request_id, profile, state, digest } in tx.records_find(&self.what.source, &ids).await? {
            let stored =
                Remembered { record: id, stored: true, profile, state, digest, hashes: None, withdrawn: false };
            self.memory.entry(request_id).or_insert(stored);
        }
        for (at, id, other) in tx.records_of_persons(&self.profile.name, &persons).await? {
            if let Entry::Vacant(entry) = self.person_of.entry(id) {
                entry.insert(persons[at]);
                self.persons.entry(persons[at]).or_default().push((id, other));
            }
        }
        Ok(())
    }

    async fn decide(
        &mut self,
        tx: &mut Tx,
        row: Prepared,
        added: &mut Added,
        report: &mut Report,
    ) -> Result<RowOutcome, EngineError> {
        match row {
            Prepared::Refused { rejection, .. } => Ok(RowOutcome::Refused(rejection)),
            Prepared::NotReady { request_id, status, .. } => self.not_ready(tx, &request_id, &status, added).await,
            Prepared::Ready(ready) => {
                let known = self.memory.get(&ready.request_id);
                let judgement = judge(known.map(|k| k.digest.as_slice()), &ready.digest);
                if judgement != Judgement::Known {
                    for warning in &ready.warnings {
                        *report.warnings.entry(warning).or_default() += 1;
                    }
                }
                match judgement {
                    Judgement::Known => Ok(RowOutcome::Known),
                    Judgement::New => self.add(tx, *ready, added).await,
                    Judgement::Differs => self.differs(tx, *ready, added).await,
                }
            }
        }
    }

    async fn not_ready(
        &mut self,
        tx: &mut Tx,
        request_id: &str,
        status: &str,
        added: &mut Added,
    ) -> Result<RowOutcome, EngineError> {
        let refused = || RowOutcome::Refused(Rejection::new(RejectReason::Status, "status", status));
        let Some(known) = self.memory.get(request_id) else { return Ok(refused()) };
        if known.state == RecordState::HandedOver {
            return Ok(refused());
        }
        if known.profile != self.profile.name {
            let detail = "the request is known for another card profile";
            return Ok(RowOutcome::Refused(Rejection::new(RejectReason::Conflict, "(profile)", detail)));
        }
        if known.state == RecordState::Withdrawn || known.withdrawn {
            return Ok(RowOutcome::Known);
        }
        let mut state = RecordState::Withdrawn;
        let record = known.record;
        if known.stored {
            self.flush(tx, added).await?;
            let view = tx.record_view(record).await?;
            let Some(transition) = withdraw(&view, status)? else { return Ok(RowOutcome::Known) };
            state = transition.record.as_ref().map_or(state, |change| change.to);
            if !self.what.dry_run {
                tx.save(vec![transition]).await?;
                self.photos.clear(); // a photo that nobody needs any more is purged
            }
        }
        if let Some(known) = self.memory.get_mut(request_id) {
            known.state = state;
            known.withdrawn = true;
        }
        let beside = self.person_of.get(&record).and_then(|person| self.persons.get_mut(person));
        if let Some((_, other)) = beside.into_iter().flatten().find(|(id, _)| *id == record) {
            other.state = state;
        }
        Ok(RowOutcome::Withdrawn)
    }

    async fn add(&mut self, tx: &mut Tx, mut ready: Ready, added: &mut Added) -> Result<RowOutcome, EngineError> {
        let beside = self.persons.entry(ready.person_key).or_default();
        let rule = may_be_open(ready.replaces, &beside.iter().map(|(_, other)| *other).collect::<Vec<_>>());
        let rule = rule.map_err(OneCard::as_str).and(ready.is_sound());
        let state = if rule.is_ok() { RecordState::Waiting } else { RecordState::Quarantined };
        let record = RecordId(self.next_id);
        self.next_id += 1;
        beside.push((record, OtherRecord { state, surrendered: false }));
        self.person_of.insert(record, ready.person_key);
        let (profile, digest, stored) = (self.profile.name.clone(), ready.digest.to_vec(), !self.what.dry_run);
        let (request_id, hashes) = (ready.request_id.clone(), Some(std::mem::take(&mut ready.hashes)));
        let remembered = Remembered { record, stored, profile, state, digest, hashes, withdrawn: false };
        if stored {
            let new = self.new_record(tx, record, ready, state, rule.err(), added).await?;
            added.records.push(new);
        }
        self.memory.insert(request_id, remembered);
        Ok(if rule.is_ok() { RowOutcome::Accepted } else { RowOutcome::Quarantined })
    }

    async fn differs(&mut self, tx: &mut Tx, mut ready: Ready, added: &mut Added) -> Result<RowOutcome, EngineError> {
        let Some(known) = self.memory.get(&ready.request_id) else { return Ok(RowOutcome::Known) };
        let (record, stored, state) = (known.record, known.stored, known.state);
        let conflict = |fields: String, detail: &str| {
            Ok(RowOutcome::Refused(Rejection::new(RejectReason::Conflict, fields, detail)))
        };
        if known.profile != self.profile.name {
            return conflict("(profile)".into(), "the request is known for another card profile");
        }
        if !self.what.update || state == RecordState::HandedOver {
            let fields = self.differing_fields(tx, &ready, known).await?;
            let detail = if state == RecordState::HandedOver {
                "the card was handed over"
            } else {
                "the request is known with another body"
            };
            return conflict(fields, detail);
        }
        let beside = self.persons.get(&ready.person_key).into_iter().flatten().filter(|(id, _)| *id != record);
        let beside: Vec<OtherRecord> = beside.map(|(_, other)| *other).collect();
        let (rule, sound) = (may_be_open(ready.replaces, &beside).map_err(OneCard::as_str), ready.is_sound());
        let (is_free, rule) = (rule.is_ok(), rule.and(sound));
        let mut to = rule.map_or(RecordState::Quarantined, |()| RecordState::Waiting);
        let (request_id, hashes) = (ready.request_id.clone(), Some(std::mem::take(&mut ready.hashes)));
        let (digest, person_key) = (ready.digest.to_vec(), ready.person_key);
        if stored {
            self.flush(tx, added).await?;
            let transition = update(&tx.record_view(record).await?, rule)?;
            to = transition.record.as_ref().map_or(to, |change| change.to);
            if let (Err(rule), true) = (rule, to.occupies_slot()) {
                let field = if is_free && sound.is_err() { "photo" } else { &self.profile.identifier.column };
                return conflict(field.to_owned(), rule);
            }
            if !self.what.dry_run {
                let body = self.new_record(tx, record, ready, to, None, added).await?;
                self.use_photos(tx, added).await?;
                // The person's one place is taken only with the new body, and left before it.
                if to.occupies_slot() {
                    tx.record_rewrite(&body).await?;
                    tx.save(vec![transition]).await?;
                } else {
                    tx.save(vec![transition]).await?;
                    tx.record_rewrite(&body).await?;
                }
                self.photos.clear(); // a photo that nobody needs any more is purged
            }
        }
        if let Some(list) = self.person_of.insert(record, person_key).and_then(|old| self.persons.get_mut(&old)) {
            list.retain(|(id, _)| *id != record);
        }
        self.persons.entry(person_key).or_default().push((record, OtherRecord { state: to, surrendered: false }));
        let profile = self.profile.name.clone();
        self.memory
            .insert(request_id, Remembered { record, stored, profile, state: to, digest, hashes, withdrawn: false });
        Ok(if to == RecordState::Quarantined { RowOutcome::Quarantined } else { RowOutcome::Updated })
    }

    async fn new_record(
        &mut self,
        tx: &mut Tx,
        id: RecordId,
        ready: Ready,
        state: RecordState,
        reason: Option<&str>,
        added: &mut Added,
    ) -> Result<NewRecord, EngineError> {
        let photo = match &ready.photo {
            Some(photo) => Some(self.photo(tx, photo, added).await?),
            None => None,
        };
        if let Some(photo) = photo {
            *added.uses.entry(photo.0).or_default() += 1;
        }
        Ok(NewRecord {
            id,
            request_id: ready.request_id,
            state,
            reason: reason.map(str::to_owned),
            kind: ready.kind,
            class: ready.class,
            person_key: ready.person_key,
            digest: ready.digest,
            photo,
            district: ready.district,
            village: ready.village,
            requested_at_us: ready.requested_at.0,
            verified_at_us: ready.verified_at.0,
            sealed: ready.sealed,
        })
    }

    /// The stored photo, taken in if it is new to the database.
    async fn photo(&mut self, tx: &mut Tx, photo: &Photo, added: &mut Added) -> Result<PhotoId, EngineError> {
        if let Some(known) = self.photos.get(&photo.digest) {
            return Ok(*known);
        }
        let stored = if let Some(stored) = tx.photo_find(&photo.digest).await? {
            stored
        } else {
            // Its first row may have been in an earlier chunk, and not taken.
            let (keys, entropy) = (self.engine.store.keys(), &*self.engine.entropy);
            let again = || read_again(&self.what.photos, photo, keys, entropy);
            let Some(new) = added.new_photos.remove(&photo.digest).or_else(again) else {
                return Err(Refusal::PhotoChanged.into());
            };
            tx.photo_add(&new).await?
        };
        self.photos.insert(photo.digest, stored);
        Ok(stored)
    }

    /// Saves the new records so far.
    async fn flush(&mut self, tx: &mut Tx, added: &mut Added) -> Result<(), EngineError> {
        if !added.records.is_empty() {
            let records = std::mem::take(&mut added.records);
            tx.records_add(&self.what.source, &self.profile.name, records).await?;
        }
        self.use_photos(tx, added).await
    }

    async fn use_photos(&self, tx: &mut Tx, added: &mut Added) -> Result<(), EngineError> {
        let uses: Vec<(PhotoId, i64)> =
            std::mem::take(&mut added.uses).into_iter().map(|(id, n)| (PhotoId(id), n)).collect();
        Ok(tx.photos_use(&uses).await?)
    }

    /// The names of the fields that differ from what is known; names only.
    async fn differing_fields(&self, tx: &mut Tx, ready: &Ready, known: &Remembered) -> Result<String, EngineError> {
        let names = self.layout.body_columns().chain(["photo"]);
        let stored = if let Some(hashes) = &known.hashes {
            hashes.clone()
        } else {
            let Some(body) = tx.bodies_get(&[known.record]).await?.pop() else { return Ok("(row)".into()) };
            let Ok(person) = open_person(self.engine.store.keys(), &body) else { return Ok("(row)".into()) };
            self.stored_hashes(&body, &person, ready)
        };
        let differing = names.zip(stored.iter().zip(&ready.hashes)).filter(|(_, (a, b))| a != b).map(|(name, _)| name);
        let differing = differing.collect::<Vec<_>>().join(",");
        // Only the status, or the spelling of an instant, is left.
        Ok(if differing.is_empty() { "status,requested_at,verified_at".into() } else { differing })
    }

    /// The hashes of a stored body. What is not stored as it was written (status, instants) counts as equal if it means
    /// the same.
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

    fn write_down(&self, tx: &mut Tx, before: &Report, after: &Report) {
        let counts = |r: &Report| [r.rows, r.accepted, r.updated, r.known, r.quarantined, r.withdrawn, r.refused];
        let names = ["rows", "accepted", "updated", "known", "quarantined", "withdrawn", "refused"];
        let mut event =
            Event::new("import.rows", format!("source {}", self.what.source)).with("profile", &self.profile.name);
        event = event.with("first_row", before.rows + 1);
        for ((name, was), is) in names.into_iter().zip(counts(before)).zip(counts(after)) {
            if is > was {
                event = event.with(name, is - was);
            }
        }
        let mut ids: Vec<i64> = self.memory.values().filter(|m| m.hashes.is_some()).map(|m| m.record.0).collect();
        ids.sort_unstable();
        if !ids.is_empty() {
            event = event.with("records", ranges(&ids));
        }
        if event.details.len() > 3 {
            tx.audit(event);
        }
    }
}
