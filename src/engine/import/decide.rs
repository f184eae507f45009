//! Decides each row from what is known of its request and its person, and saves chunks of rows.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    chunk_writer::{ChunkWriter, DryRecords},
    crowds::Crowds,
    deeds::Deeds,
    differences::Differences,
    known::{Known, Request},
    photos::{Photo, PhotoPlace, read_again},
    prepare::{Chunk, ChunkSize, Prepared, Ready, ValueHasher},
    repeats::Repeats,
    report::{DecidedRow, Import, Report, Watch},
    transaction::{Open, RowLimit},
};
use crate::{
    domain::{
        audit::Event,
        card::profile::CardProfile,
        id::RecordId,
        import::{
            Judgement, Layout, RowOutcome,
            decision::{Admission, UpdateRefused, may_restore, may_update, may_withdraw},
            judge,
        },
        permission::Permit,
        ranges::ranges,
        reason::{Reason, StoredReason},
        record::{Recall, RecordState, RecordView, update},
        refusal::Refusal,
        transition::Transition,
        undo::ImportDeed,
        withdrawal::{restore, withdraw},
    },
    engine::{Engine, EngineError, sent_elsewhere::SentElsewhere},
    store::{Tx, keys::Digest},
};

/// Decides the rows of one file.
pub(super) struct Decider<'a> {
    engine: &'a Engine,
    permit: &'a Permit,
    import: Arc<Import>,
    photos: PhotoPlace,
    /// The request ids that a dry run remembers.
    repeats: Repeats,
    differences: Differences,
    chunk_size: ChunkSize,
    known: Known,
    crowds: Crowds,
    /// The records that another database of the site has sent to a printer.
    sent: SentElsewhere,
    dry_records: DryRecords,
    /// What the import does; `None` while a transaction is open, which has it.
    deeds: Option<Deeds>,
    open: Option<Open>,
    row_limit: RowLimit,
    /// The number of the next new record.
    next_id: i64,
}

impl<'a> Decider<'a> {
    pub(super) fn new(
        (engine, permit): (&'a Engine, &'a Permit),
        layout: Layout,
        profile: Arc<CardProfile>,
        (import, repeats, photos): (Import, Repeats, PhotoPlace),
        (hasher, chunk_size): (ValueHasher, ChunkSize),
        digest: Digest,
    ) -> Self {
        Self {
            engine,
            permit,
            import: Arc::new(import),
            photos,
            repeats,
            differences: Differences { layout, profile, hasher },
            chunk_size,
            known: Known::default(),
            crowds: Crowds::new(),
            sent: SentElsewhere::default(),
            dry_records: DryRecords::new(),
            deeds: Some(Deeds::new(digest)),
            open: None,
            row_limit: RowLimit::new(),
            next_id: 0,
        }
    }

    /// Decides a chunk in the open transaction, or in a new one, and counts its rows in `report`.
    pub(super) async fn chunk(
        &mut self,
        chunk: Chunk,
        report: &mut Report,
        watch: &mut dyn Watch,
    ) -> Result<(), EngineError> {
        let mut chunk = chunk;
        let missing = if self.import.dry_run { Vec::new() } else { self.photos_missing(&chunk).await? };
        if !missing.is_empty() {
            self.commit((report, false), watch).await?; // a write transaction does not wait for files
            let (keys, entropy) = (self.engine.store.keys(), &*self.engine.entropy);
            let read = |photo: &Photo| read_again(&self.photos, photo, keys, entropy);
            chunk.photos.extend(missing.iter().filter_map(read));
        }
        let mut open = self.open(report).await?;
        open.writer.set_photos(chunk.photos);
        let began = self.engine.clock.elapsed();
        let rows = chunk.rows.len();
        self.look_up(open.writer.tx(), &chunk.rows).await?;
        self.sent = SentElsewhere::read(self.engine, open.writer.tx(), false).await?;
        self.next_id = self.next_id.max(open.writer.tx().record_next_id().await?);
        let mut named = Vec::new();
        for prepared in chunk.rows {
            let (place, request_id) = match &prepared {
                Prepared::Ready(ready) => (ready.place, ready.request_id.clone()),
                Prepared::NotReady { place, request_id, .. } | Prepared::Refused { place, request_id, .. } => {
                    (*place, request_id.clone())
                }
            };
            let outcome = self.decide(&mut open.writer, prepared, report).await?;
            report.count(&outcome, place, &request_id);
            if self.import.dry_run {
                named.push(request_id.clone());
            }
            if watch.wants(&outcome) {
                open.decided.push(DecidedRow { place, request_id, outcome });
            }
        }
        open.add_chunk(rows, chunk.bytes);
        if self.import.dry_run {
            open.writer.forget(&self.known.forget(&named, &self.repeats));
        } else {
            open.writer.flush().await?;
            self.chunk_size.took(rows, self.engine.clock.elapsed().saturating_sub(began));
            open.written.extend(self.known.written());
            self.known = Known::default();
        }
        self.open = Some(open);
        Ok(())
    }

    /// Whether the transaction must be committed before the next chunk.
    pub(super) async fn is_due(&mut self) -> Result<bool, EngineError> {
        let Some(open) = &mut self.open else { return Ok(false) };
        if self.import.dry_run {
            return Ok(true);
        }
        open.waited_for = open.writer.tx().is_waited_for().await?;
        Ok(open.waited_for || open.is_full(&self.row_limit, self.engine.clock.elapsed()))
    }

    /// Ends the import with its list.
    pub(super) async fn end(&mut self, report: &Report, watch: &mut dyn Watch) -> Result<(), EngineError> {
        if !self.import.dry_run {
            let open = self.open(report).await?;
            self.open = Some(open);
        }
        self.commit((report, true), watch).await
    }

    /// Commits the open transaction, if there is one, and reports its rows.
    pub(super) async fn commit(
        &mut self,
        (report, is_ended): (&Report, bool),
        watch: &mut dyn Watch,
    ) -> Result<(), EngineError> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        let (event, rows, bytes) = (self.event(&mut open, report), open.rows(), open.bytes());
        let began = self.engine.clock.elapsed();
        let (dry_records, deeds) = open.writer.commit(event, (report, is_ended)).await?;
        (self.dry_records, self.deeds) = (dry_records, Some(deeds));
        self.row_limit.ended(rows, self.engine.clock.elapsed().saturating_sub(began), open.waited_for);
        self.engine.store.others_first().await;
        // After the commit: a file, pipe or terminal that is slow must not keep other processes from writing.
        let failed = |source| EngineError::Write { what: "the outcome of rows".into(), source };
        watch.saved(open.decided, bytes, report.rows).await.map_err(failed)
    }

    /// The open transaction, or a new one.
    async fn open(&mut self, report: &Report) -> Result<Open, EngineError> {
        if let Some(open) = self.open.take() {
            return Ok(open);
        }
        let dry_records = std::mem::take(&mut self.dry_records);
        // An import whose transaction failed has ended.
        let deeds = self.deeds.take().ok_or(Refusal::ReadingFailed)?;
        let writer = ChunkWriter::begin(
            (self.engine, self.permit),
            (self.import.clone(), &self.differences.profile),
            (dry_records, deeds),
        )
        .await?;
        Ok(Open::new(writer, report.clone(), self.engine.clock.elapsed()))
    }

    /// The photos that must be read again: an earlier chunk had them and did not store them, because it refused their rows,
    /// or they were purged since.
    async fn photos_missing(&mut self, chunk: &Chunk) -> Result<Vec<Photo>, EngineError> {
        let mut named: HashMap<Digest, &Photo> = HashMap::new();
        for row in &chunk.rows {
            if let Prepared::Ready(ready) = row
                && let Some(photo) = &ready.photo
            {
                named.insert(photo.digest, photo);
            }
        }
        for photo in &chunk.photos {
            named.remove(&photo.digest);
        }
        if !named.is_empty() && !self.may_purge(chunk).await? {
            let digests: Vec<Digest> = named.keys().copied().collect();
            let stored = match &mut self.open {
                Some(open) => open.writer.tx().photos_stored(&digests).await?,
                None => self.engine.store.read().await?.photos_stored(&digests).await?,
            };
            for at in stored {
                named.remove(&digests[at]);
            }
        }
        Ok(named.into_values().cloned().collect())
    }

    /// Whether a row of the chunk may purge a photo that is stored now: an update, or a withdrawal of a record that is known or is
    /// added by the chunk.
    async fn may_purge(&mut self, chunk: &Chunk) -> Result<bool, EngineError> {
        let mut ready: HashSet<&str> = HashSet::new();
        let mut not_ready: Vec<&str> = Vec::new();
        for row in &chunk.rows {
            match row {
                Prepared::Ready(row) => drop(ready.insert(&row.request_id)),
                Prepared::NotReady { request_id, .. } => not_ready.push(request_id),
                Prepared::Refused { .. } => {}
            }
        }
        if self.import.update || not_ready.iter().any(|id| ready.contains(id)) {
            return Ok(true);
        }
        if not_ready.is_empty() {
            return Ok(false);
        }
        let known = match &mut self.open {
            Some(open) => open.writer.tx().records_find(&self.import.source, &not_ready).await?,
            None => self.engine.store.read().await?.records_find(&self.import.source, &not_ready).await?,
        };
        Ok(!known.is_empty())
    }

    /// Reads the requests and persons of the chunk's rows from the database.
    async fn look_up(&mut self, tx: &mut Tx, rows: &[Prepared]) -> Result<(), EngineError> {
        let mut ids: Vec<&str> = Vec::new();
        let mut persons: Vec<Digest> = Vec::new();
        for prepared in rows {
            match prepared {
                Prepared::Ready(ready) => {
                    ids.push(&ready.request_id);
                    persons.push(ready.person_key);
                }
                Prepared::NotReady { request_id, .. } => ids.push(request_id),
                Prepared::Refused { .. } => {}
            }
        }
        for row in tx.records_find(&self.import.source, &ids).await? {
            self.known.add_stored(row);
        }
        Ok(self.crowds.read(tx, &self.import.profile, persons, &mut self.known).await?)
    }

    async fn decide(
        &mut self,
        writer: &mut ChunkWriter,
        row: Prepared,
        report: &mut Report,
    ) -> Result<RowOutcome, EngineError> {
        match row {
            Prepared::Refused { rejection, .. } => Ok(RowOutcome::Refused(rejection)),
            Prepared::NotReady { request_id, status, .. } => self.not_ready(writer, &request_id, &status).await,
            Prepared::Ready(ready) => {
                let known = self.known.request(&ready.request_id);
                let judgement = judge(known.map(|known| known.digest.as_slice()), &ready.digest);
                if judgement != Judgement::Known {
                    for warning in &ready.warnings {
                        report.warn(*warning, ready.place, &ready.request_id);
                    }
                }
                match judgement {
                    Judgement::Known if known.is_some_and(Request::may_be_restored) => {
                        self.restore(writer, *ready).await
                    }
                    Judgement::Known => Ok(RowOutcome::Known),
                    Judgement::New => self.add(writer, *ready).await,
                    Judgement::Differs => self.differs(writer, *ready).await,
                }
            }
        }
    }

    async fn not_ready(
        &mut self,
        writer: &mut ChunkWriter,
        request_id: &str,
        status: &str,
    ) -> Result<RowOutcome, EngineError> {
        let known = self.known.request(request_id);
        if let Err(rejection) = may_withdraw(known.map(Request::as_known), &self.import.profile, status) {
            return Ok(RowOutcome::Refused(rejection));
        }
        let is_known = |known: &&Request| known.state != RecordState::Withdrawn || known.withdrawn_by_person;
        let Some(record) = known.filter(is_known).map(|known| known.record) else {
            return Ok(RowOutcome::Known);
        };
        let view = writer.view(record).await?;
        let Some(transition) = withdraw(&view, status)? else { return Ok(RowOutcome::Known) };
        self.change_state(writer, request_id, (view, transition), ImportDeed::Withdrawn).await?;
        Ok(RowOutcome::Withdrawn)
    }

    /// Takes back the withdrawal of a record that its source lists as print-ready again. A withdrawn record has lost its photo, and
    /// a quarantined one may have, so it gets its body again.
    async fn restore(&mut self, writer: &mut ChunkWriter, mut ready: Ready) -> Result<RowOutcome, EngineError> {
        let Some(known) = self.known.request(&ready.request_id) else { return Ok(RowOutcome::Known) };
        if let Err(rejection) = may_restore(known.as_known(), &self.import.profile) {
            return Ok(RowOutcome::Refused(rejection));
        }
        let record = known.record;
        let admission = self.admission(&ready, Some(record));
        let view = writer.view(record).await?;
        let Some(transition) = restore(&view, &admission.rule()) else { return Ok(RowOutcome::Known) };
        let (state, reason) = after(&view, &transition);
        if state == RecordState::Withdrawn {
            // A person withdrew it too.
            self.change_state(writer, &ready.request_id, (view, transition), ImportDeed::Restored).await?;
            return Ok(RowOutcome::Known);
        }
        let state = if matches!(view.state, RecordState::Withdrawn | RecordState::Quarantined) {
            let (request_id, person) = (ready.request_id.clone(), ready.person_key);
            let request = self.request(&mut ready, record, state);
            writer.rewrite(view, transition, (ready, state), ImportDeed::Restored).await?;
            self.known.write(request_id, person, request);
            state
        } else {
            self.change_state(writer, &ready.request_id, (view, transition), ImportDeed::Restored).await?
        };
        Ok(if state == RecordState::Quarantined { RowOutcome::Quarantined(reason) } else { RowOutcome::Restored })
    }

    /// Applies a transition that leaves the body; returns the state after it.
    async fn change_state(
        &mut self,
        writer: &mut ChunkWriter,
        request_id: &str,
        (view, transition): (RecordView, Transition),
        deed: ImportDeed,
    ) -> Result<RecordState, EngineError> {
        let mut after = view.clone();
        after.apply(&transition);
        writer.apply(view, transition, deed).await?;
        self.known.set_state(request_id, (after.state, after.stop == Some(Recall::Withdrawn)));
        Ok(after.state)
    }

    async fn add(&mut self, writer: &mut ChunkWriter, mut ready: Ready) -> Result<RowOutcome, EngineError> {
        let admission = self.admission(&ready, None);
        let record = RecordId(self.next_id);
        self.next_id += 1;
        let (request_id, person) = (ready.request_id.clone(), ready.person_key);
        let request = self.request(&mut ready, record, admission.state());
        writer.add(record, ready, admission.state(), admission.rule().err()).await?;
        self.known.write(request_id, person, request);
        Ok(admission.rule().map_or_else(|reason| RowOutcome::Quarantined(Some(reason)), |()| RowOutcome::Accepted))
    }

    async fn differs(&mut self, writer: &mut ChunkWriter, mut ready: Ready) -> Result<RowOutcome, EngineError> {
        let Some(known) = self.known.request(&ready.request_id) else { return Ok(RowOutcome::Known) };
        if let Err(refused) = may_update(known.as_known(), &self.import.profile, self.import.update) {
            let fields = match refused {
                UpdateRefused::OtherProfile => String::new(),
                UpdateRefused::HandedOver | UpdateRefused::NoUpdate => {
                    self.differences.fields(self.engine, writer.tx(), &ready, known).await?
                }
            };
            return Ok(RowOutcome::Refused(refused.rejection(fields)));
        }
        let record = known.record;
        let admission = self.admission(&ready, Some(record));
        let view = writer.view(record).await?;
        let transition = update(&view, &admission.rule())?;
        let (state, reason) = after(&view, &transition);
        if let Err(rejection) = admission.check_update(state, &self.differences.profile.identifier.column) {
            return Ok(RowOutcome::Refused(rejection));
        }
        if state == RecordState::Withdrawn {
            ready.photo = None; // a person withdrew it, so no photo is needed
        }
        let (request_id, person) = (ready.request_id.clone(), ready.person_key);
        let request = self.request(&mut ready, record, state);
        writer.rewrite(view, transition, (ready, state), ImportDeed::Updated).await?;
        self.known.write(request_id, person, request);
        Ok(if state == RecordState::Quarantined { RowOutcome::Quarantined(reason) } else { RowOutcome::Updated })
    }

    /// Whether the row's body may join the waiting list, given the other records of its person.
    fn admission(&self, ready: &Ready, own: Option<RecordId>) -> Admission {
        let others = self.known.records_of(&ready.person_key, own);
        let sent = self.sent.reason(self.engine, &self.import.source, &ready.request_id).cloned();
        Admission::decide(ready.replaces, &others, ready.is_sound(), sent)
    }

    /// The request after the row. Moves the row's hashes out of it.
    fn request(&self, ready: &mut Ready, record: RecordId, state: RecordState) -> Request {
        let hashes = Some(std::mem::take(&mut ready.hashes));
        let (profile, digest) = (self.import.profile.clone(), ready.digest.to_vec());
        let (recalled, withdrawn_by_person, photo_deleted) = (false, false, false);
        Request { record, profile, state, recalled, withdrawn_by_person, photo_deleted, digest, hashes }
    }

    /// The audit event of a transaction; `None` if it changed nothing and refused nothing.
    fn event(&self, open: &mut Open, after: &Report) -> Option<Event> {
        let before = &open.before;
        let counts =
            |r: &Report| [r.rows, r.accepted, r.updated, r.known, r.quarantined, r.withdrawn, r.restored, r.refused];
        let names = ["rows", "accepted", "updated", "known", "quarantined", "withdrawn", "restored", "refused"];
        let mut event = Event::new("import.rows", format!("source {}", self.import.source))
            .with("profile", &self.import.profile)
            .with("first_row", before.rows + 1);
        for ((name, was), is) in names.into_iter().zip(counts(before)).zip(counts(after)) {
            if is > was {
                event = event.with(name, is - was);
            }
        }
        if !open.written.is_empty() {
            open.written.sort_unstable();
            open.written.dedup();
            event = event.with("records", ranges(&open.written));
        }
        (event.details.len() > 3).then_some(event)
    }
}

/// The state of a record after a transition, and the reason that the program gave for it.
fn after(view: &RecordView, transition: &Transition) -> (RecordState, Option<Reason>) {
    let Some(change) = &transition.record else { return (view.state, None) };
    let reason = match change.reason.as_deref().map(Reason::from_stored) {
        Some(StoredReason::Coded(reason)) => Some(reason),
        Some(StoredReason::Quoted(_)) | None => None,
    };
    (change.to, reason)
}
