//! Where a claim begins to read the waiting list.
//!
//! PostgreSQL keeps claimed rows while an old snapshot may read them, and each claim would read past all of them. So the
//! bound of a profile is a key before which no record of it waits. Without a row there is no bound. A SQLite file has none.

use super::{StoreError, Tx, backend::Inner, doing, set};
use crate::domain::id::RecordId;

impl Tx {
    /// Lowers the bounds to the keys of these records, which were added to the waiting list.
    pub(super) async fn claim_bound_lower(&mut self, records: &[i64]) -> Result<(), StoreError> {
        const LOWER: &str = "
            UPDATE claim_bound AS b
            SET class = f.class, verified_at_us = f.verified_at_us, requested_at_us = f.requested_at_us, source = f.source,
                request_id = f.request_id
            FROM (SELECT DISTINCT ON (r.profile)
                         r.profile, r.class, r.verified_at_us, r.requested_at_us, r.source, r.request_id
                  FROM json_each($1) AS v CROSS JOIN record AS r WHERE r.id = CAST(v.value AS BIGINT)
                  ORDER BY r.profile, r.class, r.verified_at_us, r.requested_at_us, r.source, r.request_id) AS f
            WHERE b.profile = f.profile
              AND (f.class, f.verified_at_us, f.requested_at_us, f.source, f.request_id)
                  < (b.class, b.verified_at_us, b.requested_at_us, b.source, b.request_id)";
        self.claim_bound_change(LOWER, records).await
    }

    /// Raises the bounds of profiles to the keys of these records, one of each profile: all records before them were claimed.
    pub async fn claim_bound_raise(&mut self, records: &[RecordId]) -> Result<(), StoreError> {
        const RAISE: &str = "
            INSERT INTO claim_bound (profile, class, verified_at_us, requested_at_us, source, request_id)
            SELECT r.profile, r.class, r.verified_at_us, r.requested_at_us, r.source, r.request_id
            FROM json_each($1) AS v CROSS JOIN record AS r WHERE r.id = CAST(v.value AS BIGINT)
            ON CONFLICT (profile) DO UPDATE
            SET class = excluded.class, verified_at_us = excluded.verified_at_us, requested_at_us = excluded.requested_at_us,
                source = excluded.source, request_id = excluded.request_id";
        self.claim_bound_change(RAISE, records).await
    }

    async fn claim_bound_change<T: serde::Serialize>(
        &mut self,
        sql: &'static str,
        records: &[T],
    ) -> Result<(), StoreError> {
        let Inner::Postgres(session) = &mut self.inner else { return Ok(()) };
        if records.is_empty() {
            return Ok(());
        }
        let records = set(records);
        let changed = Box::pin(session.run(async |c| sqlx::query(sql).bind(records).execute(c).await)).await;
        changed.map(drop).map_err(doing("noting where claims begin"))
    }
}
