//! What all workers share: the engine, the queue of commits, and what tells the others.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use crate::{
    domain::{
        batch::{Batch, BatchEnd},
        dispatch::Blocked,
        job::JobState,
        time::Timestamp,
    },
    engine::{
        Engine,
        batched_reads::{Bodies, ReaderHandle},
        fault::Faults,
        group_commit::{CommitQueue, Settled},
        scheduling::activity::ActivityBoard,
    },
    render::CardRenderer,
    store::StoreError,
};

/// The memory of the cards that all workers together render ahead, in KiB, about. A worker waits for room while its card prints. If
/// it finds none, it renders its next card when its printer is free, which takes 10 to 20 ms, and its upload as long as the network
/// needs.
pub(in crate::engine) const AHEAD_KIB: usize = 32 * 1024;

/// What a worker uses.
pub(in crate::engine) struct Services {
    pub(in crate::engine) engine: Engine,
    pub(in crate::engine) commits: CommitQueue,
    pub(in crate::engine) bodies: ReaderHandle<Bodies>,
    pub(in crate::engine) board: Arc<ActivityBoard>,
    pub(in crate::engine) faults: Arc<Faults>,
    pub(in crate::engine) renderer: Arc<dyn CardRenderer>,
    /// The room for cards that are rendered ahead, in KiB.
    pub(in crate::engine) ahead: Arc<Semaphore>,
}

impl Services {
    /// The present instant.
    pub(in crate::engine) fn now(&self) -> Timestamp {
        self.engine.clock.now()
    }

    /// Ends a batch, if there is one. What goes back to the waiting list is work for other printers.
    pub(in crate::engine) async fn end_batch(&self, batch: Option<Batch>, why: BatchEnd) -> Result<(), StoreError> {
        if let Some(batch) = batch
            && self.commits.end(batch, why).await?.frees
        {
            self.board.new_work();
        }
        Ok(())
    }

    /// Tells the other workers of a record that went back to the waiting list.
    pub(in crate::engine) fn announce(&self, settled: Option<Settled>) {
        if matches!(settled, Some(Settled::Saved { job: JobState::Returned, .. })) {
            self.board.new_work();
        }
    }
}

/// What one turn of a worker came to.
pub(in crate::engine) enum Progress {
    /// Go on at once.
    Continue,
    /// Wait for something that passes by itself.
    Wait(Duration),
    /// Wait, each time twice as long, and ask the printer again whether it can print.
    Ask,
    /// Only a person, a delivery, new records or a window help.
    Blocked(Blocked),
    /// The printer is gone, or another node feeds it.
    Gone,
}
