//! `src/profiles/README.md` describes every key of a card profile.

use std::{fs, path::Path};

#[test]
fn every_key_of_a_card_profile_is_described() {
    let read = |path: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let files = ["card/profile", "card/layout", "import/mapping"];
    let keys = files.map(|file| keys_of(&read(&format!("src/domain/{file}.rs")))).concat();
    assert!(keys.len() > 50, "{keys:?}");
    assert_eq!(undescribed(&read("src/profiles/README.md"), &keys), Vec::<String>::new(), "describe them there");
}

#[test]
fn keys_of_a_profile_are_missed() {
    let structure = "#[derive(Deserialize)]\npub struct Side {\n    /// The drawing.\n    pub template: String,\n    \
        #[serde(skip)]\n    pub svg: String,\n    #[serde(rename = \"kind\")]\n    pub kinds: Vec<Kind>,\n}\n\
        pub struct Error {\n    pub message: String,\n}\n";
    let keys = keys_of(structure);
    assert_eq!(keys, ["template", "kind"]);
    assert_eq!(undescribed("| `template` | the drawing |", &keys), ["kind"]);
}

/// The TOML keys of all structs that derive `Deserialize`.
fn keys_of(source: &str) -> Vec<String> {
    let structs = source.split("Deserialize)]").skip(1).filter_map(|rest| rest.split_once("\n}"));
    let mut keys = Vec::new();
    for (fields, _) in structs.filter(|(head, _)| head.contains("pub struct")) {
        let mut attribute = "";
        for line in fields.lines().map(str::trim) {
            match line.strip_prefix("pub ").and_then(|field| field.split_once(':')) {
                Some(_) if attribute == "#[serde(skip)]" => {}
                Some((field, _)) => {
                    let renamed = attribute.strip_prefix("#[serde(rename = \"").and_then(|name| name.split_once('"'));
                    keys.push(renamed.map_or(field, |(name, _)| name).to_owned());
                }
                None => {}
            }
            attribute = line;
        }
    }
    keys
}

/// Keys that a document does not name in code font.
fn undescribed(document: &str, keys: &[String]) -> Vec<String> {
    let is_named = |key: &&String| {
        ["`", "`[", "`[["].iter().any(|start| {
            let end: String = start.chars().rev().map(|c| if c == '[' { ']' } else { c }).collect();
            document.contains(&format!("{start}{key}{end}"))
        })
    };
    keys.iter().filter(|key| !is_named(key)).cloned().collect()
}
