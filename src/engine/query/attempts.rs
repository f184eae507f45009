//! Attempts with an unknown outcome.

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, Page, PageRequest, Query};
use crate::{domain::permission::Operation, store::UncertainLine};

/// Asks for the attempts that a person has to inspect, oldest first.
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListUncertain {
    /// Which page.
    #[serde(default)]
    pub page: PageRequest,
}

impl Query for ListUncertain {
    type Answer = Page<UncertainLine>;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Page<UncertainLine>, EngineError> {
        let (after, limit) = self.page.range();
        Ok(Page::new(engine.store.read().await?.uncertain_list(after, limit).await?, self.page.limit))
    }
}
