//! Makes the index by which names are found, page by page: an interrupted run goes on where it was.

use serde::{Deserialize, Serialize};

use super::act::Act;
use crate::{
    domain::{
        audit::Event,
        id::RecordId,
        permission::{Operation, Permit},
    },
    engine::{Engine, EngineError, person::open_fields},
    store::{NamesLeft, SealedBody, Tx, word_keys},
};

/// The records, and the words, of one transaction, for whose end others wait.
const RECORDS_AT_ONCE: i64 = 500;
const WORDS_AT_ONCE: i64 = 5_000;

/// Makes the index of the words of names: the rest of it, if names of earlier records are not in it, else all of it anew. Records are
/// printed and imported meanwhile, and a search says that it may miss some.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct IndexNames {}

/// The result of [`IndexNames`].
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct IndexedNames {
    /// The number of records whose names were indexed. An interrupted run before this one may have indexed others.
    pub records: u64,
}

impl Act for IndexNames {
    type Answer = IndexedNames;
    const OPERATION: Operation = Operation::DatabaseCare;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<IndexedNames, EngineError> {
        let permit = permit.covers(Self::OPERATION)?;
        let mut tx = engine.write(permit).await?;
        if tx.names_left().await?.is_none() {
            tx.names_left_set(Some(NamesLeft::All)).await?;
            tx.audit(Event::new("names.index-begun", "database"));
            tx.commit_part().await?;
        } else {
            drop(tx);
        }
        let mut indexed = IndexedNames::default();
        while step(engine, permit, &mut indexed).await? {
            engine.store.others_first().await;
        }
        Ok(indexed)
    }
}

/// Does one transaction of it; `false` after the last one.
async fn step(engine: &Engine, permit: &Permit, indexed: &mut IndexedNames) -> Result<bool, EngineError> {
    let mut tx = engine.write(permit).await?;
    let (after, to) = match tx.names_left().await? {
        None => return Ok(false), // another process has finished it
        Some(NamesLeft::All) => {
            empty(&mut tx).await?;
            tx.commit_part().await?;
            return Ok(true);
        }
        Some(NamesLeft::Of(after, to)) => (after, to),
    };
    let mut page = tx.sealed_bodies(after, RECORDS_AT_ONCE).await?;
    page.retain(|body| body.id <= to);
    let Some(last) = page.last().map(|body| body.id) else {
        tx.names_left_set(None).await?;
        tx.audit(Event::new("names.indexed", "database"));
        tx.commit_part().await?;
        return Ok(false);
    };
    let words: Vec<_> = page.iter().map(|body| (body.id, words_of(engine, body))).collect();
    tx.name_words_add(&words).await?;
    tx.names_left_set(Some(NamesLeft::Of(last, to))).await?;
    let event = Event::new("names.indexing", "database").with("records", page.len()).with("until_record", last);
    tx.audit(event);
    tx.commit_part().await?;
    indexed.records += page.len() as u64;
    Ok(true)
}

/// Empties a part of the index. When it is empty, the records to be indexed are those that are there then: new ones are indexed by
/// their import.
async fn empty(tx: &mut Tx) -> Result<(), EngineError> {
    if !tx.name_words_remove(WORDS_AT_ONCE).await? {
        let newest = RecordId(tx.record_next_id().await? - 1);
        tx.names_left_set(Some(NamesLeft::Of(RecordId(0), newest))).await?;
    }
    tx.audit(Event::new("names.indexing", "database"));
    Ok(())
}

/// The words of a name; none if its profile is not known here, or if it does not open, which `db check --deep` finds.
fn words_of(engine: &Engine, body: &SealedBody) -> Vec<i64> {
    let keys = engine.store.keys();
    let Some(profile) = engine.profiles.get(&body.profile) else { return Vec::new() };
    let person = open_fields(keys, &body.source, &body.request_id, &body.sealed);
    person.map_or_else(|_| Vec::new(), |person| word_keys(keys, &body.profile, person.reveal(&profile.name_column)))
}
