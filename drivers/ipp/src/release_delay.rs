//! The minimum delay between two releases.
//!
//! A printer looks for the next job when a job ends and when one is released. PAPPL, as of 1.4.11, chooses a job before
//! it marks it as started: two searches at the same moment start the same job, and it makes two cards. So this process
//! releases one card at a time, and none right after another was released or was seen to end. That makes a double card
//! unlikely, not impossible, because the printer does not report when it searches.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, MutexGuard};

use crate::clock::Now;

/// After a release. A printer starts a job within microseconds, or after a busy computer has scheduled its thread. No
/// card is finished this soon, so the delay costs nothing.
const AFTER_RELEASE: Duration = Duration::from_millis(100);

/// After a card was seen to end. The printer is idle for this long, less the time in which the scheduler saves the
/// outcome. CUPS searches in one thread only and needs no delay.
const AFTER_END: Duration = Duration::from_millis(20);

/// The time before which no card may be released.
pub(crate) struct ReleaseDelay {
    now: Now,
    /// Held while one card is being released.
    releasing: AsyncMutex<()>,
    /// UTC microseconds; 0 before the first card.
    until_us: Mutex<i64>,
}

/// Permission to release one card. While it exists, this process releases no other; other programs still may. Dropping
/// it starts the delay.
pub(crate) struct ReleasePermit<'a> {
    delay: &'a ReleaseDelay,
    _releasing: MutexGuard<'a, ()>,
}

impl ReleaseDelay {
    pub(crate) fn new(now: Now) -> Self {
        Self { now, releasing: AsyncMutex::default(), until_us: Mutex::default() }
    }

    /// Waits until the next card may be released.
    pub(crate) async fn acquire(&self) -> ReleasePermit<'_> {
        let releasing = self.releasing.lock().await;
        let mut waited_until_us = 0;
        loop {
            let until_us = self.until_us();
            let left = time_left(until_us, (self.now)());
            // Each delay is waited for once: a clock that stands still or is set back must not delay a card for ever.
            if left.is_zero() || waited_until_us == until_us {
                return ReleasePermit { delay: self, _releasing: releasing };
            }
            #[expect(clippy::disallowed_methods, reason = "the injected clock can be read, but not slept on")]
            tokio::time::sleep(left).await;
            waited_until_us = until_us;
        }
    }

    /// Starts the delay after a card was seen to end.
    pub(crate) fn start_after_end(&self) {
        self.start(AFTER_END);
    }

    /// Starts the delay after a card under way was cancelled. When the printer ends it is not known.
    pub(crate) fn start_after_cancel(&self) {
        self.start(AFTER_RELEASE);
    }

    fn start(&self, delay: Duration) {
        let now_us = (self.now)();
        let mut until_us = self.until_us.lock().unwrap_or_else(PoisonError::into_inner);
        // Of two delays the longer, compared by what is left of each, because the clock may have been set back.
        let longer = time_left(*until_us, now_us).max(delay);
        *until_us = now_us.saturating_add(i64::try_from(longer.as_micros()).unwrap_or(i64::MAX));
    }

    fn until_us(&self) -> i64 {
        *self.until_us.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// At most the longest delay, because the clock may have been set back.
fn time_left(until_us: i64, now_us: i64) -> Duration {
    let left_us = u64::try_from(until_us.saturating_sub(now_us)).unwrap_or(0);
    Duration::from_micros(left_us).min(AFTER_RELEASE)
}

impl Drop for ReleasePermit<'_> {
    fn drop(&mut self) {
        self.delay.start(AFTER_RELEASE);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    fn delay_and_clock() -> (ReleaseDelay, Arc<AtomicI64>) {
        let clock = Arc::new(AtomicI64::new(1_000_000));
        let now = clock.clone();
        (ReleaseDelay::new(Arc::new(move || now.load(Ordering::SeqCst))), clock)
    }

    fn left_of(delay: &ReleaseDelay, clock: &AtomicI64) -> Duration {
        time_left(delay.until_us(), clock.load(Ordering::SeqCst))
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_card_is_released_at_once_and_each_next_one_after_a_delay() {
        let (delay, clock) = delay_and_clock();
        assert_eq!(left_of(&delay, &clock), Duration::ZERO);

        drop(delay.acquire().await);
        delay.start_after_end();
        assert_eq!(left_of(&delay, &clock), AFTER_RELEASE);

        clock.fetch_add(100_000, Ordering::SeqCst);
        assert_eq!(left_of(&delay, &clock), Duration::ZERO);
        delay.start_after_end();
        assert_eq!(left_of(&delay, &clock), AFTER_END);
        delay.start_after_cancel();
        assert_eq!(left_of(&delay, &clock), AFTER_RELEASE);
    }

    #[tokio::test(start_paused = true)]
    async fn one_card_is_released_at_a_time() {
        let (delay, _) = delay_and_clock();
        let permit = delay.acquire().await;
        assert!(tokio::time::timeout(AFTER_RELEASE * 100, delay.acquire()).await.is_err());
        drop(permit);
        delay.acquire().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_stands_still_or_is_set_back_delays_no_card_longer() {
        let (delay, clock) = delay_and_clock();
        drop(delay.acquire().await);
        clock.store(0, Ordering::SeqCst);
        assert_eq!(left_of(&delay, &clock), AFTER_RELEASE);
        assert!(tokio::time::timeout(AFTER_RELEASE * 2, delay.acquire()).await.is_ok());
    }
}
