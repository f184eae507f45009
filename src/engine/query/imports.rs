//! Imports of lists, and what each did to records.

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, Page, PageRequest, Query};
use crate::{
    domain::{
        id::ImportId,
        permission::Operation,
        refusal::{ImportRefusal, Refusal},
        states::RecordState,
        undo::{ImportDeed, UndoFate, fate},
    },
    store::{ImportLine, ImportState, ImportedRow, Tx},
};

/// The records of an import that are counted at most.
const COUNTED_MAX: usize = 100_000;
/// The records that are looked at for a page, and at once.
const LOOKED_MAX: usize = 5_000;
const LOOKED_AT_ONCE: i64 = 1_000;

/// Asks for imports, newest first.
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListImports {
    /// Which page.
    #[serde(default)]
    pub page: PageRequest,
}

impl Query for ListImports {
    type Answer = Page<ImportLine>;
    const OPERATION: Operation = Operation::ReportRead;

    async fn read(self, engine: &Engine) -> Result<Page<ImportLine>, EngineError> {
        let (before, limit) = self.page.range_down();
        let lines = engine.store.read().await?.import_list(before, limit).await?;
        Ok(Page::new(lines.into_iter().map(|line| (line.id.0, line)).collect(), self.page.limit))
    }
}

/// Asks for one import, and what undoing it would do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowImport {
    /// The import.
    pub import: ImportId,
}

/// An import, with what undoing it would do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ImportShown {
    /// The import.
    pub import: ImportLine,
    /// How many of its records would get each fate, without those that none would get. Empty if it was undone.
    pub would: Vec<FateCount>,
    /// Whether it has more records than were counted, and than can be undone.
    pub is_more: bool,
}

/// How many records would get a fate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FateCount {
    /// The fate.
    pub fate: UndoFate,
    /// How many.
    pub records: i64,
}

impl Query for ShowImport {
    type Answer = ImportShown;
    const OPERATION: Operation = Operation::ReportRead;

    async fn read(self, engine: &Engine) -> Result<ImportShown, EngineError> {
        let mut tx = engine.store.read().await?;
        let line = known(&mut tx, self.import).await?;
        if line.state == ImportState::Undone {
            return Ok(ImportShown { import: line, would: Vec::new(), is_more: false });
        }
        let (mut counts, mut counted, mut after) = ([0_i64; UndoFate::ALL.len()], 0, 0);
        while counted <= COUNTED_MAX {
            let rows = tx.import_records(self.import, after, LOOKED_AT_ONCE).await?;
            let Some(last) = rows.last() else { break };
            after = last.id.0;
            counted += rows.len();
            for row in &rows {
                let fate = fate(row.imported);
                counts[UndoFate::ALL.iter().position(|known| *known == fate).unwrap_or_default()] += 1;
            }
        }
        let would = UndoFate::ALL.into_iter().zip(counts).filter(|(_, records)| *records > 0);
        let would = would.map(|(fate, records)| FateCount { fate, records }).collect();
        Ok(ImportShown { import: line, would, is_more: counted > COUNTED_MAX })
    }
}

/// Asks for the records of an import, in the order in which they were imported.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListImportRecords {
    /// The import.
    pub import: ImportId,
    /// Only those that would get this fate if it were undone.
    #[serde(default)]
    pub fate: Option<UndoFate>,
    /// Which page.
    #[serde(default)]
    pub page: PageRequest,
}

/// A record of an import.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ImportRecordLine {
    /// Its source.
    pub source: String,
    /// The office's own key.
    pub request_id: String,
    /// Its state.
    pub state: RecordState,
    /// What the import did to it.
    pub deed: ImportDeed,
    /// What undoing the import would do to it.
    pub fate: UndoFate,
}

impl Query for ListImportRecords {
    type Answer = Page<ImportRecordLine>;
    const OPERATION: Operation = Operation::ReportRead;

    async fn read(self, engine: &Engine) -> Result<Page<ImportRecordLine>, EngineError> {
        let mut tx = engine.store.read().await?;
        known(&mut tx, self.import).await?;
        let (mut after, limit) = self.page.range();
        let most = usize::try_from(limit).unwrap_or_default();
        let (mut found, mut looked) = (Vec::new(), 0);
        loop {
            let rows = tx.import_records(self.import, after, LOOKED_AT_ONCE).await?;
            let is_last = i64::try_from(rows.len()).unwrap_or_default() < LOOKED_AT_ONCE;
            after = rows.last().map_or(after, |row| row.id.0);
            looked += rows.len();
            found.extend(rows.into_iter().map(line).filter(|(_, line)| self.fate.is_none_or(|fate| fate == line.fate)));
            if is_last || found.len() >= most {
                return Ok(Page::new(found, self.page.limit));
            }
            if looked >= LOOKED_MAX {
                return Ok(Page::looked(found, self.page.limit, Some(after)));
            }
        }
    }
}

fn line(row: ImportedRow) -> (i64, ImportRecordLine) {
    let ImportedRow { id, source, request_id, imported } = row;
    let line =
        ImportRecordLine { source, request_id, state: imported.state, deed: imported.deed, fate: fate(imported) };
    (id.0, line)
}

async fn known(tx: &mut Tx, import: ImportId) -> Result<ImportLine, EngineError> {
    let line = tx.import_get(import).await?;
    line.ok_or_else(|| Refusal::Import(ImportRefusal::NoImport { import }).into())
}
