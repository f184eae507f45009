//! What every request needs.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use tokio::sync::{Semaphore, watch};

use super::{
    followed::FollowedSessions,
    http_metrics::HttpMetrics,
    problem::{Fault, Problem},
    request_key::KeysInUse,
    socket::SocketSettings,
    streams::Streams,
    tls::TlsFiles,
    unproved::Unproved,
};
use crate::engine::{
    Engine, EngineError, answers::delete_old_answers, projector::Projector, unproved::record_unproved,
};

/// The calls that are carried out at a time. Others wait.
pub(super) const CALLS_MAX: u32 = 64;

/// The calls among them that read the whole database. The scheduler has its few reading connections in common with the server.
const LONG_READS_MAX: usize = 2;

/// The lists that are received and imported at a time.
const LISTS_MAX: usize = 2;

/// The settings of the server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address on which it listens; port 0 is a free one.
    pub listen: SocketAddr,
    /// Its certificate. `None`: plain HTTP.
    pub tls: Option<TlsFiles>,
    /// The proxies whose `X-Forwarded-*` headers are believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// The most connections at a time.
    pub connections: usize,
    /// The folder of backups that are asked for over the network.
    pub backups: PathBuf,
    /// The folder in which a list is kept, without a name, while it is received and imported.
    pub received: PathBuf,
    /// The folder that the photo paths of lists are relative to.
    pub photos: PathBuf,
    /// The socket for commands on the same machine.
    pub socket: Option<SocketSettings>,
}

/// What every request needs.
pub(super) struct Web {
    /// The engine. Its writer has the audit chain of the server.
    pub(super) engine: Engine,
    /// The settings.
    pub(super) settings: Settings,
    /// A permit for each call that is carried out.
    pub(super) calls: Arc<Semaphore>,
    /// A permit for each call that reads the whole database.
    pub(super) long_reads: Arc<Semaphore>,
    /// A permit for each list that is received and imported.
    pub(super) lists: Arc<Semaphore>,
    /// Requests without the proof of an account.
    pub(super) unproved: Unproved,
    /// The requests with a key that are being carried out.
    pub(super) keys: KeysInUse,
    /// What the server measures.
    pub(super) http_metrics: HttpMetrics,
    /// The streams of events.
    pub(super) streams: Arc<Streams>,
    /// The board that pages show.
    pub(super) projector: Arc<Projector>,
    /// The sessions of the pages that follow it.
    pub(super) followed: FollowedSessions,
}

impl Web {
    /// For an engine whose writer has the audit chain of the server. Streams end when `stopping` is true.
    pub(super) fn new(engine: Engine, settings: Settings, stopping: watch::Receiver<bool>) -> Self {
        let [calls, long_reads, lists] =
            [CALLS_MAX as usize, LONG_READS_MAX, LISTS_MAX].map(|most| Arc::new(Semaphore::new(most)));
        let streams = Arc::new(Streams::new(settings.connections, stopping));
        let (unproved, keys, http_metrics) = (Unproved::default(), KeysInUse::default(), HttpMetrics::default());
        let (projector, followed) = (Arc::default(), FollowedSessions::default());
        Self { engine, settings, calls, long_reads, lists, unproved, keys, http_metrics, streams, projector, followed }
    }

    /// An error of the engine as a problem. The log has the cause of an internal one.
    pub(super) fn problem(&self, error: &EngineError) -> Problem {
        Problem::of(error, &self.incident())
    }

    /// Carries something out within a time.
    pub(super) async fn within<T>(
        &self,
        most: Duration,
        work: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        tokio::select! {
            done = work => done,
            () = self.engine.clock.sleep(most) => Err(Fault::TimedOut.into()),
        }
    }

    /// Writes down the requests without the proof of an account. While the database is away, their number is in the log.
    pub(super) async fn tell_unproved(&self) {
        let counts = self.unproved.take();
        if let Err(error) = record_unproved(&self.engine, &counts).await {
            let count: u64 = counts.iter().map(|(_, count)| count).sum();
            let error = &error as &dyn std::error::Error;
            tracing::warn!(count, error, "requests without the proof of an account are not in the audit");
        }
    }

    /// Deletes the answers of requests that are no longer kept. They do no harm: if it fails, it is tried again a minute later.
    pub(super) async fn delete_old_answers(&self) {
        if let Err(error) = delete_old_answers(&self.engine).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "old answers of requests are not deleted");
        }
    }

    /// A new name for what goes wrong, under which the log has the cause.
    pub(super) fn incident(&self) -> String {
        let mut bytes = [0; 4];
        self.engine.entropy.fill(&mut bytes);
        format!("{:08x}", u32::from_be_bytes(bytes))
    }
}
