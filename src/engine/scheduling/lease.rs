//! The lease of a node: one of several schedulers that share a database. A node prints on its printers while it holds
//! the lease.
//!
//! The lease is measured on the database's clock. A node also measures it on its own monotonic clock from before each
//! renewal, and counts it as expired a margin before other nodes may take over. The fence covers the rest: a node whose
//! lease has expired cannot write.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use cetak_driver_api::{
    AttemptId, AttemptRef, AttemptStatus, Cancelled, Capabilities, Committed, Document, DriverError, Prepared,
    PrinterDriver, PrinterStatus,
};
use tracing::warn;

use crate::{
    engine::clock::Clock,
    store::{Candidate, Fence, StoreError, Tx},
};

/// The share of a lease that its node leaves unused, as a divisor.
const MARGIN: u32 = 5;

/// This node's lease.
#[derive(Debug)]
pub struct Lease {
    fence: Fence,
    pub(super) candidate: Candidate,
    pub(super) length: Duration,
    /// The end of the usable lease, in microseconds of [`Clock::elapsed`].
    good_until: AtomicU64,
}

impl Lease {
    /// The lease of a node that has not joined yet. `length` is at least six seconds: a shorter lease would expire
    /// while the database waits for a process that hangs inside a write transaction.
    pub fn new(node: &str, candidate: Candidate, length: Duration) -> Self {
        Self { fence: Fence::new(node), candidate, length, good_until: AtomicU64::new(0) }
    }

    /// The fence that the node's writes must still own.
    pub fn fence(&self) -> Fence {
        self.fence.clone()
    }

    /// Counts the lease as expired, so that no further card starts.
    pub(in crate::engine) fn lost(&self) {
        self.good_until.store(0, Ordering::SeqCst);
    }

    /// The node's name.
    pub(in crate::engine) fn node(&self) -> &str {
        self.fence.node()
    }

    /// Whether the lease is valid, so that a card may start.
    pub(in crate::engine) fn holds(&self, clock: &dyn Clock) -> bool {
        micros(clock.elapsed()) < self.good_until.load(Ordering::SeqCst)
    }

    pub(super) fn renewed(&self, asked: Duration) {
        let usable = self.length.saturating_sub(self.length / MARGIN);
        self.good_until.store(micros(asked + usable), Ordering::SeqCst);
    }
}

/// Synchronises a clock to the database's. The database may have read its clock at any moment of the request, so a
/// difference that the duration of the request explains is not corrected.
pub async fn sync_clock(clock: &dyn Clock, tx: &mut Tx) -> Result<(), StoreError> {
    let (asked, before) = (clock.elapsed(), clock.now());
    let theirs = tx.clock().await?;
    let waited = clock.elapsed().saturating_sub(asked);
    clock.sync_to(theirs, theirs.clamp(before, before.plus(waited)));
    Ok(())
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// A printer under a lease. Without a valid lease, no document is sent and no card is committed.
#[derive(Clone)]
pub(in crate::engine) struct Leased {
    pub(in crate::engine) driver: Arc<dyn PrinterDriver>,
    pub(in crate::engine) lease: Arc<Lease>,
    pub(in crate::engine) clock: Arc<dyn Clock>,
    /// The node's epoch when the worker started. A later epoch is another lease.
    pub(in crate::engine) epoch: i64,
}

/// How many times the cancellation of a late upload is tried.
const CANCEL_TRIES: u32 = 120;
const CANCEL_WAIT: Duration = Duration::from_secs(1);

/// The reason for a call that was not made because of the lease: neither the printer nor the card failed.
pub(in crate::engine) const LEASE_ENDED: &str = "this node's lease has ended";

impl Leased {
    fn check(&self) -> Result<(), DriverError> {
        let lost = || DriverError::NotSent(LEASE_ENDED.to_owned());
        let holds = self.lease.holds(&*self.clock) && self.lease.fence.epoch() == self.epoch;
        if holds { Ok(()) } else { Err(lost()) }
    }

    /// Cancels an upload that ended after the lease. A held job without an attempt could be released by a person at the
    /// printer.
    async fn cancel_late(&self, reference: &AttemptRef) {
        for _ in 0..CANCEL_TRIES {
            if self.driver.cancel(reference).await.is_ok() {
                return;
            }
            self.clock.sleep(CANCEL_WAIT).await;
        }
        warn!(attempt.id = reference.id.as_str(), "a held job could not be cancelled at its printer; cancel it there");
    }
}

#[async_trait]
impl PrinterDriver for Leased {
    async fn probe(&self) -> Result<Capabilities, DriverError> {
        self.driver.probe().await
    }

    async fn status(&self) -> Result<PrinterStatus, DriverError> {
        self.driver.status().await
    }

    /// Uploads, and cancels the upload if it ends after the lease: the node that took over may have asked the printer
    /// too early to see it.
    async fn prepare(&self, attempt: &AttemptId, document: Document) -> Result<Prepared, DriverError> {
        self.check()?;
        let (own, id) = (self.clone(), attempt.clone());
        // In a task of its own, which completes even if the worker is aborted meanwhile.
        let upload = tokio::spawn(async move {
            let prepared = own.driver.prepare(&id, document).await;
            let Err(fault) = own.check() else { return prepared };
            let (printer_job, printer_run) =
                prepared.map_or((None, None), |prepared| (prepared.printer_job, prepared.printer_run));
            own.cancel_late(&AttemptRef {
                id,
                printer_job,
                printer_run,
                releasing: false,
                impressions: 1,
                acknowledged: false,
            })
            .await;
            Err(fault)
        });
        upload.await.unwrap_or_else(|_| Err(DriverError::OutcomeUnknown("the upload was aborted".to_owned())))
    }

    async fn commit(&self, attempt: &AttemptId) -> Result<Committed, DriverError> {
        self.check()?;
        self.driver.commit(attempt).await
    }

    async fn find(&self, attempt: &AttemptRef) -> Result<AttemptStatus, DriverError> {
        self.driver.find(attempt).await
    }

    async fn cancel(&self, attempt: &AttemptRef) -> Result<Cancelled, DriverError> {
        self.driver.cancel(attempt).await
    }
}
