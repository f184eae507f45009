//! Rows that change rarely: the audit has a keyed digest of each, from the commit that wrote it.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::Row;

use super::{
    StoreError, Tx, doing,
    keys::{Digest, hex},
    on,
    sealed_table::SealedTable,
    set_of_names,
};
use crate::domain::changes::Older;

/// In `meta`: the number of commits with sealed rows. Each has the next number in its audit row.
pub(super) const ROWS_COMMITS: &str = "rows_commits";

impl Tx {
    /// The row will be sealed by the commit.
    pub(super) fn touched(&mut self, table: SealedTable, key: impl std::fmt::Display) {
        self.touched.insert((table, format!("{key}")));
    }

    /// Adds the sealed rows that were touched to the changes of the commit. The first commit with an event seals all rows.
    pub(super) async fn touched_rows_add(&mut self) -> Result<(), StoreError> {
        let mut rows = BTreeMap::new();
        let mut commits = None;
        if !self.events.is_empty() && !self.is_head_known() {
            commits = self.meta_get(ROWS_COMMITS).await?;
            if commits.is_none() {
                for table in SealedTable::ALL {
                    rows.extend(
                        self.row_digests(table, None).await?.into_iter().map(|(key, row)| ((table, key), Some(row))),
                    );
                }
                commits = Some("0".into());
            }
        }
        let touched = std::mem::take(&mut self.touched);
        if rows.is_empty() && touched.is_empty() && commits.as_deref() != Some("0") {
            return Ok(());
        }
        if commits.is_none() {
            commits = self.meta_get(ROWS_COMMITS).await?;
        }
        for table in SealedTable::ALL {
            let keys: BTreeSet<&str> = touched.iter().filter(|(t, _)| *t == table).map(|(_, key)| &**key).collect();
            if keys.is_empty() {
                continue;
            }
            let keys: Vec<&str> = keys.into_iter().collect();
            let mut found = self.row_digests(table, Some(&keys)).await?;
            rows.extend(keys.into_iter().map(|key| ((table, key.to_owned()), found.remove(key))));
        }
        let commit = commits.and_then(|text| text.parse().ok()).unwrap_or(0_i64) + 1;
        self.meta_set(ROWS_COMMITS, &commit.to_string()).await?;
        let row = |((table, key), digest): ((SealedTable, String), Option<Digest>)| {
            (table.as_str().into(), key, digest.map(|digest| hex(&digest)))
        };
        self.changes.rows = rows.into_iter().map(row).collect();
        self.changes.rows_commit = Some(commit);
        Ok(())
    }

    /// The keyed digests of rows by key: of these keys, or of all.
    pub(super) async fn row_digests(
        &mut self,
        table: SealedTable,
        keys: Option<&[&str]>,
    ) -> Result<BTreeMap<String, Digest>, StoreError> {
        let (sql, columns) = table.statement(keys.is_some());
        let keys = keys.map(set_of_names);
        let rows: Result<Vec<Vec<Option<String>>>, _> = on!(self, c => async {
            let mut query = sqlx::query(sql);
            if let Some(keys) = keys {
                query = query.bind(keys);
            }
            let rows = query.fetch_all(c).await?;
            rows.iter().map(|row| (0..columns).map(|at| row.try_get(at)).collect()).collect()
        });
        let rows = rows.map_err(doing("reading rows to seal"))?;
        let digest = |row: Vec<Option<String>>| {
            let digest = self.keys.row(table.as_str(), row.iter().map(Option::as_deref));
            (row.into_iter().next().flatten().unwrap_or_default(), digest)
        };
        Ok(rows.into_iter().map(digest).collect())
    }

    /// The newest rows that were written before changes were recorded, as the migration saved them.
    pub(super) async fn older_rows(&mut self) -> Result<Older, StoreError> {
        let mut number = async |key| {
            let text = self.meta_get(key).await?;
            Ok::<i64, StoreError>(text.and_then(|text| text.parse().ok()).unwrap_or(0))
        };
        Ok(Older { record: number("changes_after/record").await?, movement: number("changes_after/movement").await? })
    }
}
