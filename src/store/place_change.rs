//! What changed the place of records in the order of the waiting list: the jumps of people, and lists with other keys.
//!
//! A row has the keys before the change, so that the keys of a record at any time are those of the first change after it, or else the
//! present ones. Changes are numbered in the order of their commits.

use std::collections::HashMap;

use super::{StoreError, Tx, doing, execute, on, sealed_table::SealedTable, set};
use crate::domain::{
    id::RecordId,
    place::{PlaceCause, PlaceKeys},
    record::RecordState,
    time::Timestamp,
    transition::RecordChange,
};

/// A jump: a person's change of the class of a record.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct JumpLine {
    /// When, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
    /// Who did it.
    pub by: String,
    /// The record's source.
    pub source: String,
    /// The record's request id.
    pub request_id: String,
    /// The record's profile.
    pub profile: String,
    /// What was done.
    pub cause: PlaceCause,
    /// The class before.
    pub from_class: i64,
    /// The class after.
    pub to_class: i64,
    /// Why.
    pub note: String,
}

/// The keys of a record in the order, and those before each of its later changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeysOverTime {
    /// Its profile.
    pub profile: String,
    /// The first key of the pile, as it is now.
    pub district: String,
    /// The second one.
    pub village: String,
    /// The present keys.
    now: PlaceKeys,
    /// The number of a change and the keys before it, by number.
    before: Vec<(i64, PlaceKeys)>,
}

impl KeysOverTime {
    /// The keys after the change with this number, and before the next one.
    pub fn after(&self, change: i64) -> &PlaceKeys {
        self.before.iter().find(|(number, _)| *number > change).map_or(&self.now, |(_, keys)| keys)
    }
}

/// A change of a place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlaceChange {
    /// Its number.
    pub id: i64,
    /// The record.
    pub record: RecordId,
    /// What it was.
    pub cause: PlaceCause,
    /// The class before it.
    pub from_class: i64,
}

/// The jumps `p`, by number, the last first: below `$1`, at most `$2`.
macro_rules! jumps {
    ($condition:literal) => {
        concat!(
            "SELECT p.id, p.at_us, p.actor, r.source, r.request_id, r.profile, p.cause, p.class, p.to_class, p.note
             FROM place_change AS p CROSS JOIN record AS r
             WHERE r.id = p.record_id AND p.note IS NOT NULL AND p.id < $1",
            $condition,
            " ORDER BY p.id DESC LIMIT $2"
        )
    };
}
pub(super) const JUMPS: &str = jumps!("");
pub(super) const JUMPS_AFTER: &str = jumps!(" AND p.id > $3");
pub(super) const JUMPS_OF: &str = jumps!(" AND p.record_id = $3");
/// The last change before an instant; changes are numbered in the order of time.
pub(super) const LAST_BEFORE: &str =
    "SELECT id FROM place_change WHERE at_us < $1 ORDER BY at_us DESC, id DESC LIMIT 1";
pub(super) const KEYS_NOW: &str = "
    SELECT r.id, r.profile, r.class, r.verified_at_us, r.requested_at_us, r.source, r.request_id,
           r.district, r.village
    FROM json_each($1) AS v CROSS JOIN record AS r WHERE r.id = CAST(v.value AS BIGINT)";
pub(super) const KEYS_BEFORE: &str = "
    SELECT p.record_id, p.id, p.class, p.verified_at_us, p.requested_at_us
    FROM json_each($1) AS v CROSS JOIN place_change AS p
    WHERE p.record_id = CAST(v.value AS BIGINT) AND p.id > $2
    ORDER BY p.record_id, p.id";
pub(super) const BY_NUMBER: &str = "
    SELECT p.id, p.record_id, p.cause, p.class FROM json_each($1) AS v CROSS JOIN place_change AS p
    WHERE p.id = CAST(v.value AS BIGINT) ORDER BY p.id";

/// The next class of a profile's waiting list, from one on.
pub(super) const CLASS_FROM: &str = "SELECT MIN(class) FROM waiting WHERE profile = $1 AND class >= $2";
/// The records of one class before one, at most `$7`.
pub(super) const BEFORE: &str = "
    SELECT COUNT(*) FROM (
        SELECT 1 AS one FROM waiting
        WHERE profile = $1 AND class = $2
          AND (verified_at_us, requested_at_us, source, request_id) < ($3, $4, $5, $6) LIMIT $7) AS before";

const READING: &str = "reading the order of records";

type JumpRow = (i64, i64, String, String, String, String, String, i64, i64, String);

fn jump_line(row: JumpRow) -> Option<(i64, JumpLine)> {
    let (id, at, by, source, request_id, profile, cause, from_class, to_class, note) = row;
    let cause = PlaceCause::from_stored(&cause)?;
    let at = Timestamp(at).to_string();
    Some((id, JumpLine { at, by, source, request_id, profile, cause, from_class, to_class, note }))
}

impl Tx {
    /// The jumps of all records, or those that were made at an instant or later, the last first: below the number `before`, at most
    /// `limit`, each with its number.
    pub async fn jumps_list(
        &mut self,
        since: Option<Timestamp>,
        (before, limit): (i64, i64),
    ) -> Result<Vec<(i64, JumpLine)>, StoreError> {
        let after = match since {
            Some(since) => self.place_change_before(since).await?,
            None => 0,
        };
        let rows: Vec<JumpRow> = if after == 0 {
            on!(self, c => sqlx::query_as(JUMPS).bind(before).bind(limit).fetch_all(c))
        } else {
            on!(self, c => sqlx::query_as(JUMPS_AFTER).bind(before).bind(limit).bind(after).fetch_all(c))
        }
        .map_err(doing("listing jumps"))?;
        Ok(rows.into_iter().filter_map(jump_line).collect())
    }

    /// The last jump of a record; `None` if it never jumped.
    pub async fn last_jump(&mut self, record: RecordId) -> Result<Option<JumpLine>, StoreError> {
        let rows: Vec<JumpRow> =
            on!(self, c => sqlx::query_as(JUMPS_OF).bind(i64::MAX).bind(1_i64).bind(record.0).fetch_all(c))
                .map_err(doing("listing jumps"))?;
        Ok(rows.into_iter().find_map(jump_line).map(|(_, line)| line))
    }

    /// The number of the last change before an instant; 0 if there is none.
    pub async fn place_change_before(&mut self, at: Timestamp) -> Result<i64, StoreError> {
        let last: Option<i64> =
            on!(self, c => sqlx::query_scalar(LAST_BEFORE).bind(at.0).fetch_optional(c)).map_err(doing(READING))?;
        Ok(last.unwrap_or(0))
    }

    /// The keys of a record in the order.
    pub async fn place_keys(&mut self, record: RecordId) -> Result<PlaceKeys, StoreError> {
        let keys = self.keys_over_time(&[record.0], i64::MAX).await?.remove(&record.0);
        keys.map(|keys| keys.now).ok_or(StoreError::Conflict("the record"))
    }

    /// The first class from `from` on in which a record of a profile waits.
    pub async fn waiting_next_class(&mut self, profile: &str, from: i64) -> Result<Option<i64>, StoreError> {
        on!(self, c => sqlx::query_scalar(CLASS_FROM).bind(profile).bind(from).fetch_one(c)).map_err(doing(READING))
    }

    /// The records of the same profile and class before one on the waiting list; `most` if there are more, which are not read.
    pub async fn waiting_before(&mut self, (profile, keys): (&str, &PlaceKeys), most: i64) -> Result<i64, StoreError> {
        on!(self, c => sqlx::query_scalar(BEFORE)
            .bind(profile)
            .bind(keys.class)
            .bind(keys.verified_at.0)
            .bind(keys.requested_at.0)
            .bind(&*keys.source)
            .bind(&*keys.request_id)
            .bind(most)
            .fetch_one(c))
        .map_err(doing(READING))
    }

    /// Changes by their numbers.
    pub async fn place_changes(&mut self, numbers: &[i64]) -> Result<Vec<PlaceChange>, StoreError> {
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<(i64, i64, String, i64)> =
            on!(self, c => sqlx::query_as(BY_NUMBER).bind(set(numbers)).fetch_all(c)).map_err(doing(READING))?;
        let change = |(id, record, cause, from_class): (i64, i64, String, i64)| {
            let cause = PlaceCause::from_stored(&cause)?;
            Some(PlaceChange { id, record: RecordId(record), cause, from_class })
        };
        Ok(rows.into_iter().filter_map(change).collect())
    }

    /// The keys of records after the change number `after` and after each later one.
    pub async fn keys_over_time(
        &mut self,
        records: &[i64],
        after: i64,
    ) -> Result<HashMap<i64, KeysOverTime>, StoreError> {
        type Now = (i64, String, i64, i64, i64, String, String, String, String);
        if records.is_empty() {
            return Ok(HashMap::new());
        }
        let now: Vec<Now> =
            on!(self, c => sqlx::query_as(KEYS_NOW).bind(set(records)).fetch_all(c)).map_err(doing(READING))?;
        let before: Vec<(i64, i64, i64, i64, i64)> =
            on!(self, c => sqlx::query_as(KEYS_BEFORE).bind(set(records)).bind(after).fetch_all(c))
                .map_err(doing(READING))?;
        let over_time = |(id, profile, class, verified, requested, source, request_id, district, village): Now| {
            let (verified_at, requested_at) = (Timestamp(verified), Timestamp(requested));
            let now = PlaceKeys { class, verified_at, requested_at, source, request_id };
            (id, KeysOverTime { profile, district, village, now, before: Vec::new() })
        };
        let mut keys: HashMap<i64, KeysOverTime> = now.into_iter().map(over_time).collect();
        for (record, number, class, verified, requested) in before {
            if let Some(of) = keys.get_mut(&record) {
                let (verified_at, requested_at) = (Timestamp(verified), Timestamp(requested));
                of.before.push((number, PlaceKeys { class, verified_at, requested_at, ..of.now.clone() }));
            }
        }
        Ok(keys)
    }

    /// Writes down what changes places, before it does: each record with its cause, its new class and the words of a person.
    pub(super) async fn place_changes_add(
        &mut self,
        changes: &[(i64, &'static str, i64, Option<&str>)],
    ) -> Result<(), StoreError> {
        const ADD: &str = "
            INSERT INTO place_change (id, record_id, cause, class, verified_at_us, requested_at_us, to_class, at_us, actor, account, note)
            SELECT CAST(v.value ->> 0 AS BIGINT), r.id, v.value ->> 2, r.class, r.verified_at_us, r.requested_at_us,
                   CAST(v.value ->> 3 AS BIGINT), $2, $3, $4, v.value ->> 4
            FROM json_each($1) AS v CROSS JOIN record AS r WHERE r.id = CAST(v.value ->> 1 AS BIGINT)";
        const NEXT: &str = "SELECT COALESCE(MAX(id), 0) + 1 FROM place_change";
        let what = || doing("changing the order of records");
        let next: i64 = on!(self, c => sqlx::query_scalar(NEXT).fetch_one(c)).map_err(what())?;
        let rows: Vec<_> =
            (next..).zip(changes).map(|(id, change)| (id, change.0, change.1, change.2, change.3)).collect();
        let actor = self.writer.actor.clone();
        let (name, account, _) = actor.columns();
        execute!(self, sqlx::query(ADD).bind(set(&rows)).bind(self.now.0).bind(name).bind(account)).map_err(what())?;
        for (id, ..) in rows {
            self.touched(SealedTable::PlaceChange, id);
        }
        Ok(())
    }

    /// Lets records jump. One that waits moves in the waiting list, whose key has the class.
    pub(super) async fn jumps_save(&mut self, changes: &[RecordChange]) -> Result<(), StoreError> {
        const CHANGE: &str = "
            UPDATE record SET class = CAST(v.value ->> 1 AS BIGINT), jumped = CAST(v.value ->> 2 AS BIGINT) <> 0
            FROM json_each($1) AS v
            WHERE record.id = CAST(v.value ->> 0 AS BIGINT)";
        let jumps: Vec<_> = changes.iter().filter_map(|c| Some((c, c.jump.as_ref()?))).collect();
        if jumps.is_empty() {
            return Ok(());
        }
        let added = jumps.iter().map(|(c, jump)| (c.id.0, jump.cause.as_str(), jump.class, Some(&*jump.note)));
        self.place_changes_add(&added.collect::<Vec<_>>()).await?;
        let is_listed = |(change, _): &&(&RecordChange, _)| change.to == RecordState::Waiting;
        let waiting: Vec<i64> = jumps.iter().filter(is_listed).map(|(change, _)| change.id.0).collect();
        let classes: Vec<_> =
            jumps.iter().map(|(c, jump)| (c.id.0, jump.class, i64::from(jump.cause.is_kept()))).collect();
        self.waiting_remove(&waiting).await?;
        execute!(self, sqlx::query(CHANGE).bind(set(&classes))).map_err(doing("saving a transition"))?;
        self.waiting_add(&waiting).await
    }
}
