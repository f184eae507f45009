//! One scheduler among several on a database: it feeds the printers that it took, for as long as its lease holds.
//!
//! The lease is measured on the database's clock. A node counts its own as lost on a clock that nobody sets, from before
//! it asked, and some time before the others may take over. Whatever it has not noticed by then, the fence does: a node
//! that was put out can write nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use cetak_driver_api::{
    AttemptId, AttemptRef, Cancelled, Capabilities, Committed, Document, Fault, Found, Prepared, PrinterDriver,
    PrinterStatus,
};
use tracing::{info, warn};

use crate::{
    domain::{audit::Event, refusal::Refusal, share::share},
    engine::{Engine, EngineError, clock::Clock},
    store::{Candidate, Fence, StoreError, Tx},
};

/// How often a lease is renewed, and others' are looked at.
pub(in crate::engine) const HEARTBEAT: Duration = Duration::from_secs(1);

/// The part of a lease that a node does not use: others may take over only after it.
const MARGIN: u32 = 5;

/// This node's lease.
#[derive(Debug)]
pub struct Lease {
    fence: Fence,
    candidate: Candidate,
    length: Duration,
    /// Until when it holds, in microseconds of [`Clock::elapsed`].
    good_until: AtomicU64,
}

/// What a beat came to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::engine) struct Heartbeat {
    /// Printers were taken.
    pub(in crate::engine) took: bool,
    /// Printers to give up, after the card in hand.
    pub(in crate::engine) give: Vec<String>,
    /// Others will give some up for this node.
    pub(in crate::engine) lacks: bool,
}

impl Lease {
    /// For a node by this name, which has not joined. `length` is at least six seconds: shorter ones would end while
    /// the database waits for a writer that froze.
    pub fn new(node: &str, candidate: Candidate, length: Duration) -> Self {
        Self { fence: Fence::new(node), candidate, length, good_until: AtomicU64::new(0) }
    }

    /// What its writers must still own.
    pub fn fence(&self) -> Fence {
        self.fence.clone()
    }

    /// It is over, as far as this node goes: nothing more is fed.
    pub(in crate::engine) fn lost(&self) {
        self.good_until.store(0, Ordering::SeqCst);
    }

    /// The node's name.
    pub(in crate::engine) fn node(&self) -> &str {
        self.fence.node()
    }

    /// May a card be fed?
    pub(in crate::engine) fn holds(&self, clock: &dyn Clock) -> bool {
        micros(clock.elapsed()) < self.good_until.load(Ordering::SeqCst)
    }

    fn renewed(&self, asked: Duration) {
        let usable = self.length.saturating_sub(self.length / MARGIN);
        self.good_until.store(micros(asked + usable), Ordering::SeqCst);
    }

    /// Joins the others, or says who has the name.
    pub(in crate::engine) async fn join(&self, engine: &Engine) -> Result<(), EngineError> {
        let asked = engine.clock.elapsed();
        let unfenced = engine.acting(&engine.writer.chain, (*engine.writer.actor).clone());
        let mut tx = engine.store.write(&unfenced.writer, engine.clock.now()).await?;
        let epoch = match tx.node_join(self.node(), &self.candidate, length_us(self.length)).await? {
            Ok(epoch) => epoch,
            Err(holder) => {
                return Err(Refusal::NodeTaken {
                    node: holder.name,
                    process: holder.process,
                    host: holder.host,
                    lease_left_s: holder.lease_left_ms / 1_000 + 1,
                }
                .into());
            }
        };
        let event = Event::new("node.joined", format!("node {}", self.node())).with("epoch", epoch);
        tx.audit(event.with("host", &self.candidate.host).with("process", self.candidate.process));
        tx.commit().await?;
        self.fence.joined(epoch);
        self.renewed(asked);
        info!(node = self.node(), epoch, "joined");
        Ok(())
    }

    /// Renews the lease, puts out nodes whose lease has ended, and takes printers that nobody feeds; `freed` are those
    /// that this node has given up. One that `ends` takes none.
    pub(in crate::engine) async fn heartbeat(
        &self,
        engine: &Engine,
        freed: &[String],
        ends: bool,
    ) -> Result<Heartbeat, StoreError> {
        let asked = engine.clock.elapsed();
        let mut tx = engine.store.write(&engine.writer, engine.clock.now()).await?;
        follow(&*engine.clock, &mut tx).await?;
        tx.node_renew(self.node(), length_us(self.length)).await?;
        let mut nodes = Vec::new();
        for node in tx.node_list().await? {
            if node.lease_left_ms >= 0 || node.name == self.node() {
                nodes.push(node.name);
                continue;
            }
            warn!(node = node.name, printers = node.printers, "a node's lease has ended; its printers are taken over");
            tx.node_remove(&node.name).await?;
            tx.audit(Event::new("node.lost", format!("node {}", node.name)).with("printers", node.printers));
        }
        for printer in freed {
            if !tx.printer_free(printer, self.node()).await? {
                continue;
            }
            tx.audit(Event::new("printer.given-up", format!("printer {printer}")).with("node", self.node()));
        }
        let mut owners = tx.printer_owners().await?;
        let mut parts = share(self.node(), &nodes, &owners);
        if ends {
            parts.take.clear();
        }
        for printer in &parts.take {
            tx.printer_take(printer, self.node()).await?;
            tx.audit(Event::new("printer.taken", format!("printer {printer}")).with("node", self.node()));
            owners.insert(printer.clone(), Some(self.node().to_owned()));
        }
        tx.commit().await?;
        self.renewed(asked);
        let own = owners.values().filter(|owner| owner.as_deref() == Some(self.node())).count();
        Ok(Heartbeat { took: !parts.take.is_empty(), give: parts.give, lacks: own < owners.len() / nodes.len().max(1) })
    }

    /// Gives everything up, so that nobody has to wait for the end of the lease.
    pub(in crate::engine) async fn leave(&self, engine: &Engine) -> Result<(), StoreError> {
        self.lost();
        let mut tx = engine.store.write(&engine.writer, engine.clock.now()).await?;
        tx.node_remove(self.node()).await?;
        tx.audit(Event::new("node.left", format!("node {}", self.node())));
        tx.commit().await
    }
}

/// Sets a clock by the database's. The answer was given at some moment of the wait for it, which is long for one who is
/// cut off or frozen meanwhile: what could be the wait is not taken for a wrong clock.
pub async fn follow(clock: &dyn Clock, tx: &mut Tx) -> Result<(), StoreError> {
    let (asked, before) = (clock.elapsed(), clock.now());
    let theirs = tx.clock().await?;
    let waited = clock.elapsed().saturating_sub(asked);
    clock.follow(theirs, theirs.clamp(before, before.plus(waited)));
    Ok(())
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn length_us(length: Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX)
}

/// A printer that is fed under a lease: without it nothing is sent that could become a card.
#[derive(Clone)]
pub(in crate::engine) struct Leased {
    pub(in crate::engine) driver: Arc<dyn PrinterDriver>,
    pub(in crate::engine) lease: Arc<Lease>,
    pub(in crate::engine) clock: Arc<dyn Clock>,
    /// The number that the node had when the worker was hired: a later one is another lease.
    pub(in crate::engine) epoch: i64,
}

/// How often, and how long apart, it is tried to take an upload back that came too late.
const TAKE_BACK_TRIES: u32 = 120;
const TAKE_BACK_WAIT: Duration = Duration::from_secs(1);

/// Why nothing was sent: neither the printer nor the card is to blame.
pub(in crate::engine) const LEASE_ENDED: &str = "this node's lease has ended";

impl Leased {
    fn check(&self) -> Result<(), Fault> {
        let lost = || Fault::NotSent(LEASE_ENDED.to_owned());
        let holds = self.lease.holds(&*self.clock) && self.lease.fence.epoch() == self.epoch;
        if holds { Ok(()) } else { Err(lost()) }
    }

    /// A whole job that stays held in the printer, and is nobody's, could be let go there by somebody.
    async fn take_back(&self, reference: &AttemptRef) {
        for _ in 0..TAKE_BACK_TRIES {
            if self.driver.cancel(reference).await.is_ok() {
                return;
            }
            self.clock.sleep(TAKE_BACK_WAIT).await;
        }
        warn!(
            attempt.id = reference.id.as_str(),
            "a held job could not be taken back from its printer; cancel it there"
        );
    }
}

#[async_trait]
impl PrinterDriver for Leased {
    async fn probe(&self) -> Result<Capabilities, Fault> {
        self.driver.probe().await
    }

    async fn status(&self) -> Result<PrinterStatus, Fault> {
        self.driver.status().await
    }

    /// An upload that ended after the lease is taken back: whoever took over may have looked before it was there.
    async fn prepare(&self, attempt: &AttemptId, document: Document) -> Result<Prepared, Fault> {
        self.check()?;
        let (own, id) = (self.clone(), attempt.clone());
        // In a task of its own, which goes on to the end when the worker is thrown away in the middle.
        let upload = tokio::spawn(async move {
            let prepared = own.driver.prepare(&id, document).await;
            let Err(fault) = own.check() else { return prepared };
            let (printer_job, boot) = prepared.map_or((None, None), |prepared| (prepared.printer_job, prepared.boot));
            own.take_back(&AttemptRef { id, printer_job, boot, releasing: false, impressions: 1, acknowledged: false })
                .await;
            Err(fault)
        });
        upload.await.unwrap_or_else(|_| Err(Fault::OutcomeUnknown("the upload was broken off".to_owned())))
    }

    async fn commit(&self, attempt: &AttemptId) -> Result<Committed, Fault> {
        self.check()?;
        self.driver.commit(attempt).await
    }

    async fn find(&self, attempt: &AttemptRef) -> Result<Found, Fault> {
        self.driver.find(attempt).await
    }

    async fn cancel(&self, attempt: &AttemptRef) -> Result<Cancelled, Fault> {
        self.driver.cancel(attempt).await
    }
}
