//! What an import does to records, so that it is known of each record and can be undone.

use std::collections::BTreeMap;

use super::report::{Import, Report};
use crate::{
    domain::{
        audit::Event,
        id::{ImportId, RecordId},
        import::shown_file_name,
        undo::ImportDeed,
    },
    store::{ImportCounts, NewImport, StoreError, Tx, keys::Digest},
};

/// The import as the database knows it, and what its open transaction did.
#[derive(Debug)]
pub(super) struct Deeds {
    /// The keyed digest of the list.
    digest: Digest,
    /// Its number, from its first transaction on.
    id: Option<ImportId>,
    /// The records that it added, of each transaction the first and the last.
    added: Vec<(RecordId, RecordId)>,
    /// Those of the open transaction.
    adding: Option<(RecordId, RecordId)>,
    /// What the open transaction did to records that were there before.
    changed: Vec<(RecordId, ImportDeed)>,
}

impl Deeds {
    pub(super) fn new(digest: Digest) -> Self {
        Self { digest, id: None, added: Vec::new(), adding: None, changed: Vec::new() }
    }

    /// The number of the import, which begins with its first transaction.
    pub(super) async fn begin(&mut self, tx: &mut Tx, import: &Import) -> Result<ImportId, StoreError> {
        if let Some(id) = self.id {
            return Ok(id);
        }
        let Import { source, profile, file_name, .. } = import;
        let file_name = &*shown_file_name(file_name);
        let id = tx.import_add(&NewImport { source, profile, file_name, digest: self.digest }).await?;
        Ok(*self.id.insert(id))
    }

    /// A record is added. Within a transaction, each has the number after the one before.
    pub(super) fn add(&mut self, record: RecordId) {
        let (first, _) = self.adding.unwrap_or((record, record));
        self.adding = Some((first, record));
    }

    /// A record is changed, unless the import added it itself. Of several changes, the last is saved.
    pub(super) fn change(&mut self, record: RecordId, deed: ImportDeed) {
        if !self.has_added(record) {
            self.changed.push((record, deed));
        }
    }

    /// The number of the import if it updates a record that it did not add: what that was is kept.
    pub(super) fn keeps(&self, record: RecordId, deed: ImportDeed) -> Option<ImportId> {
        let is_update = deed == ImportDeed::Updated && !self.has_added(record);
        self.id.filter(|_| is_update)
    }

    fn has_added(&self, record: RecordId) -> bool {
        self.added.iter().chain(&self.adding).any(|(first, last)| (*first..=*last).contains(&record))
    }

    /// Saves what the transaction did, with the numbers of all rows so far.
    pub(super) async fn save(&mut self, tx: &mut Tx, report: &Report, is_ended: bool) -> Result<(), StoreError> {
        let Some(id) = self.id else { return Ok(()) };
        tx.import_count(id, &counts(report), is_ended).await?;
        if is_ended {
            tx.audit(Event::new("import.ended", format!("import {id}")).with("rows", report.rows));
        }
        if let Some((first, last)) = self.adding.take() {
            tx.import_range_add(id, first, last).await?;
            self.added.push((first, last));
        }
        let changed: BTreeMap<RecordId, ImportDeed> = std::mem::take(&mut self.changed).into_iter().collect();
        tx.import_changes_add(id, &changed.into_iter().collect::<Vec<_>>()).await
    }
}

fn counts(report: &Report) -> ImportCounts {
    ImportCounts {
        rows: report.rows,
        accepted: report.accepted,
        updated: report.updated,
        known: report.known,
        quarantined: report.quarantined,
        withdrawn: report.withdrawn,
        restored: report.restored,
        refused: report.refused,
    }
}
