//! Records: held, released.

use super::{Engine, EngineError, RecordName, begin, find_record};
use crate::{
    domain::{
        record::{self, RecordView},
        transition::Transition,
    },
    store::Tx,
};

/// One act on one record.
pub(super) async fn act(
    engine: &Engine,
    name: &RecordName,
    decide: impl AsyncFnOnce(&mut Tx, &RecordView) -> Result<Transition, EngineError>,
) -> Result<(), EngineError> {
    let mut tx = begin(engine).await?;
    let id = find_record(&mut tx, name).await?;
    let view = tx.record_view(id).await?;
    let transition = decide(&mut tx, &view).await?;
    tx.save(vec![transition]).await?;
    Ok(tx.commit().await?)
}

/// Keeps a record off the waiting list.
pub async fn record_hold(engine: &Engine, name: &RecordName, reason: &str) -> Result<(), EngineError> {
    act(engine, name, async |_, view| Ok(record::hold(view, reason)?)).await
}

/// Puts a held or quarantined record on the waiting list, if nothing speaks against it.
pub async fn record_release(engine: &Engine, name: &RecordName, reason: &str) -> Result<(), EngineError> {
    act(engine, name, async |tx, view| {
        let beside = tx.records_beside(view.id).await?;
        let replaces = engine.profile(&view.profile)?.kind(&view.kind).is_some_and(|kind| kind.replaces);
        Ok(record::release(view, replaces, &beside, reason)?)
    })
    .await
}
