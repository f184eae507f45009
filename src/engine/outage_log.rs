//! Tells once that the database cannot be used, why, and once that it can be used again.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tracing::{info, warn};

use super::{
    clock::Clock,
    fault::{Fault, Faults},
};
use crate::store::{Outage, StoreError};

/// The use of the database that fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Use {
    /// Reading, and the heartbeat of a node.
    Reach,
    /// The commits of the workers.
    Write,
}

impl Use {
    fn verb(self) -> &'static str {
        match self {
            Self::Reach => "reached",
            Self::Write => "written",
        }
    }

    fn subject(self) -> &'static str {
        match self {
            Self::Reach => "database",
            Self::Write => "database writes",
        }
    }
}

/// The outages of one use of the database.
pub(super) struct OutageLog {
    what: Use,
    clock: Arc<dyn Clock>,
    faults: Arc<Faults>,
    /// Whether there is an outage. Read after each commit, so that a commit takes no lock.
    is_on: AtomicBool,
    /// When a use failed last, in microseconds of [`Clock::elapsed`].
    failed_at: AtomicU64,
    /// When the outage began, and the reasons that were logged since.
    outage: Mutex<Option<(Duration, Vec<&'static str>)>>,
}

impl OutageLog {
    pub(super) fn new(what: Use, clock: Arc<dyn Clock>, faults: Arc<Faults>) -> Self {
        let (is_on, failed_at) = (AtomicBool::new(false), AtomicU64::new(0));
        Self { what, clock, faults, is_on, failed_at, outage: Mutex::new(None) }
    }

    /// A use that began at `began`, as [`Clock::elapsed`] counts, has failed.
    pub(super) fn failed(&self, error: &StoreError, began: Duration) {
        let outage = error.outage().unwrap_or(Outage::Unreachable);
        let mut state = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.elapsed();
        let (_, told) = state.get_or_insert_with(|| (began, Vec::new()));
        self.is_on.store(true, Ordering::SeqCst);
        self.failed_at.store(micros(now), Ordering::SeqCst);
        if !told.contains(&outage.code()) {
            told.push(outage.code());
            let (verb, error) = (self.what.verb(), error as &dyn std::error::Error);
            warn!(
                outage = outage.code(),
                error, "the database cannot be {verb}: {outage}; no card starts until it can"
            );
        }
        let fault = match self.what {
            Use::Reach => Fault::DatabaseAway { outage },
            Use::Write => Fault::DatabaseNotWritten { outage },
        };
        self.faults.begin(self.what.subject(), fault, self.clock.now());
    }

    /// A use has succeeded.
    pub(super) fn succeeded(&self) {
        if !self.is_on() {
            return;
        }
        let ended = self.outage.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.is_on.store(false, Ordering::SeqCst);
        if let Some((since, _)) = ended {
            let seconds = self.clock.elapsed().saturating_sub(since).as_secs();
            info!("the database can be {} again after {seconds} s", self.what.verb());
        }
        self.faults.end(self.what.subject());
    }

    /// Whether the last use failed.
    pub(super) fn is_on(&self) -> bool {
        self.is_on.load(Ordering::SeqCst)
    }

    /// Whether there is an outage, and no use was tried for `long`.
    pub(super) fn is_idle_for(&self, long: Duration) -> bool {
        let since = micros(self.clock.elapsed()).saturating_sub(self.failed_at.load(Ordering::SeqCst));
        self.is_on() && since > micros(long)
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
