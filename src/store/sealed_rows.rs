//! Rows that change rarely: the audit has a keyed digest of each, from the commit that wrote it.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::Row;

use super::{
    StoreError, Tx, doing,
    keys::{Keys, hex},
    on,
    sealed_table::SealedTable,
    set_of_names,
};
use crate::domain::changes::Older;

/// In `meta`: the number of commits with sealed rows. Each has the next number in its audit row.
pub(super) const ROWS_COMMITS: &str = "rows_commits";

/// The bytes of a column's tag.
const TAG_BYTES: usize = 4;

/// The seal of a row: the keyed digest of its columns in hexadecimal, then `.` and a short keyed tag of each. The digest proves the row;
/// a tag names the column of a row that does not have its digest.
fn seal(keys: &Keys, table: SealedTable, row: &[Option<String>]) -> String {
    let key = row.first().and_then(Option::as_deref);
    let digest = hex(&keys.row(table.as_str(), row.iter().map(Option::as_deref)));
    let tag = |(name, value): (&&str, &Option<String>)| {
        let tag = keys.row(table.as_str(), [Some("(column)"), Some(*name), key, value.as_deref()]);
        hex(&tag[..TAG_BYTES])
    };
    digest + "." + &table.columns().iter().zip(row).map(tag).collect::<String>()
}

/// The columns in which a row with the seal `found` differs from the one that has the seal `known`; `None` if it is the same. An older
/// seal has no tags, and then none is named.
pub(super) fn differing(table: SealedTable, known: &str, found: &str) -> Option<Vec<&'static str>> {
    let [(known, known_tags), (found, found_tags)] =
        [known, found].map(|seal| seal.split_once('.').unwrap_or((seal, "")));
    if known == found {
        return None;
    }
    let tags = |tags: &str| tags.as_bytes().chunks(2 * TAG_BYTES).map(<[u8]>::to_vec).collect::<Vec<_>>();
    let both = tags(known_tags).into_iter().zip(tags(found_tags));
    let differ = table.columns().iter().zip(both).filter(|(_, (known, found))| known != found);
    Some(differ.map(|(column, _)| *column).collect())
}

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
                        self.row_seals(table, None).await?.into_iter().map(|(key, seal)| ((table, key), Some(seal))),
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
            let mut found = self.row_seals(table, Some(&keys)).await?;
            rows.extend(keys.into_iter().map(|key| ((table, key.to_owned()), found.remove(key))));
        }
        let commit = commits.and_then(|text| text.parse().ok()).unwrap_or(0_i64) + 1;
        self.meta_set(ROWS_COMMITS, &commit.to_string()).await?;
        let row = |((table, key), seal): ((SealedTable, String), Option<String>)| (table.as_str().into(), key, seal);
        self.changes.rows = rows.into_iter().map(row).collect();
        self.changes.rows_commit = Some(commit);
        Ok(())
    }

    /// The seals of rows by key: of these keys, or of all.
    pub(super) async fn row_seals(
        &mut self,
        table: SealedTable,
        keys: Option<&[&str]>,
    ) -> Result<BTreeMap<String, String>, StoreError> {
        let (sql, columns) = (table.statement(keys.is_some()), table.columns().len());
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
        let seal = |row: Vec<Option<String>>| {
            let seal = seal(&self.keys, table, &row);
            (row.into_iter().next().flatten().unwrap_or_default(), seal)
        };
        Ok(rows.into_iter().map(seal).collect())
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
