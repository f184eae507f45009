//! Lists of records by filters. A page looks at [`LOOKED_MAX`] rows at most, however few of them match: it then ends early, and
//! the next page begins where it stopped.
//!
//! The rows are walked in one of several orders, each of which an index serves; the other filters are compared row by row.

use super::{
    StoreError, Tx, doing, on,
    report::{RecordLine, record_line},
};
use crate::domain::{
    id::{BatchId, RecordId},
    record::RecordState,
    time::Timestamp,
};

/// How many rows a page looks at.
const LOOKED_MAX: i64 = 5_000;
/// The same of attempts by the instants of their ends: each costs a look into three tables.
const ENDED_LOOKED_MAX: i64 = 2_000;

/// Which records to list. What is `None` is not compared.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct RecordFilter {
    /// The state.
    pub state: Option<RecordState>,
    /// Who sent it.
    pub source: Option<String>,
    /// The card profile.
    pub profile: Option<String>,
    /// First key of the pile.
    pub district: Option<String>,
    /// Kind of request.
    pub kind: Option<String>,
    /// Priority class.
    pub class: Option<i64>,
    /// The code of the reason for which it is held, quarantined or withdrawn.
    pub reason: Option<String>,
    /// Whether a person found its card good.
    pub checked: Option<bool>,
    /// Whether its card is recalled.
    pub recalled: Option<bool>,
    /// Whether it was verified before it was requested.
    pub verified_before_request: Option<bool>,
    /// The newest record, in a walk as they were imported.
    pub newest: Option<RecordId>,
    /// In what order the records are walked.
    pub walk: Walk,
}

/// The order in which records are walked, and the key of a row in it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Walk {
    /// As they were imported, by the number of the record.
    #[default]
    Imported,
    /// Those that had a job in a batch, by the number of the job.
    Batch(BatchId),
    /// Those of which a good card was printed from the first instant on and before the second, by the number of the attempt. A record
    /// is listed once for each good card.
    Printed(Timestamp, Timestamp),
}

/// A part of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Looked {
    /// The records with their keys.
    pub records: Vec<(i64, RecordLine)>,
    /// The key of the last row that was looked at, if there may be more after it.
    pub looked_to: Option<i64>,
}

/// The records `r` of the walk `$from` that match, with the key `$key` of the list. `$1` to `$10` are the filter, `$11` the number of
/// rows.
macro_rules! matching {
    ($key:literal, $order:literal, $($from:expr),+) => {
        concat!(
            "SELECT ", $key, ", r.source, r.request_id, r.profile, r.kind, r.class, r.state, r.stop, r.reason, r.district,
                    r.village, r.version, r.copy, r.charged, r.checked, r.surrendered, r.verified_at_us, r.note, r.sent, r.jumped
             FROM ", $($from,)+ "
               AND ($1 IS NULL OR r.state = $1) AND ($2 IS NULL OR r.source = $2) AND ($3 IS NULL OR r.profile = $3)
               AND ($4 IS NULL OR r.district = $4) AND ($5 IS NULL OR r.kind = $5) AND ($6 IS NULL OR r.class = $6)
               AND ($7 IS NULL OR r.reason LIKE $7) AND ($8 IS NULL OR r.checked = $8)
               AND ($9 IS NULL OR (r.stop IS NOT NULL) = $9)
               AND ($10 IS NULL OR (r.verified_at_us < r.requested_at_us) = $10)
             ORDER BY ", $order, " LIMIT $11"
        )
    };
}

/// All records with numbers above `$12` and up to `$13`, or those of a state that the index `record_aside` covers, which has to be
/// named in the text.
macro_rules! imported {
    ($($state:literal)?) => {
        matching!("r.id", "r.id", "record AS r WHERE ", $("r.state = ", $state, " AND ",)? "r.id > $12 AND r.id <= $13")
    };
}
pub(super) const ALL: &str = imported!();
pub(super) const HELD: &str = imported!("'held'");
pub(super) const QUARANTINED: &str = imported!("'quarantined'");
pub(super) const UNCERTAIN: &str = imported!("'uncertain'");
pub(super) const WITHDRAWN: &str = imported!("'withdrawn'");

/// The number of the record at which a page stops that begins after `$1`.
macro_rules! stop {
    ($($state:literal)?) => {
        concat!("SELECT id FROM record WHERE ", $("state = ", $state, " AND ",)? "id > $1 ORDER BY id LIMIT 1 OFFSET $2")
    };
}
pub(super) const ALL_STOP: &str = stop!();
pub(super) const HELD_STOP: &str = stop!("'held'");
pub(super) const QUARANTINED_STOP: &str = stop!("'quarantined'");
pub(super) const UNCERTAIN_STOP: &str = stop!("'uncertain'");
pub(super) const WITHDRAWN_STOP: &str = stop!("'withdrawn'");

/// The records of a batch, by their jobs above `$12` and up to `$13`.
pub(super) const OF_BATCH: &str = matching!(
    "j.id",
    "j.id",
    "(SELECT id, record_id FROM job WHERE batch_id = $14 AND id > $12 AND id <= $13
      UNION ALL
      SELECT id, record_id FROM job_archive WHERE batch_id = $14 AND id > $12 AND id <= $13) AS j
     CROSS JOIN record AS r WHERE r.id = j.record_id"
);
pub(super) const OF_BATCH_STOP: &str = "
    SELECT id FROM (SELECT id FROM job WHERE batch_id = $3 AND id > $1
                    UNION ALL SELECT id FROM job_archive WHERE batch_id = $3 AND id > $1) AS jobs
    ORDER BY id LIMIT 1 OFFSET $2";

/// The good cards that were printed after the instant `$13`, or at it by attempts above `$12`, up to the instant `$14` and the attempt
/// `$15`.
macro_rules! printed {
    ($attempt:literal, $job:literal) => {
        concat!(
            "SELECT a.ended_at_us, a.id, j.record_id FROM ",
            $attempt,
            " AS a JOIN ",
            $job,
            " AS j ON j.id = a.job_id
             WHERE a.ended_at_us >= $13 AND a.ended_at_us <= $14 AND (a.ended_at_us > $13 OR a.id > $12)
               AND (a.ended_at_us < $14 OR a.id <= $15) AND a.state = 'printed'"
        )
    };
}
pub(super) const PRINTED: &str = matching!(
    "p.id",
    "p.ended_at_us, p.id",
    "(",
    printed!("attempt", "job"),
    " UNION ALL ",
    printed!("attempt_archive", "job_archive"),
    ") AS p CROSS JOIN record AS r WHERE r.id = p.record_id"
);
/// The rows that a page may look at, of one table.
macro_rules! ended {
    ($attempt:literal) => {
        concat!(
            "SELECT * FROM (SELECT ended_at_us, id FROM ",
            $attempt,
            "
                            WHERE ended_at_us >= $1 AND ended_at_us < $3 AND (ended_at_us > $1 OR id > $4)
                            ORDER BY ended_at_us, id LIMIT 5000) AS rows_of_",
            $attempt
        )
    };
}
pub(super) const PRINTED_STOP: &str = concat!(
    "SELECT ended_at_us, id FROM (",
    ended!("attempt"),
    " UNION ALL ",
    ended!("attempt_archive"),
    ") AS ended ORDER BY ended_at_us, id LIMIT 1 OFFSET $2"
);
pub(super) const ENDED_AT: &str = "
    SELECT ended_at_us FROM attempt WHERE id = $1 AND ended_at_us IS NOT NULL
    UNION ALL SELECT ended_at_us FROM attempt_archive WHERE id = $1";

/// Runs a statement of [`matching!`] with a filter; the arguments after it are those from `$11` on.
macro_rules! fetch {
    ($tx:expr, $sql:expr, $filter:expr, $($argument:expr),+) => {{
        let f = $filter;
        let reason = f.reason.as_ref().map(|code| format!("{{\"code\":\"{code}\"%"));
        let rows = on!($tx, c => async {
            let query = sqlx::query($sql)
                .bind(f.state.map(RecordState::as_str))
                .bind(f.source.as_deref())
                .bind(f.profile.as_deref())
                .bind(f.district.as_deref())
                .bind(f.kind.as_deref())
                .bind(f.class)
                .bind(reason.as_deref())
                .bind(f.checked)
                .bind(f.recalled)
                .bind(f.verified_before_request)
                $(.bind($argument))+;
            query.fetch_all(c).await?.iter().map(record_line).collect::<Result<Vec<_>, _>>()
        });
        rows.map_err(doing("listing records"))?
    }};
}

/// The sources of all records: one search for each, through the index of source and request id.
pub(super) const SOURCES: &str = "
    WITH RECURSIVE s (source) AS (
        SELECT MIN(source) FROM record
        UNION ALL
        SELECT (SELECT MIN(record.source) FROM record WHERE record.source > s.source) FROM s WHERE s.source IS NOT NULL
    )
    SELECT source FROM s WHERE source IS NOT NULL LIMIT 1000";

impl Tx {
    /// The sources of all records, at most 1,000.
    pub async fn sources(&mut self) -> Result<Vec<String>, StoreError> {
        on!(self, c => sqlx::query_scalar(SOURCES).fetch_all(c)).map_err(doing("listing sources"))
    }

    /// Records after the key `after`, at most `limit`, each with its key.
    pub async fn record_list(&mut self, filter: &RecordFilter, after: i64, limit: i64) -> Result<Looked, StoreError> {
        match filter.walk {
            Walk::Imported => {
                let (list, stop) = match filter.state {
                    Some(RecordState::Held) => (HELD, HELD_STOP),
                    Some(RecordState::Quarantined) => (QUARANTINED, QUARANTINED_STOP),
                    Some(RecordState::Uncertain) => (UNCERTAIN, UNCERTAIN_STOP),
                    Some(RecordState::Withdrawn) => (WITHDRAWN, WITHDRAWN_STOP),
                    None
                    | Some(
                        RecordState::Waiting | RecordState::Batched | RecordState::Printed | RecordState::HandedOver,
                    ) => (ALL, ALL_STOP),
                };
                let stop: Option<i64> =
                    on!(self, c => sqlx::query_scalar(stop).bind(after).bind(LOOKED_MAX - 1).fetch_optional(c))
                        .map_err(doing("listing records"))?;
                let newest = filter.newest.map_or(i64::MAX, |newest| newest.0);
                let records = fetch!(self, list, filter, limit, after, stop.unwrap_or(i64::MAX).min(newest));
                Ok(Looked { records, looked_to: stop.filter(|stop| *stop < newest) })
            }
            Walk::Batch(batch) => {
                let stop: Option<i64> = on!(self, c => sqlx::query_scalar(OF_BATCH_STOP).bind(after).bind(LOOKED_MAX - 1).bind(batch.0).fetch_optional(c))
                    .map_err(doing("listing records"))?;
                let records = fetch!(self, OF_BATCH, filter, limit, after, stop.unwrap_or(i64::MAX), batch.0);
                Ok(Looked { records, looked_to: stop })
            }
            Walk::Printed(since, until) => self.printed_list(filter, (since, until), after, limit).await,
        }
    }

    /// Where a page of attempts by the instants of their ends begins, and the attempt at which it stops.
    pub(super) async fn ended_range(
        &mut self,
        (since, until): (Timestamp, Timestamp),
        after: i64,
    ) -> Result<(i64, i64, Option<(i64, i64)>), StoreError> {
        let ended: Option<i64> = on!(self, c => sqlx::query_scalar(ENDED_AT).bind(after).fetch_optional(c))
            .map_err(doing("listing attempts"))?;
        // A cursor continues after its attempt; the first page begins with the first attempt of its instant.
        let (from, after) = ended.map_or((since.0, 0), |ended| (ended, after));
        let stop = on!(self, c => sqlx::query_as(PRINTED_STOP)
            .bind(from)
            .bind(ENDED_LOOKED_MAX - 1)
            .bind(until.0)
            .bind(after)
            .fetch_optional(c))
        .map_err(doing("listing attempts"))?;
        Ok((from, after, stop))
    }

    async fn printed_list(
        &mut self,
        filter: &RecordFilter,
        (since, until): (Timestamp, Timestamp),
        after: i64,
        limit: i64,
    ) -> Result<Looked, StoreError> {
        let (from, after, stop) = self.ended_range((since, until), after).await?;
        let (to, last) = stop.unwrap_or((until.0.saturating_sub(1), i64::MAX));
        let records = fetch!(self, PRINTED, filter, limit, after, from, to, last);
        Ok(Looked { records, looked_to: stop.map(|(_, id)| id) })
    }
}
