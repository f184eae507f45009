//! Imports of lists: what each did, and what the records were before that it updated.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{
    StoreError, Tx, doing, execute,
    keys::{Digest, hex},
    new_record::NewRecord,
    on, parse,
    sealed_table::SealedTable,
    set,
};
use crate::domain::{
    id::{ImportId, PhotoId, RecordId},
    states::RecordState,
    time::Timestamp,
    undo::{ImportDeed, Imported},
};

/// An import that begins.
#[derive(Clone, Debug)]
pub struct NewImport<'a> {
    /// The office or system that sent the list.
    pub source: &'a str,
    /// The card profile.
    pub profile: &'a str,
    /// The name of the file, without folders; empty if it has none.
    pub file_name: &'a str,
    /// The keyed digest of its bytes.
    pub digest: Digest,
}

/// Where an import is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ImportState {
    /// It goes on, or was ended before the end of its list by a fault or a kill.
    Running,
    /// Its list was imported to its end.
    Ended,
    /// It was undone.
    Undone,
}

impl ImportState {
    const ALL: [Self; 3] = [Self::Running, Self::Ended, Self::Undone];

    /// The name in the database and in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ended => "ended",
            Self::Undone => "undone",
        }
    }
}

impl std::str::FromStr for ImportState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no state of an import"))
    }
}

/// What became of the rows of a list, as far as it was imported.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ImportCounts {
    /// Its rows.
    pub rows: u64,
    /// New records on the waiting list.
    pub accepted: u64,
    /// Known records that got a new body.
    pub updated: u64,
    /// Rows that changed nothing.
    pub known: u64,
    /// Records that need a person's decision.
    pub quarantined: u64,
    /// Records that must not be printed any more.
    pub withdrawn: u64,
    /// Records that their source had withdrawn, and lists as print-ready again.
    pub restored: u64,
    /// Rows that were not imported.
    pub refused: u64,
}

/// An import, for a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ImportLine {
    /// Its number.
    pub id: ImportId,
    /// The office or system that sent the list.
    pub source: String,
    /// The card profile.
    pub profile: String,
    /// The name of the file; empty if it had none.
    pub file_name: String,
    /// The keyed digest of its bytes: equal lists have equal ones.
    pub digest: String,
    /// Where it is.
    pub state: ImportState,
    /// What became of its rows.
    pub counts: ImportCounts,
    /// The name of the person or program that imported it.
    pub by: String,
    /// When it began, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
    /// When it ended, RFC 3339; none if it did not.
    #[schemars(extend("format" = "date-time"))]
    pub ended_at: Option<String>,
}

/// A record that an import added or changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportedRow {
    /// The record.
    pub id: RecordId,
    /// Its source.
    pub source: String,
    /// The request id, which is unique within a source.
    pub request_id: String,
    /// What undoing depends on.
    pub imported: Imported,
}

/// What a record was before its last update.
#[derive(Debug)]
pub struct EarlierBody {
    /// The body. Its state is not used.
    pub body: NewRecord,
    /// The digest of the photo, if it had one.
    pub photo: Option<Vec<u8>>,
}

pub(super) const LIST: &str = "
    SELECT id, source, profile, file_name, digest, state, counts, began_by, began_at_us, ended_at_us
    FROM import WHERE id < $1 ORDER BY id DESC LIMIT $2";
const GET: &str = "
    SELECT id, source, profile, file_name, digest, state, counts, began_by, began_at_us, ended_at_us
    FROM import WHERE id = $1";
pub(super) const RANGES: &str = "
    SELECT first_record, last_record FROM import_range WHERE import_id = $1 AND last_record > $2
    ORDER BY first_record LIMIT $3";
pub(super) const CHANGED: &str = "
    SELECT record_id, deed FROM import_change WHERE import_id = $1 AND record_id > $2 ORDER BY record_id LIMIT $3";
pub(super) const DETAILS: &str = "
    SELECT r.id, r.source, r.request_id, r.state,
           EXISTS (SELECT 1 FROM job AS j WHERE j.record_id = r.id AND j.state = 'printing'),
           EXISTS (SELECT 1 FROM import_change AS c CROSS JOIN import AS i
                   WHERE c.record_id = r.id AND c.import_id > $2 AND i.id = c.import_id AND i.state <> 'undone'),
           EXISTS (SELECT 1 FROM earlier_body AS e WHERE e.record_id = r.id AND e.import_id = $2)
    FROM json_each($1) AS v CROSS JOIN record AS r WHERE r.id = CAST(v.value AS BIGINT) ORDER BY r.id";

type Line = (i64, String, String, String, String, String, String, String, i64, Option<i64>);

fn line(row: Line) -> Result<ImportLine, StoreError> {
    let (id, source, profile, file_name, digest, state, counts, by, at, ended_at) = row;
    let corrupt = |what: String| StoreError::Corrupt { table: "import", id: id.to_string(), what };
    Ok(ImportLine {
        id: ImportId(id),
        source,
        profile,
        file_name,
        digest,
        state: parse("import", id, &state)?,
        counts: serde_json::from_str(&counts).map_err(|error| corrupt(error.to_string()))?,
        by,
        at: Timestamp(at).to_string(),
        ended_at: ended_at.map(|at| Timestamp(at).to_string()),
    })
}

fn json(counts: &ImportCounts) -> String {
    // Cannot fail: these are numbers.
    serde_json::to_string(counts).unwrap_or_default()
}

impl Tx {
    /// Begins an import, and returns its number.
    pub async fn import_add(&mut self, new: &NewImport<'_>) -> Result<ImportId, StoreError> {
        const ADD: &str = "
            INSERT INTO import (source, profile, file_name, digest, state, counts, began_by, began_account, began_means, began_at_us)
            VALUES ($1, $2, $3, $4, 'running', $5, $6, $7, $8, $9) RETURNING id";
        let (name, account, means) = self.writer.actor.columns();
        let id: i64 = on!(self, c => sqlx::query_scalar(ADD)
            .bind(new.source)
            .bind(new.profile)
            .bind(new.file_name)
            .bind(hex(&new.digest))
            .bind(json(&ImportCounts::default()))
            .bind(name)
            .bind(account)
            .bind(means)
            .bind(self.now.0)
            .fetch_one(c))
        .map_err(doing("beginning an import"))?;
        self.touched(SealedTable::Import, id);
        Ok(ImportId(id))
    }

    /// Saves what became of the rows of an import so far, and whether that were all.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if it was undone meanwhile.
    pub async fn import_count(
        &mut self,
        import: ImportId,
        counts: &ImportCounts,
        is_ended: bool,
    ) -> Result<(), StoreError> {
        const COUNT: &str = "
            UPDATE import SET counts = $2, state = CASE WHEN $3 THEN 'ended' ELSE state END,
                ended_at_us = CASE WHEN $3 THEN $4 END
            WHERE id = $1 AND state = 'running'";
        let done = execute!(self, sqlx::query(COUNT).bind(import.0).bind(json(counts)).bind(is_ended).bind(self.now.0))
            .map_err(doing("saving an import"))?;
        if is_ended {
            self.touched(SealedTable::Import, import);
        }
        if done == 1 { Ok(()) } else { Err(StoreError::Conflict("the import")) }
    }

    /// Notes the records that an import added, whose numbers follow each other.
    pub async fn import_range_add(
        &mut self,
        import: ImportId,
        first: RecordId,
        last: RecordId,
    ) -> Result<(), StoreError> {
        const ADD: &str = "INSERT INTO import_range (first_record, last_record, import_id) VALUES ($1, $2, $3)";
        execute!(self, sqlx::query(ADD).bind(first.0).bind(last.0).bind(import.0))
            .map_err(doing("saving an import"))?;
        Ok(())
    }

    /// Notes what an import did to records that were there before, the last deed of each.
    pub async fn import_changes_add(
        &mut self,
        import: ImportId,
        changes: &[(RecordId, ImportDeed)],
    ) -> Result<(), StoreError> {
        const ADD: &str = "
            INSERT INTO import_change (import_id, record_id, deed)
            SELECT $2, CAST(v.value ->> 0 AS BIGINT), v.value ->> 1 FROM json_each($1) AS v WHERE TRUE
            ON CONFLICT (import_id, record_id) DO UPDATE SET deed = excluded.deed";
        if changes.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = changes.iter().map(|(record, deed)| (record.0, deed.as_str())).collect();
        execute!(self, sqlx::query(ADD).bind(set(&rows)).bind(import.0)).map_err(doing("saving an import"))?;
        Ok(())
    }

    /// Marks an import as undone.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if it is already.
    pub async fn import_undone(&mut self, import: ImportId) -> Result<(), StoreError> {
        const UNDONE: &str = "
            UPDATE import SET state = 'undone', ended_at_us = COALESCE(ended_at_us, $2) WHERE id = $1 AND state <> 'undone'";
        let done =
            execute!(self, sqlx::query(UNDONE).bind(import.0).bind(self.now.0)).map_err(doing("undoing an import"))?;
        self.touched(SealedTable::Import, import);
        if done == 1 { Ok(()) } else { Err(StoreError::Conflict("the import")) }
    }

    /// Imports with a number below `before`, newest first, at most `limit`.
    pub async fn import_list(&mut self, before: i64, limit: i64) -> Result<Vec<ImportLine>, StoreError> {
        let rows: Vec<Line> = on!(self, c => sqlx::query_as(LIST).bind(before).bind(limit).fetch_all(c))
            .map_err(doing("reading the imports"))?;
        rows.into_iter().map(line).collect()
    }

    /// An import by number.
    pub async fn import_get(&mut self, import: ImportId) -> Result<Option<ImportLine>, StoreError> {
        let row: Option<Line> =
            on!(self, c => sqlx::query_as(GET).bind(import.0).fetch_optional(c)).map_err(doing("reading an import"))?;
        row.map(line).transpose()
    }

    /// The records of an import with a number above `after`, by number, at most `limit`.
    pub async fn import_records(
        &mut self,
        import: ImportId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<ImportedRow>, StoreError> {
        type Details = (i64, String, String, String, bool, bool, bool);
        let failed = || doing("reading an import");
        let ranges: Vec<(i64, i64)> =
            on!(self, c => sqlx::query_as(RANGES).bind(import.0).bind(after).bind(limit).fetch_all(c))
                .map_err(failed())?;
        let changes: Vec<(i64, String)> =
            on!(self, c => sqlx::query_as(CHANGED).bind(import.0).bind(after).bind(limit).fetch_all(c))
                .map_err(failed())?;
        let most = usize::try_from(limit).unwrap_or_default();
        let added = ranges.into_iter().flat_map(|(first, last)| first.max(after + 1)..=last).take(most);
        let mut deeds: Vec<(i64, ImportDeed)> = added.map(|id| (id, ImportDeed::Added)).collect();
        for (id, deed) in changes {
            deeds.push((id, parse("import_change", id, &deed)?));
        }
        deeds.sort_unstable_by_key(|(id, _)| *id);
        deeds.truncate(most);
        let known: HashMap<i64, ImportDeed> = deeds.iter().copied().collect();
        let ids: Vec<i64> = deeds.iter().map(|(id, _)| *id).collect();
        let rows: Vec<Details> =
            on!(self, c => sqlx::query_as(DETAILS).bind(set(&ids)).bind(import.0).fetch_all(c)).map_err(failed())?;
        let row = |(id, source, request_id, state, is_printing, is_changed, has_earlier): Details| {
            let deed = known.get(&id).copied().unwrap_or(ImportDeed::Added);
            let state: RecordState = parse("record", id, &state)?;
            let imported = Imported { deed, state, is_printing, is_changed, has_earlier };
            Ok(ImportedRow { id: RecordId(id), source, request_id, imported })
        };
        rows.into_iter().map(row).collect()
    }

    /// Keeps what a record is before an import updates it; of two updates by one import, what it was before the first. The photo is
    /// used by both bodies then.
    pub(super) async fn earlier_body_keep(
        &mut self,
        import: Option<ImportId>,
        record: RecordId,
    ) -> Result<(), StoreError> {
        const KNOWN: &str = "SELECT import_id FROM earlier_body WHERE record_id = $1";
        const KEEP: &str = "
            INSERT INTO earlier_body (record_id, import_id, kind, class, person_key, digest, photo_id, district, village,
                                      requested_at_us, verified_at_us, sealed, words)
            SELECT r.id, $2, r.kind, r.class, r.person_key, r.digest, r.photo_id, r.district, r.village, r.requested_at_us,
                   r.verified_at_us, p.sealed, p.words
            FROM record AS r JOIN person AS p ON p.record_id = r.id WHERE r.id = $1";
        const USE: &str = "
            UPDATE photo SET uses = uses + 1 WHERE id = (SELECT photo_id FROM earlier_body WHERE record_id = $1)";
        let failed = || doing("keeping what a record was");
        let Some(import) = import else { return Ok(()) };
        let known: Option<i64> =
            on!(self, c => sqlx::query_scalar(KNOWN).bind(record.0).fetch_optional(c)).map_err(failed())?;
        match known {
            Some(known) if known == import.0 => return Ok(()),
            Some(_) => self.earlier_bodies_remove(&[record.0]).await?,
            None => {}
        }
        execute!(self, sqlx::query(KEEP).bind(record.0).bind(import.0)).map_err(failed())?;
        execute!(self, sqlx::query(USE).bind(record.0)).map_err(failed())?;
        Ok(())
    }

    /// Forgets what records were before their last update, and purges photos that nothing uses any more.
    pub async fn earlier_bodies_remove(&mut self, records: &[i64]) -> Result<(), StoreError> {
        const REMOVE: &str = "
            DELETE FROM earlier_body WHERE record_id IN (SELECT CAST(value AS BIGINT) FROM json_each($1))
            RETURNING photo_id";
        if records.is_empty() {
            return Ok(());
        }
        let photos: Vec<Option<i64>> = on!(self, c => sqlx::query_scalar(REMOVE).bind(set(records)).fetch_all(c))
            .map_err(doing("forgetting what records were"))?;
        self.photos_unuse(&photos.into_iter().flatten().collect::<Vec<_>>()).await
    }

    /// The same of all records of a profile, whose look-up keys are made in another way.
    pub async fn earlier_bodies_of_profile_remove(&mut self, profile: &str) -> Result<(), StoreError> {
        const OF_PROFILE: &str = "
            SELECT e.record_id FROM earlier_body AS e JOIN record AS r ON r.id = e.record_id WHERE r.profile = $1";
        let records: Vec<i64> = on!(self, c => sqlx::query_scalar(OF_PROFILE).bind(profile).fetch_all(c))
            .map_err(doing("forgetting what records were"))?;
        self.earlier_bodies_remove(&records).await
    }

    /// What a record was before its last update; `None` if that is not kept.
    pub async fn earlier_body(&mut self, record: RecordId) -> Result<Option<EarlierBody>, StoreError> {
        const EARLIER: &str = "
            SELECT r.request_id, e.kind, e.class, e.person_key, e.digest, e.photo_id, e.district, e.village, e.requested_at_us,
                   e.verified_at_us, e.sealed, e.words, p.digest
            FROM earlier_body AS e JOIN record AS r ON r.id = e.record_id LEFT JOIN photo AS p ON p.id = e.photo_id
            WHERE e.record_id = $1";
        type Bytes = Vec<u8>;
        type Row = (
            String,
            String,
            i64,
            Bytes,
            Bytes,
            Option<i64>,
            String,
            String,
            i64,
            i64,
            Bytes,
            Option<Bytes>,
            Option<Bytes>,
        );
        let row: Option<Row> = on!(self, c => sqlx::query_as(EARLIER).bind(record.0).fetch_optional(c))
            .map_err(doing("reading what a record was"))?;
        let corrupt =
            |what: &str| StoreError::Corrupt { table: "earlier_body", id: record.to_string(), what: what.to_owned() };
        let digest = |bytes: Bytes| bytes.try_into().map_err(|_| corrupt("a digest has another length"));
        row.map(|r| {
            let body = NewRecord {
                id: record,
                request_id: r.0,
                state: RecordState::Waiting,
                reason: None,
                kind: r.1,
                class: r.2,
                person_key: digest(r.3)?,
                digest: digest(r.4)?,
                photo: r.5.map(PhotoId),
                district: r.6,
                village: r.7,
                requested_at_us: r.8,
                verified_at_us: r.9,
                sealed: r.10,
                words: super::name_word::of_column(&r.11.unwrap_or_default()),
            };
            Ok(EarlierBody { body, photo: r.12 })
        })
        .transpose()
    }

    /// Gives a record the body again that it had before its last update.
    pub async fn earlier_body_return(&mut self, earlier: &EarlierBody) -> Result<(), StoreError> {
        if let Some(photo) = earlier.body.photo {
            self.photos_use(&[(photo, 1)]).await?;
        }
        self.record_rewrite(&earlier.body, None).await?;
        self.earlier_bodies_remove(&[earlier.body.id.0]).await
    }
}
