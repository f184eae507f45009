//! Time and randomness as injected services: a test sets the clock and seeds the randomness.

use std::time::Duration;

use async_trait::async_trait;

use crate::{domain::time::Timestamp, store::keys::Digest};

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

/// The length of an [`AttemptTag`]: 40 bits, so that a record among a million has the tag of another one with a probability of one in
/// a million.
const TAG_BYTES: usize = 5;

/// What tells which record an attempt is of, to holders of the key: the beginning of a keyed digest of the request
/// ([`Keys::request`](crate::store::keys::Keys::request)). Other readers of a job's name see only which jobs are of one record.
pub type AttemptTag = [u8; TAG_BYTES];

/// The tag of a digest.
pub fn attempt_tag(digest: &Digest) -> AttemptTag {
    std::array::from_fn(|at| digest[at])
}

/// The name of a new attempt: `cetak-<site>-<UUIDv7>`. Names sort by time. The last bytes of the UUID are the tag of the record;
/// random for a test card, which has none.
pub fn attempt_name(site: &str, now: Timestamp, entropy: &dyn Entropy, tag: Option<AttemptTag>) -> String {
    let mut random = [0; 10];
    entropy.fill(&mut random);
    if let Some(tag) = tag {
        random[10 - TAG_BYTES..].copy_from_slice(&tag);
    }
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
    let uuid = attempt_uuid(site, name)?;
    let (seconds, nanoseconds) = uuid.get_timestamp()?.to_unix();
    let seconds = i64::try_from(seconds).ok()?.checked_mul(1_000_000)?;
    Some(Timestamp(seconds.checked_add(i64::from(nanoseconds / 1_000))?))
}

/// The tag in the name of an attempt of the site. Names of test cards and of earlier versions have random bytes there.
pub fn tag_of_attempt(site: &str, name: &str) -> Option<AttemptTag> {
    attempt_uuid(site, name)?.as_bytes().last_chunk().copied()
}

fn attempt_uuid(site: &str, name: &str) -> Option<uuid::Uuid> {
    uuid::Uuid::try_parse(name.strip_prefix(&attempt_prefix(site))?).ok()
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
        let name = attempt_name("solo", now, &Constant, None);
        assert_eq!(attempt_made("solo", &name), Some(now));
        assert_eq!(attempt_made("other", &name), None);
        let tagged = attempt_name("solo", now, &Constant, Some([1, 2, 3, 4, 5]));
        assert_eq!(
            (attempt_made("solo", &tagged), tag_of_attempt("solo", &tagged)),
            (Some(now), Some([1, 2, 3, 4, 5]))
        );
        let random = uuid::Builder::from_random_bytes([7; 16]).into_uuid();
        for other in
            ["", "cetak-solo-", "cetak-solo-1", &format!("cetak-solo-{random}"), &format!("cetak-solo-2-{random}")]
        {
            assert_eq!(attempt_made("solo", other), None, "{other}");
        }
    }
}
