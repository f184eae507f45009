//! Attempts that have ended, and those with an unknown outcome.

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, Page, PageRequest, Query, known::check};
use crate::{
    domain::{permission::Operation, states::AttemptState, time::Timestamp},
    store::{AttemptFilter, EndedAttemptLine, UncertainLine},
};

/// Asks for attempts that have ended, in the order of their ends; archived ones are among them. What is not named is not compared.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListAttempts {
    /// Only with this outcome: `printed`, `not-started`, `spoiled` or `uncertain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<AttemptState>,
    /// Only on this printer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub printer: Option<String>,
    /// Only those that ended at this instant or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Only those that ended before this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Which page.
    #[serde(default)]
    pub page: PageRequest,
}

impl Query for ListAttempts {
    type Answer = Page<EndedAttemptLine>;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Page<EndedAttemptLine>, EngineError> {
        let Self { outcome, printer, since, until, page } = self;
        let ended = AttemptState::ALL.iter().filter(|(state, _)| !state.is_open());
        check("outcome", outcome.map(AttemptState::as_str), ended.map(|(_, name)| (*name).to_owned()))?;
        let (after, limit) = page.range();
        let filter = AttemptFilter { outcome, printer, since: since.unwrap_or_default(), until };
        let mut tx = engine.store.read().await?;
        let found = tx.attempts_ended(&filter, after, limit).await?;
        if found.attempts.is_empty() && page.after.is_none() {
            let printers = tx.printer_list().await?.into_iter().map(|printer| printer.name);
            check("printer", filter.printer.as_deref(), printers)?;
        }
        Ok(Page::looked(found.attempts, page.limit, found.looked_to))
    }
}

/// Asks for the attempts that a person has to inspect, oldest first.
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListUncertain {
    /// Which page.
    #[serde(default)]
    pub page: PageRequest,
}

impl Query for ListUncertain {
    type Answer = Page<UncertainLine>;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Page<UncertainLine>, EngineError> {
        let (after, limit) = self.page.range();
        Ok(Page::new(engine.store.read().await?.uncertain_list(after, limit).await?, self.page.limit))
    }
}
