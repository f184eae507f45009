//! What an act is: data that says what a person wants, and how it is done.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    domain::{
        id::RecordId,
        permission::{Operation, Permit},
        refusal::Refusal,
    },
    engine::{Engine, EngineError},
    store::Tx,
};

/// An act of a person: one short transaction, done whole or refused whole, and written down.
pub trait Act: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What the person learns when it is done.
    type Answer: Serialize + DeserializeOwned + Send + Sync;
    /// The line of the permission table that it belongs to.
    const OPERATION: Operation;

    /// Does it. Refused if the permit does not cover [`Act::OPERATION`].
    fn perform(
        self,
        engine: &Engine,
        permit: &Permit,
    ) -> impl Future<Output = Result<Self::Answer, EngineError>> + Send;
}

/// A record as people name it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordName {
    /// Who sent it.
    pub source: String,
    /// The office's own key.
    pub request_id: String,
}

/// Finds a record; refused if there is none.
pub async fn find_record(tx: &mut Tx, name: &RecordName) -> Result<RecordId, EngineError> {
    let found = tx.record_find(&name.source, &name.request_id).await?;
    found.ok_or_else(|| no_record(name).into())
}

/// The refusal of a record that does not exist.
pub fn no_record(name: &RecordName) -> Refusal {
    Refusal::NoRecord { source: name.source.clone(), request_id: name.request_id.clone() }
}
