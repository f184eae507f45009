//! Detects a restart of the printer between two readings. Pure.
//!
//! After a restart an IPP printer has forgotten its jobs, reuses their ids, or continues them: CUPS prints a card a
//! second time and reports it once. So what it reports of a job after a restart does not prove one card.

use std::fmt;
use std::str::FromStr;

/// A printer counts its up-time in whole seconds.
const ROUNDING_MS: i64 = 1_000;

/// The printer's clock and ours differ by at most one part in this many.
const DRIFT: i64 = 1_000;

/// An up-time that ran further ahead of our clock than this means that our clock was set back. A restart cannot be
/// excluded then.
const SET_BACK_MS: i64 = 60_000;

/// One reading that identifies a run of the printer. A run is the time from one start to the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PrinterRun {
    /// `printer-up-time` (RFC 8011, section 5.4.29) was `up_s` when our clock was `at_ms`. The first reading has the
    /// time at which the answer came, a later one the time at which it was requested, so a slow answer is never taken
    /// for a restart.
    UpTime {
        /// Seconds since the printer's start.
        up_s: i64,
        /// Milliseconds since 1970.
        at_ms: i64,
    },
    /// For CUPS, which reports Unix time as its up-time: the last event of a subscription to `server-started`.
    ServerStarts {
        /// `notify-subscription-id`.
        subscription: i32,
        /// `notify-sequence-number`.
        last_event: i32,
    },
}

impl PrinterRun {
    /// Whether the printer restarted between this reading and a `later` one, or whether that cannot be excluded.
    pub(crate) fn ended_before(self, later: Self) -> bool {
        match (self, later) {
            (Self::UpTime { up_s, at_ms }, Self::UpTime { up_s: later_up_s, at_ms: later_at_ms }) => {
                let passed_ms = later_at_ms.saturating_sub(at_ms);
                let counted_s = later_up_s.saturating_sub(up_s);
                let ahead_ms = counted_s.saturating_mul(1_000).saturating_sub(passed_ms);
                let tolerance_ms = ROUNDING_MS.saturating_add(passed_ms.saturating_abs() / DRIFT);
                counted_s < 0 || ahead_ms < -tolerance_ms || ahead_ms > tolerance_ms.saturating_add(SET_BACK_MS)
            }
            (
                Self::ServerStarts { subscription, last_event },
                Self::ServerStarts { subscription: later_subscription, last_event: later_event },
            ) => subscription != later_subscription || later_event > last_event,
            // CUPS was replaced by another printer at this address, or the other way round.
            (Self::UpTime { .. }, Self::ServerStarts { .. }) | (Self::ServerStarts { .. }, Self::UpTime { .. }) => true,
        }
    }
}

/// The form in which the scheduler saves a run with an attempt.
impl fmt::Display for PrinterRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UpTime { up_s, at_ms } => write!(f, "up {up_s} at {at_ms}"),
            Self::ServerStarts { subscription, last_event } => write!(f, "event {last_event} of {subscription}"),
        }
    }
}

impl FromStr for PrinterRun {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let number = |text: &str| text.parse::<i64>().map_err(|_| ());
        let id = |text: &str| text.parse::<i32>().map_err(|_| ());
        match *text.split(' ').collect::<Vec<_>>() {
            ["up", up_s, "at", at_ms] => Ok(Self::UpTime { up_s: number(up_s)?, at_ms: number(at_ms)? }),
            ["event", last_event, "of", subscription] => {
                Ok(Self::ServerStarts { subscription: id(subscription)?, last_event: id(last_event)? })
            }
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn up(up_s: i64, at_ms: i64) -> PrinterRun {
        PrinterRun::UpTime { up_s, at_ms }
    }

    fn starts(subscription: i32, last_event: i32) -> PrinterRun {
        PrinterRun::ServerStarts { subscription, last_event }
    }

    #[test]
    fn an_up_time_that_advances_with_the_clock_is_the_same_run() {
        for (first, later) in [
            (up(10, 5_000), up(10, 5_000)),
            (up(10, 5_000), up(10, 5_999)),
            (up(10, 5_000), up(15, 11_000)),
            (up(10, 5_000), up(18, 9_000)),
            (up(10, 0), up(10 + 200_000, 200_150_000)),
        ] {
            assert!(!first.ended_before(later), "{first} and {later}");
        }
    }

    #[test]
    fn an_up_time_that_falls_behind_the_clock_or_runs_far_ahead_is_another_run() {
        for (first, later) in [
            (up(10, 5_000), up(1, 7_000)),
            (up(10, 5_000), up(12, 9_000)),
            (up(3_600, 0), up(3_700, 10_000_000)),
            (up(10, 100_000), up(30, 50_000)),
            (up(i64::MAX, i64::MIN), up(i64::MIN, i64::MAX)),
            (up(5, 100), starts(1, 1)),
        ] {
            assert!(first.ended_before(later), "{first} and {later}");
        }
    }

    #[test]
    fn a_new_start_event_or_another_subscription_is_another_run() {
        assert!(!starts(7, 12).ended_before(starts(7, 12)));
        assert!(starts(7, 12).ended_before(starts(7, 13)));
        assert!(starts(7, 12).ended_before(starts(8, 0)));
    }

    #[test]
    fn a_run_is_read_as_it_was_written() {
        for run in [up(17, 1_795_530_126), up(-1, i64::MAX), starts(7, 0)] {
            assert_eq!(run.to_string().parse(), Ok(run));
        }
        for text in ["", "up", "up x at 1", "event 1 of", "up 1 at 2 3", "event 99999999999 of 1"] {
            assert_eq!(text.parse::<PrinterRun>(), Err(()), "{text}");
        }
    }
}
