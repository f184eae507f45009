//! `cetak profile`: the card profiles without the database, which wrong settings do not stop.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{
    files,
    profiles::{self, Loaded},
    settings_file::{self, Decisive, SettingsFile},
    variables::{is_set, refuse_unknown, variable},
};
use crate::{
    cli::{
        Message,
        args::ProfileCommand,
        output::{Output, table},
    },
    domain::{
        card::profile::{CardProfile, Identifier, PhotoRule, Scheme},
        import::Layout,
        refusal::Refusal,
    },
    engine::{BrokenProfile, EngineError},
};

/// Runs a command. `warn` is told what is wrong with the settings.
pub(super) fn command(
    out: Output,
    (folder, named): (&Path, Option<&Path>),
    variables: &BTreeMap<String, String>,
    command: ProfileCommand,
    warn: impl Fn(&Message),
) -> anyhow::Result<()> {
    let (known, faults) = load(folder, named, variables)?;
    faults.iter().for_each(warn);
    match command {
        ProfileCommand::Check { folder, preview } => profiles::check(out, &known, &folder, &preview),
        ProfileCommand::List => list(out, &known),
        ProfileCommand::Show { name } => show(out, &known, &name),
    }
}

/// The card profiles, and what is wrong with the settings.
fn load(
    folder: &Path,
    named: Option<&Path>,
    variables: &BTreeMap<String, String>,
) -> anyhow::Result<(Loaded, Vec<Message>)> {
    let beside = folder.join(files::SETTINGS);
    let path = named.map_or_else(|| beside.exists().then_some(beside), |named| Some(named.to_owned()));
    let SettingsFile { written, fault, mut doubtful, .. } =
        path.as_deref().map(settings_file::read).unwrap_or_default();
    let mut faults: Vec<Message> = fault.into_iter().collect();
    match refuse_unknown(variables, &mut doubtful) {
        Ok(unknown) => faults.extend(unknown),
        Err(unknown) => {
            faults.push(unknown);
            doubtful.push(Decisive::Profiles);
        }
    }
    let is_doubtful = doubtful.contains(&Decisive::Profiles) && !is_set(variables, Decisive::Profiles);
    let set = variables.get(&variable(Decisive::Profiles.key())).map(PathBuf::from).or(written.profiles);
    let known = profiles::load(set.as_deref().unwrap_or(&folder.join("profiles")), set.is_some())?;
    Ok((if is_doubtful { known.doubted() } else { known }, faults))
}

fn list(out: Output, known: &Loaded) -> anyhow::Result<()> {
    let good: Vec<Value> =
        known.profiles.values().map(|profile| described(profile, source(known, profile).as_deref())).collect();
    let broken = |one: &BrokenProfile| json!({ "names": one.names, "fault": one.fault });
    let value = json!({ "profiles": good, "broken": known.broken.iter().map(broken).collect::<Vec<_>>() });
    let text = |_: &Value| {
        let row = |profile: &CardProfile| {
            let from = source(known, profile).unwrap_or_else(|| "built in".into());
            vec![profile.name.clone(), profile.title.clone(), profile.blank_type.clone(), from]
        };
        let rows: Vec<_> = known.profiles.values().map(|profile| row(profile)).collect();
        let mut text = table(&["profile", "title", "blank type", "from"], &rows);
        for BrokenProfile { names, fault } in &known.broken {
            text += &format!("\ncannot be used: {}\n  {fault}\n", names.join(", "));
        }
        text
    };
    Ok(out.data(&value, text)?)
}

fn show(out: Output, known: &Loaded, name: &str) -> anyhow::Result<()> {
    let broken = known.broken.iter().find(|broken| broken.names.iter().any(|known| known == name));
    if let Some(BrokenProfile { fault, .. }) = broken {
        let refused = Refusal::ProfileBroken { profile: name.to_owned(), detail: fault.clone() };
        return Err(EngineError::from(refused).into());
    }
    let Some(profile) = known.profiles.get(name) else {
        let known = known.profiles.keys().cloned().collect();
        return Err(EngineError::from(Refusal::NoProfile { profile: name.to_owned(), known }).into());
    };
    let from = source(known, profile);
    Ok(out.data(&described(profile, from.as_deref()), |_| text(profile, from.as_deref()))?)
}

/// The folder of a profile; `None` if it is built in.
fn source(known: &Loaded, profile: &CardProfile) -> Option<String> {
    known.places.get(&profile.name).map(|folder| folder.display().to_string())
}

fn described(profile: &CardProfile, folder: Option<&str>) -> Value {
    let kind = |kind: &crate::domain::card::profile::RequestKind| json!({ "name": kind.name, "class": kind.class, "replaces": kind.replaces });
    json!({
        "name": profile.name,
        "title": profile.title,
        "folder": folder,
        "blank_type": profile.blank_type,
        "kinds": profile.kinds.iter().map(kind).collect::<Vec<_>>(),
        "eligible_statuses": profile.eligible_statuses,
        "other_statuses": profile.other_statuses,
        "columns": profile.columns().collect::<Vec<_>>(),
        "required_columns": Layout::new(profile).never_empty(profile.photo),
        "identifier": profile.identifier.column,
        "identifier_rule": identifier_rule(&profile.identifier),
        "photo_required": profile.photo == PhotoRule::Required,
        "attempts": profile.attempts,
        "reprint_reasons": profile.reprint_reasons,
    })
}

fn identifier_rule(rule: &Identifier) -> String {
    match rule.scheme {
        Scheme::Nik => "a NIK of 16 digits".into(),
        Scheme::Alphanumeric => {
            format!("{} to {} letters, digits and hyphens", rule.min_length, rule.max_length)
        }
    }
}

fn text(profile: &CardProfile, folder: Option<&str>) -> String {
    let kinds = profile.kinds.iter().map(|kind| {
        let replaces = if kind.replaces { ", replaces a card" } else { "" };
        format!("{} (class {}{replaces})", kind.name, kind.class)
    });
    let photo = if profile.photo == PhotoRule::Required { "required" } else { "optional" };
    let rows = [
        ("name", profile.name.clone()),
        ("title", profile.title.clone()),
        ("from", folder.unwrap_or("built in").to_owned()),
        ("blank type", profile.blank_type.clone()),
        ("kinds of request", kinds.collect::<Vec<_>>().join("; ")),
        ("statuses that are print-ready", profile.eligible_statuses.join(", ")),
        ("other statuses", profile.other_statuses.join(", ")),
        ("columns", profile.columns().collect::<Vec<_>>().join(", ")),
        ("columns that need a value", Layout::new(profile).never_empty(profile.photo).join(", ")),
        ("identifier", format!("{}: {}", profile.identifier.column, identifier_rule(&profile.identifier))),
        ("photo", photo.to_owned()),
        ("failed tries until quarantine", profile.attempts.to_string()),
        ("reasons for a reprint", profile.reprint_reasons.join(", ")),
    ];
    table(&["profile", ""], &rows.map(|(what, value)| vec![what.to_owned(), value]))
}
