//! What a card inside the printer waits for.

use std::time::Duration;

use cetak_driver_api::{Condition, PrinterDriver};
use tracing::info;

use super::services::Services;
use crate::{
    domain::{printer_reason, time::Timestamp},
    engine::clock::Clock,
    store::StoreError,
};

/// How often a printer is asked what the card inside it waits for.
const WAITING_EVERY: Duration = Duration::from_secs(1);

/// What a card inside the printer waits for.
pub(in crate::engine) struct Waiting {
    asked: Timestamp,
    reasons: Vec<String>,
    /// People were shown that a card waits: the printer is asked again after it.
    pub(super) is_shown: bool,
}

impl Default for Waiting {
    fn default() -> Self {
        Self { asked: Timestamp(0), reasons: Vec::new(), is_shown: false }
    }
}

impl Waiting {
    /// Asks the printer, at most once a second, what keeps it from going on.
    pub(in crate::engine) async fn ask(
        &mut self,
        driver: &dyn PrinterDriver,
        acknowledged: &[String],
        clock: &dyn Clock,
    ) -> Vec<String> {
        let now = clock.now();
        if now.since(self.asked) < WAITING_EVERY {
            return self.reasons.clone();
        }
        self.asked = now;
        self.reasons = match driver.status().await {
            Ok(status) if !printer_reason::stopping(&status.reasons, acknowledged).is_empty() => status.reasons,
            Ok(status) if status.condition == Condition::Stopped => vec![printer_reason::STOPPED.to_owned()],
            Ok(_) | Err(_) => Vec::new(),
        };
        self.reasons.clone()
    }

    /// What was learned so far.
    pub(in crate::engine) fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    /// Takes over what was learned while an attempt was watched.
    pub(in crate::engine) fn absorb(&mut self, other: Self) {
        *self = Self { is_shown: self.is_shown || other.is_shown, ..other };
    }

    /// Saves what the card waits for (an empty hopper, say): people see it in `status`.
    pub(in crate::engine) async fn show(
        &mut self,
        services: &Services,
        printer: &str,
        reasons: Vec<String>,
    ) -> Result<(), StoreError> {
        if reasons.is_empty() && !self.is_shown {
            return Ok(());
        }
        self.is_shown = true;
        let mut tx = services.engine.store.read().await?;
        let known = tx.printer_get(printer).await?;
        drop(tx);
        if known.is_some_and(|printer| printer.state != "processing" || printer.reasons != reasons) {
            let reasons_text = reasons.join(",");
            services.commits.card_waits(printer, reasons).await?;
            info!(printer.id = printer, reasons = reasons_text, "the card inside the printer waits");
        }
        Ok(())
    }
}
