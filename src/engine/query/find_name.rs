//! Finds records by the name of their person. Names are sealed one by one, so every record is opened: some seconds for a million.

use serde::{Deserialize, Serialize};

use super::{
    Engine, EngineError, Query,
    found::{FoundRecord, found},
};
use crate::{
    domain::{id::RecordId, import::value::APOSTROPHES, permission::Operation, personal::TypedText, refusal::Refusal},
    engine::person::open_fields,
};

/// Asks for the requests of persons with a name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindName {
    /// Only requests of this card profile; all if none is named.
    #[serde(default)]
    pub profile: Option<String>,
    /// Words of the name, or their beginnings, in any order.
    pub name: TypedText,
}

/// The records that are opened in one read, so that no long read keeps the journal from being emptied.
const AT_ONCE: i64 = 1_000;
/// The most records that are found. A search that finds more says so.
const FOUND_MAX: usize = 20;

/// The records that were found.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FoundNames {
    /// In the order of their import, at most 20.
    pub records: Vec<FoundRecord>,
    /// Whether there are more.
    pub more: bool,
}

impl Query for FindName {
    type Answer = FoundNames;
    const OPERATION: Operation = Operation::RecordSearch;

    async fn read(self, engine: &Engine) -> Result<FoundNames, EngineError> {
        if let Some(name) = &self.profile {
            engine.profile(name)?;
        }
        let asked = folded(self.name.reveal());
        let asked: Vec<&str> = asked.split_whitespace().collect();
        let (mut ids, mut after) = (Vec::new(), RecordId(0));
        loop {
            let page = engine.store.read().await?.sealed_bodies(after, AT_ONCE).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            for body in page.iter().filter(|body| self.profile.as_ref().is_none_or(|name| *name == body.profile)) {
                let Some(profile) = engine.profiles.get(&body.profile) else { continue };
                // One that does not open is found by `db check --deep`, and by its printing.
                let Ok(person) = open_fields(engine.store.keys(), &body.source, &body.request_id, &body.sealed) else {
                    continue;
                };
                if has_name(person.reveal(&profile.name_column), &asked) {
                    ids.push(body.id);
                }
            }
            if ids.len() > FOUND_MAX {
                break;
            }
        }
        if ids.is_empty() {
            return Err(Refusal::NoName.into());
        }
        let mut tx = engine.store.read().await?;
        let mut records = Vec::new();
        for id in ids.iter().take(FOUND_MAX) {
            records.push(found(engine, &mut tx, *id).await?);
        }
        Ok(FoundNames { records, more: ids.len() > FOUND_MAX })
    }
}

/// The form in which names are compared: in lower case, and without apostrophes, which are written in many ways.
fn folded(name: &str) -> String {
    name.chars().filter(|c| !APOSTROPHES.contains(c)).flat_map(char::to_lowercase).collect()
}

/// Whether each asked word, which is folded, is the beginning of a word of the name.
fn has_name(name: &str, asked: &[&str]) -> bool {
    let name = folded(name);
    !asked.is_empty() && asked.iter().all(|asked| name.split_whitespace().any(|word| word.starts_with(asked)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_by_the_beginnings_of_its_words_in_any_order_and_case() {
        for asked in [&["siti"][..], &["rah", "siti"], &["siti", "nur", "rahayu"]] {
            assert!(has_name("SITI NUR Rahayu", asked), "{asked:?}");
        }
        for name in ["Ma'ruf", "Ma’ruf", "Maʼruf", "MA`RUF", "Maruf", "'Maruf"] {
            for asked in ["Ma'ruf", "ma’ruf", "Maʼr", "maruf"] {
                assert!(has_name(name, &[&folded(asked)]), "{asked} in {name}");
            }
        }
        for asked in [&[][..], &["iti"], &["siti", "budi"]] {
            assert!(!has_name("SITI NUR Rahayu", asked), "{asked:?}");
        }
    }
}
