//! The time of a night in which a printer could not print, by its cause, from what is on record of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{halt::Halt, printer_reason::stopping, time::Timestamp};

/// Why a printer could not print. Of several causes at once, the time is that of the first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum LossCause {
    /// The queue or the printer was paused.
    Paused,
    /// It did not answer.
    Unreachable,
    /// It was stopped.
    Stopped {
        /// The first of its reasons that stops it, an IPP keyword; none if it gave none.
        reason: Option<String>,
    },
    /// It was locked after failures.
    Locked,
    /// Its output tray was full.
    TrayFull,
    /// Its ribbon was used up.
    RibbonUsedUp,
    /// It had to be cleaned.
    CleaningDue,
    /// It had fed the cards of a day.
    DayLimit,
    /// Its counted hopper was empty, and records waited.
    EmptyHopper,
    /// The vault had no blank for it, and records waited.
    NoBlanks,
    /// It rested after so many cards, as its limits say.
    Rested,
}

impl From<Halt> for LossCause {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::TrayFull => Self::TrayFull,
            Halt::RibbonUsedUp => Self::RibbonUsedUp,
            Halt::CleaningDue => Self::CleaningDue,
            Halt::DayLimit => Self::DayLimit,
            Halt::EmptyHopper => Self::EmptyHopper,
            Halt::NoBlanks => Self::NoBlanks,
        }
    }
}

/// The time that a printer lost by one cause.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LostTime {
    /// The cause.
    pub cause: LossCause,
    /// How long, in seconds.
    pub seconds: i64,
}

impl LostTime {
    /// The time in minutes, a begun one as a whole.
    pub fn minutes(&self) -> i64 {
        (self.seconds + 59) / 60
    }
}

/// What can keep a printer from printing, as it stands at one instant.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "facts of which each may hold by itself")]
pub struct Condition {
    /// Whether the queue is paused.
    pub is_queue_paused: bool,
    /// Whether the printer is paused.
    pub is_paused: bool,
    /// What it said of itself, if it cannot print.
    pub fault: Option<LossCause>,
    /// Whether its breaker is locked.
    pub is_locked: bool,
    /// What stops its feeding.
    pub halt: Option<Halt>,
    /// Whether it rests after its cards.
    pub is_resting: bool,
}

/// A change of a printer's condition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// All printing was paused, or went on.
    QueuePaused(bool),
    /// The printer was paused, or went on.
    Paused(bool),
    /// What the printer said of itself.
    Seen(Option<LossCause>),
    /// Whether its breaker was locked, and whether it is.
    Locked { was: bool, is: bool },
    /// What stopped its feeding, and what does.
    Fed { was: Option<Halt>, is: Option<Halt> },
    /// A rest after its cards began, or ended.
    Rests(bool),
}

/// The fault that a printer told by its state (`idle`, `processing`, `stopped`, `unreachable`) and its reasons, without those that a person
/// declared to be over. A card in it may wait for a person though it does not say that it is stopped.
pub fn fault(state: &str, reasons: &[String], declared_over: &[String]) -> Option<LossCause> {
    let reason = stopping(reasons, declared_over).into_iter().next();
    match state {
        "unreachable" => Some(LossCause::Unreachable),
        "stopped" => Some(LossCause::Stopped { reason: reason.or_else(|| stopping(reasons, &[]).into_iter().next()) }),
        _ => reason.map(|reason| LossCause::Stopped { reason: Some(reason) }),
    }
}

impl Condition {
    fn cause(&self) -> Option<LossCause> {
        if self.is_queue_paused || self.is_paused {
            return Some(LossCause::Paused);
        }
        let fault = self.fault.clone().or_else(|| self.is_locked.then_some(LossCause::Locked));
        let fault = fault.or_else(|| self.halt.map(LossCause::from));
        fault.or_else(|| self.is_resting.then_some(LossCause::Rested))
    }

    fn apply(&mut self, change: &Change) {
        match change {
            Change::QueuePaused(is) => self.is_queue_paused = *is,
            Change::Paused(is) => self.is_paused = *is,
            Change::Seen(fault) => self.fault.clone_from(fault),
            Change::Locked { is, .. } => self.is_locked = *is,
            Change::Fed { is, .. } => self.halt = *is,
            Change::Rests(is) => self.is_resting = *is,
        }
    }

    /// The condition before all changes: the opposite of the first change of each kind, and what never changed as it is now.
    fn before(mut self, changes: &[(Timestamp, Change)]) -> Self {
        for (_, change) in changes.iter().rev() {
            match change {
                Change::QueuePaused(is) => self.is_queue_paused = !is,
                Change::Paused(is) => self.is_paused = !is,
                Change::Seen(_) => self.fault = None,
                Change::Locked { was, .. } => self.is_locked = *was,
                Change::Fed { was, .. } => self.halt = *was,
                Change::Rests(is) => self.is_resting = !is,
            }
        }
        self
    }
}

/// The time that a printer lost between two instants, the longest first: from its changes in that time, in their order, and its condition
/// now. Of what it said before the first change nothing is known: it is taken to have been able to print.
pub fn lost_time(changes: &[(Timestamp, Change)], now: Condition, from: Timestamp, to: Timestamp) -> Vec<LostTime> {
    let mut lost: BTreeMap<LossCause, i64> = BTreeMap::new();
    let mut condition = now.before(changes);
    let mut since = from;
    let mut spend = |condition: &Condition, since: Timestamp, until: Timestamp| {
        if let Some(cause) = condition.cause() {
            *lost.entry(cause).or_default() += (until.min(to).0 - since.0).max(0);
        }
    };
    for (at, change) in changes {
        spend(&condition, since, *at);
        condition.apply(change);
        since = since.max(*at);
    }
    spend(&condition, since, to);
    let mut lost: Vec<_> = lost
        .into_iter()
        .map(|(cause, micros)| LostTime { cause, seconds: micros / 1_000_000 })
        .filter(|lost| lost.seconds > 0)
        .collect();
    lost.sort_by_key(|lost| -lost.seconds);
    lost
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp(minute * 60_000_000)
    }

    fn jam() -> Option<LossCause> {
        fault("stopped", &["media-jam".to_owned()], &[])
    }

    fn minutes(lost: &[LostTime]) -> Vec<(LossCause, i64)> {
        lost.iter().map(|lost| (lost.cause.clone(), lost.seconds / 60)).collect()
    }

    #[test]
    fn a_jam_lasts_until_the_printer_says_that_it_can_print() {
        let changes = [(at(10), Change::Seen(jam())), (at(40), Change::Seen(None))];
        let lost = lost_time(&changes, Condition::default(), at(0), at(100));
        assert_eq!(minutes(&lost), [(LossCause::Stopped { reason: Some("media-jam".into()) }, 30)]);
    }

    #[test]
    fn a_pause_that_was_there_before_the_night_and_one_that_still_is_count() {
        let ended = [(at(15), Change::QueuePaused(false))];
        assert_eq!(minutes(&lost_time(&ended, Condition::default(), at(0), at(100))), [(LossCause::Paused, 15)]);
        let now = Condition { is_paused: true, ..Condition::default() };
        assert_eq!(minutes(&lost_time(&[], now, at(0), at(100))), [(LossCause::Paused, 100)]);
    }

    #[test]
    fn of_two_causes_at_once_the_time_is_counted_once() {
        let changes = [(at(10), Change::Seen(jam())), (at(20), Change::Paused(true)), (at(50), Change::Paused(false))];
        let now = Condition { fault: jam(), ..Condition::default() };
        let lost = lost_time(&changes, now, at(0), at(60));
        assert_eq!(
            minutes(&lost),
            [(LossCause::Paused, 30), (LossCause::Stopped { reason: Some("media-jam".into()) }, 20)]
        );
    }

    #[test]
    fn what_happens_after_the_end_is_no_part_of_the_night() {
        let changes = [
            (at(50), Change::Locked { was: false, is: true }),
            (at(130), Change::Locked { was: true, is: false }),
            (at(140), Change::Seen(fault("unreachable", &[], &[]))),
        ];
        let now = Condition { fault: fault("unreachable", &[], &[]), ..Condition::default() };
        assert_eq!(minutes(&lost_time(&changes, now, at(0), at(100))), [(LossCause::Locked, 50)]);
    }

    #[test]
    fn a_warning_of_a_printer_that_prints_is_no_loss() {
        assert_eq!(fault("processing", &["marker-supply-low-warning".into()], &[]), None);
        assert_eq!(fault("stopped", &[], &[]), Some(LossCause::Stopped { reason: None }));
    }

    #[test]
    fn a_card_that_waits_for_blanks_is_a_loss_until_a_person_declares_the_reason_to_be_over() {
        let empty = ["media-empty".to_owned()];
        let stopped = Some(LossCause::Stopped { reason: Some("media-empty".into()) });
        assert_eq!(fault("processing", &empty, &[]), stopped);
        assert_eq!((fault("idle", &empty, &empty), fault("stopped", &empty, &empty)), (None, stopped));
    }

    #[test]
    fn what_stopped_the_feeding_counts_by_its_cause_also_if_it_began_before_the_night() {
        let full = Some(Halt::TrayFull);
        let changes = [
            (at(10), Change::Fed { was: full, is: None }),
            (at(30), Change::Fed { was: None, is: Some(Halt::EmptyHopper) }),
            (at(50), Change::Locked { was: false, is: true }),
        ];
        let now = Condition { is_locked: true, halt: Some(Halt::EmptyHopper), ..Condition::default() };
        let lost = lost_time(&changes, now, at(0), at(60));
        assert_eq!(minutes(&lost), [(LossCause::EmptyHopper, 20), (LossCause::Locked, 10), (LossCause::TrayFull, 10)]);
        let still = Condition { halt: full, ..Condition::default() };
        assert_eq!(minutes(&lost_time(&[], still, at(0), at(60))), [(LossCause::TrayFull, 60)]);
    }

    #[test]
    fn a_rest_counts_unless_something_else_kept_the_printer_from_printing() {
        let changes = [(at(10), Change::Rests(true)), (at(20), Change::Seen(jam())), (at(40), Change::Rests(false))];
        let now = Condition { fault: jam(), ..Condition::default() };
        let lost = lost_time(&changes, now, at(0), at(60));
        let jammed = LossCause::Stopped { reason: Some("media-jam".into()) };
        assert_eq!(minutes(&lost), [(jammed, 40), (LossCause::Rested, 10)]);
    }
}
