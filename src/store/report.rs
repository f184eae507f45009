//! What people and machines read: lists, each in pages by its key, and histories. Nothing personal is in any of them.

use sqlx::{ColumnIndex, Decode, Row, Type};

use super::{StoreError, Tx, doing, on, set};
use crate::domain::{
    id::{BatchId, JobId, RecordId},
    job::JobState,
    time::Timestamp,
};

/// An attempt in a history.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct AttemptLine {
    /// Its name at the printer.
    pub id: String,
    /// The printer.
    pub printer: String,
    /// `printed`, `not-started`, `spoiled` or `uncertain`; none while it is open.
    #[schemars(with = "Option<crate::domain::states::AttemptState>")]
    pub outcome: Option<String>,
    /// The reason.
    #[schemars(with = "Option<crate::domain::reason::ToldReason>")]
    pub reason: Option<String>,
    /// The words of the person who decided the outcome.
    pub note: Option<String>,
    /// A person decided the outcome.
    pub inspected: bool,
    /// When it began, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub began_at: String,
    /// When it ended, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub ended_at: Option<String>,
    /// The job.
    #[serde(skip)]
    pub job: i64,
}

/// A job in a list.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
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
    #[schemars(with = "crate::domain::states::JobState")]
    pub state: String,
    /// Its attempts, oldest first.
    pub attempts: Vec<AttemptLine>,
}

/// Which jobs to list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum JobScope {
    /// All, archived ones too.
    All,
    /// Those of a batch.
    Batch(BatchId),
    /// Those of a record.
    Record(RecordId),
    /// One.
    Job(JobId),
}

/// A batch in a list.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct BatchLine {
    /// Its number.
    pub id: i64,
    /// Its profile.
    pub profile: String,
    /// Its printer.
    pub printer: String,
    /// Its state.
    #[schemars(with = "crate::domain::states::BatchState")]
    pub state: String,
    /// Its jobs.
    pub jobs: i64,
    /// Of these, queued or printing.
    pub open: i64,
    /// Of these, printed.
    pub printed: i64,
    /// When it was made, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub created_at: String,
    /// When it was closed, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub closed_at: Option<String>,
}

/// The first of those that wait in one priority class.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct OldestWaiting {
    /// The profile.
    pub profile: String,
    /// The priority class.
    pub class: i64,
    /// When the record became print-ready, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub since: String,
    /// The records that wait in the class; none while a count hides from the reader how many blanks batches have.
    #[serde(default)]
    pub count: Option<i64>,
    /// Whether exactly so many wait; otherwise at least so many.
    #[serde(default)]
    pub is_counted: bool,
}

/// A record in a list.
#[expect(clippy::struct_excessive_bools, reason = "independent marks of a record")]
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
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
    /// Whether a person put it into this class.
    pub jumped: bool,
    /// Its state.
    #[schemars(with = "crate::domain::states::RecordState")]
    pub state: String,
    /// Why its card is stopped.
    #[schemars(with = "Option<crate::domain::states::Recall>")]
    pub stop: Option<String>,
    /// The reason for which it is held, quarantined or withdrawn.
    #[schemars(with = "Option<crate::domain::reason::ToldReason>")]
    pub reason: Option<String>,
    /// The words of the person who acted on it last.
    pub note: Option<String>,
    /// Whether its card is in the district to which it was sent.
    pub sent: bool,
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
    #[schemars(extend("format" = "date-time"))]
    pub verified_at: String,
}

/// An attempt that a person has to look at.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct UncertainLine {
    /// Its name, for `inspect resolve`.
    pub attempt: String,
    /// The printer in whose output to look.
    pub printer: String,
    /// Its batch, which is the pile to inspect. None for a test card, as the next two.
    pub batch: Option<i64>,
    /// The record's source.
    pub source: Option<String>,
    /// The record's request id.
    pub request_id: Option<String>,
    /// The reason.
    #[schemars(with = "Option<crate::domain::reason::ToldReason>")]
    pub reason: Option<String>,
    /// The words of the person who declared it uncertain.
    pub note: Option<String>,
    /// Since when, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub since: Option<String>,
}

/// The columns of [`RecordLine`], in its order.
macro_rules! record {
    ($($condition:literal),+) => {
        concat!(
            "SELECT id, source, request_id, profile, kind, class, state, stop, reason, district, village, version, copy, charged,
                    checked, surrendered, verified_at_us, note, sent, jumped
             FROM record WHERE ",
            $($condition),+
        )
    };
}

/// Cards that were checked, are at the counter and are not recalled, by record, at most `$2`.
pub(super) const READY: &str =
    record!("state = 'printed' AND checked AND NOT sent AND stop IS NULL AND id > $1 ORDER BY state, id LIMIT $2");

/// A page of jobs under a condition on `$1`, each table by its key.
macro_rules! jobs {
    ($condition:literal) => {
        concat!(
            "SELECT id, source, request_id, batch_id, copy, state FROM (
                SELECT j.id, r.source, r.request_id, j.batch_id, j.copy, j.state
                FROM job AS j JOIN record AS r ON r.id = j.record_id
                WHERE ",
            $condition,
            " AND j.id > $2 AND ($3 IS NULL OR j.state = $3) ORDER BY j.id LIMIT $4) AS present
             UNION ALL
             SELECT id, source, request_id, batch_id, copy, state FROM (
                SELECT j.id, r.source, r.request_id, j.batch_id, j.copy, j.state
                FROM job_archive AS j JOIN record AS r ON r.id = j.record_id
                WHERE ",
            $condition,
            " AND j.id > $2 AND ($3 IS NULL OR j.state = $3) ORDER BY j.id LIMIT $4) AS archived
             ORDER BY 1 LIMIT $4"
        )
    };
}

/// Batches under a condition on `$1`, at most `$2`.
macro_rules! batches {
    ($condition:literal) => {
        concat!(
            "SELECT id, profile, printer, state, created_at_us, closed_at_us FROM batch WHERE ",
            $condition,
            " LIMIT $2"
        )
    };
}

/// `+`: through the index of open batches, of which a printer has one, and not through all of them.
pub(super) const OPEN_BATCHES: &str = batches!("state <> 'closed' AND +id < $1 ORDER BY +id DESC");

pub(super) const BATCH_COUNTS: &str = "
    SELECT j.batch_id, j.state, COUNT(*)
    FROM json_each($1) AS v CROSS JOIN job AS j WHERE j.batch_id = CAST(v.value AS BIGINT) GROUP BY j.batch_id, j.state
    UNION ALL
    SELECT j.batch_id, j.state, COUNT(*)
    FROM json_each($1) AS v CROSS JOIN job_archive AS j WHERE j.batch_id = CAST(v.value AS BIGINT)
    GROUP BY j.batch_id, j.state";

/// `>=` and the next class: with `>` SQLite reads all records of the class before.
pub(super) const NEXT_CLASS: &str = "
    SELECT profile, class, verified_at_us FROM waiting WHERE (profile, class) >= ($1, $2)
    ORDER BY profile, class, verified_at_us LIMIT 1";

/// Those that wait in one class, up to a number.
pub(super) const IN_CLASS: &str = "
    SELECT COUNT(*) FROM (SELECT 1 AS one FROM waiting WHERE profile = $1 AND class = $2 LIMIT $3) AS first_ones";

/// With both conditions: by the first, the index of open batches serves.
pub(super) const PLANNED_BATCHES: &str = "SELECT COUNT(*) FROM batch WHERE state <> 'closed' AND state = 'planned'";

pub(super) const JOB_OF_ATTEMPT: &str = "
    SELECT job_id FROM attempt WHERE name = $1 UNION ALL SELECT job_id FROM attempt_archive WHERE name = $1";

/// Through the index `record_aside`. The codes are those of `Reason::HeldAtAdoption` and `Reason::SentElsewhere`.
pub(super) const HELD_AT_ADOPTION: &str = "
    SELECT COUNT(*) FROM record
    WHERE state = 'held' AND (reason LIKE '{\"code\":\"held-at-adoption\"%' OR reason LIKE '{\"code\":\"sent-elsewhere\"%')";

/// At most 100,000, through an index of them alone; those in districts are among them.
pub(super) const CHECKED: &str = "
    SELECT COUNT(*) FROM (
        SELECT 1 FROM record WHERE state = 'printed' AND checked AND stop IS NULL LIMIT 100000
    ) AS found";

impl Tx {
    /// The number of cards that were checked, also of those in districts, and are not recalled; at most 100,000.
    pub async fn cards_checked_count(&mut self) -> Result<i64, StoreError> {
        on!(self, c => sqlx::query_scalar(CHECKED).fetch_one(c)).map_err(doing("counting checked cards"))
    }

    /// The number of records that are held since the database was adopted.
    pub async fn records_held_at_adoption_count(&mut self) -> Result<i64, StoreError> {
        on!(self, c => sqlx::query_scalar(HELD_AT_ADOPTION).fetch_one(c)).map_err(doing("counting held records"))
    }

    /// A record.
    pub async fn record_line(&mut self, record: RecordId) -> Result<Option<RecordLine>, StoreError> {
        const LINE: &str = record!("id = $1");
        let rows = on!(self, c => async {
            let rows = sqlx::query(LINE).bind(record.0).fetch_all(c).await?;
            rows.iter().map(record_line).collect::<Result<Vec<_>, _>>()
        });
        Ok(rows.map_err(doing("reading a record"))?.pop().map(|(_, line)| line))
    }

    /// Jobs with a number above `after`, of one state if it is given, by number, with their attempts, at most `limit`.
    /// Archived ones are among them.
    pub async fn job_list(
        &mut self,
        scope: JobScope,
        state: Option<JobState>,
        after: i64,
        limit: i64,
    ) -> Result<Vec<JobLine>, StoreError> {
        const ALL: &str = jobs!("$1 IS NULL");
        const OF_BATCH: &str = jobs!("j.batch_id = $1");
        const OF_RECORD: &str = jobs!("j.record_id = $1");
        const ONE: &str = jobs!("j.id = $1");
        const ATTEMPTS: &str = "
            SELECT a.name, a.printer, a.state, a.reason, a.note, a.inspected, a.began_at_us, a.ended_at_us, a.job_id, a.id
            FROM json_each($1) AS v CROSS JOIN attempt AS a WHERE a.job_id = CAST(v.value AS BIGINT)
            UNION ALL
            SELECT a.name, a.printer, a.state, a.reason, a.note, a.inspected, a.began_at_us, a.ended_at_us, a.job_id, a.id
            FROM json_each($1) AS v CROSS JOIN attempt_archive AS a WHERE a.job_id = CAST(v.value AS BIGINT)
            ORDER BY 9, 10";
        type Job = (i64, String, String, i64, i64, String);
        let (sql, key) = match scope {
            JobScope::All => (ALL, None),
            JobScope::Batch(batch) => (OF_BATCH, Some(batch.0)),
            JobScope::Record(record) => (OF_RECORD, Some(record.0)),
            JobScope::Job(job) => (ONE, Some(job.0)),
        };
        let state = state.map(JobState::as_str);
        let jobs: Vec<Job> =
            on!(self, c => sqlx::query_as(sql).bind(key).bind(after).bind(state).bind(limit).fetch_all(c))
                .map_err(doing("listing jobs"))?;
        let ids: Vec<i64> = jobs.iter().map(|job| job.0).collect();
        let attempts: Vec<AttemptRow> =
            on!(self, c => sqlx::query_as(ATTEMPTS).bind(set(&ids)).fetch_all(c)).map_err(doing("listing attempts"))?;
        let mut attempts = attempts.into_iter().map(attempt_line).peekable();
        let line = |(id, source, request_id, batch, copy, state): Job| {
            let own = std::iter::from_fn(|| attempts.next_if(|a| a.job == id)).collect();
            JobLine { id, source, request_id, batch, copy, state, attempts: own }
        };
        Ok(jobs.into_iter().map(line).collect())
    }

    /// The job of the attempt of that name, archived or not.
    pub async fn job_of_attempt(&mut self, name: &str) -> Result<Option<JobId>, StoreError> {
        let job: Option<i64> = on!(self, c => sqlx::query_scalar(JOB_OF_ATTEMPT).bind(name).fetch_optional(c))
            .map_err(doing("finding an attempt"))?;
        Ok(job.map(JobId))
    }

    /// One batch.
    pub async fn batch_line(&mut self, batch: BatchId) -> Result<Option<BatchLine>, StoreError> {
        const ONE: &str = batches!("id = $1");
        Ok(self.batch_lines(ONE, batch.0, 1).await?.pop())
    }

    /// Batches with a number below `before`, newest first, at most `limit`; only those that are not closed, or all.
    pub async fn batch_list(&mut self, open_only: bool, before: i64, limit: i64) -> Result<Vec<BatchLine>, StoreError> {
        const ALL: &str = batches!("id < $1 ORDER BY id DESC");
        self.batch_lines(if open_only { OPEN_BATCHES } else { ALL }, before, limit).await
    }

    /// How many batches wait for approval.
    pub async fn batches_planned_count(&mut self) -> Result<i64, StoreError> {
        on!(self, c => sqlx::query_scalar(PLANNED_BATCHES).fetch_one(c)).map_err(doing("counting batches"))
    }

    async fn batch_lines(&mut self, sql: &'static str, key: i64, limit: i64) -> Result<Vec<BatchLine>, StoreError> {
        type Row = (i64, String, String, String, i64, Option<i64>);
        let rows: Vec<Row> =
            on!(self, c => sqlx::query_as(sql).bind(key).bind(limit).fetch_all(c)).map_err(doing("listing batches"))?;
        let ids: Vec<i64> = rows.iter().map(|row| row.0).collect();
        let counts: Vec<(i64, String, i64)> = on!(self, c => sqlx::query_as(BATCH_COUNTS).bind(set(&ids)).fetch_all(c))
            .map_err(doing("counting batches"))?;
        let line = |(id, profile, printer, state, created, closed): Row| {
            let count = |which: fn(&str) -> bool| {
                counts.iter().filter(|(batch, state, _)| *batch == id && which(state)).map(|(_, _, n)| n).sum()
            };
            BatchLine {
                id,
                profile,
                printer,
                state,
                jobs: count(|_| true),
                open: count(|state| matches!(state, "queued" | "printing")),
                printed: count(|state| state == "printed"),
                created_at: Timestamp(created).to_string(),
                closed_at: closed.map(|at| Timestamp(at).to_string()),
            }
        };
        Ok(rows.into_iter().map(line).collect())
    }

    /// Uncertain attempts and test cards with a key above `after`, each kind oldest first, at most `limit`, each with its key.
    pub async fn uncertain_list(&mut self, after: i64, limit: i64) -> Result<Vec<(i64, UncertainLine)>, StoreError> {
        const LIST: &str = "
            SELECT a.id, a.name, a.printer, j.batch_id, r.source, r.request_id, a.reason, a.note, a.ended_at_us
            FROM attempt AS a JOIN job AS j ON j.id = a.job_id JOIN record AS r ON r.id = j.record_id
            WHERE a.state = 'uncertain' AND a.id > $1
            UNION ALL
            SELECT 4611686018427387904 + t.id, t.name, t.printer, CAST(NULL AS BIGINT), CAST(NULL AS TEXT), CAST(NULL AS TEXT),
                   t.reason, t.note, t.ended_at_us
            FROM test_card AS t WHERE t.state = 'uncertain' AND 4611686018427387904 + t.id > $1
            ORDER BY 1 LIMIT $2"; // test cards after all attempts
        type Row = (
            i64,
            String,
            String,
            Option<i64>,
            Option<String>,
            Option<String>,
            Option<String>,
            Option<String>,
            Option<i64>,
        );
        let rows: Vec<Row> = on!(self, c => sqlx::query_as(LIST).bind(after).bind(limit).fetch_all(c))
            .map_err(doing("listing uncertain attempts"))?;
        let line = |(id, attempt, printer, batch, source, request_id, reason, note, since): Row| {
            let since = since.map(|at| Timestamp(at).to_string());
            (id, UncertainLine { attempt, printer, batch, source, request_id, reason, note, since })
        };
        Ok(rows.into_iter().map(line).collect())
    }

    /// Of each profile and priority class, since when its first record is ready to print. Costs by the classes, not by the
    /// length of the list.
    pub async fn waiting_oldest(&mut self) -> Result<Vec<OldestWaiting>, StoreError> {
        let (mut oldest, mut next_key) = (Vec::new(), (String::new(), i64::MIN));
        loop {
            let (profile, class) = next_key;
            let next: Option<(String, i64, i64)> =
                on!(self, c => sqlx::query_as(NEXT_CLASS).bind(&profile).bind(class).fetch_optional(c))
                    .map_err(doing("reading the waiting list"))?;
            let Some((profile, class, since)) = next else { return Ok(oldest) };
            let since = Timestamp(since).to_string();
            oldest.push(OldestWaiting { profile: profile.clone(), class, since, count: None, is_counted: false });
            next_key = (profile, class.saturating_add(1));
        }
    }

    /// The records that wait in one class of a profile; `most` if there are more, which are not read.
    pub async fn waiting_in_class(&mut self, profile: &str, class: i64, most: i64) -> Result<i64, StoreError> {
        on!(self, c => sqlx::query_scalar(IN_CLASS).bind(profile).bind(class).bind(most).fetch_one(c))
            .map_err(doing("reading the waiting list"))
    }
}

type AttemptRow = (String, String, String, Option<String>, Option<String>, bool, i64, Option<i64>, i64, i64);

fn attempt_line(row: AttemptRow) -> AttemptLine {
    let (id, printer, state, reason, note, inspected, began, ended, job, _) = row;
    AttemptLine {
        id,
        printer,
        outcome: ended.is_some().then_some(state),
        reason,
        note,
        inspected,
        began_at: Timestamp(began).to_string(),
        ended_at: ended.map(|at| Timestamp(at).to_string()),
        job,
    }
}

/// A row of [`record!`](record), which has more columns than a tuple takes. The bounds say that it has numbers, texts and flags.
pub(super) fn record_line<'r, R>(row: &'r R) -> Result<(i64, RecordLine), sqlx::Error>
where
    R: Row,
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    bool: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    Option<String>: Decode<'r, R::Database> + Type<R::Database>,
{
    let line = RecordLine {
        source: row.try_get(1)?,
        request_id: row.try_get(2)?,
        profile: row.try_get(3)?,
        kind: row.try_get(4)?,
        class: row.try_get(5)?,
        state: row.try_get(6)?,
        stop: row.try_get(7)?,
        reason: row.try_get(8)?,
        district: row.try_get(9)?,
        village: row.try_get(10)?,
        version: row.try_get(11)?,
        copy: row.try_get(12)?,
        charged: row.try_get(13)?,
        checked: row.try_get(14)?,
        surrendered: row.try_get(15)?,
        verified_at: Timestamp(row.try_get(16)?).to_string(),
        note: row.try_get(17)?,
        sent: row.try_get(18)?,
        jumped: row.try_get(19)?,
    };
    Ok((row.try_get(0)?, line))
}
