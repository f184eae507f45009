//! Runs the scheduler in this process.

use std::{path::Path, sync::Arc, time::Duration};

use tokio::sync::watch;

use super::files::{self, LockPlace};
use crate::{
    cli::{output::message, progress},
    domain::audit::Actor,
    engine::{
        Engine,
        scheduling::{self, BlockedPrinters, Until, lease::Lease},
    },
    store::Candidate,
};

/// The audit chain of the scheduler, and the name of its actor.
const CHAIN_SCHEDULER: &str = "scheduler";

/// Runs the scheduler under its lock and shows progress, until it ends or a signal stops it. Returns
/// the blocked printers, each with the reason. `node` is the node's name and the duration of its lease, if the database
/// is shared.
pub(super) async fn schedule(
    engine: &Engine,
    folder: &Path,
    place: &LockPlace,
    until: Until,
    node: Option<(String, Duration)>,
) -> anyhow::Result<BlockedPrinters> {
    let _lock = place.acquire()?;
    let shown_to = engine.clone();
    let scheduler = Actor::system(CHAIN_SCHEDULER, &engine.writer.actor.os_user, &engine.writer.actor.host);
    let engine = match node {
        None => engine.acting(CHAIN_SCHEDULER, scheduler),
        Some((node, length)) => {
            let candidate = Candidate {
                instance: files::instance(folder, &*engine.entropy)?,
                host: scheduler.host.clone(),
                process: std::process::id().into(),
            };
            let lease = Lease::new(&node, candidate, length);
            let mut engine = engine.acting(&format!("{CHAIN_SCHEDULER}-{node}"), scheduler);
            engine.writer.fence = Some(lease.fence());
            engine.lease = Some(Arc::new(lease));
            engine
        }
    };
    let (stop, stopped) = watch::channel(false);
    let (done, is_done) = watch::channel(false);
    tokio::spawn(stop_on_signal(stop));
    let showing = tokio::spawn(progress::run(shown_to, is_done));
    let blocked = scheduling::run(&engine, until, stopped).await;
    let _ = done.send(true); // fails if the progress task has ended already
    let _ = showing.await;
    Ok(blocked?)
}

/// On the first SIGINT or SIGTERM, starts no further card and waits for those in the printers. On the second, exits at
/// once; the next start recovers the open attempts.
async fn stop_on_signal(stop: watch::Sender<bool>) {
    let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else { return };
    for is_first in [true, false] {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        if is_first {
            message("stopping when the cards that are being printed are finished; press Ctrl-C again to stop at once");
            let _ = stop.send(true); // fails if the scheduler has ended already
        } else {
            std::process::exit(1);
        }
    }
}
