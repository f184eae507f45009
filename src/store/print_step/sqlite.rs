//! The step on SQLite: one text with all statements, because sending a statement costs more than running it.

use sqlx::{Error::WorkerCrashed, Row, Sqlite, SqliteConnection, query::Query, sqlite::SqliteArguments};

use super::change::{Changed, SAVING, Step};
use crate::{
    domain::{
        id::{AttemptKey, JobId},
        job::PrintedCard,
    },
    store::{
        Begin, Begun, StoreError,
        attempt::{Counted, begin},
        backend::sqlite::{SqliteTransaction, answers, run_text},
        doing, set,
        stock::add,
    },
};

/// The arguments: $1 now, $2 the attempts that ended, $3 their cards, see [`card_row`], $4 their records, $5 the attempts to
/// begin, see [`begin_row`], $6 the jobs of these, $7 the changes of the balances, $8 the node, $9 the owner of the attempts to
/// begin, $10 the actor's name, $11 the actor's account, $12 the actor's means.
macro_rules! step {
    () => {
        concat!(
            "
    UPDATE attempt SET state = 'printed', reason = NULL, note = NULL, inspected = 0, ended_at_us = $1
    WHERE id IN (SELECT value FROM json_each($2)) AND state = 'releasing';
    UPDATE job SET state = 'printed'
    FROM json_each($3) AS v
    WHERE job.id = CAST(substr(v.value, 1, 19) AS INTEGER) AND job.state = 'printing'
      AND job.record_id = CAST(substr(v.value, 20, 19) AS INTEGER)
      AND job.batch_id = CAST(substr(v.value, 39, 19) AS INTEGER)
      AND job.lot_id = CAST(substr(v.value, 58, 19) AS INTEGER);
    UPDATE record SET state = 'printed', reason = NULL, note = NULL
    WHERE id IN (SELECT value FROM json_each($4)) AND state = 'batched'
    RETURNING profile, district, stop IS NOT NULL;
    INSERT INTO movement (at_us, lot_id, from_account, from_place, to_account, to_place, quantity, cause, batch_id, attempt_id,
                          actor, account, means)
    SELECT $1, CAST(substr(v.value, 58, 19) AS INTEGER), 'reserved', substr(v.value, 96), 'printed', '', 1, 'printed',
           CAST(substr(v.value, 39, 19) AS INTEGER), CAST(substr(v.value, 77, 19) AS INTEGER), $10, $11, $12
    FROM json_each($3) AS v;",
            add!("$7"),
            ";",
            begin!(
                "SELECT CAST(substr(e.value, 1, 19) AS INTEGER) AS job, CAST(substr(e.value, 20, 19) AS INTEGER) AS version,
                        CAST(substr(e.value, 39, 10) AS INTEGER) AS impressions, trim(substr(e.value, 49, 9)) AS state,
                        CAST(substr(e.value, 58, 10) AS INTEGER) AS uncounted,
                        substr(e.value, 68, instr(e.value, char(10)) - 68) AS printer,
                        substr(e.value, instr(e.value, char(10)) + 1) AS name
                 FROM json_each($5) AS e",
                "$1",
                "$8",
                "$9"
            ),
            ";
    UPDATE job SET state = 'printing'
    WHERE id IN (SELECT value FROM json_each($6)) AND state = 'queued'
      AND EXISTS (SELECT 1 FROM attempt WHERE attempt.job_id = job.id AND attempt.ended_at_us IS NULL)"
        )
    };
}
const STEP: &str = step!();
const BEGIN_AND_STEP: &str = concat!("BEGIN IMMEDIATE;", step!());
/// The number of statements of `step!`.
const STATEMENTS: usize = 7;

/// A card in `step!`: columns of fixed width, because a JSON array inside another costs more to read than all else.
fn card_row(card: &PrintedCard) -> String {
    let PrintedCard { job, record, batch, lot, attempt, place, .. } = card;
    format!("{:019}{:019}{:019}{:019}{:019}{}", job.0, record.0, batch.0, lot.0, attempt.0, place.as_str())
}

/// An attempt to begin in `step!`: columns of fixed width, then the printer's name, a line feed, and the attempt's name.
fn begin_row(Counted { begin, uncounted }: &Counted<'_>) -> String {
    let Begin { job, record_version, impressions, printer, name, .. } = begin;
    format!("{:019}{record_version:019}{impressions:010}{:9}{uncounted:010}{printer}\n{name}", job.0, begin.state())
}

/// Begins the transaction too, if it waits for that.
pub(super) async fn run(transaction: &mut SqliteTransaction, step: &Step<'_>) -> Result<Changed, StoreError> {
    let Step { good, begins, .. } = step;
    let attempts = set(&good.iter().map(|card| card.attempt.0).collect::<Vec<_>>());
    let cards = set(&good.iter().map(card_row).collect::<Vec<_>>());
    let records = set(&good.iter().map(|card| card.record.0).collect::<Vec<_>>());
    let rows = set(&begins.iter().map(begin_row).collect::<Vec<_>>());
    let jobs = set(&begins.iter().map(|counted| counted.begin.job.0).collect::<Vec<_>>());
    let balances = set(step.balances);
    let (actor, account, means) = step.actor;
    let query = |sql: &'static str| {
        let query = sqlx::query(sql).bind(step.now_us).bind(&*attempts).bind(&*cards).bind(&*records).bind(&*rows);
        let query = query.bind(&*jobs).bind(&*balances).bind(step.node).bind(step.owner);
        query.bind(actor).bind(account).bind(means)
    };
    let changed = run_text!(transaction, (connection, begins) => {
        let (sql, statements) = if begins { (BEGIN_AND_STEP, STATEMENTS + 1) } else { (STEP, STATEMENTS) };
        run_step(query(sql), connection, statements)
    });
    changed.map_err(doing(SAVING))
}

async fn run_step(
    query: Query<'_, Sqlite, SqliteArguments>,
    connection: &mut SqliteConnection,
    statements: usize,
) -> Result<Changed, sqlx::Error> {
    let (numbers, rows) = answers(query, connection, statements).await?;
    // The numbers of the statements of `step!`, which `BEGIN` may precede.
    let [.., attempts, jobs, _, movements, balances, _, printing] = *numbers else { return Err(WorkerCrashed) };
    let mut changed = Changed { attempts, jobs, movements, balances, printing, ..Changed::default() };
    for (_, row) in rows {
        if row.len() == 3 {
            changed.records.push((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, 1));
        } else {
            changed.begun.push(Begun { job: JobId(row.try_get(0)?), key: AttemptKey(row.try_get(1)?) });
        }
    }
    Ok(changed)
}
