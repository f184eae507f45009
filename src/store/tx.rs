//! A database transaction and its writer.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    backend::{Backend, Inner, execute, on},
    carried::Carried,
    counter_deltas::Deltas,
    error::{StoreError, doing},
    fence::Fence,
    keys::Keys,
    sealed_table::SealedTable,
};
use crate::domain::{
    audit::{Actor, Event},
    changes::Changes,
    id::RecordId,
    time::Timestamp,
};

/// The newest audit row of each chain, as this process last wrote it: sequence number and hash. A cache; the guard of the
/// next append detects a row that another process has appended since.
pub(super) type Heads = Arc<Mutex<HashMap<Arc<str>, (i64, Vec<u8>)>>>;

/// The author of a write, and the audit chain that the write is recorded in.
#[derive(Clone, Debug)]
pub struct Writer {
    /// The chain's name: `cli` for commands, `scheduler` or `scheduler-NODE` for a scheduler.
    pub chain: Arc<str>,
    /// The person or program that acts.
    pub actor: Arc<Actor>,
    /// The fence of a node on a shared database.
    pub fence: Option<Fence>,
    /// The number of this process as the owner of attempts; `None` before it has begun any.
    pub owner: Option<i64>,
}

impl Writer {
    /// The name of the node, if the writer is a node on a shared database.
    pub(super) fn node(&self) -> Option<&str> {
        self.fence.as_ref().map(Fence::node)
    }

    /// A writer for transactions that append no audit row.
    pub(super) fn unnamed() -> Self {
        Self { chain: "".into(), actor: Arc::new(Actor::system("", "", "")), fence: None, owner: None }
    }
}

/// The end of a transaction after its audit row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It is open.
    Open,
    /// On SQLite it is committed by the same text.
    Commit,
}

/// A database transaction. It is rolled back when dropped without [`commit`](Tx::commit).
#[derive(Debug)]
pub struct Tx {
    pub(super) inner: Inner,
    pub(super) now: Timestamp,
    pub(super) writer: Writer,
    pub(super) keys: Keys,
    pub(super) heads: Heads,
    pub(super) new_head: Option<(i64, Vec<u8>)>,
    pub(super) events: Vec<Event>,
    pub(super) changes: Changes,
    /// The rows that the commit adds to the changes.
    pub(super) touched: BTreeSet<(SealedTable, String)>,
    /// Events that belong to a record: the place in `events`, and the record.
    pub(super) record_events: Vec<(usize, RecordId)>,
    pub(super) deltas: Deltas,
    /// The request whose answer the commit saves.
    pub(super) carried: Option<Carried>,
    backend: Backend,
    announces: bool,
    /// Ends with the transaction.
    _span: tracing::Span,
}

impl Tx {
    /// Wraps a transaction that the backend has begun.
    pub(super) fn new(
        backend: Backend,
        keys: Keys,
        heads: Heads,
        inner: Inner,
        writer: Writer,
        now: Timestamp,
        span: tracing::Span,
    ) -> Self {
        Self {
            inner,
            now,
            writer,
            keys,
            heads,
            new_head: None,
            events: Vec::new(),
            changes: Changes::default(),
            record_events: Vec::new(),
            touched: BTreeSet::new(),
            deltas: Deltas::default(),
            carried: None,
            backend,
            announces: false,
            _span: span,
        }
    }

    /// The instant of the transaction, which its caller gave.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The name of the actor.
    pub fn actor(&self) -> &str {
        &self.writer.actor.name
    }

    /// Adds an audit event, which is appended when the transaction commits.
    pub fn audit(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Adds an audit event that belongs to the history of a record, if there is one.
    pub fn audit_of(&mut self, record: impl Into<Option<RecordId>>, event: Event) {
        let at = self.events.len();
        self.record_events.extend(record.into().map(|record| (at, record)));
        self.events.push(event);
    }

    /// Removes the statement timeout for the rest of the transaction, for full scans.
    pub fn without_timeout(&mut self) {
        if let Inner::Postgres(transaction) = &mut self.inner {
            transaction.without_timeout();
        }
    }

    /// Whether other transactions wait until this one, which writes, has ended.
    pub async fn is_waited_for(&mut self) -> Result<bool, StoreError> {
        self.inner.is_waited_for().await
    }

    /// Notifies all schedulers when the transaction commits, because there may be something to print.
    pub fn announce(&mut self) {
        self.announces = true;
    }

    /// Adds to the counters, appends the audit events and commits. When it returns, the transaction is on disk.
    ///
    /// # Errors
    ///
    /// [`StoreError::InDoubt`] if the connection was lost during the commit, which may or may not have happened. After every
    /// other error nothing is saved.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        if self.events.is_empty() && !(self.changes.is_empty() && self.touched.is_empty()) {
            // An audit row has an event at least.
            self.events.push(Event::new("database.changed", "database"));
        }
        self.answer_save().await?;
        self.touched_rows_add().await?;
        let counters = self.counters_take();
        let events = std::mem::take(&mut self.events);
        match counters {
            Some(counters) if events.is_empty() => self.counters_save(counters).await?,
            counters if self.record_events.is_empty() => self.audit_append(&events, counters, End::Commit).await?,
            counters => {
                self.audit_append(&events, counters, End::Open).await?;
                self.record_events_save(events.len()).await?;
            }
        }
        self.inner.commit(self.announces).await?;
        if let Some(head) = self.new_head {
            self.heads.lock().unwrap_or_else(PoisonError::into_inner).insert(self.writer.chain.clone(), head);
        }
        if self.announces {
            self.backend.announce();
        }
        Ok(())
    }

    /// A value of the table `meta`; `None` if the key is not set.
    pub async fn meta_get(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT value FROM meta WHERE key = $1";
        on!(self, c => sqlx::query_scalar(sql).bind(key).fetch_optional(c)).map_err(doing("reading a setting"))
    }

    /// Adds a value to the table `meta`, unless the key is set.
    pub(super) async fn meta_add(&mut self, key: &str, value: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        execute!(self, sqlx::query(sql).bind(key).bind(value)).map_err(doing("writing a setting"))?;
        Ok(())
    }

    /// Sets a value of the table `meta`.
    pub async fn meta_set(&mut self, key: &str, value: &str) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        execute!(self, sqlx::query(sql).bind(key).bind(value)).map_err(doing("writing a setting"))?;
        Ok(())
    }
}
