//! Detects commits of other processes.

use super::{
    backend::{Notifications, on},
    database::Store,
    error::{StoreError, doing},
};

/// Detects commits of other processes. Notifications may be lost; they only shorten the wait until the next poll.
#[derive(Debug)]
pub struct ChangeListener {
    store: Store,
    notifications: Notifications,
    seen: Option<i64>,
}

impl Store {
    /// Starts listening for commits of other processes.
    pub async fn listen(&self) -> ChangeListener {
        ChangeListener { store: self.clone(), notifications: self.backend.notifications().await, seen: None }
    }
}

impl ChangeListener {
    /// Waits for a notification. Never returns if notifications are not available.
    pub async fn notified(&mut self) {
        self.notifications.next().await;
    }

    /// Whether a command has committed since the last call. True on the first call. Commits of schedulers do not count.
    pub async fn changed(&mut self) -> Result<bool, StoreError> {
        const ACTS: &str =
            "SELECT CAST(COALESCE(SUM(seq), 0) AS BIGINT) FROM audit_head WHERE chain NOT LIKE 'scheduler%'";
        let mut tx = self.store.read().await?;
        let acts: i64 = on!(tx, c => sqlx::query_scalar(ACTS).fetch_one(c)).map_err(doing("looking for changes"))?;
        Ok(self.seen.replace(acts) != Some(acts))
    }
}
