//! A night in numbers: what was printed while people were away. It reads counters and a bounded part of the ledger.

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, Query};
use crate::domain::{
    natural::natural_order,
    night::{self, Nights},
    permission::Operation,
    refusal::Refusal,
    states::AttemptState,
    time::{Day, Timestamp},
    window::Window,
};

/// Asks what became of cards and blanks in the night that began last, or in that of another evening.
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowNight {
    /// Its evening; that of the night that began last, if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub night: Option<Day>,
}

/// A night, and what follows it until a window opens again or the next night begins.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Night {
    /// Its evening.
    pub evening: Day,
    /// The evening of the night before.
    pub previous: Day,
    /// The evening of the night after; none if this is the one that began last.
    pub next: Option<Day>,
    /// When it began, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub since: String,
    /// Until when cards and blanks are counted: a window opens after it, the next night begins, or it is now.
    #[schemars(extend("format" = "date-time"))]
    pub until: String,
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

/// The nights of the office. Settings that cannot be read have no windows.
pub(in crate::engine) fn nights(engine: &Engine) -> Nights<'_> {
    let windows: &[Window] = if engine.broken.settings.is_empty() { &engine.settings.windows } else { &[] };
    Nights { windows, zone: &engine.settings.zone }
}

impl ShowNight {
    /// The night that is asked for.
    pub(super) fn asked(self, engine: &Engine, now: Timestamp) -> Result<night::Night, EngineError> {
        let nights = nights(engine);
        let night = self.night.map_or_else(|| nights.last(now), |evening| nights.of(evening));
        if night.from <= now {
            Ok(night)
        } else {
            Err(Refusal::NightToCome { evening: night.evening.to_string() }.into())
        }
    }
}

impl Query for ShowNight {
    type Answer = Night;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Night, EngineError> {
        let (nights, now) = (nights(engine), engine.clock.now());
        let last = nights.last(now);
        let night = self.asked(engine, now)?;
        let (since, until) = (night.from, nights.told_until(&night, now));
        let end = if until < now { until } else { Timestamp(i64::MAX) };
        let mut tx = engine.store.read().await?;
        let mut printers: Vec<NightLine> = Vec::new();
        for (printer, state, number) in tx.ended_between(since, end).await? {
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
        let moved = tx.moved_between(since, end).await?;
        let between = |fits: fn(&str, &str) -> bool| {
            let fitting = moved.sums.iter().filter(|(from, to, _)| fits(from, to));
            fitting.map(|(_, _, number)| number).sum::<i64>()
        };
        let used = between(|from, to| from == "reserved" && !matches!(to, "vault" | "hopper"));
        let rejected = between(|from, to| (from, to) == ("printed", "spoiled"));
        Ok(Night {
            evening: night.evening,
            previous: nights.before(&night).evening,
            next: (night.from < last.from).then(|| nights.after(&night).evening),
            since: since.to_string(),
            until: until.to_string(),
            printers,
            rejected,
            used,
            is_whole: moved.is_whole,
        })
    }
}
