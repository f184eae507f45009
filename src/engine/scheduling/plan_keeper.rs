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
        query::{OfficeToPlan, ShowPlan},
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
    task: Option<JoinHandle<()>>,
}

impl PlanKeeper {
    /// Keeps the plan of a night that has begun and has none. The office is read at once, and the plan is made in a task of its own. What
    /// fails is tried again.
    pub(super) async fn look(&mut self, engine: &Engine) {
        let elapsed = engine.clock.elapsed();
        let is_busy = self.task.as_ref().is_some_and(|task| !task.is_finished());
        if is_busy || self.due.is_some_and(|due| elapsed < due) {
            return;
        }
        self.due = Some(elapsed + EVERY);
        let now = engine.clock.now();
        let night = night_begin(&engine.settings.windows, &engine.settings.zone, now);
        if now.since(night) > LATEST {
            return;
        }
        match office(engine, night).await {
            Ok(Some(office)) => {
                let engine = engine.clone();
                self.task = Some(tokio::spawn(async move {
                    if let Err(error) = keep(&engine, night, office).await {
                        not_kept(&error);
                    }
                }));
            }
            Ok(None) => {}
            Err(error) => not_kept(&error),
        }
    }

    /// Waits for a plan that is being made.
    pub(super) async fn end(&mut self) {
        if let Some(task) = self.task.take() {
            let _ = task.await; // a panic is in the log
        }
    }
}

/// The office as a night begins; `None` if its plan is kept.
async fn office(engine: &Engine, night: Timestamp) -> Result<Option<OfficeToPlan>, EngineError> {
    if engine.store.read().await?.kept_plan(night).await?.is_some() {
        return Ok(None);
    }
    ShowPlan::default().office(engine).await.map(Some)
}

async fn keep(engine: &Engine, night: Timestamp, office: OfficeToPlan) -> Result<(), EngineError> {
    let plan = office.planned().await;
    // Cannot fail: a plan is texts and numbers.
    let plan = serde_json::to_string(&plan).unwrap_or_default();
    let mut tx = engine.write(&Permit::system(SystemAct::Print)).await?;
    tx.kept_plan_save(night, &plan).await?;
    Ok(tx.commit().await?)
}

fn not_kept(error: &EngineError) {
    warn!(error = error as &dyn std::error::Error, "the plan of this night is not kept");
}
