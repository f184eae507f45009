//! The other requests of a record's person.

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, Page, PageRequest, Query};
use crate::{
    domain::{correction::RequestBeside, id::RecordId, permission::Operation},
    engine::operations::{RecordName, find_record},
};

/// A quarantined record, with the other requests of its person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Duplicate {
    /// The record.
    pub record: RecordName,
    /// The other requests of its person and profile; none if it is quarantined for a reason of its own.
    pub beside: Vec<RequestBeside>,
}

/// Asks for the quarantined records, in the order in which they were imported, with the other requests of the person of each.
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListDuplicates {
    /// Which page.
    #[serde(default)]
    pub page: PageRequest,
}

impl Query for ListDuplicates {
    type Answer = Page<Duplicate>;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Page<Duplicate>, EngineError> {
        let (after, limit) = self.page.range();
        let mut tx = engine.store.read().await?;
        let records = tx.records_quarantined(after, limit).await?;
        let ids: Vec<RecordId> = records.iter().map(|(id, ..)| *id).collect();
        let mut all = tx.requests_beside(&ids).await?;
        let rows = records.into_iter().map(|(id, source, request_id)| {
            let beside = all.extract_if(.., |(of, _)| *of == id).map(|(_, beside)| beside).collect();
            (id.0, Duplicate { record: RecordName { source, request_id }, beside })
        });
        Ok(Page::new(rows.collect(), self.page.limit))
    }
}

/// Asks for the other requests of a record's person, of the same profile.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowRequestsBeside {
    /// The record.
    pub record: RecordName,
}

impl Query for ShowRequestsBeside {
    type Answer = Vec<RequestBeside>;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Vec<RequestBeside>, EngineError> {
        let mut tx = engine.store.read().await?;
        let id = find_record(&mut tx, &self.record).await?;
        Ok(tx.requests_beside(&[id]).await?.into_iter().map(|(_, beside)| beside).collect())
    }
}
