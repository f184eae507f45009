//! Where a claim begins to read the waiting list.
//!
//! PostgreSQL keeps claimed rows while an old snapshot may read them, and each claim would read past all of them. So the
//! bound of a profile is a key before which no record of it waits. Without a row there is no bound. A trigger lowers it when
//! a record is added to the list. A SQLite file has none.

use super::{StoreError, Tx, backend::Inner, doing, set};
use crate::domain::id::RecordId;

impl Tx {
    /// Raises the bounds of profiles to the keys of these records, one of each profile: all records before them were claimed.
    pub async fn claim_bound_raise(&mut self, records: &[RecordId]) -> Result<(), StoreError> {
        const RAISE: &str = "
            INSERT INTO claim_bound (profile, class, verified_at_us, requested_at_us, source, request_id)
            SELECT r.profile, r.class, r.verified_at_us, r.requested_at_us, r.source, r.request_id
            FROM json_each($1) AS v CROSS JOIN record AS r WHERE r.id = CAST(v.value AS BIGINT)
            ON CONFLICT (profile) DO UPDATE
            SET class = excluded.class, verified_at_us = excluded.verified_at_us, requested_at_us = excluded.requested_at_us,
                source = excluded.source, request_id = excluded.request_id";
        let Inner::Postgres(session) = &mut self.inner else { return Ok(()) };
        if records.is_empty() {
            return Ok(());
        }
        let records = set(records);
        let raised = Box::pin(session.run(async |c| sqlx::query(RAISE).bind(records).execute(c).await)).await;
        raised.map(drop).map_err(doing("noting where claims begin"))
    }
}
