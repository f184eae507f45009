//! What other processes commit.

use super::{
    backend::{Arrivals, on},
    database::Store,
    error::{StoreError, doing},
};

/// What other processes commit. Announcements only save the wait until the next look.
#[derive(Debug)]
pub struct ChangeListener {
    store: Store,
    arrivals: Arrivals,
    seen: Option<i64>,
}

impl Store {
    /// Starts listening for what other processes commit.
    pub async fn listen(&self) -> ChangeListener {
        ChangeListener { store: self.clone(), arrivals: self.backend.arrivals().await, seen: None }
    }
}

impl ChangeListener {
    /// Waits for an announcement; for ever, if there can be none.
    pub async fn arrive(&mut self) {
        self.arrivals.next().await;
    }

    /// Has anybody who is no scheduler committed something since the last call? True the first time.
    pub async fn changed(&mut self) -> Result<bool, StoreError> {
        const ACTS: &str =
            "SELECT CAST(COALESCE(SUM(seq), 0) AS BIGINT) FROM audit_head WHERE chain NOT LIKE 'scheduler%'";
        let mut tx = self.store.read().await?;
        let acts: i64 = on!(tx, c => sqlx::query_scalar(ACTS).fetch_one(c)).map_err(doing("looking for changes"))?;
        Ok(self.seen.replace(acts) != Some(acts))
    }
}
