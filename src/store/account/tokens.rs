//! API tokens.

use super::accounts::{Row, account, account_columns};
use crate::{
    domain::{
        account::{Account, Scopes},
        id::{AccountId, TokenId},
        time::Timestamp,
    },
    store::{StoreError, Tx, doing, execute, on, parse, sealed_table::SealedTable},
};

/// A token to be stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewToken {
    /// The SHA-256 of its secret, hexadecimal.
    pub token_hash: String,
    /// Its name.
    pub name: String,
    /// The account whose roles are its ceiling.
    pub account: AccountId,
    /// What it may do.
    pub scopes: Scopes,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// A token that was found by its secret, and is neither revoked nor expired, with its account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UsedToken {
    /// Its number.
    pub id: TokenId,
    /// What it may do.
    pub scopes: Scopes,
    /// Its account, as it is now.
    pub account: Account,
}

/// A token, for a list.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct TokenLine {
    /// Its number.
    pub id: TokenId,
    /// Its name.
    pub name: String,
    /// Its account.
    pub account: AccountId,
    /// The account's name.
    pub account_name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was made, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub made_at: String,
    /// When it expires, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub expires_at: String,
    /// When it was revoked, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub revoked_at: Option<String>,
}

/// One row by a unique key, with the account of it.
pub(in crate::store) const TOKEN_BY_SECRET: &str = concat!(
    "SELECT t.id, t.scopes, ",
    account_columns!(),
    " FROM token AS t JOIN account AS a ON a.id = t.account_id
     WHERE t.token_hash = $1 AND t.revoked_at_us IS NULL AND t.expires_at_us > $2"
);

impl Tx {
    /// Adds a token.
    pub async fn token_add(&mut self, new: &NewToken) -> Result<TokenId, StoreError> {
        const ADD: &str = "
            INSERT INTO token (token_hash, name, account_id, scopes, made_at_us, expires_at_us)
            VALUES ($1, $2, $3, $4, $5, $6) RETURNING id";
        let (scopes, now) = (new.scopes.to_string(), self.now.0);
        let id: i64 = on!(self, c => sqlx::query_scalar(ADD)
            .bind(&*new.token_hash)
            .bind(&*new.name)
            .bind(new.account.0)
            .bind(&*scopes)
            .bind(now)
            .bind(new.expires_at.0)
            .fetch_one(c))
        .map_err(doing("adding a token"))?;
        self.touched(SealedTable::Token, id);
        Ok(TokenId(id))
    }

    /// The token with a hash, if it is neither revoked nor expired at an instant, in one read.
    pub async fn token_find(&mut self, token_hash: &str, now: Timestamp) -> Result<Option<UsedToken>, StoreError> {
        type Found = (i64, String, i64, String, Option<i64>, Option<i64>, Option<i64>, Option<String>);
        let row: Option<Found> =
            on!(self, c => sqlx::query_as(TOKEN_BY_SECRET).bind(token_hash).bind(now.0).fetch_optional(c))
                .map_err(doing("reading a token"))?;
        let token = |(id, scopes, account_id, name, until, reset, disabled, roles): Found| {
            let row: Row = (account_id, name, until, reset, disabled, roles);
            Ok(UsedToken { id: TokenId(id), scopes: parse("token", id, &scopes)?, account: account(row)? })
        };
        row.map(token).transpose()
    }

    /// One token, for a list.
    pub async fn token_line(&mut self, id: TokenId) -> Result<Option<TokenLine>, StoreError> {
        Ok(self.tokens_list(TokenId(id.0 - 1), 1).await?.pop().filter(|line| line.id == id))
    }

    /// Revokes a token.
    pub async fn token_revoke(&mut self, id: TokenId) -> Result<(), StoreError> {
        const REVOKE: &str = "UPDATE token SET revoked_at_us = $2 WHERE id = $1 AND revoked_at_us IS NULL";
        let now = self.now.0;
        let revoked = execute!(self, sqlx::query(REVOKE).bind(id.0).bind(now)).map_err(doing("revoking a token"))?;
        self.touched(SealedTable::Token, id);
        if revoked == 1 { Ok(()) } else { Err(StoreError::Conflict("the token")) }
    }

    /// Tokens with a number above `after`, by number, at most `limit`.
    pub async fn tokens_list(&mut self, after: TokenId, limit: i64) -> Result<Vec<TokenLine>, StoreError> {
        const LIST: &str = "
            SELECT t.id, t.name, t.account_id, a.name, t.scopes, t.made_at_us, t.expires_at_us, t.revoked_at_us
            FROM token AS t JOIN account AS a ON a.id = t.account_id WHERE t.id > $1 ORDER BY t.id LIMIT $2";
        type LineRow = (i64, String, i64, String, String, i64, i64, Option<i64>);
        let rows: Vec<LineRow> = on!(self, c => sqlx::query_as(LIST).bind(after.0).bind(limit).fetch_all(c))
            .map_err(doing("reading tokens"))?;
        let line = |r: LineRow| {
            Ok(TokenLine {
                id: TokenId(r.0),
                name: r.1,
                account: AccountId(r.2),
                account_name: r.3,
                scopes: parse("token", r.0, &r.4)?,
                made_at: Timestamp(r.5).to_string(),
                expires_at: Timestamp(r.6).to_string(),
                revoked_at: r.7.map(|at| Timestamp(at).to_string()),
            })
        };
        rows.into_iter().map(line).collect()
    }
}
