//! The clock, where it is behind the audit.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::act::Act;
use crate::{
    domain::{
        audit::Event,
        permission::{Operation, Permit},
        time::Timestamp,
        value::Note,
    },
    engine::{Engine, EngineError},
};

/// The longest backoff of a job, by the range of its setting. A job that is due later was queued by a wrong clock.
const DUE_MAX: Duration = Duration::from_hours(24);

/// States that the present clock is right and that later instants in the audit came from a wrong one. Cards start again, and
/// queued jobs that such a clock put off are due at once.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AcceptClock {
    /// Why.
    pub note: Note,
}

/// The result of [`AcceptClock`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AcceptedClock {
    /// The newest instant of the audit so far.
    pub newest: Timestamp,
    /// The number of jobs that are due now.
    pub jobs: u64,
}

impl Act for AcceptClock {
    type Answer = AcceptedClock;
    const OPERATION: Operation = Operation::DatabaseCare;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<AcceptedClock, EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        let newest = tx.newest_instant().await?;
        tx.clock_accept().await?;
        let jobs = tx.jobs_due_now(tx.now().plus(DUE_MAX)).await?;
        let event = Event::new("clock.accepted", "clock").with("note", self.note).with("newest", newest);
        tx.audit(event.with("jobs", jobs));
        let accepted = AcceptedClock { newest, jobs };
        tx.commit_with(&accepted).await?;
        Ok(accepted)
    }
}
