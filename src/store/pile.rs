//! The pile of a batch: how many of its printed cards were checked, and which were not. A batch has at most 10,000 jobs.

use super::{StoreError, Tx, doing, on};
use crate::domain::id::{BatchId, JobId};

/// How many cards of a batch were printed, and what became of them. A card that was rejected, or that a reprint replaced, is in
/// no pile any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct PileCounts {
    /// Good cards that the batch printed.
    pub expected: i64,
    /// Those of them that were checked, or handed over.
    pub checked: i64,
    /// Those that were not checked yet.
    pub missing: i64,
}

/// A card of a pile that was not checked yet.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct PileLine {
    /// Its card profile.
    pub profile: String,
    /// The record's source.
    pub source: String,
    /// The record's request id.
    pub request_id: String,
    /// First key of the pile.
    pub district: String,
    /// Second key of the pile.
    pub village: String,
    /// Its record was withdrawn or changed since: the card is to be rejected.
    pub recalled: bool,
}

/// The good cards of the batch `$1`, with their records `r`.
macro_rules! cards {
    ($columns:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $columns,
            "
             FROM (SELECT id, record_id FROM job WHERE batch_id = $1 AND state = 'printed'
                   UNION ALL
                   SELECT id, record_id FROM job_archive WHERE batch_id = $1 AND state = 'printed') AS j
             CROSS JOIN record AS r WHERE r.id = j.record_id",
            $rest
        )
    };
}
pub(super) const COUNTS: &str =
    cards!("COUNT(*), COUNT(CASE WHEN r.state = 'printed' AND NOT r.checked THEN 1 END)", "");
pub(super) const MISSING: &str = cards!(
    "j.id, r.profile, r.source, r.request_id, r.district, r.village, r.stop IS NOT NULL",
    " AND r.state = 'printed' AND NOT r.checked AND j.id > $2 ORDER BY j.id LIMIT $3"
);

/// Where a card stands among those of its batch, which are counted by their jobs, from 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlaceInBatch {
    /// Its place.
    pub position: i64,
    /// All cards of the batch.
    pub cards: i64,
    /// Source and request id of the card before it.
    pub before: Option<(String, String)>,
    /// Source and request id of the card after it.
    pub after: Option<(String, String)>,
}

/// The jobs of the batch `$1` up to the job `$2` and in all, and those beside it.
pub(super) const PLACE: &str = "
    SELECT CAST(COALESCE(SUM(CASE WHEN id <= $2 THEN 1 ELSE 0 END), 0) AS BIGINT), COUNT(*),
           MAX(CASE WHEN id < $2 THEN id END), MIN(CASE WHEN id > $2 THEN id END)
    FROM (SELECT id FROM job WHERE batch_id = $1 UNION ALL SELECT id FROM job_archive WHERE batch_id = $1) AS j";

impl Tx {
    /// Where the card of a job stands in its batch.
    pub async fn place_in_batch(&mut self, batch: BatchId, job: JobId) -> Result<PlaceInBatch, StoreError> {
        const REQUEST: &str = "
            SELECT r.source, r.request_id
            FROM (SELECT record_id FROM job WHERE id = $1 UNION ALL SELECT record_id FROM job_archive WHERE id = $1) AS j
            JOIN record AS r ON r.id = j.record_id";
        let what = || doing("counting the cards of a batch");
        let (position, cards, before, after): (i64, i64, Option<i64>, Option<i64>) =
            on!(self, c => sqlx::query_as(PLACE).bind(batch.0).bind(job.0).fetch_one(c)).map_err(what())?;
        let mut beside = [None, None];
        for (found, job) in beside.iter_mut().zip([before, after]) {
            if let Some(job) = job {
                *found = on!(self, c => sqlx::query_as(REQUEST).bind(job).fetch_optional(c)).map_err(what())?;
            }
        }
        let [before, after] = beside;
        Ok(PlaceInBatch { position, cards, before, after })
    }

    /// Counts the cards of a batch.
    pub async fn pile_counts(&mut self, batch: BatchId) -> Result<PileCounts, StoreError> {
        let (expected, missing): (i64, i64) =
            on!(self, c => sqlx::query_as(COUNTS).bind(batch.0).fetch_one(c)).map_err(doing("counting a pile"))?;
        Ok(PileCounts { expected, checked: expected - missing, missing })
    }

    /// Cards of a batch that were not checked, in the order of its jobs, at most `limit`, each with its key; those after the key `after`.
    pub async fn pile_missing(
        &mut self,
        batch: BatchId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<(i64, PileLine)>, StoreError> {
        type Row = (i64, String, String, String, String, String, bool);
        let rows: Vec<Row> = on!(self, c => sqlx::query_as(MISSING).bind(batch.0).bind(after).bind(limit).fetch_all(c))
            .map_err(doing("listing a pile"))?;
        let line = |(id, profile, source, request_id, district, village, recalled)| {
            (id, PileLine { profile, source, request_id, district, village, recalled })
        };
        Ok(rows.into_iter().map(line).collect())
    }
}
