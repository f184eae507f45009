//! The expected time of a card, learned from earlier cards: a printer gets few queries in the middle of a card, and
//! many near its end.

use std::time::Duration;

/// The shortest wait between two queries.
pub const POLL_MIN: Duration = Duration::from_millis(2);
/// The longest wait between two queries near the expected end of a card, and after it.
pub const POLL_MAX: Duration = Duration::from_millis(250);
/// The longest wait in the middle of a card, so that faults are noticed.
const MIDDLE_MAX: Duration = Duration::from_secs(5);
/// The smallest margin around the expected end, for cards with equal times.
const MARGIN_MIN: Duration = Duration::from_millis(12);
/// The excess over the expected time after which a card may wait for a person.
const LATE: Duration = Duration::from_secs(1);
/// The minimum age of a card that may never end; it must also have taken three times the expected time.
const FAR_TOO_LATE: Duration = Duration::from_mins(2);

/// The learned time of one printer's cards.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pace {
    expected: Option<Duration>,
    /// The mean deviation from the expected time, smoothed.
    spread: Duration,
}

/// The end of a card: in progress at `after` and ended at `until`, both counted from its release.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Observation {
    pub after: Duration,
    pub until: Duration,
}

impl Pace {
    /// The wait before the next query about a card that was released `elapsed` ago.
    pub fn wait(&self, elapsed: Duration) -> Duration {
        let Some(expected) = self.expected else { return (elapsed / 2).clamp(POLL_MIN, POLL_MAX) };
        let margin = self.margin();
        let near = expected.saturating_sub(margin);
        let step = (margin / 3).clamp(POLL_MIN, POLL_MAX);
        if elapsed + step < near {
            near.saturating_sub(elapsed).min(MIDDLE_MAX)
        } else if elapsed < expected + margin {
            step
        } else {
            (elapsed.saturating_sub(expected) / 4).clamp(step, POLL_MAX)
        }
    }

    /// Whether the card is so late that the printer's status is queried.
    pub fn is_late(&self, elapsed: Duration) -> bool {
        elapsed > self.expected.unwrap_or_default() + self.margin() + LATE
    }

    /// Whether the card is so late that it is queried at long intervals only.
    pub fn is_far_too_late(&self, elapsed: Duration) -> bool {
        elapsed > self.expected.unwrap_or_default() * 3 + FAR_TOO_LATE
    }

    /// Learns from a card that was not interrupted. It ended between two queries.
    #[must_use]
    pub fn after(self, seen: Observation) -> Self {
        let middle = (seen.after + seen.until) / 2;
        let Some(expected) = self.expected else {
            return Self { expected: Some(middle), spread: seen.until.saturating_sub(seen.after) / 2 };
        };
        let margin = self.margin();
        if seen.until <= expected && seen.after < expected.saturating_sub(margin) {
            // The first query near the expected end found it ended: query earlier, and over a wider span, until a card
            // is seen in progress.
            return Self { expected: Some(seen.until.saturating_sub(margin)), spread: self.spread.max(margin * 3 / 4) };
        }
        let missed = middle.abs_diff(expected);
        Self { expected: Some((expected + middle) / 2), spread: (self.spread * 2 + missed) / 3 }
    }

    fn margin(&self) -> Duration {
        (self.spread * 2).max(MARGIN_MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Simulates the polling of a card that takes `card`. Returns when its end was seen, and the number of queries.
    fn watch(pace: Pace, card: Duration) -> (Observation, usize) {
        let (mut after, mut now, mut questions) = (Duration::ZERO, Duration::ZERO, 1);
        while now < card {
            after = now;
            now += pace.wait(now);
            questions += 1;
        }
        (Observation { after, until: now }, questions)
    }

    fn learned(card: Duration) -> Pace {
        (0..10).fold(Pace::default(), |pace, _| pace.after(watch(pace, card).0))
    }

    #[test]
    fn a_card_of_three_seconds_is_seen_over_within_20_ms_after_few_questions() {
        let card = Duration::from_secs(3);
        let (seen, questions) = watch(learned(card), card);

        assert!(seen.until.saturating_sub(card) <= Duration::from_millis(20), "{seen:?}");
        assert!(questions <= 7, "{questions} questions");
    }

    #[test]
    fn a_card_that_takes_twice_as_long_costs_few_more_questions_and_is_late() {
        let pace = learned(Duration::from_secs(3));
        let (seen, questions) = watch(pace, Duration::from_secs(6));

        assert!(questions < 60, "{questions} questions");
        assert!(pace.is_late(seen.until) && !pace.is_late(Duration::from_secs(3)));
    }

    proptest! {
        #[test]
        fn whatever_was_learned_a_wait_is_short_and_the_end_is_seen_soon(cards in prop::collection::vec(0_u64..60_000, 0..20), last in 0_u64..60_000) {
            let pace = cards.iter().fold(Pace::default(), |pace, ms| pace.after(watch(pace, Duration::from_millis(*ms)).0));
            let card = Duration::from_millis(last);
            let (seen, _) = watch(pace, card);

            prop_assert!(pace.wait(seen.after) <= MIDDLE_MAX && pace.wait(seen.after) >= POLL_MIN);
            prop_assert!(seen.until.saturating_sub(card) <= MIDDLE_MAX);
        }
    }
}
