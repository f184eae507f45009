//! The pause before a card is let go.
//!
//! A printer that ends a job looks for the next one, and so does one that is given one. PAPPL, as of 1.4.11, chooses a
//! job before it marks it as started: two looks in the same moment start the same job, and it makes two cards. So cards
//! are let go one after the other, and none right after another was let go or was seen to be over.

use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};

use crate::Now;

/// After a card was let go: its start takes a printer microseconds, or as long as a busy computer lets a thread wait. No
/// card is over so soon, so that it costs nothing.
const AFTER_RELEASE: Duration = Duration::from_millis(100);

/// After a card was seen to be over: the printer is idle so long, but for the time in which the outcome is saved. CUPS
/// looks for jobs in one thread only, and needs none.
const AFTER_END: Duration = Duration::from_millis(20);

/// When the next card may be let go.
pub(crate) struct Pause {
    now: Now,
    turn: Mutex<()>,
    /// Microseconds of the clock; 0 before the first card.
    until_us: std::sync::Mutex<i64>,
}

/// As long as it is there, no other card is let go by this process; what others do at the printer nobody can order.
pub(crate) struct Turn<'a> {
    pause: &'a Pause,
    _turn: MutexGuard<'a, ()>,
}

impl Pause {
    pub(crate) fn new(now: Now) -> Self {
        Self { now, turn: Mutex::default(), until_us: std::sync::Mutex::default() }
    }

    /// Waits until the next card may be let go.
    pub(crate) async fn turn(&self) -> Turn<'_> {
        let turn = self.turn.lock().await;
        let mut waited_us = 0;
        loop {
            let until_us = self.until_us();
            let left = left(until_us, (self.now)());
            // Once for each: a clock that is set, or stands, does not keep a card from its printer.
            if left.is_zero() || waited_us == until_us {
                return Turn { pause: self, _turn: turn };
            }
            #[expect(clippy::disallowed_methods, reason = "the driver has a clock to read, and none to sleep on")]
            tokio::time::sleep(left).await;
            waited_us = until_us;
        }
    }

    /// A card was seen to be over.
    pub(crate) fn ended(&self) {
        self.begin(AFTER_END);
    }

    /// A card under way was cancelled: when the printer ends it is not known.
    pub(crate) fn cancelled(&self) {
        self.begin(AFTER_RELEASE);
    }

    fn begin(&self, pause: Duration) {
        let now_us = (self.now)();
        let mut until_us = self.until_us.lock().unwrap_or_else(PoisonError::into_inner);
        // Of two pauses the longer; the clock may have been set back.
        let longer = left(*until_us, now_us).max(pause);
        *until_us = now_us.saturating_add(i64::try_from(longer.as_micros()).unwrap_or(i64::MAX));
    }

    fn until_us(&self) -> i64 {
        *self.until_us.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Never more than the longest pause: the clock may have been set back.
fn left(until_us: i64, now_us: i64) -> Duration {
    let left_us = u64::try_from(until_us.saturating_sub(now_us)).unwrap_or(0);
    Duration::from_micros(left_us).min(AFTER_RELEASE)
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.pause.begin(AFTER_RELEASE);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    /// A pause, and its clock.
    fn pause() -> (Pause, Arc<AtomicI64>) {
        let clock = Arc::new(AtomicI64::new(1_000_000));
        let now = clock.clone();
        (Pause::new(Arc::new(move || now.load(Ordering::SeqCst))), clock)
    }

    fn left_of(pause: &Pause, clock: &AtomicI64) -> Duration {
        left(pause.until_us(), clock.load(Ordering::SeqCst))
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_card_goes_at_once_and_each_other_a_pause_after_the_last_or_its_end() {
        let (pause, clock) = pause();
        assert_eq!(left_of(&pause, &clock), Duration::ZERO);

        drop(pause.turn().await);
        pause.ended();
        assert_eq!(left_of(&pause, &clock), AFTER_RELEASE);

        clock.fetch_add(100_000, Ordering::SeqCst);
        assert_eq!(left_of(&pause, &clock), Duration::ZERO);
        pause.ended();
        assert_eq!(left_of(&pause, &clock), AFTER_END);
        pause.cancelled();
        assert_eq!(left_of(&pause, &clock), AFTER_RELEASE);
    }

    #[tokio::test(start_paused = true)]
    async fn one_card_at_a_time_is_let_go() {
        let (pause, _) = pause();
        let turn = pause.turn().await;
        assert!(tokio::time::timeout(AFTER_RELEASE * 100, pause.turn()).await.is_err());
        drop(turn);
        pause.turn().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_stands_or_is_set_back_keeps_no_card_for_longer_than_a_pause() {
        let (pause, clock) = pause();
        drop(pause.turn().await);
        clock.store(0, Ordering::SeqCst);
        assert_eq!(left_of(&pause, &clock), AFTER_RELEASE);
        assert!(tokio::time::timeout(AFTER_RELEASE * 2, pause.turn()).await.is_ok());
    }
}
