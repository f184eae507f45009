//! Reprint warrants.

use super::{StoreError, Tx, doing, execute, on};
use crate::domain::{
    id::{RecordId, WarrantId},
    time::Timestamp,
    warrant::Warrant,
};

/// A warrant for a list.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct WarrantLine {
    /// Its number.
    pub id: i64,
    /// The record's source.
    pub source: String,
    /// The record's request id.
    pub request_id: String,
    /// `requested`, `approved` or `refused`.
    pub state: String,
    /// Why.
    pub reason: String,
    /// Who asked.
    pub requested_by: String,
    /// When, RFC 3339.
    pub requested_at: String,
    /// Who decided.
    pub decided_by: Option<String>,
}

pub(super) const REQUESTED: &str = "SELECT COUNT(*) FROM warrant WHERE state = 'requested'";

impl Tx {
    /// Asks for a warrant.
    pub async fn warrant_request(&mut self, record: RecordId, reason: &str) -> Result<WarrantId, StoreError> {
        const REQUEST: &str = "
            INSERT INTO warrant (record_id, state, reason, requested_by, requested_at_us) VALUES ($1, 'requested', $2, $3, $4)
            RETURNING id";
        on!(self, c => sqlx::query_scalar(REQUEST).bind(record.0).bind(reason).bind(self.writer.actor.name.as_str()).bind(self.now.0).fetch_one(c)).map(WarrantId).map_err(doing("asking for a warrant"))
    }

    /// A warrant by number.
    pub async fn warrant_get(&mut self, id: WarrantId) -> Result<Option<Warrant>, StoreError> {
        const GET: &str = "SELECT record_id, state, requested_by, reason FROM warrant WHERE id = $1";
        let row: Option<(i64, String, String, String)> =
            on!(self, c => sqlx::query_as(GET).bind(id.0).fetch_optional(c)).map_err(doing("reading a warrant"))?;
        Ok(row.map(|(record, state, requested_by, reason)| Warrant {
            id,
            record: RecordId(record),
            state,
            requested_by,
            reason,
        }))
    }

    /// Decides a warrant, once.
    pub async fn warrant_decide(&mut self, id: WarrantId, state: &'static str) -> Result<(), StoreError> {
        const DECIDE: &str = "
            UPDATE warrant SET state = $2, decided_by = $3, decided_at_us = $4 WHERE id = $1 AND state = 'requested'";
        let done = execute!(
            self,
            sqlx::query(DECIDE).bind(id.0).bind(state).bind(self.writer.actor.name.as_str()).bind(self.now.0)
        )
        .map_err(doing("deciding a warrant"))?;
        if done == 1 { Ok(()) } else { Err(StoreError::Conflict("the warrant")) }
    }

    /// How many warrants wait for a decision.
    pub async fn warrants_requested_count(&mut self) -> Result<i64, StoreError> {
        on!(self, c => sqlx::query_scalar(REQUESTED).fetch_one(c)).map_err(doing("counting warrants"))
    }

    /// Warrants with a number above `after`, by number, at most `limit`.
    pub async fn warrant_list(&mut self, after: i64, limit: i64) -> Result<Vec<WarrantLine>, StoreError> {
        const LIST: &str = "
            SELECT w.id, r.source, r.request_id, w.state, w.reason, w.requested_by, w.requested_at_us, w.decided_by
            FROM warrant AS w JOIN record AS r ON r.id = w.record_id
            WHERE w.id > $1 ORDER BY w.id LIMIT $2";
        type Row = (i64, String, String, String, String, String, i64, Option<String>);
        let rows: Vec<Row> = on!(self, c => sqlx::query_as(LIST).bind(after).bind(limit).fetch_all(c))
            .map_err(doing("reading the warrants"))?;
        let line = |r: Row| WarrantLine {
            id: r.0,
            source: r.1,
            request_id: r.2,
            state: r.3,
            reason: r.4,
            requested_by: r.5,
            requested_at: Timestamp(r.6).to_string(),
            decided_by: r.7,
        };
        Ok(rows.into_iter().map(line).collect())
    }
}
