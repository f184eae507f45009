//! The looks at pictures of people that the audit has already, so that one event stands for those of ten minutes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::id::{AccountId, RecordId};

/// The time for which one event stands.
const RECORDED_FOR: Duration = Duration::from_mins(10);
/// The looks that are remembered. Beyond them, each look is recorded.
const LOOKS_MAX: usize = 10_000;

/// An account, what it looked at, and the name of the event.
pub(super) type Look = (AccountId, RecordId, &'static str);

/// The previews that are drawn at a time.
const DRAWN_AT_ONCE: usize = 2;

/// What all looks of a process share.
#[derive(Debug)]
pub struct Looks {
    recorded: Mutex<HashMap<Look, Duration>>,
    drawing: Arc<Semaphore>,
}

impl Default for Looks {
    fn default() -> Self {
        Self { recorded: Mutex::default(), drawing: Arc::new(Semaphore::new(DRAWN_AT_ONCE)) }
    }
}

impl Looks {
    /// Whether a look is recorded already. `now` is the clock's reading.
    pub(super) fn has(&self, look: &Look, now: Duration) -> bool {
        let looks = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        looks.get(look).is_some_and(|recorded| now.saturating_sub(*recorded) < RECORDED_FOR)
    }

    /// Waits until a preview may be drawn. The permit goes with the drawing, which does not end when its client hangs up. `None` if the
    /// process ends.
    pub(super) async fn may_draw(&self) -> Option<OwnedSemaphorePermit> {
        self.drawing.clone().acquire_owned().await.ok()
    }

    /// Remembers a look that was recorded.
    pub(super) fn add(&self, look: Look, now: Duration) {
        let mut looks = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        if looks.len() >= LOOKS_MAX {
            looks.retain(|_, recorded| now.saturating_sub(*recorded) < RECORDED_FOR);
        }
        if looks.len() < LOOKS_MAX {
            looks.insert(look, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_event_stands_for_ten_minutes_of_an_account_a_record_and_a_kind_of_picture() {
        let looks = Looks::default();
        let minutes = Duration::from_mins;
        let look = (AccountId(1), RecordId(7), "photo.viewed");
        assert!(!looks.has(&look, minutes(1)));
        looks.add(look, minutes(1));
        assert!(looks.has(&look, minutes(10)) && !looks.has(&look, minutes(11)));
        for other in [(AccountId(2), look.1, look.2), (look.0, RecordId(8), look.2), (look.0, look.1, "card.previewed")]
        {
            assert!(!looks.has(&other, minutes(1)), "{other:?}");
        }
    }

    #[test]
    fn looks_take_bounded_memory_and_are_recorded_each_when_there_are_too_many() {
        let looks = Looks::default();
        let look = |record| (AccountId(1), RecordId(record), "photo.viewed");
        for record in 0..=10_000 {
            looks.add(look(record), Duration::ZERO);
        }
        assert!(looks.has(&look(0), Duration::ZERO) && !looks.has(&look(10_000), Duration::ZERO));
        looks.add(look(10_000), RECORDED_FOR);
        assert!(looks.has(&look(10_000), RECORDED_FOR), "those of earlier are forgotten");
    }
}
