//! Walk-ins: a record is put before all others of its profile, or back into its own class.

use serde::{Deserialize, Serialize};

use super::{
    act::{Act, RecordName},
    record::{open, save},
};
use crate::{
    domain::{
        permission::{Operation, Permit},
        value::Note,
        walk_in::{self, QueuePlace},
    },
    engine::{Engine, EngineError},
};

/// Puts a record first, because its person waits for the card. It keeps that place until it is put back, also when its card is
/// spoiled or its list sends it again. A record that is held or quarantined gets its place when it is released.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PutFirst {
    /// The record.
    pub record: RecordName,
    /// Why.
    pub note: Note,
}

impl Act for PutFirst {
    type Answer = ();
    const OPERATION: Operation = Operation::RecordRelease;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let (mut tx, view) = open(engine, permit.covers(Self::OPERATION)?, &self.record).await?;
        let class = tx.record_class(view.id).await?;
        let queued = match &view.open_job {
            Some(job) => QueuePlace {
                printer: tx.batch_get(job.batch).await?.map(|batch| batch.printer).unwrap_or_default(),
                before: tx.queued_before(view.id).await?,
            },
            None => QueuePlace::default(),
        };
        save(tx, walk_in::put_first(&view, class, queued, self.note.as_str())?).await
    }
}

/// Puts a record that was put first back into the class of its kind of request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PutBack {
    /// The record.
    pub record: RecordName,
    /// Why.
    pub note: Note,
}

impl Act for PutBack {
    type Answer = ();
    const OPERATION: Operation = Operation::RecordRelease;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let (mut tx, view) = open(engine, permit.covers(Self::OPERATION)?, &self.record).await?;
        let class = tx.record_class(view.id).await?;
        let own = engine.profile(&view.profile)?.kind(&view.kind).map_or(0, |kind| kind.class);
        save(tx, walk_in::put_back(&view, class, own, self.note.as_str())?).await
    }
}
