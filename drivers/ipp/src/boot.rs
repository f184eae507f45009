//! Did the printer start again in between? Pure.
//!
//! After a restart an IPP printer has forgotten its jobs, gives their ids out again, or goes on with them: CUPS prints a
//! card a second time and reports it once. So what it says of a job then is no proof of one card.

use std::fmt;
use std::str::FromStr;

/// A printer counts whole seconds.
const ROUNDING_MS: i64 = 1_000;

/// Clocks differ by one part in so many, at worst.
const DRIFT: i64 = 1_000;

/// An up-time that ran so far ahead of our clock means that our clock was set back, so that nothing is known.
const SET_BACK_MS: i64 = 60_000;

/// One run of a printer, as far as it can be told apart from another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Boot {
    /// `printer-up-time` (RFC 8011, section 5.4.29) was `up_s` when our clock was `at_ms`: the time when the answer had
    /// come, or of a later question, when it was asked. So a slow answer is never taken for a restart.
    UpTime {
        /// Seconds since the printer's start.
        up_s: i64,
        /// Milliseconds since 1970.
        at_ms: i64,
    },
    /// CUPS, which gives Unix time as its up-time: the last event of a subscription to its starts.
    Events {
        /// `notify-subscription-id`.
        subscription: i32,
        /// `notify-sequence-number`.
        last: i32,
    },
}

impl Boot {
    /// Was there a restart between `self` and `now`? None is claimed where the two cannot be compared.
    pub(crate) fn restarted_by(self, now: Self) -> bool {
        match (self, now) {
            (Self::UpTime { up_s, at_ms }, Self::UpTime { up_s: up_now, at_ms: at_now }) => {
                let passed = at_now.saturating_sub(at_ms);
                let counted = up_now.saturating_sub(up_s);
                let ahead = counted.saturating_mul(1_000).saturating_sub(passed);
                let tolerance = ROUNDING_MS.saturating_add(passed.saturating_abs() / DRIFT);
                counted < 0 || ahead < -tolerance || ahead > tolerance.saturating_add(SET_BACK_MS)
            }
            (Self::Events { subscription, last }, Self::Events { subscription: subscription_now, last: last_now }) => {
                subscription != subscription_now || last_now > last
            }
            // It was CUPS, and is none any more, or the other way round.
            (Self::UpTime { .. }, Self::Events { .. }) | (Self::Events { .. }, Self::UpTime { .. }) => true,
        }
    }
}

impl fmt::Display for Boot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UpTime { up_s, at_ms } => write!(f, "up {up_s} at {at_ms}"),
            Self::Events { subscription, last } => write!(f, "event {last} of {subscription}"),
        }
    }
}

impl FromStr for Boot {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let number = |text: &str| text.parse::<i64>().map_err(|_| ());
        let id = |text: &str| text.parse::<i32>().map_err(|_| ());
        match *text.split(' ').collect::<Vec<_>>() {
            ["up", up_s, "at", at_ms] => Ok(Self::UpTime { up_s: number(up_s)?, at_ms: number(at_ms)? }),
            ["event", last, "of", subscription] => {
                Ok(Self::Events { subscription: id(subscription)?, last: id(last)? })
            }
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn up(up_s: i64, at_ms: i64) -> Boot {
        Boot::UpTime { up_s, at_ms }
    }

    fn events(subscription: i32, last: i32) -> Boot {
        Boot::Events { subscription, last }
    }

    #[test]
    fn an_up_time_that_went_on_with_the_clock_is_the_same_run() {
        for (then, now) in [
            (up(10, 5_000), up(10, 5_000)),
            (up(10, 5_000), up(10, 5_999)),
            (up(10, 5_000), up(15, 11_000)),
            (up(10, 5_000), up(18, 9_000)),
            (up(10, 0), up(10 + 200_000, 200_150_000)),
        ] {
            assert!(!then.restarted_by(now), "{then} and {now}");
        }
    }

    #[test]
    fn an_up_time_that_fell_behind_is_another_run_and_one_far_ahead_proves_nothing() {
        for (then, now) in [
            (up(10, 5_000), up(1, 7_000)),
            (up(10, 5_000), up(12, 9_000)),
            (up(3_600, 0), up(3_700, 10_000_000)),
            (up(10, 100_000), up(30, 50_000)),
            (up(i64::MAX, i64::MIN), up(i64::MIN, i64::MAX)),
            (up(5, 100), events(1, 1)),
        ] {
            assert!(then.restarted_by(now), "{then} and {now}");
        }
    }

    #[test]
    fn an_event_of_cups_or_a_lost_subscription_is_another_run() {
        assert!(!events(7, 12).restarted_by(events(7, 12)));
        assert!(events(7, 12).restarted_by(events(7, 13)));
        assert!(events(7, 12).restarted_by(events(8, 0)));
    }

    #[test]
    fn a_run_is_written_and_read_again() {
        for boot in [up(17, 1_795_530_126), up(-1, i64::MAX), events(7, 0)] {
            assert_eq!(boot.to_string().parse(), Ok(boot));
        }
        for text in ["", "up", "up x at 1", "event 1 of", "up 1 at 2 3", "event 99999999999 of 1"] {
            assert_eq!(text.parse::<Boot>(), Err(()), "{text}");
        }
    }
}
