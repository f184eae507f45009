//! Counters, so that the cost of a board does not depend on the number of records.
//!
//! A transaction accumulates its changes and saves them with its audit rows, in the same call of the database. Each chain has rows
//! of its own, which are summed when they are read, so a number in a row may be negative. `db check` compares the sums
//! with the counted rows.
//!
//! A row of outcomes of all times tells how many cards a printer has fed ([`FED`](super::counter_deltas::FED)).
//!
//! Rows of outcomes are kept for ever, as attempts are in the archive: each stands for at least one of them, and a reader
//! asks for the newest only.

use super::{
    Inner, StoreError, Tx,
    counter_deltas::{BUCKET_US, Deltas, OutcomeKey, bucket_start},
    doing, execute, on, set,
};
use crate::domain::time::Timestamp;

/// The number of records of one profile, district and state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordCount {
    /// The profile.
    pub profile: String,
    /// The district.
    pub district: String,
    /// The state.
    pub state: String,
    /// Whether the card is recalled.
    pub stopped: bool,
    /// The number of records.
    pub count: i64,
}

/// Blanks that attempts have used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UsedBlanks {
    /// The card profile.
    pub profile: String,
    /// The begin of the quarter of an hour in which the first was used, in microseconds.
    pub first_us: i64,
    /// How many they are.
    pub number: i64,
}

/// How many counters there are after counting again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Recounted {
    /// Those of records.
    pub records: u64,
    /// Those of outcomes.
    pub outcomes: u64,
}

/// Adds the changes `$rows` to the counters of records of the chain `$1`.
macro_rules! add_records {
    ($rows:literal) => {
        concat!(
            "INSERT INTO counter_record (chain, profile, district, state, stopped, number)
             SELECT $1, v.value ->> 0, v.value ->> 1, v.value ->> 2, CAST(v.value ->> 3 AS BIGINT) <> 0, CAST(v.value ->> 4 AS BIGINT)
             FROM json_each(",
            $rows,
            ") AS v WHERE true
             ON CONFLICT (chain, profile, district, state, stopped) DO UPDATE SET number = counter_record.number + excluded.number"
        )
    };
}
/// Adds the changes in `$rows`, see [`outcome_row`], to the counters of outcomes of the chain `$1`. `$value` is the text of a row.
macro_rules! add_outcomes {
    ($rows:literal, $value:literal) => {
        concat!(
            "INSERT INTO counter_outcome (chain, bucket_start_us, printer, state, number)
             SELECT $1, CAST(substr(", $value, ", 1, 19) AS BIGINT), substr(", $value, ", 51), trim(substr(", $value, ", 40, 11)),
                    CAST(substr(", $value, ", 20, 20) AS BIGINT)
             FROM json_each(",
            $rows,
            ") AS v WHERE true
             ON CONFLICT (bucket_start_us, printer, state, chain) DO UPDATE SET number = counter_outcome.number + excluded.number"
        )
    };
}
pub(super) use {add_outcomes, add_records};

/// The changes of the counters in one transaction, as JSON.
pub(super) struct CounterRows {
    pub(super) records: String,
    pub(super) outcomes: String,
}

/// Start of the quarter of an hour, number with its sign, state, and printer: columns of fixed width, because with many printers
/// there is such a row for almost each card.
fn outcome_row(((at, printer, state), number): (OutcomeKey, i64)) -> String {
    format!("{at:019}{number:+020}{state:11}{printer}")
}

pub(super) const RECORD_COUNTS: &str = "
    SELECT profile, district, state, stopped, CAST(SUM(number) AS BIGINT) FROM counter_record
    GROUP BY profile, district, state, stopped HAVING SUM(number) <> 0
    ORDER BY profile, district, state, stopped";

pub(super) const OUTCOMES: &str = "
    SELECT printer, state, CAST(SUM(number) AS BIGINT) FROM counter_outcome
    WHERE bucket_start_us >= $1 AND bucket_start_us < $2
    GROUP BY printer, state HAVING SUM(number) <> 0 ORDER BY printer, state";

pub(super) const USED: &str = "
    SELECT p.profile, MIN(o.bucket_start_us), CAST(SUM(o.number) AS BIGINT)
    FROM counter_outcome AS o JOIN printer AS p ON p.name = o.printer
    WHERE o.bucket_start_us >= $1 AND o.bucket_start_us < $2 AND o.state IN ('printed', 'spoiled', 'uncertain')
    GROUP BY p.profile HAVING SUM(o.number) > 0";

/// The begin of the quarter of an hour of an instant.
pub fn quarter_of(at: Timestamp) -> Timestamp {
    Timestamp(bucket_start(at.0))
}

/// The attempts that ended from `$1` on and before `$2`.
pub(super) const ENDED_BETWEEN: &str = "
    SELECT printer, state, COUNT(*)
    FROM (SELECT printer, state FROM attempt WHERE ended_at_us IS NOT NULL AND ended_at_us >= $1 AND ended_at_us < $2
          UNION ALL SELECT printer, state FROM attempt_archive WHERE ended_at_us >= $1 AND ended_at_us < $2) AS ended
    GROUP BY printer, state";

impl Tx {
    /// The changes of the counters in this transaction, which are then no longer pending; `None` if there are none.
    pub(super) fn counters_take(&mut self) -> Option<CounterRows> {
        let Deltas { records, outcomes } = std::mem::take(&mut self.deltas);
        let records: Vec<_> = records.into_iter().filter(|(_, number)| *number != 0).collect();
        let records: Vec<_> = records.iter().map(|((p, d, state, s), n)| (p, d, state, i64::from(*s), n)).collect();
        let outcomes: Vec<_> = outcomes.into_iter().filter(|(_, number)| *number != 0).map(outcome_row).collect();
        let is_empty = records.is_empty() && outcomes.is_empty();
        (!is_empty).then(|| CounterRows { records: set(&records), outcomes: set(&outcomes) })
    }

    /// Adds changes to the counters of the transaction's chain. With audit rows, [`Tx::audit_append`] does it in the same
    /// call.
    pub(super) async fn counters_save(&mut self, rows: CounterRows) -> Result<(), StoreError> {
        let chain = self.writer.chain.clone();
        execute!(self, sqlx::query(add_records!("$2")).bind(&*chain).bind(&*rows.records))
            .map_err(doing("keeping the counters"))?;
        let sql = match self.inner {
            Inner::Sqlite(_) => add_outcomes!("$2", "v.value"),
            Inner::Postgres(_) => add_outcomes!("$2", "(v.value #>> '{}')"),
        };
        execute!(self, sqlx::query(sql).bind(&*chain).bind(&*rows.outcomes)).map_err(doing("keeping the counters"))?;
        Ok(())
    }

    /// Replaces the counters of all chains by what is counted now. No other transaction writes meanwhile. Reads all records
    /// and attempts.
    pub async fn counters_recount(&mut self) -> Result<Recounted, StoreError> {
        const RECORDS: &str = "
            INSERT INTO counter_record (chain, profile, district, state, stopped, number)
            SELECT '', profile, district, state, stop IS NOT NULL, COUNT(*) FROM record
            GROUP BY profile, district, state, stop IS NOT NULL";
        const OUTCOMES: &str = "
            INSERT INTO counter_outcome (bucket_start_us, printer, state, chain, number)
            SELECT ended_at_us - ended_at_us % 900000000 AS bucket, printer, state, '', COUNT(*)
            FROM (SELECT ended_at_us, printer, state FROM attempt WHERE ended_at_us IS NOT NULL
                  UNION ALL SELECT ended_at_us, printer, state FROM attempt_archive) AS ended
            GROUP BY bucket, printer, state";
        const FED: &str = "
            INSERT INTO counter_outcome (bucket_start_us, printer, state, chain, number)
            SELECT -900000000, printer, state, '', COUNT(*)
            FROM (SELECT printer, state FROM attempt WHERE ended_at_us IS NOT NULL
                  UNION ALL SELECT printer, state FROM attempt_archive
                  UNION ALL SELECT printer, CASE WHEN ended_at_us IS NULL THEN 'uncertain' ELSE state END FROM test_card) AS fed
            WHERE state <> 'not-started' GROUP BY printer, state";
        let failed = || doing("counting again");
        self.without_timeout();
        execute!(self, sqlx::query("DELETE FROM claim_bound")).map_err(failed())?;
        execute!(self, sqlx::query("DELETE FROM counter_record")).map_err(failed())?;
        execute!(self, sqlx::query("DELETE FROM counter_outcome")).map_err(failed())?;
        let records = execute!(self, sqlx::query(RECORDS)).map_err(failed())?;
        let outcomes = execute!(self, sqlx::query(OUTCOMES)).map_err(failed())?;
        execute!(self, sqlx::query(FED)).map_err(failed())?;
        Ok(Recounted { records, outcomes })
    }

    /// The number of records by profile, district, state and recall. The cost does not depend on the number of records.
    pub async fn record_counts(&mut self) -> Result<Vec<RecordCount>, StoreError> {
        let rows: Vec<(String, String, String, bool, i64)> =
            on!(self, c => sqlx::query_as(RECORD_COUNTS).fetch_all(c)).map_err(doing("reading the counters"))?;
        let count =
            |(profile, district, state, stopped, count)| RecordCount { profile, district, state, stopped, count };
        Ok(rows.into_iter().map(count).collect())
    }

    /// The blanks that attempts have used from one instant, rounded down to a quarter of an hour, until another, which begins one, by the
    /// card profile that their printers have now. Printers that were removed are among them.
    pub async fn blanks_used(&mut self, since: Timestamp, until: Timestamp) -> Result<Vec<UsedBlanks>, StoreError> {
        let rows: Vec<(String, i64, i64)> =
            on!(self, c => sqlx::query_as(USED).bind(bucket_start(since.0)).bind(until.0).fetch_all(c))
                .map_err(doing("reading the counters"))?;
        let used = |(profile, first_us, number)| UsedBlanks { profile, first_us, number };
        Ok(rows.into_iter().map(used).collect())
    }

    /// The number of ended attempts by printer and state, from the quarter of an hour of one instant to that before which another one is.
    /// The cost depends on the time between.
    pub async fn printer_outcomes(
        &mut self,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(String, String, i64)>, StoreError> {
        on!(self, c => sqlx::query_as(OUTCOMES).bind(bucket_start(since.0)).bind(until.0).fetch_all(c))
            .map_err(doing("reading the counters"))
    }

    /// The number of ended attempts by printer and state from one instant until before another. Those of a quarter of an hour that had begun,
    /// or goes on then, are counted one by one, and stand in rows of their own.
    pub async fn ended_between(
        &mut self,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(String, String, i64)>, StoreError> {
        let first = Timestamp(bucket_start(since.0.saturating_add(BUCKET_US - 1)));
        let last = Timestamp(bucket_start(until.0));
        if last <= first {
            return self.attempts_between(since, until).await;
        }
        let mut ended = self.printer_outcomes(first, last).await?;
        for (from, to) in [(since, first), (last, until)] {
            if from < to {
                ended.extend(self.attempts_between(from, to).await?);
            }
        }
        Ok(ended)
    }

    /// The number of attempts by printer and state that ended from one instant on and before another, counted one by one.
    pub async fn attempts_between(
        &mut self,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(String, String, i64)>, StoreError> {
        on!(self, c => sqlx::query_as(ENDED_BETWEEN).bind(since.0).bind(until.0).fetch_all(c))
            .map_err(doing("counting attempts"))
    }
}
