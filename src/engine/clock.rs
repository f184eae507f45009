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
    format!("cetak-{site}-{uuid}")
}
