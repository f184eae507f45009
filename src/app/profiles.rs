//! Card profiles, built in or from a folder. Each is a folder with `profile.toml` and its drawings.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    cli::{
        Message,
        args::PreviewArgs,
        output::{Output, message},
        preview, words,
    },
    domain::{
        card::profile::{CardProfile, ProfileError, is_name},
        personal::Person,
        refusal::Refusal,
    },
    engine::{BrokenProfile, EngineError, Profiles, files::read_regular},
    render::{Card, CardRenderer, RenderError, Renderer},
};

/// The file that defines a card profile.
const PROFILE: &str = "profile.toml";
/// The largest file of a profile, in bytes.
const BYTES_MAX: u64 = 1024 * 1024;

macro_rules! built_in {
    ($($name:literal: $($file:literal),+;)+) => {
        [$(($name, &[$(($file, include_bytes!(concat!("../profiles/", $name, "/", $file)) as &[u8])),+])),+]
    };
}

/// A profile's folder: its name, and its files by name.
type Folder = (&'static str, &'static [(&'static str, &'static [u8])]);

/// The built-in profiles.
const BUILT_IN: [Folder; 4] = built_in! {
    "ktp-el": "profile.toml", "front.svg", "back.svg", "sample.png";
    "kia": "profile.toml", "front.svg", "back.svg";
    "student": "profile.toml", "front.svg", "back.svg";
    "icao-td1": "profile.toml", "front.svg", "back.svg", "sample.png";
};

/// The built-in profiles by name.
pub fn built_in() -> anyhow::Result<Profiles> {
    let read = |(folder, files): &Folder| {
        parse(folder, |file| {
            let found = files.iter().find(|(name, _)| *name == file);
            found.map(|(_, bytes)| bytes.to_vec()).ok_or_else(|| {
                Message::new(format!("the built-in file `{folder}/{file}` is missing"), "use another build of cetak")
                    .into()
            })
        })
    };
    BUILT_IN.iter().map(|folder| read(folder).map(|profile| (profile.name.clone(), Arc::new(profile)))).collect()
}

/// The card profiles that are known.
pub(super) struct Loaded {
    /// Those that can be used.
    pub(super) profiles: Profiles,
    /// Those that cannot.
    pub(super) broken: Vec<BrokenProfile>,
    /// The folder of each that is not built in.
    pub(super) places: BTreeMap<String, PathBuf>,
}

impl Loaded {
    /// All known names in doubt, because another folder may have been meant.
    pub(super) fn doubted(self) -> Self {
        let fault =
            "the settings are wrong, and may name another folder of profiles; hint: correct the settings".to_owned();
        let broken = vec![BrokenProfile { names: self.profiles.into_keys().collect(), fault }];
        Self { profiles: Profiles::new(), broken, places: BTreeMap::new() }
    }
}

/// The built-in profiles, and those in the subfolders of `folder`, which replace built-in ones of the same name. A broken one
/// is returned apart, and no other profile is used in its place.
///
/// A missing `folder` is a fault only if it is `required`.
pub(super) fn load(folder: &Path, required: bool) -> anyhow::Result<Loaded> {
    let (mut profiles, mut places) = (built_in()?, BTreeMap::new());
    let entries = match folder.read_dir().and_then(Iterator::collect::<std::io::Result<Vec<_>>>) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !required => {
            return Ok(Loaded { profiles, broken: Vec::new(), places });
        }
        Err(source) => {
            let error = EngineError::Read { what: folder.display().to_string(), source };
            let broken = vec![unusable(profiles.into_keys().collect(), &error.into())];
            return Ok(Loaded { profiles: Profiles::new(), broken, places });
        }
    };
    let mut paths: Vec<PathBuf> = entries.iter().map(std::fs::DirEntry::path).collect();
    paths.sort();
    let mut broken = Vec::new();
    for path in paths {
        let is_file = path.extension().is_some_and(|extension| extension == "toml");
        let defines = if is_file { path.clone() } else { path.join(PROFILE) };
        let is_none = |error: std::io::Error| {
            matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
        };
        // A folder that cannot be entered counts as a profile.
        if !is_file && defines.metadata().is_err_and(is_none) {
            continue;
        }
        let profile = if is_file { Err(not_a_folder(&path)) } else { read(&path) };
        let profile = profile.and_then(|profile| {
            refuse_copy(&path, &profile.name, profiles.contains_key(&profile.name), &places)?;
            Ok(profile)
        });
        match profile {
            Ok(profile) => {
                places.insert(profile.name.clone(), path);
                profiles.insert(profile.name.clone(), Arc::new(profile));
            }
            Err(error) => broken.push(unusable(names_in(&defines, &profiles), &error)),
        }
    }
    profiles.retain(|name, _| !broken.iter().any(|one| one.names.contains(name)));
    Ok(Loaded { profiles, broken, places })
}

fn not_a_folder(path: &Path) -> anyhow::Error {
    Message::new(
        format!("`{}` is a file, and a profile is a folder", path.display()),
        format!("move it into a folder of its own as `{PROFILE}`, with its drawings"),
    )
    .into()
}

/// Refuses a second definition of a profile. One that comes with the program may be replaced by the folder of its name only: a copy
/// whose `name` was forgotten would replace it too.
fn refuse_copy(path: &Path, name: &str, is_known: bool, places: &BTreeMap<String, PathBuf>) -> Result<(), Message> {
    let here = path.join(PROFILE);
    if let Some(other) = places.get(name) {
        let other = other.join(PROFILE);
        return Err(Message::new(
            format!("`{}` and `{}` both define the profile `{name}`", other.display(), here.display()),
            "change the `name` of one of them, or remove it",
        ));
    }
    if is_known && path.file_name().is_none_or(|folder| folder != name) {
        return Err(Message::new(
            format!("`{}` defines the profile `{name}`, as the built-in file `{name}/{PROFILE}` does", here.display()),
            format!("change its `name`; to replace the built-in profile, call its folder `{name}`"),
        ));
    }
    Ok(())
}

fn unusable(names: Vec<String>, error: &anyhow::Error) -> BrokenProfile {
    BrokenProfile { names, fault: words::report(error).in_one_line() }
}

/// The names that a broken profile may define: those in its lines `name = "…"` above all tables. If there is none, it
/// may be any name that is known.
fn names_in(file: &Path, known: &Profiles) -> Vec<String> {
    let bytes = read_regular(file, BYTES_MAX).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let top = text.lines().take_while(|line| !line.trim_start().starts_with('['));
    let names = top.filter_map(|line| {
        let (key, value) = line.split_once('=')?;
        let is_name = key.trim().trim_matches(['"', '\'']) == "name";
        let value = value.trim().trim_start_matches(['"', '\'']);
        is_name.then(|| value.split(['"', '\'', ' ', '#']).next().unwrap_or_default().to_owned())
    });
    let names: Vec<String> = names.filter(|name| is_name(name)).collect();
    if names.is_empty() { known.keys().cloned().collect() } else { names }
}

/// Reads the profile in a folder.
pub fn read(folder: &Path) -> anyhow::Result<CardProfile> {
    parse(&folder.display().to_string(), |file| {
        let path = folder.join(file);
        let what = || path.display().to_string();
        let cannot_read = |source| EngineError::Read { what: what(), source };
        match read_regular(&path, BYTES_MAX) {
            Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
                anyhow::bail!(Message::new(format!("`{}` is larger than 1 MiB", what()), "reduce it to 1 MiB"))
            }
            read => Ok(read.map_err(cannot_read)?),
        }
    })
}

/// Reads and validates a profile and its drawings. `folder` names it in messages, `file` reads one of its files.
fn parse(folder: &str, file: impl Fn(&str) -> anyhow::Result<Vec<u8>>) -> anyhow::Result<CardProfile> {
    let text = |name: &str| -> anyhow::Result<String> {
        String::from_utf8(file(name)?)
            .map_err(|_| Message::new(format!("`{folder}/{name}` is not UTF-8 text"), "save it as UTF-8").into())
    };
    let written = text(PROFILE)?;
    let wrong = |line: usize, message: &str| {
        let text = format!("the profile `{folder}/{PROFILE}` is wrong, line {line}: {message}");
        Message::new(text, "correct it; `src/profiles/README.md` describes every key")
    };
    let mut profile: CardProfile = toml::from_str(&written).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        wrong(written.get(..at).unwrap_or_default().matches('\n').count() + 1, error.message())
    })?;
    profile.validate().map_err(|error| wrong(line_of(&written, &error), &error.message))?;
    for side in profile.sides_mut() {
        side.svg = text(&side.template)?;
        if let Some(signature) = &mut side.signature {
            signature.bytes = file(&signature.file)?;
        }
    }
    if let Some(name) = &profile.card.sample_photo {
        profile.card.sample_photo_bytes = file(name)?;
    }
    Renderer::new(&profile).map_err(|error| match error {
        RenderError::Profile(fault) => {
            let text = format!(
                "the profile's drawing `{folder}/{}` is wrong, line {}: {}",
                fault.file, fault.line, fault.message
            );
            Message::new(text, fault.hint)
        }
        other @ (RenderError::Character { .. }
        | RenderError::TooLong { .. }
        | RenderError::Code { .. }
        | RenderError::Mrz(_)
        | RenderError::MrzSex
        | RenderError::Photo(_)
        | RenderError::Size
        | RenderError::Encode(_)
        | RenderError::Pdf(_)) => Message { text: format!("the profile `{folder}` is wrong: {other}"), hint: None },
    })?;
    Ok(profile)
}

/// Validates a profile, and renders its sample.
pub(super) fn check(
    out: Output,
    Loaded { profiles: known, broken, .. }: &Loaded,
    folder: &Path,
    preview: &PreviewArgs,
) -> anyhow::Result<()> {
    let name = folder.to_str().unwrap_or_default();
    if !folder.exists()
        && let Some(broken) = broken.iter().find(|broken| broken.names.iter().any(|known| known == name))
    {
        let refused = Refusal::ProfileBroken { profile: name.to_owned(), detail: broken.fault.clone() };
        return Err(EngineError::from(refused).into());
    }
    let profile = match known.get(name) {
        Some(profile) if !folder.exists() => profile.as_ref().clone(),
        Some(_) | None => read(folder)?,
    };
    let output = preview::output(preview);
    if output.only.is_some_and(|side| side > 0) && profile.card.back.is_none() {
        return Err(EngineError::from(Refusal::NoBack { profile: profile.name }).into());
    }
    let lacking = profile.columns_without_sample();
    if !lacking.is_empty() {
        let text = format!("the sample of the profile `{}` has no value for `{}`", profile.name, lacking.join("`, `"));
        return Err(Message::new(text, "add it to `[card.sample]`; an empty text is a value too").into());
    }
    let person = Person::from(profile.card.sample.clone());
    let value = |name: &str| person.reveal(name);
    let photo = &profile.card.sample_photo_bytes;
    let card = Card {
        person: &person,
        district: value(&profile.district),
        village: value(&profile.village),
        request_id: value("request_id"),
        attempt: value("attempt"),
        keyed_hash: value("keyed_hash"),
        photo: (!photo.is_empty()).then_some(photo),
    };
    let wrong = |error: RenderError| {
        let text = format!("the sample of the profile `{}` cannot be drawn: {error}", profile.name);
        Message::new(text, "change `[card.sample]` or the place")
    };
    let renderer = Renderer::new(&profile)?;
    // Both sides are checked, even if only one is rendered.
    renderer.check(&card).map_err(wrong)?;
    preview::write(&preview.output, &renderer.draw(&card, &output).map_err(wrong)?)?;
    if profile.shows_photo() && photo.is_empty() {
        message("warning: the profile has no sample photo; the place stays empty");
    }
    let output = preview.output.display();
    let done = format!("the profile `{}` is good; its sample is drawn in `{output}`", profile.name);
    Ok(out.done(&serde_json::json!({ "profile": profile.name, "output": output.to_string() }), &done)?)
}

/// The line of the table with the error; 1 if the error is above all tables or the header is spelled differently.
fn line_of(text: &str, error: &ProfileError) -> usize {
    let Some(table) = error.table else { return 1 };
    let lines = text.lines().enumerate().filter(|(_, line)| line.trim() == table);
    lines.map(|(at, _)| at + 1).nth(error.number - 1).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The student card's folder with texts replaced.
    fn changed(file: &str, from: &str, to: &str) -> Result<CardProfile, (String, String)> {
        let (_, files) = BUILT_IN.iter().find(|(name, _)| *name == "student").unwrap();
        let result = parse("mine", |name| {
            let (_, bytes) = files.iter().find(|(known, _)| *known == name).unwrap();
            let text = std::str::from_utf8(bytes).unwrap();
            assert!(name != file || text.contains(from), "{from}");
            Ok(if name == file { text.replacen(from, to, 1).into_bytes() } else { bytes.to_vec() })
        });
        result.map_err(|error| {
            let Message { text, hint } = words::report(&error);
            (text, hint.unwrap_or_default())
        })
    }

    #[test]
    fn all_profiles_that_come_with_the_program_can_be_drawn() {
        assert_eq!(built_in().unwrap().keys().collect::<Vec<_>>(), ["icao-td1", "kia", "ktp-el", "student"]);
    }

    #[test]
    fn a_broken_profile_is_refused_with_file_line_and_what_to_do() {
        for (file, from, to, message) in [
            (PROFILE, "attempts = 2", "attempts = \"two\"", "mine/profile.toml` is wrong, line 7"),
            (PROFILE, "attempts = 2", "atempts = 2", "unknown field `atempts`"),
            (PROFILE, "\"{name}\"", "\"{nama}\"", "`{nama}` is no column of the profile"),
            (PROFILE, "\"{name}\"", "\"{name\"", "unbalanced brace"),
            (PROFILE, "front.svg", "../front.svg", "`template` must be the name of a file beside the profile"),
            ("front.svg", "id=\"valid\"", "id=\"valit\"", "mine/front.svg` is wrong, line 1: it has no place `valid`"),
            ("front.svg", "viewBox=\"0 0 85.6 53.98\"", "", "it needs a `viewBox` of four numbers"),
            ("front.svg", "</svg>", "", "it is not a valid SVG file"),
            ("back.svg", "If found", "\u{4E2D}", "the character U+4E2D, which the font lacks"),
        ] {
            let (error, hint) = changed(file, from, to).unwrap_err();
            assert!(error.contains(message) && error.contains("line "), "{error}");
            assert!(!hint.is_empty(), "{error}");
        }
    }

    #[test]
    fn an_error_in_the_third_text_names_its_line() {
        let (error, _) = changed(PROFILE, "size_mm = 2.8\nleast_mm = 1.9\nlines = 2", "size_mm = 28.0").unwrap_err();
        let (_, files) = BUILT_IN.iter().find(|(name, _)| *name == "student").unwrap();
        let text = std::str::from_utf8(files[0].1).unwrap();
        let header = text.match_indices("[[card.front.text]]").nth(2).unwrap().0;
        let line = text[..header].matches('\n').count() + 1;
        assert!(error.contains(&format!("line {line}: `size_mm` must be 0.5 to 20")), "{error}");
    }
}
