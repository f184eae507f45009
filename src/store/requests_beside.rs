//! The other requests of a record's person.

use super::{StoreError, Tx, doing, on, parse, set};
use crate::domain::{correction::RequestBeside, id::RecordId};

pub(super) const BESIDE: &str = "
    SELECT r.id, o.id, o.source, o.request_id, o.state, o.surrendered
    FROM json_each($1) AS v CROSS JOIN record AS r
    JOIN record AS o ON substr(o.person_key, 1, 12) = substr(r.person_key, 1, 12)
                    AND o.person_key = r.person_key AND o.profile = r.profile AND o.id <> r.id
    WHERE r.id = CAST(v.value AS BIGINT) ORDER BY r.id, o.id";

pub(super) const DUPLICATES: &str = "
    SELECT id, source, request_id FROM record WHERE state = 'quarantined' AND id > $1 ORDER BY id LIMIT $2";

impl Tx {
    /// The other records of the person and profile of each record, with that record, in the order in which they were imported.
    pub async fn requests_beside(
        &mut self,
        records: &[RecordId],
    ) -> Result<Vec<(RecordId, RequestBeside)>, StoreError> {
        type Row = (i64, i64, String, String, String, bool);
        let rows: Vec<Row> = on!(self, c => sqlx::query_as(BESIDE).bind(set(records)).fetch_all(c))
            .map_err(doing("finding a person's records"))?;
        let beside = |(of, id, source, request_id, state, surrendered): Row| {
            let (state, id) = (parse("record", id, &state)?, RecordId(id));
            Ok((RecordId(of), RequestBeside { id, source, request_id, state, surrendered }))
        };
        rows.into_iter().map(beside).collect()
    }

    /// Quarantined records with a key above `after`, in the order in which they were imported, at most `limit`: key, source and
    /// request id.
    pub async fn records_quarantined(
        &mut self,
        after: i64,
        limit: i64,
    ) -> Result<Vec<(RecordId, String, String)>, StoreError> {
        let rows: Vec<(i64, String, String)> =
            on!(self, c => sqlx::query_as(DUPLICATES).bind(after).bind(limit).fetch_all(c))
                .map_err(doing("listing records"))?;
        Ok(rows.into_iter().map(|(id, source, request_id)| (RecordId(id), source, request_id)).collect())
    }
}
