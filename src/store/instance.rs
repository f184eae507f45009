//! The instance: what identifies the database, and the doubt whether it is the living one.

use super::{StoreError, Tx, backend::Inner, doing, execute, keys, on, sealed_table::SealedTable};
use crate::domain::{
    audit::ChainHead,
    id::AttemptKey,
    instance::{Doubt, Instance, LostRow, ServerIdentity},
};

/// The key in `meta` of what the database says of itself. A move to PostgreSQL removes it there, because the target is
/// another database, and the only living one from then on.
pub(super) const INSTANCE: &str = "instance";
/// The name of the doubt in `pause`. It is a pause of the whole queue, under a name of its own, so that each guard that
/// regards pauses regards it.
pub(super) const DOUBT: &str = "instance";

/// The key in `meta` of the last attempt before an adoption after which another database may have printed.
const LAST_ATTEMPT: &str = "last-attempt-before-adoption";

impl Tx {
    /// The last attempt before the newest adoption of a database whose original may have printed since; 0 if there was none.
    pub async fn last_attempt_before_adoption(&mut self) -> Result<AttemptKey, StoreError> {
        let last = self.meta_get(LAST_ATTEMPT).await?;
        Ok(AttemptKey(last.and_then(|last| last.parse().ok()).unwrap_or(0)))
    }

    /// Saves the newest attempt as the last one before an adoption.
    pub async fn last_attempt_before_adoption_set(&mut self) -> Result<(), StoreError> {
        const LAST: &str = "SELECT COALESCE(MAX(id), 0) FROM attempt";
        let last: i64 = on!(self, c => sqlx::query_scalar(LAST).fetch_one(c)).map_err(doing("reading attempts"))?;
        self.meta_set(LAST_ATTEMPT, &last.to_string()).await
    }

    /// What the database says of itself; `None` before the first scheduler of a version that saves it.
    pub async fn instance(&mut self) -> Result<Option<Instance>, StoreError> {
        let Some(text) = self.meta_get(INSTANCE).await? else { return Ok(None) };
        serde_json::from_str(&text).map(Some).map_err(|error| StoreError::Corrupt {
            table: "meta",
            id: INSTANCE.into(),
            what: error.to_string(),
        })
    }

    /// Saves what the database says of itself.
    pub async fn instance_set(&mut self, instance: &Instance) -> Result<(), StoreError> {
        // Cannot fail: an instance is texts and numbers.
        let text = serde_json::to_string(instance).unwrap_or_default();
        self.meta_set(INSTANCE, &text).await
    }

    /// The identity of the database on its server; `None` for a file.
    ///
    /// Every user may read the timeline and the object identifier of the database, and by default the system identifier.
    pub async fn server_identity(&mut self) -> Result<Option<ServerIdentity>, StoreError> {
        // The first eight digits of the file of the write-ahead log are the timeline, and current right after a promotion.
        const DATABASE: &str = "
            SELECT CAST(oid AS BIGINT), CAST(datname AS TEXT),
                   CASE WHEN pg_is_in_recovery() THEN CAST((SELECT timeline_id FROM pg_control_checkpoint()) AS BIGINT)
                        ELSE CAST(CAST('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) AS BIT(32)) AS BIGINT) END
            FROM pg_database WHERE datname = current_database()";
        const MAY_READ: &str = "SELECT has_function_privilege('pg_control_system()', 'execute')";
        const SYSTEM: &str = "SELECT CAST(system_identifier AS TEXT) FROM pg_control_system()";
        if matches!(self.inner, Inner::Sqlite(_)) {
            return Ok(None);
        }
        let failed = || doing("reading the identity of the database");
        let (database, name, timeline): (i64, String, i64) =
            on!(self, c => sqlx::query_as(DATABASE).fetch_one(c)).map_err(failed())?;
        let may_read: bool = on!(self, c => sqlx::query_scalar(MAY_READ).fetch_one(c)).map_err(failed())?;
        let system = if may_read {
            Some(on!(self, c => sqlx::query_scalar(SYSTEM).fetch_one(c)).map_err(failed())?)
        } else {
            None
        };
        Ok(Some(ServerIdentity { system, timeline, database, name }))
    }

    /// Those of the remembered rows that the audit does not have, with the same hash.
    pub async fn audit_lost(&mut self, remembered: &[ChainHead]) -> Result<Vec<LostRow>, StoreError> {
        const HASH: &str = "SELECT hash FROM audit WHERE chain = $1 AND seq = $2";
        let heads = self.audit_heads().await?;
        let mut lost = Vec::new();
        for ChainHead { chain, seq, hash } in remembered {
            let found: Option<Vec<u8>> =
                on!(self, c => sqlx::query_scalar(HASH).bind(chain).bind(seq).fetch_optional(c))
                    .map_err(doing("reading the audit"))?;
            if found.is_none_or(|found| keys::hex(&found) != *hash) {
                let newest = heads.iter().find(|head| head.chain == *chain).map_or(0, |head| head.seq);
                lost.push(LostRow { chain: chain.clone(), seq: *seq, newest });
            }
        }
        Ok(lost)
    }

    /// Why the database may not be the living one, if that is in doubt. No card starts then, on any node.
    pub async fn doubt(&mut self) -> Result<Option<Doubt>, StoreError> {
        Ok(self.feeding_stops().await?.1)
    }

    /// Saves a doubt, if there is none. Returns whether it is new.
    pub async fn doubt_add(&mut self, doubt: &Doubt) -> Result<bool, StoreError> {
        // Cannot fail: a doubt is texts and numbers.
        self.pause_insert("queue", DOUBT, &serde_json::to_string(doubt).unwrap_or_default()).await
    }

    /// Ends the doubt. Returns whether there was any.
    pub async fn doubt_end(&mut self) -> Result<bool, StoreError> {
        const END: &str = "DELETE FROM pause WHERE scope = 'queue' AND name = $1";
        let ended = execute!(self, sqlx::query(END).bind(DOUBT)).map_err(doing("ending a doubt"))?;
        self.touched(SealedTable::Pause, format!("queue/{DOUBT}"));
        Ok(ended == 1)
    }
}
