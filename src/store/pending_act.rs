//! Acts that wait for their second person.

use super::{StoreError, Tx, doing, execute, on, parse, sealed_table::SealedTable};
use crate::domain::{
    actor::{Actor, Role},
    id::{AccountId, PendingActId, RecordId},
    pending::{NewPendingAct, PendingAct, PendingState, Target},
    permission::Operation,
    time::Timestamp,
};

/// An act that was asked for, for a list.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct PendingActLine {
    /// Its number.
    pub id: i64,
    /// The operation that is confirmed.
    pub operation: Operation,
    /// The kind of the act: one operation stands for several.
    pub kind: String,
    /// The roles that may confirm it.
    pub confirmed_by_roles: Vec<Role>,
    /// The thing that it is about.
    pub target: String,
    /// Why.
    pub reason: String,
    /// Where it is. One that has expired is `pending` until a decision finds it.
    pub state: PendingState,
    /// The name of the person who asked.
    pub requested_by: String,
    /// When it was asked for, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub requested_at: String,
    /// When it expires, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub expires_at: Option<String>,
    /// The name of the person who decided.
    pub decided_by: Option<String>,
    /// When it was decided, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub decided_at: Option<String>,
    /// Why it was refused.
    pub decided_note: Option<String>,
}

/// An act that was asked for, for a list, with what it does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PendingActRow {
    /// What the list shows of it.
    pub line: PendingActLine,
    /// The act as JSON.
    pub act: String,
    /// What must still be so when it is confirmed.
    pub target_version: String,
}

/// Lines of acts under a condition on `$1` and `$2`, at most `$3`.
macro_rules! lines {
    ($condition:literal) => {
        concat!(
            "SELECT id, operation, target, reason, state, requested_by, requested_at_us, expires_at_us, decided_by,
                    decided_at_us, decided_note, act, target_version
             FROM pending_act WHERE ",
            $condition,
            " LIMIT $3"
        )
    };
}

/// Each half has its range in the index of what is not decided, so that expired acts cost nothing.
pub(super) const OPEN_COUNTS: &str = "
    SELECT operation, COUNT(*) FROM pending_act WHERE state = 'pending' AND expires_at_us > $1 GROUP BY operation
    UNION ALL
    SELECT operation, COUNT(*) FROM pending_act WHERE state = 'pending' AND expires_at_us IS NULL GROUP BY operation";

/// Those of one account, in the same ranges.
pub(super) const OPEN_COUNTS_OF: &str = "
    SELECT operation, COUNT(*) FROM pending_act
    WHERE state = 'pending' AND expires_at_us > $1 AND requested_account = $2 GROUP BY operation
    UNION ALL
    SELECT operation, COUNT(*) FROM pending_act
    WHERE state = 'pending' AND expires_at_us IS NULL AND requested_account = $2 GROUP BY operation";

/// `+`: through that index too, and not through all acts.
pub(super) const OPEN_LIST: &str =
    lines!("state = 'pending' AND (expires_at_us IS NULL OR expires_at_us > $1) AND +id > $2 ORDER BY +id");

/// The acts on a target that wait for their second person at an instant, asked for by an account or not as `$4` says: as soon as there are
/// accounts, those of claimed names can only be asked for again. `+`: through the index of those that are not decided.
pub(super) const WAITING: &str = "
    SELECT id, act FROM pending_act
    WHERE state = 'pending' AND operation = $1 AND target = $2 AND (expires_at_us IS NULL OR expires_at_us > $3)
      AND (requested_account IS NOT NULL) = $4
    ORDER BY +id";

/// Those on a target that were confirmed after another was asked for: as many as two people decide within its time.
pub(super) const DONE_SINCE: &str = "
    SELECT id, act FROM pending_act
    WHERE state = 'confirmed' AND operation = $1 AND target = $2
      AND decided_at_us > (SELECT requested_at_us FROM pending_act WHERE id = $3)
    ORDER BY +id";

/// The sums of the counts of each operation.
fn sums(rows: &[(String, i64)]) -> Result<Vec<(Operation, i64)>, StoreError> {
    let mut counts: Vec<(Operation, i64)> = Vec::new();
    for (operation, count) in rows {
        let operation = parse("pending_act", operation, operation)?;
        match counts.iter_mut().find(|(known, _)| *known == operation) {
            Some((_, sum)) => *sum += count,
            None => counts.push((operation, *count)),
        }
    }
    Ok(counts)
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
        let id: i64 = on!(self, c => sqlx::query_scalar(ADD)
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
        .map_err(doing("storing an act for its second person"))?;
        self.touched(SealedTable::PendingAct, id);
        Ok(PendingActId(id))
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

    /// Number and JSON of the acts on a target that wait for their second person.
    pub async fn pending_acts_waiting(
        &mut self,
        operation: Operation,
        target: &str,
        of_account: bool,
    ) -> Result<Vec<(PendingActId, String)>, StoreError> {
        let now = self.now.0;
        let rows: Vec<(i64, String)> = on!(self, c => sqlx::query_as(WAITING)
            .bind(operation.as_str())
            .bind(target)
            .bind(now)
            .bind(of_account)
            .fetch_all(c))
        .map_err(doing("reading the acts on a target"))?;
        Ok(rows.into_iter().map(|(id, act)| (PendingActId(id), act)).collect())
    }

    /// Number and JSON of the acts with the operation and target of another that were confirmed since that was asked for.
    pub async fn pending_acts_done_since(
        &mut self,
        act: &PendingAct,
    ) -> Result<Vec<(PendingActId, String)>, StoreError> {
        self.pending_acts_on(DONE_SINCE, (act.operation, &act.target.name), act.id.0).await
    }

    async fn pending_acts_on(
        &mut self,
        sql: &'static str,
        (operation, target): (Operation, &str),
        key: i64,
    ) -> Result<Vec<(PendingActId, String)>, StoreError> {
        let rows: Vec<(i64, String)> =
            on!(self, c => sqlx::query_as(sql).bind(operation.as_str()).bind(target).bind(key).fetch_all(c))
                .map_err(doing("reading the acts on a target"))?;
        Ok(rows.into_iter().map(|(id, act)| (PendingActId(id), act)).collect())
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
        self.touched(SealedTable::PendingAct, id);
        if done == 1 { Ok(()) } else { Err(StoreError::Conflict("the act")) }
    }

    /// Ends all acts that wait for their second person, as their targets may have changed in another database. Returns number,
    /// operation and target of each. One that its own confirmation decides in this transaction does not wait any more.
    pub async fn pending_acts_end_all(
        &mut self,
        actor: &Actor,
    ) -> Result<Vec<(PendingActId, Operation, String)>, StoreError> {
        const END: &str = "
            UPDATE pending_act
            SET state = 'conflict', decided_by = $1, decided_account = $2, decided_means = $3, decided_at_us = $4
            WHERE state = 'pending' RETURNING id, operation, target";
        let (name, account, means) = actor.columns();
        let ended: Vec<(i64, String, String)> = on!(self, c => sqlx::query_as(END)
            .bind(name)
            .bind(account)
            .bind(means)
            .bind(self.now.0)
            .fetch_all(c))
        .map_err(doing("ending pending acts"))?;
        for (id, ..) in &ended {
            self.touched(SealedTable::PendingAct, id);
        }
        let act = |(id, operation, target): (i64, String, String)| {
            Ok((PendingActId(id), parse("pending_act", id, &operation)?, target))
        };
        ended.into_iter().map(act).collect()
    }

    /// The number of acts that wait for their second person at an instant, by operation. Costs by these acts alone.
    pub async fn pending_acts_open_counts(&mut self, now: Timestamp) -> Result<Vec<(Operation, i64)>, StoreError> {
        let rows: Vec<(String, i64)> = on!(self, c => sqlx::query_as(OPEN_COUNTS).bind(now.0).fetch_all(c))
            .map_err(doing("counting pending acts"))?;
        sums(&rows)
    }

    /// How many of them an account asked for, by operation.
    pub async fn pending_acts_open_counts_of(
        &mut self,
        now: Timestamp,
        account: AccountId,
    ) -> Result<Vec<(Operation, i64)>, StoreError> {
        let rows: Vec<(String, i64)> =
            on!(self, c => sqlx::query_as(OPEN_COUNTS_OF).bind(now.0).bind(account.0).fetch_all(c))
                .map_err(doing("counting the pending acts of an account"))?;
        sums(&rows)
    }

    /// Acts with a number above `after`, by number, at most `limit`: those that wait for their second person at an
    /// instant, or all of them.
    pub async fn pending_acts_list(
        &mut self,
        open_at: Option<Timestamp>,
        after: PendingActId,
        limit: i64,
    ) -> Result<Vec<PendingActRow>, StoreError> {
        const ALL: &str = lines!("$1 IS NULL AND id > $2 ORDER BY id");
        let (sql, open_at) = open_at.map_or((ALL, None), |at| (OPEN_LIST, Some(at.0)));
        self.pending_act_lines(sql, open_at, after.0, limit).await
    }

    /// One act, for a list.
    pub async fn pending_act_line(&mut self, id: PendingActId) -> Result<Option<PendingActRow>, StoreError> {
        const ONE: &str = lines!("$1 IS NULL AND id = $2");
        Ok(self.pending_act_lines(ONE, None, id.0, 1).await?.pop())
    }

    async fn pending_act_lines(
        &mut self,
        sql: &'static str,
        open_at: Option<i64>,
        key: i64,
        limit: i64,
    ) -> Result<Vec<PendingActRow>, StoreError> {
        type Row = (
            i64,
            String,
            String,
            String,
            String,
            String,
            i64,
            Option<i64>,
            Option<String>,
            Option<i64>,
            Option<String>,
            String,
            String,
        );
        let rows: Vec<Row> = on!(self, c => sqlx::query_as(sql).bind(open_at).bind(key).bind(limit).fetch_all(c))
            .map_err(doing("reading pending acts"))?;
        let line = |r: Row| {
            let operation: Operation = parse("pending_act", r.0, &r.1)?;
            let line = PendingActLine {
                id: r.0,
                operation,
                kind: kind(&r.11).unwrap_or_else(|| operation.as_str().to_owned()),
                confirmed_by_roles: operation.confirming_roles(),
                target: r.2,
                reason: r.3,
                state: parse("pending_act", r.0, &r.4)?,
                requested_by: r.5,
                requested_at: Timestamp(r.6).to_string(),
                expires_at: r.7.map(|at| Timestamp(at).to_string()),
                decided_by: r.8,
                decided_at: r.9.map(|at| Timestamp(at).to_string()),
                decided_note: r.10,
            };
            Ok(PendingActRow { line, act: r.11, target_version: r.12 })
        };
        rows.into_iter().map(line).collect()
    }
}

/// The kind of an act that is stored as JSON: `{"act": "lend-blanks", …}`.
fn kind(act: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Tagged {
        act: String,
    }
    serde_json::from_str(act).map(|Tagged { act }| act).ok()
}
