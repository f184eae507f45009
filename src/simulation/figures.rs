//! The bands of many runs.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZero,
    time::Duration,
};

use serde::Serialize;

use super::{
    parallel,
    run::run,
    scenario::Scenario,
    tally::{Activity, Run, Waits},
};
use crate::domain::time::Timestamp;

/// Three quantiles: a tenth of the runs is below the first, half below the second, and nine tenths below the third.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Band<T> {
    /// The tenth percentile.
    pub p10: T,
    /// The median.
    pub p50: T,
    /// The ninetieth percentile.
    pub p90: T,
}

impl<T: Clone> Band<T> {
    /// The band of values: of `n`, the one at place ⌈n·q⌉. None of no values.
    pub fn of(mut values: Vec<T>, compare: impl Fn(&T, &T) -> std::cmp::Ordering) -> Option<Self> {
        values.sort_by(compare);
        let at = |tenths: usize| values.get((values.len() * tenths).div_ceil(10).checked_sub(1)?).cloned();
        Some(Self { p10: at(1)?, p50: at(5)?, p90: at(9)? })
    }
}

/// The bands of many runs of a scenario.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Figures {
    /// The runs.
    pub runs: u32,
    /// The seed of the first; each other has the next number.
    pub seed: u64,
    /// The runs in which the list was done.
    pub done: u32,
    /// When it was done; `null` where the list was not done in that share of the runs.
    pub done_at: Band<Option<Timestamp>>,
    /// Good cards.
    pub printed: Band<u64>,
    /// Spoiled blanks.
    pub spoiled: Band<u64>,
    /// Cards that a person must find.
    pub uncertain: Band<u64>,
    /// Records that failed too often.
    pub quarantined: Band<u64>,
    /// Records that wait at the end.
    pub waiting: Band<u64>,
    /// Blanks that are left.
    pub blanks: Band<i64>,
    /// Of each printer.
    pub printers: Vec<PrinterFigures>,
    /// What keeps printers from printing for the longest time, over all runs, beside closed windows; `printing` if they print longer than
    /// they wait for anything.
    pub bottleneck: Activity,
    /// How long printed records had waited, by class.
    pub waits_by_class: BTreeMap<i64, WaitFigures>,
    /// How long printed records had waited, by district.
    pub waits_by_district: BTreeMap<String, WaitFigures>,
}

/// The bands of a printer.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PrinterFigures {
    /// Its name.
    pub name: String,
    /// Its good cards.
    pub printed: Band<u64>,
    /// Its spoiled blanks.
    pub spoiled: Band<u64>,
    /// The share of its time by activity, over all runs.
    pub shares: BTreeMap<Activity, f64>,
    /// What it does at the end in most runs.
    pub last: Activity,
}

/// How long records had waited when they were printed, in days.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct WaitFigures {
    /// The records of a run.
    pub records: Band<u64>,
    /// The mean of a run.
    pub mean_days: Option<Band<f64>>,
    /// The longest of a run.
    pub longest_days: Band<f64>,
}

impl Figures {
    /// Runs a scenario with the seeds from `seed` on, on all processors, and counts.
    pub fn of(scenario: &Scenario, runs: NonZero<u32>, seed: u64) -> Self {
        counted(&many(scenario, runs, seed), seed)
    }
}

/// The runs of the seeds from `seed` on, in their order.
pub fn many(scenario: &Scenario, runs: NonZero<u32>, seed: u64) -> Vec<Run> {
    parallel::of_each(runs, seed, |seed| run(scenario, seed))
}

/// How another scenario differs in good cards, and in days until the list is done, run by run; the days only of runs in which both are done.
pub fn differences(
    scenario: &Scenario,
    other: &Scenario,
    runs: NonZero<u32>,
    seed: u64,
) -> (Figures, Figures, Option<Band<i64>>, Option<Band<f64>>) {
    let (first, second) = (many(scenario, runs, seed), many(other, runs, seed));
    let pairs = || first.iter().zip(&second);
    let printed = pairs().map(|(a, b)| b.printed.cast_signed() - a.printed.cast_signed());
    let days = pairs().filter_map(|(a, b)| Some(days_between(a.done_at?, b.done_at?)));
    let printed = Band::of(printed.collect(), Ord::cmp);
    let days = Band::of(days.collect(), f64::total_cmp);
    (counted(&first, seed), counted(&second, seed), printed, days)
}

#[expect(clippy::cast_precision_loss, reason = "days of a scenario, to the microsecond")]
fn days_between(from: Timestamp, to: Timestamp) -> f64 {
    (to.0 - from.0) as f64 / 86_400e6
}

fn days(duration: Duration) -> f64 {
    duration.as_secs_f64() / 86_400.0
}

/// A band of a number of each run.
fn band<T: Copy + Ord + Default>(runs: &[Run], of: impl Fn(&Run) -> T) -> Band<T> {
    let none = Band { p10: T::default(), p50: T::default(), p90: T::default() };
    Band::of(runs.iter().map(of).collect(), Ord::cmp).unwrap_or(none)
}

fn counted(runs: &[Run], seed: u64) -> Figures {
    let done_at = band(runs, |run| run.done_at.unwrap_or(Timestamp(i64::MAX)));
    let is_instant = |at: Timestamp| (at != Timestamp(i64::MAX)).then_some(at);
    let printers = 0..runs.first().map_or(0, |run| run.printers.len());
    let classes: BTreeSet<i64> = runs.iter().flat_map(|run| run.waits_by_class.keys().copied()).collect();
    let districts: BTreeSet<&String> = runs.iter().flat_map(|run| run.waits_by_district.keys()).collect();
    let of_class = |class: i64| (class, waits(runs, |run| run.waits_by_class.get(&class).copied().unwrap_or_default()));
    let of_district =
        |name: &String| (name.clone(), waits(runs, |run| run.waits_by_district.get(name).copied().unwrap_or_default()));
    Figures {
        runs: count(runs.len()),
        seed,
        done: count(runs.iter().filter(|run| run.done_at.is_some()).count()),
        done_at: Band { p10: is_instant(done_at.p10), p50: is_instant(done_at.p50), p90: is_instant(done_at.p90) },
        printed: band(runs, |run| run.printed),
        spoiled: band(runs, |run| run.spoiled),
        uncertain: band(runs, |run| run.uncertain),
        quarantined: band(runs, |run| run.quarantined),
        waiting: band(runs, |run| run.waiting),
        blanks: band(runs, |run| run.blanks),
        printers: printers.map(|at| of_printer(runs, at)).collect(),
        bottleneck: bottleneck(runs),
        waits_by_class: classes.into_iter().map(of_class).collect(),
        waits_by_district: districts.into_iter().map(of_district).collect(),
    }
}

fn count(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}

fn of_printer(runs: &[Run], at: usize) -> PrinterFigures {
    let spent = |activity| runs.iter().map(|run| run.printers[at].spent.with(activity)).sum::<Duration>();
    let all: Duration = Activity::ALL.into_iter().map(spent).sum();
    let share = |activity| (activity, spent(activity).as_secs_f64() / all.as_secs_f64().max(f64::MIN_POSITIVE));
    let in_runs = |activity: &Activity| runs.iter().filter(|run| run.printers[at].last == *activity).count();
    PrinterFigures {
        name: runs[0].printers[at].name.clone(),
        printed: band(runs, |run| run.printers[at].printed),
        spoiled: band(runs, |run| run.printers[at].spoiled),
        shares: Activity::ALL.into_iter().map(share).filter(|(_, share)| *share > 0.0).collect(),
        last: Activity::ALL.into_iter().max_by_key(in_runs).unwrap_or(Activity::NothingWaits),
    }
}

fn bottleneck(runs: &[Run]) -> Activity {
    let spent = |activity: &Activity| {
        let printers = runs.iter().flat_map(|run| &run.printers);
        printers.map(|printer| printer.spent.with(*activity)).sum::<Duration>()
    };
    let counts = |activity: &Activity| !matches!(activity, Activity::OutsideWindow | Activity::NothingWaits);
    Activity::ALL.into_iter().filter(counts).max_by_key(spent).unwrap_or(Activity::Printing)
}

fn waits(runs: &[Run], of: impl Fn(&Run) -> Waits) -> WaitFigures {
    let means = runs.iter().filter_map(|run| of(run).mean_days()).collect();
    let longest = Band::of(runs.iter().map(|run| days(of(run).longest)).collect(), f64::total_cmp);
    WaitFigures {
        records: band(runs, |run| of(run).records),
        mean_days: Band::of(means, f64::total_cmp),
        longest_days: longest.unwrap_or(Band { p10: 0.0, p50: 0.0, p90: 0.0 }),
    }
}
