//! What the printer took, and what it says of it at an instant. Pure: the clock is a parameter.

use std::collections::HashMap;

use cetak_driver_api::{AttemptId, Blank, Card, Condition, Ending, Found};

use crate::address::Settings;
use crate::fate::Fate;
use crate::truth::{TruthCard, TruthLine};

/// `printer-state-reasons` of PWG 5100.9: the printer is stopped until somebody clears it.
pub(crate) const JAM: &str = "media-jam";

/// `job-state-reasons` of RFC 8011, section 5.3.8: the nearest that IPP has to a card printed badly.
const SPOILED: &str = "job-completed-with-errors";

/// One blank that was fed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Made {
    at: i64,
    start_us: i64,
    end_us: i64,
    stopped_until_us: Option<i64>,
    card: TruthCard,
    forgotten: bool,
}

/// All blanks that one printer fed, in that order, which is also the order of their times; and what waits to be
/// committed. The documents are not kept: nothing reads them.
#[derive(Default)]
pub(crate) struct Cards {
    made: Vec<Made>,
    /// Where in `made`, or `None` while prepared only. One map, as it is all that a card costs in a benchmark.
    by_attempt: HashMap<AttemptId, Option<usize>>,
}

/// What a driver knows of an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Known {
    /// Prepared in this process, and not taken.
    Prepared,
    /// By the printer, from whichever process.
    Taken(Made),
}

impl Cards {
    /// When the next card starts and what becomes of it: it waits for the one before, and for a jam that this leaves.
    pub(crate) fn plan(&self, now: i64, fate: Fate, settings: &Settings) -> Made {
        let free_at = self.made.last().map(Made::free_at);
        let start_us = free_at.map_or(now, |free_at| free_at.max(now));
        let end_us = start_us.saturating_add(settings.card_us);
        let card = match fate {
            Fate::Jam | Fate::Spoil => TruthCard::Bad,
            Fate::Offline | Fate::Reject | Fate::LoseAck | Fate::Forget | Fate::Good => TruthCard::Good,
        };
        let stopped_until_us = (fate == Fate::Jam).then(|| end_us.saturating_add(settings.clear_us));
        Made { at: now, start_us, end_us, stopped_until_us, card, forgotten: fate == Fate::Forget }
    }

    /// Changes nothing for an attempt that the printer has taken.
    pub(crate) fn prepare(&mut self, attempt: &AttemptId) {
        self.by_attempt.entry(attempt.clone()).or_insert(None);
    }

    /// Changes nothing for an attempt that the printer has taken.
    pub(crate) fn drop_prepared(&mut self, attempt: &AttemptId) {
        if self.by_attempt.get(attempt) == Some(&None) {
            self.by_attempt.remove(attempt);
        }
    }

    /// Adds the newest blank, whether prepared here or not, and gives its number, from 1.
    pub(crate) fn push(&mut self, attempt: &AttemptId, made: Made) -> usize {
        let index = Some(self.made.len());
        match self.by_attempt.get_mut(attempt) {
            Some(place) => *place = index,
            None => drop(self.by_attempt.insert(attempt.clone(), index)),
        }
        self.made.push(made);
        self.made.len()
    }

    pub(crate) fn known(&self, attempt: &AttemptId) -> Option<Known> {
        match self.by_attempt.get(attempt)? {
            Some(index) => self.made.get(*index).copied().map(Known::Taken),
            None => Some(Known::Prepared),
        }
    }

    pub(crate) fn count_finished(&self, now: i64) -> usize {
        self.made.partition_point(|made| made.end_us <= now)
    }

    pub(crate) fn condition(&self, now: i64) -> Condition {
        let count_finished = self.count_finished(now);
        // Only the last finished card can have left a jam: the next one does not start before it is cleared.
        let last = count_finished.checked_sub(1).and_then(|index| self.made.get(index));
        if last.and_then(|made| made.stopped_until_us).is_some_and(|until| now < until) {
            Condition::Stopped
        } else if count_finished < self.made.len() {
            Condition::Processing
        } else {
            Condition::Idle
        }
    }

    pub(crate) fn lines(&self, printer: &str) -> Vec<TruthLine> {
        let mut lines: Vec<_> = self
            .by_attempt
            .iter()
            .filter_map(|(attempt, index)| index.map(|index| (index, attempt)))
            .filter_map(|(index, attempt)| Some((index, self.made.get(index)?.line(attempt.clone(), printer))))
            .collect();
        lines.sort_by_key(|(index, _)| *index);
        lines.into_iter().map(|(_, line)| line).collect()
    }
}

impl Made {
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

    pub(crate) fn found(&self, now: i64) -> Found {
        if self.forgotten {
            Found::Forgotten
        } else if now < self.start_us {
            Found::Queued
        } else if now < self.end_us {
            Found::Printing { reasons: Vec::new() }
        } else {
            Found::Ended(self.ending())
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

impl From<&TruthLine> for Made {
    fn from(line: &TruthLine) -> Self {
        let TruthLine { at, start_us, end_us, stopped_until_us, card, forgotten, .. } = *line;
        Self { at, start_us, end_us, stopped_until_us, card, forgotten }
    }
}
