//! Whether this process can do its work, for those who watch over it.

use serde::{Deserialize, Serialize};

use super::{CLOCK_TOLERANCE, Engine, EngineError};

/// Whether this process can do its work. Says nothing of records, blanks or printers.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Readiness {
    /// The database can be read, and a file is where it was opened. Its migrations were done then.
    pub database: bool,
    /// This node holds its lease; always true if the database is not shared.
    pub lease: bool,
    /// The clock is not behind the newest audit row.
    pub clock: bool,
}

impl Readiness {
    /// Whether all of it holds.
    pub fn is_ready(self) -> bool {
        self.database && self.lease && self.clock
    }

    /// Reads it. A database that cannot be read is part of the answer.
    pub async fn of(engine: &Engine) -> Self {
        let lease = engine.has_lease();
        match is_clock_sane(engine).await {
            Ok(clock) => Self { database: !engine.store.is_file_moved(), lease, clock },
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "the database cannot be read");
                Self { database: false, lease, clock: false }
            }
        }
    }
}

async fn is_clock_sane(engine: &Engine) -> Result<bool, EngineError> {
    let newest = engine.store.read().await?.newest_instant().await?;
    Ok(engine.clock.now().plus(CLOCK_TOLERANCE) >= newest)
}
