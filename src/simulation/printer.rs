//! A printer of a run: what it does, and the fate of its cards.

use std::{collections::BTreeMap, time::Duration};

use super::{
    chance::{Chance, Draw},
    scenario,
    tally::Activity,
};
use crate::domain::{
    attempt::{NotStartedCause, OutcomeKind},
    batch::BatchState,
    breaker::{Breaker, Health},
    dispatch::{PrinterSnapshot, Readiness},
    id::{BatchId, JobId},
    planning,
    stock::Place,
    time::Timestamp,
};

/// A printer that has not failed.
const WELL: Health = Health { breaker: Breaker::Closed, failures: 0, last_failed: None, starts_nothing_since: None };

/// A card of its batch.
pub(super) struct Job {
    pub(super) id: JobId,
    pub(super) record: usize,
    pub(super) due: Timestamp,
    pub(super) not_started: u32,
}

/// A printer, and what it does.
pub(super) struct Printer<'a> {
    pub(super) setting: &'a scenario::Printer,
    pub(super) chance: Chance,
    pub(super) health: Health,
    pub(super) readiness: Readiness,
    pub(super) down_since: Option<Timestamp>,
    /// When a person has cleared it; no later than now if nothing is to be cleared.
    pub(super) cleared_at: Timestamp,
    /// Until when it is asked nothing.
    pub(super) rests_until: Timestamp,
    pub(super) batch: Option<BatchId>,
    pub(super) jobs: Vec<Job>,
    pub(super) open: Option<(Job, OutcomeKind)>,
    /// The cards that it began.
    pub(super) cards: u64,
    pub(super) printed: u64,
    pub(super) spoiled: u64,
    pub(super) spent: BTreeMap<Activity, Duration>,
    pub(super) does: Activity,
    since: Timestamp,
}

impl<'a> Printer<'a> {
    pub(super) fn new(setting: &'a scenario::Printer, seed: u64, now: Timestamp) -> Self {
        Self {
            setting,
            chance: Chance::new(seed, &setting.name),
            health: WELL,
            readiness: Readiness::Unknown,
            down_since: None,
            cleared_at: now,
            rests_until: now,
            batch: None,
            jobs: Vec::new(),
            open: None,
            cards: 0,
            printed: 0,
            spoiled: 0,
            spent: BTreeMap::new(),
            does: Activity::NothingWaits,
            since: now,
        }
    }

    pub(super) fn snapshot(&self, now: Timestamp) -> PrinterSnapshot<'a> {
        PrinterSnapshot {
            name: &self.setting.name,
            is_gone: false,
            node: None,
            own_node: None,
            has_lease: true,
            has_open_attempt: false,
            breaker: self.health.breaker,
            readiness: self.readiness,
            down_since: self.down_since,
            batch: self.batch.map(|batch| (batch, BatchState::Running)),
            in_doubt: false,
            pauses: &[],
            newest: now,
        }
    }

    /// From now on it does this.
    pub(super) fn begins(&mut self, does: Activity, now: Timestamp) {
        *self.spent.entry(self.does).or_default() += now.since(self.since);
        (self.does, self.since) = (does, now);
    }

    /// Whether it can print, as its answer to a question.
    pub(super) fn answer(&mut self, now: Timestamp) {
        if self.cleared_at > now {
            self.readiness = Readiness::NotReady;
            self.down_since.get_or_insert(now);
        } else {
            self.readiness = Readiness::Ready;
            self.down_since = None;
            self.health.breaker = self.health.breaker.after_probe();
        }
    }

    pub(super) fn can_print(&self) -> bool {
        self.health.breaker != Breaker::Locked && self.down_since.is_none()
    }

    /// A person clears its breaker.
    pub(super) fn clear(&mut self) {
        if self.health.breaker == Breaker::Locked {
            (self.health, self.readiness) = (WELL, Readiness::Unknown);
        }
    }

    pub(super) fn ask_again(&mut self) {
        self.readiness = Readiness::Unknown;
    }

    pub(super) fn place(&self) -> Place {
        planning::place(&self.setting.name, self.setting.hopper.map(i64::from))
    }

    /// The fate of its next card: how it ends, after what time, and whether it jams the printer.
    pub(super) fn fate(&self) -> (OutcomeKind, Duration, bool) {
        let (setting, card) = (self.setting, self.cards);
        let fate = self.chance.number(Draw::Fate, card);
        let outcome = if fate < setting.spoiled {
            OutcomeKind::Spoiled
        } else if fate < setting.spoiled + setting.not_started {
            OutcomeKind::NotStarted(NotStartedCause::Printer)
        } else if fate < setting.spoiled + setting.not_started + setting.uncertain {
            OutcomeKind::Uncertain
        } else {
            OutcomeKind::Printed
        };
        let jams = outcome == OutcomeKind::Spoiled && self.chance.number(Draw::Jam, card) < setting.jams;
        (outcome, self.chance.duration(Draw::Pace, card, setting.seconds_per_card), jams)
    }
}
