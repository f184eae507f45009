//! What the next night will do, by the simulator: how many cards, what stops which printer and when, what to load and to decide before.
//! Only reports read it: the scheduler decides when it comes to a card.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    Engine, EngineError, Query,
    needs::{self, Need},
    night::nights,
    night_plan::NightPlan,
    office,
    planned::{Times, planned},
    printers::{self, Facts},
};
use crate::{
    domain::{
        night::Night,
        permission::Operation,
        refusal::Refusal,
        time::{Day, Timestamp},
    },
    simulation::Scenario,
};

/// The longest time of a plan, and how far ahead it may begin.
const LONGEST_DAYS: i64 = 7;
const LONGEST: Duration = Duration::from_hours(7 * 24);
const TWELVE_HOURS: Duration = Duration::from_hours(12);

/// Asks what a night will do: the one that goes on or comes next, that of another evening, or another time of at most a week.
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowPlan {
    /// The evening of the night; the one that goes on or comes next, if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub night: Option<Day>,
    /// Its begin; that of the night, or now, if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
}

impl Query for ShowPlan {
    type Answer = NightPlan;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<NightPlan, EngineError> {
        Ok(self.office(engine).await?.planned().await)
    }
}

/// The office of one instant, for which a plan is made.
pub(in crate::engine) struct OfficeToPlan {
    scenario: Scenario,
    times: Times,
    needs: Vec<Need>,
}

impl OfficeToPlan {
    /// The plan: a second of computing at most, and not on a thread that others wait for.
    pub(in crate::engine) async fn planned(self) -> NightPlan {
        let planned = tokio::task::spawn_blocking(move || planned(&self.scenario, &self.times, self.needs)).await;
        planned.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }
}

impl ShowPlan {
    /// Reads the office. The scenario begins now, so that what is printed before the night is not promised again.
    pub(in crate::engine) async fn office(self, engine: &Engine) -> Result<OfficeToPlan, EngineError> {
        let now = engine.clock.now();
        let (from, to, night) = self.time(engine, now)?;
        let mut tx = engine.store.read().await?;
        let facts = Facts::read(engine, &mut tx).await?;
        let printers = printers::read(engine, &mut tx, &facts).await?;
        let needs = needs::read(engine, &mut tx, &facts, &printers).await?;
        let scenario = office::read(engine, &mut tx, &facts, &printers, (now, Some(to))).await?;
        // To the second, as the begin of the scenario.
        let begin = if from <= now { scenario.start } else { office::local(engine, from) };
        let is_of_night = self.from.is_none() && self.to.is_none();
        // A night that goes on has the luck that it had before it began.
        let luck = if (night.from..night.to).contains(&from) { night.from } else { from };
        let (previous, next) = if is_of_night { beside(engine, &night, now) } else { (None, None) };
        let night = is_of_night.then_some(night.evening);
        Ok(OfficeToPlan { scenario, times: Times { now, from, begin, to, luck, night, previous, next }, needs })
    }

    /// The begin and the end of the time, and its night.
    fn time(&self, engine: &Engine, now: Timestamp) -> Result<(Timestamp, Timestamp, Night), EngineError> {
        let nights = nights(engine);
        let night = self.night.map_or_else(|| nights.next(now), |evening| nights.of(evening));
        let asked = self.from.unwrap_or(night.from.max(now));
        let from = asked.max(now);
        let to = self.to.unwrap_or(if night.to > from { night.to } else { from.plus(TWELVE_HOURS) });
        let is_over = self.night.is_some() && night.to <= now;
        let is_allowed = from < to && to.since(from) <= LONGEST && is_near(from, now) && !is_over;
        if is_allowed { Ok((from, to, night)) } else { Err(Refusal::PlanTime { days: LONGEST_DAYS }.into()) }
    }
}

fn is_near(from: Timestamp, now: Timestamp) -> bool {
    from.since(now) <= LONGEST
}

/// The evenings of the nights before and after one that can be planned.
fn beside(engine: &Engine, night: &Night, now: Timestamp) -> (Option<Day>, Option<Day>) {
    let nights = nights(engine);
    let (before, after) = (nights.before(night), nights.after(night));
    let previous = (before.to > now).then_some(before.evening);
    (previous, is_near(after.from, now).then_some(after.evening))
}
