//! Finds records by words of the name of their person, through an index of keyed hashes.

use serde::{Deserialize, Serialize};

use super::{
    Cursor, Engine, EngineError, Query,
    found::{FoundRecord, found, person_of},
};
use crate::{
    domain::{
        id::RecordId,
        permission::Operation,
        personal::{TypedText, masked},
        refusal::Refusal,
    },
    store::{StoreError, Tx, word_keys},
};

/// Asks for the requests of persons with a name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindName {
    /// Only requests of this card profile; all if none is named.
    #[serde(default)]
    pub profile: Option<String>,
    /// Words of the name, whole and in any order. Case, apostrophes and other punctuation do not matter.
    pub name: TypedText,
    /// The `next` of the page before; none for the first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Cursor>,
}

/// The most records of a page.
const FOUND_MAX: usize = 20;
/// How often a page that has found nothing looks further.
const LOOKS_MAX: usize = 10;

/// A record that was found by the name of its person.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FoundName {
    /// The record.
    #[serde(flatten)]
    pub found: FoundRecord,
    /// The person's identifier with dots in place of all but its last four characters, by which persons of the same name are told apart.
    /// None if the person's fields do not open, or the card profile is gone.
    #[serde(default)]
    pub identifier: Option<String>,
}

/// The records that were found.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FoundNames {
    /// In the order of their import, at most 20.
    pub records: Vec<FoundName>,
    /// Where the next page begins; none if this is the last. A search of frequent words looks at a limited number of records for each
    /// page, so that a page with a next one may have few records or none.
    pub next: Option<Cursor>,
    /// Whether all names can be found. Those of records from before names were indexed are found once the index is complete.
    pub complete: bool,
}

impl Query for FindName {
    type Answer = FoundNames;
    const OPERATION: Operation = Operation::RecordSearch;

    async fn read(self, engine: &Engine) -> Result<FoundNames, EngineError> {
        let profiles: Vec<String> = match &self.profile {
            Some(name) => vec![engine.profile(name)?.name.clone()],
            None => engine.profiles.keys().cloned().collect(),
        };
        let keys = engine.store.keys();
        let asked: Vec<_> = profiles.iter().map(|profile| word_keys(keys, profile, self.name.reveal())).collect();
        let mut tx = engine.store.read().await?;
        let complete = tx.names_left().await?.is_none();
        let mut after = Some(RecordId(self.after.map_or(0, |cursor| cursor.0)));
        let mut ids = Vec::new();
        for _ in 0..LOOKS_MAX {
            let Some(from) = after.filter(|_| ids.is_empty()) else { break };
            (ids, after) = page(&mut tx, &asked, from).await?;
        }
        if ids.is_empty() && after.is_none() && complete && self.after.is_none() {
            return Err(Refusal::NoName.into());
        }
        let mut records = Vec::new();
        for id in ids {
            // An index that was changed from outside may name a record that does not exist: `db check` finds it.
            if let Some(line) = tx.record_line(id).await? {
                let person = person_of(engine, &mut tx, id).await?;
                let profile = engine.profile(&line.profile).ok();
                let identifier = person.zip(profile).map(|(of, profile)| masked(of.reveal(&profile.identifier.column)));
                records.push(FoundName { found: found(engine, &mut tx, id).await?, identifier });
            }
        }
        Ok(FoundNames { records, next: after.map(|id| Cursor(id.0)), complete })
    }
}

/// A page of the records above `after` that have all words of a list: of one list for each profile. With the number after which the
/// next page begins, if there may be more.
async fn page(
    tx: &mut Tx,
    asked: &[Vec<i64>],
    after: RecordId,
) -> Result<(Vec<RecordId>, Option<RecordId>), StoreError> {
    let (mut ids, mut looked_to) = (Vec::new(), None::<RecordId>);
    for words in asked {
        let (found, to) = tx.names_find(words, after).await?;
        ids.extend(found);
        looked_to = [looked_to, to].into_iter().flatten().min();
    }
    Ok(cut(ids, looked_to))
}

/// The first records of what was found for all profiles, up to the number to which all of them were looked at.
fn cut(mut ids: Vec<RecordId>, looked_to: Option<RecordId>) -> (Vec<RecordId>, Option<RecordId>) {
    ids.retain(|id| looked_to.is_none_or(|to| *id <= to));
    ids.sort_unstable();
    if ids.len() <= FOUND_MAX {
        return (ids, looked_to);
    }
    ids.truncate(FOUND_MAX);
    let next = ids.last().copied();
    (ids, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: impl IntoIterator<Item = i64>) -> Vec<RecordId> {
        ids.into_iter().map(RecordId).collect()
    }

    #[test]
    fn a_page_over_several_profiles_ends_where_the_first_of_them_was_looked_at() {
        assert_eq!(cut(ids([7, 1, 3]), None), (ids([1, 3, 7]), None));
        assert_eq!(cut(ids([7, 1, 3]), Some(RecordId(5))), (ids([1, 3]), Some(RecordId(5))));
        assert_eq!(cut(ids(1..=21), None), (ids(1..=20), Some(RecordId(20))));
        assert_eq!(cut(ids(1..=21), Some(RecordId(30))), (ids(1..=20), Some(RecordId(20))));
        assert_eq!(cut(ids(1..=20), None), (ids(1..=20), None));
    }
}
