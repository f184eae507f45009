//! Helper: axe-core, which looks for what keeps people from using a page. It comes with a package of Python.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use serde_json::{Value, json};

use crate::browser::Browser;

/// The package, without what it needs itself.
const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/console/requirements.txt");

/// The library. It is installed in the target folder at first, by one process at a time.
fn library() -> &'static str {
    static LIBRARY: OnceLock<String> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("axe");
        fs::create_dir_all(&folder).unwrap();
        let lock = File::create(folder.join("lock")).unwrap();
        lock.lock().unwrap();
        let (installed, wanted) = (folder.join("requirements.txt"), fs::read_to_string(REQUIREMENTS).unwrap());
        let environment = folder.join("python");
        if fs::read_to_string(&installed).ok().as_ref() != Some(&wanted) {
            done(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment));
            let mut install = Command::new(environment.join("bin/pip"));
            done(install.args(["install", "--quiet", "--no-deps", "--requirement", REQUIREMENTS]));
            fs::write(installed, wanted).unwrap();
        }
        fs::read_to_string(find(&environment).unwrap()).unwrap()
    })
}

fn done(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The library's file below a folder.
fn find(folder: &Path) -> Option<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let is_library = |path: &&PathBuf| path.ends_with("axe.min.js");
    let here = entries.iter().find(is_library).cloned();
    here.or_else(|| entries.iter().filter(|path| path.is_dir() && !path.is_symlink()).find_map(|path| find(path)))
}

/// The violations on the page that is shown, each with its elements.
pub(crate) fn violations(browser: &Browser) -> Vec<String> {
    if browser.run("return typeof axe") == "undefined" {
        browser.run(library());
    }
    let found = browser.run_async(
        "const done = arguments[0];
         axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } }).then(
             (found) => done(found.violations.map((one) => [one.id, one.help, one.nodes.map((node) => node.html + ' ' + node.failureSummary)])),
             (error) => done([['error', String(error), []]]))",
        Vec::new(),
    );
    let words = |one: &Value| json!(one).to_string();
    found.as_array().unwrap().iter().map(words).collect()
}
