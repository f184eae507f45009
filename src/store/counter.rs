//! Counters, so that a board costs the same however many records there are.
//!
//! A transaction adds up what it changes and saves that with one statement before its audit rows. Each chain has rows of
//! its own, which are added up on reading, so a number in a row may be negative. `db check` compares the sums with what
//! they count.

use std::collections::BTreeMap;

use futures_util::TryStreamExt;

use super::{Inner, StoreError, Tx, doing, execute, on, set};
use crate::domain::{attempt::AttemptState, record::RecordState, time::Timestamp};

/// The length of the time that one row of outcomes covers: 15 minutes, which every time zone in use is a multiple of.
const BUCKET_US: i64 = 15 * 60 * 1_000_000;

/// How many records are alike.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordCount {
    /// The profile.
    pub profile: String,
    /// First key of the pile.
    pub district: String,
    /// The state.
    pub state: String,
    /// A person stopped the card.
    pub stopped: bool,
    /// Records.
    pub count: i64,
}

type RecordKey = (String, String, &'static str, bool);
type OutcomeKey = (i64, String, &'static str);

/// What a transaction changes of the counters.
#[derive(Default, Debug)]
pub(super) struct Deltas {
    records: BTreeMap<RecordKey, i64>,
    outcomes: BTreeMap<OutcomeKey, i64>,
}

impl Deltas {
    /// A new record, whose card is not stopped.
    pub(super) fn record_added(&mut self, profile: &str, district: &str, state: RecordState) {
        *self.records.entry((profile.to_owned(), district.to_owned(), state.as_str(), false)).or_default() += 1;
    }

    /// A record with another state, or whose card was stopped or is stopped no longer.
    pub(super) fn record_changed(
        &mut self,
        (profile, district): (String, String),
        from: (RecordState, bool),
        to: (RecordState, bool),
    ) {
        if from == to {
            return;
        }
        *self.records.entry((profile.clone(), district.clone(), from.0.as_str(), from.1)).or_default() -= 1;
        *self.records.entry((profile, district, to.0.as_str(), to.1)).or_default() += 1;
    }

    /// A record with another first key of the pile.
    pub(super) fn record_moved(&mut self, profile: &str, districts: [&str; 2], state: RecordState, stopped: bool) {
        for (district, delta) in districts.into_iter().zip([-1, 1]) {
            let key = (profile.to_owned(), district.to_owned(), state.as_str(), stopped);
            *self.records.entry(key).or_default() += delta;
        }
    }

    /// An attempt that ended, or an ended one with another outcome.
    pub(super) fn attempt_ended(&mut self, printer: String, ended_at_us: i64, from: AttemptState, to: AttemptState) {
        let bucket = bucket_start(ended_at_us);
        if !from.is_open() {
            *self.outcomes.entry((bucket, printer.clone(), from.as_str())).or_default() -= 1;
        }
        if !to.is_open() {
            *self.outcomes.entry((bucket, printer, to.as_str())).or_default() += 1;
        }
    }
}

/// As in SQL, where it is `at - at % 900000000`.
fn bucket_start(at_us: i64) -> i64 {
    at_us - at_us % BUCKET_US
}

macro_rules! add_records {
    () => {
        "INSERT INTO counter_record (chain, profile, district, state, stopped, number)
         SELECT $1, v.value ->> 0, v.value ->> 1, v.value ->> 2, CAST(v.value ->> 3 AS BIGINT) <> 0, CAST(v.value ->> 4 AS BIGINT)
         FROM json_each($2) AS v WHERE true
         ON CONFLICT (chain, profile, district, state, stopped) DO UPDATE SET number = counter_record.number + excluded.number"
    };
}
macro_rules! add_outcomes {
    () => {
        "INSERT INTO counter_outcome (chain, bucket_start_us, printer, state, number)
         SELECT $1, CAST(v.value ->> 0 AS BIGINT), v.value ->> 1, v.value ->> 2, CAST(v.value ->> 3 AS BIGINT)
         FROM json_each($3) AS v WHERE true
         ON CONFLICT (bucket_start_us, printer, state, chain) DO UPDATE SET number = counter_outcome.number + excluded.number"
    };
}

pub(super) const RECORD_COUNTS: &str = "
    SELECT profile, district, state, stopped, CAST(SUM(number) AS BIGINT) FROM counter_record
    GROUP BY profile, district, state, stopped HAVING SUM(number) <> 0
    ORDER BY profile, district, state, stopped";

pub(super) const OUTCOMES: &str = "
    SELECT printer, state, CAST(SUM(number) AS BIGINT) FROM counter_outcome WHERE bucket_start_us >= $1
    GROUP BY printer, state HAVING SUM(number) <> 0 ORDER BY printer, state";

impl Tx {
    /// Adds what the transaction changed to its chain's counters.
    pub(super) async fn counters_save(&mut self) -> Result<(), StoreError> {
        // SQLite takes one text with two statements, PostgreSQL one statement that has the other inside.
        const SQLITE: &str = concat!(add_records!(), ";", add_outcomes!());
        const POSTGRES: &str = concat!("WITH outcomes AS (", add_outcomes!(), ") ", add_records!());
        let Deltas { records, outcomes } = std::mem::take(&mut self.deltas);
        let records: Vec<_> = records.into_iter().filter(|(_, number)| *number != 0).collect();
        let records: Vec<_> = records.iter().map(|((p, d, state, s), n)| (p, d, state, i64::from(*s), n)).collect();
        let outcomes: Vec<_> = outcomes.into_iter().filter(|(_, number)| *number != 0).collect();
        let outcomes: Vec<_> = outcomes.iter().map(|((at, printer, state), n)| (at, printer, state, n)).collect();
        if records.is_empty() && outcomes.is_empty() {
            return Ok(());
        }
        let (chain, records, outcomes) = (self.writer.chain.clone(), set(&records), set(&outcomes));
        if let Inner::Sqlite(transaction) = &mut self.inner {
            let query = sqlx::query(SQLITE).bind(&*chain).bind(records).bind(outcomes);
            #[expect(deprecated, reason = "other databases take one statement at a time, and this text is SQLite's")]
            let done = query.execute_many(&mut **transaction).await;
            return done.try_for_each(async |_| Ok(())).await.map_err(doing("keeping the counters"));
        }
        execute!(self, sqlx::query(POSTGRES).bind(&*chain).bind(records).bind(outcomes))
            .map_err(doing("keeping the counters"))?;
        Ok(())
    }

    /// Records by profile, district, state and whether their card is stopped. Costs by these, not by the records.
    pub async fn record_counts(&mut self) -> Result<Vec<RecordCount>, StoreError> {
        let rows: Vec<(String, String, String, bool, i64)> =
            on!(self, c => sqlx::query_as(RECORD_COUNTS).fetch_all(c)).map_err(doing("reading the counters"))?;
        let count =
            |(profile, district, state, stopped, count)| RecordCount { profile, district, state, stopped, count };
        Ok(rows.into_iter().map(count).collect())
    }

    /// How many attempts of each printer ended in which state since an instant, which is taken down to a quarter of an
    /// hour. Costs by the time since then.
    pub async fn printer_outcomes(&mut self, since: Timestamp) -> Result<Vec<(String, String, i64)>, StoreError> {
        on!(self, c => sqlx::query_as(OUTCOMES).bind(bucket_start(since.0)).fetch_all(c))
            .map_err(doing("reading the counters"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_taken_from_one_counter_and_added_to_another() {
        let mut deltas = Deltas::default();
        let pile = || ("student".to_owned(), "FACULTY 1".to_owned());
        deltas.record_added("student", "FACULTY 1", RecordState::Waiting);
        deltas.record_changed(pile(), (RecordState::Waiting, false), (RecordState::Batched, false));
        deltas.record_changed(pile(), (RecordState::Batched, false), (RecordState::Batched, true));
        deltas.record_moved("student", ["FACULTY 1", "FACULTY 2"], RecordState::Batched, true);

        let left: Vec<_> = deltas.records.into_iter().filter(|(_, number)| *number != 0).collect();

        assert_eq!(left, [(("student".into(), "FACULTY 2".into(), "batched", true), 1)]);
    }

    #[test]
    fn an_inspected_outcome_changes_the_quarter_of_an_hour_in_which_the_attempt_ended() {
        let mut deltas = Deltas::default();
        deltas.attempt_ended("p1".into(), BUCKET_US + 1, AttemptState::Releasing, AttemptState::Uncertain);
        deltas.attempt_ended("p1".into(), BUCKET_US + 1, AttemptState::Uncertain, AttemptState::Printed);

        let left: Vec<_> = deltas.outcomes.into_iter().filter(|(_, number)| *number != 0).collect();

        assert_eq!(left, [((BUCKET_US, "p1".into(), "printed"), 1)]);
    }
}
