//! Records, without what they say of a person.

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, Page, PageRequest, Query};
use crate::{
    domain::{permission::Operation, record::RecordState},
    engine::operations::{RecordName, find_record, no_record},
    store::RecordLine,
};

/// Asks for records, in the order in which they were imported.
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListRecords {
    /// Only of this state.
    #[serde(default)]
    pub state: Option<RecordState>,
    /// Which page.
    #[serde(default)]
    pub page: PageRequest,
}

impl Query for ListRecords {
    type Answer = Page<RecordLine>;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Page<RecordLine>, EngineError> {
        let (after, limit) = self.page.range();
        Ok(Page::new(engine.store.read().await?.record_list(self.state, after, limit).await?, self.page.limit))
    }
}

/// Asks for one record; its history is [`ListJobs`](super::ListJobs).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowRecord {
    /// The record.
    pub record: RecordName,
}

impl Query for ShowRecord {
    type Answer = RecordLine;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<RecordLine, EngineError> {
        let mut tx = engine.store.read().await?;
        let id = find_record(&mut tx, &self.record).await?;
        tx.record_line(id).await?.ok_or_else(|| no_record(&self.record).into())
    }
}
