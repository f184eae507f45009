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
/// excluded then. There are printers whose up-time jumps back and forth by up to 46 s, so two readings may be 92 s apart.
const SET_BACK_MS: i64 = 120_000;

/// The difference between up-time and clock that is no difference.
pub(crate) fn tolerance_ms(passed_ms: i64) -> i64 {
    ROUNDING_MS.saturating_add(passed_ms.saturating_abs() / DRIFT)
}

/// What two readings tell about a restart between them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Between {
    /// Nothing that a restart would explain.
    NoRestart,
    /// A count from zero: a restart, if the printer counts seconds.
    Restart,
    /// Our own clock was set, so that a restart cannot be excluded.
    Unclear,
}

/// Whether the printer is known to have restarted since it took an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Restart {
    /// Not known.
    None,
    /// Its up-time shows it, or a restart cannot be excluded. A job under way is believed to be under way.
    Apparent,
    /// CUPS reported it, or the printer is idle although its up-time shows it and the job is under way.
    Known,
}

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
        /// The job times of the printer count from the same moment.
        has_job_times: bool,
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
    /// What this reading and a `later` one tell. `by_one_clock`: both have the time of a clock that is never set.
    ///
    /// After a restart, the up-time is at most the time that has passed since the earlier reading. An up-time that
    /// stands still, moves in steps or jumps is behind too, but is larger than that.
    pub(crate) fn until(self, later: Self, by_one_clock: bool) -> Between {
        match (self, later) {
            (Self::UpTime { up_s, at_ms, .. }, Self::UpTime { up_s: later_up_s, at_ms: later_at_ms, .. }) => {
                let passed_ms = later_at_ms.saturating_sub(at_ms);
                let counted_s = later_up_s.saturating_sub(up_s);
                let ahead_ms = counted_s.saturating_mul(1_000).saturating_sub(passed_ms);
                let tolerance_ms = tolerance_ms(passed_ms);
                let is_set_back = passed_ms < -ROUNDING_MS || ahead_ms > tolerance_ms.saturating_add(SET_BACK_MS);
                if ahead_ms < -tolerance_ms && later_up_s.saturating_mul(1_000) <= passed_ms.saturating_add(ROUNDING_MS)
                {
                    Between::Restart
                } else if is_set_back && !by_one_clock {
                    Between::Unclear
                } else {
                    Between::NoRestart
                }
            }
            (
                Self::ServerStarts { subscription, last_event },
                Self::ServerStarts { subscription: later_subscription, last_event: later_event },
            ) if subscription == later_subscription && later_event <= last_event => Between::NoRestart,
            // Otherwise CUPS was replaced by another printer at this address, or the other way round.
            (Self::ServerStarts { .. }, Self::ServerStarts { .. })
            | (Self::UpTime { .. }, Self::ServerStarts { .. })
            | (Self::ServerStarts { .. }, Self::UpTime { .. }) => Between::Restart,
        }
    }

    /// Whether this reading and a `later` one prove a restart. Between two processes our own clock may have been set forward,
    /// which makes any up-time look like a new count: there, only an up-time that went back is a proof.
    pub(crate) fn is_before_a_restart(self, later: Self, by_one_clock: bool) -> bool {
        let (Self::UpTime { up_s, .. }, Self::UpTime { up_s: later_up_s, .. }) = (self, later) else { return false };
        (by_one_clock || later_up_s < up_s) && self.until(later, by_one_clock) == Between::Restart
    }
}

/// The form in which the scheduler saves a run with an attempt.
impl fmt::Display for PrinterRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UpTime { up_s, at_ms, has_job_times: true } => write!(f, "up {up_s} at {at_ms}"),
            Self::UpTime { up_s, at_ms, has_job_times: false } => write!(f, "up {up_s} at {at_ms} only"),
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
            ["up", up_s, "at", at_ms] => {
                Ok(Self::UpTime { up_s: number(up_s)?, at_ms: number(at_ms)?, has_job_times: true })
            }
            ["up", up_s, "at", at_ms, "only"] => {
                Ok(Self::UpTime { up_s: number(up_s)?, at_ms: number(at_ms)?, has_job_times: false })
            }
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
        PrinterRun::UpTime { up_s, at_ms, has_job_times: true }
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
            assert_eq!(first.until(later, false), Between::NoRestart, "{first} and {later}");
        }
    }

    #[test]
    fn an_up_time_that_counts_from_zero_again_is_another_run() {
        for (first, later) in [
            (up(10, 5_000), up(1, 7_000)),
            (up(3_600, 0), up(3_700, 10_000_000)),
            (up(1_000, 0), up(0, 500)),
            (up(i64::MAX, i64::MIN), up(i64::MIN, i64::MAX)),
            (up(5, 100), starts(1, 1)),
        ] {
            assert_eq!(first.until(later, false), Between::Restart, "{first} and {later}");
        }
    }

    #[test]
    fn an_up_time_that_stands_still_steps_or_jumps_is_no_restart() {
        for (first, later) in [
            (up(1_000, 0), up(1_000, 30_000)),
            (up(1_000, 0), up(960, 2_000)),
            (up(1_000, 0), up(1_046, 1_000)),
            (up(954, 0), up(1_047, 1_000)),
            (up(1_020, 0), up(1_080, 61_000)),
            (up(10, 5_000), up(12, 9_000)),
        ] {
            assert_eq!(first.until(later, true), Between::NoRestart, "{first} and {later}");
            assert_eq!(first.until(later, false), Between::NoRestart, "{first} and {later}, by two processes");
        }
    }

    #[test]
    fn a_restart_cannot_be_excluded_if_our_clock_was_set_back_between_two_processes() {
        for (first, later) in [(up(10, 100_000), up(30, 50_000)), (up(1_000, 0), up(1_130, 1_000))] {
            assert_eq!(first.until(later, false), Between::Unclear, "{first} and {later}");
            assert_eq!(first.until(later, true), Between::NoRestart, "{first} and {later}");
        }
    }

    #[test]
    fn a_clock_that_was_set_forward_between_two_processes_proves_no_restart() {
        let set_forward = (up(1_000, 0), up(1_005, 3_605_000));
        assert_eq!(set_forward.0.until(set_forward.1, false), Between::Restart);
        assert!(!set_forward.0.is_before_a_restart(set_forward.1, false));
        assert!(up(1_000, 0).is_before_a_restart(up(3, 10_000), false));
        assert!(up(2, 0).is_before_a_restart(up(3, 10_000), true));
        assert!(!starts(7, 12).is_before_a_restart(starts(7, 13), true), "CUPS keeps its jobs");
    }

    #[test]
    fn a_new_start_event_or_another_subscription_is_another_run() {
        assert_eq!(starts(7, 12).until(starts(7, 12), false), Between::NoRestart);
        assert_eq!(starts(7, 12).until(starts(7, 13), false), Between::Restart);
        assert_eq!(starts(7, 12).until(starts(8, 0), false), Between::Restart);
    }

    #[test]
    fn a_run_is_read_as_it_was_written() {
        let only = PrinterRun::UpTime { up_s: 17, at_ms: 1_795_530_126, has_job_times: false };
        for run in [up(17, 1_795_530_126), up(-1, i64::MAX), only, starts(7, 0)] {
            assert_eq!(run.to_string().parse(), Ok(run));
        }
        for text in ["", "up", "up x at 1", "event 1 of", "up 1 at 2 3", "unknown", "event 99999999999 of 1"] {
            assert_eq!(text.parse::<PrinterRun>(), Err(()), "{text}");
        }
    }
}
