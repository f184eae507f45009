//! By which rule the look-up keys of a profile's persons were made, and new keys by another rule.

use std::collections::BTreeMap;

use super::{
    StoreError, Tx, doing, execute,
    keys::{Digest, hex},
    on,
    sealed_table::SealedTable,
    set,
};
use crate::domain::id::{BatchId, RecordId};

/// The rule of a profile's look-up keys, as [`Comparison::to_stored`](crate::domain::card::comparison::Comparison::to_stored) writes
/// it. The default is that of a profile whose identifiers are compared as they are, which has no row.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct PersonRule {
    /// The rule.
    pub rule: String,
    /// The rule by which the keys are made again, and the newest record that has one, if that is not finished.
    pub next: Option<(String, RecordId)>,
}

/// New look-up keys of a record, and its person with the seal for it.
#[derive(Clone, Debug)]
pub struct Rekeyed {
    /// The record.
    pub id: RecordId,
    /// The look-up key of the person.
    pub person_key: Digest,
    /// The person's fields, sealed.
    pub sealed: Vec<u8>,
}

impl Tx {
    /// The rules of the profiles that have a row, by profile.
    pub async fn person_rules(&mut self) -> Result<BTreeMap<String, PersonRule>, StoreError> {
        const ALL: &str = "SELECT profile, rule, next_rule, done FROM person_rule";
        type Row = (String, String, Option<String>, Option<i64>);
        let rows: Vec<Row> =
            on!(self, c => sqlx::query_as(ALL).fetch_all(c)).map_err(doing("reading the rules of profiles"))?;
        let rule =
            |(profile, rule, next, done): Row| (profile, PersonRule { rule, next: next.zip(done.map(RecordId)) });
        Ok(rows.into_iter().map(rule).collect())
    }

    /// Sets the rule of a profile.
    pub async fn person_rule_set(&mut self, profile: &str, rule: &PersonRule) -> Result<(), StoreError> {
        const SET: &str = "
            INSERT INTO person_rule (profile, rule, next_rule, done) VALUES ($1, $2, $3, $4)
            ON CONFLICT (profile) DO UPDATE SET rule = excluded.rule, next_rule = excluded.next_rule, done = excluded.done";
        let (next, done) = rule.next.as_ref().map(|(next, done)| (next.as_str(), done.0)).unzip();
        execute!(self, sqlx::query(SET).bind(profile).bind(rule.rule.as_str()).bind(next).bind(done))
            .map_err(doing("writing the rule of a profile"))?;
        self.touched(SealedTable::PersonRule, profile);
        Ok(())
    }

    /// A batch of the profile that is not closed.
    pub async fn batch_open_of_profile(&mut self, profile: &str) -> Result<Option<BatchId>, StoreError> {
        const OPEN: &str = "SELECT MIN(id) FROM batch WHERE state <> 'closed' AND profile = $1";
        let id: Option<i64> =
            on!(self, c => sqlx::query_scalar(OPEN).bind(profile).fetch_one(c)).map_err(doing("reading batches"))?;
        Ok(id.map(BatchId))
    }

    /// Gives records other look-up keys, and seals them with their persons.
    pub async fn persons_rekey(&mut self, rekeyed: &[Rekeyed]) -> Result<(), StoreError> {
        const KEY: &str = "
            UPDATE record SET person_key = unhex(v.value ->> 1) FROM json_each($1) AS v
            WHERE record.id = CAST(v.value ->> 0 AS BIGINT)";
        const SEAL: &str = "
            UPDATE person SET sealed = unhex(v.value ->> 1) FROM json_each($1) AS v
            WHERE person.record_id = CAST(v.value ->> 0 AS BIGINT)";
        let rows = |value: fn(&Rekeyed) -> &[u8]| {
            set(&rekeyed.iter().map(|rekeyed| (rekeyed.id.0, hex(value(rekeyed)))).collect::<Vec<_>>())
        };
        for (sql, rows) in [(KEY, rows(|rekeyed| &rekeyed.person_key)), (SEAL, rows(|rekeyed| &rekeyed.sealed))] {
            let done = execute!(self, sqlx::query(sql).bind(&*rows)).map_err(doing("rekeying persons"))?;
            if done != rekeyed.len() as u64 {
                return Err(StoreError::Conflict("the record"));
            }
        }
        Ok(())
    }
}
