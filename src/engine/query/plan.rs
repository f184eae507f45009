//! What the next night will do, by the simulator: how many cards, what stops which printer and when, what to load and to decide before.
//! Only reports read it: the scheduler decides when it comes to a card.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    num::NonZero,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{
    Engine, EngineError, Query,
    needs::{self, Need, NeedKind},
    office,
    printers::{self, Facts},
};
use crate::{
    domain::{
        card::profile::WALK_IN_CLASS,
        permission::Operation,
        refusal::Refusal,
        retry,
        time::Timestamp,
        window::{Window, next_night},
    },
    simulation::{Activity, Band, Preparation, Run, Scenario, WALK_INS_IN_LIST, many},
};

/// The longest time of a plan, and how far ahead it may begin.
const LONGEST_DAYS: i64 = 7;
const LONGEST: Duration = Duration::from_hours(7 * 24);
const TWELVE_HOURS: Duration = Duration::from_hours(12);
/// The runs of which bands are made.
const RUNS: NonZero<u32> = match NonZero::new(120) {
    Some(runs) => runs,
    None => NonZero::<u32>::MIN,
};
/// The runs of which the bands of gains are made: the first ones.
const GAIN_RUNS: NonZero<u32> = match NonZero::new(40) {
    Some(runs) => runs,
    None => NonZero::<u32>::MIN,
};
/// The most printers of which is said what loading or clearing each gains; of more, those that lack most.
const ALONE: usize = 8;
/// Below this share of the runs, an end is not named.
const SELDOM: f64 = 0.05;

/// Asks what a night will do: the next one, or another time of at most a week.
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowPlan {
    /// Its begin; that of the next night, or now, if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
}

/// What a night will do.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NightPlan {
    /// When this was said, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub made_at: String,
    /// Its begin.
    #[schemars(extend("format" = "date-time"))]
    pub from: String,
    /// Its end.
    #[schemars(extend("format" = "date-time"))]
    pub to: String,
    /// The records that wait, in batches too.
    pub waiting: i64,
    /// Good cards.
    pub printed: PlanBand,
    /// Spoiled blanks.
    pub spoiled: PlanBand,
    /// Blanks that are left in the vault and in hoppers.
    pub blanks: PlanBand,
    /// What each printer will do, by name.
    pub printers: Vec<PlannedPrinter>,
    /// What to load, to change, to empty and to clean before, each with what it gains.
    pub loads: Vec<PlannedLoad>,
    /// What all of that gains together.
    pub all_loads: Option<PlanBand>,
    /// What keeps a printer from printing all night, and what settling it gains.
    pub obstacles: Vec<Obstacle>,
    /// What else waits for a decision.
    pub decisions: Vec<Need>,
    /// Who is in and who is out, in the order of the list.
    pub classes: Vec<PlannedClass>,
    /// How many cards of each district, by the shares that they have of the list.
    pub districts: Vec<PlannedDistrict>,
}

/// A tenth of the nights is below the first, half below the second, nine tenths below the third.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlanBand {
    /// The tenth percentile.
    pub p10: i64,
    /// The median.
    pub p50: i64,
    /// The ninetieth percentile.
    pub p90: i64,
}

/// What a printer will do.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlannedPrinter {
    /// Its name.
    pub printer: String,
    /// Its good cards.
    pub printed: PlanBand,
    /// How it will stand at the end, the likeliest first.
    pub ends: Vec<PlannedEnd>,
}

/// How a printer may stand at the end of a night.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlannedEnd {
    /// What it does then. If it prints, it does so until the end.
    pub does: Activity,
    /// The share of the nights, 0 to 1.
    pub share: f64,
    /// Since when, in the middle of those nights, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub since: String,
}

/// What to do to a printer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlannedLoad {
    /// The printer.
    pub printer: String,
    /// What.
    pub what: Preparation,
    /// The blanks that its hopper takes, and the vault has; else the cards until the same is needed again.
    pub cards: i64,
    /// The cards that this gains, after what stands before it for the same printer.
    pub gains: PlanBand,
}

/// What keeps a printer from printing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Obstacle {
    /// The printer; none for the whole queue.
    pub printer: Option<String>,
    /// Whether it is paused; else it is locked, or cannot print.
    pub is_paused: bool,
    /// The cards that settling it gains.
    pub gains: PlanBand,
}

/// The records of a class.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlannedClass {
    /// Its profile.
    pub profile: String,
    /// The class.
    pub class: i64,
    /// How many wait.
    pub waiting: i64,
    /// How many of the first get a card: the place of the last one in.
    pub printed: PlanBand,
}

/// The records of a district.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlannedDistrict {
    /// The district.
    pub district: String,
    /// Its cards.
    pub printed: PlanBand,
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
    /// When it was read, and the begin and the end of the night.
    times: (Timestamp, Timestamp, Timestamp),
    needs: Vec<Need>,
}

impl OfficeToPlan {
    /// The plan: a second of computing at most, and not on a thread that others wait for.
    pub(in crate::engine) async fn planned(self) -> NightPlan {
        let planned = tokio::task::spawn_blocking(move || planned(&self.scenario, self.times, self.needs)).await;
        planned.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }
}

impl ShowPlan {
    /// Reads the office.
    pub(in crate::engine) async fn office(self, engine: &Engine) -> Result<OfficeToPlan, EngineError> {
        let now = engine.clock.now();
        let (from, to) = self.time(engine, now)?;
        let mut tx = engine.store.read().await?;
        let facts = Facts::read(engine, &mut tx).await?;
        let printers = printers::read(engine, &mut tx, &facts).await?;
        let needs = needs::read(engine, &mut tx, &facts, &printers).await?;
        let scenario = office::read(engine, &mut tx, &facts, &printers, (from, Some(to))).await?;
        Ok(OfficeToPlan { scenario, times: (now, from, to), needs })
    }

    fn time(&self, engine: &Engine, now: Timestamp) -> Result<(Timestamp, Timestamp), EngineError> {
        let windows: &[Window] = if engine.broken.settings.is_empty() { &engine.settings.windows } else { &[] };
        let (begin, end) = next_night(windows, &engine.settings.zone, now);
        let from = self.from.unwrap_or(begin);
        let to = self.to.unwrap_or(if end > from { end } else { from.plus(TWELVE_HOURS) });
        let is_near = from.since(now) <= LONGEST && now.since(from) <= LONGEST;
        let is_allowed = from < to && to.since(from) <= LONGEST && is_near;
        if is_allowed { Ok((from, to)) } else { Err(Refusal::PlanTime { days: LONGEST_DAYS }.into()) }
    }
}

/// What a scenario comes to, and what would come of loading and of clearing printers.
fn planned(scenario: &Scenario, (made_at, from, to): (Timestamp, Timestamp, Timestamp), needs: Vec<Need>) -> NightPlan {
    // The same night has the same luck, however often it is asked for.
    let seed = retry::seed(&from.to_string());
    let runs = many(scenario, RUNS, seed);
    let luck = Luck { seed, runs: &runs };
    let (loads, all_loads) = loads(scenario, &luck);
    let is_decision = |need: &Need| {
        matches!(
            need.kind,
            NeedKind::UncertainCards
                | NeedKind::QuarantinedRecords
                | NeedKind::BatchesToApprove
                | NeedKind::ReprintsToApprove
                | NeedKind::ActsToConfirm { .. }
                | NeedKind::NoPrinter { .. }
                | NeedKind::PersonsRekeyed { .. }
                | NeedKind::RecordsHeldAtAdoption
        )
    };
    NightPlan {
        made_at: made_at.to_string(),
        from: from.to_string(),
        to: to.to_string(),
        waiting: scenario.lists.iter().map(|list| i64::from(list.records)).sum(),
        printed: band(runs.iter().map(|run| signed(run.printed))),
        spoiled: band(runs.iter().map(|run| signed(run.spoiled))),
        blanks: band(runs.iter().map(|run| run.blanks)),
        printers: (0..scenario.printers.len()).map(|at| planned_printer(&runs, at)).collect(),
        loads,
        all_loads,
        obstacles: obstacles(scenario, &luck),
        decisions: needs.into_iter().filter(is_decision).collect(),
        classes: classes(scenario, &runs),
        districts: districts(&runs),
    }
}

/// The luck of a night, and what it comes to as things are.
struct Luck<'a> {
    seed: u64,
    runs: &'a [Run],
}

impl Luck<'_> {
    /// What another scenario comes to with it.
    fn of(&self, other: &Scenario) -> Vec<Run> {
        many(other, GAIN_RUNS, self.seed)
    }

    /// The cards that another scenario has more.
    fn gains(&self, other: &Scenario) -> PlanBand {
        more(self.runs, &self.of(other))
    }
}

/// The cards that the second runs have more than the first, of the same luck.
fn more(before: &[Run], after: &[Run]) -> PlanBand {
    band(before.iter().zip(after).map(|(before, after)| signed(after.printed) - signed(before.printed)))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn band(of: impl Iterator<Item = i64>) -> PlanBand {
    let band = Band::of(of.collect(), Ord::cmp);
    band.map_or(PlanBand::default(), |Band { p10, p50, p90 }| PlanBand { p10, p50, p90 })
}

#[expect(clippy::cast_precision_loss, reason = "a share of some hundred runs")]
fn share(of: usize, all: usize) -> f64 {
    of as f64 / all.max(1) as f64
}

fn planned_printer(runs: &[Run], at: usize) -> PlannedPrinter {
    let mut ends: HashMap<Activity, Vec<i64>> = HashMap::new();
    for run in runs {
        let printer = &run.printers[at];
        ends.entry(printer.last).or_default().push(printer.last_since.0);
    }
    let end = |(does, since): (Activity, Vec<i64>)| PlannedEnd {
        does,
        share: share(since.len(), runs.len()),
        since: Timestamp(band(since.into_iter()).p50).to_string(),
    };
    let mut ends: Vec<PlannedEnd> = ends.into_iter().map(end).filter(|end| end.share >= SELDOM).collect();
    ends.sort_by(|a, b| b.share.total_cmp(&a.share).then(a.does.cmp(&b.does)));
    PlannedPrinter {
        printer: runs.first().map_or(String::new(), |run| run.printers[at].name.clone()),
        printed: band(runs.iter().map(|run| signed(run.printers[at].printed))),
        ends,
    }
}

/// What to do to each printer, those first whose hoppers lack most. Each printer is looked at alone, and all of them together.
fn loads(scenario: &Scenario, luck: &Luck) -> (Vec<PlannedLoad>, Option<PlanBand>) {
    let room = |at: usize| {
        scenario.printers[at].hopper.map_or(0, |hopper| hopper.saturating_sub(scenario.printers[at].loaded))
    };
    let mut order: Vec<usize> = (0..scenario.printers.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(room(*at)), *at));
    let (mut all, mut loads, mut looked_at) = (scenario.clone(), Vec::new(), 0);
    for at in order {
        // The vault has what it does not load for the printers before it.
        let preparations = all.preparations(at);
        let is_named = !preparations.is_empty() && looked_at < ALONE;
        looked_at += usize::from(is_named);
        let (mut alone, mut before) = (scenario.clone(), Cow::Borrowed(luck.runs));
        let mut of_printer: Vec<PlannedLoad> = Vec::new();
        for prepared in preparations {
            all.prepare(at, prepared);
            if is_named {
                alone.prepare(at, prepared);
                let after = luck.of(&alone);
                let (printer, what, cards) = (scenario.printers[at].name.clone(), prepared.what, prepared.cards.into());
                of_printer.push(PlannedLoad { printer, what, cards, gains: more(&before, &after) });
                before = Cow::Owned(after);
            }
        }
        // What is done after the last that gains something gains nothing.
        let count = of_printer.iter().rposition(|load| load.gains.p90 > 0).map_or(0, |last| last + 1);
        of_printer.truncate(count);
        loads.push(of_printer);
    }
    loads.sort_by_key(|of_printer| std::cmp::Reverse(of_printer.iter().map(|load| load.gains.p50).sum::<i64>()));
    let loads: Vec<PlannedLoad> = loads.into_iter().flatten().collect();
    let together = (loads.len() > 1).then(|| luck.gains(&all));
    (loads, together)
}

/// Pauses and locked printers, each with what the night has without it.
fn obstacles(scenario: &Scenario, luck: &Luck) -> Vec<Obstacle> {
    let mut obstacles = Vec::new();
    for (at, pause) in scenario.pauses.iter().enumerate().take(ALONE) {
        let mut without = scenario.clone();
        without.pauses.remove(at);
        obstacles.push(Obstacle { printer: pause.printer.clone(), is_paused: true, gains: luck.gains(&without) });
    }
    for (at, printer) in scenario.printers.iter().enumerate().filter(|(_, printer)| printer.locked).take(ALONE) {
        let mut without = scenario.clone();
        without.printers[at].locked = false;
        let printer = Some(printer.name.clone());
        obstacles.push(Obstacle { printer, is_paused: false, gains: luck.gains(&without) });
    }
    obstacles
}

fn classes(scenario: &Scenario, runs: &[Run]) -> Vec<PlannedClass> {
    // Runs count by class. Where two profiles have the same class, the cards are shared out by what waits.
    let mut of_class: BTreeMap<i64, i64> = BTreeMap::new();
    for list in &scenario.lists {
        *of_class.entry(list.class).or_default() += i64::from(list.records);
    }
    let class = |list: &crate::simulation::List| {
        let (own, all) = (i64::from(list.records), of_class[&list.class].max(1));
        let printed =
            runs.iter().map(|run| run.waits_by_class.get(&list.class).map_or(0, |waits| signed(waits.records)));
        let printed = printed.map(|printed| printed * own / all);
        let class = if list.class == WALK_INS_IN_LIST { WALK_IN_CLASS } else { list.class };
        PlannedClass { profile: list.profile.clone(), class, waiting: own, printed: band(printed) }
    };
    scenario.lists.iter().map(class).collect()
}

fn districts(runs: &[Run]) -> Vec<PlannedDistrict> {
    let mut names: Vec<&String> = runs.iter().flat_map(|run| run.waits_by_district.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let printed = |name: &String| {
        runs.iter()
            .map(|run| run.waits_by_district.get(name).map_or(0, |waits| signed(waits.records)))
            .collect::<Vec<_>>()
    };
    names
        .into_iter()
        .map(|name| PlannedDistrict { district: name.clone(), printed: band(printed(name).into_iter()) })
        .collect()
}
