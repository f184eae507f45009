//! Whether a printer's up-time is a clock. Pure.
//!
//! Some printers report an up-time that stands still, moves in steps of a minute, counts only while they are awake, or
//! jumps. Such an up-time proves no restart. So the readings of one process are compared with a clock that is never set.

use crate::restart::tolerance_ms;

/// The up-time counts seconds if it kept up with the clock for this long: it has moved by one second at least.
const SEEN_MS: i64 = 2_100;

/// The same, for an up-time that has deviated before.
const SEEN_AGAIN_MS: i64 = 60_000;

/// The readings that the second time needs, because an up-time in steps keeps up if it is read once in each.
const SEEN_AGAIN_READINGS: u32 = 10;

/// What is known of the printer's up-time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Trust {
    /// It was not read for long enough.
    Unknown,
    /// It counts seconds: a count from zero is a restart.
    Ticks,
    /// It does not count seconds, and does not tell restarts.
    Untold,
}

/// The readings of one process.
#[derive(Debug)]
pub(crate) struct UpTimes {
    trust: Trust,
    /// The reading with which later ones are compared: the time on our clock in milliseconds, and the up-time in seconds.
    anchor: Option<(i64, i64)>,
    /// The readings since the anchor.
    readings: u32,
    /// The time of the last reading.
    last_ms: i64,
}

impl Default for UpTimes {
    fn default() -> Self {
        Self { trust: Trust::Unknown, anchor: None, readings: 0, last_ms: 0 }
    }
}

impl UpTimes {
    pub(crate) fn trust(&self) -> Trust {
        self.trust
    }

    /// Takes a reading that was made at `at_ms` of a clock that is never set, `late_ms` at most before it.
    pub(crate) fn observe(&mut self, at_ms: i64, late_ms: i64, up_s: i64) {
        let last_ms = std::mem::replace(&mut self.last_ms, at_ms);
        self.readings = self.readings.saturating_add(1);
        let Some((anchor_ms, counted)) = self.anchor else {
            self.set_anchor(at_ms, up_s);
            return;
        };
        let passed_ms = at_ms.saturating_sub(anchor_ms);
        let ahead_ms = up_s.saturating_sub(counted).saturating_mul(1_000).saturating_sub(passed_ms);
        if ahead_ms.saturating_abs() <= tolerance_ms(passed_ms).saturating_add(late_ms) {
            let is_seen = match self.trust {
                Trust::Unknown | Trust::Ticks => passed_ms >= SEEN_MS,
                Trust::Untold => passed_ms >= SEEN_AGAIN_MS && self.readings >= SEEN_AGAIN_READINGS,
            };
            if is_seen {
                self.trust = Trust::Ticks;
            }
            return;
        }
        let since_last_ms = at_ms.saturating_sub(last_ms).saturating_add(tolerance_ms(0));
        let may_be_a_restart = ahead_ms < 0 && up_s.saturating_mul(1_000) <= since_last_ms;
        if !may_be_a_restart {
            self.trust = Trust::Untold;
        }
        self.set_anchor(at_ms, up_s);
    }

    fn set_anchor(&mut self, at_ms: i64, up_s: i64) {
        (self.anchor, self.readings) = (Some((at_ms, up_s)), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is known after readings every half second for that many seconds.
    fn trust(seconds: i64, up_s: impl Fn(i64) -> i64) -> Trust {
        let mut up_times = UpTimes::default();
        for at_ms in (0..seconds * 1_000).step_by(500) {
            up_times.observe(at_ms, 0, up_s(at_ms));
        }
        up_times.trust()
    }

    #[test]
    fn an_up_time_that_was_seen_to_count_seconds_is_a_clock() {
        assert_eq!(trust(2, |at_ms| 1_000 + at_ms / 1_000), Trust::Unknown);
        assert_eq!(trust(3, |at_ms| 1_000 + at_ms / 1_000), Trust::Ticks);
        assert_eq!(trust(300, |at_ms| (at_ms + 700) / 1_000), Trust::Ticks);
    }

    #[test]
    fn an_up_time_that_stands_still_moves_in_steps_or_jumps_is_not() {
        assert_eq!(trust(60, |_| 1_000), Trust::Untold);
        assert_ne!(trust(60, |_| 0), Trust::Ticks);
        assert_eq!(trust(300, |at_ms| 1_000 + at_ms / 10_000 * 10), Trust::Untold);
        assert_ne!(trust(300, |at_ms| at_ms / 60_000 * 60), Trust::Ticks);
        assert_eq!(trust(60, |at_ms| 1_000 + at_ms / 1_000 + at_ms * 7_919 % 46), Trust::Untold);
        assert_eq!(trust(60, |at_ms| 1_000 + at_ms / 500), Trust::Untold);
    }

    #[test]
    fn a_clock_stays_one_over_a_restart_and_becomes_one_again_after_a_jump() {
        assert_eq!(
            trust(60, |at_ms| if at_ms < 30_000 { 500 + at_ms / 1_000 } else { (at_ms - 30_000) / 1_000 }),
            Trust::Ticks
        );
        let jumps = |at_ms: i64| at_ms / 1_000 + if at_ms < 5_000 { 0 } else { 9_000 };
        assert_eq!(trust(60, jumps), Trust::Untold);
        assert_eq!(trust(70, jumps), Trust::Ticks);
    }
}
