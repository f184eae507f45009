//! A printer of a run: what it does, and the fate of its cards.

use std::time::Duration;

use super::{
    chance::{Chance, Draw},
    printer_setting,
    script::Scripted,
    tally::{Activity, Spent},
};
use crate::domain::{
    attempt::{NotStartedCause, OutcomeKind},
    batch::BatchState,
    breaker::{Breaker, Health},
    dispatch::{PrinterSnapshot, Readiness},
    id::{BatchId, JobId},
    pause::Pause,
    planning,
    polling::{ASK_MAX, Pace, Waits},
    stock::Place,
    supply::{Said, Stop, Supplies},
    time::Timestamp,
};

/// A printer that has not failed.
const WELL: Health = Health { breaker: Breaker::Closed, failures: 0, last_failed: None, starts_nothing_since: None };

/// A card of its batch.
#[derive(Clone)]
pub(super) struct Job {
    pub(super) id: JobId,
    pub(super) record: usize,
    pub(super) due: Timestamp,
    pub(super) not_started: u32,
    /// Its place in the batch; a job that is tried again moves to the end.
    pub(super) position: i64,
}

/// How a card ends.
#[derive(Clone, Copy)]
pub(super) struct Fate {
    pub(super) outcome: OutcomeKind,
    /// How long the printer is busy with it.
    pub(super) takes: Duration,
    /// Whether its end is known at once: it was not started, or the printer forgot it.
    pub(super) is_known_at_once: bool,
    pub(super) jams: bool,
}

/// What the printer waits for, and since when.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) since: Timestamp,
    pub(super) of: WaitKind,
}

/// Which waits follow one another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum WaitKind {
    /// Those of a printer that has nothing to print, or must not.
    Blocked,
    /// Those between two questions to a printer that cannot print.
    Asking,
    /// Those of a printer that a limit stops within its batch.
    Limited,
    /// Until a card is due, or a short rest is over.
    Due,
}

/// A printer, and what it does.
#[derive(Clone)]
pub(super) struct Printer<'a> {
    pub(super) setting: &'a printer_setting::Printer,
    pub(super) chance: Chance,
    pub(super) health: Health,
    pub(super) readiness: Readiness,
    pub(super) down_since: Option<Timestamp>,
    /// As last seen: it cannot print.
    pub(super) is_seen_stopped: bool,
    pub(super) supplies: Supplies,
    /// Since when a limit stops its feeding.
    pub(super) limited_since: Option<Timestamp>,
    spare_ribbons: Option<u32>,
    /// When a person has cleared it; no later than now if nothing is to be cleared.
    pub(super) cleared_at: Timestamp,
    /// Until when it is asked nothing.
    pub(super) rests_until: Timestamp,
    /// When the last card has left it.
    pub(super) free_at: Timestamp,
    pub(super) pace: Pace,
    /// The pauses in force for it.
    pub(super) pauses: Vec<Pause>,
    pub(super) batch: Option<BatchId>,
    /// Its batches so far.
    pub(super) batches: usize,
    /// The cards of its batch, the next one last.
    pub(super) jobs: Vec<Job>,
    /// The card that is rendered ahead.
    pub(super) next: Option<Job>,
    pub(super) open: Option<(Job, Fate)>,
    /// The place after the last of its batch.
    pub(super) end_position: i64,
    pub(super) waiting: Option<Waiting>,
    /// It was woken while it did something else.
    pub(super) is_woken: bool,
    pub(super) blocked: Waits,
    pub(super) asking: Waits,
    /// The attempts that it began.
    pub(super) attempts: u64,
    /// The blanks that it fed.
    pub(super) fed: u64,
    /// The number of the card before which it met a fault of the script.
    met: u64,
    pub(super) printed: u64,
    pub(super) spoiled: u64,
    pub(super) spent: Spent,
    pub(super) does: Activity,
    /// Since when it does that.
    pub(super) does_since: Timestamp,
    /// Until when its time is counted.
    counted_until: Timestamp,
}

impl<'a> Printer<'a> {
    pub(super) fn new(setting: &'a printer_setting::Printer, supplies: Supplies, seed: u64, now: Timestamp) -> Self {
        let breaker = if setting.locked { Breaker::Locked } else { Breaker::Closed };
        Self {
            setting,
            chance: Chance::new(seed, &setting.name),
            health: Health { breaker, ..WELL },
            readiness: Readiness::Unknown,
            down_since: None,
            is_seen_stopped: false,
            supplies,
            limited_since: None,
            spare_ribbons: setting.spare_ribbons,
            cleared_at: now,
            rests_until: now,
            free_at: now,
            pace: Pace::default(),
            pauses: Vec::new(),
            batch: None,
            batches: 0,
            jobs: Vec::new(),
            next: None,
            open: None,
            end_position: 0,
            waiting: None,
            is_woken: false,
            blocked: Waits::default(),
            asking: Waits::default(),
            attempts: 0,
            fed: 0,
            met: 0,
            printed: 0,
            spoiled: 0,
            spent: Spent::default(),
            does: Activity::NothingWaits,
            does_since: now,
            counted_until: now,
        }
    }

    pub(super) fn snapshot(&self, now: Timestamp) -> PrinterSnapshot<'_> {
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
            stop: self.stop(now),
            batch: self.batch.map(|batch| (batch, BatchState::Running)),
            in_doubt: false,
            pauses: &self.pauses,
            newest: now,
        }
    }

    /// The limit that stops its feeding, and since when.
    pub(super) fn stop(&self, now: Timestamp) -> Option<(Stop, Timestamp)> {
        self.supplies.stop(0, now).map(|stop| (stop, self.limited_since.unwrap_or(now)))
    }

    /// Begins and ends its rests.
    pub(super) fn count(&mut self, now: Timestamp) {
        self.supplies = self.supplies.advanced(0, now).unwrap_or(self.supplies);
        self.limited_since = self.stop(now).map(|(_, since)| since);
    }

    /// A person empties its tray, changes its ribbon if it is used up and another one is there, and cleans it if that is due.
    pub(super) fn see_to(&mut self, now: Timestamp) {
        let left = self.supplies.left(now);
        let is_changed = left.ribbon == Some(0) && self.spare_ribbons != Some(0);
        if is_changed {
            self.spare_ribbons = self.spare_ribbons.map(|ribbons| ribbons - 1);
        }
        let ribbon = self.supplies.limits.ribbon_cards().filter(|_| is_changed);
        self.supplies = self.supplies.said(Said { ribbon, tray: Some(0), is_cleaned: left.cleaning == Some(0) });
    }

    /// From now on it does this.
    pub(super) fn begins(&mut self, does: Activity, now: Timestamp) {
        self.spent.add(self.does, now.since(self.counted_until));
        self.counted_until = now;
        if does != self.does {
            (self.does, self.does_since) = (does, now);
        }
    }

    /// Whether it can print, as its answer to a question.
    pub(super) fn answer(&mut self, now: Timestamp) {
        if self.rests_until > now && self.health.breaker == Breaker::Open {
            // It would answer that it can print, as before.
            (self.readiness, self.is_seen_stopped) = (Readiness::NotReady, true);
        } else if self.cleared_at > now {
            (self.readiness, self.is_seen_stopped) = (Readiness::NotReady, true);
            self.down_since.get_or_insert(now);
        } else {
            (self.readiness, self.is_seen_stopped) = (Readiness::Ready, false);
            self.down_since = None;
            self.asking = Waits::default();
            self.health.breaker = self.health.breaker.after_probe();
        }
    }

    /// Whether it can print, as far as was seen, so that it shares the blanks of the vault.
    pub(super) fn can_print(&self) -> bool {
        let is_free = self.supplies.room(0) != Some(0);
        is_free && self.health.breaker != Breaker::Locked && !self.is_seen_stopped && self.pauses.is_empty()
    }

    /// A person clears its breaker.
    pub(super) fn clear(&mut self) {
        if self.health.breaker == Breaker::Locked {
            (self.health, self.readiness) = (WELL, Readiness::Unknown);
        }
    }

    /// The cards of its batch that have not ended.
    pub(super) fn cards_left(&self) -> usize {
        self.jobs.len() + usize::from(self.next.is_some()) + usize::from(self.open.is_some())
    }

    /// Renders the next card that is due, unless one is ready.
    pub(super) fn prepare_next(&mut self, now: Timestamp) {
        if self.next.is_none()
            && let Some(place) = self.jobs.iter().rposition(|job| job.due <= now)
        {
            self.next = Some(self.jobs.remove(place));
        }
    }

    /// The card that was rendered ahead is one of its batch again.
    pub(super) fn put_back_next(&mut self) {
        if let Some(job) = self.next.take() {
            let place = self.jobs.partition_point(|other| other.position > job.position);
            self.jobs.insert(place, job);
        }
    }

    /// The first end of its waits at `instant` or after it.
    pub(super) fn first_end(&self, waiting: Waiting, instant: Timestamp) -> Timestamp {
        let Waiting { since, of } = waiting;
        match of {
            WaitKind::Blocked => { self.blocked }.first_end(since, instant),
            WaitKind::Asking => { self.asking }.first_end(since, instant),
            WaitKind::Limited => {
                let looks = instant.since(since).as_micros().div_ceil(ASK_MAX.as_micros()).max(1);
                since.plus(ASK_MAX.saturating_mul(u32::try_from(looks).unwrap_or(u32::MAX)))
            }
            WaitKind::Due => instant,
        }
    }

    /// Its wait is over, by itself, so that the next one is longer, or because it was woken.
    pub(super) fn end_wait(&mut self, waiting: Waiting, now: Timestamp) {
        let Waiting { since, of } = waiting;
        let waits = match of {
            WaitKind::Blocked => &mut self.blocked,
            WaitKind::Asking => &mut self.asking,
            WaitKind::Limited | WaitKind::Due => return,
        };
        if waits.first_end(since, now) == now {
            waits.lengthen();
        }
    }

    pub(super) fn place(&self) -> Place {
        planning::place(&self.setting.name, self.setting.hopper.map(i64::from))
    }

    /// The fate of its next card.
    pub(super) fn fate(&mut self) -> Fate {
        let (setting, card) = (self.setting, self.attempts);
        if let Some(script) = &setting.script {
            let number = self.fed + 1;
            let scripted = script.get(number).filter(|fault| !fault.feeds_no_blank() || self.met < number);
            if scripted.is_some_and(Scripted::feeds_no_blank) {
                self.met = number;
            }
            return self.fated(scripted);
        }
        let draw = self.chance.number(Draw::Fate, card);
        let fault = if draw < setting.spoiled {
            let jams = self.chance.number(Draw::Jam, card) < setting.jams;
            Some(if jams { Scripted::Jam } else { Scripted::Spoil })
        } else if draw < setting.spoiled + setting.not_started {
            Some(Scripted::Offline)
        } else if draw < setting.spoiled + setting.not_started + setting.uncertain {
            Some(Scripted::Forget)
        } else {
            None
        };
        self.fated(fault)
    }

    fn fated(&self, fault: Option<Scripted>) -> Fate {
        let outcome = match fault {
            None | Some(Scripted::LoseAck) => OutcomeKind::Printed,
            Some(Scripted::Spoil | Scripted::Jam) => OutcomeKind::Spoiled,
            Some(Scripted::Forget) => OutcomeKind::Uncertain,
            Some(Scripted::Offline) => OutcomeKind::NotStarted(NotStartedCause::Printer),
            Some(Scripted::Reject) => OutcomeKind::NotStarted(NotStartedCause::Card),
        };
        let feeds_no_blank = fault.is_some_and(Scripted::feeds_no_blank);
        let takes = if feeds_no_blank {
            Duration::ZERO
        } else {
            self.chance.duration(Draw::Pace, self.attempts, self.setting.seconds_per_card)
        };
        let is_known_at_once = feeds_no_blank || fault == Some(Scripted::Forget);
        Fate { outcome, takes, is_known_at_once, jams: fault == Some(Scripted::Jam) }
    }
}
