//! The movements of blanks.

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, Page, PageRequest, Query};
use crate::{domain::permission::Operation, store::MovementLine};

/// Asks for movements, newest first.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListMovements {
    /// Only of this blank type.
    #[serde(default)]
    pub blank_type: Option<String>,
    /// Which page.
    #[serde(default)]
    pub page: PageRequest,
}

impl Query for ListMovements {
    type Answer = Page<MovementLine>;
    const OPERATION: Operation = Operation::ReportRead;

    async fn read(self, engine: &Engine) -> Result<Page<MovementLine>, EngineError> {
        let (before, limit) = self.page.range_down();
        let lines = engine.store.read().await?.movement_list(self.blank_type.as_deref(), before, limit).await?;
        Ok(Page::new(lines.into_iter().map(|line| (line.id, line)).collect(), self.page.limit))
    }
}
