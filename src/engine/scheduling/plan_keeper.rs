//! Keeps what was planned for a night when it begins, to be compared in the morning. Nothing that prints reads it.

use std::time::Duration;

use tokio::task::JoinHandle;
use tracing::warn;

use crate::{
    domain::{
        permission::{Permit, SystemAct},
        time::Timestamp,
        window::night_begin,
    },
    engine::{
        Engine, EngineError,
        query::{Query, ShowPlan},
    },
};

/// The interval at which the begin of a night is looked for.
const EVERY: Duration = Duration::from_secs(30);
/// A plan that is made later than this after the begin of its night says little of it.
const LATEST: Duration = Duration::from_mins(10);

/// Keeps the plan of each night.
#[derive(Default)]
pub(super) struct PlanKeeper {
    due: Option<Duration>,
    /// The night whose plan was kept last, or was too late.
    night: Option<Timestamp>,
    task: Option<JoinHandle<()>>,
}

impl PlanKeeper {
    /// Keeps the plan of a night that has begun, in a task of its own.
    pub(super) fn look(&mut self, engine: &Engine) {
        let elapsed = engine.clock.elapsed();
        if self.due.is_some_and(|due| elapsed < due) {
            return;
        }
        self.due = Some(elapsed + EVERY);
        let now = engine.clock.now();
        let night = night_begin(&engine.settings.windows, &engine.settings.zone, now);
        let is_busy = self.task.as_ref().is_some_and(|task| !task.is_finished());
        if self.night == Some(night) || is_busy {
            return;
        }
        self.night = Some(night);
        if now.since(night) > LATEST {
            return;
        }
        let engine = engine.clone();
        self.task = Some(tokio::spawn(async move {
            if let Err(error) = keep(&engine, night).await {
                warn!(error = &error as &dyn std::error::Error, "the plan of this night is not kept");
            }
        }));
    }
}

async fn keep(engine: &Engine, night: Timestamp) -> Result<(), EngineError> {
    if engine.store.read().await?.kept_plan(night).await?.is_some() {
        return Ok(());
    }
    let plan = ShowPlan::default().read(engine).await?;
    // Cannot fail: a plan is texts and numbers.
    let plan = serde_json::to_string(&plan).unwrap_or_default();
    let mut tx = engine.write(&Permit::system(SystemAct::Print)).await?;
    tx.kept_plan_save(night, &plan).await?;
    Ok(tx.commit().await?)
}
