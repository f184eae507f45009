//! What a counter asks of a record: who it is of, what is beside it, and where its card is in a batch.

use super::{StoreError, Tx, doing, keys::Digest, on};
use crate::domain::id::RecordId;

/// Another request of the same person and profile.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct BesideLine {
    /// Its source.
    pub source: String,
    /// The office's own key.
    pub request_id: String,
    /// Kind of request.
    pub kind: String,
    /// Its state.
    #[schemars(with = "crate::domain::states::RecordState")]
    pub state: String,
    /// Its card came back.
    pub surrendered: bool,
}

pub(super) const OF_PERSON: &str = "
    SELECT id FROM record
    WHERE substr(person_key, 1, 12) = substr($1, 1, 12) AND person_key = $1 AND profile = $2 ORDER BY id DESC LIMIT $3";

pub(super) const BESIDE: &str = "
    SELECT o.source, o.request_id, o.kind, o.state, o.surrendered
    FROM record AS r
    JOIN record AS o ON substr(o.person_key, 1, 12) = substr(r.person_key, 1, 12)
                    AND o.person_key = r.person_key AND o.profile = r.profile AND o.id <> r.id
    WHERE r.id = $1 ORDER BY o.id DESC LIMIT $2";

pub(super) const QUEUED_BEFORE: &str = "
    SELECT COUNT(b.id) FROM job AS j LEFT JOIN job AS b ON b.batch_id = j.batch_id AND b.state = 'queued'
       AND (b.position < j.position OR (b.position = j.position AND b.id < j.id))
    WHERE j.record_id = $1 AND j.state = 'queued'";

impl Tx {
    /// The records of a person, by the look-up key, newest first, at most `limit`.
    pub async fn records_of_person(
        &mut self,
        person: &Digest,
        profile: &str,
        limit: i64,
    ) -> Result<Vec<RecordId>, StoreError> {
        let ids: Vec<i64> = on!(self, c => sqlx::query_scalar(OF_PERSON).bind(person.as_slice()).bind(profile).bind(limit).fetch_all(c))
            .map_err(doing("finding a person's records"))?;
        Ok(ids.into_iter().map(RecordId).collect())
    }

    /// The other records of the same person and profile, newest first, at most `limit`.
    pub async fn record_beside_lines(&mut self, record: RecordId, limit: i64) -> Result<Vec<BesideLine>, StoreError> {
        let rows: Vec<(String, String, String, String, bool)> =
            on!(self, c => sqlx::query_as(BESIDE).bind(record.0).bind(limit).fetch_all(c))
                .map_err(doing("finding a person's records"))?;
        let line = |(source, request_id, kind, state, surrendered)| BesideLine {
            source,
            request_id,
            kind,
            state,
            surrendered,
        };
        Ok(rows.into_iter().map(line).collect())
    }

    /// How many cards are queued in its batch before the record's.
    pub async fn queued_before(&mut self, record: RecordId) -> Result<i64, StoreError> {
        on!(self, c => sqlx::query_scalar(QUEUED_BEFORE).bind(record.0).fetch_one(c)).map_err(doing("reading a batch"))
    }
}
