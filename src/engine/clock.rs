//! Time and randomness as injected services: a test sets the clock and seeds the randomness.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::time::Timestamp;

/// A clock.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// Monotonic time since a fixed instant, including suspend.
    fn elapsed(&self) -> Duration;

    /// Synchronises this clock to another one, which showed `theirs` when this one showed `own`. Nodes use the clock of the
    /// database that they share, because their own clocks may differ by minutes.
    fn sync_to(&self, theirs: Timestamp, own: Timestamp);

    /// Waits for a duration of this clock.
    async fn sleep(&self, duration: Duration);
}

/// A source of random bytes, for names of attempts and for nonces.
pub trait Entropy: Send + Sync {
    /// Fills the buffer. Outside tests, the bytes are fit for nonces.
    fn fill(&self, bytes: &mut [u8]);
}

/// A new nonce for sealing.
pub fn nonce(entropy: &dyn Entropy) -> [u8; 24] {
    let mut bytes = [0; 24];
    entropy.fill(&mut bytes);
    bytes
}

/// The name of a new attempt: `cetak-<site>-<UUIDv7>`. Names sort by time.
pub fn attempt_name(site: &str, now: Timestamp, entropy: &dyn Entropy) -> String {
    let mut random = [0; 10];
    entropy.fill(&mut random);
    let millis = u64::try_from(now.0 / 1_000).unwrap_or(0);
    let uuid = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
    format!("{}{uuid}", attempt_prefix(site))
}

/// The beginning of the names of all attempts of a site.
pub fn attempt_prefix(site: &str) -> String {
    format!("cetak-{site}-")
}

/// When the attempt of that name was made, by the clock of its scheduler, in whole milliseconds. `None` for a name that
/// [`attempt_name`] does not make for the site.
pub fn attempt_made(site: &str, name: &str) -> Option<Timestamp> {
    let uuid = uuid::Uuid::try_parse(name.strip_prefix(&attempt_prefix(site))?).ok()?;
    let (seconds, nanoseconds) = uuid.get_timestamp()?.to_unix();
    let seconds = i64::try_from(seconds).ok()?.checked_mul(1_000_000)?;
    Some(Timestamp(seconds.checked_add(i64::from(nanoseconds / 1_000))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Constant;

    impl Entropy for Constant {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0xa5);
        }
    }

    #[test]
    fn the_name_of_an_attempt_says_when_it_was_made_and_names_of_others_do_not() {
        let now = Timestamp(1_795_521_600_123_000);
        let name = attempt_name("solo", now, &Constant);
        assert_eq!(attempt_made("solo", &name), Some(now));
        assert_eq!(attempt_made("other", &name), None);
        let random = uuid::Builder::from_random_bytes([7; 16]).into_uuid();
        for other in
            ["", "cetak-solo-", "cetak-solo-1", &format!("cetak-solo-{random}"), &format!("cetak-solo-2-{random}")]
        {
            assert_eq!(attempt_made("solo", other), None, "{other}");
        }
    }
}
