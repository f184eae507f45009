//! The rule by which the identifiers of a profile are compared, and the one by which the keys in the database were made.

use super::{EngineError, person::person_key};
use crate::{
    domain::{
        card::{comparison::Comparison, profile::CardProfile},
        refusal::{KeysFault, Refusal},
    },
    store::{
        PersonRule, Tx,
        keys::{Digest, Keys},
    },
};

/// The refusal of an act that needs the keys of a profile's persons.
pub(super) fn refused(profile: &CardProfile, fault: KeysFault) -> EngineError {
    Refusal::PersonKeys { profile: profile.name.clone(), fault }.into()
}

/// The rule that the keys of new records are made by; refused if the keys in the database were made by another one. `Some` if it is
/// to be saved with the first records of the profile.
pub(super) async fn for_import(tx: &mut Tx, profile: &CardProfile) -> Result<Option<PersonRule>, EngineError> {
    let own = PersonRule { rule: profile.identifier.key_rule().to_stored(), next: None };
    let stored = tx.person_rules().await?.remove(&profile.name);
    let has_row = stored.is_some();
    match stored.unwrap_or_default() {
        stored if stored == own => Ok(None),
        PersonRule { next: Some(_), .. } => Err(refused(profile, KeysFault::Unfinished)),
        _ if has_row || has_records(tx, profile).await? => Err(refused(profile, KeysFault::OtherRule)),
        _ => Ok(Some(own)),
    }
}

/// Whether there is a record of the profile, by the counters.
async fn has_records(tx: &mut Tx, profile: &CardProfile) -> Result<bool, EngineError> {
    Ok(tx.record_counts().await?.iter().any(|count| count.profile == profile.name && count.count > 0))
}

/// The keys under which records of the person with an identifier may be, and whether others may be missed, as the keys in the
/// database were made by another rule than the profile has.
pub(super) fn for_search(
    keys: &Keys,
    profile: &CardProfile,
    stored: Option<&PersonRule>,
    identifier: &str,
) -> (Vec<Digest>, bool) {
    let stored = stored.cloned().unwrap_or_default();
    let own = profile.identifier.key_rule().to_stored();
    let key = |rule: &str| {
        let comparison =
            if *rule == own { Some(profile.identifier.ignores.clone()) } else { Comparison::from_stored(rule) };
        comparison.map(|comparison| person_key(keys, &profile.name, (&comparison, rule), identifier))
    };
    let rules = std::iter::once(&stored.rule).chain(stored.next.as_ref().map(|(next, _)| next));
    (rules.filter_map(|rule| key(rule)).collect(), stored.rule != own || stored.next.is_some())
}
