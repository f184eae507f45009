//! Open sessions. A session that ends is deleted; the audit has its beginning and its end.

use super::accounts::{Row, account, account_columns};
use crate::{
    domain::{
        account::{Account, SESSIONS_MAX, SessionTimes},
        id::{AccountId, SessionId},
        time::Timestamp,
    },
    store::{StoreError, Tx, doing, execute, on, set_of_names},
};

/// A session that was found by its token, and its account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenSession {
    /// Its number.
    pub id: SessionId,
    /// When it was opened and last used.
    pub times: SessionTimes,
    /// Its account, as it is now.
    pub account: Account,
}

/// A session, for a list.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct SessionLine {
    /// Its number.
    pub id: SessionId,
    /// Its account.
    pub account: AccountId,
    /// The account's name.
    pub name: String,
    /// The address that signed in.
    pub address: String,
    /// When it was opened, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub opened_at: String,
    /// When it was last used, to the minute, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub seen_at: String,
}

/// Deletes sessions without use. One that has ended after 12 hours is not used any more, and goes half an hour later.
pub(in crate::store) const SESSIONS_IDLE: &str = "DELETE FROM session WHERE seen_at_us <= $1";

/// One row by a unique key, with the account of it.
pub(in crate::store) const SESSION_BY_TOKEN: &str = concat!(
    "SELECT s.id, s.opened_at_us, s.seen_at_us, ",
    account_columns!(),
    " FROM session AS s JOIN account AS a ON a.id = s.account_id WHERE s.token_hash = $1"
);

/// The sessions with the tokens `$1`, each by a unique key, with the account of it.
pub(in crate::store) const SESSIONS_BY_TOKENS: &str = concat!(
    "SELECT s.token_hash, s.id, s.opened_at_us, s.seen_at_us, ",
    account_columns!(),
    " FROM json_each($1) AS v CROSS JOIN session AS s JOIN account AS a ON a.id = s.account_id WHERE s.token_hash = v.value ->> 0"
);

type FoundRow = (i64, i64, i64, i64, String, Option<i64>, Option<i64>, Option<i64>, Option<String>);
type FoundWithToken = (String, i64, i64, i64, i64, String, Option<i64>, Option<i64>, Option<i64>, Option<String>);

fn open_session(found: FoundRow) -> Result<OpenSession, StoreError> {
    let (id, opened, seen, account_id, name, until, reset, disabled, roles) = found;
    let row: Row = (account_id, name, until, reset, disabled, roles);
    let times = SessionTimes { opened_at: Timestamp(opened), seen_at: Timestamp(seen) };
    Ok(OpenSession { id: SessionId(id), times, account: account(row)? })
}

impl Tx {
    /// Opens a session, and deletes those that have ended and the oldest that the account has too many of.
    pub async fn session_add(
        &mut self,
        token_hash: &str,
        account: AccountId,
        address: &str,
    ) -> Result<SessionId, StoreError> {
        const ADD: &str = "
            INSERT INTO session (token_hash, account_id, address, opened_at_us, seen_at_us) VALUES ($1, $2, $3, $4, $4)
            RETURNING id";
        const TOO_MANY: &str = "
            DELETE FROM session WHERE account_id = $1 AND id <= (
                SELECT id FROM session WHERE account_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)";
        let (now, ended) = (self.now.0, SessionTimes::ended_before(self.now));
        execute!(self, sqlx::query(SESSIONS_IDLE).bind(ended.seen_at.0)).map_err(doing("ending sessions"))?;
        let id: i64 = on!(self, c => sqlx::query_scalar(ADD)
            .bind(token_hash)
            .bind(account.0)
            .bind(address)
            .bind(now)
            .fetch_one(c))
        .map_err(doing("opening a session"))?;
        execute!(self, sqlx::query(TOO_MANY).bind(account.0).bind(SESSIONS_MAX)).map_err(doing("ending sessions"))?;
        Ok(SessionId(id))
    }

    /// The session with a token's hash, whether it is still open or not, in one read.
    pub async fn session_find(&mut self, token_hash: &str) -> Result<Option<OpenSession>, StoreError> {
        let row: Option<FoundRow> = on!(self, c => sqlx::query_as(SESSION_BY_TOKEN).bind(token_hash).fetch_optional(c))
            .map_err(doing("reading a session"))?;
        row.map(open_session).transpose()
    }

    /// The sessions with these hashes of tokens, whether they are still open or not, each with its hash, in one read.
    pub async fn sessions_find(&mut self, token_hashes: &[String]) -> Result<Vec<(String, OpenSession)>, StoreError> {
        let hashes = set_of_names(token_hashes);
        let rows: Vec<FoundWithToken> = on!(self, c => sqlx::query_as(SESSIONS_BY_TOKENS).bind(hashes).fetch_all(c))
            .map_err(doing("reading sessions"))?;
        let session = |(hash, id, opened, seen, account_id, name, until, reset, disabled, roles): FoundWithToken| {
            Ok((hash, open_session((id, opened, seen, account_id, name, until, reset, disabled, roles))?))
        };
        rows.into_iter().map(session).collect()
    }

    /// Saves that a session was used now.
    pub async fn session_seen(&mut self, id: SessionId) -> Result<(), StoreError> {
        const SEEN: &str = "UPDATE session SET seen_at_us = $2 WHERE id = $1 AND seen_at_us < $2";
        let now = self.now.0;
        execute!(self, sqlx::query(SEEN).bind(id.0).bind(now)).map_err(doing("saving the use of a session"))?;
        Ok(())
    }

    /// Ends a session; returns its account, or `None` if there is no such session.
    pub async fn session_end(&mut self, id: SessionId) -> Result<Option<AccountId>, StoreError> {
        const END: &str = "DELETE FROM session WHERE id = $1 RETURNING account_id";
        let ended: Option<i64> =
            on!(self, c => sqlx::query_scalar(END).bind(id.0).fetch_optional(c)).map_err(doing("ending a session"))?;
        Ok(ended.map(AccountId))
    }

    /// Ends all sessions of an account; returns their number.
    pub async fn sessions_end_of(&mut self, account: AccountId) -> Result<u64, StoreError> {
        execute!(self, sqlx::query("DELETE FROM session WHERE account_id = $1").bind(account.0))
            .map_err(doing("ending sessions"))
    }

    /// Ends all sessions; returns their number.
    pub async fn sessions_end_all(&mut self) -> Result<u64, StoreError> {
        execute!(self, sqlx::query("DELETE FROM session")).map_err(doing("ending sessions"))
    }

    /// Sessions that are open now with a number above `after`, by number, at most `limit`.
    pub async fn sessions_list(
        &mut self,
        now: Timestamp,
        after: SessionId,
        limit: i64,
    ) -> Result<Vec<SessionLine>, StoreError> {
        const LIST: &str = "
            SELECT s.id, s.account_id, a.name, s.address, s.opened_at_us, s.seen_at_us
            FROM session AS s JOIN account AS a ON a.id = s.account_id
            WHERE s.id > $1 AND s.seen_at_us > $3 AND s.opened_at_us > $4 ORDER BY s.id LIMIT $2";
        type LineRow = (i64, i64, String, String, i64, i64);
        let ended = SessionTimes::ended_before(now);
        let rows: Vec<LineRow> = on!(self, c => sqlx::query_as(LIST)
            .bind(after.0)
            .bind(limit)
            .bind(ended.seen_at.0)
            .bind(ended.opened_at.0)
            .fetch_all(c))
        .map_err(doing("reading sessions"))?;
        let line = |(id, account, name, address, opened, seen): LineRow| SessionLine {
            id: SessionId(id),
            account: AccountId(account),
            name,
            address,
            opened_at: Timestamp(opened).to_string(),
            seen_at: Timestamp(seen).to_string(),
        };
        Ok(rows.into_iter().map(line).collect())
    }
}
