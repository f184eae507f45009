//! One transaction, and who writes in it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    backend::{Backend, Inner, execute, on},
    counter_deltas::Deltas,
    error::{StoreError, doing},
    fence::Fence,
    keys::Keys,
};
use crate::domain::{
    audit::{Actor, Event},
    time::Timestamp,
};

/// The newest row of each chain that this process writes, as it last saw it; the guard of the advance tells if another
/// process was faster.
pub(super) type Heads = Arc<Mutex<HashMap<Arc<str>, (i64, Vec<u8>)>>>;

/// Who writes, and into which audit chain.
#[derive(Clone, Debug)]
pub struct Writer {
    /// `cli` for commands; the node's name for a scheduler.
    pub chain: Arc<str>,
    /// Who acts.
    pub actor: Arc<Actor>,
    /// What it must still own, if it is a node among several.
    pub fence: Option<Fence>,
}

impl Writer {
    /// The node that writes, where several share the database.
    pub(super) fn node(&self) -> Option<&str> {
        self.fence.as_ref().map(Fence::node)
    }

    /// For transactions that write no audit row.
    pub(super) fn nobody() -> Self {
        let nobody = Actor { name: String::new(), os_user: String::new(), host: String::new() };
        Self { chain: "".into(), actor: Arc::new(nobody), fence: None }
    }
}

/// One transaction. Dropped without [`commit`](Tx::commit), nothing of it is saved.
#[derive(Debug)]
pub struct Tx {
    pub(super) inner: Inner,
    pub(super) now: Timestamp,
    pub(super) writer: Writer,
    pub(super) keys: Keys,
    pub(super) heads: Heads,
    pub(super) new_head: Option<(i64, Vec<u8>)>,
    pub(super) events: Vec<Event>,
    pub(super) deltas: Deltas,
    backend: Backend,
    announces: bool,
    /// Ends with the transaction.
    _span: tracing::Span,
}

impl Tx {
    /// A transaction on a connection that has begun one.
    pub(super) fn new(
        backend: Backend,
        keys: Keys,
        heads: Heads,
        inner: Inner,
        writer: Writer,
        now: Timestamp,
        span: tracing::Span,
    ) -> Self {
        let (new_head, events, deltas) = (None, Vec::new(), Deltas::default());
        Self { inner, now, writer, keys, heads, new_head, events, deltas, backend, announces: false, _span: span }
    }

    /// The instant of the transaction, as its caller gave it.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Who acts.
    pub fn actor(&self) -> &str {
        &self.writer.actor.name
    }

    /// Writes an event down when the transaction commits.
    pub fn audit(&mut self, event: Event) {
        self.events.push(event);
    }

    /// From here on a statement may read whole tables, and take its time.
    pub fn without_timeout(&mut self) {
        if let Inner::Postgres(lent) = &mut self.inner {
            lent.without_timeout();
        }
    }

    /// Wakes every scheduler when this commits: it may give them something to do.
    pub fn announce(&mut self) {
        self.announces = true;
    }

    /// Adds to the counters, appends the audit rows and makes all of it durable.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        self.counters_save().await?;
        let events = std::mem::take(&mut self.events);
        self.audit_append(&events).await?;
        self.inner.commit(self.announces).await?;
        if let Some(head) = self.new_head {
            self.heads.lock().unwrap_or_else(PoisonError::into_inner).insert(self.writer.chain.clone(), head);
        }
        if self.announces {
            self.backend.announce();
        }
        Ok(())
    }

    /// A value of the table of single facts.
    pub async fn meta_get(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT value FROM meta WHERE key = $1";
        on!(self, c => sqlx::query_scalar(sql).bind(key).fetch_optional(c)).map_err(doing("reading a setting"))
    }

    /// Adds a value to the table of single facts, unless there is one.
    pub(super) async fn meta_add(&mut self, key: &str, value: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        execute!(self, sqlx::query(sql).bind(key).bind(value)).map_err(doing("writing a setting"))?;
        Ok(())
    }

    /// Sets a value of the table of single facts.
    pub async fn meta_set(&mut self, key: &str, value: &str) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        execute!(self, sqlx::query(sql).bind(key).bind(value)).map_err(doing("writing a setting"))?;
        Ok(())
    }
}
