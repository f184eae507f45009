//! What could be archived.

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, Query};
use crate::{
    domain::permission::Operation,
    engine::operations::{Archived, archivable},
};

/// Asks how many jobs would be archived now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CountArchivable {
    /// How many days ago the batch was closed, at least.
    pub older_than_days: u32,
}

impl Query for CountArchivable {
    type Answer = Archived;
    const OPERATION: Operation = Operation::DatabaseCare;

    async fn read(self, engine: &Engine) -> Result<Archived, EngineError> {
        archivable(engine, self.older_than_days).await
    }
}
