//! The membership of a node: joining, the heartbeat that renews its lease, the transfer of printers, and leaving.

use std::time::Duration;

use tracing::{info, warn};

use super::lease::{Lease, sync_clock};
use crate::{
    domain::{
        audit::Event,
        permission::{Permit, SystemAct},
        refusal::Refusal,
        share::share,
    },
    engine::{Engine, EngineError},
    store::{Candidate, Node, StoreError, is_running},
};

/// The interval of heartbeats, which renew the lease and check those of other nodes.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(1);

/// The result of a heartbeat.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Heartbeat {
    /// Whether this node took printers over.
    pub(super) took: bool,
    /// Printers that this node must give up after their current cards.
    pub(super) give: Vec<String>,
    /// Whether other nodes are about to give up printers for this one.
    pub(super) lacks: bool,
}

/// Joins the other nodes. Refused while another process uses the name.
pub(super) async fn join(lease: &Lease, engine: &Engine) -> Result<(), EngineError> {
    let asked = engine.clock.elapsed();
    let unfenced = engine.acting(&engine.writer.chain, (*engine.writer.actor).clone());
    let mut tx = unfenced.write(&Permit::system(SystemAct::Lease)).await?;
    let known = tx.node_list().await?.into_iter().find(|node| node.name == lease.node());
    if let Some(holder) = known
        && lease.candidate.is_same_folder(&holder)
        && holder.lease_left_ms > 0
        && !has_ended(&holder, &lease.candidate)
    {
        return Err(taken(holder).into());
    }
    let epoch = match tx.node_join(lease.node(), &lease.candidate, length_us(lease.length)).await? {
        Ok(epoch) => epoch,
        Err(holder) => {
            return Err(taken(holder).into());
        }
    };
    let event = Event::new("node.joined", format!("node {}", lease.node())).with("epoch", epoch);
    tx.audit(event.with("host", &lease.candidate.host).with("process", lease.candidate.process));
    tx.commit().await?;
    lease.fence().joined(epoch);
    lease.renewed(asked);
    info!(node = lease.node(), epoch, "joined");
    Ok(())
}

/// Refused if another living process uses this node's name, with a copy of its data folder: the two would take the lease
/// from each other for ever.
pub(super) async fn refuse_taken(lease: &Lease, engine: &Engine) -> Result<(), EngineError> {
    let nodes = engine.store.read().await?.node_list().await?;
    let Candidate { host, process, .. } = &lease.candidate;
    let is_other = |node: &&Node| {
        node.name == lease.node() && node.lease_left_ms > 0 && (&node.host, &node.process) != (host, process)
    };
    match nodes.iter().find(is_other) {
        Some(holder) => Err(taken(holder.clone()).into()),
        None => Ok(()),
    }
}

fn taken(holder: Node) -> Refusal {
    Refusal::NodeTaken {
        node: holder.name,
        process: holder.process,
        host: holder.host,
        lease_left_s: holder.lease_left_ms / 1_000 + 1,
    }
}

/// Whether the node's last scheduler has ended, so that this one, of the same data folder, replaces it at once.
fn has_ended(node: &Node, candidate: &Candidate) -> bool {
    let process = u32::try_from(node.process).unwrap_or(u32::MAX);
    node.process == candidate.process || !is_running(process)
}

/// Renews the lease, removes nodes whose lease has expired, and takes free printers. `freed` are printers that this
/// node has given up. A node that `ends` takes none.
pub(super) async fn heartbeat(
    lease: &Lease,
    engine: &Engine,
    freed: &[String],
    ends: bool,
) -> Result<Heartbeat, StoreError> {
    let asked = engine.clock.elapsed();
    let mut tx = engine.write(&Permit::system(SystemAct::Lease)).await?;
    sync_clock(&*engine.clock, &mut tx).await?;
    tx.node_renew(lease.node(), length_us(lease.length)).await?;
    let mut nodes = Vec::new();
    for node in tx.node_list().await? {
        if node.lease_left_ms >= 0 || node.name == lease.node() {
            nodes.push(node.name);
            continue;
        }
        warn!(node = node.name, printers = node.printers, "a node's lease has expired; its printers are taken over");
        tx.node_remove(&node.name).await?;
        tx.audit(Event::new("node.lost", format!("node {}", node.name)).with("printers", node.printers));
    }
    for printer in freed {
        if !tx.printer_free(printer, lease.node()).await? {
            continue;
        }
        tx.audit(Event::new("printer.given-up", format!("printer {printer}")).with("node", lease.node()));
    }
    let mut owners = tx.printer_owners().await?;
    let mut parts = share(lease.node(), &nodes, &owners);
    if ends {
        parts.take.clear();
    }
    for printer in &parts.take {
        tx.printer_take(printer, lease.node()).await?;
        tx.audit(Event::new("printer.taken", format!("printer {printer}")).with("node", lease.node()));
        owners.insert(printer.clone(), Some(lease.node().to_owned()));
    }
    tx.commit().await?;
    lease.renewed(asked);
    let own = owners.values().filter(|owner| owner.as_deref() == Some(lease.node())).count();
    Ok(Heartbeat { took: !parts.take.is_empty(), give: parts.give, lacks: own < owners.len() / nodes.len().max(1) })
}

/// Gives up the lease and the printers, so that other nodes need not wait until the lease expires.
pub(super) async fn leave(lease: &Lease, engine: &Engine) -> Result<(), StoreError> {
    lease.lost();
    let mut tx = engine.write(&Permit::system(SystemAct::Lease)).await?;
    tx.node_remove(lease.node()).await?;
    tx.owner_end().await?; // its workers have ended
    tx.audit(Event::new("node.left", format!("node {}", lease.node())));
    tx.commit().await
}

fn length_us(length: Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX)
}
