//! Reprint warrants.

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, Page, PageRequest, Query};
use crate::{domain::permission::Operation, store::WarrantLine};

/// Asks for warrants, oldest first.
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListWarrants {
    /// Which page.
    #[serde(default)]
    pub page: PageRequest,
}

impl Query for ListWarrants {
    type Answer = Page<WarrantLine>;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Page<WarrantLine>, EngineError> {
        let (after, limit) = self.page.range();
        let lines = engine.store.read().await?.warrant_list(after, limit).await?;
        Ok(Page::new(lines.into_iter().map(|line| (line.id, line)).collect(), self.page.limit))
    }
}
