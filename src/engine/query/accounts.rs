//! Accounts, their open sessions and their API tokens. The names are those of staff.

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, Page, PageRequest, Query};
use crate::{
    domain::{
        id::{AccountId, SessionId, TokenId},
        permission::Operation,
    },
    store::{AccountLine, SessionLine, TokenLine},
};

/// Asks for all accounts, also disabled ones.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListAccounts {
    /// Which page.
    #[serde(default)]
    pub page: PageRequest,
}

impl Query for ListAccounts {
    type Answer = Page<AccountLine>;
    const OPERATION: Operation = Operation::AccountManage;

    async fn read(self, engine: &Engine) -> Result<Page<AccountLine>, EngineError> {
        let (after, limit) = self.page.range();
        let lines = engine.store.read().await?.accounts_list(AccountId(after), limit).await?;
        Ok(Page::new(lines.into_iter().map(|line| (line.id.0, line)).collect(), self.page.limit))
    }
}

/// Asks for the open sessions.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListSessions {
    /// Which page.
    #[serde(default)]
    pub page: PageRequest,
}

impl Query for ListSessions {
    type Answer = Page<SessionLine>;
    const OPERATION: Operation = Operation::AccountManage;

    async fn read(self, engine: &Engine) -> Result<Page<SessionLine>, EngineError> {
        let (after, limit) = self.page.range();
        let mut tx = engine.store.read().await?;
        let lines = tx.sessions_list(engine.clock.now(), SessionId(after), limit).await?;
        Ok(Page::new(lines.into_iter().map(|line| (line.id.0, line)).collect(), self.page.limit))
    }
}

/// Asks for all API tokens, also revoked and expired ones.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListTokens {
    /// Which page.
    #[serde(default)]
    pub page: PageRequest,
}

impl Query for ListTokens {
    type Answer = Page<TokenLine>;
    const OPERATION: Operation = Operation::DatabaseCare;

    async fn read(self, engine: &Engine) -> Result<Page<TokenLine>, EngineError> {
        let (after, limit) = self.page.range();
        let lines = engine.store.read().await?.tokens_list(TokenId(after), limit).await?;
        Ok(Page::new(lines.into_iter().map(|line| (line.id.0, line)).collect(), self.page.limit))
    }
}
