//! The blanks that a printer fed, and what it reports about them at an instant. Pure: the clock is a parameter.

use std::collections::HashMap;

use cetak_driver_api::{AttemptId, AttemptStatus, Blank, Card, Condition, Ending};

use crate::faults::InjectedFault;
use crate::settings::Settings;
use crate::truth_file::{TruthCard, TruthLine};

/// The reason of a jam (`printer-state-reasons`, PWG 5100.9). The printer is stopped until it is cleared.
pub(crate) const JAM: &str = "media-jam";

/// The number of cards of which the printer lists the attempts.
const LATEST: usize = 1_000;

/// The reason of a spoiled card (`job-state-reasons`, RFC 8011, section 5.3.8). IPP has none that is more specific.
const SPOILED: &str = "job-completed-with-errors";

/// One blank that was fed, and the card that it became. Instants are UTC microseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FedBlank {
    at: i64,
    start_us: i64,
    end_us: i64,
    stopped_until_us: Option<i64>,
    card: TruthCard,
    forgotten: bool,
}

/// All blanks that one printer fed, ordered by time, and the attempts that are prepared. Documents are not kept,
/// because nothing reads them.
#[derive(Default)]
pub(crate) struct History {
    fed: Vec<FedBlank>,
    /// The index in `fed`, or `None` for an attempt that is only prepared. One map for both, which keeps the benchmarks
    /// that use this printer fast.
    by_attempt: HashMap<AttemptId, Option<usize>>,
}

/// What a driver knows about an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AttemptState {
    /// It is prepared in this process, and not committed.
    Prepared,
    /// It was committed, in this process or another.
    Committed(FedBlank),
}

impl History {
    /// The next card: it starts when the card before has ended and its jam is cleared.
    pub(crate) fn next_blank(&self, now: i64, fault: InjectedFault, settings: &Settings) -> FedBlank {
        let free_at = self.fed.last().map(FedBlank::free_at);
        let start_us = free_at.map_or(now, |free_at| free_at.max(now));
        let end_us = start_us.saturating_add(settings.card_us);
        let card = match fault {
            InjectedFault::Jam | InjectedFault::Spoil => TruthCard::Bad,
            InjectedFault::Offline
            | InjectedFault::Reject
            | InjectedFault::LoseAck
            | InjectedFault::Forget
            | InjectedFault::None => TruthCard::Good,
        };
        let stopped_until_us = (fault == InjectedFault::Jam).then(|| end_us.saturating_add(settings.clear_us));
        FedBlank { at: now, start_us, end_us, stopped_until_us, card, forgotten: fault == InjectedFault::Forget }
    }

    /// Changes nothing for an attempt that was committed.
    pub(crate) fn prepare(&mut self, attempt: &AttemptId) {
        self.by_attempt.entry(attempt.clone()).or_insert(None);
    }

    /// Changes nothing for an attempt that was committed.
    pub(crate) fn drop_prepared(&mut self, attempt: &AttemptId) {
        if self.by_attempt.get(attempt) == Some(&None) {
            self.by_attempt.remove(attempt);
        }
    }

    /// Adds the newest blank, whether its attempt was prepared here or not. Returns its number, counted from 1.
    pub(crate) fn push(&mut self, attempt: &AttemptId, blank: FedBlank) -> usize {
        let index = Some(self.fed.len());
        match self.by_attempt.get_mut(attempt) {
            Some(known) => *known = index,
            None => drop(self.by_attempt.insert(attempt.clone(), index)),
        }
        self.fed.push(blank);
        self.fed.len()
    }

    /// The attempts of the latest cards, as many as a printer keeps in its history, in no particular order.
    pub(crate) fn latest(&self) -> impl Iterator<Item = &AttemptId> {
        let first = self.fed.len().saturating_sub(LATEST);
        self.by_attempt.iter().filter(move |(_, index)| index.is_some_and(|index| index >= first)).map(|(id, _)| id)
    }

    /// The number of the next blank, from 1.
    pub(crate) fn next_number(&self) -> usize {
        self.fed.len() + 1
    }

    pub(crate) fn state(&self, attempt: &AttemptId) -> Option<AttemptState> {
        match self.by_attempt.get(attempt)? {
            Some(index) => self.fed.get(*index).copied().map(AttemptState::Committed),
            None => Some(AttemptState::Prepared),
        }
    }

    pub(crate) fn count_finished(&self, now: i64) -> usize {
        self.fed.partition_point(|blank| blank.end_us <= now)
    }

    /// The number of fed blanks.
    pub(crate) fn count(&self) -> usize {
        self.fed.len()
    }

    pub(crate) fn condition(&self, now: i64) -> Condition {
        let count_finished = self.count_finished(now);
        // Only the last finished card can have left a jam, because the next does not start before it is cleared.
        let last = count_finished.checked_sub(1).and_then(|index| self.fed.get(index));
        if last.and_then(|blank| blank.stopped_until_us).is_some_and(|until| now < until) {
            Condition::Stopped
        } else if count_finished < self.fed.len() {
            Condition::Processing
        } else {
            Condition::Idle
        }
    }

    /// All blanks in the order in which they were fed.
    pub(crate) fn lines(&self, printer: &str) -> Vec<TruthLine> {
        let mut lines: Vec<_> = self
            .by_attempt
            .iter()
            .filter_map(|(attempt, index)| index.map(|index| (index, attempt)))
            .filter_map(|(index, attempt)| Some((index, self.fed.get(index)?.line(attempt.clone(), printer))))
            .collect();
        lines.sort_by_key(|(index, _)| *index);
        lines.into_iter().map(|(_, line)| line).collect()
    }
}

impl FedBlank {
    pub(crate) fn line(&self, attempt: AttemptId, printer: &str) -> TruthLine {
        TruthLine {
            attempt,
            printer: printer.to_owned(),
            fed: true,
            card: self.card,
            at: self.at,
            start_us: self.start_us,
            end_us: self.end_us,
            stopped_until_us: self.stopped_until_us,
            forgotten: self.forgotten,
        }
    }

    fn free_at(&self) -> i64 {
        self.stopped_until_us.unwrap_or(self.end_us)
    }

    pub(crate) fn found(&self, now: i64) -> AttemptStatus {
        if self.forgotten {
            AttemptStatus::Forgotten
        } else if now < self.start_us {
            AttemptStatus::Queued
        } else if now < self.end_us {
            AttemptStatus::Printing { reasons: Vec::new() }
        } else {
            AttemptStatus::Ended(self.ending())
        }
    }

    fn ending(&self) -> Ending {
        let (card, reasons) = match (self.card, self.stopped_until_us) {
            (TruthCard::Good, _) => (Card::Good, Vec::new()),
            (TruthCard::Bad, Some(_)) => (Card::Bad, vec![JAM.to_owned()]),
            (TruthCard::Bad, None) => (Card::Bad, vec![SPOILED.to_owned()]),
        };
        Ending { blank: Blank::Fed, card, reasons }
    }
}

impl From<&TruthLine> for FedBlank {
    fn from(line: &TruthLine) -> Self {
        let TruthLine { at, start_us, end_us, stopped_until_us, card, forgotten, .. } = *line;
        Self { at, start_us, end_us, stopped_until_us, card, forgotten }
    }
}
