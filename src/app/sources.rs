//! The sources that the settings name.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;

use crate::{cli::Message, domain::card::profile::is_name, engine::source::Source};

/// The seconds between two pulls, if the settings do not say.
const EVERY_S: u64 = 30;
/// The fewest and the most.
const EVERY_S_LIMITS: std::ops::RangeInclusive<u64> = 5..=86_400;

/// `[[source]]` of the settings file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenSource {
    name: String,
    profile: String,
    folder: PathBuf,
    node: Option<String>,
    every_s: Option<u64>,
    #[serde(default)]
    update: bool,
}

/// Checks the sources. Relative folders begin at `beside`. `is_shared`: several nodes may use the database. A source with a fault is
/// left out, and the fault added.
pub(super) fn checked(
    written: Vec<WrittenSource>,
    beside: &Path,
    is_shared: bool,
    faults: &mut Vec<Message>,
) -> Vec<Source> {
    let mut sources = Vec::<Source>::new();
    for source in written {
        let place = format!("`[[source]]` `{}` of the settings", source.name);
        if let Some((text, hint)) = fault(&source, &sources, is_shared) {
            faults.push(Message::new(format!("{place}: {text}"), hint));
            continue;
        }
        sources.push(Source {
            name: source.name,
            profile: source.profile,
            folder: beside.join(source.folder),
            node: source.node,
            every: Duration::from_secs(source.every_s.unwrap_or(EVERY_S)),
            update: source.update,
        });
    }
    sources
}

fn fault(source: &WrittenSource, others: &[Source], is_shared: bool) -> Option<(String, &'static str)> {
    let is_limit = source.every_s.is_none_or(|seconds| EVERY_S_LIMITS.contains(&seconds));
    let is_node = source.node.as_ref().is_none_or(|node| is_name(node));
    Some(match () {
        () if !is_name(&source.name) => {
            ("it is not a valid name for a source".into(), "use at most 40 letters, digits, `-`, `_` and `.`")
        }
        () if others.iter().any(|other| other.name == source.name) => {
            ("another one has this name".into(), "give each source a name of its own")
        }
        () if !is_limit => (
            format!("`every_s` is `{}`, and may be 5 to 86400", source.every_s.unwrap_or_default()),
            "correct it, or leave it out for 30 seconds",
        ),
        () if !is_node => ("`node` is not a valid name of a node".into(), "name the node as its own settings do"),
        () if is_shared && source.node.is_none() => (
            "it names no node, and several may use this database".into(),
            "say with `node` which one pulls it: another one may have another folder of that name",
        ),
        () => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(toml: &str, is_shared: bool) -> (Vec<Source>, Vec<String>) {
        #[derive(Deserialize)]
        struct File {
            source: Vec<WrittenSource>,
        }
        let file: File = toml::from_str(toml).unwrap();
        let mut faults = Vec::new();
        let sources = checked(file.source, Path::new("/srv/office"), is_shared, &mut faults);
        (sources, faults.into_iter().map(|fault| fault.text).collect())
    }

    #[test]
    fn a_source_has_the_pace_of_the_settings_and_a_folder_beside_them() {
        let (sources, faults) = told(
            "[[source]]\nname = \"a\"\nprofile = \"p\"\nfolder = \"lists\"\n\
             [[source]]\nname = \"b\"\nprofile = \"p\"\nfolder = \"/lists\"\nevery_s = 60\nupdate = true\n",
            false,
        );
        assert!(faults.is_empty(), "{faults:?}");
        let seen: Vec<_> = sources.iter().map(|s| (s.folder.to_str().unwrap(), s.every.as_secs(), s.update)).collect();
        assert_eq!(seen, [("/srv/office/lists", 30, false), ("/lists", 60, true)]);
    }

    #[test]
    fn a_source_with_a_fault_is_left_out_and_the_fault_names_it() {
        let of = |more: &str, is_shared| {
            let first = "[[source]]\nname = \"a\"\nprofile = \"p\"\nfolder = \"x\"\nnode = \"n\"\n";
            let (sources, faults) =
                told(&format!("{first}[[source]]\nprofile = \"p\"\nfolder = \"y\"\n{more}"), is_shared);
            assert_eq!((sources.len(), faults.len()), (1, 1), "{faults:?}");
            faults[0].clone()
        };
        assert!(of("name = \"a\"", false).contains("`a` of the settings: another one has this name"));
        assert!(of("name = \"b c\"", false).contains("not a valid name"));
        assert!(of("name = \"b\"\nevery_s = 4", false).contains("`every_s` is `4`"));
        assert!(of("name = \"b\"\nnode = \"\"", false).contains("`node`"));
        assert!(of("name = \"b\"", true).contains("names no node"));
    }
}
