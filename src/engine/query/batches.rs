//! Batches.

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, Page, PageRequest, Query};
use crate::{
    domain::{id::BatchId, permission::Operation, refusal::Refusal},
    store::BatchLine,
};

/// Asks for batches, newest first.
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListBatches {
    /// Closed ones too.
    #[serde(default)]
    pub closed_too: bool,
    /// Which page.
    #[serde(default)]
    pub page: PageRequest,
}

impl Query for ListBatches {
    type Answer = Page<BatchLine>;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Page<BatchLine>, EngineError> {
        let (before, limit) = self.page.range_down();
        let lines = engine.store.read().await?.batch_list(!self.closed_too, before, limit).await?;
        Ok(Page::new(lines.into_iter().map(|line| (line.id, line)).collect(), self.page.limit))
    }
}

/// Asks for one batch; its jobs are a list of their own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowBatch {
    /// The batch.
    pub batch: BatchId,
}

impl Query for ShowBatch {
    type Answer = BatchLine;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<BatchLine, EngineError> {
        let line = engine.store.read().await?.batch_line(self.batch).await?;
        line.ok_or_else(|| Refusal::NoBatch { batch: self.batch }.into())
    }
}
