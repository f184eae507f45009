//! Creates batches: one text with all statements, because a round trip costs more than most of them.

use std::collections::HashMap;

use sqlx::{Error::WorkerCrashed, PgConnection, Row, SqliteConnection};

use super::{
    Inner, QueuedJob, StoreError, Tx,
    backend::sqlite::answers,
    doing,
    record::unlist,
    set,
    stock::{self, add, append},
};
use crate::domain::{
    batch::{Batch, BatchState, Claimed},
    id::{BatchId, JobId, LotId},
    record::RecordState,
    stock::{Movement, Place},
};

/// A batch to be created.
#[derive(Clone, Debug)]
pub struct NewBatch {
    /// The card profile of its records.
    pub profile: String,
    /// The printer that prints it.
    pub printer: String,
    /// Where its blanks are reserved.
    pub place: Place,
    /// `planned` or `running`.
    pub state: BatchState,
    /// Its records, in printing order, each with the lot of its blank.
    pub cards: Vec<(Claimed, LotId)>,
    /// The movements that reserve these blanks.
    pub reserved: Vec<Movement>,
}

const CREATING: &str = "creating a batch";

// The arguments of all statements: $1 now; $2 the batches; $3 their jobs, each with its printer; $4 their records; $5 the movements,
// each with its printer for its batch; $6 the changes of the balances; $7 the actor's name, $8 the actor's account, $9 the actor's
// means. `$batch` is the number of the batch of a row's printer.

macro_rules! make {
    () => {
        "INSERT INTO batch (profile, printer, place, state, created_at_us)
         SELECT v.value ->> 0, v.value ->> 1, v.value ->> 2, v.value ->> 3, $1 FROM json_each($2) AS v ORDER BY v.key
         RETURNING printer, id"
    };
}
macro_rules! add_jobs {
    ($batch:expr) => {
        concat!(
            "INSERT INTO job (batch_id, record_id, copy, lot_id, state, position, due_at_us)
             SELECT ",
            $batch,
            ", CAST(v.value ->> 1 AS BIGINT), CAST(v.value ->> 2 AS BIGINT),
                    CAST(v.value ->> 3 AS BIGINT), 'queued', CAST(v.value ->> 4 AS BIGINT), $1
             FROM json_each($3) AS v ORDER BY v.key
             RETURNING record_id, id"
        )
    };
}
macro_rules! take {
    () => {
        "UPDATE record SET state = 'batched'
         WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each($4)) AND state = 'waiting'"
    };
}

/// For SQLite: one text of several statements. The batch of a printer is the newest that is open.
const TEXT: &str = concat!(
    make!(),
    ";",
    add_jobs!("(SELECT MAX(id) FROM batch WHERE printer = v.value ->> 0 AND state <> 'closed')"),
    ";",
    take!(),
    ";",
    unlist!("$4"),
    ";",
    append!(
        "$5",
        "$1",
        "(SELECT MAX(id) FROM batch WHERE printer = v.value ->> 8 AND state <> 'closed')",
        "$7",
        "$8",
        "$9"
    ),
    ";",
    add!("$6")
);
/// The number of its statements.
const STATEMENTS: usize = 6;

/// For PostgreSQL: one statement that contains the others.
const STATEMENT: &str = concat!(
    "WITH made AS (",
    make!(),
    "), jobs AS (",
    add_jobs!("(SELECT id FROM made WHERE printer = v.value ->> 0)"),
    "), taken AS (",
    take!(),
    " RETURNING 1), unlisted AS (",
    unlist!("$4"),
    " RETURNING 1), moved AS (",
    append!("$5", "$1", "(SELECT id FROM made WHERE printer = v.value ->> 8)", "$7", "$8", "$9"),
    "), balanced AS (",
    add!("$6"),
    " RETURNING 1)
    SELECT 'batch', printer, id, CAST(NULL AS BIGINT) FROM made
    UNION ALL SELECT 'job', NULL, id, record_id FROM jobs
    UNION ALL SELECT 'taken', NULL, COUNT(*), NULL FROM taken
    UNION ALL SELECT 'unlisted', NULL, COUNT(*), NULL FROM unlisted
    UNION ALL SELECT 'balanced', NULL, COUNT(*), NULL FROM balanced"
);

/// What is bound to the statements.
struct Arguments<'a> {
    now_us: i64,
    batches: String,
    jobs: String,
    records: String,
    movements: String,
    balances: String,
    /// Name, account and means.
    actor: (&'a str, Option<i64>, &'a str),
}

macro_rules! bound {
    ($sql:expr, $arguments:expr) => {{
        let Arguments { now_us, batches, jobs, records, movements, balances, actor: (name, account, means) } =
            $arguments;
        let query = sqlx::query($sql).bind(*now_us).bind(&**batches).bind(&**jobs).bind(&**records);
        query.bind(&**movements).bind(&**balances).bind(*name).bind(*account).bind(*means)
    }};
}

/// What the statements have changed.
#[derive(Default)]
struct Made {
    /// The batch of each printer.
    batches: HashMap<String, i64>,
    /// The job of each record.
    jobs: HashMap<i64, i64>,
    taken: u64,
    unlisted: u64,
    balanced: u64,
}

async fn make_on_sqlite(connection: &mut SqliteConnection, arguments: &Arguments<'_>) -> Result<Made, sqlx::Error> {
    let (numbers, rows) = answers(bound!(TEXT, arguments), connection, STATEMENTS).await?;
    let [_, _, taken, unlisted, _, balanced] = *numbers else { return Err(WorkerCrashed) };
    let mut made = Made { taken, unlisted, balanced, ..Made::default() };
    for (statement, row) in rows {
        if statement == 0 {
            made.batches.insert(row.try_get(0)?, row.try_get(1)?);
        } else {
            made.jobs.insert(row.try_get(0)?, row.try_get(1)?);
        }
    }
    Ok(made)
}

async fn make_on_postgres(connection: &mut PgConnection, arguments: &Arguments<'_>) -> Result<Made, sqlx::Error> {
    let mut made = Made::default();
    for row in bound!(STATEMENT, arguments).fetch_all(connection).await? {
        let number: i64 = row.try_get(2)?;
        match row.try_get(0)? {
            "batch" => drop(made.batches.insert(row.try_get(1)?, number)),
            "job" => drop(made.jobs.insert(row.try_get(3)?, number)),
            "taken" => made.taken = number.unsigned_abs(),
            "unlisted" => made.unlisted = number.unsigned_abs(),
            _ => made.balanced = number.unsigned_abs(),
        }
    }
    Ok(made)
}

impl Tx {
    /// Creates batches, each for a different printer, reserves their blanks, and moves their records from the waiting list into
    /// jobs. Returns the batches and their jobs in the given order.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if a record is no longer on the waiting list.
    pub async fn batches_make(&mut self, batches: Vec<NewBatch>) -> Result<Vec<(Batch, Vec<QueuedJob>)>, StoreError> {
        if batches.is_empty() {
            return Ok(Vec::new());
        }
        let balances = stock::deltas(batches.iter().flat_map(|new| &new.reserved));
        let records: Vec<i64> = batches.iter().flat_map(|new| &new.cards).map(|(c, _)| c.record.0).collect();
        let arguments = Arguments {
            now_us: self.now.0,
            batches: set(&batches.iter().map(batch_row).collect::<Vec<_>>()),
            jobs: set(&batches.iter().flat_map(job_rows).collect::<Vec<_>>()),
            records: set(&records),
            movements: set(&batches.iter().flat_map(movement_rows).collect::<Vec<_>>()),
            balances: set(&balances),
            actor: self.writer.actor.columns(),
        };
        let made = match &mut self.inner {
            Inner::Sqlite(transaction) => {
                let made = match transaction.open() {
                    Ok(connection) => make_on_sqlite(connection, &arguments).await,
                    Err(error) => Err(error),
                };
                transaction.note(&made);
                made
            }
            Inner::Postgres(transaction) => {
                Box::pin(transaction.run(async |c| make_on_postgres(c, &arguments).await)).await
            }
        };
        let made = made.map_err(doing(CREATING))?;
        let number = records.len() as u64;
        if (made.jobs.len() as u64, made.taken, made.unlisted) != (number, number, number) {
            return Err(StoreError::Conflict("the waiting list"));
        }
        if made.balanced != balances.len() as u64 {
            self.balances_open(&balances).await?;
        }
        // The transaction has read the records, so that district and recall are still the same.
        for new in &batches {
            for movement in &new.reserved {
                self.changes.movement(movement, made.batches.get(&new.printer).copied());
            }
            for (c, _) in &new.cards {
                self.changes.record_state(c.record, RecordState::Waiting, RecordState::Batched);
                let (from, to) = ((RecordState::Waiting, c.recalled), (RecordState::Batched, c.recalled));
                self.deltas.record_changed((new.profile.clone(), c.district.clone()), from, to);
            }
        }
        let now_us = self.now.0;
        batches.into_iter().map(|new| made.batch(new, now_us)).collect()
    }
}

impl Made {
    /// A batch that was made, with its jobs.
    fn batch(&self, new: NewBatch, now_us: i64) -> Result<(Batch, Vec<QueuedJob>), StoreError> {
        let id = self.batches.get(&new.printer).map(|id| BatchId(*id)).ok_or(StoreError::Conflict("the batch"))?;
        let NewBatch { profile, printer, place, state, cards, .. } = new;
        let job = |(c, lot): (Claimed, LotId)| {
            let id = self.jobs.get(&c.record.0).map(|id| JobId(*id));
            id.map(|id| QueuedJob { id, record: c.record, due_at_us: now_us, lot, place: place.clone() })
        };
        let jobs = cards.into_iter().filter_map(job).collect();
        Ok((Batch { id, profile, printer, state }, jobs))
    }
}

fn batch_row(new: &NewBatch) -> (&str, &str, &str, &'static str) {
    (&new.profile, &new.printer, new.place.as_str(), new.state.as_str())
}

fn job_rows(new: &NewBatch) -> impl Iterator<Item = (&str, i64, i64, i64, i64)> {
    (0_i64..).zip(&new.cards).map(|(at, (c, lot))| (new.printer.as_str(), c.record.0, c.copy, lot.0, at))
}

fn movement_rows(new: &NewBatch) -> impl Iterator<Item: serde::Serialize> {
    new.reserved.iter().map(|movement| stock::movement_row(movement, &*new.printer))
}
