//! The blanks that were used on the days before the last one. They are read once in a quarter of an hour, so that a board costs as little
//! as without them.

use std::sync::{Arc, Mutex, PoisonError};

use super::EngineError;
use crate::{
    domain::{cover::CONSUMPTION_OVER, time::Timestamp},
    store::{Tx, UsedBlanks},
};

/// What was read last: the end of its time, and the blanks that were used until then.
type Read = (Timestamp, Arc<[UsedBlanks]>);

/// What a process has read of the blanks that were used.
#[derive(Debug, Default)]
pub struct UsedBefore(Mutex<Option<Read>>);

impl UsedBefore {
    /// The blanks that were used before the last day, which begins at `day`, the begin of a quarter of an hour.
    pub(super) async fn read(
        &self,
        tx: &mut Tx,
        day: Timestamp,
        now: Timestamp,
    ) -> Result<Arc<[UsedBlanks]>, EngineError> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, used)) = known.filter(|(end, _)| *end == day) {
            return Ok(used);
        }
        let used: Arc<[UsedBlanks]> = tx.blanks_used(now.minus(CONSUMPTION_OVER), day).await?.into();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((day, used.clone()));
        Ok(used)
    }
}
