//! The errors of a worker that repeat: told once, shown to people while they last, and told when they are over.

use std::{error::Error, sync::Arc, time::Duration};

use tracing::{debug, error, info};

use super::{services::Services, session::ASK_MAX};
use crate::{
    domain::polling::POLL_MIN,
    engine::{
        clock::Clock,
        fault::{Fault, Faults},
    },
    store::StoreError,
};

/// How long a worker may meet nothing but conflicts, or a database that does not answer it, before people are told. A
/// conflict is usual when two processes write, and the scheduler tells of an outage that concerns all printers.
const QUIET_MAX: Duration = Duration::from_mins(1);
/// The wait of a worker whose database does not answer.
const AWAY: Duration = Duration::from_secs(1);

/// The trouble of one worker.
pub(super) struct Troubles {
    faults: Arc<Faults>,
    clock: Arc<dyn Clock>,
    printer: String,
    /// When the present series of errors began, and the last error that people were told.
    series: Option<(Duration, Option<String>)>,
}

impl Troubles {
    pub(super) fn new(services: &Services, printer: &str) -> Self {
        let (faults, clock) = (services.faults.clone(), services.engine.clock.clone());
        Self { faults, clock, printer: printer.to_owned(), series: None }
    }

    /// A turn has failed. Returns the wait before the next.
    pub(super) fn failed(&mut self, error: &StoreError) -> Duration {
        let now = self.clock.elapsed();
        let (mut since, told) = self.series.take().unwrap_or((now, None));
        let is_away = error.is_away();
        if is_away && self.faults.has_outage() {
            since = now;
        }
        if (is_away || matches!(error, StoreError::Conflict(_))) && now.saturating_sub(since) < QUIET_MAX {
            debug!(printer.id = self.printer, "{error}");
            self.series = Some((since, told));
            return if is_away { AWAY } else { POLL_MIN };
        }
        let text = error.to_string();
        if told.as_ref() != Some(&text) {
            let error = error as &dyn Error;
            error!(
                printer.id = self.printer,
                error, "the printer gets no card, because its worker fails; it tries again"
            );
            let fault = Fault::WorkerFails { printer: self.printer.clone(), error: text.clone() };
            self.faults.begin(&self.subject(), fault, self.clock.now());
        }
        self.series = Some((since, Some(text)));
        ASK_MAX
    }

    /// A turn has succeeded, or the worker ends.
    pub(super) fn end(&mut self) {
        let Some((since, Some(_))) = self.series.take() else { return };
        let seconds = self.clock.elapsed().saturating_sub(since).as_secs();
        info!(printer.id = self.printer, "its worker goes on after {seconds} s");
        self.faults.end(&self.subject());
    }

    fn subject(&self) -> String {
        format!("printer {}", self.printer)
    }
}
