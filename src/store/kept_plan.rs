//! What was planned for each of the last nights.

use super::{StoreError, Tx, doing, execute, on};
use crate::domain::time::Timestamp;

/// The plans that are kept.
const KEPT: i64 = 60;

pub(super) const OF_NIGHT: &str = "SELECT plan FROM kept_plan WHERE from_at_us = $1";

impl Tx {
    /// Keeps the plan of a night, unless it has one, and deletes the oldest beyond sixty.
    pub async fn kept_plan_save(&mut self, from: Timestamp, plan: &str) -> Result<(), StoreError> {
        const SAVE: &str =
            "INSERT INTO kept_plan (from_at_us, plan) VALUES ($1, $2) ON CONFLICT (from_at_us) DO NOTHING";
        const DELETE: &str = "
            DELETE FROM kept_plan WHERE from_at_us <=
                (SELECT from_at_us FROM kept_plan ORDER BY from_at_us DESC LIMIT 1 OFFSET $1)";
        execute!(self, sqlx::query(SAVE).bind(from.0).bind(plan)).map_err(doing("keeping a plan"))?;
        execute!(self, sqlx::query(DELETE).bind(KEPT)).map_err(doing("deleting old plans"))?;
        Ok(())
    }

    /// The plan of the night that began then, as JSON.
    pub async fn kept_plan(&mut self, from: Timestamp) -> Result<Option<String>, StoreError> {
        on!(self, c => sqlx::query_scalar(OF_NIGHT).bind(from.0).fetch_optional(c)).map_err(doing("reading a plan"))
    }
}
