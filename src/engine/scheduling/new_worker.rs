//! Makes the worker of a printer.

use std::collections::HashMap;

use tokio::sync::watch;

use super::{Scheduler, lease::Feeder};
use crate::{
    domain::{printer::Printer, refusal::Refusal},
    engine::{
        EngineError,
        printing::{services::Services, session::PrinterSession, worker::Worker},
    },
};

impl Scheduler {
    /// The worker of a printer, or why it cannot be used.
    pub(super) fn worker(&mut self, printer: Printer, stop: watch::Receiver<bool>) -> Result<Worker, String> {
        let missing = |error: EngineError| match error {
            EngineError::Refused(Refusal::ProfileBroken { detail, .. }) => detail,
            EngineError::Refused(_)
            | EngineError::Read { .. }
            | EngineError::Write { .. }
            | EngineError::Service { .. }
            | EngineError::Store(_) => {
                format!("its card profile `{}` does not exist", printer.profile)
            }
        };
        let profile = self.engine.profile(&printer.profile).map_err(missing)?;
        let renderer = if let Some(renderer) = self.renderers.get(&profile.name) {
            renderer.clone()
        } else {
            let renderer = (self.engine.renderers)(&profile).map_err(|e| e.to_string())?;
            self.renderers.insert(profile.name.clone(), renderer.clone());
            renderer
        };
        let driver = (self.engine.drivers)(&printer.name, &printer.uri)?;
        let feeder = Feeder::new(driver, self.engine.clock.clone(), self.engine.lease.clone());
        let services = Services {
            engine: self.engine.clone(),
            commits: self.commits.of(&printer.name),
            bodies: self.bodies.clone(),
            ahead: self.ahead.clone(),
            board: self.board.clone(),
            faults: self.faults.clone(),
            renderer,
        };
        let (snapshots, session) = (self.snapshots.clone(), PrinterSession::new(printer, feeder));
        Ok(Worker { services, snapshots, session, stop, cancelled: HashMap::new() })
    }
}
