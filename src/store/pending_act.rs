//! Acts that wait for their second person.

use super::{StoreError, Tx, doing, execute, on, parse};
use crate::domain::{
    actor::Actor,
    id::{AccountId, PendingActId, RecordId},
    pending::{NewPendingAct, PendingAct, PendingState, Target},
    permission::Operation,
    time::Timestamp,
};

/// An act that was asked for, for a list.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct PendingActLine {
    /// Its number.
    pub id: i64,
    /// The operation.
    pub operation: String,
    /// The thing that it is about.
    pub target: String,
    /// Why.
    pub reason: String,
    /// Where it is.
    pub state: String,
    /// The name of the person who asked.
    pub requested_by: String,
    /// When it was asked for, RFC 3339.
    pub requested_at: String,
    /// When it expires, RFC 3339.
    pub expires_at: Option<String>,
    /// The name of the person who decided.
    pub decided_by: Option<String>,
}

/// Pending acts that are not decided and not expired; `$1` is now.
macro_rules! open {
    () => {
        "state = 'pending' AND (expires_at_us IS NULL OR expires_at_us > $1)"
    };
}

impl Tx {
    /// Stores an act until its second person decides. `actor` asks for it.
    pub async fn pending_act_add(&mut self, new: &NewPendingAct, actor: &Actor) -> Result<PendingActId, StoreError> {
        const ADD: &str = "
            INSERT INTO pending_act (operation, act, target, target_version, record_id, reason, state,
                                     requested_by, requested_account, requested_means, requested_at_us, expires_at_us)
            VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7, $8, $9, $10, $11)
            RETURNING id";
        let (name, account, means) = actor.columns();
        let record = new.target.record.map(|id| id.0);
        let (now, expires) = (self.now.0, new.expires_at.0);
        on!(self, c => sqlx::query_scalar(ADD)
            .bind(new.operation.as_str())
            .bind(new.act.as_str())
            .bind(new.target.name.as_str())
            .bind(new.target.version.as_str())
            .bind(record)
            .bind(new.reason.as_str())
            .bind(name)
            .bind(account)
            .bind(means)
            .bind(now)
            .bind(expires)
            .fetch_one(c))
        .map(PendingActId)
        .map_err(doing("storing an act for its second person"))
    }

    /// A pending act by number.
    pub async fn pending_act_get(&mut self, id: PendingActId) -> Result<Option<PendingAct>, StoreError> {
        const GET: &str = "
            SELECT operation, act, target, target_version, record_id, reason, state, requested_by, requested_account,
                   expires_at_us
            FROM pending_act WHERE id = $1";
        type Row = (String, String, String, String, Option<i64>, String, String, String, Option<i64>, Option<i64>);
        let row: Option<Row> =
            on!(self, c => sqlx::query_as(GET).bind(id.0).fetch_optional(c)).map_err(doing("reading a pending act"))?;
        let act = |r: Row| {
            Ok(PendingAct {
                id,
                operation: parse::<Operation>("pending_act", id, &r.0)?,
                act: r.1,
                target: Target { name: r.2, version: r.3, record: r.4.map(RecordId) },
                reason: r.5,
                state: parse("pending_act", id, &r.6)?,
                requested_by: r.7,
                requested_account: r.8.map(AccountId),
                expires_at: r.9.map(Timestamp),
            })
        };
        row.map(act).transpose()
    }

    /// Decides a pending act, once, as the writer or as `actor`.
    pub async fn pending_act_decide(
        &mut self,
        id: PendingActId,
        state: PendingState,
        actor: &Actor,
        note: Option<&str>,
    ) -> Result<(), StoreError> {
        const DECIDE: &str = "
            UPDATE pending_act
            SET state = $2, decided_by = $3, decided_account = $4, decided_means = $5, decided_at_us = $6, decided_note = $7
            WHERE id = $1 AND state = 'pending'";
        let (name, account, means) = actor.columns();
        let done = execute!(
            self,
            sqlx::query(DECIDE)
                .bind(id.0)
                .bind(state.as_str())
                .bind(name)
                .bind(account)
                .bind(means)
                .bind(self.now.0)
                .bind(note)
        )
        .map_err(doing("deciding a pending act"))?;
        if done == 1 { Ok(()) } else { Err(StoreError::Conflict("the act")) }
    }

    /// How many acts wait for their second person at an instant.
    pub async fn pending_acts_open_count(&mut self, now: Timestamp) -> Result<i64, StoreError> {
        const COUNT: &str = concat!("SELECT COUNT(*) FROM pending_act WHERE ", open!());
        on!(self, c => sqlx::query_scalar(COUNT).bind(now.0).fetch_one(c)).map_err(doing("counting pending acts"))
    }

    /// Acts with a number above `after`, by number, at most `limit`: those that wait for their second person at an
    /// instant, or all of them.
    pub async fn pending_acts_list(
        &mut self,
        open_at: Option<Timestamp>,
        after: PendingActId,
        limit: i64,
    ) -> Result<Vec<PendingActLine>, StoreError> {
        const LIST: &str = concat!(
            "
            SELECT id, operation, target, reason, state, requested_by, requested_at_us, expires_at_us, decided_by
            FROM pending_act WHERE ($1 IS NULL OR (",
            open!(),
            ")) AND id > $2 ORDER BY id LIMIT $3"
        );
        type Row = (i64, String, String, String, String, String, i64, Option<i64>, Option<String>);
        let open_at = open_at.map(|at| at.0);
        let rows: Vec<Row> = on!(self, c => sqlx::query_as(LIST).bind(open_at).bind(after.0).bind(limit).fetch_all(c))
            .map_err(doing("reading pending acts"))?;
        let line = |r: Row| PendingActLine {
            id: r.0,
            operation: r.1,
            target: r.2,
            reason: r.3,
            state: r.4,
            requested_by: r.5,
            requested_at: Timestamp(r.6).to_string(),
            expires_at: r.7.map(|at| Timestamp(at).to_string()),
            decided_by: r.8,
        };
        Ok(rows.into_iter().map(line).collect())
    }
}
