//! The lease of a node: one of several schedulers that share a database. A node prints on its printers while it holds
//! the lease.
//!
//! The lease is measured on the database's clock. A node also measures it on its own monotonic clock from before each
//! renewal, and counts it as expired a margin before other nodes may take over. The fence covers the rest: a node whose
//! lease has expired cannot write.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use cetak_driver_api::{AttemptId, AttemptRef, Committed, Document, DriverError, Prepared, PrinterDriver};
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

/// The driver of a printer as its worker sends cards through it. On a node with a lease, nothing is sent that could become
/// a card once that lease has expired.
#[derive(Clone)]
pub(in crate::engine) struct Feeder {
    driver: Arc<dyn PrinterDriver>,
    clock: Arc<dyn Clock>,
    /// The lease, and the node's epoch when the worker started: a later one is another lease.
    lease: Option<(Arc<Lease>, i64)>,
    /// Alive as long as anything may be sent through this feeder.
    alive: Arc<()>,
}

/// Why a card was not sent.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::engine) enum SendError {
    /// The lease has expired, so nothing was sent: neither the printer nor the card is to blame.
    #[error("the lease of this node has expired")]
    LeaseExpired,
    /// The driver's call failed.
    #[error(transparent)]
    Driver(#[from] DriverError),
}

/// How many times the cancellation of a late upload is tried.
const CANCEL_TRIES: u32 = 120;
const CANCEL_WAIT: Duration = Duration::from_secs(1);

impl Feeder {
    /// For a worker that starts now.
    pub(super) fn new(driver: Arc<dyn PrinterDriver>, clock: Arc<dyn Clock>, lease: Option<Arc<Lease>>) -> Self {
        let lease = lease.map(|lease| (lease.clone(), lease.fence.epoch()));
        Self { driver, clock, lease, alive: Arc::default() }
    }

    /// Alive as long as anything may be sent through this feeder: an upload completes even if the worker is aborted.
    pub(super) fn alive(&self) -> Weak<()> {
        Arc::downgrade(&self.alive)
    }

    /// The driver, for what makes no card.
    pub(in crate::engine) fn driver(&self) -> &dyn PrinterDriver {
        &*self.driver
    }

    fn check(&self) -> Result<(), SendError> {
        let holds = |(lease, epoch): &(Arc<Lease>, i64)| lease.holds(&*self.clock) && lease.fence.epoch() == *epoch;
        if self.lease.as_ref().is_none_or(holds) { Ok(()) } else { Err(SendError::LeaseExpired) }
    }

    /// Creates the job, and cancels it if that ends after the lease.
    pub(in crate::engine) async fn prepare(
        &self,
        attempt: &AttemptId,
        document: Document,
    ) -> Result<Prepared, SendError> {
        self.bring(attempt, Some(document)).await
    }

    /// Uploads the document of a job to be held, and cancels it if that ends after the lease.
    pub(in crate::engine) async fn upload(&self, attempt: &AttemptId) -> Result<Prepared, SendError> {
        self.bring(attempt, None).await
    }

    /// Prepares with a document, and uploads without one. What ends after the lease is cancelled: the node that took over
    /// may have asked the printer too early to see it.
    async fn bring(&self, attempt: &AttemptId, document: Option<Document>) -> Result<Prepared, SendError> {
        let send = async |driver: &dyn PrinterDriver, attempt: &AttemptId| match document {
            Some(document) => driver.prepare(attempt, document).await,
            None => driver.upload(attempt).await,
        };
        if self.lease.is_none() {
            return send(&*self.driver, attempt).await.map_err(SendError::Driver);
        }
        self.check()?;
        let (own, id) = (self.clone(), attempt.clone());
        // In a task of its own, which completes even if the worker is aborted meanwhile.
        let upload = tokio::spawn(async move {
            let prepared = send(&*own.driver, &id).await;
            let Err(error) = own.check() else { return prepared.map_err(SendError::Driver) };
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
            Err(error)
        });
        let aborted = || SendError::Driver(DriverError::OutcomeUnknown("the upload was aborted".to_owned()));
        upload.await.unwrap_or_else(|_| Err(aborted()))
    }

    /// Lets the prepared card start.
    pub(in crate::engine) async fn commit(&self, attempt: &AttemptId) -> Result<Committed, SendError> {
        self.check()?;
        self.driver.commit(attempt).await.map_err(SendError::Driver)
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
