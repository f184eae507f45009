//! The delays between the tries of a card that did not start.

use std::time::Duration;

use super::id::JobId;

/// Exponential backoff with full jitter: the wait before attempt `n + 1` is uniform in `0..=min(cap, base · 2ⁿ)`.
///
/// With a base of 2 s and a cap of 5 min the longest waits are 2 s, 4 s, 8 s … 256 s, 5 min, 5 min.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Backoff {
    /// The longest first wait.
    pub base: Duration,
    /// The longest wait.
    pub cap: Duration,
}

impl Backoff {
    /// The wait after `failures` earlier attempts that did not start. `jitter` is from 0 to 1, from [`jitter`].
    pub fn wait(&self, failures: u32, jitter: f64) -> Duration {
        let longest = self.base.saturating_mul(1u32.checked_shl(failures.min(31)).unwrap_or(u32::MAX)).min(self.cap);
        longest.mul_f64(jitter.clamp(0.0, 1.0))
    }
}

/// The seed of a site's jitter, from its name: FNV-1a, which is the same on every machine and in every version.
pub fn seed(site: &str) -> u64 {
    site.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// The jitter of one retry: a pseudo-random number in `0..1` that depends only on the site's seed, the job and the
/// number of its attempts that did not start. A run that is repeated or simulated has the same waits, and jobs of one
/// printer that fail together do not retry together.
pub fn jitter(seed: u64, job: JobId, not_started: u32) -> f64 {
    uniform(seed, job.0.cast_unsigned(), not_started.into())
}

/// A pseudo-random number in `0..1` that depends only on a seed and two numbers.
#[expect(clippy::cast_precision_loss, reason = "53 bits, all of which a double holds")]
pub fn uniform(seed: u64, first: u64, second: u64) -> f64 {
    let mixed = mix(mix(seed ^ first.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(second));
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}

/// The finalizer of `SplitMix64` (Steele, Lea and Flood 2014).
fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_jitter_is_the_same_for_a_job_and_attempt_and_spread_evenly_over_jobs() {
        let seed = seed("solo");
        assert_eq!(jitter(seed, JobId(7), 2).to_bits(), jitter(seed, JobId(7), 2).to_bits());
        assert_ne!(jitter(seed, JobId(7), 2).to_bits(), jitter(seed, JobId(7), 3).to_bits());
        assert_ne!(jitter(seed, JobId(7), 2).to_bits(), jitter(super::seed("kediri"), JobId(7), 2).to_bits());
        let mut tenths = [0; 10];
        for job in 0..10_000 {
            let jitter = jitter(seed, JobId(job), 0);
            assert!((0.0..1.0).contains(&jitter), "{jitter}");
            let tenth = (1..10).filter(|n| jitter >= f64::from(*n) / 10.0).count();
            tenths[tenth] += 1;
        }
        assert!(tenths.iter().all(|n| (900..1100).contains(n)), "{tenths:?}");
    }

    #[test]
    fn the_longest_wait_doubles_up_to_the_cap_and_jitter_takes_any_part_of_it() {
        let backoff = Backoff { base: Duration::from_secs(2), cap: Duration::from_mins(5) };
        let longest: Vec<_> = (0..10).map(|n| backoff.wait(n, 1.0).as_secs()).collect();
        assert_eq!(longest, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(backoff.wait(3, 0.5).as_secs(), 8);
        assert_eq!(backoff.wait(u32::MAX, 0.0), Duration::ZERO);
    }
}
