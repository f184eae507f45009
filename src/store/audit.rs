//! The audit: one hash chain per writer. A row holds all events of one commit, and its hash covers the hash of the row before.
//!
//! Events are numbered from 1 without gaps in each chain, and a row has the number of its last event. Rows of earlier versions
//! hold one event each.

use std::sync::PoisonError;

use super::{
    Inner, StoreError, Tx,
    backend::sqlite::answers,
    counter::{CounterRows, add_outcomes, add_records},
    doing, execute, keys, on,
    tx::End,
};
pub use crate::domain::audit::ChainHead;
use crate::domain::{
    audit::Event,
    audit_row::{entries, events_in, row_instant, row_text},
    changes::Changes,
    positions::Positions,
    time::Timestamp,
};

/// An event of the audit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditEntry {
    /// Its number in the chain, from 1 without gaps.
    pub seq: i64,
    /// One JSON object.
    pub entry: String,
}

/// A sealed row.
pub(super) struct SealedRow {
    /// The number of its last event.
    pub(super) seq: i64,
    /// The stored text.
    pub(super) text: String,
    /// HMAC over the hash of the row before, and the text.
    pub(super) hash: Vec<u8>,
}

/// A fault of a chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChainFault {
    /// The chain.
    pub chain: String,
    /// The number of the event.
    pub seq: i64,
    /// The fault.
    pub what: &'static str,
}

/// The number of rows in one read of a check.
pub(super) const PAGE_ROWS: i64 = 250;

/// The beginning of the newest row of each chain. One query per chain: as a join, PostgreSQL may read the whole audit.
macro_rules! newest {
    () => {
        "(SELECT substr(a.entry, 1, 400) FROM audit AS a WHERE a.chain = h.chain AND a.seq = h.seq) FROM audit_head AS h
    WHERE NOT EXISTS (SELECT 1 FROM meta AS m WHERE m.key = 'clock_accepted/' || h.chain AND CAST(m.value AS BIGINT) >= h.seq)"
    };
}
pub(super) use newest;

pub(super) const NEWEST: &str = concat!("SELECT ", newest!());

/// The number of rows in one read of a list.
const LIST_ROWS: i64 = 16;

const ROWS_AFTER: &str = "SELECT seq, entry, hash FROM audit WHERE chain = $1 AND seq > $2 ORDER BY seq LIMIT $3";

/// Makes row `$2` with the hash `$3` the head of the chain `$1`, if row `$4` is.
macro_rules! advance {
    () => {
        "INSERT INTO audit_head (chain, seq, hash) VALUES ($1, $2, $3)
         ON CONFLICT (chain) DO UPDATE SET seq = excluded.seq, hash = excluded.hash WHERE audit_head.seq = $4"
    };
}
/// Appends row `$2` with the text `$5` and the hash `$3` to the chain `$1`, after `advance!`. SQLite only: if the head was not
/// advanced, the column `seq` refuses NULL, and nothing after it runs.
macro_rules! append {
    () => {
        "INSERT INTO audit (chain, seq, entry, hash) SELECT $1, CASE WHEN changes() = 1 THEN $2 END, $5, $3"
    };
}

// For SQLite: one text of several statements.
const APPEND: &str = concat!(advance!(), ";", append!());
const APPEND_AND_COMMIT: &str = concat!(advance!(), ";", append!(), ";COMMIT");
const COUNT_AND_APPEND: &str =
    concat!(add_records!("$6"), ";", add_outcomes!("$7", "v.value"), ";", advance!(), ";", append!());
const COUNT_APPEND_AND_COMMIT: &str =
    concat!(add_records!("$6"), ";", add_outcomes!("$7", "v.value"), ";", advance!(), ";", append!(), ";COMMIT");

/// `SQLITE_CONSTRAINT_NOTNULL`. Only that statement is undone.
fn is_null_refused(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == "1299")
}

/// The newest instant of these rows; the epoch if there are none.
pub(super) fn newest_of(rows: &[Option<String>]) -> Timestamp {
    rows.iter().flatten().filter_map(|row| row_instant(row)).max().unwrap_or(Timestamp(i64::MIN))
}

impl Tx {
    /// Appends an audit row with all events, and adds changes to the counters in the same call of the database. Without events
    /// it does nothing.
    pub(super) async fn audit_append(
        &mut self,
        events: &[Event],
        counters: Option<CounterRows>,
        end: End,
    ) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        let chain = self.writer.chain.clone();
        let mut changes = std::mem::take(&mut self.changes);
        let known = self.heads.lock().unwrap_or_else(PoisonError::into_inner).get(&chain).cloned();
        let (seq, hash) = if let Some(known) = known {
            known
        } else {
            // The first row that this process appends: often enough to keep the mark from being moved unnoticed.
            changes.older = Some(self.older_rows().await?);
            self.audit_head().await?
        };
        let head = if let Some(head) = self.audit_append_after(seq, hash, (events, &changes), counters, end).await? {
            head
        } else {
            // Another process has appended to the chain meanwhile. The counters have been saved by now.
            let (seq, hash) = self.audit_head().await?;
            let advanced = self.audit_append_after(seq, hash, (events, &changes), None, end).await?;
            advanced.ok_or(StoreError::Conflict("the audit chain"))?
        };
        self.new_head = Some(head);
        Ok(())
    }

    /// Whether this process has appended to its chain.
    pub(super) fn is_head_known(&self) -> bool {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&self.writer.chain)
    }

    async fn audit_head(&mut self) -> Result<(i64, Vec<u8>), StoreError> {
        let head = on!(self, c => sqlx::query_as("SELECT seq, hash FROM audit_head WHERE chain = $1").bind(&*self.writer.chain).fetch_optional(c)).map_err(doing("reading the audit head"))?;
        Ok(head.unwrap_or_default())
    }

    /// Appends a row after a head, adds to the counters, and returns the new head. `None` if another row is the head: then no
    /// row is appended, and the counters are saved all the same.
    async fn audit_append_after(
        &mut self,
        seq_before: i64,
        hash: Vec<u8>,
        (events, changes): (&[Event], &Changes),
        counters: Option<CounterRows>,
        end: End,
    ) -> Result<Option<(i64, Vec<u8>)>, StoreError> {
        // For PostgreSQL: one statement that contains the others.
        const ADVANCE: &str = concat!(
            "WITH head AS (",
            advance!(),
            " RETURNING 1) INSERT INTO audit (chain, seq, entry, hash) SELECT $1, $2, $5, $3 FROM head"
        );
        const COUNT_AND_ADVANCE: &str = concat!(
            "WITH records AS (",
            add_records!("$6"),
            "), outcomes AS (",
            add_outcomes!("$7", "(v.value #>> '{}')"),
            "), head AS (",
            advance!(),
            " RETURNING 1) INSERT INTO audit (chain, seq, entry, hash) SELECT $1, $2, $5, $3 FROM head"
        );
        let chain = self.writer.chain.clone();
        let text = row_text(&chain, seq_before + 1, self.now, &self.writer.actor, events, changes);
        let seq = seq_before + i64::try_from(events.len()).unwrap_or(i64::MAX);
        let hash = self.keys.audit(&hash, &text).to_vec();
        if let Inner::Sqlite(transaction) = &mut self.inner {
            let (sql, statements) = match (&counters, end) {
                (None, End::Open) => (APPEND, 2),
                (None, End::Commit) => (APPEND_AND_COMMIT, 3),
                (Some(_), End::Open) => (COUNT_AND_APPEND, 4),
                (Some(_), End::Commit) => (COUNT_APPEND_AND_COMMIT, 5),
            };
            let query = sqlx::query(sql).bind(&*chain).bind(seq).bind(hash.as_slice()).bind(seq_before).bind(&*text);
            let query = match counters {
                Some(counters) => query.bind(counters.records).bind(counters.outcomes),
                None => query,
            };
            let done = match transaction.open() {
                Ok(connection) => answers(query, connection, statements).await,
                Err(error) => Err(error),
            };
            if done.as_ref().is_err_and(is_null_refused) {
                return Ok(None);
            }
            transaction.note(&done);
            done.map_err(doing("writing the audit"))?;
            if end == End::Commit {
                transaction.committed();
            }
            return Ok(Some((seq, hash)));
        }
        let appended = match &counters {
            Some(CounterRows { records, outcomes }) => execute!(
                self,
                sqlx::query(COUNT_AND_ADVANCE)
                    .bind(&*chain)
                    .bind(seq)
                    .bind(hash.clone())
                    .bind(seq_before)
                    .bind(&*text)
                    .bind(&**records)
                    .bind(&**outcomes)
            ),
            None => {
                execute!(
                    self,
                    sqlx::query(ADVANCE).bind(&*chain).bind(seq).bind(hash.clone()).bind(seq_before).bind(&*text)
                )
            }
        };
        let appended = appended.map_err(doing("writing the audit"))?;
        Ok((appended == 1).then_some((seq, hash)))
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
        let rows: Vec<Option<String>> =
            on!(self, c => sqlx::query_scalar(NEWEST).fetch_all(c)).map_err(doing("reading the newest audit rows"))?;
        Ok(newest_of(&rows))
    }

    /// Events of a chain after number `after`, oldest first, at most `limit`.
    pub async fn audit_page(&mut self, chain: &str, after: i64, limit: i64) -> Result<Vec<AuditEntry>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(0);
        let (mut page, mut seq) = (Vec::new(), after);
        while page.len() < limit {
            // A row may hold many events, so only a few rows are read at once.
            let rows = self.audit_rows(chain, seq, LIST_ROWS).await?;
            let Some(last) = rows.last() else { break };
            seq = last.seq;
            for row in rows {
                let first = row.seq + 1 - i64::try_from(events_in(&row.text)).unwrap_or(1);
                let entries = (first..).zip(entries(&row.text)).filter(|(seq, _)| *seq > after);
                page.extend(entries.take(limit - page.len()).map(|(seq, entry)| AuditEntry { seq, entry }));
            }
        }
        Ok(page)
    }

    pub(super) async fn audit_rows(
        &mut self,
        chain: &str,
        after: i64,
        limit: i64,
    ) -> Result<Vec<SealedRow>, StoreError> {
        let rows: Vec<(i64, String, Vec<u8>)> =
            on!(self, c => sqlx::query_as(ROWS_AFTER).bind(chain).bind(after).bind(limit).fetch_all(c))
                .map_err(doing("reading the audit"))?;
        Ok(rows.into_iter().map(|(seq, text, hash)| SealedRow { seq, text, hash }).collect())
    }

    /// The newest row of each chain.
    pub async fn audit_heads(&mut self) -> Result<Vec<ChainHead>, StoreError> {
        let rows: Vec<(String, i64, Vec<u8>)> =
            on!(self, c => sqlx::query_as("SELECT chain, seq, hash FROM audit_head ORDER BY chain").fetch_all(c))
                .map_err(doing("reading the audit heads"))?;
        Ok(rows.into_iter().map(|(chain, seq, hash)| ChainHead { chain, seq, hash: keys::hex(&hash) }).collect())
    }

    /// The number of the newest event of each chain.
    pub async fn audit_positions(&mut self) -> Result<Positions, StoreError> {
        let rows: Vec<(String, i64)> = on!(self, c => sqlx::query_as("SELECT chain, seq FROM audit_head").fetch_all(c))
            .map_err(doing("reading the audit heads"))?;
        Ok(rows.into_iter().collect())
    }

    /// Checks every row of every chain: number, content and order, and that the newest row is the head. With `seal`,
    /// also that no sealed row is missing. Returns the number of checked events, and the first fault of each chain.
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
                Ok(events) => checked += events,
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
            let page = self.audit_rows(&head.chain, seq, PAGE_ROWS).await?;
            if page.is_empty() {
                break;
            }
            for row in page {
                if i64::try_from(events_in(&row.text)).ok() != Some(row.seq - seq) {
                    return Ok(Err((seq + 1, "a row is missing")));
                }
                hash = self.keys.audit(&hash, &row.text).to_vec();
                if hash != row.hash {
                    return Ok(Err((row.seq, "the row was changed or moved")));
                }
                // A seal has the number of the last event of a row.
                let is_other = |s: &&ChainHead| s.seq != row.seq || s.hash != keys::hex(&hash);
                if let Some(sealed) = sealed.filter(|s| seq < s.seq && s.seq <= row.seq).filter(is_other) {
                    return Ok(Err((sealed.seq, "the chain differs from the seal")));
                }
                seq = row.seq;
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
