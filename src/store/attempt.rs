//! Attempts. An attempt is begun under guards before any data is sent to the printer, and released under guards before a
//! card can exist.

use sqlx::{ColumnIndex, Decode, Row, Type};

use super::{StoreError, Tx, doing, execute, on, parse, set, set_of_names};
use crate::domain::{
    attempt::AttemptView,
    id::{AttemptKey, BatchId, JobId, LotId, RecordId},
    record::Recall,
    stock::Place,
};

/// An attempt to begin.
#[derive(Clone, Debug)]
pub struct Begin {
    /// Its name, which the printer gets as the job's name.
    pub name: String,
    /// The job.
    pub job: JobId,
    /// The version of the record that was rendered.
    pub record_version: i64,
    /// The printer. The job's batch must belong to it.
    pub printer: String,
    /// Whether the attempt is released at once, because its printer cannot hold jobs.
    pub releasing: bool,
    /// The impressions of a good card: its number of printed sides.
    pub impressions: u32,
}

/// A [`Begin`], and the cards of its printer that its transaction has ended and not yet counted as fed.
pub(super) struct Counted<'a> {
    pub(super) begin: &'a Begin,
    pub(super) uncounted: i64,
}

impl Begin {
    /// The state that the attempt begins in.
    pub(super) fn state(&self) -> &'static str {
        if self.releasing { "releasing" } else { "intent" }
    }
}

/// An attempt that was begun.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Begun {
    /// The job.
    pub job: JobId,
    /// The attempt.
    pub key: AttemptKey,
}

/// A printer's answer about an open attempt.
#[derive(Clone, Debug)]
pub struct Acknowledgement {
    /// The attempt.
    pub key: AttemptKey,
    /// The printer's job id.
    pub printer_job: Option<String>,
    /// The run of the printer (from one restart to the next) that accepted the job.
    pub printer_run: Option<String>,
    /// Whether the printer has answered the call that released the job.
    pub acknowledged: bool,
}

/// An attempt that has not ended, as the scheduler finds it after a restart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenAttempt {
    /// The attempt.
    pub key: AttemptKey,
    /// Its name at the printer.
    pub name: String,
    /// Whether it was released, so that a card may exist.
    pub releasing: bool,
    /// The printer's job id.
    pub printer_job: Option<String>,
    /// The run of the printer (from one restart to the next) that accepted the job.
    pub printer_run: Option<String>,
    /// Whether the printer has answered the call that released the job.
    pub acknowledged: bool,
    /// The impressions of a good card: its number of printed sides.
    pub impressions: u32,
}

/// The guards that begin and release share: nothing is paused, the printer's breaker is not open, and the printer belongs to
/// this node.
///
/// They restate `domain::dispatch`: this one and `batch.state = 'running'` restate `next_action`, the rest of `begin!` restates
/// `may_begin`, and the rest of the release `may_release`; `has_room!` restates `domain::supply`. A table of cases in the tests runs
/// through both.
macro_rules! may_print {
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

/// The guard that no limit of the printer is reached, with the cards that are in it and `$uncounted` ended ones that its transaction
/// counts when it commits. Jobs stand for their open attempts: an insert that reads its own table is slower.
macro_rules! has_room {
    ($uncounted:literal) => {
        concat!(
            "(printer.feed_until IS NULL OR printer.feed_until > ",
            $uncounted,
            " + ",
            $crate::store::printer::fed!(),
            " + (SELECT COUNT(*) FROM batch AS b CROSS JOIN job AS j WHERE b.printer = printer.name AND b.state <> 'closed'
                 AND j.batch_id = b.id AND j.state = 'printing' AND j.id <> job.id))"
        )
    };
}

/// Begins attempts under guards. The arguments are a query for the attempts (with name, job, version, printer, state,
/// impressions and uncounted cards), and the placeholders of the instant, of the node, and of the owner.
macro_rules! begin {
    ($attempts:expr, $now:literal, $node:literal, $owner:literal) => {
        concat!(
            "
            INSERT INTO attempt (name, job_id, printer, record_version, state, impressions, began_at_us, owner)
            SELECT v.name, job.id, v.printer, v.version, v.state, v.impressions, ",
            $now,
            ", ",
            $owner,
            "
            FROM (",
            $attempts,
            ") AS v CROSS JOIN job CROSS JOIN batch CROSS JOIN record CROSS JOIN printer
            WHERE job.id = v.job AND batch.id = job.batch_id AND record.id = job.record_id
              AND printer.name = batch.printer
              AND job.state = 'queued' AND job.due_at_us <= ",
            $now,
            "
              AND batch.state = 'running' AND batch.printer = v.printer
              AND record.state = 'batched' AND record.version = v.version AND record.stop IS NULL
              AND ",
            $crate::store::attempt::may_print!($node),
            " AND ",
            $crate::store::attempt::has_room!("v.uncounted"),
            "
            RETURNING job_id, id"
        )
    };
}
pub(super) use {begin, has_room, may_print};

/// The owner of an attempt that was begun by a process without a number.
pub(super) const UNKNOWN_OWNER: i64 = 0;

/// The row of an attempt for [`begin!`](begin).
fn json_row(b: &Begin, uncounted: i64) -> (&str, i64, i64, &str, &'static str, u32, i64) {
    (&b.name, b.job.0, b.record_version, &b.printer, b.state(), b.impressions, uncounted)
}

pub(super) type OpenRow = (String, i64, String, String, Option<String>, Option<String>, i64, i64);

/// The columns of an [`OpenRow`].
macro_rules! attempt_columns {
    () => {
        "attempt.printer, attempt.id, attempt.name, attempt.state, printer_job, printer_run,
         CAST(CASE WHEN acknowledged THEN 1 ELSE 0 END AS BIGINT), impressions"
    };
}
/// The open attempts of the printers `$1`.
macro_rules! open {
    () => {
        "FROM json_each($1) AS v CROSS JOIN attempt WHERE attempt.printer = v.value ->> 0 AND attempt.ended_at_us IS NULL"
    };
}
pub(super) use {attempt_columns, open};

/// The open attempts of the printers `$1`.
pub(super) const OPEN: &str = concat!("SELECT ", attempt_columns!(), " ", open!(), " ORDER BY attempt.id");

/// The records whose cards were released on the printers `$1` and have no outcome.
pub(super) const IN_PRINTERS: &str = concat!(
    "SELECT attempt.printer, (SELECT r.source FROM job AS j JOIN record AS r ON r.id = j.record_id WHERE j.id = attempt.job_id),
            (SELECT r.request_id FROM job AS j JOIN record AS r ON r.id = j.record_id WHERE j.id = attempt.job_id) ",
    open!(),
    " AND attempt.state = 'releasing' ORDER BY attempt.id DESC"
);

impl Tx {
    /// Whether a printer has an attempt with an uncertain outcome.
    pub async fn printer_has_uncertain(&mut self, printer: &str) -> Result<bool, StoreError> {
        const HAS: &str = "
            SELECT COUNT(*) FROM (SELECT 1 FROM attempt WHERE state = 'uncertain' AND printer = $1 LIMIT 1) AS first";
        let found: i64 = on!(self, c => sqlx::query_scalar(HAS).bind(printer).fetch_one(c))
            .map_err(doing("reading uncertain attempts"))?;
        Ok(found > 0)
    }

    /// Begins attempts whose guards hold: the job is queued and due, its batch is running on that printer, neither queue,
    /// printer nor batch is paused, the printer's breaker is not open, the printer belongs to this node, no limit of it is
    /// reached, and the record has the rendered version and is not recalled. Returns the attempts that were begun.
    pub async fn attempts_begin(&mut self, begins: &[Begin]) -> Result<Vec<Begun>, StoreError> {
        const BEGIN: &str = begin!(
            "SELECT e.value ->> 0 AS name, CAST(e.value ->> 1 AS BIGINT) AS job, CAST(e.value ->> 2 AS BIGINT) AS version,
                    e.value ->> 3 AS printer, e.value ->> 4 AS state, CAST(e.value ->> 5 AS BIGINT) AS impressions,
                    CAST(e.value ->> 6 AS BIGINT) AS uncounted
             FROM json_each($1) AS e",
            "$2",
            "$3",
            "$4"
        );
        const PRINTING: &str = "UPDATE job SET state = 'printing' WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) AND state = 'queued'";
        if begins.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<_> = begins.iter().map(|begin| json_row(begin, self.deltas.fed_by(&begin.printer))).collect();
        let (now, node, owner) = (self.now.0, self.writer.node(), self.writer.owner.unwrap_or(UNKNOWN_OWNER));
        let begun: Vec<(i64, i64)> =
            on!(self, c => sqlx::query_as(BEGIN).bind(set(&rows)).bind(now).bind(node).bind(owner).fetch_all(c))
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

    /// Releases prepared attempts whose guards still hold, before the printer is told to print them. Returns the attempts that
    /// were released.
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
            may_print!("$2"),
            " AND ",
            has_room!(
                "(SELECT COALESCE(SUM(CAST(f.value ->> 1 AS BIGINT)), 0) FROM json_each($3) AS f WHERE f.value ->> 0 = printer.name)"
            ),
            "
            RETURNING attempt.id"
        );
        if attempts.is_empty() {
            return Ok(Vec::new());
        }
        // The set is joined: with `IN`, PostgreSQL scans all printing jobs for each element.
        let (node, rows) = (self.writer.node(), attempts.iter().map(|attempt| (attempt.0,)).collect::<Vec<_>>());
        let uncounted = set(&self.deltas.fed_by_all());
        let released: Vec<i64> =
            on!(self, c => sqlx::query_scalar(RELEASE).bind(set(&rows)).bind(node).bind(uncounted).fetch_all(c))
                .map_err(doing("releasing attempts"))?;
        Ok(released.into_iter().map(AttemptKey).collect())
    }

    /// Saves printers' answers about open attempts.
    pub async fn attempts_acknowledge(&mut self, acknowledgements: &[Acknowledgement]) -> Result<(), StoreError> {
        const ACKNOWLEDGE: &str = "
            UPDATE attempt SET printer_job = COALESCE(v.value ->> 1, printer_job), printer_run = COALESCE(v.value ->> 2, printer_run),
                acknowledged = acknowledged OR CAST(v.value ->> 3 AS BIGINT) <> 0
            FROM json_each($1) AS v
            WHERE attempt.id = CAST(v.value ->> 0 AS BIGINT) AND +attempt.ended_at_us IS NULL"; // `+`: by id, not through all open ones
        if acknowledgements.is_empty() {
            return Ok(());
        }
        let row =
            |a: &Acknowledgement| (a.key.0, a.printer_job.clone(), a.printer_run.clone(), i64::from(a.acknowledged));
        let rows: Vec<_> = acknowledgements.iter().map(row).collect();
        execute!(self, sqlx::query(ACKNOWLEDGE).bind(set(&rows))).map_err(doing("saving a printer's answer"))?;
        Ok(())
    }

    /// The open attempts of these printers, oldest first, each with its printer's name.
    pub async fn attempts_open<S: AsRef<str>>(
        &mut self,
        printers: &[S],
    ) -> Result<Vec<(String, OpenAttempt)>, StoreError> {
        let rows: Vec<OpenRow> = on!(self, c => sqlx::query_as(OPEN).bind(set_of_names(printers)).fetch_all(c))
            .map_err(doing("reading open attempts"))?;
        Ok(rows.into_iter().map(open_of_row).collect())
    }

    /// The sources and request ids of the records whose cards are in these printers, each with its printer's name. Of several on one printer
    /// the first is the last row.
    pub async fn requests_in_printers<S: AsRef<str>>(
        &mut self,
        printers: &[S],
    ) -> Result<Vec<(String, String, String)>, StoreError> {
        on!(self, c => sqlx::query_as(IN_PRINTERS).bind(set_of_names(printers)).fetch_all(c))
            .map_err(doing("reading open attempts"))
    }

    /// An open attempt by name, with its printer's name.
    pub async fn attempt_open(&mut self, name: &str) -> Result<Option<(String, OpenAttempt)>, StoreError> {
        let sql = "SELECT printer FROM attempt WHERE name = $1 AND ended_at_us IS NULL";
        let printer: Option<String> = on!(self, c => sqlx::query_scalar(sql).bind(name).fetch_optional(c))
            .map_err(doing("finding an attempt"))?;
        let Some(printer) = printer else { return Ok(None) };
        Ok(self.attempts_open(&[printer]).await?.into_iter().find(|(_, open)| open.name == name))
    }

    /// Marks a held attempt as released, because its printer started the job without being told to. There is no guard, since
    /// the card may exist already.
    pub async fn attempt_started(&mut self, attempt: AttemptKey) -> Result<(), StoreError> {
        const STARTED: &str = "UPDATE attempt SET state = 'releasing' WHERE id = $1 AND state = 'intent'";
        execute!(self, sqlx::query(STARTED).bind(attempt.0)).map_err(doing("saving a started attempt"))?;
        Ok(())
    }

    /// The source and the request id of the record that an attempt is of; `None` if it is archived.
    pub async fn attempt_request(&mut self, attempt: AttemptKey) -> Result<Option<(String, String)>, StoreError> {
        const REQUEST: &str = "
            SELECT record.source, record.request_id FROM attempt
            JOIN job ON job.id = attempt.job_id JOIN record ON record.id = job.record_id WHERE attempt.id = $1";
        on!(self, c => sqlx::query_as(REQUEST).bind(attempt.0).fetch_optional(c)).map_err(doing("finding a request"))
    }

    /// An attempt by name, open or not; not in the archive.
    pub async fn attempt_find(&mut self, name: &str) -> Result<Option<AttemptKey>, StoreError> {
        const FIND: &str = "SELECT id FROM attempt WHERE name = $1";
        let found = on!(self, c => sqlx::query_scalar(FIND).bind(name).fetch_optional(c));
        Ok(found.map_err(doing("finding an attempt"))?.map(AttemptKey))
    }

    /// Those of these names that are of no attempt, archived or not, and of no test card; unless `with_saved`, also of no unknown
    /// job that was saved before.
    pub async fn attempts_unknown<S: AsRef<str>>(
        &mut self,
        names: &[S],
        with_saved: bool,
    ) -> Result<Vec<String>, StoreError> {
        const UNKNOWN: &str = "
            SELECT v.value ->> 0 FROM json_each($1) AS v
            WHERE NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.name = v.value ->> 0)
              AND NOT EXISTS (SELECT 1 FROM attempt_archive WHERE attempt_archive.name = v.value ->> 0)
              AND NOT EXISTS (SELECT 1 FROM test_card WHERE test_card.name = v.value ->> 0)
              AND ($2 OR NOT EXISTS (SELECT 1 FROM unknown_job WHERE unknown_job.name = v.value ->> 0))";
        let names = set_of_names(names);
        let unknown = on!(self, c => sqlx::query_scalar(UNKNOWN).bind(names).bind(with_saved).fetch_all(c));
        unknown.map_err(doing("looking for unknown attempts"))
    }

    /// Attempts with everything that [`settle`](crate::domain::job::settle) needs. `limits` gives the number of failed tries
    /// that a profile allows.
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

/// An open attempt, with its printer's name.
pub(super) fn open_of_row(row: OpenRow) -> (String, OpenAttempt) {
    let (printer, key, name, state, printer_job, printer_run, acknowledged, impressions) = row;
    let (key, releasing, acknowledged) = (AttemptKey(key), state == "releasing", acknowledged != 0);
    let impressions = u32::try_from(impressions).unwrap_or(1);
    (printer, OpenAttempt { key, name, releasing, printer_job, printer_run, acknowledged, impressions })
}

/// Reads a row that has more columns than a tuple can. The bounds say that rows of both databases have numbers and texts.
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
        is_from_before_adoption: false,
    })
}
