//! Records, persons and the waiting list.

use super::{StoreError, Tx, backend::Inner, doing, execute, keys::Digest, new_record::NewRecord, on, parse, set};
use crate::domain::{
    batch::Claimed,
    card::profile::WALK_IN_CLASS,
    id::{AttemptKey, BatchId, ImportId, JobId, LotId, RecordId},
    job::{JobState, OpenJob},
    place::PlaceCause,
    record::{CardBlank, OtherRecord, Recall, RecordState, RecordView},
    stock::Place,
};

/// What an import needs to know of a stored record.
#[derive(Clone, Debug)]
pub struct StoredRow {
    /// The record.
    pub id: RecordId,
    /// The request id, which is unique within a source.
    pub request_id: String,
    /// Its profile.
    pub profile: String,
    /// Its state.
    pub state: RecordState,
    /// Whether its card is recalled because its source withdrew it.
    pub recalled: bool,
    /// Whether a person withdrew it, and its source did not.
    pub withdrawn_by_person: bool,
    /// Whether it is quarantined because its photo was deleted.
    pub photo_deleted: bool,
    /// The digest of body and photo.
    pub digest: Vec<u8>,
}

/// A record's body, to render it or to compare it.
#[derive(Clone, Debug)]
pub struct StoredBody {
    /// The record.
    pub id: RecordId,
    /// Its source.
    pub source: String,
    /// The request id, which is unique within a source.
    pub request_id: String,
    /// Its version.
    pub version: i64,
    /// The kind of request.
    pub kind: String,
    /// The first sort key of a batch.
    pub district: String,
    /// The second sort key of a batch.
    pub village: String,
    /// When the citizen made the request, in microseconds since 1970.
    pub requested_at_us: i64,
    /// When the record became print-ready, in microseconds since 1970.
    pub verified_at_us: i64,
    /// The person's fields, sealed.
    pub sealed: Vec<u8>,
    /// Whether printers have jobs that the database does not know and that no person has accepted: one may be of this record.
    pub has_unknown_jobs: bool,
}

/// A record's columns beside its sealed fields, to compare both.
#[derive(Clone, Debug)]
pub struct SealedBody {
    /// The record.
    pub id: RecordId,
    /// Its source.
    pub source: String,
    /// The request id, which is unique within a source.
    pub request_id: String,
    /// Its profile.
    pub profile: String,
    /// The kind of request.
    pub kind: String,
    /// Its state, as stored.
    pub state: String,
    /// The reason for which it is held, quarantined or withdrawn, as stored.
    pub reason: Option<String>,
    /// Whether the citizen has given its card back.
    pub surrendered: bool,
    /// The first sort key of a batch.
    pub district: String,
    /// The second sort key of a batch.
    pub village: String,
    /// When the citizen made the request, in microseconds since 1970.
    pub requested_at_us: i64,
    /// When the record became print-ready, in microseconds since 1970.
    pub verified_at_us: i64,
    /// The look-up key of the person.
    pub person_key: Vec<u8>,
    /// The digest of body and photo.
    pub digest: Vec<u8>,
    /// The digest of the photo, while it is stored.
    pub photo: Option<Vec<u8>>,
    /// The person's fields, sealed.
    pub sealed: Vec<u8>,
}

const BODY: &str = "
    SELECT r.id, r.source, r.request_id, r.version, r.kind, r.district, r.village, r.requested_at_us, r.verified_at_us, p.sealed,
           EXISTS (SELECT 1 FROM unknown_job WHERE accepted_at_us IS NULL)
    FROM json_each($1) AS v CROSS JOIN record AS r CROSS JOIN person AS p
    WHERE r.id = CAST(v.value AS BIGINT) AND p.record_id = r.id";

/// Removes records from the waiting list, by the list's key, whose columns the record has too.
macro_rules! unlist {
    ($records:literal) => {
        concat!(
            "
            DELETE FROM waiting
            WHERE (profile, class, verified_at_us, requested_at_us, source, request_id) IN (
                SELECT r.profile, r.class, r.verified_at_us, r.requested_at_us, r.source, r.request_id
                FROM json_each(",
            $records,
            ") AS v CROSS JOIN record AS r WHERE r.id = CAST(v.value AS BIGINT))"
        )
    };
}
pub(super) use unlist;

/// The first records of the waiting list; none while the persons of the profile are rekeyed. Its argument limits them further.
macro_rules! first_from {
    ($more:literal) => {
        concat!(
            "SELECT r.id, r.district, r.village, r.version, r.copy, r.stop IS NOT NULL, w.class
            FROM (SELECT * FROM waiting WHERE profile = $1
                  AND NOT EXISTS (SELECT 1 FROM person_rule WHERE profile = $1 AND next_rule IS NOT NULL)",
            $more,
            "ORDER BY class, verified_at_us, requested_at_us, source, request_id LIMIT $2) AS w
            JOIN record AS r ON r.id = w.record_id
            ORDER BY w.class, w.verified_at_us, w.requested_at_us, w.source, w.request_id"
        )
    };
}
const FIRST: &str = first_from!(" ");
const FIRST_FROM_BOUND: &str = first_from!(
    " AND (class, verified_at_us, requested_at_us, source, request_id) >=
                      (COALESCE((SELECT class FROM claim_bound WHERE profile = $1), -9223372036854775808),
                       COALESCE((SELECT verified_at_us FROM claim_bound WHERE profile = $1), 0),
                       COALESCE((SELECT requested_at_us FROM claim_bound WHERE profile = $1), 0),
                       COALESCE((SELECT source FROM claim_bound WHERE profile = $1), ''),
                       COALESCE((SELECT request_id FROM claim_bound WHERE profile = $1), ''))
                  "
);

/// The records `r` for the profile `$2` that [count](OtherRecord::counts), of the persons `$1` with a slot each, which is compared.
macro_rules! of_persons {
    ($compared:literal) => {
        concat!(
            "SELECT v.key, r.id, r.state, r.surrendered
             FROM json_each($1) AS v CROSS JOIN record AS r
             WHERE substr(r.person_key, 1, 12) = substr(unhex(v.value ->> 0), 1, 12) AND r.slot ",
            $compared,
            " CAST(v.value ->> 1 AS BIGINT) AND r.person_key = unhex(v.value ->> 0) AND r.profile = $2
             AND (r.slot = 0 OR (r.state = 'handed_over' AND NOT r.surrendered))"
        )
    };
}
pub(super) const IN_SLOTS: &str = of_persons!("=");
pub(super) const AFTER_SLOTS: &str = of_persons!(">");

impl Tx {
    /// Replaces a record's body with its next version. Its state does not change; a record on the waiting list gets its new
    /// position. One that jumped stays in its class. What it was before an import is kept.
    pub async fn record_rewrite(&mut self, body: &NewRecord, import: Option<ImportId>) -> Result<(), StoreError> {
        const REWRITE: &str = "
            UPDATE record
            SET version = version + 1, kind = $2, class = CASE WHEN jumped THEN class ELSE $3 END, person_key = $4, digest = $5, photo_id = $6, district = $7,
                village = $8, requested_at_us = $9, verified_at_us = $10
            WHERE id = $1";
        const BEFORE: &str = "
            SELECT profile, district, state, stop IS NOT NULL, CASE WHEN jumped THEN class ELSE $2 END,
                   class <> CASE WHEN jumped THEN class ELSE $2 END OR verified_at_us <> $3 OR requested_at_us <> $4
            FROM record WHERE id = $1";
        let (profile, district, state, stopped, class, moves): (String, String, String, bool, i64, bool) =
            on!(self, c => sqlx::query_as(BEFORE)
                .bind(body.id.0)
                .bind(body.class)
                .bind(body.verified_at_us)
                .bind(body.requested_at_us)
                .fetch_one(c))
            .map_err(doing("reading a record"))?;
        if moves {
            self.place_changes_add(&[(body.id.0, PlaceCause::Updated.as_str(), class, None)]).await?;
        }
        let state = parse("record", body.id, &state)?;
        self.deltas.record_moved(&profile, [&district, &body.district], state, stopped);
        self.earlier_body_keep(import, body.id).await?;
        // The key of the waiting list contains values of the body.
        let listed = self.waiting_delete(&[body.id.0]).await? == 1;
        self.photos_release(&[body.id.0]).await?;
        execute!(
            self,
            sqlx::query(REWRITE)
                .bind(body.id.0)
                .bind(&body.kind)
                .bind(body.class)
                .bind(body.person_key.as_slice())
                .bind(body.digest.as_slice())
                .bind(body.photo.map(|p| p.0))
                .bind(&body.district)
                .bind(&body.village)
                .bind(body.requested_at_us)
                .bind(body.verified_at_us)
        )
        .map_err(doing("updating a record"))?;
        execute!(
            self,
            sqlx::query("UPDATE person SET sealed = $2 WHERE record_id = $1")
                .bind(body.id.0)
                .bind(body.sealed.as_slice())
        )
        .map_err(doing("updating a person"))?;
        self.name_words_replace(body.id, &body.words).await?;
        self.changes.rewritten.push(body.id.0);
        if listed { self.waiting_add(&[body.id.0]).await } else { Ok(()) }
    }

    /// The records of a source with these request ids.
    pub async fn records_find(&mut self, source: &str, request_ids: &[&str]) -> Result<Vec<StoredRow>, StoreError> {
        // The source is part of each element: compared with one parameter, PostgreSQL reads all records of the source if it
        // has no statistics yet.
        const FIND: &str = "
            SELECT r.id, r.request_id, r.profile, r.state, r.digest, COALESCE(r.stop = 'withdrawn', FALSE),
                   COALESCE(r.state = 'withdrawn' AND r.reason LIKE '{\"code\":\"withdrawn-by-person\"%', FALSE),
                   COALESCE(r.state = 'quarantined' AND r.reason LIKE '%\"purged\"%', FALSE)
            FROM json_each($1) AS v CROSS JOIN record AS r WHERE r.source = v.value ->> 0 AND r.request_id = v.value ->> 1";
        type Row = (i64, String, String, String, Vec<u8>, bool, bool, bool);
        let rows: Vec<_> = request_ids.iter().map(|id| (source, id)).collect();
        let rows: Vec<Row> =
            on!(self, c => sqlx::query_as(FIND).bind(set(&rows)).fetch_all(c)).map_err(doing("finding records"))?;
        let row = |(id, request_id, profile, state, digest, recalled, withdrawn_by_person, photo_deleted): Row| {
            Ok(StoredRow {
                id: RecordId(id),
                state: parse("record", id, &state)?,
                request_id,
                profile,
                recalled,
                withdrawn_by_person,
                photo_deleted,
                digest,
            })
        };
        rows.into_iter().map(row).collect()
    }

    /// The records of these persons for a profile that [count](OtherRecord::counts) when another is to be opened, with their persons.
    /// Of each person only records with the given slot: 0 for the one that occupies the person's slot, else the record's number.
    pub async fn records_in_slots(
        &mut self,
        profile: &str,
        persons: &[(Digest, i64)],
    ) -> Result<Vec<(Digest, RecordId, OtherRecord)>, StoreError> {
        if persons.is_empty() { Ok(Vec::new()) } else { self.of_persons(IN_SLOTS, profile, persons).await }
    }

    /// As [`records_in_slots`](Self::records_in_slots), but with a greater slot: of all records after -1. Reads all of them, counted or
    /// not.
    pub async fn records_after_slots(
        &mut self,
        profile: &str,
        persons: &[(Digest, i64)],
    ) -> Result<Vec<(Digest, RecordId, OtherRecord)>, StoreError> {
        self.of_persons(AFTER_SLOTS, profile, persons).await
    }

    async fn of_persons(
        &mut self,
        find: &'static str,
        profile: &str,
        persons: &[(Digest, i64)],
    ) -> Result<Vec<(Digest, RecordId, OtherRecord)>, StoreError> {
        let keys: Vec<_> = persons.iter().map(|(key, slot)| (super::keys::hex(key), slot)).collect();
        let rows: Vec<(i64, i64, String, bool)> =
            on!(self, c => sqlx::query_as(find).bind(set(&keys)).bind(profile).fetch_all(c))
                .map_err(doing("finding persons"))?;
        let row = |(at, id, state, surrendered): (i64, i64, String, bool)| {
            let (person, _) = persons[usize::try_from(at).unwrap_or(usize::MAX)];
            Ok((person, RecordId(id), OtherRecord { state: parse("record", id, &state)?, surrendered }))
        };
        rows.into_iter().map(row).collect()
    }

    /// The bodies of records, in no particular order.
    pub async fn bodies_get(&mut self, records: &[RecordId]) -> Result<Vec<StoredBody>, StoreError> {
        type Row = (i64, String, String, i64, String, String, String, i64, i64, Vec<u8>, bool);
        let rows: Vec<Row> =
            on!(self, c => sqlx::query_as(BODY).bind(set(records)).fetch_all(c)).map_err(doing("reading bodies"))?;
        let body = |r: Row| StoredBody {
            id: RecordId(r.0),
            source: r.1,
            request_id: r.2,
            version: r.3,
            kind: r.4,
            district: r.5,
            village: r.6,
            requested_at_us: r.7,
            verified_at_us: r.8,
            sealed: r.9,
            has_unknown_jobs: r.10,
        };
        Ok(rows.into_iter().map(body).collect())
    }

    /// Records with a number above `after` and their persons, by number, at most `limit`.
    pub async fn sealed_bodies(&mut self, after: RecordId, limit: i64) -> Result<Vec<SealedBody>, StoreError> {
        const PAGE: &str = "
            SELECT r.id, r.source, r.request_id, r.profile, r.kind, r.district, r.village, r.requested_at_us, r.verified_at_us,
                   r.person_key, r.digest, photo.digest, p.sealed, r.state, r.surrendered, r.reason
            FROM record AS r JOIN person AS p ON p.record_id = r.id LEFT JOIN photo ON photo.id = r.photo_id
            WHERE r.id > $1 ORDER BY r.id LIMIT $2";
        type Bytes = Vec<u8>;
        type Row = (
            i64,
            String,
            String,
            String,
            String,
            String,
            String,
            i64,
            i64,
            Bytes,
            Bytes,
            Option<Bytes>,
            Bytes,
            String,
            bool,
            Option<String>,
        );
        let rows: Vec<Row> = on!(self, c => sqlx::query_as(PAGE).bind(after.0).bind(limit).fetch_all(c))
            .map_err(doing("reading persons"))?;
        let body = |r: Row| SealedBody {
            id: RecordId(r.0),
            source: r.1,
            request_id: r.2,
            profile: r.3,
            kind: r.4,
            district: r.5,
            village: r.6,
            requested_at_us: r.7,
            verified_at_us: r.8,
            person_key: r.9,
            digest: r.10,
            photo: r.11,
            sealed: r.12,
            state: r.13,
            surrendered: r.14,
            reason: r.15,
        };
        Ok(rows.into_iter().map(body).collect())
    }

    /// A record by source and request id.
    pub async fn record_find(&mut self, source: &str, request_id: &str) -> Result<Option<RecordId>, StoreError> {
        let sql = "SELECT id FROM record WHERE source = $1 AND request_id = $2";
        let id = on!(self, c => sqlx::query_scalar(sql).bind(source).bind(request_id).fetch_optional(c));
        Ok(id.map_err(doing("finding a record"))?.map(RecordId))
    }

    /// The priority class of a record, and whether a person put it there.
    pub async fn record_class(&mut self, record: RecordId) -> Result<(i64, bool), StoreError> {
        let sql = "SELECT class, jumped FROM record WHERE id = $1";
        on!(self, c => sqlx::query_as(sql).bind(record.0).fetch_one(c)).map_err(doing("reading a record"))
    }

    /// A record with everything that the functions of [`record`](crate::domain::record) need.
    pub async fn record_view(&mut self, record: RecordId) -> Result<RecordView, StoreError> {
        const VIEW: &str = "
            SELECT source, request_id, profile, kind, state, version, stop, checked, surrendered, reason, note, copy
            FROM record WHERE id = $1";
        type Optional = Option<String>;
        type Row = (String, String, String, String, String, i64, Optional, bool, bool, Optional, Optional, i64);
        let r: Row =
            on!(self, c => sqlx::query_as(VIEW).bind(record.0).fetch_one(c)).map_err(doing("reading a record"))?;
        Ok(RecordView {
            id: record,
            subject: format!("record {}/{}", r.0, r.1),
            profile: r.2,
            kind: r.3,
            state: parse("record", record, &r.4)?,
            version: r.5,
            copy: r.11,
            stop: r.6.as_deref().and_then(Recall::from_stored),
            checked: r.7,
            surrendered: r.8,
            sent: self.card_out(record).await?.and_then(|out| out.sent),
            reason: r.9,
            note: r.10,
            open_job: self.open_job(record).await?,
            card: self.card_blank(record).await?,
        })
    }

    async fn open_job(&mut self, record: RecordId) -> Result<Option<OpenJob>, StoreError> {
        const OPEN: &str = "
            SELECT job.id, job.state, job.batch_id, job.lot_id, batch.place
            FROM job JOIN batch ON batch.id = job.batch_id
            WHERE job.record_id = $1 AND job.state IN ('queued', 'printing', 'uncertain')";
        let row: Option<(i64, String, i64, i64, String)> =
            on!(self, c => sqlx::query_as(OPEN).bind(record.0).fetch_optional(c)).map_err(doing("reading a job"))?;
        let job = |(id, state, batch, lot, place): (i64, String, i64, i64, String)| {
            let state: JobState = parse("job", id, &state)?;
            Ok(OpenJob {
                id: JobId(id),
                state,
                batch: BatchId(batch),
                lot: LotId(lot),
                place: Place::from_stored(&place),
            })
        };
        row.map(job).transpose()
    }

    async fn card_blank(&mut self, record: RecordId) -> Result<Option<CardBlank>, StoreError> {
        const CARD: &str = "
            SELECT j.lot_id, j.batch_id, a.id AS attempt_id, j.id AS job_id
            FROM job AS j JOIN attempt AS a ON a.job_id = j.id
            WHERE j.record_id = $1 AND j.state = 'printed' AND a.state = 'printed'
            UNION ALL
            SELECT j.lot_id, j.batch_id, a.id, j.id
            FROM job_archive AS j JOIN attempt_archive AS a ON a.job_id = j.id
            WHERE j.record_id = $1 AND j.state = 'printed' AND a.state = 'printed'
            ORDER BY job_id DESC LIMIT 1";
        let row: Option<(i64, i64, i64, i64)> =
            on!(self, c => sqlx::query_as(CARD).bind(record.0).fetch_optional(c)).map_err(doing("reading a card"))?;
        let card = |(lot, batch, attempt, job)| CardBlank {
            lot: LotId(lot),
            batch: BatchId(batch),
            attempt: AttemptKey(attempt),
            job: JobId(job),
        };
        Ok(row.map(card))
    }

    pub(super) async fn waiting_add(&mut self, records: &[i64]) -> Result<(), StoreError> {
        const ADD: &str = "
            INSERT INTO waiting (record_id, profile, class, verified_at_us, requested_at_us, source, request_id)
            SELECT r.id, r.profile, r.class, r.verified_at_us, r.requested_at_us, r.source, r.request_id
            FROM json_each($1) AS v CROSS JOIN record AS r WHERE r.id = CAST(v.value AS BIGINT)";
        if !records.is_empty() {
            execute!(self, sqlx::query(ADD).bind(set(records))).map_err(doing("adding to the waiting list"))?;
        }
        Ok(())
    }

    pub(super) async fn waiting_remove(&mut self, records: &[i64]) -> Result<(), StoreError> {
        let taken = self.waiting_delete(records).await?;
        if taken == records.len() as u64 { Ok(()) } else { Err(StoreError::Conflict("the waiting list")) }
    }

    /// Removes records from the waiting list. Returns how many were on it.
    async fn waiting_delete(&mut self, records: &[i64]) -> Result<u64, StoreError> {
        const TAKE: &str = unlist!("$1");
        if records.is_empty() {
            return Ok(0);
        }
        let done =
            execute!(self, sqlx::query(TAKE).bind(set(records))).map_err(doing("taking from the waiting list"))?;
        Ok(done)
    }

    /// All records that wait, of all profiles: key, source and request id.
    pub async fn waiting_all(&mut self) -> Result<Vec<(RecordId, String, String)>, StoreError> {
        const ALL: &str = "SELECT record_id, source, request_id FROM waiting";
        let rows: Vec<(i64, String, String)> =
            on!(self, c => sqlx::query_as(ALL).fetch_all(c)).map_err(doing("reading the waiting list"))?;
        Ok(rows.into_iter().map(|(id, source, request_id)| (RecordId(id), source, request_id)).collect())
    }

    /// All records that wait, or whose card is queued in a batch: key, source and request id.
    pub async fn records_unprinted(&mut self) -> Result<Vec<(RecordId, String, String)>, StoreError> {
        const ALL: &str = "
            SELECT record_id, source, request_id FROM waiting
            UNION ALL
            SELECT r.id, r.source, r.request_id FROM job AS j JOIN record AS r ON r.id = j.record_id WHERE j.state = 'queued'";
        let rows: Vec<(i64, String, String)> =
            on!(self, c => sqlx::query_as(ALL).fetch_all(c)).map_err(doing("reading the waiting list"))?;
        Ok(rows.into_iter().map(|(id, source, request_id)| (RecordId(id), source, request_id)).collect())
    }

    /// The first `n` records of a profile's waiting list, in order. The cost depends on `n`, not on the length of the list.
    pub async fn waiting_first(&mut self, profile: &str, n: i64) -> Result<Vec<Claimed>, StoreError> {
        let first = if matches!(self.inner, Inner::Postgres(_)) { FIRST_FROM_BOUND } else { FIRST };
        let rows: Vec<(i64, String, String, i64, i64, bool, i64)> =
            on!(self, c => sqlx::query_as(first).bind(profile).bind(n).fetch_all(c))
                .map_err(doing("reading the waiting list"))?;
        let claimed = |(id, district, village, version, copy, recalled, class)| Claimed {
            record: RecordId(id),
            district,
            village,
            version,
            copy,
            recalled,
            is_walk_in: class == WALK_IN_CLASS,
        };
        Ok(rows.into_iter().map(claimed).collect())
    }
}
