//! The answers of requests that are carried out once. Each is saved by the transaction that commits the act.

use serde::{Serialize, de::DeserializeOwned};

use super::{Engine, EngineError};
use crate::{
    domain::{
        permission::{Permit, SystemAct},
        request_key::RequestKey,
    },
    store::StoreError,
};

/// The answer of a request that was carried out before; `None` for a new one.
///
/// # Errors
///
/// [`StoreError::RequestDiffers`] if the key was used for another request.
pub(super) async fn find<T: DeserializeOwned>(engine: &Engine, request: RequestKey) -> Result<Option<T>, EngineError> {
    let found = engine.store.read_once().await?.answer_find(request, engine.clock.now()).await?;
    let Some(answer) = found else { return Ok(None) };
    let corrupt = |error: serde_json::Error| StoreError::Corrupt {
        table: "idempotency",
        id: crate::store::keys::hex(&request.key),
        what: error.to_string(),
    };
    Ok(Some(serde_json::from_str(&answer).map_err(corrupt)?))
}

/// Saves the answer of an act that had no transaction of its own for it: nothing was to be done, or its last part was not known to be
/// the last. A failure is logged only, since the act is done and its answer is known.
pub(super) async fn keep<T: Serialize + Sync>(engine: &Engine, permit: &Permit, request: RequestKey, answer: &T) {
    let kept = async {
        let found: Option<serde_json::Value> = find(engine, request).await?;
        if let Some(found) = found {
            debug_assert_eq!(serde_json::to_value(answer).ok(), Some(found), "the act commits with another answer");
            return Ok(());
        }
        Ok::<_, EngineError>(engine.write(permit).await?.commit_with(answer).await?)
    };
    if let Err(error) = kept.await {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(error, "the answer of a request is not kept; sent again, it is carried out again");
    }
}

/// Deletes the answers of 24 hours ago or more, some hundred in each transaction.
pub async fn delete_old_answers(engine: &Engine) -> Result<(), EngineError> {
    if !engine.store.read_once().await?.answers_are_old(engine.clock.now()).await? {
        return Ok(());
    }
    loop {
        let mut tx = engine.write(&Permit::system(SystemAct::DeleteAnswers)).await?;
        let is_more = tx.answers_delete_old().await?;
        tx.commit().await?;
        if !is_more {
            return Ok(());
        }
    }
}
