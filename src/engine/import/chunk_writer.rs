//! Writes chunks of an import in a transaction. In a dry run, keeps the decided states in memory instead.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{
    deeds::Deeds,
    photos::Photo,
    prepare::Ready,
    report::{Import, Report},
};
use crate::{
    domain::{
        audit::Event,
        card::profile::CardProfile,
        id::{PhotoId, RecordId},
        permission::Permit,
        reason::Reason,
        record::{RecordState, RecordView},
        refusal::Refusal,
        transition::Transition,
        undo::ImportDeed,
    },
    engine::{Engine, EngineError, person_rule},
    store::{NewPhoto, NewRecord, PersonRule, Tx, keys::Digest},
};

/// Records in the state that a dry run would have left them.
pub(super) type DryRecords = HashMap<RecordId, RecordView>;

/// Writes chunks. New records are collected and inserted together; everything that reads or changes a record inserts
/// them first.
pub(super) struct ChunkWriter {
    import: Arc<Import>,
    tx: Tx,
    /// The records of a dry run, whose transaction cannot write; `None` in a real import.
    dry: Option<DryRecords>,
    new_records: Vec<NewRecord>,
    photos: Photos,
    /// How the identifiers of the profile are compared, if these are its first records.
    first_rule: Option<PersonRule>,
    /// What the import does, for its undoing.
    deeds: Deeds,
}

/// The photos of a chunk.
#[derive(Default)]
struct Photos {
    /// Sealed photos of the chunk. One that was stored may be purged and needed again.
    new: HashMap<Digest, NewPhoto>,
    /// Row ids of stored photos. Cleared when a transition is saved, because it may purge a photo that no record uses
    /// any more.
    stored: HashMap<Digest, PhotoId>,
    /// The number of new records that use each photo, by photo id.
    uses: BTreeMap<i64, i64>,
}

impl ChunkWriter {
    /// Begins the transaction. `dry` has the records of earlier chunks of a dry run. Refused if identifiers of the profile are
    /// compared by another rule in the database.
    pub(super) async fn begin(
        (engine, permit): (&Engine, &Permit),
        (import, profile): (Arc<Import>, &CardProfile),
        (dry, mut deeds): (DryRecords, Deeds),
    ) -> Result<Self, EngineError> {
        let (mut tx, dry) =
            if import.dry_run { (engine.store.read().await?, Some(dry)) } else { (engine.write(permit).await?, None) };
        let mut first_rule = None;
        if !import.dry_run {
            first_rule = person_rule::for_import(&mut tx, profile).await?;
            deeds.begin(&mut tx, &import).await?;
        }
        Ok(Self { import, tx, dry, new_records: Vec::new(), photos: Photos::default(), first_rule, deeds })
    }

    /// Sets the photos of the next chunk.
    pub(super) fn set_photos(&mut self, photos: Vec<NewPhoto>) {
        self.photos.new = photos.into_iter().map(|photo| (photo.digest, photo)).collect();
    }

    /// The transaction, for reading.
    pub(super) fn tx(&mut self) -> &mut Tx {
        &mut self.tx
    }

    /// The record as the earlier rows left it.
    pub(super) async fn view(&mut self, record: RecordId) -> Result<RecordView, EngineError> {
        if let Some(view) = self.dry.as_ref().and_then(|records| records.get(&record)) {
            return Ok(view.clone());
        }
        self.insert_records().await?;
        Ok(self.tx.record_view(record).await?)
    }

    /// Adds a new record; `reason` is the reason of its quarantine.
    pub(super) async fn add(
        &mut self,
        id: RecordId,
        ready: Ready,
        state: RecordState,
        reason: Option<Reason>,
    ) -> Result<(), EngineError> {
        if let Some(records) = &mut self.dry {
            let subject = format!("record {}/{}", self.import.source, ready.request_id);
            let view = RecordView::imported(id, subject, self.import.profile.clone(), ready.kind, state);
            records.insert(id, view);
            return Ok(());
        }
        let record = self.new_record(id, ready, state, reason).await?;
        self.new_records.push(record);
        self.deeds.add(id);
        Ok(())
    }

    /// Applies a transition to the record of `view`.
    pub(super) async fn apply(
        &mut self,
        mut view: RecordView,
        transition: Transition,
        deed: ImportDeed,
    ) -> Result<(), EngineError> {
        if let Some(records) = &mut self.dry {
            view.apply(&transition);
            records.insert(view.id, view);
            return Ok(());
        }
        self.deeds.change(view.id, deed);
        self.save(transition).await
    }

    /// Applies a transition to the record of `view` and gives it the row's body. `state` is the state after it.
    pub(super) async fn rewrite(
        &mut self,
        mut view: RecordView,
        transition: Transition,
        (ready, state): (Ready, RecordState),
        deed: ImportDeed,
    ) -> Result<(), EngineError> {
        if self.dry.is_some() {
            view.version += 1;
            return self.apply(view, transition, deed).await;
        }
        let keeps = self.deeds.keeps(view.id, deed);
        self.deeds.change(view.id, deed);
        let body = self.new_record(view.id, ready, state, None).await?;
        self.count_photos().await?;
        // The person's slot is acquired with the new body only, and was released before it.
        if state.occupies_slot() {
            self.tx.record_rewrite(&body, keeps).await?;
            self.save(transition).await
        } else {
            self.save(transition).await?;
            Ok(self.tx.record_rewrite(&body, keeps).await?)
        }
    }

    /// Forgets records of a dry run.
    pub(super) fn forget(&mut self, records: &[RecordId]) {
        for record in records {
            self.dry.as_mut().and_then(|dry| dry.remove(record));
        }
    }

    /// Writes what was collected, so that the transaction reads it.
    pub(super) async fn flush(&mut self) -> Result<(), EngineError> {
        self.insert_records().await
    }

    /// Commits the chunks with their audit event and the numbers of all rows so far; returns the records of a dry run.
    pub(super) async fn commit(
        mut self,
        event: Option<Event>,
        (report, is_ended): (&Report, bool),
    ) -> Result<(DryRecords, Deeds), EngineError> {
        if let Some(records) = self.dry {
            return Ok((records, self.deeds));
        }
        self.insert_records().await?;
        self.deeds.save(&mut self.tx, report, is_ended).await?;
        if let Some(mut event) = event {
            if let Some(rule) = self.first_rule {
                event = event.with("identifier_rule", &rule.rule);
                self.tx.person_rule_set(&self.import.profile, &rule).await?;
            }
            self.tx.audit(event);
        }
        self.tx.commit().await?;
        Ok((DryRecords::new(), self.deeds))
    }

    async fn save(&mut self, transition: Transition) -> Result<(), EngineError> {
        self.tx.save(vec![transition]).await?;
        self.photos.stored.clear();
        Ok(())
    }

    async fn insert_records(&mut self) -> Result<(), EngineError> {
        if !self.new_records.is_empty() {
            let records = std::mem::take(&mut self.new_records);
            self.tx.records_add(&self.import.source, &self.import.profile, records).await?;
        }
        self.count_photos().await
    }

    async fn count_photos(&mut self) -> Result<(), EngineError> {
        let uses = std::mem::take(&mut self.photos.uses);
        let uses: Vec<(PhotoId, i64)> = uses.into_iter().map(|(id, uses)| (PhotoId(id), uses)).collect();
        Ok(self.tx.photos_use(&uses).await?)
    }

    async fn new_record(
        &mut self,
        id: RecordId,
        ready: Ready,
        state: RecordState,
        reason: Option<Reason>,
    ) -> Result<NewRecord, EngineError> {
        let photo = match &ready.photo {
            Some(photo) => Some(self.photo(photo).await?),
            None => None,
        };
        if let Some(photo) = photo {
            *self.photos.uses.entry(photo.0).or_default() += 1;
        }
        Ok(NewRecord {
            id,
            request_id: ready.request_id,
            state,
            reason: reason.map(|reason| reason.to_stored()),
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
            words: ready.words,
        })
    }

    /// The row id of the photo, which is stored first if the database does not have it.
    async fn photo(&mut self, photo: &Photo) -> Result<PhotoId, EngineError> {
        if let Some(known) = self.photos.stored.get(&photo.digest) {
            return Ok(*known);
        }
        let stored = if let Some(stored) = self.tx.photo_find(&photo.digest).await? {
            stored
        } else {
            // The sealed bytes came with the chunk, unless the file changed, or another process purged the photo just now.
            let Some(new) = self.photos.new.get(&photo.digest) else {
                return Err(Refusal::PhotoChanged.into());
            };
            self.tx.photo_add(new).await?
        };
        self.photos.stored.insert(photo.digest, stored);
        Ok(stored)
    }
}
