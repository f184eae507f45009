//! The fencing token of a node.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// The fencing token of a node: its name and the epoch that it got when it joined. Each transaction of a fenced writer
/// checks that the node still exists under that epoch; otherwise it fails with
/// [`StoreError::Fenced`](super::StoreError::Fenced).
#[derive(Clone, Debug)]
pub struct Fence {
    node: Arc<str>,
    epoch: Arc<AtomicI64>,
}

impl Fence {
    /// The fence of a node that has not joined yet. Every check of it fails.
    pub fn new(node: &str) -> Self {
        Self { node: node.into(), epoch: Arc::new(AtomicI64::new(0)) }
    }

    /// The node's name.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// A fence fixed to the current epoch. A write that was prepared before the node lost its lease fails, even after the
    /// node has joined again.
    #[must_use]
    pub fn pinned(&self) -> Self {
        Self { node: self.node.clone(), epoch: Arc::new(AtomicI64::new(self.epoch.load(Ordering::SeqCst))) }
    }

    /// The node's current epoch; 0 before it joined.
    pub(crate) fn epoch(&self) -> i64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Sets the epoch that the node was given when it joined.
    pub(crate) fn joined(&self, epoch: i64) {
        self.epoch.store(epoch, Ordering::SeqCst);
    }
}
