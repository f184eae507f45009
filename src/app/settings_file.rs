//! The settings file. Of a wrong one, what is certain is kept.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{
    drivers::{Options, PrinterOptions},
    serve::ServeTable,
    sources::WrittenSource,
};
use crate::{
    cli::{Message, words},
    domain::window::Window,
    engine::{EngineError, files::read_regular_text},
};

/// The settings file. Unknown keys are refused.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    pub site: Option<String>,
    pub zone: Option<String>,
    pub batch_size: Option<i64>,
    pub approve_batches: Option<bool>,
    pub two_person: Option<String>,
    pub retry_base_s: Option<u64>,
    pub retry_cap_s: Option<u64>,
    pub breaker_failures: Option<u32>,
    pub release_after_s: Option<u64>,
    pub upload_ahead: Option<bool>,
    pub archive_after_days: Option<u32>,
    pub collect_within_days: Option<u32>,
    pub database: Option<String>,
    pub node: Option<String>,
    pub lease_s: Option<u64>,
    pub key_file: Option<PathBuf>,
    pub profiles: Option<PathBuf>,
    #[serde(default)]
    pub source: Vec<WrittenSource>,
    #[serde(default)]
    pub window: Vec<Window>,
    #[serde(default)]
    pub printer: PrinterOptions,
    #[serde(default)]
    pub serve: ServeTable,
}

/// The keys that a variable may set too.
pub(super) const KEYS: [&str; 16] = [
    "site",
    "zone",
    "batch_size",
    "approve_batches",
    "retry_base_s",
    "retry_cap_s",
    "breaker_failures",
    "release_after_s",
    "upload_ahead",
    "archive_after_days",
    "collect_within_days",
    "database",
    "node",
    "lease_s",
    "key_file",
    "profiles",
];

/// A setting that decides which data a command works on. It is never replaced by its default because the file is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Decisive {
    /// The database.
    Database,
    /// The key file.
    KeyFile,
    /// The folder of card profiles.
    Profiles,
}

impl Decisive {
    const ALL: [Self; 3] = [Self::Database, Self::KeyFile, Self::Profiles];

    /// Its key in the file.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::KeyFile => "key_file",
            Self::Profiles => "profiles",
        }
    }

    /// Whether a text may set it, also under a misspelled key.
    pub(super) fn may_be_in(self, text: &str) -> bool {
        let text = text.to_ascii_lowercase();
        text.contains(self.key()) || (self == Self::Database && text.contains("postgres"))
    }

    /// Whether an unknown key or variable, as a text with its value, may be a misspelling of it. A key file is a path.
    pub(super) fn may_be_meant_by(self, unknown: &str) -> bool {
        match self {
            Self::Database => self.may_be_in(unknown),
            Self::KeyFile => {
                let text = unknown.to_ascii_lowercase();
                let letters: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
                letters.contains("keyfile") || (text.contains("key") && text.contains('/'))
            }
            Self::Profiles => true, // a folder may have any name
        }
    }
}

/// What a settings file says.
#[derive(Debug, Default)]
pub(super) struct SettingsFile {
    /// What is certain.
    pub(super) written: Written,
    /// What is wrong with the file.
    pub(super) fault: Option<Message>,
    /// Settings that the file may have and that could not be read.
    pub(super) doubtful: Vec<Decisive>,
    /// The options of printers could not be read.
    pub(super) lacks_printers: bool,
    /// The printers whose own options could not be read.
    pub(super) broken_printers: Vec<String>,
}

/// The largest settings file.
const SETTINGS_BYTES_MAX: u64 = 1 << 20;

/// Reads a settings file.
pub(super) fn read(path: &Path) -> SettingsFile {
    let text = match read_regular_text(path, SETTINGS_BYTES_MAX) {
        Ok(text) => text,
        Err(source) => {
            let error = EngineError::Read { what: path.display().to_string(), source };
            let fault = Some(words::report(&error.into()));
            return SettingsFile {
                fault,
                doubtful: Decisive::ALL.into(),
                lacks_printers: true,
                ..SettingsFile::default()
            };
        }
    };
    let error = match toml::from_str::<Written>(&text) {
        Ok(written) => return SettingsFile { written, ..SettingsFile::default() },
        Err(error) => error,
    };
    let kept = match text.parse::<toml::Table>() {
        Ok(table) => keep_keys(table),
        Err(_) => keep_lines(&text),
    };
    SettingsFile { fault: Some(fault(path, &text, &error)), ..kept }
}

/// The message for a wrong file. The error's own text quotes the line, which may contain a password.
fn fault(path: &Path, text: &str, error: &toml::de::Error) -> Message {
    let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].split('\n').count());
    let written = text.lines().nth(line - 1).unwrap_or_default();
    let is_key = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let key = written.split_once('=').map(|(key, _)| key.trim()).filter(|key| key.chars().all(is_key));
    let key = key.map_or_else(String::new, |key| format!(", `{key}`"));
    Message::new(
        format!("the settings `{}` are wrong, line {line}{key}: {}", path.display(), error.message()),
        "correct the line; `cetak config check` reads the file again",
    )
}

/// The table of the options of printers.
const PRINTER: &str = "printer";

/// Takes the printers whose options are wrong out of the table; returns their names.
fn take_broken(printers: &mut toml::Table) -> Vec<String> {
    let is_wrong = |options: &toml::Value| options.clone().try_into::<Options>().is_err();
    let wrong: Vec<String> =
        printers.iter().filter(|(_, options)| is_wrong(options)).map(|(name, _)| name.clone()).collect();
    printers.retain(|name, _| !wrong.iter().any(|known| known == name));
    wrong
}

/// Keeps the keys that are right. The other keys set nothing, and may have meant a decisive setting.
fn keep_keys(table: toml::Table) -> SettingsFile {
    let mut good = toml::Table::new();
    let mut kept = SettingsFile::default();
    for (key, mut value) in table {
        if let (PRINTER, Some(printers)) = (&*key, value.as_table_mut()) {
            kept.broken_printers = take_broken(printers);
        }
        let shown = format!("{key} = {value}");
        let (is_text, is_table) = (value.is_str(), value.is_table());
        let mut tried = good.clone();
        tried.insert(key.clone(), value);
        if let Ok(written) = toml::Value::Table(tried.clone()).try_into() {
            (kept.written, good) = (written, tried);
            continue;
        }
        kept.doubtful.extend(Decisive::ALL.into_iter().filter(|setting| setting.may_be_in(&shown)));
        // An unknown key may be a misspelled decisive one or `[printer.NAME]`.
        let is_unknown = !KEYS.contains(&&*key) && key != "serve";
        if is_unknown && is_text {
            kept.doubtful.extend(Decisive::ALL.into_iter().filter(|setting| setting.may_be_meant_by(&shown)));
        }
        kept.lacks_printers |= is_unknown && is_table;
    }
    kept
}

/// Keeps the decisive settings of a text that is not TOML: each is certain if no line mentions it, or if one line above all
/// tables sets it. A line there whose key is unknown may be a misspelling.
fn keep_lines(text: &str) -> SettingsFile {
    let mut kept = SettingsFile { lacks_printers: true, ..SettingsFile::default() };
    let is_plain = !["\"\"\"", "'''", "\\"].iter().any(|mark| text.contains(mark));
    let above_tables = text.lines().take_while(|line| !line.trim_start().starts_with('[')).count();
    for line in text.lines().take(above_tables).filter(|line| has_unknown_key(line)) {
        kept.doubtful.extend(Decisive::ALL.into_iter().filter(|setting| setting.may_be_meant_by(line)));
    }
    for setting in Decisive::ALL {
        let mut mentions = text
            .lines()
            .enumerate()
            .filter(|(_, line)| !(is_plain && line.trim_start().starts_with('#')) && setting.may_be_in(line));
        let (first, second) = (mentions.next(), mentions.next());
        let value = first.filter(|(at, _)| is_plain && second.is_none() && *at < above_tables);
        let value = value.and_then(|(_, line)| line.parse::<toml::Table>().ok());
        let value = value.and_then(|table| Some(table.get(setting.key())?.as_str()?.to_owned()));
        match (setting, value) {
            (_, None) if first.is_none() && is_plain => {}
            (setting, None) => kept.doubtful.push(setting),
            (Decisive::Database, value) => kept.written.database = value,
            (Decisive::KeyFile, value) => kept.written.key_file = value.map(PathBuf::from),
            (Decisive::Profiles, value) => kept.written.profiles = value.map(PathBuf::from),
        }
    }
    kept
}

/// Whether a line above all tables does not begin with a known key. A line without `=` may lack it.
fn has_unknown_key(line: &str) -> bool {
    let line = line.trim();
    let key = line.split(['=', '.']).next().unwrap_or_default().trim().trim_matches(['"', '\'']);
    !line.is_empty() && !line.starts_with('#') && !KEYS.contains(&key) && !["window", "printer", "serve"].contains(&key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(toml: &str) -> SettingsFile {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("cetak.toml");
        std::fs::write(&file, toml).unwrap();
        read(&file)
    }

    #[test]
    fn of_a_wrong_file_a_database_that_is_certain_is_kept_and_any_other_is_in_doubt() {
        const URL: &str = "postgres://u@h/d";
        for (toml, is_kept) in [
            ("database = \"postgres://u@h/d\"\nsite = solo", true),
            ("database = \"postgres://u@h/d\"\nsitee = \"solo\"", true),
            ("# the database\ndatabase = \"postgres://u@h/d\" # ours\nsite = solo\n", true),
            ("site = solo\n[printer.p]\ndatabase = \"postgres://u@h/d\"", false),
            ("database = \"postgres://u@h/d\nsite = \"solo\"", false),
            ("database = \"postgres://u@h/d\"\ndatabase = \"postgres://u@h/e\"", false),
            ("databse = \"postgres://u@h/d\"", false),
            ("databse = \"postgres://u@h/d\"\nsite = solo", false),
            ("[settings]\ndatabase = \"postgres://u@h/d\"", false),
            ("[[window]]\nfrom = \"1:00\"\nto = \"2:00\"\nzone = \"UTC\"\ndatabase = \"postgres://u@h/d\"", false),
            ("database = 7", false),
            ("\"data\\u0062ase\" = \"postgres://u@h/d\"\nsite = solo", false),
            ("note = \"\"\"\n# postgres\nsite = solo", false),
        ] {
            let file = kept(toml);
            assert!(file.fault.is_some(), "{toml}");
            assert_eq!(file.written.database.as_deref(), is_kept.then_some(URL), "{toml}");
            assert_eq!(file.doubtful.contains(&Decisive::Database), !is_kept, "{toml}");
        }
    }

    #[test]
    fn wrong_options_of_a_printer_leave_those_of_others_certain() {
        let file = kept("[printer.a]\nuser = 7\n[printer.b]\nuser = \"siti\"\n[printer.c]\nno_such = 1");
        assert!(file.fault.is_some() && !file.lacks_printers);
        assert_eq!(file.broken_printers, ["a", "c"]);
        assert_eq!(file.written.printer.keys().collect::<Vec<_>>(), ["b"]);
        assert!(kept("[printers.a]\nuser = \"siti\"").lacks_printers, "it may be any of them");
    }

    #[test]
    fn an_unknown_key_is_a_misspelled_key_file_only_if_it_looks_like_one() {
        for (toml, may_be) in [
            ("api_key = \"x\"", false),
            ("keyboard = \"us\"", false),
            ("keyfile = \"k\"", true),
            ("key-file = \"k\"", true),
            ("master_key = \"/etc/cetak/k\"", true),
        ] {
            assert_eq!(kept(toml).doubtful.contains(&Decisive::KeyFile), may_be, "{toml}");
            assert!(kept(toml).doubtful.contains(&Decisive::Profiles), "as any unknown key: {toml}");
        }
    }

    #[test]
    fn a_wrong_file_that_does_not_mention_a_database_leaves_it_certain() {
        for toml in
            ["site = solo", "batch_sise = 7", "[[window]]\nfrom = \"25:00\"", "batch_size = \"many\"\nsite = \"x\""]
        {
            let file = kept(toml);
            assert!(file.fault.is_some(), "{toml}");
            assert!(!file.doubtful.contains(&Decisive::Database), "{toml}");
        }
        let file = kept("batch_size = \"many\"\nsite = \"x\"");
        assert_eq!(file.written.site.as_deref(), Some("x"), "what is right is kept");
    }
}
