//! Settings and card profiles in force: a change of them is in the audit from the next start of a scheduler.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{Engine, EngineError};
use crate::{
    domain::{
        audit::Event,
        permission::{Permit, SystemAct},
    },
    store::keys::hex,
};

/// In `meta`: the settings in force of a node, and the digests of its profiles.
const IN_FORCE: &str = "in_force";

/// Compares the settings and the profiles with those of the last start of this node, and writes down what has changed. At the first
/// start they are saved. The writer of `engine` has a chain that any process may write.
pub async fn note_changes(engine: &Engine) -> Result<(), EngineError> {
    let key = match engine.node() {
        Some(node) => format!("{IN_FORCE}/{node}"),
        None => IN_FORCE.to_owned(),
    };
    let now = in_force(engine);
    // Cannot fail: names and texts.
    let text = serde_json::to_string(&now).unwrap_or_default();
    let Some(saved) = changed(engine.store.read().await?.meta_get(&key).await?, &text) else { return Ok(()) };
    let mut tx = engine.write(&Permit::system(SystemAct::RecordSettings)).await?;
    tx.meta_set(&key, &text).await?;
    match serde_json::from_str::<BTreeMap<String, String>>(&saved) {
        Ok(before) => changes(&before, &now).into_iter().for_each(|event| tx.audit(event)),
        Err(_) => tx.audit(Event::new("settings.known", "settings").with("digest", digest(&text))),
    }
    Ok(tx.commit().await?)
}

/// What is saved, if it differs; empty if nothing is.
fn changed(saved: Option<String>, now: &str) -> Option<String> {
    let saved = saved.unwrap_or_default();
    (saved != now).then_some(saved)
}

/// Each setting as people write it, and the digest of each profile as `profile NAME`.
fn in_force(engine: &Engine) -> BTreeMap<String, String> {
    let settings = &engine.settings;
    let seconds = |duration: std::time::Duration| duration.as_secs().to_string();
    let mut all: BTreeMap<String, String> = [
        // Another version may write the same settings in another way.
        ("program", env!("CARGO_PKG_VERSION").to_owned()),
        ("site", settings.site.clone()),
        ("batch_size", settings.batch_size.to_string()),
        ("approve_batches", settings.approve_batches.to_string()),
        ("two_person", settings.two_person.to_string()),
        ("retry_base_s", seconds(settings.backoff.base)),
        ("retry_cap_s", seconds(settings.backoff.cap)),
        ("breaker_failures", settings.breaker_failures.to_string()),
        ("release_after_s", seconds(settings.release_after)),
        ("upload_ahead", settings.upload_ahead.to_string()),
        ("archive_after_days", settings.archive_after_days.to_string()),
        ("collect_within_days", settings.collect_within_days.to_string()),
        ("source", digest(&format!("{:?}", settings.sources))),
        ("window", digest(&format!("{:?}", settings.windows))),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into();
    all.extend(
        engine.profiles.iter().map(|(name, profile)| (format!("profile {name}"), digest(&format!("{profile:?}")))),
    );
    all
}

/// An event for each difference.
fn changes(before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<Event> {
    let keys = before.keys().chain(now.keys().filter(|key| !before.contains_key(*key)));
    let text = |value: Option<&String>| value.cloned().unwrap_or_else(|| "none".to_owned());
    keys.filter(|key| before.get(*key) != now.get(*key))
        .map(|key| {
            let act = if key.starts_with("profile ") { "profile.changed" } else { "settings.changed" };
            let subject = if act == "profile.changed" { key.clone() } else { format!("setting {key}") };
            Event::new(act, subject).with("before", text(before.get(key))).with("now", text(now.get(key)))
        })
        .collect()
}

fn digest(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes())[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_difference_is_one_event_with_both_values() {
        let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let before = map(&[("two_person", "enforced"), ("batch_size", "100"), ("profile a", "1")]);
        let now = map(&[("two_person", "recorded"), ("batch_size", "100"), ("profile b", "2")]);
        let events: Vec<String> = changes(&before, &now)
            .into_iter()
            .map(|event| format!("{} {} {}", event.act, event.subject, serde_json::to_string(&event.details).unwrap()))
            .collect();
        assert_eq!(
            events,
            [
                r#"profile.changed profile a [["before","1"],["now","none"]]"#,
                r#"settings.changed setting two_person [["before","enforced"],["now","recorded"]]"#,
                r#"profile.changed profile b [["before","none"],["now","2"]]"#,
            ]
        );
        assert_eq!(changes(&now, &now), []);
    }
}
