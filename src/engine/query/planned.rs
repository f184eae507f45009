//! Makes the plan of a night by the simulator.

use std::{
    collections::{BTreeMap, HashMap},
    num::NonZero,
};

use jiff::civil::DateTime;

use super::{
    needs::{Need, NeedKind},
    night_plan::{
        NightPlan, Obstacle, PlanBand, PlannedClass, PlannedDistrict, PlannedEnd, PlannedLoad, PlannedPrinter,
    },
};
use crate::{
    domain::{
        card::profile::WALK_IN_CLASS,
        retry,
        time::{Day, Timestamp},
    },
    simulation::{Activity, Band, Measure, NightRuns, Run, Scenario, WALK_INS_IN_LIST, nights, typical},
};

/// The most runs of which bands are made, and the least where many cards are printed before the night ends.
const RUNS_MAX: u64 = 120;
const RUNS_MIN: u64 = 24;
/// The cards of all runs of which bands are made: no more are simulated, unless the least number of runs needs them.
const CARDS_MAX: f64 = 600_000.0;
/// Of the runs, one of so many is among the first ones, of which the bands of gains are made.
const GAINS_OF: u64 = 3;
const GAINS_MIN: u64 = 12;
/// The most printers of which is said what loading or clearing each gains; of more, those that lack most.
const ALONE: usize = 8;
/// Below this share of the runs, an end is not named.
const SELDOM: f64 = 0.05;

/// The times of a plan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// When the office was read: the scenario begins then.
    pub(super) now: Timestamp,
    /// From when on cards are counted.
    pub(super) from: Timestamp,
    /// The same, as a local time of the scenario.
    pub(super) begin: DateTime,
    pub(super) to: Timestamp,
    /// The instant that chooses the luck: the begin of the night, whenever it is asked for.
    pub(super) luck: Timestamp,
    pub(super) night: Option<Day>,
    pub(super) previous: Option<Day>,
    pub(super) next: Option<Day>,
}

/// What a scenario comes to, and what would come of loading and of clearing printers.
pub(super) fn planned(scenario: &Scenario, times: &Times, needs: Vec<Need>) -> NightPlan {
    let seed = retry::seed(&times.luck.to_string());
    let runs = runs_of(scenario, times);
    let mut nights = nights(scenario, times.begin, (number(runs), seed), &[Vec::new()]);
    let runs: Vec<Run> = nights.iter_mut().flat_map(|night| std::mem::take(&mut night.runs)).collect();
    let (loads, all_loads, obstacles) = gains(scenario, times.begin, (seed, &nights, &runs));
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
        made_at: times.now.to_string(),
        night: times.night,
        previous: times.previous,
        next: times.next,
        from: times.from.to_string(),
        to: times.to.to_string(),
        waiting: band(nights.iter().map(|night| signed(night.begin.waiting))).p50,
        printed: band(runs.iter().map(|run| signed(run.printed))),
        spoiled: band(runs.iter().map(|run| signed(run.spoiled))),
        blanks: band(runs.iter().map(|run| run.blanks)),
        printers: (0..scenario.printers.len()).map(|at| planned_printer(&runs, at)).collect(),
        loads,
        all_loads,
        obstacles,
        decisions: needs.into_iter().filter(is_decision).collect(),
        classes: classes(scenario, &nights, &runs),
        districts: districts(&runs),
    }
}

/// How many runs are made: fewer where many cards are printed until the end, as of a night of another week.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of some hundred runs")]
fn runs_of(scenario: &Scenario, times: &Times) -> u64 {
    let seconds = times.to.since(times.now).as_secs_f64();
    let pace = |[shortest, longest]: [f64; 2]| 2.0 / (shortest + longest).max(0.01);
    let in_time: f64 = scenario.printers.iter().map(|printer| seconds * pace(printer.seconds_per_card)).sum();
    let records: f64 = scenario.lists.iter().map(|list| f64::from(list.records)).sum();
    let loaded = scenario.printers.iter().map(|printer| printer.loaded);
    let blanks: f64 = scenario.stock.iter().map(|stock| stock.blanks).chain(loaded).map(f64::from).sum();
    let cards = in_time.min(records).min(blanks).max(1.0);
    ((CARDS_MAX / cards) as u64).clamp(RUNS_MIN, RUNS_MAX)
}

fn number(runs: u64) -> NonZero<u32> {
    u32::try_from(runs).ok().and_then(NonZero::new).unwrap_or(NonZero::<u32>::MIN)
}

/// What is done to one printer, and how far it is named.
struct Prepared {
    load: PlannedLoad,
    /// What it gains follows from these measures, by their place, after those before.
    place: usize,
}

/// What people may do before the night, and what each of it gains: to prepare printers, those first whose hoppers lack most, each alone and
/// all of them together; to end pauses, and to clear locked printers.
fn gains(
    scenario: &Scenario,
    begin: DateTime,
    (seed, nights_before, runs): (u64, &[NightRuns], &[Run]),
) -> (Vec<PlannedLoad>, Option<PlanBand>, Vec<Obstacle>) {
    let mut measures: Vec<Vec<Measure>> = Vec::new();
    let (prepared, all) = preparations(&typical(scenario, begin, nights_before), &mut measures);
    let all = add(&mut measures, all);
    let obstacles = obstacles(scenario, &mut measures);
    let first = (u64::try_from(runs.len()).unwrap_or(u64::MAX) / GAINS_OF).max(GAINS_MIN);
    let nights = nights(scenario, begin, (number(first), seed), &measures);
    // Each beside the same run without it.
    let more = |before: Option<usize>, after: usize| {
        let of = |place: usize| nights.iter().map(move |night| signed(night.runs[place].printed));
        let without: Vec<i64> = match before {
            Some(before) => of(before).collect(),
            None => runs.iter().take(nights.len()).map(|run| signed(run.printed)).collect(),
        };
        band(of(after).zip(without).map(|(after, before)| after - before))
    };
    let mut loads: Vec<Vec<PlannedLoad>> = Vec::new();
    for of_printer in prepared {
        let mut before = None;
        let gained = of_printer.into_iter().map(|Prepared { load, place }| {
            let gains = more(before.replace(place), place);
            PlannedLoad { gains, ..load }
        });
        let mut gained: Vec<PlannedLoad> = gained.collect();
        // What is done after the last that gains something gains nothing.
        let count = gained.iter().rposition(|load| load.gains.p50 > 0).map_or(0, |last| last + 1);
        gained.truncate(count);
        loads.push(gained);
    }
    loads.sort_by_key(|of_printer| std::cmp::Reverse(of_printer.iter().map(|load| load.gains.p50).sum::<i64>()));
    let loads: Vec<PlannedLoad> = loads.into_iter().flatten().collect();
    let together = (loads.len() > 1).then(|| more(None, all));
    let obstacles = obstacles.into_iter().map(|(obstacle, place)| Obstacle { gains: more(None, place), ..obstacle });
    (loads, together, obstacles.filter(|obstacle| obstacle.gains.p50 > 0).collect())
}

/// Adds measures, and tells their place.
fn add(measures: &mut Vec<Vec<Measure>>, new: Vec<Measure>) -> usize {
    measures.push(new);
    measures.len() - 1
}

/// What may be done to each printer as it stands when the night begins, and all of it together.
fn preparations(office: &Scenario, measures: &mut Vec<Vec<Measure>>) -> (Vec<Vec<Prepared>>, Vec<Measure>) {
    let room =
        |at: usize| office.printers[at].hopper.map_or(0, |hopper| hopper.saturating_sub(office.printers[at].loaded));
    let mut order: Vec<usize> = (0..office.printers.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(room(*at)), *at));
    let (mut left, mut all, mut found) = (office.clone(), Vec::new(), Vec::new());
    for at in order {
        // The vault has what it does not load for the printers before it.
        let preparations = left.preparations(at);
        let is_named = !preparations.is_empty() && found.len() < ALONE;
        let (mut alone, mut of_printer) = (Vec::new(), Vec::new());
        for prepared in preparations {
            left.prepare(at, prepared);
            all.push(Measure::Prepare(at, prepared));
            if is_named {
                alone.push(Measure::Prepare(at, prepared));
                let (printer, what, cards) = (office.printers[at].name.clone(), prepared.what, prepared.cards.into());
                let load = PlannedLoad { printer, what, cards, gains: PlanBand::default() };
                of_printer.push(Prepared { load, place: add(measures, alone.clone()) });
            }
        }
        if is_named {
            found.push(of_printer);
        }
    }
    (found, all)
}

/// Pauses and locked printers, each with the place of what ends it.
fn obstacles(scenario: &Scenario, measures: &mut Vec<Vec<Measure>>) -> Vec<(Obstacle, usize)> {
    let none = PlanBand::default();
    let mut obstacles = Vec::new();
    for (at, pause) in scenario.pauses.iter().enumerate().take(ALONE) {
        let obstacle = Obstacle { printer: pause.printer.clone(), is_paused: true, gains: none };
        obstacles.push((obstacle, add(measures, vec![Measure::Resume(at)])));
    }
    for (at, printer) in scenario.printers.iter().enumerate().filter(|(_, printer)| printer.locked).take(ALONE) {
        let obstacle = Obstacle { printer: Some(printer.name.clone()), is_paused: false, gains: none };
        obstacles.push((obstacle, add(measures, vec![Measure::Clear(at)])));
    }
    obstacles
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

fn classes(scenario: &Scenario, nights: &[NightRuns], runs: &[Run]) -> Vec<PlannedClass> {
    // Runs count by class. Where two profiles have the same class, the cards are shared out by what waits.
    let mut of_class: BTreeMap<i64, i64> = BTreeMap::new();
    for list in &scenario.lists {
        *of_class.entry(list.class).or_default() += i64::from(list.records);
    }
    let before = |class: i64| {
        let printed = nights.iter().map(|night| night.begin.printed_before.get(&class).map_or(0, |of| signed(*of)));
        band(printed).p50
    };
    let class = |list: &crate::simulation::List| {
        let (own, all) = (i64::from(list.records), of_class[&list.class].max(1));
        let printed =
            runs.iter().map(|run| run.waits_by_class.get(&list.class).map_or(0, |waits| signed(waits.records)));
        let printed = printed.map(|printed| printed * own / all);
        let waiting = own - before(list.class) * own / all;
        let class = if list.class == WALK_INS_IN_LIST { WALK_IN_CLASS } else { list.class };
        PlannedClass { profile: list.profile.clone(), class, waiting, printed: band(printed) }
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
