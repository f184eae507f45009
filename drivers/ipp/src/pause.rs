//! The pause before a card is let go.
//!
//! A printer that ends a job looks for the next one, and so does one that is given one. PAPPL, as of 1.4.11, chooses a
//! job before it marks it as started: two looks in the same moment start the same job, and it makes two cards. So cards
//! are let go one after the other, and none right after another was let go or was seen to be over.

use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep_until};

/// After a card was let go: its start takes a printer microseconds, or as long as a busy computer lets a thread wait. No
/// card is over so soon, so that it costs nothing.
const AFTER_RELEASE: Duration = Duration::from_millis(100);

/// After a card was seen to be over: the printer is idle so long, but for the time in which the outcome is saved. CUPS
/// looks for jobs in one thread only, and needs none.
const AFTER_END: Duration = Duration::from_millis(20);

/// When the next card may be let go.
#[derive(Debug, Default)]
pub(crate) struct Pause {
    turn: Mutex<()>,
    until: std::sync::Mutex<Option<Instant>>,
}

/// As long as it is there, no other card is let go by this process; what others do at the printer nobody can order.
pub(crate) struct Turn<'a> {
    pause: &'a Pause,
    _turn: MutexGuard<'a, ()>,
}

impl Pause {
    /// Waits until the next card may be let go.
    pub(crate) async fn turn(&self) -> Turn<'_> {
        let turn = self.turn.lock().await;
        // Another card may be seen to be over meanwhile.
        while let Some(until) = self.until().filter(|until| *until > Instant::now()) {
            sleep_until(until).await;
        }
        Turn { pause: self, _turn: turn }
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
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        *until = (*until).max(Some(Instant::now() + pause));
    }

    fn until(&self) -> Option<Instant> {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.pause.begin(AFTER_RELEASE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_first_card_goes_at_once_and_each_other_a_pause_after_the_last_or_its_end() {
        let pause = Pause::default();
        let began = Instant::now();
        drop(pause.turn().await);
        assert_eq!(began.elapsed(), Duration::ZERO);

        pause.ended();
        drop(pause.turn().await);
        assert_eq!(began.elapsed(), AFTER_RELEASE);

        tokio::time::advance(AFTER_RELEASE).await;
        pause.ended();
        drop(pause.turn().await);
        assert_eq!(began.elapsed(), AFTER_RELEASE * 2 + AFTER_END);
    }

    #[tokio::test(start_paused = true)]
    async fn one_card_at_a_time_is_let_go() {
        let pause = Pause::default();
        let turn = pause.turn().await;
        assert!(tokio::time::timeout(AFTER_RELEASE * 100, pause.turn()).await.is_err());
        drop(turn);
        pause.turn().await;
    }
}
