//! The counter's question: is this person's card ready, where is it, or else what is missing.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Engine, EngineError, Query,
    found::{BESIDE_MAX, EVENTS_MAX, FoundRecord, found},
};
use crate::{
    domain::{
        audit_row::RecordedEvent,
        card::profile::CardProfile,
        import::{
            identifier,
            value::{Apostrophe, clean},
        },
        permission::Operation,
        personal::TypedText,
        refusal::{KeysFault, Refusal},
    },
    engine::{
        operations::{RecordName, find_record},
        person_rule::{self, for_search},
    },
};

/// Asks where the card of a record is, or what is missing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindRecord {
    /// The record.
    pub record: RecordName,
}

impl Query for FindRecord {
    type Answer = FoundRecord;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<FoundRecord, EngineError> {
        let mut tx = engine.store.read().await?;
        let id = find_record(&mut tx, &self.record).await?;
        found(engine, &mut tx, id).await
    }
}

/// Asks the same of a request by its number alone, whichever source sent it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindRequest {
    /// The office's own key.
    pub request_id: String,
}

impl Query for FindRequest {
    /// One for each source that has the number; none if no source has it.
    type Answer = Vec<FoundRecord>;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Vec<FoundRecord>, EngineError> {
        let mut tx = engine.store.read().await?;
        let mut records = Vec::new();
        for source in tx.sources().await? {
            if let Some(id) = tx.record_find(&source, &self.request_id).await? {
                records.push(found(engine, &mut tx, id).await?);
            }
        }
        Ok(records)
    }
}

/// Asks the same of a person, by the identifier that the profile's cards are for: an NIK, a student number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindPerson {
    /// Only requests of this card profile; all if none is named.
    #[serde(default)]
    pub profile: Option<String>,
    /// The identifier.
    pub identifier: TypedText,
}

impl Query for FindPerson {
    /// The person's requests, newest first, at most 20 of each profile; never empty.
    type Answer = Vec<FoundRecord>;
    const OPERATION: Operation = Operation::RecordSearch;

    async fn read(self, engine: &Engine) -> Result<Vec<FoundRecord>, EngineError> {
        let profiles = match &self.profile {
            Some(name) => vec![engine.profile(name)?],
            None => engine.profiles.values().cloned().collect(),
        };
        let cleaned = clean(self.identifier.reveal(), Apostrophe::Mark).map(|cleaned| cleaned.text).unwrap_or_default();
        let asked = TypedText::new(cleaned);
        let mut tx = engine.store.read().await?;
        let rules = tx.person_rules().await?;
        let (mut records, mut has_form, mut by_other_rule) = (Vec::new(), false, Vec::new());
        for profile in &profiles {
            let form = profile.identifier.ignores.form(asked.reveal()).map(TypedText::new);
            // Without their spaces, words may have the form of an identifier.
            let form = form.filter(|form| form.reveal().contains(|c: char| c.is_ascii_digit()));
            let is_valid = |text: &TypedText| identifier::check(&profile.identifier, text.reveal()).is_ok();
            has_form |= is_valid(&asked) || form.as_ref().is_some_and(is_valid);
            let (persons, may_miss) =
                for_search(engine.store.keys(), profile, rules.get(&profile.name), asked.reveal());
            for person in persons {
                for id in tx.records_of_person(&person, &profile.name, BESIDE_MAX).await? {
                    records.push(found(engine, &mut tx, id).await?);
                }
            }
            by_other_rule.extend(may_miss.then_some(profile));
        }
        if records.is_empty() {
            let counts = tx.record_counts().await?;
            let has_records = |profile: &&Arc<CardProfile>| counts.iter().any(|count| count.profile == profile.name);
            if let Some(profile) = by_other_rule.into_iter().find(has_records) {
                let is_unfinished = rules.get(&profile.name).is_some_and(|rule| rule.next.is_some());
                let fault = if is_unfinished { KeysFault::Unfinished } else { KeysFault::OtherRule };
                return Err(person_rule::refused(profile, fault));
            }
            let profiles = profiles.iter().map(|profile| profile.name.clone()).collect();
            return Err(Refusal::NoPerson { profiles, has_form }.into());
        }
        Ok(records)
    }
}

/// Asks for the history of a record: what people did with it, and what lists changed. Its jobs and attempts are a
/// list of their own.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListRecordEvents {
    /// The record.
    pub record: RecordName,
}

impl Query for ListRecordEvents {
    /// Oldest first, at most the newest 200.
    type Answer = Vec<RecordedEvent>;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Vec<RecordedEvent>, EngineError> {
        let mut tx = engine.store.read().await?;
        let id = find_record(&mut tx, &self.record).await?;
        Ok(tx.record_events(id, EVENTS_MAX).await?)
    }
}
