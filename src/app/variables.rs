//! The environment variables whose names begin with `CETAK_`.

use std::collections::BTreeMap;

use super::settings_file::{Decisive, KEYS};
use crate::cli::Message;

/// Variables that the program reads, but that are not settings.
const OTHER_VARIABLES: [&str; 9] = [
    "CETAK_DATA",
    "CETAK_CONFIG",
    "CETAK_ACTOR",
    "CETAK_ACCOUNT",
    "CETAK_SOCKET",
    "CETAK_TOKEN",
    "CETAK_LOG",
    "CETAK_LOG_FORMAT",
    "CETAK_KEY",
];

/// The variable of a setting.
pub(super) fn variable(key: &str) -> String {
    format!("CETAK_{}", key.to_ascii_uppercase())
}

/// Whether a variable sets it, whatever the settings file says.
pub(super) fn is_set(variables: &BTreeMap<String, String>, setting: Decisive) -> bool {
    variables.contains_key(&variable(setting.key()))
        || (setting == Decisive::KeyFile && variables.contains_key("CETAK_KEY"))
}

/// What is wrong: each variable that is not a setting. It may have meant the profiles, which are then in doubt.
///
/// # Errors
///
/// If one may have meant the database or the key.
pub(super) fn refuse_unknown(
    variables: &BTreeMap<String, String>,
    doubtful: &mut Vec<Decisive>,
) -> Result<Vec<Message>, Message> {
    let mut faults = Vec::new();
    for (name, value) in variables {
        if KEYS.iter().any(|key| variable(key) == *name) || OTHER_VARIABLES.contains(&name.as_str()) {
            continue;
        }
        let list = KEYS.map(variable).join(", ");
        let wrong = Message::new(format!("the variable `{name}` is not a setting"), format!("the settings are {list}"));
        let meant = |setting: Decisive| setting.may_be_meant_by(&format!("{name}={value}"));
        if meant(Decisive::Database) || (meant(Decisive::KeyFile) && !is_set(variables, Decisive::KeyFile)) {
            return Err(wrong);
        }
        doubtful.push(Decisive::Profiles);
        faults.push(wrong);
    }
    Ok(faults)
}
