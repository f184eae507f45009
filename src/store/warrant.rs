//! Reprint warrants.

use super::{StoreError, Tx, doing, on};
use crate::domain::time::Timestamp;

/// A warrant for a list.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct WarrantLine {
    /// Its number.
    pub id: i64,
    /// The record's source.
    pub source: String,
    /// The record's request id.
    pub request_id: String,
    /// `requested`, `approved`, `refused`, `taken-back`, `expired` or `conflict`.
    #[schemars(extend("enum" = ["requested", "approved", "refused", "taken-back", "expired", "conflict"]))]
    pub state: String,
    /// Why.
    pub reason: String,
    /// Who asked.
    pub requested_by: String,
    /// When, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub requested_at: String,
    /// Who decided.
    pub decided_by: Option<String>,
}

impl Tx {
    /// Warrants with a number above `after`, by number, at most `limit`.
    pub async fn warrant_list(&mut self, after: i64, limit: i64) -> Result<Vec<WarrantLine>, StoreError> {
        const LIST: &str = "
            SELECT w.id, r.source, r.request_id,
                   CASE w.state WHEN 'pending' THEN 'requested' WHEN 'confirmed' THEN 'approved' ELSE w.state END,
                   w.reason, w.requested_by, w.requested_at_us, w.decided_by
            FROM pending_act AS w JOIN record AS r ON r.id = w.record_id
            WHERE w.operation = 'reprint-approve' AND w.id > $1 ORDER BY w.id LIMIT $2";
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
