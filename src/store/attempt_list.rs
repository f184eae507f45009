//! Lists of attempts that have ended, by filters. A page looks at 2,000 rows at most, and the next one begins where it stopped.

use super::{StoreError, Tx, doing, on};
use crate::domain::{states::AttemptState, time::Timestamp};

/// Which attempts to list. What is `None` is not compared.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct AttemptFilter {
    /// How it ended.
    pub outcome: Option<AttemptState>,
    /// Its printer.
    pub printer: Option<String>,
    /// It ended at this instant or later.
    pub since: Timestamp,
    /// It ended before this instant.
    pub until: Option<Timestamp>,
}

/// An attempt that has ended, with its card.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct EndedAttemptLine {
    /// Its name.
    pub attempt: String,
    /// How it ended.
    pub outcome: AttemptState,
    /// The printer.
    pub printer: String,
    /// The batch.
    pub batch: i64,
    /// The job.
    pub job: i64,
    /// The record's source.
    pub source: String,
    /// The record's request id.
    pub request_id: String,
    /// Which copy of the card, from 1.
    pub copy: i64,
    /// When it ended, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub ended_at: String,
    /// Why it ended so.
    #[schemars(with = "Option<crate::domain::reason::ToldReason>")]
    pub reason: Option<String>,
    /// The words of the person who entered the outcome.
    pub note: Option<String>,
}

/// A part of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EndedAttempts {
    /// The attempts with their keys.
    pub attempts: Vec<(i64, EndedAttemptLine)>,
    /// The key of the last row that was looked at, if there may be more after it.
    pub looked_to: Option<i64>,
}

/// The attempts of one table that ended after the instant `$4`, or at it with keys above `$3`, up to the instant `$5` and the key `$6`.
macro_rules! ended {
    ($attempt:literal, $job:literal) => {
        concat!(
            "SELECT a.id, a.name, a.state, a.printer, j.batch_id, j.id AS job_id, j.record_id, j.copy, a.ended_at_us, a.reason, a.note
             FROM ",
            $attempt,
            " AS a JOIN ",
            $job,
            " AS j ON j.id = a.job_id
             WHERE a.ended_at_us >= $4 AND a.ended_at_us <= $5 AND (a.ended_at_us > $4 OR a.id > $3)
               AND (a.ended_at_us < $5 OR a.id <= $6)
               AND ($1 IS NULL OR a.state = $1) AND ($2 IS NULL OR a.printer = $2)"
        )
    };
}
pub(super) const ENDED: &str = concat!(
    "SELECT e.id, e.name, e.state, e.printer, e.batch_id, e.job_id, r.source, r.request_id, e.copy, e.ended_at_us, e.reason, e.note
     FROM (",
    ended!("attempt", "job"),
    " UNION ALL ",
    ended!("attempt_archive", "job_archive"),
    ") AS e CROSS JOIN record AS r WHERE r.id = e.record_id ORDER BY e.ended_at_us, e.id LIMIT $7"
);

type Row = (i64, String, String, String, i64, i64, String, String, i64, i64, Option<String>, Option<String>);

impl Tx {
    /// Attempts that have ended, oldest first, at most `limit`; those after the key `after`.
    pub async fn attempts_ended(
        &mut self,
        filter: &AttemptFilter,
        after: i64,
        limit: i64,
    ) -> Result<EndedAttempts, StoreError> {
        let until = filter.until.unwrap_or(Timestamp(i64::MAX));
        let (from, after, stop) = self.ended_range((filter.since, until), after).await?;
        let (to, last) = stop.unwrap_or((until.0.saturating_sub(1), i64::MAX));
        let rows: Vec<Row> = on!(self, c => sqlx::query_as(ENDED)
            .bind(filter.outcome.map(AttemptState::as_str))
            .bind(filter.printer.as_deref())
            .bind(after)
            .bind(from)
            .bind(to)
            .bind(last)
            .bind(limit)
            .fetch_all(c))
        .map_err(doing("listing attempts"))?;
        let attempts = rows.into_iter().map(line).collect::<Result<_, _>>()?;
        Ok(EndedAttempts { attempts, looked_to: stop.map(|(_, id)| id) })
    }
}

fn line(r: Row) -> Result<(i64, EndedAttemptLine), StoreError> {
    let line = EndedAttemptLine {
        outcome: super::parse("attempt", r.0, &r.2)?,
        attempt: r.1,
        printer: r.3,
        batch: r.4,
        job: r.5,
        source: r.6,
        request_id: r.7,
        copy: r.8,
        ended_at: Timestamp(r.9).to_string(),
        reason: r.10,
        note: r.11,
    };
    Ok((r.0, line))
}
