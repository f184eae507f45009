//! Acts for two people: those that wait for their second person, and those that were decided.

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, Page, PageRequest, Query};
use crate::{
    domain::{
        id::{CountId, PendingActId},
        permission::Operation,
        refusal::Refusal,
    },
    engine::operations::{TwoPersonAct, pending_act},
    store::{PendingActLine, PendingActRow},
};

/// Asks for acts, oldest first. Reprint warrants are among them.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPendingActs {
    /// Also those that were decided or have expired.
    #[serde(default)]
    pub decided_too: bool,
    /// Which page.
    #[serde(default)]
    pub page: PageRequest,
}

/// An act for two people, as a list shows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PendingActItem {
    /// What is known without its arguments.
    #[serde(flatten)]
    pub line: PendingActLine,
    /// What is done when it is confirmed, the address of a printer without its credentials; none while a count of blanks hides it, and
    /// for an act of an earlier version.
    pub arguments: Option<TwoPersonAct>,
    /// The records that it changes, where it is about all that match.
    pub records: Option<i64>,
    /// The count of blanks that hides its arguments from the reader.
    pub hidden_by: Option<CountId>,
}

impl PendingActItem {
    fn new(row: PendingActRow) -> Self {
        let arguments: Option<TwoPersonAct> = serde_json::from_str(&row.act).ok();
        let records = arguments.as_ref().and_then(|act| act.records(&row.target_version));
        Self { line: row.line, arguments: arguments.map(TwoPersonAct::shown), records, hidden_by: None }
    }
}

impl Query for ListPendingActs {
    type Answer = Page<PendingActItem>;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Page<PendingActItem>, EngineError> {
        let (after, limit) = self.page.range();
        let open_at = (!self.decided_too).then(|| engine.clock.now());
        let rows = engine.store.read().await?.pending_acts_list(open_at, PendingActId(after), limit).await?;
        let items = rows.into_iter().map(|row| (row.line.id, PendingActItem::new(row)));
        Ok(Page::new(items.collect(), self.page.limit))
    }
}

/// Asks for one act with its arguments.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowPendingAct {
    /// The act.
    pub id: PendingActId,
}

/// An act for two people, with its arguments.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PendingActView {
    /// What the list shows of it.
    #[serde(flatten)]
    pub line: PendingActLine,
    /// What is done when it is confirmed; the address of a printer without its credentials.
    pub arguments: TwoPersonAct,
    /// The records that it changes, where it is about all that match.
    pub records: Option<i64>,
}

impl Query for ShowPendingAct {
    type Answer = PendingActView;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<PendingActView, EngineError> {
        let mut tx = engine.store.read().await?;
        let (_, arguments) = pending_act(&mut tx, self.id).await?;
        let row = tx.pending_act_line(self.id).await?.ok_or(Refusal::NoAct { act: self.id })?;
        let records = arguments.records(&row.target_version);
        Ok(PendingActView { line: row.line, arguments: arguments.shown(), records })
    }
}
