//! Jumps: a record is put before all others of its profile, into another class, or back into its own.

use std::collections::BTreeSet;

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
        walk_in::{self, Classes, QueuePlace},
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
    let (class, _) = tx.record_class(view.id).await?;
    let queued = queued(tx, view).await?;
    Ok(walk_in::put_first(view, class, queued, note.as_str())?)
}

/// Its place in its batch, if it is queued in one.
async fn queued(tx: &mut Tx, view: &RecordView) -> Result<QueuePlace, EngineError> {
    Ok(match &view.open_job {
        Some(job) => QueuePlace {
            printer: tx.batch_get(job.batch).await?.map(|batch| batch.printer).unwrap_or_default(),
            before: tx.queued_before(view.id).await?,
        },
        None => QueuePlace::default(),
    })
}

/// Puts a record into another class of its profile, with a reason. It keeps that class until it is put back, also when its list sends it
/// again. The lowest class is printed first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PutInClass {
    /// The record.
    pub record: RecordName,
    /// The class: that of a kind of request of its profile.
    pub class: i64,
    /// Why.
    pub note: Note,
}

impl Act for PutInClass {
    type Answer = ();
    const OPERATION: Operation = Operation::RecordRelease;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let (mut tx, view) = open(engine, permit.covers(Self::OPERATION)?, &self.record).await?;
        let (now, _) = tx.record_class(view.id).await?;
        let known = engine.profile(&view.profile)?.kinds.iter().map(|kind| kind.class).collect::<BTreeSet<_>>();
        let classes = Classes { now, own: own_class(engine, &view)?, known: known.into_iter().collect() };
        let queued = queued(&mut tx, &view).await?;
        save(tx, walk_in::put_in_class(&view, &classes, self.class, queued, self.note.as_str())?).await
    }
}

/// The class of a record's kind of request.
fn own_class(engine: &Engine, view: &RecordView) -> Result<i64, EngineError> {
    Ok(engine.profile(&view.profile)?.kind(&view.kind).map_or(0, |kind| kind.class))
}

/// Puts a record that was put first, or into another class, back into the class of its kind of request.
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
    let place = tx.record_class(view.id).await?;
    Ok(walk_in::put_back(view, place, own_class(engine, view)?, note.as_str())?)
}
