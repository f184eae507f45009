//! The audit: one hash chain per writer. Each row's hash covers the hash of the row before.

use std::sync::PoisonError;

use futures_util::TryStreamExt;
use sqlx::QueryBuilder;

use super::{
    Inner, StoreError, Tx,
    counter::{CounterRows, add_outcomes, add_records},
    doing, execute, keys, on, set,
};
pub use crate::domain::audit::ChainHead;
use crate::domain::{
    audit::{Event, entry},
    time::Timestamp,
};

/// A sealed row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditRow {
    /// Its chain.
    pub chain: String,
    /// Its number in the chain, from 1 without gaps.
    pub seq: i64,
    /// The stored text: one JSON object.
    pub entry: String,
    /// HMAC over the hash of the row before, and the text.
    pub hash: Vec<u8>,
}

/// A fault of a chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChainFault {
    /// The chain.
    pub chain: String,
    /// The number of the row.
    pub seq: i64,
    /// The fault.
    pub what: &'static str,
}

/// The number of rows in one read of a check.
const PAGE_ROWS: i64 = 5_000;

pub(super) const NEWEST: &str = "
    SELECT (SELECT a.entry FROM audit AS a WHERE a.chain = h.chain AND a.seq = h.seq) FROM audit_head AS h
    WHERE NOT EXISTS (SELECT 1 FROM meta AS m WHERE m.key = 'clock_accepted/' || h.chain AND CAST(m.value AS BIGINT) >= h.seq)";

/// Makes row `$2` with the hash `$3` the head of the chain `$1`, if row `$4` is.
macro_rules! advance {
    () => {
        "INSERT INTO audit_head (chain, seq, hash) VALUES ($1, $2, $3)
         ON CONFLICT (chain) DO UPDATE SET seq = excluded.seq, hash = excluded.hash WHERE audit_head.seq = $4"
    };
}
/// Appends the rows `$5` to the chain `$1`, if its head is row `$2` with the hash `$3`. SQLite only.
macro_rules! append {
    () => {
        "INSERT INTO audit (chain, seq, entry, hash)
         SELECT $1, v.value ->> 0, v.value ->> 1, unhex(v.value ->> 2)
         FROM json_each($5) AS v
         WHERE EXISTS (SELECT 1 FROM audit_head WHERE chain = $1 AND seq = $2 AND hash = $3)"
    };
}

impl Tx {
    /// Appends audit rows, and adds changes to the counters in the same call of the database. Without events it does
    /// nothing.
    pub(super) async fn audit_append(
        &mut self,
        events: &[Event],
        counters: Option<CounterRows>,
    ) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        let chain = self.writer.chain.clone();
        let known = self.heads.lock().unwrap_or_else(PoisonError::into_inner).get(&chain).cloned();
        let (seq, hash) = match known {
            Some(known) => known,
            None => self.audit_head().await?,
        };
        let head = if let Some(head) = self.audit_append_after(seq, hash, events, counters).await? {
            head
        } else {
            // Another process has appended to the chain meanwhile. The counters have been saved by now.
            let (seq, hash) = self.audit_head().await?;
            let advanced = self.audit_append_after(seq, hash, events, None).await?;
            advanced.ok_or(StoreError::Conflict("the audit chain"))?
        };
        self.new_head = Some(head);
        Ok(())
    }

    async fn audit_head(&mut self) -> Result<(i64, Vec<u8>), StoreError> {
        let head = on!(self, c => sqlx::query_as("SELECT seq, hash FROM audit_head WHERE chain = $1").bind(&*self.writer.chain).fetch_optional(c)).map_err(doing("reading the audit head"))?;
        Ok(head.unwrap_or_default())
    }

    /// Appends rows after a head, adds to the counters, and returns the new head. `None` if another row is the head: then
    /// no row is appended, and the counters are saved all the same.
    async fn audit_append_after(
        &mut self,
        seq_before: i64,
        mut hash: Vec<u8>,
        events: &[Event],
        counters: Option<CounterRows>,
    ) -> Result<Option<(i64, Vec<u8>)>, StoreError> {
        // For PostgreSQL: one statement that contains the others.
        const ADVANCE: &str = advance!();
        const COUNT_AND_ADVANCE: &str =
            concat!("WITH records AS (", add_records!("$5"), "), outcomes AS (", add_outcomes!("$6"), ") ", advance!());
        // For SQLite: one text of several statements. No row is appended if the head was not advanced.
        const APPEND: &str = concat!(advance!(), ";", append!());
        const COUNT_AND_APPEND: &str =
            concat!(add_records!("$6"), ";", add_outcomes!("$7"), ";", advance!(), ";", append!());
        let chain = self.writer.chain.clone();
        let mut rows = Vec::with_capacity(events.len());
        for (seq, event) in (seq_before + 1..).zip(events) {
            // Serialisation cannot fail: the entry is text and numbers.
            let text =
                serde_json::to_string(&entry(&chain, seq, self.now, &self.writer.actor, event)).unwrap_or_default();
            hash = self.keys.audit(&hash, &text).to_vec();
            rows.push((seq, text, hash.clone()));
        }
        let seq = seq_before + i64::try_from(rows.len()).unwrap_or(i64::MAX);
        if let Inner::Sqlite(transaction) = &mut self.inner {
            let hexed: Vec<_> = rows.iter().map(|(seq, text, hash)| (seq, text, keys::hex(hash))).collect();
            let sql = if counters.is_some() { COUNT_AND_APPEND } else { APPEND };
            let query = sqlx::query(sql).bind(&*chain).bind(seq).bind(hash.as_slice()).bind(seq_before);
            let query = query.bind(set(&hexed));
            let query = match counters {
                Some(counters) => query.bind(counters.records).bind(counters.outcomes),
                None => query,
            };
            #[expect(deprecated, reason = "other databases take one statement at a time, and this text is SQLite's")]
            let done = query.execute_many(&mut **transaction).await;
            let done: Vec<_> = done.try_collect().await.map_err(doing("writing the audit"))?;
            let mut changed = done.iter().rev().map(sqlx::sqlite::SqliteQueryResult::rows_affected);
            let (appended, advanced) = (changed.next().unwrap_or(0), changed.next().unwrap_or(0));
            return match (advanced, appended) {
                (0, _) => Ok(None),
                (_, appended) if appended == rows.len() as u64 => Ok(Some((seq, hash))),
                _ => Err(StoreError::Conflict("the audit chain")),
            };
        }
        let done = match &counters {
            Some(CounterRows { records, outcomes }) => execute!(
                self,
                sqlx::query(COUNT_AND_ADVANCE)
                    .bind(&*chain)
                    .bind(seq)
                    .bind(hash.clone())
                    .bind(seq_before)
                    .bind(&**records)
                    .bind(&**outcomes)
            ),
            None => {
                execute!(self, sqlx::query(ADVANCE).bind(&*chain).bind(seq).bind(hash.clone()).bind(seq_before))
            }
        };
        let done = done.map_err(doing("advancing the audit head"))?;
        if done == 0 {
            return Ok(None);
        }
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let page: Vec<_> = rows.by_ref().take(100).collect();
            let written = on!(self, c => async {
                let mut sql = QueryBuilder::new("INSERT INTO audit (chain, seq, entry, hash) ");
                sql.push_values(page, |mut row, (seq, text, hash)| {
                    row.push_bind(&*chain).push_bind(seq).push_bind(text).push_bind(hash);
                });
                sql.build().execute(c).await.map(|done| done.rows_affected())
            });
            written.map_err(doing("writing the audit"))?;
        }
        Ok(Some((seq, hash)))
    }

    /// Leaves the present rows of all chains out of [`newest_instant`](Self::newest_instant).
    pub async fn clock_accept(&mut self) -> Result<(), StoreError> {
        for head in self.audit_heads().await? {
            self.meta_set(&format!("clock_accepted/{}", head.chain), &head.seq.to_string()).await?;
        }
        Ok(())
    }

    /// The instant of the newest row of all chains; the epoch if there are no rows.
    pub async fn newest_instant(&mut self) -> Result<Timestamp, StoreError> {
        // One query per chain: as a join, PostgreSQL may read the whole audit.
        let rows: Vec<Option<String>> =
            on!(self, c => sqlx::query_scalar(NEWEST).fetch_all(c)).map_err(doing("reading the newest audit rows"))?;
        let instant = |entry: &String| {
            let entry: serde_json::Value = serde_json::from_str(entry).ok()?;
            Timestamp::parse(entry["at"].as_str()?)
        };
        let instants = rows.iter().flatten().filter_map(instant);
        Ok(instants.max().unwrap_or(Timestamp(i64::MIN)))
    }

    /// Rows of a chain after `after`, oldest first, at most `limit`.
    pub async fn audit_page(&mut self, chain: &str, after: i64, limit: i64) -> Result<Vec<AuditRow>, StoreError> {
        const PAGE: &str =
            "SELECT chain, seq, entry, hash FROM audit WHERE chain = $1 AND seq > $2 ORDER BY seq LIMIT $3";
        let rows: Vec<(String, i64, String, Vec<u8>)> =
            on!(self, c => sqlx::query_as(PAGE).bind(chain).bind(after).bind(limit).fetch_all(c))
                .map_err(doing("reading the audit"))?;
        Ok(rows.into_iter().map(|(chain, seq, entry, hash)| AuditRow { chain, seq, entry, hash }).collect())
    }

    /// The newest row of each chain.
    pub async fn audit_heads(&mut self) -> Result<Vec<ChainHead>, StoreError> {
        let rows: Vec<(String, i64, Vec<u8>)> =
            on!(self, c => sqlx::query_as("SELECT chain, seq, hash FROM audit_head ORDER BY chain").fetch_all(c))
                .map_err(doing("reading the audit heads"))?;
        Ok(rows.into_iter().map(|(chain, seq, hash)| ChainHead { chain, seq, hash: keys::hex(&hash) }).collect())
    }

    /// Checks every row of every chain: number, content and order, and that the newest row is the head. With `seal`,
    /// also that no sealed row is missing. Returns the number of checked rows, and the first fault of each chain.
    pub async fn audit_verify(&mut self, seal: &[ChainHead]) -> Result<(i64, Vec<ChainFault>), StoreError> {
        self.without_timeout();
        let heads = self.audit_heads().await?;
        let stored: Vec<String> = on!(self, c => sqlx::query_scalar("SELECT DISTINCT chain FROM audit").fetch_all(c))
            .map_err(doing("reading the audit"))?;
        let mut faults = Vec::new();
        let missing = |chain: &String| !heads.iter().any(|head| head.chain == *chain);
        for chain in stored.into_iter().chain(seal.iter().map(|head| head.chain.clone())).filter(missing) {
            faults.push(ChainFault { chain, seq: 0, what: "the chain has no head" });
        }
        let mut checked = 0;
        for head in &heads {
            let sealed = seal.iter().find(|s| s.chain == head.chain);
            match self.audit_verify_chain(head, sealed).await? {
                Ok(rows) => checked += rows,
                Err((seq, what)) => faults.push(ChainFault { chain: head.chain.clone(), seq, what }),
            }
        }
        Ok((checked, faults))
    }

    async fn audit_verify_chain(
        &mut self,
        head: &ChainHead,
        sealed: Option<&ChainHead>,
    ) -> Result<Result<i64, (i64, &'static str)>, StoreError> {
        let (mut seq, mut hash) = (0, Vec::new());
        loop {
            let page = self.audit_page(&head.chain, seq, PAGE_ROWS).await?;
            if page.is_empty() {
                break;
            }
            for row in page {
                if row.seq != seq + 1 {
                    return Ok(Err((seq + 1, "a row is missing")));
                }
                hash = self.keys.audit(&hash, &row.entry).to_vec();
                if hash != row.hash {
                    return Ok(Err((row.seq, "the row was changed or moved")));
                }
                seq = row.seq;
                if sealed.is_some_and(|s| s.seq == seq && s.hash != keys::hex(&hash)) {
                    return Ok(Err((seq, "the chain differs from the seal")));
                }
            }
        }
        Ok(if sealed.is_some_and(|s| s.seq > seq) {
            Err((seq, "rows after this one were sealed and are gone"))
        } else if seq != head.seq || keys::hex(&hash) != head.hash {
            Err((seq, "the newest row is not the head"))
        } else {
            Ok(seq)
        })
    }
}
