//! What would become of an office as a scenario describes it, or of two beside each other with the same luck.

use std::num::NonZero;

use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use super::{Engine, EngineError, PlanBand, Query};
use crate::{
    domain::{card::profile::WALK_IN_CLASS, permission::Operation, refusal::Refusal, time::Timestamp},
    simulation::{Activity, Band, Figures, PrinterFigures, Scenario, WALK_INS_IN_LIST, WaitFigures, differences},
};

/// The longest scenario, in bytes.
const SCENARIO_BYTES_MAX: usize = 256 << 10;
/// The most work of one simulation: some seconds of all processors, which the scheduler shares with it. `cetak simulate` has no such limit.
const WORK_MAX: u64 = 8_000_000;
/// Simulations that run at a time.
static ONE: Semaphore = Semaphore::const_new(1);

/// Asks what would become of an office, by the simulator.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Simulate {
    /// The scenario, as a file of `cetak simulate`: TOML.
    pub scenario: String,
    /// Another one, which is run with the same luck.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
    /// The runs: 100 if they are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<NonZero<u32>>,
    /// The seed of the first run: 1 if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
}

/// What would become of one office, or of two.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Simulated {
    /// The runs.
    pub runs: u32,
    /// The seed of the first.
    pub seed: u32,
    /// The first scenario.
    pub scenario: SimulatedOffice,
    /// The other one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<SimulatedOffice>,
    /// How the other one differs, run by run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
}

/// What would become of an office. Its bands are over all runs.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SimulatedOffice {
    /// The title of the scenario.
    pub title: String,
    /// The runs in which the list is done.
    pub done: u32,
    /// When the list is done.
    pub done_at: InstantBand,
    /// Good cards.
    pub printed: PlanBand,
    /// Spoiled blanks.
    pub spoiled: PlanBand,
    /// Cards that a person must find.
    pub uncertain: PlanBand,
    /// Records that failed too often.
    pub quarantined: PlanBand,
    /// Records that wait at the end.
    pub waiting: PlanBand,
    /// Blanks that are left.
    pub blanks: PlanBand,
    /// The printers.
    pub printers: Vec<SimulatedPrinter>,
    /// What keeps printers from printing for the longest time, beside closed windows.
    pub bottleneck: Activity,
    /// How long records had waited when they were printed, by class.
    pub classes: Vec<SimulatedWait>,
    /// The same by district; empty if the scenario names none.
    pub districts: Vec<SimulatedWait>,
}

/// A tenth of the runs is before the first, half before the second, nine tenths before the third. None: not in that share of the runs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct InstantBand {
    /// The tenth percentile, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub p10: Option<String>,
    /// The median.
    #[schemars(extend("format" = "date-time"))]
    pub p50: Option<String>,
    /// The ninetieth percentile.
    #[schemars(extend("format" = "date-time"))]
    pub p90: Option<String>,
}

/// What would become of a printer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SimulatedPrinter {
    /// Its name.
    pub printer: String,
    /// Its good cards.
    pub printed: PlanBand,
    /// Its spoiled blanks.
    pub spoiled: PlanBand,
    /// The shares of its time, the largest first; below half a percent left out.
    pub shares: Vec<TimeShare>,
    /// What it does at the end in most runs.
    pub last: Activity,
}

/// A share of a printer's time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TimeShare {
    /// What it does.
    pub does: Activity,
    /// The share, 0 to 1.
    pub share: f64,
}

/// How long records had waited when they were printed, in the middle of the runs.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SimulatedWait {
    /// The class or the district.
    pub of: String,
    /// The records of a run.
    pub records: i64,
    /// The mean, in days; none if none was printed.
    pub mean_days: Option<f64>,
    /// The longest, in days.
    pub longest_days: f64,
}

/// How another scenario differs, run by run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Difference {
    /// More good cards.
    pub printed: PlanBand,
    /// Days until the list is done, more than in the first, in the middle of the runs in which both are done.
    pub done_later_days: Option<f64>,
}

impl Query for Simulate {
    type Answer = Simulated;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, _: &Engine) -> Result<Simulated, EngineError> {
        let runs = self.runs.or(NonZero::new(100)).unwrap_or(NonZero::<u32>::MIN);
        let seed = self.seed.unwrap_or(1);
        let scenario = scenario(&self.scenario, "scenario")?;
        let against = self.against.as_deref().filter(|text| !text.trim().is_empty());
        let against = against.map(|text| self::scenario(text, "against")).transpose()?;
        refuse_large(&scenario, against.as_ref(), runs)?;
        // It is never closed.
        let _one = ONE.acquire().await;
        let simulated = tokio::task::spawn_blocking(move || simulated(&scenario, against.as_ref(), runs, seed)).await;
        Ok(simulated.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())))
    }
}

/// Reads a scenario. `field` is its place in the request.
fn scenario(text: &str, field: &str) -> Result<Scenario, Refusal> {
    let refused = |detail: String| Refusal::Scenario { field: field.to_owned(), detail };
    if text.len() > SCENARIO_BYTES_MAX {
        return Err(refused(format!("it has more than {SCENARIO_BYTES_MAX} bytes")));
    }
    let scenario: Scenario = toml::from_str(text).map_err(|error| refused(error.to_string().trim_end().to_owned()))?;
    scenario.check().map_err(|fault| refused(fault.to_string()))?;
    Ok(scenario)
}

/// Refuses more runs than fit into the most work: each record is printed, and each printer looks for work each hour.
fn refuse_large(scenario: &Scenario, against: Option<&Scenario>, runs: NonZero<u32>) -> Result<(), Refusal> {
    let of = |scenario: &Scenario| {
        let days = |daily: bool| if daily { u64::from(scenario.days) } else { 1 };
        let records = scenario.lists.iter().map(|list| u64::from(list.records) * days(list.daily_at.is_some()));
        records.sum::<u64>() + scenario.printers.len() as u64 * u64::from(scenario.days) * 24
    };
    let work = (of(scenario) + against.map_or(0, of)).max(1);
    let most = WORK_MAX / work;
    if u64::from(runs.get()) <= most { Ok(()) } else { Err(Refusal::TooManyRuns { most: most.cast_signed() }) }
}

fn simulated(scenario: &Scenario, against: Option<&Scenario>, runs: NonZero<u32>, seed: u32) -> Simulated {
    let (first, other, difference) = match against {
        None => (Figures::of(scenario, runs, seed.into()), None, None),
        Some(against) => {
            let (first, other, printed, later) = differences(scenario, against, runs, seed.into());
            let printed = printed.map(|Band { p10, p50, p90 }| PlanBand { p10, p50, p90 }).unwrap_or_default();
            let difference = Difference { printed, done_later_days: later.map(|days| days.p50) };
            (first, Some(office(against, &other)), Some(difference))
        }
    };
    Simulated { runs: runs.get(), seed, scenario: office(scenario, &first), against: other, difference }
}

fn office(scenario: &Scenario, figures: &Figures) -> SimulatedOffice {
    let districts = figures.waits_by_district.iter().filter(|(name, _)| !name.is_empty());
    SimulatedOffice {
        title: scenario.title.clone(),
        done: figures.done,
        done_at: instants(&figures.done_at),
        printed: band(&figures.printed),
        spoiled: band(&figures.spoiled),
        uncertain: band(&figures.uncertain),
        quarantined: band(&figures.quarantined),
        waiting: band(&figures.waiting),
        blanks: PlanBand { p10: figures.blanks.p10, p50: figures.blanks.p50, p90: figures.blanks.p90 },
        printers: figures.printers.iter().map(printer).collect(),
        bottleneck: figures.bottleneck,
        classes: figures
            .waits_by_class
            .iter()
            .map(|(class, waits)| wait(self::class(*class).to_string(), waits))
            .collect(),
        districts: districts.map(|(name, waits)| wait(name.clone(), waits)).collect(),
    }
}

/// The class as the office has it: a list of a scenario has walk-ins in one of its own.
fn class(of: i64) -> i64 {
    if of == WALK_INS_IN_LIST { WALK_IN_CLASS } else { of }
}

fn band(of: &Band<u64>) -> PlanBand {
    let [p10, p50, p90] = [of.p10, of.p50, of.p90].map(|number| i64::try_from(number).unwrap_or(i64::MAX));
    PlanBand { p10, p50, p90 }
}

fn instants(of: &Band<Option<Timestamp>>) -> InstantBand {
    let [p10, p50, p90] = [of.p10, of.p50, of.p90].map(|at| at.map(|at| at.to_string()));
    InstantBand { p10, p50, p90 }
}

fn printer(of: &PrinterFigures) -> SimulatedPrinter {
    let mut shares: Vec<TimeShare> =
        of.shares.iter().map(|(does, share)| TimeShare { does: *does, share: *share }).collect();
    shares.retain(|share| share.share >= 0.005);
    shares.sort_by(|a, b| b.share.total_cmp(&a.share));
    let (printed, spoiled) = (band(&of.printed), band(&of.spoiled));
    SimulatedPrinter { printer: of.name.clone(), printed, spoiled, shares, last: of.last }
}

fn wait(of: String, waits: &WaitFigures) -> SimulatedWait {
    SimulatedWait {
        of,
        records: i64::try_from(waits.records.p50).unwrap_or(i64::MAX),
        mean_days: waits.mean_days.as_ref().map(|band| band.p50),
        longest_days: waits.longest_days.p50,
    }
}
