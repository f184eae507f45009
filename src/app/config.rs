//! Settings: `CETAK_*` variables override `cetak.toml`, which overrides the defaults. An error names the key and its
//! source.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    drivers::{Options, PrinterOptions},
    files,
    profiles::Loaded,
    serve::ServeTable,
    settings_file::{self, Decisive, SettingsFile, Written},
    sources, system,
    variables::{is_set, refuse_unknown, variable},
};
use crate::{
    cli::Message,
    domain::{card::profile::is_name, pending::TwoPerson, retry::Backoff},
    engine::{Broken, BrokenProfile, Profiles, Settings, operations::plain_database},
    store::Location,
};
use anyhow::bail;

/// All settings, and the source of each.
#[derive(Clone, Debug)]
pub(super) struct Config {
    /// The engine's settings.
    pub settings: Settings,
    /// The card profiles.
    pub profiles: Profiles,
    /// Those that cannot be used.
    pub broken: Vec<BrokenProfile>,
    /// The options of IPP printers. The files that they name are read when a printer is used.
    pub printers: PrinterOptions,
    /// Some of these options could not be read, and any printer may need them.
    pub lacks_printers: bool,
    /// The printers whose own options are wrong.
    pub broken_printers: Vec<String>,
    /// The location of the database.
    pub database: Location,
    /// The name of this scheduler among several that share a database.
    pub node: String,
    /// The lease: how long a node keeps its printers after its last heartbeat.
    pub lease: Duration,
    /// The path of the master key.
    pub key_file: PathBuf,
    /// Key to value and source, as shown to people.
    pub sources: BTreeMap<&'static str, (String, String)>,
    /// The settings of `cetak serve`.
    pub serve: ServeTable,
    /// What is wrong. The default stands in for a wrong setting.
    pub faults: Vec<Message>,
}

impl Config {
    /// Refuses settings with a fault, for a command that needs them all.
    pub(super) fn refuse_faults(&self) -> Result<(), Message> {
        self.faults.first().map_or(Ok(()), |fault| Err(fault.clone()))
    }

    /// What cannot be used, for the engine.
    pub(super) fn broken(&self) -> Broken {
        let settings = self.faults.iter().map(Message::in_one_line).collect();
        Broken { settings, profiles: self.broken.clone() }
    }

    /// Reads the files that printers' options name.
    pub(super) fn check_printers(&self) -> Result<(), Message> {
        self.printers
            .iter()
            .try_for_each(|(name, options)| options.check().map_err(|error| wrong_options(name, &error)))
    }

    /// All printers that the settings name.
    pub(super) fn names_of_printers(&self) -> Vec<String> {
        let windows = self.settings.windows.iter().filter_map(|window| window.printer.clone());
        self.printers.keys().cloned().chain(windows).collect()
    }
}

/// Reads the settings. `variables` are the environment variables whose names begin with `CETAK_`.
///
/// # Errors
///
/// Only if it is not certain which database or key the settings name. [`Config::refuse_faults`] has any other fault.
pub(super) fn load(
    folder: &Path,
    named: Option<&Path>,
    variables: &BTreeMap<String, String>,
) -> anyhow::Result<Config> {
    let beside = folder.join(files::SETTINGS);
    let path = named.map_or_else(|| beside.exists().then_some(beside), |named| Some(named.to_owned()));
    let SettingsFile { written: mut file, fault, mut doubtful, lacks_printers, mut broken_printers } =
        path.as_deref().map(settings_file::read).unwrap_or_default();
    let mut faults: Vec<Message> = fault.clone().into_iter().collect();
    faults.extend(refuse_unknown(variables, &mut doubtful)?);
    doubtful.retain(|setting| !is_set(variables, *setting));
    if let (Some(fault), Some(setting)) = (fault, doubtful.iter().find(|setting| **setting != Decisive::Profiles)) {
        let text = format!("{}; they may set `{}`, so that nothing can stand in for them", fault.text, setting.key());
        bail!(Message::new(text, fault.hint.unwrap_or_default() + "; or name another settings file with `--config`"));
    }
    let shown = path.as_ref().map(|p| p.display().to_string());
    let mut reader = Reader { variables, file: shown.unwrap_or_default(), sources: BTreeMap::new(), faults };
    let mut settings = reader.settings(&mut file);
    let path_text = |p: PathBuf| p.display().to_string();
    let database = reader.database(file.database, folder)?;
    let rule = "letters, digits, `-`, `_` and `.`, at most 40, and every scheduler has its own";
    let node = reader.take("node", file.node, node_of(&system::host()), rule, |name: &String| is_name(name));
    let lease = Duration::from_secs(reader.take("lease_s", file.lease_s, 10, "6 to 600", |n| (6..=600).contains(n)));
    let key_file =
        reader.take("key_file", file.key_file.map(path_text), path_text(folder.join(files::KEY)), "a path", |_| true);
    let own = path_text(folder.join("profiles"));
    let folder_of_profiles = reader.take("profiles", file.profiles.map(path_text), own, "a folder", |_| true);
    let required = !reader.sources["profiles"].1.starts_with("default");
    let known = super::profiles::load(Path::new(&folder_of_profiles), required)?;
    let Loaded { profiles, broken, .. } = if doubtful.contains(&Decisive::Profiles) { known.doubted() } else { known };
    let beside = path.as_deref().and_then(Path::parent).unwrap_or(folder);
    let mut printers = PrinterOptions::new();
    for (name, written) in std::mem::take(&mut file.printer) {
        match options_of(&name, written, beside) {
            Ok(options) => drop(printers.insert(name, options)),
            Err(wrong) => {
                reader.faults.push(wrong);
                broken_printers.push(name);
            }
        }
    }
    settings.sources =
        sources::checked(file.source, beside, matches!(database, Location::Server(_)), &mut reader.faults);
    let serve = file.serve.resolved(beside);
    let from = format!("the file `{}`", reader.file);
    reader.sources.extend(serve.shown().into_iter().map(|(key, value)| (key, (value, from.clone()))));
    Ok(Config {
        settings,
        profiles,
        broken,
        printers,
        lacks_printers,
        broken_printers,
        database,
        node,
        lease,
        key_file: key_file.into(),
        sources: reader.sources,
        serve,
        faults: reader.faults,
    })
}

/// Validates the options of a printer, and resolves their paths against the folder of the settings.
fn options_of(name: &str, mut options: Options, folder: &Path) -> Result<Options, Message> {
    if !is_name(name) {
        let text = format!("`{name}` in `[printer.{name}]` of the settings is not a valid name for a printer");
        return Err(Message::new(text, "use at most 40 letters, digits, `-`, `_` and `.`"));
    }
    options.validate().map_err(|error| wrong_options(name, &error))?;
    options.resolve(folder);
    Ok(options)
}

/// The message for invalid printer options.
pub(super) fn wrong_options(name: &str, error: &cetak_driver_ipp::SetupError) -> Message {
    Message::from_detail(format!("in `[printer.{name}]` of the settings: {error}"))
}

struct Reader<'a> {
    variables: &'a BTreeMap<String, String>,
    file: String,
    sources: BTreeMap<&'static str, (String, String)>,
    faults: Vec<Message>,
}

impl Reader<'_> {
    fn settings(&mut self, file: &mut Written) -> Settings {
        let d = Settings::default();
        let site = self.take(
            "site",
            file.site.take(),
            d.site.clone(),
            "letters, digits and hyphens, at most 40",
            |s: &String| (1..=40).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'),
        );
        let zone_name =
            self.take("zone", file.zone.take(), system_zone(), "a time zone such as Asia/Jakarta", |s: &String| {
                zone(s).is_some()
            });
        let seconds = |d: Duration| d.as_secs();
        let backoff = self.backoff(file, d.backoff);
        let is_rule = |text: &String| text.parse::<TwoPerson>().is_ok();
        let rule = "`enforced` or `recorded`";
        let two_person = self.take("two_person", file.two_person.take(), d.two_person.to_string(), rule, is_rule);
        Settings {
            site,
            zone: zone(&zone_name).unwrap_or(jiff::tz::TimeZone::UTC),
            batch_size: self
                .take("batch_size", file.batch_size, d.batch_size, "1 to 10000", |n| (1..=10_000).contains(n)),
            approve_batches: self.take(
                "approve_batches",
                file.approve_batches,
                d.approve_batches,
                "true or false",
                |_| true,
            ),
            two_person: two_person.parse().unwrap_or_default(),
            backoff,
            breaker_failures: self.take(
                "breaker_failures",
                file.breaker_failures,
                d.breaker_failures,
                "1 to 100",
                |n| (1..=100).contains(n),
            ),
            release_after: Duration::from_secs(self.take(
                "release_after_s",
                file.release_after_s,
                seconds(d.release_after),
                "1 to 86400",
                |n| (1..=86_400).contains(n),
            )),
            upload_ahead: self.take("upload_ahead", file.upload_ahead, d.upload_ahead, "true or false", |_| true),
            archive_after_days: self.days("archive_after_days", file.archive_after_days, d.archive_after_days, 1),
            collect_within_days: self.days("collect_within_days", file.collect_within_days, d.collect_within_days, 0),
            windows: std::mem::take(&mut file.window),
            ..d // the sources, when the database is known
        }
    }

    fn days(&mut self, key: &'static str, written: Option<u32>, default: u32, least: u32) -> u32 {
        self.take(key, written, default, &format!("{least} to 36500"), |n| (least..=36_500).contains(n))
    }

    fn backoff(&mut self, file: &Written, default: Backoff) -> Backoff {
        let (base, cap) = (default.base.as_secs(), default.cap.as_secs());
        let base = self.take("retry_base_s", file.retry_base_s, base, "1 to 3600", |n| (1..=3_600).contains(n));
        let cap = self.take("retry_cap_s", file.retry_cap_s, cap.max(base), "`retry_base_s` to 86400", |n| {
            (base..=86_400).contains(n)
        });
        Backoff { base: Duration::from_secs(base), cap: Duration::from_secs(cap) }
    }

    /// The address of a server, or a file in the data folder. The address may contain a password, which is never shown.
    fn database(&mut self, written: Option<String>, folder: &Path) -> anyhow::Result<Location> {
        const KEY: &str = "database";
        let file = folder.join(files::DATABASE);
        let (url, source) = match (self.variables.get(&variable(KEY)), written) {
            (Some(text), _) => (text.clone(), format!("the variable {}", variable(KEY))),
            (None, Some(text)) => (text, format!("the file `{}`", self.file)),
            (None, None) => {
                self.sources.insert(KEY, (file.display().to_string(), "default".into()));
                return Ok(Location::File(file));
            }
        };
        if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
            let text = format!("`{KEY}` from {source} is not the address of a PostgreSQL database");
            bail!(Message::new(
                text,
                "it must be `postgres://USER@HOST/DATABASE`; leave it out for a file in the data folder"
            ));
        }
        self.sources.insert(KEY, (plain_database(&url), source));
        Ok(Location::Server(url))
    }

    /// The value of a setting. If it is wrong, that is a fault, and the default stands in for it.
    fn take<T: std::str::FromStr + ToString>(
        &mut self,
        key: &'static str,
        file: Option<T>,
        default: T,
        rule: &str,
        holds: impl Fn(&T) -> bool,
    ) -> T {
        let written = match (self.variables.get(&variable(key)), file) {
            (Some(text), _) => {
                Some((text.clone(), text.parse().ok().filter(holds), format!("the variable {}", variable(key))))
            }
            (None, Some(value)) => {
                Some((value.to_string(), Some(value).filter(holds), format!("the file `{}`", self.file)))
            }
            (None, None) => None,
        };
        let (value, source) = match written {
            Some((_, Some(value), source)) => (value, source),
            Some((shown, None, source)) => {
                let wrong = Message::new(format!("`{key}` is `{shown}`, from {source}"), format!("it must be {rule}"));
                self.faults.push(wrong);
                (default, "default".to_owned())
            }
            None => (default, "default".to_owned()),
        };
        self.sources.insert(key, (value.to_string(), source));
        value
    }
}

/// The default node name: the host name with unsuitable characters replaced.
fn node_of(host: &str) -> String {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.';
    let name: String = host.chars().map(|c| if is_fit(c) { c } else { '-' }).take(40).collect();
    if is_name(&name) { name } else { "node".to_owned() }
}

fn zone(name: &str) -> Option<jiff::tz::TimeZone> {
    jiff::tz::TimeZone::get(name).ok()
}

fn system_zone() -> String {
    jiff::tz::TimeZone::system().iana_name().unwrap_or("UTC").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(toml: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("cetak.toml"), toml).unwrap();
        let variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let config = load(dir.path(), None, &variables).map_err(|e| format!("{e:#}"))?;
        config.refuse_faults().map(|()| config.clone()).map_err(|e| e.text)
    }

    #[test]
    fn a_variable_goes_over_the_file_and_the_file_over_the_default() {
        let config = loaded("batch_size = 7\nsite = \"solo\"", &[("CETAK_SITE", "solo-2")]).unwrap();
        assert_eq!((config.settings.site.as_str(), config.settings.batch_size), ("solo-2", 7));
        assert_eq!(config.settings.breaker_failures, 3);
        assert_eq!(config.sources["site"].1, "the variable CETAK_SITE");
    }

    #[test]
    fn an_error_names_the_key_and_its_source() {
        assert!(
            loaded("", &[("CETAK_BATCH_SIZE", "many")])
                .unwrap_err()
                .contains("`batch_size` is `many`, from the variable CETAK_BATCH_SIZE")
        );
        assert!(loaded("batch_size = 0", &[]).unwrap_err().contains("`batch_size` is `0`, from the file"));
        assert!(loaded("batch_sise = 1", &[]).unwrap_err().contains("batch_sise"));
        let error = loaded("retry_base_s = 60\nretry_cap_s = 30", &[]).unwrap_err();
        assert!(error.contains("`retry_cap_s` is `30`"), "{error}");
        assert_eq!(loaded("retry_base_s = 3600", &[]).unwrap().settings.backoff.cap, Duration::from_hours(1));
        let window = |more: &str| loaded(&format!("[[window]]\nzone = \"Asia/Jakarta\"\n{more}"), &[]);
        for (more, word) in [
            ("days = []\nfrom = \"1:00\"\nto = \"2:00\"", "`days` is empty"),
            ("from = \"8:00\"\nto = \"8:00\"", "`from` and `to` are both `8:00`"),
        ] {
            assert!(window(more).unwrap_err().contains(word));
        }
        assert!(window("from = \"00:00\"\nto = \"24:00\"").is_ok());
        assert!(loaded("", &[("CETAK_SISE", "1")]).unwrap_err().contains("CETAK_SISE"));
        assert!(
            loaded("[[window]]\nfrom = \"1:00\"\nto = \"2:00\"\nzone = \"Mars\"", &[]).unwrap_err().contains("Mars")
        );
    }

    #[test]
    fn a_misspelled_variable_or_line_that_may_set_the_profiles_or_the_key_puts_them_in_doubt() {
        let load = |toml: &str, variables: &[(&str, &str)]| {
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join("cetak.toml"), toml).unwrap();
            let variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            load(dir.path(), None, &variables)
        };
        let not_toml = "batch_size = many\n";
        for (line, variables) in [
            ("", &[("CETAK_PROFILE", "/etc/cetak/p")]),
            ("", &[("CETAK_CARDS", "/etc/cetak/p")]),
            ("profile = \"/etc/cetak/p\"\n", &[("CETAK_LOG", "info")]),
            ("profile \"/etc/cetak/p\"\n", &[("CETAK_LOG", "info")]),
        ] {
            let config = load(&format!("{line}{not_toml}"), variables).unwrap();
            assert!(config.profiles.is_empty() && config.broken[0].names.len() > 1, "{line}, {variables:?}");
        }
        for (line, variables) in [
            ("", &[("CETAK_KEYFILE", "/etc/cetak/k")]),
            ("", &[("CETAK_MASTER", "/etc/cetak/cetak.key")]),
            ("keyfile = \"/etc/cetak/k\"\n", &[("CETAK_LOG", "info")]),
        ] {
            assert!(load(&format!("{line}{not_toml}"), variables).is_err(), "{line}, {variables:?}");
            assert!(load(line, variables).is_err(), "{line}, {variables:?}");
        }
        let certain = load(
            "site = solo\nwindow = []\nprinter.p.user = \"x\"\n[printer.q]\nuser = \"x\"",
            &[("CETAK_LOG", "info")],
        );
        assert!(!certain.unwrap().profiles.is_empty(), "each line has a known key");
        let dir = tempfile::tempdir().unwrap();
        let named = dir.path().display().to_string();
        let set = load("", &[("CETAK_PROFILE", "/etc/cetak/p"), ("CETAK_PROFILES", &named)]).unwrap();
        assert!(!set.profiles.is_empty(), "the variable itself is set");
    }

    #[test]
    fn a_printers_options_are_checked_and_their_paths_begin_beside_the_settings() {
        let toml = "[printer.fargo-1]\nuser = \"cetak\"\npassword_file = \"secret\"\nca_file = \"/srv/ca.pem\"";
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("elsewhere.toml"), toml).unwrap();
        let named = dir.path().join("elsewhere.toml");
        let config = load(Path::new("/srv/cetak"), Some(&named), &BTreeMap::new()).unwrap();
        let options = &config.printers["fargo-1"];
        assert_eq!(options.password_file.as_deref(), Some(dir.path().join("secret").as_path()));
        assert_eq!(options.ca_file.as_deref(), Some(Path::new("/srv/ca.pem")));
        for (toml, words) in [
            ("[printer.p]\npasword_file = \"x\"", ["pasword_file", "cetak.toml"]),
            ("[printer.p]\npassword = \"rahasia\"", ["`password`", "`password_file`"]),
            ("[printer.p]\nuser = \"x\"", ["[printer.p]", "`password_file`"]),
            ("[printer.p]\nanswer_timeout_s = 0", ["[printer.p]", "`answer_timeout_s` is `0`"]),
            ("[printer.p]\nanswer_timeout_s = -1", ["answer_timeout_s", "-1"]),
            ("[printer.p]\ncertificate_sha256 = \"12:34\"", ["certificate_sha256", "64 hexadecimal digits"]),
            ("[printer.\"p 1\"]\nuser = \"x\"", ["[printer.p 1]", "not a valid name for a printer"]),
        ] {
            let error = loaded(toml, &[]).unwrap_err();
            assert!(words.iter().all(|word| error.contains(word)), "{words:?}: {error}");
        }
    }

    #[test]
    fn a_password_in_a_databases_address_is_shown_nowhere() {
        for url in [
            "postgres://u:rahasia@h/d",
            "postgres://u:ra/hasia@h/d?x=y",
            "postgres://u:ra#ha?sia@h/d",
            "postgres://u@h/d?password=rahasia",
        ] {
            let config = loaded(&format!("database = \"{url}\""), &[]).unwrap();
            assert_eq!(config.sources["database"].0, "postgres://h/d");
            assert!(matches!(&config.database, Location::Server(whole) if whole == url));
        }
        let error = loaded("databse = \"postgres://u:rahasia@h/d\"", &[]).unwrap_err();
        assert!(error.contains("line 1") && error.contains("databse") && !error.contains("rahasia"), "{error}");
        assert!(!loaded("database = \"mysql://u:rahasia@h/d\"", &[]).unwrap_err().contains("rahasia"));
        assert!(!loaded("database = \"postgres://u:rahasia@h/d", &[]).unwrap_err().contains("rahasia"));
    }

    #[test]
    fn a_folder_adds_and_replaces_profiles_and_a_broken_one_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let mine = dir.path().join("profiles/student");
        std::fs::create_dir_all(&mine).unwrap();
        let text = include_str!("../profiles/student/profile.toml").replace("attempts = 2", "attempts = 5");
        std::fs::write(mine.join("profile.toml"), &text).unwrap();
        std::fs::write(mine.join("front.svg"), include_str!("../profiles/student/front.svg")).unwrap();
        std::fs::write(mine.join("back.svg"), include_str!("../profiles/student/back.svg")).unwrap();
        let config = load(dir.path(), None, &BTreeMap::new()).unwrap();
        assert_eq!(config.profiles["student"].attempts, 5);
        std::fs::write(mine.join("profile.toml"), text.replace("name_column = \"name\"", "name_column = \"nama\""))
            .unwrap();
        let broken = |config: Config| {
            assert!(config.refuse_faults().is_ok(), "the settings are right");
            let names = config.profiles.into_keys().collect::<Vec<_>>();
            (config.broken.into_iter().map(|one| (one.names.join(","), one.fault)).collect::<Vec<_>>(), names)
        };
        let (faults, names) = broken(load(dir.path(), None, &BTreeMap::new()).unwrap());
        assert!(faults[0].1.contains("student/profile.toml") && faults[0].1.contains("name_column"), "{faults:?}");
        assert_eq!((faults.len(), names), (1, ["icao-td1", "kia", "ktp-el"].map(str::to_owned).to_vec()));

        std::fs::write(dir.path().join("profiles/flat.toml"), text.replace("\"student\"", "\"kia\"")).unwrap();
        std::fs::write(dir.path().join("profiles/README.md"), "ours").unwrap();
        let (faults, names) = broken(load(dir.path(), None, &BTreeMap::new()).unwrap());
        assert_eq!(faults.iter().map(|(names, _)| names.as_str()).collect::<Vec<_>>(), ["kia", "student"]);
        assert!(faults[0].1.contains("a profile is a folder"), "{faults:?}");
        assert_eq!(names, ["icao-td1", "ktp-el"]);

        std::fs::write(mine.join("profile.toml"), "nothing of it can be read").unwrap();
        let (_, names) = broken(load(dir.path(), None, &BTreeMap::new()).unwrap());
        assert!(names.is_empty(), "it may have replaced any of them: {names:?}");
    }

    #[test]
    fn a_copied_profile_whose_name_was_not_changed_is_refused_and_both_files_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let copy = |to: &str| {
            let folder = dir.path().join("profiles").join(to);
            std::fs::create_dir_all(&folder).unwrap();
            for file in ["profile.toml", "front.svg", "back.svg"] {
                let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/profiles/student").join(file);
                std::fs::copy(from, folder.join(file)).unwrap();
            }
        };
        copy("member-card");
        let config = load(dir.path(), None, &BTreeMap::new()).unwrap();
        assert!(!config.profiles.contains_key("student"), "neither is used");
        let fault = &config.broken[0].fault;
        assert!(fault.contains("member-card/profile.toml") && fault.contains("`student/profile.toml`"), "{fault}");

        std::fs::rename(dir.path().join("profiles/member-card"), dir.path().join("profiles/student")).unwrap();
        let config = load(dir.path(), None, &BTreeMap::new()).unwrap();
        assert!(config.profiles.contains_key("student") && config.broken.is_empty(), "{:?}", config.broken);

        copy("s2");
        let config = load(dir.path(), None, &BTreeMap::new()).unwrap();
        let fault = &config.broken[0].fault;
        assert!(fault.contains("s2/profile.toml") && fault.contains("student/profile.toml"), "{fault}");
        assert!(!config.profiles.contains_key("student"), "neither is used");
    }
}
