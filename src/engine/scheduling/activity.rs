//! What each worker does, so that the scheduler can tell when only a person would help.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::watch;

use crate::domain::dispatch::Blocked;

/// What a worker does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Activity {
    /// Printing, or waiting for something that passes by itself.
    Busy,
    /// Blocked until a person acts, blanks are delivered, records arrive or a window opens.
    Blocked(Blocked),
}

/// What all workers do, and how they are woken.
pub(crate) struct ActivityBoard {
    workers: Mutex<HashMap<String, (Activity, u64)>>,
    /// Counts commits that may give another worker something to do.
    work: AtomicU64,
    wake: watch::Sender<u64>,
}

impl ActivityBoard {
    pub(crate) fn new() -> Self {
        Self { workers: Mutex::default(), work: AtomicU64::new(0), wake: watch::channel(0).0 }
    }

    /// Announces that there may be something new to do, for every worker.
    pub(crate) fn new_work(&self) {
        self.work.fetch_add(1, Ordering::SeqCst);
        self.wake_all();
    }

    /// Wakes all workers.
    pub(crate) fn wake_all(&self) {
        self.wake.send_modify(|n| *n += 1);
    }

    /// A receiver that is woken.
    pub(crate) fn waker(&self) -> watch::Receiver<u64> {
        self.wake.subscribe()
    }

    /// How much work was announced so far; read it before reading the database.
    pub(crate) fn seen(&self) -> u64 {
        self.work.load(Ordering::SeqCst)
    }

    /// Sets what a worker does, decided on what it read after `seen`.
    pub(crate) fn set(&self, printer: &str, doing: Activity, seen: u64) {
        let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        workers.insert(printer.to_owned(), (doing, seen));
    }

    /// Removes a worker that has ended.
    pub(crate) fn leave(&self, printer: &str) {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).remove(printer);
    }

    /// Whether all workers are blocked, and none has missed new work.
    pub(crate) fn all_blocked(&self) -> bool {
        let workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = self.seen();
        workers.values().all(|(doing, at)| matches!(doing, Activity::Blocked(_)) && *at == seen)
    }

    /// Why each blocked worker is blocked, by printer.
    pub(crate) fn blocked(&self) -> Vec<(String, Blocked)> {
        let workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut blocked: Vec<_> = workers
            .iter()
            .filter_map(|(name, (doing, _))| match doing {
                Activity::Blocked(why) => Some((name.clone(), *why)),
                Activity::Busy => None,
            })
            .collect();
        blocked.sort();
        blocked
    }
}
