//! New records of an import, with their persons and their place on the waiting list.

use std::collections::BTreeMap;

use sqlx::{PgConnection, QueryBuilder, SqliteConnection};

use super::{Inner, StoreError, Tx, doing, keys::Digest, name_word::column_of, on, rows::column};
use crate::domain::{
    id::{PhotoId, RecordId},
    ranges::ranges,
    record::RecordState,
};

/// A record to be stored by an import.
#[derive(Debug)]
pub struct NewRecord {
    /// Its number, from [`Tx::record_next_id`].
    pub id: RecordId,
    /// The request id, which is unique within a source.
    pub request_id: String,
    /// `waiting` or `quarantined`.
    pub state: RecordState,
    /// The reason for quarantine.
    pub reason: Option<String>,
    /// The kind of request.
    pub kind: String,
    /// The priority class; lower ones are printed first.
    pub class: i64,
    /// The look-up key of the person.
    pub person_key: Digest,
    /// The digest of body and photo.
    pub digest: Digest,
    /// The photo, if it has one.
    pub photo: Option<PhotoId>,
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
    /// The look-up keys of the words of the name, see [`word_keys`](super::word_keys).
    pub words: Vec<i64>,
}

/// Rows in one insert of SQLite. Their parameters stay below its limit of 32,766, and full inserts share one prepared statement.
const INSERT_ROWS: usize = 500;
/// The same of words, which have two columns.
const INSERT_WORDS: usize = 2_000;

/// PostgreSQL gets each column as an array: the text is the same for any number of rows, so it is parsed and planned once.
const ADD: &str = "
    WITH new AS (
        SELECT *
        FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
            AS v (id, request_id, kind, class, state, slot, person_key, digest, photo_id, district, village, requested_at_us,
                  verified_at_us, reason)
    ), records AS (
        INSERT INTO record (id, source, request_id, profile, kind, class, state, slot, person_key, digest, photo_id, district,
                            village, requested_at_us, verified_at_us, reason)
        SELECT id, $1, request_id, $2, kind, class, state, slot, person_key, digest, photo_id, district, village,
               requested_at_us, verified_at_us, reason
        FROM new
    ), persons AS (
        INSERT INTO person (record_id, sealed, words) SELECT * FROM unnest($3, $17, $18)
    ), words AS (
        INSERT INTO name_word (word, record_id) SELECT * FROM unnest($19, $20)
    )
    INSERT INTO waiting (record_id, profile, class, verified_at_us, requested_at_us, source, request_id)
    SELECT id, $2, class, verified_at_us, requested_at_us, $1, request_id FROM new WHERE state = 'waiting'";

impl Tx {
    /// The number of the next new record. Valid within a write transaction, of which there is one at a time.
    pub async fn record_next_id(&mut self) -> Result<i64, StoreError> {
        let sql = "SELECT COALESCE(MAX(id), 0) + 1 FROM record";
        on!(self, c => sqlx::query_scalar(sql).fetch_one(c)).map_err(doing("reading the newest record"))
    }

    /// Adds new records. Records in state `waiting` are added to the waiting list as well.
    pub async fn records_add(
        &mut self,
        source: &str,
        profile: &str,
        records: Vec<NewRecord>,
    ) -> Result<(), StoreError> {
        for record in &records {
            self.deltas.record_added(profile, &record.district, record.state);
        }
        self.changes_added(&records);
        match &mut self.inner {
            Inner::Sqlite(transaction) => {
                let added = match transaction.open() {
                    Ok(connection) => add_to_sqlite(connection, source, profile, &records).await,
                    Err(error) => Err(error),
                };
                transaction.note(&added);
                added.map_err(doing("adding records"))?;
                let waiting = records.iter().filter(|record| record.state == RecordState::Waiting);
                let waiting: Vec<i64> = waiting.map(|record| record.id.0).collect();
                self.waiting_add(&waiting).await
            }
            Inner::Postgres(transaction) => {
                Box::pin(transaction.run(async |c| add_to_postgres(c, source, profile, &records).await))
                    .await
                    .map_err(doing("adding records"))
            }
        }
    }
}

impl Tx {
    fn changes_added(&mut self, records: &[NewRecord]) {
        let mut by_state: BTreeMap<&'static str, Vec<i64>> = BTreeMap::new();
        for record in records {
            by_state.entry(record.state.as_str()).or_default().push(record.id.0);
        }
        for (state, mut ids) in by_state {
            ids.sort_unstable();
            let all = self.changes.added.entry(state.into()).or_default();
            if !all.is_empty() {
                all.push(',');
            }
            all.push_str(&ranges(&ids));
        }
    }
}

/// The slot of its person that the record takes: 0 if it occupies the one place, else its own.
fn slot(record: &NewRecord) -> i64 {
    if record.state.occupies_slot() { 0 } else { record.id.0 }
}

async fn add_to_sqlite(
    connection: &mut SqliteConnection,
    source: &str,
    profile: &str,
    records: &[NewRecord],
) -> Result<(), sqlx::Error> {
    for chunk in records.chunks(INSERT_ROWS) {
        let mut sql = QueryBuilder::new(
            "INSERT INTO record (id, source, request_id, profile, kind, class, state, slot, person_key, digest,
                                 photo_id, district, village, requested_at_us, verified_at_us, reason) ",
        );
        sql.push_values(chunk, |mut row, r| {
            row.push_bind(r.id.0).push_bind(source).push_bind(&r.request_id).push_bind(profile);
            row.push_bind(&r.kind).push_bind(r.class).push_bind(r.state.as_str()).push_bind(slot(r));
            row.push_bind(&r.person_key[..]).push_bind(&r.digest[..]);
            row.push_bind(r.photo.map(|p| p.0)).push_bind(&r.district).push_bind(&r.village);
            row.push_bind(r.requested_at_us).push_bind(r.verified_at_us).push_bind(&r.reason);
        });
        sql.build().execute(&mut *connection).await?;
        let mut sql = QueryBuilder::new("INSERT INTO person (record_id, sealed, words) ");
        sql.push_values(chunk, |mut row, r| {
            row.push_bind(r.id.0).push_bind(&r.sealed).push_bind(column_of(&r.words));
        });
        sql.build().execute(&mut *connection).await?;
    }
    for chunk in words_of(records).chunks(INSERT_WORDS) {
        let mut sql = QueryBuilder::new("INSERT INTO name_word (word, record_id) ");
        sql.push_values(chunk, |mut row, (word, record)| {
            row.push_bind(word).push_bind(record);
        });
        sql.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// The words of new records, in the order of the index: each page of it is written once.
fn words_of(records: &[NewRecord]) -> Vec<(i64, i64)> {
    let words = records.iter().flat_map(|record| record.words.iter().map(|word| (*word, record.id.0)));
    let mut words: Vec<(i64, i64)> = words.collect();
    words.sort_unstable();
    words
}

async fn add_to_postgres(
    connection: &mut PgConnection,
    source: &str,
    profile: &str,
    records: &[NewRecord],
) -> Result<(), sqlx::Error> {
    let query = sqlx::query(ADD).bind(source).bind(profile);
    let query = query
        .bind(column(records, |r| r.id.0))
        .bind(column(records, |r| r.request_id.as_str()))
        .bind(column(records, |r| r.kind.as_str()))
        .bind(column(records, |r| r.class))
        .bind(column(records, |r| r.state.as_str()))
        .bind(column(records, slot))
        .bind(column(records, |r| &r.person_key[..]))
        .bind(column(records, |r| &r.digest[..]))
        .bind(column(records, |r| r.photo.map(|photo| photo.0)));
    let query = query
        .bind(column(records, |r| r.district.as_str()))
        .bind(column(records, |r| r.village.as_str()))
        .bind(column(records, |r| r.requested_at_us))
        .bind(column(records, |r| r.verified_at_us))
        .bind(column(records, |r| r.reason.as_deref()))
        .bind(column(records, |r| &r.sealed[..]))
        .bind(column(records, |r| column_of(&r.words)));
    let words = words_of(records);
    let query = query.bind(column(&words, |(word, _)| *word)).bind(column(&words, |(_, record)| *record));
    query.execute(connection).await?;
    Ok(())
}
