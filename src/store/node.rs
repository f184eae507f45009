//! The nodes that share a database: their leases and their printers.

use std::collections::BTreeMap;

use super::{StoreError, Tx, backend::Inner, doing, execute, fence::Fence, on};
use crate::domain::time::Timestamp;

/// A scheduler that wants to join as a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// The identity of its data folder. A scheduler that joins from the same folder on the same host replaces the node of its
    /// predecessor, since it holds the folder's lock.
    pub instance: String,
    /// The host name.
    pub host: String,
    /// The process id.
    pub process: i64,
}

impl Candidate {
    /// Whether a node joined from the same data folder, or from a copy of it on the same host.
    pub fn is_same_folder(&self, node: &Node) -> bool {
        (&node.instance, &node.host) == (&self.instance, &self.host)
    }
}

/// A node that has joined and was not removed.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Node {
    /// The node's name.
    pub name: String,
    /// The host name.
    pub host: String,
    /// The process id.
    pub process: i64,
    /// Milliseconds until the lease expires; negative after it has expired, until another node removes this one.
    pub lease_left_ms: i64,
    /// The number of printers that belong to it.
    pub printers: i64,
    /// The identity of its data folder.
    #[serde(skip)]
    pub instance: String,
}

pub(super) const NODES: &str = "
    SELECT node.name, node.host, node.process, node.expires_at_us, node.instance,
           (SELECT COUNT(*) FROM printer WHERE printer.node = node.name AND NOT printer.removed)
    FROM node ORDER BY node.name";

impl Tx {
    /// The time on the database's clock, on which all leases are measured.
    pub async fn clock(&mut self) -> Result<Timestamp, StoreError> {
        let sql = match &self.inner {
            Inner::Sqlite(_) => "SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
            Inner::Postgres(_) => "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
        };
        on!(self, c => sqlx::query_scalar(sql).fetch_one(c)).map(Timestamp).map_err(doing("reading the clock"))
    }

    /// Fails with [`StoreError::Fenced`] if the node no longer exists under the fence's epoch.
    pub(super) async fn fence_check(&mut self, fence: &Fence) -> Result<(), StoreError> {
        const CHECK: &str = "SELECT epoch FROM node WHERE name = $1 AND epoch = $2";
        let (node, epoch) = (fence.node(), fence.epoch());
        let is_held = if let Inner::Postgres(transaction) = &self.inner {
            transaction.has_node(node, epoch)
        } else {
            let found: Option<i64> = on!(self, c => sqlx::query_scalar(CHECK).bind(node).bind(epoch).fetch_optional(c))
                .map_err(doing("checking the lease"))?;
            found.is_some()
        };
        if is_held { Ok(()) } else { Err(StoreError::Fenced) }
    }

    /// Adds a node with a lease of `lease_us` microseconds and returns its epoch. If another scheduler holds the name and its
    /// lease has not expired, returns that node as `Err`.
    pub async fn node_join(
        &mut self,
        name: &str,
        candidate: &Candidate,
        lease_us: i64,
    ) -> Result<Result<i64, Node>, StoreError> {
        const EPOCH: &str = "SELECT COALESCE(MAX(CAST(value AS BIGINT)), 0) + 1 FROM meta WHERE key = 'epoch'";
        const JOIN: &str = "
            INSERT INTO node (name, instance, host, process, epoch, expires_at_us) VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (name) DO UPDATE
            SET instance = excluded.instance, host = excluded.host, process = excluded.process, epoch = excluded.epoch,
                expires_at_us = excluded.expires_at_us";
        let holder = self.node_list().await?.into_iter().find(|node| node.name == name);
        if let Some(node) = holder.filter(|node| !candidate.is_same_folder(node) && node.lease_left_ms > 0) {
            return Ok(Err(node));
        }
        let epoch: i64 =
            on!(self, c => sqlx::query_scalar(EPOCH).fetch_one(c)).map_err(doing("reading the newest epoch"))?;
        self.meta_set("epoch", &epoch.to_string()).await?;
        let expires = self.clock().await?.0 + lease_us;
        let Candidate { instance, host, process } = candidate;
        execute!(self, sqlx::query(JOIN).bind(name).bind(instance).bind(host).bind(process).bind(epoch).bind(expires))
            .map_err(doing("adding a node"))?;
        Ok(Ok(epoch))
    }

    /// Renews a node's lease: it expires `lease_us` microseconds from now.
    pub async fn node_renew(&mut self, name: &str, lease_us: i64) -> Result<(), StoreError> {
        const RENEW: &str = "UPDATE node SET expires_at_us = $2 WHERE name = $1";
        let expires = self.clock().await?.0 + lease_us;
        execute!(self, sqlx::query(RENEW).bind(name).bind(expires)).map_err(doing("renewing the lease"))?;
        Ok(())
    }

    /// Removes a node, so that its writes fail, and frees its printers.
    pub async fn node_remove(&mut self, name: &str) -> Result<(), StoreError> {
        const REMOVE: &str = "DELETE FROM node WHERE name = $1";
        const FREE: &str = "UPDATE printer SET node = NULL WHERE node = $1";
        for sql in [REMOVE, FREE] {
            execute!(self, sqlx::query(sql).bind(name)).map_err(doing("removing a node"))?;
        }
        Ok(())
    }

    /// All nodes, by name.
    pub async fn node_list(&mut self) -> Result<Vec<Node>, StoreError> {
        let now = self.clock().await?.0;
        let rows: Vec<(String, String, i64, i64, String, i64)> =
            on!(self, c => sqlx::query_as(NODES).fetch_all(c)).map_err(doing("reading the nodes"))?;
        let node = |(name, host, process, expires, instance, printers): (String, String, i64, i64, String, i64)| Node {
            name,
            host,
            process,
            lease_left_ms: (expires - now) / 1_000,
            printers,
            instance,
        };
        Ok(rows.into_iter().map(node).collect())
    }

    /// The printers in use, each with the node that it belongs to.
    pub async fn printer_owners(&mut self) -> Result<BTreeMap<String, Option<String>>, StoreError> {
        const OWNERS: &str = "SELECT name, node FROM printer WHERE NOT removed";
        let rows: Vec<(String, Option<String>)> =
            on!(self, c => sqlx::query_as(OWNERS).fetch_all(c)).map_err(doing("reading the printers' nodes"))?;
        Ok(rows.into_iter().collect())
    }

    /// Assigns a free printer to a node. [`StoreError::Conflict`] if the printer is not free.
    pub async fn printer_take(&mut self, printer: &str, node: &str) -> Result<(), StoreError> {
        const TAKE: &str = "UPDATE printer SET node = $2 WHERE name = $1 AND node IS NULL";
        let taken = execute!(self, sqlx::query(TAKE).bind(printer).bind(node)).map_err(doing("taking a printer"))?;
        if taken == 1 { Ok(()) } else { Err(StoreError::Conflict("the printer")) }
    }

    /// Frees a printer if it belongs to the node; returns whether it did. It may belong to another node already, after a
    /// first try whose answer was lost.
    pub async fn printer_free(&mut self, printer: &str, node: &str) -> Result<bool, StoreError> {
        const FREE: &str = "UPDATE printer SET node = NULL WHERE name = $1 AND node = $2";
        let freed = execute!(self, sqlx::query(FREE).bind(printer).bind(node)).map_err(doing("releasing a printer"))?;
        Ok(freed == 1)
    }
}
