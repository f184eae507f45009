//! Tests the rules of the sources by searching their text, which is cruder than a compiler, but names the remedy.
//!
//! Each rule is a function from a text to what is wrong in it, a test over the whole repository, and a snippet that
//! breaks it, so that a rule that no longer sees anything is noticed.
#![expect(clippy::unwrap_used, reason = "a test that cannot read the sources has failed")]

#[path = "tidy/commands.rs"]
mod commands;
#[path = "tidy/help.rs"]
mod help;
#[path = "tidy/imports.rs"]
mod imports;
#[path = "tidy/permits.rs"]
mod permits;
#[path = "tidy/promises_page.rs"]
mod promises_page;
#[path = "tidy/source.rs"]
mod source;

use std::{
    fs,
    path::{Path, PathBuf},
};

use source::split;

/// Each layer, what it may use of the others, and which crates only some layers may name.
const LAYERS: [(&str, &[&str]); 11] = [
    ("domain", &[]),
    ("store", &["domain"]),
    ("picture", &[]), // the crate in src/render/picture
    ("render", &["domain"]),
    ("simulation", &["domain"]),
    ("engine", &["domain", "store", "render", "simulation"]),
    ("words", &["domain", "simulation", "engine"]),
    ("web", &["domain", "engine", "words"]),
    ("cli", &["domain", "simulation", "engine", "words"]),
    ("app", &["domain", "store", "render", "engine", "words", "web", "cli"]),
    ("main", &["domain", "store", "render", "engine", "words", "web", "cli", "app"]),
];
const CRATES: [(&str, &[&str]); 6] = [
    ("sqlx", &["store"]),
    ("cetak_driver_api", &["engine", "app"]),
    ("cetak_driver_mock", &["app"]),
    ("cetak_driver_ipp", &["app"]),
    ("cetak_picture", &["picture", "render"]),
    ("anyhow", &["words", "cli", "app", "main"]),
];

/// What the pure layer may not name: it has neither tasks nor files nor network nor time.
const IMPURE: [&str; 7] = ["async", "await", "tokio", "tracing", "std::fs", "std::net", "std::io"];

/// Time and randomness come from outside, so that a test can move the one and seed the other.
const CLOCKS: [&str; 7] =
    ["SystemTime", "Instant::now", "Timestamp::now", "Zoned::now", "rand::rng", "thread_rng", "getrandom"];
const CLOCK_FILE: &str = "src/app/system.rs";

const LINES_MAX: usize = 500;
/// Files that may be longer, and why.
const LONG_FILES: [(&str, &str); 3] = [
    ("src/app/demo/people.rs", "mostly tables of what an office's export looks like"),
    ("src/render/code/pdf417.txt", "data of the standard, one line for each codeword"),
    ("tests/api/openapi.json", "the description of the API, which a test writes"),
];

const TOP_LEVEL: [&str; 18] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "STYLE.md",
    "_typos.toml",
    "clippy.toml",
    "deny.toml",
    "drivers",
    "migrations",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "src",
    "tests",
];

const STATEMENTS: [&str; 5] = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CREATE TABLE "];

#[test]
fn each_layer_uses_only_the_layers_below_it() {
    over(&["src"], |path, text| {
        let layer = layer_of(path)?;
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
            let is_code = extension(Path::new(path)) == "rs";
            return is_code
                .then(|| format!("`{layer}` is not a layer: add it to LAYERS, with the layers that it may use"));
        };
        let wrong: Vec<String> = layers_used(path, text)
            .into_iter()
            .filter(|used| used != layer && !allowed.contains(&used.as_str()))
            .collect();
        (!wrong.is_empty()).then(|| {
            format!(
                "`{layer}` may use {allowed:?}, and uses `{}`: move the code to a layer that may, or pass in what it needs",
                wrong.join("`, `")
            )
        })
    });
}

#[test]
fn each_crate_is_named_only_where_it_belongs() {
    over(&["src"], |path, text| {
        let layer = layer_of(path)?;
        let code = code_of(text);
        let wrong = CRATES.iter().find(|(name, layers)| !layers.contains(&layer) && names(&code, name))?;
        Some(format!("`{}` belongs to {:?}: ask there for what is needed", wrong.0, wrong.1))
    });
}

#[test]
fn the_domain_has_no_tasks_no_files_and_no_clock() {
    over(&["src/domain"], |_, text| {
        let found = first_named(text, &IMPURE)?;
        Some(format!("`{found}` in the domain: make it a parameter, and let the engine wait, read or ask"))
    });
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let crates = ["src", "drivers/api/src", "drivers/ipp/src", "drivers/mock/src", "src/render/picture/src"];
    let circles = crates.iter().flat_map(|place| {
        let mut files = Vec::new();
        collect(&root().join(place), &mut files);
        let below = |file: &PathBuf| file.strip_prefix(root().join(place)).unwrap().to_str().unwrap().to_owned();
        // The picture crate lies inside `src`, and is read by itself.
        let inner = root().join("src/render/picture");
        let is_own = |file: &&PathBuf| *place != "src" || !file.starts_with(&inner);
        let sources = files.iter().filter(is_own).filter(|file| extension(file) == "rs");
        let sources = sources.map(|file| (below(file), code_of(&fs::read_to_string(file).unwrap())));
        imports::Crate::new(sources).circles()
    });
    let circles: Vec<String> = circles.collect();
    assert_eq!(circles, Vec::<String>::new(), "move what both need into a file of its own, below both");
}

#[test]
fn time_and_randomness_are_injected() {
    over(&["src", "drivers"], |path, text| {
        let found = first_named(text, &CLOCKS).filter(|_| path != CLOCK_FILE && !path.contains("/tests/"))?;
        Some(format!("`{found}` outside of {CLOCK_FILE}: take the injected Clock or Entropy"))
    });
}

#[test]
fn drivers_know_only_their_contract() {
    over(&["drivers"], |path, text| {
        let found = first_named(text, &["cetak", "sqlx"]).filter(|_| extension(Path::new(path)) == "rs")?;
        Some(format!(
            "a driver names `{found}`: it sees documents, attempts and an address, nothing of records or stock"
        ))
    });
}

#[test]
fn only_the_store_has_sql() {
    over(&["src"], |path, text| {
        let found = statement_in(text).filter(|_| layer_of(path) != Some("store"))?;
        Some(format!("`{found}` outside of src/store: add a method there, named noun first"))
    });
}

#[test]
fn no_sql_is_put_together_from_text() {
    // What moves a whole database takes the names of tables and columns from its schema, and no value.
    over(&["src/store"], |path, text| {
        if ["src/store/maintenance/transfer.rs", "src/store/board_tests.rs"].contains(&path) {
            return None;
        }
        let found = built_sql(text)?;
        Some(format!("{found}: bind the values, and many rows as one JSON array"))
    });
}

#[test]
fn a_source_file_has_one_idea_and_few_lines() {
    over(&["src", "drivers", "tests"], |path, text| {
        let known = LONG_FILES.iter().any(|(long, _)| *long == path);
        match (text.lines().count(), known) {
            (lines, false) if lines > LINES_MAX => {
                Some(format!("{lines} lines, and {LINES_MAX} are the most: split it, or give a reason in LONG_FILES"))
            }
            (lines, true) if lines <= LINES_MAX => Some("short enough now: take it out of LONG_FILES".into()),
            _ => None,
        }
    });
    let missing: Vec<_> = LONG_FILES.iter().filter(|(path, _)| !root().join(path).exists()).collect();
    assert!(missing.is_empty(), "LONG_FILES names files that are gone: {missing:?}");
}

#[test]
fn every_migration_is_listed_in_the_store() {
    let listed = fs::read_to_string(root().join("src/store/backend/schema.rs")).unwrap();
    let folders: Vec<PathBuf> = fs::read_dir(root().join("migrations")).unwrap().map(|e| e.unwrap().path()).collect();
    let scripts: Vec<Vec<String>> = folders.iter().map(|folder| names_in(folder)).collect();
    for scripts in &scripts {
        assert_eq!(unlisted(&listed, scripts), Vec::<String>::new(), "list them in src/store/backend/schema.rs");
        assert_eq!(misnumbered(scripts), Vec::<String>::new(), "migrations are numbered 0001, 0002 … without a gap");
    }
    assert!(scripts.windows(2).all(|pair| pair[0] == pair[1]), "each database needs the same migrations: {scripts:?}");
}

#[test]
fn the_top_level_has_nothing_but_what_is_allowed() {
    let names = names_in(&root());
    let extra: Vec<&String> = names.iter().filter(|name| is_foreign(name)).collect();
    assert!(extra.is_empty(), "not at the top level: {extra:?}; put it into src, drivers, migrations or tests");
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    let hidden_and_papers = names_in(&root()).into_iter().filter(|n| n != ".git" && !is_foreign(n) && n != "target");
    let places: Vec<String> = hidden_and_papers.collect();
    over(&places.iter().map(String::as_str).collect::<Vec<_>>(), |_, text| {
        let found = machine_path(text)?;
        Some(format!("`{found}`: use a relative path, a temporary folder, or an invented one such as /srv/cetak"))
    });
}

mod the_rules_can_fail {
    use super::*;

    #[test]
    fn layers_are_seen_in_every_way_of_writing() {
        let used = |text| layers_used("src/store/save.rs", text);
        assert_eq!(used("use crate::engine::Office;"), ["engine"]);
        assert_eq!(used("use crate::{\n    domain::{id::JobId, job},\n    engine,\n};"), ["domain", "engine"]);
        assert_eq!(used("fn f() { crate::cli::output::message(\"\") }"), ["cli"]);
        assert_eq!(used("use super::super::engine::Office;"), ["engine"]);
        assert_eq!(layers_used("src/store/mod.rs", "use super::engine::Office;"), ["engine"]);
        assert_eq!(layers_used("src/main.rs", "use cetak::{app, cli::args::Cli};"), ["app", "cli"]);
        assert!(used("// crate::engine\n/* crate::cli */ const A: &str = \"crate::app\";").is_empty());
        assert!(used("pub(crate) fn f() {} use super::doing;").is_empty());
    }

    #[test]
    fn the_picture_crate_is_a_layer_of_its_own() {
        assert_eq!(layer_of("src/render/picture/src/raster.rs"), Some("picture"));
        assert_eq!(layer_of("src/render/pdf/mod.rs"), Some("render"));
        assert_eq!(layers_used("src/render/picture/src/raster.rs", "use cetak::domain::id;"), ["domain"]);
        assert!(LAYERS.contains(&("picture", &[])));
    }

    #[test]
    fn names_are_seen_in_code_and_not_in_text() {
        assert_eq!(first_named("async fn f() {}", &IMPURE), Some("async"));
        assert_eq!(first_named("use std::{fs::File, io};", &IMPURE), Some("std::fs"));
        assert_eq!(first_named("let t = std::time::SystemTime::now();", &CLOCKS), Some("SystemTime"));
        assert_eq!(first_named("let t = Instant::now ();", &CLOCKS), Some("Instant::now"));
        assert_eq!(first_named("// async\nlet asynchronous = \"async\"; let c = '\"'; let d: &'a str;", &IMPURE), None);
        assert_eq!(first_named("let r = r#\"tokio \" tokio\"#;", &IMPURE), None);
        assert!(names("sqlx::query(sql)", "sqlx") && names("use {cetak_driver_ipp as ipp};", "cetak_driver_ipp"));
        assert!(!names("let my_sqlx = 1;", "sqlx") && !names("use cetak_driver_api::DriverError;", "cetak"));
    }

    #[test]
    fn sql_is_seen_in_text_and_not_in_comments() {
        let update = ["let sql = \"UPD", "ATE job SET state = 'printed'\";"].concat();
        assert_eq!(statement_in(&update), Some("UPDATE "));
        assert_eq!(statement_in("/// UPDATE job SET state\nlet a = \"UPDATED\";"), None);
        assert!(built_sql(&["let s = format!(\n \"SEL", "ECT * FROM {table}\");"].concat()).is_some());
        assert!(built_sql(&["sql.push(form", "at!(\"{n}\"))"].concat()).is_some());
        assert!(built_sql(&["query(Assert", "SqlSafe(text))"].concat()).is_some());
        assert!(built_sql("let s = format!(\"{n} rows\"); sql.push_bind(n);").is_none());
    }

    #[test]
    fn migrations_are_missed() {
        let scripts = ["0001_first.sql".to_owned(), "0003_third.sql".to_owned()];
        let listed = "include_str!(\"../../migrations/sqlite/0001_first.sql\")";
        assert_eq!(unlisted(listed, &scripts), ["0003_third.sql"]);
        assert_eq!(misnumbered(&scripts), ["0003_third.sql"]);
    }

    #[test]
    fn strangers_at_the_top_level_and_machine_paths_are_seen() {
        assert!(is_foreign("benches") && is_foreign("notes.txt"));
        assert!(!is_foreign("src") && !is_foreign(".ci") && !is_foreign("target"));
        assert_eq!(
            machine_path(&["cd /ho", "me/siti/cetak"].concat()).as_deref(),
            Some(["/ho", "me/"].concat().as_str())
        );
        assert_eq!(machine_path("https://example.org/home/ and ./tmp/x, /etc/cetak"), None);
    }
}

/// Runs a rule over all text files of some folders or files, and fails with all that it found.
fn over(places: &[&str], rule: impl Fn(&str, &str) -> Option<String>) {
    let mut files = Vec::new();
    for place in places {
        collect(&root().join(place), &mut files);
    }
    assert!(!files.is_empty(), "nothing to read in {places:?}");
    let wrong: Vec<String> = files
        .iter()
        .filter_map(|file| {
            let path = file.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
            let is_text = ["rs", "toml", "md", "sql", "txt", ""].contains(&extension(file));
            let text = fs::read_to_string(file).ok().filter(|_| is_text)?;
            rule(&path, &text).map(|what| format!("{path}: {what}"))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn extension(path: &Path) -> &str {
    path.extension().and_then(|e| e.to_str()).unwrap_or_default()
}

fn collect(place: &Path, files: &mut Vec<PathBuf>) {
    if place.is_dir() {
        for name in names_in(place) {
            collect(&place.join(name), files);
        }
    } else {
        files.push(place.to_owned());
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The layer of a file: `store` for `src/store/save.rs` and `src/store.rs`, `picture` for the crate inside `render`,
/// `None` for `src/lib.rs`.
fn layer_of(path: &str) -> Option<&str> {
    if path.starts_with("src/render/picture/") {
        return Some("picture");
    }
    let layer = path.strip_prefix("src/")?.split(['/', '.']).next()?;
    (layer != "lib").then_some(layer)
}

/// The layers that a file names: `crate::x`, `crate::{x, y}`, as many `super::` as lead to the root, `cetak::x`.
fn layers_used(path: &str, text: &str) -> Vec<String> {
    let code: String =
        code_of(text).split_whitespace().collect::<Vec<_>>().join(" ").replace(" ::", "::").replace(":: ", "::");
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    let up = "super::".repeat(inner.split('/').count());
    let mut used = Vec::new();
    for start in ["crate::", "cetak::", &up] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back();
            if !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                used.extend(heads(&code[at + start.len()..]));
            }
        }
    }
    used.retain(|name| LAYERS.iter().any(|(layer, _)| layer == name));
    used.sort();
    used.dedup();
    used
}

/// The first names after a path's beginning: one, or those of a group.
fn heads(rest: &str) -> Vec<String> {
    let head = |text: &str| text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let Some(group) = rest.strip_prefix('{') else { return vec![head(rest)] };
    let (mut depth, mut found) = (0, vec![head(group)]);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => found.push(head(&group[at + 1..])),
            _ => {}
        }
    }
    found
}

/// Does the code name this crate, as a whole word?
fn names(code: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(name).any(|(at, _)| {
        !code[..at].chars().next_back().is_some_and(part) && !code[at + name.len()..].chars().next().is_some_and(part)
    })
}

/// The first of these paths that the code of a file names; `std::{fs, io}` names `std::fs`.
fn first_named<'a>(text: &str, paths: &[&'a str]) -> Option<&'a str> {
    let code = code_of(text);
    paths.iter().copied().find(|path| {
        let grouped = path.strip_prefix("std::").is_some_and(|module| {
            code.match_indices("std::{").any(|(at, _)| heads(&code[at + 5..]).iter().any(|head| head == module))
        });
        grouped || names(&code, path)
    })
}

/// A text without comments, and with empty strings and characters.
fn code_of(text: &str) -> String {
    split(text).0
}

/// The first SQL statement in the strings of a file.
fn statement_in(text: &str) -> Option<&'static str> {
    let strings = split(text).1;
    let is_sql =
        |s: &str, statement: &str| s.trim_start().starts_with(statement) || s.contains(&format!("({statement}"));
    STATEMENTS.into_iter().find(|statement| strings.iter().any(|s| is_sql(s, statement)))
}

/// SQL made from text, instead of a constant with bound values.
fn built_sql(text: &str) -> Option<String> {
    let code = code_of(text);
    if names(&code, "AssertSqlSafe") {
        return Some("`AssertSqlSafe`".into());
    }
    if code.contains(".push(format!") {
        return Some("`format!` pushed into a statement".into());
    }
    let after = text.split("format!(").skip(1);
    let mut made = after.filter_map(|rest| rest.trim_start().strip_prefix('"'));
    let sql = made.find_map(|string| STATEMENTS.into_iter().find(|s| string.starts_with(s)));
    sql.map(|statement| format!("`format!(\"{statement}…`"))
}

/// Migrations that the store does not include.
fn unlisted(store: &str, scripts: &[String]) -> Vec<String> {
    let is_listed = |script: &&String| store.contains(&format!("/{script}\""));
    sql(scripts).filter(|s| !is_listed(s)).cloned().collect()
}

/// Migrations whose number is not their place.
fn misnumbered(scripts: &[String]) -> Vec<String> {
    (1..)
        .zip(sql(scripts))
        .filter(|(n, script)| !script.starts_with(&format!("{n:04}_")))
        .map(|(_, s)| s.clone())
        .collect()
}

fn sql(scripts: &[String]) -> impl Iterator<Item = &String> {
    scripts.iter().filter(|script| extension(Path::new(script)) == "sql")
}

fn is_foreign(name: &str) -> bool {
    // Build output and the data of a trial run are not in the repository.
    !name.starts_with('.') && !TOP_LEVEL.contains(&name) && name != "target" && name != "cetak-data"
}

/// The beginning of an absolute path that exists on one machine only.
fn machine_path(text: &str) -> Option<String> {
    // In two parts, so that this file does not name one.
    let places = [("ho", "me"), ("ro", "ot"), ("wo", "rk"), ("Us", "ers")];
    let found = |place: &String| {
        text.match_indices(place)
            .any(|(at, _)| !text[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || "._-/}".contains(c)))
    };
    places.iter().map(|(start, end)| format!("/{start}{end}/")).find(found)
}
