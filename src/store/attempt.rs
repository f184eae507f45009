//! Attempts: begun under guard before a byte goes to a printer, released under guard before a card may exist.

use sqlx::{ColumnIndex, Decode, Row, Type};

use super::{StoreError, Tx, doing, execute, on, parse, set, set_of_names};
use crate::domain::{
    attempt::AttemptView,
    id::{AttemptKey, BatchId, JobId, LotId, RecordId},
    record::Recall,
    stock::Place,
};

/// A wish to begin an attempt.
#[derive(Clone, Debug)]
pub struct Begin {
    /// The name that the printer will get.
    pub name: String,
    /// The job.
    pub job: JobId,
    /// The version that was rendered.
    pub record_version: i64,
    /// The printer; the job's batch must be its own.
    pub printer: String,
    /// The printer cannot hold: this commit is the one before the card may exist.
    pub releasing: bool,
    /// How many printed sides a good card has.
    pub impressions: u32,
}

/// An attempt that was begun.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Begun {
    /// The job.
    pub job: JobId,
    /// The attempt.
    pub key: AttemptKey,
}

/// What a printer said of an open attempt.
#[derive(Clone, Debug)]
pub struct Acknowledgement {
    /// The attempt.
    pub key: AttemptKey,
    /// The printer's own job id.
    pub printer_job: Option<String>,
    /// Which run of the printer took it.
    pub boot: Option<String>,
    /// The printer answered the call after which a card may exist.
    pub acknowledged: bool,
}

/// An attempt that is not ended, as a restart finds it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenAttempt {
    /// The attempt.
    pub key: AttemptKey,
    /// Its name at the printer.
    pub name: String,
    /// A card may exist.
    pub releasing: bool,
    /// The printer's own job id.
    pub printer_job: Option<String>,
    /// Which run of the printer took it.
    pub boot: Option<String>,
    /// The printer answered the call after which a card may exist.
    pub acknowledged: bool,
    /// How many printed sides a good card has.
    pub impressions: u32,
}

/// Guards of an attempt's begin and release that both have: nothing is paused, the printer takes cards, and is this node's.
///
/// They restate `domain::dispatch`: this one and `batch.state = 'running'` restate `next_action`, the rest of `begin!` restates
/// `may_begin`, and the rest of the release `may_release`. A table of cases in the tests runs through both.
macro_rules! may_feed {
    ($node:literal) => {
        concat!(
            "NOT printer.removed AND printer.breaker IN ('closed', 'half-open') AND printer.node IS NOT DISTINCT FROM ",
            $node,
            "
              AND NOT EXISTS (SELECT 1 FROM pause WHERE (scope = 'queue') OR (scope = 'printer' AND pause.name = batch.printer)
                              OR (scope = 'batch' AND pause.name = CAST(batch.id AS TEXT)))"
        )
    };
}

/// Begins attempts where nothing forbids it; the arguments are the places of the rows, of now, and of the node.
macro_rules! begin {
    ($rows:literal, $now:literal, $node:literal) => {
        concat!(
            "
            INSERT INTO attempt (name, job_id, printer, record_version, state, impressions, began_at_us)
            SELECT v.value ->> 0, job.id, v.value ->> 3, CAST(v.value ->> 2 AS BIGINT), v.value ->> 4,
                CAST(v.value ->> 5 AS BIGINT), ",
            $now,
            "
            FROM json_each(",
            $rows,
            ") AS v CROSS JOIN job CROSS JOIN batch CROSS JOIN record CROSS JOIN printer
            WHERE job.id = CAST(v.value ->> 1 AS BIGINT) AND batch.id = job.batch_id AND record.id = job.record_id
              AND printer.name = batch.printer
              AND job.state = 'queued' AND job.due_at_us <= ",
            $now,
            "
              AND batch.state = 'running' AND batch.printer = v.value ->> 3
              AND record.state = 'batched' AND record.version = CAST(v.value ->> 2 AS BIGINT) AND record.stop IS NULL
              AND ",
            $crate::store::attempt::may_feed!($node),
            "
            RETURNING job_id, id"
        )
    };
}
pub(super) use {begin, may_feed};

/// The row of a wish for [`begin!`](begin).
pub(super) fn begin_row(b: &Begin) -> (&str, i64, i64, &str, &'static str, u32) {
    let state = if b.releasing { "releasing" } else { "intent" };
    (&b.name, b.job.0, b.record_version, &b.printer, state, b.impressions)
}

type OpenRow = (String, i64, String, String, Option<String>, Option<String>, bool, i64);

impl Tx {
    /// Begins attempts where nothing forbids it: the job is queued and due, its batch runs on that printer, queue,
    /// printer and batch are not paused, the printer's breaker lets a card start and no other node feeds it, and the
    /// record is the version that was rendered and not stopped. Returns those that were begun; the others are not.
    pub async fn attempts_begin(&mut self, begins: &[Begin]) -> Result<Vec<Begun>, StoreError> {
        const BEGIN: &str = begin!("$1", "$2", "$3");
        const PRINTING: &str = "UPDATE job SET state = 'printing' WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) AND state = 'queued'";
        if begins.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<_> = begins.iter().map(begin_row).collect();
        let (now, node) = (self.now.0, self.writer.node());
        let begun: Vec<(i64, i64)> =
            on!(self, c => sqlx::query_as(BEGIN).bind(set(&rows)).bind(now).bind(node).fetch_all(c))
                .map_err(doing("beginning attempts"))?;
        let jobs: Vec<i64> = begun.iter().map(|(job, _)| *job).collect();
        if !jobs.is_empty() {
            let done = execute!(self, sqlx::query(PRINTING).bind(set(&jobs))).map_err(doing("beginning attempts"))?;
            if done != jobs.len() as u64 {
                return Err(StoreError::Conflict("the job"));
            }
        }
        Ok(begun.into_iter().map(|(job, key)| Begun { job: JobId(job), key: AttemptKey(key) }).collect())
    }

    /// Saves that these prepared attempts are about to be committed, where still nothing forbids it. Returns those that
    /// may go on.
    pub async fn attempts_release(&mut self, attempts: &[AttemptKey]) -> Result<Vec<AttemptKey>, StoreError> {
        const RELEASE: &str = concat!(
            "
            UPDATE attempt SET state = 'releasing'
            FROM json_each($1) AS v, job, batch, record, printer
            WHERE attempt.id = CAST(v.value ->> 0 AS BIGINT) AND attempt.state = 'intent'
              AND job.id = attempt.job_id AND batch.id = job.batch_id AND record.id = job.record_id AND printer.name = batch.printer
              AND job.state = 'printing' AND batch.state = 'running'
              AND record.version = attempt.record_version AND record.stop IS NULL
              AND ",
            may_feed!("$2"),
            "
            RETURNING attempt.id"
        );
        if attempts.is_empty() {
            return Ok(Vec::new());
        }
        // Joined with the set: as a condition, PostgreSQL looks through all cards that are printing for each of it.
        let (node, rows) = (self.writer.node(), attempts.iter().map(|attempt| (attempt.0,)).collect::<Vec<_>>());
        let released: Vec<i64> = on!(self, c => sqlx::query_scalar(RELEASE).bind(set(&rows)).bind(node).fetch_all(c))
            .map_err(doing("releasing attempts"))?;
        Ok(released.into_iter().map(AttemptKey).collect())
    }

    /// Remembers what a printer said of open attempts.
    pub async fn attempts_acknowledge(&mut self, acknowledgements: &[Acknowledgement]) -> Result<(), StoreError> {
        const ACKNOWLEDGE: &str = "
            UPDATE attempt SET printer_job = COALESCE(v.value ->> 1, printer_job), boot = COALESCE(v.value ->> 2, boot),
                acknowledged = acknowledged OR CAST(v.value ->> 3 AS BIGINT) <> 0
            FROM json_each($1) AS v
            WHERE attempt.id = CAST(v.value ->> 0 AS BIGINT) AND +attempt.ended_at_us IS NULL"; // `+`: by id, not through all open ones
        if acknowledgements.is_empty() {
            return Ok(());
        }
        let row = |a: &Acknowledgement| (a.key.0, a.printer_job.clone(), a.boot.clone(), i64::from(a.acknowledged));
        let rows: Vec<_> = acknowledgements.iter().map(row).collect();
        execute!(self, sqlx::query(ACKNOWLEDGE).bind(set(&rows))).map_err(doing("saving a printer's answer"))?;
        Ok(())
    }

    /// The attempts of these printers that are not ended, oldest first, each with its printer.
    pub async fn attempts_open<S: AsRef<str>>(
        &mut self,
        printers: &[S],
    ) -> Result<Vec<(String, OpenAttempt)>, StoreError> {
        const OPEN: &str = "
            SELECT attempt.printer, attempt.id, attempt.name, attempt.state, printer_job, boot, acknowledged, impressions
            FROM json_each($1) AS v CROSS JOIN attempt
            WHERE attempt.printer = v.value ->> 0 AND attempt.ended_at_us IS NULL ORDER BY attempt.id";
        let rows: Vec<OpenRow> = on!(self, c => sqlx::query_as(OPEN).bind(set_of_names(printers)).fetch_all(c))
            .map_err(doing("reading open attempts"))?;
        let open = |(printer, key, name, state, printer_job, boot, acknowledged, impressions): OpenRow| {
            let (key, releasing) = (AttemptKey(key), state == "releasing");
            let impressions = u32::try_from(impressions).unwrap_or(1);
            (printer, OpenAttempt { key, name, releasing, printer_job, boot, acknowledged, impressions })
        };
        Ok(rows.into_iter().map(open).collect())
    }

    /// An attempt that is not ended, by name, with its printer.
    pub async fn attempt_open(&mut self, name: &str) -> Result<Option<(String, OpenAttempt)>, StoreError> {
        let sql = "SELECT printer FROM attempt WHERE name = $1 AND ended_at_us IS NULL";
        let printer: Option<String> = on!(self, c => sqlx::query_scalar(sql).bind(name).fetch_optional(c))
            .map_err(doing("finding an attempt"))?;
        let Some(printer) = printer else { return Ok(None) };
        Ok(self.attempts_open(&[printer]).await?.into_iter().find(|(_, open)| open.name == name))
    }

    /// Saves that a card may exist though it was never let go: its printer did not keep its promise to hold. No guard:
    /// it has happened.
    pub async fn attempt_started(&mut self, attempt: AttemptKey) -> Result<(), StoreError> {
        const STARTED: &str = "UPDATE attempt SET state = 'releasing' WHERE id = $1 AND state = 'intent'";
        execute!(self, sqlx::query(STARTED).bind(attempt.0)).map_err(doing("saving a started attempt"))?;
        Ok(())
    }

    /// An attempt by the name that printers and people have of it.
    pub async fn attempt_find(&mut self, name: &str) -> Result<Option<AttemptKey>, StoreError> {
        const FIND: &str = "SELECT id FROM attempt WHERE name = $1";
        let found = on!(self, c => sqlx::query_scalar(FIND).bind(name).fetch_optional(c));
        Ok(found.map_err(doing("finding an attempt"))?.map(AttemptKey))
    }

    /// Attempts with all that decides what their end means; `limits` gives the most failed tries of a profile.
    pub async fn attempts_view(
        &mut self,
        attempts: &[AttemptKey],
        limits: &(dyn Fn(&str) -> u32 + Sync),
    ) -> Result<Vec<AttemptView>, StoreError> {
        const VIEW: &str = "
            SELECT a.id, a.name, a.state, a.printer, a.record_version,
                   j.id, j.state, j.not_started, b.id, b.state, j.lot_id, b.place,
                   r.id, r.state, r.version, r.stop, r.charged, r.failed_on, r.profile
            FROM json_each($1) AS v CROSS JOIN attempt AS a CROSS JOIN job AS j CROSS JOIN batch AS b CROSS JOIN record AS r
            WHERE a.id = CAST(v.value AS BIGINT) AND j.id = a.job_id AND b.id = j.batch_id AND r.id = j.record_id";
        let views = on!(self, c => async {
            let rows = sqlx::query(VIEW).bind(set(attempts)).fetch_all(c).await?;
            Ok(rows.iter().map(|row| view(row, limits)).collect())
        });
        views.map_err(doing("reading attempts"))?
    }
}

/// More columns than a tuple takes. The bounds say that a row has numbers and texts.
fn view<'r, R>(row: &'r R, limits: &(dyn Fn(&str) -> u32 + Sync)) -> Result<AttemptView, StoreError>
where
    R: Row,
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    &'r str: Decode<'r, R::Database> + Type<R::Database>,
    Option<&'r str>: Decode<'r, R::Database> + Type<R::Database>,
{
    let failed = || doing("reading attempts");
    let number = |at: usize| row.try_get::<i64, _>(at).map_err(failed());
    let text = |at: usize| row.try_get::<&str, _>(at).map_err(failed());
    let optional = |at: usize| row.try_get::<Option<&str>, _>(at).map_err(failed());
    let (key, job, record) = (number(0)?, number(5)?, number(12)?);
    Ok(AttemptView {
        key: AttemptKey(key),
        name: text(1)?.to_owned(),
        state: parse("attempt", key, text(2)?)?,
        printer: text(3)?.to_owned(),
        rendered_version: number(4)?,
        job: JobId(job),
        job_state: parse("job", job, text(6)?)?,
        not_started: u32::try_from(number(7)?).unwrap_or(0),
        batch: BatchId(number(8)?),
        batch_is_closing: text(9)? != "running",
        lot: LotId(number(10)?),
        place: Place::from_stored(text(11)?),
        record: RecordId(record),
        record_state: parse("record", record, text(13)?)?,
        record_version: number(14)?,
        stop: optional(15)?.and_then(Recall::from_stored),
        charged: u32::try_from(number(16)?).unwrap_or(0),
        failed_on: optional(17)?.map(str::to_owned),
        attempts_limit: limits(text(18)?),
    })
}
