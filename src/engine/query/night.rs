//! The last night in numbers: what was printed while people were away. It reads counters and a bounded part of the ledger.

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, Query};
use crate::domain::{
    natural::natural_order,
    permission::Operation,
    states::AttemptState,
    window::{Window, night_begin},
};

/// Asks what became of cards and blanks since the last window opened, or since the last evening at 20:00 where there are no windows.
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowNight {}

/// The last night.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Night {
    /// When it began, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub since: String,
    /// What each printer did, by name; those that did nothing are left out.
    pub printers: Vec<NightLine>,
    /// Cards that people rejected, or that a reprint replaced.
    pub rejected: i64,
    /// Blanks that became a card, a spoiled one, or one of unknown outcome.
    pub used: i64,
    /// Whether all movements of blanks were read. Of a very long time, only the newest are.
    pub is_whole: bool,
}

/// What a printer did.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NightLine {
    /// The printer, also one that was removed since.
    pub printer: String,
    /// Good cards.
    pub printed: i64,
    /// Spoiled blanks.
    pub spoiled: i64,
    /// Attempts with an unknown outcome, inspected ones too.
    pub uncertain: i64,
    /// Attempts that used no blank.
    pub not_started: i64,
}

impl Query for ShowNight {
    type Answer = Night;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Night, EngineError> {
        let windows: &[Window] = if engine.broken.settings.is_empty() { &engine.settings.windows } else { &[] };
        let since = night_begin(windows, &engine.settings.zone, engine.clock.now());
        let mut tx = engine.store.read().await?;
        let mut printers: Vec<NightLine> = Vec::new();
        for (printer, state, number) in tx.ended_since(since).await? {
            let at = printers.iter().position(|line| line.printer == printer).unwrap_or_else(|| {
                printers.push(NightLine { printer, ..NightLine::default() });
                printers.len() - 1
            });
            let line = &mut printers[at];
            match state.parse() {
                Ok(AttemptState::Printed) => line.printed += number,
                Ok(AttemptState::Spoiled) => line.spoiled += number,
                Ok(AttemptState::Uncertain) => line.uncertain += number,
                Ok(AttemptState::NotStarted) => line.not_started += number,
                // Attempts that have ended only are counted.
                Ok(AttemptState::Intent | AttemptState::Releasing) | Err(_) => {}
            }
        }
        printers.sort_by(|a, b| natural_order(&a.printer, &b.printer));
        let moved = tx.moved_since(since).await?;
        let between = |fits: fn(&str, &str) -> bool| {
            let fitting = moved.sums.iter().filter(|(from, to, _)| fits(from, to));
            fitting.map(|(_, _, number)| number).sum::<i64>()
        };
        let used = between(|from, to| from == "reserved" && !matches!(to, "vault" | "hopper"));
        let rejected = between(|from, to| (from, to) == ("printed", "spoiled"));
        Ok(Night { since: since.to_string(), printers, rejected, used, is_whole: moved.is_whole })
    }
}
