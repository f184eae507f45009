//! The movements of blanks.

use serde::{Deserialize, Serialize};

use super::{
    Engine, EngineError, Page, PageRequest, Query,
    known::{OfMovements, refuse_unknown_of_movements},
};
use crate::{
    domain::{permission::Operation, refusal::Refusal, stock::ACCOUNTS, time::Timestamp},
    store::{MovementFilter, MovementLine},
};

/// Asks for movements, newest first. What is not named is not compared.
#[derive(Clone, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListMovements {
    /// Only of this blank type.
    #[serde(default)]
    pub blank_type: Option<String>,
    /// Only of the lot with this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<String>,
    /// Only from or to this account: `vault`, or with its place, `hopper:fargo-1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Only by this person or program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Only of this document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// Only at this instant or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Only before this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Which page.
    #[serde(default)]
    pub page: PageRequest,
}

impl ListMovements {
    /// The filters by names that are known.
    fn named(&self) -> OfMovements<'_> {
        OfMovements {
            blank_type: self.blank_type.as_deref(),
            lot: self.lot.as_deref(),
            account: self.account.as_deref(),
        }
    }
}

impl Query for ListMovements {
    type Answer = Page<MovementLine>;
    const OPERATION: Operation = Operation::ReportRead;

    async fn read(self, engine: &Engine) -> Result<Page<MovementLine>, EngineError> {
        let (before, limit) = self.page.range_down();
        let Self { blank_type, lot, account, actor, document, since, until, page } = self.clone();
        let (account, place) = match account {
            Some(account) => match account.split_once(':') {
                Some((account, place)) => (Some(account.to_owned()), Some(place.to_owned())),
                None => (Some(account), None),
            },
            None => (None, None),
        };
        if let Some(name) = account.as_deref().filter(|name| !ACCOUNTS.contains(name)) {
            return Err(
                Refusal::NoAccount { account: name.to_owned(), known: ACCOUNTS.map(str::to_owned).into() }.into()
            );
        }
        let filter = MovementFilter { blank_type, lot, account, place, actor, document, since, until };
        let mut tx = engine.store.read().await?;
        let found = tx.movement_list(&filter, before, limit).await?;
        if found.lines.is_empty() && page.after.is_none() {
            refuse_unknown_of_movements(engine, &mut tx, self.named()).await?;
        }
        let lines = found.lines.into_iter().map(|line| (line.id, line)).collect();
        Ok(Page::looked(lines, page.limit, found.looked_to))
    }
}
