//! The errors of a worker that repeat: told once, shown to people while they last, and told when they are over.

use std::{error::Error, sync::Arc, time::Duration};

use tracing::{debug, error, info};

use super::services::Services;
use crate::{
    domain::polling::{ASK_MAX, POLL_MIN},
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

#[cfg(test)]
mod tests {
    use std::sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    };

    use super::*;
    use crate::{
        domain::time::Timestamp,
        engine::fault::{FaultFile, FaultSince},
        store::Outage,
    };

    #[derive(Default)]
    struct Seconds(AtomicU64);

    #[async_trait::async_trait]
    impl Clock for Seconds {
        fn now(&self) -> Timestamp {
            Timestamp(0)
        }

        fn elapsed(&self) -> Duration {
            Duration::from_secs(self.0.load(Ordering::SeqCst))
        }

        fn sync_to(&self, _: Timestamp, _: Timestamp) {}

        async fn sleep(&self, _: Duration) {}
    }

    #[derive(Default)]
    struct Written(Mutex<Vec<Fault>>);

    impl FaultFile for Written {
        fn write(&self, faults: &[FaultSince]) {
            *self.0.lock().unwrap() = faults.iter().map(|known| known.fault.clone()).collect();
        }

        fn read(&self) -> Vec<FaultSince> {
            Vec::new()
        }
    }

    #[test]
    fn a_worker_that_alone_cannot_read_the_database_is_told_after_a_minute_and_in_an_outage_of_all_it_is_not() {
        let (written, clock) = (Arc::new(Written::default()), Arc::new(Seconds::default()));
        let faults = Arc::new(Faults::new(written.clone()));
        let mut troubles =
            Troubles { faults: faults.clone(), clock: clock.clone(), printer: "p1".to_owned(), series: None };
        let worker_is_told =
            || written.0.lock().unwrap().iter().any(|fault| matches!(fault, Fault::WorkerFails { .. }));
        let mut after = |seconds| {
            clock.0.store(seconds, Ordering::SeqCst);
            troubles.failed(&StoreError::Unreachable);
            worker_is_told()
        };

        faults.begin("database", Fault::DatabaseAway { outage: Outage::Unreachable }, Timestamp(0));
        assert_eq!([0, 59, 120].map(&mut after), [false; 3], "the outage of all is told");
        faults.end("database");
        assert_eq!([121, 179, 180].map(&mut after), [false, false, true]);

        troubles.end();
        assert!(!worker_is_told());
    }
}
