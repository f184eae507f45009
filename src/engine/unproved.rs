//! Requests from outside without the proof of an account.

use super::{Engine, EngineError};
use crate::domain::{
    audit::Event,
    permission::{Permit, SystemAct},
};

/// Writes down how many requests came without the proof of an account since the last time: one event for each address.
pub async fn record_unproved(engine: &Engine, counts: &[(String, u64)]) -> Result<(), EngineError> {
    if counts.is_empty() {
        return Ok(());
    }
    let mut tx = engine.write(&Permit::system(SystemAct::RecordRefusal)).await?;
    for (address, count) in counts {
        tx.audit(Event::new("request.unproved", format!("address {address}")).with("count", *count));
    }
    Ok(tx.commit().await?)
}
