//! What every request needs.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use tokio::sync::Semaphore;

use super::{problem::Problem, strangers::Strangers, tls::TlsFiles};
use crate::engine::{Engine, EngineError, strangers::record_strangers};

/// The calls that are carried out at a time. Others wait.
pub(super) const CALLS_MAX: u32 = 64;

/// The settings of the server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address on which it listens; port 0 is a free one.
    pub listen: SocketAddr,
    /// Its certificate. `None`: plain HTTP.
    pub tls: Option<TlsFiles>,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// The most connections at a time.
    pub connections: usize,
    /// The folder of backups that are asked for over the network.
    pub backups: PathBuf,
}

/// What every request needs.
pub(super) struct Web {
    /// The engine. Its writer has the audit chain of the server.
    pub(super) engine: Engine,
    /// The settings.
    pub(super) settings: Settings,
    /// A permit for each call that is carried out.
    pub(super) calls: Arc<Semaphore>,
    /// Requests without the proof of an account.
    pub(super) strangers: Strangers,
}

impl Web {
    /// For an engine whose writer has the audit chain of the server.
    pub(super) fn new(engine: Engine, settings: Settings) -> Self {
        Self { engine, settings, calls: Arc::new(Semaphore::new(CALLS_MAX as usize)), strangers: Strangers::default() }
    }

    /// An error of the engine as a problem. The log has the cause of an internal one.
    pub(super) fn problem(&self, error: &EngineError) -> Problem {
        Problem::of(error, &self.incident())
    }

    /// Writes down the requests without the proof of an account. While the database is away, their number is in the log.
    pub(super) async fn tell_strangers(&self) {
        let counts = self.strangers.take();
        if let Err(error) = record_strangers(&self.engine, &counts).await {
            let count: u64 = counts.iter().map(|(_, count)| count).sum();
            let error = &error as &dyn std::error::Error;
            tracing::warn!(count, error, "requests without the proof of an account are not in the audit");
        }
    }

    /// A new name for what goes wrong, under which the log has the cause.
    pub(super) fn incident(&self) -> String {
        let mut bytes = [0; 4];
        self.engine.entropy.fill(&mut bytes);
        format!("{:08x}", u32::from_be_bytes(bytes))
    }
}
