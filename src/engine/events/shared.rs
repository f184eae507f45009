//! What the streams of a process share.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use tokio::sync::{Semaphore, watch};

use super::ring::Ring;

/// The streams that read old events from the database at a time.
const CATCHING_UP_MAX: usize = 2;

/// What the streams of a process share.
#[derive(Debug)]
pub struct Events {
    ring: Mutex<Ring>,
    /// Counts the changes of the ring.
    pub(super) changed: watch::Sender<u64>,
    pub(super) followers: AtomicUsize,
    pub(super) lag: AtomicU64,
    /// A permit for each stream that reads old events.
    pub(super) catching_up: Semaphore,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            ring: Mutex::default(),
            changed: watch::Sender::new(0),
            followers: AtomicUsize::new(0),
            lag: AtomicU64::new(0),
            catching_up: Semaphore::new(CATCHING_UP_MAX),
        }
    }
}

impl Events {
    /// The streams.
    pub fn followers(&self) -> usize {
        self.followers.load(Ordering::Relaxed)
    }

    /// The events of the audit that had not been read after the last look, while there are streams.
    pub fn lag(&self) -> u64 {
        self.lag.load(Ordering::Relaxed)
    }

    /// The newest events.
    pub(super) fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
