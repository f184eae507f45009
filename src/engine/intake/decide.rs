//! Decides each row beside what is known, and saves a chunk in one transaction.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use super::{
    Import, PHOTO_FIELD, Report, Watch, count, open_person,
    prepare::{Chunk, Prepared, Ready},
    ranges,
};
use crate::{
    domain::{
        audit::Event,
        id::{PhotoId, RecordId},
        intake::{Candidate, Fate, Judgement, Layout, Reason, Refusal, judge},
        profile::CardProfile,
        record::{OtherRecord, RecordState, may_be_open, update, withdraw},
    },
    engine::{EngineError, Office},
    store::{
        NewPhoto, NewRecord, StoreError, StoredRow, Tx,
        keys::{Digest, hex},
    },
};

/// What is known of a request id: from the database, or from an earlier row of this file.
struct Remembered {
    /// The record; of a row of a dry run, one that is not in the database.
    record: RecordId,
    stored: bool,
    profile: String,
    state: RecordState,
    digest: Vec<u8>,
    /// Short keyed hashes of the body's values, of a row of this file: they tell which fields differ.
    values: Option<Vec<u32>>,
}

pub(super) struct Decider<'a> {
    office: &'a Office,
    layout: Layout,
    profile: Arc<CardProfile>,
    what: Import,
    /// Rows of this file: of the chunk, in a dry run of the whole file.
    memory: HashMap<String, Remembered>,
    /// Records of persons met: of the chunk, in a dry run of the whole file.
    persons: HashMap<Digest, Vec<(RecordId, OtherRecord)>>,
    photos: HashMap<Digest, PhotoId>,
    /// The next new record.
    next_id: i64,
    /// Keyed anew in each import: what it makes of personal values says nothing outside of it.
    hasher: RandomState,
}

/// What a chunk adds.
#[derive(Default)]
struct Added {
    records: Vec<NewRecord>,
    new_photos: HashMap<Digest, NewPhoto>,
    uses: BTreeMap<i64, i64>,
}

impl<'a> Decider<'a> {
    pub(super) fn new(office: &'a Office, layout: Layout, profile: Arc<CardProfile>, what: Import) -> Self {
        let (memory, persons, photos) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { office, layout, profile, what, memory, persons, photos, next_id: 0, hasher: RandomState::new() }
    }

    pub(super) async fn chunk(
        &mut self,
        chunk: Chunk,
        report: &mut Report,
        watch: &mut dyn Watch,
    ) -> Result<(), EngineError> {
        let mut tx = if self.what.dry_run { self.office.store.read().await? } else { self.begin().await? };
        let before = report.clone();
        self.look_up(&mut tx, &chunk).await?;
        self.next_id = self.next_id.max(tx.record_next_id().await?);
        let mut added = Added::default();
        added.new_photos.extend(chunk.photos.into_iter().map(|photo| (photo.digest, photo)));
        for prepared in chunk.rows {
            let row = match &prepared {
                Prepared::Ready(ready) => {
                    (ready.candidate.row.number, self.layout.request_id(&ready.candidate).to_owned())
                }
                Prepared::NotReady { row, request_id, .. } | Prepared::Refused { row, request_id, .. } => {
                    (*row, request_id.clone())
                }
            };
            let fate = self.decide(&mut tx, prepared, &mut added, report).await?;
            count(report, &fate);
            if let Fate::Refused(refusal) = &fate {
                let failed = |source| EngineError::Read { what: "the file of rejects".into(), source };
                watch.refused(row.0, &row.1, refusal).map_err(failed)?;
            }
        }
        if !self.what.dry_run {
            self.flush(&mut tx, &mut added).await?;
            self.write_down(&mut tx, &before, report);
            tx.commit().await?;
            self.memory.clear();
            self.persons.clear();
        }
        Ok(())
    }

    async fn begin(&self) -> Result<Tx, StoreError> {
        self.office.store.write(&self.office.writer, self.office.clock.now()).await
    }

    /// Reads what the chunk's rows meet in the database. What this file did before goes first.
    async fn look_up(&mut self, tx: &mut Tx, chunk: &Chunk) -> Result<(), EngineError> {
        let mut ids: Vec<&str> = Vec::new();
        let mut persons: Vec<Digest> = Vec::new();
        for prepared in &chunk.rows {
            match prepared {
                Prepared::Ready(ready) => {
                    ids.push(self.layout.request_id(&ready.candidate));
                    persons.push(ready.person_key);
                }
                Prepared::NotReady { request_id, .. } => ids.push(request_id),
                Prepared::Refused { .. } => {}
            }
        }
        for StoredRow { id, request_id, profile, state, digest } in tx.records_find(&self.what.source, &ids).await? {
            let stored = Remembered { record: id, stored: true, profile, state, digest, values: None };
            self.memory.entry(request_id).or_insert(stored);
        }
        for (at, id, other) in tx.records_of_persons(&self.profile.name, &persons).await? {
            let known = self.persons.entry(persons[at]).or_default();
            if known.iter().all(|(record, _)| *record != id) {
                known.push((id, other));
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
    ) -> Result<Fate, EngineError> {
        match row {
            Prepared::Refused { refusal, .. } => Ok(Fate::Refused(refusal)),
            Prepared::NotReady { request_id, status, .. } => self.not_ready(tx, &request_id, &status, added).await,
            Prepared::Ready(ready) => {
                let request_id = self.layout.request_id(&ready.candidate).to_owned();
                let known = self.memory.get(&request_id);
                let judgement = judge(known.map(|k| k.digest.as_slice()), &ready.digest);
                if judgement != Judgement::Known {
                    for warning in &ready.candidate.warnings {
                        *report.warnings.entry(warning).or_default() += 1;
                    }
                }
                match judgement {
                    Judgement::Known => Ok(Fate::Known),
                    Judgement::New => self.add(tx, *ready, request_id, added).await,
                    Judgement::Differs => self.differs(tx, *ready, request_id, added).await,
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
    ) -> Result<Fate, EngineError> {
        let refused = || Fate::Refused(Refusal::new(Reason::Status, "status", status));
        let Some(known) = self.memory.get(request_id) else { return Ok(refused()) };
        if known.state == RecordState::HandedOver {
            return Ok(refused());
        }
        if known.state == RecordState::Withdrawn {
            return Ok(Fate::Known);
        }
        let mut state = RecordState::Withdrawn;
        let record = known.record;
        if known.stored {
            self.flush(tx, added).await?;
            let view = tx.record_view(record).await?;
            let Some(transition) = withdraw(&view, status)? else { return Ok(Fate::Known) };
            state = transition.record.as_ref().map_or(state, |change| change.to);
            if !self.what.dry_run {
                tx.save(vec![transition]).await?;
            }
        }
        if let Some(known) = self.memory.get_mut(request_id) {
            known.state = state;
        }
        let of_persons = self.persons.values_mut().flatten().filter(|(id, _)| *id == record);
        of_persons.for_each(|(_, other)| other.state = state);
        Ok(Fate::Withdrawn)
    }

    async fn add(
        &mut self,
        tx: &mut Tx,
        ready: Ready,
        request_id: String,
        added: &mut Added,
    ) -> Result<Fate, EngineError> {
        let beside = self.persons.entry(ready.person_key).or_default();
        let rule = may_be_open(ready.candidate.replaces, &beside.iter().map(|(_, other)| *other).collect::<Vec<_>>());
        let state = if rule.is_ok() { RecordState::Waiting } else { RecordState::Quarantined };
        let record = RecordId(self.next_id);
        self.next_id += 1;
        beside.push((record, OtherRecord { state, surrendered: false }));
        let values = Some(self.value_hashes(&ready.candidate, ready.photo));
        let (profile, digest, stored) = (self.profile.name.clone(), ready.digest.to_vec(), !self.what.dry_run);
        let remembered = Remembered { record, stored, profile, state, digest, values };
        if stored {
            let new = self.new_record(tx, record, ready, state, rule.err(), added).await?;
            added.records.push(new);
        }
        self.memory.insert(request_id, remembered);
        Ok(if rule.is_ok() { Fate::Accepted } else { Fate::Quarantined })
    }

    async fn differs(
        &mut self,
        tx: &mut Tx,
        ready: Ready,
        request_id: String,
        added: &mut Added,
    ) -> Result<Fate, EngineError> {
        let Some(known) = self.memory.get(&request_id) else { return Ok(Fate::Known) };
        let (record, stored, state) = (known.record, known.stored, known.state);
        let conflict = |fields: String, detail: &str| Ok(Fate::Refused(Refusal::new(Reason::Conflict, fields, detail)));
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
        let rule = may_be_open(ready.candidate.replaces, &beside);
        let mut to = rule.map_or(RecordState::Quarantined, |()| RecordState::Waiting);
        let values = Some(self.value_hashes(&ready.candidate, ready.photo));
        let (digest, person_key) = (ready.digest.to_vec(), ready.person_key);
        if stored {
            self.flush(tx, added).await?;
            let transition = update(&tx.record_view(record).await?, rule)?;
            to = transition.record.as_ref().map_or(to, |change| change.to);
            if !self.what.dry_run {
                let body = self.new_record(tx, record, ready, to, None, added).await?;
                self.use_photos(tx, added).await?;
                tx.record_rewrite(&body).await?;
                tx.save(vec![transition]).await?;
            }
        }
        self.persons.values_mut().for_each(|list| list.retain(|(id, _)| *id != record));
        self.persons.entry(person_key).or_default().push((record, OtherRecord { state: to, surrendered: false }));
        let profile = self.profile.name.clone();
        self.memory.insert(request_id, Remembered { record, stored, profile, state: to, digest, values });
        Ok(if to == RecordState::Quarantined { Fate::Quarantined } else { Fate::Updated })
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
        let photo = match ready.photo {
            Some(digest) => Some(self.photo(tx, digest, added).await?),
            None => None,
        };
        if let Some(photo) = photo {
            *added.uses.entry(photo.0).or_default() += 1;
        }
        let candidate = &ready.candidate;
        Ok(NewRecord {
            id,
            request_id: self.layout.request_id(candidate).to_owned(),
            state,
            reason: reason.map(str::to_owned),
            kind: self.layout.kind(candidate).to_owned(),
            class: candidate.class,
            person_key: ready.person_key,
            digest: ready.digest,
            photo,
            district: self.layout.district(candidate).to_owned(),
            village: self.layout.village(candidate).to_owned(),
            requested_at_us: candidate.requested_at.0,
            verified_at_us: candidate.verified_at.0,
            sealed: ready.sealed,
        })
    }

    /// The stored photo with this digest, taken in if it is new.
    async fn photo(&mut self, tx: &mut Tx, digest: Digest, added: &mut Added) -> Result<PhotoId, EngineError> {
        if let Some(known) = self.photos.get(&digest) {
            return Ok(*known);
        }
        let stored = match tx.photo_find(&digest).await? {
            Some(stored) => stored,
            None => match added.new_photos.remove(&digest) {
                Some(new) => tx.photo_add(&new).await?,
                None => {
                    return Err(EngineError::refused(
                        "a photo was purged while it was imported",
                        "import the file again",
                    ));
                }
            },
        };
        self.photos.insert(digest, stored);
        Ok(stored)
    }

    /// Saves the new records so far.
    async fn flush(&mut self, tx: &mut Tx, added: &mut Added) -> Result<(), EngineError> {
        if !added.records.is_empty() {
            let records = std::mem::take(&mut added.records);
            tx.records_add(&self.what.source, &self.profile.name, &records).await?;
        }
        self.use_photos(tx, added).await
    }

    async fn use_photos(&self, tx: &mut Tx, added: &mut Added) -> Result<(), EngineError> {
        let uses: Vec<(PhotoId, i64)> =
            std::mem::take(&mut added.uses).into_iter().map(|(id, n)| (PhotoId(id), n)).collect();
        Ok(tx.photos_use(&uses).await?)
    }

    fn value_hashes(&self, candidate: &Candidate, photo: Option<Digest>) -> Vec<u32> {
        let values = self.layout.body(&candidate.row).map(|(_, value)| self.hasher.hash_one(value));
        let hashes = values.chain([self.hasher.hash_one(photo)]);
        hashes.map(|hash| u32::try_from(hash >> 32).unwrap_or_default()).collect()
    }

    /// The names of the fields that differ from what is known; names only.
    async fn differing_fields(&self, tx: &mut Tx, ready: &Ready, known: &Remembered) -> Result<String, EngineError> {
        let names =
            || self.layout.body(&ready.candidate.row).map(|(name, _)| name.to_owned()).chain(["photo".to_owned()]);
        if let Some(values) = &known.values {
            let own = self.value_hashes(&ready.candidate, ready.photo);
            let differing = names().zip(values.iter().zip(&own)).filter(|(_, (a, b))| a != b).map(|(name, _)| name);
            return Ok(differing.collect::<Vec<_>>().join(","));
        }
        let Some(body) = tx.bodies_get(&[known.record]).await?.pop() else { return Ok("(row)".into()) };
        let Ok(person) = open_person(self.office.store.keys(), &body) else { return Ok("(row)".into()) };
        let photo = ready.photo.map(|d| hex(&d)).unwrap_or_default();
        let candidate = &ready.candidate;
        let mut differing: Vec<String> = Vec::new();
        let general = [
            ("request_kind", body.kind != self.layout.kind(candidate)),
            ("requested_at", body.requested_at_us != candidate.requested_at.0),
            ("verified_at", body.verified_at_us != candidate.verified_at.0),
            (&*self.profile.district, body.district != self.layout.district(candidate)),
            (&*self.profile.village, body.village != self.layout.village(candidate)),
            ("photo", person.reveal(PHOTO_FIELD) != photo),
        ];
        differing.extend(general.iter().filter(|(_, differs)| *differs).map(|(name, _)| (*name).to_owned()));
        let own =
            self.layout.personal(&self.profile, &candidate.row).filter(|(name, value)| person.reveal(name) != *value);
        differing.extend(own.map(|(name, _)| name.to_owned()));
        // Only the spelling of an instant, or the status, is left.
        Ok(if differing.is_empty() { "status,requested_at,verified_at".into() } else { differing.join(",") })
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
        let mut ids: Vec<i64> = self.memory.values().filter(|m| m.values.is_some()).map(|m| m.record.0).collect();
        ids.sort_unstable();
        if !ids.is_empty() {
            event = event.with("records", ranges(&ids));
        }
        if event.details.len() > 3 {
            tx.audit(event);
        }
    }
}
