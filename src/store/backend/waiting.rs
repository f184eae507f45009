//! Counts the tasks of this process that wait for the connection that writes.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The number of tasks that wait.
#[derive(Default, Debug)]
pub(super) struct Waiting(AtomicUsize);

/// A task that waits. It is counted until this is dropped.
pub(super) struct Waits<'a>(&'a AtomicUsize);

impl Waiting {
    /// Counts a task.
    pub(super) fn begin(&self) -> Waits<'_> {
        self.0.fetch_add(1, Ordering::AcqRel);
        Waits(&self.0)
    }

    /// Whether a task waits.
    pub(super) fn is_any(&self) -> bool {
        self.0.load(Ordering::Acquire) > 0
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
