//! Acts for two people: those that wait for their second person, and those that were decided.

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, Page, PageRequest, Query};
use crate::{
    domain::{id::PendingActId, permission::Operation, printer::plain_uri, refusal::Refusal},
    engine::operations::{TwoPersonAct, pending_act},
    store::PendingActLine,
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

impl Query for ListPendingActs {
    type Answer = Page<PendingActLine>;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Page<PendingActLine>, EngineError> {
        let (after, limit) = self.page.range();
        let open_at = (!self.decided_too).then(|| engine.clock.now());
        let lines = engine.store.read().await?.pending_acts_list(open_at, PendingActId(after), limit).await?;
        Ok(Page::new(lines.into_iter().map(|line| (line.id, line)).collect(), self.page.limit))
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
}

impl Query for ShowPendingAct {
    type Answer = PendingActView;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<PendingActView, EngineError> {
        let mut tx = engine.store.read().await?;
        let (_, mut arguments) = pending_act(&mut tx, self.id).await?;
        if let TwoPersonAct::AddObjectedPrinter(act) = &mut arguments {
            act.printer.uri = plain_uri(&act.printer.uri);
        }
        if let TwoPersonAct::SetObjectedPrinter(act) = &mut arguments {
            act.setting.uri = act.setting.uri.as_deref().map(plain_uri);
        }
        let line = tx.pending_act_line(self.id).await?.ok_or(Refusal::NoAct { act: self.id })?;
        Ok(PendingActView { line, arguments })
    }
}
