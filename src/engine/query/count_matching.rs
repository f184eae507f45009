//! What an act on all records that match would do, before it is done.

use serde::{Deserialize, Serialize};

use super::{
    Engine, EngineError, Query,
    known::{OfRecords, refuse_unknown_of_records},
};
use crate::{
    domain::permission::Operation,
    engine::operations::{MatchingAct, MatchingCount, RecordMatch, count_matching},
};

/// Asks what an act would do with all records that match. Its answer has the `as_of` that the act takes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CountMatching {
    /// The act.
    pub act: MatchingAct,
    /// Which records.
    pub filter: RecordMatch,
}

impl Query for CountMatching {
    type Answer = MatchingCount;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<MatchingCount, EngineError> {
        let counted = count_matching(engine, self.act, &self.filter).await?;
        if counted.matching == 0 && counted.others.is_empty() && counted.left_out == 0 {
            let RecordMatch { source, profile, district, kind, reason, batch, .. } = &self.filter;
            let asked = OfRecords {
                profile: profile.as_deref(),
                district: district.as_deref(),
                source: source.as_deref(),
                kind: kind.as_deref(),
                reason: reason.as_deref(),
                batch: *batch,
            };
            refuse_unknown_of_records(engine, &mut engine.store.read().await?, asked).await?;
        }
        Ok(counted)
    }
}
