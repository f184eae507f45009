//! The expected time of a card, learned from earlier cards: a printer gets few queries in the middle of a card, and
//! many near its end.

use std::time::Duration;

use super::time::Timestamp;

/// The shortest wait between two queries.
pub const POLL_MIN: Duration = Duration::from_millis(2);
/// The longest wait between two queries near the expected end of a card, and after it.
pub const POLL_MAX: Duration = Duration::from_millis(250);
/// The longest wait of a worker that has nothing to print, and between two questions to a printer that cannot print.
pub const ASK_MAX: Duration = Duration::from_secs(5);
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

/// Waits that are twice as long each time, from [`POLL_MAX`] up to [`ASK_MAX`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Waits(Duration);

impl Default for Waits {
    fn default() -> Self {
        Self(POLL_MAX)
    }
}

impl Waits {
    /// The next wait. One that is interrupted begins again as long.
    pub fn wait(&self) -> Duration {
        self.0
    }

    /// The wait is over: the one after it is longer.
    pub fn lengthen(&mut self) {
        self.0 = (self.0 * 2).min(ASK_MAX);
    }

    /// The first end of a wait at `instant` or after it, of waits that begin at `from`. Those before it are over then, and this one goes on.
    pub fn first_end(&mut self, from: Timestamp, instant: Timestamp) -> Timestamp {
        let mut end = from.plus(self.0);
        while end < instant && self.0 < ASK_MAX {
            self.lengthen();
            end = end.plus(self.0);
        }
        let (left, longest) = (instant.since(end).as_micros(), ASK_MAX.as_micros());
        let more = u32::try_from(left.div_ceil(longest)).unwrap_or(u32::MAX);
        end.plus(ASK_MAX.saturating_mul(more))
    }
}

impl Pace {
    /// The wait before the next query about a card that was released `elapsed` ago, in whole microseconds.
    pub fn wait(&self, elapsed: Duration) -> Duration {
        let wait = self.exact_wait(elapsed);
        wait.saturating_sub(Duration::from_nanos((wait.subsec_nanos() % 1_000).into()))
    }

    fn exact_wait(&self, elapsed: Duration) -> Duration {
        let Some(expected) = self.expected else { return (elapsed / 2).clamp(POLL_MIN, POLL_MAX) };
        let margin = self.margin();
        let near = expected.saturating_sub(margin);
        let step = self.step();
        if elapsed + step < near {
            near.saturating_sub(elapsed).min(MIDDLE_MAX)
        } else if elapsed < expected + margin {
            step
        } else {
            (elapsed.saturating_sub(expected) / 4).clamp(step, POLL_MAX)
        }
    }

    /// How the end of a card is seen that ends `card` after its release: as by one query after the other, without each of them.
    pub fn observe(&self, card: Duration) -> Observation {
        let (mut after, mut until) = (Duration::ZERO, Duration::ZERO);
        while until < card {
            let wait = self.wait(until);
            // Waits of the same length follow one another around the expected end, and as soon as one is POLL_MAX.
            let same_until = match self.expected {
                Some(expected) if until < expected + self.margin() => {
                    let is_near = until + self.step() >= expected.saturating_sub(self.margin());
                    if is_near { card.min(expected + self.margin()) } else { Duration::ZERO }
                }
                Some(_) | None => {
                    if wait == POLL_MAX {
                        card
                    } else {
                        Duration::ZERO
                    }
                }
            };
            let more = same_until.saturating_sub(until + wait);
            let more = if more.is_zero() { 0 } else { more.as_nanos().div_ceil(wait.as_nanos()) };
            after = until + wait * u32::try_from(more).unwrap_or(u32::MAX);
            until = after + wait;
        }
        Observation { after, until }
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

    /// The wait between two queries near the expected end.
    fn step(&self) -> Duration {
        (self.margin() / 3).clamp(POLL_MIN, POLL_MAX)
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
        fn the_end_of_a_wait_is_found_as_by_one_wait_after_the_other(to in 0_i64..100_000_000, from in 0_i64..9_000_000) {
            let (mut waits, from) = (Waits::default(), Timestamp(from));
            let mut end = from.plus(waits.wait());
            while end.0 < to {
                waits.lengthen();
                end = end.plus(waits.wait());
            }
            let mut found = Waits::default();
            prop_assert_eq!((found.first_end(from, Timestamp(to)), found), (end, waits));
        }

        #[test]
        fn whatever_was_learned_a_wait_is_short_and_the_end_is_seen_soon(cards in prop::collection::vec(0_u64..60_000, 0..20), last in 0_u64..60_000) {
            let pace = cards.iter().fold(Pace::default(), |pace, ms| pace.after(watch(pace, Duration::from_millis(*ms)).0));
            let card = Duration::from_millis(last);
            let (seen, _) = watch(pace, card);

            prop_assert_eq!(pace.observe(Duration::from_millis(last)), seen);
            prop_assert!(pace.wait(seen.after) <= MIDDLE_MAX && pace.wait(seen.after) >= POLL_MIN);
            prop_assert!(seen.until.saturating_sub(card) <= MIDDLE_MAX);
        }
    }
}
