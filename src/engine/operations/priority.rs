//! Walk-ins: a record is put before all others of its profile, or back into its own class.

use serde::{Deserialize, Serialize};

use super::{
    act::{Act, RecordName},
    record::{open, save},
};
use crate::{
    domain::{
        permission::{Operation, Permit},
        record::RecordView,
        transition::Transition,
        value::Note,
        walk_in::{self, QueuePlace},
    },
    engine::{Engine, EngineError},
    store::Tx,
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
        let transition = first(&mut tx, &view, &self.note).await?;
        save(tx, transition).await
    }
}

/// Decides that a record is put first.
pub(super) async fn first(tx: &mut Tx, view: &RecordView, note: &Note) -> Result<Transition, EngineError> {
    let class = tx.record_class(view.id).await?;
    let queued = match &view.open_job {
        Some(job) => QueuePlace {
            printer: tx.batch_get(job.batch).await?.map(|batch| batch.printer).unwrap_or_default(),
            before: tx.queued_before(view.id).await?,
        },
        None => QueuePlace::default(),
    };
    Ok(walk_in::put_first(view, class, queued, note.as_str())?)
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
        let transition = back(engine, &mut tx, &view, &self.note).await?;
        save(tx, transition).await
    }
}

/// Decides that a record is put back.
pub(super) async fn back(
    engine: &Engine,
    tx: &mut Tx,
    view: &RecordView,
    note: &Note,
) -> Result<Transition, EngineError> {
    let class = tx.record_class(view.id).await?;
    let own = engine.profile(&view.profile)?.kind(&view.kind).map_or(0, |kind| kind.class);
    Ok(walk_in::put_back(view, class, own, note.as_str())?)
}
