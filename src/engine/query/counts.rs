//! Counts of blanks.

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, Page, PageRequest, Query};
use crate::{
    domain::{id::CountId, permission::Operation, refusal::CountRefusal},
    store::StockCountLine,
};

/// Asks for counts of blanks, newest first.
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListCounts {
    /// Closed ones too.
    #[serde(default)]
    pub closed_too: bool,
    /// Which page.
    #[serde(default)]
    pub page: PageRequest,
}

impl Query for ListCounts {
    type Answer = Page<StockCountLine>;
    const OPERATION: Operation = Operation::ReportRead;

    async fn read(self, engine: &Engine) -> Result<Page<StockCountLine>, EngineError> {
        let (before, limit) = self.page.range_down();
        let lines = engine.store.read().await?.stock_count_list(!self.closed_too, before, limit).await?;
        Ok(Page::new(lines.into_iter().map(|line| (line.id, line)).collect(), self.page.limit))
    }
}

/// Asks for one count of blanks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowCount {
    /// The count.
    pub count: CountId,
}

impl Query for ShowCount {
    type Answer = StockCountLine;
    const OPERATION: Operation = Operation::ReportRead;

    async fn read(self, engine: &Engine) -> Result<StockCountLine, EngineError> {
        let found = engine.store.read().await?.stock_count_line(self.count).await?;
        found.ok_or_else(|| CountRefusal::NoCount { count: self.count }.into())
    }
}
