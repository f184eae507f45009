//! Which card a log line is about.

use tracing::warn;

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
