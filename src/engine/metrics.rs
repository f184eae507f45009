//! What a process measures of its own work, for those who watch over it. Nothing of it is personal: labels are names of printers, and
//! outcomes.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
};

use crate::domain::attempt::Outcome;

/// The upper bounds of seconds per card: from a fast mock to a printer that waits.
const CARD_SECONDS: [f64; 10] = [0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 80.0, 300.0];
/// The upper bounds of writes in a commit.
const COMMIT_WRITES: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 256.0];
/// The upper bounds of seconds of a commit.
const COMMIT_SECONDS: [f64; 10] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.1, 0.5, 2.0, 10.0];

/// What a number of ended attempts is of.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub struct CardLabels {
    /// The printer.
    pub printer: String,
    /// `printed`, `not-started`, `spoiled` or `uncertain`.
    pub outcome: &'static str,
}

/// What a time is of.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub struct PrinterLabels {
    /// The printer.
    pub printer: String,
}

/// Makes the histogram of a printer.
type NewHistogram = fn() -> Histogram;

/// The measurements of a process, since it started. Clones share them.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Attempts whose outcome this scheduler saved.
    pub cards: Family<CardLabels, Counter>,
    /// Seconds from the release of a card to the answer that it is printed.
    pub card_seconds: Family<PrinterLabels, Histogram, NewHistogram>,
    /// Writes in a commit of the scheduler.
    pub commit_writes: Histogram,
    /// Seconds of a commit of the scheduler.
    pub commit_seconds: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            cards: Family::default(),
            card_seconds: Family::new_with_constructor(|| Histogram::new(CARD_SECONDS)),
            commit_writes: Histogram::new(COMMIT_WRITES),
            commit_seconds: Histogram::new(COMMIT_SECONDS),
        }
    }
}

impl Metrics {
    /// Counts a saved outcome.
    pub(super) fn count(&self, printer: &str, outcome: &Outcome) {
        let labels = CardLabels { printer: printer.to_owned(), outcome: outcome.state().as_str() };
        self.cards.get_or_create(&labels).inc();
    }

    /// Measures a printed card.
    pub(super) fn observe_card(&self, printer: &str, duration: Duration) {
        let labels = PrinterLabels { printer: printer.to_owned() };
        self.card_seconds.get_or_create(&labels).observe(duration.as_secs_f64());
    }

    /// Measures a commit.
    pub(super) fn observe_commit(&self, writes: u32, duration: Duration) {
        self.commit_writes.observe(writes.into());
        self.commit_seconds.observe(duration.as_secs_f64());
    }
}
