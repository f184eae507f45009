//! API tokens of programs.

use super::secret_hash::{TOKEN_PREFIX, sha256};
use crate::{
    domain::{
        account::{Account, Scopes},
        actor::{Actor, Means},
    },
    engine::{Engine, EngineError},
};

/// The account and the scopes of an API token, which [`Direct::for_token`](crate::engine::client::Direct::for_token) takes; `None` if it is
/// unknown, expired or revoked, or its account is disabled. One indexed read.
pub async fn actor_of_token(engine: &Engine, text: &str) -> Result<Option<(Actor, Scopes)>, EngineError> {
    if !text.starts_with(TOKEN_PREFIX) || text.len() != TOKEN_PREFIX.len() + 64 {
        return Ok(None);
    }
    let now = engine.clock.now();
    let found = engine.store.read_once().await?.token_find(&sha256(text), now).await?;
    let enabled = found.filter(|token| token.account.disabled_at.is_none());
    let actor = |account: Account, id| Actor { token: Some(id), ..account.actor(Means::Token, &engine.writer.actor) };
    Ok(enabled.map(|token| (actor(token.account, token.id), token.scopes)))
}
