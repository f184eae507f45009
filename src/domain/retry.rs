//! When a card that did not start is tried again.

use std::time::Duration;

/// Full-jitter exponential backoff: the wait before try `n + 1` is uniform in `0..=min(cap, base · 2ⁿ)`.
///
/// With a base of 2 s and a cap of 5 min the longest waits are 2 s, 4 s, 8 s … 256 s, 5 min, 5 min.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Backoff {
    /// The longest first wait.
    pub base: Duration,
    /// The longest wait of all.
    pub cap: Duration,
}

impl Backoff {
    /// The wait after `failures` failed tries before this one. `jitter` is uniform in 0..1, from the injected source.
    pub fn wait(&self, failures: u32, jitter: f64) -> Duration {
        let longest = self.base.saturating_mul(1u32.checked_shl(failures.min(31)).unwrap_or(u32::MAX)).min(self.cap);
        longest.mul_f64(jitter.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_wait_doubles_up_to_the_cap_and_jitter_takes_any_part_of_it() {
        let backoff = Backoff { base: Duration::from_secs(2), cap: Duration::from_mins(5) };
        let longest: Vec<_> = (0..10).map(|n| backoff.wait(n, 1.0).as_secs()).collect();
        assert_eq!(longest, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(backoff.wait(3, 0.5).as_secs(), 8);
        assert_eq!(backoff.wait(u32::MAX, 0.0), Duration::ZERO);
    }
}
