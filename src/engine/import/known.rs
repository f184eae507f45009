//! What an import knows of requests and persons: from the database, and from earlier rows of the file.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use super::repeats::Repeats;
use crate::{
    domain::{
        id::RecordId,
        import::decision::KnownRequest,
        record::{OtherRecord, RecordState},
    },
    store::{StoredRow, keys::Digest},
};

/// A known request.
pub(super) struct Request {
    /// Its record. In a dry run, a record of the file has an id that the database does not have.
    pub(super) record: RecordId,
    pub(super) profile: String,
    pub(super) state: RecordState,
    /// Whether its card is recalled because its source withdrew it.
    pub(super) recalled: bool,
    /// Whether a person withdrew it, and its source did not.
    pub(super) withdrawn_by_person: bool,
    /// Whether it is quarantined because its photo was deleted.
    pub(super) photo_deleted: bool,
    /// The digest of body and photo.
    pub(super) digest: Vec<u8>,
    /// Hashes of the body's values, if a row of this file wrote the body.
    pub(super) hashes: Option<Vec<u32>>,
}

impl Request {
    pub(super) fn as_known(&self) -> KnownRequest<'_> {
        KnownRequest { profile: &self.profile, state: self.state }
    }

    /// Whether its source has withdrawn it, or would have, or its photo was deleted, so that a print-ready row may
    /// restore it.
    pub(super) fn may_be_restored(&self) -> bool {
        let is_aside = matches!(self.state, RecordState::Withdrawn | RecordState::Held);
        self.recalled || self.photo_deleted || (is_aside && !self.withdrawn_by_person)
    }
}

/// The requests that a chunk's rows name, and the records of its persons that count. A dry run, of which nothing is in the
/// database, keeps what later rows of the file may need.
#[derive(Default)]
pub(super) struct Known {
    requests: HashMap<String, Request>,
    persons: HashMap<Digest, Vec<(RecordId, OtherRecord)>>,
    person_of: HashMap<RecordId, Digest>,
    /// The records of persons that were read for this chunk.
    read: Vec<RecordId>,
    /// The records that a row changed: what the database says of them is past.
    changed: HashSet<RecordId>,
    /// The persons whose slot is occupied by a request that is forgotten.
    occupied: HashSet<Digest>,
}

impl Known {
    /// Adds a record of the database, unless an earlier row wrote it.
    pub(super) fn add_stored(&mut self, row: StoredRow) {
        let StoredRow { id, request_id, profile, state, recalled, withdrawn_by_person, photo_deleted, digest } = row;
        let hashes = None;
        let request =
            Request { record: id, profile, state, recalled, withdrawn_by_person, photo_deleted, digest, hashes };
        self.requests.entry(request_id).or_insert(request);
    }

    /// Adds a person's record of the database, unless it is known.
    pub(super) fn add_stored_person(&mut self, person: Digest, record: RecordId, other: OtherRecord) {
        if self.changed.contains(&record) {
            return;
        }
        if let Entry::Vacant(entry) = self.person_of.entry(record) {
            entry.insert(person);
            self.read.push(record);
            self.persons.entry(person).or_default().push((record, other));
        }
    }

    pub(super) fn request(&self, request_id: &str) -> Option<&Request> {
        self.requests.get(request_id)
    }

    /// The records of a person that count, without `except`.
    pub(super) fn records_of(&self, person: &Digest, except: Option<RecordId>) -> Vec<OtherRecord> {
        let records = self.persons.get(person).into_iter().flatten();
        let forgotten =
            self.occupied.contains(person).then_some(OtherRecord { state: RecordState::Waiting, surrendered: false });
        records.filter(|(record, _)| Some(*record) != except).map(|(_, other)| *other).chain(forgotten).collect()
    }

    /// Sets the body that a row wrote, under its person.
    pub(super) fn write(&mut self, request_id: String, person: Digest, request: Request) {
        let (record, state) = (request.record, request.state);
        self.remove_of_person(record);
        self.person_of.insert(record, person);
        self.add_of_person(record, state);
        if self.requests.insert(request_id, request).is_some() {
            self.changed.insert(record);
        }
    }

    /// Sets the state of a known request, and whether its card is recalled.
    pub(super) fn set_state(&mut self, request_id: &str, (state, recalled): (RecordState, bool)) {
        let Some(request) = self.requests.get_mut(request_id) else { return };
        (request.state, request.recalled) = (state, recalled);
        (request.withdrawn_by_person, request.photo_deleted) = (false, false);
        let record = request.record;
        // The person is not known if only a withdrawal names the record; the database knows whether it occupies the slot then.
        if self.person_of.contains_key(&record) || !state.occupies_slot() {
            self.changed.insert(record);
        }
        self.remove_of_person(record);
        self.add_of_person(record, state);
    }

    /// Forgets, after a chunk of a dry run, what was read from the database, and the chunk's requests that the list names once, but for
    /// whether they occupy their person's slot. Returns the records that are forgotten.
    pub(super) fn forget(&mut self, request_ids: &[String], repeats: &Repeats) -> Vec<RecordId> {
        let mut forgotten = Vec::new();
        for request_id in request_ids.iter().filter(|id| !repeats.contains(id)) {
            let Some(request) = self.requests.remove(request_id) else { continue };
            let is_written = request.hashes.is_some() || self.changed.contains(&request.record);
            if is_written && request.state.occupies_slot() {
                self.occupied.extend(self.person_of.get(&request.record));
            }
            self.remove_of_person(request.record);
            self.person_of.remove(&request.record);
            forgotten.push(request.record);
        }
        for record in std::mem::take(&mut self.read) {
            if !self.changed.contains(&record) {
                self.remove_of_person(record);
                self.person_of.remove(&record);
            }
        }
        forgotten
    }

    fn remove_of_person(&mut self, record: RecordId) {
        let Some(person) = self.person_of.get(&record) else { return };
        if let Entry::Occupied(mut records) = self.persons.entry(*person) {
            records.get_mut().retain(|(known, _)| *known != record);
            if records.get().is_empty() {
                records.remove();
            }
        }
    }

    fn add_of_person(&mut self, record: RecordId, state: RecordState) {
        let other = OtherRecord { state, surrendered: false };
        if let Some(person) = self.person_of.get(&record).filter(|_| other.counts()) {
            self.persons.entry(*person).or_default().push((record, other));
        }
    }

    /// The records whose body a row wrote.
    pub(super) fn written(&self) -> Vec<i64> {
        let written = self.requests.values().filter(|request| request.hashes.is_some());
        written.map(|request| request.record.0).collect()
    }
}
