//! Checks the whole database. A deep check also opens everything that is sealed: persons under their records, and photos under their
//! digests.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::Query;
use crate::{
    domain::{
        audit::ChainHead,
        card::{comparison::Comparison, profile::CardProfile},
        id::{PhotoId, RecordId},
        permission::Operation,
    },
    engine::{
        Engine, EngineError,
        person::{BODY_FIELD, PHOTO_FIELD, body_seal, differing, open_fields, person_key, photo_row_name},
    },
    store::{NamesLeft, PersonRule, Remedy, SealedBody, Tx, Violation, keys::hex, word_keys},
};

const PERSONS_AT_ONCE: i64 = 1_000;
/// A photo has up to 20 MB.
const PHOTOS_AT_ONCE: i64 = 4;
/// The most violations of a rule that are named.
const FAULTS_MAX: usize = 100;

/// Asks for everything that must hold at every moment. Reads the whole database.
#[derive(Clone, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckDatabase {
    /// Heads that were kept outside of the database: a cut tail is found too.
    #[serde(default)]
    pub seal: Vec<ChainHead>,
    /// Whether to open everything that is sealed, too.
    #[serde(default)]
    pub deep: bool,
}

/// A rule, and where it is broken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CheckedRule {
    /// What holds.
    pub rule: String,
    /// Where it does not hold, at most 100; empty if all is well.
    pub faults: Vec<Violation>,
    /// The number of rows that are older than what the rule compares them with, so that they are not proved.
    #[serde(default)]
    pub older: u64,
    /// What a person has to do if it does not hold.
    pub remedy: Remedy,
}

impl Query for CheckDatabase {
    type Answer = Vec<CheckedRule>;
    const OPERATION: Operation = Operation::DatabaseCare;

    async fn read(self, engine: &Engine) -> Result<Vec<CheckedRule>, EngineError> {
        let checks = engine.store.read().await?.check(&self.seal).await?;
        let rule = |c: crate::store::Check| CheckedRule {
            rule: c.rule.into(),
            faults: c.faults,
            older: c.older,
            remedy: c.remedy,
        };
        let mut rules: Vec<CheckedRule> = checks.into_iter().map(rule).collect();
        // Nothing that is read from a damaged file is reliable.
        if self.deep && rules.len() > 1 {
            rules.extend(sealed_rules(engine).await?);
        }
        Ok(rules)
    }
}

/// The rules about sealed values.
async fn sealed_rules(engine: &Engine) -> Result<Vec<CheckedRule>, EngineError> {
    let mut persons = rule("each person's sealed fields open, and belong to the record as it is");
    let mut photos = rule("each sealed photo opens, and has its digest");
    let mut names = CheckedRule { remedy: Remedy::IndexNames, ..rule("each name is in the index with its own words") };
    let mut tx = engine.store.read().await?;
    tx.without_timeout();
    let rules = tx.person_rules().await?;
    let left = tx.names_left().await?;
    let mut after = RecordId(0);
    loop {
        let page = tx.sealed_bodies(after, PERSONS_AT_ONCE).await?;
        let Some(last) = page.last() else { break };
        check_names(engine, &mut tx, left, (after, &page), &mut names).await?;
        after = last.id;
        for body in &page {
            match person_fault(engine, &rules, body) {
                Ok(is_proved) => persons.older += u64::from(!is_proved),
                Err(what) => add(&mut persons, format!("record {}/{}", body.source, body.request_id), what),
            }
        }
    }
    let mut after = PhotoId(0);
    loop {
        let page = tx.sealed_photos(after, PHOTOS_AT_ONCE).await?;
        let Some((last, ..)) = page.last() else { break };
        after = *last;
        for (id, digest, sealed) in &page {
            let opened = engine.store.keys().open(&photo_row_name(&hex(digest)), sealed);
            match opened {
                Ok(bytes) if engine.store.keys().photo(&bytes)[..] == digest[..] => {}
                Ok(_) => add(&mut photos, format!("photo number {id}"), "its digest is of another photo".into()),
                Err(error) => add(&mut photos, format!("photo number {id}"), error.to_string()),
            }
        }
    }
    Ok(vec![persons, photos, names])
}

/// Compares the index of names with the names of a page of records after a number. One that does not open is no fault of the index.
async fn check_names(
    engine: &Engine,
    tx: &mut Tx,
    left: Option<NamesLeft>,
    (after, page): (RecordId, &[SealedBody]),
    rule: &mut CheckedRule,
) -> Result<(), EngineError> {
    let keys = engine.store.keys();
    let stored = tx.name_words_of(after, page.last().map_or(after, |body| body.id)).await?;
    let mut names = Vec::new();
    for body in page {
        let person = open_fields(keys, &body.source, &body.request_id, &body.sealed);
        let (Some(profile), Ok(person)) = (engine.profiles.get(&body.profile), person) else { continue };
        if left.is_some_and(|left| !left.has(body.id)) {
            rule.older += 1;
            continue;
        }
        names.push((body, word_keys(keys, &body.profile, person.reveal(&profile.name_column))));
    }
    let pairs: Vec<_> = names.iter().flat_map(|(body, words)| words.iter().map(|word| (*word, body.id))).collect();
    let known = tx.name_words_known(&pairs).await?;
    for (body, words) in names {
        let is_stored = stored.get(&body.id).is_some_and(|stored| stored.as_ref() == Some(&words));
        if !is_stored || !words.iter().all(|word| known.contains(&(*word, body.id))) {
            add(rule, format!("record {}/{}", body.source, body.request_id), "it is not found by its name".into());
        }
    }
    Ok(())
}

fn rule(rule: &str) -> CheckedRule {
    CheckedRule { rule: rule.into(), faults: Vec::new(), older: 0, remedy: Remedy::Restore }
}

fn add(rule: &mut CheckedRule, thing: String, what: String) {
    if rule.faults.len() < FAULTS_MAX {
        rule.faults.push(Violation { thing, what });
    }
}

/// Whether the record's columns are proved, too. Those of an older record are not sealed.
fn person_fault(engine: &Engine, rules: &BTreeMap<String, PersonRule>, body: &SealedBody) -> Result<bool, String> {
    let keys = engine.store.keys();
    let person = open_fields(keys, &body.source, &body.request_id, &body.sealed)
        .map_err(|_| "its sealed fields do not open: they were changed, or are of another record".to_owned())?;
    // The photo is purged after hand-over.
    if body.photo.as_ref().is_some_and(|photo| hex(photo) != person.reveal(PHOTO_FIELD)) {
        return Err("its photo is of another record".into());
    }
    let seal = person.reveal(BODY_FIELD);
    if seal.is_empty() {
        return Ok(false);
    }
    match differing(seal, &body_seal(keys, &body.into())) {
        None => {}
        Some(changed) if changed.is_empty() => {
            return Err("its kind, district, village, dates, profile, or key of the person were changed".into());
        }
        Some(changed) => return Err(format!("its {} was changed", changed.join(", "))),
    }
    let is_by_rule = |profile: &Arc<CardProfile>, rule: &PersonRule| {
        let rule = match &rule.next {
            None => &rule.rule,
            Some((next, done)) if body.id <= *done => next,
            // An earlier run may have given it a key by another rule.
            Some(_) => return true,
        };
        let identifier = person.reveal(&profile.identifier.column);
        // What an earlier profile called the column is not known.
        identifier.is_empty()
            || Comparison::from_stored(rule)
                .is_some_and(|form| person_key(keys, &body.profile, (&form, rule), identifier)[..] == body.person_key)
    };
    match (engine.profiles.get(&body.profile), rules.get(&body.profile)) {
        (Some(profile), Some(rule)) if !is_by_rule(profile, rule) => {
            Err("the key of its person is not that of its identifier".into())
        }
        _ => Ok(true),
    }
}
