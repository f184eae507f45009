//! An import is undone: one person asks for it, and another confirms it. All of it is done in one transaction, so that there is a limit.

use serde::{Deserialize, Serialize};

use super::{
    act::{Act, RecordName},
    approval::Approval,
    correction::admission,
};
use crate::{
    domain::{
        audit::Event,
        id::ImportId,
        import::decision::Admission,
        pending::Target,
        permission::{Operation, Permit},
        reason::Reason,
        record::{OtherRecord, RecordView},
        refusal::{ImportRefusal, Refusal},
        transition::Transition,
        undo::{ImportDeed, UndoFate, Undone, fate, undo},
        value::Note,
    },
    engine::{
        Engine, EngineError,
        person::{BODY_FIELD, BodyColumns, PHOTO_FIELD, body_seal, differing, open_fields},
    },
    store::{EarlierBody, ImportLine, ImportState, ImportedRow, Tx, keys::hex},
};

/// The most records of one import that is undone.
const RECORDS_MAX: usize = 100_000;
/// The records that are read and saved at once.
const RECORDS_AT_ONCE: i64 = 500;

/// An import is undone: its new records are withdrawn, those that it updated, withdrew or restored are again what they were, cards that
/// exist are stopped at the check, and those that are handed over stay. A record that a later import changed stays as it is. The same list
/// can be imported again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct UndoImport {
    /// The import.
    pub import: ImportId,
    /// Why.
    pub note: Note,
}

impl Act for UndoImport {
    type Answer = ();
    const OPERATION: Operation = Operation::ImportUndo;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        self.apply(engine, &mut tx, Approval::Alone).await?;
        Ok(tx.commit().await?)
    }
}

impl UndoImport {
    pub(super) async fn target(&self, tx: &mut Tx) -> Result<Target, EngineError> {
        let line = import(tx, self.import).await?;
        let records = self.records(tx).await?.len();
        let version = format!("{records} records, {}", line.state.as_str());
        Ok(Target { name: format!("import {}", self.import), version, record: None })
    }

    /// How many records it was asked for, from the version of its target.
    pub(super) fn records_of(target_version: &str) -> Option<i64> {
        target_version.split_once(" records")?.0.parse().ok()
    }

    pub(super) async fn apply(&self, engine: &Engine, tx: &mut Tx, approval: Approval<'_>) -> Result<(), EngineError> {
        let line = import(tx, self.import).await?;
        if line.state == ImportState::Undone {
            return Err(refused(ImportRefusal::Undone { import: self.import }));
        }
        let mut done = [0_i64; UndoFate::ALL.len()];
        let mut count = |fate: UndoFate| {
            if let Some(at) = UndoFate::ALL.iter().position(|known| *known == fate) {
                done[at] += 1;
            }
        };
        // What is withdrawn makes room for what its person had before. It is saved together, as cost depends on the number of statements.
        let is_taken_back = |row: &ImportedRow| matches!(row.imported.deed, ImportDeed::Added | ImportDeed::Restored);
        let (taken_back, reverted): (Vec<_>, Vec<_>) = self.records(tx).await?.into_iter().partition(is_taken_back);
        for rows in taken_back.chunks(usize::try_from(RECORDS_AT_ONCE).unwrap_or(1)) {
            let mut transitions = Vec::new();
            for row in rows {
                count(self.undo_one(engine, tx, row, &mut transitions).await?);
            }
            tx.save(transitions).await?;
        }
        for row in &reverted {
            let mut transitions = Vec::new();
            count(self.undo_one(engine, tx, row, &mut transitions).await?);
            tx.save(transitions).await?;
        }
        let [withdrawn, reverted, stopped, ..] = done;
        if withdrawn + reverted + stopped == 0 {
            return Err(refused(ImportRefusal::Nothing { import: self.import }));
        }
        tx.import_undone(self.import).await?;
        let subject = format!("import {}", self.import);
        let event = Event::new("import.undone", subject).with("source", &line.source).with("note", &self.note);
        let counted = UndoFate::ALL.iter().zip(done).filter(|(_, number)| *number > 0);
        let event = counted.fold(event, |event, (fate, number)| event.with(fate.key(), number));
        tx.audit(approval.mark(event));
        tx.announce();
        Ok(())
    }

    /// All records of the import, by number.
    async fn records(&self, tx: &mut Tx) -> Result<Vec<ImportedRow>, EngineError> {
        let (mut all, mut after) = (Vec::new(), 0);
        loop {
            let page = tx.import_records(self.import, after, RECORDS_AT_ONCE).await?;
            let Some(last) = page.last() else { return Ok(all) };
            after = last.id.0;
            all.extend(page);
            if all.len() > RECORDS_MAX {
                let most = i64::try_from(RECORDS_MAX).unwrap_or(i64::MAX);
                return Err(refused(ImportRefusal::TooLarge { import: self.import, most }));
            }
        }
    }

    /// Undoes what the import did to a record. A change of its state alone is added to `transitions`.
    async fn undo_one(
        &self,
        engine: &Engine,
        tx: &mut Tx,
        row: &ImportedRow,
        transitions: &mut Vec<Transition>,
    ) -> Result<UndoFate, EngineError> {
        let mut imported = row.imported;
        if matches!(fate(imported), UndoFate::HandedOver | UndoFate::Kept) {
            return Ok(fate(imported));
        }
        let view = tx.record_view(row.id).await?;
        let mut earlier = None;
        if imported.has_earlier && imported.deed == ImportDeed::Updated {
            earlier = earlier_body(engine, tx, row, &view.profile).await?;
            imported.has_earlier = earlier.is_some();
        }
        let admission = match (&earlier, imported.deed) {
            (Some(earlier), _) => earlier_admission(engine, tx, &view, earlier).await?,
            (None, ImportDeed::Withdrawn) => {
                let name = RecordName { source: row.source.clone(), request_id: row.request_id.clone() };
                admission(engine, tx, &view, &name).await?
            }
            // It is withdrawn.
            (None, _) => Ok(()),
        };
        match undo(self.import, imported, &view, &admission)? {
            Undone::Nothing => return Ok(UndoFate::Kept),
            Undone::State(transition) => transitions.push(transition),
            Undone::Body(transition) => {
                let Some(earlier) = earlier else { return Ok(UndoFate::Kept) };
                let takes_slot = transition.record.as_ref().is_none_or(|change| change.to.occupies_slot());
                // The person's place is acquired with the body, and was released before it.
                if takes_slot {
                    tx.earlier_body_return(&earlier).await?;
                    tx.save(vec![transition]).await?;
                } else {
                    tx.save(vec![transition]).await?;
                    tx.earlier_body_return(&earlier).await?;
                }
            }
        }
        Ok(fate(imported))
    }
}

/// What the record was before the import, if it was not changed behind the program's back.
async fn earlier_body(
    engine: &Engine,
    tx: &mut Tx,
    row: &ImportedRow,
    profile: &str,
) -> Result<Option<EarlierBody>, EngineError> {
    let Some(earlier) = tx.earlier_body(row.id).await? else { return Ok(None) };
    let keys = engine.store.keys();
    let Ok(person) = open_fields(keys, &row.source, &row.request_id, &earlier.body.sealed) else { return Ok(None) };
    let body = &earlier.body;
    let columns = BodyColumns {
        profile,
        kind: &body.kind,
        district: &body.district,
        village: &body.village,
        requested_at_us: body.requested_at_us,
        verified_at_us: body.verified_at_us,
        person_key: &body.person_key,
        digest: &body.digest,
    };
    let is_photo_own = earlier.photo.as_ref().is_none_or(|photo| hex(photo) == person.reveal(PHOTO_FIELD));
    let is_own = is_photo_own && differing(person.reveal(BODY_FIELD), &body_seal(keys, &columns)).is_none();
    Ok(is_own.then_some(earlier))
}

/// Whether the record may be on the waiting list with the body that it had before.
async fn earlier_admission(
    engine: &Engine,
    tx: &mut Tx,
    view: &RecordView,
    earlier: &EarlierBody,
) -> Result<Result<(), Reason>, EngineError> {
    let profile = engine.profile(&view.profile)?;
    let replaces = profile.kind(&earlier.body.kind).is_some_and(|kind| kind.replaces);
    let found = tx.records_after_slots(&view.profile, &[(earlier.body.person_key, -1)]).await?;
    let others: Vec<OtherRecord> =
        found.into_iter().filter(|(_, id, _)| *id != view.id).map(|(_, _, other)| other).collect();
    Ok(Admission::decide(replaces, &others, Ok(()), None).rule())
}

async fn import(tx: &mut Tx, import: ImportId) -> Result<ImportLine, EngineError> {
    tx.import_get(import).await?.ok_or_else(|| refused(ImportRefusal::NoImport { import }))
}

fn refused(refusal: ImportRefusal) -> EngineError {
    Refusal::Import(refusal).into()
}
