//! The jobs of this site at a printer, compared with the database. A job that the database does not know is of another database of
//! the site, which prints beside this one, or did before this one was restored.

use std::time::Duration;

use cetak_driver_api::{AttemptId, DriverError, PrinterDriver};

use super::services::Services;
use crate::{
    engine::clock::{attempt_made, attempt_prefix},
    store::StoreError,
};

/// How long a comparison holds. It is a list of all jobs that the printer keeps.
const HOLDS: Duration = Duration::from_mins(1);

/// When the jobs of a printer were compared last, as [`Clock::elapsed`](crate::engine::clock::Clock::elapsed) counts.
#[derive(Default)]
pub(super) struct ComparedJobs {
    at: Option<Duration>,
}

impl ComparedJobs {
    /// Whether there was no comparison yet, or the last one does not hold any more.
    pub(super) fn is_due(&self, services: &Services) -> bool {
        self.at.is_none_or(|at| services.engine.clock.elapsed() >= at + HOLDS)
    }

    /// Whether there are unknown jobs that no person has accepted. Compares the jobs if that is due, and saves the unknown ones,
    /// so that they are unknown also when the printer has forgotten them. The inner error is the printer's.
    pub(super) async fn compare(
        &mut self,
        services: &Services,
        printer: &str,
        driver: &dyn PrinterDriver,
    ) -> Result<Result<bool, DriverError>, StoreError> {
        let site = &services.engine.settings.site;
        if self.is_due(services) {
            let attempts = match driver.attempts_beginning_with(&attempt_prefix(site)).await {
                Ok(attempts) => attempts,
                Err(fault) => return Ok(Err(fault)),
            };
            // Read after the printer's answer, so that the attempts of all nodes that it names are saved by now.
            let mut tx = services.engine.store.read().await?;
            let until = tx.printer_jobs_known_until(printer).await?;
            let names = attempts.iter().map(AttemptId::as_str);
            let newer: Vec<&str> =
                names.filter(|name| attempt_made(site, name).is_some_and(|made| made > until)).collect();
            let unknown = if newer.is_empty() { Vec::new() } else { tx.attempts_unknown(&newer, false).await? };
            drop(tx);
            if !unknown.is_empty() {
                services.commits.unknown_jobs(printer, unknown).await?;
            }
            self.at = Some(services.engine.clock.elapsed());
        }
        Ok(Ok(services.engine.store.read().await?.unknown_jobs_count(printer).await? > 0))
    }
}
