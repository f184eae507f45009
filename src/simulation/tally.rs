//! What became of one run.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::domain::{attempt::OutcomeKind, time::Timestamp};

/// What a printer does, or why it does nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Activity {
    /// It prints.
    Printing,
    /// Its window is closed.
    OutsideWindow,
    /// A person has paused it.
    Paused,
    /// Its hopper is empty, and the vault has blanks for it.
    EmptyHopper,
    /// No blank is free for it, in its hopper or in the vault.
    NoBlanks,
    /// Its ribbon is used up.
    RibbonUsedUp,
    /// Its output tray is full.
    TrayFull,
    /// It has to be cleaned.
    CleaningDue,
    /// It waits for a person: a jam, or a locked breaker.
    Stopped,
    /// It rests after its cards, as its limits say.
    RestsByRule,
    /// It rests after failures, or the time of a retry has not come.
    Resting,
    /// Nothing waits for it.
    NothingWaits,
}

impl Activity {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Printing,
        Self::OutsideWindow,
        Self::Paused,
        Self::EmptyHopper,
        Self::NoBlanks,
        Self::RibbonUsedUp,
        Self::TrayFull,
        Self::CleaningDue,
        Self::Stopped,
        Self::RestsByRule,
        Self::Resting,
        Self::NothingWaits,
    ];
}

/// The time that was spent with each activity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Spent([Duration; Activity::ALL.len()]);

impl Spent {
    /// The time that was spent with one.
    pub fn with(&self, activity: Activity) -> Duration {
        self.0[activity as usize]
    }

    pub(super) fn add(&mut self, activity: Activity, time: Duration) {
        self.0[activity as usize] += time;
    }
}

/// What became of one run.
#[derive(Clone, PartialEq, Debug)]
pub struct Run {
    /// When the last record that waited was printed or left the list; none if some are left, or if more would arrive.
    pub done_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Good cards.
    pub printed: u64,
    /// Spoiled blanks.
    pub spoiled: u64,
    /// Cards that a person must find.
    pub uncertain: u64,
    /// Records that failed too often.
    pub quarantined: u64,
    /// Records that wait at the end, in a batch or not.
    pub waiting: u64,
    /// Blanks that are left, in the vault and in hoppers.
    pub blanks: i64,
    /// Of each printer, in the order of the scenario.
    pub printers: Vec<PrinterRun>,
    /// How long printed records had waited, by class.
    pub waits_by_class: BTreeMap<i64, Waits>,
    /// How long printed records had waited, by district.
    pub waits_by_district: BTreeMap<String, Waits>,
}

/// What became of a printer in one run.
#[derive(Clone, PartialEq, Debug)]
pub struct PrinterRun {
    /// Its name.
    pub name: String,
    /// Its good cards.
    pub printed: u64,
    /// Its spoiled blanks.
    pub spoiled: u64,
    /// The time that it spent with each activity.
    pub spent: Spent,
    /// Its activity at the end.
    pub last: Activity,
    /// Since when.
    pub last_since: Timestamp,
}

/// How long records had waited when they were printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Waits {
    /// The records.
    pub records: u64,
    /// Of all of them.
    pub total: Duration,
    /// Of the one that waited longest.
    pub longest: Duration,
}

impl Waits {
    /// Counts a record.
    pub(super) fn add(&mut self, wait: Duration) {
        self.records += 1;
        self.total += wait;
        self.longest = self.longest.max(wait);
    }

    /// Their mean, in days; none of no record.
    pub fn mean_days(&self) -> Option<f64> {
        let records = u32::try_from(self.records).ok().filter(|records| *records > 0)?;
        Some((self.total / records).as_secs_f64() / 86_400.0)
    }
}

/// A run with each of its cards.
#[derive(Clone, PartialEq, Debug)]
pub struct Traced {
    /// What became of it.
    pub run: Run,
    /// Its cards, in the order of the batches.
    pub jobs: Vec<TracedJob>,
    /// The instants at which several printers had turns, in an order that nothing decides.
    pub shared: BTreeSet<Timestamp>,
}

/// A card of a run, from its place in a batch to its outcome.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TracedJob {
    /// The record's number in the order in which records arrived, from 0.
    pub record: usize,
    /// The printer's place in the scenario.
    pub printer: usize,
    /// Which of its printer's batches it is in, from 0.
    pub batch: usize,
    /// Its place in the batch, from 0.
    pub position: usize,
    /// Its attempts, oldest first.
    pub attempts: Vec<TracedAttempt>,
}

/// An attempt of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TracedAttempt {
    /// When it began.
    pub began_at: Timestamp,
    /// Its outcome and when that was known; none if the run ended before.
    pub ended: Option<(OutcomeKind, Timestamp)>,
}
