//! Whether the work of a process goes on: the rounds of the scheduler, and the commits of its writer.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// How long a round of the scheduler or a commit may take. It is longer than any timeout of the database.
const STANDS_STILL_AFTER: Duration = Duration::from_secs(150);

/// The last signs of life, in microseconds of [`Clock::elapsed`](super::clock::Clock::elapsed); 0 for none.
#[derive(Debug, Default)]
pub struct Vitals {
    round_at: AtomicU64,
    commit_since: AtomicU64,
}

fn micros(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX).max(1)
}

impl Vitals {
    /// The scheduler has made a round.
    pub(super) fn round(&self, elapsed: Duration) {
        self.round_at.store(micros(elapsed), Ordering::Relaxed);
    }

    /// The writer begins a commit.
    pub(super) fn commit_begins(&self, elapsed: Duration) {
        self.commit_since.store(micros(elapsed), Ordering::Relaxed);
    }

    /// The commit has ended, also if it failed.
    pub(super) fn commit_ends(&self) {
        self.commit_since.store(0, Ordering::Relaxed);
    }

    /// Whether the scheduler has made its first round.
    pub fn has_begun(&self) -> bool {
        self.round_at.load(Ordering::Relaxed) > 0
    }

    /// Whether the scheduler makes rounds and its writer commits. `within` shortens the time in which they must.
    pub fn goes_on(&self, elapsed: Duration, within: Duration) -> bool {
        let most = micros(within.min(STANDS_STILL_AFTER));
        let is_recent = |at: u64| micros(elapsed).saturating_sub(at) < most;
        let commit = self.commit_since.load(Ordering::Relaxed);
        is_recent(self.round_at.load(Ordering::Relaxed)) && (commit == 0 || is_recent(commit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_work_goes_on_while_rounds_are_made_and_no_commit_lasts_too_long() {
        let vitals = Vitals::default();
        assert!(!vitals.has_begun());
        vitals.round(at(1_000));
        assert!(vitals.has_begun() && vitals.goes_on(at(1_010), at(30)));
        assert!(!vitals.goes_on(at(1_030), at(30)), "no round for half a minute");
        vitals.commit_begins(at(1_020));
        vitals.round(at(1_049));
        assert!(vitals.goes_on(at(1_049), at(30)));
        vitals.round(at(1_060));
        assert!(!vitals.goes_on(at(1_060), at(30)), "the commit began 40 seconds ago");
        vitals.commit_ends();
        assert!(vitals.goes_on(at(1_060), at(30)));
        assert!(!vitals.goes_on(at(2_000), at(5_000)), "no time is too long");
    }
}
