//! Which card a log line is about.

use tracing::{Level, event, warn};

/// A card in the log: its attempt and its request, neither of which is personal. As fields of an event they are written without control
/// characters.
#[derive(Clone, Debug)]
pub(in crate::engine) struct CardName {
    /// The attempt's name.
    pub(in crate::engine) attempt: String,
    /// The source and the request id, with a slash between them.
    pub(in crate::engine) request: String,
}

impl CardName {
    pub(in crate::engine) fn new(attempt: &str, source: &str, request_id: &str) -> Self {
        Self { attempt: attempt.to_owned(), request: format!("{source}/{request_id}") }
    }

    /// Logs a step of the card's life. The steps have a target of their own, because there are three of each card.
    pub(super) fn log_step(&self, printer: &str, step: &'static str) {
        let Self { attempt, request } = self;
        event!(
            target: "cetak::card",
            Level::INFO,
            printer.id = printer,
            attempt.id = attempt,
            request.id = request,
            "{step}"
        );
    }

    /// Logs that the card failed, with the outcome and the reason as it is stored.
    pub(super) fn log_failure(&self, printer: &str, (outcome, reason): (&str, &str), breaker: &str) {
        let Self { attempt, request } = self;
        warn!(
            printer.id = printer,
            attempt.id = attempt,
            request.id = request,
            reason,
            outcome,
            breaker,
            "a card failed"
        );
    }
}
