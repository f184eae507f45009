//! The activity of each worker. From it the scheduler tells whether anything can still be printed without a person.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::watch;

use crate::domain::{dispatch::Blocked, natural::natural_order};

/// The activity of a worker.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Activity {
    /// Printing, or waiting for something that ends without a person.
    Busy,
    /// Blocked until a person acts, blanks are delivered, records arrive or a window opens.
    Blocked(Blocked),
}

/// The activity of all workers, and the channel that wakes them.
pub(crate) struct ActivityBoard {
    workers: Mutex<HashMap<String, (Activity, u64)>>,
    /// The number of commits that may have given another worker something to do.
    work: AtomicU64,
    wake: watch::Sender<u64>,
}

impl ActivityBoard {
    pub(crate) fn new() -> Self {
        Self { workers: Mutex::default(), work: AtomicU64::new(0), wake: watch::channel(0).0 }
    }

    /// Counts new work and wakes all workers.
    pub(crate) fn new_work(&self) {
        self.work.fetch_add(1, Ordering::SeqCst);
        self.wake_all();
    }

    /// Wakes all workers.
    pub(crate) fn wake_all(&self) {
        self.wake.send_modify(|n| *n += 1);
    }

    /// A receiver that changes with each wake-up.
    pub(crate) fn waker(&self) -> watch::Receiver<u64> {
        self.wake.subscribe()
    }

    /// The amount of work counted so far. A worker reads it before it reads the database.
    pub(crate) fn seen(&self) -> u64 {
        self.work.load(Ordering::SeqCst)
    }

    /// Sets the activity of a worker. It was decided from a read after `seen`.
    pub(crate) fn set(&self, printer: &str, doing: Activity, seen: u64) {
        let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        workers.insert(printer.to_owned(), (doing, seen));
    }

    /// Removes a worker that has ended.
    pub(crate) fn leave(&self, printer: &str) {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).remove(printer);
    }

    /// Whether all workers are blocked, and no worker has missed new work.
    pub(crate) fn all_blocked(&self) -> bool {
        let workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = self.seen();
        workers.values().all(|(doing, at)| matches!(doing, Activity::Blocked(_)) && *at == seen)
    }

    /// The blocked workers, by printer, and why.
    pub(crate) fn blocked(&self) -> Vec<(String, Blocked)> {
        let workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut blocked: Vec<_> = workers
            .iter()
            .filter_map(|(name, (doing, _))| match doing {
                Activity::Blocked(why) => Some((name.clone(), *why)),
                Activity::Busy => None,
            })
            .collect();
        blocked.sort_by(|(a, _), (b, _)| natural_order(a, b));
        blocked
    }
}
