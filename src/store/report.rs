//! What people and machines read: counts, lists and histories. Nothing personal is in any of them.

use super::{StoreError, Tx, doing, on};
use crate::domain::{id::RecordId, time::Timestamp};

/// How many records of a district are in a state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StateCount {
    /// First key of the pile.
    pub district: String,
    /// The state.
    pub state: String,
    /// Records.
    pub count: i64,
}

/// An attempt in a history.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct AttemptLine {
    /// Its name at the printer.
    pub id: String,
    /// The printer.
    pub printer: String,
    /// `printed`, `not-started`, `spoiled` or `uncertain`; none while it is open.
    pub outcome: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// A person decided the outcome.
    pub inspected: bool,
    /// When it began, RFC 3339.
    pub began_at: String,
    /// When it ended, RFC 3339.
    pub ended_at: Option<String>,
    /// The job.
    #[serde(skip)]
    pub job: i64,
}

/// A job in a list.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct JobLine {
    /// Its number.
    pub id: i64,
    /// The record's source.
    pub source: String,
    /// The record's request id.
    pub request_id: String,
    /// Its batch.
    pub batch: i64,
    /// Which copy of the card, from 1.
    pub copy: i64,
    /// Its state.
    pub state: String,
    /// Its attempts, oldest first.
    pub attempts: Vec<AttemptLine>,
}

/// Which jobs to list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct JobFilter {
    /// Only this batch.
    pub batch: Option<i64>,
    /// Only this record.
    pub record: Option<RecordId>,
    /// Only this job.
    pub job: Option<i64>,
    /// Only this state.
    pub state: Option<String>,
}

/// A batch in a list.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct BatchLine {
    /// Its number.
    pub id: i64,
    /// Its profile.
    pub profile: String,
    /// Its printer.
    pub printer: String,
    /// Its state.
    pub state: String,
    /// Its jobs.
    pub jobs: i64,
    /// Of these, queued or printing.
    pub open: i64,
    /// Of these, printed.
    pub printed: i64,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// When it was closed, RFC 3339.
    pub closed_at: Option<String>,
}

/// A record in a list.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct RecordLine {
    /// Its source.
    pub source: String,
    /// The office's own key.
    pub request_id: String,
    /// Its profile.
    pub profile: String,
    /// Kind of request.
    pub kind: String,
    /// Priority class.
    pub class: i64,
    /// Its state.
    pub state: String,
    /// Why its card is stopped.
    pub stop: Option<String>,
    /// Why it is held, quarantined or withdrawn.
    pub reason: Option<String>,
    /// First key of the pile.
    pub district: String,
    /// Second key of the pile.
    pub village: String,
    /// Its version.
    pub version: i64,
    /// Which copy of the card, from 1.
    pub copy: i64,
    /// Failed tries that count against it.
    pub charged: i64,
    /// A person found its card good.
    pub checked: bool,
    /// Its card came back.
    pub surrendered: bool,
    /// When it became print-ready, RFC 3339.
    pub verified_at: String,
}

/// An attempt that a person has to look at.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct UncertainLine {
    /// Its name, for `inspect resolve`.
    pub attempt: String,
    /// The printer in whose output to look.
    pub printer: String,
    /// Its batch: the pile to look into.
    pub batch: i64,
    /// The record's source.
    pub source: String,
    /// The record's request id.
    pub request_id: String,
    /// Why nobody knows.
    pub reason: Option<String>,
    /// Since when, RFC 3339.
    pub since: Option<String>,
}

const RECORD: &str = "
    SELECT source, request_id, profile, kind, class, state, stop, reason, district, village, version, copy, charged, checked,
           surrendered, verified_at_us
    FROM record WHERE ($1 IS NULL OR id = $1) AND ($2 IS NULL OR state = $2) ORDER BY id LIMIT $3";

impl Tx {
    /// Records by district and state. Reads every record's small row.
    pub async fn record_counts(&mut self) -> Result<Vec<StateCount>, StoreError> {
        const COUNTS: &str =
            "SELECT district, state, COUNT(*) FROM record GROUP BY district, state ORDER BY district, state";
        let rows: Vec<(String, String, i64)> =
            on!(self, c => sqlx::query_as(COUNTS).fetch_all(c)).map_err(doing("counting records"))?;
        Ok(rows.into_iter().map(|(district, state, count)| StateCount { district, state, count }).collect())
    }

    /// How many records a person stopped or changed after their card was printed.
    pub async fn record_stopped_count(&mut self) -> Result<i64, StoreError> {
        let sql = "SELECT COUNT(*) FROM record WHERE stop IS NOT NULL AND state = 'printed'";
        on!(self, c => sqlx::query_scalar(sql).fetch_one(c)).map_err(doing("counting records"))
    }

    /// Records, of one state or one only, in the order in which they were imported.
    pub async fn record_list(
        &mut self,
        record: Option<RecordId>,
        state: Option<&str>,
        limit: i64,
    ) -> Result<Vec<RecordLine>, StoreError> {
        type Row = (
            String,
            String,
            String,
            String,
            i64,
            String,
            Option<String>,
            Option<String>,
            String,
            String,
            i64,
            i64,
            i64,
            bool,
            bool,
            i64,
        );
        let rows: Vec<Row> =
            on!(self, c => sqlx::query_as(RECORD).bind(record.map(|r| r.0)).bind(state).bind(limit).fetch_all(c))
                .map_err(doing("listing records"))?;
        let line = |r: Row| RecordLine {
            source: r.0,
            request_id: r.1,
            profile: r.2,
            kind: r.3,
            class: r.4,
            state: r.5,
            stop: r.6,
            reason: r.7,
            district: r.8,
            village: r.9,
            version: r.10,
            copy: r.11,
            charged: r.12,
            checked: r.13,
            surrendered: r.14,
            verified_at: Timestamp(r.15).to_string(),
        };
        Ok(rows.into_iter().map(line).collect())
    }

    /// Jobs with their attempts, archived ones too, oldest first.
    pub async fn job_list(&mut self, filter: &JobFilter) -> Result<Vec<JobLine>, StoreError> {
        const JOBS: &str = "
            SELECT j.id, r.source, r.request_id, j.batch_id, j.copy, j.state
            FROM job AS j JOIN record AS r ON r.id = j.record_id
            WHERE ($1 IS NULL OR j.batch_id = $1) AND ($2 IS NULL OR j.record_id = $2) AND ($3 IS NULL OR j.id = $3)
              AND ($4 IS NULL OR j.state = $4)
            UNION ALL
            SELECT j.id, r.source, r.request_id, j.batch_id, j.copy, j.state
            FROM job_archive AS j JOIN record AS r ON r.id = j.record_id
            WHERE ($1 IS NULL OR j.batch_id = $1) AND ($2 IS NULL OR j.record_id = $2) AND ($3 IS NULL OR j.id = $3)
              AND ($4 IS NULL OR j.state = $4)
            ORDER BY 1";
        const ATTEMPTS: &str = "
            SELECT a.name, a.printer, a.state, a.reason, a.inspected, a.began_at_us, a.ended_at_us, a.job_id, a.id
            FROM attempt AS a JOIN job AS j ON j.id = a.job_id
            WHERE ($1 IS NULL OR j.batch_id = $1) AND ($2 IS NULL OR j.record_id = $2) AND ($3 IS NULL OR j.id = $3)
              AND ($4 IS NULL OR j.state = $4)
            UNION ALL
            SELECT a.name, a.printer, a.state, a.reason, a.inspected, a.began_at_us, a.ended_at_us, a.job_id, a.id
            FROM attempt_archive AS a JOIN job_archive AS j ON j.id = a.job_id
            WHERE ($1 IS NULL OR j.batch_id = $1) AND ($2 IS NULL OR j.record_id = $2) AND ($3 IS NULL OR j.id = $3)
              AND ($4 IS NULL OR j.state = $4)
            ORDER BY 8, 9";
        type Job = (i64, String, String, i64, i64, String);
        type Attempt = (String, String, String, Option<String>, bool, i64, Option<i64>, i64, i64);
        let bound = |sql| (sql, filter.batch, filter.record.map(|r| r.0), filter.job, filter.state.clone());
        let (sql, batch, record, job, state) = bound(JOBS);
        let jobs: Vec<Job> =
            on!(self, c => sqlx::query_as(sql).bind(batch).bind(record).bind(job).bind(state).fetch_all(c))
                .map_err(doing("listing jobs"))?;
        let (sql, batch, record, job, state) = bound(ATTEMPTS);
        let attempts: Vec<Attempt> =
            on!(self, c => sqlx::query_as(sql).bind(batch).bind(record).bind(job).bind(state).fetch_all(c))
                .map_err(doing("listing attempts"))?;
        let mut attempts = attempts.into_iter().map(attempt_line).peekable();
        let line = |(id, source, request_id, batch, copy, state): Job| {
            let own = std::iter::from_fn(|| attempts.next_if(|a| a.job == id)).collect();
            JobLine { id, source, request_id, batch, copy, state, attempts: own }
        };
        Ok(jobs.into_iter().map(line).collect())
    }

    /// Batches, oldest first.
    pub async fn batch_list(&mut self, open_only: bool) -> Result<Vec<BatchLine>, StoreError> {
        const LIST: &str = "
            SELECT b.id, b.profile, b.printer, b.state, COUNT(j.id), COUNT(j.id) FILTER (WHERE j.state IN ('queued', 'printing')),
                   COUNT(j.id) FILTER (WHERE j.state = 'printed'), b.created_at_us, b.closed_at_us
            FROM batch AS b LEFT JOIN job AS j ON j.batch_id = b.id
            WHERE $1 = 0 OR b.state <> 'closed'
            GROUP BY b.id ORDER BY b.id";
        type Row = (i64, String, String, String, i64, i64, i64, i64, Option<i64>);
        let rows: Vec<Row> = on!(self, c => sqlx::query_as(LIST).bind(i64::from(open_only)).fetch_all(c))
            .map_err(doing("listing batches"))?;
        let line = |r: Row| BatchLine {
            id: r.0,
            profile: r.1,
            printer: r.2,
            state: r.3,
            jobs: r.4,
            open: r.5,
            printed: r.6,
            created_at: Timestamp(r.7).to_string(),
            closed_at: r.8.map(|at| Timestamp(at).to_string()),
        };
        let mut batches: Vec<BatchLine> = rows.into_iter().map(line).collect();
        if !open_only {
            // Only a closed batch has archived jobs. Both lists are sorted.
            let mut lines = batches.iter_mut();
            for archived in self.archived_counts().await? {
                if let Some(batch) = lines.find(|batch| batch.id == archived.batch) {
                    batch.jobs += archived.jobs;
                    batch.printed += archived.printed;
                }
            }
        }
        Ok(batches)
    }

    /// The attempts that a person has to look at, oldest first.
    pub async fn uncertain_list(&mut self) -> Result<Vec<UncertainLine>, StoreError> {
        const LIST: &str = "
            SELECT a.name, a.printer, j.batch_id, r.source, r.request_id, a.reason, a.ended_at_us
            FROM attempt AS a JOIN job AS j ON j.id = a.job_id JOIN record AS r ON r.id = j.record_id
            WHERE a.state = 'uncertain' ORDER BY a.id";
        type Row = (String, String, i64, String, String, Option<String>, Option<i64>);
        let rows: Vec<Row> =
            on!(self, c => sqlx::query_as(LIST).fetch_all(c)).map_err(doing("listing uncertain attempts"))?;
        let line = |(attempt, printer, batch, source, request_id, reason, since): Row| UncertainLine {
            attempt,
            printer,
            batch,
            source,
            request_id,
            reason,
            since: since.map(|at| Timestamp(at).to_string()),
        };
        Ok(rows.into_iter().map(line).collect())
    }

    /// How many attempts of each printer ended in which state since an instant. Costs by what ended since.
    pub async fn printer_outcomes(&mut self, since: Timestamp) -> Result<Vec<(String, String, i64)>, StoreError> {
        const OUTCOMES: &str = "
            SELECT printer, state, COUNT(*) FROM attempt WHERE ended_at_us >= $1 GROUP BY printer, state ORDER BY printer, state";
        on!(self, c => sqlx::query_as(OUTCOMES).bind(since.0).fetch_all(c)).map_err(doing("counting attempts"))
    }
}

fn attempt_line(row: (String, String, String, Option<String>, bool, i64, Option<i64>, i64, i64)) -> AttemptLine {
    let (id, printer, state, reason, inspected, began, ended, job, _) = row;
    AttemptLine {
        id,
        printer,
        outcome: ended.is_some().then_some(state),
        reason,
        inspected,
        began_at: Timestamp(began).to_string(),
        ended_at: ended.map(|at| Timestamp(at).to_string()),
        job,
    }
}
