//! The circuit breaker of a printer. It distinguishes a broken printer from a record that cannot be printed.
//!
//! It counts consecutive failures of different records. While it is open, the printer gets no card until it answers
//! that it can print; then one card is tried. If that card costs a blank or one of its record's attempts, the breaker
//! locks until an operator clears the printer: otherwise a printer that reports no fault and spoils every card would
//! empty a hopper overnight. It also locks if the printer reports no fault for `starts_nothing` and starts no card.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    attempt::{NotStartedCause, OutcomeKind},
    id::RecordId,
    retry::Backoff,
    time::Timestamp,
};

/// Whether a printer may get a card.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Breaker {
    /// It may get cards.
    Closed,
    /// It gets no card until it answers that it can print.
    Open,
    /// It gets one card, as a trial.
    HalfOpen,
    /// It gets no card until an operator clears it.
    Locked,
}

/// The cost of a failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// No blank, and none of a record's attempts.
    Free,
    /// A blank, or possibly a blank, or one of a record's attempts. Without this, a printer that refuses every card
    /// would quarantine the whole list.
    Costly,
}

/// The failures of a printer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Health {
    /// Its breaker.
    pub breaker: Breaker,
    /// The number of consecutive failures of different records.
    pub failures: u32,
    /// The record of the last failure; `None` if it is unknown, for example after a restart.
    pub last_failed: Option<RecordId>,
    /// The instant since which no card has started although the printer answers that it can print.
    pub starts_nothing_since: Option<Timestamp>,
}

/// The rests of a printer that answers that it can print and starts no card: 2 s after the failure that opens its
/// breaker, and twice as long after each later one, up to 5 minutes. Otherwise it would be tried several times a second.
const REST: Backoff = Backoff { base: Duration::from_secs(2), cap: Duration::from_mins(5) };

/// The settings on which the decision depends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// The number of consecutive failures after which the breaker opens.
    pub failures: u32,
    /// The time after which a printer that starts no card is locked.
    pub starts_nothing: Duration,
}

/// The state after the end of an attempt. `record` is `None` if it is unknown; it then counts as a different record.
#[must_use]
pub fn after_outcome(
    health: Health,
    outcome: OutcomeKind,
    record: Option<RecordId>,
    limits: Limits,
    now: Timestamp,
) -> Health {
    let failure = match outcome {
        OutcomeKind::NotStarted(NotStartedCause::Interruption) => return health,
        OutcomeKind::Printed => {
            return Health { breaker: Breaker::Closed, failures: 0, starts_nothing_since: None, ..health };
        }
        OutcomeKind::NotStarted(NotStartedCause::Printer) => Failure::Free,
        OutcomeKind::NotStarted(NotStartedCause::Card) | OutcomeKind::Spoiled | OutcomeKind::Uncertain => {
            Failure::Costly
        }
    };
    let starts_nothing_since = (failure == Failure::Free).then(|| health.starts_nothing_since.unwrap_or(now));
    let starts_nothing = starts_nothing_since.is_some_and(|since| now.since(since) > limits.starts_nothing);
    // Other printers can print its cards, so stopping it costs nothing.
    let is_another = starts_nothing || record.is_none() || record != health.last_failed;
    let failures = health.failures.saturating_add(u32::from(is_another));
    let breaker =
        if starts_nothing { Breaker::Locked } else { health.breaker.after_failure(failure, failures, limits.failures) };
    Health { breaker, failures, last_failed: record, starts_nothing_since }
}

/// The rest before the next trial, after a failure that left this state; `None` if there is none. A failure that has cost
/// something has none, because the next one locks the breaker.
pub fn rest(after: Health, outcome: OutcomeKind, limits: Limits) -> Option<Duration> {
    let is_free = outcome == OutcomeKind::NotStarted(NotStartedCause::Printer);
    (is_free && after.breaker == Breaker::Open).then(|| REST.wait(after.failures.saturating_sub(limits.failures), 1.0))
}

impl Breaker {
    /// The state after a failure. `in_a_row` includes this one.
    #[must_use]
    pub fn after_failure(self, failure: Failure, in_a_row: u32, limit: u32) -> Self {
        match (self, failure) {
            (Self::HalfOpen, Failure::Costly) | (Self::Locked, _) => Self::Locked,
            (Self::HalfOpen, Failure::Free) | (Self::Open, _) => Self::Open,
            (Self::Closed, _) if in_a_row >= limit => Self::Open,
            (Self::Closed, _) => Self::Closed,
        }
    }

    /// The state after the printer has answered that it can print.
    #[must_use]
    pub fn after_probe(self) -> Self {
        match self {
            Self::Open => Self::HalfOpen,
            other @ (Self::Closed | Self::HalfOpen | Self::Locked) => other,
        }
    }

    /// Whether a card may start.
    pub fn lets_a_card_start(self) -> bool {
        matches!(self, Self::Closed | Self::HalfOpen)
    }

    /// The name in the database and in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
            Self::Locked => "locked",
        }
    }
}

impl std::str::FromStr for Breaker {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Closed, Self::Open, Self::HalfOpen, Self::Locked]
            .into_iter()
            .find(|b| b.as_str() == text)
            .ok_or_else(|| format!("unknown breaker state `{text}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printer_that_fails_three_times_in_a_row_gets_no_card_until_it_is_probed() {
        let closed = Breaker::Closed;
        assert_eq!(closed.after_failure(Failure::Costly, 2, 3), Breaker::Closed);
        let open = closed.after_failure(Failure::Costly, 3, 3);
        assert!(!open.lets_a_card_start());
        assert!(open.after_probe().lets_a_card_start());
    }

    const LIMITS: Limits = Limits { failures: 3, starts_nothing: Duration::from_mins(15) };
    const WELL: Health =
        Health { breaker: Breaker::Closed, failures: 0, last_failed: None, starts_nothing_since: None };

    fn after(health: Health, outcome: OutcomeKind, record: i64, minute: u64) -> Health {
        let now = Timestamp(0).plus(Duration::from_mins(minute));
        after_outcome(health, outcome, Some(RecordId(record)), LIMITS, now)
    }

    #[test]
    fn a_poison_record_that_fails_again_and_again_counts_once() {
        let spoiled = |health, record| after(health, OutcomeKind::Spoiled, record, 0);
        let same = spoiled(spoiled(spoiled(WELL, 1), 1), 1);
        assert_eq!((same.failures, same.breaker), (1, Breaker::Closed));
        let different = spoiled(spoiled(same, 2), 3);
        assert_eq!((different.failures, different.breaker), (3, Breaker::Open));
        let unknown = after_outcome(same, OutcomeKind::Uncertain, None, LIMITS, Timestamp(0));
        assert_eq!(unknown.failures, 2);
    }

    #[test]
    fn a_good_card_closes_the_breaker_and_a_stopped_one_changes_nothing() {
        let trial = Health { breaker: Breaker::HalfOpen, failures: 3, ..WELL };
        assert_eq!(after(trial, OutcomeKind::Printed, 4, 0), WELL);
        assert_eq!(after(trial, OutcomeKind::NotStarted(NotStartedCause::Interruption), 4, 0), trial);
    }

    #[test]
    fn a_printer_that_is_well_and_starts_no_card_for_long_is_locked() {
        let refused = |health, minute| after(health, OutcomeKind::NotStarted(NotStartedCause::Printer), 1, minute);
        let first = refused(WELL, 0);
        assert_eq!(refused(first, 15).breaker, Breaker::Closed);
        assert_eq!(refused(first, 16).breaker, Breaker::Locked);
        let spoiled_between = after(first, OutcomeKind::Spoiled, 1, 10);
        assert_eq!(refused(spoiled_between, 16).breaker, Breaker::Closed, "a card has started since");
    }

    #[test]
    fn a_printer_that_starts_no_card_rests_longer_each_time_and_one_that_spoils_cards_does_not() {
        let refusal = OutcomeKind::NotStarted(NotStartedCause::Printer);
        let mut health = WELL;
        let mut rests = Vec::new();
        for record in 1..=12 {
            health = after(health, refusal, record, 0);
            rests.push(rest(health, refusal, LIMITS).map(|rest| rest.as_secs()));
            health.breaker = health.breaker.after_probe();
        }
        assert_eq!(rests[..7], [None, None, Some(2), Some(4), Some(8), Some(16), Some(32)]);
        assert_eq!(rests.last(), Some(&Some(300)));
        let open = Health { breaker: Breaker::Open, failures: 3, ..WELL };
        assert_eq!(rest(open, OutcomeKind::Spoiled, LIMITS), None);
    }

    #[test]
    fn a_printer_that_reports_no_fault_and_uses_a_second_blank_waits_for_an_operator() {
        let locked = Breaker::HalfOpen.after_failure(Failure::Costly, 4, 3);
        assert_eq!(locked, Breaker::Locked);
        assert_eq!(locked.after_probe(), Breaker::Locked);
        assert_eq!(Breaker::HalfOpen.after_failure(Failure::Free, 4, 3), Breaker::Open);
    }
}
