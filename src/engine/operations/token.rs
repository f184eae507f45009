//! API tokens, and sessions that an administrator ends.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{account::find_account, act::Act};
use crate::{
    domain::{
        account::{Scopes, Secret},
        actor::Means,
        audit::Event,
        id::{SessionId, TokenId},
        permission::{Operation, Permit},
        refusal::{AccountRefusal, Refusal},
        value::{TokenDays, TokenName},
    },
    engine::{
        Engine, EngineError,
        accounts::{TOKEN_PREFIX, event, new_secret, sha256},
    },
    store::NewToken,
};

/// Makes an API token of an account. Its scopes are operations, of which the roles of the account at that moment are the ceiling.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AddToken {
    /// Its name, for lists.
    pub name: TokenName,
    /// The account's name.
    pub account: String,
    /// What it may do.
    pub scopes: Scopes,
    /// The days until it expires.
    pub days: TokenDays,
}

/// The result of [`AddToken`].
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AddedToken {
    /// Its number.
    pub token: TokenId,
    /// Its secret, shown once.
    pub secret: Secret,
    /// When it expires, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub expires_at: String,
}

impl Act for AddToken {
    type Answer = AddedToken;
    const OPERATION: Operation = Operation::DatabaseCare;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<AddedToken, EngineError> {
        permit.covers(Self::OPERATION)?;
        refuse_token(permit)?;
        let secret = new_secret(&*engine.entropy, TOKEN_PREFIX);
        let mut tx = engine.write(permit).await?;
        let account = find_account(&mut tx, &self.account).await?;
        if account.disabled_at.is_some() {
            return Err(AccountRefusal::Disabled { name: account.name }.into());
        }
        let days = u64::try_from(self.days.get()).unwrap_or(1);
        let expires_at = tx.now().plus(Duration::from_hours(24 * days));
        let new = NewToken {
            token_hash: sha256(secret.reveal()),
            name: self.name.to_string(),
            account: account.id,
            scopes: self.scopes,
            expires_at,
        };
        let token = tx.token_add(&new).await?;
        let added = event("token.added", &account).with("token", token).with("name", &new.name);
        tx.audit(added.with("scopes", &new.scopes).with("expires_at", expires_at));
        let added = AddedToken { token, secret, expires_at: expires_at.to_string() };
        tx.commit_with(&added).await?;
        Ok(added)
    }
}

/// Revokes an API token.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RevokeToken {
    /// The token.
    pub token: TokenId,
}

impl Act for RevokeToken {
    type Answer = ();
    const OPERATION: Operation = Operation::DatabaseCare;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        refuse_token(permit)?;
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        let token = self.token;
        let line = tx.token_line(token).await?.ok_or(AccountRefusal::NoToken { token })?;
        if line.revoked_at.is_some() {
            return Err(AccountRefusal::TokenRevoked { token }.into());
        }
        tx.token_revoke(token).await?;
        let revoked = Event::new("token.revoked", format!("account {}", line.account_name));
        tx.audit(revoked.with("account_id", line.account).with("token", token).with("name", line.name));
        Ok(tx.commit().await?)
    }
}

/// A token makes and revokes no others: it could widen what it may do.
fn refuse_token(permit: &Permit) -> Result<(), Refusal> {
    let is_token = permit.actor().is_some_and(|actor| actor.means == Means::Token);
    if is_token { Err(Refusal::NoRight { operation: AddToken::OPERATION }) } else { Ok(()) }
}

/// Ends the session of a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EndSession {
    /// The session.
    pub session: SessionId,
}

impl Act for EndSession {
    type Answer = ();
    const OPERATION: Operation = Operation::AccountManage;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        let session = self.session;
        let account = tx.session_end(session).await?.ok_or(AccountRefusal::NoSession { session })?;
        let account = tx.account_get(account).await?.ok_or(AccountRefusal::NoSession { session })?;
        tx.audit(event("session.ended", &account).with("session", session).with("why", "ended-by-administrator"));
        Ok(tx.commit().await?)
    }
}
