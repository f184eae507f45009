//! Keeps what was planned for a night shortly before it begins, to be compared in the morning. Nothing that prints reads it.

use std::time::Duration;

use tokio::task::JoinHandle;
use tracing::warn;

use crate::{
    domain::{
        night::Night,
        permission::{Permit, SystemAct},
        time::Timestamp,
    },
    engine::{
        Engine, EngineError,
        query::{OfficeToPlan, ShowPlan, nights},
    },
};

/// The interval at which the begin of a night is looked for.
const EVERY: Duration = Duration::from_secs(30);
/// How long before its night a plan may be made: what people load later, it does not know.
const BEFORE: Duration = Duration::from_mins(1);
/// A plan that is made later than this after the begin of its night says little of it. It is compared with the cards after it only.
const LATEST: Duration = Duration::from_mins(10);

/// Keeps the plan of each night.
#[derive(Default)]
pub(super) struct PlanKeeper {
    due: Option<Duration>,
    /// The begin of the night whose plan was kept last.
    kept: Option<Timestamp>,
    task: Option<JoinHandle<()>>,
}

impl PlanKeeper {
    /// Keeps the plan of a night that is about to begin, or has begun, and has none. The office is read at once, and the plan is made in a
    /// task of its own. What fails is tried again.
    pub(super) async fn look(&mut self, engine: &Engine) {
        let elapsed = engine.clock.elapsed();
        let is_busy = self.task.as_ref().is_some_and(|task| !task.is_finished());
        if is_busy || self.due.is_some_and(|due| elapsed < due) {
            return;
        }
        self.due = Some(elapsed + EVERY);
        let now = engine.clock.now();
        let night = nights(engine).next(now);
        let is_due = night.from.since(now) <= BEFORE && now.since(night.from) <= LATEST;
        if !is_due || self.kept == Some(night.from) {
            return;
        }
        match office(engine, &night).await {
            Ok(Some(office)) => {
                let engine = engine.clone();
                self.task = Some(tokio::spawn(async move {
                    if let Err(error) = keep(&engine, night.from, office).await {
                        not_kept(&error);
                    }
                }));
            }
            Ok(None) => self.kept = Some(night.from),
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

/// The office shortly before a night; `None` if its plan is kept.
async fn office(engine: &Engine, night: &Night) -> Result<Option<OfficeToPlan>, EngineError> {
    if engine.store.read().await?.kept_plan(night.from).await?.is_some() {
        return Ok(None);
    }
    ShowPlan { night: Some(night.evening), ..ShowPlan::default() }.office(engine).await.map(Some)
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
