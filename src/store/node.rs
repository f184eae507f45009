//! The schedulers that share a database, and who feeds which printer.

use std::collections::BTreeMap;

use super::{StoreError, Tx, backend::Inner, doing, execute, fence::Fence, on};
use crate::domain::time::Timestamp;

/// Who wants to join.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// Which data folder it runs from: one that joins again from the same folder of the same machine, whose lock it has,
    /// replaces itself.
    pub instance: String,
    /// The machine's name, for people.
    pub host: String,
    /// The process, for people.
    pub process: i64,
}

/// A node that has not been found dead.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// The machine's name.
    pub host: String,
    /// The process.
    pub process: i64,
    /// Milliseconds until its lease ends, unless it renews it; below zero it has ended, and the next who looks takes over.
    pub lease_left_ms: i64,
    /// How many printers it feeds.
    pub printers: i64,
    /// Which data folder it runs from.
    #[serde(skip)]
    pub instance: String,
}

pub(super) const NODES: &str = "
    SELECT node.name, node.host, node.process, node.expires_at_us, node.instance,
           (SELECT COUNT(*) FROM printer WHERE printer.node = node.name AND NOT printer.removed)
    FROM node ORDER BY node.name";

impl Tx {
    /// The database's own clock. Leases are measured on no other.
    pub async fn clock(&mut self) -> Result<Timestamp, StoreError> {
        let sql = match &self.inner {
            Inner::Sqlite(_) => "SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
            Inner::Postgres(_) => "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
        };
        on!(self, c => sqlx::query_scalar(sql).fetch_one(c)).map(Timestamp).map_err(doing("reading the clock"))
    }

    /// Fails if the fence's node is not here any more under its number.
    pub(super) async fn fence_check(&mut self, fence: &Fence) -> Result<(), StoreError> {
        const CHECK: &str = "SELECT epoch FROM node WHERE name = $1 AND epoch = $2";
        let epoch = fence.epoch();
        let found: Option<i64> =
            on!(self, c => sqlx::query_scalar(CHECK).bind(fence.node()).bind(epoch).fetch_optional(c))
                .map_err(doing("checking the lease"))?;
        if found.is_some() { Ok(()) } else { Err(StoreError::Fenced) }
    }

    /// Lets a node in, with a lease, and gives its number. If another process holds the name, gives that one instead:
    /// its lease has not ended.
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
        if let Some(node) = holder.filter(|node| {
            (&node.instance, &node.host) != (&candidate.instance, &candidate.host) && node.lease_left_ms > 0
        }) {
            return Ok(Err(node));
        }
        let epoch: i64 =
            on!(self, c => sqlx::query_scalar(EPOCH).fetch_one(c)).map_err(doing("reading the newest epoch"))?;
        self.meta_set("epoch", &epoch.to_string()).await?;
        let expires = self.clock().await?.0 + lease_us;
        let Candidate { instance, host, process } = candidate;
        execute!(self, sqlx::query(JOIN).bind(name).bind(instance).bind(host).bind(process).bind(epoch).bind(expires))
            .map_err(doing("joining"))?;
        Ok(Ok(epoch))
    }

    /// Renews the lease of a node.
    pub async fn node_renew(&mut self, name: &str, lease_us: i64) -> Result<(), StoreError> {
        const RENEW: &str = "UPDATE node SET expires_at_us = $2 WHERE name = $1";
        let expires = self.clock().await?.0 + lease_us;
        execute!(self, sqlx::query(RENEW).bind(name).bind(expires)).map_err(doing("renewing the lease"))?;
        Ok(())
    }

    /// Puts out a node, so that it can write nothing more, and frees its printers.
    pub async fn node_remove(&mut self, name: &str) -> Result<(), StoreError> {
        const REMOVE: &str = "DELETE FROM node WHERE name = $1";
        const FREE: &str = "UPDATE printer SET node = NULL WHERE node = $1";
        for sql in [REMOVE, FREE] {
            execute!(self, sqlx::query(sql).bind(name)).map_err(doing("putting out a node"))?;
        }
        Ok(())
    }

    /// All nodes that have not been found dead.
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

    /// The printers in use, each with the node that feeds it.
    pub async fn printer_owners(&mut self) -> Result<BTreeMap<String, Option<String>>, StoreError> {
        const OWNERS: &str = "SELECT name, node FROM printer WHERE NOT removed";
        let rows: Vec<(String, Option<String>)> =
            on!(self, c => sqlx::query_as(OWNERS).fetch_all(c)).map_err(doing("reading who feeds the printers"))?;
        Ok(rows.into_iter().collect())
    }

    /// Gives a free printer to a node.
    pub async fn printer_take(&mut self, printer: &str, node: &str) -> Result<(), StoreError> {
        const TAKE: &str = "UPDATE printer SET node = $2 WHERE name = $1 AND node IS NULL";
        let taken = execute!(self, sqlx::query(TAKE).bind(printer).bind(node)).map_err(doing("taking a printer"))?;
        if taken == 1 { Ok(()) } else { Err(StoreError::Conflict("the printer")) }
    }

    /// Frees a printer, if it is still that node's: another may have it, when the answer to the first try was lost.
    pub async fn printer_free(&mut self, printer: &str, node: &str) -> Result<bool, StoreError> {
        const FREE: &str = "UPDATE printer SET node = NULL WHERE name = $1 AND node = $2";
        let freed = execute!(self, sqlx::query(FREE).bind(printer).bind(node)).map_err(doing("giving a printer up"))?;
        Ok(freed == 1)
    }
}
